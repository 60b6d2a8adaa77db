app_name = "mensageria"
urlpatterns = []
