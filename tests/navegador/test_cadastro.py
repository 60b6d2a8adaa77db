"""Processes 1, 4 and 5 of the manual, by its words."""

import re

import pytest
from playwright.sync_api import expect

from cadastro.forms import FiltroDeClientes
from cadastro.models import Cliente, ParametroSistema
from exemplo.navegador import CELULAR, SEM_JAVASCRIPT
from tests.fabricas import nova_localidade, novo_cliente, novo_fone, novo_imovel, novo_parametro_sistema, novo_vinculo

from .acessibilidade import acessivel

COM_E_SEM_JAVASCRIPT = pytest.mark.parametrize("opcoes", [{}, SEM_JAVASCRIPT], ids=["com_js", "sem_js"])
CONCLUIDO = "Parâmetro do Sistema informado com sucesso."


def clicar(pagina, botao: str) -> None:
    pagina.get_by_role("button", name=botao, exact=True).click()


def confirmar(pagina) -> None:
    """Answer Sim, on the dialog or on the page that asks without JavaScript."""
    expect(pagina.get_by_text("Confirma remoção?")).to_be_visible()
    clicar(pagina, "Sim")


def abrir_telefones(pagina, cliente: Cliente) -> None:
    pagina.goto(f"/cadastro/cliente/{cliente.pk}/")
    pagina.get_by_role("link", name="Telefone", exact=True).click()


@COM_E_SEM_JAVASCRIPT
def test_process_1_the_size_of_an_sms_is_informed(entrar, opcoes):
    natal = nova_localidade().municipio
    novo_parametro_sistema(
        tamanho_maximo_sms=100, titulos_relatorio="ÁGUAS", bairro="TIROL", municipio=natal, cep="59015000"
    )
    pagina = entrar("operador", **opcoes)
    pagina.goto("/")
    pagina.get_by_role("link", name="Informar Parâmetros do Sistema").first.click()
    expect(pagina.get_by_role("navigation", name="Trilha")).to_contain_text("Sistema Parâmetro")

    pagina.get_by_label("Tamanho Máximo Mensagem via SMS").fill("165")
    clicar(pagina, "Concluir")
    erro = pagina.locator(".invalid-feedback")
    expect(erro).to_have_text("Somente o administrador pode informar mais de 164 posições.")
    pagina.get_by_label("Tamanho Máximo Mensagem via SMS").fill("164")
    clicar(pagina, "Concluir")

    expect(pagina.get_by_text(CONCLUIDO)).to_be_visible()
    assert ParametroSistema.atual().tamanho_maximo_sms == 164


def test_the_positions_left_for_the_text_follow_the_typing(entrar):
    novo_parametro_sistema()
    pagina = entrar("operador")
    pagina.goto("/cadastro/sistema-parametro/")
    restam = pagina.locator("p", has=pagina.locator("output"))
    expect(restam).to_have_text("Sobram 107 posições para o texto; as outras 57 são do código de barras.")

    pagina.get_by_label("Tamanho Máximo Mensagem via SMS").fill("100")
    expect(restam).to_contain_text("Sobram 43 posições")
    for invalido in ("57", "301", "1e2", "-1", ""):
        pagina.get_by_label("Tamanho Máximo Mensagem via SMS").fill(invalido)
        expect(restam).to_be_hidden()
    pagina.get_by_label("Tamanho Máximo Mensagem via SMS").fill("300")
    expect(restam).to_contain_text("Sobram 243 posições")


