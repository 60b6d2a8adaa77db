"""The outbox, seen: the balance of a run, its messages one by one, who was left out, and what a customer got."""

from datetime import datetime
from urllib.parse import urlencode

from csp.constants import NONE, SELF, UNSAFE_INLINE
from csp.decorators import csp
from django.contrib import messages
from django.contrib.auth.decorators import permission_required
from django.core.paginator import Paginator
from django.http import Http404, HttpResponse, HttpResponseRedirect, QueryDict
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.clickjacking import xframe_options_sameorigin
from django.views.decorators.http import require_http_methods, require_safe
from django.views.decorators.vary import vary_on_headers

from cadastro.models import Cliente, Imovel
from mensageria import balanco, calendario, composicao, decisoes, espera, fontes, previa
from mensageria.consultas import PaginaDoBalanco, com_objetos, sobre_imovel, texto_enviado
from mensageria.estados import Estado
from mensageria.forms import (
    OS_DOIS,
    SEM_LOCALIDADE,
    Decisao,
    FiltroDeMensagens,
    FiltroDeNaoGeradas,
    FiltroDoCliente,
)
from mensageria.models import Canal, Lote, Mensagem, NaoGerada
from mensageria.palavras import nome_da_origem, palavras_de_nao_gerar, palavras_do_motivo
from telas import confirmacao, pedidos
from telas.paginacao import Pagina
from telas.registro import registrar

LINHAS_NO_QUADRO, LINHAS_NA_PAGINA = 25, 50
DOS_CLIENTES = "cadastro:clientes"

# A page and a piece of one at the same address: a browser that goes back must not take one for the other.
uma_ou_outra = vary_on_headers("HX-Request")
pode_ver = permission_required("mensageria.view_mensagem", raise_exception=True)
pode_ver_lotes = permission_required("mensageria.view_lote", raise_exception=True)
pode_ver_nao_geradas = permission_required("mensageria.view_naogerada", raise_exception=True)
pode_decidir = permission_required("mensageria.change_mensagem", raise_exception=True)


# The balance of a run


@require_safe
@uma_ou_outra
@pode_ver_lotes
def balanco_da_execucao(request, execucao):
    """A page of its own; or a piece of the page of whoever runs, which asks for it by htmx.

    The numbers are those of the ledger; with `conferir` the messages are counted one by one.
    """
    conferido = "conferir" in request.GET
    linhas = balanco.da_execucao(execucao, timezone.now(), contar=conferido)
    paginas = Paginator(linhas, LINHAS_NO_QUADRO if request.htmx else LINHAS_NA_PAGINA)
    pagina = paginas.get_page(request.GET.get("pagina"))
    contexto = {
        **_da_execucao(request, execucao, linhas),
        "colunas": balanco.COLUNAS.values(),
        "por_canal": [
            (canal.label, _celulas(execucao, do_canal, canal=canal.value))
            for canal in Canal
            if (do_canal := [linha for linha in linhas if linha.canal_id == canal])
        ],
        "totais": _celulas(execucao, linhas),
        "fecha": all(linha.fecha for linha in linhas),
        "conferido": conferido,
        "linhas": [(linha, linha.acao or nome_da_origem(linha.origem), _da_linha(execucao, linha)) for linha in pagina],
        "pagina": pagina,
    }
    modelo = "mensageria/_balanco.html" if request.htmx else "mensageria/balanco.html"
    return render(request, modelo, contexto)


def _da_execucao(request, execucao, linhas) -> dict:
    """A run, and the way back to what made it; `linhas` are some of its rows, which tell its origin."""
    origem = linhas[0].origem if linhas else ""
    de_onde = fontes.de_onde(origem)
    return {
        "execucao": execucao,
        "de_onde": de_onde,
        "do_processo": reverse(de_onde.url, args=[execucao]),
        "pode_voltar": request.user.has_perm(de_onde.permissao),
        "pagina_do_menu": de_onde.menu,
    }


def _da_linha(execucao, linha: balanco.Linha) -> list[tuple[int, str]]:
    return _celulas(
        execucao,
        [linha],
        canal=linha.canal_id,
        localidade=linha.localidade_id or SEM_LOCALIDADE,
        origem=linha.origem,
        acao=linha.acao,
    )


def _celulas(execucao, linhas, **filtros) -> list[tuple[int, str]]:
    """The number of each column, and where its messages are, when there are any."""
    endereco = reverse("mensageria:mensagens", args=[execucao])
    comuns = {nome: valor for nome, valor in filtros.items() if valor}
    celulas = []
    for coluna in balanco.COLUNAS:
        numero = balanco.soma(linhas, coluna)
        pedidos_ = comuns if coluna == "total" else comuns | {"estado": coluna}
        celulas.append((numero, f"{endereco}?{urlencode(pedidos_)}" if numero else ""))
    return celulas


