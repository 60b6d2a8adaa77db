"""The rows of a file, whatever spreadsheet made it, and what its cells say."""

import csv
import io
import os
import re
import zipfile
from contextlib import closing
from datetime import date, datetime, time, timedelta
from tempfile import NamedTemporaryFile
from types import SimpleNamespace

import openpyxl
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from openpyxl.worksheet.formula import ArrayFormula

from cadastro.documentos import cpf_valido, formatar_documento
from preventivo import planilha
from preventivo.celulas import ler_cpf, ler_email
from preventivo.planilha import ArquivoRecusado

from .planilhas import MARIA, aba, cpfs, reempacotado, xlsx

FOLHA = "xl/worksheets/sheet1.xml"
CABECALHO = '<row r="1"><c r="A1" t="str"><v>cpf</v></c><c r="B1" t="str"><v>email</v></c></row>'


def ler(conteudo: bytes) -> list[planilha.Linha]:
    with NamedTemporaryFile() as arquivo:
        arquivo.write(conteudo)
        arquivo.flush()
        arquivo.seek(0)
        _, linhas = planilha.abrir(arquivo)
        with closing(linhas):
            return list(linhas)


def celulas(conteudo: bytes) -> list[tuple[int, list[str]]]:
    return [(linha.numero, linha.celulas) for linha in ler(conteudo)]


# CSV


def test_the_model_opens_right_in_a_spreadsheet_of_this_country():
    """With the mark by which a spreadsheet knows UTF-8, its line ends and separator, and CPFs that are no numbers."""
    texto = planilha.MODELO.decode("utf-8-sig")
    cabecalho, *linhas = csv.reader(io.StringIO(texto, newline=""), delimiter=";")

    assert planilha.MODELO.startswith(b"\xef\xbb\xbf")
    assert texto.count("\r\n") == texto.count("\n") == 3
    assert cabecalho == ["cpf", "email"]
    assert len(linhas) == 2
    assert all(cpf_valido(ler_cpf(cpf)) and re.search("[.-]", cpf) for cpf, _ in linhas)
    assert linhas[0][0].startswith("0")
    assert all(ler_email(email).endswith("@exemplo.com.br") for _, email in linhas)


@pytest.mark.parametrize("separador", [";", ","])
@pytest.mark.parametrize("codificacao", ["utf-8", "utf-8-sig", "cp1252", "latin-1"])
@pytest.mark.parametrize("fim", ["\n", "\r\n"])
@pytest.mark.parametrize("aspas", ["", '"'])
def test_a_csv_of_any_usual_dialect_gives_the_same_rows(separador, codificacao, fim, aspas):
    linhas = [["CPF", " É-mail 1", "e-mail2"], [MARIA, "josé@exemplo.com.br", ""], [" 1 ", "", " b@exemplo.com.br "]]
    texto = fim.join(separador.join(f"{aspas}{celula}{aspas}" for celula in linha) for linha in linhas)

    assert celulas(texto.encode(codificacao)) == [
        (2, [MARIA, "josé@exemplo.com.br", ""]),
        (3, ["1", "", "b@exemplo.com.br"]),
    ]


def test_blank_lines_count_but_are_not_rows():
    assert celulas(b"\n;\ncpf;email\n\n ; \r\n1;a\n\n") == [(6, ["1", "a"])]


def test_a_line_that_cannot_be_read_says_why_and_spoils_no_other():
    linhas = ler(b'cpf;email\n1;"a\n2;b\n3;c\x0bd\n4;\xe1\n5;\xc3\xa1\n')

    assert [(linha.numero, linha.celulas, linha.problema, linha.conteudo) for linha in linhas] == [
        (2, [], "Aspas sem par, ou quebra de linha dentro das aspas.", '1;"a'),
        (3, ["2", "b"], "", ""),
        (4, [], "A linha tem um caractere de controle.", "3;c\x0bd"),
        (5, [], "A linha não está na codificação do arquivo (UTF-8 ou Windows-1252).", "4;\N{REPLACEMENT CHARACTER}"),
        (6, ["5", "á"], "", ""),
    ]


