"""Who did what and when: the log of the administration, which the operator's screens write too."""

from django.contrib.admin.models import ADDITION, CHANGE, DELETION, LogEntry
from django.contrib.contenttypes.models import ContentType
from django.db import models


def registrar(usuario, objeto: models.Model, mensagem: str, acao: int = CHANGE) -> None:
    LogEntry.objects.log_actions(usuario.pk, [objeto], acao, change_message=mensagem, single_object=True)


def inserido(usuario, objeto: models.Model, mensagem: str = "Inserido.") -> None:
    registrar(usuario, objeto, mensagem, ADDITION)


def removido(usuario, objeto: models.Model, mensagem: str = "Removido.") -> None:
    registrar(usuario, objeto, mensagem, DELETION)


def ultima_alteracao(objeto: models.Model) -> LogEntry | None:
    do_objeto = LogEntry.objects.filter(
        content_type=ContentType.objects.get_for_model(objeto), object_id=str(objeto.pk)
    )
    return do_objeto.select_related("user").order_by("-id").first()
