"""Databases of the runs, beside the one that Django is connected to, on the same server."""

from contextlib import closing
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


def _executar(comando: str, *nomes: str) -> None:
    conexao = psycopg2.connect(**parametros("postgres"))
    conexao.autocommit = True
    with closing(conexao), conexao.cursor() as cursor:
        cursor.execute(sql.SQL(comando).format(*map(sql.Identifier, nomes)))
