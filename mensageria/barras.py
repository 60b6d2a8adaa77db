"""The bar code as an image for e-mail: Interleaved 2 of 5 in a one-bit PNG.

Sizes come from the bank manuals (103 mm by 13 mm, quiet zone of at least 5 mm) at 300 dpi: narrow elements of 3 px and
wide ones of 9 px, so that every bar has its exact width; a 44-digit code is 102.87 mm. Mail clients show no SVG, hence
PNG. python-barcode gives the pattern; its image writer takes 7 ms a code, and the same one-bit image saved by Pillow 1
ms. Writing the file here is a dozen lines and takes a quarter of a millisecond, half of it the pattern.
"""

import re
import struct
import zlib

from barcode import ITF

PONTOS_POR_POLEGADA = 300
PIXELS_DO_MODULO = 3
ALTURA = 154  # 13 mm
MARGEM = 60  # 5 mm, rounded up to whole modules

_PARES_DE_DIGITOS = re.compile(r"(?:[0-9]{2})+")
_PIXELS = str.maketrans({"1": "0" * PIXELS_DO_MODULO, "0": "1" * PIXELS_DO_MODULO})  # in a PNG, 0 is black
_BRANCO = "1"
_PONTOS_POR_METRO = round(PONTOS_POR_POLEGADA / 0.0254)


def png_itf(codigo: str) -> bytes:
    """Draw an even number of ASCII digits and return the PNG; the same digits give the same bytes.

    Raises ValueError for anything else, since python-barcode would add a zero or draw other alphabets' digits.
    """
    if not _PARES_DE_DIGITOS.fullmatch(codigo):
        raise ValueError("O código de barras deve ter uma quantidade par de algarismos.")
    modulos = ITF(codigo, narrow=1, wide=3).build()[0]
    margem = _BRANCO * MARGEM
    return _png_de_uma_linha(margem + modulos.translate(_PIXELS) + margem)


def _png_de_uma_linha(pixels: str) -> bytes:
    """A grey PNG of one bit a pixel whose `ALTURA` rows are all `pixels`, a text of 0 (black) and 1 (white)."""
    largura = len(pixels)
    bytes_por_linha = -(-largura // 8)
    linha = int(pixels.ljust(bytes_por_linha * 8, _BRANCO), 2).to_bytes(bytes_por_linha, "big")
    sem_filtro = b"\0"
    return b"".join(
        (
            b"\x89PNG\r\n\x1a\n",
            _bloco(b"IHDR", struct.pack(">IIBBBBB", largura, ALTURA, 1, 0, 0, 0, 0)),
            _bloco(b"pHYs", struct.pack(">IIB", _PONTOS_POR_METRO, _PONTOS_POR_METRO, 1)),
            _bloco(b"IDAT", zlib.compress((sem_filtro + linha) * ALTURA)),
            _bloco(b"IEND", b""),
        )
    )


def _bloco(tipo: bytes, dados: bytes) -> bytes:
    return struct.pack(">I", len(dados)) + tipo + dados + struct.pack(">I", zlib.crc32(tipo + dados))
