"""CPF and CNPJ: check, clean, show and invent.

A document is kept as text, without mask, in 11 (CPF) or 14 (CNPJ) characters; it is never an integer, since the CNPJ
has letters from July 2026 on. Sources: IN RFB 2.229/2024 (value of a character is its ASCII code less 48) and GSAN's
`Util.java` for weights and messages.

The arithmetic is ours, not validate-docbr's: an import checks a million rows, ours takes a quarter of the time and has
none of the gaps a guard would have to close (CPF "191" padded with zeros, a trailing newline let through). A property
test holds the two equal.
"""

import random
import re
import string
from collections.abc import Sequence
from operator import mul

_CPF = re.compile(r"[0-9]{11}")
_CNPJ = re.compile(r"[0-9A-Z]{12}[0-9]{2}")
_LETRA = re.compile(r"[A-Z]")
MASCARA = str.maketrans("", "", " .-/\N{NO-BREAK SPACE}")
_VALOR = bytes((posicao - 48) % 256 for posicao in range(256))
_PESOS_CPF = (11, 10, 9, 8, 7, 6, 5, 4, 3, 2)
_PESOS_CNPJ = (6, 5, 4, 3, 2, 9, 8, 7, 6, 5, 4, 3, 2)


def cpf_valido(cpf: str) -> bool:
    """Whether `cpf` is 11 ASCII digits, not all the same, with both check digits right. No mask is accepted."""
    return bool(_CPF.fullmatch(cpf)) and cpf != cpf[0] * 11 and cpf[9:] == _digitos(cpf[:9], _PESOS_CPF)


def cnpj_valido(cnpj: str) -> bool:
    """Whether `cnpj` is 12 of [0-9A-Z] and two right check digits, and not all zeros. No mask, no lower case."""
    return bool(_CNPJ.fullmatch(cnpj)) and cnpj != "0" * 14 and cnpj[12:] == _digitos(cnpj[:12], _PESOS_CNPJ)


def normalizar_documento(texto: str) -> str:
    """Take the mask off a typed CPF or CNPJ and return its 11 or 14 characters, upper-cased.

    Zeros lost by a spreadsheet are not put back: ten digits could be a CPF or a mistake. Raises ValueError with a
    message for the user.
    """
    documento = texto.translate(MASCARA)
    if documento.isascii():  # only then is upper() one for one: "ı" would become a plain I
        documento = documento.upper()
    if len(documento) == 11:
        if cpf_valido(documento):
            return documento
        raise ValueError("Número do CPF inválido.")
    if len(documento) == 14:
        if cnpj_valido(documento):
            return documento
        raise ValueError("CNPJ inválido.")
    raise ValueError(f"CPF ou CNPJ inválido: o CPF tem 11 posições e o CNPJ, 14; foram informadas {len(documento)}.")


def formatar_documento(documento: str) -> str:
    """The document with its mask: 529.982.247-25 or 12.ABC.345/01DE-35. A text of another length comes back as is."""
    if len(documento) == 11:
        return f"{documento[:3]}.{documento[3:6]}.{documento[6:9]}-{documento[9:]}"
    if len(documento) == 14:
        return f"{documento[:2]}.{documento[2:5]}.{documento[5:8]}/{documento[8:12]}-{documento[12:]}"
    return documento


def mascarar(documento: str) -> str:
    """A CPF as people see it who may not see it whole, ***.456.789-**; a CNPJ is public, and comes with its mask."""
    return f"***.{documento[3:6]}.{documento[6:9]}-**" if len(documento) == 11 else formatar_documento(documento)


def gerar_cpf(aleatorio: random.Random) -> str:
    """A valid CPF drawn from `aleatorio`, for fictitious data. Two draws may coincide."""
    while True:
        base = f"{aleatorio.randrange(10**9):09d}"
        cpf = base + _digitos(base, _PESOS_CPF)
        if cpf_valido(cpf):
            return cpf


def gerar_cnpj(aleatorio: random.Random, alfanumerico: bool = False) -> str:
    """A valid CNPJ of a head office (order 0001), for fictitious data; `alfanumerico` puts a letter in its root."""
    caracteres = string.digits + string.ascii_uppercase if alfanumerico else string.digits
    while True:
        raiz = "".join(aleatorio.choices(caracteres, k=8))
        cnpj = raiz + "0001" + _digitos(raiz + "0001", _PESOS_CNPJ)
        if cnpj_valido(cnpj) and (_LETRA.search(raiz) or not alfanumerico):
            return cnpj


def _digitos(base: str, pesos: Sequence[int]) -> str:
    """Both check digits of `base` (ASCII). `pesos` are the second digit's; the first uses them less the head."""
    valores = base.encode("ascii").translate(_VALOR)
    primeiro = _digito(sum(map(mul, valores, pesos[1:])))
    segundo = _digito(sum(map(mul, valores, pesos)) + primeiro * pesos[-1])
    return f"{primeiro}{segundo}"


def _digito(soma: int) -> int:
    resto = soma % 11
    return 0 if resto < 2 else 11 - resto
