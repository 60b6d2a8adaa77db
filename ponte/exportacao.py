"""From here to GSAN: what became of each message, to a table of ours in a schema of our own there.

What changed is found by the ledger: the counts of a lote are rewritten, by the database itself, whenever a message of
it changes of state, and the version of those rows tells. The messages of the lotes that changed are written again;
what is equal there stays as it is, so that repeating costs reading alone.
"""

import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from django.db import connection, transaction

from mensageria.estados import RETORNO_ERRO, RETORNO_ERRO_OPERADORA, RETORNO_TRANSMITIDO, Estado
from mensageria.models import Canal
from ponte.mapa import PRIMEIRO_DAQUI
from ponte.models import LoteExportado
from ponte.origem import Origem

ESQUEMA = "avisa"
TABELA = f"{ESQUEMA}.mensagem_resultado"
ORIGENS = ("faturamento", "cobranca")
MENSAGENS_POR_VEZ = 50_000


def _de_la(sql: str) -> str:
    """A number of GSAN, whose columns have four bytes; one that was given here has none there."""
    return f"CASE WHEN {sql} < {PRIMEIRO_DAQUI} THEN {sql} END"


# column: (type there, SQL here). What a report of GSAN would join by is as GSAN numbers it.
COLUNAS = {
    "chave": ("varchar(80)", "m.chave"),
    "mensagem": ("bigint", "m.id"),
    "origem": ("varchar(20)", "m.origem"),
    "canal": ("varchar(6)", f"CASE m.canal WHEN {Canal.SMS:d} THEN 'SMS' ELSE 'EMAIL' END"),
    "imov_id": ("integer", "coalesce(ct.imovel_id, dc.imovel_id)"),
    "cnta_id": ("integer", _de_la("ct.id")),
    "cbdo_id": ("integer", "dg.id"),
    "cacm_id": ("integer", "kg.id"),
    "comando": ("varchar(60)", "k.titulo"),
    "acao": ("varchar(60)", "lo.acao"),
    "clie_id": ("integer", _de_la("m.cliente_id")),
    "destino": ("varchar(254)", "m.destino"),
    "situacao": (
        "varchar(10)",
        "CASE m.estado {} END".format(" ".join(f"WHEN {e.value} THEN '{e.name.lower()}'" for e in Estado)),
    ),
    "motivo": ("varchar(300)", "m.motivo"),
    # GSAN's codes: 0 gerado, 1 erro de transmissão, 2 transmitido, 3 erro da operadora, 4 enviado. Of what may have
    # left, none.
    "codigo_retorno": (
        "smallint",
        f"""CASE WHEN m.estado = {Estado.ENTREGUE:d} THEN 4
                 WHEN m.estado = {Estado.ENVIADA:d} THEN {RETORNO_TRANSMITIDO}
                 WHEN m.estado = {Estado.FALHA:d} AND m.canal = {Canal.SMS:d}
                      AND m.codigo_retorno = '{RETORNO_ERRO_OPERADORA}' THEN {RETORNO_ERRO_OPERADORA}
                 WHEN m.estado = {Estado.FALHA:d} THEN {RETORNO_ERRO}
                 WHEN m.estado <> {Estado.INCERTA:d} THEN 0 END""",
    ),
    "codigo_servidor": ("varchar(20)", "te.codigo"),
    "palavras_do_servidor": ("varchar(500)", "left(te.resposta, 500)"),
    "servico": ("varchar(60)", "te.servico"),
    "tentativas": ("integer", "m.tentativas"),
    "gerada_em": ("timestamp with time zone", "m.criado_em"),
    "enviada_em": ("timestamp with time zone", "m.enviada_em"),
    "tentativa_em": ("timestamp with time zone", "te.momento"),
}
_NOMES = ", ".join(COLUNAS)
_TIPOS = ", ".join(f"{nome} {tipo}" for nome, (tipo, _) in COLUNAS.items())

CRIAR = (
    f"CREATE SCHEMA {ESQUEMA}",
    f"CREATE TABLE {TABELA} ({_TIPOS}, atualizada_em timestamp with time zone NOT NULL, PRIMARY KEY (chave))",
    f"CREATE INDEX mensagem_resultado_imov ON {TABELA} (imov_id)",
    f"CREATE INDEX mensagem_resultado_cnta ON {TABELA} (cnta_id)",
)

# The lotes of ours whose counts are not those of the last time, oldest first.
MUDARAM = """
SELECT lo.id, c.resumo, c.mensagens FROM mensageria_lote lo
JOIN (SELECT lote_id, sum(quantidade) AS mensagens,
          md5(string_agg(concat_ws(':', estado, quantidade, xmin, ctid), ',' ORDER BY estado)) AS resumo
      FROM mensageria_lotecontagem GROUP BY lote_id) c ON c.lote_id = lo.id
LEFT JOIN ponte_loteexportado x ON x.lote_id = lo.id
WHERE lo.origem = ANY (%s) AND x.resumo IS DISTINCT FROM c.resumo
ORDER BY lo.id
"""

