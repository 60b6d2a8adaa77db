"""Questions before what is not undone lightly, with JavaScript or without.

The view calls `perguntar` once the form is valid. With `data-confirma` on the button the page asks by itself and sends
`confirmado`; else this page asks, and carries what was typed either on or back.
"""

from collections.abc import Iterable

from django.http import HttpResponse
from django.shortcuts import render

# What a form says besides what was typed.
NAO_REPETIR = ("csrfmiddlewaretoken", "confirmado", "voltar")


def perguntar(
    request,
    pergunta: str,
    *,
    detalhes: Iterable[str] = (),
    sim: str = "Sim",
    nao: str = "Não",
    perigo: bool = False,
) -> HttpResponse | None:
    """The page that asks, or None when the answer was yes; after a no, `voltou(request)` is true in the next POST."""
    if request.POST.get("confirmado"):
        return None
    campos = [(nome, valor) for nome, valores in request.POST.lists() for valor in valores if nome not in NAO_REPETIR]
    contexto = {
        "pergunta": pergunta,
        "detalhes": list(detalhes),
        "campos": campos,
        "sim": sim,
        "nao": nao,
        "perigo": perigo,
    }
    return render(request, "telas/confirmar.html", contexto)


def voltou(request) -> bool:
    """Whether the person answered no: show the form again with what was typed, and do nothing."""
    return bool(request.POST.get("voltar"))
