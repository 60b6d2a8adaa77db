"""What is typed to find a document of a comando, or who got none."""

from django import forms

from cadastro.digitos import MAIOR_MATRICULA, matricula_valida
from cobranca.models import ImovelSemDocumento
from telas.formularios import Formulario


class _PorMatricula(Formulario):
    matricula = forms.CharField(
        label="Matrícula do imóvel",
        required=False,
        max_length=12,
        widget=forms.TextInput(attrs={"inputmode": "numeric"}),
    )

    def clean_matricula(self) -> int | None:
        texto = self.cleaned_data["matricula"].replace(".", "").strip()
        if not texto:
            return None
        algarismos = texto.isascii() and texto.isdigit() and len(texto) <= len(str(MAIOR_MATRICULA))
        if not (algarismos and matricula_valida(int(texto))):
            raise forms.ValidationError("Matrícula inválida.")
        return int(texto)

    def filtrar(self, linhas):
        """What the valid fields ask for; a matrícula that is none finds nothing."""
        self.full_clean()
        if "matricula" in self.errors:
            return linhas.none()
        matricula = self.cleaned_data.get("matricula")
        return linhas.filter(imovel=matricula) if matricula else linhas


class FiltroDeDocumentos(_PorMatricula):
    FORMAS = {"ficha": False, "arrecadacao": True}

    forma = forms.ChoiceField(
        label="Forma",
        required=False,
        choices=[("", "Todas"), ("ficha", "Ficha de compensação"), ("arrecadacao", "Código de arrecadação")],
    )

    def filtrar(self, linhas):
        documentos = super().filtrar(linhas)
        if forma := self.cleaned_data.get("forma"):
            documentos = documentos.filter(nosso_numero__isnull=self.FORMAS[forma])
        return documentos


class FiltroDeSemDocumento(_PorMatricula):
    motivo = forms.TypedChoiceField(
        label="Motivo",
        required=False,
        coerce=int,
        empty_value=None,
        choices=[("", "Todos"), *ImovelSemDocumento.Motivo.choices],
    )

    def filtrar(self, linhas):
        imoveis = super().filtrar(linhas)
        motivo = self.cleaned_data.get("motivo")
        return imoveis.filter(motivo=motivo) if motivo else imoveis
