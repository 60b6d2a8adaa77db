"""Admin of the places, the imóveis and the customers; first, what every app's admin is made of."""

import re
from collections.abc import Callable, Iterable
from itertools import pairwise
from operator import itemgetter

from django import forms
from django.contrib import admin, messages
from django.contrib.admin import widgets
from django.contrib.auth.admin import GroupAdmin, UserAdmin
from django.contrib.auth.models import Group, User
from django.contrib.postgres.constraints import ExclusionConstraint
from django.core.exceptions import NON_FIELD_ERRORS, PermissionDenied, ValidationError
from django.core.paginator import Paginator
from django.db import connection, models
from django.db.models import F, QuerySet
from django.forms.models import BaseInlineFormSet
from django.http import HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.formats import date_format
from django.utils.functional import cached_property
from django.utils.html import format_html
from django.utils.timezone import localdate, localtime

from cadastro import clientes, usuarios
from cadastro.documentos import formatar_documento, normalizar_documento
from cadastro.enderecos_do_cliente import SEM_ENDERECO
from cadastro.models import (
    Cliente,
    ClienteEndereco,
    ClienteFone,
    ClienteImovel,
    Funcionario,
    Gerencia,
    Imovel,
    Localidade,
    Municipio,
    NomeGenerico,
    ParametroSistema,
    Perfil,
    Quadra,
    Relacao,
    Rota,
    SetorComercial,
    UnidadeOrganizacional,
)
from telas.campos import CampoMoeda
from telas.formularios import ComVisto

MAIOR_INTEIRO = 2**31 - 1
MAIOR_BIGINT = 2**63 - 1


# What every admin is made of


class Formulario(ComVisto):
    """A form whose model may need the ParametroSistema, and whose blanks become the field's default."""

    usuario = None  # who fills it in; `AdminAvisa.get_form` says

    def clean(self):
        super().clean()
        for nome, valor in self.cleaned_data.items():
            if valor is None and (campo := self._campo_do_modelo(nome)) and not campo.null and campo.has_default():
                self.cleaned_data[nome] = campo.get_default()
        return self.cleaned_data

    def _campo_do_modelo(self, nome: str) -> models.Field | None:
        return next((campo for campo in self._meta.model._meta.fields if campo.name == nome), None)

    def _post_clean(self):
        # The model's own validation runs here; ModelForm has no public step around it.
        try:
            super()._post_clean()
        except ParametroSistema.DoesNotExist as falta:
            self.add_error(None, str(falta))


class AdminAvisa(admin.ModelAdmin):
    form = Formulario
    list_per_page = 50

    def get_queryset(self, request):
        # Autocomplete and raw ids show rows too, and they do not look at list_select_related.
        consulta = super().get_queryset(request)
        return consulta.select_related(*self.list_select_related) if self.list_select_related else consulta

    def get_form(self, request, obj=None, **kwargs):
        formulario = super().get_form(request, obj, **kwargs)
        formulario.usuario = request.user
        return formulario

    def formfield_for_dbfield(self, db_field, request, **kwargs):
        """Money as on the screens: a field of numbers would leave the comma to the language of the browser."""
        if isinstance(db_field, models.DecimalField):
            texto = widgets.AdminTextInputWidget(attrs={"inputmode": "decimal"})
            kwargs |= {"form_class": CampoMoeda, "widget": texto}
        return super().formfield_for_dbfield(db_field, request, **kwargs)

    def get_object(self, request, object_id, from_field=None):
        """Of what is about to be saved nobody else saves anything until it is."""
        objeto = super().get_object(request, object_id, from_field)
        if objeto is None or request.method != "POST" or not connection.in_atomic_block:
            return objeto
        self.model._base_manager.select_for_update(no_key=True).filter(pk=objeto.pk).values_list("pk").first()
        return super().get_object(request, object_id, from_field)

    def get_fieldsets(self, request, obj=None):
        """With what whoever edits saw of the row, hidden: see ComVisto."""
        conjuntos = [
            (titulo, {**opcoes, "fields": [nome for nome in opcoes["fields"] if nome != "visto"]})
            for titulo, opcoes in super().get_fieldsets(request, obj)
        ]
        if obj is not None and self.has_change_permission(request, obj):
            conjuntos[0][1]["fields"].append("visto")
        return conjuntos

    def get_readonly_fields(self, request, obj=None):
        """A code that a person chose is not changed: Django would save the row again under another one."""
        chave = self.opts.pk
        campos = super().get_readonly_fields(request, obj)
        return [*campos, chave.name] if obj and chave.editable and not chave.auto_created else campos

    def get_deleted_objects(self, objs, request):
        """Say what holds the rows without loading it: a localidade may have a million imóveis."""
        if presas := self._o_que_prende(objs):
            return [str(objeto) for objeto in objs], {}, set(), presas
        return super().get_deleted_objects(objs, request)

    def _o_que_prende(self, objs) -> list[str]:
        """The names of what protects them, and of what only the system deletes."""
        return [
            str(relacao.related_model._meta.verbose_name_plural)
            for relacao in self.opts.get_fields(include_hidden=True)
            if relacao.auto_created
            and not relacao.concrete
            and self._prende(relacao)
            and relacao.related_model._base_manager.filter(**{f"{relacao.field.name}__in": objs}).exists()
        ]

    def _prende(self, relacao) -> bool:
        so_do_sistema = isinstance(self.admin_site._registry.get(relacao.related_model), SoLeitura)
        return so_do_sistema or getattr(relacao, "on_delete", None) is models.PROTECT


