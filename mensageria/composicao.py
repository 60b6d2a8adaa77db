"""From a message's context to what leaves. Pure: the same context and text version give the same bytes, for ever.

A Fonte answers, for each object:

    valores          {tag: text}, whole
    quadro           [[label, text], …], shown in the e-mail beside the text
    empresa          {nome, cnpj, endereco, telefone, site}, and telefone_esgoto and email where there are
    codigo           the 44 digits; linha, its 48; linha_formatada, as printed

    layout           another than the Fonte's
    titulo, cor      of the top of the layout; the same in all messages of a text, or nearly
    pix              copia e cola, checked before: the QR is drawn from it
    pdf              a PDF is attached, drawn from what the context and this dict have (`mensageria.pagamento.pdf`)
    anexo            [SHA-256 of an Anexo, file name]: that one is attached instead

of which only `valores` must be there, and `preparar` adds what the composition itself decided: destination, sender,
moment, the link of who wants no more of them, layout and renderer versions.

A layout is a Django template of `corpo` and what the context has (`imagem` where it has a `codigo`, `imagem_do_pix`
where it has a `pix`). It is drawn once for each text, with gaps where messages differ; so it may ask whether a value is
there, but not what it is.
"""

import hashlib
import re
import uuid
from collections.abc import Iterable, Mapping
from datetime import datetime
from email.utils import format_datetime
from functools import lru_cache
from typing import Any

from django.conf import settings
from django.db.models import Func, IntegerField
from django.template.loader import render_to_string
from django.utils import timezone

from mensageria import descadastro, fontes
from mensageria.alfabeto import posicoes
from mensageria.barras import png_itf
from mensageria.correio import Esqueleto, cabecalho, caixa_postal, lacuna
from mensageria.models import Anexo, Canal, Mensagem, VersaoTexto
from mensageria.pagamento import pdf, qr
from mensageria.textos import limpar, preencher, texto_do_sms, valores_de_sms

RENDERIZADOR = 3
_PONTOS_COMO_VIESSEM = 2  # the last one that let lines begin with a dot
# An address that goes as it is in a header and in a command: no quotes, comments, spaces or encoded words.
_ATOMO = r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+"
_ROTULO = r"[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?"
_ENDERECO = re.compile(rf"(?!.*=\?)(?=.{{3,254}}\Z){_ATOMO}(?:\.{_ATOMO})*@{_ROTULO}(?:\.{_ROTULO})*")
_ESPACO = uuid.UUID("5f2d3c52-6f0c-4c8e-9f57-0a5b3a6f9d11").bytes
# What may differ from message to message besides its values and its quadro.
_LINHAS = ("linha", "linha_formatada", "pix", "descadastro")
_DO_PDF = ("titulo", "cor", "quadro", "codigo", "linha_formatada", "pix")
_NOME_DO_PDF = "boleto.pdf"
# Of more than this hashlib lets other threads go first, and to come back takes longer than an e-mail's hash.
_SEM_SOLTAR = 2047
_TEXTOS_EM_VIGOR = 256  # whose skeletons are kept: some 10 KB each


class NaoCompoe(Exception):
    """This message cannot be composed; the text says why, for the operator."""


def preparar(mensagem: Mensagem, bruto: Mapping[str, Any], destino: str, agora: datetime, maximo_sms: int) -> dict:
    """The context that is kept with the message. Raises NaoCompoe."""
    fonte = fontes.da_origem(mensagem.origem)
    contexto = {"renderizador": RENDERIZADOR, "texto": mensagem.texto_id, "destino": desviar(mensagem.canal, destino)}
    if contexto["destino"] != destino:
        contexto["destino_original"] = destino
    if mensagem.canal == Canal.SMS:
        contexto["valores"] = valores_de_sms(bruto["valores"], fonte.dados, mensagem.texto.transliterar)
        contexto["linha"] = bruto.get("linha", "")
        if (usadas := posicoes(sms(contexto, mensagem.texto))) > maximo_sms:
            raise NaoCompoe(f"O SMS teria {usadas} posições e o máximo é {maximo_sms}.")
        return contexto
    remetente = mensagem.remetente
    if fonte.assunto:
        contexto["descadastro"] = descadastro.link(contexto["destino"], fonte.assunto, mensagem.id)
    return {
        "layout": fonte.layout,
        **bruto,
        **contexto,
        "valores": {tag: limpar(valor) for tag, valor in bruto["valores"].items()},
        "quadro": [[limpar(rotulo), limpar(texto)] for rotulo, texto in bruto.get("quadro", ())],
        "de": [limpar(remetente.nome), remetente.email],
        "responder_para": remetente.responder_para,
        "id": identificacao(mensagem),
        "momento": _momento(agora, timezone.get_default_timezone()),
    }


