"""The rotation of services: who takes over, who waits for a hand, and what is told of it."""

import threading
from datetime import timedelta

import pytest
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import User
from django.db import connection
from django.test.utils import CaptureQueriesContext

from mensageria import alertas, consumo, rotacao
from mensageria.models import Alerta, GatewaySMS, Remetente, ServicoEmail
from tests.fabricas import HOJE, meio_dia

from .servicos import esgotar, novo_remetente, novo_servico

AGORA = meio_dia(HOJE)
HORA = timedelta(hours=1)


@pytest.fixture
def maria(db) -> User:
    return User.objects.create_user("maria", email="maria@exemplo.com.br")


@pytest.fixture
def net(db) -> Remetente:
    """Sends through SERVICO_3, of SERVICO_2, 3, 5 and 6; SERVICO_1 is of internal use."""
    novo_servico(1, uso_interno=True)
    novo_servico(2)
    servico = novo_servico(3)
    novo_servico(5)
    novo_servico(6)
    return novo_remetente(servico)


def servico(numero: int) -> ServicoEmail:
    return ServicoEmail.objects.get(nome=f"SERVICO_{numero}")


def mudar(numero: int, **campos) -> None:
    ServicoEmail.objects.filter(nome=f"SERVICO_{numero}").update(**campos)


def sem_rotacao(remetente: Remetente) -> None:
    Remetente.objects.filter(pk=remetente.pk).update(rotacao_automatica=False)


def ditos(tipo: Alerta.Tipo) -> list[str]:
    """The text of the alerts of a kind, in their order."""
    return [" ".join(alertas.paragrafos_em_texto(alerta)) for alerta in Alerta.objects.filter(tipo=tipo).order_by("id")]


ESGOTADO, TROCA, LEMBRETE = Alerta.Tipo.ESGOTADO, Alerta.Tipo.TROCA, Alerta.Tipo.LEMBRETE


# Rotação automática


def test_the_next_in_order_takes_over_and_both_are_told(net):
    esgotar(net.servico, AGORA)

    rotacao.conferir(net.servico, AGORA)

    net.refresh_from_db()
    assert (net.servico.nome, net.aguardando_desde) == ("SERVICO_5", None)
    assert ditos(ESGOTADO) == [
        "O serviço SERVICO_3 da operação NET esgotou o limite de envios. "
        "O serviço SERVICO_5 assumiu os envios; não é preciso fazer nada."
    ]
    assert ditos(TROCA) == [
        "A operação NET envia agora com o serviço SERVICO_5, no lugar de SERVICO_3. "
        "Troca automática: SERVICO_3 esgotou o limite de envios."
    ]
    alerta = Alerta.objects.get(tipo=ESGOTADO)
    assert (alerta.assunto, alerta.titulo) == ("Alerta de Limite de Consumo", "Limite de Envios Esgotado!")
    assert alerta.texto.startswith("O serviço **SERVICO_3** da operação **NET** esgotou")
    assert alerta.caminho == "/campanha_preventiva/servico_email"


def test_a_service_that_is_not_exhausted_changes_nothing(net):
    rotacao.conferir(net.servico, AGORA)

    net.refresh_from_db()
    assert net.servico.nome == "SERVICO_3"
    assert not Alerta.objects.exists()


@pytest.mark.parametrize(
    ("defeito", "campos"),
    [
        ("inactive", {"ativo": False}),
        ("of internal use", {"uso_interno": True}),
        ("not for that address", {"remetentes_permitidos": "outra@exemplo.com.br\n@outra.com.br"}),
        ("in failure", {"falhas_seguidas": 1, "em_espera_ate": AGORA + HORA}),
    ],
)
def test_who_cannot_take_over_is_passed_over(net, defeito, campos):
    mudar(5, **campos)
    esgotar(net.servico, AGORA)

    rotacao.conferir(net.servico, AGORA)

    net.refresh_from_db()
    assert net.servico.nome == "SERVICO_6"


def test_after_the_last_comes_the_first_and_never_the_internal_one(net):
    for numero in (3, 5, 6):
        esgotar(servico(numero), AGORA)

    rotacao.conferir(net.servico, AGORA)

    net.refresh_from_db()
    assert net.servico.nome == "SERVICO_2"


