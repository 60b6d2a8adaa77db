"""One whole day of an operator: parameters, text, action, customer, phone, process 336, and what became of it."""

from datetime import timedelta

import pytest
from django.contrib.auth.models import Group, User
from django.utils import timezone
from playwright.sync_api import Page, expect

from batch.execucao import executar_pendentes
from batch.models import ProcessoIniciado
from cobranca.models import CriterioCobranca
from mensageria import envio
from mensageria.models import Mensagem
from simuladores.sms import GatewaySMSSimulado
from simuladores.smtp import ServidorSMTP
from tests.fabricas import nova_conta, novas_saidas, novo_cliente, novo_grupo, novo_imovel, novo_vinculo

from .acessibilidade import acessivel

SENHA = "uma-senha-de-operadora"
TAGS = ["{MATRICULA}", "{NOME}", "{VENCTO}", "{VALOR}"]
SEM_CELULAR = "nenhum celular está marcado para SMS"


@pytest.fixture
def utilidade(transactional_db):
    """What others left ready: places, imported contas, servers to send through, and an account. All else is missing."""
    hoje = timezone.localdate()
    referencia = hoje.year * 100 + hoje.month
    ana = User.objects.create_user("ana", first_name="Ana", password=SENHA)
    ana.groups.add(Group.objects.get(name="operador"))
    CriterioCobranca.objects.create(descricao="CONTAS EM ATRASO", dias_de_atraso=5)
    maria = novo_cliente(nome="MARIA DA CONCEIÇÃO", celular=None, por_sms=False, por_email=False, email="")
    imovel = novo_imovel()
    novo_vinculo(maria, imovel)
    grupo = novo_grupo(referencia)
    nova_conta(
        imovel=imovel,
        cliente=maria,
        grupo=grupo,
        referencia=referencia,
        emissao=hoje,
        vencimento=hoje + timedelta(days=3),
        valor="123.45",
    )
    nova_conta(
        imovel=imovel,
        cliente=maria,
        grupo=grupo,
        referencia=202501,
        emissao=hoje - timedelta(days=90),
        vencimento=hoje - timedelta(days=60),
        valor="80.00",
    )
    with ServidorSMTP() as smtp, GatewaySMSSimulado(token="segredo") as sms:
        yield smtp, sms, novas_saidas(smtp=("127.0.0.1", smtp.porta), sms=sms.url), referencia


def pelo_menu(pagina: Page, nome: str) -> None:
    menu = pagina.get_by_role("navigation", name="Menu principal")
    with pagina.expect_navigation():
        menu.get_by_role("link", name=nome, exact=True).click()
    acessivel(pagina)


def deu_certo(pagina: Page, texto: str) -> None:
    expect(pagina.get_by_role("status").filter(has_text=texto)).to_be_visible()


def rodar(servicos) -> ProcessoIniciado:
    """What Celery does every few seconds, with a clock that moves ten at a time."""
    iniciado = ProcessoIniciado.objects.get(processo=336)
    for volta in range(1, 20):
        agora = timezone.now() + timedelta(seconds=10 * volta)
        executar_pendentes(agora)
        for servico in servicos:
            envio.enviar(servico, relogio=lambda agora=agora: agora)
        iniciado.refresh_from_db()
        if iniciado.concluido_em:
            break
    return iniciado


def entrar_pela_porta(pagina: Page) -> None:
    pagina.goto("/")
    pagina.get_by_label("Usuário").fill("ana")
    pagina.get_by_label("Senha").fill(SENHA)
    acessivel(pagina)
    pagina.get_by_role("button", name="Entrar").click()
    expect(pagina.get_by_role("heading", name="Painel", level=1)).to_be_visible()


