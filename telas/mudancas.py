"""Entries of the audit in the words of who reads them: labels, Sim and Não, choices, names of what is pointed to."""

import json
import re
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import date, time
from decimal import Decimal
from difflib import SequenceMatcher

from django.apps import apps
from django.contrib.postgres.fields import ArrayField
from django.core.exceptions import FieldDoesNotExist
from django.db import connection, models
from django.utils.dateparse import parse_datetime
from django.utils.text import capfirst
from django.utils.timezone import localtime

from telas import auditoria
from telas.campos import moeda
from telas.models import EntradaAuditoria

VAZIO = "vazio"
LONGO = 120  # characters from which a text is shown by what differs in it
PARECIDOS = 0.4  # of two texts with less in common both are shown whole
MAIOR_COMPARACAO = 3_000  # words; of longer texts both are shown whole
AO_REDOR = 6  # words that are kept on each side of what differs
_CPF = re.compile(r"(?<!\d)(\d{3})(\.?)(\d{3})(\.?)(\d{3})(-?)(\d{2})(?!\d)")


@dataclass(frozen=True)
class Pedaco:
    """A part of two versions of a text: `igual`, `saiu` or `entrou`."""

    tipo: str
    texto: str


@dataclass(frozen=True)
class Mudanca:
    campo: str
    de: str
    para: str
    pedacos: tuple[Pedaco, ...] = ()
    segredo: bool = False  # `para` says what was done to it, and nothing else is known


@dataclass(frozen=True)
class Linha:
    """What became of one row."""

    numero: str
    nome: str
    mudancas: tuple[Mudanca, ...]


@dataclass
class Vista:
    """An entry as it is shown."""

    entrada: EntradaAuditoria
    titulo: str  # of the model
    nome: str
    mensagem: str
    linhas: list[Linha] = field(default_factory=list)
    ditas: list[Mudanca] = field(default_factory=list)
    colunas: list[tuple[str, int]] = field(default_factory=list)  # of an operation on many rows: label, how many

    @property
    def numero(self) -> str:
        """Of the row, when the entry speaks of one."""
        if len(self.linhas) == 1:
            return self.linhas[0].numero
        return self.entrada.objetos[0].partition(":")[2] if not self.linhas and self.entrada.objetos else ""


def mostrar(entradas: Iterable[EntradaAuditoria], *, cpf_inteiro: bool) -> list[Vista]:
    """All of them, with one query for the names of what they point to."""
    entradas = list(entradas)
    palavras = _Palavras(entradas, cpf_inteiro)
    return [palavras.vista(entrada) for entrada in entradas]


def titulo(codigo: str) -> str:
    """The name of a model by its label; that of one that there is no more is its label."""
    modelo = _modelo(codigo)
    if modelo is None:
        return codigo
    registrado = auditoria.do_codigo(codigo)
    return capfirst(str((registrado and registrado.titulo) or modelo._meta.verbose_name))


def mascarar(texto: str) -> str:
    """Of each CPF, the six digits in the middle alone."""
    return _CPF.sub(r"***\2\3\4\5\6**", texto)


