"""Send a text to whoever writes it, now, through what its origin leaves by.

It is no customer's message: it is in no ledger, but the provider counts it, so the quota does too.
"""

from dataclasses import dataclass
from datetime import datetime

from mensageria import composicao, consumo
from mensageria.canais.base import Canal as CanalBase
from mensageria.canais.base import Envelope, FalhaDeEnvio
from mensageria.estados import Classe
from mensageria.models import Canal, Servico
from mensageria.previa import Previa, Rascunho, SemPrevia, compor
from mensageria.saida import abrir_canal, sem_segredo
from telas import registro

MAIOR_ESPERA = 10  # seconds for each answer of the server: somebody is looking at the page


@dataclass(frozen=True)
class Resultado:
    aceito: bool
    palavras: str


def enviar_teste(
    origem: str,
    canal: Canal,
    destino: str,
    rascunho: Rascunho,
    *,
    usuario,
    agora: datetime,
    por: CanalBase | None = None,
    **sobre,
) -> Resultado:
    """Compose the text on a real object, send it to `destino`, and tell what the server said. It is logged.

    `sobre` is what `mensageria.previa.compor` takes: on which object, from whom.
    """
    try:
        previa = compor(origem, rascunho, agora=agora, destinos={canal: destino}, **sobre)
    except SemPrevia as erro:
        return Resultado(False, str(erro))
    return enviar_previa(previa, canal, usuario=usuario, agora=agora, por=por)


def enviar_previa(previa: Previa, canal: Canal, *, usuario, agora: datetime, por: CanalBase | None = None) -> Resultado:
    """Send what was composed, as it is. It is logged."""
    composta, servico = previa.do_canal(canal), previa.origem.servico(canal)
    if composta is None:
        return Resultado(False, f"Escreva antes o texto do {canal.label}.")
    if composta.problema:
        return Resultado(False, composta.problema)
    if servico is None or not servico.ativo:
        qual = "o gateway de SMS" if canal == Canal.SMS else "o serviço de e-mail"
        return Resultado(False, f"Escolha e ative {qual} da origem {previa.origem} antes de enviar o teste.")
    if not consumo.gastar(servico, 1, agora):
        return Resultado(False, _sem_cota(servico, agora))
    gastou = False
    try:
        resultado, gastou = _entregar(servico, composta, por)
    finally:
        if not gastou:
            consumo.contar(servico, [agora], sinal=-1)
    registro.registrar(usuario, previa.origem, f"Teste por {canal.label}: {resultado.palavras}")
    return resultado


def _sem_cota(servico: Servico, agora: datetime) -> str:
    if consumo.situacao(servico, agora).esgotado:
        return f"O limite de envios de {servico} está esgotado."
    return f"O resto do limite de envios de {servico} está reservado para o que sai agora. Tente de novo em instantes."


def _entregar(servico: Servico, composta, por: CanalBase | None) -> tuple[Resultado, bool]:
    """What the server said, and whether it may have taken it."""
    mensagem = composta.mensagem
    destino = mensagem.contexto["destino"]  # ENVIO may divert it
    email = composta.canal == Canal.EMAIL
    remetente = mensagem.remetente
    servico.prazo = min(servico.prazo, MAIOR_ESPERA)  # of this object, which is not saved
    try:
        envelope = Envelope(
            chave=mensagem.chave,
            destino=composicao.endereco_ascii(destino) if email else destino,
            conteudo=composta.conteudo,
            remetente=(remetente.envelope or remetente.email) if email else "",
        )
        with por or abrir_canal(servico) as canal:
            resposta = canal.enviar(envelope, lambda: None)
    except composicao.NaoCompoe as erro:
        return Resultado(False, str(erro)), False
    except FalhaDeEnvio as falha:
        palavras = sem_segredo(servico, f"{falha.classe.label}: {falha}")
        recusa = Resultado(False, f"Não foi aceito por {servico} para {destino}. {palavras}")
        return recusa, falha.classe == Classe.INCERTA
    dito = sem_segredo(servico, f"{resposta.codigo} {resposta.texto}".strip())
    return Resultado(True, f"Aceito por {servico} para {destino}. Resposta: {dito}"), True
