"""The operator's screens of the customers: Manter and Inserir, with the abas Nome e Tipo and Pessoa."""

from collections.abc import Callable

from django.contrib import messages
from django.contrib.auth.decorators import permission_required
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import IntegrityError
from django.forms import BaseForm
from django.http import HttpResponse, QueryDict
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_safe

from cadastro import alcance, telefones_do_cliente
from cadastro.enderecos_do_cliente import trancar
from cadastro.forms import (
    FiltroDeClientes,
    FormularioDeCliente,
    FormularioDeInsercao,
    formulario_de_pessoa,
    so_para_ver,
)
from cadastro.forms_contatos import FormularioDeEndereco, FormularioDoPrimeiroTelefone
from cadastro.gravacao import Recusado, gravar
from cadastro.models import Cliente
from telas import pedidos, registro
from telas.formularios import FormularioDeModelo
from telas.paginacao import Pagina

ver_ou_enviar = require_http_methods(["GET", "HEAD", "POST"])
pode_ver = permission_required("cadastro.view_cliente", raise_exception=True)


def exigir(request, *permissoes: str) -> None:
    if not request.user.has_perms(permissoes):
        raise PermissionDenied


@require_safe
@pode_ver
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


# The abas of a customer


@ver_ou_enviar
@pode_ver
def cliente_nome_tipo(request, pk: int):
    return editar(
        request,
        get_object_or_404(Cliente, pk=pk),
        "nome_tipo",
        abrir=lambda dados, cliente: FormularioDeCliente(dados, instance=cliente, usuario=request.user),
        modelo="cadastro/cliente_nome_tipo.html",
    )


@ver_ou_enviar
@pode_ver
def cliente_pessoa(request, pk: int):
    return editar(
        request,
        get_object_or_404(Cliente, pk=pk),
        "pessoa",
        abrir=lambda dados, cliente: formulario_de_pessoa(cliente)(dados, instance=cliente, usuario=request.user),
    )


def editar(
    request,
    cliente: Cliente,
    aba: str,
    *,
    abrir: Callable[[QueryDict | None, Cliente], FormularioDeModelo],
    permissao: str = "cadastro.change_cliente",
    sucesso: str = "",
    volta: str = "",
    modelo: str = "cadastro/cliente_formulario.html",
    **contexto,
) -> HttpResponse:
    """The page of a form about a customer: shown, stored with the customer's row locked, or shown with its errors.

    `abrir` makes the form, of what was sent or of what is stored; when it is done, `volta` is where to go.
    """
    permissoes = {"cadastro.change_cliente", permissao}
    pode_gravar = request.user.has_perms(permissoes)
    formulario = abrir(None, cliente)
    if request.method == "POST":
        exigir(request, *permissoes)
        try:
            return redirect(
                gravar(
                    request,
                    lambda: abrir(request.POST, trancar(cliente.pk)),
                    sucesso or f"Cliente de código {cliente.pk} atualizado com sucesso.",
                    volta or request.path,
                )
            )
        except Recusado as recusado:
            formulario = recusado.formulario
    if not pode_gravar:
        so_para_ver(formulario)
    contexto |= do_cliente(cliente, aba) | {"form": formulario, "pode_gravar": pode_gravar, "volta": volta}
    return render(request, modelo, contexto)


def do_cliente(cliente: Cliente, aba: str) -> dict:
    """What each tab shows, of the customer as he is stored."""
    fones = list(cliente.fones.all())
    return {
        "cliente": cliente,
        "aba": aba,
        "fones": fones,
        "avisos": alcance.avisos(cliente, fones),
        "pagina_do_menu": "cadastro:clientes",
    }


# Inserir


class _Recusados(Exception):
    """One of the forms of Inserir has errors; what was begun is undone."""

    def __init__(self, formularios: list[BaseForm]):
        super().__init__(*(formulario.errors for formulario in formularios))
        self.formularios = formularios


@ver_ou_enviar
@permission_required(("cadastro.add_cliente", "cadastro.add_clienteendereco"), raise_exception=True)
def cliente_inserir(request):
    """The abas as sections of one page, so that nothing is stored of a customer without what is required."""
    formularios = _de_insercao(request, None)
    if request.method == "POST":
        try:
            return redirect(_inserir(request))
        except _Recusados as recusados:
            formularios = recusados.formularios
    cliente, endereco, telefone = formularios
    contexto = {"form": cliente, "endereco": endereco, "telefone": telefone, "formularios": formularios}
    return render(request, "cadastro/cliente_inserir.html", contexto)


def _de_insercao(request, dados: QueryDict | None) -> list[BaseForm]:
    return [
        FormularioDeInsercao(dados, instance=Cliente(), usuario=request.user),
        FormularioDeEndereco(dados, usuario=request.user, prefix="endereco"),
        FormularioDoPrimeiroTelefone(dados, prefix="telefone"),
    ]


def _inserir(request) -> str:
    try:
        return pedidos.atender(request, lambda: _inserir_uma_vez(request))
    except IntegrityError:
        # Somebody stored the same document meanwhile: a second look sees it, and says so beside its field.
        return pedidos.atender(request, lambda: _inserir_uma_vez(request))


def _inserir_uma_vez(request) -> str:
    formularios = do_cliente_, do_endereco, do_telefone = _de_insercao(request, request.POST)
    do_cliente_.enderecos = [do_endereco.instance] if do_endereco.is_valid() else []
    validos = [formulario.is_valid() for formulario in formularios]
    if not all(validos):
        raise _Recusados(formularios)
    cliente = do_endereco.instance.cliente = do_cliente_.save()
    do_endereco.save()
    registro.inserido(request.user, cliente)
    if do_telefone.has_changed():
        exigir(request, "cadastro.add_clientefone")
        escolha = telefones_do_cliente.Escolha(None, None, telefones_do_cliente.retrato([]))
        try:
            telefones_do_cliente.adicionar(cliente, do_telefone.telefone(), escolha, request.user)
        except ValidationError as erro:
            for campo, erros in erro.error_dict.items():
                do_telefone.add_error(campo, erros)
            raise _Recusados(formularios) from None
    messages.success(request, f"Cliente de código {cliente.pk} inserido com sucesso.")
    return reverse("cadastro:cliente_nome_tipo", args=[cliente.pk])
