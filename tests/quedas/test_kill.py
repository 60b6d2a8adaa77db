"""Sending processes killed with -9, by who finds what they left: the same machine, or another one."""

from collections import Counter
from contextlib import ExitStack

import pytest

from mensageria import balanco, recuperacao
from mensageria.estados import Estado
from mensageria.models import Alerta, Consumo, Mensagem, Reserva
from tests.processos import esperar, matar
from tests.quedas.apoio import PRAZO, conferir, estados, gerar, incertas, novo_servico, parar, terminou, trabalhador

pytestmark = [pytest.mark.processos, pytest.mark.django_db(transaction=True)]

CONEXOES = 2
QUANTAS = 150  # more than the blocks that a turn may have in hand while it dies


def test_the_next_process_of_the_machine_settles_at_once_what_a_killed_one_left(smtp, tmp_path):
    """Killed twice: with a body behind each connection and no 250, and at whatever moment comes."""
    servico = novo_servico(smtp, conexoes=CONEXOES, prazo=30)
    gerar(120)

    with trabalhador(servico, tmp_path, conexoes=CONEXOES) as primeiro:
        no_ar = smtp.morrer_sem_resposta(primeiro, CONEXOES)
    with trabalhador(servico, tmp_path, conexoes=CONEXOES) as segundo:
        esperar(lambda: smtp.aceitas >= 70, PRAZO, 0.01)
        matar(segundo)
    with trabalhador(servico, tmp_path, conexoes=CONEXOES) as terceiro:
        esperar(terminou, PRAZO)
        parar(terceiro)

    em_duvida = incertas()
    assert no_ar <= em_duvida.keys()
    assert CONEXOES == len(no_ar) <= sum(em_duvida.values()) <= 2 * CONEXOES
    assert estados() == {"ENVIADA": 120 - len(em_duvida), "INCERTA": len(em_duvida)}
    assert not list(tmp_path.glob("*.diario")) and not list(tmp_path.glob("*.cercado"))
    conferir(smtp, servico)


def test_a_quota_is_used_to_the_last_message_and_never_passed_by_workers_that_die(smtp, tmp_path):
    """Three processes on two machines, two of them killed: what they had reserved the others settle and use."""
    servico = novo_servico(smtp, conexoes=4, cota_mensal=100, prazo=30)
    gerar(150)

    with ExitStack() as pilha:
        filhos = [pilha.enter_context(trabalhador(servico, tmp_path / str(n % 2))) for n in range(3)]
        esperar(lambda: smtp.aceitas >= 30, PRAZO, 0.01)
        matar(filhos[0])
        esperar(lambda: smtp.aceitas >= 60, PRAZO, 0.01)
        matar(filhos[1])
        filhos.append(pilha.enter_context(trabalhador(servico, tmp_path / "1")))
        esperar(lambda: Alerta.objects.filter(tipo=Alerta.Tipo.ESGOTADO).exists(), PRAZO)
        for filho in filhos[2:]:
            parar(filho)

    em_duvida = len(incertas())
    assert estados() == Counter(ENVIADA=100 - em_duvida, INCERTA=em_duvida, PENDENTE=50)
    assert Consumo.objects.get().usado == 100
    assert Alerta.objects.filter(tipo=Alerta.Tipo.ESGOTADO).count() == 1
    assert em_duvida <= 2 * servico.conexoes, "one that began alone has them all"
    conferir(smtp, servico)


def test_another_machine_gives_up_on_a_lost_one_and_its_journal_settles_them_when_it_is_found(smtp, tmp_path):
    """The lost one had a body without its 250 on each connection, and results that the database had not seen."""
    smtp.espera = 0.02  # the first block lasts until both connections are there
    servico = novo_servico(smtp, conexoes=CONEXOES, prazo=2)
    gerar(QUANTAS)
    pressa = {"ARRENDAMENTO": "1", "CARENCIA": "1"}  # four time-outs more: the block is held for 9 s

    with trabalhador(servico, tmp_path / "perdida", **pressa) as perdido:
        no_ar = smtp.morrer_sem_resposta(perdido, CONEXOES)
    with trabalhador(servico, tmp_path / "outra", **pressa) as outro:
        esperar(terminou, PRAZO)
        parar(outro)

    perdidas = Mensagem.objects.filter(estado=Estado.INCERTA, motivo__endswith=recuperacao.MAQUINA_PERDIDA).count()
    assert perdidas > CONEXOES, "more than the truth: nobody here could know"
    assert no_ar <= incertas().keys()
    assert estados().keys() == {"ENVIADA", "INCERTA"}
    assert Reserva.objects.filter(perdida=True).exists()
    conferir(smtp, servico)

    with trabalhador(servico, tmp_path / "perdida", **pressa) as achado:
        esperar(lambda: not Reserva.objects.filter(perdida=True).exists(), PRAZO)
        esperar(terminou, PRAZO)
        parar(achado)

    assert estados() == Counter(ENVIADA=QUANTAS - len(no_ar), INCERTA=len(no_ar))
    assert set(Mensagem.objects.filter(estado=Estado.INCERTA).values_list("destino", flat=True)) == no_ar
    assert len(smtp.recebidas) == QUANTAS
    assert Counter(r.destinos for r in smtp.recebidas).most_common(1)[0][1] == 1
    assert Consumo.objects.get().usado == QUANTAS and balanco.conferir() == []
