"""PostgreSQL restarted while messages leave: the senders wait for it, and go on by themselves."""

import shutil
import signal
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil
import pytest
from django.db import connection

from config import postgres
from tests.processos import esperar
from tests.quedas.apoio import PRAZO, conferir, estados, gerar, incertas, novo_servico, parar, terminou, trabalhador

pytestmark = [pytest.mark.processos, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def servidor_proprio(transactional_db, settings) -> Iterator[None]:
    """A server of this test alone, with a copy of the test's database, to which everything here is turned."""
    raiz = Path(tempfile.mkdtemp(prefix="avisa-"))
    raiz.chmod(0o755)  # as root the server has a user of its own, who must get there
    de_todos = connection.get_connection_params()
    pasta, settings.PASTA_POSTGRES = settings.PASTA_POSTGRES, str(raiz / "pg")
    try:
        socket = postgres.iniciar()
        _copiar(de_todos, socket, raiz / "banco.sql")
        with _ligado_a(socket):
            yield
    finally:
        postgres.parar()
        settings.PASTA_POSTGRES = pasta
        shutil.rmtree(raiz)


def _postmaster() -> psutil.Process:
    return psutil.Process(int((postgres.pasta() / "postmaster.pid").read_text().split()[0]))


def _copiar(de: dict, para: Path, arquivo: Path) -> None:
    programas = Path(_postmaster().exe()).parent
    origem = ["-h", str(de["host"]), "-p", str(de["port"]), "-U", de["user"], "-d", de["dbname"]]
    destino = ["-h", str(para), "-U", "postgres", "-d", postgres.BANCO]
    subprocess.run([programas / "pg_dump", "-f", arquivo, *origem], check=True)
    subprocess.run([programas / "psql", "-q", "-o", "/dev/null", "-f", arquivo, *destino], check=True)


@contextmanager
def _ligado_a(socket: Path) -> Iterator[None]:
    banco = connection.settings_dict
    antes = dict(banco)
    connection.close()
    banco.update(HOST=str(socket), PORT="", USER="postgres", PASSWORD="", NAME=postgres.BANCO)
    try:
        yield
    finally:
        connection.close()
        banco.update(antes)


def test_senders_go_on_by_themselves_when_postgresql_comes_back(servidor_proprio, smtp, tmp_path):
    """Stopped in order, and then killed: each time what had left is in a journal, so nothing is even in doubt."""
    servico = novo_servico(smtp, conexoes=2)
    gerar(200)

    with trabalhador(servico, tmp_path) as filho:
        esperar(lambda: smtp.aceitas >= 40, PRAZO, 0.01)
        postgres.parar()
        _esperar_que_nada_saia(smtp)
        postgres.iniciar()
        connection.close()

        ate_aqui = smtp.aceitas
        esperar(lambda: smtp.aceitas >= ate_aqui + 40, PRAZO, 0.01)
        _postmaster().send_signal(signal.SIGKILL)
        _esperar_que_nada_saia(smtp)
        postgres.iniciar()
        connection.close()
        esperar(terminou, PRAZO)
        assert filho.poll() is None, "the same process, from the beginning to the end"
        parar(filho)

    assert not incertas()
    assert estados() == {"ENVIADA": 200}
    assert smtp.aceitas == len({r.destinos for r in smtp.recebidas}) == 200
    conferir(smtp, servico)


def _esperar_que_nada_saia(smtp) -> None:
    """Nothing leaves without the session that holds the locks: only what had left already may still arrive."""
    antes = smtp.aceitas
    with pytest.raises(TimeoutError):
        smtp.esperar(antes + 3, prazo=1)
