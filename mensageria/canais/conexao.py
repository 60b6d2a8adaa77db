"""Connections whose whole answer comes by a deadline. A socket's own time-out starts again at each byte, so a server
that drips would hold a thread for as long as it likes."""

import http.client
import io
import socket
import time

from requests.adapters import HTTPAdapter
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool


class _ComPrazo(io.RawIOBase):
    """What a socket gives until a moment of the monotonic clock; then TimeoutError."""

    def __init__(self, bruto: io.RawIOBase, tomada: socket.socket, limite: float):
        self._bruto, self._tomada, self._limite = bruto, tomada, limite

    def readable(self) -> bool:
        return True

    def readinto(self, memoria) -> int | None:
        falta = self._limite - time.monotonic()
        if falta <= 0:
            raise TimeoutError("o prazo da resposta acabou")
        self._tomada.settimeout(falta)
        return self._bruto.readinto(memoria)

    def close(self) -> None:
        self._bruto.close()
        super().close()


class _Resposta(http.client.HTTPResponse):
    """The time-out in force when the request has left is that of the answer as a whole, headers included."""

    def __init__(self, sock: socket.socket, *args, **kwargs):
        super().__init__(sock, *args, **kwargs)
        prazo = sock.gettimeout()
        if prazo is not None:
            self.fp = io.BufferedReader(_ComPrazo(self.fp.detach(), sock, time.monotonic() + prazo))


class _Conexao(HTTPConnection):
    response_class = _Resposta


class _ConexaoSegura(HTTPSConnection):
    response_class = _Resposta


class _Conexoes(HTTPConnectionPool):
    ConnectionCls = _Conexao


class _ConexoesSeguras(HTTPSConnectionPool):
    ConnectionCls = _ConexaoSegura


class Adaptador(HTTPAdapter):
    """For a requests.Session: `timeout` is to connect, and again for the whole answer."""

    def init_poolmanager(self, *args, **kwargs) -> None:
        super().init_poolmanager(*args, **kwargs)
        self.poolmanager.pool_classes_by_scheme = {"http": _Conexoes, "https": _ConexoesSeguras}