class SoLeitura(AdminAvisa):
    """Rows that the system writes and nobody edits. Permission to change one opens its actions, never its form."""

    def has_add_permission(self, request, obj=None):
        return False

    def has_change_permission(self, request, obj=None):
        return False

    def has_delete_permission(self, request, obj=None):
        return False

    def get_fields(self, request, obj=None):
        return self.fields or [campo.name for campo in self.opts.fields]

    def get_readonly_fields(self, request, obj=None):
        return self.get_fields(request, obj)


class InlineSoLeitura(admin.TabularInline):
    extra = 0
    can_delete = False

    def has_add_permission(self, request, obj=None):
        return False

    def has_change_permission(self, request, obj=None):
        return False


class PaginadorLimitado(Paginator):
    """Pages of a large table: it counts up to LIMITE rows and no further, so no page costs a whole scan."""

    LIMITE = 10_000

    @cached_property
    def count(self) -> int:
        return min(self._contadas, self.LIMITE)

    @property
    def passou(self) -> bool:
        """Whether there is more than what was counted."""
        return self._contadas > self.LIMITE

    def page(self, number):
        """By the keys, found first: of the rows that are passed over only these are read, and nothing they point to."""
        numero = self.validate_number(number)
        if numero == 1:
            return super().page(numero)
        inicio = (numero - 1) * self.per_page
        chaves = list(self.object_list.values_list("pk", flat=True)[inicio : inicio + self.per_page])
        return self._get_page(self.object_list.filter(pk__in=chaves), numero, self)

    @cached_property
    def _contadas(self) -> int:
        return self.object_list.order_by()[: self.LIMITE + 1].count()


class TabelaGrande:
    """Mixin for tables of millions: nothing is counted in full, and a search or a filter is one that an index answers.

    A filter by a value that few of the customers, imóveis or contas have would read them all to fill a page.
    """

    paginator = PaginadorLimitado
    show_full_result_count = False
    show_facets = admin.ShowFacets.NEVER  # a facet counts the whole table
    ordering = ("-pk",)
    search_fields = ("pk",)  # shows the box and lets autocomplete work; `buscar` does the search

    def buscar(self, queryset: QuerySet, termo: str) -> QuerySet:
        return queryset.filter(pk=numero) if (numero := inteiro(termo)) else queryset.none()

    def get_search_results(self, request, queryset, search_term):
        termo = search_term.strip().replace("\x00", "")
        return (self.buscar(queryset, termo) if termo else queryset), False

    def get_actions(self, request):
        # "Select all" and delete would load the table; one at a time is deleted on its own page.
        acoes = super().get_actions(request)
        acoes.pop("delete_selected", None)
        return acoes


def inteiro(termo: str, maximo: int = MAIOR_BIGINT) -> int | None:
    """The number typed, or None for what no column of that size holds."""
    if not re.fullmatch(r"[0-9]{1,19}", termo):
        return None
    return numero if (numero := int(termo)) <= maximo else None


