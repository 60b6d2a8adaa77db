from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from validate_docbr import CNPJ, CPF

from cadastro.documentos import (
    cnpj_valido,
    cpf_valido,
    formatar_documento,
    gerar_cnpj,
    gerar_cpf,
    normalizar_documento,
)

LETRAS_E_DIGITOS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"

# typed, stored
DOCUMENTOS = [
    ("529.982.247-25", "52998224725"),
    ("52998224725", "52998224725"),
    (" 529 982 247 25 ", "52998224725"),
    ("529.982.247-25\N{NO-BREAK SPACE}", "52998224725"),
    ("11.222.333/0001-81", "11222333000181"),
    ("12.ABC.345/01DE-35", "12ABC34501DE35"),  # Receita Federal's example
    ("12.abc.345/01de-35", "12ABC34501DE35"),
    ("00.000.000/E08G-12", "00000000E08G12"),  # the first one issued
]


@pytest.mark.parametrize(("digitado", "guardado"), DOCUMENTOS)
def test_a_typed_document_is_stored_without_mask_in_upper_case(digitado, guardado):
    assert normalizar_documento(digitado) == guardado


@pytest.mark.parametrize("guardado", sorted({guardado for _, guardado in DOCUMENTOS}))
def test_a_mask_put_on_comes_off_again(guardado):
    assert normalizar_documento(formatar_documento(guardado)) == guardado


def test_each_document_is_shown_with_its_own_mask():
    assert formatar_documento("52998224725") == "529.982.247-25"
    assert formatar_documento("12ABC34501DE35") == "12.ABC.345/01DE-35"
    assert formatar_documento("legado") == "legado"


@pytest.mark.parametrize(
    ("digitado", "mensagem"),
    [
        ("529.982.247-26", "Número do CPF inválido."),
        ("111.111.111-11", "Número do CPF inválido."),
        ("529.982.247-2A", "Número do CPF inválido."),
        ("\uff152998224725", "Número do CPF inválido."),
        ("5299822472²", "Número do CPF inválido."),
        ("٥٢٩٩٨٢٢٤٧٢٥", "Número do CPF inválido."),
        ("11.222.333/0001-82", "CNPJ inválido."),
        ("00.000.000/0000-00", "CNPJ inválido."),
        ("12.ABC.345/01DE-3A", "CNPJ inválido."),
        ("12.ABÇ.345/01DE-35", "CNPJ inválido."),
        ("12ABC34501DEß5", "CNPJ inválido."),
        ("191", "CPF ou CNPJ inválido: o CPF tem 11 posições e o CNPJ, 14; foram informadas 3."),
        ("52998224725\n", "CPF ou CNPJ inválido: o CPF tem 11 posições e o CNPJ, 14; foram informadas 12."),
        ("", "CPF ou CNPJ inválido: o CPF tem 11 posições e o CNPJ, 14; foram informadas 0."),
    ],
)
def test_a_wrong_document_is_refused_with_a_message_for_the_user(digitado, mensagem):
    with pytest.raises(ValueError) as erro:
        normalizar_documento(digitado)
    assert str(erro.value) == mensagem


def test_a_dotless_i_does_not_become_a_letter_of_a_cnpj():
    valido = normalizar_documento("1I" + "ABC34501DE" + _digitos_que_valem("1IABC34501DE"))
    with pytest.raises(ValueError, match="CNPJ inválido"):
        normalizar_documento(valido.replace("I", "ı"))


@pytest.mark.parametrize("texto", ["", "191", "529.982.247-25", "52998224725\n", "5299822472", "529982247255"])
def test_only_eleven_plain_digits_are_a_cpf(texto):
    assert not cpf_valido(texto)


@pytest.mark.parametrize("texto", ["", "11.222.333/0001-81", "11222333000181\n", "12abc34501de35", "52998224725"])
def test_only_fourteen_plain_characters_are_a_cnpj(texto):
    assert not cnpj_valido(texto)


@settings(deadline=None)  # a hundred candidates by two validators
@given(st.text("0123456789", min_size=9, max_size=9))
def test_of_the_hundred_endings_of_a_cpf_validate_docbr_accepts_the_same(base):
    candidatos = [f"{base}{final:02d}" for final in range(100)]
    assert [cpf for cpf in candidatos if cpf_valido(cpf)] == [cpf for cpf in candidatos if CPF().validate(cpf)]


@settings(deadline=None)  # a hundred candidates by two validators
@given(st.text("0123456789", min_size=12, max_size=12) | st.text(LETRAS_E_DIGITOS, min_size=12, max_size=12))
def test_of_the_hundred_endings_of_a_cnpj_validate_docbr_accepts_the_same(base):
    candidatos = [f"{base}{final:02d}" for final in range(100)]
    assert [cnpj for cnpj in candidatos if cnpj_valido(cnpj)] == [cnpj for cnpj in candidatos if CNPJ().validate(cnpj)]


@pytest.mark.parametrize("algarismo", "0123456789")
def test_repeated_digits_are_neither_cpf_nor_cnpj(algarismo):
    assert not cpf_valido(algarismo * 11)
    assert not cnpj_valido(algarismo * 14)


@given(st.integers().map(Random))
def test_invented_documents_are_valid(aleatorio):
    assert CPF().validate(gerar_cpf(aleatorio))
    assert CNPJ().validate(gerar_cnpj(aleatorio))
    alfanumerico = gerar_cnpj(aleatorio, alfanumerico=True)
    assert CNPJ().validate(alfanumerico)
    assert any("A" <= caractere <= "Z" for caractere in alfanumerico)


def test_the_same_seed_invents_the_same_documents():
    assert [gerar_cpf(Random(7)), gerar_cnpj(Random(7))] == [gerar_cpf(Random(7)), gerar_cnpj(Random(7))]


def _digitos_que_valem(base):
    return next(f"{final:02d}" for final in range(100) if CNPJ().validate(f"{base}{final:02d}"))
