"""What the architecture forbids, checked on the source of every module."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

RAIZ = Path(__file__).resolve().parent.parent
FORA = {"tests", "var", ".venv", "staticfiles", "node_modules", ".git", "bench"}

# Who may import whom: what each package may see besides itself. `config`, `painel` and `exemplo` see all.
PODE_IMPORTAR = {
    "telas": set(),
    "cadastro": {"telas"},
    "mensageria": {"cadastro", "telas"},
    "batch": {"cadastro", "telas"},
    "faturamento": {"mensageria", "batch", "cadastro", "telas"},
    "cobranca": {"faturamento", "mensageria", "batch", "cadastro", "telas"},
    "preventivo": {"mensageria", "batch", "cadastro", "telas"},
    "ponte": {"cobranca", "faturamento", "mensageria", "batch", "cadastro", "telas"},
    "simuladores": set(),
}
LIVRES = {"config", "exemplo", "painel"}
# Calls that answer with the clock or the calendar of the machine, whatever the time zone of the product.
RELOGIO_DA_MAQUINA = {"today", "utcnow", "utcfromtimestamp"}
COM_FUSO = {"now": 0, "fromtimestamp": 1}  # need a time zone, as argument number n or as `tz`
DATA_DO_BANCO = re.compile(
    r"\b(current_date|localtimestamp)\b|\b(now\(\)|current_timestamp)\s*::\s*date\b", re.IGNORECASE
)


def arquivos(*extensoes: str) -> Iterator[Path]:
    for arquivo in sorted(RAIZ.rglob("*")):
        if arquivo.suffix in extensoes and not FORA & set(arquivo.relative_to(RAIZ).parts):
            yield arquivo


MODULOS = {str(arquivo.relative_to(RAIZ)): arquivo for arquivo in arquivos(".py")}
PACOTES = {arquivo.parent.name for arquivo in RAIZ.glob("*/__init__.py")} - FORA


def importados(arvore: ast.AST) -> Iterator[tuple[int, str]]:
    """The top-level packages that a module imports, wherever in it, by `import_module` and by name in a string too."""
    for no in ast.walk(arvore):
        match no:
            case ast.Import():
                yield from ((no.lineno, nome.name.split(".")[0]) for nome in no.names)
            case ast.ImportFrom(module=str(modulo), level=0):
                yield no.lineno, modulo.split(".")[0]
            case ast.Call(
                func=ast.Name("import_module" | "import_string")
                | ast.Attribute(attr="import_module" | "import_string"),
                args=[ast.Constant(str(modulo)), *_],
            ):
                yield no.lineno, modulo.split(".")[0]
            case ast.Call(func=ast.Attribute(attr="get_model"), args=[ast.Constant(str(modelo)), *_]):
                yield no.lineno, modelo.split(".")[0]


def violacoes_de_camada(pacote: str, arvore: ast.AST) -> list[str]:
    permitidos = PODE_IMPORTAR[pacote] | {pacote}
    proibidos = (set(PODE_IMPORTAR) | LIVRES | PACOTES | {"tests"}) - permitidos - {"config"}
    if pacote == "simuladores":
        proibidos |= {"config", "django"}
    return [f"linha {linha}: {pacote} importa {nome}" for linha, nome in importados(arvore) if nome in proibidos]


def relogios_sem_fuso(arvore: ast.AST) -> list[str]:
    achados = []
    for no in ast.walk(arvore):
        if not (isinstance(no, ast.Call) and isinstance(no.func, ast.Attribute)):
            continue
        dono = no.func.value
        if (dono.attr if isinstance(dono, ast.Attribute) else getattr(dono, "id", "")) not in ("datetime", "date"):
            continue
        posicao = COM_FUSO.get(no.func.attr)
        sem_fuso = posicao is not None and len(no.args) <= posicao and not any(k.arg == "tz" for k in no.keywords)
        if no.func.attr in RELOGIO_DA_MAQUINA or sem_fuso:
            achados.append(f"linha {no.lineno}: {ast.unparse(no)}")
    return achados


def test_every_package_has_a_place_in_the_layers():
    assert set(PODE_IMPORTAR) <= PACOTES
    assert set(PODE_IMPORTAR) | LIVRES >= PACOTES


@pytest.mark.parametrize("nome", [nome for nome in MODULOS if nome.split("/")[0] in PODE_IMPORTAR])
def test_imports_follow_the_layers(nome):
    assert violacoes_de_camada(nome.split("/")[0], ast.parse(MODULOS[nome].read_text())) == []


@pytest.mark.parametrize("nome", MODULOS)
def test_no_clock_without_a_time_zone(nome):
    assert relogios_sem_fuso(ast.parse(MODULOS[nome].read_text())) == []


def test_the_day_is_never_the_database_s():
    """The server's day is another one after 21:00 in São Paulo; the day is computed in Python and handed in."""
    achados = [
        f"{arquivo.relative_to(RAIZ)}: {linha.strip()}"
        for arquivo in arquivos(".py", ".html", ".txt", ".sql")
        for linha in arquivo.read_text().splitlines()
        if DATA_DO_BANCO.search(linha)
    ]

    assert achados == []


# The checks themselves


@pytest.mark.parametrize(
    ("pacote", "codigo"),
    [
        ("mensageria", "import batch"),
        ("mensageria", "def f():\n    from faturamento.models import Conta"),
        ("batch", "from mensageria import envio"),
        ("cadastro", "from importlib import import_module\nimport_module('cobranca.models')"),
        ("faturamento", "from django.apps import apps\napps.get_model('cobranca.AcaoCobranca')"),
        ("simuladores", "from django.conf import settings"),
        ("cobranca", "import tests.fabricas"),
    ],
)
def test_a_forbidden_import_is_seen(pacote, codigo):
    assert violacoes_de_camada(pacote, ast.parse(codigo))


@pytest.mark.parametrize(
    ("pacote", "codigo"),
    [
        ("cobranca", "import faturamento, mensageria, batch, cadastro"),
        ("faturamento", "from config.celery import app\nfrom . import avisos"),
        ("mensageria", "import email, requests\nfrom cadastro.nomes import x"),
    ],
)
def test_an_allowed_import_passes(pacote, codigo):
    assert violacoes_de_camada(pacote, ast.parse(codigo)) == []


@pytest.mark.parametrize(
    "codigo",
    [
        "date.today()",
        "datetime.now()",
        "datetime.datetime.utcnow()",
        "datetime.fromtimestamp(0)",
        "datetime.date.today()",
    ],
)
def test_a_clock_without_a_time_zone_is_seen(codigo):
    assert relogios_sem_fuso(ast.parse(codigo))


@pytest.mark.parametrize(
    "codigo",
    ["datetime.now(UTC)", "datetime.now(tz=zona)", "timezone.now()", "datetime.fromtimestamp(0, UTC)", "x.now()"],
)
def test_a_clock_with_a_time_zone_passes(codigo):
    assert relogios_sem_fuso(ast.parse(codigo)) == []


@pytest.mark.parametrize("sql", ["vencimento < CURRENT_DATE", "now()::date", "current_timestamp :: date"])
def test_the_database_s_day_is_seen(sql):
    assert DATA_DO_BANCO.search(sql)
