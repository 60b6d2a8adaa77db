from django.apps import AppConfig


class PonteConfig(AppConfig):
    name = "ponte"
    verbose_name = "ponte com o GSAN"
