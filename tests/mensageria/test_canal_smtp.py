"""The SMTP channel against a server on a real socket that fails to order."""

import ipaddress
import ssl
import time
from datetime import UTC, datetime, timedelta

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from mensageria.canais.base import Envelope, FalhaDeEnvio
from mensageria.canais.respostas import SMTP, classe_smtp
from mensageria.canais.smtp import CanalSMTP
from mensageria.estados import DO_SERVICO, Classe
from simuladores.smtp import Ordem, ServidorSMTP

CONTEUDO = b"Subject: oi\r\n\r\n.ponto\r\n..dois\r\ncorpo\r\n.\r\nfim\r\n"
PARA = "ana@exemplo.com.br"


@pytest.fixture
def servidor():
    with ServidorSMTP() as aberto:
        yield aberto


@pytest.fixture
def canal(servidor):
    with canal_de(servidor) as aberto:
        yield aberto


def canal_de(servidor, **campos) -> CanalSMTP:
    return CanalSMTP(**{"host": servidor.host, "porta": servidor.porta, "prazo": 5} | campos)


def envelope(para=PARA, conteudo=CONTEUDO, **campos) -> Envelope:
    return Envelope(
        **{"chave": "c", "destino": para, "conteudo": conteudo, "remetente": "avisos@exemplo.com.br"} | campos
    )


def enviar(canal, *args, **campos):
    """Send one message; return what came and whether the body was allowed to leave."""
    permitido = []
    try:
        return canal.enviar(envelope(*args, **campos), lambda: permitido.append(1)), len(permitido)
    except FalhaDeEnvio as falha:
        return falha, len(permitido)


def verbos(servidor) -> list[str]:
    return [linha.split(" ")[0] for _, linha in servidor.comandos]


# Accepted.


def test_a_message_is_accepted_and_arrives_as_it_was(servidor, canal):
    resposta, permitido = enviar(canal)

    assert (resposta.codigo, resposta.texto, permitido) == ("250", "2.0.0 Guardada", 1)
    (recebida,) = servidor.esperar(1)
    assert (recebida.remetente, recebida.destinos) == ("avisos@exemplo.com.br", (PARA,))
    assert recebida.conteudo == CONTEUDO  # with the dots at the start of its lines


def test_a_message_without_a_last_line_end_gets_one(servidor, canal):
    enviar(canal, conteudo=b"a\r\n.")

    assert servidor.esperar(1)[0].conteudo == b"a\r\n.\r\n"


def test_the_connection_is_used_for_many_and_renewed_after_the_maximum(servidor):
    with canal_de(servidor, mensagens_por_conexao=2) as canal:
        for _ in range(5):
            enviar(canal)

    assert [r.conexao for r in servidor.esperar(5)] == [1, 1, 2, 2, 3]


def test_leaving_the_block_lets_go_of_the_server(servidor):
    with canal_de(servidor) as canal:
        enviar(canal)
    prazo = time.monotonic() + 5
    while servidor.abertas and time.monotonic() < prazo:
        time.sleep(0.005)

    assert servidor.abertas == 0
    canal.fechar()


def test_a_success_of_another_number_is_a_success(servidor, canal):
    servidor.ordenar(Ordem("RCPT", codigo=251, texto="Vai ser encaminhada"))

    # the server does not keep the recipient, since the order only replies, so DATA is refused
    falha, permitido = enviar(canal)

    assert (falha.codigo, permitido) == ("554", 0)
    assert "DATA" in verbos(servidor)


# What MAIL says of the message.

EM_8_BITS = "Subject: oi\r\n\r\nágua\r\n".encode()


def do_mail(servidor) -> list[str]:
    return [linha for _, linha in servidor.comandos if linha.startswith("MAIL")]


