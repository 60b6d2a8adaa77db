from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("cobranca", "0002_nomes")]

    operations = [
        migrations.AddField(
            model_name="cobrancadocumento",
            name="sequencial",
            field=models.PositiveIntegerField(
                blank=True,
                editable=False,
                help_text="o que outro sistema lhe deu; vazio: o próprio código",
                null=True,
            ),
        ),
    ]
