app_name = "cadastro"
urlpatterns = []
