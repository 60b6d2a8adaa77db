"""How what is of the cadastro is shown."""

from django import template

from cadastro.documentos import formatar_documento

register = template.Library()


@register.filter
def documento(valor: str | None) -> str:
    return formatar_documento(valor or "")
