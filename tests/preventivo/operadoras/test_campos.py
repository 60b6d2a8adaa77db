"""The fields of each dialect, read as the contract has them: what is missing or wrong is named and nothing is guessed.

The good answers are the examples of docs/operadoras.md themselves.
"""

import copy
import json
import math
import re
from datetime import date
from decimal import Decimal
from pathlib import Path
from xml.etree.ElementTree import SubElement, fromstring, tostring

import pytest

from preventivo.operadoras import AcordoDaOperadora, BoletoDaOperadora, Falha
from simuladores.operadoras import OrdemAPI
from tests.preventivo.operadoras.apoio import CPF, falha_de

DOCUMENTO = (Path(__file__).resolve().parents[3] / "docs/operadoras.md").read_text()


def exemplo(nome: str) -> str:
    (texto,) = re.findall(rf"^```(?:json|xml) {nome}\n(.*?)^```$", DOCUMENTO, re.DOTALL | re.MULTILINE)
    return texto


ESPERADOS = {
    "claro": AcordoDaOperadora(
        "CL20260001",
        (
            BoletoDaOperadora(
                numero="CL20260001-1",
                valor=Decimal("129.90"),
                vencimento=date(2026, 11, 30),
                linha="99990000040000000000000000000422316460000012990",
                parcela=1,
                beneficiario="Telefonia do Exemplo S.A.",
                documento_beneficiario="99111222000149",
                tem_pdf=True,
            ),
        ),
        "Celular pós-pago",
    ),
    "net": AcordoDaOperadora(
        "NE20260001",
        (
            BoletoDaOperadora(
                numero="NE20260001-2",
                valor=Decimal("89.05"),
                vencimento=date(2026, 12, 7),
                linha="84660000000-0 89059999202-5 61207000000-7 00000000042-2",
                parcela=2,
                beneficiario="TV a Cabo do Exemplo Ltda.",
                documento_beneficiario="99333444000106",
            ),
        ),
        "Combo TV e internet",
    ),
    "sem_parar": AcordoDaOperadora(
        "SP20260001",
        (
            BoletoDaOperadora(
                numero="SP20260001-3",
                valor=Decimal("45.00"),
                vencimento=date(2026, 11, 30),
                linha="99990.00004 00000.000000 00000.000422 1 16460000004500",
                parcela=3,
                beneficiario="Pedágio do Exemplo S.A.",
                documento_beneficiario="99555666000173",
                tem_pdf=True,
            ),
        ),
        "Plano mensal de pedágio",
    ),
}


def responder(api, corpo: str | bytes) -> None:
    """From now on every question is answered so."""
    api.limpar()
    api.ordenar(OrdemAPI("lixo", corpo=corpo))


def recusa(api, cliente, corpo: str | bytes) -> str:
    responder(api, corpo)
    falha = falha_de(cliente.consultar, CPF)
    assert falha.falha is Falha.RESPOSTA
    return str(falha)


def test_the_documented_answer_is_read_to_its_last_field(api, cliente, dialeto):
    responder(api, exemplo(dialeto))

    assert cliente.consultar(CPF) == [ESPERADOS[dialeto]]


@pytest.mark.parametrize("dialeto", ["claro"])
def test_the_documented_token_is_taken(api, cliente):
    """The simulator did not give it, so it is used, refused, and renewed."""
    api.ordenar(OrdemAPI("lixo", rota="token", corpo=exemplo("claro-token"), vezes=1))

    assert len(cliente.consultar(CPF)) == 1
    assert [consulta.status for consulta in api.consultas] == [401, 200]


# JSON

