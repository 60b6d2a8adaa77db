"""The windows of contact as rules: days are local, holidays have hours of their own, and nothing crosses midnight."""

from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from django.utils import timezone
from hypothesis import assume, given
from hypothesis import strategies as st

from mensageria.janela import DIAS, FERIADO, Calendario, Porta, dia_e_hora, horas_em_palavras, nacionais, quando
from mensageria.models import Canal

SAO_PAULO = ZoneInfo("America/Sao_Paulo")
UTEIS = range(5)
COMERCIAL = {dia: (time(8), time(20)) for dia in UTEIS}


def em(dia: int, hora: int, minuto: int = 0, mes: int = 11, ano: int = 2026) -> datetime:
    return datetime(ano, mes, dia, hora, minuto, tzinfo=SAO_PAULO)


def porta(semana, locais=None) -> Porta:
    return Porta(Canal.SMS, "", None, semana, locais or {})


def test_a_weekday_opens_and_closes_at_its_hours():
    terca = porta(COMERCIAL)

    assert [terca.aberta(em(10, *hora)) for hora in ((7, 59), (8, 0), (19, 59), (20, 0))] == [False, True, True, False]
    assert terca.abre_em(em(10, 7)) == em(10, 8)
    assert terca.abre_em(em(10, 12)) == em(10, 12)
    assert terca.fecha_em(em(10, 12)) == em(10, 20)
    assert terca.fecha_em(em(10, 21)) is None


def test_after_friday_it_opens_on_monday():
    assert porta(COMERCIAL).abre_em(em(13, 20)) == em(16, 8)


def test_the_day_is_the_local_one_when_it_is_tomorrow_in_utc():
    """22:30 on Friday in São Paulo is Saturday in UTC."""
    sexta_a_noite = porta({4: (time(22), time(0))})

    assert sexta_a_noite.aberta(em(13, 22, 30).astimezone(ZoneInfo("UTC")))
    assert sexta_a_noite.fecha_em(em(13, 22, 30)) == em(14, 0)
    assert not sexta_a_noite.aberta(em(14, 22, 30))


def test_a_national_holiday_is_closed_unless_it_has_hours():
    proclamacao = em(15, 10, ano=2027)  # a Monday

    assert not porta(COMERCIAL).aberta(proclamacao)
    assert porta(COMERCIAL).abre_em(proclamacao) == em(16, 8, ano=2027)
    assert porta(COMERCIAL | {FERIADO: (time(9), time(12))}).aberta(proclamacao)
    assert not porta(COMERCIAL | {FERIADO: (time(9), time(12))}).aberta(em(15, 13, ano=2027))


def test_the_national_holidays_are_those_of_the_law():
    assert list(nacionais(2026)) == [
        date(2026, 1, 1),
        date(2026, 4, 3),
        date(2026, 4, 21),
        date(2026, 5, 1),
        date(2026, 9, 7),
        date(2026, 10, 12),
        date(2026, 11, 2),
        date(2026, 11, 15),
        date(2026, 11, 20),
        date(2026, 12, 25),
    ]
    assert nacionais(2026)[date(2026, 11, 20)].startswith("Dia Nacional de Zumbi e da Consciência Negra")


def test_hours_that_meet_at_midnight_are_one_stretch():
    sempre_util = porta({dia: (time(0), time(0)) for dia in UTEIS})

    assert sempre_util.fecha_em(em(10, 12)) == em(14, 0)  # from Tuesday to the end of Friday


def test_what_is_open_every_day_and_hour_never_closes():
    assert porta({dia: (time(0), time(0)) for dia in range(8)}).fecha_em(em(10, 12)) is None


def test_a_window_without_hours_never_opens():
    nunca = porta({})

    assert not nunca.aberta(em(10, 12))
    assert nunca.abre_em(em(10, 12)) is None
    assert nunca.termina(em(10, 12), timedelta(seconds=1)) is None


def test_work_goes_on_in_the_next_hours():
    horas = timedelta(hours=1)

    assert porta(COMERCIAL).termina(em(12, 18), 1 * horas) == em(12, 19)
    assert porta(COMERCIAL).termina(em(12, 18), 3 * horas) == em(13, 9)
    assert porta(COMERCIAL).termina(em(13, 18), 15 * horas) == em(17, 9)  # Friday, the whole of Monday, Tuesday


def test_the_window_of_an_origin_goes_before_that_of_all():
    calendario = Calendario({(Canal.SMS, ""): COMERCIAL, (Canal.SMS, "cobranca"): {0: (time(10), time(11))}})

    assert calendario.aberta(Canal.SMS, "faturamento", None, em(10, 12))
    assert not calendario.aberta(Canal.SMS, "cobranca", None, em(10, 12))
    assert calendario.proxima_abertura(Canal.SMS, "cobranca", None, em(10, 12)) == em(16, 10)
    assert calendario.aberta(Canal.EMAIL, "cobranca", None, em(10, 3))  # nothing is said of e-mail


def test_without_any_window_all_is_open():
    vazio = Calendario(locais={None: {date(2026, 11, 10): "PADROEIRA"}})

    assert not vazio
    assert vazio.aberta(Canal.SMS, "cobranca", 1, em(15, 3))
    assert vazio.proxima_abertura(Canal.SMS, "cobranca", 1, em(15, 3)) == em(15, 3)
    assert vazio.aberta_em_toda_parte(Canal.SMS, "cobranca", em(15, 3))


