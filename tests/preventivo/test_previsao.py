"""The forecast of a campaign: how many messages, by which services, until when, and what does not fit, in words."""

from datetime import datetime, timedelta

import pytest
from django.utils import timezone

from mensageria import consumo
from mensageria.estados import Estado
from mensageria.models import (
    Canal,
    Consumo,
    Lote,
    LoteContagem,
    Mensagem,
    Remetente,
    ServicoEmail,
    TentativaEnvio,
    VersaoTexto,
)
from preventivo.models import Campanha, Operacao
from preventivo.previsao import prever
from tests.mensageria.servicos import novo_remetente, novo_servico

from .fabricas import novo_registro
from .planilhas import AGORA, a_operacao, nova_campanha

AMANHA = AGORA + timedelta(days=1)
Situacao = Campanha.Situacao


@pytest.fixture
def claro(db) -> Remetente:
    """Sends through SERVICO_2, of SERVICO_1 (internal), 2, 3 and 5, each with 1,000 messages a month."""
    novo_servico(1, uso_interno=True, cota_mensal=None)
    servico = novo_servico(2, cota_mensal=1_000)
    novo_servico(3, cota_mensal=1_000)
    novo_servico(5, cota_mensal=1_000)
    return da_operacao("claro", servico, rotacao_automatica=False)


def da_operacao(codigo: str, servico: ServicoEmail, **campos) -> Remetente:
    remetente = novo_remetente(servico, codigo, **campos)
    Operacao.objects.filter(pk=a_operacao(codigo).pk).update(remetente=remetente)
    return remetente


def servico(numero: int) -> ServicoEmail:
    return ServicoEmail.objects.get(nome=f"SERVICO_{numero}")


def mudar(numero: int, **campos) -> None:
    ServicoEmail.objects.filter(nome=f"SERVICO_{numero}").update(**campos)


def usar(numero: int, quantas: int) -> None:
    consumo.contar(servico(numero), [AGORA] * quantas)


def campanha_de(enderecos: int, **campos) -> Campanha:
    return nova_campanha(enderecos=enderecos, **campos)


def rapidos(segundos: float) -> None:
    """What the last attempt through each service took."""
    for numero, cada in enumerate(ServicoEmail.objects.all()):
        TentativaEnvio.objects.create(
            mensagem_id=numero,
            numero=1,
            servico=cada.nome,
            destino="a@exemplo.com.br",
            momento=AGORA,
            duracao_ms=int(segundos * 1000),
            classe="aceita",
        )


def nova_mensagem(lote, texto, chave: str, **campos) -> Mensagem:
    padrao = {
        "lote": lote,
        "texto": texto,
        "chave": chave,
        "canal": Canal.EMAIL,
        "origem": "faturamento",
        "objeto_id": 1,
        "remetente": Remetente.objects.first(),
        "destino": "a@exemplo.com.br",
        "enviar_apos": AGORA,
        "expira_em": AGORA + timedelta(days=9),
        "proxima_tentativa_em": AGORA,
    }
    return Mensagem.objects.create(**padrao | campos)


def concluida(enderecos: int, mensagens: int, **campos) -> Campanha:
    """A campaign that ended, with so many messages in the ledger."""
    campanha = campanha_de(enderecos, **{"situacao": Situacao.CONCLUIDA, "envia_em": AGORA} | campos)
    lote = Lote.objects.create(execucao=campanha.execucao, origem="preventivo", canal=Canal.EMAIL)
    LoteContagem.objects.create(lote=lote, estado=Estado.ENVIADA, quantidade=mensagens)
    return campanha


# How many, and when


def test_what_fits_the_quota_and_the_day_has_no_problem(claro):
    rapidos(0.5)

    previsao = prever(campanha_de(1_000), AGORA)

    assert (previsao.mensagens, previsao.cabe, previsao.problemas) == (1_000, True, [])
    assert previsao.inicio == AMANHA
    assert previsao.fim == AMANHA + timedelta(seconds=250)  # two connections


def test_without_history_a_message_takes_a_second_of_a_connection(claro):
    assert prever(campanha_de(600), AGORA).fim == AMANHA + timedelta(minutes=5)


def test_a_moment_that_is_past_begins_now(claro):
    campanha = campanha_de(1, envia_em=AGORA - timedelta(hours=1))

    assert prever(campanha, AGORA).inicio == AGORA


