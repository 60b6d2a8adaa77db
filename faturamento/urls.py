from django.urls import path

from faturamento import views, views_imovel

app_name = "faturamento"
urlpatterns = [
    path("parametrizar-mensagem/", views.parametrizar_mensagem, name="parametrizar_mensagem"),
    path("parametrizar-mensagem/versao/<int:pk>/", views.versao, name="versao"),
    path("imovel/<int:pk>/contas/", views_imovel.contas_do_imovel, name="contas_do_imovel"),
]
