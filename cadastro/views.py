"""The operator's screens of the customers."""

import re
from collections.abc import Callable, Iterable

from django.contrib import messages
from django.contrib.auth.decorators import permission_required
from django.core.exceptions import PermissionDenied, ValidationError
from django.forms import BaseForm
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.timezone import localdate
from django.views.decorators.http import require_http_methods, require_safe

from cadastro import alcance, telefones_do_cliente
from cadastro.forms import (
    FiltroDeClientes,
    FormularioDeCliente,
    FormularioDeEscolha,
    FormularioDeTelefone,
    so_para_ver,
)
from cadastro.gravacao import Recusado, gravar
from cadastro.models import Cliente, ClienteFone
from telas import confirmacao, pedidos
from telas.formularios import quem_mudou
from telas.paginacao import Pagina

IMOVEIS_NA_TELA = 20
MAIOR_CONTAGEM = 1_000

ver_ou_enviar = require_http_methods(["GET", "HEAD", "POST"])


def _exigir(request, *permissoes: str) -> None:
    if not request.user.has_perms(permissoes):
        raise PermissionDenied


# Customers


@require_safe
@permission_required("cadastro.view_cliente", raise_exception=True)
def clientes(request):
    """Nothing is listed until something is asked."""
    filtro = FiltroDeClientes(request.GET)
    if not filtro.pediu:
        return render(request, "cadastro/clientes.html", {"form": FiltroDeClientes()})
    contexto = {"form": filtro}
    if filtro.is_valid():
        ordens = {"nome": "nome_busca", "codigo": "pk"}
        contexto["pagina"] = Pagina(filtro.consultar(), request.GET, ordens=ordens, padrao="nome")
    return render(request, "cadastro/clientes.html", contexto)


@ver_ou_enviar
@permission_required("cadastro.view_cliente", raise_exception=True)
def cliente_nome_tipo(request, pk: int):
    cliente = get_object_or_404(Cliente, pk=pk)
    pode_gravar = request.user.has_perm("cadastro.change_cliente")
    formulario = FormularioDeCliente(instance=cliente)
    if request.method == "POST":
        _exigir(request, "cadastro.change_cliente")
        try:
            return redirect(
                gravar(
                    request,
                    lambda: FormularioDeCliente(request.POST, instance=Cliente.objects.select_for_update().get(pk=pk)),
                    f"Cliente de código {pk} atualizado com sucesso.",
                    reverse("cadastro:cliente_nome_tipo", args=[pk]),
                )
            )
        except Recusado as recusado:
            formulario = recusado.formulario
    if not pode_gravar:
        so_para_ver(formulario)
    contexto = _do_cliente(cliente, "nome_tipo") | _imoveis(cliente)
    return render(
        request, "cadastro/cliente_nome_tipo.html", contexto | {"form": formulario, "pode_gravar": pode_gravar}
    )


def _do_cliente(cliente: Cliente, aba: str) -> dict:
    """What each tab shows, of the customer as he is stored."""
    fones = list(cliente.fones.all())
    return {
        "cliente": cliente,
        "aba": aba,
        "fones": fones,
        "avisos": alcance.avisos(cliente, fones),
        "pagina_do_menu": "cadastro:clientes",
    }


def _imoveis(cliente: Cliente) -> dict:
    """A public body has thousands: the first ones, and how many more, counted to a limit."""
    vinculos = cliente.vinculos.em_vigor(localdate()).order_by("imovel", "relacao")
    quantos = vinculos[: IMOVEIS_NA_TELA + MAIOR_CONTAGEM + 1].count()
    return {
        "vinculos": vinculos.select_related("imovel")[:IMOVEIS_NA_TELA],
        "mais_imoveis": min(max(quantos - IMOVEIS_NA_TELA, 0), MAIOR_CONTAGEM),
        "mais_do_que_se_conta": quantos > IMOVEIS_NA_TELA + MAIOR_CONTAGEM,
    }


# Phones of a customer


@ver_ou_enviar
@permission_required("cadastro.view_cliente", raise_exception=True)
def cliente_telefones(request, pk: int):
    cliente = get_object_or_404(Cliente, pk=pk)
    if request.method == "POST":
        _exigir(request, "cadastro.change_cliente", *_permissao_do_botao(request))
        return _enviar_telefones(request, cliente)
    return _mostrar_telefones(request, cliente, FormularioDeTelefone(), FormularioDeEscolha())


def _permissao_do_botao(request) -> list[str]:
    if "adicionar" in request.POST:
        return ["cadastro.add_clientefone"]
    return ["cadastro.delete_clientefone"] if "remover" in request.POST else ["cadastro.change_clientefone"]


