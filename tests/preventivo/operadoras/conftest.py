import pytest

from preventivo.operadoras import DIALETOS
from simuladores.operadoras import OperadorasSimuladas
from tests.preventivo.operadoras.apoio import CPF, credenciais, novo_cliente, um_acordo


@pytest.fixture(params=sorted(DIALETOS))
def dialeto(request) -> str:
    return request.param


@pytest.fixture
def api(dialeto):
    """The simulator, where CPF owes one boleto and nobody else is known."""
    with OperadorasSimuladas(dados={CPF: um_acordo()}, **credenciais(dialeto)) as aberta:
        yield aberta


@pytest.fixture
def cliente(api, dialeto):
    with novo_cliente(api, dialeto) as aberto:
        yield aberto
