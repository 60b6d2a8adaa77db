"""Comandar Ação de Cobrança: a comando is inserted, its documents are made once, and who was left out is told."""

import uuid
from datetime import date, timedelta
from unittest.mock import ANY

import pytest
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import Permission
from django.utils import timezone

from batch import inicio
from batch.execucao import executar_pendentes
from batch.models import ProcessoIniciado
from cadastro.models import ParametroSistema
from cobranca.documentos import gerar_documentos
from cobranca.models import CobrancaDocumento, ComandoAcao, ImovelSemDocumento
from tests.fabricas import (
    nova_acao,
    nova_conta,
    nova_localidade,
    novo_cliente,
    novo_comando,
    novo_imovel,
    novo_parametro_sistema,
    novo_vinculo,
)

LISTA = "/cobranca/comandos/"
INSERIR = "/cobranca/comandos/inserir/"


@pytest.fixture(autouse=True)
def sistema(db):
    return novo_parametro_sistema()


@pytest.fixture
def operador(entrar):
    return entrar("operador")


def dados(**campos) -> dict:
    return {
        "pedido": str(uuid.uuid4()),
        "titulo": "Corte",
        "acao": "",
        "localidade": "",
        "enviar_a_partir_de": "",
    } | campos


def devedor(**cliente):
    """An imóvel with a conta overdue for a month."""
    imovel = novo_imovel()
    usuario = novo_cliente(**cliente)
    novo_vinculo(usuario, imovel)
    vencida = timezone.localdate() - timedelta(days=30)
    nova_conta(imovel=imovel, cliente=usuario, emissao=vencida - timedelta(days=10), vencimento=vencida)
    return imovel


def test_a_comando_is_inserted_with_who_and_when(operador):
    acao, localidade = nova_acao(), nova_localidade(7)

    resposta = operador.post(
        INSERIR, dados(acao=acao.pk, localidade=localidade.pk, enviar_a_partir_de="25/12/2026"), follow=True
    )

    comando = ComandoAcao.objects.get()
    assert "Comando Corte inserido com sucesso." in resposta.text
    assert (comando.acao, comando.localidade, comando.enviar_a_partir_de) == (acao, localidade, date(2026, 12, 25))
    assert comando.criado_por == operador.pessoa
    assert resposta.redirect_chain[-1][0] == f"{LISTA}{comando.pk}/"


def test_a_double_click_inserts_one(operador):
    duas_vezes = dados(acao=nova_acao().pk)

    assert [operador.post(INSERIR, duas_vezes).status_code for _ in range(2)] == [302, 302]
    assert ComandoAcao.objects.count() == 1


@pytest.mark.parametrize(
    ("campos", "erros"),
    [
        ({"titulo": ""}, {"titulo": ["Informe Título."]}),
        ({"acao": ""}, {"acao": ["Informe Ação de Cobrança."]}),
        ({"enviar_a_partir_de": "31/02/2026"}, {"enviar_a_partir_de": ["Data inválida: este dia não existe."]}),
        ({"titulo": "a\0"}, {"titulo": ANY}),
        ({"titulo": "x" * 5000}, {"titulo": ANY}),
        ({"localidade": "9" * 30}, {"localidade": ANY}),
        ({"acao": "x"}, {"acao": ANY}),
    ],
)
def test_each_mistake_is_beside_its_field_and_nothing_is_lost(operador, campos, erros):
    resposta = operador.post(INSERIR, dados(acao=nova_acao().pk) | campos)

    assert resposta.context["form"].errors == erros
    assert not ComandoAcao.objects.exists()
    if "titulo" not in campos:
        assert 'value="Corte"' in resposta.text


def test_only_active_actions_are_commanded(operador):
    inativa = nova_acao(ativa=False)

    assert "Só se comanda uma ação que existe e está ativa." in operador.get(INSERIR).text
    assert operador.post(INSERIR, dados(acao=inativa.pk)).context["form"].errors["acao"]


def test_an_action_not_shown_in_the_eventual_collection_is_not_commanded(operador):
    escondida = nova_acao(exibe_eventual=False)

    assert operador.post(INSERIR, dados(acao=escondida.pk)).context["form"].errors["acao"]