@lru_cache(maxsize=64)
def _momento(agora: datetime, fuso) -> str:
    return agora.astimezone(fuso).replace(microsecond=0).isoformat()


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
    return f"<{_uuid5(mensagem.chave)}@{_dominio(mensagem.remetente.email)}>"


def _uuid5(chave: str) -> str:
    """`uuid.uuid5`, without an object for its fields."""
    h = hashlib.sha1(_ESPACO + chave.encode(), usedforsecurity=False).hexdigest()
    return f"{h[:8]}-{h[8:12]}-5{h[13:16]}-{int(h[16], 16) & 3 | 8:x}{h[17:20]}-{h[20:32]}"


@lru_cache(maxsize=256)
def _dominio(endereco: str) -> str:
    return endereco_ascii(endereco).rpartition("@")[2]


def sms(contexto: Mapping[str, Any], texto: VersaoTexto) -> str:
    return texto_do_sms(texto.corpo, contexto["valores"], contexto.get("linha", ""), texto.transliterar)


def email(contexto: Mapping[str, Any], texto: VersaoTexto, anexos: Mapping[str, bytes] = {}) -> bytes:
    """The whole message, CRLF line ends: text, HTML with the images that there are inline, and the PDF if there is one.

    `anexos` holds the one that the context names (`anexos_de`). Raises NaoCompoe without it.
    """
    limite, _, dominio = contexto["id"].strip("<>").partition("@")
    cabecalhos = (
        _do_remetente(*contexto["de"], contexto["responder_para"])
        + f"To: {endereco_ascii(contexto['destino'])}\r\n"
        + cabecalho("Subject", assunto(contexto, texto))
        + f"Date: {_data(contexto['momento'])}\r\nMessage-ID: {contexto['id']}\r\nAuto-Submitted: auto-generated\r\n"
    )
    if "descadastro" in contexto:
        cabecalhos += descadastro.cabecalhos(contexto["descadastro"])
    valores, quadro = contexto["valores"], contexto.get("quadro", ())
    codigo, pix = contexto.get("codigo"), contexto.get("pix")
    anexo = _anexo(contexto, anexos) if "anexo" in contexto or "pdf" in contexto else None
    linhas = [campo for campo in _LINHAS if contexto.get(campo)]
    escritos = [*valores.values(), *[escrito for _, escrito in quadro], *[contexto[campo] for campo in linhas]]
    esqueleto = _esqueleto(
        contexto["layout"],
        texto.corpo,
        tuple(valores),
        tuple([rotulo for rotulo, _ in quadro]),
        tuple(linhas),
        tuple(map(bool, escritos)),
        tuple((contexto.get("empresa") or {}).items()),
        contexto.get("titulo"),
        contexto.get("cor"),
        dominio if codigo else "",
        dominio if pix else "",
        anexo is not None,
        contexto["renderizador"] > _PONTOS_COMO_VIESSEM,
    )
    return cabecalhos.encode("ascii") + esqueleto.preencher(
        escritos, limite, png_itf(codigo) if codigo else b"", qr.png(pix) if pix else b"", anexo
    )


def _anexo(contexto: Mapping[str, Any], anexos: Mapping[str, bytes]) -> tuple[str, bytes]:
    """Name and bytes of what is attached: the company's own, or what is drawn."""
    if "anexo" not in contexto:
        dados = {campo: contexto[campo] for campo in _DO_PDF if campo in contexto} | contexto["pdf"]
        return dados.get("nome", _NOME_DO_PDF), pdf.desenhar(dados)
    resumo, nome = contexto["anexo"]
    if resumo not in anexos:
        raise NaoCompoe(f"O anexo {nome} não está guardado.")
    return nome, anexos[resumo]


def anexos_de(contextos: Iterable[Mapping[str, Any]]) -> dict[str, bytes]:
    """What those contexts name to be attached, by its SHA-256: one query, and none where nothing is named."""
    resumos = _resumos(contextos)
    if not resumos:
        return {}
    guardados = Anexo.objects.filter(resumo__in=resumos).values_list("resumo", "conteudo")
    return {resumo: bytes(conteudo) for resumo, conteudo in guardados}


def tamanhos_dos_anexos(contextos: Iterable[Mapping[str, Any]]) -> dict[str, int]:
    """The bytes of each, unread, as `anexos_de` would give them."""
    resumos = _resumos(contextos)
    if not resumos:
        return {}
    tamanho = Func("conteudo", function="octet_length", output_field=IntegerField())
    return dict(Anexo.objects.filter(resumo__in=resumos).values_list("resumo", tamanho))


def _resumos(contextos: Iterable[Mapping[str, Any]]) -> set[str]:
    return {contexto["anexo"][0] for contexto in contextos if "anexo" in contexto}


