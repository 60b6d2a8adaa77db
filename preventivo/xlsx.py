"""Read the first sheet of an .xlsx, apart: `python -m preventivo.xlsx COLUNAS MEMORIA SEGUNDOS < planilha.xlsx`.

A library that holds parts of the file whole reads what strangers made: it does so in a process that may take little
memory and time, and whose end ends nothing else. Each row that is not blank goes out as a line of JSON: its number, how
many bytes of the file were read so far, and its cells as text. Any status but 0: the file cannot be read.
"""

import json
import resource
import sys
import warnings
from collections.abc import Iterator
from datetime import date, datetime
from typing import BinaryIO

import openpyxl
from openpyxl.worksheet.formula import ArrayFormula, DataTableFormula

MAXIMO_DE_LINHAS = 1 << 20  # of a sheet
MAXIMO_DA_CELULA = 1_000  # characters; more than any address


def linhas(arquivo: BinaryIO, colunas: int) -> Iterator[tuple[int, int, list[str]]]:
    """Number, bytes read and cells of each row that is not blank; what lies past `colunas` is not looked at."""
    planilha = openpyxl.load_workbook(arquivo, read_only=True, data_only=False, keep_links=False)
    aba = planilha.worksheets[0]
    aba.reset_dimensions()  # they may say anything
    lidos = 0
    linhas = aba.iter_rows(max_col=colunas, max_row=MAXIMO_DE_LINHAS, values_only=True)
    for numero, linha in enumerate(linhas, start=1):
        if linha.count(None) == len(linha):  # of those there may be a million
            continue
        ultima = next(posicao for posicao in range(len(linha) - 1, -1, -1) if linha[posicao] is not None)
        celulas = [_texto(valor) for valor in linha[: ultima + 1]]
        if any(celulas):
            lidos = max(lidos, arquivo.tell())
            yield numero, lidos, celulas


def _texto(valor) -> str:
    """A whole number without its `.0`. A formula comes as it is written: with its `=`."""
    match valor:
        case None:
            return ""
        case ArrayFormula() | DataTableFormula():
            return f"={(getattr(valor, 'text', None) or '').removeprefix('=')}"[:MAXIMO_DA_CELULA]
        case bool():
            return "VERDADEIRO" if valor else "FALSO"
        case float() if valor.is_integer() and abs(valor) < 1e15:
            return str(int(valor))
        case float():
            return str(valor).replace(".", ",")
        case datetime() | date():
            return f"{valor:%d/%m/%Y}"
    return str(valor)[:MAXIMO_DA_CELULA].strip()


def main() -> None:
    colunas, memoria, segundos = map(int, sys.argv[1:])
    resource.setrlimit(resource.RLIMIT_AS, (memoria, memoria))
    resource.setrlimit(resource.RLIMIT_CPU, (segundos, segundos))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    warnings.simplefilter("ignore")
    if not openpyxl.DEFUSEDXML:
        raise RuntimeError("openpyxl would read XML without the guard of defusedxml")
    for linha in linhas(sys.stdin.buffer, colunas):
        sys.stdout.write(json.dumps(linha) + "\n")


if __name__ == "__main__":
    main()
