"""The skeleton of an e-mail: what fills its gaps is read back as it was, and moves nothing around it."""

import quopri

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from mensageria.correio import Esqueleto, cabecalho, caixa_postal, em_qp, lacuna
from tests.mensageria.test_composicao import ler, no_fio

VALOR = st.text(max_size=160) | st.text(" .=\t\r\n\"'<>&%é😀-_a\x00\x85\u2028", max_size=160)
LIMITE = "17e90cf6-f6d8-559e-a3ff-9bae5182e0b9"


@given(VALOR)
@example("x" * 75)
@example("x" * 76)
@example("x" * 75 + "é")
@example("x" * 76 + ".")
@example("x" * 76 + "\n")
def test_quoted_printable_fits_in_its_lines_and_reads_back(texto):
    codificado = em_qp(texto)

    assert quopri.decodestring(codificado) == texto.encode()
    assert codificado.isascii()
    assert max(map(len, (codificado + b"=").split(b"\r\n"))) <= 76


@pytest.mark.parametrize(
    ("texto", "escrito"),
    [
        ("Rua São João, 10.", b"Rua S=C3=A3o Jo=C3=A3o, 10."),
        ("é" * 13, b"=C3=A9" * 12 + b"=C3=\r\n=A9"),
        ("x" * 75, b"x" * 75),
        ("x" * 76, b"x" * 75 + b"=\r\nx"),
        (".", b"=2E"),
    ],
)
def test_what_a_value_became_it_becomes_again(texto, escrito):
    """Or what was sent would have another hash when it is rendered again."""
    assert em_qp(texto) == escrito


@given(st.text(" .=\t\n<é_a", max_size=200))
@example("." * 80)
@example("x" * 75 + "..")
@example("x" * 74 + "é.\n.")
def test_a_skeleton_has_no_line_that_begins_with_a_dot(texto):
    conteudo = Esqueleto(texto + lacuna(0) + texto, texto, 1).preencher(["a"], LIMITE)

    no_fio(conteudo)
    assert b"\n." not in conteudo
    lida = ler(b"To: a@b\r\n" + conteudo)
    assert corpo(lida, "plain") == f"{texto}a{texto}".replace("\n", "\r\n").encode()
    assert corpo(lida, "html") == texto.replace("\n", "\r\n").encode()


@given(st.lists(VALOR, min_size=3, max_size=3), st.booleans())
@example(["a\nb", "", "c"], False)
@example(["\n", "x" * 77, "\r"], True)
def test_each_value_fills_its_own_gap(valores, com_imagem):
    """In both parts, more than once, side by side, and in the HTML with what would be markup escaped."""
    um, dois, tres = (lacuna(i) for i in range(3))
    esqueleto = Esqueleto(
        f"{dois}{um}.\n{tres} %b {um}", f"<p>{tres}{tres}</p>\n{dois}", 3, "a@b" if com_imagem else ""
    )

    lida = ler(conteudo := b"To: a@b\r\n" + esqueleto.preencher(valores, LIMITE, b"png" if com_imagem else b""))

    a, b, c = valores
    no_fio(conteudo)
    assert not any(parte.defects for parte in lida.walk())
    assert corpo(lida, "plain") == f"{b}{a}.\r\n{c} %b {a}".encode()
    a, b, c = (v.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;") for v in valores)
    html = f"<p>{c}{c}</p>\r\n{b}".replace('"', "&quot;").replace("'", "&#x27;")
    assert corpo(lida, "html") == html.encode()
    assert [p.get_content() for p in lida.walk() if p.get_content_type() == "image/png"] == [b"png"] * com_imagem


def corpo(lida, formato: str) -> bytes:
    return lida.get_body((formato,)).get_payload(decode=True)


def test_the_parts_are_those_that_the_message_has():
    sem = ler(Esqueleto("a", "b", 0).preencher([], LIMITE))
    com = ler(Esqueleto("a", "b", 0, "codigo@exemplo").preencher([], LIMITE, b"png"))

    assert [p.get_content_type() for p in sem.walk()] == ["multipart/alternative", "text/plain", "text/html"]
    assert [p.get_content_type() for p in com.walk()] == [
        "multipart/alternative",
        "text/plain",
        "multipart/related",
        "text/html",
        "image/png",
    ]
    imagem = list(com.walk())[-1]
    assert (imagem["Content-ID"], imagem.get_content_disposition()) == ("<codigo@exemplo>", "inline")


TEXTO = st.text(st.characters(exclude_categories=["Cc", "Cs", "Zs", "Zl", "Zp"]) | st.just(" "), max_size=200).map(
    str.strip
)


@given(TEXTO)
@example("=?utf-8?q?a?=")
@example("é" * 20 + "😀" * 30)
@example("x" * 300)
def test_a_header_is_read_back_and_folded(texto):
    assunto = cabecalho("Subject", texto)

    assert ler(assunto.encode("ascii") + b"\r\n")["Subject"] == texto
    assert max(map(len, assunto.split("\r\n"))) <= 76


@pytest.mark.parametrize("nome", ["a\r\nBcc: mal@exemplo.com", "\0", "\x0b", "a\r", "\n"])
def test_no_header_ends_where_its_value_says(nome):
    """Values come clean; nothing breaks when one does not."""
    for linhas in (cabecalho("Subject", nome), caixa_postal("From", nome, "a@b.c")):
        lida = ler(linhas.encode("ascii") + b"\r\n")
        assert len(lida.keys()) == 1
        assert linhas.endswith("\r\n")
        assert all(linha.startswith(" ") for linha in linhas.split("\r\n")[1:-1])


@pytest.mark.parametrize("nome", ["", "Águas", 'Cia. "X" \\ Y', "Águas, Lda. <x@y>", "=?utf-8?q?a?=", "(c) b"])
def test_a_name_before_an_address_is_read_back(nome):
    lida = ler(caixa_postal("From", nome, "avisos@exemplo.com.br").encode("ascii") + b"\r\n")

    (caixa,) = lida["From"].addresses
    assert (caixa.display_name, caixa.addr_spec) == (nome, "avisos@exemplo.com.br")
    assert not lida["From"].defects
