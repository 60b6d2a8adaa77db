"""The bar code of arrecadação of a water bill: 44 positions, and the linha digitável of 48.

Sources: FEBRABAN, layout of arrecadação v7 (positions 1 to 19, check digits, linha digitável), and GSAN's UC0229 (the
25 free positions). The free positions are a house convention: they are read back only from codes of segment 2 that
carry GSAN's fixed marks, and whoever reads a code of another issuer must compare `empresa` first.

Positions count from 1, left to right:

    1 produto 8 · 2 segmento · 3 identificador de valor · 4 DV geral · 5–15 centavos · 16–19 empresa · 20–44 free
    type 3, conta:     20–22 localidade · 23–31 matrícula · "01" · MMAAAA · digit of the reference · "000" · "3"
    type 5, documento: 20–22 localidade · 23–31 matrícula · 32–40 sequencial · 41–42 tipo de documento · "1" · "5"
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from functools import lru_cache

from cadastro.digitos import MAIOR_MATRICULA, modulo10, modulo11

MAIOR_VALOR = Decimal("999999999.99")  # eleven positions of centavos
TIPO_CONTA = 3
TIPO_DOCUMENTO_COBRANCA = 5

_PRODUTO_E_SEGMENTO = "82"
_SEGMENTOS = "12345679"
_SEGMENTO_SANEAMENTO = 2
_SEGMENTO_POR_CNPJ = 6
_IDENTIFICADOR_EM_REAIS = {10: "6", 11: "8"}
_FUNCAO_DO_IDENTIFICADOR: dict[str, Callable[[str], int]] = {"6": modulo10, "7": modulo10, "8": modulo11, "9": modulo11}
_CENTAVO = Decimal("0.01")
_SO_DIGITOS = re.compile(r"[0-9]+")
_EMPRESA = re.compile(r"[0-9]{4}")
_MASCARA = str.maketrans("", "", " .-")
_LIVRE_CONTA = re.compile(r"([0-9]{3})([0-9]{9})01((?:0[1-9]|1[0-2])[1-9][0-9]{3})([0-9])0003")
_LIVRE_DOCUMENTO = re.compile(r"([0-9]{3})([0-9]{9})([0-9]{9})([0-9]{2})15")


class ErroCodigoBarras(ValueError):
    """Any refusal of this module. The message is shown to the user."""


class ParametrosIncompletos(ErroCodigoBarras):
    """A piece of the code is missing (GSAN's `atencao.parametros.incompletos.codigobarra`)."""


class DadoInvalido(ErroCodigoBarras):
    """A piece of the code does not fit its positions: an amount below zero, a matrícula of ten digits."""


class CodigoInvalido(ErroCodigoBarras):
    """What was read is not a code of arrecadação: wrong length, unknown identifier, a check digit that fails."""


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
    linha = _limpar(linha48)
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


def ler(codigo44_or_linha48: str) -> CodigoArrecadacao:
    """Read a bar code (44) or a linha digitável (48), with or without spaces, points and hyphens.

    Raises CodigoInvalido; the message names the length found when it is neither.
    """
    digitos = _limpar(codigo44_or_linha48)
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


def _montar(valor: Decimal, empresa: str, livre: str, modulo: int) -> str:
    """Put the 44 positions together around the 25 of `livre` and compute the DV geral."""
    if not _EMPRESA.fullmatch(empresa):
        raise DadoInvalido("O código da empresa na FEBRABAN deve ter 4 algarismos.")
    identificador = _IDENTIFICADOR_EM_REAIS.get(modulo)
    if identificador is None:
        raise DadoInvalido("O módulo do dígito verificador deve ser 10 ou 11.")
    inicio = _PRODUTO_E_SEGMENTO + identificador
    fim = f"{_centavos(valor):011d}{empresa}{livre}"
    return f"{inicio}{_FUNCAO_DO_IDENTIFICADOR[identificador](inicio + fim)}{fim}"


def _centavos(valor: Decimal) -> int:
    """`valor` (reais) in centavos, exactly: a float has already lost a cent, and a third place would be cut."""
    if not isinstance(valor, Decimal):
        raise TypeError(f"valor must be a Decimal, not {type(valor).__name__}")
    if not valor.is_finite() or not 0 <= valor <= MAIOR_VALOR:
        raise DadoInvalido("O valor deve ir de 0,00 a 999.999.999,99.")
    em_centavos = valor.quantize(_CENTAVO)
    if em_centavos != valor:
        raise DadoInvalido("O valor deve ter no máximo duas casas decimais.")
    return int(em_centavos.scaleb(2))


def _limpar(texto: str) -> str:
    digitos = texto.translate(_MASCARA)
    if not _SO_DIGITOS.fullmatch(digitos):
        raise CodigoInvalido("Informe só algarismos, separados ou não por espaços, pontos e hífens.")
    return digitos


def _funcao_do_codigo(codigo: str) -> Callable[[str], int]:
    """The check digit function that position 3 asks for, once the first three positions are legal."""
    if codigo[0] != "8":
        raise CodigoInvalido("Não é um código de arrecadação: o primeiro algarismo deve ser 8.")
    if codigo[1] not in _SEGMENTOS:
        raise CodigoInvalido(f"Não existe o segmento {codigo[1]} de arrecadação.")
    if codigo[2] not in _FUNCAO_DO_IDENTIFICADOR:
        raise CodigoInvalido(f"Não existe o identificador de valor {codigo[2]}.")
    return _FUNCAO_DO_IDENTIFICADOR[codigo[2]]


def _conferir_dv_geral(codigo: str, digito_de: Callable[[str], int]) -> None:
    if digito_de(codigo[:3] + codigo[4:]) != int(codigo[3]):
        raise CodigoInvalido("O dígito verificador geral do código de barras não confere.")


def _separar(codigo: str) -> CodigoArrecadacao:
    """Cut a checked code into its fields; in segment 6 the company is the eight digits of its CNPJ root."""
    segmento, identificador = int(codigo[1]), int(codigo[2])
    fim_da_empresa = 23 if segmento == _SEGMENTO_POR_CNPJ else 19
    return CodigoArrecadacao(
        codigo=codigo,
        segmento=segmento,
        identificador=identificador,
        valor=Decimal(codigo[4:15]).scaleb(-2) if identificador in (6, 8) else None,
        empresa=codigo[15:fim_da_empresa],
        identificacao=codigo[fim_da_empresa:43],
        tipo=int(codigo[43]),
        **(_campos_gsan(codigo[19:]) if segmento == _SEGMENTO_SANEAMENTO else {}),
    )


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
