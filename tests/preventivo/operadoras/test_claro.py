"""Claro's token: one for all, renewed once."""

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from preventivo.operadoras import Falha, FalhaDaOperadora, Interrompida
from preventivo.operadoras.claro import _Token
from simuladores.operadoras import OperadorasSimuladas, OrdemAPI
from tests.preventivo.operadoras.apoio import CPF, PRIMEIRO, credenciais, falha_de, novo_cliente, um_acordo


@pytest.fixture
def dialeto():
    return "claro"


def test_one_token_serves_every_question(api, cliente):
    for _ in range(3):
        cliente.consultar(CPF)
    cliente.pdf("B/1")

    assert api.tokens == 1


def test_many_threads_ask_for_one_token(api, cliente):
    livre = threading.Event()
    api.ordenar(OrdemAPI("demorar", rota="token", ate=livre, vezes=1))
    with ThreadPoolExecutor(8) as threads:
        futuros = [threads.submit(cliente.consultar, CPF) for _ in range(8)]
        livre.set()
        assert all(futuro.result() for futuro in futuros)

    assert api.tokens == 1


def test_a_token_that_is_refused_is_renewed_and_the_question_repeated(api, cliente):
    cliente.consultar(CPF)
    api.vencer_tokens()

    assert len(cliente.consultar(CPF)) == 1
    assert api.tokens == 2
    assert [consulta.status for consulta in api.consultas] == [200, 401, 200]

    api.vencer_tokens()
    assert cliente.pdf("B/1") == PRIMEIRO.pdf
    assert api.tokens == 3


def test_the_new_token_and_the_repeated_question_wait_for_their_moments_too(api, dialeto):
    esperas = []
    api.ordenar(OrdemAPI(status=401, vezes=1))

    with novo_cliente(api, dialeto, esperar=lambda: esperas.append(1) or True) as cliente:
        assert len(cliente.consultar(CPF)) == 1

    assert len(esperas) == api.tokens + api.perguntas == 4


def test_who_stops_while_it_renews_leaves_the_token_to_the_next(api, dialeto):
    momentos = iter([False])
    with novo_cliente(api, dialeto, esperar=lambda: next(momentos, True)) as cliente:
        with pytest.raises(Interrompida):
            cliente.consultar(CPF)
        assert len(cliente.consultar(CPF)) == 1


def test_many_threads_renew_it_once(api, cliente):
    """All are refused with the same token; whoever comes after the renewal uses the new one."""
    cliente.consultar(CPF)
    api.vencer_tokens()
    todos = threading.Event()
    api.ordenar(OrdemAPI("demorar", ate=todos, vezes=10))
    with ThreadPoolExecutor(10) as threads:
        futuros = [threads.submit(cliente.consultar, CPF) for _ in range(10)]
        api.esperar(11)
        todos.set()
        assert all(futuro.result() for futuro in futuros)

    assert api.tokens == 2


def test_a_new_token_refused_is_of_authentication_and_no_third_is_asked(api, cliente):
    api.ordenar(OrdemAPI(status=401))

    assert falha_de(cliente.consultar, CPF).falha is Falha.AUTENTICACAO
    assert (api.tokens, api.perguntas) == (2, 2)


def test_a_token_is_left_before_it_ends(dialeto):
    agora = [1000.0]
    with (
        OperadorasSimuladas(dados={CPF: um_acordo()}, validade=100, **credenciais(dialeto)) as api,
        novo_cliente(api, dialeto, relogio=lambda: agora[0]) as cliente,
    ):
        cliente.consultar(CPF)
        agora[0] += 69
        cliente.consultar(CPF)
        assert api.tokens == 1
        agora[0] += 1
        cliente.consultar(CPF)
        assert api.tokens == 2


def test_a_token_of_a_moment_serves_one_question(dialeto):
    with (
        OperadorasSimuladas(dados={CPF: um_acordo()}, validade=0, **credenciais(dialeto)) as api,
        novo_cliente(api, dialeto) as cliente,
    ):
        cliente.consultar(CPF)
        cliente.consultar(CPF)
        assert api.tokens == 2


