"""Ação de Cobrança whole: a criterion, an action with the fields of GSAN's screen, and a comando with its counters."""

from datetime import timedelta

import pytest
from django.utils import timezone
from playwright.sync_api import expect

from batch.execucao import executar_pendentes
from cobranca.models import AcaoCobranca, CobrancaDocumento, CriterioCobranca
from exemplo.navegador import CELULAR, SEM_JAVASCRIPT
from tests.fabricas import nova_acao, nova_conta, novo_cliente, novo_imovel, novo_parametro_sistema, novo_vinculo

from .acessibilidade import acessivel

DOIS = pytest.mark.parametrize("opcoes", [{}, SEM_JAVASCRIPT], ids=["com-javascript", "sem-javascript"])


@pytest.fixture(autouse=True)
def sistema(servidor):
    novo_parametro_sistema()


def opcao(pagina, grupo: str, valor: str):
    return pagina.get_by_role("group", name=grupo).get_by_label(valor, exact=True)


def pelo_menu(pagina, nome: str) -> None:
    pagina.goto("/")
    pagina.get_by_role("navigation", name="Menu principal").get_by_role("link", name=nome, exact=True).click()


@DOIS
def test_a_criterion_is_inserted_updated_and_removed(entrar, opcoes):
    pagina = entrar("operador", **opcoes)
    pelo_menu(pagina, "Critério de Cobrança")
    pagina.get_by_role("heading", name="Critério de Cobrança", level=1).wait_for()
    pagina.get_by_role("main").get_by_role("link", name="Inserir", exact=True).click()
    pagina.get_by_label("Descrição do Critério de Cobrança").fill("ATRASO DE 30 DIAS")
    pagina.get_by_label("Dias de atraso").fill("trinta")
    pagina.get_by_label("Valor mínimo").fill("50,00")
    pagina.get_by_role("button", name="Inserir", exact=True).click()
    pagina.get_by_role("alert").get_by_text("Dias de atraso deve somente conter números positivos.").wait_for()
    pagina.get_by_label("Dias de atraso").fill("30")
    pagina.get_by_role("button", name="Inserir", exact=True).click()
    pagina.get_by_text("Critério de Cobrança ATRASO DE 30 DIAS inserido com sucesso.").wait_for()

    pagina.get_by_role("link", name="ATRASO DE 30 DIAS").click()
    pagina.get_by_label("Valor mínimo").fill("80,00")
    pagina.get_by_role("button", name="Atualizar").click()
    pagina.get_by_text("Critério de Cobrança ATRASO DE 30 DIAS atualizado com sucesso.").wait_for()
    expect(pagina.get_by_text("R$ 80,00")).to_be_visible()

    pagina.get_by_role("button", name="Remover").click()
    pagina.get_by_text("Nenhum registro selecionado.").wait_for()
    pagina.get_by_label("Remover ATRASO DE 30 DIAS").check()
    pagina.get_by_role("button", name="Remover").click()
    pagina.get_by_role("button", name="Sim").click()
    pagina.get_by_text("Critério de Cobrança removido com sucesso.").wait_for()
    assert not CriterioCobranca.objects.exists()


@DOIS
def test_an_action_with_the_fields_of_gsan_s_screen_is_inserted_and_read_back(entrar, opcoes):
    CriterioCobranca.objects.create(descricao="ATRASO DE 5 DIAS", dias_de_atraso=5)
    pagina = entrar("operador", **opcoes)
    pagina.goto("/cobranca/acoes/inserir/")
    pagina.get_by_label("Descrição da Ação de Cobrança").fill("CARTA @ CORTADOS")
    pagina.get_by_label("Número de Dias de Validade da Ação").fill("30")
    pagina.get_by_label("Número de Dias de Vencimento").fill("20")
    pagina.get_by_label("Tipo de Documento a ser Gerado").select_option("22")
    pagina.get_by_label("Critério de Cobrança").select_option(label="ATRASO DE 5 DIAS")
    opcao(pagina, "Situação da Ligação de Água dos Imóveis", "Cortado").check()
    opcao(pagina, "Situação da Ligação de Esgoto dos Imóveis", "Tamponado").check()
    opcao(pagina, "Validar por item cobrado", "Sim").check()
    pagina.get_by_label("Quantidade de Dias Mínimo de Cobrança").fill("30")
    opcao(pagina, "Compõe o Cronograma", "Sim").check()
    pagina.get_by_label("Ordem no Cronograma").fill("3")
    opcao(pagina, "Ação Obrigatória", "Sim").check()
    pagina.get_by_role("button", name="Inserir", exact=True).click()

    erros = pagina.get_by_role("alert")
    for palavras in (
        "Descrição da Ação de Cobrança não pode ter caracteres especiais: @",
        "Informe Texto personalizado.",
        "Informe Quantidade de Dias Máximo de Cobrança.",
    ):
        expect(erros.get_by_text(palavras).first).to_be_visible()
    if not opcoes:  # axe-core is JavaScript
        acessivel(pagina)
    pagina.get_by_label("Descrição da Ação de Cobrança").fill("CARTA - CORTADOS")
    pagina.get_by_label("Texto personalizado").fill("Procure uma loja.")
    pagina.get_by_label("Quantidade de Dias Máximo de Cobrança").fill("365")
    pagina.get_by_role("button", name="Inserir", exact=True).click()
    pagina.get_by_text("Ação de Cobrança CARTA - CORTADOS inserida com sucesso.").wait_for()

    acao = AcaoCobranca.objects.get()
    assert (acao.situacoes_agua, acao.situacoes_esgoto, acao.tipo_documento) == ([5], [6], 22)
    assert (acao.dias_minimos, acao.dias_maximos, acao.dias_de_vencimento, acao.obrigatoria) == (30, 365, 20, True)
    pagina.get_by_role("link", name="CARTA - CORTADOS").click()
    expect(opcao(pagina, "Situação da Ligação de Água dos Imóveis", "Cortado")).to_be_checked()
    expect(pagina.get_by_label("Texto personalizado")).to_have_value("Procure uma loja.")


