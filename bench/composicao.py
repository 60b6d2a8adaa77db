"""`./avisa bench composicao`: the generation of process 336 beside a bare `INSERT … SELECT` of the same rows.

The bare one puts the messages and the left-out rows, made already, into copies of the two tables, in one transaction. A
copy has what its table has (columns, defaults, checks, indexes, foreign keys) but the trigger: the bare one counts
nothing. With `--sem-chaves` it does not check what it points to either.
"""

import argparse
import json
import os
import subprocess
import sys
import time
from dataclasses import asdict, dataclass
from statistics import median

from django.conf import settings
from django.db import connection, transaction

from bench import banco, base, saida
from mensageria.models import Mensagem, NaoGerada

TABELAS = (Mensagem._meta.db_table, NaoGerada._meta.db_table)
RAZAO_MINIMA, CRESCIMENTO_MAXIMO, MEMORIA_MAXIMA = 0.5, 12, 300
PARTE = 10  # how many times smaller the other base is


class NaoGerou(Exception):
    """The generation ended with an error; the message is what it said."""


@dataclass(frozen=True)
class Par:
    """One generation, and the bare insert of its rows right after it."""

    mensagens: int
    de_fora: int
    segundos: float
    memoria_mb: int
    nu: float

    @property
    def razao(self) -> float:
        return self.nu / self.segundos

    @property
    def por_segundo(self) -> int:
        return round((self.mensagens + self.de_fora) / self.segundos)


@dataclass(frozen=True)
class Resultado:
    """The pairs of each size, by its imóveis, the smaller one first."""

    pares: dict[int, list[Par]]

    @property
    def maiores(self) -> list[Par]:
        return self.pares[max(self.pares)]

    @property
    def razoes(self) -> list[float]:
        return sorted(par.razao for par in self.maiores)

    @property
    def insert_select(self) -> float:
        return round(median(self.razoes), 2)

    @property
    def milhao(self) -> float:
        """How much longer the larger base takes."""
        menor, maior = (median(par.segundos for par in self.pares[imoveis]) for imoveis in sorted(self.pares))
        return round(maior / menor, 1)

    @property
    def memoria_mb(self) -> int:
        return max(par.memoria_mb for pares in self.pares.values() for par in pares)

    def faltas(self) -> list[str]:
        """What was promised and is not so."""
        promessas = {
            f"a geração tem {RAZAO_MINIMA} da velocidade do INSERT nu ({self.insert_select})": self.insert_select
            >= RAZAO_MINIMA,
            f"dez vezes as contas levam até {CRESCIMENTO_MAXIMO} vezes o tempo ({self.milhao})": self.milhao
            <= CRESCIMENTO_MAXIMO,
            f"o trabalhador fica em {MEMORIA_MAXIMA} MB ({self.memoria_mb})": self.memoria_mb <= MEMORIA_MAXIMA,
        }
        return [promessa for promessa, cumprida in promessas.items() if not cumprida]


