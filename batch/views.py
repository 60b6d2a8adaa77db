"""Batch: Inserir Processo, Consultar Processos, and what may be done to one that was started."""

from collections.abc import Callable
from datetime import timedelta

from django.contrib import messages
from django.contrib.auth.decorators import permission_required
from django.core.exceptions import ValidationError
from django.http import HttpResponseRedirect
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_safe
from django_htmx.http import trigger_client_event

from batch import acompanhamento, inicio, registro
from batch.forms import FiltroDeProcessos, FormularioDeProcesso, precedentes, processo_ativo
from batch.inicio import OperacaoRecusada
from batch.models import FuncionalidadeIniciada, Processo, ProcessoIniciado, UnidadeIniciada
from batch.simulacao import simular
from telas import confirmacao, pedidos
from telas.paginacao import Pagina
from telas.registro import inserido, registrar
from telas.templatetags.telas import dia, momento

PRECEDENTES_OFERECIDOS = 50
# The hour that the form opens with has passed when it is sent: that deserves no warning.
FOLGA = timedelta(minutes=5)
COM_ERRO_NA_PAGINA = 10
MENU = "batch:processos"

pode_ver = permission_required("batch.view_processoiniciado", raise_exception=True)
pode_inserir = permission_required("batch.add_processoiniciado", raise_exception=True)
# Whoever only opens the address of an action, as after logging in again, is led to the page of its process.
operacao = require_http_methods(["GET", "HEAD", "POST"])


# Inserir Processo


@require_http_methods(["GET", "HEAD", "POST"])
@pode_inserir
def processo_inserir(request):
    agora = timezone.now()
    if request.method != "POST":
        local = timezone.localtime(agora)
        inicial = {"processo": request.GET.get("processo", ""), "data": local.date(), "hora": local.time()}
        return _formulario(request, FormularioDeProcesso(initial=inicial), agora)
    if "consultar" in request.POST:
        return _formulario(request, FormularioDeProcesso(initial=request.POST.dict()), agora)
    form = FormularioDeProcesso(request.POST)
    if not form.is_valid() or confirmacao.voltou(request):
        return _formulario(request, form, agora)
    if "simular" in request.POST:
        quando = max(form.agendado_para(), agora)
        simulacao = simular(form.cleaned_data["processo"], agora=quando, usuario_id=request.user.pk)
        return _formulario(request, form, agora, simulacao=simulacao)
    return _iniciar(request, form, agora)


def _iniciar(request, form, agora):
    pergunta = "Confirma Início do Processo?"
    if resposta := confirmacao.perguntar(request, pergunta, detalhes=_a_confirmar(form, agora)):
        return resposta
    dados = form.cleaned_data

    def fazer() -> str:
        iniciado = inicio.iniciar(
            dados["processo"].pk,
            usuario=request.user,
            agendado_para=form.agendado_para(),
            agora=agora,
            precedente=dados["precedente"],
            complemento=dados["complemento"],
        )
        inserido(request.user, iniciado, f"Processo iniciado para {momento(iniciado.agendado_para)}.")
        messages.success(request, f"Processo Iniciado de código {iniciado.pk} inserido com sucesso.")
        return reverse("batch:processo", args=[iniciado.pk])

    try:
        return HttpResponseRedirect(pedidos.atender(request, fazer))
    except OperacaoRecusada as recusa:
        form.add_error(None, str(recusa))
        return _formulario(request, form, agora)


def _a_confirmar(form, agora) -> list[str]:
    """What somebody should read before the process is started."""
    dados, quando = form.cleaned_data, form.agendado_para()
    detalhes = [f"Processo {dados['processo']}", f"Agendado para {dia(dados['data'])} às {dados['hora']:%H:%M:%S}"]
    if quando < agora - FOLGA:
        detalhes.append("A data e a hora já passaram: o processo inicia em seguida.")
    if dados["precedente"]:
        detalhes.append(f"Depois do processo iniciado {dados['precedente']}")
    if dados["complemento"]:
        detalhes.append(f"Complemento: {dados['complemento']}")
    if dados["processo"].exige_autorizacao:
        detalhes.append("O processo fica aguardando autorização.")
    faltas = registro.pendencias(dados["processo"], agora)
    return detalhes + [f"Atenção: {falta.texto}" for falta in faltas if falta.grave]


