"""The SMTP channel against a real Postfix, which delivers to a sink where what arrived can be read."""

import ipaddress
import re
import ssl
import threading
from datetime import UTC, datetime, timedelta

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from mensageria.canais.base import Envelope, FalhaDeEnvio
from mensageria.canais.smtp import CanalSMTP
from mensageria.estados import Classe
from simuladores.smtp import ServidorSMTP
from tests.postfix import Senhas, postfix
from tests.processos import esperar

ANA = "ana@exemplo.com.br"
AVISOS = "avisos@exemplo.com.br"
TAMANHO_MAXIMO = 50_000

COM_SENHA = {
    "smtpd_sasl_auth_enable": "yes",
    "mynetworks": "",  # being near is not enough
    "smtpd_sender_restrictions": "reject_sender_login_mismatch",
}
PORTAS = {
    "clara": {},
    "starttls": COM_SENHA | {"smtpd_tls_security_level": "encrypt"},
    "tls": COM_SENHA | {"smtpd_tls_wrappermode": "yes"},
    "de_outro": {"smtpd_tls_wrappermode": "yes", "smtpd_tls_chain_files": "$config_directory/de_outro.pem"},
    "sem_size": {"smtpd_discard_ehlo_keywords": "size"},
    "de_7_bits": {"smtpd_discard_ehlo_keywords": "8bitmime"},
    "so_para_os_seus": {"mynetworks": ""},
    "fechada": {"smtpd_client_restrictions": "reject"},
    "sem_disco": {"queue_minfree": "9000000000000000000"},
    "uma_conexao": {"smtpd_client_connection_count_limit": "1", "smtpd_client_event_limit_exceptions": ""},
    "uma_mensagem": {"smtpd_client_message_rate_limit": "1", "smtpd_client_event_limit_exceptions": ""},
    "um_destino": {"smtpd_client_recipient_rate_limit": "1", "smtpd_client_event_limit_exceptions": ""},
    "uma_visita": {"smtpd_client_connection_rate_limit": "1", "smtpd_client_event_limit_exceptions": ""},
    "apressada": {"smtpd_timeout": "1s"},
}
PRINCIPAL = {
    "message_size_limit": str(TAMANHO_MAXIMO),
    "relay_domains": "exemplo.com.br",
    "relay_recipient_maps": "regexp:$config_directory/caixas",
    "smtpd_relay_restrictions": "permit_mynetworks, permit_sasl_authenticated, reject_unauth_destination",
    "smtpd_sender_restrictions": "check_sender_access texthash:$config_directory/remetentes, reject_unlisted_sender",
    "smtpd_recipient_restrictions": "check_recipient_access texthash:$config_directory/destinos",
    "smtpd_end_of_data_restrictions": "check_recipient_access texthash:$config_directory/depois_do_corpo",
    "smtpd_restriction_classes": "demorar",
    "demorar": "sleep 30",
    "smtpd_error_sleep_time": "0",
    "header_checks": "regexp:$config_directory/cabecalhos",
    "smtpd_sasl_type": "dovecot",
    "smtpd_sasl_path": "private/senhas",
    "smtpd_sender_login_maps": "texthash:$config_directory/donos",
    "smtpd_tls_chain_files": "$config_directory/servidor.pem",
    "smtpd_tls_security_level": "none",
}
ARQUIVOS = {
    "caixas": "!/^naoexiste@/ existe\n",
    "donos": f"{AVISOS} ana\n",
    "remetentes": "banido@fora.com.br REJECT\nadiado@fora.com.br DEFER\n",
    "destinos": """\
        cinza@exemplo.com.br    450 4.2.0 Greylisted, see http://postgrey.schweikert.ch/help/exemplo.com.br.html
        adiada@exemplo.com.br   DEFER
        cheia@exemplo.com.br    552 5.2.2 Mailbox is full
        recusada@exemplo.com.br REJECT
        demora@exemplo.com.br   demorar
        reinicia@exemplo.com.br 421 4.3.2 Service shutting down
        """.replace("        ", ""),
    "depois_do_corpo": """\
        demoranofim@exemplo.com.br   demorar
        adiadanofim@exemplo.com.br   451 4.7.1 Try again later
        recusadanofim@exemplo.com.br 554 5.7.1 Message refused by policy
        cheianofim@exemplo.com.br    452 4.2.2 Over quota
        """.replace("        ", ""),
    "cabecalhos": "/^Subject: .*premio/ REJECT Parece propaganda\n",
}


@pytest.fixture(scope="module")
def autoridade():
    return Autoridade()


