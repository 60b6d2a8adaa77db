import unicodedata

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from mensageria.alfabeto import GSM7, UCS2, alfabeto, posicoes, segmentos, transliterar

# 3GPP TS 23.038, written by group as in padroes.md 5.1, not by code point as in the module
LETRAS_E_SINAIS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789 \n\r@$_!\"#%&'()*+,-./:;<=>?"
OUTROS_BASICOS = "£¥¤§¡¿àèéìòùÄÖÜäöüÑñÅåÆæØøßÇÉΔΦΓΛΩΠΨΣΘΞ"
EXTENSAO = "^{}\\[]~|€\f"
TABELA_GSM = LETRAS_E_SINAIS + OUTROS_BASICOS + EXTENSAO

TEXTO_GSM = st.text(TABELA_GSM, max_size=500) | st.text("a{€", min_size=150, max_size=500)
TEXTO_UCS2 = st.text("aã😀", max_size=250).map("ã".__add__)
TEXTO = st.text(max_size=300) | TEXTO_GSM | TEXTO_UCS2

ESC = 0x1B


def partes_da_mensagem(texto):
    """Reference splitter: lay the message out septet by septet, or byte by byte, and cut it where the phone would."""
    texto = unicodedata.normalize("NFC", texto)
    if set(texto) <= set(TABELA_GSM):
        septetos = [s for c in texto for s in ([ESC, ord(c)] if c in EXTENSAO else [ord(c)])]
        return _cortar(septetos, 160, 153, lambda ultimo, _: ultimo == ESC)
    em_bytes = texto.encode("utf-16-be", "surrogatepass")
    unidades = [int.from_bytes(em_bytes[i : i + 2], "big") for i in range(0, len(em_bytes), 2)]
    return _cortar(unidades, 70, 67, lambda ultima, seguinte: 0xD800 <= ultima < 0xDC00 and 0xDC00 <= seguinte < 0xE000)


def _cortar(itens, limite_unico, limite_da_parte, separaria):
    if len(itens) <= limite_unico:
        return [itens]
    partes = []
    while itens:
        corte = min(limite_da_parte, len(itens))
        if corte < len(itens) and separaria(itens[corte - 1], itens[corte]):
            corte -= 1
        partes.append(itens[:corte])
        itens = itens[corte:]
    return partes


@pytest.mark.parametrize("caractere", TABELA_GSM)
def test_every_character_of_the_table_is_gsm_7(caractere):
    assert alfabeto(caractere) == GSM7


def test_the_table_has_127_characters_and_10_more_in_the_extension():
    assert len(set(LETRAS_E_SINAIS + OUTROS_BASICOS)) == 127
    assert len(set(EXTENSAO)) == 10


def test_no_other_character_is_gsm_7():
    intrusos = [chr(p) for p in range(0x3000) if alfabeto(chr(p)) == GSM7 and chr(p) not in TABELA_GSM]
    assert {unicodedata.normalize("NFC", intruso) for intruso in intrusos} <= set(TABELA_GSM)


@pytest.mark.parametrize("caractere", "áâãçêíóôõúÁÀÂÃÊÍÓÔÕÚªº°–—“”‘’…•`´\t\x1b\N{NO-BREAK SPACE}😀")
def test_what_portuguese_has_beyond_the_table_makes_it_ucs_2(caractere):
    assert alfabeto(f"2 via {caractere}") == UCS2


def test_a_decomposed_accent_is_counted_as_the_composed_one():
    assert alfabeto("cafe\u0301") == GSM7
    assert posicoes("cafe\u0301") == 4


@pytest.mark.parametrize(
    ("texto", "ocupa"),
    [("", 0), ("conta", 5), ("[R$ 5,00]", 11), ("€", 2), ("ã", 1), ("ã[", 2), ("😀", 2), ("2ª via 😀", 9), ("a\nb", 3)],
)
def test_positions_are_septets_or_utf_16_units(texto, ocupa):
    assert posicoes(texto) == ocupa