@COM_E_SEM_JAVASCRIPT
def test_process_4_the_customer_is_found_and_switched_on(entrar, opcoes):
    cliente = novo_cliente(nome="ANA DA SILVA", email="", por_sms=False, por_email=False)
    novo_cliente(nome="RUI DA SILVA")
    imovel = novo_imovel(endereco="Rua das Acácias, 10")
    novo_vinculo(cliente, imovel)
    pagina = entrar("operador", **opcoes)
    pagina.goto("/")
    pagina.get_by_role("link", name="Manter Cliente").first.click()

    pagina.get_by_label("CPF/CNPJ").fill("111.111.111-11")
    clicar(pagina, "Filtrar")
    expect(pagina.locator(".invalid-feedback")).to_have_text("Número do CPF inválido.")
    pagina.get_by_label("CPF/CNPJ").fill("")
    pagina.get_by_label("Nome").fill("silva ana")
    clicar(pagina, "Filtrar")
    expect(pagina.get_by_text("1 registro", exact=True)).to_be_visible()
    pagina.get_by_role("link", name="ANA DA SILVA").click()

    pagina.get_by_label("E-Mail").fill("ana@")
    pagina.get_by_role("group", name="Por SMS").get_by_label("Sim").check()
    pagina.get_by_role("group", name="Por Email").get_by_label("Sim").check()
    clicar(pagina, "Concluir")
    expect(pagina.locator(".invalid-feedback")).to_have_text("E-Mail inválido.")
    expect(pagina.get_by_role("group", name="Por Email").get_by_label("Sim")).to_be_checked()
    pagina.get_by_label("E-Mail").fill("ana@exemplo.com.br")
    clicar(pagina, "Concluir")

    expect(pagina.get_by_text("atualizado com sucesso")).to_be_visible()
    cliente.refresh_from_db()
    assert (cliente.email, cliente.por_sms, cliente.por_email) == ("ana@exemplo.com.br", True, True)
    pagina.get_by_role("link", name="Imóveis", exact=True).click()
    expect(pagina.get_by_role("cell", name=str(imovel), exact=True)).to_be_visible()


@COM_E_SEM_JAVASCRIPT
def test_process_5_the_phone_for_sms_is_chosen(entrar, opcoes):
    nova_localidade()
    cliente = novo_cliente(nome="ANA DA SILVA", celular=None)
    velho = novo_fone(cliente, tipo=1, numero="32324151", principal=True)
    pagina = entrar("operador", **opcoes)
    abrir_telefones(pagina, cliente)
    expect(pagina.get_by_text("nenhum celular está marcado para SMS")).to_be_visible()
    expect(pagina.get_by_label("SMS: (84) 3232-4151")).to_be_disabled()
    expect(pagina.get_by_label("SMS: nenhum")).to_be_checked()

    clicar(pagina, "Adicionar")
    expect(pagina.locator(".invalid-feedback")).to_have_text(
        ["Informe Tipo Telefone.", "Informe DDD.", "Informe Número do Telefone."]
    )
    pagina.get_by_label("Tipo").select_option("Celular")
    pagina.get_by_label("Município").fill("NATAL/RN")
    pagina.get_by_label("Número").fill("98765-4321")
    clicar(pagina, "Adicionar")
    expect(pagina.get_by_text("Telefone (84) 98765-4321 adicionado.")).to_be_visible()

    pagina.get_by_label("Principal: (84) 98765-4321").check()
    pagina.get_by_label("SMS: (84) 98765-4321").check()
    clicar(pagina, "Concluir")
    expect(pagina.get_by_text("atualizado com sucesso")).to_be_visible()
    expect(pagina.get_by_text("nenhum celular está marcado para SMS")).to_have_count(0)
    novo = cliente.fones.get(sms=True)
    assert (novo.numero, novo.principal) == ("987654321", True)

    clicar(pagina, f"Remover {velho.formatado}")
    confirmar(pagina)
    expect(pagina.get_by_text(f"Telefone {velho.formatado} removido.")).to_be_visible()
    assert cliente.fones.get() == novo


@COM_E_SEM_JAVASCRIPT
def test_no_keeps_the_phone_and_what_was_typed(entrar, opcoes):
    cliente = novo_cliente()
    pagina = entrar("operador", **opcoes)
    abrir_telefones(pagina, cliente)
    pagina.get_by_label("Contato").fill("PORTARIA")

    clicar(pagina, "Remover (84) 98765-4321")
    clicar(pagina, "Não")

    expect(pagina.get_by_role("heading", name="Confirma remoção?")).to_have_count(0)
    expect(pagina.get_by_label("Contato")).to_have_value("PORTARIA")
    assert cliente.fones.count() == 1


