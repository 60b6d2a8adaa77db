"""Informar Parâmetros do Sistema."""

from django.contrib.auth.decorators import permission_required
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_safe

from cadastro import parametros as regras
from cadastro import pesquisa
from cadastro.forms import so_para_ver
from cadastro.forms_parametros import ABAS, FormularioDeParametros
from cadastro.gravacao import Recusado, gravar
from cadastro.models import TAMANHO_SMS_MAXIMO, ParametroSistema
from telas import confirmacao, registro

SUCESSO = "Parâmetro do Sistema informado com sucesso."
OFERECIDOS = 20


@require_http_methods(["GET", "HEAD", "POST"])
@permission_required("cadastro.view_parametrosistema", raise_exception=True)
def parametros(request):
    atual = regras.com_nomes().first()
    permissao = "cadastro.change_parametrosistema" if atual else "cadastro.add_parametrosistema"
    pode_gravar = request.user.has_perm(permissao)
    if request.method == "POST":
        if not pode_gravar:
            raise PermissionDenied
        return _enviar(request, atual)
    formulario = FormularioDeParametros(instance=atual, usuario=request.user)
    if not pode_gravar:
        so_para_ver(formulario)
    return _mostrar(request, formulario, atual, pode_gravar)


def _enviar(request, atual: ParametroSistema | None) -> HttpResponse:
    if "concluir" in request.POST or not {"adicionar", "remover"} & set(request.POST):
        return _concluir(request, atual)
    formulario = FormularioDeParametros(request.POST, instance=regras.com_nomes().first(), usuario=request.user)
    if "adicionar" in request.POST:
        formulario.julgar_so_o_endereco()
    elif not confirmacao.voltou(request):
        if pergunta := confirmacao.perguntar(request, "Confirma remoção?", perigo=True):
            return pergunta
        formulario.abrir_endereco()
    else:
        formulario.errors.clear()
    return _mostrar(request, formulario, atual)


def _concluir(request, atual: ParametroSistema | None) -> HttpResponse:
    def abrir() -> FormularioDeParametros:
        return FormularioDeParametros(request.POST, instance=regras.para_alterar(), usuario=request.user)

    try:
        return redirect(gravar(request, abrir, SUCESSO, reverse("cadastro:parametros")))
    except Recusado as recusado:
        return _mostrar(request, recusado.formulario, atual)


def _mostrar(
    request, formulario: FormularioDeParametros, atual: ParametroSistema | None, pode_gravar: bool = True
) -> HttpResponse:
    contexto = {
        "form": formulario,
        "abas": ABAS,
        "achados": formulario.achados(),
        "atual": atual,
        "pode_gravar": pode_gravar,
        "ultima": registro.ultima_alteracao(atual) if atual else None,
        "tamanho_maximo": TAMANHO_SMS_MAXIMO,
        "posicoes_do_codigo_de_barras": regras.POSICOES_DO_CODIGO_DE_BARRAS,
        "posicoes_para_o_texto": regras.posicoes_para_o_texto(formulario["tamanho_maximo_sms"].value()),
    }
    return render(request, "cadastro/parametros.html", contexto)


@require_safe
@permission_required("cadastro.view_parametrosistema", raise_exception=True)
def pesquisar(request, campo: str):
    """What is beside a code while it is typed: whose it is, or whom the list may offer."""
    formulario = FormularioDeParametros(usuario=request.user)
    if campo not in formulario.de_codigo:
        raise Http404
    modelo = formulario.fields[campo].modelo
    if not request.user.has_perm(f"cadastro.view_{modelo._meta.model_name}"):
        raise PermissionDenied
    digitado = request.GET.get(campo, "")
    achados = pesquisa.parecidos(modelo, digitado, OFERECIDOS)
    return render(request, "cadastro/_achados.html", {"nome": campo, "achados": achados, "digitado": digitado})
