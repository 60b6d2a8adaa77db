"""One campaign: what its file brought, how it goes, who got what, and what may be done to it."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime
from tempfile import TemporaryFile

from django.contrib import messages
from django.contrib.auth.decorators import permission_required
from django.core.exceptions import PermissionDenied
from django.http import FileResponse, Http404, HttpResponse, HttpResponseRedirect, StreamingHttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.dateparse import parse_datetime
from django.views.decorators.http import require_http_methods, require_safe
from django_htmx.http import HttpResponseClientRefresh

from preventivo import campanhas, desempenho, exportacao, grafico, importacao, previsao, regra
from preventivo.forms import Agenda, FormularioDeMotivo, FormularioDeReenvio
from preventivo.models import Campanha, Registro
from preventivo.views import VIVAS, pode_ver
from telas import confirmacao, pedidos
from telas.csv_brasileiro import em_csv
from telas.formularios import Formulario
from telas.paginacao import Pagina
from telas.registro import registrar
from telas.templatetags.telas import quantos

MENU = "preventivo:campanhas"
AMOSTRA = 10
MUITOS = 1_000  # counted no further
Situacao = Campanha.Situacao


# Its page


@require_safe
@pode_ver
def campanha(request, pk):
    uma, agora = _achar(pk), timezone.now()
    contexto = _contexto(request, uma, agora)
    if uma.situacao == Situacao.A_CONFERIR:
        return render(request, "preventivo/conferir.html", contexto | _a_conferir(request, uma, agora))
    if uma.situacao == Situacao.IMPORTANDO or not uma.confirmada_em:
        return render(request, "preventivo/importacao.html", contexto)
    return render(request, "preventivo/campanha.html", contexto | _desempenho(uma) | _quem_nao_recebeu(request, uma))


@require_safe
@pode_ver
def andamento(request, pk):
    """The part of its page that asks for itself again every few seconds: it counts nothing."""
    return _parte(request, _achar(pk), "preventivo/_andamento.html", _andamento)


@require_safe
@pode_ver
def desempenho_dela(request, pk):
    """The part that asks for itself again more slowly: the larger the campaign, the longer it takes."""
    return _parte(request, _achar(pk), "preventivo/_desempenho.html", _desempenho)


def _parte(request, uma: Campanha, template: str, numeros: Callable[[Campanha], dict]):
    """A part of its page; when the rest must change too, the whole page is asked for."""
    if request.htmx and request.GET.get("situacao") != str(uma.situacao):
        return HttpResponseClientRefresh()
    contexto = _contexto(request, uma, timezone.now())
    if not uma.confirmada_em:
        return render(request, "preventivo/_importacao.html", contexto)
    return render(request, template, contexto | numeros(uma))


@require_safe
@pode_ver
def campanha_da_execucao(request, execucao):
    return redirect("preventivo:campanha", get_object_or_404(Campanha, execucao=execucao).pk)


def _achar(pk: int) -> Campanha:
    todas = Campanha.objects.select_related("operacao__remetente__servico", "tipo", "layout", "criado_por")
    return get_object_or_404(todas.defer("operacao__segredo", "operacao__remetente__servico__senha"), pk=pk)


def _contexto(request, uma: Campanha, agora: datetime) -> dict:
    cabem = campanhas.acoes(uma)
    acoes = [acao for nome, acao in ACOES.items() if nome in cabem and request.user.has_perm(acao.permissao)]
    return {
        "campanha": uma,
        "titulo": str(uma),
        "viva": uma.situacao in VIVAS,
        "espera": campanhas.espera(uma, agora),
        "acoes": [acao.de(uma) for acao in acoes if acao.nome != "reenviar"],
        "pode_reenviar": any(acao.nome == "reenviar" for acao in acoes),  # offered beside whom it is for
        "inteiro": request.user.has_perm("preventivo.ver_cpf"),
        "pagina_do_menu": MENU,
    }


def _a_conferir(request, uma: Campanha, agora: datetime) -> dict:
    """What entered, what did not, and what comes out of it."""
    return {
        "amostra": Registro.objects.filter(campanha=uma).order_by("linha")[:AMOSTRA],
        "pagina": Pagina(uma.linhas_recusadas.all(), request.GET, ordens={"linha": "linha"}, padrao="linha"),
        "previsao": previsao.prever(uma, agora),
        "em_outra": regra.em_outra_do_dia(uma)[: MUITOS + 1].count(),
        "muitos": MUITOS,
    }


def _andamento(uma: Campanha) -> dict:
    numeros = desempenho.andamento(uma)
    return {"funil": _etapas(numeros), "fora_do_envio": _fora(FORA_DO_ENVIO, numeros)}


def _desempenho(uma: Campanha) -> dict:
    numeros = desempenho.funil(uma)
    return {
        "funil": _etapas(numeros),
        "fora_do_envio": _fora(FORA_DO_ENVIO, numeros),
        "fora_da_coleta": _fora(FORA_DA_COLETA, numeros),
        "grafico": grafico.barras(desempenho.ao_longo_do_tempo(uma)),
        "por_servico": desempenho.por_servico(uma),
        "por_motivo": (por_motivo := desempenho.por_motivo(uma)),
        "sem_resposta": dict(por_motivo).get(desempenho.SEM_RESPOSTA, 0),
    }


@dataclass(frozen=True)
class Etapa:
    """A row of the funnel. One that `anda` comes every few seconds."""

    nome: str
    rotulo: str
    unidade: str  # of what it counts, where the name does not say
    quantos: int
    largura: int  # of its bar, in thousandths
    classe: str
    anda: bool


def _etapas(numeros: desempenho.Andamento) -> list[Etapa]:
    """Those that are known; the bars are parts of the same whole, whichever of them are."""
    inteiro = max(numeros.registros, numeros.acordos, numeros.mensagens) or 1
    conhecidos, andam = vars(numeros), desempenho.Andamento.__dataclass_fields__
    return [
        Etapa(nome, rotulo, unidade, n := conhecidos[nome], min(-(-1000 * n // inteiro), 1000), classe, nome in andam)
        for nome, (rotulo, unidade, classe) in ETAPAS.items()
        if nome in conhecidos
    ]


def _fora(rotulos: dict[str, str], numeros: desempenho.Andamento) -> list[tuple[int, str]]:
    return [(quantos, palavras) for nome, palavras in rotulos.items() if (quantos := getattr(numeros, nome))]


ETAPAS = {
    "registros": ("Registros", "CPFs do arquivo", ""),
    "cpfs_com_acordo": ("CPFs com acordo", "", ""),
    "acordos": ("Acordos", "", ""),
    "boletos_na_regra": ("Boletos na regra", "", ""),
    "mensagens": ("Mensagens", "por boleto e e-mail", ""),
    "enviadas": ("Enviadas", "", "certo"),
    "entregues": ("Entregues", "das enviadas", "certo"),
    "falhas": ("Falhas", "", "errado"),
}
FORA_DO_ENVIO = {  # of one and of many
    "pendentes": "mensagem na fila,mensagens na fila",
    "incertas": "mensagem incerta,mensagens incertas",
    "canceladas": "mensagem cancelada,mensagens canceladas",
}
FORA_DA_COLETA = {
    "a_consultar": "CPF a consultar na empresa,CPFs a consultar na empresa",
    "a_confirmar": "CPF a consultar de novo perto do envio,CPFs a consultar de novo perto do envio",
    "aguardando": "mensagem à espera da confirmação da empresa,mensagens à espera da confirmação da empresa",
    "barrados": "mensagem não gerada,mensagens não geradas",
}


def _quem_nao_recebeu(request, uma: Campanha) -> dict:
    return {"pagina": Pagina(desempenho.nao_receberam(uma), request.GET, ordens={"codigo": "pk"}, padrao="codigo")}


# Files


@require_safe
@pode_ver
def recusadas(request, pk):
    """Baixar recusadas."""
    uma = _achar(pk)
    inteiro = request.user.has_perm("preventivo.ver_cpf")
    registrar(request.user, uma, f"Linhas recusadas baixadas, {_como_vai(inteiro)}.")
    return StreamingHttpResponse(
        importacao.recusadas_csv(uma, inteiro=inteiro), **_como_arquivo(uma, "recusadas", "csv")
    )


QUEM = {"receberam": exportacao.receberam, "nao-receberam": exportacao.nao_receberam}


@require_safe
@pode_ver
def exportar(request, pk, quem, formato):
    """Who received, and who did not, as a file."""
    if quem not in QUEM or formato not in exportacao.FORMATOS:
        raise Http404
    uma = _achar(pk)
    inteiro = request.user.has_perm("preventivo.ver_cpf")
    try:
        resposta = _baixar(uma, quem, formato, QUEM[quem](uma, inteiro=inteiro))
    except exportacao.LinhasDemais as erro:
        messages.error(request, str(erro))
        return HttpResponseRedirect(_endereco(uma))
    registrar(request.user, uma, f"Exportado em {formato.upper()}: {quem}, {_como_vai(inteiro)}.")
    return resposta


def _como_vai(inteiro: bool) -> str:
    return "CPF inteiro" if inteiro else "CPF mascarado"


def _baixar(uma: Campanha, nome: str, formato: str, tabela: exportacao.Tabela):
    opcoes = _como_arquivo(uma, nome, formato)
    if formato == "csv":
        return StreamingHttpResponse(em_csv(*tabela), **opcoes)
    arquivo = TemporaryFile()  # noqa: SIM115 (closed by the response)
    exportacao.em_xlsx(*tabela, arquivo)
    arquivo.seek(0)
    return FileResponse(arquivo, **opcoes)


def _como_arquivo(uma: Campanha, nome: str, formato: str) -> dict:
    """What makes of an answer a file that is kept."""
    return {
        "content_type": exportacao.FORMATOS[formato],
        "headers": {"Content-Disposition": f'attachment; filename="campanha-{uma.pk}-{nome}.{formato}"'},
    }


# What may be done to it


@dataclass(frozen=True)
class Acao:
    """A step of a person: its button, its question, who may, and what it says when it is done.

    The question may have {campanha} and {cpfs}; `de` puts them in.
    """

    nome: str
    rotulo: str
    pergunta: str
    feita: str
    permissao: str = "preventivo.change_campanha"
    perigo: bool = False
    aviso: str = ""
    campo: str = ""  # what is typed for it, on a page of its own, and beside what a refusal is said

    def de(self, uma: Campanha) -> "Acao":
        ditos = {"campanha": f"{uma.tipo}, {uma}", "cpfs": quantos(uma.registros, "CPF,CPFs")}
        return replace(self, pergunta=self.pergunta.format(**ditos))

    @property
    def com_formulario(self) -> bool:
        return bool(self.campo)

    @property
    def url(self) -> str:
        return f"preventivo:{self.nome}"


ACOES = {
    acao.nome: acao
    for acao in (
        Acao(
            "confirmar",
            "Confirmar",
            "Confirma a campanha {campanha}, com {cpfs}?",
            "Campanha confirmada: a coleta dos dados começou.",
        ),
        Acao("continuar", "Continuar", "Confirma continuação da campanha?", "A campanha continua."),
        Acao(
            "reagendar",
            "Alterar data e horário",
            "Alterar data e horário do envio",
            "Data e horário alterados.",
            campo="data",
        ),
        Acao(
            "pausar",
            "Pausar",
            "Confirma pausa da campanha?",
            "Campanha pausada.",
            aviso="Nada mais sai até que alguém a continue; o prazo de cada boleto segue correndo.",
            campo="motivo",
        ),
        Acao(
            "reenviar",
            "Reenviar falhas",
            "Reenviar para quem não recebeu?",
            "",
            permissao="preventivo.reenviar_campanha",
            aviso="Saem de novo só as mensagens que falharam e cujo boleto ainda pode ser enviado.",
            campo="servico",
        ),
        Acao(
            "descartar",
            "Descartar",
            "Descartar a campanha e tudo o que veio no arquivo?",
            "Campanha descartada: nada do arquivo ficou guardado.",
            perigo=True,
        ),
        Acao(
            "cancelar",
            "Cancelar campanha",
            "Confirma cancelamento da campanha?",
            "Campanha cancelada.",
            permissao="preventivo.cancelar_campanha",
            perigo=True,
            aviso="O que ainda não saiu não sai mais, e isso não se desfaz. O que já saiu não volta.",
            campo="motivo",
        ),
    )
}


def _passo(nome: str):
    """Make the view of an action out of the step that it takes: `fazer(uma, request, form, agora)`, which may give
    other words than the action's for what was done."""
    acao = ACOES[nome]

    def decorar(fazer: Callable):
        @require_http_methods(["GET", "HEAD", "POST"])
        @permission_required(acao.permissao, raise_exception=True)
        def vista(request, pk):
            return _agir(request, _achar(pk), acao, fazer)

        return vista

    return decorar


