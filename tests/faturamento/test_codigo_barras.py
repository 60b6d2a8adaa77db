# ruff: noqa: E501 - the published vectors are a table, one a line

from dataclasses import FrozenInstanceError
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from faturamento.codigo_barras import (
    CodigoInvalido,
    DadoInvalido,
    ErroCodigoBarras,
    ParametrosIncompletos,
    codigo_conta,
    codigo_da_linha,
    codigo_documento,
    ler,
    linha_digitavel,
    linha_formatada,
)

# padroes.md 10.1: code, line, segment, identifier, amount in reais (None when the field is a reference)
PUBLICADOS = [
    ("82650000011314400081709240000000220210400001", "82650000011-0 31440008170-4 92400000002-7 20210400001-5", 2, 6, "1131.44"),
    ("82680000001512100191001174006376273132400512", "82680000001-8 51210019100-0 11740063762-7 73132400512-3", 2, 6, "151.21"),
    ("83620000000667800481001809756573100158963608", "83620000000-5 66780048100-0 18097565731-3 00158963608-1", 3, 6, "66.78"),
    ("83860000005096000190000008017823000034306271", "83860000005-0 09600019000-9 00080178230-9 00034306271-2", 3, 8, "509.60"),
    ("84630000000299902962020041013600000200644114", "84630000000-3 29990296202-4 00410136000-8 00200644114-7", 4, 6, "29.99"),
    ("84890000000404201622018060519042958603411122", "84890000000-2 40420162201-5 80605190429-2 58603411122-0", 4, 8, "40.42"),
    ("85800000007438403281926307201925230472960052", "85800000007-0 43840328192-2 63072019252-8 30472960052-3", 5, 8, "743.84"),
    ("85820000000572503282035607082021053959190446", "85820000000-7 57250328203-0 56070820210-7 53959190446-0", 5, 8, "57.25"),
    ("83800000000570100310200140444030700008190320", "83800000000-9 57010031020-9 01404440307-0 00008190320-0", 3, 8, "57.01"),
    ("84910000000010010422023123100000000000054321", "84910000000-6 01001042202-9 31231000000-1 00000054321-7", 4, 9, None),
    ("86705555555555566667777777777777777777777777", "86705555555-3 55556666777-3 77777777777-5 77777777777-5", 6, 7, None),
]  # fmt: skip

# gsan.md 6.5
CONTA_MODULO_10 = "82630000001234501230010123456790105202470003"
CONTA_MODULO_11 = "82840000001234501230010123456790105202470003"
DOCUMENTO_MODULO_10 = "82690000002500001230010123456790000000770815"
LINHAS_GSAN = [
    (CONTA_MODULO_10, "826300000013234501230010012345679018052024700032"),
    (CONTA_MODULO_11, "828400000017234501230014012345679010052024700030"),
    (DOCUMENTO_MODULO_10, "826900000025500001230019012345679000000007708159"),
]


VALORES = st.decimals(min_value=0, max_value=Decimal("999999999.99"), places=2)
PARTES_COMUNS = {
    "localidade": st.integers(1, 999),
    "matricula": st.integers(1, 999_999_999),
    "valor": VALORES,
    "empresa": st.from_regex(r"[0-9]{4}", fullmatch=True),
    "modulo": st.sampled_from([10, 11]),
}


def conta(**trocas):
    partes = {
        "localidade": 1,
        "matricula": 12345679,
        "referencia": 202405,
        "valor": Decimal("123.45"),
        "empresa": "0123",
        "modulo": 10,
    }
    return codigo_conta(**(partes | trocas))


def documento(**trocas):
    partes = {
        "localidade": 1,
        "matricula": 12345679,
        "sequencial": 77,
        "tipo_documento": 8,
        "valor": Decimal("250.00"),
        "empresa": "0123",
        "modulo": 10,
    }
    return codigo_documento(**(partes | trocas))


def test_a_conta_and_a_documento_have_the_codes_gsan_gives_them():
    assert conta(modulo=10) == CONTA_MODULO_10
    assert conta(modulo=11) == CONTA_MODULO_11
    assert documento() == DOCUMENTO_MODULO_10


@pytest.mark.parametrize(("codigo", "linha"), LINHAS_GSAN)
def test_the_line_is_the_four_blocks_each_with_its_digit(codigo, linha):
    assert linha_digitavel(codigo) == linha
    assert codigo_da_linha(linha) == codigo


@pytest.mark.parametrize(("codigo", "linha"), [(codigo, linha) for codigo, linha, *_ in PUBLICADOS])
def test_published_codes_print_as_their_published_lines(codigo, linha):
    assert linha_formatada(codigo) == linha
    assert len(linha) == 55
    assert codigo_da_linha(linha) == codigo


