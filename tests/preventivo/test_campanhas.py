"""Every step of a campaign, by people and by time, and every refusal; the moment is handed in."""

import threading
from contextlib import suppress
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from django.contrib.admin.models import LogEntry
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection

from mensageria import balanco, decisoes, pausas
from mensageria.estados import Estado
from mensageria.models import Lote, Mensagem, Remetente, ServicoEmail
from preventivo import campanhas, coleta, importacao, regra
from preventivo.campanhas import AcaoRecusada, CampanhaRecusada
from preventivo.models import (
    Aviso,
    Campanha,
    Layout,
    LinhaRecusada,
    Operacao,
    PedacoDoArquivo,
    Registro,
    TipoCampanha,
)
from tests.fabricas import HOJE
from tests.mensageria.apoio import por_em
from tests.preventivo.fabricas import (
    AGORA,
    nova_campanha,
    nova_operacao,
    novo_boleto,
    novo_cpf,
    novo_registro,
    novo_tipo,
)

S = Campanha.Situacao
A = Aviso.Situacao
MINUTO, HORA, DIA = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
AMANHA = datetime(2026, 11, 11, 0, tzinfo=ZoneInfo("America/Sao_Paulo"))


@pytest.fixture
def pessoa(django_user_model, db):
    return django_user_model.objects.create_user("ana")


@pytest.fixture
def operacao(db):
    return nova_operacao()


def arquivo(conteudo: str | None = None) -> SimpleUploadedFile:
    conteudo = conteudo or f"cpf;email\n{novo_cpf()};ana@exemplo.com.br\n"
    return SimpleUploadedFile("clientes.csv", conteudo.encode())


def criar(operacao, pessoa, **campos) -> Campanha:
    padrao = {
        "operacao": operacao,
        "tipo": novo_tipo(operacao),
        "envia_em": AGORA + DIA,
        "arquivo": arquivo(),
        "usuario": pessoa,
        "agora": AGORA,
    }
    return campanhas.criar(**padrao | campos)


def ler(campanha) -> Campanha:
    return campanhas._linhas().get(pk=campanha.pk)


def enviando(operacao, boletos: int = 1, vencimento: date = HOJE, **campos) -> Campanha:
    """Sending, with a message for each boleto."""
    campanha = nova_campanha(operacao, situacao=S.ENVIANDO, iniciada_em=AGORA, **campos)
    for n in range(boletos):
        novo_boleto(campanha, [f"c{n}@exemplo.com.br"], vencimento=vencimento)
    regra.gerar(campanha, AGORA)
    return campanha


def por_todas_em(campanha, estado: Estado) -> None:
    for mensagem in Mensagem.objects.filter(lote__execucao=campanha.execucao):
        por_em(mensagem, estado)


def feito() -> list[str]:
    return list(LogEntry.objects.order_by("pk").values_list("change_message", flat=True))


# criar


def test_a_new_campaign_keeps_its_file_to_be_imported(operacao, pessoa):
    campanha = criar(operacao, pessoa)

    campanha = ler(campanha)
    assert (campanha.situacao, campanha.criado_por, campanha.nome_do_arquivo) == (S.IMPORTANDO, pessoa, "clientes.csv")
    assert PedacoDoArquivo.objects.filter(campanha=campanha).exists()
    assert LogEntry.objects.get().object_id == str(campanha.pk)

    importacao.importar(campanha.pk, AGORA)
    assert ler(campanha).situacao == S.A_CONFERIR


@pytest.mark.parametrize(
    ("da_operacao", "campos", "campo", "motivo"),
    [
        ({"ativa": False}, {}, "operacao", "não está ativa"),
        ({"url": ""}, {}, "operacao", "não está configurada"),
        ({"remetente": None}, {}, "operacao", "não tem e-mail"),
        ({}, {"envia_em": AGORA}, "envia_em", "já passaram"),
        ({}, {"envia_em": AGORA - MINUTO}, "envia_em", "já passaram"),
        ({}, {"arquivo": SimpleUploadedFile("a.csv", b"\x00\x01\x02" * 50)}, "arquivo", "."),
        ({}, {"arquivo": SimpleUploadedFile("a.csv", b"")}, "arquivo", "vazio"),
    ],
)
def test_what_cannot_be_a_campaign_is_refused_beside_its_field(operacao, pessoa, da_operacao, campos, campo, motivo):
    if da_operacao:
        Operacao.objects.filter(pk=operacao.pk).update(**da_operacao)

    with pytest.raises(CampanhaRecusada, match=motivo) as recusa:
        criar(operacao, pessoa, **campos)

    assert recusa.value.campo == campo
    assert not Campanha.objects.exists() and not PedacoDoArquivo.objects.exists()


def test_a_tipo_without_a_layout_sends_nothing_and_is_refused_at_once(operacao, pessoa):
    sem_layout = TipoCampanha.objects.create(operacao=operacao, nome="CLARO FASE 2")

    with pytest.raises(CampanhaRecusada, match="não tem layout") as recusa:
        criar(operacao, pessoa, tipo=sem_layout)

    assert recusa.value.campo == "tipo"


@pytest.mark.parametrize("como", ["de outra operação", "inativo"])
def test_the_tipo_must_be_an_active_one_of_the_operacao(operacao, pessoa, como):
    tipo = novo_tipo(nova_operacao("net") if como == "de outra operação" else operacao)
    type(tipo).objects.update(ativo=como != "inativo")

    with pytest.raises(CampanhaRecusada, match="não é uma campanha ativa") as recusa:
        criar(operacao, pessoa, tipo=type(tipo).objects.get(pk=tipo.pk))
    assert recusa.value.campo == "tipo"


