"""The SMS channels against a gateway on a real socket that fails to order."""

import gzip
import http.server
import json
import socket
import threading
import time

import pytest

from mensageria.canais.base import Envelope, FalhaDeEnvio, LoteRecusado, Resposta
from mensageria.canais.respostas import HTTP, classe_http
from mensageria.canais.sms import ADAPTADORES, MAIOR_RESPOSTA, CanalSMS, ConfiguracaoInvalida, GatewayJSON, Zenvia
from mensageria.estados import Classe
from mensageria.models import GatewaySMS
from simuladores.sms import GatewaySMSSimulado, OrdemSMS

PARA = "5584987654321"


@pytest.fixture
def gateway():
    with GatewaySMSSimulado() as aberto:
        yield aberto


@pytest.fixture(params=[GatewayJSON, Zenvia])
def canal(request, gateway):
    with canal_de(gateway, request.param) as aberto:
        yield aberto


def canal_de(gateway, tipo: type[CanalSMS] = GatewayJSON, **campos) -> CanalSMS:
    padrao = {"url": gateway.url, "credencial": gateway.token, "remetente": "AGUAS", "prazo": 5}
    return tipo(**padrao | campos)


def enviar(canal, para=PARA, texto="Olá, ção 😀", chave="faturamento:1::1"):
    """Send one SMS; return what came and whether the body was allowed to leave."""
    permitido = []
    try:
        return canal.enviar(Envelope(chave, para, texto.encode()), lambda: permitido.append(1)), len(permitido)
    except FalhaDeEnvio as falha:
        return falha, len(permitido)


def test_every_adapter_of_the_model_exists():
    assert set(ADAPTADORES) == set(GatewaySMS.Adaptador.values)


# Accepted.


def test_an_sms_is_accepted_with_the_id_of_the_operator(gateway, canal):
    resposta, permitido = enviar(canal)

    (sms,) = gateway.esperar(1)
    assert (sms.destino, sms.texto, sms.referencia) == (PARA, "Olá, ção 😀", "faturamento:1::1")
    assert (resposta.id_externo, permitido) == (sms.id, 1)
    assert resposta.codigo in ("200", "202")
    assert sms.dialeto == ("zenvia" if isinstance(canal, Zenvia) else "generico")


def test_one_connection_takes_many(gateway, canal, monkeypatch):
    abertas = []
    original = socket.create_connection
    monkeypatch.setattr(
        "urllib3.util.connection.create_connection",
        lambda *args, **opcoes: abertas.append(1) or original(*args[:1], timeout=5),
    )

    for _ in range(3):
        assert enviar(canal)[0].id_externo

    assert len(abertas) == 1


def test_the_same_reference_twice_is_one_sms_for_the_generic_gateway(gateway):
    with canal_de(gateway) as canal:
        primeira, segunda = enviar(canal)[0], enviar(canal)[0]

    assert primeira.id_externo == segunda.id_externo
    assert gateway.repetidas == ["faturamento:1::1"]


def test_a_gateway_is_described_by_data():
    recebidos = []

    def responder(pedido):
        corpo = json.loads(pedido.rfile.read(int(pedido.headers["Content-Length"])))
        recebidos.append((pedido.path, pedido.headers["X-Chave"], corpo))
        return 201, b'{"protocolo": 77}'

    with ServidorHTTP(responder) as url:
        configuracao = {
            "caminho": "/envio",
            "cabecalho": "X-Chave",
            "prefixo": "",
            "campo_destino": "fone",
            "campo_texto": "msg",
            "campo_referencia": "ref",
            "campo_remetente": "de",
            "campo_id": "protocolo",
        }
        with GatewayJSON(url=url + "/", credencial="abc", remetente="R", configuracao=configuracao) as canal:
            resposta, _ = enviar(canal, texto="oi")

    assert resposta.id_externo == "77"
    assert recebidos == [("/envio", "abc", {"fone": PARA, "msg": "oi", "ref": "faturamento:1::1", "de": "R"})]


# Refused.


