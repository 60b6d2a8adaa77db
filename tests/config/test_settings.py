"""Settings: what production demands, and that every variable is explained."""

import ast
import re

import pytest
from cryptography.fernet import Fernet

from .apoio import RAIZ, python

LER = "from django.conf import settings; settings.ENVIO; print('iniciou', settings.ENVIO)"
PRODUCAO = {
    "DJANGO_SETTINGS_MODULE": "config.settings",
    "AVISA_AMBIENTE": "producao",
    "SECRET_KEY": "chave-descartavel-de-teste",
    "ALLOWED_HOSTS": "avisa.example",
    "CHAVES_DE_CIFRA": Fernet.generate_key().decode(),
}


def lidas_pelo_python(arquivo: str) -> set[str]:
    """The names that a module asks the environment for: `env.x("NAME")`, `_obrigatorio("NAME")`, `os.environ`."""
    nomes = set()
    for no in ast.walk(ast.parse((RAIZ / arquivo).read_text())):
        candidato = None
        match no:
            case ast.Call(func=ast.Attribute(value=ast.Name(id="env")), args=[ast.Constant(value=candidato), *_]):
                pass
            case ast.Call(func=ast.Name(id="_obrigatorio"), args=[ast.Constant(value=candidato), *_]):
                pass
            case ast.Call(func=ast.Attribute(value=ast.Attribute(attr="environ")), args=[ast.Constant(candidato), *_]):
                pass
            case ast.Subscript(value=ast.Attribute(attr="environ"), slice=ast.Constant(value=candidato)):
                pass
            case ast.Compare(left=ast.Constant(value=candidato), comparators=[ast.Attribute(attr="environ")]):
                pass
        if isinstance(candidato, str):
            nomes.add(candidato)
    return nomes


def test_env_example_explains_exactly_the_variables_that_are_read():
    lidas = lidas_pelo_python("config/settings.py") | lidas_pelo_python("config/pastas.py")
    lidas |= lidas_pelo_python("config/processos.py") - {"PATH"}
    lidas |= set(re.findall(r"(?<!\$)\$\{(\w+)", (RAIZ / "docker-compose.yml").read_text()))
    texto = (RAIZ / ".env.example").read_text()
    explicadas = re.findall(r"^#?([A-Z_]+)=", texto, re.MULTILINE)

    assert {"SECRET_KEY", "DATABASE_URL", "ENVIO", "AVISA_DADOS", "PORT"} <= lidas, "the reader of this test is blind"
    assert sorted(explicadas) == sorted(lidas)
    for nome in explicadas:
        assert re.search(rf"^# .+\n#?{nome}=", texto, re.MULTILINE), f"{nome} has no explanation above it"


def test_production_starts_with_what_it_demands():
    fim = python(LER, **PRODUCAO)

    assert fim.returncode == 0, fim.stderr
    assert fim.stdout.strip() == "iniciou real"


@pytest.mark.parametrize("nome", ["SECRET_KEY", "ALLOWED_HOSTS", "CHAVES_DE_CIFRA"])
def test_production_refuses_to_start_without(nome):
    fim = python(LER, **PRODUCAO | {nome: ""})

    assert fim.returncode != 0
    assert f"a variável {nome} é obrigatória" in fim.stderr


def test_development_starts_with_nothing_and_simulates(tmp_path):
    nada = dict.fromkeys(("SECRET_KEY", "ALLOWED_HOSTS", "CHAVES_DE_CIFRA"), "")

    fim = python(LER, **PRODUCAO | nada | {"AVISA_AMBIENTE": "desenvolvimento", "AVISA_DADOS": str(tmp_path)})

    assert fim.returncode == 0, fim.stderr
    assert fim.stdout.strip() == "iniciou simulado"
    assert (tmp_path / "chave-secreta").stat().st_mode & 0o077 == 0


@pytest.mark.parametrize("valor", ["simulado", "real", "desvio:teste@example.com", "desvio:11987654321"])
def test_envio_accepts(valor):
    assert python(LER, **PRODUCAO | {"ENVIO": valor}).returncode == 0


@pytest.mark.parametrize("valor", ["Real", "desvio", "desvio:", "producao", "simulado "])
def test_envio_refuses(valor):
    fim = python(LER, **PRODUCAO | {"ENVIO": valor})

    assert fim.returncode != 0
    assert "ENVIO deve ser simulado, real ou desvio:ENDERECO" in fim.stderr


@pytest.mark.parametrize(
    ("valor", "lido"),
    [("", "{}"), ("smtp+tls://ana%40x:s%2Fx@mail:587", "ana@x s/x mail 587 True"), ("imap://x", None)],
)
def test_email_url_is_a_server_of_smtp(valor, lido):
    campos = "EMAIL_HOST_USER", "EMAIL_HOST_PASSWORD", "EMAIL_HOST", "EMAIL_PORT", "EMAIL_USE_TLS"
    mostrar = (
        f"from django.conf import settings; u = settings.EMAIL_URL; print(*[u[c] for c in {campos}] if u else [u])"
    )
    fim = python(mostrar, **PRODUCAO | {"EMAIL_URL": valor})

    assert (fim.returncode == 0) == (lido is not None)
    assert fim.stdout.strip() == lido if lido else "EMAIL_URL deve ser smtp://" in fim.stderr
