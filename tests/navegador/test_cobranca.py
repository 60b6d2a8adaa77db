"""Processo 3 of the manual: Ação de Cobrança, Inserir and Manter; and the comando that runs it."""

from datetime import timedelta

import pytest
from django.utils import timezone
from playwright.sync_api import expect

from batch.execucao import executar_pendentes
from cobranca.models import AcaoCobranca, CobrancaDocumento, ComandoAcao, CriterioCobranca
from exemplo.navegador import CELULAR, SEM_JAVASCRIPT
from tests.fabricas import (
    nova_acao,
    nova_conta,
    novo_cliente,
    novo_comando,
    novo_imovel,
    novo_parametro_sistema,
    novo_vinculo,
)

from .acessibilidade import acessivel

TODOS = ["{MATRICULA}", "{NOME}", "{VALIDADEDOC}", "{VALORDOC}"]


@pytest.fixture(autouse=True)
def sistema(servidor):
    novo_parametro_sistema()
    CriterioCobranca.objects.create(descricao="ATRASO DE 5 DIAS", dias_de_atraso=5)


def opcao(pagina, grupo: str, valor: str):
    return pagina.get_by_role("group", name=grupo).get_by_label(valor)


def preencher(pagina):
    pagina.get_by_label("Descrição da Ação de Cobrança").fill("AVISO DE CORTE")
    pagina.get_by_label("Número de Dias de Validade da Ação").fill("15")
    pagina.get_by_label("Tipo de Documento a ser Gerado").select_option("8")
    pagina.get_by_label("Critério de Cobrança").select_option(label="ATRASO DE 5 DIAS")


def texto_sms(pagina):
    return pagina.get_by_role("textbox", name="Texto SMS")


def texto_email(pagina):
    return pagina.get_by_role("textbox", name="Texto E-MAIL")


@pytest.mark.parametrize("opcoes", [{}, SEM_JAVASCRIPT], ids=["com-javascript", "sem-javascript"])
def test_the_process_as_the_manual_tells_it(entrar, opcoes):
    pagina = entrar("operador", **opcoes)
    pagina.goto("/")
    pagina.get_by_role("navigation", name="Menu principal").get_by_role("link", name="Inserir", exact=True).click()
    preencher(pagina)
    opcao(pagina, "Por SMS", "Sim").check()
    opcao(pagina, "Por Email", "Sim").check()
    pagina.get_by_label("Número máximo de tentativas de envio para EMAIL").fill("3")
    pagina.get_by_label("Assunto do e-mail").fill("Débitos")
    for botao in ("SMS", "E-MAIL"):
        pagina.get_by_label("Selecione dados para o texto").select_option(TODOS)
        pagina.get_by_role("button", name=botao, exact=True).click()

    pagina.get_by_role("button", name="Inserir", exact=True).click()

    pagina.get_by_text("Ação de Cobrança AVISO DE CORTE inserida com sucesso.").wait_for()
    acao = AcaoCobranca.objects.get()
    assert acao.por_sms and acao.por_email and acao.tentativas_email == 3
    assert all(tag in acao.texto_sms and tag in acao.texto_email for tag in TODOS)

    pagina.get_by_role("link", name="AVISO DE CORTE").click()
    texto_sms(pagina).fill("CAT: " + acao.texto_sms)
    pagina.get_by_role("button", name="Atualizar").click()

    pagina.get_by_text("Ação de Cobrança AVISO DE CORTE atualizada com sucesso.").wait_for()
    acao.refresh_from_db()
    assert acao.texto_sms.startswith("CAT: ")


def test_what_does_not_apply_is_disabled_and_keeps_its_text(entrar):
    acao = nova_acao(texto_sms="Texto guardado {NOME} {MATRICULA} {VALORDOC} {VALIDADEDOC}")
    pagina = entrar("operador")
    pagina.goto(f"/cobranca/acoes/{acao.pk}/")
    expect(pagina.get_by_label("Ordem no Cronograma")).to_be_disabled()
    expect(pagina.get_by_label("Número de Dias entre a Ação e sua Predecessora")).to_be_disabled()
    expect(texto_sms(pagina)).to_be_enabled()

    opcao(pagina, "Por SMS", "Não").check()
    expect(texto_sms(pagina)).to_be_disabled()
    expect(pagina.get_by_role("button", name="SMS", exact=True)).to_be_disabled()
    expect(texto_email(pagina)).to_be_enabled()
    opcao(pagina, "Compõe o Cronograma", "Sim").check()
    expect(pagina.get_by_label("Ordem no Cronograma")).to_be_enabled()
    acessivel(pagina)
    pagina.get_by_role("button", name="Atualizar").click()

    pagina.get_by_role("alert").get_by_text("Ação com mensagem não pode compor o cronograma.").wait_for()
    expect(texto_sms(pagina)).to_have_value(acao.texto_sms)
    expect(texto_sms(pagina)).to_be_disabled()
    acessivel(pagina)
    opcao(pagina, "Por SMS", "Sim").check()
    expect(texto_sms(pagina)).to_be_enabled()


