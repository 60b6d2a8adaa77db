import json
import logging
from datetime import timedelta
from decimal import Decimal
from unittest import mock

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from batch import posse, tasks
from batch.execucao import executar, executar_pendentes, tique
from batch.inicio import continuar, iniciar, reiniciar
from batch.models import FuncionalidadeIniciada, ProcessoIniciado, UnidadeIniciada
from batch.registro import Aguardar

Processo, Funcionalidade, Unidade = (
    modelo.Situacao for modelo in (ProcessoIniciado, FuncionalidadeIniciada, UnidadeIniciada)
)


def situacoes(iniciado: ProcessoIniciado) -> dict[str, int]:
    return dict(iniciado.funcionalidades.values_list("funcionalidade__codigo", "situacao"))


def situacao(iniciado: ProcessoIniciado) -> int:
    return ProcessoIniciado.objects.values_list("situacao", flat=True).get(pk=iniciado.pk)


def vencer_arrendamentos() -> None:
    UnidadeIniciada.objects.exclude(arrendada_ate=None).update(arrendada_ate=timezone.now() - timedelta(seconds=1))


def com_defeito(trabalho):
    raise ValueError(f"defeito em {trabalho.codigo}")


# What starts, and when


def test_a_due_process_runs_to_its_end(novo_iniciado, registrar, agora):
    registrar("a", lambda trabalho: {"codigo": trabalho.codigo}, unidades=[10, 20])
    iniciado = novo_iniciado("a")

    assert executar_pendentes(agora) == 2

    iniciado.refresh_from_db()
    assert (iniciado.situacao, iniciado.iniciado_em, iniciado.concluido_em) == (Processo.CONCLUIDO, agora, agora)
    unidades = UnidadeIniciada.objects.values_list("codigo", "descricao", "situacao", "resultado", "posse")
    assert list(unidades) == [
        (10, "unidade 10", Unidade.CONCLUIDA, {"codigo": 10}, 1),
        (20, "unidade 20", Unidade.CONCLUIDA, {"codigo": 20}, 1),
    ]


def test_nothing_starts_before_its_moment(novo_iniciado, registrar, agora):
    registrar("a")
    iniciado = novo_iniciado("a", agendado_para=agora + timedelta(minutes=1))

    assert tique(agora) == []
    assert iniciado.motivo_da_espera(agora) == "Aguarda a data e a hora do agendamento."
    assert len(tique(agora + timedelta(minutes=1))) == 1


def test_everything_due_starts_in_one_tick(novo_iniciado, registrar, agora):
    registrar("a")
    for numero in range(3):
        novo_iniciado("a", pk=9001 + numero)

    assert len(tique(agora)) == 3


def test_equal_sequences_run_side_by_side_and_a_higher_one_waits(novo_iniciado, registrar, agora):
    for codigo in "abc":
        registrar(codigo)
    iniciado = novo_iniciado("a", "b", ("c", 2))

    primeira, segunda = tique(agora)
    executar(primeira, agora=agora)
    tique(agora)
    assert situacoes(iniciado) == {
        "a": Funcionalidade.CONCLUIDA,
        "b": Funcionalidade.EM_PROCESSAMENTO,
        "c": Funcionalidade.EM_ESPERA,
    }
    executar(segunda, agora=agora)
    assert len(tique(agora)) == 1
    assert situacoes(iniciado)["c"] == Funcionalidade.EM_PROCESSAMENTO


def test_a_funcionalidade_without_units_concludes_at_once(novo_iniciado, registrar, agora):
    registrar("vazia", unidades=[])
    registrar("depois")
    iniciado = novo_iniciado("vazia", ("depois", 2))

    assert len(tique(agora)) == 1
    assert situacoes(iniciado) == {"vazia": Funcionalidade.CONCLUIDA, "depois": Funcionalidade.EM_PROCESSAMENTO}


def test_an_unregistered_code_ends_with_an_error_that_says_so(novo_iniciado, agora):
    iniciado = novo_iniciado("fantasma")

    assert tique(agora) == []

    funcionalidade = iniciado.funcionalidades.get()
    assert funcionalidade.situacao == Funcionalidade.CONCLUIDA_COM_ERRO
    assert funcionalidade.erro.startswith('A funcionalidade "fantasma" não está registrada')
    assert situacao(iniciado) == Processo.CONCLUIDO_COM_ERRO


