"""The administration site."""

from django.contrib.admin.apps import AdminConfig
from django.db.models.signals import post_migrate


class Administracao(AdminConfig):
    default_site = "config.admin.Site"

    def ready(self):
        super().ready()
        from config import grupos, ligacoes  # noqa: F401

        post_migrate.connect(grupos.preencher, dispatch_uid="config.grupos")
