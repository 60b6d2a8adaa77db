"""Which boletos are announced, at every edge of the rule; the moment is handed in."""

from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from django.db import connection

from mensageria import balanco
from mensageria.estados import Estado
from mensageria.models import Canal, Lote, Mensagem, OrigemEnvio
from preventivo import campanhas, regra
from preventivo.models import Aviso, Boleto, Campanha, Layout, Operacao, Registro
from tests.fabricas import HOJE
from tests.mensageria.apoio import por_em
from tests.preventivo.fabricas import (
    AGORA,
    nova_campanha,
    nova_operacao,
    novo_boleto,
    novo_registro,
    novo_tipo,
)

S = Campanha.Situacao
A = Aviso.Situacao
B = Boleto.Situacao
VELHO = AGORA - timedelta(hours=6, seconds=1)


def local(ano, mes, dia, hora, minuto=0) -> datetime:
    return datetime(ano, mes, dia, hora, minuto, tzinfo=ZoneInfo("America/Sao_Paulo"))


@pytest.fixture
def operacao(db):
    return nova_operacao()


@pytest.fixture
def campanha(operacao):
    return nova_campanha(operacao, situacao=S.ENVIANDO)


def situacoes(campanha) -> list[str]:
    return list(Aviso.objects.filter(campanha=campanha).order_by("pk").values_list("situacao", flat=True))


def de_quem() -> list[str]:
    return sorted(Mensagem.objects.values_list("destino", flat=True))


def test_a_boleto_of_the_rule_goes_to_each_address_of_its_cpf_in_a_message_of_its_own(campanha, operacao):
    boleto = novo_boleto(campanha, ["ana@exemplo.com.br", "bia@exemplo.com.br"])

    assert regra.gerar(campanha, AGORA) == {A.NA_FILA: 2, "mensagens": 2}

    assert de_quem() == ["ana@exemplo.com.br", "bia@exemplo.com.br"]
    mensagem = Mensagem.objects.order_by("pk").first()
    assert mensagem.objeto_id == Aviso.objects.order_by("pk").first().pk
    assert (mensagem.origem, mensagem.canal, mensagem.remetente_id) == (
        "preventivo",
        Canal.EMAIL,
        operacao.remetente_id,
    )
    assert mensagem.versao_objeto == f"{boleto.vencimento:%Y%m%d}"
    assert mensagem.expira_em == local(2026, 11, 11, 0)
    assert mensagem.enviar_apos == AGORA
    lote = Lote.objects.get()
    assert (lote.execucao, lote.acao, lote.localidade) == (campanha.execucao, "FASE DE TESTE", None)
    assert OrigemEnvio.objects.get(pk="preventivo").recusas_maximas == 50
    assert balanco.conferir() == []


def test_generating_again_makes_nothing_more(campanha):
    novo_boleto(campanha)
    regra.gerar(campanha, AGORA)

    assert regra.gerar(campanha, AGORA) == {}
    assert Mensagem.objects.count() == Aviso.objects.count() == 1


def test_what_is_collected_later_in_the_day_is_sent_as_it_comes(campanha):
    novo_boleto(campanha)
    regra.gerar(campanha, AGORA)
    novo_boleto(campanha, ["bia@exemplo.com.br"])

    assert regra.gerar(campanha, AGORA + timedelta(hours=3))["mensagens"] == 1
    assert de_quem() == ["ana@exemplo.com.br", "bia@exemplo.com.br"]


@pytest.mark.parametrize(
    ("dias", "entra"), [(-30, False), (-1, False), (0, True), (1, False), (6, False), (7, True), (8, False)]
)
def test_only_what_is_due_that_day_or_in_seven_days_is_taken(campanha, dias, entra):
    novo_boleto(campanha, vencimento=HOJE + timedelta(days=dias))

    assert regra.gerar(campanha, AGORA)["mensagens"] == entra
    assert Aviso.objects.exists() == entra == regra.boletos_na_regra(campanha).exists()


def test_the_days_of_the_rule_are_those_of_the_operacao(operacao):
    Operacao.objects.update(dias_do_vencimento=[3, 10])
    campanha = nova_campanha(Operacao.objects.get(pk=operacao.pk), situacao=S.ENVIANDO)
    for dias in (0, 3, 7, 10):
        novo_boleto(campanha, [f"d{dias}@exemplo.com.br"], vencimento=HOJE + timedelta(days=dias))

    regra.gerar(campanha, AGORA)

    assert de_quem() == ["d10@exemplo.com.br", "d3@exemplo.com.br"]


