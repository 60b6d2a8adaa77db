"""Section 4 of the manual of the campaigns: an alert comes, and somebody changes the service."""

import pytest
from django.contrib.auth.models import User
from django.utils import timezone
from playwright.sync_api import expect

from exemplo.navegador import CELULAR, SEM_JAVASCRIPT
from mensageria import alertas_email, rotacao
from mensageria.models import Alerta, DestinatarioAlerta, Remetente
from simuladores.smtp import ServidorSMTP
from tests.fabricas import novo_parametro_sistema
from tests.mensageria.servicos import esgotar, novo_interno, novo_remetente, novo_servico

from .acessibilidade import acessivel

URL = "/campanha_preventiva/servico_email"


@pytest.fixture
def correio():
    with ServidorSMTP() as aberto:
        yield aberto


@pytest.fixture
def net(servidor, correio) -> Remetente:
    """NET sends through SERVICO_5, whose quota is used up, and nobody takes over by himself."""
    novo_parametro_sistema()
    novo_interno(correio.porta)
    for numero in (2, 6):
        novo_servico(numero, cota_mensal=100)
    remetente = novo_remetente(novo_servico(5), "NET", rotacao_automatica=False)
    DestinatarioAlerta.objects.create(email="sistema@exemplo.com.br")
    agora = timezone.now()
    esgotar(remetente.servico, agora)
    rotacao.tique(agora)
    alertas_email.enviar_pendentes(agora)
    return remetente


def linha(pagina, operacao: str = "NET"):
    return pagina.get_by_role("row").filter(has=pagina.get_by_role("rowheader", name=operacao))


@pytest.mark.parametrize("opcoes", [{}, SEM_JAVASCRIPT], ids=["com-javascript", "sem-javascript"])
def test_from_the_alert_to_the_confirmation(entrar, net, correio, opcoes):
    alerta = correio.esperar(1)[0].conteudo.decode()
    assert "O serviço SERVICO_5 da operação NET esgotou o limite de envios." in alerta
    assert f"http://localhost:8000{URL}" in alerta
    pagina = entrar("operador", **opcoes)
    User.objects.update(email="maria@exemplo.com.br")
    pagina.goto("/")
    pagina.get_by_role("heading", name="Limite de Envios Esgotado!").wait_for()
    pagina.get_by_role("link", name="Abrir a página").click()
    expect(linha(pagina)).to_contain_text("aguardando troca de serviço")

    expect(linha(pagina).get_by_label("Serviço da operação").locator(":checked")).to_have_text("SERVICO_6")
    linha(pagina).get_by_role("button", name="Atualizar").click()

    pagina.get_by_text(
        "Serviço de email da operação NET atualizado com sucesso: de SERVICO_5 para SERVICO_6."
    ).wait_for()
    expect(linha(pagina)).to_contain_text("disponível")
    net.refresh_from_db()
    assert (net.servico.nome, net.aguardando_desde) == ("SERVICO_6", None)
    alertas_email.enviar_pendentes(timezone.now())
    assert {r.destinos[0] for r in correio.esperar(3)[1:]} == {"sistema@exemplo.com.br", "maria@exemplo.com.br"}


@pytest.mark.parametrize("opcoes", [{}, SEM_JAVASCRIPT], ids=["com-javascript", "sem-javascript"])
def test_an_exhausted_choice_is_asked_about_and_told_once_more(entrar, net, opcoes):
    esgotar(novo_servico(3), timezone.now())
    pagina = entrar("operador", **opcoes)
    pagina.goto(URL)
    linha(pagina).get_by_label("Serviço da operação").select_option(label="SERVICO_3 (esgotado)")
    linha(pagina).get_by_role("button", name="Atualizar").click()
    pagina.get_by_role("heading", name="O serviço SERVICO_3 está com o limite de envios esgotado.").wait_for()
    pagina.get_by_role("button", name="Escolher outro").click()
    expect(linha(pagina).get_by_label("Serviço da operação").locator(":checked")).to_have_text("SERVICO_3 (esgotado)")

    linha(pagina).get_by_role("button", name="Atualizar").click()
    pagina.get_by_role("button", name="Usar mesmo assim").click()

    pagina.get_by_text("O serviço SERVICO_3 está com o limite de envios esgotado. Altere o serviço").wait_for()
    assert Alerta.objects.filter(tipo=Alerta.Tipo.ESGOTADO).count() == 2


def test_on_a_cell_phone_each_field_has_its_name_in_sight(entrar, net):
    pagina = entrar("operador", **CELULAR)
    pagina.goto(URL)

    rotulos = (
        linha(pagina)
        .locator("td[data-rotulo]")
        .evaluate_all("celulas => celulas.map((celula) => getComputedStyle(celula, '::before').content)")
    )

    assert rotulos == ['"Email"', '"Serviço"', '"Situação"']


def test_a_double_click_changes_once(entrar, net):
    pagina = entrar("operador")
    pagina.goto(URL)
    linha(pagina).get_by_label("Serviço da operação").select_option(label="SERVICO_6")

    linha(pagina).get_by_role("button", name="Atualizar").dblclick()

    pagina.get_by_text("atualizado com sucesso").wait_for()
    assert Alerta.objects.filter(tipo=Alerta.Tipo.TROCA).count() == 1


@pytest.mark.parametrize("opcoes", [{}, CELULAR], ids=["computador", "celular"])
def test_the_page_is_accessible_also_with_an_error(entrar, net, opcoes):
    novo_remetente(novo_servico(7, nome="SERVICO_DE_NOME_BEM_COMPRIDO_7"), "X" * 60, email="x@exemplo.com.br")
    pagina = entrar("operador", **opcoes)
    for caminho in ("/", URL):
        pagina.goto(caminho)
        acessivel(pagina)
        assert pagina.evaluate("document.documentElement.scrollWidth <= innerWidth"), caminho

    linha(pagina).get_by_label("Email da operação").fill("nada")
    linha(pagina).get_by_role("button", name="Atualizar").click()

    pagina.get_by_role("alert").wait_for()
    expect(linha(pagina).get_by_label("Email da operação")).to_have_value("nada")
    acessivel(pagina)
