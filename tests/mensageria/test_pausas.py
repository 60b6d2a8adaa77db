"""A lote that is refused too much stops by itself, is told once, and goes on when somebody says so."""

import uuid
from datetime import timedelta

import pytest
from django.contrib.admin.models import LogEntry
from django.urls import reverse
from django.utils import timezone
from pytest_django.asserts import assertContains, assertNotContains

from faturamento.avisos import gerar_avisos
from mensageria import balanco, envio, pausas
from mensageria.decisoes import MotivoObrigatorio
from mensageria.estados import Estado
from mensageria.models import Alerta, Canal, Lote, Mensagem, OrigemEnvio
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
from tests.mensageria.apoio import nova_mensagem, por_em

AGORA = meio_dia(HOJE)
URL = "/mensagens/pausados/"


@pytest.fixture
def smtp():
    with ServidorSMTP() as servidor:
        yield servidor


@pytest.fixture
def servico(db, smtp):
    novo_parametro_sistema()
    novo_parametro()
    servico, _ = novas_saidas(smtp=("127.0.0.1", smtp.porta))
    OrigemEnvio.objects.update(recusas_maximas=50, recusas_em=10)
    return servico


def gerar(quantas: int) -> Lote:
    """E-mails of one run, all of one lote."""
    for _ in range(quantas):
        nova_conta(cliente=novo_cliente(celular=None))
    gerar_avisos(localidade_id=1, execucao=uuid.uuid4(), hoje=HOJE, agora=AGORA)
    return Lote.objects.get(canal=Canal.EMAIL)


def enviar(servico) -> dict:
    return dict(envio.enviar(servico, relogio=lambda: AGORA))


def estados() -> dict[str, int]:
    todas = Mensagem.objects.filter(canal=Canal.EMAIL).values_list("estado", flat=True)
    return {estado.name: list(todas).count(estado) for estado in Estado if estado in todas}


@pytest.fixture
def pausado(servico, smtp) -> Lote:
    """30 e-mails, of which the first block was all refused."""
    gerar(30)
    smtp.ordenar(Ordem("RCPT", codigo=550, texto="5.1.1 caixa <inexistente>"))
    enviar(servico)
    return Lote.objects.get(canal=Canal.EMAIL)


def test_too_many_refusals_pause_the_lote_once_with_one_alert(pausado, servico, smtp):
    assert (pausado.pausado_em, pausado.motivo_pausa) == (AGORA, "10 recusas nos últimos 10 envios")
    refusadas = estados()["FALHA"]
    assert 10 <= refusadas < 30  # what was already claimed when it paused still leaves

    assert enviar(servico) == {}

    alerta = Alerta.objects.get(tipo=Alerta.Tipo.PAUSA)
    assert estados() == {"PENDENTE": 30 - refusadas, "FALHA": refusadas}
    assert (alerta.caminho, alerta.resolvido_em) == (URL, None)
    assert f"O lote **{pausado.pk}**" in alerta.texto
    assert balanco.conferir() == []


def test_going_on_sends_the_rest_and_counts_refusals_anew(pausado, servico, smtp, admin_user):
    sobram = estados()["PENDENTE"]
    smtp.limpar()

    assert pausas.continuar(pausado.pk, usuario=admin_user, agora=AGORA)
    assert not pausas.continuar(pausado.pk, usuario=admin_user, agora=AGORA)

    assert Alerta.objects.get(tipo=Alerta.Tipo.PAUSA).resolvido_em == AGORA
    assert enviar(servico) == {"aceita": sobram}
    pausado.refresh_from_db()
    assert pausado.pausado_em is None
    assert sobram == 10 and pausado.ultimas == "a" * 10


def test_refused_again_it_pauses_again_with_an_alert_of_its_own(pausado, servico, admin_user):
    pausas.continuar(pausado.pk, usuario=admin_user, agora=AGORA)

    envio.enviar(servico, relogio=lambda: AGORA.replace(hour=13))

    pausado.refresh_from_db()
    assert pausado.pausado_em == AGORA.replace(hour=13)
    assert Alerta.objects.filter(tipo=Alerta.Tipo.PAUSA, resolvido_em=None).count() == 1
    assert Alerta.objects.filter(tipo=Alerta.Tipo.PAUSA).count() == 2


