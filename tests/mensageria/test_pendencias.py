"""What an origin lacks for its messages to leave, in words that say what to do."""

from datetime import timedelta

import pytest
from django.urls import reverse

from mensageria.models import Canal, GatewaySMS, OrigemEnvio
from mensageria.pendencias import Falta, da_saida
from tests.fabricas import HOJE, meio_dia, novas_saidas

pytestmark = pytest.mark.django_db
AGORA = meio_dia(HOJE)


def faltas(*canais: Canal) -> list[Falta]:
    achadas = da_saida("faturamento", AGORA, canais or tuple(Canal))
    for falta in achadas:
        assert reverse(falta.url)
    return achadas


def test_with_a_service_for_each_channel_nothing_is_missing(django_assert_num_queries):
    novas_saidas()

    with django_assert_num_queries(1):
        assert da_saida("faturamento", AGORA) == []


def test_with_nothing_registered_each_channel_asks_for_a_service():
    assert faltas() == [
        Falta(
            "Nenhum gateway de SMS foi cadastrado: os SMS ficam de fora. Cadastre um.",
            "admin:mensageria_gatewaysms_add",
        ),
        Falta(
            "Nenhum serviço de e-mail foi cadastrado: os e-mails ficam de fora. Cadastre um.",
            "admin:mensageria_servicoemail_add",
        ),
    ]


def test_an_origin_without_gateway_or_remetente_says_which_channel_stays_out():
    novas_saidas()
    OrigemEnvio.objects.filter(pk="faturamento").update(gateway=None, remetente=None)

    assert faltas() == [
        Falta(
            "A origem Faturamento não tem gateway de SMS: os SMS dela ficam de fora. Escolha um na origem de envio.",
            "admin:mensageria_origemenvio_changelist",
        ),
        Falta(
            "A origem Faturamento não tem remetente de e-mail: os e-mails dela ficam de fora. "
            "Escolha um na origem de envio.",
            "admin:mensageria_origemenvio_changelist",
        ),
    ]


def test_an_origin_that_is_not_there_is_to_be_added():
    novas_saidas()
    OrigemEnvio.objects.all().delete()

    assert {falta.url for falta in faltas()} == {"admin:mensageria_origemenvio_add"}


def test_only_the_channels_asked_for_are_looked_at():
    assert len(faltas(Canal.EMAIL)) == 1
    assert da_saida("faturamento", AGORA, []) == []


def test_a_service_that_does_not_work_now_holds_its_messages_and_is_not_grave():
    email, gateway = novas_saidas()
    gateway.ativo = False
    gateway.save()
    email.em_espera_ate, email.motivo_espera = AGORA + timedelta(minutes=5), "conexão recusada"
    email.save()

    assert faltas() == [
        Falta(
            f"O gateway de SMS {gateway} está inativo: os SMS esperam até que seja ativado.",
            "admin:mensageria_gatewaysms_changelist",
            grave=False,
        ),
        Falta(
            f"O serviço de e-mail {email} está em espera até 10/11/2026 12:05 (conexão recusada): "
            "os e-mails saem depois.",
            "admin:mensageria_servicoemail_changelist",
            grave=False,
        ),
    ]


def test_a_rest_that_is_over_is_not_told():
    novas_saidas()
    GatewaySMS.objects.update(em_espera_ate=AGORA)

    assert faltas() == []
