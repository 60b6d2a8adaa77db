"""What becomes of messages when who sends them is killed with -9, again and again, at random moments.

Each run: messages wait in a database; one or more senders deliver them to the sink through M connections; each in its
turn, a sender that is delivering is killed after a random while and started again, as its own documentation says. In
the end all that waits is sent, and what the senders say is compared with what the sink has. The bench knows when a
sender has its connections open; it never looks at the sink's log before the end, so no kill is aimed.
"""

import random
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from subprocess import Popen
from typing import Protocol

from bench import apuracao, processos, sorvedouro

DEMORA_ATE_A_MORTE = (0.0, 2.0)  # seconds from the first open connection; the sink's wait is of 0 to 0.02
PRAZO_PARA_CONECTAR = 90
PRAZO_PARA_ACABAR = 900
PASSO = 0.02
PARTE_NA_JANELA = 0.3  # of the kills: 15 of 50


class MensagensAcabaram(Exception):
    """Everything was sent before the last kill: the run needs more messages."""


class Alvo(Protocol):
    """Who sends: Avisa, or what it is compared with. `preparar` comes first and `encerrar` last."""

    def preparar(self, porta: int, pasta: Path) -> None:
        """Leave the messages waiting, to be delivered to that port of this machine."""

    def iniciar(self, indice: int) -> Popen:
        """Start the sender of that number, for the first time or after it was killed."""

    def pendentes(self) -> int:
        """How many messages are neither sent nor given up."""

    def mensagens(self) -> Mapping[str, apuracao.Mensagem]:
        """What is said of each, by Message-ID."""

    def contagens_erradas(self) -> int:
        """How many of the counts that are kept differ from what is counted."""

    def encerrar(self) -> None:
        """Leave nothing behind."""


@dataclass(frozen=True)
class Cenario:
    nome: str
    mortes: int
    trabalhadores: int = 1
    do_sorvedouro: tuple[str, ...] = ()
    semente: int = 1


@dataclass(frozen=True)
class Resultado:
    mortes: int
    na_janela: int
    conexoes: int
    mensagens: int
    perdidas: int
    repetidas_silenciosas: int
    repetidas: int
    incertas: int
    contagens_erradas: int
    segundos: float

    @property
    def vale(self) -> bool:
        """Whether enough kills fell in the window for the run to say anything."""
        return self.na_janela >= PARTE_NA_JANELA * self.mortes

    @property
    def cumpre(self) -> bool:
        """What the product promises: a crash costs at most one message per open connection, and it is visible."""
        demais = self.mortes and self.incertas > self.mortes * self.conexoes
        return not (self.perdidas or self.repetidas_silenciosas or self.contagens_erradas or demais)


def correr(alvo: Alvo, cenario: Cenario, pasta: Path) -> Resultado:
    """Run one scenario to its end in an empty folder."""
    inicio = time.monotonic()
    opcoes = ("--semente", str(cenario.semente), *cenario.do_sorvedouro)
    with processos.sorvedouro(pasta, *opcoes) as porta:
        try:
            alvo.preparar(porta, pasta)
            mortes = _enviar_tudo(alvo, cenario, porta)
            mensagens, erradas = alvo.mensagens(), alvo.contagens_erradas()
        finally:
            alvo.encerrar()
    passagens = apuracao.ler_registro(pasta / sorvedouro.REGISTRO)
    apurado = apuracao.apurar(mensagens, apuracao.recebidas(pasta / sorvedouro.EMAILS))
    return Resultado(
        mortes=len(mortes),
        na_janela=apuracao.na_janela(passagens, mortes),
        conexoes=apuracao.mais_abertas(passagens),
        mensagens=apurado.mensagens,
        perdidas=apurado.perdidas,
        repetidas_silenciosas=apurado.em_silencio,
        repetidas=apurado.repetidas,
        incertas=apurado.incertas,
        contagens_erradas=erradas,
        segundos=round(time.monotonic() - inicio, 1),
    )


def _enviar_tudo(alvo: Alvo, cenario: Cenario, porta: int) -> list[apuracao.Morte]:
    """Send, kill and start again, then let the rest be sent; return the kills."""
    sorteio = random.Random(cenario.semente)
    vivos = [alvo.iniciar(indice) for indice in range(cenario.trabalhadores)]
    try:
        mortes = []
        while len(mortes) < cenario.mortes:
            qual = sorteio.randrange(len(vivos))
            _ate_enviar(alvo, vivos, qual, porta)
            time.sleep(sorteio.uniform(*DEMORA_ATE_A_MORTE))
            if vivos[qual].poll() is None:
                portas = processos.portas(vivos[qual], porta)
                mortes.append(apuracao.Morte(processos.matar(vivos[qual]), portas))
            vivos[qual] = alvo.iniciar(qual)
        processos.esperar(lambda: _acabou(alvo, vivos), PRAZO_PARA_ACABAR, "enviar o que restou", passo=0.5)
        return mortes
    finally:
        for vivo in vivos:
            processos.parar(vivo)


def _ate_enviar(alvo: Alvo, vivos: list[Popen], qual: int, porta: int) -> None:
    """Wait until that sender has a connection open. One that ended by itself is started again if something waits."""

    def enviando() -> bool:
        if vivos[qual].poll() is not None:
            if not alvo.pendentes():
                raise MensagensAcabaram
            vivos[qual] = alvo.iniciar(qual)
        return bool(processos.portas(vivos[qual], porta))

    try:
        processos.esperar(enviando, PRAZO_PARA_CONECTAR, "abrir conexões", PASSO)
    except processos.NaoTerminou:
        if alvo.pendentes():
            raise
        raise MensagensAcabaram from None


def _acabou(alvo: Alvo, vivos: list[Popen]) -> bool:
    if not alvo.pendentes():
        return True
    for indice, vivo in enumerate(vivos):
        if vivo.poll() is not None:
            vivos[indice] = alvo.iniciar(indice)
    return False
