"""Process 336, step 2: the messages of the documents of each comando that was not announced yet."""

from collections import Counter
from datetime import date, datetime
from uuid import UUID

from django.conf import settings
from django.db import connection, transaction

from cadastro.models import ParametroSistema
from cobranca.fonte import ITENS_PAGOS, ORIGEM
from cobranca.models import AcaoCobranca, ComandoAcao
from mensageria import geracao, previsao
from mensageria.models import Canal, Isencao, VersaoTexto, inicio_do_dia
from mensageria.previsao import Prevista


def comandos_a_avisar() -> list[tuple[int, str]]:
    """The comandos whose documents exist and wait to be announced: (id, título)."""
    return list(
        ComandoAcao.objects.filter(gerado_em__isnull=False, anunciado_em__isnull=True, cancelado_em__isnull=True)
        .exclude(acao__por_sms=False, acao__por_email=False)
        .order_by("id")
        .values_list("id", "titulo")
    )


@transaction.atomic
def gerar_avisos(*, comando_id: int, execucao: UUID, hoje: date, agora: datetime) -> Counter:
    """Queue the messages of one comando and mark it announced; one that is already, or has no documents, is left alone.

    Return how many were queued by channel, and `nao_geradas`.
    """
    comando = ComandoAcao.objects.select_for_update(of=("self",)).select_related("acao").get(pk=comando_id)
    if comando.anunciado_em or comando.cancelado_em or not comando.gerado_em:
        return Counter(sms=0, email=0, nao_geradas=0)
    geracao.limpar_nao_geradas(execucao, ORIGEM, comando_id)
    geracao.criar_candidatas()
    _avaliar(comando, hoje, agora)
    contagem = geracao.enfileirar(
        execucao=execucao,
        origem=ORIGEM,
        unidade=comando_id,
        saidas=geracao.saidas(ORIGEM, _textos(comando.acao), comando.acao.tentativas_email),
        agora=agora,
        acao=comando.acao.descricao,
        isencao=_isencao(comando),
    )
    if not geracao.faltou_saida(execucao, ORIGEM, comando_id):  # else a later run announces what could not leave
        comando.anunciado_em = agora
        comando.save(update_fields=["anunciado_em"])
    return contagem


def simular_avisos(*, comando_id: int, hoje: date, agora: datetime) -> Prevista:
    """What `gerar_avisos` would do in a new run; nothing is written."""
    comando = ComandoAcao.objects.select_related("acao").get(pk=comando_id)
    if comando.anunciado_em or comando.cancelado_em or not comando.gerado_em:
        return Prevista()
    with previsao.sem_gravar():
        _avaliar(comando, hoje, agora)
        textos = _textos(comando.acao)
        return previsao.prever(origem=ORIGEM, textos=textos, hoje=hoje, agora=agora, isencao=_isencao(comando))


def _isencao(comando: ComandoAcao) -> str:
    """What must be told, as before a service is cut off, waits for no window and no *não perturbe* holds it back."""
    return Isencao.OBRIGATORIO.value if comando.acao.aviso_obrigatorio else ""


def _textos(acao: AcaoCobranca) -> dict[Canal, VersaoTexto]:
    """A text for each channel that the action sends through."""
    textos = {}
    if acao.por_sms:
        textos[Canal.SMS] = VersaoTexto(corpo=acao.texto_sms, transliterar=acao.transliterar)
    if acao.por_email:
        textos[Canal.EMAIL] = VersaoTexto(corpo=acao.texto_email, assunto=acao.assunto)
    return textos


AVALIAR = f"""
INSERT INTO candidata
SELECT d.id, cl.id, d.localidade_id, '', greatest(-99, least(99, %(hoje)s::date - ultimo.dia))::smallint,
    %(enviar_apos)s,
    (ultimo.dia + 1)::timestamp AT TIME ZONE %(fuso)s,
    CASE
        WHEN d.cancelado THEN 'documento_cancelado'
        WHEN d.pago_em IS NOT NULL THEN 'pago'
        WHEN itens.todos_pagos THEN 'pago'
        WHEN (ultimo.dia + 1)::timestamp AT TIME ZONE %(fuso)s <= %(enviar_apos)s THEN 'vencido'
        WHEN i.perfil_id = %(perfil_especial)s THEN 'programa_especial'
        WHEN cl.id IS NULL THEN 'sem_usuario'
        WHEN NOT cl.ativo THEN 'cliente_inativo'
        WHEN cl.nao_perturbe AND NOT %(obrigatorio)s THEN 'nao_perturbe'
    END,
    {geracao.COLUNAS_DO_CLIENTE}
FROM cobranca_cobrancadocumento d
CROSS JOIN LATERAL (  -- after its due date a boleto is refused, while a document is paid up to its validity
    SELECT CASE WHEN d.nosso_numero IS NULL THEN d.validade ELSE least(d.vencimento, d.validade) END AS dia
) ultimo
JOIN cadastro_imovel i ON i.matricula = d.imovel_id
LEFT JOIN cadastro_clienteimovel v ON v.imovel_id = d.imovel_id AND v.relacao = 2
    AND v.inicio <= %(hoje)s AND (v.fim IS NULL OR v.fim > %(hoje)s)
LEFT JOIN cadastro_cliente cl ON cl.id = v.cliente_id
LEFT JOIN cadastro_clientefone f ON f.cliente_id = cl.id AND f.sms
{ITENS_PAGOS}
WHERE d.comando_id = %(comando)s
"""


def _avaliar(comando: ComandoAcao, hoje: date, agora: datetime) -> None:
    inicio = inicio_do_dia(comando.enviar_a_partir_de) if comando.enviar_a_partir_de else agora
    with connection.cursor() as cursor:
        cursor.execute(
            AVALIAR,
            {
                "hoje": hoje,
                "enviar_apos": max(agora, inicio),
                "fuso": settings.TIME_ZONE,
                "perfil_especial": ParametroSistema.atual().perfil_programa_especial_id,
                "ddds": geracao.DDDS_COM_SMS,
                "comando": comando.pk,
                "obrigatorio": comando.acao.aviso_obrigatorio,
            },
        )
    if not _isencao(comando):
        geracao.deixar_sem_janela(ORIGEM, agora)
