from django.urls import path

from cadastro import views, views_parametros

app_name = "cadastro"
urlpatterns = [
    path("sistema-parametro/", views_parametros.parametros, name="parametros"),
    path("cliente/", views.clientes, name="clientes"),
    path("cliente/<int:pk>/", views.cliente_nome_tipo, name="cliente_nome_tipo"),
    path("cliente/<int:pk>/telefones/", views.cliente_telefones, name="cliente_telefones"),
]