OBRIGATORIOS = {
    "claro": [
        "cpf",
        "acordos",
        "acordos.0.numeroAcordo",
        "acordos.0.boletos",
        "acordos.0.boletos.0.numeroBoleto",
        "acordos.0.boletos.0.valor",
        "acordos.0.boletos.0.dataVencimento",
        "acordos.0.boletos.0.situacao",
        "acordos.0.boletos.0.linhaDigitavel",
        "acordos.0.boletos.0.beneficiario",
        "acordos.0.boletos.0.beneficiario.nome",
        "acordos.0.boletos.0.beneficiario.cnpj",
        "acordos.0.boletos.0.possuiPdf",
    ],
    "net": [
        "document",
        "page",
        "next",
        "items",
        "items.0.agreement_id",
        "items.0.product",
        "items.0.invoices",
        "items.0.invoices.0.invoice_id",
        "items.0.invoices.0.amount",
        "items.0.invoices.0.due_date",
        "items.0.invoices.0.status",
        "items.0.invoices.0.digitable_line",
        "items.0.invoices.0.payee_name",
        "items.0.invoices.0.payee_document",
        "items.0.invoices.0.pdf_available",
    ],
}
BOLETO = {"claro": "acordos.0.boletos.0", "net": "items.0.invoices.0"}
ERRADOS = {
    "claro": {
        "acordos.0.numeroAcordo": ["", " ", "A" * 41, 5, None],
        "acordos.0.descricao": ["A" * 121, 5, "a\x00b", "\ud800"],
        "acordos.0": [None, "A1", []],
        "acordos": [{}, "x"],
        ".numeroBoleto": ["", "B" * 41, 1],
        ".numeroParcela": [0, -1, 1000, "1", 1.0, True],
        ".valor": ["129.90", -0.01, 129.999, 1e11, None, True, float("nan"), float("inf"), [1]],
        ".dataVencimento": ["30/11/2026", "2026-11-31", "2026-11-30T00:00", "20261130", "2026-W48-1", 20261130, ""],
        ".situacao": ["aberto", "VENCIDO", "", None, 1, []],
        ".linhaDigitavel": ["1" * 61, 123, None],
        ".beneficiario": [None, "Exemplo", []],
        ".beneficiario.nome": ["x" * 121, None],
        ".beneficiario.cnpj": ["123", "52998224725", "9911122200014X", 99111222000149, None],
        ".pixCopiaECola": ["p" * 513, 5, "a\nb", "a\x00"],
        ".possuiPdf": ["true", 1, None],
    },
    "net": {
        "page": [0, 2, "1", None, 1.0, True],
        "next": [0, 1, 3, "2", 2.0, True, []],
        "items": [None, {}],
        "items.0.agreement_id": ["", "A" * 41, 5],
        "items.0.product": [None, "A" * 121],
        ".invoice_id": ["", None, 7],
        ".installment": [0, "2", 1000, True],
        ".amount": [
            89.05, 89, "89,05", "89.5", "89.050", "1.089.05", "-89.05", "+89.05", " 89.05", "89.05\n", "", "٨٩.٠٥",
            "12345678901.00", None,
        ],
        ".due_date": ["07/12/2026", "2026-02-29", "2026-12-7", None],
        ".status": ["OPEN", "overdue", None],
        ".digitable_line": [None, "8" * 61],
        ".payee_name": [None, 5],
        ".payee_document": [None, "99.333.444/0001-0"],
        ".pix": [5, "p" * 513],
        ".pdf_available": ["yes", 0, None],
    },
}  # fmt: skip


def mudado(dialeto: str, caminho: str, *valor) -> str:
    """The example with that field changed, or without it. Paths that start with a dot are of the boleto."""
    dados = no = json.loads(exemplo(dialeto))
    *pais, ultimo = [int(p) if p.isdigit() else p for p in inteiro(dialeto, caminho).split(".")]
    for parte in pais:
        no = no[parte]
    no[ultimo] = valor[0] if valor else None
    if not valor:
        del no[ultimo]
    return json.dumps(dados)


def inteiro(dialeto: str, caminho: str) -> str:
    return BOLETO[dialeto] + caminho if caminho.startswith(".") else caminho


def dito(caminho: str) -> str:
    """The path as failures write it: items.0.invoices → items[0].invoices."""
    return re.sub(r"\.(\d+)", r"[\1]", caminho)


@pytest.mark.parametrize("dialeto", ["claro", "net"])
def test_a_field_that_is_missing_is_named(api, cliente, dialeto):
    for caminho in OBRIGATORIOS[dialeto]:
        assert f"campo {dito(caminho)}: esperado" in recusa(api, cliente, mudado(dialeto, caminho)), caminho


