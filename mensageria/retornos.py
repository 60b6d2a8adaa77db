"""What operators say of the SMS that they took: when asked, or by themselves; and what they say of our own id.

A message is settled by what is known for sure. Whatever an operator says of an *incerta* proves that it arrived; that
it never arrived is believed only of a "no" that came late enough (`Canal.carencia_da_consulta`).
"""

import logging
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from datetime import datetime, timedelta
from secrets import compare_digest
from typing import Any

from django.db import transaction
from django.db.models import Max, QuerySet
from django.utils import timezone

from cadastro.campos import SegredoPerdido
from mensageria import resultados
from mensageria.canais.base import Canal as CanalBase
from mensageria.canais.base import FalhaDeEnvio, Resposta
from mensageria.canais.sms import Aviso, CanalSMS, Recibo
from mensageria.estados import (
    DO_SERVICO,
    RETORNO_ENVIADO,
    RETORNO_ERRO_OPERADORA,
    RETORNO_TRANSMITIDO,
    Classe,
    Estado,
)
from mensageria.models import Canal, GatewaySMS, Mensagem, ReciboDeEntrega, Reserva
from mensageria.resultados import Resultado
from mensageria.saida import abrir_canal, sem_segredo

log = logging.getLogger(__name__)

JANELA = timedelta(days=3)  # an operator that said nothing by then will not
DURACAO = 20  # seconds of one run of questions
BLOCO = 50
PRIMEIRA_ESPERA = timedelta(minutes=1)  # and then twice the time that went by
QUEDAS_TOLERADAS = 2  # in a row: one may be the fault of what was asked

Dito = Resposta | FalhaDeEnvio | None


class AindaEmEnvio(Exception):
    """A receipt came before our own record of the send: it must be told again."""


class AvisoInvalido(ValueError):
    """What was posted is no receipt of this operator."""


# Asking


def consultar(
    gateway: GatewaySMS, *, relogio: Callable[[], datetime] = timezone.now, duracao: float = DURACAO
) -> Counter:
    """Ask about the SMS of one gateway whose moment has come, the oldest first, for `duracao` seconds at most.

    Whatever the answer, each is asked again only after twice the time, so none keeps the others from being asked. Any
    number of workers may call it: none asks what another is asking.
    """
    contagem: Counter = Counter()
    quedas = 0
    with abrir_canal(gateway) as canal:
        for mensagem, agora in _a_perguntar(gateway, canal, relogio, time.monotonic() + duracao):
            falha = _perguntar(gateway, canal, mensagem, agora, contagem)
            quedas = quedas + 1 if falha and falha.classe in DO_SERVICO else 0
            if quedas == QUEDAS_TOLERADAS or (falha and falha.classe == Classe.TAXA):
                break
    return contagem


def _a_perguntar(
    gateway: GatewaySMS, canal: CanalSMS, relogio: Callable[[], datetime], fim: float
) -> Iterator[tuple[Mensagem, datetime]]:
    """Uncertain messages first: whether they are sent again may depend on it."""
    agora = relogio()
    filas = []
    if canal.consultavel_por_chave:
        filas.append(_incertas(gateway, agora))
    if canal.consultavel:
        filas.append(_enviadas(gateway, agora, com_chave=canal.consultavel_por_chave))
    for fila in filas:
        while bloco := _tomar(fila, agora):
            for mensagem in bloco:
                if time.monotonic() >= fim:
                    return
                yield mensagem, agora


def _enviadas(gateway: GatewaySMS, agora: datetime, *, com_chave: bool) -> QuerySet[Mensagem]:
    enviadas = Mensagem.objects.filter(
        canal=Canal.SMS,
        gateway=gateway,
        estado=Estado.ENVIADA,
        enviada_em__gt=agora - JANELA,
        proxima_tentativa_em__lte=agora,
    )
    return (enviadas if com_chave else enviadas.exclude(id_externo="")).order_by("enviada_em", "id")


def _incertas(gateway: GatewaySMS, agora: datetime) -> QuerySet[Mensagem]:
    """Those that left not longer ago than an operator remembers."""
    return Mensagem.objects.filter(
        canal=Canal.SMS,
        gateway=gateway,
        estado=Estado.INCERTA,
        reserva__criada_em__gt=agora - JANELA,
        proxima_tentativa_em__lte=agora,
    ).order_by("id")


