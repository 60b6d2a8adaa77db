"""What the database itself refuses, whoever writes; and secrets at rest."""

import io
import pickle
import random
from datetime import date

import pytest
from cryptography.fernet import Fernet
from django.core.exceptions import ValidationError
from django.core.management import CommandError, call_command
from django.db import IntegrityError, connection, transaction
from django.forms import modelform_factory

from cadastro.campos import SegredoPerdido
from cadastro.digitos import matricula_com_digito, matricula_valida
from cadastro.models import Cliente, ClienteFone, ClienteImovel, Imovel, ParametroSistema, Relacao
from mensageria.models import ServicoEmail
from telas.models import EntradaAuditoria
from tests.fabricas import novo_cliente, novo_fone, novo_imovel, novo_parametro_sistema, novo_vinculo

pytestmark = pytest.mark.django_db


def recusado(pela: str):
    """The block must be refused by that constraint of the database."""
    return _Recusado(pela)


class _Recusado:
    def __init__(self, pela):
        self.espera = pytest.raises(IntegrityError, match=pela)

    def __enter__(self):
        self.espera.__enter__()
        self.ponto = transaction.atomic()
        self.ponto.__enter__()

    def __exit__(self, *erro):
        self.ponto.__exit__(*erro)
        return self.espera.__exit__(*erro)


def dia(numero: int) -> date:
    return date(2026, 1, numero)


# One usuário of an imóvel at a time.


def vinculo(imovel, inicio, fim=None, relacao=Relacao.USUARIO, cliente=None) -> ClienteImovel:
    return ClienteImovel(imovel=imovel, cliente=cliente or novo_cliente(), relacao=relacao, inicio=inicio, fim=fim)


@pytest.mark.parametrize(
    "periodo",
    [(dia(10), None), (dia(19), dia(25)), (dia(1), dia(11)), (dia(12), dia(13)), (dia(1), None)],
    ids=str,
)
def test_two_usuarios_of_an_imovel_at_a_time_are_refused(periodo):
    imovel = novo_imovel()
    novo_vinculo(novo_cliente(), imovel, inicio=dia(10), fim=dia(20))

    with recusado("vinculo_um_usuario_por_vez"):
        ClienteImovel.objects.bulk_create([vinculo(imovel, *periodo)])


def test_two_usuarios_in_one_statement_are_refused():
    imovel = novo_imovel()

    with recusado("vinculo_um_usuario_por_vez"):
        ClienteImovel.objects.bulk_create([vinculo(imovel, dia(1)), vinculo(imovel, dia(2))])


def test_an_end_that_is_erased_is_refused_when_another_came_after():
    imovel = novo_imovel()
    antigo = novo_vinculo(novo_cliente(), imovel, inicio=dia(1), fim=dia(10))
    novo_vinculo(novo_cliente(), imovel, inicio=dia(10))

    with recusado("vinculo_um_usuario_por_vez"):
        ClienteImovel.objects.filter(pk=antigo.pk).update(fim=None)


def test_the_day_that_one_leaves_another_may_enter():
    imovel = novo_imovel()

    ClienteImovel.objects.bulk_create(
        [vinculo(imovel, dia(10), dia(20)), vinculo(imovel, dia(20)), vinculo(imovel, dia(1), dia(10))]
    )

    assert imovel.vinculos.count() == 3


@pytest.mark.parametrize("relacao", [Relacao.PROPRIETARIO, Relacao.RESPONSAVEL])
def test_the_other_relations_may_be_many(relacao):
    imovel = novo_imovel()
    novo_vinculo(novo_cliente(), imovel)

    ClienteImovel.objects.bulk_create([vinculo(imovel, dia(1), relacao=relacao) for _ in range(2)])


def test_one_client_is_the_usuario_of_many_imoveis():
    cliente = novo_cliente()

    ClienteImovel.objects.bulk_create([vinculo(novo_imovel(), dia(1), cliente=cliente) for _ in range(2)])


def test_a_period_does_not_end_before_it_begins():
    with recusado("vinculo_periodo"):
        ClienteImovel.objects.bulk_create([vinculo(novo_imovel(), dia(2), dia(1), relacao=Relacao.PROPRIETARIO)])


def test_the_form_says_it_in_words():
    imovel = novo_imovel()
    novo_vinculo(novo_cliente(), imovel, inicio=dia(1))

    with pytest.raises(ValidationError, match="O imóvel já tem um usuário neste período"):
        vinculo(imovel, dia(2)).full_clean()


