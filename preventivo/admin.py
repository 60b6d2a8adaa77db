"""Admin of the campaigns: the companies and their tipos are edited; what the system wrote is read."""

import time
from collections.abc import Callable
from functools import cache

from django import forms
from django.contrib import admin, messages
from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import models
from django.template.response import TemplateResponse

from cadastro.admin import AdminAvisa, InlineSoLeitura, SoLeitura, TabelaGrande, curto, inteiro
from cadastro.documentos import cpf_valido, normalizar_documento
from mensageria.admin import ComSegredo, FormularioComSegredo
from mensageria.teste import MAIOR_ESPERA
from preventivo import circuito, operadoras
from preventivo.celulas import mascarar_cpfs
from preventivo.models import (
    Acordo,
    Aviso,
    Boleto,
    Campanha,
    Layout,
    LinhaRecusada,
    Operacao,
    Registro,
    TipoCampanha,
)
from telas.registro import registrar


class ConsultaDeTeste(forms.Form):
    cpf = forms.CharField(
        label="CPF",
        max_length=18,
        help_text="um CPF que a empresa conheça; a consulta é de verdade e nada é guardado",
        error_messages={"required": "Informe o CPF."},
    )

    def clean_cpf(self) -> str:
        try:
            cpf = normalizar_documento(self.cleaned_data["cpf"])
        except ValueError as erro:
            raise ValidationError(str(erro)) from None
        if not cpf_valido(cpf):
            raise ValidationError("Informe um CPF, e não um CNPJ.")
        return cpf


class TipoInline(admin.TabularInline):
    model = TipoCampanha
    extra = 0
    fields = ["nome", "ordem", "ativo"]


class FormularioDeOperacao(FormularioComSegredo):
    def iria_a_outro(self, nome):
        return self.outra_url()

    def clean_dias_do_vencimento(self):
        """Each once and in order, as they are read by people."""
        return sorted(set(self.cleaned_data["dias_do_vencimento"]))


@admin.register(Operacao)
class OperacaoAdmin(ComSegredo):
    DO_ACESSO = frozenset({"dialeto", "url", "usuario", "segredo", "apagar_segredo"})
    form = FormularioDeOperacao
    list_display = ["nome", "dialeto", "url", "remetente", "ordem", "ativa", curto("em_espera_ate", "em espera até")]
    list_filter = ["ativa", "dialeto"]
    list_select_related = ["remetente"]
    search_fields = ["nome", "codigo"]
    formfield_overrides = ComSegredo.formfield_overrides | {models.URLField: {"assume_scheme": "https"}}
    readonly_fields = ["falhas_seguidas", "em_espera_ate", "motivo_espera"]
    inlines = [TipoInline]
    actions = ["testar_api", "consultar_ja"]
    fieldsets = [
        (None, {"fields": ["codigo", "nome", "ordem", "ativa", "remetente"]}),
        ("API", {"fields": ["dialeto", "url", "usuario", "segredo", "apagar_segredo", "prazo"]}),
        ("Ritmo da coleta", {"fields": ["conexoes", "limite_segundo", "horas_da_confirmacao"]}),
        ("Regra de envio", {"fields": ["dias_do_vencimento", "assinatura"]}),
        ("Situação da coleta", {"fields": ["falhas_seguidas", "em_espera_ate", "motivo_espera"]}),
    ]

    def save_model(self, request, obj, form, change):
        """Only what the form speaks of: the collection writes the rest of the row meanwhile."""
        editaveis = [campo.name for campo in self.opts.fields if campo.editable and not campo.primary_key]
        obj.save(update_fields=editaveis if change else None)
        if change and self.DO_ACESSO & set(form.changed_data):
            circuito.fechar(obj)

    @admin.action(description="Testar API", permissions=["change"])
    def testar_api(self, request, queryset):
        """Ask the company about one CPF, and show what it answered."""
        operacao = queryset.first()
        if operacao is None or queryset.count() > 1:
            self.message_user(request, "Escolha uma operação de cada vez.", messages.WARNING)
            return None
        if not self.has_change_permission(request, operacao):
            raise PermissionDenied
        form = ConsultaDeTeste(request.POST if "consultar" in request.POST else None)
        contexto = {
            **self.admin_site.each_context(request),
            "title": f"Testar a API de {operacao}",
            "opts": self.opts,
            "operacao": operacao,
            "form": form,
            "nome_da_selecao": ACTION_CHECKBOX_NAME,
        }
        if form.is_valid():
            contexto |= consultar(operacao, form.cleaned_data["cpf"])
        return TemplateResponse(request, "admin/preventivo/operacao/testar.html", contexto)

    @admin.action(description="Consultar já", permissions=["change"])
    def consultar_ja(self, request, queryset):
        """Undo the rest of the API: what failed was mended, or the company asked for too long."""
        for operacao in queryset:
            circuito.fechar(operacao)
            registrar(request.user, operacao, "Consultar já: espera da API desfeita.")
            aviso = f"A espera de {operacao} foi desfeita: a coleta consulta em instantes."
            self.message_user(request, aviso, messages.SUCCESS)


