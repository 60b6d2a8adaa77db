"""The tags of a billing text (referencia/gsan.md 2.2; the sizes are ours, GSAN's are data that was not found)."""

from mensageria.textos import Dado

DADOS_FATURAMENTO = (
    Dado("{MATRICULA}", "Matrícula do imóvel", 9),
    Dado("{NOME}", "Nome do cliente usuário", 30),
    Dado("{VENCTO}", "Vencimento da conta", 10),
    Dado("{VALOR}", "Valor da conta", 13),
)
