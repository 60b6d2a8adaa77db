"""Batch in the manual's words: a process that repeats, one that is cancelled, an error that is read, the periods."""

from datetime import timedelta

import pytest
from django.contrib.auth.models import Group, User
from django.utils import timezone
from playwright.sync_api import expect

from batch.agendamentos import comandar_devidos
from batch.execucao import executar_pendentes
from batch.inicio import iniciar
from batch.models import Agendamento, ProcessoIniciado
from exemplo.navegador import CELULAR, SEM_JAVASCRIPT
from mensageria.estados import Estado
from mensageria.models import Lote, Mensagem
from tests.mensageria.apoio import nova_mensagem

from .acessibilidade import acessivel

Situacao = ProcessoIniciado.Situacao


@pytest.fixture
def esperando(transactional_db) -> ProcessoIniciado:
    """Process 336 of tomorrow, with a message that has not left."""
    agora = timezone.now()
    iniciado = iniciar(336, usuario=None, agendado_para=agora + timedelta(days=1), agora=agora)
    Lote.objects.filter(pk=nova_mensagem().lote_id).update(execucao=iniciado.execucao)
    return iniciado


def test_a_process_is_scheduled_seen_paused_resumed_and_removed(entrar, transactional_db):
    pagina = entrar("supervisor")
    pagina.goto("/")
    pagina.get_by_role("link", name="Agendamentos").first.click()
    expect(pagina.get_by_text("Nenhum processo agendado")).to_be_visible()
    acessivel(pagina)
    pagina.get_by_role("link", name="Inserir Agendamento").first.click()

    # Of the rule that was not chosen nothing is asked, and the next dates come by themselves
    expect(pagina.get_by_label("A cada quantos dias")).to_be_hidden()
    pagina.locator("#id_processo").select_option("336")
    pagina.get_by_label("Dia do mês").fill("31")
    pagina.get_by_label("A partir de").fill("01/01/2100")
    pagina.get_by_label("Hora", exact=False).first.fill("08:00")
    pagina.get_by_label("Complemento").fill("Todo mês")
    expect(pagina.get_by_text("Domingo, 28/02/2100 às 08:00")).to_be_visible()
    acessivel(pagina)
    pagina.get_by_label("Em dias da semana").check()
    expect(pagina.get_by_label("Dia do mês")).to_be_hidden()
    pagina.get_by_role("button", name="Inserir").click()
    expect(pagina.get_by_text("Informe Dias da semana.").first).to_be_visible()
    acessivel(pagina)
    pagina.get_by_label("segunda").check()
    pagina.get_by_label("sexta").check()
    expect(pagina.get_by_text("Às segundas e às sextas, às 08:00")).to_be_visible()
    pagina.get_by_role("button", name="Inserir").dblclick()
    expect(pagina.get_by_text("inserido com sucesso")).to_be_visible()
    acessivel(pagina)
    assert Agendamento.objects.get().dias_da_semana == [1, 5]

    dialogo = pagina.get_by_role("dialog")
    for botao, depois in (("Pausar", "PAUSADO"), ("Retomar", "ATIVO")):
        pagina.wait_for_load_state()  # before its scripts are there the question is a page of its own
        pagina.get_by_role("button", name=botao).click()
        dialogo.get_by_role("button", name="Sim").click()
        expect(pagina.get_by_text(depois, exact=True)).to_be_visible()
    pagina.wait_for_load_state()
    pagina.get_by_role("button", name="Remover").click()
    expect(dialogo).to_contain_text("Confirma remoção?")
    dialogo.get_by_role("button", name="Sim").click()
    expect(pagina.get_by_text("Nenhum processo agendado")).to_be_visible()


def test_without_javascript_a_button_shows_the_next_dates(entrar, transactional_db):
    pagina = entrar("supervisor", **SEM_JAVASCRIPT)
    pagina.goto("/batch/agendamentos/inserir/?processo=336")
    pagina.get_by_label("Dia do mês").fill("5")
    pagina.get_by_label("A partir de").fill("01/01/2100")
    pagina.get_by_label("Hora", exact=False).first.fill("08:00")
    pagina.get_by_role("button", name="Ver as Próximas Datas").click()
    expect(pagina.get_by_text("Terça-feira, 05/01/2100 às 08:00")).to_be_visible()

    pagina.get_by_role("button", name="Inserir", exact=True).click()
    pagina.get_by_role("button", name="Pausar").click()
    pagina.get_by_role("button", name="Sim").click()

    expect(pagina.get_by_text("PAUSADO", exact=True)).to_be_visible()


