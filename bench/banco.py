"""Databases of the runs, beside the one that Django is connected to, on the same server."""

from collections.abc import Iterator
from contextlib import closing, contextmanager
from urllib.parse import quote, urlencode

import psycopg2
from django.db import connection
from psycopg2 import sql


def endereco(nome: str) -> dict[str, str]:
    """Where a database is, as the fields of Django's DATABASES."""
    parametros = connection.get_connection_params()
    return {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": nome,
        "USER": parametros.get("user") or "",
        "PASSWORD": parametros.get("password") or "",
        "HOST": parametros.get("host") or "",
        "PORT": str(parametros.get("port") or ""),
    }


def url(nome: str) -> str:
    """The same as a DATABASE_URL. The folder of a socket cannot stand where a host does."""
    banco = endereco(nome)
    quem = ":".join(quote(parte, safe="") for parte in (banco["USER"], banco["PASSWORD"]) if parte)
    if banco["HOST"].startswith("/"):
        return f"postgresql://{quem}@/{quote(nome)}?{urlencode({'host': banco['HOST']})}"
    onde = ":".join(parte for parte in (banco["HOST"], banco["PORT"]) if parte)
    return f"postgresql://{quem}@{onde}/{quote(nome)}"


def parametros(nome: str) -> dict:
    """What psycopg2 needs to connect to a database."""
    do_django = connection.get_connection_params() | {"dbname": nome}
    do_django.pop("cursor_factory", None)
    return do_django


def criar(nome: str, modelo: str = "template1") -> None:
    """Make a database anew, as a copy of a model that nobody is connected to."""
    apagar(nome)
    _executar("CREATE DATABASE {} TEMPLATE {}", nome, modelo)


def apagar(nome: str) -> None:
    """Remove a database, whoever is connected to it."""
    _executar("DROP DATABASE IF EXISTS {} WITH (FORCE)", nome)


def renomear(nome: str, novo: str) -> None:
    """Rename a database that nobody is connected to."""
    _executar("ALTER DATABASE {} RENAME TO {}", nome, novo)


def com_inicio(inicio: str) -> list[str]:
    """The databases whose name starts so."""
    with _servidor() as cursor:
        cursor.execute("SELECT datname FROM pg_database WHERE starts_with(datname, %s) ORDER BY 1", [inicio])
        return [nome for (nome,) in cursor.fetchall()]


def assentar(nome: str) -> None:
    """What a server does later about rows that were just written, done now: it is nobody's time."""
    with _servidor(nome) as cursor:
        cursor.execute("VACUUM ANALYZE")
        cursor.execute("CHECKPOINT")


def _executar(comando: str, *nomes: str) -> None:
    with _servidor() as cursor:
        cursor.execute(sql.SQL(comando).format(*map(sql.Identifier, nomes)))


@contextmanager
def _servidor(nome: str = "postgres") -> Iterator[psycopg2.extensions.cursor]:
    conexao = psycopg2.connect(**parametros(nome))
    conexao.autocommit = True
    with closing(conexao), conexao.cursor() as cursor:
        yield cursor
