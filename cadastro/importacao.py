"""CSV import: each app describes its files, one engine checks and stores them set-wise.

A file goes, in one transaction, by COPY into a temporary table of texts (`imp_bruto`); one statement turns it into
typed and checked lines (`imp_linha`, where `erro` says why a line is out); then the target tables are brought up to
what the good lines say, writing only the rows that differ. The number of statements does not depend on the number of
rows, and Python never holds more than a block of them.

Apps register their files in `arquivos.py`, as `admin.py` registers models; files are imported in that order. In the
SQL of an Arquivo `l` is the line being checked, with its columns typed and their defaults applied.
"""

import csv
import logging
import os
import re
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import BinaryIO

from django.db import Error as ErroDoBanco
from django.db import connection, transaction

from cadastro.leitura_csv import ArquivoInvalido, LeitorCSV, linhas
from telas import auditoria, registro

logger = logging.getLogger(__name__)

TAMANHO_DO_ORIGINAL = 2000
ANALISAR_A_PARTIR_DE = 1000
PASSADAS = 8
TRAVA = 336_000_001  # advisory lock: one file at a time, whoever imports
Progresso = Callable[[str, str, int, int], None]


class ErroDeImportacao(Exception):
    """Nothing could be imported; the message is for the operator."""


# --- column types: the SQL that reads a text, NULL when it cannot; and the limits of what was read ---


@dataclass(frozen=True)
class Tipo:
    motivo: str = "valor inválido"
    limites: tuple[tuple[str, str], ...] = ()  # (SQL over {v} that is true for a bad value, reason)

    def valor(self, x: str, hoje: str) -> str:
        """SQL for the value of the text `x` (never NULL); `hoje` is SQL too, NULL when relative dates are refused."""
        return x


@dataclass(frozen=True)
class _Casos(Tipo):
    """A value with several spellings: (regular expression, SQL over {x} and {hoje}), the first that matches."""

    casos: tuple[tuple[str, str], ...] = ()

    def valor(self, x: str, hoje: str) -> str:
        partes = (f"WHEN {x} ~ '{padrao}' THEN {sql.format(x=x, hoje=hoje)}" for padrao, sql in self.casos)
        return f"CASE {' '.join(partes)} END"


def texto(maximo: int, formato: str = ".", motivo: str = "Valor inválido.", limpar: str = "{x}") -> Tipo:
    """Up to `maximo` characters that match the regular expression; `limpar` is SQL run first."""
    limite = (f"char_length({{v}}) > {maximo}", f"Passa de {maximo} caracteres.")
    return _Casos(motivo, (limite,), ((".", limpar),) if formato == "." else ((formato, limpar),))


def inteiro(minimo: int, maximo: int) -> Tipo:
    limite = (f"{{v}} NOT BETWEEN {minimo} AND {maximo}", f"Deve ir de {minimo} a {maximo}.")
    return _Casos("Deve ser um número inteiro.", (limite,), (("^[0-9]{1,18}$", "{x}::bigint"),))


def identificador() -> Tipo:
    return inteiro(1, 10**18 - 1)


def dinheiro(positivo: bool = False) -> Tipo:
    """1234.56 or 1.234,56. A point followed by three digits and no comma (1.234) is ambiguous and refused."""
    limite = ("{v} <= 0", "Deve ser maior que zero.") if positivo else ("{v} < 0", "Não pode ser negativo.")
    return _Casos(
        "Deve ser um valor como 1234.56 ou 1.234,56, de até 999.999.999,99.",
        (limite,),
        (
            (r"^-?[0-9]{1,9}([.,][0-9]{1,2})?$", "replace({x}, ',', '.')::numeric(11, 2)"),
            (
                r"^-?[0-9]{1,3}([.][0-9]{3}){1,2},[0-9]{1,2}$",
                "replace(replace({x}, '.', ''), ',', '.')::numeric(11, 2)",
            ),
        ),
    )


