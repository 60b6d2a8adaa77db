"""Admin of the bills and of the texts about them; and, on the page of a process, the balance of its messages.

The balance is put there from here because `batch` and `mensageria` do not know each other, and this app knows both.
"""

from datetime import datetime

from django import forms
from django.contrib import admin
from django.db.models import Q
from django.template.loader import render_to_string

from batch.admin import quadro
from batch.models import ProcessoIniciado
from cadastro.admin import AdminAvisa, Formulario, TabelaGrande, curto, inteiro, matricula, mes_ano
from cadastro.models import Imovel
from faturamento.models import ClienteConta, Conta, DebitoACobrar, FaturamentoGrupo, ParametroMensagem
from faturamento.textos import DADOS_FATURAMENTO
from mensageria import balanco
from mensageria.models import Canal
from mensageria.palavras import nome_da_origem, palavras_de_nao_gerar

LINHAS_NO_BALANCO = 400


@quadro
def balanco_da_execucao(iniciado: ProcessoIniciado, agora: datetime) -> str:
    """The balance by localidade, ação and canal, and who was left out and why."""
    linhas = balanco.da_execucao(iniciado.execucao, agora)
    nao_geradas = [
        (nome_da_origem(origem), Canal(canal).label if canal else "", palavras_de_nao_gerar(origem, motivo), quantas)
        for origem, canal, motivo, quantas in balanco.nao_geradas(iniciado.execucao)
    ]
    if not linhas and not nao_geradas:
        return ""
    return render_to_string(
        "admin/faturamento/balanco.html",
        {
            "iniciado": iniciado,
            "linhas": [(linha, linha.acao or nome_da_origem(linha.origem)) for linha in linhas[:LINHAS_NO_BALANCO]],
            "linhas_a_mais": max(len(linhas) - LINHAS_NO_BALANCO, 0),
            "totais": [balanco.soma(linhas, coluna) for coluna in balanco.COLUNAS],
            "fecha": all(linha.fecha for linha in linhas),
            "nao_geradas": nao_geradas,
        },
    )


@admin.register(FaturamentoGrupo)
class FaturamentoGrupoAdmin(AdminAvisa):
    list_display = ["id", "descricao", "abreviatura", mes_ano, "dia_vencimento"]
    search_fields = ["=id", "descricao"]


class ClienteContaInline(admin.TabularInline):
    model = ClienteConta
    form = Formulario
    extra = 0
    autocomplete_fields = ["cliente"]


class FormularioDeConta(Formulario):
    def clean(self):
        """The sum is a column of the database, so validation does not see its constraint."""
        dados = super().clean()
        mais = [dados.get(campo) or 0 for campo in ("valor_agua", "valor_esgoto", "valor_debitos")]
        menos = [dados.get(campo) or 0 for campo in ("valor_creditos", "valor_impostos")]
        if sum(mais) < sum(menos):
            raise forms.ValidationError("Os créditos e os impostos passam do valor da conta.")
        return dados


@admin.register(Conta)
class ContaAdmin(TabelaGrande, AdminAvisa):
    form = FormularioDeConta
    list_display = ["id", "imovel", mes_ano, "vencimento", "valor", "situacao", "pago_em", "localidade"]
    list_select_related = ["imovel", "localidade"]
    search_help_text = "Matrícula, com ou sem o ponto, ou número da conta"
    autocomplete_fields = ["imovel", "localidade", "grupo", "perfil"]
    readonly_fields = ["valor"]
    inlines = [ClienteContaInline]
    fieldsets = [
        (None, {"fields": ["imovel", "localidade", "grupo", "perfil", "referencia", "emissao", "vencimento"]}),
        (
            "Valores",
            {
                "fields": [
                    "valor_agua",
                    "valor_esgoto",
                    "valor_debitos",
                    "valor_creditos",
                    "valor_impostos",
                    "valor",
                ]
            },
        ),
        ("Situação", {"fields": ["situacao", "pago_em"]}),
    ]

    def buscar(self, queryset, termo):
        onde = Q(pk__in=[])
        if numero := inteiro(termo):
            onde |= Q(pk=numero)
        if do_imovel := matricula(termo):
            onde |= Q(imovel=do_imovel)
        return queryset.filter(onde)


