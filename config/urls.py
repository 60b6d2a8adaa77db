"""URLs of the whole product."""

from django.contrib import admin
from django.urls import include, path

from config.saude import saude
from mensageria.views_descadastro import descadastrar

urlpatterns = [
    path("", include("painel.urls")),
    path("", include("telas.urls")),
    path("cadastro/", include("cadastro.urls")),
    path("", include("mensageria.urls")),
    path("descadastro/<str:token>/", descadastrar, name="descadastro"),
    path("faturamento/", include("faturamento.urls")),
    path("cobranca/", include("cobranca.urls")),
    path("batch/", include("batch.urls")),
    path("campanha_preventiva/", include("preventivo.urls")),
    path("admin/", admin.site.urls),
    path("saude/", saude, name="saude"),
]
