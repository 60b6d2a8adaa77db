from django.apps import AppConfig


class ExemploConfig(AppConfig):
    name = "exemplo"
    verbose_name = "Exemplo"
