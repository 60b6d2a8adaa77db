"""A fault-injecting SMTP sink: keeps what it gets, and delays, refuses or drops when ordered to.

It speaks RFC 5321 with PIPELINING (RFC 2920), 8BITMIME, SIZE, STARTTLS, implicit TLS and AUTH PLAIN/LOGIN. One
asyncio loop in a thread of its own serves every connection, and any thread may look, order and wait.
"""

import asyncio
import base64
import binascii
import os
import re
import ssl
import threading
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from simuladores.ordens import Ordens

COMANDOS = ("CONNECT", "EHLO", "STARTTLS", "AUTH", "MAIL", "RCPT", "DATA", "BODY", "RSET", "QUIT")
ACOES = (
    "recusar",
    "demorar",
    "derrubar",
    "derrubar_depois",
    "derrubar_no_meio",
    "aceitar_e_derrubar",
    "aos_pedacos",
    "descartar_resto",
)
LINHA_MAXIMA = 64 * 1024
MAIL = re.compile(r"FROM:\s*<([^>]*)>(.*)", re.IGNORECASE)
RCPT = re.compile(r"TO:\s*<([^>]+)>", re.IGNORECASE)
SIZE = re.compile(r"\bSIZE=(\d+)", re.IGNORECASE)
FIM_DO_CORPO = b"\r\n.\r\n"


@dataclass(frozen=True)
class Recebida:
    """A message that the server took, with the dots unstuffed."""

    remetente: str
    destinos: tuple[str, ...]
    conteudo: bytes
    conexao: int
    momento: datetime


@dataclass
class Ordem:
    """One fault to commit; the first order that matches a command acts.

    `comando` is one of COMANDOS; BODY is the moment of the reply to the final dot, and HELO counts as EHLO.
    `acao`: recusar (reply `codigo` `texto`; 421 also closes) · demorar (only waits) · derrubar (drop, no reply and
    nothing kept) · derrubar_depois (reply, then drop) · derrubar_no_meio (BODY only: drop after `bytes_` of the body)
    · aceitar_e_derrubar (do all but the reply, then drop: a BODY is kept) · aos_pedacos (the replies waiting to leave
    go `bytes_` at a time, `segundos` apart) · descartar_resto (reply, and throw away what was pipelined behind).
    `segundos` is waited before any of them, except aos_pedacos. If the client leaves during the wait, nothing is kept.
    `padrao` is searched in the address of MAIL or RCPT, in any recipient for DATA and BODY, else in the argument.
    `vezes` is how often it acts, for each address if `por_destino`; `depois_de`, how many messages come through first.
    """

    comando: str
    acao: str = "recusar"
    codigo: int = 451
    texto: str = ""
    segundos: float = 0
    padrao: str = ""
    vezes: int | None = None
    depois_de: int = 0
    bytes_: int = 0
    por_destino: bool = False

    def __post_init__(self):
        if self.comando not in COMANDOS:
            raise ValueError(f"comando desconhecido: {self.comando}")
        if self.acao not in ACOES:
            raise ValueError(f"acao desconhecida: {self.acao}")
        if self.acao == "derrubar_no_meio" and self.comando != "BODY":
            raise ValueError("derrubar_no_meio vale para BODY")

    def resposta(self) -> str:
        texto = self.texto or f"{self.codigo // 100}.0.0 Recusado pelo simulador"
        return f"{self.codigo} {texto}"


def _caixa(nome: str) -> str:
    """The pattern of a magic mailbox: ana+cai@… and ana+cai2@… are one, ana+caiantes@… is another."""
    return rf"(?i)\+{nome}(?![a-z]).*@"


# Magic mailboxes, by what the local part contains (README.md has the table).
CAIXAS_MAGICAS = (
    Ordem("RCPT", codigo=550, texto="5.1.1 Endereco inexistente", padrao=_caixa("recusado")),
    Ordem("RCPT", codigo=452, texto="4.2.2 Caixa cheia", padrao=_caixa("lotada")),
    Ordem("RCPT", texto="4.3.0 Tente mais tarde", padrao=_caixa("temporario"), vezes=1, por_destino=True),
    Ordem("RCPT", texto="4.3.0 Tente mais tarde", padrao=_caixa("insiste")),
    Ordem("RCPT", "demorar", segundos=1, padrao=_caixa("lento")),
    Ordem("BODY", "aceitar_e_derrubar", padrao=_caixa("cai")),
    Ordem("RCPT", "derrubar", padrao=_caixa("caiantes"), vezes=1, por_destino=True),
)