def test_each_row_tells_how_far_the_file_was_read():
    conteudo = b"cpf;email\n1;a\n2;b\n"

    assert [linha.lidos for linha in ler(conteudo)] == [14, 18]


@pytest.mark.parametrize("onde", [b"", b"1;a\n" * 100_000])
def test_a_line_of_ten_megabytes_refuses_the_file(onde):
    with pytest.raises(ArquivoRecusado, match=r"A linha \d+ passa de 64 mil caracteres"):
        ler(b"cpf;email\n" + onde + b"x" * (10 << 20) + b"\n1;a\n")


# .xlsx


def test_a_workbook_gives_its_cells_as_text():
    linhas = celulas(
        xlsx(
            [
                ["CPF", "e-mail", "email2"],
                [1234567890, " maria@exemplo.com.br ", None],
                ["012.345.678-90", None, "x"],
                [],
                [12345678909.0, True, 1.5],
                [date(2026, 1, 31), datetime(2026, 1, 31, 10), time(10, 30)],  # noqa: DTZ001 (a sheet has no time zone)
                [-5, 1e300, timedelta(hours=1)],
                ["#N/A", "x" * 5_000, "ação 😀"],
            ]
        )
    )

    assert linhas == [
        (2, ["1234567890", "maria@exemplo.com.br"]),
        (3, ["012.345.678-90", "", "x"]),
        (5, ["12345678909", "VERDADEIRO", "1,5"]),
        (6, ["31/01/2026", "31/01/2026", "10:30:00"]),
        (7, ["-5", "1e+300", "1:00:00"]),
        (8, ["#N/A", "x" * 1_000, "ação 😀"]),
    ]


def test_a_formula_comes_as_it_is_written_whatever_was_computed():
    livro = openpyxl.Workbook()
    livro.active.append(["cpf", "email"])
    livro.active.append(["=1+1", "=HYPERLINK(A1)"])
    livro.active["A3"] = ArrayFormula("A3:A3", "=SUM(1,2)")
    saida = io.BytesIO()
    livro.save(saida)

    assert celulas(saida.getvalue()) == [(2, ["=1+1", "=HYPERLINK(A1)"]), (3, ["=SUM(1,2)"])]


def test_inline_and_rich_text_are_text():
    linhas = aba(
        '<row r="1"><c r="A1" t="inlineStr"><is><t>cpf</t></is></c>'
        '<c r="B1" t="inlineStr"><is><r><t>e</t></r><r><t>mail</t></r></is></c></row>'
        '<row r="3"><c r="B3" t="str"><v>a@exemplo.com.br</v></c></row>'
    )

    assert celulas(reempacotado(xlsx([["x"]]), {FOLHA: linhas})) == [(3, ["", "a@exemplo.com.br"])]


def test_the_strings_that_cells_share_are_text():
    tipos = "application/vnd.openxmlformats-officedocument.spreadsheetml.sharedStrings+xml"
    livro = xlsx([["x"]])
    with zipfile.ZipFile(io.BytesIO(livro)) as pacote:
        indice = pacote.read("[Content_Types].xml")
    sua = f'<Override PartName="/xl/textos.xml" ContentType="{tipos}"/></Types>'.encode()
    partes = {
        "[Content_Types].xml": indice.replace(b"</Types>", sua),
        "xl/textos.xml": b"<sst xmlns='http://schemas.openxmlformats.org/spreadsheetml/2006/main'>"
        b"<si><t>cpf</t></si><si><t>email</t></si><si><t>a@exemplo.com.br</t></si></sst>",
        FOLHA: aba(
            '<row r="1"><c r="A1" t="s"><v>0</v></c><c r="B1" t="s"><v>1</v></c></row>'
            '<row r="2"><c r="A2"><v>1234567890</v></c><c r="B2" t="s"><v>2</v></c></row>'
        ),
    }

    assert celulas(reempacotado(livro, partes)) == [(2, ["1234567890", "a@exemplo.com.br"])]


