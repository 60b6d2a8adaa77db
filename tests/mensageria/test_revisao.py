"""What may go wrong between the parts: two versions of a fact, poisoned messages, locks, hostile replies."""

import threading
import time
import uuid
from collections import Counter
from datetime import timedelta

import pytest
from django.db import connection, transaction
from django.utils import timezone

from faturamento.avisos import gerar_avisos
from faturamento.models import Conta
from mensageria import (
    balanco,
    circuito,
    composicao,
    decisoes,
    diario,
    envio,
    recuperacao,
    reserva,
    tasks,
    trabalhador,
    turno,
)
from mensageria.canais.base import FalhaDeEnvio, Resposta
from mensageria.canais.memoria import CanalDeMemoria
from mensageria.estados import Classe, Estado
from mensageria.janela import Calendario
from mensageria.models import Canal, GatewaySMS, Mensagem, Remetente, Reserva, ServicoEmail, TentativaEnvio
from tests.fabricas import (
    HOJE,
    meio_dia,
    nova_conta,
    novas_saidas,
    novo_cliente,
    novo_parametro,
    novo_parametro_sistema,
)

AGORA = meio_dia(HOJE)


@pytest.fixture
def saidas(db) -> tuple[ServicoEmail, GatewaySMS]:
    novo_parametro_sistema()
    novo_parametro()
    return novas_saidas()


def gerar(quantas: int = 0, execucao: uuid.UUID | None = None) -> uuid.UUID:
    execucao = execucao or uuid.uuid4()
    for _ in range(quantas):
        nova_conta(cliente=novo_cliente())
    gerar_avisos(localidade_id=1, execucao=execucao, hoje=HOJE, agora=AGORA)
    return execucao


def enviar(servico, agora=AGORA, canal=None, **opcoes) -> Counter:
    return envio.enviar(servico, relogio=lambda: agora, canal=canal or CanalDeMemoria(), **opcoes)


def estados(canal: Canal = Canal.EMAIL) -> Counter:
    return Counter(Estado(e).name for e in Mensagem.objects.filter(canal=canal).values_list("estado", flat=True))


def dos_emails():
    return Mensagem.objects.filter(canal=Canal.EMAIL).order_by("id")


def perder(servico, agora=AGORA, saem=slice(None)) -> reserva.Bloco | None:
    """A turn that dies when it said of these messages of its block that they leave: its journal stays behind."""
    with trabalhador.vagas(servico, 1) as vagas, diario.Diario() as do_turno:
        bloco = vagas and reserva.reservar(vagas[0], do_turno.nome, agora, envio.PRIMEIRO_BLOCO)
        if not bloco:
            return None
        ids = [m.id for m in bloco.mensagens]
        do_turno.abrir_bloco(bloco.reserva.pk, ids)
        do_turno.anunciar(ids[saem])
    return bloco


def test_two_versions_of_one_conta_in_a_block_send_only_the_one_that_is_true(saidas):
    gerar(1)
    Conta.objects.update(valor_agua=50)
    gerar()
    assert estados() == {"PENDENTE": 2}
    canal = CanalDeMemoria()

    enviar(saidas[0], canal=canal)

    assert len(canal.recebidos) == 1
    velha, nova = dos_emails()
    assert (velha.estado, velha.motivo) == (Estado.CANCELADA, "objeto_alterado")
    assert nova.estado == Estado.ENVIADA and nova.contexto["valores"]["{VALOR}"] == "50,00"


def test_a_maximum_lowered_below_the_attempts_leaves_one_more_and_no_message_stuck(saidas):
    execucao = gerar(1)
    temporario = FalhaDeEnvio(Classe.TEMPORARIO, "451", "depois")
    agora = AGORA
    for _ in range(2):
        enviar(saidas[0], agora, CanalDeMemoria([temporario]))
        agora += timedelta(hours=2)
    novo_parametro(referencia=202602, tentativas_email=1)

    gerar(execucao=execucao)
    enviar(saidas[0], agora)

    mensagem = dos_emails().get()
    assert (mensagem.estado, mensagem.tentativas) == (Estado.ENVIADA, 3)


