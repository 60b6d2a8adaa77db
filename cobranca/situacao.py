"""Where a document stands, for who looks at it: cancelled, paid, or still to be paid, and then by when."""

from dataclasses import dataclass
from datetime import date

from django.db.models import Prefetch

from cobranca.models import CobrancaDocumento, CobrancaDocumentoItem

# What `situacao_do_documento` needs.
COM_ITENS = Prefetch("itens", queryset=CobrancaDocumentoItem.objects.select_related("conta", "debito").order_by("id"))


@dataclass(frozen=True)
class Situacao:
    """In words; `tom` is the colour that the pages give it."""

    nome: str
    tom: str = ""
    pagavel: bool = False


def situacao_do_documento(documento: CobrancaDocumento, hoje: date) -> Situacao:
    """Of documents read with COM_ITENS. It is paid, too, when all that it charges was paid by
    itself; a boleto past its due date is only told so."""
    if documento.cancelado:
        return Situacao("cancelado", "errado")
    if documento.pago_em:
        return Situacao(f"pago em {documento.pago_em:%d/%m/%Y}", "certo")
    pagos = [(item.conta or item.debito).pago_em for item in documento.itens.all()]
    if pagos and all(pagos):
        return Situacao("pago pelos itens", "certo")
    if documento.ultimo_dia < hoje:
        return Situacao("vencido", "alerta", pagavel=True)
    return Situacao("em aberto", "andando", pagavel=True)
