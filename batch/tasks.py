"""The doorbell: these only call. What is lost here, the next tick finds again in the database."""

import logging

from celery import shared_task
from django.utils import timezone

from batch import agendamentos, execucao

logger = logging.getLogger(__name__)
VALIDADE = 60  # seconds: a unit not taken by then has been handed out again


@shared_task
def tique() -> None:
    try:
        agendamentos.comandar_devidos(timezone.now())  # what no bell rang for
    except Exception:  # what was started by hand runs all the same
        logger.exception("Os agendamentos não foram vistos.")
    for unidade_id in execucao.tique(timezone.now()):  # it has committed when it returns
        executar_unidade.apply_async((unidade_id,), queue="geracao", expires=VALIDADE)


@shared_task
def executar_unidade(unidade_id: int) -> None:
    if execucao.executar(unidade_id) and execucao.era_a_ultima(unidade_id):
        tique.apply_async(expires=VALIDADE)  # what waited for it need not wait for beat too


@shared_task
def comandar_agendados() -> None:
    """The bell of the agendamentos: it rings at the hour of one, and all that are due are commanded."""
    if agendamentos.comandar_devidos(timezone.now()):
        tique.apply_async(expires=VALIDADE)