def _agir(request, uma: Campanha, acao: Acao, fazer: Callable):
    """Ask, do it once, and go back to the page of the campaign."""
    agora, pagina = timezone.now(), _endereco(uma)
    if destino := pedidos.ja_atendido(request) if request.method == "POST" else "":
        return HttpResponseRedirect(destino)
    if acao.nome not in campanhas.acoes(uma):
        messages.warning(request, f"A campanha está {uma.get_situacao_display()}: isso não pode ser feito agora.")
        return HttpResponseRedirect(pagina)
    if not acao.com_formulario and (confirmacao.voltou(request) or request.method != "POST"):
        return HttpResponseRedirect(pagina)
    form = _formulario(request, uma, acao, agora)
    if acao.com_formulario and (not form.is_valid() or confirmacao.voltou(request)):
        return _pergunta(request, uma, acao, form)
    if resposta := _perguntar_antes(request, uma, acao, form):
        return resposta

    def atender() -> str:
        messages.success(request, fazer(uma, request, form, agora) or acao.feita)
        return pagina

    try:
        return HttpResponseRedirect(pedidos.atender(request, atender))
    except campanhas.AcaoRecusada as recusa:
        if acao.campo in form.fields and acao.nome in campanhas.acoes(_achar(uma.pk)):
            form.add_error(acao.campo, str(recusa))
            return _pergunta(request, uma, acao, form)
        messages.error(request, str(recusa))
        return HttpResponseRedirect(pagina)


