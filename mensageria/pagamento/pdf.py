"""A boleto or a guia as one A4 page, drawn from words that are already written: no date or amount is made here.

`desenhar` takes a dict, of which only `linha_formatada` and `codigo` must be there:

    titulo            at the top
    cor               of the top, e.g. #0b5c8a
    quadro            [[label, text], …]: payee, CNPJ, number, due date, amount
    pagador           who pays, with the CPF masked
    linha_formatada   as printed; codigo, its 44 digits
    pix               copia e cola, checked before (`mensageria.pagamento.pix`)

The same dict gives the same bytes: the page says no moment, and nothing in it is compressed, so that not even another
zlib changes it. It does change with reportlab, which is why that is pinned.
"""

import io
import re
import unicodedata
from collections.abc import Mapping, Sequence
from itertools import groupby
from typing import Any

from reportlab.lib.colors import Color, HexColor, black, white
from reportlab.lib.pagesizes import A4
from reportlab.lib.units import mm
from reportlab.lib.utils import simpleSplit
from reportlab.pdfbase.pdfmetrics import stringWidth as _mede
from reportlab.pdfgen.canvas import Canvas
from reportlab.pdfgen.pathobject import PDFPathObject

from mensageria import barras
from mensageria.pagamento import qr

COR = "#0b5c8a"
CONFIRA = (
    "Antes de pagar, confira na tela do seu banco: o beneficiário, o CNPJ, o vencimento e o valor devem ser os desta"
    " página."
)
_COR = re.compile(r"#[0-9a-fA-F]{6}")
_CINZA, _TRACO = HexColor("#51606e"), HexColor("#d5dde5")
_LARGURA, _ALTURA = A4
_MARGEM = 20 * mm
_UTIL = _LARGURA - 2 * _MARGEM
_ALTURA_DO_TOPO = 24 * mm
_FUNDO_DO_QUADRO = 125 * mm  # what comes below it needs that much
_ALTURA_DO_CODIGO = 38 * mm
_LINHA_DO_QUADRO = 8 * mm
_COLUNA = 52 * mm
_LADO_DO_QR = 48 * mm
_NORMAL, _FORTE, _FIXA = "Helvetica", "Helvetica-Bold", "Courier-Bold"
# The bank manuals' sizes: mensageria.barras says where they come from.
_MODULO = 0.254 * mm
_ALTURA_DAS_BARRAS = 13 * mm


def desenhar(dados: Mapping[str, Any]) -> bytes:
    """The page. Raises KeyError for what must be there and is not, ValueError for a bar code that is none."""
    arquivo = io.BytesIO()
    folha = Canvas(arquivo, pagesize=A4, invariant=1, pageCompression=0, lang="pt-BR")
    titulo = escrito(dados.get("titulo") or "Boleto")
    folha.setTitle(titulo)
    folha.setAuthor("")
    folha.setCreator("")
    _topo(folha, titulo, dados.get("cor") or COR)
    quadro = [*dados.get("quadro", ())]
    if dados.get("pagador"):
        quadro.append(["Pagador", dados["pagador"]])
    y = _quadro(folha, quadro)
    _codigo(folha, dados["codigo"], dados["linha_formatada"], y)
    if dados.get("pix"):
        _pix(folha, dados["pix"], y - _ALTURA_DO_CODIGO)
    _texto(folha, CONFIRA, _MARGEM, 16 * mm, tamanho=9, cor=_CINZA)
    folha.showPage()
    folha.save()
    return arquivo.getvalue()


def _topo(folha: Canvas, titulo: str, cor: str) -> None:
    folha.setFillColor(HexColor(cor if _COR.fullmatch(cor) else COR))
    folha.rect(0, _ALTURA - _ALTURA_DO_TOPO, _LARGURA, _ALTURA_DO_TOPO, stroke=0, fill=1)
    _texto(folha, titulo, _MARGEM, _ALTURA - 15 * mm, fonte=_FORTE, tamanho=17, cor=white, linhas=1)


