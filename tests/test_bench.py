"""The pure parts of the benches: how a run is judged. The runs themselves are `./avisa bench`."""

import json
from collections import Counter
from dataclasses import replace

import pytest

from bench import corrida, cota, quedas, ritmo, saida
from bench.__main__ import leitor
from bench.apuracao import (
    Fim,
    Mensagem,
    Morte,
    Passagem,
    apurar,
    ler_registro,
    mais_abertas,
    message_id,
    na_janela,
    pico,
    recebidas,
)

PORTA = 50_000


def passagem(*, guardada: int = 100, confirmada: int | None = 200, cliente: int = PORTA, abertas: int = 1) -> Passagem:
    return Passagem("<a@x>", 1, cliente, abertas, guardada - 10, guardada, confirmada)


def resultado(**campos) -> corrida.Resultado:
    certo = {
        "mortes": 50,
        "na_janela": 15,
        "conexoes": 10,
        "mensagens": 5000,
        "perdidas": 0,
        "repetidas_silenciosas": 0,
        "repetidas": 0,
        "incertas": 500,
        "contagens_erradas": 0,
        "segundos": 1.0,
    }
    return corrida.Resultado(**certo | campos)


# Kills between a body and its reply


@pytest.mark.parametrize(
    ("momento", "dentro"),
    [(95, False), (99, False), (100, True), (150, True), (199, True), (200, False), (300, False)],
)
def test_a_kill_is_in_the_window_from_the_stored_body_to_its_250(momento, dentro):
    assert na_janela([passagem()], [Morte(momento, frozenset({PORTA}))]) == dentro


def test_a_250_that_never_left_keeps_the_window_open():
    assert na_janela([passagem(confirmada=None)], [Morte(10_000, frozenset({PORTA}))]) == 1


def test_the_window_of_another_sender_is_not_its_own():
    assert na_janela([passagem(cliente=PORTA + 1)], [Morte(150, frozenset({PORTA}))]) == 0


def test_a_kill_that_cuts_two_connections_counts_once():
    assert na_janela([passagem(), passagem(cliente=PORTA + 1)], [Morte(150, frozenset({PORTA, PORTA + 1}))]) == 1


# What the sink has


def test_the_log_pairs_each_250_with_the_body_of_its_connection(tmp_path):
    comum = {"abertas": 2, "chegada": 1}
    linhas = [
        {"id": "<a@x>", "conexao": 1, "cliente": 11, "guardada": 2, **comum},
        {"id": "<b@x>", "conexao": 2, "cliente": 12, "guardada": 3, **comum},
        {"conexao": 2, "confirmada": 4},
        {"id": "<c@x>", "conexao": 2, "cliente": 12, "guardada": 5, **comum},
        {"conexao": 2, "confirmada": 6},
    ]
    arquivo = tmp_path / "registro.jsonl"
    arquivo.write_text("".join(json.dumps(linha) + "\n" for linha in linhas))

    lidas = ler_registro(arquivo)

    assert [(p.id, p.confirmada) for p in lidas] == [("<a@x>", None), ("<b@x>", 4), ("<c@x>", 6)]
    assert mais_abertas(lidas) == 2


def test_messages_are_told_apart_by_the_message_id_of_their_head(tmp_path):
    corpo = b"Subject: x\r\nmessage-id: <a@x>\r\n\r\nMessage-ID: <falso@x>\r\n"
    for nome in ("1.eml", "2.eml"):
        (tmp_path / nome).write_bytes(corpo)
    (tmp_path / ".3.eml.tmp").write_bytes(corpo)

    assert recebidas(tmp_path) == {"<a@x>": 2}
    with pytest.raises(ValueError, match="sem Message-ID"):
        message_id(b"Subject: x\r\n\r\nMessage-ID: <falso@x>\r\n")


# The verdict on each message


@pytest.mark.parametrize("fim", [Fim.ENVIADA, Fim.PENDENTE])
def test_what_is_told_as_sent_or_ended_nowhere_and_never_arrived_is_lost(fim):
    assert apurar({"<a@x>": Mensagem(fim)}, Counter()).perdidas == 1


@pytest.mark.parametrize("fim", [Fim.FALHA, Fim.CANCELADA, Fim.INCERTA])
def test_what_is_told_not_to_have_arrived_is_not_lost(fim):
    assert apurar({"<a@x>": Mensagem(fim)}, Counter()).perdidas == 0


