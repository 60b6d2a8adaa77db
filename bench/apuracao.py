"""What the runs of `quedas` are judged by: the sink's log, the sink's files, and what the sender says of each message.

Pure functions. Moments are nanoseconds of the machine's monotonic clock, the same in every process.
"""

import json
import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum, auto
from pathlib import Path

_ID = re.compile(rb"^Message-ID:\s*(<[^>\r\n]+>)", re.IGNORECASE | re.MULTILINE)


class Fim(Enum):
    """What the sender says of a message when all is over."""

    ENVIADA = auto()
    FALHA = auto()
    CANCELADA = auto()
    INCERTA = auto()
    PENDENTE = auto()


@dataclass(frozen=True)
class Mensagem:
    """A message as its sender knows it; `duvidas`: how many times it was told to be uncertain, whatever it is now."""

    fim: Fim
    duvidas: int = 0


@dataclass
class Passagem:
    """One arrival of a message at the sink: when its body was whole, on the disk, and when its 250 left, if it did."""

    id: str
    conexao: int
    cliente: int  # the sender's port
    abertas: int
    chegada: int
    guardada: int
    confirmada: int | None = None


@dataclass(frozen=True)
class Morte:
    """A kill: its moment, and the ports through which the one that died was connected right before it."""

    momento: int
    portas: frozenset[int]

    def corta(self, passagem: Passagem) -> bool:
        """Whether it fell between the body and its 250."""
        sem_resposta = passagem.confirmada is None or passagem.confirmada > self.momento
        return passagem.cliente in self.portas and passagem.guardada <= self.momento and sem_resposta


@dataclass(frozen=True)
class Apuracao:
    """`perdidas`: never received, and nobody is told. `em_silencio`: received twice with nobody told of any doubt."""

    mensagens: int
    perdidas: int
    repetidas: int
    em_silencio: int
    incertas: int


def message_id(conteudo: bytes) -> str:
    """The Message-ID of a message; ValueError when it has none."""
    cabecalho = conteudo.partition(b"\r\n\r\n")[0]
    if (achado := _ID.search(cabecalho)) is None:
        raise ValueError("mensagem sem Message-ID")
    return achado[1].decode("ascii", "replace")


def ler_registro(arquivo: Path) -> list[Passagem]:
    """The arrivals that the sink logged, in their order."""
    passagens, sem_250 = [], {}
    for linha in arquivo.read_text().splitlines():
        dados = json.loads(linha)
        if "id" in dados:
            sem_250[dados["conexao"]] = passagem = Passagem(**dados)
            passagens.append(passagem)
        else:
            sem_250.pop(dados["conexao"]).confirmada = dados["confirmada"]
    return passagens


def recebidas(pasta: Path) -> Counter:
    """How many times each Message-ID was received, by the sink's files."""
    return Counter(message_id(arquivo.read_bytes()) for arquivo in pasta.glob("*.eml"))


def na_janela(passagens: Sequence[Passagem], mortes: Sequence[Morte]) -> int:
    """How many kills fell between a body and its recorded reply.

    The strict reading: at the kill the sink had a whole body of that sender on its disk and had not written the 250. A
    250 that was on its way, or had arrived and was not recorded yet, is left out, although it is as dangerous.
    """
    return sum(any(morte.corta(passagem) for passagem in passagens) for morte in mortes)


def mais_abertas(passagens: Iterable[Passagem]) -> int:
    """The most connections that were open at once while something arrived."""
    return max((passagem.abertas for passagem in passagens), default=0)


def apurar(mensagens: Mapping[str, Mensagem], chegadas: Mapping[str, int]) -> Apuracao:
    """Compare what the sender says with what the sink has."""
    ditas = (Fim.FALHA, Fim.CANCELADA, Fim.INCERTA)
    repetidas = [id_ for id_ in mensagens if chegadas.get(id_, 0) > 1]
    return Apuracao(
        mensagens=len(mensagens),
        perdidas=sum(m.fim not in ditas and not chegadas.get(id_) for id_, m in mensagens.items()),
        repetidas=len(repetidas),
        em_silencio=sum(not mensagens[id_].duvidas for id_ in repetidas),
        incertas=sum(m.duvidas for m in mensagens.values()),
    )


def pico(momentos: Iterable[int], janela: int) -> int:
    """The most that arrived in any closed window of that length."""
    em_ordem, maximo, primeiro = sorted(momentos), 0, 0
    for ultimo, momento in enumerate(em_ordem):
        while momento - em_ordem[primeiro] > janela:
            primeiro += 1
        maximo = max(maximo, ultimo - primeiro + 1)
    return maximo
