"""The operator's screens of the texts about contas."""

from django.contrib import messages
from django.contrib.auth.decorators import permission_required
from django.forms.models import model_to_dict
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_safe

from cadastro.models import Imovel
from faturamento import parametrizacao
from faturamento.forms import FormularioDeParametrizacao
from faturamento.models import ParametroMensagem
from faturamento.textos import DADOS_FATURAMENTO
from mensageria.forms_texto import com_dados_inseridos, pediu_insercao
from mensageria.medida import dados_ausentes
from telas import confirmacao, pedidos, registro
from telas.formularios import juntar
from telas.paginacao import Pagina

TELA = "faturamento:parametrizar_mensagem"
pode_ver = permission_required("faturamento.view_parametromensagem", raise_exception=True)


@require_http_methods(["GET", "POST"])
@pode_ver
def parametrizar_mensagem(request: HttpRequest) -> HttpResponse:
    if request.method == "POST":
        return _atualizar(request)
    referencia = parametrizacao.referencia_do_sistema()
    return _mostrar(request, FormularioDeParametrizacao(initial=_inicial(request, referencia)), referencia=referencia)


@permission_required("faturamento.add_parametromensagem", raise_exception=True)
def _atualizar(request: HttpRequest) -> HttpResponse:
    if pediu_insercao(request.POST):
        digitado, sem_dado = com_dados_inseridos(request.POST)
        return _mostrar(request, FormularioDeParametrizacao(initial=_como_inicial(digitado)), sem_dado=sem_dado)
    form = FormularioDeParametrizacao(request.POST)
    if confirmacao.voltou(request) or not form.is_valid():
        return _mostrar(request, form)
    if ausentes := dados_ausentes(form.textos, DADOS_FATURAMENTO):
        pergunta = confirmacao.perguntar(
            request, "Confirma a parametrização sem estes dados no texto?", detalhes=ausentes
        )
        if pergunta:
            return pergunta
    try:
        return redirect(pedidos.atender(request, lambda: _gravar(request, form)))
    except parametrizacao.VersaoMaisNova as outra:
        vista = ParametroMensagem.objects.filter(pk=form.cleaned_data["vista"]).first()
        juntar(form, str(outra), _valores(vista), _valores(outra.versao))
        form.data["vista"] = outra.versao.pk
        return _mostrar(request, form)


def _gravar(request: HttpRequest, form: FormularioDeParametrizacao) -> str:
    nova = parametrizacao.nova_versao(form.instance, vista=form.cleaned_data["vista"], usuario=request.user)
    if nova is None:
        messages.info(request, "Nada mudou: a versão mais nova desta referência já é assim.")
    else:
        registro.inserido(request.user, nova, f"Versão {nova} inserida.")
        messages.success(request, "Parametrização realizada com sucesso.")
    return reverse(TELA)


def _inicial(request: HttpRequest, referencia: int) -> dict:
    """The version in force, or that of `?base=`, at the system's reference."""
    ultima = parametrizacao.ultima()
    base = _base(request) or ParametroMensagem.objects.em_vigor_em(referencia)
    return _valores(base) | {"referencia": referencia or None, "vista": ultima.pk if ultima else None}


def _valores(versao: ParametroMensagem | None) -> dict:
    """Of its fields but the reference, which each new version has its own."""
    return model_to_dict(versao, set(parametrizacao.CAMPOS) - {"referencia"}) if versao else {}


def _base(request: HttpRequest) -> ParametroMensagem | None:
    chave = request.GET.get("base", "")
    if not (chave.isascii() and chave.isdigit() and len(chave) < 19):
        return None
    return ParametroMensagem.objects.filter(pk=chave).first()


def _como_inicial(digitado) -> dict:
    """What was typed, for a form that is shown again without being checked."""
    return {**digitado.dict(), "categorias": digitado.getlist("categorias"), "transliterar": "transliterar" in digitado}


def _mostrar(
    request: HttpRequest, form: FormularioDeParametrizacao, *, referencia: int | None = None, sem_dado: str = ""
) -> HttpResponse:
    so_leitura = not request.user.has_perm("faturamento.add_parametromensagem")
    for campo in form.fields.values():
        campo.disabled = so_leitura
    pagina = Pagina(
        ParametroMensagem.objects.select_related("criado_por"),
        request.GET,
        ordens={"referencia": "referencia", "quando": "criado_em"},
        padrao="-referencia",
        tamanho=5,
    )
    if referencia is None:
        referencia = parametrizacao.referencia_do_sistema()
    situacoes = parametrizacao.situacoes(pagina.linhas, referencia)
    for versao in pagina.linhas:
        versao.situacao = situacoes[versao.pk]
    contexto = {"form": form, "pagina": pagina, "so_leitura": so_leitura, "sem_dado": sem_dado}
    return render(request, "faturamento/parametrizar_mensagem.html", contexto)


@require_safe
@pode_ver
def versao(request: HttpRequest, pk: int) -> HttpResponse:
    escolhida = get_object_or_404(ParametroMensagem.objects.select_related("criado_por"), pk=pk)
    contexto = {
        "versao": escolhida,
        "titulo": f"Versão {escolhida}",
        "categorias": ", ".join(Imovel.Categoria(categoria).label for categoria in escolhida.categorias),
        "situacao": parametrizacao.situacoes([escolhida], parametrizacao.referencia_do_sistema())[escolhida.pk],
        "pode_criar": request.user.has_perm("faturamento.add_parametromensagem"),
        "pagina_do_menu": TELA,
    }
    return render(request, "faturamento/versao.html", contexto)
