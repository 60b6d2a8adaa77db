"""A form that is sent twice does its work once, also when both arrive together."""

import threading
import uuid
from datetime import timedelta

import pytest
from django.contrib.auth.models import User
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test import RequestFactory
from django.utils import timezone

from cadastro.models import Gerencia
from telas import pedidos
from telas.models import Pedido


def requisicao(usuario, numero: str, **digitado):
    feita = RequestFactory().post("/", {"pedido": numero} | digitado)
    feita.user = usuario
    return feita


def fazer_uma() -> str:
    return f"/gerencias/{Gerencia.objects.create(nome=str(uuid.uuid4())).pk}/"


def test_the_second_time_leads_where_the_first_did(admin_user):
    numero = pedidos.novo()

    primeira = pedidos.atender(requisicao(admin_user, numero), fazer_uma)
    segunda = pedidos.atender(requisicao(admin_user, numero), fazer_uma)

    assert primeira == segunda
    assert Gerencia.objects.count() == 1


def test_two_forms_are_two_pieces_of_work(admin_user):
    for _ in range(2):
        pedidos.atender(requisicao(admin_user, pedidos.novo()), fazer_uma)

    assert Gerencia.objects.count() == 2


def test_what_is_changed_after_going_back_is_done_too(admin_user):
    numero = pedidos.novo()
    uma, outra = (requisicao(admin_user, numero, titulo=titulo) for titulo in ("Localidade 1", "Localidade 2"))

    assert pedidos.atender(uma, fazer_uma) != pedidos.atender(outra, fazer_uma)

    assert Gerencia.objects.count() == 2


def test_another_file_is_another_piece_of_work(admin_user):
    numero = pedidos.novo()
    for conteudo in (b"1;a@x.com", b"1;a@x.com", b"22;b@x.com"):
        pedidos.atender(requisicao(admin_user, numero, arquivo=SimpleUploadedFile("cpfs.csv", conteudo)), fazer_uma)

    assert Gerencia.objects.count() == 2


def test_the_answer_to_a_question_is_no_other_piece_of_work(admin_user):
    numero = pedidos.novo()
    for resposta in ({}, {"confirmado": "1"}, {"csrfmiddlewaretoken": "outro"}):
        pedidos.atender(requisicao(admin_user, numero, titulo="Localidade 1", **resposta), fazer_uma)

    assert Gerencia.objects.count() == 1


def test_what_failed_may_be_sent_again(admin_user):
    numero = pedidos.novo()

    with pytest.raises(ZeroDivisionError):
        pedidos.atender(requisicao(admin_user, numero), lambda: f"{fazer_uma()}{1 / 0}")
    pedidos.atender(requisicao(admin_user, numero), fazer_uma)

    assert Gerencia.objects.count() == 1


def test_the_number_of_somebody_elses_form_leads_nowhere_of_his(admin_user):
    numero, outra = pedidos.novo(), User.objects.create_user("ana")
    dele = pedidos.atender(requisicao(admin_user, numero), fazer_uma)

    assert pedidos.ja_atendido(requisicao(admin_user, numero)) == dele
    assert pedidos.ja_atendido(requisicao(outra, numero)) == ""
    assert pedidos.atender(requisicao(outra, numero), fazer_uma) != dele
    assert Gerencia.objects.count() == 2


@pytest.mark.parametrize("numero", ["", "não é um número", "1"])
def test_a_form_without_a_number_is_done(admin_user, numero):
    pedidos.atender(requisicao(admin_user, numero), fazer_uma)

    assert Gerencia.objects.count() == 1
    assert not Pedido.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_two_at_once_do_it_once():
    usuario = User.objects.create_user("ana")
    numero, largada, destinos = pedidos.novo(), threading.Barrier(2), []

    def enviar():
        try:
            largada.wait(5)
            destinos.append(pedidos.atender(requisicao(usuario, numero), fazer_uma))
        finally:
            connection.close()

    linhas = [threading.Thread(target=enviar) for _ in range(2)]
    for linha in linhas:
        linha.start()
    for linha in linhas:
        linha.join(20)

    assert len(destinos) == 2
    assert len(set(destinos)) == 1
    assert Gerencia.objects.count() == 1


def test_old_ones_are_forgotten_and_recent_ones_kept(admin_user):
    agora = timezone.now()
    pedidos.atender(requisicao(admin_user, pedidos.novo()), fazer_uma)

    assert pedidos.esquecer(agora + timedelta(hours=1)) == 0
    assert pedidos.esquecer(agora + timedelta(days=3)) == 1
