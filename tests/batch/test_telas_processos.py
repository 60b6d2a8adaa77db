"""Batch on the screens: a process is started, found, followed, authorised, continued and restarted."""

import json
import uuid
from datetime import timedelta

import pytest
from django.contrib.admin.models import LogEntry
from django.db import connection
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from pytest_django.asserts import assertContains, assertNotContains, assertRedirects

from batch import acompanhamento, registro
from batch import erros as erros_do_batch
from batch.execucao import executar_pendentes
from batch.inicio import iniciar
from batch.models import FuncionalidadeIniciada, Processo, ProcessoIniciado, UnidadeIniciada
from batch.registro import Pendencia, Previsao, Trabalho
from tests.fabricas import novo_parametro_sistema

INSERIR = "/batch/inserir/"
Situacao = ProcessoIniciado.Situacao


@pytest.fixture
def operador(entrar) -> Client:
    return entrar("operador")


@pytest.fixture
def supervisor(entrar) -> Client:
    return entrar("supervisor")


def digitado(**campos) -> dict:
    """The form as somebody fills it, by default for a day that has passed."""
    padrao = {
        "tipo": "4",
        "processo": "336",
        "data": "10/11/2026",
        "hora": "08:00:00",
        "precedente": "",
        "complemento": "",
    }
    return padrao | {"pedido": str(uuid.uuid4())} | campos


def erros(resposta) -> dict:
    return dict(resposta.context["form"].errors)


def pagina_de(iniciado: ProcessoIniciado) -> str:
    return reverse("batch:processo", args=[iniciado.pk])


# Inserir Processo


def test_the_form_opens_with_today_and_now(operador):
    antes = timezone.localtime().replace(microsecond=0)

    resposta = operador.get(INSERIR)

    form = resposta.context["form"]
    assert form["data"].value() == f"{antes:%d/%m/%Y}"
    assert form["hora"].value() >= f"{antes:%H:%M:%S}"
    assertContains(resposta, "Campos obrigatórios")


def test_typing_336_shows_its_funcionalidades_and_their_units(operador):
    resposta = operador.get("/batch/inserir/funcionalidades/", {"processo": "336"})

    assertContains(resposta, "<td>Gerar mensagens de faturamento</td>", html=True)
    assertContains(resposta, "<td>LOCALIDADE</td>", html=True)
    assertContains(resposta, "Processar retorno de SMS")


@pytest.mark.parametrize(
    ("codigo", "palavras"),
    [
        ("999", "Processo inexistente."),
        ("abc", "Processo deve somente conter números positivos."),
        ("123456", "Processo tem mais de 5 dígitos."),
        ("\x00", "Processo deve somente conter números positivos."),
    ],
)
def test_typing_anything_else_says_so(operador, codigo, palavras):
    assertContains(operador.get("/batch/inserir/funcionalidades/", {"processo": codigo}), palavras)


def test_an_empty_code_shows_nothing(operador):
    assert operador.get("/batch/inserir/funcionalidades/").content.strip() == b""


def test_an_inactive_process_does_not_exist_for_the_operator(operador, novo_processo):
    novo_processo("a", ativo=False)

    assertContains(operador.get("/batch/inserir/funcionalidades/", {"processo": "9001"}), "Processo inexistente.")


def test_without_javascript_a_button_shows_them_and_keeps_what_was_typed(operador):
    resposta = operador.post(INSERIR, digitado(data="31/02/2026", complemento="Do mês", consultar="1"))

    assertContains(resposta, "Gerar mensagens de faturamento")
    assertContains(resposta, 'value="31/02/2026"')
    assertContains(resposta, 'value="Do mês"')
    assert not resposta.context["form"].errors


def test_what_is_missing_is_said_with_the_way_to_mend_it(operador, chefe):
    """A fresh installation lacks the parameters and the text."""
    assertContains(operador.get(INSERIR, {"processo": "336"}), "O que falta")
    assertContains(chefe.get(INSERIR, {"processo": "336"}), "Resolver")