def test_a_code_registered_later_is_reached_by_continuing(novo_iniciado, registrar, agora):
    iniciado = novo_iniciado("fantasma")
    tique(agora)

    registrar("fantasma")
    continuar(iniciado.funcionalidades.get(), usuario=None)
    executar_pendentes(agora)

    assert situacao(iniciado) == Processo.CONCLUIDO


def test_units_that_cannot_be_listed_stop_only_their_funcionalidade(novo_iniciado, registrar, agora):
    def sem_unidades(iniciado):
        ProcessoIniciado.objects.create()  # the database refuses it, in the middle of the tick
        return []

    registrar("ruim", unidades=sem_unidades)
    registrar("boa")
    ruim, boa = novo_iniciado("ruim"), novo_iniciado("boa", pk=9002)

    executar_pendentes(agora)

    assert "IntegrityError" in ruim.funcionalidades.get().erro
    assert (situacao(ruim), situacao(boa)) == (Processo.CONCLUIDO_COM_ERRO, Processo.CONCLUIDO)


# Precedente


def test_a_process_waits_for_its_precedente(novo_iniciado, registrar, agora):
    registrar("a")
    antes = novo_iniciado("a")
    depois = novo_iniciado("a", pk=9002, precedente=antes)

    (unidade,) = tique(agora)
    assert situacao(depois) == Processo.EM_ESPERA
    antes.refresh_from_db()
    depois.precedente = antes
    assert depois.motivo_da_espera(agora) == f"Aguarda o processo precedente {antes.pk} (EM PROCESSAMENTO)."
    executar(unidade, agora=agora)

    assert len(tique(agora)) == 1
    assert situacao(depois) == Processo.EM_PROCESSAMENTO


def test_a_precedente_with_error_blocks_and_says_so_until_it_is_continued(novo_iniciado, registrar, agora):
    defeito = [True]
    registrar("a", lambda trabalho: com_defeito(trabalho) if defeito else {})
    registrar("b")
    antes = novo_iniciado("a")
    depois = novo_iniciado("b", pk=9002, precedente=antes)
    executar_pendentes(agora)

    assert tique(agora + timedelta(days=30)) == []
    depois = ProcessoIniciado.objects.select_related("precedente").get(pk=depois.pk)
    assert depois.situacao == Processo.EM_ESPERA
    assert depois.motivo_da_espera(agora) == (
        f"Bloqueado: o processo precedente {antes.pk} (CONCLUÍDO COM ERRO) não foi concluído. "
        "Continue-o ou reinicie-o para liberar este."
    )

    defeito.clear()
    continuar(antes.funcionalidades.get(), usuario=None)
    executar_pendentes(agora)
    assert situacao(depois) == Processo.CONCLUIDO


# Errors


def test_a_failed_unit_does_not_stop_its_sisters_and_the_first_error_is_kept(novo_iniciado, registrar, agora):
    registrar("a", lambda trabalho: com_defeito(trabalho) if trabalho.codigo < 3 else {}, unidades=[1, 2, 3])
    registrar("b")
    iniciado = novo_iniciado("a", ("b", 2))

    executar_pendentes(agora)

    unidades = dict(UnidadeIniciada.objects.values_list("codigo", "situacao"))
    assert unidades == {1: Unidade.CONCLUIDA_COM_ERRO, 2: Unidade.CONCLUIDA_COM_ERRO, 3: Unidade.CONCLUIDA}
    assert situacoes(iniciado) == {"a": Funcionalidade.CONCLUIDA_COM_ERRO, "b": Funcionalidade.EM_ESPERA}
    assert "defeito em 1" in iniciado.funcionalidades.get(sequencial=1).erro
    assert situacao(iniciado) == Processo.CONCLUIDO_COM_ERRO


def test_a_process_ends_only_when_the_sister_of_a_failed_funcionalidade_ended(novo_iniciado, registrar, agora):
    registrar("ruim", com_defeito)
    registrar("lenta", lambda trabalho: Aguardar({}, segundos=60))
    iniciado = novo_iniciado("ruim", "lenta")

    executar_pendentes(agora)

    assert situacoes(iniciado)["ruim"] == Funcionalidade.CONCLUIDA_COM_ERRO
    assert situacao(iniciado) == Processo.EM_PROCESSAMENTO


def test_an_error_keeps_its_last_4000_characters(novo_iniciado, registrar, agora, caplog):
    caplog.set_level(logging.CRITICAL, logger="batch")  # the lone surrogate of the log cannot travel between processes

    def prolixo(trabalho):
        raise ValueError("x" * 5000 + "\x00\ud800 fim")

    registrar("a", prolixo)
    novo_iniciado("a")

    executar_pendentes(agora)

    erro = UnidadeIniciada.objects.get().erro
    assert erro.endswith("x? fim\n")
    assert 3990 < len(erro) <= 4000


