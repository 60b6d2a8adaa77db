"""When the engine runs. The tick finds what is due in the database; the tasks it rings for may be lost without harm."""

import gc
import logging
import threading

from celery import shared_task
from celery.signals import celeryd_after_setup, worker_shutting_down
from django.db import connection
from django.utils import timezone

from mensageria import alertas_email, circuito, consumo, envio, recuperacao, reserva, retornos, rotacao, trabalhador
from mensageria.estados import Classe
from mensageria.models import Canal, GatewaySMS, Ritmo, Servico, ServicoEmail

log = logging.getLogger(__name__)
_parando = threading.Event()

FILA = "envio"
INTERVALO_DA_VIGILIA = 5  # seconds
CAMPAINHAS = 16  # for one service at each tick: those that are heard ring for more


@worker_shutting_down.connect
def _parar(**_) -> None:
    _parando.set()


@celeryd_after_setup.connect
def _vigiar(instance, **_) -> None:
    """Whoever sends is counted among those that do, and settles what dead turns left on this machine."""
    if FILA in instance.app.amqp.queues.consume_from:
        assentar_memoria()
        threading.Thread(target=vigiar, name="vigilia", daemon=True).start()


def assentar_memoria() -> None:
    """When a sending process starts: spare the collector what is loaded by then (0.1 s every few thousand messages).

    Not later: garbage of that moment, as an open connection, would stay for ever.
    """
    gc.collect()
    gc.freeze()


def vigiar(parando: threading.Event = _parando) -> None:
    """Until told to stop; a database that is away for a while is waited for."""
    while not parando.is_set():
        try:
            trabalhador.este().apresentar()
            recuperacao.recuperar(timezone.now())
        except Exception:
            log.exception("A vigília do envio falhou.")
        finally:
            connection.close()
        parando.wait(INTERVALO_DA_VIGILIA)


@shared_task(ignore_result=True)
def tique() -> None:
    agora = timezone.now()
    try:
        envio.varrer_prazo(agora)
    except Exception:  # one step that fails must not silence every service
        log.exception("A varredura do prazo falhou.")
    # No secret is opened here: one that does not open stops its service alone.
    servicos = [
        *ServicoEmail.objects.disponiveis(agora).defer("senha"),
        *GatewaySMS.objects.disponiveis(agora).defer("credencial", "segredo_retorno"),
    ]
    for servico, vagas in trabalhador.livres(servicos).items():
        if vagas and Ritmo.objects.espera(servico) < envio.MAIOR_ESPERA and reserva.ha_devidas(servico, agora):
            for _ in range(1 if circuito.em_prova(servico, agora) else min(vagas, CAMPAINHAS)):
                tocar(ENVIAR[servico.canal], servico.pk)
        if servico.canal == Canal.SMS:
            tocar(consultar_retornos, servico.pk)


def tocar(tarefa, *argumentos) -> None:
    """Ring the doorbell: one that nobody hears in time is dropped, and the next tick rings again."""
    tarefa.apply_async(argumentos, queue=FILA, expires=envio.DURACAO_DO_TURNO)


@shared_task(ignore_result=True)
def enviar_email(servico_id: int) -> None:
    _enviar(ServicoEmail, servico_id)


@shared_task(ignore_result=True)
def enviar_sms(gateway_id: int) -> None:
    _enviar(GatewaySMS, gateway_id)


ENVIAR = {Canal.EMAIL: enviar_email, Canal.SMS: enviar_sms}


def _enviar(modelo: type[Servico], pk: int) -> None:
    """A turn, unless the service was switched off or put to rest since the bell rang; while it sends it rings again."""
    servico = modelo.objects.disponiveis(timezone.now()).filter(pk=pk).first()
    if servico is None:
        return
    contagem = envio.enviar(servico, parar=_parando.is_set)
    if contagem[Classe.ACEITA.value] and not _parando.is_set():
        tocar(ENVIAR[servico.canal], pk)


@shared_task(ignore_result=True)
def consultar_retornos(gateway_id: int) -> None:
    """Unless somebody is asking that gateway already."""
    gateway = GatewaySMS.objects.get(pk=gateway_id)
    with trabalhador.este().dominio(gateway, "consulta de retornos", 1) as minha_vez:
        if minha_vez:
            retornos.consultar(gateway)


@shared_task(ignore_result=True)
def varrer_janela() -> None:
    envio.varrer_janela(timezone.now())


@shared_task(ignore_result=True)
def esquecer_reservas() -> None:
    recuperacao.esquecer(timezone.now())


@shared_task(ignore_result=True)
def avisar() -> None:
    """Quotas near their end, services that are exhausted, remetentes that wait, and what people must be told."""
    agora = timezone.now()
    for passo in (consumo.tique, rotacao.tique, alertas_email.enviar_pendentes):
        try:
            passo(agora)
        except Exception:  # none silences the others
            log.exception("Um passo dos avisos falhou.")
