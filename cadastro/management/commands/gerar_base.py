"""`manage.py gerar_base`: fictitious CSVs of any size for `importar`."""

import resource
import time
from pathlib import Path

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from cadastro.gerador import gerar_base
from cadastro.management.datas import dia


class Command(BaseCommand):
    help = "Grava arquivos CSV fictícios para `importar`; iguais para a mesma quantidade, semente e dia."

    def add_arguments(self, parser):
        parser.add_argument("--imoveis", type=int, required=True, metavar="N", help="quantidade de imóveis")
        parser.add_argument(
            "--semente", type=int, default=1, metavar="S", help="outra semente dá outra base (padrão: 1)"
        )
        parser.add_argument("--saida", type=Path, required=True, metavar="DIR", help="pasta dos arquivos")
        parser.add_argument(
            "--hoje", type=dia, metavar="AAAA-MM-DD", help="dia a que as datas se referem (padrão: hoje)"
        )
        parser.add_argument(
            "--relativo",
            action="store_true",
            help="datas como D+3 e referências como M+0, contadas do dia da importação",
        )

    def handle(self, *, imoveis, semente, saida, hoje, relativo, **opcoes):
        inicio = time.monotonic()
        try:
            linhas = gerar_base(
                imoveis=imoveis,
                semente=semente,
                saida=saida,
                hoje=hoje or timezone.localdate(),
                relativo=relativo,
            )
        except (ValueError, OSError) as erro:
            raise CommandError(str(erro)) from erro
        for nome, quantidade in linhas.items():
            self.stdout.write(f"{nome}.csv: {quantidade}")
        memoria = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
        self.stdout.write(
            f"Tempo: {time.monotonic() - inicio:.1f} s. Memória máxima: {memoria} MB.".replace(".", ",", 1)
        )
