"""Alerts: told once, and taken by e-mail to whoever must know, through a server on a real socket."""

import email
import email.policy
import smtplib
import threading
from base64 import b64encode
from datetime import timedelta
from email.message import EmailMessage

import pytest
from django.db import connection
from django.utils import timezone

from mensageria import alertas, alertas_email, consumo, rotacao, tasks
from mensageria.models import Alerta, DestinatarioAlerta
from simuladores.smtp import Ordem, ServidorSMTP
from tests.fabricas import HOJE, meio_dia

from .servicos import esgotar, novo_interno, novo_remetente, novo_servico

AGORA = meio_dia(HOJE)
FRASE = "O serviço {} da operação {} esgotou o limite de envios."


@pytest.fixture
def servidor():
    with ServidorSMTP() as aberto:
        yield aberto


@pytest.fixture
def interno(db, servidor):
    return novo_interno(servidor.porta)


@pytest.fixture
def remetente(db):
    return novo_remetente(novo_servico(5))


@pytest.fixture
def destinatario(db):
    return DestinatarioAlerta.objects.create(email="sistema@exemplo.com.br")


def novo_alerta(chave="c", *, paragrafos=(), tipo=Alerta.Tipo.ESGOTADO, agora=AGORA, **campos) -> Alerta:
    padrao = {"assunto": "Alerta de Limite de Consumo", "titulo": "Limite de Envios Esgotado!"}
    return alertas.avisar(tipo, chave, agora=agora, paragrafos=list(paragrafos) or ["Olá"], **padrao | campos)


def de_limite(remetente) -> Alerta:
    nomes = alertas.negrito(remetente.servico.nome), alertas.negrito(remetente.nome_da_operacao)
    return novo_alerta(
        paragrafos=[FRASE.format(*nomes), "Altere o serviço de email para concluir seus envios."],
        remetente=remetente,
        servico=remetente.servico,
        caminho="/mensagens/servico-email/",
    )


def ler(recebida) -> EmailMessage:
    return email.message_from_bytes(recebida.conteudo, policy=email.policy.default)


def ao_mesmo_tempo(fazer, vezes=2) -> list:
    """Run it in so many threads, each with its connection."""
    resultados, largada = [], threading.Barrier(vezes)

    def correr():
        largada.wait()
        try:
            resultados.append(fazer())
        finally:
            connection.close()

    linhas = [threading.Thread(target=correr) for _ in range(vezes)]
    for linha in linhas:
        linha.start()
    for linha in linhas:
        linha.join(10)
    return resultados


# Told once


def test_what_was_told_is_not_told_again(db):
    assert novo_alerta("a") is not None
    assert novo_alerta("a") is None
    assert novo_alerta("b") is not None


@pytest.mark.django_db(transaction=True)
def test_two_workers_at_once_tell_it_once():
    ditos = ao_mesmo_tempo(lambda: novo_alerta("a"), vezes=4)

    assert len(ditos) == 4
    assert len([dito for dito in ditos if dito]) == 1


def test_what_is_over_leaves_the_painel(remetente):
    outro = novo_remetente(remetente.servico, "CLARO")
    de_um = novo_alerta("a", tipo=Alerta.Tipo.LEMBRETE, remetente=remetente)
    de_outro = novo_alerta("b", tipo=Alerta.Tipo.LEMBRETE, remetente=outro)

    assert alertas.resolver(AGORA, tipo=Alerta.Tipo.LEMBRETE, remetente=remetente) == 1

    assert list(alertas.abertos(AGORA)) == [de_outro]
    de_um.refresh_from_db()
    assert de_um.resolvido_em == AGORA


def test_news_stand_for_a_day_and_what_asks_for_a_hand_stands(remetente):
    troca = novo_alerta("troca", tipo=Alerta.Tipo.TROCA, remetente=remetente)
    esgotado = novo_alerta("esgotado", remetente=remetente)
    circuito = novo_alerta("circuito", tipo=Alerta.Tipo.CIRCUITO)
    assert set(alertas.abertos(AGORA)) == {troca, esgotado, circuito}
    amanha = AGORA + timedelta(hours=25)

    assert set(alertas.abertos(amanha)) == {circuito}

    remetente.aguardando_desde = AGORA
    remetente.save()
    assert set(alertas.abertos(amanha)) == {circuito, esgotado}
    assert alertas.arquivar(amanha) == 1


