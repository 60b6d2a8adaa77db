"""What two senders are compared by: ratios of pairs, rates along a run, and the memory of who sends. Pure functions."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from statistics import median

MEGA = 1024 * 1024


@dataclass(frozen=True)
class Razao:
    """The ratio of each pair of runs, one right after the other."""

    pares: tuple[float, ...]

    @property
    def mediana(self) -> float:
        return median(self.pares)

    def como_json(self) -> dict:
        return {
            "mediana": round(self.mediana, 3),
            "minimo": round(min(self.pares), 3),
            "maximo": round(max(self.pares), 3),
            "pares": [round(par, 3) for par in self.pares],
        }


def razao(nossos: Sequence[float], deles: Sequence[float]) -> Razao:
    """Of rates: more than 1 is ours ahead."""
    return Razao(tuple(nosso / dele for nosso, dele in zip(nossos, deles, strict=True)))


@dataclass(frozen=True)
class Amostra:
    """What was seen `segundos` after the start: how many were recorded by then, and the memory of each process."""

    segundos: float
    registradas: int
    memoria: Mapping[int, int]  # bytes, by process


def instante(amostras: Sequence[Amostra], quantas: int) -> float:
    """When so many had been recorded, by a straight line between the samples around it."""
    for antes, depois in pairwise(amostras):
        if antes.registradas <= quantas <= depois.registradas and antes.registradas < depois.registradas:
            parte = (quantas - antes.registradas) / (depois.registradas - antes.registradas)
            return antes.segundos + parte * (depois.segundos - antes.segundos)
    raise ValueError(f"não se viu quando foram {quantas}")


def decimos(amostras: Sequence[Amostra]) -> tuple[float, float]:
    """The rate of the first tenth of a run and of the last, a second.

    The first begins after a hundredth, so that opening connections does not make the start look slow.
    """
    total = amostras[-1].registradas
    primeiro = instante(amostras, 11 * total // 100) - instante(amostras, total // 100)
    ultimo = amostras[-1].segundos - instante(amostras, total - total // 10)
    return total / 10 / primeiro, total / 10 / ultimo


def memoria_mb(amostras: Sequence[Amostra]) -> float:
    """The most that one process had."""
    return max((maior(amostra) for amostra in amostras), default=0) / MEGA


def crescimento(amostras: Sequence[Amostra]) -> float:
    """The most in the second half of the run ÷ the most in the first: about 1 when memory is flat."""
    meio = len(amostras) // 2
    return max(map(maior, amostras[meio:])) / max(map(maior, amostras[:meio]))


def maior(amostra: Amostra) -> int:
    return max(amostra.memoria.values(), default=0)