def _quadro(folha: Canvas, quadro: Sequence[Sequence[str]]) -> float:
    """Label and text in lines, closer when they are many, so that all of them are there; return where they end."""
    topo = _ALTURA - _ALTURA_DO_TOPO - 8 * mm
    linhas = [(escrito(rotulo), _partir(texto, _UTIL - _COLUNA, _FORTE, 11)) for rotulo, texto in quadro]
    quantas = sum(len(textos) for _, textos in linhas)
    altura = min(_LINHA_DO_QUADRO, (topo - _FUNDO_DO_QUADRO) / max(quantas, 1))
    tamanho = min(11, altura * 0.8)
    y = topo
    for rotulo, textos in linhas:
        _texto(folha, rotulo, _MARGEM, y - altura * 0.7, tamanho=tamanho * 0.85, cor=_CINZA, linhas=1)
        for texto in textos:
            _linha(folha, texto, _MARGEM + _COLUNA, y - altura * 0.7, _FORTE, tamanho, black)
            y -= altura
        folha.setStrokeColor(_TRACO)
        folha.setLineWidth(0.5)
        folha.line(_MARGEM, y, _MARGEM + _UTIL, y)
    return y


def _codigo(folha: Canvas, codigo: str, linha_formatada: str, y: float) -> None:
    _texto(folha, "Linha digitável", _MARGEM, y - 14 * mm, tamanho=9, cor=_CINZA)
    _linha(folha, escrito(linha_formatada), _MARGEM, y - 20 * mm, _FIXA, 12, black)
    _pintar(folha, [barras.modulos(codigo)], _MARGEM, y - 38 * mm, _MODULO, _ALTURA_DAS_BARRAS)


def _pix(folha: Canvas, pix: str, y: float) -> None:
    linhas = qr.linhas(pix)
    modulo = _LADO_DO_QR / len(linhas)
    _pintar(folha, linhas, _MARGEM, y - _LADO_DO_QR - 10 * mm, modulo, modulo)
    x = _MARGEM + _LADO_DO_QR + 10 * mm
    _texto(folha, "Ou pague com Pix", x, y - 15 * mm, fonte=_FORTE, tamanho=12)
    _texto(folha, "Leia a imagem com o aplicativo do seu banco.", x, y - 21 * mm, cor=_CINZA)


def _pintar(folha: Canvas, linhas: Sequence[str], esquerda: float, fundo: float, largura: float, altura: float) -> None:
    """Rows of 0 and 1, the first at the top, each character of that width and height: what is 1 is black."""
    folha.saveState()
    folha.translate(esquerda, fundo)
    folha.scale(largura, altura)
    folha.setFillColor(black)
    retangulos = []  # as the page says them: made one by one, they are most of its time
    for y, linha in zip(range(len(linhas) - 1, -1, -1), linhas, strict=True):
        x = 0
        for cor, trecho in groupby(linha):
            quantos = len(list(trecho))
            if cor == "1":
                retangulos.append(f"{x} {y} {quantos} 1 re")
            x += quantos
    folha.drawPath(PDFPathObject(code=retangulos), stroke=0, fill=1)
    folha.restoreState()


def _texto(
    folha: Canvas,
    texto: str,
    x: float,
    y: float,
    *,
    fonte: str = _NORMAL,
    tamanho: float = 10,
    cor: Color = black,
    linhas: int = 3,
) -> None:
    """A text down from (x, y), in the lines that it takes up to the right margin."""
    for numero, linha in enumerate(_partir(texto, _LARGURA - _MARGEM - x, fonte, tamanho, linhas)):
        _linha(folha, linha, x, y - numero * tamanho * 1.3, fonte, tamanho, cor)


def _partir(texto: str, largura: float, fonte: str, tamanho: float, linhas: int = 3) -> list[str]:
    """The lines that a text takes, words that do not fit in one cut; what passes `linhas` is left out."""
    partes = []
    for parte in simpleSplit(escrito(texto), fonte, tamanho, largura) or [""]:
        while parte:
            cabem = next(n for n in range(len(parte), 0, -1) if n == 1 or _mede(parte[:n], fonte, tamanho) <= largura)
            partes.append(parte[:cabem])
            parte = parte[cabem:]
    return partes[:linhas] or [""]


def _linha(folha: Canvas, texto: str, x: float, y: float, fonte: str, tamanho: float, cor: Color) -> None:
    folha.setFillColor(cor)
    folha.setFont(fonte, tamanho)
    folha.drawString(x, y, texto)


def escrito(texto: str) -> str:
    """What the fonts of every reader have; anything else is a question mark."""
    numa_linha = " ".join(unicodedata.normalize("NFC", texto).split())
    visivel = "".join(c if c.isprintable() else "?" for c in numa_linha)
    return visivel.encode("cp1252", "replace").decode("cp1252")
