"""Admin of the outbox: what was sent and through what. Messages are read, and decided upon by actions."""

from collections.abc import Callable
from uuid import UUID

from django import forms
from django.conf import settings
from django.contrib import admin, messages
from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME
from django.contrib.admin.views.main import ChangeList
from django.core.exceptions import PermissionDenied
from django.core.validators import validate_email
from django.db import models, transaction
from django.db.models import Q
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.html import format_html_join

from cadastro.admin import (
    MAIOR_INTEIRO,
    AdminAvisa,
    Formulario,
    InlineSoLeitura,
    SoLeitura,
    TabelaGrande,
    curto,
    inteiro,
)
from cadastro.campos import OUTRO_SERVIDOR, CampoSegredo, SegredoField, servidor
from cadastro.parametros import administra
from mensageria import alertas, composicao, consumo, decisoes, fontes, rotacao, servicos
from mensageria.canais.sms import ADAPTADORES
from mensageria.forms import Decisao, DecisaoSobreIncertas
from mensageria.models import (
    COM_ID_EXTERNO,
    Alerta,
    Anexo,
    Canal,
    Consumo,
    DestinatarioAlerta,
    GatewaySMS,
    Lote,
    LoteContagem,
    Mensagem,
    NaoGerada,
    OrigemEnvio,
    Remetente,
    Reserva,
    Ritmo,
    ServicoEmail,
    Supressao,
    TentativaEnvio,
    VersaoTexto,
)
from mensageria.palavras import nome_da_origem, palavras_de_nao_gerar, palavras_do_motivo
from telas.registro import em_massa

LIMITE_DE_DECISAO = 10_000


@admin.display(description="origem", ordering="origem")
def origem_em_palavras(objeto) -> str:
    return nome_da_origem(objeto.origem)


class OrigemFilter(admin.SimpleListFilter):
    """The origins that are registered: asking the table for its distinct values would read it all."""

    title = "origem"
    parameter_name = "origem"

    def lookups(self, request, model_admin):
        return [(origem, nome_da_origem(origem)) for origem in fontes.origens()]

    def queryset(self, request, queryset):
        return queryset.filter(origem=self.value()) if self.value() else queryset


class NaoGeradaFilter(admin.SimpleListFilter):
    title = parameter_name = "motivo"

    def lookups(self, request, model_admin):
        return sorted(
            {par for origem in fontes.origens() for par in fontes.da_origem(origem).motivos_de_nao_gerar.choices}
        )

    def queryset(self, request, queryset):
        return queryset.filter(motivo=self.value()) if self.value() else queryset


# Services, whose secrets are written and never shown


class FormularioComSegredo(Formulario):
    """What is stored of a secret is never shown; leaving it empty keeps it, for the server that it was given for."""

    APAGAR: dict[str, str] = {}  # the box that erases each secret beyond the first
    apagar_segredo = forms.BooleanField(label="Apagar o valor guardado", required=False)

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        for nome in self._segredos():
            self.initial.pop(nome, None)
            self.fields[nome].help_text = self.fields[nome].do_guardado(getattr(self.instance, nome))

    def clean(self):
        super().clean()
        for nome in self._segredos():
            if self.cleaned_data.get(self.APAGAR.get(nome, "apagar_segredo")):
                if self.cleaned_data.get(nome):
                    self.add_error(nome, "Informe um novo valor ou apague o guardado, não os dois.")
                self.cleaned_data[nome] = ""
            elif not self.cleaned_data.get(nome):
                self.cleaned_data[nome] = getattr(self.instance, nome)
                if self.cleaned_data[nome] and self.iria_a_outro(nome):
                    self.add_error(nome, OUTRO_SERVIDOR)
        return self.cleaned_data

    def iria_a_outro(self, nome: str) -> bool:
        """Whether the stored secret of that name would be sent to another server than it was given for."""
        return False

    def outra_url(self) -> bool:
        return "url" in self.cleaned_data and servidor(self.instance.url) != servidor(self.cleaned_data["url"])

    def _segredos(self) -> list[str]:
        return [nome for nome, campo in self.fields.items() if isinstance(campo, CampoSegredo)]


