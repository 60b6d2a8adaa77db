import csv
import io
from datetime import date
from random import Random
from unicodedata import normalize

import pytest
from django.core.exceptions import ValidationError
from django.core.management import CommandError, call_command
from django.core.validators import validate_email
from django.db import connection
from django.test.utils import CaptureQueriesContext
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from cadastro import importacao
from cadastro.arquivos import normalizar_email
from cadastro.digitos import matricula_com_digito
from cadastro.documentos import gerar_cpf
from cadastro.importacao import ErroDeImportacao, importar
from cadastro.leitura_csv import LIMITE_DA_LINHA
from cadastro.models import (
    Cliente,
    ClienteFone,
    ClienteImovel,
    Imovel,
    Localidade,
    Municipio,
    Perfil,
    Quadra,
    Relacao,
)
from tests.fabricas import HOJE, nova_localidade, novo_cliente, novo_fone, novo_imovel, novo_vinculo

pytestmark = pytest.mark.django_db

CABECALHOS = {
    "localidades": "codigo;nome;gerencia;municipio;uf;ddd",
    "imoveis": "matricula;localidade;setor;quadra;rota;lote;sublote;endereco;categoria;perfil;perfil_descricao;"
    "situacao_agua",
    "clientes": "cliente;nome;documento;email;por_sms;por_email;ativo",
    "telefones": "cliente;tipo;ddd;numero;ramal;contato;principal;sms",
    "vinculos": "matricula;cliente;relacao;inicio;fim",
}


@pytest.fixture
def importar_texto(tmp_path):
    """Import one file given by its lines (header included by default); returns its result."""

    def executar(nome, *linhas, codificacao="utf-8", cabecalho=True, **opcoes):
        texto = "\n".join([CABECALHOS[nome], *linhas] if cabecalho else linhas) + "\n"
        pasta = tmp_path / nome
        pasta.mkdir(exist_ok=True)
        (pasta / f"{nome}.csv").write_bytes(texto.encode(codificacao))
        (resultado,) = importar(pasta, **opcoes)
        assert resultado.lidas == sum((resultado.novas, resultado.alteradas, resultado.iguais, resultado.recusadas)), (
            resultado
        )
        return resultado

    return executar


def recusas(resultado):
    """(line, column, reason, original) of each refused line."""
    if resultado.arquivo_de_recusadas is None:
        return []
    texto = resultado.arquivo_de_recusadas.read_text("utf-8-sig")
    return [(int(linha), *resto) for linha, *resto in list(csv.reader(io.StringIO(texto), delimiter=";"))[1:]]


def motivos(resultado):
    return [(linha, coluna, motivo) for linha, coluna, motivo, _ in recusas(resultado)]


def contagens(resultado):
    return (resultado.novas, resultado.alteradas, resultado.iguais, resultado.recusadas)


def versoes(tabela):
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT ctid::text, xmin::text FROM {tabela} ORDER BY 1")
        return cursor.fetchall()


# --- the file as a whole ---


def test_a_file_is_imported_whatever_the_order_of_its_columns(importar_texto):
    resultado = importar_texto(
        "localidades", "uf;ddd;nome;codigo;municipio;gerencia", "RN;84;CENTRO;7;NATAL;LITORAL", cabecalho=False
    )

    assert contagens(resultado) == (1, 0, 0, 0)
    localidade = Localidade.objects.get(pk=7)
    assert (localidade.nome, localidade.gerencia.nome, str(localidade.municipio)) == ("CENTRO", "LITORAL", "NATAL/RN")


@pytest.mark.parametrize(
    ("cabecalho", "esperado"),
    [
        ("codigo;nome;gerencia;municipio;uf", "falta “ddd”"),
        ("codigo;nome", "faltam “gerencia”, “municipio”, “uf”, “ddd”"),
        ("codigo;nome;gerencia;municipio;uf;ddd;cep", "coluna desconhecida: “cep”"),
        ("codigo;nome;gerencia;municipio;uf;ddd;ddd", "coluna repetida: “ddd”"),
        ("codigo,nome,gerencia,municipio,uf,ddd", "O separador é o ponto e vírgula."),
        ("Codigo;nome;gerencia;municipio;uf;ddd", "falta “codigo”"),
        ("", "O arquivo está vazio"),
        ('"codigo', "O cabeçalho não pôde ser lido."),
    ],
)
def test_a_wrong_header_imports_nothing_and_says_what_is_wrong(importar_texto, cabecalho, esperado):
    resultado = importar_texto("localidades", cabecalho, "7;CENTRO;LITORAL;NATAL;RN;84", cabecalho=False)

    assert esperado in resultado.erro
    assert contagens(resultado) == (0, 0, 0, 0)
    assert not Localidade.objects.exists()


def test_a_header_with_quotes_spaces_and_bom_is_read(importar_texto):
    linhas = ('"codigo"; nome ;gerencia;municipio;uf;ddd\r', "7;CENTRO;LITORAL;NATAL;RN;84\r")

    assert contagens(importar_texto("localidades", *linhas, cabecalho=False, codificacao="utf-8-sig")) == (1, 0, 0, 0)


