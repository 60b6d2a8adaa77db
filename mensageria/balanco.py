"""The balance of a run: every message is in exactly one column, and the counts are those of the ledger."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import groupby
from uuid import UUID

from django.db.models import Count, Exists, OuterRef, Q, Sum

from mensageria import calendario, espera
from mensageria.estados import Estado
from mensageria.models import Lote, LoteContagem, Mensagem, NaoGerada

# The columns, as pages show them; those with * are counted in another too.
COLUNAS = {
    "total": "Total",
    "pendentes": "Pendentes",
    "programadas": "Programadas*",
    "em_envio": "Em envio",
    "enviadas": "Enviadas",
    "entregues": "Entregues*",
    "falhas": "Falhas",
    "canceladas": "Canceladas",
    "incertas": "Incertas",
}


@dataclass(frozen=True)
class Linha:
    """One cell: `programadas` are among the `pendentes`, and `entregues` among the `enviadas`.

    `espera` says, in words, which window of contact those that are due wait for; `isencao`, why they wait for none.
    """

    origem: str
    acao: str
    localidade: str
    canal: str
    pendentes: int
    programadas: int
    em_envio: int
    enviadas: int
    entregues: int
    falhas: int
    canceladas: int
    incertas: int
    total: int
    localidade_id: int | None
    canal_id: int
    pausado: bool
    isencao: str
    espera: str

    @property
    def fecha(self) -> bool:
        return self.total == (
            self.pendentes + self.em_envio + self.enviadas + self.falhas + self.canceladas + self.incertas
        )


def do_lote(lote: Lote, contagens: dict[int, int], programadas: int, total: int, espera: str = "") -> Linha:
    return Linha(
        origem=lote.origem,
        acao=lote.acao,
        localidade=lote.localidade.nome if lote.localidade else "",
        canal=lote.get_canal_display(),
        pendentes=contagens.get(Estado.PENDENTE, 0),
        programadas=programadas,
        em_envio=contagens.get(Estado.EM_ENVIO, 0),
        enviadas=contagens.get(Estado.ENVIADA, 0) + contagens.get(Estado.ENTREGUE, 0),
        entregues=contagens.get(Estado.ENTREGUE, 0),
        falhas=contagens.get(Estado.FALHA, 0),
        canceladas=contagens.get(Estado.CANCELADA, 0),
        incertas=contagens.get(Estado.INCERTA, 0),
        total=total,
        localidade_id=lote.localidade_id,
        canal_id=lote.canal,
        pausado=lote.pausado_em is not None,
        isencao=lote.get_isencao_display(),
        espera=espera if contagens.get(Estado.PENDENTE, 0) > programadas else "",
    )


def da_execucao(execucao: UUID, agora: datetime, *, contar: bool = False) -> list[Linha]:
    """A line for each origin, action, localidade and channel of a run.

    With `contar` the total is counted row by row, to prove the ledger.
    """
    lotes = list(
        Lote.objects.filter(execucao=execucao)
        .select_related("localidade")
        .order_by("origem", "acao", "localidade", "canal")
    )
    contagens: dict[int, dict[int, int]] = {lote.id: {} for lote in lotes}
    for lote_id, estado, quantidade in LoteContagem.objects.filter(lote__in=lotes).values_list(
        "lote", "estado", "quantidade"
    ):
        contagens[lote_id][estado] = quantidade
    pendentes = {id_: c[Estado.PENDENTE] for id_, c in contagens.items() if c.get(Estado.PENDENTE)}
    programadas = _programadas(pendentes, agora)
    mensagens = Mensagem.objects.filter(lote__in=lotes)
    totais = _por_lote(mensagens) if contar else {id_: sum(c.values()) for id_, c in contagens.items()}
    dele = calendario.ler(agora)
    esperas = {lote.id: espera.do_lote(dele, lote, agora) for lote in lotes if lote.id in pendentes}
    linhas = [
        do_lote(lote, contagens[lote.id], programadas.get(lote.id, 0), totais.get(lote.id, 0), esperas.get(lote.id, ""))
        for lote in lotes
    ]
    iguais = groupby(linhas, lambda linha: (linha.origem, linha.acao, linha.localidade_id, linha.canal_id))
    return [_juntar(list(suas)) for _, suas in iguais]


def _juntar(linhas: list[Linha]) -> Linha:
    """One of those of several comandos of one action."""
    if len(linhas) == 1:
        return linhas[0]
    return replace(
        linhas[0],
        **{coluna: sum(getattr(linha, coluna) for linha in linhas) for coluna in COLUNAS},
        pausado=any(linha.pausado for linha in linhas),
        isencao=next((linha.isencao for linha in linhas if linha.isencao), ""),
        espera=next((linha.espera for linha in linhas if linha.espera), ""),
    )


def da_unidade(origem: str, unidade: int) -> dict[int, tuple[int, int]]:
    """Of one unit, in whatever runs: {canal: (messages made, messages that left)}. The ledger tells it, no count."""
    suas = LoteContagem.objects.filter(lote__origem=origem, lote__unidade=unidade)
    sairam = Sum("quantidade", filter=Q(estado__in=(Estado.ENVIADA, Estado.ENTREGUE)), default=0)
    somas = suas.values_list("lote__canal").annotate(geradas=Sum("quantidade"), enviadas=sairam)
    return {canal: (geradas, enviadas) for canal, geradas, enviadas in somas}


def _programadas(pendentes: dict[int, int], agora: datetime) -> dict[int, int]:
    """How many are programmed, of {lote: how many pend}.

    The messages of a lote nearly always leave on one day: its programmed ones are all that pend, but for the few of
    an earlier day. Only these are counted, however many wait.
    """
    suas = Mensagem.objects.programadas(agora).filter(lote=OuterRef("pk"))
    com_elas = list(Lote.objects.filter(Exists(suas), pk__in=pendentes).values_list("pk", flat=True))
    de_antes = _por_lote(Mensagem.objects.de_hoje_ou_antes(agora).filter(lote__in=com_elas))
    return {lote: max(pendentes[lote] - de_antes.get(lote, 0), 0) for lote in com_elas}


def _por_lote(mensagens) -> dict[int, int]:
    return dict(mensagens.order_by().values_list("lote").annotate(n=Count("id")))


def conferir() -> list[tuple[int, int, int, int]]:
    """Compare the ledger with a real count; return the differences as (lote, estado, ledger, real)."""
    do_livro = {
        (lote, estado): quantidade
        for lote, estado, quantidade in LoteContagem.objects.values_list("lote", "estado", "quantidade")
    }
    reais = {
        (lote, estado): n
        for lote, estado, n in Mensagem.objects.order_by().values_list("lote", "estado").annotate(n=Count("id"))
    }
    return [
        (*chave, do_livro.get(chave, 0), reais.get(chave, 0))
        for chave in sorted(do_livro.keys() | reais.keys())
        if do_livro.get(chave, 0) != reais.get(chave, 0)
    ]


def por_terminar(execucao: UUID, canal: int, agora: datetime) -> int:
    """How many messages of a run are due by now and not yet at an end."""
    return (
        Mensagem.objects.filter(lote__execucao=execucao, canal=canal, enviar_apos__lte=agora)
        .filter(estado__in=(Estado.PENDENTE, Estado.EM_ENVIO))
        .count()
    )


def total(execucao: UUID, canal: int) -> int:
    return (
        LoteContagem.objects.filter(lote__execucao=execucao, lote__canal=canal).aggregate(n=Sum("quantidade"))["n"] or 0
    )


def nao_geradas(execucao: UUID) -> list[tuple[str, int | None, str, int]]:
    """Who was left out: (origem, canal, motivo, how many)."""
    return list(
        NaoGerada.objects.filter(execucao=execucao)
        .order_by("origem", "canal", "motivo")
        .values_list("origem", "canal", "motivo")
        .annotate(n=Count("*"))
    )


def soma(linhas: Iterable[Linha], coluna: str) -> int:
    return sum(getattr(linha, coluna) for linha in linhas)
