"""What leaves, from what is kept: read back with the standard library, and hostile values do nothing."""

import email
import email.policy
import hashlib
import io
import json
import os
import subprocess
import sys
import uuid
from datetime import datetime
from email.header import decode_header, make_header
from email.utils import parseaddr
from html.parser import HTMLParser
from pathlib import Path
from types import SimpleNamespace
from zoneinfo import ZoneInfo

import pytest
import zxingcpp
from django.conf import settings as configuracao
from django.utils.text import normalize_newlines
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from faturamento.fonte import FonteDeContas
from mensageria import composicao
from mensageria.barras import png_itf
from mensageria.composicao import NaoCompoe, preparar
from mensageria.models import Canal, VersaoTexto
from mensageria.textos import limpar
from tests.fabricas import HOJE, meio_dia, nova_conta, novo_cliente, novo_parametro_sistema
from tests.mensageria.apoio import nova_mensagem

CODIGO = "82630000001234501230010123456790105202470003"
LINHA = "826300000013234501230010012345679018052024700032"
AGORA = meio_dia(HOJE)


def bruto(**campos) -> dict:
    """What a fonte answers about one object."""
    return {
        "valores": {"{MATRICULA}": "12345679", "{NOME}": "JOSÉ", "{VENCTO}": "13/11/2026", "{VALOR}": "1.234,56"},
        "quadro": [["Matrícula", "1234567.9"], ["Cliente", "JOSÉ"], ["Vencimento", "13/11/2026"]],
        "empresa": {"nome": "ÁGUAS", "cnpj": "11.222.333/0001-81", "endereco": "", "telefone": "", "site": ""},
        "codigo": CODIGO,
        "linha": LINHA,
        "linha_formatada": "82630000001-3 23450123001-0 01234567901-8 05202470003-2",
    } | campos


def mensagem(canal=Canal.EMAIL, corpo="{NOME}, vence {VENCTO}: {VALOR}", assunto="Conta de {NOME}", **remetente):
    """A message that is in no database."""
    padrao = {"nome": "Águas de Teste", "email": "avisos@aguas.exemplo.com.br", "responder_para": "", "envelope": ""}
    return SimpleNamespace(
        canal=canal,
        origem="faturamento",
        chave="faturamento:1::2",
        texto_id=7,
        texto=VersaoTexto(canal=canal, corpo=corpo, assunto=assunto),
        remetente=SimpleNamespace(**padrao | remetente),
    )


def compor(m=None, destino="ana@exemplo.com.br", dados=None) -> bytes:
    m = m or mensagem()
    return composicao.email(preparar(m, dados or bruto(), destino, AGORA, 164), m.texto)


def ler(conteudo: bytes) -> email.message.EmailMessage:
    return email.message_from_bytes(conteudo, policy=email.policy.default)


def nome_do_remetente(conteudo: bytes) -> str:
    """By the older parser: the newer one puts a space between two encoded words of a name."""
    nome, _ = parseaddr(email.message_from_bytes(conteudo)["From"])
    return str(make_header(decode_header(nome)))


def partes(conteudo: bytes) -> tuple[str, str, bytes]:
    """Text, HTML and image."""
    lida = ler(conteudo)
    (imagem,) = (parte for parte in lida.walk() if parte.get_content_type() == "image/png")
    return (
        lida.get_body(("plain",)).get_content(),
        lida.get_body(("html",)).get_content(),
        imagem.get_content(),
    )


class _Visivel(HTMLParser):
    def __init__(self):
        super().__init__()
        self.textos, self.etiquetas = [], []

    def handle_starttag(self, tag, attrs):
        self.etiquetas.append((tag, dict(attrs)))

    def handle_data(self, data):
        self.textos.append(data)


def visivel(html: str) -> _Visivel:
    leitor = _Visivel()
    leitor.feed(html)
    return leitor


# The whole e-mail, of a real conta.


