"""Batch: Inserir Processo, Consultar Processos, and what may be done to one that was started."""

from collections.abc import Callable
from datetime import timedelta

from django.contrib import messages
from django.contrib.auth.decorators import permission_required
from django.core.exceptions import ValidationError
from django.db import transaction
from django.http import HttpResponseRedirect
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_safe
from django_htmx.http import trigger_client_event

from batch import acompanhamento, inicio, registro
from batch.forms import (
    FiltroDeProcessos,
    FormularioDeCancelamento,
    FormularioDeProcesso,
    precedentes,
    processo_ativo,
    processos_a_iniciar,
)
from batch.inicio import OperacaoRecusada
from batch.models import Aviso, FuncionalidadeIniciada, Processo, ProcessoIniciado, UnidadeIniciada
from batch.registro import Resto
from batch.simulacao import simular
from cadastro.models import ParametroSistema
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
            avisar=dados["avisar"],
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
    if dados["avisar"] == Aviso.SEMPRE:
        detalhes.append("Você recebe um e-mail quando terminar.")
    if dados["processo"].exige_autorizacao:
        detalhes.append("O processo fica aguardando autorização.")
    faltas = registro.pendencias(dados["processo"], agora)
    return detalhes + [f"Atenção: {falta.texto}" for falta in faltas if falta.grave]


def _formulario(request, form, agora, **mais):
    recusado = form.is_bound and "processo" in form.errors  # said beside the field already
    tipo = _tipo(form["tipo"].value())
    contexto = {
        "form": form,
        "processos": processos_a_iniciar(tipo),
        "precedentes": precedentes()[:PRECEDENTES_OFERECIDOS],
        **_do_processo("" if recusado else form["processo"].value(), agora, tipo),
        **mais,
    }
    return render(request, "batch/processo_inserir.html", contexto)


@require_safe
@pode_inserir
def funcionalidades_do_processo(request):
    """What belongs to the process that was typed: its funcionalidades, and what is missing before it can work.

    When the type was chosen, also the processes of that type.
    """
    tipo = _tipo(request.GET.get("tipo"))
    contexto = _do_processo(request.GET.get("processo"), timezone.now(), tipo)
    if request.htmx.trigger_name == "tipo":
        contexto["processos_do_tipo"] = processos_a_iniciar(tipo)
    return render(request, "batch/_do_processo.html", contexto)


def _tipo(escolhido) -> int | None:
    """The type as it was sent, or None for what is none."""
    return next((tipo for tipo in Processo.Tipo if str(tipo.value) == str(escolhido)), None)


def _do_processo(codigo, agora, tipo: int | None) -> dict:
    """For the code as it was typed: nothing but what its type says while there is none."""
    campo = FormularioDeProcesso.base_fields["processo"]
    do_tipo = {"de_comandos": tipo == Processo.Tipo.COBRANCA_COMANDADO}
    try:
        processo = processo_ativo(campo.to_python(codigo)) if codigo else None
    except ValidationError as erro:
        return do_tipo | {"recusa": erro.messages[0]}
    if processo is None:
        return do_tipo
    return do_tipo | {
        "processo": processo,
        "funcionalidades": processo.funcionalidades.filter(ativo=True),
        "pendencias": registro.pendencias(processo, agora),
    }


# Consultar Processos


@require_safe
@pode_ver
def processos(request):
    """With the reference of the bills at its head, as GSAN shows it."""
    filtro = FiltroDeProcessos(request.GET)
    iniciados = filtro.filtrar(ProcessoIniciado.objects.select_related("processo", "usuario"))
    ordens = {"codigo": "pk", "agendamento": "agendado_para"}
    pagina = Pagina(iniciados, request.GET, ordens=ordens, padrao="-codigo")
    parametros = ParametroSistema.objects.values_list("ano_mes_faturamento", flat=True)
    contexto = {"form": filtro, "pagina": pagina, "referencia": parametros.first()}
    return render(request, "batch/processos.html", contexto)


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
    todos = ProcessoIniciado.objects.select_related(
        "processo", "usuario", "autorizado_por", "cancelado_por", "precedente__processo", "data_agendada"
    )
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
        "pode_cancelar": iniciado.situacao in ProcessoIniciado.A_CANCELAR
        and usuario.has_perm("batch.cancelar_processo"),
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


@require_safe
@pode_ver
def log(request, pk):
    """The first error of a funcionalidade: what happened in words, and the technical detail."""
    todas = FuncionalidadeIniciada.objects.select_related("funcionalidade", "iniciado__processo")
    funcionalidade = get_object_or_404(todas, pk=pk)
    acompanhamento.contar_unidades(funcionalidade)
    contexto = {
        "funcionalidade": funcionalidade,
        "iniciado": funcionalidade.iniciado,
        "titulo": f"Processo {funcionalidade.iniciado_id}",
        "pode_continuar": funcionalidade.situacao in FuncionalidadeIniciada.A_CONTINUAR,
        "pagina_do_menu": MENU,
    }
    return render(request, "batch/log.html", contexto)


# What may be done to it


@operacao
@permission_required("batch.cancelar_processo", raise_exception=True)
def cancelar(request, pk):
    """Ask for the reason, and what becomes of what others still do for it; then cancel it."""
    iniciado = get_object_or_404(ProcessoIniciado.objects.select_related("processo"), pk=pk)
    pagina = reverse("batch:processo", args=[pk])
    if iniciado.situacao not in ProcessoIniciado.A_CANCELAR:
        if not pedidos.ja_atendido(request):  # the second of two clicks has nothing to be told
            messages.error(request, "O processo já terminou e não pode ser cancelado.")
        return HttpResponseRedirect(pagina)
    restos = [(resto, quantos) for resto in registro.restos() if (quantos := resto.quantos(iniciado.execucao))]
    meus = [(resto, quantos) for resto, quantos in restos if request.user.has_perm(resto.permissao)]
    form = FormularioDeCancelamento(request.POST if request.method == "POST" else None, restos=meus)
    if form.is_valid():
        return HttpResponseRedirect(_cancelar(request, iniciado, form.cleaned_data["motivo"], form.a_cancelar, pagina))
    contexto = {
        "form": form,
        "iniciado": iniciado,
        "titulo": f"Processo {pk}",
        "restos_de_outros": [(resto, quantos) for resto, quantos in restos if (resto, quantos) not in meus],
        "pagina_do_menu": MENU,
    }
    return render(request, "batch/cancelar.html", contexto)


def _cancelar(request, iniciado: ProcessoIniciado, motivo: str, restos: list[Resto], pagina: str) -> str:
    """Once for each form, and what is left by others after it, each in transactions of its own: it may be much."""
    agora = timezone.now()
    if not pedidos.tomar(request):
        return pedidos.ja_atendido(request) or pagina
    try:
        with transaction.atomic():
            inicio.cancelar(iniciado, usuario=request.user, motivo=motivo, agora=agora)
            registrar(request.user, iniciado, f"Processo cancelado: {motivo}")
    except OperacaoRecusada as recusa:
        messages.error(request, str(recusa))
    else:
        messages.success(request, "Processo cancelado.")
        for resto in restos:
            feito = resto.cancelar(iniciado.execucao, usuario=request.user, motivo=motivo, agora=agora)
            messages.success(request, feito)
    pedidos.concluir(request, pagina)
    return pagina


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