MENSAGENS = f"""
SELECT {", ".join(f"{sql} AS {nome}" for nome, (_, sql) in COLUNAS.items())}
FROM mensageria_mensagem m
JOIN mensageria_lote lo ON lo.id = m.lote_id
LEFT JOIN faturamento_conta ct ON m.origem = 'faturamento' AND ct.id = m.objeto_id
LEFT JOIN cobranca_cobrancadocumento dc ON m.origem = 'cobranca' AND dc.id = m.objeto_id
LEFT JOIN ponte_documentodogsan dg ON dg.documento_id = dc.id
LEFT JOIN cobranca_comandoacao k ON k.id = dc.comando_id
LEFT JOIN ponte_comandodogsan kg ON kg.comando_id = k.id
LEFT JOIN LATERAL (
    SELECT t.codigo, t.resposta, t.servico, t.momento FROM mensageria_tentativaenvio t
    WHERE t.mensagem_id = m.id ORDER BY t.id DESC LIMIT 1
) te ON true
WHERE m.lote_id = ANY (%s)
"""

CHEGADA = f"CREATE TEMPORARY TABLE avisa_chegada ({_TIPOS}) ON COMMIT DROP"
_IGUAIS = " AND ".join(f"t.{nome} IS NOT DISTINCT FROM c.{nome}" for nome in COLUNAS)
ATUALIZAR = f"""
UPDATE {TABELA} t SET {", ".join(f"{nome} = c.{nome}" for nome in COLUNAS if nome != "chave")}, atualizada_em = now()
FROM avisa_chegada c WHERE c.chave = t.chave AND NOT ({_IGUAIS})
"""
INSERIR = f"""
INSERT INTO {TABELA} ({_NOMES}, atualizada_em) SELECT {_NOMES}, now() FROM avisa_chegada c
WHERE NOT EXISTS (SELECT 1 FROM {TABELA} t WHERE t.chave = c.chave)
"""


@dataclass
class Exportadas:
    """What a run wrote there."""

    lotes: int = 0
    lidas: int = 0
    novas: int = 0
    alteradas: int = 0


def exportar(origem: Origem, progresso: Callable[[int], None] = lambda _: None) -> Exportadas:
    """Write there the messages of the lotes that changed since the last time; safe to repeat, and to be killed.

    `origem` must have been opened to write. Raises ErroDaOrigem; what was written before stays.
    """
    _criar(origem)
    total = Exportadas()
    with connection.cursor() as cursor:
        cursor.execute(MUDARAM, [list(ORIGENS)])
        mudaram = cursor.fetchall()
    with tempfile.TemporaryDirectory(prefix="ponte-") as pasta:
        for grupo in _grupos(mudaram):
            total.lotes += len(grupo)
            _exportar(origem, grupo, Path(pasta) / "mensagens.csv", total)
            progresso(total.lidas)
    return total


def _criar(origem: Origem) -> None:
    """Our table, the first time; its owner may be another one than who fills it."""
    existe = f"SELECT 1 FROM pg_catalog.pg_tables WHERE schemaname = '{ESQUEMA}' AND tablename = 'mensagem_resultado'"
    if origem.linhas(existe):
        return
    with origem.transacao():
        ha_esquema = origem.linhas("SELECT 1 FROM pg_catalog.pg_namespace WHERE nspname = %s", [ESQUEMA])
        for comando in CRIAR[1 if ha_esquema else 0 :]:
            origem.executar(comando)


def _grupos(mudaram: list[tuple[int, str, int]]):
    """Lotes that go together: so many messages at a time, and at least one lote."""
    grupo, mensagens = [], 0
    for lote, resumo, quantas in mudaram:
        if grupo and mensagens + quantas > MENSAGENS_POR_VEZ:
            yield grupo
            grupo, mensagens = [], 0
        grupo.append((lote, resumo))
        mensagens += quantas
    if grupo:
        yield grupo


def _exportar(origem: Origem, lotes: list[tuple[int, str]], caminho: Path, total: Exportadas) -> None:
    """The digest of before the messages are read is what is kept: what changes meanwhile changes it again."""
    with connection.cursor() as cursor, caminho.open("wb") as arquivo:
        consulta = cursor.mogrify(MENSAGENS, [[lote for lote, _ in lotes]]).decode()
        cursor.copy_expert(f"COPY ({consulta}) TO STDOUT WITH (FORMAT csv, ENCODING 'UTF8')", arquivo)
        total.lidas += cursor.rowcount
    with origem.transacao(), caminho.open("rb") as arquivo:
        origem.executar(f"LOCK TABLE {TABELA} IN SHARE ROW EXCLUSIVE MODE")  # another run waits
        origem.executar(CHEGADA)
        origem.receber(f"avisa_chegada ({_NOMES})", arquivo)
        total.alteradas += origem.executar(ATUALIZAR)
        total.novas += origem.executar(INSERIR)
    with transaction.atomic():
        LoteExportado.objects.bulk_create(
            [LoteExportado(lote_id=lote, resumo=resumo) for lote, resumo in lotes],
            update_conflicts=True,
            unique_fields=["lote"],
            update_fields=["resumo"],
        )
