"""Process 1 of the manual, the whole screen, by its words."""

import re

import pytest
from playwright.sync_api import expect

from cadastro.models import Funcionario, ParametroSistema, UnidadeOrganizacional
from exemplo.navegador import CELULAR, SEM_JAVASCRIPT
from tests.fabricas import nova_localidade, novo_cliente, novo_parametro_sistema

from .acessibilidade import acessivel

URL = "/cadastro/sistema-parametro/"
CONCLUIDO = "Parâmetro do Sistema informado com sucesso."
COM_E_SEM_JAVASCRIPT = pytest.mark.parametrize("opcoes", [{}, SEM_JAVASCRIPT], ids=["com_js", "sem_js"])
ESCRITOS = {
    "Nome do Estado": "RIO GRANDE DO NORTE",
    "Nome da Empresa": "CAERN - COMPANHIA DE AGUA E ESGOTO DO RN",
    "Abreviatura da Empresa": "CAERN",
    "CNPJ": "08334385000135",
    "Inscrição Estadual": "200554263",
    "Unidade Organizacional da Presidência": "100",
    "Presidente": "2821998",
    "Diretor Comercial": "2362390",
    "Logradouro": "AVENIDA SENADOR SALGADO FILHO",
    "Número": "1555",
    "Bairro": "TIROL",
    "CEP": "59015-000",
    "Número do Telefone": "32324151",
    "Ramal": "4151",
    "Fax": "32324151",
    "E-Mail": "GCOM@CAERN.COM.BR",
    "Número do Telefone de Atendimento": "08000-840195",
    "Quantidade de dígitos da quadra": "3",
    "Títulos de Relatório": "CAERN - GSAN",
    "Caminho Imagem da Logomarca": "./imagens/logocaern.gif",
    "Caminho Imagem do Relatório": "./imagens/logocaern3.gif",
    "Caminho Imagem da Conta": "./imagens/logocaern3.gif",
    "Execução do Resumo de Negativação": "1",
    "Tamanho Máximo de Anexo para Registro de Atendimento": "2 MB",
    "Tamanho Máximo Mensagem via SMS": "164",
    "Valor para Emissão de Guia de Pagamento no Formato Ficha de Compensação": "10.000.000,00",
    "Valor para Emissão de Demonstrativo de Parcelamento no Formato Ficha de Compensação": "10.000.000,00",
    "versão do celular": "3.1.5.0",
    "Número de Dias Bloqueio Celular": "180",
    "Cliente Fictício para Associar os Pagamentos Não Identificados": "8175697",
}
INDICADORES = {
    "Indicador Quadra Face": "Não",
    "Indicador Exibir Mensagem": "Sim",
    "Documento Principal Obrigatório": "Sim",
    "Consultar Receita Federal": "Não",
    "Indicador Usa Rota": "Sim",
    "Cadastrar Cliente em duplicidade": "Não",
    "Incluir Nome de Cliente com menos de 10 posições": "Sim",
    "Bloquear alterar o nome de cliente com CPF ou CNPJ validado": "Sim",
    "Variar Hierarquia da Unidade Organizacional": "Sim",
    "Indicador de Validar CPF/CNPJ": "Não",
}


@pytest.fixture(autouse=True)
def quem_o_manual_cita(servidor):
    nova_localidade()
    UnidadeOrganizacional.objects.create(id=100, descricao="PRESIDENCIA")
    Funcionario.objects.create(id=2821998, nome="YURI TASSO QUEIROZ PINTO")
    Funcionario.objects.create(id=2362390, nome="JOAO MARIA ALVES DE CASTRO")
    novo_cliente(id=8175697, nome="CAERN - PAGAMENTOS NAO ACEITOS")


def clicar(pagina, botao: str) -> None:
    pagina.get_by_role("button", name=botao, exact=True).click()


def aba(pagina, titulo: str) -> None:
    pagina.get_by_role("navigation", name="Abas dos parâmetros").get_by_role("link", name=titulo).click()


def campo(pagina, rotulo: str):
    """By its label, with the asterisk of what is required or without it."""
    return pagina.locator("label").filter(has_text=rotulo_exato(rotulo)).locator("xpath=..").locator("input, select")


def rotulo_exato(rotulo: str):
    return re.compile(rf"^\s*{re.escape(rotulo)}\s*\*?\s*$")


