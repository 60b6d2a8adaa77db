"""The operator's screens of the collection: actions and comandos."""

from django.contrib.auth.decorators import permission_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.views.decorators.http import require_http_methods

from cobranca.models import AcaoCobranca, ComandoAcao


@require_http_methods(["GET", "POST"])
@permission_required("cobranca.add_acaocobranca", raise_exception=True)
def acao_inserir(request: HttpRequest) -> HttpResponse:
    return render(request, "cobranca/acao.html")


@require_http_methods(["GET", "POST"])
@permission_required("cobranca.view_acaocobranca", raise_exception=True)
def acoes(request: HttpRequest) -> HttpResponse:
    return render(request, "cobranca/acoes.html")


@require_http_methods(["GET", "POST"])
@permission_required("cobranca.view_acaocobranca", raise_exception=True)
def acao(request: HttpRequest, pk: int) -> HttpResponse:
    return render(request, "cobranca/acao.html", {"acao": get_object_or_404(AcaoCobranca, pk=pk)})


@require_http_methods(["GET"])
@permission_required("cobranca.view_comandoacao", raise_exception=True)
def comandos(request: HttpRequest) -> HttpResponse:
    return render(request, "cobranca/comandos.html")


@require_http_methods(["GET", "POST"])
@permission_required("cobranca.add_comandoacao", raise_exception=True)
def comando_inserir(request: HttpRequest) -> HttpResponse:
    return render(request, "cobranca/comando_inserir.html")


@require_http_methods(["GET", "POST"])
@permission_required("cobranca.view_comandoacao", raise_exception=True)
def comando(request: HttpRequest, pk: int) -> HttpResponse:
    return render(request, "cobranca/comando.html", {"comando": get_object_or_404(ComandoAcao, pk=pk)})
