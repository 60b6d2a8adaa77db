"""The companies' APIs, three dialects on one real socket, that fail when ordered to. docs/operadoras.md has the
contract; the paths below start with the dialect, which is part of the URL of the API.

- `/claro`: POST /oauth2/token; then, with the token, GET /v1/clientes/<cpf>/acordos and GET /v1/boletos/<number>/pdf.
- `/net`, with X-API-Key: GET /api/v2/agreements?document=<cpf>&page=<n> and GET /api/v2/invoices/<number>/pdf.
- `/sem_parar`, with HTTP basic: POST /servicos/acordos and GET /servicos/boletos/<number>.pdf.
"""

import base64
import json
import re
import ssl
import threading
import time
import uuid
from collections import Counter, deque
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from urllib.parse import parse_qs, unquote, unquote_plus, urlsplit
from xml.etree.ElementTree import Element, ParseError, SubElement, fromstring, tostring
from zoneinfo import ZoneInfo

from simuladores.boletos import Acordo, Boleto, acordos_ficticios, boleto_de
from simuladores.ordens import Ordens
from simuladores.servidor import Atendimento, ServidorHTTP

FUSO = ZoneInfo("America/Sao_Paulo")
ROTAS = ("token", "consulta", "pdf")
ESTRAGOS = ("derrubar_no_meio", "truncar", "lixo", "tipo_errado", "gigante", "gotejar")
ACOES = ("recusar", "demorar", "derrubar_antes", *ESTRAGOS)
GIGANTE = 8 * 1024 * 1024
MAIOR_PEDIDO = 64 * 1024
MAIOR_ESPERA = 60.0
CPF = re.compile(r"[0-9]{11}")


@dataclass
class OrdemAPI:
    """One fault to commit; of several orders for a route, the first that matches acts.

    `acao`: recusar (reply `status`, 503, with `corpo` or the dialect's error) · demorar (only waits) · derrubar_antes
    (drop without a reply) · derrubar_no_meio (drop after half of the body) · truncar (half of the body, said to be the
    whole) · lixo (reply `corpo`, 200, as if it were good) · tipo_errado (the good body, said to be HTML) · gigante (an
    endless body) · gotejar (a byte at a time, `segundos` apart).
    Any of them first waits `segundos` (gotejar aside), or until `ate` is set. `rota` is token, consulta or pdf.
    `padrao` is searched in the path with the dialect, a space and the CPF ("/net/api/v2/agreements 52998224725"; from
    the second page on the path ends in "?page=2"). `vezes` is how often it acts, for each of those if `por_destino`;
    `depois_de`, how many questions are answered first.
    """

    acao: str = "recusar"
    status: int | None = None
    corpo: dict | str | bytes | None = None
    cabecalhos: Mapping[str, str] = field(default_factory=dict)
    segundos: float = 0
    ate: threading.Event | None = None
    rota: str = "consulta"
    padrao: str = ""
    vezes: int | None = None
    depois_de: int = 0
    por_destino: bool = False

    def __post_init__(self):
        if self.acao not in ACOES:
            raise ValueError(f"acao desconhecida: {self.acao}")
        if self.rota not in ROTAS:
            raise ValueError(f"rota desconhecida: {self.rota}")


# Magic CPFs, by the digit before the two check digits (README.md has the table).
DESCONHECIDO, LINHA_ERRADA, PAGO, UMA_FALHA, SEMPRE_FALHA = "56789"
ORDENS_MAGICAS = (
    OrdemAPI(
        status=503,
        cabecalhos={"Retry-After": "1"},
        padrao=rf"^[^?]* [0-9]{{8}}{UMA_FALHA}[0-9]{{2}}$",
        vezes=1,
        por_destino=True,
    ),
    OrdemAPI(status=500, padrao=rf" [0-9]{{8}}{SEMPRE_FALHA}[0-9]{{2}}$"),
)


@dataclass(frozen=True)
class Consulta:
    """A question that came, and what was answered: `status` is 0 when nothing whole was. `completa` is the last page
    of a good answer."""

    dialeto: str
    cpf: str
    pagina: int
    status: int
    completa: bool


