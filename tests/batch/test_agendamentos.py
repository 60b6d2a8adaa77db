"""An agendamento commands its process once for each of its dates, whatever rings, and however late."""

import threading
from datetime import date, time, timedelta

import pytest
from celery.schedules import schedstate
from django.contrib.auth.models import Group, User
from django.db import IntegrityError, connection, transaction
from django_celery_beat.models import CrontabSchedule, PeriodicTask

from batch import agendamentos, inicio, tasks
from batch.agendamentos import PERDIDA, comandar_devidos, guardar, pausar, remover, retomar
from batch.models import Agendamento, DataAgendada, Processo, ProcessoIniciado

TERCA = date(2026, 11, 10)
Situacao = ProcessoIniciado.Situacao
Repeticao = Agendamento.Repeticao


@pytest.fixture
def dona(db) -> User:
    pessoa = User.objects.create_user("maria", email="maria@exemplo.com.br")
    pessoa.groups.add(Group.objects.get(name="supervisor"))
    return pessoa


@pytest.fixture
def novo_agendamento(novo_processo, registrar, dona, agora):
    """Every day at 13:00, from the Tuesday of `agora` (noon) on."""
    registrar("agendada")

    def novo(**campos) -> Agendamento:
        if not Processo.objects.filter(pk=9001).exists():
            novo_processo("agendada")
        padrao = {"processo_id": 9001, "criado_por": dona, "a_partir_de": TERCA, "hora": time(13, 0)}
        if "repeticao" not in campos:
            padrao |= {"repeticao": Repeticao.DIAS, "intervalo": 1}
        return guardar(Agendamento(**padrao | campos), agora=agora)

    return novo


def tomadas(agendamento: Agendamento) -> list[tuple]:
    return [(data.data.day, data.iniciado is not None) for data in agendamento.datas.order_by("data")]


def test_it_is_commanded_at_its_hour_as_whoever_made_it(novo_agendamento, dona, agora):
    agendamento = novo_agendamento(complemento="Do dia", avisar=ProcessoIniciado.Aviso.SEMPRE)
    as_13 = agora + timedelta(hours=1)

    assert comandar_devidos(as_13 - timedelta(seconds=1)) == []
    (iniciado,) = comandar_devidos(as_13)

    assert (iniciado.usuario, iniciado.complemento, iniciado.avisar) == (dona, "Do dia", ProcessoIniciado.Aviso.SEMPRE)
    assert (iniciado.agendado_para, iniciado.comandado_em, iniciado.precedente) == (as_13, as_13, None)
    assert iniciado.situacao == Situacao.EM_ESPERA
    agendamento.refresh_from_db()
    assert agendamento.proximo == as_13 + timedelta(days=1)
    assert iniciado.data_agendada.agendamento == agendamento


def test_repeated_ticks_command_a_date_once(novo_agendamento, agora):
    novo_agendamento()
    as_13 = agora + timedelta(hours=1)

    assert [len(comandar_devidos(as_13 + timedelta(seconds=segundo))) for segundo in range(4)] == [1, 0, 0, 0]


def test_each_date_has_its_own_process(novo_agendamento, agora):
    agendamento = novo_agendamento(repeticao=Repeticao.SEMANAL, dias_da_semana=[2, 4])

    for dia in range(8):
        comandar_devidos(agora + timedelta(days=dia, hours=1))

    assert tomadas(agendamento) == [(10, True), (12, True), (17, True)]
    assert ProcessoIniciado.objects.count() == 3


def test_what_was_missed_is_commanded_late_once_for_the_newest_date(novo_agendamento, agora):
    """Beat and workers were down for three days: one process, for the newest of the dates, and the others say so."""
    agendamento = novo_agendamento()
    volta = agora + timedelta(days=2, hours=5)

    (iniciado,) = comandar_devidos(volta)

    assert comandar_devidos(volta) == []
    assert (iniciado.agendado_para, iniciado.comandado_em) == (agora + timedelta(days=2, hours=1), volta)
    assert tomadas(agendamento) == [(10, False), (11, False), (12, True)]
    assert set(agendamento.datas.filter(iniciado=None).values_list("recusa", flat=True)) == {PERDIDA}


@pytest.mark.django_db(transaction=True)
def test_two_beats_at_once_command_a_date_once(novo_agendamento, agora):
    novo_agendamento()
    barreira, comandados = threading.Barrier(4), []

    def tocar():
        barreira.wait()
        try:
            comandados.extend(comandar_devidos(agora + timedelta(hours=1)))
        finally:
            connection.close()

    fios = [threading.Thread(target=tocar) for _ in range(4)]
    for fio in fios:
        fio.start()
    for fio in fios:
        fio.join()

    assert len(comandados) == ProcessoIniciado.objects.count() == DataAgendada.objects.count() == 1