@pytest.mark.parametrize(
    ("status", "texto", "classe"),
    [
        (429, "Limite", Classe.TAXA),
        (401, "Token", Classe.AUTENTICACAO),
        (403, "Forbidden", Classe.AUTENTICACAO),
        (402, "Payment required", Classe.COTA),
        (400, "Insufficient credit", Classe.COTA),
        (400, "to: numero invalido", Classe.ENDERECO),
        (422, "Invalid phone number", Classe.ENDERECO),
        (400, "Texto vazio", Classe.MENSAGEM),
        (400, "Failed to parse the request", Classe.MENSAGEM),
        (409, "Duplicated", Classe.MENSAGEM),
        (408, "Timeout", Classe.TEMPORARIO),
        (500, "Erro", Classe.TEMPORARIO),
        (502, "Bad gateway", Classe.INCERTA),
        (504, "Gateway timeout", Classe.INCERTA),
        (503, "Indisponivel", Classe.TEMPORARIO),
    ],
)
def test_a_refusal_has_its_class_and_the_session_goes_on(gateway, canal, status, texto, classe):
    gateway.ordenar(OrdemSMS(status=status, texto=texto, vezes=1))

    falha, permitido = enviar(canal)

    assert (falha.classe, falha.codigo, permitido) == (classe, str(status), 1)
    assert texto in falha.texto
    assert gateway.recebidas == []
    assert enviar(canal)[0].id_externo


def test_a_wrong_token_belongs_to_the_service(gateway):
    for tipo in (GatewayJSON, Zenvia):
        with canal_de(gateway, tipo, credencial="errada") as canal:
            assert enviar(canal)[0].classe == Classe.AUTENTICACAO


def test_the_throttling_of_the_gateway_is_its_rate():
    with GatewaySMSSimulado(limite_por_segundo=1) as gateway, canal_de(gateway) as canal:
        assert enviar(canal)[0].id_externo
        assert enviar(canal)[0].classe == Classe.TAXA


def test_an_invalid_number_counts_against_the_address(gateway, canal):
    assert enviar(canal, para="123")[0].classe == Classe.ENDERECO


@pytest.mark.parametrize("status", [301, 302, 307, 308])
def test_redirects_are_not_followed(gateway, canal, status):
    gateway.ordenar(OrdemSMS(status=status, cabecalhos={"Location": gateway.url + "/sms"}, vezes=1))

    falha, _ = enviar(canal)

    assert (falha.classe, falha.codigo) == (Classe.REDE, str(status))
    assert (gateway.pedidos, gateway.recebidas) == (1, [])


@pytest.mark.parametrize(
    ("codigo", "texto", "classe"),
    [
        (404, '{"error": "recipient unknown"}', Classe.ENDERECO),
        (400, '{"field": "to", "message": "invalid"}', Classe.ENDERECO),
        (400, '{"error": "saldo insuficiente"}', Classe.COTA),
        (404, "<html>not found", Classe.MENSAGEM),
        (425, "", Classe.TEMPORARIO),
        (599, "", Classe.TEMPORARIO),
        (100, "", Classe.REDE),
    ],
)
def test_the_table_of_replies(codigo, texto, classe):
    assert classe_http(codigo, texto) == classe


def test_the_table_gives_the_classes_that_http_may_have():
    assert {linha[-1] for linha in HTTP} == {
        Classe.TAXA,
        Classe.INCERTA,
        Classe.AUTENTICACAO,
        Classe.COTA,
        Classe.ENDERECO,
        Classe.REMETENTE,
        Classe.TEMPORARIO,
        Classe.MENSAGEM,
    }


# Lost.


def test_nobody_listens():
    with GatewaySMSSimulado() as gateway:
        pass
    with canal_de(gateway, prazo=1) as canal:
        falha, permitido = enviar(canal)

    assert (falha.classe, permitido) == (Classe.REDE, 0)


def test_a_name_that_does_not_resolve_is_of_the_network(settings):
    settings.ENVIO = "real"
    with GatewayJSON(url="http://nao-existe.invalid", credencial="x", prazo=2) as canal:
        falha, permitido = enviar(canal)

    assert (falha.classe, permitido) == (Classe.REDE, 0)


def test_a_server_that_is_no_tls_is_of_the_network(gateway):
    with canal_de(gateway, url=gateway.url.replace("http:", "https:")) as canal:
        falha, permitido = enviar(canal)

    assert (falha.classe, permitido) == (Classe.REDE, 0)


