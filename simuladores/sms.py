"""An SMS gateway on a real socket, in two dialects, that throttles, refuses, drops and reports when ordered to.

Generic dialect, with `Authorization: Bearer <token>`:

- `POST /sms` {"to", "text", "reference"} → 202 {"id"}; errors are {"error"};
- `POST /sms/batch` {"messages": [those of `POST /sms`]}, up to LOTE_MAXIMO → 202 {"messages": [one result of each, in
  order: {"reference", "id"}, or {"reference", "code", "error"} for one that is refused]};
- `GET /sms/<id>` and `GET /sms?reference=<reference>` → {"id", "reference", "status", "detail"}, where status is
  queued, sent, delivered or failed;
- the callback is a POST of those same four fields.
- It is idempotent on `reference`: a repeated one gets the first id again and no second receipt.

Zenvia v2, with `X-API-TOKEN: <token>`, after the public specification (github.com/zenvia/zenvia-openapi-spec, v2):

- `POST /v2/channels/sms/messages` {"from", "to", "contents": [{"type": "text", "text"}]} → 200 with the message: "id",
  "direction": "OUT", "channel": "sms" and "timestamp" besides what was sent; errors are {"code", "message"};
- the state of one message comes only by webhook, a POST of the event MESSAGE_STATUS, whose `messageStatus.code` is
  SENT, DELIVERED or NOT_DELIVERED. The specification has no query by message, so there is none here, and its reports
  (`/v2/reports/...`, totals by period) are left out.
- Beyond the text of the specification: `externalId` is taken, returned, and repeated in the event, as its present
  clients do; 429 and 503 carry the same shape of error.
"""

import json
import re
import threading
import time
import uuid
from collections import deque
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from heapq import heappop, heappush
from http.client import HTTPException
from itertools import count
from pathlib import Path
from urllib.error import HTTPError
from urllib.parse import parse_qs, urlsplit
from urllib.request import ProxyHandler, Request, build_opener

from simuladores.ordens import Ordens
from simuladores.servidor import Atendimento, ServidorHTTP

ACOES = ("recusar", "demorar", "derrubar_antes", "derrubar_depois", "lixo", "recibo_falho")
LOTE_MAXIMO = 100
NUMERO = re.compile(r"\+?[0-9]{8,15}")
TENTATIVAS_DE_AVISO = 3


@dataclass(frozen=True)
class SMSRecebido:
    """An SMS that the gateway accepted."""

    id: str
    destino: str
    texto: str
    referencia: str
    dialeto: str
    momento: datetime


@dataclass
class OrdemSMS:
    """One fault to commit; the first order that matches a POST acts.

    `acao`: recusar (reply `status` with `corpo`, nothing kept) · demorar (only waits) · derrubar_antes (drop with the
    body unread, so `padrao` must be empty) · derrubar_depois (keep it, then drop without a reply) · lixo (keep it and
    reply `status` with a body that is not JSON) · recibo_falho (accept it, and its receipt says failed).
    `corpo` is sent as JSON, or as it is when it is text; None gives the error of the dialect. `segundos` comes first.
    `padrao` is searched in the number without "+". `vezes` is how often it acts, for each number if `por_destino`;
    `depois_de`, how many SMS are accepted first.

    Of a batch, recusar and recibo_falho are of one SMS; derrubar_depois drops with what came before it and itself kept
    and the rest not taken; lixo spoils the reply of the whole.
    """

    acao: str = "recusar"
    status: int | None = None
    corpo: dict | str | None = None
    cabecalhos: Mapping[str, str] = field(default_factory=dict)
    segundos: float = 0
    padrao: str = ""
    vezes: int | None = None
    depois_de: int = 0
    por_destino: bool = False
    texto: str = "Recusado pelo simulador"

    def __post_init__(self):
        if self.acao not in ACOES:
            raise ValueError(f"acao desconhecida: {self.acao}")
        if self.acao == "derrubar_antes" and self.padrao:
            raise ValueError("derrubar_antes age antes de o numero ser lido")