# Phones.


def fone(cliente, **campos) -> ClienteFone:
    return ClienteFone(cliente=cliente, **{"tipo": 3, "ddd": "84", "numero": "911111111"} | campos)


@pytest.mark.parametrize(
    ("marca", "restricao"), [("sms", "fone_um_sms_por_cliente"), ("principal", "fone_um_principal_por_cliente")]
)
def test_two_marks_of_a_client_are_refused(marca, restricao):
    cliente, outro = novo_cliente(celular=None), novo_cliente(celular=None)
    ClienteFone.objects.bulk_create([fone(cliente, **{marca: True}), fone(outro, **{marca: True})])

    with recusado(restricao):
        ClienteFone.objects.bulk_create([fone(cliente, numero="922222222", **{marca: True})])


@pytest.mark.parametrize("tipo", [1, 2, 4])
def test_only_a_celular_takes_the_sms_mark(tipo):
    cliente = novo_cliente(celular=None)

    with recusado("fone_sms_so_celular"):
        ClienteFone.objects.bulk_create([fone(cliente, tipo=tipo, sms=True)])
    marcado = novo_fone(cliente, sms=True)
    with recusado("fone_sms_so_celular"):
        ClienteFone.objects.filter(pk=marcado.pk).update(tipo=tipo)


def test_a_phone_given_twice_is_refused():
    cliente = novo_cliente(celular="911111111")

    with recusado("fone_repetido"):
        ClienteFone.objects.bulk_create([fone(cliente)])


@pytest.mark.parametrize(
    "campos", [{"numero": "91111-111"}, {"numero": "123456"}, {"ddd": "04"}, {"ddd": "8"}, {"ddd": "8\n"}], ids=str
)
def test_a_phone_is_digits(campos):
    with recusado("fone_so_digitos"):
        ClienteFone.objects.bulk_create([fone(novo_cliente(celular=None), **campos)])


def test_the_form_says_what_is_wrong_with_a_phone():
    cliente = novo_cliente(celular="911111111")

    with pytest.raises(ValidationError) as erro:
        fone(cliente, tipo=1, numero="32221111", sms=True, principal=True).full_clean()

    assert set(erro.value.messages) == {
        "O cliente já tem um telefone marcado para SMS.",
        "O cliente já tem um telefone principal.",
        "Telefone SMS deve ser do Tipo Celular.",
    }


# The matrícula.


def test_a_matricula_with_a_wrong_digit_is_refused():
    imovel = novo_imovel()
    errada = imovel.matricula + 1 if imovel.matricula % 10 < 9 else imovel.matricula - 1

    with recusado("imovel_digito_da_matricula"):
        Imovel.objects.bulk_create(
            [
                Imovel(
                    matricula=errada,
                    quadra=imovel.quadra,
                    localidade=imovel.localidade,
                    perfil=imovel.perfil,
                )
            ]
        )


def test_the_database_and_python_agree_on_every_digit():
    """Through the constraint's own text, as PostgreSQL keeps it."""
    sorteio = random.Random(336)
    sequencias = [*range(1, 40), 99999999, *(sorteio.randrange(1, 10**8) for _ in range(2000))]
    corretas = {matricula_com_digito(sequencia) for sequencia in sequencias}
    todas = [correta - correta % 10 + final for correta in corretas for final in range(10)] + [0, 1, 9, 10**9]
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT pg_get_expr(conbin, conrelid) FROM pg_constraint WHERE conname = 'imovel_digito_da_matricula'"
        )
        (condicao,) = cursor.fetchone()
        condicao = condicao.replace("%", "%%")
        cursor.execute(f"SELECT matricula FROM unnest(%s::int[]) AS t(matricula) WHERE {condicao}", [todas])
        aceitas = {linha[0] for linha in cursor.fetchall()}

    assert aceitas == {m for m in todas if matricula_valida(m)}
    assert aceitas == corretas


# The single row of parameters.


def test_there_is_one_row_of_parameters():
    parametro = novo_parametro_sistema()
    parametro.pk = 2

    with recusado("parametro_sistema_linha_unica"):
        ParametroSistema.objects.bulk_create([parametro])
    parametro.pk = 1
    with recusado("pkey"):
        ParametroSistema.objects.bulk_create([parametro])


