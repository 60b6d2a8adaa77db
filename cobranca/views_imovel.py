"""Consultar Imóvel, aba Documentos de Cobrança."""

from django.contrib.auth.decorators import permission_required
from django.shortcuts import get_object_or_404, render
from django.utils import timezone
from django.views.decorators.http import require_safe

from cadastro.models import Imovel
from cobranca.models import CobrancaDocumento
from cobranca.situacao import COM_ITENS, situacao_do_documento
from telas.paginacao import Pagina


@require_safe
@permission_required(("cadastro.view_imovel", "cobranca.view_cobrancadocumento"), raise_exception=True)
def documentos_do_imovel(request, pk):
    """The collection documents of an imóvel, the newest first."""
    imovel = get_object_or_404(Imovel, pk=pk)
    pagina = Pagina(
        CobrancaDocumento.objects.filter(imovel=imovel).select_related("comando__acao").prefetch_related(COM_ITENS),
        request.GET,
        ordens={"documento": "pk", "validade": "validade"},
        padrao="-documento",
    )
    hoje = timezone.localdate()
    for documento in pagina.linhas:
        documento.situacao = situacao_do_documento(documento, hoje)
    contexto = {
        "imovel": imovel,
        "aba": "documentos",
        "titulo_da_aba": "Documentos de Cobrança",
        "pagina": pagina,
        "pagina_do_menu": "cadastro:imoveis",
    }
    return render(request, "cobranca/documentos_do_imovel.html", contexto)