# Magic numbers, by their last digits (README.md has the table).
NUMEROS_MAGICOS = (
    OrdemSMS(status=400, texto="Numero invalido", padrao="0001$"),
    OrdemSMS("recibo_falho", texto="Numero fora de servico", padrao="0002$"),
    OrdemSMS(status=503, texto="Indisponivel", padrao="0003$", vezes=1, por_destino=True),
    OrdemSMS("derrubar_depois", padrao="0004$"),
)


class PedidoInvalido(Exception):
    """The request is not what the dialect asks; the message goes to the client."""


@dataclass(frozen=True)
class Pedido:
    destino: str
    texto: str
    referencia: str
    original: dict


class DialetoGenerico:
    nome = "generico"
    status_de_aceite = 202
    idempotente = True

    def autorizado(self, cabecalhos: Mapping[str, str], token: str) -> bool:
        return cabecalhos.get("Authorization") == f"Bearer {token}"

    def ler(self, corpo: dict) -> Pedido:
        return Pedido(_texto(corpo, "to"), _texto(corpo, "text"), _texto(corpo, "reference", ""), corpo)

    def aceite(self, sms: SMSRecebido, pedido: Pedido) -> dict:
        return {"id": sms.id}

    def erro(self, status: int, texto: str) -> dict:
        return {"error": texto}

    def aviso(self, sms: SMSRecebido, situacao: str, detalhe: str) -> dict:
        return {"id": sms.id, "reference": sms.referencia, "status": situacao, "detail": detalhe}


class DialetoZenvia:
    nome = "zenvia"
    status_de_aceite = 200
    idempotente = False
    CODIGOS_DE_ERRO = {400: "VALIDATION_ERROR", 401: "AUTHENTICATION_ERROR", 404: "NOT_FOUND", 409: "DUPLICATED"}
    CODIGOS_DE_SITUACAO = {"sent": "SENT", "delivered": "DELIVERED", "failed": "NOT_DELIVERED"}

    def autorizado(self, cabecalhos: Mapping[str, str], token: str) -> bool:
        return cabecalhos.get("X-API-TOKEN") == token

    def ler(self, corpo: dict) -> Pedido:
        _texto(corpo, "from")
        conteudos = corpo.get("contents")
        if not isinstance(conteudos, list) or not conteudos:
            raise PedidoInvalido("contents: esperada uma lista com conteudo")
        if any(not isinstance(parte, dict) or parte.get("type") != "text" for parte in conteudos):
            raise PedidoInvalido("contents: SMS so leva type text")
        texto = "".join(_texto(parte, "text") for parte in conteudos)
        return Pedido(_texto(corpo, "to"), texto, _texto(corpo, "externalId", ""), corpo)

    def aceite(self, sms: SMSRecebido, pedido: Pedido) -> dict:
        proprios = {"id": sms.id, "direction": "OUT", "channel": "sms", "timestamp": sms.momento.isoformat()}
        return pedido.original | proprios

    def erro(self, status: int, texto: str) -> dict:
        return {"code": self.CODIGOS_DE_ERRO.get(status, "INTERNAL_ERROR"), "message": texto}

    def aviso(self, sms: SMSRecebido, situacao: str, detalhe: str) -> dict:
        agora = datetime.now(UTC).isoformat()
        estado = {"timestamp": agora, "code": self.CODIGOS_DE_SITUACAO[situacao], "description": detalhe or situacao}
        if situacao == "failed":
            estado["causes"] = [{"channelErrorCode": "1", "reason": detalhe, "details": detalhe}]
        evento = {
            "id": str(uuid.uuid4()),
            "timestamp": agora,
            "type": "MESSAGE_STATUS",
            "subscriptionId": "simulador",
            "channel": "sms",
            "messageId": sms.id,
            "contentIndex": 0,
            "messageStatus": estado,
        }
        return evento | ({"externalId": sms.referencia} if sms.referencia else {})


