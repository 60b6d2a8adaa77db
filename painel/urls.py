from django.urls import path

from painel import views

urlpatterns = [
    path("", views.painel, name="painel"),
    path("andamento/", views.andamento, name="painel_andamento"),
]