def envenenar(monkeypatch, funcao: str, vitima: Mensagem, erro: Exception) -> None:
    """That function breaks with a message, or with its context."""
    verdadeira, da_vitima = getattr(composicao, funcao), (vitima.chave, composicao.identificacao(vitima))

    def envenenada(*argumentos):
        if any((um.get("id") if isinstance(um, dict) else getattr(um, "chave", "")) in da_vitima for um in argumentos):
            raise erro
        return verdadeira(*argumentos)

    monkeypatch.setattr(composicao, funcao, envenenada)


@pytest.mark.parametrize("funcao", ["preparar", "compor"])
def test_a_message_that_breaks_the_composition_ends_in_failure_and_stops_nobody(saidas, monkeypatch, funcao):
    gerar(3)
    vitima = dos_emails()[0]
    envenenar(monkeypatch, funcao, vitima, IndexError("veneno"))
    agora = AGORA

    for _ in range(3):
        enviar(saidas[0], agora)
        agora += timedelta(hours=3)

    assert estados() == {"ENVIADA": 2, "FALHA": 1}
    vitima.refresh_from_db()
    assert vitima.tentativas == 3 and "IndexError: veneno" in vitima.motivo
    assert vitima.envios.count() == 3 and not vitima.envios.exclude(resumo="").exists()
    saidas[0].refresh_from_db()
    assert saidas[0].em_espera_ate is None


def test_a_channel_that_breaks_on_one_message_fails_it_and_goes_on(saidas):
    gerar(4)
    depois = ValueError("veneno depois")
    depois.depois_do_corpo = True

    enviar(saidas[0], canal=CanalDeMemoria([TypeError("veneno antes"), Resposta("250", "ok"), depois]))

    antes, _, incerta, _ = dos_emails()
    assert estados() == {"PENDENTE": 1, "ENVIADA": 2, "INCERTA": 1}
    assert (antes.tentativas, antes.reserva) == (1, None) and "veneno antes" in antes.motivo
    assert antes.proxima_tentativa_em > AGORA
    assert incerta.estado == Estado.INCERTA and "veneno depois" in incerta.motivo


def test_a_channel_that_breaks_on_every_message_rests_the_service(saidas):
    gerar(5)

    enviar(saidas[0], canal=CanalDeMemoria([TypeError("quebrado")] * 10))

    saidas[0].refresh_from_db()
    assert saidas[0].em_espera_ate > AGORA and "quebrado" in saidas[0].motivo_espera
    assert TentativaEnvio.objects.count() == turno.QUEDAS_TOLERADAS


def test_a_turn_that_cannot_begin_rests_the_service_with_the_reason(saidas, monkeypatch):
    gerar(1)
    monkeypatch.setattr(reserva, "verificar", lambda *_: 1 / 0)

    enviar(saidas[0])

    saidas[0].refresh_from_db()
    assert saidas[0].em_espera_ate > AGORA and "ZeroDivisionError" in saidas[0].motivo_espera
    assert estados() == {"PENDENTE": 1} and not TentativaEnvio.objects.exists()
    assert recuperacao.recuperar(AGORA) == {} and not diario.abandonados()


def test_a_block_whose_preparation_fails_is_never_taken_for_one_that_left(saidas, monkeypatch):
    """Neither with a journal that speaks of the block before, which is over."""
    gerar(3)
    monkeypatch.setattr(envio, "PRIMEIRO_BLOCO", 1)
    verdadeira, vezes = reserva.verificar, iter([True])
    monkeypatch.setattr(reserva, "verificar", lambda *tudo: verdadeira(*tudo) if next(vezes, False) else 1 / 0)

    enviar(saidas[0])
    assert estados() == {"ENVIADA": 1, "PENDENTE": 2}

    recuperacao.recuperar(AGORA + timedelta(days=1))
    assert estados() == {"ENVIADA": 1, "PENDENTE": 2}
    assert not diario.abandonados()