def test_a_moment_that_is_none_of_its_dates_is_written_anew_and_commands_nothing(novo_agendamento, agora):
    """As after a change of time zone."""
    agendamento = novo_agendamento()
    Agendamento.objects.update(proximo=agora - timedelta(minutes=1))

    assert comandar_devidos(agora) == []

    agendamento.refresh_from_db()
    assert agendamento.proximo == agora + timedelta(hours=1)
    assert not agendamento.datas.exists()


def test_the_database_refuses_a_date_twice(novo_agendamento, agora):
    agendamento = novo_agendamento()
    comandar_devidos(agora + timedelta(hours=1))

    with pytest.raises(IntegrityError, match="data_agendada_unica"), transaction.atomic():
        DataAgendada.objects.create(agendamento=agendamento, data=TERCA, tomada_em=agora)


def test_a_date_that_was_taken_is_not_taken_again_after_an_edit(novo_agendamento, agora):
    agendamento = novo_agendamento()
    comandar_devidos(agora + timedelta(hours=1))
    agendamento.refresh_from_db()

    agendamento.hora = time(18, 0)
    guardar(agendamento, agora=agora + timedelta(hours=2))

    assert agendamento.proximo == agora + timedelta(days=1, hours=6)
    assert comandar_devidos(agora + timedelta(hours=7)) == []


@pytest.mark.parametrize(("mudanca", "comandados"), [({"complemento": "Outro"}, 1), ({"hora": time(15, 0)}, 0)])
def test_an_edit_loses_no_date_that_came_and_still_is_one(novo_agendamento, agora, mudanca, comandados):
    """It is edited after its hour, and before anybody commanded it."""
    agendamento = novo_agendamento()
    as_14 = agora + timedelta(hours=2)
    for campo, valor in mudanca.items():
        setattr(agendamento, campo, valor)

    guardar(agendamento, agora=as_14)

    assert len(comandar_devidos(as_14)) == comandados
    agendamento.refresh_from_db()
    assert agendamento.proximo == agora + (timedelta(days=1, hours=1) if comandados else timedelta(hours=3))


def test_a_process_that_needs_authorisation_waits_for_it(novo_agendamento, novo_processo, agora):
    novo_processo("agendada", exige_autorizacao=True)
    novo_agendamento()

    (iniciado,) = comandar_devidos(agora + timedelta(hours=1))

    assert iniciado.situacao == Situacao.AGUARDANDO_AUTORIZACAO


@pytest.mark.parametrize(
    ("mudar", "recusa"),
    [
        (lambda dona: Processo.objects.update(ativo=False), "O processo está inativo e não pode ser iniciado."),
        (
            lambda dona: User.objects.filter(pk=dona.pk).update(is_active=False),
            "maria não pode mais iniciar processos.",
        ),
        (lambda dona: dona.groups.clear(), "maria não pode mais iniciar processos."),
    ],
    ids=["process-inactive", "person-inactive", "permission-lost"],
)
def test_what_may_not_be_commanded_is_kept_with_its_reason_and_the_next_date_comes(
    novo_agendamento, dona, agora, mudar, recusa
):
    agendamento = novo_agendamento()
    mudar(dona)

    assert comandar_devidos(agora + timedelta(hours=1)) == []

    assert agendamento.datas.get().recusa == recusa
    agendamento.refresh_from_db()
    assert agendamento.proximo == agora + timedelta(days=1, hours=1)


def test_one_that_fails_stops_no_other(novo_agendamento, agora, monkeypatch):
    ruim, bom = novo_agendamento(complemento="ruim"), novo_agendamento(complemento="bom")
    original = inicio.iniciar

    def iniciar(*argumentos, complemento, **campos):
        if complemento == "ruim":
            raise RuntimeError("inesperado")
        return original(*argumentos, complemento=complemento, **campos)

    monkeypatch.setattr(agendamentos.inicio, "iniciar", iniciar)
    as_13 = agora + timedelta(hours=1)

    (iniciado,) = comandar_devidos(as_13)

    assert iniciado.data_agendada.agendamento == bom
    assert not ruim.datas.exists(), "it is tried again"
    monkeypatch.undo()
    assert len(comandar_devidos(as_13)) == 1


def test_a_paused_one_commands_nothing_and_what_passed_meanwhile_is_not_commanded_later(novo_agendamento, agora):
    agendamento = novo_agendamento()
    pausar(agendamento, agora=agora)
    assert comandar_devidos(agora + timedelta(days=1, hours=2)) == []

    retomar(agendamento, agora=agora + timedelta(days=1, hours=2))

    assert agendamento.proximo == agora + timedelta(days=2, hours=1)
    assert comandar_devidos(agora + timedelta(days=1, hours=3)) == []
    assert tomadas(agendamento) == []


