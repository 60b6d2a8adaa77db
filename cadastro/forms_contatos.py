"""The forms of the abas Endereço and Telefone."""

import re
from functools import cached_property

from crispy_forms.layout import Layout
from django import forms
from django.core.exceptions import ValidationError

from cadastro import enderecos_do_cliente, telefones_do_cliente
from cadastro.forms import PONTUACAO, lado_a_lado, na_linha
from cadastro.models import ClienteEndereco, ClienteFone, Municipio
from cadastro.nomes import normalizar_nome
from telas.campos import CampoSimNao
from telas.formularios import Formulario, FormularioDeModelo


def municipios_de_nome(digitado: str, municipios: list[Municipio]) -> list[Municipio]:
    """Those of this name, as the list shows it or without the UF."""
    nome = normalizar_nome(digitado)
    return [um for um in municipios if nome in (normalizar_nome(str(um)), normalizar_nome(um.nome))]


DOIS_MUNICIPIOS = "Há mais de um município com este nome: informe também a UF, como Natal/RN."


class CampoMunicipio(forms.CharField):
    """A município by its name, with the UF or without it, helped by the list of them."""

    def __init__(self, **opcoes):
        entrada = forms.TextInput(attrs={"list": "municipios", "autocomplete": "off"})
        super().__init__(**{"max_length": 70, "widget": entrada} | opcoes)

    @cached_property
    def municipios(self) -> list[Municipio]:
        return list(Municipio.objects.all())

    def clean(self, value):
        digitado = super().clean(value)
        if not digitado:
            return None
        achados = municipios_de_nome(digitado, self.municipios)
        if not achados:
            raise ValidationError("Município não cadastrado.")
        if len(achados) > 1:
            raise ValidationError(DOIS_MUNICIPIOS)
        return achados[0]

    def prepare_value(self, value):
        if isinstance(value, int):
            return next((str(um) for um in self.municipios if um.pk == value), "")
        return value

    def has_changed(self, initial, data):
        return super().has_changed(self.prepare_value(initial), data)


class CampoCEP(forms.CharField):
    """Eight digits, shown as 59015-000."""

    def __init__(self, **opcoes):
        atributos = {"inputmode": "numeric", "placeholder": "99999-999", "data-mascara": "99999-999"}
        super().__init__(**{"max_length": 10, "widget": forms.TextInput(attrs=atributos)} | opcoes)

    def to_python(self, value):
        return super().to_python(value).translate(PONTUACAO)

    def clean(self, value):
        cep = super().clean(value)
        if cep and not re.fullmatch("[0-9]{8}", cep):
            raise ValidationError("CEP inválido.")
        return cep

    def prepare_value(self, value):
        inteiro = isinstance(value, str) and re.fullmatch("[0-9]{8}", value)
        return f"{value[:5]}-{value[5:]}" if inteiro else value

    def has_changed(self, initial, data):
        return super().has_changed(initial, (data or "").translate(PONTUACAO))


