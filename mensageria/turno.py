"""What every way of sending shares: the leave to send a body, and what is done with what came of it.

A turn holds some slots of one service for some seconds. It takes blocks (`reserva`), each with a journal of its own;
`em_serie` and `em_paralelo` send them.
"""

import time
from collections import Counter, deque
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial

from django.utils import timezone

from mensageria import circuito, composicao, consumo, pausas, resultados, rotacao, trabalhador
from mensageria import reserva as reservas
from mensageria.ao_lado import AoLado
from mensageria.canais.base import Canal as CanalBase
from mensageria.canais.base import Envelope, FalhaDeEnvio, Resposta
from mensageria.diario import Diario
from mensageria.estados import DO_SERVICO, Classe, Motivo
from mensageria.models import Canal, Ritmo, Servico
from mensageria.reserva import Bloco, ErroInesperado, Saindo
from mensageria.resultados import Resultado
from mensageria.ritmo import Limites, quantas_por_pedido
from mensageria.saida import sem_segredo

# Results are written when there are so many, or so long after the last ones; the journal has them meanwhile.
RESULTADOS_JUNTOS, SEGUNDOS_JUNTOS = 1000, 0.5
ATRASO_TOLERADO = 0.02  # seconds that a departure may leave after its moment
SAIDAS_EM_MAOS = 2  # departures, or groups of them, asked for ahead of their moment
MAIOR_ESPERA = 2.0  # seconds for the moment of a message; when it is further off the turn ends
QUEDAS_TOLERADAS = 2  # lost connections, or errors that nobody foresaw, in a row
VALIDADE_DA_VERIFICACAO = 8  # seconds; promise 5 allows ten
Relogio = Callable[[], datetime]
_CONTINUO = getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC)


class PosseExpirada(Exception):
    """The block is no longer ours to send: the lease ran out, the session ended or the journal was taken."""


@dataclass
class Turno:
    """What one turn does, and what came of it."""

    servico: Servico
    vagas: list[trabalhador.Vaga]
    canal: CanalBase
    diarios: ExitStack
    ao_lado: AoLado
    relogio: Relogio
    fim: float  # moment of `time.monotonic`
    parar: Callable[[], bool]
    contagem: Counter = field(default_factory=Counter)
    diarios_livres: list[Diario] = field(default_factory=list)  # those that no block uses now
    escrita: Future | None = None  # of results, beside the sending
    fechamentos: list[Future] = field(default_factory=list)  # of blocks: whether the turn goes on
    quedas: int = 0
    # Departures granted by the limits and not used yet: (moment by `time.monotonic`, how many), the first one first
    saidas: deque[tuple[float, int]] = field(default_factory=deque)

    def __post_init__(self):
        self.limites = self.servico.limites
        self.ritmado = self.limites != Limites()
        self.segredo = partial(sem_segredo, self.servico)
        self.trabalhador = trabalhador.este()

    def contar(self, o_que: str, quantas: int = 1) -> None:
        if quantas:
            self.contagem[o_que] += quantas

    def acabou(self) -> bool:
        return self.parar() or time.monotonic() >= self.fim


@dataclass
class EmMaos:
    """A block under way."""

    bloco: Bloco
    diario: Diario
    verificado: float  # when the origins were last asked, and until when the lease holds: by `continuo`
    valido_ate: float
    fila: deque[Saindo]
    na_frente: dict[int, Saindo] = field(default_factory=dict)  # announced to a server, their body still here
    novos: list[Resultado] = field(default_factory=list)  # that the journal has and the database has not
    escrito: float = field(default_factory=time.monotonic)
    anunciadas: set[int] = field(default_factory=set)  # in the journal, ahead of their moment
    # What a later check said of what is left: {id: why it must not leave, or "" to go back}
    impedidas: dict[int, str] = field(default_factory=dict)
    fecha_em: datetime | None = None  # when the first window of contact of what is here closes

    def __post_init__(self):
        self.fecha_em = min((m.fecha_em for m in self.fila if m.fecha_em), default=None)

    @property
    def ainda_aqui(self) -> list[Saindo]:
        """Whose body did not leave."""
        return [*self.na_frente.values(), *self.fila]


def continuo() -> float:
    """Seconds that pass even while the machine sleeps or the process is stopped."""
    return time.clock_gettime(_CONTINUO)


# Before a body


def envelope(mensagem: Saindo) -> Envelope:
    """Raises NaoCompoe for an address that no server would take."""
    return Envelope(
        chave=mensagem.chave,
        destino=composicao.endereco_ascii(mensagem.para) if mensagem.canal == Canal.EMAIL else mensagem.para,
        conteudo=mensagem.conteudo,
        remetente=(mensagem.remetente.envelope or mensagem.remetente.email) if mensagem.remetente else "",
    )


