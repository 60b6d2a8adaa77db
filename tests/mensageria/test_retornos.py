"""What operators tell of an SMS, by themselves or asked: settled once, whatever the order, and by nobody else."""

import itertools
import json
import logging
from datetime import timedelta

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from mensageria import balanco, consumo, decisoes, retornos
from mensageria.canais.base import Envelope, FalhaDeEnvio, Resposta
from mensageria.canais.memoria import CanalDeMemoria
from mensageria.canais.sms import Aviso, Recibo
from mensageria.estados import (
    RETORNO_ENVIADO,
    RETORNO_ERRO_OPERADORA,
    RETORNO_TRANSMITIDO,
    Classe,
    Estado,
)
from mensageria.models import Canal, GatewaySMS, Mensagem, Reserva, TentativaEnvio
from mensageria.saida import abrir_canal
from simuladores.sms import GatewaySMSSimulado
from tests.fabricas import novas_saidas
from tests.mensageria.apoio import AGORA, nova_mensagem, nova_reserva, por_em

SEGREDO = "s3gredo-da-operadora"
PERGUNTAVEL = {"caminho_referencia": "/sms?reference={referencia}", "nao_encontrada": "SMS desconhecido"}


@pytest.fixture
def simulado():
    with GatewaySMSSimulado(recibos=False) as aberto:
        yield aberto


@pytest.fixture
def gateway(db, simulado) -> GatewaySMS:
    gateway = novas_saidas(sms=simulado.url)[1]
    gateway.segredo_retorno = SEGREDO
    gateway.save()
    return gateway


def sms(gateway: GatewaySMS, estado: Estado = Estado.ENVIADA, **campos) -> Mensagem:
    """An SMS in that state, sent one minute ago; its block is written unless it is still being sent."""
    mensagem = por_em(nova_mensagem(canal=Canal.SMS, gateway=gateway), estado)
    if estado != Estado.EM_ENVIO:
        Reserva.objects.filter(encerrada_em=None).update(encerrada_em=AGORA)
    enviada = {"enviada_em": AGORA - timedelta(minutes=1)} if estado == Estado.ENVIADA else {}
    Mensagem.objects.filter(id=mensagem.id).update(**enviada | {"id_externo": f"op-{mensagem.id}"} | campos)
    mensagem.refresh_from_db()
    return mensagem


def incerta(gateway: GatewaySMS, ha: timedelta, classe: Classe = Classe.INCERTA) -> Mensagem:
    """An SMS whose body may have left that long ago, with its attempt and its use of the quota."""
    mensagem = sms(gateway, Estado.INCERTA, id_externo="", tentativas=1)
    TentativaEnvio.objects.create(
        mensagem=mensagem,
        numero=1,
        servico=gateway.nome,
        destino=mensagem.destino,
        momento=AGORA - ha,
        classe=classe,
        reserva=mensagem.reserva_id,
    )
    consumo.contar(gateway, [AGORA - ha])
    return mensagem


def entregar_ao_gateway(gateway, mensagem) -> str:
    """What the gateway took without our knowing; its id."""
    with abrir_canal(gateway) as canal:
        return canal.enviar(Envelope(mensagem.chave, mensagem.destino, b"Ola"), lambda: None).id_externo


def contar(gateway, **opcoes):
    return retornos.consultar(gateway, relogio=lambda: AGORA, **opcoes)


def avisar(gateway, dados, segredo: str | None = SEGREDO, corpo: bytes | None = None, **cabecalhos):
    if segredo is not None:
        cabecalhos.setdefault("Authorization", f"Bearer {segredo}")
    url = reverse("mensageria:retorno_sms", args=[gateway.pk])
    corpo = json.dumps(dados).encode() if corpo is None else corpo
    return Client(enforce_csrf_checks=True).post(url, corpo, "application/json", headers=cabecalhos)


