"""The form of a Layout."""

from django import forms
from django.core.validators import RegexValidator

from mensageria.forms_texto import CamposDeEmail
from mensageria.textos import conferir_texto
from preventivo.fonte import DADOS_PREVENTIVO, ORIGEM
from preventivo.models import Layout
from telas.formularios import Base

CAMPO_COR = Layout._meta.get_field("cor")
MENOR_CONTRASTE = 3  # of the white title, which is large and bold


class FormularioDeLayout(CamposDeEmail, Base, forms.Form):
    """Each time it is stored it is another version. `vista` is the version in force that its author saw."""

    origem = ORIGEM

    cor = forms.CharField(
        label="Cor do cabeçalho",
        initial=CAMPO_COR.default,
        max_length=7,
        widget=forms.TextInput(attrs={"type": "color", "class": "form-control-color"}),
        validators=[v for v in CAMPO_COR.validators if isinstance(v, RegexValidator)],
    )
    vista = forms.IntegerField(required=False, widget=forms.HiddenInput)

    field_order = ("assunto", "texto_email", "cor", "vista")

    @classmethod
    def de(cls, layout: Layout | None, vista: Layout | None) -> "FormularioDeLayout":
        """With what a version says, over the one in force."""
        return cls(initial=cls.valores(layout) | {"vista": vista.pk if vista else None})

    @staticmethod
    def valores(layout: Layout | None) -> dict[str, str]:
        """What the fields of a version hold."""
        return {"assunto": layout.assunto, "texto_email": layout.corpo, "cor": layout.cor} if layout else {}

    def clean_assunto(self) -> str:
        return self._conferido("assunto", self.cleaned_data["assunto"])

    def clean_texto_email(self) -> str:
        return self._conferido("E-MAIL", super().clean_texto_email())

    def _conferido(self, nome: str, texto: str) -> str:
        if problemas := conferir_texto(nome, texto, DADOS_PREVENTIVO):
            raise forms.ValidationError(problemas)
        return texto

    def clean_cor(self) -> str:
        cor = self.cleaned_data["cor"].lower()
        if contraste_com_branco(cor) < MENOR_CONTRASTE:
            raise forms.ValidationError("A cor é clara demais: o título, em branco, não seria lido sobre ela.")
        return cor


def contraste_com_branco(cor: str) -> float:
    """The contrast of WCAG between white and a colour such as #0b5c8a, from 1 to 21."""
    canais = [int(cor[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    lineares = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in canais]
    return 1.05 / (sum(peso * c for peso, c in zip((0.2126, 0.7152, 0.0722), lineares, strict=True)) + 0.05)


def cor_valida(texto: str) -> str:
    """What was typed as a colour, or the usual one when it is none: it goes into a style."""
    try:
        for validar in CAMPO_COR.validators:
            validar(texto)
    except forms.ValidationError:
        return CAMPO_COR.default
    return texto
