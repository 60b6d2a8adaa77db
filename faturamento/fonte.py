"""What mensageria asks about contas."""

from mensageria.textos import Dado

DADOS_FATURAMENTO = (
    Dado("{MATRICULA}", "Matrícula do imóvel", 9),
    Dado("{NOME}", "Nome do cliente usuário", 30),
    Dado("{VENCTO}", "Vencimento da conta", 10),
    Dado("{VALOR}", "Valor da conta", 13),
)
