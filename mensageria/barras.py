"""The bar code as an image for e-mail: Interleaved 2 of 5 in a one-bit PNG.

Sizes come from the bank manuals (103 mm by 13 mm, quiet zone of at least 5 mm) at 300 dpi: narrow elements of 3 px and
wide ones of 9 px, so that every bar has its exact width; a 44-digit code is 102.87 mm. Mail clients show no SVG, hence
PNG.

python-barcode gives the pattern of each of the hundred pairs of digits, once; its image writer takes 4 ms a code. All
rows are equal, and PNG can say "as the row above": only the first row is a code's own, the rest is compressed once.
"""

import struct
import zlib
from functools import cache

from barcode import ITF

PONTOS_POR_POLEGADA = 300
PIXELS_DO_MODULO = 3
ALTURA = 154  # 13 mm
MARGEM = 60  # 5 mm, rounded up to whole modules

_PAR = "H"  # two bytes taken as one number
_PIXELS = str.maketrans({"1": "0" * PIXELS_DO_MODULO, "0": "1" * PIXELS_DO_MODULO})  # in a PNG, 0 is black
_BRANCO = "1"
_INICIO, _FIM = 4, 5  # modules before the first pair and after the last
_PONTOS_POR_METRO = round(PONTOS_POR_POLEGADA / 0.0254)
_SEM_FILTRO, _COMO_A_DE_CIMA = b"\0", b"\2"
_MODULO_DO_ADLER = 65521


def png_itf(codigo: str) -> bytes:
    """Draw an even number of ASCII digits and return the PNG; the same digits give the same bytes.

    Raises ValueError for anything else, since python-barcode would add a zero or draw other alphabets' digits.
    """
    _conferir(codigo)
    pares, inicio, fim = _desenhos()
    desenhados = map(pares.__getitem__, memoryview(codigo.encode()).cast(_PAR))
    return _png_de_uma_linha(f"{inicio}{''.join(desenhados)}{fim}")


def modulos(codigo: str) -> str:
    """The same bars as a text of 1 (black) and 0 (white), narrow elements of one and wide ones of three, no margin.

    Raises ValueError as `png_itf` does.
    """
    _conferir(codigo)
    return ITF(codigo, narrow=1, wide=3).build()[0]


def _conferir(codigo: str) -> None:
    if not (codigo.isascii() and codigo.isdigit()) or len(codigo) % 2:
        raise ValueError("O código de barras deve ter uma quantidade par de algarismos.")


@cache
def _desenhos() -> tuple[dict[int, str], str, str]:
    """The pixels of each pair of digits, and those before and after them; 0 is black."""
    modulos = {par: ITF(par, narrow=1, wide=3).build()[0] for par in (f"{n:02}" for n in range(100))}
    margem = _BRANCO * MARGEM
    numeros = memoryview("".join(modulos).encode()).cast(_PAR)
    pares = {
        numero: desenho[_INICIO:-_FIM].translate(_PIXELS)
        for numero, desenho in zip(numeros, modulos.values(), strict=True)
    }
    inicio, fim = modulos["00"][:_INICIO], modulos["00"][-_FIM:]
    return pares, margem + inicio.translate(_PIXELS), fim.translate(_PIXELS) + margem


def _png_de_uma_linha(pixels: str) -> bytes:
    """A grey PNG of one bit a pixel whose `ALTURA` rows are all `pixels`, a text of 0 (black) and 1 (white)."""
    largura = len(pixels)
    bytes_por_linha = -(-largura // 8)
    linha = _SEM_FILTRO + int(pixels.ljust(bytes_por_linha * 8, _BRANCO), 2).to_bytes(bytes_por_linha, "big")
    inicio, repetidas = _moldura(largura)
    guardada = struct.pack("<BHH", 0, len(linha), 0xFFFF - len(linha)) + linha  # a block of DEFLATE as it is
    return inicio + _bloco(b"IDAT", b"\x78\x01" + guardada + repetidas + _soma(linha)) + _bloco(b"IEND", b"")


@cache
def _moldura(largura: int) -> tuple[bytes, bytes]:
    """What is the same in every image this wide: the PNG up to its pixels, and the compressed rows after the first."""
    inicio = b"".join(
        (
            b"\x89PNG\r\n\x1a\n",
            _bloco(b"IHDR", struct.pack(">IIBBBBB", largura, ALTURA, 1, 0, 0, 0, 0)),
            _bloco(b"pHYs", struct.pack(">IIB", _PONTOS_POR_METRO, _PONTOS_POR_METRO, 1)),
        )
    )
    compressor = zlib.compressobj(9, zlib.DEFLATED, -zlib.MAX_WBITS)
    return inicio, compressor.compress(_repetidas(-(-largura // 8))) + compressor.flush()


def _repetidas(bytes_por_linha: int) -> bytes:
    return (_COMO_A_DE_CIMA + bytes(bytes_por_linha)) * (ALTURA - 1)


def _soma(linha: bytes) -> bytes:
    """Adler-32 of the first row and the repeated ones, of which only the first is added up."""
    quantos, soma, soma_das_somas = _soma_das_repetidas(len(linha))
    da_linha = zlib.adler32(linha)
    baixa = da_linha & 0xFFFF
    alta = ((da_linha >> 16) + quantos * baixa + soma_das_somas) % _MODULO_DO_ADLER
    return struct.pack(">HH", alta, (baixa + soma) % _MODULO_DO_ADLER)


@cache
def _soma_das_repetidas(bytes_da_linha: int) -> tuple[int, int, int]:
    """How many bytes they are, and both halves of their Adler-32 counted from zero."""
    repetidas = _repetidas(bytes_da_linha - len(_SEM_FILTRO))
    total = zlib.adler32(repetidas, 0)
    return len(repetidas), total & 0xFFFF, total >> 16


def _bloco(tipo: bytes, dados: bytes) -> bytes:
    return struct.pack(">I", len(dados)) + tipo + dados + struct.pack(">I", zlib.crc32(tipo + dados))