@dataclass(frozen=True)
class Pedido:
    """What was asked: of a CPF and page, of a boleto's number, or for a token."""

    rota: str
    cpf: str = ""
    pagina: int = 1
    numero: str = ""


@dataclass(frozen=True)
class Resposta:
    status: int
    corpo: bytes
    tipo: str
    cabecalhos: Mapping[str, str] = field(default_factory=dict)
    completa: bool = False


class PedidoInvalido(Exception):
    """The request is not what the dialect asks; the message goes to the client."""


class OperadorasSimuladas:
    """The server. `with OperadorasSimuladas() as api:` answers at `api.url + "/claro"` and so on; `iniciar`/`parar` do
    the same, and keep the port.

    Without `dados` every CPF owes what `acordos_ficticios` says for `dia` (None: the day that it is); with them, only
    the CPFs that are there exist, in all dialects. `definir` changes what one owes, at any moment. Of what was asked,
    `consultas` has every question, `respondidas()` counts the good and whole answers by (dialect, CPF), `pdfs` the PDFs
    given by number; `tokens` is how many were given, and `maior_simultaneo` the most questions at once. `memoria`
    bounds what is remembered.
    """

    def __init__(
        self,
        host: str = "127.0.0.1",
        porta: int = 0,
        usuario: str = "avisa",
        segredo: str = "segredo",
        dados: Mapping[str, Sequence[Acordo]] | None = None,
        dia: date | None = None,
        ordens: Iterable[OrdemAPI] = (),
        validade: int = 3600,
        por_pagina: int = 3,
        limite_por_segundo: int | None = None,
        cpfs_magicos: bool = False,
        memoria: int | None = None,
        tls: ssl.SSLContext | None = None,
    ):
        self.host, self.porta, self.tls = host, porta, tls
        self.usuario, self.segredo = usuario, segredo
        self.dia, self.validade, self.por_pagina = dia, validade, por_pagina
        self.limite_por_segundo, self.cpfs_magicos, self.memoria = limite_por_segundo, cpfs_magicos, memoria
        self.consultas: list[Consulta] = []
        self.pdfs: Counter[str] = Counter()
        self.tokens = self.perguntas = self.maior_simultaneo = 0
        self.ordens = Ordens(ordens, ORDENS_MAGICAS if cpfs_magicos else (), chave=lambda ordem: ordem.rota)
        self._inventa = dados is None
        self._dados: dict[str, Sequence[Acordo] | None] = dict(dados or {})
        self._por_numero: dict[str, Boleto] = {}
        self._tokens: set[str] = set()
        self._passagens: deque[float] = deque()
        self._simultaneas = self._conexoes_antes = 0
        self._mudou = threading.Condition()
        self._fim = threading.Event()
        self._http: ServidorHTTP | None = None

    def __enter__(self) -> "OperadorasSimuladas":
        self.iniciar()
        return self

    def __exit__(self, *_) -> None:
        self.parar()

    @property
    def url(self) -> str:
        return f"{'https' if self.tls else 'http'}://{self.host}:{self.porta}"

    @property
    def conexoes(self) -> int:
        """How many were opened since the start."""
        return self._http.conexoes if self._http is not None else self._conexoes_antes

    def iniciar(self) -> None:
        """Listen; a busy port raises OSError here."""
        self._fim.clear()
        self._http = ServidorHTTP((self.host, self.porta), _Atendimento, self, self.tls)
        self.porta = self._http.server_address[1]
        self._linha_de_execucao = threading.Thread(
            target=self._http.serve_forever, args=(0.01,), name="operadoras-simuladas", daemon=True
        )
        self._linha_de_execucao.start()

    def parar(self) -> None:
        """Stop answering and cut every connection."""
        if self._http is not None:
            self._fim.set()
            self._http.shutdown()
            self._linha_de_execucao.join()
            self._http.cortar()
            self._http.server_close()
            self._conexoes_antes = self._http.conexoes
            self._http = None

    def ordenar(self, ordem: OrdemAPI) -> None:
        self.ordens.acrescentar(ordem)

    def definir(self, cpf: str, acordos: Sequence[Acordo] | None) -> None:
        """What a CPF owes from now on; None makes it unknown."""
        with self._mudou:
            self._dados[cpf] = acordos

    def vencer_tokens(self) -> None:
        """No token given so far is good any more."""
        with self._mudou:
            self._tokens.clear()

    def limpar(self) -> None:
        """Forget what was asked and the given orders; what the CPFs owe, tokens and magic stay."""
        self.ordens.limpar()
        with self._mudou:
            self.consultas.clear()
            self.pdfs.clear()
            self.tokens = self.perguntas = self.maior_simultaneo = 0

    def respondidas(self) -> Counter[tuple[str, str]]:
        """How many good and whole answers each (dialect, CPF) had."""
        with self._mudou:
            return Counter((consulta.dialeto, consulta.cpf) for consulta in self.consultas if consulta.completa)

    @property
    def respondendo(self) -> int:
        """How many questions are being answered now, also to who is gone."""
        with self._mudou:
            return self._simultaneas

    def esperar(self, n: int, prazo: float = 5) -> list[Consulta]:
        """Wait until `n` questions came since the start or `limpar`; TimeoutError when `prazo` ends first."""
        with self._mudou:
            if not self._mudou.wait_for(lambda: self.perguntas >= n, timeout=prazo):
                raise TimeoutError(f"{self.perguntas} de {n} perguntas em {prazo} s")
            return list(self.consultas)

    # Called by the request handlers.

    def acordos(self, empresa: str, cpf: str) -> Sequence[Acordo] | None:
        """What a CPF owes now; None for one that nobody knows."""
        with self._mudou:
            if cpf in self._dados or not self._inventa:
                acordos = self._dados.get(cpf)
            else:
                acordos = self._inventados(empresa, cpf, self.dia_dos_dados())
            self._por_numero |= {b.numero: b for acordo in acordos or () for b in acordo.boletos if b.pdf}
        return acordos

    def dia_dos_dados(self) -> date:
        return self.dia or datetime.now(FUSO).date()

    def boleto(self, numero: str) -> Boleto | None:
        """One whose PDF may be asked for: it was in an answer."""
        return self._por_numero.get(numero)

    def emitir_token(self) -> str:
        token = uuid.uuid4().hex
        with self._mudou:
            self._tokens.add(token)
            self.tokens += 1
        return token

    def token_vale(self, token: str) -> bool:
        return token in self._tokens

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

    def chegou(self) -> None:
        with self._mudou:
            self.perguntas += 1
            self._simultaneas += 1
            self.maior_simultaneo = max(self.maior_simultaneo, self._simultaneas)
            self._mudou.notify_all()

    def saiu(self) -> None:
        with self._mudou:
            self._simultaneas -= 1

    def anotar(self, consulta: Consulta) -> None:
        with self._mudou:
            self.consultas.append(consulta)
            if self.memoria is not None and len(self.consultas) > 2 * self.memoria:
                del self.consultas[: -self.memoria]
                self._por_numero.clear()

    def anotar_pdf(self, numero: str) -> None:
        with self._mudou:
            self.pdfs[numero] += 1

    def esperar_ordem(self, ordem: OrdemAPI) -> None:
        if ordem.ate is not None:
            ordem.ate.wait(ordem.segundos or MAIOR_ESPERA)
        elif ordem.acao != "gotejar":
            self._fim.wait(ordem.segundos)

    def dormir(self, segundos: float) -> bool:
        """Whether the server is still up after that."""
        return not self._fim.wait(segundos)

    def _inventados(self, empresa: str, cpf: str, dia: date) -> Sequence[Acordo] | None:
        caso = cpf[8] if self.cpfs_magicos else ""
        if caso == DESCONHECIDO:
            return None
        if caso == LINHA_ERRADA:
            return [_com_um_boleto(empresa, cpf, dia, lambda b: replace(b, linha=_trocar_o_ultimo(b.linha)))]
        if caso == PAGO:
            return [_com_um_boleto(empresa, cpf, dia, lambda b: replace(b, situacao="pago"))]
        return acordos_ficticios(empresa, cpf, dia)


