"""What the screens of every text share: the meter under it, the preview on a real object, and the test."""

from collections.abc import Callable
from typing import Any

from csp.constants import SELF, UNSAFE_INLINE
from csp.decorators import csp_update
from django.contrib.auth.decorators import login_not_required
from django.contrib.auth.views import redirect_to_login
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_POST

from mensageria import fontes, previa, teste
from mensageria.forms_texto import FormularioDePrevia
from mensageria.medida import NOMES, medir
from mensageria.models import Canal
from telas import pedidos

# Where the pages of each origin's texts stand in the menu.
NO_MENU = {"faturamento": "faturamento:parametrizar_mensagem", "cobranca": "cobranca:acoes"}
# The styles of an e-mail are in its tags; the frame around it lets nothing else in.
com_estilos = csp_update({"style-src": [SELF, UNSAFE_INLINE]})

# For the second copy of a form while the first one waits for the server.
AINDA_SAINDO = "O mesmo teste já foi pedido e a resposta do servidor ainda não chegou: aguarde antes de pedir outro."


def pode_escrever(usuario, origem: str) -> bool:
    return any(usuario.has_perm(permissao) for permissao in fontes.da_origem(origem).escrever_textos)


def _conferir(request: HttpRequest, origem: str, *, escrever: bool = False) -> None:
    if origem not in fontes.origens():
        raise Http404
    if not request.user.has_perm(fontes.da_origem(origem).ver_textos):
        raise PermissionDenied
    if escrever and not pode_escrever(request.user, origem):
        raise PermissionDenied


@require_POST
@login_not_required
def medir_texto(request: HttpRequest, origem: str, campo: str) -> HttpResponse:
    """The meter of one field, for what was typed so far.

    It answers whoever was logged out by itself: a meter must not take a page away with all that was typed on it.
    """
    if not request.user.is_authenticated:
        return HttpResponse(status=204) if request.htmx else redirect_to_login(request.get_full_path())
    _conferir(request, origem)
    if campo not in NOMES:
        raise Http404
    medida = medir(origem, campo, request.POST.get(campo, ""), bool(request.POST.get("transliterar")))
    return render(request, "mensageria/_medidor.html", {"medida": medida, "campo": campo})


@require_POST
@com_estilos
def previa_do_texto(request: HttpRequest, origem: str) -> HttpResponse:
    _conferir(request, origem)
    # What is typed for a test is looked at only when the test is asked for.
    digitado = request.POST.copy()
    digitado["celular"] = digitado["email"] = ""
    form = FormularioDePrevia(digitado, origem=origem)
    form.is_valid()
    return _mostrar(request, origem, form)


@require_POST
@com_estilos
def testar_texto(request: HttpRequest, origem: str) -> HttpResponse:
    """Send a test by the channel of the button, once only, and show the preview again with what came of it."""
    _conferir(request, origem, escrever=True)
    canal = Canal.EMAIL if request.POST.get("canal") == "email" else Canal.SMS
    campo, falta = ("email", "Informe E-mail.") if canal == Canal.EMAIL else ("celular", "Informe Celular.")
    # What is wrong with the address of the other channel keeps nothing from leaving by this one.
    form = FormularioDePrevia(request.POST, origem=origem, so=campo)
    if form.is_valid() and not form.cleaned_data[campo]:
        form.add_error(campo, falta)
    resultado = None
    if form.is_valid():
        resultado = uma_vez(
            request,
            lambda: teste.enviar_teste(
                origem,
                canal,
                form.cleaned_data[campo],
                previa.Rascunho.digitado(request.POST),
                matricula=form.do_imovel,
                usuario=request.user,
                agora=timezone.now(),
            ),
        )
    return _mostrar(request, origem, form, resultado)


def uma_vez(request: HttpRequest, enviar: Callable[[], teste.Resultado]) -> dict[str, Any]:
    """A form sent twice sends one test. Where other forms keep where to go, this keeps what the server said.

    No transaction is open while the server is spoken to.
    """
    if pedidos.tomar(request):
        resultado = enviar()
        dito = f"{'certo' if resultado.aceito else 'errado'} {resultado.palavras}"[:500]
        pedidos.concluir(request, dito)
    else:
        dito = pedidos.ja_atendido(request) or f"errado {AINDA_SAINDO}"
    situacao, _, palavras = dito.partition(" ")
    return {"aceito": situacao == "certo", "palavras": palavras}


def _mostrar(request, origem: str, form: FormularioDePrevia, resultado: dict | None = None) -> HttpResponse:
    rascunho = previa.Rascunho.digitado(request.POST)
    contexto = {
        "origem": origem,
        "form": form,
        "rascunho": rascunho,
        "resultado": resultado,
        "pode_testar": pode_escrever(request.user, origem),
        "pagina_do_menu": NO_MENU.get(origem, ""),
    }
    if "matricula" not in form.errors:
        try:
            contexto["previa"] = previa.compor(origem, rascunho, matricula=form.do_imovel, agora=timezone.now())
        except previa.SemPrevia as erro:
            contexto["sem_previa"] = str(erro)
    return render(request, "mensageria/previa.html", contexto)