def _formulario(request, form, agora, **mais):
    recusado = form.is_bound and "processo" in form.errors  # said beside the field already
    contexto = {
        "form": form,
        "processos": Processo.objects.filter(ativo=True),
        "precedentes": precedentes()[:PRECEDENTES_OFERECIDOS],
        **_do_processo("" if recusado else form["processo"].value(), agora),
        **mais,
    }
    return render(request, "batch/processo_inserir.html", contexto)


@require_safe
@pode_inserir
def funcionalidades_do_processo(request):
    """What belongs to the process that was typed: its funcionalidades, and what is missing before it can work."""
    return render(request, "batch/_do_processo.html", _do_processo(request.GET.get("processo"), timezone.now()))


def _do_processo(codigo, agora) -> dict:
    """For the code as it was typed: nothing while there is none."""
    campo = FormularioDeProcesso.base_fields["processo"]
    try:
        processo = processo_ativo(campo.to_python(codigo)) if codigo else None
    except ValidationError as erro:
        return {"recusa": erro.messages[0]}
    if processo is None:
        return {}
    return {
        "processo": processo,
        "funcionalidades": processo.funcionalidades.filter(ativo=True),
        "pendencias": registro.pendencias(processo, agora),
    }


# Consultar Processos


@require_safe
@pode_ver
def processos(request):
    filtro = FiltroDeProcessos(request.GET)
    iniciados = filtro.filtrar(ProcessoIniciado.objects.select_related("processo", "usuario"))
    ordens = {"codigo": "pk", "agendamento": "agendado_para"}
    pagina = Pagina(iniciados, request.GET, ordens=ordens, padrao="-codigo")
    return render(request, "batch/processos.html", {"form": filtro, "pagina": pagina})


@require_safe
@pode_ver
def processo(request, pk):
    return render(request, "batch/processo.html", _do_iniciado(request, pk))


@require_safe
@pode_ver
def andamento(request, pk):
    """The part of its page that asks for itself again while it runs; the rest of the page hears how it goes."""
    contexto = _do_iniciado(request, pk)
    resposta = render(request, "batch/_processo.html", contexto)
    return trigger_client_event(resposta, "andou" if contexto["vivo"] else "terminou")


@require_safe
@pode_ver
def processo_da_execucao(request, execucao):
    return redirect("batch:processo", get_object_or_404(ProcessoIniciado, execucao=execucao).pk)


def _do_iniciado(request, pk) -> dict:
    agora = timezone.now()
    todos = ProcessoIniciado.objects.select_related("processo", "usuario", "autorizado_por", "precedente__processo")
    iniciado = get_object_or_404(todos, pk=pk)
    funcionalidades = acompanhamento.funcionalidades(iniciado)
    for funcionalidade in funcionalidades:
        funcionalidade.pode_continuar = funcionalidade.situacao in FuncionalidadeIniciada.A_CONTINUAR
        funcionalidade.tempo = acompanhamento.tempo(funcionalidade.iniciada_em, funcionalidade.concluida_em or agora)
    com_erro = acompanhamento.unidades(iniciado).filter(situacao=UnidadeIniciada.Situacao.CONCLUIDA_COM_ERRO)
    return {
        "iniciado": iniciado,
        "titulo": f"Processo {pk}",
        "espera": iniciado.motivo_da_espera(agora),
        "vivo": acompanhamento.vale_acompanhar(iniciado, agora),
        "tempo": acompanhamento.tempo(iniciado.iniciado_em, iniciado.concluido_em or agora),
        "funcionalidades": funcionalidades,
        "com_erro": com_erro[:COM_ERRO_NA_PAGINA],
        **_possiveis(request.user, iniciado),
        "pagina_do_menu": MENU,
    }


