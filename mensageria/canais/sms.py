"""SMS through an operator's HTTP API: what every gateway shares, and two real adapters.

JSON genérico is described by data (`configuracao` of the gateway), so that an ordinary gateway needs no code. Zenvia
follows the public reference of its API v2.
"""

import io
import json
import re
from abc import abstractmethod
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote, urlsplit

import requests
from urllib3.exceptions import HTTPError as ErroHTTP

from cadastro.campos import SegredoPerdido
from mensageria.canais.base import (
    Canal,
    Envelope,
    FalhaDeEnvio,
    LoteRecusado,
    Resposta,
    conferir_host,
    guardavel,
    palavras_da_rede,
)
from mensageria.canais.conexao import Adaptador
from mensageria.canais.respostas import classe_http
from mensageria.estados import DEFINITIVAS, Classe

MAIOR_RESPOSTA = 64 * 1024
NOME_DE_CABECALHO = re.compile(r"[A-Za-z0-9-]+")


class ConfiguracaoInvalida(ValueError):
    """The `configuracao` of a gateway says what its adapter does not do. The message is shown to who wrote it."""


@dataclass(frozen=True)
class Recibo:
    """What the operator says of an SMS that it took: `situacao` is entregue, falha or pendente."""

    situacao: str
    codigo: str
    texto: str = ""

    def __post_init__(self):
        object.__setattr__(self, "texto", guardavel(self.texto))


@dataclass(frozen=True)
class Aviso:
    """A receipt that the operator sends by itself, and of which SMS: by its id, by ours (`chave`), or by both."""

    id_externo: str
    chave: str
    recibo: Recibo


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
    """One HTTP session with the gateway; `prazo` is to connect, and again for the whole answer."""

    # What `configuracao` may say, and what it says when it says nothing: every value is of the type of its default.
    PADRAO: Mapping[str, Any] = {"cabecalho_retorno": "Authorization", "prefixo_retorno": "Bearer "}
    PODEM_FALTAR = frozenset({"prefixo_retorno"})  # texts that may be empty

    def __init__(
        self, *, url: str, credencial: str, remetente: str = "", prazo: float = 30, configuracao: Mapping | None = None
    ):
        self.url, self.credencial, self.remetente, self.prazo = url.rstrip("/"), credencial, remetente, prazo
        self.configuracao = configuracao or {}
        if problemas := self.problemas(self.configuracao):
            raise ConfiguracaoInvalida(" ".join(problemas))
        self.http = requests.Session()
        self.http.trust_env = False  # no proxy and no .netrc of whoever runs the worker
        for esquema in ("http://", "https://"):
            self.http.mount(esquema, Adaptador())

    @abstractmethod
    def pedido(self, envelope: Envelope) -> tuple[str, dict[str, str], Any]:
        """The URL, headers and JSON body that send one SMS."""

    @abstractmethod
    def aceite(self, dados: Any) -> str:
        """The operator's id in its answer; KeyError, TypeError or ValueError when there is none."""

    @classmethod
    def problemas(cls, configuracao: Any) -> list[str]:
        """What is wrong with a `configuracao`, in sentences; empty when nothing is."""
        if not isinstance(configuracao, Mapping):
            return ["A configuração é um objeto JSON, entre chaves."]
        desconhecidas = sorted(nome for nome in configuracao if nome not in cls.PADRAO)
        problemas = []
        if desconhecidas:
            conhecidas = ", ".join(sorted(cls.PADRAO))
            problemas.append(
                f"Este adaptador não conhece: {', '.join(desconhecidas)}. O que ele conhece: {conhecidas}."
            )
        return problemas + [
            f"{nome}: {problema}."
            for nome, valor in configuracao.items()
            if nome in cls.PADRAO and (problema := cls._problema_do_valor(nome, valor))
        ]

    @classmethod
    def _problema_do_valor(cls, nome: str, valor: Any) -> str:
        padrao = cls.PADRAO[nome]
        if isinstance(padrao, list):
            certo = isinstance(valor, list) and valor and all(isinstance(texto, str) and texto for texto in valor)
            return "" if certo else "esperada uma lista de textos"
        if isinstance(padrao, int):
            certo = isinstance(valor, int) and not isinstance(valor, bool) and 1 <= valor <= 1000
            return "" if certo else "esperado um número inteiro de 1 a 1000"
        if not isinstance(valor, str):
            return "esperado um texto"
        if not valor:
            return "" if nome in cls.PODEM_FALTAR else "não pode ser vazio"
        if nome.startswith("caminho") and not valor.startswith("/"):
            return "o caminho começa por uma barra"
        if nome.startswith("cabecalho") and not NOME_DE_CABECALHO.fullmatch(valor):
            return "o nome de um cabeçalho só tem letras, algarismos e hífens"
        return ""

    def opcao(self, nome: str) -> Any:
        return self.configuracao.get(nome, self.PADRAO[nome])

    def ler_aviso(self, dados: Any) -> Aviso | None:
        """One receipt as the operator posts it; None for what speaks of something else.

        KeyError, IndexError, TypeError or ValueError when it is no receipt at all.
        """
        raise ValueError("Este gateway não avisa.")

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
        if isinstance(self.credencial, SegredoPerdido):
            raise FalhaDeEnvio(Classe.AUTENTICACAO, "", SegredoPerdido.PALAVRAS)
        opcoes = {"data": corpo, "timeout": self.prazo, "allow_redirects": False, "stream": True}
        try:
            conferir_host(urlsplit(url).hostname or "")
            with self.http.request(metodo, url, headers=cabecalhos, **opcoes) as resposta:
                resposta._content = resposta.raw.read(MAIOR_RESPOSTA, decode_content=True)
        except (requests.RequestException, ErroHTTP, OSError, ValueError) as erro:
            if corpo is not None and corpo.impedimento is not None:
                raise corpo.impedimento from None
            saiu = corpo is not None and corpo.saiu
            raise FalhaDeEnvio(Classe.INCERTA if saiu else Classe.REDE, "", palavras_da_rede(erro)) from erro
        if not 200 <= resposta.status_code < 300:
            texto = _texto(resposta)
            raise FalhaDeEnvio(classe_http(resposta.status_code, texto), str(resposta.status_code), texto)
        return resposta


