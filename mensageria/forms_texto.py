"""The fields of a text for SMS and e-mail, in whichever form they stand, and what the buttons SMS and E-MAIL insert."""

from dataclasses import replace

from django import forms
from django.forms.forms import DeclarativeFieldsMetaclass
from django.http import QueryDict

from cadastro.digitos import matricula_valida
from cadastro.telefones import celular_e164, normalizar_telefone
from mensageria import fontes
from mensageria.medida import NOMES, como_se_guarda, medir
from telas.formularios import Formulario

SEM_DADO = "Selecione antes o dado que será incluído no texto"
ALVOS = {"sms": "texto_sms", "email": "texto_email"}  # of the buttons, without JavaScript


def _atributos(campo: str, **mais) -> dict:
    return {"aria-describedby": f"medidor-{campo}", "data-texto": campo, "spellcheck": "true", **mais}


class CamposDeSMS(metaclass=DeclarativeFieldsMetaclass):
    texto_sms = forms.CharField(
        label=NOMES["texto_sms"],
        max_length=300,
        widget=forms.Textarea(attrs=_atributos("texto_sms", rows=4)),
        error_messages={"max_length": "Texto SMS passa de %(limit_value)d caracteres: tem %(show_value)d."},
    )
    transliterar = forms.BooleanField(
        label="Trocar acentos no SMS",
        required=False,
        initial=True,
        help_text="Com acentos a operadora aceita menos posições por SMS.",
    )

    def clean_texto_sms(self) -> str:
        return como_se_guarda(self.cleaned_data["texto_sms"])


class CamposDeEmail(metaclass=DeclarativeFieldsMetaclass):
    """Mixin of forms that hold the text of an e-mail; `origem` says which tags it may have."""

    origem = ""

    assunto = forms.CharField(
        label=NOMES["assunto"], max_length=150, widget=forms.TextInput(attrs=_atributos("assunto"))
    )
    texto_email = forms.CharField(
        label=NOMES["texto_email"],
        max_length=10_000,
        widget=forms.Textarea(attrs=_atributos("texto_email", rows=10)),
        error_messages={"max_length": "Texto E-MAIL passa de %(limit_value)d caracteres: tem %(show_value)d."},
    )

    def clean_texto_email(self) -> str:
        return como_se_guarda(self.cleaned_data["texto_email"])

    @property
    def dados(self):
        return fontes.da_origem(self.origem).dados

    @property
    def medidas(self) -> dict:
        """The meter of each field, for what it holds now; what is already said beside a field is not said twice."""
        trocar = "transliterar" in self.fields and bool(self["transliterar"].value())
        medidas = {
            campo: medir(self.origem, campo, str(self[campo].value() or ""), trocar)
            for campo in NOMES
            if campo in self.fields
        }
        return {campo: replace(m, problemas=[]) if self[campo].errors else m for campo, m in medidas.items()}


class CamposDeTexto(CamposDeEmail, CamposDeSMS):
    """Mixin of forms that hold a text for both channels."""


def pediu_insercao(digitado: QueryDict) -> bool:
    """Whether one of the buttons SMS and E-MAIL sent the form, as they do without JavaScript."""
    return digitado.get("inserir") in ALVOS


def com_dados_inseridos(digitado: QueryDict) -> tuple[QueryDict, str]:
    """What was typed, with the selected tags at the end of the text asked for; or why nothing was inserted."""
    tags = " ".join(digitado.getlist("dados"))
    if not tags:
        return digitado, SEM_DADO
    campo, novo = ALVOS[digitado["inserir"]], digitado.copy()
    texto = novo.get(campo, "")
    novo[campo] = texto + (" " if texto and not texto[-1].isspace() else "") + tags
    return novo, ""


class FormularioDePrevia(Formulario):
    """On which object of an origin a text is shown, and where a test of it goes."""

    matricula = forms.CharField(
        required=False,
        max_length=12,
        widget=forms.TextInput(attrs={"inputmode": "numeric"}),
    )
    celular = forms.CharField(
        label="Celular",
        required=False,
        max_length=30,
        widget=forms.TextInput(attrs={"inputmode": "tel", "autocomplete": "off", "placeholder": "(84) 98765-4321"}),
    )
    email = forms.EmailField(
        label="E-mail",
        required=False,
        widget=forms.EmailInput(attrs={"autocomplete": "off"}),
        error_messages={"invalid": "E-Mail inválido."},
    )

    def __init__(self, *args, origem: str, so: str = "", **kwargs):
        """`so` is the field of the only address that matters, when a test is asked for."""
        super().__init__(*args, **kwargs)
        self._alheio = {"celular": "email", "email": "celular"}.get(so, "")
        if por := fontes.da_origem(origem).exemplo_por:
            self.fields["matricula"].label = por
        else:
            del self.fields["matricula"]

    def clean(self):
        self.errors.pop(self._alheio, None)
        return super().clean()

    @property
    def do_imovel(self) -> int | None:
        """The matrícula of the example, if one was asked for; of a form that was checked."""
        return self.cleaned_data.get("matricula")

    def clean_matricula(self) -> int | None:
        texto = self.cleaned_data["matricula"].replace(".", "").strip()
        if not texto:
            return None
        if not (texto.isascii() and texto.isdigit() and len(texto) <= 9 and matricula_valida(int(texto))):
            raise forms.ValidationError("Matrícula inválida.")
        return int(texto)

    def clean_celular(self) -> str:
        texto = self.cleaned_data["celular"]
        if not texto:
            return ""
        try:
            celular = celular_e164(*normalizar_telefone(texto))
        except ValueError as erro:
            raise forms.ValidationError(str(erro)) from None
        if celular is None:
            raise forms.ValidationError("Informe um celular, que possa receber SMS.")
        return celular
