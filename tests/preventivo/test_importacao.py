"""A file becomes the registros of its campaign, all of them or none, and says how far it is."""

import csv
import io
import threading
from collections import defaultdict
from datetime import timedelta

import pytest
from django.db import connection
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.django import TestCase

from preventivo import importacao, planilha
from preventivo.importacao import MAXIMO_DE_EMAILS, importar, recusadas_csv
from preventivo.models import Campanha, LinhaRecusada, PedacoDoArquivo, Registro
from preventivo.planilha import ArquivoRecusado

from .planilhas import AGORA, JOAO, MARIA, aba, cpfs, importada, nova_campanha, recusadas, reempacotado, registros, xlsx

Situacao = Campanha.Situacao
FOLHA = "xl/worksheets/sheet1.xml"


def estado(campanha: Campanha) -> dict:
    """All that an import decides."""
    nomes = ("situacao", "motivo", "lidos", "linhas", "registros", "enderecos", "recusadas", "duplicados")
    campos = Campanha.objects.values(*nomes, "conferir_ate", "encerrada_em").get(pk=campanha.pk)
    return campos | {"de": registros(campanha), "fora": recusadas(campanha), "pedacos": campanha.pedacos.count()}


def contagens(campanha: Campanha) -> tuple[int, int, int, int]:
    return campanha.registros, campanha.enderecos, campanha.recusadas, campanha.duplicados


# What enters


def test_the_model_is_imported_unchanged(db):
    campanha = importada(planilha.MODELO)

    assert registros(campanha) == [(2, MARIA, ["maria@exemplo.com.br"]), (3, JOAO, ["joao@exemplo.com.br"])]
    assert campanha.situacao == Situacao.A_CONFERIR
    assert campanha.conferir_ate == AGORA + timedelta(hours=24)
    assert contagens(campanha) == (2, 2, 0, 0)
    assert (campanha.linhas, campanha.lidos) == (2, campanha.tamanho)
    assert not PedacoDoArquivo.objects.exists()
    assert list(Registro.objects.order_by().values_list("proxima_em", "tentativas", "erro").distinct()) == [
        (AGORA, 0, "")
    ]


@pytest.mark.parametrize(
    "conteudo",
    [
        f"cpf;email\n{MARIA};a@x.com\n{JOAO};c@x.com\n{MARIA};b@x.com\n".encode(),
        f"E-mail,CPF,Email\na@x.com,012.345.678-90,\nc@x.com,{JOAO},\n,1234567890,b@x.com\n".encode("cp1252"),
        xlsx([["cpf", "email"], [1234567890, "a@x.com"], [JOAO, "c@x.com"], ["012.345.678-90", "b@x.com"]]),
    ],
)
def test_a_cpf_has_its_addresses_in_the_order_of_the_file_whatever_its_form(db, conteudo):
    assert registros(importada(conteudo)) == [(2, MARIA, ["a@x.com", "b@x.com"]), (3, JOAO, ["c@x.com"])]


def test_the_columns_of_addresses_are_read_in_their_order(db):
    titulos = [f"email{n}" for n in range(1, 11)]
    linha = [f"{n}@x.com" for n in range(1, 11)]

    campanha = importada(f"{';'.join(titulos)};cpf\n{';'.join(linha)};{MARIA}\n".encode())

    assert registros(campanha) == [(2, MARIA, linha)]


def test_the_same_address_of_a_cpf_enters_once_and_is_counted(db):
    campanha = importada(
        f"cpf;email\n{MARIA};Ana@X.com\n{JOAO};ana@x.com\n{MARIA};ANA@x.COM\n{MARIA};ana@x.com\n".encode()
    )

    assert registros(campanha) == [(2, MARIA, ["Ana@X.com"]), (3, JOAO, ["ana@x.com"])]
    assert contagens(campanha) == (2, 2, 0, 2)


def test_the_eleventh_distinct_address_of_a_cpf_is_a_refused_line(db):
    linhas = [f"{MARIA};{n}@x.com;" for n in range(10)] + [f"{MARIA};3@X.com;11@x.com", f"{MARIA};12@x.com;11@x.com"]

    campanha = importada(("cpf;email1;email2\n" + "\n".join(linhas)).encode())

    assert registros(campanha) == [(2, MARIA, [f"{n}@x.com" for n in range(10)])]
    assert recusadas(campanha) == [
        (12, "email2", "O CPF já tem 10 e-mails distintos, o máximo: este não entra.", "11@x.com"),
        (13, "email1", "O CPF já tem 10 e-mails distintos, o máximo: este não entra.", "12@x.com"),
    ]
    assert contagens(campanha) == (1, 10, 2, 2)


# What does not


