"""SMS through an operator's HTTP API: what every gateway shares, and two real adapters.

JSON genérico is described by data (`configuracao` of the gateway), so that an ordinary gateway needs no code. Zenvia
follows the public reference of its API v2.
"""

import io
import json
from abc import abstractmethod
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote, urlsplit

import requests
from urllib3.exceptions import HTTPError as ErroHTTP

from mensageria.canais.base import Canal, Envelope, FalhaDeEnvio, Resposta, conferir_host, guardavel
from mensageria.canais.respostas import classe_http
from mensageria.estados import Classe

MAIOR_RESPOSTA = 64 * 1024


@dataclass(frozen=True)
class Recibo:
    """What the operator says of an SMS that it took: `situacao` is entregue, falha or pendente."""

    situacao: str
    codigo: str
    texto: str = ""

    def __post_init__(self):
        object.__setattr__(self, "texto", guardavel(self.texto))


class _Corpo(io.BytesIO):
    """The body of a request. It asks leave before its first byte is read: the server is reached by then."""

    def __init__(self, dados: Any, antes_do_corpo: Callable[[], None]):
        super().__init__(json.dumps(dados).encode())
        self._antes_do_corpo = antes_do_corpo
        self.saiu = False
        self.impedimento: BaseException | None = None

    def read(self, tamanho: int | None = -1) -> bytes:
        if not self.saiu:
            try:
                self._antes_do_corpo()
            except BaseException as erro:
                self.impedimento = erro
                raise
            self.saiu = True
        return super().read(tamanho)


class CanalSMS(Canal):
    """One HTTP session with the gateway."""

    def __init__(
        self, *, url: str, credencial: str, remetente: str = "", prazo: float = 30, configuracao: Mapping | None = None
    ):
        self.url, self.credencial, self.remetente, self.prazo = url.rstrip("/"), credencial, remetente, prazo
        self.configuracao = configuracao or {}
        self.http = requests.Session()
        self.http.trust_env = False  # no proxy and no .netrc of whoever runs the worker

    @abstractmethod
    def pedido(self, envelope: Envelope) -> tuple[str, dict[str, str], Any]:
        """The URL, headers and JSON body that send one SMS."""

    @abstractmethod
    def aceite(self, dados: Any) -> str:
        """The operator's id in its answer; KeyError, TypeError or ValueError when there is none."""

    consultavel = False

    def consultar(self, id_externo: str) -> Recibo:
        """What became of an SMS; raises FalhaDeEnvio. Only of a gateway that is `consultavel`."""
        raise FalhaDeEnvio(Classe.MENSAGEM, "", "Este gateway não responde a consultas.")

    def enviar(self, envelope: Envelope, antes_do_corpo: Callable[[], None]) -> Resposta:
        url, cabecalhos, dados = self.pedido(envelope)
        corpo = _Corpo(dados, antes_do_corpo)
        resposta = self._pedir("POST", url, cabecalhos | {"Content-Type": "application/json"}, corpo)
        try:
            id_externo = _identificacao(self.aceite(resposta.json()))
        except (ValueError, KeyError, TypeError, IndexError, RecursionError) as erro:
            raise FalhaDeEnvio(Classe.INCERTA, str(resposta.status_code), _texto(resposta)) from erro
        return Resposta(str(resposta.status_code), _texto(resposta), id_externo)

    def fechar(self) -> None:
        self.http.close()

    def _pedir(
        self, metodo: str, url: str, cabecalhos: dict[str, str], corpo: _Corpo | None = None
    ) -> requests.Response:
        """Ask, and read a bounded answer. What fails before the body left is of the network; after it, uncertain."""
        if not all(valor.isascii() and valor.isprintable() for valor in cabecalhos.values()):
            # said here, since the library's words would show the credential
            raise FalhaDeEnvio(Classe.AUTENTICACAO, "", "A credencial tem caracteres que um cabeçalho não leva.")
        opcoes = {"data": corpo, "timeout": self.prazo, "allow_redirects": False, "stream": True}
        try:
            conferir_host(urlsplit(url).hostname or "")
            with self.http.request(metodo, url, headers=cabecalhos, **opcoes) as resposta:
                resposta._content = resposta.raw.read(MAIOR_RESPOSTA, decode_content=True)
        except (requests.RequestException, ErroHTTP, OSError, ValueError) as erro:
            if corpo is not None and corpo.impedimento is not None:
                raise corpo.impedimento from None
            saiu = corpo is not None and corpo.saiu
            raise FalhaDeEnvio(Classe.INCERTA if saiu else Classe.REDE, "", str(erro)[:1000]) from erro
        if not 200 <= resposta.status_code < 300:
            texto = _texto(resposta)
            raise FalhaDeEnvio(classe_http(resposta.status_code, texto), str(resposta.status_code), texto)
        return resposta


