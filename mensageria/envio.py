"""A turn of one service: claim, check, render, and only then use the network; every result is recorded as it comes.

The messages of a block are claimed with SKIP LOCKED, so any number of workers may run turns of the same service. The
mark `corpo_em` is committed before the body of a message leaves: after a crash, a message with the mark is *incerta*
and one without it goes back untouched (`recuperar`).
"""

import logging
import time
import uuid
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from django.conf import settings
from django.db import Error as ErroDeBanco
from django.db import transaction
from django.db.models import F
from django.utils import timezone

from cadastro.models import ParametroSistema
from mensageria import composicao, fontes
from mensageria.canais.base import Canal as CanalBase
from mensageria.canais.base import Envelope, FalhaDeEnvio, Resposta
from mensageria.canais.sms import ADAPTADORES
from mensageria.canais.smtp import CanalSMTP
from mensageria.estados import DEFINITIVAS, DO_SERVICO, Classe, Estado, Motivo
from mensageria.models import Canal, GatewaySMS, Mensagem, MensagemQuerySet, ServicoEmail, TentativaEnvio

log = logging.getLogger(__name__)

BLOCO = 50
BLOCO_DA_VARREDURA = 5000
DURACAO_DO_TURNO = 20  # seconds
QUEDAS_TOLERADAS = 2  # lost connections, or errors that nobody foresaw, in a row
VALIDADE_DA_VERIFICACAO = 8  # seconds; promise 5 allows ten
ARRENDAMENTO = timedelta(minutes=5)
Relogio = Callable[[], datetime]


class PosseExpirada(Exception):
    """The message is no longer ours to send: its lease ran out and another took it."""


class CanceladaNaHora(Exception):
    """The last check, right before the body, says that the message must not leave."""

    def __init__(self, motivo: str):
        super().__init__(motivo)
        self.motivo = motivo


class DestinoMudou(Exception):
    """The address changed between rendering and body: the message is composed again."""


class ErroInesperado(FalhaDeEnvio):
    """An error that is nobody's reply. It costs its message an attempt, so that it cannot come back for ever."""

    def __init__(self, classe: Classe, erro: Exception):
        super().__init__(classe, "", f"{type(erro).__name__}: {erro}"[:1000])


@dataclass
class Turno:
    """What one turn does, and what came of it."""

    servico: ServicoEmail | GatewaySMS
    relogio: Relogio = timezone.now
    reserva: uuid.UUID = field(default_factory=uuid.uuid4)
    verificado: float = 0  # moment of `_continuo` of the last check of the block
    contagem: Counter = field(default_factory=Counter)

    @property
    def canal(self) -> Canal:
        return Canal.EMAIL if isinstance(self.servico, ServicoEmail) else Canal.SMS

    def sem_segredo(self, texto: str) -> str:
        """A server's words without the secret of the service, which some repeat when they refuse it."""
        segredo = self.servico.senha if self.canal == Canal.EMAIL else self.servico.credencial
        return texto.replace(segredo, "***") if len(segredo) > 3 else texto


def _continuo() -> float:
    """Seconds that pass even while the machine sleeps."""
    return time.clock_gettime(getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC))


def abrir_canal(servico: ServicoEmail | GatewaySMS) -> CanalBase:
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
    servico: ServicoEmail | GatewaySMS,
    *,
    relogio: Relogio = timezone.now,
    duracao: float = DURACAO_DO_TURNO,
    parar: Callable[[], bool] = lambda: False,
    canal: CanalBase | None = None,
) -> Counter:
    """Send what is due through one service until nothing is, the time is up or the service fails; count by class."""
    turno = Turno(servico, relogio)
    try:
        with canal or abrir_canal(servico) as aberto:
            _rodar(turno, aberto, time.monotonic() + duracao, parar)
    except Exception as erro:  # no turn, no message: the service rests, and its page says why
        log.exception("O turno de %s parou.", servico)
        servico.descansar(turno.sem_segredo(f"Erro inesperado: {type(erro).__name__}: {erro}"), relogio())
    return turno.contagem


