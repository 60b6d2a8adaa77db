"""Slots: advisory locks on sessions of their own. Each Trabalhador here stands for a process."""

import os
import signal
import threading
import time
from contextlib import ExitStack

import pytest
from django.db import connection, transaction

from mensageria import envio, reserva, trabalhador
from mensageria.canais.memoria import CanalDeMemoria
from mensageria.models import GatewaySMS, Mensagem
from mensageria.trabalhador import Trabalhador
from tests.mensageria.apoio import nova_mensagem
from tests.mensageria.test_envio import AGORA, enviar, gateway_simulado, gerar, saidas, smtp  # noqa: F401


@pytest.fixture
def trabalhadores(transactional_db):
    """Make sending processes; they end with the test."""
    abertos: list[Trabalhador] = []

    def novo() -> Trabalhador:
        abertos.append(Trabalhador())
        abertos[-1].apresentar()
        return abertos[-1]

    yield novo
    for aberto in abertos:
        aberto.fechar()


@pytest.fixture
def servico(transactional_db):
    trabalhador.este().fechar()  # this process is not one of those
    servico = nova_mensagem().remetente.servico
    type(servico).objects.filter(pk=servico.pk).update(conexoes=6)
    servico.refresh_from_db()
    return servico


def todas(de: Trabalhador, servico) -> list:
    vagas = []
    while (vaga := de.tomar(servico)) is not None:
        vagas.append(vaga)
    return vagas


def test_one_worker_alone_takes_every_slot_and_no_more(trabalhadores, servico):
    assert [vaga.numero for vaga in todas(trabalhadores(), servico)] == [0, 1, 2, 3, 4, 5]
    assert trabalhador.livres([servico]) == {servico: 0}


def test_each_takes_its_fair_share_while_others_live(trabalhadores, servico):
    um, outro, terceiro = trabalhadores(), trabalhadores(), trabalhadores()

    assert [len(todas(quem, servico)) for quem in (um, outro, terceiro)] == [2, 2, 2]


def test_the_slots_of_one_that_died_are_taken_by_those_that_live(trabalhadores, servico):
    um, outro = trabalhadores(), trabalhadores()
    assert len(todas(um, servico)) == 3 and len(todas(outro, servico)) == 3

    outro.fechar()

    assert _em_pouco_tempo(lambda: trabalhador.livres([servico])[servico] == 3)
    assert len(todas(um, servico)) == 3


def test_fewer_connections_hold_at_once_though_more_were_held_before(trabalhadores, servico):
    um, outro = trabalhadores(), trabalhadores()
    vagas = todas(um, servico)
    assert [vaga.numero for vaga in vagas] == [0, 1, 2]
    um.soltar(vagas[0])

    servico.conexoes = 2

    assert outro.tomar(servico) is None


def test_a_slot_is_one_connection_whoever_asks(trabalhadores, servico):
    um, outro = trabalhadores(), trabalhadores()
    vaga = um.tomar(servico, 0)

    assert vaga is not None and um.tomar(servico, 0) is None and outro.tomar(servico, 0) is None

    um.soltar(vaga)
    assert outro.tomar(servico, 0) is not None


def test_a_session_that_was_ended_holds_nothing_and_knows_it(trabalhadores, servico):
    um, outro = trabalhadores(), trabalhadores()
    vaga = um.tomar(servico)
    assert um.viva(vaga)

    trabalhador.encerrar_sessao(vaga.sessao)

    assert _em_pouco_tempo(lambda: not um.viva(vaga))
    assert outro.tomar(servico, vaga.numero) is not None
    nova = um.tomar(servico)
    assert nova is not None and um.viva(nova) and not um.viva(vaga)


def test_ending_a_session_by_the_number_of_another_ends_nothing(trabalhadores, servico):
    um = trabalhadores()
    vaga = um.tomar(servico)
    pid, _, _ = vaga.sessao.partition(" ")

    trabalhador.encerrar_sessao(f"{pid} 2001-01-01T00:00:00+00:00")

    assert um.viva(vaga)


def test_services_of_both_channels_with_the_same_number_do_not_share_slots(trabalhadores, servico):
    gateway = GatewaySMS.objects.filter(pk=servico.pk).first() or GatewaySMS.objects.create(
        pk=servico.pk, nome="O mesmo número", url="http://127.0.0.1:1"
    )
    um = trabalhadores()

    assert um.tomar(servico, 0) is not None and um.tomar(gateway, 0) is not None


