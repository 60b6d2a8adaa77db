"""Real processes of a run: started in a session of their own, so that a kill -9 takes a whole one."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TypeVar

import psutil
from django.conf import settings

PRAZO_DE_PARADA = 30
Dito = TypeVar("Dito")


class NaoTerminou(Exception):
    """What was waited for did not happen; the message says what."""


def iniciar(comando: list[str], ambiente: Mapping[str, str], saida: Path, pasta: Path | None = None):
    """Start a process whose output goes to the end of `saida`."""
    with open(saida, "ab") as arquivo:
        return subprocess.Popen(
            comando,
            env=dict(ambiente),
            cwd=pasta or settings.BASE_DIR,
            stdin=subprocess.DEVNULL,
            stdout=arquivo,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )


def matar(processo: subprocess.Popen) -> int:
    """kill -9 to the process and all that it started; return the moment right before it (CLOCK_MONOTONIC)."""
    momento = time.monotonic_ns()
    with suppress(ProcessLookupError):
        os.killpg(processo.pid, signal.SIGKILL)
    processo.wait()
    return momento


def parar(processo: subprocess.Popen) -> None:
    """Ask it to stop; by force when it does not."""
    processo.terminate()
    with suppress(subprocess.TimeoutExpired):
        processo.wait(PRAZO_DE_PARADA)
    matar(processo)


def esperar(condicao: Callable[[], Dito], prazo: float, o_que: str, passo: float = 0.05) -> Dito:
    """Ask until the answer is true, and return it; NaoTerminou after `prazo` seconds."""
    limite = time.monotonic() + prazo
    while not (dito := condicao()):
        if time.monotonic() > limite:
            raise NaoTerminou(f"{o_que}: {prazo:.0f} s não bastaram")
        time.sleep(passo)
    return dito


def familia(processo: subprocess.Popen) -> list[psutil.Process]:
    """The process and all that it started."""
    raiz = psutil.Process(processo.pid)
    return [raiz, *raiz.children(recursive=True)]


def portas(processo: subprocess.Popen, servidor: int) -> frozenset[int]:
    """The local ports by which the process, and all that it started, are connected to that port."""
    achadas = set()
    with suppress(psutil.Error):
        for um in familia(processo):
            with suppress(psutil.Error):
                achadas |= {c.laddr.port for c in um.net_connections() if c.raddr and c.raddr.port == servidor}
    return frozenset(achadas)


@contextmanager
def sorvedouro(pasta: Path, *opcoes: str, a_frente: bool = False) -> Iterator[int]:
    """The sink, for the length of the block; yields its port."""
    with servidor("bench.sorvedouro", "--pasta", str(pasta), *opcoes, a_frente=a_frente) as porta:
        yield porta


@contextmanager
def servidor(modulo: str, *opcoes: str, a_frente: bool = False) -> Iterator[int]:
    """A module that serves, for the length of the block; yields the port that it says first.

    `a_frente`, where the machine lets it: a clock that waits for a processor behind what it times is late itself.
    """
    with subprocess.Popen(
        [sys.executable, "-m", modulo, *opcoes],
        cwd=settings.BASE_DIR,
        stdout=subprocess.PIPE,
        text=True,
        start_new_session=True,
    ) as p:
        try:
            if a_frente:
                with suppress(PermissionError):
                    os.setpriority(os.PRIO_PROCESS, p.pid, -15)
            linha = p.stdout.readline()
            if not linha:
                raise NaoTerminou(f"o {modulo} não iniciou")
            yield int(linha)
        finally:
            parar(p)