def _chave(ordem: Ordem) -> str:
    """A drop in the middle of the body is decided when the body starts, the rest of BODY when it ends."""
    return "MEIO" if ordem.acao == "derrubar_no_meio" else ordem.comando


class ServidorSMTP:
    """The sink. `with ServidorSMTP() as servidor:` listens on `servidor.porta`; `iniciar` and `parar` do the same.

    `recebidas` and `comandos` grow for ever unless `memoria` says how many of each to keep. With `pasta` each message
    is also a file, in place and whole before the client is told 250; with `sincronizar` it is on the disk too.
    """

    def __init__(
        self,
        pasta: str | Path | None = None,
        host: str = "127.0.0.1",
        porta: int = 0,
        ordens: Iterable[Ordem] = (),
        tls: ssl.SSLContext | None = None,
        tls_implicito: bool = False,
        usuarios: Mapping[str, str] | None = None,
        caixas_magicas: bool = False,
        tamanho_maximo: int = 25 * 1024 * 1024,
        memoria: int | None = None,
        sem_extensoes: Collection[str] = (),
        sincronizar: bool = False,
    ):
        if tls_implicito and tls is None:
            raise ValueError("tls_implicito pede um contexto em tls")
        self.host, self.porta = host, porta
        self.tls, self.tls_implicito, self.usuarios = tls, tls_implicito, usuarios
        self.tamanho_maximo, self.memoria = tamanho_maximo, memoria
        self.sem_extensoes = sem_extensoes  # not offered in EHLO: "8BITMIME", "SIZE", "PIPELINING"
        self.recebidas: list[Recebida] = []
        self.comandos: list[tuple[int, str]] = []
        self.aceitas = 0
        self.conexoes = 0
        self.ordens = Ordens(ordens, CAIXAS_MAGICAS if caixas_magicas else (), chave=_chave)
        self._arquivo = ArquivoEml(Path(pasta), sincronizar) if pasta is not None else None
        self._vivas: set[_Conexao] = set()
        self._chegou = threading.Condition()
        self._linha_de_execucao: threading.Thread | None = None

    def __enter__(self) -> "ServidorSMTP":
        self.iniciar()
        return self

    def __exit__(self, *_) -> None:
        self.parar()

    @property
    def abertas(self) -> int:
        return len(self._vivas)

    def iniciar(self) -> None:
        """Listen; a busy port raises OSError here."""
        self.laco = asyncio.new_event_loop()
        self._linha_de_execucao = threading.Thread(target=self.laco.run_forever, name="smtp-simulado", daemon=True)
        self._linha_de_execucao.start()
        try:
            self._escuta = self._no_laco(self._escutar())
        except OSError:
            self._encerrar_laco()
            raise
        self.porta = self._escuta.sockets[0].getsockname()[1]

    def parar(self) -> None:
        """Stop listening and cut every connection; what was received stays readable."""
        if self._linha_de_execucao is not None:
            self._no_laco(self._fechar())
            self._encerrar_laco()

    def ordenar(self, ordem: Ordem) -> None:
        self.ordens.acrescentar(ordem)

    def limpar(self) -> None:
        """Forget messages, commands and given orders; magic mailboxes stay, as new."""
        self.ordens.limpar()
        with self._chegou:
            self.recebidas.clear()
            self.comandos.clear()
            self.aceitas = 0

    def esperar(self, n: int, prazo: float = 5) -> list[Recebida]:
        """Wait until `n` messages have arrived since the start or `limpar`; TimeoutError when `prazo` ends first."""
        with self._chegou:
            if not self._chegou.wait_for(lambda: self.aceitas >= n, timeout=prazo):
                raise TimeoutError(f"chegaram {self.aceitas} de {n} mensagens em {prazo} s")
            return list(self.recebidas)

    def derrubar_todas(self) -> None:
        """Cut every open connection at once, as a restart of the server would."""
        self._no_laco(self._cortar())

    def guardar(self, recebida: Recebida) -> None:
        if self._arquivo is not None:
            self._arquivo.gravar(recebida)
        with self._chegou:
            self.recebidas.append(recebida)
            self.aceitas += 1
            self._aparar(self.recebidas)
            self._chegou.notify_all()

    def espera_do_250(self, recebida: Recebida) -> float:
        """Seconds from keeping a message to its 250; a subclass may make the client wait."""
        return 0

    def confirmada(self, recebida: Recebida) -> None:
        """The 250 of a message is leaving. A subclass may note it."""

    def anotar(self, conexao: int, linha: str) -> None:
        self.comandos.append((conexao, linha))
        self._aparar(self.comandos)

    def abrir(self, conexao: "_Conexao") -> int:
        """Count a new connection and return its number, from 1."""
        self._vivas.add(conexao)
        self.conexoes += 1
        return self.conexoes

    def fechar(self, conexao: "_Conexao") -> None:
        self._vivas.discard(conexao)

    def _aparar(self, lista: list) -> None:
        if self.memoria is not None and len(lista) > 2 * self.memoria:
            del lista[: -self.memoria]

    def _no_laco(self, corrotina):
        return asyncio.run_coroutine_threadsafe(corrotina, self.laco).result(timeout=10)

    async def _escutar(self) -> asyncio.Server:
        contexto = self.tls if self.tls_implicito else None
        return await self.laco.create_server(lambda: _Conexao(self), self.host, self.porta, ssl=contexto, backlog=512)

    async def _cortar(self) -> None:
        for conexao in list(self._vivas):
            conexao.cortar()
        await asyncio.sleep(0)  # transports report their end on the next turn of the loop

    async def _fechar(self) -> None:
        self._escuta.close()
        await self._cortar()

    def _encerrar_laco(self) -> None:
        self.laco.call_soon_threadsafe(self.laco.stop)
        self._linha_de_execucao.join()
        self._linha_de_execucao = None
        self.laco.close()


