"""An error in the operator's words where they are known, then in full, and without secrets."""

import errno

import pytest
from django.db import IntegrityError, OperationalError

from batch import erros, registro
from batch.execucao import executar_pendentes
from batch.models import UnidadeIniciada
from cadastro.models import ParametroSistema
from faturamento.avisos import SemTexto


@pytest.mark.parametrize(
    ("erro", "palavras"),
    [
        (SemTexto("Não há texto em vigor."), "Não há texto em vigor."),
        (ParametroSistema.DoesNotExist("Informe os parâmetros."), "Informe os parâmetros."),
        (registro.NaoRegistrada("Ninguém sabe executá-la."), "Ninguém sabe executá-la."),
        (OperationalError("server closed"), "O banco de dados não respondeu. Verifique se está no ar e continue."),
        (IntegrityError("duplicate key"), erros._DE_TIPO[0][1]),
        (OSError(errno.ENOSPC, "No space left"), "Acabou o espaço em disco do servidor."),
        (ConnectionRefusedError("111"), "Um servidor de que o processo depende não aceitou a conexão, ou a encerrou."),
        (TimeoutError(), "Um servidor de que o processo depende não respondeu a tempo."),
        (KeyError("x"), erros.DESCONHECIDO),
    ],
)
def test_what_happened_is_said_in_words_where_it_is_known(erro, palavras):
    assert erros.em_palavras(erro) == palavras


def test_what_was_behind_an_error_may_say_it():
    try:
        try:
            raise SemTexto("Não há texto em vigor.")
        except SemTexto as causa:
            raise ValueError("falhou a unidade") from causa
    except ValueError as erro:
        assert erros.em_palavras(erro) == "Não há texto em vigor."


def test_an_error_that_is_its_own_cause_has_an_end():
    um, outro = ValueError("um"), ValueError("outro")
    um.__cause__, outro.__cause__ = outro, um

    assert erros.em_palavras(um) == erros.DESCONHECIDO


@pytest.mark.parametrize(
    "texto",
    [
        "postgres://avisa:Xyz%9secreta@banco:5432/avisa",
        "senha=Xyz%9secreta",
        "{'password': 'Xyz%9secreta', 'host': 'x'}",
        'api_key: "Xyz%9secreta"',
        "SENHA_DO_SMTP = Xyz%9secreta",
        "Authorization: Bearer Xyz%9secreta",
        "client_secret=Xyz%9secreta&grant=1",
        "token='Xyz%9secreta'",
    ],
)
def test_no_secret_is_told(texto):
    dito = erros.sem_segredo(f"antes {texto} depois")

    assert "secreta" not in dito
    assert "***" in dito and dito.startswith("antes ") and dito.endswith(" depois")


def test_the_secrets_of_the_installation_are_not_told_wherever_they_stand(settings, monkeypatch):
    monkeypatch.setitem(settings.DATABASES["default"], "PASSWORD", "agua-mole")
    settings.CHAVES_DE_CIFRA = ["k" * 44]

    assert erros.sem_segredo(f"{settings.SECRET_KEY}, agua-mole, {'k' * 44}") == "***, ***, ***"


def test_what_is_no_secret_is_told():
    texto = 'File "faturamento/avisos.py", line 12: a chave da conta 15 se repete; veja https://exemplo.com.br/x'

    assert erros.sem_segredo(texto) == texto


def test_the_detail_is_the_end_of_the_traceback_in_what_a_column_holds():
    try:
        raise ValueError("x" * 9000 + "\x00 e \ud800 fim")
    except ValueError as erro:
        detalhe = erros.em_detalhe(erro)

    assert len(detalhe) <= erros.TAMANHO and detalhe.rstrip().endswith("fim")
    assert "\x00" not in detalhe
    detalhe.encode()


def test_the_first_error_of_a_funcionalidade_is_kept_with_its_unit_and_each_unit_keeps_its_own(
    novo_iniciado, registrar, agora
):
    """GSAN keeps only the first exception of a funcionalidade."""

    def com_defeito(trabalho):
        raise SemTexto(f"Não há texto em vigor na unidade {trabalho.codigo}.")

    registrar("a", com_defeito, unidades=[7, 8])
    iniciado = novo_iniciado("a")
    executar_pendentes(agora)

    funcionalidade = iniciado.funcionalidades.get()
    assert funcionalidade.explicacao == "Não há texto em vigor na unidade 7."
    assert funcionalidade.unidade_do_erro == "7 - unidade 7"
    assert (funcionalidade.erro_em - agora).total_seconds() < 60
    assert "SemTexto" in funcionalidade.erro
    assert list(UnidadeIniciada.objects.values_list("explicacao", flat=True)) == [
        "Não há texto em vigor na unidade 7.",
        "Não há texto em vigor na unidade 8.",
    ]
