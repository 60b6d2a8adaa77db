"""The doorbell of the campaigns: what is lost here, the next tick finds again in the database."""

import logging
import threading

from celery import shared_task
from celery.signals import worker_shutting_down
from django.utils import timezone

from preventivo import campanhas, importacao
from preventivo import coleta as coletas
from preventivo.models import Campanha

log = logging.getLogger(__name__)
_parando = threading.Event()
VALIDADE = 60  # seconds: an import not taken by then has been rung for again


@worker_shutting_down.connect
def _parar(**_) -> None:
    _parando.set()


@shared_task(ignore_result=True)
def tique() -> None:
    agora = timezone.now()
    for passo in (_tocar_importacoes, _tocar_coletas, campanhas.tique):
        try:
            passo(agora)
        except Exception:  # none silences the others
            log.exception("Um passo das campanhas falhou.")


def _tocar_importacoes(agora) -> None:
    a_importar = Campanha.objects.filter(situacao=Campanha.Situacao.IMPORTANDO)
    for pk in a_importar.values_list("pk", flat=True):
        importar.apply_async((pk,), queue="geracao", expires=VALIDADE)


def _tocar_coletas(agora) -> None:
    for pk in coletas.a_coletar(agora):
        coletar.apply_async((pk,), queue="coleta", expires=coletas.DURACAO)


@shared_task(ignore_result=True)
def importar(campanha_id: int) -> None:
    importacao.importar(campanha_id, timezone.now())


@shared_task(ignore_result=True)
def coletar(operacao_id: int) -> None:
    """A turn; while it is answered it rings again."""
    respondidos = coletas.coletar(operacao_id, parar=_parando.is_set)
    if respondidos and not _parando.is_set() and operacao_id in coletas.a_coletar(timezone.now()):
        coletar.apply_async((operacao_id,), queue="coleta", expires=coletas.DURACAO)
