"""The companies' APIs as their clients see them on the wire, and what they charge with."""

import base64
import http.client
import json
import re
import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from xml.etree.ElementTree import fromstring

import pypdfium2
import pytest

from cadastro.documentos import cnpj_valido, cpf_valido
from mensageria.pagamento import boleto as do_produto
from mensageria.pagamento import pix as pix_do_produto
from simuladores import boletos
from simuladores.boletos import Acordo, Boleto, acordos_ficticios, cpf_de
from simuladores.operadoras import Consulta, OperadorasSimuladas, OrdemAPI

CPF = "52998224725"
DIA = date(2026, 11, 30)
BASICA = {"Authorization": "Basic " + base64.b64encode(b"avisa:segredo").decode()}
CHAVE = {"X-API-Key": "segredo"}
BOLETO = Boleto("B1", Decimal("129.90"), DIA, "linha", parcela=2, pix="pix", pdf=b"%PDF-1.4 %%EOF")
OUTRO = Boleto("B2", Decimal("0.50"), DIA, "", "pago", beneficiario="É & <Cia>")
ACORDOS = [Acordo("A1", (BOLETO, OUTRO), "Combo"), Acordo("A2", (replace(BOLETO, numero="B3"),))]
PERGUNTAS = {
    "claro": ("GET", f"/claro/v1/clientes/{CPF}/acordos", None),
    "net": ("GET", f"/net/api/v2/agreements?document={CPF}&page=1", None),
    "sem_parar": ("POST", "/sem_parar/servicos/acordos", f"<consultaAcordos><cpf>{CPF}</cpf></consultaAcordos>"),
}


class Cliente:
    """One kept-alive connection; each call returns (status, bytes, headers)."""

    def __init__(self, api):
        self.api, self.http = api, http.client.HTTPConnection(api.host, api.porta, timeout=5)

    def close(self):
        self.http.close()

    def pedir(self, metodo, caminho, corpo=None, cabecalhos=None):
        try:
            self.http.request(metodo, caminho, corpo, cabecalhos or {})
            resposta = self.http.getresponse()
            return resposta.status, resposta.read(), resposta.headers
        except (ConnectionError, http.client.HTTPException):
            self.http.close()
            raise

    def token(self):
        """The status of the answer, and the headers that the token gives."""
        status, corpo, _ = self.pedir("POST", "/claro/oauth2/token", "grant_type=client_credentials", BASICA)
        return status, {"Authorization": f"Bearer {json.loads(corpo).get('access_token')}"}

    def credencial(self, dialeto):
        return self.token()[1] if dialeto == "claro" else CHAVE if dialeto == "net" else BASICA

    def perguntar(self, dialeto, cpf=CPF, cabecalhos=None):
        metodo, caminho, corpo = (texto and texto.replace(CPF, cpf) for texto in PERGUNTAS[dialeto])
        cabecalhos = self.credencial(dialeto) if cabecalhos is None else cabecalhos
        return self.pedir(metodo, caminho, corpo, cabecalhos)


@pytest.fixture
def api():
    with OperadorasSimuladas(dados={CPF: ACORDOS}, por_pagina=2) as aberta:
        yield aberta


@pytest.fixture
def cliente(api):
    with closing(Cliente(api)) as aberto:
        yield aberto


@pytest.fixture(params=sorted(PERGUNTAS))
def dialeto(request):
    return request.param


# The dialects


def test_claro_speaks_json_in_camel_case_with_numbers(cliente):
    status, corpo, cabecalhos = cliente.perguntar("claro")

    dados = json.loads(corpo, parse_float=str)
    assert (status, cabecalhos["Content-Type"]) == (200, "application/json")
    assert dados["cpf"] == CPF and [acordo["numeroAcordo"] for acordo in dados["acordos"]] == ["A1", "A2"]
    assert dados["acordos"][0]["boletos"][0] == {
        "numeroBoleto": "B1",
        "numeroParcela": 2,
        "valor": "129.90",
        "dataVencimento": "2026-11-30",
        "situacao": "ABERTO",
        "linhaDigitavel": "linha",
        "beneficiario": {"nome": "Empresa do Exemplo Ltda.", "cnpj": "99111222000149"},
        "pixCopiaECola": "pix",
        "possuiPdf": True,
    }
    assert b'"valor": 129.90,' in corpo


