"""Texts with tags: what is refused and in what words, and that no SMS ever passes its maximum."""

import unicodedata

import pytest
from hypothesis import assume, example, given
from hypothesis import strategies as st

from cobranca.textos import DADOS_COBRANCA
from faturamento import codigo_barras
from faturamento.textos import DADOS_FATURAMENTO
from mensageria.alfabeto import GSM7, alfabeto, posicoes
from mensageria.textos import (
    POSICOES_DO_CODIGO,
    ROTULO_DO_CODIGO,
    Dado,
    conferir_texto,
    cortar,
    limpar,
    posicoes_do_texto,
    preencher,
    texto_do_sms,
    valores_de_sms,
)

DADOS = (Dado("{NOME}", "Nome", 30), Dado("{VALOR}", "Valor", 13))
CODIGO = "82630000001234501230010123456790105202470003"
LINHA = codigo_barras.linha_digitavel(CODIGO)


def conferir(texto, transliterado=True, maximo=164, nome="SMS"):
    return conferir_texto(nome, texto, DADOS, transliterado, maximo)


def compor(texto, valores, transliterado=True):
    return texto_do_sms(texto, valores_de_sms(valores, DADOS, transliterado), LINHA, transliterado)


# What is refused, in GSAN's order and words.


@pytest.mark.parametrize("texto", ["", "Olá", "{NOME} deve {VALOR}", "{NOME}{NOME}", "ª º “aspas” – …"])
def test_a_good_text_has_no_problem(texto):
    assert conferir(texto) == []


def test_the_three_problems_come_in_order():
    assert conferir("x" * 100 + "{NADA} {NOME} {") == [
        "O texto usa 140 posições que, com as 57 do código de barras, passam do tamanho máximo de 164.",
        "Quantidade de tags inválidas SMS. Há 3 chaves abertas “{” e 2 chaves fechadas “}”.",
        "O texto do SMS está com dados inválidos: {NADA}.",
    ]


@pytest.mark.parametrize(
    ("texto", "quantas"),
    [
        ("{NOME", "1 chave aberta “{” e 0 chaves fechadas “}”"),
        ("NOME}", "0 chaves abertas “{” e 1 chave fechada “}”"),
        ("{NOME}}", "1 chave aberta “{” e 2 chaves fechadas “}”"),
        ("{{NOME}", "2 chaves abertas “{” e 1 chave fechada “}”"),
    ],
)
def test_braces_are_as_many_open_as_closed(texto, quantas):
    assert conferir(texto, nome="E-MAIL", maximo=None) == [f"Quantidade de tags inválidas E-MAIL. Há {quantas}."]


@pytest.mark.parametrize("tag", ["{}", "{nome}", "{ NOME }", "{NOMÉ}", "{ÉÃ}", "{VENCTO}"])
def test_each_unknown_tag_is_named_once(tag):
    assert conferir(f"{tag} {{NOME}} {tag}") == [f"O texto do SMS está com dados inválidos: {tag}."]


def test_an_unknown_tag_made_by_the_transliteration_is_refused():
    assert conferir("｛XYZ｝") == ["O texto do SMS está com dados inválidos: {XYZ}."]
    assert conferir("｛") == ["Quantidade de tags inválidas SMS. Há 1 chave aberta “{” e 0 chaves fechadas “}”."]
    assert conferir("｛XYZ｝", maximo=None, nome="E-MAIL") == []


# Length: every tag at its full size, and 57.


def test_the_positions_of_the_bar_code_are_57():
    assert POSICOES_DO_CODIGO == len(ROTULO_DO_CODIGO + LINHA) == 57


@pytest.mark.parametrize(
    ("texto", "proprias"),
    [
        ("", 0),
        ("abc", 3),
        ("{NOME}", 30),
        ("{NOME}{NOME} {VALOR}", 74),
        ("[x]", 5),
        ("2ª via…", 9),
        ("ç", 1),
        ("😀", 0),
        ("{}", 2),
    ],
)
def test_tags_count_their_size_and_the_rest_what_it_costs(texto, proprias):
    assert posicoes_do_texto(texto, DADOS) == proprias + 57


@pytest.mark.parametrize(("texto", "proprias"), [("ção", 3), ("😀", 2), ("[", 2), ("e\u0301", 1), ("\u0958", 2)])
def test_with_accents_the_dearer_alphabet_is_counted(texto, proprias):
    assert posicoes_do_texto(texto, DADOS, transliterado=False) == proprias + 57


@pytest.mark.parametrize(("maximo", "sobra"), [(58, 1), (164, 107), (300, 243)])
def test_the_maximum_itself_is_accepted_and_one_more_is_not(maximo, sobra):
    assert conferir("x" * sobra, maximo=maximo) == []
    assert len(conferir("x" * (sobra + 1), maximo=maximo)) == 1


def test_texts_without_a_maximum_have_any_length():
    assert conferir("x" * 5000, maximo=None) == []


