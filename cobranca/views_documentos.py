"""The documents of a comando, one by one: what each charges, how it is paid, and what became of its messages."""

import base64

from django.contrib.auth.decorators import permission_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils import timezone
from django.views.decorators.http import require_safe

from cadastro.models import ClienteImovel, ParametroSistema, Relacao
from cobranca import pagavel
from cobranca.fonte import ORIGEM
from cobranca.forms_documentos import FiltroDeDocumentos, FiltroDeSemDocumento
from cobranca.models import CobrancaDocumento, ComandoAcao, TipoDocumento
from cobranca.situacao import COM_ITENS, situacao_do_documento
from faturamento.codigo_barras import ErroCodigoBarras
from mensageria.barras import png_itf
from mensageria.models import Mensagem
from mensageria.palavras import palavras_do_motivo
from telas.paginacao import Pagina

MENSAGENS_NA_PAGINA = 50

pode_ver = permission_required("cobranca.view_cobrancadocumento", raise_exception=True)


@require_safe
@pode_ver
def documentos(request: HttpRequest, pk: int) -> HttpResponse:
    comando = get_object_or_404(ComandoAcao.objects.select_related("acao"), pk=pk)
    filtro = FiltroDeDocumentos(request.GET)
    pagina = Pagina(
        filtro.filtrar(comando.documentos.prefetch_related(COM_ITENS)),
        request.GET,
        # By the index that says one document for each imóvel of a comando.
        ordens={"matricula": "imovel_id"},
        padrao="matricula",
    )
    hoje = timezone.localdate()
    for documento in pagina.linhas:
        documento.situacao = situacao_do_documento(documento, hoje)
    contexto = {"comando": comando, "form": filtro, "pagina": pagina, "pagina_do_menu": "cobranca:comandos"}
    return render(request, "cobranca/documentos.html", contexto)


@require_safe
@permission_required("cobranca.view_comandoacao", raise_exception=True)
def sem_documento(request: HttpRequest, pk: int) -> HttpResponse:
    """Who was left out, imóvel by imóvel, and why."""
    comando = get_object_or_404(ComandoAcao.objects.select_related("acao"), pk=pk)
    filtro = FiltroDeSemDocumento(request.GET)
    pagina = Pagina(
        filtro.filtrar(comando.sem_documento.select_related("imovel__localidade")),
        request.GET,
        # By the index that says one reason for each imóvel of a comando.
        ordens={"matricula": "imovel_id"},
        padrao="matricula",
    )
    contexto = {"comando": comando, "form": filtro, "pagina": pagina, "pagina_do_menu": "cobranca:comandos"}
    return render(request, "cobranca/sem_documento.html", contexto)


@require_safe
@pode_ver
def documento(request: HttpRequest, pk: int) -> HttpResponse:
    achado = _documento(pk)
    contexto = {
        "documento": achado,
        "tipo": TipoDocumento.objects.filter(pk=achado.tipo_documento).first(),
        "itens": achado.itens.all(),
        "situacao": situacao_do_documento(achado, timezone.localdate()),
        "pagavel": None,
        "usuario": _usuario(achado),
        "mensagens": _mensagens(pk) if request.user.has_perm("mensageria.view_mensagem") else None,
        "pagina_do_menu": "cobranca:comandos",
    }
    try:
        contexto["pagavel"] = pago_por = pagavel.de(achado, ParametroSistema.atual())
        contexto["barras"] = base64.b64encode(png_itf(pago_por.codigo)).decode()
    except (ErroCodigoBarras, ParametroSistema.DoesNotExist) as erro:
        contexto["impedimento"] = str(erro)
    return render(request, "cobranca/documento.html", contexto)


@require_safe
@pode_ver
def documento_pdf(request: HttpRequest, pk: int) -> HttpResponse:
    """The document to be printed, as whoever gets it by e-mail has it."""
    achado = _documento(pk)
    if not situacao_do_documento(achado, timezone.localdate()).pagavel:
        raise Http404
    parametro, usuario = ParametroSistema.objects.first(), _usuario(achado)
    try:
        if parametro is None:
            raise Http404
        nome, cpf_cnpj = (usuario.nome, usuario.documento) if usuario else ("", None)
        conteudo = pagavel.desenhar(achado, parametro, nome=nome, cpf_cnpj=cpf_cnpj)
    except ErroCodigoBarras as erro:
        raise Http404 from erro
    nome = f"{'ficha' if achado.ficha else 'documento'}-{achado.numero}.pdf"
    return HttpResponse(
        conteudo, content_type="application/pdf", headers={"Content-Disposition": f'attachment; filename="{nome}"'}
    )


def _documento(pk: int) -> CobrancaDocumento:
    relacionadas = ("comando__acao", "imovel", "localidade", "conta_bancaria")
    consulta = CobrancaDocumento.objects.select_related(*relacionadas).prefetch_related(COM_ITENS)
    return get_object_or_404(consulta, pk=pk)


def _usuario(documento: CobrancaDocumento):
    """The usuário of the imóvel when the document was made."""
    vinculo = (
        ClienteImovel.objects.filter(imovel=documento.imovel_id, relacao=Relacao.USUARIO, inicio__lte=documento.emissao)
        .exclude(fim__lte=documento.emissao)
        .select_related("cliente")
        .first()
    )
    return vinculo.cliente if vinculo else None


def _mensagens(documento: int) -> list[Mensagem]:
    mensagens = list(Mensagem.objects.filter(origem=ORIGEM, objeto_id=documento).order_by("-pk")[:MENSAGENS_NA_PAGINA])
    for mensagem in mensagens:
        mensagem.motivo_em_palavras = palavras_do_motivo(mensagem.motivo)
    return mensagens
