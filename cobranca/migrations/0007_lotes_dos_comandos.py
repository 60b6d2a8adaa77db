from django.db import migrations

# The lotes of before did not know their comando; one that has messages of two comandos stays without.
LIGAR = """
UPDATE mensageria_lote l SET unidade = x.comando_id
FROM (
    SELECT m.lote_id, min(d.comando_id) AS comando_id
    FROM mensageria_mensagem m JOIN cobranca_cobrancadocumento d ON d.id = m.objeto_id
    WHERE m.origem = 'cobranca'
    GROUP BY m.lote_id HAVING min(d.comando_id) = max(d.comando_id)
) x
WHERE l.id = x.lote_id AND l.unidade IS NULL
"""


class Migration(migrations.Migration):
    dependencies = [("cobranca", "0006_fichas"), ("mensageria", "0011_unidade_do_lote")]

    operations = [migrations.RunSQL(LIGAR, migrations.RunSQL.noop)]
