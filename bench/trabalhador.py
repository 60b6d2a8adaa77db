"""`python -m bench.trabalhador --conexoes M`: who sends in the runs, by the product's own turns, until told to stop.

A Celery worker does the same when its bells ring; here nobody has to ring them, and a start takes a second.
"""

import argparse
import logging
import signal
import subprocess
import sys
import threading
import time
from math import ceil

import django
from django.db import DatabaseError, connection
from django.utils import timezone

log = logging.getLogger(__name__)

PAUSA = 0.2  # seconds, when there is nothing to send or no slot


def enviar(parando: threading.Event) -> None:
    """Turns of every service, one after the other."""
    from mensageria import envio
    from mensageria.models import ServicoEmail

    while not parando.is_set():
        enviou = False
        try:
            for servico in ServicoEmail.objects.disponiveis(timezone.now()):
                enviou |= bool(envio.enviar(servico, parar=parando.is_set)["aceita"])
        except DatabaseError:
            log.exception("O turno parou.")  # as that of a task would: the next one goes on
        finally:
            connection.close()
        if not enviou:  # else the bell rings again at once
            parando.wait(PAUSA)


def main() -> None:
    leitor = argparse.ArgumentParser(prog="python -m bench.trabalhador")
    leitor.add_argument("--conexoes", type=int, required=True, help="de cada processo")
    leitor.add_argument("--processos", type=int, default=1)
    pedido = leitor.parse_args()
    parando = threading.Event()
    for sinal in (signal.SIGINT, signal.SIGTERM):
        signal.signal(sinal, lambda *_: parando.set())
    outro = [sys.executable, "-m", "bench.trabalhador", "--conexoes", str(pedido.conexoes)]
    outros = [subprocess.Popen(outro) for _ in range(pedido.processos - 1)]
    django.setup()
    from bench import fonte_simples
    from mensageria.envio import CONEXOES_DO_TURNO
    from mensageria.tasks import assentar_memoria, vigiar

    fonte_simples.registrar()
    assentar_memoria()
    linhas = [threading.Thread(target=vigiar, args=[parando])]
    linhas += [
        threading.Thread(target=enviar, args=[parando]) for _ in range(ceil(pedido.conexoes / CONEXOES_DO_TURNO))
    ]
    for linha in linhas:
        linha.start()
    while not parando.is_set():  # signals reach Python between two of these
        time.sleep(PAUSA)
    for um in outros:
        um.terminate()
    for linha in linhas:
        linha.join()
    for um in outros:
        um.wait()


if __name__ == "__main__":
    main()