def test_the_municipio_fills_in_the_ddd_but_not_over_a_typed_one(entrar):
    nova_localidade()
    pagina = entrar("operador")
    abrir_telefones(pagina, novo_cliente())
    ddd = pagina.get_by_label("DDD")

    pagina.get_by_label("Município").fill("natal/rn")
    expect(ddd).to_have_value("84")
    ddd.fill("81")
    pagina.get_by_label("Município").fill("")
    pagina.get_by_label("Município").fill("NATAL/RN")
    expect(ddd).to_have_value("81")


def test_enter_while_typing_a_phone_adds_it_and_removes_nothing(entrar):
    nova_localidade()
    cliente = novo_cliente()
    pagina = entrar("operador")
    abrir_telefones(pagina, cliente)

    pagina.get_by_label("Tipo").select_option("Residencial")
    pagina.get_by_label("DDD").fill("84")
    pagina.get_by_label("Número").fill("32324151")
    pagina.get_by_label("Número").press("Enter")

    expect(pagina.get_by_text("Telefone (84) 3232-4151 adicionado.")).to_be_visible()
    assert cliente.fones.count() == 2


def test_a_double_click_adds_one_phone(entrar):
    nova_localidade()
    cliente = novo_cliente(celular=None)
    pagina = entrar("operador")
    abrir_telefones(pagina, cliente)
    pagina.get_by_label("Tipo").select_option("Celular")
    pagina.get_by_label("DDD").fill("84")
    pagina.get_by_label("Número").fill("987654321")

    pagina.get_by_role("button", name="Adicionar", exact=True).dblclick()

    expect(pagina.get_by_text("Telefone (84) 98765-4321 adicionado.")).to_be_visible()
    assert cliente.fones.count() == 1
    expect(pagina.get_by_text("Telefone já informado.")).to_have_count(0)


def test_the_filter_and_the_pages_change_only_the_table(entrar):
    for numero in range(12):
        novo_cliente(nome=f"ANA {numero:02}")
    pagina = entrar("operador")
    pagina.goto("/cadastro/cliente/")
    pagina.evaluate("window.mesma = true")

    pagina.get_by_label("Nome").fill("ana")
    clicar(pagina, "Filtrar")
    pagina.get_by_role("link", name="Próxima").click()
    pagina.get_by_role("link", name="ANA 11").wait_for()

    assert pagina.evaluate("window.mesma")
    assert "nome=ana" in pagina.url
    expect(pagina.get_by_label("Nome")).to_have_value("ana")
    pagina.reload()
    expect(pagina.get_by_role("link", name="ANA 11")).to_be_visible()


def test_the_keyboard_stays_where_it_was_when_the_table_changes(entrar):
    for numero in range(22):
        novo_cliente(nome=f"ANA {numero:02}")
    pagina = entrar("operador")
    pagina.goto("/cadastro/cliente/?nome=ana")
    proxima = pagina.get_by_role("link", name="Próxima")

    proxima.press("Enter")
    expect(pagina.get_by_text("11 ao 20 de 22 registros")).to_be_visible()
    expect(proxima).to_be_focused()
    proxima.press("Enter")
    expect(pagina.get_by_text("21 ao 22 de 22 registros")).to_be_visible()
    expect(pagina.get_by_role("region", name="Clientes encontrados")).to_be_focused()
    pagina.get_by_role("link", name="Nome", exact=True).press("Enter")
    expect(pagina.get_by_role("columnheader", name="Nome")).to_have_attribute("aria-sort", "descending")
    expect(pagina.get_by_role("link", name="Nome", exact=True)).to_be_focused()
    pagina.get_by_label("Exibir").focus()
    pagina.get_by_label("Exibir").select_option("5")
    expect(pagina.get_by_text("1 ao 5 de 22 registros")).to_be_visible()
    expect(pagina.get_by_label("Exibir")).to_be_focused()


