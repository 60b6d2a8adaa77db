from django.apps import AppConfig


class PreventivoConfig(AppConfig):
    name = "preventivo"
    verbose_name = "Campanha Preventiva"

    def ready(self):
        from mensageria import fontes
        from preventivo.fonte import ORIGEM, FonteDeBoletos

        fontes.registrar(ORIGEM, FonteDeBoletos())
