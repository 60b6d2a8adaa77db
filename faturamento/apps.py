from django.apps import AppConfig


class FaturamentoConfig(AppConfig):
    name = "faturamento"
    verbose_name = "Faturamento"

    def ready(self):
        from faturamento import processo336  # noqa: F401  registers its steps
        from faturamento.fonte import ORIGEM, FonteDeContas
        from mensageria import fontes

        fontes.registrar(ORIGEM, FonteDeContas())