@pytest.mark.parametrize("ruim", ["texto", {"conjunto": {1}}], ids=["not a dict", "not JSON"])
def test_a_result_that_cannot_be_stored_fails_the_unit(novo_iniciado, registrar, agora, ruim):
    registrar("a", lambda trabalho: ruim)
    iniciado = novo_iniciado("a")

    executar_pendentes(agora)

    assert situacao(iniciado) == Processo.CONCLUIDO_COM_ERRO
    assert "TypeError" in UnidadeIniciada.objects.get().erro


def test_money_and_dates_in_a_result_are_stored_as_text(novo_iniciado, registrar, agora):
    registrar("a", lambda trabalho: {"valor": Decimal("1.10"), "dia": agora.date()})
    novo_iniciado("a")

    executar_pendentes(agora)

    assert UnidadeIniciada.objects.get().resultado == {"valor": "1.10", "dia": "2026-11-10"}


# Waiting


def test_a_unit_that_waits_is_run_again_later_and_then_concludes(novo_iniciado, registrar, agora):
    respostas = [Aguardar({"faltam": 5}, segundos=30), {"faltam": 0}]
    registrar("enviar", lambda trabalho: respostas.pop(0))
    iniciado = novo_iniciado("enviar")
    executar_pendentes(agora)
    unidade = UnidadeIniciada.objects.get()
    assert (unidade.situacao, unidade.arrendada_ate, unidade.resultado) == (
        Unidade.EM_PROCESSAMENTO,
        None,
        {"faltam": 5},
    )

    assert tique(agora + timedelta(seconds=29)) == []
    assert executar(unidade.pk, agora=agora + timedelta(seconds=29)) is False
    assert executar_pendentes(agora + timedelta(seconds=30)) == 1

    unidade.refresh_from_db()
    assert (unidade.situacao, unidade.resultado, unidade.posse) == (Unidade.CONCLUIDA, {"faltam": 0}, 2)
    assert situacao(iniciado) == Processo.CONCLUIDO


# The runner


def test_the_step_gets_what_identifies_its_work(novo_iniciado, registrar, agora, django_user_model):
    vistos = []
    registrar("a", lambda trabalho: vistos.append(trabalho), unidades=[7])
    iniciado = novo_iniciado("a")
    iniciado.usuario = django_user_model.objects.create_user("operador")
    iniciado.save()

    executar_pendentes(agora)

    (trabalho,) = vistos
    assert (trabalho.codigo, trabalho.execucao, trabalho.agora) == (7, iniciado.execucao, agora)
    assert trabalho.usuario_id == iniciado.usuario_id


def test_a_running_unit_is_refused_to_a_second_runner(novo_iniciado, registrar, agora):
    recusados = []

    def passo(trabalho):
        recusados.append(executar(UnidadeIniciada.objects.get().pk, agora=agora))
        recusados.extend(tique(agora))

    registrar("a", passo)
    novo_iniciado("a")

    assert executar_pendentes(agora) == 1
    assert recusados == [False]


def test_a_concluded_unit_is_not_run_again(novo_iniciado, registrar, agora):
    registrar("a")
    novo_iniciado("a")
    executar_pendentes(agora)

    assert executar(UnidadeIniciada.objects.get().pk, agora=agora) is False


def test_a_unit_that_does_not_exist_is_refused(db, agora):
    assert executar(1, agora=agora) is False


def test_a_lost_unit_is_handed_out_again_with_a_higher_fencing_number(novo_iniciado, registrar, agora):
    registrar("a")
    novo_iniciado("a")
    (unidade,) = tique(agora)
    perdida = posse.reivindicar(unidade, agora=agora)

    assert tique(agora) == []
    vencer_arrendamentos()
    assert tique(agora) == [unidade]
    assert executar(unidade, agora=agora) is True

    with pytest.raises(posse.PossePerdida):
        perdida.conferir()
    with pytest.raises(posse.PossePerdida):
        perdida.falhar("tarde demais", "", agora)
    assert UnidadeIniciada.objects.values_list("posse", "situacao", "erro").get() == (2, Unidade.CONCLUIDA, "")
    assert FuncionalidadeIniciada.objects.get().erro == ""