def _rodar(turno: Turno, canal: CanalBase, fim: float, parar: Callable[[], bool]) -> None:
    while time.monotonic() < fim and not parar():
        bloco = _reservar(turno)
        if bloco is None:
            return
        with _devolvendo(turno):
            if not _enviar_bloco(turno, canal, bloco, fim, parar):
                return


def ha_devidas(servico: ServicoEmail | GatewaySMS, agora: datetime) -> bool:
    return any(fila.devidas(agora).exists() for fila in _filas(servico))


def _filas(servico: ServicoEmail | GatewaySMS) -> list[MensagemQuerySet]:
    """The queues of a service, one for each of its senders: each is read in the order of its index, and only so."""
    if isinstance(servico, ServicoEmail):
        remetentes = servico.remetentes.order_by("id").values_list("id", flat=True)
        return [Mensagem.objects.filter(canal=Canal.EMAIL, remetente=remetente) for remetente in remetentes]
    return [Mensagem.objects.filter(canal=Canal.SMS, gateway=servico)]


# The claim


@transaction.atomic
def _reservar(turno: Turno) -> list[Mensagem] | None:
    """Claim a block, render it and cancel what must not leave; None when nothing is due.

    All of it is written by one statement, the last: the counts of its lotes are locked once, in their order, and for
    no time, so that claims and results of many workers neither wait for each other's rendering nor lock in a circle.
    """
    agora = turno.relogio()
    bloco = _travar_devidas(turno, agora)
    if not bloco:
        return None
    turno.verificado = _continuo()
    motivos, destinos = _verificar(turno, bloco)
    _compor(turno, bloco, motivos, destinos)
    for m in bloco:
        if m.id in motivos:
            m.estado, m.motivo = Estado.CANCELADA, motivos[m.id][:300]
        else:
            m.estado, m.reserva, m.reserva_ate = Estado.EM_ENVIO, turno.reserva, agora + ARRENDAMENTO
            m.servico = turno.servico if turno.canal == Canal.EMAIL else None
    Mensagem.objects.bulk_update(
        bloco, ["estado", "motivo", "reserva", "reserva_ate", "servico", "contexto", "destino", "id_externo"]
    )
    if motivos:
        turno.contagem["canceladas"] += len(motivos)
    return [m for m in bloco if m.id not in motivos]


