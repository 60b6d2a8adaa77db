"""The form of Informar Parâmetros do Sistema: the manual's abas and groups, in its order, all in one form."""

from crispy_forms.layout import HTML, Column, Div, Field, Fieldset, Layout, LayoutObject, Row
from django import forms
from django.core.exceptions import NON_FIELD_ERRORS
from django.db import models
from django.urls import reverse_lazy

from cadastro import parametros, pesquisa
from cadastro.campos import ReferenciaField
from cadastro.models import ParametroSistema
from telas.campos import CampoInteiro, CampoMoeda, CampoReferencia, CampoSimNao, EscolhaLonga
from telas.formularios import FormularioDeModelo

ABAS = {
    "dados-gerais": "Dados Gerais",
    "faturamento": "Faturamento",
    "arrecadacao": "Arrecadação",
    "medicao": "Medição",
    "cobranca": "Cobrança",
    "seguranca": "Segurança",
}
ENDERECO = ("logradouro", "numero", "complemento", "bairro", "municipio", "cep")
INDICADORES_OBRIGATORIOS = ("bloquear_nome_validado", "variar_hierarquia", "validar_documento")
DIGITOS = {
    "digitos_da_quadra": 4,
    "execucao_resumo_negativacao": 2,
    "tamanho_maximo_sms": 3,
    "dias_bloqueio_celular": 4,
}


class CampoDeCodigo(forms.CharField):
    """The code of a row of `modelo`; or its name, when no other has it."""

    def __init__(self, *, modelo: type[models.Model], **kwargs):
        super().__init__(**kwargs | {"max_length": 100})
        self.modelo = modelo

    def clean(self, value):
        texto = super().clean(value)
        return pesquisa.achar(self.modelo, texto) if texto else None

    def has_changed(self, initial, data):
        return str(initial or "") != str(data or "").strip()


class CampoMegabytes(CampoInteiro):
    """2, or 2 MB."""

    def to_python(self, value):
        return super().to_python(str(value or "").upper().removesuffix("MB"))


class CampoCep(forms.CharField):
    """With the hyphen, or without it."""

    def to_python(self, value):
        return super().to_python(value).translate(str.maketrans("", "", ".- "))

    def prepare_value(self, value):
        return f"{value[:5]}-{value[5:]}" if isinstance(value, str) and len(value) == 8 else value


def _campo(campo: models.Field, **opcoes) -> forms.Field:
    """How the screen asks for a field of the row: by the label that the row gives it."""
    do_modelo = {"label": campo.verbose_name, "help_text": campo.help_text, "required": not campo.blank}
    if campo.has_default():
        do_modelo["initial"] = campo.get_default()
    match campo:
        case models.BooleanField():
            return CampoSimNao(**do_modelo | {"required": campo.name in INDICADORES_OBRIGATORIOS})
        case ReferenciaField():
            return CampoReferencia(**do_modelo)
        case models.DecimalField():
            return CampoMoeda(**do_modelo, max_digits=campo.max_digits)
        case models.ForeignKey(name="municipio"):
            return campo.formfield(widget=EscolhaLonga)
        case models.ForeignKey() if campo.name != "perfil_programa_especial":
            return CampoDeCodigo(modelo=campo.related_model, **do_modelo)
        case models.CharField(name="cep"):
            return CampoCep(label=campo.verbose_name)
        case models.PositiveSmallIntegerField(name="tamanho_anexo"):
            return CampoMegabytes(digitos=1, **do_modelo, validators=campo.validators)
    if digitos := DIGITOS.get(campo.name):
        return CampoInteiro(digitos=digitos, **do_modelo, validators=campo.validators)
    if campo.name not in ENDERECO:
        opcoes["label"] = campo.verbose_name
    return campo.formfield(**opcoes)