# The e-mail


def test_the_alert_can_be_read_in_the_file_as_it_is(servidor, interno, remetente, destinatario):
    de_limite(remetente)

    assert alertas_email.enviar_pendentes(AGORA) == 1

    (recebida,) = servidor.esperar(1)
    linhas = recebida.conteudo.decode("utf-8").split("\r\n")
    assert "O serviço SERVICO_5 da operação NET esgotou o limite de envios." in linhas
    assert any(FRASE.format("<strong>SERVICO_5</strong>", "<strong>NET</strong>") in linha for linha in linhas)
    assert "Altere o serviço de email para concluir seus envios." in linhas
    assert "Subject: Alerta de Limite de Consumo" in linhas
    assert "http://localhost:8000/mensagens/servico-email/" in linhas
    assert not any(linha.startswith("Content-Transfer-Encoding: base64") for linha in linhas)
    mensagem = ler(recebida)
    assert str(mensagem["From"]) == "Robô Preventivo <robo@cobranca.exemplo.com.br>"
    assert mensagem["To"] == "sistema@exemplo.com.br"
    assert "<h1" in mensagem.get_body(("html",)).get_content()
    assert "Limite de Envios Esgotado!" in mensagem.get_body(("plain",)).get_content()
    alerta = Alerta.objects.get()
    assert (alerta.enviado_em, alerta.enviado_por, alerta.erro) == (AGORA, "SERVICO_1", "")


def test_a_server_without_8_bits_gets_the_same_words_in_ascii(remetente, destinatario):
    with ServidorSMTP(sem_extensoes=["8BITMIME"]) as servidor:
        novo_interno(servidor.porta)
        de_limite(remetente)

        assert alertas_email.enviar_pendentes(AGORA) == 1

        (recebida,) = servidor.esperar(1)
    assert recebida.conteudo.isascii()
    assert FRASE.format("SERVICO_5", "NET") in ler(recebida).get_body(("plain",)).get_content()


def test_names_are_escaped_and_never_break_the_message(servidor, interno, destinatario):
    servico = novo_servico(7, nome="<b>A&B</b>")
    de_limite(novo_remetente(servico, operacao="N**E**T\r\nBcc: x@x", email="net@exemplo.com.br"))

    alertas_email.enviar_pendentes(AGORA)

    (recebida,) = servidor.esperar(1)
    html = ler(recebida).get_body(("html",)).get_content()
    assert "<strong>&lt;b&gt;A&amp;B&lt;/b&gt;</strong>" in html
    assert "Bcc" not in ler(recebida)
    assert recebida.destinos == ("sistema@exemplo.com.br",)


def test_the_same_alert_has_the_same_message_id(remetente):
    alerta = de_limite(remetente)

    vezes = {alertas_email.compor(alerta, de="robo@x.com.br", para="a@x.com.br") for _ in range(2)}

    assert len(vezes) == 1
    assert b"Message-ID: <" in vezes.pop()


def test_who_it_is_from_and_where_it_leads_are_settings(servidor, interno, remetente, destinatario, settings):
    settings.ALERTA_REMETENTE = "avisos@exemplo.com.br"
    settings.URL_BASE = "https://avisa.exemplo.com.br/"
    de_limite(remetente)

    alertas_email.enviar_pendentes(AGORA)

    (recebida,) = servidor.esperar(1)
    assert recebida.remetente == "avisos@exemplo.com.br"
    assert b"https://avisa.exemplo.com.br/mensagens/servico-email/" in recebida.conteudo


# To whom


def test_it_reaches_those_of_its_remetente_and_of_all_and_who_made_the_change_once_each(servidor, interno, remetente):
    outro = novo_remetente(remetente.servico, "CLARO")
    for endereco, de, ativo in (
        ("todos@x.com.br", None, True),
        ("net@x.com.br", remetente, True),
        ("claro@x.com.br", outro, True),
        ("saiu@x.com.br", remetente, False),
        ("NET@x.com.br", None, True),
    ):
        DestinatarioAlerta.objects.create(email=endereco, remetente=de, ativo=ativo)
    novo_alerta(remetente=remetente, tambem_para="maria@x.com.br")

    alertas_email.enviar_pendentes(AGORA)

    assert sorted(r.destinos[0].lower() for r in servidor.esperar(3)) == [
        "maria@x.com.br",
        "net@x.com.br",
        "todos@x.com.br",
    ]


