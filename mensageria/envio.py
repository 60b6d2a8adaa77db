"""A turn: one slot of one service, one connection, one journal, for some seconds.

Claim a block (`reserva`), then for each message: its moment by the limits of the service, the last check, the journal's
announcement, the body, the journal's line; results go to the database in small batches (`resultados`). A turn that dies
anywhere leaves a journal from which the block is settled (`recuperacao`).
"""

import logging
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

from mensageria import alertas, circuito, composicao, consumo, resultados, rotacao, trabalhador
from mensageria import reserva as reservas
from mensageria.canais.base import Canal as CanalBase
from mensageria.canais.base import Envelope, FalhaDeEnvio, Resposta
from mensageria.canais.sms import ADAPTADORES
from mensageria.canais.smtp import CanalSMTP
from mensageria.diario import Cercado, Diario, SemEspaco
from mensageria.estados import DO_SERVICO, Classe, Estado, Motivo
from mensageria.models import Alerta, Canal, Mensagem, Ritmo, Servico, ServicoEmail
from mensageria.reserva import Bloco, ErroInesperado
from mensageria.resultados import Resultado
from mensageria.ritmo import quantas_por_pedido

log = logging.getLogger(__name__)

PRIMEIRO_BLOCO, MAIOR_BLOCO = 20, 100
SEGUNDOS_DO_BLOCO = 4  # what a block should take, by the rate seen so far
DURACAO_DO_TURNO = 20  # seconds
RESULTADOS_JUNTOS = 20  # written by one transaction
SEGUNDOS_JUNTOS = 1.0
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


class DestinoMudou(Exception):
    """The address changed between rendering and body: the message is composed again."""


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
    # Departures granted by the limits and not used yet, and their moment (`time.monotonic`)
    vezes: int = 0
    sai_em: float = 0

    def contar(self, o_que: str, quantas: int) -> None:
        if quantas:
            self.contagem[o_que] += quantas

    def acabou(self) -> bool:
        return self.parar() or time.monotonic() >= self.fim


def sem_segredo(servico: Servico, texto: str) -> str:
    """A server's words without the secret of the service, which some repeat when they refuse it."""
    segredo = servico.senha if servico.canal == Canal.EMAIL else servico.credencial
    return texto.replace(segredo, "***") if len(segredo) > 3 else texto


def _continuo() -> float:
    """Seconds that pass even while the machine sleeps or the process is stopped."""
    return time.clock_gettime(getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC))


def abrir_canal(servico: Servico) -> CanalBase:
    """The channel of a service; nothing is connected yet."""
    if isinstance(servico, ServicoEmail):
        return CanalSMTP(
            host=servico.host,
            porta=servico.porta,
            seguranca=servico.seguranca,
            usuario=servico.usuario,
            senha=servico.senha,
            prazo=servico.prazo,
            mensagens_por_conexao=servico.mensagens_por_conexao,
        )
    return ADAPTADORES[servico.adaptador](
        url=servico.url,
        credencial=servico.credencial,
        remetente=servico.remetente,
        prazo=servico.prazo,
        configuracao=servico.configuracao,
    )


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
    except SemEspaco as erro:
        _alertar_sem_espaco(servico, str(erro), relogio())
    except (PosseExpirada, Cercado, trabalhador.SessaoPerdida) as erro:
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
    try:
        try:
            turno.diario.abrir_bloco(reserva.pk, [m.id for m in bloco.mensagens], turno.canal.lote_maximo)
            seguir = _enviar_mensagens(turno, bloco)
        finally:
            turno.contar("devolvidas", resultados.encerrar(reserva, turno.novos, turno.relogio()))
            turno.diario.fechar_bloco()
    finally:
        bloco.dominios.close()
    consumo.avisos(turno.servico, turno.relogio())
    return _conferir_cota(turno) and seguir


def _enviar_mensagens(turno: Turno, bloco: Bloco) -> bool:
    quebradas = [m for m in bloco.mensagens if m.erro is not None]
    fila = [m for m in bloco.mensagens if m.erro is None]
    grupos = iter([m] for m in quebradas)
    while not turno.acabou():
        if (grupo := next(grupos, None)) is None:
            if not fila:
                return True
            quantas = _vez(turno, min(turno.canal.lote_maximo, len(fila)))
            if not quantas:
                return False
            grupo, fila = fila[:quantas], fila[quantas:]
        if not _enviar_grupo(turno, grupo):
            return False
        if len(turno.novos) >= RESULTADOS_JUNTOS or time.monotonic() - turno.escrito > SEGUNDOS_JUNTOS:
            _escrever(turno, bloco)
    return True


