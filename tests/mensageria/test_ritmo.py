"""The limits per second, minute, hour and day: what is granted, to the microsecond, in virtual time."""

import heapq
import json
import random
from bisect import bisect_right
from itertools import accumulate

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from mensageria.ritmo import PARTES, RECUO, Limites, duracao, pedir, quantas_por_pedido

US = 1_000_000
INICIO = 1_790_000_000 * US
DURACAO = {"segundo": US, "minuto": 60 * US, "hora": 3600 * US, "dia": 86_400 * US}


class Servico:
    """A service with its stored state and a clock that may be set; moments are real ones, in microseconds."""

    def __init__(self, **limites):
        self.limites = Limites(**limites)
        self.guardado = "{}"
        self.agora = INICIO
        self.acerto = 0
        self.saidas = []  # (moment, how many)

    def pedir(self, quantas=1, espera_maxima=0.0):
        relogio = (self.agora + self.acerto) / US
        saida = pedir(json.loads(self.guardado), self.limites, relogio, quantas, espera_maxima)
        self.guardado = json.dumps(saida.estado)
        assert saida.espera >= 0
        assert 0 <= saida.quantas <= quantas
        assert (saida.quantas == 0) == (saida.espera > espera_maxima)
        if saida.quantas:
            self.saidas.append((self.agora + round(saida.espera * US), saida.quantas))
        return saida

    def passar(self, segundos):
        self.agora += round(segundos * US)

    def maior(self, duracao):
        return maior_na_janela(self.saidas, DURACAO[duracao])

    def total(self):
        return sum(quantas for _, quantas in self.saidas)


def maior_na_janela(saidas, duracao):
    """The most departures in any closed window: every one that ends at a departure, and no other can have more."""
    saidas = sorted(saidas)
    somas = [0, *accumulate(quantas for _, quantas in saidas)]
    inicio = maior = 0
    for posicao, (momento, _) in enumerate(saidas):
        while momento - saidas[inicio][0] > duracao:
            inicio += 1
        maior = max(maior, somas[posicao + 1] - somas[inicio])
    return maior


def passos(maior_intervalo):
    """Asks: the microseconds since the one before, how many departures, the longest wait in seconds."""
    intervalo = st.one_of(st.just(0), st.integers(0, 50_000), st.integers(0, maior_intervalo))
    quantas = st.one_of(st.just(1), st.integers(1, 60))
    return st.lists(st.tuples(intervalo, quantas, st.sampled_from([0, 0.5, 5, 200_000])), max_size=80)


@settings(max_examples=150, deadline=None)
@given(st.one_of(st.integers(1, 60), st.integers(1, 3000)), passos(1_500_000))
@example(50, [(0, 1, 5)] * 80)
@example(51, [(0, 2, 5)] * 80)
@example(1000, [(0, 20, 5)] * 80)
def test_no_closed_second_has_more_than_the_limit_and_one(limite, pedidos):
    servico = Servico(segundo=limite)
    for intervalo, quantas, espera_maxima in pedidos:
        servico.agora += intervalo
        servico.pedir(quantas, espera_maxima)

    assert servico.maior("segundo") <= limite + 1


@pytest.mark.parametrize("limite", [1, 2, 3, 49, 50, 51, 99, 100, 101, 150, 1000, 1001, 5000])
def test_no_closed_second_has_more_than_the_limit_and_one_when_all_is_taken(limite):
    """Idle first, so that the tolerance counts; then whoever asks takes all that is to be had."""
    servico = Servico(segundo=limite)
    for _ in range(3):
        for _ in range(160):
            servico.pedir(quantas=limite, espera_maxima=60)
        servico.agora = servico.saidas[-1][0] + 30 * US

    assert 0.96 * limite <= servico.maior("segundo") <= limite + 1


@pytest.mark.parametrize("limite", [1, 2, 7, 50, 51, 99, 1000])
def test_lateness_of_10_ms_does_not_take_a_second_over_the_limit_and_one(limite):
    """The worst order: a second's first departures late by all of it, its last ones not at all."""
    servico = Servico(segundo=limite)
    for _ in range(300):
        servico.pedir(quantas=limite, espera_maxima=400)

    assert maior_na_janela(servico.saidas, US + 10_000) <= limite + 1
    assert maior_na_janela(servico.saidas, US + 30_000) <= limite + quantas_por_pedido(servico.limites)


@settings(max_examples=150, deadline=None)
@given(
    st.fixed_dictionaries(
        {}, optional={nome: st.integers(1, 40) for nome in DURACAO} | {"minuto": st.integers(1, 5)}
    ).filter(bool),
    st.sampled_from([100_000, 3 * US, 90 * US, 5400 * US, 100_000 * US]).flatmap(passos),
)
def test_no_window_has_more_than_its_limit_wherever_it_begins(limites, pedidos):
    servico = Servico(**limites)
    for intervalo, quantas, espera_maxima in pedidos:
        servico.agora += intervalo
        servico.pedir(quantas, espera_maxima)

    for nome, limite in limites.items():
        assert servico.maior(nome) <= limite + (nome == "segundo")


