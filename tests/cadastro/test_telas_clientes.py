"""Manter Cliente: the filter, and the aba Nome e Tipo."""

import threading
from datetime import date

import pytest
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import Permission, User
from django.db import connection, transaction
from django.test import Client

from cadastro.forms import FiltroDeClientes
from cadastro.models import Cliente
from tests.fabricas import novo_cliente, novo_fone, novo_imovel, novo_vinculo
from tests.formularios_de_cliente import nome_e_tipo as dados

URL = "/cadastro/cliente/"
COM_CELULAR = "nenhum celular está marcado para SMS"
SEM_EMAIL = "o E-Mail não foi informado"


def achados(resposta) -> list[Cliente]:
    assert resposta.status_code == 200
    return resposta.context["pagina"].linhas


def da(cliente: Cliente) -> str:
    return f"{URL}{cliente.pk}/"


def leitor() -> Client:
    pessoa = User.objects.create_user("leitor")
    pessoa.user_permissions.add(Permission.objects.get(codename="view_cliente"))
    navegador = Client()
    navegador.force_login(pessoa)
    return navegador


# The filter


def test_nothing_is_listed_until_something_is_asked(chefe, django_assert_max_num_queries):
    novo_cliente(nome="ANA")
    with django_assert_max_num_queries(3):
        resposta = chefe.get(URL)
    assert "ANA" not in resposta.content.decode()
    assert "clique em Filtrar" in resposta.content.decode()
    assert "clique em Filtrar" in chefe.get(URL, {"nome": "  ", "exibir": "5"}).content.decode()


@pytest.mark.parametrize(
    ("campo", "valor"),
    [
        ("nome", "José"),
        ("nome", "jose d'avila"),
        ("nome", "SOUZA"),
        ("nome", "souza d'á"),
        ("documento", "529.982.247-25"),
        ("documento", "52998224725"),
        ("telefone", "(84) 98765-1234"),
        ("telefone", "987651234"),
        ("telefone", "+55 84 98765-1234"),
        ("telefone", "842345678"),
        ("telefone", "2345678"),
        ("email", "Jose@Exemplo.com.br"),
    ],
)
def test_a_customer_is_found(chefe, campo, valor):
    cliente = novo_cliente(
        nome="José D'Ávila de Souza", documento="52998224725", email="jose@exemplo.com.br", celular="987651234"
    )
    novo_fone(cliente, tipo=1, numero="2345678")
    novo_cliente(nome="MARIA", email="maria@exemplo.com.br", celular="981112222")

    resposta = chefe.get(URL, {campo: valor})

    assert achados(resposta) == [cliente]
    assert f'<a href="{da(cliente)}">José D&#x27;Ávila de Souza</a>' in resposta.content.decode()
    assert "529.982.247-25" in resposta.content.decode()


def test_a_customer_is_found_by_code_and_by_each_imovel_that_was_his(chefe):
    cliente, imovel = novo_cliente(), novo_imovel()
    novo_cliente()
    novo_vinculo(cliente, imovel, fim=date(2022, 1, 1))

    for filtro in ({"codigo": cliente.pk}, {"matricula": imovel.pk}, {"matricula": str(imovel)}):
        assert achados(chefe.get(URL, filtro)) == [cliente]


def test_filters_are_asked_together(chefe):
    ana = novo_cliente(nome="ANA SILVA", celular="981112222")
    novo_cliente(nome="ANA SOUZA", celular="983334444")
    novo_cliente(nome="RUI SILVA", celular="981112222")

    assert achados(chefe.get(URL, {"nome": "ana", "telefone": "981112222"})) == [ana]
    assert achados(chefe.get(URL, {"nome": "ana", "email": "ninguem@exemplo.com.br"})) == []


def test_who_is_not_found_gets_a_word_on_what_to_do(chefe):
    assert "Nenhum cliente encontrado" in chefe.get(URL, {"nome": "zé"}).content.decode()


@pytest.mark.parametrize(
    ("campo", "valor", "mensagem"),
    [
        ("documento", "529.982.247-26", "Número do CPF inválido."),
        ("documento", "11.222.333/0001-82", "CNPJ inválido."),
        ("documento", "123", "CPF ou CNPJ inválido"),
        ("telefone", "9876x1234", "Telefone inválido"),
        ("telefone", "123", "Telefone inválido"),
        ("matricula", "12", "Matrícula inválida: o dígito não confere."),
        ("matricula", "9" * 20, "Matrícula inválida: o dígito não confere."),
        ("matricula", "abc", "Matrícula deve somente conter números positivos."),
        ("email", "jose", "E-Mail inválido."),
        ("codigo", "1e5", "Código deve somente conter números positivos."),
        ("codigo", "9" * 19, "Código tem mais de 18 dígitos."),
        ("nome", "a", "Informe ao menos 2 letras do nome."),
        ("nome", "a\x00b", "Caracteres nulos"),
        ("nome", "a" * 5000, "no máximo 100"),
    ],
)
def test_a_filter_that_cannot_be_right_is_said_beside_its_field(chefe, campo, valor, mensagem):
    resposta = chefe.get(URL, {campo: valor})

    assert resposta.status_code == 200
    assert "pagina" not in resposta.context
    assert mensagem in str(resposta.context["form"].errors[campo])
    assert f'value="{valor}"' in resposta.content.decode()


