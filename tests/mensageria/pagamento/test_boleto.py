# ruff: noqa: E501 - the published vectors are a table, one a line

from datetime import date, timedelta
from decimal import Decimal

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from mensageria.pagamento.arrecadacao import CodigoInvalido, DadoInvalido
from mensageria.pagamento.boleto import (
    Especie,
    LinhaInvalida,
    dia_do_fator,
    fator,
    formatar_linha,
    ler_linha,
    linha_do_codigo,
    montar,
)

HOJE = date(2026, 11, 10)

# padroes.md 10.2: code, line, the day on which it is read, due date and amount
PUBLICADOS = [
    ("00193373700000001000500940144816060680935031", "00190.50095 40144.816069 06809.350314 3 37370000000100", date(2007, 12, 1), date(2007, 12, 31), "1.00"),
    ("10499898100000214032006561000100040099726390", "10492.00650 61000.100042 00997.263900 9 89810000021403", HOJE, date(2022, 5, 10), "214.03"),
    ("23797000000000000004150090019801673500021140", "23794.15009 90019.801670 35000.211405 7 00000000000000", HOJE, None, "0.00"),
    ("23799755200003700003381260007827139500006330", "23793.38128 60007.827136 95000.063305 9 75520000370000", date(2026, 1, 1), date(2018, 6, 11), "3700.00"),
    ("00191386000000040000000002670001000000000017", "00190.00009 02670.001003 00000.000174 1 38600000004000", date(2008, 4, 1), date(2008, 5, 2), "40.00"),
    ("00191376900000135001238012345640420006190018", "00191.23801 12345.640424 00061.900189 1 37690000013500", date(2008, 1, 15), date(2008, 2, 1), "135.00"),
    ("75691953600000100001111101012312300000016001", "75691.11110 01012.312300 00000.160010 1 95360000010000", HOJE, date(2023, 11, 16), "100.00"),
    ("70794104200000645390001121193443600845801086", "70790.00118 21193.443609 08458.010868 4 10420000064539", HOJE, date(2025, 4, 5), "645.39"),
    ("34195819600000000621090063571277307144464000", "34191.09008 63571.277308 71444.640008 5 81960000000062", HOJE, date(2020, 3, 16), "0.62"),
    ("04194100100000550002111029000150000092744028", "04192.11107 29000.150002 00927.440289 4 10010000055000", date(2000, 6, 1), date(2000, 7, 4), "550.00"),
    ("04194100100000550002111029000150000092744028", "04192.11107 29000.150002 00927.440289 4 10010000055000", HOJE, date(2025, 2, 23), "550.00"),
]  # fmt: skip
LINHA = "34191.09008 63571.277308 71444.640008 5 81960000000062"
GUIA = "82630000001-3 23450123001-0 01234567901-8 05202470003-2"


@pytest.mark.parametrize(("codigo", "linha", "hoje", "vencimento", "valor"), PUBLICADOS)
def test_a_published_line_reads_as_what_it_was_issued_for(codigo, linha, hoje, vencimento, valor):
    lida = ler_linha(linha, hoje)

    assert (lida.codigo, lida.vencimento, lida.valor, lida.especie) == (codigo, vencimento, Decimal(valor), "boleto")
    assert formatar_linha(lida.linha) == linha
    assert linha_do_codigo(codigo) == lida.linha
    assert ler_linha(lida.linha, hoje) == lida


def test_a_line_of_arrecadacao_is_read_too_and_has_no_due_date():
    lida = ler_linha(GUIA, HOJE)

    assert (lida.especie, lida.valor, lida.vencimento) == (Especie.ARRECADACAO, Decimal("123.45"), None)
    assert lida.codigo == "82630000001234501230010123456790105202470003"
    assert formatar_linha(lida.linha) == GUIA


def test_a_reference_is_no_amount():
    assert ler_linha("84910000000-6 01001042202-9 31231000000-1 00000054321-7", HOJE).valor is None


