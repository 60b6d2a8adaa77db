"""A turn: one slot of one service, one connection, one journal, for some seconds.

Claim a block (`reserva`), then for each message: its moment by the limits of the service, the last check, the journal's
announcement, the body, the journal's line; results go to the database in small batches (`resultados`). A turn that dies
anywhere leaves a journal from which the block is settled (`recuperacao`).
"""

import logging
import platform
import time
from collections import Counter
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime

from django.db import Error as ErroDeBanco
from django.db import transaction
from django.urls import reverse
from django.utils import timezone

from mensageria import alertas, circuito, composicao, consumo, pausas, resultados, rotacao, trabalhador
from mensageria import reserva as reservas
from mensageria.canais.base import Canal as CanalBase
from mensageria.canais.base import Envelope, FalhaDeEnvio, LoteRecusado, Resposta
from mensageria.diario import Cercado, Diario, SemEspaco
from mensageria.estados import DO_SERVICO, Classe, Estado, Motivo
from mensageria.models import Alerta, Canal, Mensagem, Ritmo, Servico
from mensageria.reserva import Bloco, ErroInesperado
from mensageria.resultados import BlocoPerdido, Resultado
from mensageria.ritmo import Limites, quantas_por_pedido
from mensageria.saida import abrir_canal, sem_segredo

log = logging.getLogger(__name__)

PRIMEIRO_BLOCO, MAIOR_BLOCO = 20, 100
SEGUNDOS_DO_BLOCO = 4  # what a block should take, by the rate seen so far
DURACAO_DO_TURNO = 20  # seconds
RESULTADOS_JUNTOS = 20  # written by one transaction
SEGUNDOS_JUNTOS = 1.0
ATRASO_TOLERADO = 0.02  # seconds that a departure may leave after its moment
MAIOR_ESPERA = 2.0  # seconds for the moment of a message; when it is further off the turn ends
QUEDAS_TOLERADAS = 2  # lost connections, or errors that nobody foresaw, in a row
VALIDADE_DA_VERIFICACAO = 8  # seconds; promise 5 allows ten
BLOCO_DA_VARREDURA = 5000
Relogio = Callable[[], datetime]


class PosseExpirada(Exception):
    """The block is no longer ours to send: the lease ran out, the session ended or the journal was taken."""


class CanceladaNaHora(Exception):
    """The last check, right before the body, says that some messages must not leave: {id: motivo}."""

    def __init__(self, motivos: dict[int, str]):
        super().__init__(motivos)
        self.motivos = motivos


class VoltaIntacta(Exception):
    """The limits of the service say much later: it goes back, and the turn ends."""


@dataclass
class Turno:
    """What one turn does, and what came of it."""

    servico: Servico
    vaga: trabalhador.Vaga
    diario: Diario
    canal: CanalBase
    relogio: Relogio
    fim: float  # moment of `time.monotonic`
    parar: Callable[[], bool]
    contagem: Counter = field(default_factory=Counter)
    por_segundo: float = PRIMEIRO_BLOCO / SEGUNDOS_DO_BLOCO
    # Of the block under way, by `_continuo`
    valido_ate: float = 0
    verificado: float = 0
    # Results that the journal has and the database has not
    novos: list[Resultado] = field(default_factory=list)
    escrito: float = 0
    quedas: int = 0
    # What is left of the block, and what a later check said of it: {id: why it must not leave, or "" to go back}
    fila: list[Mensagem] = field(default_factory=list)
    impedidas: dict[int, str] = field(default_factory=dict)
    # Departures granted by the limits and not used yet, and their moment (`time.monotonic`)
    vezes: int = 0
    sai_em: float = 0

    def contar(self, o_que: str, quantas: int) -> None:
        if quantas:
            self.contagem[o_que] += quantas

    def acabou(self) -> bool:
        return self.parar() or time.monotonic() >= self.fim


def _continuo() -> float:
    """Seconds that pass even while the machine sleeps or the process is stopped."""
    return time.clock_gettime(getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC))


