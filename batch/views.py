"""Batch: Inserir Processo, Consultar Processos, and what may be done to one that was started."""

from django.contrib.auth.decorators import permission_required
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from batch.models import ProcessoIniciado

pode_ver = permission_required("batch.view_processoiniciado", raise_exception=True)
pode_inserir = permission_required("batch.add_processoiniciado", raise_exception=True)


@require_safe
@pode_ver
def processos(request):
    return HttpResponse("")


@require_http_methods(["GET", "HEAD", "POST"])
@pode_inserir
def processo_inserir(request):
    return HttpResponse("")


@require_safe
@pode_inserir
def funcionalidades_do_processo(request):
    return HttpResponse("")


@require_safe
@pode_ver
def processo(request, pk):
    return HttpResponse("")


@require_safe
@pode_ver
def andamento(request, pk):
    return HttpResponse("")


@require_safe
@pode_ver
def unidades(request, pk):
    return HttpResponse("")


@require_safe
@pode_ver
def processo_da_execucao(request, execucao):
    return redirect("batch:processo", get_object_or_404(ProcessoIniciado, execucao=execucao).pk)


@require_POST
@permission_required("batch.autorizar_processo", raise_exception=True)
def autorizar(request, pk):
    return redirect("batch:processo", pk)


@require_POST
@permission_required("batch.continuar_processo", raise_exception=True)
def continuar(request, pk):
    return redirect("batch:processo", pk)


@require_POST
@permission_required("batch.reiniciar_processo", raise_exception=True)
def reiniciar(request, pk):
    return redirect("batch:processo", pk)