def test_the_same_file_again_is_refused_naming_the_campaign_that_has_it(operacao, pessoa):
    conteudo = f"cpf;email\n{novo_cpf()};ana@exemplo.com.br\n"
    criar(operacao, pessoa, arquivo=arquivo(conteudo))

    with pytest.raises(CampanhaRecusada) as recusa:
        criar(operacao, pessoa, arquivo=arquivo(conteudo))

    assert recusa.value.campo == "arquivo"
    assert "Claro 11/11/2026 às 12:00, que está importando" in str(recusa.value)
    assert Campanha.objects.count() == 1


@pytest.mark.parametrize("como", ["cancelada", "de outra operação", "de teste", "real depois do teste"])
def test_the_same_file_may_come_again_where_nobody_gets_it_twice(operacao, pessoa, como):
    conteudo = f"cpf;email\n{novo_cpf()};ana@exemplo.com.br\n"
    teste = {"teste_para": "eu@exemplo.com.br"}
    criar(operacao, pessoa, arquivo=arquivo(conteudo), **(teste if como == "real depois do teste" else {}))
    if como == "cancelada":
        Campanha.objects.update(situacao=S.CANCELADA)

    de_quem = nova_operacao("net") if como == "de outra operação" else operacao
    criar(de_quem, pessoa, arquivo=arquivo(conteudo), **(teste if como == "de teste" else {}))

    assert Campanha.objects.count() == 2


@pytest.mark.django_db(transaction=True)
def test_of_two_that_come_at_once_with_the_same_file_one_is_refused(django_user_model):
    operacao, pessoa = nova_operacao(), django_user_model.objects.create_user("ana")
    novo_tipo(operacao)
    conteudo, juntas, recusas = arquivo().read().decode(), threading.Barrier(2), []

    def cadastrar():
        juntas.wait()
        try:
            criar(operacao, pessoa, arquivo=arquivo(conteudo))
        except CampanhaRecusada as recusa:
            recusas.append(recusa.campo)
        finally:
            connection.close()

    linhas = [threading.Thread(target=cadastrar) for _ in range(2)]
    for linha in linhas:
        linha.start()
    for linha in linhas:
        linha.join()

    assert (Campanha.objects.count(), recusas) == (1, ["arquivo"])


# A conferir


@pytest.fixture
def a_conferir(operacao):
    return nova_campanha(
        operacao,
        cpfs=2,
        situacao=S.A_CONFERIR,
        envia_em=AGORA + DIA,
        proxima_em=AGORA - MINUTO,  # as the import leaves them
        conferir_ate=AGORA + HORA,
        confirmada_em=None,
    )


def test_confirmed_its_cpfs_are_collected_from_then_on(a_conferir, pessoa):
    assert coleta.a_coletar(AGORA) == []

    campanhas.confirmar(a_conferir.pk, usuario=pessoa, agora=AGORA)

    campanha = ler(a_conferir)
    assert (campanha.situacao, campanha.confirmada_em) == (S.COLETANDO, AGORA)
    assert coleta.a_coletar(AGORA) == [campanha.operacao_id]
    assert feito() == ["Campanha confirmada."]


@pytest.mark.parametrize(
    ("campos", "motivo"),
    [
        ({"envia_em": AGORA}, "já passaram: altere-os"),
        ({"conferir_ate": AGORA}, "24 horas"),
        ({"registros": 0}, "Nenhum CPF"),
        ({"situacao": S.COLETANDO}, "está coletando e não pode ser confirmada"),
    ],
)
def test_what_cannot_be_confirmed_says_why(a_conferir, pessoa, campos, motivo):
    Campanha.objects.update(**campos)

    with pytest.raises(AcaoRecusada, match=motivo):
        campanhas.confirmar(a_conferir.pk, usuario=pessoa, agora=AGORA)

    assert ler(a_conferir).confirmada_em is None and not feito()


def test_discarded_nothing_of_the_file_is_kept(a_conferir, pessoa):
    LinhaRecusada.objects.create(campanha=a_conferir, linha=2, motivo="CPF inválido", conteudo="1")
    outra = nova_campanha(a_conferir.operacao, cpfs=1)

    campanhas.descartar(a_conferir.pk, usuario=pessoa, agora=AGORA)

    campanha = ler(a_conferir)
    assert (campanha.situacao, campanha.encerrada_em, campanha.motivo) == (
        S.CANCELADA,
        AGORA,
        "Descartada na conferência",
    )
    assert list(Registro.objects.values_list("campanha", flat=True)) == [outra.pk]
    assert not LinhaRecusada.objects.exists()


def test_unconfirmed_for_a_day_it_is_dropped(a_conferir):
    campanhas.tique(AGORA + HORA - MINUTO)
    assert ler(a_conferir).situacao == S.A_CONFERIR

    campanhas.tique(AGORA + HORA)
    assert (ler(a_conferir).situacao, ler(a_conferir).motivo) == (S.CANCELADA, "Não foi confirmada em 24 horas")
    assert not Registro.objects.exists()


# reagendar


@pytest.mark.parametrize("situacao", [S.IMPORTANDO, S.A_CONFERIR, S.COLETANDO, S.AGENDADA])
def test_until_it_sends_its_hour_may_change(operacao, pessoa, situacao):
    campanha = nova_campanha(operacao, situacao=situacao)

    campanhas.reagendar(campanha.pk, AGORA + DIA, usuario=pessoa, agora=AGORA - HORA)

    assert ler(campanha).envia_em == AGORA + DIA
    assert feito() == ["Envio alterado de 10/11/2026 às 12:00 para 11/11/2026 às 12:00."]


def test_paused_before_it_sent_its_hour_may_change_and_after_it_not(operacao, pessoa):
    antes = nova_campanha(operacao, situacao=S.PAUSADA, situacao_antes=S.AGENDADA)
    depois = nova_campanha(operacao, situacao=S.PAUSADA, situacao_antes=S.ENVIANDO)

    campanhas.reagendar(antes.pk, AGORA + DIA, usuario=pessoa, agora=AGORA)
    with pytest.raises(AcaoRecusada):
        campanhas.reagendar(depois.pk, AGORA + DIA, usuario=pessoa, agora=AGORA)
    assert "reagendar" in campanhas.acoes(ler(antes)) and "reagendar" not in campanhas.acoes(ler(depois))


