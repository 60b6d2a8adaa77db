"""Consultar Imóvel, aba Contas."""

from django.contrib.auth.decorators import permission_required
from django.db.models import Prefetch
from django.shortcuts import get_object_or_404, render
from django.views.decorators.http import require_safe

from cadastro.models import Imovel, Relacao
from faturamento.models import ClienteConta, Conta
from telas.paginacao import Pagina


@require_safe
@permission_required(("cadastro.view_imovel", "faturamento.view_conta"), raise_exception=True)
def contas_do_imovel(request, pk):
    """The contas of an imóvel, the newest first, each with the usuário that it was made for."""
    imovel = get_object_or_404(Imovel, pk=pk)
    usuarios = ClienteConta.objects.filter(relacao=Relacao.USUARIO).select_related("cliente")
    pagina = Pagina(
        Conta.objects.filter(imovel=imovel).prefetch_related(Prefetch("clientes", usuarios, to_attr="usuarios")),
        request.GET,
        ordens={"referencia": "referencia", "vencimento": "vencimento"},
        padrao="-referencia",
    )
    contexto = {
        "imovel": imovel,
        "aba": "contas",
        "titulo_da_aba": "Contas",
        "pagina": pagina,
        "pagina_do_menu": "cadastro:imoveis",
    }
    return render(request, "faturamento/contas_do_imovel.html", contexto)
