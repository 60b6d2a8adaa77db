"""The engine asks the calendar of contact: what is closed waits and goes when it opens, or is told that it will not."""

import uuid
from datetime import time, timedelta

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.test.utils import CaptureQueriesContext

from batch.simulacao import Simulacao
from cadastro.models import Cliente
from faturamento import processo336
from faturamento.avisos import gerar_avisos, simular_avisos
from mensageria import balanco, calendario, decisoes, envio, espera, reserva
from mensageria.canais.memoria import CanalDeMemoria
from mensageria.estados import Estado, Motivo
from mensageria.janela import FERIADO
from mensageria.models import (
    Canal,
    FeriadoLocal,
    Isencao,
    JanelaContato,
    Lote,
    Mensagem,
    NaoGerada,
    TentativaEnvio,
)
from mensageria.palavras import palavras_do_motivo
from mensageria.previsao import A_ENVIAR, ESPERAM
from simuladores.smtp import ServidorSMTP
from tests.fabricas import (
    HOJE,
    meio_dia,
    nova_conta,
    nova_localidade,
    novas_saidas,
    novo_cliente,
    novo_parametro,
    novo_parametro_sistema,
)
from tests.mensageria.apoio import nova_mensagem, por_em

AGORA = meio_dia(HOJE)  # a Tuesday
HORA, DIA = timedelta(hours=1), timedelta(days=1)
UTEIS = range(5)


@pytest.fixture
def pessoa(db):
    return User.objects.create_user("ana")


@pytest.fixture
def abrir(pessoa):
    """Let messages leave on weekdays only, in those hours."""

    def definir(das: int, ate: int, *, canal=Canal.EMAIL, origem="", dias=UTEIS) -> JanelaContato:
        return calendario.definir(canal, origem, {dia: (time(das), time(ate)) for dia in dias}, usuario=pessoa)

    return definir


@pytest.fixture
def saidas(db):
    novo_parametro_sistema()
    novo_parametro()
    return novas_saidas()


def lote(*, localidade: int | None = None, isencao: str = "", canal=Canal.EMAIL) -> Lote:
    lugar = nova_localidade(localidade) if localidade else None
    return Lote.objects.create(
        execucao=uuid.uuid4(), origem="faturamento", canal=canal, localidade=lugar, isencao=isencao
    )


def nova(**campos) -> Mensagem:
    """A message about a real conta, so that its fonte lets it leave."""
    return nova_mensagem(objeto_id=(conta := nova_conta()).pk, versao_objeto=_versao(conta), **campos)


def _versao(conta) -> str:
    return f"{conta.vencimento:%Y%m%d}:{int(conta.valor * 100)}"


def enviar(servico, agora=AGORA) -> list[int]:
    """Which messages leave in a turn."""
    antes = set(TentativaEnvio.objects.values_list("mensagem", flat=True))
    envio.enviar(servico, relogio=lambda: agora, canal=CanalDeMemoria())
    return sorted(set(TentativaEnvio.objects.values_list("mensagem", flat=True)) - antes)


# The claim


def test_a_message_waits_for_its_window_and_leaves_when_it_opens(saidas, abrir):
    abrir(14, 18)
    mensagem = nova()

    assert not reserva.ha_devidas(saidas[0], AGORA)
    assert enviar(saidas[0]) == []
    assert enviar(saidas[0], AGORA + 2 * HORA) == [mensagem.pk]
    assert balanco.conferir() == []


def test_without_a_window_nothing_is_asked_but_that(saidas):
    mensagem = nova()
    with CaptureQueriesContext(
        connection,
    ) as feitas:
        envio.enviar(saidas[0], relogio=lambda: AGORA, canal=CanalDeMemoria())

    mensagem.refresh_from_db()
    assert mensagem.estado == Estado.ENVIADA
    sobre_janelas = [c["sql"] for c in feitas if "janelacontato" in c["sql"] or "RECURSIVE" in c["sql"]]
    assert len(sobre_janelas) == 2  # one for each claim: the one that found it, and the one that found nothing
    assert not any("RECURSIVE" in sql for sql in sobre_janelas)
    assert not any("feriadolocal" in c["sql"] for c in feitas)


def test_a_window_of_another_channel_or_origin_holds_nothing_back(saidas, abrir):
    abrir(14, 18, canal=Canal.SMS)
    abrir(14, 18, origem="cobranca")

    mensagem = nova()

    assert enviar(saidas[0]) == [mensagem.pk]


def test_only_the_localidade_of_a_local_holiday_waits(saidas, abrir, pessoa):
    abrir(8, 20)
    feriado = FeriadoLocal(data=HOJE, descricao="PADROEIRA", localidade=nova_localidade(7))
    calendario.adicionar_feriado(feriado, usuario=pessoa)
    fechada, aberta, de_nenhuma = nova(lote=lote(localidade=7)), nova(lote=lote(localidade=8)), nova(lote=lote())

    assert enviar(saidas[0]) == [aberta.pk, de_nenhuma.pk]
    assert enviar(saidas[0], AGORA + DIA) == [fechada.pk]


