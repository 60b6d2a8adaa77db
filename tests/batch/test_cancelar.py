"""A process is cancelled: who runs a unit of it stops, and nothing is committed after it."""

import threading
from datetime import timedelta

import pytest
from django.contrib.auth.models import Group, User
from django.db import connection, transaction

from batch.execucao import executar, executar_pendentes, tique
from batch.inicio import OperacaoRecusada, cancelar, continuar, iniciar, reiniciar
from batch.models import FuncionalidadeIniciada, ProcessoIniciado, UnidadeIniciada
from batch.posse import PossePerdida, reivindicar
from tests.processos import esperar

Situacao, Funcionalidade, Unidade = (
    modelo.Situacao for modelo in (ProcessoIniciado, FuncionalidadeIniciada, UnidadeIniciada)
)


@pytest.fixture
def chefia(db) -> User:
    return User.objects.create_user("chefia")


def situacoes(iniciado: ProcessoIniciado) -> list[int]:
    return list(iniciado.funcionalidades.values_list("situacao", flat=True))


@pytest.mark.parametrize("situacao", Situacao)
def test_only_what_has_not_ended_is_cancelled(novo_iniciado, chefia, agora, situacao):
    iniciado = novo_iniciado("a")
    ProcessoIniciado.objects.update(situacao=situacao)

    if situacao in ProcessoIniciado.A_REINICIAR:
        with pytest.raises(OperacaoRecusada, match="já terminou"):
            cancelar(iniciado, usuario=chefia, motivo="Engano", agora=agora)
    else:
        cancelado = cancelar(iniciado, usuario=chefia, motivo=" Engano ", agora=agora)
        assert (cancelado.situacao, cancelado.concluido_em) == (Situacao.EXECUCAO_CANCELADA, agora)
        assert (cancelado.cancelado_por, cancelado.motivo_do_cancelamento) == (chefia, "Engano")
        assert situacoes(iniciado) == [Funcionalidade.EXECUCAO_CANCELADA]


@pytest.mark.parametrize("motivo", ["", "   "])
def test_a_reason_is_needed(novo_iniciado, chefia, agora, motivo):
    iniciado = novo_iniciado("a")

    with pytest.raises(OperacaoRecusada, match="Informe o motivo"):
        cancelar(iniciado, usuario=chefia, motivo=motivo, agora=agora)
    iniciado.refresh_from_db()
    assert iniciado.situacao == Situacao.EM_ESPERA


def test_what_was_done_stays_and_nothing_more_is_handed_out(novo_iniciado, registrar, chefia, agora):
    registrar("a", unidades=[1, 2, 3])
    registrar("b")
    iniciado = novo_iniciado("a", ("b", 2))
    primeira, segunda, terceira = tique(agora)
    executar(primeira, agora=agora)

    cancelar(iniciado, usuario=chefia, motivo="Engano", agora=agora)

    assert tique(agora + timedelta(hours=1)) == []
    assert not executar(segunda, agora=agora) and not executar(terceira, agora=agora)
    assert situacoes(iniciado) == [Funcionalidade.EXECUCAO_CANCELADA] * 2
    unidades = list(UnidadeIniciada.objects.values_list("situacao", flat=True))
    assert unidades == [Unidade.CONCLUIDA, Unidade.EM_ESPERA, Unidade.EM_ESPERA]


def test_whoever_runs_a_unit_loses_it_at_its_next_sign_of_life(novo_iniciado, registrar, chefia, agora):
    registrar("a")
    iniciado = novo_iniciado("a")
    (unidade,) = tique(agora)
    posse = reivindicar(unidade, agora=agora)

    cancelar(iniciado, usuario=chefia, motivo="Engano", agora=agora)

    with pytest.raises(PossePerdida):
        posse.conferir()
    with pytest.raises(PossePerdida):
        posse.concluir({}, agora)
    assert UnidadeIniciada.objects.get().situacao == Unidade.EM_ESPERA


@pytest.mark.django_db(transaction=True)
def test_a_running_step_stops_at_its_next_heartbeat(novo_iniciado, registrar, agora):
    comecou, parou = threading.Event(), []

    def passo(trabalho):
        comecou.set()
        try:
            while True:
                trabalho.progresso(1, 10)
                trabalho.conferir_posse()
        except PossePerdida:
            parou.append(trabalho.codigo)
            raise

    registrar("a", passo)
    iniciado = novo_iniciado("a")
    (unidade,) = tique(agora)
    rodadas = []

    def rodar():
        rodadas.append(executar(unidade, agora=agora, arrendamento=1.0))
        connection.close()

    fio = threading.Thread(target=rodar)
    fio.start()
    assert comecou.wait(20)
    cancelar(iniciado, usuario=None, motivo="Engano", agora=agora)
    fio.join(20)

    assert not fio.is_alive()
    assert (parou, rodadas) == ([0], [False])


