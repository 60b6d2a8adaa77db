"""Collecting processes killed with -9: what was answered is not asked again."""

import sys
from contextlib import AbstractContextManager
from datetime import timedelta
from subprocess import Popen

import pytest
from django.utils import timezone

from preventivo.models import Acordo, Boleto, Campanha, Registro
from simuladores.operadoras import OperadorasSimuladas, OrdemAPI
from tests.preventivo.fabricas import nova_campanha, nova_operacao
from tests.processos import ambiente_com_este_banco, esperar, matar, processo
from tests.quedas.apoio import PRAZO, parar

pytestmark = [pytest.mark.processos, pytest.mark.django_db(transaction=True)]

CONEXOES = 3
QUANTOS = 60


def coletor(operacao, adiantado: int = 0) -> AbstractContextManager[Popen]:
    comando = [sys.executable, "-m", "tests.preventivo.coletor", str(operacao.pk), str(adiantado)]
    return processo(comando, ambiente_com_este_banco())


def coletados() -> set[str]:
    return set(Registro.objects.exclude(coletado_em=None).values_list("cpf", flat=True))


def test_a_killed_collector_costs_no_more_than_the_requests_in_the_air(transactional_db):
    """Killed twice midway; whoever comes next waits for the leases of the dead, by a clock that is ahead."""
    with OperadorasSimuladas(ordens=[OrdemAPI("demorar", segundos=0.02)]) as api:
        operacao = nova_operacao(url=f"{api.url}/claro", conexoes=CONEXOES)
        daqui_a_pouco = timezone.now() + timedelta(days=1)
        campanha = nova_campanha(operacao, cpfs=QUANTOS, envia_em=daqui_a_pouco)
        perdidos: set[str] = set()
        for vez, ate in enumerate((15, 35)):
            with coletor(operacao, 60 * vez) as filho:
                esperar(lambda quantos=ate: len(coletados()) >= quantos, PRAZO, 0.005)
                matar(filho)
            esperar(lambda: not api.respondendo, PRAZO, 0.005)  # it may be answering who is gone
            respondidos = {cpf for _, cpf in api.respondidas()}
            no_ar = respondidos - coletados()
            assert len(no_ar) <= CONEXOES and coletados() <= respondidos
            perdidos |= no_ar
        with coletor(operacao, 180) as ultimo:
            esperar(lambda: len(coletados()) == QUANTOS, PRAZO)
            parar(ultimo)

        vezes = {cpf: n for (_, cpf), n in api.respondidas().items()}
        acordos = sum(len(api.acordos("claro", cpf)) for cpf in vezes)
    assert len(vezes) == QUANTOS
    assert {cpf for cpf, n in vezes.items() if n > 1} <= perdidos, "answered, written, and asked again"
    assert max(vezes.values()) <= 3
    assert not Registro.objects.exclude(tomado_ate=None).exists()
    assert Acordo.objects.count() == acordos == Campanha.objects.get(pk=campanha.pk).acordos
    assert Boleto.objects.exists()


def test_two_collectors_at_once_ask_nothing_twice(transactional_db):
    """The lock of the one that dies is free at once."""
    with OperadorasSimuladas(ordens=[OrdemAPI("demorar", segundos=0.02)]) as api:
        operacao = nova_operacao(url=f"{api.url}/claro", conexoes=CONEXOES)
        nova_campanha(operacao, cpfs=QUANTOS, envia_em=timezone.now() + timedelta(days=1))
        with coletor(operacao) as um, coletor(operacao) as outro:
            esperar(lambda: len(coletados()) == QUANTOS, PRAZO)
            for filho in (um, outro):
                parar(filho)

        assert set(api.respondidas().values()) == {1}
        assert api.maior_simultaneo <= CONEXOES
