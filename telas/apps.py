from django.apps import AppConfig
from django.db.backends.signals import connection_created
from django.db.models.signals import post_migrate
from django.utils.module_loading import autodiscover_modules


class TelasConfig(AppConfig):
    name = "telas"
    verbose_name = "Telas"

    def ready(self):
        from telas import auditoria, autoria, pessoas  # noqa: F401  registers what is Django's own

        autodiscover_modules("auditoria")
        connection_created.connect(autoria.acompanhar, dispatch_uid="telas.autoria")
        post_migrate.connect(auditoria.sincronizar, sender=self, dispatch_uid="telas.auditoria")
