"""`manage.py importar DIR`: import the CSVs of a folder and show what became of each line."""

import resource
import time
from datetime import date
from pathlib import Path

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone
from tqdm import tqdm

from cadastro.importacao import (
    ErroDeImportacao,
    ResultadoArquivo,
    arquivos_em,
    desconhecidos_em,
    importar,
)
from cadastro.management.datas import dia

COLUNAS = ("lidas", "novas", "alteradas", "iguais", "recusadas")


class Command(BaseCommand):
    help = "Importa os arquivos CSV de uma pasta; importar de novo o mesmo arquivo não muda nada."

    def add_arguments(self, parser):
        parser.add_argument("pasta", metavar="DIR", type=Path, help="pasta com os arquivos CSV")
        parser.add_argument(
            "--saida", metavar="DIR", type=Path, help="onde gravar as linhas recusadas (padrão: a pasta)"
        )
        parser.add_argument(
            "--hoje",
            metavar="AAAA-MM-DD",
            type=dia,
            help="dia a que se referem as datas relativas, como D+3 e M-1 (padrão: hoje)",
        )

    def handle(self, *, pasta: Path, saida: Path | None, hoje: date | None, **opcoes):
        inicio = time.monotonic()
        if desconhecidos := desconhecidos_em(pasta):
            self.stderr.write(self.style.WARNING(f"Arquivos que ninguém importa: {', '.join(desconhecidos)}."))
        try:
            with _Barra(pasta, mostrar=opcoes["verbosity"] > 0) as barra:
                resultados = importar(pasta, saida=saida, hoje=hoje or timezone.localdate(), progresso=barra)
        except (ErroDeImportacao, OSError) as erro:
            raise CommandError(str(erro)) from erro
        self._mostrar(resultados)
        memoria = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
        self.stdout.write(
            f"Tempo: {time.monotonic() - inicio:.1f} s. Memória máxima: {memoria} MB.".replace(".", ",", 1)
        )
        if any(resultado.erro for resultado in resultados):
            raise CommandError("Há arquivo que não pôde ser importado.")

    def _mostrar(self, resultados: list[ResultadoArquivo]) -> None:
        largura = max(len(resultado.arquivo) for resultado in resultados)
        self.stdout.write(" ".join([" " * largura, *(f"{nome:>10}" for nome in COLUNAS)]))
        for resultado in resultados:
            numeros = (f"{getattr(resultado, nome):>10,}".replace(",", ".") for nome in COLUNAS)
            self.stdout.write(" ".join([f"{resultado.arquivo:<{largura}}", *numeros]))
        for resultado in resultados:
            if resultado.codificacao == "cp1252":
                self.stdout.write(f"{resultado.arquivo}.csv não está em UTF-8; foi lido como Windows-1252 (Latin-1).")
            if resultado.arquivo_de_recusadas:
                self.stdout.write(f"Linhas recusadas, com o motivo: {resultado.arquivo_de_recusadas}")
            if resultado.erro:
                self.stderr.write(self.style.ERROR(f"{resultado.arquivo}.csv não foi importado: {resultado.erro}"))


class _Barra:
    """A progress bar by bytes over all the files; the importer calls it."""

    def __init__(self, pasta: Path, *, mostrar: bool):
        self._lidos: dict[str, int] = {}
        total = sum(caminho.stat().st_size for _, caminho in arquivos_em(pasta))
        self._barra = tqdm(total=total, unit="B", unit_scale=True, disable=None if mostrar else True, leave=False)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self._barra.close()

    def __call__(self, arquivo: str, etapa: str, lidos: int, _total: int) -> None:
        self._barra.set_description_str(f"{arquivo}: {etapa}", refresh=etapa != "lendo")
        self._barra.update(lidos - self._lidos.get(arquivo, 0))
        self._lidos[arquivo] = lidos
