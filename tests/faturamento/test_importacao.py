import csv
import io
from datetime import date, timedelta
from decimal import Decimal

import pytest
from django.db import connection
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from cadastro.digitos import matricula_com_digito
from cadastro.importacao import importar
from cobranca.models import CobrancaDocumento, CobrancaDocumentoItem
from faturamento.models import ClienteConta, Conta, DebitoACobrar, FaturamentoGrupo
from tests.fabricas import (
    HOJE,
    nova_conta,
    novo_cliente,
    novo_comando,
    novo_grupo,
    novo_imovel,
    novo_vinculo,
)

AUSENTE = matricula_com_digito(99_999_999)  # a right digit, and no such imóvel

pytestmark = pytest.mark.django_db

CABECALHOS = {
    "grupos": "codigo;descricao;abreviatura;referencia;dia_vencimento",
    "contas": "conta;matricula;referencia;grupo;emissao;vencimento;agua;esgoto;debitos;creditos;impostos;situacao;"
    "usuario",
    "debitos": "debito;matricula;descricao;referencia;valor;cancelado",
    "pagamentos": "conta;debito;pago_em;valor",
    "pagamentos_documentos": "documento;pago_em",
}


@pytest.fixture
def importar_texto(tmp_path):
    """Import one file given by its lines; returns its result."""

    def executar(nome, *linhas, **opcoes):
        pasta = tmp_path / nome
        pasta.mkdir(exist_ok=True)
        (pasta / f"{nome}.csv").write_text("\n".join([CABECALHOS[nome], *linhas]) + "\n")
        (resultado,) = importar(pasta, **opcoes)
        return resultado

    return executar


@pytest.fixture
def imovel(db):
    novo_grupo()
    return novo_imovel()


def motivos(resultado):
    if resultado.arquivo_de_recusadas is None:
        return []
    texto = resultado.arquivo_de_recusadas.read_text("utf-8-sig")
    lidas = list(csv.reader(io.StringIO(texto), delimiter=";"))[1:]
    return [(int(linha), coluna, motivo) for linha, coluna, motivo, _ in lidas]


def contagens(resultado):
    assert not resultado.erro, resultado.erro
    return (resultado.novas, resultado.alteradas, resultado.iguais, resultado.recusadas)


def linha_da_conta(numero=1, **campos):
    padrao = dict.fromkeys(CABECALHOS["contas"].split(";"), "")
    padrao |= {"conta": numero, "referencia": "202611", "grupo": "1", "emissao": "2026-11-01"}
    padrao |= {"vencimento": "2026-11-13", "agua": "80.00", "esgoto": "40.00"}
    return ";".join(str(valor) for valor in (padrao | campos).values())


# --- groups ---


def test_groups_are_imported_changed_and_left_alone(importar_texto):
    assert contagens(importar_texto("grupos", "1;GRUPO 1;G1;202611;15", "2;GRUPO 2;;11/2026;")) == (2, 0, 0, 0)
    assert contagens(importar_texto("grupos", "1;GRUPO 1;G1;202612;15", "2;GRUPO 2;;202611;10")) == (0, 1, 1, 0)
    assert list(FaturamentoGrupo.objects.values_list("referencia", "dia_vencimento")) == [(202612, 15), (202611, 10)]


@pytest.mark.parametrize("referencia", ["202613", "202600", "13/2026", "2026-11", "20261", "0", "M+0"])
def test_a_reference_that_is_no_month_is_refused(importar_texto, referencia):
    resultado = importar_texto("grupos", f"1;GRUPO 1;G1;{referencia};15")

    assert motivos(resultado) == [(2, "referencia", "Ano mês de referência inválido.")]


@pytest.mark.parametrize(
    ("hoje", "meses", "esperada"),
    [
        (date(2026, 1, 31), -1, 202512),
        (date(2026, 3, 31), -1, 202602),
        (date(2026, 12, 1), 1, 202701),
        (HOJE, 0, 202611),
    ],
)
def test_a_relative_reference_counts_months_on_any_day(importar_texto, hoje, meses, esperada):
    importar_texto("grupos", f"1;GRUPO 1;G1;M{meses:+d};15", hoje=hoje)

    assert FaturamentoGrupo.objects.get().referencia == esperada


# --- contas ---