class ArquivoEml:
    """Writes each message as `<sequence>-<recipient>.eml`; the sequence goes on from what the folder already has."""

    def __init__(self, pasta: Path, sincronizar: bool = False):
        pasta.mkdir(parents=True, exist_ok=True)
        self.pasta, self.sincronizar = pasta, sincronizar
        self.sequencia = max((self._numero(arquivo) for arquivo in pasta.glob("*.eml")), default=0)

    def gravar(self, recebida: Recebida) -> None:
        self.sequencia += 1
        destino = re.sub(r"[^A-Za-z0-9@._+-]", "_", recebida.destinos[0])[:100]
        nome = f"{self.sequencia:06d}-{destino}.eml"
        provisorio = self.pasta / f".{nome}.tmp"
        with open(provisorio, "wb") as arquivo:
            arquivo.write(recebida.conteudo)
            if self.sincronizar:
                arquivo.flush()
                os.fsync(arquivo.fileno())
        provisorio.replace(self.pasta / nome)
        if self.sincronizar:
            self._sincronizar_pasta()

    def _sincronizar_pasta(self) -> None:
        """A new name is on the disk only when its folder is."""
        descritor = os.open(self.pasta, os.O_RDONLY)
        try:
            os.fsync(descritor)
        finally:
            os.close(descritor)

    @staticmethod
    def _numero(arquivo: Path) -> int:
        prefixo = arquivo.name.partition("-")[0]
        return int(prefixo) if prefixo.isascii() and prefixo.isdigit() else 0