def recibo(mensagem: Mensagem, situacao: str, **campos) -> dict:
    return {"id": mensagem.id_externo, "reference": mensagem.chave, "status": situacao, "detail": "d"} | campos


def situacao(mensagem: Mensagem) -> tuple[str, str]:
    mensagem.refresh_from_db()
    return Estado(mensagem.estado).name, mensagem.codigo_retorno


# Being told


@pytest.mark.django_db(transaction=True)
def test_the_callback_of_a_gateway_delivers_and_fails_over_http(live_server):
    gateway = novas_saidas()[1]
    callback = live_server.url + reverse("mensageria:retorno_sms", args=[gateway.pk])
    with GatewaySMSSimulado(recibos=False, callback_url=callback, callback_segredo=SEGREDO) as simulado:
        gateway.url, gateway.segredo_retorno = simulado.url, SEGREDO
        gateway.save()
        entregue, falhou = sms(gateway), sms(gateway)
        for mensagem in (entregue, falhou):
            mensagem.id_externo = entregar_ao_gateway(gateway, mensagem)
            mensagem.save(update_fields=["id_externo"])

        simulado.avisar(entregue.id_externo, "sent")
        simulado.avisar(entregue.id_externo, "delivered")
        simulado.avisar(falhou.id_externo, "failed", "numero desligado")
        avisos = simulado.esperar_avisos(3)

    assert {status for _, _, status in avisos} == {200}
    assert situacao(entregue) == ("ENTREGUE", RETORNO_ENVIADO)
    assert situacao(falhou) == ("FALHA", RETORNO_ERRO_OPERADORA)
    assert falhou.motivo == "Operadora: failed numero desligado"


@pytest.mark.parametrize("ordem", sorted(set(itertools.permutations(["sent", "delivered", "delivered", "sent"]))))
def test_receipts_may_come_twice_and_in_any_order(gateway, ordem):
    mensagem = sms(gateway)

    for status in ordem:
        assert avisar(gateway, recibo(mensagem, status)).status_code == 200

    assert situacao(mensagem) == ("ENTREGUE", RETORNO_ENVIADO)


@pytest.mark.parametrize(("primeiro", "depois"), [("delivered", "failed"), ("failed", "delivered")])
def test_what_is_final_stays(gateway, primeiro, depois):
    mensagem = sms(gateway)
    avisar(gateway, recibo(mensagem, primeiro))
    antes = situacao(mensagem), mensagem.motivo

    assert avisar(gateway, recibo(mensagem, depois)).status_code == 200

    assert (situacao(mensagem), mensagem.motivo) == antes


def test_a_message_is_found_by_the_id_of_the_operator_or_by_ours_and_only_by_its_own_gateway(gateway):
    por_id, por_chave, de_outro = sms(gateway), sms(gateway, id_externo=""), sms(novas_saidas()[1])

    assert avisar(gateway, {"id": por_id.id_externo, "status": "delivered"}).status_code == 200
    assert avisar(gateway, {"id": "novo", "reference": por_chave.chave, "status": "delivered"}).status_code == 200
    assert avisar(gateway, recibo(de_outro, "delivered")).status_code == 404

    assert [situacao(m)[0] for m in (por_id, por_chave, de_outro)] == ["ENTREGUE", "ENTREGUE", "ENVIADA"]
    assert por_chave.id_externo == "novo"


def test_the_failure_of_an_earlier_attempt_is_not_of_the_one_that_followed(gateway):
    mensagem = sms(gateway)

    avisar(gateway, recibo(mensagem, "failed", id="da-primeira"))
    assert situacao(mensagem)[0] == "ENVIADA"
    avisar(gateway, recibo(mensagem, "delivered", id="da-primeira"))

    assert situacao(mensagem)[0] == "ENTREGUE"