def _enviar_telefones(request, cliente: Cliente) -> HttpResponse:
    novo, escolha = FormularioDeTelefone(request.POST), FormularioDeEscolha(request.POST)
    passo, visto = _passo(request), request.POST.get("visto", "")
    if passo is not _adicionar:
        novo = FormularioDeTelefone(initial=request.POST.dict())  # kept as it was typed, and not judged
    if confirmacao.voltou(request):
        return _mostrar_telefones(request, cliente, novo, escolha, visto)
    if passo is _remover and (pergunta := confirmacao.perguntar(request, "Confirma remoção?", perigo=True)):
        return pergunta

    def fazer() -> str:
        messages.success(request, passo(request, cliente, novo, escolha))
        return reverse("cadastro:cliente_telefones", args=[cliente.pk])

    try:
        destino = pedidos.atender(request, fazer)
    except telefones_do_cliente.TelefonesMudaram:
        escolha.add_error(None, _mudaram(cliente))
        visto = ""
    except ValidationError as erro:
        _repartir(erro, novo, escolha)
    else:
        if not (passo is _remover and _digitou_telefone(request)):
            return redirect(destino)
        escolha, visto = FormularioDeEscolha(), ""
    return _mostrar_telefones(request, cliente, novo, escolha, visto)


def _passo(request) -> Callable:
    if "adicionar" in request.POST:
        return _adicionar
    return _remover if "remover" in request.POST else _concluir


def _adicionar(request, cliente: Cliente, novo: FormularioDeTelefone, escolha: FormularioDeEscolha) -> str:
    _conferir(novo, escolha)
    fone = telefones_do_cliente.adicionar(cliente, novo.telefone(), _escolha(request, cliente, escolha), request.user)
    return f"Telefone {fone.formatado} adicionado."


def _remover(request, cliente: Cliente, _, escolha: FormularioDeEscolha) -> str:
    _conferir(escolha)
    pk = request.POST["remover"]
    fone = telefones_do_cliente.remover(
        cliente,
        int(pk) if re.fullmatch(r"[0-9]{1,18}", pk) else 0,
        _escolha(request, cliente, escolha),
        request.user,
    )
    return f"Telefone {fone.formatado} removido."


def _concluir(request, cliente: Cliente, _, escolha: FormularioDeEscolha) -> str:
    _conferir(escolha)
    if _digitou_telefone(request):
        raise ValidationError(
            {None: "O telefone digitado ainda não foi adicionado: clique em Adicionar, ou apague os campos dele."}
        )
    telefones_do_cliente.escolher(cliente, _escolha(request, cliente, escolha), request.user)
    return f"Cliente de código {cliente.pk} atualizado com sucesso."


def _digitou_telefone(request) -> bool:
    return any(request.POST.get(nome, "").strip() for nome in FormularioDeTelefone.base_fields)


def _conferir(*formularios: BaseForm) -> None:
    """Raise ValidationError when one of them already says what is wrong."""
    validos = [formulario.is_valid() for formulario in formularios]
    if not all(validos):
        raise ValidationError({})


def _escolha(request, cliente: Cliente, formulario: FormularioDeEscolha) -> telefones_do_cliente.Escolha:
    """What was chosen; of whoever may only add or remove, what already is."""
    dados = formulario.cleaned_data
    if not request.user.has_perm("cadastro.change_clientefone"):
        dados = dados | _guardados(cliente.fones.all())
    return telefones_do_cliente.Escolha(**dados)


def _guardados(fones: Iterable[ClienteFone]) -> dict[str, int | None]:
    marcas = ("principal", "sms")
    return {marca: next((fone.pk for fone in fones if getattr(fone, marca)), None) for marca in marcas}


def _repartir(erro: ValidationError, novo: FormularioDeTelefone, escolha: FormularioDeEscolha) -> None:
    """Put each error beside its field."""
    for campo, erros in erro.error_dict.items():
        (novo if campo in novo.fields else escolha).add_error(campo, erros)


def _mudaram(cliente: Cliente) -> str:
    return (
        f"{quem_mudou(cliente)} enquanto você editava: os telefones não são mais os que você via. Nada foi gravado. "
        "Confira o que está abaixo; ao confirmar de novo, vale o que está nesta tela."
    )


def _mostrar_telefones(
    request, cliente: Cliente, novo: FormularioDeTelefone, escolha: FormularioDeEscolha, visto: str = ""
) -> HttpResponse:
    """`visto` is what the operator was seeing when he sent what is shown again; without it, what is stored now."""
    contexto = _do_cliente(cliente, "telefones")
    fones = contexto["fones"]
    marcados = _guardados(fones) | (_enviados(escolha, fones) if escolha.is_bound else {})
    if len(fones) == 1:
        marcados["principal"] = fones[0].pk
    altera = request.user.has_perm("cadastro.change_cliente")
    contexto |= {
        "novo": novo,
        "escolha": escolha,
        "marcados": marcados,
        "visto": visto or telefones_do_cliente.retrato(fones),
        "pode_adicionar": altera and request.user.has_perm("cadastro.add_clientefone"),
        "pode_remover": altera and request.user.has_perm("cadastro.delete_clientefone"),
        "pode_escolher": altera and request.user.has_perm("cadastro.change_clientefone"),
    }
    return render(request, "cadastro/cliente_telefones.html", contexto)


def _enviados(escolha: FormularioDeEscolha, fones: list[ClienteFone]) -> dict[str, int | None]:
    """The marks that were sent, as long as they are on a phone that is still there."""
    pks = {str(fone.pk): fone.pk for fone in fones}
    enviados = {nome: escolha.data.get(nome) for nome in ("principal", "sms")}
    return {nome: pks.get(valor) for nome, valor in enviados.items() if valor in pks or valor == ""}