def executar(pedido: argparse.Namespace) -> int:
    pares = {}
    try:
        for imoveis in (max(pedido.imoveis // PARTE, 1), pedido.imoveis):
            nome = base.pronta(imoveis, refazer=pedido.refazer)
            with base.conectado(nome):
                pares[imoveis] = [_par(nome, imoveis, not pedido.sem_chaves) for _ in range(pedido.pares)]
                _esvaziar()
    except NaoGerou as erro:
        return saida.invalida(str(erro))
    resultado = Resultado(pares)
    print(tabela(resultado), flush=True)
    saida.gravar(pedido, como_json(resultado))
    return saida.veredito(resultado.faltas())


def _par(nome: str, imoveis: int, chaves: bool) -> Par:
    saida.dizer(f"{imoveis} imóveis…")
    _esvaziar()
    base.se_puder("CHECKPOINT")
    gerado = _gerar(nome)
    base.se_puder("CHECKPOINT")
    return Par(mensagens=Mensagem.objects.count(), de_fora=NaoGerada.objects.count(), nu=_inserir_nu(chaves), **gerado)


def _esvaziar() -> None:
    """Take away what a run left: what it generated, and itself."""
    with connection.cursor() as cursor:
        cursor.execute("TRUNCATE mensageria_lote, mensageria_naogerada, batch_processoiniciado CASCADE")


def _gerar(nome: str) -> dict:
    ambiente = os.environ | {"DATABASE_URL": banco.url(nome), "DJANGO_SETTINGS_MODULE": "config.settings"}
    feito = subprocess.run(
        [sys.executable, "-m", "bench.gerar_mensagens"],
        cwd=settings.BASE_DIR,
        env=ambiente,
        capture_output=True,
        text=True,
    )
    if feito.returncode:
        raise NaoGerou(f"a geração falhou: {(feito.stderr.splitlines() or ['sem dizer por quê'])[-1]}")
    return json.loads(feito.stdout)


def _inserir_nu(chaves: bool) -> float:
    """Seconds of the bare insert, its commit included."""
    with connection.cursor() as cursor:
        for tabela in TABELAS:
            cursor.execute(f"CREATE TABLE nua_{tabela} (LIKE {tabela} INCLUDING ALL)")
            for comando in _o_que_like_nao_copia(cursor, tabela, chaves):
                cursor.execute(comando)
        try:
            inicio = time.perf_counter()
            with transaction.atomic():
                for tabela in TABELAS:
                    colunas = _colunas(tabela)
                    cursor.execute(f"INSERT INTO nua_{tabela} ({colunas}) SELECT {colunas} FROM {tabela} ORDER BY id")
            return round(time.perf_counter() - inicio, 2)
        finally:
            for tabela in TABELAS:
                cursor.execute(f"DROP TABLE nua_{tabela}")


def _o_que_like_nao_copia(cursor, tabela: str, chaves: bool) -> list[str]:
    """How to give a copy the room that its table leaves in each page, and its foreign keys."""
    cursor.execute(
        """
        SELECT format('ALTER TABLE nua_%%s SET (%%s)', oid::regclass, array_to_string(reloptions, ', '))
        FROM pg_class WHERE oid = %(tabela)s::regclass AND reloptions IS NOT NULL
        UNION ALL
        SELECT format('ALTER TABLE nua_%%s ADD %%s', conrelid::regclass, pg_get_constraintdef(oid))
        FROM pg_constraint WHERE conrelid = %(tabela)s::regclass AND contype = 'f' AND %(chaves)s
        """,
        {"tabela": tabela, "chaves": chaves},
    )
    return [comando for (comando,) in cursor.fetchall()]


def _colunas(tabela: str) -> str:
    """All but the id, which the insert gives."""
    colunas = connection.introspection.get_table_description(connection.cursor(), tabela)
    return ", ".join(coluna.name for coluna in colunas if coluna.name != "id")


def tabela(resultado: Resultado) -> str:
    titulos = ["imóveis", "mensagens", "de fora", "geração (s)", "linhas/s", "INSERT nu (s)", "razão", "memória (MB)"]
    linhas = [
        [
            imoveis,
            par.mensagens,
            par.de_fora,
            par.segundos,
            par.por_segundo,
            par.nu,
            round(par.razao, 2),
            par.memoria_mb,
        ]
        for imoveis, pares in resultado.pares.items()
        for par in pares
    ]
    resumo = [
        ["geração ÷ INSERT nu", resultado.insert_select, *(round(r, 2) for r in _extremos(resultado.razoes))],
        ["tempo, dez vezes as contas", resultado.milhao, "", ""],
        ["memória do trabalhador (MB)", resultado.memoria_mb, "", ""],
    ]
    return f"{saida.tabela(titulos, linhas)}\n\n{saida.tabela(['', 'mediana', 'menor', 'maior'], resumo)}"


def _extremos(valores: list[float]) -> tuple[float, float]:
    return min(valores), max(valores)


def como_json(resultado: Resultado) -> dict:
    menor, maior = _extremos(resultado.razoes)
    return {
        "razao": {
            "insert_select": resultado.insert_select,
            "insert_select_menor": round(menor, 2),
            "insert_select_maior": round(maior, 2),
            "milhao": resultado.milhao,
        },
        "memoria_mb": resultado.memoria_mb,
        "pares": {str(imoveis): [asdict(par) for par in pares] for imoveis, pares in resultado.pares.items()},
    }