def test_the_days_of_the_items_are_of_validar_por_item(entrar):
    acao = nova_acao(descricao="AVISO")
    pagina = entrar("operador")
    pagina.goto(f"/cobranca/acoes/{acao.pk}/")
    minimo = pagina.get_by_label("Quantidade de Dias Mínimo de Cobrança")
    expect(minimo).to_be_disabled()

    opcao(pagina, "Validar por item cobrado", "Sim").check()

    expect(minimo).to_be_enabled()


@DOIS
def test_a_comando_shows_its_counters_and_one_without_messages_is_cancelled(entrar, opcoes):
    nova_acao(descricao="CARTA", por_sms=False, por_email=False, tentativas_email=0)
    imovel, cliente = novo_imovel(), novo_cliente()
    novo_vinculo(cliente, imovel)
    vencida = timezone.localdate() - timedelta(days=30)
    nova_conta(imovel=imovel, cliente=cliente, emissao=vencida - timedelta(days=9), vencimento=vencida)
    pagina = entrar("operador", **opcoes)
    pagina.goto("/cobranca/comandos/inserir/")
    pagina.get_by_label("Título").fill("Cartas de novembro")
    pagina.get_by_label("Ação de Cobrança").select_option(label="CARTA")
    pagina.get_by_role("button", name="Inserir", exact=True).click()
    pagina.get_by_role("button", name="Gerar documentos").click()
    pagina.get_by_role("button", name="Sim", exact=True).click()
    pagina.get_by_text("Os documentos estão sendo gerados").wait_for()
    executar_pendentes(timezone.now())
    pagina.reload()
    contagens = pagina.get_by_role("region", name="Documentos e mensagens")
    for nome in ("Documentos gerados", "SMS gerados", "SMS enviados", "E-mails gerados", "E-mails enviados"):
        expect(contagens.get_by_text(nome, exact=True)).to_be_visible()
    if not opcoes:
        acessivel(pagina)

    pagina.get_by_role("button", name="Cancelar comando").click()
    pagina.get_by_text("Confirma o cancelamento?").wait_for()
    pagina.get_by_role("button", name="Sim", exact=True).click()

    pagina.get_by_text("Comando Cartas de novembro cancelado com sucesso; 1 documento cancelado.").wait_for()
    assert CobrancaDocumento.objects.get().cancelado
    expect(pagina.get_by_role("button", name="Cancelar comando")).to_have_count(0)


@pytest.mark.parametrize("opcoes", [{}, CELULAR], ids=["computador", "celular"])
def test_the_pages_are_accessible(entrar, opcoes):
    criterio = CriterioCobranca.objects.create(descricao="M" * 60, dias_de_atraso=5)
    acao = nova_acao(criterio=criterio, descricao="W" * 40)
    pagina = entrar("operador", **opcoes)
    for caminho in (
        "/cobranca/criterios/",
        "/cobranca/criterios/inserir/",
        f"/cobranca/criterios/{criterio.pk}/",
        "/cobranca/acoes/",
        f"/cobranca/acoes/{acao.pk}/",
    ):
        pagina.goto(caminho)
        acessivel(pagina)
        assert pagina.evaluate("document.documentElement.scrollWidth <= innerWidth"), caminho