@pytest.mark.parametrize("credencial", ["a\r\nX-Outro: 1", "ção", "😀"])
def test_a_credential_that_no_header_carries_is_refused_before_anything_leaves(gateway, credencial):
    with canal_de(gateway, credencial=credencial) as canal:
        falha, permitido = enviar(canal)

    assert (falha.classe, permitido) == (Classe.AUTENTICACAO, 0)
    assert gateway.pedidos == 0
    assert credencial not in str(falha)


@pytest.mark.parametrize("acao", ["derrubar_antes", "derrubar_depois", "demorar"])
def test_a_loss_after_the_body_is_uncertain(gateway, acao):
    gateway.ordenar(OrdemSMS(acao, segundos=1 if acao == "demorar" else 0, vezes=1))
    with canal_de(gateway, prazo=0.3) as canal:
        falha, permitido = enviar(canal)

        assert (falha.classe, permitido) == (Classe.INCERTA, 1)
        assert enviar(canal, chave="outra")[0].id_externo


@pytest.mark.parametrize(
    "corpo", [None, "", "[]", "null", "1", '"x"', "{}", '{"id": null}', '{"id": ""}', '{"id": {}}']
)
def test_an_acceptance_without_an_id_is_uncertain(gateway, canal, corpo):
    gateway.ordenar(OrdemSMS("lixo", corpo=corpo, vezes=1))

    falha, permitido = enviar(canal)

    assert (falha.classe, permitido) == (Classe.INCERTA, 1)


# The last check.


class Desistencia(Exception):
    pass


@pytest.mark.parametrize(
    "erro", [Desistencia(), OSError("banco"), ValueError(), TimeoutError(), KeyboardInterrupt(), FalhaDeEnvio("rede")]
)
def test_what_the_last_check_raises_passes_through_and_no_body_leaves(gateway, canal, erro):
    enviar(canal)

    def recusar():
        raise erro

    with pytest.raises(type(erro)) as levantado:
        canal.enviar(Envelope("outra", PARA, b"x"), recusar)

    assert levantado.value is erro
    assert len(gateway.recebidas) == 1
    assert enviar(canal, chave="terceira")[0].id_externo
    assert [sms.referencia for sms in gateway.recebidas] == ["faturamento:1::1", "terceira"]


def test_the_check_comes_when_only_the_body_is_left(gateway, canal):
    """The server is reached by then: one that is not costs no check and leaves no mark of a body."""
    momentos = []

    canal.enviar(Envelope("c", PARA, b"x"), lambda: momentos.append((gateway.pedidos, len(gateway.recebidas))))

    assert len(momentos) == 1
    assert momentos[0][1] == 0


# Receipts.


@pytest.mark.parametrize(
    ("status", "situacao"),
    [("queued", "pendente"), ("sent", "pendente"), ("delivered", "entregue"), ("failed", "falha")],
)
def test_what_became_of_an_sms_is_asked(status, situacao):
    with GatewaySMSSimulado(recibos=False) as gateway, canal_de(gateway) as canal:
        id_ = enviar(canal)[0].id_externo
        if status != "queued":
            gateway.avisar(id_, status, "detalhe")
            prazo = time.monotonic() + 5
            while gateway.situacao(id_) != status and time.monotonic() < prazo:
                time.sleep(0.005)

        recibo = canal.consultar(id_)

    assert (recibo.situacao, recibo.codigo) == (situacao, status)
    assert status in recibo.texto


def test_the_question_about_an_unknown_sms_fails_and_an_id_cannot_leave_its_path(gateway):
    with canal_de(gateway) as canal:
        for id_ in ("nao-existe", "../v2/channels/sms/messages", "?reference=x", "#"):
            with pytest.raises(FalhaDeEnvio) as falha:
                canal.consultar(id_)
            assert falha.value.codigo == "404"


