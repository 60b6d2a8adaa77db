"""The circuit breaker of a company's API: after failures in a row nobody asks for a while, and then one asks first.

Only its collector, of which there is one, writes it, and who closes it by hand. What asks to slow down rests at once,
for as long as it was asked, up to a bound.
"""

from datetime import datetime, timedelta

from preventivo.models import Operacao
from preventivo.operadoras import Falha, FalhaDaOperadora

FALHAS_ATE_ABRIR = 5
DESCANSO, MAIOR_DESCANSO = timedelta(seconds=30), timedelta(minutes=10)
# Who asks for a day, most often by mistake, would hold campaigns past their hour; one question after a quarter of an
# hour costs the company nothing.
MAIOR_PEDIDO = timedelta(minutes=15)
_MAIS_FALHAS = 1000  # counted no further
_CAMPOS = ["falhas_seguidas", "em_espera_ate", "motivo_espera"]


def descansa(operacao: Operacao, agora: datetime) -> bool:
    return operacao.em_espera_ate is not None and operacao.em_espera_ate > agora


def em_prova(operacao: Operacao, agora: datetime) -> bool:
    """The rest is over, and whether it works again is still to be seen."""
    return operacao.falhas_seguidas >= FALHAS_ATE_ABRIR and not descansa(operacao, agora)


def falhou(operacao: Operacao, falha: FalhaDaOperadora, agora: datetime) -> None:
    """Those that fail together, while it rests already, count as one; a longer rest that was asked for stays."""
    ate = operacao.em_espera_ate
    if not descansa(operacao, agora):
        operacao.falhas_seguidas = min(operacao.falhas_seguidas + 1, _MAIS_FALHAS)
        ate = None
        if operacao.falhas_seguidas >= FALHAS_ATE_ABRIR:
            ate = agora + descanso(operacao.falhas_seguidas)
    if falha.falha == Falha.LIMITE or falha.esperar:
        pedido = min(timedelta(seconds=falha.esperar), MAIOR_PEDIDO) if falha.esperar else DESCANSO
        ate = max(ate or agora, agora + pedido)
    operacao.em_espera_ate, operacao.motivo_espera = ate, str(falha)[:300]
    operacao.save(update_fields=_CAMPOS)


def acertou(operacao: Operacao, agora: datetime) -> None:
    """It works. A rest that it asked for is kept to its end."""
    if not operacao.falhas_seguidas and operacao.em_espera_ate is None:
        return
    operacao.falhas_seguidas = 0
    if not descansa(operacao, agora):
        operacao.em_espera_ate, operacao.motivo_espera = None, ""
    operacao.save(update_fields=_CAMPOS)


def fechar(operacao: Operacao) -> None:
    """Somebody mended what failed, or will not wait: all is asked again at once."""
    operacao.falhas_seguidas, operacao.em_espera_ate, operacao.motivo_espera = 0, None, ""
    operacao.save(update_fields=_CAMPOS)


def descanso(falhas: int) -> timedelta:
    """Twice as long after each failure in a row."""
    return min(DESCANSO * 2 ** min(falhas - FALHAS_ATE_ABRIR, 30), MAIOR_DESCANSO)
