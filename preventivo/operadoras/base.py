"""What every company's API is asked, and how it fails. A client touches no model."""

from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from enum import Enum


class SituacaoDoBoleto(Enum):
    ABERTO = "aberto"
    PAGO = "pago"
    CANCELADO = "cancelado"


@dataclass(frozen=True)
class BoletoDaOperadora:
    """As the company gives it; `linha`, `pix` and the payee are not checked yet."""

    numero: str
    valor: Decimal
    vencimento: date
    linha: str
    situacao: SituacaoDoBoleto = SituacaoDoBoleto.ABERTO
    parcela: int | None = None
    beneficiario: str = ""
    documento_beneficiario: str = ""
    pix: str = ""
    tem_pdf: bool = False  # `Operadora.pdf` gives it


@dataclass(frozen=True)
class AcordoDaOperadora:
    numero: str
    boletos: tuple[BoletoDaOperadora, ...]
    descricao: str = ""


class Falha(Enum):
    """What went wrong, by what must be done: wait as told, have the credentials mended, or ask again."""

    LIMITE = "Limite de consultas"
    AUTENTICACAO = "Autenticação"
    INDISPONIVEL = "Indisponível"  # network, time-out, 5xx
    RESPOSTA = "Resposta inesperada"  # garbage, or an answer that breaks the contract


class FalhaDaOperadora(Exception):
    """The company did not answer. `esperar` is what it asked for (Retry-After), in seconds. No secret in the text."""

    def __init__(self, falha: Falha, texto: str, esperar: float | None = None):
        super().__init__(texto)
        self.falha, self.esperar = falha, esperar

    def __str__(self):
        return f"{self.falha.value}: {super().__str__()}"


class Interrompida(Exception):
    """Whoever asks had to stop before a request: it was not made, and nothing failed."""


class Operadora(ABC):
    """One company's dialect. An instance is used by several threads at once, and closed at the end of a turn.

    `esperar` is called before each request that leaves, whatever it is for: it waits for its moment, or says False when
    it must not be made. So a limit of requests holds for requests, however many a question takes.
    """

    nome: str  # of the dialect, for people

    def __init__(
        self, *, url: str, usuario: str, segredo: str, prazo: float, esperar: Callable[[], bool] = lambda: True
    ):
        self.url, self.usuario, self.segredo, self.prazo = url.rstrip("/"), usuario, segredo, prazo
        self.esperar = esperar

    def __enter__(self):
        return self

    def __exit__(self, *erro):
        self.fechar()

    @abstractmethod
    def consultar(self, cpf: str) -> list[AcordoDaOperadora]:
        """The agreements of a CPF (11 digits), with all their boletos; empty for none. Raises FalhaDaOperadora and
        Interrompida."""

    @abstractmethod
    def pdf(self, numero: str) -> bytes:
        """The boleto as the company draws it. Raises FalhaDaOperadora and Interrompida."""

    @abstractmethod
    def fechar(self) -> None:
        """Give the connections back."""
