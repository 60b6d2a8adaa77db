"""Pages of a table by key: the millionth row costs what the first does, and no table is ever counted whole.

A page is asked with `apos` or `antes`, a cursor (the ordering values of the row beside it), and with `de`, the number
that its first row has, which the links carry.
"""

import base64
import json
from collections.abc import Mapping
from functools import cached_property

from django.contrib.humanize.templatetags.humanize import intcomma
from django.core.exceptions import ValidationError
from django.core.serializers.json import DjangoJSONEncoder
from django.db.models import Q, QuerySet
from django.http import QueryDict

LIMITE_DA_CONTAGEM = 10_000
TAMANHOS = (5, 10, 25, 50, 100)
_PROPRIOS = ("apos", "antes", "de")


class Pagina:
    """One page of `consulta`.

    `ordens` maps the name of an ordering, as it stands in `?ordem=` (with a "-" before it, descending), to the column
    it goes by: a field that is never NULL. The primary key breaks ties.
    """

    def __init__(
        self,
        consulta: QuerySet,
        parametros: QueryDict,
        *,
        ordens: Mapping[str, str],
        padrao: str,
        tamanho: int = 10,
    ):
        self._consulta, self._parametros, self._ordens = consulta, parametros, ordens
        self.tamanho = _inteiro(parametros.get("exibir"), tamanho)
        if self.tamanho not in TAMANHOS:
            self.tamanho = tamanho
        pedida = parametros.get("ordem", "")
        self.ordem = pedida if pedida.removeprefix("-") in ordens else padrao
        self.descendente = self.ordem.startswith("-")
        self._campos = [ordens[self.ordem.removeprefix("-")], "pk"]
        if self._campos[0] in ("pk", consulta.model._meta.pk.name):
            self._campos = ["pk"]
        self.linhas = self._buscar()

    # Its rows

    def _buscar(self) -> list:
        antes = self._cursor("antes")
        if antes is not None:
            linhas = self._pedaco(antes, descendente=not self.descendente)
            if len(linhas) > self.tamanho:
                self.tem_anterior = self.tem_proxima = True
                return linhas[: self.tamanho][::-1]
            # Nothing more before it: this is the first page, and it is shown whole.
        apos = self._cursor("apos") if antes is None else None
        linhas = self._pedaco(apos, descendente=self.descendente)
        self.tem_anterior = apos is not None
        self.tem_proxima = len(linhas) > self.tamanho
        return linhas[: self.tamanho]

    def _pedaco(self, cursor: list | None, *, descendente: bool) -> list:
        """One row more than fits, to know whether there is another page."""
        consulta = self._consulta.order_by(*(f"-{campo}" if descendente else campo for campo in self._campos))
        if cursor is not None:
            consulta = consulta.filter(_alem_de(self._campos, cursor, "lt" if descendente else "gt"))
        return list(consulta[: self.tamanho + 1])

    def _cursor(self, nome: str) -> list | None:
        """The values in a cursor, or None when there is none or somebody wrote nonsense there."""
        try:
            valores = json.loads(base64.urlsafe_b64decode(self._parametros[nome]))
            campos = [self._campo(campo) for campo in self._campos]
            lidos = [campo.to_python(valor) for campo, valor in zip(campos, valores, strict=True)]
            # What the column cannot hold would fail in the database.
            for campo, valor in zip(campos, lidos, strict=True):
                campo.run_validators(valor)
                str(valor).encode()
        except (KeyError, ValueError, TypeError, OverflowError, RecursionError, ValidationError):
            return None
        return None if any(valor is None or "\0" in str(valor) for valor in lidos) else lidos

    def _campo(self, nome: str):
        modelo = self._consulta.model
        partes = nome.split("__")
        for parte in partes[:-1]:
            modelo = modelo._meta.get_field(parte).related_model
        return modelo._meta.pk if partes[-1] == "pk" else modelo._meta.get_field(partes[-1])

    # Its words

    @cached_property
    def _contados(self) -> int:
        if not self.tem_anterior and not self.tem_proxima:
            return len(self.linhas)
        return self._consulta.order_by()[: LIMITE_DA_CONTAGEM + 1].count()

    @property
    def inicio(self) -> int:
        """The number of its first row."""
        return max(_inteiro(self._parametros.get("de"), 1), 1) if self.tem_anterior else 1

    @property
    def resumo(self) -> str:
        """Such as "1 ao 5 de 40 registros"; exact up to LIMITE_DA_CONTAGEM."""
        if not self.linhas:
            return "Nenhum registro"
        if self._contados == 1:
            return "1 registro"
        muitos = self._contados > LIMITE_DA_CONTAGEM
        total = f"mais de {intcomma(LIMITE_DA_CONTAGEM)}" if muitos else intcomma(self._contados)
        fim = self.inicio + len(self.linhas) - 1
        return f"{intcomma(self.inicio)} ao {intcomma(fim)} de {total} registros"

    # Its links

    @property
    def tamanhos(self) -> tuple[int, ...]:
        return TAMANHOS

    @property
    def demais_parametros(self) -> list[tuple[str, str]]:
        """What a form that changes the size must send again."""
        return [
            (nome, valor)
            for nome, valores in self._parametros.lists()
            for valor in valores
            if nome not in (*_PROPRIOS, "exibir")
        ]

    @property
    def primeira(self) -> str:
        return self._link()

    @property
    def anterior(self) -> str:
        if not self.linhas:
            return self.primeira
        return self._link(antes=self._cursor_de(self.linhas[0]), de=max(self.inicio - self.tamanho, 1))

    @property
    def proxima(self) -> str:
        return self._link(apos=self._cursor_de(self.linhas[-1]), de=self.inicio + len(self.linhas))

    def link_da_ordem(self, nome: str) -> str:
        """Order by it; when it already is, the other way round."""
        return self._link(ordem=f"-{nome}" if self.ordem == nome else nome)

    def sentido(self, nome: str) -> str:
        """The value of aria-sort for a column."""
        if self.ordem.removeprefix("-") != nome:
            return "none"
        return "descending" if self.descendente else "ascending"

    def _cursor_de(self, linha) -> str:
        valores = [_valor(linha, campo) for campo in self._campos]
        return base64.urlsafe_b64encode(json.dumps(valores, cls=_Codificador).encode()).decode()

    def _link(self, **mudancas) -> str:
        parametros = self._parametros.copy()
        for nome in _PROPRIOS:
            parametros.pop(nome, None)
        for nome, valor in mudancas.items():
            parametros[nome] = valor
        return f"?{parametros.urlencode()}"


class _Codificador(DjangoJSONEncoder):
    """Django's own cuts moments to milliseconds, and a cursor must name exactly one row."""

    def default(self, o):
        return o.isoformat() if hasattr(o, "isoformat") else super().default(o)


def _alem_de(campos: list[str], valores: list, sentido: str) -> Q:
    """Rows beyond `valores` in the order of `campos`; the first term lets an index start there."""
    if len(campos) == 1:
        return Q(**{f"{campos[0]}__{sentido}": valores[0]})
    (primeiro, desempate), (valor, chave) = campos, valores
    depois = Q(**{f"{primeiro}__{sentido}": valor}) | Q(**{f"{desempate}__{sentido}": chave})
    return Q(**{f"{primeiro}__{sentido}e": valor}) & depois


def _valor(linha, campo: str):
    for parte in campo.split("__"):
        linha = getattr(linha, parte)
    return linha


def _inteiro(texto, padrao: int) -> int:
    return int(texto) if texto and texto.isascii() and texto.isdigit() and len(texto) < 12 else padrao