@pytest.mark.parametrize(
    ("envia_em", "agora", "vencimento", "entra"),
    [
        # 21:00 to 24:00 in São Paulo is the next day of the server
        (local(2026, 11, 10, 21), local(2026, 11, 10, 21), date(2026, 11, 10), True),
        (local(2026, 11, 10, 21), local(2026, 11, 10, 23, 59), date(2026, 11, 10), True),
        (local(2026, 11, 10, 21), local(2026, 11, 10, 23, 59), date(2026, 11, 11), False),
        (local(2026, 11, 10, 23, 59), local(2026, 11, 10, 23, 59), date(2026, 11, 17), True),
        (local(2026, 11, 10, 21), local(2026, 11, 11, 0), date(2026, 11, 10), False),
        (local(2026, 11, 10, 0), local(2026, 11, 10, 0), date(2026, 11, 10), True),
        (local(2026, 11, 10, 12), local(2026, 11, 10, 11, 59), date(2026, 11, 10), False),
        # months of any length, and the end of the year
        (local(2026, 11, 30, 8), local(2026, 11, 30, 8), date(2026, 12, 7), True),
        (local(2026, 12, 28, 8), local(2026, 12, 28, 8), date(2027, 1, 4), True),
        (local(2028, 2, 25, 8), local(2028, 2, 25, 8), date(2028, 3, 3), True),
        (local(2027, 2, 25, 8), local(2027, 2, 25, 8), date(2027, 3, 4), True),
    ],
)
def test_the_day_is_the_local_one_from_the_hour_on(operacao, envia_em, agora, vencimento, entra):
    campanha = nova_campanha(operacao, situacao=S.ENVIANDO, envia_em=envia_em)
    novo_boleto(campanha, vencimento=vencimento)

    assert regra.gerar(campanha, agora)["mensagens"] == entra
    if entra:
        seguinte = vencimento + timedelta(days=1)
        assert Mensagem.objects.get().expira_em == local(seguinte.year, seguinte.month, seguinte.day, 0)


@pytest.mark.parametrize("situacao", [S.COLETANDO, S.AGENDADA, S.PAUSADA, S.CANCELADA, S.CONCLUIDA])
def test_only_a_campaign_that_is_sending_generates(operacao, situacao):
    campanha = nova_campanha(operacao, situacao=situacao)
    novo_boleto(campanha)

    assert regra.gerar(campanha, AGORA) == {}
    assert not Aviso.objects.exists()


def test_what_is_paid_cancelled_or_absent_at_the_hour_is_not_in_the_rule(campanha):
    for situacao in (B.PAGO, B.CANCELADO, B.AUSENTE):
        novo_boleto(campanha, situacao=situacao)

    assert regra.gerar(campanha, AGORA) == {}
    assert not regra.ha_a_gerar(campanha)


def test_a_boleto_whose_line_is_wrong_is_told_and_not_sent(campanha):
    novo_boleto(campanha, codigo="", problema="não confere")

    assert regra.gerar(campanha, AGORA) == {A.LINHA_INVALIDA: 1}
    assert not Mensagem.objects.exists()


# An old copy waits for the company's word


def velho(campanha, **campos) -> Boleto:
    registro = novo_registro(campanha, coletado_em=VELHO, proxima_em=AGORA)
    return novo_boleto(campanha, registro=registro, conferido_em=VELHO, **campos)


def confirmar(boleto: Boleto, em: datetime, **campos) -> None:
    Boleto.objects.filter(pk=boleto.pk).update(conferido_em=em, **campos)


def test_an_old_copy_waits_and_is_sent_once_it_is_confirmed(campanha):
    boleto = velho(campanha)

    assert regra.gerar(campanha, AGORA) == {A.AGUARDANDO: 1}
    assert regra.gerar(campanha, AGORA + timedelta(hours=1)) == {}

    confirmar(boleto, AGORA)
    assert regra.gerar(campanha, AGORA + timedelta(hours=2)) == {A.NA_FILA: 1, "mensagens": 1}
    assert Aviso.objects.get().situacao == A.NA_FILA