@pytest.mark.parametrize(
    ("dialeto", "caminho", "valor"),
    [(d, caminho, valor) for d, campos in ERRADOS.items() for caminho, valores in campos.items() for valor in valores],
)
def test_a_field_that_is_wrong_is_named_and_its_value_is_not(api, cliente, dialeto, caminho, valor):
    palavras = recusa(api, cliente, mudado(dialeto, caminho, valor))

    if isinstance(valor, float) and not math.isfinite(valor):
        assert "não é JSON" in palavras
    else:
        assert f"campo {dito(inteiro(dialeto, caminho))}: esperado" in palavras


@pytest.mark.parametrize(
    ("dialeto", "caminho"),
    [
        ("claro", "acordos.0.descricao"),
        ("claro", ".numeroParcela"),
        ("claro", ".pixCopiaECola"),
        ("net", ".installment"),
        ("net", ".pix"),
    ],
)
def test_what_is_optional_may_be_absent_or_null(api, cliente, dialeto, caminho):
    for valor in ((), (None,)):
        responder(api, mudado(dialeto, caminho, *valor))
        ((boleto,),) = [acordo.boletos for acordo in cliente.consultar(CPF)]
        assert boleto.numero == ESPERADOS[dialeto].boletos[0].numero


@pytest.mark.parametrize("dialeto", ["claro"])
@pytest.mark.parametrize(
    ("escrito", "valor"),
    [
        ("129.90", "129.90"),
        ("129", "129.00"),
        ("129.900", "129.90"),
        ("1.2990e2", "129.90"),
        ("9007199254740993e-7", None),
        ("900719925.47", "900719925.47"),
        ("0.1", "0.10"),
        ("-0.0", "0.00"),
        ("9999999999.99", "9999999999.99"),
        ("9999999999.995", None),
        ("129.900000000000000000000000000000000000001", None),
        ("10000000000.00", None),
        ("1e999999", None),
        ("1e-999999", None),
        ("1e99999999999999999999", None),
        ("1" * 5000, None),
    ],
)
def test_a_number_is_taken_exactly_or_not_at_all(api, cliente, escrito, valor):
    corpo = exemplo("claro").replace('"valor": 129.90', f'"valor": {escrito}')
    if valor is None:
        recusa(api, cliente, corpo)
    else:
        responder(api, corpo)
        assert str(cliente.consultar(CPF)[0].boletos[0].valor) == valor


@pytest.mark.parametrize("dialeto", ["claro"])
def test_texts_have_their_spaces_in_order_but_not_the_pix(api, cliente, dialeto):
    dados = json.loads(exemplo("claro"))
    dados["acordos"][0] |= {"numeroAcordo": " CL  1 ", "descricao": "Celular\n pós\u00a0pago"}
    dados["acordos"][0]["boletos"][0]["pixCopiaECola"] = " 0002  5913JOSE  DA SILVA\r\n"
    responder(api, json.dumps(dados))

    (acordo,) = cliente.consultar(CPF)

    assert (acordo.numero, acordo.descricao) == ("CL 1", "Celular pós pago")
    assert acordo.boletos[0].pix == "0002  5913JOSE  DA SILVA"


@pytest.mark.parametrize("dialeto", ["claro", "net"])
@pytest.mark.parametrize("corpo", ["[" * 200_000, '{"a":' * 200_000, '{"cpf": "x"'])
def test_json_without_end_is_refused(api, cliente, corpo):
    assert "não é JSON" in recusa(api, cliente, corpo)


def test_an_unknown_field_is_ignored(api, cliente, dialeto):
    if dialeto == "sem_parar":
        corpo = exemplo(dialeto).replace("<pix/>", "<pix/><novo><a>1</a></novo>")
    else:
        corpo = json.dumps(json.loads(exemplo(dialeto)) | {"novo": [1]})
    responder(api, corpo)

    assert cliente.consultar(CPF) == [ESPERADOS[dialeto]]


# Net's pages


def pagina(numero: int, proxima: int | None, *boletos: dict, acordo: str = "NE1") -> dict:
    item = {"agreement_id": acordo, "product": "Combo", "invoices": list(boletos)}
    return {"document": CPF, "page": numero, "next": proxima, "items": [item]}


def boleto_da_net(numero: str, **campos) -> dict:
    return copy.deepcopy(json.loads(exemplo("net"))["items"][0]["invoices"][0]) | {"invoice_id": numero} | campos


