"""Store actions of collection one at a time; remove them, and their criteria, unless something holds them."""

from collections.abc import Collection

from django.db import connection, transaction
from django.db.models import Q

from cobranca.models import AcaoCobranca, CriterioCobranca
from telas import registro

TRAVA = 336_000_003  # advisory lock: the rules of an action speak of the others


def travar() -> None:
    """Until the transaction ends nobody else stores an action by the screens: call it before looking at any."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [TRAVA])


class EmUso(Exception):
    """Something cannot be removed; the message says what and what holds it."""


@transaction.atomic
def remover_acoes(ids: Collection[int], *, usuario) -> int:
    """Remove them all, or none: raises EmUso. Return how many there were."""
    acoes = list(AcaoCobranca.objects.select_for_update().filter(pk__in=ids).order_by("descricao"))
    impedidas = [motivo for acao in acoes if (motivo := _o_que_segura(acao, ids))]
    if impedidas:
        raise EmUso(" ".join(impedidas))
    for acao in acoes:
        registro.removido(usuario, acao)
    saem = AcaoCobranca.objects.filter(pk__in=[acao.pk for acao in acoes])
    saem.update(predecessora=None, predecessora_alternativa=None)  # they may hold each other
    saem.delete()
    return len(acoes)


def _o_que_segura(acao: AcaoCobranca, tambem_saem: Collection[int]) -> str:
    """Why an action stays, in words; empty when nothing needs it. Those that leave together hold nobody."""
    if comando := acao.comandos.order_by("-id").first():
        return f"{acao.descricao} não pode ser removida: o comando “{comando.titulo}” é dela. Você pode inativá-la."
    seguintes = AcaoCobranca.objects.filter(Q(predecessora=acao) | Q(predecessora_alternativa=acao))
    if seguinte := seguintes.exclude(pk__in=tambem_saem).first():
        return f"{acao.descricao} não pode ser removida: é predecessora de {seguinte.descricao}."
    return ""


@transaction.atomic
def remover_criterios(ids: Collection[int], *, usuario) -> int:
    """Remove them all, or none: raises EmUso. Return how many there were."""
    criterios = list(CriterioCobranca.objects.select_for_update().filter(pk__in=ids).order_by("descricao"))
    usados = [
        f"{criterio} não pode ser removido: é o critério da ação {acao}."
        for criterio in criterios
        if (acao := AcaoCobranca.objects.filter(criterio=criterio).order_by("descricao").first())
    ]
    if usados:
        raise EmUso(" ".join(usados))
    for criterio in criterios:
        registro.removido(usuario, criterio)
        criterio.delete()
    return len(criterios)
