"""The SMS gateway, seen by HTTP clients and by a receiver of its callbacks."""

import http.client
import json
import signal
import smtplib
import socket
import subprocess
import sys
import threading
import time
from contextlib import closing
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest

from simuladores.sms import GatewaySMSSimulado, OrdemSMS

RAIZ = Path(__file__).resolve().parents[2]
NUMERO = "5511987654321"
BEARER = {"Authorization": "Bearer segredo"}
X_API_TOKEN = {"X-API-TOKEN": "segredo"}


@pytest.fixture
def gateway():
    with GatewaySMSSimulado() as aberto:
        yield aberto


class Cliente:
    """One kept-alive connection; each call returns (status, decoded JSON or text, headers)."""

    def __init__(self, gateway):
        self.http = http.client.HTTPConnection(gateway.host, gateway.porta, timeout=5)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.http.close()

    def pedir(self, metodo, caminho, corpo=None, cabecalhos=BEARER):
        bruto = corpo if isinstance(corpo, bytes | None) else json.dumps(corpo).encode()
        try:
            self.http.request(metodo, caminho, bruto, cabecalhos)
            resposta = self.http.getresponse()
        except ConnectionError:
            self.http.close()
            raise
        texto = resposta.read().decode()
        eh_json = resposta.headers["Content-Type"] == "application/json"
        return resposta.status, json.loads(texto) if eh_json else texto, resposta.headers

    def enviar(self, para=NUMERO, referencia="r1"):
        return self.pedir("POST", "/sms", {"to": para, "text": "Olá", "reference": referencia})

    def enviar_zenvia(self, para=NUMERO, cabecalhos=X_API_TOKEN, **mais):
        corpo = {"from": "avisa", "to": para, "contents": [{"type": "text", "text": "Olá"}], **mais}
        return self.pedir("POST", "/v2/channels/sms/messages", corpo, cabecalhos)


@pytest.fixture
def cliente(gateway):
    with Cliente(gateway) as aberto:
        yield aberto


@pytest.fixture
def receptor():
    """A receiver of callbacks: `chamadas` has (headers, body), `status` is what it answers."""

    class Receptor(BaseHTTPRequestHandler):
        def do_POST(self):
            corpo = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            self.server.chamadas.append((self.headers, corpo))
            self.send_response(self.server.status)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_):
            pass

    with HTTPServer(("127.0.0.1", 0), Receptor) as servidor:
        servidor.chamadas, servidor.status = [], 204
        servidor.url = f"http://127.0.0.1:{servidor.server_port}/recibo"
        linha = threading.Thread(target=servidor.serve_forever, args=(0.01,), daemon=True)
        linha.start()
        yield servidor
        servidor.shutdown()
        linha.join()


def ate(condicao, prazo=5):
    """Wait for what is not told by an event."""
    limite = time.monotonic() + prazo
    while not condicao():
        assert time.monotonic() < limite, "the condition never came"
        time.sleep(0.002)


# The generic dialect.


def test_accepts_and_remembers_an_sms(gateway, cliente):
    status, corpo, _ = cliente.enviar("+" + NUMERO)

    (sms,) = gateway.esperar(1)
    assert (status, corpo) == (202, {"id": sms.id})
    assert (sms.destino, sms.texto, sms.referencia, sms.dialeto) == ("+" + NUMERO, "Olá", "r1", "generico")
    assert sms.momento.tzinfo is not None


def test_reports_by_id_and_by_reference(gateway, cliente):
    _, corpo, _ = cliente.enviar()
    ate(lambda: gateway.situacao(corpo["id"]) == "delivered")

    esperado = {"id": corpo["id"], "reference": "r1", "status": "delivered", "detail": ""}
    assert cliente.pedir("GET", f"/sms/{corpo['id']}")[:2] == (200, esperado)
    assert cliente.pedir("GET", "/sms?reference=r1")[:2] == (200, esperado)
    assert cliente.pedir("GET", "/sms/x")[0] == 404
    assert cliente.pedir("GET", "/sms?reference=x")[0] == 404


