"""On a phone the rows of a list are blocks, and each value stands after the name of its column."""

import re
from itertools import cycle
from pathlib import Path

import pytest
from django.conf import settings

RAIZ = Path(settings.BASE_DIR) / "templates"
TABELA = re.compile(r'<table class="(tabela[^"]*)">(.*?)</table>', re.S)
TITULO = re.compile(r'{% ordenar pagina "\w+" "([^"]+)".*?%}|<th scope="col"[^>]*>(.*?)</th>', re.S)
CELULA = re.compile(r'<t[dh]\b(?! colspan)(?:[^>]*? data-rotulo="([^"]*)")?[^>]*>')
INCLUIDA = re.compile(r'{% include "([\w/]+\.html)" %}')
# Their fields stand one below the other in their own way.
DE_OUTRO_MODO = {"mensageria/servico_email.html"}


def tabelas() -> list:
    return [
        pytest.param(achada[1].split(), achada[2], id=f"{arquivo.relative_to(RAIZ)}-{numero}")
        for arquivo in sorted(RAIZ.rglob("*.html"))
        for numero, achada in enumerate(TABELA.finditer(arquivo.read_text(encoding="utf-8")), 1)
    ]


EM_BLOCOS = [tabela for tabela in tabelas() if "em-blocos" in tabela.values[0]]


def titulos(html: str) -> list[str]:
    cabeca = html.partition("</thead>")[0]
    return [" ".join(re.sub(r"<[^>]+>", "", "".join(par)).split()) for par in TITULO.findall(cabeca)]


def corpo(html: str) -> str:
    """Between the headings and the totals; of a body that is included, that file."""
    depois = html.partition("</thead>")[2].partition("<tfoot")[0]
    if "<tbody" not in depois and (incluida := INCLUIDA.search(depois)):
        return (RAIZ / incluida[1]).read_text(encoding="utf-8")
    return depois


@pytest.mark.parametrize(("classes", "html"), EM_BLOCOS)
def test_the_name_before_a_value_is_that_of_its_column(classes, html):
    nomes, celulas = titulos(html), CELULA.findall(corpo(html))

    assert any(celulas), "a table of blocks without names before its values"
    assert len(celulas) % len(nomes) == 0  # a row may be written in more than one way
    for nome, rotulo in zip(cycle(nomes), celulas, strict=False):
        assert rotulo in ("", nome)


def test_every_list_is_of_blocks():
    listas = {
        str(arquivo.relative_to(RAIZ)): TABELA.search(html.partition('id="tabela"')[2])
        for arquivo in RAIZ.rglob("*.html")
        if 'id="tabela"' in (html := arquivo.read_text(encoding="utf-8"))
    }
    inteiras = {nome for nome, lista in listas.items() if lista and "em-blocos" not in lista[1].split()}

    assert len(listas) > 20
    assert inteiras == DE_OUTRO_MODO