@pytest.mark.parametrize("limite", [None, 100])
def test_an_origin_without_a_limit_or_with_one_that_is_not_passed_never_pauses(servico, smtp, limite):
    OrigemEnvio.objects.update(recusas_maximas=limite)
    gerar(12)
    smtp.ordenar(Ordem("RCPT", codigo=550, texto="5.1.1 nao existe"))

    enviar(servico)

    assert pausas.pausados() == []
    assert estados() == {"FALHA": 12}


# The screen


@pytest.fixture
def parado(db) -> Lote:
    """A lote paused with three messages to send, one on its way, and five refused."""
    lote = Lote.objects.create(
        execucao=uuid.uuid4(), origem="faturamento", canal=Canal.EMAIL, pausado_em=AGORA, motivo_pausa="6 recusas"
    )
    for estado in [Estado.PENDENTE] * 3 + [Estado.EM_ENVIO] + [Estado.FALHA] * 5:
        mensagem = por_em(nova_mensagem(lote=lote), estado)
        if estado == Estado.FALHA:
            mensagem.envios.create(
                numero=1,
                servico="S",
                destino="d@x.com",
                momento=AGORA,
                classe="endereco",
                codigo="550",
                resposta="<não>",
            )
    return lote


def pedir(navegador, lote: Lote, acao: str, **campos):
    dados = {"pedido": str(uuid.uuid4()), "confirmado": "1", "lote": lote.pk, "acao": acao}
    return navegador.post(URL, dados | campos, follow=True)


def test_the_page_says_why_since_when_how_many_and_what_the_servers_said(entrar, parado, django_assert_max_num_queries):
    navegador = entrar("operador")
    with django_assert_max_num_queries(12):
        pagina = navegador.get(URL)

    for texto in (f"Lote {parado.pk}: Faturamento", "6 recusas", "10/11/2026 12:00:00", "4 mensagens"):
        assertContains(pagina, texto)
    assertContains(pagina, "550 &lt;não&gt;", count=3)
    assertContains(pagina, reverse("mensageria:balanco", args=[parado.execucao]))
    assertNotContains(pagina, "Continuar o lote")


def test_many_paused_lotes_cost_no_more_and_come_in_pages(entrar, parado, django_assert_max_num_queries):
    for _ in range(12):
        outro = Lote.objects.create(execucao=uuid.uuid4(), origem="cobranca", canal=Canal.SMS, pausado_em=AGORA)
        por_em(nova_mensagem(lote=outro, canal=Canal.SMS), Estado.FALHA)
    navegador = entrar("operador")

    with django_assert_max_num_queries(12):
        primeira = navegador.get(URL)
    segunda = navegador.get(URL + primeira.context["pagina"].proxima)

    assert [len(pagina.context["pagina"].linhas) for pagina in (primeira, segunda)] == [10, 3]


def test_nothing_paused_is_said(entrar):
    assertContains(entrar("operador").get(URL), "Nenhum lote pausado")


def test_going_on_is_asked_first_and_done_once(entrar, parado):
    navegador = entrar("supervisor")
    assertContains(pedir(navegador, parado, "continuar", confirmado=""), "Confirma continuar o envio?")
    pedir(navegador, parado, "continuar", voltar="1")
    assert pausas.pausados() == [parado.pk]
    numero = str(uuid.uuid4())

    respostas = [pedir(navegador, parado, "continuar", pedido=numero) for _ in range(2)]

    assertContains(respostas[0], f"O envio do lote {parado.pk} continua.")
    assertNotContains(respostas[1], "já não estava pausado")
    assert pausas.pausados() == []


def test_cancelling_needs_a_reason_and_keeps_what_was_typed(entrar, parado):
    navegador = entrar("supervisor")

    sem = pedir(navegador, parado, "cancelar", motivo="")
    voltou = pedir(navegador, parado, "cancelar", motivo="Lista <velha>", voltar="1")

    assertContains(sem, "Informe o motivo.")
    assertContains(voltou, "Lista &lt;velha&gt;")
    assert Mensagem.objects.filter(estado=Estado.CANCELADA).count() == 0