def test_how_many_messages_an_address_gets_is_what_it_got_in_the_last_campaigns_of_the_operation(claro):
    concluida(100, 150)
    concluida(300, 300, situacao=Situacao.CONCLUIDA_COM_FALHAS)
    concluida(10, 1_000, teste_para="eu@exemplo.com.br")
    concluida(10, 1_000, situacao=Situacao.CANCELADA)
    concluida(10, 1_000, operacao="net")

    assert prever(campanha_de(101), AGORA).mensagens == 114  # 450 / 400 each, rounded up


def test_a_test_counts_the_addresses_that_it_may_send_to(claro):
    campanha = campanha_de(1_000, teste_para="eu@exemplo.com.br")
    for _ in range(12):
        novo_registro(campanha, ["um@exemplo.com.br", "dois@exemplo.com.br"])

    assert prever(campanha, AGORA).mensagens == 20  # of its first ten CPFs


def test_only_the_newest_campaigns_are_history(claro):
    concluida(100, 1_000, envia_em=AGORA - timedelta(days=30))
    for dia in range(10):
        concluida(100, 200, envia_em=AGORA - timedelta(days=dia))

    assert prever(campanha_de(10), AGORA).mensagens == 20


def test_campaigns_that_had_nothing_to_send_say_nothing(claro):
    concluida(100, 0)

    assert prever(campanha_de(10), AGORA).mensagens == 10


@pytest.mark.parametrize(
    ("limites", "segundos"),
    [
        ({"limite_segundo": 10}, 99 / 9.7),
        ({"limite_minuto": 50}, 61),
        ({"limite_hora": 99}, 3_660),
        ({"limite_segundo": 1, "limite_hora": 90}, 3_660 + 9 / 0.97),
    ],
)
def test_the_limits_of_the_service_say_when_it_ends(claro, limites, segundos):
    rapidos(0)
    mudar(2, **limites)

    fim = prever(campanha_de(100), AGORA).fim

    assert (fim - AMANHA).total_seconds() == pytest.approx(segundos, abs=0.001)


def test_what_would_not_end_in_the_day_is_said(claro):
    mudar(2, limite_hora=50)

    previsao = prever(campanha_de(1_000), AGORA)  # at noon: 19 full hours, each a minute longer

    assert not previsao.cabe
    assert previsao.problemas == [
        "O envio terminaria depois do fim do dia, em 12/11/2026 às 07:19: os boletos que vencem no dia não sairiam "
        "todos a tempo."
    ]
    assert timezone.localtime(previsao.fim).strftime("%d %H:%M") == "12 07:19"


# The quota


@pytest.mark.parametrize(("enderecos", "faltam"), [(301, "falta 1 envio"), (1_500, "faltam 1.200 envios")])
def test_a_quota_that_ends_before_is_said_with_what_is_left_over(claro, enderecos, faltam):
    usar(2, 700)

    previsao = prever(campanha_de(enderecos), AGORA)

    assert (previsao.cabe, previsao.fim) == (False, None)
    assert previsao.problemas == [f"A cota do serviço SERVICO_2 acaba antes: {faltam}."]


def test_a_service_without_quota_fits_everything(claro):
    mudar(2, cota_mensal=None)
    usar(2, 700)

    assert prever(campanha_de(5_000), AGORA).cabe


def test_what_the_server_said_counts_as_much_as_the_quota(claro):
    consumo.esgotar(servico(2), "552 monthly quota exceeded", AGORA)

    assert prever(campanha_de(5), AGORA).problemas == ["A cota do serviço SERVICO_2 acaba antes: faltam 5 envios."]


def test_the_quota_is_that_of_the_day_of_sending(claro):
    """It begins anew on the day before: all of it is there again."""
    usar(2, 1_000)
    mudar(2, dia_renovacao=11)

    assert not prever(campanha_de(1_000, envia_em=AGORA + timedelta(hours=1)), AGORA).cabe
    assert prever(campanha_de(1_000, envia_em=AMANHA), AGORA).cabe