@pytest.fixture(scope="module")
def caixa():
    """Where Postfix delivers."""
    with ServidorSMTP() as aberta:
        yield aberta


@pytest.fixture(scope="module")
def servidor(caixa, autoridade):
    arquivos = ARQUIVOS | {
        "servidor.pem": autoridade.certificar(x509.IPAddress(ipaddress.ip_address("127.0.0.1"))),
        "de_outro.pem": autoridade.certificar(x509.DNSName("smtp.exemplo.com.br")),
    }
    with (
        postfix(caixa.porta, portas=PORTAS, principal=PRINCIPAL, arquivos=arquivos) as aberto,
        Senhas(aberto.fila / "private/senhas", {"ana": "s3nha", "rui": "s3nha", "bia": None}),
    ):
        yield aberto


class Autoridade:
    """A certificate authority of our own."""

    def __init__(self):
        self.chave = ec.generate_private_key(ec.SECP256R1())
        self.nome = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Autoridade da prova")])
        basica = x509.BasicConstraints(ca=True, path_length=0)
        self.certificado = self._assinar(self.nome, self.chave.public_key(), basica)

    def certificar(self, nome: x509.GeneralName) -> bytes:
        """A key and its certificate for that name, as Postfix reads them from one file."""
        chave = ec.generate_private_key(ec.SECP256R1())
        certificado = self._assinar(x509.Name([]), chave.public_key(), x509.SubjectAlternativeName([nome]))
        pem, sem_senha = serialization.Encoding.PEM, serialization.NoEncryption()
        return chave.private_bytes(pem, serialization.PrivateFormat.PKCS8, sem_senha) + certificado.public_bytes(pem)

    def contexto(self) -> ssl.SSLContext:
        """A client that trusts this authority alone."""
        return ssl.create_default_context(cadata=self.certificado.public_bytes(serialization.Encoding.PEM).decode())

    def _assinar(self, nome: x509.Name, publica, extensao: x509.ExtensionType) -> x509.Certificate:
        agora = datetime.now(UTC)
        numero, inicio, fim = x509.random_serial_number(), agora - timedelta(1), agora + timedelta(1)
        pedido = x509.CertificateBuilder(self.nome, nome, publica, numero, inicio, fim)
        return pedido.add_extension(extensao, critical=True).sign(self.chave, hashes.SHA256())


def canal_de(servidor, porta="clara", **campos) -> CanalSMTP:
    return CanalSMTP(**{"host": "127.0.0.1", "porta": servidor.portas[porta], "prazo": 10} | campos)


def carta(assunto: str, corpo: bytes = b"corpo\r\n") -> bytes:
    return f"Subject: {assunto}\r\n\r\n".encode() + corpo


def enviar(canal, conteudo=None, para=ANA, remetente=AVISOS, ao_permitir=lambda: None):
    """Send one message; return what came and whether the body was allowed to leave."""
    permitido = []

    def permitir():
        permitido.append(1)
        ao_permitir()

    try:
        return canal.enviar(Envelope("c", para, conteudo or carta("oi"), remetente), permitir), len(permitido)
    except FalhaDeEnvio as falha:
        return falha, len(permitido)


def chegadas(caixa, assunto: str) -> list[bytes]:
    """The messages of that subject, without the header that Postfix puts on top."""
    conteudos = [re.sub(rb"\AReceived: .*\r\n(\t.*\r\n)*", b"", uma.conteudo) for uma in list(caixa.recebidas)]
    return [conteudo for conteudo in conteudos if conteudo.startswith(b"Subject: %b\r\n" % assunto.encode())]


# Accepted.


@pytest.mark.parametrize(
    "corpo",
    [
        b".\r\n..\r\n...\r\n.ponto\r\n\r\n.\r\n.",
        b"x" * 998 + b"\r\n" + b"." * 998 + b"\r\n" + b"y" * 9000 + b"\r\n",
        "Água e esgoto: vencimento até amanhã\r\n".encode(),
        b"\r\n",
    ],
    ids=["dots", "long lines", "8 bits", "nothing"],
)
def test_a_message_arrives_byte_by_byte_as_it_was(servidor, caixa, corpo, request):
    assunto = request.node.callspec.id
    conteudo = carta(assunto, corpo)
    with canal_de(servidor) as canal:
        resposta, permitido = enviar(canal, conteudo)

    assert (resposta.codigo, permitido) == ("250", 1)
    assert re.match(r"2\.0\.0 Ok: queued as \w+", resposta.texto)
    (chegada,) = esperar(lambda: chegadas(caixa, assunto), 10, 0.02)
    assert chegada == (conteudo if conteudo.endswith(b"\r\n") else conteudo + b"\r\n")
    recebida = next(uma for uma in caixa.recebidas if assunto.encode() in uma.conteudo)
    assert (recebida.remetente, recebida.destinos) == (AVISOS, (ANA,))


