"""Process 336, step 1: which contas are announced, to whom, and who is left out and why. Set-based, by localidade.

The rules are those of referencia/gsan.md 2.5 with its marked traps mended: paid contas are left out, the phone is the
one marked SMS, and an empty Perfil do Programa Especial leaves nobody out.
"""

from collections import Counter
from collections.abc import Iterator
from datetime import date, datetime
from uuid import UUID

from django.conf import settings
from django.db import connection, transaction
from django.db.models import Exists, F, OuterRef, QuerySet

from cadastro.models import Localidade, ParametroSistema
from faturamento.fonte import ORIGEM, VERSAO, mes_ano
from faturamento.models import Conta, FaturamentoGrupo, ParametroMensagem
from mensageria import geracao, previsao
from mensageria.models import Canal, VersaoTexto
from mensageria.previsao import Prevista


class SemTexto(Exception):
    """No billing text is in force. The message is shown on the process page."""


def ainda_a_vencer(contas: QuerySet[Conta], hoje: date) -> QuerySet[Conta]:
    """Those that some text might announce: of the others no rule needs one."""
    return contas.filter(situacao__in=Conta.SITUACOES_EM_VIGOR, pago_em=None, vencimento__gte=hoje)


def localidades_a_avisar() -> list[tuple[int, str]]:
    """The localidades that have contas at the reference of their group: (código, nome)."""
    contas = Conta.objects.filter(localidade=OuterRef("pk"), referencia=F("grupo__referencia"))
    return list(Localidade.objects.filter(Exists(contas)).values_list("id", "nome"))


@transaction.atomic
def gerar_avisos(*, localidade_id: int, execucao: UUID, hoje: date, agora: datetime) -> Counter:
    """Queue a message for each conta and channel of one localidade; safe to run again, and twice at the same time.

    Return how many were queued by channel, and `nao_geradas`. Raises SemTexto.
    """
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(336, %s)", [localidade_id])
    geracao.limpar_nao_geradas(execucao, ORIGEM, localidade_id)
    total = Counter(sms=0, email=0, nao_geradas=0)
    for grupo, parametro in _grupos_a_avisar(localidade_id, hoje):
        geracao.criar_candidatas()
        _avaliar(grupo, parametro, localidade_id, hoje, agora)
        contagem = geracao.enfileirar(
            execucao=execucao,
            origem=ORIGEM,
            unidade=localidade_id,
            saidas=_saidas(parametro, agora),
            agora=agora,
        )
        total.update(contagem)
    return total


def simular_avisos(*, localidade_id: int, hoje: date, agora: datetime) -> Prevista:
    """What `gerar_avisos` would do in a new run; nothing is written. Raises SemTexto."""
    total = Prevista()
    with previsao.sem_gravar():
        for grupo, parametro in _grupos_a_avisar(localidade_id, hoje):
            geracao.esvaziar_candidatas()
            _avaliar(grupo, parametro, localidade_id, hoje, agora)
            total.somar(previsao.prever(origem=ORIGEM, textos=_textos(parametro), hoje=hoje, agora=agora))
    return total


def _grupos_a_avisar(localidade_id: int, hoje: date) -> Iterator[tuple[FaturamentoGrupo, ParametroMensagem]]:
    """The groups that have contas of their reference in the localidade, with the version in force.

    A group left behind, whose contas are all past or paid, needs no text. Raises SemTexto for another without one.
    """
    contas = Conta.objects.filter(localidade=localidade_id, grupo=OuterRef("pk"), referencia=OuterRef("referencia"))
    for grupo in FaturamentoGrupo.objects.filter(Exists(contas)):
        parametro = ParametroMensagem.objects.em_vigor_em(grupo.referencia)
        if parametro is None:
            suas = Conta.objects.filter(localidade=localidade_id, grupo=grupo, referencia=grupo.referencia)
            if not ainda_a_vencer(suas, hoje).exists():
                continue
            raise SemTexto(
                f"Não há texto de faturamento em vigor na referência {mes_ano(grupo.referencia)}: "
                "parametrize a mensagem de faturamento."
            )
        yield grupo, parametro


def _textos(parametro: ParametroMensagem) -> dict[Canal, VersaoTexto]:
    return {
        Canal.SMS: VersaoTexto(corpo=parametro.texto_sms, transliterar=parametro.transliterar),
        Canal.EMAIL: VersaoTexto(corpo=parametro.texto_email, assunto=parametro.assunto),
    }


def _saidas(parametro: ParametroMensagem, agora: datetime) -> dict[Canal, geracao.Saida]:
    """Through what a version leaves; from now on it is used and is never rewritten."""
    ParametroMensagem.objects.filter(pk=parametro.pk, usado_em=None).update(usado_em=agora)
    return geracao.saidas(ORIGEM, _textos(parametro), parametro.tentativas_email)


AVALIAR = f"""
INSERT INTO candidata
SELECT c.id, cl.id, c.localidade_id, {VERSAO},
    greatest(-99, least(99, %(hoje)s::date - c.vencimento))::smallint,
    %(agora)s,
    (c.vencimento + 1)::timestamp AT TIME ZONE %(fuso)s,
    CASE
        WHEN c.situacao <> ALL (%(em_vigor)s) THEN 'situacao'
        WHEN c.pago_em IS NOT NULL THEN 'paga'
        WHEN c.valor < %(valor_minimo)s THEN 'valor_minimo'
        WHEN i.categoria <> ALL (%(categorias)s) THEN 'categoria'
        WHEN c.perfil_id = %(perfil_especial)s THEN 'programa_especial'
        WHEN c.vencimento < %(hoje)s THEN 'vencida'
        WHEN c.vencimento - %(dias)s > %(hoje)s THEN 'ainda_nao'
        WHEN cl.id IS NULL THEN 'sem_usuario'
        WHEN NOT cl.ativo THEN 'cliente_inativo'
        WHEN cl.nao_perturbe THEN 'nao_perturbe'
    END,
    {geracao.COLUNAS_DO_CLIENTE}
FROM faturamento_conta c
JOIN cadastro_imovel i ON i.matricula = c.imovel_id
LEFT JOIN faturamento_clienteconta cc ON cc.conta_id = c.id AND cc.relacao = 2
LEFT JOIN cadastro_cliente cl ON cl.id = cc.cliente_id
LEFT JOIN cadastro_clientefone f ON f.cliente_id = cl.id AND f.sms
WHERE c.localidade_id = %(localidade)s AND c.grupo_id = %(grupo)s AND c.referencia = %(referencia)s
"""


def _avaliar(
    grupo: FaturamentoGrupo, parametro: ParametroMensagem, localidade_id: int, hoje: date, agora: datetime
) -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            AVALIAR,
            {
                "hoje": hoje,
                "agora": agora,
                "fuso": settings.TIME_ZONE,
                "em_vigor": [int(situacao) for situacao in Conta.SITUACOES_EM_VIGOR],
                "valor_minimo": parametro.valor_minimo,
                "categorias": parametro.categorias,
                "perfil_especial": ParametroSistema.atual().perfil_programa_especial_id,
                "dias": parametro.dias_antes,
                "ddds": geracao.DDDS_COM_SMS,
                "localidade": localidade_id,
                "grupo": grupo.pk,
                "referencia": grupo.referencia,
            },
        )
    geracao.deixar_sem_janela(ORIGEM, agora)