@transaction.atomic
def _tomar(fila: QuerySet[Mensagem], agora: datetime) -> list[Mensagem]:
    """Up to BLOCO messages that nobody else asks about, for now."""
    bloco = list(fila.select_for_update(skip_locked=True, of=("self",))[:BLOCO])
    ids = [m.id for m in bloco]
    Mensagem.objects.filter(id__in=ids).update(proxima_tentativa_em=agora + PRIMEIRA_ESPERA)
    return bloco


def _perguntar(
    gateway: GatewaySMS, canal: CanalSMS, mensagem: Mensagem, agora: datetime, contagem: Counter
) -> FalhaDeEnvio | None:
    """Ask about one message and write what is said; what could not be asked is returned."""
    if mensagem.estado == Estado.INCERTA:
        momento = _momento_da_duvida(mensagem)
        dito = resolver_por_chave(canal, [mensagem], ha=(agora - momento).total_seconds())[mensagem.id]
        contagem[_assentar(gateway, mensagem, dito, agora)] += 1
        return dito if isinstance(dito, FalhaDeEnvio) else None
    falha = None
    try:
        recibo = canal.consultar(_id_externo(canal, mensagem))
    except FalhaDeEnvio as erro:
        falha, recibo = erro, Recibo("pendente", erro.codigo, erro.texto)  # ask again later
        contagem["sem_resposta"] += 1
    with suppress(AindaEmEnvio):  # sent again while it was being asked about
        contagem[registrar(mensagem, recibo, agora)] += 1
    return falha


def _id_externo(canal: CanalSMS, mensagem: Mensagem) -> str:
    """The operator's id, asked by ours when we never got it."""
    if mensagem.id_externo:
        return mensagem.id_externo
    resposta = canal.consultar_por_chave(mensagem.chave)
    if resposta is None:
        raise FalhaDeEnvio(Classe.MENSAGEM, "", "A operadora não conhece esta mensagem.")
    Mensagem.objects.filter(id=mensagem.id, id_externo="").update(id_externo=resposta.id_externo)
    return resposta.id_externo


def resolver_por_chave(canal: CanalBase, mensagens: Sequence[Mensagem], *, ha: float = 0) -> dict[int, Dito]:
    """Ask about each message by our own id: the server's answer, None if it never arrived, or why it cannot tell.

    `ha` is how many seconds ago the last of them may have left. A "no" that comes too soon says nothing: a slow server
    may still take what it was given. Nothing is read or written in the database.
    """
    ditos: dict[int, Dito] = {}
    quedas = 0
    for mensagem in mensagens:
        if quedas == QUEDAS_TOLERADAS:
            ditos[mensagem.id] = FalhaDeEnvio(Classe.REDE, "", "O serviço deixou de responder às consultas.")
            continue
        try:
            dito = canal.consultar_por_chave(mensagem.chave)
        except FalhaDeEnvio as falha:
            quedas = quedas + 1 if falha.classe in DO_SERVICO else 0
            ditos[mensagem.id] = falha
            continue
        quedas = 0
        if dito is not None and dito.id_externo and dito.id_externo == mensagem.id_externo:
            # It tells of the attempt before, which got that id: of the one in doubt nothing.
            ditos[mensagem.id] = FalhaDeEnvio(Classe.INCERTA, "", "A operadora só fala da tentativa anterior.")
            continue
        cedo = dito is None and ha < canal.carencia_da_consulta
        ditos[mensagem.id] = FalhaDeEnvio(Classe.INCERTA, "", "Ainda é cedo para saber.") if cedo else dito
    return ditos


@transaction.atomic
def _assentar(gateway: GatewaySMS, mensagem: Mensagem, dito: Dito, agora: datetime) -> str:
    """Write what became of an uncertain message, when it is known: it was sent, or it goes back untouched."""
    presa = Mensagem.objects.select_for_update(of=("self",)).get(id=mensagem.id)
    if presa.estado != Estado.INCERTA or presa.reserva_id != mensagem.reserva_id:
        return "ignorado"  # decided meanwhile
    if isinstance(dito, Resposta):
        _provar(presa, gateway, dito, agora)
        return "enviada"
    reserva = Reserva.objects.filter(pk=presa.reserva_id).first()
    if dito is None and reserva is not None:
        resultados.aplicar(reserva, [Resultado(presa.id)], agora)
        return "nao_enviada"
    espera = max(PRIMEIRA_ESPERA, agora - _momento_da_duvida(presa))
    Mensagem.objects.filter(id=presa.id).update(proxima_tentativa_em=agora + espera)
    return "sem_resposta"


