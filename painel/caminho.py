"""The way of the messages, from generation to sending, in the last runs of process 336: sums of the ledger, no scan."""

from dataclasses import dataclass, field
from datetime import datetime

from django.db.models import IntegerField, Sum
from django.db.models.fields.json import KeyTextTransform
from django.db.models.functions import Cast

from batch.models import ProcessoIniciado, UnidadeIniciada
from mensageria.estados import Estado
from mensageria.models import LoteContagem
from mensageria.palavras import DE_FORA
from painel.passos import PROCESSO

EXECUCOES = 5


@dataclass
class Execucao:
    """One run and where its messages are."""

    iniciado: ProcessoIniciado
    por_estado: dict[int, int] = field(default_factory=dict)
    de_fora: int = 0

    def _quantas(self, *estados: Estado) -> int:
        return sum(self.por_estado.get(estado, 0) for estado in estados)

    @property
    def geradas(self) -> int:
        return sum(self.por_estado.values())

    @property
    def pendentes(self) -> int:
        return self._quantas(Estado.PENDENTE)

    @property
    def em_envio(self) -> int:
        return self._quantas(Estado.EM_ENVIO)

    @property
    def enviadas(self) -> int:
        return self._quantas(Estado.ENVIADA, Estado.ENTREGUE)

    @property
    def entregues(self) -> int:
        return self._quantas(Estado.ENTREGUE)

    @property
    def falhas(self) -> int:
        return self._quantas(Estado.FALHA)

    @property
    def canceladas(self) -> int:
        return self._quantas(Estado.CANCELADA)

    @property
    def incertas(self) -> int:
        return self._quantas(Estado.INCERTA)

    @property
    def terminadas(self) -> int:
        return self.geradas - self.pendentes - self.em_envio

    @property
    def anda(self) -> bool:
        return self.iniciado.situacao in ProcessoIniciado.AINDA_POR_TERMINAR


def das_ultimas(agora: datetime) -> list[Execucao]:
    """The last runs, the newest first; none that is for later, or that was cancelled before it began."""
    devidos = ProcessoIniciado.objects.filter(processo=PROCESSO, agendado_para__lte=agora)
    devidos = devidos.exclude(iniciado_em=None, situacao=ProcessoIniciado.Situacao.EXECUCAO_CANCELADA)
    iniciados = devidos.select_related("usuario")[:EXECUCOES]
    execucoes = {iniciado.execucao: Execucao(iniciado) for iniciado in iniciados}
    contagens = LoteContagem.objects.filter(lote__execucao__in=execucoes).order_by()
    for execucao, estado, quantas in contagens.values_list("lote__execucao", "estado").annotate(
        total=Sum("quantidade")
    ):
        execucoes[execucao].por_estado[estado] = int(quantas)
    for iniciado, quantas in _de_fora(execucoes):
        execucoes[iniciado].de_fora = quantas or 0
    return list(execucoes.values())


def _de_fora(execucoes):
    """As each unit of generation counted them: the rows themselves may be millions."""
    contadas = Cast(KeyTextTransform(DE_FORA, "resultado"), IntegerField())
    unidades = UnidadeIniciada.objects.filter(
        funcionalidade__iniciado__execucao__in=execucoes, resultado__has_key=DE_FORA
    )
    return unidades.order_by().values_list("funcionalidade__iniciado__execucao").annotate(total=Sum(contadas))