def data() -> Tipo:
    """AAAA-MM-DD, dd/mm/aaaa, or D+3 and D-40 counted from the `hoje` of the import. Years 1900 to 2199."""
    iso = "CASE WHEN pg_input_is_valid({0}, 'date') THEN ({0})::date END"
    invertida = "concat(substr({x}, 7, 4), '-', substr({x}, 4, 2), '-', left({x}, 2))"
    return _Casos(
        "Deve ser uma data como 2026-01-31 ou 31/01/2026.",
        (),
        (
            ("^(19|2[01])[0-9]{2}-[0-9]{2}-[0-9]{2}$", iso.format("{x}")),
            ("^[0-9]{2}/[0-9]{2}/(19|2[01])[0-9]{2}$", iso.format(invertida)),
            ("^D[+-][0-9]{1,5}$", "{hoje} + substr({x}, 2)::integer"),
        ),
    )


def referencia() -> Tipo:
    """AAAAMM, MM/AAAA, or M+0 and M-1 counted from the month of `hoje`."""
    mes = "date_trunc('month', {hoje}::timestamp) + make_interval(months => substr({x}, 2)::integer)"
    return _Casos(
        "Ano mês de referência inválido.",
        (),
        (
            ("^[1-9][0-9]{3}(0[1-9]|1[0-2])$", "{x}::integer"),
            ("^(0[1-9]|1[0-2])/[1-9][0-9]{3}$", "concat(right({x}, 4), left({x}, 2))::integer"),
            ("^M[+-][0-9]{1,3}$", f"to_char({mes}, 'YYYYMM')::integer"),
        ),
    )


def sim_nao() -> Tipo:
    """S or N, or GSAN's 1 and 2."""
    return _Casos("Deve ser S ou N (ou 1 ou 2).", (), (("^[Ss1]$", "true"), ("^[Nn2]$", "false")))


def matricula() -> Tipo:
    """With its digit, with or without the point before it."""
    digito = " + ".join(f"({{v}} / {10 ** (casa + 1)} % 10) * {peso}" for casa, peso in enumerate(range(2, 10)))
    return _Casos(
        "Matrícula inválida: use de 2 a 9 algarismos.",
        (
            (
                f"{{v}} < 10 OR {{v}} % 10 <> (11 - ({digito}) % 11) % 11 % 10",
                "Matrícula inválida: o dígito não confere.",
            ),
        ),
        ((r"^[0-9]{1,8}[.]?[0-9]$", "replace({x}, '.', '')::integer"),),
    )


# --- what an app says about a file ---


@dataclass(frozen=True)
class Coluna:
    """A column of the file. `padrao` is SQL used when it is empty; `converter` works in Python on the text.

    One that `pode_faltar` need not be in the header, which is as if it were empty in all lines.
    """

    nome: str
    tipo: Tipo
    obrigatoria: bool = True
    padrao: str = ""
    converter: Callable[[str], str] | None = None
    pode_faltar: bool = False


@dataclass(frozen=True)
class Recusa:
    """Why a line is left out: a condition over `l` and the joined tables. `motivo` takes {SQL} pieces."""

    coluna: str
    quando: str
    motivo: str


@dataclass(frozen=True)
class Coerencia:
    """Lines with the same `chave` must agree on `valor` (both SQL over `l`): the first line decides."""

    coluna: str
    chave: tuple[str, ...]
    valor: str
    motivo: str  # {d.primeira} is the first line


@dataclass(frozen=True)
class RegraDeConjunto:
    """What good lines and stored rows may not be together. `recusar` selects (linha, coluna, motivo) to leave out.

    A refused line leaves its stored row as it was, which may bring a new conflict, so rules run until none is found,
    PASSADAS times at most; then `desistir` selects, coarsely, all the lines that could still be in conflict.
    """

    recusar: str
    desistir: str
    antes: str = ""  # SQL run before either of them


@dataclass(frozen=True)
class Alvo:
    """The table that the file fills. Every mapping is column → SQL over `l` and `juncoes`."""

    tabela: str
    chave: Mapping[str, str]
    campos: Mapping[str, str]  # compared, and updated when one differs
    ao_criar: Mapping[str, str] = field(default_factory=dict)
    ao_alterar: Mapping[str, str] = field(default_factory=dict)
    juncoes: str = ""
    sequencia: str = ""  # the identity column, when the file brings its values