def _momento_da_duvida(mensagem: Mensagem) -> datetime:
    """When the body of an uncertain message may last have left."""
    duvidas = mensagem.envios.filter(classe=Classe.INCERTA)
    return duvidas.aggregate(ultima=Max("momento"))["ultima"] or mensagem.enviar_apos


def _provar(mensagem: Mensagem, gateway: GatewaySMS, resposta: Resposta, agora: datetime) -> None:
    """An uncertain message did arrive: it was sent when it was tried, and its attempt and its quota say so."""
    momento = _momento_da_duvida(mensagem)
    reserva = Reserva.objects.filter(pk=mensagem.reserva_id).first()
    if reserva is not None:
        texto = sem_segredo(gateway, resposta.texto)
        aceita = Resultado(
            mensagem.id, Classe.ACEITA, resposta.codigo[:20], texto, resposta.id_externo, momento=momento.isoformat()
        )
        resultados.aplicar(reserva, [aceita], agora)
    else:  # of before there were reservations, or so old that its own was forgotten
        Mensagem.objects.filter(id=mensagem.id).update(
            estado=Estado.ENVIADA,
            enviada_em=momento,
            motivo="",
            codigo_retorno=RETORNO_TRANSMITIDO,
            id_externo=resposta.id_externo or mensagem.id_externo,
            proxima_tentativa_em=agora + PRIMEIRA_ESPERA,
            reserva=None,
        )
    mensagem.refresh_from_db()


# The record


@transaction.atomic
def registrar(mensagem: Mensagem, recibo: Recibo, agora: datetime, *, id_externo: str = "") -> str:
    """Apply one receipt and return its situation, or "ignorado" when it changes nothing. Raises AindaEmEnvio.

    The same one twice changes nothing, and no order of arrival does: what is final stays. `id_externo` is that of the
    receipt; the failure of an earlier attempt, which had another, is not of this one. What was delivered is not sent
    again, whichever attempt it was.
    """
    atual = Mensagem.objects.select_for_update(of=("self",)).select_related("gateway").get(id=mensagem.id)
    if atual.estado == Estado.EM_ENVIO:
        raise AindaEmEnvio
    de_outra, entregue = _de_outra_tentativa(atual, id_externo), recibo.situacao == "entregue"
    if de_outra and not entregue:
        return "ignorado"
    if entregue and (atual.estado == Estado.PENDENTE or (atual.estado == Estado.INCERTA and de_outra)):
        return _entregar_por_outra_tentativa(atual, recibo, agora, id_externo)
    if atual.estado == Estado.INCERTA:
        _provar(atual, atual.gateway, Resposta(recibo.codigo, recibo.texto, id_externo), agora)
    if atual.estado != Estado.ENVIADA:
        return "ignorado"
    mudanca: dict[str, Any] = {"id_externo": atual.id_externo or id_externo}
    if recibo.situacao == "entregue":
        mudanca |= {"estado": Estado.ENTREGUE, "codigo_retorno": RETORNO_ENVIADO}
    elif recibo.situacao == "falha":
        motivo = f"Operadora: {sem_segredo(atual.gateway, recibo.texto)}"[:300]
        mudanca |= {"estado": Estado.FALHA, "codigo_retorno": RETORNO_ERRO_OPERADORA, "motivo": motivo}
    else:
        mudanca["proxima_tentativa_em"] = agora + max(PRIMEIRA_ESPERA, agora - atual.enviada_em)
    Mensagem.objects.filter(id=atual.id).update(**mudanca)
    if "estado" in mudanca:
        _guardar(atual, recibo, agora, id_externo or atual.id_externo)
    return recibo.situacao


def _de_outra_tentativa(mensagem: Mensagem, id_externo: str) -> bool:
    """Whether that id is not of the last attempt: a doubtful one has no id yet, an accepted one its own."""
    if not id_externo or not mensagem.id_externo:
        return False
    return (id_externo == mensagem.id_externo) == (mensagem.estado == Estado.INCERTA)