def test_a_new_hour_asks_again_what_was_collected_too_early_for_it_and_no_more(operacao, pessoa):
    campanha = nova_campanha(operacao)
    cedo = novo_registro(campanha, coletado_em=AGORA - 2 * DIA, proxima_em=campanha.confirma_desde)
    fresco = novo_registro(campanha, coletado_em=AGORA - HORA)
    nunca = novo_registro(campanha, coletado_em=None, proxima_em=AGORA - 3 * DIA)
    falhando = novo_registro(campanha, coletado_em=AGORA - DIA, proxima_em=AGORA, tentativas=2)

    def proximas():
        return {r.pk: r.proxima_em for r in Registro.objects.all()}

    campanhas.reagendar(campanha.pk, AGORA + DIA, usuario=pessoa, agora=AGORA - HORA)
    desde = AGORA + DIA - 6 * HORA
    assert proximas() == {cedo.pk: desde, fresco.pk: desde, nunca.pk: AGORA - 3 * DIA, falhando.pk: AGORA}

    campanhas.reagendar(campanha.pk, AGORA - HORA + MINUTO, usuario=pessoa, agora=AGORA - HORA)
    desde = AGORA - HORA + MINUTO - 6 * HORA
    assert proximas() == {cedo.pk: desde, fresco.pk: None, nunca.pk: AGORA - 3 * DIA, falhando.pk: AGORA}


@pytest.mark.parametrize("situacao", [S.ENVIANDO, S.AGUARDANDO_TROCA, S.CONCLUIDA, S.CANCELADA])
def test_once_it_sends_its_hour_does_not_change(operacao, pessoa, situacao):
    campanha = nova_campanha(operacao, situacao=situacao)

    with pytest.raises(AcaoRecusada, match="não pode ser reagendada"):
        campanhas.reagendar(campanha.pk, AGORA + DIA, usuario=pessoa, agora=AGORA)


def test_a_past_hour_is_refused(operacao, pessoa):
    campanha = nova_campanha(operacao)
    with pytest.raises(AcaoRecusada, match="já passaram"):
        campanhas.reagendar(campanha.pk, AGORA, usuario=pessoa, agora=AGORA)
    assert ler(campanha).envia_em == AGORA


# The tick: before it sends


def test_collected_it_is_scheduled_and_in_the_last_hours_it_collects_again(operacao):
    campanha = nova_campanha(operacao)
    novo = novo_registro(campanha, coletado_em=None, proxima_em=AGORA - 2 * DIA)
    desde = campanha.confirma_desde

    campanhas.tique(AGORA - DIA)
    assert ler(campanha).situacao == S.COLETANDO

    Registro.objects.filter(pk=novo.pk).update(coletado_em=AGORA - DIA, proxima_em=desde)
    campanhas.tique(desde - MINUTO)
    assert ler(campanha).situacao == S.AGENDADA
    assert campanhas.espera(ler(campanha), desde - MINUTO) == "Espera o horário do envio, 10/11/2026 às 12:00."

    campanhas.tique(desde)
    assert ler(campanha).situacao == S.COLETANDO
    Registro.objects.update(coletado_em=desde, proxima_em=None)
    campanhas.tique(desde + MINUTO)
    assert ler(campanha).situacao == S.AGENDADA


def test_a_cpf_that_will_be_asked_again_keeps_it_collecting(operacao):
    campanha = nova_campanha(operacao)
    novo_registro(campanha, coletado_em=None, proxima_em=AGORA - DIA + 5 * MINUTO, tentativas=3)

    campanhas.tique(AGORA - DIA)

    assert ler(campanha).situacao == S.COLETANDO
    assert campanhas.espera(ler(campanha), AGORA - DIA) == (
        "A API de Claro não respondeu a 1 CPF; cada um é consultado de novo em até 15 minutos."
    )


@pytest.mark.parametrize("situacao", [S.COLETANDO, S.AGENDADA])
def test_at_its_hour_it_sends_what_there_is_although_the_collection_goes_on(operacao, situacao):
    campanha = nova_campanha(operacao, situacao=situacao)
    novo_boleto(campanha)
    novo_registro(campanha, coletado_em=None, proxima_em=AGORA - DIA)

    campanhas.tique(AGORA - MINUTO)
    assert not Mensagem.objects.exists()
    campanhas.tique(AGORA)

    assert (ler(campanha).situacao, ler(campanha).iniciada_em) == (S.ENVIANDO, AGORA)
    assert Mensagem.objects.count() == 1


def test_a_campaign_whose_day_passed_with_nothing_sent_says_so(operacao):
    campanha = nova_campanha(operacao, situacao=S.AGENDADA)
    novo_boleto(campanha)

    campanhas.tique(AMANHA)

    assert (ler(campanha).situacao, ler(campanha).motivo, ler(campanha).encerrada_em) == (
        S.CONCLUIDA_COM_FALHAS,
        campanhas.DIA_PERDIDO,
        AMANHA,
    )
    assert not Mensagem.objects.exists()


def test_one_interrupted_before_all_was_generated_says_so_on_the_next_day(operacao):
    campanha = nova_campanha(operacao, situacao=S.ENVIANDO, iniciada_em=AGORA)
    novo_boleto(campanha)

    campanhas.tique(AMANHA)

    assert (ler(campanha).situacao, ler(campanha).motivo) == (S.CONCLUIDA_COM_FALHAS, campanhas.DIA_INTERROMPIDO)


# The tick: while it sends, and its end