@dataclass(frozen=True)
class Arquivo:
    """One CSV file. The steps are plain SQL, run in this order: preparar, the alvo's update and insert, concluir.

    A step that changes rows for a line says so with `anotar`; `tabelas` are analysed after a large import. What a file
    would rather take without a field than refuse, it writes to `imp_aviso` (linha, coluna, motivo), and empties.
    """

    nome: str
    colunas: tuple[Coluna, ...]
    chave: tuple[str, ...]  # SQL over `l`, never NULL: two lines with the same one are a repetition
    alvo: Alvo | None = None
    juncoes: str = ""  # joins of the check, none of which may multiply lines
    extras: Mapping[str, str] = field(default_factory=dict)  # columns found by the check and kept with the line
    derivadas: Mapping[str, tuple[str, Callable[[str], str]]] = field(default_factory=dict)
    recusas: tuple[Recusa, ...] = ()
    coerencias: tuple[Coerencia, ...] = ()
    conjuntos: tuple[RegraDeConjunto, ...] = ()
    preparar: tuple[str, ...] = ()
    concluir: tuple[str, ...] = ()
    tabelas: tuple[str, ...] = ()

    @property
    def nome_csv(self) -> str:
        return f"{self.nome}.csv"


def anotar(sql: str, *, nova: bool = False) -> str:
    """A step whose statement RETURNs `linha`: those lines count as changed, or as new."""
    return f"WITH feito AS ({sql}) INSERT INTO imp_tocada SELECT linha, {nova} FROM feito"


_registrados: dict[str, Arquivo] = {}


def registrar(*arquivos: Arquivo) -> None:
    """Add files to the import, after those already there."""
    for arquivo in arquivos:
        if arquivo.nome in _registrados:
            raise ValueError(f"arquivo registrado duas vezes: {arquivo.nome}")
        _registrados[arquivo.nome] = arquivo


def registrados() -> list[Arquivo]:
    return list(_registrados.values())


# --- the import ---


@dataclass
class ResultadoArquivo:
    """What became of a file: lidas = novas + alteradas + iguais + recusadas. With `erro` nothing of it was stored.

    `avisos` are fields that were left out of lines that were taken; they stand in the file of refusals too.
    """

    arquivo: str
    lidas: int = 0
    novas: int = 0
    alteradas: int = 0
    iguais: int = 0
    recusadas: int = 0
    avisos: int = 0
    erro: str = ""
    arquivo_de_recusadas: Path | None = None
    codificacao: str = ""
    segundos: float = 0


def arquivos_em(pasta: Path) -> list[tuple[Arquivo, Path]]:
    """The registered files that the folder has, in the order of import."""
    achados = ((arquivo, pasta / arquivo.nome_csv) for arquivo in registrados())
    return [(arquivo, caminho) for arquivo, caminho in achados if caminho.is_file()]


def desconhecidos_em(pasta: Path) -> list[str]:
    """CSV files in the folder that nobody registered: a misspelt name should not pass unseen."""
    nomes = {arquivo.nome_csv for arquivo in registrados()}
    return sorted(c.name for c in pasta.glob("*.csv") if c.name not in nomes and not c.stem.endswith("_recusadas"))


def importar(
    pasta: str | Path,
    *,
    saida: str | Path | None = None,
    hoje: date | None = None,
    progresso: Progresso | None = None,
) -> list[ResultadoArquivo]:
    """Import every registered file found in `pasta`, each in its own transaction; safe to run again.

    Refused lines go to `<saida>/<arquivo>_recusadas.csv` (`saida` defaults to `pasta`). `hoje` gives a meaning to
    relative dates (D+3, M-1), which are refused without it. `progresso(arquivo, etapa, bytes, total)` is called as the
    work goes on. A file that cannot be imported says so in its result and does not stop the others.
    """
    pasta = Path(pasta)
    destino = Path(saida) if saida else pasta
    if not pasta.is_dir():
        raise ErroDeImportacao(f"A pasta {pasta} não existe.")
    if not (achados := arquivos_em(pasta)):
        nomes = ", ".join(arquivo.nome_csv for arquivo in registrados())
        raise ErroDeImportacao(f"Não há arquivo para importar em {pasta}; os nomes são {nomes}.")
    destino.mkdir(parents=True, exist_ok=True)
    return [
        _Importacao(arquivo, caminho, destino, hoje, progresso or (lambda *_: None)).executar()
        for arquivo, caminho in achados
    ]


def importar_arquivo(arquivo: Arquivo, caminho: Path, *, saida: Path, hoje: date | None = None) -> ResultadoArquivo:
    """Import one file, registered or not, in its own transaction; see `importar`."""
    return _Importacao(arquivo, caminho, saida, hoje, lambda *_: None).executar()


