"""The operator's screens of the collection: actions and comandos."""

from collections.abc import Callable

from django.contrib import messages
from django.contrib.auth.decorators import permission_required
from django.core.exceptions import PermissionDenied
from django.db import IntegrityError, transaction
from django.db.models import Count, Model
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from batch import acompanhamento
from batch.inicio import OperacaoRecusada
from cadastro.models import ParametroSistema
from cobranca import comandos as dos_comandos
from cobranca import numeracao
from cobranca.acoes import EmUso, remover_acoes, remover_criterios, travar
from cobranca.documentos import NaoGera, cedo_demais
from cobranca.forms import FiltroDeAcoes, FormularioDeAcao, FormularioDeComando, FormularioDeCriterio
from cobranca.models import AcaoCobranca, ComandoAcao, CriterioCobranca, ImovelSemDocumento, TipoDocumento
from cobranca.textos import DADOS_COBRANCA
from mensageria.forms_texto import com_dados_inseridos, pediu_insercao
from mensageria.medida import dados_ausentes
from telas import confirmacao, pedidos, registro
from telas.models import Pedido
from telas.paginacao import Pagina
from telas.templatetags.telas import quantos

# Inserir and Manter


@require_http_methods(["GET", "POST"])
@permission_required("cobranca.add_acaocobranca", raise_exception=True)
def acao_inserir(request: HttpRequest) -> HttpResponse:
    if request.method == "POST":
        with transaction.atomic():
            travar()
            return _gravar_acao(request, AcaoCobranca(), "inserida")
    return _mostrar_acao(request, FormularioDeAcao())


@require_http_methods(["GET", "POST"])
@permission_required("cobranca.view_acaocobranca", raise_exception=True)
def acao(request: HttpRequest, pk: int) -> HttpResponse:
    if request.method == "POST":
        return _atualizar_acao(request, pk)
    return _mostrar_acao(request, FormularioDeAcao(instance=get_object_or_404(AcaoCobranca, pk=pk)))


@permission_required("cobranca.change_acaocobranca", raise_exception=True)
def _atualizar_acao(request: HttpRequest, pk: int) -> HttpResponse:
    with transaction.atomic():
        travar()
        existente = get_object_or_404(AcaoCobranca.objects.select_for_update(), pk=pk)
        return _gravar_acao(request, existente, "atualizada")


def _gravar_acao(request: HttpRequest, instancia: AcaoCobranca, feito: str) -> HttpResponse:
    if pediu_insercao(request.POST):
        digitado, sem_dado = com_dados_inseridos(request.POST)
        return _mostrar_acao(request, FormularioDeAcao.digitado(digitado, instancia), sem_dado=sem_dado)
    form = FormularioDeAcao(request.POST, instance=instancia)
    if confirmacao.voltou(request) or not form.is_valid():
        destino = pedidos.ja_atendido(request)  # the second click is refused for what the first one did
        return redirect(destino) if destino else _mostrar_acao(request, form)
    if ausentes := dados_ausentes(form.textos, DADOS_COBRANCA):
        pergunta = confirmacao.perguntar(request, "Confirma a ação sem estes dados no texto?", detalhes=ausentes)
        if pergunta:
            return pergunta
    try:
        return redirect(pedidos.atender(request, lambda: _guardar(request, form, feito)))
    except IntegrityError:
        # Somebody stored meanwhile what only one action may have: a second look sees it, and says so beside its field.
        if instancia.pk:
            instancia.refresh_from_db()
        form = FormularioDeAcao(request.POST, instance=instancia)
        if form.is_valid():
            raise
        return _mostrar_acao(request, form)


def _guardar(request: HttpRequest, form: FormularioDeAcao, feito: str) -> str:
    gravada = form.save()
    palavras = f"Ação de Cobrança {gravada.descricao} {feito} com sucesso."
    if feito == "inserida":
        registro.inserido(request.user, gravada, palavras)
    else:
        registro.registrar(request.user, gravada, palavras)
    messages.success(request, palavras)
    return reverse("cobranca:acoes")


def _mostrar_acao(request: HttpRequest, form: FormularioDeAcao, *, sem_dado: str = "") -> HttpResponse:
    nova = form.instance.pk is None
    so_leitura = not request.user.has_perm(f"cobranca.{'add' if nova else 'change'}_acaocobranca")
    for campo in form.fields.values():
        campo.disabled = so_leitura
    contexto = {
        "form": form,
        "nova": nova,
        "so_leitura": so_leitura,
        "sem_dado": sem_dado,
        "pagina_do_menu": "cobranca:acao_inserir" if nova else "cobranca:acoes",
        "titulo": "Inserir Ação de Cobrança" if nova else "Atualizar Ação de Cobrança",
    }
    return render(request, "cobranca/acao.html", contexto)


