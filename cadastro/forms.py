"""The forms of the operator's screens of the customers: the filter, Nome e Tipo, Pessoa and Inserir."""

import re

from crispy_forms.layout import HTML, Column, Field, Fieldset, Layout, Row
from django import forms
from django.core.exceptions import ValidationError
from django.utils.timezone import localdate

from cadastro import clientes
from cadastro.campos import CampoDocumento
from cadastro.digitos import MAIOR_MATRICULA, matricula_valida
from cadastro.documentos import normalizar_documento
from cadastro.models import UFS, Cliente, ClienteEndereco, ClienteQuerySet
from cadastro.nomes import normalizar_nome
from cadastro.telefones import normalizar_telefone
from telas.campos import CampoDia, CampoInteiro, CampoSimNao
from telas.formularios import Formulario, FormularioDeModelo

SEM_EFEITO = "sem efeito neste sistema"
_SO_IDENTIFICAM = f'<p class="form-text">Estes dados identificam o cliente; {SEM_EFEITO}.</p>'
PONTUACAO = str.maketrans("", "", " ().-/\N{NO-BREAK SPACE}")


def so_para_ver(formulario: forms.Form) -> None:
    """For whoever may see and not change."""
    for campo in formulario.fields.values():
        campo.disabled = True
        campo.required = False


def lado_a_lado(*campos: tuple[str, str] | str) -> Row:
    """Fields on one line of a wide screen: a name, or a name and its share of the twelve columns."""
    pares = [(campo, "") if isinstance(campo, str) else campo for campo in campos]
    return Row(*(Column(nome, css_class=f"col-md-{largura}" if largura else "col-md") for nome, largura in pares))


def ler_matricula(digitada: str) -> int | None:
    """The matrícula typed, with its point or without; None when nothing was. Raises ValidationError."""
    digitos = digitada.translate(PONTUACAO)
    if not digitos:
        return None
    if not re.fullmatch(r"[0-9]+", digitos):
        raise ValidationError("Matrícula deve somente conter números positivos.")
    if len(digitos) > 9 or int(digitos) > MAIOR_MATRICULA or not matricula_valida(int(digitos)):
        raise ValidationError("Matrícula inválida: o dígito não confere.")
    return int(digitos)


def na_linha(*nomes: str) -> Row:
    """Switches side by side, three on a line of a wide screen."""
    return Row(*(Column(Field(nome, wrapper_class="lado-a-lado"), css_class="col-md-4") for nome in nomes))


# The filter


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
        return ler_matricula(self.cleaned_data["matricula"])

    def clean_telefone(self):
        telefone = self.cleaned_data["telefone"]
        if not telefone:
            return ""
        try:
            return "".join(normalizar_telefone(telefone))
        except ValueError:
            digitos = telefone.translate(PONTUACAO)
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


# Nome e Tipo, and Pessoa


class _DeCliente(FormularioDeModelo):
    """What the forms over a customer share: the names that the company gives to the name, and the rules."""

    def __init__(self, *args, usuario, **kwargs):
        super().__init__(*args, **kwargs)
        self.usuario = usuario
        self.enderecos: list[ClienteEndereco] | None = None  # None: those that are stored
        da_empresa = clientes.parametros()
        if da_empresa.nome_receita_e_fantasia:
            self._rotular(nome="Nome na Receita", nome_abreviado="Nome Fantasia")
        if "documento_validado" in self.fields and not da_empresa.validar_documento:
            self.fields["documento_validado"].disabled = True
            self.fields["documento_validado"].help_text = "Só quando Indicador de Validar CPF/CNPJ está Sim."

    def _rotular(self, **rotulos: str) -> None:
        for nome, rotulo in rotulos.items():
            if nome in self.fields:
                self.fields[nome].label = rotulo
                self.fields[nome].error_messages["required"] = f"Informe {rotulo}."

    def clean_nome(self):
        nome = " ".join(self.cleaned_data["nome"].split())
        if not nome:
            raise ValidationError(self.fields["nome"].error_messages["required"])
        return nome

    def _post_clean(self):
        # The model's own validation runs here; ModelForm has no public step after it.
        super()._post_clean()
        enderecos = self.enderecos
        if enderecos is None:
            enderecos = list(self.instance.enderecos.all())
        achados = clientes.erros(self.instance, enderecos=enderecos, usuario=self.usuario, hoje=localdate())
        for campo, erro in achados.items():
            if campo in self.fields and not self.has_error(campo):
                self.add_error(campo, erro)


