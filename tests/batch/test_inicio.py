from datetime import timedelta

import pytest
from django.contrib.auth import get_user_model

from batch.execucao import executar_pendentes, tique
from batch.inicio import OperacaoRecusada, autorizar, continuar, iniciar, reiniciar
from batch.models import FuncionalidadeIniciada, Processo, ProcessoIniciado, UnidadeIniciada

Situacao = ProcessoIniciado.Situacao


@pytest.fixture
def operador(db):
    return get_user_model().objects.create_user("operador")


def falhar_em(*codigos):
    """A step that fails in those units, until they are taken out of the list it returns with."""
    ruins, feitas = list(codigos), []

    def passo(trabalho):
        if trabalho.codigo in ruins:
            raise ValueError(f"unidade {trabalho.codigo} com defeito")
        feitas.append(trabalho.codigo)
        return {}

    passo.ruins, passo.feitas = ruins, feitas
    return passo


# iniciar


def test_a_started_process_waits_with_one_funcionalidade_for_each_active_one(novo_processo, agora, operador):
    processo = novo_processo("a", ("b", 2), "desligada")
    processo.funcionalidades.filter(codigo="desligada").update(ativo=False)

    iniciado = iniciar(
        processo.pk, usuario=operador, agendado_para=agora + timedelta(hours=1), agora=agora, complemento="teste"
    )

    assert (iniciado.situacao, iniciado.comandado_em) == (Situacao.EM_ESPERA, agora)
    assert (iniciado.iniciado_em, iniciado.usuario, iniciado.complemento) == (None, operador, "teste")
    assert list(iniciado.funcionalidades.values_list("funcionalidade__codigo", "sequencial", "situacao")) == [
        ("a", 1, FuncionalidadeIniciada.Situacao.EM_ESPERA),
        ("b", 2, FuncionalidadeIniciada.Situacao.EM_ESPERA),
    ]


def test_an_unknown_process_is_refused(db, agora):
    with pytest.raises(OperacaoRecusada, match="Processo inexistente"):
        iniciar(9999, usuario=None, agendado_para=agora, agora=agora)


def test_an_inactive_process_is_refused(novo_iniciado):
    with pytest.raises(OperacaoRecusada, match="inativo"):
        novo_iniciado("a", ativo=False)


def test_a_process_with_nothing_to_run_is_refused(novo_iniciado):
    with pytest.raises(OperacaoRecusada, match="não tem funcionalidades ativas"):
        novo_iniciado()
    assert not ProcessoIniciado.objects.exists()


@pytest.mark.parametrize("situacao", Situacao)
def test_a_precedente_must_be_still_to_end(novo_iniciado, situacao):
    precedente = novo_iniciado("a")
    ProcessoIniciado.objects.filter(pk=precedente.pk).update(situacao=situacao)  # the caller's object is stale

    if situacao in ProcessoIniciado.AINDA_POR_TERMINAR:
        assert novo_iniciado("a", pk=9002, precedente=precedente).precedente == precedente
    else:
        with pytest.raises(OperacaoRecusada, match=r"Processo inexistente\."):
            novo_iniciado("a", pk=9002, precedente=precedente)


# autorizar


def test_a_process_that_requires_authorisation_runs_only_after_it(novo_iniciado, registrar, agora, operador):
    registrar("a")
    iniciado = novo_iniciado("a", exige_autorizacao=True)
    assert iniciado.motivo_da_espera(agora) == "Aguarda autorização."
    assert tique(agora) == []

    autorizado = autorizar(iniciado, usuario=operador)
    executar_pendentes(agora)

    assert autorizado.autorizado_por == operador
    autorizado.refresh_from_db()
    assert autorizado.situacao == Situacao.CONCLUIDO


def test_authorising_twice_is_refused(novo_iniciado, operador):
    iniciado = novo_iniciado("a", exige_autorizacao=True)
    autorizar(iniciado, usuario=operador)

    with pytest.raises(OperacaoRecusada, match="não está aguardando autorização"):
        autorizar(iniciado, usuario=operador)


# continuar


def test_continuing_redoes_only_what_did_not_conclude(novo_iniciado, registrar, agora):
    passo = falhar_em(2)
    registrar("a", passo, unidades=[1, 2, 3])
    iniciado = novo_iniciado("a")
    executar_pendentes(agora)
    funcionalidade = iniciado.funcionalidades.get()
    assert "unidade 2 com defeito" in funcionalidade.erro

    passo.ruins.clear()
    continuar(funcionalidade, usuario=None)
    iniciado.refresh_from_db()
    assert (iniciado.situacao, iniciado.concluido_em) == (Situacao.EM_PROCESSAMENTO, None)
    executar_pendentes(agora)

    iniciado.refresh_from_db()
    funcionalidade.refresh_from_db()
    assert passo.feitas == [1, 3, 2]
    assert (iniciado.situacao, funcionalidade.erro) == (Situacao.CONCLUIDO, "")
    assert set(funcionalidade.unidades.values_list("situacao", "erro")) == {(UnidadeIniciada.Situacao.CONCLUIDA, "")}


