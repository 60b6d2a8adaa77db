"""The journal of a turn: what is written survives its process, and what was not written whole is not believed."""

import fcntl
import os

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mensageria import diario
from mensageria.diario import Cercado, Diario, SemEspaco
from mensageria.resultados import Resultado


@pytest.fixture(autouse=True)
def pasta(settings, tmp_path):
    settings.PASTA_DIARIO = tmp_path / "diario"
    return settings.PASTA_DIARIO


def linha(id_: int, **campos) -> dict:
    return Resultado(id_, "aceita", "250", **campos).como_linha()


def deixar(*escritas, ordem=(1, 2, 3)) -> str:
    """A journal whose process is gone; return its name."""
    with Diario() as aberto:
        aberto.abrir_bloco(7, ordem)
        for escrita in escritas:
            escrita(aberto)
        return aberto.nome


def lido(nome: str) -> diario.Conteudo:
    with diario.cercar(nome) as conteudo:
        return conteudo


# As json wrote them, before orjson did.
ESCRITAS_POR_JSON = """\
c7ca4bed {"reserva":7,"ordem":[1,2],"pid":99}
3b8defff {"saem":[1,2]}
68f7728c {"resultado":{"mensagem":1,"classe":"aceita","codigo":"250","texto":"2.0.0 Ok: fila ção 😀\\u001f",\
"id_externo":"","motivo":"","momento":"2026-11-23T10:00:00+00:00","duracao_ms":12,"resumo":"%s"}}
"""


def test_a_journal_of_the_version_before_is_settled_too(pasta):
    pasta.mkdir()
    (pasta / "antigo.diario").write_text(ESCRITAS_POR_JSON % ("ab" * 32), encoding="utf-8")

    conteudo = lido("antigo")

    assert (conteudo.reserva, conteudo.ordem, conteudo.duvidosas()) == (7, [1, 2], [2])
    assert Resultado(**conteudo.resultados[1]).texto == "2.0.0 Ok: fila ção 😀\x1f"


def test_a_turn_that_ends_well_leaves_no_file(pasta):
    with Diario() as aberto:
        aberto.abrir_bloco(7, [1])
        aberto.resultados([linha(1)])
        aberto.fechar_bloco()

    assert {arquivo.name for arquivo in pasta.iterdir()} == {"maquina"}


def test_what_was_written_is_read_back():
    nome = deixar(
        lambda d: d.anunciar([1]),
        lambda d: d.resultados([linha(1, texto="2.0.0 Ok: fila ção ✓", id_externo="op-1")]),
        lambda d: d.anunciar([2]),
    )

    conteudo = lido(nome)

    assert (conteudo.reserva, conteudo.ordem) == (7, [1, 2, 3])
    assert Resultado(**conteudo.resultados[1]).texto == "2.0.0 Ok: fila ção ✓"
    assert conteudo.duvidosas() == [2], "the third was never announced"
    assert not diario.existe(nome), "it was settled"


def test_of_a_process_that_lives_nobody_takes_the_journal():
    with Diario() as aberto:
        aberto.abrir_bloco(7, [1])
        assert diario.abandonados() == []
    assert [arquivo.stem for arquivo in diario.abandonados()] == [aberto.nome]


def test_a_body_leaves_only_when_its_announcement_and_all_before_it_are_on_the_disk(monkeypatch):
    """Whatever ends here, the power too, then leaves in doubt only what was announced."""
    no_disco = []
    monkeypatch.setattr(diario.os, "fdatasync", lambda fd: no_disco.append(os.pread(fd, 10_000, 0)))
    with Diario() as aberto:
        aberto.abrir_bloco(7, [1, 2])
        aberto.anunciar([1])
        aberto.resultados([linha(1)])
        aberto.anunciar([2])
        aberto.fechar_bloco()

    lidos = [diario._ler(bruto) for bruto in no_disco]
    assert [(c.reserva, c.anunciadas, set(c.resultados)) for c in lidos] == [
        (7, set(), set()),
        (7, {1}, set()),
        (7, {1, 2}, {1}),
    ]


@given(st.integers(0, 3), st.integers(0, 3))
def test_what_is_left_of_the_last_block_is_never_taken_for_the_next_ones(velhas, novas):
    """Equal lines at equal places, too: a block is written over the one before it."""
    with Diario() as aberto:
        for reserva, quantas in ((7, velhas), (8, novas)):
            aberto.abrir_bloco(reserva, [1, 2, 3])
            for id_ in range(1, quantas + 1):
                aberto.anunciar([id_])
                aberto.resultados([linha(id_)])

    conteudo = lido(aberto.nome)

    assert (conteudo.reserva, conteudo.anunciadas) == (8, set(range(1, novas + 1)))
    assert set(conteudo.resultados) == conteudo.anunciadas