def configurar_o_tamanho_do_sms(pagina: Page, referencia: int) -> None:
    pelo_menu(pagina, "Informar Parâmetros do Sistema")
    for rotulo, valor in {
        "Nome da Empresa": "ÁGUAS DO DIA S.A.",
        "Abreviatura da Empresa": "AGUADIA",
        "Nome do Estado": "RIO GRANDE DO NORTE",
        "CNPJ": "11.222.333/0001-81",
        "Logradouro": "Rua das Nascentes",
        "Bairro": "Tirol",
        "CEP": "59000-000",
        "Títulos de Relatório": "ÁGUAS DO DIA",
        "Tamanho Máximo Mensagem via SMS": "164",
    }.items():
        pagina.get_by_role("textbox", name=rotulo, exact=False).first.fill(valor)
    pagina.get_by_label("Município").select_option(index=1)
    pagina.get_by_role("button", name="Adicionar").click()
    expect(pagina.get_by_role("cell", name="RUA DAS NASCENTES")).to_be_visible()
    for aba, rotulo, valor in (
        ("Faturamento", "Mês/Ano de Referência", f"{referencia % 100:02}/{referencia // 100}"),
        ("Arrecadação", "Código da empresa na FEBRABAN", "0123"),
    ):
        pagina.get_by_role("navigation", name="Abas dos parâmetros").get_by_role("link", name=aba).click()
        pagina.get_by_label(rotulo).fill(valor)
    pagina.get_by_role("button", name="Concluir").click()
    deu_certo(pagina, "Parâmetro do Sistema informado com sucesso.")


def parametrizar_a_mensagem_de_faturamento(pagina: Page) -> None:
    pelo_menu(pagina, "Parametrizar Mensagem de Faturamento (SMS/E-MAIL)")
    pagina.get_by_label("Valor mínimo da conta").fill("10,00")
    pagina.get_by_label("Residencial").check()
    pagina.get_by_label("Quantidade de dias antes do vencimento").fill("5")
    pagina.get_by_label("Número máximo de tentativas para E-MAIL").fill("3")
    pagina.get_by_label("Assunto do e-mail").fill("Sua conta de água")
    for rotulo, comeco, botao in (("Texto SMS", "AGUADIA: ", "SMS"), ("Texto E-MAIL", "Olá! ", "E-MAIL")):
        texto = pagina.get_by_role("textbox", name=rotulo)
        texto.fill(comeco)
        texto.press("End")
        pagina.get_by_label("Selecione dados para o texto").select_option(TAGS)
        pagina.get_by_role("button", name=botao, exact=True).click()
        expect(texto).to_have_value(comeco + " ".join(TAGS))
    pagina.get_by_role("button", name="Atualizar").click()
    deu_certo(pagina, "Parametrização realizada com sucesso.")


def inserir_a_acao(pagina: Page) -> None:
    pelo_menu(pagina, "Inserir")
    pagina.get_by_label("Descrição da Ação de Cobrança").fill("AVISO DE DÉBITO")
    pagina.get_by_label("Número de Dias de Validade da Ação").fill("10")
    pagina.get_by_label("Tipo de Documento a ser Gerado").select_option("8")
    pagina.get_by_label("Critério de Cobrança").select_option("CONTAS EM ATRASO")
    pagina.get_by_role("group", name="Por SMS").get_by_label("Sim").check()
    texto = "AGUADIA: {NOME} {MATRICULA} deve {VALORDOC} ate {VALIDADEDOC}"
    pagina.get_by_role("textbox", name="Texto SMS").fill(texto)
    pagina.get_by_role("button", name="Inserir", exact=True).click()
    deu_certo(pagina, "Ação de Cobrança AVISO DE DÉBITO inserida com sucesso.")


def habilitar_a_cliente(pagina: Page) -> None:
    achar_a_cliente(pagina, "maria conceicao")
    pagina.get_by_label("E-Mail").fill("maria@exemplo.com.br")
    pagina.get_by_role("group", name="Por SMS").get_by_label("Sim").check()
    pagina.get_by_role("group", name="Por Email").get_by_label("Sim").check()
    pagina.get_by_role("button", name="Concluir").click()
    expect(pagina.get_by_text(SEM_CELULAR)).to_be_visible()


def achar_a_cliente(pagina: Page, nome: str) -> None:
    pelo_menu(pagina, "Manter Cliente")
    pagina.get_by_label("Nome").fill(nome)
    pagina.get_by_role("button", name="Filtrar").click()
    pagina.get_by_role("link", name="MARIA DA CONCEIÇÃO").click()