@pytest.mark.django_db(transaction=True)
def test_what_is_being_committed_is_waited_for_and_then_nothing_is(novo_iniciado, registrar, agora):
    """A step that looked at its unit in a transaction ends it; the cancelling comes after."""
    registrar("a")
    iniciado = novo_iniciado("a")
    (unidade,) = tique(agora)
    posse = reivindicar(unidade, agora=agora)
    cancelados = []

    def pedir():
        cancelados.append(cancelar(iniciado, usuario=None, motivo="Engano", agora=agora))
        connection.close()

    fio = threading.Thread(target=pedir)
    with transaction.atomic():
        posse.conferir()
        fio.start()
        esperar(_alguem_espera_uma_trava, 20)
        Group.objects.create(name="feito antes")
        assert not cancelados
    fio.join(20)

    assert cancelados and Group.objects.filter(name="feito antes").exists()
    with pytest.raises(PossePerdida), transaction.atomic():
        posse.conferir()


def _alguem_espera_uma_trava() -> bool:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_stat_clear_snapshot()")  # a transaction would go on seeing what it saw first
        cursor.execute(
            "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"
        )
        return cursor.fetchone()[0] > 0


def test_continuing_one_takes_up_all_that_the_cancelling_stopped(novo_iniciado, registrar, chefia, agora):
    feitas = []
    for codigo in "abc":
        registrar(codigo, lambda trabalho, codigo=codigo: feitas.append((codigo, trabalho.codigo)), unidades=[1, 2])
    iniciado = novo_iniciado("a", ("b", 2), ("c", 3))
    primeira, _ = tique(agora)
    executar(primeira, agora=agora)
    cancelar(iniciado, usuario=chefia, motivo="Engano", agora=agora)

    continuar(iniciado.funcionalidades.first(), usuario=chefia)
    executar_pendentes(agora)

    iniciado.refresh_from_db()
    assert iniciado.situacao == Situacao.CONCLUIDO
    assert (iniciado.cancelado_por, iniciado.motivo_do_cancelamento) == (None, "")
    assert feitas == [(codigo, numero) for codigo in "abc" for numero in (1, 2)]


def test_a_cancelled_process_is_restarted(novo_iniciado, registrar, chefia, agora):
    registrar("a")
    iniciado = novo_iniciado("a")
    cancelar(iniciado, usuario=chefia, motivo="Engano", agora=agora)

    reiniciar(iniciado.funcionalidades.all(), usuario=chefia)
    executar_pendentes(agora)

    iniciado.refresh_from_db()
    assert iniciado.situacao == Situacao.CONCLUIDO


@pytest.mark.parametrize("voltar", [continuar, lambda uma, usuario: reiniciar([uma], usuario=usuario)])
def test_to_cancel_and_go_on_does_not_pass_an_authorisation_by(novo_iniciado, registrar, chefia, agora, voltar):
    registrar("a")
    iniciado = novo_iniciado("a", exige_autorizacao=True)
    cancelar(iniciado, usuario=chefia, motivo="Engano", agora=agora)

    voltar(iniciado.funcionalidades.get(), usuario=chefia)

    iniciado.refresh_from_db()
    assert iniciado.situacao == Situacao.AGUARDANDO_AUTORIZACAO
    assert tique(agora) == []


def test_one_for_tomorrow_that_was_cancelled_and_continued_still_waits_for_its_hour(
    novo_iniciado, registrar, chefia, agora
):
    registrar("a")
    iniciado = novo_iniciado("a", agendado_para=agora + timedelta(days=1))
    cancelar(iniciado, usuario=chefia, motivo="Engano", agora=agora)

    continuar(iniciado.funcionalidades.get(), usuario=chefia)

    iniciado.refresh_from_db()
    assert iniciado.situacao == Situacao.EM_ESPERA
    assert iniciado.motivo_da_espera(agora) == "Aguarda a data e a hora do agendamento."


def test_who_waits_for_a_cancelled_one_is_told_so(novo_iniciado, registrar, chefia, agora):
    registrar("a")
    precedente = novo_iniciado("a")
    dependente = iniciar(9001, usuario=None, agendado_para=agora, agora=agora, precedente=precedente)
    cancelar(precedente, usuario=chefia, motivo="Engano", agora=agora)

    dependente.refresh_from_db()

    assert dependente.motivo_da_espera(agora).startswith(f"Bloqueado: o processo precedente {precedente.pk}")
