"""Who may send through what, now: advisory locks of PostgreSQL, held by a connection of their own.

A service has as many slots (*vagas*) as connections it allows. A slot is a lock; so is the presence of each sending
process, by which the others know into how many to divide the slots. A lock ends with the session that took it, and no
process can think that it holds one that another has: it asks the socket right before each body (`viva`).

The connection is never Django's, which Celery closes after each task, and never goes through a transaction pooler
(DATABASE_URL_DIRETA).
"""

import os
import select
import threading
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import partial

import psycopg2
from django.conf import settings
from django.db import connection

from mensageria.models import Canal, Servico

# The first half of the key of each kind of lock ("AV" and a number).
VAGA = {Canal.EMAIL: 0x41560001, Canal.SMS: 0x41560002}
PRESENCA = 0x41560003
DOMINIO = 0x41560004
POR_SERVICO = 256  # numbers of slots; a service has 200 at most
# The locks of this database that are held, as (kind, number).
TIDAS = """
SELECT classid::bigint, objid::bigint FROM pg_locks
WHERE locktype = 'advisory' AND granted AND objsubid = 2
  AND database = (SELECT oid FROM pg_database WHERE datname = current_database())
"""
EU = "SELECT pid, backend_start FROM pg_stat_activity WHERE pid = pg_backend_pid()"
# A peer that vanished lets go of its locks in half a minute, whoever notices first.
SESSAO = "SET tcp_keepalives_idle = 10; SET tcp_keepalives_interval = 5; SET tcp_keepalives_count = 3"
CLIENTE = {"keepalives_idle": 10, "keepalives_interval": 5, "keepalives_count": 3, "application_name": "avisa-envio"}


class SessaoPerdida(Exception):
    """The session that held the locks is gone, and with it the right to send."""


@dataclass(frozen=True)
class Vaga:
    """A slot of a service, ours until it is given back or the session ends."""

    servico: Servico
    numero: int
    sessao: str


