"""Serviços de Envio de Email: what e-mails leave through, kept by administrators."""

from datetime import datetime

from django.contrib import messages
from django.contrib.auth.decorators import permission_required
from django.db import IntegrityError
from django.db.models import BooleanField, ExpressionWrapper, Q
from django.forms import model_to_dict
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.formats import date_format
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from mensageria import consumo, rotacao
from mensageria import servicos as regras
from mensageria.models import ServicoEmail
from mensageria.teste import Resultado
from preventivo.forms_servicos import FormularioDeServicoEmail
from telas import confirmacao, pedidos, registro
from telas.paginacao import Pagina

LISTA = "preventivo:servicos"
ver_ou_enviar = require_http_methods(["GET", "HEAD", "POST"])


def _exige(acao: str):
    return permission_required(f"mensageria.{acao}_servicoemail", raise_exception=True)


class _Recusado(Exception):
    """The form that was sent has errors; what was begun is undone."""

    def __init__(self, formulario: FormularioDeServicoEmail):
        super().__init__(formulario.errors)
        self.formulario = formulario


@require_safe
@_exige("change")
def servicos(request: HttpRequest) -> HttpResponse:
    tem_senha = ExpressionWrapper(~Q(senha=""), output_field=BooleanField())
    pagina = Pagina(
        ServicoEmail.objects.defer("senha").annotate(tem_senha=tem_senha).prefetch_related("remetentes"),
        request.GET,
        ordens={"servico": "nome", "ordem": "ordem", "host": "host"},
        padrao="ordem",
        tamanho=25,
    )
    return render(request, "preventivo/servicos.html", {"pagina": pagina, "linhas": _linhas(pagina.linhas)})


def _linhas(da_pagina: list[ServicoEmail]) -> list[dict]:
    agora = timezone.now()
    situacoes, usados = consumo.situacoes(da_pagina, agora), regras.usados(da_pagina)
    return [
        {
            "servico": servico,
            "uso": situacoes[servico.pk],
            "descansa": _descansa(servico, agora),
            "operacoes": [remetente.nome_da_operacao for remetente in servico.remetentes.all()],
            "pergunta": _pergunta(servico, usado=servico.pk in usados),
        }
        for servico in da_pagina
    ]


def _descansa(servico: ServicoEmail, agora: datetime) -> bool:
    return servico.em_espera_ate is not None and servico.em_espera_ate > agora


def _pergunta(servico: ServicoEmail, *, usado: bool) -> str:
    if usado:
        return f"Desativar o serviço {servico}? Ele já foi usado: fica guardado, inativo, e pode ser reativado."
    return f"Remover o serviço {servico}? Ele nunca foi usado e será apagado."


# One service


@ver_ou_enviar
@_exige("add")
def servico_novo(request: HttpRequest) -> HttpResponse:
    return _gravar(request, None) if request.method == "POST" else _mostrar(request, _formulario(request, None))


@ver_ou_enviar
@_exige("change")
def servico(request: HttpRequest, pk: int) -> HttpResponse:
    return _gravar(request, pk) if request.method == "POST" else _mostrar(request, _formulario(request, pk))


def _formulario(request: HttpRequest, pk: int | None, dados=None, *, travado: bool = False) -> FormularioDeServicoEmail:
    todos = ServicoEmail.objects.select_for_update() if travado else ServicoEmail.objects
    instancia = get_object_or_404(todos, pk=pk) if pk else ServicoEmail()
    return FormularioDeServicoEmail(dados, instance=instancia, usuario=request.user)


def _mostrar(request: HttpRequest, formulario: FormularioDeServicoEmail) -> HttpResponse:
    agora, escolhido = timezone.now(), formulario.instance
    contexto = {"form": formulario, "pagina_do_menu": LISTA, "titulo": "Novo Serviço"}
    testar = reverse("preventivo:servico_novo_testar")
    if escolhido.pk:
        # Not the instance: it holds what was typed.
        guardado = ServicoEmail.objects.defer("senha").get(pk=escolhido.pk)
        testar = reverse("preventivo:servico_testar", args=[guardado.pk])
        contexto |= {
            "servico": guardado,
            "titulo": f"Alterar {guardado}",
            "uso": consumo.situacao(guardado, agora),
            "descansa": _descansa(guardado, agora),
        }
    return render(request, "preventivo/servico.html", contexto | {"testar": testar})


def _gravar(request: HttpRequest, pk: int | None) -> HttpResponse:
    try:
        return redirect(_gravar_uma_vez(request, pk))
    except _Recusado as recusado:
        return _mostrar(request, recusado.formulario)


