"""Batch > Agendamentos, and the question before a process is cancelled."""

import uuid
from datetime import date, time, timedelta

import pytest
from django.contrib.admin.models import LogEntry
from django.urls import reverse
from django.utils import timezone
from pytest_django.asserts import assertContains, assertNotContains, assertRedirects

from batch import agendamentos as operacoes
from batch import registro
from batch.agendamentos import comandar_devidos, guardar
from batch.models import Agendamento, ProcessoIniciado
from config.grupos import OPERADOR, SUPERVISOR, permite

LISTA, INSERIR = "/batch/agendamentos/", "/batch/agendamentos/inserir/"
Repeticao = Agendamento.Repeticao
Situacao = ProcessoIniciado.Situacao


@pytest.fixture
def supervisor(entrar):
    return entrar("supervisor")


@pytest.fixture
def operador(entrar):
    return entrar("operador")


def digitado(**campos) -> dict:
    """As somebody fills it, by default for the fifth of each month."""
    padrao = {"processo": "336", "repeticao": "1", "dia_do_mes": "5", "a_partir_de": "10/11/2026", "hora": "08:00"}
    return padrao | {"pedido": str(uuid.uuid4())} | campos


def erros(resposta) -> dict:
    return dict(resposta.context["form"].errors)


@pytest.fixture
def diario(supervisor) -> Agendamento:
    """Every day at midnight, by the supervisor, of which yesterday's and today's dates have come."""
    agora = timezone.now()
    campos = {"repeticao": Repeticao.DIAS, "intervalo": 1, "hora": time(0, 0), "complemento": "Diário"}
    agendamento = Agendamento(
        processo_id=336, criado_por=supervisor.pessoa, a_partir_de=timezone.localdate(agora), **campos
    )
    guardar(agendamento, agora=agora - timedelta(days=1))
    comandar_devidos(agora)
    return agendamento


# Inserting and editing


@pytest.mark.parametrize(
    ("campos", "guardado", "palavras"),
    [
        ({}, (1, 5, None, []), "Todo dia 5, às 08:00"),
        ({"repeticao": "2", "intervalo": "15"}, (2, None, 15, []), "A cada 15 dias, contados de 10/11/2026, às 08:00"),
        (
            {"repeticao": "3", "dias_da_semana": ["1", "5"]},
            (3, None, None, [1, 5]),
            "Às segundas e às sextas, às 08:00",
        ),
        # Of another rule, what was typed is left out, whatever it is.
        ({"intervalo": "999", "dias_da_semana": ["9"]}, (1, 5, None, []), "Todo dia 5, às 08:00"),
    ],
)
def test_each_rule_is_inserted_and_said_in_words(supervisor, campos, guardado, palavras):
    resposta = supervisor.post(INSERIR, digitado(**campos), follow=True)

    agendamento = Agendamento.objects.get()
    assertContains(resposta, f"Agendamento {agendamento.pk} inserido com sucesso.")
    assertContains(resposta, palavras)
    regra = (agendamento.repeticao, agendamento.dia_do_mes, agendamento.intervalo, agendamento.dias_da_semana)
    assert regra == guardado
    assert (agendamento.criado_por, agendamento.ativo) == (supervisor.pessoa, True)
    assert agendamento.proximo > timezone.now()
    assert palavras in LogEntry.objects.get().change_message


