"""SMTP in steady state: one connection that never blocks and, where the server allows it, one round trip a message.

With PIPELINING (RFC 2920) the body of a message and the commands of the next leave in one write. Nothing is decided
here: whoever conducts says when a body may leave, and is told what came of each message, once.
"""

import smtplib
import socket
import ssl
import time
from collections import deque
from dataclasses import dataclass
from typing import Any

from mensageria.canais.base import Envelope, FalhaDeEnvio, Resposta, palavras_da_rede
from mensageria.canais.respostas import classe_smtp
from mensageria.canais.smtp import conferir_enderecos, corpo_na_linha, em_uma_linha, parametros_de_mail
from mensageria.estados import Classe

PEDACO = 65536  # bytes sent at once
DE_UMA_VEZ = 4096  # bytes read at once: replies are short
MAIOR_RESPOSTA = 65536  # bytes of one reply, all its lines together
_ESPERA = (BlockingIOError, InterruptedError, ssl.SSLWantReadError, ssl.SSLWantWriteError)


@dataclass(slots=True, eq=False)
class Carta:
    """A message on a connection; `dono` is whatever its conductor knows it by."""

    dono: Any
    envelope: Envelope
    parametros: str = ""  # of its MAIL
    inicio: float = 0  # moment of time.monotonic when its first command left
    recusa: FalhaDeEnvio | None = None  # of MAIL or RCPT, while what was pipelined behind is answered
    ouvida: bool = False  # the server said something of it


@dataclass(slots=True)
class Evento:
    """What a connection has to tell of a message. With no `dito` nothing but its body is left to send.

    A `dito` of None with `volta` says that it did not leave, through no fault of its own.
    """

    carta: Carta
    dito: Resposta | FalhaDeEnvio | None = None
    volta: bool = False


