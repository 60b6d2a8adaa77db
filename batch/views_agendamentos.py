"""Batch > Agendamentos: processes that are commanded again and again, and the rule by which each is."""

from collections.abc import Callable
from datetime import datetime

from django.contrib import messages
from django.contrib.auth.decorators import permission_required
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_safe

from batch import agenda
from batch import agendamentos as operacoes
from batch.forms import FormularioDeAgendamento
from batch.models import Agendamento, DataAgendada
from telas import confirmacao, pedidos
from telas.paginacao import Pagina
from telas.registro import inserido, registrar, removido

PROXIMAS = 3
MENU = "batch:agendamentos"
metodos = require_http_methods(["GET", "HEAD", "POST"])


@require_safe
@permission_required("batch.view_agendamento", raise_exception=True)
def agendamentos(request: HttpRequest) -> HttpResponse:
    """Each with its rule and its next dates in words, and what became of its last date."""
    agora = timezone.now()
    todos = Agendamento.objects.select_related("processo", "criado_por")
    pagina = Pagina(todos, request.GET, ordens={"codigo": "pk"}, padrao="codigo", tamanho=25)
    datas = DataAgendada.objects.filter(agendamento__in=pagina.linhas).select_related("iniciado")
    ultimas = {
        data.agendamento_id: data for data in datas.order_by("agendamento_id", "-data").distinct("agendamento_id")
    }
    for um in pagina.linhas:
        um.ultima = ultimas.get(um.pk)
        um.regra = agenda.em_palavras(um)
        um.proximas = _em_palavras(um, agora, um.ultima) if um.ativo else []
    return render(request, "batch/agendamentos.html", {"pagina": pagina})


def _em_palavras(agendamento: Agendamento, agora: datetime, ultima: DataAgendada | None) -> list[str]:
    momentos = agenda.proximas(agendamento, agora, PROXIMAS, depois_de=ultima.data if ultima else None)
    return [agenda.data_em_palavras(momento) for momento in momentos]


@metodos
@permission_required("batch.add_agendamento", raise_exception=True)
def agendamento_inserir(request: HttpRequest) -> HttpResponse:
    agora = timezone.now()
    novo = Agendamento(criado_por=request.user, a_partir_de=timezone.localdate(agora))
    if request.method != "POST":
        inicial = {"processo": request.GET.get("processo", "")}
        return _mostrar(request, FormularioDeAgendamento(instance=novo, initial=inicial), agora)
    return _gravar(request, novo, agora, inserido, "inserido")


@metodos
@permission_required("batch.view_agendamento", raise_exception=True)
@transaction.atomic
def agendamento(request: HttpRequest, pk: int) -> HttpResponse:
    agora = timezone.now()
    if request.method != "POST":
        guardado = get_object_or_404(Agendamento.objects.select_related("processo", "criado_por"), pk=pk)
        return _mostrar(request, FormularioDeAgendamento(instance=guardado), agora)
    if not request.user.has_perm("batch.change_agendamento"):
        raise PermissionDenied
    guardado = get_object_or_404(Agendamento.objects.select_for_update(), pk=pk)
    return _gravar(request, guardado, agora, registrar, "atualizado")


def _gravar(request, agendamento: Agendamento, agora: datetime, dizer: Callable, feito: str) -> HttpResponse:
    form = FormularioDeAgendamento(request.POST, instance=agendamento)
    valido = form.is_valid()
    if "consultar" in request.POST or not valido:
        return _mostrar(request, form, agora)

    def fazer() -> str:
        gravado = operacoes.guardar(form.save(commit=False), agora=agora)
        palavras = f"Agendamento {gravado.pk} {feito} com sucesso."
        dizer(request.user, gravado, f"{palavras} {agenda.em_palavras(gravado)}.")
        messages.success(request, palavras)
        return reverse(MENU)

    return HttpResponseRedirect(pedidos.atender(request, fazer))


def _mostrar(request, form: FormularioDeAgendamento, agora: datetime) -> HttpResponse:
    agendamento, novo = form.instance, form.instance.pk is None
    so_leitura = not request.user.has_perm(f"batch.{'add' if novo else 'change'}_agendamento")
    for campo in form.fields.values():
        campo.disabled = so_leitura
    tem_regra = form.is_valid() if form.is_bound else not novo
    proximas = operacoes.proximas(agendamento, agora, PROXIMAS) if tem_regra else []
    contexto = {
        "form": form,
        "agendamento": agendamento,
        "novo": novo,
        "so_leitura": so_leitura,
        "regra": agenda.em_palavras(agendamento) if tem_regra else "",
        "proximas": [agenda.data_em_palavras(momento) for momento in proximas],
        "datas": [] if novo else agendamento.datas.select_related("iniciado")[:10],
        "titulo": "Inserir Agendamento" if novo else f"Agendamento {agendamento.pk}",
        "pagina_do_menu": MENU,
    }
    return render(request, "batch/agendamento.html", contexto)


# What may be done to it


@metodos
@permission_required("batch.change_agendamento", raise_exception=True)
def pausar(request: HttpRequest, pk: int) -> HttpResponse:
    def fazer(agendamento: Agendamento) -> str:
        operacoes.pausar(agendamento, agora=timezone.now())
        registrar(request.user, agendamento, "Agendamento pausado.")
        return f"Agendamento {agendamento.pk} pausado."

    return _operar(request, pk, "Confirma pausa do agendamento?", fazer)


@metodos
@permission_required("batch.change_agendamento", raise_exception=True)
def retomar(request: HttpRequest, pk: int) -> HttpResponse:
    def fazer(agendamento: Agendamento) -> str:
        operacoes.retomar(agendamento, agora=timezone.now())
        registrar(request.user, agendamento, "Agendamento retomado.")
        return f"Agendamento {agendamento.pk} retomado."

    return _operar(request, pk, "Confirma retomada do agendamento?", fazer)


@metodos
@permission_required("batch.delete_agendamento", raise_exception=True)
def remover(request: HttpRequest, pk: int) -> HttpResponse:
    def fazer(agendamento: Agendamento) -> str:
        removido(request.user, agendamento, f"Removido. {agenda.em_palavras(agendamento)}.")
        feito = f"Agendamento {agendamento.pk} removido."
        operacoes.remover(agendamento)
        return feito

    return _operar(request, pk, "Confirma remoção?", fazer)


def _operar(request, pk: int, pergunta: str, fazer: Callable[[Agendamento], str]) -> HttpResponse:
    """Ask, do it once, and go back to the list."""
    lista = reverse(MENU)
    if request.method == "POST" and (destino := pedidos.ja_atendido(request)):
        return HttpResponseRedirect(destino)  # the second click, when what it speaks of may be gone
    agendamento = get_object_or_404(Agendamento.objects.select_related("processo"), pk=pk)
    if request.method != "POST" or confirmacao.voltou(request):
        return HttpResponseRedirect(lista)
    detalhes = [str(agendamento), agenda.em_palavras(agendamento)]
    if resposta := confirmacao.perguntar(request, pergunta, detalhes=detalhes):
        return resposta

    def atender() -> str:
        messages.success(request, fazer(get_object_or_404(Agendamento.objects.select_for_update(), pk=pk)))
        return lista

    return HttpResponseRedirect(pedidos.atender(request, atender))