@pytest.mark.parametrize("responde", [True, False], ids=["answers", "fails"])
def test_what_a_runner_says_after_it_lost_the_unit_does_not_count(novo_iniciado, registrar, agora, responde):
    rodadas = []

    def passo(trabalho):
        rodadas.append(trabalho)
        if len(rodadas) == 2:
            return {"rodada": 2}
        vencer_arrendamentos()
        assert executar(UnidadeIniciada.objects.get().pk, agora=agora) is True
        return {"rodada": 1} if responde else com_defeito(trabalho)

    registrar("a", passo)
    novo_iniciado("a")
    (unidade,) = tique(agora)

    assert executar(unidade, agora=agora) is False

    assert UnidadeIniciada.objects.values_list("situacao", "resultado", "erro").get() == (
        Unidade.CONCLUIDA,
        {"rodada": 2},
        "",
    )


def test_a_runner_of_before_a_restart_has_nothing_left(novo_iniciado, registrar, agora):
    registrar("a")
    iniciado = novo_iniciado("a")
    (unidade,) = tique(agora)
    perdida = posse.reivindicar(unidade, agora=agora)
    vencer_arrendamentos()
    executar_pendentes(agora)

    reiniciar(iniciado.funcionalidades.all(), usuario=None)

    with pytest.raises(posse.PossePerdida):
        perdida.conferir()


def test_progress_is_written_about_once_a_second_and_at_the_end(novo_iniciado, registrar, agora):
    escritos = []

    def passo(trabalho):
        for feito in range(1, 100):
            trabalho.progresso(feito, 99)
            escritos.append(UnidadeIniciada.objects.get().feito)

    registrar("a", passo)
    novo_iniciado("a")

    executar_pendentes(agora)

    assert len(set(escritos)) <= 2
    assert UnidadeIniciada.objects.values_list("feito", "total").get() == (99, 99)


def test_more_done_than_the_total_raises_the_total(novo_iniciado, registrar, agora):
    registrar("a", lambda trabalho: trabalho.progresso(5, 3))
    novo_iniciado("a")

    executar_pendentes(agora)

    assert UnidadeIniciada.objects.values_list("feito", "total").get() == (5, 5)


# Size


def test_a_tick_makes_as_many_queries_for_300_units_as_for_3(novo_iniciado, registrar, agora):
    feitas = []
    for quantas in (3, 300):
        registrar(f"com-{quantas}", unidades=range(quantas))
        novo_iniciado(f"com-{quantas}", pk=9000 + quantas)
        with CaptureQueriesContext(connection) as consultas:
            assert len(tique(agora)) == quantas
        feitas.append(len(consultas))
        UnidadeIniciada.objects.update(situacao=Unidade.CONCLUIDA)
        tique(agora)

    poucas, muitas = feitas
    assert muitas == poucas <= 16


def test_a_tick_with_nothing_to_do_makes_two_queries(db, agora, django_assert_num_queries):
    with django_assert_num_queries(4):  # with the savepoint of the test's own transaction
        assert tique(agora) == []


# The tasks


def test_the_tick_task_sends_each_unit_once_to_the_queue_of_generation(novo_iniciado, registrar):
    registrar("a", unidades=[1, 2])
    relogio = timezone.now()
    novo_iniciado("a", agendado_para=relogio)

    with mock.patch.object(tasks.executar_unidade, "apply_async") as enviadas:
        tasks.tique()

    ids = UnidadeIniciada.objects.order_by("id").values_list("id", flat=True)
    assert enviadas.call_args_list == [mock.call((pk,), queue="geracao", expires=60) for pk in ids]


def test_the_unit_task_runs_it(novo_iniciado, registrar):
    registrar("a", lambda trabalho: json.loads('{"feito": true}'))
    novo_iniciado("a", agendado_para=timezone.now())
    (unidade,) = tique(timezone.now())

    tasks.executar_unidade(unidade)

    assert UnidadeIniciada.objects.get().resultado == {"feito": True}


def test_the_tasks_have_the_names_and_the_queue_that_celery_is_told(db):
    from config.celery import FILAS, app

    app.loader.import_default_modules()
    assert {"batch.tasks.tique", "batch.tasks.executar_unidade"} <= set(app.tasks)
    assert "geracao" in FILAS


def test_one_process_started_twice_runs_twice(novo_processo, registrar, agora):
    registrar("a")
    processo = novo_processo("a")
    for _ in range(2):
        iniciar(processo.pk, usuario=None, agendado_para=agora, agora=agora)

    assert executar_pendentes(agora) == 2
