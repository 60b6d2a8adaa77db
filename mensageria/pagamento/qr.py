"""The QR code of a Pix. The same text gives the same symbol, and the same image."""

import io
from functools import lru_cache

import segno

MARGEM = 4  # modules; the norm's quiet zone
_PIXELS_DO_MODULO = 5
_RECENTES = 64  # a boleto goes to up to ten addresses, each with its image and its page


@lru_cache(maxsize=_RECENTES)
def _simbolo(texto: str) -> segno.QRCode:
    """Level M and never a Micro QR, which banks' apps do not read."""
    return segno.make(texto, error="m", micro=False, boost_error=False)


def linhas(texto: str) -> list[str]:
    """The symbol, a text of 0 (white) and 1 (black) for each of its rows, without the quiet zone."""
    return ["".join(map(str, linha)) for linha in _simbolo(texto).matrix]


@lru_cache(maxsize=_RECENTES)
def png(texto: str) -> bytes:
    """The symbol with its quiet zone, black on white."""
    imagem = io.BytesIO()
    _simbolo(texto).save(imagem, kind="png", scale=_PIXELS_DO_MODULO, border=MARGEM)
    return imagem.getvalue()