class _Importacao:
    """One file on its way to the database."""

    def __init__(self, arquivo: Arquivo, caminho: Path, destino: Path, hoje: date | None, progresso: Progresso):
        self.arquivo, self.caminho, self.progresso = arquivo, caminho, progresso
        self.hoje = f"DATE '{hoje.isoformat()}'" if hoje else "NULL::date"
        self.resultado = ResultadoArquivo(arquivo.nome)
        self.recusadas = destino / f"{arquivo.nome}_recusadas.csv"
        self.total = 0

    def executar(self) -> ResultadoArquivo:
        inicio = time.monotonic()
        rascunho = self.recusadas.with_name(f".{self.recusadas.name}.{os.getpid()}")
        try:
            self._ler_e_gravar(rascunho)
            self._publicar_recusadas(rascunho)
            self._analisar()
        except (ArquivoInvalido, OSError) as erro:
            self._falhou(str(erro))
        except ErroDoBanco as erro:
            logger.exception("importação de %s", self.caminho)
            self._falhou(f"O banco de dados recusou o arquivo, e nada dele foi gravado: {str(erro).splitlines()[0]}")
        finally:
            with suppress(OSError):
                rascunho.unlink(missing_ok=True)
        self.resultado.segundos = time.monotonic() - inicio
        return self.resultado

    def _falhou(self, motivo: str) -> None:
        self.resultado = ResultadoArquivo(self.arquivo.nome, erro=motivo, codificacao=self.resultado.codificacao)

    def _ler_e_gravar(self, rascunho: Path) -> None:
        colunas = self.arquivo.colunas
        leitor = LeitorCSV(
            self.caminho,
            [coluna.nome for coluna in colunas],
            podem_faltar={coluna.nome for coluna in colunas if coluna.pode_faltar},
            conversoes={coluna.nome: coluna.converter for coluna in colunas if coluna.converter},
            derivadas=self.arquivo.derivadas,
        )
        self.resultado.codificacao, self.total = leitor.codificacao, leitor.total
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(f"SET LOCAL work_mem = '64MB'; SELECT pg_advisory_xact_lock({TRAVA})")
            self._copiar(cursor, leitor)
            self._etapa("conferindo")
            self._conferir(cursor, leitor)
            self._etapa("gravando")
            novas = self._gravar(cursor)
            self._contar(cursor, novas)
            if self.resultado.recusadas or self.resultado.avisos:
                self._escrever_recusadas(rascunho)
            cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
            self._registrar()

    def _etapa(self, etapa: str) -> None:
        self.progresso(self.arquivo.nome, etapa, self.total, self.total)

    def _copiar(self, cursor, leitor: LeitorCSV) -> None:
        """COPY the readable lines to imp_bruto, and what Python refused to imp_recusa."""
        colunas = ", ".join(leitor.saida)
        cursor.execute(
            "DROP TABLE IF EXISTS imp_bruto, imp_recusa, imp_linha, imp_tocada, imp_aviso;"
            f"CREATE TEMP TABLE imp_bruto (linha integer, {', '.join(f'{nome} text' for nome in leitor.saida)})"
            " ON COMMIT DROP;"
            "CREATE TEMP TABLE imp_recusa (linha integer, coluna text, motivo text, inicio text) ON COMMIT DROP;"
            "CREATE TEMP TABLE imp_tocada (linha integer, nova boolean) ON COMMIT DROP;"
            "CREATE TEMP TABLE imp_aviso (linha integer, coluna text, motivo text) ON COMMIT DROP"
        )
        with tempfile.SpooledTemporaryFile(max_size=1 << 20) as recusas:
            blocos = leitor.blocos(
                lambda *recusa: recusas.write(linha_csv(recusa)),
                lambda lidos: self.progresso(self.arquivo.nome, "lendo", lidos, self.total),
            )
            cursor.copy_expert(f"COPY imp_bruto (linha, {colunas}) FROM STDIN {FORMATO_DO_COPY}", _Fluxo(blocos))
            recusas.seek(0)
            cursor.copy_expert(f"COPY imp_recusa FROM STDIN {FORMATO_DO_COPY}", recusas)

    def _conferir(self, cursor, leitor: LeitorCSV) -> None:
        cursor.execute(_sql_da_conferencia(self.arquivo, leitor.saida, self.hoje))
        cursor.execute("DROP TABLE imp_bruto; ANALYZE imp_linha")
        cursor.execute(_sql_das_repetidas(self.arquivo))
        for coerencia in self.arquivo.coerencias:
            cursor.execute(_sql_da_coerencia(coerencia))
        for _ in range(PASSADAS):
            if not sum(_recusar(cursor, regra, regra.recusar) for regra in self.arquivo.conjuntos):
                return
        for regra in self.arquivo.conjuntos:
            _recusar(cursor, regra, regra.desistir)

    def _gravar(self, cursor) -> int:
        """Bring the tables up to the good lines; return how many rows are new."""
        alvo, novas = self.arquivo.alvo, 0
        for passo in self.arquivo.preparar:
            cursor.execute(passo)
        if alvo:
            if alvo.campos:
                cursor.execute(_sql_da_alteracao(alvo))
            cursor.execute(_sql_da_inclusao(alvo))
            novas = cursor.rowcount
        for passo in self.arquivo.concluir:
            cursor.execute(passo)
        if alvo and alvo.sequencia:
            cursor.execute(_sql_da_sequencia(alvo))
        return novas

    def _contar(self, cursor, novas: int) -> None:
        cursor.execute("""
            SELECT count(*), count(erro), (SELECT count(*) FROM imp_recusa),
                   (SELECT count(DISTINCT linha) FROM imp_tocada WHERE nova),
                   (SELECT count(DISTINCT linha) FROM imp_tocada JOIN imp_linha USING (linha)
                    WHERE NOT nova AND (existente OR NOT cria)),
                   (SELECT count(*) FROM imp_aviso)
            FROM imp_linha""")
        conferidas, com_erro, ilegiveis, registradas, alteradas, self.resultado.avisos = cursor.fetchone()
        r = self.resultado
        r.lidas, r.recusadas = conferidas + ilegiveis, com_erro + ilegiveis
        r.novas, r.alteradas = novas + registradas, alteradas
        r.iguais = r.lidas - r.recusadas - r.novas - r.alteradas

    def _registrar(self) -> None:
        """In the audit, beside what the database writes there of each table."""
        r, tabela = self.resultado, self.arquivo.alvo.tabela if self.arquivo.alvo else self.arquivo.tabelas[0]
        if r.novas or r.alteradas:
            feito = (
                f"Importação de {self.caminho.name}: {r.novas} novas, {r.alteradas} alteradas, {r.recusadas} recusadas."
            )
            registro.em_massa(None, auditoria.da_tabela(tabela).modelo, feito, r.novas + r.alteradas)

    def _escrever_recusadas(self, rascunho: Path) -> None:
        """Line, column, reason and the line as it came, in the order of the file; neither is ever held whole."""
        with (
            rascunho.open("w", encoding="utf-8-sig", newline="") as saida,
            self.caminho.open("rb") as original,
            connection.chunked_cursor() as cursor,
        ):
            escritor = csv.writer(saida, delimiter=";")
            escritor.writerow(["linha", "coluna", "motivo", "original"])
            cursor.execute("""
                SELECT linha, split_part(erro, E'\\t', 1), substr(erro, strpos(erro, E'\\t') + 1)
                FROM imp_linha WHERE erro IS NOT NULL
                UNION ALL SELECT linha, coalesce(coluna, ''), motivo FROM imp_recusa
                UNION ALL SELECT linha, coluna, motivo FROM imp_aviso ORDER BY 1, 2""")
            for linha, coluna, motivo, bruta in _com_o_original(cursor, original):
                lida = bruta[: 4 * TAMANHO_DO_ORIGINAL].decode(self.resultado.codificacao, "replace")
                lida = lida.rstrip("\r\n").replace("\0", "\N{REPLACEMENT CHARACTER}")
                escritor.writerow([linha, coluna, motivo, lida[:TAMANHO_DO_ORIGINAL]])

    def _publicar_recusadas(self, rascunho: Path) -> None:
        """Put the file of refusals in place; without refusals, take away that of an earlier import."""
        if self.resultado.recusadas or self.resultado.avisos:
            rascunho.replace(self.recusadas)
            self.resultado.arquivo_de_recusadas = self.recusadas
        else:
            self.recusadas.unlink(missing_ok=True)

    def _analisar(self) -> None:
        if self.resultado.novas + self.resultado.alteradas >= ANALISAR_A_PARTIR_DE:
            tabelas = [self.arquivo.alvo.tabela] if self.arquivo.alvo else []
            with connection.cursor() as cursor:
                cursor.execute(f"ANALYZE {', '.join([*tabelas, *self.arquivo.tabelas])}")