def _com_um_boleto(empresa: str, cpf: str, dia: date, mudar: Callable[[Boleto], Boleto]) -> Acordo:
    (acordo,) = acordos_ficticios(empresa, cpf, dia, quantos=1)
    return replace(acordo, boletos=(mudar(boleto_de(empresa, acordo.numero, acordo.boletos[0].valor, dia)),))


def _trocar_o_ultimo(linha: str) -> str:
    return linha[:-1] + str((int(linha[-1]) + 1) % 10)


# The dialects: what is asked, whether it may be, and in what words it is answered.


class _JSON:
    tipo = "application/json"

    def escrever(self, corpo: dict) -> bytes:
        return json.dumps(corpo, ensure_ascii=False).encode()


class DialetoClaro(_JSON):
    nome = "claro"
    SITUACOES = {"aberto": "ABERTO", "pago": "PAGO", "cancelado": "CANCELADO"}

    def ler(self, metodo: str, caminho: str, parametros: dict, corpo: bytes) -> Pedido | None:
        match metodo, caminho.strip("/").split("/"):
            case "POST", ["oauth2", "token"]:
                if parse_qs(corpo.decode("ascii", "replace")).get("grant_type") != ["client_credentials"]:
                    raise PedidoInvalido("grant_type: esperado client_credentials")
                return Pedido("token")
            case "GET", ["v1", "clientes", cpf, "acordos"]:
                return Pedido("consulta", cpf=cpf)
            case "GET", ["v1", "boletos", numero, "pdf"]:
                return Pedido("pdf", numero=unquote(numero))
        return None

    def autorizado(self, api: OperadorasSimuladas, pedido: Pedido, cabecalhos: Mapping[str, str]) -> bool:
        autorizacao = cabecalhos.get("Authorization", "")
        if pedido.rota == "token":
            return [unquote_plus(parte) for parte in _basica(autorizacao)] == [api.usuario, api.segredo]
        return autorizacao.startswith("Bearer ") and api.token_vale(autorizacao.removeprefix("Bearer "))

    def token(self, api: OperadorasSimuladas) -> Resposta:
        corpo = {"access_token": api.emitir_token(), "token_type": "Bearer", "expires_in": api.validade}
        return Resposta(200, self.escrever(corpo), self.tipo)

    def erro(self, status: int, texto: str) -> bytes:
        codigos = {401: "NAO_AUTORIZADO", 404: "CPF_NAO_ENCONTRADO", 429: "LIMITE"}
        return self.escrever({"codigo": codigos.get(status, "ERRO"), "mensagem": texto})

    def acordos(self, api: OperadorasSimuladas, pedido: Pedido, acordos: Sequence[Acordo]) -> tuple[bytes, bool]:
        itens = [
            {"numeroAcordo": a.numero, "descricao": a.descricao, "boletos": [self._boleto(b) for b in a.boletos]}
            for a in acordos
        ]
        texto = json.dumps({"cpf": pedido.cpf, "acordos": itens}, ensure_ascii=False)
        return re.sub(r'"valor": "([0-9.]+)"', r'"valor": \1', texto).encode(), True

    def _boleto(self, boleto: Boleto) -> dict:
        return {
            "numeroBoleto": boleto.numero,
            "numeroParcela": boleto.parcela,
            "valor": f"{boleto.valor:.2f}",  # a number in the end, with its two places
            "dataVencimento": boleto.vencimento.isoformat(),
            "situacao": self.SITUACOES[boleto.situacao],
            "linhaDigitavel": boleto.linha,
            "beneficiario": {"nome": boleto.beneficiario, "cnpj": boleto.cnpj},
            "pixCopiaECola": boleto.pix or None,
            "possuiPdf": bool(boleto.pdf),
        }