class ComSegredo(AdminAvisa):
    """Rows with a secret: whoever may only look does not get it, for a read-only field would show it."""

    form = FormularioComSegredo
    formfield_overrides = {SegredoField: {"form_class": CampoSegredo}}

    def get_fieldsets(self, request, obj=None):
        fora = self.escondidos(request, obj)
        return [
            (titulo, {**opcoes, "fields": [nome for nome in opcoes["fields"] if nome not in fora]})
            for titulo, opcoes in super().get_fieldsets(request, obj)
        ]

    def escondidos(self, request, obj) -> set[str]:
        """The fields that this person does not get."""
        if self.edita(request, obj):
            return set()
        segredos = {campo.name for campo in self.opts.fields if isinstance(campo, SegredoField)}
        return segredos | {"apagar_segredo", *self.form.APAGAR.values()}

    def edita(self, request, obj) -> bool:
        return self.has_change_permission(request, obj) or (obj is None and self.has_add_permission(request))


class FormularioDeServico(FormularioComSegredo):
    ja_usado = forms.IntegerField(
        label="Já usado neste mês",
        required=False,
        min_value=0,
        max_value=MAIOR_INTEIRO,
        help_text="o que saiu pelo serviço fora do Avisa, no período de agora",
    )

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        if not administra(self.usuario):
            del self.fields["ja_usado"]
        elif self.instance.pk:
            self.initial["ja_usado"] = consumo.situacao(self.instance, timezone.now()).ja_usado or None


class FormularioDeGateway(FormularioDeServico):
    APAGAR = {"segredo_retorno": "apagar_segredo_retorno"}
    apagar_segredo_retorno = forms.BooleanField(label="Apagar o segredo guardado", required=False)

    def iria_a_outro(self, nome):
        return nome == "credencial" and self.outra_url()

    def clean(self):
        """What the adapter does not do is said beside what asked for it."""
        dados = super().clean()
        adaptador, configuracao = dados.get("adaptador"), dados.get("configuracao")
        if adaptador in ADAPTADORES and configuracao is not None:
            for problema in ADAPTADORES[adaptador].problemas(configuracao):
                self.add_error("configuracao", problema)
        return dados


class FormularioDeServicoEmail(FormularioDeServico):
    def iria_a_outro(self, nome):
        return servicos.senha_iria_a_outro(self.instance, self.cleaned_data)

    def clean_remetentes_permitidos(self):
        return servicos.conferir_permitidos(self.cleaned_data["remetentes_permitidos"])


class ListaDeServicos(ChangeList):
    """How the services of the page stand, by one query."""

    def get_results(self, request):
        super().get_results(request)
        self.result_list = list(self.result_list)
        situacoes = consumo.situacoes(self.result_list, timezone.now())
        for servico in self.result_list:
            servico.consumo_do_periodo = situacoes[servico.pk]