@given(
    st.from_regex(r"(?!8)[0-9]{3}", fullmatch=True),
    st.dates(HOJE - timedelta(days=3000), HOJE + timedelta(days=5500)),
    st.decimals(0, Decimal("99999999.99"), places=2),
    st.from_regex(r"[0-9]{25}", fullmatch=True),
)
@example("237", date(2025, 2, 21), Decimal("0.01"), "0" * 25)
@example("237", date(2025, 2, 22), Decimal("99999999.99"), "9" * 25)
def test_any_boleto_survives_the_round_trip_through_its_line(banco, vencimento, valor, livre):
    linha = montar(banco=banco, vencimento=vencimento, valor=valor, livre=livre)
    lida = ler_linha(formatar_linha(linha), HOJE)

    assert (lida.linha, lida.valor, lida.vencimento) == (linha, valor, vencimento)
    assert (lida.codigo[:3], lida.codigo[19:]) == (banco, livre)
    assert linha_do_codigo(lida.codigo) == linha


@pytest.mark.parametrize("valor", ["0", "1234.56", "100000000.00", "99999999999.99"])
def test_without_a_due_date_the_amount_may_take_the_positions_of_the_factor(valor):
    lida = ler_linha(montar(banco="001", vencimento=None, valor=Decimal(valor), livre="1" * 25), HOJE)

    assert (lida.valor, lida.vencimento) == (Decimal(valor), None)


# The factor


@pytest.mark.parametrize(
    ("dia", "numero"),
    [
        (date(2000, 7, 3), 1000),
        (date(2025, 2, 21), 9999),
        (date(2025, 2, 22), 1000),
        (date(2025, 2, 23), 1001),
        (date(2049, 10, 13), 9999),
        (date(2049, 10, 14), 1000),
    ],
)
def test_the_factor_goes_back_to_1000_every_9000_days(dia, numero):
    assert fator(dia) == numero
    assert dia_do_fator(numero, dia) == dia


def test_before_the_first_factor_there_is_none():
    with pytest.raises(DadoInvalido, match="03/07/2000"):
        fator(date(2000, 7, 2))


@given(st.dates(date(2010, 1, 1), date(2100, 1, 1)), st.integers(-3000, 5500))
@example(HOJE, -3000)
@example(HOJE, 5500)
def test_in_the_window_a_factor_is_one_day(hoje, distancia):
    dia = hoje + timedelta(days=distancia)

    assert dia_do_fator(fator(dia), hoje) == dia


@given(st.dates(date(2010, 1, 1), date(2100, 1, 1)), st.integers(1, 499))
@example(HOJE, 1)
@example(HOJE, 499)
def test_the_reserved_factors_say_no_day(hoje, alem):
    """Neither 3000 days back nor 5500 ahead: it is not guessed."""
    assert dia_do_fator(fator(hoje + timedelta(days=5500 + alem)), hoje) is None


def test_an_old_factor_read_today_lands_ahead_or_nowhere():
    assert dia_do_fator(3769, HOJE) == date(2032, 9, 22)
    assert dia_do_fator(9536 - 5000, date(2008, 1, 1)) == date(2010, 3, 9)
    assert dia_do_fator(999, HOJE) is None


# What is refused


@pytest.mark.parametrize("posicao", range(47))
def test_any_single_typing_error_in_a_line_is_found(posicao):
    linha = "34191090086357127730871444640008581960000000062"
    outro = str((int(linha[posicao]) + 1) % 10)

    with pytest.raises(LinhaInvalida):
        ler_linha(linha[:posicao] + outro + linha[posicao + 1 :], HOJE)