class _Fluxo:
    """The file-like object COPY reads from; a block is handed over whole, whatever size is asked for."""

    def __init__(self, blocos: Iterator[bytes]):
        self._blocos = blocos

    def read(self, _tamanho: int = -1) -> bytes:
        return next(self._blocos, b"")


FORMATO_DO_COPY = "(FORMAT csv, DELIMITER ';')"


def linha_csv(campos: tuple) -> bytes:
    """A line in FORMATO_DO_COPY."""
    return (";".join('"{}"'.format(str(campo).replace('"', '""')) for campo in campos) + "\n").encode()


def _com_o_original(recusas, original: BinaryIO) -> Iterator[tuple[int, str, str, bytes]]:
    lidas, ultima, bruta = linhas(original), 0, b""
    for linha, coluna, motivo in recusas:
        if linha != ultima:
            ultima, bruta = linha, next((bruta for numero, bruta in lidas if numero == linha), b"")
        yield linha, coluna, motivo, bruta


# --- the SQL, made from the description ---


def sql_do_motivo(motivo: str) -> str:
    """SQL for a reason whose {pieces} are SQL."""
    pedacos = re.split(r"\{([^{}]*)\}", motivo)
    pedacos[::2] = ["'{}'".format(literal.replace("'", "''")) for literal in pedacos[::2]]
    return f"concat({', '.join(pedacos)})"


