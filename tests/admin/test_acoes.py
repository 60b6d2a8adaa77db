"""Actions ask for what they need, call the functions of the product, and answer in words."""

from datetime import timedelta
from decimal import Decimal

import pytest
from django.contrib.admin.models import LogEntry
from django.contrib.messages import get_messages
from django.utils import timezone

from batch.execucao import executar_pendentes
from batch.models import (
    FuncionalidadeIniciada,
    Processo,
    ProcessoFuncionalidade,
    ProcessoIniciado,
    UnidadeIniciada,
)
from cobranca.models import CobrancaDocumento, ImovelSemDocumento
from mensageria.estados import Estado, Motivo
from mensageria.models import Canal, Lote, Mensagem, NaoGerada
from tests.fabricas import (
    nova_conta,
    nova_localidade,
    novo_cliente,
    novo_comando,
    novo_imovel,
    novo_parametro_sistema,
    novo_vinculo,
)
from tests.mensageria.apoio import nova_mensagem, por_em

MENSAGENS = "/admin/mensageria/mensagem/"
PROCESSOS = "/admin/batch/processoiniciado/"
COMANDOS = "/admin/cobranca/comandoacao/"


def agir(navegador, lista: str, acao: str, *objetos, **campos):
    dados = {"action": acao, "_selected_action": [objeto.pk for objeto in objetos], "index": 0, "select_across": 0}
    return navegador.post(lista, dados | campos)


def ditas(resposta) -> str:
    return " ".join(str(mensagem) for mensagem in get_messages(resposta.wsgi_request))


@pytest.fixture
def supervisor(entrar):
    return entrar("supervisor")


# Messages


def em_vigor(estado: Estado) -> Mensagem:
    return por_em(nova_mensagem(expira_em=timezone.now() + timedelta(days=3)), estado)


@pytest.mark.parametrize(
    ("acao", "de", "campos", "para"),
    [
        ("reenviar", Estado.FALHA, {}, Estado.PENDENTE),
        ("reenviar", Estado.INCERTA, {}, Estado.PENDENTE),
        ("resolver_incertas", Estado.INCERTA, {"como": 3}, Estado.ENVIADA),
        ("resolver_incertas", Estado.INCERTA, {"como": 5}, Estado.FALHA),
        ("resolver_incertas", Estado.INCERTA, {"como": 6}, Estado.CANCELADA),
        ("cancelar", Estado.PENDENTE, {}, Estado.CANCELADA),
        ("cancelar", Estado.INCERTA, {}, Estado.CANCELADA),
    ],
)
def test_a_decision_asks_the_reason_and_keeps_it(acao, de, campos, para, supervisor):
    mensagem = em_vigor(de)

    pergunta = agir(supervisor, MENSAGENS, acao, mensagem)
    assert "motivo" in pergunta.context["form"].fields
    sem_motivo = agir(supervisor, MENSAGENS, acao, mensagem, decidir="1", motivo=" ", **campos)
    assert "Informe o motivo." in sem_motivo.content.decode()
    mensagem.refresh_from_db()
    assert mensagem.estado == de

    resposta = agir(supervisor, MENSAGENS, acao, mensagem, decidir="1", motivo="O cliente pediu", **campos)
    assert resposta.status_code == 302
    mensagem.refresh_from_db()
    assert mensagem.estado == para
    assert (mensagem.pedido_por, mensagem.pedido_motivo) == (supervisor.pessoa, "O cliente pediu")


def test_what_was_uncertain_is_not_resolved_without_saying_how(supervisor):
    mensagem = em_vigor(Estado.INCERTA)
    resposta = agir(supervisor, MENSAGENS, "resolver_incertas", mensagem, decidir="1", motivo="Sei")
    assert "Informe o que houve com as mensagens." in resposta.content.decode()
    assert (
        agir(supervisor, MENSAGENS, "resolver_incertas", mensagem, decidir="1", motivo="Sei", como=1).status_code == 200
    )


