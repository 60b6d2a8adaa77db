"""Whom a client may ask, and over what."""

import ipaddress
import json
import socket
import ssl
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from preventivo import operadoras
from preventivo.models import Operacao
from preventivo.operadoras import Falha, FalhaDaOperadora, SituacaoDoBoleto, abrir
from simuladores.operadoras import OperadorasSimuladas, OrdemAPI
from tests.preventivo.operadoras.apoio import CPF, PRIMEIRO, credenciais, falha_de, novo_cliente, um_acordo


def operacao(url: str, dialeto: str = "claro") -> Operacao:
    return Operacao(nome="Claro", dialeto=dialeto, url=url, prazo=7, **credenciais(dialeto))


def recusa(url: str) -> str:
    falha = falha_de(abrir, operacao(url))
    assert falha.falha is Falha.INDISPONIVEL
    return str(falha)


def test_an_operacao_is_opened_by_its_row(api, dialeto):
    with abrir(operacao(f"{api.url}/{dialeto}", dialeto)) as operadora:
        assert type(operadora) is operadoras.DIALETOS[dialeto]
        assert operadora.prazo == 7
        ((boleto,),) = [acordo.boletos for acordo in operadora.consultar(CPF)]

    assert (boleto.linha, boleto.situacao) == (PRIMEIRO.linha, SituacaoDoBoleto.ABERTO)


def test_every_dialect_is_a_choice_of_the_row():
    campo = Operacao._meta.get_field("dialeto")

    assert [valor for valor, _ in campo.flatchoices] == ["claro", "net", "sem_parar"]
    assert len({nome for _, nome in campo.flatchoices}) == 3


@pytest.mark.parametrize("envio", ["simulado", "desvio:eu@example.com"])
def test_only_simulators_are_asked_unless_it_is_for_real(settings, envio):
    settings.ENVIO, settings.HOSTS_SIMULADOS = envio, ["simulador"]
    modo = envio.partition(":")[0]

    assert recusa("https://api.claro.example/v1") == (
        f"Indisponível: ENVIO={modo}: api.claro.example é um servidor real e foi recusado"
    )
    for real in ("https://127.0.0.1.example", "https://10.0.0.1", "https://localhost.example", "https://0.0.0.0"):
        assert "servidor real" in recusa(real)
    for simulado in ("http://127.0.0.1:8035/claro", "http://localhost:8035", "http://[::1]:1", "http://simulador:8035"):
        abrir(operacao(simulado)).fechar()


def test_for_real_credentials_travel_by_https_alone(settings):
    settings.ENVIO = "real"

    assert "só pode ser consultado por https" in recusa("http://api.claro.example")
    abrir(operacao("https://api.claro.example")).fechar()
    abrir(operacao("http://127.0.0.1:8035/claro")).fechar()


@pytest.mark.parametrize("envio", ["simulado", "real"])
@pytest.mark.parametrize(
    "url", ["", "api.claro.example", "ftp://localhost", "file:///etc/passwd", "http://", "http://localhost:porta",
            "http://eu:senha@localhost/", "http://[::1", "https://localhost@api.example/"]
)  # fmt: skip
def test_what_is_no_address_is_said(settings, envio, url):
    settings.ENVIO = envio

    palavras = recusa(url)

    assert "URL da API não está configurada" in palavras and "senha" not in palavras


# TLS


@pytest.fixture(scope="module")
def certificado(tmp_path_factory):
    """Of 127.0.0.1, signed by nobody: the file, and the server's context."""
    pasta, chave = tmp_path_factory.mktemp("tls"), ec.generate_private_key(ec.SECP256R1())
    nome, agora = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "127.0.0.1")]), datetime.now(UTC)
    assinado = (
        x509.CertificateBuilder(nome, nome, chave.public_key(), 1, agora - timedelta(1), agora + timedelta(1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]), False)
        .sign(chave, hashes.SHA256())
    )
    arquivo = pasta / "certificado.pem"
    em_pem = serialization.Encoding.PEM
    sem_senha = serialization.NoEncryption()
    arquivo.write_bytes(
        chave.private_bytes(em_pem, serialization.PrivateFormat.PKCS8, sem_senha) + assinado.public_bytes(em_pem)
    )
    contexto = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    contexto.load_cert_chain(arquivo)
    return arquivo, contexto


@pytest.fixture
def segura(certificado, dialeto):
    with OperadorasSimuladas(dados={CPF: um_acordo()}, tls=certificado[1], **credenciais(dialeto)) as aberta:
        yield aberta


def test_a_certificate_that_nobody_signed_is_refused(segura, dialeto):
    with novo_cliente(segura, dialeto) as cliente:
        falha = falha_de(cliente.consultar, CPF)

    assert str(falha) == "Indisponível: o certificado do servidor não confere"
    assert (segura.perguntas, segura.tokens) == (0, 0)


def test_over_tls_everything_is_as_without_it(segura, dialeto, certificado):
    with novo_cliente(segura, dialeto) as cliente:
        cliente._sessao.verify = str(certificado[0])
        assert len(cliente.consultar(CPF)) == 1
        assert cliente.pdf("B/1") == PRIMEIRO.pdf
        assert segura.conexoes == 1


def test_over_tls_a_server_that_drips_is_left_too(segura, dialeto, certificado):
    segura.ordenar(OrdemAPI("gotejar", segundos=0.05))
    with novo_cliente(segura, dialeto, prazo=1) as cliente:
        cliente._sessao.verify = str(certificado[0])
        assert "sem resposta no prazo" in str(falha_de(cliente.consultar, CPF))


def test_a_server_that_is_no_tls_is_unavailable(api, dialeto):
    with novo_cliente(api, dialeto, url=f"https://127.0.0.1:{api.porta}/{dialeto}") as cliente:
        assert str(falha_de(cliente.consultar, CPF)) == "Indisponível: o servidor não fala TLS como deve"


@pytest.mark.parametrize("dialeto", ["net"])
def test_nothing_compressed_is_asked_for_no_cookie_kept_and_no_connection_left(dialeto):
    corpo = json.dumps({"document": CPF, "page": 1, "next": None, "items": []})
    cabecalhos = f"Content-Type: application/json\r\nSet-Cookie: a=b; Path=/\r\nContent-Length: {len(corpo)}"
    with socket.create_server(("127.0.0.1", 0)) as servidor, ThreadPoolExecutor(1) as threads:
        servidor.settimeout(5)
        cliente = novo_cliente(None, dialeto, url=f"http://127.0.0.1:{servidor.getsockname()[1]}")
        futuro = threads.submit(lambda: [cliente.consultar(CPF) for _ in range(2)])
        with servidor.accept()[0] as conexao:
            conexao.settimeout(5)
            for _ in range(2):
                pedido = conexao.recv(65536)
                assert b"\r\nAccept-Encoding: identity\r\n" in pedido and b"Cookie" not in pedido
                conexao.sendall(f"HTTP/1.1 200 OK\r\n{cabecalhos}\r\n\r\n{corpo}".encode())
            assert futuro.result() == [[], []]
            cliente.fechar()
            assert conexao.recv(1) == b""


def test_a_failure_says_its_kind_in_words():
    falha = FalhaDaOperadora(Falha.LIMITE, "devagar", 3)

    assert (str(falha), falha.falha, falha.esperar) == ("Limite de consultas: devagar", Falha.LIMITE, 3)