def test_it_is_concluded_when_nothing_is_to_be_collected_awaited_or_sent(operacao):
    campanha = enviando(operacao, 2)
    campanhas.tique(AGORA)
    assert ler(campanha).situacao == S.ENVIANDO

    por_todas_em(campanha, Estado.ENVIADA)
    nunca = novo_registro(campanha, coletado_em=None, proxima_em=AGORA)
    campanhas.tique(AGORA + MINUTO)
    assert ler(campanha).situacao == S.ENVIANDO, "somebody is still to be asked about"

    Registro.objects.filter(pk=nunca.pk).update(coletado_em=AGORA, proxima_em=None)
    campanhas.tique(AGORA + 2 * MINUTO)
    assert (ler(campanha).situacao, ler(campanha).motivo, ler(campanha).encerrada_em) == (
        S.CONCLUIDA,
        "",
        AGORA + 2 * MINUTO,
    )


def test_one_with_nothing_in_the_rule_is_concluded(operacao):
    campanha = nova_campanha(operacao, situacao=S.AGENDADA)
    novo_boleto(campanha, vencimento=HOJE + timedelta(days=3))

    campanhas.tique(AGORA)

    assert ler(campanha).situacao == S.CONCLUIDA


@pytest.mark.parametrize(
    ("estado", "motivo", "situacao"),
    [
        (Estado.FALHA, "Endereço recusado", S.CONCLUIDA_COM_FALHAS),
        (Estado.INCERTA, "", S.CONCLUIDA_COM_FALHAS),
        (Estado.CANCELADA, "prazo", S.CONCLUIDA_COM_FALHAS),
        (Estado.CANCELADA, "paga", S.CONCLUIDA),
        (Estado.ENTREGUE, "", S.CONCLUIDA),
    ],
)
def test_how_it_ends_is_told_by_its_messages(operacao, estado, motivo, situacao):
    campanha = enviando(operacao, 2)
    um, outro = Mensagem.objects.all()
    por_em(um, estado)
    Mensagem.objects.filter(pk=um.pk).update(motivo=motivo)
    por_em(outro, Estado.ENVIADA)

    campanhas.tique(AGORA)

    assert ler(campanha).situacao == situacao


def test_one_that_ended_goes_on_while_an_uncertain_message_is_sent_again_and_ends_anew(operacao):
    campanha = enviando(operacao)
    por_todas_em(campanha, Estado.INCERTA)
    campanhas.tique(AGORA)
    assert ler(campanha).situacao == S.CONCLUIDA_COM_FALHAS

    Mensagem.objects.update(estado=Estado.PENDENTE, reserva=None)
    campanhas.tique(AGORA + MINUTO)
    assert (ler(campanha).situacao, ler(campanha).encerrada_em) == (S.ENVIANDO, None)

    por_todas_em(campanha, Estado.ENVIADA)
    campanhas.tique(AGORA + 2 * MINUTO)
    assert (ler(campanha).situacao, ler(campanha).encerrada_em) == (S.CONCLUIDA, AGORA + 2 * MINUTO)


def test_a_wrong_line_ends_it_with_failures(operacao):
    campanha = nova_campanha(operacao, situacao=S.AGENDADA)
    novo_boleto(campanha, codigo="", problema="errada")
    campanhas.tique(AGORA)
    assert ler(campanha).situacao == S.CONCLUIDA_COM_FALHAS


def test_a_cpf_never_answered_is_given_up_at_the_end_of_the_day_and_told(operacao):
    campanha = nova_campanha(operacao, cpfs=1, situacao=S.AGENDADA)

    campanhas.tique(AGORA)
    campanhas.tique(AMANHA - MINUTO)
    assert ler(campanha).situacao == S.ENVIANDO
    assert not campanhas.sem_resposta(ler(campanha)).exists()
    assert campanhas.a_consultar(ler(campanha)).count() == 1

    campanhas.tique(AMANHA)
    assert ler(campanha).situacao == S.CONCLUIDA_COM_FALHAS
    assert Registro.objects.get().proxima_em is None
    assert campanhas.sem_resposta(ler(campanha)).count() == 1
    assert not campanhas.a_consultar(ler(campanha)).exists()


def test_a_boleto_without_confirmation_is_asked_about_until_the_end_of_its_due_date(operacao):
    campanha = nova_campanha(operacao, situacao=S.AGENDADA)
    velho = {"coletado_em": AGORA - DIA, "proxima_em": campanha.confirma_desde}
    registro = novo_registro(campanha, **velho)
    novo_boleto(campanha, registro=registro, conferido_em=AGORA - DIA, vencimento=HOJE + timedelta(days=7))
    sem_boleto = novo_registro(campanha, **velho)
    fim = AMANHA + 7 * DIA

    campanhas.tique(AGORA)
    campanhas.tique(AMANHA)

    assert ler(campanha).situacao == S.ENVIANDO
    assert Aviso.objects.get().situacao == A.AGUARDANDO
    sem_boleto.refresh_from_db()
    assert sem_boleto.proxima_em is None, "its day is over"
    assert coleta.a_coletar(AMANHA) == [operacao.pk]
    assert campanhas.espera(ler(campanha), AMANHA) == "Espera que a API de Claro confirme boletos."

    campanhas.tique(fim - MINUTO)
    assert ler(campanha).situacao == S.ENVIANDO
    campanhas.tique(fim)
    assert Aviso.objects.get().situacao == A.SEM_CONFIRMACAO
    assert ler(campanha).situacao == S.CONCLUIDA_COM_FALHAS
    assert coleta.a_coletar(fim) == []


def test_it_waits_for_another_service_only_while_something_is_to_leave(operacao):
    campanha = enviando(operacao)
    Remetente.objects.update(aguardando_desde=AGORA)

    campanhas.tique(AGORA)
    assert ler(campanha).situacao == S.AGUARDANDO_TROCA
    servico = operacao.remetente.servico
    assert campanhas.espera(ler(campanha), AGORA) == (
        f"O serviço {servico} esgotou o limite de envios. Altere o serviço de email para concluir seus envios."
    )

    Remetente.objects.update(aguardando_desde=None)
    campanhas.tique(AGORA + MINUTO)
    assert ler(campanha).situacao == S.ENVIANDO

    Remetente.objects.update(aguardando_desde=AGORA)
    por_todas_em(campanha, Estado.ENVIADA)
    campanhas.tique(AGORA + 2 * MINUTO)
    assert ler(campanha).situacao == S.CONCLUIDA


