"""Light or dark: a cookie that the server reads, so that a page is right at its first paint and without JavaScript."""

from django.contrib.auth.decorators import login_not_required
from django.http import HttpResponseRedirect
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.http import require_POST

COOKIE = "tema"
TEMAS = {"auto": "Do sistema", "claro": "Claro", "escuro": "Escuro"}


def tema_de(request) -> str:
    tema = request.COOKIES.get(COOKIE, "auto")
    return tema if tema in TEMAS else "auto"


@require_POST
@login_not_required
def escolher(request):
    """Keep the theme and go back to the page it was chosen on."""
    volta = request.POST.get("volta", "/")
    if not url_has_allowed_host_and_scheme(volta, {request.get_host()}, require_https=request.is_secure()):
        volta = "/"
    resposta = HttpResponseRedirect(volta)
    tema = request.POST.get("tema")
    if tema in TEMAS:
        resposta.set_cookie(COOKIE, tema, max_age=365 * 86400, samesite="Lax", secure=request.is_secure())
    return resposta