@pytest.mark.parametrize("dados", [DADOS_FATURAMENTO, DADOS_COBRANCA])
def test_the_sizes_of_the_tags_are_enough_for_their_values(dados):
    tamanhos = {dado.tag: dado.tamanho for dado in dados}

    assert tamanhos["{MATRICULA}"] == 9
    assert {tamanhos.get("{VENCTO}", tamanhos.get("{VALIDADEDOC}"))} == {len("31/12/2026")}
    assert {tamanhos.get("{VALOR}", tamanhos.get("{VALORDOC}"))} >= {len("999.999.999,99") - 1}


# Filling.


def test_tags_are_filled_with_the_values():
    assert compor("Olá, {NOME}: {VALOR}", {"{NOME}": "João", "{VALOR}": "1,00"}).startswith("Ola, Joao: 1,00 Barras: ")


def test_a_value_that_looks_like_a_tag_is_not_filled_again():
    assert preencher("{NOME} {VALOR}", {"{NOME}": "{VALOR}", "{VALOR}": "{NOME}"}) == "{VALOR} {NOME}"
    assert compor("{NOME}", {"{NOME}": "{VALOR}", "{VALOR}": "9"}).startswith("{VALOR} Barras")


def test_a_value_split_between_text_and_tag_makes_no_new_tag():
    assert preencher("{{NOME}}", {"{NOME}": "VALOR", "{VALOR}": "9"}) == "{VALOR}"


def test_a_value_stays_in_one_line_and_in_its_size():
    valores = valores_de_sms({"{NOME}": "ANA\r\nBarras:\x00 1\u2028" + "x" * 50, "{VALOR}": " 1 "}, DADOS, True)

    assert valores == {"{NOME}": ("ANA Barras:  1 " + "x" * 50)[:30], "{VALOR}": "1"}


def test_a_name_is_cut_by_positions_and_not_by_characters():
    assert cortar("[[[[", 5) == "[["
    assert cortar("😀😀😀", 5) == "😀😀"
    assert cortar("abc", 3) == "abc"


@pytest.mark.parametrize("controle", ["\n", "\r\n", "\x00", "\x1b", "\x85", "\u2028", "\u2029", "\x7f"])
def test_control_characters_become_a_space(controle):
    assert limpar(f"a{controle}b") == "a b"


# No SMS passes its maximum, whatever the text and the values.

VALORES = st.fixed_dictionaries(
    {
        dado.tag: st.text(max_size=60)
        | st.text("aÇãº–“”😀{}[]€\x00\n\r\u0301\u0323\u0958ǖ\u1d15e\ufdfaß…", max_size=120)
        | st.sampled_from(["{VALOR}", "{NOME}", "", "x" * 500, "\u0323", "€" * 40])
        for dado in DADOS
    }
)
PEDACOS = st.sampled_from(
    ["{NOME}", "{VALOR}", " ", "ª", "…", "“", "😀", "ﷺ", "[", "{", "}", "｛", "｝", "\u0323", "ǖ"]
)
TEXTOS = st.lists(PEDACOS | st.text(max_size=12), max_size=12).map("".join)


@given(TEXTOS, VALORES, st.booleans(), st.integers(58, 300))
@example("ǖ{NOME}", {"{NOME}": "\u0323", "{VALOR}": ""}, False, 88)
@example("{NOME}\u0323", {"{NOME}": "ǖ" * 30, "{VALOR}": ""}, False, 88)
@example("{NOME}", {"{NOME}": "\u0958" * 30, "{VALOR}": ""}, False, 87)
@example("\u0958" * 30, {"{NOME}": "", "{VALOR}": ""}, False, 87)
@example("{NOME}", {"{NOME}": "[" * 29 + "ã", "{VALOR}": ""}, False, 87)
@example("｛NOME｝", {"{NOME}": "x" * 30, "{VALOR}": ""}, True, 87)
@example("x" * 107, {"{NOME}": "", "{VALOR}": ""}, True, 164)
def test_an_accepted_text_never_makes_an_sms_longer_than_the_maximum(texto, valores, transliterado, maximo):
    assume(conferir(texto, transliterado, maximo) == [])

    composto = compor(texto, valores, transliterado)

    assert posicoes(composto) <= maximo
    assert composto.endswith(ROTULO_DO_CODIGO + LINHA)
    assert len(ROTULO_DO_CODIGO + LINHA) == 57
    assert codigo_barras.codigo_da_linha(composto[-48:]) == CODIGO
    assert composto == unicodedata.normalize("NFC", composto)
    if transliterado:
        assert alfabeto(composto) == GSM7
        assert composto.isascii()


@given(
    localidade=st.integers(1, 999),
    sequencia=st.integers(1, 10**8 - 1),
    centavos=st.integers(0, 10**11 - 1),
    modulo=st.sampled_from([10, 11]),
)
def test_the_last_48_digits_of_an_sms_decode_back(localidade, sequencia, centavos, modulo):
    from decimal import Decimal

    from cadastro.digitos import matricula_com_digito

    dados = {
        "localidade": localidade,
        "matricula": matricula_com_digito(sequencia),
        "referencia": 202611,
        "valor": Decimal(centavos).scaleb(-2),
    }
    linha = codigo_barras.linha_digitavel(codigo_barras.codigo_conta(**dados, empresa="0123", modulo=modulo))

    lido = codigo_barras.ler(texto_do_sms("Olá", {}, linha, True)[-48:])

    assert {campo: getattr(lido, campo) for campo in dados} == dados
