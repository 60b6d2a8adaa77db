"""django-post-office under the same kills, in a virtual environment of its own.

Its documentation has one thing to do after a crash: run `send_queued_mail` again, as its cron does every minute; here
it is run at once. Its lock file names a process, and is taken by the next one when that process is gone: nothing is
removed by hand. A message has no state between *queued* and *sent*, and a batch (100 by default) is written when all of
it was sent; what a kill leaves *queued* is selected again by the next run. It has no uncertain state: nobody is told of
a doubt.
"""

import json
import os
import subprocess
from pathlib import Path

import psycopg2

from bench import ambientes, banco, processos
from bench.apuracao import Fim, Mensagem

PROJETO = Path(__file__).resolve().parent / "projeto_post_office"
REQUISITOS = PROJETO / "requirements.txt"
BANCO = "avisa_bench_post_office"
FINS = {0: Fim.ENVIADA, 1: Fim.FALHA, 2: Fim.PENDENTE, 3: Fim.PENDENTE}  # its STATUS, in its order


def nome() -> str:
    """With the version that is pinned."""
    return ambientes.versao(PROJETO, "django-post-office")


def processos_para(conexoes: int) -> int:
    """Into how many processes to divide the connections, here and beside: its default is five threads in each."""
    return max(1, conexoes // 5)


class PostOffice:
    def __init__(self, *, mensagens: int, conexoes: int):
        self.quantas = mensagens
        self.processos = processos_para(conexoes)
        self.linhas = conexoes // self.processos
        self.porta = 0

    def preparar(self, porta: int, pasta: Path) -> None:
        self.porta, self.pasta = porta, pasta
        self.python = ambientes.venv("post_office", REQUISITOS)
        banco.criar(BANCO)
        self._executar("-m", "django", "migrate", "--verbosity", "0")
        self._executar("enfileirar.py", str(self.quantas))
        self.conexao = psycopg2.connect(**banco.parametros(BANCO))
        self.conexao.autocommit = True

    def iniciar(self, indice: int) -> subprocess.Popen:
        comando = [str(self.python), "-m", "django", "send_queued_mail", "--processes", str(self.processos)]
        trava = ["--lockfile", str(self.pasta / "post_office")]
        return processos.iniciar([*comando, *trava], self._ambiente(), self.pasta / "trabalhador.log", PROJETO)

    def pendentes(self) -> int:
        [(quantas,)] = self._consultar("SELECT count(*) FROM post_office_email WHERE status NOT IN (0, 1)")
        return quantas

    def mensagens(self) -> dict[str, Mensagem]:
        linhas = self._consultar("SELECT message_id, status FROM post_office_email")
        return {id_: Mensagem(FINS[status]) for id_, status in linhas}

    def contagens_erradas(self) -> int:
        return 0  # it keeps none

    def encerrar(self) -> None:
        if hasattr(self, "conexao"):
            self.conexao.close()
        banco.apagar(BANCO)

    def _ambiente(self) -> dict[str, str]:
        meus = {chave: valor for chave, valor in os.environ.items() if not chave.startswith(("DJANGO_", "PYTHON"))}
        return meus | {
            "DJANGO_SETTINGS_MODULE": "configuracao",
            "PYTHONPATH": f"{PROJETO}:{PROJETO.parents[1]}",
            "PYTHONUTF8": "1",
            "BENCH_BANCO": json.dumps(banco.endereco(BANCO)),
            "BENCH_PORTA": str(self.porta),
            "BENCH_LINHAS": str(self.linhas),
        }

    def _executar(self, *comando: str) -> None:
        subprocess.run([str(self.python), *comando], env=self._ambiente(), cwd=PROJETO, check=True)

    def _consultar(self, consulta: str, parametros=()) -> list[tuple]:
        with self.conexao.cursor() as cursor:
            cursor.execute(consulta, parametros or None)
            return cursor.fetchall()