def test_a_copy_of_the_very_first_moment_of_the_confirmation_is_fresh(campanha):
    novo_boleto(campanha, conferido_em=campanha.confirma_desde)

    assert regra.gerar(campanha, AGORA)["mensagens"] == 1


def test_what_is_confirmed_after_the_day_is_sent_because_it_was_chosen_on_it(campanha):
    boleto = velho(campanha, vencimento=HOJE + timedelta(days=7))
    regra.gerar(campanha, AGORA)
    confirmar(boleto, AGORA + timedelta(days=3))

    assert regra.gerar(campanha, AGORA + timedelta(days=3))["mensagens"] == 1
    assert Mensagem.objects.get().expira_em == local(2026, 11, 18, 0)


@pytest.mark.parametrize(
    ("depois", "situacao"),
    [({"situacao": B.PAGO}, A.PAGO), ({"situacao": B.AUSENTE}, A.PAGO), ({"codigo": ""}, A.LINHA_INVALIDA)],
)
def test_what_the_company_says_when_it_confirms_counts(campanha, depois, situacao):
    boleto = velho(campanha)
    regra.gerar(campanha, AGORA)
    confirmar(boleto, AGORA, **depois)

    assert regra.gerar(campanha, AGORA) == {situacao: 1}
    assert not Mensagem.objects.exists()


def test_one_confirmed_with_another_due_date_is_of_the_rule_or_not_by_that_one(campanha):
    fora, dentro = velho(campanha), velho(campanha)
    regra.gerar(campanha, AGORA)
    confirmar(fora, AGORA, vencimento=HOJE + timedelta(days=2))
    confirmar(dentro, AGORA, vencimento=HOJE + timedelta(days=7))

    assert regra.gerar(campanha, AGORA) == {A.NA_FILA: 1, "mensagens": 1}
    assert Aviso.objects.get().boleto == dentro


@pytest.mark.parametrize(
    ("agora", "situacao"),
    [(local(2026, 11, 10, 23, 59), A.AGUARDANDO), (local(2026, 11, 11, 0), A.SEM_CONFIRMACAO)],
)
def test_without_confirmation_until_the_end_of_its_due_date_it_is_cancelled_with_that_reason(campanha, agora, situacao):
    velho(campanha)
    regra.gerar(campanha, AGORA)
    regra.gerar(campanha, agora)

    assert situacoes(campanha) == [situacao]
    assert not Mensagem.objects.exists()


# The same boleto and address are announced once a day


def outra_do_dia(operacao, **campos) -> Campanha:
    return nova_campanha(operacao, situacao=S.ENVIANDO, envia_em=AGORA + timedelta(hours=1), **campos)


def test_the_same_boleto_and_address_in_another_campaign_of_the_day_is_not_sent_twice(operacao, campanha):
    outra = outra_do_dia(operacao)
    novo_boleto(campanha, ["Ana@exemplo.com.br"], numero="77")
    novo_boleto(outra, ["ana@EXEMPLO.com.br", "bia@exemplo.com.br"], numero="77")

    regra.gerar(campanha, AGORA)
    assert regra.gerar(outra, AGORA + timedelta(hours=1)) == {A.REPETIDO: 1, A.NA_FILA: 1, "mensagens": 1}
    assert de_quem() == ["Ana@exemplo.com.br", "bia@exemplo.com.br"]


@pytest.mark.parametrize("como", ["operacao", "dia", "teste", "outro numero"])
def test_another_company_day_or_number_or_a_test_is_no_repetition(operacao, campanha, como):
    de_quem_e = nova_operacao("net") if como == "operacao" else operacao
    dia = AGORA + timedelta(days=1) if como == "dia" else AGORA
    teste = "eu@exemplo.com.br" if como == "teste" else ""
    outra = nova_campanha(de_quem_e, situacao=S.ENVIANDO, envia_em=dia, teste_para=teste)
    novo_boleto(campanha, numero="77", vencimento=HOJE + timedelta(days=7))
    vencimento = HOJE + timedelta(days=8 if como == "dia" else 7)
    novo_boleto(outra, numero="78" if como == "outro numero" else "77", vencimento=vencimento)

    assert regra.gerar(outra, dia)["mensagens"] == 1
    assert regra.gerar(campanha, AGORA)["mensagens"] == 1


