"""Process 336, "Envio de E-mail/SMS Cobrança e Faturamento": the steps that the billing side registers with batch.

Step 2, the messages of collection documents, is registered by cobranca under the code named in the migration.
"""

from collections.abc import Callable

from django.db import transaction
from django.utils import timezone

from batch.registro import Aguardar, Previsao, Trabalho, fala_ao_operador, funcionalidade
from cadastro.models import ParametroSistema
from faturamento import avisos, pendencias
from mensageria import balanco, retornos
from mensageria.espera import das_execucoes
from mensageria.models import Canal, GatewaySMS
from mensageria.palavras import da_geracao
from mensageria.previsao import Prevista

ESPERA = 2  # seconds between two looks at a sending that has not ended
ESPERA_DA_JANELA = 30  # and when part of it waits for its window of contact, which may be days
fala_ao_operador(avisos.SemTexto, ParametroSistema.DoesNotExist)


def prevista(prever: Callable[[], Prevista]) -> Previsao:
    """What `prever` tells, or what would make the unit fail."""
    try:
        resposta = prever()
    except (avisos.SemTexto, ParametroSistema.DoesNotExist) as erro:
        return Previsao(problemas=(str(erro),))
    return Previsao(resposta.quantidades, resposta.segundos, resposta.estimada, expedientes=frozenset(resposta.portas))


def _simular(trabalho: Trabalho) -> Previsao:
    hoje = timezone.localdate(trabalho.agora)
    return prevista(lambda: avisos.simular_avisos(localidade_id=trabalho.codigo, hoje=hoje, agora=trabalho.agora))


@funcionalidade(
    "gerar-mensagens-faturamento",
    unidades=lambda _: avisos.localidades_a_avisar(),
    simula=_simular,
    pendencias=pendencias.da_funcionalidade,
)
def gerar_mensagens(trabalho: Trabalho) -> dict:
    with transaction.atomic():
        contagem = avisos.gerar_avisos(
            localidade_id=trabalho.codigo,
            execucao=trabalho.execucao,
            hoje=timezone.localdate(trabalho.agora),
            agora=trabalho.agora,
        )
        trabalho.conferir_posse()
    return da_geracao(contagem)


@funcionalidade("enviar-emails")
def enviar_emails(trabalho: Trabalho) -> dict | Aguardar:
    return _aguardar_envio(trabalho, Canal.EMAIL)


@funcionalidade("transmitir-sms")
def transmitir_sms(trabalho: Trabalho) -> dict | Aguardar:
    return _aguardar_envio(trabalho, Canal.SMS)


def _aguardar_envio(trabalho: Trabalho, canal: Canal) -> dict | Aguardar:
    """The engine sends; this step ends when every message of the run due by now is terminal."""
    faltam = balanco.por_terminar(trabalho.execucao, canal, trabalho.agora)
    total = balanco.total(trabalho.execucao, canal)
    trabalho.progresso(max(total - faltam, 0), total)
    resultado = {"mensagens": total, "por terminar": faltam}
    if not faltam:
        return resultado
    esperas = das_execucoes([trabalho.execucao], trabalho.agora)[trabalho.execucao]
    return Aguardar(resultado, segundos=ESPERA_DA_JANELA if esperas else ESPERA)


@funcionalidade("processar-retorno-sms")
def processar_retorno(trabalho: Trabalho) -> dict:
    """Ask the operators once; the engine goes on asking, so this never holds the process open."""
    contagem = {}
    for gateway in GatewaySMS.objects.disponiveis(trabalho.agora):
        for situacao, quantos in retornos.consultar(gateway, relogio=lambda: trabalho.agora).items():
            contagem[situacao] = contagem.get(situacao, 0) + quantos
    return contagem
