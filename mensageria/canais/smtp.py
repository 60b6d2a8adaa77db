"""E-mail over SMTP: one persistent connection, with TLS from the start, STARTTLS or neither."""

import io
import re
import smtplib
import socket
import ssl
import time
from collections.abc import Callable
from contextlib import suppress

from cadastro.campos import SegredoPerdido
from mensageria.canais.base import Canal, Envelope, FalhaDeEnvio, Resposta, conferir_host, palavras_da_rede
from mensageria.canais.respostas import classe_smtp
from mensageria.estados import Classe

_PONTO_NO_INICIO = re.compile(rb"\n\.")
_ENDERECO = re.compile(r"[!-;=?-~]+@[!-;=?-~]+")  # what goes between < and > without changing the command


class _Leitura(io.RawIOBase):
    """Reads a socket; no read waits beyond `fim`, of the monotonic clock."""

    def __init__(self, tomada: socket.socket):
        self.tomada, self.fim = tomada, 0.0

    def readable(self) -> bool:
        return True

    def readinto(self, destino) -> int:
        resta = self.fim - time.monotonic()
        if resta <= 0:
            raise TimeoutError("timed out")
        self.tomada.settimeout(resta)
        return self.tomada.recv_into(destino)


class _PrazoPorResposta:
    """The time-out of smtplib is for each read; here it is for a whole reply, in however small pieces it comes, and
    until the connection is open for all the replies together."""

    abertura_ate: float | None = None
    ultima: tuple[int, bytes]  # reply

    def getreply(self) -> tuple[int, bytes]:
        if self.file is None:
            self._leitura = _Leitura(self.sock)
            self.file = io.BufferedReader(self._leitura)
        agora = time.monotonic()
        if self.abertura_ate is None:
            self.abertura_ate = agora + self.timeout
        self._leitura.fim = min(agora + self.timeout, self.abertura_ate)
        self.ultima = super().getreply()
        self.sock.settimeout(self.timeout)  # what is sent next has its own
        return self.ultima


class _SMTP(_PrazoPorResposta, smtplib.SMTP):
    pass


class _SMTPCifrado(_PrazoPorResposta, smtplib.SMTP_SSL):
    pass


class CanalSMTP(Canal):
    """One message at a time through one connection, renewed after `mensagens_por_conexao` and after any failure.

    For many at a time, through many connections, see `esteiras`.
    """

    em_esteira = True

    def __init__(
        self,
        *,
        host: str,
        porta: int,
        seguranca: str = "nenhuma",
        usuario: str = "",
        senha: str = "",
        prazo: float = 30,
        mensagens_por_conexao: int = 100,
        contexto_tls: ssl.SSLContext | None = None,
    ):
        self.host, self.porta, self.seguranca = host, porta, seguranca
        self.usuario, self.senha = usuario, senha
        self.prazo, self.mensagens_por_conexao = prazo, mensagens_por_conexao
        self.contexto_tls = contexto_tls
        self._smtp: smtplib.SMTP | None = None
        self._enviadas = 0

    def enviar(self, envelope: Envelope, antes_do_corpo: Callable[[], None]) -> Resposta:
        conferir_enderecos(envelope)
        smtp = self._conectado()
        parametros = parametros_de_mail(smtp, envelope.conteudo)
        self._pedir(Classe.REDE, lambda: self._anunciar(smtp, envelope, parametros))
        try:
            antes_do_corpo()
        except BaseException:
            self.fechar()  # the server is waiting for a body and must get nothing, not even RSET
            raise
        resposta = self._pedir(Classe.INCERTA, lambda: self._entregar(smtp, envelope.conteudo))
        self._enviadas += 1
        return resposta

    def fechar(self) -> None:
        if self._smtp is not None:
            self._smtp.close()
            self._smtp = None

    def _conectado(self) -> smtplib.SMTP:
        if self._smtp is not None and self._enviadas < self.mensagens_por_conexao:
            return self._smtp
        self.fechar()
        self._smtp, self._enviadas = self.abrir(), 0
        return self._smtp

    def abrir(self) -> smtplib.SMTP:
        """One more connection, greeted and authenticated; raises FalhaDeEnvio. Safe among threads."""
        conferir_host(self.host)
        try:
            return self._abrir()
        except smtplib.SMTPResponseException as erro:
            raise _recusa_na_abertura("CONNECT", erro) from erro
        except (OSError, smtplib.SMTPException, UnicodeError) as erro:  # the last, of a host that is no name
            raise FalhaDeEnvio(Classe.REDE, "", palavras_da_rede(erro), na_abertura=True) from erro

    def testar(self) -> Resposta:
        """Connect, authenticate and leave: the server's last word before the first message. Raises FalhaDeEnvio."""
        smtp = self.abrir()
        try:
            codigo, texto = smtp.ultima
            with suppress(OSError, smtplib.SMTPException):
                smtp.quit()
        finally:
            smtp.close()
        return Resposta(str(codigo), em_uma_linha(texto))

    def _abrir(self) -> smtplib.SMTP:
        # Reading the machine's certificates takes longer than a conversation.
        tls = None if self.seguranca == "nenhuma" else self.contexto_tls or ssl.create_default_context()
        if self.seguranca == "tls":
            smtp: smtplib.SMTP = _SMTPCifrado(self.host, self.porta, timeout=self.prazo, context=tls)
        else:
            smtp = _SMTP(self.host, self.porta, timeout=self.prazo)
        try:
            if self.seguranca == "starttls":
                smtp.starttls(context=tls)
            smtp.ehlo_or_helo_if_needed()
            if self.usuario:
                self._autenticar(smtp)
            smtp.abertura_ate = float("inf")
        except BaseException:
            smtp.close()
            raise
        return smtp

    def _autenticar(self, smtp: smtplib.SMTP) -> None:
        if isinstance(self.senha, SegredoPerdido):
            raise FalhaDeEnvio(Classe.AUTENTICACAO, "", SegredoPerdido.PALAVRAS, na_abertura=True)
        try:
            smtp.login(self.usuario, self.senha)
        except smtplib.SMTPAuthenticationError as erro:
            raise _recusa_na_abertura("AUTH", erro) from erro
        except UnicodeError:
            palavras = "Usuário ou senha com caracteres que o SMTP não leva."
            # from None, for the error carries the password
            raise FalhaDeEnvio(Classe.AUTENTICACAO, "", palavras, na_abertura=True) from None
        except smtplib.SMTPServerDisconnected:
            raise
        except smtplib.SMTPException as erro:  # no AUTH, or none that we speak
            raise FalhaDeEnvio(Classe.AUTENTICACAO, "", palavras_da_rede(erro), na_abertura=True) from erro

    def _anunciar(self, smtp: smtplib.SMTP, envelope: Envelope, parametros: str) -> None:
        self._esperar("MAIL", smtp.docmd("MAIL", f"FROM:<{envelope.remetente}>{parametros}"), 2)
        self._esperar("RCPT", smtp.docmd("RCPT", f"TO:<{envelope.destino}>"), 2)
        self._esperar("DATA", smtp.docmd("DATA"), 3)

    def _entregar(self, smtp: smtplib.SMTP, conteudo: bytes) -> Resposta:
        smtp.send(corpo_na_linha(conteudo))
        return self._esperar("BODY", smtp.getreply(), 2)

    def _pedir(self, da_perda: Classe, passo: Callable[[], Resposta | None]) -> Resposta | None:
        """Do a step of the conversation. A refusal leaves the connection as new; anything else ends it."""
        try:
            return passo()
        except FalhaDeEnvio as falha:
            if falha.codigo == "421":
                self.fechar()
            else:
                self._limpar()
            raise
        except (OSError, smtplib.SMTPException) as erro:
            self.fechar()
            raise FalhaDeEnvio(da_perda, "", palavras_da_rede(erro)) from erro
        except BaseException:
            self.fechar()
            raise

    def _esperar(self, comando: str, resposta: tuple[int, bytes], sucesso: int) -> Resposta:
        """A reply whose first digit is `sucesso`. 4 and 5 are a refusal; any other says nothing, as a loss does."""
        codigo, texto = resposta[0], em_uma_linha(resposta[1])
        if codigo == -1:
            raise smtplib.SMTPServerDisconnected("a conexão caiu")
        if codigo // 100 in (4, 5):
            raise FalhaDeEnvio(classe_smtp(comando, codigo, texto), str(codigo), texto)
        if codigo // 100 != sucesso:
            raise smtplib.SMTPException(f"resposta sem sentido a {comando}: {codigo} {texto}")
        return Resposta(str(codigo), texto)

    def _limpar(self) -> None:
        """After a refusal the connection is used again only if RSET is accepted."""
        try:
            if self._smtp is not None and self._smtp.docmd("RSET")[0] == 250:
                return
        except (OSError, smtplib.SMTPException):
            pass
        self.fechar()