@pytest.mark.parametrize(("duvidas", "em_silencio"), [(0, 1), (1, 0)])
def test_a_repeat_is_silent_when_nobody_was_told_of_a_doubt(duvidas, em_silencio):
    apurado = apurar({"<a@x>": Mensagem(Fim.ENVIADA, duvidas)}, Counter({"<a@x>": 2}))

    assert (apurado.repetidas, apurado.em_silencio, apurado.incertas) == (1, em_silencio, duvidas)


# The verdict on a run


@pytest.mark.parametrize(("mortes", "na_janela_", "vale"), [(50, 15, True), (50, 14, False), (0, 0, True)])
def test_a_run_needs_15_of_50_kills_in_the_window(mortes, na_janela_, vale):
    assert resultado(mortes=mortes, na_janela=na_janela_).vale is vale


@pytest.mark.parametrize(
    "falta", [{"perdidas": 1}, {"repetidas_silenciosas": 1}, {"contagens_erradas": 1}, {"incertas": 501}]
)
def test_each_promise_can_be_broken(falta):
    assert resultado().cumpre
    assert not resultado(**falta).cumpre


def test_the_exit_status_tells_an_invalid_run_from_a_broken_promise(capsys):
    nomes = {"nao_reenviar": "Avisa", "post_office": "outro"}
    do_outro = resultado(repetidas_silenciosas=9, repetidas=9)

    def julgar(do_avisa: corrida.Resultado) -> int:
        return quedas.julgar(nomes, {"nao_reenviar": do_avisa, "post_office": do_outro})

    assert julgar(resultado()) == saida.CUMPRE
    assert julgar(resultado(perdidas=1)) == saida.NAO_CUMPRE
    assert julgar(resultado(perdidas=1, na_janela=14)) == saida.INVALIDA
    assert "só 14 de 50 mortes na janela" in capsys.readouterr().err


def test_the_json_has_the_figures_of_the_product_and_those_beside_it():
    dados = quedas.como_json({"nao_reenviar": resultado(), "post_office": resultado(repetidas=7)})

    chaves = {"mortes", "na_janela", "conexoes", "perdidas", "repetidas_silenciosas", "repetidas", "incertas"}
    assert chaves <= dados.keys() and chaves <= dados["post_office"].keys()
    assert (dados["repetidas"], dados["post_office"]["repetidas"]) == (0, 7)


def test_a_quota_is_used_to_the_last_message_and_told_once():
    certo = cota.Resultado(
        cota=1000,
        mensagens=1500,
        trabalhadores=8,
        mortes=4,
        usado=1000,
        enviadas=993,
        incertas=7,
        recebidas=998,
        repetidas_silenciosas=0,
        alertas=1,
        contagens_erradas=0,
    )

    assert certo.faltas() == []
    for errado in ({"usado": 999}, {"usado": 1001}, {"enviadas": 992}, {"recebidas": 1001}, {"alertas": 2}):
        assert replace(certo, **errado).faltas()


@pytest.mark.parametrize(
    ("momentos", "esperado"),
    [([], 0), ([5], 1), ([0, 10], 2), ([0, 11], 1), ([30, 0, 9, 21, 20, 10], 3), ([0, 0, 0], 3)],
)
def test_the_peak_is_of_any_closed_window_wherever_it_begins(momentos, esperado):
    assert pico(momentos, 10) == esperado


def test_a_rate_is_judged_by_its_peak_and_its_average():
    def medir(quantas: int, a_cada: int) -> ritmo.Resultado:
        chegadas = [replace(passagem(), chegada=numero * a_cada) for numero in range(quantas)]
        return ritmo.medir(chegadas, 1, 0, 0)

    assert medir(1500, ritmo.SEGUNDO // 48).cumpre
    assert not medir(1500, ritmo.SEGUNDO // 46).cumpre
    assert not medir(1800, ritmo.SEGUNDO // 55).cumpre
    assert medir(1470, ritmo.SEGUNDO // 49).media == 49.0


def test_the_table_aligns_names_to_the_left_and_numbers_to_the_right():
    assert saida.tabela(["", "mortes"], [["Avisa", 50], ["outro", 7.5]]) == (
        "        mortes\nAvisa       50\noutro      7,5"
    )


def test_a_bench_is_asked_for_by_its_name():
    assert leitor().parse_args(["quedas", "--mortes", "10", "--sem-post-office"]).conexoes == 10
    with pytest.raises(SystemExit):
        leitor().parse_args(["quedas", "--mortes", "0"])
