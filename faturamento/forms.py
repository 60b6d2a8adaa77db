"""Forms of the billing screens."""

from contextlib import suppress
from decimal import Decimal

from crispy_forms.layout import Column, Fieldset, Layout, Row
from django import forms

from cadastro.models import Imovel, ParametroSistema
from faturamento.models import ParametroMensagem
from faturamento.parametrizacao import CAMPOS, conferir_referencia
from mensageria.forms_texto import CamposDeTexto
from telas.campos import CampoInteiro, CampoMoeda, CampoReferencia
from telas.formularios import Base

SO_POSITIVOS = "{} deve somente conter números positivos."
VALOR_MINIMO, TENTATIVAS = "Valor mínimo da conta", "Número máximo de tentativas"


class CampoTentativas(CampoInteiro):
    """GSAN's message about what is no number does not have the whole label."""

    def to_python(self, value):
        try:
            return super().to_python(value)
        except forms.ValidationError:
            raise forms.ValidationError(SO_POSITIVOS.format(TENTATIVAS), code="invalid") from None


class FormularioDeParametrizacao(CamposDeTexto, Base, forms.ModelForm):
    """Regras para envio and the texts: each time it is stored it is another version."""

    origem = "faturamento"

    referencia = CampoReferencia(
        label="Referência do Faturamento", help_text="A versão vale desta referência em diante."
    )
    valor_minimo = CampoMoeda(
        label=VALOR_MINIMO,
        min_value=Decimal("0.01"),
        error_messages=dict.fromkeys(("invalid", "min_value"), SO_POSITIVOS.format(VALOR_MINIMO)),
    )
    categorias = forms.TypedMultipleChoiceField(
        label="Categoria do imóvel",
        coerce=int,
        choices=Imovel.Categoria.choices,
        widget=forms.CheckboxSelectMultiple,
    )
    dias_antes = CampoInteiro(
        digitos=2,
        required=False,
        label="Quantidade de dias antes do vencimento",
        help_text="Vazia: a mensagem sai no dia do vencimento.",
    )
    tentativas_email = CampoTentativas(
        digitos=2,
        min_value=1,
        label="Número máximo de tentativas para E-MAIL",
        error_messages={"min_value": SO_POSITIVOS.format(TENTATIVAS)},
    )
    vista = forms.IntegerField(required=False, widget=forms.HiddenInput)

    # The order in which GSAN checks, and the summary of errors tells.
    field_order = (
        "referencia",
        "valor_minimo",
        "categorias",
        "dias_antes",
        "texto_sms",
        "texto_email",
        "tentativas_email",
        "assunto",
    )

    class Meta:
        model = ParametroMensagem
        fields = CAMPOS

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.fields["referencia"].error_messages["required"] = "Ano mês de referência inválido."

    def desenhar(self, ajudante):
        ajudante.layout = Layout(
            Fieldset(
                "Regras para envio",
                Row(
                    Column("referencia", css_class="col-md-4"),
                    Column("valor_minimo", css_class="col-md-4"),
                    Column("categorias", css_class="col-md-4"),
                ),
                Row(
                    Column("dias_antes", css_class="col-md-6"),
                    Column("tentativas_email", css_class="col-md-6"),
                ),
            )
        )

    def _post_clean(self):
        super()._post_clean()
        if "categorias" in self._errors:
            del self._errors["categorias"].data[1:]  # the model asks for them in the same words

    def clean_referencia(self) -> int:
        with suppress(ParametroSistema.DoesNotExist):  # the model says it, for the whole form
            conferir_referencia(self.cleaned_data["referencia"])
        return self.cleaned_data["referencia"]

    @property
    def textos(self) -> dict[str, str]:
        return {campo: self.cleaned_data[campo] for campo in ("texto_sms", "texto_email")}
