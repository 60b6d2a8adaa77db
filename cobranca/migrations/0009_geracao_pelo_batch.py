import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("batch", "0003_regra_completa"), ("cobranca", "0008_motivo_fora_da_cobranca")]

    operations = [
        migrations.AddField(
            model_name="comandoacao",
            name="geracao",
            field=models.ForeignKey(
                blank=True,
                editable=False,
                null=True,
                on_delete=django.db.models.deletion.SET_NULL,
                related_name="+",
                to="batch.processoiniciado",
                verbose_name="processo que gera os documentos",
            ),
        ),
    ]
