"""Each way a company fails, in every dialect, and that no words of it tell what nobody may read."""

import gzip
import logging
import socket
from dataclasses import replace
from threading import Event, Thread

import pytest

from preventivo.operadoras import Falha
from simuladores.boletos import pdf_de
from simuladores.operadoras import OperadorasSimuladas, OrdemAPI
from tests.preventivo.operadoras.apoio import CPF, PDF, PRIMEIRO, credenciais, falha_de, novo_cliente, um_acordo

MOMENTO = "Sun, 22 Nov 2026 10:30:00 GMT"


@pytest.mark.parametrize("status", [401, 403])
def test_a_refused_credential_is_of_authentication(api, cliente, status):
    api.ordenar(OrdemAPI(status=status))

    falha = falha_de(cliente.consultar, CPF)

    assert (falha.falha, falha.esperar) == (Falha.AUTENTICACAO, None)
    assert str(falha) == f"Autenticação: a empresa recusou a credencial ({status})"


def test_a_wrong_secret_is_of_authentication(api, dialeto):
    with novo_cliente(api, dialeto, segredo="errado") as cliente:
        assert falha_de(cliente.consultar, CPF).falha is Falha.AUTENTICACAO
        assert falha_de(cliente.pdf, "B/1").falha is Falha.AUTENTICACAO


@pytest.mark.parametrize(
    ("cabecalhos", "esperar"),
    [
        ({"Retry-After": "7"}, 7),
        ({"Retry-After": "0"}, 0),
        ({"Retry-After": "999999999"}, 86400),
        ({"Retry-After": "Sun, 22 Nov 2026 10:31:30 GMT", "Date": MOMENTO}, 90),
        ({"Retry-After": "Sun, 22 Nov 2026 10:00:00 GMT", "Date": MOMENTO}, 0),
        ({"Retry-After": "Sun, 22 Nov 2099 10:00:00 GMT"}, 86400),
        ({"Retry-After": "Sun, 22 Nov 2026 10:31:30", "Date": MOMENTO}, 90),
        ({"Retry-After": "-5"}, None),
        ({"Retry-After": "1e9"}, None),
        ({"Retry-After": "Sun, 99 Nov 2026 10:31:30 GMT"}, None),
        ({"Retry-After": "logo"}, None),
        ({}, None),
    ],
)
def test_a_limit_says_how_long_to_wait(api, cliente, cabecalhos, esperar):
    api.ordenar(OrdemAPI(status=429, cabecalhos=cabecalhos))

    falha = falha_de(cliente.consultar, CPF)

    assert (falha.falha, falha.esperar) == (Falha.LIMITE, esperar)


@pytest.mark.parametrize("status", [408, 500, 502, 503, 504, 599])
def test_a_server_in_trouble_is_unavailable_and_may_say_how_long(api, cliente, status):
    api.ordenar(OrdemAPI(status=status, cabecalhos={"Retry-After": "30"}, vezes=1))

    falha = falha_de(cliente.consultar, CPF)

    assert (falha.falha, falha.esperar) == (Falha.INDISPONIVEL, 30)
    assert str(status) in str(falha)
    assert len(cliente.consultar(CPF)) == 1


@pytest.mark.parametrize("status", [201, 202, 206, 300, 304, 400, 405, 410, 422])
def test_another_status_breaks_the_contract(api, cliente, status):
    api.ordenar(OrdemAPI(status=status, corpo=""))

    falha = falha_de(cliente.consultar, CPF)

    assert falha.falha is Falha.RESPOSTA
    assert str(status) in str(falha)


@pytest.mark.parametrize("corpo", ["<html>Not Found</html>", "", "{}", "[]", "null", '{"codigo": 1}', "<erro/>", "<a>"])
def test_a_404_that_does_not_speak_of_the_cpf_is_not_somebody_who_owes_nothing(api, cliente, corpo):
    api.ordenar(OrdemAPI(status=404, corpo=corpo))

    assert falha_de(cliente.consultar, CPF).falha is Falha.RESPOSTA


def test_a_wrong_address_is_not_somebody_who_owes_nothing(api, dialeto):
    with novo_cliente(api, dialeto, url=f"{api.url}/{dialeto}/v9") as cliente:
        assert falha_de(cliente.consultar, CPF).falha is Falha.RESPOSTA
    with novo_cliente(api, dialeto, url=f"{api.url}/outra") as cliente:
        assert falha_de(cliente.consultar, CPF).falha is Falha.RESPOSTA


@pytest.mark.parametrize("status", [301, 302, 307, 308])
def test_no_redirect_is_followed(api, cliente, dialeto, status):
    with OperadorasSimuladas(dados={CPF: um_acordo()}, **credenciais(dialeto)) as outra:
        api.ordenar(OrdemAPI(status=status, cabecalhos={"Location": f"{outra.url}/{dialeto}"}))
        falha = falha_de(cliente.consultar, CPF)

    assert falha.falha is Falha.RESPOSTA
    assert "outro endereço" in str(falha)
    assert (outra.perguntas, outra.conexoes, api.perguntas) == (0, 0, 1)


