"""`./avisa bench ponte`: `manage.py importar_gsan` of a whole GSAN, beside a bare COPY between two databases.

The source is a database of its own with GSAN's tables, filled once a run; each import goes to a new, empty database.
The bare COPY takes the rows that the import stored from that database to another new one, through a pipe, into the same
tables: their indexes, constraints and triggers, a transaction for each table, and nothing to read, check or compare.
"""

import argparse
import os
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import asdict, dataclass
from statistics import median

import psycopg2
from django.apps import apps
from django.db import connection
from django.db.models import Model

from bench import banco, base, saida
from bench.copia import Importada, NaoImportou, colunas, nova, rodar
from simuladores import gsan

APPS = ("cadastro", "faturamento")
RAZAO_MINIMA = 0.15
PARTE = 10  # how many times smaller the source is whose memory is compared
FOLGA_MB = 16  # what the larger one may take more: the allocator's, not the rows'


@dataclass(frozen=True)
class Par:
    """One import, and the bare COPY of its rows right after it."""

    segundos: float
    memoria_mb: int
    gravadas: int
    copy: float

    @property
    def razao(self) -> float:
        return self.copy / self.segundos


@dataclass(frozen=True)
class Resultado:
    linhas: int
    pares: list[Par]
    memoria_da_menor_mb: int
    de_novo: float  # seconds of a run that finds nothing changed

    @property
    def razoes(self) -> list[float]:
        return sorted(par.razao for par in self.pares)

    @property
    def razao(self) -> float:
        return round(median(self.razoes), 2)

    @property
    def memoria_mb(self) -> int:
        return max(par.memoria_mb for par in self.pares)

    def faltas(self) -> list[str]:
        """What was promised and is not so."""
        promessas = {
            f"a ponte tem {RAZAO_MINIMA} da velocidade do COPY nu ({self.razao})": self.razao >= RAZAO_MINIMA,
            f"a memória não cresce com o GSAN ({self.memoria_da_menor_mb} e {self.memoria_mb} MB)": self.memoria_mb
            <= self.memoria_da_menor_mb + FOLGA_MB,
        }
        return [promessa for promessa, cumprida in promessas.items() if not cumprida]


