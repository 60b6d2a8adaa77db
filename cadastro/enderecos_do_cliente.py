"""The addresses of one customer (GSAN, aba Endereço): at least one, and exactly one of them for correspondence.

Whoever calls holds the lock of the customer's row (`trancar`) and a transaction.
"""

from django.core.exceptions import ValidationError

from cadastro import clientes
from cadastro.models import Cliente, ClienteEndereco

SEM_ENDERECO = "Informe Endereço(s) do Cliente."
SEM_CORRESPONDENCIA = "O endereço de correspondência não foi informado. Marque outro endereço antes."


def trancar(cliente: int) -> Cliente:
    return Cliente.objects.select_for_update().get(pk=cliente)


def conferir(endereco: ClienteEndereco, *, usuario) -> None:
    """Raise ValidationError by field for what may not be stored at this customer."""
    outros = list(ClienteEndereco.objects.filter(cliente=endereco.cliente_id).exclude(pk=endereco.pk))
    if any(clientes.onde(outro) == clientes.onde(endereco) for outro in outros):
        raise ValidationError({"logradouro": "Endereço já informado."})
    if not endereco.correspondencia and _e_o_de_correspondencia(endereco) and outros:
        raise ValidationError({"correspondencia": SEM_CORRESPONDENCIA})
    if erro := clientes.duplicidade(endereco.cliente, [endereco], usuario=usuario):
        raise ValidationError({"logradouro": erro})


def gravar(endereco: ClienteEndereco) -> ClienteEndereco:
    """Store it; the first is for correspondence, and one marked so takes the mark of the other."""
    outros = ClienteEndereco.objects.filter(cliente=endereco.cliente_id).exclude(pk=endereco.pk)
    if endereco.correspondencia:
        outros.filter(correspondencia=True).update(correspondencia=False)
    elif not outros.filter(correspondencia=True).exists():
        endereco.correspondencia = True
    endereco.save()
    return endereco


def remover(cliente: int, pk: int) -> ClienteEndereco | None:
    """Delete this address and return it, or None when it is gone; what stays alone is for correspondence.

    Raises ValidationError for the last one, and for that of correspondence while several would stay.
    """
    trancar(cliente)
    enderecos = list(ClienteEndereco.objects.filter(cliente=cliente).select_related("municipio"))
    endereco = next((um for um in enderecos if um.pk == pk), None)
    if endereco is None:
        return None
    outros = [um for um in enderecos if um is not endereco]
    if not outros:
        raise ValidationError(SEM_ENDERECO)
    if endereco.correspondencia and len(outros) > 1:
        raise ValidationError(SEM_CORRESPONDENCIA)
    endereco.delete()
    if endereco.correspondencia:
        outros[0].correspondencia = True
        outros[0].save(update_fields=["correspondencia"])
    return endereco


def _e_o_de_correspondencia(endereco: ClienteEndereco) -> bool:
    return ClienteEndereco.objects.filter(pk=endereco.pk, correspondencia=True).exists()