def test_net_has_pages_and_an_agreement_goes_on_in_the_next(cliente):
    paginas = [
        json.loads(cliente.pedir("GET", f"/net/api/v2/agreements?document={CPF}&page={n}", None, CHAVE)[1])
        for n in (1, 2, 3)
    ]

    assert [(pagina["page"], pagina["next"]) for pagina in paginas] == [(1, 2), (2, None), (3, None)]
    assert [
        [(item["agreement_id"], [boleto["invoice_id"] for boleto in item["invoices"]]) for item in pagina["items"]]
        for pagina in paginas
    ] == [[("A1", ["B1", "B2"])], [("A2", ["B3"])], []]
    assert paginas[0]["items"][0]["invoices"][1]["status"] == "paid"


def test_sem_parar_speaks_xml_with_commas(cliente):
    _, corpo, cabecalhos = cliente.perguntar("sem_parar")

    raiz = fromstring(corpo)
    assert cabecalhos["Content-Type"].startswith("application/xml")
    assert [acordo.get("numero") for acordo in raiz.findall("acordos/acordo")] == ["A1", "A2"]
    um, outro = raiz.findall("acordos/acordo[1]/boletos/boleto")
    assert (um.findtext("valor"), um.findtext("vencimento"), um.findtext("pdf")) == ("129,90", "30/11/2026", "S")
    assert (outro.findtext("cedente"), outro.findtext("situacao"), outro.findtext("parcela")) == ("É & <Cia>", "P", "")


def test_each_wants_its_credential(api, cliente, dialeto):
    for cabecalhos in ({}, {"Authorization": "Bearer x"}, {"Authorization": "Basic !"}, {"X-API-Key": "x"}):
        assert cliente.perguntar(dialeto, cabecalhos=cabecalhos)[0] == 401

    assert cliente.perguntar(dialeto)[0] == 200
    assert [consulta.status for consulta in api.consultas] == [401] * 4 + [200]


def test_a_token_is_given_to_who_has_the_secret_and_ends_to_order(api, cliente):
    errada = {"Authorization": "Basic " + base64.b64encode(b"avisa:outro").decode()}
    assert cliente.pedir("POST", "/claro/oauth2/token", "grant_type=client_credentials", errada)[0] == 401
    assert cliente.pedir("POST", "/claro/oauth2/token", "grant_type=password", BASICA)[0] == 400
    assert api.tokens == 0

    _, token = cliente.token()
    assert cliente.perguntar("claro", cabecalhos=token)[0] == 200
    api.vencer_tokens()
    assert cliente.perguntar("claro", cabecalhos=token)[0] == 401
    assert api.tokens == 1


def test_who_is_unknown_who_owes_nothing_and_who_is_no_cpf(api, cliente, dialeto):
    api.definir("11144477735", [])

    assert [cliente.perguntar(dialeto, cpf)[0] for cpf in ("11144477735", "00000000191", "123")] == [200, 404, 400]


def test_what_one_owes_may_change(api, cliente, dialeto):
    api.definir(CPF, [Acordo("A1", (replace(BOLETO, situacao="pago"),))])

    assert re.search(rb'"(PAGO|paid)"|<situacao>P<', cliente.perguntar(dialeto)[1])


