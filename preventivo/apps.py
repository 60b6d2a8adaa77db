from django.apps import AppConfig


class PreventivoConfig(AppConfig):
    name = "preventivo"
    verbose_name = "Campanha Preventiva"

    def ready(self):
        from mensageria import decisoes, fontes
        from preventivo import regra

        fontes.registrar(regra.ORIGEM, regra.FonteDeBoletos())
        decisoes.ao_voltar(regra.segurar_dos_lotes)
