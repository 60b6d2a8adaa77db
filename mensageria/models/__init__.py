"""The outbox: what is to be sent, through what, and what became of it. This app knows no conta and no campaign."""

from mensageria.models.alertas import Alerta, DestinatarioAlerta
from mensageria.models.assinatura import ChaveDeAssinatura, ChavePerdida
from mensageria.models.base import Canal, EscritoUmaVez, Imutavel, amanha, inicio_do_dia
from mensageria.models.contato import FeriadoLocal, HorarioContato, JanelaContato, Supressao
from mensageria.models.livro import (
    COM_ID_EXTERNO,
    Isencao,
    Lote,
    LoteContagem,
    Mensagem,
    MensagemQuerySet,
    NaoGerada,
    ReciboDeEntrega,
    Reserva,
    TentativaEnvio,
)
from mensageria.models.servicos import (
    Consumo,
    DoServico,
    GatewaySMS,
    OrigemEnvio,
    Remetente,
    Ritmo,
    Servico,
    ServicoEmail,
)
from mensageria.models.textos import Anexo, Molde, VersaoTexto

__all__ = [
    "COM_ID_EXTERNO",
    "Alerta",
    "Anexo",
    "Canal",
    "ChaveDeAssinatura",
    "ChavePerdida",
    "Consumo",
    "DestinatarioAlerta",
    "DoServico",
    "EscritoUmaVez",
    "FeriadoLocal",
    "GatewaySMS",
    "HorarioContato",
    "Imutavel",
    "Isencao",
    "JanelaContato",
    "Lote",
    "LoteContagem",
    "Mensagem",
    "MensagemQuerySet",
    "Molde",
    "NaoGerada",
    "OrigemEnvio",
    "ReciboDeEntrega",
    "Remetente",
    "Reserva",
    "Ritmo",
    "Servico",
    "ServicoEmail",
    "Supressao",
    "TentativaEnvio",
    "VersaoTexto",
    "amanha",
    "inicio_do_dia",
]
