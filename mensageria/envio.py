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
from mensageria.models import Canal, GatewaySMS, Mensagem, ServicoEmail, TentativaEnvio

log = logging.getLogger(__name__)

BLOCO = 50
DURACAO_DO_TURNO = 20  # seconds
QUEDAS_TOLERADAS = 2  # lost connections in a row
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


@dataclass
class Turno:
    """What one turn does, and what came of it."""

    servico: ServicoEmail | GatewaySMS
    relogio: Relogio = timezone.now
    reserva: uuid.UUID = field(default_factory=uuid.uuid4)
    verificado: float = 0  # monotonic moment of the last check of the block
    contagem: Counter = field(default_factory=Counter)

    @property
    def canal(self) -> Canal:
        return Canal.EMAIL if isinstance(self.servico, ServicoEmail) else Canal.SMS


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
    fim = time.monotonic() + duracao
    with canal or abrir_canal(servico) as aberto:
        while time.monotonic() < fim and not parar():
            bloco = _reservar(turno)
            if not bloco:
                break
            with _devolvendo(turno):
                if not _enviar_bloco(turno, aberto, bloco, fim, parar):
                    break
    return turno.contagem


def ha_devidas(servico: ServicoEmail | GatewaySMS, agora: datetime) -> bool:
    return _do_servico(servico).devidas(agora).exists()


def _do_servico(servico: ServicoEmail | GatewaySMS):
    if isinstance(servico, ServicoEmail):
        return Mensagem.objects.filter(canal=Canal.EMAIL, remetente__in=servico.remetentes.all())
    return Mensagem.objects.filter(canal=Canal.SMS, gateway=servico)


# The claim


@transaction.atomic
def _reservar(turno: Turno) -> list[Mensagem]:
    """Claim a block, cancel what must not leave, render the rest and keep what is rendered."""
    agora = turno.relogio()
    ids = list(
        _do_servico(turno.servico)
        .devidas(agora)
        .order_by("-prioridade", "proxima_tentativa_em")
        .select_for_update(skip_locked=True, of=("self",))
        .values_list("id", flat=True)[:BLOCO]
    )
    if not ids:
        return []
    Mensagem.objects.filter(id__in=ids).update(
        estado=Estado.EM_ENVIO,
        reserva=turno.reserva,
        reserva_ate=agora + ARRENDAMENTO,
        corpo_em=None,
        servico=turno.servico if turno.canal == Canal.EMAIL else None,
    )
    bloco = list(Mensagem.objects.filter(id__in=ids).select_related("texto", "remetente").order_by("-prioridade", "id"))
    turno.verificado = time.monotonic()
    motivos, destinos = _verificar(turno, bloco)
    prontas = _compor(turno, bloco, motivos, destinos)
    _cancelar(turno, {m.id: motivos[m.id] for m in bloco if m.id in motivos})
    Mensagem.objects.bulk_update(prontas, ["contexto", "destino", "id_externo"])
    return prontas


def _verificar(turno: Turno, bloco: list[Mensagem]) -> tuple[dict[int, str], dict[int, str]]:
    """Ask each origin once: {message: why it must not leave} and {message: its address now}."""
    canal, hoje = turno.canal, timezone.localdate(turno.relogio())
    motivos: dict[int, str] = {}
    destinos: dict[int, str] = {}
    for origem in {m.origem for m in bloco}:
        fonte = fontes.da_origem(origem)
        da_origem = [m for m in bloco if m.origem == origem]
        proibidos = fonte.motivos_de_cancelamento(canal, {m.objeto_id: m.versao_objeto for m in da_origem}, hoje)
        atuais = fonte.destinos(canal, [m.objeto_id for m in da_origem], hoje)
        for m in da_origem:
            if motivo := proibidos.get(m.objeto_id):
                motivos[m.id] = motivo
            elif destino := atuais.get(m.objeto_id):
                destinos[m.id] = destino
            else:
                motivos[m.id] = Motivo.SEM_DESTINO
    return motivos, destinos


def _compor(turno: Turno, bloco: list[Mensagem], motivos: dict[int, str], destinos: dict[int, str]) -> list[Mensagem]:
    """Render each message that may leave; one that cannot be composed gets its motivo."""
    agora, maximo = turno.relogio(), ParametroSistema.atual().tamanho_maximo_sms
    a_compor = [m for m in bloco if m.id in destinos]
    contextos = {
        origem: fontes.da_origem(origem).contextos(
            [m.objeto_id for m in a_compor if m.origem == origem], timezone.localdate(agora)
        )
        for origem in {m.origem for m in a_compor}
    }
    prontas = []
    for m in a_compor:
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
        else:
            prontas.append(m)
    return prontas


