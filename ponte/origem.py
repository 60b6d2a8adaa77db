"""The database of GSAN, which is only read: every session here refuses to write, and gives up on what takes too long.

What is asked of it is plain enough for the old servers that GSAN runs on (9.0 on): no lateral joins, no upserts.
"""

import codecs
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, BinaryIO

import psycopg2
from django.conf import settings
from environ import Env
from psycopg2.extensions import encodings, make_dsn

PRAZO_DA_CONEXAO = 10  # seconds
PRAZO_DO_COMANDO = 15 * 60
PRAZO_DA_TRAVA = 60
SESSAO = {
    "statement_timeout": f"{PRAZO_DO_COMANDO}s",
    "lock_timeout": f"{PRAZO_DA_TRAVA}s",
    "idle_in_transaction_session_timeout": f"{PRAZO_DO_COMANDO}s",
    "DateStyle": "ISO, YMD",
    "search_path": "pg_catalog",  # everything is named with its schema
}
CLIENTE = {"keepalives_idle": 30, "keepalives_interval": 10, "keepalives_count": 3, "application_name": "avisa-ponte"}
_SENHA = re.compile(r"(:)[^:/@\s]*(@)|(password=)\S+", re.IGNORECASE)


class ErroDaOrigem(Exception):
    """The database of GSAN did not do what was asked; the message is for the operator and holds no password."""


class ConexaoPerdida(ErroDaOrigem):
    """It could not be reached, or went away; what was stored stays, and the next run goes on from there."""


def parametros(url: str = "") -> dict[str, Any]:
    """How to connect, of a `postgresql://` address, or of GSAN_URL. Raises ErroDaOrigem."""
    banco = settings.BANCO_GSAN
    if url:
        if not re.match(r"postgres(ql)?://", url):
            raise ErroDaOrigem("O endereço do GSAN deve começar por postgresql://.")
        try:
            banco = Env.db_url_config(url)
        except (ValueError, KeyError):  # its words repeat the address
            raise ErroDaOrigem("O endereço do GSAN não pôde ser lido.") from None
    if not banco:
        raise ErroDaOrigem("Informe o endereço do banco do GSAN em --url ou na variável GSAN_URL.")
    nomes = {"NAME": "dbname", "USER": "user", "PASSWORD": "password", "HOST": "host", "PORT": "port"}
    return {nome: banco[chave] for chave, nome in nomes.items() if banco.get(chave)} | banco.get("OPTIONS", {})


def onde(destino: Mapping[str, Any]) -> str:
    """The place, for people: without user or password."""
    return f"{destino.get('host', 'localhost')}/{destino.get('dbname', '')}"


def sem_senha(texto: str, senha: str = "") -> str:
    """What a server or a library said, in one line, without the password."""
    limpo = " ".join(texto.split())
    limpo = _SENHA.sub(r"\1\3***\2", limpo)
    return limpo.replace(senha, "***") if senha else limpo


