"""Forms of the collection screens."""

from crispy_forms.layout import Column, Field, Fieldset, Layout, Row
from django import forms
from django.db.models import Q
from django.http import QueryDict
from django.utils import timezone

from cadastro.models import Localidade
from cobranca.models import AcaoCobranca, ComandoAcao, CriterioCobranca, TipoServico
from mensageria.forms_texto import CamposDeTexto
from telas.campos import CampoData, CampoInteiro, CampoSimNao
from telas.formularios import Base, Formulario, FormularioDeModelo

TODAS, SIM, NAO = "", "sim", "nao"


def _sim_nao(label: str, **mais) -> CampoSimNao:
    return CampoSimNao(label=label, initial=False, **mais)


def _numero(label: str, digitos: int, **mais) -> CampoInteiro:
    """A number from 1 on."""
    palavras = {"min_value": f"{label} deve somente conter números positivos."}
    return CampoInteiro(label=label, digitos=digitos, min_value=1, error_messages=palavras, **mais)


def _coluna(campo: str, largura: int = 4) -> Column:
    return Column(campo, css_class=f"col-md-{largura}")


def _lado_a_lado(campo: str) -> Column:
    return Column(Field(campo, wrapper_class="lado-a-lado"), css_class="col-md-4")


class FormularioDeAcao(CamposDeTexto, FormularioDeModelo):
    """An action with its message; `data-vale-se` says on what a field depends, for acao.js."""

    origem = "cobranca"

    descricao = forms.CharField(
        label="Descrição da Ação de Cobrança",
        max_length=40,
        error_messages={"unique": "Já existe uma ação de cobrança com esta descrição."},
    )
    dias_de_validade = _numero("Número de Dias de Validade da Ação", 4)
    predecessora = forms.ModelChoiceField(AcaoCobranca.objects.none(), label="Ação Predecessora", required=False)
    dias_da_predecessora = CampoInteiro(
        digitos=4, required=False, label="Número de Dias entre a Ação e sua Predecessora"
    )
    predecessora_alternativa = forms.ModelChoiceField(
        AcaoCobranca.objects.none(), label="Ação Predecessora Alternativa", required=False
    )
    tipo_documento = _numero("Tipo de Documento a ser Gerado", 2, help_text="Código do tipo, de 1 a 99.")
    criterio = forms.ModelChoiceField(
        CriterioCobranca.objects,
        label="Critério de Cobrança",
        error_messages={"invalid_choice": "Critério de Cobrança inexistente."},
    )
    tipo_servico = forms.ModelChoiceField(
        TipoServico.objects,
        label="Tipo de Serviço da Ordem de Serviço a ser Gerada",
        required=False,
        error_messages={"invalid_choice": "Tipo de Serviço inexistente."},
    )
    compoe_cronograma = _sim_nao("Compõe o Cronograma")
    ordem_cronograma = CampoInteiro(digitos=4, required=False, label="Ordem no Cronograma")
    considera_debitos = _sim_nao("Considera Débitos a Cobrar")
    por_sms = _sim_nao("Por SMS")
    por_email = _sim_nao("Por Email")
    tentativas_email = CampoInteiro(digitos=2, required=False, label="Número máximo de tentativas de envio para EMAIL")
    ativa = CampoSimNao(label="Indicador de Uso", choices=[("True", "Ativo"), ("False", "Inativo")])

    DEPENDEM = {
        "ordem_cronograma": "compoe_cronograma",
        "dias_da_predecessora": "predecessora",
        "tentativas_email": "por_email",
        "texto_sms": "por_sms",
        "transliterar": "por_sms",
        "assunto": "por_email",
        "texto_email": "por_email",
    }

    class Meta:
        model = AcaoCobranca
        fields = (
            "descricao",
            "dias_de_validade",
            "predecessora",
            "dias_da_predecessora",
            "predecessora_alternativa",
            "tipo_documento",
            "criterio",
            "tipo_servico",
            "compoe_cronograma",
            "ordem_cronograma",
            "considera_debitos",
            "ativa",
            "por_sms",
            "por_email",
            "tentativas_email",
            "texto_sms",
            "transliterar",
            "assunto",
            "texto_email",
        )

    field_order = Meta.fields

    @classmethod
    def digitado(cls, digitado: QueryDict, instancia: AcaoCobranca) -> "FormularioDeAcao":
        """The form with what was typed, not checked."""
        form = cls(initial=digitado.dict() | {"transliterar": "transliterar" in digitado}, instance=instancia)
        form.initial["visto"] = digitado.get("visto", "")
        return form

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        for campo, de in self.DEPENDEM.items():
            self.fields[campo].widget.attrs["data-vale-se"] = de
        for campo in ("texto_sms", "assunto", "texto_email"):  # asked for by the rules, when the channel is on
            self.fields[campo].required = False
        if self.instance.pk is None:
            del self.fields["ativa"]
        atuais = (self.instance.predecessora_id, self.instance.predecessora_alternativa_id)
        outras = AcaoCobranca.objects.filter(Q(ativa=True) | Q(pk__in=[pk for pk in atuais if pk]))
        for campo in ("predecessora", "predecessora_alternativa"):
            self.fields[campo].queryset = outras.exclude(pk=self.instance.pk)

    def desenhar(self, ajudante):
        ajudante.render_hidden_fields = True
        ajudante.layout = Layout(
            Fieldset(
                "Ação de cobrança",
                Row(_coluna("descricao", 8), _coluna("dias_de_validade")),
                Row(_coluna("tipo_documento"), _coluna("criterio"), _coluna("tipo_servico")),
                Row(
                    _lado_a_lado("considera_debitos"),
                    *([_lado_a_lado("ativa")] if "ativa" in self.fields else []),
                ),
            ),
            Fieldset(
                "Sequência",
                Row(_lado_a_lado("compoe_cronograma"), _coluna("ordem_cronograma")),
                Row(_coluna("predecessora"), _coluna("dias_da_predecessora"), _coluna("predecessora_alternativa")),
            ),
            Fieldset(
                "Enviar mensagem",
                Row(_lado_a_lado("por_sms"), _lado_a_lado("por_email"), _coluna("tentativas_email")),
            ),
        )

    @property
    def textos(self) -> dict[str, str]:
        """The texts of the channels that are on."""
        ligados = {"texto_sms": "por_sms", "texto_email": "por_email"}
        return {campo: self.cleaned_data[campo] for campo, canal in ligados.items() if self.cleaned_data[canal]}


