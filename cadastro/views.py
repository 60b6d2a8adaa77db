"""The operator's screens of the parameters and of the customers."""

from django.contrib.auth.decorators import permission_required
from django.shortcuts import get_object_or_404, render
from django.views.decorators.http import require_http_methods, require_safe

from cadastro.models import Cliente

EDITAVEL = require_http_methods(["GET", "HEAD", "POST"])


@EDITAVEL
@permission_required("cadastro.view_parametrosistema", raise_exception=True)
def parametros(request):
    return render(request, "cadastro/parametros.html")


@require_safe
@permission_required("cadastro.view_cliente", raise_exception=True)
def clientes(request):
    return render(request, "cadastro/clientes.html")


@EDITAVEL
@permission_required("cadastro.view_cliente", raise_exception=True)
def cliente_nome_tipo(request, pk: int):
    cliente = get_object_or_404(Cliente, pk=pk)
    contexto = {"cliente": cliente, "aba": "nome_tipo", "pagina_do_menu": "cadastro:clientes"}
    return render(request, "cadastro/cliente_nome_tipo.html", contexto)


@EDITAVEL
@permission_required("cadastro.view_cliente", raise_exception=True)
def cliente_telefones(request, pk: int):
    cliente = get_object_or_404(Cliente, pk=pk)
    contexto = {"cliente": cliente, "aba": "telefones", "pagina_do_menu": "cadastro:clientes"}
    return render(request, "cadastro/cliente_telefones.html", contexto)