@pytest.mark.django_db
def test_the_email_of_a_conta_carries_everything_in_both_parts():
    novo_parametro_sistema()
    conta = nova_conta(valor="1234.56", cliente=novo_cliente(nome="ANDRÉ & <b>FILHOS</b> “LTDA”"))
    texto = VersaoTexto.objects.da(Canal.EMAIL, "Olá, {NOME}: {VALOR} até {VENCTO}", assunto="Conta de {NOME} – 2ª via")
    m = nova_mensagem(texto=texto, objeto_id=conta.pk)
    m.remetente.nome = "Águas, “Cia.”"
    dados = FonteDeContas().contextos([conta.pk], HOJE)[conta.pk]

    m.contexto = json.loads(json.dumps(preparar(m, dados, "ana@exemplo.com.br", AGORA, 164)))
    conteudo = composicao.conteudo(m)

    lida = ler(conteudo)
    assert lida["From"].addresses[0].display_name == "Águas, “Cia.”"
    assert lida["From"].addresses[0].addr_spec == m.remetente.email
    assert [a.addr_spec for a in lida["To"].addresses] == ["ana@exemplo.com.br"]
    assert lida["Subject"] == "Conta de ANDRÉ & <b>FILHOS</b> “LTDA” – 2ª via"
    assert lida["Date"].datetime == AGORA
    assert lida["Message-ID"] == composicao.identificacao(m) == m.contexto["id"]
    assert lida["Auto-Submitted"] == "auto-generated"
    assert [p.get_content_type() for p in lida.walk()] == [
        "multipart/alternative",
        "text/plain",
        "multipart/related",
        "text/html",
        "image/png",
    ]
    texto, html, imagem = partes(conteudo)
    na_tela = " ".join(" ".join(visivel(html).textos).split())
    matricula = str(conta.imovel_id)
    for parte in (texto, na_tela):
        for esperado in (
            matricula,
            "ANDRÉ & <b>FILHOS</b> “LTDA”",
            "13/11/2026",
            "R$ 1.234,56",
            dados["linha"],
            dados["linha_formatada"],
            "COMPANHIA DE ÁGUAS DE TESTE",
            "11.222.333/0001-81",
            "Rua da Água, 1",
        ):
            assert esperado in parte
    (simbolo,) = zxingcpp.read_barcodes(Image.open(io.BytesIO(imagem)).convert("L"), formats=zxingcpp.BarcodeFormat.ITF)
    assert simbolo.text == dados["codigo"]
    (img,) = [atributos for tag, atributos in visivel(html).etiquetas if tag == "img"]
    parte_da_imagem = next(p for p in lida.walk() if p.get_content_type() == "image/png")
    assert img["src"] == "cid:" + parte_da_imagem["Content-ID"].strip("<>")
    assert parte_da_imagem.get_content_disposition() == "inline"


def test_without_a_bar_code_there_is_only_text():
    m = mensagem()
    dados = {"valores": bruto()["valores"]}

    m.contexto = json.loads(json.dumps(preparar(m, dados, "ana@exemplo.com.br", AGORA, 164)))

    lida = ler(composicao.conteudo(m))
    assert [p.get_content_type() for p in lida.walk()] == ["multipart/alternative", "text/plain", "text/html"]
    assert lida.get_body(("plain",)).get_content().split() == ["JOSÉ,", "vence", "13/11/2026:", "1.234,56"]
    html = visivel(lida.get_body(("html",)).get_content())
    assert "".join(html.textos).split() == ["JOSÉ,", "vence", "13/11/2026:", "1.234,56"]
    assert "img" not in [tag for tag, _ in html.etiquetas]
    do_sms = mensagem(Canal.SMS, "{NOME}: {VALOR}")
    do_sms.contexto = preparar(do_sms, dados, "5584987654321", AGORA, 164)
    assert composicao.conteudo(do_sms) == b"JOSE: 1.234,56"


def test_a_reply_address_is_there_only_when_given():
    assert ler(compor())["Reply-To"] is None
    assert ler(compor(mensagem(responder_para="sac@exemplo.com.br")))["Reply-To"] == "sac@exemplo.com.br"


def test_html_escapes_hostile_values():
    veneno = "<script>alert(1)</script>\"'><img src=x onerror=y>"
    dados = bruto(quadro=[[veneno, veneno]], empresa=dict.fromkeys(bruto()["empresa"], veneno))
    dados["valores"]["{NOME}"] = veneno

    _, html, _ = partes(compor(mensagem(corpo="{NOME} <i>{NOME}</i>"), dados=dados))

    leitor = visivel(html)
    assert not {"script", "i"} & {tag for tag, _ in leitor.etiquetas}
    assert [tag for tag, _ in leitor.etiquetas].count("img") == 1
    assert " ".join(leitor.textos).count(veneno) >= 4