@require_http_methods(["GET", "POST"])
@permission_required("cobranca.view_acaocobranca", raise_exception=True)
def acoes(request: HttpRequest) -> HttpResponse:
    if request.method == "POST" and (resposta := _remover_acoes(request)):
        return resposta
    tipos = {tipo.pk: str(tipo) for tipo in TipoDocumento.objects.all()}
    filtro = FiltroDeAcoes(request.GET, tipos=tipos)
    pagina = Pagina(
        filtro.filtrar(AcaoCobranca.objects.select_related("criterio", "predecessora")),
        request.GET,
        ordens={"descricao": "descricao", "validade": "dias_de_validade", "codigo": "pk"},
        padrao="descricao",
    )
    for linha in pagina.linhas:
        linha.nome_do_tipo = tipos.get(linha.tipo_documento, linha.tipo_documento)
    contexto = {
        "filtro": filtro,
        "pagina": pagina,
        "ha_acoes": AcaoCobranca.objects.exists(),
        "marcadas": request.POST.getlist("remover"),
    }
    return render(request, "cobranca/acoes.html", contexto)


@permission_required("cobranca.delete_acaocobranca", raise_exception=True)
def _remover_acoes(request: HttpRequest) -> HttpResponse | None:
    palavras = "Ação de Cobrança removida com sucesso.", "Ações de Cobrança removidas com sucesso."
    return _remover(request, AcaoCobranca, remover_acoes, palavras)


def _remover(
    request: HttpRequest, modelo: type[Model], remover: Callable[..., int], palavras: tuple[str, str]
) -> HttpResponse | None:
    """Remove what was marked; None when there is only something to say on the list itself."""
    if destino := pedidos.ja_atendido(request):
        return redirect(destino)
    if confirmacao.voltou(request):
        return None
    ids = {int(pk) for pk in request.POST.getlist("remover") if pk.isascii() and pk.isdigit() and len(pk) < 19}
    nomes = modelo.objects.filter(pk__in=ids).values_list("descricao", flat=True)
    if not nomes:
        messages.error(request, "Nenhum registro selecionado.")
        return None
    if pergunta := confirmacao.perguntar(request, "Confirma remoção?", detalhes=nomes, perigo=True):
        return pergunta
    um, varios = palavras

    def fazer() -> str:
        quantos_sairam = remover(ids, usuario=request.user)
        messages.success(request, um if quantos_sairam == 1 else f"{quantos_sairam} {varios}")
        return _a_mesma_lista(request)

    try:
        return redirect(pedidos.atender(request, fazer))
    except EmUso as erro:
        messages.error(request, str(erro))
        return None


def _a_mesma_lista(request: HttpRequest) -> str:
    """The list with its filter, unless that is longer than a pedido keeps."""
    inteira = request.get_full_path()
    return inteira if len(inteira) <= Pedido._meta.get_field("destino").max_length else request.path


# Critério de Cobrança


@require_http_methods(["GET", "POST"])
@permission_required("cobranca.view_criteriocobranca", raise_exception=True)
def criterios(request: HttpRequest) -> HttpResponse:
    if request.method == "POST" and (resposta := _remover_criterios(request)):
        return resposta
    pagina = Pagina(
        CriterioCobranca.objects.annotate(acoes=Count("acaocobranca")),
        request.GET,
        ordens={"descricao": "descricao", "dias": "dias_de_atraso", "valor": "valor_minimo"},
        padrao="descricao",
    )
    return render(request, "cobranca/criterios.html", {"pagina": pagina, "marcados": request.POST.getlist("remover")})


@permission_required("cobranca.delete_criteriocobranca", raise_exception=True)
def _remover_criterios(request: HttpRequest) -> HttpResponse | None:
    palavras = "Critério de Cobrança removido com sucesso.", "Critérios de Cobrança removidos com sucesso."
    return _remover(request, CriterioCobranca, remover_criterios, palavras)


@require_http_methods(["GET", "POST"])
@permission_required("cobranca.add_criteriocobranca", raise_exception=True)
def criterio_inserir(request: HttpRequest) -> HttpResponse:
    if request.method == "POST":
        return _gravar_criterio(request, CriterioCobranca(), "inserido")
    return _mostrar_criterio(request, FormularioDeCriterio())