def test_a_refused_line_says_line_column_reason_and_content(db):
    linhas = [
        "CPF;E-mail;email2;",
        f"{MARIA};maria@x.com;maria;",
        "01234567891;a@x.com;;",
        f"{MARIA};;;",
        ";a@x.com;;",
        "1,23457E+10;a@x.com;;",
        f"{MARIA};a@x.com;;sobra",
        f"{MARIA};a@x.com;;;;sobra",
        f'{MARIA};"a@x.com',
        '="' + MARIA + '";a@x.com',
        f"{MARIA};{'a' * 400}@x.com;;",
        f"{JOAO}",
        f"{JOAO};b@x.com",
    ]

    campanha = importada("\n".join(linhas).encode())

    assert registros(campanha) == [(2, MARIA, ["maria@x.com"]), (13, JOAO, ["b@x.com"])]
    assert recusadas(campanha) == [
        (2, "email2", "E-mail inválido.", "maria"),
        (3, "CPF", "Número do CPF inválido: os dígitos verificadores não conferem.", "01234567891"),
        (4, "E-mail", "A linha não tem e-mail.", MARIA),
        (5, "CPF", "O CPF está em branco.", ""),
        (
            6,
            "CPF",
            "A planilha gravou o CPF em notação científica e perdeu algarismos: formate a coluna como texto e preencha "
            "o CPF de novo.",
            "1,23457E+10",
        ),
        (7, "", "Há um valor fora das colunas do cabeçalho.", f"{MARIA};a@x.com;;sobra"),
        (8, "", "Há um valor fora das colunas do cabeçalho.", f"{MARIA};a@x.com;;;;sobra"),
        (9, "", "Aspas sem par, ou quebra de linha dentro das aspas.", f'{MARIA};"a@x.com'),
        (10, "CPF", "A célula tem uma fórmula: cole no lugar dela o valor.", f'="{MARIA}"'),
        (11, "E-mail", "E-mail inválido.", "a" * 300),
        (12, "E-mail", "A linha não tem e-mail.", JOAO),
    ]
    assert campanha.linhas == 12


def test_formulas_of_a_workbook_are_refused_lines(db):
    campanha = importada(
        xlsx([["cpf", "email"], ["=A1", "a@x.com"], [MARIA, '=HYPERLINK("mailto:a@x.com")'], [MARIA, "a@x.com"]])
    )

    assert registros(campanha) == [(4, MARIA, ["a@x.com"])]
    assert [(linha, coluna, motivo) for linha, coluna, motivo, _ in recusadas(campanha)] == [
        (2, "cpf", "A célula tem uma fórmula: cole no lugar dela o valor."),
        (3, "email", "A célula tem uma fórmula: cole no lugar dela o valor."),
    ]


@pytest.mark.parametrize(
    ("conteudo", "motivo"),
    [
        (b"cpf;email\n", "Nenhuma linha do arquivo pôde ser aproveitada."),
        (b"cpf;email\n\n;\n", "Nenhuma linha do arquivo pôde ser aproveitada."),
        (b"cpf;email\n1;a\n2;b\n", "A primeira recusada é a 2: Número do CPF inválido"),
        (f"cpf;email\n{MARIA};a@x.com\n".encode() + b"x" * (10 << 20), "A linha 3 passa de 64 mil caracteres"),
        (xlsx([["nome", "cidade"], ["a", "b"]]), "Falta o cabeçalho"),
        (xlsx([["cpf", "email"]]), "Nenhuma linha do arquivo pôde ser aproveitada."),
        (xlsx([[]]), "A primeira aba da planilha está vazia."),
        (reempacotado(xlsx([["cpf", "email"]]), {FOLHA: aba("<row>" * 3)[:-30]}), "está danificada"),
        (reempacotado(xlsx([["cpf", "email"], [MARIA, "a@x.com"]]), {"xl/styles.xml": b"<x"}), "está danificada"),
    ],
)
def test_a_file_that_cannot_be_used_cancels_the_campaign_in_words_and_stores_nothing(db, conteudo, motivo):
    campanha = importada(conteudo)

    assert campanha.situacao == Situacao.CANCELADA
    assert motivo in campanha.motivo
    assert campanha.encerrada_em == AGORA
    assert contagens(campanha) == (0, 0, 0, 0)
    assert not Registro.objects.exists()
    assert not LinhaRecusada.objects.exists()
    assert not PedacoDoArquivo.objects.exists()


def test_a_file_of_little_else_than_refused_lines_is_refused_whole(db, monkeypatch):
    monkeypatch.setattr(importacao, "MAXIMO_DE_RECUSADAS", 3)

    campanha = importada(f"cpf;email\n{MARIA};a@x.com\n".encode() + b"1;a\n" * 4)

    assert campanha.situacao == Situacao.CANCELADA
    assert "Mais de 3 linhas foram recusadas: confira o arquivo. A primeira recusada é a 3" in campanha.motivo
    assert importada(f"cpf;email\n{MARIA};a@x.com\n".encode() + b"1;a\n" * 3).situacao == Situacao.A_CONFERIR


