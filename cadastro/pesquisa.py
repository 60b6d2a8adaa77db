"""Find by its code, or by its name, what a field asks for: an employee, a unit of the company, a customer."""

import re

from django.core.exceptions import ValidationError
from django.db import models
from django.utils.text import capfirst

from cadastro.models import Cliente
from cadastro.nomes import normalizar_nome

CITADOS = 5  # of those with the same name


def achar(modelo: type[models.Model], texto: str) -> models.Model:
    """The one row of that code or name. Raises ValidationError, with words for the user."""
    achados = parecidos(modelo, texto, CITADOS + 1)
    if len(achados) == 1:
        return achados[0]
    if not achados:
        raise ValidationError(f"{capfirst(modelo._meta.verbose_name)} inexistente.")
    citados = "; ".join(f"{um.pk} {um}" for um in achados[:CITADOS])
    raise ValidationError(f"Há mais de um com este nome: informe o código. {citados}{'…' * (len(achados) > CITADOS)}")


def parecidos(modelo: type[models.Model], texto: str, ate: int) -> list[models.Model]:
    """The row of that code, or up to `ate` whose names have these words; a name has two letters at least."""
    texto = texto.strip()
    if re.fullmatch(r"[0-9]{1,18}", texto):
        return list(modelo.objects.filter(pk=texto))
    nome = normalizar_nome(texto)
    if len(nome) < 2:
        return []
    if modelo is Cliente:
        return list(Cliente.objects.por_nome(texto)[:ate])
    return [um for um in modelo.objects.all() if nome in normalizar_nome(str(um))][:ate]  # tables of a few hundred rows
