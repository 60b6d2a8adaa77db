import io
import struct
import zlib
from itertools import groupby

import pytest
import zxingcpp
from barcode import ITF
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from mensageria.barras import png_itf

CONTA = "82630000001234501230010123456790105202470003"


def imagem(codigo):
    aberta = Image.open(io.BytesIO(png_itf(codigo)))
    aberta.load()
    return aberta


def lido(codigo):
    (simbolo,) = zxingcpp.read_barcodes(imagem(codigo).convert("L"), formats=zxingcpp.BarcodeFormat.ITF)
    return simbolo.text


@pytest.mark.parametrize(
    "codigo",
    [
        CONTA,
        "82840000001234501230010123456790105202470003",
        "82690000002500001230010123456790000000770815",
        "83860000005096000190000008017823000034306271",
        "84910000000010010422023123100000000000054321",
    ],
)
def test_the_image_of_a_bill_reads_back_as_its_code(codigo):
    assert lido(codigo) == codigo


@settings(max_examples=60, deadline=None)
@given(st.text("0123456789", min_size=43, max_size=43).map("8".__add__))
def test_the_image_of_any_code_reads_back(codigo):
    assert lido(codigo) == codigo


def test_bars_and_spaces_are_exactly_3_or_9_pixels_wide():
    pontos = imagem(CONTA).crop((0, 0, 1335, 1)).tobytes()
    linha = "".join(f"{byte:08b}" for byte in pontos)[:1335]
    margem, *elementos, outra_margem = [len(list(grupo)) for _, grupo in groupby(linha)]
    assert (margem, outra_margem) == (60, 60)
    assert len(elementos) == 227
    assert (elementos.count(3), elementos.count(9)) == (138, 89)


@given(st.text("0123456789", min_size=2, max_size=50).filter(lambda codigo: len(codigo) % 2 == 0))
def test_the_pixels_are_the_librarys_pattern_and_the_file_is_whole(codigo):
    """Read by hand: an image reader forgives a wrong sum, and some mail clients do not."""
    modulos = ITF(codigo, narrow=1, wide=3).build()[0]
    linha = "1" * 60 + modulos.translate(str.maketrans({"1": "000", "0": "111"})) + "1" * 60
    blocos, resto = {}, png_itf(codigo)[8:]
    while resto:
        tamanho, tipo = struct.unpack(">I4s", resto[:8])
        blocos[tipo], crc = struct.unpack(f">{tamanho}sI", resto[8 : 12 + tamanho])
        assert crc == zlib.crc32(tipo + blocos[tipo])
        resto = resto[12 + tamanho :]

    linhas = zlib.decompress(blocos[b"IDAT"])

    assert list(blocos) == [b"IHDR", b"pHYs", b"IDAT", b"IEND"]
    assert struct.unpack(">II", blocos[b"IHDR"][:8]) == (len(linha), 154)
    largura = -(-len(linha) // 8) + 1
    assert "".join(f"{byte:08b}" for byte in linhas[1:largura])[: len(linha)] == linha
    assert (linhas[0], linhas[largura:]) == (0, (b"\2" + bytes(largura - 1)) * 153)


def test_every_row_is_the_same():
    aberta = imagem(CONTA)
    primeira = aberta.crop((0, 0, aberta.width, 1)).tobytes()
    assert aberta.tobytes() == primeira * aberta.height


def test_the_symbol_measures_103_by_13_millimetres_with_5_of_quiet_zone():
    aberta = imagem(CONTA)
    milimetros_por_ponto = 25.4 / 300
    assert aberta.mode == "1"
    assert aberta.info["dpi"] == pytest.approx((300, 300), abs=0.01)
    assert (aberta.width - 120) * milimetros_por_ponto == pytest.approx(102.87)
    assert aberta.height * milimetros_por_ponto == pytest.approx(13, abs=0.05)
    assert 60 * milimetros_por_ponto >= 5


def test_the_same_code_is_always_the_same_small_file():
    assert png_itf(CONTA) == png_itf(CONTA)
    assert len(png_itf(CONTA)) < 1000


@pytest.mark.parametrize("codigo", ["", "123", "12 34", "12a4", "1²", "١٢", "1234\n", "826300000013-2"])
def test_only_an_even_number_of_ascii_digits_is_drawn(codigo):
    with pytest.raises(ValueError, match="quantidade par"):
        png_itf(codigo)
