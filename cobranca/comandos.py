"""What becomes of a comando once its documents are made: what its messages come to, and that it may be cancelled."""

from datetime import datetime

from django.db import transaction

from cobranca.fonte import ORIGEM
from cobranca.models import CobrancaDocumento, ComandoAcao
from mensageria import balanco
from mensageria.models import Canal


class NaoCancela(Exception):
    """Why a comando is not cancelled; the message is for the operator."""


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
    if comando.gerado_em and (comando.acao.envia_mensagem or comando.anunciado_em):
        raise NaoCancela("Não é possível cancelar documentos de ação de cobrança que envia SMS ou e-mail.")


@transaction.atomic
def cancelar(comando_id: int, *, usuario, agora: datetime) -> int:
    """Cancel a comando, and of its documents those not paid; return how many. Raises NaoCancela."""
    comando = ComandoAcao.objects.select_for_update(of=("self",)).select_related("acao").get(pk=comando_id)
    conferir_cancelamento(comando)
    em_aberto = CobrancaDocumento.objects.filter(comando=comando, cancelado=False, pago_em=None)
    cancelados = em_aberto.update(cancelado=True)
    comando.cancelado_em, comando.cancelado_por = agora, usuario
    comando.save(update_fields=["cancelado_em", "cancelado_por"])
    return cancelados