class FormularioDeParametros(FormularioDeModelo):
    class Meta:
        model = ParametroSistema
        fields = [campo.name for campo in ParametroSistema._meta.fields if campo.editable]
        formfield_callback = _campo
        error_messages = {"email": {"invalid": "E-Mail inválido."}}

    def __init__(self, *args, usuario, **kwargs):
        super().__init__(*args, **kwargs)
        self.usuario = usuario
        self.fields["codigo_febraban"].widget.attrs |= {"inputmode": "numeric", "size": 4}
        for nome in self.de_codigo:
            self.fields[nome].widget.attrs |= {
                "list": f"lista-{nome}",
                "autocomplete": "off",
                "hx-get": reverse_lazy("cadastro:parametros_pesquisar", args=[nome]),
                "hx-trigger": "input changed delay:300ms",
                "hx-target": f"#achado-{nome}",
                "hx-sync": "this:replace",
            }

    @property
    def de_codigo(self) -> list[str]:
        return [nome for nome, campo in self.fields.items() if isinstance(campo, CampoDeCodigo)]

    def achados(self) -> dict[str, str]:
        """The name beside each code."""
        if self.is_bound:
            vistos = {nome: self.cleaned_data.get(nome) for nome in self.de_codigo}
        else:
            vistos = {nome: getattr(self.instance, nome) for nome in self.de_codigo}
        return {nome: str(quem) for nome, quem in vistos.items() if quem}

    # What is asked of what was typed

    def clean_tamanho_maximo_sms(self):
        tamanho = self.cleaned_data["tamanho_maximo_sms"]
        antes = None if self.instance._state.adding else self.initial["tamanho_maximo_sms"]
        parametros.conferir_tamanho_do_sms(tamanho, antes=antes, usuario=self.usuario)
        return tamanho

    def clean_digitos_da_quadra(self):
        digitos = self.cleaned_data["digitos_da_quadra"]
        parametros.conferir_digitos_da_quadra(digitos)
        return digitos

    def clean_dominio_email(self):
        return self.cleaned_data["dominio_email"].removeprefix("@").lower()

    def _post_clean(self):
        # The model's own validation runs here; ModelForm has no public step after it.
        super()._post_clean()
        if not any(self.data.get(nome, "").strip() for nome in ENDERECO):
            for nome in ENDERECO:
                self.errors.pop(nome, None)
            self.add_error("logradouro", "Informe Endereço.")

    # The address is added and removed as the manual shows; nothing is stored before Concluir.

    @property
    def tem_endereco(self) -> bool:
        """Whether an address is in its list; else its fields are open to be filled in."""
        if self.is_bound:
            return not any(nome in self.errors for nome in ENDERECO) and bool(self.data.get("logradouro", "").strip())
        return bool(self.instance.logradouro)

    @property
    def partes_do_endereco(self) -> list[forms.BoundField]:
        return [self[nome] for nome in ENDERECO]

    def julgar_so_o_endereco(self) -> None:
        """Adicionar: the other fields are judged by Concluir."""
        for nome in [nome for nome in self.errors if nome not in (*ENDERECO, NON_FIELD_ERRORS)]:
            del self.errors[nome]

    def abrir_endereco(self) -> None:
        """Remover: its fields are empty, and nothing is judged."""
        self.data = self.data.copy()
        for nome in ENDERECO:
            self.data[nome] = ""
        self.errors.clear()

    # Where each field is

    def desenhar(self, ajudante):
        ajudante.layout = Layout("visto", *(self._aba(codigo) for codigo in ABAS))

    def _aba(self, codigo: str) -> Div:
        conteudo = {
            "dados-gerais": self._dados_gerais,
            "faturamento": lambda: [self._linha("ano_mes_faturamento", "", "")],
            "arrecadacao": lambda: [self._linha("codigo_febraban", "modulo_digito_verificador", "")],
        }.get(codigo, lambda: [HTML('<p class="apoio">Nenhum campo desta aba é usado por este sistema.</p>')])
        titulo = HTML(f'<h2 class="titulo-da-aba">{ABAS[codigo]}</h2>')
        return Div(titulo, *conteudo(), css_id=codigo, css_class="aba")

    def _dados_gerais(self) -> list[LayoutObject]:
        linha = self._linha
        return [
            Fieldset(
                "Dados Gerais da Empresa",
                linha("nome_estado", "nome_empresa", "abreviatura_empresa"),
                linha("cnpj", "inscricao_estadual", "inscricao_municipal", "numero_contrato"),
                linha("unidade_presidencia", "presidente", "diretor_comercial"),
                self._endereco(),
                linha("telefone", "ramal", "fax"),
                linha("site", "email"),
                linha("telefone_atendimento", "telefone_atendimento_esgoto"),
                linha("digitos_da_quadra", "quadra_face"),
                linha("cliente_programa_especial", "perfil_programa_especial", "popup_atualizacao_cadastral"),
            ),
            Fieldset(
                "Parâmetros para Relatório",
                linha("titulos_relatorio", "imagem_logomarca"),
                linha("imagem_relatorio", "imagem_conta"),
                linha("execucao_resumo_negativacao", "controlar_autos_infracao", "exibir_mensagem"),
                linha("documento_obrigatorio", "consultar_receita"),
                linha("mensagem_vencimento_guia"),
                linha("tamanho_anexo", "redimensionar_imagem", "tamanho_maximo_sms"),
                linha("valor_ficha_extrato", "valor_ficha_guia", "valor_ficha_demonstrativo"),
                linha("nome_receita_e_fantasia"),
            ),
            Fieldset(
                "Dados Gerais de Cadastro",
                linha("usa_rota", "versao_celular", "dias_bloqueio_celular", "convergencia_repavimentacao"),
                linha("cliente_em_duplicidade", "nome_com_menos_de_10", "nome_generico"),
                linha("bloquear_nome_validado", "variar_hierarquia"),
                linha("cliente_ficticio", "bloqueio_de_usuario"),
                linha("dominio_email", "validar_documento", "nome_atual_na_segunda_via"),
            ),
        ]

    def _linha(self, *nomes: str) -> Row:
        """Fields on one line of a wide screen; without a name, an empty place."""
        return Row(*(Column(*self._pecas(nome), css_class="col-md") for nome in nomes))

    def _pecas(self, nome: str) -> list:
        if not nome:
            return []
        if nome in self.de_codigo:
            return [nome, HTML(f'{{% include "cadastro/_achado.html" with nome="{nome}" achado=achados.{nome} %}}')]
        if isinstance(self.fields[nome], CampoSimNao):
            return [Field(nome, wrapper_class="lado-a-lado")]
        if nome == "tamanho_maximo_sms":
            return [nome, HTML('{% include "cadastro/_posicoes.html" %}')]
        return [nome]

    def _endereco(self) -> Div:
        if self.tem_endereco:
            return Div(HTML('{% include "cadastro/_endereco.html" %}'))
        adicionar = HTML('{% include "cadastro/_endereco_adicionar.html" %}')
        return Div(
            HTML('<h3 id="titulo-endereco">Endereço<span class="asteriskField">*</span></h3>'),
            self._linha("logradouro", "numero", "complemento"),
            self._linha("bairro", "municipio", "cep"),
            adicionar,
            css_class="endereco",
            role="group",
            aria_labelledby="titulo-endereco",
        )
