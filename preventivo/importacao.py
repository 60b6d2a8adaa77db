"""From the file of a campaign to its registros: read first, and then stored whole by a fixed number of statements.

While it is read nothing is stored but how far it went, so that all see it; the cells go, checked, to two files beside
(`cadastro.importacao` copies in the same way). What is stored is stored in one transaction. So a campaign whose import
was cut short anywhere is as it was, and the next import of it gives what this one would have given.
"""

import tempfile
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import BinaryIO

from django.db import connection, transaction

from cadastro.importacao import ANALISAR_A_PARTIR_DE, FORMATO_DO_COPY, linha_csv
from mensageria.consumo import milhar
from preventivo import arquivos, planilha
from preventivo.celulas import ler_cpf, ler_email, mascarar_cpfs
from preventivo.models import Campanha, LinhaRecusada, Registro
from preventivo.planilha import ArquivoRecusado, Colunas, Linha
from telas.autoria import em_nome_de
from telas.csv_brasileiro import em_csv

MAXIMO_DE_RECUSADAS = 100_000  # lines: each takes more room here than in the file
MAXIMO_DE_EMAILS = 10  # distinct, of a CPF
ENTRE_NOTICIAS = 5_000  # lines
EM_MEMORIA = 1 << 20  # bytes; what is longer goes to the disk
ALEM_DO_MAXIMO = f"O CPF já tem {MAXIMO_DE_EMAILS} e-mails distintos, o máximo: este não entra."
SEM_EMAIL = "A linha não tem e-mail."
SEM_TITULO = "Há um valor fora das colunas do cabeçalho."
NENHUMA = "Nenhuma linha do arquivo pôde ser aproveitada."
_TRAVA = 336_600  # advisory lock (_TRAVA, campaign)


def importar(campanha_id: int, agora: datetime) -> None:
    """IMPORTANDO -> A_CONFERIR with all that the file has, or -> CANCELADA with the reason why it cannot be read.

    Safe to repeat, and by many at once: one of them does it. Nothing happens to a campaign in another state.
    """
    with _so_um(campanha_id) as minha_vez:
        campanha = Campanha.objects.filter(pk=campanha_id, situacao=Campanha.Situacao.IMPORTANDO).first()
        if not minha_vez or campanha is None:
            return
        try:
            autor = em_nome_de(campanha.criado_por_id, "leitura do arquivo")
            with autor, arquivos.abrir(campanha) as arquivo, _ao_lado() as enderecos, _ao_lado() as recusas:
                lidas = _ler(campanha, arquivo, enderecos, recusas)
                if lidas is not None:
                    _gravar(campanha_id, lidas, agora)
                    _analisar(lidas)
        except ArquivoRecusado as erro:
            _recusar(campanha_id, str(erro), agora)


