"""The journal of a turn: a file that says what left and what came of it, before the database does.

One block at a time. Lines, each with its CRC and written whole:

    {"reserva": n, "ordem": [ids], "pid": p}    the block; the room for all its lines is taken here
    {"saem": [ids]}                             their bodies are about to leave
    {"resultado": {...}}                        what came of one message

An announcement is on the disk, with all that stands before it, when a body leaves. So whatever ends here, a process or
the power, what may have left without an answer is what was announced and has no result. The next block is written over
the last one, in room that the disk has given already; its lines carry its number in their CRC, by which what is left of
the last one is not taken for its own.

A process that dies leaves the file and lets go of its lock, by which any process of the same machine knows it and
settles the block (`mensageria.recuperacao`). The folder is the machine: it must be on a volume that survives it.
"""

import fcntl
import os
import uuid
import zlib
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

import orjson
from django.conf import settings

VIVO, CERCADO = ".diario", ".cercado"
LINHA_MAXIMA = 4096  # bytes of one result; a server's words are cut to fit
POR_MENSAGEM = LINHA_MAXIMA + 128  # its result and its part of the announcement
PALAVRAS_MAXIMAS = 450  # characters; in JSON each takes six bytes at most


class SemEspaco(Exception):
    """The journal cannot be written: nothing may be sent."""


class Cercado(Exception):
    """Another process took this journal for a dead one's: whoever wrote it may send nothing more."""


def pasta() -> Path:
    """This machine's folder of journals."""
    return Path(settings.PASTA_DIARIO)


def maquina() -> uuid.UUID:
    """Who owns the journals of this folder; made once and kept in it."""
    return _maquina(pasta())


@cache
def _maquina(onde: Path) -> uuid.UUID:
    onde.mkdir(mode=0o700, parents=True, exist_ok=True)
    arquivo, rascunho = onde / "maquina", onde / f".maquina.{uuid.uuid4().hex}"
    if not arquivo.exists():
        with open(rascunho, "w") as aberto:
            aberto.write(str(uuid.uuid4()))
            aberto.flush()
            os.fsync(aberto.fileno())
        with suppress(FileExistsError):  # the first process wins; the others read what it wrote
            os.link(rascunho, arquivo)
        rascunho.unlink()
        _sincronizar_pasta(onde)
    return uuid.UUID(arquivo.read_text().strip())


