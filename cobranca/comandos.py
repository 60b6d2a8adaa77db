"""What is done with a comando: its documents are asked for, what came of it is counted, and it may be cancelled."""

from datetime import date, datetime, timedelta

from django.db import OperationalError, transaction
from django.db.models import Q
from django.utils import timezone
from psycopg2.errors import LockNotAvailable

from batch import inicio
from batch.models import ProcessoIniciado
from cadastro.models import ParametroSistema
from cobranca import documentos
from cobranca.documentos import NaoGera
from cobranca.fonte import ORIGEM
from cobranca.models import CobrancaDocumento, ComandoAcao
from mensageria import balanco
from mensageria.models import Canal, inicio_do_dia

PROCESSO = 335  # the one that makes the documents


class NaoCancela(Exception):
    """Why a comando is not cancelled; the message is for the operator."""


def conferir_geracao(comando: ComandoAcao, hoje: date) -> None:
    """Raise NaoGera when its documents may not be made now."""
    documentos.conferir(comando, hoje)
    if comando.em_geracao:
        raise NaoGera(
            f"Os documentos do comando {comando.titulo} já estão sendo gerados, no processo {comando.geracao_id}."
        )


def ainda_valem(comando: ComandoAcao, hoje: date) -> str:
    """Words for who makes the documents of a comando while another's, of the same action, hold; empty when none do."""
    outros = ComandoAcao.objects.filter(acao=comando.acao, documentos_gerados__gt=0, cancelado_em=None)
    outros = outros.filter(gerado_em__gte=inicio_do_dia(hoje - timedelta(days=comando.acao.dias_de_validade)))
    if comando.localidade_id:
        outros = outros.filter(Q(localidade=comando.localidade_id) | Q(localidade=None))
    outro = outros.exclude(pk=comando.pk).order_by("-gerado_em").first()
    if outro is None:
        return ""
    return (
        f"Os documentos do comando {outro.pk}, {outro.titulo}, da mesma ação, ainda são válidos: quem não os pagou"
        " recebe outro, pela mesma dívida."
    )


@transaction.atomic
def mandar_gerar(comando_id: int, *, usuario, agora: datetime) -> ProcessoIniciado:
    """Start the process that makes its documents: of all localidades they take minutes.

    Raises NaoGera, OperacaoRecusada, and ParametroSistema.DoesNotExist, without which none can be made.
    """
    ParametroSistema.atual()
    comando = _travar(comando_id, NaoGera)
    conferir_geracao(comando, timezone.localdate(agora))
    comando.geracao = inicio.iniciar(
        PROCESSO, usuario=usuario, agendado_para=agora, agora=agora, complemento=comando.titulo[:55]
    )
    comando.save(update_fields=["geracao"])
    return comando.geracao


def _travar(comando_id: int, recusa: type[Exception]) -> ComandoAcao:
    """Locked, or refused at once: whoever makes its documents has it for minutes, also after its process was cancelled.

    What it points to is read after the lock, so that what a rival did is seen.
    """
    try:
        return ComandoAcao.objects.select_for_update(nowait=True).get(pk=comando_id)
    except OperationalError as erro:
        if isinstance(erro.__cause__, LockNotAvailable):
            raise recusa("Outra operação está usando este comando: tente daqui a pouco.") from erro
        raise


def falha_da_geracao(comando: ComandoAcao) -> str:
    """Why the last process that should have made its documents did not; empty when none failed."""
    if comando.gerado_em or comando.geracao is None or comando.em_geracao:
        return ""
    palavras = comando.geracao.funcionalidades.exclude(explicacao="").values_list("explicacao", flat=True).first()
    return palavras or f"O processo terminou como {comando.geracao.get_situacao_display()}."


def contagens(comando: ComandoAcao) -> list[tuple[str, int]]:
    """GSAN's counters of a comando: what was made, and what left."""
    do_livro = balanco.da_unidade(ORIGEM, comando.pk)
    (sms, sms_enviados), (email, email_enviados) = (do_livro.get(canal, (0, 0)) for canal in (Canal.SMS, Canal.EMAIL))
    return [
        ("Documentos gerados", comando.documentos_gerados),
        ("SMS gerados", sms),
        ("SMS enviados", sms_enviados),
        ("E-mails gerados", email),
        ("E-mails enviados", email_enviados),
    ]


def conferir_cancelamento(comando: ComandoAcao) -> None:
    """Raise NaoCancela when it may not be. Documents that are sent stay (gsan.md 2.6): who has the message may pay."""
    if comando.cancelado_em:
        raise NaoCancela(f"O comando {comando.titulo} já foi cancelado.")
    if comando.em_geracao:
        raise NaoCancela(
            f"Os documentos do comando {comando.titulo} estão sendo gerados: espere que o processo"
            f" {comando.geracao_id} termine, ou peça a um supervisor que o cancele."
        )
    if comando.gerado_em and (comando.acao.envia_mensagem or comando.anunciado_em):
        raise NaoCancela("Não é possível cancelar documentos de ação de cobrança que envia SMS ou e-mail.")


def pode_cancelar(comando: ComandoAcao) -> bool:
    try:
        conferir_cancelamento(comando)
    except NaoCancela:
        return False
    return True


@transaction.atomic
def cancelar(comando_id: int, *, usuario, agora: datetime) -> int:
    """Cancel a comando, and of its documents those not paid; return how many. Raises NaoCancela."""
    comando = _travar(comando_id, NaoCancela)
    conferir_cancelamento(comando)
    em_aberto = CobrancaDocumento.objects.filter(comando=comando, cancelado=False, pago_em=None)
    cancelados = em_aberto.update(cancelado=True)
    comando.cancelado_em, comando.cancelado_por = agora, usuario
    comando.save(update_fields=["cancelado_em", "cancelado_por"])
    return cancelados
