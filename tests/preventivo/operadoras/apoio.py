"""What these tests share: somebody who owes, and how a client fails."""

import traceback
from datetime import date
from decimal import Decimal
from urllib.parse import quote_plus

import pytest

from preventivo.operadoras import DIALETOS, FalhaDaOperadora
from preventivo.operadoras.http import basica
from simuladores.boletos import Acordo, Boleto, linha_de_arrecadacao, linha_de_boleto, pdf_de, pix_de

CPF = "52998224725"
USUARIO, SEGREDO = "cliente da agência", "s3gredo/da operadora+é"  # hard to encode; a key has none of it
CHAVE = "chave-s3gredo-da-operadora"
DIA = date(2026, 11, 30)
PDF = pdf_de(["Boleto (do exemplo)", "R$ 129,90"])

PRIMEIRO = Boleto(
    numero="B/1",
    valor=Decimal("129.90"),
    vencimento=DIA,
    linha=linha_de_boleto(Decimal("129.90"), DIA, 42),
    parcela=1,
    beneficiario="Telefonia & Cabo <do Exemplo> S.A.",
    cnpj="99111222000149",
    pix=pix_de(Decimal("129.90"), "abc123"),
    pdf=PDF,
)
SEGUNDO = Boleto(
    numero="B 2",
    valor=Decimal("1234567.89"),
    vencimento=date(2026, 12, 7),
    linha=linha_de_arrecadacao(Decimal("1234567.89"), date(2026, 12, 7)),
    situacao="pago",
    beneficiario="Pedágio",
    cnpj="12ABC34501DE35",
)
TERCEIRO = Boleto("B3", Decimal("0.10"), date(2025, 2, 22), "", situacao="cancelado", parcela=12)


def boletos(quantos: int) -> tuple[Boleto, ...]:
    """Of one agreement, told apart by number and value."""
    return tuple(Boleto(f"{n:03d}", Decimal(n), DIA, linha_de_boleto(Decimal(n), DIA)) for n in range(1, quantos + 1))


def um_acordo(*boletos: Boleto) -> list[Acordo]:
    return [Acordo("A1", boletos or (PRIMEIRO,), "Combo")]


def credenciais(dialeto: str) -> dict[str, str]:
    return {"usuario": USUARIO, "segredo": CHAVE if dialeto == "net" else SEGREDO}


def novo_cliente(api, dialeto: str, **mais):
    """The client of a dialect, on the simulator, with the credentials that it takes."""
    url = mais.pop("url", None) or f"{api.url}/{dialeto}/"
    return DIALETOS[dialeto](url=url, **{"prazo": 5} | credenciais(dialeto) | mais)


def falha_de(funcao, *argumentos) -> FalhaDaOperadora:
    """The failure of a call, after looking for what nobody may read in it."""
    with pytest.raises(FalhaDaOperadora) as erro:
        funcao(*argumentos)
    nao_conta_nada(erro.value)
    return erro.value


def nao_conta_nada(falha: FalhaDaOperadora) -> None:
    ditos = (str(falha), repr(falha), *traceback.format_exception(falha))
    for segredo in (
        CPF,
        SEGREDO,
        "s3gredo",
        basica(USUARIO, SEGREDO)[6:],
        basica(quote_plus(USUARIO), quote_plus(SEGREDO))[6:],
    ):
        assert not any(segredo in dito for dito in ditos), segredo
    assert falha.__cause__ is None and falha.__context__ is None
