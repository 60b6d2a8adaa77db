"""A turn of a service, through real sockets: every message ends in a state with its reason, and the balance closes."""

import threading
import time
import uuid
from collections import Counter
from contextlib import ExitStack
from datetime import timedelta
from email import message_from_bytes, policy
from types import SimpleNamespace

import pytest
from django.db import OperationalError, connection, transaction
from django.test.utils import CaptureQueriesContext
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from faturamento.avisos import gerar_avisos
from faturamento.models import Conta
from mensageria import (
    balanco,
    composicao,
    consumo,
    decisoes,
    diario,
    em_paralelo,
    em_serie,
    envio,
    recuperacao,
    reserva,
    resultados,
    retornos,
    trabalhador,
    turno,
)
from mensageria.ao_lado import AoLado
from mensageria.canais.base import FalhaDeEnvio, LoteRecusado, Resposta
from mensageria.canais.memoria import CanalDeMemoria
from mensageria.estados import (
    DEFINITIVAS,
    DO_SERVICO,
    REPETIVEIS,
    RETORNO_ENVIADO,
    RETORNO_ERRO,
    RETORNO_ERRO_OPERADORA,
    RETORNO_TRANSMITIDO,
    TERMINAIS,
    Classe,
    Estado,
)
from mensageria.models import (
    Alerta,
    Canal,
    Imutavel,
    Lote,
    Mensagem,
    Molde,
    OrigemEnvio,
    Reserva,
    Ritmo,
    TentativaEnvio,
    VersaoTexto,
)
from mensageria.resultados import Resultado
from simuladores.sms import GatewaySMSSimulado, OrdemSMS
from simuladores.smtp import Ordem, ServidorSMTP
from tests.fabricas import (
    HOJE,
    meio_dia,
    nova_conta,
    novas_saidas,
    novo_cliente,
    novo_parametro,
    novo_parametro_sistema,
)
from tests.mensageria.apoio import nova_mensagem
from tests.processos import esperar

AGORA = meio_dia(HOJE)


@pytest.fixture
def smtp():
    with ServidorSMTP() as servidor:
        yield servidor


@pytest.fixture
def gateway_simulado():
    with GatewaySMSSimulado(token="segredo") as servidor:
        yield servidor


@pytest.fixture
def saidas(db, smtp, gateway_simulado):
    novo_parametro_sistema()
    novo_parametro()
    return novas_saidas(smtp=("127.0.0.1", smtp.porta), sms=gateway_simulado.url)


def gerar(quantas: int = 1, **cliente) -> uuid.UUID:
    execucao = uuid.uuid4()
    for _ in range(quantas):
        nova_conta(cliente=novo_cliente(**cliente))
    gerar_avisos(localidade_id=1, execucao=execucao, hoje=HOJE, agora=AGORA)
    return execucao


def enviar(servico, agora=AGORA, **opcoes) -> Counter:
    return envio.enviar(servico, relogio=lambda: agora, **opcoes)


def estados(canal: Canal) -> Counter:
    return Counter(Estado(e).name for e in Mensagem.objects.filter(canal=canal).values_list("estado", flat=True))


def test_an_email_reaches_the_server_with_the_bill_in_it(saidas, smtp):
    gerar(nome="José da Conceição", email="jose@exemplo.com.br")

    assert enviar(saidas[0]) == {"aceita": 1}

    recebida = smtp.esperar(1)[0]
    mensagem = Mensagem.objects.get(canal=Canal.EMAIL)
    email = message_from_bytes(recebida.conteudo, policy=policy.default)
    texto = email.get_body(("plain",)).get_content()
    assert recebida.destinos == ("jose@exemplo.com.br",)
    assert email["Subject"] == "Conta de José da Conceição"
    assert str(Conta.objects.get().imovel_id) in texto and "123,45" in texto
    assert mensagem.contexto["linha"] in texto
    assert mensagem.estado == Estado.ENVIADA and mensagem.enviada_em == AGORA


@pytest.mark.parametrize("canal", Canal)
def test_a_secret_whose_key_is_lost_stops_its_service_loses_nothing_and_is_told(saidas, canal):
    gerar(email="jose@exemplo.com.br", celular="987654321")
    servico = saidas[canal == Canal.SMS]
    with connection.cursor() as cursor:
        cursor.execute("UPDATE mensageria_servicoemail SET usuario = 'ana', senha = 'ilegivel'")
        cursor.execute("UPDATE mensageria_gatewaysms SET credencial = 'ilegivel'")

    contagem = enviar(type(servico).objects.get(pk=servico.pk))

    assert set(contagem) <= {"autenticacao"}
    assert Mensagem.objects.filter(canal=canal, estado=Estado.PENDENTE, tentativas=0).count() == 1
    servico.refresh_from_db()
    assert "não se abre com as CHAVES_DE_CIFRA" in servico.motivo_espera
    assert "não se abre com as CHAVES_DE_CIFRA" in Alerta.objects.get(tipo=Alerta.Tipo.CIRCUITO).texto


def test_an_sms_reaches_the_gateway_with_the_48_digits_at_its_end(saidas, gateway_simulado):
    gerar(celular="987654321")

    assert enviar(saidas[1]) == {"aceita": 1}

    recebido = gateway_simulado.esperar(1)[0]
    mensagem = Mensagem.objects.get(canal=Canal.SMS)
    assert recebido.destino == "5584987654321"
    assert recebido.texto.endswith(" Barras: " + mensagem.contexto["linha"])
    assert (recebido.referencia, recebido.id) == (mensagem.chave, mensagem.id_externo)
    assert mensagem.codigo_retorno == RETORNO_TRANSMITIDO


def test_what_was_sent_is_kept_and_renders_again_to_the_same_hash(saidas, smtp):
    gerar()
    enviar(saidas[0])
    enviar(saidas[1])

    Conta.objects.update(valor_agua=999)
    for mensagem in Mensagem.objects.select_related("texto"):
        tentativa = mensagem.envios.get()
        assert composicao.resumo(composicao.conteudo(mensagem)) == tentativa.resumo
    recebido = smtp.esperar(1)[0].conteudo
    do_email = TentativaEnvio.objects.get(mensagem__canal=Canal.EMAIL)
    assert composicao.resumo(recebido) == do_email.resumo


def test_what_the_messages_of_a_text_have_in_common_is_kept_once(saidas, smtp):
    gerar(3)
    enviar(saidas[0])

    dos_emails = Mensagem.objects.filter(canal=Canal.EMAIL)
    assert {m.molde_id for m in dos_emails} == {Molde.objects.get().pk}
    assert all("empresa" in m.contexto and "empresa" not in m.proprio for m in dos_emails)


