from django.apps import AppConfig


class CobrancaConfig(AppConfig):
    name = "cobranca"
    verbose_name = "Cobrança"

    def ready(self):
        from cobranca import arquivos, processo335, processo336  # noqa: F401  register files of the import, and steps
        from cobranca.fonte import ORIGEM, FonteDeDocumentos
        from mensageria import fontes

        fontes.registrar(ORIGEM, FonteDeDocumentos())