class ServicoAdmin(ComSegredo):
    form = FormularioDeServico
    change_form_template = "admin/mensageria/servico/change_form.html"
    readonly_fields = ["uso_do_periodo", "situacao", "motivo"]
    search_fields = ["nome"]
    actions = ["reativar"]

    LIMITES = ("Limites", {"fields": ["conexoes", "limite_segundo", "limite_minuto", "limite_hora", "limite_dia"]})
    COTA = ("Cota", {"fields": ["cota_mensal", "dia_renovacao", "ja_usado", "uso_do_periodo"]})
    SITUACAO = ("Situação", {"fields": ["situacao", "motivo"]})

    def get_changelist(self, request, **kwargs):
        return ListaDeServicos

    def escondidos(self, request, obj):
        """What was used outside is informed by an administrator; others read it with the rest of the use."""
        informa = self.edita(request, obj) and administra(request.user)
        return super().escondidos(request, obj) | (set() if informa else {"ja_usado"})

    def save_model(self, request, obj, form, change):
        dito = "ja_usado" in form.changed_data
        servicos.gravar(
            obj,
            antes=form.initial if change else {},
            ja_usado=(form.cleaned_data["ja_usado"] or 0) if dito else None,
            usuario=request.user,
            agora=timezone.now(),
        )

    @admin.display(description="uso")
    def uso(self, servico):
        return str(servico.consumo_do_periodo)

    @admin.display(description="uso do período")
    def uso_do_periodo(self, servico):
        if servico.pk is None:
            return "–"
        atual = consumo.situacao(servico, timezone.now())
        partes = [str(atual)]
        if atual.ja_usado:
            partes.append(f"fora do Avisa: {consumo.milhar(atual.ja_usado)}")
        if atual.em_envio:
            partes.append(f"em envio agora: {consumo.milhar(atual.em_envio)}")
        partes.append(f"desde {_dia(atual.inicio)}, recomeça em {_dia(atual.renovacao)}")
        return "; ".join(partes)

    @admin.display(description="situação")
    def situacao(self, servico):
        """In words: inativo, esgotado, em espera or ativo."""
        atual = self._consumo(servico)
        if not servico.ativo:
            return "Inativo"
        if atual and atual.esgotado:
            return f"Esgotado até {_momento(atual.ate)}"
        if servico.em_espera_ate and servico.em_espera_ate > timezone.now():
            return f"Em espera até {_momento(servico.em_espera_ate)}"
        return "Ativo"

    @admin.display(description="motivo")
    def motivo(self, servico):
        """What the server said when it was exhausted, or why it rests."""
        atual = self._consumo(servico)
        return (atual and atual.palavras) or servico.motivo_espera or "–"

    def _consumo(self, servico) -> consumo.Situacao | None:
        if servico.pk is None:
            return None
        return getattr(servico, "consumo_do_periodo", None) or consumo.situacao(servico, timezone.now())

    @admin.action(description="Reativar", permissions=["change"])
    def reativar(self, request, queryset):
        for servico in queryset:
            atual = consumo.reativar(servico, request.user, timezone.now())
            if atual.esgotado:
                aviso = f"{servico} continua esgotado: a cota foi toda usada e recomeça em {_dia(atual.renovacao)}."
                self.message_user(request, aviso, messages.WARNING)
            elif not servico.ativo:
                self.message_user(request, f"{servico} continua inativo: marque Ativo na sua página.", messages.WARNING)
            else:
                self.message_user(request, f"{servico} reativado.", messages.SUCCESS)

    def render_change_form(self, request, context, add=False, change=False, form_url="", obj=None):
        if obj and self.has_change_permission(request, obj):
            parado = obj.em_espera_ate or obj.falhas_seguidas or consumo.situacao(obj, timezone.now()).servidor_ate
            context["pode_reativar"] = bool(parado)
        return super().render_change_form(request, context, add, change, form_url, obj)


def _dia(dia) -> str:
    return date_format(dia, "d/m/Y")


def _momento(momento) -> str:
    return date_format(timezone.localtime(momento), "d/m/Y H:i")


@admin.register(ServicoEmail)
class ServicoEmailAdmin(ServicoAdmin):
    form = FormularioDeServicoEmail
    list_display = ["nome", "ordem", "host", "porta", "seguranca", "uso", "situacao", "uso_interno"]
    list_filter = ["ativo", "uso_interno", "seguranca"]
    fieldsets = [
        (None, {"fields": ["nome", "ativo", "ordem", "uso_interno", "remetentes_permitidos"]}),
        ("Servidor", {"fields": ["host", "porta", "seguranca", "prazo", "mensagens_por_conexao"]}),
        ("Autenticação", {"fields": ["usuario", "senha", "apagar_segredo"]}),
        (ServicoAdmin.LIMITES[0], {"fields": [*ServicoAdmin.LIMITES[1]["fields"], "conexoes_por_dominio"]}),
        ServicoAdmin.COTA,
        ServicoAdmin.SITUACAO,
    ]


@admin.register(GatewaySMS)
class GatewaySMSAdmin(ServicoAdmin):
    form = FormularioDeGateway
    readonly_fields = [*ServicoAdmin.readonly_fields, "endereco_dos_retornos"]
    formfield_overrides = ServicoAdmin.formfield_overrides | {models.URLField: {"assume_scheme": "https"}}
    list_display = ["nome", "adaptador", "url", "uso", "situacao"]
    list_filter = ["ativo", "adaptador"]
    fieldsets = [
        (None, {"fields": ["nome", "ativo", "adaptador", "url", "remetente", "prazo", "tentativas_maximas"]}),
        ("Autenticação", {"fields": ["credencial", "apagar_segredo"]}),
        (
            "Retornos",
            {
                "fields": ["endereco_dos_retornos", "segredo_retorno", "apagar_segredo_retorno"],
                "description": "A operadora avisa neste endereço o que foi feito de cada SMS e apresenta o segredo no "
                "cabeçalho Authorization, depois de “Bearer ”. Sem segredo, nenhum aviso é aceito.",
            },
        ),
        ("Configuração", {"fields": ["configuracao"]}),
        ServicoAdmin.LIMITES,
        ServicoAdmin.COTA,
        ServicoAdmin.SITUACAO,
    ]

    @admin.display(description="endereço dos retornos")
    def endereco_dos_retornos(self, gateway):
        if gateway.pk is None:
            return "Aparece depois de gravar."
        return settings.URL_BASE.rstrip("/") + reverse("mensageria:retorno_sms", args=[gateway.pk])