def test_the_back_button_brings_each_page_of_the_table_back(entrar):
    for numero in range(12):
        novo_cliente(nome=f"ANA {numero:02}")
    pagina = entrar("operador")
    pagina.goto("/cadastro/cliente/?nome=ana")
    pagina.get_by_role("link", name="Próxima").evaluate("(proxima) => { proxima.click(); proxima.click(); }")
    expect(pagina.get_by_role("link", name="ANA 11")).to_be_visible()
    pagina.wait_for_load_state("networkidle")

    pagina.go_back()
    expect(pagina.get_by_role("link", name="ANA 00")).to_be_visible()
    pagina.wait_for_load_state()
    pagina.go_forward()
    expect(pagina.get_by_role("link", name="ANA 11")).to_be_visible()


def test_a_table_that_cannot_be_changed_says_so(entrar, monkeypatch, falta_esperada):
    for numero in range(12):
        novo_cliente(nome=f"ANA {numero:02}")
    pagina = entrar("operador")
    pagina.goto("/cadastro/cliente/?nome=ana")
    monkeypatch.setattr(FiltroDeClientes, "consultar", lambda filtro: 1 / 0)

    pagina.get_by_role("link", name="Próxima").click()

    expect(pagina.get_by_role("heading", name="Erro no sistema")).to_be_visible()
    assert "apos=" in pagina.url
    falta_esperada("resposta 500|console: Response Status Error Code 500")


def test_skipping_the_menu_keeps_what_was_typed(entrar):
    pagina = entrar("operador")
    pagina.goto(f"/cadastro/cliente/{novo_cliente().pk}/")
    pagina.get_by_label("E-Mail").fill("digitado@exemplo.com.br")

    pagina.get_by_role("link", name="Pular para o conteúdo").press("Enter")

    expect(pagina).to_have_url(re.compile("#conteudo$"))
    pagina.wait_for_load_state("networkidle")
    expect(pagina.get_by_role("main")).to_be_focused()
    expect(pagina.get_by_label("E-Mail")).to_have_value("digitado@exemplo.com.br")


@pytest.mark.parametrize("caminho", ["", "telefones/"])
def test_a_long_name_fits_a_cell_phone(entrar, caminho):
    cliente = novo_cliente(nome="ANA " + "B" * 96)
    pagina = entrar("operador", **CELULAR)

    pagina.goto(f"/cadastro/cliente/{cliente.pk}/{caminho}")

    assert pagina.evaluate("document.documentElement.scrollWidth") <= 390
    acessivel(pagina)


def test_the_pages_are_accessible_as_they_open_and_with_their_errors(entrar):
    novo_parametro_sistema()
    cliente = novo_cliente(nome="ANA DA SILVA", email="", celular="87654321")
    novo_fone(cliente, tipo=1, numero="32324151")
    novo_vinculo(cliente, novo_imovel())
    pagina = entrar("operador")
    da_ana = f"/cadastro/cliente/{cliente.pk}/"
    erros = {
        "/cadastro/sistema-parametro/": ("Nome da Empresa", "", "Concluir"),
        "/cadastro/cliente/": ("CPF/CNPJ", "1", "Filtrar"),
        da_ana: ("E-Mail", "ana@", "Concluir"),
        f"{da_ana}telefones/": ("Número", "1", "Adicionar"),
    }
    for caminho, (campo, valor, botao) in erros.items():
        pagina.goto(caminho)
        acessivel(pagina)
        pagina.get_by_label(campo).fill(valor)
        clicar(pagina, botao)
        pagina.locator(".invalid-feedback").first.wait_for()
        acessivel(pagina)
    pagina.goto("/cadastro/cliente/?nome=ana")
    acessivel(pagina)
