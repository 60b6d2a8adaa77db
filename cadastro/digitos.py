"""Check digits of arrecadação and of the matrícula.

Sources: FEBRABAN, layout of arrecadação v7 (módulo 10 and 11 of the guia), and GSAN's `Util.java`, which uses the same
two functions for the bar code, the conta and the matrícula. The módulo 11 of a *boleto* ends differently (0, 10 and 11
become 1): it is another function and does not live here.
"""

from itertools import cycle
from operator import mul

_VALOR = bytes((posicao - 48) % 256 for posicao in range(256))
_DOBRO = bytes(sum(divmod(2 * digito, 10)) for digito in range(10)).ljust(256, b"\0")  # its digits added

MAIOR_MATRICULA = 999_999_999  # the bar code gives it nine positions


def modulo10(digitos: str) -> int:
    """Módulo 10 digit: weights 2, 1, 2, 1… from the right, digits of each product added. The same as Luhn.

    Takes one or more ASCII digits; anything else raises ValueError.
    """
    valores = _digitos(digitos).encode("ascii").translate(_VALOR)
    return -(sum(valores[::-2].translate(_DOBRO)) + sum(valores[-2::-2])) % 10


def modulo11(digitos: str) -> int:
    """Módulo 11 digit of arrecadação: weights 2…9 from the right, repeating; remainders 0 and 1 give 0, 10 gives 1.

    Takes one or more ASCII digits; anything else raises ValueError.
    """
    valores = _digitos(digitos).encode("ascii")[::-1].translate(_VALOR)
    resto = sum(map(mul, valores, cycle(range(2, 10)))) % 11
    return 0 if resto < 2 else 11 - resto


def matricula_com_digito(sequencial: int) -> int:
    """Matrícula of an imóvel: its sequence number followed by its módulo 11 digit (GSAN; 1234567 gives 12345679).

    Raises ValueError when `sequencial` is not positive or the result would pass nine positions.
    """
    if not 0 < sequencial <= MAIOR_MATRICULA // 10:
        raise ValueError(f"O sequencial da matrícula deve ir de 1 a {MAIOR_MATRICULA // 10}.")
    return sequencial * 10 + modulo11(str(sequencial))


def matricula_valida(matricula: int) -> bool:
    """Whether `matricula` has two to nine positions and ends in its own módulo 11 digit."""
    if not 10 <= matricula <= MAIOR_MATRICULA:
        return False
    sequencial, digito = divmod(matricula, 10)
    return modulo11(str(sequencial)) == digito


def formatar_matricula(matricula: int) -> str:
    """The matrícula as GSAN shows it, a point before the digit: 12345679 becomes "1234567.9"."""
    sequencial, digito = divmod(matricula, 10)
    return f"{sequencial}.{digito}"


def _digitos(texto: str) -> str:
    if not (texto.isascii() and texto.isdigit()):
        raise ValueError("O dígito verificador se calcula sobre algarismos de 0 a 9.")
    return texto
