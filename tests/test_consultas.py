"""What each page costs in queries: few, as many for several rows as for one, and none counts a table to its end."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from tests.test_permissoes import TABELA, Linha, pedir

NO_MAXIMO = 12
# The Painel asks a question for each thing that may be missing, and a campaign for each part of its performance.
MAIS_CARAS = {"painel": 35, "preventivo:campanha": 18, "preventivo:desempenho": 18}
PAGINAS = [linha for linha in TABELA if linha.metodo == "get"]


@pytest.fixture
def pessoas(entrar) -> dict:
    return {grupo: entrar(grupo).pessoa for grupo in ("supervisor", "administrador")}


def consultas(pessoas: dict, linha: Linha) -> list[str]:
    """The SQL of a page, for the first of `pessoas` who may open it; logging in and undoing are the test's."""
    pessoa = next(pessoas[grupo] for grupo in pessoas if grupo in linha.quem)
    with CaptureQueriesContext(connection) as feitas:
        resposta = pedir(pessoa, linha)
    assert resposta.status_code in (200, 301, 302, 404), linha  # a message that was not composed yet has no HTML
    textos = [consulta["sql"] for consulta in feitas.captured_queries if "SAVEPOINT" not in consulta["sql"]]
    da_sessao = [i for i, texto in enumerate(textos) if "django_session" in texto and texto.startswith("SELECT")]
    return textos[max(da_sessao, default=0) :]


def test_no_page_costs_more_than_a_dozen_queries_nor_more_for_more_rows(mais_uma_de_cada, pessoas):
    mais_uma_de_cada()
    com_uma = [(linha, consultas(pessoas, linha)) for linha in PAGINAS]
    for _ in range(3):
        mais_uma_de_cada()

    for linha, antes in com_uma:
        agora = consultas(pessoas, linha)
        assert len(agora) <= MAIS_CARAS.get(linha.url, NO_MAXIMO), (linha, agora)
        assert len(agora) <= len(antes) + 1, (linha, agora)  # one may be the count of what is on several pages


def test_no_page_counts_a_table_to_its_end(uma_de_cada, pessoas):
    for linha in PAGINAS:
        contagens = [texto for texto in consultas(pessoas, linha) if 'COUNT(*) AS "__count"' in texto]
        assert [texto for texto in contagens if "LIMIT" not in texto] == [], linha
