from django.apps import AppConfig


class CobrancaConfig(AppConfig):
    name = "cobranca"
    verbose_name = "Cobrança"

    def ready(self):
        from cobranca import processo336  # noqa: F401  registers its steps
        from cobranca.fonte import ORIGEM, FonteDeDocumentos
        from mensageria import fontes

        fontes.registrar(ORIGEM, FonteDeDocumentos())
