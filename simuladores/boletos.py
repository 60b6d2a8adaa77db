"""What the simulated companies charge with: lines, Pix, PDF and documents, right in all their digits and invented.

Nothing here is of the product, whose own arithmetic is tested against this one. Sources: FEBRABAN, layout of
arrecadação v7, and the banks' manuals of the boleto; Banco Central, manual of the BR Code.
"""

import binascii
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from itertools import cycle
from random import Random

PRIMEIRO_FATOR = date(2000, 7, 3)  # 1000; it goes to 9999 and starts again
BANCO = "999"  # of nobody
DIAS = (-30, 0, 3, 7)  # due dates, counted from the day
# Name and root of the CNPJ of who is paid; of nobody as well.
BENEFICIARIOS = {
    "claro": ("Telefonia do Exemplo S.A.", "99111222"),
    "net": ("TV a Cabo do Exemplo Ltda.", "99333444"),
    "sem_parar": ("Pedágio do Exemplo S.A.", "99555666"),
}
PRODUTOS = {
    "claro": ("Celular pós-pago", "TV por assinatura", "Internet fixa"),
    "net": ("Combo TV e internet", "Internet 500 MB"),
    "sem_parar": ("Plano mensal de pedágio", "Estacionamentos"),
}


@dataclass(frozen=True)
class Boleto:
    numero: str
    valor: Decimal
    vencimento: date
    linha: str
    situacao: str = "aberto"  # aberto, pago or cancelado
    parcela: int | None = None
    beneficiario: str = "Empresa do Exemplo Ltda."
    cnpj: str = "99111222000149"
    pix: str = ""
    pdf: bytes = b""


@dataclass(frozen=True)
class Acordo:
    numero: str
    boletos: tuple[Boleto, ...] = ()
    descricao: str = ""


# Check digits


def modulo10(digitos: str) -> int:
    soma = 0
    for digito, peso in zip(reversed(digitos), cycle((2, 1)), strict=False):
        soma += sum(divmod(int(digito) * peso, 10))
    return -soma % 10


def _soma11(digitos: str) -> int:
    return sum(int(digito) * peso for digito, peso in zip(reversed(digitos), cycle(range(2, 10)), strict=False))


def modulo11_do_boleto(digitos: str) -> int:
    digito = 11 - _soma11(digitos) % 11
    return 1 if digito > 9 else digito


def _digito_do_documento(digitos: str, pesos: Iterable[int]) -> str:
    resto = sum(int(digito) * peso for digito, peso in zip(digitos, pesos, strict=True)) % 11
    return str(0 if resto < 2 else 11 - resto)


def cpf_de(base: int) -> str:
    """The CPF of nine digits, with its two check digits."""
    cpf = f"{base:09d}"
    for maior in (10, 11):
        cpf += _digito_do_documento(cpf, range(maior, 1, -1))
    return cpf


def cnpj_de(raiz: str, ordem: str = "0001") -> str:
    cnpj = raiz + ordem
    for pesos in ((5, 4, 3, 2, *range(9, 1, -1)), (6, 5, 4, 3, 2, *range(9, 1, -1))):
        cnpj += _digito_do_documento(cnpj, pesos)
    return cnpj


# Ways to pay


def fator(vencimento: date) -> int:
    return 1000 + (vencimento - PRIMEIRO_FATOR).days % 9000


def linha_de_boleto(valor: Decimal, vencimento: date, livre: int = 0) -> str:
    """47 digits; `livre` is the bank's own field."""
    campo = f"{livre:025d}"
    final = f"{fator(vencimento):04d}{int(valor * 100):010d}"
    campos = [f"{BANCO}9{campo[:5]}", campo[5:15], campo[15:]]
    digito = modulo11_do_boleto(f"{BANCO}9{final}{campo}")
    return "".join(f"{parte}{modulo10(parte)}" for parte in campos) + f"{digito}{final}"


def linha_de_arrecadacao(valor: Decimal, vencimento: date, livre: int = 0) -> str:
    """48 digits of a telecom bill, its due date at the start of the company's own field."""
    resto = f"{int(valor * 100):011d}9999{vencimento:%Y%m%d}{livre:017d}"
    codigo = f"846{modulo10('846' + resto)}{resto}"
    blocos = [codigo[inicio : inicio + 11] for inicio in range(0, 44, 11)]
    return "".join(f"{bloco}{modulo10(bloco)}" for bloco in blocos)