def test_windows_line_ends_quotes_and_blank_lines_are_read(importar_texto):
    resultado = importar_texto("localidades", '7;"SÃO; ""JOSÉ""";LITORAL;NATAL;RN;84\r', "", "   \r")

    assert (resultado.lidas, resultado.novas) == (1, 1)
    assert Localidade.objects.get().nome == 'SÃO; "JOSÉ"'


def test_a_file_without_its_last_line_end_is_read_whole(tmp_path):
    (tmp_path / "localidades.csv").write_text(CABECALHOS["localidades"] + "\n7;CENTRO;LITORAL;NATAL;RN;84")

    assert importar(tmp_path)[0].novas == 1


@pytest.mark.parametrize("codificacao", ["utf-8", "utf-8-sig", "latin-1", "cp1252"])
def test_accents_arrive_in_utf_8_and_in_latin_1(importar_texto, codificacao):
    resultado = importar_texto("localidades", "7;SÃO JOSÉ Nº 1;SERTÃO;ARAÇÁ;RN;84", codificacao=codificacao)

    assert resultado.codificacao == ("utf-8" if codificacao.startswith("utf") else "cp1252")
    assert Localidade.objects.get().nome == "SÃO JOSÉ Nº 1"


def test_one_damaged_line_in_a_utf_8_file_is_refused_instead_of_read_as_nonsense(tmp_path):
    linhas = [
        CABECALHOS["localidades"].encode(),
        "7;SÃO JOSÉ;G;M;RN;84".encode(),
        "8;CAÇADOR;G;M;RN;84".encode("cp1252"),
    ]
    (tmp_path / "localidades.csv").write_bytes(b"\n".join(linhas))
    (resultado,) = importar(tmp_path)

    assert contagens(resultado) == (1, 0, 0, 1)
    assert motivos(resultado) == [(3, "", "A linha não está na codificação do arquivo (UTF-8 ou Windows-1252).")]


def test_the_files_go_in_order_and_one_that_fails_does_not_stop_the_others(tmp_path):
    (tmp_path / "localidades.csv").write_text("errado\n")
    (tmp_path / "clientes.csv").write_text(f"{CABECALHOS['clientes']}\n1;ANA;;;;;\n")

    primeiro, segundo = importar(tmp_path)

    assert (primeiro.arquivo, segundo.arquivo) == ("localidades", "clientes")
    assert primeiro.erro
    assert contagens(segundo) == (1, 0, 0, 0)


def test_a_folder_without_known_files_or_that_does_not_exist_is_an_error(tmp_path):
    (tmp_path / "outro.csv").write_text("a;b\n")
    with pytest.raises(ErroDeImportacao, match=r"localidades\.csv"):
        importar(tmp_path)
    with pytest.raises(ErroDeImportacao, match="não existe"):
        importar(tmp_path / "nada")


def test_a_constraint_that_nobody_foresaw_fails_its_file_alone_with_words(tmp_path):
    (tmp_path / "localidades.csv").write_text(f"{CABECALHOS['localidades']}\n7;A;G;M;RN;84\n")
    (tmp_path / "clientes.csv").write_text(f"{CABECALHOS['clientes']}\n1;ANA;;;;;\n")
    (tmp_path / "telefones.csv").write_text(f"{CABECALHOS['telefones']}\n1;1;84;32221234;;;;\n1;1;84;32221235;;;;\n")
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE cadastro_clientefone ADD CONSTRAINT surpresa CHECK (numero <> '32221235')")

    localidades, clientes, telefones = importar(tmp_path)

    assert (localidades.novas, clientes.novas, telefones.novas) == (1, 1, 0)
    assert telefones.erro.startswith("O banco de dados recusou o arquivo, e nada dele foi gravado:")
    assert "surpresa" in telefones.erro
    assert Cliente.objects.count() == 1
    assert not ClienteFone.objects.exists()


# --- hostile lines ---


def test_hostile_lines_are_refused_one_by_one_and_the_rest_goes_in(tmp_path):
    linhas = [
        CABECALHOS["clientes"].encode(),
        b"1;ANA;;;;;",
        b"2;BE\0TO;;;;;",
        b'3;"CAIO;;;;;',
        b"4;" + b"D" * (3 * LIMITE_DA_LINHA) + b";;;;;",
        b"5;EVA;;;;",
        b"6;F;A;B;I;O;;;;;",
        b"7;GIL\x1b[2J;;;;;",
        "8;HELENA\u2028;;;;;".encode(),
        b'9;"IVO"X;;;;;',
        "10;JOÃO;;;;;".encode(),
        b"11;" + b"K" * 101 + b";;;;;",
        b"12;L\rM;;;;;",
        b"\\.",
        b"14;N\\A;;;;;",
        b";;;;;;",
    ]
    (tmp_path / "clientes.csv").write_bytes(b"\n".join(linhas) + b"\n")
    (resultado,) = importar(tmp_path)

    assert sorted(Cliente.objects.values_list("pk", "nome")) == [(1, "ANA"), (10, "JOÃO"), (14, "N\\A")]
    assert motivos(resultado) == [
        (3, "", "A linha tem um caractere de controle."),
        (4, "", "Aspas sem par, ou quebra de linha dentro das aspas."),
        (5, "", "A linha passa de 64 mil caracteres."),
        (6, "", "Campos na linha: 6; no cabeçalho: 7."),
        (7, "", "Campos na linha: 11; no cabeçalho: 7."),
        (8, "", "A linha tem um caractere de controle."),
        (9, "", "A linha tem um caractere de controle."),
        (10, "", "Aspas sem par, ou quebra de linha dentro das aspas."),
        (12, "nome", "Passa de 100 caracteres."),
        (13, "", "A linha tem um caractere de controle."),
        (14, "", "Campos na linha: 1; no cabeçalho: 7."),
        (16, "cliente", "Campo obrigatório."),
    ]


