"""Cadastro > Cliente > Inserir and Manter, and Cadastro > Imóvel > Consultar, by the words of the screens."""

from datetime import timedelta

import pytest
from playwright.sync_api import expect

from cadastro.models import Cliente, NomeGenerico
from exemplo.navegador import CELULAR, SEM_JAVASCRIPT
from tests.fabricas import (
    HOJE,
    nova_acao,
    nova_conta,
    nova_localidade,
    novo_cliente,
    novo_comando,
    novo_endereco,
    novo_imovel,
    novo_parametro_sistema,
    novo_vinculo,
)
from tests.mensageria.apoio import nova_mensagem

from .acessibilidade import acessivel

COM_E_SEM_JAVASCRIPT = pytest.mark.parametrize("opcoes", [{}, SEM_JAVASCRIPT], ids=["com_js", "sem_js"])


def clicar(pagina, botao: str) -> None:
    pagina.get_by_role("button", name=botao, exact=True).click()


def preencher(pagina, campos: dict[str, str]) -> None:
    for rotulo, valor in campos.items():
        pagina.get_by_label(rotulo).fill(valor)


@COM_E_SEM_JAVASCRIPT
def test_a_customer_is_inserted_with_address_and_phone(entrar, opcoes):
    nova_localidade()
    novo_parametro_sistema(documento_obrigatorio=True, nome_generico=False)
    NomeGenerico.objects.get_or_create(nome="CONSUMIDOR")
    pagina = entrar("operador", **opcoes)
    pagina.goto("/")
    pagina.get_by_role("link", name="Inserir Cliente").first.click()

    pagina.get_by_label("Nome*").fill("CONSUMIDOR")
    clicar(pagina, "Inserir")
    for erro in (
        "“CONSUMIDOR” é uma descrição genérica: informe o nome do cliente.",
        "Informe CPF.",
        "Informe Sexo.",
        "Informe Endereço(s) do Cliente.",
    ):
        expect(pagina.get_by_text(erro).first).to_be_visible()

    pagina.get_by_label("Nome*").fill("ANA MARIA DA SILVA")
    pagina.locator("#id_documento").fill("529.982.247-25")
    preencher(pagina, {"E-Mail": "ana@exemplo.com.br", "Profissão": "PROFESSORA", "Data de Nascimento": "31/01/1980"})
    pagina.get_by_role("group", name="Por SMS").get_by_label("Sim").check()
    pagina.get_by_label("Sexo").select_option("Feminino")
    pagina.get_by_label("Tipo de Endereço").select_option("Residencial")
    preencher(pagina, {"Logradouro": "Rua das Acácias", "Bairro": "Centro", "CEP": "59000-000"})
    pagina.locator("#id_endereco-municipio").fill("Natal/RN")
    pagina.locator("#id_telefone-tipo").select_option("Celular")
    pagina.locator("#id_telefone-municipio").fill("Natal/RN")
    pagina.locator("#id_telefone-numero").fill("98765-4321")
    pagina.locator("#id_telefone-sms").check()
    clicar(pagina, "Inserir")

    expect(pagina.get_by_text("inserido com sucesso")).to_be_visible()
    cliente = Cliente.objects.get()
    assert cliente.fones.get(sms=True).ddd == "84"
    assert str(cliente.enderecos.get(correspondencia=True)).startswith("RUA DAS ACÁCIAS - S/N")
    pagina.get_by_role("link", name="Pessoa", exact=True).click()
    expect(pagina.get_by_label("Profissão")).to_have_value("PROFESSORA")


@COM_E_SEM_JAVASCRIPT
def test_the_addresses_of_a_customer_are_kept(entrar, opcoes):
    nova_localidade()
    cliente = novo_cliente(nome="ANA DA SILVA")
    velho = novo_endereco(cliente)
    pagina = entrar("operador", **opcoes)
    pagina.goto(f"/cadastro/cliente/{cliente.pk}/")
    pagina.get_by_role("link", name="Endereço", exact=True).click()

    pagina.get_by_role("link", name="Adicionar", exact=True).click()
    pagina.get_by_label("Tipo de Endereço").select_option("Comercial")
    preencher(pagina, {"Logradouro": "Rua Nova", "Número": "7", "Bairro": "Ribeira"})
    preencher(pagina, {"Município": "ATLÂNTIDA", "CEP": "59012-000"})
    pagina.get_by_role("group", name="Correspondência").get_by_label("Sim").check()
    clicar(pagina, "Concluir")
    expect(pagina.locator(".invalid-feedback")).to_have_text("Município não cadastrado.")
    pagina.get_by_label("Município").fill("NATAL/RN")
    clicar(pagina, "Concluir")
    expect(pagina.get_by_text("Endereço adicionado.")).to_be_visible()

    clicar(pagina, f"Remover {velho}")
    expect(pagina.get_by_text("Confirma remoção?")).to_be_visible()
    clicar(pagina, "Sim")
    expect(pagina.get_by_text("Endereço removido.")).to_be_visible()
    assert cliente.enderecos.get().logradouro == "Rua Nova"
    assert cliente.enderecos.get().correspondencia


