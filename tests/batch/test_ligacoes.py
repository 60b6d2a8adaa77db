"""Who started a process is told that it ended; what a cancelled one leaves may be cancelled with it."""

from datetime import date, time, timedelta

import pytest
from django.contrib.auth.models import Group, User

from batch import agendamentos
from batch.execucao import executar_pendentes
from batch.inicio import cancelar, continuar, iniciar
from batch.models import Agendamento, Processo, ProcessoIniciado
from config.ligacoes import cancelar_mensagens, mensagens_por_sair
from mensageria import alertas, alertas_email, pausas
from mensageria.estados import Estado
from mensageria.models import Alerta, Canal, DestinatarioAlerta, Lote, Mensagem
from tests.mensageria.apoio import nova_mensagem, por_em

SEMPRE = ProcessoIniciado.Aviso.SEMPRE


@pytest.fixture
def maria(db) -> User:
    pessoa = User.objects.create_user("maria", email="maria@exemplo.com.br")
    pessoa.groups.add(Group.objects.get(name="supervisor"))
    return pessoa


@pytest.fixture
def rodar(novo_processo, registrar, maria, agora):
    """Run a process of Maria's whose only unit fails, or does not, and return it."""

    def com_defeito(trabalho):
        raise TimeoutError("senha=abc123 não respondeu")

    def um(*, falha: bool, usuario: User | None = maria, **campos) -> ProcessoIniciado:
        codigo = "ruim" if falha else "boa"
        registrar(codigo, com_defeito if falha else None)
        novo_processo(codigo)
        iniciado = iniciar(9001, usuario=usuario, agendado_para=agora, agora=agora, **campos)
        executar_pendentes(agora)
        iniciado.refresh_from_db()
        return iniciado

    return um


def test_who_started_it_is_told_that_it_ended_with_error_and_why(rodar, agora):
    iniciado = rodar(falha=True)

    alerta = Alerta.objects.get()
    texto = "\n".join(alertas.paragrafos_em_texto(alerta))
    assert (alerta.tipo, alerta.tambem_para) == (Alerta.Tipo.PROCESSO, "maria@exemplo.com.br")
    assert alerta.titulo == f"Processo Iniciado {iniciado.pk}: Concluído com Erro"
    assert "iniciado por maria, terminou com erro em 10/11/2026 às 12:00." in texto
    assert "ruim: Um servidor de que o processo depende não respondeu a tempo. (funcionalidade)" in texto
    assert "abc123" not in alerta.texto
    assert alerta.caminho == f"/batch/{iniciado.pk}/"
    assert alerta in alertas.abertos(agora + timedelta(days=3)), "it stands on the Painel until it is over"


def test_only_who_started_it_gets_the_email(rodar):
    DestinatarioAlerta.objects.create(email="todos@exemplo.com.br")
    rodar(falha=True)

    assert alertas_email._destinos(Alerta.objects.get()) == ["maria@exemplo.com.br"]


def test_an_end_without_error_is_told_by_choice(rodar):
    rodar(falha=False)

    assert not Alerta.objects.exists()


def test_an_end_without_error_that_was_asked_for_is_news(rodar, agora):
    rodar(falha=False, avisar=SEMPRE)

    alerta = Alerta.objects.get()
    assert (alerta.tipo, alerta.tambem_para) == (Alerta.Tipo.FIM, "maria@exemplo.com.br")
    assert "terminou sem erros" in alerta.texto
    assert alertas.e_noticia(alerta)
    assert alerta not in alertas.abertos(agora + timedelta(days=2))


def test_an_error_that_was_mended_leaves_the_painel(rodar, registrar, agora):
    iniciado = rodar(falha=True)
    iniciado.funcionalidades.update(situacao=4)
    iniciado.funcionalidades.get().unidades.update(situacao=2)
    continuar(iniciado.funcionalidades.get(), usuario=None)

    executar_pendentes(agora + timedelta(minutes=1))

    iniciado.refresh_from_db()
    assert iniciado.situacao == ProcessoIniciado.Situacao.CONCLUIDO
    assert not alertas.abertos(agora + timedelta(minutes=1)).exists()


def test_one_that_nobody_started_is_told_on_the_painel_alone(rodar):
    rodar(falha=True, usuario=None)

    assert Alerta.objects.get().tambem_para == ""


def test_somebody_who_left_gets_no_email(rodar, maria):
    User.objects.update(is_active=False)
    rodar(falha=True)

    assert Alerta.objects.get().tambem_para == ""