def test_a_question_that_is_lost_is_of_the_network():
    """Nothing was to be sent: there is nothing uncertain."""
    with GatewaySMSSimulado() as gateway:
        pass
    with canal_de(gateway, prazo=1) as canal, pytest.raises(FalhaDeEnvio) as falha:
        canal.consultar("x")
    assert falha.value.classe == Classe.REDE

    with (
        ServidorHTTP(lambda _: None) as url,
        GatewayJSON(url=url, credencial="x", prazo=1) as canal,
        pytest.raises(FalhaDeEnvio) as falha,
    ):
        canal.consultar("x")
    assert falha.value.classe == Classe.REDE


def test_zenvia_has_no_question(gateway):
    assert not Zenvia.consultavel
    with canal_de(gateway, Zenvia) as canal, pytest.raises(FalhaDeEnvio, match="não responde a consultas"):
        canal.consultar("x")


# Batches, and the question by our own id.


PERGUNTAVEL = {"caminho_referencia": "/sms?reference={referencia}", "nao_encontrada": "SMS desconhecido"}
EM_LOTE = PERGUNTAVEL | {"lote_maximo": 10}


def lote(*numeros: str) -> list[Envelope]:
    return [Envelope(f"faturamento:{i}::1", numero, b"Ola") for i, numero in enumerate(numeros)]


QUATRO = ("5584987650011", "5584987650012", "5584987650013", "5584987650014")


@pytest.fixture
def em_lote(gateway):
    with canal_de(gateway, configuracao=EM_LOTE) as aberto:
        yield aberto


def test_a_batch_leaves_in_one_request_after_one_leave_and_each_message_has_its_id(gateway, em_lote):
    permitido = []

    ditos = em_lote.enviar_lote(lote(*QUATRO), lambda: permitido.append(len(gateway.recebidas)))

    recebidas = gateway.esperar(4)
    assert (permitido, gateway.pedidos) == ([0], 1)
    assert [dito.id_externo for dito in ditos] == [sms.id for sms in recebidas]
    assert [sms.referencia for sms in recebidas] == [e.chave for e in lote(*QUATRO)]


def test_more_than_the_maximum_of_a_batch_is_a_mistake_of_whoever_calls(em_lote, canal):
    with pytest.raises(ValueError, match="no máximo 10"):
        em_lote.enviar_lote(lote(*["5584987650011"] * 11), lambda: None)
    with pytest.raises(ValueError, match="no máximo 1"):
        canal.enviar_lote(lote(*QUATRO), lambda: None)


def test_a_departure_of_one_is_an_ordinary_request(gateway, em_lote, canal):
    for de_um in (em_lote, canal):
        (dito,) = de_um.enviar_lote(lote(PARA), lambda: None)
        assert dito.id_externo
    (falha,) = em_lote.enviar_lote(lote("123"), lambda: None)
    assert falha.classe == Classe.ENDERECO


def test_each_refusal_in_a_batch_has_its_own_class(gateway, em_lote):
    gateway.ordenar(OrdemSMS(status=503, padrao="0012$"))
    gateway.ordenar(OrdemSMS(status=402, texto="Saldo insuficiente", padrao="0013$"))

    ditos = em_lote.enviar_lote(lote("123", *QUATRO[1:]), lambda: None)

    assert [getattr(dito, "classe", "aceita") for dito in ditos] == [
        Classe.ENDERECO,
        Classe.TEMPORARIO,
        Classe.COTA,
        "aceita",
    ]
    assert [sms.destino for sms in gateway.recebidas] == [QUATRO[3]]


def test_what_an_accepted_batch_does_not_speak_of_is_uncertain():
    def responder(pedido):
        primeira = json.loads(ler(pedido))["messages"][0]["reference"]
        itens = [
            {"reference": primeira, "id": 7},
            {"reference": "de-outro", "id": 8},
            {"id": 9},
            None,
            {"reference": 3},
        ]
        return 200, json.dumps({"messages": itens}).encode()

    with ServidorHTTP(responder) as url, GatewayJSON(url=url, credencial="x", configuracao=EM_LOTE) as canal:
        primeiro, *outros = canal.enviar_lote(lote(*QUATRO), lambda: None)

    assert primeiro.id_externo == "7"
    assert [dito.classe for dito in outros] == [Classe.INCERTA] * 3


