"""What people must know: told once, standing on the Painel until it is over. `alertas_email` takes it to them."""

import re
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Q, QuerySet
from django.utils.html import escape
from django.utils.safestring import SafeString, mark_safe

from mensageria.models import Alerta, Canal, Remetente, Servico
from telas import registro

# What only says that something was done.
NOTICIAS = (Alerta.Tipo.TROCA, Alerta.Tipo.FIM)
# It asks for nothing, and stands for so long.
DURACAO_DA_NOTICIA = timedelta(days=1)
_NEGRITO = re.compile(r"\*\*(.+?)\*\*")


def negrito(nome: str) -> str:
    """A name as a paragraph carries it, to be shown in bold."""
    return f"**{nome.replace('*', '∗')}**"


def paragrafos_em_texto(alerta: Alerta) -> list[str]:
    return [_NEGRITO.sub(r"\1", paragrafo) for paragrafo in alerta.texto.splitlines()]


def paragrafos_em_html(alerta: Alerta) -> list[SafeString]:
    """Escaped, with its names in bold."""
    paragrafos = [_NEGRITO.sub(r"<strong>\1</strong>", escape(paragrafo)) for paragrafo in alerta.texto.splitlines()]
    return [mark_safe(paragrafo) for paragrafo in paragrafos]  # escaped above


def avisar(
    tipo: Alerta.Tipo,
    chave: str,
    *,
    agora: datetime,
    assunto: str,
    titulo: str,
    paragrafos: list[str],
    servico: Servico | None = None,
    remetente: Remetente | None = None,
    caminho: str = "",
    tambem_para: str = "",
) -> Alerta | None:
    """Open an alert, or None when `chave` was told already: two workers at once tell it once.

    It goes out by e-mail once the transaction of whoever tells it commits, at the next tick.
    """
    alerta, novo = Alerta.objects.get_or_create(
        chave=chave,
        defaults={
            "tipo": tipo,
            "assunto": assunto[:150],
            "titulo": titulo[:150],
            "texto": "\n".join(" ".join(paragrafo.split()) for paragrafo in paragrafos),
            "caminho": caminho,
            "tambem_para": tambem_para,
            "remetente": remetente,
            "criado_em": agora,
            "proxima_tentativa_em": agora,
            **_do_servico(servico),
        },
    )
    return alerta if novo else None


def resolver(
    agora: datetime,
    *,
    tipo: Alerta.Tipo,
    servico: Servico | None = None,
    remetente: Remetente | None = None,
    exceto: Alerta | None = None,
) -> int:
    """It is over: take the open alerts of that kind, of one service, one remetente or both, from the Painel."""
    abertos_ = Alerta.objects.filter(tipo=tipo, resolvido_em=None)
    if servico is not None:
        abertos_ = abertos_.filter(**_do_servico(servico))
    if remetente is not None:
        abertos_ = abertos_.filter(remetente=remetente)
    if exceto is not None:
        abertos_ = abertos_.exclude(pk=exceto.pk)
    return abertos_.update(resolvido_em=agora)


@transaction.atomic
def marcar_resolvido(alerta: Alerta, *, usuario, agora: datetime) -> bool:
    """Somebody says that it is over; False when it was already."""
    if not Alerta.objects.filter(pk=alerta.pk, resolvido_em=None).update(resolvido_em=agora):
        return False
    registro.registrar(usuario, alerta, "Marcado como resolvido.")
    return True


def abertos(agora: datetime) -> QuerySet[Alerta]:
    """What stands on the Painel, the newest first."""
    todos = Alerta.objects.filter(resolvido_em=None).exclude(_noticia_velha(agora))
    return todos.select_related("remetente").order_by("-criado_em", "-id")


def e_noticia(alerta: Alerta) -> bool:
    """Whether it asks for nothing: what was done, or an exhaustion after which another service took over."""
    if alerta.tipo == Alerta.Tipo.ESGOTADO:
        return alerta.remetente is not None and alerta.remetente.aguardando_desde is None
    return alerta.tipo in NOTICIAS


def arquivar(agora: datetime) -> int:
    """Take the old news from the Painel for good."""
    return Alerta.objects.filter(_noticia_velha(agora), resolvido_em=None).update(resolvido_em=agora)


def _noticia_velha(agora: datetime) -> Q:
    """As `e_noticia`, of more than a day ago; a gateway that was exhausted then is still seen in its quota."""
    feito = Q(tipo__in=NOTICIAS) | Q(tipo=Alerta.Tipo.ESGOTADO, remetente__aguardando_desde=None)
    return feito & Q(criado_em__lt=agora - DURACAO_DA_NOTICIA)


def _do_servico(servico: Servico | None) -> dict:
    if servico is None:
        return {}
    return {"servico_email" if servico.canal == Canal.EMAIL else "gateway": servico}
