"""The outbox, seen: the balance of a run, its messages one by one, who was left out, and what a customer got."""

from django.contrib.auth.decorators import permission_required
from django.http import HttpResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_POST, require_safe

pode_ver = permission_required("mensageria.view_mensagem", raise_exception=True)
pode_decidir = permission_required("mensageria.change_mensagem", raise_exception=True)


@require_safe
@permission_required("mensageria.view_lote", raise_exception=True)
def balanco_da_execucao(request, execucao):
    return HttpResponse("")


@require_safe
@permission_required("mensageria.view_naogerada", raise_exception=True)
def nao_geradas(request, execucao):
    return HttpResponse("")


@require_safe
@pode_ver
def mensagens(request, execucao):
    return HttpResponse("")


@require_safe
@pode_ver
def mensagem(request, pk):
    return HttpResponse("")


@require_safe
@pode_ver
def html(request, pk):
    return HttpResponse("")


@require_safe
@pode_ver
def do_cliente(request, pk):
    return HttpResponse("")


@require_POST
@pode_decidir
def reenviar(request, pk):
    return redirect("mensageria:mensagem", pk)


@require_POST
@pode_decidir
def resolver(request, pk):
    return redirect("mensageria:mensagem", pk)


@require_POST
@pode_decidir
def cancelar(request, pk):
    return redirect("mensageria:mensagem", pk)
