"""Who commanded the run of a message, for its dossier."""

from uuid import UUID

from django.utils import timezone
from django.utils.formats import date_format

from batch.models import ProcessoIniciado
from mensageria.fontes import Pares


def do_processo(execucao: UUID) -> Pares:
    """The process that made a run: who started it, and who authorised it when that was asked for."""
    iniciado = (
        ProcessoIniciado.objects.select_related("processo", "usuario", "autorizado_por")
        .filter(execucao=execucao)
        .first()
    )
    if iniciado is None:
        return ()
    pares = [
        ("Processo", f"{iniciado.processo}, iniciado nº {iniciado.pk}"),
        ("Comandado por", iniciado.usuario or "o sistema"),
        ("Comandado em", momento(iniciado.comandado_em)),
    ]
    if iniciado.autorizado_por:
        pares.append(("Autorizado por", iniciado.autorizado_por))
    elif not iniciado.processo.exige_autorizacao:
        pares.append(("Autorização", "o processo não a exige"))
    return pares


def momento(instante) -> str:
    return date_format(timezone.localtime(instante), "d/m/Y H:i:s") if instante else "–"