@contextmanager
def _so_um(campanha_id: int) -> Iterator[bool]:
    """Whether nobody else is at it. The lock goes with the connection of whoever dies."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_lock(%s, %s)", [_TRAVA, campanha_id])
        minha_vez = cursor.fetchone()[0]
    try:
        yield minha_vez
    finally:
        if minha_vez:
            with connection.cursor() as cursor:
                cursor.execute("SELECT pg_advisory_unlock(%s, %s)", [_TRAVA, campanha_id])


# Reading


@dataclass
class _Lidas:
    """What was read: cells that are right and what is refused, each on its way to COPY."""

    colunas: Colunas
    enderecos: BinaryIO
    recusas: BinaryIO
    linhas: int = 0
    recusadas: int = 0
    primeira_recusa: str = ""

    def ler(self, linha: Linha) -> None:
        self.linhas += 1
        if linha.problema:
            self.recusar(linha, "", linha.problema, linha.conteudo)
        elif _sobra(linha, self.colunas):
            self.recusar(linha, "", SEM_TITULO, ";".join(linha.celulas))
        else:
            self._ler_celulas(linha)

    def _ler_celulas(self, linha: Linha) -> None:
        celulas, titulos = linha.celulas, self.colunas.titulos
        na_linha = celulas[self.colunas.cpf] if self.colunas.cpf < len(celulas) else ""
        try:
            cpf = ler_cpf(na_linha)
        except ValueError as erro:
            return self.recusar(linha, titulos[self.colunas.cpf], str(erro), na_linha)
        preenchidas = [posicao for posicao in self.colunas.emails if posicao < len(celulas) and celulas[posicao]]
        if not preenchidas:
            return self.recusar(linha, titulos[self.colunas.emails[0]], SEM_EMAIL, na_linha)
        for posicao in preenchidas:
            try:
                email = ler_email(celulas[posicao])
            except ValueError as erro:
                self.recusar(linha, titulos[posicao], str(erro), celulas[posicao])
            else:  # neither digits nor an address in ASCII need quotes
                self.enderecos.write(f"{linha.numero};{posicao};{cpf};{email}\n".encode())

    def recusar(self, linha: Linha, coluna: str, motivo: str, conteudo: str) -> None:
        self.recusadas += 1
        if self.recusadas > MAXIMO_DE_RECUSADAS:
            muitas = f"Mais de {milhar(MAXIMO_DE_RECUSADAS)} linhas foram recusadas: confira o arquivo."
            raise ArquivoRecusado(f"{muitas} {self.primeira_recusa}")
        limpo = conteudo.replace("\0", "\N{REPLACEMENT CHARACTER}")[:300]
        self.recusas.write(linha_csv((linha.numero, coluna[:30], motivo, limpo)))
        self.primeira_recusa = self.primeira_recusa or f"A primeira recusada é a {linha.numero}: {motivo}"


def _sobra(linha: Linha, colunas: Colunas) -> bool:
    """Whether a cell has something where the header has no title."""
    celulas, titulos = linha.celulas, colunas.titulos
    if len(celulas) > len(titulos) and any(celulas[len(titulos) :]):
        return True
    return any(celulas[posicao] for posicao in colunas.sem_titulo if posicao < len(celulas))


def _ao_lado():
    return tempfile.SpooledTemporaryFile(max_size=EM_MEMORIA)


def _ler(campanha: Campanha, arquivo: BinaryIO, enderecos: BinaryIO, recusas: BinaryIO) -> _Lidas | None:
    """Read it all, saying how far it is; None when the campaign is no longer to be imported."""
    colunas, linhas = planilha.abrir(arquivo)
    lidas = _Lidas(colunas, enderecos, recusas)
    with closing(linhas):
        for linha in linhas:
            lidas.ler(linha)
            if lidas.linhas % ENTRE_NOTICIAS == 0 and not _noticiar(campanha.pk, linha.lidos, lidas.linhas):
                return None
    return lidas


def _noticiar(campanha_id: int, lidos: int, linhas: int) -> bool:
    em_importacao = Campanha.objects.filter(pk=campanha_id, situacao=Campanha.Situacao.IMPORTANDO)
    return bool(em_importacao.update(lidos=lidos, linhas=linhas))


# Storing


@transaction.atomic
def _gravar(campanha_id: int, lidas: _Lidas, agora: datetime) -> None:
    campanha = _travar(campanha_id)
    if campanha is None:
        return
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL work_mem = '64MB'")
        _copiar(cursor, lidas)
        _numerar(cursor)
        _gravar_registros(cursor, campanha, agora)
        _gravar_recusas(cursor, campanha, lidas.colunas)
        _contar(cursor, campanha)
        cursor.execute("DROP TABLE imp_email, imp_distinto, imp_recusa")
    if not campanha.registros:
        raise ArquivoRecusado(f"{NENHUMA} {lidas.primeira_recusa}".strip())
    campanha.situacao = Campanha.Situacao.A_CONFERIR
    campanha.conferir_ate = agora + Campanha.PRAZO_PARA_CONFERIR
    campanha.lidos, campanha.linhas = campanha.tamanho, lidas.linhas
    campanha.save(update_fields=["situacao", "conferir_ate", "lidos", "linhas", *_CONTAGENS])
    campanha.pedacos.all().delete()


_CONTAGENS = ("registros", "enderecos", "recusadas", "duplicados")


def _travar(campanha_id: int) -> Campanha | None:
    em_importacao = Campanha.objects.filter(pk=campanha_id, situacao=Campanha.Situacao.IMPORTANDO)
    return em_importacao.select_for_update().first()


def _copiar(cursor, lidas: _Lidas) -> None:
    cursor.execute("""
        DROP TABLE IF EXISTS imp_email, imp_recusa, imp_distinto;  -- of another import of the same transaction
        CREATE TEMP TABLE imp_email (linha integer, posicao smallint, cpf text COLLATE "C", email text COLLATE "C")
            ON COMMIT DROP;
        CREATE TEMP TABLE imp_recusa (linha integer, coluna text, motivo text, conteudo text) ON COMMIT DROP""")
    for tabela, arquivo in (("imp_email", lidas.enderecos), ("imp_recusa", lidas.recusas)):
        arquivo.seek(0)
        cursor.copy_expert(f"COPY {tabela} FROM STDIN {FORMATO_DO_COPY}", arquivo)


def _numerar(cursor) -> None:
    """The distinct addresses of each CPF, in the order of the file."""
    cursor.execute("""
        ANALYZE imp_email;
        CREATE TEMP TABLE imp_distinto ON COMMIT DROP AS
        SELECT linha, posicao, cpf, email, row_number() OVER (PARTITION BY cpf ORDER BY linha, posicao) AS ordem
        FROM (
            SELECT linha, posicao, cpf, email,
                   row_number() OVER (PARTITION BY cpf, lower(email) ORDER BY linha, posicao) AS vez
            FROM imp_email
        ) e WHERE vez = 1""")


def _gravar_registros(cursor, campanha: Campanha, agora: datetime) -> None:
    """They may be asked about at once; nobody asks before the campaign is confirmed, which writes none of them."""
    cursor.execute(
        f"""
        INSERT INTO {Registro._meta.db_table} (campanha_id, linha, cpf, emails, tentativas, erro, proxima_em)
        SELECT %s, min(linha), cpf, array_agg(email ORDER BY ordem), 0, '', %s
        FROM imp_distinto WHERE ordem <= %s GROUP BY cpf ORDER BY min(linha), cpf
        """,
        [campanha.pk, agora, MAXIMO_DE_EMAILS],
    )


def _gravar_recusas(cursor, campanha: Campanha, colunas: Colunas) -> None:
    cursor.execute(
        f"""
        INSERT INTO {LinhaRecusada._meta.db_table} (campanha_id, linha, coluna, motivo, conteudo)
        SELECT %s, linha, coluna, motivo, conteudo FROM (
            SELECT linha, -1 AS posicao, coluna, motivo, conteudo FROM imp_recusa
            UNION ALL
            SELECT linha, posicao, (%s::text[])[posicao + 1], %s, email FROM imp_distinto WHERE ordem > %s
        ) r ORDER BY linha, posicao
        """,
        [campanha.pk, [titulo[:30] for titulo in colunas.titulos], ALEM_DO_MAXIMO, MAXIMO_DE_EMAILS],
    )


def _contar(cursor, campanha: Campanha) -> None:
    cursor.execute(
        """
        SELECT count(DISTINCT cpf), count(*) FILTER (WHERE ordem <= %(maximo)s),
               (SELECT count(*) FROM imp_recusa) + count(*) FILTER (WHERE ordem > %(maximo)s),
               (SELECT count(*) FROM imp_email) - count(*)
        FROM imp_distinto
        """,
        {"maximo": MAXIMO_DE_EMAILS},
    )
    for nome, quantos in zip(_CONTAGENS, cursor.fetchone(), strict=True):
        setattr(campanha, nome, quantos)


def _analisar(lidas: _Lidas) -> None:
    """The company is asked about them at once, before the server would look by itself."""
    if lidas.linhas >= ANALISAR_A_PARTIR_DE:
        with connection.cursor() as cursor:
            cursor.execute(f"ANALYZE {Registro._meta.db_table}")


@transaction.atomic
def _recusar(campanha_id: int, motivo: str, agora: datetime) -> None:
    """The file goes too: nobody will read it."""
    if campanha := _travar(campanha_id):
        campanha.situacao, campanha.motivo, campanha.encerrada_em = Campanha.Situacao.CANCELADA, motivo[:300], agora
        campanha.save(update_fields=["situacao", "motivo", "encerrada_em"])
        campanha.pedacos.all().delete()


# The refused lines, to download


def recusadas_csv(campanha: Campanha, *, inteiro: bool) -> Iterator[bytes]:
    """The refused lines as CSV for a spreadsheet, in constant memory; what it would compute is text. Unless `inteiro`,
    no CPF is whole in it."""
    linhas = campanha.linhas_recusadas.order_by("linha", "id").values_list("linha", "coluna", "motivo", "conteudo")
    mostrar = str if inteiro else mascarar_cpfs
    mostradas = ((*resto, mostrar(conteudo)) for *resto, conteudo in linhas.iterator(chunk_size=2_000))
    for pedaco in em_csv(("linha", "coluna", "motivo", "conteúdo"), mostradas):
        yield pedaco.encode()
