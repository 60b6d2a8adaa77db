"""A base of any size, made inside the server by one statement a table; and kept, since the larger ones take minutes.

Its day is always HOJE, so that what is due in it does not change from one run to another. A base goes by its size and
by a digest of what it is made of, migrations included: when one of these changes, it is made anew in place of the old.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import date, datetime
from hashlib import sha256
from pathlib import Path

import psycopg2
from django.apps import apps
from django.conf import settings
from django.core.management import call_command
from django.db import ProgrammingError, connection, transaction

from bench import banco, saida
from cadastro.gerador import GRUPOS, IMOVEIS_POR_LOCALIDADE, NOMES, SOBRENOMES
from cadastro.nomes import normalizar_nome
from exemplo import amostra
from mensageria.models import inicio_do_dia

HOJE = date(2026, 6, 15)
CONTAS = 3  # of each imóvel: that of the month, and the older ones, most of them paid


def agora() -> datetime:
    """Noon of the day of the base."""
    return inicio_do_dia(HOJE).replace(hour=12)


def pronta(imoveis: int, *, refazer: bool = False) -> str:
    """The name of a base with so many imóveis, each with a customer of its own; made when there is none."""
    return guardada(f"base_{imoveis}", lambda: _encher(imoveis), refazer=refazer)


def guardada(
    nome: str, encher: Callable[[], None], *, fonte: str = __file__, modelo: str = "", refazer: bool = False
) -> str:
    """A database that is kept: `encher`, of the file `fonte`, fills it, after the migrations or from a `modelo`."""
    inicio = f"{connection.settings_dict['NAME']}_bench_{nome}_"
    completo = inicio + _resumo(fonte, modelo)
    achados = banco.com_inicio(inicio)
    if completo in achados and not refazer:
        return completo
    for antigo in achados:
        banco.apagar(antigo)
    saida.dizer(f"Preparando {nome}, uma só vez…")
    novo = f"{inicio}novo"
    banco.criar(novo, modelo or "template1")
    with conectado(novo):
        if not modelo:
            call_command("migrate", verbosity=0)
        encher()
        with connection.cursor() as cursor:
            cursor.execute("VACUUM ANALYZE")
    banco.renomear(novo, completo)
    return completo


@contextmanager
def conectado(nome: str) -> Iterator[None]:
    """Have Django connected to that database for the length of the block."""
    antes = connection.settings_dict["NAME"]
    connection.close()
    connection.settings_dict["NAME"] = nome
    try:
        yield
    finally:
        connection.close()
        connection.settings_dict["NAME"] = antes


def _resumo(fonte: str, modelo: str) -> str:
    """Changes with whatever the database is made of."""
    migracoes = (f for app in apps.get_app_configs() for f in Path(app.path, "migrations").glob("0*.py"))
    arquivos = sorted(f for f in migracoes if settings.BASE_DIR in f.parents)
    return sha256(b"".join(f.read_bytes() for f in [*arquivos, Path(fonte)]) + modelo.encode()).hexdigest()[:10]


def _encher(imoveis: int) -> None:
    with transaction.atomic(), connection.cursor() as cursor:
        se_puder("SET LOCAL session_replication_role = replica")  # what is written here points to what there is
        cursor.execute("SET LOCAL maintenance_work_mem = '512MB'; SET LOCAL synchronous_commit = off")
        cursor.execute(FUNCOES)
        parametros = {
            "imoveis": imoveis,
            "localidades": min(999, max(GRUPOS, imoveis // IMOVEIS_POR_LOCALIDADE)),
            "grupos": GRUPOS,
            "hoje": HOJE,
            "contas": CONTAS,
            "nomes": list(NOMES),
            "sobrenomes": list(SOBRENOMES),
            "nomes_planos": [normalizar_nome(nome) for nome in NOMES],
            "sobrenomes_planos": [normalizar_nome(nome) for nome in SOBRENOMES],
        }
        cursor.execute(LENTOS)
        lentos = cursor.fetchall()
        for tirar, _ in lentos:
            cursor.execute(tirar)
        for tabela in TABELAS:
            cursor.execute(tabela, parametros)
        for _, repor in lentos:
            cursor.execute(repor)
        cursor.execute(SEQUENCIAS)
    amostra.configurar(hoje=HOJE, smtp="127.0.0.1:1", sms="127.0.0.1:1")


def se_puder(comando: str) -> None:
    """Run what only a superuser of the server may; without it all is the same, only slower or less even."""
    try:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(comando)
    except ProgrammingError as erro:
        if not isinstance(erro.__cause__, psycopg2.errors.InsufficientPrivilege):
            raise


# What is quicker to make at the end than row by row, as (how to remove it, how to make it again).
LENTOS = """
SELECT format('ALTER TABLE %s DROP CONSTRAINT %I', conrelid::regclass, conname),
    format('ALTER TABLE %s ADD CONSTRAINT %I %s', conrelid::regclass, conname, pg_get_constraintdef(oid))