@pytest.mark.parametrize(
    ("conteudo", "sem", "parametros"),
    [
        (CONTEUDO, (), f" SIZE={len(CONTEUDO)}"),  # without the dots that are doubled on the way
        (CONTEUDO.removesuffix(b"\r\n"), (), f" SIZE={len(CONTEUDO)}"),
        (EM_8_BITS, (), f" SIZE={len(EM_8_BITS)} BODY=8BITMIME"),
        (EM_8_BITS, ("SIZE",), " BODY=8BITMIME"),
        (CONTEUDO, ("8BITMIME", "SIZE"), ""),
    ],
)
def test_the_size_and_the_8_bits_are_told_to_the_server_that_minds(conteudo, sem, parametros):
    with ServidorSMTP(sem_extensoes=sem) as servidor, canal_de(servidor) as canal:
        assert enviar(canal, conteudo=conteudo)[0].codigo == "250"

        assert do_mail(servidor) == [f"MAIL FROM:<avisos@exemplo.com.br>{parametros}"]
        assert servidor.recebidas[0].conteudo == (conteudo if conteudo.endswith(b"\n") else conteudo + b"\r\n")


def test_a_server_of_7_bits_is_given_no_message_of_8():
    with ServidorSMTP(sem_extensoes=("8BITMIME",)) as servidor, canal_de(servidor) as canal:
        falha, permitido = enviar(canal, conteudo=EM_8_BITS)

        assert (falha.classe, falha.codigo, permitido) == (Classe.MENSAGEM, "", 0)
        assert falha.texto == "O servidor não aceita mensagens de 8 bits."
        assert do_mail(servidor) == []
        assert enviar(canal)[0].codigo == "250"
        assert servidor.recebidas[0].conexao == 1


@pytest.mark.parametrize(("sem", "permitidos"), [((), 0), (("SIZE",), 1)])
def test_a_message_that_is_too_large_is_the_messages_fault(sem, permitidos):
    """Neither the address nor the sender is to blame, whether the server says it before the body or after."""
    with ServidorSMTP(tamanho_maximo=len(CONTEUDO), sem_extensoes=sem) as servidor, canal_de(servidor) as canal:
        falha, permitido = enviar(canal, conteudo=CONTEUDO + b"a")

        assert (falha.classe, falha.codigo, permitido) == (Classe.MENSAGEM, "552", permitidos)
        assert enviar(canal)[0].codigo == "250"


# TLS and AUTH.