def test_messages_that_cannot_be_decided_are_counted_and_left_alone(supervisor):
    pode, nao_pode = em_vigor(Estado.FALHA), em_vigor(Estado.ENVIADA)
    resposta = agir(supervisor, MENSAGENS, "reenviar", pode, nao_pode, decidir="1", motivo="De novo")
    assert "Mensagens: 1 de volta à fila." in ditas(resposta)
    assert "Mensagens: 1 ficaram como estavam" in ditas(resposta)
    nao_pode.refresh_from_db()
    assert nao_pode.estado == Estado.ENVIADA


@pytest.mark.parametrize("acao", ["reenviar", "resolver_incertas", "cancelar"])
@pytest.mark.parametrize("grupo", ["operador", ""])
def test_who_may_not_decide_is_refused_by_the_server(acao, grupo, entrar):
    mensagem = em_vigor(Estado.INCERTA)
    agir(entrar(grupo), MENSAGENS, acao, mensagem, decidir="1", motivo="Porque sim", como=3)
    mensagem.refresh_from_db()
    assert mensagem.estado == Estado.INCERTA


def test_too_many_messages_at_once_are_refused(supervisor, monkeypatch):
    monkeypatch.setattr("mensageria.admin.LIMITE_DE_DECISAO", 1)
    mensagens = [em_vigor(Estado.FALHA), em_vigor(Estado.FALHA)]
    resposta = agir(supervisor, MENSAGENS, "reenviar", *mensagens, decidir="1", motivo="Todas")
    assert "no máximo" in ditas(resposta)
    assert not Mensagem.objects.filter(estado=Estado.PENDENTE).exists()


@pytest.mark.parametrize(
    ("motivo", "palavras"),
    [
        (Motivo.PRAZO, "Prazo"),
        (Motivo.OBJETO_ALTERADO, "Valor ou vencimento alterado"),
        (f"{Motivo.SEM_CONTEXTO}: O SMS teria 301 posições", "Dados incompletos para compor: O SMS teria 301 posições"),
        ("550: caixa inexistente", "550: caixa inexistente"),
    ],
)
def test_the_reason_of_a_message_is_shown_in_words(motivo, palavras, chefe):
    mensagem = nova_mensagem(motivo=motivo)
    for url in (MENSAGENS, f"{MENSAGENS}{mensagem.pk}/change/"):
        assert palavras in chefe.get(url).content.decode()


# Commands


def test_an_operator_generates_the_documents_of_a_command_once(entrar):
    novo_parametro_sistema()
    hoje = timezone.localdate()
    for valor in ("50.00", "90.00"):
        imovel, cliente = novo_imovel(), novo_cliente()
        novo_vinculo(cliente, imovel)
        nova_conta(imovel=imovel, cliente=cliente, valor=valor, vencimento=hoje - timedelta(days=30))
    comando = novo_comando()
    type(comando.acao.criterio).objects.update(valor_minimo=Decimal("60"))
    operador = entrar("operador")

    assert "Geração dos documentos comandada no processo" in ditas(
        agir(operador, COMANDOS, "gerar_documentos", comando)
    )
    assert "já estão sendo gerados" in ditas(agir(operador, COMANDOS, "gerar_documentos", comando))
    executar_pendentes(timezone.now())
    assert CobrancaDocumento.objects.count() == ImovelSemDocumento.objects.count() == 1
    assert "já foram gerados" in ditas(agir(operador, COMANDOS, "gerar_documentos", comando))
    assert LogEntry.objects.filter(user=operador.pessoa).count() == 1


def test_without_the_parameters_of_the_system_no_document_is_made_and_it_says_why(entrar):
    resposta = agir(entrar("operador"), COMANDOS, "gerar_documentos", novo_comando())
    assert "Informe os parâmetros do sistema" in ditas(resposta)


def test_who_may_not_make_documents_is_refused(entrar):
    novo_parametro_sistema()
    comando = novo_comando()
    agir(entrar(""), COMANDOS, "gerar_documentos", comando)
    comando.refresh_from_db()
    assert comando.gerado_em is None


# Processes


def pedido(**campos) -> dict:
    return {"processo": 336, "agendado_para_0": "10/11/2026", "agendado_para_1": "08:00:00", "precedente": ""} | campos


