"""What every page does beyond plain HTML: questions, and leaving what was typed."""

import pytest
from playwright.sync_api import expect

from batch.models import ProcessoIniciado
from cobranca.models import ComandoAcao
from exemplo.navegador import CELULAR
from tests.fabricas import nova_acao, novo_cliente, novo_comando, novo_parametro_sistema

GERAR = "Gerar documentos"
NADA_ESCONDIDO = """[...document.querySelectorAll(".rolagem")].every((no) => no.scrollWidth <= no.clientWidth)"""
# On how many lines the first appearance of a word in a table is written.
LINHAS_DA_PALAVRA = """(palavra) => {
  const textos = document.createTreeWalker(document.querySelector(".tabela"), NodeFilter.SHOW_TEXT);
  while (!textos.nextNode().data.includes(palavra));
  const trecho = document.createRange();
  const inicio = textos.currentNode.data.indexOf(palavra);
  trecho.setStart(textos.currentNode, inicio);
  trecho.setEnd(textos.currentNode, inicio + palavra.length);
  return trecho.getClientRects().length;
}"""


@pytest.fixture
def comando(servidor):
    novo_parametro_sistema()
    return novo_comando(nova_acao())


@pytest.fixture
def pagina(entrar, comando):
    """A page whose question opens right over the button that asks it."""
    pagina = entrar("operador", viewport={"width": 1280, "height": 900})
    pagina.goto(f"/cobranca/comandos/{comando.pk}/")
    return pagina


@pytest.fixture
def enviados(pagina):
    """The forms that the page sent so far."""
    pedidos = []
    pagina.on("request", lambda pedido: pedido.method == "POST" and pedidos.append(pedido.post_data))
    return pedidos


def centro(alvo) -> tuple[float, float]:
    caixa = alvo.bounding_box()
    return caixa["x"] + caixa["width"] / 2, caixa["y"] + caixa["height"] / 2


def por_cima(pagina) -> None:
    """Move the button that asks to right under the Sim of its question, wherever both happen to be."""
    pagina.get_by_role("button", name=GERAR).click()
    x, y = centro(pagina.get_by_role("dialog").get_by_role("button", name="Sim"))
    pagina.keyboard.press("Escape")
    gx, gy = centro(pagina.get_by_role("button", name=GERAR))
    pagina.evaluate(
        "([x, y]) => (document.querySelector('[data-confirma]').style.transform = `translate(${x}px, ${y}px)`)",
        [x - gx, y - gy],
    )


def test_a_double_click_on_sim_is_one_yes(pagina, enviados):
    por_cima(pagina)
    pagina.get_by_role("button", name=GERAR).click()

    pagina.get_by_role("dialog").get_by_role("button", name="Sim").dblclick()

    expect(pagina.get_by_text("Os documentos estão sendo gerados")).to_be_visible()
    assert len(enviados) == 1 and "confirmado=1" in enviados[0]
    assert ProcessoIniciado.objects.get() == ComandoAcao.objects.get().geracao


def test_a_double_click_on_what_asks_is_no_answer(pagina, enviados):
    por_cima(pagina)

    pagina.get_by_role("button", name=GERAR).dblclick()

    expect(pagina.get_by_role("dialog")).to_be_visible()
    pagina.get_by_role("dialog").get_by_role("button", name="Sim").click(delay=1)
    expect(pagina.get_by_text("Os documentos estão sendo gerados")).to_be_visible()
    assert len(enviados) == 1


@pytest.mark.parametrize("responder", ["Escape", "Não"])
def test_a_no_sends_nothing_gives_the_focus_back_and_may_be_asked_again(pagina, enviados, responder):
    dialogo = pagina.get_by_role("dialog")
    for _ in range(2):
        pagina.get_by_role("button", name=GERAR).click()
        expect(dialogo.get_by_text("Confirma a geração dos documentos?")).to_be_visible()
        if responder == "Escape":
            pagina.keyboard.press("Escape")
        else:
            # One click: the second of two may fall on the page behind, which then has the focus.
            dialogo.get_by_role("button", name="Não").click()
        expect(dialogo).to_be_hidden()
        expect(pagina.get_by_role("button", name=GERAR)).to_be_focused()

    assert not enviados and not ProcessoIniciado.objects.exists()
    pagina.get_by_role("button", name=GERAR).click()
    dialogo.get_by_role("button", name="Sim").click()
    expect(pagina.get_by_text("Os documentos estão sendo gerados")).to_be_visible()
    assert len(enviados) == 1


