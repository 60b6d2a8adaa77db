"""Pages that do what no page may do, or just short of it."""

from csp.decorators import csp_exempt
from django.contrib.auth.decorators import login_not_required
from django.http import HttpResponse
from django.urls import path
from django.views.decorators.csrf import csrf_exempt

PAGINA = """<!DOCTYPE html>
<html lang="pt-BR"><head><title>Teste</title>{}</head><body><main><h1>Teste</h1>{}</main></body></html>
"""


def livre(vista):
    """For anybody, and without the policy that keeps scripts out of the pages themselves."""
    return csp_exempt()(login_not_required(vista))


def pagina(corpo: str = "", cabeca: str = "", status: int = 200):
    return livre(lambda _: HttpResponse(PAGINA.format(cabeca, corpo), status=status))


@livre
def ausente(*_, **__):
    """Ours, since the product's page names other pages of the product."""
    return HttpResponse(PAGINA.format("", ""), status=404)


handler404 = ausente


@livre
def quebrada(_):
    raise RuntimeError("quebrou")


@livre
def quem(pedido):
    return HttpResponse(PAGINA.format("", f"<output>{pedido.user.username or 'ninguém'}</output>"))


@csrf_exempt
@livre
def formulario(pedido):
    nome = f"<p>Recebido: {pedido.POST['nome']}</p>" if pedido.POST else ""
    campo = '<form method="post"><label>Nome <input name="nome"></label><button>Concluir</button></form>'
    return HttpResponse(PAGINA.format("", nome + campo + "<script>document.body.innerHTML = ''</script>"))


urlpatterns = [
    path("boa/", pagina()),
    path("console/", pagina("<script>console.error('quebrou')</script>")),
    path("politica/", login_not_required(lambda _: HttpResponse("<script>alert(1)</script>"))),
    path("script/", pagina("<script>naoExiste()</script>")),
    path("fora/", pagina('<img src="https://fora.example/logo.png" alt="logotipo">')),
    path("fora-da-porta/", pagina('<img src="http://localhost:1/logo.png" alt="logotipo">')),
    path("sem-arquivo/", pagina(cabeca='<link rel="stylesheet" href="/static/nao-ha.css">')),
    path("com-quebrada/", pagina("<script>fetch('/quebrada/')</script>")),
    path("quebrada/", quebrada),
    path("proibida/", pagina(status=403)),
    path("ausente/", ausente),
    path("dados/", pagina('<img alt="ponto" src="data:image/gif;base64,R0lGODlhAQABAAAAACwAAAAAAQABAAA=">')),
    path("sem-nome/", pagina('<input type="text">')),
    path(
        "so-no-escuro/",
        pagina("<p>Texto</p>", '<style>[data-bs-theme="dark"] body {background: #000; color: #222}</style>'),
    ),
    path("com-arquivo/", pagina(cabeca='<link rel="stylesheet" href="/static/admin/css/base.css">')),
    path("quem/", quem),
    path("formulario/", formulario),
    path("janela/", pagina('<a href="/console/" target="_blank">Abrir</a>')),
]