def test_what_is_missing_and_where_come_from_the_step(operador, chefe, novo_processo, registrar):
    faltas = [Pendencia("Falta o tal.", "admin:index"), Pendencia("Pouco importa.", "batch:processos", grave=False)]
    registro.funcionalidade("com-faltas", pendencias=lambda agora: faltas)(lambda trabalho: {})
    novo_processo("com-faltas")
    try:
        pagina = chefe.get(INSERIR, {"processo": "9001"})
        confirmacao = operador.post(INSERIR, digitado(processo="9001"))
    finally:
        registro.remover("com-faltas")

    assertContains(pagina, "Falta o tal.")
    assertContains(pagina, 'href="/batch/"')
    assertContains(confirmacao, "Atenção: Falta o tal.")
    assertNotContains(confirmacao, "Pouco importa.")


def test_starting_asks_first_with_what_is_about_to_happen(operador, novo_iniciado, registrar):
    registrar("a")
    precedente = novo_iniciado("a")

    resposta = operador.post(INSERIR, digitado(precedente=str(precedente.pk), complemento="Novembro"))

    assertContains(resposta, "Confirma Início do Processo?")
    assertContains(resposta, "336 - Envio de E-mail/SMS Cobrança e Faturamento")
    assertContains(resposta, "Agendado para 10/11/2026 às 08:00:00")
    assertContains(resposta, f"Depois do processo iniciado {precedente}")
    assertContains(resposta, "Complemento: Novembro")
    assert ProcessoIniciado.objects.count() == 1


def test_a_moment_that_passed_is_a_warning_and_one_that_comes_is_not(operador):
    aviso = "A data e a hora já passaram: o processo inicia em seguida."
    agora = timezone.localtime()

    def perguntado(quando):
        return operador.post(INSERIR, digitado(data=f"{quando:%d/%m/%Y}", hora=f"{quando:%H:%M:%S}"))

    assertContains(perguntado(agora - timedelta(hours=1)), aviso)
    assertNotContains(perguntado(agora + timedelta(days=1)), aviso)
    # As long as it takes to fill in the form
    assertNotContains(perguntado(agora - timedelta(minutes=1)), aviso)


def test_a_yes_starts_it_logs_who_did_and_leads_to_its_page(operador):
    resposta = operador.post(INSERIR, digitado(confirmado="1", complemento="Novembro"), follow=True)

    iniciado = ProcessoIniciado.objects.get()
    assertRedirects(resposta, pagina_de(iniciado))
    assertContains(resposta, f"Processo Iniciado de código {iniciado.pk} inserido com sucesso.")
    assert iniciado.usuario == operador.pessoa
    assert iniciado.complemento == "Novembro"
    assert timezone.localtime(iniciado.agendado_para).strftime("%d/%m/%Y %H:%M:%S") == "10/11/2026 08:00:00"
    assert LogEntry.objects.get().user == operador.pessoa


def test_a_no_starts_nothing_and_gives_back_what_was_typed(operador):
    resposta = operador.post(INSERIR, digitado(voltar="1", complemento="Novembro"))

    assertContains(resposta, 'value="Novembro"')
    assertContains(resposta, "Gerar mensagens de faturamento")
    assert not ProcessoIniciado.objects.exists()


def test_the_same_form_twice_starts_one_and_leads_to_the_same_page(operador):
    form = digitado(confirmado="1")

    primeira, segunda = operador.post(INSERIR, form), operador.post(INSERIR, form)

    iniciado = ProcessoIniciado.objects.get()
    assert primeira.url == segunda.url == pagina_de(iniciado)