def enviar(
    servico: Servico,
    *,
    relogio: Relogio = timezone.now,
    duracao: float = DURACAO_DO_TURNO,
    parar: Callable[[], bool] = lambda: False,
    canal: CanalBase | None = None,
) -> Counter:
    """Send what is due through one slot of a service until nothing is, the time is up or the service fails.

    Return the count by class; empty when there was no slot for this process.
    """
    contagem: Counter = Counter()
    em_prova = circuito.em_prova(servico, relogio())
    try:
        # A service that failed is tried by one connection, with one message.
        with trabalhador.vaga(servico, 0 if em_prova else None) as vaga:
            if vaga is None:
                return contagem
            with Diario() as diario, canal or abrir_canal(servico) as aberto:
                fim = time.monotonic() + duracao
                turno = Turno(servico, vaga, diario, aberto, relogio, fim, parar, contagem)
                _rodar(turno, em_prova)
        if contagem[Classe.ACEITA.value]:  # a whole turn found room for all its blocks
            _alertas_do_diario().update(resolvido_em=relogio())
    except SemEspaco as erro:
        _alertar_sem_espaco(servico, str(erro), relogio())
    except (PosseExpirada, Cercado, BlocoPerdido, trabalhador.SessaoPerdida) as erro:
        log.warning("O turno de %s perdeu a posse: %s", servico, erro or type(erro).__name__)
    except ErroDeBanco:
        raise  # it says nothing about the service; what was sent is in the journal
    except Exception as erro:  # no turn, no message: the service rests, and its page says why
        log.exception("O turno de %s parou.", servico)
        palavras = sem_segredo(servico, f"Erro inesperado: {type(erro).__name__}: {erro}")
        circuito.descansar(servico, palavras, relogio())
    return contagem


def _rodar(turno: Turno, em_prova: bool) -> None:
    tamanho = 1 if em_prova else PRIMEIRO_BLOCO
    while not turno.acabou() and Ritmo.objects.espera(turno.servico) <= MAIOR_ESPERA:
        inicio = _continuo()
        turno.diario.guardar()  # whatever fails from the claim on, the block is settled by it
        bloco = reservas.reservar(turno.vaga, turno.diario.nome, turno.relogio(), tamanho)
        if bloco is None:
            turno.diario.fechar_bloco()
            _conferir_cota(turno)
            return
        turno.verificado = inicio
        turno.valido_ate = inicio + reservas.arrendamento(turno.servico).total_seconds()
        turno.contar("canceladas", bloco.canceladas)
        comeco = time.monotonic()
        if not _enviar_bloco(turno, bloco):
            return
        if bloco.mensagens:  # one that was all cancelled says nothing of the service
            turno.por_segundo = len(bloco.mensagens) / max(time.monotonic() - comeco, 0.01)
        em_prova = em_prova and circuito.em_prova(turno.servico, turno.relogio())
        tamanho = 1 if em_prova else max(1, min(MAIOR_BLOCO, int(turno.por_segundo * SEGUNDOS_DO_BLOCO)))


def _conferir_cota(turno: Turno) -> bool:
    """Whether the service still has quota; when it has none, its senders go to another."""
    agora = turno.relogio()
    if not consumo.esgotado(turno.servico, agora):
        return True
    rotacao.conferir(turno.servico, agora)
    return False


def _enviar_bloco(turno: Turno, bloco: Bloco) -> bool:
    """Send a block and write all that came of it; False when the turn must end.

    When the database cannot be written the journal stays behind, and whoever recovers finishes the block.
    """
    reserva = bloco.reserva
    turno.novos, turno.escrito = [], time.monotonic()
    turno.fila, turno.impedidas, turno.vezes = bloco.mensagens, {}, 0
    try:
        try:
            turno.diario.abrir_bloco(reserva.pk, [m.id for m in bloco.mensagens], turno.canal.lote_maximo)
            seguir = _enviar_mensagens(turno, bloco)
        finally:
            turno.contar("devolvidas", resultados.encerrar(reserva, turno.novos, turno.relogio()))
            turno.diario.fechar_bloco()
    finally:
        bloco.dominios.close()
    return _conferir_cota(turno) and seguir


