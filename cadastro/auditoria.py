"""What of the cadastro is audited."""

from cadastro.models import (
    Cliente,
    ClienteEndereco,
    ClienteFone,
    ClienteImovel,
    Funcionario,
    Gerencia,
    Imovel,
    Localidade,
    Municipio,
    NomeGenerico,
    ParametroSistema,
    Perfil,
    Quadra,
    Rota,
    SetorComercial,
    UnidadeOrganizacional,
)
from telas.auditoria import auditar

auditar(ParametroSistema, nome=["nome_empresa"])
auditar(Cliente, fora=["nome_busca"])
auditar(ClienteFone, de=["cliente"], nome=["ddd", "numero"])
auditar(ClienteEndereco, de=["cliente"], nome=["logradouro", "numero"])
auditar(ClienteImovel, de=["cliente", "imovel"])
auditar(Imovel, nome=["matricula"])
auditar(Localidade)
auditar(Municipio)
auditar(Gerencia)
auditar(Perfil)
auditar(SetorComercial, de=["localidade"])
auditar(Rota)
auditar(Quadra)
auditar(NomeGenerico)
auditar(UnidadeOrganizacional)
auditar(Funcionario)
