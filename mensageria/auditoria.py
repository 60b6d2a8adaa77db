"""What of the mensageria is audited: how messages leave, not each message, whose own rows tell what became of it."""

from mensageria.models import (
    Alerta,
    Anexo,
    ChaveDeAssinatura,
    Consumo,
    DestinatarioAlerta,
    FeriadoLocal,
    GatewaySMS,
    HorarioContato,
    JanelaContato,
    Lote,
    LoteContagem,
    Mensagem,
    Molde,
    NaoGerada,
    OrigemEnvio,
    ReciboDeEntrega,
    Remetente,
    Reserva,
    Ritmo,
    ServicoEmail,
    Supressao,
    TentativaEnvio,
    VersaoTexto,
)
from telas.auditoria import auditar, isentar

DO_CIRCUITO = ["falhas_seguidas", "em_espera_ate", "motivo_espera"]  # written while it is used

auditar(ServicoEmail, fora=DO_CIRCUITO)
auditar(GatewaySMS, fora=DO_CIRCUITO)
auditar(
    Consumo,
    fora=["usado", "esgotado_em", "esgotado_ate", "palavras", "aviso", "previsao_avisada"],
    de=["servico_email", "gateway"],
)
auditar(Remetente, fora=["em_espera_ate", "motivo_espera"], de=["servico"])
auditar(OrigemEnvio, de=["remetente", "gateway"])
auditar(DestinatarioAlerta, de=["remetente"])
auditar(Supressao, nome=["email"])
auditar(JanelaContato, nome=["canal", "origem"])
auditar(HorarioContato, nome=["dia"], de=["janela"])
auditar(FeriadoLocal, nome=["data", "descricao"], de=["localidade", "municipio"])
auditar(ChaveDeAssinatura, nome=["publica"])
auditar(Alerta, fora=["enviado_em", "enviado_por", "tentativas", "proxima_tentativa_em", "erro"], nome=["titulo"])

isentar(
    "Milhões de linhas que o motor escreve; cada uma guarda a sua história, e os atos de operadores têm entrada.",
    Mensagem,
    TentativaEnvio,
    ReciboDeEntrega,
    NaoGerada,
    Lote,
    LoteContagem,
)
isentar("Estado de quem envia, escrito a cada bloco.", Reserva, Ritmo)
isentar("Só se acrescenta: o texto de cada versão é a própria linha, e não muda.", VersaoTexto, Molde, Anexo)