class _Palavras:
    def __init__(self, entradas: list[EntradaAuditoria], cpf_inteiro: bool):
        self._cpf_inteiro = cpf_inteiro
        self._nomes = _nomes(_apontados(entradas))

    def vista(self, entrada: EntradaAuditoria) -> Vista:
        modelo, detalhes = _modelo(entrada.modelo), entrada.detalhes
        return Vista(
            entrada,
            titulo=titulo(entrada.modelo),
            nome=self._texto(entrada.nome),
            mensagem=self._texto(entrada.mensagem),
            linhas=[self._linha(modelo, entrada, linha) for linha in detalhes.get("linhas", ())],
            ditas=[self._mudanca(campo, de or "", para or "") for campo, de, para in detalhes.get("ditas", ())],
            colunas=sorted((_rotulo(modelo, coluna), n) for coluna, n in detalhes.get("colunas", {}).items()),
        )

    def _linha(self, modelo, entrada: EntradaAuditoria, linha: dict) -> Linha:
        antes, depois = linha["antes"], linha["depois"]
        colunas = [coluna for coluna in _na_ordem(modelo, antes | depois) if not self._calada(modelo, coluna, linha)]
        return Linha(
            linha["id"] or "",
            self._texto(linha["nome"]),
            tuple(self._da_coluna(modelo, coluna, antes, depois) for coluna in colunas),
        )

    @staticmethod
    def _calada(modelo, coluna: str, linha: dict) -> bool:
        """Of what came or went whole: the number, which stands beside it, and what was empty."""
        if linha["antes"] and linha["depois"]:
            return False
        campo, valor = _campo(modelo, coluna), (linha["antes"] or linha["depois"])[coluna]
        return bool(campo and campo.primary_key and not campo.is_relation) or valor in (None, "", [], {})

    def _da_coluna(self, modelo, coluna: str, antes: dict, depois: dict) -> Mudanca:
        campo, rotulo = _campo(modelo, coluna), _rotulo(modelo, coluna)
        registrado = auditoria.do_codigo(modelo._meta.label_lower) if modelo else None
        if registrado and coluna in registrado.colunas_secretas:
            return Mudanca(rotulo, "", _do_segredo(antes.get(coluna), depois.get(coluna)), segredo=True)
        return self._mudanca(rotulo, *(self._valor(campo, lado.get(coluna)) for lado in (antes, depois)))

    def _mudanca(self, rotulo: str, de: str, para: str) -> Mudanca:
        de, para = self._texto(de), self._texto(para)
        return Mudanca(rotulo, de, para, tuple(diferenca(de, para)))

    def _texto(self, texto: str) -> str:
        return texto if self._cpf_inteiro else mascarar(texto)

    def _valor(self, campo: models.Field | None, valor) -> str:
        if valor is None or valor == "":
            return ""
        if campo is not None and campo.is_relation:
            nome = self._nomes.get((campo.related_model, str(valor)), "")
            return f"{nome} ({valor})" if nome else f"nº {valor}"
        return em_palavras(campo, valor)


def em_palavras(campo: models.Field | None, valor) -> str:
    """A value as it stands in the database's JSON."""
    if valor is None:
        return ""
    if isinstance(valor, bool):
        return "Sim" if valor else "Não"
    if hasattr(campo, "em_palavras"):
        return campo.em_palavras(valor)
    if isinstance(campo, ArrayField) and isinstance(valor, list):
        return ", ".join(em_palavras(campo.base_field, um) for um in valor)
    escolhas = dict(getattr(campo, "flatchoices", None) or ())
    if not isinstance(valor, list | dict) and valor in escolhas:
        return str(escolhas[valor])
    if isinstance(campo, models.DecimalField):
        return moeda(Decimal(valor)) if campo.decimal_places == 2 else f"{valor}".replace(".", ",")
    if isinstance(valor, str) and isinstance(campo, models.DateField | models.TimeField):
        return _do_calendario(campo, valor)
    return json.dumps(valor, ensure_ascii=False, default=str) if isinstance(valor, list | dict) else str(valor)


def _do_calendario(campo: models.Field, valor: str) -> str:
    try:
        if isinstance(campo, models.DateTimeField):
            return f"{localtime(parse_datetime(valor)):%d/%m/%Y %H:%M:%S}"
        if isinstance(campo, models.DateField):
            return f"{date.fromisoformat(valor):%d/%m/%Y}"
        return f"{time.fromisoformat(valor):%H:%M:%S}"
    except (ValueError, TypeError, AttributeError):  # such as "infinity"
        return valor


def _do_segredo(antes: bool | None, depois: bool | None) -> str:
    if antes and depois:
        return "alterada"
    return "informada" if depois else "apagada"


# What differs in two texts