class Esteira:
    """A connection that `smtp` opened. At most one body is without its answer, and one message waits behind it."""

    def __init__(self, smtp: smtplib.SMTP, prazo: float, mensagens: int):
        self.smtp, self.prazo, self.restam = smtp, prazo, mensagens
        self.tomada: socket.socket = smtp.sock
        self.fd = self.tomada.fileno()
        self.tomada.setblocking(False)
        if self.tomada.family in (socket.AF_INET, socket.AF_INET6):
            self.tomada.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.em_grupo = smtp.has_extn("pipelining")
        self.na_frente: Carta | None = None  # its commands left, or its body is awaited
        self.no_corpo: Carta | None = None  # its body left, and its answer did not come
        self.aberta = True
        self.serviu = False  # a body left by it
        self.limite = float("inf")  # moment of time.monotonic by which the server must say something
        self._a_limpar = False
        self._a_dizer: deque[tuple[str, Carta | None, bytes]] = deque()
        self._esperadas: deque[tuple[str, Carta | None]] = deque()
        self._entrada = b""  # since the last end of a line
        self._linhas: deque[bytes] = deque()
        self._anteriores: list[bytes] = []  # of a reply of many lines, those that came
        self._saida = bytearray()
        self._espera_ouvir = False  # TLS has to hear something before it goes on

    @property
    def ociosa(self) -> bool:
        return self.na_frente is None and self.no_corpo is None

    @property
    def quer_escrever(self) -> bool:
        return bool(self._saida) and not self._espera_ouvir

    # What its conductor says

    def carta(self, dono: Any, envelope: Envelope) -> Carta:
        """A message as this connection carries it; raises FalhaDeEnvio for one that its server cannot take."""
        conferir_enderecos(envelope)
        return Carta(dono, envelope, parametros_de_mail(self.smtp, envelope.conteudo))

    def entrar(self, carta: Carta) -> list[Evento]:
        """Announce a message, when there is none in front."""
        self._a_dizer += self._comandos(carta)
        return self._avancar()

    def partir(self, proxima: Carta | None = None) -> list[Evento]:
        """Send the body of the message in front, and announce the next one."""
        carta, self.na_frente = self.na_frente, None
        self.no_corpo = carta
        self.serviu = True
        self.restam -= 1
        self._a_dizer.append(("BODY", carta, corpo_na_linha(carta.envelope.conteudo)))
        if proxima is not None:
            self._a_dizer += self._comandos(proxima)
        return self._avancar()

    def fechar(self) -> None:
        if self.aberta:
            self.aberta = False
            self.smtp.close()

    def perder(self, palavras: str) -> list[Evento]:
        """The connection is gone: what of its messages may have left, and what did not."""
        self.fechar()
        eventos = []
        frente, corpo = self.na_frente, self.no_corpo
        self.na_frente = self.no_corpo = None
        if corpo is not None:
            eventos.append(Evento(corpo, FalhaDeEnvio(Classe.INCERTA, "", palavras)))
        if frente is not None:
            if frente.recusa is not None:
                eventos.append(Evento(frente, frente.recusa))
            elif self.serviu and not frente.ouvida:  # the loss is of those before it: another connection tries
                eventos.append(Evento(frente, volta=True))
            else:
                eventos.append(Evento(frente, FalhaDeEnvio(Classe.REDE, "", palavras)))
        return eventos

    # What the server says

    def ouvir(self) -> list[Evento]:
        """Read what came; what was said before a loss was said. A farewell right behind it is heard next."""
        perda = ""
        while not perda and len(self._entrada) <= MAIOR_RESPOSTA:
            try:
                pedaco = self.tomada.recv(DE_UMA_VEZ)
            except _ESPERA:
                break
            except OSError as erro:
                perda = palavras_da_rede(erro)
            else:
                perda = "" if pedaco else palavras_da_rede(EOFError())
                self._entrada += pedaco
                if pedaco and not self._ha_mais(pedaco):
                    break
        eventos = self._respostas()
        if perda and self.aberta:
            eventos += self.perder(perda)
        self._espera_ouvir = False
        return eventos

    def escoar(self) -> list[Evento]:
        """Send what is left to send, as far as it goes."""
        try:
            while self._saida:
                enviados = self.tomada.send(memoryview(self._saida)[:PEDACO])
                del self._saida[:enviados]
                self.limite = time.monotonic() + self.prazo
        except _ESPERA as espera:
            self._espera_ouvir = isinstance(espera, ssl.SSLWantReadError)
        except OSError as erro:
            eventos = self.ouvir()  # what the server said before it went
            return eventos + self.perder(palavras_da_rede(erro)) if self.aberta else eventos
        return []

    # Inside

    def _ha_mais(self, pedaco: bytes) -> bool:
        """Whether something may be left to read, of which the selector would not tell: it knows nothing of what TLS has
        deciphered."""
        return len(pedaco) == DE_UMA_VEZ or isinstance(self.tomada, ssl.SSLSocket)

    def _comandos(self, carta: Carta) -> list[tuple[str, Carta | None, bytes]]:
        envelope = carta.envelope
        self.na_frente = carta
        carta.inicio = time.monotonic()
        comandos = [
            ("MAIL", carta, f"MAIL FROM:<{envelope.remetente}>{carta.parametros}\r\n".encode("ascii")),
            ("RCPT", carta, f"RCPT TO:<{envelope.destino}>\r\n".encode("ascii")),
            ("DATA", carta, b"DATA\r\n"),
        ]
        if self._a_limpar:
            self._a_limpar = False
            comandos.insert(0, ("RSET", None, b"RSET\r\n"))
        return comandos

    def _avancar(self) -> list[Evento]:
        """Say what may be said now: all of it, or one thing at a time to a server that wants it so."""
        partes = []
        while self._a_dizer and (self.em_grupo or not self._esperadas):
            comando, carta, dito = self._a_dizer.popleft()
            partes.append(dito)
            self._esperadas.append((comando, carta))
        if not partes:
            return []
        self._saida += b"".join(partes)
        self.limite = time.monotonic() + self.prazo
        return self.escoar()

    def _respostas(self) -> list[Evento]:
        *linhas, self._entrada = self._entrada.split(b"\n")
        self._linhas += linhas
        eventos: list[Evento] = []
        while self.aberta and (resposta := self._tirar()) is not None:
            codigo, texto = resposta
            if codigo < 200 or not self._esperadas:
                # 421 while nothing was asked: it says goodbye. Anything else makes no sense.
                eventos += self.perder(f"resposta sem sentido: {codigo} {em_uma_linha(texto)}")
                break
            comando, carta = self._esperadas.popleft()
            if carta is not None:
                carta.ouvida = True
            self.limite = time.monotonic() + self.prazo if self._esperadas else float("inf")
            if (novos := self._entender(comando, carta, codigo, texto)) is not None:
                eventos += novos
            if self._a_dizer and self.aberta:
                eventos += self._avancar()
        return eventos

    def _tirar(self) -> tuple[int, bytes] | None:
        """The next whole reply, of one line or more; (0, words) for what is none."""
        while self._linhas:
            linha = self._linhas.popleft()
            codigo = linha[:3]
            if not codigo.isdigit():
                return 0, linha
            if linha[3:4] == b"-":
                self._anteriores.append(linha)
            elif self._anteriores:
                linhas, self._anteriores = [*self._anteriores, linha], []
                return int(codigo), b" ".join([uma[4:] for uma in linhas])
            else:
                return int(codigo), linha[4:]
        longa = len(self._entrada) + sum(map(len, self._anteriores)) > MAIOR_RESPOSTA
        return (0, b"resposta longa demais") if longa else None

    def _entender(self, comando: str, carta: Carta | None, codigo: int, texto: bytes) -> list[Evento] | None:
        """What a reply means, if it means something already."""
        if comando == "RSET":
            return None if codigo == 250 else self.perder(f"{codigo} {em_uma_linha(texto)}")
        if carta.recusa is not None:
            return self._depois_da_recusa(comando, carta, codigo)
        if codigo // 100 in (4, 5):
            return self._recusada(comando, carta, codigo, em_uma_linha(texto))
        if codigo // 100 != (3 if comando == "DATA" else 2):
            return self.perder(f"resposta sem sentido a {comando}: {codigo} {em_uma_linha(texto)}")
        if comando == "DATA":
            return [Evento(carta)]
        if comando == "BODY":
            self.no_corpo = None
            return [Evento(carta, Resposta(str(codigo), em_uma_linha(texto)))]
        return None

    def _recusada(self, comando: str, carta: Carta, codigo: int, texto: str) -> list[Evento]:
        falha = FalhaDeEnvio(classe_smtp(comando, codigo, texto), str(codigo), texto)
        if comando == "BODY":
            self.no_corpo = None
            return [Evento(carta, falha)] + (self.perder(texto) if codigo == 421 else [])
        carta.recusa = falha
        if codigo == 421:
            return self.perder(texto)
        self._a_limpar = True
        while self._a_dizer and self._a_dizer[0][1] is carta:
            self._a_dizer.popleft()
        ainda = any(outra is carta for _, outra in self._esperadas)
        return [] if ainda else self._dar_por_recusada(carta)

    def _depois_da_recusa(self, comando: str, carta: Carta, codigo: int) -> list[Evento] | None:
        """What was pipelined behind a refused command is refused too."""
        if comando != "DATA":
            return None if codigo != 421 else self.perder("421")
        if codigo // 100 == 3:  # the server waits for a body and must get nothing
            return self.perder("o servidor espera o corpo de uma mensagem recusada")
        return self._dar_por_recusada(carta)

    def _dar_por_recusada(self, carta: Carta) -> list[Evento]:
        self.na_frente = None
        return [Evento(carta, carta.recusa)]
