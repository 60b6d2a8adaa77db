"""What waits for somebody: the uncertain messages of each origin, and the lotes that were paused by refusals."""

from django.contrib.auth.decorators import permission_required
from django.shortcuts import render
from django.views.decorators.http import require_safe


@require_safe
@permission_required("mensageria.view_mensagem", raise_exception=True)
def incertas(request):
    return render(request, "mensageria/incertas.html")


@require_safe
@permission_required("mensageria.view_lote", raise_exception=True)
def pausados(request):
    return render(request, "mensageria/pausados.html", {"pagina_do_menu": "batch:processos"})
