"""Which documents process 336 announces, through which channels, and why the others are left out."""

import re
import uuid
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from decimal import Decimal

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from cobranca import avisos
from cobranca.avisos import comandos_a_avisar, gerar_avisos
from cobranca.documentos import gerar_documentos
from cobranca.fonte import FonteDeDocumentos, MotivoDeNaoGerar
from cobranca.models import AcaoCobranca, CobrancaDocumento, ComandoAcao
from faturamento import codigo_barras
from faturamento.models import DebitoACobrar
from mensageria.estados import Motivo
from mensageria.models import Canal, Lote, Mensagem, NaoGerada, OrigemEnvio
from tests.fabricas import (
    HOJE,
    meio_dia,
    nova_acao,
    nova_conta,
    novas_saidas,
    novo_cliente,
    novo_comando,
    novo_fone,
    novo_imovel,
    novo_parametro_sistema,
    novo_vinculo,
)

pytestmark = pytest.mark.django_db
UM_DIA = timedelta(days=1)
ZERO = {"sms": 0, "email": 0, "nao_geradas": 0}


@pytest.fixture(autouse=True)
def parametros(request):
    if "transactional_db" in request.fixturenames:
        request.getfixturevalue("transactional_db")
    novo_parametro_sistema()
    novas_saidas()


def novo_documento(cliente=None, comando: ComandoAcao | None = None, **campos) -> CobrancaDocumento:
    """A document of a comando whose documents are ready, valid for ten days, for an imóvel with a usuário."""
    imovel = campos.pop("imovel", None) or novo_imovel()
    if cliente is not False:
        novo_vinculo(cliente or novo_cliente(), imovel)
    padrao = {
        "comando": comando or novo_comando(gerado_em=meio_dia(HOJE)),
        "localidade_id": imovel.localidade_id,
        "tipo_documento": 8,
        "emissao": HOJE,
        "validade": HOJE + 10 * UM_DIA,
        "valor": Decimal("100.00"),
    }
    return CobrancaDocumento.objects.create(imovel=imovel, **padrao | campos)


def comando_de(acao: AcaoCobranca, **campos) -> ComandoAcao:
    return novo_comando(acao, **{"gerado_em": meio_dia(HOJE)} | campos)


def gerar(comando: ComandoAcao, *, execucao=None, hoje=HOJE) -> Counter:
    return gerar_avisos(comando_id=comando.pk, execucao=execucao or uuid.uuid4(), hoje=hoje, agora=meio_dia(hoje))


def canais() -> set[int]:
    return set(Mensagem.objects.values_list("canal", flat=True))


def deixados() -> set[tuple]:
    return set(NaoGerada.objects.values_list("canal", "motivo"))


SO_SMS = {"por_email": False, "tentativas_email": 0}
SO_EMAIL = {"por_sms": False}


def test_a_document_gets_an_sms_and_an_email():
    documento = novo_documento(novo_cliente(email="ana@exemplo.com.br", ddd="84", celular="912345678"))

    assert gerar(documento.comando) == {"sms": 1, "email": 1, "nao_geradas": 0}

    assert set(Mensagem.objects.values_list("canal", "destino", "objeto_id", "origem")) == {
        (Canal.SMS, "5584912345678", documento.pk, "cobranca"),
        (Canal.EMAIL, "ana@exemplo.com.br", documento.pk, "cobranca"),
    }
    assert not NaoGerada.objects.exists()


def test_from_the_debt_to_the_messages():
    imovel = novo_imovel()
    novo_vinculo(novo_cliente(), imovel)
    nova_conta(imovel=imovel, vencimento=HOJE - 30 * UM_DIA)
    comando = novo_comando()

    gerar_documentos(comando.pk, hoje=HOJE, agora=meio_dia(HOJE))

    assert gerar(comando) == {"sms": 1, "email": 1, "nao_geradas": 0}


# Channels: the action's and the customer's, both (the trap of gsan.md 2.6).


