"""Process 336 whole: generation by unit, sending, twice, at once, killed midway."""

import signal
import subprocess
import sys
import threading
import time
from collections import Counter
from datetime import timedelta

import pytest
from django.db import connection
from django.utils import timezone

from batch.execucao import executar, executar_pendentes, tique
from batch.inicio import continuar, iniciar
from batch.models import FuncionalidadeIniciada, ProcessoIniciado, UnidadeIniciada
from cobranca.documentos import gerar_documentos
from mensageria import balanco, envio, recuperacao
from mensageria.estados import Estado
from mensageria.models import Canal, Mensagem, NaoGerada
from simuladores.sms import GatewaySMSSimulado
from simuladores.smtp import Ordem, ServidorSMTP
from tests.fabricas import (
    HOJE,
    meio_dia,
    nova_conta,
    nova_localidade,
    novas_saidas,
    novo_cliente,
    novo_comando,
    novo_imovel,
    novo_parametro,
    novo_parametro_sistema,
    novo_vinculo,
)
from tests.processos import ambiente_com_este_banco, esperar

AGORA = meio_dia(HOJE)
Situacao = ProcessoIniciado.Situacao


@pytest.fixture
def mundo(db):
    """Parameters, a text, and both servers; yields (smtp, sms, servico, gateway)."""
    with ServidorSMTP() as smtp, GatewaySMSSimulado(token="segredo") as sms:
        novo_parametro_sistema()
        novo_parametro()
        yield smtp, sms, *novas_saidas(smtp=("127.0.0.1", smtp.porta), sms=sms.url)


def comandar(agora=AGORA) -> ProcessoIniciado:
    return iniciar(336, usuario=None, agendado_para=agora, agora=agora)


def rodar(iniciado: ProcessoIniciado, servicos, agora=AGORA, voltas: int = 20) -> ProcessoIniciado:
    """Ticks and turns, with a clock that moves ten seconds at a time."""
    for volta in range(voltas):
        instante = agora + timedelta(seconds=10 * volta)
        executar_pendentes(instante)
        for servico in servicos:
            servico.refresh_from_db()
            if type(servico).objects.disponiveis(instante).filter(pk=servico.pk).exists():
                envio.enviar(servico, relogio=lambda instante=instante: instante)
        iniciado.refresh_from_db()
        if iniciado.concluido_em:
            break
    return iniciado


def test_process_336_has_its_steps(db):
    from batch.models import Processo

    processo = Processo.objects.get(pk=336)

    assert processo.descricao == "Envio de E-mail/SMS Cobrança e Faturamento"
    assert processo.tipo == Processo.Tipo.EVENTUAL
    assert list(processo.funcionalidades.values_list("sequencial", "codigo")) == [
        (1, "gerar-mensagens-faturamento"),
        (2, "gerar-mensagens-cobranca"),
        (3, "enviar-emails"),
        (3, "transmitir-sms"),
        (4, "processar-retorno-sms"),
    ]


def test_it_announces_contas_and_documents_and_concludes(mundo):
    smtp, sms, *servicos = mundo
    nova_conta(imovel=novo_imovel(localidade=nova_localidade(1)))
    nova_conta(imovel=novo_imovel(localidade=nova_localidade(2)))
    devedor = nova_conta(vencimento=HOJE - timedelta(days=30), referencia=202609)
    novo_vinculo(novo_cliente(), devedor.imovel)
    comando = novo_comando()
    gerar_documentos(comando.pk, hoje=HOJE, agora=AGORA)

    iniciado = rodar(comandar(), servicos)

    assert iniciado.situacao == Situacao.CONCLUIDO
    assert len(smtp.recebidas) == len(sms.recebidas) == 3
    unidades = UnidadeIniciada.objects.filter(funcionalidade__sequencial__lte=2).values_list(
        "funcionalidade__sequencial", "codigo"
    )
    assert set(unidades) == {(1, 1), (1, 2), (2, comando.pk)}
    linhas = balanco.da_execucao(iniciado.execucao, AGORA, contar=True)
    assert len(linhas) == 6 and all(linha.fecha and linha.enviadas == 1 for linha in linhas)


def test_it_says_how_many_were_left_out_and_why(mundo):
    nova_conta(pago_em=HOJE)
    nova_conta(vencimento=HOJE + timedelta(days=20))
    nova_conta(cliente=novo_cliente(por_sms=False))

    iniciado = rodar(comandar(), mundo[2:])

    assert balanco.nao_geradas(iniciado.execucao) == [
        ("faturamento", Canal.SMS, "sms_desligado", 1),
        ("faturamento", None, "ainda_nao", 1),
        ("faturamento", None, "paga", 1),
    ]