def test_a_claim_writes_its_molde_before_it_locks_any_count(saidas, smtp):
    """Two that claim the same lote wait for the first to write a new molde: with a count in hand, for each other."""
    gerar(2)
    Conta.objects.filter(pk=Conta.objects.first().pk).update(pago_em=HOJE)

    with CaptureQueriesContext(connection) as feitas:
        assert enviar(saidas[0]) == {"aceita": 1, "canceladas": 1}

    sql = [consulta["sql"] for consulta in feitas]
    molde = next(i for i, uma in enumerate(sql) if 'INSERT INTO "mensageria_molde"' in uma)
    contagens = next(i for i, uma in enumerate(sql) if "FROM mensageria_lotecontagem" in uma and "FOR UPDATE" in uma)
    assert molde < contagens


def test_a_text_and_an_attempt_are_never_rewritten(saidas):
    gerar()
    enviar(saidas[0])
    texto, tentativa = VersaoTexto.objects.first(), TentativaEnvio.objects.get()

    for linha in (texto, tentativa):
        with pytest.raises(Imutavel):
            linha.save()
        with pytest.raises(Imutavel):
            linha.delete()


ULTIMA_HORA = {
    "paga": lambda: Conta.objects.update(pago_em=HOJE),
    "objeto_cancelado": lambda: Conta.objects.update(situacao=Conta.Situacao.CANCELADA),
    "objeto_alterado": lambda: Conta.objects.update(valor_agua=5),
    "canal_desligado": lambda: [
        c.cliente.__class__.objects.update(por_email=False, por_sms=False) for c in _usuarios()
    ],
    "sem_destino": lambda: [
        (c.cliente.__class__.objects.update(email=""), c.cliente.fones.all().delete()) for c in _usuarios()
    ],
}


def _usuarios():
    from faturamento.models import ClienteConta

    return ClienteConta.objects.select_related("cliente")


@pytest.mark.parametrize("canal", Canal)
@pytest.mark.parametrize("motivo", ULTIMA_HORA)
def test_what_changed_since_generation_cancels_at_the_last_moment(saidas, smtp, gateway_simulado, motivo, canal):
    execucao = gerar()
    ULTIMA_HORA[motivo]()

    enviar(saidas[0] if canal == Canal.EMAIL else saidas[1])

    mensagem = Mensagem.objects.get(canal=canal)
    assert (mensagem.estado, mensagem.motivo) == (Estado.CANCELADA, motivo)
    assert not smtp.recebidas and not gateway_simulado.recebidas
    assert all(linha.fecha for linha in balanco.da_execucao(execucao, AGORA, contar=True))


def test_a_message_past_its_limit_is_never_sent_and_the_sweep_cancels_it(saidas, smtp):
    gerar()
    amanha_cedo = Mensagem.objects.first().expira_em

    assert enviar(saidas[0], amanha_cedo) == {}
    assert envio.varrer_prazo(amanha_cedo) == 2

    assert set(Mensagem.objects.values_list("estado", "motivo")) == {(Estado.CANCELADA, "prazo")}
    assert not smtp.recebidas


def test_a_message_one_second_before_its_limit_is_still_sent(saidas):
    gerar()
    quase = Mensagem.objects.first().expira_em - timedelta(seconds=1)

    assert enviar(saidas[0], quase) == {"aceita": 1}


def test_a_limit_that_comes_while_the_server_dawdles_stops_the_body(saidas, smtp):
    gerar()
    limite = Mensagem.objects.first().expira_em
    momentos = iter([limite - timedelta(seconds=1)] * 2)

    contagem = envio.enviar(saidas[0], relogio=lambda: next(momentos, limite))

    assert contagem == {"canceladas": 1}
    assert Mensagem.objects.get(canal=Canal.EMAIL).motivo == "prazo"
    assert not smtp.recebidas


def test_a_check_older_than_eight_seconds_is_made_again_before_the_body(saidas, smtp, monkeypatch):
    gerar()
    monkeypatch.setattr(turno, "VALIDADE_DA_VERIFICACAO", 0)
    # Paid between the rendering and the body: only the second check can see it.
    verdadeiro = turno.autorizar

    def pagar_antes(*argumentos):
        Conta.objects.update(pago_em=HOJE)
        return verdadeiro(*argumentos)

    monkeypatch.setattr(turno, "autorizar", pagar_antes)

    assert enviar(saidas[0]) == {"canceladas": 1}
    assert not smtp.recebidas


def test_what_waits_on_other_connections_is_checked_again_with_the_rest(saidas, smtp, monkeypatch):
    """The limit lets one leave a second; all are announced to the server at once, and paid after the first."""
    saidas[0].conexoes, saidas[0].limite_segundo = 4, 1
    gerar(4)
    monkeypatch.setattr(turno, "VALIDADE_DA_VERIFICACAO", 0.3)
    verdadeiro = turno.autorizar

    def pagar_depois(*argumentos):
        feito = verdadeiro(*argumentos)
        Conta.objects.update(pago_em=HOJE)
        return feito

    monkeypatch.setattr(turno, "autorizar", pagar_depois)

    enviar(saidas[0])

    assert len(smtp.recebidas) <= 2, "the limit lets two leave at its start"
    assert estados(Canal.EMAIL) == {"ENVIADA": len(smtp.recebidas), "CANCELADA": 4 - len(smtp.recebidas)}


def test_departures_are_asked_for_ahead_only_for_bodies_that_wait(saidas):
    """What is granted counts as used: one that nobody waits for would be lost."""
    saidas[0].limite_segundo = 1

    def um_turno():
        Ritmo.objects.all().delete()
        canal, nunca = CanalDeMemoria(), 1e9
        return turno.Turno(saidas[0], [], canal, ExitStack(), AoLado(), lambda: AGORA, nunca, lambda: False)

    uma_espera = um_turno()
    assert turno.vezes(uma_espera, 1) == 1 and not uma_espera.saidas
    varias_esperam = um_turno()
    assert turno.vezes(varias_esperam, 5) == 1 and len(varias_esperam.saidas) == turno.SAIDAS_EM_MAOS - 1
    while (saem := turno.vezes(varias_esperam, 5)) == 1:  # as many as leave at once, at the start of a service
        pass
    assert saem == 0 and varias_esperam.saidas[0][0] > time.monotonic()


def test_what_waits_for_its_moment_is_in_the_journal_when_it_comes(saidas, smtp, monkeypatch):
    """So that the wait for the disk is not between the moment that the limits gave and the body."""
    saidas[0].conexoes, saidas[0].limite_segundo = 2, 3
    gerar(5)
    anunciadas, no_momento = [], []
    anunciar, autorizar = diario.Diario.anunciar, turno.autorizar

    def ver_anuncio(self, ids):
        anunciadas.extend(ids)
        anunciar(self, ids)

    def ver_partida(*argumentos):
        antes = len(anunciadas)
        feito = autorizar(*argumentos)
        no_momento.append(len(anunciadas) - antes)
        return feito

    monkeypatch.setattr(diario.Diario, "anunciar", ver_anuncio)
    monkeypatch.setattr(turno, "autorizar", ver_partida)

    assert enviar(saidas[0]) == {"aceita": 5}
    assert sorted(anunciadas) == sorted(Mensagem.objects.filter(canal=Canal.EMAIL).values_list("id", flat=True)), (
        "each of them once"
    )
    assert no_momento[-1] == 0


