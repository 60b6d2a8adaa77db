"""What Brazilians type, and what a field makes of it."""

from datetime import date, time
from decimal import Decimal

import pytest
from django import forms
from django.core.exceptions import ValidationError
from django.test.html import parse_html
from hypothesis import given
from hypothesis import strategies as st

from telas.campos import (
    CampoData,
    CampoHora,
    CampoInteiro,
    CampoMoeda,
    CampoReferencia,
    CampoSimNao,
    EscolhaLonga,
    moeda,
)


@pytest.mark.parametrize(
    ("texto", "valor"),
    [
        ("1.234,56", "1234.56"),
        ("1234,5", "1234.5"),
        ("R$ 12", "12"),
        ("1.234", "1234"),
        ("12.50", "12.50"),
        ("0,01", "0.01"),
        ("1.234.567,00", "1234567.00"),
    ],
)
def test_money_is_read_as_it_is_written_here(texto, valor):
    assert CampoMoeda().clean(texto) == Decimal(valor)


@pytest.mark.parametrize(
    "texto", ["doze", "1,2,3", "1.23.456", "12,345", "1e5", "NaN", "Infinity", "9" * 40, "--1", "１２"]
)
def test_what_is_no_money_is_refused(texto):
    with pytest.raises(ValidationError):
        CampoMoeda().clean(texto)


@given(st.decimals(min_value=0, max_value=Decimal("99999999.99"), places=2))
def test_money_shown_is_money_read(valor):
    assert CampoMoeda().clean(CampoMoeda().prepare_value(valor)) == valor
    assert CampoMoeda().clean(moeda(valor)) == valor


@pytest.mark.parametrize(("texto", "valor"), [("11/2026", 202611), ("012027", 202701), ("12/1999", 199912)])
def test_a_reference_is_month_and_year(texto, valor):
    assert CampoReferencia().clean(texto) == valor
    assert CampoReferencia().clean(CampoReferencia().prepare_value(valor)) == valor


@pytest.mark.parametrize("texto", ["13/2026", "00/2026", "1/2026", "2026/11", "11/0026", "11-2026"])
def test_another_reference_is_refused_in_gsans_words(texto):
    with pytest.raises(ValidationError, match=r"Ano mês de referência inválido\."):
        CampoReferencia().clean(texto)


def test_dates_and_hours_are_brazilian():
    assert CampoData().clean("01/02/2027") == date(2027, 2, 1)
    assert CampoData().prepare_value(date(2027, 2, 1)) == "01/02/2027"
    assert CampoHora().clean("14:30:05") == time(14, 30, 5)
    assert CampoHora().clean("14:30") == time(14, 30)
    assert CampoHora().prepare_value(time(9, 5)) == "09:05:00"


@pytest.mark.parametrize(
    ("campo", "texto", "mensagem"),
    [
        (CampoData(), "31/02/2027", "Data inválida"),
        (CampoData(), "2027-02-01", "Data inválida"),
        (CampoHora(), "25:00:00", "Hora inválida."),
        (CampoHora(), "agora", "Hora inválida."),
    ],
)
def test_another_date_or_hour_is_refused(campo, texto, mensagem):
    with pytest.raises(ValidationError, match=mensagem):
        campo.clean(texto)


@pytest.mark.parametrize("texto", ["-1", "1,5", "dois", "1e1", "٣", " 1 2"])
def test_a_number_of_two_digits_is_only_that(texto):
    with pytest.raises(ValidationError, match=r"Dias deve somente conter números positivos\."):
        CampoInteiro(digitos=2, label="Dias").clean(texto)


def test_a_number_with_more_digits_than_it_may_have_is_told_so():
    with pytest.raises(ValidationError, match=r"Dias tem mais de 2 dígitos\."):
        CampoInteiro(digitos=2, label="Dias").clean("100")


def test_a_number_may_be_left_out():
    assert CampoInteiro(digitos=2, label="Dias", required=False).clean("") is None
    assert CampoInteiro(digitos=2, label="Dias").clean(" 07 ") == 7
    assert CampoInteiro(digitos=2, label="Dias").clean(0) == 0


@pytest.mark.parametrize(("valor", "lido"), [("True", True), ("False", False), (True, True)])
def test_sim_and_nao_are_a_switch(valor, lido):
    assert CampoSimNao().clean(valor) is lido
    assert CampoSimNao().prepare_value(lido) == str(lido)


@pytest.mark.parametrize("valor", ["", None, 1, "1", "x"])
def test_a_long_choice_is_drawn_as_a_short_one(valor):
    escolhas = [("", "Todas"), (1, "A & <b>"), ("x", "X")]
    atributos = {"id": "id_n", "class": 'c"d', "required": True}

    longa, curta = (tipo(choices=escolhas).render("n", valor, atributos) for tipo in (EscolhaLonga, forms.Select))

    assert parse_html(longa) == parse_html(curta)