def test_too_many_refusals_pause_it_and_somebody_lets_it_go_on(operacao, pessoa):
    campanha = enviando(operacao)
    Lote.objects.update(pausado_em=AGORA, motivo_pausa="60 recusas nos últimos 100 envios")

    campanhas.tique(AGORA)
    assert (ler(campanha).situacao, campanhas.espera(ler(campanha), AGORA)) == (
        S.PAUSADA,
        "60 recusas nos últimos 100 envios",
    )

    campanhas.continuar(campanha.pk, usuario=pessoa, agora=AGORA)
    assert ler(campanha).situacao == S.ENVIANDO and Lote.objects.get().pausado_em is None


def test_let_go_on_from_the_page_of_paused_lotes_it_goes_on_too(operacao, pessoa):
    campanha = enviando(operacao)
    campanhas.pausar(campanha.pk, usuario=pessoa, motivo="conferir", agora=AGORA)
    campanhas.tique(AGORA)
    assert ler(campanha).situacao == S.PAUSADA

    pausas.continuar(Lote.objects.get().pk, usuario=pessoa, agora=AGORA)
    campanhas.tique(AGORA)
    assert ler(campanha).situacao == S.ENVIANDO


# pausar, continuar


@pytest.mark.parametrize("situacao", [S.COLETANDO, S.AGENDADA, S.ENVIANDO, S.AGUARDANDO_TROCA])
def test_paused_it_collects_generates_and_sends_nothing_and_goes_on_from_there(operacao, pessoa, situacao):
    campanha = nova_campanha(operacao, situacao=situacao, cpfs=1, iniciada_em=AGORA)
    novo_boleto(campanha)
    if situacao in Campanha.NO_ENVIO:
        regra.gerar(campanha, AGORA)
    novo_boleto(campanha, ["bia@exemplo.com.br"])
    antes = Mensagem.objects.count()

    campanhas.pausar(campanha.pk, usuario=pessoa, motivo="conferir os boletos", agora=AGORA)
    campanhas.tique(AGORA + MINUTO)

    assert (ler(campanha).situacao, ler(campanha).situacao_antes) == (S.PAUSADA, situacao)
    assert campanhas.espera(ler(campanha), AGORA) == "conferir os boletos"
    assert coleta.a_coletar(AGORA + MINUTO) == [] and Mensagem.objects.count() == antes
    assert all(lote.pausado_em == AGORA for lote in Lote.objects.all())

    campanhas.continuar(campanha.pk, usuario=pessoa, agora=AGORA + MINUTO)
    assert (ler(campanha).situacao, ler(campanha).motivo) == (situacao, "")
    assert all(lote.pausado_em is None for lote in Lote.objects.all())
    assert {"Campanha pausada: conferir os boletos", "Campanha continuada."} <= set(feito())


@pytest.mark.parametrize("situacao", [S.IMPORTANDO, S.A_CONFERIR, S.PAUSADA, S.CONCLUIDA, S.CANCELADA])
def test_what_does_not_run_is_not_paused(operacao, pessoa, situacao):
    campanha = nova_campanha(operacao, situacao=situacao)
    with pytest.raises(AcaoRecusada, match="não pode ser pausada"):
        campanhas.pausar(campanha.pk, usuario=pessoa, motivo="x", agora=AGORA)


def test_only_what_is_paused_goes_on(operacao, pessoa):
    campanha = nova_campanha(operacao)
    with pytest.raises(AcaoRecusada, match="está coletando e não pode ser continuada"):
        campanhas.continuar(campanha.pk, usuario=pessoa, agora=AGORA)


@pytest.mark.parametrize("passo", [campanhas.pausar, campanhas.cancelar, campanhas.reenviar_falhas])
def test_every_decision_has_its_reason(operacao, pessoa, passo):
    campanha = enviando(operacao)
    with pytest.raises(AcaoRecusada, match="Informe o motivo"):
        passo(campanha.pk, usuario=pessoa, motivo="  ", agora=AGORA)


# cancelar


@pytest.mark.parametrize("situacao", [S.IMPORTANDO, S.COLETANDO, S.AGENDADA, S.ENVIANDO, S.AGUARDANDO_TROCA, S.PAUSADA])
def test_at_any_moment_it_may_be_cancelled(operacao, pessoa, situacao):
    campanha = nova_campanha(operacao, cpfs=1, situacao=situacao)

    campanhas.cancelar(campanha.pk, usuario=pessoa, motivo="engano", agora=AGORA)
    campanhas.tique(AGORA)

    assert (ler(campanha).situacao, ler(campanha).motivo, ler(campanha).encerrada_em) == (S.CANCELADA, "engano", AGORA)
    assert coleta.a_coletar(AGORA) == [] and campanhas.acoes(ler(campanha)) == set()
    assert feito() == ["Campanha cancelada: engano"]


@pytest.mark.parametrize("situacao", [S.A_CONFERIR, S.CONCLUIDA, S.CONCLUIDA_COM_FALHAS, S.CANCELADA])
def test_what_ended_is_not_cancelled(operacao, pessoa, situacao):
    campanha = nova_campanha(operacao, situacao=situacao)
    with pytest.raises(AcaoRecusada, match="não pode ser cancelada"):
        campanhas.cancelar(campanha.pk, usuario=pessoa, motivo="x", agora=AGORA)


