"""`python -m config.processos`: what `./avisa` does that is too delicate for a shell.

up [--vazio]      everything under honcho, until Ctrl-C
parar             stops what a killed `up` left behind, and the embedded PostgreSQL
banco COMANDO…    runs a command and stops the embedded PostgreSQL that it started
saude             0 when the web answers
"""

import fcntl
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import psutil
from django.conf import settings

from config import postgres

# Every process of an `up` carries this variable, by which leftovers are found even when their parents are gone.
MARCA = "AVISA_UP"
PRAZO = 9  # seconds that the processes have to stop
# An idle Celery worker takes almost five seconds to stop, which is when honcho would kill it.
HONCHO = "import honcho.command, honcho.manager; honcho.manager.KILL_WAIT = 8; honcho.command.main()"
PROCESSOS = ["web", "worker", "worker-envio", "worker-coleta", "beat"]
COM_SIMULADORES = [*PROCESSOS, "simuladores"]


def porta() -> int:
    return int(os.environ.get("PORT") or 8000)


def dizer(texto: str) -> None:
    with suppress(OSError):  # whoever read our output is gone; stopping goes on
        print(texto, flush=True)


# The pid file


def arquivo_de_pid() -> Path:
    return settings.VAR / "avisa.pid"


@contextmanager
def _unico() -> Iterator[bool]:
    """Hold the pid file by a lock of the kernel's, which a killed `up` cannot keep; yield whether it was free."""
    arquivo_de_pid().parent.mkdir(parents=True, exist_ok=True)
    while True:
        with open(arquivo_de_pid(), "a+") as arquivo:
            try:
                fcntl.flock(arquivo, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                yield False
                return
            with suppress(FileNotFoundError):
                if os.path.samestat(os.fstat(arquivo.fileno()), os.stat(arquivo_de_pid())):
                    arquivo.truncate(0)
                    arquivo.write(f"{os.getpid()}\n")
                    arquivo.flush()
                    try:
                        yield True
                    finally:
                        arquivo_de_pid().unlink(missing_ok=True)
                    return


def _em_execucao() -> int | None:
    """The process of the `up` that holds the pid file, or None."""
    try:
        with open(arquivo_de_pid()) as arquivo:
            try:
                fcntl.flock(arquivo, fcntl.LOCK_SH | fcntl.LOCK_NB)
            except BlockingIOError:
                return int(arquivo.read() or 0)
    except (FileNotFoundError, ValueError):
        pass
    return None


# What was left behind


def _marcados() -> list[psutil.Process]:
    """The living processes of this checkout's `up`, whoever their parents are; the database's are not among them."""
    achados = []
    for processo in psutil.process_iter(["pid", "name"]):
        if processo.pid == os.getpid() or processo.info["name"] == "postgres":
            continue
        with suppress(psutil.Error, OSError):
            if processo.environ().get(MARCA) == str(settings.BASE_DIR) and processo.status() != psutil.STATUS_ZOMBIE:
                achados.append(processo)
    return achados


def _varrer(espera: float) -> int:
    """Stop the marked processes, by force after `espera` seconds; return how many there were."""
    total: set[int] = set()
    for sinal, prazo in ((signal.SIGTERM, espera), (signal.SIGKILL, 2)):
        # Looked for again and again: one that was being born when we looked is found the next time.
        limite = time.monotonic() + prazo
        avisados: set[int] = set()
        while processos := _marcados():
            if prazo == 0 or time.monotonic() > limite:
                break
            for processo in processos:
                if processo.pid not in avisados:
                    with suppress(psutil.Error):
                        processo.send_signal(sinal)
                    avisados.add(processo.pid)
            total |= avisados
            time.sleep(0.05)
    return len(total)


# up


class Subida:
    """One run of `./avisa up`. Signals are only counted; every wait looks at the count, so nothing is cut in half."""

    def __init__(self) -> None:
        self.pedidos = 0
        for sinal in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(sinal, self._pedir)

    def _pedir(self, *_) -> None:
        self.pedidos += 1

    def executar(self, *argumentos: str) -> int:
        """Run a management command to its end; less than zero when somebody asked to stop."""
        processo = self._abrir(sys.executable, str(settings.BASE_DIR / "manage.py"), *argumentos)
        while processo.poll() is None and not self.pedidos:
            time.sleep(0.05)
        if not self.pedidos:
            return processo.returncode
        self._encerrar(processo)
        return -1

    def honcho(self, processos: list[str]) -> int:
        """Run the processes of the Procfile until one ends or somebody asks to stop."""
        procfile = str(settings.BASE_DIR / "Procfile")
        # `.env` was read by the settings; honcho would read it by other rules.
        comando = [sys.executable, "-c", HONCHO, "--procfile", procfile, "--env", os.devnull]
        gerente = self._abrir(*comando, "start", "--port", str(porta()), *processos)
        anunciado = False
        while gerente.poll() is None and not self.pedidos:
            if not anunciado and web_responde():
                dizer(f"\nAvisa no ar: http://localhost:{porta()}\nPara parar: Ctrl-C\n")
                anunciado = True
            time.sleep(0.2)
        if not self.pedidos:
            dizer("Um dos processos terminou sozinho; veja a mensagem acima.")
        self._encerrar(gerente)
        return 0 if self.pedidos else 1

    def _abrir(self, *comando: str) -> subprocess.Popen:
        # A session of its own: the terminal's Ctrl-C reaches us alone, and we say in what order things stop.
        return subprocess.Popen(
            comando, cwd=settings.BASE_DIR, env=_ambiente(), stdin=subprocess.DEVNULL, start_new_session=True
        )

    def _encerrar(self, processo: subprocess.Popen) -> None:
        """Stop `processo` and all that it started; a second request stops by force."""
        dizer("Parando…")
        ate_agora, limite = self.pedidos, time.monotonic() + PRAZO
        processo.terminate()
        while processo.poll() is None and self.pedidos <= max(ate_agora, 1) and time.monotonic() < limite:
            time.sleep(0.05)
        with suppress(OSError):
            os.killpg(processo.pid, signal.SIGKILL)
        processo.wait()
        _varrer(0)


def _ambiente() -> dict[str, str]:
    """What the processes get. Without DEBUG in the environment or in .env, errors are told in the product's words."""
    return {
        "DEBUG": "false",
        **os.environ,
        MARCA: str(settings.BASE_DIR),
        "PATH": os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", os.defpath)]),
        "PYTHONUNBUFFERED": "1",
        "SIMULADOR_SMTP": settings.SIMULADOR_SMTP,
        "SIMULADOR_SMS": settings.SIMULADOR_SMS,
        "SIMULADOR_OPERADORAS": settings.SIMULADOR_OPERADORAS,
    }


def _portas_ocupadas(com_simuladores: bool) -> list[int]:
    portas = [porta()]
    if com_simuladores:
        simuladores = (settings.SIMULADOR_SMTP, settings.SIMULADOR_SMS, settings.SIMULADOR_OPERADORAS)
        portas += [int(endereco.rpartition(":")[2]) for endereco in simuladores]
    ocupadas = []
    for numero in portas:
        with socket.socket() as tomada:
            tomada.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                tomada.bind(("127.0.0.1", numero))
            except OSError:
                ocupadas.append(numero)
    return ocupadas


def web_responde() -> bool:
    """Whether the web and its database answer, asked as a browser that uses an allowed name would ask."""
    nome = next((nome.lstrip(".") for nome in settings.ALLOWED_HOSTS if nome != "*"), "localhost")
    pedido = urllib.request.Request(f"http://127.0.0.1:{porta()}/saude/", headers={"Host": nome})
    try:
        with urllib.request.urlopen(pedido, timeout=2) as resposta:
            return resposta.status == 200
    except (OSError, urllib.error.URLError):
        return False


def up(argumentos: list[str]) -> int:
    if argumentos not in ([], ["--vazio"]):
        print("Uso: ./avisa up [--vazio]", file=sys.stderr)
        return 2
    subida = Subida()
    with _unico() as livre:
        if not livre:
            print("O Avisa já está no ar. Para parar: ./avisa parar", file=sys.stderr)
            return 1
        if _marcados():
            print("Um Avisa que foi interrompido deixou processos. Para parar: ./avisa parar", file=sys.stderr)
            return 1
        if ocupadas := _portas_ocupadas(com_simuladores=not argumentos):
            lista = ", ".join(map(str, ocupadas))
            print(f"Porta ocupada por outro programa: {lista}. Escolha outra; veja .env.example.", file=sys.stderr)
            return 1
        with postgres.em_uso(sempre_parar=True):
            codigo = _subir(subida, argumentos)
    dizer("Avisa parado.")
    return codigo


def _subir(subida: Subida, argumentos: list[str]) -> int:
    dizer("Preparando o banco de dados…")
    for comando in (["migrate", "--verbosity", "0"], ["preparar", *argumentos]):
        if codigo := subida.executar(*comando):
            return max(codigo, 0)
    return subida.honcho(PROCESSOS if argumentos else COM_SIMULADORES)


# The other commands


def parar() -> int:
    """Stop a running `up`, what a killed one left, and the embedded PostgreSQL; say what was done."""
    fez = False
    if (pid := _em_execucao()) is not None:
        dizer(f"Parando o Avisa (processo {pid})…")
        with suppress(OSError):
            os.kill(pid, signal.SIGTERM)
        limite = time.monotonic() + PRAZO + postgres.PRAZO_DE_PARADA
        while _em_execucao() is not None and time.monotonic() < limite:
            time.sleep(0.1)
        fez = True
    if quantos := _varrer(PRAZO):
        dizer(f"Processos deixados por um Avisa interrompido, parados: {quantos}.")
        fez = True
    if _em_execucao() is None and arquivo_de_pid().exists():
        arquivo_de_pid().unlink(missing_ok=True)
        fez = True
    if postgres.parar():
        dizer("PostgreSQL embutido parado.")
        fez = True
    dizer("Nada mais está no ar." if fez else "Nada estava no ar.")
    return 0


def banco(comando: list[str]) -> int:
    """Run `comando` with the embedded PostgreSQL held, and return its exit status."""
    with postgres.em_uso():
        filho = subprocess.Popen(comando)
        # The terminal sends Ctrl-C to the command too: it ends by itself, and we after it.
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        for sinal in (signal.SIGTERM, signal.SIGHUP):
            signal.signal(sinal, lambda numero, _: filho.send_signal(numero))
        codigo = filho.wait()
    return codigo if codigo >= 0 else 128 - codigo


def main(argumentos: list[str]) -> int:
    match argumentos:
        case ["up", *resto]:
            return up(resto)
        case ["parar"]:
            return parar()
        case ["banco", _, *_]:
            return banco(argumentos[1:])
        case ["saude"]:
            return 0 if web_responde() else 1
    print(__doc__, file=sys.stderr)
    return 2


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
