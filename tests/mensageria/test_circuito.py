"""The circuit breaker of a service: it opens, rests longer each time, is proved by one, and closes."""

from datetime import timedelta

import pytest

from mensageria import circuito
from mensageria.estados import Classe
from mensageria.models import Alerta, ServicoEmail
from tests.fabricas import novas_saidas
from tests.mensageria.apoio import AGORA

MINUTO = timedelta(minutes=1)


@pytest.fixture(autouse=True)
def _espera(settings):
    settings.ESPERA_DO_SERVICO = 60


@pytest.fixture(params=["email", "sms"])
def servico(request, db):
    return novas_saidas()[request.param == "sms"]


def gravado(servico):
    return type(servico).objects.get(pk=servico.pk)


def alertas(servico, **filtros):
    return Alerta.objects.filter(tipo=Alerta.Tipo.CIRCUITO, **filtros)


def test_each_failure_after_a_rest_doubles_it_up_to_half_an_hour(servico):
    agora, descansos = AGORA, []
    for _ in range(8):
        assert circuito.falhou(servico, Classe.REDE, "Connection refused", agora)
        descansos.append((servico.em_espera_ate - agora) / MINUTO)
        agora = servico.em_espera_ate
    assert descansos == [1, 2, 4, 8, 16, 30, 30, 30]
    assert gravado(servico).falhas_seguidas == servico.falhas_seguidas == 8
    assert gravado(servico).motivo_espera == servico.motivo_espera == "Rede: Connection refused"


def test_connections_that_fail_together_are_one_failure(servico):
    outro = gravado(servico)
    assert circuito.falhou(servico, Classe.REDE, "caiu", AGORA)
    assert not circuito.falhou(outro, Classe.REDE, "caiu", AGORA + timedelta(seconds=59))
    assert outro.falhas_seguidas == 1
    assert outro.em_espera_ate == servico.em_espera_ate == AGORA + MINUTO


def test_a_service_is_in_proof_from_the_end_of_its_rest_until_it_works(servico):
    assert not circuito.em_prova(servico, AGORA)
    circuito.falhou(servico, Classe.REDE, "caiu", AGORA)
    assert not circuito.em_prova(servico, AGORA + timedelta(seconds=59))
    assert circuito.em_prova(servico, AGORA + MINUTO)
    assert circuito.em_prova(gravado(servico), AGORA + MINUTO)

    circuito.acertou(servico, AGORA + MINUTO)
    assert not circuito.em_prova(servico, AGORA + MINUTO)
    guardado = gravado(servico)
    assert (guardado.falhas_seguidas, guardado.em_espera_ate, guardado.motivo_espera) == (0, None, "")

    circuito.falhou(servico, Classe.REDE, "caiu", AGORA + 2 * MINUTO)
    assert servico.em_espera_ate == AGORA + 3 * MINUTO  # from the beginning


def test_the_third_failure_in_a_row_is_told_and_until_it_works_not_again(servico):
    agora = AGORA
    quantos = []
    for _ in range(5):
        circuito.falhou(servico, Classe.REDE, "Connection refused", agora)
        quantos.append(alertas(servico, resolvido_em=None).count())
        agora = servico.em_espera_ate
    assert quantos == [0, 0, 1, 1, 1]
    alerta = Alerta.objects.get()
    assert alerta.titulo == "Serviço em Falha"
    assert f"O serviço **{servico.nome}** não atende: 3 tentativas seguidas falharam." in alerta.texto
    assert "Connection refused" in alerta.texto
    assert (alerta.servico_email or alerta.gateway) == servico

    circuito.acertou(servico, agora)
    assert not alertas(servico, resolvido_em=None).exists()
    for _ in range(3):
        circuito.falhou(servico, Classe.REDE, "caiu", agora)
        agora = servico.em_espera_ate
    assert (alertas(servico).count(), alertas(servico, resolvido_em=None).count()) == (2, 1)


def test_a_refused_password_is_told_at_once_and_once(servico):
    circuito.falhou(servico, Classe.AUTENTICACAO, "535 5.7.8", AGORA)
    circuito.falhou(servico, Classe.AUTENTICACAO, "535 5.7.8", AGORA + MINUTO)
    circuito.falhou(servico, Classe.REDE, "caiu", AGORA + 10 * MINUTO)
    assert "falhou com o usuário e a senha" in Alerta.objects.get().texto


def test_a_rest_asked_for_by_the_server_counts_as_no_failure_and_shortens_no_longer_one(servico):
    circuito.descansar(servico, "Limite de taxa: 421 too many", AGORA)
    assert (servico.falhas_seguidas, servico.em_espera_ate) == (0, AGORA + MINUTO)
    assert not circuito.em_prova(servico, AGORA + MINUTO)
    assert not circuito.falhou(servico, Classe.REDE, "caiu", AGORA)  # it rests already
    assert not type(servico).objects.disponiveis(AGORA).filter(pk=servico.pk).exists()

    circuito.falhou(servico, Classe.REDE, "caiu", AGORA + MINUTO)
    circuito.falhou(servico, Classe.REDE, "caiu", AGORA + 2 * MINUTO)
    circuito.descansar(servico, "Limite de taxa", AGORA + 2 * MINUTO)
    assert gravado(servico).em_espera_ate == servico.em_espera_ate == AGORA + 4 * MINUTO


def test_what_works_writes_nothing(servico, django_assert_num_queries):
    circuito.descansar(servico, "Limite de taxa", AGORA)
    with django_assert_num_queries(0):
        circuito.acertou(servico, AGORA)


def test_only_its_own_row_and_columns_are_written(servico):
    outro = ServicoEmail.objects.create(nome="OUTRO", host="h")
    type(servico).objects.filter(pk=servico.pk).update(nome="RENOMEADO")
    circuito.falhou(servico, Classe.AUTENTICACAO, "x" * 500, AGORA)
    circuito.fechar(servico, AGORA)
    assert gravado(servico).nome == "RENOMEADO"
    assert gravado(outro).falhas_seguidas == 0