def pix_de(valor: Decimal, identificador: str, nome: str = "EMPRESA DO EXEMPLO") -> str:
    """A dynamic BR Code; `identificador` ends the address of its charge."""
    conta = _tlv("00", "br.gov.bcb.pix") + _tlv("25", f"pix.example.com/qr/v2/cobv/{identificador}")
    corpo = (
        _tlv("00", "01")
        + _tlv("01", "12")
        + _tlv("26", conta)
        + _tlv("52", "0000")
        + _tlv("53", "986")
        + _tlv("54", f"{valor:.2f}")
        + _tlv("58", "BR")
        + _tlv("59", nome[:25])
        + _tlv("60", "SAO PAULO")
        + _tlv("62", _tlv("05", "***"))
        + "6304"
    )
    return f"{corpo}{binascii.crc_hqx(corpo.encode(), 0xFFFF):04X}"


def _tlv(id_: str, valor: str) -> str:
    return f"{id_}{len(valor):02d}{valor}"


def pdf_de(linhas: Iterable[str]) -> bytes:
    """A page with those lines of text."""
    texto = " ".join(f"({_escapado(linha)}) Tj T*" for linha in linhas)
    conteudo = f"BT /F1 11 Tf 14 TL 50 790 Td {texto} ET".encode("cp1252", "replace")
    objetos = (
        b"<< /Type /Catalog /Pages 2 0 R >>",
        b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents 4 0 R"
        b" /Resources << /Font << /F1 5 0 R >> >> >>",
        b"<< /Length %d >>\nstream\n%s\nendstream" % (len(conteudo), conteudo),
        b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica /Encoding /WinAnsiEncoding >>",
    )
    pdf, posicoes = bytearray(b"%PDF-1.4\n"), []
    for numero, objeto in enumerate(objetos, 1):
        posicoes.append(len(pdf))
        pdf += b"%d 0 obj\n%s\nendobj\n" % (numero, objeto)
    tabela = len(pdf)
    pdf += b"xref\n0 %d\n0000000000 65535 f \n" % (len(objetos) + 1)
    pdf += b"".join(b"%010d 00000 n \n" % posicao for posicao in posicoes)
    pdf += b"trailer\n<< /Size %d /Root 1 0 R >>\nstartxref\n%d\n%%%%EOF\n" % (len(objetos) + 1, tabela)
    return bytes(pdf)


def _escapado(linha: str) -> str:
    return linha.replace("\\", r"\\").replace("(", r"\(").replace(")", r"\)")


# What a CPF owes


def acordos_ficticios(empresa: str, cpf: str, dia: date, quantos: int | None = None) -> list[Acordo]:
    """Up to three agreements, always the same for a company, CPF and day: some boletos are due that day, three or
    seven days later, or thirty days ago."""
    sorte = Random(f"{empresa} {cpf}")
    sorteados = sorte.choices((0, 1, 2, 3), (1, 6, 2, 1))[0]
    return [_acordo(empresa, sorte, dia) for _ in range(sorteados if quantos is None else quantos)]


def _acordo(empresa: str, sorte: Random, dia: date) -> Acordo:
    numero = f"{empresa[:2].upper()}{sorte.randrange(10**8):08d}"
    dias = sorted(sorte.sample(DIAS, sorte.randint(1, len(DIAS))))
    valor = Decimal(sorte.randrange(1990, 49990)) / 100
    boletos = (boleto_de(empresa, numero, valor, dia + timedelta(depois)) for depois in dias)
    return Acordo(numero, tuple(boletos), sorte.choice(PRODUTOS[empresa]))


def boleto_de(empresa: str, acordo: str, valor: Decimal, vencimento: date) -> Boleto:
    """A boleto right in all it says, always the same for those four; one in five is an arrecadação, half have Pix, a
    third a PDF."""
    numero = f"{acordo}-{vencimento:%y%m%d}"
    semente = binascii.crc32(numero.encode())
    nome, raiz = BENEFICIARIOS[empresa]
    linha = (linha_de_arrecadacao if semente % 5 == 0 else linha_de_boleto)(valor, vencimento, semente)
    textos = (nome, f"Boleto {numero}", f"Vencimento {vencimento:%d/%m/%Y}", f"Valor R$ {valor:.2f}", linha)
    return Boleto(
        numero=numero,
        valor=valor,
        vencimento=vencimento,
        linha=linha,
        parcela=vencimento.toordinal() % 24 + 1,
        beneficiario=nome,
        cnpj=cnpj_de(raiz),
        pix=pix_de(valor, f"{semente:026d}", "EXEMPLO COBRANCAS") if semente % 2 == 0 else "",
        pdf=pdf_de(textos) if semente % 3 == 0 else b"",
    )