def _enviar_mensagens(turno: Turno, bloco: Bloco) -> bool:
    """The broken ones first, so that the rest leave in the order that the journal knows."""
    turno.fila = sorted(turno.fila, key=lambda m: m.erro is None)
    while turno.fila and not turno.acabou():
        quebrada = turno.fila[0].erro is not None
        quantas = 1 if quebrada else _juntas(turno)
        grupo, turno.fila = turno.fila[:quantas], turno.fila[quantas:]
        if not _enviar_grupo(turno, _sem_impedidas(turno, grupo)):
            return False
        if len(turno.novos) >= RESULTADOS_JUNTOS or time.monotonic() - turno.escrito > SEGUNDOS_JUNTOS:
            _escrever(turno, bloco)
    return True


def _juntas(turno: Turno) -> int:
    """How many leave at once: never more than the limits give at once."""
    limites = turno.servico.limites
    return (
        turno.canal.lote_maximo if limites == Limites() else min(turno.canal.lote_maximo, quantas_por_pedido(limites))
    )


def _sem_impedidas(turno: Turno, grupo: list[Mensagem]) -> list[Mensagem]:
    """The group without what a later check stopped, which is written."""
    for m in grupo:
        if m.id in turno.impedidas:
            _anotar(turno, Resultado(m.id, motivo=turno.impedidas[m.id]))
            turno.contar("canceladas", bool(turno.impedidas[m.id]))
    return [m for m in grupo if m.id not in turno.impedidas]


def _escrever(turno: Turno, bloco: Bloco) -> None:
    resultados.aplicar(bloco.reserva, turno.novos, turno.relogio())
    turno.novos, turno.escrito = [], time.monotonic()
    if pausados := set(pausas.pausados()):  # one may be paused by what other connections saw
        turno.impedidas |= {m.id: "" for m in turno.fila if m.lote_id in pausados}


# The network


def _enviar_grupo(turno: Turno, grupo: list[Mensagem]) -> bool:
    """Send what leaves together and journal what came of each; False when the service or the turn must stop.

    Every way out after the body left writes a line for each message: what has none goes back as if it had not left.
    """
    inicio, partida = time.monotonic(), _Partida(turno)
    if not grupo:
        return True
    try:
        if grupo[0].erro is not None:
            raise grupo[0].erro
        ditos = turno.canal.enviar_lote([_envelope(m) for m in grupo], lambda: partida.autorizar(grupo))
    except FalhaDeEnvio as falha:
        ditos = [falha] * len(grupo)
    except (CanceladaNaHora, VoltaIntacta, LoteRecusado) as mudanca:
        motivos = getattr(mudanca, "motivos", {})
        _anotar(turno, *(Resultado(m.id, motivo=motivos.get(m.id, "")) for m in grupo))
        turno.contar("canceladas", len(motivos))
        return not isinstance(mudanca, VoltaIntacta)
    except (PosseExpirada, Cercado):
        _anotar(turno, *(Resultado(m.id) for m in grupo))  # announced, and did not leave
        raise
    except (SemEspaco, ErroDeBanco):
        raise  # before the body too
    except BaseException as erro:
        log.exception("O envio das mensagens %s quebrou.", [m.id for m in grupo])
        ditos = [ErroInesperado(Classe.INCERTA if partida.em else Classe.TEMPORARIO, erro)] * len(grupo)
        if not isinstance(erro, Exception):
            _anotar_ditos(turno, grupo, ditos, partida, inicio)
            raise
    _anotar_ditos(turno, grupo, ditos, partida, inicio)
    return _seguir(turno, grupo, ditos)


def _envelope(mensagem: Mensagem) -> Envelope:
    destino = mensagem.contexto["destino"]
    return Envelope(
        chave=mensagem.chave,
        destino=composicao.endereco_ascii(destino) if mensagem.canal == Canal.EMAIL else destino,
        conteudo=mensagem.conteudo,
        remetente=(mensagem.remetente.envelope or mensagem.remetente.email) if mensagem.remetente else "",
    )


