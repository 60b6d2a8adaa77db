"""Which contas process 336 announces, and why the others are left out."""

import uuid
from collections import Counter
from datetime import timedelta
from decimal import Decimal

import pytest

from faturamento.avisos import SemTexto, gerar_avisos
from faturamento.fonte import MotivoDeNaoGerar
from faturamento.models import ClienteConta, Conta
from mensageria.estados import Estado
from mensageria.models import Canal, Lote, Mensagem, NaoGerada, OrigemEnvio
from tests.fabricas import (
    HOJE,
    meio_dia,
    nova_conta,
    novas_saidas,
    novo_cliente,
    novo_fone,
    novo_grupo,
    novo_imovel,
    novo_parametro,
    novo_parametro_sistema,
)
from tests.mensageria.apoio import nova_reserva

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def parametros():
    novo_parametro_sistema()
    novas_saidas()


def gerar(execucao=None, hoje=HOJE) -> Counter:
    return gerar_avisos(localidade_id=1, execucao=execucao or uuid.uuid4(), hoje=hoje, agora=meio_dia(hoje))


def motivos() -> set[str]:
    return set(NaoGerada.objects.values_list("motivo", flat=True))


def test_a_conta_in_the_window_gets_an_sms_and_an_email():
    novo_parametro()
    conta = nova_conta(cliente=novo_cliente(email="ana@exemplo.com.br", ddd="84", celular="912345678"))

    assert gerar() == {"sms": 1, "email": 1, "nao_geradas": 0}

    assert set(Mensagem.objects.values_list("canal", "destino", "objeto_id")) == {
        (Canal.SMS, "5584912345678", conta.pk),
        (Canal.EMAIL, "ana@exemplo.com.br", conta.pk),
    }
    assert not NaoGerada.objects.exists()


def test_the_limit_of_a_message_is_the_end_of_the_due_day_in_local_time():
    novo_parametro()
    conta = nova_conta()

    gerar()

    assert {m.expira_em for m in Mensagem.objects.all()} == {meio_dia(conta.vencimento) + timedelta(hours=12)}


@pytest.mark.parametrize(
    ("dias_ate_vencer", "entra"), [(-1, False), (0, True), (1, True), (4, True), (5, True), (6, False)]
)
def test_the_window_goes_from_the_first_day_to_the_due_date_both_included(dias_ate_vencer, entra):
    novo_parametro(dias_antes=5)
    nova_conta(vencimento=HOJE + timedelta(days=dias_ate_vencer))

    gerar()

    assert Mensagem.objects.exists() is entra


def test_with_no_days_before_only_the_due_day_itself_is_announced():
    novo_parametro(dias_antes=0)
    nova_conta(vencimento=HOJE)
    nova_conta(vencimento=HOJE + timedelta(days=1))

    assert gerar()["sms"] == 1


DEIXADAS = {
    "situacao": {"situacao": Conta.Situacao.CANCELADA},
    "paga": {"pago_em": HOJE},
    "valor_minimo": {"valor": "9.99"},
    "vencida": {"vencimento": HOJE - timedelta(days=1)},
    "ainda_nao": {"vencimento": HOJE + timedelta(days=6)},
}


@pytest.mark.parametrize("motivo", DEIXADAS)
def test_a_conta_that_must_not_be_announced_is_left_out_with_its_reason(motivo):
    novo_parametro(valor_minimo=Decimal("10.00"))
    conta = nova_conta(**DEIXADAS[motivo])

    assert gerar() == {"nao_geradas": 1, "sms": 0, "email": 0}

    assert list(NaoGerada.objects.values_list("objeto_id", "canal", "motivo")) == [(conta.pk, None, motivo)]


@pytest.mark.parametrize("situacao", [0, 1, 2])
def test_contas_normal_retificada_and_incluida_are_in_force(situacao):
    novo_parametro()
    nova_conta(situacao=situacao)

    assert gerar()["sms"] == 1


