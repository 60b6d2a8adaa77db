"""The fields of a company's answer, read strictly: one that is missing or of another kind breaks the contract, and the
failure names it by its path. No value is repeated in a failure: it may be somebody's document."""

import json
import re
import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Any, TypeVar
from xml.etree.ElementTree import Element, ParseError

from defusedxml import DefusedXmlException
from defusedxml.ElementTree import fromstring

from preventivo.operadoras.base import AcordoDaOperadora, Falha, FalhaDaOperadora

Escolha = TypeVar("Escolha")
CENTAVO = Decimal("0.01")
MAIOR_VALOR = Decimal("9999999999.99")
# As wide as preventivo.models keeps them.
NUMERO, DESCRICAO, LINHA, BENEFICIARIO, PIX = 40, 120, 60, 120, 512
_CNPJ = re.compile(r"[0-9A-Z]{12}[0-9]{2}")
_NAO_SE_GUARDA = {"Cc", "Cs"}  # controls, and halves of a character: the database refuses some


def fora_do_contrato(onde: str, esperado: str) -> FalhaDaOperadora:
    return FalhaDaOperadora(Falha.RESPOSTA, f"campo {onde}: esperado {esperado}")


# One value


def texto(valor: Any, onde: str, maximo: int) -> str:
    """Text with its spaces put in order."""
    if not isinstance(valor, str):
        raise fora_do_contrato(onde, "um texto")
    limpo = " ".join(valor.split())
    if len(limpo) > maximo or any(unicodedata.category(letra) in _NAO_SE_GUARDA for letra in limpo):
        raise fora_do_contrato(onde, f"um texto de até {maximo} caracteres")
    return limpo


def preenchido(valor: Any, onde: str, maximo: int) -> str:
    if not (limpo := texto(valor, onde, maximo)):
        raise fora_do_contrato(onde, "um texto não vazio")
    return limpo


def dinheiro(valor: Decimal, onde: str) -> Decimal:
    """Reais from zero up, in whole centavos."""
    if not (valor.is_finite() and 0 <= valor <= MAIOR_VALOR and valor == valor.quantize(CENTAVO)):
        raise fora_do_contrato(onde, "um valor em reais, com centavos inteiros")
    return abs(valor.quantize(CENTAVO))


def dinheiro_escrito(valor: Any, onde: str, separador: str) -> Decimal:
    """The same, from text with that decimal mark, two places and no thousands mark."""
    if not isinstance(valor, str) or not re.fullmatch(rf"[0-9]{{1,10}}{re.escape(separador)}[0-9]{{2}}", valor):
        raise fora_do_contrato(onde, f"um valor como 129{separador}90")
    return dinheiro(Decimal(valor.replace(separador, ".")), onde)


def parcela(valor: Any, onde: str) -> int:
    if not isinstance(valor, int) or isinstance(valor, bool) or not 1 <= valor <= 999:
        raise fora_do_contrato(onde, "um número de parcela, de 1 a 999")
    return valor


def data(valor: Any, onde: str, formato: str, exemplo: str) -> date:
    """A day, by a regular expression with the groups `a`, `m` and `d`."""
    partes = re.fullmatch(formato, valor) if isinstance(valor, str) else None
    try:
        dia = date(int(partes["a"]), int(partes["m"]), int(partes["d"])) if partes is not None else None
    except ValueError:
        dia = None
    if dia is None:
        raise fora_do_contrato(onde, f"uma data como {exemplo}")
    return dia


def data_iso(valor: Any, onde: str) -> date:
    return data(valor, onde, r"(?P<a>[0-9]{4})-(?P<m>[0-9]{2})-(?P<d>[0-9]{2})", "2026-11-30")


def escolha(valor: Any, onde: str, nomes: Mapping[str, Escolha]) -> Escolha:
    if not isinstance(valor, str) or valor not in nomes:
        raise fora_do_contrato(onde, " ou ".join(nomes))
    return nomes[valor]


