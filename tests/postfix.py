"""A real Postfix for tests, with configuration, queue and data of its own: the system's Postfix is not touched."""

import base64
import os
import pwd
import secrets
import shutil
import signal
import socket
import socketserver
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path

import psutil

from tests.processos import esperar, matar

FILAS = ("active", "bounce", "corrupt", "defer", "deferred", "flush", "hold", "incoming", "maildrop", "private")
FILAS += ("public", "saved", "trace")
SUPERUSUARIO = Path(__file__).with_name("superusuario.py")

# Delivers all that it takes to `relayhost`, unchanged: no header is added but Received and no line is broken.
PRINCIPAL = {
    "compatibility_level": "3.6",
    "myhostname": "postfix.invalid",
    "mydestination": "",
    "local_recipient_maps": "",
    "alias_maps": "",
    "alias_database": "",
    "inet_interfaces": "127.0.0.1",
    "inet_protocols": "ipv4",
    "mynetworks": "127.0.0.0/8",
    "smtpd_peername_lookup": "no",
    "smtp_dns_support_level": "disabled",
    "smtp_connection_cache_on_demand": "no",
    "relay_transport": "smtp",
    "local_header_rewrite_clients": "",
    "smtp_line_length_limit": "0",
}

PROGRAMAS = """\
cleanup   unix       n - n - 0 cleanup
qmgr      unix       n - n 300 1 qmgr
tlsmgr    unix       - - n 300 1 tlsmgr
rewrite   unix       - - n - - trivial-rewrite
bounce    unix       - - n - 0 bounce
defer     unix       - - n - 0 bounce
trace     unix       - - n - 0 bounce
smtp      unix       - - n - - smtp
error     unix       - - n - - error
retry     unix       - - n - - error
anvil     unix       - - n - 1 anvil
postlog   unix-dgram n - n - 1 postlogd
"""


class Postfix:
    """Listens on one port of 127.0.0.1 for each name of `portas`, whose settings are those of smtpd(8).

    `principal` goes to main.cf; a file of `arquivos` is in `pasta`, which main.cf calls $config_directory.
    """

    def __init__(
        self,
        pasta: Path,
        destino: int,
        portas: Mapping[str, Mapping[str, str]],
        principal: Mapping[str, str],
        arquivos: Mapping[str, str | bytes],
    ):
        self.pasta, self.fila, self.dados = pasta, pasta / "fila", pasta / "dados"
        self.registro = pasta / "maillog"
        self.portas = dict(zip(portas, _portas_livres(len(portas)), strict=True))
        self.usuario = pwd.getpwnam("postfix") if os.geteuid() == 0 else pwd.getpwuid(os.geteuid())
        self._mestre: subprocess.Popen | None = None
        self._fazer_pastas()
        for nome, conteudo in arquivos.items():
            (pasta / nome).write_bytes(conteudo.encode() if isinstance(conteudo, str) else conteudo)
        (pasta / "main.cf").write_text(self._main_cf(destino, principal))
        (pasta / "master.cf").write_text(self._master_cf(portas))

    def iniciar(self) -> None:
        ja_houve = len(self.linhas("daemon started"))
        with (self.pasta / "erros").open("wb") as erros:
            self._mestre = subprocess.Popen(
                [*_como_root(), str(_programa("master")), "-c", str(self.pasta), "-d"],
                stdout=subprocess.DEVNULL,
                stderr=erros,
                start_new_session=True,
            )
        esperar(lambda: self._vive() and len(self.linhas("daemon started")) > ja_houve, 20, 0.02)

    def cair(self) -> None:
        """kill -9 to all of Postfix, as a power cut: whoever is connected is told nothing."""
        if self._mestre is not None:
            matar(self._mestre)
            self._mestre = None

    def parar(self) -> None:
        """What `postfix stop` does: the master ends all the others."""
        self._mestre.terminate()
        self._mestre.wait(10)

    def recarregar(self) -> None:
        """What `postfix reload` does, and wait until the queue manager of before is gone.

        It still takes what arrives while it leaves, and the next one looks at that only when something else arrives,
        or five minutes later.
        """
        ja_houve = len(self.linhas("reload -- version"))
        de_antes = esperar(self._gerentes_da_fila, 10, 0.02)
        self._mestre.send_signal(signal.SIGHUP)
        esperar(lambda: len(self.linhas("reload -- version")) > ja_houve, 10, 0.02)
        assert not psutil.wait_procs(de_antes, 10)[1], "o gerente da fila não saiu"

    def linhas(self, trecho: str) -> list[str]:
        """The lines of the log with these words."""
        if not self.registro.exists():
            return []
        return [linha for linha in self.registro.read_text(errors="replace").splitlines() if trecho in linha]

    def _vive(self) -> bool:
        assert self._mestre.poll() is None, (self.pasta / "erros").read_text() + "\n".join(self.linhas(""))
        return True

    def _gerentes_da_fila(self) -> list[psutil.Process]:
        procurado = {"name": "qmgr", "ppid": self._mestre.pid}
        return [um for um in psutil.process_iter(list(procurado)) if um.info == procurado]

    def _fazer_pastas(self) -> None:
        suas = [self.dados, *(self.fila / nome for nome in FILAS)]
        for pasta in (self.fila, self.fila / "pid", *suas):
            pasta.mkdir()
            pasta.chmod(0o755)
        for pasta in suas:
            shutil.chown(pasta, self.usuario.pw_uid)

    def _main_cf(self, destino: int, principal: Mapping[str, str]) -> str:
        campos = PRINCIPAL | {
            "queue_directory": self.fila,
            "data_directory": self.dados,
            "mail_owner": self.usuario.pw_name,
            "relayhost": f"[127.0.0.1]:{destino}",
            "maillog_file": self.registro,
            "maillog_file_prefixes": self.pasta,
        }
        return "".join(f"{campo} = {valor}\n" for campo, valor in (campos | principal).items())

    def _master_cf(self, portas: Mapping[str, Mapping[str, str]]) -> str:
        linhas = [PROGRAMAS]
        for nome, campos in portas.items():
            linhas.append(f"127.0.0.1:{self.portas[nome]} inet n - n - - smtpd\n")
            linhas += [f"  -o {{ {campo} = {valor} }}\n" for campo, valor in campos.items()]
        return "".join(linhas)


