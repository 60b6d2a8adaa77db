app_name = "faturamento"
urlpatterns = []