def test_without_automatic_receipts_an_sms_changes_only_to_order():
    with GatewaySMSSimulado(recibos=False) as gateway, Cliente(gateway) as cliente:
        _, corpo, _ = cliente.enviar()
        assert gateway.situacao(corpo["id"]) == "queued"
        gateway.avisar(corpo["id"], "failed", "Fora de area")
        ate(lambda: gateway.situacao(corpo["id"]) == "failed")
        assert cliente.pedir("GET", "/sms?reference=r1")[1]["detail"] == "Fora de area"
        with pytest.raises(ValueError):
            gateway.avisar(corpo["id"], "lido")


def test_the_final_receipt_waits_for_its_delay():
    with GatewaySMSSimulado(atraso=60) as gateway, Cliente(gateway) as cliente:
        _, corpo, _ = cliente.enviar()
        assert gateway.situacao(corpo["id"]) == "queued"


def test_a_repeated_reference_is_seen_and_gets_the_same_id(gateway, cliente):
    ids = [cliente.enviar()[1]["id"], cliente.enviar()[1]["id"], cliente.enviar(referencia="r2")[1]["id"]]

    assert ids[0] == ids[1] != ids[2]
    assert [sms.referencia for sms in gateway.esperar(3)] == ["r1", "r1", "r2"]
    assert gateway.repetidas == ["r1"]


def test_an_sms_without_reference_repeats_no_other(gateway, cliente):
    ids = {cliente.enviar(referencia="")[1]["id"] for _ in range(2)}

    assert len(ids) == 2
    assert gateway.repetidas == []


@pytest.mark.parametrize(
    "corpo",
    [b"{", b"[]", {"text": "a"}, {"to": NUMERO}, {"to": NUMERO, "text": 1}, {"to": "11-9", "text": "a"}],
)
def test_refuses_a_request_it_does_not_understand(gateway, cliente, corpo):
    status, resposta, _ = cliente.pedir("POST", "/sms", corpo)

    assert (status, list(resposta)) == (400, ["error"])
    assert gateway.recebidas == []


def test_refuses_without_the_token_and_at_unknown_paths(gateway, cliente):
    assert cliente.pedir("POST", "/sms", {}, {})[0] == 401
    assert cliente.pedir("GET", "/sms/x", None, {"Authorization": "Bearer outro"})[0] == 401
    assert cliente.enviar_zenvia(cabecalhos=BEARER)[:2] == (
        401,
        {"code": "AUTHENTICATION_ERROR", "message": "Token ausente ou errado"},
    )
    assert cliente.pedir("POST", "/outro", {})[0] == 404


# Zenvia.


def test_answers_zenvia_with_the_message_it_took(gateway, cliente):
    status, corpo, _ = cliente.enviar_zenvia(externalId="r9")

    (sms,) = gateway.recebidas
    assert (sms.destino, sms.texto, sms.referencia, sms.dialeto) == (NUMERO, "Olá", "r9", "zenvia")
    assert status == 200
    assert corpo.pop("timestamp") == sms.momento.isoformat()
    assert corpo == {
        "id": sms.id,
        "from": "avisa",
        "to": NUMERO,
        "direction": "OUT",
        "channel": "sms",
        "contents": [{"type": "text", "text": "Olá"}],
        "externalId": "r9",
    }


@pytest.mark.parametrize("contents", [None, [], "x", [{"type": "file"}], [{"type": "text"}], ["x"]])
def test_refuses_zenvia_contents_that_are_not_text(cliente, contents):
    status, corpo, _ = cliente.enviar_zenvia(contents=contents)

    assert (status, corpo["code"]) == (400, "VALIDATION_ERROR")


def test_a_repeated_zenvia_external_id_is_another_message_and_is_noted(gateway, cliente):
    ids = {cliente.enviar_zenvia(externalId="r1")[1]["id"] for _ in range(2)}

    assert len(ids) == 2
    assert gateway.repetidas == ["r1"]


