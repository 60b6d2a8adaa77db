"""The dossier on paper: what it says, for people, with the signed JSON and the message itself attached to the PDF.

The page is drawn from the JSON alone. What is signed is every byte of the file but its last line, a PDF comment that
carries the signature: no reader minds it, and whoever saves the file again loses it.
"""

import hashlib
import io
import json
import re
from collections.abc import Iterable, Mapping
from datetime import datetime
from email import message_from_string, policy
from email.message import EmailMessage
from typing import Any
from xml.sax.saxutils import escape

from reportlab.lib.colors import HexColor
from reportlab.lib.pagesizes import A4
from reportlab.lib.styles import ParagraphStyle
from reportlab.lib.units import mm
from reportlab.pdfbase.pdfdoc import PDFArray, PDFDictionary, PDFName, PDFStream, PDFString
from reportlab.pdfgen.canvas import Canvas
from reportlab.platypus import Flowable, LongTable, Paragraph, SimpleDocTemplate, Spacer, TableStyle

from mensageria.models import ChaveDeAssinatura
from mensageria.pagamento.pdf import COR, escrito

PREFIXO_DO_PDF = b"avisa-dossie-pdf/1\n"
_CINZA, _TRACO = HexColor("#51606e"), HexColor("#d5dde5")
_LARGURA = A4[0] - 40 * mm
_TEXTO = ParagraphStyle("texto", fontName="Helvetica", fontSize=9, leading=12, wordWrap="CJK")
_FORTE = ParagraphStyle("forte", parent=_TEXTO, fontName="Helvetica-Bold")
_ROTULO = ParagraphStyle("rotulo", parent=_TEXTO, textColor=_CINZA, wordWrap=None)
_TITULO = ParagraphStyle("titulo", fontName="Helvetica-Bold", fontSize=16, leading=20, textColor=HexColor(COR))
_SECAO = ParagraphStyle(
    "secao", fontName="Helvetica-Bold", fontSize=11, leading=14, spaceBefore=10, spaceAfter=4, keepWithNext=1
)
_FIXO = ParagraphStyle("fixo", parent=_TEXTO, fontName="Courier", fontSize=8, leading=10)
_ISO = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?[+-]\d\d:\d\d", re.ASCII)
_COMO_CONFERIR = (
    "Este PDF traz anexos o dossiê em JSON, assinado, e a mensagem inteira. Para conferir o arquivo: <b>manage.py"
    " conferir_dossie ARQUIVO</b>. Qualquer byte alterado, também nestas páginas, é percebido. Compare a impressão"
    " digital da chave com a que a empresa publica."
)
_DA_MENSAGEM = {
    "codigo": "Mensagem",
    "canal": "Canal",
    "origem": "Origem",
    "acao": "Ação",
    "localidade": "Localidade",
    "situacao": "Situação",
    "motivo": "Motivo",
    "destino": "Destino",
    "destino_desviado": "Desviada para",
    "remetente": "Remetente",
    "criada_em": "Criada em",
    "enviar_apos": "Enviar após",
    "enviada_em": "Enviada em",
    "expira_em": "Expira em",
    "identificacao_no_servico": "Identificação no serviço",
    "codigo_de_retorno": "Código de retorno",
    "retorno": "Retorno",
    "ultima_decisao_de": "Última decisão de",
    "motivo_da_decisao": "Motivo da decisão",
    "execucao": "Execução",
    "chave": "Chave do fato",
}


def desenhar(arquivo: bytes) -> bytes:
    """The PDF of a signed dossier, signed as a whole by the same key."""
    lido = json.loads(arquivo)
    chave = ChaveDeAssinatura.objects.get(publica=lido["assinatura"]["chave_publica"])
    saida = io.BytesIO()
    folhas = SimpleDocTemplate(
        saida,
        pagesize=A4,
        leftMargin=20 * mm,
        rightMargin=20 * mm,
        topMargin=18 * mm,
        bottomMargin=18 * mm,
        title=f"Dossiê da mensagem {lido['dossie']['mensagem']['codigo']}",
        author=escrito(lido["dossie"]["empresa"].get("nome", "")),
        lang="pt-BR",
        pageCompression=0,
    )
    anexos = _anexos(arquivo, lido["dossie"])

    def primeira(folha: Canvas, _) -> None:
        _anexar(folha, anexos)
        _rodape(folha, lido)

    folhas.build(list(_corpo(lido)), onFirstPage=primeira, onLaterPages=lambda folha, _: _rodape(folha, lido))
    pdf = saida.getvalue()
    pdf = pdf if pdf.endswith(b"\n") else pdf + b"\n"
    return pdf + b"%avisa-dossie " + chave.assinar(PREFIXO_DO_PDF + pdf).hex().encode() + b"\n"


