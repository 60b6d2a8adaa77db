"""The first page: what asks for attention, what is configured, what is missing, and where the messages are."""

from datetime import datetime

from django.contrib import messages
from django.contrib.auth.decorators import permission_required
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from mensageria import alertas, decisoes, espera, pausas
from mensageria.models import Alerta
from painel import caminho, passos
from preventivo import desempenho
from preventivo.models import Campanha

ALERTAS_A_VISTA, ALERTAS_NO_MAXIMO = 5, 50
CAMPANHAS_A_VISTA = 5


@require_safe
def painel(request):
    """Whoever sees neither processes nor messages, as a person of no group, gets only the list of the six."""
    agora = timezone.now()
    contexto = {"passos": passos.dos_seis(agora), **_alertas(request, agora)}
    contexto |= _a_decidir(request) | _campanhas(request) | _andamento(request, agora)
    return render(request, "painel/painel.html", contexto)


@require_POST
@permission_required("mensageria.change_alerta", raise_exception=True)
def resolver_alerta(request, pk: int):
    """Off the Painel, by somebody's word; the second click finds it done."""
    alerta = get_object_or_404(Alerta, pk=pk)
    if alertas.marcar_resolvido(alerta, usuario=request.user, agora=timezone.now()):
        messages.success(request, f"Alerta “{alerta.titulo}” marcado como resolvido.")
    return redirect("painel")


@require_safe
def andamento(request):
    """The part of the page that asks for itself again while a process runs."""
    return render(request, "painel/_caminho.html", _andamento(request, timezone.now()))


def _alertas(request, agora: datetime) -> dict:
    """The open alerts: a few in sight, and the others behind a click."""
    if not request.user.has_perm("mensageria.view_alerta"):
        return {}
    abertos = [
        {
            "alerta": alerta,
            "noticia": alertas.e_noticia(alerta),
            "paragrafos": alertas.paragrafos_em_html(alerta),
            "caminho": _aonde_leva(request.user, alerta.caminho),
        }
        for alerta in alertas.abertos(agora)[: ALERTAS_NO_MAXIMO + 1]
    ]
    return {
        "alertas": abertos[:ALERTAS_A_VISTA],
        "mais_alertas": abertos[ALERTAS_A_VISTA:ALERTAS_NO_MAXIMO],
        "ha_outros_alertas": len(abertos) > ALERTAS_NO_MAXIMO,
    }


def _a_decidir(request) -> dict:
    """How much stands still until somebody decides; counted to a limit."""
    ve_mensagens = request.user.has_perm("mensageria.view_mensagem")
    ve_lotes = request.user.has_perm("mensageria.view_lote")
    incertas = decisoes.a_espera() if ve_mensagens else 0
    return {
        "incertas": min(incertas, decisoes.LIMITE),
        "mais_incertas": incertas > decisoes.LIMITE,
        "lotes_pausados": len(pausas.pausados()) if ve_lotes else 0,
    }


def _aonde_leva(usuario, caminho: str) -> str:
    """The page of an alert; nothing for this one, nor for a service's own, which only who keeps services may open."""
    if caminho == reverse("painel"):
        return ""
    da_administracao = caminho.startswith(reverse("admin:index"))
    return "" if da_administracao and not usuario.has_perm("mensageria.view_servicoemail") else caminho


def _campanhas(request) -> dict:
    """Those under way or that somebody must check, the nearest to their hour first."""
    if not request.user.has_perm("preventivo.view_campanha"):
        return {}
    situacoes = (Campanha.Situacao.IMPORTANDO, Campanha.Situacao.A_CONFERIR, *Campanha.EM_ANDAMENTO)
    quais = Campanha.objects.filter(situacao__in=situacoes).select_related("operacao", "tipo").order_by("envia_em")
    vivas = list(quais.defer("operacao__segredo")[: CAMPANHAS_A_VISTA + 1])
    a_vista = vivas[:CAMPANHAS_A_VISTA]
    enviados = desempenho.enviados(a_vista) if a_vista else {}
    for campanha in a_vista:
        campanha.enviados = enviados.get(campanha.pk, 0)
    return {"pode_ver_campanhas": True, "campanhas": a_vista, "ha_outras_campanhas": len(vivas) > len(a_vista)}


def _andamento(request, agora: datetime) -> dict:
    pode = request.user.has_perms(["batch.view_processoiniciado", "mensageria.view_lote"])
    execucoes = caminho.das_ultimas(agora) if pode else []
    ultimas = [execucao.iniciado.execucao for execucao in execucoes[:1]]
    return {
        "pode_ver_execucoes": pode,
        "execucoes": execucoes,
        "ultima": execucoes[0] if execucoes else None,
        "esperas": [frase for frases in espera.das_execucoes(ultimas, agora).values() for frase in frases],
        "anda": any(execucao.anda for execucao in execucoes),
    }