class FiltroDeAcoes(Formulario):
    """Which actions the list shows."""

    DA_MENSAGEM = {"sms": {"por_sms": True}, "email": {"por_email": True}, NAO: {"por_sms": False, "por_email": False}}

    descricao = forms.CharField(label="Descrição", required=False, max_length=40)
    mensagem = forms.ChoiceField(
        label="Envia mensagem",
        required=False,
        choices=[(TODAS, "Todas"), ("sms", "Por SMS"), ("email", "Por Email"), (NAO, "Não envia")],
    )
    ativa = forms.ChoiceField(
        label="Situação", required=False, choices=[(TODAS, "Todas"), (SIM, "Ativas"), (NAO, "Inativas")]
    )

    def filtrar(self, acoes):
        """What the valid fields ask for; one that is not valid filters nothing."""
        self.full_clean()
        dados = self.cleaned_data
        if descricao := dados.get("descricao"):
            acoes = acoes.filter(descricao__icontains=descricao)
        if mensagem := dados.get("mensagem"):
            acoes = acoes.filter(**self.DA_MENSAGEM[mensagem])
        if ativa := dados.get("ativa"):
            acoes = acoes.filter(ativa=ativa == SIM)
        return acoes


class FormularioDeComando(Base, forms.ModelForm):
    titulo = forms.CharField(label="Título", max_length=60)
    acao = forms.ModelChoiceField(AcaoCobranca.objects.filter(ativa=True), label="Ação de Cobrança")
    localidade = forms.ModelChoiceField(Localidade.objects, label="Localidade", required=False, empty_label="Todas")
    enviar_a_partir_de = CampoData(
        label="Enviar a partir de",
        required=False,
        help_text="Vazia: as mensagens saem assim que o processo 336 as gerar.",
    )

    class Meta:
        model = ComandoAcao
        fields = ("titulo", "acao", "localidade", "enviar_a_partir_de")

    def clean_enviar_a_partir_de(self):
        dia = self.cleaned_data["enviar_a_partir_de"]
        if dia and dia < timezone.localdate():
            raise forms.ValidationError("Enviar a partir de não pode ser um dia que já passou.")
        return dia
