"""The operator's screens of the texts about contas."""

from django.contrib.auth.decorators import permission_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.views.decorators.http import require_http_methods, require_safe

from faturamento.models import ParametroMensagem


@require_http_methods(["GET", "POST"])
@permission_required("faturamento.view_parametromensagem", raise_exception=True)
def parametrizar_mensagem(request: HttpRequest) -> HttpResponse:
    return render(request, "faturamento/parametrizar_mensagem.html")


@require_safe
@permission_required("faturamento.view_parametromensagem", raise_exception=True)
def versao(request: HttpRequest, pk: int) -> HttpResponse:
    parametro = get_object_or_404(ParametroMensagem, pk=pk)
    return render(request, "faturamento/versao.html", {"versao": parametro})