def test_the_refused_file_brings_the_original_line_and_goes_away_when_all_is_right(importar_texto, tmp_path):
    saida = tmp_path / "volta"
    errada = importar_texto("clientes", '1;"ANA; A";52998224724;;;;', saida=saida)

    assert errada.arquivo_de_recusadas == saida / "clientes_recusadas.csv"
    assert recusas(errada) == [(2, "documento", "Número do CPF inválido.", '1;"ANA; A";52998224724;;;;')]

    certa = importar_texto("clientes", '1;"ANA; A";52998224725;;;;', saida=saida)

    assert certa.arquivo_de_recusadas is None
    assert list(saida.iterdir()) == []


@pytest.mark.parametrize(
    "texto", ["' OR 1=1 --", "'); DROP TABLE cadastro_cliente; --", "%s %(x)s {0} {l.nome}", "$$\\'"]
)
def test_a_name_that_looks_like_code_is_only_a_name(importar_texto, texto):
    importar_texto("clientes", f'1;"{texto}";;;;;')

    assert Cliente.objects.get().nome == texto


# --- values ---

NOMES = st.text(
    st.characters(codec="utf-8", exclude_categories=("Cc", "Cs", "Zl", "Zp")), min_size=1, max_size=100
).filter(lambda nome: nome.strip(" \t\xa0"))


@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(nomes=st.lists(NOMES, min_size=1, max_size=20))
def test_any_name_makes_the_round_trip(nomes, tmp_path):
    Cliente.objects.all().delete()
    with (tmp_path / "clientes.csv").open("w", encoding="utf-8", newline="") as arquivo:
        escritor = csv.writer(arquivo, delimiter=";", lineterminator="\n")
        escritor.writerow(CABECALHOS["clientes"].split(";"))
        escritor.writerows([numero, nome, "", "", "", "", ""] for numero, nome in enumerate(nomes, 1))
    (resultado,) = importar(tmp_path)

    esperados = {n: normalize("NFC", nome.strip()) for n, nome in enumerate(nomes, 1)}
    cabem = {n: nome.strip(" \t\xa0") for n, nome in esperados.items() if len(nome) <= 100 and nome}
    assert dict(Cliente.objects.values_list("pk", "nome")) == cabem
    assert resultado.recusadas == len(nomes) - len(cabem)
    assert importar(tmp_path)[0].iguais == len(cabem)


@pytest.mark.parametrize("marca", ["S", "s", "1"])
def test_yes_has_two_spellings(importar_texto, marca):
    importar_texto("clientes", f"1;ANA;;ana@example.com;{marca};{marca};{marca}")

    cliente = Cliente.objects.get()
    assert (cliente.por_sms, cliente.por_email, cliente.ativo) == (True, True, True)


def test_empty_switches_are_off_and_the_customer_is_active(importar_texto):
    importar_texto("clientes", "1;ANA;;;;;", "2;BIA;;;2;N;2")

    assert list(Cliente.objects.order_by("pk").values_list("por_sms", "por_email", "ativo")) == [
        (False, False, True),
        (False, False, False),
    ]


@pytest.mark.parametrize(
    ("linha", "coluna", "motivo"),
    [
        ("x;ANA;;;;;", "cliente", "Deve ser um número inteiro."),
        ("0;ANA;;;;;", "cliente", "Deve ir de 1 a 999999999999999999."),
        ("-1;ANA;;;;;", "cliente", "Deve ser um número inteiro."),
        ("9999999999999999999999;ANA;;;;;", "cliente", "Deve ser um número inteiro."),
        ("١;ANA;;;;;", "cliente", "Deve ser um número inteiro."),
        ("1;  ;;;;;", "nome", "Campo obrigatório."),
        ("1;ANA;529.982.247-26;;;;", "documento", "Número do CPF inválido."),
        ("1;ANA;11222333000182;;;;", "documento", "CNPJ inválido."),
        ("1;ANA;;ana@;;;", "email", "E-mail inválido."),
        ("1;ANA;;" + "a" * 250 + "@example.com;;;", "email", "Passa de 254 caracteres."),
        ("1;ANA;;;talvez;;", "por_sms", "Deve ser S ou N (ou 1 ou 2)."),
    ],
)
def test_a_wrong_value_of_a_customer_is_refused_with_its_column(importar_texto, linha, coluna, motivo):
    assert motivos(importar_texto("clientes", linha)) == [(2, coluna, motivo)]


def test_a_document_loses_its_mask_and_a_name_gets_its_searched_form(importar_texto):
    importar_texto("clientes", "1;JOSÉ  ANTÔNIO;529.982.247-25;;;;", "2;LOJA;12.abc.345/01de-35;;;;")

    ana, loja = Cliente.objects.order_by("pk")
    assert (ana.documento, ana.nome_busca, loja.documento) == ("52998224725", "jose antonio", "12ABC34501DE35")