def test_services_of_the_same_order_follow_by_name(net):
    mudar(5, ordem=3)
    mudar(2, ordem=3)
    esgotar(net.servico, AGORA)

    rotacao.conferir(net.servico, AGORA)

    net.refresh_from_db()
    assert net.servico.nome == "SERVICO_5"


def test_each_remetente_of_the_service_is_told_by_its_operation(net):
    novo_remetente(net.servico, "CLARO")
    novo_remetente(servico(6), "SEMPARAR")
    esgotar(net.servico, AGORA)

    rotacao.conferir(net.servico, AGORA)

    assert sorted(dito.split("operação ")[1].split(" ")[0] for dito in ditos(ESGOTADO)) == ["CLARO", "NET"]


def test_after_a_full_circle_it_waits_for_a_hand(net):
    for numero in (2, 3, 5, 6):
        esgotar(servico(numero), AGORA)

    rotacao.conferir(net.servico, AGORA)

    net.refresh_from_db()
    assert (net.servico.nome, net.aguardando_desde) == ("SERVICO_3", AGORA)
    assert ditos(ESGOTADO) == [
        "O serviço SERVICO_3 da operação NET esgotou o limite de envios. Nenhum outro serviço da ordem pode assumir "
        "os envios. Altere o serviço de email para concluir seus envios."
    ]
    assert ditos(TROCA) == []


def test_it_is_told_once_however_often_it_is_seen(net):
    sem_rotacao(net)
    esgotar(net.servico, AGORA)

    for segundos in (0, 15, 30):
        rotacao.conferir(net.servico, AGORA + timedelta(seconds=segundos))
        rotacao.tique(AGORA + timedelta(seconds=segundos))

    assert len(ditos(ESGOTADO)) == 1
    net.refresh_from_db()
    assert net.aguardando_desde == AGORA


@pytest.mark.django_db(transaction=True)
def test_many_workers_at_once_move_it_one_step_and_tell_it_once():
    for numero in (2, 3, 5, 6):
        novo_servico(numero)
    remetente = novo_remetente(servico(3))
    esgotado = remetente.servico
    esgotar(esgotado, AGORA)
    largada = threading.Barrier(4)

    def correr():
        largada.wait()
        try:
            rotacao.conferir(esgotado, AGORA)
        finally:
            connection.close()

    linhas = [threading.Thread(target=correr) for _ in range(4)]
    for linha in linhas:
        linha.start()
    for linha in linhas:
        linha.join(20)

    remetente.refresh_from_db()
    assert remetente.servico.nome == "SERVICO_5"
    assert (len(ditos(ESGOTADO)), len(ditos(TROCA))) == (1, 1)


def test_an_exhaustion_of_another_month_is_another(net):
    sem_rotacao(net)
    esgotar(net.servico, AGORA)
    rotacao.tique(AGORA)
    mes_que_vem = AGORA + timedelta(days=30)
    rotacao.tique(mes_que_vem)
    esgotar(net.servico, mes_que_vem)

    rotacao.tique(mes_que_vem)

    assert len(ditos(ESGOTADO)) == 2


# Waiting for a hand


@pytest.fixture
def esperando(net) -> Remetente:
    sem_rotacao(net)
    esgotar(net.servico, AGORA)
    rotacao.conferir(net.servico, AGORA)
    net.refresh_from_db()
    return net


def test_without_rotation_one_alert_asks_for_a_hand(esperando):
    assert esperando.servico.nome == "SERVICO_3"
    assert esperando.aguardando_desde == AGORA
    assert ditos(ESGOTADO) == [
        "O serviço SERVICO_3 da operação NET esgotou o limite de envios. "
        "Altere o serviço de email para concluir seus envios."
    ]


def test_it_is_remembered_once_an_hour_and_only_the_last_stands(esperando):
    for minutos in (15, 59, 60, 61, 119, 120, 150):
        rotacao.tique(AGORA + timedelta(minutes=minutos))

    assert len(ditos(LEMBRETE)) == 2
    assert "esperam há 2 horas" in ditos(LEMBRETE)[1]
    abertos = alertas.abertos(AGORA + 3 * HORA)
    assert [alerta.tipo for alerta in abertos] == [LEMBRETE, ESGOTADO]


