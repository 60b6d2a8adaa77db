"""Who sends beside Avisa in `envio`: each with what its own documentation says makes it fast.

A run sends messages that wait already. The sender is started, connected to its database and idle; the clock goes from
the word to go until it has ended, with all of them in its ledger.
"""

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from pathlib import Path

import psycopg2
from django.db import connection

from bench import ambientes, banco, modelo, processos
from bench.fonte_simples import mensagem_modelo
from bench.sumidouro import programa

AQUI = Path(__file__).resolve().parent
PRAZO = 900
PROCESSOS, CONEXOES = 2, 10


class Incompleta(Exception):
    """Not all that was to be sent is in the ledger; the message says how much is."""


class NoDjango:
    """A Django application that keeps its queue in the database; a subclass says which.

    Its messages are queued once, by its own functions, and each run has a copy of that database.
    """

    pacote: str
    projeto: Path
    copias = 1  # of the command
    comando: tuple[str, ...]
    enviadas: str  # the query that counts them in its ledger

    def __init__(self, mensagens: int):
        self.mensagens = mensagens
        self.modelo = f"{connection.settings_dict['NAME']}_{self.projeto.name}"
        self.corrida = f"{self.modelo}_corrida"

    @property
    def nome(self) -> str:
        return ambientes.versao(self.projeto, self.pacote)

    def preparar(self, pasta: Path) -> None:
        self.pasta = pasta
        self.python = ambientes.venv(self.projeto.name.removeprefix("projeto_"), self.projeto / "requirements.txt")
        modelo.guardar(mensagem_modelo(), pasta / "modelo.json")
        banco.criar(self.modelo)
        self._executar("-m", "django", "migrate", "--verbosity", "0")
        self._executar("enfileirar.py", str(self.mensagens), str(pasta / "modelo.json"))
        banco.assentar(self.modelo)

    def enviar(self, porta: int) -> float:
        """Send all once; return the seconds."""
        banco.criar(self.corrida, self.modelo)
        banco.assentar(self.corrida)
        comando = [str(self.python), "-m", "bench.partida", *self.comando]
        with largada([comando] * self.copias, self._ambiente(self.corrida, porta), self.pasta, self.projeto) as ir:
            segundos, _ = ir()
        conferir(self._contar(), self.mensagens)
        return segundos

    def encerrar(self) -> None:
        banco.apagar(self.corrida)
        banco.apagar(self.modelo)

    def _executar(self, *comando: str) -> None:
        subprocess.run([str(self.python), *comando], env=self._ambiente(self.modelo), cwd=self.projeto, check=True)

    def _ambiente(self, nome: str, porta: int = 0) -> dict[str, str]:
        meus = {chave: valor for chave, valor in os.environ.items() if not chave.startswith(("DJANGO_", "PYTHON"))}
        return meus | {
            "DJANGO_SETTINGS_MODULE": "configuracao",
            "PYTHONPATH": f"{self.projeto}:{AQUI.parent}",
            "PYTHONUTF8": "1",
            "BENCH_BANCO": json.dumps(banco.endereco(nome)),
            "BENCH_PORTA": str(porta),
        }

    def _contar(self) -> int:
        with closing(psycopg2.connect(**banco.parametros(self.corrida))) as conexao, conexao.cursor() as cursor:
            cursor.execute(self.enviadas)
            return cursor.fetchone()[0]


class PostOffice(NoDjango):
    pacote, projeto = "django-post-office", AQUI / "projeto_post_office"
    comando = ("send_queued_mail", "--processes", str(PROCESSOS))
    enviadas = "SELECT count(*) FROM post_office_email WHERE status = 0"

    def __init__(self, mensagens: int, bloco: int = 5000, linhas: int = 5):
        super().__init__(mensagens)
        self.bloco, self.linhas = bloco, linhas

    def _ambiente(self, nome: str, porta: int = 0) -> dict[str, str]:
        return super()._ambiente(nome, porta) | {"BENCH_BLOCO": str(self.bloco), "BENCH_LINHAS": str(self.linhas)}


class Mailer(NoDjango):
    """Each of its processes has one connection. What two of them find in the queue at once, one of them skips."""

    pacote, projeto = "django-mailer", AQUI / "projeto_mailer"
    copias, comando = PROCESSOS, ("send_mail",)
    enviadas = "SELECT count(*) FROM mailer_messagelog WHERE result = '1'"