@pytest.mark.parametrize(
    ("ordem", "falha", "esperar"),
    [
        (OrdemAPI(status=401), Falha.AUTENTICACAO, None),
        (OrdemAPI(status=429, cabecalhos={"Retry-After": "9"}), Falha.LIMITE, 9),
        (OrdemAPI(status=503), Falha.INDISPONIVEL, None),
        (OrdemAPI(status=404), Falha.RESPOSTA, None),
        (OrdemAPI("derrubar_antes"), Falha.INDISPONIVEL, None),
        (OrdemAPI("lixo"), Falha.RESPOSTA, None),
        (OrdemAPI("tipo_errado"), Falha.RESPOSTA, None),
        (OrdemAPI("gigante"), Falha.RESPOSTA, None),
    ],
)
def test_the_server_of_tokens_fails_as_the_rest_and_the_next_question_tries_again(api, cliente, ordem, falha, esperar):
    ordem.rota, ordem.vezes = "token", 1
    api.ordenar(ordem)

    dita = falha_de(cliente.consultar, CPF)

    assert (dita.falha, dita.esperar) == (falha, esperar)
    assert api.perguntas == 0
    assert len(cliente.consultar(CPF)) == 1


@pytest.mark.parametrize(
    ("corpo", "campo"),
    [
        ({"token_type": "Bearer", "expires_in": 1}, "access_token"),
        ({"access_token": "", "token_type": "Bearer", "expires_in": 1}, "access_token"),
        ({"access_token": "a\r\nX-Outro: 1", "token_type": "Bearer", "expires_in": 1}, "access_token"),
        ({"access_token": 7, "token_type": "Bearer", "expires_in": 1}, "access_token"),
        ({"access_token": "a", "expires_in": 1}, "token_type"),
        ({"access_token": "a", "token_type": "mac", "expires_in": 1}, "token_type"),
        ({"access_token": "a", "token_type": "Bearer"}, "expires_in"),
        ({"access_token": "a", "token_type": "Bearer", "expires_in": "1"}, "expires_in"),
        ({"access_token": "a", "token_type": "Bearer", "expires_in": -1}, "expires_in"),
        ({"access_token": "a", "token_type": "Bearer", "expires_in": True}, "expires_in"),
        ({"access_token": "a", "token_type": "Bearer", "expires_in": 1.5}, "expires_in"),
    ],
)
def test_a_token_that_breaks_the_contract_is_named(api, cliente, corpo, campo):
    api.ordenar(OrdemAPI("lixo", rota="token", corpo=corpo))

    falha = falha_de(cliente.consultar, CPF)

    assert falha.falha is Falha.RESPOSTA and f"campo {campo}:" in str(falha)


def test_who_waits_for_a_renewal_shares_its_failure():
    """A silent server of tokens is waited for once; the next to come tries again."""
    esperando = threading.Semaphore(0)
    pedidos = []

    class Trava:
        def __init__(self):
            self._trava = threading.Lock()

        def __enter__(self):
            esperando.release()
            self._trava.acquire()

        def __exit__(self, *_):
            self._trava.release()

    def pedir():
        pedidos.append(1)
        if len(pedidos) == 1:
            for _ in range(5):  # all five are at the lock, one of them past it
                assert esperando.acquire(timeout=5)
            raise FalhaDaOperadora(Falha.INDISPONIVEL, "sem resposta", 3)
        return "novo", 3600

    token = _Token(pedir, lambda: 0.0)
    token._trava = Trava()

    def falhar():
        with pytest.raises(FalhaDaOperadora) as erro:
            token.valor()
        return str(erro.value), erro.value.esperar

    with ThreadPoolExecutor(5) as threads:
        ditas = {futuro.result() for futuro in [threads.submit(falhar) for _ in range(5)]}

    assert ditas == {("Indisponível: sem resposta", 3)}
    assert len(pedidos) == 1
    assert token.valor() == "novo"


def test_the_id_and_the_secret_are_encoded_as_oauth_has_it(dialeto):
    """RFC 6749, 2.3.1: a colon of the id would end it."""
    usuario, segredo = "a:b c", "ç/+%"
    with (
        OperadorasSimuladas(dados={CPF: um_acordo()}, usuario=usuario, segredo=segredo) as api,
        novo_cliente(api, dialeto, usuario=usuario, segredo=segredo) as cliente,
    ):
        assert len(cliente.consultar(CPF)) == 1
