from django.urls import path

from cadastro import views, views_contatos, views_imovel, views_parametros

app_name = "cadastro"
urlpatterns = [
    path("sistema-parametro/", views_parametros.parametros, name="parametros"),
    path("sistema-parametro/pesquisar/<str:campo>/", views_parametros.pesquisar, name="parametros_pesquisar"),
    path("cliente/", views.clientes, name="clientes"),
    path("cliente/inserir/", views.cliente_inserir, name="cliente_inserir"),
    path("cliente/<int:pk>/", views.cliente_nome_tipo, name="cliente_nome_tipo"),
    path("cliente/<int:pk>/pessoa/", views.cliente_pessoa, name="cliente_pessoa"),
    path("cliente/<int:pk>/enderecos/", views_contatos.cliente_enderecos, name="cliente_enderecos"),
    path("cliente/<int:pk>/enderecos/inserir/", views_contatos.endereco_inserir, name="endereco_inserir"),
    path("cliente/endereco/<int:pk>/", views_contatos.endereco, name="endereco"),
    path("cliente/<int:pk>/telefones/", views_contatos.cliente_telefones, name="cliente_telefones"),
    path("cliente/<int:pk>/imoveis/", views_imovel.cliente_imoveis, name="cliente_imoveis"),
    path("cliente/<int:pk>/imoveis/inserir/", views_imovel.vinculo_inserir, name="vinculo_inserir"),
    path("vinculo/<int:pk>/", views_imovel.vinculo, name="vinculo"),
    path("imovel/", views_imovel.imoveis, name="imoveis"),
    path("imovel/<int:pk>/", views_imovel.imovel, name="imovel"),
]
