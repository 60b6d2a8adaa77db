"""The classes of replies: each real one, and what holds for any."""

import re
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mensageria.canais.base import Envelope, FalhaDeEnvio
from mensageria.canais.respostas import HTTP, SMTP, classe_http, classe_smtp, quando_volta
from mensageria.canais.smtp import CanalSMTP
from mensageria.estados import DO_SERVICO, Classe
from simuladores.smtp import Ordem, ServidorSMTP
from tests.mensageria.respostas_reais import REAIS

COMANDOS = ["CONNECT", "EHLO", "STARTTLS", "AUTH", "MAIL", "RCPT", "DATA", "BODY"]
DO_SERVICO_REAIS = [r for r in REAIS if r.classe in DO_SERVICO]


def nome(resposta) -> str:
    return f"{resposta.servidor} {resposta.comando} {resposta.codigo} {resposta.texto[:40]}"


@pytest.mark.parametrize("resposta", REAIS, ids=nome)
def test_a_real_reply_has_its_class(resposta):
    assert classe_smtp(resposta.comando, resposta.codigo, resposta.texto) == resposta.classe


@pytest.mark.parametrize(
    "servidor", ["Postfix", "Exim", "Exchange Online", "Gmail", "Amazon SES", "SendGrid", "Locaweb"]
)
def test_the_replies_of_every_server_that_was_asked_for_are_there(servidor):
    assert [r for r in REAIS if r.servidor == servidor]


@pytest.mark.parametrize("resposta", DO_SERVICO_REAIS, ids=nome)
def test_a_fault_of_the_service_marks_no_address_whatever_the_command(resposta):
    classes = {classe_smtp(comando, resposta.codigo, resposta.texto) for comando in COMANDOS}

    assert Classe.ENDERECO not in classes


@pytest.mark.parametrize("resposta", [r for r in REAIS if r.classe != Classe.ENDERECO], ids=nome)
def test_a_server_without_enhanced_codes_marks_no_more_addresses(resposta):
    texto = re.sub(r"^[45]\.\d+\.\d+ ", "", resposta.texto)
    classe = classe_smtp(resposta.comando, resposta.codigo, texto)

    assert classe != Classe.ENDERECO
    assert resposta.classe not in (Classe.COTA, Classe.CAIXA_CHEIA) or classe == resposta.classe


@pytest.mark.parametrize(
    "local", ["spam", "quota", "limite.diario", "relay-denied", "sender.rejected", "dmarc", "hoje"]
)
def test_the_name_of_an_address_changes_no_class(local):
    for resposta in REAIS:
        texto = resposta.texto.replace("ana@", f"{local}@").replace("avisos@", f"{local}@")

        assert classe_smtp(resposta.comando, resposta.codigo, texto) == resposta.classe
        assert not resposta.volta or quando_volta(texto) == resposta.volta


# Words that no real reply was found for, and replies without any.


