"""What a process would do, told by its steps within a time; nothing that they write stays."""

from collections import Counter
from datetime import timedelta

import pytest
from django.db import OperationalError, connection

from batch import registro
from batch.models import Processo, ProcessoIniciado
from batch.registro import Pendencia, Previsao
from batch.simulacao import simular

pytestmark = pytest.mark.django_db


@pytest.fixture
def passo():
    """Register a step that can be simulated: `passo("a", simula, unidades=[1, 2])`, and what else is given."""
    codigos = []

    def um(codigo: str, simula=None, *, unidades=(1,), pendencias=None):
        registro.funcionalidade(
            codigo,
            unidades=unidades if callable(unidades) else lambda _: [(numero, str(numero)) for numero in unidades],
            simula=simula,
            pendencias=pendencias,
        )(lambda trabalho: {})
        codigos.append(codigo)

    yield um
    for codigo in codigos:
        registro.remover(codigo)


def tres_sms(trabalho) -> Previsao:
    return Previsao(Counter({("A enviar", "SMS"): 3}), segundos=10)


def test_the_units_of_every_step_are_added(passo, novo_processo, agora):
    passo("um", tres_sms, unidades=[1, 2])
    passo("dois", lambda trabalho: Previsao(Counter({("Ficam de fora", "Pagas"): 1}), segundos=5, estimada=True))
    passo("calado")

    simulacao = simular(novo_processo("um", "dois", "calado"), agora=agora)

    assert simulacao.quadros == {"A enviar": [("SMS", 6)], "Ficam de fora": [("Pagas", 1)]}
    assert simulacao.fim == agora + timedelta(seconds=25)
    assert (simulacao.unidades_vistas, simulacao.unidades_total) == (3, 3)
    assert simulacao.estimada and simulacao.completa and simulacao.problemas == []


def test_a_step_that_is_switched_off_is_not_looked_at(passo, novo_processo, agora):
    passo("um", tres_sms)
    processo = novo_processo("um")
    processo.funcionalidades.update(ativo=False)

    assert simular(processo, agora=agora).unidades_total == 0


def test_a_unit_gets_its_code_the_moment_and_the_user_of_a_run_that_is_not_stored(passo, novo_processo, agora):
    vistos = []

    def simula(trabalho):
        vistos.append((trabalho.codigo, trabalho.agora, trabalho.usuario_id))
        return Previsao()

    def unidades(iniciado):
        assert iniciado.pk is None and iniciado.agendado_para == agora
        return [(7, "sete")]

    passo("um", simula, unidades=unidades)

    simular(novo_processo("um"), agora=agora, usuario_id=42)

    assert vistos == [(7, agora, 42)]
    assert not ProcessoIniciado.objects.exists()


def test_what_a_step_writes_is_undone(passo, novo_processo, agora):
    def simula(trabalho):
        Processo.objects.update(descricao="MUDADO")
        return Previsao()

    passo("um", simula, unidades=lambda _: [(Processo.objects.create(pk=9002, tipo=4).pk, "novo")])
    processo = novo_processo("um")

    assert simular(processo, agora=agora).unidades_vistas == 1

    assert list(Processo.objects.filter(pk__gte=9000).values_list("descricao", flat=True)) == ["PROCESSO 9001"]


def test_problems_are_told_once(passo, novo_processo, agora):
    passo("um", lambda trabalho: Previsao(problemas=("Falta o texto.",)), unidades=[1, 2])

    simulacao = simular(novo_processo("um", "ninguem"), agora=agora)

    assert simulacao.problemas == [
        'A funcionalidade "ninguem" não está registrada: nenhum aplicativo instalado sabe executá-la.',
        "Falta o texto.",
    ]


def dormir(segundos):
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_sleep(%s)", [segundos])
    return Previsao()


def test_a_unit_that_takes_too_long_leaves_the_simulation_incomplete(passo, novo_processo, agora):
    passo("um", lambda trabalho: dormir(60) if trabalho.codigo == 2 else tres_sms(trabalho), unidades=[1, 2, 3])

    simulacao = simular(novo_processo("um"), agora=agora, limite_segundos=0.3)

    assert not simulacao.completa
    assert (simulacao.unidades_vistas, simulacao.unidades_total) == (1, 3)
    assert simulacao.quantidades == {("A enviar", "SMS"): 3}
    with connection.cursor() as cursor:
        cursor.execute("SHOW statement_timeout")
        assert cursor.fetchone() == ("0",)


def test_units_that_take_too_long_to_be_told_leave_it_incomplete_too(passo, novo_processo, agora):
    passo("um", tres_sms, unidades=lambda _: dormir(60))

    assert not simular(novo_processo("um"), agora=agora, limite_segundos=0.3).completa


def test_no_time_at_all_looks_at_nothing(passo, novo_processo, agora):
    passo("um", tres_sms)

    simulacao = simular(novo_processo("um"), agora=agora, limite_segundos=0)

    assert not simulacao.completa and simulacao.unidades_vistas == 0


def test_another_fault_of_the_database_is_not_taken_for_the_time(passo, novo_processo, agora):
    def simula(trabalho):
        raise OperationalError("o servidor parou")

    passo("um", simula)

    with pytest.raises(OperationalError, match="o servidor parou"):
        simular(novo_processo("um"), agora=agora)


# What is missing


def test_what_is_missing_is_gathered_in_the_order_of_the_steps_and_once(passo, novo_processo, agora):
    sistema, texto = Pendencia("Informe os parâmetros.", "a"), Pendencia("Falta o texto.", "b", grave=False)
    passo("um", pendencias=lambda momento: [sistema])
    passo("dois", pendencias=lambda momento: [sistema, texto] if momento == agora else [])
    passo("calado")
    processo = novo_processo(("dois", 2), ("um", 1), ("calado", 3), ("ninguem", 4))

    *achadas, desconhecida = registro.pendencias(processo, agora)

    assert achadas == [sistema, texto]
    assert "ninguem" in desconhecida.texto and desconhecida.grave


def test_a_step_that_is_switched_off_lacks_nothing(passo, novo_processo, agora):
    passo("um", pendencias=lambda momento: [Pendencia("Falta.", "a")])
    processo = novo_processo("um")
    processo.funcionalidades.update(ativo=False)

    assert registro.pendencias(processo, agora) == []