def test_a_lote_that_pauses_after_its_block_was_taken_leaves_nothing(saidas, smtp, monkeypatch):
    gerar(3)
    verdadeiro = reserva.reservar

    def pausar_depois(*argumentos):
        bloco = verdadeiro(*argumentos)
        Lote.objects.update(pausado_em=AGORA)
        return bloco

    monkeypatch.setattr(reserva, "reservar", pausar_depois)

    enviar(saidas[0])

    assert not smtp.recebidas and estados(Canal.EMAIL) == {"PENDENTE": 3}


def test_a_claim_that_cancels_too_locks_the_counts_before_it_writes(saidas):
    """Two statements of two claims would otherwise wait for each other."""
    gerar(3)
    Conta.objects.filter(id=Conta.objects.latest("id").id).update(pago_em=HOJE)

    with trabalhador.vagas(saidas[0], 1) as [vaga], CaptureQueriesContext(connection) as consultas:
        bloco = reserva.reservar(vaga, "um", AGORA, 10)

    assert (len(bloco.mensagens), bloco.canceladas) == (2, 1)
    feitas = [consulta["sql"] for consulta in consultas]
    trava = next(i for i, sql in enumerate(feitas) if "lotecontagem" in sql and "FOR UPDATE" in sql)
    assert trava < min(i for i, sql in enumerate(feitas) if 'UPDATE "mensageria_mensagem"' in sql)


def test_the_message_follows_an_address_that_changed_after_generation(saidas, smtp):
    gerar(email="velho@exemplo.com.br")
    _usuarios()[0].cliente.__class__.objects.update(email="novo@exemplo.com.br")

    enviar(saidas[0])

    assert smtp.esperar(1)[0].destinos == ("novo@exemplo.com.br",)
    assert Mensagem.objects.get(canal=Canal.EMAIL).destino == "novo@exemplo.com.br"


def test_a_refused_address_fails_at_once_with_the_servers_words(saidas, smtp):
    gerar()
    smtp.ordenar(Ordem("RCPT", codigo=550, texto="5.1.1 usuario desconhecido"))

    enviar(saidas[0])

    mensagem = Mensagem.objects.get(canal=Canal.EMAIL)
    assert mensagem.estado == Estado.FALHA and "usuario desconhecido" in mensagem.motivo
    assert mensagem.envios.get().classe == Classe.ENDERECO


def test_a_temporary_refusal_is_tried_again_later_up_to_the_maximum(saidas, smtp, settings):
    settings.ESPERA_ENTRE_TENTATIVAS = 60
    gerar()
    smtp.ordenar(Ordem("BODY", codigo=451, texto="4.3.0 tente depois"))
    agora, tentativas = AGORA, []

    for _ in range(4):
        enviar(saidas[0], agora)
        mensagem = Mensagem.objects.get(canal=Canal.EMAIL)
        tentativas.append((mensagem.get_estado_display(), mensagem.tentativas))
        agora = max(agora, mensagem.proxima_tentativa_em)

    assert tentativas == [("Pendente", 1), ("Pendente", 2), ("Falha", 3), ("Falha", 3)]
    momentos = list(TentativaEnvio.objects.order_by("id").values_list("momento", flat=True))
    assert [(m - AGORA).total_seconds() for m in momentos] == [0, 60, 300]


def test_the_maximum_of_an_sms_is_that_of_its_gateway(saidas, gateway_simulado):
    saidas[1].tentativas_maximas = 2
    saidas[1].save()
    gateway_simulado.ordenar(OrdemSMS("recusar", status=503))
    gerar()

    for minutos in (0, 10, 20):
        enviar(saidas[1], AGORA + timedelta(minutes=minutos))

    mensagem = Mensagem.objects.get(canal=Canal.SMS)
    assert (mensagem.estado, mensagem.tentativas) == (Estado.FALHA, 2)
    assert mensagem.codigo_retorno == RETORNO_ERRO


DO_SERVIDOR = {
    "network": Ordem("CONNECT", "derrubar"),
    "quota": Ordem("BODY", codigo=552, texto="5.7.0 daily sending quota exceeded"),
    "sender": Ordem("MAIL", codigo=553, texto="5.7.1 sender rejected"),
    "rate": Ordem("RCPT", codigo=450, texto="4.7.28 rate limit"),
    "closing": Ordem("MAIL", codigo=421, texto="closing"),
}


def _parado(falha: str, servico) -> bool:
    """Whether what is at fault, and nothing else, is out of use for now."""
    servico.refresh_from_db()
    remetente = servico.remetentes.get()
    descansam = {
        "service": servico.em_espera_ate is not None and servico.em_espera_ate > AGORA and bool(servico.motivo_espera),
        "quota": consumo.esgotado(servico, AGORA),
        "sender": remetente.em_espera_ate is not None and bool(remetente.motivo_espera),
    }
    do_que = falha if falha in descansam else "service"
    return [nome for nome, descansa in descansam.items() if descansa] == [do_que]


@pytest.mark.parametrize("falha", DO_SERVIDOR)
def test_a_fault_of_the_service_costs_no_attempt_and_rests_what_is_at_fault(saidas, smtp, falha):
    gerar(6)
    smtp.ordenar(DO_SERVIDOR[falha])

    enviar(saidas[0])

    assert estados(Canal.EMAIL) == {"PENDENTE": 6}
    assert not Mensagem.objects.filter(tentativas__gt=0).exists()
    assert _parado(falha, saidas[0])
    assert TentativaEnvio.objects.count() <= saidas[0].conexoes + 1, "the rest of the block did not leave"


def test_a_drop_before_the_body_gives_the_message_back_untouched(saidas, smtp):
    gerar()
    smtp.ordenar(Ordem("DATA", "derrubar"))

    enviar(saidas[0])

    mensagem = Mensagem.objects.get(canal=Canal.EMAIL)
    assert (mensagem.estado, mensagem.tentativas, mensagem.reserva) == (Estado.PENDENTE, 0, None)


@pytest.mark.parametrize("acao", ["derrubar", "aceitar_e_derrubar"])
def test_a_drop_after_the_body_is_uncertain_and_the_rest_goes_on(saidas, smtp, acao):
    gerar(3)
    smtp.ordenar(Ordem("BODY", acao, vezes=1))

    enviar(saidas[0])

    assert estados(Canal.EMAIL) == {"INCERTA": 1, "ENVIADA": 2}
    incerta = Mensagem.objects.get(canal=Canal.EMAIL, estado=Estado.INCERTA)
    assert incerta.envios.get().resumo, "the hash of what may have left is kept"


