"""The bars of the sends: whole numbers that fill the drawing."""

from datetime import datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest

from preventivo import grafico

OITO = datetime(2026, 11, 10, 8, tzinfo=ZoneInfo("America/Sao_Paulo"))


def de(*quantos: int) -> grafico.Grafico | None:
    return grafico.barras([(OITO + timedelta(minutes=passo), n) for passo, n in enumerate(quantos)])


@pytest.mark.parametrize("quantos", [(), (0,), (0, 0, 0)])
def test_without_sends_there_is_no_plot(quantos):
    assert de(*quantos) is None


def test_the_highest_fills_the_height_and_the_others_their_part_of_it():
    desenho = de(1, 0, 4, 2)

    assert [barra.altura for barra in desenho.barras] == [50, 0, 200, 100]
    assert all(barra.y + barra.altura == grafico.ALTURA for barra in desenho.barras)
    assert (desenho.maior, desenho.total, desenho.pico.momento) == (4, 7, OITO + timedelta(minutes=2))
    assert (desenho.inicio, desenho.fim) == (OITO, OITO + timedelta(minutes=3))


def test_one_among_very_many_is_still_seen():
    assert de(1, 1_000_000).barras[0].altura == 1


@pytest.mark.parametrize("passos", [1, 2, 7, 60])
def test_the_bars_stand_in_order_inside_the_drawing(passos):
    barras = de(*range(1, passos + 1)).barras

    assert all(barra.largura > 0 for barra in barras)
    assert all(antes.x + antes.largura < depois.x for antes, depois in pairwise(barras))
    assert barras[0].x == 0 and barras[-1].x + barras[-1].largura <= grafico.LARGURA