def test_the_operators_lines_stay_lines():
    texto, html, _ = partes(compor(mensagem(corpo="Olá.\r\n\r\nSegunda\r\nterceira")))

    assert texto.splitlines()[:4] == ["Olá.", "", "Segunda", "terceira"]
    assert "Segunda<br>terceira" in html


# The wire: ASCII, CRLF, short lines.


def no_fio(conteudo: bytes) -> None:
    assert conteudo.isascii()
    assert b"\n" not in conteudo.replace(b"\r\n", b"")
    assert b"\r" not in conteudo.replace(b"\r\n", b"")
    assert max(map(len, conteudo.split(b"\r\n"))) <= 998


PALAVRAS = st.sampled_from(
    ["{NOME}", "{VALOR}", "{NADA}", "{", "}", "\n", "\r\n", "\r", "\n\n\n", ".", "=", "%b", "ção ", " "]
)
CORPO = st.lists(PALAVRAS | st.text(max_size=30), max_size=15).map("".join)
VALOR = st.text(max_size=90) | st.sampled_from(
    ["", ".", "--=_", "<b>&'\"", "x" * 76, "é" * 13 + "x", "=?utf-8?q?a?=", "%s", "a\nb"]
)
LAYOUTS = sorted((Path(configuracao.BASE_DIR) / "templates/mensageria/layouts").glob("*.txt"))


@pytest.mark.parametrize("layout", [arquivo.stem.replace("_", "/") for arquivo in LAYOUTS])
@given(corpo=CORPO, assunto=VALOR, nome=VALOR, valores=st.lists(VALOR, min_size=4, max_size=4), dados=st.data())
def test_an_email_says_what_its_layout_draws(layout, corpo, assunto, nome, valores, dados):
    """Whatever the values: the skeleton, drawn once for a text, never shows."""
    numa_linha = VALOR.map(limpar)
    completos = bruto(
        valores=dict(zip(bruto()["valores"], valores, strict=True)),
        quadro=dados.draw(st.lists(st.tuples(VALOR, VALOR), max_size=3)),
        empresa=dados.draw(st.fixed_dictionaries(dict.fromkeys(bruto()["empresa"], numa_linha))),
    )
    faltam = dados.draw(st.sets(st.sampled_from(["quadro", "empresa", "codigo", "linha", "linha_formatada"])))
    m = mensagem(corpo=corpo, assunto=assunto + "{NOME}", nome=nome)
    kept = preparar(m, {c: v for c, v in completos.items() if c not in faltam}, "ana@exemplo.com.br", AGORA, 164)
    kept["layout"] = layout

    conteudo = composicao.email(kept, m.texto)

    lida = ler(conteudo)
    assert not any(parte.defects for parte in lida.walk())
    assert not any(valor.defects for parte in lida.walk() for valor in parte.values())
    for formato, extensao in (("plain", "txt"), ("html", "html")):
        desenhado = composicao.no_layout(extensao, kept, m.texto)
        assert normalize_newlines(lida.get_body((formato,)).get_content()) == normalize_newlines(desenhado)
    assert lida["Subject"] == composicao.assunto(kept, m.texto)
    assert nome_do_remetente(conteudo) == kept["de"][0]
    imagens = [parte.get_content() for parte in lida.walk() if parte.get_content_type() == "image/png"]
    assert imagens == ([] if "codigo" in faltam else [png_itf(CODIGO)])
    no_fio(conteudo)
    assert max(map(len, conteudo.split(b"\r\n"))) <= 76


@pytest.mark.parametrize("corpo", ["a\n{NOME}\nb", "\r{NOME}\nb", "{NOME}\n\nb", "a {NOME}"])
def test_an_empty_value_leaves_what_the_layout_draws_without_it(corpo):
    dados = bruto(valores={"{NOME}": " \x00"}, quadro=[["Cliente", ""]])
    m = mensagem(corpo=corpo)
    kept = preparar(m, dados, "ana@exemplo.com.br", AGORA, 164)

    texto, html, _ = partes(composicao.email(kept, m.texto))

    assert normalize_newlines(texto) == normalize_newlines(composicao.no_layout("txt", kept, m.texto))
    assert normalize_newlines(html) == composicao.no_layout("html", kept, m.texto)


@pytest.mark.parametrize("corpo", ["ção", "ção " * 600 + "x" * 3000, ".\n..\nFrom x", "a\rb\n\r\n"])
def test_the_message_is_ascii_with_crlf_and_short_lines(corpo):
    """Nothing asks the server for 8BITMIME, so nothing may need it."""
    no_fio(compor(mensagem(corpo=corpo, assunto="é" * 150)))