@pytest.mark.parametrize("acao", ["derrubar_depois", "lixo"])
def test_a_lost_batch_is_uncertain_until_each_message_is_asked_about_by_our_own_id(gateway, em_lote, acao):
    gateway.ordenar(OrdemSMS(acao, padrao="0012$", vezes=1))

    ditos = em_lote.enviar_lote(lote(*QUATRO), lambda: None)

    assert [dito.classe for dito in ditos] == [Classe.INCERTA] * 4
    chegaram = {sms.referencia: sms.id for sms in gateway.recebidas}
    assert len(chegaram) == (2 if acao == "derrubar_depois" else 4)
    for envelope in lote(*QUATRO):
        resposta = em_lote.consultar_por_chave(envelope.chave)
        assert (resposta.id_externo if resposta else None) == chegaram.get(envelope.chave)
    assert gateway.repetidas == []


def test_a_batch_refused_whole_says_nothing_of_its_messages_and_the_next_leave_one_by_one():
    """The gateway does not say which one it refuses: each goes back, for an answer and a last check of its own."""
    with (
        ServidorHTTP(lambda _: (400, b'{"error": "to: numero invalido"}')) as url,
        GatewayJSON(url=url, credencial="x", configuracao=EM_LOTE) as canal,
    ):
        with pytest.raises(LoteRecusado, match="numero invalido"):
            canal.enviar_lote(lote(*QUATRO), lambda: None)
        with pytest.raises(ValueError):
            canal.enviar_lote(lote(*QUATRO), lambda: None)
        assert [dito.classe for dito in canal.enviar_lote(lote(PARA), lambda: None)] == [Classe.ENDERECO]


def test_what_the_last_check_raises_passes_through_a_batch_and_no_body_leaves(gateway, em_lote, canal):
    for erro in (Desistencia(), FalhaDeEnvio(Classe.ENDERECO)):

        def recusar(erro=erro):
            raise erro

        for tentativa in (
            lambda: em_lote.enviar_lote(lote(*QUATRO), recusar),
            lambda: canal.enviar_lote(lote(PARA), recusar),
        ):
            with pytest.raises(type(erro)) as levantado:
                tentativa()
            assert levantado.value is erro
    assert gateway.recebidas == []


def test_nobody_listens_to_a_batch():
    with GatewaySMSSimulado() as gateway:
        pass
    with canal_de(gateway, prazo=1, configuracao=EM_LOTE) as canal:
        assert [dito.classe for dito in canal.enviar_lote(lote(*QUATRO), lambda: None)] == [Classe.REDE] * 4


def test_who_cannot_be_asked_by_our_own_id_never_sends_in_batches():
    assert (Zenvia.lote_maximo, Zenvia.consultavel_por_chave) == (1, False)
    with pytest.raises(ConfiguracaoInvalida, match="informe caminho_referencia"):
        GatewayJSON(url="http://x", credencial="x", configuracao={"lote_maximo": 2})
    with pytest.raises(ConfiguracaoInvalida, match="não conhece: lote_maximo"):
        Zenvia(url="http://x", credencial="x", configuracao={"lote_maximo": 2})
    for tipo in (GatewayJSON, Zenvia):
        with pytest.raises(FalhaDeEnvio, match="nossa identificação"):
            tipo(url="http://127.0.0.1", credencial="x").consultar_por_chave("x")


@pytest.mark.parametrize(
    "resposta",
    [
        (404, b'{"error": "no route"}'),  # a wrong path, not a "no"
        (404, b"<html>SMS? nao sei"),
        (500, b"{}"),
        (200, b'{"id": 1, "reference": "de-outra"}'),  # a gateway that ignores the question
        (200, b'[{"id": 1, "reference": "de-outra"}]'),
        (200, b'{"id": 1}'),
        (200, b'{"id": null, "reference": "c"}'),
        (200, b"null"),
        (200, b"<html>"),
        None,
    ],
)
def test_only_a_clear_no_says_that_a_message_never_arrived(resposta):
    with (
        ServidorHTTP(lambda pedido: resposta) as url,
        GatewayJSON(url=url, credencial="x", prazo=1, configuracao=PERGUNTAVEL) as canal,
        pytest.raises(FalhaDeEnvio),
    ):
        canal.consultar_por_chave("c")


