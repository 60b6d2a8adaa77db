"""The bar code of arrecadação, whoever its issuer: 44 positions, and the linha digitável of 48.

Source: FEBRABAN, layout of arrecadação v7. The 25 free positions are each issuer's own; a due date among them cannot be
told from other content, so none is read here.

Positions count from 1, left to right:

    1 produto 8 · 2 segmento · 3 identificador de valor · 4 DV geral · 5–15 centavos · 16–19 empresa · 20–44 free
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal

from cadastro.digitos import modulo10, modulo11

MAIOR_VALOR = Decimal("999999999.99")  # eleven positions of centavos

_PRODUTO = "8"
_SEGMENTOS = "12345679"
_SEGMENTO_POR_CNPJ = 6
_IDENTIFICADOR_EM_REAIS = {10: "6", 11: "8"}
_FUNCAO_DO_IDENTIFICADOR: dict[str, Callable[[str], int]] = {"6": modulo10, "7": modulo10, "8": modulo11, "9": modulo11}
_CENTAVO = Decimal("0.01")
_SO_DIGITOS = re.compile(r"[0-9]+")
_EMPRESA = re.compile(r"[0-9]{4}")
_LIVRE = re.compile(r"[0-9]{25}")
_MASCARA = str.maketrans("", "", " .-")


class ErroCodigoBarras(ValueError):
    """Any refusal about a bar code. The message is shown to the user."""


class DadoInvalido(ErroCodigoBarras):
    """A piece of the code does not fit its positions: an amount below zero, a company of five digits."""


class CodigoInvalido(ErroCodigoBarras):
    """What was read is not a code of arrecadação: wrong length, unknown identifier, a check digit that fails."""


@dataclass(frozen=True, slots=True)
class Arrecadacao:
    """A checked code. `valor` is None when the identifier (7 or 9) says that the field is not reais to charge.

    In segment 6 `empresa` is the eight digits of a CNPJ root; `livre` is all that follows it.
    """

    codigo: str
    segmento: int
    identificador: int
    valor: Decimal | None
    empresa: str
    livre: str


def montar(*, segmento: int, valor: Decimal, empresa: str, livre: str, modulo: int) -> str:
    """The 44 digits that charge `valor` (reais), with the DV geral by `modulo`, 10 or 11.

    Raises DadoInvalido when something does not fit, and TypeError when `valor` is not a Decimal. Zero fits.
    """
    if not _EMPRESA.fullmatch(empresa):
        raise DadoInvalido("O código da empresa na FEBRABAN deve ter 4 algarismos.")
    identificador = _IDENTIFICADOR_EM_REAIS.get(modulo)
    if identificador is None:
        raise DadoInvalido("O módulo do dígito verificador deve ser 10 ou 11.")
    if not _LIVRE.fullmatch(livre):
        raise DadoInvalido("O campo livre do código de barras deve ter 25 algarismos.")
    inicio = f"{_PRODUTO}{segmento}{identificador}"
    fim = f"{em_centavos(valor, MAIOR_VALOR):011d}{empresa}{livre}"
    return f"{inicio}{_funcao_do_codigo(inicio)(inicio + fim)}{fim}"


def em_centavos(valor: Decimal, maior: Decimal) -> int:
    """`valor` (reais) in centavos, exactly: a float has already lost a cent, and a third place would be cut."""
    if not isinstance(valor, Decimal):
        raise TypeError(f"valor must be a Decimal, not {type(valor).__name__}")
    if not valor.is_finite() or not 0 <= valor <= maior:
        ate = f"{maior:,.2f}".translate(str.maketrans(",.", ".,"))
        raise DadoInvalido(f"O valor deve ir de 0,00 a {ate}.")
    exato = valor.quantize(_CENTAVO)
    if exato != valor:
        raise DadoInvalido("O valor deve ter no máximo duas casas decimais.")
    return int(exato.scaleb(2))


def linha_digitavel(codigo44: str) -> str:
    """The 48 digits to be typed: four blocks of 11, each with its own digit. Raises CodigoInvalido."""
    if not _SO_DIGITOS.fullmatch(codigo44) or len(codigo44) != 44:
        raise CodigoInvalido("O código de barras deve ter 44 algarismos.")
    digito_de = _funcao_do_codigo(codigo44)
    _conferir_dv_geral(codigo44, digito_de)
    blocos = [codigo44[inicio : inicio + 11] for inicio in range(0, 44, 11)]
    return "".join([f"{bloco}{digito_de(bloco)}" for bloco in blocos])


def linha_formatada(codigo44: str) -> str:
    """The line as printed, 55 positions: four times `NNNNNNNNNNN-D`, a space between. Raises CodigoInvalido."""
    return formatar_linha(linha_digitavel(codigo44))


def formatar_linha(linha48: str) -> str:
    """`linha_formatada`, from what `linha_digitavel` returned."""
    return " ".join([f"{linha48[i : i + 11]}-{linha48[i + 11]}" for i in (0, 12, 24, 36)])


def codigo_da_linha(linha48: str) -> str:
    """The 44 digits behind a linha digitável, masked or not; its five check digits must be right.

    Raises CodigoInvalido, with a message that says which digit fails: a line may pass block by block and still fail
    the DV geral.
    """
    linha = limpar(linha48)
    if len(linha) != 48:
        raise CodigoInvalido(f"A linha digitável tem 48 algarismos; foram informados {len(linha)}.")
    blocos = [linha[inicio : inicio + 12] for inicio in range(0, 48, 12)]
    codigo = "".join(bloco[:11] for bloco in blocos)
    digito_de = _funcao_do_codigo(codigo)
    for numero, bloco in enumerate(blocos, start=1):
        if digito_de(bloco[:11]) != int(bloco[11]):
            raise CodigoInvalido(f"O dígito verificador do bloco {numero} da linha digitável não confere.")
    _conferir_dv_geral(codigo, digito_de)
    return codigo


def ler(codigo44_or_linha48: str) -> Arrecadacao:
    """Read a bar code (44) or a linha digitável (48), with or without spaces, points and hyphens.

    Raises CodigoInvalido; the message names the length found when it is neither.
    """
    digitos = limpar(codigo44_or_linha48)
    if len(digitos) == 48:
        codigo = codigo_da_linha(digitos)
    elif len(digitos) == 44:
        codigo = digitos
        _conferir_dv_geral(codigo, _funcao_do_codigo(codigo))
    else:
        raise CodigoInvalido(
            f"O código de barras tem 44 algarismos e a linha digitável, 48; foram informados {len(digitos)}."
        )
    return _separar(codigo)


def limpar(texto: str) -> str:
    """What was typed or printed, digits only. Raises CodigoInvalido for anything but spaces, points and hyphens."""
    digitos = texto.translate(_MASCARA)
    if not _SO_DIGITOS.fullmatch(digitos):
        raise CodigoInvalido("Informe só algarismos, separados ou não por espaços, pontos e hífens.")
    return digitos


def _funcao_do_codigo(codigo: str) -> Callable[[str], int]:
    """The check digit function that position 3 asks for, once the first three positions are legal."""
    if codigo[0] != _PRODUTO:
        raise CodigoInvalido("Não é um código de arrecadação: o primeiro algarismo deve ser 8.")
    if codigo[1] not in _SEGMENTOS:
        raise CodigoInvalido(f"Não existe o segmento {codigo[1]} de arrecadação.")
    if codigo[2] not in _FUNCAO_DO_IDENTIFICADOR:
        raise CodigoInvalido(f"Não existe o identificador de valor {codigo[2]}.")
    return _FUNCAO_DO_IDENTIFICADOR[codigo[2]]


def _conferir_dv_geral(codigo: str, digito_de: Callable[[str], int]) -> None:
    if digito_de(codigo[:3] + codigo[4:]) != int(codigo[3]):
        raise CodigoInvalido("O dígito verificador geral do código de barras não confere.")


def _separar(codigo: str) -> Arrecadacao:
    segmento, identificador = int(codigo[1]), int(codigo[2])
    fim_da_empresa = 23 if segmento == _SEGMENTO_POR_CNPJ else 19
    return Arrecadacao(
        codigo=codigo,
        segmento=segmento,
        identificador=identificador,
        valor=Decimal(codigo[4:15]).scaleb(-2) if identificador in (6, 8) else None,
        empresa=codigo[15:fim_da_empresa],
        livre=codigo[fim_da_empresa:],
    )