@admin.register(ClienteConta)
class ClienteContaAdmin(TabelaGrande, AdminAvisa):
    list_display = ["id", "conta", "cliente", "relacao"]
    list_select_related = ["conta", "cliente"]
    search_help_text = "Número da conta ou matrícula com o ponto"
    raw_id_fields = ["conta"]
    autocomplete_fields = ["cliente"]

    def buscar(self, queryset, termo):
        if numero := inteiro(termo):
            return queryset.filter(conta=numero)
        return queryset.filter(conta__imovel=do_imovel) if (do_imovel := matricula(termo)) else queryset.none()


@admin.register(DebitoACobrar)
class DebitoACobrarAdmin(TabelaGrande, AdminAvisa):
    list_display = ["id", "imovel", "descricao", mes_ano, "valor", "cancelado", "pago_em"]
    list_select_related = ["imovel"]
    search_help_text = "Matrícula, com ou sem o ponto"
    autocomplete_fields = ["imovel"]

    def buscar(self, queryset, termo):
        return queryset.filter(imovel=numero) if (numero := matricula(termo)) else queryset.none()


class FormularioDeParametro(Formulario):
    categorias = forms.TypedMultipleChoiceField(
        label="categoria do imóvel",
        coerce=int,
        choices=Imovel.Categoria.choices,
        widget=forms.CheckboxSelectMultiple,
        error_messages={"required": "Informe Categoria do imóvel."},
    )


@admin.register(ParametroMensagem)
class ParametroMensagemAdmin(AdminAvisa):
    form = FormularioDeParametro
    change_form_template = "admin/faturamento/parametromensagem/change_form.html"
    list_display = ["__str__", "valor_minimo", "dias_antes", "tentativas_email"]
    list_display += [curto("criado_em", "criado em"), curto("usado_em", "usado em")]
    list_filter = [("usado_em", admin.EmptyFieldListFilter)]
    search_fields = ["=referencia", "assunto"]
    readonly_fields = ["categorias_em_palavras", "criado_por", "criado_em", "usado_em"]
    fieldsets = [
        (
            "Seleção das contas",
            {"fields": ["referencia", "valor_minimo", "categorias", "dias_antes", "tentativas_email"]},
        ),
        ("Textos", {"fields": ["texto_sms", "transliterar", "assunto", "texto_email"]}),
        ("Versão", {"fields": ["criado_por", "criado_em", "usado_em"]}),
    ]

    def has_change_permission(self, request, obj=None):
        return super().has_change_permission(request, obj) and not (obj and obj.usado_em)

    def get_fieldsets(self, request, obj=None):
        """Where they are only shown, the categories are words."""
        if obj is None or self.has_change_permission(request, obj):
            return super().get_fieldsets(request, obj)
        return [
            (
                titulo,
                {"fields": ["categorias_em_palavras" if nome == "categorias" else nome for nome in opcoes["fields"]]},
            )
            for titulo, opcoes in super().get_fieldsets(request, obj)
        ]

    @admin.display(description="categoria do imóvel")
    def categorias_em_palavras(self, parametro):
        return ", ".join(Imovel.Categoria(categoria).label for categoria in parametro.categorias)

    def has_delete_permission(self, request, obj=None):
        return super().has_delete_permission(request, obj) and not (obj and obj.usado_em)

    def get_changeform_initial_data(self, request):
        """With `copiar` the form of a new version opens with the texts of another."""
        inicial = super().get_changeform_initial_data(request)
        chave = inteiro(inicial.pop("copiar", ""))
        if chave and (original := ParametroMensagem.objects.filter(pk=chave).first()):
            inicial |= forms.model_to_dict(original)
        return inicial

    def render_change_form(self, request, context, *args, obj=None, **kwargs):
        context["dados"] = DADOS_FATURAMENTO
        context["pode_criar"] = self.has_add_permission(request)
        return super().render_change_form(request, context, *args, obj=obj, **kwargs)

    def save_model(self, request, obj, form, change):
        if not change:
            obj.criado_por = request.user
        super().save_model(request, obj, form, change)
