from binascii import crc_hqx
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mensageria.pagamento.pix import PixInvalido, conferir, valor

# padroes.md 4: the Banco Central's static example, and a dynamic one.
ESTATICO = (
    "00020126580014br.gov.bcb.pix0136123e4567-e12b-12d1-a456-4266554400005204000053039865802BR"
    "5913Fulano de Tal6008BRASILIA62070503***63041D3D"
)
DINAMICO = (
    "00020101021226770014BR.GOV.BCB.PIX2555pix.example.com/qr/93598be0-1bd0-4997-8318-81776a1d8a99"
    "5204000053039865802BR5907EMPRESA6009SAO PAULO62070503***6304EEAB"
)
CONTA = "0014br.gov.bcb.pix0111" + "52998224725"
CAMPOS = {
    "00": "01",
    "26": CONTA,
    "52": "0000",
    "53": "986",
    "54": "123.45",
    "58": "BR",
    "59": "EMPRESA",
    "60": "NATAL",
    "62": "0503***",
}


def com_crc(texto: str) -> str:
    texto += "6304"
    return f"{texto}{crc_hqx(texto.encode(), 0xFFFF):04X}"


def escrever(**trocas) -> str:
    """A Pix with those fields changed (`_54="1.00"`) or left out (None), its CRC right."""
    campos = {id_: v for id_, v in (CAMPOS | {i[1:]: v for i, v in trocas.items()}).items() if v is not None}
    return com_crc("".join(f"{id_}{len(v):02}{v}" for id_, v in campos.items()))


@pytest.mark.parametrize("publicado", [ESTATICO, DINAMICO])
def test_a_published_pix_is_accepted_as_it_is(publicado):
    assert conferir(publicado) == publicado
    assert conferir(f"  {publicado[:60]}\r\n{publicado[60:]}\n") == publicado
    assert valor(publicado) is None


def test_the_function_of_the_standard_library_is_the_norms_crc():
    assert crc_hqx(b"123456789", 0xFFFF) == 0x29B1


@pytest.mark.parametrize(("escrito", "reais"), [("123.45", "123.45"), ("0.01", "0.01"), ("9", "9.00"), ("1.5", "1.50")])
def test_the_amount_is_a_decimal(escrito, reais):
    assert str(valor(escrever(_54=escrito))) == reais
    assert isinstance(valor(escrever(_54=escrito)), Decimal)


@pytest.mark.parametrize(
    "chave",
    [
        "52998224725",
        "11222333000181",
        "12ABC34501DE35",
        "+5584987654321",
        "ana@exemplo.com.br",
        "123E4567-e12b-12d1-a456-426655440000",
    ],
)
def test_every_kind_of_key_is_accepted(chave):
    assert conferir(pix := escrever(_26=f"0014BR.GOV.BCB.PIX01{len(chave):02}{chave}")) == pix


def test_what_is_optional_may_be_there():
    pix = escrever(_01="12", _62="0525" + "a1" * 12 + "b", _80="0003abc")

    assert conferir(pix) == pix
    assert conferir(pix := escrever(_26=CONTA + "0204oi!!")) == pix


def test_the_length_of_an_accented_name_counts_characters_or_octets():
    em_octetos = "".join(f"{id_}{len(v.encode()):02}{v}" for id_, v in (CAMPOS | {"60": "SÃO PAULO"}).items())

    assert conferir(pix := escrever(_60="SÃO PAULO")) == pix
    assert conferir(pix := com_crc(em_octetos)) == pix


# What is refused


@given(st.integers(0, len(ESTATICO) - 1), st.characters(min_codepoint=32, max_codepoint=126))
def test_any_changed_character_is_found(posicao, outro):
    if outro == ESTATICO[posicao] or outro.isspace():
        return
    with pytest.raises(PixInvalido):
        conferir(ESTATICO[:posicao] + outro + ESTATICO[posicao + 1 :])


@pytest.mark.parametrize("tamanho", range(0, len(ESTATICO), 7))
def test_a_cut_one_is_refused(tamanho):
    with pytest.raises(PixInvalido):
        conferir(ESTATICO[:tamanho])


@given(st.text(max_size=120))
def test_any_other_text_is_refused(texto):
    with pytest.raises(PixInvalido):
        conferir(texto)
    with pytest.raises(PixInvalido):
        conferir(com_crc(texto) if texto.isascii() else texto)


@pytest.mark.parametrize("id_", ["00", "26", "52", "53", "58", "59", "60", "62"])
def test_a_right_crc_does_not_make_up_for_a_missing_field(id_):
    with pytest.raises(PixInvalido):
        conferir(escrever(**{f"_{id_}": None}))


@pytest.mark.parametrize(
    ("trocas", "palavras"),
    [
        ({"_00": "02"}, "000201"),
        ({"_01": "13"}, "campo 01"),
        ({"_52": "00"}, "campo 52"),
        ({"_53": "840"}, "campo 53"),
        ({"_54": "1,00"}, "campo 54"),
        ({"_54": "1.000"}, "campo 54"),
        ({"_54": "-1.00"}, "campo 54"),
        ({"_54": "12345678901.00"}, "campo 54"),
        ({"_54": "١"}, "campo 54"),
        ({"_58": "US"}, "campo 58"),
        ({"_59": "X" * 26}, "campo 59"),
        ({"_60": "X" * 16}, "campo 60"),
        ({"_62": "0503**"}, "cortado"),
        ({"_62": "0502**"}, "identificador da transação"),
        ({"_62": "0526" + "a" * 26}, "identificador da transação"),
        ({"_62": "0403***"}, "identificador da transação"),
        ({"_26": "0014br.gov.bcb.pix"}, "chave ou um endereço"),
        ({"_26": CONTA + "2515pix.exemplo/x/1"}, "chave ou um endereço"),
        ({"_26": "0014br.gov.bcb.pox011152998224725"}, "br.gov.bcb.pix"),
        ({"_26": "0014br.gov.bcb.pix0105nada!"}, "A chave"),
        ({"_26": "0014br.gov.bcb.pix2519https://exemplo.com"}, "endereço de cobrança"),
        ({"_26": "0014br.gov.bcb.pix2507exemplo"}, "endereço de cobrança"),
        ({"_80": "abc"}, "cortado"),
        ({"_59": "A\x00B"}, "não se imprimem"),
        ({"_70": "x" * 99, "_71": "x" * 99, "_72": "x" * 99, "_73": "x" * 99, "_74": "x" * 99}, "passa de 512"),
    ],
)
def test_what_breaks_the_rules_is_refused_with_the_reason(trocas, palavras):
    with pytest.raises(PixInvalido, match=palavras):
        conferir(escrever(**trocas))


def test_a_field_that_comes_twice_is_refused():
    with pytest.raises(PixInvalido, match="duas vezes o campo 58"):
        conferir(com_crc(escrever()[:-8] + "5802BR"))


def test_the_crc_is_written_in_upper_case_and_comes_last():
    pix = escrever()
    assert pix[-4:] != pix[-4:].lower()
    with pytest.raises(PixInvalido, match="não termina"):
        conferir(pix[:-4] + pix[-4:].lower())
    with pytest.raises(PixInvalido):
        conferir(com_crc(pix[:-8] + "6304ABCD5903ABC"))