@pytest.mark.parametrize(("codigo", "linha", "segmento", "identificador", "valor"), PUBLICADOS)
def test_a_published_code_reads_the_same_from_its_bars_and_from_its_line(codigo, linha, segmento, identificador, valor):
    lido = ler(codigo)
    assert ler(linha) == lido
    assert (lido.codigo, lido.segmento, lido.identificador) == (codigo, segmento, identificador)
    assert lido.valor == (None if valor is None else Decimal(valor))
    assert lido.empresa + lido.identificacao + str(lido.tipo) == codigo[15:]


@pytest.mark.parametrize("codigo", [codigo for codigo, *_ in PUBLICADOS])
def test_codes_of_other_issuers_show_no_matricula(codigo):
    lido = ler(codigo)
    assert (lido.localidade, lido.matricula, lido.referencia, lido.sequencial) == (None, None, None, None)


def test_in_segment_6_the_company_is_its_cnpj_root():
    assert ler("86705555555555566667777777777777777777777777").empresa == "66667777"


def test_a_conta_is_read_back_whole():
    lido = ler(CONTA_MODULO_10)
    assert (lido.segmento, lido.empresa, lido.tipo, lido.valor) == (2, "0123", 3, Decimal("123.45"))
    assert lido.identificacao == "001012345679010520247000"
    assert (lido.localidade, lido.matricula, lido.referencia) == (1, 12345679, 202405)
    assert (lido.sequencial, lido.tipo_documento) == (None, None)


def test_a_documento_is_read_back_whole():
    lido = ler("826900000025500001230019012345679000000007708159")
    assert (lido.tipo, lido.valor, lido.identificacao) == (5, Decimal("250.00"), "001012345679000000077081")
    assert (lido.localidade, lido.matricula, lido.sequencial, lido.tipo_documento) == (1, 12345679, 77, 8)
    assert lido.referencia is None


def test_what_was_read_cannot_be_changed():
    with pytest.raises(FrozenInstanceError):
        ler(CONTA_MODULO_10).valor = Decimal("0.01")


@given(st.fixed_dictionaries(PARTES_COMUNS), st.integers(1000, 9999), st.integers(1, 12))
def test_any_conta_survives_the_round_trip_through_its_line(partes, ano, mes):
    codigo = codigo_conta(referencia=ano * 100 + mes, **partes)
    lido = ler(linha_digitavel(codigo))
    assert lido.codigo == codigo
    assert lido.identificador == {10: 6, 11: 8}[partes["modulo"]]
    assert (lido.localidade, lido.matricula) == (partes["localidade"], partes["matricula"])
    assert (lido.referencia, lido.valor, lido.empresa) == (ano * 100 + mes, partes["valor"], partes["empresa"])


@given(st.fixed_dictionaries(PARTES_COMUNS), st.integers(1, 999_999_999), st.integers(1, 99))
def test_any_documento_survives_the_round_trip_through_its_line(partes, sequencial, tipo_documento):
    codigo = codigo_documento(sequencial=sequencial, tipo_documento=tipo_documento, **partes)
    lido = ler(linha_formatada(codigo))
    assert lido.codigo == codigo
    assert (lido.localidade, lido.matricula) == (partes["localidade"], partes["matricula"])
    assert (lido.sequencial, lido.tipo_documento, lido.valor) == (sequencial, tipo_documento, partes["valor"])


@pytest.mark.parametrize(
    ("valor", "centavos"),
    [
        ("0", "00000000000"),
        ("-0.00", "00000000000"),
        ("0.01", "00000000001"),
        ("19.99", "00000001999"),  # the amount a float turns into 19.98
        ("19.9", "00000001990"),
        ("10.000", "00000001000"),  # a third place that says nothing
        ("1E+2", "00000010000"),
        ("999999999.99", "99999999999"),
    ],
)
def test_the_amount_is_written_in_centavos_exactly(valor, centavos):
    assert conta(valor=Decimal(valor))[4:15] == centavos


@pytest.mark.parametrize(
    "valor",
    [
        "-0.01",
        "-123.45",
        "1000000000.00",
        "1E+30",
        "0.001",
        "10.005",
        "1.0000000000000000000000000000001",
        "NaN",
        "sNaN",
        "Infinity",
    ],
)
def test_an_amount_that_does_not_fit_is_refused(valor):
    with pytest.raises(DadoInvalido, match="O valor"):
        conta(valor=Decimal(valor))


