"""What is typed to find a document of a comando."""

from django import forms

from cadastro.digitos import MAIOR_MATRICULA, matricula_valida
from telas.formularios import Formulario


class FiltroDeDocumentos(Formulario):
    FORMAS = {"ficha": False, "arrecadacao": True}

    matricula = forms.CharField(
        label="Matrícula do imóvel",
        required=False,
        max_length=12,
        widget=forms.TextInput(attrs={"inputmode": "numeric"}),
    )
    forma = forms.ChoiceField(
        label="Forma",
        required=False,
        choices=[("", "Todas"), ("ficha", "Ficha de compensação"), ("arrecadacao", "Código de arrecadação")],
    )

    def clean_matricula(self) -> int | None:
        texto = self.cleaned_data["matricula"].replace(".", "").strip()
        if not texto:
            return None
        algarismos = texto.isascii() and texto.isdigit() and len(texto) <= len(str(MAIOR_MATRICULA))
        if not (algarismos and matricula_valida(int(texto))):
            raise forms.ValidationError("Matrícula inválida.")
        return int(texto)

    def filtrar(self, documentos):
        """What the valid fields ask for; a matrícula that is none finds nothing."""
        self.full_clean()
        if "matricula" in self.errors:
            return documentos.none()
        if matricula := self.cleaned_data.get("matricula"):
            documentos = documentos.filter(imovel=matricula)
        if forma := self.cleaned_data.get("forma"):
            documentos = documentos.filter(nosso_numero__isnull=self.FORMAS[forma])
        return documentos
