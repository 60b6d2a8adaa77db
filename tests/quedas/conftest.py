import pytest

from mensageria import trabalhador as mensageria_trabalhador
from tests.quedas.apoio import Sumidouro


@pytest.fixture
def smtp(transactional_db):
    with Sumidouro() as sumidouro:
        yield sumidouro


@pytest.fixture(autouse=True)
def _ninguem_mais_envia():
    """The process of the tests is not one of those that send: while it is present the others take half the slots."""
    mensageria_trabalhador.este().fechar()