def test_the_document_tells_the_type_and_the_file_leaves_the_rest_of_a_customer_alone(importar_texto):
    importar_texto("clientes", "1;ANA;529.982.247-25;;;;", "2;LOJA;12.abc.345/01de-35;;;;", "3;RUI;;;;;")
    assert list(Cliente.objects.order_by("pk").values_list("tipo", flat=True)) == [1, 2, 1]
    Cliente.objects.filter(pk=3).update(tipo=2, ramo_atividade="PADARIA", acao_cobranca=False)

    importar_texto("clientes", "1;ANA;11.222.333/0001-81;;;;", "3;PADARIA DO RUI;;;;;")

    ana, rui = Cliente.objects.get(pk=1), Cliente.objects.get(pk=3)
    assert (ana.tipo, rui.tipo, rui.nome) == (2, 2, "PADARIA DO RUI")
    assert (rui.ramo_atividade, rui.acao_cobranca) == ("PADARIA", False)


def test_a_name_whose_searched_form_grows_is_cut_to_its_column(importar_texto):
    assert importar_texto("clientes", f"1;{'ß' * 100};;;;;").novas == 1
    assert Cliente.objects.get().nome_busca == "s" * 100


@pytest.mark.parametrize("email", ["ana@example.com", "a.b+c@x.example", "ana@exemplo.com.br", "a!b@example.com"])
def test_an_address_django_accepts_is_accepted(email):
    assert normalizar_email(email) == email


@pytest.mark.parametrize(
    "email", ["ana", "ana@", ".ana@example.com", "a..b@example.com", "ana@-x.com", "a@b", "a b@c.de"]
)
def test_an_address_django_refuses_is_refused(email):
    with pytest.raises(ValueError, match="E-mail inválido"):
        normalizar_email(email)


@settings(max_examples=300)
@given(st.text("aA0.+-_@ü", max_size=12).map(lambda inicio: f"{inicio}@a-b.example.com") | st.emails())
def test_the_fast_path_never_accepts_an_address_that_django_refuses(email):
    try:
        normalizar_email(email)
    except ValueError:
        return
    try:
        validate_email(email)
    except ValidationError:
        raise AssertionError(email) from None


# --- repetition and change ---


def test_a_repeated_key_keeps_the_first_line_and_names_it(importar_texto):
    resultado = importar_texto("clientes", "1;ANA;;;;;", "2;BIA;;;;;", "1;ANA MARIA;;;;;", "1;ANA PAULA;;;;;")

    assert motivos(resultado) == [(4, "cliente", "Repete a linha 2."), (5, "cliente", "Repete a linha 2.")]
    assert Cliente.objects.get(pk=1).nome == "ANA"


def test_a_refused_line_does_not_count_as_the_first(importar_texto):
    resultado = importar_texto("clientes", "1;ANA;52998224724;;;;", "1;ANA;52998224725;;;;")

    assert contagens(resultado) == (1, 0, 0, 1)


ARQUIVOS = {
    "localidades": "7;CENTRO;LITORAL;NATAL;RN;84",
    "imoveis": "19;7;1;2;3;10;0;Rua A;1;1;NORMAL;3",
    "clientes": "1;ANA;52998224725;ana@example.com;S;S;S",
    "telefones": "1;3;84;987654321;;;S;S",
    "vinculos": "19;1;2;2020-01-01;",
}
TABELAS = (
    *("gerencia", "municipio", "localidade", "setorcomercial", "rota", "quadra", "perfil", "imovel"),
    *("cliente", "clientefone", "clienteimovel"),
)


@pytest.fixture
def base(tmp_path):
    for nome, linha in ARQUIVOS.items():
        (tmp_path / f"{nome}.csv").write_text(f"{CABECALHOS[nome]}\n{linha}\n")
    assert [contagens(r) for r in importar(tmp_path)] == [(1, 0, 0, 0)] * 5
    return tmp_path


def test_importing_again_writes_no_row_version_at_all(base):
    antes = {tabela: versoes(f"cadastro_{tabela}") for tabela in TABELAS}

    assert [contagens(r) for r in importar(base)] == [(0, 0, 1, 0)] * 5
    assert {tabela: versoes(f"cadastro_{tabela}") for tabela in TABELAS} == antes


@pytest.mark.parametrize(
    ("nome", "linha", "conferir"),
    [
        ("localidades", "7;CENTRO;SERTÃO;NATAL;RN;84", lambda: Localidade.objects.get().gerencia.nome == "SERTÃO"),
        ("localidades", "7;CENTRO;LITORAL;NATAL;RN;83", lambda: Municipio.objects.get().ddd == "83"),
        ("imoveis", "19;7;1;2;3;10;0;Rua B;1;1;NORMAL;3", lambda: Imovel.objects.get().endereco == "Rua B"),
        ("imoveis", "19;7;1;9;3;10;0;Rua A;1;1;NORMAL;3", lambda: Imovel.objects.get().quadra.numero == 9),
        ("imoveis", "19;7;1;2;8;10;0;Rua A;1;1;NORMAL;3", lambda: Quadra.objects.get().rota.codigo == 8),
        ("imoveis", "19;7;1;2;3;10;0;Rua A;1;1;COMUM;3", lambda: Perfil.objects.get().descricao == "COMUM"),
        ("clientes", "1;ANA;;ana@example.com;S;S;S", lambda: Cliente.objects.get().documento is None),
        ("clientes", "1;ANA LÚCIA;52998224725;;S;S;S", lambda: Cliente.objects.get().nome_busca == "ana lucia"),
        ("telefones", "1;3;84;987654321;;CASA;S;N", lambda: not ClienteFone.objects.get().sms),
        ("vinculos", "19;1;2;2020-01-01;2026-01-31", lambda: ClienteImovel.objects.get().fim == date(2026, 1, 31)),
    ],
)
def test_a_changed_row_updates_and_is_reported(base, nome, linha, conferir):
    (base / f"{nome}.csv").write_text(f"{CABECALHOS[nome]}\n{linha}\n")
    resultado = next(r for r in importar(base) if r.arquivo == nome)

    assert contagens(resultado) == (0, 1, 0, 0)
    assert conferir()


