"""Postfix's `smtp-sink` and `smtp-source`, written in C: a server that accepts and discards, and the fastest client."""

import os
import shutil
import socket
import subprocess
from collections.abc import Iterator
from contextlib import closing, contextmanager

from bench import processos

FORA_DO_PATH = "/usr/sbin:/usr/local/sbin:/usr/lib/postfix/sbin:/usr/libexec/postfix"
ESPERA = 10


class Falta(Exception):
    """A program of the system is not installed; the message says which."""


def programa(nome: str, pacote: str) -> str:
    achado = shutil.which(nome, path=f"{os.environ.get('PATH', '')}:{FORA_DO_PATH}")
    if achado is None:
        raise Falta(f"falta o {nome}; no Debian e no Ubuntu: apt-get install {pacote}")
    return achado


@contextmanager
def sumidouro() -> Iterator[int]:
    """A server that discards what it accepts, for the length of the block; yields its port."""
    porta = porta_livre()
    sem_root = ["-u", "nobody"] if os.geteuid() == 0 else []
    comando = [programa("smtp-sink", "postfix"), *sem_root, f"127.0.0.1:{porta}", "1000"]
    with subprocess.Popen(comando, stdin=subprocess.DEVNULL, start_new_session=True) as servidor:
        try:
            processos.esperar(lambda: _atende(porta), ESPERA, "iniciar o smtp-sink")
            yield porta
        finally:
            processos.parar(servidor)


def porta_livre() -> int:
    with closing(socket.socket()) as tomada:
        tomada.bind(("127.0.0.1", 0))
        return tomada.getsockname()[1]


def _atende(porta: int) -> bool:
    try:
        with socket.create_connection(("127.0.0.1", porta), 1) as tomada:
            return tomada.recv(4) == b"220 "
    except OSError:
        return False