def test_reports_to_zenvia_webhooks_by_message_status(receptor):
    with GatewaySMSSimulado(callback_url=receptor.url, callback_cabecalho="X-Segredo") as gateway:
        gateway.ordenar(OrdemSMS("recibo_falho", texto="Numero inexistente"))
        with Cliente(gateway) as cliente:
            _, corpo, _ = cliente.enviar_zenvia(externalId="r1")
        gateway.esperar_avisos(2)

    eventos = [evento for _, evento in receptor.chamadas]
    assert [evento["messageStatus"]["code"] for evento in eventos] == ["SENT", "NOT_DELIVERED"]
    assert {(e["type"], e["channel"], e["messageId"], e["externalId"]) for e in eventos} == {
        ("MESSAGE_STATUS", "sms", corpo["id"], "r1")
    }
    assert eventos[1]["messageStatus"]["causes"][0]["reason"] == "Numero inexistente"
    assert receptor.chamadas[0][0]["X-Segredo"] == "segredo"


# Callbacks.


def test_calls_back_with_the_secret(receptor):
    with GatewaySMSSimulado(callback_url=receptor.url, callback_segredo="s3") as gateway, Cliente(gateway) as cliente:
        _, corpo, _ = cliente.enviar()
        avisos = gateway.esperar_avisos(2)

    assert avisos == [(corpo["id"], "sent", 204), (corpo["id"], "delivered", 204)]
    cabecalhos, ultimo = receptor.chamadas[1]
    assert ultimo == {"id": corpo["id"], "reference": "r1", "status": "delivered", "detail": ""}
    assert cabecalhos["Authorization"] == "Bearer s3"


def test_tries_a_callback_three_times(receptor):
    receptor.status = 500
    with GatewaySMSSimulado(callback_url=receptor.url, recibos=False) as gateway, Cliente(gateway) as cliente:
        _, corpo, _ = cliente.enviar()
        gateway.avisar(corpo["id"], "sent")
        gateway.avisar("desconhecido", "sent")
        assert gateway.esperar_avisos(3) == [(corpo["id"], "sent", 500)] * 3


def test_a_receiver_that_is_away_does_not_stop_the_receipts():
    with socket.create_server(("127.0.0.1", 0)) as livre:
        url = f"http://127.0.0.1:{livre.getsockname()[1]}/"
    with GatewaySMSSimulado(callback_url=url, recibos=False) as gateway, Cliente(gateway) as cliente:
        _, corpo, _ = cliente.enviar()
        gateway.avisar(corpo["id"], "delivered")
        assert "refused" in gateway.esperar_avisos(1)[0][2]
        assert gateway.situacao(corpo["id"]) == "delivered"


# Throttling.


def test_throttles_above_its_rate_and_recovers(monkeypatch):
    with GatewaySMSSimulado(limite_por_segundo=2) as gateway, Cliente(gateway) as cliente:
        agora = time.monotonic()
        monkeypatch.setattr("simuladores.sms.time.monotonic", lambda: agora)
        assert [cliente.enviar(referencia=str(n))[0] for n in range(2)] == [202, 202]
        status, _, cabecalhos = cliente.enviar(referencia="3")
        assert (status, cabecalhos["Retry-After"]) == (429, "1")
        assert len(gateway.recebidas) == 2
        monkeypatch.setattr("simuladores.sms.time.monotonic", lambda: agora + 1.01)
        assert cliente.enviar(referencia="3")[0] == 202


# Faults.


def test_refuses_with_status_body_and_headers_by_number(gateway, cliente):
    gateway.ordenar(OrdemSMS(status=402, corpo={"erro": "sem saldo"}, cabecalhos={"X-A": "b"}, padrao="^5521"))
    gateway.ordenar(OrdemSMS(status=500, vezes=1, depois_de=1))

    status, corpo, cabecalhos = cliente.enviar("+5521987654321")
    assert (status, corpo, cabecalhos["X-A"]) == (402, {"erro": "sem saldo"}, "b")
    assert [cliente.enviar(referencia=str(n))[0] for n in range(3)] == [202, 500, 202]
    assert len(gateway.recebidas) == 2


def test_refuses_in_the_shape_of_the_dialect(gateway, cliente):
    gateway.ordenar(OrdemSMS(status=500))

    assert cliente.enviar()[1] == {"error": "Recusado pelo simulador"}
    assert cliente.enviar_zenvia()[1] == {"code": "INTERNAL_ERROR", "message": "Recusado pelo simulador"}


