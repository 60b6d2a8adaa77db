"""`manage.py descartar_auditoria --antes-de AAAA-MM-DD`: the only way for entries of the audit to go."""

from datetime import date, datetime, time

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from telas import retencao


class Command(BaseCommand):
    help = "Apaga as entradas da auditoria anteriores a um dia, e deixa uma que diz quantas foram."

    def add_arguments(self, parser):
        parser.add_argument("--antes-de", metavar="AAAA-MM-DD", required=True)
        parser.add_argument("--sim", action="store_true", help="não pergunta")

    def handle(self, *, antes_de: str, sim: bool, **opcoes):
        try:
            dia = date.fromisoformat(antes_de)
        except ValueError:
            raise CommandError(f"Dia inválido: “{antes_de}”; escreva AAAA-MM-DD, como 2026-12-31.") from None
        limite = timezone.make_aware(datetime.combine(dia, time.min))
        if limite > timezone.now() - retencao.MINIMO:
            raise CommandError(f"Guarde ao menos os últimos {retencao.MINIMO.days} dias.")
        pergunta = f"Apagar para sempre a auditoria anterior a {dia:%d/%m/%Y}? Digite sim: "
        if not sim and input(pergunta).strip().lower() != "sim":
            raise CommandError("Nada foi apagado.")
        self.stdout.write(f"Entradas apagadas: {retencao.descartar(limite)}.")
