"""How many messages may leave a service, and when: limits per second, minute, hour and day shared by every worker.

Pure: the state of one service comes in and goes out, and whoever calls keeps it in a row that it locks meanwhile. A
departure is *granted* for a moment; what is promised holds for those moments, and for the real ones as far as each
message leaves at its own.

**Second.** A schedule of departures at 97 % of the limit L (GCRA): each moves the next one by T = 1 / 0.97 L, and an
asker late by up to one T loses nothing. An ask gets at most q = ⌈L / 50⌉ departures, which leave together. In a closed
second, all groups but the last fit in that second and the tolerance, hence

    departures ≤ ⌊(1 + T) / T⌋ + q = ⌊0.97 L⌋ + 1 + ⌈L / 50⌉ ≤ L + 1

(for L ≤ 50, q is 1 and ⌊0.97 L⌋ ≤ L - 1; above, the sum is at most 0.99 L + 1.98). When they leave late by up to δ,
0.97 L grows to 0.97 L (1 + δ): with δ ≤ 30 ms never above L + q, which is L + 1 up to 50 a second; with δ ≤ 10 ms never
above L + 1 at any limit. A group that one connection sends message by message is as late as its last one.

**Minute, hour, day.** Sliding windows: a day is any 24 hours, not a date. Departures are counted in sixtieths of a
window (1 s, 1 min, 24 min), and one counts until its whole sixtieth is out of the window. So no closed window of that
length, wherever it begins, has more than the limit; at most one sixtieth is lost (60/61 of the limit in the long run).

**Clock.** Time never goes back here. A moment up to RECUO before the latest one seen (two readers out of order, a small
correction) just waits for it; one further back means that the clock was set, and from then on that difference is added
to it. So a clock set back stops nobody for longer than RECUO and lets nothing more out, as long as callers wait for a
duration (`espera`), not until a time of day. A clock set forward cannot be told from time gone by: it frees what that
much time would free, and setting it right afterwards stops nobody either.
"""

from dataclasses import dataclass, replace

PERCENTUAL = 97  # of the limit per second
PEDIDOS_POR_SEGUNDO = 50
JUNTAS_SEM_LIMITE_POR_SEGUNDO = 20  # fifty asks are then a thousand messages a second
PARTES = 60  # in which a window is counted
RECUO = 2.0  # seconds