def test_a_long_word_in_a_header_stays_within_the_wires_limit():
    no_fio(compor(mensagem(assunto="x" * 150 + "{NOME}", nome="y" * 60), dados=bruto(valores={"{NOME}": "z" * 100})))


HOSTIL = st.text(max_size=40) | st.text('ab\r\n\x00\x0b\x0c\x1c\x1d\x1e\x85\u2028\u2029: <>@,;"é😀=?_', max_size=60)
INJECAO = "x\r\nBcc: mal@exemplo.com.br\r\n\r\ncorpo"
CABECALHOS = [
    "From",
    "To",
    "Subject",
    "Date",
    "Message-ID",
    "Auto-Submitted",
    "Content-Type",
    "MIME-Version",
]


@given(nome=HOSTIL | st.just(INJECAO), cliente=HOSTIL | st.just(INJECAO), assunto=HOSTIL | st.just(INJECAO))
def test_names_and_subjects_inject_nothing(nome, cliente, assunto):
    dados = bruto(quadro=[["Cliente", cliente]])
    dados["valores"]["{NOME}"] = cliente

    conteudo = compor(mensagem(nome=nome, assunto=assunto + " {NOME}"), dados=dados)

    no_fio(conteudo)
    lida = ler(conteudo)
    assert sorted(lida.keys()) == sorted(CABECALHOS)
    assert [a.addr_spec for a in lida["To"].addresses] == ["ana@exemplo.com.br"]
    assert [a.addr_spec for a in lida["From"].addresses] == ["avisos@aguas.exemplo.com.br"]
    assert len(list(lida.walk())) == 5


@given(endereco=HOSTIL | HOSTIL.map("{}@exemplo.com.br".format) | HOSTIL.map("ana@{}".format) | st.just(INJECAO))
@pytest.mark.parametrize("onde", ["destino", "email", "responder_para"])
def test_an_address_is_one_address_or_the_message_is_not_composed(onde, endereco):
    campos = {} if onde == "destino" else {onde: endereco}
    try:
        conteudo = compor(mensagem(**campos), **({"destino": endereco} if onde == "destino" else {}))
    except NaoCompoe:
        return

    no_fio(conteudo)
    lida = ler(conteudo)
    assert set(lida.keys()) - {"Reply-To"} == set(CABECALHOS)
    for cabecalho in ("From", "To", "Reply-To"):
        if lida[cabecalho] is not None:
            assert len(lida[cabecalho].addresses) == 1
            assert not lida[cabecalho].defects


INVALIDOS = [
    "",
    "ana",
    "@exemplo.com.br",
    "ana@",
    "ana@@exemplo.com.br",
    "ana b@exemplo.com.br",
    "ana@exemplo.com.br, bia@exemplo.com.br",
    "ana@exemplo.com.br\r\nBcc: x@y.z",
    "ana\x00@exemplo.com.br",
    "<ana@exemplo.com.br>",
    "joão@exemplo.com.br",
    "ana@exem plo.com",
    "ana@é" + "x" * 70 + ".com.br",
    "ana@exemplo..com.br",
    "ana.@exemplo.com.br",
    'ana"@exemplo.com.br',
    "ana@exemplo.com.br>",
]


@pytest.mark.parametrize("destino", INVALIDOS)
def test_an_invalid_address_does_not_compose_and_says_which(destino):
    with pytest.raises(NaoCompoe, match="Endereço inválido"):
        compor(destino=destino)


@pytest.mark.parametrize("campo", ["email", "responder_para"])
def test_the_addresses_of_the_sender_are_checked_too(campo):
    with pytest.raises(NaoCompoe, match=r"Endereço inválido: ana@\?"):
        compor(mensagem(**{campo: "ana@?"}))


@pytest.mark.parametrize("destino", ["a+b@exemplo.com.br", "o'hara@exemplo.com.br", "a_b-c.d@sub.exemplo.com.br"])
def test_ordinary_addresses_compose(destino):
    assert ler(compor(destino=destino))["To"].addresses[0].addr_spec == destino


