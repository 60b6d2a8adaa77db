"""What the forms of Manter and Inserir Cliente send, when nothing but what a test cares about is touched."""

from cadastro.models import Cliente, ClienteEndereco

SWITCHES = (
    *("documento_validado", "por_sms", "por_email", "nao_perturbe"),
    *("acrescimos", "acao_cobranca", "negativacao", "fatura_antecipada"),
)


def nome_e_tipo(cliente: Cliente, **mudancas) -> dict:
    return {
        "nome": cliente.nome,
        "nome_abreviado": cliente.nome_abreviado,
        "tipo": cliente.tipo,
        "documento": cliente.documento or "",
        "email": cliente.email,
        "dia_vencimento": cliente.dia_vencimento or "",
        "ativo": str(cliente.ativo),
        **{nome: str(getattr(cliente, nome)) for nome in SWITCHES},
    } | mudancas


def pessoa(**mudancas) -> dict:
    """Of a person."""
    return {
        "sexo": "2",
        "nascimento": "31/01/1980",
        "profissao": "PROFESSORA",
        "rg": "1234567",
        "rg_orgao": "SSP",
        "rg_uf": "RN",
        "rg_emissao": "10/05/1998",
        "nome_mae": "MARIA DA SILVA",
    } | mudancas


def endereco(prefixo: str = "", **mudancas) -> dict:
    campos = {
        "tipo": ClienteEndereco.Tipo.RESIDENCIAL,
        "logradouro": "Rua das Acácias",
        "numero": "10",
        "complemento": "",
        "bairro": "Centro",
        "municipio": "Natal/RN",
        "cep": "59000-000",
    } | ({} if prefixo else {"correspondencia": "False"})
    return {f"{prefixo}{nome}": valor for nome, valor in (campos | mudancas).items()}


def insercao(**mudancas) -> dict:
    """A whole customer, without a phone."""
    novo = Cliente(nome="ANA MARIA DA SILVA", email="ana@exemplo.com.br")
    return nome_e_tipo(novo) | pessoa() | {"ramo_atividade": ""} | endereco("endereco-") | mudancas
