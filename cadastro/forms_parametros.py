"""The form of Informar Parâmetros do Sistema."""

from crispy_forms.layout import HTML, Column, Fieldset, Layout, Row

from cadastro.forms import _lado_a_lado
from cadastro.models import ParametroSistema
from cadastro.parametros import conferir_tamanho_do_sms
from telas.campos import CampoInteiro, CampoReferencia
from telas.formularios import FormularioDeModelo


class FormularioDeParametros(FormularioDeModelo):
    ano_mes_faturamento = CampoReferencia(label="Mês/Ano de Referência", help_text="Do faturamento, como 11/2026.")
    tamanho_maximo_sms = CampoInteiro(
        label="Tamanho Máximo Mensagem via SMS",
        digitos=3,
        validators=ParametroSistema._meta.get_field("tamanho_maximo_sms").validators,
        help_text="De 58 a 164 posições; só o administrador passa de 164, até 300. Inclui as 57 posições do código de"
        " barras, acrescentado ao final do texto.",
    )

    class Meta:
        model = ParametroSistema
        fields = [
            "nome_estado",
            "nome_empresa",
            "abreviatura_empresa",
            "cnpj",
            "logradouro",
            "telefone_atendimento",
            "site",
            "email",
            "ano_mes_faturamento",
            "codigo_febraban",
            "modulo_digito_verificador",
            "tamanho_maximo_sms",
            "perfil_programa_especial",
        ]
        labels = {
            "nome_estado": "Nome do Estado",
            "nome_empresa": "Nome da Empresa",
            "abreviatura_empresa": "Abreviatura da Empresa",
            "cnpj": "CNPJ",
            "logradouro": "Endereço",
            "telefone_atendimento": "Número do Telefone de Atendimento",
            "site": "Endereço do Site",
            "email": "E-Mail",
            "codigo_febraban": "Código da empresa na FEBRABAN",
            "modulo_digito_verificador": "Módulo do Dígito Verificador",
            "perfil_programa_especial": "Perfil do Programa Especial",
        }
        error_messages = {"email": {"invalid": "E-Mail inválido."}}

    def __init__(self, *args, usuario, **kwargs):
        super().__init__(*args, **kwargs)
        self.usuario = usuario
        self.fields["codigo_febraban"].widget.attrs |= {"inputmode": "numeric", "size": 4}

    def clean_tamanho_maximo_sms(self):
        tamanho = self.cleaned_data["tamanho_maximo_sms"]
        antes = None if self.instance._state.adding else self.initial["tamanho_maximo_sms"]
        conferir_tamanho_do_sms(tamanho, antes=antes, usuario=self.usuario)
        return tamanho

    def desenhar(self, ajudante):
        ajudante.layout = Layout(
            "visto",
            Fieldset(
                "Dados Gerais da Empresa",
                _lado_a_lado(("nome_empresa", "6"), ("abreviatura_empresa", "3"), ("nome_estado", "3")),
                _lado_a_lado(("cnpj", "3"), ("logradouro", "9")),
                _lado_a_lado("telefone_atendimento", "site", "email"),
            ),
            Fieldset(
                "Mensagens",
                Row(
                    Column("tamanho_maximo_sms", HTML('{% include "cadastro/_posicoes.html" %}'), css_class="col-md-6"),
                    Column("perfil_programa_especial", css_class="col-md-6"),
                ),
            ),
            Fieldset(
                "Faturamento e código de barras",
                _lado_a_lado("ano_mes_faturamento", "codigo_febraban", "modulo_digito_verificador"),
            ),
        )
