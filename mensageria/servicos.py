"""The services that messages leave through, as an administrator keeps them: stored, tried, taken out and put back."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db import transaction
from django.db.models import Exists, OuterRef, ProtectedError

from mensageria import consumo
from mensageria.canais.base import FalhaDeEnvio
from mensageria.models import Consumo, Reserva, Servico, ServicoEmail
from mensageria.saida import abrir_canal, sem_segredo
from mensageria.teste import MAIOR_ESPERA, Resultado
from telas import registro


class RemocaoRecusada(Exception):
    """Somebody still sends through the service; the text says who, for the administrator."""


def conferir_permitidos(texto: str) -> str:
    """The From addresses that a service may send for: an address or @domain a line, in small letters, each once.

    Raises ValidationError.
    """
    permitidos = {numero: linha.strip() for numero, linha in enumerate(texto.lower().splitlines(), 1) if linha.strip()}
    erros = [
        f"Linha {numero}: “{permitido}” não é um e-mail (ana@exemplo.com.br) nem um domínio (@exemplo.com.br)."
        for numero, permitido in permitidos.items()
        if not _e_endereco(f"a{permitido}" if permitido.startswith("@") else permitido)
    ]
    if erros:
        raise ValidationError(erros)
    return "\n".join(dict.fromkeys(permitidos.values()))


def _e_endereco(texto: str) -> bool:
    try:
        validate_email(texto)
    except ValidationError:
        return False
    return True


@transaction.atomic
def gravar(
    servico: Servico, *, antes: Mapping[str, Any], ja_usado: int | None = None, usuario, agora: datetime
) -> None:
    """Store a service with what changes by it: the period, the quota, and what was used of it outside Avisa.

    `antes` is what its fields held, empty for a new one. Only what people edit is written: the engine writes the rest
    of the row meanwhile. `ja_usado` is None when nobody said it.
    """
    editaveis = [campo.name for campo in servico._meta.fields if campo.editable and not campo.primary_key]
    servico.save(update_fields=editaveis if antes else None)
    mudou_o_dia, mudou_a_cota = (
        bool(antes) and antes[campo] != getattr(servico, campo) for campo in ("dia_renovacao", "cota_mensal")
    )
    if mudou_o_dia:
        consumo.renovacao_mudou(servico, antes["dia_renovacao"], antes["nome"], agora)
    if mudou_o_dia or mudou_a_cota:
        consumo.cota_mudou(servico, agora)
    if ja_usado is not None and ja_usado != consumo.situacao(servico, agora).ja_usado:
        consumo.informar_ja_usado(servico, ja_usado, usuario, agora)


def senha_iria_a_outro(servico: ServicoEmail, dados: Mapping[str, Any]) -> bool:
    """Whether, with these data of a form, the stored password would go to another server, or in the clear."""
    presentes = [campo for campo in ("host", "porta") if campo in dados]
    outro = any(str(dados[campo]).lower() != str(getattr(servico, campo)).lower() for campo in presentes)
    sem_cifra = ServicoEmail.Seguranca.NENHUMA
    return outro or (dados.get("seguranca") == sem_cifra and servico.seguranca != sem_cifra)


def testar_conexao(servico: ServicoEmail) -> Resultado:
    """Connect and log in for real, by what this object holds, stored or not; the server's words, without secrets."""
    prazo, servico.prazo = servico.prazo, min(servico.prazo, MAIOR_ESPERA)
    try:
        resposta = abrir_canal(servico).testar()
    except FalhaDeEnvio as falha:
        return Resultado(False, sem_segredo(servico, f"{falha.classe.label}: {falha}"))
    finally:
        servico.prazo = prazo
    return Resultado(True, sem_segredo(servico, f"{resposta.codigo} {resposta.texto}"))


def usados(servicos) -> set[int]:
    """Of these e-mail services, those that something was sent through."""
    contou = Consumo.objects.filter(servico_email=OuterRef("pk"), usado__gt=0)
    reservou = Reserva.objects.filter(servico_email=OuterRef("pk"))
    de_algum = ServicoEmail.objects.filter(pk__in=[servico.pk for servico in servicos])
    return set(de_algum.filter(Exists(contou) | Exists(reservou)).values_list("pk", flat=True))


def conferir_remocao(servico: ServicoEmail) -> None:
    """Raises RemocaoRecusada while a remetente sends through it."""
    if operacoes := [remetente.nome_da_operacao for remetente in servico.remetentes.all()]:
        raise RemocaoRecusada(
            f"O serviço {servico} não pode ser removido: por ele saem os emails de {', '.join(operacoes)}. "
            "Altere antes o serviço em Configurações Serviço de Email."
        )


@transaction.atomic
def remover(servico: ServicoEmail, *, usuario) -> bool:
    """Take it out of use: True when it is deleted; one that was used stays, inactive. Raises RemocaoRecusada."""
    servico = ServicoEmail.objects.select_for_update().get(pk=servico.pk)
    conferir_remocao(servico)
    if not usados([servico]) and _apagado(servico, usuario):
        return True
    if servico.ativo:
        servico.ativo = False
        servico.save(update_fields=["ativo"])
        registro.registrar(usuario, servico, "Desativado: já foi usado, e por isso não se apaga.")
    return False


def _apagado(servico: ServicoEmail, usuario) -> bool:
    """False when a message names it, as one that was refused and counted nowhere."""
    try:
        with transaction.atomic():
            registro.removido(usuario, servico)
            servico.delete()
    except ProtectedError:
        return False
    return True


@transaction.atomic
def reativar(servico: ServicoEmail, *, usuario, agora: datetime) -> consumo.Situacao:
    """Active again, its rest and what its server said forgotten. A quota that was used up stays used up."""
    servico.ativo = True
    servico.save(update_fields=["ativo"])
    return consumo.reativar(servico, usuario, agora)