def test_an_operator_starts_process_336(entrar):
    operador = entrar("operador")
    assert operador.post(f"{PROCESSOS}add/", pedido(complemento="teste")).status_code == 302
    iniciado = ProcessoIniciado.objects.get()
    assert (iniciado.usuario, iniciado.complemento) == (operador.pessoa, "teste")
    assert timezone.localtime(iniciado.agendado_para).isoformat() == "2026-11-10T08:00:00-03:00"
    assert iniciado.funcionalidades.count() == ProcessoFuncionalidade.objects.filter(processo=336).count()
    assert str(LogEntry.objects.get().object_id) == str(iniciado.pk)


def test_a_process_waits_for_one_that_has_not_ended(entrar, novo_336):
    operador, primeiro = entrar("operador"), novo_336()
    assert operador.post(f"{PROCESSOS}add/", pedido(precedente=primeiro.pk)).status_code == 302
    ProcessoIniciado.objects.filter(pk=primeiro.pk).update(situacao=ProcessoIniciado.Situacao.CONCLUIDO)
    recusado = operador.post(f"{PROCESSOS}add/", pedido(precedente=primeiro.pk))
    assert recusado.context["adminform"].form.errors == {"precedente": ["Processo inexistente."]}


def test_what_the_start_refuses_is_said_and_nothing_is_stored(entrar):
    ProcessoFuncionalidade.objects.update(ativo=False)
    resposta = entrar("operador").post(f"{PROCESSOS}add/", pedido(), follow=True)
    assert "O processo não tem funcionalidades ativas." in resposta.content.decode()
    assert not ProcessoIniciado.objects.exists()


def test_an_inactive_process_is_not_offered(entrar):
    Processo.objects.update(ativo=False)
    resposta = entrar("operador").post(f"{PROCESSOS}add/", pedido())
    assert "processo" in resposta.context["adminform"].form.errors


def test_a_supervisor_authorises(entrar, novo_336):
    iniciado = novo_336(situacao=ProcessoIniciado.Situacao.AGUARDANDO_AUTORIZACAO)
    supervisor = entrar("supervisor")
    assert "autorizado" in ditas(agir(supervisor, PROCESSOS, "autorizar", iniciado))
    iniciado.refresh_from_db()
    assert (iniciado.situacao, iniciado.autorizado_por) == (ProcessoIniciado.Situacao.EM_ESPERA, supervisor.pessoa)
    assert "não está aguardando autorização" in ditas(agir(supervisor, PROCESSOS, "autorizar", iniciado))


def com_erro(iniciado: ProcessoIniciado) -> FuncionalidadeIniciada:
    ProcessoIniciado.objects.filter(pk=iniciado.pk).update(situacao=ProcessoIniciado.Situacao.CONCLUIDO_COM_ERRO)
    parada = iniciado.funcionalidades.first()
    parada.situacao = FuncionalidadeIniciada.Situacao.CONCLUIDA_COM_ERRO
    parada.save()
    for codigo, situacao in ((1, 2), (2, 4)):
        UnidadeIniciada.objects.create(
            funcionalidade=parada, codigo=codigo, situacao=situacao, erro="Traceback: falhou" if situacao == 4 else ""
        )
    return parada


def test_a_supervisor_continues_what_failed_and_keeps_what_was_done(entrar, novo_336):
    iniciado = novo_336()
    parada = com_erro(iniciado)
    assert "continuado" in ditas(agir(entrar("supervisor"), PROCESSOS, "continuar", iniciado))
    assert sorted(parada.unidades.values_list("codigo", "situacao")) == [(1, 2), (2, 3)]


def test_a_process_with_nothing_to_continue_says_so(entrar, novo_336):
    assert "não tem funcionalidade a continuar" in ditas(agir(entrar("supervisor"), PROCESSOS, "continuar", novo_336()))


def test_a_supervisor_restarts_what_ended_and_one_that_refuses_stops_no_other(entrar, novo_336):
    rodando, terminado = novo_336(), novo_336()
    com_erro(terminado)
    resposta = agir(entrar("supervisor"), PROCESSOS, "reiniciar", rodando, terminado)
    assert f"Processo {rodando.pk}: O processo ainda não terminou" in ditas(resposta)
    assert f"Processo {terminado.pk} reiniciado." in ditas(resposta)
    assert not UnidadeIniciada.objects.exists()


