"""`manage.py exportar_gsan`: write what became of the messages to a table of ours in GSAN's database."""

from django.core.management.base import BaseCommand, CommandError

from ponte.exportacao import TABELA, exportar
from ponte.origem import ErroDaOrigem, Origem, onde, parametros


class Command(BaseCommand):
    help = (
        f"Grava em {TABELA}, no banco do GSAN, o que aconteceu com as mensagens de faturamento e de cobrança desde a "
        "última vez. Nenhuma tabela do GSAN é tocada; pode ser repetido."
    )

    def add_arguments(self, parser):
        parser.add_argument("--url", default="", help="postgresql://usuario@servidor/banco (padrão: GSAN_URL)")

    def handle(self, *, url, **opcoes):
        try:
            destino = parametros(url)
            with Origem(destino, escrever=True) as origem:
                feito = exportar(origem)
        except (ErroDaOrigem, OSError) as erro:
            raise CommandError(str(erro)) from None  # the chain may hold the address
        numeros = (feito.lidas, feito.lotes, feito.novas, feito.alteradas)
        lidas, lotes, novas, alteradas = (f"{numero:,}".replace(",", ".") for numero in numeros)
        self.stdout.write(
            f"{onde(destino)}: {lidas} mensagens de {lotes} lotes que mudaram; {novas} novas, {alteradas} alteradas."
        )
