"""Where the peers run: an environment of their own for each, under var/, made again when what it needs changes."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

from django.conf import settings

from bench.sumidouro import programa


class NaoInstalou(Exception):
    """The environment could not be made; the message is the installer's."""


def versao(projeto: Path, pacote: str) -> str:
    """The package with the version that is pinned."""
    linhas = (projeto / "requirements.txt").read_text().splitlines()
    [linha] = [linha for linha in linhas if linha.startswith(f"{pacote}==")]
    return linha.replace("==", " ")


def venv(nome: str, requisitos: Path) -> Path:
    """The Python of a virtual environment with these requirements."""
    pasta = settings.VAR / "bench" / nome / "venv"
    python, marca = pasta / "bin" / "python", pasta / "instalado.txt"
    pedido = f"{sys.version}\n{requisitos.read_text()}"
    if not marca.exists() or marca.read_text() != pedido:
        subprocess.run([sys.executable, "-m", "venv", "--clear", str(pasta)], check=True)
        instalar = [str(python), "-m", "pip", "install", "--quiet", "--no-input", "-r", str(requisitos)]
        _instalar(instalar, pasta, {"PIP_DISABLE_PIP_VERSION_CHECK": "1"})
        marca.write_text(pedido)
    return python


def modulos_de_node(nome: str, projeto: Path) -> Path:
    """The node_modules that package-lock.json of the project asks for."""
    npm = programa("npm", "npm")
    pasta = settings.VAR / "bench" / nome / "node"
    marca, pedido = pasta / "instalado.txt", (projeto / "package-lock.json").read_text()
    if not marca.exists() or marca.read_text() != pedido:
        shutil.rmtree(pasta, ignore_errors=True)
        pasta.mkdir(parents=True)
        for arquivo in ("package.json", "package-lock.json"):
            shutil.copy(projeto / arquivo, pasta)
        _instalar([npm, "ci", "--ignore-scripts", "--no-audit", "--no-fund"], pasta, {})
        marca.write_text(pedido)
    return pasta / "node_modules"


def _instalar(comando: list[str], pasta: Path, mais: dict[str, str]) -> None:
    fim = subprocess.run(comando, cwd=pasta, capture_output=True, text=True, env=os.environ | mais)
    if fim.returncode:
        raise NaoInstalou(fim.stderr or fim.stdout)