def test_continuing_twice_is_refused(novo_iniciado, registrar, agora):
    registrar("a", falhar_em(0))
    funcionalidade = novo_iniciado("a").funcionalidades.get()
    executar_pendentes(agora)
    continuar(funcionalidade, usuario=None)

    with pytest.raises(OperacaoRecusada, match="não pode ser continuada"):
        continuar(funcionalidade, usuario=None)


@pytest.mark.parametrize("situacao", FuncionalidadeIniciada.Situacao)
def test_only_what_failed_or_was_cancelled_is_continued(novo_iniciado, situacao):
    funcionalidade = novo_iniciado("a").funcionalidades.get()
    FuncionalidadeIniciada.objects.update(situacao=situacao)

    if situacao in FuncionalidadeIniciada.A_CONTINUAR:
        continuada = continuar(funcionalidade, usuario=None)
        assert continuada.situacao == FuncionalidadeIniciada.Situacao.EM_ESPERA
    else:
        with pytest.raises(OperacaoRecusada, match=r"A opção selecionada não pode ser continuada\."):
            continuar(funcionalidade, usuario=None)


def test_a_report_is_never_continued(novo_iniciado):
    funcionalidade = novo_iniciado("a", tipo=Processo.Tipo.RELATORIO).funcionalidades.get()
    FuncionalidadeIniciada.objects.update(situacao=FuncionalidadeIniciada.Situacao.CONCLUIDA_COM_ERRO)

    with pytest.raises(OperacaoRecusada, match="não pode ser continuada"):
        continuar(funcionalidade, usuario=None)


# reiniciar


def test_restarting_redoes_every_unit(novo_iniciado, registrar, agora):
    passo = falhar_em(2)
    registrar("a", passo, unidades=[1, 2])
    iniciado = novo_iniciado("a")
    executar_pendentes(agora)
    passo.ruins.clear()

    reiniciar(iniciado.funcionalidades.all(), usuario=None)
    iniciado.refresh_from_db()
    assert (iniciado.situacao, iniciado.concluido_em) == (Situacao.EM_ESPERA, None)
    assert not UnidadeIniciada.objects.exists()
    executar_pendentes(agora)

    iniciado.refresh_from_db()
    assert passo.feitas == [1, 1, 2]
    assert iniciado.situacao == Situacao.CONCLUIDO


def test_restarting_one_of_two_leaves_the_other_as_it_is(novo_iniciado, registrar, agora):
    primeiro, segundo = falhar_em(), falhar_em()
    registrar("a", primeiro)
    registrar("b", segundo)
    iniciado = novo_iniciado("a", ("b", 2))
    executar_pendentes(agora)

    reiniciar(iniciado.funcionalidades.filter(sequencial=1), usuario=None)
    executar_pendentes(agora)

    iniciado.refresh_from_db()
    assert (primeiro.feitas, segundo.feitas) == ([0, 0], [0])
    assert iniciado.situacao == Situacao.CONCLUIDO


def test_restarting_a_later_one_alone_cannot_pass_an_earlier_failure(novo_iniciado, registrar, agora):
    registrar("a", falhar_em(0))
    registrar("b", falhar_em())
    iniciado = novo_iniciado("a", ("b", 2))
    executar_pendentes(agora)

    reiniciar(iniciado.funcionalidades.filter(sequencial=2), usuario=None)
    executar_pendentes(agora)

    iniciado.refresh_from_db()
    assert iniciado.situacao == Situacao.CONCLUIDO_COM_ERRO


@pytest.mark.parametrize("situacao", Situacao)
def test_only_an_ended_process_is_restarted(novo_iniciado, situacao):
    iniciado = novo_iniciado("a")
    ProcessoIniciado.objects.update(situacao=situacao)

    if situacao in ProcessoIniciado.A_REINICIAR:
        assert len(reiniciar(iniciado.funcionalidades.all(), usuario=None)) == 1
    else:
        with pytest.raises(OperacaoRecusada, match="ainda não terminou"):
            reiniciar(iniciado.funcionalidades.all(), usuario=None)


def test_restarting_twice_is_refused(novo_iniciado, registrar, agora):
    registrar("a")
    iniciado = novo_iniciado("a")
    executar_pendentes(agora)
    reiniciar(iniciado.funcionalidades.all(), usuario=None)

    with pytest.raises(OperacaoRecusada, match="ainda não terminou"):
        reiniciar(iniciado.funcionalidades.all(), usuario=None)


def test_restarting_takes_at_least_one_and_of_one_process(novo_iniciado):
    um, outro = novo_iniciado("a"), novo_iniciado("a", pk=9002)

    with pytest.raises(OperacaoRecusada, match="ao menos uma"):
        reiniciar([], usuario=None)
    with pytest.raises(OperacaoRecusada, match="mesmo processo"):
        reiniciar([um.funcionalidades.get(), outro.funcionalidades.get()], usuario=None)
