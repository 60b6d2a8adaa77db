"""What came of a block, told twice or late: by the turn that woke up, after whoever recovered its journal."""

import pytest

from mensageria import resultados
from mensageria.estados import Classe, Estado
from mensageria.models import Consumo, Mensagem, OrigemEnvio, Reserva
from mensageria.resultados import Resultado
from tests.mensageria.apoio import AGORA, nova_mensagem, por_em


@pytest.fixture
def presa(db) -> Mensagem:
    return por_em(nova_mensagem(), Estado.EM_ENVIO)


def usado() -> int:
    return Consumo.objects.get().usado


def dito(mensagem: Mensagem, classe: Classe) -> Resultado:
    return Resultado(mensagem.pk, classe.value, momento=AGORA.isoformat())


@pytest.mark.parametrize("classe", [Classe.ACEITA, Classe.INCERTA])
def test_a_result_that_is_told_twice_uses_the_quota_once(presa, classe):
    for _ in range(2):
        resultados.aplicar(presa.reserva, [dito(presa, classe)], AGORA)

    assert usado() == presa.envios.count() == 1


@pytest.mark.parametrize("politica", ["perguntar", "reenviar"])
def test_an_acceptance_after_a_doubt_about_the_same_departure_uses_the_quota_once(presa, politica):
    OrigemEnvio.objects.update(politica_incerta=politica)
    reserva = Reserva.objects.get()

    resultados.aplicar(reserva, [dito(presa, Classe.INCERTA)], AGORA)
    resultados.aplicar(reserva, [dito(presa, Classe.ACEITA)], AGORA)

    assert usado() == 1
    assert presa.envios.count() == 2


def test_a_departure_that_was_given_back_and_turns_out_accepted_uses_the_quota(presa):
    reserva = Reserva.objects.get()
    resultados.encerrar(reserva, [], AGORA)

    resultados.aplicar(reserva, [dito(presa, Classe.ACEITA)], AGORA)

    assert usado() == 1
