"""The file of a campaign in `./avisa bench importacao`: its import beside the bare COPY of the rows that it stores.

Each import is a process of its own, as a worker is, with a new, empty database; its start, which a worker has behind
it, does not count. One line in a hundred is refused, and one address in fifty comes twice.
"""

import random
import sys
from dataclasses import dataclass
from pathlib import Path
from statistics import median

from django.core.files.uploadedfile import SimpleUploadedFile

from bench import base
from bench.copia import Importada, NaoImportou, copiar, exportar, nova, rodar
from cadastro.documentos import gerar_cpf
from preventivo import arquivos
from preventivo.models import Campanha, LinhaRecusada, Registro, TipoCampanha

LINHAS = 100_000
MENOR, MAIOR = 20_000, 200_000  # whose memory is compared
MODELOS = (Campanha, Registro, LinhaRecusada)
RAZAO_MINIMA = 0.2
FOLGA_MB = 16  # what the larger may take more: the allocator's, not the rows'


@dataclass(frozen=True)
class Par:
    """One import, and the bare COPY of its rows right after it."""

    segundos: float
    copy: float

    @property
    def razao(self) -> float:
        return self.copy / self.segundos


@dataclass(frozen=True)
class Resultado:
    pares: list[Par]
    memoria_da_menor_mb: int
    memoria_mb: int

    @property
    def razoes(self) -> list[float]:
        return sorted(par.razao for par in self.pares)

    @property
    def razao(self) -> float:
        return round(median(self.razoes), 2)

    @property
    def linhas_por_segundo(self) -> int:
        return round(LINHAS / median(par.segundos for par in self.pares))

    def promessas(self) -> dict[str, bool]:
        return {
            f"a importação de campanha tem {RAZAO_MINIMA} da velocidade do COPY nu ({self.razao})": self.razao
            >= RAZAO_MINIMA,
            f"a memória não cresce com o arquivo da campanha ({self.memoria_da_menor_mb} e {self.memoria_mb} MB)": (
                self.memoria_mb <= self.memoria_da_menor_mb + FOLGA_MB
            ),
        }

    def linhas_da_tabela(self) -> list[list[object]]:
        extremos = [round(self.razoes[0], 2), round(self.razoes[-1], 2)]
        return [
            [f"campanha de {LINHAS} linhas ÷ COPY", self.razao, *extremos],
            ["campanha (linhas/s)", self.linhas_por_segundo, "", ""],
            [f"memória com {MAIOR} linhas (MB)", self.memoria_mb, "", ""],
            [f"memória com {MENOR} linhas (MB)", self.memoria_da_menor_mb, "", ""],
        ]

    def como_json(self) -> dict:
        return {
            "copy": self.razao,
            "copy_menor": round(self.razoes[0], 2),
            "copy_maior": round(self.razoes[-1], 2),
            "linhas": LINHAS,
            "linhas_por_segundo": self.linhas_por_segundo,
            "memoria_mb": self.memoria_mb,
            "memoria_da_menor_mb": self.memoria_da_menor_mb,
        }


def medir(vazia: str, pasta: Path, pares: int, semente: int) -> Resultado:
    cada = [_par(vazia, pasta, semente) for _ in range(pares)]
    memorias = []
    for linhas in (MENOR, MAIOR):
        with nova(vazia) as nome:
            memorias.append(_importar(nome, linhas, semente).memoria_mb)
    return Resultado(cada, *memorias)


def _par(vazia: str, pasta: Path, semente: int) -> Par:
    with nova(vazia) as nome:
        importada = _importar(nome, LINHAS, semente)
        linhas = {modelo: exportar(modelo, pasta) for modelo in MODELOS}
    with nova(vazia):
        copy = copiar(MODELOS, pasta)
        if (copiadas := {modelo: modelo.objects.count() for modelo in MODELOS}) != linhas:
            raise NaoImportou(f"o COPY gravou {sum(copiadas.values())} linhas, e a importação {sum(linhas.values())}")
    return Par(importada.segundos, copy)


def _importar(nome: str, linhas: int, semente: int) -> Importada:
    campanha = _criar(linhas, semente)
    _, dito = rodar(nome, [sys.executable, "-m", "bench.importar_campanha", str(campanha.pk)])
    campanha.refresh_from_db()
    if campanha.linhas != linhas:
        raise NaoImportou(f"a campanha tem {campanha.linhas} linhas de {linhas}: {campanha.motivo}")
    segundos, memoria = dito.split()
    return Importada(float(segundos), int(memoria))


def _criar(linhas: int, semente: int) -> Campanha:
    """A campaign to be imported."""
    tipo = TipoCampanha.objects.select_related("operacao").first()
    campanha = Campanha(operacao=tipo.operacao, tipo=tipo, envia_em=base.agora(), criado_em=base.agora())
    arquivos.guardar(campanha, SimpleUploadedFile("bench.csv", arquivo(linhas, semente)))
    base.se_puder("CHECKPOINT")
    return campanha


def arquivo(linhas: int, semente: int) -> bytes:
    aleatorio, partes, ultima = random.Random(semente), ["cpf;email\n"], ""
    for numero in range(1, linhas + 1):
        if numero % 50:
            cpf = "11111111111" if numero % 100 == 1 else gerar_cpf(aleatorio)
            ultima = f"{cpf};cliente{numero}@exemplo.com.br\n"
        partes.append(ultima)
    return "".join(partes).encode()