@given(corte=st.integers(0, 400))
def test_a_file_cut_anywhere_is_believed_only_as_far_as_it_is_whole(corte):
    conteudo = diario._ler(INTEIRO[:corte])

    assert conteudo.reserva in (None, 7)
    assert set(conteudo.resultados) in (set(), {1})
    if conteudo.resultados:
        assert conteudo.anunciadas >= {1}


def _inteiro() -> bytes:
    bloco = diario._linha({"reserva": 7, "ordem": [1, 2], "pid": 1})
    return bloco + b"".join(
        diario._linha(dados, 7) for dados in ({"saem": [1]}, {"resultado": linha(1)}, {"saem": [2]})
    )


INTEIRO = _inteiro()


@given(posicao=st.integers(0, len(INTEIRO) - 1), byte=st.integers(0, 255))
def test_a_line_that_was_spoilt_ends_what_is_believed(posicao, byte):
    estragado = INTEIRO[:posicao] + bytes([byte]) + INTEIRO[posicao + 1 :]

    conteudo = diario._ler(estragado)

    assert conteudo.resultados in ({}, {1: linha(1)})


def test_the_room_for_a_whole_block_is_taken_before_it_starts(monkeypatch):
    """The longest words that a server may say fit in it, in every alphabet."""
    with Diario() as aberto:
        aberto.abrir_bloco(7, [1, 2])
        tamanho = aberto.caminho.stat().st_size
        for id_ in (1, 2):
            aberto.anunciar([id_])
            longa = "\x01" * 1000
            aberto.resultados([linha(id_, texto=longa, id_externo="\x01" * 120, motivo="é" * 300)])
        assert aberto.caminho.stat().st_size == tamanho
        aberto.fechar_bloco()


def test_without_room_no_block_is_opened(monkeypatch):
    def cheio(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(diario.os, "posix_fallocate", cheio)
    with Diario() as aberto, pytest.raises(SemEspaco):
        aberto.abrir_bloco(7, [1])

    # It was claimed, and none of it left: whoever reads the journal gives it back.
    assert lido(aberto.nome).reserva is None


@pytest.mark.parametrize("passo", ["rename", "fsync", "open"])
def test_a_journal_that_cannot_be_made_leaves_nothing_behind(pasta, monkeypatch, passo):
    diario.maquina()
    abertos = len(os.listdir("/proc/self/fd"))

    def falhar(*_, **__):
        raise OSError(30, "Read-only file system")

    with monkeypatch.context() as troca:
        troca.setattr(diario.os, passo, falhar)
        with pytest.raises(SemEspaco, match="Read-only"):
            Diario()

    assert {arquivo.name for arquivo in pasta.iterdir()} == {"maquina"}
    assert len(os.listdir("/proc/self/fd")) == abertos


def test_who_was_taken_for_dead_may_announce_nothing_more():
    with Diario() as aberto:
        aberto.abrir_bloco(7, [1, 2])
        aberto.anunciar([1])
        with diario.cercar(aberto.nome) as conteudo:
            assert conteudo.duvidosas() == [1]
            with pytest.raises(Cercado):
                aberto.anunciar([2])


def test_a_journal_that_could_not_be_settled_is_found_again():
    nome = deixar()
    with pytest.raises(ZeroDivisionError), diario.cercar(nome):
        raise ZeroDivisionError

    assert [arquivo.stem for arquivo in diario.abandonados()] == [nome]
    assert lido(nome).reserva == 7


def test_one_process_at_a_time_looks_for_the_dead():
    with diario.varredura() as primeira, diario.varredura() as segunda:
        assert (primeira, segunda) == (True, False)
    with diario.varredura() as depois:
        assert depois


def test_the_folder_is_the_machine(pasta, settings, tmp_path):
    esta = diario.maquina()
    assert diario.maquina() == esta

    settings.PASTA_DIARIO = tmp_path / "outra"
    assert diario.maquina() != esta


def test_a_file_is_seen_by_others_only_under_its_lock(pasta):
    with Diario() as aberto, open(aberto.caminho) as de_fora, pytest.raises(BlockingIOError):
        fcntl.flock(de_fora, fcntl.LOCK_SH | fcntl.LOCK_NB)
    assert os.stat(pasta).st_mode & 0o077 == 0
