"""A campaign and the calendar of contact: its hour is within it, and what it sends waits for its window."""

from datetime import datetime, time, timedelta

import pytest
from django.contrib.auth.models import User

from mensageria import calendario, envio
from mensageria.canais.memoria import CanalDeMemoria
from mensageria.estados import Estado, Motivo
from mensageria.models import Canal, FeriadoLocal, Isencao, Lote, Mensagem
from preventivo import campanhas, previsao, regra
from preventivo.campanhas import CampanhaRecusada
from preventivo.models import Campanha
from tests.preventivo.fabricas import AGORA, nova_campanha, nova_operacao, novo_boleto
from tests.preventivo.test_campanhas import criar, ler

S = Campanha.Situacao
HORA, DIA = timedelta(hours=1), timedelta(days=1)
SEXTA_A_NOITE = AGORA + 3 * DIA + 9 * HORA  # 21:00
SEGUNDA = AGORA + 6 * DIA - 4 * HORA  # 08:00
FORA = "Este horário está fora do Calendário de Contato."


@pytest.fixture
def pessoa(db) -> User:
    return User.objects.create_user("ana", email="ana@exemplo.com.br")


@pytest.fixture
def operacao(db):
    return nova_operacao()


@pytest.fixture
def janela(pessoa):
    """E-mail on weekdays, from 08:00 to 20:00."""
    horas = {dia: (time(8), time(20)) for dia in range(5)}
    return calendario.definir(Canal.EMAIL, "", horas, usuario=pessoa)


def test_an_hour_out_of_the_calendar_is_refused_with_the_next_one(operacao, pessoa, janela):
    assert SEXTA_A_NOITE.weekday() == 4

    with pytest.raises(CampanhaRecusada) as recusa:
        criar(operacao, pessoa, envia_em=SEXTA_A_NOITE)

    assert recusa.value.campo == "envia_em"
    assert str(recusa.value) == f"{FORA} A partir de seg 16/11/2026 às 08:00."
    assert criar(operacao, pessoa, envia_em=SEGUNDA).envia_em == SEGUNDA


def test_the_form_says_it_beside_the_day_and_keeps_what_was_typed(entrar, operacao, pessoa, janela):
    from tests.preventivo.fabricas import novo_tipo
    from tests.preventivo.test_campanhas import arquivo

    navegador = entrar("operador")
    dados = {"operacao": operacao.pk, "tipo": novo_tipo(operacao).pk, "data": "02/01/2032", "hora": "21:00"}

    resposta = navegador.post("/campanha_preventiva/criar_campanha", dados | {"arquivo": arquivo()})

    assert resposta.context["form"].errors["data"] == [f"{FORA} A partir de seg 05/01/2032 às 08:00."]
    assert 'value="21:00"' in resposta.content.decode()
    assert not Campanha.objects.exists()


def test_a_holiday_is_out_of_the_calendar(operacao, pessoa, janela):
    calendario.adicionar_feriado(FeriadoLocal(data=(AGORA + DIA).date(), descricao="CARNAVAL"), usuario=pessoa)

    with pytest.raises(CampanhaRecusada, match="A partir de qui 12/11/2026 às 08:00"):
        criar(operacao, pessoa, envia_em=AGORA + DIA)


def test_a_window_that_never_opens_is_told(operacao, pessoa):
    calendario.definir(Canal.EMAIL, "preventivo", {}, usuario=pessoa)

    with pytest.raises(CampanhaRecusada, match="nunca abre"):
        criar(operacao, pessoa)


def test_a_test_campaign_goes_out_at_any_hour(operacao, pessoa, janela):
    campanha = criar(operacao, pessoa, envia_em=SEXTA_A_NOITE, teste_para=pessoa.email)

    assert campanha.envia_em == SEXTA_A_NOITE


@pytest.mark.parametrize("passo", ["reagendar", "confirmar"])
def test_an_hour_out_of_the_calendar_is_refused_afterwards_too(operacao, pessoa, janela, passo):
    """A new hour; or one that was within it when the campaign was registered."""
    campanha = nova_campanha(operacao, situacao=S.A_CONFERIR, envia_em=SEXTA_A_NOITE, registros=1)

    with pytest.raises(CampanhaRecusada, match="A partir de seg 16/11/2026 às 08:00"):
        if passo == "reagendar":
            campanhas.reagendar(campanha.pk, SEXTA_A_NOITE + HORA, usuario=pessoa, agora=AGORA)
        else:
            campanhas.confirmar(campanha.pk, usuario=pessoa, agora=AGORA)

    assert ler(campanha).situacao == S.A_CONFERIR and ler(campanha).envia_em == SEXTA_A_NOITE
    assert campanhas.reagendar(campanha.pk, SEGUNDA, usuario=pessoa, agora=AGORA).envia_em == SEGUNDA


def enviando(operacao, agora: datetime, **campos) -> Campanha:
    campanha = nova_campanha(operacao, situacao=S.ENVIANDO, iniciada_em=agora, envia_em=agora, **campos)
    for dias in (0, 7):
        novo_boleto(campanha, ["ana@exemplo.com.br"], vencimento=campanha.dia + dias * DIA)
    regra.gerar(campanha, agora)
    return campanha


def test_what_is_left_when_the_window_closes_waits_or_is_cancelled(operacao, pessoa, janela):
    """At 21:00 what is due today may not leave any more; what is due in a week leaves tomorrow."""
    campanha = enviando(operacao, AGORA)
    a_noite = AGORA + 9 * HORA

    assert envio.enviar(operacao.remetente.servico, relogio=lambda: a_noite, canal=CanalDeMemoria()) == {}
    assert campanhas.espera(ler(campanha), a_noite) == (
        "E-mail de Campanha Preventiva: aguardando janela (abre qua 11/11/2026 às 08:00)."
    )
    assert envio.varrer_janela(a_noite) == 1

    cancelada = Mensagem.objects.get(estado=Estado.CANCELADA)
    assert cancelada.motivo == Motivo.SEM_JANELA
    assert campanhas.contagens(campanha) == {Estado.PENDENTE: 1, Estado.CANCELADA: 1}


def test_the_messages_of_a_test_campaign_wait_for_no_window(operacao, pessoa, janela):
    campanha = enviando(operacao, SEXTA_A_NOITE, teste_para=pessoa.email)

    assert Lote.objects.get(execucao=campanha.execucao).isencao == Isencao.TESTE
    assert campanhas.espera(ler(campanha), SEXTA_A_NOITE) == ""


def test_the_forecast_goes_on_in_the_next_hours_and_says_that_the_day_ended(operacao, pessoa, janela):
    """Ten e-mails an hour from 19:00: one hour today, the others tomorrow from 08:00 on."""
    servico = operacao.remetente.servico
    servico.limite_hora, servico.cota_mensal = 10, None
    servico.save()
    envia_em = AGORA + DIA + 7 * HORA
    campanha = nova_campanha(operacao, envia_em=envia_em, enderecos=40, registros=40)

    prevista = previsao.prever(campanha, AGORA)

    assert prevista.fim is not None and prevista.fim >= envia_em + 13 * HORA
    assert "O envio terminaria depois do fim do dia" in prevista.problemas[0]
    janela.delete()
    assert previsao.prever(campanha, AGORA).problemas == []
