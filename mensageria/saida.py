"""Through what a service is spoken to."""

from base64 import b64encode

from mensageria.canais.base import Canal as CanalBase
from mensageria.canais.sms import ADAPTADORES
from mensageria.canais.smtp import CanalSMTP
from mensageria.models import Canal, Servico, ServicoEmail


def abrir_canal(servico: Servico) -> CanalBase:
    """The channel of a service; nothing is connected yet."""
    if isinstance(servico, ServicoEmail):
        return CanalSMTP(
            host=servico.host,
            porta=servico.porta,
            seguranca=servico.seguranca,
            usuario=servico.usuario,
            senha=servico.senha,
            prazo=servico.prazo,
            mensagens_por_conexao=servico.mensagens_por_conexao,
        )
    return ADAPTADORES[servico.adaptador](
        url=servico.url,
        credencial=servico.credencial,
        remetente=servico.remetente,
        prazo=servico.prazo,
        configuracao=servico.configuracao,
    )


def sem_segredo(servico: Servico, texto: str) -> str:
    """A server's words without the secret of the service, which some repeat when they refuse it: as it is, or as it
    was sent (AUTH PLAIN and LOGIN)."""
    if servico.canal == Canal.EMAIL:
        return sem_senha(servico.usuario, servico.senha, texto)
    return _sem(servico.credencial, [servico.credencial], texto)


def sem_senha(usuario: str, senha: str, texto: str) -> str:
    """The same, of a server that is no service."""
    enviados = [b64encode(enviado.encode()).decode() for enviado in (f"\0{usuario}\0{senha}", senha)]
    return _sem(senha, [senha, *enviados], texto)


def _sem(segredo: str, escritos: list[str], texto: str) -> str:
    if len(segredo) <= 3:
        return texto
    for escrito in escritos:
        texto = texto.replace(escrito, "***")
    return texto
