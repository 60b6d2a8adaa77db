"""The description of production, tested without a Docker engine: what it runs exists, and nothing is left unread."""

import importlib.util
import re
import shlex
from pathlib import Path

import pytest
import yaml

from config.celery import FILAS, app

from .apoio import RAIZ

COMPOSE = yaml.safe_load((RAIZ / "docker-compose.yml").read_text())
SERVICOS = COMPOSE["services"]
DE_FORA = {"postgres": "postgres:18", "redis": "redis:8"}  # images that are not ours
QUE_SERVEM = {"postgres", "redis", "web", "worker", "worker-envio", "worker-coleta"}
PROCFILE = dict(
    linha.split(": ", 1) for linha in (RAIZ / "Procfile").read_text().splitlines() if linha and linha[0] != "#"
)
EXECUTAVEIS = {"gunicorn": "gunicorn", "celery": "celery", "python": None}  # executable: the package that brings it


def filas(comando: list[str]) -> set[str]:
    return set(comando[comando.index("--queues") + 1].split(",")) if "--queues" in comando else set()


def conferir(comando: list[str]) -> None:
    """The executable comes from a requirement, and what it is told to load is there."""
    programa, *resto = comando
    if pacote := EXECUTAVEIS[programa]:
        exigidos = re.findall(r"^[\w-]+", (RAIZ / "requirements.txt").read_text(), re.MULTILINE)
        assert pacote in exigidos
    elif resto[0] == "-m":
        programa, *resto = resto[1:]
        assert importlib.util.find_spec(programa), programa
    else:
        assert (RAIZ / resto[0]).is_file(), resto[0]
    if programa == "celery":
        assert importlib.import_module(resto[resto.index("-A") + 1]).celery_app is app
    if programa == "gunicorn":
        assert callable(importlib.import_module(resto[0]).application)


@pytest.mark.parametrize("nome", sorted(set(SERVICOS) - set(DE_FORA)))
def test_the_command_of_each_service_exists(nome):
    conferir(SERVICOS[nome]["command"])


@pytest.mark.parametrize("nome", sorted(PROCFILE))
def test_the_command_of_each_process_exists(nome):
    palavras = shlex.split(PROCFILE[nome].removeprefix("exec "))
    if palavras[0] == "env":
        palavras = palavras[2:]
    conferir(palavras)


def test_every_queue_is_read_by_a_worker_in_production_and_under_the_script():
    assert set().union(*(filas(SERVICOS[n].get("command", [])) for n in SERVICOS)) == set(FILAS)
    assert set().union(*(filas(shlex.split(comando)) for comando in PROCFILE.values())) == set(FILAS)


@pytest.mark.parametrize("fila", ["envio", "coleta"])
def test_what_waits_for_others_has_workers_of_its_own_with_threads(fila):
    for comando in (SERVICOS[f"worker-{fila}"]["command"], shlex.split(PROCFILE[f"worker-{fila}"])):
        assert filas(comando) == {fila}
        assert comando[comando.index("--pool") + 1] == "threads"


def test_the_schedule_uses_listed_queues_and_has_one_bell():
    assert {entrada["options"]["queue"] for entrada in app.conf.beat_schedule.values()} <= set(FILAS)
    assert sum("beat" in servico.get("command", []) for servico in SERVICOS.values()) == 1


def test_what_serves_has_a_health_check():
    assert {nome for nome, servico in SERVICOS.items() if "healthcheck" in servico} == QUE_SERVEM


def test_images_are_ours_or_pinned():
    for nome, servico in SERVICOS.items():
        assert servico["image"] == DE_FORA.get(nome, "avisa")


def test_data_is_in_named_volumes():
    montagens = {n: dict(v.split(":") for v in s["volumes"]) for n, s in SERVICOS.items() if "volumes" in s}

    assert montagens == {
        "postgres": {"postgres": "/var/lib/postgresql"},
        "redis": {"redis": "/data"},
        "worker-envio": {"journal": "/var/lib/avisa/journal"},
    }
    assert set(COMPOSE["volumes"]) == {"postgres", "redis", "journal"}
    assert SERVICOS["worker-envio"]["environment"]["PASTA_DIARIO"] == montagens["worker-envio"]["journal"]


def test_nothing_of_ours_starts_before_the_migrations():
    for nome in set(SERVICOS) - set(DE_FORA) - {"migrate"}:
        assert SERVICOS[nome]["depends_on"]["migrate"]["condition"] == "service_completed_successfully"
    assert SERVICOS["migrate"]["depends_on"]["postgres"]["condition"] == "service_healthy"


def test_secrets_come_from_env_and_production_is_production():
    texto = (RAIZ / "docker-compose.yml").read_text()

    assert not re.search(r"(SECRET_KEY|CHAVES_DE_CIFRA)\s*:", texto)
    assert set(re.findall(r"POSTGRES_PASSWORD: (.+)", texto)) == {"${POSTGRES_PASSWORD:?defina em .env}"}
    for nome in set(SERVICOS) - set(DE_FORA):
        assert SERVICOS[nome]["env_file"] == ".env"
        assert SERVICOS[nome]["environment"]["AVISA_AMBIENTE"] == "producao"


def test_the_image_runs_as_an_ordinary_user_and_carries_no_secret():
    linhas = (RAIZ / "Dockerfile").read_text().splitlines()
    usuarios = [linha.split()[1] for linha in linhas if linha.startswith("USER ")]
    ignorados = Path(RAIZ / ".dockerignore").read_text().split()

    assert len(usuarios) == 1 and usuarios[0] not in ("root", "0")
    assert sum(linha.startswith("FROM ") for linha in linhas) == 2
    assert max(i for i, linha in enumerate(linhas) if linha.startswith(("RUN", "COPY"))) < linhas.index("USER avisa")
    assert {".env", ".git", "var"} <= set(ignorados)