@require_safe
@uma_ou_outra
@pode_ver_nao_geradas
def motivos(request, execucao):
    """Who was left out of a run, and why: how many by reason. Like the balance, a page or a piece of one."""
    endereco = reverse("mensageria:nao_geradas", args=[execucao])
    linhas = []
    for origem, canal, motivo, quantas in balanco.nao_geradas(execucao):
        parametros = QueryDict(mutable=True)
        parametros.update({"origem": origem, "canal": canal or OS_DOIS, "motivo": motivo})
        linhas.append(
            {
                "origem": nome_da_origem(origem),
                "canal": Canal(canal).label if canal else "",
                "motivo": palavras_de_nao_gerar(origem, motivo),
                "quantas": quantas,
                "url": f"{endereco}?{parametros.urlencode()}",
            }
        )
    lotes = Lote.objects.filter(execucao=execucao)[:1]
    contexto = {"motivos": linhas} | _da_execucao(request, execucao, lotes)
    modelo = "mensageria/_motivos.html" if request.htmx else "mensageria/motivos.html"
    return render(request, modelo, contexto)


@require_safe
@pode_ver_nao_geradas
def nao_geradas(request, execucao):
    filtro = FiltroDeNaoGeradas(request.GET)
    achadas = filtro.filtrar(NaoGerada.objects.filter(execucao=execucao).select_related("localidade"))
    # In the order of the index that finds them.
    pagina = Pagina(achadas, request.GET, ordens={"unidade": "unidade"}, padrao="unidade")
    com_objetos(pagina.linhas)
    for linha in pagina.linhas:
        linha.motivo_em_palavras = palavras_de_nao_gerar(linha.origem, linha.motivo)
    contexto = {"form": filtro, "pagina": pagina} | _da_execucao(request, execucao, pagina.linhas)
    return render(request, "mensageria/nao_geradas.html", contexto)


# Its messages


@require_safe
@pode_ver
def mensagens(request, execucao):
    lotes = list(Lote.objects.filter(execucao=execucao).select_related("localidade"))
    filtro = FiltroDeMensagens(request.GET, lotes=lotes)
    escolhidos = filtro.lotes()
    pagina = PaginaDoBalanco(escolhidos, filtro.coluna, request.GET, timezone.now())
    _em_palavras(pagina.linhas)
    contexto = {"form": filtro, "pagina": pagina} | _da_execucao(request, execucao, lotes)
    return render(request, "mensageria/mensagens.html", contexto)


@require_safe
@pode_ver
def do_cliente(request, pk):
    """The history of every message that a customer got."""
    cliente = get_object_or_404(Cliente, pk=pk)
    contexto = {"cliente": cliente, "pagina_do_menu": DOS_CLIENTES}
    return _historico(request, Mensagem.objects.filter(cliente=cliente), "mensageria/do_cliente.html", contexto)


@require_safe
@pode_ver
@permission_required("cadastro.view_imovel", raise_exception=True)
def do_imovel(request, pk):
    """Consultar Imóvel, aba Mensagens: those about what it owes, whoever got them."""
    imovel = get_object_or_404(Imovel, pk=pk)
    contexto = {"imovel": imovel, "titulo_da_aba": "Mensagens", "pagina_do_menu": "cadastro:imoveis"}
    return _historico(request, sobre_imovel(pk), "mensageria/do_imovel.html", contexto)


def _historico(request, consulta, modelo: str, contexto: dict) -> HttpResponse:
    """Messages one by one, the newest first, each with its text and its attempts."""
    filtro = FiltroDoCliente(request.GET)
    consulta = filtro.filtrar(consulta.select_related("texto", "molde").prefetch_related("envios"))
    pagina = Pagina(consulta, request.GET, ordens={"codigo": "pk"}, padrao="-codigo")
    _em_palavras(pagina.linhas)
    agora = timezone.now()
    for linha in pagina.linhas:
        linha.conteudo = texto_enviado(linha)
        linha.pode_reenviar = decisoes.Decisao.REENVIAR in decisoes.possiveis(linha, agora)
    return render(request, modelo, contexto | {"form": filtro, "pagina": pagina, "aba": "mensagens"})


def _em_palavras(linhas: list[Mensagem]) -> None:
    com_objetos(linhas)
    for linha in linhas:
        linha.motivo_em_palavras = palavras_do_motivo(linha.motivo)
        linha.nome_da_origem = nome_da_origem(linha.origem)


