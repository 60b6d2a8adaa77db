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
    email = servico.canal == Canal.EMAIL
    segredo = servico.senha if email else servico.credencial
    if len(segredo) <= 3:
        return texto
    enviados = [f"\0{servico.usuario}\0{segredo}", segredo] if email else []
    for escrito in (segredo, *(b64encode(enviado.encode()).decode() for enviado in enviados)):
        texto = texto.replace(escrito, "***")
    return texto