def test_a_raised_quota_ends_the_wait(esperando):
    mudar(3, cota_mensal=10)
    rotacao.tique(AGORA + HORA)

    esperando.refresh_from_db()
    assert (esperando.servico.nome, esperando.aguardando_desde) == ("SERVICO_3", None)
    assert not alertas.abertos(AGORA + HORA).exists()


def test_the_renewal_of_the_quota_ends_the_wait(esperando):
    rotacao.tique(meio_dia(HOJE.replace(month=12, day=1)))

    esperando.refresh_from_db()
    assert esperando.aguardando_desde is None


def test_another_that_becomes_free_takes_over_from_who_waits(net):
    for numero in (2, 3, 5, 6):
        esgotar(servico(numero), AGORA)
    rotacao.tique(AGORA)
    mudar(2, cota_mensal=10)

    rotacao.tique(AGORA + timedelta(minutes=5))

    net.refresh_from_db()
    assert (net.servico.nome, net.aguardando_desde) == ("SERVICO_2", None)
    assert (len(ditos(ESGOTADO)), len(ditos(TROCA))) == (1, 1)


# By hand


def test_a_change_by_hand_ends_the_wait_is_logged_and_confirmed_to_who_made_it(esperando, maria):
    depois = rotacao.trocar(esperando, servico(6), usuario=maria, agora=AGORA + HORA)

    assert (depois.servico.nome, depois.aguardando_desde) == ("SERVICO_6", None)
    assert ditos(TROCA) == [
        "A operação NET envia agora com o serviço SERVICO_6, no lugar de SERVICO_3. "
        "Alterado por maria em 10/11/2026 13:00."
    ]
    assert Alerta.objects.get(tipo=TROCA).tambem_para == "maria@exemplo.com.br"
    assert Alerta.objects.get(tipo=ESGOTADO).resolvido_em == AGORA + HORA
    registro = LogEntry.objects.get()
    assert (registro.user, registro.change_message) == (maria, "Serviço alterado de SERVICO_3 para SERVICO_6.")


def test_the_from_address_changes_with_its_own_confirmation(net, maria):
    depois = rotacao.trocar(net, net.servico, usuario=maria, agora=AGORA, email="net4@exemplo.com.br")

    assert depois.email == "net4@exemplo.com.br"
    assert ditos(TROCA)[0].startswith(
        "A operação NET envia agora com o email net4@exemplo.com.br, no lugar de net@cobranca.exemplo.com.br."
    )


def test_choosing_what_it_already_has_does_nothing(net, maria):
    rotacao.trocar(net, net.servico, usuario=maria, agora=AGORA, email=net.email)

    assert not Alerta.objects.exists()
    assert not LogEntry.objects.exists()


def test_choosing_an_exhausted_service_tells_of_it_and_waits_again(esperando, maria):
    esgotar(servico(5), AGORA)

    rotacao.trocar(esperando, servico(5), usuario=maria, agora=AGORA + HORA)
    rotacao.tique(AGORA + HORA)

    esperando.refresh_from_db()
    assert (esperando.servico.nome, esperando.aguardando_desde) == ("SERVICO_5", AGORA + HORA)
    assert [dito.split(" ")[2] for dito in ditos(ESGOTADO)] == ["SERVICO_3", "SERVICO_5"]


def test_choosing_again_a_service_whose_exhaustion_was_told_tells_it_again(esperando, maria):
    rotacao.trocar(esperando, servico(5), usuario=maria, agora=AGORA + HORA)

    rotacao.trocar(esperando, servico(3), usuario=maria, agora=AGORA + 2 * HORA)
    rotacao.tique(AGORA + 2 * HORA)

    assert [dito.split(" ")[2] for dito in ditos(ESGOTADO)] == ["SERVICO_3", "SERVICO_3"]


def test_with_rotation_an_exhausted_choice_gives_way_at_once(net, maria):
    esgotar(servico(5), AGORA)

    depois = rotacao.trocar(net, servico(5), usuario=maria, agora=AGORA)

    assert depois.servico.nome == "SERVICO_6"
    assert len(ditos(ESGOTADO)) == 1
    assert len(ditos(TROCA)) == 2


