"""A lote pauses by itself when too many of its last messages are refused: the addresses are bad, or the text is.

Somebody may pause one too. Somebody lets it go on, or cancels what it still has to send.
"""

from collections import defaultdict
from collections.abc import Iterable
from datetime import datetime

from django.db import connection, transaction
from django.db.models import Sum
from django.urls import reverse

from mensageria import alertas, decisoes
from mensageria.escrita import matriz
from mensageria.estados import DEFINITIVAS, Classe, Estado
from mensageria.models import Alerta, Lote, LoteContagem, Mensagem, OrigemEnvio, TentativaEnvio
from mensageria.palavras import nome_da_origem
from telas import registro

ACEITA, RECUSADA = "a", "r"
BLOCO, POR_VEZ = 5_000, 50_000  # messages cancelled by one transaction, and by one request
RECUSAS_MOSTRADAS = 3


def observar(resultados: Iterable[tuple[int, str]], agora: datetime) -> None:
    """Add what came of the messages of some lotes, as (lote, class), to their last results, and pause those that passed
    their limit."""
    novas: dict[int, str] = defaultdict(str)
    for lote, classe in resultados:
        if classe == Classe.ACEITA:
            novas[lote] += ACEITA
        elif classe in DEFINITIVAS:
            novas[lote] += RECUSADA
    if novas:
        passaram = _somar(novas)
        origens = OrigemEnvio.objects.in_bulk() if passaram else {}
        for lote in Lote.objects.filter(id__in=passaram).order_by("id"):
            sem_linha = OrigemEnvio(pk=lote.origem, descricao=nome_da_origem(lote.origem))
            _pausar_por_recusas(lote, origens.get(lote.origem, sem_linha), agora)


# An origin that has no row has what a new one would.
SOMAR = """
UPDATE mensageria_lote l SET ultimas = right(l.ultimas || o.novas, o.recusas_em)
FROM (
    SELECT n.lote, n.novas,
        CASE WHEN dela.origem IS NULL THEN %(maximas)s ELSE dela.recusas_maximas END AS recusas_maximas,
        coalesce(dela.recusas_em, %(em)s) AS recusas_em
    FROM unnest(%(lotes)s::bigint[], %(novas)s::text[]) AS n (lote, novas)
    JOIN mensageria_lote do_lote ON do_lote.id = n.lote
    LEFT JOIN mensageria_origemenvio dela ON dela.origem = do_lote.origem
) o
WHERE l.id = o.lote AND o.recusas_maximas IS NOT NULL
    AND l.ultimas <> right(l.ultimas || o.novas, o.recusas_em)
RETURNING CASE WHEN l.pausado_em IS NULL AND length(l.ultimas) = o.recusas_em
    AND length(replace(l.ultimas, %(aceita)s, '')) * 100 > o.recusas_maximas * o.recusas_em THEN l.id END
"""


def _somar(novas: dict[int, str]) -> list[int]:
    """Write the last results of each lote, when they change; return the lotes that passed their limit."""
    lotes = sorted(novas)
    with connection.cursor() as cursor:
        # Locked in one order, so that nobody waits in a circle.
        cursor.execute("SELECT FROM mensageria_lote WHERE id = ANY(%s) ORDER BY id FOR NO KEY UPDATE", [matriz(lotes)])
        padrao = OrigemEnvio()
        valores = {"lotes": matriz(lotes), "novas": matriz(novas[lote] for lote in lotes), "aceita": ACEITA}
        cursor.execute(SOMAR, valores | {"maximas": padrao.recusas_maximas, "em": padrao.recusas_em})
        return [lote for (lote,) in cursor.fetchall() if lote is not None]


def _pausar_por_recusas(lote: Lote, origem: OrigemEnvio, agora: datetime) -> None:
    recusadas = lote.ultimas.count(RECUSADA)
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
    lote.save(update_fields=["pausado_em", "motivo_pausa"])


