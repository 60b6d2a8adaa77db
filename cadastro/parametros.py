"""Informar Parâmetros do Sistema: what may be informed, by whom, and one person at a time."""

import re

from django.core.exceptions import ValidationError
from django.db import connection, models

from cadastro.models import TAMANHO_SMS_DO_OPERADOR, TAMANHO_SMS_MAXIMO, ParametroSistema, Quadra
from cadastro.usuarios import GRUPO_ADMINISTRADOR

POSICOES_DO_CODIGO_DE_BARRAS = 57  # they follow the text of an SMS, within its size
LARGURAS_DA_QUADRA = (3, 4)


def conferir_tamanho_do_sms(tamanho: int | None, *, antes: int | None, usuario) -> None:
    """Raise ValidationError when `usuario` may not inform so many positions.

    `antes` is what was informed: what an administrator set may stay while others change the rest.
    """
    passou = tamanho is not None and tamanho > TAMANHO_SMS_DO_OPERADOR
    if passou and tamanho != antes and not administra(usuario):
        raise ValidationError(f"Somente o administrador pode informar mais de {TAMANHO_SMS_DO_OPERADOR} posições.")


def conferir_digitos_da_quadra(digitos: int) -> None:
    """Raise ValidationError when a quadra cannot have so many digits, or one that is there has more."""
    if digitos not in LARGURAS_DA_QUADRA:
        raise ValidationError("Quantidade de dígitos da quadra deve ser 3 ou 4.")
    maior = Quadra.objects.aggregate(maior=models.Max("numero"))["maior"] or 0
    if len(str(maior)) > digitos:
        raise ValidationError(f"Há quadra com mais de {digitos} dígitos: a de número {maior}.")


def administra(usuario) -> bool:
    return usuario.is_superuser or usuario.groups.filter(name=GRUPO_ADMINISTRADOR).exists()


def com_nomes() -> models.QuerySet[ParametroSistema]:
    """The row, with the names of what it points to."""
    apontados = [campo.name for campo in ParametroSistema._meta.fields if campo.is_relation]
    return ParametroSistema.objects.select_related(*apontados)


def para_alterar() -> ParametroSistema | None:
    """The row, or None before it is informed; until the transaction ends nobody else writes it, nor inserts it."""
    with connection.cursor() as cursor:
        # A row that is not there cannot be locked, and the table has one row only.
        cursor.execute(f"LOCK TABLE {ParametroSistema._meta.db_table} IN SHARE ROW EXCLUSIVE MODE")
    return com_nomes().first()


def posicoes_para_o_texto(tamanho: int | str | None) -> int:
    """How many positions of an SMS of that size are left for its text; none in what is no size."""
    digitos = str(tamanho or "").strip()
    if not re.fullmatch("[0-9]{1,3}", digitos) or int(digitos) > TAMANHO_SMS_MAXIMO:
        return 0
    return max(int(digitos) - POSICOES_DO_CODIGO_DE_BARRAS, 0)
