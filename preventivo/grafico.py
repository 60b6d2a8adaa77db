"""The plot of the sends over time: bars, as whole numbers of a drawing that the page stretches."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

LARGURA, ALTURA = 1000, 200


@dataclass(frozen=True)
class Barra:
    momento: datetime
    quantos: int
    x: int
    y: int
    largura: int
    altura: int


@dataclass(frozen=True)
class Grafico:
    barras: list[Barra]
    maior: int
    total: int
    largura: int = LARGURA
    altura: int = ALTURA

    @property
    def inicio(self) -> datetime:
        return self.barras[0].momento

    @property
    def fim(self) -> datetime:
        return self.barras[-1].momento

    @property
    def pico(self) -> Barra:
        return max(self.barras, key=lambda barra: barra.quantos)


def barras(pontos: Sequence[tuple[datetime, int]]) -> Grafico | None:
    """A bar for each step, as high as its part of the highest; None while nothing was sent."""
    maior = max((quantos for _, quantos in pontos), default=0)
    if not maior:
        return None
    passo = LARGURA / len(pontos)
    vao = 1 if passo > 4 else 0
    return Grafico(
        barras=[
            Barra(
                momento=momento,
                quantos=quantos,
                x=round(posicao * passo),
                y=ALTURA - (altura := -(-ALTURA * quantos // maior)),
                largura=max(round((posicao + 1) * passo) - round(posicao * passo) - 3 * vao, 1),
                altura=altura,
            )
            for posicao, (momento, quantos) in enumerate(pontos)
        ],
        maior=maior,
        total=sum(quantos for _, quantos in pontos),
    )