def _erro(coluna: str, motivo: str) -> str:
    return f"concat('{coluna}', E'\\t', {sql_do_motivo(motivo)})"


def _sql_da_conferencia(arquivo: Arquivo, colunas_lidas: list[str], hoje: str) -> str:
    """imp_linha: typed columns, extras, `existente`, `cria` and `erro`, the first reason against the line.

    The inner levels trim, read and check, with OFFSET 0 so that each is computed once.
    """
    aparadas = ", ".join(f"nullif(btrim({nome}, E' \\t\\u00a0'), '') AS {nome}" for nome in colunas_lidas)
    aparadas += "".join(f", NULL::text AS {c.nome}" for c in arquivo.colunas if c.nome not in colunas_lidas)
    valores = ", ".join(
        f"{c.nome} AS t_{c.nome}, CASE WHEN {c.nome} IS NOT NULL THEN {c.tipo.valor(c.nome, hoje)} END AS {c.nome}"
        for c in arquivo.colunas
    )
    lidas = ", ".join(f"coalesce({c.nome}, {c.padrao}) AS {c.nome}" if c.padrao else c.nome for c in arquivo.colunas)
    derivadas = "".join(f", {nome}" for nome in arquivo.derivadas)
    erros_de_campo = " ".join(erro for coluna in arquivo.colunas for erro in _erros_do_campo(coluna))
    erros = " ".join(f"WHEN {r.quando} THEN {_erro(r.coluna, r.motivo)}" for r in arquivo.recusas)
    extras = "".join(f", {sql} AS {nome}" for nome, sql in arquivo.extras.items())
    juncao, existente = "", "false"
    if alvo := arquivo.alvo:
        chave = " AND ".join(f"t.{coluna} = {sql}" for coluna, sql in alvo.chave.items())
        juncao, existente = f"LEFT JOIN {alvo.tabela} t ON {chave}", f"t.{next(iter(alvo.chave))} IS NOT NULL"
    return f"""
        CREATE TEMP TABLE imp_linha ON COMMIT DROP AS
        SELECT l.*{extras}, {existente} AS existente, {bool(alvo)} AS cria,
               CASE WHEN erro_de_campo IS NOT NULL THEN erro_de_campo {erros} END AS erro
        FROM (SELECT linha, {lidas}{derivadas}, CASE {erros_de_campo} END AS erro_de_campo
              FROM (SELECT linha{derivadas}, {valores}
                    FROM (SELECT linha, {aparadas} FROM imp_bruto OFFSET 0) aparada OFFSET 0) valor OFFSET 0) l
        {juncao} {arquivo.juncoes}"""


