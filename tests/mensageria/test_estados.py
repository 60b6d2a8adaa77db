"""The table of states, and the database that enforces it and keeps the counts."""

import importlib
import uuid
from datetime import timedelta

import pytest
from django.db import IntegrityError, connection, transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mensageria import balanco
from mensageria.estados import DEFINITIVAS, DO_SERVICO, REPETIVEIS, TERMINAIS, TRANSICOES, Classe, Estado
from mensageria.models import Canal, Lote, LoteContagem, Mensagem
from tests.mensageria.apoio import nova_mensagem, por_em


def test_every_state_has_its_line_in_the_table():
    assert set(TRANSICOES) == set(Estado)


def test_the_trigger_knows_the_same_transitions_as_the_table():
    ultima = importlib.import_module("mensageria.migrations.0016_entregue_antes")

    assert set(ultima.TRANSICOES) == {(de, para) for de, alvos in TRANSICOES.items() for para in alvos}


@pytest.mark.django_db
def test_the_ledger_compares_no_row_of_a_statement_with_the_others():
    """Such a join is planned by the first statement of a session, and made of thousands of rows millions of pairs."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT prosrc FROM pg_proc WHERE proname LIKE 'mensageria_livro%'")
        corpos = [corpo for (corpo,) in cursor.fetchall()]

    assert len(corpos) == 4 and not any("JOIN" in corpo for corpo in corpos)


def test_only_a_receipt_or_an_operator_leaves_a_terminal_state():
    automaticos = {Estado.PENDENTE, Estado.EM_ENVIO}

    assert automaticos == set(Estado) - TERMINAIS


def test_every_reply_class_has_one_consequence():
    grupos = [DO_SERVICO, REPETIVEIS, DEFINITIVAS, {Classe.ACEITA, Classe.INCERTA}]

    assert sorted(c for grupo in grupos for c in grupo) == sorted(Classe)


@pytest.mark.django_db
@pytest.mark.parametrize("de", Estado)
@pytest.mark.parametrize("para", Estado)
def test_the_database_refuses_every_transition_that_the_table_lacks(de, para):
    mensagem = por_em(nova_mensagem(), de)
    campos = {"estado": para, "reserva": 7 if para == Estado.EM_ENVIO else None}

    if para == de or para in TRANSICOES[de]:
        Mensagem.objects.filter(pk=mensagem.pk).update(**campos)
        assert Mensagem.objects.get(pk=mensagem.pk).estado == para
    else:
        with pytest.raises(IntegrityError, match="transicao"), transaction.atomic():
            Mensagem.objects.filter(pk=mensagem.pk).update(**campos)
    assert balanco.conferir() == []


@pytest.mark.django_db
@pytest.mark.parametrize("estado", set(Estado) - {Estado.PENDENTE})
def test_a_message_is_born_pending(estado):
    with pytest.raises(IntegrityError, match=r"pendente|reserva"), transaction.atomic():
        nova_mensagem(estado=estado)


@pytest.mark.django_db
def test_a_message_with_a_reservation_is_being_sent_and_only_that_one():
    mensagem = nova_mensagem()

    with pytest.raises(IntegrityError, match="reserva"), transaction.atomic():
        Mensagem.objects.filter(pk=mensagem.pk).update(reserva=7)


@pytest.mark.django_db
def test_the_counts_follow_inserts_updates_moves_and_deletes():
    primeira, segunda = nova_mensagem(), nova_mensagem()
    outro = Lote.objects.create(execucao=uuid.uuid4(), origem="faturamento", canal=Canal.EMAIL)

    por_em(primeira, Estado.ENVIADA)
    Mensagem.objects.filter(pk=segunda.pk).update(lote=outro)
    nova_mensagem(lote=outro).delete()

    assert balanco.conferir() == []
    assert dict(LoteContagem.objects.filter(quantidade__gt=0).values_list("lote", "quantidade")) == {
        primeira.lote_id: 1,
        outro.pk: 1,
    }


@pytest.mark.django_db
def test_a_wrong_count_is_found():
    mensagem = nova_mensagem()
    LoteContagem.objects.filter(lote=mensagem.lote).update(quantidade=7)

    assert balanco.conferir() == [(mensagem.lote_id, Estado.PENDENTE, 7, 1)]


@pytest.mark.django_db
@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(passos=st.lists(st.tuples(st.integers(0, 3), st.sampled_from(Estado)), max_size=30))
def test_whatever_is_tried_the_balance_closes(passos):
    with transaction.atomic():
        mensagens = [nova_mensagem().pk for _ in range(4)]
        lotes = set(Mensagem.objects.filter(pk__in=mensagens).values_list("lote__execucao", flat=True))
        for qual, para in passos:
            de = Mensagem.objects.get(pk=mensagens[qual]).estado
            campos = {"estado": para, "reserva": 7 if para == Estado.EM_ENVIO else None}
            permitida = para == de or para in TRANSICOES[Estado(de)]
            try:
                with transaction.atomic():
                    Mensagem.objects.filter(pk=mensagens[qual]).update(**campos)
                assert permitida
            except IntegrityError:
                assert not permitida
        assert balanco.conferir() == []
        for execucao in lotes:
            agora = Mensagem.objects.first().criado_em + timedelta(days=1)
            assert all(linha.fecha for linha in balanco.da_execucao(execucao, agora, contar=True))
        transaction.set_rollback(True)