def test_twice_sends_nothing_twice(mundo):
    smtp, sms, *servicos = mundo
    for _ in range(5):
        nova_conta()

    rodar(comandar(), servicos)
    segundo = rodar(comandar(AGORA + timedelta(hours=1)), servicos, AGORA + timedelta(hours=1))

    assert segundo.situacao == Situacao.CONCLUIDO
    assert len(smtp.recebidas) == len(sms.recebidas) == 5
    assert Counter(NaoGerada.objects.filter(execucao=segundo.execucao).values_list("motivo", flat=True)) == {
        "ja_anunciada": 10
    }


def test_a_conta_whose_day_had_not_come_is_taken_by_a_later_run(mundo):
    nova_conta(vencimento=HOJE + timedelta(days=6))
    rodar(comandar(), mundo[2:])
    assert not mundo[0].recebidas

    amanha = AGORA + timedelta(days=1)
    rodar(comandar(amanha), mundo[2:], amanha)

    assert len(mundo[0].recebidas) == 1


def test_it_stays_open_while_a_message_of_the_run_is_not_at_its_end(mundo, settings):
    settings.ESPERA_ENTRE_TENTATIVAS = 3600
    nova_conta()
    mundo[0].ordenar(Ordem("RCPT", codigo=451, texto="4.3.0 depois"))

    iniciado = rodar(comandar(), mundo[2:])
    assert iniciado.situacao == Situacao.EM_PROCESSAMENTO

    no_limite = Mensagem.objects.first().expira_em
    envio.varrer_prazo(no_limite)
    iniciado = rodar(iniciado, mundo[2:], no_limite)
    assert iniciado.situacao == Situacao.CONCLUIDO
    assert Mensagem.objects.get(canal=Canal.EMAIL).motivo == "prazo"


def test_programadas_do_not_hold_it_open(mundo):
    devedor = nova_conta(vencimento=HOJE - timedelta(days=30), referencia=202609)
    novo_vinculo(novo_cliente(), devedor.imovel)
    comando = novo_comando(enviar_a_partir_de=HOJE + timedelta(days=2))
    gerar_documentos(comando.pk, hoje=HOJE, agora=AGORA)

    iniciado = rodar(comandar(), mundo[2:])

    assert iniciado.situacao == Situacao.CONCLUIDO
    linhas = balanco.da_execucao(iniciado.execucao, AGORA)
    assert [(linha.pendentes, linha.programadas) for linha in linhas] == [(1, 1), (1, 1)]
    assert not mundo[0].recebidas
    envio.enviar(mundo[2], relogio=lambda: meio_dia(HOJE + timedelta(days=2)))
    assert len(mundo[0].recebidas) == 1


def test_without_a_text_it_ends_with_the_error_and_goes_on_after_continuar(mundo):
    from faturamento.models import ParametroMensagem

    ParametroMensagem.objects.all().delete()
    nova_conta()
    iniciado = rodar(comandar(), mundo[2:])
    falha = FuncionalidadeIniciada.objects.get(iniciado=iniciado, sequencial=1)
    assert iniciado.situacao == Situacao.CONCLUIDO_COM_ERRO
    assert "Não há texto de faturamento em vigor" in falha.erro

    novo_parametro()
    continuar(falha, usuario=None)
    iniciado = rodar(iniciado, mundo[2:], AGORA + timedelta(minutes=5))

    assert iniciado.situacao == Situacao.CONCLUIDO
    assert len(mundo[0].recebidas) == 1


@pytest.mark.django_db(transaction=True)
def test_two_runs_at_once_from_two_workers_send_each_message_once(mundo):
    smtp, sms, *servicos = mundo
    for numero in range(40):
        nova_conta(imovel=novo_imovel(localidade=nova_localidade(1 + numero % 4)))
    iniciados = [comandar(), comandar()]
    unidades = tique(AGORA)

    def trabalhar(fatia):
        try:
            for unidade in fatia:
                executar(unidade, agora=AGORA)
            for servico in servicos:
                envio.enviar(servico, relogio=lambda: AGORA)
        finally:
            connection.close()

    trabalhadores = [threading.Thread(target=trabalhar, args=(unidades[n::2],)) for n in range(2)]
    for t in trabalhadores:
        t.start()
    for t in trabalhadores:
        t.join()
    for iniciado in iniciados:
        rodar(iniciado, servicos)

    assert {i.situacao for i in iniciados} == {Situacao.CONCLUIDO}
    assert Counter(r.destinos for r in smtp.recebidas).most_common(1)[0][1] == 1
    assert len(smtp.recebidas) == len(sms.recebidas) == Mensagem.objects.count() / 2 == 40
    assert balanco.conferir() == []


