from django.urls import include, path

app_name = "preventivo"
urlpatterns = [
    path("", include("preventivo.urls_servicos")),
]