class DoServicoAdmin(SoLeitura):
    """Rows of a service, of e-mail or of SMS."""

    list_select_related = ["servico_email", "gateway"]

    @admin.display(description="serviço")
    def servico(self, linha):
        return linha.servico


@admin.register(Consumo)
class ConsumoAdmin(DoServicoAdmin):
    list_display = ["servico", "inicio", "usado", "ja_usado", curto("esgotado_em", "esgotado em")]
    date_hierarchy = "inicio"
    fields = ["servico", "inicio", "usado", "ja_usado", "esgotado_em", "esgotado_ate", "palavras"]


@admin.register(Ritmo)
class RitmoAdmin(DoServicoAdmin):
    list_display = ["servico"]
    fields = ["servico", "estado"]


@admin.register(Reserva)
class ReservaAdmin(TabelaGrande, DoServicoAdmin):
    list_display = ["id", "servico", "vaga", "mensagens", curto("criada_em", "criada em"), curto("ate", "até")]
    list_display += [curto("encerrada_em", "encerrada em"), "perdida"]
    list_filter = [("encerrada_em", admin.EmptyFieldListFilter), "perdida"]
    search_help_text = "Número da reserva"
    fields = ["servico", "vaga", "mensagens", "criada_em", "ate", "encerrada_em", "perdida"]
    fields += ["maquina", "diario", "sessao", "ordem"]

    @admin.display(description="mensagens")
    def mensagens(self, reserva):
        return len(reserva.ordem)


class FormularioDeRemetente(Formulario):
    def clean(self):
        """A service or an address that is chosen must be one that may be used; what stands may stay."""
        super().clean()
        servico, email = self.cleaned_data.get("servico"), self.cleaned_data.get("email")
        mudou = {"servico", "email"} & set(self.changed_data)
        if servico and email and mudou and (motivo := rotacao.impedimento(servico, email)):
            self.add_error("servico", motivo)
        return self.cleaned_data


@admin.register(Remetente)
class RemetenteAdmin(AdminAvisa):
    form = FormularioDeRemetente
    list_display = ["nome", "operacao", "email", "servico", "rotacao_automatica", "aguardando_desde"]
    list_filter = ["servico", "rotacao_automatica"]
    list_select_related = ["servico"]
    search_fields = ["nome", "operacao", "email"]
    readonly_fields = ["aguardando_desde", "em_espera_ate", "motivo_espera"]
    fieldsets = [
        (None, {"fields": ["nome", "operacao", "email", "envelope", "responder_para"]}),
        ("Serviço", {"fields": ["servico", "rotacao_automatica"]}),
        ("Situação", {"fields": ["aguardando_desde", "em_espera_ate", "motivo_espera"]}),
    ]

    def save_model(self, request, obj, form, change):
        """Only what was changed is written, for the engine writes the same row; service and address as operators do."""
        if not change:
            super().save_model(request, obj, form, change)
            return
        mudados = set(form.changed_data)
        if outros := mudados - {"servico", "email"}:
            obj.save(update_fields=outros)
        if not mudados & {"servico", "email"}:
            return
        escolhido = obj.servico if "servico" in mudados else Remetente.objects.get(pk=obj.pk).servico
        email = obj.email if "email" in mudados else ""
        try:
            depois = rotacao.trocar(obj, escolhido, usuario=request.user, agora=timezone.now(), email=email)
        except rotacao.TrocaRecusada as recusa:  # the service changed since the form looked at it
            self.message_user(request, str(recusa), messages.ERROR)
            return
        if depois.servico_id != escolhido.pk:
            self.message_user(
                request,
                f"{escolhido} está com o limite de envios esgotado; {depois.servico} assumiu.",
                messages.WARNING,
            )


@admin.register(DestinatarioAlerta)
class DestinatarioAlertaAdmin(AdminAvisa):
    list_display = ["email", "remetente", "ativo"]
    list_filter = ["ativo", "remetente"]
    list_select_related = ["remetente"]
    search_fields = ["email"]