def test_a_change_moves_the_moment_of_change_and_an_equal_row_does_not(importar_texto):
    importar_texto("clientes", "1;ANA;;;;;", "2;BIA;;;;;")
    antes = dict(Cliente.objects.values_list("pk", "alterado_em"))
    importar_texto("clientes", "1;ANA;;;;;", "2;BEATRIZ;;;;;")
    depois = dict(Cliente.objects.values_list("pk", "alterado_em"))

    assert depois[1] == antes[1]
    assert depois[2] >= antes[2]


def test_after_explicit_ids_the_next_customer_gets_a_free_one(importar_texto):
    importar_texto("clientes", "41;ANA;;;;;", "7;BIA;;;;;")

    assert Cliente.objects.create(nome="CAIO").pk > 41


# --- places ---


def test_an_imovel_brings_its_places_and_profile(importar_texto):
    nova_localidade(7)
    resultado = importar_texto(
        "imoveis", "1.9;7;1;2;3;10;0;Rua A;1;1;NORMAL;", "27;7;1;2;3;20;;;2;1;NORMAL;5", "35;7;2;2;3;;;;4;5;ESPECIAL;3"
    )

    assert contagens(resultado) == (3, 0, 0, 0)
    primeiro = Imovel.objects.select_related("quadra__setor", "quadra__rota", "perfil").get(pk=19)
    assert primeiro.inscricao == "007.001.002.0010.000"
    assert (primeiro.quadra.rota.codigo, primeiro.perfil.descricao, primeiro.situacao_agua) == (3, "NORMAL", 3)
    assert Quadra.objects.count() == 2


def test_the_sewer_situation_is_a_column_that_may_be_missing_and_then_stays_as_it_is(importar_texto):
    nova_localidade(7)
    com = f"{CABECALHOS['imoveis']};situacao_esgoto"
    linhas = ("19;7;1;2;3;10;0;R;1;1;NORMAL;3;3", "27;7;1;2;3;20;0;R;1;1;NORMAL;3;")
    importar_texto("imoveis", com, *linhas, cabecalho=False)
    sem = importar_texto("imoveis", "19;7;1;2;3;10;0;R;1;1;NORMAL;3", "27;7;1;2;3;30;0;R;1;1;NORMAL;3")

    assert contagens(sem) == (0, 1, 1, 0)
    assert dict(Imovel.objects.values_list("matricula", "situacao_esgoto")) == {19: 3, 27: 1}


def test_a_sewer_situation_that_does_not_exist_is_refused(importar_texto):
    nova_localidade(7)
    com = f"{CABECALHOS['imoveis']};situacao_esgoto"

    resultado = importar_texto("imoveis", com, "19;7;1;2;3;10;0;R;1;1;NORMAL;3;7", cabecalho=False)

    assert motivos(resultado) == [(2, "situacao_esgoto", "Deve ir de 1 a 6.")]


@pytest.mark.parametrize(
    ("linha", "coluna", "motivo"),
    [
        ("18;7;1;2;3;10;0;R;1;1;NORMAL;3", "matricula", "Matrícula inválida: o dígito não confere."),
        ("1234567890;7;1;2;3;10;0;R;1;1;NORMAL;3", "matricula", "Matrícula inválida: use de 2 a 9 algarismos."),
        ("00;7;1;2;3;10;0;R;1;1;NORMAL;3", "matricula", "Matrícula inválida: o dígito não confere."),
        ("19;8;1;2;3;10;0;R;1;1;NORMAL;3", "localidade", "Localidade 8 não existe."),
        ("19;7;1;2;3;10;0;R;5;1;NORMAL;3", "categoria", "Deve ir de 1 a 4."),
        ("19;7;1;2;3;10;0;R;1;9;;3", "perfil_descricao", "O perfil 9 não existe: informe a descrição."),
        ("19;7;1;2;3;99999;0;R;1;1;NORMAL;3", "lote", "Deve ir de 0 a 9999."),
        ("19;7;1;2;3;10;0;R;1;1;NORMAL;9", "situacao_agua", "Deve ir de 1 a 8."),
    ],
)
def test_a_wrong_imovel_is_refused_and_leaves_no_place_behind(importar_texto, linha, coluna, motivo):
    nova_localidade(7)

    assert motivos(importar_texto("imoveis", linha)) == [(2, coluna, motivo)]
    assert not Quadra.objects.exists()
    assert not Perfil.objects.exists()