def test_what_is_pending_is_cancelled_with_its_reason_and_what_is_leaving_keeps_the_pause(entrar, parado):
    navegador = entrar("supervisor")

    resposta = pedir(navegador, parado, "cancelar", motivo="Lista velha")

    assertContains(resposta, "3 mensagens foram canceladas.")
    assertContains(resposta, "1 mensagem ainda pode sair: cancele de novo.")
    canceladas = Mensagem.objects.filter(estado=Estado.CANCELADA)
    assert set(canceladas.values_list("motivo", "pedido_por")) == {
        ("Cancelada pelo operador: Lista velha", navegador.pessoa.pk)
    }
    assert pausas.pausados() == [parado.pk]
    Mensagem.objects.filter(estado=Estado.EM_ENVIO).update(estado=Estado.PENDENTE, reserva=None)

    pedir(navegador, parado, "cancelar", motivo="Lista velha")

    assert pausas.pausados() == []
    assert balanco.conferir() == []


@pytest.mark.parametrize("limite", ["BLOCO", "POR_VEZ"])
def test_a_big_lote_is_cancelled_in_blocks_and_says_what_is_left(parado, admin_user, monkeypatch, limite):
    monkeypatch.setattr(pausas, "BLOCO", 2)
    if limite == "POR_VEZ":
        monkeypatch.setattr(pausas, "POR_VEZ", 2)

    feitas = pausas.cancelar_pendentes(parado.pk, usuario=admin_user, motivo="m", agora=timezone.now())

    assert feitas == ((3, 1) if limite == "BLOCO" else (2, 2))


@pytest.mark.parametrize("dados", [{}, {"acao": "x", "lote": "1"}, {"acao": "continuar", "lote": "9" * 40}])
def test_what_no_page_sends_is_not_found(entrar, parado, dados):
    assert entrar("supervisor").post(URL, dados).status_code == 404


def test_the_balance_marks_a_paused_lote(entrar, parado):
    pagina = entrar("operador").get(reverse("mensageria:balanco", args=[parado.execucao]))

    assertContains(pagina, f'href="{URL}">Pausado</a>')


# By hand, and of an origin that nobody configured


def test_somebody_pauses_a_lote_and_lets_it_go_on(servico, smtp, admin_user):
    lote = gerar(2)

    assert pausas.pausar(lote.pk, usuario=admin_user, motivo="Campanha errada", agora=AGORA)
    assert enviar(servico) == {}
    lote.refresh_from_db()
    assert (lote.pausado_em, lote.motivo_pausa) == (AGORA, "Campanha errada")
    assert not Alerta.objects.exists()
    assert not smtp.recebidas

    assert pausas.continuar(lote.pk, usuario=admin_user, agora=AGORA)
    assert enviar(servico) == {"aceita": 2}
    ditos = list(LogEntry.objects.order_by("id").values_list("change_message", flat=True))
    assert ditos == ["Envio pausado: Campanha errada", "Envio continuado depois da pausa: Campanha errada"]


def test_pausing_what_is_paused_changes_nothing(servico, admin_user):
    lote = gerar(1)
    pausas.pausar(lote.pk, usuario=admin_user, motivo="Primeiro", agora=AGORA)

    assert not pausas.pausar(lote.pk, usuario=admin_user, motivo="Segundo", agora=AGORA + timedelta(hours=1))

    lote.refresh_from_db()
    assert (lote.pausado_em, lote.motivo_pausa) == (AGORA, "Primeiro")
    assert LogEntry.objects.count() == 1


@pytest.mark.parametrize("motivo", ["", "  "])
def test_a_pause_has_its_reason(servico, admin_user, motivo):
    with pytest.raises(MotivoObrigatorio):
        pausas.pausar(gerar(1).pk, usuario=admin_user, motivo=motivo, agora=AGORA)


@pytest.mark.parametrize(("recusas", "pausa"), [(50, False), (51, True)])
def test_a_lote_of_an_origin_without_a_row_pauses_by_what_a_new_row_would_say(servico, recusas, pausa):
    OrigemEnvio.objects.all().delete()
    lote = Lote.objects.create(execucao=uuid.uuid4(), origem="preventivo", canal=Canal.EMAIL)

    pausas.observar([(lote.pk, "aceita")] * (100 - recusas) + [(lote.pk, "endereco")] * recusas, AGORA)

    lote.refresh_from_db()
    assert (lote.pausado_em is not None) is pausa
    assert Alerta.objects.filter(tipo=Alerta.Tipo.PAUSA).count() == pausa
    if pausa:
        assert "51 recusas nos últimos 100 envios" in Alerta.objects.get().texto
