import resource
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from django.core.management.base import BaseCommand
from django.db import connection
from django.utils import timezone

from batch.execucao import executar, tique
from batch.inicio import iniciar
from cadastro.gerador import gerar_base
from cadastro.importacao import importar
from exemplo import amostra, demonstracao
from mensageria.models import Mensagem, NaoGerada


class Command(BaseCommand):
    help = "Mede num banco só seu: gerar a base, importar, importar de novo e gerar as mensagens do processo 336."

    def add_arguments(self, parser):
        parser.add_argument("--imoveis", type=int, default=100_000)

    def handle(self, *args, imoveis: int, **options):
        agora = timezone.now()
        hoje = timezone.localdate(agora)
        with demonstracao.banco_proprio(), tempfile.TemporaryDirectory() as pasta:
            with self._medindo("gerar_base"):
                linhas = sum(gerar_base(imoveis=imoveis, semente=1, saida=pasta, hoje=hoje).values())
            self.stdout.write(f"{linhas:,} linhas em CSV")
            for etapa in ("importar", "importar de novo"):
                with self._medindo(etapa):
                    resultados = importar(pasta, saida=Path(pasta) / "recusadas")
                novas, iguais = (sum(getattr(r, campo) for r in resultados) for campo in ("novas", "iguais"))
                self.stdout.write(f"{novas:,} novas, {iguais:,} iguais")
            amostra.configurar(hoje=hoje, smtp="127.0.0.1:2525", sms="127.0.0.1:8025")
            with self._medindo("documentos de cobrança"):
                amostra.comandar_acoes(hoje=hoje, agora=agora)
            iniciar(demonstracao.PROCESSO, usuario=None, agendado_para=agora, agora=agora)
            for etapa in ("gerar mensagens de faturamento", "gerar mensagens de cobrança"):
                with self._medindo(etapa):
                    for unidade in tique(agora):
                        executar(unidade, agora=agora)
                self.stdout.write(f"{Mensagem.objects.count():,} mensagens, {NaoGerada.objects.count():,} deixadas")
            with connection.cursor() as cursor:
                cursor.execute("SELECT pg_size_pretty(pg_database_size(current_database()))")
                self.stdout.write(f"banco: {cursor.fetchone()[0]}")

    @contextmanager
    def _medindo(self, etapa: str) -> Iterator[None]:
        inicio = time.perf_counter()
        yield
        pico = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        self.stdout.write(f"{etapa:<34}{time.perf_counter() - inicio:>8.1f} s   pico até aqui {pico:>5.0f} MB")