def test_a_local_holiday_closes_one_localidade():
    dia = date(2026, 11, 10)
    calendario = Calendario({(Canal.SMS, ""): COMERCIAL}, {7: {dia: "PADROEIRA"}})

    assert not calendario.aberta(Canal.SMS, "cobranca", 7, em(10, 12))
    assert calendario.aberta(Canal.SMS, "cobranca", 8, em(10, 12))
    assert calendario.aberta(Canal.SMS, "cobranca", None, em(10, 12))
    assert not calendario.aberta_em_toda_parte(Canal.SMS, "cobranca", em(10, 12))
    assert calendario.porta(Canal.SMS, "cobranca", 8) == calendario.porta(Canal.SMS, "faturamento", 9)
    assert calendario.porta(Canal.SMS, "cobranca", 7) != calendario.porta(Canal.SMS, "cobranca", 8)


def test_a_moment_in_words():
    assert dia_e_hora(em(23, 8)) == "seg 23/11/2026 às 08:00"
    assert quando(em(23, 8), em(23, 7)) == "às 08:00"
    assert quando(em(23, 8), em(22, 7)) == "seg 23/11/2026 às 08:00"
    assert [horas_em_palavras(horas) for horas in ((time(8), time(20)), (time(0), time(0)), None)] == [
        "08:00–20:00",
        "00:00–24:00",
        "",
    ]
    assert len(DIAS) == FERIADO + 1


# Properties


def _horas(par: tuple[int, int]) -> tuple[time, time]:
    das, ate = par
    return time(das // 60, das % 60), time(ate % 1440 // 60, ate % 60)


HORAS = st.tuples(st.integers(0, 1439), st.integers(1, 1440)).filter(lambda par: par[0] < par[1]).map(_horas)
SEMANAS = st.dictionaries(st.integers(0, FERIADO), HORAS)
QUE_ABREM = st.tuples(SEMANAS, st.integers(0, 6), HORAS).map(lambda partes: partes[0] | {partes[1]: partes[2]})
LOCAIS = st.sets(st.integers(0, 20)).map(lambda dias: {date(2026, 11, 1) + timedelta(days=n): "FERIADO" for n in dias})
MOMENTOS = st.integers(0, 40 * 86400).map(lambda segundos: em(1, 0) + timedelta(seconds=segundos))


@given(SEMANAS, LOCAIS, MOMENTOS)
def test_it_is_open_when_it_opens_and_closed_until_then(semana, locais, agora):
    uma = porta(semana, locais)
    abre = uma.abre_em(agora)

    assert (abre is None) <= (not semana or set(semana) <= {FERIADO})
    if abre is None:
        assert not uma.aberta(agora)
        return
    assert abre >= agora and uma.aberta(abre) and (abre == agora) == uma.aberta(agora)
    assert not any(uma.aberta(agora + (abre - agora) * n / 10) for n in range(10) if abre > agora)


@given(QUE_ABREM, LOCAIS, MOMENTOS)
def test_it_is_open_until_it_closes_and_not_at_that_moment(semana, locais, agora):
    uma = porta(semana, locais)
    agora = uma.abre_em(agora)
    fecha = uma.fecha_em(agora)
    assume(fecha is not None)  # open at every hour of every day

    assert uma.aberta(agora) and fecha > agora and not uma.aberta(fecha)
    assert all(uma.aberta(agora + (fecha - agora) * n / 10) for n in range(10))


@given(QUE_ABREM, MOMENTOS)
def test_no_stretch_but_a_whole_day_reaches_midnight(semana, agora):
    """Hours cross nothing: what is open at one moment of a day is open in hours of that very day."""
    uma = porta(semana)
    local = timezone.localtime(uma.abre_em(agora))
    dia = FERIADO if uma.feriado(local.date()) else local.weekday()

    das, ate = semana[dia]
    assert das <= local.time().replace(microsecond=0)
    assert ate == time(0) or local.time() < ate


@given(QUE_ABREM, LOCAIS, MOMENTOS, st.integers(1, 5_000))
def test_work_ends_in_an_open_stretch_and_takes_its_time(semana, locais, agora, segundos):
    uma, duracao = porta(semana, locais), timedelta(seconds=segundos)
    fim = uma.termina(agora, duracao)
    if fim is None:  # so few minutes that a year of them does not suffice
        assert uma.fecha_em(uma.abre_em(agora)) - uma.abre_em(agora) < duracao
        return
    aberto, ponto = timedelta(), agora
    while ponto < fim:
        ponto = uma.abre_em(ponto)
        ate = min(uma.fecha_em(ponto) or fim, fim)
        aberto, ponto = aberto + (ate - ponto), ate
    assert aberto == duracao


@given(MOMENTOS)
def test_more_hours_never_open_later(agora):
    menos, mais = porta(COMERCIAL), porta(COMERCIAL | {5: (time(8), time(14))})

    assert mais.abre_em(agora) <= menos.abre_em(agora)


@pytest.mark.parametrize("ano", range(2020, 2036))
def test_every_year_has_its_national_holidays(ano):
    assert {date(ano, 1, 1), date(ano, 9, 7), date(ano, 12, 25)} <= set(nacionais(ano))
