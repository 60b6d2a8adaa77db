"""What the contexts of many messages have in common is kept once, as a Molde, and not in the row of each.

A context is written at each claim and carried along by each later write of its row: half of it is the company, the
sender and the labels, which all messages of a text share. A Molde is found by what it holds, so whoever needs one only
has to see that it is there.
"""

from collections.abc import Mapping
from typing import Any

from mensageria.escrita import em_json

# In this order: equal ones are one Molde.
COMUNS = ("renderizador", "texto", "layout", "titulo", "cor", "empresa", "de", "responder_para")
_DE_TODOS = frozenset(COMUNS)


def separar(contexto: dict[str, Any]) -> tuple[bytes, bytes]:
    """What a context shares with others and what only it has, both as JSON: `juntar` makes it again."""
    comum = {campo: contexto[campo] for campo in COMUNS if campo in contexto}
    proprio = {campo: valor for campo, valor in contexto.items() if campo not in _DE_TODOS}
    if quadro := contexto.get("quadro"):
        comum["quadro"] = [rotulo for rotulo, _ in quadro]
        proprio["quadro"] = [texto for _, texto in quadro]
    return em_json(comum), em_json(proprio)


def juntar(comum: Mapping[str, Any], proprio: Mapping[str, Any]) -> dict[str, Any]:
    """A context, whole."""
    inteiro = {**comum, **proprio}
    if "quadro" in comum:
        inteiro["quadro"] = [list(par) for par in zip(comum["quadro"], proprio["quadro"], strict=True)]
    return inteiro
