"""The doorbells of the batch: enough of them, and no more."""

from collections import Counter

import pytest

from batch import execucao, tasks
from batch.inicio import iniciar
from batch.models import Processo, ProcessoFuncionalidade, UnidadeIniciada
from batch.registro import funcionalidade, remover


@pytest.fixture
def campainhas(monkeypatch) -> Counter:
    tocadas = Counter()
    monkeypatch.setattr(tasks.tique, "apply_async", lambda *_, **__: tocadas.update(["tique"]))
    return tocadas


def test_only_the_last_unit_of_a_funcionalidade_rings_for_what_waited_for_it(db, agora, campainhas):
    """Were each to ring, each ring would call all that are left: a thousand units would be half a million calls."""
    processo = Processo.objects.create(pk=9001, descricao="Muitas unidades", tipo=Processo.Tipo.EVENTUAL)
    ProcessoFuncionalidade.objects.create(
        processo=processo, codigo="muitas-unidades", descricao="Muitas", unidade_processamento="u", sequencial=1
    )
    funcionalidade("muitas-unidades", unidades=lambda _: [(n, str(n)) for n in range(5)])(lambda _: {})
    try:
        iniciar(9001, usuario=None, agendado_para=agora, agora=agora)
        unidades = execucao.tique(agora)
        assert len(unidades) == 5
        for unidade in unidades[:-1]:
            tasks.executar_unidade(unidade)
        assert campainhas == {}

        tasks.executar_unidade(unidades[-1])
    finally:
        remover("muitas-unidades")

    assert campainhas == {"tique": 1}
    assert not UnidadeIniciada.objects.exclude(situacao=UnidadeIniciada.Situacao.CONCLUIDA).exists()
