"""The company on every message, as the parameters of the system give it."""

import pytest
from django.template.loader import render_to_string

from cadastro.models import ParametroSistema
from mensageria.fontes import empresa
from tests.fabricas import nova_localidade, novo_parametro_sistema

DO_MANUAL = {
    "nome_empresa": "CAERN - COMPANHIA DE AGUA E ESGOTO DO RN",
    "cnpj": "08334385000135",
    "logradouro": "AVENIDA SENADOR SALGADO FILHO",
    "numero": "1555",
    "bairro": "TIROL",
    "cep": "59015000",
    "telefone_atendimento": "08000-840195",
    "telefone_atendimento_esgoto": "08000-840196",
    "site": "https://caern.com.br",
    "email": "GCOM@CAERN.COM.BR",
}


@pytest.mark.parametrize("layout", ["aviso_2", "boleto_2"])
@pytest.mark.parametrize("extensao", ["html", "txt"])
def test_name_address_phones_site_and_email_are_on_a_message(db, layout, extensao):
    novo_parametro_sistema(municipio=nova_localidade().municipio, **DO_MANUAL)

    corpo = render_to_string(
        f"mensageria/layouts/{layout}.{extensao}", {"corpo": "Olá", "empresa": empresa(ParametroSistema.atual())}
    )

    for escrito in (
        "CAERN - COMPANHIA DE AGUA E ESGOTO DO RN",
        "CNPJ 08.334.385/0001-35",
        "AVENIDA SENADOR SALGADO FILHO - NÚMERO - 1555 - TIROL NATAL RN 59015-000",
        "Atendimento: 08000-840195",
        "Atendimento, serviço de esgoto: 08000-840196",
        "https://caern.com.br",
        "GCOM@CAERN.COM.BR",
    ):
        assert escrito in corpo


@pytest.mark.parametrize(
    ("telefones", "mostrado"),
    [
        ({"telefone": "32324151", "ramal": "4151"}, "32324151 ramal 4151"),
        ({"telefone": "32324151"}, "32324151"),
        ({"ramal": "4151"}, ""),
        ({"telefone": "32324151", "telefone_atendimento": "115"}, "115"),
    ],
)
def test_the_phone_is_the_one_of_the_service_or_else_the_company_s_own(db, telefones, mostrado):
    novo_parametro_sistema(**telefones)
    assert empresa(ParametroSistema.atual())["telefone"] == mostrado
