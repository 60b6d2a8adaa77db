"""What every form of the screens is made of: GSAN's words for what is missing, and a warning when two edit the same."""

import hashlib
import json
from collections.abc import Iterable
from typing import Any

from crispy_forms.helper import FormHelper
from django import forms
from django.core.exceptions import ValidationError
from django.db import models
from django.db.models.fields import BLANK_CHOICE_DASH
from django.utils import timezone
from django.utils.formats import date_format

from telas import registro


class Base:
    """Mixin of forms: drawn by crispy inside a form tag of ours; a required field asks for itself by its label."""

    @property
    def helper(self) -> FormHelper:
        ajudante = FormHelper(self)
        ajudante.form_tag = False
        ajudante.disable_csrf = True
        ajudante.form_show_errors = True
        self.desenhar(ajudante)
        return ajudante

    @property
    def de_novo(self) -> str:
        """What was informed and no page brings back, a password or a file, in words; empty when there is nothing."""
        perdidos = [
            str(campo.label).lower()
            for nome, campo in self.fields.items()
            if isinstance(campo.widget, forms.PasswordInput | forms.FileInput)
            and campo.widget.value_from_datadict(self.data, self.files, self.add_prefix(nome))
        ]
        return " e ".join(perdidos)

    def desenhar(self, ajudante: FormHelper) -> None:
        """Where a form gives its layout."""

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        for campo in self.fields.values():
            if getattr(campo, "empty_label", None) == BLANK_CHOICE_DASH[0][1]:
                campo.empty_label = "Selecione" if campo.required else "–"
            if campo.error_messages.get("required") == forms.Field.default_error_messages["required"]:
                campo.error_messages["required"] = f"Informe {campo.label}."


class Formulario(Base, forms.Form):
    pass


class _Visto(forms.CharField):
    """It speaks of the form, and is nothing that somebody changes."""

    widget = forms.HiddenInput

    def has_changed(self, initial, data):
        return False


class ComVisto(forms.ModelForm):
    """A form over one row. When somebody else changed the row since the form was opened, it says so and saves nothing.

    Load the row with `select_for_update` in the transaction that saves it. Submitting once more overwrites.
    """

    visto = _Visto(required=False)

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self._atual = retrato(self.instance, self.fields)
        self.initial["visto"] = json.dumps(self._atual)

    def clean(self):
        dados = super().clean()
        if self.instance.pk and self.is_bound:
            self._conferir_se_mudou()
        return dados

    def _conferir_se_mudou(self) -> None:
        visto = _lido(self.data.get(self.add_prefix("visto"), ""))
        a_ver = [nome for nome in self._atual if nome in visto and nome in self.fields]
        mudaram = [nome for nome in a_ver if visto[nome] != self._atual[nome]]
        if not mudaram:
            return
        self.data = self.data.copy()
        self.data[self.add_prefix("visto")] = json.dumps(self._atual)
        for nome in mudaram:
            if self._intocado(nome, visto[nome]):
                trazer(self, nome, self.initial.get(nome))
        campos = ", ".join(f"{self.fields[nome].label} (agora: {self._mostrar(nome)})" for nome in mudaram)
        raise ValidationError(
            f"{quem_mudou(self.instance)} enquanto você editava: {campos}. Nada foi gravado. "
            "O que você não mexeu já está atualizado abaixo; ao confirmar de novo, vale o que está nesta tela."
        )

    def _intocado(self, nome: str, visto: str) -> bool:
        """Whether what was sent is what the form had shown."""
        valor = self.cleaned_data.get(nome)
        return nome in self.cleaned_data and resumo(getattr(valor, "pk", valor)) == visto

    def _mostrar(self, nome: str) -> str:
        campo = self.fields[nome]
        valor = self.initial.get(nome)
        if isinstance(valor, bool):
            return "Sim" if valor else "Não"
        if valor in (None, "", []):
            return "vazio"
        if isinstance(campo, forms.ModelChoiceField):
            return str(getattr(self.instance, nome))
        if escolhas := dict(getattr(campo, "choices", ())):
            varios = valor if isinstance(valor, list) else [valor]
            return ", ".join(str(escolhas.get(um, um)) for um in varios)
        texto = str(campo.prepare_value(valor))
        return texto if len(texto) <= 60 else f"{texto[:60]}…"


class FormularioDeModelo(Base, ComVisto):
    pass


def trazer(form: forms.BaseForm, nome: str, valor) -> None:
    """Put in a form that was sent, whose data is a copy, what is stored now."""
    campo, chave = form.fields[nome], form.add_prefix(nome)
    if isinstance(campo.widget, forms.CheckboxInput) and not valor:
        form.data.pop(chave, None)
    elif getattr(campo.widget, "allow_multiple_selected", False):
        form.data.setlist(chave, valor or [])
    else:
        form.data[chave] = "" if valor is None else campo.prepare_value(valor)


def juntar(form: forms.BaseForm, palavras: str, visto: dict[str, Any], atual: dict[str, Any]) -> None:
    """Tell a form that was sent, and is valid, of another version stored since it was opened; `palavras` say whose.

    Fields left as they were shown get what is stored now. `visto` and `atual`: what each held then, and holds now.
    """
    form.data = form.data.copy()
    mudaram = [nome for nome in atual if nome in visto and _dito(visto[nome]) != _dito(atual[nome])]
    for nome in mudaram:
        if _dito(form.cleaned_data[nome]) == _dito(visto[nome]):
            trazer(form, nome, atual[nome])
    quais = ", ".join(str(form.fields[nome].label) for nome in mudaram)
    trazido = f"Mudou: {quais}. O que você não mexeu já está atualizado abaixo. " if mudaram else ""
    form.add_error(
        None,
        f"{palavras} depois que você abriu esta tela. {trazido}Nada foi gravado. "
        "Ao gravar de novo, vale o que está nesta tela.",
    )


def _dito(valor):
    """As a form compares it: browsers end lines in their own way, and choices have no order."""
    if isinstance(valor, str):
        return "\n".join(valor.splitlines()).strip()
    return sorted(valor) if isinstance(valor, list) else valor


def retrato(objeto: models.Model, nomes: Iterable[str]) -> dict[str, str]:
    """What a row holds in the fields of these names, in few characters each, to tell later whether it changed.

    Of a secret not even a digest: it would leave with the page.
    """
    if objeto.pk is None:
        return {}
    do_modelo = {campo.name: campo for campo in (*objeto._meta.concrete_fields, *objeto._meta.many_to_many)}
    campos = [do_modelo[nome] for nome in nomes if nome in do_modelo]
    return {
        campo.name: resumo(campo.value_from_object(objeto)) for campo in campos if not getattr(campo, "secreto", False)
    }


def resumo(valor) -> str:
    return hashlib.sha256(repr(valor).encode()).hexdigest()[:12]


def quem_mudou(objeto: models.Model) -> str:
    """ "maria alterou este registro (…)", or without a name when the change is not in the audit."""
    ultima = registro.ultima_entrada(objeto)
    if ultima is None:
        return "Este registro foi alterado"
    quando = date_format(timezone.localtime(ultima.momento), "d/m/Y H:i")
    quem = "O sistema" if ultima.quem == "sistema" else ultima.quem
    return f"{quem} alterou este registro ({quando})"


def _lido(texto: str) -> dict[str, Any]:
    try:
        lido = json.loads(texto)
    except (ValueError, RecursionError):
        return {}
    return lido if isinstance(lido, dict) else {}