def cnpj(valor: Any, onde: str) -> str:
    """14 characters, with the mask or without; empty when the company says none."""
    limpo = re.sub(r"[./\-]", "", texto(valor, onde, 18)).upper()
    if limpo and not _CNPJ.fullmatch(limpo):
        raise fora_do_contrato(onde, "um CNPJ")
    return limpo


def logico(valor: Any, onde: str) -> bool:
    if not isinstance(valor, bool):
        raise fora_do_contrato(onde, "verdadeiro ou falso")
    return valor


def pix(valor: Any, onde: str) -> str:
    """Not a space of it is touched: the lengths within count them."""
    if not isinstance(valor, str) or len(valor) > PIX or not valor.strip().isprintable():
        raise fora_do_contrato(onde, f"um texto de até {PIX} caracteres")
    return valor.strip()


# Whole answers


class Objeto:
    """An object of a JSON answer, `onde` being its path."""

    def __init__(self, dados: Any, onde: str = ""):
        if not isinstance(dados, dict):
            raise fora_do_contrato(onde or "(raiz)", "um objeto")
        self._dados, self._onde = dados, onde

    def caminho(self, nome: str) -> str:
        return f"{self._onde}.{nome}" if self._onde else nome

    def __getitem__(self, nome: str) -> tuple[Any, str]:
        """A field that must be there, and its path: what each reader above takes first."""
        if nome not in self._dados:
            raise fora_do_contrato(self.caminho(nome), "na resposta, e não está")
        return self._dados[nome], self.caminho(nome)

    def opcional(self, nome: str) -> tuple[Any, str] | None:
        """The same of a field that may be absent or null."""
        return None if self._dados.get(nome) is None else self[nome]

    def objetos(self, nome: str) -> list["Objeto"]:
        lista, onde = self[nome]
        if not isinstance(lista, list):
            raise fora_do_contrato(onde, "uma lista")
        return [Objeto(item, f"{onde}[{posicao}]") for posicao, item in enumerate(lista)]


def ler_json(corpo: bytes) -> Objeto:
    """An object whose numbers are exact: what has a point is a Decimal."""
    try:
        dados = json.loads(corpo.decode("utf-8"), parse_float=Decimal, parse_constant=_recusar_constante)
    except (ValueError, ArithmeticError, RecursionError):
        dados = None
    if dados is None:
        raise FalhaDaOperadora(Falha.RESPOSTA, "a resposta não é JSON")
    return Objeto(dados)


def _recusar_constante(nome: str):
    raise ValueError(nome)


def ler_xml(corpo: bytes) -> Element:
    """The root of an XML without DTD, so without entities of its own."""
    try:
        return fromstring(corpo, forbid_dtd=True)
    except (ParseError, DefusedXmlException, ValueError, LookupError):
        pass
    raise FalhaDaOperadora(Falha.RESPOSTA, "a resposta não é XML, ou traz uma DTD")


def e_o_mesmo_cpf(cpf: str, dito: Any, onde: str) -> None:
    """An answer about somebody else is never taken for this one."""
    if dito != cpf:
        raise fora_do_contrato(onde, "o CPF consultado")


def reunir(acordos: Iterable[AcordoDaOperadora]) -> list[AcordoDaOperadora]:
    """One of each number, in their order: an agreement said in parts is put together, a boleto repeated is kept once,
    and one repeated with other data breaks the contract."""
    reunidos: dict[str, AcordoDaOperadora] = {}
    for acordo in acordos:
        parte = reunidos.setdefault(acordo.numero, replace(acordo, boletos=()))
        boletos = {boleto.numero: boleto for boleto in parte.boletos}
        for boleto in acordo.boletos:
            if boletos.setdefault(boleto.numero, boleto) != boleto:
                raise FalhaDaOperadora(Falha.RESPOSTA, "um boleto veio duas vezes, com dados diferentes")
        reunidos[acordo.numero] = replace(parte, boletos=tuple(boletos.values()))
    return list(reunidos.values())
