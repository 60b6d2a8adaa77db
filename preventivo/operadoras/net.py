"""Net: an API key in a header, JSON in pages. The contract is in docs/operadoras.md."""

from collections.abc import Iterator
from http import HTTPStatus

from preventivo.operadoras import leitura
from preventivo.operadoras.base import (
    AcordoDaOperadora,
    BoletoDaOperadora,
    Falha,
    FalhaDaOperadora,
    SituacaoDoBoleto,
)
from preventivo.operadoras.http import JSON, OperadoraHTTP, Resposta, conferir_cpf, no_caminho
from preventivo.operadoras.leitura import Objeto

PAGINAS = 20  # the most that one CPF may have
SITUACOES = {
    "open": SituacaoDoBoleto.ABERTO,
    "paid": SituacaoDoBoleto.PAGO,
    "cancelled": SituacaoDoBoleto.CANCELADO,
}


class Net(OperadoraHTTP):
    nome = "Net (chave, JSON paginado)"

    def consultar(self, cpf: str) -> list[AcordoDaOperadora]:
        return leitura.reunir(self._acordos(conferir_cpf(cpf)))

    def pdf(self, numero: str) -> bytes:
        return self.pedir_pdf(f"/api/v2/invoices/{no_caminho(numero)}/pdf", self._chave)

    @property
    def _chave(self) -> dict[str, str]:
        return {"X-API-Key": self.segredo}

    def _acordos(self, cpf: str) -> Iterator[AcordoDaOperadora]:
        pagina: int | None = 1
        while pagina is not None:
            if pagina > PAGINAS:
                raise FalhaDaOperadora(Falha.RESPOSTA, f"mais de {PAGINAS} páginas de acordos")
            parametros = {"document": cpf, "page": str(pagina)}
            resposta = self.pedir(
                "GET", "/api/v2/agreements", tipos=JSON, cabecalhos=self._chave, parametros=parametros
            )
            if resposta.status == HTTPStatus.NOT_FOUND:
                _conferir_desconhecido(resposta, pagina)
                return
            dados = leitura.ler_json(resposta.corpo)
            leitura.e_o_mesmo_cpf(cpf, *dados["document"])
            yield from (_acordo(item) for item in dados.objetos("items"))
            pagina = _proxima(dados, pagina)


def _proxima(dados: Objeto, pagina: int) -> int | None:
    """The pages come one after the other, each once; so a company cannot make us go round."""
    atual, onde = dados["page"]
    if type(atual) is not int or atual != pagina:
        raise leitura.fora_do_contrato(onde, "a página pedida")
    proxima, onde = dados["next"]
    if proxima is not None and (type(proxima) is not int or proxima != pagina + 1):
        raise leitura.fora_do_contrato(onde, "a página seguinte ou null")
    return proxima


def _conferir_desconhecido(resposta: Resposta, pagina: int) -> None:
    """A wrong address answers 404 as well: it is a CPF without agreements only when the API says so."""
    erro = leitura.ler_json(resposta.corpo).opcional("error")
    if pagina > 1 or erro is None or Objeto(*erro).opcional("code") != ("document_not_found", "error.code"):
        raise FalhaDaOperadora(Falha.RESPOSTA, "resposta 404 que não fala do CPF; confira a URL da API")


def _acordo(dados: Objeto) -> AcordoDaOperadora:
    return AcordoDaOperadora(
        numero=leitura.preenchido(*dados["agreement_id"], leitura.NUMERO),
        descricao=leitura.texto(*dados["product"], leitura.DESCRICAO),
        boletos=tuple(_boleto(item) for item in dados.objetos("invoices")),
    )


def _boleto(dados: Objeto) -> BoletoDaOperadora:
    parcela, pix = dados.opcional("installment"), dados.opcional("pix")
    return BoletoDaOperadora(
        numero=leitura.preenchido(*dados["invoice_id"], leitura.NUMERO),
        parcela=leitura.parcela(*parcela) if parcela else None,
        valor=leitura.dinheiro_escrito(*dados["amount"], "."),
        vencimento=leitura.data_iso(*dados["due_date"]),
        situacao=leitura.escolha(*dados["status"], SITUACOES),
        linha=leitura.texto(*dados["digitable_line"], leitura.LINHA),
        beneficiario=leitura.texto(*dados["payee_name"], leitura.BENEFICIARIO),
        documento_beneficiario=leitura.cnpj(*dados["payee_document"]),
        pix=leitura.pix(*pix) if pix else "",
        tem_pdf=leitura.logico(*dados["pdf_available"]),
    )
