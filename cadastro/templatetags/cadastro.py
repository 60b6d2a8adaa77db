"""How what is of the cadastro is shown."""

from django import template

from cadastro.digitos import formatar_matricula
from cadastro.documentos import formatar_documento
from cadastro.telefones import formatar_destino

register = template.Library()


@register.filter
def documento(valor: str | None) -> str:
    return formatar_documento(valor or "")


@register.filter
def matricula(numero: int) -> str:
    """12345679 as 1234567.9."""
    return formatar_matricula(numero)


@register.filter
def destino(valor: str | None) -> str:
    """The phone or the e-mail of a message."""
    return formatar_destino(valor or "")