def test_lines_that_disagree_about_a_shared_thing_keep_the_first(importar_texto):
    nova_localidade(7)
    resultado = importar_texto(
        "imoveis",
        "19;7;1;2;3;;;;1;1;NORMAL;",
        "27;7;1;2;4;;;;1;1;NORMAL;",
        "35;7;1;2;3;;;;1;1;COMUM;",
        "43;7;1;2;3;;;;1;1;;",
    )

    assert motivos(resultado) == [
        (3, "rota", "Na linha 2 a quadra 2 é da rota 3."),
        (4, "perfil_descricao", "Na linha 2 o perfil 1 é “NORMAL”."),
    ]


def test_a_municipio_has_one_ddd_that_exists(importar_texto):
    resultado = importar_texto(
        "localidades",
        "1;A;G;NATAL;RN;84",
        "2;B;G;NATAL;RN;83",
        "3;C;G;NATAL;RN;20",
        "4;D;G;NATAL;XX;84",
        "1000;E;G;M;RN;84",
    )

    assert motivos(resultado) == [
        (3, "ddd", "Na linha 2 o município tem o DDD 84."),
        (4, "ddd", "DDD inexistente."),
        (5, "uf", "UF inexistente."),
        (6, "codigo", "Deve ir de 1 a 999."),
    ]


# --- documents ---


def test_a_document_of_another_customer_is_refused(importar_texto):
    dono = novo_cliente(documento="52998224725", celular=None)
    livre = dono.pk + 1
    resultado = importar_texto(
        "clientes",
        f"{livre};BIA;529.982.247-25;;;;",
        f"{livre + 1};LOJA;11222333000181;;;;",
        f"{livre + 2};X;11222333000181;;;;",
    )

    assert motivos(resultado) == [
        (2, "documento", f"CPF já informado para cliente {dono.pk}."),
        (4, "documento", "O documento já está na linha 3."),
    ]


def test_two_customers_may_swap_documents_and_one_may_hand_his_over(importar_texto):
    importar_texto("clientes", "1;A;52998224725;;;;", "2;B;11222333000181;;;;", "3;C;11144477735;;;;")
    resultado = importar_texto(
        "clientes", "1;A;11222333000181;;;;", "2;B;52998224725;;;;", "3;C;;;;;", "4;D;11144477735;;;;"
    )

    assert contagens(resultado) == (1, 3, 0, 0)
    assert dict(Cliente.objects.values_list("pk", "documento")) == {
        1: "11222333000181",
        2: "52998224725",
        3: None,
        4: "11144477735",
    }


def test_a_document_whose_owner_was_refused_stays_with_him_down_the_chain(importar_texto):
    documentos = ["52998224725", "11222333000181", "11144477735"]
    importar_texto("clientes", *(f"{n};X;{documento};;;;" for n, documento in enumerate(documentos, 1)))
    # 1 cannot change (its line is wrong), so 2 cannot take its document, and 3 cannot take that of 2
    resultado = importar_texto("clientes", "1;;;;;;", f"2;X;{documentos[0]};;;;", f"3;X;{documentos[1]};;;;")

    assert [linha for linha, *_ in motivos(resultado)] == [2, 3, 4]
    assert list(Cliente.objects.order_by("pk").values_list("documento", flat=True)) == documentos


def test_a_chain_longer_than_the_passes_still_ends_without_a_broken_constraint(importar_texto):
    quantos = importacao.PASSADAS + 5
    documentos = [gerar_cpf(Random(n)) for n in range(quantos)]
    importar_texto("clientes", *(f"{n};X;{documento};;;;" for n, documento in enumerate(documentos, 1)))
    resultado = importar_texto(
        "clientes", "1;;;;;;", *(f"{n};X;{documentos[n - 2]};;;;" for n in range(2, quantos + 1))
    )

    assert not resultado.erro
    assert resultado.recusadas == quantos


# --- phones ---


@pytest.fixture
def cliente(db):
    return novo_cliente(celular=None)


@pytest.mark.parametrize(
    ("campos", "coluna", "motivo"),
    [
        ("1;84;32221234;;;N;S", "sms", "Telefone SMS deve ser do Tipo Celular."),
        ("3;84;32221234;;;N;S", "numero", "O celular marcado para SMS deve ter 9 dígitos e começar por 9."),
        ("3;84;87654321;;;N;S", "numero", "O celular marcado para SMS deve ter 9 dígitos e começar por 9."),
        ("3;20;987654321;;;N;S", "ddd", "DDD inexistente."),
        ("3;84;987654;;;N;S", "numero", "Número do Telefone deve conter entre 7 e 9 dígitos."),
        ("3;84;9876543210;;;N;S", "numero", "Número do Telefone deve conter entre 7 e 9 dígitos."),
        ("5;84;987654321;;;N;S", "tipo", "Deve ir de 1 a 4."),
        ("1;84;32221234;12345;;N;N", "ramal", "Ramal inválido."),
    ],
)
def test_a_wrong_phone_is_refused(importar_texto, cliente, campos, coluna, motivo):
    assert motivos(importar_texto("telefones", f"{cliente.pk};{campos}")) == [(2, coluna, motivo)]


