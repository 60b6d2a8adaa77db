"""URLs of the whole product."""

from django.contrib import admin
from django.urls import path
from django.views.generic import RedirectView

from config.saude import saude

urlpatterns = [
    path("", RedirectView.as_view(pattern_name="admin:index")),
    path("admin/", admin.site.urls),
    path("saude/", saude, name="saude"),
]
