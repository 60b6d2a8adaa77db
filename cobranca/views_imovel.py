"""Consultar Imóvel, aba Documentos de Cobrança."""

from django.contrib.auth.decorators import permission_required
from django.shortcuts import get_object_or_404, render
from django.views.decorators.http import require_safe

from cadastro.models import Imovel
from cobranca.models import CobrancaDocumento
from telas.paginacao import Pagina


@require_safe
@permission_required(("cadastro.view_imovel", "cobranca.view_cobrancadocumento"), raise_exception=True)
def documentos_do_imovel(request, pk):
    """The collection documents of an imóvel, the newest first."""
    imovel = get_object_or_404(Imovel, pk=pk)
    pagina = Pagina(
        CobrancaDocumento.objects.filter(imovel=imovel).select_related("comando__acao"),
        request.GET,
        ordens={"documento": "pk", "validade": "validade"},
        padrao="-documento",
    )
    contexto = {
        "imovel": imovel,
        "aba": "documentos",
        "titulo_da_aba": "Documentos de Cobrança",
        "pagina": pagina,
        "pagina_do_menu": "cadastro:imoveis",
    }
    return render(request, "cobranca/documentos_do_imovel.html", contexto)
