"""`python -m tests.preventivo.coletor OPERACAO ADIANTADO`: a collecting process, until SIGTERM.

What a worker of the queue `coleta` does, without the bell; its clock is so many seconds ahead.
"""

import signal
import sys
import threading
from datetime import timedelta

import django

ENTRE_TURNOS = 0.05  # seconds


def main(operacao: int, adiantado: float) -> None:
    parando = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: parando.set())
    django.setup()
    from django.utils import timezone

    from preventivo import coleta

    while not parando.is_set():
        coleta.coletar(
            operacao, relogio=lambda: timezone.now() + timedelta(seconds=adiantado), duracao=2, parar=parando.is_set
        )
        parando.wait(ENTRE_TURNOS)


if __name__ == "__main__":
    main(int(sys.argv[1]), float(sys.argv[2]))
