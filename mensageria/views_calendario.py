"""Calendário de Contato: when messages may leave, by channel and origin, and which days are holidays."""

from datetime import date, datetime

from django.contrib import messages
from django.contrib.auth.decorators import permission_required
from django.core.exceptions import PermissionDenied
from django.db import IntegrityError
from django.http import Http404, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods

from mensageria import calendario as regras
from mensageria import fontes
from mensageria.forms_calendario import FormularioDeFeriado, FormularioDeJanela
from mensageria.janela import DIAS, Calendario, agora_em_palavras, horas_em_palavras, nacionais
from mensageria.models import Canal, FeriadoLocal, JanelaContato
from mensageria.palavras import nome_da_origem
from telas import confirmacao, pedidos
from telas.campos import ANOS
from telas.paginacao import Pagina

MENU = "mensageria:calendario"
TODAS = "todas"  # in a URL, the window of all origins
ver_ou_enviar = require_http_methods(["GET", "HEAD", "POST"])
pode_ver = permission_required("mensageria.view_janelacontato", raise_exception=True)


class _Recusado(Exception):
    """The form that was sent has errors; what was begun is undone."""

    def __init__(self, formulario):
        super().__init__(formulario.errors)
        self.formulario = formulario


# The calendar


@ver_ou_enviar
@pode_ver
def calendario(request):
    """What holds now, the hours of each channel and origin, and the holidays of a year."""
    form = FormularioDeFeriado()
    if request.method == "POST":
        try:
            if resposta := _mudar_feriados(request):
                return resposta
        except _Recusado as recusado:
            form = recusado.formulario
    return _mostrar(request, form)


def _mostrar(request, form: FormularioDeFeriado):
    agora = timezone.now()
    dele, ano = regras.ler(agora), _ano(request, agora)
    locais = FeriadoLocal.objects.filter(data__year=ano).select_related("localidade", "municipio")
    pagina = Pagina(locais, request.GET, ordens={"data": "data", "descricao": "descricao"}, padrao="data")
    contexto = {
        "form": form,
        "ano": ano,
        "anos": (ano - 1, ano + 1),
        "dias": DIAS,
        "linhas": [_linha(dele, canal, origem, agora) for canal in Canal for origem in _origens(canal)],
        "hoje": _feriados_de_hoje(agora),
        "nacionais": [(dia, DIAS[dia.weekday()], nome) for dia, nome in nacionais(ano).items()],
        "pagina": pagina,
        "locais": [(feriado, DIAS[feriado.data.weekday()], regras.lugar_de(feriado)) for feriado in pagina.linhas],
    }
    return render(request, "mensageria/calendario.html", contexto)


def _origens(canal: Canal) -> list[str]:
    """That of all first, and then those that send by the channel."""
    return ["", *(origem for origem in fontes.origens() if canal in fontes.canais(origem))]


def _linha(dele: Calendario, canal: Canal, origem: str, agora: datetime) -> dict:
    semana = dele.janelas.get((canal, origem))
    porta = dele.porta(canal, origem, None)
    return {
        "nome": _nome(canal, origem),
        "de_uma": bool(origem),
        "horas": None if semana is None else [(nome, horas_em_palavras(semana.get(n))) for n, nome in enumerate(DIAS)],
        "livre": _livre(dele, canal, origem),
        "agora": agora_em_palavras(porta, agora),
        "aberta": porta is None or porta.aberta(agora),
        "url": reverse("mensageria:janela", args=[canal.value, origem or TODAS]),
    }


def _nome(canal: Canal, origem: str) -> str:
    return f"{canal.label} de {nome_da_origem(origem).lower()}" if origem else f"{canal.label} de todas as origens"


def _livre(dele: Calendario, canal: Canal, origem: str) -> str:
    """What holds where there is no window of its own."""
    return "como em todas as origens" if origem and (canal, "") in dele.janelas else "a qualquer hora"


def _feriados_de_hoje(agora: datetime) -> list[str]:
    hoje = timezone.localdate(agora)
    nacional = nacionais(hoje.year).get(hoje)
    locais = FeriadoLocal.objects.filter(data=hoje).select_related("localidade", "municipio")
    return [
        *([f"{nacional}, nacional"] if nacional else []),
        *(f"{um.descricao}, {regras.lugar_de(um)}" for um in locais),
    ]


def _ano(request, agora: datetime) -> int:
    pedido = request.GET.get("ano", "")
    ano = int(pedido) if pedido.isascii() and pedido.isdigit() and len(pedido) == 4 else 0
    return ano if ano in ANOS else timezone.localdate(agora).year


# Its holidays


