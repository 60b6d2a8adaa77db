"""A sending process stopped beyond its lease (SIGSTOP, a machine that slept), which then goes on as if nothing was."""

import signal

import pytest
from django.utils import timezone

from mensageria import recuperacao
from mensageria.estados import Estado
from mensageria.models import Mensagem, Reserva
from tests.processos import esperar
from tests.quedas.apoio import PRAZO, Sumidouro, conferir, gerar, incertas, novo_servico, parar, terminou, trabalhador

pytestmark = [pytest.mark.processos, pytest.mark.django_db(transaction=True)]


def test_a_worker_stopped_beyond_its_lease_sends_nothing_more_when_it_goes_on(transactional_db, settings, tmp_path):
    """It wakes with the 250 of its last body waiting for it, and the rest of its block in its hands."""
    settings.PASTA_DIARIO = tmp_path
    pressa = {"ARRENDAMENTO": "0"}  # four time-outs are left: 8 s
    with Sumidouro(espera=0.1) as smtp:
        servico = novo_servico(smtp, conexoes=2, prazo=2)
        gerar(40)
        with trabalhador(servico, tmp_path, **pressa) as parado:
            esperar(lambda: smtp.aceitas >= 8, PRAZO, 0.01)
            parado.send_signal(signal.SIGSTOP)
            conexoes = smtp.conexoes
            presas = Mensagem.objects.filter(estado=Estado.EM_ENVIO).count()
            esperar(_recuperado, PRAZO)
            no_ar = incertas()
            assert presas > len(no_ar) <= 2, "one for each connection; the rest of the blocks went back"

            ate_aqui = smtp.aceitas
            parado.send_signal(signal.SIGCONT)
            esperar(terminou, PRAZO)
            parar(parado)

    assert all(r.conexao > conexoes for r in smtp.recebidas[ate_aqui:]), "by what it held when it was stopped"
    assert smtp.aceitas == len({r.destinos for r in smtp.recebidas}) == 40
    conferir(smtp, servico)
    acordadas = Mensagem.objects.filter(destino__in=no_ar).values_list("estado", flat=True)
    assert set(acordadas) <= {Estado.ENVIADA}, "the reply that was waiting settles what was in doubt"


def _recuperado() -> bool:
    recuperacao.recuperar(timezone.now())
    return not Reserva.objects.filter(encerrada_em=None).exists()
