"""Process 6 of the manual: Inserir Processo 336, and the page that follows it until it ends."""

from datetime import timedelta

import pytest
from django.contrib.sessions.models import Session
from django.utils import timezone
from playwright.sync_api import Page, expect

from batch.execucao import executar_pendentes, tique
from batch.models import Processo, ProcessoIniciado
from exemplo.navegador import CELULAR, SEM_JAVASCRIPT
from mensageria import envio
from mensageria.estados import Estado
from mensageria.models import Mensagem
from simuladores.sms import GatewaySMSSimulado
from simuladores.smtp import ServidorSMTP
from tests.fabricas import nova_conta, novas_saidas, novo_cliente, novo_grupo, novo_parametro, novo_parametro_sistema

from .acessibilidade import acessivel


@pytest.fixture
def utilidade(transactional_db):
    """Two contas to announce and one paid, a text, and servers to send through, which it yields."""
    hoje = timezone.localdate()
    referencia = hoje.year * 100 + hoje.month
    grupo = novo_grupo(referencia)
    novo_parametro_sistema(ano_mes_faturamento=referencia)
    novo_parametro(referencia=referencia)
    dados = {"grupo": grupo, "referencia": referencia, "emissao": hoje, "vencimento": hoje + timedelta(days=3)}
    for nome in ("ANA DA SILVA", "BRUNO DE SOUZA"):
        nova_conta(cliente=novo_cliente(nome=nome), **dados)
    nova_conta(cliente=novo_cliente(nome="CARLA DIAS"), pago_em=hoje, **dados)
    with ServidorSMTP() as smtp, GatewaySMSSimulado(token="segredo") as sms:
        yield novas_saidas(smtp=("127.0.0.1", smtp.porta), sms=sms.url)


def rodar(servicos) -> None:
    """What Celery does every few seconds, with a clock that moves ten at a time."""
    iniciado = ProcessoIniciado.objects.get()
    for volta in range(1, 20):
        agora = timezone.now() + timedelta(seconds=10 * volta)
        executar_pendentes(agora)
        for servico in servicos:
            envio.enviar(servico, relogio=lambda agora=agora: agora)
        iniciado.refresh_from_db()
        if iniciado.concluido_em:
            break
    assert iniciado.situacao == ProcessoIniciado.Situacao.CONCLUIDO


def iniciar(pagina: Page) -> ProcessoIniciado:
    """Type 336, start it and say yes."""
    pagina.goto("/batch/inserir/")
    pagina.locator("#id_processo").fill("336")
    pagina.get_by_role("button", name="Iniciar").click()
    pagina.get_by_role("button", name="Sim").click()
    expect(pagina.get_by_text("inserido com sucesso")).to_be_visible()
    return ProcessoIniciado.objects.get()


def test_the_process_is_simulated_started_once_and_followed_to_its_end(entrar, utilidade):
    pagina = entrar("operador")
    pagina.goto("/")
    pagina.get_by_role("link", name="Inserir Processo").first.click()

    # Typing the code shows its funcionalidades
    pagina.locator("#id_processo").press_sequentially("336")
    expect(pagina.get_by_role("cell", name="Gerar mensagens de faturamento")).to_be_visible()
    expect(pagina.get_by_role("cell", name="LOCALIDADE")).to_be_visible()
    acessivel(pagina)

    # Simulating writes nothing and keeps what was typed
    pagina.get_by_label("Complemento").fill("Contas do mês")
    pagina.get_by_role("button", name="Simular").click()
    expect(pagina.get_by_role("heading", name="Simulação")).to_be_visible()
    expect(pagina.get_by_role("row", name="E-mails 2")).to_be_visible()
    expect(pagina.get_by_role("row", name="Conta paga 1")).to_be_visible()
    expect(pagina.get_by_label("Complemento")).to_have_value("Contas do mês")
    assert not ProcessoIniciado.objects.exists() and not Mensagem.objects.exists()
    acessivel(pagina)

    # A no comes back; a yes clicked twice starts one
    pagina.get_by_role("button", name="Iniciar").click()
    expect(pagina.get_by_role("heading", name="Confirma Início do Processo?")).to_be_visible()
    acessivel(pagina)
    pagina.get_by_role("button", name="Não").click()
    expect(pagina.get_by_label("Complemento")).to_have_value("Contas do mês")
    pagina.get_by_role("button", name="Iniciar").click()
    pagina.get_by_role("button", name="Sim").dblclick()
    expect(pagina.get_by_role("status").filter(has_text="inserido com sucesso")).to_be_visible()
    iniciado = ProcessoIniciado.objects.get()
    expect(pagina.get_by_role("heading", name=f"Processo Iniciado {iniciado.pk}")).to_be_visible()

    # The page follows it by itself, and stops
    expect(pagina.get_by_text("EM ESPERA").first).to_be_visible()
    tique(timezone.now() + timedelta(seconds=1))
    expect(pagina.get_by_text("EM PROCESSAMENTO").first).to_be_visible()
    acessivel(pagina)
    rodar(utilidade)
    expect(pagina.get_by_text("CONCLUÍDO", exact=True)).to_be_visible()
    expect(pagina.locator("[hx-trigger='every 2s']")).to_have_count(0)

    # Its balance closes, and leads to each message
    balanco = pagina.get_by_role("region", name="Balanço por canal")
    expect(balanco.get_by_role("row", name="SMS 2")).to_be_visible()
    expect(pagina.get_by_text("O balanço fecha")).to_be_visible()
    expect(pagina.get_by_role("row", name="Conta paga 1")).to_be_visible()
    acessivel(pagina)
    balanco.get_by_role("row", name="E-mail").get_by_role("link").first.click()
    expect(pagina.get_by_role("heading", name="Mensagens da execução")).to_be_visible()
    acessivel(pagina)
    pagina.get_by_role("region", name="Mensagens").get_by_role("row").nth(1).get_by_role("link").first.click()
    expect(pagina.get_by_role("heading", name="Texto do e-mail")).to_be_visible()
    acessivel(pagina)
    email = pagina.frame_locator("iframe.email-visto")
    expect(email.get_by_text("Olá, BRUNO DE SOUZA.")).to_be_visible()
    assert email.get_by_role("img").evaluate("imagem => imagem.complete && imagem.naturalWidth > 0")

    # And so does the customer's page
    pagina.get_by_role("link", name="BRUNO DE SOUZA").first.click()
    pagina.get_by_role("link", name="Mensagens", exact=True).click()
    expect(pagina.get_by_role("listitem").filter(has_text="Conta ").first).to_be_visible()
    pagina.get_by_text("Texto enviado").first.click()
    expect(pagina.get_by_text("Olá, BRUNO DE SOUZA.")).to_be_visible()
    acessivel(pagina)


