"""The SMTP sink, seen by smtplib and by raw sockets."""

import ipaddress
import re
import smtplib
import socket
import ssl
import time
from datetime import UTC, datetime, timedelta

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from simuladores.smtp import Ordem, ServidorSMTP

DE, PARA = "avisa@exemplo.com.br", "ana@exemplo.com.br"
TEXTO = b"Subject: oi\r\n\r\ncorpo\r\n"


@pytest.fixture
def servidor():
    with ServidorSMTP() as aberto:
        yield aberto


class Cru:
    """A client that writes bytes as it likes and reads replies one at a time."""

    def __init__(self, servidor, saudar=True):
        self.socket = socket.create_connection((servidor.host, servidor.porta), timeout=5)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.arquivo = self.socket.makefile("rb")
        if saudar:
            assert self.resposta().startswith("220")
            self.escrever("EHLO cliente")
            assert self.resposta().startswith("250")

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.arquivo.close()
        self.socket.close()

    def escrever(self, *linhas):
        self.socket.sendall("".join(f"{linha}\r\n" for linha in linhas).encode())

    def resposta(self):
        """The last line of one reply; empty when the server closed."""
        while (linha := self.arquivo.readline().decode()) and linha[3:4] == "-":
            pass
        return linha.rstrip("\r\n")

    def codigos(self, n):
        return [self.resposta()[:3] for _ in range(n)]

    def caiu(self):
        """Whether the connection ended, politely or by a reset, with nothing left to read."""
        try:
            return self.arquivo.read() == b""
        except ConnectionResetError:
            return True


class Cliente(smtplib.SMTP):
    def __init__(self, servidor):
        super().__init__(servidor.host, servidor.porta, timeout=5)


def envelope(para=PARA):
    return (f"MAIL FROM:<{DE}>", f"RCPT TO:<{para}>", "DATA")


def entregar(servidor, para=PARA, texto=TEXTO):
    with Cliente(servidor) as cliente:
        return cliente.sendmail(DE, para, texto)


# Receiving.


def test_keeps_sender_recipients_body_and_moment(servidor):
    antes = datetime.now(UTC)

    entregar(servidor, [PARA, "bia@exemplo.com.br"])

    (recebida,) = servidor.esperar(1)
    assert (recebida.remetente, recebida.destinos) == (DE, (PARA, "bia@exemplo.com.br"))
    assert (recebida.conteudo, recebida.conexao) == (TEXTO, 1)
    assert antes <= recebida.momento <= datetime.now(UTC)


def test_announces_its_extensions(servidor):
    with Cliente(servidor) as cliente:
        cliente.ehlo()
        assert {"pipelining", "8bitmime", "size"} <= set(cliente.esmtp_features)
        assert not {"starttls", "auth"} & set(cliente.esmtp_features)


def test_answers_in_order_what_comes_in_one_write(servidor):
    with Cru(servidor) as cliente:
        cliente.escrever(*envelope())
        assert cliente.codigos(3) == ["250", "250", "354"]
        cliente.escrever("um", ".", *envelope("bia@exemplo.com.br"))
        assert cliente.codigos(4) == ["250", "250", "250", "354"]
        cliente.escrever("dois", ".", "RSET", "NOOP", "QUIT")
        assert cliente.codigos(4) == ["250", "250", "250", "221"]
        assert cliente.caiu()

    assert [r.conteudo for r in servidor.recebidas] == [b"um\r\n", b"dois\r\n"]
    assert [linha for _, linha in servidor.comandos][:4] == ["EHLO cliente", *envelope()]


def test_what_follows_an_accepted_data_is_body_and_a_refused_one_is_commands(servidor):
    with Cru(servidor) as cliente:
        cliente.escrever(*envelope(), "RSET", ".", "RSET")
        assert cliente.codigos(5) == ["250", "250", "354", "250", "250"]
        servidor.ordenar(Ordem("DATA", codigo=451))
        cliente.escrever(*envelope(), "RSET")
        assert cliente.codigos(4) == ["250", "250", "451", "250"]

    assert [r.conteudo for r in servidor.recebidas] == [b"RSET\r\n"]


