"""What the parameters of the company let be stored of a customer, and whom a special permission lets store it."""

import importlib
import threading
from datetime import date

import pytest
from django.apps import apps
from django.contrib.auth.models import Permission, User
from django.db import connection, transaction

from cadastro import clientes
from cadastro.models import Cliente, ClienteEndereco, NomeGenerico
from tests.fabricas import HOJE, novo_cliente, novo_endereco, novo_parametro_sistema

NOME = "ANA MARIA DA SILVA"


def alguem(*permissoes: str) -> User:
    pessoa = User.objects.create_user("-".join(permissoes) or "ninguem")
    pessoa.user_permissions.set(Permission.objects.filter(codename__in=permissoes))
    return pessoa


def erros(cliente: Cliente, usuario: User, enderecos: list[ClienteEndereco] | None = None) -> dict[str, str]:
    return clientes.erros(cliente, enderecos=enderecos or [], usuario=usuario, hoje=HOJE)


def nova(**campos) -> Cliente:
    return Cliente(**{"nome": NOME, "sexo": Cliente.Sexo.FEMININO} | campos)


@pytest.fixture
def comum(db) -> User:
    return alguem()


@pytest.fixture
def parametros(db):
    """The company forbids all that it may, unless told otherwise."""

    def informar(**campos):
        nao = {"cliente_em_duplicidade": False, "nome_com_menos_de_10": False, "nome_generico": False}
        return novo_parametro_sistema(**nao | {"documento_obrigatorio": False} | campos)

    informar()
    return informar


# The name


@pytest.mark.parametrize(
    ("nome", "curto"), [("ANA SILVA", True), ("ANA  B  C  D  E", True), ("ANA SILVAS X", False), ("ANNA SILVAS", False)]
)
def test_a_name_has_ten_positions_without_its_blanks(parametros, comum, nome, curto):
    assert ("nome" in erros(nova(nome=nome), comum)) is curto
    if curto:
        assert erros(nova(nome=nome), comum)["nome"] == "Nome deve ter ao menos 10 posições, sem contar os espaços."


@pytest.mark.parametrize("nome", ["CONSUMIDOR FINAL", "consumidor final 12", "Consumidor-Final", "CONSUMÍDOR FINAL."])
def test_a_generic_name_names_nobody_however_it_is_written(parametros, comum, nome):
    NomeGenerico.objects.create(nome="Consumidor Final")
    assert erros(nova(nome=nome), comum)["nome"] == f"“{nome}” é uma descrição genérica: informe o nome do cliente."
    assert "nome" not in erros(nova(nome="JOSÉ CONSUMIDOR FINAL"), comum)


def test_the_table_of_generic_names_comes_filled(db):
    NomeGenerico.objects.all().delete()
    importlib.import_module("cadastro.migrations.0007_nomes_genericos").criar(apps, None)
    assert clientes.generico("Consumidor 3") and clientes.generico("USUÁRIO")
    assert not clientes.generico(NOME)


def test_the_same_name_at_the_same_address_is_a_duplicate(parametros, comum):
    outro = novo_cliente(nome="Ana María da Silva")
    deles = novo_endereco(outro, logradouro="Rua São José", complemento="Apto 1")
    la = {"logradouro": "RUA SAO  JOSE", "complemento": "APTO 1", "municipio": deles.municipio, "numero": "1555"}
    ali = ClienteEndereco(**la, bairro="tirol", cep="11111111")

    assert erros(nova(), comum, [ali])["nome"] == f"O cliente {outro.pk} já tem este nome e este endereço."
    for outra_coisa in ({"numero": "2"}, {"complemento": "Apto 2"}, {"bairro": "CENTRO"}):
        assert "nome" not in erros(nova(), comum, [ClienteEndereco(**la | {"bairro": "TIROL"} | outra_coisa)])
    assert "nome" not in erros(nova(nome="ANA MARIA DA SILVA LIMA"), comum, [ali])
    assert "nome" not in erros(nova(), comum, [])


def test_a_customer_is_no_duplicate_of_himself(parametros, comum):
    cliente = novo_cliente(nome="OUTRO NOME QUALQUER", sexo=1)
    endereco = novo_endereco(cliente)
    cliente.nome = NOME
    assert erros(cliente, comum, [endereco]) == {}


@pytest.mark.parametrize("sim", [True, False])
def test_trap_the_same_name_and_address_is_checked_when_the_parameter_says_nao_and_not_when_it_says_sim(
    parametros, comum, sim
):
    """GSAN's code checks it when "Cadastrar Cliente em duplicidade" is SIM."""
    parametros(cliente_em_duplicidade=sim)
    endereco = novo_endereco(novo_cliente(nome=NOME))
    assert ("nome" in erros(nova(), comum, [endereco])) is not sim


