"""The text component in a browser: data go in at the cursor and out whole, and the meter follows the typing."""

import pytest
from django.conf import settings
from playwright.sync_api import expect

from exemplo.navegador import CELULAR, SEM_JAVASCRIPT
from mensageria.models import Mensagem, VersaoTexto
from tests.fabricas import nova_conta, novas_saidas, novo_cliente, novo_parametro, novo_parametro_sistema

from .acessibilidade import acessivel

TELA = "/faturamento/parametrizar-mensagem/"


@pytest.fixture(autouse=True)
def sistema(servidor):
    novo_parametro_sistema()
    novo_parametro(referencia=202611, texto_sms="Conta: ", texto_email="Prezado(a) ", assunto="Conta ")


@pytest.fixture
def pagina(entrar):
    aberta = entrar("operador")
    aberta.goto(TELA)
    return aberta


def sms(pagina):
    return pagina.get_by_role("textbox", name="Texto SMS")


def email(pagina):
    return pagina.get_by_role("textbox", name="Texto E-MAIL")


def escolher(pagina, *tags):
    pagina.get_by_label("Selecione dados para o texto").select_option(list(tags))


def inserir(pagina, botao: str, *tags):
    escolher(pagina, *tags)
    pagina.get_by_role("button", name=botao, exact=True).click()


def cursor(campo, onde: int):
    campo.evaluate("(campo, onde) => { campo.focus(); campo.setSelectionRange(onde, onde); }", onde)


def test_the_buttons_insert_the_selected_data_at_the_cursor(pagina):
    cursor(sms(pagina), 0)
    inserir(pagina, "SMS", "{NOME}", "{VALOR}")
    pagina.keyboard.type(": ")
    inserir(pagina, "E-MAIL", "{NOME}")

    expect(sms(pagina)).to_have_value("{NOME} {VALOR}: Conta: ")
    assert "{NOME}" in email(pagina).input_value()


def test_ctrl_selects_more_than_one(pagina):
    lista = pagina.get_by_label("Selecione dados para o texto")
    lista.locator("option").nth(0).click()
    lista.locator("option").nth(2).click(modifiers=["Control"])
    sms(pagina).fill("")
    pagina.get_by_role("button", name="SMS", exact=True).click()

    expect(sms(pagina)).to_have_value("{MATRICULA} {VENCTO}")


def test_what_is_selected_in_the_text_is_replaced(pagina):
    sms(pagina).select_text()
    inserir(pagina, "SMS", "{NOME}")

    expect(sms(pagina)).to_have_value("{NOME}")


def test_the_button_e_mail_inserts_in_the_subject_when_the_cursor_was_there(pagina):
    cursor(pagina.get_by_label("Assunto do e-mail"), 6)
    inserir(pagina, "E-MAIL", "{NOME}")

    expect(pagina.get_by_label("Assunto do e-mail")).to_have_value("Conta {NOME}")
    inserir(pagina, "SMS", "{VALOR}")
    inserir(pagina, "E-MAIL", "{VALOR}")
    assert "{VALOR}" in email(pagina).input_value()


def test_nothing_selected_is_told_beside_the_list_until_something_is(pagina):
    pagina.get_by_role("button", name="SMS", exact=True).click()

    aviso = pagina.get_by_text("Selecione antes o dado que será incluído no texto")
    expect(aviso).to_be_visible()
    expect(sms(pagina)).to_have_value("Conta: ")
    escolher(pagina, "{NOME}")
    aviso.wait_for(state="hidden")


@pytest.mark.parametrize(
    ("tecla", "onde", "fica"),
    [
        ("Backspace", 10, "abc  def"),  # right after it
        ("Backspace", 7, "abc  def"),  # inside it
        ("Delete", 4, "abc  def"),  # right before it
        ("Delete", 9, "abc  def"),  # inside it
        ("Backspace", 4, "abc{NOME} def"),  # right before it: what stands before goes
        ("Delete", 10, "abc {NOME}def"),
    ],
)
def test_a_tag_is_removed_whole(pagina, tecla, onde, fica):
    sms(pagina).fill("abc {NOME} def")
    cursor(sms(pagina), onde)

    pagina.keyboard.press(tecla)

    expect(sms(pagina)).to_have_value(fica)


def test_braces_that_are_no_tag_are_mended_letter_by_letter(pagina):
    sms(pagina).fill("{NOMES}")
    cursor(sms(pagina), 6)

    pagina.keyboard.press("Backspace")

    expect(sms(pagina)).to_have_value("{NOME}")


def test_ctrl_z_undoes_what_was_inserted_and_what_was_removed(pagina):
    cursor(sms(pagina), 7)
    inserir(pagina, "SMS", "{NOME}")
    pagina.keyboard.press("Backspace")
    expect(sms(pagina)).to_have_value("Conta: ")

    pagina.keyboard.press("Control+z")
    expect(sms(pagina)).to_have_value("Conta: {NOME}")
    pagina.keyboard.press("Control+z")
    expect(sms(pagina)).to_have_value("Conta: ")