# What is on the pages


def _corpo(lido: Mapping[str, Any]) -> Iterable[Flowable]:
    dossie, assinatura = lido["dossie"], lido["assinatura"]
    mensagem, fala = dossie["mensagem"], dossie["de_que_fala"]
    yield Paragraph(f"Dossiê da mensagem {mensagem['codigo']}", _TITULO)
    yield Paragraph(_limpo(dossie["empresa"].get("nome", "")), _FORTE)
    yield from _secao("O que este dossiê prova")
    for paragrafo in dossie["declaracao"]:
        yield Paragraph(_limpo(paragrafo), _TEXTO)
        yield Spacer(1, 3)
    yield from _secao("Mensagem")
    cliente = dossie["cliente"]
    pares = [[rotulo, _momento(mensagem[campo])] for campo, rotulo in _DA_MENSAGEM.items() if mensagem[campo]]
    if cliente:
        pares.insert(3, ["Cliente", f"{cliente['codigo']} {cliente['nome']} {cliente['documento']}"])
    yield _tabela(pares)
    yield from _secao("De que fala")
    yield _tabela([["Objeto", fala["titulo"]], *fala["dados"]])
    for item in fala["itens"]:
        yield Paragraph(_limpo(" · ".join(f"{rotulo} {texto}".strip() for rotulo, texto in item)), _TEXTO)
    if dossie["comando"]:
        yield from _secao("Quem comandou")
        yield _tabela(dossie["comando"])
    yield from _conteudo(dossie["conteudo"])
    yield from _tentativas(dossie)
    yield from _secao("Versões")
    yield _tabela(_versoes(dossie["versoes"]))
    yield from _secao("Assinatura")
    yield _tabela(
        [
            ["Emitido em", _momento(dossie["emitido_em"])],
            ["Emitido por", dossie["emitido_por"]],
            ["Algoritmo", assinatura["algoritmo"]],
            ["Chave pública", assinatura["chave_publica"]],
            ["Impressão digital da chave", assinatura["impressao_da_chave"]],
            ["SHA-256 do dossiê", assinatura["sha256"]],
            ["Assinatura", assinatura["valor"]],
        ]
    )
    yield Spacer(1, 6)
    yield Paragraph(_COMO_CONFERIR, _TEXTO)


def _conteudo(conteudo: Mapping[str, Any]) -> Iterable[Flowable]:
    yield from _secao("Conteúdo exato")
    if conteudo["falta"]:
        yield Paragraph(_limpo(conteudo["falta"]), _TEXTO)
        return
    pares = [["Tipo", conteudo["tipo"]], ["Bytes", conteudo["bytes"]], ["SHA-256", conteudo["sha256"]]]
    texto = conteudo["texto"]
    if conteudo["tipo"] == "message/rfc822":
        email = message_from_string(texto, policy=policy.default)
        pares += [[nome, str(email[nome])] for nome in ("From", "To", "Subject", "Date", "Message-ID") if email[nome]]
        partes = [parte for parte in email.walk() if not parte.is_multipart()]
        pares += [["Parte", _parte(parte)] for parte in partes]
        texto = email.get_body(("plain",)).get_content()
    yield _tabela(pares)
    yield Spacer(1, 6)
    for linha in texto.splitlines():
        yield Paragraph(_limpo(linha) or "&nbsp;", _FIXO)


def _parte(parte: EmailMessage) -> str:
    """What it is; of a file, its SHA-256 too."""
    nome = parte.get_filename()
    resumo = f", SHA-256 {hashlib.sha256(parte.get_content()).hexdigest()}" if nome else ""
    return f"{parte.get_content_type()} {nome or ''}".strip() + resumo


def _tentativas(dossie: Mapping[str, Any]) -> Iterable[Flowable]:
    yield from _secao("Tentativas de envio")
    if not dossie["tentativas"]:
        yield Paragraph("Nenhuma.", _TEXTO)
    for t in dossie["tentativas"]:
        pedido = f"{t['pedida_por']}: {t['motivo_do_pedido']}" if t["pedida_por"] else ""
        pares = [
            [f"{t['numero']}ª, {t['resultado']}", _momento(t["momento"])],
            ["Serviço", t["servico"]],
            ["Destino", t["destino"]],
            ["Resposta do servidor", f"{t['codigo']} {t['resposta']}".strip()],
            ["SHA-256 do que saiu", t["sha256"]],
            ["Duração", f"{t['duracao_ms']} ms"],
            ["Reenvio pedido por", pedido],
        ]
        yield _tabela([par for par in pares if par[1]])
        yield Spacer(1, 4)
    if dossie["recibos"]:
        yield from _secao("Recibos da operadora")
        yield _tabela(
            [[_momento(r["momento"]), f"{r['situacao']} {r['codigo']} {r['texto']}"] for r in dossie["recibos"]]
        )