def test_with_rotation_the_next_services_take_the_rest_in_their_order(claro):
    Remetente.objects.update(rotacao_automatica=True)
    rapidos(0)
    usar(2, 900)
    mudar(3, limite_segundo=1)
    mudar(5, limite_segundo=10)

    previsao = prever(campanha_de(2_000), AGORA)

    assert previsao.cabe
    por_servico = 999 / 0.97 + 899 / 9.7  # 100 by SERVICO_2, 1.000 by SERVICO_3 and 900 by SERVICO_5
    assert (previsao.fim - AMANHA).total_seconds() == pytest.approx(por_servico, abs=0.001)


def test_with_rotation_too_the_quotas_may_end_before(claro):
    Remetente.objects.update(rotacao_automatica=True)
    mudar(3, remetentes_permitidos="@outra.exemplo.com.br")

    previsao = prever(campanha_de(2_500), AGORA)

    assert previsao.problemas[0] == "As cotas dos serviços SERVICO_2, SERVICO_5 acabam antes: faltam 500 envios."
    assert previsao.fim is None


def test_what_waits_in_the_queue_of_the_service_comes_first(claro):
    lote = Lote.objects.create(execucao="1" * 32, origem="faturamento", canal=Canal.EMAIL)
    texto = VersaoTexto.objects.da(Canal.EMAIL, "Olá", assunto="Oi")
    for numero in range(3):
        nova_mensagem(lote, texto, f"na-fila:{numero}", remetente=claro)
    nova_mensagem(lote, texto, "outro-dia", remetente=claro, proxima_tentativa_em=AMANHA + timedelta(days=1))

    assert prever(campanha_de(997), AGORA).cabe
    assert prever(campanha_de(998), AGORA).problemas == [
        "A cota do serviço SERVICO_2 acaba antes: falta 1 envio, contados os 3 que já esperam."
    ]


def test_campaigns_that_begin_before_by_the_same_service_come_first(claro):
    da_operacao("net", servico(2))
    da_operacao("semparar", servico(3))
    antes = AMANHA - timedelta(hours=1)
    concluida(100, 200, operacao="net")
    campanha_de(300, operacao="net", envia_em=antes, situacao=Situacao.AGENDADA)  # two each
    campanha_de(100, envia_em=antes, situacao=Situacao.COLETANDO)
    campanha_de(500, envia_em=antes, situacao=Situacao.A_CONFERIR)
    campanha_de(500, envia_em=antes, situacao=Situacao.CANCELADA)
    campanha_de(500, envia_em=AMANHA + timedelta(hours=1), situacao=Situacao.AGENDADA)
    campanha_de(500, operacao="semparar", envia_em=antes, situacao=Situacao.AGENDADA)

    assert prever(campanha_de(300), AGORA).cabe
    assert prever(campanha_de(302), AGORA).problemas == [
        "A cota do serviço SERVICO_2 acaba antes: faltam 2 envios, contados os 700 que já esperam."
    ]


# Through what


def test_an_operation_without_remetente_says_so(db):
    previsao = prever(campanha_de(10), AGORA)

    assert (previsao.mensagens, previsao.cabe, previsao.fim) == (10, False, None)
    assert previsao.problemas == ["A operação Claro não tem remetente: escolha por onde ela envia antes de confirmar."]


@pytest.mark.parametrize(
    ("campos", "motivo"),
    [
        ({"ativo": False}, "SERVICO_2 está inativo"),
        ({"uso_interno": True}, "é de uso interno"),
        ({"remetentes_permitidos": "outro@exemplo.com.br"}, "não está habilitado no serviço SERVICO_2"),
    ],
)
def test_a_service_that_cannot_be_chosen_says_why(claro, campos, motivo):
    mudar(2, **campos)

    previsao = prever(campanha_de(10), AGORA)

    assert not previsao.cabe
    assert motivo in previsao.problemas[0]


def test_a_forecast_changes_nothing_and_takes_few_queries(claro, django_assert_max_num_queries):
    Remetente.objects.update(rotacao_automatica=True)
    usar(2, 1_000)
    campanha = Campanha.objects.select_related("operacao").get(pk=campanha_de(2_000).pk)
    antes = list(Consumo.objects.values()), list(Campanha.objects.values())

    with django_assert_max_num_queries(25):
        assert prever(campanha, AGORA).cabe

    assert (list(Consumo.objects.values()), list(Campanha.objects.values())) == antes
    assert isinstance(prever(campanha, AGORA).fim, datetime)