class DialetoNet(_JSON):
    nome = "net"
    SITUACOES = {"aberto": "open", "pago": "paid", "cancelado": "cancelled"}

    def ler(self, metodo: str, caminho: str, parametros: dict, corpo: bytes) -> Pedido | None:
        match metodo, caminho.strip("/").split("/"):
            case "GET", ["api", "v2", "agreements"]:
                pagina = parametros.get("page", ["1"])[0]
                if not re.fullmatch("[1-9][0-9]{0,3}", pagina):
                    raise PedidoInvalido("page: esperado um numero")
                return Pedido("consulta", cpf=parametros.get("document", [""])[0], pagina=int(pagina))
            case "GET", ["api", "v2", "invoices", numero, "pdf"]:
                return Pedido("pdf", numero=unquote(numero))
        return None

    def autorizado(self, api: OperadorasSimuladas, pedido: Pedido, cabecalhos: Mapping[str, str]) -> bool:
        return cabecalhos.get("X-API-Key") == api.segredo

    def erro(self, status: int, texto: str) -> bytes:
        codigos = {401: "unauthorized", 404: "document_not_found", 429: "rate_limited"}
        return self.escrever({"error": {"code": codigos.get(status, "error"), "message": texto}})

    def acordos(self, api: OperadorasSimuladas, pedido: Pedido, acordos: Sequence[Acordo]) -> tuple[bytes, bool]:
        """A page has so many boletos; an agreement goes on in the next one."""
        todos = [(acordo, boleto) for acordo in acordos for boleto in acordo.boletos or (None,)]
        inicio = (pedido.pagina - 1) * api.por_pagina
        fim = inicio + api.por_pagina
        itens: dict[str, dict] = {}
        for acordo, boleto in todos[inicio:fim]:
            vazio = {"agreement_id": acordo.numero, "product": acordo.descricao, "invoices": []}
            item = itens.setdefault(acordo.numero, vazio)
            item["invoices"] += [self._boleto(boleto)] if boleto is not None else []
        proxima = pedido.pagina + 1 if fim < len(todos) else None
        corpo = {"document": pedido.cpf, "page": pedido.pagina, "next": proxima, "items": list(itens.values())}
        return self.escrever(corpo), proxima is None

    def _boleto(self, boleto: Boleto) -> dict:
        return {
            "invoice_id": boleto.numero,
            "installment": boleto.parcela,
            "amount": f"{boleto.valor:.2f}",
            "due_date": boleto.vencimento.isoformat(),
            "status": self.SITUACOES[boleto.situacao],
            "digitable_line": boleto.linha,
            "payee_name": boleto.beneficiario,
            "payee_document": boleto.cnpj,
            "pix": boleto.pix or None,
            "pdf_available": bool(boleto.pdf),
        }