@pytest.mark.parametrize(
    ("campo", "valor", "palavras"),
    [
        ("processo", "", "Informe Processo."),
        ("processo", "999", "Processo inexistente."),
        ("processo", "-1", "Processo deve somente conter números positivos."),
        ("data", "", "Informe Data do Agendamento."),
        ("data", "31/02/2026", "Data inválida: este dia não existe."),
        ("data", "31/12/9999", "Informe um ano de 1900 a 2999."),
        ("data", "01/01/0001", "Informe um ano de 1900 a 2999."),
        ("hora", "", "Informe Hora do Agendamento."),
        ("hora", "25:00:00", "Hora inválida."),
        ("hora", "8 horas", "Hora inválida."),
        ("precedente", "99", "Processo inexistente."),
        ("precedente", "336", "Processo inexistente."),
        ("precedente", "9" * 19, "Processo Iniciado Precedente tem mais de 18 dígitos."),
        ("complemento", "x" * 5000, "Certifique-se de que o valor tenha no máximo 55 caracteres (ele possui 5000)."),
        ("complemento", "a\x00b", "Caracteres nulos não são permitidos."),
    ],
)
def test_each_error_is_beside_its_field_and_nothing_typed_is_lost(operador, campo, valor, palavras):
    form = digitado(confirmado="1", **{"complemento": "Guardado 💧", campo: valor})

    resposta = operador.post(INSERIR, form)

    assert erros(resposta) == {campo: [palavras]}
    for nome in ("processo", "data", "hora", "precedente", "complemento"):
        assert resposta.context["form"][nome].value() == form[nome]
    assert not ProcessoIniciado.objects.exists()


def test_a_form_without_any_field_asks_for_the_type_and_the_three(operador):
    recusas = erros(operador.post(INSERIR, {}))

    assert sorted(recusas) == ["data", "hora", "processo", "tipo"]
    assert recusas["tipo"] == ["Selecione um Tipo de Processo."]


def test_the_code_of_the_process_says_its_type(operador):
    """GSAN asks for the type first, on a screen of its own."""
    operador.post(INSERIR, digitado(tipo="", confirmado="1"))

    assert ProcessoIniciado.objects.get().processo_id == 336


def test_a_process_of_another_type_is_refused_and_its_type_is_said(operador):
    resposta = operador.post(INSERIR, digitado(tipo="3", confirmado="1"))

    assert erros(resposta) == {"processo": ["O processo 336 é do tipo Eventual."]}


def test_the_types_are_all_but_reports(operador, novo_processo):
    novo_processo("a", tipo=Processo.Tipo.RELATORIO)

    opcoes = dict(operador.get(INSERIR).context["form"].fields["tipo"].choices)

    assert set(opcoes) == {"", 1, 2, 3, 4, 6, 7}
    assert erros(operador.post(INSERIR, digitado(tipo="", processo="9001"))) == {"processo": ["Processo inexistente."]}


def test_choosing_a_type_offers_its_processes(operador, novo_processo):
    novo_processo("a", tipo=Processo.Tipo.MENSAL)

    todos = operador.get(INSERIR)
    mensais = operador.get(
        "/batch/inserir/funcionalidades/", {"tipo": "3"}, headers={"HX-Request": "true", "HX-Trigger-Name": "tipo"}
    )

    assertContains(todos, '<option value="336">')
    assertContains(mensais, '<option value="9001">PROCESSO 9001</option>', html=True)
    assertNotContains(mensais, '<option value="336">')


@pytest.mark.parametrize("tipo", ["5", "9" * 40, "x", "\x00"])
def test_a_type_that_is_none_is_not_one(operador, tipo):
    assert operador.get("/batch/inserir/funcionalidades/", {"tipo": tipo}).status_code == 200
    assert list(erros(operador.post(INSERIR, digitado(tipo=tipo)))) == ["tipo"]


def test_commanded_collection_leads_to_its_comandos(operador):
    assertContains(operador.get("/batch/inserir/funcionalidades/", {"tipo": "2"}), 'href="/cobranca/comandos/"')


def test_the_number_of_the_process_is_no_precedent_even_when_one_has_it(operador, agora):
    """GSAN refuses it too: what is asked for is the code of a process that was started."""
    iniciado = iniciar(336, usuario=None, agendado_para=agora, agora=agora)
    outro = ProcessoIniciado.objects.get(pk=iniciado.pk)
    outro.pk, outro.execucao = 336, uuid.uuid4()
    outro.save(force_insert=True)

    assert erros(operador.post(INSERIR, digitado(precedente="336"))) == {"precedente": ["Processo inexistente."]}
    assertContains(operador.post(INSERIR, digitado(precedente=str(iniciado.pk))), "Confirma Início do Processo?")


