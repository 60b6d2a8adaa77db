"""The bar code of a water bill, in GSAN's way: what it puts in the 25 free positions of a code of arrecadação.

The rest of the code is FEBRABAN's (`mensageria.pagamento.arrecadacao`), and this module gives its names too. Source:
GSAN's UC0229. The free positions are a house convention: they are read back only from codes of segment 2 that carry
GSAN's fixed marks, and whoever reads a code of another issuer must compare `empresa` first.

Positions count from 1, left to right:

    type 3, conta:     20–22 localidade · 23–31 matrícula · "01" · MMAAAA · digit of the reference · "000" · "3"
    type 5, documento: 20–22 localidade · 23–31 matrícula · 32–40 sequencial · 41–42 tipo de documento · "1" · "5"
"""

import re
from dataclasses import dataclass
from decimal import Decimal
from functools import lru_cache

from cadastro.digitos import MAIOR_MATRICULA, modulo10
from mensageria.pagamento import arrecadacao
from mensageria.pagamento.arrecadacao import (
    MAIOR_VALOR,
    CodigoInvalido,
    DadoInvalido,
    ErroCodigoBarras,
    codigo_da_linha,
    formatar_linha,
    linha_digitavel,
    linha_formatada,
)

__all__ = [
    "MAIOR_VALOR",
    "TIPO_CONTA",
    "TIPO_DOCUMENTO_COBRANCA",
    "CodigoArrecadacao",
    "CodigoInvalido",
    "DadoInvalido",
    "ErroCodigoBarras",
    "ParametrosIncompletos",
    "codigo_conta",
    "codigo_da_linha",
    "codigo_documento",
    "formatar_linha",
    "ler",
    "linha_digitavel",
    "linha_formatada",
]

TIPO_CONTA = 3
TIPO_DOCUMENTO_COBRANCA = 5

_SEGMENTO_SANEAMENTO = 2
_LIVRE_CONTA = re.compile(r"([0-9]{3})([0-9]{9})01((?:0[1-9]|1[0-2])[1-9][0-9]{3})([0-9])0003")
_LIVRE_DOCUMENTO = re.compile(r"([0-9]{3})([0-9]{9})([0-9]{9})([0-9]{2})15")


class ParametrosIncompletos(ErroCodigoBarras):
    """A piece of the code is missing (GSAN's `atencao.parametros.incompletos.codigobarra`)."""


@dataclass(frozen=True, slots=True)
class CodigoArrecadacao:
    """A checked code. `valor` is None when the identifier (7 or 9) says that the field is not reais to charge.

    `identificacao` is what lies between `empresa` and the last position, `tipo`. The last five fields are those of
    GSAN's types 3 (with `referencia`, AAAAMM) and 5 (with `sequencial` and `tipo_documento`), None in other codes.
    """

    codigo: str
    segmento: int
    identificador: int
    valor: Decimal | None
    empresa: str
    identificacao: str
    tipo: int
    localidade: int | None = None
    matricula: int | None = None
    referencia: int | None = None
    sequencial: int | None = None
    tipo_documento: int | None = None


def codigo_conta(*, localidade: int, matricula: int, referencia: int, valor: Decimal, empresa: str, modulo: int) -> str:
    """The 44 digits of a conta (type 3). `referencia` is AAAAMM, `valor` reais, `modulo` 10 or 11.

    Raises ParametrosIncompletos when something is missing and DadoInvalido when something does not fit; TypeError when
    `valor` is not a Decimal. Zero is a valid amount here: whether it is announced is for the selection to say.
    """
    _exigir(localidade, matricula, referencia, valor, empresa, modulo)
    livre = f"{_localizacao(localidade, matricula)}01{_mes_ano(referencia)}000{TIPO_CONTA}"
    return _montar(valor, empresa, livre, modulo)


def codigo_documento(
    *,
    localidade: int,
    matricula: int,
    sequencial: int,
    tipo_documento: int,
    valor: Decimal,
    empresa: str,
    modulo: int,
) -> str:
    """The 44 digits of a documento de cobrança (type 5). Errors as in `codigo_conta`."""
    _exigir(localidade, matricula, sequencial, tipo_documento, valor, empresa, modulo)
    _exigir_faixa("O sequencial do documento", sequencial, 999_999_999)
    _exigir_faixa("O tipo do documento", tipo_documento, 99)
    livre = f"{_localizacao(localidade, matricula)}{sequencial:09d}{tipo_documento:02d}1{TIPO_DOCUMENTO_COBRANCA}"
    return _montar(valor, empresa, livre, modulo)


def ler(codigo44_or_linha48: str) -> CodigoArrecadacao:
    """Read a bar code (44) or a linha digitável (48), with or without spaces, points and hyphens.

    Raises CodigoInvalido; the message names the length found when it is neither.
    """
    lido = arrecadacao.ler(codigo44_or_linha48)
    return CodigoArrecadacao(
        codigo=lido.codigo,
        segmento=lido.segmento,
        identificador=lido.identificador,
        valor=lido.valor,
        empresa=lido.empresa,
        identificacao=lido.livre[:-1],
        tipo=int(lido.livre[-1]),
        **(_campos_gsan(lido.livre) if lido.segmento == _SEGMENTO_SANEAMENTO else {}),
    )


def _montar(valor: Decimal, empresa: str, livre: str, modulo: int) -> str:
    return arrecadacao.montar(segmento=_SEGMENTO_SANEAMENTO, valor=valor, empresa=empresa, livre=livre, modulo=modulo)


def _exigir(*partes: object) -> None:
    if None in partes or "" in partes:
        raise ParametrosIncompletos("Parâmetros incompletos para a geração do código de barras.")


def _exigir_faixa(nome: str, numero: int, maior: int) -> None:
    if not 1 <= numero <= maior:
        raise DadoInvalido(f"{nome} deve ir de 1 a {maior}.")


def _localizacao(localidade: int, matricula: int) -> str:
    """Localidade and matrícula in their 12 positions."""
    _exigir_faixa("A localidade", localidade, 999)
    _exigir_faixa("A matrícula", matricula, MAIOR_MATRICULA)
    return f"{localidade:03d}{matricula:09d}"


@lru_cache(maxsize=128)
def _mes_ano(referencia: int) -> str:
    """MMAAAA and its digit."""
    ano, mes = divmod(referencia, 100)
    if not (1000 <= ano <= 9999 and 1 <= mes <= 12):
        raise DadoInvalido("A referência da conta deve estar no formato AAAAMM.")
    mes_ano = f"{mes:02d}{ano}"
    return f"{mes_ano}{modulo10(mes_ano)}"


def _campos_gsan(livre: str) -> dict[str, int]:
    """The fields of GSAN's types 3 and 5 in the 25 free positions; empty when the fixed marks are not there."""
    if conta := _LIVRE_CONTA.fullmatch(livre):
        localidade, matricula, mes_ano, digito = conta.groups()
        if modulo10(mes_ano) != int(digito):
            return {}
        referencia = int(mes_ano[2:] + mes_ano[:2])
        return {"localidade": int(localidade), "matricula": int(matricula), "referencia": referencia}
    if documento := _LIVRE_DOCUMENTO.fullmatch(livre):
        nomes = ("localidade", "matricula", "sequencial", "tipo_documento")
        return dict(zip(nomes, map(int, documento.groups()), strict=True))
    return {}
