"""What the contexts of many messages have in common is kept once. Those of before stay whole.

A program of before reads half of a context written since: it must not run beside one of after.
"""

import django.db.models.deletion
from django.db import migrations, models
from django.db.migrations.exceptions import IrreversibleError


def recusar_se_ha_partidos(apps, schema_editor):
    if apps.get_model("mensageria", "Mensagem").objects.filter(molde__isnull=False).exists():
        raise IrreversibleError("Há mensagens cujo contexto está em parte no seu molde: sem ele não se recompõem.")


class Migration(migrations.Migration):
    dependencies = [("mensageria", "0013_transicao_por_linha")]

    operations = [
        migrations.CreateModel(
            name="Molde",
            fields=[
                ("id", models.UUIDField(editable=False, primary_key=True, serialize=False)),
                ("comum", models.JSONField()),
                ("criado_em", models.DateTimeField(auto_now_add=True, verbose_name="criado em")),
            ],
        ),
        migrations.AddField(
            model_name="mensagem",
            name="molde",
            field=models.ForeignKey(
                blank=True,
                db_constraint=False,
                db_index=False,
                editable=False,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                to="mensageria.molde",
            ),
        ),
        # The column keeps its name.
        migrations.SeparateDatabaseAndState(
            state_operations=[
                migrations.RenameField(model_name="mensagem", old_name="contexto", new_name="proprio"),
                migrations.AlterField(
                    model_name="mensagem",
                    name="proprio",
                    field=models.JSONField(blank=True, db_column="contexto", editable=False, null=True),
                ),
            ]
        ),
        migrations.RunPython(migrations.RunPython.noop, recusar_se_ha_partidos),
    ]
