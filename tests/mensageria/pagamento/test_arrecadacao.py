"""What is FEBRABAN's and not GSAN's; the published codes are in tests/faturamento/test_codigo_barras.py."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mensageria.pagamento.arrecadacao import CodigoInvalido, DadoInvalido, ler, linha_digitavel, montar

LIVRE = "0010123456790105202470003"


def test_the_free_positions_come_back_whole_and_say_nothing():
    lido = ler(montar(segmento=4, valor=Decimal("29.99"), empresa="0123", livre=LIVRE, modulo=11))

    assert (lido.segmento, lido.identificador, lido.empresa, lido.livre) == (4, 8, "0123", LIVRE)
    assert lido.valor == Decimal("29.99")


@given(
    st.sampled_from([1, 2, 3, 4, 5, 7, 9]),
    st.decimals(0, Decimal("999999999.99"), places=2),
    st.from_regex(r"[0-9]{4}", fullmatch=True),
    st.from_regex(r"[0-9]{25}", fullmatch=True),
    st.sampled_from([10, 11]),
)
def test_any_code_survives_the_round_trip_through_its_line(segmento, valor, empresa, livre, modulo):
    codigo = montar(segmento=segmento, valor=valor, empresa=empresa, livre=livre, modulo=modulo)
    lido = ler(linha_digitavel(codigo))

    assert lido.codigo == codigo
    assert (lido.segmento, lido.valor, lido.empresa, lido.livre) == (segmento, valor, empresa, livre)


@pytest.mark.parametrize("livre", ["", LIVRE[:-1], LIVRE + "0", LIVRE[:-1] + "²", LIVRE[:-1] + "\n"])
def test_the_free_positions_are_25_digits(livre):
    with pytest.raises(DadoInvalido, match="campo livre"):
        montar(segmento=2, valor=Decimal(1), empresa="0123", livre=livre, modulo=10)


@pytest.mark.parametrize("segmento", [0, 8])
def test_a_segment_that_does_not_exist_is_refused(segmento):
    with pytest.raises(CodigoInvalido, match="segmento"):
        montar(segmento=segmento, valor=Decimal(1), empresa="0123", livre=LIVRE, modulo=10)