def test_many_messages_leave_by_one_connection_and_each_arrives_once(servidor, caixa):
    assuntos = [f"uma de muitas {n}" for n in range(100)]
    with canal_de(servidor) as canal:
        assert {enviar(canal, carta(assunto))[0].codigo for assunto in assuntos} == {"250"}

    esperar(lambda: all(chegadas(caixa, assunto) for assunto in assuntos), 15, 0.1)
    assert [len(chegadas(caixa, assunto)) for assunto in assuntos] == [1] * 100
    assert esperar(lambda: servidor.linhas("mail=100 rcpt=100 data=100"), 5, 0.02)


# TLS.


@pytest.mark.parametrize("porta", ["tls", "starttls"])
def test_with_a_verified_certificate_and_the_right_password_the_message_leaves_encrypted(
    servidor, caixa, autoridade, porta
):
    with canal_de(
        servidor, porta, seguranca=porta, contexto_tls=autoridade.contexto(), usuario="ana", senha="s3nha"
    ) as canal:
        assert enviar(canal, carta(f"por {porta}"))[0].codigo == "250"

    esperar(lambda: chegadas(caixa, f"por {porta}"), 10, 0.02)
    (recebida,) = [uma for uma in caixa.recebidas if f"por {porta}".encode() in uma.conteudo]
    assert b"with ESMTPSA" in recebida.conteudo  # S: encrypted; A: authenticated


@pytest.mark.parametrize(
    ("porta", "confia", "palavras"),
    [
        ("tls", False, "unable to get local issuer certificate"),
        ("starttls", False, "unable to get local issuer certificate"),
        ("de_outro", True, "IP address mismatch"),
    ],
)
def test_a_certificate_that_cannot_be_verified_stops_everything(servidor, autoridade, porta, confia, palavras):
    seguranca = "starttls" if porta == "starttls" else "tls"
    contexto = autoridade.contexto() if confia else None
    with canal_de(servidor, porta, seguranca=seguranca, contexto_tls=contexto, usuario="ana", senha="x") as canal:
        falha, permitido = enviar(canal)

    assert (falha.classe, falha.na_abertura, permitido) == (Classe.REDE, True, 0)
    assert palavras in falha.texto


def test_a_server_that_wants_tls_gets_nothing_in_the_clear(servidor):
    with canal_de(servidor, "starttls") as canal:
        falha, permitido = enviar(canal)

    assert (falha.classe, falha.codigo, permitido) == (Classe.AUTENTICACAO, "530", 0)
    assert falha.texto == "5.7.0 Must issue a STARTTLS command first"


# AUTH.


@pytest.mark.parametrize(
    ("usuario", "senha", "codigo", "classe"),
    [
        ("ana", "errada", "535", Classe.AUTENTICACAO),
        ("ninguem", "s3nha", "535", Classe.AUTENTICACAO),
        ("bia", "s3nha", "454", Classe.REDE),  # whoever keeps the passwords is away: ours may be right
    ],
)
def test_a_password_that_is_not_accepted(servidor, autoridade, usuario, senha, codigo, classe):
    contexto = autoridade.contexto()
    with canal_de(servidor, "tls", seguranca="tls", contexto_tls=contexto, usuario=usuario, senha=senha) as canal:
        falha, permitido = enviar(canal)

    assert (falha.classe, falha.codigo, falha.na_abertura, permitido) == (classe, codigo, True, 0)
    assert "authentication fail" in falha.texto.lower()


def test_a_sender_that_belongs_to_somebody_else_is_the_senders_fault(servidor, autoridade):
    contexto = autoridade.contexto()
    with canal_de(servidor, "tls", seguranca="tls", contexto_tls=contexto, usuario="rui", senha="s3nha") as canal:
        falha, permitido = enviar(canal)

    assert (falha.classe, falha.codigo, permitido) == (Classe.REMETENTE, "553", 0)
    assert falha.texto == f"5.7.1 <{AVISOS}>: Sender address rejected: not owned by user rui"


def test_a_sender_that_needs_a_password_nobody_gave(servidor, autoridade):
    with canal_de(servidor, "tls", seguranca="tls", contexto_tls=autoridade.contexto()) as canal:
        falha, permitido = enviar(canal)

    assert (falha.classe, falha.codigo, permitido) == (Classe.REMETENTE, "553", 0)
    assert "not logged in" in falha.texto


# Size and 8 bits.