def matricula(termo: str) -> int | None:
    """The matrícula typed, with or without the point."""
    return inteiro(re.sub(r"[.\-\s]", "", termo), MAIOR_INTEIRO)


def por_codigos(queryset: QuerySet, termo: str, campos: Iterable[str]) -> QuerySet:
    """Rows found by the parts of a code such as 001.002.003, any number of them from the left."""
    partes = termo.split(".")
    campos = list(campos)
    numeros = [inteiro(parte, 32767) for parte in partes]
    if len(partes) > len(campos) or None in numeros:
        return queryset.none()
    return queryset.filter(**dict(zip(campos, numeros, strict=False)))


@admin.display(description="referência")
def mes_ano(objeto) -> str:
    return f"{objeto.referencia % 100:02}/{objeto.referencia // 100}"


def curto(campo: str, descricao: str) -> Callable:
    """A column with a moment in few characters."""

    @admin.display(description=descricao, ordering=campo)
    def mostrar(objeto):
        momento = getattr(objeto, campo)
        return date_format(localtime(momento), "SHORT_DATETIME_FORMAT") if momento else None

    return mostrar


# Formsets whose rows are right or wrong together


class FormularioDoConjunto(Formulario):
    """A row of a formset that checks `do_conjunto` as a whole: alone, a row would be compared with the old ones."""

    do_conjunto: frozenset[str] = frozenset()

    def add_error(self, field, error):
        if field is None and hasattr(error, "error_dict"):
            gerais = error.error_dict.get(NON_FIELD_ERRORS, [])
            restantes = [erro for erro in gerais if erro.message not in self.do_conjunto]
            erros = {**error.error_dict, NON_FIELD_ERRORS: restantes}
            erros = {campo: lista for campo, lista in erros.items() if lista}
            if not erros:
                return
            error = ValidationError(erros)
        super().add_error(field, error)


class Conjunto(BaseInlineFormSet):
    """Saves rows that trade places: what changes first lets go of what only one row may hold."""

    soltar: dict = {}

    def save(self, commit=True):
        mudadas = [formulario.instance.pk for formulario in self.initial_forms if formulario.has_changed()]
        if commit and mudadas:
            self.get_queryset().model.objects.filter(pk__in=mudadas).update(**self.soltar)
        return super().save(commit)

    def que_ficam(self) -> list[dict]:
        return [
            formulario.cleaned_data
            for formulario in self.forms
            if getattr(formulario, "cleaned_data", None) and not self._should_delete_form(formulario)
        ]


def _mensagens(modelo, tipo) -> frozenset[str]:
    return frozenset(
        str(regra.violation_error_message)
        for regra in modelo._meta.constraints
        if isinstance(regra, tipo) and regra.condition is not None
    )


class FormularioDeFone(FormularioDoConjunto):
    do_conjunto = _mensagens(ClienteFone, models.UniqueConstraint)


class ConjuntoDeFones(Conjunto):
    soltar = {"sms": False, "principal": False}

    def clean(self):
        super().clean()
        for campo, erro in (
            ("sms", "O cliente já tem um telefone marcado para SMS."),
            ("principal", "O cliente já tem um telefone principal."),
        ):
            if sum(bool(fone.get(campo)) for fone in self.que_ficam()) > 1:
                raise ValidationError(erro)


class FormularioDeEndereco(FormularioDoConjunto):
    do_conjunto = _mensagens(ClienteEndereco, models.UniqueConstraint)


class ConjuntoDeEnderecos(Conjunto):
    soltar = {"correspondencia": False}

    def clean(self):
        super().clean()
        ficam = self.que_ficam()
        if not ficam and (self.instance._state.adding or self.initial_forms):
            raise ValidationError(SEM_ENDERECO)
        if ficam and sum(bool(endereco.get("correspondencia")) for endereco in ficam) != 1:
            raise ValidationError("Marque um endereço de correspondência, e só um.")


class FormularioDeVinculo(FormularioDoConjunto):
    do_conjunto = _mensagens(ClienteImovel, ExclusionConstraint)


