"""Process 336, step 2: the messages of collection documents, a unit per comando."""

from django.db import transaction
from django.utils import timezone

from batch.registro import Previsao, Trabalho, funcionalidade
from cobranca import avisos, pendencias
from faturamento.processo336 import prevista
from mensageria.palavras import da_geracao


def _simular(trabalho: Trabalho) -> Previsao:
    hoje = timezone.localdate(trabalho.agora)
    return prevista(lambda: avisos.simular_avisos(comando_id=trabalho.codigo, hoje=hoje, agora=trabalho.agora))


@funcionalidade(
    "gerar-mensagens-cobranca",
    unidades=lambda _: avisos.comandos_a_avisar(),
    simula=_simular,
    pendencias=pendencias.da_funcionalidade,
)
def gerar_mensagens(trabalho: Trabalho) -> dict:
    with transaction.atomic():
        contagem = avisos.gerar_avisos(
            comando_id=trabalho.codigo,
            execucao=trabalho.execucao,
            hoje=timezone.localdate(trabalho.agora),
            agora=trabalho.agora,
        )
        trabalho.conferir_posse()
    return da_geracao(contagem)