@pytest.mark.parametrize(
    ("acao", "cliente", "esperados", "motivos"),
    [
        (SO_SMS, {}, {Canal.SMS}, set()),
        (SO_EMAIL, {}, {Canal.EMAIL}, set()),
        (SO_SMS, {"por_email": False}, {Canal.SMS}, set()),
        (SO_EMAIL, {"por_sms": False}, {Canal.EMAIL}, set()),
        (SO_SMS, {"por_sms": False}, set(), {(Canal.SMS, "sms_desligado")}),
        (SO_EMAIL, {"por_email": False}, set(), {(Canal.EMAIL, "email_desligado")}),
        ({}, {"por_sms": False}, {Canal.EMAIL}, {(Canal.SMS, "sms_desligado")}),
        ({}, {"por_email": False}, {Canal.SMS}, {(Canal.EMAIL, "email_desligado")}),
        ({}, {"celular": None}, {Canal.EMAIL}, {(Canal.SMS, "sem_telefone")}),
        ({}, {"celular": "812345678"}, {Canal.EMAIL}, {(Canal.SMS, "telefone_invalido")}),
        ({}, {"ddd": "23"}, {Canal.EMAIL}, {(Canal.SMS, "telefone_invalido")}),
        ({}, {"email": ""}, {Canal.SMS}, {(Canal.EMAIL, "sem_email")}),
    ],
)
def test_a_channel_is_used_only_when_the_action_and_the_customer_have_it(acao, cliente, esperados, motivos):
    documento = novo_documento(novo_cliente(**cliente), comando_de(nova_acao(**acao)))

    contagem = gerar(documento.comando)

    assert canais() == esperados
    assert deixados() == motivos
    assert contagem == {
        "sms": Canal.SMS in esperados,
        "email": Canal.EMAIL in esperados,
        "nao_geradas": len(motivos),
    }


def test_the_phone_is_the_one_marked_sms_and_not_any_celular():
    cliente = novo_cliente(celular=None)
    novo_fone(cliente, numero="911111111", principal=True)
    novo_fone(cliente, numero="922222222", sms=True)

    gerar(novo_documento(cliente).comando)

    assert Mensagem.objects.get(canal=Canal.SMS).destino == "5584922222222"


def test_the_client_is_the_usuario_of_today():
    imovel = novo_imovel()
    novo_vinculo(novo_cliente(email="antigo@exemplo.com.br"), imovel, fim=HOJE)
    novo_vinculo(novo_cliente(email="atual@exemplo.com.br"), imovel, inicio=HOJE)

    gerar(novo_documento(False, imovel=imovel).comando)

    assert Mensagem.objects.get(canal=Canal.EMAIL).destino == "atual@exemplo.com.br"


def test_the_attempts_are_those_of_the_action_and_of_the_gateway():
    documento = novo_documento(comando=comando_de(nova_acao(tentativas_email=7)))

    gerar(documento.comando)

    assert set(Mensagem.objects.values_list("canal", "tentativas_maximas")) == {(Canal.SMS, 3), (Canal.EMAIL, 7)}


# The window.


def test_the_limit_of_a_message_is_the_end_of_the_last_valid_day_in_local_time():
    documento = novo_documento()

    gerar(documento.comando)

    assert {m.expira_em for m in Mensagem.objects.all()} == {meio_dia(documento.validade) + timedelta(hours=12)}
    assert {m.enviar_apos for m in Mensagem.objects.all()} == {meio_dia(HOJE)}


def test_a_later_day_to_send_from_makes_them_programadas():
    comando = comando_de(nova_acao(), enviar_a_partir_de=HOJE + 3 * UM_DIA)
    novo_documento(comando=comando)

    gerar(comando)

    agora = meio_dia(HOJE)
    assert {m.enviar_apos for m in Mensagem.objects.all()} == {meio_dia(HOJE + 3 * UM_DIA) - timedelta(hours=12)}
    assert Mensagem.objects.programadas(agora).count() == 2
    assert not Mensagem.objects.devidas(agora).exists()
    assert Mensagem.objects.devidas(meio_dia(HOJE + 3 * UM_DIA)).count() == 2


@pytest.mark.parametrize("dia", [HOJE, HOJE - UM_DIA])
def test_a_day_to_send_from_that_came_already_means_now(dia):
    comando = comando_de(nova_acao(), enviar_a_partir_de=dia)
    novo_documento(comando=comando)

    gerar(comando)

    assert Mensagem.objects.devidas(meio_dia(HOJE)).count() == 2


@pytest.mark.parametrize(("dias", "entra"), [(9, True), (10, True), (11, False)])
def test_a_document_is_announced_up_to_its_last_valid_day(dias, entra):
    documento = novo_documento()

    gerar(documento.comando, hoje=HOJE + dias * UM_DIA)

    assert Mensagem.objects.exists() is entra
    assert deixados() == (set() if entra else {(None, "vencido")})