def test_a_receipt_that_comes_before_our_own_record_is_asked_for_again(gateway):
    mensagem = sms(gateway, Estado.EM_ENVIO, id_externo="")

    por_chave = avisar(gateway, recibo(mensagem, "delivered", id="op"))
    so_por_id = avisar(gateway, {"id": "op", "status": "delivered"})

    for resposta in (por_chave, so_por_id):
        assert (resposta.status_code, resposta.headers["Retry-After"]) == (503, "30")
    assert situacao(mensagem)[0] == "EM_ENVIO"


def test_an_sms_that_is_not_ours_is_unknown_once_nothing_is_being_written(gateway):
    nova_reserva(gateway, [], encerrada_em=AGORA)
    nova_reserva(novas_saidas()[1], [])

    assert avisar(gateway, {"id": "x", "status": "delivered"}).status_code == 404
    nova_reserva(gateway, [])
    assert avisar(gateway, {"reference": "x", "status": "delivered"}).status_code == 404
    assert avisar(gateway, {"id": "x", "status": "delivered"}).status_code == 503


@pytest.mark.parametrize(("status", "esperada"), [("sent", "ENVIADA"), ("delivered", "ENTREGUE"), ("failed", "FALHA")])
def test_any_receipt_proves_that_an_uncertain_message_arrived(gateway, status, esperada):
    gateway.cota_mensal = 10
    gateway.save()
    mensagem = incerta(gateway, timedelta(minutes=5))

    assert avisar(gateway, recibo(mensagem, status, id="op-9")).status_code == 200

    assert situacao(mensagem)[0] == esperada
    assert (mensagem.id_externo, mensagem.enviada_em, mensagem.reserva_id) == (
        "op-9",
        AGORA - timedelta(minutes=5),
        None,
    )
    assert [t.classe for t in mensagem.envios.order_by("id")] == [Classe.INCERTA, Classe.ACEITA]
    assert consumo.situacao(gateway, AGORA).usado == 1


def test_an_uncertain_message_whose_reservation_was_forgotten_is_proved_too(gateway):
    mensagem = incerta(gateway, timedelta(minutes=5))
    mensagem.reserva.delete()

    avisar(gateway, recibo(mensagem, "sent", id="op-9"))

    assert situacao(mensagem) == ("ENVIADA", RETORNO_TRANSMITIDO)
    assert mensagem.id_externo == "op-9"


def test_what_an_earlier_attempt_delivered_is_not_sent_again(gateway):
    mensagem = incerta(gateway, timedelta(minutes=5))
    decisoes.reenviar([mensagem.id], usuario=None, motivo="ninguém sabe", agora=AGORA)

    assert avisar(gateway, recibo(mensagem, "sent", id="op-1")).status_code == 200
    assert situacao(mensagem)[0] == "PENDENTE"
    assert avisar(gateway, recibo(mensagem, "delivered", id="op-1")).status_code == 200

    assert situacao(mensagem) == ("ENTREGUE", RETORNO_ENVIADO)
    assert (mensagem.id_externo, mensagem.enviada_em, mensagem.tentativas) == ("op-1", AGORA - timedelta(minutes=5), 1)
    assert mensagem.pedido_motivo == ""
    assert [guardado.situacao for guardado in mensagem.recibos.all()] == ["entregue"]
    assert balanco.conferir() == []


@pytest.mark.parametrize("classe", [Classe.TEMPORARIO, Classe.ENDERECO])
def test_what_was_refused_and_delivered_all_the_same_is_not_sent_again(gateway, classe):
    mensagem = incerta(gateway, timedelta(minutes=5), classe)
    decisoes.reenviar([mensagem.id], usuario=None, motivo="ninguém sabe", agora=AGORA)

    avisar(gateway, recibo(mensagem, "delivered", id="op-1"))

    assert situacao(mensagem)[0] == "ENTREGUE"


