"""The boleto de cobrança: bar code of 44 positions, linha digitável of 47; and any line that somebody is to pay.

Sources: the specifications of Banco do Brasil, Itaú, Bradesco and Inter, and FEBRABAN's comunicado 082/2012.

Positions of the bar code count from 1:

    1–3 banco · 4 moeda · 5 DV geral · 6–9 fator de vencimento · 10–19 centavos · 20–44 free

The line is in another order: three fields, each with its digit (1–4 and 20–24; 25–34; 35–44), the DV geral, and 6–19.
"""

import re
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from enum import StrEnum
from itertools import cycle
from operator import mul

from cadastro.digitos import modulo10
from mensageria.pagamento import arrecadacao
from mensageria.pagamento.arrecadacao import CodigoInvalido, DadoInvalido, em_centavos

# Factor 1000 is this day, and again every 9000 days: on 2025-02-22, on 2049-10-14…
DIA_DO_FATOR_1000 = date(2000, 7, 3)
MENOR_FATOR, CICLO = 1000, 9000
# FEBRABAN's window: a factor is the one day among these, or says nothing.
DIAS_ATRAS, DIAS_ADIANTE = 3000, 5500

_MOEDAS = {"9", "0"}
_REAL = "9"
_BANCO = re.compile(r"(?!8)[0-9]{3}")
_LIVRE = re.compile(r"[0-9]{25}")
_CODIGO = re.compile(r"(?!8)[0-9]{44}")
_MAIOR_COM_FATOR = Decimal("99999999.99")  # a larger one takes the positions of the factor
_MAIOR_VALOR = Decimal("99999999999.99")  # and then the first of them stays 0
_CAMPOS = ((0, 9), (10, 20), (21, 31))  # of the line, each followed by its digit


class LinhaInvalida(ValueError):
    """What was given is no line that can be paid. The message is shown to the user."""


class Especie(StrEnum):
    BOLETO = "boleto"
    ARRECADACAO = "arrecadacao"


@dataclass(frozen=True, slots=True)
class Cobranca:
    """A line that checks in all its digits, and what it says.

    `valor` is None where the code has no amount in reais; zero, where the payer is to say how much. `vencimento` is
    None where the code has no due date, or one that the window does not tell.
    """

    codigo: str
    linha: str
    valor: Decimal | None
    vencimento: date | None
    especie: Especie


def ler_linha(texto: str, hoje: date) -> Cobranca:
    """Read a line of 47 digits (boleto) or 48 (arrecadação), with or without spaces, points and hyphens.

    `hoje` is what the due date is told from. Raises LinhaInvalida, which says what is wrong.
    """
    try:
        linha = arrecadacao.limpar(texto)
        if len(linha) == 48:
            guia = arrecadacao.ler(linha)
            return Cobranca(guia.codigo, linha, guia.valor, None, Especie.ARRECADACAO)
        if len(linha) == 47 and linha[0] != "8":
            codigo = _codigo_da_linha(linha)
            return Cobranca(codigo, linha, _valor(codigo), _vencimento(codigo, hoje), Especie.BOLETO)
    except CodigoInvalido as erro:
        raise LinhaInvalida(str(erro)) from erro
    if linha[0] == "8":
        raise LinhaInvalida(f"Uma linha digitável que começa por 8 tem 48 algarismos; foram informados {len(linha)}.")
    raise LinhaInvalida(f"A linha digitável do boleto tem 47 algarismos; foram informados {len(linha)}.")


def formatar_linha(linha: str) -> str:
    """The line as printed: `AAAAA.AAAAA BBBBB.BBBBBB CCCCC.CCCCCC D EEEEEEEEEEEEEE`, or the four blocks of arrecadação.

    Takes what `ler_linha` gives as `linha`; nothing is checked but its length.
    """
    if len(linha) == 48:
        return arrecadacao.formatar_linha(linha)
    if len(linha) != 47:
        raise LinhaInvalida(f"A linha digitável tem 47 ou 48 algarismos; foram informados {len(linha)}.")
    campos = (f"{linha[i : i + 5]}.{linha[i + 5 : fim + 1]}" for i, fim in _CAMPOS)
    return " ".join([*campos, linha[32], linha[33:]])


