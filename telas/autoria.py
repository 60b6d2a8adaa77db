"""Who is at work: the name that the audit writes beside each change (telas.auditoria).

A statement that changes a table carries, in the same trip to the server, who asked for it: `set_config` for the length
of its transaction, so that a pooler between us and the database gives nobody the name of another. Nothing is said of
what the system does by itself, and reading costs nothing.
"""

import getpass
import re
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from pathlib import Path

from django.db import connections
from django.urls import NoReverseMatch, reverse
from psycopg2.extensions import TRANSACTION_STATUS_INTRANS

TELA, ADMINISTRACAO = "tela", "administração"
_MUDA = re.compile(r"\s*(INSERT|UPDATE|DELETE|MERGE|WITH)\b", re.IGNORECASE)
_ESTRANHO = re.compile(r"[^\w .:@()/-]")


@dataclass(frozen=True)
class Autor:
    """Somebody by the number of the user, or by a name of outside (the login on the server); and by which way."""

    usuario_id: int | None = None
    nome: str = ""
    via: str = ""

    def __str__(self):
        """As the triggers read it; without what has a meaning in SQL."""
        return "|".join([str(self.usuario_id or ""), *(_ESTRANHO.sub("", t)[:60] for t in (self.nome, self.via))])


NINGUEM = Autor()
_quem: ContextVar[Callable[[], Autor] | None] = ContextVar("autor", default=None)


@contextmanager
def em_nome_de(usuario, via: str = "") -> Iterator[None]:
    """What this thread changes inside was asked for by `usuario`: a User, its number, or None for the system."""
    autor = Autor(getattr(usuario, "pk", usuario), via=via)
    with _como(lambda: autor):
        yield


@contextmanager
def _como(quem: Callable[[], Autor]) -> Iterator[None]:
    ficha = _quem.set(quem)
    try:
        yield
    finally:
        _quem.reset(ficha)
        _esquecer()


def autor() -> Autor:
    """Who is at work in this thread."""
    quem = _quem.get()
    return quem() if quem else _do_comando


class Identificar:
    """Middleware: what a request changes was asked for by who is logged in, known only when there is a change."""

    def __init__(self, proximo):
        self._proximo = proximo

    def __call__(self, request):
        with _como(lambda: _do_pedido(request)):
            return self._proximo(request)


def _do_pedido(request) -> Autor:
    via = ADMINISTRACAO if request.path.startswith(_administracao()) else TELA
    usuario = getattr(request, "user", None)
    if usuario is None or not usuario.is_authenticated:
        return Autor(nome="sem login", via=via)
    return Autor(usuario.pk, via=via)


def _administracao() -> str:
    try:
        return reverse("admin:index")
    except NoReverseMatch:
        return "/admin/"


def _quem_digitou() -> Autor:
    """Of a command: who is logged in on the server. What waits for others to ask (a server, a worker) is nobody."""
    programa, *argumentos = sys.argv or [""]
    if Path(programa).name != "manage.py" or not argumentos or argumentos[0] in ("runserver", "test"):
        return NINGUEM
    try:
        nome = f"{getpass.getuser()} (servidor)"
    except (KeyError, OSError):  # a container's user may have no name
        nome = "servidor"
    return Autor(nome=nome, via=f"comando {argumentos[0]}")


_do_comando = _quem_digitou()


def acompanhar(connection, **_) -> None:
    """Receiver of `connection_created`: each statement of this connection that changes something says who asked."""
    if connection.vendor == "postgresql" and _carimbar not in connection.execute_wrappers:
        connection.execute_wrappers.insert(0, _carimbar)


def _carimbar(execute, sql, params, many, context):
    if isinstance(sql, str) and _MUDA.match(sql) and (atual := autor()) is not NINGUEM:
        sql = f"SELECT set_config('avisa.autor', '{atual}', true); {sql}"
    return execute(sql, params, many, context)


def _esquecer() -> None:
    """Inside a transaction that goes on, what comes next was not asked for by the same person."""
    conexao = connections["default"]
    if conexao.connection is None or not conexao.in_atomic_block:
        return
    if conexao.connection.info.transaction_status == TRANSACTION_STATUS_INTRANS:
        with conexao.connection.cursor() as cursor:
            cursor.execute("SELECT set_config('avisa.autor', %s, true)", [str(autor())])