def vezes(turno: Turno, quantas: int) -> int | None:
    """How many of so many bodies that wait may leave now by the limits of the service; None when none may for long.

    With 0, some may at the moment of `turno.saidas[0]`. Asked when nothing but the body is left, since a departure is
    exact only if it leaves at its moment; those that the turn is late for are lost.
    """
    if not turno.ritmado:
        return quantas
    if devidas := _devidas(turno, quantas):
        return devidas
    pedir_saidas(turno, quantas)
    return _devidas(turno, quantas) if turno.saidas else None


def _devidas(turno: Turno, quantas: int) -> int:
    """Take up to so many of the departures whose moment is now. Nothing may stand between this and the bodies."""
    saidas, agora = turno.saidas, time.monotonic()
    while saidas and agora - saidas[0][0] > ATRASO_TOLERADO:
        saidas.popleft()
    if not saidas or agora < saidas[0][0]:
        return 0
    sai_em, concedidas = saidas.popleft()
    if concedidas > quantas:
        saidas.appendleft((sai_em, concedidas - quantas))
    return min(quantas, concedidas)


def pedir_saidas(turno: Turno, quantas: int) -> None:
    """Ask ahead for the departures of so many bodies that wait: the time until then is the database's and the disk's.

    The row may have to be waited for, so this is for when no departure is due.
    """
    if not turno.ritmado:
        return
    while len(turno.saidas) < SAIDAS_EM_MAOS and (faltam := quantas - sum(n for _, n in turno.saidas)) > 0:
        saida = Ritmo.objects.pedir(turno.servico, min(faltam, quantas_por_pedido(turno.limites)), MAIOR_ESPERA)
        if not saida.quantas:
            break
        # Counted from the answer: the service's row may have been waited for, and the way back is short.
        turno.saidas.append((time.monotonic() + saida.espera, saida.quantas))


def autorizar(
    turno: Turno, em_maos: EmMaos, grupo: Sequence[Saindo], *, juntas: bool = False
) -> tuple[datetime, dict[int, str]]:
    """The last check of all: no body leaves past its limit or its window, on an old check or a lost lease.

    Return the moment, and those of the group that must not leave: {id: motivo, or "" to go back}. The others have been
    announced before the look at the lease, so that whoever recovers knows of every body that got past it. Where all
    leave together, none leaves without the others.
    Raises PosseExpirada, Cercado or SemEspaco: none leaves.
    """
    agora = turno.relogio()
    fechar_janelas(em_maos, agora)
    verificar_se_velha(turno, em_maos, grupo)
    barradas = {m.id: em_maos.impedidas[m.id] for m in grupo if m.id in em_maos.impedidas}
    barradas |= {m.id: "" for m in grupo if m.fecha_em and agora >= m.fecha_em}
    barradas |= {m.id: Motivo.PRAZO.value for m in grupo if agora >= m.expira_em}
    saem = [] if barradas and juntas else [m.id for m in grupo if m.id not in barradas]
    if saem:
        anunciar(em_maos, saem)
        em_maos.anunciadas.difference_update(saem)
        if continuo() >= em_maos.valido_ate or not turno.trabalhador.viva(turno.vagas[0]):
            raise PosseExpirada
    return agora, barradas


def anunciar(em_maos: EmMaos, ids: Sequence[int]) -> None:
    """Have the journal know that these are about to leave, once. Raises Cercado or SemEspaco."""
    if novas := [id_ for id_ in ids if id_ not in em_maos.anunciadas]:
        em_maos.diario.anunciar(novas)
        em_maos.anunciadas.update(novas)


def fechar_janelas(em_maos: EmMaos, agora: datetime) -> None:
    """What is still here when its window of contact closes goes back."""
    if em_maos.fecha_em is None or agora < em_maos.fecha_em:
        return
    aqui = [m for m in em_maos.ainda_aqui if m.fecha_em]
    em_maos.impedidas |= {m.id: "" for m in aqui if agora >= m.fecha_em}
    em_maos.fecha_em = min((m.fecha_em for m in aqui if agora < m.fecha_em), default=None)


def verificar_se_velha(turno: Turno, em_maos: EmMaos, grupo: Sequence[Saindo] = ()) -> None:
    """When their last answer is old, ask the origins once about all of the block whose body is still here."""
    inicio = continuo()
    if inicio - em_maos.verificado <= VALIDADE_DA_VERIFICACAO:
        return
    todas = list(({m.id: m for m in grupo} | em_maos.na_frente).values()) + list(em_maos.fila)
    motivos, destinos = reservas.verificar(turno.servico.canal, todas, timezone.localdate(turno.relogio()))
    mudaram = {m.id: "" for m in todas if m.id in destinos and destinos[m.id] != m.destino}
    em_maos.impedidas |= mudaram | motivos
    em_maos.verificado = inicio


