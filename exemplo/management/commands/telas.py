from pathlib import Path

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from exemplo import telas
from exemplo.navegador import SemNavegador, executavel

NOMES = [pagina.nome for pagina in telas.PAGINAS]


class Command(BaseCommand):
    help = "Fotografa as telas com os dados do exemplo, num banco só seu, em docs/imagens."

    def add_arguments(self, parser):
        parser.add_argument("--saida", type=Path, default=settings.BASE_DIR / "docs" / "imagens", metavar="PASTA")
        parser.add_argument("--so", nargs="+", choices=NOMES, metavar="NOME", help=f"só estas: {', '.join(NOMES)}")
        parser.add_argument(
            "--todas", action="store_true", help="também no tema escuro e no celular, inteiras, em var/telas"
        )

    def handle(self, *args, saida, so, todas, **options):
        paginas = tuple(pagina for pagina in telas.PAGINAS if not so or pagina.nome in so)
        try:
            executavel()  # to know now, not after the demonstration
            with telas.exemplo_servido(settings.VAR / "demo", self.stdout.write) as (url, sessao):
                arquivos = telas.fotografar(url, sessao, paginas, saida)
                if todas:
                    arquivos += telas.fotografar(url, sessao, paginas, settings.VAR / "telas", telas.VARIANTES)
        except (SemNavegador, telas.TelaComDefeito) as erro:
            raise CommandError(str(erro)) from erro
        for arquivo in arquivos:
            self.stdout.write(f"{arquivo} ({arquivo.stat().st_size // 1024} KB)")