def marcar_o_telefone(pagina: Page) -> None:
    pagina.get_by_role("link", name="Telefone", exact=True).click()
    pagina.get_by_label("Tipo").select_option("Celular")
    pagina.get_by_label("DDD").fill("84")
    pagina.get_by_label("Número").fill("987654321")
    pagina.get_by_role("button", name="Adicionar").click()
    pagina.get_by_role("row", name="(84) 98765-4321").get_by_role("radio", name="SMS").check()
    pagina.get_by_role("button", name="Concluir").click()
    expect(pagina.get_by_text(SEM_CELULAR)).to_have_count(0)
    acessivel(pagina)


def gerar_os_documentos(pagina: Page) -> None:
    pelo_menu(pagina, "Comandar")
    pagina.get_by_role("link", name="Inserir comando").first.click()
    pagina.get_by_label("Título").fill("Débitos do mês")
    pagina.get_by_label("Ação").select_option("AVISO DE DÉBITO")
    pagina.get_by_role("button", name="Inserir", exact=True).click()
    pagina.get_by_role("button", name="Gerar documentos").click()
    pagina.get_by_role("button", name="Sim").click()
    deu_certo(pagina, "Geração dos documentos comandada")
    executar_pendentes(timezone.now())
    expect(pagina.get_by_text("1 documento gerado;")).to_be_visible()


def iniciar_o_processo(pagina: Page) -> None:
    pelo_menu(pagina, "Inserir Processo")
    pagina.locator("#id_processo").fill("336")
    pagina.get_by_label("Complemento").focus()
    expect(pagina.get_by_role("cell", name="Gerar mensagens de faturamento")).to_be_visible()
    pagina.get_by_role("button", name="Simular").click()
    expect(pagina.get_by_role("row", name="SMS 2").first).to_be_visible()
    assert not Mensagem.objects.exists()
    acessivel(pagina)
    pagina.get_by_role("button", name="Iniciar").click()
    expect(pagina.get_by_text("Confirma Início do Processo?")).to_be_visible()
    pagina.get_by_role("button", name="Sim").click()
    iniciado = ProcessoIniciado.objects.get(processo=336)
    deu_certo(pagina, f"Processo Iniciado de código {iniciado.pk} inserido com sucesso.")


def test_an_operator_goes_from_nothing_to_delivered_messages(abrir, utilidade):
    smtp, sms, servicos, referencia = utilidade
    pagina = abrir()
    entrar_pela_porta(pagina)
    expect(pagina.get_by_text("Falta configurar").first).to_be_visible()
    acessivel(pagina)

    configurar_o_tamanho_do_sms(pagina, referencia)
    parametrizar_a_mensagem_de_faturamento(pagina)
    inserir_a_acao(pagina)
    habilitar_a_cliente(pagina)
    marcar_o_telefone(pagina)
    gerar_os_documentos(pagina)
    iniciar_o_processo(pagina)

    # It runs, and the page follows
    assert rodar(servicos).situacao == ProcessoIniciado.Situacao.CONCLUIDO
    expect(pagina.get_by_text("CONCLUÍDO", exact=True).first).to_be_visible()
    acessivel(pagina)
    assert all(recebido.texto.startswith("AGUADIA: ") for recebido in sms.esperar(2))
    assert smtp.esperar(1)[0].destinos == ("maria@exemplo.com.br",)

    # What became of the messages of the customer
    achar_a_cliente(pagina, "maria")
    pagina.get_by_role("link", name="Mensagens", exact=True).click()
    expect(pagina.locator("#tabela").get_by_text("Enviada", exact=True)).to_have_count(3)
    pagina.get_by_text("Texto enviado").last.click()
    expect(pagina.get_by_text("AGUADIA: ").last).to_contain_text("123,45")
    acessivel(pagina)

    # In the evening nothing is missing
    pagina.goto("/")
    expect(pagina.get_by_text("Falta configurar")).to_have_count(0)
    acessivel(pagina)