def test_a_holiday_of_a_municipio_is_of_its_localidades(saidas, abrir, pessoa):
    abrir(8, 20)
    lugar = nova_localidade(7)
    calendario.adicionar_feriado(
        FeriadoLocal(data=HOJE, descricao="PADROEIRA", municipio=lugar.municipio), usuario=pessoa
    )
    nova(lote=lote(localidade=7))
    de_nenhuma = nova(lote=lote())

    assert enviar(saidas[0]) == [de_nenhuma.pk]


def test_a_holiday_without_a_place_is_of_all(saidas, abrir, pessoa):
    abrir(8, 20)
    calendario.adicionar_feriado(FeriadoLocal(data=HOJE, descricao="CARNAVAL"), usuario=pessoa)
    nova(lote=lote(localidade=7))

    assert enviar(saidas[0]) == []


def test_a_mandatory_notice_leaves_at_any_hour(saidas, abrir):
    abrir(14, 18)
    nova(lote=lote())
    obrigatoria = nova(lote=lote(isencao=Isencao.OBRIGATORIO))

    assert reserva.ha_devidas(saidas[0], AGORA)
    assert enviar(saidas[0]) == [obrigatoria.pk]


def test_the_most_urgent_go_first_where_all_is_open(saidas, abrir):
    abrir(8, 20)
    calma, urgente = nova(prioridade=1), nova(prioridade=9)
    canal = CanalDeMemoria()

    envio.enviar(saidas[0], relogio=lambda: AGORA, canal=canal)

    assert [envelope.chave for envelope in canal.recebidos] == [urgente.chave, calma.chave]


def test_what_is_closed_is_not_read(saidas, abrir):
    """A queue that is closed is not looked at; of one that is closed in part only the open lotes are, by an index."""
    abrir(14, 18)
    nova(lote=lote())
    obrigatorio = lote(isencao=Isencao.OBRIGATORIO)
    nova(lote=obrigatorio)
    with CaptureQueriesContext(connection) as feitas:
        enviar(saidas[0])

    lidas = [c["sql"] for c in feitas if "SKIP LOCKED" in c["sql"]]
    assert lidas and all(f'"lote_id" IN ({obrigatorio.pk})' in sql for sql in lidas)
    assert not any("mensageria_lote" in sql for sql in lidas)  # whose rows would be locked too


def test_of_an_origin_closed_in_part_no_claim_sorts_all_that_waits(saidas, abrir, monkeypatch):
    """The planner expects few rows of those lotes and would read and sort every one, block after block."""
    abrir(14, 18)
    nova(lote=lote())
    nova(lote=lote(isencao=Isencao.OBRIGATORIO))
    planos, travar = [], reserva._travar

    def ver(fila, quantas):
        planos.append(fila.values_list(*reserva.COLUNAS)[:quantas].explain())
        return travar(fila, quantas)

    monkeypatch.setattr(reserva, "_travar", ver)
    assert len(enviar(saidas[0])) == 1

    assert planos and all("mensagem_por_terminar" in plano and "Sort" not in plano for plano in planos)


def test_nothing_more_leaves_once_the_window_closes(saidas, abrir):
    """The block in hand goes back as it was: no body leaves at or after that moment."""
    abrir(8, 13)
    mensagens = [nova() for _ in range(5)]
    agora = [AGORA]

    class Um(CanalDeMemoria):
        """The window closes while the first message is on its way."""

        def enviar_lote(self, envelopes, autorizar):
            ditos = super().enviar_lote(envelopes, autorizar)
            agora[0] = AGORA + HORA
            return ditos

    envio.enviar(saidas[0], relogio=lambda: agora[0], canal=Um())

    assert Mensagem.objects.filter(estado=Estado.ENVIADA).count() == 1
    resto = Mensagem.objects.filter(estado=Estado.PENDENTE)
    assert set(resto.values_list("tentativas", "reserva")) == {(0, None)} and resto.count() == len(mensagens) - 1
    assert balanco.conferir() == []


