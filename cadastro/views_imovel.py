"""What customers are of the imóveis: the aba Imóveis of a customer, and Consultar Imóvel."""

from django.contrib.auth.decorators import permission_required
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.timezone import localdate
from django.views.decorators.http import require_safe

from cadastro.forms_imovel import (
    FiltroDeImoveis,
    FiltroDeVinculos,
    FormularioDeFimDeVinculo,
    FormularioDeVinculo,
)
from cadastro.models import Cliente, ClienteImovel, Imovel
from cadastro.views import do_cliente, editar, pode_ver, ver_ou_enviar
from telas.paginacao import Pagina

pode_ver_imovel = permission_required("cadastro.view_imovel", raise_exception=True)


# Imóveis of a customer


@require_safe
@pode_ver
@permission_required("cadastro.view_clienteimovel", raise_exception=True)
def cliente_imoveis(request, pk: int):
    cliente, hoje = get_object_or_404(Cliente, pk=pk), localdate()
    filtro = FiltroDeVinculos(request.GET)
    vinculos = cliente.vinculos.select_related("imovel__localidade")
    pagina = Pagina(
        filtro.filtrar(vinculos, hoje),
        request.GET,
        ordens={"matricula": "imovel_id", "inicio": "inicio"},
        padrao="matricula",
    )
    contexto = do_cliente(cliente, "imoveis") | {"form": filtro, "pagina": pagina, "hoje": hoje}
    return render(request, "cadastro/cliente_imoveis.html", contexto)


@ver_ou_enviar
@pode_ver
@permission_required("cadastro.add_clienteimovel", raise_exception=True)
def vinculo_inserir(request, pk: int):
    return editar(
        request,
        get_object_or_404(Cliente, pk=pk),
        "imoveis",
        abrir=lambda dados, cliente: FormularioDeVinculo(dados, instance=ClienteImovel(cliente=cliente)),
        permissao="cadastro.add_clienteimovel",
        sucesso="Imóvel ligado ao cliente.",
        volta=reverse("cadastro:cliente_imoveis", args=[pk]),
        titulo="Ligar a um imóvel",
    )


@ver_ou_enviar
@pode_ver
@permission_required("cadastro.change_clienteimovel", raise_exception=True)
def vinculo(request, pk: int):
    """Where a relation ends, or its end is corrected."""
    escolhido = get_object_or_404(ClienteImovel.objects.select_related("cliente", "imovel"), pk=pk)
    return editar(
        request,
        escolhido.cliente,
        "imoveis",
        abrir=lambda dados, cliente: FormularioDeFimDeVinculo(
            dados, instance=get_object_or_404(ClienteImovel, pk=pk, cliente=cliente)
        ),
        permissao="cadastro.change_clienteimovel",
        sucesso="Vínculo atualizado.",
        volta=reverse("cadastro:cliente_imoveis", args=[escolhido.cliente_id]),
        titulo="Encerrar o vínculo",
        vinculo=escolhido,
    )


# Consultar Imóvel


@require_safe
@pode_ver_imovel
def imoveis(request):
    """Nothing is listed until something is asked; a whole matrícula leads to its imóvel."""
    filtro = FiltroDeImoveis(request.GET)
    if not filtro.pediu:
        return render(request, "cadastro/imoveis.html", {"form": FiltroDeImoveis()})
    contexto = {"form": filtro}
    if filtro.is_valid():
        consulta = filtro.consultar()
        matricula = filtro.cleaned_data["matricula"]
        if matricula and consulta.exists():
            return redirect("cadastro:imovel", matricula)
        contexto["pagina"] = Pagina(consulta, request.GET, ordens={"matricula": "pk"}, padrao="matricula")
    return render(request, "cadastro/imoveis.html", contexto)


@require_safe
@pode_ver_imovel
def imovel(request, pk: int):
    """Its data, and whose it is and was. Other apps show what is theirs by URL, under the same abas."""
    relacionadas = ("localidade__gerencia", "localidade__municipio", "quadra__setor", "quadra__rota", "perfil")
    escolhido = get_object_or_404(Imovel.objects.com_largura().select_related(*relacionadas), pk=pk)
    pagina = Pagina(
        escolhido.vinculos.select_related("cliente"),
        request.GET,
        ordens={"inicio": "inicio", "relacao": "relacao"},
        padrao="-inicio",
    )
    contexto = {
        "imovel": escolhido,
        "aba": "dados",
        "pagina": pagina,
        "hoje": localdate(),
        "pagina_do_menu": "cadastro:imoveis",
    }
    return render(request, "cadastro/imovel.html", contexto)
