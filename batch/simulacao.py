"""What a process would do if it were started: each unit is looked at within a time, and nothing that it does stays."""

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from time import monotonic

from django.db import OperationalError, connection, transaction
from psycopg2.errors import QueryCanceled

from batch import registro
from batch.models import Processo, ProcessoIniciado
from batch.registro import Expediente, NaoRegistrada, Passo, Previsao, Trabalho


class TempoEsgotado(Exception):
    """The time of the simulation is over."""


@dataclass
class Simulacao:
    """The totals of the units that were looked at; all of them when it is `completa`."""

    agora: datetime
    quantidades: Counter[tuple[str, str]] = field(default_factory=Counter)
    segundos: float = 0.0
    estimada: bool = False
    problemas: list[str] = field(default_factory=list)
    unidades_vistas: int = 0
    unidades_total: int = 0
    completa: bool = True
    expedientes: set[Expediente] = field(default_factory=set)

    @property
    def fim(self) -> datetime | None:
        """When it would end, if it started at `agora` and all of it waited for the last of its hours; None if never."""
        duracao = timedelta(seconds=self.segundos)
        fins = [expediente.termina(self.agora, duracao) for expediente in self.expedientes]
        return None if None in fins else max([self.agora + duracao, *fins])

    @property
    def quadros(self) -> dict[str, list[tuple[str, int]]]:
        """The quantities as they are shown: the lines of each quadro, in the order in which they were found."""
        quadros: dict[str, list[tuple[str, int]]] = {}
        for (quadro, linha), quantidade in self.quantidades.items():
            quadros.setdefault(quadro, []).append((linha, quantidade))
        return quadros

    def somar(self, previsao: Previsao) -> None:
        self.quantidades.update(previsao.quantidades)
        self.segundos += previsao.segundos
        self.estimada |= previsao.estimada
        self.expedientes |= previsao.expedientes
        self.problemas += [problema for problema in previsao.problemas if problema not in self.problemas]
        self.unidades_vistas += 1


def simular(
    processo: Processo, *, agora: datetime, usuario_id: int | None = None, limite_segundos: float = 15
) -> Simulacao:
    """What `processo` would do at `agora`. Writes nothing; what there is no time for is left out."""
    prazo = monotonic() + limite_segundos
    iniciado = ProcessoIniciado(processo=processo, usuario_id=usuario_id, agendado_para=agora, comandado_em=agora)
    simulacao = Simulacao(agora)
    try:
        for passo, unidades in _com_unidades(iniciado, simulacao, prazo):
            for codigo, _ in unidades:
                trabalho = Trabalho(codigo=codigo, execucao=iniciado.execucao, agora=agora, usuario_id=usuario_id)
                with _desfazendo(prazo):
                    previsao = passo.simula(trabalho)
                simulacao.somar(previsao)
    except TempoEsgotado:
        simulacao.completa = False
    return simulacao


def _com_unidades(
    iniciado: ProcessoIniciado, simulacao: Simulacao, prazo: float
) -> list[tuple[Passo, list[tuple[int, str]]]]:
    """The steps that can be simulated, with their units: all are counted before the first one is looked at."""
    passos = []
    for passo in _que_simulam(iniciado.processo, simulacao):
        with _desfazendo(prazo):
            unidades = list(passo.unidades(iniciado))
        passos.append((passo, unidades))
        simulacao.unidades_total += len(unidades)
    return passos


def _que_simulam(processo: Processo, simulacao: Simulacao) -> Iterator[Passo]:
    for codigo in processo.funcionalidades.filter(ativo=True).values_list("codigo", flat=True):
        try:
            passo = registro.buscar(codigo)
        except NaoRegistrada as erro:
            simulacao.problemas.append(str(erro))
            continue
        if passo.simula:
            yield passo


@contextmanager
def _desfazendo(prazo: float) -> Iterator[None]:
    """A transaction that is undone, and none of whose statements goes past `prazo`: then TempoEsgotado is raised."""
    resta = prazo - monotonic()
    if resta <= 0:
        raise TempoEsgotado
    try:
        with transaction.atomic():
            with connection.cursor() as cursor:
                cursor.execute("SELECT set_config('statement_timeout', %s, true)", [f"{max(resta * 1000, 1):.0f}ms"])
            yield
            transaction.set_rollback(True)
    except OperationalError as erro:
        if isinstance(erro.__cause__, QueryCanceled):
            raise TempoEsgotado from erro
        raise
