"""The orders that tell a simulator how to fail: which one acts, and how many times."""

import re
import threading
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable
from typing import Any


class Ordens:
    """Orders in force, grouped by `chave(ordem)`: the caller's first, then the standing (magic) ones.

    An order is any object with `padrao`, `vezes`, `por_destino` and `depois_de`. What it did is counted here and not
    in the order, so that one tuple of orders may serve many servers.
    """

    def __init__(self, iniciais: Iterable = (), fixas: Iterable = (), *, chave: Callable[[Any], str]):
        self._chave = chave
        self._trava = threading.Lock()
        self._fixas = tuple(_EmVigor(ordem) for ordem in fixas)
        self._dadas = tuple(_EmVigor(ordem) for ordem in iniciais)
        self._agrupar()

    def acrescentar(self, ordem) -> None:
        with self._trava:
            self._dadas = (*self._dadas, _EmVigor(ordem))
            self._agrupar()

    def limpar(self) -> None:
        """Forget the caller's orders, and what the standing ones have done."""
        with self._trava:
            self._dadas = ()
            for em_vigor in self._fixas:
                em_vigor.usos.clear()
            self._agrupar()

    def escolher(self, chave: str, alvos: Iterable[str] = ("",), aceitas: int = 0):
        """Return the first order of `chave` that acts on one of `alvos`, and count that it did; else None."""
        if chave not in self._grupos:
            return None
        with self._trava:
            for em_vigor in self._grupos.get(chave, ()):
                if em_vigor.atua(alvos, aceitas):
                    return em_vigor.ordem
        return None

    def _agrupar(self) -> None:
        grupos = defaultdict(list)
        for em_vigor in (*self._dadas, *self._fixas):
            grupos[self._chave(em_vigor.ordem)].append(em_vigor)
        self._grupos = dict(grupos)


class _EmVigor:
    """An order and the count of its uses, per target when it says `por_destino`."""

    def __init__(self, ordem):
        self.ordem = ordem
        self.padrao = re.compile(ordem.padrao)
        self.usos = Counter()

    def atua(self, alvos: Iterable[str], aceitas: int) -> bool:
        if aceitas < self.ordem.depois_de:
            return False
        alvo = next((alvo for alvo in alvos if self._serve(alvo)), None)
        if alvo is None:
            return False
        self.usos[self._conta(alvo)] += 1
        return True

    def _serve(self, alvo: str) -> bool:
        if not self.padrao.search(alvo):
            return False
        return self.ordem.vezes is None or self.usos[self._conta(alvo)] < self.ordem.vezes

    def _conta(self, alvo: str) -> str:
        return alvo if self.ordem.por_destino else ""
