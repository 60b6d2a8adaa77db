"""Read the first sheet of an .xlsx, apart: `python -m preventivo.xlsx COLUNAS < planilha.xlsx`.

A library that holds parts of the file whole reads what strangers made: it does so in a process that may take little
memory and time, and whose end ends nothing else. Each row that is not blank goes out as a line of JSON: its number, how
many bytes of the file were read so far, and its cells as text. Any status but 0: the file cannot be read.
"""

import json
import resource
import sys
import warnings
from collections.abc import Iterator
from datetime import date, datetime, time, timedelta
from typing import BinaryIO

import openpyxl

MEMORIA = 1 << 30  # bytes of address space
SEGUNDOS = 300  # of processor
MAXIMO_DE_LINHAS = 1 << 20  # of a sheet
MAXIMO_DA_CELULA = 1_000  # characters; more than any address


def linhas(arquivo: BinaryIO, colunas: int) -> Iterator[tuple[int, int, list[str]]]:
    """Number, bytes read and cells of each row that is not blank; what lies past `colunas` is not looked at."""
    planilha = openpyxl.load_workbook(arquivo, read_only=True, data_only=False, keep_links=False)
    aba = planilha.worksheets[0]
    aba.reset_dimensions()  # they may say anything
    lidos = 0
    for numero, linha in enumerate(aba.iter_rows(max_col=colunas, max_row=MAXIMO_DE_LINHAS), start=1):
        celulas = [_texto(celula) for celula in linha]
        if any(celulas):
            lidos = max(lidos, arquivo.tell())
            yield numero, lidos, celulas


def _texto(celula) -> str:
    """A whole number without its `.0`, and a formula as it is written: with its `=`."""
    valor = celula.value
    if valor is None:
        return ""
    if celula.data_type == "f":
        return f"={getattr(valor, 'text', valor)}".replace("==", "=", 1)[:MAXIMO_DA_CELULA]
    match valor:
        case bool():
            return "VERDADEIRO" if valor else "FALSO"
        case float() if valor.is_integer() and abs(valor) < 1e15:
            return str(int(valor))
        case float():
            return str(valor).replace(".", ",")
        case datetime() | date():
            return f"{valor:%d/%m/%Y}"
        case time() | timedelta():
            return str(valor)
    return str(valor)[:MAXIMO_DA_CELULA].strip()


def main() -> None:
    resource.setrlimit(resource.RLIMIT_AS, (MEMORIA, MEMORIA))
    resource.setrlimit(resource.RLIMIT_CPU, (SEGUNDOS, SEGUNDOS))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    warnings.simplefilter("ignore")
    if not openpyxl.DEFUSEDXML:
        raise RuntimeError("openpyxl would read XML without the guard of defusedxml")
    for linha in linhas(sys.stdin.buffer, int(sys.argv[1])):
        sys.stdout.write(json.dumps(linha) + "\n")


if __name__ == "__main__":
    main()