def test_what_lies_far_from_the_columns_is_not_built():
    """A cell in the last column and a row in the last line of a sheet cost nothing."""
    linhas = aba(
        f'{CABECALHO}<row r="2"><c r="A2"><v>1</v></c><c r="XFD2"><v>1</v></c></row>'
        '<row r="1048576"><c r="A1048576"><v>2</v></c></row>'
        '<row r="99999999"><c r="A99999999"><v>3</v></c></row>'
    )

    assert celulas(reempacotado(xlsx([["x"]]), {FOLHA: linhas})) == [(2, ["1"]), (1048576, ["2"])]


@pytest.mark.parametrize(
    "partes",
    [
        {FOLHA: b"<worksheet"},
        {FOLHA: b""},
        {FOLHA: aba('<row r="1"><c r="A1"><v>12abc</v></c></row>')},
        {FOLHA: aba('<row r="1"><c r="A1" t="s"><v>999</v></c></row>')},
        {FOLHA: aba('<row r="x"><c r="A1"><v>1</v></c></row>')},
        {FOLHA: aba(CABECALHO, '<!DOCTYPE x [<!ENTITY a "a"><!ENTITY b "&a;&a;&a;">]>')},
        {FOLHA: aba(CABECALHO, '<!DOCTYPE x [<!ENTITY a SYSTEM "file:///etc/hostname">]>')},
        {"xl/workbook.xml": b"<workbook/>"},
        {"xl/styles.xml": b"<x"},
        {"[Content_Types].xml": b"<Types/>"},
    ],
)
def test_a_workbook_that_cannot_be_read_is_refused_in_words(partes):
    livro = reempacotado(xlsx([["cpf", "email"], [MARIA, "a@exemplo.com.br"]]), partes)

    with pytest.raises(ArquivoRecusado, match="está danificada ou pede mais memória"):
        ler(livro)


@pytest.mark.parametrize(
    ("limite", "quanto", "celulas"),
    [("MAXIMO_DE_MEMORIA", 96 << 20, 400_000), ("MAXIMO_DE_PROCESSADOR", 1, 1_500_000)],
)
def test_a_workbook_that_asks_for_too_much_ends_only_its_reader(monkeypatch, limite, quanto, celulas):
    monkeypatch.setattr(planilha, limite, quanto)
    pesada = aba(f'{CABECALHO}<row r="2">{"<c/>" * celulas}</row>')
    a_mais = {"xl/media/image1.png": os.urandom(100_000)}  # so that it is not seen to be a bomb

    with pytest.raises(ArquivoRecusado, match="pede mais memória ou tempo"):
        ler(reempacotado(xlsx([["x"]]), {FOLHA: pesada} | a_mais))


def test_a_damaged_part_is_found_by_its_sum():
    livro = bytearray(xlsx([["cpf", "email"], *([cpf, "a@exemplo.com.br"] for cpf in cpfs(500))]))
    onde = livro.index(b"xl/worksheets/sheet1.xml") + 400
    livro[onde : onde + 8] = bytes(8)

    with pytest.raises(ArquivoRecusado, match="está danificada"):
        ler(bytes(livro))


def test_an_empty_sheet_is_refused():
    with pytest.raises(ArquivoRecusado, match="A primeira aba da planilha está vazia"):
        ler(xlsx([[], [None, " "]]))


def test_only_the_first_sheet_is_read():
    livro = openpyxl.Workbook()
    livro.active.append(["cpf", "email"])
    livro.create_sheet("Outra").append(["cpf", "email", "x"])
    saida = io.BytesIO()
    livro.save(saida)

    assert celulas(saida.getvalue()) == []