@require_http_methods(["GET", "POST"])
@permission_required("cobranca.view_criteriocobranca", raise_exception=True)
def criterio(request: HttpRequest, pk: int) -> HttpResponse:
    if request.method == "POST":
        return _atualizar_criterio(request, pk)
    return _mostrar_criterio(request, FormularioDeCriterio(instance=get_object_or_404(CriterioCobranca, pk=pk)))


@permission_required("cobranca.change_criteriocobranca", raise_exception=True)
def _atualizar_criterio(request: HttpRequest, pk: int) -> HttpResponse:
    with transaction.atomic():
        existente = get_object_or_404(CriterioCobranca.objects.select_for_update(), pk=pk)
        return _gravar_criterio(request, existente, "atualizado")


def _gravar_criterio(request: HttpRequest, instancia: CriterioCobranca, feito: str) -> HttpResponse:
    form = FormularioDeCriterio(request.POST, instance=instancia)
    if not form.is_valid():
        destino = pedidos.ja_atendido(request)
        return redirect(destino) if destino else _mostrar_criterio(request, form)

    def fazer() -> str:
        gravado = form.save()
        palavras = f"Critério de Cobrança {gravado} {feito} com sucesso."
        (registro.inserido if feito == "inserido" else registro.registrar)(request.user, gravado, palavras)
        messages.success(request, palavras)
        return reverse("cobranca:criterios")

    return redirect(pedidos.atender(request, fazer))


def _mostrar_criterio(request: HttpRequest, form: FormularioDeCriterio) -> HttpResponse:
    novo = form.instance.pk is None
    so_leitura = not request.user.has_perm(f"cobranca.{'add' if novo else 'change'}_criteriocobranca")
    for campo in form.fields.values():
        campo.disabled = so_leitura
    contexto = {"form": form, "novo": novo, "so_leitura": so_leitura, "pagina_do_menu": "cobranca:criterios"}
    return render(request, "cobranca/criterio.html", contexto)


# Comandar


@require_safe
@permission_required("cobranca.view_comandoacao", raise_exception=True)
def comandos(request: HttpRequest) -> HttpResponse:
    pagina = Pagina(
        ComandoAcao.objects.select_related("acao", "localidade", "criado_por", "geracao"),
        request.GET,
        ordens={"numero": "pk", "titulo": "titulo", "quando": "criado_em"},
        padrao="-numero",
    )
    return render(request, "cobranca/comandos.html", {"pagina": pagina})


@require_http_methods(["GET", "POST"])
@permission_required("cobranca.add_comandoacao", raise_exception=True)
def comando_inserir(request: HttpRequest) -> HttpResponse:
    form = FormularioDeComando(request.POST or None)
    if request.method == "POST" and form.is_valid():
        return redirect(pedidos.atender(request, lambda: _guardar_comando(request, form)))
    contexto = {
        "form": form,
        "pagina_do_menu": "cobranca:comandos",
        "ha_acoes": form.fields["acao"].queryset.exists(),
    }
    return render(request, "cobranca/comando_inserir.html", contexto)


def _guardar_comando(request: HttpRequest, form: FormularioDeComando) -> str:
    form.instance.criado_por = request.user
    gravado = form.save()
    registro.inserido(request.user, gravado)
    messages.success(request, f"Comando {gravado.titulo} inserido com sucesso.")
    return reverse("cobranca:comando", args=[gravado.pk])


@require_http_methods(["GET", "POST"])
@permission_required("cobranca.view_comandoacao", raise_exception=True)
def comando(request: HttpRequest, pk: int) -> HttpResponse:
    escolhido = _comando(pk)
    if request.method == "POST" and not confirmacao.voltou(request):
        return _mandar_gerar(request, escolhido)
    return render(request, "cobranca/comando.html", _do_comando(request, escolhido))


@require_safe
@permission_required("cobranca.view_comandoacao", raise_exception=True)
def comando_andamento(request: HttpRequest, pk: int) -> HttpResponse:
    """The part of its page that asks for itself again while its documents are made."""
    return render(request, "cobranca/_comando.html", _do_comando(request, _comando(pk)))


def _comando(pk: int) -> ComandoAcao:
    de_outros = (
        "acao__criterio",
        "localidade",
        "criado_por",
        "cancelado_por",
        "geracao__processo",
        "geracao__precedente",
    )
    return get_object_or_404(ComandoAcao.objects.select_related(*de_outros), pk=pk)