@pytest.mark.parametrize("dialeto", ["net"])
def test_an_agreement_goes_on_over_the_pages(api, cliente):
    api.ordenar(OrdemAPI("lixo", corpo=pagina(1, 2, boleto_da_net("1")), vezes=1))
    api.ordenar(OrdemAPI("lixo", corpo=pagina(2, 3, boleto_da_net("2"), boleto_da_net("1")), vezes=1))
    api.ordenar(OrdemAPI("lixo", corpo=pagina(3, None, boleto_da_net("3"), acordo="NE2"), vezes=1))

    lidos = cliente.consultar(CPF)

    assert [(a.numero, [b.numero for b in a.boletos]) for a in lidos] == [("NE1", ["1", "2"]), ("NE2", ["3"])]
    assert [consulta.pagina for consulta in api.consultas] == [1, 2, 3]


@pytest.mark.parametrize("dialeto", ["net"])
def test_pages_without_end_are_left_at_the_twentieth(api, cliente):
    for numero in range(1, 40):
        api.ordenar(OrdemAPI("lixo", corpo=pagina(numero, numero + 1, boleto_da_net(str(numero))), vezes=1))

    assert "mais de 20 páginas" in str(falha_de(cliente.consultar, CPF))
    assert api.perguntas == 20


@pytest.mark.parametrize("dialeto", ["net"])
@pytest.mark.parametrize("ordem", [OrdemAPI(status=500), OrdemAPI(status=404), OrdemAPI("derrubar_no_meio")])
def test_a_page_that_fails_leaves_nothing_of_the_cpf(api, cliente, ordem):
    """Half of what somebody owes would make the rest look as gone; a 404 then is no longer somebody unknown."""
    ordem.padrao = "page=2"
    api.ordenar(OrdemAPI("lixo", corpo=pagina(1, 2, boleto_da_net("1")), padrao="agreements "))
    api.ordenar(ordem)

    falha_de(cliente.consultar, CPF)

    assert [consulta.pagina for consulta in api.consultas] == [1, 2]


# Sem Parar's XML

SO_XML = pytest.mark.parametrize("dialeto", ["sem_parar"])
NO_BOLETO = "acordos/acordo/boletos/boleto"


@SO_XML
@pytest.mark.parametrize(
    ("caminho", "nome"),
    [
        ("cpf", "cpf"),
        ("acordos", "acordos"),
        ("acordos/acordo/boletos", "acordos/acordo[1]/boletos"),
        *(
            (f"{NO_BOLETO}/{nome}", f"acordos/acordo[1]/boletos/boleto[1]/{nome}")
            for nome in ("valor", "vencimento", "situacao", "linhaDigitavel", "cedente", "pdf")
        ),
    ],
)
def test_an_element_missing_twice_or_with_others_within_is_named(api, cliente, caminho, nome):
    pai, _, ultimo = caminho.rpartition("/")
    sem, dois, cheio = (fromstring(exemplo("sem_parar")) for _ in range(3))
    de = lambda raiz: raiz.find(pai) if pai else raiz  # noqa: E731
    de(sem).remove(de(sem).find(ultimo))
    de(dois).append(copy.deepcopy(de(dois).find(ultimo)))
    SubElement(de(cheio).find(ultimo), "outro")

    assert f"campo {nome}: esperado na resposta" in recusa(api, cliente, tostring(sem))
    assert f"campo {nome}: esperado uma vez só" in recusa(api, cliente, tostring(dois))
    assert f"campo {nome}: esperado" in recusa(api, cliente, tostring(cheio))


