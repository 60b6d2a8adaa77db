"""A notice that must be given waits for no window of contact, and no *não perturbe* holds it back; the others do."""

import uuid
from datetime import time, timedelta

import pytest
from django.contrib.auth.models import User

from cadastro.models import Cliente
from cobranca.avisos import gerar_avisos, simular_avisos
from cobranca.fonte import FonteDeDocumentos
from mensageria import calendario, envio, reserva
from mensageria.canais.memoria import CanalDeMemoria
from mensageria.estados import Estado, Motivo
from mensageria.models import Canal, Isencao, Lote, Mensagem, NaoGerada
from mensageria.previsao import A_ENVIAR, ESPERAM
from tests.cobranca.test_avisos import novo_documento
from tests.fabricas import (
    HOJE,
    meio_dia,
    nova_acao,
    novas_saidas,
    novo_cliente,
    novo_comando,
    novo_parametro_sistema,
)

AGORA = meio_dia(HOJE)
DIA = timedelta(days=1)


@pytest.fixture
def servico(db):
    """Of e-mail. Messages leave on weekdays, from 14:00 to 18:00."""
    novo_parametro_sistema()
    servico, _ = novas_saidas()
    horas = {dia: (time(14), time(18)) for dia in range(5)}
    for canal in Canal:
        calendario.definir(canal, "", horas, usuario=User.objects.get_or_create(username="ana")[0])
    return servico


def comandar(*, obrigatorio: bool, **cliente):
    """A comando with the document of one customer."""
    comando = novo_comando(nova_acao(aviso_obrigatorio=obrigatorio), gerado_em=AGORA)
    return comando, novo_documento(novo_cliente(**cliente), comando)


def gerar(comando) -> dict:
    return gerar_avisos(comando_id=comando.pk, execucao=uuid.uuid4(), hoje=HOJE, agora=AGORA)


def enviar(servico, agora=AGORA) -> set[int]:
    envio.enviar(servico, relogio=lambda: agora, canal=CanalDeMemoria())
    return set(Mensagem.objects.filter(estado=Estado.ENVIADA).values_list("objeto_id", flat=True))


def test_a_mandatory_notice_leaves_while_the_window_is_closed_and_says_so(servico):
    (comum, espera), (corte, sai) = comandar(obrigatorio=False), comandar(obrigatorio=True)
    gerar(comum)
    gerar(corte)

    assert enviar(servico) == {sai.pk}
    assert enviar(servico, AGORA + timedelta(hours=2)) == {sai.pk, espera.pk}
    isencoes = dict(Lote.objects.values_list("acao", "isencao"))
    assert isencoes == {comum.acao.descricao: "", corte.acao.descricao: Isencao.OBRIGATORIO}


def test_a_mandatory_notice_reaches_who_asked_not_to_be_disturbed(servico):
    (comum, _), (corte, sai) = (comandar(obrigatorio=sim, nao_perturbe=True) for sim in (False, True))

    assert gerar(comum) == {"sms": 0, "email": 0, "nao_geradas": 1}
    assert NaoGerada.objects.get().motivo == "nao_perturbe"
    assert gerar(corte) == {"sms": 1, "email": 1, "nao_geradas": 0}
    assert enviar(servico) == {sai.pk}


def test_at_the_last_moment_not_to_be_disturbed_holds_back_all_but_mandatory_notices(servico):
    (_, comum), (_, corte) = comandar(obrigatorio=False), comandar(obrigatorio=True)
    Cliente.objects.update(nao_perturbe=True)

    motivos = FonteDeDocumentos().motivos_de_cancelamento(Canal.SMS, {comum.pk: "", corte.pk: ""}, HOJE)

    assert motivos == {comum.pk: Motivo.NAO_PERTURBE}


def test_a_mandatory_notice_is_never_without_a_window(servico):
    """The last day of its document is today, and the window is over."""
    tarde = AGORA + timedelta(hours=7)
    comando = novo_comando(nova_acao(aviso_obrigatorio=True), gerado_em=AGORA)
    novo_documento(comando=comando, validade=HOJE)
    outro = novo_comando(nova_acao(), gerado_em=AGORA)
    novo_documento(comando=outro, validade=HOJE)

    def gerar_tarde(comando):
        return gerar_avisos(comando_id=comando.pk, execucao=uuid.uuid4(), hoje=HOJE, agora=tarde)

    assert gerar_tarde(comando) == {"sms": 1, "email": 1, "nao_geradas": 0}
    assert gerar_tarde(outro) == {"sms": 0, "email": 0, "nao_geradas": 2}
    assert set(NaoGerada.objects.values_list("motivo", flat=True)) == {"sem_janela"}
    assert envio.varrer_janela(tarde) == 0 and reserva.ha_devidas(servico, tarde)


def test_a_document_programmed_for_a_closed_day_leaves_on_the_next_open_one(servico):
    """Programmed for Saturday, valid until Sunday: no window. Valid until Monday: one."""
    sabado = HOJE + 4 * DIA
    assert sabado.weekday() == 5
    comando = novo_comando(nova_acao(), gerado_em=AGORA, enviar_a_partir_de=sabado)
    domingo, segunda = (novo_documento(comando=comando, validade=sabado + n * DIA) for n in (1, 2))

    assert gerar(comando) == {"sms": 1, "email": 1, "nao_geradas": 2}
    assert set(NaoGerada.objects.values_list("objeto_id", "motivo")) == {(domingo.pk, "sem_janela")}
    assert set(Mensagem.objects.values_list("objeto_id", flat=True)) == {segunda.pk}


def test_a_simulation_says_that_a_mandatory_notice_waits_for_nothing(servico):
    (comum, _), (corte, _) = comandar(obrigatorio=False), comandar(obrigatorio=True)

    que_espera = simular_avisos(comando_id=comum.pk, hoje=HOJE, agora=AGORA)
    que_sai = simular_avisos(comando_id=corte.pk, hoje=HOJE, agora=AGORA)

    assert que_espera.quantidades[ESPERAM, "Cobrança · E-mail · abre às 14:00"] == 1 and que_espera.portas
    assert que_sai.quantidades[A_ENVIAR, "E-mails"] == 1 and not que_sai.portas
    assert not any(quadro == ESPERAM for quadro, _ in que_sai.quantidades)