def test_whoever_wants_an_email_at_the_end_says_so_when_starting(operador):
    assertContains(operador.post(INSERIR, digitado(avisar="2")), "Você recebe um e-mail quando terminar.")

    resposta = operador.post(INSERIR, digitado(avisar="2", confirmado="1"), follow=True)

    assert ProcessoIniciado.objects.get().avisar == ProcessoIniciado.Aviso.SEMPRE
    assertContains(resposta, "Sempre que terminar")


def test_a_precedent_that_ended_cannot_be_waited_for(operador, novo_iniciado, registrar):
    registrar("a")
    precedente = novo_iniciado("a")
    ProcessoIniciado.objects.update(situacao=Situacao.CONCLUIDO)

    resposta = operador.post(INSERIR, digitado(confirmado="1", precedente=str(precedente.pk)))

    assert erros(resposta) == {"precedente": [f"O processo iniciado {precedente.pk} já terminou."]}


def test_those_that_may_be_waited_for_are_offered(operador, novo_iniciado, registrar):
    registrar("a")
    iniciado = novo_iniciado("a")

    assertContains(operador.get(INSERIR), f'<option value="{iniciado.pk}">PROCESSO 9001')


def test_what_the_engine_refuses_is_said_above_the_form(operador, novo_processo):
    novo_processo()

    resposta = operador.post(INSERIR, digitado(processo="9001", confirmado="1"))

    assert erros(resposta) == {"__all__": ["O processo não tem funcionalidades ativas."]}


# Simular


def test_simulating_shows_what_it_would_do_and_writes_nothing(operador, novo_processo):
    def simula(trabalho: Trabalho) -> Previsao:
        ProcessoIniciado.objects.all().delete()
        quantidades = {("A enviar", "SMS"): 1200, ("Ficam de fora", "Faturamento · Conta paga"): 7}
        return Previsao(quantidades, segundos=60, problemas=("Cuidado com isto.",))

    registro.funcionalidade("simulavel", simula=simula)(lambda trabalho: {})
    novo_processo("simulavel")
    amanha = timezone.localtime() + timedelta(days=1)
    try:
        resposta = operador.post(
            INSERIR, digitado(processo="9001", data=f"{amanha:%d/%m/%Y}", hora="08:00:00", simular="1")
        )
    finally:
        registro.remover("simulavel")

    assertContains(resposta, "Nada foi gravado nem enviado.")
    assertContains(resposta, '<td class="numero">1.200</td>', html=True)
    assertContains(resposta, "Faturamento · Conta paga")
    assertContains(resposta, "Cuidado com isto.")
    assertContains(resposta, f"{amanha:%d/%m/%Y} 08:01:00")
    assert resposta.context["form"]["processo"].value() == "9001"
    assert not ProcessoIniciado.objects.exists()


def test_simulating_a_moment_that_passed_counts_from_now(operador):
    antes = timezone.now()

    resposta = operador.post(INSERIR, digitado(simular="1"))

    assert resposta.context["simulacao"].agora >= antes


def test_simulating_with_an_error_says_it_instead(operador):
    assert erros(operador.post(INSERIR, digitado(hora="99", simular="1"))) == {"hora": ["Hora inválida."]}


# Consultar Processos


def codigos(resposta) -> list[int]:
    return [linha.pk for linha in resposta.context["pagina"].linhas]


@pytest.fixture
def tres(novo_processo, registrar, agora, admin_user) -> list[ProcessoIniciado]:
    """Three of two processes, one a day, the last one of the administrator and ended."""
    registrar("a")
    um, outro = novo_processo("a"), novo_processo("a", pk=9002)
    feitos = [
        iniciar(processo.pk, usuario=quem, agendado_para=agora + timedelta(days=dia), agora=agora)
        for processo, quem, dia in ((um, None, 0), (outro, None, 1), (um, admin_user, 2))
    ]
    ProcessoIniciado.objects.filter(pk=feitos[2].pk).update(
        situacao=Situacao.CONCLUIDO, iniciado_em=agora + timedelta(days=2), concluido_em=agora + timedelta(days=3)
    )
    return feitos


def test_the_list_has_the_newest_first(operador, tres):
    assert codigos(operador.get("/batch/")) == [iniciado.pk for iniciado in reversed(tres)]