def test_a_day_to_send_from_after_the_validade_leaves_the_document_out():
    comando = comando_de(nova_acao(), enviar_a_partir_de=HOJE + 11 * UM_DIA)
    novo_documento(comando=comando)

    gerar(comando)

    assert deixados() == {(None, "vencido")}


# Documents that must not be announced.


@pytest.mark.parametrize(
    ("motivo", "campos"),
    [
        ("documento_cancelado", {"cancelado": True}),
        ("pago", {"pago_em": HOJE}),
        ("vencido", {"emissao": HOJE - 9 * UM_DIA, "validade": HOJE - UM_DIA}),
        ("sem_usuario", {"cliente": False}),
    ],
)
def test_a_document_that_must_not_be_announced_is_left_out_with_its_reason(motivo, campos):
    documento = novo_documento(**campos)

    assert gerar(documento.comando) == ZERO | {"nao_geradas": 1}

    assert list(NaoGerada.objects.values_list("objeto_id", "canal", "motivo")) == [(documento.pk, None, motivo)]


def test_an_inactive_usuario_and_the_special_programme_are_left_out():
    imovel = novo_imovel(perfil=5)
    novo_parametro_sistema(perfil_programa_especial_id=5)
    comando = comando_de(nova_acao())
    novo_documento(imovel=imovel, comando=comando)
    novo_documento(novo_cliente(ativo=False), comando)

    gerar(comando)

    assert deixados() == {(None, "programa_especial"), (None, "cliente_inativo")}


def test_only_the_documents_of_the_comando_are_announced():
    documento, _ = novo_documento(), novo_documento()

    gerar(documento.comando)

    assert set(Mensagem.objects.values_list("objeto_id", flat=True)) == {documento.pk}


def test_an_origin_without_remetente_or_gateway_says_so():
    OrigemEnvio.objects.update(remetente=None)
    documento = novo_documento()

    gerar(documento.comando)

    assert canais() == {Canal.SMS}
    assert deixados() == {(Canal.EMAIL, "sem_saida")}


def test_every_reason_that_the_sql_gives_has_words():
    assert set(re.findall(r"THEN '(\w+)'", avisos.AVALIAR)) <= set(MotivoDeNaoGerar.values)


# Once.


def test_a_comando_is_announced_once():
    documento = novo_documento()
    assert comandos_a_avisar() == [(documento.comando_id, "Comando")]

    gerar(documento.comando)

    assert comandos_a_avisar() == []
    documento.comando.refresh_from_db()
    assert documento.comando.anunciado_em == meio_dia(HOJE)
    assert gerar(documento.comando) == ZERO
    assert Mensagem.objects.count() == 2


def test_the_same_unit_again_keeps_what_it_stored():
    documento = novo_documento(novo_cliente(por_sms=False))
    execucao = uuid.uuid4()

    gerar(documento.comando, execucao=execucao)
    gerar(documento.comando, execucao=execucao)

    assert Mensagem.objects.count() == 1
    assert NaoGerada.objects.filter(execucao=execucao).count() == 1


def test_a_comando_without_documents_yet_is_not_taken_for_announced():
    comando = novo_comando()

    assert comandos_a_avisar() == []
    assert gerar(comando) == ZERO

    comando.refresh_from_db()
    assert comando.anunciado_em is None


def test_a_comando_of_an_action_that_sends_nothing_is_not_asked_about():
    novo_documento(comando=comando_de(nova_acao(por_sms=False, por_email=False)))

    assert comandos_a_avisar() == []


def test_a_failure_leaves_the_comando_to_be_announced_again(monkeypatch):
    documento = novo_documento()
    with monkeypatch.context() as troca, pytest.raises(RuntimeError):
        troca.setattr(ComandoAcao, "save", lambda *_, **__: (_ for _ in ()).throw(RuntimeError))
        gerar(documento.comando)

    assert not Mensagem.objects.exists()
    assert gerar(documento.comando)["sms"] == 1


@pytest.mark.django_db(transaction=True)
def test_two_runs_at_once_announce_once(transactional_db):
    comando = comando_de(nova_acao())
    for _ in range(20):
        novo_documento(comando=comando)

    def em_outra_conexao(_):
        try:
            return gerar(comando)
        finally:
            connection.close()

    with ThreadPoolExecutor(4) as grupo:
        contagens = list(grupo.map(em_outra_conexao, range(4)))

    assert sorted(c["sms"] for c in contagens) == [0, 0, 0, 20]
    assert Mensagem.objects.count() == 40
    assert not NaoGerada.objects.exists()


# The text and the lotes.


