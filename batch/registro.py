"""What can run. Domain apps register their steps here when they start, as `admin.py` registers models.

    @funcionalidade("gerar-mensagens-faturamento", unidades=localidades_a_gerar)
    def gerar(unidade: Trabalho) -> dict: ...

A step must be safe to run again: a worker may be lost in the middle of it.
"""

import logging
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Protocol
from uuid import UUID

from django.db import transaction

from batch.models import DataAgendada, Processo, ProcessoIniciado

logger = logging.getLogger(__name__)


class PossePerdida(Exception):
    """Another runner took the unit, or it was restarted: nothing that this one still does may count."""


class NaoRegistrada(LookupError):
    """No installed app knows this funcionalidade. The message is shown on the process page."""


class _Posse(Protocol):
    def conferir(self) -> None: ...
    def progresso(self, feito: int, total: int) -> None: ...


@dataclass(frozen=True)
class Trabalho:
    """What a step gets: which unit, of which run, for whom, and what time it is.

    Made without `posse` it belongs to no stored unit, which is how a test calls a step by itself.
    """

    codigo: int
    execucao: UUID
    agora: datetime
    usuario_id: int | None = None
    posse: _Posse | None = None

    def progresso(self, feito: int, total: int) -> None:
        """Tell how far the unit is, as often as convenient: about one a second is written. May raise PossePerdida."""
        if self.posse:
            self.posse.progresso(feito, total)

    def conferir_posse(self) -> None:
        """Raise PossePerdida unless the unit is still this runner's.

        Inside a transaction nobody can take the unit from here to its end, so what is committed was done by its owner.
        """
        if self.posse:
            self.posse.conferir()


@dataclass(frozen=True)
class Aguardar:
    """A step's answer when it has not ended but has nothing to do for now: run it `segundos` after this start."""

    resultado: dict
    segundos: float = 30

    def __post_init__(self):
        if self.segundos <= 0:
            raise ValueError("Aguardar precisa de um tempo maior que zero.")


class Expediente(Protocol):
    """Hours in which a part of the work is done. Two of the same hours are equal."""

    def termina(self, inicio: datetime, duracao: timedelta) -> datetime | None:
        """When work of that length would end; None when it would not."""


@dataclass(frozen=True)
class Previsao:
    """What one unit would do: how many by (quadro, linha), as a page shows them, and the seconds that it would take.

    `estimada` tells that not all was looked at, and `problemas` says, to the operator, why the unit would fail. Where
    there are `expedientes`, the work is done only in them.
    """

    quantidades: Counter[tuple[str, str]] = field(default_factory=Counter)
    segundos: float = 0.0
    estimada: bool = False
    problemas: tuple[str, ...] = ()
    expedientes: frozenset[Expediente] = frozenset()


@dataclass(frozen=True)
class Pendencia:
    """Something that is missing, in words for the operator, and the name of the URL where it is mended.

    One that is not `grave` holds nothing back: it only explains why less may happen than is expected.
    """

    texto: str
    url: str
    grave: bool = True


Executa = Callable[[Trabalho], "dict | Aguardar"]
Unidades = Callable[[ProcessoIniciado], Iterable[tuple[int, str]]]
Simula = Callable[[Trabalho], Previsao]
Pendencias = Callable[[datetime], Iterable[Pendencia]]


def unidade_unica(iniciado: ProcessoIniciado) -> Iterable[tuple[int, str]]:
    """What a funcionalidade that is not divided has."""
    return [(0, "funcionalidade")]


@dataclass(frozen=True)
class Passo:
    codigo: str
    executa: Executa
    unidades: Unidades
    simula: Simula | None = None
    pendencias: Pendencias | None = None


_passos: dict[str, Passo] = {}


def funcionalidade(
    codigo: str,
    *,
    unidades: Unidades = unidade_unica,
    simula: Simula | None = None,
    pendencias: Pendencias | None = None,
) -> Callable[[Executa], Executa]:
    """Register the decorated function as the step `codigo`, run once for each (código, descrição) of `unidades`.

    `simula` tells what a unit would do: all that it writes is undone, and `unidades` gets an iniciado that is not
    stored. `pendencias` tells cheaply what the step still lacks at a given moment.
    """

    def registrar(executa: Executa) -> Executa:
        if codigo in _passos:
            raise ValueError(f'A funcionalidade "{codigo}" já está registrada.')
        _passos[codigo] = Passo(codigo, executa, unidades, simula, pendencias)
        return executa

    return registrar


def buscar(codigo: str) -> Passo:
    try:
        return _passos[codigo]
    except KeyError:
        raise NaoRegistrada(
            f'A funcionalidade "{codigo}" não está registrada: nenhum aplicativo instalado sabe executá-la.'
        ) from None


def pendencias(processo: Processo, agora: datetime) -> list[Pendencia]:
    """What the active funcionalidades of a process lack, each thing once, in the order in which they run."""
    achadas: list[Pendencia] = []
    for codigo in processo.funcionalidades.filter(ativo=True).values_list("codigo", flat=True):
        try:
            passo = buscar(codigo)
        except NaoRegistrada as erro:
            achadas.append(Pendencia(str(erro), "admin:batch_processo_changelist"))
            continue
        achadas += passo.pendencias(agora) if passo.pendencias else []
    return list(dict.fromkeys(achadas))


def registradas() -> list[str]:
    return sorted(_passos)


def remover(codigo: str) -> None:
    """Forget a step: for tests, which register their own."""
    _passos.pop(codigo, None)


# Errors


_para_o_operador: list[type[BaseException]] = [NaoRegistrada]


def fala_ao_operador(*classes: type[BaseException]) -> None:
    """Say of exceptions that their words are for the operator: the Log of a process shows them first."""
    _para_o_operador.extend(classes)


def e_para_o_operador(erro: BaseException) -> bool:
    return isinstance(erro, tuple(_para_o_operador))


# What others want to know, or to do


@dataclass(frozen=True)
class Resto:
    """What others go on doing for a run after it was cancelled, such as sending its messages.

    `cancelar` is called as `cancelar(execucao, usuario=…, motivo=…, agora=…)` by whoever has `permissao`, outside any
    transaction, and tells in words what it did.
    """

    nome: str
    permissao: str
    quantos: Callable[[UUID], int]
    cancelar: Callable[..., str]


AoTerminar = Callable[[ProcessoIniciado, datetime], object]
AoRecusar = Callable[[DataAgendada, datetime], object]
_ao_terminar: list[AoTerminar] = []
_ao_recusar: list[AoRecusar] = []
_restos: list[Resto] = []


def ao_terminar(funcao: AoTerminar) -> AoTerminar:
    """Have the decorated function called when a process ends, in the transaction that ends it."""
    _ao_terminar.append(funcao)
    return funcao


def ao_recusar(funcao: AoRecusar) -> AoRecusar:
    """Have the decorated function called when an agendamento could not command its process."""
    _ao_recusar.append(funcao)
    return funcao


def resto(um: Resto) -> None:
    _restos.append(um)


def restos() -> list[Resto]:
    return list(_restos)


def terminou(iniciado: ProcessoIniciado, agora: datetime) -> None:
    _contar(_ao_terminar, iniciado, agora)


def recusado(tomada: DataAgendada, agora: datetime) -> None:
    _contar(_ao_recusar, tomada, agora)


def _contar(funcoes: list[Callable], *argumentos) -> None:
    """Who cannot hear it undoes nothing."""
    for funcao in funcoes:
        try:
            with transaction.atomic():
                funcao(*argumentos)
        except Exception:
            logger.exception("%s falhou.", funcao)