class Trabalhador:
    """This process among those that send: its session, its presence and the locks it holds. Safe among threads.

    Without `presente` it is not among them, and only holds locks.
    """

    def __init__(self, *, presente: bool = True):
        self.presente = presente
        self.pid = os.getpid()
        self.banco = connection.settings_dict["NAME"]
        self._trava = threading.RLock()
        self._conexao = None
        self._tidas: set[tuple[int, int]] = set()
        self.sessao = ""

    def tomar(self, servico: Servico, numero: int | None = None) -> Vaga | None:
        """A free slot of the service, or None: there is none, or this process has its fair share already.

        With `numero`, that one or none.
        """
        try:
            return self._procurar(servico, numero)
        except SessaoPerdida:  # it ended this very moment, and nothing of the new one is held yet
            return self._procurar(servico, numero)

    def soltar(self, vaga: Vaga) -> None:
        self._soltar(VAGA[vaga.servico.canal], vaga.servico.pk * POR_SERVICO + vaga.numero, vaga.sessao)

    def viva(self, vaga: Vaga) -> bool:
        """Whether the session that took the slot still lives; costs a look at its socket."""
        return self._vive(vaga.sessao)

    def sozinho(self, tipo: int, numero: int) -> Callable[[], bool] | None:
        """Hold a lock of another kind; return how to ask whether it is still held, None when somebody else has it."""
        with self._trava, self._em_sessao():
            return partial(self._vive, self.sessao) if self._tomar(tipo, numero) else None

    def _vive(self, sessao: str) -> bool:
        if not self._trava.acquire(blocking=False):
            return sessao == self.sessao  # another thread is speaking to the server: it will see if it is gone
        try:
            return sessao == self.sessao and self._em_pe()
        finally:
            self._trava.release()

    @contextmanager
    def dominio(self, servico: Servico, dominio: str, maximo: int) -> Iterator[bool]:
        """One of the `maximo` connections of the service that may speak of a destination domain; yields whether."""
        base = f"{servico.canal}:{servico.pk}:{dominio}:"
        sessao, tomada = "", None
        with self._trava, self._em_sessao():
            sessao = self.sessao
            for n in range(maximo):
                chave = _com_sinal(zlib.crc32(f"{base}{n}".encode()))
                if (DOMINIO, chave) not in self._tidas and self._tomar(DOMINIO, chave):
                    tomada = chave
                    break
        try:
            yield tomada is not None
        finally:
            if tomada is not None:
                self._soltar(DOMINIO, tomada, sessao)

    def fechar(self) -> None:
        with self._trava:
            conexao = self._conexao
            self._esquecer()
            if conexao is not None:
                # The server ends a session some time after it is closed: who comes next is to find all free now.
                with suppress(psycopg2.Error), conexao.cursor() as cursor:
                    cursor.execute("SELECT pg_advisory_unlock_all()")
                with suppress(psycopg2.Error):
                    conexao.close()

    def apresentar(self) -> None:
        """Be counted among those that send."""
        with self._trava, self._em_sessao():
            pass

    def _procurar(self, servico: Servico, numero: int | None) -> Vaga | None:
        with self._trava, self._em_sessao():
            tipo = VAGA[servico.canal]
            base = servico.pk * POR_SERVICO
            tidas = self._consultar(TIDAS)
            vivos = max(1, sum(classe == PRESENCA for classe, _ in tidas))
            minhas = sum(classe == tipo and base <= n < base + POR_SERVICO for classe, n in self._tidas)
            if minhas >= -(-servico.conexoes // vivos):
                return None
            ocupadas = {n - base for classe, n in tidas if classe == tipo and base <= n < base + POR_SERVICO}
            if len(ocupadas) >= servico.conexoes:  # of those that were held before there were fewer, too
                return None
            candidatas = range(servico.conexoes) if numero is None else [numero]
            for n in candidatas:
                if n not in ocupadas and self._tomar(tipo, base + n):
                    return Vaga(servico, n, self.sessao)
            return None

    @contextmanager
    def _em_sessao(self) -> Iterator[None]:
        try:
            if not self._em_pe():
                self._abrir()
            yield
        except psycopg2.Error as erro:
            self._esquecer()
            raise SessaoPerdida(str(erro)) from erro

    def _em_pe(self) -> bool:
        """Whether the session lives, by its socket alone: a server that ends it says so there."""
        try:
            if self._conexao is None or self._conexao.closed:
                return False
            ouvido = select.poll()  # select() knows no file above number 1023
            ouvido.register(self._conexao.fileno(), select.POLLIN)
            if ouvido.poll(0):
                self._consultar("SELECT 1")  # nobody asked anything: it is a farewell, or news of no weight
            return True
        except (psycopg2.Error, OSError, ValueError):
            return False

    def _abrir(self) -> None:
        self._esquecer()
        self._conexao = psycopg2.connect(**_parametros())
        self._conexao.autocommit = True
        if not self._conexao.info.dsn_parameters.get("host", "/").startswith("/"):
            self._executar(SESSAO)
        [(pid, inicio)] = self._consultar(EU)
        self.sessao = f"{pid} {inicio.isoformat()}"
        if self.presente:
            self._executar("SELECT pg_advisory_lock_shared(%s, 0)", [PRESENCA])

    def _esquecer(self) -> None:
        self._conexao, self.sessao = None, ""
        self._tidas.clear()

    def _tomar(self, tipo: int, chave: int) -> bool:
        """A session may take a lock twice, so what this process holds is asked of nobody."""
        if (tipo, chave) in self._tidas:
            return False
        [(tomada,)] = self._consultar("SELECT pg_try_advisory_lock(%s, %s)", [tipo, chave])
        if tomada:
            self._tidas.add((tipo, chave))
        return tomada

    def _soltar(self, tipo: int, chave: int, sessao: str) -> None:
        with self._trava, suppress(SessaoPerdida):
            if sessao != self.sessao:
                return
            self._tidas.discard((tipo, chave))
            with self._em_sessao():
                self._executar("SELECT pg_advisory_unlock(%s, %s)", [tipo, chave])

    def _executar(self, sql: str, parametros=()) -> None:
        with self._conexao.cursor() as cursor:
            cursor.execute(sql, parametros or None)

    def _consultar(self, sql: str, parametros=()) -> list[tuple]:
        with self._conexao.cursor() as cursor:
            cursor.execute(sql, parametros or None)
            return cursor.fetchall()


_atual: Trabalhador | None = None
_trava_do_atual = threading.Lock()


def este() -> Trabalhador:
    """The one of this process and database; a fork makes its own."""
    global _atual
    with _trava_do_atual:
        if _atual is None or _atual.pid != os.getpid() or _atual.banco != connection.settings_dict["NAME"]:
            _atual = Trabalhador()
        return _atual


@contextmanager
def vagas(servico: Servico, quantas: int, *, numero: int | None = None) -> Iterator[list[Vaga]]:
    """Hold up to so many slots of the service for the length of the block; none when there is none for us.

    With `numero`, that one or none.
    """
    trabalhador = este()
    tomadas: list[Vaga] = []
    try:
        while len(tomadas) < quantas and (vaga := trabalhador.tomar(servico, numero)) is not None:
            tomadas.append(vaga)
        yield tomadas
    finally:
        for vaga in tomadas:
            trabalhador.soltar(vaga)


@contextmanager
def exclusivo(tipo: int, numero: int) -> Iterator[Callable[[], bool] | None]:
    """Be the only one in the whole installation who does something, for the length of the block.

    Yields how to ask whether it is still so, or None when somebody else is doing it. Whoever does it is not counted
    among those that send.
    """
    trabalhador = Trabalhador(presente=False)
    try:
        yield trabalhador.sozinho(tipo, numero)
    finally:
        trabalhador.fechar()


def livres(servicos) -> dict[Servico, int]:
    """How many slots of each service nobody holds."""
    with connection.cursor() as cursor:
        cursor.execute(TIDAS)
        tidas = cursor.fetchall()
    ocupadas: dict[tuple[int, int], int] = {}
    for classe, numero in tidas:
        chave = (classe, numero // POR_SERVICO)
        ocupadas[chave] = ocupadas.get(chave, 0) + 1
    return {s: max(0, s.conexoes - ocupadas.get((VAGA[s.canal], s.pk), 0)) for s in servicos}


def encerrar_sessao(sessao: str) -> None:
    """End a session that outlived its lease: its slots are free then, and its process knows when it wakes."""
    pid, _, inicio = sessao.partition(" ")
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
            " WHERE pid = %s AND backend_start = %s AND datname = current_database()",
            [int(pid), inicio],
        )


def _com_sinal(numero: int) -> int:
    return numero - (1 << 32) if numero >= 1 << 31 else numero


def _parametros() -> dict:
    """Where Django connects, unless DATABASE_URL_DIRETA says another way to the same database."""
    if settings.BANCO_DIRETO:
        direto = settings.BANCO_DIRETO
        parametros = {
            "dbname": direto["NAME"],
            "user": direto["USER"],
            "password": direto["PASSWORD"],
            "host": direto["HOST"],
            "port": direto["PORT"],
        }
        parametros = {nome: valor for nome, valor in parametros.items() if valor} | direto.get("OPTIONS", {})
    else:
        parametros = connection.get_connection_params()
        parametros.pop("cursor_factory", None)
    return parametros | CLIENTE