def test_a_lost_message_that_no_longer_renders_is_still_recovered(saidas, monkeypatch):
    gerar(2)
    perdida, outra = perder(saidas[0]).mensagens
    envenenar(monkeypatch, "conteudo", perdida, IndexError("veneno"))

    assert recuperacao.recuperar(AGORA)["incertas"] == 2

    resumos = dict(TentativaEnvio.objects.values_list("mensagem", "resumo"))
    assert resumos[perdida.id] == "" and resumos[outra.id]


HOSTIL = "nao\x00 e \ud800 texto"


@pytest.mark.parametrize("classe", [None, Classe.ENDERECO, Classe.TEMPORARIO, Classe.INCERTA, Classe.REDE])
def test_a_reply_that_no_database_can_hold_is_still_recorded(saidas, classe):
    gerar(1)
    resposta = FalhaDeEnvio(classe, "250", HOSTIL) if classe else Resposta("250", HOSTIL, HOSTIL)

    enviar(saidas[0], canal=CanalDeMemoria([resposta]))

    assert TentativaEnvio.objects.get().resposta == "nao\ufffd e \ufffd texto"
    assert not Mensagem.objects.filter(estado=Estado.EM_ENVIO).exists()


@pytest.mark.parametrize("canal", Canal)
def test_a_reply_that_repeats_the_secret_is_kept_without_it(saidas, canal, caplog):
    gerar(1)
    servico = saidas[0] if canal == Canal.EMAIL else saidas[1]
    servico.senha = servico.credencial = "Zx81-segredo"
    falha = FalhaDeEnvio(Classe.AUTENTICACAO, "401", "token Zx81-segredo invalido")

    enviar(servico, canal=CanalDeMemoria([falha]))

    servico.refresh_from_db()
    guardado = (
        f"{servico.motivo_espera} {Mensagem.objects.get(canal=canal).motivo} {TentativaEnvio.objects.get().resposta}"
    )
    assert "Zx81-segredo" not in guardado + caplog.text
    assert "token *** invalido" in servico.motivo_espera


def test_a_block_that_is_all_cancelled_does_not_end_the_turn(saidas, monkeypatch):
    monkeypatch.setattr(envio, "PRIMEIRO_BLOCO", 2)
    gerar(5)
    vencem_antes = Conta.objects.order_by("id")[:4].values_list("id", flat=True)
    Conta.objects.filter(id__in=list(vencem_antes)).update(pago_em=HOJE)

    assert enviar(saidas[0]) == {"canceladas": 4, "aceita": 1}
    assert [len(r.ordem) for r in Reserva.objects.order_by("id")] == [1], "and takes no number"


def test_a_body_that_waited_for_its_moment_is_checked_again_before_it_leaves(saidas, monkeypatch):
    """The limit of the service makes the third wait, and meanwhile its conta is paid."""
    gerar(3)
    ServicoEmail.objects.update(limite_segundo=1)
    saidas[0].refresh_from_db()
    monkeypatch.setattr(turno, "VALIDADE_DA_VERIFICACAO", 0.5)

    class PagaDepois(CanalDeMemoria):
        def enviar(self, envelope, antes_do_corpo):
            resposta = super().enviar(envelope, antes_do_corpo)
            if len(self.recebidos) == 2:
                Conta.objects.update(pago_em=HOJE)
            return resposta

    assert enviar(saidas[0], canal=PagaDepois()) == {"aceita": 2, "canceladas": 1}
    assert [m.motivo for m in dos_emails()] == ["", "", "paga"]


