"""The first page: what is configured, what is missing, and where the messages are."""

from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe

from painel import caminho, passos


@require_safe
def painel(request):
    """Whoever sees neither processes nor messages, as a person of no group, gets only the list of the six."""
    contexto = {"passos": passos.dos_seis(timezone.now()), **_andamento(request)}
    return render(request, "painel/painel.html", contexto)


@require_safe
def andamento(request):
    """The part of the page that asks for itself again while a process runs."""
    return render(request, "painel/_caminho.html", _andamento(request))


def _andamento(request) -> dict:
    pode = request.user.has_perms(["batch.view_processoiniciado", "mensageria.view_lote"])
    execucoes = caminho.das_ultimas() if pode else []
    return {
        "pode_ver_execucoes": pode,
        "execucoes": execucoes,
        "ultima": execucoes[0] if execucoes else None,
        "anda": any(execucao.anda for execucao in execucoes),
    }
