"""Brazilian phones: split what was typed into DDD and number, and tell which can take an SMS.

Source: the numbering plan as carried by `phonenumbers`, with three holes closed: it calls eight-digit numbers that
start with 7 mobile, knows a DDD 30 in places, and parses a number without DDD. So a mobile is +55, one of the 67 DDDs,
9 and eight digits; a fixed line is a DDD, 2 to 5 and seven digits.
"""

import re

import phonenumbers

_FINAIS_POR_REGIAO = {
    1: "123456789",
    2: "12478",
    3: "1234578",
    4: "123456789",
    5: "1345",
    6: "123456789",
    7: "134579",
    8: "123456789",
    9: "123456789",
}
DDDS = frozenset(f"{regiao}{final}" for regiao, finais in _FINAIS_POR_REGIAO.items() for final in finais)

_CELULAR = re.compile(r"9[0-9]{8}")
_E164 = re.compile(r"55([1-9][1-9])(9[0-9]{8})")
_NACIONAL = re.compile(r"(?:\+?55)?([1-9][1-9])(9[0-9]{8}|[2-5][0-9]{7})")  # the length tells country 55 from DDD 55
_DIGITADO = re.compile(r"[0-9 ().+-]+")
_PONTUACAO = str.maketrans("", "", " ().-")
_OPERADORA_A_ESCOLHER = re.compile(r"0xx", re.IGNORECASE)


def celular_e164(ddd: str, numero: str) -> str | None:
    """The 13 digits of a mobile that can take an SMS, without plus ("5584987654321"), or None for any other phone.

    `ddd` and `numero` are digits only, as `normalizar_telefone` returns them. Every such mobile is valid for
    `phonenumbers` too (a test goes through them), so nothing is parsed here.
    """
    if ddd in DDDS and _CELULAR.fullmatch(numero):
        return f"55{ddd}{numero}"
    return None


def normalizar_telefone(texto: str) -> tuple[str, str]:
    """Split a typed Brazilian phone into DDD (2 digits) and number (8 digits if fixed, 9 if mobile).

    Takes masks, a leading zero, a carrier code ("0 15 84 …", "0xx84 …") and 55 with or without plus. Raises ValueError,
    with a message for the user, for anything that is not one mobile or fixed line with DDD: 0800, other countries,
    extensions, mobiles without the ninth digit.
    """
    digitado = _OPERADORA_A_ESCOLHER.sub("0", texto.replace("\N{NO-BREAK SPACE}", " ").strip(" "))
    if not _DIGITADO.fullmatch(digitado):
        raise ValueError("Telefone inválido: use só algarismos, espaços, parênteses, ponto e hífen.")
    nacional = digitado.translate(_PONTUACAO)
    dividido = _dividir(nacional) or _dividir(_pelo_plano(digitado))
    if dividido:
        return dividido
    if len(nacional) in (8, 9):
        raise ValueError("Telefone inválido: informe o DDD.")
    raise ValueError("Telefone inválido: informe o DDD e um número de celular (9 dígitos) ou fixo (8 dígitos).")


def formatar_telefone(ddd: str, numero: str, ramal: str = "") -> str:
    """A phone as GSAN shows it: "(84) 98765-4321 Ramal 12"."""
    telefone = f"({ddd}) {numero[:-4]}-{numero[-4:]}"
    return f"{telefone} Ramal {ramal}" if ramal else telefone


def formatar_destino(destino: str) -> str:
    """Where a message goes, for people: a mobile as `celular_e164` gives it gets its mask, an e-mail stays."""
    celular = _E164.fullmatch(destino)
    return formatar_telefone(*celular.groups()) if celular else destino


def _dividir(nacional: str) -> tuple[str, str] | None:
    """The rule alone, for 10 or 11 digits with or without 55: some fifteen times faster than parsing."""
    partes = _NACIONAL.fullmatch(nacional)
    return (partes[1], partes[2]) if partes and partes[1] in DDDS else None


def _pelo_plano(digitado: str) -> str:
    """The national number that `phonenumbers` reads in a Brazilian phone, or an empty text."""
    try:
        lido = phonenumbers.parse(digitado, "BR")
    except phonenumbers.NumberParseException:
        return ""
    return str(lido.national_number) if lido.country_code == 55 and phonenumbers.is_valid_number(lido) else ""