def test_several_connections_stop_when_the_window_closes(db, abrir):
    """A body behind the one whose answer is awaited may have left before that moment; none leaves after it."""
    novo_parametro_sistema()
    with ServidorSMTP() as smtp:
        servico, _ = novas_saidas(smtp=("127.0.0.1", smtp.porta), conexoes=2)
        abrir(8, 13)
        quantas = len([nova() for _ in range(30)])

        def relogio():
            return AGORA if len(smtp.recebidas) < 5 else AGORA + HORA

        contagem = envio.enviar(servico, relogio=relogio)

        enviadas = Mensagem.objects.filter(estado=Estado.ENVIADA).count()
        assert contagem["aceita"] == enviadas == len(smtp.recebidas)
        assert 5 <= enviadas <= 10
    assert all(momento < AGORA + HORA for momento in TentativaEnvio.objects.values_list("momento", flat=True))
    resto = Mensagem.objects.filter(estado=Estado.PENDENTE, tentativas=0, reserva=None)
    assert resto.count() == quantas - enviadas
    assert balanco.conferir() == []


def test_a_message_that_is_sent_again_waits_for_its_window_too(saidas, abrir, pessoa):
    abrir(14, 18)
    falhou = por_em(nova(), Estado.FALHA)

    assert decisoes.reenviar([falhou.pk], usuario=pessoa, motivo="de novo", agora=AGORA) == 1

    assert enviar(saidas[0]) == []
    assert enviar(saidas[0], AGORA + 2 * HORA) == [falhou.pk]


# What opens too late


def test_what_would_open_after_its_limit_is_cancelled_soon(saidas, abrir):
    abrir(8, 11)
    tarde = nova(expira_em=AGORA + 6 * HORA)
    a_tempo = nova(expira_em=AGORA + 3 * DIA)
    isenta = nova(expira_em=AGORA + 6 * HORA, lote=lote(isencao=Isencao.OBRIGATORIO))

    assert envio.varrer_janela(AGORA) == 1

    tarde.refresh_from_db()
    assert (tarde.estado, tarde.motivo) == (Estado.CANCELADA, Motivo.SEM_JANELA)
    assert palavras_do_motivo(tarde.motivo) == "Sem janela de contato até o prazo"
    assert {m.estado for m in Mensagem.objects.filter(pk__in=[a_tempo.pk, isenta.pk])} == {Estado.PENDENTE}


def test_a_window_that_never_opens_cancels_what_waits_for_it(saidas, pessoa):
    calendario.definir(Canal.EMAIL, "", {}, usuario=pessoa)
    nova(expira_em=AGORA + 300 * DIA)

    assert envio.varrer_janela(AGORA) == 1


def test_the_sweep_reads_what_is_pending_by_its_limit_and_never_the_whole_table(saidas, abrir):
    """In the order of the key the whole table would be walked, each minute, when nothing is to be cancelled."""
    abrir(8, 11)
    nova(expira_em=AGORA + 3 * DIA)
    with CaptureQueriesContext(connection) as feitas:
        assert envio.varrer_janela(AGORA) == 0

    (lida,) = [c["sql"] for c in feitas if "SKIP LOCKED" in c["sql"]]
    assert 'ORDER BY "mensageria_mensagem"."expira_em"' in lida and '"mensageria_mensagem"."estado" = 1' in lida


def test_what_may_leave_now_is_not_swept(saidas, abrir):
    abrir(8, 13)
    nova(expira_em=AGORA + 6 * HORA)

    assert envio.varrer_janela(AGORA) == 0


def test_at_generation_whose_window_opens_too_late_is_left_out_and_counted(saidas, abrir):
    """SMS alone: by e-mail the conta is announced."""
    abrir(8, 11, canal=Canal.SMS)
    hoje_mesmo = nova_conta(vencimento=HOJE)
    depois = nova_conta(vencimento=HOJE + 2 * DIA)
    execucao = uuid.uuid4()

    contagem = gerar_avisos(localidade_id=1, execucao=execucao, hoje=HOJE, agora=AGORA)

    assert contagem == {"sms": 1, "email": 2, "nao_geradas": 1}
    assert list(NaoGerada.objects.values_list("objeto_id", "canal", "motivo")) == [
        (hoje_mesmo.pk, Canal.SMS, "sem_janela")
    ]
    assert Mensagem.objects.get(canal=Canal.SMS).objeto_id == depois.pk


# Não perturbe


def test_whoever_asked_not_to_be_disturbed_is_left_out(saidas):
    conta = nova_conta(cliente=novo_cliente(nao_perturbe=True))

    contagem = gerar_avisos(localidade_id=1, execucao=uuid.uuid4(), hoje=HOJE, agora=AGORA)

    assert contagem == {"sms": 0, "email": 0, "nao_geradas": 1}
    assert NaoGerada.objects.get().motivo == "nao_perturbe" and NaoGerada.objects.get().objeto_id == conta.pk


def test_whoever_asks_not_to_be_disturbed_meanwhile_gets_nothing_more(saidas):
    nova_conta()
    gerar_avisos(localidade_id=1, execucao=uuid.uuid4(), hoje=HOJE, agora=AGORA)
    Cliente.objects.update(nao_perturbe=True)

    assert enviar(saidas[0]) == []

    cancelada = Mensagem.objects.get(canal=Canal.EMAIL)
    assert (cancelada.estado, cancelada.motivo) == (Estado.CANCELADA, Motivo.NAO_PERTURBE)