def test_a_domain_with_accents_goes_in_idna_in_every_header():
    conteudo = compor(mensagem(email="avisos@água.com.br", responder_para="sac@água.com.br"), "ana@ação.com.br")

    lida = ler(conteudo)
    assert lida["To"].addresses[0].addr_spec == "ana@xn--ao-siap.com.br"
    assert lida["From"].addresses[0].domain == "xn--gua-dla.com.br"
    assert lida["Reply-To"].addresses[0].domain == "xn--gua-dla.com.br"
    assert lida["Message-ID"].endswith("@xn--gua-dla.com.br>")


# The same context gives the same bytes.


def contexto() -> dict:
    return preparar(mensagem(), bruto(), "ana@exemplo.com.br", AGORA, 164)


EM_OUTRO_PROCESSO = """
import json, sys, django
django.setup()
from mensageria import composicao
from mensageria.models import VersaoTexto
pedido = json.load(sys.stdin)
print(composicao.resumo(composicao.email(pedido["contexto"], VersaoTexto(**pedido["texto"]))))
"""


@pytest.mark.parametrize("semente", ["0", "1", "4242"])
def test_another_process_gives_the_same_bytes(semente):
    texto = {"canal": 2, "assunto": "Conta de {NOME}", "corpo": "{NOME} deve {VALOR}"}
    aqui = composicao.email(contexto(), VersaoTexto(**texto))
    ambiente = os.environ | {"PYTHONHASHSEED": semente, "DJANGO_SETTINGS_MODULE": "config.settings", "TZ": "Asia/Tokyo"}

    saida = subprocess.run(
        [sys.executable, "-c", EM_OUTRO_PROCESSO],
        input=json.dumps({"contexto": contexto(), "texto": texto}),
        capture_output=True,
        text=True,
        check=True,
        env=ambiente,
        cwd=configuracao.BASE_DIR,
    )

    assert saida.stdout.split()[-1] == composicao.resumo(aqui) == hashlib.sha256(aqui).hexdigest()


@pytest.mark.parametrize("idioma", ["pt-br", "en", "ar"])
@pytest.mark.parametrize("fuso", ["UTC", "America/Sao_Paulo"])
def test_neither_language_nor_zone_of_the_moment_changes_the_bytes(idioma, fuso):
    from django.utils import timezone, translation

    m, kept = mensagem(), contexto()
    antes = composicao.email(kept, m.texto)
    with translation.override(idioma), timezone.override(ZoneInfo(fuso)):
        assert composicao.email(json.loads(json.dumps(kept)), m.texto) == antes


def test_the_message_id_is_the_same_at_every_attempt_and_differs_by_chave():
    m, outra = mensagem(), mensagem()
    outra.chave = "faturamento:2::2"

    assert composicao.identificacao(m) == composicao.identificacao(mensagem())
    assert composicao.identificacao(m) != composicao.identificacao(outra)
    depois = preparar(m, bruto(), "ana@exemplo.com.br", datetime(2027, 1, 1, tzinfo=ZoneInfo("UTC")), 164)
    assert depois["id"] == contexto()["id"]


COM_PONTOS = VersaoTexto(
    canal=2, assunto="Conta de {NOME}", corpo="{NOME}. Deve {VALOR}.\n...\n{VALOR}... " + "x" * 74 + ". Fim"
)


def test_no_line_of_a_text_begins_with_a_dot():
    """SMTP has each one doubled, at the cost of reading the whole message again."""
    conteudo = composicao.email(contexto(), COM_PONTOS)

    assert b"\n." not in conteudo
    lido, _, _ = partes(conteudo)
    assert "JOSÉ. Deve 1.234,56.\r\n...\r\n1.234,56... " + "x" * 74 + ". Fim" in lido


def test_what_an_older_renderer_sent_is_made_again_as_it_was():
    conteudo = composicao.email(contexto() | {"renderizador": 2}, COM_PONTOS)

    assert composicao.resumo(conteudo) == "0b9f35332ff4a70d6041060d4ef53ad22574960cf14be26c348e82fbb9cfaf06"


@given(st.text(max_size=80))
def test_the_message_id_is_the_uuid_of_the_chave(chave):
    m = mensagem()
    m.chave = chave

    uuid5 = uuid.uuid5(uuid.UUID(bytes=composicao._ESPACO), chave)
    assert composicao.identificacao(m) == f"<{uuid5}@aguas.exemplo.com.br>"


