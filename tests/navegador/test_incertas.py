"""Uncertain messages, decided about in a browser: filter, choose, decide, answer, see what came of it."""

import uuid
from datetime import timedelta

import pytest
from django.utils import timezone
from playwright.sync_api import expect

from exemplo.navegador import CELULAR, SEM_JAVASCRIPT
from mensageria.estados import Classe, Estado
from mensageria.models import Canal, Lote, Mensagem, TentativaEnvio
from tests.fabricas import novo_parametro_sistema
from tests.mensageria.apoio import nova_mensagem, por_em

from .acessibilidade import acessivel

URL, PAUSADOS = "/mensagens/incertas/", "/mensagens/pausados/"
PALAVRAS = "a conexão caiu depois do corpo, sem resposta do servidor em 30 segundos"


def nova_incerta(numero: int, origem: str) -> Mensagem:
    prazo = timezone.now() + timedelta(days=1 if numero else -1)
    destino = f"nome.sobrenome.bem.comprido.{numero}@saneamento.example.net"
    mensagem = por_em(nova_mensagem(origem=origem, destino=destino, expira_em=prazo), Estado.INCERTA)
    Mensagem.objects.filter(pk=mensagem.pk).update(motivo=f"Sem resposta depois do corpo: {PALAVRAS}", tentativas=1)
    TentativaEnvio.objects.create(
        mensagem=mensagem,
        numero=1,
        servico="SERVICO_5",
        destino=mensagem.destino,
        momento=timezone.now(),
        classe=Classe.INCERTA,
        resposta=PALAVRAS,
    )
    return mensagem


@pytest.fixture
def incertas(servidor) -> list[Mensagem]:
    """Twelve of cobrança, of which one is past its limit, and one of faturamento."""
    novo_parametro_sistema()
    nova_incerta(1, "faturamento")
    return [nova_incerta(numero, "cobranca") for numero in range(12)]


@pytest.fixture
def pausado(servidor) -> Lote:
    novo_parametro_sistema()
    lote = Lote.objects.create(
        execucao=uuid.uuid4(),
        origem="cobranca",
        canal=Canal.EMAIL,
        acao="AVISO DE CORTE",
        pausado_em=timezone.now(),
        motivo_pausa="60 recusas nos últimos 100 envios",
    )
    recusada = por_em(nova_mensagem(lote=lote, origem="cobranca", destino="x" * 60 + "@exemplo.com.br"), Estado.FALHA)
    recusada.envios.create(
        numero=1,
        servico="S",
        destino=recusada.destino,
        momento=timezone.now(),
        classe=Classe.ENDERECO,
        codigo="550",
        resposta="5.1.1 The email account that you tried to reach does not exist",
    )
    nova_mensagem(lote=lote, origem="cobranca")
    return lote


@pytest.mark.parametrize("opcoes", [{}, SEM_JAVASCRIPT], ids=["com-javascript", "sem-javascript"])
def test_all_of_an_origin_are_found_asked_about_and_sent_again(entrar, incertas, opcoes):
    pagina = entrar("supervisor", **opcoes)
    pagina.goto("/")
    pagina.get_by_role("link", name="13 mensagens incertas aguardam decisão").click()
    pagina.get_by_label("Origem", exact=True).select_option("cobranca")
    pagina.get_by_role("button", name="Filtrar").click()
    expect(pagina.get_by_role("row")).to_have_count(13)

    pagina.get_by_label("Todas as da origem Cobrança: 12 mensagens").check()
    pagina.get_by_label("Motivo").fill("O servidor não as recebeu")
    pagina.get_by_role("button", name="Reenviar").click()
    pagina.get_by_role("heading", name="Confirma reenviar 11 mensagens da origem Cobrança?").wait_for()
    if not opcoes:
        acessivel(pagina)
    pagina.get_by_role("button", name="Sim").click()

    pagina.get_by_text("11 mensagens voltaram para a fila de envio.").wait_for()
    pagina.get_by_text("1 mensagem não pode ser reenviada: o prazo dela terminou.").wait_for()
    expect(pagina.get_by_role("row")).to_have_count(2)
    assert Mensagem.objects.filter(estado=Estado.PENDENTE, origem="cobranca").count() == 11


def test_those_ticked_on_another_page_of_the_table_are_decided_as_it_shows_them(entrar, incertas):
    pagina = entrar("supervisor")
    pagina.goto(f"{URL}?origem=cobranca&exibir=5")
    pagina.get_by_label("Motivo").fill("Conferido no servidor")
    pagina.get_by_role("link", name="Próxima").click()
    pagina.get_by_label(f"Escolher a mensagem {incertas[5].pk}").check()

    pagina.get_by_role("button", name="Foram enviadas").click()
    pagina.get_by_role("button", name="Não").click()
    expect(pagina.get_by_label("Motivo")).to_have_value("Conferido no servidor")
    expect(pagina.get_by_label(f"Escolher a mensagem {incertas[5].pk}")).to_be_checked()
    pagina.get_by_role("button", name="Foram enviadas").click()
    pagina.get_by_role("button", name="Sim").click()

    pagina.get_by_text("1 mensagem foi dada como enviada.").wait_for()
    assert Mensagem.objects.get(estado=Estado.ENVIADA).pk == incertas[5].pk


def test_a_paused_lote_goes_on_from_the_painel(entrar, pausado):
    pagina = entrar("supervisor")
    pagina.goto("/")
    pagina.get_by_role("link", name="1 lote pausado").click()
    pagina.get_by_text("The email account that you tried to reach does not exist").wait_for()

    pagina.get_by_role("button", name="Continuar").click()
    pagina.get_by_role("button", name="Sim").click()  # of the dialog, or of the page that asks before scripts are there

    pagina.get_by_text(f"O envio do lote {pausado.pk} continua.").wait_for()
    pausado.refresh_from_db()
    assert pausado.pausado_em is None


@pytest.mark.parametrize("opcoes", [{}, CELULAR], ids=["computador", "celular"])
def test_the_pages_are_accessible_also_with_an_error(entrar, incertas, pausado, opcoes):
    pagina = entrar("supervisor", **opcoes)
    for caminho in ("/", f"{URL}?origem=cobranca", f"{URL}?origem=faturamento", PAUSADOS):
        pagina.goto(caminho)
        acessivel(pagina)
        assert pagina.evaluate("document.documentElement.scrollWidth <= innerWidth"), caminho
    pagina.get_by_text("Cancelar as pendentes").first.click()
    acessivel(pagina)

    pagina.goto(URL)
    pagina.get_by_role("button", name="Falharam").click()

    pagina.get_by_role("alert").wait_for()
    acessivel(pagina)
