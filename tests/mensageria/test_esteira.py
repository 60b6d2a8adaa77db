"""Many connections in one loop, against a server on real sockets that fails to order: each message is told once."""

import itertools
import socket
import time
from collections import Counter, deque

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mensageria.canais.base import Envelope, FalhaDeEnvio, Resposta
from mensageria.canais.esteira import Esteira, Evento
from mensageria.canais.esteiras import Esteiras
from mensageria.canais.smtp import CanalSMTP
from mensageria.estados import Classe
from simuladores.smtp import Ordem, ServidorSMTP
from tests.mensageria.test_canal_smtp import contextos  # noqa: F401

PRAZO = 10  # seconds of a whole conversation, on a machine that is busy


def envelope(numero: int, conteudo: bytes = b"Subject: oi\r\n\r\n.ponto\r\ncorpo\r\n") -> Envelope:
    return Envelope(f"c{numero}", f"cliente{numero}@exemplo.com.br", conteudo, "avisos@exemplo.com.br")


def canal_de(servidor: ServidorSMTP, **campos) -> CanalSMTP:
    return CanalSMTP(**{"host": servidor.host, "porta": servidor.porta, "prazo": 2} | campos)


class Conducao:
    """The least that a conductor does: every body leaves at once, and what came back goes again."""

    def __init__(self, canal: CanalSMTP, envelopes, conexoes: int = 1, *, em_grupo: bool = True):
        self.fila, self.em_grupo = deque(enumerate(envelopes)), em_grupo
        self.ditos: dict[int, list] = {}
        self.escritas = 0
        with Esteiras(canal, conexoes) as esteiras:
            self.esteiras = esteiras
            self._conduzir(time.monotonic() + PRAZO)

    def _conduzir(self, fim: float) -> None:
        while self.fila or any(not esteira.ociosa for esteira in self.esteiras):
            assert time.monotonic() < fim, "the conversation does not end"
            if self.esteiras.nenhuma and self.esteiras.falhas:
                numero, _ = self.fila.popleft()
                self.ditos.setdefault(numero, []).append(self.esteiras.falhas.pop())
            self.esteiras.abrir_ate(len(self.fila))
            for esteira in self.esteiras:
                if esteira.ociosa and not esteira.restam:
                    self.esteiras.fechar(esteira)
                elif esteira.ociosa and (carta := self._proxima(esteira)):
                    self._ouvir(esteira, esteira.entrar(carta))
            for esteira, eventos in self.esteiras.esperar(time.monotonic() + 0.05):
                self._ouvir(esteira, eventos)

    def _proxima(self, esteira):
        return esteira.carta(*self.fila.popleft()) if self.fila else None

    def _ouvir(self, esteira, eventos) -> None:
        for evento in eventos:
            numero = evento.carta.dono
            if evento.volta:
                self.fila.appendleft((numero, evento.carta.envelope))
            elif evento.dito is not None:
                self.ditos.setdefault(numero, []).append(evento.dito)
            elif esteira.aberta:
                segue = esteira.em_grupo and esteira.restam > 1
                self._ouvir(esteira, esteira.partir(self._proxima(esteira) if segue else None))
        if not esteira.aberta:
            self.esteiras.fechar(esteira)

    def classes(self) -> Counter:
        assert all(len(ditos) == 1 for ditos in self.ditos.values()), "a message is told of twice"
        return Counter("ACEITA" if isinstance(d[0], Resposta) else d[0].classe.name for d in self.ditos.values())


def conduzir(servidor: ServidorSMTP, quantas: int, conexoes: int = 1, **do_canal) -> Conducao:
    return Conducao(canal_de(servidor, **do_canal), map(envelope, range(quantas)), conexoes)


@pytest.fixture
def servidor():
    with ServidorSMTP() as aberto:
        yield aberto


@pytest.mark.parametrize("sem", [(), ("PIPELINING",), ("SIZE",)])
def test_each_message_arrives_once_and_as_it_was(sem):
    with ServidorSMTP(sem_extensoes=sem) as servidor:
        conducao = conduzir(servidor, 30, conexoes=3)

        assert conducao.classes() == {"ACEITA": 30}
        recebidas = servidor.esperar(30)
    assert sorted(r.destinos[0] for r in recebidas) == sorted(envelope(n).destino for n in range(30))
    assert {r.conteudo for r in recebidas} == {envelope(0).conteudo}
    assert servidor.conexoes == 3


def test_a_message_takes_one_round_trip_when_the_server_allows_it(servidor, monkeypatch):
    """Its body and the commands of the next leave in one write."""
    escritas = []

    class Contada(CanalSMTP):
        def abrir(self):
            smtp = super().abrir()
            verdadeira = smtp.sock

            class Tomada:
                def __getattr__(self, nome):
                    return getattr(verdadeira, nome)

                def send(self, dados):
                    escritas.append(bytes(dados))
                    return verdadeira.send(dados)

            smtp.sock = Tomada()
            return smtp

    Conducao(Contada(host=servidor.host, porta=servidor.porta), map(envelope, range(20)))

    assert len(escritas) == 21
    assert all(escrita.endswith(b"DATA\r\n") for escrita in escritas[:-1])


