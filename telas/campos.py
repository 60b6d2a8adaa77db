"""Form fields as Brazilians write: 1.234,56, 05/2026, 10/11/2026, 14:30:00."""

import re
from datetime import date, time
from decimal import Decimal, InvalidOperation

from django import forms
from django.core.exceptions import ValidationError
from django.forms.utils import flatatt
from django.utils.formats import date_format
from django.utils.html import format_html, format_html_join
from django.utils.safestring import mark_safe

MARCADA = mark_safe(" selected")
ANOS = range(1900, 3000)


def moeda(valor: Decimal) -> str:
    """1234.5 as 1.234,50."""
    return f"{valor:,.2f}".translate(str.maketrans(",.", ".,"))


class EscolhaLonga(forms.Select):
    """A choice among hundreds: Django draws each option with two templates, which took half the time of a page."""

    def render(self, name, value, attrs=None, renderer=None):
        dele = self.get_context(name, value, attrs)["widget"]
        opcoes = (opcao for _, grupo, _ in dele["optgroups"] for opcao in grupo)
        linhas = ((opcao["value"], MARCADA if opcao["selected"] else "", opcao["label"]) for opcao in opcoes)
        desenhadas = format_html_join("", '<option value="{}"{}>{}</option>', linhas)
        return format_html('<select name="{}"{}>{}</select>', dele["name"], flatatt(dele["attrs"]), desenhadas)


class CampoMoeda(forms.DecimalField):
    """Money: "1.234,56", "1234,56" or "1234.56"."""

    ALTO = "O valor é alto demais."
    default_error_messages = {
        "invalid": "Informe um valor em reais, como 1.234,56.",
        "max_digits": ALTO,
        "max_whole_digits": ALTO,
        "max_decimal_places": "O valor tem mais de duas casas depois da vírgula.",
    }

    def __init__(self, **kwargs):
        kwargs.setdefault("max_digits", 11)
        kwargs.setdefault("decimal_places", 2)
        kwargs.setdefault("widget", forms.TextInput(attrs={"inputmode": "decimal", "class": "moeda"}))
        super().__init__(**kwargs)

    def to_python(self, value):
        texto = str(value or "").strip().removeprefix("R$").strip()
        if not texto:
            return None
        if re.fullmatch(r"-?[0-9]{1,3}(\.[0-9]{3})*(,[0-9]*)?|-?[0-9]+(,[0-9]*)?", texto):
            texto = texto.replace(".", "").replace(",", ".")
        elif not re.fullmatch(r"-?[0-9]+\.[0-9]{1,2}", texto):
            raise ValidationError(self.error_messages["invalid"], code="invalid")
        try:
            return Decimal(texto)
        except InvalidOperation:
            raise ValidationError(self.error_messages["invalid"], code="invalid") from None

    def prepare_value(self, value):
        return moeda(value) if isinstance(value, Decimal) else value


class CampoReferencia(forms.Field):
    """MM/AAAA, as the integer AAAAMM."""

    def __init__(self, **kwargs):
        atributos = {"inputmode": "numeric", "placeholder": "mm/aaaa", "data-mascara": "99/9999", "maxlength": "7"}
        kwargs.setdefault("widget", forms.TextInput(attrs=atributos))
        super().__init__(**kwargs)

    def to_python(self, value):
        texto = str(value or "").strip()
        if not texto:
            return None
        partes = re.fullmatch(r"(0[1-9]|1[0-2])/?([1-9][0-9]{3})", texto)
        if not partes:
            raise ValidationError("Ano mês de referência inválido.", code="invalid")
        return int(partes[2] + partes[1])

    def prepare_value(self, value):
        return f"{value % 100:02}/{value // 100}" if isinstance(value, int) else value


class CampoData(forms.DateField):
    """dd/mm/aaaa."""

    default_error_messages = {
        "invalid": "Data inválida: escreva dd/mm/aaaa.",
        "inexistente": "Data inválida: este dia não existe.",
    }

    def __init__(self, **kwargs):
        kwargs.setdefault("input_formats", ["%d/%m/%Y"])
        kwargs.setdefault(
            "widget",
            forms.TextInput(attrs={"inputmode": "numeric", "placeholder": "dd/mm/aaaa", "data-mascara": "99/99/9999"}),
        )
        super().__init__(**kwargs)

    def to_python(self, value):
        try:
            return super().to_python(value)
        except ValidationError:
            if re.fullmatch(r"[0-9]{1,2}/[0-9]{1,2}/[0-9]{4}", str(value).strip()):
                raise ValidationError(self.error_messages["inexistente"], code="inexistente") from None
            raise

    def prepare_value(self, value):
        return date_format(value, "d/m/Y") if isinstance(value, date) else value


class CampoDia(CampoData):
    """A day of something that happens: its moment is one that the database gives back."""

    def to_python(self, value):
        dia = super().to_python(value)
        if dia and dia.year not in ANOS:
            raise ValidationError(f"Informe um ano de {ANOS[0]} a {ANOS[-1]}.", code="ano")
        return dia


class CampoHora(forms.TimeField):
    """hh:mm:ss; the seconds may be left out."""

    default_error_messages = {"invalid": "Hora inválida."}

    def __init__(self, **kwargs):
        kwargs.setdefault("input_formats", ["%H:%M:%S", "%H:%M"])
        kwargs.setdefault(
            "widget",
            forms.TextInput(attrs={"inputmode": "numeric", "placeholder": "hh:mm:ss", "data-mascara": "99:99:99"}),
        )
        super().__init__(**kwargs)

    def prepare_value(self, value):
        return f"{value:%H:%M:%S}" if isinstance(value, time) else value


class CampoInteiro(forms.IntegerField):
    """A whole number of at most `digitos` digits, not negative; any other text gets GSAN's words."""

    def __init__(self, *, digitos: int, **kwargs):
        kwargs.setdefault("widget", forms.TextInput(attrs={"inputmode": "numeric", "size": digitos}))
        self.digitos = digitos
        super().__init__(**kwargs)

    def to_python(self, value):
        texto = str(value if value is not None else "").strip()
        if not texto:
            return None
        if not re.fullmatch("[0-9]+", texto):
            raise ValidationError(f"{self.label} deve somente conter números positivos.", code="invalid")
        if len(texto) > self.digitos:
            raise ValidationError(f"{self.label} tem mais de {self.digitos} dígitos.", code="max_digits")
        return int(texto)


class CampoSimNao(forms.TypedChoiceField):
    """A switch as GSAN shows it: Sim or Não, side by side."""

    def __init__(self, **kwargs):
        kwargs.setdefault("choices", [("True", "Sim"), ("False", "Não")])
        kwargs.setdefault("coerce", lambda valor: valor in (True, "True"))
        kwargs.setdefault("widget", forms.RadioSelect)
        kwargs.setdefault("empty_value", False)
        super().__init__(**kwargs)

    def prepare_value(self, value):
        return str(value) if isinstance(value, bool) else value

    def has_changed(self, initial, data):
        return str(initial) != str(data)
