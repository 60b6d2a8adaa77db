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