@pytest.mark.parametrize("corte", range(1, 7))
def test_a_body_arrives_whole_wherever_it_is_cut(servidor, corte):
    corpo = b"..a\r\n.\r\n"[::-1]
    with Cru(servidor) as cliente:
        cliente.escrever(*envelope())
        cliente.codigos(3)
        cliente.socket.sendall(corpo[corte:][::-1])
        time.sleep(0.005)  # nothing tells that the server has read the first part
        cliente.socket.sendall(corpo[:corte][::-1])
        assert cliente.codigos(1) == ["250"]

    assert servidor.recebidas[0].conteudo == b".a\r\n"


@pytest.mark.parametrize("texto", [b".\r\n", b"..\r\n.a\r\n", b"a\r\n.\r\n..b\r\n", b"\r\n"])
def test_undoes_dot_stuffing(servidor, texto):
    entregar(servidor, texto=texto)

    assert servidor.recebidas[0].conteudo == texto


def test_an_empty_body_is_a_message(servidor):
    with Cru(servidor) as cliente:
        cliente.escrever(*envelope(), ".")
        assert cliente.codigos(4) == ["250", "250", "354", "250"]

    assert servidor.recebidas[0].conteudo == b""


def test_a_bare_newline_does_not_end_a_body(servidor):
    with Cru(servidor) as cliente:
        cliente.escrever(*envelope())
        cliente.socket.sendall(b"a\n.\nMAIL FROM:<x@x>\r\n.\r\n")
        assert cliente.codigos(4) == ["250", "250", "354", "250"]

    assert len(servidor.recebidas) == 1


def test_commands_out_of_order_are_refused(servidor):
    with Cru(servidor) as cliente:
        cliente.escrever("RCPT TO:<a@a>", "DATA", "MAIL TO:<a@a>", "MAIL FROM:<a@a>", "MAIL FROM:<a@a>")
        assert cliente.codigos(5) == ["503", "503", "501", "250", "503"]
        cliente.escrever("RCPT x", "DATA", "NADA")
        assert cliente.codigos(3) == ["501", "554", "500"]
    with Cru(servidor, saudar=False) as cliente:
        cliente.escrever("MAIL FROM:<a@a>")
        assert cliente.codigos(2) == ["220", "503"]


def test_refuses_what_is_over_the_size_announced_or_sent():
    with ServidorSMTP(tamanho_maximo=10) as servidor, Cru(servidor) as cliente:
        cliente.escrever(f"MAIL FROM:<{DE}> SIZE=11", f"MAIL FROM:<{DE}> SIZE=10", f"RCPT TO:<{PARA}>", "DATA")
        assert cliente.codigos(4) == ["552", "250", "250", "354"]
        cliente.escrever("0123456789", ".", *envelope(), "1234", ".")
        assert cliente.codigos(5) == ["552", "250", "250", "354", "250"]

    assert [r.conteudo for r in servidor.recebidas] == [b"1234\r\n"]


def test_counts_connections_ever_opened_and_open_now(servidor):
    with Cru(servidor) as um, Cru(servidor) as dois:
        assert (servidor.conexoes, servidor.abertas) == (2, 2)
        for cliente in (um, dois):
            cliente.escrever("QUIT")
            assert cliente.codigos(1) == ["221"]
            assert cliente.caiu()

    entregar(servidor)
    assert servidor.conexoes == 3
    assert servidor.recebidas[0].conexao == 3


def test_clearing_forgets_messages_and_orders(servidor):
    entregar(servidor)
    servidor.ordenar(Ordem("MAIL"))

    servidor.limpar()

    assert (servidor.recebidas, servidor.comandos) == ([], [])
    entregar(servidor)
    assert len(servidor.esperar(1)) == 1


def test_waiting_for_what_does_not_come_times_out(servidor):
    with pytest.raises(TimeoutError, match="0 de 1"):
        servidor.esperar(1, prazo=0.01)


def test_remembers_no_more_than_it_was_told_to():
    with ServidorSMTP(memoria=2) as servidor:
        for n in range(5):
            entregar(servidor, texto=b"%d\r\n" % n)
        assert [r.conteudo for r in servidor.esperar(5)] == [b"3\r\n", b"4\r\n"]
        assert len(servidor.comandos) <= 4


def test_a_stopped_server_refuses_and_starts_again_on_the_same_port():
    servidor = ServidorSMTP()
    with servidor, Cru(servidor) as cliente:
        porta = servidor.porta
        servidor.parar()
        assert cliente.caiu()
        with pytest.raises(ConnectionRefusedError):
            entregar(servidor)
        servidor.iniciar()
        assert servidor.porta == porta
        entregar(servidor)
        with pytest.raises(OSError):
            ServidorSMTP(porta=porta).iniciar()