class FormularioDeEndereco(FormularioDeModelo):
    """An address of a customer; of one who is being inserted, the first."""

    municipio = CampoMunicipio(label="Município", help_text="Como NATAL/RN.")
    cep = CampoCEP(label="CEP")
    correspondencia = CampoSimNao(
        label="Correspondência", help_text="Para onde vão as cartas; sem efeito neste sistema."
    )

    class Meta:
        model = ClienteEndereco
        fields = (
            *("tipo", "logradouro", "numero", "complemento", "bairro", "municipio", "cep"),
            "correspondencia",
        )
        labels = {
            "tipo": "Tipo de Endereço",
            "logradouro": "Logradouro",
            "numero": "Número",
            "complemento": "Complemento",
            "bairro": "Bairro",
        }
        help_texts = {"numero": "Vazio: sem número."}

    def __init__(self, *args, usuario, **kwargs):
        super().__init__(*args, **kwargs)
        self.usuario = usuario
        self.fields["tipo"].choices = [("", "Selecione"), *ClienteEndereco.Tipo.choices]
        if self.instance.cliente_id is None:  # the first one is for correspondence
            del self.fields["correspondencia"]

    @property
    def municipios(self) -> list[Municipio]:
        return self.fields["municipio"].municipios

    def full_clean(self):
        super().full_clean()
        if self.is_bound and self.instance.cliente_id is None and not set(self.changed_data) - {"visto"}:
            self.errors.clear()
            self.add_error("logradouro", enderecos_do_cliente.SEM_ENDERECO)

    def _post_clean(self):
        super()._post_clean()
        if self.errors or self.instance.cliente_id is None:
            return
        try:
            enderecos_do_cliente.conferir(self.instance, usuario=self.usuario)
        except ValidationError as erro:
            self.add_error(None, erro)

    def save(self, commit=True):
        return enderecos_do_cliente.gravar(self.instance)

    def desenhar(self, ajudante):
        marca = ["correspondencia"] if "correspondencia" in self.fields else []
        ajudante.layout = Layout(
            "visto",
            lado_a_lado(("tipo", "3"), ("logradouro", "7"), ("numero", "2")),
            lado_a_lado(("complemento", "4"), ("bairro", "4")),
            lado_a_lado(("municipio", "5"), ("cep", "3")),
            *(na_linha(nome) for nome in marca),
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
        super().__init__(data, **kwargs)
        ddd = self.add_prefix("ddd")
        if data is not None and not data.get(ddd, "").strip():
            self.data = data.copy()
            self.data[ddd] = self._ddd_do_municipio(data.get(self.add_prefix("municipio"), ""))

    @cached_property
    def municipios(self) -> list[Municipio]:
        return list(Municipio.objects.all())

    def _ddd_do_municipio(self, digitado: str) -> str:
        ddds = {municipio.ddd for municipio in municipios_de_nome(digitado, self.municipios)}
        return ddds.pop() if len(ddds) == 1 else ""

    def clean_municipio(self):
        digitado = self.cleaned_data["municipio"]
        achados = municipios_de_nome(digitado, self.municipios)
        if digitado and not achados:
            raise ValidationError("Município não cadastrado.")
        if len({municipio.ddd for municipio in achados}) > 1:
            raise ValidationError(DOIS_MUNICIPIOS)
        return digitado

    def clean_ddd(self):
        return self.cleaned_data["ddd"].translate(PONTUACAO)

    def clean_numero(self):
        return self.cleaned_data["numero"].translate(PONTUACAO)

    def telefone(self) -> ClienteFone:
        dados = self.cleaned_data
        return ClienteFone(**{nome: dados[nome] for nome in ("tipo", "ddd", "numero", "ramal", "contato")})

    def desenhar(self, ajudante):
        ajudante.layout = Layout(
            lado_a_lado(("tipo", "3"), ("municipio", "5"), ("ddd", "2")),
            lado_a_lado(("numero", "3"), ("ramal", "2"), ("contato", "5")),
        )


class FormularioDeEscolha(Formulario):
    """The marks of the grid of phones, which the page draws."""

    principal = forms.IntegerField(required=False, label="Principal")
    sms = forms.IntegerField(required=False, label="SMS")
    visto = forms.CharField(required=False, widget=forms.HiddenInput)


class FormularioDoPrimeiroTelefone(FormularioDeTelefone):
    """The phone of a customer who is being inserted, if he has one."""

    sms = forms.BooleanField(
        label="SMS", required=False, help_text="O celular que recebe as mensagens SMS: só do Tipo Celular."
    )

    def __init__(self, *args, **kwargs):
        super().__init__(*args, empty_permitted=True, use_required_attribute=False, **kwargs)

    def clean(self):
        dados = super().clean()
        if dados.get("sms") and dados.get("tipo") not in (None, ClienteFone.Tipo.CELULAR):
            self.add_error("sms", telefones_do_cliente.SMS_SO_CELULAR)
        return dados

    def telefone(self) -> ClienteFone:
        fone = super().telefone()
        fone.sms = self.cleaned_data["sms"]
        return fone

    def desenhar(self, ajudante):
        super().desenhar(ajudante)
        ajudante.layout.append(lado_a_lado(("sms", "6")))
