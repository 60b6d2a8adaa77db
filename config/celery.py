"""Celery: the broker is a doorbell, the database is the ledger. Only here are queues and the schedule listed."""

import os

from celery import Celery
from celery.signals import worker_init
from django.conf import settings
from kombu import Exchange, Queue
from kombu.transport import TRANSPORT_ALIASES

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")

FILAS = {
    "geral": "ticks and everything short",
    "geracao": "units of processes: generation of messages and documents",
    "envio": "turns of sending; read by workers of its own, with threads",
    "coleta": "turns of collection from the companies' APIs; workers of its own, with threads",
}
TIQUE_DO_BATCH = 10  # seconds
TIQUE_DO_ENVIO = 5
TIQUE_DAS_CAMPANHAS = 5
TIQUE_DOS_AVISOS = 15
VARREDURA_DA_JANELA = 60  # it looks at what waits for a window, which may be millions
UM_DIA = 86400

TRANSPORT_ALIASES["filesystem"] = "config.fila:Transport"
app = Celery("avisa")
app.conf.update(
    broker_url=settings.CELERY_BROKER_URL,
    timezone=settings.TIME_ZONE,
    task_queues=[Queue(nome, Exchange(nome), routing_key=nome) for nome in FILAS],
    task_default_queue="geral",
    task_ignore_result=True,
    task_acks_late=False,
    worker_prefetch_multiplier=1,
    worker_hijack_root_logger=False,
    worker_send_task_events=False,
    broker_connection_retry_on_startup=True,
    task_serializer="json",
    accept_content=["json"],
    beat_scheduler="config.relogio:Relogio",
    # A tick that finds no worker in time is dropped: the next one does its work.
    beat_schedule={
        "tique-do-batch": {
            "task": "batch.tasks.tique",
            "schedule": TIQUE_DO_BATCH,
            "options": {"expires": TIQUE_DO_BATCH, "queue": "geral"},
        },
        "tique-do-envio": {
            "task": "mensageria.tasks.tique",
            "schedule": TIQUE_DO_ENVIO,
            "options": {"expires": TIQUE_DO_ENVIO, "queue": "geral"},
        },
        "tique-das-campanhas": {
            "task": "preventivo.tasks.tique",
            "schedule": TIQUE_DAS_CAMPANHAS,
            "options": {"expires": TIQUE_DAS_CAMPANHAS, "queue": "geral"},
        },
        "varrer-janela": {
            "task": "mensageria.tasks.varrer_janela",
            "schedule": VARREDURA_DA_JANELA,
            "options": {"expires": VARREDURA_DA_JANELA, "queue": "geral"},
        },
        "tique-dos-avisos": {
            "task": "mensageria.tasks.avisar",
            "schedule": TIQUE_DOS_AVISOS,
            "options": {"expires": TIQUE_DOS_AVISOS, "queue": "geral"},
        },
        "esquecer-reservas": {
            "task": "mensageria.tasks.esquecer_reservas",
            "schedule": UM_DIA,
            "options": {"expires": UM_DIA, "queue": "geral"},
        },
        "esquecer-pedidos": {
            "task": "telas.tasks.esquecer_pedidos",
            "schedule": UM_DIA,
            "options": {"expires": UM_DIA, "queue": "geral"},
        },
    },
)
if settings.BANCO_GSAN and settings.GSAN_MINUTOS:
    app.conf.beat_schedule["ponte-com-o-gsan"] = {
        "task": "ponte.tasks.atravessar",
        "schedule": settings.GSAN_MINUTOS * 60,
        "options": {"expires": settings.GSAN_MINUTOS * 60, "queue": "geracao"},
    }
if settings.CELERY_BROKER_URL.startswith("filesystem"):
    _mensagens = settings.PASTA_BROKER / "mensagens"
    _controle = settings.PASTA_BROKER / "controle"
    for _pasta in (_mensagens, _controle):
        _pasta.mkdir(parents=True, exist_ok=True)
    app.conf.broker_transport_options = {
        "data_folder_in": str(_mensagens),
        "data_folder_out": str(_mensagens),
        "control_folder": str(_controle),
    }
app.autodiscover_tasks()


@worker_init.connect
def _conferir_banco(**_) -> None:
    """A worker that cannot reach the database says so when it starts, not at its first task."""
    from django.db import connection

    connection.ensure_connection()
    connection.close()