def diferenca(de: str, para: str) -> Iterator[Pedaco]:
    """What is the same, what went and what came, by words; nothing for short texts and for those with no likeness."""
    if not de or not para or (max(len(de), len(para)) < LONGO and "\n" not in de + para):
        return
    antes, depois = (re.findall(r"\s+|[^\s]+", texto) for texto in (de, para))
    if max(len(antes), len(depois)) > MAIOR_COMPARACAO:
        return
    comparacao = SequenceMatcher(None, antes, depois, autojunk=False)
    if comparacao.ratio() < PARECIDOS:
        return
    for tipo, a, b, c, d in comparacao.get_opcodes():
        if tipo == "equal":
            yield Pedaco("igual", _resumido(antes[a:b], no_inicio=a == 0, no_fim=b == len(antes)))
            continue
        if a < b:
            yield Pedaco("saiu", "".join(antes[a:b]))
        if c < d:
            yield Pedaco("entrou", "".join(depois[c:d]))


def _resumido(palavras: list[str], *, no_inicio: bool, no_fim: bool) -> str:
    """What did not change, near what did."""
    perto = 2 * AO_REDOR  # spaces count
    if len(palavras) <= 2 * perto + 1:
        return "".join(palavras)
    comeco = "" if no_inicio else "".join(palavras[:perto])
    fim = "" if no_fim else "".join(palavras[-perto:])
    return f"{comeco}…{fim}"


# Models and their fields


def _modelo(codigo: str) -> type[models.Model] | None:
    try:
        return apps.get_model(codigo)
    except (LookupError, ValueError):
        return None


def _campo(modelo, coluna: str) -> models.Field | None:
    """By its column; None for one that there is no more."""
    if modelo is None:
        return None
    try:
        campo = modelo._meta.get_field(coluna)
    except FieldDoesNotExist:
        return None
    return campo if campo.concrete else None


def _rotulo(modelo, coluna: str) -> str:
    campo = _campo(modelo, coluna)
    if campo is None:
        return coluna
    da_ligacao = modelo._meta.auto_created and campo.is_relation  # Django names these after its classes
    return capfirst(str((campo.related_model._meta if da_ligacao else campo).verbose_name))


def _na_ordem(modelo, colunas: Iterable[str]) -> list[str]:
    """As the model has them."""
    ordem = [campo.column for campo in modelo._meta.concrete_fields] if modelo else []
    posicao = {coluna: numero for numero, coluna in enumerate(ordem)}
    return sorted(colunas, key=lambda coluna: (posicao.get(coluna, len(ordem)), coluna))


# The names of what is pointed to


def _apontados(entradas: list[EntradaAuditoria]) -> dict[type[models.Model], set]:
    achados = defaultdict(set)
    for entrada in entradas:
        modelo = _modelo(entrada.modelo)
        for linha in entrada.detalhes.get("linhas", ()):
            for lado in (linha["antes"], linha["depois"]):
                for coluna, valor in lado.items():
                    campo = _campo(modelo, coluna)
                    if campo is not None and campo.is_relation and isinstance(valor, int | str):
                        achados[campo.related_model].add(valor)
    return achados


def _nomes(apontados: dict[type[models.Model], set]) -> dict[tuple[type[models.Model], str], str]:
    """In one query, whatever they are."""
    partes, valores, modelos = [], [], []
    for modelo, chaves in apontados.items():
        colunas = auditoria.colunas_do_nome(modelo)
        if not colunas:
            continue
        nome = ", ".join(f'"{coluna}"' for coluna in colunas)
        opcoes = modelo._meta
        partes.append(
            f"SELECT {len(modelos)}, \"{opcoes.pk.column}\"::text, concat_ws(' ', {nome})"
            f' FROM "{opcoes.db_table}" WHERE "{opcoes.pk.column}" = ANY(%s)'
        )
        valores.append(list(chaves))
        modelos.append(modelo)
    if not partes:
        return {}
    with connection.cursor() as cursor:
        cursor.execute(" UNION ALL ".join(partes), valores)
        return {(modelos[numero], chave): nome for numero, chave, nome in cursor.fetchall()}
