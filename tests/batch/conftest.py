"""Steps that a test registers and that nobody sees after it, and processes made of them."""

from collections.abc import Callable

import pytest

from batch import registro
from batch.inicio import iniciar
from batch.models import Processo, ProcessoFuncionalidade, ProcessoIniciado


@pytest.fixture
def registrar():
    """Register a step for the length of the test: `registrar("a", executa, unidades=[1, 2])`."""
    codigos = []

    def um(codigo: str, executa: Callable | None = None, *, unidades=None):
        def as_unidades(iniciado):
            return [(numero, f"unidade {numero}") for numero in unidades]

        argumentos = {} if unidades is None else {"unidades": unidades if callable(unidades) else as_unidades}
        registro.funcionalidade(codigo, **argumentos)(executa or (lambda trabalho: {}))
        codigos.append(codigo)

    yield um
    for codigo in codigos:
        registro.remover(codigo)


@pytest.fixture
def novo_processo(db):
    """A process of the given steps: `novo_processo("a", ("b", 2), ("c", 2))`, each with its sequence (1 by default)."""

    def novo(*passos: str | tuple[str, int], pk: int = 9001, **campos) -> Processo:
        padrao = {"descricao": f"PROCESSO {pk}", "tipo": Processo.Tipo.EVENTUAL}
        processo = Processo.objects.create(pk=pk, **padrao | campos)
        for passo in passos:
            codigo, sequencial = (passo, 1) if isinstance(passo, str) else passo
            ProcessoFuncionalidade.objects.create(
                processo=processo,
                codigo=codigo,
                descricao=codigo,
                unidade_processamento="unidade",
                sequencial=sequencial,
            )
        return processo

    return novo


@pytest.fixture
def novo_iniciado(novo_processo, agora):
    """A process of the given steps, started at `agora` for `agora`."""

    def novo(*passos, precedente: ProcessoIniciado | None = None, agendado_para=None, **campos) -> ProcessoIniciado:
        processo = novo_processo(*passos, **campos)
        return iniciar(
            processo.pk, usuario=None, agendado_para=agendado_para or agora, agora=agora, precedente=precedente
        )

    return novo
