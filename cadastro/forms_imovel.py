"""The forms of what customers are of the imóveis, and of Consultar Imóvel."""

import re
from datetime import date

from crispy_forms.layout import Layout
from django import forms
from django.core.exceptions import NON_FIELD_ERRORS, ValidationError
from django.db.models import QuerySet

from cadastro.forms import lado_a_lado, ler_matricula
from cadastro.models import ClienteImovel, Imovel, Quadra, Relacao, VinculoQuerySet
from telas.campos import CampoDia
from telas.formularios import Formulario, FormularioDeModelo


class CampoImovel(forms.CharField):
    """An imóvel by its matrícula, with the point or without it."""

    def __init__(self, **opcoes):
        super().__init__(**{"max_length": 20, "widget": forms.TextInput(attrs={"inputmode": "decimal"})} | opcoes)

    def clean(self, value):
        digitada = super().clean(value)
        matricula = ler_matricula(digitada) if digitada else None
        imovel = Imovel.objects.filter(pk=matricula).first() if matricula else None
        if digitada and imovel is None:
            raise ValidationError("Imóvel inexistente.")
        return imovel


class FiltroDeVinculos(Formulario):
    """Which imóveis of a customer are listed."""

    situacao = forms.ChoiceField(
        label="Vínculos", required=False, choices=[("", "Atuais"), ("todos", "Todos, também os encerrados")]
    )
    matricula = forms.CharField(label="Matrícula", max_length=20, required=False)

    def clean_matricula(self):
        return ler_matricula(self.cleaned_data["matricula"])

    def filtrar(self, vinculos: VinculoQuerySet, hoje: date) -> VinculoQuerySet:
        """Those asked for; none while what is asked cannot be right."""
        if not self.is_valid():
            return vinculos.none()
        if not self.cleaned_data["situacao"]:
            vinculos = vinculos.em_vigor(hoje)
        matricula = self.cleaned_data["matricula"]
        return vinculos.filter(imovel=matricula) if matricula else vinculos


class FormularioDeVinculo(FormularioDeModelo):
    """A new relation of a customer with an imóvel."""

    imovel = CampoImovel(label="Matrícula do Imóvel")
    inicio = CampoDia(label="Data de Início")
    fim = CampoDia(label="Data de Fim", required=False, help_text="Vazia enquanto o vínculo vale.")

    class Meta:
        model = ClienteImovel
        fields = ("imovel", "relacao", "inicio", "fim")
        labels = {"relacao": "Relação"}
        error_messages = {NON_FIELD_ERRORS: {"unique_together": "O cliente já tem esta relação desde este dia."}}

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.fields["relacao"].choices = [("", "Selecione"), *Relacao.choices]

    def _get_validation_exclusions(self):
        return super()._get_validation_exclusions() - {"cliente"}  # not asked, and part of what may not repeat

    def desenhar(self, ajudante):
        ajudante.layout = Layout(
            "visto", lado_a_lado(("imovel", "4"), ("relacao", "4")), lado_a_lado(("inicio", "4"), ("fim", "4"))
        )


class FormularioDeFimDeVinculo(FormularioDeModelo):
    """The end of a relation; it may be corrected too."""

    fim = CampoDia(label="Data de Fim", help_text="O primeiro dia em que o vínculo já não vale.")

    class Meta:
        model = ClienteImovel
        fields = ("fim", "motivo_fim")
        labels = {"motivo_fim": "Motivo do Fim"}

    def _get_validation_exclusions(self):
        return super()._get_validation_exclusions() - {"inicio", "imovel", "relacao"}  # the period is judged whole

    def desenhar(self, ajudante):
        ajudante.layout = Layout("visto", lado_a_lado(("fim", "4"), ("motivo_fim", "8")))


# Consultar Imóvel


class FiltroDeImoveis(Formulario):
    """An imóvel by its matrícula, or by its inscrição: the whole one, or its beginning down to the quadra."""

    matricula = forms.CharField(
        label="Matrícula",
        max_length=20,
        required=False,
        widget=forms.TextInput(attrs={"inputmode": "decimal"}),
        help_text="Com o ponto ou sem ele.",
    )
    inscricao = forms.CharField(
        label="Inscrição",
        max_length=25,
        required=False,
        widget=forms.TextInput(attrs={"inputmode": "decimal"}),
        help_text="Localidade.setor.quadra.lote.sublote; o lote e o sublote podem faltar.",
    )

    DA_QUADRA = ("setor__localidade", "setor__codigo", "numero")

    def clean_matricula(self):
        return ler_matricula(self.cleaned_data["matricula"])

    def clean_inscricao(self):
        digitada = self.cleaned_data["inscricao"].strip().rstrip(".")
        partes = digitada.split(".") if digitada else []
        if partes and not all(re.fullmatch("[0-9]{1,4}", parte) for parte in partes):
            raise ValidationError("Inscrição inválida: escreva os números separados por pontos, como 001.002.003.")
        if partes and not 3 <= len(partes) <= 5:
            raise ValidationError("Informe ao menos a localidade, o setor e a quadra, como 001.002.003.")
        return [int(parte) for parte in partes]

    @property
    def pediu(self) -> bool:
        return any(self.data.get(nome, "").strip() for nome in self.fields)

    def consultar(self) -> QuerySet[Imovel]:
        consulta = Imovel.objects.com_largura().select_related("quadra__setor")
        if self.cleaned_data["matricula"] is not None:
            consulta = consulta.filter(pk=self.cleaned_data["matricula"])
        if partes := self.cleaned_data["inscricao"]:
            # The quadra first: an index gives its few imóveis, however many there are elsewhere.
            quadras = Quadra.objects.filter(**dict(zip(self.DA_QUADRA, partes, strict=False)))
            na_quadra = dict(zip(("lote", "sublote"), partes[3:], strict=False))
            consulta = consulta.filter(quadra__in=list(quadras.values_list("pk", flat=True)), **na_quadra)
        return consulta