# One message


@require_safe
@pode_ver
def mensagem(request, pk):
    return _pagina_da_mensagem(request, pk, Decisao())


def _pagina_da_mensagem(request, pk, form):
    agora = timezone.now()
    relacionadas = ("lote__localidade", "cliente", "remetente", "gateway", "servico", "texto", "molde", "pedido_por")
    uma = get_object_or_404(Mensagem.objects.select_related(*relacionadas), pk=pk)
    _em_palavras([uma])
    decidir_ = request.user.has_perm("mensageria.change_mensagem")
    contexto = {
        "mensagem": uma,
        "conteudo": texto_enviado(uma),
        "assunto": _assunto(uma),
        "envios": uma.envios.select_related("pedido_por").order_by("pk"),
        "form": form,
        "decisoes": decisoes.possiveis(uma, agora) if decidir_ else [],
        "visto": decisoes.retrato(uma),
        "vencida": uma.expira_em <= agora,
        "espera": _espera(uma, agora),
        **_da_execucao(request, uma.lote.execucao, [uma]),
    }
    return render(request, "mensageria/mensagem.html", contexto)


def _espera(uma: Mensagem, agora: datetime) -> str:
    """Which window of contact it waits for, once it is due."""
    if uma.estado != Estado.PENDENTE or uma.proxima_tentativa_em > agora:
        return ""
    return espera.do_lote(calendario.ler(agora), uma.lote, agora)


def _assunto(uma: Mensagem) -> str:
    if uma.canal != Canal.EMAIL or not texto_enviado(uma):
        return ""
    return composicao.assunto(uma.contexto, uma.texto)


@require_safe
@pode_ver
@xframe_options_sameorigin
@csp({"default-src": [NONE], "img-src": ["data:"], "style-src": [UNSAFE_INLINE], "frame-ancestors": [SELF]})
def html(request, pk):
    """The e-mail as its reader sees it, for a frame of the page of the message; nothing in it runs or is fetched."""
    uma = get_object_or_404(Mensagem.objects.select_related("texto", "molde"), pk=pk, canal=Canal.EMAIL)
    if not texto_enviado(uma):
        raise Http404
    return HttpResponse(previa.html_do_email(composicao.conteudo(uma)))


@require_http_methods(["GET", "HEAD", "POST"])
@pode_decidir
def decidir(request, pk):
    """Ask, decide once, log it, and go back to the message. Who only opens it, as after logging in, sees its page."""
    if request.method != "POST":
        return _pagina_da_mensagem(request, pk, Decisao())
    form = Decisao(request.POST)
    try:
        decisao = decisoes.Decisao(request.POST.get("decisao"))
    except ValueError:
        raise Http404 from None
    if not form.is_valid() or confirmacao.voltou(request):
        return _pagina_da_mensagem(request, pk, form)
    uma = get_object_or_404(Mensagem, pk=pk)
    motivo = form.cleaned_data["motivo"]
    if resposta := confirmacao.perguntar(request, PERGUNTAS[decisao], detalhes=[str(uma), f"Motivo: {motivo}"]):
        return resposta
    pagina = reverse("mensageria:mensagem", args=[pk])

    def fazer() -> str:
        visto, agora = request.POST.get("visto", ""), timezone.now()
        decisoes.decidir(pk, decisao, visto=visto, usuario=request.user, motivo=motivo, agora=agora)
        registrar(request.user, uma, f"{decisao.label}: {motivo}")
        messages.success(request, FEITAS[decisao])
        return pagina

    try:
        pedidos.atender(request, fazer)
    except decisoes.MudouEnquantoIsso as mudanca:
        messages.warning(request, str(mudanca))
    return HttpResponseRedirect(pagina)


PERGUNTAS = {
    decisoes.Decisao.REENVIAR: "Confirma reenvio da mensagem?",
    decisoes.Decisao.FOI_ENVIADA: "Confirma que a mensagem foi enviada?",
    decisoes.Decisao.FALHOU: "Confirma que a mensagem falhou?",
    decisoes.Decisao.CANCELAR: "Confirma cancelamento da mensagem?",
}
FEITAS = {
    decisoes.Decisao.REENVIAR: "A mensagem voltou para a fila de envio.",
    decisoes.Decisao.FOI_ENVIADA: "A mensagem foi dada como enviada.",
    decisoes.Decisao.FALHOU: "A mensagem foi dada como falha.",
    decisoes.Decisao.CANCELAR: "A mensagem foi cancelada.",
}
