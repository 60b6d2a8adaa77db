"""The process that makes the documents of a comando, as every installation has it."""

from django.db import migrations

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


def desfazer(apps, schema_editor):
    apps.get_model("batch", "ProcessoFuncionalidade").objects.filter(processo=PROCESSO).delete()
    apps.get_model("batch", "Processo").objects.filter(pk=PROCESSO).delete()


class Migration(migrations.Migration):
    dependencies = [("cobranca", "0009_geracao_pelo_batch")]
    operations = [migrations.RunPython(criar, desfazer)]
