"""Admin of the collection: actions, criteria, commands and the documents that these make."""

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import Q
from django.utils import timezone

from batch.inicio import OperacaoRecusada
from cadastro.admin import AdminAvisa, InlineSoLeitura, SoLeitura, TabelaGrande, curto, inteiro, matricula
from cadastro.models import ParametroSistema
from cobranca import comandos
from cobranca.documentos import NaoGera
from cobranca.models import (
    AcaoCobranca,
    CobrancaDocumento,
    CobrancaDocumentoItem,
    ComandoAcao,
    ContaBancaria,
    CriterioCobranca,
    ImovelSemDocumento,
    TipoDocumento,
    TipoServico,
)
from cobranca.textos import DADOS_COBRANCA


@admin.register(TipoServico)
class TipoServicoAdmin(AdminAvisa):
    list_display = ["id", "descricao"]
    search_fields = ["descricao"]


@admin.register(TipoDocumento)
class TipoDocumentoAdmin(AdminAvisa):
    list_display = ["id", "descricao", "pede_texto", "ativo"]
    list_filter = ["ativo", "pede_texto"]
    search_fields = ["=id", "descricao"]

    def has_delete_permission(self, request, obj=None):
        """An action knows its type by the code alone; one that is in use is switched off instead."""
        em_uso = obj is not None and AcaoCobranca.objects.filter(tipo_documento=obj.pk).exists()
        return super().has_delete_permission(request, obj) and not em_uso


@admin.register(CriterioCobranca)
class CriterioCobrancaAdmin(AdminAvisa):
    list_display = ["descricao", "dias_de_atraso", "valor_minimo"]
    search_fields = ["descricao"]


@admin.register(AcaoCobranca)
class AcaoCobrancaAdmin(AdminAvisa):
    change_form_template = "admin/cobranca/acaocobranca/change_form.html"
    list_display = ["descricao", "criterio", "dias_de_validade", "por_sms", "por_email", "compoe_cronograma", "ativa"]
    list_filter = ["ativa", "por_sms", "por_email", "compoe_cronograma", "obrigatoria", "aviso_obrigatorio"]
    list_select_related = ["criterio"]
    search_fields = ["descricao"]
    autocomplete_fields = ["predecessora", "predecessora_alternativa", "criterio", "tipo_servico"]
    fieldsets = [
        (
            None,
            {
                "fields": [
                    "descricao",
                    "dias_de_validade",
                    "dias_de_vencimento",
                    "tipo_documento",
                    "texto_personalizado",
                    "ativa",
                ]
            },
        ),
        (
            "Imóveis",
            {
                "fields": [
                    "criterio",
                    "so_documento_valido",
                    "executa_sem_debito",
                    "situacoes_agua",
                    "situacoes_esgoto",
                ]
            },
        ),
        (
            "O que é cobrado",
            {
                "fields": [
                    "considera_debitos",
                    "considera_creditos",
                    "considera_promissorias",
                    "acrescimos",
                    "gera_taxa",
                    "por_valor_decrescente",
                    "valida_por_item",
                    "dias_minimos",
                    "dias_maximos",
                ]
            },
        ),
        (
            "Sequência",
            {
                "fields": [
                    "compoe_cronograma",
                    "ordem_cronograma",
                    "obrigatoria",
                    "predecessora",
                    "dias_da_predecessora",
                    "predecessora_alternativa",
                    "repetida_no_ciclo",
                    "usa_metas",
                    "ordena_no_cronograma",
                    "ordena_nas_eventuais",
                    "exibe_eventual",
                ]
            },
        ),
        (
            "Ordem de serviço e situação da ação",
            {
                "fields": [
                    "tipo_servico",
                    "dias_remuneracao",
                    "suspende_abastecimento",
                    "emite_boletins",
                    "debito_interfere",
                ]
            },
        ),
        ("Mensagem", {"fields": ["aviso_obrigatorio"]}),
        ("Mensagem por SMS", {"fields": ["por_sms", "texto_sms", "transliterar"]}),
        ("Mensagem por e-mail", {"fields": ["por_email", "tentativas_email", "assunto", "texto_email"]}),
    ]

    def formfield_for_dbfield(self, campo, request, **kwargs):
        """The situations are boxes to tick, and the type of document a choice among those there are."""
        if campo.name in ("situacoes_agua", "situacoes_esgoto"):
            return forms.TypedMultipleChoiceField(
                label=campo.verbose_name.capitalize(),
                coerce=int,
                choices=campo.base_field.choices,
                required=False,
                widget=forms.CheckboxSelectMultiple,
                help_text="Nenhuma marcada: todas.",
            )
        if campo.name == "tipo_documento":
            tipos = [(tipo.pk, str(tipo)) for tipo in TipoDocumento.objects.all()]
            return forms.TypedChoiceField(label=campo.verbose_name.capitalize(), coerce=int, choices=tipos)
        return super().formfield_for_dbfield(campo, request, **kwargs)

    def render_change_form(self, request, context, *args, obj=None, **kwargs):
        context["dados"] = DADOS_COBRANCA
        return super().render_change_form(request, context, *args, obj=obj, **kwargs)