def test_all_connections_can_be_cut_at_once(servidor):
    with Cru(servidor) as um, Cru(servidor) as dois:
        servidor.derrubar_todas()
        assert um.caiu() and dois.caiu()
        assert servidor.abertas == 0


# Files.


def test_writes_each_message_as_it_came_under_a_safe_name(tmp_path):
    with ServidorSMTP(pasta=tmp_path / "caixa") as servidor:
        entregar(servidor, texto=b"a\r\n.b\r\n")
        entregar(servidor, "../x'y@exemplo.com")
    with ServidorSMTP(pasta=tmp_path / "caixa") as servidor:
        entregar(servidor)

    arquivos = sorted((tmp_path / "caixa").iterdir())
    assert [arquivo.name for arquivo in arquivos] == [
        "000001-ana@exemplo.com.br.eml",
        "000002-.._x_y@exemplo.com.eml",
        "000003-ana@exemplo.com.br.eml",
    ]
    assert arquivos[0].read_bytes() == b"a\r\n.b\r\n"


# Refusing.


@pytest.mark.parametrize(
    ("comando", "respostas"),
    [
        ("EHLO", ["220", "471", "503", "503", "503"]),
        ("MAIL", ["220", "250", "471", "503", "503"]),
        ("RCPT", ["220", "250", "250", "471", "554"]),
        ("DATA", ["220", "250", "250", "250", "471"]),
        ("CONNECT", ["471", "503", "503", "503", "503"]),
    ],
)
def test_refuses_by_code_at_a_command(servidor, comando, respostas):
    servidor.ordenar(Ordem(comando, codigo=471))

    with Cru(servidor, saudar=False) as cliente:
        cliente.escrever("EHLO x", *envelope())
        assert cliente.codigos(5) == respostas


def test_refuses_a_body_with_the_words_ordered_and_keeps_nothing(servidor):
    servidor.ordenar(Ordem("BODY", codigo=552, texto="5.2.2 Cota mensal esgotada", vezes=1))

    with pytest.raises(smtplib.SMTPDataError) as erro:
        entregar(servidor)
    assert (erro.value.smtp_code, erro.value.smtp_error) == (552, b"5.2.2 Cota mensal esgotada")
    entregar(servidor)
    assert len(servidor.recebidas) == 1


def test_refuses_rset_and_quit(servidor):
    servidor.ordenar(Ordem("RSET", codigo=500))
    servidor.ordenar(Ordem("QUIT", codigo=501))

    with Cru(servidor) as cliente:
        cliente.escrever("RSET", "QUIT", "NOOP")
        assert cliente.codigos(3) == ["500", "501", "250"]


def test_421_closes_after_the_reply(servidor):
    servidor.ordenar(Ordem("RCPT", codigo=421, texto="4.7.0 Devagar"))

    with Cru(servidor) as cliente:
        cliente.escrever(*envelope())
        assert cliente.codigos(2) == ["250", "421"]
        assert cliente.caiu()


def test_a_pattern_picks_addresses_and_the_first_order_that_matches_acts(servidor):
    servidor.ordenar(Ordem("RCPT", codigo=550, padrao="^bia@"))
    servidor.ordenar(Ordem("RCPT", codigo=451, padrao="^(bia|caio)@"))
    servidor.ordenar(Ordem("BODY", codigo=554, padrao="^dora@"))

    recusados = entregar(servidor, [PARA, "bia@x.com", "caio@x.com"])
    assert {para: codigo for para, (codigo, _) in recusados.items()} == {"bia@x.com": 550, "caio@x.com": 451}
    with pytest.raises(smtplib.SMTPDataError):
        entregar(servidor, [PARA, "dora@x.com"])


def test_an_order_acts_as_often_as_told_also_by_address(servidor):
    servidor.ordenar(Ordem("RCPT", vezes=1, por_destino=True))

    with Cru(servidor) as cliente:
        cliente.escrever("MAIL FROM:<a@a>", *(f"RCPT TO:<{quem}@x>" for quem in "aabab"))
        assert cliente.codigos(6) == ["250", "451", "250", "451", "250", "250"]


