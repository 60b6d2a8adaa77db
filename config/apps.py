"""The administration site."""

from django.contrib.admin.apps import AdminConfig


class Administracao(AdminConfig):
    default_site = "config.admin.Site"