def test_what_an_earlier_attempt_delivered_ends_the_doubt_of_the_next_without_another_attempt(gateway):
    mensagem = incerta(gateway, timedelta(minutes=5))
    Mensagem.objects.filter(id=mensagem.id).update(id_externo="da-primeira")

    avisar(gateway, recibo(mensagem, "delivered", id="da-primeira"))

    assert situacao(mensagem) == ("ENTREGUE", RETORNO_ENVIADO)
    assert [tentativa.classe for tentativa in mensagem.envios.all()] == [Classe.INCERTA]
    assert balanco.conferir() == []


def test_a_gateway_that_only_knows_the_attempt_before_settles_no_doubt(gateway):
    gateway.configuracao = PERGUNTAVEL
    gateway.save()
    mensagem = incerta(gateway, timedelta(minutes=5))
    Mensagem.objects.filter(id=mensagem.id).update(id_externo=entregar_ao_gateway(gateway, mensagem))

    contagem = retornos.consultar(gateway, relogio=lambda: AGORA)

    assert (contagem["sem_resposta"], situacao(mensagem)[0]) == (1, "INCERTA")


def test_what_is_said_again_of_a_failed_attempt_does_not_settle_the_doubt_of_the_next(gateway):
    mensagem = incerta(gateway, timedelta(minutes=5))
    Mensagem.objects.filter(id=mensagem.id).update(id_externo="da-primeira")

    for status in ("sent", "failed"):
        assert avisar(gateway, recibo(mensagem, status, id="da-primeira")).status_code == 200
    assert situacao(mensagem)[0] == "INCERTA"
    avisar(gateway, recibo(mensagem, "failed", id="da-segunda"))

    assert situacao(mensagem) == ("FALHA", RETORNO_ERRO_OPERADORA)


@pytest.mark.parametrize("estado", [Estado.PENDENTE, Estado.CANCELADA])
def test_a_receipt_moves_nothing_that_was_not_sent(gateway, estado):
    mensagem = sms(gateway, estado)

    assert avisar(gateway, recibo(mensagem, "delivered")).status_code == 200

    assert situacao(mensagem)[0] == estado.name


def test_many_receipts_at_once_are_each_for_themselves(gateway):
    um, outro = sms(gateway), sms(gateway)
    lista = [recibo(um, "delivered"), {"id": "de-outro-sistema", "status": "delivered"}, 7, recibo(outro, "failed")]

    resposta = avisar(gateway, lista)

    assert (resposta.status_code, resposta.json()) == (200, {"recebidos": 2})
    assert [situacao(m)[0] for m in (um, outro)] == ["ENTREGUE", "FALHA"]
    em_envio = sms(gateway, Estado.EM_ENVIO)
    assert avisar(gateway, [recibo(um, "delivered"), recibo(em_envio, "delivered")]).status_code == 503


@pytest.mark.parametrize(
    "corpo",
    [b"", b"{", b"[]", b"null", b"1", b'"x"', b"{}", b'[{"status": "sent"}]', b'{"id": 1}', b"\xff", b"[" * 6000],
)
def test_what_is_no_receipt_is_refused(gateway, corpo):
    assert avisar(gateway, None, corpo=corpo).status_code == 400


def test_what_the_database_does_not_hold_is_only_unknown(gateway):
    assert avisar(gateway, {"id": "\x00", "reference": "\ud800", "status": "delivered"}).status_code == 404
    assert avisar(gateway, {"id": 10**300, "status": "delivered"}).status_code == 404


def test_a_body_is_bounded(gateway):
    mensagem = sms(gateway)

    assert avisar(gateway, recibo(mensagem, "delivered", detail="x" * 65536)).status_code == 413
    assert situacao(mensagem)[0] == "ENVIADA"
    assert avisar(gateway, recibo(mensagem, "failed", detail="x" * 60000)).status_code == 200
    assert situacao(mensagem)[0] == "FALHA"


# By nobody else


