"""From a message's context to what leaves. Pure: the same context and text version give the same bytes, for ever.

A Fonte answers, for each object:

    valores          {tag: text}, whole
    codigo           the 44 digits; linha, its 48; linha_formatada, as printed
    quadro           [[label, text], …], shown in the e-mail beside the text
    empresa          {nome, cnpj, endereco, telefone, site}

and `preparar` adds what the composition itself decided: destination, sender, moment, layout and renderer versions.
"""

import hashlib
import re
import uuid
from collections.abc import Mapping
from datetime import datetime
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime
from typing import Any

from django.conf import settings
from django.template.loader import render_to_string
from django.utils import timezone

from mensageria import fontes
from mensageria.alfabeto import posicoes
from mensageria.barras import png_itf
from mensageria.models import Canal, Mensagem, VersaoTexto
from mensageria.textos import limpar, preencher, texto_do_sms, valores_de_sms

RENDERIZADOR = 1
# Nothing asks the server for 8BITMIME, so what leaves is ASCII.
_POLITICA = SMTP.clone(cte_type="7bit")
# An address that goes as it is in a header and in a command: no quotes, comments, spaces or encoded words.
_ATOMO = r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+"
_ROTULO = r"[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?"
_ENDERECO = re.compile(rf"(?!.*=\?)(?=.{{3,254}}\Z){_ATOMO}(?:\.{_ATOMO})*@{_ROTULO}(?:\.{_ROTULO})*")
_ESPACO = uuid.UUID("5f2d3c52-6f0c-4c8e-9f57-0a5b3a6f9d11")


class NaoCompoe(Exception):
    """This message cannot be composed; the text says why, for the operator."""


def preparar(mensagem: Mensagem, bruto: Mapping[str, Any], destino: str, agora: datetime, maximo_sms: int) -> dict:
    """The context that is kept with the message. Raises NaoCompoe."""
    fonte = fontes.da_origem(mensagem.origem)
    contexto = {
        **bruto,
        "renderizador": RENDERIZADOR,
        "texto": mensagem.texto_id,
        "destino": desviar(mensagem.canal, destino),
    }
    if contexto["destino"] != destino:
        contexto["destino_original"] = destino
    if mensagem.canal == Canal.SMS:
        contexto["valores"] = valores_de_sms(bruto["valores"], fonte.dados, mensagem.texto.transliterar)
        if (usadas := posicoes(sms(contexto, mensagem.texto))) > maximo_sms:
            raise NaoCompoe(f"O SMS teria {usadas} posições e o máximo é {maximo_sms}.")
        return contexto
    remetente = mensagem.remetente
    contexto |= {
        "valores": {tag: limpar(valor) for tag, valor in bruto["valores"].items()},
        "quadro": [[limpar(rotulo), limpar(texto)] for rotulo, texto in bruto["quadro"]],
        "layout": fonte.layout,
        "de": [limpar(remetente.nome), remetente.email],
        "responder_para": remetente.responder_para,
        "id": identificacao(mensagem),
        "momento": timezone.localtime(agora).replace(microsecond=0).isoformat(),
    }
    return contexto


def desviar(canal: int, destino: str) -> str:
    """The destination under ENVIO: with `desvio:ADDRESS[,PHONE]` every message goes there."""
    if not settings.ENVIO.startswith("desvio:"):
        return destino
    for alvo in settings.ENVIO.removeprefix("desvio:").split(","):
        if ("@" in alvo) == (canal == Canal.EMAIL):
            return alvo.strip()
    raise NaoCompoe("ENVIO=desvio não indica destino para este canal.")


def identificacao(mensagem: Mensagem) -> str:
    """The Message-ID: the same at every attempt."""
    dominio = endereco_ascii(mensagem.remetente.email).rpartition("@")[2]
    return f"<{uuid.uuid5(_ESPACO, mensagem.chave)}@{dominio}>"


def sms(contexto: Mapping[str, Any], texto: VersaoTexto) -> str:
    return texto_do_sms(texto.corpo, contexto["valores"], contexto["linha"], texto.transliterar)


def email(contexto: Mapping[str, Any], texto: VersaoTexto) -> bytes:
    """The whole message, CRLF line ends: text, and HTML with the bar code as an inline image."""
    nome, remetente = contexto["de"]
    mensagem = EmailMessage(policy=_POLITICA)
    mensagem["From"] = Address(nome, addr_spec=endereco_ascii(remetente))
    mensagem["To"] = Address(addr_spec=endereco_ascii(contexto["destino"]))
    if contexto["responder_para"]:
        mensagem["Reply-To"] = Address(addr_spec=endereco_ascii(contexto["responder_para"]))
    mensagem["Subject"] = assunto(contexto, texto)
    mensagem["Date"] = format_datetime(datetime.fromisoformat(contexto["momento"]))
    mensagem["Message-ID"] = contexto["id"]
    mensagem["Auto-Submitted"] = "auto-generated"
    imagem = f"codigo@{contexto['id'].strip('<>').partition('@')[2]}"
    mensagem.set_content(texto_do_email(contexto, texto))
    mensagem.add_alternative(_no_layout("html", contexto, texto, imagem=imagem), subtype="html")
    html = mensagem.get_payload()[1]
    html.add_related(
        png_itf(contexto["codigo"]),
        "image",
        "png",
        cid=f"<{imagem}>",
        filename="codigo-de-barras.png",
        disposition="inline",
    )
    for ordem, parte in enumerate(parte for parte in mensagem.walk() if parte.is_multipart()):
        parte.set_boundary(f"=_{contexto['id'].strip('<>').partition('@')[0]}_{ordem}")
    return mensagem.as_bytes()


def assunto(contexto: Mapping[str, Any], texto: VersaoTexto) -> str:
    return limpar(preencher(texto.assunto, contexto["valores"]))


def texto_do_email(contexto: Mapping[str, Any], texto: VersaoTexto) -> str:
    """What is read where no HTML is."""
    return _no_layout("txt", contexto, texto)


def _no_layout(extensao: str, contexto: Mapping[str, Any], texto: VersaoTexto, **mais: str) -> str:
    layout, _, versao = contexto["layout"].partition("/")
    dados = {**contexto, "corpo": preencher(texto.corpo, contexto["valores"]), **mais}
    return render_to_string(f"mensageria/layouts/{layout}_{versao}.{extensao}", dados)


def endereco_ascii(endereco: str) -> str:
    """The address with its domain in IDNA, as servers without SMTPUTF8 want it. Raises NaoCompoe for any other text."""
    local, _, dominio = endereco.rpartition("@")
    try:
        ascii_ = f"{local}@{dominio if dominio.isascii() else dominio.encode('idna').decode()}"
    except UnicodeError:
        ascii_ = ""
    if not _ENDERECO.fullmatch(ascii_):
        raise NaoCompoe(f"Endereço inválido: {limpar(endereco)}")
    return ascii_


def conteudo(mensagem: Mensagem) -> bytes:
    """What leaves, from what is kept: the body of the SMS in UTF-8, or the e-mail."""
    if mensagem.canal == Canal.SMS:
        return sms(mensagem.contexto, mensagem.texto).encode()
    return email(mensagem.contexto, mensagem.texto)


def resumo(conteudo: bytes) -> str:
    return hashlib.sha256(conteudo).hexdigest()