def test_a_server_that_loses_every_body_is_left_alone(saidas, smtp):
    """Each costs a doubt: the second in a row is no accident."""
    saidas[0].conexoes = 3
    gerar(18)
    smtp.ordenar(Ordem("BODY", "derrubar"))

    enviar(saidas[0])

    saidas[0].refresh_from_db()
    assert estados(Canal.EMAIL)["INCERTA"] <= 3
    assert saidas[0].falhas_seguidas == 1 and saidas[0].em_espera_ate > AGORA


def test_a_server_that_never_answers_the_body_leaves_it_uncertain(saidas, smtp):
    gerar()
    saidas[0].prazo = 1
    smtp.ordenar(Ordem("BODY", "demorar", segundos=3))

    enviar(saidas[0])

    assert estados(Canal.EMAIL) == {"INCERTA": 1}


def test_an_sms_that_was_taken_without_an_answer_is_uncertain(saidas, gateway_simulado):
    gerar()
    gateway_simulado.ordenar(OrdemSMS("derrubar_depois"))

    enviar(saidas[1])

    assert estados(Canal.SMS) == {"INCERTA": 1}


def test_a_message_that_cannot_be_composed_is_cancelled_with_the_reason_and_stops_nobody(saidas, smtp):
    gerar(2)
    from cadastro.models import ParametroSistema

    ParametroSistema.objects.update(tamanho_maximo_sms=58)

    enviar(saidas[1])
    enviar(saidas[0])

    assert estados(Canal.SMS) == {"CANCELADA": 2} and estados(Canal.EMAIL) == {"ENVIADA": 2}
    assert "o máximo é 58" in Mensagem.objects.filter(canal=Canal.SMS).first().motivo


class Morte(BaseException):
    """The process ends here: nothing of what a turn does at its end is done, and the journal stays behind."""


class CanalMortal(CanalDeMemoria):
    """Dies at the message of that number, before or after its body left."""

    def __init__(self, na: int, *, depois_do_corpo: bool, **opcoes):
        super().__init__(**opcoes)
        self.na, self.depois_do_corpo = na, depois_do_corpo

    def enviar_lote(self, envelopes, antes_do_corpo):
        if len(self.recebidos) < self.na:
            return super().enviar_lote(envelopes, antes_do_corpo)
        if self.depois_do_corpo:
            super().enviar_lote(envelopes, antes_do_corpo)
        raise Morte


def morrer(servico, na: int, *, depois_do_corpo: bool, **opcoes) -> CanalMortal:
    """A turn that sends `na` messages and dies at the next; return what it spoke to."""
    canal = CanalMortal(na, depois_do_corpo=depois_do_corpo, **opcoes)
    anotar = em_serie._anotar_ditos

    def anotar_em_vida(turno, em_maos, grupo, ditos, partida, inicio):
        if any(isinstance(dito, reserva.ErroInesperado) for dito in ditos):
            raise Morte
        anotar(turno, em_maos, grupo, ditos, partida, inicio)

    def nada_mais(*_):
        raise Morte

    with pytest.MonkeyPatch.context() as sem_fim, pytest.raises(Morte):
        sem_fim.setattr(em_serie, "_anotar_ditos", anotar_em_vida)
        sem_fim.setattr(envio.resultados, "encerrar", nada_mais)
        enviar(servico, canal=canal)
    return canal


def test_a_lost_worker_leaves_uncertain_only_what_may_have_left(saidas):
    gerar(4)

    canal = morrer(saidas[0], 1, depois_do_corpo=True)

    assert estados(Canal.EMAIL) == {"EM_ENVIO": 4}
    assert recuperacao.recuperar(AGORA) == {"incertas": 1, "reservas": 1}
    assert estados(Canal.EMAIL) == {"ENVIADA": 1, "INCERTA": 1, "PENDENTE": 2}
    incerta = Mensagem.objects.get(estado=Estado.INCERTA)
    assert incerta.chave == canal.recebidos[1].chave
    assert incerta.envios.get().resumo == composicao.resumo(canal.recebidos[1].conteudo)
    assert balanco.conferir() == [] and not diario.abandonados()


def test_a_worker_lost_before_a_body_leaves_nothing_uncertain(saidas):
    gerar(3)

    morrer(saidas[0], 1, depois_do_corpo=False)

    assert recuperacao.recuperar(AGORA) == {"reservas": 1}
    assert estados(Canal.EMAIL) == {"ENVIADA": 1, "PENDENTE": 2}


def test_a_journal_read_twice_changes_nothing_the_second_time(saidas):
    gerar(3)
    morrer(saidas[0], 1, depois_do_corpo=True)
    [arquivo] = diario.abandonados()
    bruto = arquivo.read_bytes()

    recuperacao.recuperar(AGORA)
    depois = list(Mensagem.objects.order_by("id").values())
    arquivo.write_bytes(bruto)
    recuperacao.recuperar(AGORA)

    assert list(Mensagem.objects.order_by("id").values()) == depois
    assert TentativaEnvio.objects.count() == 2 and consumo.situacao(saidas[0], AGORA).usado == 2


def outra_maquina(settings, tmp_path) -> None:
    """From here on this is another machine, with a journal folder of its own."""
    settings.PASTA_DIARIO = tmp_path / "outra"


def test_another_machine_waits_the_carencia_and_then_nobody_can_say(saidas, settings, tmp_path):
    gerar(3)
    morrer(saidas[0], 1, depois_do_corpo=True)
    fim = AGORA + reserva.arrendamento(saidas[0]) + timedelta(seconds=settings.CARENCIA)

    outra_maquina(settings, tmp_path)
    assert recuperacao.recuperar(fim) == {} and estados(Canal.EMAIL) == {"EM_ENVIO": 3}

    assert recuperacao.recuperar(fim + timedelta(seconds=1)) == {"perdidas": 3}
    assert estados(Canal.EMAIL) == {"INCERTA": 3}
    assert consumo.situacao(saidas[0], fim).usado == 3, "what may have reached the server counts as used"
    assert "Máquina perdida" in Mensagem.objects.filter(canal=Canal.EMAIL).first().motivo


def test_a_journal_found_after_that_still_settles_its_block(saidas, settings, tmp_path):
    gerar(4)
    canal = morrer(saidas[0], 1, depois_do_corpo=True)
    desta, tarde = settings.PASTA_DIARIO, AGORA + timedelta(hours=1)
    outra_maquina(settings, tmp_path)
    recuperacao.recuperar(tarde)
    decidida = Mensagem.objects.filter(canal=Canal.EMAIL).exclude(chave__in=[e.chave for e in canal.recebidos]).first()
    decisoes.cancelar([decidida.pk], usuario=None, motivo="não espero mais")

    settings.PASTA_DIARIO = desta
    recuperacao.recuperar(tarde)

    assert estados(Canal.EMAIL) == {"ENVIADA": 1, "INCERTA": 1, "PENDENTE": 1, "CANCELADA": 1}
    assert Mensagem.objects.get(estado=Estado.ENVIADA).chave == canal.recebidos[0].chave
    assert Mensagem.objects.get(estado=Estado.INCERTA).chave == canal.recebidos[1].chave
    # The decided one stays decided, and stays counted, since it was decided as one that may have left.
    assert consumo.situacao(saidas[0], tarde).usado == 3
    assert balanco.conferir() == []