def test_a_phone_is_cleaned_and_needs_its_customer(importar_texto, cliente):
    resultado = importar_texto(
        "telefones", f"{cliente.pk};3;84;98765-4321;;ANA;S;S", f"{cliente.pk + 1};3;84;987654321;;;S;S"
    )

    assert motivos(resultado) == [(3, "cliente", f"Cliente {cliente.pk + 1} não existe.")]
    assert ClienteFone.objects.get().numero == "987654321"


def test_a_second_sms_phone_or_principal_in_the_file_is_refused(importar_texto, cliente):
    resultado = importar_texto(
        "telefones",
        f"{cliente.pk};3;84;987654321;;;S;S",
        f"{cliente.pk};3;84;987654322;;;N;S",
        f"{cliente.pk};3;84;987654323;;;S;N",
        f"{cliente.pk};3;84;98765-4321;;;S;S",
    )

    assert motivos(resultado) == [
        (3, "sms", "O cliente já tem um telefone marcado para SMS, na linha 2."),
        (4, "principal", "O cliente já tem um telefone principal, na linha 2."),
        (5, "cliente", "Repete a linha 2."),
    ]


def test_a_second_sms_phone_or_principal_beside_the_stored_one_is_refused(importar_texto, cliente):
    novo_fone(cliente, numero="911111111", principal=True, sms=True)
    resultado = importar_texto("telefones", f"{cliente.pk};3;84;987654321;;;N;S", f"{cliente.pk};3;84;987654322;;;S;N")

    assert motivos(resultado) == [
        (2, "sms", "O cliente já tem um telefone marcado para SMS."),
        (3, "principal", "O cliente já tem um telefone principal."),
    ]


def test_the_marks_move_from_one_phone_to_another(importar_texto, cliente):
    importar_texto("telefones", f"{cliente.pk};3;84;911111111;;;S;S", f"{cliente.pk};3;84;922222222;;;N;N")
    for marcado, outro in (("922222222", "911111111"), ("911111111", "922222222")):
        resultado = importar_texto(
            "telefones", f"{cliente.pk};3;84;{marcado};;;S;S", f"{cliente.pk};3;84;{outro};;;N;N"
        )
        assert contagens(resultado) == (0, 2, 0, 0)
        assert ClienteFone.objects.get(sms=True, principal=True).numero == marcado


def test_the_stored_mark_that_the_file_keeps_comes_before_a_new_claim(importar_texto, cliente):
    novo_fone(cliente, numero="911111111", sms=True)
    resultado = importar_texto("telefones", f"{cliente.pk};3;84;922222222;;;N;S", f"{cliente.pk};3;84;911111111;;;N;S")

    assert motivos(resultado) == [(2, "sms", "O cliente já tem um telefone marcado para SMS, na linha 3.")]


# --- links ---


@pytest.fixture
def imovel(db):
    return novo_imovel()


def test_wrong_links_are_refused(importar_texto, imovel, cliente):
    m, c = imovel.pk, cliente.pk
    resultado = importar_texto(
        "vinculos",
        f"{m};{c};2;2020-02-30;",
        f"{m};{c};4;2020-01-01;",
        f"{m};{c + 1};2;2020-01-01;",
        f"{matricula_com_digito(99_999_999)};{c};2;2020-01-01;",
        f"{m};{c};1;2020-01-02;2020-01-01",
        f"{m};{c};1;D-1;",
        f"{m};{c};1;0020-01-01;",
    )

    assert [(linha, coluna) for linha, coluna, _ in motivos(resultado)] == [
        *[(2, "inicio"), (3, "relacao"), (4, "cliente"), (5, "matricula"), (6, "fim"), (7, "inicio"), (8, "inicio")]
    ]


def test_a_second_usuario_in_the_same_period_is_refused_against_file_and_register(importar_texto, imovel):
    a, b, c = (novo_cliente(celular=None) for _ in range(3))
    outro = novo_imovel()
    novo_vinculo(a, imovel, inicio=date(2020, 1, 1), fim=date(2022, 1, 1))
    resultado = importar_texto(
        "vinculos",
        f"{imovel.pk};{b.pk};2;2021-12-31;2023-01-01",  # meets the stored one
        f"{imovel.pk};{b.pk};2;2022-01-01;2023-01-01",
        f"{imovel.pk};{c.pk};2;2022-06-01;",  # meets line 3
        f"{imovel.pk};{c.pk};1;2022-06-01;",  # a proprietário may
        f"{outro.pk};{a.pk};2;01/01/2020;01/01/2021",
        f"{outro.pk};{b.pk};2;2020-06-01;2021-06-01",  # meets line 6
        f"{outro.pk};{c.pk};2;2021-01-01;",  # meets only line 7, which is out
    )

    assert motivos(resultado) == [
        (2, "inicio", "O imóvel já tem um usuário neste período, no cadastro."),
        (4, "inicio", "O imóvel já tem um usuário neste período, na linha 3."),
        (7, "inicio", "O imóvel já tem um usuário neste período, na linha 6."),
    ]
    assert resultado.novas == 4


def test_a_usuario_leaves_and_another_comes_in_the_same_file(importar_texto, imovel):
    a, b = novo_cliente(celular=None), novo_cliente(celular=None)
    novo_vinculo(a, imovel, inicio=date(2020, 1, 1))
    resultado = importar_texto(
        "vinculos", f"{imovel.pk};{b.pk};2;2024-01-01;", f"{imovel.pk};{a.pk};2;2020-01-01;2024-01-01"
    )

    assert contagens(resultado) == (1, 1, 0, 0)