def _formulario(request, uma: Campanha, acao: Acao, agora: datetime) -> Formulario:
    dados = request.POST if request.method == "POST" else None
    if acao.nome == "reagendar":
        return Agenda(dados, initial=Agenda.inicial(uma.envia_em))
    if acao.nome == "reenviar":
        pode_trocar = request.user.has_perm("mensageria.change_remetente")
        if request.POST.get("servico") and not pode_trocar:
            raise PermissionDenied
        return FormularioDeReenvio(dados, remetente=uma.operacao.remetente, pode_trocar=pode_trocar, agora=agora)
    return FormularioDeMotivo(dados) if acao.com_formulario else Formulario(dados)


def _perguntar_antes(request, uma: Campanha, acao: Acao, form: Formulario) -> HttpResponse | None:
    """The question of a step that nothing is typed for, or of what was chosen and serves for little."""
    if not acao.com_formulario:
        pergunta, qual = acao.de(uma).pergunta, f"{uma.tipo}, {uma}"
        detalhes = [] if qual in pergunta else [qual]
        return confirmacao.perguntar(request, pergunta, detalhes=detalhes, perigo=acao.perigo)
    if not getattr(form, "escolheu_esgotado", False):
        return None
    return confirmacao.perguntar(
        request,
        f"O serviço {form.cleaned_data['servico']} está com o limite de envios esgotado. Usar mesmo assim?",
        detalhes=[f"{uma.tipo}, {uma}", "Os e-mails da operação esperam até que outro serviço assuma os envios."],
        sim="Usar mesmo assim",
        nao="Escolher outro",
        perigo=True,
    )


