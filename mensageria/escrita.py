"""Write many rows, each with values of its own, by one statement and at the cost of one.

Django's bulk_update says the same with a CASE for each field, which takes longer to build than a message to send. And
psycopg2 writes a list as ARRAY[…], of which PostgreSQL makes a node of the statement for each value: as one literal
(`matriz`) it is read in a fifth to a half of the time.
"""

from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from datetime import date
from functools import partial
from typing import Any

import orjson
from django.db import DEFAULT_DB_ALIAS, connection, connections, models

# What would be read back as something else is an error, as it is to json.
em_json = partial(orjson.dumps, option=orjson.OPT_PASSTHROUGH_DATETIME | orjson.OPT_PASSTHROUGH_DATACLASS)
# Before what joins a block with a table of any size: of a small one the planner would read every row, for each block.
_POR_INDICE = "SET LOCAL enable_hashjoin = off; SET LOCAL enable_mergejoin = off;"
_SEPARADOR = b"\x1f"  # between JSON texts, which have no control character


def matriz(valores: Iterable[Any]) -> str:
    """An array as PostgreSQL reads one, of integers, texts, dates, UUIDs and None: the statement casts it."""
    valores = list(valores)
    with suppress(TypeError):  # of a date, a Decimal: what JSON has not
        # Where JSON escapes nothing its array is PostgreSQL's, but for the brackets, in a fraction of the time.
        if b"\\" not in (escritos := em_json(valores)):
            return f"{{{escritos[1:-1].decode()}}}"
    return "{" + ",".join([str(um) if type(um) is int else _entre_aspas(um) for um in valores]) + "}"


def _entre_aspas(valor: Any) -> str:
    if valor is None:
        return "NULL"
    texto = valor.isoformat() if isinstance(valor, date) else str(valor)
    return '"' + texto.replace("\\", "\\\\").replace('"', '\\"') + '"'


def juntar_por_indice() -> None:
    """Until the transaction ends no join reads a whole table to hash or to sort it."""
    with connection.cursor() as cursor:
        cursor.execute(_POR_INDICE)


def travar_contagens(lotes: Iterable[int]) -> None:
    """The counts of some lotes, by whoever is to change them by more than one statement, before the first: two of them
    must not wait for each other."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT FROM mensageria_lotecontagem WHERE lote_id = ANY(%s) ORDER BY lote_id, estado FOR UPDATE",
            [matriz(lotes)],
        )


def atualizar(
    modelo: type[models.Model], ids: Sequence[int], variam: Mapping[str, Sequence], iguais: Mapping[str, Any]
) -> None:
    """UPDATE … FROM unnest(…): `variam` has a value of each field for each of the `ids`, `iguais` one for all.

    Within a transaction.
    """
    if not ids:
        return
    conexao = connections[DEFAULT_DB_ALIAS]  # itself: its proxy would be asked for each value
    nome, meta = conexao.ops.quote_name, modelo._meta
    campos = [meta.get_field(campo) for campo in variam]
    fixos = [meta.get_field(campo) for campo in iguais]
    trocas = [f"{nome(c.column)} = v.{nome(c.column)}" for c in campos] + [f"{nome(c.column)} = %s" for c in fixos]
    matrizes = ", ".join(["%s::bigint[]", *(_tipo(campo, conexao) for campo in campos)])
    with conexao.cursor() as cursor:
        cursor.execute(
            f"{_POR_INDICE} UPDATE {nome(meta.db_table)} AS m SET {', '.join(trocas)}"
            f" FROM unnest({matrizes}) AS v ({', '.join(['id', *(nome(c.column) for c in campos)])})"
            f" WHERE m.{nome(meta.pk.column)} = v.id",
            [
                *(campo.get_db_prep_save(iguais[campo.name], conexao) for campo in fixos),
                matriz(ids),
                *(_escritos(campo, variam[campo.name], conexao) for campo in campos),
            ],
        )


def _tipo(campo: models.Field, conexao) -> str:
    if isinstance(campo, models.JSONField):
        return "string_to_array(%s, chr(31), 'null')::jsonb[]"
    return f"%s::{campo.db_type(conexao)}[]"


def _escritos(campo: models.Field, valores: Sequence, conexao) -> str:
    if isinstance(campo, models.JSONField):
        return _SEPARADOR.join(map(em_json, valores)).decode()
    if isinstance(getattr(campo, "target_field", campo), models.CharField | models.UUIDField):  # written as they are
        return matriz(valores)
    return matriz(campo.get_db_prep_save(valor, conexao) for valor in valores)