@pytest.mark.parametrize(
    ("resposta", "id_externo"),
    [
        ((404, b'{"error": "sms DESCONHECIDO"}'), None),
        ((200, b"[]"), None),
        ((200, b'[{"id": 1, "reference": "b"}, {"id": 2, "reference": "c"}]'), "2"),
    ],
)
def test_what_a_gateway_answers_of_our_own_id(resposta, id_externo):
    with (
        ServidorHTTP(lambda pedido: resposta) as url,
        GatewayJSON(url=url, credencial="x", prazo=1, configuracao=PERGUNTAVEL) as canal,
    ):
        dito = canal.consultar_por_chave("c")

    assert (dito and dito.id_externo) == id_externo
    assert dito is None or isinstance(dito, Resposta)


# What describes a gateway.


@pytest.mark.parametrize(
    ("configuracao", "problema"),
    [
        ([], "objeto JSON"),
        ({"caminhos": "/x"}, "não conhece: caminhos"),
        ({"caminho": 1}, "caminho: esperado um texto"),
        ({"campo_id": ""}, "campo_id: não pode ser vazio"),
        ({"entregue": "ok"}, "entregue: esperada uma lista de textos"),
        ({"entregue": []}, "entregue: esperada uma lista de textos"),
        ({"lote_maximo": True}, "lote_maximo: esperado um número inteiro"),
        ({"lote_maximo": "5"}, "lote_maximo: esperado um número inteiro"),
        ({"cabecalho": "X Chave:"}, "cabecalho: o nome de um cabeçalho"),
        ({"caminho_referencia": "/sms"}, "falta {referencia}"),
        ({"caminho_consulta": "/sms"}, "falta {id}"),
    ],
)
def test_a_configuration_that_says_nothing_known_is_refused_in_words(configuracao, problema):
    assert problema in " ".join(GatewayJSON.problemas(configuracao))


def test_the_default_of_every_option_may_be_written():
    for tipo in ADAPTADORES.values():
        assert tipo.problemas(dict(tipo.PADRAO)) == []


def test_names_of_fields_may_be_paths():
    configuracao = {"campo_id": "dados.0.id", "campo_situacao": "dados.0.situacao", "entregue": ["3"]}
    respostas = iter([b'{"dados": [{"id": "a"}]}', b'{"dados": [{"situacao": 3}]}'])
    with (
        ServidorHTTP(lambda pedido: ler(pedido) is not None and (200, next(respostas))) as url,
        GatewayJSON(url=url, credencial="x", configuracao=configuracao) as canal,
    ):
        assert enviar(canal)[0].id_externo == "a"
        assert canal.consultar("a").situacao == "entregue"


# Answers that no honest gateway gives.


class ServidorHTTP:
    """Answers each request with what `responder` returns: (status, body[, headers]), or None to drop it."""

    def __init__(self, responder):
        class Atendimento(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def log_message(self, *_):
                pass

            def do_POST(self):
                resposta = responder(self)
                if resposta is None:
                    self.close_connection = True
                    return
                status, corpo, *cabecalhos = resposta
                self.send_response(status)
                for nome, valor in (
                    {"Content-Length": str(len(corpo))} | (cabecalhos[0] if cabecalhos else {})
                ).items():
                    self.send_header(nome, valor)
                self.end_headers()
                try:
                    self.wfile.write(corpo)
                except OSError:
                    self.close_connection = True

            do_GET = do_POST

        self.servidor = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Atendimento)
        self.servidor.daemon_threads = True

    def __enter__(self) -> str:
        threading.Thread(target=self.servidor.serve_forever, args=(0.01,), daemon=True).start()
        return f"http://127.0.0.1:{self.servidor.server_port}"

    def __exit__(self, *_):
        self.servidor.shutdown()
        self.servidor.server_close()


def ler(pedido) -> bytes:
    return pedido.rfile.read(int(pedido.headers.get("Content-Length") or 0))