def test_what_is_of_a_service_reaches_those_of_the_remetentes_that_use_it(servidor, interno, remetente):
    DestinatarioAlerta.objects.create(email="net@x.com.br", remetente=remetente)
    novo_alerta(servico=remetente.servico)

    assert alertas_email.enviar_pendentes(AGORA) == 1


def test_without_anybody_to_get_it_it_stands_on_the_painel_and_is_not_tried_again(servidor, interno):
    alerta = novo_alerta()

    assert alertas_email.enviar_pendentes(AGORA) == 0

    alerta.refresh_from_db()
    assert alerta.proxima_tentativa_em is None
    assert "Sem destinatários" in alerta.erro
    assert list(alertas.abertos(AGORA)) == [alerta]
    assert servidor.conexoes == 0


def test_under_desvio_it_goes_to_one_address_once(servidor, interno, destinatario, settings):
    settings.ENVIO = "desvio:teste@exemplo.com.br"
    novo_alerta(tambem_para="maria@x.com.br")

    assert alertas_email.enviar_pendentes(AGORA) == 1

    assert [r.destinos for r in servidor.esperar(1)] == [("teste@exemplo.com.br",)]


def test_a_refused_address_does_not_keep_the_others_from_it(servidor, interno):
    servidor.ordenar(Ordem("RCPT", codigo=550, texto="5.1.1 Nao existe", padrao="a@x.com.br"))
    for endereco in ("a@x.com.br", "b@x.com.br"):
        DestinatarioAlerta.objects.create(email=endereco)
    alerta = novo_alerta()

    assert alertas_email.enviar_pendentes(AGORA) == 1

    assert [r.destinos for r in servidor.esperar(1)] == [("b@x.com.br",)]
    alerta.refresh_from_db()
    assert "a@x.com.br" in alerta.erro and "550" in alerta.erro


# By what


def por_email_url(settings, porta):
    settings.EMAIL_URL = {
        "EMAIL_HOST": "127.0.0.1",
        "EMAIL_PORT": porta,
        "EMAIL_HOST_USER": None,
        "EMAIL_HOST_PASSWORD": None,
    }


def test_it_never_leaves_by_the_service_that_it_speaks_of(servidor, interno, destinatario):
    alerta = novo_alerta(servico=interno)

    assert alertas_email.enviar_pendentes(AGORA) == 0

    alerta.refresh_from_db()
    assert "Nenhum serviço de uso interno" in alerta.erro
    assert servidor.conexoes == 0


@pytest.mark.parametrize("defeito", ["inativo", "em espera", "esgotado", "não atende", "segredo que não abre"])
def test_without_the_internal_service_it_leaves_by_email_url(servidor, destinatario, settings, db, defeito):
    outro = novo_interno(servidor.porta if defeito != "não atende" else 1, cota_mensal=5, nome="INTERNO")
    if defeito == "inativo":
        type(outro).objects.update(ativo=False)
    elif defeito == "em espera":
        type(outro).objects.update(em_espera_ate=AGORA + timedelta(minutes=1))
    elif defeito == "esgotado":
        esgotar(outro, AGORA)
    elif defeito == "segredo que não abre":
        with connection.cursor() as cursor:
            cursor.execute("UPDATE mensageria_servicoemail SET usuario = 'ana', senha = 'ilegivel'")
    por_email_url(settings, servidor.porta)
    alerta = novo_alerta()

    do_defeito = defeito == "segredo que não abre"  # there is an alert of its own about it
    assert alertas_email.enviar_pendentes(AGORA) == 1 + do_defeito

    servidor.esperar(1)
    alerta.refresh_from_db()
    assert alerta.enviado_por == "EMAIL_URL"


def test_an_internal_service_counts_what_left_and_only_that(servidor, destinatario, db):
    interno = novo_interno(servidor.porta, cota_mensal=10)
    DestinatarioAlerta.objects.create(email="x@x.com.br")
    servidor.ordenar(Ordem("RCPT", codigo=550, texto="5.1.1 Nao existe", padrao="x@x.com.br"))
    novo_alerta()

    alertas_email.enviar_pendentes(AGORA)

    assert consumo.situacao(interno, AGORA).usado == 1


