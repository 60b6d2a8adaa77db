"""The document of who was already there tells the type. One pass over the customers, which locks no table."""

from django.db import migrations
from django.db.models.functions import Length


def dizer(apps, schema_editor):
    clientes = apps.get_model("cadastro", "Cliente").objects.using(schema_editor.connection.alias)
    clientes.alias(posicoes=Length("documento")).filter(posicoes=14).update(tipo=2)


class Migration(migrations.Migration):
    dependencies = [("cadastro", "0005_cliente_completo")]

    operations = [migrations.RunPython(dizer, migrations.RunPython.noop)]