def test_a_silent_server_is_left_at_the_time_out(api, dialeto):
    livre = Event()
    api.ordenar(OrdemAPI("demorar", ate=livre))
    with novo_cliente(api, dialeto, prazo=0.5) as cliente:
        falha = falha_de(cliente.consultar, CPF)
        livre.set()

    assert str(falha) == "Indisponível: sem resposta no prazo de 0.5 s"


def test_a_server_that_drips_is_left_at_the_same_time_out(api, dialeto):
    """No read of it takes the time-out; the whole answer would."""
    api.ordenar(OrdemAPI("gotejar", segundos=0.05))
    with novo_cliente(api, dialeto, prazo=0.5) as cliente:
        falha = falha_de(cliente.consultar, CPF)

    assert str(falha) == "Indisponível: sem resposta no prazo de 0.5 s"


def test_headers_that_drip_are_left_as_well(dialeto):
    with socket.create_server(("127.0.0.1", 0)) as servidor, CabecalhosQueGotejam(servidor):
        url = f"http://127.0.0.1:{servidor.getsockname()[1]}"
        with novo_cliente(None, dialeto, url=url, prazo=0.5) as cliente:
            falha = falha_de(cliente.consultar, CPF)

    assert str(falha) == "Indisponível: sem resposta no prazo de 0.5 s"


@pytest.mark.parametrize("acao", ["derrubar_antes", "derrubar_no_meio"])
def test_a_drop_is_unavailable_and_asks_nothing_twice(api, cliente, acao):
    cliente.consultar(CPF)
    api.ordenar(OrdemAPI(acao, vezes=1))

    falha = falha_de(cliente.consultar, CPF)

    assert str(falha) == "Indisponível: a conexão caiu"
    assert api.perguntas == 2
    assert len(cliente.consultar(CPF)) == 1


def test_nobody_listening_is_unavailable(dialeto):
    with socket.create_server(("127.0.0.1", 0)) as tomada:
        url = f"http://127.0.0.1:{tomada.getsockname()[1]}"
    with novo_cliente(None, dialeto, url=url) as cliente:
        assert str(falha_de(cliente.consultar, CPF)) == "Indisponível: a conexão foi recusada"


@pytest.mark.parametrize("acao", ["lixo", "truncar", "tipo_errado"])
def test_garbage_breaks_the_contract(api, cliente, acao):
    api.ordenar(OrdemAPI(acao, vezes=1))

    assert falha_de(cliente.consultar, CPF).falha is Falha.RESPOSTA
    assert len(cliente.consultar(CPF)) == 1


@pytest.mark.parametrize("corpo", ["", "null", "[]", "1", '"a"', "{}", "<a/>", b"\xff\xfe\x00", b"\x00" * 100, "{" * 9])
def test_an_answer_of_another_shape_breaks_the_contract(api, cliente, corpo):
    api.ordenar(OrdemAPI("lixo", corpo=corpo))

    assert falha_de(cliente.consultar, CPF).falha is Falha.RESPOSTA


def test_a_huge_answer_is_not_read_to_its_end(api, cliente):
    api.ordenar(OrdemAPI("gigante", vezes=1))

    assert str(falha_de(cliente.consultar, CPF)) == "Resposta inesperada: resposta maior que 1024 KB"
    assert len(cliente.consultar(CPF)) == 1


def test_a_compressed_answer_was_not_asked_for(api, cliente):
    """So nothing small can grow in memory."""
    bomba = gzip.compress(b" " * 10_000_000)
    api.ordenar(OrdemAPI("lixo", corpo=bomba, cabecalhos={"Content-Encoding": "gzip"}))

    assert "comprimida" in str(falha_de(cliente.consultar, CPF))


def test_an_answer_about_somebody_else_is_refused(api, cliente, dialeto):
    """A company's cache, mixed up, would send one person's boleto to another."""
    corpos = {
        "claro": '{"cpf": "11144477735", "acordos": []}',
        "net": '{"document": "11144477735", "page": 1, "next": null, "items": []}',
        "sem_parar": "<respostaAcordos><cpf>11144477735</cpf><acordos/></respostaAcordos>",
    }
    api.ordenar(OrdemAPI("lixo", corpo=corpos[dialeto]))

    falha = falha_de(cliente.consultar, CPF)

    assert falha.falha is Falha.RESPOSTA
    assert "esperado o CPF consultado" in str(falha) and "11144477735" not in str(falha)


def test_the_same_boleto_twice_is_one_unless_it_says_two_things(api, cliente):
    api.definir(CPF, um_acordo(PRIMEIRO, PRIMEIRO))
    (acordo,) = cliente.consultar(CPF)
    assert len(acordo.boletos) == 1

    api.definir(CPF, um_acordo(PRIMEIRO, replace(PRIMEIRO, situacao="pago")))
    assert "duas vezes" in str(falha_de(cliente.consultar, CPF))


