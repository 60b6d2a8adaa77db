"""When an agendamento is due: rules of dates, with no clock inside."""

from calendar import monthrange
from collections.abc import Iterator
from datetime import date, datetime, timedelta
from itertools import count, islice, takewhile

from django.utils import timezone
from django.utils.formats import date_format

from batch.models import Agendamento

MENOR_MES = 28  # days that every month has
DE_SEGUNDA_A_SEXTA = [1, 2, 3, 4, 5]


def datas(agendamento: Agendamento, desde: date) -> Iterator[date]:
    """Its dates from `desde` on, without end."""
    inicio = max(desde, agendamento.a_partir_de)
    if agendamento.repeticao == Agendamento.Repeticao.MENSAL:
        return (data for data in _do_mes(agendamento.dia_do_mes, inicio) if data >= inicio)
    if agendamento.repeticao == Agendamento.Repeticao.DIAS:
        ate_a_vez = (agendamento.a_partir_de - inicio).days % agendamento.intervalo
        return (inicio + timedelta(days=ate_a_vez + agendamento.intervalo * vez) for vez in count())
    dias = (inicio + timedelta(days=dia) for dia in count())
    return (data for data in dias if data.isoweekday() in agendamento.dias_da_semana)


def _do_mes(dia: int, inicio: date) -> Iterator[date]:
    """That day of each month, from the month of `inicio` on; of a shorter month, the last."""
    for meses in count(inicio.year * 12 + inicio.month - 1):
        ano, mes = meses // 12, meses % 12 + 1
        yield date(ano, mes, min(dia, monthrange(ano, mes)[1]))


def momento(agendamento: Agendamento, data: date) -> datetime:
    return timezone.make_aware(datetime.combine(data, agendamento.hora))


def vencidas(agendamento: Agendamento, agora: datetime) -> list[date]:
    """Its dates from `proximo` to `agora`: more than one when nobody commanded them in time."""
    desde = timezone.localdate(agendamento.proximo)
    return list(takewhile(lambda data: momento(agendamento, data) <= agora, datas(agendamento, desde)))


def proximas(
    agendamento: Agendamento, agora: datetime, quantas: int, *, depois_de: date | None = None
) -> list[datetime]:
    """Its next moments after `agora`; a date up to `depois_de` was taken already."""
    desde = timezone.localdate(agora)
    if depois_de is not None:
        desde = max(desde, depois_de + timedelta(days=1))
    momentos = (momento(agendamento, data) for data in datas(agendamento, desde))
    return list(islice((quando for quando in momentos if quando > agora), quantas))


# In words


def em_palavras(agendamento: Agendamento) -> str:
    """Such as "Todo dia 5, às 08:00"."""
    return f"{_repeticao(agendamento)}, às {agendamento.hora:%H:%M}"


def _repeticao(agendamento: Agendamento) -> str:
    if agendamento.repeticao == Agendamento.Repeticao.MENSAL:
        dia = agendamento.dia_do_mes
        if dia == 31:
            return "No último dia de cada mês"
        return f"Todo dia {dia}" + (" (ou no último, se o mês é mais curto)" if dia > MENOR_MES else "")
    if agendamento.repeticao == Agendamento.Repeticao.DIAS:
        if agendamento.intervalo == 1:
            return "Todos os dias"
        return f"A cada {agendamento.intervalo} dias, contados de {agendamento.a_partir_de:%d/%m/%Y}"
    dias = sorted(agendamento.dias_da_semana)
    if len(dias) == 7:
        return "Todos os dias"
    if dias == DE_SEGUNDA_A_SEXTA:
        return "De segunda a sexta"
    *primeiros, ultimo = (_aos(Agendamento.Dia(dia)) for dia in dias)
    frase = f"{', '.join(primeiros)} e {ultimo}" if primeiros else ultimo
    return frase[0].upper() + frase[1:]


def _aos(dia: Agendamento.Dia) -> str:
    artigo = "aos" if dia in (Agendamento.Dia.SABADO, Agendamento.Dia.DOMINGO) else "às"
    return f"{artigo} {dia.label}s"


def data_em_palavras(quando: datetime) -> str:
    """Such as "Terça-feira, 10/11/2026 às 08:00"."""
    return date_format(timezone.localtime(quando), r"l, d/m/Y \à\s H:i")