@settings(max_examples=100, deadline=None)
@given(st.sampled_from(["minuto", "hora", "dia"]), st.integers(1, 8), st.data())
def test_at_most_a_sixtieth_of_a_window_is_lost(nome, limite, dados):
    """Beside the exact rule: one may leave as soon as the window that ends then has a place."""
    servico, parte = Servico(**{nome: limite}), DURACAO[nome] // PARTES
    momentos = []
    for intervalo in dados.draw(st.lists(st.integers(0, DURACAO[nome] // 2), max_size=40)):
        servico.agora += intervalo
        servico.pedir(espera_maxima=DURACAO["dia"])
        exato = max([servico.agora, *momentos[-1:]])
        if len(momentos) >= limite:
            exato = max(exato, momentos[-limite] + DURACAO[nome] + 1)
        momentos.append(servico.saidas[-1][0])

        assert exato <= momentos[-1] <= exato + parte


@settings(max_examples=150, deadline=None)
@given(
    st.fixed_dictionaries({"segundo": st.integers(1, 60)}, optional={"minuto": st.integers(1, 30)}),
    st.lists(
        st.tuples(st.integers(0, 2 * US), st.one_of(st.just(0), st.integers(0, 10 * US), st.just(3600 * US))),
        max_size=80,
    ),
)
def test_a_clock_set_back_any_number_of_times_lets_nothing_more_out(limites, pedidos):
    servico = Servico(**limites)
    for intervalo, recuo in pedidos:
        servico.agora += intervalo
        servico.acerto -= recuo
        servico.pedir(espera_maxima=30)

    for nome, limite in limites.items():
        assert servico.maior(nome) <= limite + (nome == "segundo")


def test_a_clock_set_back_an_hour_stops_nobody_for_longer_than_the_tolerance():
    servico = Servico(segundo=50)
    servico.pedir()
    servico.acerto = -3600 * US

    assert servico.pedir(espera_maxima=5).espera == pytest.approx(RECUO, abs=0.03)
    servico.passar(RECUO + 1)
    assert servico.pedir().espera == 0


def test_many_small_steps_back_do_not_add_up():
    servico = Servico(segundo=50)
    for vez in range(10):
        servico.acerto = -1_500_000 * vez
        saida = servico.pedir(espera_maxima=60)

    assert RECUO <= saida.espera <= RECUO + 1


def test_a_full_minute_passes_in_a_minute_though_the_clock_was_set_back_an_hour():
    servico = Servico(minuto=3)
    servico.pedir(quantas=3)
    servico.acerto = -3600 * US
    assert servico.pedir().quantas == 0
    servico.passar(60 + 1 + RECUO)

    assert servico.pedir(quantas=3).quantas == 3


def test_a_clock_set_forward_by_mistake_and_then_right_stops_nobody():
    servico = Servico(segundo=50, minuto=100)
    servico.acerto = 3600 * US
    servico.pedir()
    servico.acerto = 0

    assert servico.pedir(espera_maxima=5).espera <= RECUO + 0.03


def test_readers_out_of_order_do_not_squeeze_the_schedule():
    servico = Servico(segundo=50)
    for vez in range(1000):
        servico.acerto = -3000 * (vez % 2)  # every second one read its clock 3 ms before it got the row
        servico.pedir(espera_maxima=60)

    assert servico.maior("segundo") <= 51


def test_the_pace_is_97_percent_of_the_limit():
    servico = Servico(segundo=50)
    for _ in range(30 * 50):
        servico.pedir(espera_maxima=60)

    assert sum(momento < INICIO + 30 * US for momento, _ in servico.saidas) == pytest.approx(30 * 48.5, abs=1)


def test_an_asker_late_by_less_than_an_interval_loses_nothing():
    servico = Servico(segundo=50)
    for _ in range(485):
        servico.pedir()
        servico.agora = INICIO + len(servico.saidas) * US * 2 // 97
        servico.passar(random.Random(len(servico.saidas)).uniform(0.001, 0.02))

    assert servico.total() == 485
    assert servico.saidas[-1][0] - INICIO <= 10 * US


def test_what_would_wait_too_long_is_not_taken():
    servico = Servico(segundo=1)
    servico.pedir()
    servico.pedir()
    recusada = servico.pedir(espera_maxima=0.5)
    outra = servico.pedir(espera_maxima=0.5)

    assert (recusada.quantas, outra.quantas) == (0, 0)
    assert recusada.espera == outra.espera == pytest.approx(1 / 0.97, abs=0.001)
    servico.passar(recusada.espera)
    assert (servico.pedir().quantas, servico.total()) == (1, 3)


def test_the_wait_of_a_full_day_is_until_a_place_is_free():
    servico = Servico(dia=2)
    servico.pedir(quantas=2)
    servico.passar(3600)
    recusada = servico.pedir(espera_maxima=20)
    assert recusada.quantas == 0
    assert 23 * 3600 <= recusada.espera <= 23 * 3600 + 24 * 60

    servico.passar(recusada.espera - 0.001)
    assert servico.pedir().quantas == 0
    servico.passar(0.001)
    assert servico.pedir(quantas=2).quantas == 2


def test_a_day_is_any_24_hours_and_not_a_date():
    servico = Servico(dia=10)
    servico.agora = INICIO - INICIO % DURACAO["dia"] - 60 * US
    servico.pedir(quantas=10)
    servico.passar(3600)

    assert servico.pedir().quantas == 0


def test_when_fewer_fit_fewer_are_granted():
    servico = Servico(minuto=10)

    assert servico.pedir(quantas=7).quantas == 7
    assert servico.pedir(quantas=7).quantas == 3
    assert servico.pedir(quantas=7).quantas == 0


def test_an_ask_for_a_block_does_not_take_a_second_at_once():
    assert Servico(segundo=50).pedir(quantas=250).quantas == 1
    assert Servico(segundo=1000).pedir(quantas=250).quantas == 20


def test_without_limits_all_leaves_at_once_and_nothing_is_kept():
    servico = Servico()

    assert servico.pedir(quantas=5000) == pedir({}, Limites(), 0.0, 5000, 0)
    assert (servico.total(), servico.guardado) == (5000, "{}")


@pytest.mark.parametrize("limites", [{"segundo": 0}, {"minuto": -1}, {"hora": 0}, {"dia": 0}])
def test_a_limit_below_one_is_refused(limites):
    with pytest.raises(ValueError, match="pelo menos 1"):
        Limites(**limites)


def test_an_ask_for_nothing_is_refused():
    with pytest.raises(ValueError, match="pelo menos uma"):
        Servico(segundo=1).pedir(quantas=0)


def test_the_state_stays_small():
    servico = Servico(segundo=50, minuto=2900, hora=170_000, dia=4_000_000)
    sorteio, maior = random.Random(4), 0
    for _ in range(4000):
        servico.passar(sorteio.choice([0.01, 0.5, 30, 600]))
        servico.pedir(quantas=sorteio.randint(1, 50), espera_maxima=60)
        maior = max(maior, len(servico.guardado))

    assert maior < 1200
    assert all(
        len(contagens) <= PARTES + 1 for _, contagens in (json.loads(servico.guardado)[n] for n in ("hora", "dia"))
    )


def test_a_lower_limit_bites_at_once_and_a_higher_one_frees_at_once():
    servico = Servico(hora=100)
    servico.pedir(quantas=60)
    servico.limites = Limites(hora=50)
    assert servico.pedir().quantas == 0

    servico.limites = Limites(hora=70)
    assert servico.pedir(quantas=60).quantas == 10


@settings(max_examples=100, deadline=None)
@given(st.integers(1, 200), st.integers(1, 200), passos(100_000))
def test_after_a_change_no_closed_second_has_more_than_the_new_limit_and_one(antes, depois, pedidos):
    servico = Servico(segundo=antes)
    for intervalo, quantas, espera_maxima in pedidos:
        servico.agora += intervalo
        servico.pedir(quantas, espera_maxima)
    servico.limites, servico.saidas = Limites(segundo=depois), []
    for intervalo, quantas, espera_maxima in pedidos:
        servico.agora += intervalo
        servico.pedir(quantas, espera_maxima)

    assert servico.maior("segundo") <= depois + 1


def test_a_removed_limit_leaves_nothing_behind():
    servico = Servico(segundo=1, minuto=1, dia=5)
    servico.pedir()
    servico.limites = Limites(dia=5)

    assert servico.pedir(quantas=4).quantas == 4
    assert set(json.loads(servico.guardado)) == {"visto", "atraso", "ultima", "dia"}
    servico.limites = Limites(segundo=1000)
    assert servico.pedir().espera == 0
    assert "dia" not in json.loads(servico.guardado)


def test_a_refusal_too_drops_what_was_removed():
    servico = Servico(segundo=1, minuto=1)
    servico.pedir()
    servico.limites = Limites(minuto=1)

    assert servico.pedir().quantas == 0
    assert set(json.loads(servico.guardado)) == {"visto", "atraso", "ultima", "minuto"}


@pytest.mark.parametrize(
    ("limites", "quantas"),
    [
        ({"segundo": 1}, 1),
        ({"segundo": 50}, 1),
        ({"segundo": 51}, 2),
        ({"segundo": 1000}, 20),
        ({"segundo": 1000, "minuto": 60_000}, 20),
        ({"segundo": 1000, "dia": 100}, 2),
        ({"minuto": 30}, 1),
        ({"hora": 500}, 10),
        ({"dia": 1_000_000}, 20),
        ({}, 20),
    ],
)
def test_how_many_to_ask_for(limites, quantas):
    assert quantas_por_pedido(Limites(**limites)) == quantas


def simular(servico, *, trabalhadores, conexoes, segundos, atraso_maximo=0.008):
    """Workers whose connections ask, wait, leave a little late, and send for a random time, in virtual time.

    Return the moments when messages really left, and how many asks there were.
    """
    sorteio = random.Random(trabalhadores)
    juntas = quantas_por_pedido(servico.limites)
    fila = [(INICIO + sorteio.randint(0, 20_000), c) for c in range(trabalhadores * conexoes)]
    heapq.heapify(fila)
    reais, pedidos = [], 0
    while fila[0][0] < INICIO + segundos * US:
        servico.agora, conexao = heapq.heappop(fila)
        saida = servico.pedir(juntas, espera_maxima=2)
        pedidos += 1
        volta = servico.agora + round(saida.espera * US)
        if saida.quantas:
            volta += round(sorteio.uniform(0, atraso_maximo) * US)
            reais.append((volta, saida.quantas))
            envio = saida.quantas * min(sorteio.expovariate(1 / 0.006), 0.05)
            volta += round((envio + sorteio.uniform(0.0003, 0.002)) * US)
        heapq.heappush(fila, (volta, conexao))
    return reais, pedidos


@pytest.mark.parametrize("trabalhadores", [1, 2, 4])
@pytest.mark.parametrize("limite", [1, 2, 50, 1000])
def test_any_number_of_workers_sends_at_the_limit_and_not_above(limite, trabalhadores):
    servico = Servico(segundo=limite)
    reais, pedidos = simular(servico, trabalhadores=trabalhadores, conexoes=12, segundos=30)

    inicio = servico.saidas[0][0]
    em_30s = sum(quantas for momento, quantas in servico.saidas if momento <= inicio + 30 * US)
    assert servico.maior("segundo") <= limite + 1
    assert maior_na_janela(reais, US) <= limite + 1
    assert em_30s / 30 >= 0.94 * limite
    assert pedidos / 30 <= 50 + trabalhadores * 12 / 2  # a refused one comes back after more than its longest wait


def test_workers_share_the_limit_of_a_minute_too():
    servico = Servico(segundo=20, minuto=300)
    simular(servico, trabalhadores=4, conexoes=5, segundos=600)
    momentos = [momento for momento, _ in servico.saidas]

    assert servico.maior("segundo") <= 21
    assert servico.maior("minuto") <= 300
    assert bisect_right(momentos, INICIO + 600 * US) >= 0.94 * 300 * 10


# How long so many take


@pytest.mark.parametrize(
    ("limites", "quantas", "segundos"),
    [
        ({}, 1_000_000, 0),
        ({"segundo": 10}, 1, 0),
        ({"segundo": 10}, 98, 10),
        ({"minuto": 10}, 10, 0),
        ({"minuto": 10}, 11, 61),
        ({"minuto": 10}, 31, 183),
        ({"hora": 100}, 101, 3_660),
        ({"dia": 1_000, "hora": 100}, 1_001, 87_840),
        ({"dia": 1_000, "hora": 100}, 1_101, 91_500),
        ({"hora": 1_000, "minuto": 10}, 601, 3_660),  # the minute is narrower: the hour never fills
        ({"hora": 1_000, "minuto": 10}, 1_001, 6_100),
    ],
)
def test_how_long_so_many_departures_take(limites, quantas, segundos):
    assert duracao(Limites(**limites), quantas) == pytest.approx(segundos)


@settings(max_examples=50)
@given(
    st.fixed_dictionaries(
        {},
        optional={"segundo": st.integers(1, 9), "minuto": st.integers(1, 60), "hora": st.integers(1, 200)},
    ).filter(bool),
    st.integers(1, 400),
)
def test_how_long_is_said_is_how_long_it_takes(limites, quantas):
    """Asking for one at a time from an idle service, whenever one fits."""
    servico = Servico(**limites)
    while servico.total() < quantas:
        servico.passar(servico.pedir(1, espera_maxima=1e9).espera)
    levou = (servico.agora - INICIO) / US

    dito = duracao(servico.limites, quantas)
    assert levou <= dito + 1
    assert dito <= 1.05 * levou + 60
