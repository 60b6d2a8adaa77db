from django.urls import include, path

from preventivo import views, views_campanha

app_name = "preventivo"
urlpatterns = [
    path("criar_campanha", views.criar_campanha, name="criar_campanha"),
    path("criar_campanha/tipos", views.tipos, name="tipos"),
    path("criar_campanha/modelo", views.modelo, name="modelo"),
    path("campanhas", views.lista, name="campanhas"),
    path("campanhas/<int:pk>", views_campanha.campanha, name="campanha"),
    path("campanhas/execucao/<uuid:execucao>", views_campanha.campanha_da_execucao, name="campanha_da_execucao"),
    path("campanhas/<int:pk>/andamento", views_campanha.andamento, name="andamento"),
    path("campanhas/<int:pk>/desempenho", views_campanha.desempenho_dela, name="desempenho"),
    path("campanhas/<int:pk>/confirmar", views_campanha.confirmar, name="confirmar"),
    path("campanhas/<int:pk>/descartar", views_campanha.descartar, name="descartar"),
    path("campanhas/<int:pk>/reagendar", views_campanha.reagendar, name="reagendar"),
    path("campanhas/<int:pk>/pausar", views_campanha.pausar, name="pausar"),
    path("campanhas/<int:pk>/continuar", views_campanha.continuar, name="continuar"),
    path("campanhas/<int:pk>/cancelar", views_campanha.cancelar, name="cancelar"),
    path("campanhas/<int:pk>/reenviar", views_campanha.reenviar, name="reenviar"),
    path("campanhas/<int:pk>/recusadas", views_campanha.recusadas, name="recusadas"),
    path("campanhas/<int:pk>/exportar/<slug:quem>/<slug:formato>", views_campanha.exportar, name="exportar"),
    path("", include("preventivo.urls_servicos")),
]
