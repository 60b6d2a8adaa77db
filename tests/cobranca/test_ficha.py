"""The line of a ficha de compensação, bank by bank: what others published comes out digit by digit."""

from dataclasses import dataclass, replace
from datetime import date, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cobranca import ficha
from mensageria.pagamento import boleto
from mensageria.pagamento.arrecadacao import DadoInvalido


@dataclass(frozen=True)
class Conta:
    banco: str
    agencia: str = ""
    conta: str = ""
    convenio: str = ""
    carteira: str = ""


BB = Conta("001", agencia="9999", convenio="7777777", carteira="18")
CAIXA = Conta("104", agencia="1565", convenio="200656", carteira="14")
BRADESCO = Conta("237", agencia="0278", conta="0039232", carteira="06")
ITAU = Conta("341", agencia="0057", conta="12345", carteira="110")
CONTAS = (BB, CAIXA, BRADESCO, ITAU)


# Published: pyboleto's tests (BB, Bradesco, Itaú), hfsnetbr/boleto-utils (Caixa), mcrvaz/boleto-brasileiro-validator
# (Bradesco), starkbank/sdk-python (Itaú).
PUBLICADOS = [
    (BB, 87654, "2952.95", date(2011, 3, 8), "00196490000002952950000007777777000008765418"),
    (CAIXA, 9972639, "214.03", date(2022, 5, 10), "10499898100000214032006561000100040099726390"),
    (BRADESCO, 2125525, "8280.00", date(2011, 2, 5), "23794486900008280000278060000212552500392320"),
    (
        replace(BRADESCO, agencia="3381", conta="0000633", carteira="26"),
        78271395,
        "3700.00",
        date(2018, 6, 11),
        "23799755200003700003381260007827139500006330",
    ),
    (ITAU, 12345678, "123.45", date(2002, 5, 1), "34196166700000123451101234567880057123457000"),
    (
        replace(ITAU, agencia="1565", conta="13877", carteira="175"),
        12345678,
        "2952.95",
        date(2011, 3, 9),
        "34193490100002952951751234567861565138771000",
    ),
    (
        replace(ITAU, agencia="7307", conta="14446", carteira="109"),
        635712,
        "0.62",
        date(2020, 3, 16),
        "34195819600000000621090063571277307144464000",
    ),
]


@pytest.mark.parametrize(("conta", "numero", "valor", "vencimento", "codigo"), PUBLICADOS)
def test_published_bar_codes_come_out_digit_by_digit(conta, numero, valor, vencimento, codigo):
    linha = ficha.linha(conta, numero, valor=Decimal(valor), vencimento=vencimento)

    assert ficha.codigo_da_linha(linha) == codigo
    assert linha == boleto.linha_do_codigo(codigo)


@pytest.mark.parametrize(
    ("conta", "numero", "impresso", "beneficiario"),
    [
        (BB, 87654, "77777770000087654", "9999 / 7777777"),
        (CAIXA, 1, "14000000000000001-4", "1565 / 200656-1"),
        (replace(BRADESCO, carteira="19"), 2, "19/00000000002-8", "0278 / 0039232"),
        (replace(BRADESCO, carteira="19"), 1, "19/00000000001-P", "0278 / 0039232"),
        (ITAU, 12345678, "110/12345678-8", "0057 / 12345-7"),
    ],
)
def test_the_number_and_the_payee_are_written_as_the_bank_writes_them(conta, numero, impresso, beneficiario):
    banco = ficha.banco(conta.banco)

    assert (banco.nosso_numero(conta, numero), banco.beneficiario(conta)) == (impresso, beneficiario)


@given(
    conta=st.sampled_from(CONTAS),
    fracao=st.integers(1, 10**15 - 1),
    centavos=st.integers(1, 99_999_999_99),
    dias=st.integers(-2000, 2000),
)
def test_any_line_is_read_back_to_its_value_and_its_due_date(conta, fracao, centavos, dias):
    hoje = date(2026, 11, 10)
    numero = 1 + fracao % ficha.banco(conta.banco).maior_numero
    valor, vencimento = Decimal(centavos).scaleb(-2), hoje + timedelta(days=dias)

    lida = boleto.ler_linha(ficha.linha(conta, numero, valor=valor, vencimento=vencimento), hoje)

    assert (lida.valor, lida.vencimento, lida.especie) == (valor, vencimento, boleto.Especie.BOLETO)
    assert lida.codigo == ficha.codigo_da_linha(lida.linha)
    assert lida.codigo[:3] == conta.banco


@given(conta=st.sampled_from(CONTAS), numeros=st.lists(st.integers(1, 10**8 - 1), min_size=2, max_size=2, unique=True))
def test_two_numbers_never_make_the_same_line(conta, numeros):
    uma, outra = (ficha.linha(conta, n, valor=Decimal(1), vencimento=date(2026, 11, 10)) for n in numeros)

    assert uma != outra


def test_the_due_dates_around_the_rollover_of_the_factor():
    valor, hoje = Decimal("10"), date(2026, 11, 10)

    for dia in (date(2025, 2, 21), date(2025, 2, 22), date(2026, 12, 31)):
        assert boleto.ler_linha(ficha.linha(BB, 1, valor=valor, vencimento=dia), hoje).vencimento == dia
    assert ficha.linha(BB, 1, valor=valor, vencimento=date(2025, 2, 22))[33:37] == "1000"


@pytest.mark.parametrize(
    ("conta", "campo", "palavras"),
    [
        (Conta("033", agencia="1234"), "banco", "O banco 033 não tem layout de boleto aqui."),
        (replace(BB, convenio="123456"), "convenio", "Banco do Brasil: este campo tem 7 algarismos"),
        (replace(BB, carteira="1²"), "carteira", "Banco do Brasil: este campo tem 2 algarismos"),
        (replace(CAIXA, carteira="24"), "carteira", "Caixa: a carteira é 14"),
        (replace(CAIXA, convenio=""), "convenio", "Caixa: este campo tem 6 algarismos"),
        (replace(BRADESCO, conta="39232"), "conta", "Bradesco: este campo tem 7 algarismos"),
        (replace(ITAU, carteira="198"), "carteira", "A carteira 198 do Itaú tem outro campo livre"),
        (replace(ITAU, agencia="57"), "agencia", "Itaú: este campo tem 4 algarismos"),
    ],
)
def test_an_account_that_makes_no_right_boleto_is_refused_in_words(conta, campo, palavras):
    assert ficha.conferir_conta(conta)[campo].startswith(palavras)
    with pytest.raises(DadoInvalido):
        ficha.linha(conta, 1, valor=Decimal(1), vencimento=date(2026, 11, 10))


@pytest.mark.parametrize(("numero", "valor"), [(0, "1"), (10**10, "1"), (1, "0"), (1, "-1"), (1, "100000000.00")])
def test_a_number_or_an_amount_that_does_not_fit_is_refused(numero, valor):
    with pytest.raises(DadoInvalido):
        ficha.linha(BB, numero, valor=Decimal(valor), vencimento=date(2026, 11, 10))