class GatewayJSON(CanalSMS):
    """A gateway that takes one JSON object a message. `configuracao` may change every name below."""

    consultavel = True
    PADRAO = {
        "caminho": "/sms",
        "cabecalho": "Authorization",
        "prefixo": "Bearer ",
        "campo_destino": "to",
        "campo_texto": "text",
        "campo_referencia": "reference",
        "campo_remetente": "from",
        "campo_id": "id",
        "caminho_consulta": "/sms/{id}",
        "campo_situacao": "status",
        "entregue": ["delivered"],
        "falha": ["failed", "rejected", "undelivered", "expired"],
    }

    def _opcao(self, nome: str) -> Any:
        return self.configuracao.get(nome, self.PADRAO[nome])

    def _cabecalhos(self) -> dict[str, str]:
        return {self._opcao("cabecalho"): self._opcao("prefixo") + self.credencial}

    def pedido(self, envelope: Envelope) -> tuple[str, dict[str, str], Any]:
        corpo = {
            self._opcao("campo_destino"): envelope.destino,
            self._opcao("campo_texto"): envelope.conteudo.decode(),
            self._opcao("campo_referencia"): envelope.chave,
        }
        if self.remetente:
            corpo[self._opcao("campo_remetente")] = self.remetente
        return self.url + self._opcao("caminho"), self._cabecalhos(), corpo

    def aceite(self, dados: Any) -> str:
        return dados[self._opcao("campo_id")]

    def consultar(self, id_externo: str) -> Recibo:
        caminho = self._opcao("caminho_consulta").replace("{id}", quote(id_externo, safe=""))
        resposta = self._pedir("GET", self.url + caminho, self._cabecalhos())
        try:
            situacao = str(resposta.json()[self._opcao("campo_situacao")])
        except (ValueError, KeyError, TypeError, RecursionError) as erro:
            raise FalhaDeEnvio(Classe.TEMPORARIO, str(resposta.status_code), _texto(resposta)) from erro
        if situacao in self._opcao("entregue"):
            return Recibo("entregue", situacao, _texto(resposta))
        return Recibo("falha" if situacao in self._opcao("falha") else "pendente", situacao, _texto(resposta))


class Zenvia(CanalSMS):
    """Zenvia's API v2: POST /v2/channels/sms/messages with X-API-TOKEN.

    Its public reference has no query of one message: what became of an SMS comes only by webhook.
    """

    def pedido(self, envelope: Envelope) -> tuple[str, dict[str, str], Any]:
        corpo = {
            "from": self.remetente,
            "to": envelope.destino,
            "externalId": envelope.chave,
            "contents": [{"type": "text", "text": envelope.conteudo.decode()}],
        }
        return f"{self.url}/v2/channels/sms/messages", {"X-API-TOKEN": self.credencial}, corpo

    def aceite(self, dados: Any) -> str:
        return dados["id"]


def _identificacao(valor: Any) -> str:
    """The operator's id as text; ValueError for what identifies nothing."""
    if not isinstance(valor, str | int) or isinstance(valor, bool) or valor == "":
        raise ValueError("aceite sem identificação")
    return str(valor)[:120]


def _texto(resposta: requests.Response) -> str:
    try:
        return json.dumps(resposta.json(), ensure_ascii=False)[:1000]
    except (ValueError, RecursionError):
        return " ".join(resposta.text.split())[:1000]


ADAPTADORES: dict[str, type[CanalSMS]] = {"json": GatewayJSON, "zenvia": Zenvia}