@COM_E_SEM_JAVASCRIPT
def test_the_manual_s_whole_screen_is_informed_and_read_back(entrar, opcoes):
    pagina = entrar("operador", **opcoes)
    pagina.goto("/")
    pagina.get_by_role("link", name="Informar Parâmetros do Sistema").first.click()
    for grupo in ("Dados Gerais da Empresa", "Parâmetros para Relatório", "Dados Gerais de Cadastro"):
        expect(pagina.get_by_role("group", name=grupo, exact=True)).to_be_visible()

    for rotulo, escrito in ESCRITOS.items():
        campo(pagina, rotulo).fill(escrito)
    pagina.get_by_label("Município").select_option(label="NATAL/RN")
    for rotulo, resposta in INDICADORES.items():
        pagina.get_by_role("group", name=rotulo).get_by_label(resposta).check()
    clicar(pagina, "Adicionar")
    endereco = "AVENIDA SENADOR SALGADO FILHO - NÚMERO - 1555 - TIROL NATAL RN 59015-000"
    expect(pagina.get_by_role("cell", name=endereco)).to_be_visible()
    aba(pagina, "Faturamento")
    pagina.get_by_label("Mês/Ano de Referência").fill("11/2026")
    expect(campo(pagina, "Nome da Empresa")).to_be_hidden()
    aba(pagina, "Arrecadação")
    pagina.get_by_label("Código da empresa na FEBRABAN").fill("0123")
    clicar(pagina, "Concluir")

    expect(pagina.get_by_text(CONCLUIDO)).to_be_visible()
    pagina.goto(URL)
    expect(pagina.get_by_role("cell", name=endereco)).to_be_visible()
    mostrados = {"CNPJ": "08.334.385/0001-35", "Tamanho Máximo de Anexo para Registro de Atendimento": "2"}
    for rotulo, escrito in (ESCRITOS | mostrados).items():
        if rotulo not in ("Logradouro", "Número", "Bairro", "CEP"):
            expect(campo(pagina, rotulo)).to_have_value(escrito)
    for rotulo, resposta in INDICADORES.items():
        expect(pagina.get_by_role("group", name=rotulo).get_by_label(resposta)).to_be_checked()
    expect(pagina.get_by_text("YURI TASSO QUEIROZ PINTO")).to_be_visible()
    aba(pagina, "Segurança")
    expect(pagina.locator("#seguranca")).to_contain_text("Nenhum campo desta aba é usado por este sistema.")
    expect(pagina.locator("#seguranca")).to_be_visible()
    expect(pagina.locator("#dados-gerais")).to_be_hidden()


@COM_E_SEM_JAVASCRIPT
def test_the_address_is_removed_and_another_is_added(entrar, opcoes):
    novo_parametro_sistema(
        logradouro="RUA VELHA", bairro="TIROL", cep="59015000", municipio=nova_localidade().municipio
    )
    pagina = entrar("operador", **opcoes)
    pagina.goto(URL)

    pagina.get_by_label("Site").fill("https://caern.com.br")
    clicar(pagina, "Remover o endereço")
    expect(pagina.get_by_text("Confirma remoção?")).to_be_visible()
    clicar(pagina, "Sim")
    clicar(pagina, "Adicionar")
    expect(pagina.locator(".invalid-feedback")).to_have_text("Informe Endereço.")
    campo(pagina, "Logradouro").fill("RUA NOVA")
    campo(pagina, "Bairro").fill("TIROL")
    campo(pagina, "CEP").fill("59015-000")
    pagina.get_by_label("Município").select_option(label="NATAL/RN")
    clicar(pagina, "Adicionar")
    expect(pagina.get_by_role("cell", name="RUA NOVA - S/N - TIROL NATAL RN 59015-000")).to_be_visible()
    expect(pagina.get_by_label("Site")).to_have_value("https://caern.com.br")
    assert ParametroSistema.atual().logradouro == "RUA VELHA"


def test_a_name_typed_offers_its_code_and_a_wrong_code_says_so(entrar):
    novo_parametro_sistema()
    pagina = entrar("operador")
    pagina.goto(URL)

    pagina.get_by_label("Presidente").press_sequentially("joao maria")
    expect(pagina.locator("#lista-presidente option")).to_have_attribute("value", "2362390")
    expect(pagina.locator("#achado-presidente")).to_have_text("2362390 JOAO MARIA ALVES DE CASTRO")
    pagina.get_by_label("Diretor Comercial").press_sequentially("99")
    expect(pagina.locator("#achado-diretor_comercial")).to_have_text("Nenhum encontrado.")


@COM_E_SEM_JAVASCRIPT
def test_an_error_of_another_aba_is_reached_from_the_top(entrar, opcoes):
    novo_parametro_sistema()
    pagina = entrar("operador", **opcoes)
    pagina.goto(URL)
    aba(pagina, "Arrecadação")
    pagina.get_by_label("Código da empresa na FEBRABAN").fill("12")
    aba(pagina, "Dados Gerais")

    clicar(pagina, "Concluir")
    pagina.get_by_role("link", name="Informe 4 dígitos.").click()

    expect(pagina.get_by_label("Código da empresa na FEBRABAN")).to_be_visible()
    expect(pagina.get_by_label("Código da empresa na FEBRABAN")).to_have_value("12")


def test_the_screen_is_accessible_on_a_computer_and_on_a_phone(entrar):
    novo_parametro_sistema()
    for opcoes in ({}, CELULAR):
        pagina = entrar("operador", **opcoes)
        pagina.goto(URL)
        acessivel(pagina)