@transaction.atomic
def pausar(lote_id: int, *, usuario, motivo: str, agora: datetime) -> bool:
    """Hold a lote: nothing more of it leaves until somebody lets it go on; False when it was paused already."""
    decisoes.conferir_motivo(motivo)
    lote = Lote.objects.select_for_update().get(pk=lote_id)
    if lote.pausado_em is not None:
        return False
    lote.pausado_em, lote.motivo_pausa = agora, motivo[:200]
    lote.save(update_fields=["pausado_em", "motivo_pausa"])
    registro.registrar(usuario, lote, f"Envio pausado: {motivo}")
    return True


@transaction.atomic
def continuar(lote_id: int, *, usuario, agora: datetime) -> bool:
    """Let a paused lote go on, counting refusals anew; False when it was not paused."""
    lote = Lote.objects.select_for_update().get(pk=lote_id)
    if lote.pausado_em is None:
        return False
    motivo = lote.motivo_pausa
    _soltar(lote, agora)
    decisoes.voltaram([lote.pk], agora)
    registro.registrar(usuario, lote, f"Envio continuado depois da pausa: {motivo}")
    return True


def _soltar(lote: Lote, agora: datetime) -> None:
    lote.pausado_em, lote.motivo_pausa, lote.ultimas = None, "", ""
    lote.save(update_fields=["pausado_em", "motivo_pausa", "ultimas"])
    Alerta.objects.filter(chave__startswith=f"pausa:{lote.pk}:", resolvido_em=None).update(resolvido_em=agora)


def cancelar_pendentes(lote_id: int, *, usuario, motivo: str, agora: datetime) -> tuple[int, int]:
    """Cancel what a paused lote still has to send, a block at a time, up to POR_VEZ; return how many, and how many are
    left. When none is, there is nothing more to hold and the pause is over.

    What somebody is taking now is left: it comes back to a lote that is still paused.
    """
    lote = Lote.objects.get(pk=lote_id)
    if lote.pausado_em is None:
        return 0, 0
    pendentes = Mensagem.objects.filter(lote=lote, estado=Estado.PENDENTE).order_by("pk")
    canceladas = 0
    while canceladas < POR_VEZ:
        with transaction.atomic():
            ids = list(pendentes.select_for_update(skip_locked=True).values_list("pk", flat=True)[:BLOCO])
            canceladas += decisoes.cancelar(ids, usuario=usuario, motivo=motivo)
        if len(ids) < BLOCO:
            break
    registro.registrar(usuario, lote, f"{canceladas} mensagens pendentes canceladas: {motivo}")
    return canceladas, _encerrar_se_vazio(lote_id, agora)


@transaction.atomic
def _encerrar_se_vazio(lote_id: int, agora: datetime) -> int:
    lote = Lote.objects.select_for_update().get(pk=lote_id)
    restam = por_sair([lote]).get(lote_id, 0)
    if not restam and lote.pausado_em is not None:
        _soltar(lote, agora)
    return restam


def por_sair(lotes: Iterable[Lote]) -> dict[int, int]:
    """{lote: how many messages it still has to send, or is sending}, by the ledger."""
    contagens = LoteContagem.objects.filter(lote__in=lotes, estado__in=(Estado.PENDENTE, Estado.EM_ENVIO))
    return dict(contagens.values_list("lote").annotate(n=Sum("quantidade")))


def ultimas_recusas(lotes: Iterable[Lote]) -> dict[int, list[TentativaEnvio]]:
    """How the last messages of each lote that failed were refused, RECUSAS_MOSTRADAS at most, by the server's words."""
    falhas = [
        Mensagem.objects.filter(lote=lote, estado=Estado.FALHA).order_by("-pk").values("pk")[:RECUSAS_MOSTRADAS]
        for lote in lotes
    ]
    achadas: dict[int, list[TentativaEnvio]] = defaultdict(list)
    if not falhas:
        return achadas
    ids = [linha["pk"] for linha in falhas[0].union(*falhas[1:], all=True)]
    recusas = TentativaEnvio.objects.filter(mensagem__in=ids, classe__in=DEFINITIVAS).select_related("mensagem")
    for recusa in recusas.order_by("-mensagem_id", "-pk").distinct("mensagem_id"):
        achadas[recusa.mensagem.lote_id].append(recusa)
    return achadas


def pausados() -> list[int]:
    """The lotes that may not leave now; few, and read at each claim."""
    return list(Lote.objects.filter(pausado_em__isnull=False).values_list("id", flat=True))