@pytest.mark.parametrize("politica", ["perguntar", "reenviar", "nao_reenviar"])
def test_the_policy_of_the_origin_says_what_becomes_of_an_uncertain_message(saidas, politica):
    OrigemEnvio.objects.update(politica_incerta=politica)
    gerar()
    canal = morrer(saidas[0], 0, depois_do_corpo=True)
    recuperacao.recuperar(AGORA)

    assert estados(Canal.EMAIL) == {"PENDENTE" if politica == "reenviar" else "INCERTA": 1}
    if politica == "reenviar":
        enviar(saidas[0], AGORA + timedelta(hours=1), canal=canal_novo(canal))
        assert [t.classe for t in TentativaEnvio.objects.order_by("id")] == [Classe.INCERTA, Classe.ACEITA]


def canal_novo(canal: CanalMortal) -> CanalDeMemoria:
    assert len(canal.recebidos) == 1
    return CanalDeMemoria()


def test_a_message_that_always_kills_its_sender_is_not_sent_again_for_ever(saidas):
    OrigemEnvio.objects.update(politica_incerta="reenviar")
    gerar()
    agora = AGORA
    for _ in range(4):
        morrer_as(agora, saidas[0])
        recuperacao.recuperar(agora)
        agora += timedelta(hours=1)

    assert estados(Canal.EMAIL) == {"INCERTA": 1}


def morrer_as(agora, servico) -> None:
    with pytest.MonkeyPatch.context() as relogio:
        relogio.setitem(globals(), "AGORA", agora)
        relogio.setattr(enviar, "__defaults__", (agora,))
        morrer(servico, 0, depois_do_corpo=True)


def test_sms_in_doubt_are_asked_about_by_our_own_id_before_anything_else(saidas, monkeypatch):
    """Of three SMS that left together, the gateway has one, certainly not the second, and cannot tell of the third."""
    gerar(3, celular="987654321")
    canal = morrer(saidas[1], 0, depois_do_corpo=True, lote_maximo=3)
    sabe = iter([Resposta("200", "ok", "op-1"), None, FalhaDeEnvio(Classe.REDE)])
    ditos = {e.chave: next(sabe) for e in canal.recebidos}

    class Operadora(CanalDeMemoria):
        def consultar_por_chave(self, chave):
            if isinstance(ditos[chave], FalhaDeEnvio):
                raise ditos[chave]
            return ditos[chave]

    monkeypatch.setattr(recuperacao, "abrir_canal", lambda _: Operadora(consultavel_por_chave=True))
    recuperacao.recuperar(AGORA)

    assert estados(Canal.SMS) == {"ENVIADA": 1, "PENDENTE": 1, "INCERTA": 1}
    assert Mensagem.objects.get(canal=Canal.SMS, estado=Estado.ENVIADA).id_externo == "op-1"


def test_a_no_that_comes_soon_after_the_body_is_not_the_last_word(saidas, monkeypatch):
    """However long ago the block was claimed: the journal says when its last body left."""
    gerar(celular="987654321")
    morrer(saidas[1], 0, depois_do_corpo=True, consultavel_por_chave=True)
    Reserva.objects.update(criada_em=AGORA - timedelta(hours=1))
    operadora = CanalDeMemoria(consultavel_por_chave=True)
    operadora.carencia_da_consulta = 60
    monkeypatch.setattr(recuperacao, "abrir_canal", lambda _: operadora)

    recuperacao.recuperar(AGORA)

    assert estados(Canal.SMS) == {"INCERTA": 1}


def test_where_the_gateway_can_be_asked_nothing_is_sent_again_before_it_is(saidas, gateway_simulado):
    OrigemEnvio.objects.update(politica_incerta="reenviar")
    saidas[1].configuracao = {"caminho_referencia": "/sms?reference={referencia}"}
    saidas[1].save()
    gateway_simulado.ordenar(OrdemSMS("derrubar_depois", vezes=1))
    gerar(celular="987654321")

    enviar(saidas[1])

    assert estados(Canal.SMS) == {"INCERTA": 1}


def test_when_the_journal_cannot_take_a_line_the_database_still_gets_the_whole_batch(saidas, monkeypatch):
    gerar(3, celular="987654321")

    def quebrado(*_):
        raise diario.SemEspaco("I/O error")

    monkeypatch.setattr(diario.Diario, "resultados", quebrado)
    canal = CanalDeMemoria(lote_maximo=3)
    enviar(saidas[1], canal=canal)

    assert len(canal.recebidos) == 3
    assert estados(Canal.SMS) == {"ENVIADA": 3}


def test_a_batch_that_was_refused_whole_is_sent_one_by_one_and_costs_no_attempt(saidas):
    gerar(3, celular="987654321")

    class Exigente(CanalDeMemoria):
        def enviar_lote(self, envelopes, antes_do_corpo):
            if len(envelopes) > 1:
                antes_do_corpo()
                self.lote_maximo = 1
                raise LoteRecusado("400")
            return super().enviar_lote(envelopes, antes_do_corpo)

    canal = Exigente(lote_maximo=3)
    enviar(saidas[1], canal=canal)

    assert canal.partidas == [1, 1, 1]
    assert estados(Canal.SMS) == {"ENVIADA": 3}
    assert set(Mensagem.objects.filter(canal=Canal.SMS).values_list("tentativas", flat=True)) == {1}


def test_a_turn_that_wakes_after_its_block_was_given_up_leaves_it_to_its_journal(saidas, settings, tmp_path):
    gerar(3)
    desta = settings.PASTA_DIARIO

    class Parado(CanalDeMemoria):
        def enviar_lote(self, envelopes, antes_do_corpo):
            ditos = super().enviar_lote(envelopes, antes_do_corpo)
            if len(self.recebidos) == 1:
                outra_maquina(settings, tmp_path)
                recuperacao.recuperar(AGORA + timedelta(hours=1))
                settings.PASTA_DIARIO = desta
            return ditos

    canal = Parado()
    enviar(saidas[0], canal=canal)
    assert len(canal.recebidos) == 1 and estados(Canal.EMAIL) == {"INCERTA": 3}

    recuperacao.recuperar(AGORA + timedelta(hours=1))

    assert estados(Canal.EMAIL) == {"ENVIADA": 1, "PENDENTE": 2}
    assert consumo.situacao(saidas[0], AGORA).usado == 1


