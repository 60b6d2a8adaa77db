from django.core.management.base import BaseCommand, CommandError

from mensageria import balanco
from mensageria.estados import Estado


class Command(BaseCommand):
    help = "Compara a contagem de cada lote com as mensagens que ele tem de fato."

    def handle(self, *args, **options):
        diferencas = balanco.conferir()
        for lote, estado, do_livro, real in diferencas:
            self.stdout.write(f"lote {lote}, {Estado(estado).label}: contagem {do_livro}, mensagens {real}")
        if diferencas:
            raise CommandError(f"{len(diferencas)} contagens não conferem.")
        self.stdout.write("As contagens conferem.")