@pytest.mark.parametrize(("porta", "permitidos"), [("clara", 0), ("sem_size", 1)])
def test_a_message_that_is_too_large_is_the_messages_fault(servidor, porta, permitidos):
    """Before the body when the server says how much it takes, else after it; the connection goes on."""
    with canal_de(servidor, porta) as canal:
        falha, permitido = enviar(canal, carta("grande", b"x" * 70 * 1000 + b"\r\n"))

        assert (falha.classe, falha.codigo, permitido) == (Classe.MENSAGEM, "552", permitidos)
        assert falha.texto.startswith("5.3.4")
        assert enviar(canal)[0].codigo == "250"


def test_a_server_of_7_bits_is_given_no_message_of_8(servidor):
    with canal_de(servidor, "de_7_bits") as canal:
        falha, permitido = enviar(canal, carta("oito", "água\r\n".encode()))

        assert (falha.classe, falha.codigo, permitido) == (Classe.MENSAGEM, "", 0)
        assert enviar(canal)[0].codigo == "250"


# Refusals.


@pytest.mark.parametrize(
    ("campos", "codigo", "estendido", "classe"),
    [
        ({"para": "naoexiste@exemplo.com.br"}, "550", "5.1.1", Classe.ENDERECO),
        ({"para": "cheia@exemplo.com.br"}, "552", "5.2.2", Classe.CAIXA_CHEIA),
        ({"para": "cinza@exemplo.com.br"}, "450", "4.2.0", Classe.TEMPORARIO),
        ({"para": "adiada@exemplo.com.br"}, "450", "4.7.1", Classe.TEMPORARIO),
        ({"remetente": "naoexiste@exemplo.com.br"}, "550", "5.1.0", Classe.REMETENTE),
        ({"remetente": "banido@fora.com.br"}, "554", "5.7.1", Classe.REMETENTE),
        ({"porta": "so_para_os_seus", "para": "ana@fora.com.br"}, "554", "5.7.1", Classe.AUTENTICACAO),
        ({"porta": "fechada"}, "554", "5.7.1", Classe.REMETENTE),
        ({"porta": "sem_disco"}, "452", "4.3.1", Classe.TEMPORARIO),
    ],
)
def test_a_refusal_before_the_body_has_its_class(servidor, campos, codigo, estendido, classe):
    with canal_de(servidor, campos.pop("porta", "clara")) as canal:
        falha, permitido = enviar(canal, **campos)

    assert (falha.codigo, falha.texto.split()[0], falha.classe, permitido) == (codigo, estendido, classe, 0)


@pytest.mark.parametrize(
    ("para", "assunto", "codigo", "classe"),
    [
        ("adiadanofim@exemplo.com.br", "oi", "451", Classe.TEMPORARIO),
        ("cheianofim@exemplo.com.br", "oi", "452", Classe.CAIXA_CHEIA),
        ("recusadanofim@exemplo.com.br", "oi", "554", Classe.MENSAGEM),
        (ANA, "um premio para si", "550", Classe.MENSAGEM),
    ],
)
def test_a_refusal_after_the_body_has_its_class_and_the_connection_goes_on(servidor, para, assunto, codigo, classe):
    with canal_de(servidor) as canal:
        falha, permitido = enviar(canal, carta(assunto), para)

        assert (falha.codigo, falha.classe, permitido) == (codigo, classe, 1)
        assert enviar(canal)[0].codigo == "250"


def test_a_refusal_of_an_address_does_not_say_anything_of_the_next(servidor, caixa):
    """Postfix also ends a connection with too many of them: a 421 that nobody asked for, between two messages."""
    with canal_de(servidor) as canal:
        classes = {enviar(canal, para="naoexiste@exemplo.com.br")[0].classe for _ in range(45)}

        assert classes == {Classe.ENDERECO}
        assert enviar(canal, carta("depois dos erros"))[0].codigo == "250"

    assert servidor.linhas("too many errors")
    assert esperar(lambda: chegadas(caixa, "depois dos erros"), 10, 0.02)


# Limits.


@pytest.mark.parametrize(
    ("porta", "codigo", "palavras"),
    [
        ("uma_mensagem", "450", "too much mail"),
        ("um_destino", "450", "too many recipients"),
    ],
)
def test_a_limit_of_messages_is_a_rate(servidor, porta, codigo, palavras):
    with canal_de(servidor, porta) as canal:
        assert enviar(canal)[0].codigo == "250"
        falha, permitido = enviar(canal)

    assert (falha.classe, falha.codigo, permitido) == (Classe.TAXA, codigo, 0)
    assert palavras in falha.texto