@pytest.mark.parametrize(
    ("campos", "erro"),
    [
        ({"processo": ""}, {"processo": ["Informe Processo."]}),
        ({"repeticao": ""}, {"repeticao": ["Informe Repetição."]}),
        ({"dia_do_mes": ""}, {"dia_do_mes": ["Informe Dia do mês."]}),
        ({"dia_do_mes": "0"}, {"dia_do_mes": ["O dia do mês vai de 1 a 31."]}),
        ({"dia_do_mes": "32"}, {"dia_do_mes": ["O dia do mês vai de 1 a 31."]}),
        ({"dia_do_mes": "x"}, {"dia_do_mes": ["Dia do mês deve somente conter números positivos."]}),
        ({"repeticao": "2"}, {"intervalo": ["Informe A cada quantos dias."]}),
        ({"repeticao": "2", "intervalo": "0"}, {"intervalo": ["O intervalo vai de 1 a 366 dias."]}),
        ({"repeticao": "2", "intervalo": "367"}, {"intervalo": ["O intervalo vai de 1 a 366 dias."]}),
        ({"repeticao": "3"}, {"dias_da_semana": ["Informe Dias da semana."]}),
        ({"a_partir_de": "31/02/2026"}, {"a_partir_de": ["Data inválida: este dia não existe."]}),
        ({"hora": "25:00"}, {"hora": ["Hora inválida."]}),
        ({"hora": "08:00:30"}, {"hora": ["Hora inválida."]}),
        ({"hora": ""}, {"hora": ["Informe Hora."]}),
    ],
)
def test_each_error_is_beside_its_field_and_nothing_is_stored(supervisor, campos, erro):
    resposta = supervisor.post(INSERIR, digitado(complemento="Guardado", **campos))

    assert erros(resposta) == erro
    assertContains(resposta, 'value="Guardado"')
    assert not Agendamento.objects.exists()


@pytest.mark.parametrize("valor", ["99", "abc", "9" * 30, "\x00"])
def test_nonsense_in_a_choice_is_refused(supervisor, valor):
    for campo in ("processo", "repeticao", "avisar"):
        assert list(erros(supervisor.post(INSERIR, digitado(**{campo: valor})))) == [campo]
    resposta = supervisor.post(INSERIR, digitado(repeticao="3", dias_da_semana=["1", valor]))
    assert list(erros(resposta)) == ["dias_da_semana"]


def test_the_next_three_dates_are_shown_before_it_is_stored(supervisor):
    resposta = supervisor.post(INSERIR, digitado(dia_do_mes="31", a_partir_de="01/01/2100", consultar="1"))

    assert resposta.context["proximas"] == [
        "Domingo, 31/01/2100 às 08:00",
        "Domingo, 28/02/2100 às 08:00",
        "Quarta-feira, 31/03/2100 às 08:00",
    ]
    assertContains(resposta, "No último dia de cada mês, às 08:00")
    assert not Agendamento.objects.exists()


def test_the_same_form_twice_inserts_one(supervisor):
    form = digitado()

    supervisor.post(INSERIR, form)
    supervisor.post(INSERIR, form)

    assert Agendamento.objects.count() == 1


def test_an_edit_changes_the_next_dates_and_keeps_who_made_it(supervisor, diario, chefe):
    pagina = reverse("batch:agendamento", args=[diario.pk])
    visto = chefe.get(pagina).context["form"]["visto"].value()

    resposta = chefe.post(pagina, digitado(hora="23:59", visto=visto), follow=True)

    assertContains(resposta, f"Agendamento {diario.pk} atualizado com sucesso.")
    diario.refresh_from_db()
    assert (diario.repeticao, diario.intervalo, diario.criado_por) == (1, None, supervisor.pessoa)
    assert timezone.localtime(diario.proximo).strftime("%d %H:%M") == "05 23:59"


def test_who_edits_what_somebody_else_changed_meanwhile_is_told(supervisor, diario):
    pagina = reverse("batch:agendamento", args=[diario.pk])
    visto = supervisor.get(pagina).context["form"]["visto"].value()
    Agendamento.objects.update(complemento="De outra pessoa")

    resposta = supervisor.post(pagina, digitado(visto=visto))

    assert "enquanto você editava" in erros(resposta)["__all__"][0]


# The list