FROM pg_constraint WHERE contype = 'x'
UNION ALL
SELECT format('DROP INDEX %I', indexname), indexdef FROM pg_indexes
WHERE schemaname = 'public' AND indexdef LIKE '%USING gin%'
"""
# The same for the same numbers, from 0 to `ate` - 1.
FUNCOES = """
CREATE FUNCTION pg_temp.sorte(n bigint, semente integer, ate integer) RETURNS integer LANGUAGE sql IMMUTABLE AS
    'SELECT (abs(hashint8extended(n, semente) % ate))::integer'
"""


def _soma(numero: str, casas: int) -> str:
    """SQL for the digits of a number, the last one twice, the one before it three times…"""
    return " + ".join(f"{numero} / {10**casa} %% 10 * {casa + 2}" for casa in range(casas))


# The customer of imóvel i is i. Places: SETOR of 1,500 imóveis in a localidade, QUADRA of 30, a rota for each setor.
TABELAS = (
    "INSERT INTO cadastro_perfil (id, descricao) VALUES (1, 'NORMAL'), (5, 'PROGRAMA ESPECIAL')",
    "INSERT INTO cadastro_gerencia (id, nome) VALUES (1, 'GERÊNCIA ÚNICA')",
    "INSERT INTO cadastro_municipio (id, nome, uf, ddd) VALUES (1, 'NATAL', 'RN', '84')",
    """
    INSERT INTO cadastro_localidade (id, nome, gerencia_id, municipio_id)
    SELECT l, 'LOCALIDADE ' || l, 1, 1 FROM generate_series(1, %(localidades)s) l
    """,
    """
    INSERT INTO faturamento_faturamentogrupo (id, descricao, abreviatura, referencia, dia_vencimento)
    SELECT g, 'GRUPO ' || g, 'G' || g, to_char(%(hoje)s::date, 'YYYYMM')::integer, 5 * g
    FROM generate_series(1, %(grupos)s) g
    """,
    f"""
    CREATE TEMPORARY TABLE lugar ON COMMIT DROP AS
    SELECT i, l.id AS localidade, p.posicao / 1500 + 1 AS setor, p.posicao %% 1500 / 30 + 1 AS quadra,
        p.posicao %% 30 + 1 AS lote, i * 10 + (11 - ({_soma("i", 8)}) %% 11) %% 11 %% 10 AS matricula
    FROM generate_series(1, %(imoveis)s) i
    CROSS JOIN LATERAL (SELECT 1 + ((i - 1)::bigint * %(localidades)s / %(imoveis)s)::integer AS id) l
    CROSS JOIN LATERAL (
        SELECT i - 1 - ceil((l.id - 1)::numeric * %(imoveis)s / %(localidades)s)::integer AS posicao
    ) p
    """,
    """
    INSERT INTO cadastro_setorcomercial (id, localidade_id, codigo)
    SELECT DISTINCT localidade * 100 + setor, localidade, setor FROM lugar
    """,
    "INSERT INTO cadastro_rota (id, setor_id, codigo) SELECT id, id, 1 FROM cadastro_setorcomercial",
    """
    INSERT INTO cadastro_quadra (id, setor_id, rota_id, numero)
    SELECT DISTINCT s.id * 100 + quadra, s.id, s.id, quadra
    FROM lugar CROSS JOIN LATERAL (SELECT localidade * 100 + setor AS id) s
    """,
    """
    INSERT INTO cadastro_imovel (
        matricula, quadra_id, localidade_id, lote, sublote, endereco, categoria, perfil_id, situacao_agua
    )
    SELECT matricula, (localidade * 100 + setor) * 100 + quadra, localidade, lote, 0, 'Rua das Nascentes, ' || i,
        CASE WHEN pg_temp.sorte(i, 1, 100) < 86 THEN 1 WHEN pg_temp.sorte(i, 1, 100) < 96 THEN 2 ELSE 3 END,
        CASE WHEN pg_temp.sorte(i, 2, 100) < 96 THEN 1 ELSE 5 END, 3
    FROM lugar ORDER BY i
    """,
    f"""
    INSERT INTO cadastro_cliente (id, nome, nome_busca, documento, email, por_sms, por_email, ativo, alterado_em)
    SELECT i, concat_ws(' ', n[a], s[b], s[c]), concat_ws(' ', np[a], sp[b], sp[c]),
        lpad((base10 * 10 + ({_soma("base10", 10)}) * 10 %% 11 %% 10)::text, 11, '0'),
        CASE WHEN canal >= 95 THEN '' ELSE np[a] || '.' || i || '@example.com' END,
        canal < 70 OR canal BETWEEN 90 AND 94, canal < 55 OR canal BETWEEN 70 AND 84 OR canal >= 95,
        pg_temp.sorte(i, 3, 100) < 98, now()
    FROM generate_series(1, %(imoveis)s) i
    CROSS JOIN (
        SELECT %(nomes)s::text[] AS n, %(sobrenomes)s::text[] AS s,
            %(nomes_planos)s::text[] AS np, %(sobrenomes_planos)s::text[] AS sp
    ) palavras
    CROSS JOIN LATERAL (
        SELECT pg_temp.sorte(i, 4, 100) AS canal, 1 + pg_temp.sorte(i, 5, cardinality(n)) AS a,
            1 + pg_temp.sorte(i, 6, cardinality(s)) AS b, 1 + pg_temp.sorte(i, 7, cardinality(s)) AS c,
            i * 387420489::bigint %% 1000000000 AS base9
    ) sorteio
    CROSS JOIN LATERAL (SELECT base9 * 10 + ({_soma("base9", 9)}) * 10 %% 11 %% 10 AS base10) cpf
    """,
    """
    INSERT INTO cadastro_clientefone (id, cliente_id, tipo, ddd, numero, ramal, contato, principal, sms)
    SELECT i, i, 3, '84', '90' || lpad(i::text, 7, '0'), '', '', true, true
    FROM generate_series(1, %(imoveis)s) i WHERE pg_temp.sorte(i, 4, 100) NOT BETWEEN 90 AND 94
    """,
    """
    INSERT INTO cadastro_clienteimovel (id, imovel_id, cliente_id, relacao, inicio)
    SELECT i, matricula, i, 2, %(hoje)s::date - 1000 FROM lugar
    """,
    # Of the month, in each hundred: 78 due soon, 8 later, 4 past, 4 paid, 3 below the minimum, 3 cancelled.
    """
    INSERT INTO faturamento_conta (
        id, imovel_id, localidade_id, grupo_id, perfil_id, referencia, emissao, vencimento,
        valor_agua, valor_esgoto, valor_debitos, valor_creditos, valor_impostos, situacao, pago_em
    )
    SELECT (%(contas)s - 1 - k) * %(imoveis)s + i, matricula, localidade, 1 + localidade %% %(grupos)s,
        CASE WHEN pg_temp.sorte(i, 2, 100) < 96 THEN 1 ELSE 5 END,
        to_char(%(hoje)s::date - make_interval(months => k), 'YYYYMM')::integer, vencimento - 20, vencimento,
        CASE WHEN caso BETWEEN 94 AND 96 THEN 5 ELSE 15 + pg_temp.sorte(i, 8, 20000) / 100.0 END, 0, 0, 0, 0,
        CASE WHEN caso >= 97 THEN 3 ELSE 0 END,
        CASE WHEN caso BETWEEN 90 AND 93 THEN vencimento - 1 END
    FROM lugar
    CROSS JOIN generate_series(0, %(contas)s - 1) k
    CROSS JOIN LATERAL (
        SELECT CASE WHEN k = 0 THEN pg_temp.sorte(i, 9, 100) WHEN pg_temp.sorte(i, 9 + k, 100) < 90 THEN 93 ELSE 0 END
            AS caso
    ) c
    CROSS JOIN LATERAL (
        SELECT %(hoje)s::date - 30 * k + CASE
            WHEN caso < 78 THEN pg_temp.sorte(i, 10, 6) WHEN caso < 86 THEN 6 + pg_temp.sorte(i, 10, 20)
            WHEN caso < 90 THEN -1 - pg_temp.sorte(i, 10, 15) ELSE pg_temp.sorte(i, 10, 6)
        END AS vencimento
    ) v
    ORDER BY k DESC, i
    """,
    """
    INSERT INTO faturamento_clienteconta (id, conta_id, cliente_id, relacao)
    SELECT c, c, 1 + (c - 1) %% %(imoveis)s, 2 FROM generate_series(1, %(contas)s * %(imoveis)s) c
    """,
)

SEQUENCIAS = """
DO $$
DECLARE coluna record;
BEGIN
    FOR coluna IN SELECT table_name AS tabela, column_name AS nome FROM information_schema.columns
        WHERE table_schema = 'public' AND is_identity = 'YES'
    LOOP
        EXECUTE format('SELECT setval(pg_get_serial_sequence(%1$L, %2$L), coalesce(max(%2$I), 0) + 1, false) FROM %1$I',
            coluna.tabela, coluna.nome);
    END LOOP;
END $$
"""