def test_without_javascript_it_is_consulted_started_and_followed_by_hand(entrar, utilidade):
    pagina = entrar("operador", **SEM_JAVASCRIPT)
    pagina.goto("/batch/inserir/")
    pagina.locator("#id_processo").fill("336")
    pagina.get_by_role("button", name="Consultar Funcionalidades").click()
    expect(pagina.get_by_role("cell", name="Gerar mensagens de faturamento")).to_be_visible()

    pagina.get_by_role("button", name="Iniciar").click()
    pagina.get_by_role("button", name="Sim").click()
    expect(pagina.get_by_text("inserido com sucesso")).to_be_visible()
    rodar(utilidade)
    pagina.get_by_role("link", name="Atualizar").click()

    expect(pagina.get_by_text("CONCLUÍDO", exact=True)).to_be_visible()
    pagina.get_by_role("link", name="Ver o balanço das mensagens").click()
    expect(pagina.get_by_text("O balanço fecha")).to_be_visible()
    pagina.get_by_role("link", name="Ver quem ficou de fora").click()
    pagina.get_by_role("row", name="Conta paga").get_by_role("link").click()
    expect(pagina.get_by_role("link", name="CARLA DIAS")).to_be_visible()
    pagina.get_by_role("link", name="Ver o processo").click()
    expect(pagina.get_by_role("heading", name="Processo Iniciado")).to_be_visible()


def test_a_log_that_is_open_stays_open_while_the_page_refreshes_itself(entrar, utilidade):
    pagina = entrar("supervisor")
    iniciado = iniciar(pagina)
    ProcessoIniciado.objects.update(situacao=ProcessoIniciado.Situacao.EM_PROCESSAMENTO)
    iniciado.funcionalidades.filter(sequencial=1).update(situacao=4, erro="Faltou água")
    pagina.reload()

    pagina.get_by_text("Log", exact=True).click()
    with pagina.expect_response("**/andamento/"):
        pass
    with pagina.expect_response("**/andamento/"):
        pass

    expect(pagina.get_by_text("Faltou água")).to_be_visible()


def test_the_progress_of_a_running_process_is_seen_whole(entrar, utilidade):
    pagina = entrar("supervisor", viewport={"width": 1280, "height": 900})
    iniciado = iniciar(pagina)
    for segundos in range(1, 4):
        executar_pendentes(timezone.now() + timedelta(seconds=segundos))
    assert ProcessoIniciado.objects.get(pk=iniciado.pk).situacao == ProcessoIniciado.Situacao.EM_PROCESSAMENTO
    pagina.reload()

    expect(pagina.get_by_role("progressbar").first).to_be_visible()
    assert pagina.evaluate(
        """[...document.querySelectorAll(".progresso span")].every((texto) =>
          texto.getClientRects().length === 1
          && texto.getBoundingClientRect().right <= texto.closest(".rolagem").getBoundingClientRect().right)"""
    )