@pytest.mark.parametrize("nome", ["%%", "''", "\\\\", "& | !", ":*", "😀😀", "<b>"])
def test_any_name_may_be_asked(chefe, nome):
    novo_cliente(nome="MARIA")
    assert achados(chefe.get(URL, {"nome": nome})) == []


@pytest.mark.parametrize(
    ("filtro", "indice"),
    [
        ({"nome": "maria silva"}, "cliente_nome_palavras"),
        ({"email": "maria@exemplo.com.br"}, "cliente_email"),
        ({"documento": "52998224725"}, "documento"),
        ({"telefone": "84987654321"}, "fone_numero"),
        ({"matricula": "19"}, "clienteimovel"),
        ({"codigo": "12"}, "cliente_pkey"),
    ],
)
def test_each_filter_is_answered_by_an_index(db, filtro, indice):
    """With rows and their statistics: of an empty table every index costs the same."""
    for numero in range(40):
        novo_cliente(nome=f"ANA {numero}", celular=f"9{numero:08}")
    formulario = FiltroDeClientes(filtro)
    assert formulario.is_valid()
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE cadastro_cliente, cadastro_clientefone")
        cursor.execute("SET LOCAL enable_seqscan = off")
    plano = formulario.consultar().order_by("nome_busca", "pk")[:11].explain()
    assert indice in plano
    assert "Seq Scan" not in plano


def test_the_list_takes_few_queries(chefe, django_assert_max_num_queries):
    for numero in range(12):
        novo_cliente(nome=f"ANA {numero:02}")
    with django_assert_max_num_queries(12):
        resposta = chefe.get(URL, {"nome": "ana"})
    assert len(achados(resposta)) == 10
    assert "1 ao 10 de 12 registros" in resposta.content.decode()
    segunda = chefe.get(URL + resposta.context["pagina"].proxima)
    assert [cliente.nome for cliente in achados(segunda)] == ["ANA 10", "ANA 11"]


# Nome e Tipo


def test_the_operator_switches_messages_on(entrar):
    cliente = novo_cliente(nome="ANA", email="", por_sms=False, por_email=False)
    operador = entrar("operador")

    resposta = operador.post(
        da(cliente), dados(cliente, email="ana@exemplo.com.br", por_sms="True", por_email="True"), follow=True
    )

    assert f"Cliente de código {cliente.pk} atualizado com sucesso." in resposta.content.decode()
    cliente.refresh_from_db()
    assert (cliente.email, cliente.por_sms, cliente.por_email) == ("ana@exemplo.com.br", True, True)
    registro = LogEntry.objects.get()
    assert (registro.user, registro.object_id) == (operador.pessoa, str(cliente.pk))
    assert registro.change_message == "Alterado: E-Mail, Por SMS, Por Email."


@pytest.mark.parametrize(
    ("campo", "valor", "mensagem"),
    [
        ("nome", "   ", "Informe Nome."),
        ("nome", "A" * 101, "no máximo 100"),
        ("nome", "ANA\x00", "Caracteres nulos"),
        ("email", "ana@", "E-Mail inválido."),
        ("documento", "111.111.111-11", "Número do CPF inválido."),
        ("documento", "11.222.333/0001-80", "CNPJ inválido."),
        ("documento", "1234", "CPF ou CNPJ inválido"),
        ("por_sms", "talvez", "Faça uma escolha válida"),
        ("por_email", "", "Informe Por Email."),
    ],
)
def test_what_is_wrong_is_said_beside_its_field_and_nothing_is_lost(entrar, campo, valor, mensagem):
    cliente = novo_cliente(nome="ANA")

    resposta = entrar("operador").post(da(cliente), dados(cliente, nome="ANA MARIA") | {campo: valor})

    erros = resposta.context["form"].errors
    assert list(erros) == [campo]
    assert mensagem in str(erros[campo])
    assert f'value="{valor if campo == "nome" else "ANA MARIA"}"' in resposta.content.decode()
    assert Cliente.objects.get().nome == "ANA"