def test_an_answer_that_was_written_is_not_put_in_doubt_afterwards(saidas):
    """A process reads the journal of a turn that lives and ends well meanwhile."""
    gerar()
    morrer(saidas[0], 0, depois_do_corpo=True)
    reserva_ = Reserva.objects.get()
    [nome] = [arquivo.stem for arquivo in diario.abandonados()]
    with diario.cercar(nome) as conteudo:
        aceita = Resultado(reserva_.ordem[0], Classe.ACEITA, "250", "ok", momento=AGORA.isoformat())
        resultados.encerrar(reserva_, [aceita], AGORA)

        assert recuperacao._encerrar(reserva_, conteudo, AGORA) == {}

    assert estados(Canal.EMAIL) == {"ENVIADA": 1}
    assert [t.classe for t in TentativaEnvio.objects.all()] == [Classe.ACEITA]


def test_one_block_that_cannot_be_settled_does_not_keep_the_others_from_it(saidas, monkeypatch):
    gerar(2)
    morrer(saidas[0], 0, depois_do_corpo=True)
    Reserva.objects.update(ate=AGORA - timedelta(days=2))  # of another machine, and poisoned
    veneno = Reserva.objects.get()
    Reserva.objects.filter(pk=veneno.pk).update(maquina=uuid.uuid4(), sessao="não é um número")
    gerar(1, celular="987654321")
    morrer(saidas[1], 0, depois_do_corpo=False)

    recuperacao.recuperar(AGORA)

    assert estados(Canal.SMS)["PENDENTE"] == 3 and estados(Canal.EMAIL)["EM_ENVIO"] == 2


def test_a_lote_that_pauses_stops_the_blocks_that_other_connections_hold(saidas, monkeypatch):
    gerar(6)
    monkeypatch.setattr(turno, "RESULTADOS_JUNTOS", 2)

    class Pausa(CanalDeMemoria):
        def enviar(self, envelope, antes_do_corpo):
            if len(self.recebidos) == 1:
                Lote.objects.update(pausado_em=AGORA)
            return super().enviar(envelope, antes_do_corpo)

    canal = Pausa()
    enviar(saidas[0], canal=canal)

    assert len(canal.recebidos) == 2
    assert estados(Canal.EMAIL) == {"ENVIADA": 2, "PENDENTE": 4}


def test_a_later_check_asks_once_about_all_that_is_left_of_the_block(saidas, monkeypatch):
    gerar(10)
    monkeypatch.setattr(turno, "VALIDADE_DA_VERIFICACAO", 3600)
    vezes = []
    verdadeira = reserva.verificar

    def contar(canal, mensagens, hoje):
        vezes.append(len(mensagens))
        return verdadeira(canal, mensagens, hoje)

    relogio = iter([0.0] + [5000.0] * 1000)
    for modulo in (envio, turno):
        monkeypatch.setattr(modulo, "continuo", lambda: next(relogio))
    monkeypatch.setattr(reserva, "arrendamento", lambda _: timedelta(days=1))
    monkeypatch.setattr(reserva, "verificar", contar)

    enviar(saidas[0], canal=CanalDeMemoria())

    assert vezes == [10, 10]
    assert estados(Canal.EMAIL) == {"ENVIADA": 10}


PERDAS = {
    "its lease ran out": lambda m: m.setattr(turno, "continuo", lambda: 1e12),
    "its session ended": lambda m: m.setattr(trabalhador.Trabalhador, "viva", lambda *_: False),
    "its journal was taken": lambda m: m.setattr(diario.Diario, "conferir_cerca", _tomado()),
}


def _tomado():
    vezes = iter([False])  # the block is opened; the first body finds it gone

    def conferir(_):
        if next(vezes, True):
            raise diario.Cercado

    return conferir


@pytest.mark.parametrize("perda", PERDAS)
def test_a_worker_that_lost_its_block_sends_nothing_more(saidas, smtp, monkeypatch, perda):
    gerar(2)
    monkeypatch.setattr(turno, "VALIDADE_DA_VERIFICACAO", float("inf"))
    PERDAS[perda](monkeypatch)

    enviar(saidas[0])

    assert not smtp.recebidas
    assert estados(Canal.EMAIL) == {"PENDENTE": 2} and not TentativaEnvio.objects.exists()


def test_a_block_that_another_process_settled_is_not_settled_again(saidas, monkeypatch):
    """A process that was stopped past its lease gets its answer after its message was taken for uncertain."""
    gerar(2)

    class Parado(CanalDeMemoria):
        def enviar_lote(self, envelopes, antes_do_corpo):
            ditos = super().enviar_lote(envelopes, antes_do_corpo)
            recuperacao.recuperar(AGORA + timedelta(hours=1))
            assert estados(Canal.EMAIL) == {"INCERTA": 1, "PENDENTE": 1}
            return ditos

    canal = Parado()
    enviar(saidas[0], canal=canal)

    assert len(canal.recebidos) == 1
    assert estados(Canal.EMAIL) == {"ENVIADA": 1, "PENDENTE": 1}, "the answer came after all"
    assert balanco.conferir() == [] and consumo.situacao(saidas[0], AGORA).usado == 1


def test_nothing_is_sent_that_cannot_be_journaled(saidas, smtp, monkeypatch):
    def sem_espaco(*_):
        raise OSError(28, "No space left on device")

    gerar(3)
    monkeypatch.setattr(diario.os, "posix_fallocate", sem_espaco)

    enviar(saidas[0])

    assert not smtp.recebidas and estados(Canal.EMAIL) == {"PENDENTE": 3}
    assert "No space left" in Alerta.objects.get(tipo=Alerta.Tipo.DIARIO).texto


def test_the_alert_of_the_journal_is_one_and_is_over_when_there_is_room_again(saidas, monkeypatch):
    def sem_espaco(*_):
        raise OSError(28, "No space left on device")

    gerar(3)
    with monkeypatch.context() as cheio:
        cheio.setattr(diario.os, "posix_fallocate", sem_espaco)
        for minutos in (0, 5, 90):
            enviar(saidas[0], AGORA + timedelta(minutes=minutos))
    aberto = Alerta.objects.get(tipo=Alerta.Tipo.DIARIO, resolvido_em=None)

    enviar(saidas[0], canal=CanalDeMemoria())

    aberto.refresh_from_db()
    assert aberto.resolvido_em == AGORA


def test_a_stop_between_messages_gives_the_rest_back(saidas, smtp):
    saidas[0].conexoes = 1
    gerar(5)

    enviar(saidas[0], parar=lambda: len(smtp.recebidas) == 2)

    assert len(smtp.recebidas) == 2
    assert estados(Canal.EMAIL) == {"ENVIADA": 2, "PENDENTE": 3}


