"""What the billing side of process 336 lacks, topic by topic."""

from datetime import timedelta

import pytest

from batch import registro
from batch.models import Processo
from batch.registro import Pendencia
from cadastro.models import Cliente, ClienteFone, ParametroSistema
from faturamento import pendencias
from faturamento.models import ParametroMensagem
from mensageria.models import OrigemEnvio
from tests.fabricas import (
    HOJE,
    meio_dia,
    nova_conta,
    nova_localidade,
    novas_saidas,
    novo_cliente,
    novo_grupo,
    novo_imovel,
    novo_parametro,
    novo_parametro_sistema,
)

pytestmark = pytest.mark.django_db
AGORA = meio_dia(HOJE)
FUNCIONALIDADE = "gerar-mensagens-faturamento"


@pytest.fixture
def pronto():
    """All that the step needs."""
    novo_parametro_sistema()
    novas_saidas()
    novo_parametro()
    nova_conta()


def textos(achadas: list[Pendencia]) -> list[str]:
    return [pendencia.texto for pendencia in achadas]


def test_when_nothing_is_missing_nothing_is_said_and_it_takes_few_queries(pronto, django_assert_max_num_queries):
    for codigo in range(2, 12):
        nova_conta(grupo=novo_grupo(codigo=codigo), imovel=novo_imovel(localidade=nova_localidade(codigo)))

    with django_assert_max_num_queries(10):
        assert registro.buscar(FUNCIONALIDADE).pendencias(AGORA) == []


def test_a_group_left_behind_lacks_no_text(pronto):
    nova_conta(grupo=novo_grupo(referencia=201905, codigo=9), referencia=201905, vencimento=HOJE - timedelta(days=1))
    assert pendencias.do_texto(AGORA) == []

    nova_conta(grupo=novo_grupo(referencia=201906, codigo=10), referencia=201906)
    assert [p.texto for p in pendencias.do_texto(AGORA) if "06/2019" in p.texto]


def test_on_a_new_installation_everything_is_told_in_the_order_of_the_manual():
    assert [(p.url, p.grave) for p in pendencias.da_funcionalidade(AGORA)] == [
        ("cadastro:parametros", True),
        ("faturamento:parametrizar_mensagem", True),
        ("admin:faturamento_faturamentogrupo_changelist", True),
        ("admin:mensageria_gatewaysms_add", True),
        ("admin:mensageria_servicoemail_add", True),
        ("cadastro:clientes", False),
        ("cadastro:clientes", False),
    ]


def test_the_parameters_of_the_system_are_asked_for(pronto):
    ParametroSistema.objects.all().delete()

    assert "Tamanho Máximo Mensagem via SMS" in pendencias.do_sistema(AGORA)[0].texto


def test_a_group_whose_contas_have_no_text_in_force_is_named(pronto):
    nova_conta(grupo=novo_grupo(202601, codigo=2), referencia=202601)
    novo_grupo(202501, codigo=3)  # it has no contas, so it lacks no text
    ParametroMensagem.objects.update(referencia=202611)

    assert textos(pendencias.do_texto(AGORA)) == [
        "Não há texto de faturamento em vigor na referência 01/2026, a do grupo GRUPO 2: "
        "parametrize a mensagem de faturamento."
    ]


def test_without_any_text_there_is_one_thing_to_do(pronto):
    ParametroMensagem.objects.all().delete()

    assert textos(pendencias.do_texto(AGORA)) == [
        "A mensagem de faturamento ainda não foi parametrizada: parametrize-a."
    ]


def test_contas_of_another_reference_are_no_contas_to_announce(pronto):
    assert pendencias.das_contas(AGORA) == []

    novo_grupo(202612)

    assert len(pendencias.das_contas(AGORA)) == 1


def test_an_origin_without_gateway_keeps_its_sms_out(pronto):
    OrigemEnvio.objects.filter(pk="faturamento").update(gateway=None)

    assert [("SMS" in p.texto, p.grave) for p in pendencias.da_saida(AGORA)] == [(True, True)]


@pytest.mark.parametrize("canais", [{}, {"por_sms": False}, {"por_email": False}])
def test_one_customer_who_receives_by_some_channel_is_enough(canais):
    novo_cliente(**canais)

    assert pendencias.dos_clientes(AGORA) == []


def test_customers_who_receive_nothing_and_phones_that_are_not_marked_are_told(pronto):
    Cliente.objects.update(por_sms=False, por_email=False)
    assert [p.grave for p in pendencias.dos_clientes(AGORA)] == [False]
    assert pendencias.dos_telefones(AGORA) == []

    ClienteFone.objects.update(sms=False)
    assert [p.grave for p in pendencias.dos_telefones(AGORA)] == [False]


# The process itself


def test_the_process_as_it_is_installed_lacks_nothing():
    assert pendencias.do_processo(AGORA) == []


def test_a_step_that_is_switched_off_is_told():
    Processo.objects.get(pk=336).funcionalidades.filter(codigo="transmitir-sms").update(ativo=False)

    (desligada,) = pendencias.do_processo(AGORA)
    assert "“Transmitir SMS”" in desligada.texto and not desligada.grave


def test_a_process_that_is_inactive_cannot_be_started():
    Processo.objects.update(ativo=False)

    assert [p.grave for p in pendencias.do_processo(AGORA)] == [True]
