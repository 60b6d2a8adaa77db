"""From a comando to its documents (UC0251): who owes enough for long enough, and who gets none and why. Set-based."""

from collections import Counter
from datetime import date, datetime, timedelta

from django.db import connection, transaction

from cadastro.models import Imovel, ParametroSistema
from cadastro.telefones import DDDS
from cobranca import numeracao
from cobranca.models import CobrancaDocumento, ComandoAcao, ImovelSemDocumento


class NaoGera(Exception):
    """A comando that makes no documents; the message is for the operator."""


class JaGerado(NaoGera):
    """The documents of this comando exist already."""


def conferir(comando: ComandoAcao, hoje: date) -> None:
    """Raise NaoGera when it has its documents, may have none any more, or none yet."""
    if comando.gerado_em:
        raise JaGerado(f"Os documentos do comando {comando.titulo} já foram gerados.")
    if comando.cancelado_em:
        raise NaoGera(f"O comando {comando.titulo} foi cancelado.")
    if cedo := cedo_demais(comando, hoje):
        raise NaoGera(cedo)


def cedo_demais(comando: ComandoAcao, hoje: date) -> str:
    """Words for a comando whose messages may leave only after documents made today are worth nothing, a ficha from its
    due date on; empty for any other."""
    acao, partida = comando.acao, comando.enviar_a_partir_de
    if not partida or not acao.envia_mensagem:
        return ""
    dias = acao.dias_de_validade
    if acao.dias_de_vencimento is not None and numeracao.ha_fichas():
        dias = min(dias, acao.dias_de_vencimento)
    ultimo = hoje + timedelta(days=dias)
    if partida <= ultimo:
        return ""
    return (
        f"As mensagens deste comando saem a partir de {partida:%d/%m/%Y}, e os documentos gerados hoje valem só até"
        f" {ultimo:%d/%m/%Y}: gere-os a partir de {partida - timedelta(days=dias):%d/%m/%Y}, ou insira outro comando."
    )


@transaction.atomic
def gerar_documentos(comando_id: int, *, hoje: date, agora: datetime) -> Counter:
    """Make the documents of a comando, once; return `documentos`, `sem_documento` and what `numeracao` counts. Raises
    NaoGera."""
    comando = ComandoAcao.objects.select_for_update(of=("self",)).select_related("acao__criterio").get(pk=comando_id)
    conferir(comando, hoje)
    with connection.cursor() as cursor:
        _levantar_devedores(cursor, comando, hoje)
        contagem = Counter(
            documentos=_criar_documentos(cursor, comando, hoje), sem_documento=_registrar_sem_documento(cursor, comando)
        )
    contagem.update(+_numerar_fichas(comando))
    comando.gerado_em = agora
    comando.documentos_gerados = contagem["documentos"]
    comando.fichas, comando.fichas_sem_conta = contagem["fichas"], contagem["fichas_sem_conta"]
    comando.save(update_fields=["gerado_em", "documentos_gerados", "fichas", "fichas_sem_conta"])
    return contagem


def _numerar_fichas(comando: ComandoAcao) -> Counter:
    try:
        return numeracao.numerar(comando.pk)
    except numeracao.SemNumeros as erro:
        raise NaoGera(str(erro)) from erro


