"""What every dialect gives when all is well. The server is the simulator, on a real socket."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import date
from decimal import Decimal
from threading import Event

import pytest

from preventivo.operadoras import AcordoDaOperadora, BoletoDaOperadora, Interrompida, SituacaoDoBoleto
from simuladores.boletos import Acordo, cpf_de
from simuladores.operadoras import OrdemAPI
from tests.preventivo.operadoras.apoio import CPF, PDF, PRIMEIRO, SEGUNDO, TERCEIRO, boletos, novo_cliente, um_acordo


def test_every_field_arrives_as_it_left(api, cliente):
    api.definir(CPF, um_acordo(PRIMEIRO, SEGUNDO, TERCEIRO))

    assert cliente.consultar(CPF) == [
        AcordoDaOperadora(
            numero="A1",
            descricao="Combo",
            boletos=(
                BoletoDaOperadora(
                    numero="B/1",
                    valor=Decimal("129.90"),
                    vencimento=date(2026, 11, 30),
                    linha=PRIMEIRO.linha,
                    situacao=SituacaoDoBoleto.ABERTO,
                    parcela=1,
                    beneficiario="Telefonia & Cabo <do Exemplo> S.A.",
                    documento_beneficiario="99111222000149",
                    pix=PRIMEIRO.pix,
                    tem_pdf=True,
                ),
                BoletoDaOperadora(
                    numero="B 2",
                    valor=Decimal("1234567.89"),
                    vencimento=date(2026, 12, 7),
                    linha=SEGUNDO.linha,
                    situacao=SituacaoDoBoleto.PAGO,
                    parcela=None,
                    beneficiario="Pedágio",
                    documento_beneficiario="12ABC34501DE35",
                    pix="",
                    tem_pdf=False,
                ),
                BoletoDaOperadora(
                    numero="B3",
                    valor=Decimal("0.10"),
                    vencimento=date(2025, 2, 22),
                    linha="",
                    situacao=SituacaoDoBoleto.CANCELADO,
                    parcela=12,
                    beneficiario="Empresa do Exemplo Ltda.",
                    documento_beneficiario="99111222000149",
                ),
            ),
        )
    ]


def test_money_is_exact_to_the_centavo(api, cliente):
    valores = [Decimal(texto) for texto in ("0.00", "0.01", "0.29", "19.99", "1.10", "4.35", "9999999999.99")]
    api.definir(CPF, um_acordo(*(replace(PRIMEIRO, numero=str(n), valor=v) for n, v in enumerate(valores))))

    lidos = [boleto.valor for boleto in cliente.consultar(CPF)[0].boletos]

    assert lidos == valores
    assert {(type(lido), lido.as_tuple().exponent) for lido in lidos} == {(Decimal, -2)}


def test_several_agreements_come_in_the_company_s_order(api, cliente):
    muitos = boletos(14)
    dados = [Acordo("Z", muitos[:5], "um"), Acordo("vazio"), Acordo("A", muitos[5:], "dois")]
    api.definir(CPF, dados)

    lidos = cliente.consultar(CPF)

    assert [(a.numero, a.descricao, [b.numero for b in a.boletos]) for a in lidos] == [
        (a.numero, a.descricao, [b.numero for b in a.boletos]) for a in dados
    ]


def test_who_has_no_agreement_and_who_nobody_knows_owe_nothing(api, cliente):
    desconhecido = cpf_de(1)
    api.definir(CPF, [])

    assert cliente.consultar(CPF) == []
    assert cliente.consultar(desconhecido) == []
    assert [consulta.status for consulta in api.consultas] == [200, 404]


def test_the_pdf_is_the_company_s_byte_by_byte(api, cliente):
    cliente.consultar(CPF)

    assert cliente.pdf("B/1") == PDF
    assert api.pdfs == {"B/1": 1}


def test_a_cpf_is_eleven_digits_or_nothing_is_asked(api, cliente):
    for errado in ("529.982.247-25", "5299822472", "٥2998224725", f"{CPF}\n", f"{CPF}/x", ""):
        with pytest.raises(ValueError, match="11 algarismos") as erro:
            cliente.consultar(errado)
        assert not errado or errado not in str(erro.value)

    assert api.perguntas == 0


def test_threads_share_a_client_and_get_their_own_answers(api, cliente):
    cpfs = [cpf_de(n) for n in range(1, 60)]
    for n, cpf in enumerate(cpfs):
        api.definir(cpf, [Acordo(f"A{n}", boletos(1))])

    with ThreadPoolExecutor(8) as threads:
        lidos = list(threads.map(cliente.consultar, cpfs))

    assert [acordo.numero for (acordo,) in lidos] == [f"A{n}" for n in range(59)]
    assert set(api.respondidas().values()) == {1}
    assert api.tokens <= 1 and api.conexoes <= 8


def test_threads_are_answered_at_the_same_time(api, cliente):
    """Nobody waits for another's answer: all the questions are there before the first is answered."""
    todos = Event()
    api.ordenar(OrdemAPI("demorar", ate=todos))
    with ThreadPoolExecutor(6) as threads:
        futuros = [threads.submit(cliente.consultar, CPF) for _ in range(6)]
        api.esperar(6)
        todos.set()
        assert all(futuro.result() for futuro in futuros)

    assert api.maior_simultaneo == 6


def test_a_connection_serves_one_question_after_another(api, cliente):
    for _ in range(5):
        cliente.consultar(CPF)

    assert api.conexoes == 1


def test_each_request_waits_for_its_moment(api, dialeto):
    """A token, each page and the PDF: what the company counts."""
    esperas = []
    api.definir(CPF, um_acordo(PRIMEIRO, *boletos(6)))

    with novo_cliente(api, dialeto, esperar=lambda: esperas.append(1) or True) as cliente:
        cliente.consultar(CPF)
        cliente.pdf("B/1")

    assert len(esperas) == api.tokens + api.perguntas + api.pdfs.total()
    assert len(esperas) == {"claro": 3, "net": 4, "sem_parar": 2}[dialeto]


@pytest.mark.parametrize("antes", [0, 1])
def test_who_must_stop_asks_nothing_more(api, dialeto, antes):
    momentos = iter([True] * antes)
    api.definir(CPF, um_acordo(PRIMEIRO, *boletos(6)))

    with novo_cliente(api, dialeto, esperar=lambda: next(momentos, False)) as cliente, pytest.raises(Interrompida):
        cliente.consultar(CPF)
        cliente.pdf("B/1")

    assert api.tokens + api.perguntas + api.pdfs.total() == antes


def test_a_proxy_of_the_machine_sees_no_cpf(api, cliente, monkeypatch):
    for nome in ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"):
        monkeypatch.setenv(nome, "http://127.0.0.1:9")

    assert len(cliente.consultar(CPF)) == 1