def test_cancelled_while_it_sends_what_is_leaving_is_left_and_the_rest_never_leaves(operacao, pessoa, monkeypatch):
    monkeypatch.setattr(campanhas, "BLOCO", 2)
    campanha = enviando(operacao, 6)
    saindo, saiu, *_ = Mensagem.objects.order_by("pk")
    por_em(saindo, Estado.EM_ENVIO)
    por_em(saiu, Estado.ENVIADA)

    campanhas.cancelar(campanha.pk, usuario=pessoa, motivo="engano", agora=AGORA)
    assert campanhas.contagens(campanha)[Estado.CANCELADA] == 4

    # It came back without having left: the tick ends it.
    Mensagem.objects.filter(pk=saindo.pk).update(estado=Estado.PENDENTE, reserva=None)
    campanhas.tique(AGORA + MINUTO)
    estados = set(Mensagem.objects.values_list("estado", "motivo"))
    assert estados == {(Estado.ENVIADA, ""), (Estado.CANCELADA, "Cancelada pelo operador: engano")}
    assert balanco.conferir() == []


def test_what_a_request_has_no_time_to_cancel_the_tick_does(operacao, pessoa, monkeypatch):
    monkeypatch.setattr(campanhas, "BLOCO", 2)
    monkeypatch.setattr(campanhas, "POR_VEZ", 4)
    campanha = enviando(operacao, 7)

    campanhas.cancelar(campanha.pk, usuario=pessoa, motivo="engano", agora=AGORA)
    assert campanhas.contagens(campanha)[Estado.PENDENTE] == 3

    campanhas.tique(AGORA)
    assert campanhas.contagens(campanha) == {Estado.PENDENTE: 0, Estado.CANCELADA: 7}


# reenviar


def com_falhas(operacao, quantas: int = 3) -> Campanha:
    campanha = enviando(operacao, quantas + 1)
    boa, *ruins = Mensagem.objects.order_by("pk")
    por_em(boa, Estado.ENVIADA)
    for mensagem in ruins:
        por_em(mensagem, Estado.FALHA)
    campanhas.tique(AGORA)
    return ler(campanha)


def test_only_what_failed_is_sent_again_and_the_campaign_goes_back_to_send(operacao, pessoa, monkeypatch):
    monkeypatch.setattr(campanhas, "BLOCO", 2)
    campanha = com_falhas(operacao)
    assert campanha.situacao == S.CONCLUIDA_COM_FALHAS and campanhas.acoes(campanha) == {"reenviar"}

    assert campanhas.reenviar_falhas(campanha.pk, usuario=pessoa, motivo="caixa consertada", agora=AGORA) == 3

    assert (ler(campanha).situacao, ler(campanha).encerrada_em) == (S.ENVIANDO, None)
    assert campanhas.contagens(campanha)[Estado.PENDENTE] == 3
    assert "Falhas reenviadas: caixa consertada" in feito()
    campanhas.tique(AGORA)
    assert ler(campanha).situacao == S.ENVIANDO
    por_todas_pendentes = Mensagem.objects.filter(estado=Estado.PENDENTE)
    for mensagem in por_todas_pendentes:
        por_em(mensagem, Estado.ENVIADA)
    campanhas.tique(AGORA)
    assert ler(campanha).situacao == S.CONCLUIDA


def test_what_fails_again_meanwhile_is_not_sent_a_third_time(operacao, pessoa, monkeypatch):
    monkeypatch.setattr(campanhas, "BLOCO", 2)
    campanha, reenviar = com_falhas(operacao), decisoes.reenviar

    def reenviar_em_vao(ids, **mais):
        quantas = reenviar(ids, **mais)
        for mensagem in Mensagem.objects.filter(pk__in=ids):
            por_em(mensagem, Estado.FALHA)
        return quantas

    monkeypatch.setattr(decisoes, "reenviar", reenviar_em_vao)

    assert campanhas.reenviar_falhas(campanha.pk, usuario=pessoa, motivo="de novo", agora=AGORA) == 3


def test_on_another_day_what_is_sent_again_from_any_page_waits_for_the_company(operacao, pessoa):
    campanha = enviando(operacao, vencimento=HOJE + timedelta(days=7))
    mensagem = Mensagem.objects.get()
    por_em(mensagem, Estado.FALHA)
    campanhas.tique(AGORA)
    outro_dia = AGORA + timedelta(days=2)

    decisoes.reenviar([mensagem.pk], usuario=pessoa, motivo="pediu", agora=outro_dia)

    assert ler(campanha).situacao == S.CONCLUIDA_COM_FALHAS, "no tick went by"
    assert not Mensagem.objects.devidas(outro_dia + MINUTO).exists()
    assert set(Registro.objects.values_list("proxima_em", flat=True)) == {outro_dia}


def test_on_another_day_what_a_pause_let_go_from_any_page_waits_for_the_company(operacao, pessoa):
    enviando(operacao, vencimento=HOJE + timedelta(days=7))
    lote = Mensagem.objects.get().lote_id
    pausas.pausar(lote, usuario=pessoa, motivo="recusas", agora=AGORA)
    outro_dia = AGORA + timedelta(days=2)

    pausas.continuar(lote, usuario=pessoa, agora=outro_dia)

    assert not Mensagem.objects.devidas(outro_dia + MINUTO).exists()


def test_sent_again_through_another_service(operacao, pessoa):
    campanha = com_falhas(operacao)
    outro = ServicoEmail.objects.create(nome="SERVICO_NOVO", host="127.0.0.1", porta=26, ordem=9)

    campanhas.reenviar_falhas(campanha.pk, usuario=pessoa, motivo="por outro", agora=AGORA, servico=outro)

    assert ler(campanha).operacao.remetente.servico == outro


