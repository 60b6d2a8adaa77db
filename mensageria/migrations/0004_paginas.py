import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    """What the pages of messages read by: a cell of the balance, and a reason for being left out."""

    dependencies = [("mensageria", "0003_nomes")]

    operations = [
        migrations.AddIndex(
            model_name="mensagem",
            index=models.Index(fields=["lote", "estado", "id"], name="mensagem_celula"),
        ),
        migrations.AlterField(
            model_name="mensagem",
            name="lote",
            field=models.ForeignKey(
                db_index=False,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="mensagens",
                to="mensageria.lote",
            ),
        ),
        migrations.AddIndex(
            model_name="naogerada",
            index=models.Index(fields=["execucao", "origem", "motivo", "unidade", "canal"], name="nao_gerada_motivo"),
        ),
    ]
