"""The bell of the campaigns: what it rings for, and that it may be lost."""

from datetime import timedelta

import pytest
from django.utils import timezone

from preventivo import campanhas, coleta, importacao, tasks
from preventivo.models import Campanha
from simuladores.operadoras import OperadorasSimuladas
from tests.preventivo.fabricas import nova_campanha, nova_operacao

S = Campanha.Situacao


def amanha():
    return timezone.now() + timedelta(days=1)


@pytest.fixture
def tocadas(monkeypatch) -> list[tuple]:
    """Every bell that is rung, and where."""
    tocadas = []
    for tarefa in (tasks.importar, tasks.coletar):
        monkeypatch.setattr(
            tarefa,
            "apply_async",
            lambda args, queue, expires, nome=tarefa.name: tocadas.append((nome.split(".")[-1], *args, queue)),
        )
    return tocadas


@pytest.fixture
def operacao(db):
    return nova_operacao()


def test_a_tick_rings_for_files_and_for_what_is_to_be_collected(operacao, tocadas):
    outra = nova_operacao("net")
    a_importar = nova_campanha(operacao, situacao=S.IMPORTANDO)
    nova_campanha(operacao, cpfs=1, envia_em=amanha())
    nova_campanha(outra, cpfs=1, situacao=S.CANCELADA)

    tasks.tique()
    tasks.tique()

    assert tocadas == 2 * [("importar", a_importar.pk, "geracao"), ("coletar", operacao.pk, "coleta")]


def test_a_tick_moves_the_campaigns(operacao, tocadas):
    nova_campanha(operacao, situacao=S.AGENDADA, envia_em=timezone.now())

    tasks.tique()

    assert Campanha.objects.get().situacao == S.CONCLUIDA


def test_one_step_that_fails_does_not_silence_the_others(operacao, tocadas, monkeypatch, caplog):
    def estourar(agora):
        raise RuntimeError("quebrou")

    monkeypatch.setattr(coleta, "a_coletar", estourar)
    monkeypatch.setattr(campanhas, "tique", lambda agora: tocadas.append("tique"))
    nova_campanha(operacao, situacao=S.IMPORTANDO)

    tasks.tique()

    assert [t if t == "tique" else t[0] for t in tocadas] == ["importar", "tique"]
    assert "Um passo das campanhas falhou." in caplog.text


def test_an_import_is_only_called(monkeypatch):
    chamadas = []
    monkeypatch.setattr(importacao, "importar", lambda pk, agora: chamadas.append((pk, agora.tzinfo is not None)))

    tasks.importar(7)

    assert chamadas == [(7, True)]


def test_a_turn_rings_again_only_while_it_is_answered_and_something_is_left(operacao, tocadas, monkeypatch):
    with OperadorasSimuladas(dados={}) as api:
        operacao = nova_operacao(url=f"{api.url}/claro")
        nova_campanha(operacao, cpfs=4, envia_em=amanha())
        tasks.coletar(operacao.pk)
        assert (tocadas, len(api.respondidas())) == ([], 4), "nothing is left"

        nova_campanha(operacao, cpfs=4, envia_em=amanha())
        monkeypatch.setattr(
            coleta, "coletar", lambda pk, parar, coletar=coleta.coletar: coletar(pk, parar=lambda: api.perguntas >= 5)
        )
        tasks.coletar(operacao.pk)
        assert tocadas == [("coletar", operacao.pk, "coleta")]

    tocadas.clear()
    tasks.coletar(operacao.pk)
    assert tocadas == [], "it answers nothing"


def test_a_worker_that_is_told_to_stop_rings_no_more(operacao, tocadas):
    with OperadorasSimuladas(dados={}) as api:
        operacao = nova_operacao(url=f"{api.url}/claro")
        nova_campanha(operacao, cpfs=4, envia_em=amanha())
        tasks._parar()
        try:
            tasks.coletar(operacao.pk)
        finally:
            tasks._parando.clear()

    assert tocadas == [] and api.perguntas == 0