def _travar_devidas(turno: Turno, agora: datetime) -> list[Mensagem]:
    """Up to BLOCO messages that nobody holds, a fair share from each queue, the most urgent first."""
    bloco: list[Mensagem] = []
    filas = _filas(turno.servico)
    for indice, fila in enumerate(filas):
        parte = -(-(BLOCO - len(bloco)) // (len(filas) - indice))
        bloco += (
            fila.devidas(agora)
            .order_by("-prioridade", "proxima_tentativa_em")
            .select_related("texto", "remetente")
            .select_for_update(skip_locked=True, of=("self",))[:parte]
        )
    return sorted(bloco, key=lambda m: (-m.prioridade, m.id))


def _verificar(turno: Turno, bloco: list[Mensagem]) -> tuple[dict[int, str], dict[int, str]]:
    """Ask each origin once: {message: why it must not leave} and {message: its address now}."""
    canal, hoje = turno.canal, timezone.localdate(turno.relogio())
    motivos: dict[int, str] = {}
    destinos: dict[int, str] = {}
    for origem in {m.origem for m in bloco}:
        fonte = fontes.da_origem(origem)
        for vez in _um_de_cada_objeto([m for m in bloco if m.origem == origem]):
            proibidos = fonte.motivos_de_cancelamento(canal, {id_: m.versao_objeto for id_, m in vez.items()}, hoje)
            atuais = fonte.destinos(canal, list(vez), hoje)
            for objeto, m in vez.items():
                if motivo := proibidos.get(objeto):
                    motivos[m.id] = motivo
                elif destino := atuais.get(objeto):
                    destinos[m.id] = destino
                else:
                    motivos[m.id] = Motivo.SEM_DESTINO
    return motivos, destinos


def _um_de_cada_objeto(mensagens: list[Mensagem]) -> Iterator[dict[int, Mensagem]]:
    """{objeto: message}, almost always once: two versions of one object are asked about one at a time."""
    while mensagens:
        vez = {m.objeto_id: m for m in mensagens}
        yield vez
        mensagens = [m for m in mensagens if vez[m.objeto_id] is not m]


def _compor(turno: Turno, bloco: list[Mensagem], motivos: dict[int, str], destinos: dict[int, str]) -> None:
    """Render each message that may leave; one that cannot be composed gets its motivo, and one that breaks its erro."""
    agora, maximo = turno.relogio(), ParametroSistema.atual().tamanho_maximo_sms
    a_compor = [m for m in bloco if m.id in destinos]
    contextos = {
        origem: fontes.da_origem(origem).contextos(
            [m.objeto_id for m in a_compor if m.origem == origem], timezone.localdate(agora)
        )
        for origem in {m.origem for m in a_compor}
    }
    for m in a_compor:
        m.erro = None
        try:
            bruto = contextos[m.origem].get(m.objeto_id)
            if bruto is None or "impedimento" in bruto:
                raise composicao.NaoCompoe((bruto or {}).get("impedimento", "Não há dados para compor a mensagem."))
            m.contexto = composicao.preparar(m, bruto, destinos[m.id], agora, maximo)
            m.destino = destinos[m.id]
            if turno.canal == Canal.EMAIL:
                m.id_externo = m.contexto["id"]
            m.conteudo = composicao.conteudo(m)
        except composicao.NaoCompoe as erro:
            motivos[m.id] = f"{Motivo.SEM_CONTEXTO}: {erro}"
        except Exception as erro:
            log.exception("A mensagem %s não se compõe.", m.id)
            m.erro = ErroInesperado(Classe.TEMPORARIO, erro)


def _cancelar(turno: Turno, mensagem: Mensagem, motivo: str) -> None:
    turno.contagem["canceladas"] += _nossas(turno, [mensagem.id]).update(
        estado=Estado.CANCELADA, motivo=motivo[:300], reserva=None, reserva_ate=None, corpo_em=None
    )


def _nossas(turno: Turno, ids: list[int]):
    return Mensagem.objects.filter(id__in=ids, estado=Estado.EM_ENVIO, reserva=turno.reserva)


@contextmanager
def _devolvendo(turno: Turno) -> Iterator[None]:
    """Whatever is left of the block when it ends goes back untouched."""
    try:
        yield
    finally:
        Mensagem.objects.filter(reserva=turno.reserva, estado=Estado.EM_ENVIO, corpo_em=None).update(
            estado=Estado.PENDENTE, reserva=None, reserva_ate=None
        )


# The network


def _enviar_bloco(turno: Turno, canal: CanalBase, bloco: list[Mensagem], fim: float, parar: Callable[[], bool]) -> bool:
    """Send each message of a rendered block; False when the service must rest."""
    quedas = 0
    for mensagem in bloco:
        if parar() or time.monotonic() > fim:
            return True
        falha = _enviar_uma(turno, canal, mensagem)
        if falha is None:
            quedas = 0
            continue
        # A connection lost midway, or a broken step, may be the fault of that message: only the second in a row is not.
        suspeita = isinstance(falha, ErroInesperado) or (falha.classe == Classe.REDE and not falha.na_abertura)
        quedas = quedas + 1 if suspeita else 0
        if quedas == QUEDAS_TOLERADAS or (falha.classe in DO_SERVICO and not suspeita):
            turno.servico.descansar(f"{falha.classe.label}: {falha}", turno.relogio())
            return False
    return True


def _enviar_uma(turno: Turno, canal: CanalBase, mensagem: Mensagem) -> FalhaDeEnvio | None:
    """Send one message and record what came of it; the failure is returned, for the service's sake."""
    inicio = time.monotonic()
    mensagem.liberada = False

    def antes_do_corpo() -> None:
        _antes_do_corpo(turno, mensagem)
        mensagem.liberada = True

    try:
        if mensagem.erro:
            raise mensagem.erro
        resposta = canal.enviar(_envelope(mensagem), antes_do_corpo)
    except FalhaDeEnvio as falha:
        return _registrar_falha(turno, mensagem, falha, inicio)
    except CanceladaNaHora as cancelada:
        _cancelar(turno, mensagem, cancelada.motivo)
    except (PosseExpirada, DestinoMudou):
        _nossas(turno, [mensagem.id]).update(corpo_em=None)  # `_devolvendo` gives back what is still ours
        turno.contagem["devolvidas"] += 1
    except ErroDeBanco:
        raise  # it says nothing about this message
    except Exception as erro:
        log.exception("O envio da mensagem %s quebrou.", mensagem.id)
        classe = Classe.INCERTA if mensagem.liberada else Classe.TEMPORARIO
        return _registrar_falha(turno, mensagem, ErroInesperado(classe, erro), inicio)
    else:
        _registrar_aceite(turno, mensagem, resposta, inicio)
    return None


def _envelope(mensagem: Mensagem) -> Envelope:
    return Envelope(
        chave=mensagem.chave,
        destino=_destino_no_fio(mensagem),
        conteudo=mensagem.conteudo,
        remetente=(mensagem.remetente.envelope or mensagem.remetente.email) if mensagem.remetente else "",
    )


def _destino_no_fio(mensagem: Mensagem) -> str:
    destino = mensagem.contexto["destino"]
    return composicao.endereco_ascii(destino) if mensagem.canal == Canal.EMAIL else destino


def _antes_do_corpo(turno: Turno, mensagem: Mensagem) -> None:
    """The mark and then the last check: no body leaves on one older than ten seconds, nor after its limit or lease.

    In this order because the mark waits for whoever holds the row, and no check may grow old meanwhile.
    """
    agora = turno.relogio()
    marcadas = (
        _nossas(turno, [mensagem.id])
        .filter(reserva_ate__gt=agora)
        .update(corpo_em=agora, reserva_ate=agora + ARRENDAMENTO + timedelta(seconds=turno.servico.prazo))
    )
    if not marcadas:
        raise PosseExpirada
    if turno.relogio() >= mensagem.expira_em:
        raise CanceladaNaHora(Motivo.PRAZO)
    if _continuo() - turno.verificado > VALIDADE_DA_VERIFICACAO:
        motivos, destinos = _verificar(turno, [mensagem])
        if motivos:
            raise CanceladaNaHora(motivos[mensagem.id])
        if destinos[mensagem.id] != mensagem.destino:
            raise DestinoMudou


# The record


def _registrar_aceite(turno: Turno, mensagem: Mensagem, resposta: Resposta, inicio: float) -> None:
    agora = turno.relogio()
    mudanca = {"estado": Estado.ENVIADA, "tentativas": F("tentativas") + 1, "enviada_em": agora, "motivo": ""}
    mudanca["codigo_retorno"] = resposta.codigo if turno.canal == Canal.EMAIL else RETORNO_TRANSMITIDO
    mudanca["proxima_tentativa_em"] = agora + PRIMEIRA_CONSULTA
    if resposta.id_externo:
        mudanca["id_externo"] = resposta.id_externo
    _registrar(turno, mensagem, Classe.ACEITA, resposta.codigo, turno.sem_segredo(resposta.texto), inicio, mudanca)


# GSAN's codes of return of an SMS (referencia/gsan.md 2.1).
RETORNO_ERRO, RETORNO_TRANSMITIDO, RETORNO_ERRO_OPERADORA, RETORNO_ENVIADO = "1", "2", "3", "4"
PRIMEIRA_CONSULTA = timedelta(minutes=1)


def _registrar_falha(turno: Turno, mensagem: Mensagem, falha: FalhaDeEnvio, inicio: float) -> FalhaDeEnvio:
    """Settle a failed attempt: the service's own fault costs nothing; the rest counts up to the maximum."""
    falha.texto = turno.sem_segredo(falha.texto)
    if falha.classe in DO_SERVICO:
        vezes = mensagem.envios.filter(classe__in=DO_SERVICO).count()
        espera = settings.ESPERA_DO_SERVICO * 2 ** min(vezes, 6)  # others go first
        mudanca = {
            "estado": Estado.PENDENTE,
            "proxima_tentativa_em": turno.relogio() + timedelta(seconds=espera),
        }
    elif falha.classe == Classe.INCERTA:
        mudanca = {"estado": Estado.INCERTA, "tentativas": F("tentativas") + 1}
    elif falha.classe in DEFINITIVAS or mensagem.tentativas + 1 >= mensagem.tentativas_maximas:
        mudanca = {"estado": Estado.FALHA, "tentativas": F("tentativas") + 1}
        if turno.canal == Canal.SMS:
            mudanca["codigo_retorno"] = RETORNO_ERRO
    else:
        espera = settings.ESPERA_ENTRE_TENTATIVAS * 4**mensagem.tentativas
        mudanca = {
            "estado": Estado.PENDENTE,
            "tentativas": F("tentativas") + 1,
            "proxima_tentativa_em": turno.relogio() + timedelta(seconds=espera),
        }
    mudanca["motivo"] = f"{falha.classe.label}: {falha}"[:300]
    _registrar(turno, mensagem, falha.classe, falha.codigo, falha.texto, inicio, mudanca)
    return falha


@transaction.atomic
def _registrar(
    turno: Turno, mensagem: Mensagem, classe: Classe, codigo: str, texto: str, inicio: float, mudanca: dict
) -> None:
    """One attempt and its consequence, together. A message that is no longer ours keeps its state."""
    pedido = {"pedido_por": None, "pedido_motivo": ""} if classe not in DO_SERVICO else {}
    nossa = _nossas(turno, [mensagem.id]).update(**mudanca, **pedido, reserva=None, reserva_ate=None, corpo_em=None)
    if not nossa:
        log.error("mensagem %s: resposta %s chegou depois de perdida a reserva: %s", mensagem.id, codigo, texto)
    TentativaEnvio.objects.create(
        mensagem=mensagem,
        numero=mensagem.tentativas + 1,
        servico=turno.servico.nome,
        destino=mensagem.destino if mensagem.erro else mensagem.contexto["destino"],
        momento=turno.relogio(),
        duracao_ms=int((time.monotonic() - inicio) * 1000),
        classe=classe,
        codigo=codigo,
        resposta=texto,
        resumo=composicao.resumo(mensagem.conteudo) if classe in (Classe.ACEITA, Classe.INCERTA) else "",
        pedido_por_id=mensagem.pedido_por_id,
        pedido_motivo=mensagem.pedido_motivo,
    )
    turno.contagem[classe.value] += 1


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


@transaction.atomic
def recuperar(agora: datetime) -> Counter:
    """Settle the messages of workers that are gone: those whose body may have left are incertas, the rest go back.

    Written by one statement, as in `_reservar`.
    """
    perdidas = list(
        Mensagem.objects.filter(estado=Estado.EM_ENVIO, reserva_ate__lte=agora)
        .order_by("reserva_ate")
        .select_for_update(skip_locked=True, of=("self",))
        .select_related("servico", "gateway", "texto")[:BLOCO_DA_VARREDURA]
    )
    incertas = [m for m in perdidas if m.corpo_em]
    TentativaEnvio.objects.bulk_create(
        TentativaEnvio(
            mensagem=m,
            numero=m.tentativas + 1,
            servico=str(m.servico or m.gateway),
            destino=m.contexto["destino"],
            momento=m.corpo_em,
            classe=Classe.INCERTA,
            resposta="O trabalhador que enviava parou antes de registrar a resposta.",
            resumo=_resumo_do_guardado(m),
            pedido_por_id=m.pedido_por_id,
            pedido_motivo=m.pedido_motivo,
        )
        for m in incertas
    )
    for m in perdidas:
        m.estado = Estado.PENDENTE
        if m.corpo_em:
            m.estado, m.tentativas = Estado.INCERTA, m.tentativas + 1
            m.motivo = "O trabalhador parou depois de o corpo poder ter saído."
        m.reserva = m.reserva_ate = m.corpo_em = None
    Mensagem.objects.bulk_update(perdidas, ["estado", "tentativas", "motivo", "reserva", "reserva_ate", "corpo_em"])
    return Counter(incertas=len(incertas), devolvidas=len(perdidas) - len(incertas))


def _resumo_do_guardado(mensagem: Mensagem) -> str:
    """The hash of what may have left, rendered again; empty for what does not render any more, which stops nobody."""
    try:
        return composicao.resumo(composicao.conteudo(mensagem))
    except Exception:
        log.exception("A mensagem %s não se compõe de novo.", mensagem.id)
        return ""
