"""`python -m tests.quedas.trabalhador SERVICO CONEXOES`: a sending process, until SIGTERM.

What a worker of the queue `envio` does, without the doorbell: it watches over the dead, and sends in so many threads.
LIMITE_DE_ARQUIVO, in bytes, is the disk that it has.
"""

import faulthandler
import logging
import os
import resource
import signal
import sys
import threading
import time

import django

log = logging.getLogger(__name__)
ENTRE_TURNOS, DEMORA = 0.1, 40  # seconds


def main(servico: int, conexoes: int) -> None:
    parando = threading.Event()

    def parar(*_):
        parando.set()
        faulthandler.dump_traceback_later(DEMORA)  # says where it is, if it does not stop

    signal.signal(signal.SIGTERM, parar)
    django.setup()
    if limite := os.environ.get("LIMITE_DE_ARQUIVO"):
        resource.setrlimit(resource.RLIMIT_FSIZE, (int(limite), resource.RLIM_INFINITY))
    from mensageria import tasks

    alvos = [(tasks.vigiar, [parando])] + [(_enviar_sempre, [servico, parando])] * conexoes
    linhas = [threading.Thread(target=alvo, args=argumentos) for alvo, argumentos in alvos]
    for linha in linhas:
        linha.start()
    while any(linha.is_alive() for linha in linhas):  # signals reach Python between two of these
        time.sleep(ENTRE_TURNOS)


def _enviar_sempre(pk: int, parando: threading.Event) -> None:
    from django.db import connection
    from django.utils import timezone

    from mensageria import envio
    from mensageria.models import ServicoEmail

    while not parando.is_set():
        try:
            servico = ServicoEmail.objects.disponiveis(timezone.now()).filter(pk=pk).first()
            if servico is not None:
                envio.enviar(servico, parar=parando.is_set)
        except Exception:  # the next turn tries again, as the next bell would make it do
            log.exception("O turno falhou.")
        finally:
            connection.close()
        parando.wait(ENTRE_TURNOS)


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]))