class _Partida:
    """The leave to send a body. `em` is when it was given; until then nothing of the body left."""

    def __init__(self, turno: Turno):
        self.turno = turno
        self.em: datetime | None = None

    def autorizar(self, grupo: Sequence[Mensagem]) -> None:
        """The last check of all: no body leaves before its moment, past its limit, on an old check or a lost lease.

        The announcement comes before the look at the lease, so that whoever recovers knows of every body that got past.
        """
        turno = self.turno
        _esperar_a_vez(turno, len(grupo))
        agora = turno.relogio()
        if vencidas := [m for m in grupo if agora >= m.expira_em]:
            raise CanceladaNaHora({m.id: Motivo.PRAZO.value for m in vencidas})
        if _continuo() - turno.verificado > VALIDADE_DA_VERIFICACAO:
            _verificar_de_novo(turno, grupo, agora)
        turno.diario.anunciar([m.id for m in grupo])
        if _continuo() >= turno.valido_ate or not trabalhador.este().viva(turno.vaga):
            raise PosseExpirada
        self.em = agora


def _esperar_a_vez(turno: Turno, quantas: int) -> None:
    """Wait for the moment that the limits of the service give to so many; VoltaIntacta when it is far off.

    Asked when nothing but the body is left, since a departure is exact only if it leaves at its moment. A fast
    connection takes a few at once, and those that it is late for are lost.
    """
    limites = turno.servico.limites
    if limites == Limites():
        return
    if turno.vezes and time.monotonic() - turno.sai_em > ATRASO_TOLERADO:
        turno.vezes = 0
    while turno.vezes < quantas:
        adiante = min(quantas_por_pedido(limites), int(turno.por_segundo * ATRASO_TOLERADO))
        saida = Ritmo.objects.pedir(turno.servico, max(quantas - turno.vezes, adiante), MAIOR_ESPERA)
        if not saida.quantas:
            raise VoltaIntacta
        time.sleep(saida.espera)
        turno.vezes, turno.sai_em = turno.vezes + saida.quantas, time.monotonic()
    turno.vezes -= quantas


def _verificar_de_novo(turno: Turno, grupo: Sequence[Mensagem], agora: datetime) -> None:
    """Ask the origins once about all that is left of the block; raises what the answer means to the group."""
    inicio = _continuo()
    todas = [*grupo, *turno.fila]
    motivos, destinos = reservas.verificar(turno.servico.canal, todas, timezone.localdate(agora))
    mudaram = {m.id: "" for m in todas if m.id in destinos and destinos[m.id] != m.destino}
    turno.impedidas |= mudaram | motivos
    turno.verificado = inicio
    if do_grupo := {m.id: motivos[m.id] for m in grupo if m.id in motivos}:
        raise CanceladaNaHora(do_grupo)
    if any(m.id in mudaram for m in grupo):
        raise CanceladaNaHora({})


def _anotar_ditos(turno: Turno, grupo: list[Mensagem], ditos: Sequence, partida: _Partida, inicio: float) -> None:
    momento = partida.em or turno.relogio()
    duracao_ms = int((time.monotonic() - inicio) * 1000)
    pares = zip(grupo, ditos, strict=True)
    _anotar(turno, *(_resultado(turno, m, dito, momento, duracao_ms) for m, dito in pares))


def _anotar(turno: Turno, *feitos: Resultado) -> None:
    """All known before the first is written: when the journal cannot take one, the database still gets every one."""
    turno.novos += feitos
    for resultado in feitos:
        if resultado.classe:
            turno.contar(Classe(resultado.classe).value, 1)
    for resultado in feitos:
        turno.diario.resultado(resultado.como_linha())


def _resultado(
    turno: Turno, m: Mensagem, dito: Resposta | FalhaDeEnvio, momento: datetime, duracao_ms: int
) -> Resultado:
    falhou = isinstance(dito, FalhaDeEnvio)
    return Resultado(
        m.id,
        classe=(dito.classe if falhou else Classe.ACEITA).value,
        codigo=dito.codigo[:20],
        texto=sem_segredo(turno.servico, dito.texto),
        id_externo="" if falhou else dito.id_externo[:120],
        momento=momento.isoformat(),
        duracao_ms=duracao_ms,
        resumo=composicao.resumo(m.conteudo) if not falhou or dito.classe == Classe.INCERTA else "",
    )