def test_the_list_says_the_rule_the_next_three_dates_and_what_became_of_the_last(
    supervisor, diario, django_assert_max_num_queries
):
    hoje = timezone.localdate()
    with django_assert_max_num_queries(12):
        resposta = supervisor.get(LISTA)

    iniciado = ProcessoIniciado.objects.get()
    assertContains(resposta, "Todos os dias, às 00:00")
    for dia in (1, 2, 3):
        assertContains(resposta, f"{hoje + timedelta(days=dia):%d/%m/%Y} às 00:00")
    assertContains(resposta, f"processo {iniciado.pk}")
    assertContains(resposta, "ATIVO")


def test_more_of_them_cost_no_more_queries(supervisor, diario, django_assert_max_num_queries):
    for _ in range(5):
        supervisor.post(INSERIR, digitado())

    with django_assert_max_num_queries(12):
        assert len(supervisor.get(LISTA).context["pagina"].linhas) == 6
    with django_assert_max_num_queries(12):
        supervisor.get(reverse("batch:agendamento", args=[diario.pk]))


def test_the_process_that_it_commanded_leads_back_to_it(supervisor, diario):
    resposta = supervisor.get(reverse("batch:processo", args=[ProcessoIniciado.objects.get().pk]))

    assertContains(resposta, reverse("batch:agendamento", args=[diario.pk]))


def test_an_empty_list_says_what_to_do(supervisor, operador):
    assertContains(supervisor.get(LISTA), 'href="/batch/agendamentos/inserir/"')
    assertContains(operador.get(LISTA), "Um supervisor pode agendar um processo que se repete.")


# Pause, resume, remove


def agir(navegador, acao: str, agendamento: Agendamento, **campos):
    dados = {"confirmado": "1", "pedido": str(uuid.uuid4())}
    return navegador.post(reverse(f"batch:agendamento_{acao}", args=[agendamento.pk]), dados | campos, follow=True)


@pytest.mark.parametrize(
    ("acao", "pergunta", "feito"),
    [
        ("pausar", "Confirma pausa do agendamento?", "pausado."),
        ("retomar", "Confirma retomada do agendamento?", "retomado."),
        ("remover", "Confirma remoção?", "removido."),
    ],
)
def test_it_is_asked_done_once_and_logged(supervisor, diario, acao, pergunta, feito):
    assertContains(agir(supervisor, acao, diario, confirmado=""), pergunta)
    antes, pedido = LogEntry.objects.count(), str(uuid.uuid4())

    primeira = agir(supervisor, acao, diario, pedido=pedido)
    segunda = agir(supervisor, acao, diario, pedido=pedido)

    assertContains(primeira, f"Agendamento {diario.pk} {feito}")
    assertRedirects(segunda, LISTA)
    assert LogEntry.objects.count() == antes + 1
    assert Agendamento.objects.exists() == (acao != "remover")


def test_a_paused_one_shows_no_next_date_and_can_be_resumed(supervisor, diario):
    assertContains(agir(supervisor, "pausar", diario), "PAUSADO")
    assertContains(agir(supervisor, "retomar", diario), "ATIVO")
    diario.refresh_from_db()
    assert diario.proximo > timezone.now()


def test_the_operador_only_looks(operador, diario):
    assertNotContains(operador.get(LISTA), "Pausar")
    assert operador.get(INSERIR).status_code == 403
    assertNotContains(operador.get(reverse("batch:agendamento", args=[diario.pk])), "Atualizar")
    for acao in ("pausar", "retomar", "remover"):
        assert agir(operador, acao, diario).status_code == 403
    assert operador.post(reverse("batch:agendamento", args=[diario.pk]), digitado()).status_code == 403


def test_the_groups_say_who_keeps_agendamentos():
    assert permite(SUPERVISOR, "batch", "agendamento", "delete_agendamento")
    assert not permite(OPERADOR, "batch", "agendamento", "change_agendamento")


# The question before a process is cancelled