def test_a_conta_takes_localidade_and_perfil_of_its_imovel_and_the_usuario_of_its_emission(importar_texto, imovel):
    antigo, atual = novo_cliente(celular=None), novo_cliente(celular=None)
    novo_vinculo(antigo, imovel, inicio=date(2020, 1, 1), fim=date(2026, 11, 1))
    novo_vinculo(atual, imovel, inicio=date(2026, 11, 1))
    m = imovel.pk
    resultado = importar_texto(
        "contas",
        linha_da_conta(1, matricula=m, agua="1.234,56", esgoto="0,44", debitos="10", creditos="5.00", impostos="1.0"),
        linha_da_conta(2, matricula=m, referencia="10/2026", emissao="31/10/2026", vencimento="20/11/2026"),
        linha_da_conta(3, matricula=m, usuario=antigo.pk),
        linha_da_conta(4, matricula=m, emissao="2019-12-31"),
    )

    assert contagens(resultado) == (4, 0, 0, 0)
    conta = Conta.objects.get(pk=1)
    assert (conta.localidade_id, conta.perfil_id, conta.valor) == (
        imovel.localidade_id,
        imovel.perfil_id,
        Decimal("1239.00"),
    )
    assert Conta.objects.get(pk=2).referencia == 202610
    assert dict(ClienteConta.objects.values_list("conta_id", "cliente_id")) == {1: atual.pk, 2: antigo.pk, 3: antigo.pk}
    assert (
        Conta.objects.create(
            **{
                campo: getattr(conta, campo)
                for campo in ("imovel", "localidade", "grupo", "perfil", "referencia", "emissao")
            },
            vencimento=conta.vencimento,
        ).pk
        > 4
    )


@pytest.mark.parametrize(
    ("campos", "coluna", "motivo"),
    [
        ({"matricula": AUSENTE}, "matricula", f"Imóvel {AUSENTE} não existe."),
        ({"grupo": "7"}, "grupo", "Grupo de faturamento 7 não existe."),
        ({"usuario": "987654"}, "usuario", "Cliente 987654 não existe."),
        ({"agua": "-1,00"}, "agua", "Não pode ser negativo."),
        ({"creditos": "120.01"}, "creditos", "O valor total da conta seria negativo: -0,01."),
        ({"agua": "999999999.99"}, "agua", "O valor total da conta passa de 999.999.999,99."),
        ({"situacao": "11"}, "situacao", "Deve ir de 0 a 10."),
        ({"vencimento": "2026-02-29"}, "vencimento", "Deve ser uma data como 2026-01-31 ou 31/01/2026."),
        ({"vencimento": "31/11/2026"}, "vencimento", "Deve ser uma data como 2026-01-31 ou 31/01/2026."),
        ({"vencimento": ""}, "vencimento", "Campo obrigatório."),
        ({"conta": ""}, "conta", "Campo obrigatório."),
    ],
)
def test_a_wrong_conta_is_refused_and_the_right_one_beside_it_goes_in(importar_texto, imovel, campos, coluna, motivo):
    resultado = importar_texto(
        "contas", linha_da_conta(**{"matricula": imovel.pk} | campos), linha_da_conta(2, matricula=imovel.pk)
    )

    assert motivos(resultado) == [(2, coluna, motivo)]
    assert Conta.objects.get().pk == 2


@pytest.mark.parametrize(
    "valor", ["1.234", "1,234", "1.234.567", "1 000", "R$ 5", "1e3", "NaN", "5.", ".5", "1.23.456,00"]
)
def test_an_amount_that_is_ambiguous_or_no_amount_is_refused(importar_texto, imovel, valor):
    resultado = importar_texto("contas", linha_da_conta(matricula=imovel.pk, agua=valor))

    assert [(coluna, motivo[:22]) for _, coluna, motivo in motivos(resultado)] == [("agua", "Deve ser um valor como")]


@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    valores=st.lists(st.decimals(0, Decimal("99999999.99"), places=2), min_size=5, max_size=5), virgula=st.booleans()
)
def test_any_amount_makes_the_round_trip(importar_texto, imovel, valores, virgula):
    def escrever(valor):
        com_milhar = f"{valor:,.2f}"
        return com_milhar.translate(str.maketrans(",.", ".,")) if virgula else f"{valor:.2f}"

    ClienteConta.objects.all().delete()
    Conta.objects.all().delete()
    parcelas = dict(zip(("agua", "esgoto", "debitos", "creditos", "impostos"), map(escrever, valores), strict=True))
    resultado = importar_texto("contas", linha_da_conta(matricula=imovel.pk, **parcelas))

    total = sum(valores[:3]) - sum(valores[3:])
    assert resultado.novas == (total >= 0)
    if total >= 0:
        conta = Conta.objects.get()
        guardadas = [
            conta.valor_agua,
            conta.valor_esgoto,
            conta.valor_debitos,
            conta.valor_creditos,
            conta.valor_impostos,
        ]
        assert (guardadas, conta.valor) == (valores, total)