@pytest.mark.parametrize(
    ("comando", "codigo", "texto", "classe"),
    [
        ("MAIL", 452, "4.5.3 Cota esgotada", Classe.COTA),
        ("BODY", 550, "Cota mensal de envios excedida", Classe.COTA),
        ("RCPT", 550, "Limite diário de mensagens atingido", Classe.COTA),
        ("MAIL", 550, "limite de envio atingido", Classe.COTA),
        ("MAIL", 451, "Quota exceeded", Classe.COTA),
        ("RCPT", 550, "limite de 100 mensagens por hora", Classe.TAXA),
        ("MAIL", 550, "Hourly quota exceeded", Classe.TAXA),
        ("BODY", 550, "Maximum sending rate exceeded", Classe.TAXA),
        ("BODY", 550, "Rate limit exceeded", Classe.TAXA),
        ("MAIL", 550, "Too many connections", Classe.TAXA),
        ("RCPT", 451, "Please slow down", Classe.TAXA),
        ("RCPT", 550, "5.7.232 No", Classe.COTA),
        ("RCPT", 550, "5.1.90 No", Classe.COTA),
        ("RCPT", 550, "You exceeded the quota", Classe.COTA),
        ("RCPT", 550, "Excedida a cota", Classe.COTA),
        ("RCPT", 552, "5.2.2 No", Classe.CAIXA_CHEIA),
        ("RCPT", 550, "Mailbox is full", Classe.CAIXA_CHEIA),
        ("MAIL", 552, "5.3.4 No", Classe.MENSAGEM),
        ("MAIL", 552, "Too large", Classe.MENSAGEM),
        ("AUTH", 550, "No", Classe.AUTENTICACAO),
        ("RCPT", 550, "5.7.57 No", Classe.AUTENTICACAO),
        ("RCPT", 550, "This server requires authentication", Classe.AUTENTICACAO),
        ("RCPT", 550, "Your account is disabled", Classe.AUTENTICACAO),
        ("RCPT", 550, "Sender domain does not exist", Classe.REMETENTE),
        ("RCPT", 550, "Failed SPF", Classe.REMETENTE),
        ("RCPT", 554, "Client host blocked using rbl.example.org", Classe.REMETENTE),
        ("RCPT", 550, "Your IP is on our block list", Classe.REMETENTE),
        ("RCPT", 550, "É necessária autenticação", Classe.AUTENTICACAO),
        ("RCPT", 550, "Unsolicited", Classe.MENSAGEM),
        ("RCPT", 550, "Quarantined", Classe.MENSAGEM),
        ("RCPT", 550, "5.7.1 No", Classe.MENSAGEM),
        ("RCPT", 550, "Remetente não autorizado", Classe.REMETENTE),
        ("RCPT", 553, "Retransmissão negada", Classe.AUTENTICACAO),
        ("RCPT", 554, "Usuário inexistente", Classe.ENDERECO),
        ("RCPT", 554, "Caixa postal inexistente", Classe.ENDERECO),
        ("RCPT", 554, "Invalid recipient", Classe.ENDERECO),
        ("RCPT", 554, "Unroutable", Classe.ENDERECO),
        ("RCPT", 554, "It does not exist", Classe.ENDERECO),
        ("RCPT", 501, "<ana>: malformed address", Classe.ENDERECO),
        ("BODY", 552, "Caixa postal cheia", Classe.CAIXA_CHEIA),
        ("RCPT", 550, "Cotação da Dakota", Classe.ENDERECO),
        ("RCPT", 421, "4.2.1 Busy", Classe.TEMPORARIO),
        ("RCPT", 421, "4.3.2 Closing", Classe.REDE),
        ("CONNECT", 554, "No service", Classe.REDE),
        ("MAIL", 550, "No", Classe.REMETENTE),
        ("RCPT", 550, "", Classe.ENDERECO),
        ("RCPT", 551, "", Classe.ENDERECO),
        ("RCPT", 553, "", Classe.ENDERECO),
        ("RCPT", 554, "", Classe.MENSAGEM),
        ("RCPT", 571, "", Classe.MENSAGEM),
        ("RCPT", 503, "", Classe.REDE),
        ("BODY", 550, "", Classe.MENSAGEM),
        ("BODY", 451, "", Classe.TEMPORARIO),
        ("RCPT", 299, "", Classe.REDE),
    ],
)
def test_other_words_and_no_words(comando, codigo, texto, classe):
    assert classe_smtp(comando, codigo, texto) == classe


def test_every_line_of_the_table_gives_a_class_that_a_refusal_may_have():
    assert {regra.classe for regra in SMTP} == set(Classe) - {Classe.ACEITA, Classe.INCERTA}


# When a quota comes back.


@pytest.mark.parametrize("resposta", [r for r in REAIS if r.classe == Classe.COTA], ids=nome)
def test_a_quota_comes_back_when_its_words_say(resposta):
    assert quando_volta(resposta.texto) == resposta.volta


@pytest.mark.parametrize(
    ("texto", "volta"),
    [
        ("Limite diário excedido", "dia"),
        ("cota diaria de envios", "dia"),
        ("5000 mensagens por dia", "dia"),
        ("Cota de hoje esgotada", "dia"),
        ("at most 200 messages per day", "dia"),
        ("500 messages in 24 hours", "dia"),
        ("Limite mensal excedido", "mes"),
        ("Mediário", "mes"),
        ("", "mes"),
    ],
)
def test_the_words_of_a_day(texto, volta):
    assert quando_volta(texto) == volta


# Any reply.

