"""The HTTP server under the simulators: a thread for each connection, and an end that cuts them all."""

import ssl
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from socket import SHUT_RDWR, socket
from socketserver import TCPServer
from typing import Any


class ServidorHTTP(ThreadingHTTPServer):
    """Answers with `atendimento`, whose `self.server.dono` is the simulator; `conexoes` counts those accepted. A busy
    port raises OSError."""

    request_queue_size = 512
    daemon_threads = True
    block_on_close = False

    def __init__(
        self,
        endereco: tuple[str, int],
        atendimento: type["Atendimento"],
        dono: Any,
        tls: ssl.SSLContext | None = None,
    ):
        self.dono = dono
        self.conexoes = 0
        self._vivas: set[socket] = set()
        super().__init__(endereco, atendimento)
        if tls is not None:  # the handshake is of the connection's thread
            self.socket = tls.wrap_socket(self.socket, server_side=True, do_handshake_on_connect=False)

    def server_bind(self) -> None:
        """Bind without asking the DNS for the machine's own name, as HTTPServer does."""
        TCPServer.server_bind(self)
        self.server_name, self.server_port = self.server_address[:2]

    def process_request(self, request, client_address) -> None:
        self.conexoes += 1
        self._vivas.add(request)
        super().process_request(request, client_address)

    def shutdown_request(self, request) -> None:
        self._vivas.discard(request)
        super().shutdown_request(request)

    def cortar(self) -> None:
        """End the connections kept alive, so that no thread outlives the simulator."""
        for conexao in list(self._vivas):
            try:
                conexao.shutdown(SHUT_RDWR)
            except OSError:
                continue

    def handle_error(self, request, client_address) -> None:
        """A client that leaves in mid-request is a thing to be expected here."""


class Atendimento(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    wbufsize = -1
    disable_nagle_algorithm = True

    def log_message(self, *_) -> None:
        """Say nothing: the simulator keeps what matters."""
