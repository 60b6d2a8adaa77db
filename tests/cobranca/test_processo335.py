"""Process 335: the documents of a comando, made by the batch."""

import threading
import uuid
from datetime import timedelta
from types import SimpleNamespace

import pytest
from django.contrib import admin
from django.db import connection, transaction
from django.utils import timezone

from batch import inicio
from batch.execucao import executar_pendentes
from batch.models import Processo, ProcessoIniciado, UnidadeIniciada
from batch.registro import PossePerdida, Trabalho
from cobranca import comandos, pendencias, processo335
from cobranca.documentos import NaoGera
from cobranca.models import CobrancaDocumento, ComandoAcao
from tests.cobranca.test_telas_comando import devedor
from tests.fabricas import nova_acao, novo_comando, novo_parametro_sistema


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


@pytest.mark.django_db(transaction=True)
def test_whoever_comes_while_the_documents_are_made_is_refused_at_once():
    """The row is the worker's for minutes, also after its process was cancelled."""
    novo_parametro_sistema()
    comando = novo_comando(nova_acao(por_sms=False, por_email=False, tentativas_email=0))
    presa, solta = threading.Event(), threading.Event()

    def segurar():
        with transaction.atomic():
            ComandoAcao.objects.select_for_update().get(pk=comando.pk)
            presa.set()
            solta.wait(10)
        connection.close()

    trabalhador = threading.Thread(target=segurar)
    trabalhador.start()
    presa.wait(10)
    try:
        with pytest.raises(NaoGera, match="tente daqui a pouco"):
            comandos.mandar_gerar(comando.pk, usuario=None, agora=timezone.now())
        with pytest.raises(comandos.NaoCancela, match="tente daqui a pouco"):
            comandos.cancelar(comando.pk, usuario=None, agora=timezone.now())
    finally:
        solta.set()
        trabalhador.join()


def test_what_a_rival_asked_for_meanwhile_is_seen_under_the_lock(db):
    novo_parametro_sistema()
    comando = novo_comando()
    comandos.mandar_gerar(comando.pk, usuario=None, agora=timezone.now())

    with pytest.raises(NaoGera, match="já estão sendo gerados"):
        comandos.mandar_gerar(comando.pk, usuario=None, agora=timezone.now())
    with pytest.raises(comandos.NaoCancela, match="espere que o processo"):
        comandos.cancelar(comando.pk, usuario=None, agora=timezone.now())


def test_the_screen_of_process_336_tells_to_wait_for_what_is_being_made_and_to_make_the_rest(db):
    novo_parametro_sistema()
    andando = novo_comando(titulo="Andando")
    novo_comando(titulo="Parado")
    iniciado = comandos.mandar_gerar(andando.pk, usuario=None, agora=timezone.now())

    gere, espere = (falta.texto for falta in pendencias.dos_comandos(timezone.now()))

    assert espere.startswith(f"Os documentos de “Andando” estão sendo gerados, no processo {iniciado.pk}")
    assert "como “Parado”: gere os documentos" in gere
    executar_pendentes(timezone.now())
    (gere,) = (falta.texto for falta in pendencias.dos_comandos(timezone.now()))
    assert "Parado" in gere


def test_a_process_that_waits_for_leave_says_so_on_the_page_of_its_comando(entrar):
    novo_parametro_sistema()
    Processo.objects.filter(pk=comandos.PROCESSO).update(exige_autorizacao=True)
    comando = novo_comando()
    comandos.mandar_gerar(comando.pk, usuario=None, agora=timezone.now())

    tela = entrar("operador").get(f"/cobranca/comandos/{comando.pk}/").text

    assert "A geração dos documentos foi comandada no" in tela and "Aguarda autorização." in tela
    assert "hx-get" not in tela.split('id="comando"')[1].split(">")[0]


def test_the_administration_stores_only_what_was_typed_and_lets_a_comando_be_while_it_is_made(entrar):
    novo_parametro_sistema()
    devedor()
    comando, chefe = novo_comando(), entrar("administrador")
    endereco = f"/admin/cobranca/comandoacao/{comando.pk}/change/"
    velho = ComandoAcao.objects.get(pk=comando.pk)
    comandos.mandar_gerar(comando.pk, usuario=None, agora=timezone.now())

    assert 'name="titulo"' not in chefe.get(endereco).text and "deletelink" not in chefe.get(endereco).text
    executar_pendentes(timezone.now())
    velho.titulo = "Outro"
    admin.site.get_model_admin(ComandoAcao).save_model(None, velho, SimpleNamespace(changed_data=["titulo"]), True)

    comando.refresh_from_db()
    assert (comando.titulo, comando.documentos_gerados) == ("Outro", 1) and comando.gerado_em


def test_whoever_commands_an_action_again_is_told_of_the_documents_that_are_still_valid(entrar):
    """Two comandos of one action would each charge the same debt."""
    novo_parametro_sistema()
    devedor()
    acao = nova_acao()
    primeiro, segundo, de_outra = novo_comando(acao, titulo="Novembro"), novo_comando(acao), novo_comando()
    operador, hoje = entrar("operador"), timezone.localdate()
    assert comandos.ainda_valem(segundo, hoje) == ""
    comandos.mandar_gerar(primeiro.pk, usuario=None, agora=timezone.now())
    executar_pendentes(timezone.now())

    aviso = f"Os documentos do comando {primeiro.pk}, Novembro, da mesma ação, ainda são válidos"
    tela = f"/cobranca/comandos/{segundo.pk}/"
    assert aviso in operador.get(tela).text
    assert aviso in operador.post(tela, {"pedido": str(uuid.uuid4())}).text
    assert comandos.ainda_valem(de_outra, hoje) == ""
    assert comandos.ainda_valem(segundo, hoje + timedelta(days=acao.dias_de_validade + 1)) == ""