def executar(pedido: argparse.Namespace) -> int:
    vazia = base.guardada("vazia", lambda: None)
    clientes = max(pedido.linhas // gsan.LINHAS_POR_CLIENTE, PARTE)
    try:
        with _gsan(clientes // PARTE) as origem, nova(vazia) as nome:
            memoria_da_menor = _importar(nome, origem).memoria_mb
        with _gsan(clientes) as origem:
            medidos = [_par(vazia, origem, clientes) for _ in range(pedido.pares)]
    except NaoImportou as erro:
        return saida.invalida(str(erro))
    pares, de_novo = [par for par, _ in medidos], median(segundos for _, segundos in medidos)
    resultado = Resultado(clientes * gsan.LINHAS_POR_CLIENTE, pares, memoria_da_menor, de_novo)
    print(tabela(resultado), flush=True)
    saida.gravar(pedido, como_json(resultado))
    return saida.veredito(resultado.faltas())


@contextmanager
def _gsan(clientes: int) -> Iterator[str]:
    """A source with so many customers; removed in the end."""
    nome = f"{connection.settings_dict['NAME']}_bench_gsan"
    saida.dizer(f"{clientes * gsan.LINHAS_POR_CLIENTE} linhas no GSAN…")
    banco.criar(nome)
    try:
        with closing(psycopg2.connect(**banco.parametros(nome))) as conexao:
            conexao.autocommit = True
            with conexao.cursor() as cursor:
                for comando in (gsan.DDL, *gsan.povoar(clientes)):
                    cursor.execute(comando)
        yield nome
    finally:
        banco.apagar(nome)


def _par(vazia: str, origem: str, clientes: int) -> tuple[Par, float]:
    outra = f"{connection.settings_dict['NAME']}_bench_ponte"
    with nova(vazia) as nome:
        importada = _importar(nome, origem)
        linhas = {modelo: modelo.objects.count() for modelo in _modelos()}
        if sum(linhas.values()) < clientes * gsan.LINHAS_POR_CLIENTE:
            raise NaoImportou(f"a ponte gravou {sum(linhas.values())} linhas")
        de_novo = _importar(nome, origem)
        banco.criar(outra, vazia)
        try:
            base.se_puder("CHECKPOINT")
            copy = copiar([modelo for modelo, quantas in linhas.items() if quantas], nome, outra)
        finally:
            banco.apagar(outra)
    return Par(importada.segundos, importada.memoria_mb, sum(linhas.values()), copy), de_novo.segundos


def _importar(nome: str, origem: str) -> Importada:
    """By the command."""
    with tempfile.TemporaryDirectory() as pasta:
        opcoes = ["--url", banco.url(origem), "--saida", pasta, "--verbosity", "0"]
        return rodar(nome, [sys.executable, "manage.py", "importar_gsan", *opcoes])[0]


def _modelos() -> list[type[Model]]:
    return [modelo for app in APPS for modelo in apps.get_app_config(app).get_models()]


def copiar(modelos: list[type[Model]], de: str, para: str) -> float:
    """The rows of these tables from a database to another, through a pipe; the seconds that it took."""
    with (
        closing(psycopg2.connect(**banco.parametros(de))) as daqui,
        closing(psycopg2.connect(**banco.parametros(para))) as dali,
    ):
        inicio = time.perf_counter()
        for modelo in modelos:
            _despejar(daqui, dali, modelo._meta.db_table, colunas(modelo))
        return round(time.perf_counter() - inicio, 2)


def _despejar(daqui, dali, tabela_: str, nomes: str) -> None:
    leitura, escrita = os.pipe()
    with os.fdopen(leitura, "rb") as sai, dali.cursor() as cursor:
        cursor.execute(f"TRUNCATE {tabela_} CASCADE")  # what migrations stored
        fonte = threading.Thread(target=_encher, args=(daqui, escrita, tabela_, nomes))
        fonte.start()
        cursor.copy_expert(f"COPY {tabela_} ({nomes}) FROM STDIN", sai)
        fonte.join()
    dali.commit()


def _encher(daqui, escrita: int, tabela_: str, nomes: str) -> None:
    with os.fdopen(escrita, "wb") as entra, daqui.cursor() as cursor:
        cursor.copy_expert(f"COPY (SELECT {nomes} FROM {tabela_} ORDER BY 1) TO STDOUT", entra)


def tabela(resultado: Resultado) -> str:
    titulos = ["linhas lidas", "linhas gravadas", "ponte (s)", "linhas/s", "COPY (s)", "razão", "memória (MB)"]
    linhas = [
        [
            resultado.linhas,
            par.gravadas,
            par.segundos,
            round(resultado.linhas / par.segundos),
            par.copy,
            round(par.razao, 2),
            par.memoria_mb,
        ]
        for par in resultado.pares
    ]
    resumo = [
        ["ponte ÷ COPY", resultado.razao],
        ["memória (MB)", resultado.memoria_mb],
        [f"memória com {PARTE} vezes menos (MB)", resultado.memoria_da_menor_mb],
        ["de novo, sem nada mudado (s)", resultado.de_novo],
    ]
    return f"{saida.tabela(titulos, linhas)}\n\n{saida.tabela(['', ''], resumo)}"


def como_json(resultado: Resultado) -> dict:
    return {
        "razao": resultado.razao,
        "memoria_mb": resultado.memoria_mb,
        "memoria_da_menor_mb": resultado.memoria_da_menor_mb,
        "linhas": resultado.linhas,
        "de_novo": resultado.de_novo,
        "pares": [asdict(par) for par in resultado.pares],
    }