@admin.register(ComandoAcao)
class ComandoAcaoAdmin(AdminAvisa):
    list_display = ["titulo", "acao", "localidade", "enviar_a_partir_de", curto("gerado_em", "documentos gerados em")]
    list_display += ["documentos_gerados", curto("anunciado_em", "mensagens geradas em")]
    list_filter = [("gerado_em", admin.EmptyFieldListFilter), ("anunciado_em", admin.EmptyFieldListFilter)]
    list_select_related = ["acao", "localidade"]
    search_fields = ["titulo", "acao__descricao"]
    autocomplete_fields = ["acao", "localidade"]
    fields = ["titulo", "acao", "localidade", "enviar_a_partir_de"]
    feito = ["criado_por", "criado_em", "gerado_em", "documentos_gerados", "anunciado_em"]
    feito += ["cancelado_em", "cancelado_por"]
    actions = ["gerar_documentos"]

    def get_fields(self, request, obj=None):
        return [*self.fields, *self.feito] if obj else self.fields

    def get_readonly_fields(self, request, obj=None):
        """What its documents were made from stays; when its messages leave may change until they are made."""
        if obj and (obj.anunciado_em or obj.em_geracao):
            return [*self.fields, *self.feito]
        return [*(self.fields[1:3] if obj and obj.gerado_em else []), *self.feito]

    def has_delete_permission(self, request, obj=None):
        return super().has_delete_permission(request, obj) and not (obj and (obj.gerado_em or obj.em_geracao))

    def save_model(self, request, obj, form, change):
        """Of one that exists only what was typed: what the batch did with it meanwhile stays."""
        if change:
            obj.save(update_fields=form.changed_data)
            return
        obj.criado_por = request.user
        super().save_model(request, obj, form, change)

    def has_gerar_permission(self, request):
        return request.user.has_perm("cobranca.add_cobrancadocumento")

    @admin.action(description="Gerar documentos", permissions=["gerar"])
    def gerar_documentos(self, request, queryset):
        if not self.has_gerar_permission(request):
            raise PermissionDenied
        for comando in queryset.order_by("pk"):
            try:
                iniciado = comandos.mandar_gerar(comando.pk, usuario=request.user, agora=timezone.now())
            except (NaoGera, OperacaoRecusada, ParametroSistema.DoesNotExist) as recusa:
                self.message_user(request, str(recusa), messages.ERROR)
                continue
            feito = f"Geração dos documentos comandada no processo {iniciado.pk}."
            self.log_change(request, comando, feito)
            self.message_user(request, f"{comando.titulo}: {feito}", messages.SUCCESS)


@admin.register(ContaBancaria)
class ContaBancariaAdmin(AdminAvisa):
    list_display = ["banco", "agencia", "conta", "convenio", "carteira", "proximo_nosso_numero", "ativa"]
    list_filter = ["ativa", "banco"]
    fields = ["banco", "agencia", "conta", "convenio", "carteira", "proximo_nosso_numero", "instrucoes", "ativa"]


class ItemInline(InlineSoLeitura):
    model = CobrancaDocumentoItem
    fields = readonly_fields = ["conta", "debito", "valor"]

    def get_queryset(self, request):
        return super().get_queryset(request).select_related("conta", "debito")


@admin.register(CobrancaDocumento)
class CobrancaDocumentoAdmin(TabelaGrande, SoLeitura):
    list_display = ["id", "imovel", "comando", "emissao", "validade", "valor", "cancelado", "pago_em"]
    list_filter = ["localidade"]
    list_select_related = ["imovel", "comando"]
    search_help_text = "Número do documento ou matrícula, com ou sem o ponto"
    inlines = [ItemInline]

    def buscar(self, queryset, termo):
        onde = Q(pk__in=[])
        if numero := inteiro(termo):
            onde |= Q(pk=numero)
        if do_imovel := matricula(termo):
            onde |= Q(imovel=do_imovel)
        return queryset.filter(onde)


@admin.register(CobrancaDocumentoItem)
class CobrancaDocumentoItemAdmin(TabelaGrande, SoLeitura):
    list_display = ["id", "documento_id", "conta", "debito", "valor"]
    list_select_related = ["conta", "debito", "documento"]
    search_help_text = "Número do documento"

    def buscar(self, queryset, termo):
        return queryset.filter(documento=numero) if (numero := inteiro(termo)) else queryset.none()


@admin.register(ImovelSemDocumento)
class ImovelSemDocumentoAdmin(TabelaGrande, SoLeitura):
    list_display = ["id", "imovel", "comando", "motivo"]
    list_filter = ["motivo"]
    list_select_related = ["imovel", "comando"]
    search_help_text = "Matrícula, com ou sem o ponto"

    def buscar(self, queryset, termo):
        return queryset.filter(imovel=numero) if (numero := matricula(termo)) else queryset.none()