def _versoes(versoes: Mapping[str, Any]) -> list[list]:
    texto, layout, programa = versoes["texto"], versoes["layout"], versoes["programa"]
    return [
        ["Texto", f"nº {texto['codigo']}, SHA-256 {texto['sha256']}"],
        *([["Layout", f"{layout['nome']}, SHA-256 {layout['sha256']['html']}"]] if layout["sha256"] else []),
        ["Renderizador", versoes["renderizador"] or "–"],
        ["Programa", f"{programa['nome']}, SHA-256 {programa['sha256']}"],
    ]


def _secao(titulo: str) -> Iterable[Flowable]:
    yield Paragraph(titulo, _SECAO)


def _tabela(pares: Iterable[Iterable]) -> LongTable:
    linhas = [[Paragraph(_limpo(rotulo), _ROTULO), Paragraph(_limpo(texto), _TEXTO)] for rotulo, texto in pares]
    tabela = LongTable(linhas, colWidths=[45 * mm, _LARGURA - 45 * mm], hAlign="LEFT")
    tabela.setStyle(
        TableStyle(
            [
                ("VALIGN", (0, 0), (-1, -1), "TOP"),
                ("LINEBELOW", (0, 0), (-1, -1), 0.5, _TRACO),
                ("LEFTPADDING", (0, 0), (0, -1), 0),
                ("TOPPADDING", (0, 0), (-1, -1), 2),
                ("BOTTOMPADDING", (0, 0), (-1, -1), 3),
            ]
        )
    )
    return tabela


def _momento(valor) -> str:
    """An ISO 8601 moment as people write it, with its distance from UTC; anything else as it is."""
    if not _ISO.fullmatch(str(valor)):
        return str(valor)
    momento = datetime.fromisoformat(valor)
    return f"{momento:%d/%m/%Y %H:%M:%S} ({momento:%z})"


def _limpo(texto) -> str:
    """What the fonts have, and no markup."""
    return escape(escrito(str(texto)))


def _rodape(folha: Canvas, lido: Mapping[str, Any]) -> None:
    folha.saveState()
    folha.setFont("Helvetica", 7)
    folha.setFillColor(_CINZA)
    folha.drawString(20 * mm, 10 * mm, f"Avisa · dossiê {lido['assinatura']['sha256']}")
    folha.drawRightString(A4[0] - 20 * mm, 10 * mm, f"página {folha.getPageNumber()}")
    folha.restoreState()


# What is inside the file


def _anexos(arquivo: bytes, dossie: Mapping[str, Any]) -> list[tuple[str, str, bytes]]:
    """(name, type, bytes): the JSON, and the message as a mail client or a text editor opens it."""
    codigo, conteudo = dossie["mensagem"]["codigo"], dossie["conteudo"]
    anexos = [(f"dossie-{codigo}.json", "application/json", arquivo)]
    if not conteudo["falta"]:
        extensao, tipo = ("eml", "message/rfc822") if conteudo["tipo"] == "message/rfc822" else ("txt", "text/plain")
        anexos.append((f"mensagem-{codigo}.{extensao}", tipo, conteudo["texto"].encode()))
    return anexos


def _anexar(folha: Canvas, anexos: Iterable[tuple[str, str, bytes]]) -> None:
    """As PDF attaches files; reportlab has the pieces, and no method."""
    documento = folha._doc
    nomes = []
    for nome, tipo, conteudo in anexos:
        dicionario = {"Type": PDFName("EmbeddedFile"), "Subtype": PDFName(tipo)}
        corrente = PDFStream(PDFDictionary(dicionario), content=conteudo, filters=[])
        especie = {
            "Type": PDFName("Filespec"),
            "F": PDFString(nome),
            "UF": PDFString(nome),
            "EF": PDFDictionary({"F": documento.Reference(corrente)}),
        }
        nomes += [PDFString(nome), documento.Reference(PDFDictionary(especie))]
    documento.Catalog.Names = PDFDictionary({"EmbeddedFiles": PDFDictionary({"Names": PDFArray(nomes)})})
