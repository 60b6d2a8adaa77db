"""What a company answers about a CPF: checked, and stored whole.

A boleto keeps a bar code only when its line checks in all digits and agrees with what the company says of it, and it
says who is paid, by name and CNPJ: an e-mail without them could not be told from a fraud. A Pix that is not right, or
charges another value, is as if it were not there.
"""

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal

from cadastro.documentos import MASCARA, cnpj_valido
from mensageria.models import Anexo
from mensageria.pagamento import pix
from mensageria.pagamento.boleto import Cobranca, Especie, LinhaInvalida, ler_linha
from preventivo.models import Acordo, Boleto, Registro
from preventivo.operadoras import AcordoDaOperadora, BoletoDaOperadora, Falha, FalhaDaOperadora, SituacaoDoBoleto
from telas.campos import moeda

SITUACOES = {
    SituacaoDoBoleto.ABERTO: Boleto.Situacao.ABERTO,
    SituacaoDoBoleto.PAGO: Boleto.Situacao.PAGO,
    SituacaoDoBoleto.CANCELADO: Boleto.Situacao.CANCELADO,
}
MAIOR_VALOR = Decimal("9999999999.99")
MAIOR_NUMERO, MAIOR_NOME, MAIOR_LINHA, MAIOR_PARCELA = 40, 120, 60, 32767
# What a later answer may change.
_DO_BOLETO = [
    "parcela",
    "valor",
    "vencimento",
    "situacao",
    "linha",
    "codigo",
    "problema",
    "beneficiario",
    "documento_beneficiario",
    "pix",
    "pdf",
    "conferido_em",
]
_FORA_DO_NOME = re.compile(r"[^A-Za-z0-9._-]+")
_NAO_DIGITO = re.compile(r"[^0-9]")


Chave = tuple[str, str, Decimal, date]


@dataclass(frozen=True)
class Resposta:
    """A good answer: `desde` is when it was asked for, `pdfs` what was fetched with it, by the number of the boleto."""

    acordos: Collection[AcordoDaOperadora]
    desde: datetime
    pdfs: Mapping[str, bytes] = field(default_factory=dict)


def conferir(acordos: Collection[AcordoDaOperadora]) -> None:
    """Raise FalhaDaOperadora for an answer that cannot be what the contract says."""
    for acordo in acordos:
        _conferir_numero("acordo", acordo.numero)
        for boleto in acordo.boletos:
            _conferir_numero("boleto", boleto.numero)
            if not (boleto.valor.is_finite() and 0 <= boleto.valor <= MAIOR_VALOR):
                raise FalhaDaOperadora(Falha.RESPOSTA, "um boleto tem um valor que não existe")


def _conferir_numero(que: str, numero: str) -> None:
    if not 0 < len(numero) <= MAIOR_NUMERO or not numero.isprintable():
        raise FalhaDaOperadora(Falha.RESPOSTA, f"um {que} tem um número vazio ou que não é um número")


def guardar(registro: Registro, resposta: Resposta, guardados: Mapping[Chave, str], hoje: date) -> None:
    """Store what the company said of a CPF; what it no longer says of is absent. `guardados` are the PDFs there are."""
    # An agreement or a boleto that comes twice is what its last line says.
    da_empresa = {acordo.numero: acordo for acordo in resposta.acordos}
    acordos = Acordo.objects.bulk_create(
        [
            Acordo(registro=registro, numero=numero, descricao=_texto(acordo.descricao))
            for numero, acordo in da_empresa.items()
        ],
        update_conflicts=True,
        unique_fields=["registro", "numero"],
        update_fields=["descricao"],
    )
    boletos = []
    for acordo in acordos:
        for boleto in {b.numero: b for b in da_empresa[acordo.numero].boletos}.values():
            dados = _campos(boleto, hoje) | {"pdf_id": _pdf(boleto, resposta, guardados)}
            boletos.append(
                Boleto(campanha_id=registro.campanha_id, acordo=acordo, conferido_em=resposta.desde, **dados)
            )
    boletos = Boleto.objects.bulk_create(
        boletos, update_conflicts=True, unique_fields=["acordo", "numero"], update_fields=_DO_BOLETO
    )
    sumidos = Boleto.objects.filter(acordo__registro=registro, situacao=Boleto.Situacao.ABERTO)
    sumidos.exclude(pk__in=[b.pk for b in boletos]).update(
        situacao=Boleto.Situacao.AUSENTE, conferido_em=resposta.desde
    )


