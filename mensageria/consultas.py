"""Messages and who was left out, as pages show them: by key, whatever the size of the tables."""

from collections import defaultdict
from collections.abc import Collection, Iterable
from datetime import datetime

from django.db import connection
from django.db.models import Q, QuerySet, Sum
from django.http import QueryDict

from mensageria import composicao, fontes
from mensageria.estados import Estado
from mensageria.fontes import Objeto
from mensageria.models import Canal, Lote, LoteContagem, Mensagem, amanha
from telas.paginacao import LIMITE_DA_CONTAGEM, Pagina

# The states that each column of the balance counts.
DA_COLUNA = {
    "pendentes": (Estado.PENDENTE,),
    "programadas": (Estado.PENDENTE,),
    "em_envio": (Estado.EM_ENVIO,),
    "enviadas": (Estado.ENVIADA, Estado.ENTREGUE),
    "entregues": (Estado.ENTREGUE,),
    "falhas": (Estado.FALHA,),
    "canceladas": (Estado.CANCELADA,),
    "incertas": (Estado.INCERTA,),
}


class PaginaDoBalanco(Pagina):
    """The messages of one column (or of all, "") of some lotes, the newest first.

    Each lote and state is read from its own place in an index, and only as much as fits: the rest of a run of millions
    is not looked at. How many there are is what the ledger says.
    """

    def __init__(self, lotes: Collection[Lote], coluna: str, parametros: QueryDict, agora: datetime):
        contagens = LoteContagem.objects.filter(
            lote__in=lotes, estado__in=DA_COLUNA.get(coluna, Estado.values), quantidade__gt=0
        )
        self._celulas = list(contagens.values_list("lote", "estado"))
        self._total = contagens.aggregate(n=Sum("quantidade"))["n"] or 0
        consulta = Mensagem.objects.select_related("lote__localidade")
        self._desde = None
        if coluna == "programadas":
            self._desde = amanha(agora)
            programadas = Mensagem.objects.programadas(agora).filter(lote__in=lotes)
            self._total = programadas.order_by()[: LIMITE_DA_CONTAGEM + 1].count()
        super().__init__(consulta, parametros, ordens={"codigo": "pk"}, padrao="-codigo")

    def _pedaco(self, cursor: list | None, *, descendente: bool) -> list[Mensagem]:
        ids = self._ids(cursor[0] if cursor else None, descendente=descendente)
        return list(self._consulta.filter(pk__in=ids).order_by("-pk" if descendente else "pk"))

    def _ids(self, alem_de: int | None, *, descendente: bool) -> list[int]:
        sinal, sentido = ("<", "DESC") if descendente else (">", "ASC")
        condicoes = ["lote_id = c.lote", "estado = c.estado"]
        condicoes += [f"id {sinal} %(alem_de)s"] if alem_de is not None else []
        condicoes += ["enviar_apos >= %(desde)s"] if self._desde else []
        consulta = f"""
            SELECT m.id
            FROM unnest(%(lotes)s::bigint[], %(estados)s::smallint[]) AS c (lote, estado)
            CROSS JOIN LATERAL (
                SELECT id FROM mensageria_mensagem
                WHERE {" AND ".join(condicoes)}
                ORDER BY id {sentido} LIMIT %(limite)s
            ) m
            ORDER BY m.id {sentido} LIMIT %(limite)s
        """
        with connection.cursor() as cursor:
            cursor.execute(
                consulta,
                {
                    "lotes": [lote for lote, _ in self._celulas],
                    "estados": [estado for _, estado in self._celulas],
                    "alem_de": alem_de,
                    "desde": self._desde,
                    "limite": self.tamanho + 1,
                },
            )
            return [id_ for (id_,) in cursor.fetchall()]

    @property
    def _contados(self) -> int:
        return self._total


def com_objetos(linhas: Iterable) -> None:
    """Put on each message, or on each who was left out, what it speaks of (`objeto`), in one query an origin."""
    por_origem = defaultdict(list)
    for linha in linhas:
        linha.objeto = None
        por_origem[linha.origem].append(linha)
    for origem, suas in por_origem.items():
        for linha, objeto in zip(suas, _objetos(origem, [linha.objeto_id for linha in suas]), strict=True):
            linha.objeto = objeto


def _objetos(origem: str, ids: list[int]) -> list[Objeto | None]:
    achados = fontes.da_origem(origem).objetos(ids) if origem in fontes.origens() else {}
    return [achados.get(id_) for id_ in ids]


def sobre_imovel(matricula: int) -> QuerySet[Mensagem]:
    """The messages about what an imóvel owes: of the newest objects that each Fonte knows of it."""
    sobre = Q(pk__in=())
    for origem in fontes.origens():
        if ids := fontes.do_imovel(origem, matricula):
            sobre |= Q(origem=origem, objeto_id__in=ids)
    return Mensagem.objects.filter(sobre)


def texto_enviado(mensagem: Mensagem) -> str:
    """What the customer reads, exactly; empty while it was not composed."""
    if not mensagem.contexto:
        return ""
    try:
        if mensagem.canal == Canal.SMS:
            return composicao.sms(mensagem.contexto, mensagem.texto)
        return composicao.texto_do_email(mensagem.contexto, mensagem.texto)
    except KeyError:  # a context that an older version of its Fonte left without what the text asks for
        return ""
