"""Tables as CSV files that spreadsheets open as pt-BR reads them, row by row.

A text that a spreadsheet would take for a formula gets an apostrophe: what customers and companies wrote is data.
"""

import csv
from collections.abc import Iterable, Iterator, Sequence
from datetime import date, datetime
from decimal import Decimal

from django.utils import timezone

from telas.campos import moeda

TIPO = "text/csv; charset=utf-8"
_BOM = "\ufeff"  # by it a spreadsheet knows UTF-8
_DE_FORMULA = ("=", "+", "-", "@", "\t", "\r")


class _Eco:
    """A file for csv.writer that gives back what is written."""

    def write(self, texto: str) -> str:
        return texto


def em_csv(colunas: Sequence[str], linhas: Iterable[Sequence]) -> Iterator[str]:
    """The file in pieces, in constant memory."""
    escrever = csv.writer(_Eco(), delimiter=";").writerow
    yield _BOM + escrever(colunas)
    for linha in linhas:
        yield escrever([_em_texto(valor) for valor in linha])


def sem_formula(texto: str) -> str:
    return f"'{texto}" if texto.startswith(_DE_FORMULA) else texto


def _em_texto(valor) -> str:
    if isinstance(valor, Decimal):
        return moeda(valor)
    if isinstance(valor, datetime):
        return f"{timezone.localtime(valor):%d/%m/%Y %H:%M:%S}"
    if isinstance(valor, date):
        return f"{valor:%d/%m/%Y}"
    return "" if valor is None else sem_formula(str(valor))