@pytest.mark.parametrize("situacao", [3, 4, 5, 6, 7, 8, 9, 10])
def test_a_conta_in_any_other_situation_is_left_out(situacao):
    novo_parametro()
    nova_conta(situacao=situacao)

    gerar()

    assert motivos() == {"situacao"}


def test_the_minimum_value_itself_is_announced():
    novo_parametro(valor_minimo=Decimal("50.00"))
    nova_conta(valor="50.00")

    assert gerar()["email"] == 1


def test_an_imovel_of_an_unmarked_categoria_is_left_out():
    novo_parametro(categorias=[1])
    nova_conta(imovel=novo_imovel(categoria=3))

    gerar()

    assert motivos() == {"categoria"}


def test_imoveis_of_the_special_programme_are_left_out():
    novo_parametro()
    imovel = novo_imovel(perfil=5)
    novo_parametro_sistema(perfil_programa_especial_id=5)
    nova_conta(imovel=imovel)

    gerar()

    assert motivos() == {"programa_especial"}


def test_without_a_special_programme_nobody_is_left_out_for_it():
    """The trap of gsan.md 2.5: with the parameter null GSAN's SQL returns nothing."""
    novo_parametro()
    novo_parametro_sistema(perfil_programa_especial=None)
    nova_conta()

    assert gerar()["sms"] == 1


def test_a_conta_without_usuario_or_with_an_inactive_one_is_left_out():
    novo_parametro()
    ClienteConta.objects.filter(conta=nova_conta()).delete()
    nova_conta(cliente=novo_cliente(ativo=False))

    gerar()

    assert motivos() == {"sem_usuario", "cliente_inativo"}


CANAIS = {
    "sms_desligado": {"por_sms": False},
    "sem_telefone": {"celular": None},
    "telefone_invalido": {"celular": "812345678"},
    "email_desligado": {"por_email": False},
    "sem_email": {"email": ""},
}


@pytest.mark.parametrize("motivo", CANAIS)
def test_a_channel_that_the_customer_lacks_is_left_out_and_the_other_is_used(motivo):
    novo_parametro()
    nova_conta(cliente=novo_cliente(**CANAIS[motivo]))

    contagem = gerar()

    assert contagem["sms"] + contagem["email"] == 1
    deixada = NaoGerada.objects.get()
    assert (deixada.motivo, deixada.canal) == (motivo, Canal.EMAIL if "email" in motivo else Canal.SMS)


def test_the_phone_is_the_one_marked_sms_and_not_any_celular():
    novo_parametro()
    cliente = novo_cliente(celular=None)
    novo_fone(cliente, numero="911111111", principal=True)
    novo_fone(cliente, numero="922222222", sms=True)
    nova_conta(cliente=cliente)

    gerar()

    assert Mensagem.objects.get(canal=Canal.SMS).destino == "5584922222222"


def test_an_origin_without_remetente_or_gateway_says_so():
    novo_parametro()
    OrigemEnvio.objects.update(gateway=None)
    nova_conta()

    assert gerar()["email"] == 1
    assert motivos() == {"sem_saida"}


def test_without_a_text_in_force_the_unit_fails_in_the_operators_words():
    novo_parametro(referencia=202612)
    nova_conta()

    with pytest.raises(SemTexto, match="11/2026"):
        gerar()


@pytest.mark.parametrize(
    "campos", [{"vencimento": HOJE - timedelta(days=1)}, {"pago_em": HOJE}, {"situacao": Conta.Situacao.CANCELADA}]
)
def test_a_group_left_behind_needs_no_text_and_keeps_no_other_from_its_own(campos):
    novo_parametro()
    nova_conta(cliente=novo_cliente(email="ana@exemplo.com.br"))
    nova_conta(grupo=novo_grupo(referencia=201905, codigo=9), referencia=201905, **campos)

    assert gerar()["email"] == 1