def test_each_filter_finds_what_it_says(operador, tres, admin_user):
    um, outro, terminado = (iniciado.pk for iniciado in tres)
    for filtro, achados in [
        ({"processo": "9002"}, [outro]),
        ({"situacao": "2"}, [terminado]),
        ({"usuario": admin_user.pk}, [terminado]),
        ({"agendamento_de": "11/11/2026"}, [outro]),
        ({"agendamento_de": "10/11/2026", "agendamento_ate": "11/11/2026"}, [outro, um]),
        ({"inicio_de": "12/11/2026"}, [terminado]),
        ({"conclusao_de": "13/11/2026"}, [terminado]),
        ({"comando_de": "10/11/2026"}, [terminado, outro, um]),
        ({"comando_de": "11/11/2026"}, []),
        # The three are scheduled for noon. An empty time is the first, or the last, second of its day.
        ({"agendamento_de": "11/11/2026", "agendamento_de_hora": "12:00:00"}, [outro]),
        ({"agendamento_de": "11/11/2026", "agendamento_de_hora": "12:00:01"}, []),
        ({"agendamento_de": "11/11/2026", "agendamento_ate_hora": "12:00:00"}, [outro]),
        ({"agendamento_de": "11/11/2026", "agendamento_ate_hora": "11:59:59"}, []),
        (
            {"agendamento_de": "10/11/2026", "agendamento_de_hora": "12:00:01", "agendamento_ate": "12/11/2026"},
            [terminado, outro],
        ),
        ({"inicio_de": "12/11/2026", "inicio_ate_hora": "11:59"}, []),
        ({"conclusao_de": "13/11/2026", "conclusao_de_hora": "12:00"}, [terminado]),
        ({"comando_de": "10/11/2026", "comando_ate_hora": "12:00:00"}, [terminado, outro, um]),
    ]:
        assert codigos(operador.get("/batch/", filtro)) == achados, filtro


@pytest.mark.parametrize(
    ("filtro", "erro"),
    [
        ({"processo": "x"}, "Processo deve somente conter números positivos."),
        ({"situacao": "99"}, "Faça uma escolha válida. 99 não é uma das escolhas disponíveis."),
        ({"usuario": "9" * 30}, "Faça uma escolha válida. Sua escolha não é uma das disponíveis."),
        ({"agendamento_de": "32/01/2026"}, "Data inválida: este dia não existe."),
        ({"inicio_ate": "01/01/2026"}, "Informe a data inicial do período."),
        ({"comando_de": "02/01/2026", "comando_ate": "01/01/2026"}, "A data final é anterior à inicial."),
        ({"agendamento_de": "31/12/9999"}, "Informe um ano de 1900 a 2999."),
        ({"agendamento_de_hora": "08:00:00"}, "Informe a data inicial do período."),
        ({"agendamento_de": "10/11/2026", "agendamento_de_hora": "25:00:00"}, "Hora inválida."),
        (
            {"inicio_de": "10/11/2026", "inicio_de_hora": "12:00:00", "inicio_ate_hora": "11:59:59"},
            "A hora final é anterior à inicial.",
        ),
    ],
)
def test_a_filter_that_makes_no_sense_is_said_beside_its_field(operador, tres, filtro, erro):
    resposta = operador.get("/batch/", filtro)

    assert [um for lista in erros(resposta).values() for um in lista] == [erro]
    assert codigos(resposta) == []


def test_the_last_second_of_a_period_is_whole(operador, novo_iniciado, registrar, agora):
    registrar("a")
    iniciado = novo_iniciado("a", agendado_para=agora.replace(hour=23, minute=59, second=59, microsecond=999999))

    assert codigos(operador.get("/batch/", {"agendamento_de": "10/11/2026"})) == [iniciado.pk]


@pytest.mark.parametrize("campo", ["agendado_para", "iniciado_em", "concluido_em", "comandado_em"])
def test_each_period_is_found_by_an_index(db, campo, agora):
    periodo = ProcessoIniciado.objects.filter(**{f"{campo}__gte": agora, f"{campo}__lt": agora + timedelta(days=1)})

    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_seqscan = off")

    assert "Index" in periodo.order_by().explain()


