"""The forms of the operator's screens of the customers."""

import re
from functools import cached_property

from crispy_forms.layout import Column, Field, Fieldset, Layout, Row
from django import forms
from django.core.exceptions import ValidationError

from cadastro.campos import CampoDocumento
from cadastro.digitos import MAIOR_MATRICULA, matricula_valida
from cadastro.documentos import normalizar_documento
from cadastro.models import Cliente, ClienteFone, ClienteQuerySet, Municipio
from cadastro.nomes import normalizar_nome
from cadastro.telefones import normalizar_telefone
from telas.campos import CampoInteiro, CampoSimNao
from telas.formularios import Formulario, FormularioDeModelo

_PONTUACAO = str.maketrans("", "", " ().-/\N{NO-BREAK SPACE}")


def so_para_ver(formulario: forms.Form) -> None:
    """For whoever may see and not change."""
    for campo in formulario.fields.values():
        campo.disabled = True
        campo.required = False


def _lado_a_lado(*campos: tuple[str, str] | str) -> Row:
    """Fields on one line of a wide screen: a name, or a name and its share of the twelve columns."""
    pares = [(campo, "") if isinstance(campo, str) else campo for campo in campos]
    return Row(*(Column(nome, css_class=f"col-md-{largura}" if largura else "col-md") for nome, largura in pares))


# Customers


class FiltroDeClientes(Formulario):
    """What is asked of the customers; what is filled in is asked together."""

    codigo = CampoInteiro(label="Código", digitos=18, required=False)
    nome = forms.CharField(
        label="Nome", max_length=100, required=False, help_text="O começo do nome, ou palavras dele em qualquer ordem."
    )
    documento = CampoDocumento(label="CPF/CNPJ", required=False)
    matricula = forms.CharField(
        label="Matrícula", max_length=20, required=False, widget=forms.TextInput(attrs={"inputmode": "decimal"})
    )
    telefone = forms.CharField(
        label="Telefone",
        max_length=25,
        required=False,
        widget=forms.TextInput(attrs={"inputmode": "tel"}),
        help_text="Com o DDD ou sem ele.",
    )
    email = forms.EmailField(
        label="E-Mail",
        max_length=254,
        required=False,
        error_messages={"invalid": "E-Mail inválido."},
        help_text="O endereço inteiro.",
    )

    def clean_nome(self):
        nome = self.cleaned_data["nome"]
        if nome and len(normalizar_nome(nome)) < 2:
            raise ValidationError("Informe ao menos 2 letras do nome.")
        return nome

    def clean_documento(self):
        documento = self.cleaned_data["documento"]
        try:
            return documento and normalizar_documento(documento)
        except ValueError as erro:
            raise ValidationError(str(erro)) from None

    def clean_matricula(self):
        digitos = self.cleaned_data["matricula"].translate(_PONTUACAO)
        if not digitos:
            return None
        if not re.fullmatch(r"[0-9]+", digitos):
            raise ValidationError("Matrícula deve somente conter números positivos.")
        if int(digitos) > MAIOR_MATRICULA or not matricula_valida(int(digitos)):
            raise ValidationError("Matrícula inválida: o dígito não confere.")
        return int(digitos)

    def clean_telefone(self):
        telefone = self.cleaned_data["telefone"]
        if not telefone:
            return ""
        try:
            return "".join(normalizar_telefone(telefone))
        except ValueError:
            digitos = telefone.translate(_PONTUACAO)
        if not re.fullmatch(r"[0-9]{7,11}", digitos):
            raise ValidationError("Telefone inválido: informe o número, de 7 a 9 dígitos, com o DDD ou sem ele.")
        return digitos

    @property
    def pediu(self) -> bool:
        """Whether something was asked, right or wrong."""
        return any(self.data.get(nome, "").strip() for nome in self.fields)

    def consultar(self) -> ClienteQuerySet:
        dados = self.cleaned_data
        consulta = Cliente.objects.all()
        if dados["codigo"] is not None:
            consulta = consulta.filter(pk=dados["codigo"])
        for nome in ("nome", "documento", "matricula", "telefone", "email"):
            if dados[nome]:
                consulta = getattr(consulta, f"por_{nome}")(dados[nome])
        return consulta