def _erros_do_campo(coluna: Coluna) -> Iterator[str]:
    nome = coluna.nome
    if coluna.obrigatoria:
        yield f"WHEN t_{nome} IS NULL THEN {_erro(nome, 'Campo obrigatório.')}"
    yield f"WHEN t_{nome} IS NOT NULL AND {nome} IS NULL THEN {_erro(nome, coluna.tipo.motivo)}"
    for condicao, motivo in coluna.tipo.limites:
        yield f"WHEN {condicao.format(v=nome)} THEN {_erro(nome, motivo)}"


def _sql_das_repetidas(arquivo: Arquivo) -> str:
    chaves = ", ".join(f"{sql} AS k{n}" for n, sql in enumerate(arquivo.chave))
    numeros = ", ".join(f"k{n}" for n in range(len(arquivo.chave)))
    iguais = " AND ".join(f"{sql} = d.k{n}" for n, sql in enumerate(arquivo.chave))
    return f"""
        WITH d AS (SELECT {chaves}, min(l.linha) AS primeira FROM imp_linha l WHERE l.erro IS NULL
                   GROUP BY {numeros} HAVING count(*) > 1)
        UPDATE imp_linha l SET erro = {_erro(arquivo.colunas[0].nome, "Repete a linha {d.primeira}.")}
        FROM d WHERE l.erro IS NULL AND {iguais} AND l.linha > d.primeira"""


def _sql_da_coerencia(regra: Coerencia) -> str:
    chaves = ", ".join(f"{sql} AS k{n}" for n, sql in enumerate(regra.chave))
    numeros = ", ".join(f"k{n}" for n in range(len(regra.chave)))
    iguais = " AND ".join(f"{sql} = d.k{n}" for n, sql in enumerate(regra.chave))
    return f"""
        WITH d AS (SELECT {chaves}, min(l.linha) AS primeira, (array_agg({regra.valor} ORDER BY l.linha))[1] AS valor
                   FROM imp_linha l WHERE l.erro IS NULL AND {regra.valor} IS NOT NULL
                   GROUP BY {numeros} HAVING min({regra.valor}) <> max({regra.valor}))
        UPDATE imp_linha l SET erro = {_erro(regra.coluna, regra.motivo)}
        FROM d WHERE l.erro IS NULL AND {iguais} AND {regra.valor} <> d.valor"""


def _recusar(cursor, regra: RegraDeConjunto, selecao: str) -> int:
    if regra.antes:
        cursor.execute(regra.antes)
    cursor.execute(f"""
        UPDATE imp_linha l SET erro = concat(r.coluna, E'\\t', r.motivo)
        FROM ({selecao}) r (linha, coluna, motivo) WHERE l.linha = r.linha AND l.erro IS NULL""")
    return cursor.rowcount


def _sql_da_alteracao(alvo: Alvo) -> str:
    chave = " AND ".join(f"t.{coluna} = {sql}" for coluna, sql in alvo.chave.items())
    valores = ", ".join(f"{coluna} = {sql}" for coluna, sql in {**alvo.campos, **alvo.ao_alterar}.items())
    antes, depois = ", ".join(f"t.{coluna}" for coluna in alvo.campos), ", ".join(alvo.campos.values())
    return anotar(f"""
        UPDATE {alvo.tabela} t SET {valores} FROM imp_linha l {alvo.juncoes}
        WHERE l.erro IS NULL AND l.existente AND {chave} AND ROW({antes}) IS DISTINCT FROM ROW({depois})
        RETURNING l.linha""")


def _sql_da_inclusao(alvo: Alvo) -> str:
    valores = {**alvo.chave, **alvo.campos, **alvo.ao_criar}
    return f"""
        INSERT INTO {alvo.tabela} ({", ".join(valores)})
        SELECT {", ".join(valores.values())} FROM imp_linha l {alvo.juncoes} WHERE l.erro IS NULL AND NOT l.existente"""


def _sql_da_sequencia(alvo: Alvo) -> str:
    """Move the identity past the ids that came in the file; it never goes back."""
    sequencia = f"pg_get_serial_sequence('{alvo.tabela}', '{alvo.sequencia}')"
    return f"""
        SELECT setval({sequencia}, maior) FROM (SELECT max({alvo.sequencia}) AS maior FROM {alvo.tabela}) m
        WHERE maior > coalesce(pg_sequence_last_value({sequencia}::regclass), 0)"""
