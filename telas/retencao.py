"""How the audit gets smaller: what is older than a moment goes, and that it went is an entry."""

from datetime import datetime, timedelta

from django.db import connection, transaction
from django.utils.timezone import localtime

from telas import registro
from telas.models import EntradaAuditoria

MINIMO = timedelta(days=365)  # that are always kept


@transaction.atomic
def descartar(antes_de: datetime) -> int:
    """Delete the entries before that moment, and leave one that says how many; return it."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT set_config('avisa.descarta_auditoria', 'sim', true)")
        cursor.execute(f"DELETE FROM {EntradaAuditoria._meta.db_table} WHERE momento < %s", [antes_de])
        quantas = cursor.rowcount
        cursor.execute("SELECT set_config('avisa.descarta_auditoria', '', true)")
    if quantas:
        ate = f"{localtime(antes_de):%d/%m/%Y}"
        registro.em_massa(None, EntradaAuditoria, f"Auditoria anterior a {ate} descartada.", quantas)
    return quantas