def test_a_period_grows_into_the_place_that_another_leaves(importar_texto, imovel):
    a, b = novo_cliente(celular=None), novo_cliente(celular=None)
    novo_vinculo(a, imovel, inicio=date(2020, 1, 1), fim=date(2021, 1, 1))
    novo_vinculo(b, imovel, inicio=date(2021, 1, 1))
    resultado = importar_texto(
        "vinculos", f"{imovel.pk};{a.pk};2;2020-01-01;", f"{imovel.pk};{b.pk};2;2021-01-01;2021-01-01"
    )

    assert contagens(resultado) == (0, 2, 0, 0)


def test_relative_dates_count_from_the_given_day(importar_texto, imovel, cliente):
    importar_texto("vinculos", f"{imovel.pk};{cliente.pk};2;D-40;D+3", hoje=HOJE)

    vinculo = ClienteImovel.objects.get()
    assert (vinculo.inicio, vinculo.fim, vinculo.relacao) == (date(2026, 10, 1), date(2026, 11, 13), Relacao.USUARIO)


# Periods and marks in any combination, twice over the same rows: whatever comes, no constraint may break.
DIAS = st.integers(1, 8).map(lambda dia: f"2024-01-0{dia}")
LINHAS_DE_VINCULO = st.lists(
    st.tuples(st.integers(0, 1), st.integers(0, 2), st.integers(1, 2), DIAS, DIAS | st.just("")), max_size=10
)
SN = st.sampled_from("SN")
LINHAS_DE_FONE = st.lists(st.tuples(st.integers(0, 1), st.integers(1, 3), SN, SN), max_size=10)


@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(primeira=LINHAS_DE_VINCULO, segunda=LINHAS_DE_VINCULO, fones=LINHAS_DE_FONE, depois=LINHAS_DE_FONE)
def test_no_mixture_of_links_and_phones_breaks_a_constraint(importar_texto, primeira, segunda, fones, depois):
    ClienteImovel.objects.all().delete()
    ClienteFone.objects.all().delete()
    imoveis, clientes = [novo_imovel() for _ in range(2)], [novo_cliente(celular=None) for _ in range(3)]
    for linhas in (primeira, segunda):
        textos = [f"{imoveis[i].pk};{clientes[c].pk};{r};{de};{ate}" for i, c, r, de, ate in linhas]
        resultado = importar_texto("vinculos", *textos)
        assert not resultado.erro
    for linhas in (fones, depois):
        textos = [f"{clientes[c].pk};3;84;98765432{n};;;{principal};{sms}" for c, n, principal, sms in linhas]
        assert not importar_texto("telefones", *textos).erro


# --- cost ---


def test_the_number_of_statements_does_not_depend_on_the_number_of_rows(tmp_path):
    quantidades = []
    for tamanho in (10, 3000):
        linhas = [f"{n};CLIENTE {n};;;;;" for n in range(1, tamanho + 1)]
        linhas += [f"{n};;;;;;" for n in range(tamanho)]  # refused
        (tmp_path / "clientes.csv").write_text("\n".join([CABECALHOS["clientes"], *linhas]))
        with CaptureQueriesContext(connection) as consultas:
            importar(tmp_path)
        quantidades.append(len([c for c in consultas if not c["sql"].startswith("ANALYZE")]))

    assert quantidades[0] == quantidades[1] < 30


def test_progress_is_told_by_bytes_to_the_end(tmp_path):
    linhas = [f"{n};{'X' * 90};;;;;" for n in range(10_000)]
    caminho = tmp_path / "clientes.csv"
    caminho.write_text("\n".join([CABECALHOS["clientes"], *linhas]))
    passos = []
    importar(tmp_path, progresso=lambda *passo: passos.append(passo))

    lidos = [lidos for _, etapa, lidos, _ in passos if etapa == "lendo"]
    assert len(lidos) > 2
    assert lidos == sorted(lidos)
    assert lidos[-1] == caminho.stat().st_size
    assert {etapa for _, etapa, _, _ in passos} == {"lendo", "conferindo", "gravando"}


# --- the command ---


def test_the_command_shows_the_counts_and_where_the_refused_lines_are(tmp_path, capsys):
    (tmp_path / "clientes.csv").write_text(f"{CABECALHOS['clientes']}\n1;ANA;;;;;\n2;;;;;;\n")
    (tmp_path / "cliente.csv").write_text("engano\n")
    call_command("importar", str(tmp_path), verbosity=0)

    saida, erros = capsys.readouterr()
    assert saida.splitlines()[1].split() == ["clientes", "2", "1", "0", "0", "1"]
    assert str(tmp_path / "clientes_recusadas.csv") in saida
    assert "Memória máxima" in saida
    assert "cliente.csv" in erros


def test_the_command_fails_when_a_file_could_not_be_imported(tmp_path, capsys):
    (tmp_path / "clientes.csv").write_text("errado\n")
    with pytest.raises(CommandError, match="não pôde ser importado"):
        call_command("importar", str(tmp_path), verbosity=0)
    assert "clientes.csv não foi importado: Cabeçalho inválido" in capsys.readouterr().err