def test_a_service_that_may_not_be_chosen_sends_nothing_again(operacao, pessoa):
    campanha = com_falhas(operacao)
    interno = ServicoEmail.objects.create(nome="INTERNO", host="127.0.0.1", porta=26, uso_interno=True)

    with pytest.raises(AcaoRecusada, match="uso interno"):
        campanhas.reenviar_falhas(campanha.pk, usuario=pessoa, motivo="x", agora=AGORA, servico=interno)

    assert ler(campanha).situacao == S.CONCLUIDA_COM_FALHAS
    assert campanhas.contagens(campanha)[Estado.FALHA] == 3


def test_what_is_past_its_limit_is_not_sent_again(operacao, pessoa):
    campanha = com_falhas(operacao)
    with pytest.raises(AcaoRecusada, match="ainda está no prazo"):
        campanhas.reenviar_falhas(campanha.pk, usuario=pessoa, motivo="x", agora=AMANHA)
    assert ler(campanha).situacao == S.CONCLUIDA_COM_FALHAS


def test_without_failures_there_is_nothing_to_send_again(operacao, pessoa):
    campanha = enviando(operacao)
    assert "reenviar" not in campanhas.acoes(ler(campanha))
    with pytest.raises(AcaoRecusada, match="Nenhum e-mail"):
        campanhas.reenviar_falhas(campanha.pk, usuario=pessoa, motivo="x", agora=AGORA)


# What may be done, and what is waited for


@pytest.mark.parametrize(
    ("situacao", "podem"),
    [
        (S.IMPORTANDO, {"reagendar", "cancelar"}),
        (S.A_CONFERIR, {"confirmar", "descartar", "reagendar"}),
        (S.COLETANDO, {"reagendar", "pausar", "cancelar"}),
        (S.AGENDADA, {"reagendar", "pausar", "cancelar"}),
        (S.ENVIANDO, {"pausar", "cancelar"}),
        (S.AGUARDANDO_TROCA, {"pausar", "cancelar"}),
        (S.PAUSADA, {"continuar", "cancelar"}),
        (S.CONCLUIDA, set()),
        (S.CONCLUIDA_COM_FALHAS, set()),
        (S.CANCELADA, set()),
    ],
)
def test_what_may_be_done_in_each_situation(operacao, situacao, podem):
    assert campanhas.acoes(nova_campanha(operacao, situacao=situacao)) == podem


@pytest.mark.parametrize(
    ("campos", "palavras"),
    [
        ({"em_espera_ate": AGORA + MINUTO, "motivo_espera": "Autenticação: recusada"}, "12:01"),
        ({"falhas_seguidas": 3, "motivo_espera": "Indisponível: 503"}, "(Indisponível: 503). Tentando de novo."),
        ({"ativa": False}, "inativa ou sem API"),
        ({}, ""),
    ],
)
def test_while_it_collects_it_says_what_the_api_does(operacao, campos, palavras):
    nova_campanha(operacao, cpfs=1)
    if campos:
        Operacao.objects.filter(pk=operacao.pk).update(**campos)

    dito = campanhas.espera(ler(Campanha.objects.get()), AGORA)

    assert palavras in dito and bool(dito) == bool(palavras)


@pytest.mark.parametrize("falta", ["layout", "remetente", "serviço em espera", "remetente em espera"])
def test_while_it_sends_it_says_what_is_missing(operacao, falta):
    campanha = enviando(operacao)
    Campanha.objects.update(layout=None)
    if falta == "layout":
        Layout.objects.all().delete()
        palavras = "não tem layout"
    elif falta == "remetente":
        Operacao.objects.filter(pk=operacao.pk).update(remetente=None)
        palavras = "não tem e-mail"
    else:
        modelo = ServicoEmail if "serviço" in falta else Remetente
        modelo.objects.update(em_espera_ate=AGORA + MINUTO, motivo_espera="550 recusado")
        palavras = "em espera até 12:01: 550 recusado"

    assert palavras in campanhas.espera(ler(campanha), AGORA)


def test_a_campaign_to_be_checked_says_until_when(a_conferir):
    assert campanhas.espera(a_conferir, AGORA) == "Espera que alguém confira o arquivo, até 10/11/2026 às 13:00."


def test_one_that_breaks_stops_no_other(operacao, monkeypatch, caplog):
    ruim = nova_campanha(operacao, situacao=S.AGENDADA)
    boa = nova_campanha(operacao, situacao=S.AGENDADA)
    novo_boleto(boa)
    gerar = regra.gerar

    def gerar_menos(campanha, agora, **campos):
        if campanha.pk == ruim.pk:
            raise RuntimeError("quebrou")
        return gerar(campanha, agora, **campos)

    monkeypatch.setattr(regra, "gerar", gerar_menos)
    campanhas.tique(AGORA)

    assert Mensagem.objects.count() == 1 and f"O passo da campanha {ruim.pk} falhou" in caplog.text


def test_a_large_campaign_is_generated_over_some_ticks_and_not_taken_for_done_meanwhile(operacao, monkeypatch):
    monkeypatch.setattr(regra, "BLOCO", 1)
    campanha = nova_campanha(operacao, situacao=S.AGENDADA)
    for n in range(5):
        novo_boleto(campanha, [f"c{n}@exemplo.com.br"])
    geradas, situacoes = [], []
    for blocos in (2, 2, 0, 2, 2):
        monkeypatch.setattr(campanhas, "BLOCOS_POR_TIQUE", blocos)
        campanhas.tique(AGORA)
        geradas.append(Mensagem.objects.count())
        situacoes.append(ler(campanha).situacao)
        for mensagem in Mensagem.objects.filter(estado=Estado.PENDENTE):
            por_em(mensagem, Estado.ENVIADA)

    assert geradas == [2, 4, 4, 5, 5]
    assert situacoes == [S.ENVIANDO] * 4 + [S.CONCLUIDA]


