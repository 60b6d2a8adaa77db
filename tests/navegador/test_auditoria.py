"""Segurança > Auditoria: a supervisor finds who changed what, from what to what, and takes it away as a file."""

import pytest
from django.contrib.auth.models import User
from playwright.sync_api import expect

from cadastro.models import Cliente
from cobranca.models import AcaoCobranca
from exemplo.navegador import CELULAR, SEM_JAVASCRIPT
from mensageria.models import ServicoEmail
from telas import autoria
from tests.fabricas import nova_acao, novo_cliente, novo_parametro_sistema
from tests.mensageria.servicos import novo_servico

from .acessibilidade import acessivel

PAGINA = "/seguranca/auditoria/"
TEXTO = (
    "Prezado(a) {NOME}, consta em aberto a conta do imóvel {MATRICULA}, no valor de {VALORDOC}. "
    "Pague até {VALIDADEDOC} para evitar o corte do abastecimento."
)


def linhas(pagina):
    return pagina.locator("#tabela tbody tr")


@pytest.fixture
def historia(servidor) -> Cliente:
    """Of a customer with a long name, an action, a service with a password, and sixty rows at once."""
    maria = User.objects.create_user("maria.aparecida.de.oliveira")
    cliente = novo_cliente(
        nome="SOCIEDADE BENEFICENTE DE AMPARO AOS NECESSITADOS DO SERTÃO DO SERIDÓ LTDA", por_sms=False
    )
    acao = nova_acao(texto_email=TEXTO)
    servico = novo_servico(1, senha="segredo")
    novo_parametro_sistema()
    Cliente.objects.bulk_create(Cliente(nome=f"CLIENTE {n}") for n in range(60))
    with autoria.em_nome_de(maria, "tela"):
        Cliente.objects.filter(nome__startswith="CLIENTE ").update(por_email=True)
        Cliente.objects.filter(pk=cliente.pk).update(nome="AMPARO DO SERIDÓ", por_sms=True)
        AcaoCobranca.objects.filter(pk=acao.pk).update(texto_email=TEXTO.replace("Prezado(a)", "Caro(a)"))
        servico.senha = "outro"
        servico.save()
        ServicoEmail.objects.filter(pk=servico.pk).delete()
    return cliente


@pytest.mark.parametrize("opcoes", [{}, SEM_JAVASCRIPT], ids=["com-javascript", "sem-javascript"])
def test_a_supervisor_finds_who_changed_what(entrar, historia, opcoes):
    pagina = entrar("supervisor", **opcoes)
    pagina.goto("/")
    pagina.goto(PAGINA)
    expect(pagina.get_by_role("heading", name="Auditoria")).to_be_visible()

    pagina.get_by_label("Quem").fill("maria.aparecida.de.oliveira")
    pagina.get_by_label("O quê").select_option("Cliente")
    pagina.get_by_label("Ação").select_option("Alteração")
    pagina.get_by_role("button", name="Filtrar").click()

    expect(linhas(pagina)).to_have_count(2)
    expect(linhas(pagina).nth(0)).to_contain_text("SOCIEDADE BENEFICENTE")
    expect(linhas(pagina).nth(0)).to_contain_text("AMPARO DO SERIDÓ")
    expect(linhas(pagina).nth(1)).to_contain_text("em 60 registros")

    pagina.get_by_role("link", name="AMPARO DO SERIDÓ").click()
    expect(pagina.get_by_label("Número")).to_have_value(str(historia.pk))
    expect(linhas(pagina)).to_have_count(3)  # it was made, with a phone, and changed


def test_a_text_shows_what_differs_and_a_secret_only_that_it_changed(entrar, historia):
    pagina = entrar("supervisor")

    pagina.goto(f"{PAGINA}?modelo=cobranca.acaocobranca&acao=2")
    expect(linhas(pagina).locator("del")).to_have_text("Prezado(a)")
    expect(linhas(pagina).locator("ins")).to_have_text("Caro(a)")
    pagina.goto(f"{PAGINA}?modelo=mensageria.servicoemail&acao=2")
    expect(linhas(pagina)).to_contain_text("alterada")
    expect(pagina.get_by_role("main")).not_to_contain_text("segredo")


def test_what_the_filter_shows_is_taken_away_as_a_file(entrar, historia):
    pagina = entrar("supervisor")
    pagina.goto(f"{PAGINA}?modelo=cadastro.cliente&quem=maria.aparecida.de.oliveira")

    with pagina.expect_download() as baixado:
        pagina.get_by_role("link", name="Exportar CSV").click()

    texto = baixado.value.path().read_text(encoding="utf-8-sig")
    assert "AMPARO DO SERIDÓ" in texto and "maria.aparecida.de.oliveira" in texto
    pagina.goto(PAGINA)
    expect(linhas(pagina).first).to_contain_text("Auditoria exportada em CSV.")


def test_the_history_of_a_customer_is_a_click_away(entrar, historia):
    pagina = entrar("supervisor")
    pagina.goto(f"/cadastro/cliente/{historia.pk}/")

    pagina.get_by_role("main").get_by_role("link", name="Histórico").click()

    expect(linhas(pagina).first).to_contain_text("AMPARO DO SERIDÓ")


@pytest.mark.parametrize("opcoes", [{}, CELULAR], ids=["computador", "celular"])
def test_the_pages_are_accessible(entrar, historia, opcoes):
    pagina = entrar("supervisor", **opcoes)
    de_maria = "?modelo=cadastro.cliente&quem=maria.aparecida.de.oliveira"
    for consulta in ("", de_maria, "?modelo=cobranca.acaocobranca", "?numero=1", "?acao=3&quem=ninguem"):
        pagina.goto(PAGINA + consulta)
        acessivel(pagina)
