"""What the schedule does for the screens."""

from celery import shared_task
from django.utils import timezone

from telas import pedidos


@shared_task(ignore_result=True)
def esquecer_pedidos() -> None:
    pedidos.esquecer(timezone.now())
