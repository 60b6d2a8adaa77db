"""Documents of a comando, the ficha de compensação and the dossier of a message, in a browser."""

import json
from datetime import timedelta
from decimal import Decimal

import pytest
from django.utils import timezone
from playwright.sync_api import expect

from batch.execucao import executar_pendentes
from cobranca.models import CobrancaDocumento
from exemplo.navegador import CELULAR, SEM_JAVASCRIPT
from mensageria import conferencia
from mensageria.models import Mensagem
from tests.cobranca.test_fichas import nova_conta_bancaria
from tests.fabricas import (
    nova_acao,
    nova_conta,
    novo_cliente,
    novo_comando,
    novo_imovel,
    novo_parametro_sistema,
    novo_vinculo,
)
from tests.mensageria.apoio import nova_mensagem
from tests.mensageria.pagamento.leitura import do_pdf

from .acessibilidade import acessivel


@pytest.fixture(autouse=True)
def sistema(servidor):
    return novo_parametro_sistema(valor_ficha_extrato=Decimal("200.00"))


def devedor(valor: str, nome: str = "ANA DA SILVA"):
    imovel, cliente = novo_imovel(), novo_cliente(nome=nome, documento=None)
    novo_vinculo(cliente, imovel)
    vencida = timezone.localdate() - timedelta(days=30)
    nova_conta(
        imovel=imovel, cliente=cliente, emissao=vencida - timedelta(days=9), vencimento=vencida, valor=Decimal(valor)
    )
    return imovel


def gerar(pagina, comando) -> None:
    pagina.goto(f"/cobranca/comandos/{comando.pk}/")
    pagina.get_by_role("button", name="Gerar documentos").click()
    pagina.get_by_text("Confirma a geração dos documentos?").wait_for()
    pagina.get_by_role("button", name="Sim", exact=True).click()
    pagina.get_by_text("Os documentos estão sendo gerados").wait_for()
    executar_pendentes(timezone.now())
    pagina.reload()


@pytest.mark.parametrize("opcoes", [{}, SEM_JAVASCRIPT], ids=["com-javascript", "sem-javascript"])
def test_from_the_comando_to_a_ficha_that_a_bank_reads(entrar, opcoes):
    nova_conta_bancaria()
    comando = novo_comando(nova_acao(descricao="AVISO DE CORTE"))
    menor, maior = devedor("100.00"), devedor("300.00", "JOSÉ " + "DE SOUZA " * 9)
    pagina = entrar("operador", **opcoes)
    gerar(pagina, comando)
    pagina.get_by_text("2 documentos gerados;").wait_for()
    pagina.get_by_text("1 documento é ficha de compensação").wait_for()

    pagina.get_by_role("link", name="Ver os documentos").click()
    expect(pagina.get_by_role("row")).to_have_count(3)
    pagina.get_by_label("Forma").select_option(label="Ficha de compensação")
    pagina.get_by_role("button", name="Filtrar").click()
    expect(pagina.get_by_role("row")).to_have_count(2)
    pagina.get_by_role("row").nth(1).get_by_role("link").click()

    expect(pagina.get_by_role("heading", name="Ficha de compensação")).to_be_visible()
    expect(pagina.get_by_role("img", name="Código de barras")).to_be_visible()
    expect(pagina.get_by_role("row", name="Total").get_by_text("R$ 300,00")).to_be_visible()
    with pagina.expect_download() as baixado:
        pagina.get_by_role("link", name="Baixar em PDF").click()
    lido = do_pdf(baixado.value.path().read_bytes())["ITF"]
    assert lido[:3] == "001" and lido[9:19] == "0000030000"
    assert CobrancaDocumento.objects.get(imovel=maior).nosso_numero == 1
    assert CobrancaDocumento.objects.get(imovel=menor).nosso_numero is None


def test_without_a_bank_account_it_is_said_before_and_after(entrar):
    comando = novo_comando()
    devedor("300.00")
    pagina = entrar("operador")
    pagina.goto(f"/cobranca/comandos/{comando.pk}/")
    expect(pagina.get_by_text("nenhuma conta bancária está ativa")).to_be_visible()

    gerar(pagina, comando)

    expect(pagina.get_by_text("porque nenhuma conta bancária estava ativa").first).to_be_visible()


@pytest.mark.parametrize("opcoes", [{}, SEM_JAVASCRIPT], ids=["com-javascript", "sem-javascript"])
@pytest.mark.parametrize("formato", ["PDF", "JSON"])
def test_a_supervisor_issues_a_dossier_that_holds(entrar, opcoes, formato):
    mensagem = nova_mensagem()
    pagina = entrar("supervisor", **opcoes)
    pagina.goto(f"/mensagens/{mensagem.pk}/")

    with pagina.expect_download() as baixado:
        pagina.get_by_role("button", name=f"Emitir em {formato}").click()

    arquivo = baixado.value.path().read_bytes()
    lido = conferencia.ler(arquivo)
    assert all(achado.confere is not False for achado in conferencia.conferir(lido))
    assert lido.dossie["mensagem"]["codigo"] == mensagem.pk
    if formato == "JSON":
        assert json.loads(arquivo)["dossie"]["emitido_por"].startswith("supervisor")


@pytest.mark.parametrize("opcoes", [{}, CELULAR], ids=["computador", "celular"])
def test_the_pages_are_accessible(entrar, opcoes):
    nova_conta_bancaria()
    comando = novo_comando()
    devedor("300.00", "JOSÉ " + "DE SOUZA " * 9), devedor("100.00")
    pagina = entrar("supervisor", **opcoes)
    gerar(pagina, comando)
    pagina.get_by_role("link", name="Ver os documentos").wait_for()
    documento = CobrancaDocumento.objects.get(nosso_numero=1)
    mensagem = nova_mensagem(origem="cobranca", objeto_id=documento.pk)
    for caminho in (
        f"/cobranca/comandos/{comando.pk}/",
        f"/cobranca/comandos/{comando.pk}/documentos/",
        f"/cobranca/comandos/{comando.pk}/documentos/?matricula=12",
        f"/cobranca/documentos/{documento.pk}/",
        f"/mensagens/{mensagem.pk}/",
    ):
        pagina.goto(caminho)
        acessivel(pagina)
        assert pagina.evaluate("document.documentElement.scrollWidth <= innerWidth"), caminho
    assert Mensagem.objects.get() == mensagem
