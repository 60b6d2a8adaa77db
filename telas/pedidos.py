"""A form sent twice (a double click, the back button, a reload) does its work once.

The page carries a new number (`{% pedido %}` in the form). Whoever comes second waits for the first to end, and is led
where the first was. What was changed after going back is another piece of work, though its page has the same number.
"""

import json
import uuid
from collections.abc import Callable
from datetime import datetime, timedelta

from django.db import connection, transaction

from telas.confirmacao import NAO_REPETIR
from telas.models import Pedido

VALIDADE = timedelta(days=2)


def novo() -> str:
    return str(uuid.uuid4())


@transaction.atomic
def atender(request, fazer: Callable[[], str]) -> str:
    """Do it unless this form already did; return the URL to go to. What `fazer` raises leaves no trace.

    A form without a valid number, as only a program sends, is simply done.
    """
    if not tomar(request):
        return ja_atendido(request)
    destino = fazer()
    concluir(request, destino)
    return destino


def tomar(request) -> bool:
    """Take this form; False when another copy of it did.

    By itself, with `concluir` in the end, for work that must not happen inside a transaction, as on the network: what
    comes to nothing in between is not done again by the same form.
    """
    numero = _numero(request)
    if numero is None:
        return True
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO telas_pedido (id, usuario_id, destino, criado_em) VALUES (%s, %s, '', now())"
            " ON CONFLICT (id) DO NOTHING",
            [numero, request.user.pk],
        )
        return cursor.rowcount == 1


def concluir(request, destino: str) -> None:
    """Keep where this form led, for whoever sends it again."""
    Pedido.objects.filter(pk=_numero(request)).update(destino=destino)


def ja_atendido(request) -> str:
    """Where this form led when its work was done; empty before that.

    For a view that would refuse the second copy for what the first one changed.
    """
    return Pedido.objects.filter(pk=_numero(request)).values_list("destino", flat=True).first() or ""


def _numero(request) -> uuid.UUID | None:
    """What the form carries, made the sender's own and of what was typed: nobody is led where another form led."""
    try:
        da_pagina = uuid.UUID(request.POST.get("pedido", ""))
    except ValueError:
        return None
    return uuid.uuid5(da_pagina, json.dumps([request.user.pk, _digitado(request)]))


def _digitado(request) -> list:
    campos = sorted((nome, valores) for nome, valores in request.POST.lists() if nome not in NAO_REPETIR)
    arquivos = sorted((nome, arquivo.name, arquivo.size) for nome, arquivo in request.FILES.items())
    return [campos, arquivos]


def esquecer(agora: datetime) -> int:
    """Delete what no browser sends any more; return how many."""
    return Pedido.objects.filter(criado_em__lt=agora - VALIDADE).delete()[0]