def test_delays_and_then_accepts(gateway, cliente):
    gateway.ordenar(OrdemSMS("demorar", segundos=0.05))
    inicio = time.monotonic()

    assert cliente.enviar()[0] == 202
    assert time.monotonic() - inicio >= 0.05


def test_drops_before_reading_and_keeps_nothing(gateway, cliente):
    gateway.ordenar(OrdemSMS("derrubar_antes", vezes=1))

    with pytest.raises(ConnectionError):
        cliente.enviar()
    assert (gateway.pedidos, gateway.recebidas) == (1, [])
    assert cliente.enviar()[0] == 202


def test_drops_after_accepting_without_a_reply(gateway, cliente):
    gateway.ordenar(OrdemSMS("derrubar_depois", vezes=1))

    with pytest.raises(ConnectionError):
        cliente.enviar()
    (sms,) = gateway.recebidas
    assert cliente.pedir("GET", "/sms?reference=r1")[1]["id"] == sms.id
    assert cliente.enviar()[1]["id"] == sms.id
    assert gateway.repetidas == ["r1"]


def test_answers_garbage_for_what_it_accepted(gateway, cliente):
    gateway.ordenar(OrdemSMS("lixo"))

    status, corpo, _ = cliente.enviar()
    assert (status, corpo) == (202, "<html>Bad Gateway")
    assert len(gateway.recebidas) == 1


@pytest.mark.parametrize("campos", [{"acao": "sumir"}, {"acao": "derrubar_antes", "padrao": "1"}])
def test_an_order_that_means_nothing_is_refused(campos):
    with pytest.raises(ValueError):
        OrdemSMS(**campos)


def test_a_stopped_gateway_cuts_its_clients_and_starts_again_on_the_same_port():
    gateway = GatewaySMSSimulado()
    with gateway, Cliente(gateway) as cliente:
        assert cliente.enviar()[0] == 202
        porta = gateway.porta
        gateway.parar()
        with pytest.raises(ConnectionError):
            cliente.enviar()
        gateway.iniciar()
        assert gateway.porta == porta
        assert cliente.enviar()[0] == 202
        with pytest.raises(OSError):
            GatewaySMSSimulado(porta=porta).iniciar()


# Magic numbers.


def test_magic_numbers_answer_by_their_last_digits(receptor):
    with GatewaySMSSimulado(numeros_magicos=True, callback_url=receptor.url) as gateway, Cliente(gateway) as cliente:
        assert cliente.enviar("5511900000001")[0] == 400
        assert [cliente.enviar("5511900000003")[0] for _ in range(2)] == [503, 202]
        with pytest.raises(ConnectionError):
            cliente.enviar("5511900000004", "r4")
        assert cliente.enviar("5511900000002", "r2")[0] == 202
        gateway.esperar_avisos(6)
        assert cliente.pedir("GET", "/sms?reference=r2")[1]["status"] == "failed"

    assert [sms.destino[-4:] for sms in gateway.recebidas] == ["0003", "0004", "0002"]


def test_clearing_forgets_everything_but_the_magic():
    with GatewaySMSSimulado(numeros_magicos=True) as gateway, Cliente(gateway) as cliente:
        cliente.enviar("5511900000003")
        cliente.enviar()
        gateway.ordenar(OrdemSMS(status=500))
        gateway.limpar()
        assert (gateway.recebidas, gateway.repetidas, gateway.pedidos) == ([], [], 0)
        assert cliente.pedir("GET", "/sms?reference=r1")[0] == 404
        assert cliente.enviar("5511900000003")[0] == 503
        assert cliente.enviar()[0] == 202


def test_waiting_for_what_does_not_come_times_out(gateway):
    with pytest.raises(TimeoutError, match="0 de 1"):
        gateway.esperar(1, prazo=0.01)
    with pytest.raises(TimeoutError, match="0 de 1"):
        gateway.esperar_avisos(1, prazo=0.01)


# What stays.