@COM_E_SEM_JAVASCRIPT
def test_an_imovel_is_bound_consulted_and_let_go(entrar, opcoes):
    imovel, cliente = novo_imovel(endereco="Rua das Acácias, 10"), novo_cliente(nome="ANA DA SILVA")
    conta = nova_conta(imovel=imovel, cliente=cliente)
    novo_comando(nova_acao(descricao="AVISO DE CORTE")).documentos.create(
        imovel=imovel,
        localidade=imovel.localidade,
        tipo_documento=8,
        emissao=HOJE,
        validade=HOJE + timedelta(days=10),
        valor=250,
    )
    nova_mensagem(cliente=cliente, objeto_id=conta.pk)
    pagina = entrar("operador", **opcoes)
    pagina.goto(f"/cadastro/cliente/{cliente.pk}/")
    pagina.get_by_role("link", name="Imóveis", exact=True).click()
    expect(pagina.get_by_text("Nenhum imóvel ligado a este cliente hoje")).to_be_visible()
    pagina.get_by_role("link", name="Ligar a um imóvel").click()
    preencher(pagina, {"Matrícula do Imóvel": str(imovel), "Data de Início": "01/03/2024"})
    pagina.get_by_label("Relação").select_option("Usuário")
    clicar(pagina, "Concluir")
    expect(pagina.get_by_text("Imóvel ligado ao cliente.")).to_be_visible()

    pagina.get_by_role("link", name="Consultar Imóvel").first.click()
    pagina.get_by_label("Inscrição").fill(imovel.inscricao)
    clicar(pagina, "Filtrar")
    pagina.get_by_role("cell", name=str(imovel)).get_by_role("link").click()
    expect(pagina.get_by_role("link", name="ANA DA SILVA")).to_be_visible()
    for aba, dito in (
        ("Contas", "R$ 123,45"),
        ("Documentos de Cobrança", "AVISO DE CORTE"),
        ("Mensagens", "Conta 11/2026"),
    ):
        pagina.get_by_role("main").get_by_role("link", name=aba, exact=True).click()
        expect(pagina.get_by_text(dito).first).to_be_visible()

    pagina.goto(f"/cadastro/cliente/{cliente.pk}/imoveis/")
    pagina.get_by_role("link", name=f"Encerrar: {imovel}").click()
    preencher(pagina, {"Data de Fim": "01/06/2024", "Motivo do Fim": "VENDA"})
    clicar(pagina, "Concluir")
    expect(pagina.get_by_text("Nenhum imóvel ligado a este cliente hoje")).to_be_visible()
    pagina.get_by_label("Vínculos").select_option("Todos, também os encerrados")
    clicar(pagina, "Filtrar")
    expect(pagina.get_by_text("VENDA")).to_be_visible()


@pytest.mark.parametrize("opcoes", [{}, CELULAR], ids=["computador", "celular"])
def test_the_pages_are_accessible_and_fit(entrar, opcoes):
    novo_parametro_sistema()
    imovel, cliente = novo_imovel(endereco="Rua das Acácias, 10"), novo_cliente(nome="ANA " + "B" * 96)
    novo_vinculo(cliente, imovel)
    endereco = novo_endereco(cliente, logradouro="Avenida " + "C" * 90)
    nova_conta(imovel=imovel, cliente=cliente)
    do_cliente = f"/cadastro/cliente/{cliente.pk}/"
    pagina = entrar("operador", **opcoes)
    for caminho in (
        "/cadastro/cliente/inserir/",
        *(f"{do_cliente}{aba}" for aba in ("", "pessoa/", "enderecos/", "enderecos/inserir/", "imoveis/")),
        f"{do_cliente}imoveis/inserir/",
        f"/cadastro/cliente/endereco/{endereco.pk}/",
        f"/cadastro/vinculo/{cliente.vinculos.get().pk}/",
        "/cadastro/imovel/",
        "/cadastro/imovel/?inscricao=1.1.1",
        f"/cadastro/imovel/{imovel.pk}/",
        f"/faturamento/imovel/{imovel.pk}/contas/",
        f"/cobranca/imovel/{imovel.pk}/documentos/",
        f"/mensagens/imovel/{imovel.pk}/",
    ):
        pagina.goto(caminho)
        largura = pagina.evaluate("document.documentElement.scrollWidth")
        assert largura <= pagina.viewport_size["width"], caminho
        acessivel(pagina)
