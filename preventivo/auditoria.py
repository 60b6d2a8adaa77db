"""What of the campaigns is audited: what people decide, not each CPF of a file nor each answer of a company."""

from preventivo.models import (
    Acordo,
    Aviso,
    Boleto,
    Campanha,
    Layout,
    LinhaRecusada,
    Operacao,
    PedacoDoArquivo,
    Registro,
    TipoCampanha,
)
from telas.auditoria import auditar, isentar

auditar(Operacao, fora=["falhas_seguidas", "em_espera_ate", "motivo_espera"])
auditar(TipoCampanha, de=["operacao"])
auditar(Layout, de=["tipo"], nome=["assunto"])
auditar(Campanha, de=["operacao"], fora=["lidos", "linhas", "acordos"], nome=["nome_do_arquivo"])

isentar("Linhas do arquivo da campanha, que se acrescentam com ele.", PedacoDoArquivo, LinhaRecusada, Registro)
isentar("O que as empresas responderam e o que se fez disso, escrito pela coleta.", Acordo, Boleto, Aviso)