class _Conexao(asyncio.Protocol):
    """One client. Commands are taken from the buffer in order; replies of one lump leave in one write."""

    def __init__(self, servidor: ServidorSMTP):
        self.servidor = servidor
        self.transporte: asyncio.Transport | None = None
        self.entrada = bytearray()
        self.saida = bytearray()
        self.parada = False  # a delay, a TLS handshake or a drop under way: input only accumulates
        self.caindo = False
        self.recusada = False
        self.cifrada = servidor.tls_implicito
        self.pedaco = 0
        self.intervalo = 0.0
        self.gotejando = False
        self.temporizador: asyncio.TimerHandle | None = None
        self.tarefa: asyncio.Task | None = None
        self._reiniciar_sessao()
        self._verbos = {
            "EHLO": self._ehlo,
            "HELO": self._helo,
            "STARTTLS": self._starttls,
            "AUTH": self._auth,
            "MAIL": self._mail,
            "RCPT": self._rcpt,
            "DATA": self._data,
            "RSET": self._rset,
            "QUIT": self._quit,
            "NOOP": lambda _: self._responder("250 2.0.0 Ok"),
            "VRFY": lambda _: self._responder("252 2.0.0 Talvez"),
        }

    # The transport.

    def connection_made(self, transporte: asyncio.Transport) -> None:
        self.transporte = transporte
        self.numero = self.servidor.abrir(self)
        self._atender("CONNECT", lambda: self._responder("220 simulador.invalid ESMTP"))
        self._avancar()

    def data_received(self, dados: bytes) -> None:
        self.entrada += dados
        self._avancar()

    def connection_lost(self, _) -> None:
        self.parada = True
        if self.temporizador is not None:
            self.temporizador.cancel()
        self.servidor.fechar(self)

    def cortar(self) -> None:
        self.transporte.abort()

    # The loop over the buffer.

    def _avancar(self) -> None:
        """Consume what is buffered, in order, until it ends or something stops the connection."""
        while not self.parada and (self._consumir_corpo() if self.em_corpo else self._consumir_linha()):
            pass
        self._escoar()

    def _consumir_linha(self) -> bool:
        fim = self.entrada.find(b"\n")
        if fim < 0:
            if len(self.entrada) > LINHA_MAXIMA:
                self._responder("500 5.5.2 Linha longa demais")
                self._derrubar()
            return False
        linha = self.entrada[:fim].rstrip(b"\r").decode("utf-8", "replace")
        del self.entrada[: fim + 1]
        if self.dialogo is not None:
            dialogo, self.dialogo = self.dialogo, None
            dialogo(linha)
        else:
            self._obedecer(linha)
        return True

    def _obedecer(self, linha: str) -> None:
        self.servidor.anotar(self.numero, linha)
        verbo, _, argumento = linha.partition(" ")
        verbo = verbo.upper()
        if self.recusada and verbo != "QUIT":
            self._responder("503 5.5.1 Servico recusado")
        elif verbo in self._verbos:
            self._verbos[verbo](argumento.strip())
        else:
            self._responder("500 5.5.1 Comando desconhecido")

    def _consumir_corpo(self) -> bool:
        if self.limite_do_corpo is not None and len(self.entrada) >= self.limite_do_corpo:
            self._derrubar()
            return False
        if self.entrada.startswith(FIM_DO_CORPO[2:]):
            fim, depois = 0, 3
        else:
            fim = self.entrada.find(FIM_DO_CORPO, self.procurado)
            if fim < 0:
                self.procurado = max(0, len(self.entrada) - len(FIM_DO_CORPO) + 1)
                return False
            fim, depois = fim + 2, fim + len(FIM_DO_CORPO)
        conteudo = bytes(self.entrada[:fim])
        del self.entrada[:depois]
        self._fim_do_corpo(conteudo)
        return True

    # Faults.

    def _atender(self, comando: str, normal: Callable[[], None], alvos: Iterable[str] = ("",)) -> None:
        """Answer a command: as an order says, if there is one for it, else as `normal` does."""
        ordem = self.servidor.ordens.escolher(comando, alvos, self.servidor.aceitas)
        if ordem is None:
            normal()
        elif ordem.segundos and ordem.acao != "aos_pedacos":
            self._pausar(ordem.segundos, lambda: self._cumprir(ordem, normal))
        else:
            self._cumprir(ordem, normal)

    def _cumprir(self, ordem: Ordem, normal: Callable[[], None]) -> None:
        if ordem.acao == "recusar":
            self._recusar(ordem)
        elif ordem.acao == "derrubar":
            self._derrubar()
        elif ordem.acao == "aceitar_e_derrubar":
            ja_respondido = len(self.saida)
            normal()
            del self.saida[ja_respondido:]
            self._derrubar()
        elif ordem.acao == "derrubar_depois":
            normal()
            self._derrubar()
        elif ordem.acao == "descartar_resto":
            normal()
            self.entrada.clear()
        else:  # demorar, already waited, or aos_pedacos
            if ordem.acao == "aos_pedacos":
                self.pedaco, self.intervalo = ordem.bytes_ or 1, ordem.segundos
            normal()

    def _recusar(self, ordem: Ordem) -> None:
        self._responder(ordem.resposta())
        self.recusada = self.recusada or ordem.comando == "CONNECT"
        if ordem.codigo == 421:
            self._derrubar()

    def _pausar(self, segundos: float, retomar: Callable[[], None]) -> None:
        def continuar():
            self.parada = False
            retomar()
            self._avancar()

        self.parada = True
        self.temporizador = self.servidor.laco.call_later(segundos, continuar)

    def _derrubar(self) -> None:
        """Close once the replies already given have left; nothing more is read."""
        self.parada = self.caindo = True
        self.entrada.clear()

    # Replies.

    def _responder(self, linha: str) -> None:
        self.saida += linha.encode() + b"\r\n"

    def _escoar(self) -> None:
        if self.gotejando or self.transporte.is_closing():
            return
        if self.pedaco and self.saida:
            self.gotejando = True
            self._gotejar()
            return
        if self.saida:
            self.transporte.write(bytes(self.saida))
            self.saida.clear()
        if self.caindo:
            self.transporte.close()

    def _gotejar(self) -> None:
        """Send one piece of what waits, and come back for the next."""
        if self.transporte.is_closing():
            return
        self.transporte.write(bytes(self.saida[: self.pedaco]))
        del self.saida[: self.pedaco]
        if self.saida:
            self.servidor.laco.call_later(self.intervalo, self._gotejar)
        else:
            self.gotejando, self.pedaco = False, 0
            self._escoar()

    # Commands.

    def _reiniciar_sessao(self) -> None:
        self.apresentada = False
        self.autenticada = False
        self.dialogo: Callable[[str], None] | None = None
        self._reiniciar_transacao()

    def _reiniciar_transacao(self) -> None:
        self.remetente: str | None = None
        self.destinos: list[str] = []
        self.em_corpo = False
        self.procurado = 0
        self.limite_do_corpo: int | None = None

    def _ehlo(self, argumento: str) -> None:
        def apresentar():
            self._apresentar()
            recursos = self._recursos()
            for recurso in recursos[:-1]:
                self._responder(f"250-{recurso}")
            self._responder(f"250 {recursos[-1]}")

        self._atender("EHLO", apresentar, (argumento,))

    def _helo(self, argumento: str) -> None:
        def apresentar():
            self._apresentar()
            self._responder("250 simulador.invalid")

        self._atender("EHLO", apresentar, (argumento,))

    def _apresentar(self) -> None:
        self.apresentada = True
        self._reiniciar_transacao()

    def _recursos(self) -> list[str]:
        extensoes = ("PIPELINING", "8BITMIME", f"SIZE {self.servidor.tamanho_maximo}")
        recursos = ["simulador.invalid"]
        recursos += [uma for uma in extensoes if uma.split()[0] not in self.servidor.sem_extensoes]
        if self.servidor.tls is not None and not self.cifrada:
            recursos.append("STARTTLS")
        if self.servidor.usuarios is not None:
            recursos.append("AUTH PLAIN LOGIN")
        return [*recursos, "ENHANCEDSTATUSCODES"]

    def _starttls(self, argumento: str) -> None:
        if self.servidor.tls is None or self.cifrada:
            self._responder("502 5.5.1 STARTTLS indisponivel")
        else:
            self._atender("STARTTLS", self._comecar_tls, (argumento,))

    def _comecar_tls(self) -> None:
        self.parada = True
        self.transporte.pause_reading()
        self.entrada.clear()  # what came pipelined behind STARTTLS was not encrypted: RFC 3207 says to discard it
        self._responder("220 2.0.0 Pronto para TLS")
        self._escoar()
        self.tarefa = self.servidor.laco.create_task(self._cifrar())

    async def _cifrar(self) -> None:
        try:
            self.transporte = await self.servidor.laco.start_tls(
                self.transporte, self, self.servidor.tls, server_side=True
            )
        except OSError:  # the client did not accept the certificate, or left; connection_lost comes by itself
            return
        self.cifrada = True
        self._reiniciar_sessao()
        self.parada = False
        self._avancar()

    def _auth(self, argumento: str) -> None:
        if self.servidor.usuarios is None:
            self._responder("503 5.5.1 AUTH indisponivel")
        else:
            self._atender("AUTH", lambda: self._autenticar(argumento), (argumento,))

    def _autenticar(self, argumento: str) -> None:
        mecanismo, _, inicial = argumento.partition(" ")
        if mecanismo.upper() == "PLAIN":
            self._continuar_com(self._conferir_plain, inicial, "334 ")
        elif mecanismo.upper() == "LOGIN":
            self._continuar_com(self._pedir_senha, inicial, "334 VXNlcm5hbWU6")
        else:
            self._responder("504 5.5.4 Mecanismo desconhecido")

    def _continuar_com(self, passo: Callable[[str], None], inicial: str, pergunta: str) -> None:
        if inicial:
            passo(inicial)
        else:
            self._responder(pergunta)
            self.dialogo = passo

    def _conferir_plain(self, linha: str) -> None:
        _, _, par = _decifrar(linha).partition("\0")
        usuario, _, senha = par.partition("\0")
        self._conferir(usuario, senha)

    def _pedir_senha(self, linha: str) -> None:
        usuario = _decifrar(linha)
        self._responder("334 UGFzc3dvcmQ6")
        self.dialogo = lambda senha: self._conferir(usuario, _decifrar(senha))

    def _conferir(self, usuario: str, senha: str) -> None:
        self.autenticada = self.servidor.usuarios.get(usuario) == senha
        self._responder("235 2.7.0 Autenticado" if self.autenticada else "535 5.7.8 Usuario ou senha invalidos")

    def _mail(self, argumento: str) -> None:
        achado = MAIL.match(argumento)
        if not self.apresentada or self.remetente is not None:
            self._responder("503 5.5.1 Fora de ordem")
        elif self.servidor.usuarios is not None and not self.autenticada:
            self._responder("530 5.7.0 Autenticacao necessaria")
        elif achado is None:
            self._responder("501 5.5.4 Esperado FROM:<endereco>")
        elif self._anuncia_demais(achado[2]):
            self._responder("552 5.3.4 Mensagem grande demais")
        else:
            self._atender("MAIL", lambda: self._aceitar_remetente(achado[1]), (achado[1],))

    def _anuncia_demais(self, parametros: str) -> bool:
        tamanho = SIZE.search(parametros) if parametros else None
        return tamanho is not None and int(tamanho[1]) > self.servidor.tamanho_maximo

    def _aceitar_remetente(self, endereco: str) -> None:
        self.remetente = endereco
        self._responder("250 2.1.0 Ok")

    def _rcpt(self, argumento: str) -> None:
        achado = RCPT.match(argumento)
        if self.remetente is None:
            self._responder("503 5.5.1 Fora de ordem")
        elif achado is None:
            self._responder("501 5.5.4 Esperado TO:<endereco>")
        else:
            self._atender("RCPT", lambda: self._aceitar_destino(achado[1]), (achado[1],))

    def _aceitar_destino(self, endereco: str) -> None:
        self.destinos.append(endereco)
        self._responder("250 2.1.5 Ok")

    def _data(self, _: str) -> None:
        if self.remetente is None:
            self._responder("503 5.5.1 Fora de ordem")
        elif not self.destinos:
            self._responder("554 5.5.1 Nenhum destinatario valido")
        else:
            self._atender("DATA", self._receber_corpo, self.destinos)

    def _receber_corpo(self) -> None:
        meio = self.servidor.ordens.escolher("MEIO", self.destinos, self.servidor.aceitas)
        self.limite_do_corpo = meio.bytes_ if meio is not None else None
        self.em_corpo = True
        self._responder("354 Fim com <CR><LF>.<CR><LF>")

    def _fim_do_corpo(self, conteudo: bytes) -> None:
        self.em_corpo = False
        if self.limite_do_corpo is not None:  # the body ended before the ordered byte: drop all the same
            self._derrubar()
            return
        recebida = self._montar(conteudo)
        self._reiniciar_transacao()
        if len(recebida.conteudo) > self.servidor.tamanho_maximo:  # SIZE counts no dot of the transport
            self._responder("552 5.3.4 Mensagem grande demais")
        else:
            self._atender("BODY", lambda: self._guardar(recebida), recebida.destinos)

    def _montar(self, conteudo: bytes) -> Recebida:
        sem_pontos = conteudo.removeprefix(b".").replace(b"\r\n.", b"\r\n")
        return Recebida(self.remetente, tuple(self.destinos), sem_pontos, self.numero, datetime.now(UTC))

    def _guardar(self, recebida: Recebida) -> None:
        self.servidor.guardar(recebida)
        if espera := self.servidor.espera_do_250(recebida):
            self._pausar(espera, lambda: self._confirmar(recebida))
        else:
            self._confirmar(recebida)

    def _confirmar(self, recebida: Recebida) -> None:
        self._responder("250 2.0.0 Guardada")
        self.servidor.confirmada(recebida)

    def _rset(self, argumento: str) -> None:
        def reiniciar():
            self._reiniciar_transacao()
            self._responder("250 2.0.0 Ok")

        self._atender("RSET", reiniciar, (argumento,))

    def _quit(self, argumento: str) -> None:
        def despedir():
            self._responder("221 2.0.0 Ate logo")
            self._derrubar()

        self._atender("QUIT", despedir, (argumento,))


def _decifrar(linha: str) -> str:
    """Base64 to text; what is not base64 becomes an empty answer, which no user has."""
    try:
        return base64.b64decode(linha, validate=True).decode()
    except (binascii.Error, UnicodeDecodeError):
        return ""
