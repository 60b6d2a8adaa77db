"""The abas Endereço and Telefone of a customer."""

import re
from collections.abc import Callable, Iterable

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.forms import BaseForm
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse

from cadastro import enderecos_do_cliente, telefones_do_cliente
from cadastro.forms_contatos import FormularioDeEndereco, FormularioDeEscolha, FormularioDeTelefone
from cadastro.models import Cliente, ClienteEndereco, ClienteFone
from cadastro.views import do_cliente, editar, exigir, pode_ver, ver_ou_enviar
from telas import confirmacao, pedidos, registro
from telas.formularios import quem_mudou

# Addresses


@ver_ou_enviar
@pode_ver
def cliente_enderecos(request, pk: int):
    cliente = get_object_or_404(Cliente, pk=pk)
    if request.method == "POST":
        exigir(request, "cadastro.change_cliente", "cadastro.delete_clienteendereco")
        if not confirmacao.voltou(request):
            return _remover_endereco(request, cliente)
    contexto = do_cliente(cliente, "enderecos") | {"enderecos": cliente.enderecos.select_related("municipio")}
    return render(request, "cadastro/cliente_enderecos.html", contexto)


def _remover_endereco(request, cliente: Cliente) -> HttpResponse:
    if pergunta := confirmacao.perguntar(request, "Confirma remoção?", perigo=True):
        return pergunta
    destino = reverse("cadastro:cliente_enderecos", args=[cliente.pk])

    def fazer() -> str:
        endereco = enderecos_do_cliente.remover(cliente.pk, _numero(request.POST.get("remover", "")))
        if endereco:
            registro.registrar(request.user, cliente, f"Endereço removido: {endereco}.")
            messages.success(request, "Endereço removido.")
        return destino

    try:
        return redirect(pedidos.atender(request, fazer))
    except ValidationError as erro:
        messages.error(request, " ".join(erro.messages))
        return redirect(destino)


def _numero(pk: str) -> int:
    """What a button sent; 0, which is nobody's, for anything else."""
    return int(pk) if re.fullmatch(r"[0-9]{1,18}", pk) else 0


@ver_ou_enviar
@pode_ver
def endereco_inserir(request, pk: int):
    return _editar_endereco(
        request,
        get_object_or_404(Cliente, pk=pk),
        lambda cliente: ClienteEndereco(cliente=cliente),
        permissao="cadastro.add_clienteendereco",
        sucesso="Endereço adicionado.",
        titulo="Adicionar endereço",
    )


@ver_ou_enviar
@pode_ver
def endereco(request, pk: int):
    escolhido = get_object_or_404(ClienteEndereco.objects.select_related("cliente"), pk=pk)
    return _editar_endereco(
        request,
        escolhido.cliente,
        lambda cliente: get_object_or_404(ClienteEndereco, pk=pk, cliente=cliente),
        permissao="cadastro.change_clienteendereco",
        sucesso="Endereço atualizado.",
        titulo="Alterar endereço",
    )


def _editar_endereco(request, cliente: Cliente, qual: Callable[[Cliente], ClienteEndereco], **palavras) -> HttpResponse:
    return editar(
        request,
        cliente,
        "enderecos",
        abrir=lambda dados, dele: FormularioDeEndereco(dados, instance=qual(dele), usuario=request.user),
        volta=reverse("cadastro:cliente_enderecos", args=[cliente.pk]),
        **palavras,
    )


# Phones


@ver_ou_enviar
@pode_ver
def cliente_telefones(request, pk: int):
    cliente = get_object_or_404(Cliente, pk=pk)
    if request.method == "POST":
        exigir(request, "cadastro.change_cliente", *_permissao_do_botao(request))
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
        _numero(pk),
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
    contexto = do_cliente(cliente, "telefones")
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
