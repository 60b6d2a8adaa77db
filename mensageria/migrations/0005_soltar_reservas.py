from django.db import migrations

# What a worker held when it was stopped for the upgrade: what may have left is uncertain, the rest goes back.
SOLTAR = """
UPDATE mensageria_mensagem
SET estado = CASE WHEN corpo_em IS NULL THEN 1 ELSE 7 END,
    motivo = CASE WHEN corpo_em IS NULL THEN motivo ELSE 'Estava em envio durante uma atualização do sistema.' END,
    tentativas = tentativas + CASE WHEN corpo_em IS NULL THEN 0 ELSE 1 END,
    reserva = NULL, reserva_ate = NULL, corpo_em = NULL
WHERE estado = 2
"""


class Migration(migrations.Migration):
    """Nothing is held while the way of holding changes: reservations become rows of their own in the next one."""

    dependencies = [("mensageria", "0004_paginas")]
    operations = [migrations.RunSQL(SOLTAR, migrations.RunSQL.noop)]