def test_a_server_without_pipelining_is_told_one_thing_at_a_time():
    with ServidorSMTP(sem_extensoes=("PIPELINING",)) as servidor:
        servidor.ordenar(Ordem("MAIL", "aos_pedacos", bytes_=1, segundos=0.001))
        assert conduzir(servidor, 3).classes() == {"ACEITA": 3}


def test_a_connection_is_renewed_after_its_messages(servidor):
    assert conduzir(servidor, 10, mensagens_por_conexao=3).classes() == {"ACEITA": 10}
    assert servidor.conexoes == 4


@pytest.mark.parametrize("sem", [(), ("PIPELINING",)])
@pytest.mark.parametrize("comando", ["MAIL", "RCPT", "DATA", "BODY"])
@pytest.mark.parametrize("codigo", [450, 550])
def test_a_refusal_is_of_its_own_message_and_the_connection_goes_on(sem, comando, codigo):
    with ServidorSMTP(sem_extensoes=sem) as servidor:
        servidor.ordenar(Ordem(comando, codigo=codigo, texto="nao", vezes=1, depois_de=2))
        conducao = conduzir(servidor, 6)

    falhas = [d[0] for d in conducao.ditos.values() if isinstance(d[0], FalhaDeEnvio)]
    assert [falha.codigo for falha in falhas] == [str(codigo)]
    assert servidor.aceitas == 5 and servidor.conexoes == 1


@pytest.mark.parametrize("sem", [(), ("PIPELINING",)])
@pytest.mark.parametrize("comando", ["MAIL", "RCPT", "DATA", "BODY"])
def test_a_server_that_says_goodbye_costs_no_other_message(sem, comando):
    with ServidorSMTP(sem_extensoes=sem) as servidor:
        servidor.ordenar(Ordem(comando, codigo=421, texto="ate logo", vezes=1, depois_de=2))
        conducao = conduzir(servidor, 6)

    assert sum(isinstance(d[0], FalhaDeEnvio) for d in conducao.ditos.values()) == 1
    assert servidor.aceitas == 5


@pytest.mark.parametrize("acao", ["derrubar", "aceitar_e_derrubar"])
def test_of_a_drop_after_the_body_only_that_body_is_in_doubt(servidor, acao):
    servidor.ordenar(Ordem("BODY", acao, vezes=1, depois_de=2))

    assert conduzir(servidor, 6).classes() == {"ACEITA": 5, "INCERTA": 1}
    assert Counter(r.destinos for r in servidor.recebidas).most_common(1)[0][1] == 1


@pytest.mark.parametrize("comando", ["MAIL", "RCPT", "DATA"])
def test_a_drop_before_the_body_is_of_the_network(servidor, comando):
    servidor.ordenar(Ordem(comando, "derrubar", padrao="cliente3@" if comando == "RCPT" else "", vezes=1, depois_de=3))

    assert conduzir(servidor, 6).classes() in ({"ACEITA": 5, "REDE": 1}, {"ACEITA": 6})


@pytest.mark.parametrize("conexoes", [1, 2])
def test_a_body_that_is_never_answered_is_in_doubt_after_its_time(servidor, conexoes):
    servidor.ordenar(Ordem("BODY", "demorar", segundos=3, vezes=1))

    assert conduzir(servidor, 4, conexoes=conexoes, prazo=1).classes() == {"ACEITA": 3, "INCERTA": 1}


def test_a_loss_is_told_in_the_words_of_the_operator(servidor):
    servidor.ordenar(Ordem("BODY", "demorar", segundos=3, vezes=1))
    servidor.ordenar(Ordem("BODY", "derrubar", vezes=1))

    conducao = conduzir(servidor, 3, prazo=1)

    palavras = {d[0].texto for d in conducao.ditos.values() if isinstance(d[0], FalhaDeEnvio)}
    assert palavras == {"O servidor não respondeu no prazo.", "A conexão com o servidor caiu."}


def test_a_server_that_lets_nobody_in_fails_each_of_those_that_ask(servidor):
    servidor.ordenar(Ordem("CONNECT", "derrubar"))

    assert conduzir(servidor, 2, conexoes=2).classes() == {"REDE": 2}


def test_while_one_connection_works_those_that_the_server_refuses_are_missed_by_nobody(servidor):
    servidor.ordenar(Ordem("CONNECT", codigo=421, texto="conexoes demais", vezes=2))

    assert conduzir(servidor, 12, conexoes=3).classes() == {"ACEITA": 12}


def test_replies_in_pieces_and_of_many_lines_are_read_whole(servidor):
    servidor.ordenar(Ordem("BODY", "aos_pedacos", bytes_=1, segundos=0.0005))

    assert conduzir(servidor, 5).classes() == {"ACEITA": 5}


