"""Sem Parar: HTTP basic, XML. The contract is in docs/operadoras.md."""

import re
from http import HTTPStatus
from xml.etree.ElementTree import Element, SubElement, tostring

from preventivo.operadoras import leitura
from preventivo.operadoras.base import (
    AcordoDaOperadora,
    BoletoDaOperadora,
    Falha,
    FalhaDaOperadora,
    SituacaoDoBoleto,
)
from preventivo.operadoras.http import XML, OperadoraHTTP, Resposta, basica, conferir_cpf, no_caminho

SITUACOES = {"A": SituacaoDoBoleto.ABERTO, "P": SituacaoDoBoleto.PAGO, "C": SituacaoDoBoleto.CANCELADO}
SIM_OU_NAO = {"S": True, "N": False}


class SemParar(OperadoraHTTP):
    nome = "Sem Parar (HTTP basic, XML)"

    def consultar(self, cpf: str) -> list[AcordoDaOperadora]:
        pedido = Element("consultaAcordos")
        SubElement(pedido, "cpf").text = conferir_cpf(cpf)
        resposta = self.pedir(
            "POST",
            "/servicos/acordos",
            tipos=XML,
            cabecalhos=self._autorizacao | {"Content-Type": "application/xml; charset=utf-8"},
            corpo=tostring(pedido, encoding="utf-8", xml_declaration=True),
        )
        if resposta.status == HTTPStatus.NOT_FOUND:
            _conferir_desconhecido(resposta)
            return []
        raiz = _No(leitura.ler_xml(resposta.corpo), "")
        raiz.chama_se("respostaAcordos")
        leitura.e_o_mesmo_cpf(cpf, *raiz["cpf"])
        return leitura.reunir(_acordo(no) for no in raiz.filhos("acordos", "acordo"))

    def pdf(self, numero: str) -> bytes:
        return self.pedir_pdf(f"/servicos/boletos/{no_caminho(numero)}.pdf", self._autorizacao)

    @property
    def _autorizacao(self) -> dict[str, str]:
        return {"Authorization": basica(self.usuario, self.segredo)}


class _No:
    """An element whose children are asked by name, each at most once; `onde` is its path."""

    def __init__(self, elemento: Element, onde: str):
        self._elemento, self._onde = elemento, onde

    def caminho(self, nome: str) -> str:
        return f"{self._onde}/{nome}" if self._onde else nome

    def chama_se(self, nome: str) -> None:
        if self._elemento.tag != nome:
            raise leitura.fora_do_contrato(nome, "como raiz")

    def no(self, nome: str) -> "_No | None":
        achados = self._elemento.findall(nome)
        if len(achados) > 1:
            raise leitura.fora_do_contrato(self.caminho(nome), "uma vez só")
        return _No(achados[0], self.caminho(nome)) if achados else None

    def obrigatorio(self, nome: str) -> "_No":
        if (no := self.no(nome)) is None:
            raise leitura.fora_do_contrato(self.caminho(nome), "na resposta, e não está")
        return no

    def __getitem__(self, nome: str) -> tuple[str, str]:
        """The text of a child that must be there, and its path."""
        return self.obrigatorio(nome).escrito()

    def opcional(self, nome: str) -> tuple[str, str] | None:
        """The same of a child that may be absent or empty."""
        escrito = no.escrito() if (no := self.no(nome)) is not None else ("", "")
        return escrito if escrito[0] else None

    def escrito(self) -> tuple[str, str]:
        if len(self._elemento):
            raise leitura.fora_do_contrato(self._onde, "um texto")
        return (self._elemento.text or "").strip(), self._onde

    def atributo(self, nome: str) -> tuple[str | None, str]:
        return self._elemento.get(nome), self.caminho(f"@{nome}")

    def filhos(self, lista: str, item: str) -> list["_No"]:
        """The items of a list that must be there, and nothing but them in it."""
        no = self.obrigatorio(lista)
        for elemento in no._elemento:
            if elemento.tag != item:
                raise leitura.fora_do_contrato(no._onde, f"só {item}")
        return [_No(elemento, f"{no.caminho(item)}[{posicao}]") for posicao, elemento in enumerate(no._elemento, 1)]


def _conferir_desconhecido(resposta: Resposta) -> None:
    """A wrong address answers 404 as well: it is a CPF without agreements only when the API says so."""
    raiz = leitura.ler_xml(resposta.corpo)
    if raiz.tag != "erro" or raiz.findtext("codigo") != "CPF_INEXISTENTE":
        raise FalhaDaOperadora(Falha.RESPOSTA, "resposta 404 que não fala do CPF; confira a URL da API")


def _acordo(no: _No) -> AcordoDaOperadora:
    descricao = no.opcional("descricao")
    return AcordoDaOperadora(
        numero=leitura.preenchido(*no.atributo("numero"), leitura.NUMERO),
        descricao=leitura.texto(*descricao, leitura.DESCRICAO) if descricao else "",
        boletos=tuple(_boleto(filho) for filho in no.filhos("boletos", "boleto")),
    )


def _boleto(no: _No) -> BoletoDaOperadora:
    parcela, pix, cedente = no.opcional("parcela"), no.opcional("pix"), no.obrigatorio("cedente")
    return BoletoDaOperadora(
        numero=leitura.preenchido(*no.atributo("numero"), leitura.NUMERO),
        parcela=_parcela(*parcela) if parcela else None,
        valor=leitura.dinheiro_escrito(*no["valor"], ","),
        vencimento=leitura.data(*no["vencimento"], r"(?P<d>[0-9]{2})/(?P<m>[0-9]{2})/(?P<a>[0-9]{4})", "30/11/2026"),
        situacao=leitura.escolha(*no["situacao"], SITUACOES),
        linha=leitura.texto(*no["linhaDigitavel"], leitura.LINHA),
        beneficiario=leitura.texto(*cedente.escrito(), leitura.BENEFICIARIO),
        documento_beneficiario=leitura.cnpj(*cedente.atributo("cnpj")),
        pix=leitura.pix(*pix) if pix else "",
        tem_pdf=leitura.escolha(*no["pdf"], SIM_OU_NAO),
    )


def _parcela(texto: str, onde: str) -> int:
    return leitura.parcela(int(texto) if re.fullmatch("[0-9]{1,3}", texto) else None, onde)
