"""The documents of a comando are made by process 335, which every installation has."""

import django.db.models.deletion
from django.db import migrations, models

PROCESSO = 335
COBRANCA_COMANDADO = 2


def criar(apps, schema_editor):
    processo, _ = apps.get_model("batch", "Processo").objects.get_or_create(
        pk=PROCESSO,
        defaults={"descricao": "Geração de Documentos de Cobrança", "abreviatura": "GERDOC", "tipo": COBRANCA_COMANDADO},
    )
    apps.get_model("batch", "ProcessoFuncionalidade").objects.get_or_create(
        processo=processo,
        codigo="gerar-documentos-cobranca",
        defaults={
            "descricao": "Gerar documentos de cobrança",
            "sequencial": 1,
            "unidade_processamento": "AÇÃO DE COBRANÇA COMANDO",
        },
    )


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
        migrations.RunPython(criar, migrations.RunPython.noop),
    ]
