"""Real processes for tests: workers and brokers that use the database of the test."""

import os
import shutil
import socket
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

from django.conf import settings
from django.db import connection


def ambiente_com_este_banco() -> dict[str, str]:
    """The environment of a process that uses the test's database, and is of the same machine for its journals."""
    banco = connection.settings_dict
    host = connection.get_connection_params()["host"]
    url = f"postgresql://postgres@/{banco['NAME']}?host={host}" if host.startswith("/") else os.environ["DATABASE_URL"]
    return os.environ | {
        "DATABASE_URL": url,
        "PASTA_DIARIO": str(settings.PASTA_DIARIO),
        "DJANGO_SETTINGS_MODULE": "config.settings",
        "PYTHONPATH": str(settings.BASE_DIR),
    }


def porta_livre() -> int:
    with socket.socket() as tomada:
        tomada.bind(("127.0.0.1", 0))
        return tomada.getsockname()[1]


def esperar(condicao: Callable[[], object], prazo: float = 60, passo: float = 0.1):
    """Wait until `condicao` is true and return its value; AssertionError when the time is up."""
    limite = time.monotonic() + prazo
    while not (valor := condicao()):
        assert time.monotonic() < limite, "o prazo passou"
        time.sleep(passo)
    return valor


@contextmanager
def redis_server(pasta, porta: int | None = None) -> Iterator[str]:
    """A Redis of this test alone, without persistence, killed at the end; yields its URL."""
    porta = porta or porta_livre()
    executavel = shutil.which("redis-server")
    assert executavel, "redis-server não está instalado; ./avisa test o instala ou diz como"
    comando = [executavel, "--port", str(porta), "--bind", "127.0.0.1", "--save", "", "--dir", str(pasta)]
    with processo([*comando, "--daemonize", "no"], os.environ):
        esperar(lambda: _aceita(porta), 15)
        yield f"redis://127.0.0.1:{porta}/0"


def _aceita(porta: int) -> bool:
    try:
        socket.create_connection(("127.0.0.1", porta), timeout=1).close()
    except OSError:
        return False
    return True


@contextmanager
def processo(comando: list[str], ambiente) -> Iterator[subprocess.Popen]:
    """A process that does not outlive the test, nor do its children."""
    filho = subprocess.Popen(
        comando,
        env=dict(ambiente),
        cwd=settings.BASE_DIR,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    try:
        yield filho
    finally:
        matar(filho)


def matar(filho: subprocess.Popen) -> None:
    """kill -9 to the process and all that it started."""
    with suppress(ProcessLookupError):
        os.killpg(filho.pid, 9)
    filho.wait()
