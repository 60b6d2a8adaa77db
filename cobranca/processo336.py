"""Process 336, step 2: the messages of collection documents, a unit per comando."""

from django.db import transaction
from django.utils import timezone

from batch.registro import Trabalho, funcionalidade
from cobranca import avisos


@funcionalidade("gerar-mensagens-cobranca", unidades=lambda _: avisos.comandos_a_avisar())
def gerar_mensagens(trabalho: Trabalho) -> dict:
    with transaction.atomic():
        contagem = avisos.gerar_avisos(
            comando_id=trabalho.codigo,
            execucao=trabalho.execucao,
            hoje=timezone.localdate(trabalho.agora),
            agora=trabalho.agora,
        )
        trabalho.conferir_posse()
    return dict(contagem)