def _entregar_por_outra_tentativa(mensagem: Mensagem, recibo: Recibo, agora: datetime, id_externo: str) -> str:
    """A message that waits to be sent again, or whose last attempt is in doubt, was delivered by an attempt of before:
    any whose body left, also one that was refused. Of one that never left nothing is believed."""
    partidas = mensagem.envios.exclude(classe__in=DO_SERVICO)
    if (partida := partidas.aggregate(ultima=Max("momento"))["ultima"]) is None:
        log.warning("mensagem %s: recibo de entrega do que não saiu", mensagem.id)
        return "ignorado"
    if mensagem.estado == Estado.INCERTA:  # nobody said that its last attempt was accepted: none is written
        Mensagem.objects.filter(id=mensagem.id).update(estado=Estado.ENVIADA, reserva=None)
    Mensagem.objects.filter(id=mensagem.id).update(
        estado=Estado.ENTREGUE,
        enviada_em=partida,
        motivo="",
        codigo_retorno=RETORNO_ENVIADO,
        id_externo=id_externo or mensagem.id_externo,
        pedido_por=None,
        pedido_motivo="",
    )
    _guardar(mensagem, recibo, agora, id_externo or mensagem.id_externo)
    return recibo.situacao


def _guardar(mensagem: Mensagem, recibo: Recibo, agora: datetime, id_externo: str) -> None:
    """What was said and when it was known here, for the dossier of the message."""
    ReciboDeEntrega.objects.create(
        mensagem=mensagem,
        momento=agora,
        situacao=recibo.situacao,
        codigo=recibo.codigo[:40],
        texto=sem_segredo(mensagem.gateway, recibo.texto)[:300],
        id_externo=id_externo,
    )


# Being told


def autentico(gateway: GatewaySMS, cabecalhos: Mapping[str, str]) -> bool:
    """Whether who posts knows the secret of the gateway's receipts. Without one, or a key for it, nobody does."""
    if not gateway.segredo_retorno or isinstance(gateway.segredo_retorno, SegredoPerdido):
        return False
    with abrir_canal(gateway) as canal:
        esperado = canal.opcao("prefixo_retorno") + gateway.segredo_retorno
        apresentado = cabecalhos.get(canal.opcao("cabecalho_retorno"), "")
    return compare_digest(apresentado.encode(), esperado.encode())


def receber(gateway: GatewaySMS, dados: Any, agora: datetime) -> Counter:
    """Apply the receipts that an operator posted, one or a list; count what came of each.

    "cedo": told before our own record of the send, so it must be told again. "desconhecida": of no message of this
    gateway. "alheio": about something else. Raises AvisoInvalido when none of them is a receipt.
    """
    contagem: Counter = Counter()
    itens = dados if isinstance(dados, list) else [dados]
    with abrir_canal(gateway) as canal:
        for item in itens:
            try:
                aviso = canal.ler_aviso(item)
            except (AttributeError, KeyError, IndexError, TypeError, ValueError):
                contagem["invalido"] += 1
                continue
            contagem[_aplicar_aviso(gateway, aviso, agora) if aviso else "alheio"] += 1
    if contagem["invalido"] == len(itens):
        raise AvisoInvalido("Nenhum recibo reconhecido.")
    return contagem


def _aplicar_aviso(gateway: GatewaySMS, aviso: Aviso, agora: datetime) -> str:
    mensagem = _do_aviso(gateway, aviso)
    if mensagem is None:
        # Until a block is written the operator's id is not known here; our own always is.
        sendo_escrita = not aviso.chave and Reserva.objects.do(gateway).filter(encerrada_em=None).exists()
        return "cedo" if sendo_escrita else "desconhecida"
    try:
        return registrar(mensagem, aviso.recibo, agora, id_externo=aviso.id_externo)
    except AindaEmEnvio:
        return "cedo"


def _do_aviso(gateway: GatewaySMS, aviso: Aviso) -> Mensagem | None:
    do_gateway = Mensagem.objects.filter(canal=Canal.SMS, gateway=gateway)
    achada = do_gateway.filter(chave=aviso.chave).first() if aviso.chave else None
    if achada is None and aviso.id_externo:
        achada = do_gateway.filter(id_externo=aviso.id_externo).order_by("-id").first()
    return achada
