"""The whole machine as it runs: beat, workers and a broker. The broker is a doorbell; the database is the ledger."""

import sys
from collections import Counter
from contextlib import ExitStack

import pytest
from django.utils import timezone

from batch.inicio import iniciar
from batch.models import ProcessoIniciado
from mensageria import balanco
from mensageria.estados import Classe, Estado
from mensageria.models import Mensagem, TentativaEnvio
from simuladores.sms import GatewaySMSSimulado
from simuladores.smtp import ServidorSMTP
from tests.fabricas import nova_conta, novas_saidas, novo_parametro, novo_parametro_sistema
from tests.processos import ambiente_com_este_banco, esperar, matar, porta_livre, processo, redis_server
from tests.quedas.apoio import Sumidouro

pytestmark = [pytest.mark.processos, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def mundo(transactional_db):
    with ServidorSMTP() as smtp, GatewaySMSSimulado(token="segredo") as sms:
        preparar(smtp, sms, contas=8)
        yield smtp, sms


def preparar(smtp: ServidorSMTP, sms: GatewaySMSSimulado, *, contas: int) -> None:
    novo_parametro_sistema()
    novo_parametro(referencia=202001)
    novas_saidas(smtp=("127.0.0.1", smtp.porta), sms=sms.url)
    hoje = timezone.localdate()
    for _ in range(contas):
        nova_conta(vencimento=hoje)


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
    ambiente = ambiente_com_este_banco() | {
        "CELERY_BROKER_URL": "filesystem://",
        "PASTA_BROKER": str(tmp_path / "b"),
        "PASTA_DIARIO": str(tmp_path / "diario"),
    }
    agenda = ("beat", "-s", str(tmp_path / "agenda"), "--pidfile=")
    with (
        processo(trabalhador("geral@t", "geral,geracao", "prefork"), ambiente),
        processo(trabalhador("envio@t", "envio", "threads"), ambiente),
        processo(celery(*agenda), ambiente),
    ):
        esperar(lambda: concluido(iniciado), 120)

    conferir_que_tudo_chegou(*mundo)


def test_redis_and_a_worker_killed_while_they_work_lose_no_message(tmp_path, transactional_db):
    """Beat and the general worker live on, and find an empty Redis where theirs was; another sender takes over."""
    porta = porta_livre()
    with Sumidouro(espera=0.3) as smtp, GatewaySMSSimulado(token="segredo") as sms, ExitStack() as pilha:
        preparar(smtp, sms, contas=16)
        redis = ExitStack()
        url = redis.enter_context(redis_server(tmp_path, porta))
        pilha.push(redis)
        ambiente = ambiente_com_este_banco() | {"CELERY_BROKER_URL": url, "PASTA_DIARIO": str(tmp_path / "diario")}
        pilha.enter_context(processo(trabalhador("geral@t", "geral,geracao", "threads"), ambiente))
        pilha.enter_context(processo(celery("beat", "-s", str(tmp_path / "agenda"), "--pidfile="), ambiente))
        primeiro = pilha.enter_context(processo(trabalhador("envio@t", "envio", "threads"), ambiente))
        iniciado = comandar()

        esperar(lambda: len(smtp.recebidas) >= 4, 60, 0.02)
        redis.close()
        matar(primeiro)
        presas = Mensagem.objects.filter(estado=Estado.EM_ENVIO).count()
        assert presas and not concluido(iniciado), "midway"
        pilha.enter_context(redis_server(tmp_path, porta))
        pilha.enter_context(processo(trabalhador("outro@t", "envio", "threads"), ambiente))
        esperar(lambda: concluido(iniciado), 120)

        estados = Counter(Mensagem.objects.values_list("estado", flat=True))
        em_duvida = TentativaEnvio.objects.filter(classe=Classe.INCERTA).count()
        assert estados.keys() <= {Estado.ENVIADA, Estado.ENTREGUE, Estado.INCERTA}
        assert estados[Estado.INCERTA] == em_duvida <= 2, "one for each connection that the dead worker had open"
        assert max(Counter(r.destinos for r in smtp.recebidas).values()) == 1
        assert not sms.repetidas
        assert len(smtp.recebidas) + len(sms.recebidas) >= 32 - em_duvida
        assert balanco.conferir() == []
