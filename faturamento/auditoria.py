"""What of the faturamento is audited."""

from faturamento.models import ClienteConta, Conta, DebitoACobrar, FaturamentoGrupo, ParametroMensagem
from telas.auditoria import auditar

auditar(ParametroMensagem, fora=["usado_em"], nome=["referencia"])
auditar(FaturamentoGrupo)
auditar(Conta, de=["imovel"], nome=["referencia"])
auditar(ClienteConta, de=["cliente", "conta"])
auditar(DebitoACobrar, de=["imovel"])