@pytest.mark.parametrize("referencia", [202600, 202613, 20261, 0, -202601, 2026011])
def test_a_reference_is_a_month(referencia):
    novo_parametro_sistema()

    with recusado("parametro_sistema_referencia"):
        ParametroSistema.objects.update(ano_mes_faturamento=referencia)


@pytest.mark.parametrize(
    ("campos", "restricao"),
    [
        ({"tamanho_maximo_sms": 57}, "tamanho_sms"),
        ({"tamanho_maximo_sms": 301}, "tamanho_sms"),
        ({"tamanho_maximo_sms": 0}, "tamanho_sms"),
        ({"modulo_digito_verificador": 9}, "modulo"),
        ({"codigo_febraban": "12"}, "febraban"),
        ({"codigo_febraban": "12A4"}, "febraban"),
    ],
    ids=str,
)
def test_the_other_parameters_have_their_range(campos, restricao):
    novo_parametro_sistema()

    with recusado(f"parametro_sistema_{restricao}"):
        ParametroSistema.objects.update(**campos)


def test_an_empty_maximum_of_sms_is_refused_by_the_form():
    """GSAN stored 0, which blocked every SMS text."""
    parametro = novo_parametro_sistema()
    parametro.tamanho_maximo_sms = None

    with pytest.raises(ValidationError) as erro:
        parametro.full_clean()

    assert "tamanho_maximo_sms" in erro.value.message_dict


@pytest.mark.parametrize("cnpj", ["11222333000180", "52998224725", "x"])
def test_the_company_has_a_cnpj_that_is_right(cnpj):
    parametro = novo_parametro_sistema()
    parametro.cnpj = cnpj

    with pytest.raises(ValidationError, match="CNPJ inválido"):
        parametro.full_clean()


# Customers.


@pytest.mark.parametrize("documento", ["", "123", "5299822472A", "12ABC34501DEA5", "1234567890123"])
def test_a_document_that_is_neither_cpf_nor_cnpj_is_refused(documento):
    with recusado("cliente_documento_cpf_ou_cnpj"):
        Cliente.objects.bulk_create([Cliente(nome="ANA", documento=documento)])


def test_a_document_belongs_to_one_client_and_many_may_have_none():
    Cliente.objects.bulk_create([Cliente(nome="ANA", documento="52998224725"), Cliente(nome="A"), Cliente(nome="B")])

    with recusado("documento"):
        Cliente.objects.bulk_create([Cliente(nome="BIA", documento="52998224725")])


@pytest.mark.parametrize(
    ("tipo", "digitado", "guardado"),
    [(1, "529.982.247-25", "52998224725"), (2, "12abc34501de35", "12ABC34501DE35"), (1, "", None), (1, None, None)],
)
def test_a_document_is_kept_without_its_mask(tipo, digitado, guardado):
    cliente = Cliente(nome="ANA", tipo=tipo, documento=digitado)

    cliente.full_clean()

    assert cliente.documento == guardado


def test_a_document_with_a_wrong_digit_is_refused_in_words():
    with pytest.raises(ValidationError, match="Número do CPF inválido"):
        Cliente(nome="ANA", documento="52998224724").full_clean()


def test_the_name_to_search_by_follows_the_name():
    cliente = novo_cliente(nome="JOSÉ  da Conceição")
    assert cliente.nome_busca == "jose da conceicao"

    cliente.nome = "ÂNGELA"
    cliente.save(update_fields=["nome"])

    cliente.refresh_from_db()
    assert cliente.nome_busca == "angela"


def test_update_or_create_moves_the_name_to_search_by_too():
    cliente = novo_cliente(nome="ANA")

    Cliente.objects.update_or_create(pk=cliente.pk, defaults={"nome": "ÍRIS"})

    cliente.refresh_from_db()
    assert cliente.nome_busca == "iris"


@pytest.mark.parametrize("nome", ["ß" * 100, "㎏" * 100, "ﷺ" * 100], ids=["ß", "㎏", "ﷺ"])
def test_a_name_that_grows_without_accents_still_fits(nome):
    cliente = novo_cliente(nome=nome)

    cliente.refresh_from_db()
    assert len(cliente.nome_busca) <= 100


# Secrets at rest.

CHAVES = [Fernet.generate_key().decode() for _ in range(3)]