@lru_cache(maxsize=256)
def _do_remetente(nome: str, endereco: str, responder_para: str) -> str:
    cabecalhos = caixa_postal("From", nome, endereco_ascii(endereco))
    if responder_para:
        cabecalhos += f"Reply-To: {endereco_ascii(responder_para)}\r\n"
    return cabecalhos


@lru_cache(maxsize=64)
def _data(momento: str) -> str:
    return format_datetime(datetime.fromisoformat(momento))


@lru_cache(maxsize=_TEXTOS_EM_VIGOR)
def _esqueleto(
    layout: str,
    corpo: str,
    tags: tuple[str, ...],
    rotulos: tuple[str, ...],
    linhas: tuple[str, ...],
    cheios: tuple[bool, ...],
    empresa: tuple[tuple[str, str], ...],
    titulo: str | None,
    cor: str | None,
    dominio_do_codigo: str,
    dominio_do_pix: str,
    com_anexo: bool,
    sem_ponto: bool,
) -> Esqueleto:
    """The layout drawn with a gap for each value, in this order: tags, texts of the quadro, lines of the bar code.

    Where a value is empty so is the drawing: a tag alone in its line may end a paragraph.
    """
    lacunas = iter([lacuna(numero) if cheio else "" for numero, cheio in enumerate(cheios)])
    valores = {tag: next(lacunas) for tag in tags}
    cid, cid_do_pix = _cid("codigo", dominio_do_codigo), _cid("pix", dominio_do_pix)
    dados = {
        "quadro": [[rotulo, next(lacunas)] for rotulo in rotulos],
        **{campo: next(lacunas) for campo in linhas},
        "empresa": dict(empresa),
        "titulo": titulo,
        "cor": cor,
        "imagem": cid,
        "imagem_do_pix": cid_do_pix,
        "com_anexo": com_anexo,
    }
    texto, html = (_desenhar(layout, extensao, corpo, valores, dados) for extensao in ("txt", "html"))
    return Esqueleto(texto, html, len(cheios), cid, cid_do_pix, com_anexo, sem_ponto)


def _cid(qual: str, dominio: str) -> str:
    """The Content-ID of an image; empty for a message without it."""
    return f"{qual}@{dominio}" if dominio else ""


def assunto(contexto: Mapping[str, Any], texto: VersaoTexto) -> str:
    return limpar(preencher(texto.assunto, contexto["valores"]))


def texto_do_email(contexto: Mapping[str, Any], texto: VersaoTexto) -> str:
    """What is read where no HTML is."""
    return no_layout("txt", contexto, texto)


def no_layout(extensao: str, contexto: Mapping[str, Any], texto: VersaoTexto) -> str:
    """One of the two texts of an e-mail, drawn whole."""
    dominio = contexto["id"].strip("<>").partition("@")[2]
    dados = {
        **contexto,
        "imagem": _cid("codigo", dominio if contexto.get("codigo") else ""),
        "imagem_do_pix": _cid("pix", dominio if contexto.get("pix") else ""),
        "com_anexo": "anexo" in contexto or "pdf" in contexto,
    }
    return _desenhar(contexto["layout"], extensao, texto.corpo, contexto["valores"], dados)


def _desenhar(layout: str, extensao: str, corpo: str, valores: Mapping[str, str], dados: Mapping[str, Any]) -> str:
    layout, _, versao = layout.partition("/")
    return render_to_string(
        f"mensageria/layouts/{layout}_{versao}.{extensao}",
        {**dados, "corpo": preencher(corpo.replace("\0", ""), valores)},
    )


@lru_cache(maxsize=4096)  # asked for the header, and soon after for the envelope
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


def compor(canal: int, contexto: Mapping[str, Any], texto: VersaoTexto, anexos: Mapping[str, bytes]) -> bytes:
    """What leaves: the body of the SMS in UTF-8, or the e-mail. `anexos` is what `anexos_de` reads for many at once."""
    return sms(contexto, texto).encode() if canal == Canal.SMS else email(contexto, texto, anexos)


def conteudo(mensagem: Mensagem) -> bytes:
    """What leaves, or left, made from what is kept."""
    contexto = mensagem.contexto
    return compor(mensagem.canal, contexto, mensagem.texto, anexos_de([contexto]))


def resumo(conteudo: bytes) -> str:
    if len(conteudo) > 32 * _SEM_SOLTAR:
        return hashlib.sha256(conteudo).hexdigest()
    soma = hashlib.sha256()
    for inicio in range(0, len(conteudo), _SEM_SOLTAR):
        soma.update(conteudo[inicio : inicio + _SEM_SOLTAR])
    return soma.hexdigest()
