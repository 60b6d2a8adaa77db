"""What the pages of the campaigns show of a customer."""

from django import template

from cadastro.documentos import formatar_documento
from preventivo.celulas import mascarar_cpfs
from preventivo.fonte import mascarar_cpf

register = template.Library()


@register.filter
def cpf(valor: str, inteiro: bool) -> str:
    return formatar_documento(valor) if inteiro else mascarar_cpf(valor)


@register.filter
def cpfs(texto: str, inteiro: bool) -> str:
    """A text with CPFs in it."""
    return texto if inteiro else mascarar_cpfs(texto)