@admin.register(Alerta)
class AlertaAdmin(AdminAvisa):
    """What was told. It holds no service nor remetente: it goes with them."""

    list_display = [
        "titulo",
        "tipo",
        "servico_email",
        "gateway",
        "remetente",
        "criado_em",
        "enviado_em",
        "resolvido_em",
    ]
    list_filter = ["tipo", ("resolvido_em", admin.EmptyFieldListFilter), ("enviado_em", admin.EmptyFieldListFilter)]
    list_select_related = ["servico_email", "gateway", "remetente"]
    search_fields = ["titulo", "texto"]
    actions = ["resolver"]
    fieldsets = [
        (None, {"fields": ["titulo", "tipo", "paragrafos", "servico_email", "gateway", "remetente", "tambem_para"]}),
        ("Situação", {"fields": ["criado_em", "resolvido_em"]}),
        (
            "E-mail",
            {"fields": ["assunto", "enviado_em", "enviado_por", "tentativas", "proxima_tentativa_em", "erro"]},
        ),
    ]

    def has_add_permission(self, request, obj=None):
        return False

    def has_change_permission(self, request, obj=None):
        return False

    def has_resolver_permission(self, request):
        return request.user.has_perm("mensageria.change_alerta")

    @admin.display(description="texto")
    def paragrafos(self, alerta):
        return format_html_join("", "<p>{}</p>", ((paragrafo,) for paragrafo in alertas.paragrafos_em_html(alerta)))

    @admin.action(description="Marcar como resolvidos", permissions=["resolver"])
    def resolver(self, request, queryset):
        agora = timezone.now()
        quantos = sum(alertas.marcar_resolvido(alerta, usuario=request.user, agora=agora) for alerta in queryset)
        self.message_user(request, f"Alertas resolvidos: {quantos}.", messages.SUCCESS)


@admin.register(OrigemEnvio)
class OrigemEnvioAdmin(AdminAvisa):
    list_display = ["descricao", "origem", "remetente", "gateway", "politica_incerta"]
    list_select_related = ["remetente", "gateway"]
    search_fields = ["origem", "descricao"]
    fieldsets = [
        (None, {"fields": ["origem", "descricao", "remetente", "gateway"]}),
        ("Quando algo não vai bem", {"fields": ["politica_incerta", "recusas_maximas", "recusas_em"]}),
    ]


class FormularioDeSupressao(Formulario):
    assunto = forms.ChoiceField(label="Assunto", required=False, help_text="o que não se envia mais ao endereço")

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        if "assunto" in self.fields:  # not where it is only shown
            assuntos = sorted({fontes.da_origem(origem).assunto for origem in fontes.origens()} - {""})
            self.fields["assunto"].choices = [("", "Todos"), *((assunto, assunto) for assunto in assuntos)]

    def clean_email(self) -> str:
        """As it is stored and looked for."""
        email = self.cleaned_data["email"].strip().lower()
        validate_email(email)
        return email


@admin.register(Supressao)
class SupressaoAdmin(TabelaGrande, AdminAvisa):
    """Who opted out. A row is put in or taken out, which is logged; it is not rewritten."""

    form = FormularioDeSupressao
    list_display = ["email", "de_que", "motivo", "criado_por", curto("criado_em", "criado em")]
    list_select_related = ["criado_por"]
    search_help_text = "E-mail"
    fields = ["email", "assunto", "motivo", "mensagem_id", "criado_por", "criado_em"]

    def has_change_permission(self, request, obj=None):
        return False

    def get_fields(self, request, obj=None):
        return self.fields if obj else ["email", "assunto", "motivo"]

    def save_model(self, request, obj, form, change):
        obj.criado_por = request.user
        super().save_model(request, obj, form, change)

    def buscar(self, queryset, termo):
        return queryset.filter(email=termo.lower())

    @admin.display(description="assunto")
    def de_que(self, supressao):
        return supressao.assunto or "Todos"


# What the system writes


@admin.register(Anexo)
class AnexoAdmin(TabelaGrande, SoLeitura):
    list_display = ["nome", "tipo", "resumo", curto("criado_em", "criado em")]
    search_help_text = "SHA-256"
    fields = ["nome", "tipo", "resumo", "criado_em"]

    def get_queryset(self, request):
        return super().get_queryset(request).defer("conteudo")

    def buscar(self, queryset, termo):
        return queryset.filter(pk=termo.lower())


