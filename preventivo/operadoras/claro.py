"""Claro: OAuth2 client credentials, JSON in camelCase. The contract is in docs/operadoras.md."""

import threading
import time
from collections.abc import Callable
from decimal import Decimal
from http import HTTPStatus
from typing import Any
from urllib.parse import quote_plus

from preventivo.operadoras import leitura
from preventivo.operadoras.base import (
    AcordoDaOperadora,
    BoletoDaOperadora,
    Falha,
    FalhaDaOperadora,
    SituacaoDoBoleto,
)
from preventivo.operadoras.http import JSON, OperadoraHTTP, Resposta, basica, conferir_cpf, no_caminho
from preventivo.operadoras.leitura import Objeto

FOLGA = 30  # seconds before its end when a token is no longer used
MAIOR_VALIDADE = 24 * 60 * 60
SITUACOES = {
    "ABERTO": SituacaoDoBoleto.ABERTO,
    "PAGO": SituacaoDoBoleto.PAGO,
    "CANCELADO": SituacaoDoBoleto.CANCELADO,
}


class Claro(OperadoraHTTP):
    nome = "Claro (OAuth2, JSON)"

    def __init__(self, *, relogio: Callable[[], float] = time.monotonic, **campos):
        super().__init__(**campos)
        self._token = _Token(self._pedir_token, relogio)

    def consultar(self, cpf: str) -> list[AcordoDaOperadora]:
        caminho = f"/v1/clientes/{conferir_cpf(cpf)}/acordos"
        resposta = self._com_token(lambda autorizacao: self.pedir("GET", caminho, tipos=JSON, cabecalhos=autorizacao))
        if resposta.status == HTTPStatus.NOT_FOUND:
            _conferir_desconhecido(resposta)
            return []
        dados = leitura.ler_json(resposta.corpo)
        leitura.e_o_mesmo_cpf(cpf, *dados["cpf"])
        return leitura.reunir(_acordo(item) for item in dados.objetos("acordos"))

    def pdf(self, numero: str) -> bytes:
        caminho = f"/v1/boletos/{no_caminho(numero)}/pdf"
        return self._com_token(lambda autorizacao: self.pedir_pdf(caminho, autorizacao))

    def _com_token(self, pedir: Callable[[dict[str, str]], Any]) -> Any:
        """Ask with the token that there is; refused, once more with a new one."""
        token = self._token.valor()
        try:
            return pedir({"Authorization": f"Bearer {token}"})
        except FalhaDaOperadora as falha:
            if falha.falha is not Falha.AUTENTICACAO:
                raise
        return pedir({"Authorization": f"Bearer {self._token.valor(recusado=token)}"})

    def _pedir_token(self) -> tuple[str, int]:
        """A new token, and the seconds that it is good for."""
        resposta = self.pedir(
            "POST",
            "/oauth2/token",
            tipos=JSON,
            cabecalhos={
                "Authorization": basica(quote_plus(self.usuario), quote_plus(self.segredo)),
                "Content-Type": "application/x-www-form-urlencoded",
            },
            corpo=b"grant_type=client_credentials",
        )
        if resposta.status == HTTPStatus.NOT_FOUND:
            raise FalhaDaOperadora(Falha.RESPOSTA, "a rota do token não existe (404); confira a URL da API")
        dados = leitura.ler_json(resposta.corpo)
        valor, onde = dados["access_token"]
        if not isinstance(valor, str) or not valor or not (valor.isascii() and valor.isprintable()):
            raise leitura.fora_do_contrato(onde, "um texto que um cabeçalho leve")
        tipo, onde = dados["token_type"]
        if not isinstance(tipo, str) or tipo.lower() != "bearer":
            raise leitura.fora_do_contrato(onde, "Bearer")
        validade, onde = dados["expires_in"]
        if not isinstance(validade, int) or isinstance(validade, bool) or validade < 0:
            raise leitura.fora_do_contrato(onde, "os segundos de validade")
        return valor, min(validade, MAIOR_VALIDADE)


class _Token:
    """One token for all threads. One of them renews it while the others wait, and share what came of that: a server of
    tokens that does not answer is waited for once, not once by each."""

    def __init__(self, pedir: Callable[[], tuple[str, int]], relogio: Callable[[], float]):
        self._pedir, self._relogio = pedir, relogio
        self._trava = threading.Lock()
        self._renovacoes = 0
        self._falha: FalhaDaOperadora | None = None
        self._valor, self._vale_ate = "", 0.0

    def valor(self, recusado: str = "") -> str:
        """The token in force, which is not `recusado`. Raises FalhaDaOperadora."""
        antes = self._renovacoes
        with self._trava:
            if self._falha is not None and self._renovacoes > antes:
                raise FalhaDaOperadora(self._falha.falha, self._falha.args[0], self._falha.esperar)
            if self._valor in ("", recusado) or self._relogio() >= self._vale_ate:
                self._renovar()
            return self._valor

    def _renovar(self) -> None:
        self._valor, self._falha = "", None
        try:
            self._valor, validade = self._pedir()
        except FalhaDaOperadora as falha:
            self._falha = falha
            raise
        finally:
            self._renovacoes += 1
        self._vale_ate = self._relogio() + max(validade - FOLGA, validade / 2)


def _conferir_desconhecido(resposta: Resposta) -> None:
    """A wrong address answers 404 as well: it is a CPF without agreements only when the API says so."""
    if leitura.ler_json(resposta.corpo).opcional("codigo") != ("CPF_NAO_ENCONTRADO", "codigo"):
        raise FalhaDaOperadora(Falha.RESPOSTA, "resposta 404 que não fala do CPF; confira a URL da API")


def _acordo(dados: Objeto) -> AcordoDaOperadora:
    descricao = dados.opcional("descricao")
    return AcordoDaOperadora(
        numero=leitura.preenchido(*dados["numeroAcordo"], leitura.NUMERO),
        descricao=leitura.texto(*descricao, leitura.DESCRICAO) if descricao else "",
        boletos=tuple(_boleto(item) for item in dados.objetos("boletos")),
    )


def _boleto(dados: Objeto) -> BoletoDaOperadora:
    parcela, pix = dados.opcional("numeroParcela"), dados.opcional("pixCopiaECola")
    beneficiario = Objeto(*dados["beneficiario"])
    return BoletoDaOperadora(
        numero=leitura.preenchido(*dados["numeroBoleto"], leitura.NUMERO),
        parcela=leitura.parcela(*parcela) if parcela else None,
        valor=_valor(*dados["valor"]),
        vencimento=leitura.data_iso(*dados["dataVencimento"]),
        situacao=leitura.escolha(*dados["situacao"], SITUACOES),
        linha=leitura.texto(*dados["linhaDigitavel"], leitura.LINHA),
        beneficiario=leitura.texto(*beneficiario["nome"], leitura.BENEFICIARIO),
        documento_beneficiario=leitura.cnpj(*beneficiario["cnpj"]),
        pix=leitura.pix(*pix) if pix else "",
        tem_pdf=leitura.logico(*dados["possuiPdf"]),
    )


def _valor(valor: Any, onde: str) -> Decimal:
    """A JSON number; what json gives for one without a point is an int."""
    if not isinstance(valor, int | Decimal) or isinstance(valor, bool):
        raise leitura.fora_do_contrato(onde, "um número")
    return leitura.dinheiro(Decimal(valor), onde)