class ConjuntoDeVinculos(Conjunto):
    soltar = {"fim": F("inicio")}  # an empty period overlaps none

    def clean(self):
        super().clean()
        periodos = [
            (vinculo["inicio"], vinculo.get("fim"))
            for vinculo in self.que_ficam()
            if vinculo.get("relacao") == Relacao.USUARIO
            and vinculo.get("inicio")
            and vinculo.get("fim") != vinculo["inicio"]
        ]
        for (_, fim), (inicio, _) in pairwise(sorted(periodos, key=itemgetter(0))):
            if fim is None or fim > inicio:
                raise ValidationError("O imóvel já tem um usuário neste período.")


# Parameters and places


@admin.register(ParametroSistema)
class ParametroSistemaAdmin(AdminAvisa):
    """One row, informed on the operator's screen, which knows its rules."""

    def has_delete_permission(self, request, obj=None):
        return False

    def changelist_view(self, request, extra_context=None):
        return self._na_tela(request)

    def add_view(self, request, form_url="", extra_context=None):
        return self._na_tela(request)

    def change_view(self, request, object_id, form_url="", extra_context=None):
        return self._na_tela(request)

    def _na_tela(self, request) -> HttpResponse:
        if not self.has_view_permission(request):
            raise PermissionDenied
        return redirect("cadastro:parametros")


@admin.register(UnidadeOrganizacional)
class UnidadeOrganizacionalAdmin(AdminAvisa):
    list_display = ["id", "descricao"]
    search_fields = ["=id", "descricao"]


@admin.register(Funcionario)
class FuncionarioAdmin(AdminAvisa):
    list_display = ["id", "nome"]
    search_fields = ["=id", "nome"]


@admin.register(Perfil)
class PerfilAdmin(AdminAvisa):
    list_display = ["id", "descricao"]
    search_fields = ["descricao"]


@admin.register(Municipio)
class MunicipioAdmin(AdminAvisa):
    list_display = ["nome", "uf", "ddd"]
    list_filter = ["uf"]
    search_fields = ["nome"]


@admin.register(Gerencia)
class GerenciaAdmin(AdminAvisa):
    search_fields = ["nome"]


@admin.register(Localidade)
class LocalidadeAdmin(AdminAvisa):
    list_display = ["id", "nome", "gerencia", "municipio"]
    list_filter = ["gerencia"]
    list_select_related = ["gerencia", "municipio"]
    search_fields = ["=id", "nome"]
    autocomplete_fields = ["gerencia", "municipio"]


@admin.register(SetorComercial)
class SetorComercialAdmin(TabelaGrande, AdminAvisa):
    list_display = ["__str__", "localidade"]
    list_select_related = ["localidade"]
    search_help_text = "Código: localidade.setor"
    autocomplete_fields = ["localidade"]

    def buscar(self, queryset, termo):
        return por_codigos(queryset, termo, ["localidade", "codigo"])


@admin.register(Rota)
class RotaAdmin(TabelaGrande, AdminAvisa):
    list_display = ["__str__", "localidade"]
    list_select_related = ["setor__localidade"]
    search_help_text = "Código: localidade.setor.rota"
    autocomplete_fields = ["setor"]

    @admin.display(description="localidade")
    def localidade(self, rota):
        return rota.setor.localidade

    def buscar(self, queryset, termo):
        return por_codigos(queryset, termo, ["setor__localidade", "setor__codigo", "codigo"])


@admin.register(Quadra)
class QuadraAdmin(TabelaGrande, AdminAvisa):
    list_display = ["__str__", "rota"]
    list_select_related = ["setor", "rota__setor"]
    search_help_text = "Código: localidade.setor.quadra"
    autocomplete_fields = ["setor", "rota"]

    def get_queryset(self, request):
        return super().get_queryset(request).com_largura()

    def buscar(self, queryset, termo):
        return por_codigos(queryset, termo, ["setor__localidade", "setor__codigo", "numero"])


# Imóveis and customers


class VinculoInline(admin.TabularInline):
    model = ClienteImovel
    form = FormularioDeVinculo
    formset = ConjuntoDeVinculos
    extra = 0
    autocomplete_fields = ["cliente"]


