import phonenumbers
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from cadastro.telefones import DDDS, celular_e164, formatar_destino, normalizar_telefone

DOIS_DIGITOS = st.text("0123456789", min_size=2, max_size=2)
NUMERO = st.text("0123456789", min_size=7, max_size=10) | st.text("0123456789", min_size=8, max_size=8).map("9".__add__)


def celular_segundo_phonenumbers(ddd, numero):
    """The library's opinion plus the E.164 shape: valid, mobile, a DDD of two digits and 9 with eight digits."""
    try:
        lido = phonenumbers.parse(f"+55{ddd}{numero}")
    except phonenumbers.NumberParseException:
        return None
    e164 = phonenumbers.format_number(lido, phonenumbers.PhoneNumberFormat.E164)[1:]
    movel = phonenumbers.number_type(lido) == phonenumbers.PhoneNumberType.MOBILE
    certo = phonenumbers.is_valid_number(lido) and movel and e164 == f"55{ddd}{numero}"
    return e164 if certo and len(e164) == 13 and e164[4] == "9" else None


def test_there_are_67_ddds():
    assert len(DDDS) == 67
    assert not {"20", "23", "30", "36", "50", "52", "70", "72", "00", "10"} & DDDS


def test_a_mobile_becomes_thirteen_digits():
    assert celular_e164("84", "987654321") == "5584987654321"


@pytest.mark.parametrize(
    ("ddd", "numero"),
    [
        ("84", "32221234"),  # fixed line
        ("84", "87654321"),  # before the ninth digit
        ("84", "77654321"),  # trunking radio, which phonenumbers calls mobile
        ("30", "987654321"),
        ("", "987654321"),
        ("084", "987654321"),
        ("84", "987654321\n"),
        ("84", "98765-4321"),
        ("84", "٩٨٧٦٥٤٣٢١"),
        ("84", "9876543210"),
        ("80", "08001234"),
    ],
)
def test_what_takes_no_sms_has_no_e164(ddd, numero):
    assert celular_e164(ddd, numero) is None


@pytest.mark.parametrize("ddd", [f"{ddd:02d}" for ddd in range(100)])
@pytest.mark.parametrize("numero", ["900000000", "987654321", "999999999", "32221234", "77654321", "87654321"])
def test_in_every_ddd_the_rule_agrees_with_phonenumbers(ddd, numero):
    assert celular_e164(ddd, numero) == celular_segundo_phonenumbers(ddd, numero)


@settings(deadline=None)  # phonenumbers reads its tables on first use
@given(DOIS_DIGITOS, NUMERO)
def test_for_any_digits_the_rule_agrees_with_phonenumbers(ddd, numero):
    assert celular_e164(ddd, numero) == celular_segundo_phonenumbers(ddd, numero)


@pytest.mark.parametrize(
    "digitado",
    [
        "84987654321",
        "(84) 98765-4321",
        "84 9 8765 4321",
        "84.98765.4321",
        "(84)\N{NO-BREAK SPACE}98765-4321",
        " 84987654321 ",
        "084987654321",
        "(084) 98765-4321",
        "0 15 84 98765-4321",
        "01584987654321",
        "0xx84 98765-4321",
        "(0XX84) 98765-4321",
        "+55 84 98765-4321",
        "+55 (84) 98765-4321",
        "+5584987654321",
        "5584987654321",
        "55 84 98765-4321",
    ],
)
def test_however_it_is_typed_a_mobile_is_ddd_and_number(digitado):
    assert normalizar_telefone(digitado) == ("84", "987654321")


@pytest.mark.parametrize(
    ("digitado", "dividido"),
    [
        ("(84) 3222-1234", ("84", "32221234")),
        ("+55 11 2345-6789", ("11", "23456789")),
        ("(55) 99876-5432", ("55", "998765432")),  # Santa Maria: 55 is a DDD too
        ("55 3222-1234", ("55", "32221234")),
        ("+55 55 99876-5432", ("55", "998765432")),
    ],
)
def test_fixed_lines_and_ddd_55_are_split_right(digitado, dividido):
    assert normalizar_telefone(digitado) == dividido


@pytest.mark.parametrize("digitado", ["98765-4321", "3222-1234"])
def test_a_phone_without_ddd_asks_for_it(digitado):
    with pytest.raises(ValueError, match=r"informe o DDD\.$"):
        normalizar_telefone(digitado)


@pytest.mark.parametrize(
    "digitado",
    [
        "",
        "-",
        "84",
        "(84) 8765-4321",
        "(84) 7765-4321",
        "(30) 98765-4321",
        "0800 123 4567",
        "4004-1234",
        "190",
        "+1 202 555 0123",
        "+351 912 345 678",
        "+84 98765 4321",  # Viet Nam, not Rio Grande do Norte
        "84 3222-1234 ramal 12",
        "84 3222-1234/3222-1235",
        "84 98765-4321 84 98765-4322",
        "84987654321\n",
        "٨٤٩٨٧٦٥٤٣٢١",
        "\uff1884987654321",
        "84 9876-CASA",
    ],
)
def test_what_is_not_one_brazilian_phone_is_refused(digitado):
    with pytest.raises(ValueError, match="Telefone inválido"):
        normalizar_telefone(digitado)


@settings(deadline=None)  # phonenumbers reads its tables on first use
@given(st.from_regex(r"\+?(55)?[0-9]{8,13}", fullmatch=True))
@example("90" + "84987654321")
@example("55" * 6)
@example("+" + "84987654321")
def test_the_fast_path_splits_as_phonenumbers_does(digitos):
    try:
        dividido = normalizar_telefone(digitos)
    except ValueError:
        return
    lido = phonenumbers.parse(digitos, "BR")
    assert phonenumbers.is_valid_number(lido)
    assert str(lido.national_number) == "".join(dividido)


@settings(deadline=None)  # phonenumbers reads its tables on first use
@given(st.sampled_from(sorted(DDDS)), st.from_regex(r"(9[0-9]|[2-5])[0-9]{7}", fullmatch=True))
def test_every_number_of_the_plan_survives_every_prefix(ddd, numero):
    for prefixo in ("", "0", "+55", "55", "+55 ", "015", "0 21 "):
        assert normalizar_telefone(f"{prefixo}{ddd}{numero}") == (ddd, numero)


@pytest.mark.parametrize(
    ("destino", "visto"),
    [
        ("5584987654321", "(84) 98765-4321"),
        ("ana@exemplo.com.br", "ana@exemplo.com.br"),
        ("558432114321", "558432114321"),  # no mobile: as it is
        ("", ""),
    ],
)
def test_where_a_message_goes_is_shown_as_people_write_it(destino, visto):
    assert formatar_destino(destino) == visto
