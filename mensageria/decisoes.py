"""What an operator decides about messages: send again, take an uncertain one for sent or lost, cancel."""

from collections.abc import Collection
from datetime import datetime

from django.db import transaction
from django.db.models import F
from django.db.models.functions import Greatest

from mensageria.estados import TRANSICOES, Estado
from mensageria.models import Mensagem


class MotivoObrigatorio(ValueError):
    """Every decision is kept with its reason."""


def _das_que_podem(ids: Collection[int], para: Estado, excluidos: tuple[Estado, ...] = ()):
    de = [estado for estado, alvos in TRANSICOES.items() if para in alvos and estado not in excluidos]
    return Mensagem.objects.filter(id__in=ids, estado__in=de)


@transaction.atomic
def reenviar(ids: Collection[int], *, usuario, motivo: str, agora: datetime) -> int:
    """Put failed and uncertain messages back in the queue, with one more attempt; return how many.

    A re-send is the same message with a new attempt, which says who asked for it and why.
    """
    _conferir_motivo(motivo)
    return (
        _das_que_podem(ids, Estado.PENDENTE, excluidos=(Estado.EM_ENVIO,))
        .filter(expira_em__gt=agora)
        .update(
            estado=Estado.PENDENTE,
            motivo="",
            proxima_tentativa_em=agora,
            tentativas_maximas=Greatest("tentativas_maximas", F("tentativas") + 1),
            pedido_por=usuario,
            pedido_motivo=motivo[:200],
        )
    )


@transaction.atomic
def resolver_incertas(ids: Collection[int], *, como: Estado, usuario, motivo: str, agora: datetime) -> int:
    """Say what became of uncertain messages: ENVIADA, FALHA or CANCELADA; return how many."""
    _conferir_motivo(motivo)
    if como not in TRANSICOES[Estado.INCERTA] or como == Estado.PENDENTE:
        raise ValueError("Uma mensagem incerta passa a enviada, falha ou cancelada; para reenviar use reenviar().")
    return Mensagem.objects.filter(id__in=ids, estado=Estado.INCERTA).update(
        estado=como,
        motivo=f"Decisão do operador: {motivo}"[:300],
        enviada_em=agora if como == Estado.ENVIADA else None,
        pedido_por=usuario,
        pedido_motivo=motivo[:200],
    )


@transaction.atomic
def cancelar(ids: Collection[int], *, usuario, motivo: str) -> int:
    """Cancel pending and uncertain messages; one that is being sent is left alone. Return how many."""
    _conferir_motivo(motivo)
    return _das_que_podem(ids, Estado.CANCELADA, excluidos=(Estado.EM_ENVIO,)).update(
        estado=Estado.CANCELADA,
        motivo=f"Cancelada pelo operador: {motivo}"[:300],
        pedido_por=usuario,
        pedido_motivo=motivo[:200],
    )


def _conferir_motivo(motivo: str) -> None:
    if not motivo.strip():
        raise MotivoObrigatorio("Informe o motivo.")
