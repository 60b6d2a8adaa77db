"""What every test shares: a real PostgreSQL, and a clock that is handed in."""

import importlib
import os
from datetime import datetime
from zoneinfo import ZoneInfo

import pytest
from django.apps import apps
from django.db import connections
from hypothesis import settings as hypothesis_settings

hypothesis_settings.register_profile("avisa", deadline=None, print_blob=True)
hypothesis_settings.load_profile("avisa")


@pytest.fixture(scope="session")
def django_db_modify_db_settings():
    """A database for each worker; a commit in a test need not reach the disk."""
    banco = connections["default"].settings_dict
    banco["TEST"]["NAME"] = "_".join(["test_avisa", os.environ.get("PYTEST_XDIST_WORKER", "")]).strip("_")
    banco.setdefault("OPTIONS", {})["options"] = "-c synchronous_commit=off"


@pytest.fixture(autouse=True)
def _envio_simulado(settings):
    settings.ENVIO = "simulado"


@pytest.fixture
def processo_336(db) -> None:
    """Process 336 as its migration makes it: the flush after a transactional test takes it away."""
    importlib.import_module("faturamento.migrations.0002_processo_336").criar(apps, None)


@pytest.fixture
def agora() -> datetime:
    """A Tuesday at noon in São Paulo."""
    return datetime(2026, 11, 10, 12, 0, tzinfo=ZoneInfo("America/Sao_Paulo"))
