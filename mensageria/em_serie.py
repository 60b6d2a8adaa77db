"""Send a block by one blocking channel, a departure at a time: the SMS gateways, which take one message or a batch."""

import logging
import time
from collections import deque
from collections.abc import Sequence
from datetime import datetime

from django.db import Error as ErroDeBanco

from mensageria import turno as t
from mensageria.canais.base import FalhaDeEnvio, LoteRecusado, Resposta
from mensageria.diario import Cercado, SemEspaco
from mensageria.estados import Classe
from mensageria.reserva import ErroInesperado, Saindo
from mensageria.resultados import Resultado
from mensageria.ritmo import quantas_por_pedido
from mensageria.turno import EmMaos, PosseExpirada, Turno

log = logging.getLogger(__name__)


class NaoSai(Exception):
    """The last check, right before the body, says that some messages must not leave: {id: motivo}."""

    def __init__(self, motivos: dict[int, str]):
        super().__init__(motivos)
        self.motivos = motivos


class VoltaIntacta(Exception):
    """The limits of the service say much later: it goes back, and the turn ends."""


def enviar(turno: Turno, em_maos: EmMaos) -> bool:
    """Send a block; False when the turn must end. The broken ones first, in the order that the journal knows."""
    em_maos.fila = deque(sorted(em_maos.fila, key=lambda m: m.erro is None))
    while em_maos.fila and not turno.acabou():
        quantas = 1 if em_maos.fila[0].erro is not None else _juntas(turno)
        grupo = [em_maos.fila.popleft() for _ in range(min(quantas, len(em_maos.fila)))]
        if not _enviar_grupo(turno, em_maos, _sem_impedidas(turno, em_maos, grupo)):
            return False
        t.escrever(turno, em_maos)
    return True


def _juntas(turno: Turno) -> int:
    """How many leave at once: never more than the limits give at once."""
    maximo = turno.canal.lote_maximo
    return min(maximo, quantas_por_pedido(turno.limites)) if turno.ritmado else maximo


def _sem_impedidas(turno: Turno, em_maos: EmMaos, grupo: list[Saindo]) -> list[Saindo]:
    """The group without what a later check stopped, which is written."""
    impedidas = em_maos.impedidas
    t.anotar(turno, em_maos, [Resultado(m.id, motivo=impedidas[m.id]) for m in grupo if m.id in impedidas])
    return [m for m in grupo if m.id not in impedidas]


def _enviar_grupo(turno: Turno, em_maos: EmMaos, grupo: list[Saindo]) -> bool:
    """Send what leaves together and journal what came of each; False when the service or the turn must stop.

    Every way out after the body left writes a line for each message: what has none goes back as if it had not left.
    """
    inicio, partida = time.monotonic(), _Partida(turno, em_maos)
    if not grupo:
        return True
    try:
        if grupo[0].erro is not None:
            raise grupo[0].erro
        ditos = turno.canal.enviar_lote([t.envelope(m) for m in grupo], lambda: partida.autorizar(grupo))
    except FalhaDeEnvio as falha:
        ditos = [falha] * len(grupo)
    except (NaoSai, VoltaIntacta, LoteRecusado) as mudanca:
        motivos = getattr(mudanca, "motivos", {})
        t.anotar(turno, em_maos, [Resultado(m.id, motivo=motivos.get(m.id, "")) for m in grupo])
        return not isinstance(mudanca, VoltaIntacta)
    except (PosseExpirada, Cercado):
        t.anotar(turno, em_maos, [Resultado(m.id) for m in grupo])  # announced, and did not leave
        raise
    except (SemEspaco, ErroDeBanco):
        raise  # before the body too
    except BaseException as erro:
        log.exception("O envio das mensagens %s quebrou.", [m.id for m in grupo])
        ditos = [ErroInesperado(Classe.INCERTA if partida.em else Classe.TEMPORARIO, erro)] * len(grupo)
        if not isinstance(erro, Exception):
            _anotar_ditos(turno, em_maos, grupo, ditos, partida, inicio)
            raise
    _anotar_ditos(turno, em_maos, grupo, ditos, partida, inicio)
    segue = [t.seguir(turno, m, dito) for m, dito in zip(grupo, ditos, strict=True)]  # each has its consequence
    return all(segue)


class _Partida:
    """The leave to send a body. `em` is when it was given; until then nothing of the body left."""

    def __init__(self, turno: Turno, em_maos: EmMaos):
        self.turno, self.em_maos = turno, em_maos
        self.em: datetime | None = None

    def autorizar(self, grupo: Sequence[Saindo]) -> None:
        self._esperar_a_vez(len(grupo))
        agora, barradas = t.autorizar(self.turno, self.em_maos, grupo, juntas=True)
        if barradas:
            raise NaoSai(barradas)
        self.em = agora

    def _esperar_a_vez(self, quantas: int) -> None:
        while quantas:
            agora_saem = t.vezes(self.turno, quantas)
            if agora_saem is None:
                raise VoltaIntacta
            quantas -= agora_saem
            if quantas and self.turno.saidas:
                time.sleep(max(0.0, self.turno.saidas[0][0] - time.monotonic()))


def _anotar_ditos(
    turno: Turno,
    em_maos: EmMaos,
    grupo: list[Saindo],
    ditos: Sequence[Resposta | FalhaDeEnvio],
    partida: _Partida,
    inicio: float,
) -> None:
    momento = (partida.em or turno.relogio()).isoformat()
    duracao_ms = int((time.monotonic() - inicio) * 1000)
    pares = zip(grupo, ditos, strict=True)
    t.anotar(turno, em_maos, [t.resultado(turno, m, dito, momento, duracao_ms) for m, dito in pares])
