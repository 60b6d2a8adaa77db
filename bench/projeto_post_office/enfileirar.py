"""`python enfileirar.py N [MODEL]`: queue N e-mails by django-post-office's own function; without a model, short."""

import os
import sys
from pathlib import Path

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "configuracao")
TEXTO = "Olá, Cliente {0}.\n\nA conta do imóvel de matrícula {0} vence amanhã, no valor de R$ 80,00.\n"


def curtas(quantas: int):
    from bench.modelo import Modelo, endereco

    for numero in range(1, quantas + 1):
        texto = TEXTO.format(numero)
        yield endereco(numero), Modelo("Sua conta de água vence amanhã", texto, f"<p>{texto}</p>")


def main(quantas: int, modelo: Path | None) -> None:
    django.setup()
    from post_office import mail

    from bench.modelo import DE, mensagens

    mail.send_many(
        [
            {
                "recipients": destino,
                "sender": DE,
                "subject": partes.assunto,
                "message": partes.texto,
                "html_message": partes.html,
            }
            for destino, partes in (mensagens(modelo, quantas) if modelo else curtas(quantas))
        ]
    )


if __name__ == "__main__":
    main(int(sys.argv[1]), Path(sys.argv[2]) if sys.argv[2:] else None)
