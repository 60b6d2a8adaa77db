"""What the bridge writes of itself; what it writes in the other apps is audited there, an entry for each block."""

from ponte.models import ComandoDoGsan, DocumentoDoGsan, LoteExportado, Passagem, Recusada
from telas.auditoria import isentar

isentar("Até onde vai a leitura do GSAN, escrito a cada bloco.", Passagem, Recusada)
isentar("Correspondência de números entre os dois sistemas.", ComandoDoGsan, DocumentoDoGsan)
isentar("Até onde vai a escrita no GSAN, escrito a cada lote.", LoteExportado)