def test_importing_contas_again_writes_nothing_even_when_imovel_and_usuario_changed(importar_texto, imovel):
    cliente, novo = novo_cliente(celular=None), novo_cliente(celular=None)
    vinculo = novo_vinculo(cliente, imovel)
    linha = linha_da_conta(matricula=imovel.pk)
    importar_texto("contas", linha)

    def versoes():
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT ctid::text, xmin::text FROM faturamento_conta"
                " UNION ALL SELECT ctid::text, xmin::text FROM faturamento_clienteconta"
            )
            return cursor.fetchall()

    antes = versoes()
    vinculo.delete()
    novo_vinculo(novo, imovel)

    assert contagens(importar_texto("contas", linha)) == (0, 0, 1, 0)
    assert versoes() == antes
    assert ClienteConta.objects.get().cliente == cliente


def test_a_changed_conta_updates_and_is_reported_and_its_payment_stays(importar_texto, imovel):
    importar_texto("contas", linha_da_conta(matricula=imovel.pk), linha_da_conta(2, matricula=imovel.pk))
    Conta.objects.filter(pk=1).update(pago_em=HOJE)
    resultado = importar_texto(
        "contas", linha_da_conta(matricula=imovel.pk, agua="81", situacao="1"), linha_da_conta(2, matricula=imovel.pk)
    )

    assert contagens(resultado) == (0, 1, 1, 0)
    conta = Conta.objects.get(pk=1)
    assert (conta.valor, conta.situacao, conta.pago_em) == (Decimal("121.00"), 1, HOJE)


def test_an_explicit_usuario_corrects_the_frozen_one_and_an_empty_one_does_not(importar_texto, imovel):
    certo = novo_cliente(celular=None)
    novo_vinculo(novo_cliente(celular=None), imovel)
    linhas = [linha_da_conta(1, matricula=imovel.pk), linha_da_conta(2, matricula=imovel.pk, emissao="2000-01-01")]
    importar_texto("contas", *linhas)
    corrigidas = [linha.removesuffix(";") + f";{certo.pk}" for linha in linhas]

    assert contagens(importar_texto("contas", *corrigidas)) == (0, 2, 0, 0)
    assert contagens(importar_texto("contas", *corrigidas)) == (0, 0, 2, 0)
    assert contagens(importar_texto("contas", *linhas)) == (0, 0, 2, 0)
    assert dict(ClienteConta.objects.values_list("conta_id", "cliente_id")) == {1: certo.pk, 2: certo.pk}


def test_a_conta_does_not_move_to_another_imovel(importar_texto, imovel):
    outro = novo_imovel()
    importar_texto("contas", linha_da_conta(matricula=imovel.pk))
    resultado = importar_texto("contas", linha_da_conta(matricula=outro.pk))

    assert motivos(resultado) == [(2, "matricula", f"A conta 1 é do imóvel {imovel.pk}.")]


# --- débitos ---


def test_debitos_are_imported_changed_and_refused(importar_texto, imovel):
    m = imovel.pk
    primeira = importar_texto(
        "debitos",
        f"1;{m};MULTA;202610;50,00;",
        f"2;{m};MULTA;202610;0;",
        f"3;{m};;202610;5;",
        f"4;{AUSENTE};X;202610;5;",
    )
    assert contagens(primeira) == (1, 0, 0, 3)
    assert motivos(primeira) == [
        (3, "valor", "Deve ser maior que zero."),
        (4, "descricao", "Campo obrigatório."),
        (5, "matricula", f"Imóvel {AUSENTE} não existe."),
    ]
    assert contagens(importar_texto("debitos", f"1;{m};MULTA;202610;50,00;N")) == (0, 0, 1, 0)
    assert contagens(importar_texto("debitos", f"1;{m};MULTA;202610;50,00;S")) == (0, 1, 0, 0)
    assert DebitoACobrar.objects.get().cancelado


# --- payments ---


@pytest.fixture
def debito(imovel):
    return DebitoACobrar.objects.create(imovel=imovel, descricao="MULTA", referencia=202610, valor=Decimal(50))


