from django.apps import AppConfig


class FaturamentoConfig(AppConfig):
    name = "faturamento"
    verbose_name = "Faturamento"

    def ready(self):
        from faturamento import arquivos, processo336  # noqa: F401  register files of the import, and steps
        from faturamento.fonte import ORIGEM, FonteDeContas
        from mensageria import fontes

        fontes.registrar(ORIGEM, FonteDeContas())
