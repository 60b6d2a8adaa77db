from django.urls import path

from batch import views, views_agendamentos

app_name = "batch"
urlpatterns = [
    path("", views.processos, name="processos"),
    path("inserir/", views.processo_inserir, name="processo_inserir"),
    path("inserir/funcionalidades/", views.funcionalidades_do_processo, name="funcionalidades_do_processo"),
    path("<int:pk>/", views.processo, name="processo"),
    path("<int:pk>/andamento/", views.andamento, name="andamento"),
    path("<int:pk>/autorizar/", views.autorizar, name="autorizar"),
    path("<int:pk>/continuar/", views.continuar, name="continuar"),
    path("<int:pk>/reiniciar/", views.reiniciar, name="reiniciar"),
    path("<int:pk>/cancelar/", views.cancelar, name="cancelar"),
    path("funcionalidade/<int:pk>/log/", views.log, name="log"),
    path("funcionalidade/<int:pk>/unidades/", views.unidades, name="unidades"),
    path("agendamentos/", views_agendamentos.agendamentos, name="agendamentos"),
    path("agendamentos/inserir/", views_agendamentos.agendamento_inserir, name="agendamento_inserir"),
    path("agendamentos/<int:pk>/", views_agendamentos.agendamento, name="agendamento"),
    path("agendamentos/<int:pk>/pausar/", views_agendamentos.pausar, name="agendamento_pausar"),
    path("agendamentos/<int:pk>/retomar/", views_agendamentos.retomar, name="agendamento_retomar"),
    path("agendamentos/<int:pk>/remover/", views_agendamentos.remover, name="agendamento_remover"),
    path("execucao/<uuid:execucao>/", views.processo_da_execucao, name="processo_da_execucao"),
]
