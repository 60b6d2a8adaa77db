"""The whole machine as it runs: beat, workers and a broker. The broker is a doorbell; the database is the ledger."""

import sys
from collections import Counter

import pytest
from django.utils import timezone

from batch.inicio import iniciar
from batch.models import ProcessoIniciado, UnidadeIniciada
from batch.tasks import tique
from config.celery import FILAS, app
from mensageria import balanco
from mensageria.estados import Estado
from mensageria.models import Mensagem
from simuladores.sms import GatewaySMSSimulado
from simuladores.smtp import ServidorSMTP
from tests.fabricas import nova_conta, novas_saidas, novo_parametro, novo_parametro_sistema
from tests.processos import ambiente_com_este_banco, esperar, matar, processo, redis_server

pytestmark = [pytest.mark.processos, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def mundo(transactional_db):
    with ServidorSMTP() as smtp, GatewaySMSSimulado(token="segredo") as sms:
        novo_parametro_sistema()
        novo_parametro(referencia=202001)
        novas_saidas(smtp=("127.0.0.1", smtp.porta), sms=sms.url)
        hoje = timezone.localdate()
        for _ in range(8):
            nova_conta(vencimento=hoje)
        yield smtp, sms


def celery(*argumentos: str) -> list[str]:
    return [sys.executable, "-m", "celery", "-A", "config", *argumentos]


def trabalhador(nome: str, filas: str, pool: str) -> list[str]:
    return celery("worker", "-n", nome, "-Q", filas, "--pool", pool, "-c", "2", "--without-gossip", "--without-mingle")


def comandar() -> ProcessoIniciado:
    agora = timezone.now()
    return iniciar(336, usuario=None, agendado_para=agora, agora=agora)


def concluido(iniciado: ProcessoIniciado) -> bool:
    iniciado.refresh_from_db()
    return iniciado.situacao == ProcessoIniciado.Situacao.CONCLUIDO


def conferir_que_tudo_chegou(smtp, sms):
    assert len(smtp.recebidas) == len(sms.recebidas) == 8
    assert max(Counter(r.destinos for r in smtp.recebidas).values()) == 1
    assert balanco.conferir() == []


def test_beat_and_workers_run_process_336_on_the_file_broker(mundo, tmp_path):
    """Without Redis: kombu's filesystem transport, one general worker, one for sending, and beat."""
    iniciado = comandar()
    ambiente = ambiente_com_este_banco() | {"CELERY_BROKER_URL": "filesystem://", "PASTA_BROKER": str(tmp_path / "b")}
    agenda = ("beat", "-s", str(tmp_path / "agenda"), "--pidfile=")
    with (
        processo(trabalhador("geral@t", "geral,geracao", "prefork"), ambiente),
        processo(trabalhador("envio@t", "envio", "threads"), ambiente),
        processo(celery(*agenda), ambiente),
    ):
        esperar(lambda: concluido(iniciado), 120)

    conferir_que_tudo_chegou(*mundo)


def test_redis_lost_with_all_that_it_held_loses_no_message(mundo, tmp_path):
    """The ticks' tasks are queued in a Redis that then dies; another, empty one takes its place."""
    iniciado = comandar()
    with redis_server(tmp_path) as url:
        conexao = app.connection_for_write(url)
        tique.apply_async(connection=conexao)
        conexao.release()
    assert not UnidadeIniciada.objects.exists(), "nobody heard the first bell"

    with redis_server(tmp_path) as url:
        ambiente = ambiente_com_este_banco() | {"CELERY_BROKER_URL": url}
        agenda = ("beat", "-s", str(tmp_path / "agenda"), "--pidfile=")
        with (
            processo(trabalhador("geral@t", ",".join(FILAS), "threads"), ambiente) as primeiro,
            processo(celery(*agenda), ambiente),
        ):
            esperar(lambda: Mensagem.objects.exists(), 60)
            matar(primeiro)
            # What the dead one held is leased for minutes; the test does not wait for the clock.
            UnidadeIniciada.objects.filter(arrendada_ate__isnull=False).update(arrendada_ate=timezone.now())
            Mensagem.objects.filter(estado=Estado.EM_ENVIO).update(reserva_ate=timezone.now())
            with processo(trabalhador("outro@t", ",".join(FILAS), "threads"), ambiente):
                esperar(lambda: concluido(iniciado), 120)

    estados = Counter(Mensagem.objects.values_list("estado", flat=True))
    assert estados.keys() <= {Estado.ENVIADA, Estado.ENTREGUE, Estado.INCERTA}
    assert estados[Estado.INCERTA] <= 2, "one for each connection that the dead worker had open"
    assert max(Counter(r.destinos for r in mundo[0].recebidas).values()) == 1
    assert not mundo[1].repetidas
    assert len(mundo[0].recebidas) + len(mundo[1].recebidas) >= 16 - estados[Estado.INCERTA]
    assert balanco.conferir() == []
