"""What of the cobrança is audited."""

from cobranca.models import (
    AcaoCobranca,
    CobrancaDocumento,
    CobrancaDocumentoItem,
    ComandoAcao,
    ContaBancaria,
    CriterioCobranca,
    ImovelSemDocumento,
    TipoDocumento,
    TipoServico,
)
from telas.auditoria import auditar, isentar

auditar(AcaoCobranca)
auditar(CriterioCobranca)
auditar(TipoServico)
auditar(TipoDocumento)
auditar(ContaBancaria, fora=["proximo_nosso_numero"], nome=["banco", "agencia"])
auditar(ComandoAcao, de=["acao"])
auditar(CobrancaDocumento, de=["comando", "imovel"])
auditar(CobrancaDocumentoItem, de=["documento"])

isentar("Resultado da geração dos documentos, que deixa a sua entrada.", ImovelSemDocumento)