def test_what_it_commanded_stays_when_it_is_removed(novo_agendamento, agora):
    agendamento = novo_agendamento()
    comandar_devidos(agora + timedelta(hours=1))

    remover(agendamento)

    assert ProcessoIniciado.objects.count() == 1
    assert not PeriodicTask.objects.exists() and not CrontabSchedule.objects.exists()


@pytest.mark.parametrize(
    "campos",
    [
        {"repeticao": 1},
        {"repeticao": 1, "dia_do_mes": 0},
        {"repeticao": 1, "dia_do_mes": 32},
        {"repeticao": 1, "dia_do_mes": 1, "intervalo": 1},
        {"repeticao": 2},
        {"repeticao": 2, "intervalo": 367},
        {"repeticao": 3},
        {"repeticao": 3, "dias_da_semana": [1], "dia_do_mes": 1},
    ],
)
def test_the_database_refuses_a_rule_that_is_none(novo_processo, dona, campos):
    novo_processo()

    with pytest.raises(IntegrityError, match="agendamento_com_a_sua_regra"), transaction.atomic():
        Agendamento.objects.create(processo_id=9001, criado_por=dona, a_partir_de=TERCA, hora=time(8), **campos)


# The bell


@pytest.mark.parametrize(
    ("regra", "quando"),
    [
        ({"repeticao": 1, "dia_do_mes": 5}, ("5", "*")),
        ({"repeticao": 1, "dia_do_mes": 31}, ("28-31", "*")),
        ({"repeticao": 2, "intervalo": 15}, ("*", "*")),
        ({"repeticao": 3, "dias_da_semana": [7, 1]}, ("*", "1,0")),
    ],
)
def test_the_bell_rings_on_every_day_that_may_be_a_date(novo_agendamento, regra, quando):
    agendamento = novo_agendamento(**regra)

    campainha = PeriodicTask.objects.get(name=f"agendamento-{agendamento.pk}")

    assert (campainha.crontab.day_of_month, campainha.crontab.day_of_week) == quando
    assert (campainha.crontab.minute, campainha.crontab.hour, str(campainha.crontab.timezone)) == (
        "0",
        "13",
        "America/Sao_Paulo",
    )
    assert (campainha.task, campainha.queue, campainha.enabled) == (tasks.comandar_agendados.name, "geral", True)
    assert isinstance(campainha.schedule.is_due(agendamento.proximo), schedstate)


def test_an_edit_hangs_another_bell_and_a_pause_takes_it_down(novo_agendamento, agora):
    agendamento = novo_agendamento()
    agendamento.hora = time(18, 30)
    guardar(agendamento, agora=agora)

    assert PeriodicTask.objects.get().crontab.hour == "18"
    assert CrontabSchedule.objects.count() == 1
    pausar(agendamento, agora=agora)
    assert not PeriodicTask.objects.exists() and not CrontabSchedule.objects.exists()
    retomar(agendamento, agora=agora)
    assert PeriodicTask.objects.count() == 1


def test_the_tick_finds_what_no_bell_rang_for(novo_agendamento, agora, monkeypatch):
    novo_agendamento()
    PeriodicTask.objects.all().delete()
    monkeypatch.setattr(tasks.timezone, "now", lambda: agora + timedelta(hours=1))
    monkeypatch.setattr(tasks.executar_unidade, "apply_async", lambda *_, **__: None)

    tasks.tique()

    assert ProcessoIniciado.objects.get().situacao == Situacao.EM_PROCESSAMENTO


def test_the_bell_commands_and_rings_for_the_tick(novo_agendamento, agora, monkeypatch):
    novo_agendamento()
    tocadas = []
    monkeypatch.setattr(tasks.timezone, "now", lambda: agora + timedelta(hours=1))
    monkeypatch.setattr(tasks.tique, "apply_async", lambda *_, **__: tocadas.append("tique"))

    tasks.comandar_agendados()
    tasks.comandar_agendados()

    assert ProcessoIniciado.objects.count() == 1
    assert tocadas == ["tique"]


def test_agendamentos_that_cannot_be_read_do_not_stop_the_tick(novo_iniciado, registrar, agora, monkeypatch):
    registrar("a")
    iniciado = novo_iniciado("a")

    def falhar(agora):
        raise RuntimeError("inesperado")

    monkeypatch.setattr(tasks.agendamentos, "comandar_devidos", falhar)
    monkeypatch.setattr(tasks.timezone, "now", lambda: agora)
    monkeypatch.setattr(tasks.executar_unidade, "apply_async", lambda *_, **__: None)

    tasks.tique()

    iniciado.refresh_from_db()
    assert iniciado.situacao == Situacao.EM_PROCESSAMENTO
