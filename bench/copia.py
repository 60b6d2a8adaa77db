"""What the benches of imports share: a new database for each, a process whose time and memory count, the bare COPY."""

import os
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from django.conf import settings
from django.db import connection, transaction
from django.db.models import Model

from bench import banco, base


class NaoImportou(Exception):
    """The import ended with an error; the message is what it said."""


@dataclass(frozen=True)
class Importada:
    segundos: float
    memoria_mb: int


@contextmanager
def nova(vazia: str) -> Iterator[str]:
    """A new database with the tables empty, with Django connected to it; removed in the end."""
    nome = f"{connection.settings_dict['NAME']}_bench_importacao"
    banco.criar(nome, vazia)
    try:
        with base.conectado(nome):
            base.se_puder("CHECKPOINT")
            yield nome
    finally:
        banco.apagar(nome)


def rodar(nome: str, comando: list[str]) -> tuple[Importada, str]:
    """Run it on that database, in a process of its own, whose start counts; and what it said."""
    ambiente = os.environ | {"DATABASE_URL": banco.url(nome), "DJANGO_SETTINGS_MODULE": "config.settings"}
    with tempfile.TemporaryFile("w+") as dito:
        inicio = time.perf_counter()
        processo = subprocess.Popen(comando, cwd=settings.BASE_DIR, env=ambiente, stdout=dito, stderr=dito)
        _, estado, uso = os.wait4(processo.pid, 0)
        segundos = time.perf_counter() - inicio
        processo.returncode = os.waitstatus_to_exitcode(estado)
        dito.seek(0)
        linhas = dito.read().splitlines() or ["sem dizer por quê"]
        if processo.returncode:
            raise NaoImportou(f"a importação falhou: {linhas[-1]}")
    return Importada(round(segundos, 2), round(uso.ru_maxrss / 1024)), linhas[-1]


def exportar(modelo: type[Model], pasta: Path) -> int:
    with connection.cursor() as cursor, _arquivo(modelo, pasta).open("wb") as arquivo:
        cursor.copy_expert(
            f"COPY (SELECT {colunas(modelo)} FROM {modelo._meta.db_table} ORDER BY 1) TO STDOUT", arquivo
        )
        return cursor.rowcount


def copiar(modelos: list[type[Model]], pasta: Path) -> float:
    inicio = time.perf_counter()
    for modelo in modelos:
        with transaction.atomic(), connection.cursor() as cursor, _arquivo(modelo, pasta).open("rb") as arquivo:
            cursor.copy_expert(f"COPY {modelo._meta.db_table} ({colunas(modelo)}) FROM STDIN", arquivo)
    return round(time.perf_counter() - inicio, 2)


def _arquivo(modelo: type[Model], pasta: Path) -> Path:
    return pasta / f"{modelo._meta.db_table}.copy"


def colunas(modelo: type[Model]) -> str:
    """All but those that the database computes."""
    return ", ".join(campo.column for campo in modelo._meta.concrete_fields if not campo.generated)
