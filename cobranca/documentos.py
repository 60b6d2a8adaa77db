"""From a comando to its documents (UC0251): who owes enough for long enough, and who gets none and why. Set-based."""

from collections import Counter
from datetime import date, datetime, timedelta

from django.db import connection, transaction

from cadastro.models import ParametroSistema
from cadastro.telefones import DDDS
from cobranca.models import CobrancaDocumento, ComandoAcao, ImovelSemDocumento


class JaGerado(Exception):
    """The documents of this comando exist already; the message is for the operator."""


@transaction.atomic
def gerar_documentos(comando_id: int, *, hoje: date, agora: datetime) -> Counter:
    """Make the documents of a comando, once; return `documentos` and `sem_documento`. Raises JaGerado."""
    comando = ComandoAcao.objects.select_for_update(of=("self",)).select_related("acao__criterio").get(pk=comando_id)
    if comando.gerado_em:
        raise JaGerado(f"Os documentos do comando {comando.titulo} já foram gerados.")
    with connection.cursor() as cursor:
        _levantar_devedores(cursor, comando, hoje)
        contagem = Counter(
            documentos=_criar_documentos(cursor, comando, hoje), sem_documento=_registrar_sem_documento(cursor, comando)
        )
    comando.gerado_em = agora
    comando.documentos_gerados = contagem["documentos"]
    comando.save(update_fields=["gerado_em", "documentos_gerados"])
    return contagem


LEVANTAR = """
DROP TABLE IF EXISTS divida, devedor;
CREATE TEMPORARY TABLE divida ON COMMIT DROP AS
SELECT c.imovel_id, c.id AS conta_id, NULL::bigint AS debito_id, c.valor
FROM faturamento_conta c
JOIN cadastro_imovel i ON i.matricula = c.imovel_id  -- an imóvel that moved owes its old contas where it is now
WHERE c.pago_em IS NULL AND c.situacao IN (0, 1, 2) AND c.valor > 0
    AND c.vencimento <= %(ate)s AND (%(localidade)s IS NULL OR i.localidade_id = %(localidade)s);

INSERT INTO divida
SELECT d.imovel_id, NULL, d.id, d.valor
FROM faturamento_debitoacobrar d
WHERE %(com_debitos)s AND d.pago_em IS NULL AND NOT d.cancelado
    AND d.imovel_id IN (SELECT imovel_id FROM divida);

CREATE TEMPORARY TABLE devedor ON COMMIT DROP AS
SELECT t.imovel_id, i.localidade_id, t.valor,
    CASE
        WHEN t.valor < %(valor_minimo)s THEN 34
        WHEN %(com_mensagem)s AND i.perfil_id = %(perfil_especial)s THEN 36
        WHEN cl.id IS NULL THEN 35
        WHEN %(com_mensagem)s AND (
            (%(por_sms)s AND cl.ativo AND cl.por_sms AND f.ddd = ANY (%(ddds)s) AND f.numero ~ '^9[0-9]{8}$')
            OR (%(por_email)s AND cl.ativo AND cl.por_email AND cl.email <> '')
        ) IS NOT TRUE THEN 33
    END AS motivo
FROM (SELECT imovel_id, sum(valor) AS valor FROM divida GROUP BY imovel_id) t
JOIN cadastro_imovel i ON i.matricula = t.imovel_id
LEFT JOIN cadastro_clienteimovel v ON v.imovel_id = t.imovel_id AND v.relacao = 2
    AND v.inicio <= %(hoje)s AND (v.fim IS NULL OR v.fim > %(hoje)s)
LEFT JOIN cadastro_cliente cl ON cl.id = v.cliente_id
LEFT JOIN cadastro_clientefone f ON f.cliente_id = cl.id AND f.sms;
"""


def _levantar_devedores(cursor, comando: ComandoAcao, hoje: date) -> None:
    """Fill `divida` (what is owed) and `devedor` (who owes, with the reason for making no document)."""
    acao = comando.acao
    cursor.execute(
        LEVANTAR,
        {
            "hoje": hoje,
            "ate": hoje - timedelta(days=acao.criterio.dias_de_atraso),
            "localidade": comando.localidade_id,
            "com_debitos": acao.considera_debitos,
            "valor_minimo": acao.criterio.valor_minimo,
            "perfil_especial": ParametroSistema.atual().perfil_programa_especial_id,
            "com_mensagem": acao.envia_mensagem,
            "por_sms": acao.por_sms,
            "por_email": acao.por_email,
            "ddds": sorted(DDDS),
        },
    )


def _criar_documentos(cursor, comando: ComandoAcao, hoje: date) -> int:
    documento = CobrancaDocumento._meta.db_table
    cursor.execute(
        f"""
        INSERT INTO {documento}
            (comando_id, imovel_id, localidade_id, tipo_documento, emissao, validade, valor, cancelado)
        SELECT %s, imovel_id, localidade_id, %s, %s, %s, valor, false
        FROM devedor WHERE motivo IS NULL ORDER BY imovel_id
        """,
        [
            comando.pk,
            comando.acao.tipo_documento,
            hoje,
            hoje + timedelta(days=comando.acao.dias_de_validade),
        ],
    )
    criados = cursor.rowcount
    cursor.execute(
        f"""
        INSERT INTO cobranca_cobrancadocumentoitem (documento_id, conta_id, debito_id, valor)
        SELECT doc.id, d.conta_id, d.debito_id, d.valor
        FROM divida d JOIN {documento} doc ON doc.imovel_id = d.imovel_id AND doc.comando_id = %s
        """,
        [comando.pk],
    )
    return criados


def _registrar_sem_documento(cursor, comando: ComandoAcao) -> int:
    cursor.execute(
        f"""
        INSERT INTO {ImovelSemDocumento._meta.db_table} (comando_id, imovel_id, motivo)
        SELECT %s, imovel_id, motivo FROM devedor WHERE motivo IS NOT NULL
        """,
        [comando.pk],
    )
    return cursor.rowcount
