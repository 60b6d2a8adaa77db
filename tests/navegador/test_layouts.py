"""Layouts in a browser: tags go in at the cursor, the preview opens beside the form, and a test arrives."""

import pytest
from django.contrib.auth.models import User
from playwright.sync_api import expect

from exemplo.navegador import CELULAR, SEM_JAVASCRIPT
from preventivo.models import Aviso, Layout, TipoCampanha
from simuladores.smtp import ServidorSMTP
from tests.preventivo.fabricas import nova_campanha, nova_operacao, novo_boleto, novo_tipo

from .acessibilidade import acessivel

LISTA = "/campanha_preventiva/layouts"


@pytest.fixture
def correio():
    with ServidorSMTP() as aberto:
        yield aberto


@pytest.fixture
def tipo(servidor, correio) -> TipoCampanha:
    return novo_tipo(nova_operacao(smtp=("127.0.0.1", correio.porta)), "CLARO FASE 1")


def abrir_previa(pagina):
    with pagina.context.expect_page() as aberta:
        pagina.get_by_role("button", name="Prévia e teste").click()
    aberta.value.get_by_role("main").wait_for()  # a window that was just opened has no document yet
    return aberta.value


@pytest.mark.parametrize("opcoes", [{}, SEM_JAVASCRIPT], ids=["com-javascript", "sem-javascript"])
def test_a_text_is_written_seen_tried_and_stored(entrar, tipo, correio, opcoes):
    campanha = nova_campanha(tipo.operacao, tipo=tipo)
    Aviso.objects.create(
        campanha=campanha,
        boleto=novo_boleto(campanha, valor="4567.89"),
        email="ana@exemplo.com.br",
        situacao=Aviso.Situacao.NA_FILA,
    )
    pagina = entrar("administrador", **opcoes)
    User.objects.update(email="maria@exemplo.com.br")
    pagina.goto(LISTA)
    pagina.get_by_role("link", name="CLARO FASE 1", exact=True).click()
    pagina.wait_for_url(f"**/{tipo.pk}")  # with its scripts: until they are there the server inserts the tag
    pagina.get_by_role("textbox", name="Texto E-MAIL").fill("São R$")
    pagina.get_by_label("Selecione dados para o texto").select_option("{VALOR}")
    pagina.get_by_role("button", name="E-MAIL", exact=True).click()
    expect(pagina.get_by_role("textbox", name="Texto E-MAIL")).to_have_value(
        "São R$ {VALOR}" if opcoes else "São R${VALOR}"
    )

    previa = abrir_previa(pagina)
    expect(previa.frame_locator("iframe").get_by_text("4.567,89").first).to_be_visible()
    previa.get_by_role("button", name="Enviar teste para maria@exemplo.com.br").click()
    previa.get_by_text("Teste enviado.").wait_for()
    assert correio.esperar(1)[0].destinos == ("maria@exemplo.com.br",)

    pagina.get_by_role("button", name="Gravar nova versão").click()
    pagina.get_by_text("Versão 2 do layout de CLARO FASE 1 gravada com sucesso.").wait_for()
    assert Layout.objects.em_vigor(tipo).corpo.startswith("São R$")


def test_a_wrong_tag_is_said_while_it_is_typed(entrar, tipo):
    pagina = entrar("administrador")
    pagina.goto(f"{LISTA}/{tipo.pk}")

    pagina.get_by_role("textbox", name="Texto E-MAIL").fill("Olá {NOME}")

    pagina.locator("#medidor-texto_email").get_by_text("dados inválidos: {NOME}").wait_for()


@pytest.mark.parametrize("opcoes", [{}, CELULAR], ids=["computador", "celular"])
def test_the_pages_are_accessible(entrar, tipo, opcoes):
    pagina = entrar("administrador", **opcoes)
    for caminho in (LISTA, f"{LISTA}/{tipo.pk}", f"{LISTA}/{tipo.pk}/versoes/1"):
        pagina.goto(caminho)
        _conferir(pagina)

    _conferir(abrir_previa(pagina))
    pagina.goto(f"{LISTA}/{tipo.pk}")
    pagina.get_by_label("Assunto do e-mail").fill("{NADA}")
    pagina.get_by_label("Cor do cabeçalho").fill("#ffee00")
    pagina.get_by_role("button", name="Gravar nova versão").click()
    pagina.get_by_role("alert").first.wait_for()
    _conferir(pagina)


def _conferir(pagina):
    acessivel(pagina)
    assert pagina.evaluate("document.documentElement.scrollWidth <= innerWidth"), pagina.url
