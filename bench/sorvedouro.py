"""`python -m bench.sorvedouro`: the sink of the runs, in a process of its own that nobody kills.

A body is a file on the disk (fsync) before a wait of 0 to `--espera` seconds, and only then is there a 250. The wait is
of that connection alone. `registro.jsonl` has the moment of both.
"""

import argparse
import json
import random
import re
import signal
import threading
import time
from pathlib import Path

from bench.apuracao import message_id
from simuladores.smtp import Ordem, Recebida, ServidorSMTP

EMAILS, REGISTRO = "emails", "registro.jsonl"
MEMORIA = 100


class Sorvedouro(ServidorSMTP):
    """`atrasadas` matches addresses whose 250 comes after `atraso` seconds, longer than a sender waits."""

    def __init__(self, pasta: Path, *, espera: float, semente: int, atrasadas: str = "", atraso: float = 0, ordens=()):
        super().__init__(pasta / EMAILS, ordens=ordens, memoria=MEMORIA, sincronizar=True)
        self.espera, self.sorteio = espera, random.Random(semente)
        self.atrasadas, self.atraso = re.compile(atrasadas) if atrasadas else None, atraso
        self.registro = open(pasta / REGISTRO, "a", buffering=1)  # noqa: SIM115  as long as the server
        self.clientes: dict[int, int] = {}

    def abrir(self, conexao) -> int:
        numero = super().abrir(conexao)
        self.clientes[numero] = conexao.transporte.get_extra_info("peername")[1]
        return numero

    def guardar(self, recebida: Recebida) -> None:
        chegada = time.monotonic_ns()
        super().guardar(recebida)
        self._registrar(
            chegada=chegada,
            guardada=time.monotonic_ns(),
            conexao=recebida.conexao,
            id=message_id(recebida.conteudo),
            cliente=self.clientes[recebida.conexao],
            abertas=self.abertas,
        )

    def espera_do_250(self, recebida: Recebida) -> float:
        if self.atrasadas is not None and self.atrasadas.search(recebida.destinos[0]):
            return self.atraso
        return self.sorteio.uniform(0, self.espera)

    def confirmada(self, recebida: Recebida) -> None:
        self._registrar(confirmada=time.monotonic_ns(), conexao=recebida.conexao)

    def _registrar(self, **dados) -> None:
        self.registro.write(json.dumps(dados) + "\n")


def main() -> None:
    leitor = argparse.ArgumentParser(prog="python -m bench.sorvedouro")
    leitor.add_argument("--pasta", type=Path, required=True)
    leitor.add_argument("--espera", type=float, default=0.02, metavar="SEGUNDOS")
    leitor.add_argument("--semente", type=int, default=1)
    leitor.add_argument("--atrasadas", default="", metavar="REGEX")
    leitor.add_argument("--atraso", type=float, default=0, metavar="SEGUNDOS")
    leitor.add_argument("--ordem", type=json.loads, action="append", default=[], metavar="JSON")
    pedido = vars(leitor.parse_args())
    ordens = [Ordem(**campos) for campos in pedido.pop("ordem")]
    fim = threading.Event()
    for sinal in (signal.SIGINT, signal.SIGTERM):
        signal.signal(sinal, lambda *_: fim.set())
    with Sorvedouro(**pedido, ordens=ordens) as servidor:
        print(servidor.porta, flush=True)
        fim.wait()


if __name__ == "__main__":
    main()
