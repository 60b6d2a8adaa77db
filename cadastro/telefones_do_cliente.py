"""The phones of one customer: add, remove, choose the principal and the one for SMS (GSAN, aba Telefone).

Each step is done whole or not at all, with the customer's row locked, on the phones that the operator was seeing, and
is written to the log of the customer.
"""

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass

from django.core.exceptions import ValidationError
from django.db import transaction

from cadastro.models import Cliente, ClienteFone, Municipio
from telas import registro

SEM_PRINCIPAL = "O telefone principal não foi informado."
SMS_SO_CELULAR = "Telefone SMS deve ser do Tipo Celular."


class TelefonesMudaram(Exception):
    """Somebody changed the phones since the operator saw them; nothing was done."""


@dataclass(frozen=True)
class Escolha:
    """What the operator chose, by id of the phone, and a picture of the phones among which he chose."""

    principal: int | None
    sms: int | None
    visto: str


def retrato(fones: Iterable[ClienteFone]) -> str:
    """What the phones are, in few characters, to tell later whether they changed."""
    valores = [
        (fone.pk, fone.tipo, fone.ddd, fone.numero, fone.ramal, fone.contato, fone.principal, fone.sms)
        for fone in sorted(fones, key=lambda fone: fone.pk)
    ]
    return hashlib.sha256(repr(valores).encode()).hexdigest()[:16]


@transaction.atomic
def adicionar(cliente: Cliente, novo: ClienteFone, escolha: Escolha, usuario) -> ClienteFone:
    """Store `novo` and what was chosen among the others; the only phone is the principal.

    Raises ValidationError by field, and TelefonesMudaram.
    """
    fones = _trancar(cliente, escolha)
    novo.cliente = cliente
    novo.clean_fields(exclude=["cliente"])
    if not Municipio.objects.filter(ddd=novo.ddd).exists():
        raise ValidationError({"ddd": "DDD informado não está cadastrado no sistema."})
    if any(_mesmo(fone, novo) for fone in fones):
        raise ValidationError({"numero": "Telefone já informado."})
    _marcar(fones, _principal(fones, escolha), escolha.sms)
    novo.principal = not fones
    novo.save()
    registro.registrar(usuario, cliente, f"Telefone inserido: {novo.formatado}.")
    return novo


@transaction.atomic
def remover(cliente: Cliente, pk: int, escolha: Escolha, usuario) -> ClienteFone:
    """Delete the phone and store what was chosen among those that stay; a phone that stays alone is the principal.

    Raises ValidationError when the principal would go and several stay, and TelefonesMudaram.
    """
    fones = _trancar(cliente, escolha)
    removido = next((fone for fone in fones if fone.pk == pk), None)
    if removido is None:
        raise TelefonesMudaram
    ficam = [fone for fone in fones if fone is not removido]
    principal = ficam[0].pk if len(ficam) == 1 else _principal(fones, escolha)
    if ficam and principal == pk:
        raise ValidationError({"principal": f"{SEM_PRINCIPAL} Escolha outro antes de remover {removido.formatado}."})
    telefone = removido.formatado
    removido.delete()
    _marcar(ficam, principal, escolha.sms if escolha.sms != pk else None)
    registro.registrar(usuario, cliente, f"Telefone removido: {telefone}.")
    return removido


@transaction.atomic
def escolher(cliente: Cliente, escolha: Escolha, usuario) -> None:
    """Store which phone is the principal, exactly one, and which is for SMS, at most one.

    Raises ValidationError by field, and TelefonesMudaram.
    """
    fones = _trancar(cliente, escolha)
    principal = _principal(fones, escolha)
    if fones and principal is None:
        raise ValidationError({"principal": SEM_PRINCIPAL})
    if _marcar(fones, principal, escolha.sms):
        escolhidos = {"principal": principal, "SMS": escolha.sms}
        nomes = {fone.pk: fone.formatado for fone in fones}
        texto = "; ".join(f"{marca}: {nomes.get(pk, 'nenhum')}" for marca, pk in escolhidos.items())
        registro.registrar(usuario, cliente, f"Telefones escolhidos: {texto}.")


def _trancar(cliente: Cliente, escolha: Escolha) -> list[ClienteFone]:
    Cliente.objects.select_for_update().get(pk=cliente.pk)
    fones = list(cliente.fones.all())
    if retrato(fones) != escolha.visto:
        raise TelefonesMudaram
    return fones


def _mesmo(fone: ClienteFone, outro: ClienteFone) -> bool:
    return (fone.ddd, fone.numero, fone.ramal) == (outro.ddd, outro.numero, outro.ramal)


def _principal(fones: list[ClienteFone], escolha: Escolha) -> int | None:
    """The only phone, else the chosen one, else the one that already is."""
    if len(fones) == 1:
        return fones[0].pk
    if any(fone.pk == escolha.principal for fone in fones):
        return escolha.principal
    return next((fone.pk for fone in fones if fone.principal), None)


def _marcar(fones: list[ClienteFone], principal: int | None, sms: int | None) -> bool:
    """Leave the marks on these two only; return whether any mark changed."""
    if sms is not None and not any(fone.pk == sms and fone.pode_ser_sms for fone in fones):
        raise ValidationError({"sms": SMS_SO_CELULAR})
    mudados = [fone for fone in fones if (fone.principal, fone.sms) != (fone.pk == principal, fone.pk == sms)]
    # Only one row may hold each mark, so all let go first.
    ClienteFone.objects.filter(pk__in=[fone.pk for fone in mudados]).update(principal=False, sms=False)
    for fone in mudados:
        fone.principal, fone.sms = fone.pk == principal, fone.pk == sms
        fone.save(update_fields=["principal", "sms"])
    return bool(mudados)
