"""What every dialect asks through: HTTP with all its bounds, and each way it fails as a FalhaDaOperadora.

The words of a failure are ours alone. Those of a server, or of the library, may repeat a secret, or the address that
was asked, with the CPF in it; for the same reason no failure is chained to the library's.
"""

import base64
import re
import socket
import ssl
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from http import HTTPStatus
from http.cookiejar import DefaultCookiePolicy
from urllib.parse import quote, urlsplit

import requests
from django.conf import settings
from urllib3.exceptions import HTTPError as ErroHTTP

from cadastro.campos import SegredoPerdido
from mensageria.canais.base import host_simulado
from mensageria.canais.conexao import Adaptador
from preventivo.operadoras.base import Falha, FalhaDaOperadora, Interrompida, Operadora

MAIOR_RESPOSTA = 1024 * 1024
MAIOR_PDF = 1024 * 1024  # it goes with a message, and many are sent at once; instead of a larger one ours is drawn
MAIOR_ESPERA = 24 * 60 * 60.0  # nobody is waited for longer, whatever it asks
CONEXOES = 50  # kept open; the most that Operacao.conexoes may be
JSON = ("application/json",)
XML = ("application/xml", "text/xml")
PDF = ("application/pdf",)
_CPF = re.compile(r"[0-9]{11}")

# What an operator reads of an error of the network; the first kind that fits. Libraries wrap one in another.
_PALAVRAS = (
    (ssl.SSLCertVerificationError, "o certificado do servidor não confere"),
    (ssl.SSLError, "o servidor não fala TLS como deve"),
    (socket.gaierror, "o nome do servidor não foi encontrado"),
    (TimeoutError, "sem resposta no prazo de {prazo:g} s"),
    (ConnectionRefusedError, "a conexão foi recusada"),
)


@dataclass(frozen=True)
class Resposta:
    """A 200 of the type that was asked for, or a 404 of any."""

    status: int
    corpo: bytes


class OperadoraHTTP(Operadora):
    """A dialect over HTTP. Connections are kept and shared by the threads; `prazo` is to connect, and again for the
    whole answer; no redirect is followed, no cookie kept, no proxy of the machine used."""

    def __init__(self, **campos):
        super().__init__(**campos)
        self._sessao = requests.Session()
        self._sessao.trust_env = False
        self._sessao.cookies.set_policy(DefaultCookiePolicy(allowed_domains=[]))
        for esquema in ("http://", "https://"):
            self._sessao.mount(esquema, Adaptador(pool_connections=1, pool_maxsize=CONEXOES))

    def fechar(self) -> None:
        self._sessao.close()

    def pedir(
        self,
        metodo: str,
        caminho: str,
        *,
        tipos: tuple[str, ...],
        cabecalhos: Mapping[str, str],
        parametros: Mapping[str, str] | None = None,
        corpo: bytes | None = None,
        maximo: int = MAIOR_RESPOSTA,
    ) -> Resposta:
        """Ask for something of one of those media types, of at most `maximo` bytes. Raises FalhaDaOperadora, and
        Interrompida when it may not be asked any more."""
        if not all(valor.isascii() and valor.isprintable() for valor in cabecalhos.values()):
            # said here, since the library's words would show the credential
            raise FalhaDaOperadora(Falha.AUTENTICACAO, "a credencial tem caracteres que um cabeçalho não leva")
        if isinstance(self.segredo, SegredoPerdido):
            raise FalhaDaOperadora(Falha.AUTENTICACAO, SegredoPerdido.PALAVRAS)
        if not self.esperar():
            raise Interrompida
        try:
            with self._sessao.request(
                metodo,
                self.url + caminho,
                params=parametros,
                data=corpo,
                headers={"Accept": ", ".join(tipos), "Accept-Encoding": "identity", **cabecalhos},
                timeout=self.prazo,
                allow_redirects=False,
                stream=True,
            ) as resposta:
                if (falha := _falha_http(resposta, tipos)) is None:
                    return Resposta(resposta.status_code, _ler(resposta, maximo))
        except (requests.RequestException, ErroHTTP, OSError, ValueError) as erro:
            falha = FalhaDaOperadora(Falha.INDISPONIVEL, _palavras(erro, self.prazo))
        raise falha

    def pedir_pdf(self, caminho: str, cabecalhos: Mapping[str, str]) -> bytes:
        """A whole PDF of at most MAIOR_PDF bytes. Raises FalhaDaOperadora."""
        resposta = self.pedir("GET", caminho, tipos=PDF, cabecalhos=cabecalhos, maximo=MAIOR_PDF)
        if resposta.status == HTTPStatus.NOT_FOUND:
            raise FalhaDaOperadora(Falha.RESPOSTA, "a empresa não tem o PDF deste boleto")
        if not resposta.corpo.startswith(b"%PDF-") or b"%%EOF" not in resposta.corpo[-1024:]:
            raise FalhaDaOperadora(Falha.RESPOSTA, "o PDF do boleto não é um PDF inteiro")
        return resposta.corpo