def test_runs_out_of_quota_after_n_messages(servidor):
    servidor.ordenar(Ordem("MAIL", codigo=452, texto="4.5.3 Cota esgotada", depois_de=2))

    for _ in range(2):
        entregar(servidor)
    with pytest.raises(smtplib.SMTPSenderRefused, match="Cota esgotada"):
        entregar(servidor)

    assert len(servidor.recebidas) == 2


def test_quota_is_exact_within_a_pipelined_lump(servidor):
    servidor.ordenar(Ordem("MAIL", codigo=452, depois_de=1))

    with Cru(servidor) as cliente:
        cliente.escrever(*envelope(), "a", ".", *envelope())
        assert cliente.codigos(7) == ["250", "250", "354", "250", "452", "503", "503"]


@pytest.mark.parametrize(
    "campos",
    [{"comando": "HELP"}, {"comando": "MAIL", "acao": "sumir"}, {"comando": "MAIL", "acao": "derrubar_no_meio"}],
)
def test_an_order_that_means_nothing_is_refused(campos):
    with pytest.raises(ValueError):
        Ordem(**campos)


# Delaying.


@pytest.mark.parametrize("comando", ["CONNECT", "EHLO", "MAIL", "RCPT", "DATA", "BODY", "RSET", "QUIT"])
def test_delays_any_command_and_then_goes_on(servidor, comando):
    servidor.ordenar(Ordem(comando, "demorar", segundos=0.05))
    inicio = time.monotonic()

    with Cru(servidor) as cliente:
        cliente.escrever(*envelope(), "a", ".", "RSET", "QUIT")
        assert cliente.codigos(6) == ["250", "250", "354", "250", "250", "221"]

    assert time.monotonic() - inicio >= 0.05
    assert len(servidor.recebidas) == 1


def test_a_delay_holds_one_connection_only(servidor):
    servidor.ordenar(Ordem("RCPT", "demorar", segundos=60, padrao="^bia@"))

    with Cru(servidor) as lento:
        lento.escrever(*envelope("bia@x.com"))
        assert lento.codigos(1) == ["250"]
        entregar(servidor)

    assert len(servidor.recebidas) == 1


def test_nothing_is_kept_when_the_client_leaves_during_the_wait(servidor):
    servidor.ordenar(Ordem("BODY", "demorar", segundos=0.05, vezes=1))
    with Cru(servidor) as cliente:
        cliente.escrever(*envelope(), "perdida", ".")
        cliente.codigos(3)

    with Cru(servidor) as cliente:
        servidor.ordenar(Ordem("RSET", "demorar", segundos=0.1))
        cliente.escrever("RSET")
        assert cliente.codigos(1) == ["250"]

    assert servidor.recebidas == []


def test_a_late_refusal_comes_late(servidor):
    servidor.ordenar(Ordem("MAIL", codigo=450, segundos=0.05))
    inicio = time.monotonic()

    with Cru(servidor) as cliente:
        cliente.escrever("MAIL FROM:<a@a>")
        assert cliente.codigos(1) == ["450"]

    assert time.monotonic() - inicio >= 0.05


# Dropping.


@pytest.mark.parametrize(
    ("comando", "ja_respondido"),
    [
        ("CONNECT", []),
        ("EHLO", ["220"]),
        ("MAIL", ["220", "250"]),
        ("RCPT", ["220", "250", "250"]),
        ("DATA", ["220", "250", "250", "250"]),
    ],
)
def test_drops_at_a_command_after_answering_the_ones_before(servidor, comando, ja_respondido):
    servidor.ordenar(Ordem(comando, "derrubar"))

    with Cru(servidor, saudar=False) as cliente:
        if comando != "CONNECT":
            cliente.escrever("EHLO x", *envelope())
        assert cliente.codigos(len(ja_respondido)) == ja_respondido
        assert cliente.caiu()


@pytest.mark.parametrize("comando", ["RSET", "QUIT"])
def test_drops_at_rset_and_quit(servidor, comando):
    servidor.ordenar(Ordem(comando, "derrubar"))

    with Cru(servidor) as cliente:
        cliente.escrever("NOOP", comando)
        assert cliente.codigos(1) == ["250"]
        assert cliente.caiu()


