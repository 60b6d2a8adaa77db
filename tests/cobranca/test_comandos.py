"""What a comando counts, and that documents which are sent are not cancelled."""

import uuid

import pytest

from cobranca import comandos
from cobranca.avisos import comandos_a_avisar, gerar_avisos
from cobranca.documentos import gerar_documentos
from cobranca.models import CobrancaDocumento, ComandoAcao
from mensageria.estados import Estado
from mensageria.models import Canal, Mensagem
from tests.fabricas import (
    HOJE,
    meio_dia,
    nova_acao,
    nova_conta,
    novas_saidas,
    novo_cliente,
    novo_comando,
    novo_imovel,
    novo_parametro_sistema,
    novo_vinculo,
)
from tests.mensageria.apoio import por_em

pytestmark = pytest.mark.django_db
AGORA = meio_dia(HOJE)
SEM_MENSAGEM = {"por_sms": False, "por_email": False, "tentativas_email": 0}


@pytest.fixture(autouse=True)
def parametros():
    novo_parametro_sistema()
    novas_saidas()


def devedores(quantos: int, **cliente) -> None:
    for _ in range(quantos):
        imovel, usuario = novo_imovel(), novo_cliente(**cliente)
        novo_vinculo(usuario, imovel)
        nova_conta(imovel=imovel, cliente=usuario, vencimento=HOJE.replace(month=10), valor="100.00")


def gerado(acao) -> ComandoAcao:
    comando = novo_comando(acao)
    gerar_documentos(comando.pk, hoje=HOJE, agora=AGORA)
    comando.refresh_from_db()
    return comando


def anunciar(*quais: ComandoAcao) -> None:
    execucao = uuid.uuid4()
    for comando in quais:
        gerar_avisos(comando_id=comando.pk, execucao=execucao, hoje=HOJE, agora=AGORA)


def test_the_counters_of_a_comando_are_those_of_the_ledger():
    devedores(2)
    devedores(1, celular=None)
    comando = gerado(nova_acao())
    anunciar(comando)
    um_sms = Mensagem.objects.filter(canal=Canal.SMS).first()
    um_email, outro = Mensagem.objects.filter(canal=Canal.EMAIL)[:2]
    por_em(um_sms, Estado.ENTREGUE)
    por_em(um_email, Estado.ENVIADA)
    por_em(outro, Estado.FALHA)

    assert comandos.contagens(comando) == [
        ("Documentos gerados", 3),
        ("SMS gerados", 2),
        ("SMS enviados", 1),
        ("E-mails gerados", 3),
        ("E-mails enviados", 1),
    ]


def test_two_comandos_of_one_action_in_one_run_are_counted_apart():
    devedores(2)
    acao = nova_acao(por_email=False, tentativas_email=0)
    um = gerado(acao)
    devedores(1)
    outro = gerado(acao)
    anunciar(um, outro)

    assert dict(comandos.contagens(um))["SMS gerados"] == 2
    assert dict(comandos.contagens(outro))["SMS gerados"] == 3


def test_a_comando_without_messages_counts_none():
    devedores(1)

    assert comandos.contagens(gerado(nova_acao(**SEM_MENSAGEM)))[1:] == [
        ("SMS gerados", 0),
        ("SMS enviados", 0),
        ("E-mails gerados", 0),
        ("E-mails enviados", 0),
    ]


@pytest.mark.parametrize("canal", ["por_sms", "por_email"])
def test_documents_of_an_action_that_sends_messages_are_not_cancelled(canal, django_user_model):
    devedores(1)
    comando = gerado(nova_acao(**SEM_MENSAGEM | {canal: True, "tentativas_email": 3}))

    with pytest.raises(comandos.NaoCancela, match="ação de cobrança que envia SMS ou e-mail"):
        comandos.cancelar(comando.pk, usuario=None, agora=AGORA)

    comando.refresh_from_db()
    assert comando.cancelado_em is None
    assert not CobrancaDocumento.objects.get().cancelado


def test_what_was_announced_is_not_cancelled_after_the_action_stopped_sending():
    devedores(1)
    acao = nova_acao()
    comando = gerado(acao)
    anunciar(comando)
    type(acao).objects.update(por_sms=False, por_email=False)

    with pytest.raises(comandos.NaoCancela):
        comandos.cancelar(comando.pk, usuario=None, agora=AGORA)


def test_a_comando_without_messages_is_cancelled_with_what_is_not_paid(django_user_model):
    ana = django_user_model.objects.create_user("ana")
    devedores(3)
    comando = gerado(nova_acao(**SEM_MENSAGEM))
    pago = comando.documentos.first()
    comando.documentos.filter(pk=pago.pk).update(pago_em=HOJE)

    assert comandos.cancelar(comando.pk, usuario=ana, agora=AGORA) == 2

    comando.refresh_from_db()
    assert (comando.cancelado_em, comando.cancelado_por) == (AGORA, ana)
    assert list(comando.documentos.filter(cancelado=False)) == [pago]
    with pytest.raises(comandos.NaoCancela, match="já foi cancelado"):
        comandos.cancelar(comando.pk, usuario=ana, agora=AGORA)


def test_a_comando_that_made_no_documents_yet_is_cancelled_whatever_its_action():
    comando = novo_comando()

    assert comandos.cancelar(comando.pk, usuario=None, agora=AGORA) == 0


def test_a_cancelled_comando_is_not_announced():
    devedores(1)
    acao = nova_acao(**SEM_MENSAGEM)
    comando = gerado(acao)
    comandos.cancelar(comando.pk, usuario=None, agora=AGORA)
    type(acao).objects.update(por_sms=True, texto_sms="Deve {VALORDOC}")

    assert comandos_a_avisar() == []
    anunciar(comando)
    assert not Mensagem.objects.exists()
