"""`python enfileirar.py N MODEL`: queue N e-mails by django-mailer's own backend."""

import os
import sys
from pathlib import Path

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "configuracao")


def main(quantas: int, modelo: Path) -> None:
    django.setup()
    from django.core.mail import EmailMultiAlternatives, get_connection

    from bench.modelo import DE, mensagens

    def email(destino, partes) -> EmailMultiAlternatives:
        um = EmailMultiAlternatives(partes.assunto, partes.texto, DE, [destino])
        um.attach_alternative(partes.html, "text/html")
        return um

    get_connection().send_messages([email(destino, partes) for destino, partes in mensagens(modelo, quantas)])


if __name__ == "__main__":
    main(int(sys.argv[1]), Path(sys.argv[2]))