@pytest.mark.parametrize(
    ("acao", "respostas", "guardadas"),
    [("derrubar", 3, 0), ("aceitar_e_derrubar", 3, 1), ("derrubar_depois", 4, 1)],
)
def test_drops_after_the_whole_body(servidor, acao, respostas, guardadas):
    servidor.ordenar(Ordem("BODY", acao))

    with Cru(servidor) as cliente:
        cliente.escrever(*envelope(), "a", ".", "NOOP")
        assert cliente.codigos(respostas) == ["250", "250", "354", "250"][:respostas]
        assert cliente.caiu()

    assert len(servidor.recebidas) == guardadas


def test_drops_in_the_middle_of_the_body(servidor):
    servidor.ordenar(Ordem("BODY", "derrubar_no_meio", bytes_=10, vezes=1))

    with Cru(servidor) as cliente:
        cliente.escrever(*envelope())
        assert cliente.codigos(3) == ["250", "250", "354"]
        cliente.socket.sendall(b"123456789")
        cliente.socket.settimeout(0.05)
        with pytest.raises(TimeoutError):
            cliente.socket.recv(1)
        cliente.socket.settimeout(5)
        cliente.socket.sendall(b"0")
        assert cliente.socket.recv(1) == b""

    entregar(servidor)
    assert len(servidor.recebidas) == 1


def test_drops_also_when_the_body_is_shorter_than_the_middle(servidor):
    servidor.ordenar(Ordem("BODY", "derrubar_no_meio", bytes_=10_000))

    with pytest.raises(smtplib.SMTPServerDisconnected):
        entregar(servidor)
    assert servidor.recebidas == []


def test_answers_and_then_drops(servidor):
    servidor.ordenar(Ordem("RCPT", "derrubar_depois"))

    with Cru(servidor) as cliente:
        cliente.escrever(*envelope())
        assert cliente.codigos(2) == ["250", "250"]
        assert cliente.caiu()


# Misbehaving in mid-pipeline.


def test_answers_a_lump_in_pieces_and_keeps_the_order_of_what_follows(servidor):
    servidor.ordenar(Ordem("DATA", "aos_pedacos", bytes_=7, segundos=0.001))

    with Cru(servidor) as cliente:
        cliente.escrever(*envelope())
        pedacos = [cliente.socket.recv(4096)]
        cliente.escrever("a", ".", "VRFY x")
        while b"252 " not in pedacos[-1] + b"".join(pedacos[-2:]):
            pedacos.append(cliente.socket.recv(4096))
        assert len(pedacos) > 2
        assert re.findall(rb"^\d+", b"".join(pedacos), re.MULTILINE) == [b"250", b"250", b"354", b"250", b"252"]


def test_drops_only_after_the_last_piece(servidor):
    servidor.ordenar(Ordem("MAIL", "aos_pedacos", bytes_=1))
    servidor.ordenar(Ordem("RCPT", "derrubar"))

    with Cru(servidor) as cliente:
        cliente.escrever(*envelope())
        assert cliente.resposta() == "250 2.1.0 Ok"
        assert cliente.caiu()


@pytest.mark.parametrize(("comando", "respostas"), [("DATA", 3), ("BODY", 4)])
def test_throws_away_what_was_pipelined_behind(servidor, comando, respostas):
    servidor.ordenar(Ordem(comando, "descartar_resto"))

    with Cru(servidor) as cliente:
        cliente.escrever(*envelope(), "a", ".", *envelope(), "b", ".")
        assert cliente.codigos(respostas) == ["250", "250", "354", "250"][:respostas]
        servidor.limpar()
        cliente.escrever("NOOP") if comando == "BODY" else cliente.escrever("c", ".")
        assert cliente.codigos(1) == ["250"]

    assert [r.conteudo for r in servidor.recebidas] == ([] if comando == "BODY" else [b"c\r\n"])


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


def test_starttls_encrypts_and_starts_the_session_over(contextos):
    do_servidor, do_cliente = contextos
    with ServidorSMTP(tls=do_servidor) as servidor, Cliente(servidor) as cliente:
        cliente.ehlo()
        assert cliente.has_extn("starttls")
        cliente.starttls(context=do_cliente)
        assert cliente.docmd("MAIL", f"FROM:<{DE}>")[0] == 503
        cliente.ehlo()
        assert not cliente.has_extn("starttls")
        cliente.sendmail(DE, PARA, TEXTO)

    assert servidor.recebidas[0].conteudo == TEXTO