class DialetoSemParar:
    nome = "sem_parar"
    tipo = "application/xml; charset=utf-8"
    SITUACOES = {"aberto": "A", "pago": "P", "cancelado": "C"}

    def ler(self, metodo: str, caminho: str, parametros: dict, corpo: bytes) -> Pedido | None:
        match metodo, caminho.strip("/").split("/"):
            case "POST", ["servicos", "acordos"]:
                try:
                    return Pedido("consulta", cpf=fromstring(corpo).findtext("cpf", ""))
                except ParseError as erro:
                    raise PedidoInvalido("O corpo nao e XML") from erro
            case "GET", ["servicos", "boletos", arquivo] if arquivo.endswith(".pdf"):
                return Pedido("pdf", numero=unquote(arquivo.removesuffix(".pdf")))
        return None

    def autorizado(self, api: OperadorasSimuladas, pedido: Pedido, cabecalhos: Mapping[str, str]) -> bool:
        return _basica(cabecalhos.get("Authorization", "")) == [api.usuario, api.segredo]

    def erro(self, status: int, texto: str) -> bytes:
        codigos = {401: "ACESSO_NEGADO", 404: "CPF_INEXISTENTE", 429: "LIMITE"}
        raiz = Element("erro")
        SubElement(raiz, "codigo").text = codigos.get(status, "ERRO")
        SubElement(raiz, "mensagem").text = texto
        return self._escrever(raiz)

    def acordos(self, api: OperadorasSimuladas, pedido: Pedido, acordos: Sequence[Acordo]) -> tuple[bytes, bool]:
        raiz = Element("respostaAcordos")
        SubElement(raiz, "cpf").text = pedido.cpf
        lista = SubElement(raiz, "acordos")
        for acordo in acordos:
            no = SubElement(lista, "acordo", numero=acordo.numero)
            SubElement(no, "descricao").text = acordo.descricao
            boletos = SubElement(no, "boletos")
            for boleto in acordo.boletos:
                self._boleto(boletos, boleto)
        return self._escrever(raiz), True

    def _boleto(self, boletos: Element, boleto: Boleto) -> None:
        no = SubElement(boletos, "boleto", numero=boleto.numero)
        campos = {
            "parcela": "" if boleto.parcela is None else str(boleto.parcela),
            "valor": f"{boleto.valor:.2f}".replace(".", ","),
            "vencimento": f"{boleto.vencimento:%d/%m/%Y}",
            "situacao": self.SITUACOES[boleto.situacao],
            "linhaDigitavel": boleto.linha,
            "pix": boleto.pix,
            "pdf": "S" if boleto.pdf else "N",
        }
        for nome, texto in campos.items():
            SubElement(no, nome).text = texto
        SubElement(no, "cedente", cnpj=boleto.cnpj).text = boleto.beneficiario

    def _escrever(self, raiz: Element) -> bytes:
        return tostring(raiz, encoding="utf-8", xml_declaration=True)