@pytest.fixture
def resto(monkeypatch):
    """What others still do for a run: seven letters, which somebody may cancel."""
    canceladas = []

    def cancelar(execucao, *, usuario, motivo, agora):
        canceladas.append((execucao, usuario, motivo))
        return "Cartas canceladas: 7."

    um = registro.Resto("cartas por sair", "mensageria.change_mensagem", lambda execucao: 7, cancelar)
    monkeypatch.setattr(registro, "_restos", [um])
    return canceladas


@pytest.fixture
def esperando(novo_iniciado, registrar) -> ProcessoIniciado:
    registrar("a")
    return novo_iniciado("a")


def cancelar(navegador, iniciado, **campos):
    dados = {"motivo": "Texto errado", "pedido": str(uuid.uuid4())}
    return navegador.post(reverse("batch:cancelar", args=[iniciado.pk]), dados | campos, follow=True)


def test_the_question_says_what_is_left_and_asks_for_the_reason(supervisor, esperando, resto):
    pagina = supervisor.get(reverse("batch:cancelar", args=[esperando.pk]))

    assertContains(pagina, "Confirma cancelamento do processo?")
    assertContains(pagina, "Cartas por sair (7)")
    recusas = erros(cancelar(supervisor, esperando, motivo=" "))
    assert recusas == {"motivo": ["Informe o motivo."], "resto_0": ["Escolha o que fazer com as cartas por sair."]}
    esperando.refresh_from_db()
    assert esperando.situacao == Situacao.EM_ESPERA


@pytest.mark.parametrize("escolha", ["continua", "cancela"])
def test_what_is_left_stays_or_is_cancelled_by_choice(supervisor, esperando, resto, escolha):
    resposta = cancelar(supervisor, esperando, resto_0=escolha)

    assertContains(resposta, "Processo cancelado.")
    assertContains(resposta, "EXECUÇÃO CANCELADA")
    assertContains(resposta, f"{supervisor.pessoa}: Texto errado")
    cancelados = [(esperando.execucao, supervisor.pessoa, "Texto errado")] if escolha == "cancela" else []
    assert resto == cancelados
    assert LogEntry.objects.get().change_message == "Processo cancelado: Texto errado"


def test_a_double_click_cancels_once_and_is_told_nothing_wrong(supervisor, esperando, resto):
    pedido = str(uuid.uuid4())

    cancelar(supervisor, esperando, resto_0="cancela", pedido=pedido)
    segunda = cancelar(supervisor, esperando, resto_0="cancela", pedido=pedido)

    assertNotContains(segunda, "já terminou")
    assert len(resto) == LogEntry.objects.count() == 1


def test_who_may_not_cancel_messages_is_told_that_they_go_on(supervisor, esperando, resto, monkeypatch):
    soltas = registro.Resto("cartas por sair", "auth.delete_user", lambda execucao: 7, lambda *_, **__: "")
    monkeypatch.setattr(registro, "_restos", [soltas])

    pagina = supervisor.get(reverse("batch:cancelar", args=[esperando.pk]))

    assertContains(pagina, "Cartas por sair (7): continuam saindo.")
    assertContains(cancelar(supervisor, esperando), "Processo cancelado.")


def test_one_that_ended_is_not_cancelled(supervisor, esperando):
    ProcessoIniciado.objects.update(situacao=Situacao.CONCLUIDO)

    assertContains(cancelar(supervisor, esperando), "O processo já terminou e não pode ser cancelado.")
    assertNotContains(supervisor.get(reverse("batch:processo", args=[esperando.pk])), "/cancelar/")


def test_only_whoever_may_cancels(operador, supervisor, esperando):
    pagina = reverse("batch:processo", args=[esperando.pk])

    assertNotContains(operador.get(pagina), "/cancelar/")
    assertContains(supervisor.get(pagina), "/cancelar/")
    assert cancelar(operador, esperando).status_code == 403


def test_next_dates_do_not_say_one_that_was_taken(supervisor, diario):
    assert operacoes.proximas(diario, timezone.now(), 1)[0].date() > date.fromisoformat(str(timezone.localdate()))
