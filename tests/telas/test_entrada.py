"""Whoever's session ended is led to log in, from wherever he was."""

import uuid

from django.test import Client
from pytest_django.asserts import assertRedirects


def test_a_page_leads_to_the_login_and_back(db):
    assertRedirects(Client().get("/batch/"), "/entrar/?next=/batch/")


def test_a_piece_of_a_page_takes_the_whole_page_there(db):
    cabecalhos = {"HX-Request": "true", "HX-Current-URL": "http://testserver/batch/1/?de=x"}

    resposta = Client().get(f"/mensagens/execucao/{uuid.uuid4()}/", headers=cabecalhos, follow=True)

    assert resposta["HX-Redirect"] == "/entrar/?next=%2Fbatch%2F1%2F%3Fde%3Dx"
    assert resposta.content == b""


def test_an_address_of_another_host_is_not_gone_back_to(db):
    cabecalhos = {"HX-Request": "true", "HX-Current-URL": "https://fora.example/batch/"}

    resposta = Client().get("/batch/", headers=cabecalhos, follow=True)

    assert resposta["HX-Redirect"] == "/entrar/?next=%2F"


def test_who_sends_a_form_after_the_session_ended_is_told_that_nothing_was_stored(client, db):
    pagina = client.post("/cadastro/sistema-parametro/", {"nome_empresa": "X"}, follow=True)

    assert pagina.redirect_chain == [("/entrar/?next=/cadastro/sistema-parametro/", 302)]
    assert "Sua sessão terminou antes do envio: nada foi gravado." in pagina.content.decode()


def test_who_only_opens_a_page_is_told_nothing(client, db):
    assert "Sua sessão terminou" not in client.get("/batch/", follow=True).content.decode()