_US = 1_000_000  # whole microseconds, PostgreSQL's own resolution: sums are exact and the state is JSON
_RECUO = int(RECUO * _US)
_PARTE = {"minuto": 60 * _US // PARTES, "hora": 3600 * _US // PARTES, "dia": 86_400 * _US // PARTES}


@dataclass(frozen=True)
class Limites:
    """The most that may leave a service in each length of time; None is no limit. To stop a service, switch it off."""

    segundo: int | None = None
    minuto: int | None = None
    hora: int | None = None
    dia: int | None = None

    def __post_init__(self):
        if any(limite is not None and limite < 1 for limite in vars(self).values()):
            raise ValueError("Um limite de envio é de pelo menos 1; sem limite, deixe vazio.")

    @property
    def das_janelas(self) -> dict[str, int]:
        return {nome: limite for nome in _PARTE if (limite := getattr(self, nome)) is not None}


@dataclass(frozen=True)
class Saida:
    """The answer to an ask. `estado` must be stored even when nothing was taken: it keeps the time too.

    `quantas` departures leave `espera` seconds from the ask. With 0, nothing was taken and one would leave after
    `espera`, which is longer than the asker's maximum: ask again then, or when the limits change.
    """

    quantas: int
    espera: float
    estado: dict


def pedir(estado: dict, limites: Limites, agora: float, quantas: int, espera_maxima: float) -> Saida:
    """Take up to `quantas` departures at the first moment when one fits, unless that is after `espera_maxima` seconds.

    `agora` is the database's clock in seconds since 1970, best read after the row is locked. An empty `estado` is a
    service that never sent. The state may come from other limits: new ones hold from this ask on, counting what left
    while there was a limit of the same length; a removed one leaves nothing behind.
    """
    if quantas < 1:
        raise ValueError("Peça pelo menos uma saída.")
    if limites == Limites():
        return Saida(quantas, 0.0, {})
    lido, novo = _ler_relogio(estado, round(agora * _US))
    janelas = [_Janela(nome, limite, *estado.get(nome, (0, []))) for nome, limite in limites.das_janelas.items()]
    livre = estado.get("livre", 0)

    # In the order granted, departures never go back: what fits in the windows that end at each fits in every window.
    saida = max([novo["visto"], estado.get("ultima", 0), *(janela.com_lugar() for janela in janelas)])
    if limites.segundo:
        saida = max(saida, livre - _tempo_de(1, limites.segundo))

    espera = (saida - lido) / _US
    concedidas = 0
    if espera <= espera_maxima:
        concedidas = min([quantas, *(janela.lugares(saida) for janela in janelas)])
        if limites.segundo:
            concedidas = min(concedidas, _juntas(limites.segundo))
            livre = max(saida, livre) + _tempo_de(concedidas, limites.segundo)
        janelas = [janela.com_mais(concedidas, saida) for janela in janelas]
        novo["ultima"] = saida
    elif "ultima" in estado:
        novo["ultima"] = estado["ultima"]
    if limites.segundo:
        novo["livre"] = livre
    return Saida(concedidas, espera, novo | {janela.nome: [janela.primeira, janela.contagens] for janela in janelas})


def quantas_por_pedido(limites: Limites) -> int:
    """How many departures to take at once, so that a service is asked about some fifty times a second at most.

    Never more than a fiftieth of a longer limit either: what one connection holds, the others lack.
    """
    juntas = _juntas(limites.segundo) if limites.segundo else JUNTAS_SEM_LIMITE_POR_SEGUNDO
    return max(1, min([juntas, *(limite // PEDIDOS_POR_SEGUNDO for limite in limites.das_janelas.values())]))


def duracao(limites: Limites, quantas: int) -> float:
    """About how many seconds a service that was idle takes until the last of so many has left."""
    return _duracao(quantas - 1, [(getattr(limites, nome), nome) for nome in ("segundo", *_PARTE)]) / _US


def _duracao(quantas: int, limites: list[tuple[int | None, str]]) -> int:
    """By limits from the shortest on: so many times what fills the longest one, and the rest by the shorter ones."""
    if quantas <= 0 or not limites:
        return 0
    *menores, (limite, nome) = limites
    if limite is None:
        return _duracao(quantas, menores)
    if nome == "segundo":
        return _tempo_de(quantas, limite)
    cheias, resto = divmod(quantas, limite)
    uma = max((PARTES + 1) * _PARTE[nome], _duracao(limite, menores))
    return cheias * uma + _duracao(resto, menores)


def _ler_relogio(estado: dict, agora: int) -> tuple[int, dict]:
    """`agora` on the state's own clock, and that clock as it is to be kept."""
    visto = estado.get("visto", agora)
    atraso = max(estado.get("atraso", 0), visto - _RECUO - agora)
    lido = agora + atraso
    return lido, {"visto": max(visto, lido), "atraso": atraso}


def _juntas(segundo: int) -> int:
    return -(-segundo // PEDIDOS_POR_SEGUNDO)


def _tempo_de(quantas: int, segundo: int) -> int:
    """The time that so many departures take, rounded up: the schedule is never faster than it says."""
    return -(-quantas * 100 * _US // (PERCENTUAL * segundo))


@dataclass(frozen=True)
class _Janela:
    """Departures of one sliding window by the part in which they leave; `contagens[0]` is of the part `primeira`."""

    nome: str
    limite: int
    primeira: int
    contagens: list[int]

    def com_lugar(self) -> int:
        """The first moment from which one more fits, given that none is to leave before those already counted."""
        soma = 0
        for posicao in reversed(range(len(self.contagens))):
            soma += self.contagens[posicao]
            if soma >= self.limite:  # this part must be out of the window
                return (self.primeira + posicao + PARTES + 1) * _PARTE[self.nome]
        return 0

    def lugares(self, saida: int) -> int:
        return self.limite - sum(self._na_janela(saida))

    def com_mais(self, quantas: int, saida: int) -> "_Janela":
        """The window with so many more at `saida`, and without what is too old to share one with them."""
        parte = saida // _PARTE[self.nome]
        contagens = self._na_janela(saida)
        primeira = max(self.primeira, parte - PARTES) if contagens else parte
        contagens += [0] * (parte - primeira + 1 - len(contagens))
        contagens[-1] += quantas
        return replace(self, primeira=primeira, contagens=contagens)

    def _na_janela(self, saida: int) -> list[int]:
        """The counts that may share a window with `saida`: those of its own part and of the sixty before."""
        return self.contagens[max(0, saida // _PARTE[self.nome] - PARTES - self.primeira) :]
