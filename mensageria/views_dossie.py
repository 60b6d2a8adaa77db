"""The dossier of a message, as a file to be kept or shown."""

from django.contrib import messages
from django.contrib.auth.decorators import permission_required
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils import timezone
from django.views.decorators.http import require_POST

from mensageria import dossie as dossies
from mensageria import dossie_pdf
from mensageria.models import ChavePerdida, Mensagem
from telas.registro import registrar

SEM_CHAVE = (
    "O dossiê não foi emitido: a chave que assina não se abre com as CHAVES_DE_CIFRA de agora. Quem cuida do servidor "
    "põe de volta a chave antiga, ou troca a que assina com manage.py chave_do_dossie --trocar."
)
TIPOS = {"pdf": "application/pdf", "json": "application/json"}


@require_POST
@permission_required(("mensageria.view_mensagem", "mensageria.emitir_dossie"), raise_exception=True)
def dossie(request, pk: int) -> HttpResponse:
    """Issue it now and log who did; each time it is another file, of another moment."""
    mensagem = get_object_or_404(Mensagem, pk=pk)
    formato = request.POST.get("formato", "pdf")
    if formato not in TIPOS:
        raise Http404
    try:
        arquivo = dossies.emitir(pk, por=request.user, agora=timezone.now())
    except ChavePerdida:
        messages.error(request, SEM_CHAVE)
        return redirect("mensageria:mensagem", pk)
    if formato == "pdf":
        arquivo = dossie_pdf.desenhar(arquivo)
    registrar(request.user, mensagem, f"Dossiê emitido em {formato.upper()}.")
    return HttpResponse(
        arquivo,
        content_type=TIPOS[formato],
        headers={"Content-Disposition": f'attachment; filename="dossie-{pk}.{formato}"'},
    )