def test_a_fork_makes_its_own_session(servico):
    meu = trabalhador.este()
    leitura, escrita = os.pipe()
    filho = os.fork()
    if not filho:
        os.write(escrita, b"outro" if trabalhador.este() is not meu else b"mesmo")
        os._exit(0)
    os.waitpid(filho, 0)

    assert os.read(leitura, 10) == b"outro"


def test_a_turn_without_a_slot_sends_nothing(trabalhadores, servico):
    assert len(todas(trabalhadores(), servico)) == 6

    assert enviar(servico, canal=CanalDeMemoria()) == {}
    assert Mensagem.objects.get().tentativas == 0


# Destination domains


def test_a_cap_per_domain_lets_only_so_many_connections_speak_of_it(trabalhadores, servico):
    um, outro = trabalhadores(), trabalhadores()

    with um.dominio(servico, "exemplo.com.br", 1) as primeira:
        with outro.dominio(servico, "exemplo.com.br", 1) as segunda, outro.dominio(servico, "x.com", 1) as terceira:
            assert (primeira, segunda, terceira) == (True, False, True)
        with um.dominio(servico, "exemplo.com.br", 1) as da_mesma:
            assert not da_mesma, "another connection of the same process is another connection"
    with outro.dominio(servico, "exemplo.com.br", 1) as depois:
        assert depois


def test_a_turn_leaves_the_domains_that_others_are_full_of_and_takes_the_rest(trabalhadores, servico):
    """Even when the messages of the full domain would fill many blocks, and nobody holds them up when it is free."""
    Mensagem.objects.all().delete()
    for _ in range(8):
        nova_mensagem(destino="ana@cheio.com.br")
    outra = nova_mensagem(destino="ana@Livre.com.br")
    servico.conexoes_por_dominio = 1
    servico.save()
    with trabalhadores().dominio(servico, "cheio.com.br", 1), trabalhador.vagas(servico, 1) as [vaga]:
        ids = _ids_da_reserva(vaga)
    assert ids == [outra.pk]
    with trabalhador.vagas(servico, 1) as [vaga]:
        assert len(_ids_da_reserva(vaga)) == 4


def _ids_da_reserva(vaga) -> list[int]:
    with transaction.atomic(), ExitStack() as dominios:
        return [m.id for m in reserva._travar_devidas(vaga.servico, AGORA, 4, dominios)]


def test_the_domains_of_a_block_are_free_when_it_ends(saidas, smtp):  # noqa: F811
    saidas[0].conexoes_por_dominio = 1
    saidas[0].save()
    gerar(3)

    assert enviar(saidas[0]) == {"aceita": 3}
    with Trabalhador().dominio(saidas[0], "exemplo.com.br", 1) as livre:
        assert livre


def test_a_service_that_failed_is_tried_by_one_connection_with_one_message(saidas):  # noqa: F811
    gerar(5)
    servico = saidas[0]
    type(servico).objects.update(falhas_seguidas=3, em_espera_ate=AGORA)
    servico.refresh_from_db()
    tamanhos = []
    verdadeiro = reserva.reservar

    def anotar(vaga, diario, agora, quantas):
        tamanhos.append((vaga.numero, quantas))
        return verdadeiro(vaga, diario, agora, quantas)

    with pytest.MonkeyPatch.context() as troca:
        troca.setattr(envio.reservas, "reservar", anotar)
        enviar(servico, canal=CanalDeMemoria())

    assert tamanhos[0] == (0, 1) and tamanhos[1][1] > 1, "one message closed the circuit"
    servico.refresh_from_db()
    assert servico.falhas_seguidas == 0


def _em_pouco_tempo(condicao) -> bool:
    limite = time.monotonic() + 5
    while not condicao():
        if time.monotonic() > limite:
            return False
        time.sleep(0.01)
    return True


def test_the_locks_are_those_of_this_database(servico):
    with connection.cursor() as cursor:
        cursor.execute(trabalhador.TIDAS)
        assert not [linha for linha in cursor.fetchall() if linha[0] in trabalhador.VAGA.values()]


def test_what_one_did_alone_is_free_for_the_next_at_once(db):
    """However long the server takes to end the session."""
    um = Trabalhador(presente=False)
    assert um.sozinho(336_999, 1)
    sessao = int(um.sessao.split()[0])
    os.kill(sessao, signal.SIGSTOP)
    threading.Timer(0.3, os.kill, (sessao, signal.SIGCONT)).start()

    um.fechar()

    with trabalhador.exclusivo(336_999, 1) as nossa:
        assert nossa