def test_a_payment_is_recorded_once(importar_texto, debito):
    conta, outra, sem_valor = nova_conta(valor="100"), nova_conta(valor="100"), nova_conta(valor="100")
    linhas = [
        f"{conta.pk};;2026-11-09;100,00",
        f"{outra.pk};;09/11/2026;102.33",  # paid late, with its charges
        f"{sem_valor.pk};;2026-11-09;",
        f";{debito.pk};2026-11-09;50",
    ]

    assert contagens(importar_texto("pagamentos", *linhas)) == (4, 0, 0, 0)
    assert contagens(importar_texto("pagamentos", *linhas)) == (0, 0, 4, 0)
    assert contagens(importar_texto("pagamentos", f"{conta.pk};;2026-11-10;100,00")) == (0, 0, 1, 0)
    assert set(Conta.objects.values_list("pago_em", flat=True)) == {date(2026, 11, 9)}
    assert DebitoACobrar.objects.get().pago_em == date(2026, 11, 9)


def test_a_payment_that_settles_nothing_comes_back_with_its_reason(importar_texto, debito):
    conta, cancelada = nova_conta(valor="1234.56"), nova_conta(situacao=3)
    DebitoACobrar.objects.filter(pk=debito.pk).update(cancelado=True)
    resultado = importar_texto(
        "pagamentos",
        f"{conta.pk};;2026-11-09;1234.55",
        f"{cancelada.pk};;2026-11-09;",
        f";{debito.pk};2026-11-09;",
        "987654;;2026-11-09;",
        ";987654;2026-11-09;",
        f"{conta.pk};{debito.pk};2026-11-09;",
        ";;2026-11-09;",
        f"{conta.pk};;;",
        f"{conta.pk};;2026-11-09;1234.56",
        f"{conta.pk};;2026-11-10;1234.56",
    )

    assert motivos(resultado) == [
        (2, "valor", "O valor pago, 1234,55, é menor que o devido, 1234,56."),
        (3, "conta", "A conta não está em vigor: Cancelada."),
        (4, "debito", "O débito está cancelado."),
        (5, "conta", "Conta 987654 não existe."),
        (6, "debito", "Débito 987654 não existe."),
        (7, "conta", "Informe a conta ou o débito, um dos dois."),
        (8, "conta", "Informe a conta ou o débito, um dos dois."),
        (9, "pago_em", "Campo obrigatório."),
        (11, "conta", "Repete a linha 10."),
    ]
    assert resultado.novas == 1


def test_paying_a_document_pays_what_it_charges_and_is_still_owed(importar_texto, debito):
    cedo = HOJE - timedelta(days=5)
    imovel, grupo = debito.imovel, novo_grupo()
    aberta, paga, cancelada = (
        nova_conta(imovel=imovel, grupo=grupo),
        nova_conta(imovel=imovel, grupo=grupo, pago_em=cedo),
        nova_conta(imovel=imovel, grupo=grupo, situacao=3),
    )
    documento = CobrancaDocumento.objects.create(
        comando=novo_comando(),
        imovel=imovel,
        localidade_id=imovel.localidade_id,
        tipo_documento=8,
        emissao=cedo,
        validade=HOJE,
        valor=Decimal(100),
    )
    for item in ({"conta": aberta}, {"conta": paga}, {"conta": cancelada}, {"debito": debito}):
        CobrancaDocumentoItem.objects.create(documento=documento, valor=Decimal(25), **item)
    linhas = (f"{documento.pk};2026-11-09", "987654321;2026-11-09")
    resultado = importar_texto("pagamentos_documentos", *linhas)

    assert contagens(resultado) == (1, 0, 0, 1)
    assert motivos(resultado) == [(3, "documento", "Documento de cobrança 987654321 não existe.")]
    assert dict(Conta.objects.values_list("pk", "pago_em")) == {
        aberta.pk: date(2026, 11, 9),
        paga.pk: cedo,
        cancelada.pk: None,
    }
    debito.refresh_from_db()
    documento.refresh_from_db()
    assert debito.pago_em == documento.pago_em == date(2026, 11, 9)
    assert contagens(importar_texto("pagamentos_documentos", *linhas)) == (0, 0, 1, 1)


def test_a_cancelled_document_is_not_paid(importar_texto, imovel):
    documento = CobrancaDocumento.objects.create(
        comando=novo_comando(),
        imovel=imovel,
        localidade_id=imovel.localidade_id,
        tipo_documento=8,
        emissao=HOJE,
        validade=HOJE,
        valor=Decimal(100),
        cancelado=True,
    )
    resultado = importar_texto("pagamentos_documentos", f"{documento.pk};2026-11-09")

    assert motivos(resultado) == [(2, "documento", "O documento de cobrança está cancelado.")]