def test_the_list_says_the_month_of_the_bills(operador):
    novo_parametro_sistema(ano_mes_faturamento=202611)

    assertContains(operador.get("/batch/"), "Mês/ano de referência: 11/2026")


def test_an_empty_list_says_what_to_do(operador):
    resposta = operador.get("/batch/")

    assertContains(resposta, "Nenhum processo foi iniciado ainda")
    assertContains(resposta, 'href="/batch/inserir/"')


@pytest.mark.parametrize("caminho", ["/batch/", INSERIR])
def test_the_pages_cost_few_queries(operador, tres, caminho, django_assert_max_num_queries):
    with django_assert_max_num_queries(12):
        operador.get(caminho)


# A process


def rodar(agora) -> None:
    for volta in range(6):
        executar_pendentes(agora + timedelta(seconds=10 * volta))


def test_a_waiting_process_says_why_and_asks_for_itself_again(operador, novo_iniciado, registrar):
    registrar("a")
    iniciado = novo_iniciado("a", agendado_para=timezone.now() + timedelta(minutes=5))

    resposta = operador.get(pagina_de(iniciado))

    assertContains(resposta, "Aguarda a data e a hora do agendamento.")
    assertContains(resposta, 'hx-trigger="every 2s"')


def test_one_for_tomorrow_does_not(operador, novo_iniciado, registrar):
    registrar("a")
    iniciado = novo_iniciado("a", agendado_para=timezone.now() + timedelta(days=1))

    assertNotContains(operador.get(pagina_de(iniciado)), "every 2s")


def test_the_piece_that_refreshes_stops_when_the_process_ended(operador, novo_iniciado, registrar, agora):
    registrar("a", unidades=[1, 2])
    iniciado = novo_iniciado("a")
    andamento = reverse("batch:andamento", args=[iniciado.pk])
    antes = operador.get(andamento)

    rodar(agora)
    depois = operador.get(andamento)

    assertContains(antes, "every 2s")
    assert list(json.loads(antes["HX-Trigger"])) == ["andou"]
    assertNotContains(depois, "every 2s")
    assertContains(depois, "CONCLUÍDO")
    assertContains(depois, "2 de 2")
    assert list(json.loads(depois["HX-Trigger"])) == ["terminou"]


def test_the_balance_is_asked_by_url_and_there_is_a_link_without_javascript(operador, novo_iniciado, registrar):
    registrar("a")
    iniciado = novo_iniciado("a")
    balanco = reverse("mensageria:balanco", args=[iniciado.execucao])

    resposta = operador.get(pagina_de(iniciado))

    assertContains(resposta, f'hx-get="{balanco}"')
    assertContains(resposta, f'href="{balanco}"')


def test_the_process_of_a_run_is_found_by_it(operador, novo_iniciado, registrar):
    registrar("a")
    iniciado = novo_iniciado("a")

    assertRedirects(operador.get(f"/batch/execucao/{iniciado.execucao}/"), pagina_de(iniciado))
    assert operador.get(f"/batch/execucao/{uuid.uuid4()}/").status_code == 404


@pytest.mark.parametrize("pk", [999999, 10**40])
def test_a_process_that_does_not_exist_is_404(operador, pk):
    assert operador.get(f"/batch/{pk}/").status_code == 404
    assert operador.get(f"/batch/funcionalidade/{pk}/unidades/").status_code == 404


@pytest.fixture
def com_erro(novo_iniciado, registrar, agora):
    """A process of two steps: one of three units of the first fails, the first time."""
    falhou = []

    def falhar_uma_vez(trabalho):
        if trabalho.codigo == 2 and not falhou:
            falhou.append(1)
            raise ValueError("Faltou <b>água</b>")
        return {"feitas": trabalho.codigo}

    registrar("a", falhar_uma_vez, unidades=[1, 2, 3])
    registrar("b")
    iniciado = novo_iniciado("a", ("b", 2))
    rodar(agora)
    iniciado.refresh_from_db()
    assert iniciado.situacao == Situacao.CONCLUIDO_COM_ERRO
    return iniciado