@pytest.fixture(scope="module")
def contextos(tmp_path_factory):
    """A server's context with a self-signed certificate, and a client's that trusts it."""
    pasta = tmp_path_factory.mktemp("tls")
    chave = ec.generate_private_key(ec.SECP256R1())
    nome = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "127.0.0.1")])
    agora = datetime.now(UTC)
    certificado = (
        x509.CertificateBuilder(nome, nome, chave.public_key(), 1, agora - timedelta(1), agora + timedelta(1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]), False)
        .sign(chave, hashes.SHA256())
    )
    (pasta / "certificado.pem").write_bytes(certificado.public_bytes(serialization.Encoding.PEM))
    (pasta / "chave.pem").write_bytes(
        chave.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    do_servidor = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    do_servidor.load_cert_chain(pasta / "certificado.pem", pasta / "chave.pem")
    return do_servidor, ssl.create_default_context(cafile=pasta / "certificado.pem")


@pytest.mark.parametrize("seguranca", ["tls", "starttls"])
def test_a_message_leaves_encrypted(contextos, seguranca):
    with (
        ServidorSMTP(tls=contextos[0], tls_implicito=seguranca == "tls") as servidor,
        canal_de(servidor, seguranca=seguranca, contexto_tls=contextos[1]) as canal,
    ):
        resposta, _ = enviar(canal)

        assert resposta.codigo == "250"
        assert servidor.esperar(1)[0].conteudo == CONTEUDO


@pytest.mark.parametrize("seguranca", ["tls", "starttls"])
def test_a_certificate_that_is_not_trusted_stops_everything(contextos, seguranca):
    with (
        ServidorSMTP(tls=contextos[0], tls_implicito=seguranca == "tls", usuarios={"ana": "x"}) as servidor,
        canal_de(servidor, seguranca=seguranca, usuario="ana", senha="x") as canal,
    ):
        falha, permitido = enviar(canal)

        assert (falha.classe, permitido) == (Classe.REDE, 0)
        assert "certificate verify failed" in str(falha)
        assert not {"AUTH", "MAIL"} & set(verbos(servidor))


def test_a_server_without_starttls_gets_neither_password_nor_message(servidor):
    with canal_de(servidor, seguranca="starttls", usuario="ana", senha="x") as canal:
        falha, permitido = enviar(canal)

    assert (falha.classe, permitido) == (Classe.REDE, 0)
    assert not {"AUTH", "MAIL"} & set(verbos(servidor))


def test_a_refused_starttls_sends_nothing_in_the_clear(contextos):
    ordens = [Ordem("STARTTLS", codigo=454)]
    with (
        ServidorSMTP(tls=contextos[0], ordens=ordens) as servidor,
        canal_de(servidor, seguranca="starttls", contexto_tls=contextos[1]) as canal,
    ):
        falha, permitido = enviar(canal)

        assert (falha.classe, falha.codigo, permitido) == (Classe.REDE, "454", 0)
        assert "MAIL" not in verbos(servidor)


def test_auth_with_the_right_password():
    with (
        ServidorSMTP(usuarios={"ana": "s3nha"}) as servidor,
        canal_de(servidor, usuario="ana", senha="s3nha") as canal,
    ):
        assert enviar(canal)[0].codigo == "250"


@pytest.mark.parametrize("senha", ["errada", "", "çã"])
def test_auth_refused_belongs_to_the_service(senha):
    with ServidorSMTP(usuarios={"ana": "s3nha"}) as servidor, canal_de(servidor, usuario="ana", senha=senha) as canal:
        falha, permitido = enviar(canal)

        assert (falha.classe, falha.na_abertura, permitido) == (Classe.AUTENTICACAO, True, 0)
        assert senha not in str(falha) or not senha
        assert "MAIL" not in verbos(servidor)


def test_a_server_that_offers_no_auth_is_a_fault_of_authentication(servidor):
    with canal_de(servidor, usuario="ana", senha="x") as canal:
        assert enviar(canal)[0].classe == Classe.AUTENTICACAO


def test_a_server_that_asks_for_a_password_nobody_gave():
    with ServidorSMTP(usuarios={"ana": "x"}) as servidor, canal_de(servidor) as canal:
        falha, _ = enviar(canal)

        assert (falha.classe, falha.codigo) == (Classe.AUTENTICACAO, "530")


# Faults before the body: nothing of it left.


def test_nobody_listens():
    with ServidorSMTP() as servidor:
        pass
    with canal_de(servidor) as canal:
        falha, permitido = enviar(canal)

    assert (falha.classe, permitido) == (Classe.REDE, 0)


@pytest.mark.parametrize("codigo", [421, 554])
def test_a_banner_that_refuses(servidor, canal, codigo):
    servidor.ordenar(Ordem("CONNECT", codigo=codigo, vezes=1))

    falha, permitido = enviar(canal)

    assert (falha.classe, falha.codigo, permitido) == (Classe.REDE, str(codigo), 0)
    assert enviar(canal)[0].codigo == "250"


ANTES = ["CONNECT", "EHLO", "MAIL", "RCPT", "DATA"]


@pytest.mark.parametrize("acao", ["derrubar", "demorar"])
@pytest.mark.parametrize("comando", ANTES)
def test_a_loss_before_the_body_is_of_the_network_and_nothing_left(servidor, comando, acao):
    servidor.ordenar(Ordem(comando, acao, segundos=2 if acao == "demorar" else 0, vezes=1))
    with canal_de(servidor, prazo=0.3) as canal:
        falha, permitido = enviar(canal)

        assert (falha.classe, permitido) == (Classe.REDE, 0)
        assert servidor.recebidas == []
        assert enviar(canal)[0].codigo == "250"  # on a new connection

    assert [r.conexao for r in servidor.recebidas] == [2]


@pytest.mark.parametrize(
    ("comando", "classe"), [("EHLO", Classe.REDE), ("MAIL", Classe.REDE), ("BODY", Classe.INCERTA)]
)
def test_a_reply_that_trickles_is_awaited_no_longer_than_one_that_does_not_come(servidor, comando, classe):
    """Each of its bytes is in time: the time-out of a read alone would wait for all of them."""
    servidor.ordenar(Ordem(comando, "aos_pedacos", bytes_=1, segundos=0.1, vezes=1))
    with canal_de(servidor, prazo=0.4) as canal:
        inicio = time.monotonic()
        falha, _ = enviar(canal)

        assert falha.classe == classe
        assert 0.4 <= time.monotonic() - inicio < 1
        assert enviar(canal)[0].codigo == "250"


def test_a_reply_in_pieces_and_in_time_is_read_whole_and_the_next_has_the_whole_time(servidor):
    servidor.ordenar(Ordem("MAIL", "aos_pedacos", bytes_=1, segundos=0.02, vezes=1))
    servidor.ordenar(Ordem("BODY", "demorar", segundos=0.7, vezes=1))
    with canal_de(servidor, prazo=1) as canal:
        assert enviar(canal)[0].texto == "2.0.0 Guardada"


@pytest.mark.parametrize("seguranca", ["tls", "starttls"])
def test_a_reply_that_trickles_encrypted_is_cut_as_well(contextos, seguranca):
    ordens = [Ordem("RCPT", "aos_pedacos", bytes_=1, segundos=0.1)]
    with (
        ServidorSMTP(tls=contextos[0], tls_implicito=seguranca == "tls", ordens=ordens) as servidor,
        canal_de(servidor, seguranca=seguranca, contexto_tls=contextos[1], prazo=0.5) as canal,
    ):
        inicio = time.monotonic()

        assert enviar(canal)[0].classe == Classe.REDE
        assert time.monotonic() - inicio < 1.2


def test_a_server_that_dropped_an_idle_connection_is_met_again(servidor, canal):
    enviar(canal)
    servidor.derrubar_todas()

    resultados = [enviar(canal)[0] for _ in range(2)]

    assert resultados[-1].codigo == "250"
    assert all(getattr(r, "classe", Classe.REDE) == Classe.REDE for r in resultados)


# Faults after the body: it may have been taken.


@pytest.mark.parametrize("acao", ["derrubar", "aceitar_e_derrubar", "derrubar_no_meio", "demorar"])
def test_a_loss_after_the_body_is_uncertain(servidor, acao):
    servidor.ordenar(Ordem("BODY", acao, segundos=2 if acao == "demorar" else 0, bytes_=10, vezes=1))
    with canal_de(servidor, prazo=0.3) as canal:
        falha, permitido = enviar(canal)

        assert (falha.classe, permitido) == (Classe.INCERTA, 1)
        assert len(servidor.recebidas) == (acao == "aceitar_e_derrubar")
        assert enviar(canal)[0].codigo == "250"
        assert servidor.recebidas[-1].conexao == 2


@pytest.mark.parametrize("codigo", [354, 199, 600, 0])
def test_a_reply_to_the_body_that_means_nothing_is_uncertain(servidor, canal, codigo):
    """It is neither a refusal nor an acceptance: sending again could reach the customer twice."""
    servidor.ordenar(Ordem("BODY", codigo=codigo, vezes=1))

    falha, permitido = enviar(canal)

    assert (falha.classe, permitido) == (Classe.INCERTA, 1)
    assert enviar(canal)[0].codigo == "250"
    assert servidor.recebidas[-1].conexao == 2


def test_any_success_of_the_body_is_a_success(servidor, canal):
    servidor.ordenar(Ordem("BODY", codigo=252, texto="ok"))

    assert enviar(canal)[0].codigo == "252"


# Refusals, by code.


@pytest.mark.parametrize(
    ("comando", "codigo", "texto", "classe"),
    [
        ("MAIL", 550, "5.7.1 Nao autorizado", Classe.REMETENTE),
        ("MAIL", 530, "5.7.0 Autentique", Classe.AUTENTICACAO),
        ("MAIL", 452, "4.5.3 Cota esgotada", Classe.COTA),
        ("MAIL", 451, "4.3.0 Tente depois", Classe.TEMPORARIO),
        ("RCPT", 550, "5.1.1 Nao existe", Classe.ENDERECO),
        ("RCPT", 452, "4.2.2 Cheia", Classe.CAIXA_CHEIA),
        ("RCPT", 450, "4.2.0 Tente depois", Classe.TEMPORARIO),
        ("DATA", 554, "5.7.1 Recusada", Classe.MENSAGEM),
        ("DATA", 451, "4.3.0 Tente depois", Classe.TEMPORARIO),
        ("BODY", 554, "5.7.1 Parece spam", Classe.MENSAGEM),
        ("BODY", 552, "5.2.2 Caixa cheia", Classe.CAIXA_CHEIA),
        ("BODY", 451, "4.3.0 Tente depois", Classe.TEMPORARIO),
        ("BODY", 550, "5.4.5 Daily sending quota exceeded", Classe.COTA),
    ],
)
def test_a_refusal_has_its_class_and_the_connection_goes_on(servidor, canal, comando, codigo, texto, classe):
    servidor.ordenar(Ordem(comando, codigo=codigo, texto=texto, vezes=1))

    falha, permitido = enviar(canal)

    assert (falha.classe, falha.codigo, falha.texto) == (classe, str(codigo), texto)
    assert permitido == (comando == "BODY")
    assert verbos(servidor)[-1] == "RSET"
    assert enviar(canal)[0].codigo == "250"
    assert [r.conexao for r in servidor.recebidas] == [1]


@pytest.mark.parametrize("comando", ["MAIL", "RCPT", "DATA", "BODY"])
def test_421_closes_and_the_next_message_has_a_new_connection(servidor, canal, comando):
    servidor.ordenar(Ordem(comando, codigo=421, texto="4.3.2 Reiniciando", vezes=1))

    falha, _ = enviar(canal)

    assert (falha.classe, falha.codigo) == (Classe.REDE, "421")
    assert enviar(canal)[0].codigo == "250"
    assert servidor.recebidas[-1].conexao == 2


@pytest.mark.parametrize("acao", ["recusar", "derrubar"])
def test_a_connection_that_does_not_take_rset_is_not_used_again(servidor, canal, acao):
    servidor.ordenar(Ordem("RCPT", codigo=550, vezes=1))
    servidor.ordenar(Ordem("RSET", acao, codigo=500, vezes=1))

    enviar(canal)
    enviar(canal)

    assert [r.conexao for r in servidor.esperar(1)] == [2]


@pytest.mark.parametrize(
    ("comando", "codigo", "texto", "classe"),
    [
        ("AUTH", 535, "5.7.8 nao", Classe.AUTENTICACAO),
        ("CONNECT", 554, "sem servico", Classe.REDE),
        ("MAIL", 421, "4.7.0 rate limited", Classe.TAXA),
        ("MAIL", 421, "4.3.2 shutting down", Classe.REDE),
        ("RCPT", 450, "4.7.28 unusual", Classe.TAXA),
        ("RCPT", 451, "too many messages, slow down", Classe.TAXA),
        ("RCPT", 552, "mailbox full", Classe.CAIXA_CHEIA),
        ("RCPT", 552, "5.2.2 The recipient is over quota", Classe.CAIXA_CHEIA),
        ("RCPT", 550, "5.7.60 Client does not have permissions to send as this sender", Classe.REMETENTE),
        ("DATA", 550, "Sender address rejected: not owned by user", Classe.REMETENTE),
        ("RCPT", 550, "no such user", Classe.ENDERECO),
        ("RCPT", 554, "5.7.1 Relay access denied", Classe.AUTENTICACAO),
        ("RCPT", 550, "relaying denied", Classe.AUTENTICACAO),
        ("RCPT", 554, "5.7.1 Client host [1.2.3.4] blocked using zen.spamhaus.org", Classe.REMETENTE),
        ("BODY", 550, "5.1.1 unknown", Classe.ENDERECO),
        ("BODY", 554, "refused", Classe.MENSAGEM),
        ("BODY", 552, "5.3.4 Message size limit exceeded", Classe.MENSAGEM),
        ("MAIL", 552, "5.3.4 Message size exceeds fixed limit", Classe.MENSAGEM),
        ("BODY", 552, "5.2.3 Message length exceeds administrative limit", Classe.MENSAGEM),
        ("BODY", 452, "4.3.1 Insufficient system storage", Classe.TEMPORARIO),
        ("MAIL", 454, "Throttling failure: Daily message quota exceeded", Classe.COTA),
        ("MAIL", 454, "Throttling failure: Maximum sending rate exceeded", Classe.TAXA),
        ("MAIL", 550, "limite de envio atingido", Classe.COTA),
        ("RCPT", 299, "?", Classe.REDE),
    ],
)
def test_the_table_of_replies(comando, codigo, texto, classe):
    assert classe_smtp(comando, codigo, texto) == classe


def test_the_table_gives_every_class_that_a_refusal_may_have():
    """A class that no line gives, or that no class of the engine is, would never be met."""
    assert {linha[-1] for linha in SMTP} == {
        *DO_SERVICO,
        Classe.CAIXA_CHEIA,
        Classe.TEMPORARIO,
        Classe.ENDERECO,
        Classe.MENSAGEM,
    }


# The last check.


class Desistencia(Exception):
    pass


@pytest.mark.parametrize(
    "erro", [Desistencia(), OSError("banco"), ValueError(), KeyboardInterrupt(), FalhaDeEnvio(Classe.TEMPORARIO)]
)
def test_what_the_last_check_raises_passes_through_and_no_body_leaves(servidor, canal, erro):
    enviar(canal)

    def recusar():
        raise erro

    inicio = time.monotonic()
    with pytest.raises(type(erro)) as levantado:
        canal.enviar(envelope(), recusar)

    assert levantado.value is erro
    assert time.monotonic() - inicio < 1  # nothing was said to a server that waits for a body
    assert len(servidor.recebidas) == 1
    assert enviar(canal)[0].codigo == "250"
    assert [r.conexao for r in servidor.recebidas] == [1, 2]


@pytest.mark.parametrize(
    ("campos", "classe"),
    [
        ({"para": "joão@exemplo.com.br"}, Classe.ENDERECO),
        ({"para": "ana@exemplo.com.br>\r\nRSET"}, Classe.ENDERECO),
        ({"para": "ana@exemplo.com.br> SIZE=1"}, Classe.ENDERECO),
        ({"para": ""}, Classe.ENDERECO),
        ({"remetente": "não@exemplo.com.br"}, Classe.REMETENTE),
        ({"remetente": "a@b.c>\r\nRSET"}, Classe.REMETENTE),
    ],
)
def test_an_address_that_no_command_can_carry_is_refused_before_any_is_given(servidor, canal, campos, classe):
    falha, permitido = enviar(canal, **campos)

    assert (falha.classe, permitido) == (classe, 0)
    assert not {"MAIL", "RSET"} & set(verbos(servidor))
    assert enviar(canal)[0].codigo == "250"


# ENVIO=simulado.


@pytest.mark.parametrize("host", ["smtp.exemplo.com.br", "8.8.8.8", "0.0.0.0", "127.0.0.1.exemplo.com.br", ""])
def test_simulado_refuses_a_real_host_before_connecting(monkeypatch, host):
    monkeypatch.setattr("socket.create_connection", lambda *_, **__: pytest.fail("connected"))

    falha, permitido = enviar(CanalSMTP(host=host, porta=25))

    assert (falha.classe, permitido) == (Classe.REDE, 0)
    assert "ENVIO=simulado" in str(falha)


def test_simulado_takes_the_hosts_that_it_is_told(settings, servidor):
    with canal_de(servidor, host="localhost") as canal:
        assert enviar(canal)[0].codigo == "250"
    settings.HOSTS_SIMULADOS = ["simulador"]

    falha, _ = enviar(CanalSMTP(host="simulador", porta=1, prazo=0.2))

    assert "ENVIO=simulado" not in str(falha)


def test_real_speaks_to_any_host(settings, monkeypatch):
    settings.ENVIO = "real"
    chamados = []
    monkeypatch.setattr("socket.create_connection", lambda alvo, *_, **__: chamados.append(alvo) or 1 / 0)

    with pytest.raises(ZeroDivisionError):
        enviar(CanalSMTP(host="smtp.exemplo.com.br", porta=25))

    assert chamados == [("smtp.exemplo.com.br", 25)]