@pytest.mark.django_db(transaction=True)
def test_two_ticks_at_once_do_no_step_twice():
    operacao = nova_operacao()
    todas = [nova_campanha(operacao, situacao=S.AGENDADA) for _ in range(3)]
    for campanha in todas:
        for n in range(5):
            novo_boleto(campanha, [f"a{n}@exemplo.com.br"], numero=f"N{n}")
    juntos = threading.Barrier(2)

    def tique():
        juntos.wait()
        with suppress(threading.BrokenBarrierError):
            campanhas.tique(AGORA)
        connection.close()

    linhas = [threading.Thread(target=tique) for _ in range(2)]
    for linha in linhas:
        linha.start()
    for linha in linhas:
        linha.join()
    campanhas.tique(AGORA)

    assert Mensagem.objects.count() == 5, "one for each boleto and address, in whichever campaign"
    assert Aviso.objects.filter(situacao=A.REPETIDO).count() == 10
    assert balanco.conferir() == []


def test_no_secret_is_opened_by_a_tick(operacao):
    nova_campanha(operacao, situacao=S.AGENDADA)
    with connection.cursor() as cursor:
        cursor.execute("UPDATE preventivo_operacao SET segredo = 'nada'")
        cursor.execute("UPDATE mensageria_servicoemail SET senha = 'nada'")

    campanhas.tique(AGORA)

    assert Campanha.objects.get().situacao == S.CONCLUIDA


# What a review found


def test_hours_of_confirmation_changed_in_the_last_hours_have_what_was_collected_before_asked_again(operacao):
    campanha = nova_campanha(operacao, situacao=S.AGENDADA)
    registro = novo_registro(campanha, coletado_em=AGORA - 5 * HORA, proxima_em=None)
    Operacao.objects.update(horas_da_confirmacao=2)

    campanhas.tique(AGORA - 3 * HORA)
    assert Registro.objects.get(pk=registro.pk).proxima_em is None, "its hours have not come"
    campanhas.tique(AGORA - HORA)

    assert Registro.objects.get(pk=registro.pk).proxima_em == AGORA - HORA
    assert ler(campanha).situacao == S.COLETANDO


def test_a_test_asks_about_the_first_cpfs_alone(operacao, pessoa):
    linhas = "".join(f"{novo_cpf()};c{numero}@exemplo.com.br\n" for numero in range(30))
    campanha = criar(operacao, pessoa, arquivo=arquivo(f"cpf;email\n{linhas}"), teste_para="eu@exemplo.com.br")
    importacao.importar(campanha.pk, AGORA)
    assert (ler(campanha).enderecos, campanhas.enderecos(ler(campanha))) == (30, 10)

    confirmada = campanhas.confirmar(campanha.pk, usuario=pessoa, agora=AGORA)

    assert (confirmada.registros, confirmada.enderecos, campanhas.enderecos(confirmada)) == (10, 10, 10)
    assert list(Registro.objects.order_by("pk").values_list("emails__0", flat=True))[:2] == [
        "c0@exemplo.com.br",
        "c1@exemplo.com.br",
    ]
    assert Registro.objects.count() == 10


def test_a_file_whose_day_was_lost_may_come_again(operacao, pessoa):
    conteudo = f"cpf;email\n{novo_cpf()};ana@exemplo.com.br\n"
    perdida = criar(operacao, pessoa, arquivo=arquivo(conteudo))
    importacao.importar(perdida.pk, AGORA)
    campanhas.confirmar(perdida.pk, usuario=pessoa, agora=AGORA)
    campanhas.tique(AGORA + 2 * DIA)
    assert ler(perdida).situacao == S.CONCLUIDA_COM_FALHAS

    assert criar(operacao, pessoa, arquivo=arquivo(conteudo), envia_em=AGORA + 3 * DIA, agora=AGORA + 2 * DIA).pk


def test_the_file_of_a_campaign_cancelled_while_it_is_read_does_not_stay(operacao, pessoa):
    campanha = criar(operacao, pessoa)
    assert PedacoDoArquivo.objects.exists()

    campanhas.cancelar(campanha.pk, usuario=pessoa, motivo="engano", agora=AGORA)

    assert not PedacoDoArquivo.objects.exists()


@pytest.mark.parametrize("motivo", ["sem_contexto: falta o anexo", "sem_destino", "prazo"])
def test_what_could_not_leave_is_a_failure(operacao, motivo):
    campanha = enviando(operacao)
    mensagem = Mensagem.objects.get()
    por_em(mensagem, Estado.CANCELADA)
    Mensagem.objects.filter(pk=mensagem.pk).update(motivo=motivo)

    campanhas.tique(AGORA)

    assert ler(campanha).situacao == S.CONCLUIDA_COM_FALHAS


def test_an_operacao_that_lost_its_remetente_says_so_while_it_waits(operacao, pessoa):
    campanha = enviando(operacao)
    Campanha.objects.update(situacao=S.AGUARDANDO_TROCA)
    Operacao.objects.update(remetente=None)

    assert campanhas.espera(ler(campanha), AGORA) == "A operação Claro não tem e-mail por onde enviar."
    por_em(Mensagem.objects.get(), Estado.FALHA)
    with pytest.raises(AcaoRecusada, match="não tem e-mail"):
        campanhas.reenviar_falhas(
            campanha.pk, usuario=pessoa, motivo="de novo", agora=AGORA, servico=ServicoEmail.objects.first()
        )


def test_what_waited_paused_for_days_is_asked_about_before_it_leaves(operacao, pessoa):
    campanha = nova_campanha(operacao, situacao=S.ENVIANDO, iniciada_em=AGORA)
    novo_boleto(campanha, vencimento=HOJE + 7 * DIA)
    regra.gerar(campanha, AGORA)
    campanhas.pausar(campanha.pk, usuario=pessoa, motivo="espere", agora=AGORA)
    cinco_dias_depois = AGORA + 5 * DIA

    campanhas.continuar(campanha.pk, usuario=pessoa, agora=cinco_dias_depois)

    assert not Mensagem.objects.devidas(cinco_dias_depois).exists()
    assert coleta.a_coletar(cinco_dias_depois) == [operacao.pk]
