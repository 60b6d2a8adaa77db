import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


# Rows that are written again and again: room in the page for the next version, and a vacuum that comes before there is
# much to do. Of a ledger of millions a fifth, the default, would be left dead before anybody looks.
ARMAZENAMENTO = {
    "mensageria_mensagem": "fillfactor = 85, autovacuum_vacuum_scale_factor = 0.01, autovacuum_vacuum_threshold = 5000,"
    " autovacuum_analyze_scale_factor = 0.02, autovacuum_vacuum_cost_delay = 0",
    "mensageria_tentativaenvio": "autovacuum_vacuum_insert_scale_factor = 0.05, autovacuum_analyze_scale_factor = 0.02",
    "mensageria_lotecontagem": "fillfactor = 40, autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 200,"
    " autovacuum_vacuum_cost_delay = 0",
    "mensageria_lote": "fillfactor = 70, autovacuum_vacuum_scale_factor = 0.02",
    "mensageria_consumo": "fillfactor = 40, autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 200",
    "mensageria_ritmo": "fillfactor = 40, autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 200",
    "mensageria_reserva": "fillfactor = 80, autovacuum_vacuum_scale_factor = 0.02",
}


def _do_armazenamento() -> list[migrations.RunSQL]:
    """Each with its way back: the defaults."""
    return [
        migrations.RunSQL(
            f"ALTER TABLE {tabela} SET ({parametros})",
            f"ALTER TABLE {tabela} RESET ({', '.join(um.split(' = ')[0] for um in parametros.split(', '))})",
        )
        for tabela, parametros in ARMAZENAMENTO.items()
    ]


class Migration(migrations.Migration):
    """Fewer indexes on what is written most, and room for its next version."""

    dependencies = [
        ("cadastro", "0001_inicial"),
        ("mensageria", "0006_motor"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.AlterField(
            model_name="mensagem",
            name="chave",
            field=models.CharField(max_length=80),
        ),
        migrations.AlterField(
            model_name="mensagem",
            name="gateway",
            field=models.ForeignKey(
                blank=True,
                db_index=False,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                to="mensageria.gatewaysms",
            ),
        ),
        migrations.AlterField(
            model_name="mensagem",
            name="pedido_por",
            field=models.ForeignKey(
                blank=True,
                db_index=False,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
            ),
        ),
        migrations.AlterField(
            model_name="mensagem",
            name="remetente",
            field=models.ForeignKey(
                blank=True,
                db_index=False,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                to="mensageria.remetente",
            ),
        ),
        migrations.AlterField(
            model_name="mensagem",
            name="servico",
            field=models.ForeignKey(
                blank=True,
                db_constraint=False,
                db_index=False,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                to="mensageria.servicoemail",
                verbose_name="serviço",
            ),
        ),
        migrations.AlterField(
            model_name="mensagem",
            name="texto",
            field=models.ForeignKey(
                db_index=False, on_delete=django.db.models.deletion.PROTECT, to="mensageria.versaotexto"
            ),
        ),
        migrations.AlterField(
            model_name="naogerada",
            name="localidade",
            field=models.ForeignKey(
                blank=True,
                db_constraint=False,
                db_index=False,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                to="cadastro.localidade",
            ),
        ),
        migrations.AlterField(
            model_name="tentativaenvio",
            name="mensagem",
            field=models.ForeignKey(
                db_constraint=False,
                db_index=False,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="envios",
                to="mensageria.mensagem",
            ),
        ),
        migrations.AlterField(
            model_name="tentativaenvio",
            name="pedido_por",
            field=models.ForeignKey(
                blank=True,
                db_index=False,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
            ),
        ),
        migrations.AddConstraint(
            model_name="mensagem",
            constraint=models.UniqueConstraint(fields=("chave",), name="mensagem_chave"),
        ),
        *_do_armazenamento(),
    ]