def test_what_is_pipelined_behind_starttls_is_discarded(contextos):
    do_servidor, do_cliente = contextos
    with ServidorSMTP(tls=do_servidor) as servidor, Cru(servidor) as cliente:
        cliente.escrever("STARTTLS", "NOOP")
        assert cliente.codigos(1) == ["220"]
        with do_cliente.wrap_socket(cliente.socket.dup(), server_hostname="127.0.0.1") as cifrado:
            cifrado.sendall(b"VRFY x\r\n")
            assert cifrado.recv(3) == b"252"


def test_starttls_refused_leaves_the_session_as_it_was(contextos):
    with ServidorSMTP(tls=contextos[0], ordens=[Ordem("STARTTLS", codigo=454)]) as servidor, Cru(servidor) as cliente:
        cliente.escrever("STARTTLS", "MAIL FROM:<a@a>")
        assert cliente.codigos(2) == ["454", "250"]


def test_a_client_that_refuses_the_certificate_leaves_no_connection_behind(contextos):
    with ServidorSMTP(tls=contextos[0]) as servidor:
        with (
            Cliente(servidor) as cliente,
            pytest.raises(ssl.SSLCertVerificationError),
        ):
            cliente.starttls(context=ssl.create_default_context())
        prazo = time.monotonic() + 5
        while servidor.abertas and time.monotonic() < prazo:
            time.sleep(0.001)
        assert servidor.abertas == 0


def test_implicit_tls(contextos):
    do_servidor, do_cliente = contextos
    with (
        ServidorSMTP(tls=do_servidor, tls_implicito=True) as servidor,
        smtplib.SMTP_SSL(servidor.host, servidor.porta, timeout=5, context=do_cliente) as cliente,
    ):
        cliente.sendmail(DE, PARA, TEXTO)
        assert not cliente.has_extn("starttls")

    assert len(servidor.recebidas) == 1


@pytest.mark.parametrize("mecanismo", ["PLAIN", "LOGIN"])
@pytest.mark.parametrize("inicial", [True, False])
def test_authenticates_users_of_the_table(mecanismo, inicial):
    with ServidorSMTP(usuarios={"ana": "segredo"}) as servidor, Cliente(servidor) as cliente:
        cliente.ehlo()
        assert cliente.docmd("MAIL", f"FROM:<{DE}>")[0] == 530
        cliente.user, cliente.password = "ana", "errada"
        passo = getattr(cliente, f"auth_{mecanismo.lower()}")
        with pytest.raises(smtplib.SMTPAuthenticationError):
            cliente.auth(mecanismo, passo, initial_response_ok=inicial)
        cliente.password = "segredo"
        assert cliente.auth(mecanismo, passo, initial_response_ok=inicial)[0] == 235
        cliente.sendmail(DE, PARA, TEXTO)

    assert len(servidor.recebidas) == 1


def test_authentication_may_be_refused_to_order():
    with (
        ServidorSMTP(usuarios={"ana": "x"}, ordens=[Ordem("AUTH", codigo=454)]) as servidor,
        Cliente(servidor) as cliente,
    ):
        with pytest.raises(smtplib.SMTPAuthenticationError) as erro:
            cliente.login("ana", "x")
        assert erro.value.smtp_code == 454


def test_authentication_may_drop():
    with (
        ServidorSMTP(usuarios={"ana": "x"}, ordens=[Ordem("AUTH", "derrubar")]) as servidor,
        Cliente(servidor) as cliente,
        pytest.raises(smtplib.SMTPServerDisconnected),
    ):
        cliente.login("ana", "x")


def test_garbage_in_authentication_is_refused_and_not_fatal():
    with ServidorSMTP(usuarios={"ana": "x"}) as servidor, Cru(servidor) as cliente:
        cliente.escrever("AUTH PLAIN !!!", "AUTH LOGIN", "YW5h", "///", "AUTH NTLM", "NOOP")
        assert cliente.codigos(6) == ["535", "334", "334", "535", "504", "250"]


# Magic mailboxes.


@pytest.fixture(scope="module")
def magico():
    with ServidorSMTP(caixas_magicas=True) as aberto:
        yield aberto