@pytest.mark.parametrize("porta", ["uma_conexao", "uma_visita"])
def test_a_connection_too_many_is_a_rate_and_the_first_goes_on(servidor, porta):
    with canal_de(servidor, porta) as canal, canal_de(servidor, porta) as demais:
        assert enviar(canal)[0].codigo == "250"
        falha, permitido = enviar(demais)

        assert (falha.classe, falha.codigo, falha.na_abertura, permitido) == (Classe.TAXA, "421", True, 0)
        assert "too many connections" in falha.texto
        assert enviar(canal)[0].codigo == "250"


# Losses.


def derrubar(servidor, modo: str) -> None:
    servidor.cair() if modo == "cair" else servidor.parar()


@pytest.fixture
def de_pe(servidor):
    """What the test takes down is up again for the next."""
    yield servidor
    servidor.cair()
    servidor.iniciar()


def test_a_reload_between_two_messages_costs_nothing(servidor, caixa):
    with canal_de(servidor) as canal:
        enviar(canal, carta("antes de recarregar"))
        servidor.recarregar()

        assert enviar(canal, carta("depois de recarregar"))[0].codigo == "250"

    assert esperar(lambda: chegadas(caixa, "depois de recarregar"), 10, 0.02)


@pytest.mark.parametrize("modo", ["cair", "parar"])
def test_a_server_lost_between_two_messages_is_of_the_network(de_pe, caixa, modo):
    assunto = f"depois de {modo}"
    with canal_de(de_pe) as canal:
        assert enviar(canal)[0].codigo == "250"
        derrubar(de_pe, modo)
        na_queda, na_falta = enviar(canal, carta(assunto)), enviar(canal, carta(assunto))
        de_pe.iniciar()

        assert [(falha.classe, falha.na_abertura, n) for falha, n in (na_queda, na_falta)] == [
            (Classe.REDE, False, 0),
            (Classe.REDE, True, 0),
        ]
        assert enviar(canal, carta(assunto))[0].codigo == "250"

    assert len(esperar(lambda: chegadas(caixa, assunto), 10, 0.02)) == 1


@pytest.mark.parametrize("modo", ["cair", "parar"])
@pytest.mark.parametrize(
    ("para", "classe", "permitidos"),
    [("demora@exemplo.com.br", Classe.REDE, 0), ("demoranofim@exemplo.com.br", Classe.INCERTA, 1)],
)
def test_a_server_lost_while_it_thinks(de_pe, caixa, modo, para, classe, permitidos):
    """Before the body nothing left; after it nobody knows, whatever the server did."""
    queda = threading.Timer(0.3, derrubar, (de_pe, modo))
    with canal_de(de_pe) as canal:
        enviar(canal)  # the connection is open
        if not permitidos:
            queda.start()
        falha, permitido = enviar(canal, para=para, ao_permitir=queda.start)
    queda.join()

    assert (falha.classe, falha.na_abertura, permitido) == (classe, False, permitidos)


def test_a_server_lost_after_data_is_uncertain(de_pe):
    with canal_de(de_pe) as canal:
        falha, permitido = enviar(canal, ao_permitir=de_pe.cair)

    assert (falha.classe, permitido) == (Classe.INCERTA, 1)


def test_a_server_that_thinks_for_too_long_after_the_body_is_uncertain(servidor):
    with canal_de(servidor, prazo=0.5) as canal:
        falha, permitido = enviar(canal, para="demoranofim@exemplo.com.br")

        assert (falha.classe, permitido) == (Classe.INCERTA, 1)
        assert enviar(canal)[0].codigo == "250"


def test_an_idle_connection_that_the_server_closed_is_of_the_network_and_the_next_leaves(servidor, caixa):
    with canal_de(servidor, "apressada") as canal:
        enviar(canal)
        esperar(lambda: servidor.linhas("timeout after"), 10, 0.05)
        falha, permitido = enviar(canal, carta("depois da espera"))

        assert (falha.classe, falha.codigo, permitido) == (Classe.REDE, "421", 0)
        assert "timeout exceeded" in falha.texto
        assert enviar(canal, carta("depois da espera"))[0].codigo == "250"

    assert len(esperar(lambda: chegadas(caixa, "depois da espera"), 10, 0.02)) == 1


def test_421_in_the_middle_is_of_the_network_and_the_next_message_has_a_new_connection(servidor):
    with canal_de(servidor) as canal:
        for _ in range(3):
            falha, permitido = enviar(canal, para="reinicia@exemplo.com.br")

            assert (falha.classe, falha.codigo, permitido) == (Classe.REDE, "421", 0)
        assert enviar(canal)[0].codigo == "250"