class _Aberta:
    """A connection as smtplib leaves it, to a server that is the other end of it."""

    def __init__(self):
        self.sock, self.servidor = socket.socketpair()

    def has_extn(self, _) -> bool:
        return True

    def close(self) -> None:
        self.sock.close()


def respondida(*pedacos: bytes) -> list[Evento]:
    """What is told of a message whose commands were answered so, piece by piece."""
    aberta = _Aberta()
    with aberta.sock, aberta.servidor:
        esteira = Esteira(aberta, prazo=5, mensagens=10)
        eventos = esteira.entrar(esteira.carta("dono", envelope(0)))
        for pedaco in pedacos:
            aberta.servidor.sendall(pedaco)
            eventos += esteira.ouvir()
    return eventos


RESPOSTAS = b"250-primeira linha\r\n250-\r\n250 2.1.0 Ok\r\n250 2.1.5 Ok\r\n354-vai\r\n354 vai\r\n"


@given(st.sets(st.integers(1, len(RESPOSTAS) - 1)))
def test_replies_are_the_same_wherever_they_are_cut(cortes):
    limites = [0, *sorted(cortes), len(RESPOSTAS)]

    eventos = respondida(*[RESPOSTAS[de:ate] for de, ate in itertools.pairwise(limites)])

    assert [(evento.dito, evento.volta) for evento in eventos] == [(None, False)]


@pytest.mark.parametrize(
    ("resposta", "palavras"),
    [
        (b"2" * 70_000, "longa demais"),
        (b"250-" + b"x" * 60 + b"\r\n", "longa demais"),
        (b"250-\r\n", "longa demais"),
        (b"250-uma linha\r\nlixo\r\n", "lixo"),
    ],
)
def test_a_reply_without_an_end_or_without_sense_ends_the_connection(resposta, palavras):
    pedacos = [resposta] if "longa" not in palavras else [(resposta * 60_000)[:60_000]] * 2

    eventos = respondida(*pedacos)

    assert len(eventos) == 1 and palavras in eventos[0].dito.texto


def test_a_large_body_leaves_whole_over_tls(contextos):  # noqa: F811
    do_servidor, do_cliente = contextos
    grande = b"Subject: grande\r\n\r\n" + b"linha\r\n" * 500_000
    with ServidorSMTP(tls=do_servidor, tls_implicito=True) as servidor:
        canal = canal_de(servidor, seguranca="tls", contexto_tls=do_cliente, host="127.0.0.1", prazo=8)
        conducao = Conducao(canal, [envelope(0, grande), envelope(1)])

        assert conducao.classes() == {"ACEITA": 2}
        assert {len(r.conteudo) for r in servidor.recebidas} == {len(grande), len(envelope(1).conteudo)}


def test_an_address_that_would_change_a_command_never_reaches_the_server(servidor):
    hostil = Envelope("c", "a@b.com>\r\nRSET", b"x", "avisos@exemplo.com.br")
    with Esteiras(canal_de(servidor), 1) as esteiras:
        esteiras.abrir_ate(1)
        while esteiras.abrindo:
            list(esteiras.esperar(time.monotonic() + 0.05))
        [esteira] = esteiras
        with pytest.raises(FalhaDeEnvio) as falha:
            esteira.carta(1, hostil)
    assert falha.value.classe == Classe.ENDERECO
    assert all("RSET" not in linha for _, linha in servidor.comandos)


FALTAS = st.builds(
    Ordem,
    comando=st.sampled_from(["CONNECT", "MAIL", "RCPT", "DATA", "BODY"]),
    acao=st.sampled_from(["recusar", "derrubar", "aceitar_e_derrubar", "descartar_resto", "derrubar_depois"]),
    codigo=st.sampled_from([421, 450, 550]),
    vezes=st.integers(1, 2),
    depois_de=st.integers(0, 8),
)


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(faltas=st.lists(FALTAS, max_size=4), conexoes=st.integers(1, 3), em_grupo=st.booleans())
def test_whatever_the_server_does_what_it_kept_is_accepted_or_in_doubt(faltas, conexoes, em_grupo):
    """No message is told of twice, none is kept twice unless in doubt, and none that is accepted is missing."""
    with ServidorSMTP(ordens=faltas, sem_extensoes=() if em_grupo else ("PIPELINING",)) as servidor:
        conducao = conduzir(servidor, 12, conexoes, prazo=1)
        guardadas = Counter(r.destinos[0] for r in servidor.recebidas)

    conducao.classes()
    assert conducao.ditos.keys() == set(range(12))
    for numero, (dito,) in conducao.ditos.items():
        vezes = guardadas[envelope(numero).destino]
        if isinstance(dito, Resposta):
            assert vezes == 1
        else:
            assert vezes == 0 or dito.classe == Classe.INCERTA