PALAVRAS = [
    "quota",
    "daily",
    "limit",
    "exceeded",
    "sender",
    "rejected",
    "user",
    "unknown",
    "relay",
    "550",
    "5.1.1",
    "@",
]
TEXTOS = st.text(max_size=300) | st.lists(st.sampled_from(PALAVRAS) | st.text(max_size=5), max_size=40).map(" ".join)


@given(comando=st.sampled_from(COMANDOS) | st.text(max_size=5), codigo=st.integers(-1, 999), texto=TEXTOS)
def test_any_reply_has_a_class_and_none_is_an_acceptance(comando, codigo, texto):
    classe = classe_smtp(comando, codigo, texto)

    assert classe in Classe
    assert classe not in (Classe.ACEITA, Classe.INCERTA)
    assert quando_volta(texto) in ("dia", "mes")
    assert classe != Classe.ENDERECO or (comando in ("RCPT", "DATA", "BODY") and 500 <= codigo < 600)


@pytest.mark.parametrize(
    "pedaco",
    [
        "a",
        " ",
        "a ",
        "@",
        "5.2.2 ",
        "(#",
        "(#5.1.1",
        "caixa ",
        "user ",
        "daily a b ",
        "exceed quot ",
        "quota exce ",
        "per ",
    ],
)
def test_a_long_reply_takes_no_longer(pedaco):
    texto = pedaco * (100_000 // len(pedaco))
    inicio = time.process_time()

    for codigo in (299, 421, 450, 550):  # 299 goes through the whole table
        classe_smtp("RCPT", codigo, texto)
    quando_volta(texto)

    assert time.process_time() - inicio < 0.5


# Through the channel.


@pytest.mark.parametrize(
    ("codigo", "texto", "classe"),
    [
        (451, "Authentication failed: Maximum credits exceeded", Classe.COTA),
        (454, "4.7.0 Too many login attempts, please try again later.", Classe.TAXA),
        (454, "Temporary authentication failure", Classe.REDE),
        (535, "Authentication Credentials Invalid", Classe.AUTENTICACAO),
    ],
)
def test_a_refused_login_is_read_as_any_other_reply(codigo, texto, classe):
    with (
        ServidorSMTP(usuarios={"ana": "x"}, ordens=[Ordem("AUTH", codigo=codigo, texto=texto)]) as servidor,
        CanalSMTP(host=servidor.host, porta=servidor.porta, usuario="ana", senha="x", prazo=5) as canal,
        pytest.raises(FalhaDeEnvio) as falha,
    ):
        canal.enviar(Envelope("c", "ana@exemplo.com.br", b"oi"), lambda: None)

    assert (falha.value.classe, falha.value.codigo, falha.value.texto) == (classe, str(codigo), texto)


# SMS.


@pytest.mark.parametrize(
    ("codigo", "texto", "classe"),
    [
        (401, '{"errors": [{"message": "Maximum credits exceeded"}]}', Classe.COTA),
        (403, "You have exceeded your messaging limits", Classe.COTA),
        (401, "Invalid credentials", Classe.AUTENTICACAO),
        (400, "Número de caracteres acima do permitido", Classe.MENSAGEM),
        (400, "The number of characters exceeds 160", Classe.MENSAGEM),
        (400, "The 'From' number +15005550001 is not a valid phone number", Classe.REMETENTE),
        (400, "Invalid sender ID for this phone", Classe.REMETENTE),
        (400, "Remetente sem permissão para este número", Classe.REMETENTE),
        (422, '{"path": "from", "message": "invalid phone"}', Classe.REMETENTE),
        (400, '{"from": "AGUAS", "message": "invalid phone"}', Classe.ENDERECO),
        (400, "Invalid number", Classe.ENDERECO),
        (400, "Cotação", Classe.MENSAGEM),
    ],
)
def test_what_a_gateway_says_of_anything_else_marks_no_telephone(codigo, texto, classe):
    assert classe_http(codigo, texto) == classe


@given(codigo=st.integers(-1, 999), texto=TEXTOS)
def test_any_reply_of_a_gateway_has_a_class(codigo, texto):
    assert classe_http(codigo, texto) in {linha[-1] for linha in HTTP} | {Classe.REDE}
