"""A disk without room for the journal: nothing leaves that cannot be journaled."""

import resource

import pytest
from django.utils import timezone

from mensageria.diario import POR_MENSAGEM
from mensageria.envio import PRIMEIRO_BLOCO
from mensageria.models import Alerta, TentativaEnvio
from tests.processos import esperar
from tests.quedas.apoio import PRAZO, conferir, estados, gerar, novo_servico, parar, terminou, trabalhador

pytestmark = [pytest.mark.processos, pytest.mark.django_db(transaction=True)]


def test_a_full_disk_stops_the_sending_with_an_alert_and_room_lets_it_go_on(smtp, tmp_path):
    """There is room for one small block of each turn, and none for the larger one that follows."""
    servico = novo_servico(smtp, conexoes=1)
    gerar(100)
    cabem = (PRIMEIRO_BLOCO + 1) * POR_MENSAGEM
    horas = {timezone.now().hour}

    with trabalhador(servico, tmp_path, conexoes=1, LIMITE_DE_ARQUIVO=str(cabem // 2)) as filho:
        alerta = esperar(lambda: Alerta.objects.filter(tipo=Alerta.Tipo.DIARIO).first(), PRAZO)
        assert "Libere espaço" in alerta.texto and str(servico) in alerta.texto
        servico.refresh_from_db()
        assert "diário" in servico.motivo_espera
        assert estados() == {"PENDENTE": 100} and not smtp.aceitas
        assert not TentativaEnvio.objects.exists()

        _disco(filho, cabem)
        esperar(lambda: smtp.aceitas >= PRIMEIRO_BLOCO, PRAZO)
        esperar(lambda: estados()["ENVIADA"] == smtp.aceitas, PRAZO)
        assert smtp.aceitas % PRIMEIRO_BLOCO == 0, "whole blocks, and nothing of those without room"

        _disco(filho, resource.RLIM_INFINITY)
        esperar(terminou, PRAZO)
        parar(filho)

    assert estados() == {"ENVIADA": 100} and smtp.aceitas == 100
    assert Alerta.objects.filter(tipo=Alerta.Tipo.DIARIO).count() <= len(horas | {timezone.now().hour})
    conferir(smtp, servico)


def _disco(processo, espaco: int) -> None:
    resource.prlimit(processo.pid, resource.RLIMIT_FSIZE, (espaco, resource.RLIM_INFINITY))
