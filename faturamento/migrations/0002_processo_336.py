"""Process 336 as every installation has it; an administrator may switch its steps off, and no new run has them then."""

from django.db import migrations

PROCESSO = 336
EVENTUAL = 4
FUNCIONALIDADES = [
    (1, "gerar-mensagens-faturamento", "Gerar mensagens de faturamento", "LOCALIDADE"),
    (2, "gerar-mensagens-cobranca", "Gerar mensagens de cobrança", "AÇÃO DE COBRANÇA COMANDO"),
    (3, "enviar-emails", "Enviar e-mail", "FUNCIONALIDADE"),
    (3, "transmitir-sms", "Transmitir SMS", "FUNCIONALIDADE"),
    (4, "processar-retorno-sms", "Processar retorno de SMS", "FUNCIONALIDADE"),
]


def criar(apps, schema_editor):
    processo, _ = apps.get_model("batch", "Processo").objects.get_or_create(
        pk=PROCESSO,
        defaults={"descricao": "Envio de E-mail/SMS Cobrança e Faturamento", "abreviatura": "ENVMSG", "tipo": EVENTUAL},
    )
    for sequencial, codigo, descricao, unidade in FUNCIONALIDADES:
        apps.get_model("batch", "ProcessoFuncionalidade").objects.get_or_create(
            processo=processo,
            codigo=codigo,
            defaults={"descricao": descricao, "sequencial": sequencial, "unidade_processamento": unidade},
        )


def desfazer(apps, schema_editor):
    apps.get_model("batch", "ProcessoFuncionalidade").objects.filter(processo=PROCESSO).delete()
    apps.get_model("batch", "Processo").objects.filter(pk=PROCESSO).delete()


class Migration(migrations.Migration):
    dependencies = [("faturamento", "0001_inicial"), ("batch", "0001_inicial")]
    operations = [migrations.RunPython(criar, desfazer)]