@pytest.mark.parametrize("acao", ["autorizar", "continuar", "reiniciar"])
@pytest.mark.parametrize("grupo", ["operador", ""])
def test_who_may_not_operate_a_process_is_refused_by_the_server(acao, grupo, entrar, novo_336):
    situacao = ProcessoIniciado.Situacao
    iniciado = novo_336()
    com_erro(iniciado)
    if acao == "autorizar":
        ProcessoIniciado.objects.update(situacao=situacao.AGUARDANDO_AUTORIZACAO)
    antes = ProcessoIniciado.objects.get().situacao
    agir(entrar(grupo), PROCESSOS, acao, iniciado)
    assert ProcessoIniciado.objects.get().situacao == antes
    assert UnidadeIniciada.objects.filter(situacao=4).exists()


def test_the_page_of_a_process_shows_its_steps_its_balance_and_who_was_left_out(entrar, novo_336):
    iniciado = novo_336()
    com_erro(iniciado)
    lote = Lote.objects.create(
        execucao=iniciado.execucao, origem="faturamento", canal=Canal.SMS, localidade=nova_localidade(7)
    )
    for _ in range(3):
        nova_mensagem(canal=Canal.SMS, lote=lote)
    deixadas = {"execucao": iniciado.execucao, "unidade": 7, "localidade_id": 7}
    NaoGerada.objects.create(origem="faturamento", objeto_id=1, motivo="ainda_nao", **deixadas)
    NaoGerada.objects.create(origem="faturamento", objeto_id=2, motivo="sem_email", canal=Canal.EMAIL, **deixadas)
    NaoGerada.objects.create(origem="cobranca", objeto_id=3, motivo="vencido", **deixadas)

    html = entrar("supervisor").get(f"{PROCESSOS}{iniciado.pk}/change/").content.decode()
    for texto in (
        "Gerar mensagens de faturamento",
        "1 de 2",
        "(1 com erro)",
        "Traceback: falhou",
        "LOCALIDADE 7",
        "O balanço fecha",
        "Ainda não chegou o dia",
        "Cliente sem e-mail",
        "Validade do documento, ou vencimento da ficha, passou",
        'value="continuar"',
        'value="reiniciar"',
    ):
        assert texto in html
    assert 'value="autorizar"' not in html

    do_operador = entrar("operador").get(f"{PROCESSOS}{iniciado.pk}/change/").content.decode()
    assert "O balanço fecha" in do_operador
    assert 'class="operacoes"' not in do_operador


def test_the_page_of_a_process_shows_a_bounded_number_of_units(chefe, novo_336, django_assert_max_num_queries):
    iniciado = novo_336()
    primeira = iniciado.funcionalidades.first()
    UnidadeIniciada.objects.bulk_create(
        UnidadeIniciada(funcionalidade=primeira, codigo=codigo, descricao=f"UNIDADE {codigo}") for codigo in range(300)
    )
    UnidadeIniciada.objects.filter(codigo=299).update(situacao=4)
    with django_assert_max_num_queries(20):
        html = chefe.get(f"{PROCESSOS}{iniciado.pk}/change/").content.decode()
    assert html.count("<td>UNIDADE ") == 100
    assert "<td>UNIDADE 299</td>" in html  # with error, so first
    assert f"unidadeiniciada/?q={iniciado.pk}" in html


def test_the_page_says_why_a_process_waits(chefe, novo_336):
    iniciado = novo_336(situacao=ProcessoIniciado.Situacao.AGUARDANDO_AUTORIZACAO)
    assert "Aguarda autorização." in chefe.get(f"{PROCESSOS}{iniciado.pk}/change/").content.decode()


def test_the_messages_of_a_run_are_listed_from_its_page(chefe, uma_de_cada):
    nova_mensagem()
    resposta = chefe.get(f"{MENSAGENS}?lote__execucao__exact={uma_de_cada.execucao}")
    assert resposta.status_code == 200
    assert resposta.context["cl"].result_count == 1
    assert chefe.get(f"/admin/mensageria/naogerada/?q={uma_de_cada.execucao}").context["cl"].result_count == 1
