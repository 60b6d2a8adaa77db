"""The tags of a collection text (referencia/gsan.md 2.2)."""

from mensageria.textos import Dado

DADOS_COBRANCA = (
    Dado("{MATRICULA}", "Matrícula do imóvel", 9),
    Dado("{NOME}", "Nome do cliente usuário", 30),
    Dado("{VALIDADEDOC}", "Validade do documento", 10),
    Dado("{VALORDOC}", "Valor do documento", 13),
)
