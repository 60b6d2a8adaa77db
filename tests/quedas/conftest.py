import pytest

from tests.quedas.apoio import Sumidouro


@pytest.fixture
def smtp(transactional_db):
    with Sumidouro() as sumidouro:
        yield sumidouro
