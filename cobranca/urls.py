from django.urls import path

from cobranca import views, views_documentos, views_imovel

app_name = "cobranca"
urlpatterns = [
    path("acoes/", views.acoes, name="acoes"),
    path("acoes/inserir/", views.acao_inserir, name="acao_inserir"),
    path("acoes/<int:pk>/", views.acao, name="acao"),
    path("criterios/", views.criterios, name="criterios"),
    path("criterios/inserir/", views.criterio_inserir, name="criterio_inserir"),
    path("criterios/<int:pk>/", views.criterio, name="criterio"),
    path("comandos/", views.comandos, name="comandos"),
    path("comandos/inserir/", views.comando_inserir, name="comando_inserir"),
    path("comandos/<int:pk>/", views.comando, name="comando"),
    path("comandos/<int:pk>/andamento/", views.comando_andamento, name="comando_andamento"),
    path("comandos/<int:pk>/documentos/", views_documentos.documentos, name="documentos"),
    path("comandos/<int:pk>/sem-documento/", views_documentos.sem_documento, name="sem_documento"),
    path("documentos/<int:pk>/", views_documentos.documento, name="documento"),
    path("documentos/<int:pk>/pdf/", views_documentos.documento_pdf, name="documento_pdf"),
    path("imovel/<int:pk>/documentos/", views_imovel.documentos_do_imovel, name="documentos_do_imovel"),
    path("comandos/<int:pk>/cancelar/", views.comando_cancelar, name="comando_cancelar"),
]
