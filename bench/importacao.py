"""`./avisa bench importacao`: `manage.py importar` of the CSVs of a base, beside the bare COPY of the rows it stores.

Each run has a new, empty database. The bare COPY takes the stored rows, exported table by table, into the same tables:
their indexes, constraints and foreign keys, a transaction for each table, and nothing to read, check or compare. The
same is done with the file of a campaign (`bench.campanha`).
"""

import argparse
import sys
import tempfile
from dataclasses import asdict, dataclass
from pathlib import Path
from statistics import median

from django.apps import apps
from django.db.models import Model

from bench import base, campanha, saida
from bench.copia import Importada, NaoImportou, copiar, exportar, nova, rodar
from cadastro.gerador import gerar_base

APPS = ("cadastro", "faturamento", "cobranca")  # whose files there are; models follow what they point to
RAZAO_MINIMA = 0.2
PARTE = 4  # how many times smaller the base is whose memory is compared
FOLGA_MB = 16  # what the larger one may take more: the allocator's, not the rows'


@dataclass(frozen=True)
class Par:
    """One import, and the bare COPY of its rows right after it."""

    linhas: int
    segundos: float
    memoria_mb: int
    copy: float

    @property
    def razao(self) -> float:
        return self.copy / self.segundos


@dataclass(frozen=True)
class Resultado:
    linhas_csv: int
    pares: list[Par]
    memoria_da_menor_mb: int
    da_campanha: campanha.Resultado

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
            f"a importação tem {RAZAO_MINIMA} da velocidade do COPY nu ({self.razao})": self.razao >= RAZAO_MINIMA,
            f"a memória não cresce com o arquivo ({self.memoria_da_menor_mb} e {self.memoria_mb} MB)": self.memoria_mb
            <= self.memoria_da_menor_mb + FOLGA_MB,
        } | self.da_campanha.promessas()
        return [promessa for promessa, cumprida in promessas.items() if not cumprida]


def executar(pedido: argparse.Namespace) -> int:
    vazia = base.guardada("vazia", lambda: None)
    with tempfile.TemporaryDirectory() as pasta:
        try:
            menor, _ = _gerar(Path(pasta, "menor"), max(pedido.imoveis // PARTE, 1))
            with nova(vazia) as nome:
                memoria_da_menor = _importar(nome, menor).memoria_mb
            maior, linhas_csv = _gerar(Path(pasta, "maior"), pedido.imoveis)
            pares = [_par(vazia, maior) for _ in range(pedido.pares)]
            da_campanha = campanha.medir(vazia, Path(pasta), pedido.pares, pedido.semente)
        except NaoImportou as erro:
            return saida.invalida(str(erro))
    resultado = Resultado(linhas_csv, pares, memoria_da_menor, da_campanha)
    print(tabela(resultado), flush=True)
    saida.gravar(pedido, como_json(resultado))
    return saida.veredito(resultado.faltas())


def _gerar(pasta: Path, imoveis: int) -> tuple[Path, int]:
    """The CSVs of a base, and how many lines they have."""
    saida.dizer(f"{imoveis} imóveis…")
    return pasta, sum(gerar_base(imoveis=imoveis, semente=1, saida=pasta, hoje=base.HOJE).values())


def _par(vazia: str, pasta: Path) -> Par:
    with nova(vazia) as nome:
        modelos = [modelo for modelo in _modelos() if not modelo.objects.exists()]  # migrations fill the others
        importada = _importar(nome, pasta)
        linhas = {modelo: exportar(modelo, pasta) for modelo in modelos}
    with nova(vazia):
        copy = copiar([modelo for modelo, quantas in linhas.items() if quantas], pasta)
        if (copiadas := {modelo: modelo.objects.count() for modelo in linhas}) != linhas:
            raise NaoImportou(f"o COPY gravou {sum(copiadas.values())} linhas, e a importação {sum(linhas.values())}")
    return Par(sum(linhas.values()), importada.segundos, importada.memoria_mb, copy)


def _importar(nome: str, pasta: Path) -> Importada:
    """By the command."""
    opcoes = ["--hoje", base.HOJE.isoformat(), "--verbosity", "0"]
    return rodar(nome, [sys.executable, "manage.py", "importar", str(pasta), *opcoes])[0]


def _modelos() -> list[type[Model]]:
    return [modelo for app in APPS for modelo in apps.get_app_config(app).get_models()]


def tabela(resultado: Resultado) -> str:
    titulos = ["linhas de CSV", "linhas gravadas", "importação (s)", "linhas/s", "COPY (s)", "razão", "memória (MB)"]
    linhas = [
        [
            resultado.linhas_csv,
            par.linhas,
            par.segundos,
            round(resultado.linhas_csv / par.segundos),
            par.copy,
            round(par.razao, 2),
            par.memoria_mb,
        ]
        for par in resultado.pares
    ]
    extremos = [round(resultado.razoes[0], 2), round(resultado.razoes[-1], 2)]
    resumo = [
        ["importação ÷ COPY", resultado.razao, *extremos],
        ["memória (MB)", resultado.memoria_mb, "", ""],
        [f"memória com {PARTE} vezes menos (MB)", resultado.memoria_da_menor_mb, "", ""],
    ]
    resumo += resultado.da_campanha.linhas_da_tabela()
    return f"{saida.tabela(titulos, linhas)}\n\n{saida.tabela(['', 'mediana', 'menor', 'maior'], resumo)}"


def como_json(resultado: Resultado) -> dict:
    return {
        "razao": {
            "copy": resultado.razao,
            "copy_menor": round(resultado.razoes[0], 2),
            "copy_maior": round(resultado.razoes[-1], 2),
        },
        "memoria_mb": resultado.memoria_mb,
        "memoria_da_menor_mb": resultado.memoria_da_menor_mb,
        "campanha": resultado.da_campanha.como_json(),
        "linhas_csv": resultado.linhas_csv,
        "pares": [asdict(par) for par in resultado.pares],
    }