def test_the_pdf_of_a_boleto_that_was_told(api, cliente, dialeto):
    caminho = {"claro": "/claro/v1/boletos/{}/pdf", "net": "/net/api/v2/invoices/{}/pdf"}
    caminho = caminho.get(dialeto, "/sem_parar/servicos/boletos/{}.pdf")
    cliente.perguntar(dialeto)
    credencial = cliente.credencial(dialeto)

    status, corpo, cabecalhos = cliente.pedir("GET", caminho.format("B1"), None, credencial)

    assert (status, corpo, cabecalhos["Content-Type"]) == (200, BOLETO.pdf, "application/pdf")
    assert cliente.pedir("GET", caminho.format("B2"), None, credencial)[0] == 404
    assert cliente.pedir("GET", caminho.format("B1"))[0] == 401
    assert api.pdfs == {"B1": 1}


@pytest.mark.parametrize("caminho", ["/", "/outra/v1", "/claro", "/claro/v1/clientes", "/net/api/v2", "/sem_parar/x"])
def test_what_is_nowhere_is_a_404_in_nobody_s_words(cliente, caminho):
    status, corpo, cabecalhos = cliente.pedir("GET", caminho)

    assert (status, cabecalhos["Content-Type"]) == (404, "text/html")
    assert b"CPF" not in corpo


@pytest.mark.parametrize(
    ("metodo", "caminho", "corpo"),
    [("GET", "/net/api/v2/agreements?page=0", None), ("POST", "/sem_parar/servicos/acordos", "<consulta")],
)
def test_a_request_that_is_not_of_the_dialect_is_a_400(cliente, metodo, caminho, corpo):
    assert cliente.pedir(metodo, caminho, corpo, BASICA | CHAVE)[0] == 400


# What is remembered


def test_every_question_is_remembered_and_the_whole_answers_counted(api, cliente):
    cliente.perguntar("net")
    cliente.pedir("GET", f"/net/api/v2/agreements?document={CPF}&page=2", None, CHAVE)
    cliente.perguntar("sem_parar", cabecalhos={"X": "1"})
    cliente.perguntar("claro", "11144477735")

    assert api.consultas == [
        Consulta("net", CPF, 1, 200, False),
        Consulta("net", CPF, 2, 200, True),
        Consulta("sem_parar", CPF, 1, 401, False),
        Consulta("claro", "11144477735", 1, 404, True),
    ]
    assert api.respondidas() == {("net", CPF): 1, ("claro", "11144477735"): 1}

    api.limpar()
    assert (api.consultas, api.perguntas, api.tokens) == ([], 0, 0)


def test_memory_is_bounded(dialeto):
    with OperadorasSimuladas(dia=DIA, memoria=3) as api, closing(Cliente(api)) as cliente:
        for n in range(10):
            cliente.perguntar(dialeto, cpf_de(n))
        assert len(api.consultas) <= 6
        assert api.consultas[-1].cpf == cpf_de(9) and api.perguntas == 10


def test_waiting_for_questions_has_an_end(api, cliente):
    cliente.perguntar("net")

    assert len(api.esperar(1)) == 1
    with pytest.raises(TimeoutError, match="1 de 2"):
        api.esperar(2, prazo=0.01)


def test_who_asks_at_once_is_counted(api):
    todos = threading.Event()
    api.ordenar(OrdemAPI("demorar", ate=todos))

    def perguntar(_):
        with closing(Cliente(api)) as cliente:
            return cliente.perguntar("net")[0]

    with ThreadPoolExecutor(5) as threads:
        pedidos = threads.map(perguntar, range(5))
        api.esperar(5)
        todos.set()
        assert list(pedidos) == [200] * 5

    assert (api.maior_simultaneo, api.conexoes) == (5, 5)


# Faults to order


def test_a_refusal_is_in_the_words_of_the_dialect(api, cliente, dialeto):
    api.ordenar(OrdemAPI(status=429, cabecalhos={"Retry-After": "3", "Date": "hoje"}, vezes=1))

    status, corpo, cabecalhos = cliente.perguntar(dialeto)

    assert (status, cabecalhos["Retry-After"], cabecalhos.get_all("Date")) == (429, "3", ["hoje"])
    assert b"LIMITE" in corpo or b"rate_limited" in corpo
    assert cliente.perguntar(dialeto)[0] == 200
    assert [consulta.status for consulta in api.consultas] == [429, 200]


