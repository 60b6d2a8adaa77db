"""Arrays as one literal, and many rows by one statement."""

from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal

import pytest
from django.db import connection
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mensageria.escrita import atualizar, matriz
from mensageria.models import Mensagem
from tests.mensageria.apoio import nova_mensagem

pytestmark = pytest.mark.django_db
sem_fixture_por_exemplo = settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
# What the database can hold: neither NUL nor halves of a character.
textos = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"))
FUSOS = st.sampled_from([UTC, timezone(timedelta(hours=-3))])
SEGUNDOS = st.floats(-2e9, 7e9)  # of the epoch: 1906 to 2191
momentos = st.builds(datetime.fromtimestamp, SEGUNDOS, FUSOS)


def _lida(valores, tipo):
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT %s::{tipo}[]", [matriz(valores)])
        return cursor.fetchone()[0]


@sem_fixture_por_exemplo
@given(st.lists(st.none() | textos | st.sampled_from(["NULL", "{}", '"', "\\", ",", " a ", "%s", "'", "\\x1f"])))
def test_texts_come_out_of_the_database_as_they_went_in(valores):
    assert _lida(valores, "text") == valores


@sem_fixture_por_exemplo
@given(st.lists(st.none() | st.integers(-(2**63), 2**63 - 1)))
def test_so_do_numbers(valores):
    assert _lida(valores, "bigint") == valores


@sem_fixture_por_exemplo
@given(st.lists(st.none() | momentos))
def test_so_do_moments(valores):
    assert _lida(valores, "timestamptz") == valores


@pytest.mark.parametrize("estranho", [datetime(2026, 11, 23, tzinfo=UTC), Decimal("1.5")])
def test_a_context_is_not_written_as_something_else_than_it_is(estranho):
    with pytest.raises(TypeError):
        atualizar(Mensagem, [nova_mensagem().id], {"proprio": [{"valores": estranho}]}, {})


def test_contexts_are_written_whole_and_one_that_is_not_there_stays_so():
    separado = {"valores": {"{NOME}": 'Ana\x1f"\\\n Conceição'}, "destino": "null"}
    contextos = [separado, None, {"quadro": [["a", "b"]]}]
    mensagens = [nova_mensagem() for _ in contextos]

    atualizar(Mensagem, [m.id for m in mensagens], {"proprio": contextos}, {"motivo": "x"})

    lidas = [Mensagem.objects.get(pk=m.pk) for m in mensagens]
    assert [m.contexto for m in lidas] == contextos and {m.motivo for m in lidas} == {"x"}
    assert not Mensagem.objects.filter(proprio=None).exists(), "the null of JSON is something else"
    assert Mensagem.objects.filter(proprio__isnull=True).count() == 1
