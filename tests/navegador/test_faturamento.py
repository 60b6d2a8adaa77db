"""Processo 2 of the manual: Parametrizar Mensagem de Faturamento (SMS/E-MAIL), by its own words."""

import pytest
from playwright.sync_api import expect

from exemplo.navegador import SEM_JAVASCRIPT
from faturamento.models import ParametroMensagem
from tests.fabricas import novo_parametro, novo_parametro_sistema

from .acessibilidade import acessivel

TODOS = ["{MATRICULA}", "{NOME}", "{VENCTO}", "{VALOR}"]


@pytest.fixture(autouse=True)
def sistema(servidor):
    novo_parametro_sistema()


def preencher(pagina):
    pagina.get_by_label("Valor mínimo da conta").fill("10,00")
    for categoria in ("Residencial", "Comercial"):
        pagina.get_by_label(categoria).check()
    pagina.get_by_label("Quantidade de dias antes do vencimento").fill("5")
    pagina.get_by_label("Número máximo de tentativas para E-MAIL").fill("3")
    pagina.get_by_label("Assunto do e-mail").fill("Sua conta")
    pagina.get_by_role("textbox", name="Texto SMS").fill("CAT: ")
    pagina.get_by_role("textbox", name="Texto E-MAIL").fill("Prezado(a) ")


@pytest.mark.parametrize("opcoes", [{}, SEM_JAVASCRIPT], ids=["com-javascript", "sem-javascript"])
def test_the_process_as_the_manual_tells_it(entrar, opcoes):
    pagina = entrar("operador", **opcoes)
    pagina.goto("/")
    pagina.get_by_role("link", name="Parametrizar Mensagem de Faturamento (SMS/E-MAIL)").first.click()
    preencher(pagina)
    pagina.get_by_label("Selecione dados para o texto").select_option(TODOS)
    pagina.get_by_role("button", name="SMS", exact=True).click()
    pagina.get_by_label("Selecione dados para o texto").select_option(TODOS)
    pagina.get_by_role("button", name="E-MAIL", exact=True).click()

    pagina.get_by_role("button", name="Atualizar").click()

    pagina.get_by_text("Parametrização realizada com sucesso.").wait_for()
    versao = ParametroMensagem.objects.get()
    assert versao.texto_sms == "CAT: {MATRICULA} {NOME} {VENCTO} {VALOR}"
    assert all(tag in versao.texto_email for tag in TODOS)
    assert (versao.dias_antes, versao.tentativas_email, versao.categorias) == (5, 3, [1, 2])
    expect(pagina.get_by_text("vigente")).to_be_visible()


def test_what_the_text_lacks_is_asked_about_and_a_no_loses_nothing(entrar):
    pagina = entrar("operador")
    pagina.goto("/faturamento/parametrizar-mensagem/")
    preencher(pagina)
    pagina.get_by_role("button", name="Atualizar").click()

    pagina.get_by_role("heading", name="Confirma a parametrização sem estes dados no texto?").wait_for()
    acessivel(pagina)
    pagina.get_by_role("button", name="Não").click()
    expect(pagina.get_by_role("textbox", name="Texto SMS")).to_have_value("CAT: ")
    assert not ParametroMensagem.objects.exists()
    pagina.get_by_role("button", name="Atualizar").click()
    pagina.get_by_role("button", name="Sim").click()

    pagina.get_by_text("Parametrização realizada com sucesso.").wait_for()


def test_a_double_click_on_atualizar_stores_one_version(entrar):
    novo_parametro(referencia=202611)
    pagina = entrar("operador")
    pagina.goto("/faturamento/parametrizar-mensagem/")
    pagina.get_by_label("Valor mínimo da conta").fill("99,00")

    pagina.get_by_role("button", name="Atualizar").dblclick()

    pagina.get_by_text("Parametrização realizada com sucesso.").wait_for()
    assert ParametroMensagem.objects.count() == 2


def test_enter_in_a_field_is_atualizar_and_inserts_nothing(entrar):
    novo_parametro(referencia=202611)
    pagina = entrar("operador")
    pagina.goto("/faturamento/parametrizar-mensagem/")
    pagina.get_by_label("Selecione dados para o texto").select_option("{NOME}")
    pagina.get_by_label("Valor mínimo da conta").fill("98,00")

    pagina.keyboard.press("Enter")

    pagina.get_by_text("Parametrização realizada com sucesso.").wait_for()
    antes, depois = ParametroMensagem.objects.order_by("id")
    assert depois.texto_sms == antes.texto_sms


def test_desfazer_brings_back_what_is_stored_and_cancelar_leaves(entrar):
    novo_parametro(referencia=202611, texto_sms="GUARDADO")
    pagina = entrar("operador")
    pagina.goto("/faturamento/parametrizar-mensagem/")
    pagina.get_by_role("textbox", name="Texto SMS").fill("outro")

    pagina.get_by_role("link", name="Desfazer").click()
    expect(pagina.get_by_role("textbox", name="Texto SMS")).to_have_value("GUARDADO")
    pagina.get_by_role("link", name="Cancelar").click()
    expect(pagina.get_by_role("heading", name="Painel")).to_be_visible()


def test_an_old_version_is_seen_whole_and_used_as_a_base(entrar):
    novo_parametro(referencia=202610, texto_sms="ANTIGA {NOME}")
    novo_parametro(referencia=202611, texto_sms="NOVA {NOME}")
    pagina = entrar("operador")
    pagina.goto("/faturamento/parametrizar-mensagem/")

    pagina.get_by_role("link", name="10/2026").first.click()
    expect(pagina.get_by_text("ANTIGA {NOME}")).to_be_visible()
    acessivel(pagina)
    pagina.get_by_role("link", name="Usar como base").click()

    expect(pagina.get_by_role("textbox", name="Texto SMS")).to_have_value("ANTIGA {NOME}")
    expect(pagina.get_by_label("Referência do Faturamento")).to_have_value("11/2026")


def test_the_summary_of_errors_leads_to_each_field(entrar):
    pagina = entrar("operador")
    pagina.goto("/faturamento/parametrizar-mensagem/")
    pagina.get_by_role("button", name="Atualizar").click()

    resumo = pagina.get_by_role("alert").filter(has_text="Corrija o que segue")
    for mensagem, campo in (("Informe Categoria do imóvel.", "Residencial"), ("Informe Texto SMS.", "Texto SMS")):
        resumo.get_by_role("link", name=mensagem).click()
        expect(pagina.get_by_label(campo).first).to_be_focused()
