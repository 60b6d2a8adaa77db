"""Process 335: the documents of a comando, made by the batch."""

import uuid

import pytest
from django.utils import timezone

from batch import inicio
from batch.execucao import executar_pendentes
from batch.models import ProcessoIniciado, UnidadeIniciada
from batch.registro import PossePerdida, Trabalho
from cobranca import comandos, processo335
from cobranca.models import CobrancaDocumento
from tests.cobranca.test_telas_comando import devedor
from tests.fabricas import novo_comando, novo_parametro_sistema


class Perdida:
    def conferir(self):
        raise PossePerdida


def trabalho(comando, **mais) -> Trabalho:
    return Trabalho(codigo=comando.pk, execucao=uuid.uuid4(), agora=timezone.now(), **mais)


def test_a_process_makes_the_documents_of_its_own_comando_only(db, django_user_model):
    novo_parametro_sistema()
    devedor()
    comando, outro = novo_comando(), novo_comando()
    quem = django_user_model.objects.create_user("ana")
    comandos.mandar_gerar(comando.pk, usuario=quem, agora=timezone.now())

    executar_pendentes(timezone.now())

    comando.refresh_from_db()
    outro.refresh_from_db()
    assert (comando.documentos_gerados, outro.gerado_em) == (1, None)
    assert UnidadeIniciada.objects.get().resultado == {"documentos": 1, "imóveis sem documento": 0}


def test_a_unit_that_is_run_again_makes_no_more(db):
    novo_parametro_sistema()
    devedor()
    comando = novo_comando()

    assert processo335.gerar(trabalho(comando)) == {"documentos": 1, "imóveis sem documento": 0}
    assert processo335.gerar(trabalho(comando)) == {}
    assert CobrancaDocumento.objects.count() == 1


def test_who_lost_the_unit_leaves_nothing(db):
    novo_parametro_sistema()
    devedor()
    comando = novo_comando()

    with pytest.raises(PossePerdida):
        processo335.gerar(trabalho(comando, posse=Perdida()))

    comando.refresh_from_db()
    assert comando.gerado_em is None and not CobrancaDocumento.objects.exists()


def test_restarted_after_its_end_it_ends_well(db):
    novo_parametro_sistema()
    comando = novo_comando()
    iniciado = comandos.mandar_gerar(comando.pk, usuario=None, agora=timezone.now())
    executar_pendentes(timezone.now())

    inicio.reiniciar(iniciado.funcionalidades.all(), usuario=None)
    executar_pendentes(timezone.now())

    iniciado.refresh_from_db()
    assert iniciado.situacao == ProcessoIniciado.Situacao.CONCLUIDO