class FormularioDeCliente(FormularioDeModelo):
    """Aba Nome e Tipo."""

    por_sms = CampoSimNao(label="Por SMS")
    por_email = CampoSimNao(label="Por Email")
    ativo = CampoSimNao(label="Ativo")

    class Meta:
        model = Cliente
        fields = ["nome", "documento", "email", "por_sms", "por_email", "ativo"]
        labels = {"nome": "Nome", "documento": "CPF/CNPJ", "email": "E-Mail"}
        help_texts = {"documento": "Com a máscara ou sem ela; o CNPJ pode ter letras."}
        error_messages = {"email": {"invalid": "E-Mail inválido."}}

    def clean_nome(self):
        nome = " ".join(self.cleaned_data["nome"].split())
        if not nome:
            raise ValidationError("Informe Nome.")
        return nome

    def desenhar(self, ajudante):
        ajudante.layout = Layout(
            "visto",
            Fieldset("Nome e Tipo", _lado_a_lado(("nome", "8"), ("documento", "4"))),
            Fieldset(
                "Mensagens",
                _lado_a_lado(("email", "8")),
                Row(
                    *(
                        Column(Field(nome, wrapper_class="lado-a-lado"), css_class="col-md-4")
                        for nome in ("por_sms", "por_email", "ativo")
                    )
                ),
            ),
        )


# Phones


class FormularioDeTelefone(Formulario):
    """The phone to add. Choosing a município fills in the DDD, here too when the page could not."""

    tipo = forms.TypedChoiceField(
        label="Tipo",
        choices=[("", "Selecione"), *ClienteFone.Tipo.choices],
        coerce=int,
        error_messages={"required": "Informe Tipo Telefone."},
    )
    municipio = forms.CharField(
        label="Município",
        max_length=70,
        required=False,
        widget=forms.TextInput(attrs={"list": "municipios", "autocomplete": "off"}),
        help_text="Preenche o DDD.",
    )
    ddd = forms.CharField(
        label="DDD",
        max_length=4,
        widget=forms.TextInput(attrs={"inputmode": "numeric", "size": 2}),
    )
    numero = forms.CharField(
        label="Número",
        max_length=20,
        error_messages={"required": "Informe Número do Telefone."},
        widget=forms.TextInput(attrs={"inputmode": "tel"}),
    )
    ramal = forms.CharField(
        label="Ramal", max_length=4, required=False, widget=forms.TextInput(attrs={"inputmode": "numeric"})
    )
    contato = forms.CharField(label="Contato", max_length=50, required=False)

    def __init__(self, data=None, **kwargs):
        if data is not None and not data.get("ddd", "").strip():
            data = data.copy()
            data["ddd"] = self._ddd_do_municipio(data.get("municipio", ""))
        super().__init__(data, **kwargs)

    @cached_property
    def municipios(self) -> list[Municipio]:
        return list(Municipio.objects.all())

    def _ddd_do_municipio(self, digitado: str) -> str:
        ddds = {municipio.ddd for municipio in self._achados(digitado)}
        return ddds.pop() if len(ddds) == 1 else ""

    def _achados(self, digitado: str) -> list[Municipio]:
        """Those of this name, as the list shows it or without the UF."""
        nome = normalizar_nome(digitado)
        return [um for um in self.municipios if nome in (normalizar_nome(str(um)), normalizar_nome(um.nome))]

    def clean_municipio(self):
        digitado = self.cleaned_data["municipio"]
        achados = self._achados(digitado)
        if digitado and not achados:
            raise ValidationError("Município não cadastrado.")
        if len({municipio.ddd for municipio in achados}) > 1:
            raise ValidationError("Há mais de um município com este nome: informe também a UF, como Natal/RN.")
        return digitado

    def clean_ddd(self):
        return self.cleaned_data["ddd"].translate(_PONTUACAO)

    def clean_numero(self):
        return self.cleaned_data["numero"].translate(_PONTUACAO)

    def telefone(self) -> ClienteFone:
        dados = self.cleaned_data
        return ClienteFone(**{nome: dados[nome] for nome in ("tipo", "ddd", "numero", "ramal", "contato")})

    def desenhar(self, ajudante):
        ajudante.layout = Layout(
            _lado_a_lado(("tipo", "3"), ("municipio", "5"), ("ddd", "2")),
            _lado_a_lado(("numero", "3"), ("ramal", "2"), ("contato", "5")),
        )


class FormularioDeEscolha(Formulario):
    """The marks of the grid of phones, which the page draws."""

    principal = forms.IntegerField(required=False, label="Principal")
    sms = forms.IntegerField(required=False, label="SMS")
    visto = forms.CharField(required=False, widget=forms.HiddenInput)