def _cancelar(turno: Turno, motivos: dict[int, str]) -> None:
    for motivo in set(motivos.values()):
        ids = [id_ for id_, seu in motivos.items() if seu == motivo]
        turno.contagem["canceladas"] += _nossas(turno, ids).update(
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
        # A connection lost midway may be the fault of that message: only a second one in a row is the service's.
        caiu = bool(falha) and falha.classe == Classe.REDE and not falha.na_abertura
        quedas = quedas + 1 if caiu else 0
        if falha and falha.classe in DO_SERVICO and (not caiu or quedas == QUEDAS_TOLERADAS):
            turno.servico.descansar(f"{falha.classe.label}: {falha}", turno.relogio())
            return False
    return True


def _enviar_uma(turno: Turno, canal: CanalBase, mensagem: Mensagem) -> FalhaDeEnvio | None:
    """Send one message and record what came of it; the failure is returned, for the service's sake."""
    envelope = Envelope(
        chave=mensagem.chave,
        destino=_destino_no_fio(mensagem),
        conteudo=mensagem.conteudo,
        remetente=(mensagem.remetente.envelope or mensagem.remetente.email) if mensagem.remetente else "",
    )
    inicio = time.monotonic()
    try:
        resposta = canal.enviar(envelope, lambda: _antes_do_corpo(turno, mensagem))
    except FalhaDeEnvio as falha:
        _registrar_falha(turno, mensagem, falha, inicio)
        return falha
    except CanceladaNaHora as cancelada:
        _cancelar(turno, {mensagem.id: cancelada.motivo})
    except (PosseExpirada, DestinoMudou):
        turno.contagem["devolvidas"] += 1  # `_devolvendo` gives back what is still ours
    else:
        _registrar_aceite(turno, mensagem, resposta, inicio)
    return None


def _destino_no_fio(mensagem: Mensagem) -> str:
    destino = mensagem.contexto["destino"]
    return composicao.endereco_ascii(destino) if mensagem.canal == Canal.EMAIL else destino


def _antes_do_corpo(turno: Turno, mensagem: Mensagem) -> None:
    """The last check and the mark. No body leaves on a check older than ten seconds, nor after its limit or lease."""
    agora = turno.relogio()
    if agora >= mensagem.expira_em:
        raise CanceladaNaHora(Motivo.PRAZO)
    if time.monotonic() - turno.verificado > VALIDADE_DA_VERIFICACAO:
        motivos, destinos = _verificar(turno, [mensagem])
        if motivos:
            raise CanceladaNaHora(motivos[mensagem.id])
        if destinos[mensagem.id] != mensagem.destino:
            raise DestinoMudou
    marcadas = (
        _nossas(turno, [mensagem.id])
        .filter(reserva_ate__gt=agora)
        .update(corpo_em=agora, reserva_ate=agora + ARRENDAMENTO + timedelta(seconds=turno.servico.prazo))
    )
    if not marcadas:
        raise PosseExpirada


# The record


def _registrar_aceite(turno: Turno, mensagem: Mensagem, resposta: Resposta, inicio: float) -> None:
    agora = turno.relogio()
    mudanca = {"estado": Estado.ENVIADA, "tentativas": F("tentativas") + 1, "enviada_em": agora, "motivo": ""}
    mudanca["codigo_retorno"] = resposta.codigo if turno.canal == Canal.EMAIL else RETORNO_TRANSMITIDO
    mudanca["proxima_tentativa_em"] = agora + PRIMEIRA_CONSULTA
    if resposta.id_externo:
        mudanca["id_externo"] = resposta.id_externo
    _registrar(turno, mensagem, Classe.ACEITA, resposta.codigo, resposta.texto, inicio, mudanca)


# GSAN's codes of return of an SMS (referencia/gsan.md 2.1).
RETORNO_ERRO, RETORNO_TRANSMITIDO, RETORNO_ERRO_OPERADORA, RETORNO_ENVIADO = "1", "2", "3", "4"
PRIMEIRA_CONSULTA = timedelta(minutes=1)


def _registrar_falha(turno: Turno, mensagem: Mensagem, falha: FalhaDeEnvio, inicio: float) -> None:
    """Settle a failed attempt: the service's own fault costs nothing; the rest counts up to the maximum."""
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
        destino=mensagem.contexto["destino"],
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
    """Cancel what is pending past its limit; return how many."""
    return Mensagem.objects.filter(estado=Estado.PENDENTE, expira_em__lte=agora).update(
        estado=Estado.CANCELADA, motivo=Motivo.PRAZO
    )


@transaction.atomic
def recuperar(agora: datetime) -> Counter:
    """Settle the messages of workers that are gone: those whose body may have left are incertas, the rest go back."""
    perdidas = Mensagem.objects.filter(estado=Estado.EM_ENVIO, reserva_ate__lte=agora)
    perdidas = list(perdidas.select_for_update(skip_locked=True, of=("self",)).select_related("servico", "gateway"))
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
            resumo=composicao.resumo(composicao.conteudo(m)),
            pedido_por_id=m.pedido_por_id,
            pedido_motivo=m.pedido_motivo,
        )
        for m in incertas
    )
    Mensagem.objects.filter(id__in=[m.id for m in incertas]).update(
        estado=Estado.INCERTA,
        tentativas=F("tentativas") + 1,
        motivo="O trabalhador parou depois de o corpo poder ter saído.",
        reserva=None,
        reserva_ate=None,
        corpo_em=None,
    )
    Mensagem.objects.filter(id__in=[m.id for m in perdidas if not m.corpo_em]).update(
        estado=Estado.PENDENTE, reserva=None, reserva_ate=None
    )
    return Counter(incertas=len(incertas), devolvidas=len(perdidas) - len(incertas))