@contextmanager
def postfix(destino: int, **partes) -> Iterator[Postfix]:
    """A running Postfix that delivers to 127.0.0.1:`destino`; the rest is of Postfix's constructor."""
    # Not pytest's folder: its parents are closed to Postfix's own user.
    with tempfile.TemporaryDirectory(prefix="avisa-postfix-", ignore_cleanup_errors=True) as pasta:
        os.chmod(pasta, 0o755)
        servidor = Postfix(Path(pasta), destino, **partes)
        try:
            servidor.iniciar()
            yield servidor
        finally:
            servidor.cair()


class Senhas(socketserver.ThreadingUnixStreamServer):
    """Tells Postfix which passwords are right, in the protocol of Dovecot: smtpd_sasl_type=dovecot.

    `with Senhas(caminho, {usuario: senha}):` answers on that socket, and hangs up on a user whose password is None.
    """

    daemon_threads = True

    def __init__(self, caminho: Path, senhas: Mapping[str, str | None]):
        super().__init__(str(caminho), _Conferencia)
        caminho.chmod(0o666)
        self.senhas = senhas

    def __enter__(self) -> "Senhas":
        threading.Thread(target=self.serve_forever, args=(0.05,), name="senhas", daemon=True).start()
        return self

    def __exit__(self, *_) -> None:
        self.shutdown()
        self.server_close()

    def conferir(self, resposta: str) -> str | None:
        """What Dovecot says to the base64 of SASL PLAIN: an empty name, the user and the password, parted by NUL."""
        _, usuario, senha = base64.b64decode(resposta).decode().split("\0")
        if (esperada := self.senhas.get(usuario, "")) is None:
            return None
        return f"OK\t{{}}\tuser={usuario}" if esperada and esperada == senha else f"FAIL\t{{}}\tuser={usuario}"


class _Conferencia(socketserver.StreamRequestHandler):
    server: Senhas

    def handle(self) -> None:
        self._dizer("VERSION\t1\t1", "MECH\tPLAIN\tplaintext", "SPID\t1", "CUID\t1", "COOKIE\t" + "0" * 32, "DONE")
        for linha in self.rfile:
            verbo, *campos = linha.decode().rstrip("\n").split("\t")
            if verbo != "AUTH":
                continue
            resposta = next(campo.removeprefix("resp=") for campo in campos if campo.startswith("resp="))
            if (veredito := self.server.conferir(resposta)) is None:
                return
            self._dizer(veredito.format(campos[0]))

    def _dizer(self, *linhas: str) -> None:
        self.wfile.write("".join(f"{linha}\n" for linha in linhas).encode())


def _portas_livres(n: int) -> list[int]:
    """Below those that the kernel gives to whoever connects, so that a Postfix that comes back finds them free."""
    livres: list[int] = []
    while len(livres) < n:
        with socket.socket() as tomada, suppress(OSError):
            tomada.bind(("127.0.0.1", 20_000 + secrets.randbelow(12_000)))
            if (porta := tomada.getsockname()[1]) not in livres:
                livres.append(porta)
    return livres


def _programa(nome: str) -> Path:
    postconf = shutil.which("postconf", path=f"{os.environ['PATH']}:/usr/sbin")
    assert postconf, "o Postfix não está instalado; ./avisa test o instala ou diz como"
    saida = subprocess.run([postconf, "-dh", "daemon_directory"], capture_output=True, text=True, check=True)
    return Path(saida.stdout.strip()) / nome


def _como_root() -> list[str]:
    """Its master insists on root, only to give it up in each process; an ordinary user makes it believe so."""
    return [] if os.geteuid() == 0 else [sys.executable, str(SUPERUSUARIO)]
