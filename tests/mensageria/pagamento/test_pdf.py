import hashlib
import json
import os
import subprocess
import sys
from datetime import date
from decimal import Decimal

import pypdfium2
import pytest
from django.conf import settings as configuracao
from hypothesis import given, settings
from hypothesis import strategies as st

from mensageria import barras
from mensageria.pagamento import pdf, qr
from mensageria.pagamento.boleto import formatar_linha, ler_linha, montar
from tests.mensageria.pagamento.leitura import da_imagem, do_pdf, texto_do_pdf
from tests.mensageria.pagamento.test_pix import DINAMICO, ESTATICO, escrever

CODIGO = "34195819600000000621090063571277307144464000"
DADOS = {
    "titulo": "Boleto Claro",
    "cor": "#b5121b",
    "quadro": [
        ["Beneficiário", "EMPRESA DE TELEFONIA FICTÍCIA S.A."],
        ["CNPJ do beneficiário", "11.222.333/0001-81"],
        ["Vencimento", "10/11/2026"],
        ["Valor", "R$ 1.234,56"],
    ],
    "pagador": "CPF ***.982.247-**",
    "codigo": CODIGO,
    "linha_formatada": "34191.09008 63571.277308 71444.640008 5 81960000000062",
    "pix": DINAMICO,
}


def test_the_page_says_everything_and_its_symbols_read_back():
    desenhado = pdf.desenhar(DADOS)

    texto = texto_do_pdf(desenhado)
    for dito in ("Boleto Claro", *[t for linha in DADOS["quadro"] for t in linha], "Pagador", "CPF ***.982.247-**"):
        assert dito in texto
    assert DADOS["linha_formatada"] in texto
    assert do_pdf(desenhado) == {"ITF": CODIGO, "QR Code": DINAMICO}


def test_without_a_pix_nothing_is_said_of_it():
    desenhado = pdf.desenhar({"codigo": CODIGO, "linha_formatada": DADOS["linha_formatada"]})

    assert do_pdf(desenhado) == {"ITF": CODIGO}
    assert "Pix" not in texto_do_pdf(desenhado)


def test_it_is_one_a4_page():
    arquivo = pypdfium2.PdfDocument(pdf.desenhar(DADOS))

    assert len(arquivo) == 1
    assert arquivo[0].get_size() == pytest.approx((210 / 25.4 * 72, 297 / 25.4 * 72), abs=0.1)
    assert arquivo.get_metadata_value("Title") == "Boleto Claro"


@settings(max_examples=20, deadline=None)
@given(
    st.from_regex(r"(?!8)[0-9]{3}", fullmatch=True),
    st.dates(date(2025, 2, 22), date(2040, 1, 1)),
    st.decimals(0, Decimal("99999999.99"), places=2),
    st.from_regex(r"[0-9]{25}", fullmatch=True),
    st.text("ABCDEFGHIJ abcdefgh", min_size=1, max_size=25),
    st.decimals(Decimal("0.01"), Decimal("9999999.99"), places=2),
)
def test_any_boleto_and_any_pix_read_back(banco, vencimento, valor, livre, nome, no_pix):
    linha = montar(banco=banco, vencimento=vencimento, valor=valor, livre=livre)
    codigo, pix = ler_linha(linha, vencimento).codigo, escrever(_59=nome, _54=str(no_pix))

    desenhado = pdf.desenhar({"codigo": codigo, "linha_formatada": formatar_linha(linha), "pix": pix})

    assert do_pdf(desenhado) == {"ITF": codigo, "QR Code": pix}
    assert da_imagem(qr.png(pix)) == {"QR Code": pix}


@settings(max_examples=50, deadline=None)
@given(
    st.text(max_size=120),
    st.lists(st.tuples(st.text(max_size=60), st.text(max_size=300)), max_size=25),
    st.text(max_size=100),
    st.text(max_size=9),
)
def test_whatever_the_words_it_is_one_page_and_the_code_is_readable(titulo, quadro, pagador, cor):
    dados = {**DADOS, "titulo": titulo, "quadro": quadro, "pagador": pagador, "cor": cor}

    assert do_pdf(pdf.desenhar(dados)) == {"ITF": CODIGO, "QR Code": DINAMICO}


def test_many_rows_come_closer_and_are_all_there():
    quadro = [[f"Campo {n}", f"Dado {n}."] for n in range(40)]

    texto = texto_do_pdf(pdf.desenhar({**DADOS, "quadro": quadro}))

    assert all(f"Dado {n}." in texto for n in range(40))


def test_what_the_fonts_do_not_have_is_a_question_mark():
    texto = texto_do_pdf(pdf.desenhar({**DADOS, "quadro": [["Nome", "JOÃO 李\x00 – “Ç”"]]}))

    assert "JOÃO ?? – “Ç”" in texto


@pytest.mark.parametrize("codigo", ["", "123", "12a4"])
def test_a_bar_code_that_is_none_is_not_drawn(codigo):
    with pytest.raises(ValueError, match="quantidade par"):
        pdf.desenhar({**DADOS, "codigo": codigo})


# The same bytes, for ever: what was sent is drawn again from what was kept. These change only with reportlab or segno.

RESUMO_DO_PDF = "9f119a8cb456a39cc03fd25fd83f75065c21e2bc5c07933f28de7e567040267c"
RESUMO_DO_QR = "677e9dc4d41dd9176c7e7e69a0cf1531e10abaf053b9942e128039f0cbf3d113"
EM_OUTRO_PROCESSO = """
import hashlib, json, sys
from mensageria.pagamento import pdf
print(hashlib.sha256(pdf.desenhar(json.load(sys.stdin))).hexdigest())
"""


def test_the_page_and_the_symbol_are_those_that_were_sent():
    assert hashlib.sha256(pdf.desenhar(DADOS)).hexdigest() == RESUMO_DO_PDF
    assert hashlib.sha256("\n".join(qr.linhas(ESTATICO)).encode()).hexdigest() == RESUMO_DO_QR


@pytest.mark.parametrize("semente", ["0", "4242"])
def test_another_process_gives_the_same_bytes(semente):
    saida = subprocess.run(
        [sys.executable, "-c", EM_OUTRO_PROCESSO],
        input=json.dumps(DADOS),
        capture_output=True,
        text=True,
        check=True,
        env=os.environ | {"PYTHONHASHSEED": semente, "TZ": "Asia/Tokyo"},
        cwd=configuracao.BASE_DIR,
    )

    assert saida.stdout.strip() == RESUMO_DO_PDF


# The symbols by themselves


@pytest.mark.parametrize(
    "pix", [ESTATICO, DINAMICO, escrever(_60="SÃO PAULO", _26="0014br.gov.bcb.pix0177" + "a" * 64 + "@exemplo.com.")]
)
def test_a_qr_is_never_a_micro_one_and_has_its_quiet_zone(pix):
    linhas = qr.linhas(pix)

    assert len(linhas) >= 21
    assert {len(linha) for linha in linhas} == {len(linhas)}
    assert linhas[0].startswith("11111110")
    assert da_imagem(qr.png(pix)) == {"QR Code": pix}


def test_a_short_text_makes_a_normal_symbol_too():
    assert len(qr.linhas("1")) == 21


def test_the_modules_of_a_bar_code_are_those_of_its_image():
    modulos = barras.modulos(CODIGO)

    assert len(modulos) == 405
    assert set(modulos) == {"0", "1"}
    assert modulos.startswith("1010") and modulos.endswith("11101")
    assert da_imagem(barras.png_itf(CODIGO)) == {"ITF": CODIGO}