def test_who_stops_reading_leaves_no_process_behind():
    with NamedTemporaryFile() as arquivo:
        arquivo.write(xlsx([["cpf", "email"], *([n, "a@exemplo.com.br"] for n in range(20_000))]))
        arquivo.seek(0)
        _, linhas = planilha.abrir(arquivo)
        assert next(linhas).numero == 2
        processo = linhas.gi_frame.f_locals["processo"]
        linhas.close()

    assert processo.returncode is not None


def test_a_reader_that_is_killed_in_the_middle_of_a_line_refuses_the_file(tmp_path, monkeypatch):
    leitor = tmp_path / "leitor"
    leitor.write_text("""#!/bin/sh
printf '[1, 9, ["cpf", "email"]]\\n[2, 30, ["0123'
kill -9 $$
""")
    leitor.chmod(0o700)
    monkeypatch.setattr(planilha, "sys", SimpleNamespace(executable=str(leitor)))

    with pytest.raises(ArquivoRecusado, match="danificada"):
        ler(xlsx([["cpf", "email"]]))


# Cells


@pytest.mark.parametrize(
    ("texto", "cpf"),
    [
        ("01234567890", MARIA),
        ("1234567890", MARIA),
        ("012.345.678-90", MARIA),
        (" 012 345 678 90 ", MARIA),
        ("012345678-90", MARIA),
        ("012.345.678/90", MARIA),
        ("012.345.678.90", MARIA),
        ("\N{NO-BREAK SPACE}01234567890", MARIA),
        ("191", "00000000191"),
    ],
)
def test_a_cpf_is_read_with_or_without_its_mask_and_its_zeros(texto, cpf):
    assert ler_cpf(texto) == cpf


@pytest.mark.parametrize(
    ("texto", "motivo"),
    [
        ("", "em branco"),
        ("  ", "em branco"),
        ("01234567891", "dígitos verificadores não conferem"),
        ("0", "dígitos verificadores não conferem"),
        ("11111111111", "dígitos verificadores não conferem"),
        ("11222333000181", "há 14"),
        ("12.345.678-90", "use os 11 algarismos"),
        ("1.234.567-890", "use os 11 algarismos"),
        ("-1234567890", "use os 11 algarismos"),
        ("maria@exemplo.com.br", "use os 11 algarismos"),
        ("VERDADEIRO", "use os 11 algarismos"),
        ("#N/A", "use os 11 algarismos"),
        ("٠١٢٣٤٥٦٧٨٩٠", "use os 11 algarismos"),
        ("1234567890,0", "casas decimais"),
        ("1234567890.0", "casas decimais"),
        ("1.234.567.890,00", "casas decimais"),
        ("123456789.09", "casas decimais"),
        ("1.23457E+10", "notação científica"),
        ("1,23457E+10", "notação científica"),
        ("1E10", "notação científica"),
        ("31/01/2026", "como data"),
        ('="01234567890"', "fórmula"),
    ],
)
def test_a_cpf_that_is_none_or_that_a_spreadsheet_spoiled_says_what_happened(texto, motivo):
    with pytest.raises(ValueError, match=motivo):
        ler_cpf(texto)


@given(st.integers(0, 10**11 - 1).map(str) | st.text(max_size=30))
@example("1\n")
def test_what_is_read_as_a_cpf_is_one_and_reads_the_same_again(texto):
    try:
        cpf = ler_cpf(texto)
    except ValueError:
        return
    assert cpf_valido(cpf)
    assert ler_cpf(formatar_documento(cpf)) == ler_cpf(cpf.lstrip("0")) == cpf


@pytest.mark.parametrize(
    ("texto", "email"),
    [
        ("maria@exemplo.com.br", "maria@exemplo.com.br"),
        ("Maria+boleto@Exemplo.com.br", "Maria+boleto@Exemplo.com.br"),
        ("maria@ação.com.br", "maria@xn--ao-siap.com.br"),
    ],
)
def test_an_address_is_read_as_the_engine_will_send_to_it(texto, email):
    assert ler_email(texto) == email


