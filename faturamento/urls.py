from django.urls import path

from faturamento import views

app_name = "faturamento"
urlpatterns = [
    path("parametrizar-mensagem/", views.parametrizar_mensagem, name="parametrizar_mensagem"),
    path("parametrizar-mensagem/versao/<int:pk>/", views.versao, name="versao"),
]
