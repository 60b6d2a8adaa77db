"""What operators say afterwards about the SMS that they took."""

from collections import Counter
from collections.abc import Callable
from datetime import datetime, timedelta

from django.db import transaction
from django.utils import timezone

from mensageria.canais.base import FalhaDeEnvio
from mensageria.canais.sms import Recibo
from mensageria.envio import abrir_canal
from mensageria.estados import DO_SERVICO, RETORNO_ENVIADO, RETORNO_ERRO_OPERADORA, Estado
from mensageria.models import Canal, GatewaySMS, Mensagem

JANELA = timedelta(days=3)  # an operator that said nothing by then will not
BLOCO = 200


def consultar(gateway: GatewaySMS, *, relogio: Callable[[], datetime] = timezone.now) -> Counter:
    """Ask about the SMS of one gateway whose moment has come; each further question comes after twice the time."""
    contagem: Counter = Counter()
    with abrir_canal(gateway) as canal:
        if not canal.consultavel:
            return contagem
        agora = relogio()
        for mensagem in Mensagem.objects.filter(
            canal=Canal.SMS,
            gateway=gateway,
            estado=Estado.ENVIADA,
            enviada_em__gt=agora - JANELA,
            proxima_tentativa_em__lte=agora,
        ).exclude(id_externo="")[:BLOCO]:
            try:
                recibo = canal.consultar(mensagem.id_externo)
            except FalhaDeEnvio as falha:
                contagem["sem_resposta"] += 1
                if falha.classe in DO_SERVICO:
                    break
                recibo = Recibo("pendente", falha.codigo, falha.texto)  # this one alone: ask again later
            contagem[registrar(mensagem, recibo, agora)] += 1
    return contagem


@transaction.atomic
def registrar(mensagem: Mensagem, recibo: Recibo, agora: datetime) -> str:
    """Apply one receipt; the same one twice changes nothing. Return its situation."""
    enviada = Mensagem.objects.filter(id=mensagem.id, estado=Estado.ENVIADA)
    if recibo.situacao == "entregue":
        enviada.update(estado=Estado.ENTREGUE, codigo_retorno=RETORNO_ENVIADO)
    elif recibo.situacao == "falha":
        enviada.update(
            estado=Estado.FALHA, codigo_retorno=RETORNO_ERRO_OPERADORA, motivo=f"Operadora: {recibo.texto}"[:300]
        )
    else:
        espera = max(timedelta(minutes=1), agora - mensagem.enviada_em)
        enviada.update(proxima_tentativa_em=agora + espera)
    return recibo.situacao
