"""What an origin still lacks for its messages to leave, in words for the operator. Cheap: a query or two."""

from collections.abc import Collection
from datetime import datetime
from typing import NamedTuple

from django.utils import timezone

from mensageria.models import Canal, GatewaySMS, OrigemEnvio, Servico, ServicoEmail
from mensageria.palavras import nome_da_origem


class Falta(NamedTuple):
    """What is missing, the name of the URL where it is mended, and whether it keeps messages from being made."""

    texto: str
    url: str
    grave: bool = True


class _Palavras(NamedTuple):
    servico: str
    o_que_falta: str
    mensagens: str
    modelo: type[Servico]
    url: str


_DO_CANAL = {
    Canal.SMS: _Palavras("gateway de SMS", "gateway de SMS", "os SMS", GatewaySMS, "admin:mensageria_gatewaysms"),
    Canal.EMAIL: _Palavras(
        "serviço de e-mail", "remetente de e-mail", "os e-mails", ServicoEmail, "admin:mensageria_servicoemail"
    ),
}


def da_saida(origem: str, agora: datetime, canais: Collection[Canal] = tuple(Canal)) -> list[Falta]:
    """What keeps the messages of an origin from leaving by each of `canais`; nothing when all is well."""
    envio = OrigemEnvio.objects.select_related("remetente__servico", "gateway").filter(pk=origem).first()
    faltas = []
    for canal in canais:
        servico, palavras = envio.servico(canal) if envio else None, _DO_CANAL[canal]
        faltas += _do_servico(servico, palavras, agora) if servico else [_sem_servico(origem, envio, palavras)]
    return faltas


def _sem_servico(origem: str, envio: OrigemEnvio | None, palavras: _Palavras) -> Falta:
    if not palavras.modelo.objects.exists():
        return Falta(
            f"Nenhum {palavras.servico} foi cadastrado: {palavras.mensagens} ficam de fora. Cadastre um.",
            f"{palavras.url}_add",
        )
    return Falta(
        f"A origem {nome_da_origem(origem)} não tem {palavras.o_que_falta}: {palavras.mensagens} dela ficam de fora. "
        "Escolha um na origem de envio.",
        "admin:mensageria_origemenvio_changelist" if envio else "admin:mensageria_origemenvio_add",
    )


def _do_servico(servico: Servico, palavras: _Palavras, agora: datetime) -> list[Falta]:
    """One that does not work now leaves nobody out: the messages wait for it."""
    if not servico.ativo:
        texto = f"está inativo: {palavras.mensagens} esperam até que seja ativado."
    elif servico.em_espera_ate and servico.em_espera_ate > agora:
        ate = timezone.localtime(servico.em_espera_ate)
        motivo = f" ({servico.motivo_espera})" if servico.motivo_espera else ""
        texto = f"está em espera até {ate:%d/%m/%Y %H:%M}{motivo}: {palavras.mensagens} saem depois."
    else:
        return []
    return [Falta(f"O {palavras.servico} {servico.nome} {texto}", f"{palavras.url}_changelist", grave=False)]