def test_a_comando_that_sends_nothing_is_cancelled_after_a_confirmation(operador):
    devedor()
    comando = novo_comando(nova_acao(por_sms=False, por_email=False, tentativas_email=0))
    gerar_documentos(comando.pk, hoje=timezone.localdate(), agora=timezone.now())
    tela, pedido = f"{LISTA}{comando.pk}/", {"pedido": str(uuid.uuid4())}

    assert "Confirma o cancelamento?" in operador.post(f"{tela}cancelar/", pedido).text
    assert not CobrancaDocumento.objects.get().cancelado
    primeira, segunda = (operador.post(f"{tela}cancelar/", pedido | {"confirmado": "1"}, follow=True) for _ in range(2))

    assert "Comando Comando cancelado com sucesso; 1 documento cancelado." in primeira.text
    assert "já foi cancelado" not in segunda.text
    assert CobrancaDocumento.objects.get().cancelado
    assert "Cancelar comando" not in primeira.text and "Cancelado por" in primeira.text


def test_a_comando_that_sends_messages_is_not_cancelled_and_says_why(operador):
    devedor()
    comando = novo_comando()
    gerar_documentos(comando.pk, hoje=timezone.localdate(), agora=timezone.now())

    resposta = operador.post(f"{LISTA}{comando.pk}/cancelar/", {"pedido": str(uuid.uuid4())}, follow=True)

    assert "Não é possível cancelar documentos de ação de cobrança que envia SMS ou e-mail." in resposta.text
    assert ComandoAcao.objects.get().cancelado_em is None


def test_documents_are_made_once_after_a_confirmation(operador):
    devedor()
    devedor(celular=None, email="")
    comando = novo_comando()
    tela, pedido = f"{LISTA}{comando.pk}/", {"pedido": str(uuid.uuid4())}

    pergunta = operador.post(tela, pedido)

    assert "Confirma a geração dos documentos?" in pergunta.text
    assert not CobrancaDocumento.objects.exists()
    for _ in range(2):
        andando = operador.post(tela, pedido | {"confirmado": "1"}, follow=True)
    assert "Os documentos estão sendo gerados no" in andando.text
    assert f'hx-get="{tela}andamento/"' in andando.text and "Gerar documentos" not in andando.text
    executar_pendentes(timezone.now())
    resposta = operador.get(f"{tela}andamento/")
    assert CobrancaDocumento.objects.count() == 1
    assert "1 documento gerado;" in " ".join(resposta.text.split())
    assert "Usuário sem canal de mensagem" in resposta.text
    assert "Gerar documentos" not in resposta.text and "hx-get" not in resposta.text
    iniciado = ProcessoIniciado.objects.get()
    assert iniciado.situacao == ProcessoIniciado.Situacao.CONCLUIDO and iniciado.usuario == operador.pessoa
    feito = LogEntry.objects.get().get_change_message()
    assert feito == f"Geração dos documentos comandada no processo {iniciado.pk}."


def test_while_its_documents_are_made_a_comando_is_neither_asked_for_again_nor_cancelled(operador):
    comando = novo_comando()
    tela, confirmado = f"{LISTA}{comando.pk}/", {"confirmado": "1"}
    operador.post(tela, confirmado | {"pedido": str(uuid.uuid4())})

    outra = operador.post(tela, confirmado | {"pedido": str(uuid.uuid4())}, follow=True)
    cancelado = operador.post(f"{tela}cancelar/", confirmado | {"pedido": str(uuid.uuid4())}, follow=True)

    iniciado = ProcessoIniciado.objects.get()
    assert f"já estão sendo gerados, no processo {iniciado.pk}." in outra.text
    assert f"espere que o processo {iniciado.pk} termine" in cancelado.text
    assert "Cancelar comando" not in cancelado.text
    assert "gerando documentos" in operador.get(LISTA).text


def test_what_could_not_be_made_says_why_and_is_asked_for_again(operador):
    devedor()
    comando = novo_comando()
    tela = f"{LISTA}{comando.pk}/"
    operador.post(tela, {"confirmado": "1", "pedido": str(uuid.uuid4())})
    ParametroSistema.objects.all().delete()
    executar_pendentes(timezone.now())

    falhou = operador.get(tela)

    assert "Os documentos não foram gerados: Informe os parâmetros do sistema" in " ".join(falhou.text.split())
    assert "Gerar documentos" in falhou.text
    novo_parametro_sistema()
    operador.post(tela, {"confirmado": "1", "pedido": str(uuid.uuid4())})
    executar_pendentes(timezone.now())
    assert "1 documento gerado;" in " ".join(operador.get(tela).text.split())