# `cobra` says whether an item's age is within the days of the action (Validar por item cobrado). A débito has no day of
# its own: its age is counted from the end of its month.
LEVANTAR = """
DROP TABLE IF EXISTS divida, devedor;
CREATE TEMPORARY TABLE divida ON COMMIT DROP AS
SELECT c.imovel_id, c.id AS conta_id, NULL::bigint AS debito_id, c.valor,
    NOT %(por_item)s OR %(hoje)s - c.vencimento BETWEEN %(dias_minimos)s AND %(dias_maximos)s AS cobra
FROM faturamento_conta c
JOIN cadastro_imovel i ON i.matricula = c.imovel_id  -- an imóvel that moved owes its old contas where it is now
WHERE c.pago_em IS NULL AND c.situacao IN (0, 1, 2) AND c.valor > 0
    AND c.vencimento <= %(ate)s AND (%(localidade)s IS NULL OR i.localidade_id = %(localidade)s);

INSERT INTO divida
SELECT d.imovel_id, NULL, d.id, d.valor,
    NOT %(por_item)s OR %(hoje)s - (make_date(d.referencia / 100, d.referencia %% 100, 1) + interval '1 month')::date
        BETWEEN %(dias_minimos)s AND %(dias_maximos)s
FROM faturamento_debitoacobrar d
JOIN cadastro_imovel i ON i.matricula = d.imovel_id
WHERE %(com_debitos)s AND d.pago_em IS NULL AND NOT d.cancelado
    AND (%(localidade)s IS NULL OR i.localidade_id = %(localidade)s)
    AND (%(sem_conta)s OR d.imovel_id IN (SELECT imovel_id FROM divida));

CREATE TEMPORARY TABLE devedor ON COMMIT DROP AS
SELECT t.imovel_id, i.localidade_id, t.valor,
    CASE
        WHEN i.situacao_agua <> ALL (%(agua)s) OR i.situacao_esgoto <> ALL (%(esgoto)s) THEN 37
        WHEN t.valor IS NULL THEN 39
        WHEN t.valor < %(valor_minimo)s THEN 34
        WHEN cardinality(%(predecessoras)s::bigint[]) > 0 AND NOT EXISTS (
            SELECT FROM cobranca_cobrancadocumento p JOIN cobranca_comandoacao cp ON cp.id = p.comando_id
            WHERE p.imovel_id = t.imovel_id AND NOT p.cancelado AND p.emissao <= %(predecessora_ate)s
                AND cp.acao_id = ANY (%(predecessoras)s)
        ) THEN 40
        WHEN %(com_mensagem)s AND i.perfil_id = %(perfil_especial)s THEN 36
        WHEN cl.id IS NULL THEN 35
        WHEN NOT cl.acao_cobranca THEN 41
        WHEN %(so_documento_valido)s AND cl.documento IS NULL THEN 38
        WHEN %(com_mensagem)s AND (
            (%(por_sms)s AND cl.ativo AND cl.por_sms AND f.ddd = ANY (%(ddds)s) AND f.numero ~ '^9[0-9]{8}$')
            OR (%(por_email)s AND cl.ativo AND cl.por_email AND cl.email <> '')
        ) IS NOT TRUE THEN 33
    END AS motivo
FROM (SELECT imovel_id, sum(valor) FILTER (WHERE cobra) AS valor FROM divida GROUP BY imovel_id) t
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
            "sem_conta": acao.executa_sem_debito,
            "por_item": acao.valida_por_item,
            "dias_minimos": acao.dias_minimos or 0,
            "dias_maximos": acao.dias_maximos or 0,
            "agua": acao.situacoes_agua or Imovel.SituacaoAgua.values,
            "esgoto": acao.situacoes_esgoto or Imovel.SituacaoEsgoto.values,
            "predecessoras": [pk for pk in (acao.predecessora_id, acao.predecessora_alternativa_id) if pk],
            "predecessora_ate": hoje - timedelta(days=acao.dias_da_predecessora or 0),
            "so_documento_valido": acao.so_documento_valido,
            "valor_minimo": acao.criterio.valor_minimo,
            "perfil_especial": ParametroSistema.atual().perfil_programa_especial_id,
            "com_mensagem": acao.envia_mensagem,
            "por_sms": acao.por_sms,
            "por_email": acao.por_email,
            "ddds": sorted(DDDS),
        },
    )


def _criar_documentos(cursor, comando: ComandoAcao, hoje: date) -> int:
    documento, acao = CobrancaDocumento._meta.db_table, comando.acao
    vence = acao.dias_de_vencimento is not None
    cursor.execute(
        f"""
        INSERT INTO {documento}
            (comando_id, imovel_id, localidade_id, tipo_documento, emissao, validade, vencimento, valor, cancelado)
        SELECT %s, imovel_id, localidade_id, %s, %s, %s, %s, valor, false
        FROM devedor WHERE motivo IS NULL ORDER BY {"valor DESC," if acao.por_valor_decrescente else ""} imovel_id
        """,
        [
            comando.pk,
            acao.tipo_documento,
            hoje,
            hoje + timedelta(days=acao.dias_de_validade),
            hoje + timedelta(days=acao.dias_de_vencimento) if vence else None,
        ],
    )
    criados = cursor.rowcount
    cursor.execute(
        f"""
        INSERT INTO cobranca_cobrancadocumentoitem (documento_id, conta_id, debito_id, valor)
        SELECT doc.id, d.conta_id, d.debito_id, d.valor
        FROM divida d JOIN {documento} doc ON doc.imovel_id = d.imovel_id AND doc.comando_id = %s
        WHERE d.cobra
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