def test_on_a_phone_the_list_fits_and_leads_to_what_was_commanded(entrar, transactional_db):
    dona = User.objects.create_user("dona-de-nome-bem-comprido")
    dona.groups.add(Group.objects.get(name="supervisor"))
    pagina = entrar(dona, **CELULAR)
    pagina.goto("/batch/agendamentos/inserir/?processo=336")
    pagina.get_by_label("A cada tantos dias").check()
    pagina.get_by_label("A cada quantos dias").fill("1")
    pagina.get_by_label("Hora", exact=False).first.fill("00:00")
    pagina.get_by_role("button", name="Inserir").click()
    expect(pagina.get_by_text("inserido com sucesso")).to_be_visible()
    comandar_devidos(timezone.now() + timedelta(days=1))
    pagina.reload()
    acessivel(pagina)
    assert pagina.evaluate("document.documentElement.scrollWidth <= innerWidth")

    iniciado = ProcessoIniciado.objects.get()
    pagina.get_by_role("link", name=f"processo {iniciado.pk}").click()
    expect(pagina.get_by_role("heading", name=f"Processo Iniciado {iniciado.pk}")).to_be_visible()


def test_a_process_is_cancelled_with_its_messages(entrar, esperando):
    pagina = entrar("supervisor")
    pagina.goto(f"/batch/{esperando.pk}/")
    pagina.get_by_role("link", name="Cancelar").click()
    expect(pagina.get_by_role("heading", name="Confirma cancelamento do processo?")).to_be_visible()
    acessivel(pagina)
    pagina.get_by_role("button", name="Cancelar o Processo").click()
    expect(pagina.get_by_text("Informe o motivo.").first).to_be_visible()
    acessivel(pagina)

    pagina.get_by_label("Motivo").fill("Texto errado")
    pagina.get_by_label("São canceladas também").check()
    pagina.get_by_role("button", name="Cancelar o Processo").dblclick()

    expect(pagina.get_by_text("Processo cancelado.")).to_be_visible()
    expect(pagina.get_by_text("Mensagens canceladas: 1.")).to_be_visible()
    expect(pagina.get_by_text("EXECUÇÃO CANCELADA").first).to_be_visible()
    esperando.refresh_from_db()
    assert esperando.situacao == Situacao.EXECUCAO_CANCELADA
    assert Mensagem.objects.get().estado == Estado.CANCELADA


def test_the_error_of_a_process_is_on_the_painel_and_its_log_says_what_happened(entrar, transactional_db, monkeypatch):
    def sem_banco(trabalho):
        raise TimeoutError("senha=secreta")

    monkeypatch.setattr("batch.execucao.registro.buscar", lambda codigo: _Passo(sem_banco))
    agora = timezone.now()
    iniciado = iniciar(336, usuario=None, agendado_para=agora, agora=agora)
    executar_pendentes(agora)
    monkeypatch.undo()

    pagina = entrar("supervisor")
    pagina.goto("/")
    expect(pagina.get_by_text(f"Processo Iniciado {iniciado.pk}: Concluído com Erro")).to_be_visible()
    pagina.get_by_role("link", name="Abrir a página").first.click()
    pagina.get_by_text("Log", exact=True).first.click()
    expect(pagina.get_by_text("não respondeu a tempo").first).to_be_visible()
    pagina.get_by_role("link", name="Abrir o Log").first.click()

    expect(pagina.get_by_role("heading", name="O que aconteceu")).to_be_visible()
    expect(pagina.get_by_text("TimeoutError: senha=***")).to_be_visible()
    acessivel(pagina)


class _Passo:
    def __init__(self, executa):
        self.executa = executa

    def unidades(self, iniciado):
        return [(7, "NATAL")]


def test_the_periods_have_dates_and_times(entrar, esperando):
    pagina = entrar("operador", **CELULAR)
    pagina.goto("/batch/")
    pagina.get_by_text("Períodos").click()
    pagina.get_by_label("Comando de").press_sequentially("01012020")
    comando = pagina.get_by_role("group", name="Comando")
    comando.get_by_label("Hora inicial").press_sequentially("080000")
    comando.get_by_label("Comando até").press_sequentially("01012099")
    pagina.get_by_role("button", name="Filtrar").click()

    expect(comando.get_by_label("Hora inicial")).to_have_value("08:00:00")
    expect(pagina.get_by_role("link", name=str(esperando.pk), exact=True)).to_be_visible()
    acessivel(pagina)
    assert pagina.evaluate("document.documentElement.scrollWidth <= innerWidth")


def test_choosing_the_type_offers_its_processes(entrar, transactional_db):
    pagina = entrar("operador")
    pagina.goto("/batch/inserir/")
    expect(pagina.locator("#processos option")).to_have_count(1)

    pagina.get_by_label("Tipo do Processo").select_option("Mensal")
    expect(pagina.locator("#processos option")).to_have_count(0)
    pagina.get_by_label("Tipo do Processo").select_option("Cobrança comandado")

    expect(pagina.get_by_role("link", name="Ver os comandos")).to_be_visible()
    acessivel(pagina)