def conferir_endereco(url: str) -> None:
    """An address that may be asked under ENVIO, in a way that nobody listens in; raises FalhaDaOperadora."""
    try:
        partes = urlsplit(url)
        host, _ = partes.hostname or "", partes.port
    except ValueError:
        host = ""
    if not host or partes.scheme not in ("http", "https") or partes.username is not None:
        raise FalhaDaOperadora(Falha.INDISPONIVEL, "a URL da API não está configurada ou não é um endereço http(s)")
    if host_simulado(host):
        return
    if settings.ENVIO != "real":
        modo = settings.ENVIO.partition(":")[0]
        raise FalhaDaOperadora(Falha.INDISPONIVEL, f"ENVIO={modo}: {host} é um servidor real e foi recusado")
    if partes.scheme != "https":
        raise FalhaDaOperadora(Falha.INDISPONIVEL, f"{host} só pode ser consultado por https")


def conferir_cpf(cpf: str) -> str:
    """The CPF, when it is 11 digits; ValueError otherwise, which is an error of who asks."""
    if not _CPF.fullmatch(cpf):
        raise ValueError("um CPF se consulta pelos seus 11 algarismos")
    return cpf


def no_caminho(numero: str) -> str:
    """The number of a boleto as one segment of a path, and nothing else of it."""
    if not numero.strip("."):
        raise FalhaDaOperadora(Falha.RESPOSTA, "o número do boleto não pode estar num endereço")
    return quote(numero, safe="")


def basica(usuario: str, segredo: str) -> str:
    """The value of Authorization in HTTP basic."""
    return "Basic " + base64.b64encode(f"{usuario}:{segredo}".encode()).decode()


def _falha_http(resposta: requests.Response, tipos: tuple[str, ...]) -> FalhaDaOperadora | None:
    """What a status and its headers say before the body is read; None for an answer worth reading."""
    status = resposta.status_code
    if status in (401, 403):
        return FalhaDaOperadora(Falha.AUTENTICACAO, f"a empresa recusou a credencial ({status})")
    if status == 429:
        return FalhaDaOperadora(Falha.LIMITE, "a empresa pediu para esperar (429)", _espera(resposta.headers))
    if status == 408 or status >= 500:
        return FalhaDaOperadora(Falha.INDISPONIVEL, f"erro {status} da empresa", _espera(resposta.headers))
    if 300 <= status < 400:
        return FalhaDaOperadora(
            Falha.RESPOSTA, f"a empresa mandou ir a outro endereço ({status}); confira a URL da API"
        )
    if status not in (200, 404):
        return FalhaDaOperadora(Falha.RESPOSTA, f"resposta {status} fora do contrato")
    if resposta.headers.get("Content-Encoding", "identity").strip().lower() != "identity":
        return FalhaDaOperadora(Falha.RESPOSTA, "resposta comprimida sem ter sido pedida")
    tipo = resposta.headers.get("Content-Type", "").partition(";")[0].strip().lower()
    if status == 200 and tipo not in tipos:
        return FalhaDaOperadora(Falha.RESPOSTA, f"resposta de outro tipo em vez de {tipos[0]}; confira a URL da API")
    return None


def _ler(resposta: requests.Response, maximo: int) -> bytes:
    corpo = bytearray()
    for pedaco in resposta.raw.stream(64 * 1024, decode_content=False):
        corpo += pedaco
        if len(corpo) > maximo:
            raise FalhaDaOperadora(Falha.RESPOSTA, f"resposta maior que {maximo // 1024} KB")
    return bytes(corpo)


def _espera(cabecalhos: Mapping[str, str]) -> float | None:
    """Retry-After in seconds, given as such or as a date (counted from the server's own clock when it tells it)."""
    texto = cabecalhos.get("Retry-After", "").strip()
    if re.fullmatch("[0-9]{1,9}", texto):
        return min(float(texto), MAIOR_ESPERA)
    quando, dito_em = _data_http(texto), _data_http(cabecalhos.get("Date", ""))
    if quando is None:
        return None
    return min(max((quando - (dito_em or datetime.now(UTC))).total_seconds(), 0.0), MAIOR_ESPERA)


def _data_http(texto: str) -> datetime | None:
    try:
        data = parsedate_to_datetime(texto)
    except (ValueError, OverflowError):
        return None
    return data if data.tzinfo is not None else data.replace(tzinfo=UTC)


def _palavras(erro: BaseException, prazo: float) -> str:
    causas: list[BaseException] = [erro]
    while (causa := causas[-1].__cause__ or causas[-1].__context__) is not None and causa not in causas:
        causas.append(causa)
    for causa in reversed(causas):
        for tipo, palavras in _PALAVRAS:
            if isinstance(causa, tipo):
                return palavras.format(prazo=prazo)
    return "a conexão caiu"
