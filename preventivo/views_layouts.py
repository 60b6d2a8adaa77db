"""Layouts: the e-mail of each tipo de campanha. Administrators write them; operators look."""

from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import permission_required
from django.db.models import OuterRef, Subquery
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from mensageria.forms_texto import com_dados_inseridos, pediu_insercao
from mensageria.previa import Rascunho, SemPrevia
from mensageria.views_texto import com_estilos, uma_vez
from preventivo import layouts as regras
from preventivo.forms_layouts import FormularioDeLayout, cor_valida
from preventivo.models import Layout, TipoCampanha
from telas import pedidos
from telas.formularios import juntar
from telas.paginacao import Pagina

LISTA = "preventivo:layouts"
ver = permission_required("preventivo.view_layout", raise_exception=True)
escrever = permission_required("preventivo.add_layout", raise_exception=True)


@require_safe
@ver
def layouts(request: HttpRequest) -> HttpResponse:
    mais_novo = Layout.objects.filter(tipo=OuterRef("pk")).order_by("-versao").values("pk")[:1]
    pagina = Pagina(
        TipoCampanha.objects.select_related("operacao").annotate(em_vigor_id=Subquery(mais_novo)),
        request.GET,
        ordens={"operacao": "operacao__nome", "campanha": "nome"},
        padrao="operacao",
        tamanho=25,
    )
    em_vigor = Layout.objects.select_related("criado_por").in_bulk([tipo.em_vigor_id for tipo in pagina.linhas])
    linhas = [{"tipo": tipo, "layout": em_vigor.get(tipo.em_vigor_id)} for tipo in pagina.linhas]
    return render(request, "preventivo/layouts.html", {"pagina": pagina, "linhas": linhas})


def _tipo(pk: int) -> TipoCampanha:
    return get_object_or_404(TipoCampanha.objects.select_related("operacao__remetente__servico"), pk=pk)


@require_http_methods(["GET", "HEAD", "POST"])
@ver
def layout(request: HttpRequest, pk: int) -> HttpResponse:
    tipo = _tipo(pk)
    if request.method == "POST":
        return _gravar(request, tipo)
    em_vigor = Layout.objects.em_vigor(tipo)
    return _mostrar(request, tipo, FormularioDeLayout.de(_base(request, tipo) or em_vigor, em_vigor))


def _base(request: HttpRequest, tipo: TipoCampanha) -> Layout | None:
    """The version of `?base=`."""
    versao = request.GET.get("base", "")
    if not (versao.isascii() and versao.isdigit() and len(versao) < 5):
        return None
    return Layout.objects.filter(tipo=tipo, versao=versao).first()


@escrever
def _gravar(request: HttpRequest, tipo: TipoCampanha) -> HttpResponse:
    if pediu_insercao(request.POST):
        digitado, sem_dado = com_dados_inseridos(request.POST)
        return _mostrar(request, tipo, FormularioDeLayout(initial=digitado.dict()), sem_dado=sem_dado)
    form = FormularioDeLayout(request.POST)
    if not form.is_valid():
        return _mostrar(request, tipo, form)
    try:
        return redirect(pedidos.atender(request, lambda: _guardar(request, tipo, form.cleaned_data)))
    except regras.VersaoMaisNova as outra:
        vista = tipo.layouts.filter(pk=form.cleaned_data["vista"]).first()
        juntar(form, str(outra), FormularioDeLayout.valores(vista), FormularioDeLayout.valores(outra.versao))
        form.data["vista"] = outra.versao.pk
        return _mostrar(request, tipo, form)


def _guardar(request: HttpRequest, tipo: TipoCampanha, dados: dict[str, Any]) -> str:
    nova = regras.nova_versao(
        tipo,
        assunto=dados["assunto"],
        corpo=dados["texto_email"],
        cor=dados["cor"],
        vista=dados["vista"],
        usuario=request.user,
    )
    if nova is None:
        messages.info(request, "Nada mudou: a versão em vigor já é assim.")
    else:
        messages.success(request, f"Versão {nova.versao} do layout de {tipo} gravada com sucesso.")
    return reverse("preventivo:layout", args=[tipo.pk])


def _mostrar(request: HttpRequest, tipo: TipoCampanha, form: FormularioDeLayout, *, sem_dado: str = "") -> HttpResponse:
    so_leitura = not request.user.has_perm("preventivo.add_layout")
    for campo in form.fields.values():
        campo.disabled = so_leitura
    pagina = Pagina(
        tipo.layouts.select_related("criado_por"),
        request.GET,
        ordens={"versao": "versao"},
        padrao="-versao",
        tamanho=5,
    )
    contexto = {
        "tipo": tipo,
        "form": form,
        "pagina": pagina,
        "em_vigor": Layout.objects.em_vigor(tipo),
        "so_leitura": so_leitura,
        "sem_dado": sem_dado,
        "pagina_do_menu": LISTA,
    }
    return render(request, "preventivo/layout.html", contexto)


@require_safe
@ver
def versao(request: HttpRequest, pk: int, versao: int) -> HttpResponse:
    tipo = _tipo(pk)
    escolhida = get_object_or_404(tipo.layouts.select_related("criado_por"), versao=versao)
    contexto = {
        "tipo": tipo,
        "layout": escolhida,
        "em_vigor": escolhida == Layout.objects.em_vigor(tipo),
        "titulo": f"{tipo}, versão {escolhida.versao}",
        "endereco_do_layout": reverse("preventivo:layout", args=[tipo.pk]),
        "pagina_do_menu": LISTA,
    }
    return render(request, "preventivo/layout_versao.html", contexto)


# What it looks like, and a test of it


@require_POST
@com_estilos
@ver
def previa(request: HttpRequest, pk: int) -> HttpResponse:
    return _mostrar_previa(request, _tipo(pk))


@require_POST
@com_estilos
@escrever
def testar(request: HttpRequest, pk: int) -> HttpResponse:
    tipo = _tipo(pk)

    def fazer():
        return regras.enviar_teste(tipo, *_digitado(request), usuario=request.user, agora=timezone.now())

    return _mostrar_previa(request, tipo, uma_vez(request, fazer))


def _digitado(request: HttpRequest) -> tuple[Rascunho, str]:
    return Rascunho.digitado(request.POST), cor_valida(request.POST.get("cor", ""))


def _mostrar_previa(request: HttpRequest, tipo: TipoCampanha, resultado: dict | None = None) -> HttpResponse:
    rascunho, cor = _digitado(request)
    contexto = {
        "tipo": tipo,
        "rascunho": rascunho,
        "cor": cor,
        "resultado": resultado,
        "endereco_do_layout": reverse("preventivo:layout", args=[tipo.pk]),
        "pagina_do_menu": LISTA,
    }
    try:
        contexto["vista"] = regras.ver(tipo, rascunho, cor, agora=timezone.now())
    except SemPrevia as erro:
        contexto["sem_previa"] = str(erro)
    return render(request, "preventivo/layout_previa.html", contexto)
