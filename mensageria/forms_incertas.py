"""What is chosen among the uncertain messages, and what is decided about them."""

from collections.abc import Iterable

from django import forms
from django.contrib.humanize.templatetags.humanize import intcomma
from django.core.validators import MaxValueValidator, MinValueValidator

from mensageria import decisoes
from mensageria.decisoes import Fila, Vistas
from mensageria.forms import Decisao
from telas.formularios import Formulario
from telas.paginacao import TAMANHOS

MAIOR = 2**63 - 1


class FiltroDeIncertas(Formulario):
    """Always of one origin: the first that waits, unless another is asked for."""

    def __init__(self, dados, *, filas: list[Fila]):
        super().__init__(dados)
        self._filas = {fila.origem: fila for fila in filas}
        grupos = [
            ("Aguardam decisão", [_opcao(fila) for fila in filas if fila.espera]),
            ("Ficam incertas por decisão", [_opcao(fila) for fila in filas if not fila.espera]),
        ]
        opcoes = [(titulo, suas) for titulo, suas in grupos if suas]
        self.fields["origem"] = forms.ChoiceField(label="Origem", required=False, choices=opcoes)
        if not self.data.get("origem") and filas:
            self.data = self.data.copy()
            self.data["origem"] = next((fila for fila in filas if fila.espera and fila.quantas), filas[0]).origem

    @property
    def fila(self) -> Fila | None:
        """None while what is asked for does not exist."""
        return self._filas.get(self.cleaned_data["origem"]) if self.is_valid() else None


def _opcao(fila: Fila) -> tuple[str, str]:
    quantas = f"mais de {intcomma(decisoes.LIMITE)}" if fila.quantas > decisoes.LIMITE else intcomma(fila.quantas)
    return fila.origem, f"{fila.nome}: {quantas}"


class _Numeros(forms.Field):
    """The boxes that were ticked on one page."""

    widget = forms.MultipleHiddenInput

    def to_python(self, valores: Iterable[str]) -> tuple[int, ...]:
        numeros = [int(valor) for valor in valores or () if valor.isascii() and valor.isdigit() and len(valor) < 19]
        return tuple(dict.fromkeys(numeros))[: max(TAMANHOS)]


def _numero() -> forms.IntegerField:
    limites = [MinValueValidator(0), MaxValueValidator(MAIOR)]
    return forms.IntegerField(widget=forms.HiddenInput, validators=limites)


class DecisaoSobreVistas(Decisao):
    """What was ticked, as it stood before the operator, and what he decides."""

    decisao = forms.TypedChoiceField(
        choices=decisoes.Decisao.choices, coerce=decisoes.Decisao, widget=forms.HiddenInput
    )
    origem = forms.CharField(max_length=20, widget=forms.HiddenInput)
    quantas, ate, tentativa = _numero(), _numero(), _numero()
    mensagem = _Numeros(required=False)
    todas = forms.BooleanField(required=False, widget=forms.HiddenInput)

    def clean(self):
        dados = super().clean()
        if any(campo.name in self.errors for campo in self.hidden_fields()):
            raise forms.ValidationError("Escolha de novo: a página estava incompleta.")
        if not dados.get("todas") and not dados.get("mensagem"):
            raise forms.ValidationError("Escolha as mensagens, ou todas as da origem.")
        return dados

    def vistas(self) -> Vistas:
        dados = self.cleaned_data
        escolhidas = None if dados["todas"] else dados["mensagem"]
        quantas = min(dados["quantas"], decisoes.LIMITE)
        return Vistas(dados["origem"], quantas, dados["ate"], dados["tentativa"], escolhidas)