def test_it_is_tried_again_with_growing_waits_for_a_day(destinatario, db):
    alerta = novo_alerta()
    agora, esperas = AGORA, []
    while alerta.proxima_tentativa_em:
        alertas_email.enviar_pendentes(agora)
        alerta.refresh_from_db()
        if alerta.proxima_tentativa_em:
            esperas.append((alerta.proxima_tentativa_em - agora) // timedelta(minutes=1))
            agora = alerta.proxima_tentativa_em

    assert esperas[:8] == [1, 2, 4, 8, 16, 32, 60, 60]
    assert timedelta(hours=22) < agora - AGORA <= timedelta(hours=24)
    assert alertas_email.enviar_pendentes(agora + timedelta(days=9)) == 0


@pytest.mark.parametrize("como", ["s3nh4-s3cr3t4", b64encode(b"\0robo@x.com.br\0s3nh4-s3cr3t4").decode()])
def test_the_error_that_is_kept_has_no_password(destinatario, db, como):
    with ServidorSMTP(usuarios={"robo@x.com.br": "outra"}) as servidor:
        servidor.ordenar(Ordem("AUTH", codigo=535, texto=f"5.7.8 senha {como} errada"))
        interno = novo_interno(servidor.porta, usuario="robo@x.com.br", senha="s3nh4-s3cr3t4")
        alerta = novo_alerta()
        alertas_email.enviar_pendentes(AGORA)

    alerta.refresh_from_db()
    interno.refresh_from_db()
    assert "535" in alerta.erro
    assert como not in alerta.erro + interno.motivo_espera
    assert interno.em_espera_ate > AGORA  # its circuit opens, as for messages


def test_under_simulado_a_real_server_is_refused(destinatario, db):
    novo_interno(25, host="smtp.exemplo.com.br")
    alerta = novo_alerta()

    assert alertas_email.enviar_pendentes(AGORA) == 0

    alerta.refresh_from_db()
    assert "ENVIO=simulado" in alerta.erro


@pytest.mark.django_db(transaction=True)
def test_two_beats_at_once_send_it_once(servidor):
    novo_interno(servidor.porta)
    DestinatarioAlerta.objects.create(email="a@x.com.br")
    for numero in range(6):
        novo_alerta(str(numero))

    enviados = ao_mesmo_tempo(lambda: alertas_email.enviar_pendentes(AGORA))

    assert sum(enviados) == 6
    assert len(servidor.esperar(6)) == servidor.aceitas == 6


def test_what_a_crash_left_is_sent_again_later(servidor, interno, destinatario, monkeypatch):
    novo_alerta()

    def cair(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr(alertas_email, "_enviar", cair)
    with pytest.raises(KeyboardInterrupt):
        alertas_email.enviar_pendentes(AGORA)
    monkeypatch.undo()

    assert alertas_email.enviar_pendentes(AGORA + timedelta(minutes=1)) == 0
    assert alertas_email.enviar_pendentes(AGORA + timedelta(minutes=11)) == 1


def test_a_reminder_that_is_over_is_not_sent(servidor, interno, remetente, destinatario):
    novo_alerta(tipo=Alerta.Tipo.LEMBRETE, remetente=remetente)
    alertas.resolver(AGORA, tipo=Alerta.Tipo.LEMBRETE, remetente=remetente)

    assert alertas_email.enviar_pendentes(AGORA) == 0


def test_any_mail_reader_sees_both_parts(remetente, servidor, interno, destinatario):
    """A message that smtplib itself could send on is well formed."""
    de_limite(remetente)
    alertas_email.enviar_pendentes(AGORA)
    (recebida,) = servidor.esperar(1)

    with smtplib.SMTP("127.0.0.1", servidor.porta) as smtp:
        smtp.send_message(ler(recebida))

    assert len(servidor.esperar(2)) == 2


def test_the_tick_sends_them_even_when_the_rotation_fails(servidor, interno, destinatario, monkeypatch):
    novo_alerta(agora=timezone.now())

    def falhar(_):
        raise ValueError

    monkeypatch.setattr(rotacao, "tique", falhar)
    tasks.avisar()

    servidor.esperar(1)