EM_OUTRO_PROCESSO = """
import os, sys
import django
django.setup()
from django.db import connection
from django.utils import timezone
from batch.execucao import executar
from faturamento import avisos, processo336
import time

unidade, sinal = int(sys.argv[1]), sys.argv[2]
verdadeira = avisos.gerar_avisos

def gerar_e_travar(**opcoes):
    resultado = verdadeira(**opcoes)
    open(sinal, "w").close()
    time.sleep(600)
    return resultado

avisos.gerar_avisos = gerar_e_travar
executar(unidade, agora=timezone.now())
"""


@pytest.mark.processos
@pytest.mark.django_db(transaction=True)
def test_a_worker_killed_in_the_middle_of_a_unit_is_resumed_by_the_tick(mundo, tmp_path):
    smtp, sms, *servicos = mundo
    hoje = timezone.localdate()
    for _ in range(10):
        nova_conta(vencimento=hoje)
    agora = timezone.now()
    iniciado = comandar(agora)
    (unidade,) = tique(agora)
    pronto = tmp_path / "gerou"

    trabalhador = subprocess.Popen(
        [sys.executable, "-c", EM_OUTRO_PROCESSO, str(unidade), str(pronto)], env=ambiente_com_este_banco()
    )
    try:
        limite = time.monotonic() + 60
        while not pronto.exists() and time.monotonic() < limite and trabalhador.poll() is None:
            time.sleep(0.05)
        assert pronto.exists(), "the worker had generated, and was inside its transaction"
        assert tique(agora) == [], "its lease runs: nobody else gets the unit"
    finally:
        trabalhador.send_signal(signal.SIGKILL)
        trabalhador.wait()

    assert not Mensagem.objects.exists(), "what was not committed is gone with it"
    UnidadeIniciada.objects.filter(pk=unidade).update(arrendada_ate=timezone.now() - timedelta(seconds=1))
    iniciado = rodar(iniciado, servicos, timezone.now())

    assert iniciado.situacao == Situacao.CONCLUIDO
    assert UnidadeIniciada.objects.get(pk=unidade).posse == 2
    assert len(smtp.recebidas) == len(sms.recebidas) == 10
    assert balanco.conferir() == []


ENVIADOR = """
import sys
import django
django.setup()
from mensageria import envio
from mensageria.models import ServicoEmail

envio.enviar(ServicoEmail.objects.get(pk=int(sys.argv[1])))
"""


@pytest.mark.processos
@pytest.mark.django_db(transaction=True)
def test_a_sender_killed_between_body_and_reply_costs_one_message_and_it_is_visible(mundo, settings):
    """The server has the fifth message and holds its reply; the worker dies there, and its journal says what left.

    That one is uncertain, no other is lost, and nobody waits for a lease.
    """
    smtp, _, servico, _ = mundo
    settings.ESPERA_DO_SERVICO = 0
    hoje = timezone.localdate()
    for _ in range(12):
        nova_conta(vencimento=hoje)
    iniciado = comandar(timezone.now())
    executar_pendentes(timezone.now())
    smtp.espera_do_250 = lambda _: 60 if len(smtp.recebidas) == 5 else 0

    trabalhador = subprocess.Popen([sys.executable, "-c", ENVIADOR, str(servico.pk)], env=ambiente_com_este_banco())
    try:
        esperar(lambda: len(smtp.recebidas) == 5 and trabalhador.poll() is None)
    finally:
        trabalhador.kill()
        trabalhador.wait()

    assert recuperacao.recuperar(timezone.now()) == {"incertas": 1, "reservas": 1}
    envio.enviar(servico)

    estados = Counter(Mensagem.objects.filter(canal=Canal.EMAIL).values_list("estado", flat=True))
    assert estados == {Estado.ENVIADA: 11, Estado.INCERTA: 1}
    recebidos = Counter(r.destinos for r in smtp.recebidas)
    assert max(recebidos.values()) == 1, "nothing twice"
    assert balanco.conferir() == []
    assert iniciado.execucao == Mensagem.objects.first().lote.execucao