@admin.register(Imovel)
class ImovelAdmin(TabelaGrande, AdminAvisa):
    list_display = ["__str__", "inscricao", "endereco", "localidade", "categoria", "perfil", "situacao_agua"]
    list_select_related = ["localidade", "perfil", "quadra__setor"]
    search_help_text = "Matrícula, com ou sem o ponto, ou inscrição"
    autocomplete_fields = ["quadra", "localidade"]
    inlines = [VinculoInline]

    def get_queryset(self, request):
        return super().get_queryset(request).com_largura()

    @admin.display(description="inscrição")
    def inscricao(self, imovel):
        return imovel.inscricao

    def buscar(self, queryset, termo):
        if termo.count(".") == 4:
            campos = ["quadra__setor__localidade", "quadra__setor__codigo", "quadra__numero", "lote", "sublote"]
            return por_codigos(queryset, termo, campos)
        return queryset.filter(pk=numero) if (numero := matricula(termo)) else queryset.none()


class FormularioDeCliente(Formulario):
    """With the rules of the operator's screens."""

    def _post_clean(self):
        super()._post_clean()
        enderecos = list(self.instance.enderecos.all()) if self.instance.pk else []
        erros = clientes.erros(self.instance, enderecos=enderecos, usuario=self.usuario, hoje=localdate())
        for campo, erro in erros.items():
            if not self.has_error(campo):
                self.add_error(campo, erro)


class EnderecoInline(admin.StackedInline):
    model = ClienteEndereco
    form = FormularioDeEndereco
    formset = ConjuntoDeEnderecos
    extra = 0
    autocomplete_fields = ["municipio"]


class FoneInline(admin.TabularInline):
    model = ClienteFone
    form = FormularioDeFone
    formset = ConjuntoDeFones
    extra = 0


@admin.register(Cliente)
class ClienteAdmin(TabelaGrande, AdminAvisa):
    form = FormularioDeCliente
    list_display = ["nome", "cpf_cnpj", "email", "por_sms", "por_email", "ativo"]
    search_help_text = "Nome, CPF/CNPJ, e-mail ou telefone com DDD"
    fieldsets = [
        ("Nome e Tipo", {"fields": ["nome", "nome_abreviado", "tipo", "documento", "documento_validado", "ativo"]}),
        ("Mensagens", {"fields": ["email", "por_sms", "por_email", "nao_perturbe"]}),
        ("Pessoa Física", {"fields": clientes.DE_PESSOA_FISICA}),
        ("Pessoa Jurídica", {"fields": clientes.DE_PESSOA_JURIDICA}),
        (
            "Cobrança",
            {"fields": ["dia_vencimento", "acrescimos", "acao_cobranca", "negativacao", "fatura_antecipada"]},
        ),
        ("Imóveis", {"fields": ["imoveis"]}),
    ]
    readonly_fields = ["imoveis"]
    inlines = [EnderecoInline, FoneInline]

    @admin.display(description="CPF/CNPJ")
    def cpf_cnpj(self, cliente):
        return formatar_documento(cliente.documento or "")

    @admin.display(description="imóveis")
    def imoveis(self, cliente):
        """A link, not a table: a public body has thousands."""
        if not cliente.pk:
            return "-"
        endereco = reverse("admin:cadastro_clienteimovel_changelist")
        return format_html('<a href="{}?cliente__id__exact={}">Ver vínculos</a>', endereco, cliente.pk)

    def buscar(self, queryset, termo):
        if "@" in termo:
            return queryset.por_email(termo)
        numero = re.sub(r"[\s().\-/]", "", termo)
        try:
            return queryset.por_documento(normalizar_documento(numero))
        except ValueError:
            return queryset.por_telefone(numero) if numero.isdigit() else queryset.por_nome(termo)


@admin.register(ClienteEndereco)
class ClienteEnderecoAdmin(TabelaGrande, AdminAvisa):
    """To be looked at: those of one customer are changed together, on his page."""

    list_display = ["logradouro", "numero", "bairro", "municipio", "tipo", "correspondencia", "cliente"]
    list_select_related = ["cliente", "municipio"]
    search_help_text = "Código do cliente"

    def has_add_permission(self, request):
        return False

    def has_change_permission(self, request, obj=None):
        return False

    def buscar(self, queryset, termo):
        return queryset.filter(cliente=numero) if (numero := inteiro(termo)) else queryset.none()


@admin.register(NomeGenerico)
class NomeGenericoAdmin(AdminAvisa):
    list_display = ["nome"]
    search_fields = ["nome"]