def test_the_text_is_the_newest_whose_reference_is_not_after_that_of_the_conta():
    novo_parametro(referencia=202609, texto_sms="velho {NOME}")
    novo_parametro(referencia=202611, texto_sms="certo {NOME}")
    novo_parametro(referencia=202612, texto_sms="futuro {NOME}")
    nova_conta()

    gerar()

    assert Mensagem.objects.get(canal=Canal.SMS).texto.corpo == "certo {NOME}"


def test_only_contas_at_the_reference_of_their_own_group_are_seen():
    novo_parametro()
    nova_conta(referencia=202610)
    de_outro_grupo = nova_conta(grupo=novo_grupo(referencia=202610, codigo=2), referencia=202610)

    gerar()

    assert set(Mensagem.objects.values_list("objeto_id", flat=True)) == {de_outro_grupo.pk}


def test_running_a_unit_twice_queues_one_message_per_conta_and_channel():
    novo_parametro()
    nova_conta()
    execucao = uuid.uuid4()

    gerar(execucao)
    assert gerar(execucao) == {"sms": 0, "email": 0, "nao_geradas": 0}

    assert Mensagem.objects.count() == 2


def test_another_run_sends_nothing_again_and_says_why():
    novo_parametro()
    nova_conta()
    gerar()

    gerar(hoje=HOJE + timedelta(days=1))

    assert Mensagem.objects.count() == 2
    assert Counter(NaoGerada.objects.values_list("motivo", flat=True)) == {"ja_anunciada": 2}


def test_a_new_value_or_due_date_is_another_fact():
    novo_parametro()
    conta = nova_conta()
    gerar()

    conta.valor_agua += 1
    conta.save()
    gerar()
    conta.vencimento += timedelta(days=1)
    conta.save()
    gerar()

    assert Mensagem.objects.filter(canal=Canal.SMS).count() == 3


def test_repeating_refreshes_what_is_pending_and_touches_nothing_else():
    novo_parametro()
    cliente = novo_cliente(email="velho@exemplo.com.br")
    nova_conta(cliente=cliente)
    gerar()
    sms = Mensagem.objects.get(canal=Canal.SMS)
    sms.estado, sms.reserva = Estado.EM_ENVIO, nova_reserva(sms.gateway, [sms.pk])
    sms.save()

    cliente.email = "novo@exemplo.com.br"
    cliente.save()
    cliente.fones.update(numero="955555555")
    gerar()

    assert Mensagem.objects.get(canal=Canal.EMAIL).destino == "novo@exemplo.com.br"
    assert Mensagem.objects.get(canal=Canal.SMS).destino == sms.destino


def test_a_used_version_of_the_text_is_marked_and_never_rewritten():
    parametro = novo_parametro()
    nova_conta()
    gerar()

    parametro.refresh_from_db()
    assert parametro.usado_em
    parametro.texto_sms = "outro"
    with pytest.raises(Exception, match="já foi usada"):
        parametro.save()


def test_messages_are_gathered_in_a_lote_for_each_channel():
    novo_parametro()
    nova_conta()
    nova_conta()
    execucao = uuid.uuid4()

    gerar(execucao)

    assert set(Lote.objects.values_list("execucao", "origem", "canal", "localidade")) == {
        (execucao, "faturamento", Canal.SMS, 1),
        (execucao, "faturamento", Canal.EMAIL, 1),
    }


def test_the_number_of_statements_does_not_grow_with_the_contas(django_assert_max_num_queries):
    novo_parametro()
    for _ in range(30):
        nova_conta()

    with django_assert_max_num_queries(40):
        gerar()

    assert Mensagem.objects.count() == 60


def test_every_reason_that_the_sql_gives_has_words():
    import re

    from faturamento import avisos

    usados = set(re.findall(r"THEN '(\w+)'", avisos.AVALIAR))
    assert usados <= set(MotivoDeNaoGerar.values)
