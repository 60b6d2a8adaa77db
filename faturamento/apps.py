from django.apps import AppConfig


class FaturamentoConfig(AppConfig):
    name = "faturamento"
    verbose_name = "Faturamento"