@pytest.mark.parametrize("segredo", [None, "", "errado", SEGREDO[:-1], SEGREDO + " ", "ção"])
def test_a_wrong_secret_gets_nothing_and_learns_nothing(gateway, segredo, caplog):
    mensagem = sms(gateway)

    with caplog.at_level(logging.DEBUG):
        resposta = avisar(gateway, recibo(mensagem, "delivered"), segredo)
        de_ninguem = avisar(GatewaySMS(pk=2**70), recibo(mensagem, "delivered"))

    assert (resposta.status_code, resposta.content) == (401, b"") == (de_ninguem.status_code, de_ninguem.content)
    assert situacao(mensagem)[0] == "ENVIADA"
    assert SEGREDO not in caplog.text and mensagem.destino not in caplog.text


def test_without_a_secret_nobody_tells(gateway):
    mensagem = sms(gateway)
    GatewaySMS.objects.filter(pk=gateway.pk).update(segredo_retorno="")

    for segredo in ("", "None", SEGREDO):
        assert avisar(gateway, recibo(mensagem, "delivered"), segredo).status_code == 401


def test_a_secret_whose_key_is_lost_is_nobody_s_and_what_it_holds_is_no_secret(gateway):
    mensagem = sms(gateway)
    with connection.cursor() as cursor:
        cursor.execute("UPDATE mensageria_gatewaysms SET segredo_retorno = 'ilegivel'")

    for segredo in (SEGREDO, "ilegivel"):
        assert avisar(gateway, recibo(mensagem, "delivered"), segredo).status_code == 401


def test_the_secret_of_one_gateway_does_not_serve_another(gateway):
    outro = novas_saidas()[1]
    outro.segredo_retorno = "outro"
    outro.save()
    mensagem = sms(outro)

    assert avisar(outro, recibo(mensagem, "delivered")).status_code == 401


def test_the_header_of_the_secret_is_described_by_data(gateway):
    gateway.configuracao = {"cabecalho_retorno": "X-Segredo", "prefixo_retorno": ""}
    gateway.save()
    mensagem = sms(gateway)

    assert avisar(gateway, recibo(mensagem, "sent")).status_code == 401
    assert avisar(gateway, recibo(mensagem, "sent"), None, **{"X-Segredo": SEGREDO}).status_code == 200


def test_a_gateway_that_was_switched_off_may_still_tell(gateway):
    GatewaySMS.objects.filter(pk=gateway.pk).update(ativo=False)
    mensagem = sms(gateway)

    assert avisar(gateway, recibo(mensagem, "delivered")).status_code == 200
    assert situacao(mensagem)[0] == "ENTREGUE"


def test_a_receipt_costs_few_queries_and_writes_no_phone_or_secret_to_the_log(gateway, caplog):
    mensagem = sms(gateway)

    with (
        caplog.at_level(logging.DEBUG, logger="mensageria"),
        CaptureQueriesContext(connection) as consultas,
    ):
        avisar(gateway, recibo(mensagem, "delivered"))

    assert len([c for c in consultas if "SAVEPOINT" not in c["sql"]]) <= 5  # the last keeps it for the dossier
    assert SEGREDO not in caplog.text and mensagem.destino not in caplog.text


# Dialects


def test_the_fields_of_a_receipt_are_described_by_data(gateway):
    gateway.configuracao = {
        "campo_id_aviso": "sms.protocolo",
        "campo_referencia_aviso": "sms.ref",
        "campo_situacao_aviso": "estado.0",
        "campo_detalhe": "porque",
        "entregue": ["3"],
        "falha": ["9"],
    }
    gateway.save()
    um, outro = sms(gateway, id_externo="77"), sms(gateway)

    avisar(gateway, {"sms": {"protocolo": 77}, "estado": [3]})
    avisar(gateway, {"sms": {"ref": outro.chave}, "estado": ["9"], "porque": "desligado"})

    assert (situacao(um)[0], situacao(outro)[0]) == ("ENTREGUE", "FALHA")
    assert outro.motivo == "Operadora: 9 desligado"


