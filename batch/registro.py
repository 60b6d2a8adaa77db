"""What can run. Domain apps register their steps here when they start, as `admin.py` registers models.

    @funcionalidade("gerar-mensagens-faturamento", unidades=localidades_a_gerar)
    def gerar(unidade: Trabalho) -> dict: ...

A step must be safe to run again: a worker may be lost in the middle of it.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol
from uuid import UUID

from batch.models import ProcessoIniciado


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


Executa = Callable[[Trabalho], "dict | Aguardar"]
Unidades = Callable[[ProcessoIniciado], Iterable[tuple[int, str]]]


def unidade_unica(iniciado: ProcessoIniciado) -> Iterable[tuple[int, str]]:
    """What a funcionalidade that is not divided has."""
    return [(0, "funcionalidade")]


@dataclass(frozen=True)
class Passo:
    codigo: str
    executa: Executa
    unidades: Unidades


_passos: dict[str, Passo] = {}


def funcionalidade(codigo: str, *, unidades: Unidades = unidade_unica) -> Callable[[Executa], Executa]:
    """Register the decorated function as the step `codigo`, run once for each (código, descrição) of `unidades`."""

    def registrar(executa: Executa) -> Executa:
        if codigo in _passos:
            raise ValueError(f'A funcionalidade "{codigo}" já está registrada.')
        _passos[codigo] = Passo(codigo, executa, unidades)
        return executa

    return registrar


def buscar(codigo: str) -> Passo:
    try:
        return _passos[codigo]
    except KeyError:
        raise NaoRegistrada(
            f'A funcionalidade "{codigo}" não está registrada: nenhum aplicativo instalado sabe executá-la.'
        ) from None


def registradas() -> list[str]:
    return sorted(_passos)


def remover(codigo: str) -> None:
    """Forget a step: for tests, which register their own."""
    _passos.pop(codigo, None)
