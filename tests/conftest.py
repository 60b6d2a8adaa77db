"""What every test shares: a real PostgreSQL, and a clock that is handed in."""

import importlib
import itertools
import os
from datetime import datetime
from zoneinfo import ZoneInfo

import pytest
from django.apps import apps
from django.contrib.auth.models import Group, User
from django.db import connections
from django.db.models.signals import post_migrate
from django.dispatch import receiver
from django.test import Client
from hypothesis import settings as hypothesis_settings

from mensageria import trabalhador

pytest_plugins = ["tests.exemplares"]
_numeros = itertools.count(1)
DAS_MIGRACOES = {
    "faturamento": ["0002_processo_336"],
    "preventivo": ["0002_operacoes"],
    "cobranca": ["0005_tipos_de_documento", "0010_processo_335"],
}


@receiver(post_migrate)
def _repor_o_das_migracoes(sender, **_) -> None:
    """The flush that ends a transactional test takes away what migrations stored; it sends this signal when done."""
    for migracao in DAS_MIGRACOES.get(sender.name, []):
        importlib.import_module(f"{sender.name}.migrations.{migracao}").criar(apps, None)


hypothesis_settings.register_profile("avisa", deadline=None, print_blob=True)
hypothesis_settings.load_profile("avisa")


@pytest.fixture(scope="session")
def django_db_modify_db_settings():
    """A database for each worker; a commit in a test need not reach the disk."""
    banco = connections["default"].settings_dict
    banco["TEST"]["NAME"] = "_".join(["test_avisa", os.environ.get("PYTEST_XDIST_WORKER", "")]).strip("_")
    banco.setdefault("OPTIONS", {})["options"] = "-c synchronous_commit=off"


@pytest.fixture(scope="session")
def django_db_setup(django_db_setup):
    """The session that holds the locks of whoever sends is no connection of Django's: it ends before its database."""
    yield
    trabalhador.este().fechar()


@pytest.fixture(autouse=True)
def _ajustes(settings, tmp_path_factory):
    """Nothing leaves, a password takes no time to hash, and a new browser does not read every static file."""
    settings.ENVIO = "simulado"
    settings.PASTA_DIARIO = tmp_path_factory.getbasetemp() / f"diario-{next(_numeros)}"  # a machine of its own
    settings.WHITENOISE_AUTOREFRESH = True
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]


@pytest.fixture
def agora() -> datetime:
    """A Tuesday at noon in São Paulo."""
    return datetime(2026, 11, 10, 12, 0, tzinfo=ZoneInfo("America/Sao_Paulo"))


@pytest.fixture
def entrar(db):
    """A browser with somebody of that group logged in; "" is a person of no group."""

    def como(grupo: str) -> Client:
        pessoa = User.objects.create_user(f"pessoa-{grupo or 'sem-grupo'}", is_staff=True)
        if grupo:
            pessoa.groups.add(Group.objects.get(name=grupo))
        navegador = Client()
        navegador.force_login(pessoa)
        navegador.pessoa = pessoa
        return navegador

    return como


@pytest.fixture
def chefe(admin_user) -> Client:
    """A browser with the superuser logged in."""
    navegador = Client()
    navegador.force_login(admin_user)
    navegador.pessoa = admin_user
    return navegador
