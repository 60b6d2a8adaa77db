"""How a document is paid: by the code of arrecadação or, when it is a ficha de compensação, by the line of a boleto."""

from dataclasses import dataclass
from typing import Any

from cadastro.documentos import formatar_documento, mascarar
from cadastro.models import ParametroSistema
from cobranca import ficha
from cobranca.models import CobrancaDocumento
from faturamento import codigo_barras
from faturamento.fonte import data, moeda
from mensageria.pagamento import boleto, pdf


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


def folha(
    documento: CobrancaDocumento, parametro: ParametroSistema, *, nome: str, cpf_cnpj: str | None
) -> dict[str, Any]:
    """What the page of a document has besides its code (`mensageria.pagamento.pdf`); `nome` is who pays."""
    quadro = _da_ficha(documento) if documento.ficha else [["Validade", data(documento.validade)]]
    return {
        "nome": f"{'ficha' if documento.ficha else 'documento'}-{documento.numero}.pdf",
        "titulo": "Ficha de compensação" if documento.ficha else "Documento de cobrança",
        "quadro": [
            ["Beneficiário", parametro.nome_empresa],
            ["CNPJ do beneficiário", formatar_documento(parametro.cnpj)],
            ["Número do documento", str(documento.numero)],
            ["Data do documento", data(documento.emissao)],
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
        folha(documento, parametro, nome=nome, cpf_cnpj=cpf_cnpj)
        | {"codigo": pagavel.codigo, "linha_formatada": pagavel.linha_formatada}
    )
