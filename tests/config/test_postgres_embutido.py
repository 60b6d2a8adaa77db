"""The embedded PostgreSQL, with its data in a folder of the test's own."""

import os
import shutil
import signal
import subprocess
import sys
import tempfile
from pathlib import Path

import psutil
import pytest

from .apoio import RAIZ, python, rodar

CONSULTA = """
import sys, config
from django.db import connection
with connection.cursor() as cursor:
    cursor.execute({sql!r})
    print(cursor.fetchone() if cursor.description else "ok")
"""


@pytest.fixture
def ambiente(request):
    """A data folder whose path has spaces and accents, which the server's own user may enter when we are root."""
    raiz = Path(tempfile.mkdtemp(prefix="avisa-"))
    raiz.chmod(0o755)
    pasta = raiz / getattr(request, "param", "água e sal")
    pasta.mkdir()
    yield {
        "AVISA_DADOS": str(pasta),
        "PASTA_POSTGRES": str(pasta / "pg"),
        "DJANGO_SETTINGS_MODULE": "config.settings",
    }
    if (pasta / "pg" / "postmaster.pid").exists():
        rodar(
            sys.executable, "-m", "config.postgres", "parar", AVISA_DADOS=str(pasta), PASTA_POSTGRES=str(pasta / "pg")
        )
    shutil.rmtree(raiz)


def consultar(sql: str, ambiente: dict[str, str]) -> str:
    fim = python(CONSULTA.format(sql=sql), **ambiente)
    assert fim.returncode == 0, fim.stderr
    return fim.stdout.strip()


def postmaster(ambiente: dict[str, str]) -> psutil.Process:
    return psutil.Process(int(Path(ambiente["PASTA_POSTGRES"], "postmaster.pid").read_text().split()[0]))


def vive(processo: psutil.Process) -> bool:
    return processo.is_running() and processo.status() != psutil.STATUS_ZOMBIE


def pasta_do_socket(ambiente: dict[str, str]) -> Path:
    return Path(Path(ambiente["PASTA_POSTGRES"], "postmaster.pid").read_text().splitlines()[4])


def test_life_of_a_server(ambiente):
    # Several at once, on a machine that has no cluster yet.
    codigo = CONSULTA.format(sql="SELECT pg_advisory_lock(1); CREATE TABLE IF NOT EXISTS prova AS SELECT 42 AS valor")
    juntos = [
        subprocess.Popen(
            [sys.executable, "-c", codigo],
            cwd=RAIZ,
            env=os.environ | ambiente,
            stderr=subprocess.PIPE,
            text=True,
        )
        for _ in range(4)
    ]
    erros = [processo.communicate(timeout=120)[1] for processo in juntos]
    assert [processo.returncode for processo in juntos] == [0] * 4, erros
    assert pasta_do_socket(ambiente).stat().st_mode & 0o077 == 0, "only its user may reach the socket"

    # kill -9, and then its id is another program's, as after a restart of the machine: what was committed is there.
    morto = postmaster(ambiente)
    morto.send_signal(signal.SIGKILL)
    psutil.wait_procs([morto], timeout=10)
    arquivo = Path(ambiente["PASTA_POSTGRES"], "postmaster.pid")
    arquivo.write_text("\n".join([str(os.getpid()), *arquivo.read_text().splitlines()[1:]]) + "\n")
    assert consultar("SELECT valor FROM prova", ambiente) == "(42,)"

    # A command that found it running leaves it running.
    vivo = postmaster(ambiente)
    rodar(sys.executable, "-m", "config.processos", "banco", sys.executable, "-c", "pass", **ambiente)
    assert vive(vivo)

    # `parar` stops it, and says so only once.
    comando = (sys.executable, "-m", "config.postgres")
    assert rodar(*comando, "parar", **ambiente).stdout == "PostgreSQL embutido parado.\n"
    assert not vive(vivo)
    assert rodar(*comando, "parar", **ambiente).stdout == "O PostgreSQL embutido não estava no ar.\n"
    assert rodar(*comando, "estado", **ambiente).returncode == 3


@pytest.mark.parametrize("ambiente", ["um nome tão comprido que o caminho não cabe em um socket " * 2], indirect=True)
def test_a_path_too_long_for_a_socket_gets_a_short_one_as_private(ambiente):
    assert consultar("SELECT 1", ambiente) == "(1,)"

    assert not pasta_do_socket(ambiente).is_relative_to(ambiente["AVISA_DADOS"])
    assert pasta_do_socket(ambiente).stat().st_mode & 0o077 == 0


def test_the_last_command_to_leave_stops_what_the_first_started(ambiente):
    banco = (sys.executable, "-m", "config.processos", "banco", sys.executable, "-c")
    demora = CONSULTA.format(sql="SELECT 1") + "sys.stdout.flush(); input()"
    longo = subprocess.Popen(
        [*banco, demora], cwd=RAIZ, env=os.environ | ambiente, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert longo.stdout.readline() == "(1,)\n"

    curto = rodar(*banco, CONSULTA.format(sql="SELECT 2") + "raise SystemExit(7)", **ambiente)
    assert (curto.stdout, curto.returncode) == ("(2,)\n", 7)
    servidor = postmaster(ambiente)
    assert vive(servidor), "the other command still uses it"

    longo.communicate("\n", timeout=60)
    assert longo.returncode == 0
    assert not vive(servidor)