class GatewayJSON(CanalSMS):
    """A gateway that takes one JSON object a message. `configuracao` may change every name below."""

    consultavel = True
    PADRAO = CanalSMS.PADRAO | {
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
        # The question by our own id. A 404 is a "no" only in these words: a wrong path answers 404 as well.
        "caminho_referencia": "",
        "nao_encontrada": "",
        "carencia_consulta": 60,
        # Batches: the list that is sent ("": the body itself), and in the answer the list with one result of each.
        "lote_maximo": 1,
        "caminho_lote": "/sms/batch",
        "campo_lote": "messages",
        "campo_resultados": "messages",
        "campo_codigo": "code",
        "campo_erro": "error",
        # Receipts that come by themselves; empty: the same names as in the answers.
        "campo_id_aviso": "",
        "campo_referencia_aviso": "",
        "campo_situacao_aviso": "",
        "campo_detalhe": "detail",
    }
    PODEM_FALTAR = CanalSMS.PODEM_FALTAR | {
        "prefixo",
        "caminho_referencia",
        "nao_encontrada",
        "campo_lote",
        "campo_resultados",
        "campo_id_aviso",
        "campo_referencia_aviso",
        "campo_situacao_aviso",
    }

    def __init__(self, **campos):
        super().__init__(**campos)
        self.lote_maximo = self.opcao("lote_maximo")
        self.consultavel_por_chave = bool(self.opcao("caminho_referencia"))
        self.carencia_da_consulta = self.opcao("carencia_consulta")

    @classmethod
    def problemas(cls, configuracao: Any) -> list[str]:
        problemas = super().problemas(configuracao)
        if problemas:
            return problemas
        consulta = configuracao.get("caminho_referencia", "")
        if configuracao.get("lote_maximo", 1) > 1 and not consulta:
            problemas.append(
                "lote_maximo: só se envia em lote por um gateway que responde pela nossa referência; "
                "informe caminho_referencia."
            )
        if consulta and "{referencia}" not in consulta:
            problemas.append("caminho_referencia: falta {referencia}, onde vai a nossa identificação.")
        if "{id}" not in configuracao.get("caminho_consulta", "{id}"):
            problemas.append("caminho_consulta: falta {id}, onde vai a identificação da operadora.")
        return problemas

    def _cabecalhos(self) -> dict[str, str]:
        return {self.opcao("cabecalho"): self.opcao("prefixo") + self.credencial}

    def _mensagem(self, envelope: Envelope) -> dict[str, str]:
        corpo = {
            self.opcao("campo_destino"): envelope.destino,
            self.opcao("campo_texto"): envelope.conteudo.decode(),
            self.opcao("campo_referencia"): envelope.chave,
        }
        if self.remetente:
            corpo[self.opcao("campo_remetente")] = self.remetente
        return corpo

    def pedido(self, envelope: Envelope) -> tuple[str, dict[str, str], Any]:
        return self.url + self.opcao("caminho"), self._cabecalhos(), self._mensagem(envelope)

    def aceite(self, dados: Any) -> str:
        return _achar(dados, self.opcao("campo_id"))

    # Batches

    def enviar_lote(
        self, envelopes: Sequence[Envelope], antes_do_corpo: Callable[[], None]
    ) -> list[Resposta | FalhaDeEnvio]:
        self._conferir_lote(envelopes)
        if len(envelopes) < 2:
            return super().enviar_lote(envelopes, antes_do_corpo)
        mensagens = [self._mensagem(envelope) for envelope in envelopes]
        campo = self.opcao("campo_lote")
        corpo = _Corpo({campo: mensagens} if campo else mensagens, antes_do_corpo)
        cabecalhos = self._cabecalhos() | {"Content-Type": "application/json"}
        try:
            resposta = self._pedir("POST", self.url + self.opcao("caminho_lote"), cabecalhos, corpo)
        except FalhaDeEnvio as falha:
            if falha is corpo.impedimento:
                raise
            if falha.classe in DEFINITIVAS:  # one of them may be to blame, and the others are not
                self.lote_maximo = 1
                raise LoteRecusado(str(falha)) from falha
            return [FalhaDeEnvio(falha.classe, falha.codigo, falha.texto) for _ in envelopes]
        ditos = self._resultados(resposta)
        sem_palavra = (Classe.INCERTA, str(resposta.status_code), _texto(resposta))
        return [ditos.get(envelope.chave) or FalhaDeEnvio(*sem_palavra) for envelope in envelopes]

    def _resultados(self, resposta: requests.Response) -> dict[str, Resposta | FalhaDeEnvio]:
        """What an accepted batch says of each reference. What it does not say stays uncertain."""
        try:
            itens = _lista(resposta.json(), self.opcao("campo_resultados"))
        except (ValueError, KeyError, IndexError, TypeError, RecursionError):
            return {}
        ditos = {}
        for item in itens:
            try:
                ditos[str(_achar(item, self.opcao("campo_referencia")))] = self._resultado(item, resposta.status_code)
            except (ValueError, KeyError, IndexError, TypeError):
                continue
        return ditos

    def _resultado(self, item: Any, status: int) -> Resposta | FalhaDeEnvio:
        palavras = json.dumps(item, ensure_ascii=False)[:1000]
        erro = _talvez(item, self.opcao("campo_erro"))
        if not erro:
            return Resposta(str(status), palavras, _identificacao(self.aceite(item)))
        codigo = _talvez(item, self.opcao("campo_codigo"))
        codigo = codigo if isinstance(codigo, int) and 400 <= codigo < 600 else 400
        return FalhaDeEnvio(classe_http(codigo, palavras), str(codigo), palavras)

    # What became of it

    def consultar(self, id_externo: str) -> Recibo:
        caminho = self.opcao("caminho_consulta").replace("{id}", quote(id_externo, safe=""))
        resposta = self._pedir("GET", self.url + caminho, self._cabecalhos())
        try:
            situacao = str(_achar(resposta.json(), self.opcao("campo_situacao")))
        except (ValueError, KeyError, IndexError, TypeError, RecursionError) as erro:
            raise FalhaDeEnvio(Classe.TEMPORARIO, str(resposta.status_code), _texto(resposta)) from erro
        return self._recibo(situacao, _texto(resposta))

    def _recibo(self, situacao: str, texto: str) -> Recibo:
        if situacao in self.opcao("entregue"):
            return Recibo("entregue", situacao, texto)
        return Recibo("falha" if situacao in self.opcao("falha") else "pendente", situacao, texto)

    def consultar_por_chave(self, chave: str) -> Resposta | None:
        """An empty list is a "no", and so is a 404 in the words of `nao_encontrada`; another's id says nothing."""
        if not self.consultavel_por_chave:
            return super().consultar_por_chave(chave)
        caminho = self.opcao("caminho_referencia").replace("{referencia}", quote(chave, safe=""))
        try:
            resposta = self._pedir("GET", self.url + caminho, self._cabecalhos())
        except FalhaDeEnvio as falha:
            palavras = self.opcao("nao_encontrada")
            if falha.codigo == "404" and palavras and palavras.casefold() in falha.texto.casefold():
                return None
            raise
        nao_diz = FalhaDeEnvio(Classe.TEMPORARIO, str(resposta.status_code), _texto(resposta))
        try:
            dados = resposta.json()
            if dados == []:
                return None
            for item in dados if isinstance(dados, list) else [dados]:
                if str(_achar(item, self.opcao("campo_referencia"))) == chave:
                    return Resposta(str(resposta.status_code), _texto(resposta), _identificacao(self.aceite(item)))
        except (ValueError, KeyError, IndexError, TypeError, RecursionError) as erro:
            raise nao_diz from erro
        raise nao_diz

    def ler_aviso(self, dados: Any) -> Aviso:
        id_externo = _talvez(dados, self.opcao("campo_id_aviso") or self.opcao("campo_id"))
        chave = _talvez(dados, self.opcao("campo_referencia_aviso") or self.opcao("campo_referencia"))
        situacao = str(_achar(dados, self.opcao("campo_situacao_aviso") or self.opcao("campo_situacao")))
        detalhe = _talvez(dados, self.opcao("campo_detalhe"))
        texto = f"{situacao} {detalhe if isinstance(detalhe, str) else ''}".strip()
        return _aviso(id_externo, chave, self._recibo(situacao, texto[:1000]))


