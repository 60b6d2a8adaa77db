"""Who and where: the company's parameters, the places with their imóveis, and the customers with their phones."""

from cadastro.models.clientes import Cliente, ClienteFone, ClienteImovel, ClienteQuerySet, Relacao, VinculoQuerySet
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
    "Cliente",
    "ClienteFone",
    "ClienteImovel",
    "ClienteQuerySet",
    "Endereco",
    "Funcionario",
    "Gerencia",
    "Imovel",
    "Localidade",
    "Municipio",
    "ParametroSistema",
    "Perfil",
    "Quadra",
    "Relacao",
    "Rota",
    "SetorComercial",
    "UnidadeOrganizacional",
    "VinculoQuerySet",
]