GENERICO, ZENVIA = DialetoGenerico(), DialetoZenvia()
CAMINHOS = {"/sms": GENERICO, "/v2/channels/sms/messages": ZENVIA}
CAMINHO_DO_LOTE = "/sms/batch"
DIALETOS = {dialeto.nome: dialeto for dialeto in CAMINHOS.values()}


def _objeto(bruto: bytes) -> dict:
    try:
        corpo = json.loads(bruto)
    except ValueError as erro:
        raise PedidoInvalido("O corpo nao e JSON") from erro
    if not isinstance(corpo, dict):
        raise PedidoInvalido("Esperado um objeto JSON")
    return corpo


def _texto_do_recibo(ordem: OrdemSMS | None) -> str | None:
    """What the last receipt will say of a failure, if it is to fail."""
    return ordem.texto if ordem is not None and ordem.acao == "recibo_falho" else None


def _texto(corpo: dict, campo: str, padrao: str | None = None) -> str:
    valor = corpo.get(campo, padrao)
    if not isinstance(valor, str) or (padrao is None and not valor):
        raise PedidoInvalido(f"{campo}: esperado um texto")
    return valor


class GatewaySMSSimulado:
    """The gateway. `with GatewaySMSSimulado() as gateway:` answers at `gateway.url`; `iniciar`/`parar` do the same.

    `recebidas` has every SMS accepted, repeated references too; `repetidas`, the references seen again; `avisos`, each
    callback tried: (id, status, HTTP status or error). With `recibos` each SMS becomes sent after half of `atraso` and
    delivered (or failed) after `atraso`; without them, only `avisar` changes it. Callbacks carry `callback_segredo` in
    the header `callback_cabecalho` and are tried three times; `memoria` bounds what is remembered.
    """

    def __init__(
        self,
        pasta: str | Path | None = None,
        host: str = "127.0.0.1",
        porta: int = 0,
        token: str = "segredo",
        ordens: Iterable[OrdemSMS] = (),
        limite_por_segundo: int | None = None,
        callback_url: str | None = None,
        callback_segredo: str = "segredo",
        callback_cabecalho: str = "Authorization",
        atraso: float = 0,
        recibos: bool = True,
        numeros_magicos: bool = False,
        memoria: int | None = None,
    ):
        self.host, self.porta, self.token = host, porta, token
        self.limite_por_segundo = limite_por_segundo
        self.atraso, self.recibos, self.memoria = atraso, recibos, memoria
        self.recebidas: list[SMSRecebido] = []
        self.repetidas: list[str] = []
        self.avisos: list[tuple[str, str, int | str]] = []
        self.aceitas = 0
        self.pedidos = 0
        self.ordens = Ordens(ordens, NUMEROS_MAGICOS if numeros_magicos else (), chave=_chave)
        self._registro = Path(pasta) / "sms.jsonl" if pasta is not None else None
        self._por_id: dict[str, SMSRecebido] = {}
        self._por_referencia: dict[tuple[str, str], SMSRecebido] = {}
        self._situacoes: dict[str, tuple[str, str]] = {}
        self._passagens: deque[float] = deque()
        self._mudou = threading.Condition()
        self._carteiro = _Carteiro(self, callback_url, callback_cabecalho, callback_segredo)
        self._http: ServidorHTTP | None = None

    def __enter__(self) -> "GatewaySMSSimulado":
        self.iniciar()
        return self

    def __exit__(self, *_) -> None:
        self.parar()

    @property
    def url(self) -> str:
        return f"http://{self.host}:{self.porta}"

    def iniciar(self) -> None:
        """Listen; a busy port raises OSError here."""
        if self._registro is not None:
            self._registro.parent.mkdir(parents=True, exist_ok=True)
        self._http = ServidorHTTP((self.host, self.porta), _Atendimento, self)
        self.porta = self._http.server_address[1]
        self._linha_de_execucao = threading.Thread(
            target=self._http.serve_forever, args=(0.01,), name="sms-simulado", daemon=True
        )
        self._linha_de_execucao.start()
        self._carteiro.iniciar()

    def parar(self) -> None:
        """Stop answering and cut every connection; receipts not yet due are lost."""
        if self._http is not None:
            self._http.shutdown()
            self._linha_de_execucao.join()
            self._http.cortar()
            self._http.server_close()
            self._carteiro.parar()
            self._http = None

    def ordenar(self, ordem: OrdemSMS) -> None:
        self.ordens.acrescentar(ordem)

    def limpar(self) -> None:
        """Forget SMS, receipts and given orders; magic numbers stay, as new."""
        self.ordens.limpar()
        with self._mudou:
            for lembranca in (self.recebidas, self.repetidas, self.avisos, self._passagens):
                lembranca.clear()
            for indice in (self._por_id, self._por_referencia, self._situacoes):
                indice.clear()
            self.aceitas = self.pedidos = 0

    def esperar(self, n: int, prazo: float = 5) -> list[SMSRecebido]:
        """Wait until `n` SMS were accepted since the start or `limpar`; TimeoutError when `prazo` ends first."""
        with self._mudou:
            if not self._mudou.wait_for(lambda: self.aceitas >= n, timeout=prazo):
                raise TimeoutError(f"chegaram {self.aceitas} de {n} SMS em {prazo} s")
            return list(self.recebidas)

    def esperar_avisos(self, n: int, prazo: float = 5) -> list[tuple[str, str, int | str]]:
        """Wait until `n` callbacks were tried, well or ill; TimeoutError when `prazo` ends first."""
        with self._mudou:
            if not self._mudou.wait_for(lambda: len(self.avisos) >= n, timeout=prazo):
                raise TimeoutError(f"{len(self.avisos)} de {n} avisos em {prazo} s")
            return list(self.avisos)

    def situacao(self, id_: str) -> str | None:
        """The status of one SMS, or None if it is unknown."""
        par = self._situacoes.get(id_)
        return par[0] if par is not None else None

    def avisar(self, id_: str, situacao: str, detalhe: str = "") -> None:
        """Issue a receipt now, sent, delivered or failed: change the status of an SMS, and call back."""
        if situacao not in DialetoZenvia.CODIGOS_DE_SITUACAO:
            raise ValueError(f"situacao desconhecida: {situacao}")
        self._carteiro.agendar(0, id_, situacao, detalhe)

    # Called by the request handlers and by the receipts' thread.

    def ha_vez(self) -> bool:
        """Take one of this second's places, if there is any left."""
        if self.limite_por_segundo is None:
            return True
        agora = time.monotonic()
        with self._mudou:
            while self._passagens and self._passagens[0] <= agora - 1:
                self._passagens.popleft()
            if len(self._passagens) >= self.limite_por_segundo:
                return False
            self._passagens.append(agora)
            return True

    def aceitar(self, pedido: Pedido, dialeto, falha: str | None) -> SMSRecebido:
        """Record an SMS and book its receipts; `falha` is what the last one will say, if it is to fail."""
        with self._mudou:
            anterior = self._por_referencia.get((dialeto.nome, pedido.referencia)) if pedido.referencia else None
            if anterior is not None:
                self.repetidas.append(pedido.referencia)
            repete = anterior is not None and dialeto.idempotente
            id_ = anterior.id if repete else str(uuid.uuid4())
            sms = SMSRecebido(id_, pedido.destino, pedido.texto, pedido.referencia, dialeto.nome, datetime.now(UTC))
            self._guardar(sms)
            if not repete:
                self._indexar(sms)
            self._mudou.notify_all()
        if not repete and self.recibos:
            self._carteiro.agendar(self.atraso / 2, id_, "sent", "")
            self._carteiro.agendar(self.atraso, id_, "failed" if falha is not None else "delivered", falha or "")
        return sms

    def consultar(self, id_: str = "", referencia: str = "") -> dict | None:
        with self._mudou:
            sms = self._por_id.get(id_) if id_ else self._por_referencia.get((GENERICO.nome, referencia))
            return GENERICO.aviso(sms, *self._situacoes[sms.id]) if sms is not None else None

    def mudar(self, id_: str, situacao: str, detalhe: str) -> SMSRecebido | None:
        """Set the status of an SMS and return it; None if it was forgotten meanwhile."""
        with self._mudou:
            sms = self._por_id.get(id_)
            if sms is not None:
                self._situacoes[id_] = (situacao, detalhe)
            return sms

    def anotar_aviso(self, id_: str, situacao: str, resultado: int | str) -> None:
        with self._mudou:
            self.avisos.append((id_, situacao, resultado))
            self._mudou.notify_all()

    def contar_pedido(self) -> None:
        with self._mudou:
            self.pedidos += 1

    def _guardar(self, sms: SMSRecebido) -> None:
        self.recebidas.append(sms)
        self.aceitas += 1
        if self._registro is not None:
            linha = {
                "id": sms.id,
                "to": sms.destino,
                "text": sms.texto,
                "reference": sms.referencia,
                "dialect": sms.dialeto,
                "at": sms.momento.isoformat(),
            }
            with self._registro.open("a", encoding="utf-8") as arquivo:
                arquivo.write(json.dumps(linha, ensure_ascii=False) + "\n")
        if self.memoria is not None and len(self.recebidas) > 2 * self.memoria:
            self._esquecer_antigas()

    def _indexar(self, sms: SMSRecebido) -> None:
        self._por_id[sms.id] = sms
        self._situacoes[sms.id] = ("queued", "")
        if sms.referencia:
            self._por_referencia.setdefault((sms.dialeto, sms.referencia), sms)

    def _esquecer_antigas(self) -> None:
        for sms in self.recebidas[: -self.memoria]:
            self._por_id.pop(sms.id, None)
            self._situacoes.pop(sms.id, None)
            self._por_referencia.pop((sms.dialeto, sms.referencia), None)
        del self.recebidas[: -self.memoria]
        del self.repetidas[: -self.memoria]
        del self.avisos[: -self.memoria]