@pytest.mark.parametrize(
    ("para", "codigos"),
    [
        ("ana+recusado@x.com", ["550", "550"]),
        ("ana+lotada7@x.com", ["452", "452"]),
        ("ana+temporario@x.com", ["451", "250"]),
        ("bia+TEMPORARIO@x.com", ["451", "250"]),
        ("ana+insiste@x.com", ["451", "451"]),
        ("ana+caixa@x.com", ["250", "250"]),
        ("recusado@x.com", ["250", "250"]),
    ],
)
def test_magic_mailboxes_answer_by_their_names(magico, para, codigos):
    with Cru(magico) as cliente:
        cliente.escrever("MAIL FROM:<a@a>", f"RCPT TO:<{para}>", f"RCPT TO:<{para}>")
        assert cliente.codigos(3) == ["250", *codigos]


def test_magic_mailboxes_drop_before_and_after_the_body(magico):
    magico.limpar()
    for para in ("ana+caiantes@x.com", "ana+cai@x.com"):
        with pytest.raises(smtplib.SMTPServerDisconnected):
            entregar(magico, para)

    assert [r.destinos for r in magico.recebidas] == [("ana+cai@x.com",)]


def test_the_slow_magic_mailbox_takes_a_second(magico):
    inicio = time.monotonic()

    entregar(magico, "ana+lento@x.com")

    assert time.monotonic() - inicio >= 1


def test_given_orders_come_before_magic_and_clearing_renews_magic(magico):
    magico.limpar()
    magico.ordenar(Ordem("RCPT", codigo=553, padrao="temporario", vezes=1))
    with Cru(magico) as cliente:
        cliente.escrever("MAIL FROM:<a@a>", *["RCPT TO:<a+temporario@x>"] * 3)
        assert cliente.codigos(4) == ["250", "553", "451", "250"]
        magico.limpar()
        cliente.escrever("RCPT TO:<a+temporario@x>")
        assert cliente.codigos(1) == ["451"]


# The moment of the 250.


class SemPressa(ServidorSMTP):
    """Keeps at once, and lets the client wait."""

    espera, confirmadas = 0.05, ()

    def espera_do_250(self, recebida):
        return self.espera

    def confirmada(self, recebida):
        self.confirmadas = (*self.confirmadas, recebida.destinos[0])


def test_a_kept_message_may_wait_for_its_250_while_another_connection_is_served(tmp_path):
    with SemPressa(pasta=tmp_path, sincronizar=True) as servidor, Cru(servidor) as lento, Cru(servidor) as outro:
        lento.escrever(*envelope(), "corpo", ".", "NOOP")
        assert lento.codigos(3) == ["250", "250", "354"]
        servidor.esperar(1)
        assert servidor.confirmadas == ()
        assert [arquivo.read_bytes() for arquivo in tmp_path.glob("*.eml")] == [b"corpo\r\n"]
        outro.escrever("NOOP")
        assert outro.codigos(1) == ["250"]
        assert servidor.confirmadas == ()

        assert lento.codigos(2) == ["250", "250"]
        assert servidor.confirmadas == (PARA,)


def test_who_leaves_before_the_250_has_its_message_kept_and_never_confirmed():
    with SemPressa() as servidor:
        servidor.espera = 60
        with Cru(servidor) as cliente:
            cliente.escrever(*envelope(), "corpo", ".")
            assert cliente.codigos(3) == ["250", "250", "354"]
            servidor.esperar(1)
        limite = time.monotonic() + 5
        while servidor.abertas and time.monotonic() < limite:
            time.sleep(0.01)

        assert servidor.abertas == 0
        assert servidor.aceitas == 1
        assert servidor.confirmadas == ()


# Speed.


def test_a_pipelined_client_is_served_quickly(servidor):
    """15 thousand a minute, when one core does ten times that: only a change of order of magnitude fails here."""
    total, corpo = 1000, "x" * 1000
    lote = "".join(f"{linha}\r\n" for linha in (corpo, ".", *envelope())).encode()
    inicio = time.monotonic()

    with Cru(servidor) as cliente:
        cliente.escrever(*envelope())
        assert cliente.codigos(3) == ["250", "250", "354"]
        for _ in range(total):
            cliente.socket.sendall(lote)
            assert cliente.codigos(4) == ["250", "250", "250", "354"]

    assert len(servidor.esperar(total)) == total
    assert time.monotonic() - inicio < 4