def test_what_the_other_campaign_cancelled_is_no_repetition(operacao, campanha):
    outra = outra_do_dia(operacao)
    for c in (campanha, outra):
        novo_boleto(c, numero="77")
    regra.gerar(campanha, AGORA)
    por_em(Mensagem.objects.get(), Estado.CANCELADA)

    assert regra.gerar(outra, AGORA + timedelta(hours=1))["mensagens"] == 1


def test_a_boleto_that_two_cpfs_of_a_campaign_share_is_sent_once_to_an_address(campanha):
    velho(campanha, numero="77")
    novo_boleto(campanha, ["ana@exemplo.com.br"], numero="77")
    novo_boleto(campanha, ["ANA@exemplo.com.br", "bia@exemplo.com.br"], numero="77")

    regra.gerar(campanha, AGORA)

    assert sorted(situacoes(campanha)) == [A.AGUARDANDO, A.NA_FILA, A.NA_FILA, A.REPETIDO]
    assert [d.lower() for d in de_quem()] == ["ana@exemplo.com.br", "bia@exemplo.com.br"]

    for boleto in Boleto.objects.filter(conferido_em=VELHO):
        confirmar(boleto, AGORA)
    assert regra.gerar(campanha, AGORA) == {A.REPETIDO: 1}


def test_blocks_make_the_same_messages(campanha, monkeypatch):
    monkeypatch.setattr(regra, "BLOCO", 2)
    for n in range(5):
        novo_boleto(campanha, [f"a{n}@exemplo.com.br", f"b{n}@exemplo.com.br"])
        velho(campanha)

    assert regra.gerar(campanha, AGORA) == {A.NA_FILA: 10, A.AGUARDANDO: 5, "mensagens": 10}
    Boleto.objects.update(conferido_em=AGORA)
    assert regra.gerar(campanha, AGORA) == {A.NA_FILA: 5, "mensagens": 5}
    assert Lote.objects.count() == 1 and balanco.conferir() == []


# A test, and the layout


def test_a_test_campaign_sends_all_to_the_operator(operacao):
    campanha = nova_campanha(operacao, situacao=S.ENVIANDO, teste_para="eu@exemplo.com.br")
    novo_boleto(campanha, ["ana@exemplo.com.br", "bia@exemplo.com.br"])

    regra.gerar(campanha, AGORA)

    assert de_quem() == ["eu@exemplo.com.br"] * 2
    assert set(Aviso.objects.values_list("email", flat=True)) == {"ana@exemplo.com.br", "bia@exemplo.com.br"}


def test_the_layout_is_the_one_in_force_at_the_first_generation_and_stays(campanha):
    novo_boleto(campanha)
    regra.gerar(campanha, AGORA)
    Layout.objects.create(tipo=campanha.tipo, versao=2, assunto="Outro", corpo="Outro texto")
    novo_boleto(campanha, ["bia@exemplo.com.br"])
    campanha.refresh_from_db()
    regra.gerar(campanha, AGORA)

    assert campanha.layout.versao == 1
    assert {m.texto.assunto for m in Mensagem.objects.all()} == {"Boleto {NOME_OPERACAO} de {VENCIMENTO}"}


@pytest.mark.parametrize("falta", ["layout", "remetente"])
def test_without_layout_or_remetente_nothing_is_lost_and_it_goes_on_when_there_is_one(operacao, falta):
    tipo = novo_tipo(operacao, "SEM LAYOUT")
    Layout.objects.filter(tipo=tipo).delete()
    remetente = operacao.remetente
    if falta == "remetente":
        Layout.objects.create(tipo=tipo, versao=1, assunto="A", corpo="B")
        Operacao.objects.filter(pk=operacao.pk).update(remetente=None)
    campanha = nova_campanha(Operacao.objects.get(pk=operacao.pk), tipo=tipo, situacao=S.ENVIANDO)
    novo_boleto(campanha)

    assert regra.gerar(campanha, AGORA) == {}
    assert regra.ha_a_gerar(campanha)

    if falta == "remetente":
        Operacao.objects.filter(pk=operacao.pk).update(remetente=remetente)
    else:
        Layout.objects.create(tipo=tipo, versao=1, assunto="A", corpo="B")
    assert regra.gerar(campanha, AGORA)["mensagens"] == 1


