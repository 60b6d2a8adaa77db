"""A runner killed with -9 in the middle of a unit, as the kernel or an operator does it."""

import os
import signal
import subprocess
import sys
import time
from urllib.parse import quote, urlencode

import pytest
from django.conf import settings
from django.contrib.auth.models import Group
from django.db import connection, transaction

from batch.execucao import executar_pendentes, tique
from batch.models import ProcessoIniciado, UnidadeIniciada

PRAZO = 20  # seconds

EXECUTOR = """
import sys
import django
django.setup()

from django.contrib.auth.models import Group
from django.db import transaction
from batch import execucao, registro

@registro.funcionalidade("cair")
@transaction.atomic
def cair(trabalho):
    Group.objects.create(name="feito por quem caiu")
    trabalho.conferir_posse()
    print("dentro", flush=True)
    sys.stdin.read()  # for ever

execucao.executar(int(sys.argv[1]), arrendamento=1.0)
"""


def url_do_banco() -> str:
    """The database of this test. The embedded server has a socket, so its folder goes in the query."""
    parametros = connection.get_connection_params()
    usuario = quote(parametros.get("user") or "", safe="")
    if senha := parametros.get("password"):
        usuario += ":" + quote(senha, safe="")
    consulta = urlencode({"host": parametros["host"], "port": parametros.get("port") or 5432})
    return f"postgresql://{usuario}@/{parametros['dbname']}?{consulta}"


@pytest.fixture
def executor():
    """Start a process that takes the unit and blocks inside it, and wait until it is there."""
    processos = []

    def iniciar(unidade: int) -> subprocess.Popen:
        processo = subprocess.Popen(
            [sys.executable, "-c", EXECUTOR, str(unidade)],
            cwd=settings.BASE_DIR,
            env=os.environ | {"DJANGO_SETTINGS_MODULE": "config.settings", "DATABASE_URL": url_do_banco()},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        processos.append(processo)
        assert processo.stdout.readline() == "dentro\n"
        return processo

    yield iniciar
    for processo in processos:
        processo.kill()
        processo.communicate()


@pytest.mark.processos
@pytest.mark.django_db(transaction=True)
def test_a_unit_whose_runner_is_killed_is_run_again_and_counts_once(novo_iniciado, registrar, agora, executor):
    @transaction.atomic
    def refazer(trabalho):
        Group.objects.create(name="feito por quem ficou")
        trabalho.conferir_posse()
        return {"refeita": True}

    registrar("cair", refazer)
    iniciado = novo_iniciado("cair")
    (unidade,) = tique(agora)
    processo = executor(unidade)
    prazo_inicial = UnidadeIniciada.objects.get().arrendada_ate

    esperar(lambda: UnidadeIniciada.objects.get().arrendada_ate > prazo_inicial)  # it is alive, and says so
    assert executar_pendentes(agora) == 0

    processo.send_signal(signal.SIGKILL)
    processo.wait(PRAZO)
    esperar(lambda: executar_pendentes(agora) == 1)

    assert [g.name for g in Group.objects.filter(name__startswith="feito")] == ["feito por quem ficou"]
    assert UnidadeIniciada.objects.values_list("posse", "situacao", "resultado").get() == (
        2,
        UnidadeIniciada.Situacao.CONCLUIDA,
        {"refeita": True},
    )
    iniciado.refresh_from_db()
    assert iniciado.situacao == ProcessoIniciado.Situacao.CONCLUIDO


def esperar(condicao) -> None:
    limite = time.monotonic() + PRAZO
    while not condicao():
        assert time.monotonic() < limite, "não aconteceu a tempo"
        time.sleep(0.05)
