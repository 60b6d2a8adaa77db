"""What waits for somebody: the uncertain messages of each origin, and the lotes that were paused by refusals."""

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.db.models import Prefetch
from django.http import Http404
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods

from mensageria import decisoes, pausas
from mensageria.estados import Classe
from mensageria.forms import Decisao
from mensageria.forms_incertas import DecisaoSobreVistas, FiltroDeIncertas
from mensageria.models import Lote, OrigemEnvio, TentativaEnvio
from mensageria.palavras import nome_da_origem, palavras_do_motivo
from mensageria.views import pode_ver, pode_ver_lotes
from telas import confirmacao, pedidos
from telas.paginacao import Pagina
from telas.registro import registrar
from telas.templatetags.telas import quantos

MENSAGENS = "mensagem,mensagens"
PERGUNTAS = {
    decisoes.Decisao.REENVIAR: "Confirma reenviar {}? Quem já recebeu receberá de novo.",
    decisoes.Decisao.FOI_ENVIADA: "Confirma que o servidor enviou {}?",
    decisoes.Decisao.FALHOU: "Confirma que o servidor não enviou {}?",
    decisoes.Decisao.CANCELAR: "Confirma cancelar {}?",
}
FEITAS = {
    decisoes.Decisao.REENVIAR: "mensagem voltou para a fila de envio,mensagens voltaram para a fila de envio",
    decisoes.Decisao.FOI_ENVIADA: "mensagem foi dada como enviada,mensagens foram dadas como enviadas",
    decisoes.Decisao.FALHOU: "mensagem foi dada como falha,mensagens foram dadas como falhas",
    decisoes.Decisao.CANCELAR: "mensagem foi cancelada,mensagens foram canceladas",
}
VENCIDAS = (
    "mensagem não pode ser reenviada: o prazo dela terminou,mensagens não podem ser reenviadas: o prazo delas terminou"
)
MUDARAM = (
    "mensagem mudou enquanto você decidia: ficou como está,mensagens mudaram enquanto você decidia: ficam como estão"
)


def _decide(request) -> bool:
    return request.user.has_perm("mensageria.change_mensagem")


# Uncertain messages


@require_http_methods(["GET", "HEAD", "POST"])
@pode_ver
def incertas(request):
    if request.method != "POST":
        return _pagina_das_incertas(request, DecisaoSobreVistas())
    if not _decide(request):
        raise PermissionDenied
    if destino := pedidos.ja_atendido(request):
        return redirect(destino)
    form = DecisaoSobreVistas(request.POST)
    if not form.is_valid() or confirmacao.voltou(request):
        return _pagina_das_incertas(request, form)
    return _perguntar(request, form) or _decidir(request, form)


def _perguntar(request, form: DecisaoSobreVistas):
    """The question, naming how many and of which origin; when none is left to decide about, the page that says so."""
    vistas, decisao, motivo = form.vistas(), form.cleaned_data["decisao"], form.cleaned_data["motivo"]
    previsao = decisoes.prever(vistas, decisao, timezone.now())
    if not previsao.quantas:
        form.add_error(None, " ".join(["Nada a fazer.", *_o_que_fica(previsao)]))
        return _pagina_das_incertas(request, form)
    quais = f"{quantos(previsao.quantas, MENSAGENS)} da origem {nome_da_origem(vistas.origem)}"
    detalhes = [f"Motivo: {motivo}", *_o_que_fica(previsao)]
    perigo = decisao == decisoes.Decisao.CANCELAR
    return confirmacao.perguntar(request, PERGUNTAS[decisao].format(quais), detalhes=detalhes, perigo=perigo)


def _decidir(request, form: DecisaoSobreVistas):
    """Blocks are transactions of their own: what was decided before a fault stays so."""
    vistas, decisao, motivo = form.vistas(), form.cleaned_data["decisao"], form.cleaned_data["motivo"]
    destino = request.get_full_path()
    if not pedidos.tomar(request):
        return redirect(destino)
    try:
        feitas = decisoes.decidir_incertas(vistas, decisao, usuario=request.user, motivo=motivo, agora=timezone.now())
    except decisoes.MudouEnquantoIsso as mudanca:
        messages.warning(request, str(mudanca))
    else:
        _registrar(request, form, feitas)
    pedidos.concluir(request, destino)
    return redirect(destino)


def _registrar(request, form: DecisaoSobreVistas, feitas: decisoes.Decididas) -> None:
    """In the log of the origin, and to whoever decided."""
    codigo, decisao = form.cleaned_data["origem"], form.cleaned_data["decisao"]
    if feitas.quantas:
        origem = OrigemEnvio(origem=codigo, descricao=nome_da_origem(codigo))
        quantas = quantos(feitas.quantas, "mensagem incerta,mensagens incertas")
        registrar(request.user, origem, f"{decisao.label}: {quantas}: {form.cleaned_data['motivo']}")
        messages.success(request, f"{quantos(feitas.quantas, FEITAS[decisao])}.")
    for frase in _o_que_fica(feitas):
        messages.warning(request, frase)


def _o_que_fica(decididas: decisoes.Decididas) -> list[str]:
    contadas = ((decididas.vencidas, VENCIDAS), (decididas.mudaram, MUDARAM))
    return [f"{quantos(numero, palavras)}." for numero, palavras in contadas if numero]