def test_a_new_text_of_the_action_does_not_alter_a_message_that_is_kept():
    acao = nova_acao(texto_sms="velho {NOME}")
    documento = novo_documento(comando=comando_de(acao))
    gerar(documento.comando)

    AcaoCobranca.objects.filter(pk=acao.pk).update(texto_sms="novo {NOME}", transliterar=False)
    gerar(documento.comando)
    outro = novo_documento(comando=comando_de(AcaoCobranca.objects.get(pk=acao.pk)))
    gerar(outro.comando)

    textos = Mensagem.objects.filter(canal=Canal.SMS).values_list("objeto_id", "texto__corpo", "texto__transliterar")
    assert set(textos) == {(documento.pk, "velho {NOME}", True), (outro.pk, "novo {NOME}", False)}


def test_messages_are_gathered_in_a_lote_for_each_channel_with_the_action():
    documento = novo_documento(comando=comando_de(nova_acao(descricao="AVISO DE DÉBITO")))
    execucao = uuid.uuid4()

    gerar(documento.comando, execucao=execucao)

    assert set(Lote.objects.values_list("execucao", "origem", "canal", "localidade", "acao")) == {
        (execucao, "cobranca", Canal.SMS, 1, "AVISO DE DÉBITO"),
        (execucao, "cobranca", Canal.EMAIL, 1, "AVISO DE DÉBITO"),
    }


def test_the_number_of_statements_does_not_grow_with_the_documents():
    acao, consultas = nova_acao(), []
    gerar(novo_documento(comando=comando_de(acao)).comando)  # from here on the versions of the text exist
    for quantos in (1, 30):
        comando = comando_de(acao)
        for _ in range(quantos):
            novo_documento(comando=comando)
        with CaptureQueriesContext(connection) as capturadas:
            gerar(comando)
        consultas.append(len(capturadas))

    assert consultas[0] == consultas[1]
    assert Mensagem.objects.count() == 2 * 32


# The fonte: what the engine asks before a message leaves.


def perguntar(documento, canal=Canal.SMS, hoje=HOJE) -> str | None:
    return FonteDeDocumentos().motivos_de_cancelamento(canal, {documento.pk: ""}, hoje).get(documento.pk)


@pytest.mark.parametrize(
    ("campos", "motivo"),
    [
        ({}, None),
        ({"cancelado": True}, Motivo.OBJETO_CANCELADO),
        ({"pago_em": HOJE}, Motivo.PAGA),
        ({"cliente": False}, Motivo.CANAL_DESLIGADO),
    ],
)
def test_at_the_last_moment_a_document_is_asked_about_again(campos, motivo):
    assert perguntar(novo_documento(**campos)) == motivo


def test_at_the_last_moment_a_document_that_is_gone_is_cancelled():
    documento = novo_documento()
    numero = documento.pk
    documento.delete()

    assert FonteDeDocumentos().motivos_de_cancelamento(Canal.SMS, {numero: ""}, HOJE) == {
        numero: Motivo.OBJETO_CANCELADO
    }


@pytest.mark.parametrize("campo", ["por_sms", "por_email"])
def test_at_the_last_moment_a_channel_that_was_switched_off_is_respected(campo):
    documento = novo_documento(novo_cliente(**{campo: False}))
    desligado = Canal.SMS if campo == "por_sms" else Canal.EMAIL

    assert perguntar(documento, desligado) == Motivo.CANAL_DESLIGADO
    assert perguntar(documento, Canal.EMAIL if desligado == Canal.SMS else Canal.SMS) is None


def test_the_destination_is_that_of_the_usuario_of_the_day():
    imovel = novo_imovel()
    amanha = HOJE + UM_DIA
    novo_vinculo(novo_cliente(celular="911111111", email="a@exemplo.com.br"), imovel, fim=amanha)
    novo_vinculo(novo_cliente(celular="922222222", email="b@exemplo.com.br"), imovel, inicio=amanha)
    documento, fonte = novo_documento(False, imovel=imovel), FonteDeDocumentos()

    assert fonte.destinos(Canal.SMS, [documento.pk], HOJE) == {documento.pk: "5584911111111"}
    assert fonte.destinos(Canal.SMS, [documento.pk], amanha) == {documento.pk: "5584922222222"}
    assert fonte.destinos(Canal.EMAIL, [documento.pk], amanha) == {documento.pk: "b@exemplo.com.br"}


