"""On a phone the rows of a table are blocks, and each value stands after the name of its column."""

import re
from pathlib import Path

import pytest
from django.conf import settings

RAIZ = Path(settings.BASE_DIR) / "templates"
TABELA = re.compile(r'<table class="[^"]*\bem-blocos\b[^"]*">.*?</table>', re.S)
TITULO = re.compile(r'{% ordenar pagina "\w+" "([^"]+)".*?%}|<th scope="col"[^>]*>(.*?)</th>', re.S)
INCLUIDA = re.compile(r'{% include "([\w/]+\.html)"')


def tabelas():
    for arquivo in sorted(RAIZ.rglob("*.html")):
        for numero, achada in enumerate(TABELA.finditer(arquivo.read_text(encoding="utf-8")), 1):
            yield pytest.param(achada[0], id=f"{arquivo.relative_to(RAIZ)}-{numero}")


def com_incluidas(html: str) -> str:
    return html + "".join((RAIZ / nome).read_text(encoding="utf-8") for nome in INCLUIDA.findall(html))


@pytest.mark.parametrize("html", list(tabelas()))
def test_the_names_before_the_values_are_those_of_its_columns(html):
    titulos = {" ".join(re.sub(r"<[^>]+>", "", "".join(par)).split()) for par in TITULO.findall(html)}
    rotulos = set(re.findall(r'data-rotulo="([^"]+)"', com_incluidas(html)))

    assert rotulos, "a table of blocks without names before its values"
    assert rotulos <= titulos
