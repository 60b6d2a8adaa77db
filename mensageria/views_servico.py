"""Configurações Serviço de Email: through which service, and from which address, each operation sends."""

from datetime import datetime

from django.contrib import messages
from django.contrib.auth.decorators import permission_required
from django.db import IntegrityError
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods

from mensageria import alertas, consumo, rotacao
from mensageria.forms_servico import FormularioDeServico
from mensageria.models import Alerta, Remetente, ServicoEmail
from telas import confirmacao, pedidos
from telas.paginacao import Pagina

POR_PAGINA = 25


class _Recusado(Exception):
    """The row that was sent has errors; what was begun is undone."""

    def __init__(self, formulario: FormularioDeServico):
        super().__init__(formulario.errors)
        self.formulario = formulario


class _Pergunta(Exception):
    """Something is asked before it is done; what was begun is undone."""

    def __init__(self, resposta: HttpResponse):
        super().__init__()
        self.resposta = resposta


@require_http_methods(["GET", "HEAD", "POST"])
@permission_required("mensageria.change_remetente", raise_exception=True)
def servico_email(request):
    agora = timezone.now()
    enviado = None
    if request.method == "POST":
        try:
            return redirect(_atender(request, agora))
        except _Recusado as recusado:
            enviado = recusado.formulario
        except _Pergunta as pergunta:
            return pergunta.resposta
    remetentes = Remetente.objects.select_related("servico").defer("servico__senha")
    pagina = Pagina(remetentes, request.GET, ordens={"operacao": "nome"}, padrao="operacao", tamanho=POR_PAGINA)
    contexto = {"pagina": pagina, "linhas": _linhas(pagina.linhas, enviado, agora), "form": enviado}
    return render(request, "mensageria/servico_email.html", contexto)


def _atender(request, agora: datetime) -> str:
    try:
        return pedidos.atender(request, lambda: _atualizar(request, agora))
    except IntegrityError:
        # Somebody took that address meanwhile: a second look sees it, and says so beside the field.
        return pedidos.atender(request, lambda: _atualizar(request, agora))


def _atualizar(request, agora: datetime) -> str:
    """Inside the transaction of `pedidos.atender`."""
    pk = request.POST.get("remetente", "")
    if not (pk.isascii() and pk.isdigit() and len(pk) < 19):
        raise Http404
    remetente = Remetente.objects.select_for_update(no_key=True).filter(pk=pk).first()
    if remetente is None:
        raise Http404
    antes = {"servico": remetente.servico.nome, "email": remetente.email}
    formulario = FormularioDeServico(request.POST, remetente=remetente, **_opcoes(agora))
    if not formulario.is_valid() or confirmacao.voltou(request):
        raise _Recusado(formulario)
    if formulario.escolheu_esgotado and (pergunta := _perguntar(request, formulario, agora)):
        raise _Pergunta(pergunta)
    escolhido, email = formulario.cleaned_data["servico"], formulario.cleaned_data["email"]
    try:
        depois = rotacao.trocar(remetente, escolhido, usuario=request.user, agora=agora, email=email)
    except rotacao.TrocaRecusada as recusa:  # the service changed since the form looked at it
        formulario.add_error("servico", str(recusa))
        raise _Recusado(formulario) from recusa
    _dizer(request, depois, escolhido, antes)
    return request.get_full_path()


def _perguntar(request, formulario: FormularioDeServico, agora: datetime) -> HttpResponse | None:
    escolhido = formulario.cleaned_data["servico"]
    if formulario.instance.rotacao_automatica:
        depois = "Com a rotação automática ligada, o próximo serviço disponível da ordem assume os envios."
    else:
        depois = f"Os envios da operação {formulario.operacao} esperam até que você escolha outro serviço."
    return confirmacao.perguntar(
        request,
        f"O serviço {escolhido} está com o limite de envios esgotado. Usar mesmo assim?",
        detalhes=[f"Envios usados: {consumo.situacao(escolhido, agora)}.", depois],
        sim="Usar mesmo assim",
        nao="Escolher outro",
        perigo=True,
    )


def _dizer(request, remetente: Remetente, escolhido: ServicoEmail, antes: dict[str, str]) -> None:
    """What was done for which operation, from what to what."""
    operacao = remetente.nome_da_operacao
    mudancas = [
        f"{rotulo} da operação {operacao} atualizado com sucesso: de {antes[campo]} para {agora}."
        for campo, rotulo, agora in (
            ("servico", "Serviço de email", escolhido.nome),
            ("email", "Email", remetente.email),
        )
        if antes[campo] != agora
    ]
    if not mudancas:
        messages.info(request, f"A operação {operacao} já estava assim; nada foi alterado.")
        return
    messages.success(request, " ".join([*mudancas, "A confirmação segue por email para quem recebe os alertas."]))
    esgotado = f"O serviço {escolhido} está com o limite de envios esgotado"
    if remetente.servico_id != escolhido.pk:
        messages.warning(request, f"{esgotado}; {remetente.servico} assumiu os envios da operação {operacao}.")
    elif remetente.aguardando_desde:
        messages.warning(request, f"{esgotado}. {rotacao.ALTERE}")


def _opcoes(agora: datetime) -> dict:
    """What every row of the page needs to know, read once."""
    servicos = list(ServicoEmail.objects.defer("senha"))
    return {"servicos": servicos, "situacoes": consumo.situacoes(servicos, agora), "agora": agora}


def _linhas(remetentes: list[Remetente], enviado: FormularioDeServico | None, agora: datetime) -> list[dict]:
    """A row for each remetente: its form, and how its service is doing."""
    opcoes = _opcoes(agora)
    trocas = _ultimas_trocas(remetentes)
    return [
        {
            "remetente": remetente,
            "servico": remetente.servico,
            "form": enviado
            if enviado and enviado.instance.pk == remetente.pk
            else FormularioDeServico(remetente=remetente, **opcoes),
            "recusado": bool(remetente.em_espera_ate and remetente.em_espera_ate > agora),
            "descansa": bool(remetente.servico.em_espera_ate and remetente.servico.em_espera_ate > agora),
            "uso": opcoes["situacoes"][remetente.servico_id],
            "troca": trocas.get(remetente.pk),
            "porque": alertas.paragrafos_em_texto(trocas[remetente.pk])[-1] if remetente.pk in trocas else "",
        }
        for remetente in remetentes
    ]


def _ultimas_trocas(remetentes: list[Remetente]) -> dict[int, Alerta]:
    """The last change of each, by hand or automatic, as its confirmation tells it."""
    trocas = Alerta.objects.filter(tipo=Alerta.Tipo.TROCA, remetente__in=remetentes)
    return {troca.remetente_id: troca for troca in trocas.order_by("remetente_id", "-id").distinct("remetente_id")}