class Zenvia(CanalSMS):
    """Zenvia's API v2: POST /v2/channels/sms/messages with X-API-TOKEN.

    Its public reference has no query of one message: what became of an SMS comes only by webhook, and nothing leaves
    in batches.
    """

    ENTREGUES = frozenset({"DELIVERED", "READ", "CLICKED"})
    FALHAS = frozenset({"NOT_DELIVERED", "REJECTED"})

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

    def ler_aviso(self, dados: Any) -> Aviso | None:
        """The event MESSAGE_STATUS; other events, such as an SMS that comes in, are not about what was sent."""
        if dados["type"] != "MESSAGE_STATUS":
            return None
        estado = dados["messageStatus"]
        codigo = str(estado["code"])
        causas = estado.get("causes")
        causas = [str(_talvez(causa, "reason") or "") for causa in causas] if isinstance(causas, list) else []
        texto = " ".join(filter(None, [codigo, str(estado.get("description") or ""), *causas]))[:1000]
        situacao = "entregue" if codigo in self.ENTREGUES else "falha" if codigo in self.FALHAS else "pendente"
        return _aviso(dados.get("messageId"), dados.get("externalId"), Recibo(situacao, codigo, texto))


def _achar(dados: Any, caminho: str) -> Any:
    """What is at a dotted path: names of objects and positions of lists."""
    for parte in caminho.split("."):
        dados = dados[int(parte)] if isinstance(dados, list) else dados[parte]
    return dados


def _talvez(dados: Any, caminho: str) -> Any:
    try:
        return _achar(dados, caminho)
    except (KeyError, IndexError, TypeError, ValueError):
        return None


def _lista(dados: Any, caminho: str) -> list:
    """The list at a path, or `dados` itself when the path is empty; TypeError for anything else."""
    achado = _achar(dados, caminho) if caminho else dados
    if not isinstance(achado, list):
        raise TypeError("esperada uma lista")
    return achado


def _aviso(id_externo: Any, chave: Any, recibo: Recibo) -> Aviso:
    """ValueError unless it says of which SMS, by the operator's id or by ours."""
    id_externo, chave = (None if valor in (None, "") else _identificacao(valor) for valor in (id_externo, chave))
    if id_externo is None and chave is None:
        raise ValueError("aviso sem identificação")
    return Aviso(guardavel(id_externo or ""), guardavel(chave or ""), recibo)


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
