app_name = "cobranca"
urlpatterns = []