def test_the_meter_follows_the_typing_the_insertion_and_the_switch(pagina):
    cursor(sms(pagina), 7)
    pagina.keyboard.type("ação")
    pagina.get_by_text("Posições: 68 de 164").wait_for()
    inserir(pagina, "SMS", "{NOME}")
    pagina.get_by_text("Posições: 98 de 164").wait_for()
    pagina.get_by_text("Trocar acentos muda: ç → c, ã → a.").wait_for()
    pagina.get_by_label("Trocar acentos no SMS").uncheck()
    pagina.get_by_text("UCS-2 por causa de: ç ã.").wait_for()

    email(pagina).fill("{NOMES}")
    pagina.get_by_text("O texto do E-MAIL está com dados inválidos: {NOMES}.", exact=True).first.wait_for()


def test_what_is_said_aloud_changes_only_when_it_is_another_thing(pagina):
    dito = pagina.locator("[data-dito=texto_sms]")
    sms(pagina).fill("Um texto")
    pagina.get_by_text("Posições: 65 de 164").wait_for()
    assert dito.text_content() == "Cabe no máximo de 164 posições: 1 SMS, GSM-7."
    dito.evaluate(
        "(no) => { window.ditas = 0; new MutationObserver(() => window.ditas++).observe(no, {childList: true}); }"
    )
    sms(pagina).fill("Um texto maior")
    pagina.get_by_text("Posições: 71 de 164").wait_for()
    assert pagina.evaluate("window.ditas") == 0
    sms(pagina).fill("x" * 120)
    pagina.get_by_text("Posições: 177 de 164").wait_for()
    assert "passam do tamanho máximo" in dito.text_content()


def test_the_preview_shows_what_is_typed_and_leaves_the_form_as_it_is(pagina):
    novas_saidas()
    nova_conta(cliente=novo_cliente(nome="JOSÉ"))
    sms(pagina).fill("Olá {NOME}")
    with pagina.context.expect_page() as nova:
        pagina.get_by_role("button", name="Prévia e teste").click()
    previa = nova.value

    previa.get_by_text("Ola JOSE Barras: ").wait_for()
    quadro = previa.frame_locator("iframe[title='O e-mail como será visto']")
    expect(quadro.get_by_text("Prezado(a)")).to_be_visible()
    assert quadro.get_by_role("img", name="Código de barras").evaluate("(img) => img.naturalWidth") > 0
    assert quadro.locator("body").evaluate("(no) => getComputedStyle(no).fontFamily").startswith("Arial")
    acessivel(previa)
    expect(sms(pagina)).to_have_value("Olá {NOME}")
    assert not VersaoTexto.objects.exists()


def test_a_test_is_sent_from_the_preview_and_its_answer_shown(pagina):
    novas_saidas(sms="https://api.operadora.example")
    nova_conta()
    with pagina.context.expect_page() as nova:
        pagina.get_by_role("button", name="Prévia e teste").click()
    previa = nova.value

    previa.get_by_label("Celular").fill("(84) 98765-4321")
    previa.get_by_role("button", name="Enviar teste por SMS").click()

    previa.get_by_text("Teste não enviado.").wait_for()
    expect(previa.get_by_text("api.operadora.example é um servidor real e foi recusado")).to_be_visible()
    expect(previa.get_by_label("Celular")).to_have_value("(84) 98765-4321")
    acessivel(previa)
    assert not Mensagem.objects.exists()


def test_without_javascript_the_buttons_and_the_preview_work_too(entrar):
    novas_saidas()
    nova_conta(cliente=novo_cliente(nome="ANA"))
    pagina = entrar("operador", **SEM_JAVASCRIPT)
    pagina.goto(TELA)
    pagina.get_by_label("Valor mínimo da conta").fill("77,00")

    pagina.get_by_role("button", name="SMS", exact=True).click()
    expect(pagina.get_by_text("Selecione antes o dado que será incluído no texto")).to_be_visible()
    inserir(pagina, "SMS", "{NOME}", "{VALOR}")
    expect(sms(pagina)).to_have_value("Conta: {NOME} {VALOR}")
    expect(pagina.get_by_label("Valor mínimo da conta")).to_have_value("77,00")
    expect(pagina.get_by_text("Posições: 108 de 164")).to_be_visible()
    with pagina.context.expect_page() as nova:
        pagina.get_by_role("button", name="Prévia e teste").click()
    expect(nova.value.get_by_text("Conta: ANA 123,45 Barras:")).to_be_visible()


@pytest.mark.parametrize("opcoes", [{}, CELULAR], ids=["computador", "celular"])
def test_it_is_accessible_with_errors_too(entrar, opcoes):
    pagina = entrar("operador", **opcoes)
    pagina.goto(TELA)
    acessivel(pagina)
    sms(pagina).fill("{NOME")
    pagina.get_by_label("Valor mínimo da conta").fill("x")
    pagina.get_by_role("button", name="Atualizar").click()

    pagina.get_by_role("alert").get_by_text("Quantidade de tags inválidas SMS.").wait_for()
    acessivel(pagina)
    assert pagina.evaluate("document.documentElement.scrollWidth <= innerWidth")


def test_the_meter_of_whoever_was_logged_out_stays_as_it_was(pagina):
    pagina.context.clear_cookies(name=settings.SESSION_COOKIE_NAME)
    with pagina.expect_response("**/medir/**"):
        sms(pagina).fill("Outro texto")

    expect(pagina.get_by_text("Posições: 63 de 164")).to_be_visible()
    expect(sms(pagina)).to_have_value("Outro texto")
