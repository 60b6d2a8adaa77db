"""The dates of an agendamento, and its words."""

from datetime import date, datetime, time, timedelta
from itertools import islice
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from batch import agenda
from batch.models import Agendamento

SAO_PAULO = ZoneInfo("America/Sao_Paulo")
TERCA = date(2026, 11, 10)


def mensal(dia: int, **campos) -> Agendamento:
    return novo(repeticao=Agendamento.Repeticao.MENSAL, dia_do_mes=dia, **campos)


def a_cada(intervalo: int, **campos) -> Agendamento:
    return novo(repeticao=Agendamento.Repeticao.DIAS, intervalo=intervalo, **campos)


def semanal(*dias: int, **campos) -> Agendamento:
    return novo(repeticao=Agendamento.Repeticao.SEMANAL, dias_da_semana=list(dias), **campos)


def novo(**campos) -> Agendamento:
    return Agendamento(**{"a_partir_de": TERCA, "hora": time(8, 0)} | campos)


def primeiras(agendamento: Agendamento, desde: date = TERCA, quantas: int = 4) -> list[str]:
    return [f"{data:%d/%m/%Y}" for data in islice(agenda.datas(agendamento, desde), quantas)]


@pytest.mark.parametrize(
    ("agendamento", "datas"),
    [
        (mensal(10), ["10/11/2026", "10/12/2026", "10/01/2027", "10/02/2027"]),
        (mensal(9), ["09/12/2026", "09/01/2027", "09/02/2027", "09/03/2027"]),
        (a_cada(1), ["10/11/2026", "11/11/2026", "12/11/2026", "13/11/2026"]),
        (a_cada(15), ["10/11/2026", "25/11/2026", "10/12/2026", "25/12/2026"]),
        (semanal(1), ["16/11/2026", "23/11/2026", "30/11/2026", "07/12/2026"]),
        (semanal(2, 7), ["10/11/2026", "15/11/2026", "17/11/2026", "22/11/2026"]),
        (mensal(10, a_partir_de=date(2027, 1, 11)), ["10/02/2027", "10/03/2027", "10/04/2027", "10/05/2027"]),
    ],
)
def test_its_dates_follow_its_rule(agendamento, datas):
    assert primeiras(agendamento) == datas


def test_a_shorter_month_has_its_last_day(agora):
    """Of a leap year too."""
    assert primeiras(mensal(31), quantas=5) == ["30/11/2026", "31/12/2026", "31/01/2027", "28/02/2027", "31/03/2027"]
    assert primeiras(mensal(30), date(2028, 1, 31), 2) == ["29/02/2028", "30/03/2028"]


def test_days_are_counted_from_the_first_one_wherever_one_looks_from():
    assert primeiras(a_cada(7), date(2026, 11, 12), 2) == ["17/11/2026", "24/11/2026"]
    assert primeiras(a_cada(7), date(2026, 11, 17), 2) == ["17/11/2026", "24/11/2026"]


@given(
    st.one_of(
        st.integers(1, 31).map(mensal),
        st.integers(1, 366).map(a_cada),
        st.sets(st.integers(1, 7), min_size=1).map(lambda dias: semanal(*dias)),
    ),
    st.integers(-400, 4000),
)
def test_dates_only_go_forward_and_do_not_depend_on_where_one_looks_from(agendamento, dias):
    desde = TERCA + timedelta(days=dias)

    datas = list(islice(agenda.datas(agendamento, desde), 8))

    assert datas == sorted(set(datas)) and datas[0] >= max(desde, TERCA)
    assert list(islice(agenda.datas(agendamento, datas[0] + timedelta(days=1)), 7)) == datas[1:]


def test_the_next_moments_are_after_now_and_after_what_was_taken():
    agendamento = a_cada(1)
    as_oito = datetime(2026, 11, 10, 8, 0, tzinfo=SAO_PAULO)

    assert agenda.proximas(agendamento, as_oito - timedelta(seconds=1), 1) == [as_oito]
    assert agenda.proximas(agendamento, as_oito, 1) == [as_oito + timedelta(days=1)]
    assert agenda.proximas(agendamento, as_oito - timedelta(hours=1), 1, depois_de=TERCA) == [
        as_oito + timedelta(days=1)
    ]


def test_what_is_overdue_goes_from_the_next_moment_to_now():
    as_oito = datetime(2026, 11, 10, 8, 0, tzinfo=SAO_PAULO)
    agendamento = a_cada(1, proximo=as_oito)

    assert agenda.vencidas(agendamento, as_oito) == [TERCA]
    assert agenda.vencidas(agendamento, as_oito + timedelta(days=2)) == [TERCA + timedelta(days=d) for d in range(3)]


def test_the_day_is_that_of_sao_paulo():
    """At 22:00 there it is the next day in UTC."""
    agendamento = a_cada(1, hora=time(22, 0))

    assert agenda.momento(agendamento, TERCA).isoformat() == "2026-11-10T22:00:00-03:00"
    assert agenda.proximas(agendamento, datetime(2026, 11, 11, 0, 30, tzinfo=ZoneInfo("UTC")), 1) == [
        datetime(2026, 11, 10, 22, 0, tzinfo=SAO_PAULO)
    ]


@pytest.mark.parametrize(
    ("agendamento", "palavras"),
    [
        (mensal(5), "Todo dia 5, às 08:00"),
        (mensal(29), "Todo dia 29 (ou no último, se o mês é mais curto), às 08:00"),
        (mensal(31), "No último dia de cada mês, às 08:00"),
        (a_cada(1), "Todos os dias, às 08:00"),
        (a_cada(15), "A cada 15 dias, contados de 10/11/2026, às 08:00"),
        (semanal(1), "Às segundas, às 08:00"),
        (semanal(5, 1, 3), "Às segundas, às quartas e às sextas, às 08:00"),
        (semanal(6, 7), "Aos sábados e aos domingos, às 08:00"),
        (semanal(1, 2, 3, 4, 5), "De segunda a sexta, às 08:00"),
        (semanal(1, 2, 3, 4, 5, 6, 7), "Todos os dias, às 08:00"),
    ],
)
def test_a_rule_is_said_in_words(agendamento, palavras):
    assert agenda.em_palavras(agendamento) == palavras


def test_a_moment_is_said_with_its_weekday():
    assert agenda.data_em_palavras(agenda.momento(a_cada(1), TERCA)) == "Terça-feira, 10/11/2026 às 08:00"