def test_an_empty_campaign_makes_no_lote(campanha):
    assert regra.gerar(campanha, AGORA) == {}
    assert not Lote.objects.exists()


def test_what_a_cancelled_campaign_was_to_send_is_sent_by_the_one_that_left_it_to_it(
    operacao, campanha, django_user_model
):
    pessoa = django_user_model.objects.create_user("ana")
    outra = outra_do_dia(operacao, iniciada_em=AGORA)
    for uma in (campanha, outra):
        novo_boleto(uma, numero="77")
    depois = AGORA + timedelta(hours=1)
    regra.gerar(campanha, AGORA)
    regra.gerar(outra, depois)
    Campanha.objects.filter(pk=outra.pk).update(situacao=S.CONCLUIDA, encerrada_em=depois)

    campanhas.cancelar(campanha.pk, usuario=pessoa, motivo="tipo errado", agora=depois)
    campanhas.tique(depois)

    assert (situacoes(campanha), situacoes(outra)) == ([A.NA_FILA], [A.NA_FILA])
    assert sorted(Mensagem.objects.values_list("estado", flat=True)) == [Estado.PENDENTE, Estado.CANCELADA]
    outra.refresh_from_db()
    assert outra.situacao == S.ENVIANDO


def test_what_still_pends_in_a_cancelled_campaign_is_nobody_s_to_send(operacao, campanha):
    """Its messages are cancelled in blocks, and meanwhile the other campaign has its turn."""
    outra = outra_do_dia(operacao)
    for uma in (campanha, outra):
        novo_boleto(uma, numero="77")
    regra.gerar(campanha, AGORA)
    Campanha.objects.filter(pk=campanha.pk).update(situacao=S.CANCELADA)

    assert regra.gerar(outra, AGORA + timedelta(hours=1))["mensagens"] == 1


def test_what_stays_for_another_day_is_asked_about_on_it_before_it_leaves(campanha):
    em_sete_dias = novo_boleto(campanha, vencimento=HOJE + timedelta(days=7))
    regra.gerar(campanha, AGORA)
    outro_dia = AGORA + timedelta(days=5)

    assert regra.segurar_velhas(campanha, AGORA + timedelta(hours=2)) == 0, "the day is the campaign's own"
    assert regra.segurar_velhas(campanha, outro_dia) == 1

    mensagem = Mensagem.objects.get()
    assert not Mensagem.objects.devidas(outro_dia + timedelta(minutes=9)).exists()
    assert Registro.objects.get().proxima_em == outro_dia
    assert regra.segurar_velhas(campanha, outro_dia) == 0, "it is held already"
    confirmar(em_sete_dias, outro_dia)
    depois = outro_dia + regra.RETENCAO
    assert regra.segurar_velhas(campanha, depois) == 0
    assert Mensagem.objects.devidas(depois).get() == mensagem


def test_the_plan_of_a_block_looks_each_message_up_by_its_object(campanha):
    """Whatever the statistics say: read from the messages of the origin, it would take hours for a large campaign."""
    for _ in range(3):
        novo_boleto(campanha)
    regra.gerar(campanha, AGORA)
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE mensageria_mensagem; ANALYZE preventivo_aviso; SET LOCAL enable_seqscan = off")
        cursor.execute(
            "EXPLAIN SELECT FROM preventivo_aviso a JOIN preventivo_boleto b ON b.id = a.boleto_id"
            f" {regra.VIVO} WHERE dele.vivo",
            regra._valores(campanha, AGORA),
        )
        plano = "\n".join(linha for (linha,) in cursor.fetchall())

    assert "mensagem_objeto" in plano and "objeto_id = a.id" in plano


def test_a_boleto_confirmed_and_its_twin_just_collected_are_one_message(campanha):
    """Both become messages in one transaction, by two statements."""
    antigo = velho(campanha, numero="77")
    regra.gerar(campanha, AGORA)
    confirmar(antigo, AGORA)
    novo_boleto(campanha, numero="77")

    regra.gerar(campanha, AGORA)

    assert sorted(situacoes(campanha)) == [A.NA_FILA, A.REPETIDO]
    assert Mensagem.objects.count() == 1
