"""`./avisa` as a user types it. What starts the whole product is tested by hand and by CI's own run of it."""

import shutil
import subprocess

import pytest

from .apoio import RAIZ, rodar

COMANDOS = ("up", "parar", "demo", "telas", "bench", "test", "lint", "manage")


@pytest.mark.parametrize("palavra", ["--help", "-h", "help"])
def test_help_names_every_command_and_exits_0(palavra):
    fim = rodar("./avisa", palavra)

    assert fim.returncode == 0
    assert not fim.stderr
    assert all(f"\n  {comando} " in fim.stdout for comando in COMANDOS)


@pytest.mark.parametrize("argumentos", [(), ("subir",), ("",), ("--nada",)])
def test_an_unknown_word_or_none_prints_the_help_on_stderr_and_exits_2(argumentos):
    fim = rodar("./avisa", *argumentos)

    assert fim.returncode == 2
    assert not fim.stdout
    assert "Uso: ./avisa" in fim.stderr


def test_an_unknown_word_is_named():
    assert "comando desconhecido: subir" in rodar("./avisa", "subir").stderr


@pytest.mark.parametrize("comando", ["up", "parar", "lint"])
def test_the_help_of_a_command_does_not_run_it(comando):
    fim = rodar("./avisa", comando, "--help")

    assert fim.returncode == 0
    assert fim.stdout.startswith("Uso: ./avisa")


@pytest.mark.parametrize("comando", ["parar", "lint"])
def test_an_option_that_a_command_lacks_is_refused_before_it_runs(comando):
    fim = rodar("./avisa", comando, "tudo")

    assert fim.returncode == 2
    assert fim.stderr == f"avisa: {comando} não tem opções: tudo\n"


@pytest.mark.parametrize("interprete", ["sh", "dash", "bash"])
def test_the_script_is_valid_for(interprete):
    if shutil.which(interprete) is None:
        assert interprete != "sh"
        return
    fim = rodar(interprete, "-n", "avisa")

    assert fim.returncode == 0, fim.stderr


def test_help_works_from_a_folder_with_spaces_and_accents_and_without_a_terminal(tmp_path):
    pasta = tmp_path / "água e sal"
    pasta.mkdir()
    shutil.copy2(RAIZ / "avisa", pasta)
    ambiente = {"PATH": "/usr/bin:/bin"}

    fim = subprocess.run([pasta / "avisa", "help"], env=ambiente, stdin=None, capture_output=True, check=False)

    assert fim.returncode == 0


def test_without_python_it_says_what_is_needed(tmp_path):
    programas = tmp_path / "bin"
    programas.mkdir()
    for nome in ("sh", "dirname", "cat"):
        (programas / nome).symlink_to(shutil.which(nome))

    fim = subprocess.run(
        [shutil.which("sh"), RAIZ / "avisa", "manage", "check"],
        env={"PATH": str(programas)},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )

    assert fim.returncode == 1
    assert "É preciso Python 3.11 ou mais novo" in fim.stderr


def test_a_python_without_venv_is_named(tmp_path):
    programas = tmp_path / "bin"
    programas.mkdir()
    for nome in ("sh", "dirname", "cat"):
        (programas / nome).symlink_to(shutil.which(nome))
    falso = programas / "python3"
    falso.write_text('#!/bin/sh\ncase "$2" in *ensurepip*) exit 1 ;; esac\n')
    falso.chmod(0o755)

    fim = subprocess.run(
        [shutil.which("sh"), RAIZ / "avisa", "manage", "check"],
        env={"PATH": str(programas)},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )

    assert fim.returncode == 1
    assert "python3-venv" in fim.stderr
