"""Who and where: the company's parameters, the places with their imóveis, and the customers with their phones."""

from cadastro.models.clientes import (
    UFS,
    Cliente,
    ClienteEndereco,
    ClienteFone,
    ClienteImovel,
    ClienteQuerySet,
    NomeGenerico,
    Relacao,
    VinculoQuerySet,
)
from cadastro.models.lugares import (
    Endereco,
    Gerencia,
    Imovel,
    Localidade,
    Municipio,
    Perfil,
    Quadra,
    Rota,
    SetorComercial,
)
from cadastro.models.parametros import (
    TAMANHO_SMS_DO_OPERADOR,
    TAMANHO_SMS_MAXIMO,
    TAMANHO_SMS_MINIMO,
    Funcionario,
    ParametroSistema,
    UnidadeOrganizacional,
)

__all__ = [
    "TAMANHO_SMS_DO_OPERADOR",
    "TAMANHO_SMS_MAXIMO",
    "TAMANHO_SMS_MINIMO",
    "UFS",
    "Cliente",
    "ClienteEndereco",
    "ClienteFone",
    "ClienteImovel",
    "ClienteQuerySet",
    "Endereco",
    "Funcionario",
    "Gerencia",
    "Imovel",
    "Localidade",
    "Municipio",
    "NomeGenerico",
    "ParametroSistema",
    "Perfil",
    "Quadra",
    "Relacao",
    "Rota",
    "SetorComercial",
    "UnidadeOrganizacional",
    "VinculoQuerySet",
]
