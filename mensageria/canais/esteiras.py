"""The connections of a turn: opened and renewed by threads, and heard together by one that never waits for any."""

import os
import selectors
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from queue import SimpleQueue

from mensageria.canais.base import FalhaDeEnvio, palavras_da_rede
from mensageria.canais.esteira import Esteira, Evento
from mensageria.canais.smtp import CanalSMTP
from mensageria.estados import Classe


class Esteiras:
    """Up to `maximo` connections of one service; use as a context manager."""

    def __init__(self, canal: CanalSMTP, maximo: int):
        self.canal, self.maximo = canal, maximo
        self.abrindo = 0
        self.falhas: list[FalhaDeEnvio] = []  # of connections that could not be opened, and are not tried again
        self._abertas: dict[int, Esteira] = {}
        self._escrevem: set[int] = set()
        self._novas: SimpleQueue[Esteira | FalhaDeEnvio] = SimpleQueue()
        self._seletor = selectors.DefaultSelector()
        self._aviso, self._avisar = os.pipe()
        self._seletor.register(self._aviso, selectors.EVENT_READ)
        self._executor = ThreadPoolExecutor(maximo, "esteira")

    def __enter__(self) -> "Esteiras":
        return self

    def __exit__(self, *_) -> None:
        self._executor.shutdown(cancel_futures=True)
        self._acolher()
        for esteira in self._abertas.values():
            esteira.fechar()
        self._seletor.close()
        os.close(self._aviso)
        os.close(self._avisar)

    def __iter__(self) -> Iterator[Esteira]:
        return iter(list(self._abertas.values()))

    @property
    def nenhuma(self) -> bool:
        """There is none, and none is coming."""
        return not self._abertas and not self.abrindo

    def abrir_ate(self, quantas: int) -> None:
        """See that so many are open or being opened. While some work, those that failed are missed by nobody."""
        for _ in range(min(quantas, self.maximo - len(self.falhas)) - len(self._abertas) - self.abrindo):
            self.abrindo += 1
            self._executor.submit(self._abrir)

    def fechar(self, esteira: Esteira) -> None:
        if self._abertas.get(esteira.fd) is esteira:
            self._seletor.unregister(esteira.fd)
            self._escrevem.discard(esteira.fd)
            del self._abertas[esteira.fd]
            if esteira.serviu:
                self.falhas.clear()  # they were of another moment
        esteira.fechar()

    def esperar(self, ate: float) -> Iterator[tuple[Esteira, list[Evento]]]:
        """What the servers say, waiting for it until that moment of time.monotonic; lost connections are let go."""
        vence = float("inf")
        for fd, esteira in self._abertas.items():
            vence = min(vence, esteira.limite)
            if esteira.quer_escrever != (fd in self._escrevem):
                self._escrevem ^= {fd}
                escreve = selectors.EVENT_WRITE if fd in self._escrevem else 0
                self._seletor.modify(fd, selectors.EVENT_READ | escreve)
        ouvidas = self._seletor.select(max(0.0, min(ate, vence) - time.monotonic()))
        for chave, quais in ouvidas:
            if chave.fd == self._aviso:
                os.read(self._aviso, 4096)
                self._acolher()
                continue
            if (esteira := self._abertas.get(chave.fd)) is None:  # closed by what another one said
                continue
            eventos = esteira.escoar() if quais & selectors.EVENT_WRITE else []
            if esteira.aberta and quais & selectors.EVENT_READ:
                eventos += esteira.ouvir()
            yield self._contar(esteira, eventos)
        agora = time.monotonic()
        if agora < vence:
            return
        for esteira in self:
            if agora >= esteira.limite:
                # A process that was stopped for a while may find its answer waiting, past its time.
                eventos = esteira.ouvir()
                if esteira.aberta and agora >= esteira.limite:
                    eventos += esteira.perder(palavras_da_rede(TimeoutError()))
                yield self._contar(esteira, eventos)

    def _contar(self, esteira: Esteira, eventos: list[Evento]) -> tuple[Esteira, list[Evento]]:
        if not esteira.aberta:
            self.fechar(esteira)
        return esteira, eventos

    def _abrir(self) -> None:
        try:
            nova = Esteira(self.canal.abrir(), self.canal.prazo, self.canal.mensagens_por_conexao)
        except FalhaDeEnvio as falha:
            nova = falha
        except Exception as erro:  # whatever it was, somebody waits for an answer
            nova = FalhaDeEnvio(Classe.REDE, "", f"{type(erro).__name__}: {erro}", na_abertura=True)
        self._novas.put(nova)
        os.write(self._avisar, b".")

    def _acolher(self) -> None:
        while not self._novas.empty():
            nova = self._novas.get()
            self.abrindo -= 1
            if isinstance(nova, FalhaDeEnvio):
                self.falhas.append(nova)
            else:
                self._abertas[nova.fd] = nova
                self._seletor.register(nova.fd, selectors.EVENT_READ)
