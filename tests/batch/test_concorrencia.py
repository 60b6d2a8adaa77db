"""Two runners, two beats, a live heartbeat: what only shows with a connection for each."""

import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from time import monotonic

import pytest
from django.contrib.auth.models import Group
from django.db import connection, transaction
from django.utils import timezone

from batch import execucao
from batch.execucao import executar, executar_pendentes, tique
from batch.inicio import continuar
from batch.models import ProcessoIniciado, UnidadeIniciada
from batch.registro import Aguardar, PossePerdida

pytestmark = pytest.mark.django_db(transaction=True)
PRAZO = 10  # seconds: what a test waits before it fails


@pytest.fixture
def em_paralelo():
    """Run a function in a thread with a connection of its own."""
    with ThreadPoolExecutor(8) as linhas:

        def rodar(funcao, *args, **kwargs):
            def com_conexao():
                try:
                    return funcao(*args, **kwargs)
                finally:
                    connection.close()

            return linhas.submit(com_conexao)

        yield rodar


def vencer_arrendamentos() -> None:
    UnidadeIniciada.objects.update(arrendada_ate=timezone.now() - timedelta(seconds=1))


def test_of_two_runners_at_once_one_runs(novo_iniciado, registrar, agora, em_paralelo):
    rodadas = []
    registrar("a", lambda trabalho: rodadas.append(trabalho), unidades=range(10))
    iniciado = novo_iniciado("a")
    unidades = tique(agora)
    largada = threading.Barrier(4)

    def corredor():
        largada.wait(PRAZO)
        return sum([executar(unidade, agora=agora) for unidade in unidades])

    assert sum(corrida.result(PRAZO) for corrida in [em_paralelo(corredor) for _ in range(4)]) == 10

    assert sorted(trabalho.codigo for trabalho in rodadas) == list(range(10))
    tique(agora)
    iniciado.refresh_from_db()
    assert iniciado.situacao == ProcessoIniciado.Situacao.CONCLUIDO


def test_of_two_beats_at_once_the_second_does_nothing(novo_iniciado, registrar, agora, em_paralelo):
    registrar("a")
    novo_iniciado("a")

    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [execucao.TRAVA_DO_TIQUE])  # as a beat under way holds it
        assert em_paralelo(tique, agora).result(PRAZO) == []

    assert len(tique(agora)) == 1


def test_a_process_in_an_operators_hands_is_left_to_the_next_tick(novo_iniciado, registrar, agora, em_paralelo):
    """The tick must not close it on what it was before the operator's change."""
    registrar("ruim", lambda trabalho: 1 / 0)
    registrar("lenta", lambda trabalho: Aguardar({}, segundos=60))
    registrar("outra")
    iniciado = novo_iniciado("ruim", "lenta")
    executar_pendentes(agora)
    novo_iniciado("outra", pk=9002)
    UnidadeIniciada.objects.filter(resultado={}).update(situacao=UnidadeIniciada.Situacao.CONCLUIDA_COM_ERRO)

    with transaction.atomic():
        continuar(iniciado.funcionalidades.get(funcionalidade__codigo="ruim"), usuario=None)
        assert len(em_paralelo(tique, agora).result(PRAZO)) == 1  # of the other process

    iniciado.refresh_from_db()
    assert iniciado.situacao == ProcessoIniciado.Situacao.EM_PROCESSAMENTO
    assert UnidadeIniciada.objects.get(pk=tique(agora)[0]).funcionalidade.iniciado == iniciado


def test_the_heartbeat_keeps_the_unit_of_a_step_that_takes_longer_than_the_lease(
    novo_iniciado, registrar, agora, em_paralelo
):
    """Also through a long transaction of the step, which is where its progress must still be seen."""
    dentro, sair = threading.Event(), threading.Event()

    @transaction.atomic
    def demorado(trabalho):
        trabalho.conferir_posse()
        trabalho.progresso(3, 10)
        dentro.set()
        assert sair.wait(PRAZO)
        trabalho.conferir_posse()

    registrar("a", demorado)
    novo_iniciado("a")
    (unidade,) = tique(agora)
    corrida = em_paralelo(executar, unidade, agora=agora, arrendamento=0.3)
    assert dentro.wait(PRAZO)
    primeiro_prazo = UnidadeIniciada.objects.get().arrendada_ate

    limite = monotonic() + PRAZO
    while timezone.now() < primeiro_prazo + timedelta(seconds=0.3):
        assert monotonic() < limite
        assert tique(agora) == []
        assert executar(unidade, agora=agora) is False
    assert UnidadeIniciada.objects.values_list("feito", "total").get() == (3, 10)

    sair.set()
    assert corrida.result(PRAZO) is True
    assert UnidadeIniciada.objects.values_list("posse", "situacao").get() == (1, UnidadeIniciada.Situacao.CONCLUIDA)