@pytest.mark.parametrize(
    ("codigo", "esperada"),
    [
        ("SENT", "ENVIADA"),
        ("DELIVERED", "ENTREGUE"),
        ("READ", "ENTREGUE"),
        ("NOT_DELIVERED", "FALHA"),
        ("REJECTED", "FALHA"),
        ("DE_OUTRO_ANO", "ENVIADA"),
    ],
)
def test_the_events_of_zenvia(gateway, codigo, esperada):
    gateway.adaptador = "zenvia"
    gateway.save()
    mensagem = sms(gateway)
    evento = {
        "id": "e1",
        "type": "MESSAGE_STATUS",
        "channel": "sms",
        "messageId": mensagem.id_externo,
        "messageStatus": {
            "timestamp": "2026-11-10T12:00:00Z",
            "code": codigo,
            "description": "Descrição",
            "causes": [{"channelErrorCode": "1", "reason": "Número desligado"}],
        },
    }

    assert avisar(gateway, evento).status_code == 200

    assert situacao(mensagem)[0] == esperada
    if esperada == "FALHA":
        assert mensagem.motivo == f"Operadora: {codigo} Descrição Número desligado"
    assert avisar(gateway, {"type": "MESSAGE", "message": {"from": "55"}}).status_code == 200
    for torto in ({"type": "MESSAGE_STATUS"}, {"type": "MESSAGE_STATUS", "messageStatus": []}, {}):
        assert avisar(gateway, torto).status_code == 400


# Asking


def test_each_question_is_asked_again_only_after_twice_the_time_and_so_none_starves(gateway):
    antigas = [sms(gateway, id_externo="", enviada_em=AGORA - timedelta(hours=i)) for i in (3, 2, 1)]
    for mensagem in antigas:
        Mensagem.objects.filter(id=mensagem.id).update(id_externo=entregar_ao_gateway(gateway, mensagem))

    assert contar(gateway) == {"pendente": 3}
    assert contar(gateway) == {}

    esperas = [Mensagem.objects.get(id=m.id).proxima_tentativa_em - AGORA for m in antigas]
    assert esperas == [timedelta(hours=i) for i in (3, 2, 1)]


def test_the_oldest_is_asked_about_first_and_the_time_of_a_run_is_bounded(gateway, monkeypatch):
    novas = [sms(gateway, enviada_em=AGORA - timedelta(minutes=i)) for i in (1, 9, 5)]
    perguntadas = []
    tempo = itertools.count()
    monkeypatch.setattr(retornos.time, "monotonic", lambda: next(tempo))
    monkeypatch.setattr(
        "mensageria.canais.sms.GatewayJSON.consultar",
        lambda canal, id_: perguntadas.append(id_) or Recibo("entregue", "delivered"),
    )

    assert contar(gateway, duracao=3) == {"entregue": 2}

    assert perguntadas == [novas[1].id_externo, novas[2].id_externo]


def test_a_message_that_breaks_the_gateway_does_not_keep_the_others_from_being_asked_about(gateway, monkeypatch):
    veneno, boa = (sms(gateway, enviada_em=AGORA - timedelta(minutes=i)) for i in (9, 1))
    rede = FalhaDeEnvio(Classe.REDE, "", "caiu")

    def consultar(canal, id_):
        if id_ == veneno.id_externo:
            raise rede
        return Recibo("entregue", "delivered")

    monkeypatch.setattr("mensageria.canais.sms.GatewayJSON.consultar", consultar)

    assert contar(gateway) == {"sem_resposta": 1, "pendente": 1, "entregue": 1}
    assert situacao(boa)[0] == "ENTREGUE"


@pytest.mark.parametrize(("classe", "perguntas"), [(Classe.REDE, 2), (Classe.AUTENTICACAO, 2), (Classe.TAXA, 1)])
def test_a_gateway_that_does_not_answer_is_left_alone(gateway, monkeypatch, classe, perguntas):
    for _ in range(4):
        sms(gateway)
    feitas = []

    def consultar(canal, id_):
        feitas.append(id_)
        raise FalhaDeEnvio(classe)

    monkeypatch.setattr("mensageria.canais.sms.GatewayJSON.consultar", consultar)

    assert contar(gateway)["sem_resposta"] == perguntas == len(feitas)