@pytest.mark.parametrize(
    ("texto", "quantidade"),
    [
        ("", 1),
        ("a" * 160, 1),
        ("a" * 161, 2),
        ("a" * 306, 2),
        ("a" * 307, 3),
        ("{" * 80, 1),
        ("a" * 159 + "{", 2),
        ("a" * 152 + "{" + "a" * 152, 3),  # 306 septets, but the pair does not fit the first part
        ("{" * 153, 3),  # 306 septets, 152 usable in each part
        ("ã" * 70, 1),
        ("ã" * 71, 2),
        ("ã" * 134, 2),
        ("ã" * 135, 3),
        ("😀" * 35, 1),
        ("😀" * 67, 3),  # 134 units, 66 usable in each part
        ("ã" * 66 + "😀" + "ã" * 66, 3),
    ],
)
def test_segments_at_the_edges(texto, quantidade):
    assert segmentos(texto) == quantidade


@given(TEXTO)
@example("a" * 152 + "{" + "a" * 152)
@example("ã" * 66 + "😀" + "ã" * 66)
def test_segments_are_those_of_a_message_laid_out_and_cut(texto):
    assert segmentos(texto) == len(partes_da_mensagem(texto))


@given(TEXTO)
def test_positions_are_those_of_the_message_laid_out(texto):
    assert posicoes(texto) == sum(map(len, partes_da_mensagem(texto)))


@pytest.mark.parametrize(
    ("texto", "simples"),
    [
        ("2ª via da conta nº 5", "2a via da conta no 5"),
        ("São João del-Rei, 30 °C", "Sao Joao del-Rei, 30 oC"),
        ("ÁÀÂÃÉÊÍÓÔÕÚÜÇ áàâãéêíóôõúüç ñ", "AAAAEEIOOOUUC aaaaeeiooouuc n"),
        ("“Débito” – ‘à vista’ — já…", "\"Debito\" - 'a vista' - ja..."),
        ("• água\n• esgoto", "- agua\n- esgoto"),
        ("R$\N{NO-BREAK SPACE}1.234,56\tvencida", "R$ 1.234,56 vencida"),
        ("linha 1\r\nlinha 2\rlinha 3", "linha 1\nlinha 2\nlinha 3"),
        ("Sa\u0303o Joa\u0303o", "Sao Joao"),
        ("10 m² = ½ · ﬁm", "10 m2 = 1/2 - fim"),
        ("d´água e d`água", "d'agua e d'agua"),
        ("§ 1º, € 5, 3×4", "par. 1o, EUR 5, 3x4"),
        ("{MATRICULA} [a] ~ ^ | \\", "{MATRICULA} [a] ~ ^ | \\"),
        ("JOAO          12345679 ", "JOAO          12345679 "),
        ("", ""),
    ],
)
def test_portuguese_becomes_plain_text_that_reads_well(texto, simples):
    assert transliterar(texto) == simples


@pytest.mark.parametrize(
    ("texto", "simples"),
    [
        ("Olá 😀 João", "Ola Joao"),
        ("😀 Olá", "Ola"),
        ("Olá 😀", "Ola"),
        ("Olá 😀 😀\N{VARIATION SELECTOR-16} 🇧🇷 João", "Ola Joao"),
        ("Conta paga👍!", "Conta paga!"),
        ("água 💧\nesgoto", "agua\nesgoto"),
        ("água\n💧 esgoto", "agua\nesgoto"),
        ("👨\N{ZERO WIDTH JOINER}👩\N{ZERO WIDTH JOINER}👧 família", "familia"),
        ("ℹ\N{VARIATION SELECTOR-16} Aviso", "Aviso"),
        ("dois  espaços 😀 aqui", "dois  espacos aqui"),
        ("水 ㈱ Ω", ""),
        ("a\x00b\x1bc\x7f", "abc"),
        ("zero\N{ZERO WIDTH SPACE}largura", "zerolargura"),
    ],
)
def test_what_has_no_equivalent_is_dropped_without_a_hole(texto, simples):
    assert transliterar(texto) == simples


@given(TEXTO)
def test_the_plain_text_is_ascii_gsm_7_and_final(texto):
    simples = transliterar(texto)
    assert simples.isascii()
    assert alfabeto(simples) == GSM7
    assert transliterar(simples) == simples


@given(st.text(LETRAS_E_SINAIS.replace("\r", "") + "^{}\\[]~|"))
def test_plain_text_is_left_as_it_is(texto):
    assert transliterar(texto) == texto


@given(st.text(" \nabcáçãõº"))
def test_the_letters_of_a_padded_tag_keep_their_positions(texto):
    assert len(transliterar(texto)) == len(texto)


def test_the_line_to_be_typed_costs_one_position_a_digit():
    assert posicoes(" Barras: " + "8" * 48) == 57
