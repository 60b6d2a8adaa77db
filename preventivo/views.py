"""Campanha Preventiva: register a campaign, and find those that there are."""

from datetime import datetime, time, timedelta

from django.contrib import messages
from django.contrib.auth.decorators import permission_required
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.csrf import csrf_exempt, csrf_protect
from django.views.decorators.http import require_http_methods, require_safe
from django.views.decorators.vary import vary_on_headers

from preventivo import campanhas, desempenho, planilha, recebimento
from preventivo.forms import FiltroDeCampanhas, FormularioDeCampanha, tipos_oferecidos
from preventivo.models import Campanha
from telas import pedidos
from telas.paginacao import Pagina

HORA_PADRAO = time(8)  # the manual's
VIVAS = {Campanha.Situacao.IMPORTANDO, *Campanha.EM_ANDAMENTO}

pode_ver = permission_required("preventivo.view_campanha", raise_exception=True)
pode_cadastrar = permission_required("preventivo.add_campanha", raise_exception=True)


# Cadastrar Campanha


@csrf_exempt  # the token is in the body: it is checked below, once the size of the body has a limit
@require_http_methods(["GET", "HEAD", "POST"])
@pode_cadastrar
def criar_campanha(request):
    recebimento.limitar(request)
    return _criar_campanha(request)


@csrf_protect
def _criar_campanha(request):
    agora = timezone.now()
    if request.method != "POST":
        amanha = timezone.localdate(agora) + timedelta(days=1)
        inicial = FormularioDeCampanha.inicial(timezone.make_aware(datetime.combine(amanha, HORA_PADRAO)))
        return _cadastro(request, FormularioDeCampanha(usuario=request.user, initial=inicial))
    form = FormularioDeCampanha(request.POST, request.FILES, usuario=request.user)
    if recebimento.grande_demais(request):
        form.errors.pop("arquivo", None)
        form.recusar("arquivo", recebimento.GRANDE_DEMAIS)
    if form.is_valid():
        try:
            return redirect(pedidos.atender(request, lambda: _cadastrar(request, form, agora)))
        except campanhas.CampanhaRecusada as recusa:
            form.recusar(recusa.campo, str(recusa))
    return _cadastro(request, form)


def _cadastrar(request, form: FormularioDeCampanha, agora: datetime) -> str:
    dados = form.cleaned_data
    criada = campanhas.criar(
        operacao=dados["operacao"],
        tipo=dados["tipo"],
        envia_em=form.envia_em(),
        arquivo=dados["arquivo"],
        usuario=request.user,
        agora=agora,
        teste_para=request.user.email if dados["teste"] else "",
    )
    messages.success(request, "Arquivo recebido. Depois de lido, confira o que entrou e confirme a campanha.")
    return reverse("preventivo:campanha", args=[criada.pk])


def _cadastro(request, form: FormularioDeCampanha):
    contexto = {"form": form, "enviou_arquivo": bool(form.is_bound and form.files)}
    return render(request, "preventivo/criar_campanha.html", contexto)


@require_safe
@pode_cadastrar
def tipos(request):
    """What may be chosen as Campanha once an operação is; `tipo` is what was."""
    operacao = request.GET.get("operacao", "")
    achados = tipos_oferecidos().filter(operacao=operacao) if _inteiro(operacao) else []
    contexto = {"operacao": operacao, "tipos": list(achados), "escolhido": request.GET.get("tipo", "")}
    return render(request, "preventivo/_tipos.html", contexto)


def _inteiro(texto: str) -> bool:
    return texto.isascii() and texto.isdigit() and len(texto) < 19


@require_safe
@pode_cadastrar
def modelo(request):
    """Baixar Modelo."""
    cabecalho = {"Content-Disposition": 'attachment; filename="modelo-preventivo.csv"'}
    return HttpResponse(planilha.MODELO, content_type="text/csv; charset=utf-8", headers=cabecalho)


# Listar Campanhas


@require_safe
@vary_on_headers("HX-Request", "HX-Target")
@pode_ver
def lista(request):
    """A page of campaigns; by htmx only its rows, which ask for themselves again while one of them is in progress."""
    filtro = FiltroDeCampanhas(request.GET, hoje=timezone.localdate())
    achadas = filtro.filtrar(Campanha.objects.select_related("operacao", "tipo").defer("operacao__segredo"))
    pagina = Pagina(achadas, request.GET, ordens=ORDENS, padrao="-data")
    enviados = desempenho.enviados(pagina.linhas)
    for linha in pagina.linhas:
        linha.enviados = enviados.get(linha.pk, 0)
    contexto = {
        "form": filtro,
        "pagina": pagina,
        "vivas": any(linha.situacao in VIVAS for linha in pagina.linhas),
        "ha_campanhas": bool(pagina.linhas) or Campanha.objects.exists(),
    }
    so_as_linhas = request.htmx and request.htmx.target == "linhas"
    return render(request, "preventivo/_linhas.html" if so_as_linhas else "preventivo/campanhas.html", contexto)


ORDENS = {
    "data": "envia_em",
    "operacao": "operacao__nome",
    "campanha": "tipo__nome",
    "registros": "registros",
    "acordos": "acordos",
}
