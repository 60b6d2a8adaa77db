"""A lote pauses by itself when too many of its last messages are refused: the addresses are bad, or the text is."""

from collections import defaultdict
from collections.abc import Iterable
from datetime import datetime

from django.db import transaction
from django.urls import reverse

from mensageria import alertas
from mensageria.estados import DEFINITIVAS, Classe
from mensageria.models import Alerta, Lote, Mensagem, OrigemEnvio
from telas import registro

ACEITA, RECUSADA = "a", "r"


def observar(resultados: Iterable[tuple[Mensagem, str]], agora: datetime) -> None:
    """Add what came of these messages to the last results of their lotes, and pause those that passed their limit."""
    novas: dict[int, str] = defaultdict(str)
    for mensagem, classe in resultados:
        if classe == Classe.ACEITA:
            novas[mensagem.lote_id] += ACEITA
        elif classe in DEFINITIVAS:
            novas[mensagem.lote_id] += RECUSADA
    origens = OrigemEnvio.objects.in_bulk() if novas else {}
    for lote in Lote.objects.filter(id__in=novas).order_by("id").select_for_update():
        origem = origens.get(lote.origem)
        if origem is not None and origem.recusas_maximas is not None:
            _somar(lote, novas[lote.pk], origem, agora)


def _somar(lote: Lote, novas: str, origem: OrigemEnvio, agora: datetime) -> None:
    lote.ultimas = (lote.ultimas + novas)[-origem.recusas_em :]
    recusadas = lote.ultimas.count(RECUSADA)
    cheia = len(lote.ultimas) == origem.recusas_em
    if lote.pausado_em is None and cheia and recusadas * 100 > origem.recusas_maximas * origem.recusas_em:
        lote.pausado_em = agora
        lote.motivo_pausa = f"{recusadas} recusas nos últimos {origem.recusas_em} envios"
        alertas.avisar(
            Alerta.Tipo.PAUSA,
            f"pausa:{lote.pk}:{agora.isoformat()}",
            agora=agora,
            assunto="Envio Pausado por Recusas",
            titulo="Envio Pausado!",
            paragrafos=[
                f"O lote **{lote.pk}** ({lote}) da operação **{origem}** foi pausado: {lote.motivo_pausa}.",
                "Confira os endereços e o texto; depois continue o envio ou cancele as mensagens.",
            ],
            caminho=reverse("mensageria:pausados"),
        )
    lote.save(update_fields=["ultimas", "pausado_em", "motivo_pausa"])


@transaction.atomic
def continuar(lote_id: int, *, usuario, agora: datetime) -> bool:
    """Let a paused lote go on, counting refusals anew; False when it was not paused."""
    lote = Lote.objects.select_for_update().get(pk=lote_id)
    if lote.pausado_em is None:
        return False
    lote.pausado_em, lote.motivo_pausa, lote.ultimas = None, "", ""
    lote.save(update_fields=["pausado_em", "motivo_pausa", "ultimas"])
    Alerta.objects.filter(chave__startswith=f"pausa:{lote_id}:", resolvido_em=None).update(resolvido_em=agora)
    registro.registrar(usuario, lote, "Envio continuado depois da pausa por recusas")
    return True


def pausados() -> list[int]:
    """The lotes that may not leave now; few, and read at each claim."""
    return list(Lote.objects.filter(pausado_em__isnull=False).values_list("id", flat=True))
