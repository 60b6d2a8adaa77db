"""The names that name nobody; each company adds its own."""

from django.db import migrations

NOMES = (
    "A IDENTIFICAR",
    "CLIENTE",
    "CONSUMIDOR",
    "DESCONHECIDO",
    "IGNORADO",
    "INQUILINO",
    "LOCATARIO",
    "MORADOR",
    "NAO IDENTIFICADO",
    "NAO INFORMADO",
    "O MESMO",
    "PROPRIETARIO",
    "SEM NOME",
    "USUARIO",
)


def criar(apps, schema_editor):
    nomes = apps.get_model("cadastro", "NomeGenerico").objects
    nomes.bulk_create([nomes.model(nome=nome) for nome in NOMES], ignore_conflicts=True)


class Migration(migrations.Migration):
    dependencies = [("cadastro", "0006_tipo_do_cliente")]

    operations = [migrations.RunPython(criar, migrations.RunPython.noop)]