@pytest.fixture
def perguntas(entrar, servidor):
    """A page of a customer, and the kinds of question that the browser asked; each is answered by staying."""
    pagina = entrar("operador")
    feitas = []
    pagina.on("dialog", lambda dialogo: (feitas.append(dialogo.type), dialogo.dismiss()))
    pagina.goto(f"/cadastro/cliente/{novo_cliente(email='').pk}/")
    return pagina, feitas


def sair(pagina) -> None:
    pagina.get_by_role("link", name="Painel").first.click()


def test_leaving_what_was_typed_asks_and_staying_keeps_it(perguntas):
    pagina, feitas = perguntas
    pagina.get_by_label("E-Mail").click()
    pagina.get_by_label("E-Mail").fill("digitado@exemplo.com.br")

    sair(pagina)

    expect(pagina.get_by_label("E-Mail")).to_have_value("digitado@exemplo.com.br")
    assert feitas == ["beforeunload"]


@pytest.mark.parametrize("botao", ["Concluir", "Desfazer"])
def test_what_was_sent_or_undone_is_left_without_a_question(perguntas, botao):
    pagina, feitas = perguntas
    pagina.get_by_label("E-Mail").click()
    pagina.get_by_label("E-Mail").fill("digitado@exemplo.com.br")

    with pagina.expect_navigation():
        pagina.locator(".acoes").get_by_text(botao).click()
    with pagina.expect_navigation():
        sair(pagina)

    assert not feitas


def test_a_page_that_was_only_looked_at_is_left_without_a_question(perguntas):
    pagina, feitas = perguntas
    pagina.get_by_label("E-Mail").click()
    with pagina.expect_navigation():
        sair(pagina)
    pagina.goto("/cadastro/cliente/")
    pagina.get_by_label("Nome").fill("ANA")
    with pagina.expect_navigation():
        sair(pagina)

    assert not feitas


def test_what_opens_elsewhere_is_not_a_sending(perguntas, comando):
    pagina, feitas = perguntas
    pagina.goto(f"/cobranca/acoes/{comando.acao_id}/")
    pagina.get_by_role("textbox", name="Texto SMS").click()
    pagina.keyboard.type("mais ")
    with pagina.context.expect_page() as aberta:
        pagina.get_by_role("button", name="Prévia e teste").click()
    aberta.value.wait_for_load_state()

    sair(pagina)

    expect(pagina.get_by_role("textbox", name="Texto SMS")).to_be_visible()
    assert feitas == ["beforeunload"]


def test_on_a_computer_the_words_of_a_list_of_blocks_stay_whole_too(entrar, servidor):
    novo_parametro_sistema()
    nova_acao(descricao="NOTIFICAÇÃO EXTRAJUDICIAL")
    pagina = entrar("operador", viewport={"width": 1024, "height": 768})  # where the table is wider than its place

    pagina.goto("/cobranca/acoes/")

    for palavra in ("NOTIFICAÇÃO", "EXTRAJUDICIAL"):
        assert pagina.evaluate(LINHAS_DA_PALAVRA, palavra) == 1


@pytest.mark.parametrize(
    ("opcoes", "inteiras"),
    [({"viewport": {"width": 1280, "height": 900}}, 3), (CELULAR, 1)],
    ids=["computador", "celular"],
)
def test_words_in_a_table_stay_whole_and_the_page_fits(entrar, servidor, opcoes, inteiras):
    """On a phone, where a row is a block, only a word longer than the screen is not."""
    palavras = ["CONCEIÇÃO", "nome.sobrenome.comprido@saneamento.example.net", "B" * 60]
    cliente = novo_cliente(nome=f"ANA DA {palavras[0]} {palavras[2]}", email=palavras[1])
    pagina = entrar("operador", **opcoes)

    pagina.goto(f"/cadastro/cliente/?codigo={cliente.pk}")

    expect(pagina.get_by_role("cell", name=palavras[1])).to_be_visible()
    linhas = {palavra: pagina.evaluate(LINHAS_DA_PALAVRA, palavra) for palavra in palavras[:inteiras]}
    assert linhas == dict.fromkeys(palavras[:inteiras], 1)
    assert inteiras == 3 or pagina.evaluate(NADA_ESCONDIDO)
    assert pagina.evaluate("document.documentElement.scrollWidth <= innerWidth")