def test_an_operator_that_said_nothing_in_three_days_is_not_asked_any_more(gateway):
    sms(gateway, enviada_em=AGORA - retornos.JANELA)

    assert contar(gateway) == {}


def test_the_id_that_never_came_is_asked_by_ours(gateway):
    mensagem = sms(gateway, id_externo="")
    id_externo = entregar_ao_gateway(gateway, mensagem)
    assert contar(gateway) == {}  # this gateway is not asked by our id

    gateway.configuracao = PERGUNTAVEL
    desconhecida = sms(gateway, id_externo="")
    assert contar(gateway) == {"pendente": 2, "sem_resposta": 1}

    mensagem.refresh_from_db()
    assert (mensagem.id_externo, situacao(desconhecida)[0]) == (id_externo, "ENVIADA")


def test_zenvia_is_not_asked(gateway):
    sms(gateway)
    gateway.adaptador = "zenvia"

    assert contar(gateway) == {}


# Uncertain messages, settled by our own id


def test_an_uncertain_message_that_the_gateway_has_was_sent(gateway):
    gateway.configuracao = PERGUNTAVEL
    mensagem = incerta(gateway, timedelta(seconds=5))
    id_externo = entregar_ao_gateway(gateway, mensagem)

    assert contar(gateway) == {"enviada": 1}

    assert situacao(mensagem) == ("ENVIADA", RETORNO_TRANSMITIDO)
    assert (mensagem.id_externo, mensagem.enviada_em) == (id_externo, AGORA - timedelta(seconds=5))
    assert consumo.situacao(gateway, AGORA).usado == 1


def test_an_uncertain_message_that_the_gateway_never_had_goes_back_when_it_is_late_enough_to_know(gateway):
    gateway.configuracao = PERGUNTAVEL
    cedo, tarde = incerta(gateway, timedelta(seconds=59)), incerta(gateway, timedelta(seconds=60))

    assert contar(gateway) == {"sem_resposta": 1, "nao_enviada": 1}

    assert (situacao(cedo)[0], situacao(tarde)[0]) == ("INCERTA", "PENDENTE")
    assert (tarde.tentativas, tarde.reserva_id) == (0, None)
    assert consumo.situacao(gateway, AGORA).usado == 1  # that of the one still in doubt
    assert cedo.proxima_tentativa_em == AGORA + timedelta(minutes=1)


def test_an_uncertain_message_of_a_gateway_that_cannot_be_asked_waits_for_a_person(gateway):
    mensagem = incerta(gateway, timedelta(hours=1))

    assert contar(gateway) == {}
    assert situacao(mensagem)[0] == "INCERTA"


def test_what_a_person_decides_while_the_gateway_is_asked_stays(gateway, monkeypatch):
    gateway.configuracao = PERGUNTAVEL
    mensagem = incerta(gateway, timedelta(hours=1))

    def decidir(canal, chave):
        Mensagem.objects.filter(id=mensagem.id).update(estado=Estado.CANCELADA, reserva=None)

    monkeypatch.setattr("mensageria.canais.sms.GatewayJSON.consultar_por_chave", decidir)

    assert contar(gateway) == {"ignorado": 1}
    assert situacao(mensagem)[0] == "CANCELADA"


def test_what_a_gateway_says_of_our_ids_without_the_database():
    canal = CanalDeMemoria(consultavel_por_chave=True)
    canal.carencia_da_consulta = 60
    canal.enviar(Envelope("a", "1", b""), lambda: None)
    mensagens = [Mensagem(id=1, chave="a"), Mensagem(id=2, chave="b")]

    cedo = retornos.resolver_por_chave(canal, mensagens, ha=59)
    tarde = retornos.resolver_por_chave(canal, mensagens, ha=60)
    mudo = retornos.resolver_por_chave(CanalDeMemoria(), mensagens)

    assert isinstance(cedo[1], Resposta) and cedo[2].classe == Classe.INCERTA
    assert tarde == {1: cedo[1], 2: None}
    assert all(isinstance(dito, FalhaDeEnvio) for dito in mudo.values())