def test_a_unit_cannot_be_taken_from_a_transaction_that_checked_it(novo_iniciado, registrar, agora, em_paralelo):
    """Even with the lease over: what that transaction commits was done by the unit's owner."""

    @transaction.atomic
    def passo(trabalho):
        trabalho.conferir_posse()
        em_paralelo(vencer_arrendamentos).result(PRAZO)
        assert em_paralelo(executar, unidade, agora=agora).result(PRAZO) is False
        Group.objects.create(name="efeito")

    registrar("a", passo)
    novo_iniciado("a")
    (unidade,) = tique(agora)

    assert executar(unidade, agora=agora) is True
    assert Group.objects.filter(name="efeito").count() == 1


def test_a_runner_that_lost_the_unit_commits_nothing(novo_iniciado, registrar, agora, em_paralelo):
    rodadas = []

    @transaction.atomic
    def passo(trabalho):
        rodadas.append(trabalho)
        Group.objects.create(name=f"efeito {len(rodadas)}")
        if len(rodadas) == 1:
            em_paralelo(vencer_arrendamentos).result(PRAZO)
            assert em_paralelo(executar, unidade, agora=agora).result(PRAZO) is True
        trabalho.conferir_posse()

    registrar("a", passo)
    novo_iniciado("a")
    (unidade,) = tique(agora)

    assert executar(unidade, agora=agora) is False
    assert list(Group.objects.filter(name__startswith="efeito").values_list("name", flat=True)) == ["efeito 2"]


def test_progress_tells_a_runner_that_it_lost_the_unit(novo_iniciado, registrar, agora):
    def passo(trabalho):
        UnidadeIniciada.objects.update(posse=99)
        limite = monotonic() + PRAZO
        for feito in range(10**9):
            if monotonic() > limite:
                raise TimeoutError
            trabalho.progresso(feito, 10**9)

    registrar("a", passo)
    novo_iniciado("a")
    (unidade,) = tique(agora)

    assert executar(unidade, agora=agora, arrendamento=0.1) is False
    assert UnidadeIniciada.objects.values_list("posse", "erro").get() == (99, "")


def test_a_beat_that_misses_the_database_is_tried_again(novo_iniciado, registrar, agora):
    def esperar_batimento():
        anterior, limite = UnidadeIniciada.objects.get().arrendada_ate, monotonic() + PRAZO
        while UnidadeIniciada.objects.get().arrendada_ate == anterior:
            assert monotonic() < limite

    def passo(trabalho):
        esperar_batimento()
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                " WHERE datname = current_database() AND pid <> pg_backend_pid()"
            )
            assert cursor.fetchall() == [(True,)]  # the thread's connection
        esperar_batimento()

    registrar("a", passo)
    novo_iniciado("a")
    (unidade,) = tique(agora)

    assert executar(unidade, agora=agora, arrendamento=0.2) is True


def test_a_unit_whose_connection_was_lost_still_gets_its_error(novo_iniciado, registrar, agora):
    def passo(trabalho):
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_terminate_backend(pg_backend_pid())")

    registrar("a", passo)
    novo_iniciado("a")

    executar_pendentes(agora)

    assert "OperationalError: server closed the connection" in UnidadeIniciada.objects.get().erro


def test_a_wait_lets_go_of_the_unit_for_good(novo_iniciado, registrar, agora):
    registrar("a", lambda trabalho: Aguardar({}, segundos=5))
    novo_iniciado("a")

    executar_pendentes(agora)

    assert not [linha for linha in threading.enumerate() if linha.name.startswith("posse-")]
    assert UnidadeIniciada.objects.get().arrendada_ate is None


def test_losing_the_unit_is_not_an_error_of_it(novo_iniciado, registrar, agora):
    def passo(trabalho):
        raise PossePerdida

    registrar("a", passo)
    novo_iniciado("a")
    (unidade,) = tique(agora)

    assert execucao.executar(unidade, agora=agora) is False
    assert UnidadeIniciada.objects.get().erro == ""