DIALETOS = {dialeto.nome: dialeto for dialeto in (DialetoClaro(), DialetoNet(), DialetoSemParar())}


def _basica(autorizacao: str) -> list[str]:
    """User and password of HTTP basic; anything else than two texts when there are none."""
    try:
        return base64.b64decode(autorizacao.removeprefix("Basic "), validate=True).decode().split(":", 1)
    except ValueError:
        return []


class _Atendimento(Atendimento):
    def do_GET(self) -> None:
        self._atender()

    do_POST = do_GET

    def _atender(self) -> None:
        corpo = self.rfile.read(min(int(self.headers.get("Content-Length") or 0), MAIOR_PEDIDO))
        partes = urlsplit(self.path)
        nome, _, caminho = partes.path.lstrip("/").partition("/")
        dialeto = DIALETOS.get(nome)
        if dialeto is None:
            self._escrever(Resposta(404, b"<html>Not Found</html>", "text/html"))
            return
        try:
            pedido = dialeto.ler(self.command, caminho, parse_qs(partes.query), corpo)
        except PedidoInvalido as erro:
            self._escrever(Resposta(400, dialeto.erro(400, str(erro)), dialeto.tipo))
            return
        if pedido is None:
            self._escrever(Resposta(404, b"<html>Not Found</html>", "text/html"))
        elif pedido.rota == "consulta":
            self._consulta(dialeto, pedido, partes.path)
        else:
            self._obedecer(dialeto, pedido, self._ordem(pedido, partes.path), self._responder(dialeto, pedido))

    def _consulta(self, dialeto, pedido: Pedido, caminho: str) -> None:
        """A question is noted before its answer leaves, so that who reads the answer finds it."""
        api = self.server.dono
        api.chegou()
        try:
            ordem = self._ordem(pedido, caminho + (f"?page={pedido.pagina}" if pedido.pagina > 1 else ""))
            resposta = self._responder(dialeto, pedido)
            estragada = ordem is not None and ordem.acao not in ("demorar", "recusar")
            status = 0 if estragada else self._recusa(dialeto, ordem, resposta).status
            completa = resposta.completa and status == resposta.status
        finally:
            api.saiu()
        api.anotar(Consulta(dialeto.nome, pedido.cpf, pedido.pagina, status, completa))
        self._obedecer(dialeto, pedido, ordem, resposta)

    def _ordem(self, pedido: Pedido, caminho: str) -> OrdemAPI | None:
        api = self.server.dono
        ordem = api.ordens.escolher(pedido.rota, (f"{caminho} {pedido.cpf}".strip(),), len(api.consultas))
        if ordem is not None:
            api.esperar_ordem(ordem)
        return ordem

    def _responder(self, dialeto, pedido: Pedido) -> Resposta:
        """What a server in order says."""
        api = self.server.dono
        if not dialeto.autorizado(api, pedido, self.headers):
            return Resposta(401, dialeto.erro(401, "Credencial ausente ou errada"), dialeto.tipo)
        if pedido.rota == "token":
            return dialeto.token(api)
        if pedido.rota == "pdf":
            boleto = api.boleto(pedido.numero)
            if boleto is None:
                return Resposta(404, dialeto.erro(404, "Boleto sem PDF"), dialeto.tipo)
            api.anotar_pdf(pedido.numero)
            return Resposta(200, boleto.pdf, "application/pdf")
        if not CPF.fullmatch(pedido.cpf):
            return Resposta(400, dialeto.erro(400, "CPF: esperados 11 algarismos"), dialeto.tipo)
        if not api.ha_vez():
            return Resposta(429, dialeto.erro(429, "Limite por segundo"), dialeto.tipo, {"Retry-After": "1"})
        acordos = api.acordos(dialeto.nome, pedido.cpf)
        if acordos is None:
            return Resposta(404, dialeto.erro(404, "CPF desconhecido"), dialeto.tipo, completa=True)
        corpo, completa = dialeto.acordos(api, pedido, acordos)
        return Resposta(200, corpo, dialeto.tipo, completa=completa)

    def _recusa(self, dialeto, ordem: OrdemAPI | None, resposta: Resposta) -> Resposta:
        if ordem is None or ordem.acao != "recusar":
            return resposta
        status = ordem.status or 503
        corpo = _bruto(ordem.corpo) if ordem.corpo is not None else dialeto.erro(status, "Recusado pelo simulador")
        return Resposta(status, corpo, dialeto.tipo, ordem.cabecalhos)

    def _obedecer(self, dialeto, pedido: Pedido, ordem: OrdemAPI | None, resposta: Resposta) -> None:
        acao = ordem.acao if ordem is not None else ""
        if acao == "derrubar_antes":
            self.close_connection = True
        elif acao == "derrubar_no_meio":
            self._escrever(resposta, resposta.corpo[: len(resposta.corpo) // 2])
            self.close_connection = True
        elif acao == "truncar":
            self._escrever(replace(resposta, corpo=resposta.corpo[: len(resposta.corpo) // 2]))
        elif acao == "lixo":
            corpo = _bruto(ordem.corpo) if ordem.corpo is not None else b"Bad Gateway"
            self._escrever(Resposta(ordem.status or 200, corpo, resposta.tipo, ordem.cabecalhos))
        elif acao == "tipo_errado":
            self._escrever(replace(resposta, tipo="text/html"))
        elif acao == "gigante":
            self._escrever(replace(resposta, corpo=resposta.corpo + b" " * GIGANTE))
        elif acao == "gotejar":
            self._gotejar(resposta, ordem.segundos)
        else:
            self._escrever(self._recusa(dialeto, ordem, resposta))

    def _gotejar(self, resposta: Resposta, segundos: float) -> None:
        self._escrever(resposta, b"")
        for byte in resposta.corpo:
            self.wfile.write(bytes([byte]))
            self.wfile.flush()
            if not self.server.dono.dormir(segundos):
                self.close_connection = True
                return

    def _escrever(self, resposta: Resposta, parte: bytes | None = None) -> None:
        """The answer, or only a part of what its headers say."""
        proprios = {"Date": self.date_time_string(), "Content-Type": resposta.tipo}
        cabecalhos = proprios | {"Content-Length": str(len(resposta.corpo))} | dict(resposta.cabecalhos)
        self.send_response_only(resposta.status)
        for nome, valor in cabecalhos.items():
            self.send_header(nome, valor)
        self.end_headers()
        self.wfile.write(resposta.corpo if parte is None else parte)
        self.wfile.flush()


def _bruto(corpo: dict | str | bytes) -> bytes:
    if isinstance(corpo, bytes):
        return corpo
    return (json.dumps(corpo, ensure_ascii=False) if isinstance(corpo, dict) else corpo).encode()
