from django.urls import path

from batch import views

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
    path("funcionalidade/<int:pk>/unidades/", views.unidades, name="unidades"),
    path("execucao/<uuid:execucao>/", views.processo_da_execucao, name="processo_da_execucao"),
]