@pytest.mark.parametrize(
    ("documento", "sigla"), [("529.982.247-25", "CPF"), ("11.222.333/0001-81", "CNPJ"), ("12ABC34501DE35", "CNPJ")]
)
def test_a_document_of_another_customer_says_whose_it_is(entrar, documento, sigla):
    cliente = novo_cliente()
    outro = novo_cliente(documento=documento.translate(str.maketrans("", "", ".-/")))

    resposta = entrar("operador").post(da(cliente), dados(cliente, documento=documento.lower(), tipo=outro.tipo))

    assert resposta.context["form"].errors["documento"] == [f"{sigla} já informado para cliente {outro.pk}."]
    assert entrar("supervisor").post(da(outro), dados(outro)).status_code == 302


@pytest.mark.parametrize(
    ("documento", "tipo"),
    [("52998224725", "Pessoa Física"), ("11222333000181", "Pessoa Jurídica"), (None, "Pessoa Física")],
)
def test_the_document_tells_the_type(chefe, documento, tipo):
    assert tipo in chefe.get(da(novo_cliente(documento=documento))).content.decode()


@pytest.mark.parametrize(
    ("campos", "celular", "avisos"),
    [
        ({}, "987654321", []),
        ({}, None, [COM_CELULAR]),
        ({}, "87654321", ["não é um celular válido"]),
        ({"email": ""}, "987654321", [SEM_EMAIL]),
        ({"email": ""}, None, [COM_CELULAR, SEM_EMAIL]),
        ({"email": "", "por_sms": False, "por_email": False}, None, []),
    ],
)
def test_a_switch_that_reaches_nobody_is_warned_of_on_both_tabs(chefe, campos, celular, avisos):
    cliente = novo_cliente(celular=celular, **campos)
    for url in (da(cliente), f"{da(cliente)}telefones/"):
        pagina = chefe.get(url)
        textos = [aviso.texto for aviso in pagina.context["avisos"]]
        assert len(textos) == len(avisos)
        assert all(
            aviso in texto and texto in pagina.content.decode() for aviso, texto in zip(avisos, textos, strict=True)
        )
    if COM_CELULAR in avisos:
        assert f'href="{da(cliente)}telefones/">Ir para a aba Telefone' in chefe.get(da(cliente)).content.decode()


def test_two_people_editing_are_told(entrar):
    cliente = novo_cliente(nome="ANA")
    ana, rui = entrar("operador"), entrar("supervisor")
    antes = ana.get(da(cliente)).context["form"]["visto"].value()
    rui.post(da(cliente), dados(cliente, email="rui@exemplo.com.br"))

    resposta = ana.post(da(cliente), dados(cliente, email="ana@exemplo.com.br", visto=antes))

    assert "pessoa-supervisor alterou este registro" in str(resposta.context["form"].errors)
    assert 'value="ana@exemplo.com.br"' in resposta.content.decode()
    cliente.refresh_from_db()
    assert cliente.email == "rui@exemplo.com.br"


@pytest.mark.django_db(transaction=True)
def test_two_customers_given_one_document_at_once_are_told_whose_it_is(chefe):
    primeiro, segundo = novo_cliente(documento=None), novo_cliente(documento=None)
    respostas = []

    def enviar():
        respostas.append(chefe.post(da(segundo), dados(segundo, documento="529.982.247-25", nome="OUTRO")))
        connection.close()

    with transaction.atomic():
        Cliente.objects.filter(pk=primeiro.pk).update(documento="52998224725")
        outra = threading.Thread(target=enviar)
        outra.start()
        outra.join(1)
        assert outra.is_alive()
    outra.join(10)

    (resposta,) = respostas
    assert resposta.context["form"].errors["documento"] == [f"CPF já informado para cliente {primeiro.pk}."]
    assert 'value="OUTRO"' in resposta.content.decode()


def test_the_same_form_sent_twice_is_done_once(entrar):
    cliente, operador = novo_cliente(), entrar("operador")
    visto = operador.get(da(cliente)).context["form"]["visto"].value()
    enviado = dados(cliente, nome="OUTRO", visto=visto, pedido="6f1e6c0a-7d5c-4c3e-9f0a-0d3d7f1a2b3d")

    assert [operador.post(da(cliente), enviado).status_code for _ in range(2)] == [302, 302]
    assert LogEntry.objects.count() == 1


def test_who_may_only_see_gets_no_button_and_cannot_save(db):
    cliente, navegador = novo_cliente(nome="ANA"), leitor()
    pagina = navegador.get(da(cliente)).content.decode()
    assert "ANA" in pagina
    assert "Concluir" not in pagina
    assert "Mensagens</a>" not in pagina
    assert navegador.post(da(cliente), dados(cliente, nome="RUI")).status_code == 403
    assert Cliente.objects.get().nome == "ANA"


def test_a_customer_who_is_not_there_is_not_found(chefe):
    for pk in (999_999, 2**62, 10**30):
        assert chefe.get(f"{URL}{pk}/").status_code == 404
        assert chefe.post(f"{URL}{pk}/", {}).status_code == 404
        assert chefe.get(f"{URL}{pk}/telefones/").status_code == 404
