from django.db import migrations

# The manual's operations and tipos de campanha; Net and Sem Parar get a fictitious tipo each. All are data: admin edits them.
OPERACOES = (
    ("claro", "Claro", "claro", 1, ("CLARO FASE 1", "CLARO TV FASE 1", "CLARO CPC")),
    ("net", "Net", "net", 2, ("NET FASE 1",)),
    ("semparar", "Sem Parar", "sem_parar", 3, ("SEM PARAR FASE 1",)),
)
ASSUNTO = "Seu boleto {NOME_OPERACAO} vence em {VENCIMENTO}"
CORPO = """Olá!

O boleto do seu acordo {ACORDO} com a {NOME_OPERACAO}, de R$ {VALOR}, vence em {VENCIMENTO}.

Confira antes de pagar: o beneficiário é {BENEFICIARIO}, CNPJ {CNPJ_BENEFICIARIO}. Se o seu banco mostrar outro nome ou outro valor, não pague.

Se já pagou, desconsidere este aviso."""


def criar(apps, schema_editor):
    operacao_, tipo_, layout_ = (
        apps.get_model("preventivo", nome) for nome in ("Operacao", "TipoCampanha", "Layout")
    )
    for codigo, nome, dialeto, ordem, tipos in OPERACOES:
        operacao, _ = operacao_.objects.get_or_create(
            codigo=codigo, defaults={"nome": nome, "dialeto": dialeto, "ordem": ordem}
        )
        for posicao, do_tipo in enumerate(tipos, start=1):
            tipo, _ = tipo_.objects.get_or_create(operacao=operacao, nome=do_tipo, defaults={"ordem": posicao})
            layout_.objects.get_or_create(tipo=tipo, versao=1, defaults={"assunto": ASSUNTO, "corpo": CORPO})


def retirar(apps, schema_editor):
    """Only what nothing was made with yet."""
    operacao_, tipo_, layout_, campanha_ = (
        apps.get_model("preventivo", nome) for nome in ("Operacao", "TipoCampanha", "Layout", "Campanha")
    )
    usados = campanha_.objects.values("tipo")
    layout_.objects.exclude(tipo__in=usados).delete()
    tipo_.objects.exclude(pk__in=usados).delete()
    operacao_.objects.filter(tipos=None).delete()


class Migration(migrations.Migration):
    dependencies = [("preventivo", "0001_inicial")]

    operations = [migrations.RunPython(criar, retirar)]