def _pagina_das_incertas(request, form: DecisaoSobreVistas):
    filtro = FiltroDeIncertas(request.GET, filas=decisoes.filas())
    fila = filtro.fila
    vistas = decisoes.ver(fila.origem) if fila else decisoes.Vistas("", 0, 0, 0)
    duvidas = TentativaEnvio.objects.filter(classe=Classe.INCERTA).order_by("pk")
    suas = decisoes.incertas().filter(origem=vistas.origem).select_related("lote__localidade")
    suas = suas.prefetch_related(Prefetch("envios", duvidas, to_attr="duvidas"))
    pagina = Pagina(suas, request.GET, ordens={"codigo": "pk"}, padrao="codigo", tamanho=25)
    agora = timezone.now()
    for linha in pagina.linhas:
        linha.duvida = linha.duvidas[-1] if linha.duvidas else None
        dito = linha.duvida.resposta if linha.duvida else ""
        linha.porque = dito or palavras_do_motivo(linha.motivo)
        linha.vencida = linha.expira_em <= agora
    contexto = {
        "filtro": filtro,
        "fila": fila,
        "vistas": vistas,
        "ha_mais": bool(fila) and fila.quantas > vistas.quantas,
        "pagina": pagina,
        "form": form,
        "decide": _decide(request),
        "decisoes": decisoes.Decisao,
        "escolhidas": set(form.data.getlist("mensagem")) if form.is_bound else set(),
        "todas": form.is_bound and bool(form.data.get("todas")),
    }
    return render(request, "mensageria/incertas.html", contexto)


# Paused lotes


@require_http_methods(["GET", "HEAD", "POST"])
@pode_ver_lotes
def pausados(request):
    if request.method != "POST":
        return _pagina_dos_pausados(request)
    if not _decide(request):
        raise PermissionDenied
    fazer = {"continuar": _continuar, "cancelar": _cancelar_pendentes}.get(request.POST.get("acao", ""))
    pk = request.POST.get("lote", "")
    if fazer is None or not (pk.isascii() and pk.isdigit() and len(pk) < 19):
        raise Http404
    return fazer(request, get_object_or_404(Lote, pk=pk))


def _continuar(request, lote: Lote):
    if confirmacao.voltou(request):
        return _pagina_dos_pausados(request)
    if resposta := confirmacao.perguntar(request, "Confirma continuar o envio?", detalhes=[_nome(lote)]):
        return resposta

    def fazer() -> str:
        if pausas.continuar(lote.pk, usuario=request.user, agora=timezone.now()):
            messages.success(request, f"O envio do lote {lote.pk} continua.")
        else:
            messages.info(request, f"O lote {lote.pk} já não estava pausado; nada foi feito.")
        return request.get_full_path()

    return redirect(pedidos.atender(request, fazer))


def _cancelar_pendentes(request, lote: Lote):
    form = Decisao(request.POST, auto_id=f"id_%s_{lote.pk}")
    if not form.is_valid() or confirmacao.voltou(request):
        return _pagina_dos_pausados(request, form, lote)
    motivo = form.cleaned_data["motivo"]
    pergunta = "Confirma cancelar as mensagens que ainda não saíram?"
    if resposta := confirmacao.perguntar(request, pergunta, detalhes=[_nome(lote), f"Motivo: {motivo}"], perigo=True):
        return resposta
    destino = request.get_full_path()
    if not pedidos.tomar(request):
        return redirect(pedidos.ja_atendido(request) or destino)
    agora = timezone.now()
    canceladas, restam = pausas.cancelar_pendentes(lote.pk, usuario=request.user, motivo=motivo, agora=agora)
    messages.success(request, f"{quantos(canceladas, FEITAS[decisoes.Decisao.CANCELAR])}.")
    if restam:
        messages.warning(
            request, f"{quantos(restam, 'mensagem ainda pode,mensagens ainda podem')} sair: cancele de novo."
        )
    pedidos.concluir(request, destino)
    return redirect(destino)


def _nome(lote: Lote) -> str:
    partes = [f"Lote {lote.pk}", nome_da_origem(lote.origem), lote.acao, lote.get_canal_display()]
    return " · ".join(parte for parte in [*partes, lote.localidade and lote.localidade.nome] if parte)


def _pagina_dos_pausados(request, form: Decisao | None = None, recusado: Lote | None = None):
    todos = Lote.objects.filter(pausado_em__isnull=False).select_related("localidade")
    pagina = Pagina(todos, request.GET, ordens={"desde": "pausado_em"}, padrao="-desde")
    por_sair, recusas = pausas.por_sair(pagina.linhas), pausas.ultimas_recusas(pagina.linhas)
    for lote in pagina.linhas:
        lote.nome_da_origem = nome_da_origem(lote.origem)
        lote.por_sair, lote.recusas = por_sair.get(lote.pk, 0), recusas[lote.pk]
        e_o_recusado = recusado is not None and recusado.pk == lote.pk
        lote.form = form if e_o_recusado else Decisao(auto_id=f"id_%s_{lote.pk}")
    contexto = {"pagina": pagina, "form": form, "decide": _decide(request), "pagina_do_menu": "mensageria:incertas"}
    return render(request, "mensageria/pausados.html", contexto)
