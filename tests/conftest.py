"""What every test shares: a real PostgreSQL, and a clock that is handed in."""

from datetime import datetime
from zoneinfo import ZoneInfo

import pytest
from django.conf import settings
from hypothesis import settings as hypothesis_settings

hypothesis_settings.register_profile("avisa", deadline=None, print_blob=True)
hypothesis_settings.load_profile("avisa")


@pytest.fixture(scope="session")
def django_db_modify_db_settings(django_db_modify_db_settings_parallel_suffix):
    """A commit in a test need not reach the disk."""
    settings.DATABASES["default"].setdefault("OPTIONS", {})["options"] = "-c synchronous_commit=off"


@pytest.fixture(autouse=True)
def _envio_simulado(settings):
    settings.ENVIO = "simulado"


@pytest.fixture
def agora() -> datetime:
    """A Tuesday at noon in São Paulo."""
    return datetime(2026, 11, 10, 12, 0, tzinfo=ZoneInfo("America/Sao_Paulo"))