def test_the_context_can_be_kept_as_json():
    kept = contexto()

    assert json.loads(json.dumps(kept)) == kept
    assert (kept["texto"], kept["layout"], kept["renderizador"]) == (7, "aviso/2", composicao.RENDERIZADOR)


# SMS.


def test_the_sms_is_prepared_in_its_alphabet_and_size():
    m = mensagem(Canal.SMS, "{NOME} {VALOR}")
    dados = bruto()
    dados["valores"]["{NOME}"] = "JOSÉ 2ª 😀 " + "X" * 99

    m.contexto = preparar(m, dados, "5584987654321", AGORA, 164)

    assert composicao.conteudo(m).decode() == f"JOSE 2a {'X' * 22} 1.234,56 Barras: {LINHA}"


def test_an_sms_that_passes_the_maximum_of_the_moment_does_not_compose():
    """The maximum may have been lowered after the text was accepted."""
    with pytest.raises(NaoCompoe, match="O SMS teria 67 posições e o máximo é 66"):
        preparar(mensagem(Canal.SMS, "x" * 10), bruto(), "5584987654321", AGORA, 66)
    assert preparar(mensagem(Canal.SMS, "x" * 10), bruto(), "5584987654321", AGORA, 67)


# ENVIO=desvio.


def test_desvio_sends_everything_to_one_address_and_keeps_the_original(settings):
    settings.ENVIO = "desvio:teste@exemplo.com.br, 5584900000000"

    kept = preparar(mensagem(), bruto(), "ana@exemplo.com.br", AGORA, 164)
    do_sms = preparar(mensagem(Canal.SMS), bruto(), "5584987654321", AGORA, 164)

    assert (kept["destino"], kept["destino_original"]) == ("teste@exemplo.com.br", "ana@exemplo.com.br")
    assert (do_sms["destino"], do_sms["destino_original"]) == ("5584900000000", "5584987654321")
    conteudo = composicao.email(kept, mensagem().texto)
    assert b"teste@exemplo.com.br" in conteudo
    assert b"ana@exemplo.com.br" not in conteudo


@pytest.mark.parametrize(
    ("envio", "canal"), [("desvio:teste@exemplo.com.br", Canal.SMS), ("desvio:5584900000000", Canal.EMAIL)]
)
def test_desvio_without_a_destination_for_the_channel_sends_nothing(settings, envio, canal):
    settings.ENVIO = envio

    with pytest.raises(NaoCompoe, match="desvio não indica destino"):
        preparar(mensagem(canal), bruto(), "x", AGORA, 164)


@pytest.mark.parametrize("envio", ["simulado", "real"])
def test_without_desvio_the_destination_is_the_customers(settings, envio):
    settings.ENVIO = envio

    kept = preparar(mensagem(), bruto(), "ana@exemplo.com.br", AGORA, 164)

    assert kept["destino"] == "ana@exemplo.com.br"
    assert "destino_original" not in kept


# Layouts are frozen: what was sent is rendered again from them. A change is a new file, as aviso_2 was.

CONGELADOS = {
    "aviso_1.html": "f19b1264406927417df6f5ed239263ed01c55df0c0e10de454fb022670abfd58",
    "aviso_1.txt": "f84558ae8a94fb5c409db9d71acf2d4c5b3c5b5f14e11db72cc18538fef47d37",
    "aviso_2.html": "55f4144b413beeb0ed563c196e119bb32d7ce5c3eb9f5a08a82c89531b9b29de",
    "aviso_2.txt": "690e8b4572c75ce4860c021ebfb0abfe61b4a7207c17cdd456df69c550eec47a",
    "boleto_1.html": "4cad2687a53641bf8f6b5888808df77c9a58503629d7c336061d64f22ada899b",
    "boleto_1.txt": "7405640b87a414a5c6652314c440fbb3baaf05ca099713f2282b0c947de50667",
    "boleto_2.html": "d3c5ba4d10a3ba53dd8c5b875ce0ac395758620afa1a393a1f194d26e50af8a6",
    "boleto_2.txt": "fe926da0e7bca1c949127cdefb64ab3272e9b2ae1e89530cb118738d2d68061e",
}


@pytest.mark.parametrize("arquivo", CONGELADOS)
def test_a_layout_that_was_used_never_changes(arquivo):
    pasta = Path(configuracao.BASE_DIR) / "templates/mensageria/layouts"

    assert hashlib.sha256((pasta / arquivo).read_bytes()).hexdigest() == CONGELADOS[arquivo]