class Diario:
    """The journal of a turn, under a lock that ends with its process. Closed with a block claimed, it stays behind."""

    def __init__(self, onde: Path | None = None):
        onde = onde or pasta()
        with _sem_espaco():
            maquina()
        self.caminho = onde / f"{uuid.uuid4().hex}{VIVO}"
        self._fim = self._tamanho = self._semente = 0
        self.em_bloco = False
        with _sem_espaco(), ExitStack() as falhou:
            rascunho = self.caminho.with_suffix(".novo")
            self._fd = os.open(rascunho, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600)
            falhou.callback(os.close, self._fd)
            falhou.callback(self.caminho.unlink, missing_ok=True)
            falhou.callback(rascunho.unlink, missing_ok=True)
            fcntl.flock(self._fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
            os.rename(rascunho, self.caminho)  # under its lock already, when others see it
            _sincronizar_pasta(onde)
            self._inode = os.fstat(self._fd).st_ino
            falhou.pop_all()

    @property
    def nome(self) -> str:
        return self.caminho.stem

    def __enter__(self) -> "Diario":
        return self

    def __exit__(self, *_) -> None:
        if not self.em_bloco:
            self.caminho.unlink(missing_ok=True)
        os.close(self._fd)

    def guardar(self) -> None:
        """From here on it stays behind: a claimed block without a journal is one of a lost machine."""
        self.em_bloco = True

    def abrir_bloco(self, reserva: int, ordem: Sequence[int]) -> None:
        """Begin a block. Raises SemEspaco unless everything that will be said of it has its room on the disk."""
        self.conferir_cerca()
        bloco = _linha({"reserva": reserva, "ordem": list(ordem), "pid": os.getpid()})
        self._fim, self._semente = 0, reserva
        self.guardar()
        with _sem_espaco():
            self._tomar_espaco(len(bloco) + len(ordem) * POR_MENSAGEM)
            self._escrever(bloco)
            os.fdatasync(self._fd)

    def anunciar(self, ids: Sequence[int]) -> None:
        """Say that these are about to leave, on the disk, and only then make sure that nobody took us for dead.

        Raises Cercado.
        """
        with _sem_espaco():
            self._escrever(_linha({"saem": list(ids)}, self._semente))
            os.fdatasync(self._fd)
        self.conferir_cerca()

    def resultados(self, linhas: Sequence[dict]) -> None:
        """What came of some messages; on the disk before the next body leaves."""
        cortadas = ({"resultado": dados | {"texto": dados["texto"][:PALAVRAS_MAXIMAS]}} for dados in linhas)
        with _sem_espaco():
            self._escrever(b"".join(_linha(dados, self._semente) for dados in cortadas))

    def fechar_bloco(self) -> None:
        """All that it says is in the database, or nothing was claimed."""
        self.em_bloco = False

    def conferir_cerca(self) -> None:
        """Raises Cercado when the file is no longer where we made it."""
        try:
            if os.stat(self.caminho).st_ino == self._inode:
                return
        except FileNotFoundError:
            pass
        raise Cercado

    def _tomar_espaco(self, tamanho: int) -> None:
        """What a block before this one took is kept: writing over it is the least work for the disk."""
        if tamanho > self._tamanho:
            os.posix_fallocate(self._fd, 0, tamanho)
            self._tamanho = tamanho

    def _escrever(self, linha: bytes) -> None:
        escrito = os.pwrite(self._fd, linha, self._fim)
        if escrito != len(linha):
            raise SemEspaco("escrita incompleta")
        self._fim += escrito


@contextmanager
def _sem_espaco() -> Iterator[None]:
    """Whatever keeps the journal from being written, not only a full disk, keeps messages from being sent."""
    try:
        yield
    except OSError as erro:
        raise SemEspaco(erro.strerror or str(erro)) from erro


# Reading what a dead turn left


@dataclass
class Conteudo:
    """What a journal says of its block; `reserva` is None when it had not begun one."""

    reserva: int | None = None
    ordem: list[int] = field(default_factory=list)
    pid: int = 0
    escrito_em: float = 0  # seconds of the epoch; no body left after it
    anunciadas: set[int] = field(default_factory=set)
    resultados: dict[int, dict] = field(default_factory=dict)

    def duvidosas(self) -> list[int]:
        """What may have left without a word of it here."""
        return [id_ for id_ in self.ordem if id_ in self.anunciadas and id_ not in self.resultados]


def abandonados(onde: Path | None = None) -> list[Path]:
    """The journals whose process is gone, and those that somebody fenced and did not settle."""
    arquivos = sorted((onde or pasta()).glob(f"*{VIVO}")) + sorted((onde or pasta()).glob(f"*{CERCADO}"))
    return [arquivo for arquivo in arquivos if arquivo.suffix == CERCADO or not _tem_dono(arquivo)]


def existe(nome: str) -> bool:
    return any((pasta() / f"{nome}{fim}").exists() for fim in (VIVO, CERCADO))


@contextmanager
def cercar(nome: str) -> Iterator[Conteudo | None]:
    """Take a journal from its turn, dead or not, and read it; forget it when the block ends well.

    From the rename on its writer sends nothing more: it looks for the file after each announcement and before the
    body, so every body that left, or may yet leave, is announced in what is read here. None when there is no such file.
    """
    cercado = pasta() / f"{nome}{CERCADO}"
    with suppress(FileNotFoundError):
        os.rename(pasta() / f"{nome}{VIVO}", cercado)
    try:
        conteudo = _ler(cercado.read_bytes())
        conteudo.escrito_em = cercado.stat().st_mtime
    except FileNotFoundError:
        yield None
        return
    yield conteudo
    cercado.unlink(missing_ok=True)


@contextmanager
def varredura() -> Iterator[bool]:
    """One process of the machine at a time looks for the dead; yields whether it is this one."""
    maquina()
    with open(pasta() / "varredura", "a") as arquivo:
        try:
            fcntl.flock(arquivo, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            yield False
            return
        yield True


def _tem_dono(arquivo: Path) -> bool:
    try:
        with open(arquivo, "rb") as aberto:
            fcntl.flock(aberto, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except OSError:  # it is held, it ended well this very moment, or it is not ours to read
        return True
    return False


def _linha(dados: dict, semente: int = 0) -> bytes:
    corpo = orjson.dumps(dados)
    return b"%08x %s\n" % (_soma(corpo, semente), corpo)


def _soma(corpo: bytes, semente: int) -> int:
    return zlib.crc32(corpo, semente & 0xFFFFFFFF)


def _ler(bruto: bytes) -> Conteudo:
    """What was written whole of the block; the rest of the file is room that it did not use."""
    conteudo = Conteudo()
    for numero, linha in enumerate(bruto.split(b"\n")):
        soma, _, corpo = linha.partition(b" ")
        if not corpo or soma != b"%08x" % _soma(corpo, conteudo.reserva or 0):
            break
        dados = orjson.loads(corpo)
        if not numero:
            conteudo = Conteudo(dados["reserva"], dados["ordem"], dados["pid"])
        elif "saem" in dados:
            conteudo.anunciadas |= set(dados["saem"])
        else:
            resultado = dados["resultado"]
            conteudo.resultados[resultado["mensagem"]] = resultado
    return conteudo


def _sincronizar_pasta(onde: Path) -> None:
    """The name of a new file survives the machine only when its folder is on the disk too."""
    fd = os.open(onde, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(fd)
    finally:
        os.close(fd)
