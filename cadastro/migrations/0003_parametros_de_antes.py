"""What an installation that has its parameters gets for the new ones: what it already showed and held."""

from django.db import migrations
from django.db.models import F
from django.db.models.functions import Left


def preencher(apps, schema_editor):
    parametros = apps.get_model("cadastro", "ParametroSistema").objects.using(schema_editor.connection.alias)
    quadras = apps.get_model("cadastro", "Quadra").objects.using(schema_editor.connection.alias)
    parametros.filter(titulos_relatorio="").update(titulos_relatorio=Left(F("nome_empresa"), 40))
    if parametros.exists() and quadras.filter(numero__gt=999).exists():
        parametros.update(digitos_da_quadra=4)


class Migration(migrations.Migration):
    dependencies = [("cadastro", "0002_parametros")]

    operations = [migrations.RunPython(preencher, migrations.RunPython.noop)]
