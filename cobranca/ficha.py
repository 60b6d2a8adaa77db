"""The ficha de compensação: what each bank puts in the 25 free positions of a boleto, and how it writes its number.

Sources: the manuals of cobrança of Banco do Brasil (convênio of 7 positions), Caixa (SIGCB), Bradesco and Itaú. A bank
that is not here is refused: a free field that is nearly right is a boleto that nobody can pay, or that pays another.

    001 Banco do Brasil   000000 · convênio 7 · number 10 · carteira 2
    104 Caixa             beneficiário 6 · digit · number 3 · carteira 1 · number 3 · carteira 1 · number 9 · digit
    237 Bradesco          agência 4 · carteira 2 · number 11 · conta 7 · 0
    341 Itaú              carteira 3 · number 8 · its digit · agência 4 · conta 5 · its digit · 000

Pure: whoever has an account, as a model or not, gives its fields as digits.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Protocol

from cadastro.digitos import modulo10, modulo11
from mensageria.pagamento import boleto
from mensageria.pagamento.arrecadacao import DadoInvalido

MAIOR_VALOR = Decimal("99999999.99")  # a larger amount takes the positions of the due date
_DIGITOS = re.compile(r"[0-9]+")
# Carteiras of Itaú with another free field, of fifteen positions; and those whose number is checked by itself.
_ITAU_DE_15 = frozenset({"106", "107", "122", "142", "143", "195", "196", "198"})
_ITAU_SO_NUMERO = frozenset({"126", "131", "146", "150", "168"})


class Conta(Protocol):
    """The bank account that boletos are paid to."""

    banco: str
    agencia: str
    conta: str
    convenio: str  # or the código do beneficiário
    carteira: str


@dataclass(frozen=True)
class Banco:
    """A bank: the size of each field that its boletos need, and what is made of them and of a nosso número."""

    codigo: str
    nome: str
    tamanhos: Mapping[str, int]
    maior_numero: int
    livre: Callable[[Conta, int], str]
    nosso_numero: Callable[[Conta, int], str]  # as printed
    beneficiario: Callable[[Conta], str]  # agência and código, as printed
    recusa: Callable[[Conta], dict[str, str]] = lambda conta: {}


def banco(codigo: str) -> Banco:
    """Raises DadoInvalido for a bank whose layout is not known here."""
    if codigo not in BANCOS:
        conhecidos = ", ".join(f"{b.codigo} {b.nome}" for b in BANCOS.values())
        raise DadoInvalido(f"O banco {codigo} não tem layout de boleto aqui. Os que têm são: {conhecidos}.")
    return BANCOS[codigo]


def conferir_conta(conta: Conta) -> dict[str, str]:
    """{field: what is wrong with it}; empty when boletos can be made of the account."""
    try:
        do_banco = banco(conta.banco)
    except DadoInvalido as erro:
        return {"banco": str(erro)}
    erros = {}
    for campo, tamanho in do_banco.tamanhos.items():
        valor = getattr(conta, campo)
        if not (_DIGITOS.fullmatch(valor) and len(valor) == tamanho):
            erros[campo] = f"{do_banco.nome}: este campo tem {tamanho} algarismos, sem o dígito, com zeros à esquerda."
    return erros or do_banco.recusa(conta)


def linha(conta: Conta, numero: int, *, valor: Decimal, vencimento: date) -> str:
    """The 47 digits. Raises DadoInvalido for an account, a number or an amount that makes no boleto."""
    if erros := conferir_conta(conta):
        raise DadoInvalido(" ".join(erros.values()))
    do_banco = banco(conta.banco)
    if not 1 <= numero <= do_banco.maior_numero:
        raise DadoInvalido(f"O nosso número do {do_banco.nome} vai de 1 a {do_banco.maior_numero}.")
    if not 0 < valor <= MAIOR_VALOR:
        raise DadoInvalido("O valor de um boleto com vencimento vai de R$ 0,01 a R$ 99.999.999,99.")
    return boleto.montar(banco=conta.banco, vencimento=vencimento, valor=valor, livre=do_banco.livre(conta, numero))


def codigo_da_linha(linha47: str) -> str:
    """The 44 digits of the bar code that a line of ours is drawn as."""
    return linha47[:4] + linha47[32:] + linha47[4:9] + linha47[10:20] + linha47[21:31]


# Banco do Brasil


def _bb(c: Conta, numero: int) -> str:
    return f"000000{c.convenio}{numero:010d}{c.carteira}"


# Caixa, SIGCB: of the carteira, the first digit says that it is registered (1), the second who prints (4, the payee)


def _caixa(c: Conta, numero: int) -> str:
    n = f"{numero:015d}"
    sem_digito = f"{c.convenio}{modulo11(c.convenio)}{n[:3]}{c.carteira[0]}{n[3:6]}{c.carteira[1]}{n[6:]}"
    return f"{sem_digito}{modulo11(sem_digito)}"


def _caixa_numero(c: Conta, numero: int) -> str:
    inteiro = f"{c.carteira}{numero:015d}"
    return f"{inteiro}-{modulo11(inteiro)}"


def _caixa_recusa(c: Conta) -> dict[str, str]:
    return {} if c.carteira == "14" else {"carteira": "Caixa: a carteira é 14, cobrança registrada e emitida por você."}


# Bradesco


def _bradesco(c: Conta, numero: int) -> str:
    return f"{c.agencia}{c.carteira}{numero:011d}{c.conta}0"


def _bradesco_numero(c: Conta, numero: int) -> str:
    inteiro = f"{c.carteira}{numero:011d}"
    resto = sum(int(d) * (2 + i % 6) for i, d in enumerate(reversed(inteiro))) % 11  # weights 2 to 7
    digito = {0: "0", 1: "P"}.get(resto) or str(11 - resto)
    return f"{c.carteira}/{numero:011d}-{digito}"


# Itaú


def _itau_digito(c: Conta, numero: int) -> int:
    do_numero = f"{c.carteira}{numero:08d}"
    return modulo10(do_numero if c.carteira in _ITAU_SO_NUMERO else f"{c.agencia}{c.conta}{do_numero}")


def _itau(c: Conta, numero: int) -> str:
    digito_da_conta = modulo10(c.agencia + c.conta)
    return f"{c.carteira}{numero:08d}{_itau_digito(c, numero)}{c.agencia}{c.conta}{digito_da_conta}000"


def _itau_recusa(c: Conta) -> dict[str, str]:
    if c.carteira in _ITAU_DE_15:
        return {"carteira": f"A carteira {c.carteira} do Itaú tem outro campo livre, que não é feito aqui."}
    return {}


BANCOS = {
    b.codigo: b
    for b in (
        Banco(
            "001",
            "Banco do Brasil",
            {"agencia": 4, "convenio": 7, "carteira": 2},
            10**10 - 1,
            _bb,
            lambda c, numero: f"{c.convenio}{numero:010d}",
            lambda c: f"{c.agencia} / {c.convenio}",
        ),
        Banco(
            "104",
            "Caixa",
            {"agencia": 4, "convenio": 6, "carteira": 2},
            10**15 - 1,
            _caixa,
            _caixa_numero,
            lambda c: f"{c.agencia} / {c.convenio}-{modulo11(c.convenio)}",
            _caixa_recusa,
        ),
        Banco(
            "237",
            "Bradesco",
            {"agencia": 4, "conta": 7, "carteira": 2},
            10**11 - 1,
            _bradesco,
            _bradesco_numero,
            lambda c: f"{c.agencia} / {c.conta}",
        ),
        Banco(
            "341",
            "Itaú",
            {"agencia": 4, "conta": 5, "carteira": 3},
            10**8 - 1,
            _itau,
            lambda c, numero: f"{c.carteira}/{numero:08d}-{_itau_digito(c, numero)}",
            lambda c: f"{c.agencia} / {c.conta}-{modulo10(c.agencia + c.conta)}",
            _itau_recusa,
        ),
    )
}
