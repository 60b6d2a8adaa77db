"""Opting out: who asks for no more messages of a kind (`Fonte.assunto`) gets no more, whatever origin they come from.

The link of a message carries the address itself, encrypted: nobody makes one for another's address, none of it is read
in a log, and nothing has to be stored until somebody asks. It is good for as long as CHAVES_DE_CIFRA keeps its key.
"""

import json
from collections.abc import Collection
from dataclasses import dataclass

from cryptography.fernet import InvalidToken
from django.conf import settings
from django.urls import reverse

from cadastro.campos import cifrar, decifrar
from mensageria.models import Mensagem, Supressao

PELO_LINK = "Pedido pelo link da mensagem"
_TIPO = "descadastro"  # so that nothing else that is encrypted passes for one


class TokenInvalido(ValueError):
    """It is no link of ours, or it was cut on its way."""


@dataclass(frozen=True)
class Pedido:
    """Who asks, from what, and by which message."""

    email: str
    assunto: str
    mensagem: int | None


def token(email: str, assunto: str, mensagem_id: int | None = None) -> str:
    return cifrar(json.dumps([_TIPO, email.lower(), assunto, mensagem_id]))


def ler(token: str) -> Pedido:
    """What a token says. Raises TokenInvalido."""
    try:
        tipo, *dito = json.loads(decifrar(token))
    except (InvalidToken, ValueError, TypeError) as erro:
        raise TokenInvalido from erro
    if tipo != _TIPO:
        raise TokenInvalido
    return Pedido(*dito)


def link(email: str, assunto: str, mensagem_id: int | None = None) -> str:
    return settings.URL_BASE.rstrip("/") + reverse("descadastro", args=[token(email, assunto, mensagem_id)])


def cabecalhos(link: str) -> str:
    """What lets a mail client offer it by itself, by one POST (RFC 8058). A link cannot be folded."""
    return f"List-Unsubscribe: <{link}>\r\nList-Unsubscribe-Post: List-Unsubscribe=One-Click\r\n"


def quem_enviou(pedido: Pedido) -> str:
    """The company that signs the message whose link it is; "" when it is kept no more, or there was none."""
    mensagem = Mensagem.objects.select_related("molde").filter(pk=pedido.mensagem).first()
    contexto = mensagem and mensagem.contexto
    return contexto.get("empresa", {}).get("nome", "") if contexto else ""


def descadastrar(pedido: Pedido) -> None:
    """Nothing of that kind goes to that address any more; safe to repeat."""
    Supressao.objects.get_or_create(
        email=pedido.email,
        assunto=pedido.assunto,
        defaults={"motivo": PELO_LINK, "mensagem_id": pedido.mensagem},
    )


def pediram(emails: Collection[str], assunto: str) -> set[str]:
    """Those of the addresses, in lower case, that get nothing of that kind; one query."""
    minusculos = {email.lower() for email in emails}
    return set(
        Supressao.objects.filter(email__in=minusculos, assunto__in=("", assunto)).values_list("email", flat=True)
    )
