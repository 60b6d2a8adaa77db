import pytest
from hypothesis import given
from hypothesis import strategies as st

from cadastro.digitos import formatar_matricula, matricula_com_digito, matricula_valida, modulo10, modulo11

# The 43 digits of the FEBRABAN layout's own example (sums 139 and 705); its value identifier, 2, is not a legal one.
EXEMPLO_DA_NORMA = "8220000215048200974123220154098290108605940"

DIGITOS = st.text("0123456789", min_size=1, max_size=60)


def soma_escrita_por_extenso(digitos, pesos):
    """Products in the order of the norm, right to left, with no tricks."""
    return [int(digito) * pesos[posicao % len(pesos)] for posicao, digito in enumerate(reversed(digitos))]


@pytest.mark.parametrize(
    ("digitos", "esperado"),
    [
        (EXEMPLO_DA_NORMA, 1),
        ("01230067896", 3),  # FEBRABAN, worked block
        ("202405", 7),  # digit of the conta, gsan.md 6.1
        ("202311", 7),
        ("202312", 5),
        ("052024", 7),  # MMAAAA gives the same digit as AAAAMM
        ("0", 0),
        ("7992739871", 3),  # the classic Luhn number
    ],
)
def test_modulo_10_gives_the_published_digit(digitos, esperado):
    assert modulo10(digitos) == esperado


@pytest.mark.parametrize(
    ("digitos", "esperado"),
    [
        (EXEMPLO_DA_NORMA, 0),
        ("01230067896", 0),  # FEBRABAN, worked block: remainder 0
        ("1234567", 9),  # matrícula, gsan.md 5.5
        ("6", 0),  # 12: remainder 1
        ("5", 1),  # 10: remainder 10
        ("1", 9),
        ("0", 0),
    ],
)
def test_modulo_11_gives_the_published_digit(digitos, esperado):
    assert modulo11(digitos) == esperado


@given(DIGITOS)
def test_modulo_10_is_the_sum_of_the_digits_of_the_products(digitos):
    soma = sum(int(d) for produto in soma_escrita_por_extenso(digitos, [2, 1]) for d in str(produto))
    assert modulo10(digitos) == (10 - soma % 10) % 10


@given(DIGITOS)
def test_modulo_11_ends_as_arrecadacao_does_and_not_as_a_boleto(digitos):
    resto = sum(soma_escrita_por_extenso(digitos, [2, 3, 4, 5, 6, 7, 8, 9])) % 11
    assert modulo11(digitos) == {0: 0, 1: 0}.get(resto, 11 - resto)


@given(st.integers(1000, 9999), st.integers(1, 12))
def test_the_reference_has_one_digit_whichever_way_it_is_written(ano, mes):
    assert modulo10(f"{ano}{mes:02d}") == modulo10(f"{mes:02d}{ano}")


@pytest.mark.parametrize("funcao", [modulo10, modulo11])
@pytest.mark.parametrize("texto", ["", "12a", "1²", "١٢٣", "\uff11\uff12", "123\n", " 1", "-1"])
def test_only_ascii_digits_have_a_check_digit(funcao, texto):
    with pytest.raises(ValueError):
        funcao(texto)


def test_a_matricula_is_its_sequence_followed_by_the_modulo_11_digit():
    assert matricula_com_digito(1234567) == 12345679
    assert matricula_com_digito(99_999_999) // 10 == 99_999_999


@pytest.mark.parametrize("sequencial", [0, -1, 100_000_000])
def test_a_sequence_outside_nine_positions_has_no_matricula(sequencial):
    with pytest.raises(ValueError, match="sequencial"):
        matricula_com_digito(sequencial)


@given(st.integers(1, 99_999_999))
def test_every_other_last_digit_makes_the_matricula_invalid(sequencial):
    certa = matricula_com_digito(sequencial)
    assert [m for m in range(sequencial * 10, sequencial * 10 + 10) if matricula_valida(m)] == [certa]


@pytest.mark.parametrize("matricula", [0, 9, -12345679, 1_000_000_000, 12_345_678_900])
def test_a_matricula_out_of_range_is_invalid(matricula):
    assert not matricula_valida(matricula)


@pytest.mark.parametrize(("matricula", "texto"), [(12345679, "1234567.9"), (19, "1.9"), (100_000_000, "10000000.0")])
def test_a_matricula_is_shown_with_a_point_before_its_digit(matricula, texto):
    assert formatar_matricula(matricula) == texto