def _recusa_na_abertura(comando: str, erro: smtplib.SMTPResponseException) -> FalhaDeEnvio:
    texto = em_uma_linha(erro.smtp_error)
    return FalhaDeEnvio(classe_smtp(comando, erro.smtp_code, texto), str(erro.smtp_code), texto, na_abertura=True)


def conferir_enderecos(envelope: Envelope) -> None:
    """Raises FalhaDeEnvio for an address that would change the command that carries it."""
    if envelope.remetente:  # without one, the null sender
        _conferir_endereco(envelope.remetente, Classe.REMETENTE)
    _conferir_endereco(envelope.destino, Classe.ENDERECO)


def corpo_na_linha(conteudo: bytes) -> bytes:
    """A message as DATA sends it: dots at the start of lines doubled, and the final one."""
    corpo = _terminado(conteudo)
    if _PONTO_NO_INICIO.search(corpo):  # in a third of the time of `in`; ours hardly ever have one
        corpo = corpo.replace(b"\n.", b"\n..")
    return b"".join((b"." if corpo.startswith(b".") else b"", corpo, b".\r\n"))


def _conferir_endereco(endereco: str, classe: Classe) -> None:
    if not _ENDERECO.fullmatch(endereco):
        raise FalhaDeEnvio(classe, "", f"Endereço inválido: {em_uma_linha(endereco)}")


def _terminado(conteudo: bytes) -> bytes:
    return conteudo if conteudo.endswith(b"\r\n") else conteudo + b"\r\n"


def parametros_de_mail(smtp: smtplib.SMTP, conteudo: bytes) -> str:
    """What MAIL says of the message: the server that minds may refuse it before the body."""
    oito_bits = not conteudo.isascii()
    if oito_bits and not smtp.has_extn("8bitmime"):
        raise FalhaDeEnvio(Classe.MENSAGEM, "", "O servidor não aceita mensagens de 8 bits.")
    tamanho = f" SIZE={len(_terminado(conteudo))}" if smtp.has_extn("size") else ""
    return tamanho + (" BODY=8BITMIME" if oito_bits else "")


def em_uma_linha(resposta: bytes | str) -> str:
    texto = resposta.decode("utf-8", "replace") if isinstance(resposta, bytes) else resposta
    return " ".join(texto.split())[:1000]