@pytest.mark.django_db(transaction=True)
def test_claims_results_recovery_and_decisions_at_once_never_deadlock(settings):
    """Several lotes, many workers: every statement takes the counts in one order, so nobody is killed for a cycle."""
    settings.ARRENDAMENTO = 3600
    novo_parametro_sistema()
    novo_parametro()
    servico, _ = novas_saidas()
    servico.conexoes = 4
    for _ in range(6):
        gerar(12)
    inicio = time.monotonic()
    fim = inicio + 4

    def relogio():
        return AGORA + timedelta(seconds=60 * (time.monotonic() - inicio))  # fast, so that retries come due

    erros: list[str] = []
    voltas = Counter()

    def em_voltas(nome, passo):
        try:
            while time.monotonic() < fim:
                try:
                    passo()
                    voltas[nome] += 1
                except Exception as erro:
                    erros.append(f"{nome}: {type(erro).__name__} {erro}")
        finally:
            connection.close()

    def turno():
        respostas = [
            FalhaDeEnvio(Classe.TEMPORARIO, "451", "depois"),
            FalhaDeEnvio(Classe.INCERTA, "", "caiu"),
            FalhaDeEnvio(Classe.ENDERECO, "550", "nao existe"),
        ]
        envio.enviar(servico, relogio=relogio, canal=CanalDeMemoria(respostas), duracao=0.2)

    def morrer():
        perder(servico, relogio(), saem=slice(0, None, 2))

    def perder_a_maquina():
        if bloco := perder(servico, relogio()):
            de_outra = {"maquina": uuid.uuid4(), "sessao": "0 2026-01-01", "ate": AGORA - timedelta(days=1)}
            Reserva.objects.filter(pk=bloco.reserva.pk).update(**de_outra)

    def recuperar():
        recuperacao.recuperar(relogio())

    def decidir():
        ids = list(Mensagem.objects.filter(estado__in=(Estado.INCERTA, Estado.FALHA)).values_list("id", flat=True))
        decisoes.reenviar(ids, usuario=None, motivo="de novo", agora=relogio())

    papeis = [turno, turno, morrer, perder_a_maquina, recuperar, recuperar, decidir]
    fios = [threading.Thread(target=em_voltas, args=(papel.__name__, papel)) for papel in papeis]
    for fio in fios:
        fio.start()
    for fio in fios:
        fio.join()

    assert erros == []
    assert voltas.keys() == {papel.__name__ for papel in papeis}
    assert balanco.conferir() == []


def test_a_doorbell_heard_late_does_not_wake_a_service_that_rests_or_is_off(saidas, monkeypatch):
    chamados = []
    monkeypatch.setattr(envio, "enviar", lambda servico, **_: Counter(chamados.append(servico.pk)))
    circuito.descansar(saidas[0], "cota", timezone.now())
    GatewaySMS.objects.update(ativo=False)

    tasks.enviar_email(saidas[0].pk)
    tasks.enviar_sms(saidas[1].pk)
    assert chamados == []

    ServicoEmail.objects.update(em_espera_ate=None)
    tasks.enviar_email(saidas[0].pk)
    assert chamados == [saidas[0].pk]


def test_a_tick_whose_sweep_fails_still_rings(saidas, monkeypatch):
    gerar(1)
    Mensagem.objects.update(proxima_tentativa_em=timezone.now(), expira_em=timezone.now() + timedelta(1))
    tocadas = []
    monkeypatch.setattr(envio, "varrer_prazo", lambda *_: 1 / 0)
    monkeypatch.setattr(tasks, "tocar", lambda tarefa, *_: tocadas.append(tarefa.__name__))

    tasks.tique()

    assert {"enviar_email", "enviar_sms"} <= set(tocadas)


def test_a_recovery_that_fails_is_tried_again(monkeypatch):
    parando, vezes = threading.Event(), []

    def recuperar(agora):
        vezes.append(agora)
        if len(vezes) == 1:
            raise ZeroDivisionError
        parando.set()

    monkeypatch.setattr(recuperacao, "recuperar", recuperar)
    monkeypatch.setattr(tasks, "INTERVALO_DA_VIGILIA", 0.01)
    monkeypatch.setattr(trabalhador.Trabalhador, "apresentar", lambda _: None)
    vigilia = threading.Thread(target=tasks.vigiar, args=(parando,))

    vigilia.start()
    vigilia.join(10)

    assert not vigilia.is_alive() and len(vezes) == 2