def test_a_file_whose_pieces_are_lost_cancels_the_campaign(db):
    campanha = nova_campanha(planilha.MODELO)
    campanha.pedacos.all().delete()

    importar(campanha.pk, AGORA)

    assert Campanha.objects.get().motivo == "O arquivo não foi guardado por inteiro: envie-o outra vez."


# Cut short, repeated, watched


def grande(linhas: int) -> bytes:
    return b"cpf;email\n" + b"".join(f"{cpf};{cpf}@x.com\n".encode() for cpf in cpfs(linhas)) + b"1;a\n"


@pytest.mark.parametrize("onde", ["_noticiar", "_copiar", "_numerar", "_gravar_recusas", "_contar"])
def test_an_import_cut_short_anywhere_stores_nothing_and_the_next_gives_the_same(db, monkeypatch, onde):
    class Morte(BaseException):
        pass

    def morrer(*_):
        raise Morte

    conteudo = grande(12)
    campanha, inteira = nova_campanha(conteudo), nova_campanha(conteudo)
    with monkeypatch.context() as mudado:
        mudado.setattr(importacao, "ENTRE_NOTICIAS", 5)
        mudado.setattr(importacao, onde, morrer)
        with pytest.raises(Morte):
            importar(campanha.pk, AGORA)
    depois_da_morte = estado(campanha)
    importar(campanha.pk, AGORA)
    importar(inteira.pk, AGORA)

    assert (depois_da_morte["situacao"], depois_da_morte["de"], depois_da_morte["fora"]) == (
        Situacao.IMPORTANDO,
        [],
        [],
    )
    assert depois_da_morte["pedacos"] == 1
    assert estado(campanha) == estado(inteira)
    assert estado(inteira)["registros"] == 12


def test_a_campaign_that_was_imported_is_left_alone(db):
    campanha = importada(planilha.MODELO)
    antes = estado(campanha)

    importar(campanha.pk, AGORA + timedelta(hours=1))

    assert estado(campanha) == antes


def test_nothing_happens_to_a_campaign_that_is_no_more(db):
    importar(12345, AGORA)


@pytest.mark.parametrize("conteudo", [grande(30), xlsx([["cpf", "email"], *([cpf, "a@x.com"] for cpf in cpfs(31))])])
def test_how_far_it_is_is_told_as_it_goes(db, monkeypatch, conteudo):
    ditos = []
    dizer = importacao._noticiar
    monkeypatch.setattr(importacao, "ENTRE_NOTICIAS", 10)
    monkeypatch.setattr(importacao, "_noticiar", lambda *dito: ditos.append(dito[1:]) or dizer(*dito))

    campanha = importada(conteudo)

    assert [linhas for _, linhas in ditos] == [10, 20, 30]
    lidos = [lidos for lidos, _ in ditos]
    assert 0 < lidos[0] <= lidos[1] <= lidos[2] <= campanha.tamanho


def test_a_campaign_cancelled_meanwhile_is_read_no_further(db, monkeypatch):
    campanha = nova_campanha(grande(30))
    dizer = importacao._noticiar

    def cancelar(*dito):
        Campanha.objects.update(situacao=Situacao.CANCELADA, motivo="Cancelada por Maria")
        return dizer(*dito)

    monkeypatch.setattr(importacao, "ENTRE_NOTICIAS", 10)
    monkeypatch.setattr(importacao, "_noticiar", cancelar)
    importar(campanha.pk, AGORA)

    assert (estado(campanha)["motivo"], estado(campanha)["linhas"], estado(campanha)["de"]) == (
        "Cancelada por Maria",
        0,
        [],
    )


def test_a_campaign_cancelled_at_the_last_moment_gets_nothing(db, monkeypatch):
    campanha = nova_campanha(planilha.MODELO)
    ler = importacao._ler

    def ler_e_cancelar(*tudo):
        lidas = ler(*tudo)
        Campanha.objects.update(situacao=Situacao.CANCELADA)
        return lidas

    monkeypatch.setattr(importacao, "_ler", ler_e_cancelar)
    importar(campanha.pk, AGORA)

    assert estado(campanha)["situacao"] == Situacao.CANCELADA
    assert not Registro.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_others_see_how_far_it_is_and_do_not_import_it_too(monkeypatch):
    """While one worker reads, another connection polls, and asks for the same import."""
    campanha = nova_campanha(grande(20))
    visto = {}

    def de_fora():
        try:
            importar(campanha.pk, AGORA)  # returns at once, having done nothing
            visto.update(estado(campanha))
        finally:
            connection.close()

    dizer = importacao._noticiar

    def dizer_e_ver(*dito):
        feito = dizer(*dito)
        outra = threading.Thread(target=de_fora)
        outra.start()
        outra.join()
        return feito

    with monkeypatch.context() as mudado:
        mudado.setattr(importacao, "ENTRE_NOTICIAS", 15)
        mudado.setattr(importacao, "_noticiar", dizer_e_ver)
        importar(campanha.pk, AGORA)

    assert (visto["situacao"], visto["linhas"], visto["de"]) == (Situacao.IMPORTANDO, 15, [])
    assert 0 < visto["lidos"] < campanha.tamanho
    assert estado(campanha)["registros"] == 20


