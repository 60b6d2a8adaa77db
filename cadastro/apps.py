from django.apps import AppConfig


class CadastroConfig(AppConfig):
    name = "cadastro"
    verbose_name = "Cadastro"

    def ready(self):
        from cadastro import arquivos  # noqa: F401  registers the files of the import
