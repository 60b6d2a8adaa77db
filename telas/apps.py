from django.apps import AppConfig


class TelasConfig(AppConfig):
    name = "telas"
    verbose_name = "Telas"