@admin.register(VersaoTexto)
class VersaoTextoAdmin(SoLeitura):
    list_display = ["__str__", "canal", "assunto", "transliterar", "criado_em"]
    list_filter = ["canal"]
    search_fields = ["assunto", "corpo"]


class ContagemInline(InlineSoLeitura):
    model = LoteContagem
    fields = readonly_fields = ["estado", "quantidade"]


@admin.register(Lote)
class LoteAdmin(TabelaGrande, SoLeitura):
    list_display = ["id", origem_em_palavras, "acao", "localidade", "canal", curto("criado_em", "criado em")]
    list_filter = ["canal", OrigemFilter, "localidade"]
    list_select_related = ["localidade"]
    search_help_text = "Número do lote ou identificação da execução"
    inlines = [ContagemInline]

    def buscar(self, queryset, termo):
        achados = _por_execucao(queryset, termo)
        return super().buscar(queryset, termo) if achados is None else achados


def _por_execucao(queryset, termo: str):
    try:
        return queryset.filter(execucao=UUID(termo))
    except ValueError:
        return None


@admin.register(LoteContagem)
class LoteContagemAdmin(TabelaGrande, SoLeitura):
    list_display = ["lote", "estado", "quantidade"]
    list_filter = ["estado"]
    list_select_related = ["lote"]
    search_help_text = "Número do lote"

    def buscar(self, queryset, termo):
        return queryset.filter(lote=numero) if (numero := inteiro(termo)) else queryset.none()


class TentativaInline(InlineSoLeitura):
    model = TentativaEnvio
    fields = readonly_fields = ["numero", "momento", "servico", "destino", "classe", "codigo", "resposta", "duracao_ms"]
    ordering = ["numero"]


