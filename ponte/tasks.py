"""The bridge by itself, every GSAN_MINUTOS: what changed comes in, and what became of the messages goes out."""

import logging

from celery import shared_task
from django.conf import settings
from django.utils import timezone

from cadastro.importacao import ErroDeImportacao
from ponte.exportacao import exportar
from ponte.importacao import EmAndamento, Pedido, importar
from ponte.origem import ErroDaOrigem, Origem, parametros

log = logging.getLogger(__name__)


@shared_task(ignore_result=True)
def atravessar() -> None:
    """A run each way; whoever finds another under way leaves it alone. What fails is tried again by the next."""
    agora = timezone.now()
    pedido = Pedido(hoje=timezone.localdate(agora), agora=agora, relatorios=settings.VAR / "ponte" / "ultima")
    try:
        with Origem(parametros()) as origem:
            for resultado in importar(origem, pedido):
                if resultado.lidas or resultado.sumidas:
                    log.info("ponte: %s", resultado)
        with Origem(parametros(), escrever=True) as origem:
            log.info("ponte: %s", exportar(origem))
    except EmAndamento as erro:
        log.info("ponte: %s", erro)
    except (ErroDaOrigem, ErroDeImportacao) as erro:
        log.error("ponte: %s", erro)
