"""What every channel is: it speaks to one kind of server and touches no model."""

import ipaddress
import re
import smtplib
import socket
import ssl
from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from django.conf import settings

from mensageria.estados import Classe

_NAO_SE_GUARDA = re.compile("[\x00\ud800-\udfff]")


def guardavel(texto: str) -> str:
    """A server's words as the database can hold them: it refuses NUL and halves of a character."""
    return texto if texto.isprintable() else _NAO_SE_GUARDA.sub("\ufffd", texto)


# What an operator reads of an error of the network; the first kind that fits. Libraries wrap one in another.
PALAVRAS_DA_REDE = (
    (ssl.SSLCertVerificationError, "O certificado do servidor não confere: {}"),
    (socket.gaierror, "O nome do servidor não foi encontrado."),
    (TimeoutError, "O servidor não respondeu no prazo."),
    (ConnectionRefusedError, "O servidor não está atendendo: a conexão foi recusada."),
    ((ConnectionError, EOFError, smtplib.SMTPServerDisconnected), "A conexão com o servidor caiu."),
)


def palavras_da_rede(erro: BaseException) -> str:
    """An error of the network in the operator's words; in its own when nobody knows it."""
    causas: list[BaseException] = [erro]
    while (causa := causas[-1].__cause__ or causas[-1].__context__) is not None and causa not in causas:
        causas.append(causa)
    for causa in reversed(causas):
        for tipo, palavras in PALAVRAS_DA_REDE:
            if isinstance(causa, tipo):
                return palavras.format(causa)[:1000]
    return " ".join((str(erro) or type(erro).__name__).split())[:1000]


class Envelope(NamedTuple):
    """What leaves: `conteudo` is the whole e-mail or the SMS in UTF-8; `chave`, our id at every attempt."""

    chave: str
    destino: str
    conteudo: bytes
    remetente: str = ""  # envelope sender; empty for SMS


@dataclass(frozen=True)
class Resposta:
    """The server's word: its code, its text, and the id that it gave, when it gives one."""

    codigo: str
    texto: str
    id_externo: str = ""

    def __post_init__(self):
        if not (self.codigo + self.texto + self.id_externo).isprintable():
            for campo in ("codigo", "texto", "id_externo"):
                object.__setattr__(self, campo, guardavel(getattr(self, campo)))


class FalhaDeEnvio(Exception):
    """The server did not take the message; `classe` says whose fault it is.

    `na_abertura`: there was no connection to begin with, so it has nothing to do with this message.
    """

    def __init__(self, classe: Classe, codigo: str = "", texto: str = "", *, na_abertura: bool = False):
        super().__init__(classe, codigo, texto)
        self.classe, self.na_abertura = classe, na_abertura
        self.codigo, self.texto = guardavel(codigo), guardavel(texto)

    def __str__(self):
        return f"{self.codigo} {self.texto}".strip()


class LoteRecusado(Exception):
    """The server took none of a batch, and its answer says nothing about any one of its messages.

    From then on the channel sends one at a time, so that each message gets its own answer and its own last check.
    """


class Canal(ABC):
    """A connection to one service, opened by the first message and closed with the `with` block."""

    lote_maximo: int = 1  # how many messages leave in one departure
    em_esteira: bool = False  # several connections are conducted together (`esteiras`)
    # May the server be asked about our own id? Without it nothing leaves in batches: a lost one would cost them all.
    consultavel_por_chave: bool = False
    # Seconds after the body left until a "not here" is the last word: a slow server may still be taking the message.
    carencia_da_consulta: float = 60

    def __enter__(self) -> "Canal":
        return self

    def __exit__(self, *_) -> None:
        self.fechar()

    @abstractmethod
    def enviar(self, envelope: Envelope, antes_do_corpo: Callable[[], None]) -> Resposta:
        """Send one message, or raise FalhaDeEnvio.

        `antes_do_corpo` is called once, when nothing but the body is left to send; whatever it raises passes through,
        and nothing of the body leaves. Once it returned, a loss of the server is Classe.INCERTA.
        """

    def enviar_lote(
        self, envelopes: Sequence[Envelope], antes_do_corpo: Callable[[], None]
    ) -> list["Resposta | FalhaDeEnvio"]:
        """Send up to `lote_maximo` messages in one departure and return what came of each, in their order.

        `antes_do_corpo` is as in `enviar`, called once for all of them. A loss after it is Classe.INCERTA for each
        message, until `consultar_por_chave` says better. More than `lote_maximo` is a ValueError.
        """
        self._conferir_lote(envelopes)
        impedimentos: list[BaseException] = []

        def pedir_licenca() -> None:
            try:
                antes_do_corpo()
            except BaseException as erro:
                impedimentos.append(erro)
                raise

        resultados: list[Resposta | FalhaDeEnvio] = []
        for envelope in envelopes:  # one at most
            try:
                resultados.append(self.enviar(envelope, pedir_licenca))
            except FalhaDeEnvio as falha:
                if falha in impedimentos:
                    raise
                resultados.append(falha)
        return resultados

    def _conferir_lote(self, envelopes: Sequence[Envelope]) -> None:
        if len(envelopes) > self.lote_maximo:
            raise ValueError(f"{len(envelopes)} mensagens numa saída que leva no máximo {self.lote_maximo}")

    def consultar_por_chave(self, chave: str) -> "Resposta | None":
        """What the server says of our own id: its answer if it took the message, None if it has no such message.

        Raises FalhaDeEnvio when it cannot tell. Only of a channel that is `consultavel_por_chave`.
        """
        raise FalhaDeEnvio(Classe.MENSAGEM, "", "Este serviço não responde pela nossa identificação.")

    @abstractmethod
    def fechar(self) -> None:
        """Let go of the server; never raises."""


def host_simulado(host: str) -> bool:
    """Whether it is this machine, or one that HOSTS_SIMULADOS names."""
    if host in settings.HOSTS_SIMULADOS or host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def conferir_host(host: str) -> None:
    """Under ENVIO=simulado only this machine and HOSTS_SIMULADOS may be spoken to; raises FalhaDeEnvio."""
    if settings.ENVIO == "simulado" and not host_simulado(host):
        palavras = f"ENVIO=simulado: {host} é um servidor real e foi recusado."
        raise FalhaDeEnvio(Classe.REDE, "", palavras, na_abertura=True)