@pytest.mark.parametrize("comprimida", [False, True])
def test_a_huge_answer_is_bounded(comprimida):
    enorme = b'{"id": "1", "x": "' + b"y" * (50 * 1024 * 1024) + b'"}'
    corpo = gzip.compress(enorme, 1) if comprimida else enorme
    cabecalhos = {"Content-Encoding": "gzip"} if comprimida else {}
    with (
        ServidorHTTP(lambda pedido: ler(pedido) and (200, corpo, cabecalhos)) as url,
        GatewayJSON(url=url, credencial="x", prazo=5) as canal,
    ):
        falha, permitido = enviar(canal)

        assert (falha.classe, permitido) == (Classe.INCERTA, 1)
        assert len(falha.texto) <= 1000
        assert MAIOR_RESPOSTA <= 64 * 1024
        assert enviar(canal)[0].classe == Classe.INCERTA  # and the session still works


@pytest.mark.parametrize(
    "resposta",
    [
        (200, b'{"id": "1', {"Content-Length": "500"}),  # cut in the middle
        (200, b"\x00\xff\xfe", {"Content-Encoding": "gzip"}),
        (200, b"\xff\xfe\x00", {"Content-Type": "application/json; charset=nao-existe"}),
        (200, b"[" * 60000),
        (200, b'{"id": "1"', {"Transfer-Encoding": "chunked"}),
        None,
    ],
    ids=["cut", "not gzip", "no charset", "deep", "bad chunks", "dropped"],
)
def test_an_answer_that_breaks_is_uncertain(resposta):
    def responder(pedido):
        ler(pedido)
        pedido.close_connection = True
        return resposta

    with ServidorHTTP(responder) as url, GatewayJSON(url=url, credencial="x", prazo=1) as canal:
        falha, permitido = enviar(canal)

    assert (falha.classe, permitido) == (Classe.INCERTA, 1)


@pytest.mark.parametrize(
    "inicio", [b"X-Longo: ", b"Content-Length: 1000\r\n\r\n"], ids=["in the headers", "in the body"]
)
def test_an_answer_that_drips_is_left_at_the_time_out(inicio):
    """No read of it takes the time-out; the whole answer would."""
    lido = threading.Event()

    def gotejar(pedido):
        ler(pedido)
        pedido.wfile.write(b"HTTP/1.1 200 OK\r\n" + inicio)
        while not lido.wait(0.05):
            pedido.wfile.write(b"a")

    with ServidorHTTP(gotejar) as url, GatewayJSON(url=url, credencial="x", prazo=0.5) as canal:
        falha, permitido = enviar(canal)
        lido.set()

    assert (falha.classe, permitido) == (Classe.INCERTA, 1)
    assert "prazo" in falha.texto


# ENVIO=simulado.


@pytest.mark.parametrize(
    "url",
    ["https://api.zenvia.com", "http://8.8.8.8", "http://127.0.0.1:1@exemplo.com.br", "http://[::]:1", "ftp:x", ""],
)
def test_simulado_refuses_a_real_host_before_connecting(monkeypatch, url):
    monkeypatch.setattr("socket.create_connection", lambda *_, **__: pytest.fail("connected"))
    monkeypatch.setattr("urllib3.util.connection.create_connection", lambda *_, **__: pytest.fail("connected"))

    for tipo in (GatewayJSON, Zenvia):
        falha, permitido = enviar(tipo(url=url, credencial="x"))

        assert (falha.classe, permitido) == (Classe.REDE, 0)
        assert "ENVIO=simulado" in str(falha)
    with pytest.raises(FalhaDeEnvio, match="ENVIO=simulado"):
        GatewayJSON(url=url, credencial="x").consultar("1")


@pytest.mark.parametrize("opcao", ["caminho", "caminho_consulta", "caminho_referencia", "caminho_lote"])
def test_the_path_of_the_configuration_does_not_change_the_host(monkeypatch, gateway, opcao):
    monkeypatch.setattr("urllib3.util.connection.create_connection", lambda *_, **__: pytest.fail("connected"))

    with pytest.raises(ConfiguracaoInvalida, match="barra"):
        canal_de(gateway, configuracao={opcao: "@exemplo.com.br/sms/{id}/{referencia}"})


def test_no_proxy_of_the_environment_is_used(gateway, monkeypatch):
    for nome in ("http_proxy", "HTTP_PROXY", "ALL_PROXY"):
        monkeypatch.setenv(nome, "http://127.0.0.1:9")
    with canal_de(gateway) as canal:
        assert enviar(canal)[0].id_externo