def _escrever(turno: Turno, bloco: Bloco) -> None:
    resultados.aplicar(bloco.reserva, turno.novos, turno.relogio())
    turno.novos, turno.escrito = [], time.monotonic()


def _vez(turno: Turno, quantas: int) -> int:
    """How many of `quantas` may leave together at `turno.sai_em`; 0 when the limits say much later."""
    limites = turno.servico.limites
    if not any(vars(limites).values()):
        return quantas
    if not turno.vezes:
        saida = Ritmo.objects.pedir(turno.servico, max(quantas, quantas_por_pedido(limites)), MAIOR_ESPERA)
        turno.vezes, turno.sai_em = saida.quantas, time.monotonic() + saida.espera
    concedidas = min(quantas, turno.vezes)
    turno.vezes -= concedidas
    return concedidas


# The network


def _enviar_grupo(turno: Turno, grupo: list[Mensagem]) -> bool:
    """Send what leaves together and journal what came of each; False when the service or the turn must stop.

    Every way out after the body left writes a line for each message: what has none goes back as if it had not left.
    """
    inicio, partida = time.monotonic(), _Partida(turno)
    try:
        if grupo[0].erro is not None:
            raise grupo[0].erro
        ditos = turno.canal.enviar_lote([_envelope(m) for m in grupo], lambda: partida.autorizar(grupo))
    except FalhaDeEnvio as falha:
        ditos = [falha] * len(grupo)
    except (CanceladaNaHora, DestinoMudou) as mudanca:
        motivos = getattr(mudanca, "motivos", {})
        for m in grupo:
            _anotar(turno, Resultado(m.id, motivo=motivos.get(m.id, "")))
        turno.contar("canceladas", len(motivos))
        return True
    except (PosseExpirada, Cercado, SemEspaco, ErroDeBanco):
        raise  # all of them before the body
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
        if (espera := turno.sai_em - time.monotonic()) > 0:
            time.sleep(espera)
        agora = turno.relogio()
        if vencidas := [m for m in grupo if agora >= m.expira_em]:
            raise CanceladaNaHora({m.id: Motivo.PRAZO.value for m in vencidas})
        if _continuo() - turno.verificado > VALIDADE_DA_VERIFICACAO:
            motivos, destinos = reservas.verificar(turno.servico.canal, list(grupo), timezone.localdate(agora))
            if motivos:
                raise CanceladaNaHora(motivos)
            if any(destinos[m.id] != m.destino for m in grupo):
                raise DestinoMudou
        turno.diario.anunciar([m.id for m in grupo])
        if _continuo() >= turno.valido_ate or not trabalhador.este().viva(turno.vaga):
            raise PosseExpirada
        self.em = agora


def _anotar_ditos(turno: Turno, grupo: list[Mensagem], ditos: Sequence, partida: _Partida, inicio: float) -> None:
    momento = partida.em or turno.relogio()
    duracao_ms = int((time.monotonic() - inicio) * 1000)
    for m, dito in zip(grupo, ditos, strict=True):
        _anotar(turno, _resultado(turno, m, dito, momento, duracao_ms))


def _anotar(turno: Turno, resultado: Resultado) -> None:
    """Known before it is written: when the journal has no room for it, the database still gets it."""
    turno.novos.append(resultado)
    if resultado.classe:
        turno.contar(Classe(resultado.classe).value, 1)
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
        alertas.avisar(
            Alerta.Tipo.DIARIO,
            f"diario:{timezone.localtime(agora):%Y-%m-%dT%H}",
            agora=agora,
            assunto="Alerta de Disco do Envio",
            titulo="Envio Parado!",
            paragrafos=[
                f"O envio pelo serviço **{servico}** parou: o diário não pode ser escrito ({erro}).",
                "Nenhuma mensagem sai sem ele. Libere espaço no disco do trabalhador; o envio volta sozinho.",
            ],
            caminho=reverse("painel"),
        )


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
