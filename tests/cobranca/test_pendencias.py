"""What the collection side of process 336 lacks, and what the whole process does."""

import pytest

from batch import registro
from batch.models import Processo
from cobranca import pendencias
from cobranca.models import AcaoCobranca
from mensageria.models import OrigemEnvio
from tests.fabricas import (
    HOJE,
    meio_dia,
    nova_acao,
    nova_conta,
    novas_saidas,
    novo_comando,
    novo_parametro,
    novo_parametro_sistema,
)

pytestmark = pytest.mark.django_db
AGORA = meio_dia(HOJE)


@pytest.fixture(autouse=True)
def parametros():
    novo_parametro_sistema()
    novas_saidas()


def test_an_action_that_sends_messages_is_asked_for():
    nova_acao(por_sms=False, por_email=False, tentativas_email=0)
    assert [p.url for p in pendencias.das_acoes(AGORA)] == ["cobranca:acao_inserir"]

    nova_acao()
    assert pendencias.das_acoes(AGORA) == []

    AcaoCobranca.objects.update(ativa=False)
    assert [p.url for p in pendencias.das_acoes(AGORA)] == ["cobranca:acoes"]


def test_a_comando_without_documents_is_named():
    novo_comando(gerado_em=AGORA)
    novo_comando(nova_acao(por_sms=False, por_email=False, tentativas_email=0))
    assert pendencias.dos_comandos(AGORA) == []

    novo_comando()
    (pendencia,) = pendencias.dos_comandos(AGORA)
    assert "“Comando”" in pendencia.texto and not pendencia.grave


@pytest.mark.parametrize(
    ("acao", "esperadas"),
    [({"por_sms": False}, 0), ({"por_email": False, "tentativas_email": 0}, 1), ({}, 1), ({"ativa": False}, 0)],
)
def test_only_the_channels_of_active_actions_need_a_way_out(acao, esperadas):
    OrigemEnvio.objects.filter(pk="cobranca").update(gateway=None)
    nova_acao(**acao)

    assert len(pendencias.da_saida(AGORA)) == esperadas


def test_when_nothing_is_missing_the_process_says_nothing(django_assert_max_num_queries):
    novo_parametro()
    nova_conta()
    novo_comando(gerado_em=AGORA)
    processo = Processo.objects.get(pk=336)

    with django_assert_max_num_queries(20):
        assert registro.pendencias(processo, AGORA) == []


def test_what_both_sides_lack_is_told_once():
    OrigemEnvio.objects.all().delete()
    nova_acao()

    textos = [p.texto for p in registro.pendencias(Processo.objects.get(pk=336), AGORA)]

    assert len(textos) == len(set(textos))
    assert sum("não há clientes" in texto for texto in textos) == 1
    assert sum("não tem gateway de SMS" in texto for texto in textos) == 2