# After it


def anotar(turno: Turno, em_maos: EmMaos, feitos: Sequence[Resultado]) -> None:
    """All known before they are written: when the journal cannot take them, the database still gets every one."""
    em_maos.novos += feitos
    for resultado in feitos:
        if resultado.classe:
            turno.contar(resultado.classe)
        elif resultado.motivo:
            turno.contar("canceladas")
    if feitos:
        em_maos.diario.resultados([resultado.como_linha() for resultado in feitos])


def resultado(turno: Turno, m: Saindo, dito: Resposta | FalhaDeEnvio, momento: str, duracao_ms: int) -> Resultado:
    falhou = isinstance(dito, FalhaDeEnvio)
    return Resultado(
        m.id,
        classe=(dito.classe if falhou else Classe.ACEITA).value,
        codigo=dito.codigo[:20],
        texto=turno.segredo(dito.texto),
        id_externo="" if falhou else dito.id_externo[:120],
        momento=momento,
        duracao_ms=duracao_ms,
        resumo=m.resumo if not falhou or dito.classe == Classe.INCERTA else "",
    )


def escrever(turno: Turno, em_maos: EmMaos) -> None:
    """Results go to the database beside the sending, as many as came while the last ones were written."""
    _depois_de_escritos(turno, em_maos)
    juntos = len(em_maos.novos)
    if turno.escrita is None and (
        juntos >= RESULTADOS_JUNTOS or (juntos and time.monotonic() - em_maos.escrito > SEGUNDOS_JUNTOS)
    ):
        novos, em_maos.novos, em_maos.escrito = em_maos.novos, [], time.monotonic()
        turno.escrita = turno.ao_lado.escrever(_aplicar, turno, em_maos, novos)
        _depois_de_escritos(turno, em_maos)


def _depois_de_escritos(turno: Turno, em_maos: EmMaos) -> None:
    """A lote may be paused by what other connections saw."""
    if turno.escrita is not None and turno.escrita.done():
        escrita, turno.escrita = turno.escrita, None
        impedir(em_maos, escrita.result())


def impedir(em_maos: EmMaos, pausados: set[int]) -> None:
    """What is still here of a lote that paused goes back."""
    if pausados:
        em_maos.impedidas |= {m.id: "" for m in em_maos.ainda_aqui if m.lote_id in pausados}


def _aplicar(turno: Turno, em_maos: EmMaos, novos: list[Resultado]) -> set[int]:
    resultados.aplicar(em_maos.bloco.reserva, novos, turno.relogio())
    return set(pausas.pausados())


def seguir(turno: Turno, m: Saindo, dito: Resposta | FalhaDeEnvio) -> bool:
    """What the answer means to the service; False when it must not be used any more in this turn."""
    if not isinstance(dito, FalhaDeEnvio):
        turno.quedas = 0
        if turno.servico.falhas_seguidas:
            circuito.acertou(turno.servico, turno.relogio())
        return True
    # A connection lost midway, or a broken step, may be the fault of that message: the second in a row is not.
    perda = dito.classe == Classe.INCERTA or (dito.classe == Classe.REDE and not dito.na_abertura)
    suspeita = perda or isinstance(dito, ErroInesperado)
    turno.quedas = turno.quedas + 1 if suspeita else 0
    if turno.quedas == QUEDAS_TOLERADAS or (dito.classe in DO_SERVICO and not suspeita):
        _parar_o_servico(turno, m, dito)
        return False
    return True


def _parar_o_servico(turno: Turno, mensagem: Saindo, falha: FalhaDeEnvio) -> None:
    servico, agora = turno.servico, turno.relogio()
    palavras = turno.segredo(f"{falha.classe.label}: {falha}")
    if isinstance(falha, ErroInesperado):
        circuito.descansar(servico, palavras, agora)
    elif falha.classe == Classe.COTA:
        consumo.esgotar(servico, turno.segredo(str(falha)), agora)
    elif falha.classe == Classe.REMETENTE and mensagem.remetente is not None:
        rotacao.recusado(mensagem.remetente, servico, palavras, agora)
    elif falha.classe in (Classe.REDE, Classe.INCERTA, Classe.AUTENTICACAO):
        classe = Classe.AUTENTICACAO if falha.classe == Classe.AUTENTICACAO else Classe.REDE
        circuito.falhou(servico, classe, turno.segredo(str(falha)) if classe != falha.classe else palavras, agora)
    else:
        circuito.descansar(servico, palavras, agora)
