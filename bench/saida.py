"""What the benches share: their folders, their JSON and the words of a run that does not count."""

import argparse
import fcntl
import json
import shutil
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from django.conf import settings

CUMPRE, NAO_CUMPRE, INVALIDA = 0, 1, 2  # exit statuses


def pasta_vazia(*partes: str) -> Path:
    """A folder under var/bench, emptied of the last run."""
    pasta = settings.VAR.joinpath("bench", *partes)
    shutil.rmtree(pasta, ignore_errors=True)
    pasta.mkdir(parents=True)
    return pasta


@contextmanager
def uma_por_vez(nome: str) -> Iterator[bool]:
    """Whether no other run of that bench is under way: two would share folder and database."""
    pasta = settings.VAR / "bench"
    pasta.mkdir(parents=True, exist_ok=True)
    with open(pasta / f"{nome}.trava", "w") as arquivo:
        try:
            fcntl.flock(arquivo, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            yield False
        else:
            yield True


def dizer(texto: str) -> None:
    """What is going on, beside the results."""
    print(texto, file=sys.stderr, flush=True)


def gravar(pedido: argparse.Namespace, dados: dict) -> None:
    if pedido.json:
        pedido.json.write_text(json.dumps(dados, ensure_ascii=False, indent=2) + "\n")


def tabela(titulos: list[str], linhas: list[list[object]]) -> str:
    """The first column to the left and the others, numbers, to the right."""
    celulas = [
        [str(celula).replace(".", ",") if isinstance(celula, float) else str(celula) for celula in linha]
        for linha in [titulos, *linhas]
    ]
    larguras = [max(map(len, coluna)) for coluna in zip(*celulas, strict=True)]
    return "\n".join(
        "   ".join(
            [nome.ljust(larguras[0]), *(n.rjust(largura) for n, largura in zip(numeros, larguras[1:], strict=True))]
        )
        for nome, *numeros in celulas
    )


def invalida(motivo: str) -> int:
    dizer(f"A execução não vale: {motivo}.")
    return INVALIDA


def veredito(faltas: list[str]) -> int:
    for falta in faltas:
        dizer(f"Promessa não cumprida: {falta}.")
    return NAO_CUMPRE if faltas else CUMPRE
