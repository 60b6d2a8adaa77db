"""What of the batch is audited: what can run, and what people asked to run."""

from batch.models import FuncionalidadeIniciada, Processo, ProcessoFuncionalidade, ProcessoIniciado, UnidadeIniciada
from telas.auditoria import auditar, isentar

auditar(Processo)
auditar(ProcessoFuncionalidade, de=["processo"], nome=["descricao"])
auditar(ProcessoIniciado, de=["processo"], fora=["iniciado_em", "concluido_em"])

isentar("Estado de uma execução, escrito enquanto ela anda.", FuncionalidadeIniciada, UnidadeIniciada)