class Nodemailer:
    """One process, a pool of connections, each message filled when it is sent. Its only ledger is what it says."""

    projeto = AQUI / "projeto_nodemailer"

    def __init__(self, mensagens: int):
        self.mensagens = mensagens

    @property
    def nome(self) -> str:
        [(pacote, versao)] = json.loads((self.projeto / "package.json").read_text())["dependencies"].items()
        return f"{pacote} {versao}"

    def preparar(self, pasta: Path) -> None:
        self.pasta, self.node = pasta, programa("node", "nodejs npm")
        self.modulos = ambientes.modulos_de_node("nodemailer", self.projeto)
        modelo.guardar(mensagem_modelo(), pasta / "modelo.json")

    def enviar(self, porta: int) -> float:
        comando = [self.node, "enviar.js", str(porta), str(self.mensagens), str(self.pasta / "modelo.json")]
        ambiente = os.environ | {"NODE_PATH": str(self.modulos)}
        with largada([comando], ambiente, self.pasta, self.projeto) as ir:
            segundos, [dito] = ir()
        conferir(int(dito), self.mensagens)
        return segundos

    def encerrar(self) -> None:
        pass


class Smtplib:
    """The standard library, one process, a thread for each connection, messages made beforehand. It keeps no ledger."""

    nome = "smtplib"

    def __init__(self, mensagens: int, conexoes: int):
        self.mensagens, self.conexoes = mensagens, conexoes

    def preparar(self, pasta: Path) -> None:
        self.pasta = pasta
        modelo.guardar(mensagem_modelo(), pasta / "modelo.json")

    def enviar(self, porta: int) -> float:
        comando = [sys.executable, "-m", "bench.por_smtplib", str(porta), str(self.mensagens)]
        comando += [str(self.pasta / "modelo.json"), "--conexoes", str(self.conexoes)]
        with largada([comando], os.environ, self.pasta, AQUI.parent) as ir:
            segundos, [dito] = ir()
        conferir(int(dito), self.mensagens)
        return segundos

    def encerrar(self) -> None:
        pass


class SmtpSource:
    """The limit: one message again and again, not rendered, not recorded, through connections that stay open (-d)."""

    nome = "smtp-source"

    def __init__(self, mensagens: int):
        self.mensagens = mensagens

    def preparar(self, pasta: Path) -> None:
        self.programa = programa("smtp-source", "postfix")

    def enviar(self, porta: int) -> float:
        comando = [self.programa, "-s", str(CONEXOES), "-d", "-l", "4096", "-m", str(self.mensagens)]
        comando += ["-f", modelo.DE, "-t", modelo.endereco(1), f"127.0.0.1:{porta}"]
        inicio = time.monotonic()
        subprocess.run(comando, check=True, timeout=PRAZO)
        return time.monotonic() - inicio

    def encerrar(self) -> None:
        pass


def conferir(registradas: int, quantas: int) -> None:
    if registradas != quantas:
        raise Incompleta(f"{registradas} de {quantas} mensagens constam como enviadas")


@contextmanager
def largada(comandos: list[list[str]], ambiente: Mapping[str, str], pasta: Path, onde: Path) -> Iterator:
    """Processes that say when they are ready; yields what lets them go and waits for all.

    That returns the seconds and what each said afterwards.
    """
    with open(pasta / "remetente.log", "ab") as erros:
        vivos = [
            subprocess.Popen(
                comando,
                env=dict(ambiente),
                cwd=onde,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=erros,
                text=True,
                start_new_session=True,
            )
            for comando in comandos
        ]

        def ir() -> tuple[float, list[str]]:
            inicio = time.monotonic()
            for vivo in vivos:
                vivo.stdin.write("\n")
                vivo.stdin.flush()
            ditos = [vivo.communicate(timeout=PRAZO)[0] for vivo in vivos]
            segundos = time.monotonic() - inicio
            if any(vivo.returncode for vivo in vivos):
                raise processos.NaoTerminou(f"o remetente terminou com erro; veja {pasta / 'remetente.log'}")
            return segundos, ditos

        try:
            for vivo in vivos:
                if vivo.stdout.readline() != "pronto\n":
                    raise processos.NaoTerminou(f"o remetente não iniciou; veja {pasta / 'remetente.log'}")
            yield ir
        except subprocess.TimeoutExpired:
            raise processos.NaoTerminou(f"enviar tudo: {PRAZO} s não bastaram") from None
        finally:
            for vivo in vivos:
                processos.matar(vivo)
                vivo.stdin.close()
                vivo.stdout.close()