def test_an_error_is_shown_in_its_log_and_its_unit_named(operador, com_erro, django_assert_max_num_queries):
    with django_assert_max_num_queries(12):
        resposta = operador.get(pagina_de(com_erro))

    assertContains(resposta, "Log")
    assertContains(resposta, "Faltou &lt;b&gt;água&lt;/b&gt;")
    assertContains(resposta, "Unidades com erro")
    assertContains(resposta, "1 com erro")
    assertContains(resposta, "3 de 3")


def test_the_units_have_those_with_error_first(operador, com_erro, django_assert_max_num_queries):
    funcionalidade = com_erro.funcionalidades.first()

    with django_assert_max_num_queries(12):
        resposta = operador.get(reverse("batch:unidades", args=[funcionalidade.pk]))

    assert [unidade.codigo for unidade in resposta.context["pagina"].linhas] == [2, 3, 1]
    assertContains(resposta, "feitas: 3")
    assertContains(resposta, "2 concluídas")


def test_the_log_says_what_happened_in_words_and_then_the_detail(operador, com_erro, django_assert_max_num_queries):
    falhou = com_erro.funcionalidades.first()

    with django_assert_max_num_queries(12):
        resposta = operador.get(reverse("batch:log", args=[falhou.pk]))

    assertContains(resposta, erros_do_batch.DESCONHECIDO)
    assertContains(resposta, "2 - unidade 2")
    assertContains(resposta, "1 de 3")
    assertContains(resposta, "Traceback")
    assertContains(resposta, "Faltou &lt;b&gt;água&lt;/b&gt;")
    assertContains(operador.get(pagina_de(com_erro)), reverse("batch:log", args=[falhou.pk]))


def test_what_has_no_error_has_a_log_that_says_so(operador, com_erro):
    resposta = operador.get(reverse("batch:log", args=[com_erro.funcionalidades.last().pk]))

    assertContains(resposta, "Esta funcionalidade não tem erro.")


def test_a_funcionalidade_without_units_says_so(operador, com_erro):
    segunda = com_erro.funcionalidades.last()

    assertContains(operador.get(reverse("batch:unidades", args=[segunda.pk])), "ainda não tem unidades")


def test_only_whoever_may_sees_the_actions(operador, supervisor, com_erro):
    assertContains(supervisor.get(pagina_de(com_erro)), "/continuar/")
    assertContains(supervisor.get(pagina_de(com_erro)), "/reiniciar/")
    assertNotContains(operador.get(pagina_de(com_erro)), "/continuar/")
    assertNotContains(operador.get(pagina_de(com_erro)), "/reiniciar/")


def test_a_process_that_has_not_ended_offers_nothing(supervisor, novo_iniciado, registrar):
    registrar("a")
    resposta = supervisor.get(pagina_de(novo_iniciado("a")))

    for acao in ("/continuar/", "/reiniciar/", "/autorizar/"):
        assertNotContains(resposta, acao)


def agir(navegador, iniciado, acao: str, *funcionalidades, **campos):
    dados = {"confirmado": "1", "pedido": str(uuid.uuid4()), "funcionalidade": [f.pk for f in funcionalidades]}
    return navegador.post(reverse(f"batch:{acao}", args=[iniciado.pk]), dados | campos, follow=True)


def test_continuing_asks_redoes_what_failed_and_logs_who_did(supervisor, com_erro, agora):
    falhou = com_erro.funcionalidades.first()
    assertContains(agir(supervisor, com_erro, "continuar", falhou, confirmado=""), "Confirma continuação")

    resposta = agir(supervisor, com_erro, "continuar", falhou)

    assertContains(resposta, "Funcionalidade a continuada.")
    assert LogEntry.objects.get().user == supervisor.pessoa
    rodar(agora + timedelta(hours=1))
    com_erro.refresh_from_db()
    assert com_erro.situacao == Situacao.CONCLUIDO


def test_continuing_twice_by_a_double_click_is_once(supervisor, com_erro):
    falhou = com_erro.funcionalidades.first()
    pedido = str(uuid.uuid4())

    agir(supervisor, com_erro, "continuar", falhou, pedido=pedido)
    segunda = agir(supervisor, com_erro, "continuar", falhou, pedido=pedido)

    assertNotContains(segunda, "não pode ser continuada")
    assert LogEntry.objects.count() == 1