def _chave(ordem: OrdemSMS) -> str:
    return "ANTES" if ordem.acao == "derrubar_antes" else "PEDIDO"


class _Carteiro:
    """Changes the status of each SMS when its time comes, and calls back, from one background thread."""

    def __init__(self, gateway: GatewaySMSSimulado, url: str | None, cabecalho: str, segredo: str):
        self.gateway, self.url = gateway, url
        valor = f"Bearer {segredo}" if cabecalho == "Authorization" else segredo
        self.cabecalhos = {"Content-Type": "application/json", cabecalho: valor}
        self.abridor = build_opener(ProxyHandler({}))
        self._fila: list[tuple[float, int, str, str, str]] = []
        self._ordem = count()
        self._ha_servico = threading.Condition()
        self._parado = True

    def iniciar(self) -> None:
        self._parado = False
        self._linha_de_execucao = threading.Thread(target=self._trabalhar, name="sms-recibos", daemon=True)
        self._linha_de_execucao.start()

    def parar(self) -> None:
        with self._ha_servico:
            self._parado = True
            self._fila.clear()
            self._ha_servico.notify()
        self._linha_de_execucao.join()

    def agendar(self, em: float, id_: str, situacao: str, detalhe: str) -> None:
        with self._ha_servico:
            heappush(self._fila, (time.monotonic() + em, next(self._ordem), id_, situacao, detalhe))
            self._ha_servico.notify()

    def _trabalhar(self) -> None:
        while (servico := self._proximo()) is not None:
            id_, situacao, detalhe = servico
            sms = self.gateway.mudar(id_, situacao, detalhe)
            if sms is not None and self.url is not None:
                self._avisar(sms, situacao, detalhe)

    def _proximo(self) -> tuple[str, str, str] | None:
        """Wait for the next receipt to fall due; None when it is time to stop."""
        with self._ha_servico:
            while not self._parado:
                falta = self._fila[0][0] - time.monotonic() if self._fila else None
                if falta is not None and falta <= 0:
                    return heappop(self._fila)[2:]
                self._ha_servico.wait(falta)
            return None

    def _avisar(self, sms: SMSRecebido, situacao: str, detalhe: str) -> None:
        corpo = json.dumps(DIALETOS[sms.dialeto].aviso(sms, situacao, detalhe)).encode()
        for tentativa in range(TENTATIVAS_DE_AVISO):
            resultado = self._postar(corpo)
            self.gateway.anotar_aviso(sms.id, situacao, resultado)
            if isinstance(resultado, int) and resultado < 300:
                return
            with self._ha_servico:
                if self._ha_servico.wait_for(lambda: self._parado, timeout=0.05 * 2**tentativa):
                    return

    def _postar(self, corpo: bytes) -> int | str:
        try:
            with self.abridor.open(Request(self.url, data=corpo, headers=self.cabecalhos), timeout=5) as resposta:
                return resposta.status
        except HTTPError as erro:
            return erro.code
        except (OSError, HTTPException) as erro:
            return str(erro)


