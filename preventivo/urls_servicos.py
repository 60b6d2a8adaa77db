"""URLs of the services, of the operations' configuration and of the layouts; part of the namespace preventivo."""

from django.urls import URLPattern

urlpatterns: list[URLPattern] = []
