"""The file of a campaign: judged by its content when it comes, kept in pieces until it is read."""

import hashlib
import os

import pytest

from preventivo import arquivos, planilha
from preventivo.arquivos import ArquivoRecusado
from preventivo.models import Campanha

from .planilhas import com_indice_de, enviado, nova_campanha, reempacotado, xlsx

CABECALHO = [["cpf", "email"]]


@pytest.mark.parametrize(
    "conteudo",
    [
        planilha.MODELO,
        b"cpf;email",
        b"CPF,E-mail\n",
        "  C P F ; é-MAIL 1;email10\r\n".encode("cp1252"),
        "cpf;e-mail 2\n".encode("utf-8-sig"),
        b'\n;;\n"cpf";"email"\n',
        xlsx(CABECALHO),
        xlsx([["qualquer coisa"]]),  # what a sheet says is looked at in the background
    ],
)
def test_a_csv_or_a_workbook_is_taken_whatever_its_name_and_left_at_its_start(conteudo):
    arquivo = enviado(conteudo, "foto.png")

    arquivos.conferir_tipo(arquivo)

    assert arquivo.read() == conteudo


@pytest.mark.parametrize(
    ("conteudo", "motivo"),
    [
        (b"", "O arquivo está vazio."),
        (b"\xef\xbb\xbf", "O arquivo está vazio."),
        (b"\r\n \r\n;;;\r\n", "O arquivo está vazio."),
        (b"01234567890;maria@exemplo.com.br\n", "Falta o cabeçalho"),
        (b"cpf\n01234567890\n", "Falta a coluna email"),
        (b"email\n", "Falta a coluna cpf"),
        (b"cpf;cpf;email\n", "Há mais de uma coluna cpf"),
        (b"cpf;nome;email\n", "Coluna desconhecida: “nome”"),
        (b"cpf;emial;a;b\n", "Colunas desconhecidas: “emial”, “a”, “b”"),
        (b"cpf" + b";email" * 64, "passa de 64 colunas"),
        (b"cpf;email\tcpf\n" + b"a;b\n" * 3, "Coluna desconhecida: “email\tcpf”"),
        (b"cpf;email\n01234567890;a\0b\n", "bytes nulos"),
        (b"cpf;email\n" + b"x;y\n" * 100_000 + b"\0", "bytes nulos"),
        ("cpf;email\n".encode("utf-16"), "UTF-16"),
        ("cpf;email\n".encode("utf-16-le"), "bytes nulos"),
        ("cpf;email\n".encode("utf-32"), "UTF-16"),
        ("cpf;email\n".encode("cp037"), "não é um CSV"),
        (b"cpf;email\r01234567890;a@x.com\r", "não terminam como as de um CSV"),
        (b"x" * (10 << 20), "A primeira linha passa de 64 mil caracteres"),
        (b'cpf;"email\n', "Aspas sem par"),
        (b"%PDF-1.7\n%\xe2\xe3", "é um PDF"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(512), "planilha antiga (.xls) ou protegida por senha"),
        (b"\x89PNG\r\n\x1a\n" + bytes(64), "não é um CSV"),
        (b"\x7fELF\x02\x01\x01" + bytes(64), "não é um CSV"),
        (b"\x1f\x8b\x08" + b"\x01" * 64, "não é um CSV"),
        (b"<html><body>oi</body></html>\n", "Falta o cabeçalho"),
        (b"PK\x03\x04", "danificada"),
        (xlsx(CABECALHO)[:-30], "danificada"),
        (b"PK\x03\x04" + bytes(100_000), "danificada"),
        (com_indice_de(2 << 20), "danificada"),
        (com_indice_de(0), "não é um CSV"),
        (xlsx(CABECALHO) + b"PK\x06\x07" + bytes(40), "danificada"),
    ],
)
def test_what_is_neither_is_refused_in_words(conteudo, motivo):
    with pytest.raises(ArquivoRecusado) as recusa:
        arquivos.conferir_tipo(enviado(conteudo))

    assert motivo in str(recusa.value)


def test_a_workbook_with_a_password_on_its_parts_is_refused():
    livro = bytearray(xlsx(CABECALHO))
    livro[livro.rindex(b"PK\x01\x02") + 8] |= 1

    with pytest.raises(ArquivoRecusado, match="protegida por senha"):
        arquivos.conferir_tipo(enviado(bytes(livro)))


def test_a_zip_that_is_no_workbook_is_refused():
    livro = xlsx(CABECALHO)
    sem_indice = b"PK\x03\x04" + bytes(26) + b"PK\x05\x06" + bytes(18)

    for conteudo, motivo in (
        (sem_indice, "não é um CSV nem uma planilha"),
        (reempacotado(livro, {"xl/workbook.bin": b"x"}), "(.xlsb)"),
    ):
        with pytest.raises(ArquivoRecusado) as recusa:
            arquivos.conferir_tipo(enviado(conteudo))
        assert motivo in str(recusa.value)


@pytest.mark.parametrize(
    "partes",
    [
        {"xl/worksheets/sheet1.xml": b" " * (60 << 20)},  # a thousand times smaller when packed
        {f"xl/media/{n}": b"" for n in range(2_001)},
    ],
)
def test_a_zip_bomb_is_refused_before_it_is_unpacked(partes):
    bomba = reempacotado(xlsx(CABECALHO), partes)
    assert len(bomba) < 1 << 20

    with pytest.raises(ArquivoRecusado, match="descompactada, passa do tamanho permitido"):
        arquivos.conferir_tipo(enviado(bomba))


def test_a_file_that_is_too_large_is_not_even_read():
    class SoTamanho:
        size = arquivos.TAMANHO_MAXIMO + 1

    with pytest.raises(ArquivoRecusado, match="passa de 50 MB"):
        arquivos.conferir_tipo(SoTamanho())


def test_the_digest_is_of_the_content_and_leaves_the_file_at_its_start():
    conteudo = os.urandom(3 * arquivos.TAMANHO_DO_PEDACO + 7)
    arquivo = enviado(conteudo)
    arquivo.read(10)

    assert arquivos.resumo_de(arquivo) == hashlib.sha256(conteudo).hexdigest()
    assert arquivo.read() == conteudo


def test_what_is_kept_in_pieces_is_given_back_whole(db):
    conteudo = planilha.MODELO + b"01234567890;a@exemplo.com.br\n" * 30_000

    campanha = nova_campanha(conteudo)

    assert campanha.tamanho == len(conteudo)
    assert campanha.nome_do_arquivo == "preventivo.csv"
    assert campanha.resumo == hashlib.sha256(conteudo).hexdigest()
    assert [len(p.dados) for p in campanha.pedacos.all()] == [262144, 262144, 262144, len(conteudo) - 3 * 262144]
    with arquivos.abrir(Campanha.objects.get(pk=campanha.pk)) as arquivo:
        assert arquivo.read() == conteudo


def test_a_refused_file_leaves_no_campaign(db):
    with pytest.raises(ArquivoRecusado):
        nova_campanha(b"nada")

    assert not Campanha.objects.exists()


def test_a_file_with_a_piece_missing_is_not_read(db):
    campanha = nova_campanha(planilha.MODELO + b"01234567890;a@exemplo.com.br\n" * 30_000)
    campanha.pedacos.filter(numero=1).delete()

    with pytest.raises(ArquivoRecusado, match="por inteiro"), arquivos.abrir(campanha):
        pass
