"""The types of document that a collection has in GSAN, and those that stored actions already use."""

from django.db import migrations

TIPOS = {
    3: "DOCUMENTO DE COBRANÇA",
    8: "AVISO DE DÉBITO",
    11: "CORTE ADMINISTRATIVO",
    12: "AVISO DE CORTE",
    13: "CORTE FÍSICO",
    14: "EXTRATO DE DÉBITO",
    21: "CARTA DE COBRANÇA - SUPRIMIDOS",
    22: "CARTA DE COBRANÇA - CORTADOS",
    25: "CARTA DE COBRANÇA - LIGADOS",
}
CARTAS = {21, 22, 25}


def criar(apps, _):
    tipo, acao = apps.get_model("cobranca", "TipoDocumento"), apps.get_model("cobranca", "AcaoCobranca")
    em_uso = acao.objects.exclude(tipo_documento__in=TIPOS).values_list("tipo_documento", flat=True).distinct()
    tipos = TIPOS | {codigo: f"TIPO {codigo}" for codigo in em_uso}
    tipo.objects.bulk_create(
        [tipo(pk=codigo, descricao=nome, pede_texto=codigo in CARTAS) for codigo, nome in tipos.items()],
        ignore_conflicts=True,
    )


class Migration(migrations.Migration):
    dependencies = [("cobranca", "0004_acao_inteira")]

    operations = [migrations.RunPython(criar, migrations.RunPython.noop)]