@admin.register(ClienteFone)
class ClienteFoneAdmin(TabelaGrande, AdminAvisa):
    list_display = ["__str__", "tipo", "cliente", "principal", "sms"]
    list_select_related = ["cliente"]
    search_help_text = "Número, com ou sem o DDD"
    autocomplete_fields = ["cliente"]

    def buscar(self, queryset, termo):
        numero = re.sub(r"[\s()\-]", "", termo)
        if len(numero) > 9:
            return queryset.filter(ddd=numero[:2], numero=numero[2:])
        return queryset.filter(numero=numero)


@admin.register(ClienteImovel)
class ClienteImovelAdmin(TabelaGrande, AdminAvisa):
    list_display = ["imovel", "cliente", "relacao", "inicio", "fim"]
    list_select_related = ["imovel", "cliente"]
    search_help_text = "Matrícula, com ou sem o ponto"
    autocomplete_fields = ["cliente", "imovel"]

    def buscar(self, queryset, termo):
        return queryset.filter(imovel=numero) if (numero := matricula(termo)) else queryset.none()


# People


class CampoEmailDeUsuario(forms.EmailField):
    """An address; its part before the @ is enough where the company has a domain."""

    def __init__(self, **kwargs):
        super().__init__(**kwargs | {"widget": widgets.AdminTextInputWidget})

    def to_python(self, value):
        return usuarios.completar_email(super().to_python(value))


admin.site.unregister([User, Group])


@admin.register(Group)
class GrupoAdmin(GroupAdmin):
    """The fixed groups are known by their names, and would come back with the next version, without their people."""

    def get_readonly_fields(self, request, obj=None):
        return ["name"] if _fixo(obj) else []

    def has_delete_permission(self, request, obj=None):
        return super().has_delete_permission(request, obj) and not _fixo(obj)


def _fixo(grupo: Group | None) -> bool:
    return grupo is not None and grupo.name in usuarios.GRUPOS_FIXOS


@admin.register(User)
class UsuarioAdmin(UserAdmin):
    """Django's own, and what the parameters of the system say of people."""

    add_fieldsets = [
        *UserAdmin.add_fieldsets,
        (None, {"fields": ["email"], "description": "O e-mail sem @ recebe o domínio corporativo dos parâmetros."}),
    ]

    def formfield_for_dbfield(self, db_field, request, **kwargs):
        if db_field.name == "email":
            kwargs["form_class"] = CampoEmailDeUsuario
        return super().formfield_for_dbfield(db_field, request, **kwargs)

    def has_add_permission(self, request):
        return super().has_add_permission(request) and not self._bloqueado(request)

    def has_change_permission(self, request, obj=None):
        pode = super().has_change_permission(request, obj) and not self._bloqueado(request)
        return pode and usuarios.alcanca(request.user, obj)

    def has_delete_permission(self, request, obj=None):
        return super().has_delete_permission(request, obj) and usuarios.alcanca(request.user, obj)

    def get_readonly_fields(self, request, obj=None):
        """Nobody gives what only a superuser has: what the groups let people do is given by the groups."""
        proprios = super().get_readonly_fields(request, obj)
        return proprios if request.user.is_superuser else [*proprios, "is_superuser", "user_permissions"]

    def changelist_view(self, request, extra_context=None):
        self._avisar(request)
        return super().changelist_view(request, extra_context)

    def add_view(self, request, form_url="", extra_context=None):
        return self._recusar(request) or super().add_view(request, form_url, extra_context)

    def change_view(self, request, object_id, form_url="", extra_context=None):
        if request.method == "POST" and (recusa := self._recusar(request)):
            return recusa
        self._avisar(request)
        return super().change_view(request, object_id, form_url, extra_context)

    def user_change_password(self, request, id, form_url=""):
        return self._recusar(request) or super().user_change_password(request, id, form_url)

    def _bloqueado(self, request) -> bool:
        if not hasattr(request, "usuarios_bloqueados"):  # asked several times in one page
            request.usuarios_bloqueados = usuarios.bloqueado(request.user)
        return request.usuarios_bloqueados

    def _avisar(self, request) -> None:
        if request.method == "GET" and self._bloqueado(request):
            messages.warning(request, usuarios.BLOQUEADO)

    def _recusar(self, request) -> HttpResponse | None:
        """Back to the list, which says why."""
        if not self._bloqueado(request):
            return None
        return redirect("admin:auth_user_changelist")
