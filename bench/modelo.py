"""The plain message of `envio` with marks where each customer's words go; its peers fill what Avisa composes.

It runs in the environments of the peers too, so it needs nothing but Python.
"""

import json
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

DE = "avisos@bench.example"


@dataclass(frozen=True)
class Modelo:
    assunto: str
    texto: str
    html: str

    def para(self, numero: int) -> "Modelo":
        """What the customer of that number gets."""
        return Modelo(*(_preencher(parte, numero) for parte in asdict(self).values()))


def palavras(numero: int) -> dict[str, str]:
    """The words of a customer, by mark."""
    return {"@NUMERO@": str(numero), "@NOME@": f"Cliente {numero} da Silva", "@VALOR@": valor(numero)}


def valor(numero: int) -> str:
    return f"{numero % 1000 + 1},90"


def endereco(numero: int) -> str:
    return f"cliente.{numero}@example.com"


def _preencher(parte: str, numero: int) -> str:
    for marca, palavra in palavras(numero).items():
        parte = parte.replace(marca, palavra)
    return parte


def guardar(modelo: Modelo, arquivo: Path) -> None:
    arquivo.write_text(json.dumps(asdict(modelo), ensure_ascii=False))


def mensagens(arquivo: Path, quantas: int) -> Iterator[tuple[str, Modelo]]:
    """Address and content for each of the customers from 1 on."""
    modelo = Modelo(**json.loads(arquivo.read_text()))
    return ((endereco(numero), modelo.para(numero)) for numero in range(1, quantas + 1))
