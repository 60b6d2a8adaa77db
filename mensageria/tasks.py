"""When the engine runs. The tick finds what is due in the database; the tasks it rings for may be lost without harm."""

import logging
import threading

from celery import shared_task
from celery.signals import worker_shutting_down
from django.utils import timezone

from mensageria import envio, retornos
from mensageria.models import GatewaySMS, ServicoEmail

log = logging.getLogger(__name__)
_parando = threading.Event()


@worker_shutting_down.connect
def _parar(**_) -> None:
    _parando.set()


@shared_task(ignore_result=True)
def tique() -> None:
    agora = timezone.now()
    for passo in (envio.recuperar, envio.varrer_prazo):
        try:
            passo(agora)
        except Exception:  # one that fails must not silence every service
            log.exception("Um passo do tique falhou.")
    # No secret is opened here: one that does not open stops its service alone.
    for servico in ServicoEmail.objects.disponiveis(agora).defer("senha"):
        if envio.ha_devidas(servico, agora):
            tocar(enviar_email, servico.pk)
    for gateway in GatewaySMS.objects.disponiveis(agora).defer("credencial"):
        if envio.ha_devidas(gateway, agora):
            tocar(enviar_sms, gateway.pk)
        tocar(consultar_retornos, gateway.pk)


def tocar(tarefa, *argumentos) -> None:
    """Ring the doorbell: one that nobody hears in time is dropped, and the next tick rings again."""
    tarefa.apply_async(argumentos, queue="envio", expires=envio.DURACAO_DO_TURNO)


@shared_task(ignore_result=True)
def enviar_email(servico_id: int) -> None:
    _enviar(ServicoEmail, servico_id)


@shared_task(ignore_result=True)
def enviar_sms(gateway_id: int) -> None:
    _enviar(GatewaySMS, gateway_id)


def _enviar(modelo: type[ServicoEmail] | type[GatewaySMS], pk: int) -> None:
    """A turn, unless the service was switched off or put to rest since the bell rang."""
    if servico := modelo.objects.disponiveis(timezone.now()).filter(pk=pk).first():
        envio.enviar(servico, parar=_parando.is_set)


@shared_task(ignore_result=True)
def consultar_retornos(gateway_id: int) -> None:
    retornos.consultar(GatewaySMS.objects.get(pk=gateway_id))