@admin.register(Mensagem)
class MensagemAdmin(TabelaGrande, SoLeitura):
    list_display = ["id", "canal", origem_em_palavras, "destino", "estado", "motivo_em_palavras"]
    list_display += [curto("enviar_apos", "enviar após")]
    list_filter = ["estado", "canal", OrigemFilter]
    search_help_text = "Número da mensagem, da conta ou do documento, chave ou identificação externa"
    inlines = [TentativaInline]
    actions = ["reenviar", "resolver_incertas", "cancelar"]
    fieldsets = [
        (None, {"fields": ["estado", "motivo_em_palavras", "canal", "destino", "cliente", "conteudo"]}),
        ("Do que fala", {"fields": ["lote", "origem", "objeto_id", "versao_objeto", "chave", "texto"]}),
        ("Quando", {"fields": ["criado_em", "enviar_apos", "expira_em", "proxima_tentativa_em", "enviada_em"]}),
        (
            "Por onde",
            {"fields": ["remetente", "gateway", "servico", "id_externo", "codigo_retorno", "prioridade"]},
        ),
        ("Tentativas", {"fields": ["tentativas", "tentativas_maximas", "pedido_por", "pedido_motivo"]}),
    ]

    def get_readonly_fields(self, request, obj=None):
        return [nome for _, opcoes in self.fieldsets for nome in opcoes["fields"]]

    def lookup_allowed(self, lookup, value, request):
        return lookup == "lote__execucao__exact" or super().lookup_allowed(lookup, value, request)

    @admin.display(description="motivo")
    def motivo_em_palavras(self, mensagem):
        return palavras_do_motivo(mensagem.motivo)

    @admin.display(description="conteúdo")
    def conteudo(self, mensagem):
        """What leaves, once it was composed; an e-mail is shown without its layout."""
        if not mensagem.contexto:
            return "Ainda não composta."
        try:
            if mensagem.canal == Canal.SMS:
                return composicao.sms(mensagem.contexto, mensagem.texto)
            return composicao.preencher(mensagem.texto.corpo, mensagem.contexto["valores"])
        except KeyError:
            return "Contexto incompleto."

    def buscar(self, queryset, termo):
        onde = Q(chave=termo) | (COM_ID_EXTERNO & Q(id_externo=termo))
        if numero := inteiro(termo):
            onde |= Q(pk=numero) | Q(origem__in=fontes.origens(), objeto_id=numero)
        return queryset.filter(onde)

    def has_decidir_permission(self, request):
        return request.user.has_perm("mensageria.change_mensagem")

    @admin.action(description="Reenviar (falhas e incertas)", permissions=["decidir"])
    def reenviar(self, request, queryset):
        def aplicar(ids, dados):
            return decisoes.reenviar(ids, usuario=request.user, motivo=dados["motivo"], agora=timezone.now())

        return self._decidir(request, queryset, Decisao, aplicar, "Reenviar mensagens", "de volta à fila")

    @admin.action(description="Resolver incertas", permissions=["decidir"])
    def resolver_incertas(self, request, queryset):
        def aplicar(ids, dados):
            return decisoes.resolver_incertas(
                ids, como=dados["como"], usuario=request.user, motivo=dados["motivo"], agora=timezone.now()
            )

        return self._decidir(
            request, queryset, DecisaoSobreIncertas, aplicar, "Resolver mensagens incertas", "resolvida(s)"
        )

    @admin.action(description="Cancelar (pendentes e incertas)", permissions=["decidir"])
    def cancelar(self, request, queryset):
        def aplicar(ids, dados):
            return decisoes.cancelar(ids, usuario=request.user, motivo=dados["motivo"])

        return self._decidir(request, queryset, Decisao, aplicar, "Cancelar mensagens", "cancelada(s)")

    def _decidir(
        self, request, queryset, formulario: type[Decisao], aplicar: Callable, titulo: str, feito: str
    ) -> TemplateResponse | None:
        """Ask the reason, then decide. None sends back to the list, with how many were reached."""
        if not self.has_decidir_permission(request):
            raise PermissionDenied
        ids = list(queryset.order_by().values_list("pk", flat=True)[: LIMITE_DE_DECISAO + 1])
        if len(ids) > LIMITE_DE_DECISAO:
            self.message_user(request, "Decida no máximo 10.000 mensagens de cada vez.", messages.ERROR)
            return None
        form = formulario(request.POST if "decidir" in request.POST else None)
        if form.is_valid():
            with transaction.atomic():
                quantas = aplicar(ids, form.cleaned_data)
                if quantas:
                    em_massa(request.user, Mensagem, f"{titulo}: {form.cleaned_data['motivo']}", quantas)
            self._contar(request, quantas, len(ids), feito)
            return None
        contexto = {
            **self.admin_site.each_context(request),
            "title": titulo,
            "opts": self.opts,
            "form": form,
            "total": len(ids),
            "mensagens": queryset[:20],
            "acao": request.POST["action"],
            "selecionadas": request.POST.getlist(ACTION_CHECKBOX_NAME),
            "nome_da_selecao": ACTION_CHECKBOX_NAME,
            "de_todas": request.POST.get("select_across", "0"),
        }
        return TemplateResponse(request, "admin/mensageria/mensagem/decidir.html", contexto)

    def _contar(self, request, quantas: int, total: int, feito: str) -> None:
        self.message_user(request, f"Mensagens: {quantas} {feito}.", messages.SUCCESS if quantas else messages.WARNING)
        if sobraram := total - quantas:
            self.message_user(
                request, f"Mensagens: {sobraram} ficaram como estavam; a sua situação não permite.", messages.WARNING
            )


@admin.register(TentativaEnvio)
class TentativaEnvioAdmin(TabelaGrande, SoLeitura):
    list_display = [
        "id",
        "mensagem_id",
        "numero",
        curto("momento", "momento"),
        "servico",
        "destino",
        "classe",
        "codigo",
    ]
    list_filter = ["classe"]
    search_help_text = "Número da mensagem"

    def buscar(self, queryset, termo):
        return queryset.filter(mensagem=numero) if (numero := inteiro(termo)) else queryset.none()


@admin.register(NaoGerada)
class NaoGeradaAdmin(TabelaGrande, SoLeitura):
    list_display = ["id", origem_em_palavras, "objeto_id", "canal", "localidade", "motivo_em_palavras"]
    list_filter = [OrigemFilter, "canal", NaoGeradaFilter]
    list_select_related = ["localidade"]
    search_help_text = "Identificação da execução"
    fields = ["execucao", "origem", "unidade", "objeto_id", "canal", "localidade", "motivo_em_palavras"]

    @admin.display(description="motivo")
    def motivo_em_palavras(self, nao_gerada):
        return palavras_de_nao_gerar(nao_gerada.origem, nao_gerada.motivo)

    def buscar(self, queryset, termo):
        achadas = _por_execucao(queryset, termo)
        return queryset.none() if achadas is None else achadas
