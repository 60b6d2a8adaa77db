"""Workers of Celery as they run: stopped in the middle of a turn, and rung by two beats at once."""

import sys
from datetime import time, timedelta

import pytest
from django.contrib.auth.models import User
from django.utils import timezone
from django_celery_beat.models import PeriodicTask

from batch.agendamentos import guardar
from batch.models import Agendamento, ProcessoIniciado
from tests.processos import ambiente_com_este_banco, esperar, matar, processo
from tests.quedas.apoio import PRAZO, Sumidouro, conferir, estados, gerar, incertas, novo_servico, parar, terminou

pytestmark = [pytest.mark.processos, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def ambiente(transactional_db, tmp_path) -> dict[str, str]:
    """A broker and journals of the test's own."""
    return ambiente_com_este_banco() | {
        "CELERY_BROKER_URL": "filesystem://",
        "PASTA_BROKER": str(tmp_path / "broker"),
        "PASTA_DIARIO": str(tmp_path / "diario"),
    }


def celery(*argumentos: str) -> list[str]:
    return [sys.executable, "-m", "celery", "-A", "config", *argumentos]


def trabalhador(nome: str, filas: str) -> list[str]:
    return celery("worker", "-n", nome, "-Q", filas, "-P", "threads", "-c", "2", "--without-gossip", "--without-mingle")


def beat(pasta) -> list[str]:
    return celery("beat", "-s", str(pasta), "--pidfile=")


def test_two_beats_send_nothing_twice_and_a_stop_leaves_nothing_in_doubt(ambiente, tmp_path):
    """SIGTERM in the middle of a turn: what is on its way is told, the rest goes back, another worker sends it."""
    with (
        Sumidouro(espera=0.05) as smtp,
        processo(beat(tmp_path / "um"), ambiente),
        processo(beat(tmp_path / "outro"), ambiente),
    ):
        servico = novo_servico(smtp, conexoes=2)
        gerar(100)
        with processo(trabalhador("um@t", "geral,envio"), ambiente) as primeiro:
            esperar(lambda: smtp.aceitas >= 15, PRAZO, 0.02)
            parar(primeiro)

        saidas = smtp.aceitas
        assert 15 <= saidas < 100, "midway"
        assert estados() == {"ENVIADA": saidas, "PENDENTE": 100 - saidas}
        assert not list((tmp_path / "diario").glob("*.diario"))
        conferir(smtp, servico)

        with processo(trabalhador("outro@t", "geral,envio"), ambiente) as segundo:
            esperar(terminou, PRAZO)
            parar(segundo)

    assert not incertas()
    assert estados() == {"ENVIADA": 100}
    assert smtp.aceitas == len({r.destinos for r in smtp.recebidas}) == 100
    conferir(smtp, servico)


def test_a_missed_schedule_is_commanded_once_by_two_beats_also_after_one_was_killed(ambiente, tmp_path):
    """Its hour passed while nothing ran. The fixed schedule is in no table, and goes on with the beat that is left."""
    agora = timezone.now()
    dona = User.objects.create_superuser("dona")
    PeriodicTask.objects.all().delete()
    diario = {"repeticao": Agendamento.Repeticao.DIAS, "intervalo": 1, "hora": time(0, 0)}
    agendamento = Agendamento(
        processo_id=336, criado_por=dona, a_partir_de=timezone.localdate(agora) - timedelta(days=3), **diario
    )
    guardar(agendamento, agora=agora - timedelta(days=2))
    with (
        processo(beat(tmp_path / "um"), ambiente) as primeiro,
        processo(beat(tmp_path / "outro"), ambiente),
        processo(trabalhador("um@t", "geral,geracao,envio"), ambiente),
    ):
        esperar(ProcessoIniciado.objects.exists, PRAZO)
        matar(primeiro)
        concluido = ProcessoIniciado.objects.filter(situacao=ProcessoIniciado.Situacao.CONCLUIDO)
        esperar(concluido.exists, PRAZO)

    assert ProcessoIniciado.objects.count() == 1
    assert agendamento.datas.count() == 2, "yesterday's was lost, and says so"
    agendamento.refresh_from_db()
    assert timezone.localdate(agendamento.proximo) > timezone.localdate(agora)
    assert [tarefa.name for tarefa in PeriodicTask.objects.all()] == [f"agendamento-{agendamento.pk}"]