def _possiveis(usuario, iniciado: ProcessoIniciado) -> dict:
    """What this person may do to it now."""
    situacao = ProcessoIniciado.Situacao
    parado = iniciado.situacao in ProcessoIniciado.A_REINICIAR
    return {
        "pode_autorizar": iniciado.situacao == situacao.AGUARDANDO_AUTORIZACAO
        and usuario.has_perm("batch.autorizar_processo"),
        "pode_continuar": parado
        and iniciado.processo.tipo != Processo.Tipo.RELATORIO
        and usuario.has_perm("batch.continuar_processo"),
        "pode_reiniciar": parado and usuario.has_perm("batch.reiniciar_processo"),
    }


# Its units


@require_safe
@pode_ver
def unidades(request, pk):
    """The units of one funcionalidade, those with error first."""
    agora = timezone.now()
    todas = FuncionalidadeIniciada.objects.select_related("funcionalidade", "iniciado__processo")
    funcionalidade = get_object_or_404(todas, pk=pk)
    acompanhamento.contar_unidades(funcionalidade)
    # Of the situations, CONCLUÍDA COM ERRO has the highest number.
    ordens = {"situacao": "situacao", "codigo": "codigo"}
    pagina = Pagina(funcionalidade.unidades.all(), request.GET, ordens=ordens, padrao="-situacao", tamanho=25)
    for unidade in pagina.linhas:
        unidade.tempo = acompanhamento.tempo(unidade.iniciada_em, unidade.concluida_em or agora)
    contexto = {
        "funcionalidade": funcionalidade,
        "iniciado": funcionalidade.iniciado,
        "titulo": f"Processo {funcionalidade.iniciado_id}",
        "pagina": pagina,
        "pagina_do_menu": MENU,
    }
    return render(request, "batch/unidades.html", contexto)


# What may be done to it


@operacao
@permission_required("batch.autorizar_processo", raise_exception=True)
def autorizar(request, pk):
    def fazer(iniciado):
        inicio.autorizar(iniciado, usuario=request.user)
        return "Processo autorizado."

    return _operar(request, pk, "Confirma autorização do processo?", fazer)


@operacao
@permission_required("batch.continuar_processo", raise_exception=True)
def continuar(request, pk):
    def fazer(iniciado):
        escolhidas = _escolhidas(request, iniciado)
        if len(escolhidas) != 1:
            raise OperacaoRecusada("Selecione uma funcionalidade.")
        inicio.continuar(escolhidas[0], usuario=request.user)
        return f"Funcionalidade {escolhidas[0]} continuada."

    return _operar(request, pk, "Confirma continuação da funcionalidade?", fazer)


@operacao
@permission_required("batch.reiniciar_processo", raise_exception=True)
def reiniciar(request, pk):
    def fazer(iniciado):
        reiniciadas = inicio.reiniciar(_escolhidas(request, iniciado), usuario=request.user)
        nomes = ", ".join(str(uma) for uma in reiniciadas)
        return f"Funcionalidades reiniciadas: {nomes}."

    return _operar(request, pk, "Confirma reinício das funcionalidades?", fazer)


def _operar(request, pk: int, pergunta: str, fazer: Callable[[ProcessoIniciado], str]):
    """Ask, do it once, log the words that `fazer` gives, and go back to the page of the process."""
    iniciado = get_object_or_404(ProcessoIniciado, pk=pk)
    pagina = reverse("batch:processo", args=[pk])
    if request.method != "POST" or confirmacao.voltou(request):
        return HttpResponseRedirect(pagina)
    detalhes = [str(iniciado), *(str(escolhida) for escolhida in _escolhidas(request, iniciado))]
    if resposta := confirmacao.perguntar(request, pergunta, detalhes=detalhes):
        return resposta

    def atender() -> str:
        feito = fazer(iniciado)
        registrar(request.user, iniciado, feito)
        messages.success(request, feito)
        return pagina

    try:
        pedidos.atender(request, atender)
    except OperacaoRecusada as recusa:
        messages.error(request, str(recusa))
    return HttpResponseRedirect(pagina)


def _escolhidas(request, iniciado: ProcessoIniciado) -> list[FuncionalidadeIniciada]:
    """The funcionalidades of this process that were chosen on its page."""
    marcadas = request.POST.getlist("funcionalidade")
    todas = iniciado.funcionalidades.select_related("funcionalidade")  # few, whatever was sent
    return [funcionalidade for funcionalidade in todas if str(funcionalidade.pk) in marcadas]