def _gravar_uma_vez(request: HttpRequest, pk: int | None) -> str:
    try:
        return pedidos.atender(request, lambda: _guardar(request, pk))
    except IntegrityError:
        # Somebody took that name meanwhile: a second look sees it, and says so beside the field.
        return pedidos.atender(request, lambda: _guardar(request, pk))


def _guardar(request: HttpRequest, pk: int | None) -> str:
    """Inside the transaction of `pedidos.atender`."""
    formulario = _formulario(request, pk, request.POST, travado=True)
    antes = model_to_dict(formulario.instance, formulario.Meta.fields) if pk else {}
    if not formulario.is_valid():
        raise _Recusado(formulario)
    agora, gravado = timezone.now(), formulario.servico
    regras.gravar(gravado, antes=antes, ja_usado=formulario.ja_usado_dito, usuario=request.user, agora=agora)
    if not pk:
        registro.inserido(request.user, gravado)
    elif mudancas := formulario.mudancas(antes):
        registro.registrar(request.user, gravado, f"Alterado: {', '.join(mudancas)}.")
    messages.success(request, f"Serviço {gravado} {'alterado' if pk else 'cadastrado'} com sucesso.")
    for remetente in gravado.remetentes.all():
        if motivo := rotacao.impedimento(gravado, remetente.email):
            messages.warning(request, f"A operação {remetente.nome_da_operacao} está neste serviço. {motivo}")
    return reverse(LISTA)


@require_POST
@_exige("add")
def servico_novo_testar(request: HttpRequest) -> HttpResponse:
    return _testar(request, None)


@require_POST
@_exige("change")
def servico_testar(request: HttpRequest, pk: int) -> HttpResponse:
    return _testar(request, pk)


def _testar(request: HttpRequest, pk: int | None) -> HttpResponse:
    """Log in with what stands on the form; nothing is stored. The answer takes its place beside the form, or a page
    of its own where there is no JavaScript."""
    formulario = _formulario(request, pk, request.POST)
    if problemas := formulario.problemas_da_conexao():
        resultado = Resultado(False, " ".join(problemas))
    else:
        resultado = regras.testar_conexao(_da_conexao(formulario))
    pagina = "preventivo/_servico_teste.html" if request.htmx else "preventivo/servico_teste.html"
    return render(request, pagina, {"resultado": resultado, "pagina_do_menu": LISTA})


def _da_conexao(formulario: FormularioDeServicoEmail) -> ServicoEmail:
    dados = formulario.cleaned_data
    return ServicoEmail(
        **{nome: dados[nome] for nome in ("host", "porta", "seguranca", "usuario", "senha")},
        prazo=formulario.instance.prazo,
    )


# Out and back


@require_POST
@_exige("delete")
def servico_remover(request: HttpRequest, pk: int) -> HttpResponse:
    destino = pedidos.ja_atendido(request)  # what the first click deleted is not found by the second
    if destino or confirmacao.voltou(request):
        return redirect(destino or LISTA)
    escolhido = get_object_or_404(ServicoEmail.objects.defer("senha"), pk=pk)
    try:
        regras.conferir_remocao(escolhido)
        usado = bool(regras.usados([escolhido]))
        if pergunta := confirmacao.perguntar(request, _pergunta(escolhido, usado=usado), perigo=True):
            return pergunta
        return redirect(pedidos.atender(request, lambda: _remover(request, escolhido)))
    except regras.RemocaoRecusada as recusa:
        messages.error(request, str(recusa))
        return redirect(LISTA)


def _remover(request: HttpRequest, escolhido: ServicoEmail) -> str:
    if regras.remover(escolhido, usuario=request.user):
        messages.success(request, f"Serviço {escolhido} removido com sucesso.")
    else:
        messages.success(
            request, f"O serviço {escolhido} já foi usado: em vez de apagado, foi desativado. Nada mais sai por ele."
        )
    return reverse(LISTA)


@require_POST
@_exige("change")
def servico_reativar(request: HttpRequest, pk: int) -> HttpResponse:
    return redirect(pedidos.atender(request, lambda: _reativar(request, pk)))


def _reativar(request: HttpRequest, pk: int) -> str:
    escolhido = get_object_or_404(ServicoEmail.objects.select_for_update(), pk=pk)
    atual = regras.reativar(escolhido, usuario=request.user, agora=timezone.now())
    if atual.esgotado:
        quando = date_format(atual.renovacao, "d/m/Y")
        messages.warning(
            request, f"Serviço {escolhido} reativado, mas a cota foi toda usada: ela recomeça em {quando}."
        )
    else:
        messages.success(request, f"Serviço {escolhido} reativado.")
    return reverse(LISTA)
