"""The companies' APIs: one client class per dialect, behind one interface. What each expects is in docs/operadoras.md.

`DIALETOS` is all that the rest of the product knows of them; a new company that speaks a known one is only a row.
"""

from collections.abc import Callable

from preventivo.operadoras.base import (
    AcordoDaOperadora,
    BoletoDaOperadora,
    Falha,
    FalhaDaOperadora,
    Interrompida,
    Operadora,
    SituacaoDoBoleto,
)
from preventivo.operadoras.claro import Claro
from preventivo.operadoras.http import conferir_endereco
from preventivo.operadoras.net import Net
from preventivo.operadoras.sem_parar import SemParar

__all__ = [
    "DIALETOS",
    "AcordoDaOperadora",
    "BoletoDaOperadora",
    "Falha",
    "FalhaDaOperadora",
    "Interrompida",
    "Operadora",
    "SituacaoDoBoleto",
    "abrir",
    "dialetos",
]

DIALETOS: dict[str, type[Operadora]] = {"claro": Claro, "net": Net, "sem_parar": SemParar}


def dialetos() -> list[tuple[str, str]]:
    """The choices of Operacao.dialeto."""
    return [(codigo, classe.nome) for codigo, classe in DIALETOS.items()]


def abrir(operacao, esperar: Callable[[], bool] = lambda: True) -> Operadora:
    """The client of an Operacao (preventivo.models), with its address, credentials and time-out. `esperar` is asked
    before each of its requests (`Operadora`).

    Raises FalhaDaOperadora when it has no address, or one that may not be asked: unless ENVIO=real, only simulators.
    """
    conferir_endereco(operacao.url)
    return DIALETOS[operacao.dialeto](
        url=operacao.url, usuario=operacao.usuario, segredo=operacao.segredo, prazo=operacao.prazo, esperar=esperar
    )
