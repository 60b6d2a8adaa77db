"""What a drawn page or image says to whoever reads it with a camera, or with a screen reader."""

import io

import pypdfium2
import zxingcpp
from PIL import Image


def da_imagem(png: bytes) -> dict[str, str]:
    """{kind of symbol: what it holds}; no two of a kind."""
    return _ler(Image.open(io.BytesIO(png)))


def do_pdf(pdf: bytes, dpi: int = 200) -> dict[str, str]:
    """The same, of the only page, as it would be printed."""
    (pagina,) = pypdfium2.PdfDocument(pdf)
    return _ler(pagina.render(scale=dpi / 72).to_pil())


def texto_do_pdf(pdf: bytes) -> str:
    (pagina,) = pypdfium2.PdfDocument(pdf)
    return pagina.get_textpage().get_text_bounded()


def _ler(imagem: Image.Image) -> dict[str, str]:
    simbolos = zxingcpp.read_barcodes(imagem.convert("L"))
    lidos = {("ITF" if s.format == zxingcpp.BarcodeFormat.ITF else str(s.format)): s.text for s in simbolos}
    assert len(lidos) == len(simbolos)
    return lidos