def test_who_did_not_cancel_it_is_told_who_did(novo_processo, registrar, maria, agora):
    registrar("a")
    novo_processo("a")
    chefia = User.objects.create_user("chefia")
    de_outro, proprio = (iniciar(9001, usuario=maria, agendado_para=agora, agora=agora) for _ in range(2))

    cancelar(proprio, usuario=maria, motivo="Engano", agora=agora)
    assert not Alerta.objects.exists()
    cancelar(de_outro, usuario=chefia, motivo="Texto errado", agora=agora)

    assert "foi cancelado por chefia em 10/11/2026 às 12:00: Texto errado" in Alerta.objects.get().texto


def test_whoever_made_an_agendamento_is_told_what_was_not_commanded(novo_processo, registrar, maria, agora):
    registrar("a")
    novo_processo("a")
    diario = {"repeticao": Agendamento.Repeticao.DIAS, "intervalo": 1, "hora": time(13, 0)}
    agendamento = Agendamento(processo_id=9001, criado_por=maria, a_partir_de=date(2026, 11, 10), **diario)
    agendamentos.guardar(agendamento, agora=agora)
    Processo.objects.update(ativo=False)

    agendamentos.comandar_devidos(agora + timedelta(hours=1))

    alerta = Alerta.objects.get()
    assert alerta.tambem_para == "maria@exemplo.com.br"
    assert "não foi comandado: O processo está inativo e não pode ser iniciado." in alerta.texto


def test_a_listener_that_fails_leaves_the_end_as_it_is(rodar, monkeypatch):
    def falhar(*_, **__):
        raise RuntimeError("inesperado")

    monkeypatch.setattr("config.ligacoes.alertas.avisar", falhar)

    assert rodar(falha=True).situacao == ProcessoIniciado.Situacao.CONCLUIDO_COM_ERRO


# What a cancelled process leaves


@pytest.fixture
def lote(db, novo_336) -> Lote:
    """Three messages by leaving, one being sent and one sent."""
    iniciado = novo_336()
    mensagem = nova_mensagem()
    lote = mensagem.lote
    Lote.objects.filter(pk=lote.pk).update(execucao=iniciado.execucao)
    lote.refresh_from_db()
    for estado in (Estado.PENDENTE, Estado.PENDENTE, Estado.EM_ENVIO, Estado.ENVIADA):
        outra = nova_mensagem(lote=lote)
        if estado != Estado.PENDENTE:
            por_em(outra, estado)
    return lote


def test_what_has_not_left_is_counted(lote):
    assert mensagens_por_sair(lote.execucao) == 4


def test_what_has_not_left_is_cancelled_with_the_reason_and_what_is_leaving_is_let_go(lote, maria, agora):
    feito = cancelar_mensagens(lote.execucao, usuario=maria, motivo="Texto errado", agora=agora)

    assert feito.startswith("Mensagens canceladas: 3. Restam 1:")
    canceladas = Mensagem.objects.filter(estado=Estado.CANCELADA)
    assert set(canceladas.values_list("motivo", "pedido_por")) == {("Cancelada pelo operador: Texto errado", maria.pk)}
    assert Mensagem.objects.filter(estado=Estado.ENVIADA).count() == 1
    lote.refresh_from_db()
    assert lote.pausado_em == agora


def test_what_does_not_fit_in_a_request_is_held(lote, maria, agora, monkeypatch):
    Mensagem.objects.filter(estado=Estado.EM_ENVIO).update(estado=Estado.ENVIADA, reserva=None)
    monkeypatch.setattr(pausas, "BLOCO", 1)
    monkeypatch.setattr(pausas, "POR_VEZ", 2)

    feito = cancelar_mensagens(lote.execucao, usuario=maria, motivo="Texto errado", agora=agora)

    assert feito.startswith("Mensagens canceladas: 2. Restam 1:")
    lote.refresh_from_db()
    assert lote.pausado_em == agora


def test_a_lote_that_sent_all_is_not_paused(lote, maria, agora):
    enviada = nova_mensagem(lote=Lote.objects.create(execucao=lote.execucao, origem=lote.origem, canal=Canal.SMS))
    Lote.objects.filter(pk=enviada.lote_id).update(ultimas="x")
    por_em(enviada, Estado.ENVIADA)

    cancelar_mensagens(lote.execucao, usuario=maria, motivo="x", agora=agora)

    lote.refresh_from_db()
    assert lote.pausado_em == agora, "one of it is still leaving"
    assert Lote.objects.get(pk=enviada.lote_id).ultimas == "x", "whose pause ends begins to count anew"


def test_when_nothing_is_left_the_pause_is_over(lote, maria, agora):
    Mensagem.objects.filter(estado=Estado.EM_ENVIO).update(estado=Estado.ENVIADA, reserva=None)

    assert cancelar_mensagens(lote.execucao, usuario=maria, motivo="x", agora=agora) == "Mensagens canceladas: 3."
    lote.refresh_from_db()
    assert lote.pausado_em is None