def test_a_service_that_stops_answering_is_asked_twice_and_no_more():
    class Caido(CanalDeMemoria):
        perguntas = 0

        def consultar_por_chave(self, chave):
            self.perguntas += 1
            raise FalhaDeEnvio(Classe.REDE)

    canal = Caido()

    ditos = retornos.resolver_por_chave(canal, [Mensagem(id=i, chave=str(i)) for i in range(9)])

    assert canal.perguntas == 2
    assert {dito.classe for dito in ditos.values()} == {Classe.REDE} and len(ditos) == 9


# The form of a gateway


DADOS = {"nome": "G", "adaptador": "json", "url": "http://127.0.0.1/", "prazo": 5, "tentativas_maximas": 3}
DADOS |= {"ativo": "on", "conexoes": 2, "dia_renovacao": 1}


@pytest.mark.parametrize(
    ("adaptador", "configuracao", "problema"),
    [
        ("json", '{"lote_maximo": 5}', "informe caminho_referencia"),
        ("json", '{"caminhos": "/x"}', "não conhece: caminhos"),
        ("zenvia", '{"lote_maximo": 5}', "não conhece: lote_maximo"),
        ("json", "[]", "objeto JSON"),
    ],
)
def test_the_form_says_what_is_wrong_with_a_configuration(chefe, gateway, adaptador, configuracao, problema):
    url = reverse("admin:mensageria_gatewaysms_change", args=[gateway.pk])

    resposta = chefe.post(url, DADOS | {"adaptador": adaptador, "configuracao": configuracao})

    assert resposta.status_code == 200
    assert problema in " ".join(resposta.context["adminform"].form.errors["configuracao"])


def test_the_form_shows_where_receipts_go_and_keeps_their_secret(chefe, gateway, settings):
    settings.URL_BASE = "https://avisa.exemplo.com.br"
    url = reverse("admin:mensageria_gatewaysms_change", args=[gateway.pk])

    pagina = chefe.get(url).content.decode()
    assert f"https://avisa.exemplo.com.br/mensagens/retornos/sms/{gateway.pk}/" in pagina
    assert SEGREDO not in pagina

    dados = DADOS | {"configuracao": json.dumps(PERGUNTAVEL | {"lote_maximo": 50})}
    assert chefe.post(url, dados | {"credencial": "", "apagar_segredo": "on"}).status_code == 302
    gateway.refresh_from_db()
    assert (gateway.segredo_retorno, gateway.credencial) == (SEGREDO, "")
    assert chefe.post(url, dados | {"credencial": "nova", "apagar_segredo_retorno": "on"}).status_code == 302
    gateway.refresh_from_db()
    assert (gateway.segredo_retorno, gateway.credencial) == ("", "nova")


@pytest.mark.parametrize("estado", [Estado.PENDENTE, Estado.ENVIADA])
def test_whom_a_receipt_speaks_of_is_found_by_an_index(gateway, estado):
    mensagem = sms(gateway, estado)
    aviso = Aviso(mensagem.id_externo, "", recibo=None)
    with CaptureQueriesContext(connection) as feitas:
        assert retornos._do_aviso(gateway, aviso) == mensagem

    with connection.cursor() as cursor:
        # Left with what an index is asked by a condition of it, and not with the order of one.
        cursor.execute("SET LOCAL enable_seqscan = off; SET LOCAL enable_indexscan = off")
        cursor.execute("EXPLAIN " + feitas[-1]["sql"])
        assert "mensagem_id_externo" in str(cursor.fetchall())