def test_actions_are_filtered_and_removed(entrar):
    nova_acao(descricao="AVISO DE CORTE")
    nova_acao(descricao="CARTA", por_sms=False, por_email=False)
    pagina = entrar("operador")
    pagina.goto("/cobranca/acoes/")
    pagina.get_by_label("Envia mensagem").select_option(label="Não envia")
    pagina.get_by_role("button", name="Filtrar").click()
    pagina.get_by_role("link", name="AVISO DE CORTE").wait_for(state="detached")

    pagina.get_by_role("button", name="Remover").click()
    pagina.get_by_text("Nenhum registro selecionado.").wait_for()
    pagina.get_by_label("Remover CARTA").check()
    pagina.get_by_role("button", name="Remover").click()
    pagina.get_by_role("heading", name="Confirma remoção?").wait_for()
    pagina.get_by_role("button", name="Sim").click()

    pagina.get_by_text("Ação de Cobrança removida com sucesso.").wait_for()
    assert AcaoCobranca.objects.get().descricao == "AVISO DE CORTE"


@pytest.mark.parametrize("opcoes", [{}, SEM_JAVASCRIPT], ids=["com-javascript", "sem-javascript"])
def test_an_action_is_commanded_and_its_documents_made_once(entrar, opcoes):
    acao = nova_acao(descricao="AVISO DE CORTE")
    imovel, cliente = novo_imovel(), novo_cliente()
    novo_vinculo(cliente, imovel)
    vencida = timezone.localdate() - timedelta(days=30)
    nova_conta(imovel=imovel, cliente=cliente, emissao=vencida - timedelta(days=9), vencimento=vencida)
    pagina = entrar("operador", **opcoes)
    pagina.goto("/cobranca/comandos/")
    pagina.get_by_role("link", name="Inserir comando").first.click()
    pagina.get_by_label("Título").fill("Corte de novembro")
    pagina.get_by_label("Ação de Cobrança").select_option(label="AVISO DE CORTE")
    pagina.get_by_role("button", name="Inserir", exact=True).click()
    pagina.get_by_role("button", name="Gerar documentos").click()
    pagina.get_by_text("Confirma a geração dos documentos?").wait_for()
    pagina.get_by_role("button", name="Sim", exact=True).click()
    pagina.get_by_text("Os documentos estão sendo gerados").wait_for()
    expect(pagina.get_by_role("button", name="Gerar documentos")).to_have_count(0)
    executar_pendentes(timezone.now())
    if opcoes:
        pagina.get_by_role("link", name="Atualizar").click()

    pagina.get_by_text("1 documento gerado;").wait_for()
    assert CobrancaDocumento.objects.get().comando.acao == acao
    assert ComandoAcao.objects.get().documentos_gerados == 1
    expect(pagina.get_by_role("button", name="Gerar documentos")).to_have_count(0)


@pytest.mark.parametrize("opcoes", [{}, CELULAR], ids=["computador", "celular"])
def test_the_pages_are_accessible(entrar, opcoes):
    comando = novo_comando(nova_acao(descricao="X" * 40), gerado_em=timezone.now())
    comando.sem_documento.create(imovel=novo_imovel(), motivo=33)
    pagina = entrar("operador", **opcoes)
    for caminho in (
        "/cobranca/acoes/",
        "/cobranca/acoes/inserir/",
        "/cobranca/comandos/",
        "/cobranca/comandos/inserir/",
        f"/cobranca/comandos/{comando.pk}/",
        f"/cobranca/comandos/{comando.pk}/sem-documento/",
    ):
        pagina.goto(caminho)
        acessivel(pagina)
        assert pagina.evaluate("document.documentElement.scrollWidth <= innerWidth"), caminho
