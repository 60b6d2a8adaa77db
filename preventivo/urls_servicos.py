"""URLs of the services, of the operations' configuration and of the layouts; part of the namespace preventivo."""

from django.urls import path

from preventivo import views_layouts, views_servicos

urlpatterns = [
    path("servicos", views_servicos.servicos, name="servicos"),
    path("servicos/novo", views_servicos.servico_novo, name="servico_novo"),
    path("servicos/novo/testar", views_servicos.servico_novo_testar, name="servico_novo_testar"),
    path("servicos/<int:pk>", views_servicos.servico, name="servico"),
    path("servicos/<int:pk>/testar", views_servicos.servico_testar, name="servico_testar"),
    path("servicos/<int:pk>/remover", views_servicos.servico_remover, name="servico_remover"),
    path("servicos/<int:pk>/reativar", views_servicos.servico_reativar, name="servico_reativar"),
    path("layouts", views_layouts.layouts, name="layouts"),
    path("layouts/<int:pk>", views_layouts.layout, name="layout"),
    path("layouts/<int:pk>/versoes/<int:versao>", views_layouts.versao, name="layout_versao"),
    path("layouts/<int:pk>/previa", views_layouts.previa, name="layout_previa"),
    path("layouts/<int:pk>/testar", views_layouts.testar, name="layout_testar"),
]