@pytest.mark.parametrize(
    ("parametro", "permissao", "nome"),
    [
        ("nome_com_menos_de_10", "nome_curto", "ANA"),
        ("nome_generico", "nome_generico", "CONSUMIDOR FINAL"),
        ("cliente_em_duplicidade", "em_duplicidade", NOME),
    ],
)
def test_a_special_permission_or_the_parameter_lets_a_name_be(parametros, comum, parametro, permissao, nome):
    NomeGenerico.objects.create(nome="CONSUMIDOR FINAL")
    endereco = novo_endereco(novo_cliente(nome=NOME))

    assert "nome" in erros(nova(nome=nome), comum, [endereco])
    assert erros(nova(nome=nome), alguem(permissao), [endereco]) == {}
    parametros(**{parametro: True})
    assert erros(nova(nome=nome), comum, [endereco]) == {}


def test_a_name_that_stays_is_left_alone(parametros, comum):
    """An import brings short names too: whoever switches messages on must not be stopped by them."""
    cliente = novo_cliente(nome="ANA", sexo=2)
    cliente.por_sms = False
    assert erros(cliente, comum) == {}
    cliente.nome = "BIA"
    assert "nome" in erros(cliente, comum)


def test_without_parameters_nothing_is_forbidden(comum):
    NomeGenerico.objects.create(nome="CONSUMIDOR FINAL")
    assert erros(nova(nome="CONSUMIDOR FINAL"), comum) == {}
    assert erros(nova(nome="ANA"), comum) == {}


def test_a_duplicate_is_looked_for_by_an_index(parametros, comum):
    for numero in range(40):
        novo_endereco(novo_cliente(nome=f"ANA {numero}"))
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE cadastro_cliente, cadastro_clienteendereco")
        cursor.execute("SET LOCAL enable_seqscan = off")
    plano = ClienteEndereco.objects.filter(cliente__nome_busca="ana 1", municipio__in=[1]).explain()
    assert "cliente_nome_prefixo" in plano
    assert "Seq Scan" not in plano


@pytest.mark.django_db(transaction=True)
def test_two_who_store_the_same_name_and_address_at_once_are_judged_one_after_the_other():
    """The second waits for the first, and then sees its customer."""
    novo_parametro_sistema(cliente_em_duplicidade=False)
    comum, depois = alguem(), []
    modelo = novo_endereco(novo_cliente(nome="OUTRO NOME QUALQUER"))
    endereco = {"municipio": modelo.municipio, "logradouro": modelo.logradouro, "bairro": modelo.bairro}

    def segundo() -> None:
        try:
            with transaction.atomic():
                depois.append(erros(nova(), comum, [ClienteEndereco(**endereco)]))
        finally:
            connection.close()

    esperando = """SELECT count(*) > 0 FROM pg_locks JOIN pg_database d ON d.oid = database
                   WHERE datname = current_database() AND locktype = 'advisory' AND NOT granted"""
    outro = threading.Thread(target=segundo)
    with transaction.atomic():
        assert erros(nova(), comum, [ClienteEndereco(**endereco)]) == {}
        outro.start()
        with connection.cursor() as cursor:
            espera = False
            while outro.is_alive() and not espera:
                cursor.execute(esperando)
                (espera,) = cursor.fetchone()
        primeiro = Cliente.objects.create(nome=NOME, sexo=Cliente.Sexo.FEMININO)
        novo_endereco(primeiro, numero="")
    outro.join()

    assert depois == [{"nome": f"O cliente {primeiro.pk} já tem este nome e este endereço."}]


# A validated document


def test_a_name_with_a_validated_document_is_locked(parametros, comum):
    parametros(bloquear_nome_validado=True)
    cliente = novo_cliente(nome=NOME, sexo=2, documento="52998224725", documento_validado=True)

    cliente.nome = "OUTRO NOME QUALQUER"

    assert erros(cliente, comum) == {"nome": "O nome não pode ser alterado: o CPF deste cliente foi validado."}
    assert erros(cliente, alguem("nome_validado")) == {}
    parametros(bloquear_nome_validado=False)
    assert erros(cliente, comum) == {}