def test_each_way_to_spoil_an_answer(api, cliente, dialeto):
    _, bom, cabecalhos = cliente.perguntar(dialeto)

    def com(acao, **mais):
        api.limpar()
        api.ordenar(OrdemAPI(acao, **mais))
        return cliente.perguntar(dialeto)

    assert com("truncar")[1] == bom[: len(bom) // 2]
    assert com("lixo")[1] == b"Bad Gateway"
    assert com("lixo", corpo={"a": 1}, status=206)[:2] == (206, b'{"a": 1}')
    assert com("lixo", corpo=b"\xff")[2]["Content-Type"] == cabecalhos["Content-Type"]
    assert (com("tipo_errado")[1], com("tipo_errado")[2]["Content-Type"]) == (bom, "text/html")
    assert len(com("gigante")[1]) > 8 * 1024 * 1024
    assert com("gotejar")[1] == bom
    with pytest.raises(http.client.IncompleteRead) as erro:
        com("derrubar_no_meio")
    assert erro.value.partial == bom[: len(bom) // 2]
    with pytest.raises(ConnectionError):
        com("derrubar_antes")
    assert [(consulta.status, consulta.completa) for consulta in api.consultas] == [(0, False)]


def test_an_order_is_for_a_path_a_cpf_a_page_or_another_route(api, cliente):
    api.ordenar(OrdemAPI(status=500, padrao="^/claro"))
    api.ordenar(OrdemAPI(status=501, padrao="35$"))
    api.ordenar(OrdemAPI(status=502, padrao=r"page=2 "))
    api.ordenar(OrdemAPI(status=503, rota="pdf"))
    api.definir("11144477735", [])

    assert [cliente.perguntar(dialeto)[0] for dialeto in PERGUNTAS] == [500, 200, 200]
    assert cliente.perguntar("sem_parar", "11144477735")[0] == 501
    assert cliente.pedir("GET", f"/net/api/v2/agreements?document={CPF}&page=2", None, CHAVE)[0] == 502
    assert cliente.pedir("GET", "/net/api/v2/invoices/B1/pdf", None, CHAVE)[0] == 503


def test_an_order_may_act_some_times_for_each_and_later(api, cliente):
    api.definir("11144477735", [])
    api.ordenar(OrdemAPI(status=500, vezes=1, por_destino=True, depois_de=1))

    perguntas = (CPF, CPF, "11144477735", CPF, "11144477735")

    assert [cliente.perguntar("net", cpf)[0] for cpf in perguntas] == [200, 500, 500, 200, 200]


def test_a_token_may_be_refused_to_order(api, cliente):
    api.ordenar(OrdemAPI(status=401, rota="token", vezes=1))

    assert cliente.token()[0] == 401
    assert cliente.token()[0] == 200


def test_an_order_that_nobody_knows_is_refused():
    with pytest.raises(ValueError, match="acao desconhecida"):
        OrdemAPI("explodir")
    with pytest.raises(ValueError, match="rota desconhecida"):
        OrdemAPI(rota="inicio")


def test_a_rate_above_the_limit_is_refused(monkeypatch):
    agora = [100.0]
    monkeypatch.setattr("simuladores.operadoras.time.monotonic", lambda: agora[0])
    with OperadorasSimuladas(dia=DIA, limite_por_segundo=2) as api, closing(Cliente(api)) as cliente:
        respostas = [cliente.perguntar("net", cpf_de(n)) for n in range(3)]
        assert [status for status, *_ in respostas] == [200, 200, 429]
        assert respostas[-1][2]["Retry-After"] == "1"
        agora[0] += 1.01
        assert cliente.perguntar("net", cpf_de(3))[0] == 200


def test_it_stops_with_somebody_waiting_and_keeps_its_port(api):
    api.ordenar(OrdemAPI("demorar", segundos=60, vezes=1))
    porta = api.porta
    with ThreadPoolExecutor(1) as threads, closing(Cliente(api)) as cliente:
        futuro = threads.submit(cliente.perguntar, "net")
        api.esperar(1)
        api.parar()
        assert isinstance(futuro.exception(), ConnectionError | http.client.HTTPException | None)
    api.iniciar()
    with closing(Cliente(api)) as cliente:
        assert cliente.perguntar("net")[0] == 200
    assert api.porta == porta


# What they charge with. The product's own arithmetic, written apart, finds it right.

DIAS = [date(2025, 2, 21), date(2025, 2, 22), date(2026, 11, 30), date(2030, 1, 31)]


@pytest.mark.parametrize("dia", DIAS)
@pytest.mark.parametrize("valor", [Decimal("0.01"), Decimal("129.90"), Decimal("9999999.99")])
def test_lines_are_right_in_all_their_digits(dia, valor):
    for semente in range(60):
        livre = semente * 7919
        de_boleto = do_produto.ler_linha(boletos.linha_de_boleto(valor, dia, livre), dia)
        assert (de_boleto.valor, de_boleto.vencimento) == (valor, dia)
        linha = boletos.linha_de_arrecadacao(valor, dia, livre)
        assert (
            len(linha) == 48 and linha.startswith("846") and f"{dia:%Y%m%d}" in do_produto.ler_linha(linha, dia).codigo
        )
        assert do_produto.ler_linha(linha, dia).valor == valor


def test_the_arithmetic_agrees_with_published_codes():
    """The vectors of the banks' and FEBRABAN's manuals, which nothing here made."""
    for codigo, digito in (
        ("00193373700000001000500940144816060680935031", 3),
        ("00191386000000040000000002670001000000000017", 1),
        ("75691953600000100001111101012312300000016001", 1),
        ("70794104200000645390001121193443600845801086", 4),
    ):
        assert boletos.modulo11_do_boleto(codigo[:4] + codigo[5:]) == digito
    assert boletos.modulo10("01230067896") == 3
    assert [boletos.fator(date(2000, 7, 3)), *map(boletos.fator, DIAS[:2]), boletos.fator(date(2025, 4, 5))] == [
        1000,
        9999,
        1000,
        1042,
    ]
    assert (boletos.cpf_de(529982247), boletos.cnpj_de("11222333")) == (CPF, "11222333000181")


def test_documents_and_pix_are_valid():
    assert all(cpf_valido(cpf_de(n * 9176531 + 1)) for n in range(100))
    assert all(cnpj_valido(boletos.cnpj_de(raiz)) for _, raiz in boletos.BENEFICIARIOS.values())
    for valor in (Decimal("0.10"), Decimal("129.90"), Decimal("9999999.99")):
        pix = boletos.pix_de(valor, "0" * 26)
        assert pix_do_produto.conferir(pix) == pix and pix_do_produto.valor(pix) == valor


def test_a_pdf_says_where_each_of_its_objects_is():
    pdf = boletos.pdf_de(["Pedágio (do exemplo) \\", "R$ 129,90"])

    inicio = int(re.search(rb"startxref\n(\d+)\n%%EOF\n$", pdf)[1])
    assert pdf.startswith(b"%PDF-1.4\n") and pdf[inicio:].startswith(b"xref\n0 6\n")
    for numero, posicao in enumerate(re.findall(rb"(\d{10}) 00000 n ", pdf), 1):
        assert pdf[int(posicao) :].startswith(b"%d 0 obj\n" % numero)
    conteudo = re.search(rb"<< /Length (\d+) >>\nstream\n(.*)\nendstream", pdf, re.DOTALL)
    assert int(conteudo[1]) == len(conteudo[2]) and b"Ped\xe1gio \\(do exemplo\\) \\\\" in pdf


def test_a_pdf_is_read_back_by_who_reads_pdf():
    with closing(pypdfium2.PdfDocument(boletos.pdf_de(["Pedágio (do exemplo) \\", "R$ 129,90"]))) as documento:
        texto = documento[0].get_textpage().get_text_bounded()

    assert texto.split("\r\n") == ["Pedágio (do exemplo) \\", "R$ 129,90"]


def test_what_is_invented_is_always_the_same_and_right():
    tipos, dias, quantos = set(), set(), set()
    for n in range(150):
        cpf = cpf_de(n)
        acordos = acordos_ficticios("net", cpf, DIA)
        assert acordos == acordos_ficticios("net", cpf, DIA)
        quantos.add(len(acordos))
        for boleto in (boleto for acordo in acordos for boleto in acordo.boletos):
            lida = do_produto.ler_linha(boleto.linha, DIA)
            assert lida.valor == boleto.valor and lida.vencimento in (boleto.vencimento, None)
            dias.add((boleto.vencimento - DIA).days)
            tipos.add((len(boleto.linha), bool(boleto.pix), bool(boleto.pdf)))
    assert quantos == {0, 1, 2, 3} and dias == {-30, 0, 3, 7} and len(tipos) == 8
    assert acordos_ficticios("net", CPF, DIA) != acordos_ficticios("claro", CPF, DIA)


def test_a_boleto_is_the_same_one_seen_from_another_day():
    """What was due in seven days is due today, under its number and with its line."""
    numeros = {}
    for n in range(60):
        for depois in (0, 7):
            for acordo in acordos_ficticios("claro", cpf_de(n), DIA + timedelta(depois)):
                for boleto in acordo.boletos:
                    numeros.setdefault(boleto.numero, set()).add(boleto)

    assert all(len(vistos) == 1 for vistos in numeros.values())
    assert any(boleto.vencimento == DIA + timedelta(7) for vistos in numeros.values() for boleto in vistos)


def test_magic_cpfs_say_their_case_by_a_digit(dialeto):
    def cpf(digito):
        return cpf_de(529982240 + digito)

    with OperadorasSimuladas(dia=DIA, cpfs_magicos=True, por_pagina=100) as api, closing(Cliente(api)) as cliente:
        assert cliente.perguntar(dialeto, cpf(5))[0] == 404
        assert [cliente.perguntar(dialeto, cpf(8))[0] for _ in range(2)] == [503, 200]
        assert [cliente.perguntar(dialeto, cpf(9))[0] for _ in range(2)] == [500, 500]
        assert cliente.perguntar(dialeto, cpf(4))[0] == 200
        errada, paga = (api.acordos(dialeto, cpf(digito))[0].boletos for digito in (6, 7))

    assert [(boleto.vencimento, boleto.situacao) for boleto in (*errada, *paga)] == [(DIA, "aberto"), (DIA, "pago")]
    do_produto.ler_linha(paga[0].linha, DIA)
    with pytest.raises(do_produto.LinhaInvalida):
        do_produto.ler_linha(errada[0].linha, DIA)


def test_without_magic_the_digit_says_nothing(dialeto):
    with OperadorasSimuladas(dia=DIA) as api, closing(Cliente(api)) as cliente:
        assert {cliente.perguntar(dialeto, cpf_de(529982240 + digito))[0] for digito in range(10)} == {200}


def test_without_a_day_what_is_owed_is_of_today():
    with OperadorasSimuladas() as api:
        hoje = api.dia_dos_dados()
        devidos = [b for n in range(40) for a in api.acordos("net", cpf_de(n)) or () for b in a.boletos]

    assert {(boleto.vencimento - hoje).days for boleto in devidos} == {-30, 0, 3, 7}
