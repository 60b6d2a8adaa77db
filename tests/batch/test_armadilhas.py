"""The traps of GSAN's batch, each mended: a test is named after its trap."""

from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone
from pytest_django.asserts import assertContains, assertNotContains

from batch.execucao import executar, executar_pendentes, tique
from batch.inicio import continuar, iniciar
from batch.models import FuncionalidadeIniciada, ProcessoIniciado, UnidadeIniciada
from batch.posse import reivindicar

Situacao = ProcessoIniciado.Situacao


@pytest.fixture
def bloqueado(novo_iniciado, registrar, agora):
    """One that waits for a process that ended with error, whose step works from now on."""
    falhou = []

    def falhar_uma_vez(trabalho):
        if not falhou:
            falhou.append(1)
            raise ValueError("defeito")

    registrar("a", falhar_uma_vez)
    precedente = novo_iniciado("a")
    dependente = iniciar(9001, usuario=None, agendado_para=agora, agora=agora, precedente=precedente)
    executar_pendentes(agora)
    precedente.refresh_from_db()
    dependente.refresh_from_db()
    assert (precedente.situacao, dependente.situacao) == (Situacao.CONCLUIDO_COM_ERRO, Situacao.EM_ESPERA)
    return dependente


def test_an_erroneous_precedente_blocks_forever(bloqueado, entrar, agora):
    """In GSAN nobody learns why, nor is there a way out. Here the page says it, and the precedente is continued…"""
    precedente = bloqueado.precedente
    motivo = f"Bloqueado: o processo precedente {precedente.pk} (CONCLUÍDO COM ERRO) não foi concluído."
    assertContains(entrar("operador").get(reverse("batch:processo", args=[bloqueado.pk])), motivo)

    continuar(precedente.funcionalidades.get(), usuario=None)
    executar_pendentes(agora)

    bloqueado.refresh_from_db()
    assert bloqueado.situacao == Situacao.CONCLUIDO


def test_an_erroneous_precedente_blocks_forever_unless_who_waits_is_cancelled(bloqueado, entrar):
    """…or whoever waits is cancelled."""
    dados = {"motivo": "Não precisa mais"}

    entrar("supervisor").post(reverse("batch:cancelar", args=[bloqueado.pk]), dados)

    bloqueado.refresh_from_db()
    assert bloqueado.situacao == Situacao.EXECUCAO_CANCELADA


def test_when_the_server_starts_everything_em_processamento_becomes_cancelada(novo_iniciado, registrar, agora):
    """Here nothing is lost with a server: the unit in its hands is handed out again when its lease ends."""
    registrar("a", unidades=[1, 2])
    iniciado = novo_iniciado("a")
    primeira, segunda = tique(agora)
    executar(primeira, agora=agora)
    assert reivindicar(segunda, agora=agora), "and its runner goes down with the server"
    UnidadeIniciada.objects.exclude(arrendada_ate=None).update(arrendada_ate=timezone.now() - timedelta(seconds=1))

    assert tique(agora) == [segunda]
    executar(segunda, agora=agora)
    tique(agora)

    iniciado.refresh_from_db()
    assert iniciado.situacao == Situacao.CONCLUIDO


def test_at_most_one_funcionalidade_starts_a_minute(novo_iniciado, registrar, agora):
    """Here all that are due start in one tick, each ten seconds."""
    registrar("a")
    for numero in range(5):
        novo_iniciado("a", pk=9001 + numero)

    tique(agora)

    em_processamento = FuncionalidadeIniciada.Situacao.EM_PROCESSAMENTO
    assert FuncionalidadeIniciada.objects.filter(situacao=em_processamento).count() == 5


def test_only_the_first_exception_is_stored(novo_iniciado, registrar, agora):
    """Here the first is the funcionalidade's, and each unit keeps its own."""

    def com_defeito(trabalho):
        raise ValueError(f"defeito {trabalho.codigo}")

    registrar("a", com_defeito, unidades=[1, 2])
    iniciado = novo_iniciado("a")
    executar_pendentes(agora)

    assert "defeito 1" in iniciado.funcionalidades.get().erro
    assert ["defeito 2" in erro for erro in UnidadeIniciada.objects.values_list("erro", flat=True)] == [False, True]


def test_reiniciar_needs_its_special_permission_on_the_page_in_the_view_and_in_the_administration(
    bloqueado, entrar, chefe
):
    """GSAN's permissão especial 47."""
    precedente = bloqueado.precedente
    pagina, acao = (reverse(f"batch:{nome}", args=[precedente.pk]) for nome in ("processo", "reiniciar"))
    da_administracao = reverse("admin:batch_processoiniciado_change", args=[precedente.pk])
    dados = {"confirmado": "1", "funcionalidade": [precedente.funcionalidades.get().pk]}
    em_lote = {"action": "reiniciar", "_selected_action": [precedente.pk]}
    lista = reverse("admin:batch_processoiniciado_changelist")

    sem, com = entrar("operador"), entrar("supervisor")

    assertNotContains(sem.get(pagina), acao)
    assert sem.post(acao, dados).status_code == 403
    assertNotContains(sem.get(da_administracao), "Reiniciar")
    sem.post(lista, em_lote)
    precedente.refresh_from_db()
    assert precedente.situacao == Situacao.CONCLUIDO_COM_ERRO
    assertContains(com.get(pagina), acao)
    assertContains(com.get(da_administracao), "Reiniciar")
    assert com.post(acao, dados).status_code == 302
    precedente.refresh_from_db()
    assert precedente.situacao == Situacao.EM_ESPERA