@pytest.mark.django_db(transaction=True)
def test_who_died_does_not_keep_the_others_from_importing():
    """The lock goes with its connection."""
    campanha = nova_campanha(planilha.MODELO)

    def morrer_com_a_trava():
        importacao._so_um(campanha.pk).__enter__()
        connection.close()

    morto = threading.Thread(target=morrer_com_a_trava)
    morto.start()
    morto.join()
    importar(campanha.pk, AGORA)

    assert estado(campanha)["situacao"] == Situacao.A_CONFERIR


def test_the_number_of_queries_does_not_grow_with_the_file(db, django_assert_max_num_queries):
    campanha = nova_campanha(grande(3_000))

    with django_assert_max_num_queries(30):
        importar(campanha.pk, AGORA)

    assert estado(campanha)["registros"] == 3_000


# The refused lines, to download


def test_the_refused_lines_are_a_csv_that_computes_nothing(db):
    campanha = importada(f'cpf;email\n=1+1;a@x.com\n{MARIA};+55\n{MARIA};"a;b"\n{MARIA};@x\n{MARIA};a@x.com\n'.encode())

    baixado = b"".join(recusadas_csv(campanha, inteiro=True)).decode("utf-8-sig")
    linhas = list(csv.reader(io.StringIO(baixado, newline=""), delimiter=";"))

    assert linhas[0] == ["linha", "coluna", "motivo", "conteúdo"]
    assert [(linha[0], linha[1], linha[3]) for linha in linhas[1:]] == [
        ("2", "cpf", "'=1+1"),
        ("3", "email", "'+55"),
        ("4", "email", "a;b"),
        ("5", "email", "'@x"),
    ]


# Whatever comes

emails = st.builds("{}@{}.com".format, st.sampled_from("abcABCdefghijk"), st.sampled_from("xyXY"))
linhas_da_planilha = st.lists(
    st.tuples(st.sampled_from([*cpfs(3), "123", "x"]), st.lists(emails, max_size=4)), max_size=40
)


class ComBanco(TestCase):
    @settings(max_examples=40)
    @given(linhas_da_planilha)
    def test_what_enters_is_what_a_plain_count_says(self, linhas):
        """Distinct addresses without case, ten of each CPF, in the order of the file; all the others are counted."""
        esperados, alem, repetidos, recusas = defaultdict(list), 0, 0, 0
        vistos = defaultdict(set)
        for cpf, enderecos in linhas:
            if len(cpf) != 11 or not enderecos:
                recusas += 1
                continue
            for email in enderecos:
                if email.lower() in vistos[cpf]:
                    repetidos += 1
                elif len(esperados[cpf]) == MAXIMO_DE_EMAILS:
                    alem += 1
                else:
                    esperados[cpf].append(email)
                vistos[cpf].add(email.lower())
        texto = "cpf;email1;email2;email3;email4\n" + "".join(f"{cpf};{';'.join(es)}\n" for cpf, es in linhas)

        campanha = importada(texto.encode())

        assert {cpf: es for _, cpf, es in registros(campanha)} == dict(esperados)
        if esperados:
            assert contagens(campanha) == (
                len(esperados),
                sum(map(len, esperados.values())),
                recusas + alem,
                repetidos,
            )
            assert len(recusadas(campanha)) == recusas + alem
        else:
            assert campanha.situacao == Situacao.CANCELADA

    @settings(max_examples=60)
    @given(st.binary(max_size=500).map(f"cpf;email\n{MARIA};a@x.com\n".encode().__add__) | st.binary(max_size=500))
    def test_any_bytes_are_stored_whole_or_not_at_all(self, conteudo):
        try:
            campanha = importada(conteudo)
        except ArquivoRecusado:
            assert not Campanha.objects.exists()
            return
        guardados = len(registros(campanha)), len(recusadas(campanha))
        if campanha.situacao == Situacao.A_CONFERIR:
            assert guardados == (campanha.registros, campanha.recusadas)
            assert campanha.registros >= 1
        else:
            assert (campanha.situacao, guardados) == (Situacao.CANCELADA, (0, 0))
            assert campanha.motivo
        assert not campanha.pedacos.exists()
