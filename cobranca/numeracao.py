"""Which documents are fichas de compensação, and the nosso número of each: given once, set-wise, never twice."""

from collections import Counter
from decimal import Decimal

from django.db import connection

from cadastro.models import ParametroSistema
from cobranca import ficha
from cobranca.models import CobrancaDocumento, ContaBancaria
from telas.campos import moeda
from telas.templatetags.telas import quantos


def ha_fichas() -> bool:
    """Whether documents of enough value are made fichas now."""
    parametro = ParametroSistema.objects.filter(valor_ficha_extrato__isnull=False)
    return parametro.exists() and ContaBancaria.objects.filter(ativa=True).exists()


class SemNumeros(Exception):
    """The account has not that many numbers left; the message is for the operator."""


# The rows of a comando that reach the value; `conta` is locked, so nobody else gives these numbers.
NUMERAR = """
UPDATE cobranca_cobrancadocumento d SET conta_bancaria_id = %(conta)s, nosso_numero = n.numero
FROM (
    SELECT id, %(proximo)s - 1 + row_number() OVER (ORDER BY id) AS numero
    FROM cobranca_cobrancadocumento
    WHERE comando_id = %(comando)s AND valor BETWEEN %(a_partir_de)s AND %(maior)s
) n
WHERE d.id = n.id
"""


def numerar(comando_id: int) -> Counter:
    """Make fichas of the new documents of a comando that reach the value of the parameter.

    Return how many are `fichas`, and how many would be and keep the code of arrecadação, since no account is active
    (`fichas_sem_conta`). Inside the transaction that makes the documents; raises SemNumeros.
    """
    a_partir_de = ParametroSistema.atual().valor_ficha_extrato
    if a_partir_de is None:
        return Counter(fichas=0, fichas_sem_conta=0)
    conta = ContaBancaria.objects.select_for_update().filter(ativa=True).first()
    if conta is None:
        seriam = CobrancaDocumento.objects.filter(comando=comando_id, valor__range=(a_partir_de, ficha.MAIOR_VALOR))
        return Counter(fichas=0, fichas_sem_conta=seriam.count())
    return Counter(fichas=_dar_numeros(comando_id, conta, a_partir_de), fichas_sem_conta=0)


def _dar_numeros(comando_id: int, conta: ContaBancaria, a_partir_de: Decimal) -> int:
    valores = {
        "conta": conta.pk,
        "proximo": conta.proximo_nosso_numero,
        "comando": comando_id,
        "a_partir_de": a_partir_de,
        "maior": ficha.MAIOR_VALOR,
    }
    with connection.cursor() as cursor:
        cursor.execute(NUMERAR, valores)
        quantas = cursor.rowcount
    maior = ficha.banco(conta.banco).maior_numero
    if conta.proximo_nosso_numero + quantas - 1 > maior:
        raise SemNumeros(
            f"A conta bancária {conta} só tem nosso número até {maior}: cadastre outra antes de gerar os documentos."
        )
    conta.proximo_nosso_numero += quantas
    conta.save(update_fields=["proximo_nosso_numero"])
    return quantas


def sem_conta() -> str:
    """What to say before documents are made that would be fichas and cannot be; empty when nothing is wrong."""
    parametro = ParametroSistema.objects.first()
    if parametro is None or parametro.valor_ficha_extrato is None or ContaBancaria.objects.filter(ativa=True).exists():
        return ""
    return (
        f"Documentos a partir de R$ {moeda(parametro.valor_ficha_extrato)} deveriam sair como ficha de compensação, mas"
        " nenhuma conta bancária está ativa: sairão com o código de arrecadação."
    )


def saiu_sem_conta(quantas: int) -> str:
    """What became of those that should have been fichas, without a point at the end."""
    documentos = "documento com valor de ficha saiu,documentos com valor de ficha saíram"
    return f"{quantos(quantas, documentos)} com o código de arrecadação, porque nenhuma conta bancária estava ativa"