@pytest.mark.parametrize(
    ("texto", "mensagem"),
    [
        ("", "só algarismos"),
        ("linha", "só algarismos"),
        (LINHA[:-1] + "²", "só algarismos"),
        (LINHA[:-1] + "٢", "só algarismos"),
        (LINHA + "\n", "só algarismos"),
        (LINHA[:-1], "foram informados 46"),
        (LINHA + "0", "foram informados 48|primeiro algarismo"),
        (LINHA + "00", "foram informados 49"),
        (GUIA[:-1], "que começa por 8 tem 48 algarismos; foram informados 47"),
        ("34191.09007 63571.277308 71444.640008 5 81960000000062", "campo 1"),
        ("34191.09008 63571.277309 71444.640008 5 81960000000062", "campo 2"),
        ("34191.09008 63571.277308 71444.640007 5 81960000000062", "campo 3"),
        ("34191.09008 63571.277308 71444.640008 6 81960000000062", "verificador geral"),
        ("34191.09008 63571.277308 71444.640008 5 81960000000063", "verificador geral"),
        ("34191.09008 63571.277308 71444.640008 0 81960000000062", "verificador geral"),
        ("34171.09000 63571.277308 71444.640008 5 81960000000062", "moeda 7"),
        ("82630000001-4 23450123001-0 01234567901-8 05202470003-2", "bloco 1"),
    ],
)
def test_what_is_no_line_is_refused_with_the_reason(texto, mensagem):
    with pytest.raises(LinhaInvalida, match=mensagem):
        ler_linha(texto, HOJE)


@given(st.text("0123456789", min_size=43, max_size=43))
def test_the_dv_geral_is_never_zero(digitos):
    """Any remainder: 0, 1 and 10 become 1, which is where it differs from arrecadação."""
    digitos = "3" + digitos[:2] + "9" + digitos[4:]
    achados = []
    for dv in range(10):
        try:
            linha_do_codigo(digitos[:4] + str(dv) + digitos[4:])
            achados.append(dv)
        except CodigoInvalido:
            pass

    soma = sum(int(d) * (2 + i % 8) for i, d in enumerate(reversed(digitos)))
    assert achados == [{0: 1, 1: 1, 10: 1}.get(soma % 11, 11 - soma % 11)]


@pytest.mark.parametrize(
    "trocas",
    [
        {"banco": "34"},
        {"banco": "801"},
        {"banco": "34²"},
        {"livre": "1" * 24},
        {"livre": "1" * 25 + "\n"},
        {"valor": Decimal("-0.01")},
        {"valor": Decimal("0.001")},
        {"valor": Decimal("NaN")},
        {"valor": Decimal("100000000.00")},
        {"valor": Decimal("100000000000.00"), "vencimento": None},
        {"vencimento": date(1999, 12, 31)},
    ],
)
def test_a_boleto_that_does_not_fit_its_positions_is_refused(trocas):
    with pytest.raises(DadoInvalido):
        montar(**{"banco": "341", "vencimento": HOJE, "valor": Decimal("1.00"), "livre": "1" * 25} | trocas)


def test_only_a_decimal_is_an_amount():
    with pytest.raises(TypeError):
        montar(banco="341", vencimento=HOJE, valor=1.5, livre="1" * 25)


@pytest.mark.parametrize("codigo", ["", "1" * 43, "8" + "1" * 43, "1" * 44 + "\n", "00190" + "1" * 39])
def test_a_code_that_is_no_boleto_gets_no_line(codigo):
    with pytest.raises(CodigoInvalido):
        linha_do_codigo(codigo)


def test_a_line_of_another_length_is_not_masked():
    with pytest.raises(LinhaInvalida, match="47 ou 48"):
        formatar_linha("1" * 44)


def test_in_another_currency_the_amount_is_not_reais():
    codigo = "34105" + "1" * 39
    dv = next(d for d in range(1, 10) if _confere(f"3410{d}" + codigo[5:]))

    assert ler_linha(linha_do_codigo(f"3410{dv}" + codigo[5:]), HOJE).valor is None


def _confere(codigo) -> bool:
    try:
        return bool(linha_do_codigo(codigo))
    except CodigoInvalido:
        return False
