"""A GSAN of the tests: a second database of the same server."""

import os
from collections.abc import Callable, Iterator
from datetime import date, datetime
from zoneinfo import ZoneInfo

import pytest

from ponte.importacao import Pedido, Resultado, importar
from ponte.origem import Origem, parametros
from tests.ponte import gsan as falso

AGORA = datetime(2026, 11, 10, 12, 0, tzinfo=ZoneInfo("America/Sao_Paulo"))


@pytest.fixture(scope="session")
def banco_do_gsan(django_db_setup, django_db_blocker) -> Iterator[falso.Gsan]:
    with django_db_blocker.unblock():
        criado = falso.criar("_".join(["test_gsan", os.environ.get("PYTEST_XDIST_WORKER", "")]).strip("_"))
        yield criado
        falso.apagar(criado)


@pytest.fixture
def gsan(banco_do_gsan) -> Iterator[falso.Gsan]:
    banco_do_gsan.limpar()
    banco_do_gsan.lugares()
    yield banco_do_gsan


@pytest.fixture
def trazer(db, gsan, tmp_path) -> Callable[..., dict[str, Resultado]]:
    """Run the bridge from the GSAN of the test; what became of each reading, by its name."""

    def agora(**pedido) -> dict[str, Resultado]:
        padrao = {"hoje": date(2026, 11, 10), "agora": AGORA, "relatorios": tmp_path / "relatorios"}
        with Origem(parametros(gsan.url)) as origem:
            return {r.leitura: r for r in importar(origem, Pedido(**padrao | pedido))}

    return agora