@SO_XML
@pytest.mark.parametrize(
    ("certo", "errado", "nome"),
    [
        ('acordo numero="SP20260001"', "acordo", "acordo[1]/@numero"),
        ('acordo numero="SP20260001"', 'acordo numero=" "', "acordo[1]/@numero"),
        ('boleto numero="SP20260001-3"', "boleto", "boleto[1]/@numero"),
        (' cnpj="99.555.666/0001-73"', "", "cedente/@cnpj"),
        ("99.555.666/0001-73", "99.555.666/0001", "cedente/@cnpj"),
        *(
            ("45,00", errado, "valor")
            for errado in ("45.00", "45", "45,0", "R$ 45,00", "1.045,00", "-45,00", "4 5,00", "NaN", "")
        ),
        *(
            ("30/11/2026", errado, "vencimento")
            for errado in ("2026-11-30", "31/11/2026", "30/11/26", "30/11/2026 00:00", "")
        ),
        *(("<situacao>A", f"<situacao>{errado}", "situacao") for errado in ("a", "ABERTO", "", "AA")),
        *(("<parcela>3", f"<parcela>{errado}", "parcela") for errado in ("0", "três", "3.0", "-1", "1000", "３")),
        *(("<pdf>S", f"<pdf>{errado}", "pdf") for errado in ("s", "true", "")),
        ("<respostaAcordos>", "<respostaAcordos xmlns='urn:x'>", "respostaAcordos"),
    ],
)
def test_an_element_that_is_wrong_is_named(api, cliente, certo, errado, nome):
    palavras = recusa(api, cliente, exemplo("sem_parar").replace(certo, errado))

    assert re.search(rf"campo \S*{re.escape(nome)}: esperado", palavras), palavras


@SO_XML
def test_another_root_and_strangers_in_a_list_are_refused(api, cliente):
    texto = exemplo("sem_parar")

    assert "respostaAcordos" in recusa(api, cliente, texto.replace("respostaAcordos", "resposta"))
    assert "só acordo" in recusa(api, cliente, texto.replace("<acordos>", "<acordos><outro/>"))


@SO_XML
def test_what_is_optional_in_xml_may_be_empty(api, cliente):
    texto = (
        exemplo("sem_parar")
        .replace("<parcela>3</parcela>", "")
        .replace("<descricao>Plano mensal de pedágio", "<descricao>")
    )
    responder(api, texto.replace("Pedágio do Exemplo S.A.", "").replace("99.555.666/0001-73", ""))

    ((acordo, boleto),) = [(acordo, acordo.boletos[0]) for acordo in cliente.consultar(CPF)]

    assert (acordo.descricao, boleto.parcela, boleto.beneficiario, boleto.documento_beneficiario) == ("", None, "", "")


@SO_XML
def test_xml_in_another_encoding_is_read_as_it_says(api, cliente):
    responder(api, exemplo("sem_parar").replace("UTF-8", "ISO-8859-1").encode("latin-1"))

    assert cliente.consultar(CPF) == [ESPERADOS["sem_parar"]]


BOMBA = "".join(f'<!ENTITY l{n} "{f"&l{n - 1};" * 10}">' for n in range(1, 10))


@SO_XML
@pytest.mark.parametrize(
    "dtd",
    [
        f'<!DOCTYPE r [<!ENTITY l0 "ha">{BOMBA}]>',
        f'<!DOCTYPE r [<!ENTITY l9 "{"a" * 100_000}">]>',
        '<!DOCTYPE r [<!ENTITY l9 SYSTEM "file:///etc/passwd">]>',
        '<!DOCTYPE r [<!ENTITY % x SYSTEM "http://127.0.0.1:9/x.dtd"> %x;]>',
        '<!DOCTYPE r SYSTEM "http://127.0.0.1:9/x.dtd">',
        "<!DOCTYPE respostaAcordos>",
    ],
)
def test_a_dtd_is_refused_whatever_it_says(api, cliente, dtd):
    texto = exemplo("sem_parar").replace('encoding="UTF-8"?>', f'encoding="UTF-8"?>{dtd}')

    if "ENTITY l9" in dtd:
        texto = texto.replace("Plano mensal", "&l9;" * 10)
    assert "DTD" in recusa(api, cliente, texto)


@SO_XML
@pytest.mark.parametrize(
    "corpo",
    [
        "",
        "<a>" * 100_000,
        "<respostaAcordos>",
        "<respostaAcordos>&nada;</respostaAcordos>",
        '<?xml version="1.0" encoding="x-nenhuma"?><respostaAcordos/>',
        b"\xff\xfe<\x00",
        '{"cpf": "52998224725"}',
    ],
)
def test_what_is_not_xml_is_refused(api, cliente, corpo):
    assert "não é XML" in recusa(api, cliente, corpo)


@SO_XML
def test_xml_of_great_depth_is_refused_by_its_fields(api, cliente):
    recusa(api, cliente, "<a>" * 100_000 + "</a>" * 100_000)
