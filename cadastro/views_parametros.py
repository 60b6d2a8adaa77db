"""Informar Parâmetros do Sistema."""

from django.contrib.auth.decorators import permission_required
from django.core.exceptions import PermissionDenied
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods

from cadastro import parametros as regras
from cadastro.forms import so_para_ver
from cadastro.forms_parametros import FormularioDeParametros
from cadastro.gravacao import Recusado, gravar
from cadastro.models import TAMANHO_SMS_MAXIMO, ParametroSistema
from telas import registro


@require_http_methods(["GET", "HEAD", "POST"])
@permission_required("cadastro.view_parametrosistema", raise_exception=True)
def parametros(request):
    atual = ParametroSistema.objects.select_related("perfil_programa_especial").first()
    permissao = "cadastro.change_parametrosistema" if atual else "cadastro.add_parametrosistema"
    pode_gravar = request.user.has_perm(permissao)
    formulario = FormularioDeParametros(instance=atual, usuario=request.user)
    if request.method == "POST":
        if not pode_gravar:
            raise PermissionDenied
        try:
            return redirect(
                gravar(
                    request,
                    lambda: FormularioDeParametros(request.POST, instance=regras.para_alterar(), usuario=request.user),
                    "Parâmetro do Sistema informado com sucesso.",
                    reverse("cadastro:parametros"),
                )
            )
        except Recusado as recusado:
            formulario = recusado.formulario
    if not pode_gravar:
        so_para_ver(formulario)
    contexto = {
        "form": formulario,
        "atual": atual,
        "pode_gravar": pode_gravar,
        "ultima": registro.ultima_alteracao(atual) if atual else None,
        "tamanho_maximo": TAMANHO_SMS_MAXIMO,
        "posicoes_do_codigo_de_barras": regras.POSICOES_DO_CODIGO_DE_BARRAS,
        "posicoes_para_o_texto": regras.posicoes_para_o_texto(formulario["tamanho_maximo_sms"].value()),
    }
    return render(request, "cadastro/parametros.html", contexto)