def _seguir(turno: Turno, grupo: list[Mensagem], ditos: Sequence[Resposta | FalhaDeEnvio]) -> bool:
    """What the answers mean to the service; False when it must not be used any more in this turn."""
    seguir = True
    for m, dito in zip(grupo, ditos, strict=True):
        if not isinstance(dito, FalhaDeEnvio):
            turno.quedas = 0
            circuito.acertou(turno.servico, turno.relogio())
            continue
        # A connection lost midway, or a broken step, may be the fault of that message: the second in a row is not.
        suspeita = isinstance(dito, ErroInesperado) or (dito.classe == Classe.REDE and not dito.na_abertura)
        turno.quedas = turno.quedas + 1 if suspeita else 0
        if turno.quedas == QUEDAS_TOLERADAS or (dito.classe in DO_SERVICO and not suspeita):
            _parar_o_servico(turno, m, dito)
            seguir = False
    return seguir


def _parar_o_servico(turno: Turno, mensagem: Mensagem, falha: FalhaDeEnvio) -> None:
    servico, agora = turno.servico, turno.relogio()
    palavras = sem_segredo(servico, f"{falha.classe.label}: {falha}")
    if falha.classe == Classe.COTA:
        consumo.esgotar(servico, sem_segredo(servico, str(falha)), agora)
    elif falha.classe == Classe.REMETENTE and mensagem.remetente is not None:
        rotacao.recusado(mensagem.remetente, servico, palavras, agora)
    elif falha.classe in (Classe.REDE, Classe.AUTENTICACAO):
        circuito.falhou(servico, falha.classe, palavras, agora)
    else:
        circuito.descansar(servico, palavras, agora)


def _alertar_sem_espaco(servico: Servico, erro: str, agora: datetime) -> None:
    """Nothing is sent that cannot be journaled."""
    log.error("O diário de envio não pode ser escrito: %s", erro)
    palavras = f"O diário de envio não pode ser escrito: {erro}"
    circuito.descansar(servico, palavras, agora)
    with suppress(ErroDeBanco):
        if _alertas_do_diario().exists():
            return
        alertas.avisar(
            Alerta.Tipo.DIARIO,
            f"{_PREFIXO_DO_DIARIO}{agora:%Y-%m-%dT%H:%M}",
            agora=agora,
            assunto="Alerta de Disco do Envio",
            titulo="Envio Parado!",
            paragrafos=[
                f"O envio pelo serviço **{servico}** parou: o diário não pode ser escrito ({erro}).",
                "Nenhuma mensagem sai sem ele. Libere espaço no disco do trabalhador; o envio volta sozinho.",
            ],
            caminho=reverse("painel"),
        )


_PREFIXO_DO_DIARIO = f"diario:{platform.node()[:60]}:"


def _alertas_do_diario():
    """Those of this machine: another's disk is another matter."""
    return Alerta.objects.filter(tipo=Alerta.Tipo.DIARIO, resolvido_em=None, chave__startswith=_PREFIXO_DO_DIARIO)


# What time does


def varrer_prazo(agora: datetime) -> int:
    """Cancel what is pending past its limit, a block at a time; return how many. What somebody holds waits."""
    vencidas = Mensagem.objects.filter(estado=Estado.PENDENTE, expira_em__lte=agora).order_by("expira_em")
    total = 0
    while True:
        with transaction.atomic():
            ids = list(vencidas.select_for_update(skip_locked=True).values_list("id", flat=True)[:BLOCO_DA_VARREDURA])
            total += Mensagem.objects.filter(id__in=ids).update(estado=Estado.CANCELADA, motivo=Motivo.PRAZO)
        if len(ids) < BLOCO_DA_VARREDURA:
            return total