class _Atendimento(Atendimento):
    def do_POST(self) -> None:
        gateway = self.server.dono
        gateway.contar_pedido()
        antes = gateway.ordens.escolher("ANTES", aceitas=gateway.aceitas)
        if antes is not None:
            time.sleep(antes.segundos)
            self.close_connection = True
            return
        bruto = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        caminho = urlsplit(self.path).path
        em_lote = caminho == CAMINHO_DO_LOTE
        dialeto = GENERICO if em_lote else CAMINHOS.get(caminho)
        if dialeto is None:
            self._responder(404, GENERICO.erro(404, "Caminho desconhecido"))
        elif not dialeto.autorizado(self.headers, gateway.token):
            self._responder(401, dialeto.erro(401, "Token ausente ou errado"))
        elif em_lote:
            self._atender_lote(bruto)
        elif not gateway.ha_vez():
            self._responder(429, dialeto.erro(429, "Limite por segundo"), {"Retry-After": "1"})
        else:
            self._atender(dialeto, bruto)

    def do_GET(self) -> None:
        gateway, partes = self.server.dono, urlsplit(self.path)
        referencia = parse_qs(partes.query).get("reference", [""])[0]
        if not GENERICO.autorizado(self.headers, gateway.token):
            self._responder(401, GENERICO.erro(401, "Token ausente ou errado"))
            return
        if partes.path == "/sms" and referencia:
            achado = gateway.consultar(referencia=referencia)
        else:
            achado = gateway.consultar(id_=partes.path.removeprefix("/sms/"))
        if achado is None:
            self._responder(404, GENERICO.erro(404, "SMS desconhecido"))
        else:
            self._responder(200, achado)

    def _atender(self, dialeto, bruto: bytes) -> None:
        try:
            pedido = self._conferir(dialeto, _objeto(bruto))
        except PedidoInvalido as erro:
            self._responder(400, dialeto.erro(400, str(erro)))
            return
        ordem = self._ordem_para(pedido)
        if ordem is not None and ordem.acao == "recusar":
            self._recusar(dialeto, ordem)
        else:
            self._aceitar(dialeto, pedido, ordem)

    def _atender_lote(self, bruto: bytes) -> None:
        """One result of each SMS; a refused one does not touch the others."""
        try:
            itens = _objeto(bruto).get("messages")
            if not isinstance(itens, list) or not 1 <= len(itens) <= LOTE_MAXIMO:
                raise PedidoInvalido(f"messages: esperada uma lista de 1 a {LOTE_MAXIMO}")
        except PedidoInvalido as erro:
            self._responder(400, GENERICO.erro(400, str(erro)))
            return
        resultados, lixo = [], None
        for item in itens:
            resultado, ordem = self._um_do_lote(item)
            resultados.append(resultado)
            if ordem is not None and ordem.acao == "derrubar_depois":
                self.close_connection = True
                return
            lixo = ordem if ordem is not None and ordem.acao == "lixo" else lixo
        if lixo is not None:
            self._estragar(GENERICO, lixo)
        else:
            self._responder(GENERICO.status_de_aceite, {"messages": resultados})

    def _um_do_lote(self, item) -> tuple[dict, OrdemSMS | None]:
        gateway = self.server.dono
        referencia = item.get("reference", "") if isinstance(item, dict) else ""
        try:
            pedido = self._conferir(GENERICO, item)
        except PedidoInvalido as erro:
            return {"reference": referencia, "code": 400} | GENERICO.erro(400, str(erro)), None
        if not gateway.ha_vez():
            return {"reference": referencia, "code": 429} | GENERICO.erro(429, "Limite por segundo"), None
        ordem = self._ordem_para(pedido)
        if ordem is not None and ordem.acao == "recusar":
            status = ordem.status or 503
            return {"reference": referencia, "code": status} | GENERICO.erro(status, ordem.texto), None
        sms = gateway.aceitar(pedido, GENERICO, _texto_do_recibo(ordem))
        return {"reference": referencia, "id": sms.id}, ordem

    def _ordem_para(self, pedido: Pedido) -> OrdemSMS | None:
        gateway = self.server.dono
        ordem = gateway.ordens.escolher("PEDIDO", (pedido.destino.removeprefix("+"),), gateway.aceitas)
        if ordem is not None:
            time.sleep(ordem.segundos)
        return ordem

    @staticmethod
    def _conferir(dialeto, corpo) -> Pedido:
        if not isinstance(corpo, dict):
            raise PedidoInvalido("Esperado um objeto JSON")
        pedido = dialeto.ler(corpo)
        if not NUMERO.fullmatch(pedido.destino):
            raise PedidoInvalido("to: numero invalido")
        return pedido

    def _recusar(self, dialeto, ordem: OrdemSMS) -> None:
        status = ordem.status or 503
        corpo = ordem.corpo if ordem.corpo is not None else dialeto.erro(status, ordem.texto)
        self._responder(status, corpo, ordem.cabecalhos)

    def _aceitar(self, dialeto, pedido: Pedido, ordem: OrdemSMS | None) -> None:
        acao = ordem.acao if ordem is not None else ""
        sms = self.server.dono.aceitar(pedido, dialeto, _texto_do_recibo(ordem))
        if acao == "derrubar_depois":
            self.close_connection = True
        elif acao == "lixo":
            self._estragar(dialeto, ordem)
        else:
            self._responder(dialeto.status_de_aceite, dialeto.aceite(sms, pedido))

    def _estragar(self, dialeto, ordem: OrdemSMS) -> None:
        lixo = ordem.corpo if ordem.corpo is not None else "<html>Bad Gateway"
        self._responder(ordem.status or dialeto.status_de_aceite, lixo, ordem.cabecalhos)

    def _responder(self, status: int, corpo: dict | str, cabecalhos: Mapping[str, str] | None = None) -> None:
        conteudo = (corpo if isinstance(corpo, str) else json.dumps(corpo, ensure_ascii=False)).encode()
        tipo = "text/html" if isinstance(corpo, str) else "application/json"
        self.send_response(status)
        for nome, valor in {"Content-Type": tipo, "Content-Length": str(len(conteudo)), **(cabecalhos or {})}.items():
            self.send_header(nome, valor)
        self.end_headers()
        self.wfile.write(conteudo)
