"""The broker of files gives each message once and whole, however many read and write."""

import threading
from queue import Empty

import pytest
from kombu import Connection

from config import celery  # noqa: F401  puts our transport in the place of kombu's
from config.fila import Channel

MENSAGENS = 1500


@pytest.fixture
def canal(tmp_path):
    opcoes = {f"data_folder_{lado}": str(tmp_path / "mensagens") for lado in ("in", "out")}
    opcoes["control_folder"] = str(tmp_path / "controle")
    for pasta in ("mensagens", "controle"):
        (tmp_path / pasta).mkdir()
    abertas = []

    def novo() -> Channel:
        conexao = Connection("filesystem://", transport_options=opcoes)
        abertas.append(conexao)
        return conexao.channel()

    yield novo
    for conexao in abertas:
        conexao.release()


def test_it_is_the_transport_of_the_broker_of_files(canal):
    assert isinstance(canal(), Channel)


def test_every_message_is_read_once_and_whole_while_others_are_written(canal):
    lidas, falhas, acabou = [], [], threading.Event()

    def escrever():
        meu = canal()
        for numero in range(MENSAGENS):
            meu._put("geral", {"numero": numero, "corpo": "x" * 5000})

    def ler():
        meu = canal()
        while True:
            ultimo = acabou.is_set()
            try:
                lidas.append(meu._get("geral")["numero"])
            except Empty:
                if ultimo:
                    return
            except Exception as erro:
                falhas.append(erro)

    leitores = [threading.Thread(target=ler) for _ in range(3)]
    escritor = threading.Thread(target=escrever)
    for linha in (*leitores, escritor):
        linha.start()
    escritor.join(60)
    acabou.set()
    for linha in leitores:
        linha.join(60)

    assert falhas == []
    assert sorted(lidas) == list(range(MENSAGENS))


def test_a_table_that_is_being_written_is_waited_for(canal, tmp_path):
    meu = canal()
    meu._queue_bind("geral", "geral", "", "geral")
    tabela = tmp_path / "controle" / "geral.exchange"
    inteira = tabela.read_text()
    tabela.write_text("")
    threading.Timer(0.2, tabela.write_text, [inteira]).start()

    assert [fila.queue for fila in meu.get_table("geral")] == ["geral"]


def test_a_queue_gets_only_its_own(canal):
    meu = canal()
    meu._put("envio", {"de": "envio"})

    with pytest.raises(Empty):
        meu._get("geral")
    assert meu._get("envio") == {"de": "envio"}