def _do_comando(request: HttpRequest, escolhido: ComandoAcao) -> dict:
    agora = timezone.now()
    de_fora = dict(
        escolhido.sem_documento.values_list("motivo").annotate(quantos=Count("id")).order_by("-quantos", "motivo")
    )
    livre = not (escolhido.gerado_em or escolhido.cancelado_em or escolhido.em_geracao)
    cedo = cedo_demais(escolhido, timezone.localdate(agora)) if livre else ""
    return {
        "comando": escolhido,
        "de_fora": [(ImovelSemDocumento.Motivo(motivo), quantos) for motivo, quantos in de_fora.items()],
        "total_de_fora": sum(de_fora.values()),
        "sem_conta_agora": numeracao.sem_conta() if livre else "",
        "sem_conta": numeracao.saiu_sem_conta(escolhido.fichas_sem_conta),
        "contagens": dos_comandos.contagens(escolhido),
        "espera": escolhido.geracao.motivo_da_espera(agora) if escolhido.em_geracao else "",
        "vivo": escolhido.em_geracao and acompanhamento.vale_acompanhar(escolhido.geracao, agora),
        "falha": dos_comandos.falha_da_geracao(escolhido),
        "cedo": cedo,
        "pode_gerar": livre and not cedo and request.user.has_perm("cobranca.add_cobrancadocumento"),
        "repetido": dos_comandos.ainda_valem(escolhido, timezone.localdate(agora)) if livre else "",
        "pode_cancelar": request.user.has_perm("cobranca.delete_comandoacao") and dos_comandos.pode_cancelar(escolhido),
        "pagina_do_menu": "cobranca:comandos",
    }


def _mandar_gerar(request: HttpRequest, escolhido: ComandoAcao) -> HttpResponse:
    if not request.user.has_perm("cobranca.add_cobrancadocumento"):
        raise PermissionDenied
    destino = reverse("cobranca:comando", args=[escolhido.pk])
    if ja_feito := pedidos.ja_atendido(request):
        return redirect(ja_feito)
    onde = f"na localidade {escolhido.localidade}" if escolhido.localidade else "em todas as localidades"
    detalhes = [f"Ação {escolhido.acao}, {onde}.", "Os documentos de um comando são gerados uma só vez."]
    if escolhido.acao.envia_mensagem:
        detalhes += ["A ação envia mensagem: depois de gerados, os documentos não podem ser cancelados."]
    avisos = (dos_comandos.ainda_valem(escolhido, timezone.localdate()), numeracao.sem_conta())
    detalhes += [aviso for aviso in avisos if aviso]

    def fazer() -> str:
        iniciado = dos_comandos.mandar_gerar(escolhido.pk, usuario=request.user, agora=timezone.now())
        palavras = f"Geração dos documentos comandada no processo {iniciado.pk}."
        registro.registrar(request.user, escolhido, palavras)
        messages.success(request, palavras)
        return destino

    try:
        dos_comandos.conferir_geracao(escolhido, timezone.localdate())
        if pergunta := confirmacao.perguntar(request, "Confirma a geração dos documentos?", detalhes=detalhes):
            return pergunta
        return redirect(pedidos.atender(request, fazer))
    except (NaoGera, OperacaoRecusada, ParametroSistema.DoesNotExist) as recusa:
        messages.error(request, str(recusa))
        return redirect(destino)


@require_POST
@permission_required("cobranca.delete_comandoacao", raise_exception=True)
def comando_cancelar(request: HttpRequest, pk: int) -> HttpResponse:
    escolhido = get_object_or_404(ComandoAcao.objects.select_related("acao", "geracao"), pk=pk)
    destino = reverse("cobranca:comando", args=[pk])
    if confirmacao.voltou(request):
        return redirect(destino)
    if ja_feito := pedidos.ja_atendido(request):
        return redirect(ja_feito)
    try:
        dos_comandos.conferir_cancelamento(escolhido)
    except dos_comandos.NaoCancela as recusa:
        messages.error(request, str(recusa))
        return redirect(destino)
    detalhes = [f"Comando {escolhido}.", "Os documentos dele que não foram pagos são cancelados."]
    if pergunta := confirmacao.perguntar(request, "Confirma o cancelamento?", detalhes=detalhes, perigo=True):
        return pergunta

    def fazer() -> str:
        cancelados = dos_comandos.cancelar(pk, usuario=request.user, agora=timezone.now())
        documentos = quantos(cancelados, "documento cancelado,documentos cancelados")
        palavras = f"Comando {escolhido} cancelado com sucesso; {documentos}."
        registro.registrar(request.user, escolhido, palavras)
        messages.success(request, palavras)
        return destino

    try:
        return redirect(pedidos.atender(request, fazer))
    except dos_comandos.NaoCancela as recusa:
        messages.error(request, str(recusa))
        return redirect(destino)