def test_of_a_process_that_was_cancelled_nothing_is_made(operador):
    devedor()
    comando = novo_comando()
    tela = f"{LISTA}{comando.pk}/"
    operador.post(tela, {"confirmado": "1", "pedido": str(uuid.uuid4())})

    inicio.cancelar(ProcessoIniciado.objects.get(), usuario=operador.pessoa, motivo="Engano", agora=timezone.now())
    executar_pendentes(timezone.now())

    assert not CobrancaDocumento.objects.exists()
    assert "O processo terminou como EXECUÇÃO CANCELADA." in operador.get(tela).text


def test_a_process_of_a_comando_is_not_inserted_by_hand(operador):
    dados = {"tipo": "", "processo": "335", "data": "22/11/2026", "hora": "08:00:00", "confirmado": "1"}

    resposta = operador.post("/batch/inserir/", dados)

    assert resposta.context["form"].errors["processo"] == [
        "O processo 335 começa na página de um comando de ação de cobrança."
    ]
    assert 335 not in [processo.pk for processo in resposta.context["processos"]]


def test_another_form_of_the_same_comando_is_refused(operador):
    comando = novo_comando(gerado_em=timezone.now())

    resposta = operador.post(f"{LISTA}{comando.pk}/", {"confirmado": "1", "pedido": str(uuid.uuid4())}, follow=True)

    assert f"Os documentos do comando {comando.titulo} já foram gerados." in resposta.text


def test_who_answers_no_makes_none(operador):
    comando = novo_comando()

    resposta = operador.post(f"{LISTA}{comando.pk}/", {"voltar": "1"})

    assert "Gerar documentos" in resposta.text
    comando.refresh_from_db()
    assert comando.gerado_em is None


def test_documents_that_would_expire_before_their_messages_leave_are_not_offered(operador):
    novo_parametro_sistema()
    partida = timezone.localdate() + timedelta(days=16)
    comando = novo_comando(nova_acao(dias_de_validade=15), enviar_a_partir_de=partida)
    tela = f"{LISTA}{comando.pk}/"
    palavras = f"As mensagens deste comando saem a partir de {partida:%d/%m/%Y}"

    vista = operador.get(tela)
    mandada = operador.post(tela, {"confirmado": "1"}, follow=True)

    assert palavras in vista.text and "Gerar documentos" not in vista.text
    assert palavras in mandada.text
    comando.refresh_from_db()
    assert comando.geracao is None


def test_who_was_left_out_is_counted_by_reason(operador):
    comando = novo_comando(gerado_em=timezone.now(), documentos_gerados=1234)
    for motivo in (33, 33, 34):
        ImovelSemDocumento.objects.create(comando=comando, imovel=novo_imovel(), motivo=motivo)
    ImovelSemDocumento.objects.create(comando=novo_comando(), imovel=novo_imovel(), motivo=35)

    resposta = operador.get(f"{LISTA}{comando.pk}/")

    motivos = ImovelSemDocumento.Motivo
    assert resposta.context["de_fora"] == [(motivos.SEM_CANAL, 2), (motivos.VALOR_ABAIXO, 1)]
    assert "1.234 documentos gerados; 3 imóveis sem documento." in " ".join(resposta.text.split())


def test_who_may_only_look_neither_commands_nor_makes_documents(entrar):
    leitor = entrar("")
    leitor.pessoa.user_permissions.add(Permission.objects.get(codename="view_comandoacao"))
    comando = novo_comando()

    assert "Inserir comando" not in leitor.get(LISTA).text
    assert "Gerar documentos" not in leitor.get(f"{LISTA}{comando.pk}/").text
    assert leitor.post(f"{LISTA}{comando.pk}/", {"confirmado": "1"}).status_code == 403
    assert leitor.get(INSERIR).status_code == 403


def test_an_empty_list_says_what_to_do(operador):
    assert "Um comando diz de qual ação" in operador.get(LISTA).text


def test_the_pages_ask_few_questions_of_the_database(operador, django_assert_max_num_queries):
    for _ in range(12):
        comando = novo_comando(criado_por=operador.pessoa, localidade=nova_localidade(3))

    for pagina in (LISTA, INSERIR, f"{LISTA}{comando.pk}/"):
        with django_assert_max_num_queries(12):
            operador.get(pagina)