@pytest.fixture
def chaves(settings):
    settings.CHAVES_DE_CIFRA = [CHAVES[0]]
    return settings


def novo_servico(**campos) -> ServicoEmail:
    return ServicoEmail.objects.create(nome="SERVIÇO", host="127.0.0.1", **campos)


def no_banco() -> str:
    with connection.cursor() as cursor:
        cursor.execute("SELECT senha FROM mensageria_servicoemail")
        return cursor.fetchone()[0]


def test_a_secret_is_encrypted_in_the_database(chaves):
    novo_servico(senha="s3nh@ çã")

    assert "s3nh" not in no_banco()
    assert Fernet(CHAVES[0]).decrypt(no_banco().encode()).decode() == "s3nh@ çã"
    assert ServicoEmail.objects.get().senha == "s3nh@ çã"


def test_the_same_secret_is_never_written_the_same(chaves):
    servico = novo_servico(senha="abc")
    antes = no_banco()

    servico.save()

    assert no_banco() != antes


def test_an_empty_secret_stays_empty(chaves):
    servico = novo_servico()

    assert no_banco() == "" == ServicoEmail.objects.get().senha
    servico.senha = None
    servico.save()
    assert no_banco() == ""


def test_a_new_key_reads_what_the_old_one_wrote_and_writes_with_itself(chaves):
    novo_servico(senha="abc")
    chaves.CHAVES_DE_CIFRA = [CHAVES[1], CHAVES[0]]

    servico = ServicoEmail.objects.get()
    assert servico.senha == "abc"
    servico.save()

    chaves.CHAVES_DE_CIFRA = [CHAVES[1]]
    assert ServicoEmail.objects.get().senha == "abc"


def test_without_its_key_a_secret_is_lost_and_kept_as_it_is(chaves):
    novo_servico(senha="abc")
    chaves.CHAVES_DE_CIFRA = [CHAVES[2]]
    antes = no_banco()

    servico = pickle.loads(pickle.dumps(ServicoEmail.objects.get()))
    assert isinstance(servico.senha, SegredoPerdido)
    servico.save()

    assert no_banco() == antes
    chaves.CHAVES_DE_CIFRA = [CHAVES[2], CHAVES[0]]
    assert ServicoEmail.objects.get().senha == "abc"


def test_recifrar_frees_the_old_key_and_says_what_none_opens(chaves):
    novo_servico(senha="abc")
    chaves.CHAVES_DE_CIFRA = [CHAVES[2]]
    perdido = ServicoEmail.objects.create(nome="OUTRO", host="127.0.0.1", senha="perdida")
    chaves.CHAVES_DE_CIFRA = [CHAVES[1], CHAVES[0]]
    dito, erros = io.StringIO(), io.StringIO()

    with pytest.raises(CommandError, match="não se abrem: 1"):
        call_command("recifrar", stdout=dito, stderr=erros)
    assert "Cifrados de novo com a primeira chave: 1." in dito.getvalue()
    assert f"serviço de e-mail {perdido.pk}, senha: não se abre" in erros.getvalue()
    ServicoEmail.objects.filter(pk=perdido.pk).update(senha="informada")
    call_command("recifrar", stdout=dito)

    assert "Cifrados de novo com a primeira chave: 0." in dito.getvalue()
    chaves.CHAVES_DE_CIFRA = [CHAVES[1]]
    assert set(ServicoEmail.objects.values_list("senha", flat=True)) == {"abc", "informada"}
    assert EntradaAuditoria.objects.filter(mensagem__contains="o valor é o mesmo").count() == 1


def test_secrets_pass_through_update_and_bulk_update_encrypted(chaves):
    servico = novo_servico(senha="abc")

    ServicoEmail.objects.update(senha="update")
    assert "update" not in no_banco()
    servico.senha = "em bloco"
    ServicoEmail.objects.bulk_update([servico], ["senha"])

    assert "bloco" not in no_banco()
    assert ServicoEmail.objects.values_list("senha", flat=True).get() == "em bloco"


def test_a_form_takes_a_masked_document_and_keeps_its_characters(db):
    formulario = modelform_factory(Cliente, fields=["nome", "tipo", "documento"])(
        {"nome": "ANA", "tipo": 2, "documento": "12.ABC.345/01de-35"}
    )

    assert formulario.is_valid(), formulario.errors
    assert formulario.save().documento == "12ABC34501DE35"
