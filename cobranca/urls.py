from django.urls import path

from cobranca import views

app_name = "cobranca"
urlpatterns = [
    path("acoes/", views.acoes, name="acoes"),
    path("acoes/inserir/", views.acao_inserir, name="acao_inserir"),
    path("acoes/<int:pk>/", views.acao, name="acao"),
    path("comandos/", views.comandos, name="comandos"),
    path("comandos/inserir/", views.comando_inserir, name="comando_inserir"),
    path("comandos/<int:pk>/", views.comando, name="comando"),
]