def test_one_message_that_makes_the_server_drop_does_not_stop_the_others(saidas, smtp):
    gerar(3)
    vitima = Mensagem.objects.filter(canal=Canal.EMAIL).order_by("id")[1]
    smtp.ordenar(Ordem("RCPT", "derrubar", padrao=vitima.destino))

    enviar(saidas[0])

    assert estados(Canal.EMAIL) == {"ENVIADA": 2, "PENDENTE": 1}
    vitima.refresh_from_db()
    assert vitima.tentativas == 0 and vitima.proxima_tentativa_em > AGORA


def test_more_than_a_block_is_sent_in_one_turn_by_one_connection(saidas, smtp, monkeypatch):
    monkeypatch.setattr(envio, "PRIMEIRO_BLOCO", 4)
    saidas[0].conexoes = 1
    gerar(10)

    assert enviar(saidas[0]) == {"aceita": 10}
    assert smtp.conexoes == 1


def _instrucoes(quantas: int, servico) -> tuple[int, int]:
    """The statements of a claim of so many messages, and those that record what came of them."""
    gerar(quantas)
    with trabalhador.vagas(servico, 1) as [vaga], CaptureQueriesContext(connection) as da_reserva:
        bloco = reserva.reservar(vaga, "um", AGORA, quantas)
    aceitas = [Resultado(m.id, Classe.ACEITA, "250", "ok", momento=AGORA.isoformat()) for m in bloco.mensagens]
    assert len(aceitas) == quantas
    with CaptureQueriesContext(connection) as do_registro:
        resultados.encerrar(bloco.reserva, aceitas, AGORA)
    return len(da_reserva), len(do_registro)


def test_the_statements_of_a_block_do_not_grow_with_its_size(saidas):
    _instrucoes(1, saidas[0])  # the first of all also makes the row of the period

    poucas = _instrucoes(2, saidas[0])

    assert _instrucoes(40, saidas[0]) == poucas
    assert poucas[0] <= 30 and poucas[1] <= 24


def test_origins_that_share_a_service_take_turns_and_leave_nothing_unused(saidas):
    """Of a block of 20, a queue of 5 gets its 5 and the other the rest; two long ones get the same."""
    gerar(30)
    outras = [nova_mensagem(origem="cobranca") for _ in range(12)]
    with transaction.atomic(), ExitStack() as dominios:
        bloco = reserva._travar_devidas(saidas[0], AGORA, 20, dominios)
        assert Counter(m.origem for m in bloco) == {"faturamento": 10, "cobranca": 10}
    Mensagem.objects.filter(pk__in=[m.pk for m in outras[5:]]).delete()
    with transaction.atomic(), ExitStack() as dominios:
        bloco = reserva._travar_devidas(saidas[0], AGORA, 20, dominios)
        assert Counter(m.origem for m in bloco) == {"faturamento": 15, "cobranca": 5}


@pytest.mark.django_db(transaction=True)
def test_two_workers_at_once_send_each_message_once(smtp, gateway_simulado):
    novo_parametro_sistema()
    novo_parametro()
    servico, _ = novas_saidas(smtp=("127.0.0.1", smtp.porta), sms=gateway_simulado.url)
    gerar(60)

    def trabalhar():
        try:
            enviar(servico)
        finally:
            connection.close()

    trabalhadores = [threading.Thread(target=trabalhar) for _ in range(3)]
    for t in trabalhadores:
        t.start()
    for t in trabalhadores:
        t.join()

    assert Counter(r.destinos for r in smtp.recebidas).most_common(1)[0][1] == 1
    assert len(smtp.recebidas) == 60 and estados(Canal.EMAIL) == {"ENVIADA": 60}
    assert balanco.conferir() == []


@pytest.fixture
def de_verdade(transactional_db, smtp, gateway_simulado):
    """A service whose turns write beside the sending, since no transaction of a test holds their rows."""
    novo_parametro_sistema()
    novo_parametro()
    return novas_saidas(smtp=("127.0.0.1", smtp.porta), sms=gateway_simulado.url)[0]


def _sessoes() -> int:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*) FROM pg_stat_activity"
            " WHERE datname = current_database() AND backend_type = 'client backend'"
        )
        return cursor.fetchone()[0]


def test_blocks_are_taken_written_and_closed_beside_the_sending(de_verdade, smtp, monkeypatch):
    monkeypatch.setattr(envio, "PRIMEIRO_BLOCO", 5)
    monkeypatch.setattr(envio, "MAIOR_BLOCO", 10)
    monkeypatch.setattr(turno, "RESULTADOS_JUNTOS", 3)
    gerar(60)
    trabalhador.este().apresentar()
    antes, linhas = _sessoes(), threading.active_count()

    assert enviar(de_verdade) == {"aceita": 60}

    assert Counter(r.destinos for r in smtp.recebidas).most_common(1)[0][1] == 1
    assert estados(Canal.EMAIL) == {"ENVIADA": 60} and balanco.conferir() == []
    assert Reserva.objects.count() >= 6 and not Reserva.objects.filter(encerrada_em=None).exists()
    assert not list(diario.pasta().glob("*.diario"))
    esperar(lambda: _sessoes() == antes and threading.active_count() == linhas, 5)


@pytest.mark.parametrize(
    ("resta", "antes", "tamanho"),
    [
        (20, 0, 221),  # four seconds of what the service sends, and a tenth more
        (5, 100, 166),  # the block before it takes two of the five seconds that are left
        (1, 0, 56),
        (0, 0, 1),
        (1, 100, 0),  # its turn never comes
    ],
)
def test_a_block_is_no_larger_than_what_the_turn_has_time_for(monkeypatch, resta, antes, tamanho):
    """What is taken and does not leave was composed in vain."""
    monkeypatch.setattr(envio, "time", SimpleNamespace(monotonic=lambda: 100.0))
    fim_do_turno = SimpleNamespace(fim=100.0 + resta)

    assert envio._tamanho(fim_do_turno, 50.0, antes) == tamanho


@pytest.mark.parametrize(
    ("respostas", "ritmado", "ouvidas"),
    [
        ([2, 1, 0], False, 3),  # as long as somebody answered
        ([0], False, 1),  # who says nothing is waited for by nobody
        ([5], False, 1),  # nobody is left to hear
        ([5], True, 0),  # a moment is not missed for it
    ],
)
def test_who_answers_while_the_others_are_heard_leaves_with_them(respostas, ritmado, ouvidas):
    conducao = em_paralelo._Conducao(SimpleNamespace(ritmado=ritmado), None, None)
    conducao.prontas, conducao.no_corpo = [object()], dict.fromkeys(range(5))
    vezes = []

    def ouvir(ate):
        vezes.append(ate)
        for _ in range(respostas[len(vezes) - 1]):
            conducao.no_corpo.popitem()

    conducao._ouvir_todas = ouvir
    conducao._juntar()

    assert vezes == [0] * ouvidas


