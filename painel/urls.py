from django.urls import path

from painel import views

urlpatterns = [
    path("", views.painel, name="painel"),
    path("andamento/", views.andamento, name="painel_andamento"),
    path("alertas/<int:pk>/resolver/", views.resolver_alerta, name="painel_resolver_alerta"),
]
