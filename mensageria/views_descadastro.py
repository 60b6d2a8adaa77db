"""Where the link of a message leads who wants no more of them: no login, since it is its own proof."""

from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods

from mensageria import descadastro


@csrf_exempt  # a mail client posts by itself (RFC 8058), with no page before
@login_not_required
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def descadastrar(request: HttpRequest, token: str) -> HttpResponse:
    """A GET only asks, since programs that look at links make one; a POST does it, once or many times.

    The answer is the same whether anything is ever sent to that address or not; whoever asked already is told so.
    """
    try:
        pedido = descadastro.ler(token)
    except descadastro.TokenInvalido:
        return _pagina(request, {"invalido": True}, status=404)
    if request.method == "POST":
        descadastro.descadastrar(pedido)
    feito = pedido.email in descadastro.pediram([pedido.email], pedido.assunto)
    return _pagina(
        request, {"pedido": pedido, "feito": feito, "empresa": "" if feito else descadastro.quem_enviou(pedido)}
    )


def _pagina(request: HttpRequest, contexto: dict, status: int = 200) -> HttpResponse:
    resposta = render(request, "mensageria/descadastro.html", contexto, status=status)
    resposta["X-Robots-Tag"] = "noindex"
    resposta["Referrer-Policy"] = "no-referrer"
    return resposta