# The PDF


def test_a_boleto_without_pdf(api, cliente):
    assert str(falha_de(cliente.pdf, "sem")) == "Resposta inesperada: a empresa não tem o PDF deste boleto"


@pytest.mark.parametrize("numero", ["", ".", "..", "..."])
def test_a_number_cannot_climb_the_path(api, cliente, numero):
    assert "endereço" in str(falha_de(cliente.pdf, numero))
    assert api.conexoes == 0


def test_a_number_is_one_segment_of_the_path(api, cliente):
    for numero in ("../../oauth2", "a?b=c", "a#b", "a%2Fb", "á/é"):
        api.definir(CPF, um_acordo(replace(PRIMEIRO, numero=numero)))
        cliente.consultar(CPF)
        assert cliente.pdf(numero) == PDF


@pytest.mark.parametrize("pdf", [b"<html>", PDF[1:], PDF[:-20], b"%PDF-1.4"])
def test_what_is_not_a_whole_pdf_is_refused(api, cliente, pdf):
    api.definir(CPF, um_acordo(replace(PRIMEIRO, pdf=pdf)))
    cliente.consultar(CPF)

    assert "PDF inteiro" in str(falha_de(cliente.pdf, "B/1"))


def test_a_pdf_has_a_limit_of_its_own(api, cliente):
    api.definir(CPF, um_acordo(replace(PRIMEIRO, pdf=pdf_de(["x" * 1_000_000]))))
    cliente.consultar(CPF)
    assert len(cliente.pdf("B/1")) > 1_000_000

    api.ordenar(OrdemAPI("gigante", rota="pdf"))
    assert "maior que 1024 KB" in str(falha_de(cliente.pdf, "B/1"))


def test_a_pdf_fails_as_a_question_does(api, cliente):
    cliente.consultar(CPF)
    for ordem, falha in (
        (OrdemAPI(status=429, cabecalhos={"Retry-After": "4"}), Falha.LIMITE),
        (OrdemAPI(status=500), Falha.INDISPONIVEL),
        (OrdemAPI("derrubar_no_meio"), Falha.INDISPONIVEL),
        (OrdemAPI("tipo_errado"), Falha.RESPOSTA),
        (OrdemAPI("truncar"), Falha.RESPOSTA),
    ):
        api.limpar()
        api.ordenar(replace(ordem, rota="pdf"))
        assert falha_de(cliente.pdf, "B/1").falha is falha


# What nobody may read


def test_a_server_that_repeats_secret_and_cpf_is_not_quoted(api, cliente, dialeto):
    tudo = f"{CPF} {credenciais(dialeto)['segredo']}"
    for status in (302, 400, 401, 404, 429, 500):
        api.limpar()
        api.ordenar(OrdemAPI(status=status, corpo=tudo, cabecalhos={"Retry-After": CPF, "X-Erro": CPF}))
        falha_de(cliente.consultar, CPF)
    api.limpar()
    api.ordenar(OrdemAPI("lixo", corpo=tudo))
    falha_de(cliente.consultar, CPF)


def test_nothing_is_logged_of_whom_was_asked(api, cliente, dialeto, caplog):
    """Even at DEBUG: the library's own log would have the address."""
    caplog.set_level(logging.DEBUG)
    cliente.consultar(CPF)
    api.ordenar(OrdemAPI("derrubar_antes"))
    falha_de(cliente.consultar, CPF)

    assert CPF not in caplog.text and credenciais(dialeto)["segredo"] not in caplog.text


@pytest.mark.parametrize("dialeto", ["net"])
@pytest.mark.parametrize("segredo", ["chave\r\nX-Outro: 1", "chave\n", "chavé", "\x00"])
def test_a_key_that_a_header_cannot_carry_is_not_shown(api, dialeto, segredo):
    with novo_cliente(api, dialeto, segredo=segredo) as cliente:
        falha = falha_de(cliente.consultar, CPF)

    assert falha.falha is Falha.AUTENTICACAO and segredo not in str(falha)
    assert api.conexoes == 0


class CabecalhosQueGotejam:
    """Accepts one connection and sends a header that never ends, a byte at a time."""

    def __init__(self, servidor):
        self._fim = Event()
        self._thread = Thread(target=self._servir, args=(servidor,), daemon=True)

    def __enter__(self):
        self._thread.start()

    def __exit__(self, *_):
        self._fim.set()
        self._thread.join()

    def _servir(self, servidor):
        servidor.settimeout(5)
        conexao, _ = servidor.accept()
        with conexao:
            conexao.sendall(b"HTTP/1.1 200 OK\r\nX-Longo: ")
            while not self._fim.wait(0.05):
                try:
                    conexao.sendall(b"a")
                except OSError:
                    return