class Origem:
    """A session with GSAN's database. Use it as a context."""

    def __init__(self, destino: Mapping[str, Any], *, escrever: bool = False, fuso: str = ""):
        self._destino, self._escrever = dict(destino), escrever
        self._fuso = fuso or settings.GSAN_FUSO
        self._conexao = None

    def __enter__(self):
        with self.traduzir():
            self._conexao = psycopg2.connect(
                make_dsn(**{"connect_timeout": PRAZO_DA_CONEXAO} | CLIENTE | self._destino)
            )
            self._conexao.set_session(autocommit=True, readonly=not self._escrever)
            # A database without an encoding of its own gives its bytes as they are; the reader of CSV finds which.
            sem_codificacao = self._conexao.get_parameter_status("server_encoding") == "SQL_ASCII"
            self._conexao.set_client_encoding("SQL_ASCII" if sem_codificacao else "UTF8")
            with self._conexao.cursor() as cursor:
                for nome, valor in (SESSAO | {"TimeZone": self._fuso}).items():
                    cursor.execute(
                        "SELECT set_config(name, %s, false) FROM pg_catalog.pg_settings WHERE name = %s", [valor, nome]
                    )
        return self

    def __exit__(self, *_):
        self._conexao.close()

    @contextmanager
    def traduzir(self) -> Iterator[None]:
        """Errors of the server in words for the operator, without the password."""
        try:
            yield
        except psycopg2.Error as erro:
            palavras = sem_senha(str(erro), self._destino.get("password", "")) or type(erro).__name__
            perdida = self._conexao is None or self._conexao.closed or isinstance(erro, psycopg2.InterfaceError)
            if perdida:
                raise ConexaoPerdida(f"Sem conexão com o GSAN ({onde(self._destino)}): {palavras}") from None
            raise ErroDaOrigem(f"O banco do GSAN recusou: {palavras}") from None

    def linhas(self, consulta: str, valores=None) -> list[tuple]:
        """Few rows."""
        with self.traduzir(), self._conexao.cursor() as cursor:
            cursor.execute(consulta, valores)
            return cursor.fetchall()

    def executar(self, comando: str, valores=None) -> int:
        """A statement without rows; how many it touched."""
        with self.traduzir(), self._conexao.cursor() as cursor:
            cursor.execute(comando, valores)
            return cursor.rowcount

    @contextmanager
    def transacao(self) -> Iterator[None]:
        """One transaction: for `escrever` alone."""
        with self.traduzir():
            self.executar("BEGIN")
            try:
                yield
            except BaseException:
                if not self._conexao.closed:
                    self.executar("ROLLBACK")
                raise
            self.executar("COMMIT")

    def copiar(self, consulta: str, caminho: Path, cabecalho: str = "") -> int:
        """The rows of a query as CSV to a file, and how many: as they come, whatever their number."""
        with caminho.open("wb") as arquivo:
            if cabecalho:
                arquivo.write(f"{cabecalho}\n".encode())
            with self.traduzir(), self._conexao.cursor() as cursor:
                cursor.copy_expert(f"COPY ({consulta}) TO STDOUT WITH DELIMITER ';' CSV", arquivo)
                return cursor.rowcount

    def receber(self, destino: str, arquivo: BinaryIO) -> None:
        """COPY of an open CSV file in UTF-8; a letter that the encoding of the database lacks becomes "?"."""
        codificacao, opcoes = self._conexao.get_parameter_status("server_encoding"), "FORMAT csv"
        if codificacao not in ("UTF8", "SQL_ASCII"):
            opcoes += f", ENCODING '{codificacao}'"
            arquivo = codecs.EncodedFile(arquivo, encodings.get(codificacao, "ascii"), "utf-8", "replace")
        with self.traduzir(), self._conexao.cursor() as cursor:
            cursor.copy_expert(f"COPY {destino} FROM STDIN WITH ({opcoes})", arquivo)

    def colunas(self, tabelas: list[str]) -> dict[str, set[str]]:
        """The columns that each of these tables (schema.table) or views has."""
        achadas: dict[str, set[str]] = {tabela: set() for tabela in tabelas}
        for tabela, coluna in self.linhas(
            """SELECT n.nspname || '.' || c.relname, a.attname
               FROM pg_catalog.pg_class c
               JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
               JOIN pg_catalog.pg_attribute a ON a.attrelid = c.oid
               WHERE n.nspname || '.' || c.relname = ANY (%s) AND a.attnum > 0 AND NOT a.attisdropped""",
            [tabelas],
        ):
            achadas[tabela].add(coluna)
        return achadas

    def relogio(self) -> str:
        """What was written before this moment, of the source's clock, can be seen now.

        A transaction that is still open writes earlier moments that are seen later, so the oldest one counts; of other
        users' transactions the moment is only told to who may see it (pg_monitor).
        """
        pid = "pid" if self._conexao.server_version >= 90200 else "procpid"
        (agora,) = self.linhas(
            f"""SELECT least(now(), min(xact_start))::timestamp::text FROM pg_catalog.pg_stat_activity
                WHERE datname = current_database() AND {pid} <> pg_backend_pid()"""
        )[0]
        return agora
