"""What every page has: the way in and out, the theme, the menu of each person, and the pages of errors."""

import pytest
from django.contrib.auth.models import User
from django.test import Client, override_settings
from django.urls import reverse

from telas import menu


def test_somebody_logged_out_is_sent_to_log_in_and_comes_back(client, db):
    User.objects.create_user("ana", password="senha-de-ana")
    ida = client.get("/senha/")
    assert ida.headers["Location"] == "/entrar/?next=/senha/"

    pagina = client.get(ida.headers["Location"])
    assert 'name="next" value="/senha/"' in pagina.content.decode()

    volta = client.post("/entrar/", {"username": "ana", "password": "senha-de-ana", "next": "/senha/"})
    assert volta.headers["Location"] == "/senha/"


def test_a_wrong_password_is_said_and_the_name_is_kept(client, db):
    pagina = client.post("/entrar/", {"username": "ana", "password": "errada"}).content.decode()

    assert 'role="alert"' in pagina
    assert 'value="ana"' in pagina
    assert "errada" not in pagina


def test_logging_out_takes_a_form(entrar):
    navegador = entrar("operador")

    assert navegador.get("/sair/").status_code == 405
    assert navegador.post("/sair/").headers["Location"] == "/entrar/"
    assert navegador.get("/").headers["Location"] == "/entrar/?next=/"


def test_who_may_not_use_the_administration_is_told_and_not_asked_to_log_in_again(db):
    navegador = Client()
    navegador.force_login(User.objects.create_user("ana"))

    resposta = navegador.get("/admin/", follow=True)

    assert resposta.status_code == 403
    assert "Sem permissão" in resposta.content.decode()


@pytest.mark.parametrize(("tema", "bootstrap"), [("claro", "light"), ("escuro", "dark"), ("auto", "light")])
def test_the_theme_chosen_is_there_at_the_first_paint(client, db, tema, bootstrap):
    assert client.post("/tema/", {"tema": tema, "volta": "/entrar/"}).headers["Location"] == "/entrar/"

    pagina = client.get("/entrar/").content.decode()

    assert f'data-tema="{tema}"' in pagina
    assert f'data-bs-theme="{bootstrap}"' in pagina


@pytest.mark.parametrize("volta", ["https://outro.exemplo/", "//outro.exemplo", "javascript:alert(1)"])
def test_the_theme_never_leads_elsewhere(client, db, volta):
    assert client.post("/tema/", {"tema": "roxo", "volta": volta}).headers["Location"] == "/"
    assert "tema" not in client.cookies


@pytest.mark.parametrize("grupo", ["operador", "supervisor", "administrador", ""])
def test_the_menu_shows_what_one_may_open_and_nothing_else(entrar, grupo):
    navegador = entrar(grupo)

    pagina = navegador.get("/").content.decode()

    itens = [item for um in menu.MENU for item in um.itens]
    for item in itens:
        assert (f'href="{reverse(item.url)}"' in pagina) == navegador.pessoa.has_perm(item.permissao), item.titulo
    assert ("Campanha Preventiva" in pagina) == bool(grupo)
    assert all(navegador.get(reverse(item.url)).status_code in (200, 403) for item in itens)


def test_a_page_that_does_not_exist_says_so_with_the_menu(entrar):
    resposta = entrar("operador").get("/nao-existe/")

    assert resposta.status_code == 404
    assert "Página não encontrada" in resposta.content.decode()
    assert 'id="menu"' in resposta.content.decode()


def test_a_form_from_an_old_page_is_refused_in_words(db):
    navegador = Client(enforce_csrf_checks=True)

    resposta = navegador.post("/entrar/", {"username": "ana", "password": "x"})

    assert resposta.status_code == 403
    assert "A página ficou velha" in resposta.content.decode()


@pytest.mark.urls("tests.telas.urls_que_falham")
@override_settings(DEBUG=False)
def test_an_error_of_ours_says_what_to_do_and_shows_nothing_inside(db):
    navegador = Client(raise_request_exception=False)

    resposta = navegador.get("/falha/")

    assert resposta.status_code == 500
    assert "Erro no sistema" in resposta.content.decode()
    assert "segredo" not in resposta.content.decode()


def test_pages_allow_nothing_from_elsewhere_and_nothing_inline(client, db):
    politica = client.get("/entrar/").headers["Content-Security-Policy"]

    assert "default-src 'self'" in politica
    assert "unsafe" not in politica
    assert "http" not in politica
