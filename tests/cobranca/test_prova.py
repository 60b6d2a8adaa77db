"""What the dossier of a collection message says: the document, who commanded it, what a disconnection notice proves."""

import json
import uuid

import pytest
from django.contrib.auth.models import User

from cobranca.avisos import gerar_avisos
from cobranca.documentos import gerar_documentos
from cobranca.fonte import FonteDeDocumentos
from cobranca.models import CobrancaDocumento
from mensageria import dossie, dossie_pdf, envio
from mensageria.canais.memoria import CanalDeMemoria
from mensageria.canais.sms import Recibo
from mensageria.decisoes import reenviar
from mensageria.estados import Estado
from mensageria.models import Canal, GatewaySMS, Mensagem
from mensageria.retornos import registrar
from preventivo.fonte import FonteDeBoletos
from preventivo.models import Aviso
from tests.cobranca.test_fichas import AGORA, devedor, nova_conta_bancaria
from tests.fabricas import HOJE, nova_acao, novas_saidas, novo_comando, novo_parametro_sistema
from tests.mensageria.pagamento.leitura import da_imagem
from tests.mensageria.test_composicao import ler
from tests.preventivo.fabricas import nova_campanha, novo_boleto


@pytest.fixture
def maria(db) -> User:
    return User.objects.create_user("maria")


@pytest.fixture
def da_acao(maria, novo_336):
    """Make the dossier of the e-mail of a document of an action: `da_acao(suspende_abastecimento=True)`."""

    def dossie_de(*, ficha: bool = False, enviar: bool = True, **acao) -> dict:
        novo_parametro_sistema(valor_ficha_extrato="200.00" if ficha else None)
        servico, _ = novas_saidas()
        if ficha:
            nova_conta_bancaria()
        devedor("300.00", documento="52998224725")
        comando = novo_comando(nova_acao(descricao="AVISO DE CORTE", **acao), criado_por=maria)
        gerar_documentos(comando.pk, hoje=HOJE, agora=AGORA)
        execucao = novo_336(usuario=maria).execucao
        gerar_avisos(comando_id=comando.pk, execucao=execucao, hoje=HOJE, agora=AGORA)
        if enviar:
            envio.enviar(servico, canal=CanalDeMemoria(), relogio=lambda: AGORA)
        return json.loads(dossie.emitir(Mensagem.objects.get(canal=Canal.EMAIL).pk, por=maria, agora=AGORA))["dossie"]

    return dossie_de


def test_it_names_who_commanded_the_action_and_the_process(da_acao):
    comando = dict(da_acao()["comando"])

    assert comando["Ação comandada por"] == comando["Comandado por"] == "maria"
    assert comando["Ação de Cobrança"] == "AVISO DE CORTE"
    assert comando["Autorização"] == "o processo não a exige"


@pytest.mark.parametrize("ficha", [False, True], ids=["arrecadacao", "ficha"])
def test_it_holds_the_document_with_its_contas_and_its_bar_code(da_acao, ficha):
    dito = da_acao(ficha=ficha)

    fala = dito["de_que_fala"]
    assert ["Total", "R$ 300,00"] in fala["dados"]
    assert ("Nosso número" in dict(fala["dados"])) == ficha
    assert fala["itens"] == [[["Conta 11/2026", ""], ["vencida em", "11/10/2026"], ["de", "R$ 300,00"]]]
    imagens = [
        parte.get_content()
        for parte in ler(dito["conteudo"]["texto"].encode()).walk()
        if parte.get_content_type() == "image/png"
    ]
    assert da_imagem(imagens[0])["ITF"].startswith("001" if ficha else "8")


def test_a_disconnection_notice_says_what_it_proves_and_what_it_does_not(da_acao):
    declaracao = " ".join(da_acao(suspende_abastecimento=True)["declaracao"])

    assert "A ação “AVISO DE CORTE” pode levar à suspensão do abastecimento do imóvel" in declaracao
    assert "Lei 11.445/2007 (art. 40, § 2º)" in declaracao
    assert "Contados de 10/11/2026, eles se completam em 10/12/2026." in declaracao
    assert "não prova que a suspensão ocorreu" in declaracao


def test_a_notice_that_leads_to_no_disconnection_says_nothing_of_the_law(da_acao):
    assert "Lei" not in " ".join(da_acao()["declaracao"])


def test_a_disconnection_notice_that_no_server_took_proves_nothing(da_acao):
    dito = da_acao(suspende_abastecimento=True, enviar=False)

    assert dito["declaracao"] == ["Este dossiê NÃO prova o envio: nenhum servidor aceitou a mensagem."]


def test_a_diverted_notice_proves_nothing_to_its_customer(da_acao, settings):
    """Where every message goes to one address, no customer was told."""
    settings.ENVIO = "desvio:teste@exemplo.com.br,5584999990000"

    declaracao = " ".join(da_acao(suspende_abastecimento=True)["declaracao"])

    assert "desviada para teste@exemplo.com.br" in declaracao
    assert "NÃO prova o envio ao cliente" in declaracao
    assert "avisou o usuário" not in declaracao and "Lei" not in declaracao


def test_a_notice_that_did_not_arrive_and_waits_to_be_sent_again_proves_no_notice(da_acao, maria):
    """What the operator said of the attempt that was accepted holds until another one is."""
    da_acao(suspende_abastecimento=True)
    gateway = GatewaySMS.objects.get()
    envio.enviar(gateway, canal=CanalDeMemoria(), relogio=lambda: AGORA)
    sms = Mensagem.objects.get(canal=Canal.SMS, estado=Estado.ENVIADA)
    registrar(sms, Recibo("falha", "DESLIGADO"), AGORA)
    assert reenviar([sms.pk], usuario=maria, motivo="de novo", agora=AGORA) == 1

    declaracao = " ".join(json.loads(dossie.emitir(sms.pk, por=maria, agora=AGORA))["dossie"]["declaracao"])

    assert "NÃO foi entregue" in declaracao
    assert "avisou o usuário" not in declaracao and "Lei" not in declaracao


def test_a_document_that_is_not_there_leaves_the_rest(db):
    assert FonteDeDocumentos().prova(999, uuid.uuid4()).dados == ()


def test_the_pdf_of_a_whole_notice_is_drawn(da_acao):
    da_acao(ficha=True, suspende_abastecimento=True)

    arquivo = dossie.emitir(Mensagem.objects.get(canal=Canal.EMAIL).pk, por="maria", agora=AGORA)

    assert dossie_pdf.desenhar(arquivo).startswith(b"%PDF-")
    assert CobrancaDocumento.objects.get().ficha


def test_a_boleto_of_a_campaign_tells_its_campaign_and_hides_its_cpf(db):
    campanha = nova_campanha(cpfs=1)
    boleto = novo_boleto(campanha)
    aviso = Aviso.objects.create(
        campanha=campanha, boleto=boleto, email="ana@exemplo.com.br", situacao=Aviso.Situacao.NA_FILA
    )

    prova = FonteDeBoletos().prova(aviso.pk, campanha.execucao)

    assert dict(prova.comando)["Operação"] == campanha.operacao
    assert dict(prova.dados)["CPF"].startswith("***.")
    assert boleto.acordo.registro.cpf not in str(prova.dados)
