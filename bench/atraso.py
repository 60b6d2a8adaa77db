"""`python -m bench.atraso --destino PORT`: a network that is far away, in front of a server of this machine.

Each piece of bytes is held for half a round trip, in each direction; there is no other limit, and the order is kept.
"""

import argparse
import asyncio
import selectors
from collections import deque

IDA_E_VOLTA = 0.05


class Sentido(asyncio.Protocol):
    """What comes in on one side leaves on the other, later. It starts when the other side is connected."""

    def __init__(self, atraso: float):
        self.atraso = atraso
        self.guardados: deque[bytes | None] = deque()  # None: the end
        self.saida: asyncio.Transport | None = None
        self.chegada = asyncio.get_running_loop().create_future()

    def connection_made(self, transporte: asyncio.Transport) -> None:
        self.chegada.set_result(transporte)

    def data_received(self, dados: bytes) -> None:
        self._guardar(dados)

    def connection_lost(self, erro: Exception | None) -> None:
        self._guardar(None)

    def _guardar(self, dados: bytes | None) -> None:
        # Whichever timer comes first lets go of the oldest piece: two of the same moment do not change places.
        self.guardados.append(dados)
        asyncio.get_running_loop().call_later(self.atraso, self._soltar)

    def _soltar(self) -> None:
        dados = self.guardados.popleft()
        if self.saida is None or self.saida.is_closing():
            return
        if dados is None:
            self.saida.close()
        else:
            self.saida.write(dados)


async def servir(destino: int, ida_e_volta: float) -> None:
    laco = asyncio.get_running_loop()
    tarefas = set()

    def aceitar() -> Sentido:
        ida = Sentido(ida_e_volta / 2)
        tarefas.add(tarefa := laco.create_task(ligar(ida)))
        tarefa.add_done_callback(tarefas.discard)
        return ida

    async def ligar(ida: Sentido) -> None:
        cliente = await ida.chegada
        await asyncio.sleep(1.5 * ida_e_volta)  # the three packets that open a connection travel too
        ida.saida, volta = await laco.create_connection(lambda: Sentido(ida_e_volta / 2), "127.0.0.1", destino)
        volta.saida = cliente

    servidor = await laco.create_server(aceitar, "127.0.0.1", 0, backlog=1000)
    print(servidor.sockets[0].getsockname()[1], flush=True)
    await servidor.serve_forever()


def main() -> None:
    leitor = argparse.ArgumentParser(prog="python -m bench.atraso")
    leitor.add_argument("--destino", type=int, required=True, metavar="PORTA")
    leitor.add_argument("--ida-e-volta", type=float, default=IDA_E_VOLTA, metavar="SEGUNDOS")
    pedido = leitor.parse_args()

    def laco() -> asyncio.SelectorEventLoop:
        # epoll rounds a wait up to the next millisecond, which is a fiftieth of this one.
        return asyncio.SelectorEventLoop(selectors.SelectSelector())

    with asyncio.Runner(loop_factory=laco) as runner:
        runner.run(servir(pedido.destino, pedido.ida_e_volta))


if __name__ == "__main__":
    main()
