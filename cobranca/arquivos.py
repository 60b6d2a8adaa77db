"""The file of payments of collection documents."""

from cadastro.importacao import Arquivo, Coluna, Recusa, anotar, data, identificador, registrar

_ITENS_PAGOS = """
    FROM imp_linha l JOIN cobranca_cobrancadocumentoitem i ON i.documento_id = l.documento
    WHERE l.erro IS NULL AND NOT l.ja_pago AND t.pago_em IS NULL"""

# Paying a document pays what it charges. A conta that left force since (cancelled, parcelled) is not touched.
PAGAMENTOS_DOCUMENTOS = Arquivo(
    nome="pagamentos_documentos",
    colunas=(Coluna("documento", identificador()), Coluna("pago_em", data())),
    chave=("l.documento",),
    juncoes="LEFT JOIN cobranca_cobrancadocumento d ON d.id = l.documento",
    extras={"ja_pago": "d.pago_em IS NOT NULL"},
    recusas=(
        Recusa("documento", "d.id IS NULL", "Documento de cobrança {l.documento} não existe."),
        Recusa("documento", "d.pago_em IS NULL AND d.cancelado", "O documento de cobrança está cancelado."),
    ),
    concluir=(
        f"UPDATE faturamento_conta t SET pago_em = l.pago_em {_ITENS_PAGOS} AND t.id = i.conta_id"
        " AND t.situacao IN (0, 1, 2)",
        f"UPDATE faturamento_debitoacobrar t SET pago_em = l.pago_em {_ITENS_PAGOS} AND t.id = i.debito_id"
        " AND NOT t.cancelado",
        anotar(
            """UPDATE cobranca_cobrancadocumento t SET pago_em = l.pago_em FROM imp_linha l
               WHERE l.erro IS NULL AND NOT l.ja_pago AND t.id = l.documento RETURNING l.linha""",
            nova=True,
        ),
    ),
    tabelas=("cobranca_cobrancadocumento",),
)

registrar(PAGAMENTOS_DOCUMENTOS)