def test_an_invalid_phone_or_no_address_is_no_destination():
    fonte = FonteDeDocumentos()
    documento = novo_documento(novo_cliente(celular="812345678", email=""))

    assert fonte.destinos(Canal.SMS, [documento.pk], HOJE) == {}
    assert fonte.destinos(Canal.EMAIL, [documento.pk], HOJE) == {}


def test_documents_of_one_imovel_keep_their_own_values():
    primeiro = novo_documento(valor=Decimal("1234.56"))
    segundo = novo_documento(False, imovel=primeiro.imovel, valor=Decimal("9.99"), validade=HOJE)

    contextos = FonteDeDocumentos().contextos([primeiro.pk, segundo.pk], HOJE)

    assert {pk: contexto["valores"]["{VALORDOC}"] for pk, contexto in contextos.items()} == {
        primeiro.pk: "1.234,56",
        segundo.pk: "9,99",
    }
    lido = codigo_barras.ler(contextos[primeiro.pk]["linha"])
    assert (lido.valor, lido.sequencial, lido.matricula) == (primeiro.valor, primeiro.pk, primeiro.imovel_id)
    assert (lido.localidade, lido.tipo_documento, lido.tipo) == (1, 8, 5)
    assert FonteDeDocumentos().contextos([segundo.pk], HOJE).keys() == {segundo.pk}


@pytest.mark.parametrize("pergunta", ["motivos_de_cancelamento", "destinos", "contextos"])
def test_the_fonte_asks_the_same_of_the_database_for_one_and_for_many(pergunta):
    fonte, consultas = FonteDeDocumentos(), []
    comando = comando_de(nova_acao())
    documentos = [novo_documento(comando=comando).pk for _ in range(20)]
    for ids in (documentos[:1], documentos):
        with CaptureQueriesContext(connection) as capturadas:
            if pergunta == "contextos":
                assert len(fonte.contextos(ids, HOJE)) == len(ids)
            elif pergunta == "destinos":
                assert len(fonte.destinos(Canal.EMAIL, ids, HOJE)) == len(ids)
            else:
                assert fonte.motivos_de_cancelamento(Canal.SMS, dict.fromkeys(ids, ""), HOJE) == {}
        consultas.append(len(capturadas))

    assert consultas[0] == consultas[1]


@pytest.mark.parametrize("pago", ["conta", "debito", "ambos"])
def test_a_document_is_paid_when_all_that_it_charges_was_paid_by_itself(pago):
    novo_parametro_sistema()
    novas_saidas()
    conta = nova_conta(vencimento=HOJE - timedelta(days=30))
    novo_vinculo(novo_cliente(), conta.imovel)
    debito = DebitoACobrar.objects.create(imovel=conta.imovel, descricao="RELIGAÇÃO", referencia=202610, valor=30)
    comando = novo_comando(nova_acao(considera_debitos=True))
    gerar_documentos(comando.pk, hoje=HOJE, agora=meio_dia(HOJE))
    documento = CobrancaDocumento.objects.get()

    for item, nome in ((conta, "conta"), (debito, "debito")):
        if pago in (nome, "ambos"):
            type(item).objects.filter(pk=item.pk).update(pago_em=HOJE)

    motivos = FonteDeDocumentos().motivos_de_cancelamento(Canal.SMS, {documento.pk: ""}, HOJE)
    assert motivos == ({documento.pk: "paga"} if pago == "ambos" else {})
    contagem = gerar_avisos(comando_id=comando.pk, execucao=uuid.uuid4(), hoje=HOJE, agora=meio_dia(HOJE))
    assert contagem["sms"] == (0 if pago == "ambos" else 1)


def test_a_comando_whose_origin_lacks_a_gateway_is_announced_there_by_a_later_run():
    novo_parametro_sistema()
    _, gateway = novas_saidas()
    OrigemEnvio.objects.filter(pk="cobranca").update(gateway=None)
    conta = nova_conta(vencimento=HOJE - timedelta(days=30))
    novo_vinculo(novo_cliente(), conta.imovel)
    comando = novo_comando()
    gerar_documentos(comando.pk, hoje=HOJE, agora=meio_dia(HOJE))

    def gerar():
        return gerar_avisos(comando_id=comando.pk, execucao=uuid.uuid4(), hoje=HOJE, agora=meio_dia(HOJE))

    assert gerar() == {"sms": 0, "email": 1, "nao_geradas": 1}
    OrigemEnvio.objects.filter(pk="cobranca").update(gateway=gateway)
    assert gerar() == {"sms": 1, "email": 0, "nao_geradas": 1}
    assert comandos_a_avisar() == []