def test_what_somebody_else_continued_meanwhile_is_refused_in_words(supervisor, com_erro):
    falhou = com_erro.funcionalidades.first()
    agir(supervisor, com_erro, "continuar", falhou)

    assertContains(agir(supervisor, com_erro, "continuar", falhou), "A opção selecionada não pode ser continuada.")


@pytest.mark.parametrize("chaves", [[], ["abc"], ["9" * 40], ["9" * 5000], ["٣"]])
def test_choosing_nothing_restarts_nothing(supervisor, com_erro, chaves):
    resposta = agir(supervisor, com_erro, "reiniciar", funcionalidade=chaves)

    assertContains(resposta, "Selecione ao menos uma funcionalidade.")
    assert UnidadeIniciada.objects.count() == 3


def test_restarting_redoes_all_of_what_was_marked(supervisor, com_erro):
    primeira = com_erro.funcionalidades.first()

    resposta = agir(supervisor, com_erro, "reiniciar", primeira)

    assertContains(resposta, "Funcionalidades reiniciadas: a.")
    primeira.refresh_from_db()
    assert primeira.situacao == FuncionalidadeIniciada.Situacao.EM_ESPERA
    assert not primeira.unidades.exists()


def test_a_funcionalidade_of_another_process_is_not_restarted(supervisor, com_erro, novo_processo, agora):
    outro = iniciar(com_erro.processo_id, usuario=None, agendado_para=agora, agora=agora)

    resposta = agir(supervisor, com_erro, "reiniciar", *outro.funcionalidades.all())

    assertContains(resposta, "Selecione ao menos uma funcionalidade.")


def test_a_no_changes_nothing(supervisor, com_erro):
    resposta = agir(supervisor, com_erro, "reiniciar", com_erro.funcionalidades.first(), confirmado="", voltar="1")

    assertRedirects(resposta, pagina_de(com_erro))
    assert UnidadeIniciada.objects.count() == 3


def test_a_process_that_needs_it_is_authorised(operador, supervisor, novo_iniciado, registrar):
    registrar("a")
    iniciado = novo_iniciado("a", exige_autorizacao=True)
    assertContains(operador.get(pagina_de(iniciado)), "Aguarda autorização.")
    assertNotContains(operador.get(pagina_de(iniciado)), "/autorizar/")

    resposta = agir(supervisor, iniciado, "autorizar")

    assertContains(resposta, "Processo autorizado.")
    assertContains(resposta, "Autorizado por")
    assertContains(agir(supervisor, iniciado, "autorizar"), "O processo não está aguardando autorização.")


def test_the_operador_may_not_act_even_by_hand(operador, com_erro):
    for acao in ("autorizar", "continuar", "reiniciar"):
        assert agir(operador, com_erro, acao, com_erro.funcionalidades.first()).status_code == 403


def test_whoever_only_opens_the_address_of_an_action_is_led_to_the_process(supervisor, com_erro):
    for acao in ("autorizar", "continuar", "reiniciar"):
        resposta = supervisor.get(reverse(f"batch:{acao}", args=[com_erro.pk]))
        assertRedirects(resposta, pagina_de(com_erro))


def test_an_action_on_a_process_that_does_not_exist_is_404(supervisor):
    assert supervisor.post("/batch/999999/autorizar/").status_code == 404


@pytest.mark.parametrize(
    ("segundos", "palavras"),
    [
        (0, "0 s"),
        (59.9, "59 s"),
        (60, "1 min 00 s"),
        (3723, "1 h 02 min 03 s"),
        (90061, "25 h 01 min 01 s"),
        (-5, "0 s"),
    ],
)
def test_a_time_is_said_in_hours_minutes_and_seconds(agora, segundos, palavras):
    assert acompanhamento.tempo(agora, agora + timedelta(seconds=segundos)) == palavras


def test_what_has_not_begun_has_no_time(agora):
    assert acompanhamento.tempo(None, agora) == ""


def test_a_process_of_reports_is_not_continued(supervisor, com_erro):
    Processo.objects.filter(pk=com_erro.processo_id).update(tipo=Processo.Tipo.RELATORIO)

    assertNotContains(supervisor.get(pagina_de(com_erro)), "/continuar/")
