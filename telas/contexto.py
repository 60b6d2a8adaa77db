"""What the base layout of every page needs."""

from telas import menu
from telas.tema import tema_de


def base(request) -> dict:
    return {"MENU": menu.de(request.user) if hasattr(request, "user") else [], "TEMA": tema_de(request)}
