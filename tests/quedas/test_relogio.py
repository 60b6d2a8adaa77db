"""The clock goes over midnight and over the day of renewal, between two bodies of one turn, and back."""

from collections import Counter
from datetime import datetime, timedelta

import pytest
from django.utils import timezone

from mensageria import balanco, envio, rotacao
from mensageria.canais.base import FalhaDeEnvio
from mensageria.canais.memoria import CanalDeMemoria
from mensageria.estados import Classe, Estado, Motivo
from mensageria.models import Consumo, Mensagem, Remetente, ServicoEmail, inicio_do_dia
from tests.fabricas import HOJE, novas_saidas, novo_parametro, novo_parametro_sistema
from tests.quedas.apoio import estados, gerar

AMANHA = HOJE + timedelta(days=1)
MEIA_NOITE = inicio_do_dia(AMANHA)
ANTES = MEIA_NOITE - timedelta(minutes=10)
UM_SEGUNDO = timedelta(seconds=1)


@pytest.fixture
def servico(db) -> ServicoEmail:
    novo_parametro_sistema()
    novo_parametro()
    return novas_saidas()[0]


class Relogio:
    """Says `antes` until so many bodies left, and `depois` from then on."""

    def __init__(self, canal: CanalDeMemoria, corpos: int, antes: datetime, depois: datetime):
        self.canal, self.corpos, self.antes, self.depois = canal, corpos, antes, depois

    def __call__(self) -> datetime:
        return self.antes if len(self.canal.recebidos) < self.corpos else self.depois


def enviar(servico: ServicoEmail, agora: datetime, *respostas: Exception) -> int:
    """How many bodies a turn at that moment sends."""
    canal = CanalDeMemoria(respostas)
    envio.enviar(servico, relogio=lambda: agora, canal=canal)
    return len(canal.recebidos)


def usado() -> dict:
    return dict(Consumo.objects.values_list("inicio", "usado"))


def test_no_body_leaves_from_the_midnight_of_the_limit_on(servico):
    gerar(8, agora=ANTES)
    limite = Mensagem.objects.first().expira_em
    assert timezone.localtime(limite).hour == 0
    canal = CanalDeMemoria()

    envio.enviar(servico, relogio=Relogio(canal, 3, limite - UM_SEGUNDO, limite), canal=canal)

    assert len(canal.recebidos) == 3
    assert Counter(Mensagem.objects.values_list("estado", "motivo")) == {
        (Estado.ENVIADA, ""): 3,
        (Estado.CANCELADA, Motivo.PRAZO): 5,
    }
    assert balanco.conferir() == []


def test_each_period_has_its_own_quota_and_one_turn_may_use_both(servico):
    ServicoEmail.objects.update(cota_mensal=5, dia_renovacao=AMANHA.day)
    servico.refresh_from_db()
    gerar(20, agora=ANTES)

    assert enviar(servico, ANTES) == 5
    assert enviar(servico, MEIA_NOITE - UM_SEGUNDO) == 0
    assert enviar(servico, MEIA_NOITE) == 5
    assert enviar(servico, MEIA_NOITE + UM_SEGUNDO) == 0

    assert usado() == {HOJE.replace(month=10, day=AMANHA.day): 5, AMANHA: 5}
    assert estados() == {"ENVIADA": 10, "PENDENTE": 10}


def test_what_was_reserved_before_the_renewal_and_left_after_it_counts_in_the_new_period(servico):
    ServicoEmail.objects.update(cota_mensal=5, dia_renovacao=AMANHA.day)
    servico.refresh_from_db()
    gerar(20, agora=ANTES)
    canal = CanalDeMemoria()

    envio.enviar(servico, relogio=Relogio(canal, 2, ANTES, MEIA_NOITE), canal=canal)
    enviar(servico, MEIA_NOITE)

    assert usado() == {HOJE.replace(month=10, day=AMANHA.day): 2, AMANHA: 5}
    assert estados() == {"ENVIADA": 7, "PENDENTE": 13}
    assert enviar(servico, ANTES) == 0, "a clock that is set back finds no quota again"
    assert balanco.conferir() == []


def test_a_service_that_said_its_day_is_over_comes_back_at_midnight(servico):
    gerar(5, agora=ANTES)
    esgotou = FalhaDeEnvio(Classe.COTA, "550", "5.4.5 Daily user sending limit exceeded")

    assert enviar(servico, ANTES, esgotou) == 0
    remetente = Remetente.objects.get(servico=servico)
    assert remetente.aguardando_desde == ANTES
    assert enviar(servico, MEIA_NOITE - UM_SEGUNDO) == 0
    assert estados() == {"PENDENTE": 5}

    rotacao.tique(MEIA_NOITE)
    assert enviar(servico, MEIA_NOITE) == 5
    remetente.refresh_from_db()
    assert remetente.aguardando_desde is None
    assert estados() == {"ENVIADA": 5} and balanco.conferir() == []