def consultar(operacao: Operacao, cpf: str) -> dict:
    """What the company says of that CPF, or why it says nothing, and how long it took."""
    operacao.prazo = min(operacao.prazo, MAIOR_ESPERA)  # of this object, which is not saved
    inicio, resposta = time.monotonic(), {}
    try:
        with operadoras.abrir(operacao) as operadora:
            resposta["acordos"] = operadora.consultar(cpf)
    except operadoras.FalhaDaOperadora as falha:
        resposta["falha"] = str(falha)
    return resposta | {"respondeu": True, "milissegundos": round(1000 * (time.monotonic() - inicio))}


@admin.register(TipoCampanha)
class TipoCampanhaAdmin(AdminAvisa):
    list_display = ["nome", "operacao", "ordem", "ativo"]
    list_filter = ["operacao", "ativo"]
    list_select_related = ["operacao"]
    search_fields = ["nome"]

    def get_readonly_fields(self, request, obj=None):
        """Its campaigns are of the company that it had."""
        campos = super().get_readonly_fields(request, obj)
        return [*campos, "operacao"] if obj and obj.campanhas.exists() else campos


@admin.register(Layout)
class LayoutAdmin(SoLeitura):
    """Its versions. They are written and tried on the screen Layouts."""

    list_display = ["tipo", "versao", "assunto", "criado_por", curto("criado_em", "criado em")]
    list_filter = ["tipo"]
    list_select_related = ["tipo", "criado_por"]
    search_fields = ["assunto", "corpo"]


@admin.register(Campanha)
class CampanhaAdmin(SoLeitura):
    """What was registered. It is conducted on the screens of Campanha Preventiva."""

    list_display = [
        "__str__",
        "tipo",
        "situacao",
        "registros",
        "acordos",
        "criado_por",
        curto("criado_em", "criada em"),
    ]
    list_filter = ["operacao", "situacao"]
    list_select_related = ["operacao", "tipo", "criado_por"]
    search_fields = ["nome_do_arquivo"]


class DaCampanhaAdmin(TabelaGrande, SoLeitura):
    """Rows of a campaign, of which there may be hundreds of thousands."""

    list_select_related = ["campanha__operacao"]


class ComCpf:
    """Mixin for rows with CPFs in the fields `com_cpf`: masked for whoever may not see them whole, who does not filter
    by them either."""

    com_cpf: tuple[str, ...] = ()

    def get_list_display(self, request):
        return self._como_pode_ver(request, super().get_list_display(request))

    def get_fields(self, request, obj=None):
        return self._como_pode_ver(request, super().get_fields(request, obj))

    def lookup_allowed(self, lookup, value, request):
        pode = lookup.partition("__")[0] not in self.com_cpf or self._ve_inteiro(request)
        return pode and super().lookup_allowed(lookup, value, request)

    def _como_pode_ver(self, request, campos) -> list:
        if self._ve_inteiro(request):
            return list(campos)
        return [_mascarado(self.opts.get_field(nome)) if nome in self.com_cpf else nome for nome in campos]

    @staticmethod
    def _ve_inteiro(request) -> bool:
        return request.user.has_perm("preventivo.ver_cpf")


@cache  # the admin compares them
def _mascarado(campo: models.Field) -> Callable:
    @admin.display(description=campo.verbose_name)
    def mostrar(objeto):
        return mascarar_cpfs(getattr(objeto, campo.name))

    return mostrar


@admin.register(LinhaRecusada)
class LinhaRecusadaAdmin(ComCpf, DaCampanhaAdmin):
    com_cpf = ("conteudo",)
    list_display = ["id", "campanha", "linha", "coluna", "motivo"]
    search_help_text = "Número da campanha"

    def buscar(self, queryset, termo):
        return queryset.filter(campanha=numero) if (numero := inteiro(termo)) else queryset.none()


class AcordoInline(InlineSoLeitura):
    model = Acordo
    fields = readonly_fields = ["numero", "descricao"]


@admin.register(Registro)
class RegistroAdmin(ComCpf, DaCampanhaAdmin):
    com_cpf = ("cpf", "erro")
    list_display = ["cpf", "campanha", curto("coletado_em", "coletado em"), curto("proxima_em", "próxima consulta em")]
    list_display += ["tentativas", "erro"]
    search_help_text = "CPF"
    inlines = [AcordoInline]

    def buscar(self, queryset, termo):
        """Campaign by campaign: the index has the CPF after it."""
        cpf = "".join(letra for letra in termo if letra.isascii() and letra.isdigit()).zfill(11)
        return queryset.filter(campanha__in=Campanha.objects.values("pk"), cpf=cpf)


@admin.register(Boleto)
class BoletoAdmin(DaCampanhaAdmin):
    list_display = ["numero", "campanha", "parcela", "valor", "vencimento", "situacao", "problema"]
    search_help_text = "Número do boleto"

    def buscar(self, queryset, termo):
        return queryset.filter(numero=termo)


@admin.register(Aviso)
class AvisoAdmin(DaCampanhaAdmin):
    list_display = ["id", "campanha", "boleto", "email", "situacao"]
    list_select_related = [*DaCampanhaAdmin.list_select_related, "boleto"]
    search_help_text = "Número do aviso: do que uma mensagem fala"