def _campos(boleto: BoletoDaOperadora, hoje: date) -> dict:
    codigo, linha, problema = _conferir_linha(boleto, hoje)
    documento = boleto.documento_beneficiario.translate(MASCARA).upper()
    if documento and not cnpj_valido(documento):
        codigo, problema, documento = "", problema or "O CNPJ do beneficiário não é válido.", ""
    beneficiario = _texto(boleto.beneficiario)
    if not problema and not (beneficiario and documento):
        codigo, problema = "", "A empresa não informou o beneficiário."
    parcela = boleto.parcela
    return {
        "numero": boleto.numero,
        "parcela": parcela if parcela is not None and 0 <= parcela <= MAIOR_PARCELA else None,
        "valor": boleto.valor,
        "vencimento": boleto.vencimento,
        "situacao": SITUACOES[boleto.situacao],
        "linha": linha,
        "codigo": codigo,
        "problema": problema[:200],
        "beneficiario": beneficiario,
        "documento_beneficiario": documento,
        "pix": _conferir_pix(boleto),
    }


def _conferir_linha(boleto: BoletoDaOperadora, hoje: date) -> tuple[str, str, str]:
    """Bar code, line and, when they must not be sent, why."""
    try:
        cobranca = ler_linha(boleto.linha, hoje)
        _conferir_acordo(cobranca, boleto)
    except LinhaInvalida as erro:
        return "", _limpo(boleto.linha)[:MAIOR_LINHA], str(erro)
    return cobranca.codigo, cobranca.linha, ""


def _conferir_acordo(cobranca: Cobranca, boleto: BoletoDaOperadora) -> None:
    """The line agrees with the value and the due date that the company gives beside it."""
    if cobranca.valor != boleto.valor:
        da_linha = "não traz valor" if not cobranca.valor else f"é de R$ {moeda(cobranca.valor)}"
        raise LinhaInvalida(f"A linha digitável {da_linha} e o boleto é de R$ {moeda(boleto.valor)}.")
    if cobranca.especie == Especie.BOLETO and cobranca.vencimento not in (None, boleto.vencimento):
        raise LinhaInvalida(
            f"A linha digitável vence em {cobranca.vencimento:%d/%m/%Y} e o boleto, em {boleto.vencimento:%d/%m/%Y}."
        )


def _conferir_pix(boleto: BoletoDaOperadora) -> str:
    try:
        conferido = pix.conferir(boleto.pix) if boleto.pix else ""
        return conferido if conferido and pix.valor(conferido) in (None, boleto.valor) else ""
    except pix.PixInvalido:
        return ""


def _pdf(boleto: BoletoDaOperadora, resposta: Resposta, guardados: Mapping[Chave, str]) -> str | None:
    """The one that just came, or the one there is."""
    if conteudo := resposta.pdfs.get(boleto.numero):
        nome = f"boleto-{_FORA_DO_NOME.sub('-', boleto.numero)}.pdf"
        return Anexo.objects.guardar(conteudo, nome=nome, tipo="application/pdf").pk
    return guardados.get(chave(boleto))


def chave(boleto: BoletoDaOperadora | Boleto) -> Chave:
    """What makes a PDF still that of a boleto: number, line, value and due date."""
    return boleto.numero, _NAO_DIGITO.sub("", boleto.linha), boleto.valor, boleto.vencimento


def _texto(texto: str) -> str:
    return _limpo(texto)[:MAIOR_NOME]


def _limpo(texto: str) -> str:
    """What PostgreSQL does not store is left out."""
    return texto.replace("\0", "").encode(errors="ignore").decode().strip()
