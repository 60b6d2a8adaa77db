"""Database work of a turn, done beside its sending."""

from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor

from django.db import connection


class AoLado:
    """One thing after the other, in the order asked for, by a thread with a connection of its own.

    Within a transaction of the caller's, whose rows no other connection sees, each is done at once.
    """

    def __init__(self):
        self._executor = None if connection.in_atomic_block else ThreadPoolExecutor(1, "ao-lado")
        self._erro: BaseException | None = None

    def __enter__(self) -> "AoLado":
        return self

    def __exit__(self, *_) -> None:
        if self._executor is not None:
            self._executor.submit(lambda: connection.close())  # that of its thread, not of this one
            self._executor.shutdown()

    @property
    def espera(self) -> bool:
        """Whether what is asked for is done at once, while whoever asks waits."""
        return self._executor is None

    def ler(self, tarefa: Callable, *argumentos) -> Future:
        """What fails here is told to whoever waits for it, and to nobody else."""
        return self._submeter(self._executar, tarefa, *argumentos)

    def escrever(self, tarefa: Callable, *argumentos) -> Future:
        """After one that failed nothing more is done, since what comes later builds on it: all are told that error."""
        return self._submeter(self._executar_ou_parar, tarefa, *argumentos)

    def _submeter(self, tarefa: Callable, *argumentos) -> Future:
        if self._executor is not None:
            return self._executor.submit(tarefa, *argumentos)
        feito: Future = Future()
        try:
            feito.set_result(tarefa(*argumentos))
        except Exception as erro:
            feito.set_exception(erro)
        return feito

    def _executar(self, tarefa: Callable, *argumentos):
        if self._erro is not None:
            raise self._erro
        return tarefa(*argumentos)

    def _executar_ou_parar(self, tarefa: Callable, *argumentos):
        try:
            return self._executar(tarefa, *argumentos)
        except BaseException as erro:
            self._erro = erro
            raise