class _NomeETipo(_DeCliente):
    documento_validado = CampoSimNao(label="CPF/CNPJ Validado")
    por_sms = CampoSimNao(label="Por SMS")
    por_email = CampoSimNao(label="Por Email")
    nao_perturbe = CampoSimNao(
        label="Não Perturbe", help_text="Sim: o cliente não recebe mensagens, a não ser as obrigatórias."
    )
    dia_vencimento = CampoInteiro(
        label="Dia do Vencimento",
        digitos=2,
        required=False,
        min_value=1,
        max_value=31,
        error_messages=dict.fromkeys(("min_value", "max_value"), "Dia do Vencimento deve ser de 1 a 31."),
        help_text=SEM_EFEITO,
    )
    acrescimos = CampoSimNao(label="Acréscimos por Impontualidade", help_text=SEM_EFEITO)
    acao_cobranca = CampoSimNao(label="Ação de Cobrança", help_text="Não: nenhum documento de cobrança é gerado.")
    negativacao = CampoSimNao(label="Negativação", help_text=SEM_EFEITO)
    fatura_antecipada = CampoSimNao(label="Fatura Antecipada", help_text=SEM_EFEITO)

    CAMPOS = (
        *("nome", "nome_abreviado", "tipo", "documento", "documento_validado"),
        *("email", "por_sms", "por_email", "nao_perturbe"),
        *("dia_vencimento", "acrescimos", "acao_cobranca", "negativacao", "fatura_antecipada"),
    )
    ROTULOS = {
        "nome": "Nome",
        "nome_abreviado": "Nome Abreviado",
        "tipo": "Tipo",
        "documento": "CPF/CNPJ",
        "email": "E-Mail",
    }
    AJUDAS = {"documento": "Com a máscara ou sem ela; o CNPJ pode ter letras.", "nome_abreviado": SEM_EFEITO}
    ERROS = {"email": {"invalid": "E-Mail inválido."}}

    def partes(self) -> list:
        return [
            Fieldset(
                "Nome e Tipo",
                lado_a_lado(("nome", "8"), ("nome_abreviado", "4")),
                Row(
                    Column("tipo", css_class="col-md-4"),
                    Column("documento", css_class="col-md-4"),
                    Column(Field("documento_validado", wrapper_class="lado-a-lado"), css_class="col-md-4"),
                ),
                css_id="nome-e-tipo",
            ),
            Fieldset("Mensagens", lado_a_lado(("email", "8")), na_linha(*self._chaves())),
            Fieldset(
                "Cobrança",
                Row(
                    Column("dia_vencimento", css_class="col-md-4"),
                    *(
                        Column(Field(nome, wrapper_class="lado-a-lado"), css_class="col-md-4")
                        for nome in ("acrescimos", "acao_cobranca", "negativacao", "fatura_antecipada")
                    ),
                ),
            ),
        ]

    def _chaves(self) -> list[str]:
        return [nome for nome in ("por_sms", "por_email", "nao_perturbe", "ativo") if nome in self.fields]


class FormularioDeCliente(_NomeETipo):
    """Aba Nome e Tipo."""

    ativo = CampoSimNao(label="Ativo")

    class Meta:
        model = Cliente
        fields = (*_NomeETipo.CAMPOS, "ativo")
        labels, help_texts, error_messages = _NomeETipo.ROTULOS, _NomeETipo.AJUDAS, _NomeETipo.ERROS

    def desenhar(self, ajudante):
        ajudante.layout = Layout("visto", *self.partes())


class _PessoaFisica(_DeCliente):
    sexo = forms.TypedChoiceField(
        label="Sexo",
        choices=[("", "Selecione"), *Cliente.Sexo.choices],
        coerce=int,
        empty_value=None,
        required=False,
    )
    rg_uf = forms.ChoiceField(label="UF", choices=[("", "–"), *((uf, uf) for uf in UFS)], required=False)
    nascimento = CampoDia(label="Data de Nascimento", required=False)
    rg_emissao = CampoDia(label="Data de Emissão", required=False)

    CAMPOS = clientes.DE_PESSOA_FISICA
    ROTULOS = {
        "rg": "RG",
        "rg_orgao": "Órgão Expedidor",
        "profissao": "Profissão",
        "nome_mae": "Nome da Mãe",
    }

    def parte(self) -> Fieldset:
        return Fieldset(
            "Pessoa Física",
            lado_a_lado(("sexo", "4"), ("nascimento", "4"), ("profissao", "4")),
            lado_a_lado(("rg", "4"), ("rg_orgao", "3"), ("rg_uf", "2"), ("rg_emissao", "3")),
            lado_a_lado(("nome_mae", "8")),
            HTML(_SO_IDENTIFICAM),
            css_id="pessoa",
        )


class FormularioDePessoaFisica(_PessoaFisica):
    """Aba Pessoa, of a person."""

    class Meta:
        model = Cliente
        fields = _PessoaFisica.CAMPOS
        labels = _PessoaFisica.ROTULOS

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.fields["sexo"].required = True
        self.fields["sexo"].error_messages["required"] = "Informe Sexo."

    def desenhar(self, ajudante):
        ajudante.layout = Layout("visto", self.parte())


class FormularioDePessoaJuridica(_DeCliente):
    """Aba Pessoa, of a company."""

    class Meta:
        model = Cliente
        fields = clientes.DE_PESSOA_JURIDICA
        labels = {"ramo_atividade": "Ramo de Atividade"}

    def desenhar(self, ajudante):
        ajudante.layout = Layout(
            "visto", Fieldset("Pessoa Jurídica", lado_a_lado(("ramo_atividade", "8")), HTML(_SO_IDENTIFICAM))
        )


def formulario_de_pessoa(cliente: Cliente) -> type[_DeCliente]:
    return FormularioDePessoaFisica if cliente.tipo == Cliente.Tipo.FISICA else FormularioDePessoaJuridica


class FormularioDeInsercao(_NomeETipo, _PessoaFisica):
    """Inserir Cliente: Nome e Tipo and Pessoa together."""

    class Meta:
        model = Cliente
        fields = (*_NomeETipo.CAMPOS, *clientes.DE_PESSOA_FISICA, *clientes.DE_PESSOA_JURIDICA)
        labels = _NomeETipo.ROTULOS | _PessoaFisica.ROTULOS | {"ramo_atividade": "Ramo de Atividade"}
        help_texts = _NomeETipo.AJUDAS
        error_messages = _NomeETipo.ERROS

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.fields["sexo"].help_text = "Obrigatório para Pessoa Física."

    def desenhar(self, ajudante):
        juridica = Fieldset("Pessoa Jurídica", lado_a_lado(("ramo_atividade", "8")), HTML(_SO_IDENTIFICAM))
        ajudante.layout = Layout("visto", *self.partes(), self.parte(), juridica)