def test_appends_each_sms_as_a_line_of_json(tmp_path):
    for referencia in ("r1", "r2"):
        with GatewaySMSSimulado(pasta=tmp_path / "sms") as gateway, Cliente(gateway) as cliente:
            cliente.enviar(referencia=referencia)

    linhas = [json.loads(linha) for linha in (tmp_path / "sms/sms.jsonl").read_text("utf-8").splitlines()]
    assert [(linha["to"], linha["text"], linha["reference"]) for linha in linhas] == [
        (NUMERO, "Olá", "r1"),
        (NUMERO, "Olá", "r2"),
    ]


def test_remembers_no_more_than_it_was_told_to():
    with GatewaySMSSimulado(memoria=2) as gateway, Cliente(gateway) as cliente:
        for n in range(5):
            cliente.enviar(referencia=str(n))
        assert [sms.referencia for sms in gateway.esperar(5)] == ["3", "4"]
        assert cliente.pedir("GET", "/sms?reference=0")[0] == 404
        assert cliente.pedir("GET", "/sms?reference=4")[0] == 200


def test_serves_many_clients_at_once(gateway):
    def enviar(n):
        with Cliente(gateway) as cliente:
            for m in range(10):
                cliente.enviar(referencia=f"{n}-{m}")

    linhas = [threading.Thread(target=enviar, args=(n,)) for n in range(8)]
    for linha in linhas:
        linha.start()
    for linha in linhas:
        linha.join()

    assert len({sms.id for sms in gateway.esperar(80)}) == 80
    assert gateway.repetidas == []


# In the foreground.


@pytest.mark.parametrize("sinal", [signal.SIGINT, signal.SIGTERM])
def test_runs_in_the_foreground_with_magic_until_a_signal(tmp_path, sinal):
    portas = ["--smtp", "0", "--sms", "0", "--operadoras", "0"]
    comando = [sys.executable, "-m", "simuladores", *portas, "--pasta", str(tmp_path / "caixa")]
    saidas = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    with subprocess.Popen(comando, cwd=RAIZ, text=True, **saidas) as processo:
        try:
            smtp, sms, operadoras = (processo.stdout.readline() for _ in range(3))
            porta_smtp = int(smtp.split(",")[0].rpartition(":")[2])
            porta_sms = int(sms.split(",")[0].rpartition(":")[2])
            porta_operadoras = int(operadoras.split(",")[0].rpartition(":")[2])
            with smtplib.SMTP("127.0.0.1", porta_smtp, timeout=5) as cliente:
                cliente.sendmail("a@a", "ana@x.com", b"oi\r\n")
                with pytest.raises(smtplib.SMTPRecipientsRefused):
                    cliente.sendmail("a@a", "ana+recusado@x.com", b"oi\r\n")
            with closing(http.client.HTTPConnection("127.0.0.1", porta_sms, timeout=5)) as conexao:
                conexao.request("POST", "/sms", json.dumps({"to": "5511900000001", "text": "a"}), BEARER)
                assert conexao.getresponse().status == 400
            with closing(http.client.HTTPConnection("127.0.0.1", porta_operadoras, timeout=5)) as conexao:
                conexao.request("GET", "/net/api/v2/agreements?document=00000009989", headers={"X-API-Key": "segredo"})
                assert conexao.getresponse().status == 500
            processo.send_signal(sinal)
            assert processo.wait(timeout=5) == 0
            assert (processo.stdout.read(), processo.stderr.read()) == ("", "")
        finally:
            processo.kill()

    assert [arquivo.name for arquivo in (tmp_path / "caixa").iterdir()] == ["000001-ana@x.com.eml"]


def test_a_busy_port_is_said_and_not_traced(tmp_path):
    with socket.create_server(("127.0.0.1", 0)) as ocupada:
        porta = str(ocupada.getsockname()[1])
        comando = [sys.executable, "-m", "simuladores", "--smtp", porta, "--sms", "0", "--operadoras", "0", "--pasta"]
        fim = subprocess.run([*comando, tmp_path], cwd=RAIZ, capture_output=True, text=True, timeout=10, check=False)

    assert fim.returncode == 1
    assert fim.stderr.startswith("simuladores: ") and "Traceback" not in fim.stderr