@pytest.mark.parametrize(
    ("alvo", "papel", "nome"),
    [
        ("andamento/", "link", "Unidades de Gerar mensagens de faturamento"),
        ("andamento/", "region", "Funcionalidades do processo"),
        ("execucao/*/", "link", "2"),
        ("execucao/*/", "region", "Balanço por canal"),
    ],
)
def test_what_has_the_focus_keeps_it_while_the_page_refreshes_itself(entrar, utilidade, alvo, papel, nome):
    pagina = entrar("operador")
    iniciar(pagina)
    for segundos in range(1, 4):
        executar_pendentes(timezone.now() + timedelta(seconds=segundos))
    pagina.reload()
    escolhido = pagina.get_by_role(papel, name=nome, exact=True).first
    escolhido.focus()

    for _ in range(2):
        with pagina.expect_response(f"**/{alvo}"):
            pass

    expect(escolhido).to_be_focused()


def test_a_page_whose_session_ended_leads_to_the_login(entrar, utilidade):
    pagina = entrar("operador")
    iniciado = iniciar(pagina)

    Session.objects.all().delete()

    expect(pagina.get_by_role("heading", name="Entrar no Avisa")).to_be_visible()
    assert pagina.url.endswith(f"/entrar/?next=%2Fbatch%2F{iniciado.pk}%2F")


def test_a_supervisor_authorises_continues_and_restarts_through_the_dialog(entrar, utilidade):
    Processo.objects.filter(pk=336).update(exige_autorizacao=True)
    pagina = entrar("supervisor")
    iniciado = iniciar(pagina)
    dialogo = pagina.get_by_role("dialog")
    pagina.wait_for_load_state()  # before its scripts are there the question is a page of its own

    pagina.get_by_role("button", name="Autorizar").click()
    expect(dialogo).to_contain_text("Confirma autorização do processo?")
    dialogo.get_by_role("button", name="Não").click()
    expect(pagina.get_by_role("button", name="Autorizar")).to_be_focused()
    pagina.get_by_role("button", name="Autorizar").click()
    dialogo.get_by_role("button", name="Sim").click()
    expect(pagina.get_by_text("Processo autorizado.")).to_be_visible()

    ProcessoIniciado.objects.update(situacao=ProcessoIniciado.Situacao.CONCLUIDO_COM_ERRO)
    iniciado.funcionalidades.update(situacao=4, erro="Faltou água")
    pagina.reload()
    acessivel(pagina)
    pagina.get_by_role("button", name="Continuar Enviar e-mail").click()
    dialogo.get_by_role("button", name="Sim").click()
    expect(pagina.get_by_text("Funcionalidade Enviar e-mail continuada.")).to_be_visible()

    ProcessoIniciado.objects.update(situacao=ProcessoIniciado.Situacao.CONCLUIDO_COM_ERRO)
    pagina.reload()
    for nome in ("Gerar mensagens de faturamento", "Transmitir SMS"):
        pagina.get_by_role("checkbox", name=f"Reiniciar {nome}").check()
    pagina.get_by_role("button", name="Reiniciar", exact=True).click()
    dialogo.get_by_role("button", name="Sim").click()
    expect(
        pagina.get_by_text("Funcionalidades reiniciadas: Gerar mensagens de faturamento, Transmitir SMS.")
    ).to_be_visible()


def test_a_message_that_failed_is_sent_again_with_a_reason_on_a_phone(entrar, utilidade):
    pagina = entrar("supervisor", **CELULAR)
    iniciar(pagina)
    rodar(utilidade)
    mensagem = Mensagem.objects.filter(estado=Estado.ENVIADA).first()
    Mensagem.objects.filter(pk=mensagem.pk).update(estado=Estado.FALHA, motivo="Caixa cheia: 452")
    pagina.goto(f"/mensagens/{mensagem.pk}/")
    acessivel(pagina)

    pagina.get_by_role("button", name="Reenviar").click()
    expect(pagina.get_by_text("Informe o motivo.").first).to_be_visible()
    pagina.get_by_label("Motivo").fill("O cliente pediu")
    pagina.get_by_role("button", name="Reenviar").click()
    pagina.get_by_role("button", name="Sim").dblclick()

    # What was said of it may be on the page of the first click, which the second one left behind.
    expect(pagina.get_by_text("supervisor-1: O cliente pediu")).to_be_visible()
    mensagem.refresh_from_db()
    assert (mensagem.estado, mensagem.pedido_motivo) == (Estado.PENDENTE, "O cliente pediu")
    assert pagina.evaluate("document.documentElement.scrollWidth <= innerWidth")


@pytest.mark.parametrize("opcoes", [{}, CELULAR])
def test_the_list_of_processes_is_accessible_and_fits(entrar, utilidade, opcoes):
    pagina = entrar("operador", **opcoes)
    iniciado = iniciar(pagina)
    pagina.goto("/batch/")
    pagina.get_by_text("Períodos").click()
    pagina.get_by_label("Agendamento de").press_sequentially("01012020")
    pagina.get_by_label("Agendamento até").press_sequentially("01012099")
    pagina.get_by_role("button", name="Filtrar").click()

    expect(pagina.get_by_label("Agendamento de")).to_have_value("01/01/2020")
    expect(pagina.get_by_role("link", name=str(iniciado.pk), exact=True)).to_be_visible()
    acessivel(pagina)
    assert pagina.evaluate("document.documentElement.scrollWidth <= innerWidth")
