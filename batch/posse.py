"""Who runs a unit: the claim, the lease that a heartbeat keeps, and the fence that stops a runner which lost it.

Three locks on the unit's row work together. The claim takes it FOR UPDATE, and gives up when it is held. A step's
transaction that called `conferir` holds it FOR KEY SHARE, so no claim succeeds before that transaction ends. The
heartbeat is a plain UPDATE, which PostgreSQL lets pass beside FOR KEY SHARE: a long transaction does not stop it.
"""

import logging
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from time import monotonic

from django.db import DatabaseError, InterfaceError, connection, connections, transaction
from django.db.models import F, Value
from django.db.models.functions import Coalesce
from django.utils import timezone

from batch.models import FuncionalidadeIniciada, ProcessoIniciado, UnidadeIniciada
from batch.registro import PossePerdida

logger = logging.getLogger(__name__)

ARRENDAMENTO = 60.0  # seconds that a unit stays with a runner that gives no sign of life
ENTRE_PROGRESSOS = 1.0  # seconds


class Posse:
    """A unit in the hands of one runner. `numero` is its fencing number."""

    def __init__(self, unidade: UnidadeIniciada, arrendamento: float):
        self.unidade = unidade
        self.numero = unidade.posse
        self.perdida = False
        self._arrendamento = arrendamento
        self._progresso = self._escrito = (unidade.feito, unidade.total)
        self._renovada_em = monotonic()
        self._fim = threading.Event()
        self._batimento: threading.Thread | None = None

    def _linha(self):
        """The unit while it is this runner's: one that was let go to wait has no lease, and is nobody's."""
        return UnidadeIniciada.objects.filter(
            pk=self.unidade.pk,
            posse=self.numero,
            situacao=UnidadeIniciada.Situacao.EM_PROCESSAMENTO,
            arrendada_ate__isnull=False,
        )

    def conferir(self) -> None:
        consulta, parametros = self._linha().values("pk").query.sql_with_params()
        with connection.cursor() as cursor:
            cursor.execute(f"{consulta} FOR KEY SHARE", parametros)  # weaker than what Django's select_for_update has
            if cursor.fetchone() is None:
                raise PossePerdida(str(self.unidade.pk))

    def progresso(self, feito: int, total: int) -> None:
        self._progresso = (feito, max(feito, total))
        if self._batimento is None and monotonic() - self._renovada_em >= ENTRE_PROGRESSOS:
            self._renovar()
        if self.perdida:
            raise PossePerdida(str(self.unidade.pk))

    def _renovar(self) -> None:
        feito, total = escrito = self._progresso
        ate = timezone.now() + timedelta(seconds=self._arrendamento)
        self.perdida = not self._linha().update(arrendada_ate=ate, feito=feito, total=total)
        self._escrito, self._renovada_em = escrito, monotonic()

    @contextmanager
    def mantida(self) -> Iterator[None]:
        """Keep the lease alive from a thread, which also writes the progress while the step is in a transaction.

        Inside a transaction nobody else sees the claim, so there is nobody to keep it from and no thread.
        """
        if connection.in_atomic_block:
            yield
            return
        self._batimento = threading.Thread(target=self._bater, name=f"posse-{self.unidade.pk}", daemon=True)
        self._batimento.start()
        try:
            yield
        finally:
            self._fim.set()
            self._batimento.join(timeout=self._arrendamento / 3)

    def _bater(self) -> None:
        intervalo = self._arrendamento / 3
        try:
            while not self.perdida and not self._fim.wait(min(ENTRE_PROGRESSOS, intervalo)):
                if self._progresso != self._escrito or monotonic() - self._renovada_em >= intervalo:
                    self._tentar_renovar()
        finally:
            connections.close_all()  # only this thread's

    def _tentar_renovar(self) -> None:
        try:
            self._renovar()
        except (DatabaseError, InterfaceError):
            # The next beat tries again on a new connection; what the lease does not survive, `posse` settles.
            logger.warning("O batimento da unidade %s não chegou ao banco.", self.unidade.pk, exc_info=True)
            connection.close()

    def concluir(self, resultado: dict, momento: datetime) -> None:
        self._encerrar(
            situacao=UnidadeIniciada.Situacao.CONCLUIDA, resultado=resultado, concluida_em=momento, nao_antes=None
        )

    def aguardar(self, resultado: dict, ate: datetime) -> None:
        """Let go of the unit without ending it."""
        self._encerrar(resultado=resultado, nao_antes=ate)

    @transaction.atomic
    def falhar(self, erro: str, explicacao: str, momento: datetime) -> None:
        """Keep the error of the unit; the first of its funcionalidade is the funcionalidade's too."""
        falha = UnidadeIniciada.Situacao.CONCLUIDA_COM_ERRO
        self._encerrar(situacao=falha, erro=erro, explicacao=explicacao, concluida_em=momento)
        sem_erro = FuncionalidadeIniciada.objects.filter(pk=self.unidade.funcionalidade_id, erro="")
        sem_erro.update(erro=erro, explicacao=explicacao, unidade_do_erro=self.unidade.nome, erro_em=momento)

    def _encerrar(self, **campos) -> None:
        feito, total = self._progresso
        if not self._linha().update(arrendada_ate=None, feito=feito, total=total, **campos):
            raise PossePerdida(str(self.unidade.pk))


@transaction.atomic
def reivindicar(unidade_id: int, *, agora: datetime, arrendamento: float = ARRENDAMENTO) -> Posse | None:
    """Take the unit if it may be run now and nobody has it; else None, without waiting for whoever does."""
    relogio = timezone.now()
    unidade = (
        UnidadeIniciada.objects.a_executar(agora, relogio=relogio)
        .filter(pk=unidade_id)
        .select_related("funcionalidade__funcionalidade", "funcionalidade__iniciado")
        .select_for_update(skip_locked=True, of=("self",))
        .first()
    )
    if unidade is None:
        return None
    UnidadeIniciada.objects.filter(pk=unidade_id).update(
        situacao=UnidadeIniciada.Situacao.EM_PROCESSAMENTO,
        posse=F("posse") + 1,
        arrendada_ate=relogio + timedelta(seconds=arrendamento),
        iniciada_em=Coalesce(F("iniciada_em"), Value(agora)),
    )
    if not _ainda_anda(unidade):
        transaction.set_rollback(True)
        return None
    unidade.posse += 1
    return Posse(unidade, arrendamento)


def _ainda_anda(unidade: UnidadeIniciada) -> bool:
    """Asked once more with the row in hand: who cancels the process takes its rows first, and may just have ended."""
    return FuncionalidadeIniciada.objects.filter(
        pk=unidade.funcionalidade_id,
        situacao=FuncionalidadeIniciada.Situacao.EM_PROCESSAMENTO,
        iniciado__situacao=ProcessoIniciado.Situacao.EM_PROCESSAMENTO,
    ).exists()
