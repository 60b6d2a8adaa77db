"""`python enfileirar.py N`: queue N e-mails by django-post-office's own function."""

import os
import sys

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "configuracao")
TEXTO = "Olá, Cliente {0}.\n\nA conta do imóvel de matrícula {0} vence amanhã, no valor de R$ 80,00.\n"


def main(quantas: int) -> None:
    django.setup()
    from post_office import mail

    mail.send_many(
        [
            {
                "recipients": f"cliente.{numero}@example.com",
                "sender": "avisos@bench.example",
                "subject": "Sua conta de água vence amanhã",
                "message": TEXTO.format(numero),
                "html_message": f"<p>{TEXTO.format(numero)}</p>",
            }
            for numero in range(1, quantas + 1)
        ]
    )


if __name__ == "__main__":
    main(int(sys.argv[1]))