@pytest.mark.parametrize(
    ("texto", "motivo"),
    [
        ("maria", "E-mail inválido"),
        ("maria @exemplo.com.br", "E-mail inválido"),
        ("joão@exemplo.com.br", "E-mail inválido"),
        ("Maria <maria@exemplo.com.br>", "E-mail inválido"),
        ("a@b.com\r\nBcc:c@d.com", "E-mail inválido|Há mais de um"),
        ("a@" + "b" * 300, "E-mail inválido"),
        ("a@b.com, c@d.com", "Há mais de um e-mail na célula"),
        ("a@b.com;c@d.com", "Há mais de um e-mail na célula"),
        ("=cmd|' /c calc'!A1", "fórmula"),
        ("=a@exemplo.com.br", "fórmula"),
    ],
)
def test_an_address_that_is_none_is_refused(texto, motivo):
    with pytest.raises(ValueError, match=motivo):
        ler_email(texto)


@given(st.text(max_size=300) | st.builds("{}@{}".format, st.text(max_size=80), st.text(max_size=80)))
def test_what_is_read_as_an_address_fits_the_row_and_reads_the_same_again(texto):
    try:
        email = ler_email(texto)
    except ValueError:
        return
    assert email.isascii()
    assert len(email) <= 254
    assert not re.search(r'[\s;"]', email)
    assert ler_email(email) == email


# Whatever comes


@given(st.binary(max_size=2_000) | st.binary(max_size=2_000).map(b"cpf;email\n".__add__))
def test_any_bytes_are_rows_or_are_refused(conteudo):
    try:
        linhas = ler(conteudo)
    except ArquivoRecusado as recusa:
        assert str(recusa).endswith((".", '."'))
    else:
        assert [linha.numero for linha in linhas] == sorted({linha.numero for linha in linhas})
        assert all(linha.problema or any(linha.celulas) for linha in linhas)


LIVRO = xlsx([["cpf", "email"], *([cpf, "a@exemplo.com.br"] for cpf in cpfs(5))])


@settings(max_examples=15)
@given(st.dictionaries(st.floats(0, 0.9999), st.integers(0, 255), min_size=1, max_size=3))
def test_a_workbook_with_any_bytes_changed_is_rows_or_is_refused(mudancas):
    livro = bytearray(LIVRO)
    for onde, byte in mudancas.items():
        livro[int(onde * len(livro))] = byte
    try:
        linhas = ler(bytes(livro))
    except ArquivoRecusado as recusa:
        assert str(recusa).endswith(".")
    else:
        assert len(linhas) <= 5


celula = st.text(st.characters(codec="cp1252", exclude_categories=["Cc", "Zs", "Zl", "Zp"]), max_size=12).map(str.strip)


@given(
    st.lists(st.tuples(celula.filter(lambda texto: texto != ""), celula), max_size=15),
    st.sampled_from(";,"),
    st.sampled_from(["utf-8", "utf-8-sig", "cp1252"]),
    st.sampled_from(["\n", "\r\n"]),
    st.sampled_from([csv.QUOTE_MINIMAL, csv.QUOTE_ALL]),
)
def test_what_was_written_in_any_dialect_is_read_back(linhas, separador, codificacao, fim, aspas):
    saida = io.StringIO()
    escritor = csv.writer(saida, delimiter=separador, lineterminator=fim, quoting=aspas)
    escritor.writerows([["cpf", "email"], *linhas])
    conteudo = saida.getvalue().encode(codificacao)
    lidas = celulas(conteudo)

    # Bytes of Windows-1252 that are also good UTF-8 are read as UTF-8: nothing in them tells.
    if codificacao != "cp1252" or conteudo.isascii() or not _e_utf8_em_parte(conteudo):
        assert lidas == [(numero, list(linha)) for numero, linha in enumerate(linhas, start=2)]


def _e_utf8_em_parte(conteudo: bytes) -> bool:
    """Whether some line with accents is good UTF-8."""
    return any(
        not linha.isascii() and linha.decode(errors="replace").encode() == linha for linha in conteudo.split(b"\n")
    )
