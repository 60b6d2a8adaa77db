"""Generation: what the domain apps put in `candidata` and the outbox takes, with and without a localidade."""

import uuid
from datetime import timedelta

import pytest
from django.db import connection, transaction

from mensageria import geracao
from mensageria.estados import Estado
from mensageria.models import Canal, Lote, Mensagem, NaoGerada, OrigemEnvio, Remetente, VersaoTexto
from tests.fabricas import HOJE, meio_dia, nova_localidade, novas_saidas

AGORA = meio_dia(HOJE)
ORIGEM = "preventivo"


@transaction.atomic
def gerar(execucao, *, localidades=(None,), remetente=None, origem=ORIGEM, canal=Canal.EMAIL, **campos):
    """A candidate of each localidade, numbered from 1."""
    texto = VersaoTexto.objects.da(canal, "Olá", assunto="Assunto" if canal == Canal.EMAIL else "")
    geracao.criar_candidatas()
    with connection.cursor() as cursor:
        for numero, localidade in enumerate(localidades, start=1):
            linha = {
                "objeto_id": numero,
                "localidade_id": localidade,
                "versao": "",
                "prioridade": 0,
                "enviar_apos": AGORA,
                "expira_em": AGORA + timedelta(days=1),
                "destino_sms": "5584987654321",
                "destino_email": f"cliente{numero}@exemplo.com.br",
            } | campos
            marcas = ", ".join(["%s"] * len(linha))
            cursor.execute(f"INSERT INTO candidata ({', '.join(linha)}) VALUES ({marcas})", list(linha.values()))
    return geracao.enfileirar(
        execucao=execucao,
        origem=origem,
        unidade=1,
        saidas={canal: geracao.Saida(texto, 3)},
        agora=AGORA,
        remetente=remetente,
    )


@pytest.fixture
def remetente(db) -> Remetente:
    servico, _ = novas_saidas()
    return Remetente.objects.create(nome="Claro", email="claro@exemplo.com.br", servico=servico)


def test_without_localidade_all_are_in_one_lote_and_leave_by_the_remetente_given(remetente):
    execucao = uuid.uuid4()

    contagem = gerar(execucao, localidades=[None, None, None], remetente=remetente.pk)

    assert contagem == {"sms": 0, "email": 3, "nao_geradas": 0}
    lote = Lote.objects.get(execucao=execucao)
    assert lote.localidade is None
    assert set(Mensagem.objects.values_list("lote", "remetente")) == {(lote.pk, remetente.pk)}


def test_an_origin_that_has_no_row_needs_only_the_remetente_given(remetente):
    OrigemEnvio.objects.filter(pk=ORIGEM).delete()

    assert gerar(uuid.uuid4(), remetente=remetente.pk)["email"] == 1
    assert gerar(uuid.uuid4(), remetente=remetente.pk, objeto_id=9)["email"] == 1


def test_with_neither_the_reason_is_that_nothing_lets_it_out(remetente):
    contagem = gerar(uuid.uuid4())

    assert contagem == {"sms": 0, "email": 0, "nao_geradas": 1}
    assert NaoGerada.objects.get().motivo == geracao.SEM_SAIDA
    assert not Mensagem.objects.exists()


def test_the_remetente_given_comes_before_the_one_of_the_origin(remetente):
    gerar(uuid.uuid4(), remetente=remetente.pk, origem="faturamento")

    assert Mensagem.objects.get().remetente == remetente
    assert OrigemEnvio.objects.get(pk="faturamento").remetente != remetente


def test_the_remetente_of_e_mails_says_nothing_about_sms(remetente):
    gerar(uuid.uuid4(), remetente=remetente.pk, origem="faturamento", canal=Canal.SMS)

    mensagem = Mensagem.objects.get()
    assert (mensagem.remetente, mensagem.gateway) == (None, OrigemEnvio.objects.get(pk="faturamento").gateway)


def test_those_with_a_localidade_and_those_without_each_go_to_their_own_lote(remetente):
    execucao, natal = uuid.uuid4(), nova_localidade(1).pk

    gerar(execucao, localidades=[natal, None, natal, nova_localidade(2).pk], remetente=remetente.pk)

    por_lote = Mensagem.objects.order_by("objeto_id").values_list("objeto_id", "lote__localidade")
    assert list(por_lote) == [(1, 1), (2, None), (3, 1), (4, 2)]
    assert Lote.objects.filter(execucao=execucao).count() == 3


def test_the_same_fact_is_one_message_and_a_repeated_one_follows_the_remetente(remetente):
    execucao = uuid.uuid4()
    outro = Remetente.objects.create(nome="Net", email="net@exemplo.com.br", servico=remetente.servico)
    gerar(execucao, localidades=[None, None], remetente=remetente.pk)
    Mensagem.objects.filter(objeto_id=2).update(estado=Estado.CANCELADA)

    contagem = gerar(execucao, localidades=[None, None], remetente=outro.pk)

    assert contagem["email"] == 0
    assert Lote.objects.count() == 1
    assert list(Mensagem.objects.order_by("objeto_id").values_list("remetente", flat=True)) == [outro.pk, remetente.pk]
