"""Messages in any state, for tests of the engine."""

import itertools
import uuid
from datetime import timedelta

from mensageria.estados import TRANSICOES, Estado
from mensageria.models import Canal, Lote, Mensagem, OrigemEnvio, Reserva, Servico, VersaoTexto
from tests.fabricas import HOJE, meio_dia, novas_saidas

_numeros = itertools.count(1)
AGORA = meio_dia(HOJE)


def nova_mensagem(*, canal: Canal = Canal.EMAIL, lote: Lote | None = None, **campos) -> Mensagem:
    """A pending e-mail, due now, about an object that exists only by number."""
    if not OrigemEnvio.objects.exists():
        novas_saidas()
    origem = OrigemEnvio.objects.get(pk="faturamento")
    lote = lote or Lote.objects.create(execucao=uuid.uuid4(), origem="faturamento", canal=canal)
    numero = next(_numeros)
    padrao = {
        "chave": f"teste:{numero}:{canal}",
        "origem": "faturamento",
        "objeto_id": numero,
        "destino": "ana@exemplo.com.br" if canal == Canal.EMAIL else "5584987654321",
        "remetente": origem.remetente if canal == Canal.EMAIL else None,
        "gateway": origem.gateway if canal == Canal.SMS else None,
        "texto": VersaoTexto.objects.da(canal, "Olá", assunto="Assunto" if canal == Canal.EMAIL else ""),
        "enviar_apos": AGORA,
        "proxima_tentativa_em": AGORA,
        "expira_em": AGORA + timedelta(days=3),
        "tentativas_maximas": 3,
    }
    return Mensagem.objects.create(canal=canal, lote=lote, **padrao | campos)


def por_em(mensagem: Mensagem, estado: Estado) -> Mensagem:
    """Take a pending message to a state by the shortest way that the table allows."""
    reserva = None
    for passo in _caminho(Estado.PENDENTE, estado):
        if passo == Estado.EM_ENVIO:
            reserva = nova_reserva(mensagem.gateway or mensagem.remetente.servico, [mensagem.pk])
        presa = passo in (Estado.EM_ENVIO, Estado.INCERTA)  # an uncertain one keeps its reservation
        Mensagem.objects.filter(pk=mensagem.pk).update(estado=passo, reserva=reserva if presa else None)
    mensagem.refresh_from_db()
    return mensagem


def nova_reserva(servico: Servico, ordem: list[int], **campos) -> Reserva:
    """A block that some turn of the service holds; its messages are still to be marked."""
    padrao = {
        "vaga": 0,
        "maquina": uuid.UUID(int=1),
        "diario": "teste",
        "sessao": "1",
        "criada_em": AGORA,
        "ate": AGORA + timedelta(minutes=5),
    }
    return Reserva.objects.create(ordem=ordem, **Reserva.chaves(servico), **padrao | campos)


def _caminho(de: Estado, ate: Estado) -> list[Estado]:
    fila = [(de, [])]
    while fila:
        estado, passos = fila.pop(0)
        if estado == ate:
            return passos
        fila += [(alvo, [*passos, alvo]) for alvo in TRANSICOES[estado] if alvo not in passos]
    raise AssertionError(f"não se chega a {ate}")