def test_a_host_that_no_resolver_takes_is_a_fault_of_the_service(saidas, settings):
    settings.ENVIO = "real"
    gerar(1)
    saidas[0].host = "smtp..exemplo.com.br"

    envio.enviar(saidas[0], relogio=lambda: AGORA)

    mensagem = dos_emails().get()
    assert (mensagem.estado, mensagem.tentativas) == (Estado.PENDENTE, 0)
    saidas[0].refresh_from_db()
    assert saidas[0].motivo_espera.startswith("Rede")


def test_a_claim_reads_its_queue_in_the_order_of_its_index(saidas):
    aberto = Calendario()
    for fila in reserva._filas(saidas[0], aberto, AGORA) + reserva._filas(saidas[1], aberto, AGORA):
        with connection.cursor() as cursor:
            # So few rows would be read anyhow; these leave the question whether the index gives the order by itself.
            cursor.execute("SET LOCAL enable_seqscan = off; SET LOCAL enable_bitmapscan = off")
            cursor.execute("SET LOCAL enable_sort = off")
        plano = fila.select_for_update(skip_locked=True, of=("self",))[:50].explain()
        assert "Index Scan using mensagem_fila_" in plano and "Sort" not in plano


def test_a_service_with_many_senders_gives_each_a_share_of_the_block(saidas):
    gerar(6)
    outro = Remetente.objects.create(nome="Outro", email="outro@aguas.exemplo.com.br", servico=saidas[0])
    dele = [m.pk for m in dos_emails()[4:]]
    Mensagem.objects.filter(pk__in=dele).update(remetente=outro)

    with trabalhador.vagas(saidas[0], 1) as [vaga]:
        bloco = reserva.reservar(vaga, "um", AGORA, 4)

    assert Counter(m.remetente_id == outro.pk for m in bloco.mensagens) == {True: 2, False: 2}


def test_a_run_that_only_refreshes_says_that_it_queued_nothing(saidas):
    gerar(2)
    nova = novo_parametro(referencia=202602, assunto="Outro assunto")

    contagem = gerar_avisos(localidade_id=1, execucao=uuid.uuid4(), hoje=HOJE, agora=AGORA)

    assert contagem == {"sms": 0, "email": 0, "nao_geradas": 4}
    assert {m.texto.assunto for m in dos_emails()} == {nova.assunto}


@pytest.mark.django_db(transaction=True)
def test_a_generation_in_course_holds_up_no_message_that_is_being_sent():
    """What is claimed when another run finds its conta again is not even locked: its reply is recorded at once."""
    novo_parametro_sistema()
    novo_parametro()
    servico, _ = novas_saidas()
    gerar(2)
    gerou, solto = threading.Event(), threading.Event()

    def gerar_devagar():
        try:
            with transaction.atomic():
                gerar()
                gerou.set()
                solto.wait(10)
        finally:
            connection.close()

    class CanalQueEspera(CanalDeMemoria):
        def enviar(self, envelope, antes_do_corpo):
            if not self.recebidos:
                geracao.start()
                assert gerou.wait(10)
            return super().enviar(envelope, antes_do_corpo)

    geracao = threading.Thread(target=gerar_devagar)
    with connection.cursor() as cursor:
        cursor.execute("SET lock_timeout = '2s'")
    try:
        assert enviar(servico, canal=CanalQueEspera()) == {"aceita": 2}
        assert estados() == {"ENVIADA": 2} and geracao.is_alive()
    finally:
        solto.set()
        geracao.join()
        with connection.cursor() as cursor:
            cursor.execute("RESET lock_timeout")