def _pergunta(request, uma: Campanha, acao: Acao, form: Formulario):
    contexto = {"campanha": uma, "acao": acao, "form": form, "titulo": str(uma), "volta": _endereco(uma)}
    return render(request, "preventivo/acao.html", contexto | {"pagina_do_menu": MENU})


def _endereco(uma: Campanha) -> str:
    return reverse("preventivo:campanha", args=[uma.pk])


@_passo("confirmar")
def confirmar(uma, request, form, agora):
    try:
        vista_para = parse_datetime(request.POST.get("vista_para", ""))
    except ValueError:
        vista_para = None
    campanhas.confirmar(uma.pk, usuario=request.user, agora=agora, vista_para=vista_para)


@_passo("descartar")
def descartar(uma, request, form, agora):
    campanhas.descartar(uma.pk, usuario=request.user, agora=agora)


@_passo("reagendar")
def reagendar(uma, request, form, agora):
    campanhas.reagendar(uma.pk, form.envia_em(), usuario=request.user, agora=agora)


@_passo("pausar")
def pausar(uma, request, form, agora):
    campanhas.pausar(uma.pk, usuario=request.user, motivo=form.cleaned_data["motivo"], agora=agora)


@_passo("continuar")
def continuar(uma, request, form, agora):
    campanhas.continuar(uma.pk, usuario=request.user, agora=agora)


@_passo("cancelar")
def cancelar(uma, request, form, agora):
    campanhas.cancelar(uma.pk, usuario=request.user, motivo=form.cleaned_data["motivo"], agora=agora)


@_passo("reenviar")
def reenviar(uma, request, form, agora):
    dados = form.cleaned_data
    quantas = campanhas.reenviar_falhas(
        uma.pk, usuario=request.user, motivo=dados["motivo"], agora=agora, servico=dados.get("servico")
    )
    if not quantas:
        return "Nenhuma mensagem podia ser reenviada."
    return f"{quantas} {'mensagem voltou' if quantas == 1 else 'mensagens voltaram'} para a fila de envio."