# Forecasts, and what pages say


def test_a_simulation_knows_what_waits_and_when_it_ends(saidas, abrir):
    abrir(8, 11, canal=Canal.SMS)
    nova_conta(vencimento=HOJE)
    nova_conta(vencimento=HOJE + 2 * DIA)

    prevista = simular_avisos(localidade_id=1, hoje=HOJE, agora=AGORA)

    assert prevista.quantidades[A_ENVIAR, "SMS"] == 1
    assert prevista.quantidades["Ficam de fora", "Faturamento · SMS · Sem janela de contato até o prazo"] == 1
    assert prevista.quantidades[ESPERAM, "Faturamento · SMS · abre qua 11/11/2026 às 08:00"] == 1
    simulacao = Simulacao(AGORA)
    simulacao.somar(processo336.prevista(lambda: prevista))
    assert simulacao.fim == AGORA + 20 * HORA + timedelta(seconds=prevista.segundos)


def test_a_simulation_ends_as_before_when_no_window_speaks_of_it(saidas, abrir):
    abrir(8, 11, origem="cobranca")
    nova_conta()

    prevista = simular_avisos(localidade_id=1, hoje=HOJE, agora=AGORA)

    assert prevista.portas == set()
    assert not any(quadro == ESPERAM for quadro, _ in prevista.quantidades)


def test_two_comandos_of_one_action_are_one_line_of_the_balance(saidas):
    um, outro = nova().lote, nova().lote
    for unidade, lote in enumerate((um, outro)):
        lote.execucao, lote.acao, lote.unidade = um.execucao, "AVISO", unidade
        lote.save()

    [linha] = balanco.da_execucao(um.execucao, AGORA, contar=True)

    assert (linha.pendentes, linha.total, linha.fecha) == (2, 2, True)


def test_the_balance_says_what_waits_and_until_when(saidas, abrir):
    abrir(14, 18)
    mensagem = nova()
    execucao = mensagem.lote.execucao

    [linha] = balanco.da_execucao(execucao, AGORA)
    assert linha.espera == "aguardando janela (abre às 14:00)"
    assert espera.das_execucoes([execucao], AGORA) == {
        execucao: ["E-mail de Faturamento: aguardando janela (abre às 14:00)"]
    }
    assert balanco.da_execucao(execucao, AGORA + 3 * HORA)[0].espera == ""
    assert espera.das_execucoes([execucao], AGORA + 3 * HORA) == {execucao: []}


def test_what_is_programmed_for_later_waits_for_no_window_yet(saidas, abrir):
    abrir(14, 18)
    mensagem = nova(enviar_apos=AGORA + DIA, proxima_tentativa_em=AGORA + DIA)

    assert balanco.da_execucao(mensagem.lote.execucao, AGORA)[0].espera == ""


def test_a_run_that_waits_for_its_window_is_looked_at_less_often(saidas, abrir):
    abrir(14, 18)
    lote_dele = nova().lote

    def aguardar(agora):
        trabalho = processo336.Trabalho(codigo=0, execucao=lote_dele.execucao, agora=agora)
        return processo336.enviar_emails(trabalho).segundos

    assert aguardar(AGORA) == processo336.ESPERA_DA_JANELA
    assert aguardar(AGORA + 3 * HORA) == processo336.ESPERA


# What people change


def test_a_window_is_stored_and_read_as_it_was_given(pessoa):
    semana = {0: (time(8), time(20)), 5: (time(8), time(14)), FERIADO: (time(9), time(0))}

    calendario.definir(Canal.SMS, "cobranca", semana, usuario=pessoa)
    calendario.definir(Canal.SMS, "cobranca", semana, usuario=pessoa)

    assert calendario.ler(AGORA).janelas == {(Canal.SMS, "cobranca"): semana}


def test_a_closed_day_is_taken_away_and_an_empty_window_is_still_one(pessoa):
    calendario.definir(Canal.SMS, "", {0: (time(8), time(20))}, usuario=pessoa)
    calendario.definir(Canal.SMS, "", {}, usuario=pessoa)

    assert calendario.ler(AGORA).janelas == {(Canal.SMS, ""): {}}
    assert calendario.ler(AGORA)


def test_a_holiday_of_the_past_is_not_read(abrir, pessoa):
    abrir(8, 20)
    calendario.adicionar_feriado(FeriadoLocal(data=HOJE - DIA, descricao="ONTEM"), usuario=pessoa)
    calendario.adicionar_feriado(FeriadoLocal(data=HOJE, descricao="HOJE"), usuario=pessoa)

    assert calendario.ler(AGORA).locais == {None: {HOJE: "HOJE"}}