def test_a_block_taken_ahead_goes_back_when_the_turn_must_end(de_verdade, smtp, monkeypatch):
    monkeypatch.setattr(envio, "PRIMEIRO_BLOCO", 5)
    de_verdade.conexoes = 1
    gerar(30)

    contagem = enviar(de_verdade, parar=lambda: len(smtp.recebidas) >= 3)

    assert contagem["aceita"] == len(smtp.recebidas) < 30
    assert estados(Canal.EMAIL) == {"ENVIADA": contagem["aceita"], "PENDENTE": 30 - contagem["aceita"]}
    assert not Reserva.objects.filter(encerrada_em=None).exists() and not diario.abandonados()


@pytest.mark.parametrize("passo", ["aplicar", "encerrar"])
def test_what_could_not_be_written_is_settled_by_the_journal_and_never_sent_again(de_verdade, smtp, monkeypatch, passo):
    """The database fails beside the sending, in the middle of a turn that has taken the next block already."""
    monkeypatch.setattr(envio, "PRIMEIRO_BLOCO", 10)
    monkeypatch.setattr(turno, "RESULTADOS_JUNTOS", 3)
    gerar(40)

    def cair(*_):
        raise OperationalError("o servidor se foi")

    with monkeypatch.context() as queda, pytest.raises(OperationalError):
        queda.setattr(resultados, passo, cair)
        enviar(de_verdade)
    ja_recebidas = len(smtp.recebidas)
    assert ja_recebidas and estados(Canal.EMAIL)["EM_ENVIO"]

    recuperacao.recuperar(AGORA)
    assert estados(Canal.EMAIL) == {"ENVIADA": ja_recebidas, "PENDENTE": 40 - ja_recebidas}
    enviar(de_verdade)

    assert estados(Canal.EMAIL) == {"ENVIADA": 40} and len(smtp.recebidas) == 40
    assert balanco.conferir() == [] and not diario.abandonados()


def test_simulado_never_speaks_to_a_real_host(saidas):
    gerar()
    saidas[0].host = "smtp.exemplo.com.br"

    enviar(saidas[0])

    assert estados(Canal.EMAIL) == {"PENDENTE": 1}
    saidas[0].refresh_from_db()
    assert "servidor real" in saidas[0].motivo_espera


def test_a_receipt_delivers_or_fails_and_the_same_one_twice_changes_nothing(saidas, gateway_simulado):
    gerar(2, celular="987654321")
    enviar(saidas[1])
    primeiro, segundo = gateway_simulado.esperar(2)
    gateway_simulado.avisar(segundo.id, "failed", "numero desligado")

    for _ in range(2):
        retornos.consultar(saidas[1], relogio=lambda: AGORA + timedelta(minutes=2))

    assert estados(Canal.SMS) == {"ENTREGUE": 1, "FALHA": 1}
    assert Mensagem.objects.get(id_externo=primeiro.id).codigo_retorno == RETORNO_ENVIADO
    falha = Mensagem.objects.get(id_externo=segundo.id)
    assert falha.codigo_retorno == RETORNO_ERRO_OPERADORA and "numero desligado" in falha.motivo


def test_a_resend_is_the_same_row_with_a_new_attempt_who_asked_and_why(saidas, smtp, django_user_model):
    usuario = django_user_model.objects.create_user("operadora")
    gerar()
    smtp.ordenar(Ordem("RCPT", codigo=550, texto="5.1.1 nao existe", vezes=1))
    enviar(saidas[0])
    falha = Mensagem.objects.get(canal=Canal.EMAIL)

    assert decisoes.reenviar([falha.pk], usuario=usuario, motivo="caixa criada", agora=AGORA) == 1
    enviar(saidas[0])

    falha.refresh_from_db()
    assert (falha.estado, falha.pedido_motivo) == (Estado.ENVIADA, "")
    ultima = falha.envios.first()
    assert (ultima.numero, ultima.pedido_por, ultima.pedido_motivo) == (2, usuario, "caixa criada")


def test_a_decision_needs_a_reason_and_touches_only_what_it_may(saidas, smtp):
    gerar(2)
    smtp.ordenar(Ordem("BODY", "derrubar", vezes=1))
    enviar(saidas[0])
    todas = list(Mensagem.objects.values_list("pk", flat=True))

    with pytest.raises(decisoes.MotivoObrigatorio):
        decisoes.reenviar(todas, usuario=None, motivo=" ", agora=AGORA)
    decisao = {"como": Estado.ENVIADA, "usuario": None, "motivo": "o cliente recebeu", "agora": AGORA}
    assert decisoes.resolver_incertas(todas, **decisao) == 1
    assert Mensagem.objects.get(motivo__contains="o cliente recebeu").enviada_em == AGORA
    assert decisoes.cancelar(todas, usuario=None, motivo="engano") == 2, "only the pending SMS"
    assert decisoes.reenviar(todas, usuario=None, motivo="nada a reenviar", agora=AGORA) == 0


RESPOSTAS = st.one_of(
    st.just(Resposta("250", "ok", "id")),
    st.sampled_from(sorted(DO_SERVICO | REPETIVEIS | DEFINITIVAS)).map(lambda c: FalhaDeEnvio(c, "x", "palavras")),
    st.just(None),
)


@settings(max_examples=30, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(respostas=st.lists(RESPOSTAS, max_size=25), minutos=st.lists(st.integers(1, 700), min_size=3, max_size=12))
def test_whatever_the_servers_answer_every_message_ends_with_a_reason(saidas, respostas, minutos):
    """Random replies over days: attempts respect the maximum, the balance closes, and at the limit all is terminal."""
    from django.db import transaction

    with transaction.atomic():
        execucao = gerar(4)
        canal = CanalDeMemoria(_com_incerta(r) for r in respostas)
        agora = AGORA
        for passo in minutos:
            envio.enviar(saidas[0], relogio=lambda agora=agora: agora, canal=canal)
            agora += timedelta(minutes=passo)
            assert all(linha.fecha for linha in balanco.da_execucao(execucao, agora, contar=True))
            assert balanco.conferir() == []
        envio.varrer_prazo(agora + timedelta(days=10))

        for mensagem in Mensagem.objects.filter(canal=Canal.EMAIL):
            assert mensagem.estado in TERMINAIS
            assert mensagem.estado == Estado.ENVIADA or mensagem.motivo
            assert mensagem.tentativas <= mensagem.tentativas_maximas
        vistos = Counter(e.chave for e in canal.recebidos)
        certas = Mensagem.objects.filter(canal=Canal.EMAIL).values_list("chave", "tentativas")
        assert all(vistos[chave] <= tentativas for chave, tentativas in certas)
        transaction.set_rollback(True)


def _com_incerta(resposta):
    if resposta is None:
        resposta = FalhaDeEnvio(Classe.INCERTA, "", "caiu")
        resposta.depois_do_corpo = True
    return resposta
