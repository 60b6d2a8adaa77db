"""manage.py chave_do_dossie: the fingerprint of the key that signs dossiers, to publish; --trocar makes another."""

from django.core.management.base import BaseCommand
from django.db import transaction
from django.utils import timezone

from mensageria.models import ChaveDeAssinatura


class Command(BaseCommand):
    help = "Mostra a impressão digital da chave que assina os dossiês; com --trocar, outra passa a assinar."

    def add_arguments(self, parser):
        parser.add_argument("--trocar", action="store_true", help="o que a antiga assinou continua a conferir")

    @transaction.atomic
    def handle(self, *args, trocar: bool, **opcoes):
        if trocar:
            ChaveDeAssinatura.objects.filter(em_uso=True).update(em_uso=False)
        chave = ChaveDeAssinatura.objects.atual(timezone.now())
        self.stdout.write(f"Chave pública (Ed25519): {chave.publica}")
        self.stdout.write(f"Impressão digital (SHA-256): {chave.impressao}")