def _mudar_feriados(request) -> HttpResponseRedirect | None:
    """Add one, or take one away; None when the person says no."""
    if "remover" in request.POST:
        return _remover(request)
    _exigir(request, "mensageria.add_feriadolocal")
    try:
        return HttpResponseRedirect(pedidos.atender(request, lambda: _adicionar(request)))
    except IntegrityError:
        # Somebody added the same meanwhile: a second look sees it, and says so beside the field.
        return HttpResponseRedirect(pedidos.atender(request, lambda: _adicionar(request)))


def _adicionar(request) -> str:
    form = FormularioDeFeriado(request.POST)
    if not form.is_valid():
        raise _Recusado(form)
    feriado = regras.adicionar_feriado(form.feriado(), usuario=request.user)
    messages.success(request, f"Feriado adicionado: {feriado}.")
    return _do_ano(feriado.data)


def _remover(request):
    _exigir(request, "mensageria.delete_feriadolocal")
    pk = request.POST["remover"]
    feriado = None
    if pk.isascii() and pk.isdigit() and len(pk) < 19:
        feriado = FeriadoLocal.objects.select_related("localidade", "municipio").filter(pk=pk).first()
    if feriado is None:
        messages.warning(request, "Este feriado já não existe.")
        return HttpResponseRedirect(request.get_full_path())
    if confirmacao.voltou(request):
        return None
    detalhes = [str(feriado), regras.lugar_de(feriado)]
    if pergunta := confirmacao.perguntar(request, "Confirma remoção do feriado?", detalhes=detalhes, perigo=True):
        return pergunta

    def fazer() -> str:
        regras.remover_feriado(feriado, usuario=request.user)
        messages.success(request, f"Feriado removido: {feriado}.")
        return _do_ano(feriado.data)

    return HttpResponseRedirect(pedidos.atender(request, fazer))


def _do_ano(dia: date) -> str:
    return f"{reverse(MENU)}?ano={dia.year}"


def _exigir(request, permissao: str) -> None:
    if not request.user.has_perm(permissao):
        raise PermissionDenied


# One window


@ver_ou_enviar
@pode_ver
def janela(request, canal: int, origem: str):
    """The hours of one channel and origin."""
    canal, origem = _de_que(canal, origem)
    if request.method == "POST":
        _exigir(request, "mensageria.change_janelacontato")
        return _gravar(request, canal, origem)
    return _mostrar_janela(request, canal, origem, _formulario(None, canal, origem))


def _de_que(canal: int, origem: str) -> tuple[Canal, str]:
    if canal not in Canal.values or (origem != TODAS and origem not in _origens(Canal(canal))):
        raise Http404
    return Canal(canal), "" if origem == TODAS else origem


def _formulario(dados, canal: Canal, origem: str, *, travar: bool = False) -> FormularioDeJanela:
    janelas = JanelaContato.objects.select_for_update() if travar else JanelaContato.objects
    ha_de_todas = origem and JanelaContato.objects.filter(canal=canal, origem="").exists()
    livre = "Como em todas as origens" if ha_de_todas else "A qualquer hora"
    return FormularioDeJanela(dados, janela=janelas.filter(canal=canal, origem=origem).first(), livre=livre)


def _mostrar_janela(request, canal: Canal, origem: str, form: FormularioDeJanela):
    pode = request.user.has_perm("mensageria.change_janelacontato")
    if not pode:
        for campo in form.fields.values():
            campo.disabled = True
    contexto = {"form": form, "nome": _nome(canal, origem), "pode_gravar": pode, "pagina_do_menu": MENU}
    return render(request, "mensageria/janela.html", contexto)


def _gravar(request, canal: Canal, origem: str):
    form = _formulario(request.POST, canal, origem)
    if not form.is_valid() or confirmacao.voltou(request):
        return _mostrar_janela(request, canal, origem, form)
    if form.semana == {} and (pergunta := _perguntar_se_nunca(request, canal, origem)):
        return pergunta

    def fazer() -> str:
        atual = _formulario(request.POST, canal, origem, travar=True)
        if not atual.is_valid():
            raise _Recusado(atual)
        if atual.semana is not None:
            regras.definir(canal, origem, atual.semana, usuario=request.user)
        elif atual.janela is not None:
            regras.liberar(atual.janela, usuario=request.user)
        messages.success(request, f"Calendário de {_nome(canal, origem)} gravado.")
        return reverse(MENU)

    try:
        return HttpResponseRedirect(pedidos.atender(request, fazer))
    except _Recusado as recusado:
        return _mostrar_janela(request, canal, origem, recusado.formulario)


def _perguntar_se_nunca(request, canal: Canal, origem: str):
    return confirmacao.perguntar(
        request,
        "Nenhum dia tem horário: nada sairá. Gravar mesmo assim?",
        detalhes=[_nome(canal, origem), "O que esperar é cancelado, sem janela; só os avisos obrigatórios saem."],
        sim="Gravar mesmo assim",
        nao="Voltar",
        perigo=True,
    )
