"""Save what a form of a screen says, once, with its log."""

from collections.abc import Callable

from django.contrib import messages
from django.db import IntegrityError
from django.forms import BaseForm

from telas import pedidos, registro
from telas.formularios import FormularioDeModelo


class Recusado(Exception):
    """The form that was sent has errors; what was begun is undone."""

    def __init__(self, formulario: BaseForm):
        super().__init__(formulario.errors)
        self.formulario = formulario


def gravar(request, abrir: Callable[[], FormularioDeModelo], sucesso: str, destino: str) -> str:
    """Save the form that `abrir` makes, once per pedido, in one transaction with its log. Raises Recusado."""
    try:
        return _uma_vez(request, abrir, sucesso, destino)
    except IntegrityError:
        # Somebody stored meanwhile what only one row may hold: a second look sees it, and says so beside its field.
        return _uma_vez(request, abrir, sucesso, destino)


def _uma_vez(request, abrir: Callable[[], FormularioDeModelo], sucesso: str, destino: str) -> str:

    def fazer() -> str:
        formulario = abrir()
        if not formulario.is_valid():
            raise Recusado(formulario)
        inserindo = formulario.instance._state.adding
        objeto = formulario.save()
        rotulos = ", ".join(str(formulario.fields[nome].label) for nome in formulario.changed_data if nome != "visto")
        if inserindo:
            registro.inserido(request.user, objeto)
        elif rotulos:
            registro.registrar(request.user, objeto, f"Alterado: {rotulos}.")
        messages.success(request, sucesso)
        return destino

    return pedidos.atender(request, fazer)
