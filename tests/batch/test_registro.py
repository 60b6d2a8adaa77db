from uuid import uuid4

import pytest

from batch import registro
from batch.registro import Aguardar, NaoRegistrada, Trabalho


def test_a_code_is_registered_only_once(registrar):
    registrar("gerar")

    with pytest.raises(ValueError, match="já está registrada"):
        registrar("gerar")


def test_the_decorated_function_is_still_itself(registrar):
    def gerar(unidade):
        return {"feitas": unidade.codigo}

    assert registro.funcionalidade("gerar-ela-mesma")(gerar) is gerar
    registro.remover("gerar-ela-mesma")


def test_an_unknown_code_says_which(registrar):
    with pytest.raises(NaoRegistrada, match='"nada" não está registrada'):
        registro.buscar("nada")


def test_what_was_removed_is_no_longer_listed(registrar):
    registrar("gerar")
    assert "gerar" in registro.registradas()

    registro.remover("gerar")

    assert "gerar" not in registro.registradas()


def test_a_step_that_is_not_divided_has_one_unit(registrar):
    registrar("gerar")

    assert list(registro.buscar("gerar").unidades(None)) == [(0, "funcionalidade")]


def test_a_wait_is_never_of_zero_seconds():
    with pytest.raises(ValueError, match="maior que zero"):
        Aguardar({}, segundos=0)


def test_a_step_can_be_called_by_itself_without_a_stored_unit(agora):
    trabalho = Trabalho(codigo=7, execucao=uuid4(), agora=agora)

    trabalho.progresso(1, 2)
    trabalho.conferir_posse()