@pytest.mark.parametrize(
    ("numero", "campos", "palavras"),
    [
        (1, {}, "uso interno"),
        (5, {"ativo": False}, "inativo"),
        (5, {"remetentes_permitidos": "@outra.com.br"}, "não está habilitado no serviço SERVICO_5"),
    ],
)
def test_what_may_not_be_chosen_is_refused_in_words(net, maria, numero, campos, palavras):
    mudar(numero, **campos)

    with pytest.raises(rotacao.TrocaRecusada, match=palavras):
        rotacao.trocar(net, servico(numero), usuario=maria, agora=AGORA)

    net.refresh_from_db()
    assert net.servico.nome == "SERVICO_3"
    assert not Alerta.objects.exists()


# A refused remetente


def test_a_refused_remetente_rests_alone_and_is_told_once_while_it_lasts(net):
    claro = novo_remetente(net.servico, "CLARO")
    for minutos in (0, 15, 30):
        rotacao.recusado(net, net.servico, "550 5.7.60 not allowed to send as", AGORA + timedelta(minutes=minutos))
    claro.refresh_from_db()
    net.refresh_from_db()

    assert net.em_espera_ate == AGORA + timedelta(minutes=45)
    assert "5.7.60" in net.motivo_espera
    assert claro.em_espera_ate is None
    (dito,) = ditos(Alerta.Tipo.REMETENTE)
    assert "não aceita o email net@cobranca.exemplo.com.br da operação NET" in dito


def test_a_refusal_that_does_not_come_again_is_over(net):
    rotacao.recusado(net, net.servico, "550", AGORA)
    rotacao.tique(AGORA + HORA)
    assert alertas.abertos(AGORA + HORA).exists()

    rotacao.tique(AGORA + 2 * HORA)

    assert not alertas.abertos(AGORA + 2 * HORA).exists()


def test_another_service_forgets_the_refusal(net, maria):
    rotacao.recusado(net, net.servico, "550", AGORA)

    depois = rotacao.trocar(net, servico(5), usuario=maria, agora=AGORA)

    assert depois.em_espera_ate is None
    assert [alerta.tipo for alerta in alertas.abertos(AGORA)] == [TROCA]
    rotacao.recusado(depois, servico(3), "550", AGORA)  # a turn of the old service, that ends now
    depois.refresh_from_db()
    assert depois.em_espera_ate is None


# SMS, and what it costs


def test_an_exhausted_gateway_is_told_once(db):
    gateway = GatewaySMS.objects.create(nome="ZENVIA", url="http://127.0.0.1", cota_mensal=1)
    esgotar(gateway, AGORA)

    rotacao.conferir(gateway, AGORA)
    rotacao.conferir(gateway, AGORA)

    assert ditos(ESGOTADO)[0].startswith("O gateway de SMS ZENVIA esgotou o limite de envios.")
    assert len(ditos(ESGOTADO)) == 1


def test_a_tick_that_finds_nothing_is_cheap_whatever_there_is(net, django_assert_max_num_queries):
    for numero in range(10, 20):
        novo_remetente(novo_servico(numero), f"OP{numero}")

    with django_assert_max_num_queries(5):
        rotacao.tique(AGORA)


def test_a_message_may_be_stored_while_its_remetente_is_decided(net):
    """The lock is one that the foreign key of a new message does not wait for."""
    with CaptureQueriesContext(connection) as feitas:
        rotacao.recusado(net, servico(6), "550", AGORA)

    assert [c["sql"] for c in feitas if "FOR UPDATE" in c["sql"]] == []
    assert len([c["sql"] for c in feitas if "FOR NO KEY UPDATE" in c["sql"]]) == 1


def test_what_was_used_outside_exhausts_it_too(net):
    consumo.informar_ja_usado(net.servico, 1, User.objects.create_user("ana"), AGORA)

    rotacao.conferir(net.servico, AGORA)

    net.refresh_from_db()
    assert net.servico.nome == "SERVICO_5"