def montar(*, banco: str, vencimento: date | None, valor: Decimal, livre: str) -> str:
    """The 47 digits of the line of a boleto in reais; `livre` is the bank's own 25.

    An amount above R$ 99.999.999,99 leaves no room for a due date. Raises DadoInvalido when something does not fit.
    """
    if not _BANCO.fullmatch(banco):
        raise DadoInvalido("O código do banco deve ter 3 algarismos.")
    if not _LIVRE.fullmatch(livre):
        raise DadoInvalido("O campo livre do código de barras deve ter 25 algarismos.")
    centavos = em_centavos(valor, _MAIOR_VALOR if vencimento is None else _MAIOR_COM_FATOR)
    campo = f"{centavos:014d}" if vencimento is None else f"{fator(vencimento)}{centavos:010d}"
    resto = campo + livre
    return linha_do_codigo(f"{banco}{_REAL}{_dv_geral(banco + _REAL + resto)}{resto}")


def linha_do_codigo(codigo44: str) -> str:
    """The 47 digits to be typed. Raises CodigoInvalido unless the 44 are those of a boleto, DV geral and all."""
    if not _CODIGO.fullmatch(codigo44):
        raise CodigoInvalido("O código de barras de um boleto tem 44 algarismos e não começa por 8.")
    _conferir_dv_geral(codigo44)
    partes = (codigo44[:4] + codigo44[19:24], codigo44[24:34], codigo44[34:])
    return "".join([f"{parte}{modulo10(parte)}" for parte in partes]) + codigo44[4:19]


def fator(vencimento: date) -> int:
    """The fator de vencimento of a day, from 2000-07-03 on."""
    dias = (vencimento - DIA_DO_FATOR_1000).days
    if dias < 0:
        raise DadoInvalido("O fator de vencimento existe a partir de 03/07/2000.")
    return MENOR_FATOR + dias % CICLO


def dia_do_fator(numero: int, hoje: date) -> date | None:
    """The day of a factor, by FEBRABAN's window around `hoje`; None when no day in it has that factor."""
    if not MENOR_FATOR <= numero < MENOR_FATOR + CICLO:
        return None
    primeiro = DIA_DO_FATOR_1000 + timedelta(days=numero - MENOR_FATOR)
    atraso = (hoje - timedelta(days=DIAS_ATRAS) - primeiro).days
    dia = primeiro + timedelta(days=CICLO * max(0, -(-atraso // CICLO)))
    return dia if dia <= hoje + timedelta(days=DIAS_ADIANTE) else None


def _codigo_da_linha(linha: str) -> str:
    for numero, (inicio, fim) in enumerate(_CAMPOS, start=1):
        if modulo10(linha[inicio:fim]) != int(linha[fim]):
            raise CodigoInvalido(f"O dígito verificador do campo {numero} da linha digitável não confere.")
    codigo = linha[:4] + linha[32:] + linha[4:9] + linha[10:20] + linha[21:31]
    _conferir_dv_geral(codigo)
    return codigo


def _conferir_dv_geral(codigo: str) -> None:
    if codigo[3] not in _MOEDAS:
        raise CodigoInvalido(f"Não existe a moeda {codigo[3]} de boleto.")
    if _dv_geral(codigo[:4] + codigo[5:]) != int(codigo[4]):
        raise CodigoInvalido("O dígito verificador geral do código de barras não confere.")


def _dv_geral(digitos43: str) -> int:
    """Módulo 11 of a boleto: weights 2…9 from the right; 0, 10 and 11 become 1, so that it is never 0."""
    resto = sum(map(mul, map(int, reversed(digitos43)), cycle(range(2, 10)))) % 11
    return 1 if resto in (0, 1, 10) else 11 - resto


def _valor(codigo: str) -> Decimal | None:
    if codigo[3] != _REAL:
        return None
    return Decimal(codigo[5:19] if codigo[5] == "0" else codigo[9:19]).scaleb(-2)


def _vencimento(codigo: str, hoje: date) -> date | None:
    return dia_do_fator(int(codigo[5:9]), hoje)