@pytest.mark.parametrize("mudanca", [{"documento_validado": False}, {"documento": "11144477735"}])
def test_the_lock_of_a_name_is_not_opened_by_undoing_the_validation(parametros, comum, mudanca):
    parametros(bloquear_nome_validado=True)
    cliente = novo_cliente(nome=NOME, sexo=2, documento="52998224725", documento_validado=True)
    for campo, valor in mudanca.items():
        setattr(cliente, campo, valor)

    assert list(erros(cliente, comum)) == list(mudanca)
    assert erros(cliente, alguem("nome_validado")) == {}


def test_only_a_document_may_be_validated(parametros, comum):
    assert erros(nova(documento_validado=True), comum) == {"documento_validado": "Informe o CPF/CNPJ que foi validado."}


# The document and the person


@pytest.mark.parametrize("permissao", ["sem_documento_inserir", "sem_documento_manter"])
def test_a_person_needs_a_cpf_where_the_company_says_so(parametros, comum, permissao):
    parametros(documento_obrigatorio=True)
    inserido = novo_cliente(nome=NOME, sexo=2)

    assert erros(nova(), comum) == {"documento": "Informe CPF."}
    assert erros(inserido, comum) == {"documento": "Informe CPF."}
    assert erros(nova(documento="52998224725"), comum) == {}
    pode = alguem(permissao)
    assert ("documento" in erros(nova(), pode)) is (permissao == "sem_documento_manter")
    assert ("documento" in erros(inserido, pode)) is (permissao == "sem_documento_inserir")


def test_a_company_needs_no_cnpj_nor_sexo(parametros, comum):
    parametros(documento_obrigatorio=True)
    assert erros(Cliente(nome="PADARIA DO JOÃO LTDA", tipo=Cliente.Tipo.JURIDICA), comum) == {}


def test_a_person_needs_a_sexo(parametros, comum):
    assert erros(nova(sexo=None), comum) == {"sexo": "Informe Sexo."}


@pytest.mark.parametrize(
    ("campos", "erro"),
    [
        ({"tipo": 1, "sexo": 1, "ramo_atividade": "PADARIA"}, {"ramo_atividade": "Só de Pessoa Jurídica."}),
        ({"tipo": 2, "sexo": None, "rg": "123"}, {"rg": "Só de Pessoa Física."}),
        ({"tipo": 2, "sexo": 1}, {"sexo": "Só de Pessoa Física."}),
    ],
)
def test_what_is_of_the_other_type_is_not_inserted(parametros, comum, campos, erro):
    assert erros(nova(**campos), comum) == erro


@pytest.mark.parametrize(
    ("campos", "campo", "mensagem"),
    [
        ({"nascimento": date(2026, 11, 11)}, "nascimento", "Data de Nascimento não pode ser posterior a hoje."),
        ({"rg_emissao": date(2026, 11, 11)}, "rg_emissao", "Data de Emissão do RG não pode ser posterior a hoje."),
        (
            {"nascimento": date(1990, 1, 2), "rg_emissao": date(1990, 1, 1)},
            "rg_emissao",
            "Data de Emissão do RG não pode ser anterior à Data de Nascimento.",
        ),
    ],
)
def test_a_day_of_a_person_has_its_bounds(parametros, comum, campos, campo, mensagem):
    assert erros(nova(**campos), comum) == {campo: mensagem}
    assert erros(nova(nascimento=HOJE, rg_emissao=HOJE), comum) == {}


# The type


@pytest.mark.parametrize(("documento", "tipo"), [("52998224725", 1), ("11222333000181", 2), (None, 1)])
def test_the_document_tells_the_type_when_it_is_stored(db, documento, tipo):
    cliente = Cliente.objects.create(nome=NOME, documento=documento)
    assert cliente.tipo == tipo
    cliente.documento = "12ABC34501DE35"
    cliente.save(update_fields=["documento"])
    cliente.refresh_from_db()
    assert cliente.tipo == Cliente.Tipo.JURIDICA


def test_a_company_without_a_cnpj_stays_one(db):
    cliente = Cliente.objects.create(nome=NOME, tipo=Cliente.Tipo.JURIDICA)
    cliente.save()
    assert Cliente.objects.get().tipo == Cliente.Tipo.JURIDICA


def test_who_was_already_there_gets_the_type_of_his_document(db):
    empresa, pessoa = novo_cliente(documento="11222333000181"), novo_cliente(documento="52998224725")
    Cliente.objects.update(tipo=1)
    with connection.schema_editor() as editor:
        importlib.import_module("cadastro.migrations.0006_tipo_do_cliente").dizer(apps, editor)
    assert dict(Cliente.objects.values_list("pk", "tipo")) == {empresa.pk: 2, pessoa.pk: 1}
