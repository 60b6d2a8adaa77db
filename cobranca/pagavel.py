"""How a document is paid: by the code of arrecadação or, when it is a ficha de compensação, by the line of a boleto;
and what it says that it charges.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from cadastro.digitos import formatar_matricula
from cadastro.documentos import formatar_documento, mascarar
from cadastro.models import ParametroSistema
from cobranca import ficha
from cobranca.models import CobrancaDocumento
from faturamento import codigo_barras
from faturamento.fonte import data, moeda
from mensageria.pagamento import boleto, pdf

CONTAS_POR_EXTENSO = 12  # of more contas only the first and the last are named


@dataclass(frozen=True)
class Pagavel:
    """The 44 digits that are drawn, the 47 or 48 that are typed, and these as printed."""

    codigo: str
    linha: str
    linha_formatada: str


def de(documento: CobrancaDocumento, parametro: ParametroSistema) -> Pagavel:
    """Needs `conta_bancaria` loaded. Raises ErroCodigoBarras, which says what is wrong."""
    if documento.ficha:
        linha = ficha.linha(
            documento.conta_bancaria, documento.nosso_numero, valor=documento.valor, vencimento=documento.vence_em
        )
        return Pagavel(ficha.codigo_da_linha(linha), linha, boleto.formatar_linha(linha))
    codigo = codigo_barras.codigo_documento(
        localidade=documento.localidade_id,
        matricula=documento.imovel_id,
        sequencial=documento.numero,
        tipo_documento=documento.tipo_documento,
        valor=documento.valor,
        empresa=parametro.codigo_febraban,
        modulo=parametro.modulo_digito_verificador,
    )
    linha = codigo_barras.linha_digitavel(codigo)
    return Pagavel(codigo, linha, codigo_barras.formatar_linha(linha))


def referente(referencias: Sequence[int], debitos: int) -> str:
    """What a document charges, in words: its contas by their references (AAAAMM, in order), and how many débitos."""
    meses = [f"{referencia % 100:02}/{referencia // 100}" for referencia in referencias]
    contas = ""
    if len(meses) > CONTAS_POR_EXTENSO:
        contas = f"{len(meses)} contas, de {meses[0]} a {meses[-1]}"
    elif meses:
        contas = f"Conta {meses[0]}" if len(meses) == 1 else f"Contas {', '.join(meses[:-1])} e {meses[-1]}"
    outros = f"{debitos} débito{'s' if debitos > 1 else ''} a cobrar" if debitos else ""
    return "; ".join(filter(None, (contas, outros)))


def o_que_cobra(documento: CobrancaDocumento) -> str:
    """The same, of a document whose itens are at hand."""
    contas = [item.conta.referencia for item in documento.itens.all() if item.conta]
    return referente(sorted(contas), len(documento.itens.all()) - len(contas))


def folha(
    documento: CobrancaDocumento, parametro: ParametroSistema, *, nome: str, cpf_cnpj: str | None, cobra: str
) -> dict[str, Any]:
    """What the page of a document has besides its code (`mensageria.pagamento.pdf`): who pays it, and for what."""
    quadro = _da_ficha(documento) if documento.ficha else [["Validade", data(documento.validade)]]
    return {
        "nome": f"{'ficha' if documento.ficha else 'documento'}-{documento.numero}.pdf",
        "titulo": "Ficha de compensação" if documento.ficha else "Documento de cobrança",
        "quadro": [
            ["Beneficiário", parametro.nome_empresa],
            ["CNPJ do beneficiário", formatar_documento(parametro.cnpj)],
            ["Número do documento", str(documento.numero)],
            ["Data do documento", data(documento.emissao)],
            ["Imóvel", formatar_matricula(documento.imovel_id)],
            *([["Referente a", cobra]] if cobra else []),
            *quadro,
            ["Valor do documento", f"R$ {moeda(documento.valor)}"],
        ],
        "pagador": " · ".join(parte for parte in (nome, mascarar(cpf_cnpj or "")) if parte),
    }


def _da_ficha(documento: CobrancaDocumento) -> list[list[str]]:
    conta = documento.conta_bancaria
    banco = ficha.banco(conta.banco)
    quadro = [
        ["Banco", f"{banco.codigo} {banco.nome}"],
        ["Local de pagamento", "Qualquer banco, até o vencimento"],
        ["Agência / código do beneficiário", banco.beneficiario(conta)],
        ["Nosso número", documento.nosso_numero_impresso],
        ["Carteira", conta.carteira],
        ["Espécie · aceite", "Outros · N"],
        ["Vencimento", data(documento.vence_em)],
        ["Instruções", conta.instrucoes],
    ]
    return [linha for linha in quadro if linha[1]]


def desenhar(documento: CobrancaDocumento, parametro: ParametroSistema, *, nome: str, cpf_cnpj: str | None) -> bytes:
    """The document as a page. Raises ErroCodigoBarras."""
    pagavel = de(documento, parametro)
    return pdf.desenhar(
        folha(documento, parametro, nome=nome, cpf_cnpj=cpf_cnpj, cobra=o_que_cobra(documento))
        | {"codigo": pagavel.codigo, "linha_formatada": pagavel.linha_formatada}
    )
