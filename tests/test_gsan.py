"""docs/gsan.md: each field and rule of GSAN's has a screen and a test, and that test is there."""

import ast
import re
from functools import cache
from pathlib import Path

import pytest

RAIZ = Path(__file__).resolve().parent.parent
TABELA = RAIZ / "docs" / "gsan.md"
TESTE = re.compile(r"`(tests/[\w/]+\.py)::(\w+)`")
FORA = "What lies outside"


def secoes() -> dict[str, list[list[str]]]:
    """The rows of each section's table, cell by cell, without the heading of the table."""
    achadas: dict[str, list[list[str]]] = {}
    for linha in TABELA.read_text().splitlines():
        if linha.startswith("## "):
            atual = achadas.setdefault(linha[3:], [])
        elif linha.startswith("|"):
            atual.append([celula.strip() for celula in re.split(r"(?<!\\)\|", linha)[1:-1]])
    return {titulo: linhas[2:] for titulo, linhas in achadas.items()}


@cache
def nomes_dos_testes(arquivo: str) -> frozenset[str]:
    caminho = RAIZ / arquivo
    if not caminho.is_file():
        return frozenset()
    nos = ast.walk(ast.parse(caminho.read_text()))
    return frozenset(no.name for no in nos if isinstance(no, ast.FunctionDef) and no.name.startswith("test_"))


@pytest.mark.parametrize("secao", [titulo for titulo in secoes() if titulo != FORA])
def test_each_field_and_rule_has_a_screen_and_a_test_that_is_there(secao):
    linhas = secoes()[secao]

    assert linhas, "an empty table covers nothing"
    for linha in linhas:
        assert len(linha) == 3 and all(linha), linha
        testes = TESTE.findall(linha[2])
        assert testes, f"{linha[0]}: no test"
        faltam = [f"{arquivo}::{teste}" for arquivo, teste in testes if teste not in nomes_dos_testes(arquivo)]
        assert not faltam, f"{linha[0]}: {faltam} is not there"


def test_what_lies_outside_says_why():
    assert all(len(linha) == 2 and all(linha) for linha in secoes()[FORA]) and secoes()[FORA]
