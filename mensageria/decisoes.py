"""What an operator decides about messages: send again, take an uncertain one for sent or lost, cancel."""

from collections.abc import Collection
from datetime import datetime

from django.db import transaction
from django.db.models import F, TextChoices
from django.db.models.functions import Greatest

from mensageria.estados import TRANSICOES, Estado
from mensageria.models import Mensagem


class MotivoObrigatorio(ValueError):
    """Every decision is kept with its reason."""


class MudouEnquantoIsso(Exception):
    """The message is not what the operator saw, or may not become what he wants. The message is shown to him."""


class Decisao(TextChoices):
    """What may be decided about one message."""

    REENVIAR = "reenviar", "Reenviar"
    FOI_ENVIADA = "enviada", "Foi enviada"
    FALHOU = "falha", "Falhou"
    CANCELAR = "cancelar", "Cancelar a mensagem"


def possiveis(mensagem: Mensagem, agora: datetime) -> list[Decisao]:
    """What may be decided about it now."""
    estado, alvos = Estado(mensagem.estado), TRANSICOES[mensagem.estado]
    if estado == Estado.EM_ENVIO:
        return []
    cabem = {
        Decisao.REENVIAR: Estado.PENDENTE in alvos and mensagem.expira_em > agora,
        Decisao.FOI_ENVIADA: estado == Estado.INCERTA,
        Decisao.FALHOU: estado == Estado.INCERTA,
        Decisao.CANCELAR: Estado.CANCELADA in alvos,
    }
    return [decisao for decisao, cabe in cabem.items() if cabe]


def retrato(mensagem: Mensagem) -> str:
    """What of a message an operator saw when he decided."""
    return f"{mensagem.estado}:{mensagem.tentativas}"


@transaction.atomic
def decidir(mensagem_id: int, decisao: Decisao, *, visto: str, usuario, motivo: str, agora: datetime) -> Mensagem:
    """Decide about one message as it was seen (`retrato`); return it as it was. Raises MudouEnquantoIsso."""
    _conferir_motivo(motivo)
    mensagem = Mensagem.objects.select_for_update(of=("self",)).get(pk=mensagem_id)
    if retrato(mensagem) != visto or decisao not in possiveis(mensagem, agora):
        raise MudouEnquantoIsso(
            f"A mensagem mudou enquanto você decidia: agora está {mensagem.get_estado_display().lower()}. "
            "Nada foi feito."
        )
    ids = [mensagem_id]
    if decisao == Decisao.REENVIAR:
        reenviar(ids, usuario=usuario, motivo=motivo, agora=agora)
    elif decisao == Decisao.CANCELAR:
        cancelar(ids, usuario=usuario, motivo=motivo)
    else:
        como = Estado.ENVIADA if decisao == Decisao.FOI_ENVIADA else Estado.FALHA
        resolver_incertas(ids, como=como, usuario=usuario, motivo=motivo, agora=agora)
    return mensagem


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
            reserva=None,
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
        reserva=None,
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
        reserva=None,
        motivo=f"Cancelada pelo operador: {motivo}"[:300],
        pedido_por=usuario,
        pedido_motivo=motivo[:200],
    )


def _conferir_motivo(motivo: str) -> None:
    if not motivo.strip():
        raise MotivoObrigatorio("Informe o motivo.")