@pytest.mark.parametrize("valor", [123.45, 123, "123.45", True])
def test_only_a_decimal_is_an_amount(valor):
    with pytest.raises(TypeError):
        documento(valor=valor)


@pytest.mark.parametrize("parte", ["localidade", "matricula", "referencia", "valor", "empresa", "modulo"])
def test_a_conta_with_a_missing_piece_has_no_code(parte):
    with pytest.raises(ParametrosIncompletos, match="Parâmetros incompletos"):
        conta(**{parte: None})


@pytest.mark.parametrize(
    "parte", ["localidade", "matricula", "sequencial", "tipo_documento", "valor", "empresa", "modulo"]
)
def test_a_documento_with_a_missing_piece_has_no_code(parte):
    with pytest.raises(ParametrosIncompletos):
        documento(**{parte: None})


def test_an_empty_company_is_a_missing_one():
    with pytest.raises(ParametrosIncompletos):
        conta(empresa="")


@pytest.mark.parametrize(
    "trocas",
    [
        {"localidade": 0},
        {"localidade": 1000},
        {"matricula": -1},
        {"matricula": 1_000_000_000},
        {"referencia": 202413},
        {"referencia": 202400},
        {"referencia": 52024},
        {"referencia": 1_202_405},
        {"empresa": "123"},
        {"empresa": "12345"},
        {"empresa": "012A"},
        {"empresa": "012²"},
        {"empresa": "0123\n"},
        {"modulo": 9},
    ],
)
def test_a_piece_that_does_not_fit_its_positions_is_refused(trocas):
    with pytest.raises(DadoInvalido):
        conta(**trocas)


@pytest.mark.parametrize("trocas", [{"sequencial": 0}, {"sequencial": 10**9}, {"tipo_documento": 100}])
def test_a_documento_that_does_not_fit_its_positions_is_refused(trocas):
    with pytest.raises(DadoInvalido):
        documento(**trocas)


@pytest.mark.parametrize("posicao", range(48))
def test_any_single_typing_error_in_a_line_is_found(posicao):
    linha = linha_digitavel(CONTA_MODULO_10)
    outro = str((int(linha[posicao]) + 1) % 10)
    with pytest.raises(CodigoInvalido):
        codigo_da_linha(linha[:posicao] + outro + linha[posicao + 1 :])


def test_the_message_says_which_block_fails():
    with pytest.raises(CodigoInvalido, match="bloco 3"):
        ler("826300000013 234501230010 012345679010 052024700032")


def test_a_line_whose_blocks_pass_may_still_fail_the_dv_geral():
    # one centavo more, its block digit recomputed: 82630000001-3 becomes 82630000002-1
    with pytest.raises(CodigoInvalido, match="dígito verificador geral"):
        codigo_da_linha("826300000021234501230010012345679018052024700032")


@pytest.mark.parametrize(
    ("texto", "mensagem"),
    [
        ("", "só algarismos"),
        ("8263 conta", "só algarismos"),
        (CONTA_MODULO_10[:-1] + "²", "só algarismos"),
        (CONTA_MODULO_10[:-1] + "٣", "só algarismos"),
        (CONTA_MODULO_10 + "\n", "só algarismos"),
        (CONTA_MODULO_10[:-1], "foram informados 43"),
        ("00190500954014481606906809350314337370000000100", "foram informados 47"),  # a boleto's line
        ("00193373700000001000500940144816060680935031", "o primeiro algarismo deve ser 8"),  # a boleto
        ("80" + CONTA_MODULO_10[2:], "segmento 0"),
        ("88" + CONTA_MODULO_10[2:], "segmento 8"),
        ("825" + CONTA_MODULO_10[3:], "identificador de valor 5"),
        ("8264" + CONTA_MODULO_10[4:], "dígito verificador geral"),
    ],
)
def test_what_is_not_a_code_of_arrecadacao_is_refused_with_the_reason(texto, mensagem):
    with pytest.raises(CodigoInvalido, match=mensagem):
        ler(texto)


@pytest.mark.parametrize(
    "codigo", ["", CONTA_MODULO_10[:-1], CONTA_MODULO_10 + "\n", "8264" + CONTA_MODULO_10[4:], "9" * 44]
)
@pytest.mark.parametrize("funcao", [linha_digitavel, linha_formatada])
def test_a_code_that_fails_its_own_check_gets_no_line(funcao, codigo):
    with pytest.raises(CodigoInvalido):
        funcao(codigo)


def test_one_exception_covers_every_refusal():
    for erro in (ParametrosIncompletos, DadoInvalido, CodigoInvalido):
        assert issubclass(erro, ErroCodigoBarras)
        assert issubclass(erro, ValueError)
