"""Informar Parâmetros do Sistema, as the operator sees it."""

import re
import threading

import pytest
from django.contrib.auth.models import Permission, User
from django.db import connection, transaction
from django.test import Client

from cadastro.models import ParametroSistema
from cadastro.parametros import para_alterar
from tests.fabricas import novo_parametro_sistema

URL = "/cadastro/sistema-parametro/"
CERTO = {
    "nome_estado": "RIO GRANDE DO NORTE",
    "nome_empresa": "COMPANHIA DE ÁGUAS",
    "abreviatura_empresa": "CA",
    "cnpj": "11.222.333/0001-81",
    "logradouro": "Rua da Água, 1",
    "telefone_atendimento": "0800 000 0195",
    "site": "",
    "email": "",
    "ano_mes_faturamento": "11/2026",
    "codigo_febraban": "0123",
    "modulo_digito_verificador": "11",
    "tamanho_maximo_sms": "160",
    "perfil_programa_especial": "",
}


def enviar(navegador, **mudancas):
    return navegador.post(URL, CERTO | mudancas)


def erros(resposta) -> dict:
    assert resposta.status_code == 200
    return resposta.context["form"].errors


def lida(navegador) -> str:
    return navegador.get(URL).content.decode()


def visto(navegador) -> str:
    return navegador.get(URL).context["form"]["visto"].value()


def test_the_first_time_it_asks_to_be_filled_in_and_inserts_the_row(entrar):
    operador = entrar("operador")
    assert "Os parâmetros ainda não foram informados" in lida(operador)

    resposta = operador.post(URL, CERTO, follow=True)

    assert "Parâmetro do Sistema informado com sucesso." in resposta.content.decode()
    parametro = ParametroSistema.atual()
    assert (parametro.cnpj, parametro.ano_mes_faturamento) == ("11222333000181", 202611)
    assert (parametro.modulo_digito_verificador, parametro.tamanho_maximo_sms) == (11, 160)


@pytest.mark.parametrize("invalido", ["57", "301", "999", "abc", "٣٠٠", ""])
def test_nothing_is_said_of_the_positions_that_an_invalid_size_leaves(entrar, invalido):
    novo_parametro_sistema()

    pagina = enviar(entrar("operador"), tamanho_maximo_sms=invalido).content.decode()

    assert re.search(r'data-posicoes-reservadas="57"\s+hidden', pagina)


def test_it_shows_what_is_stored_and_who_changed_it_last(entrar):
    novo_parametro_sistema(tamanho_maximo_sms=164)
    operador = entrar("operador")
    enviar(operador, tamanho_maximo_sms="150", telefone_atendimento="")

    pagina = lida(operador)

    assert 'value="11.222.333/0001-81"' in pagina
    assert 'value="11/2026"' in pagina
    assert ">93</output>" in pagina
    assert "Última alteração: pessoa-operador" in pagina
    assert "Alterado: " in pagina
    assert "Tamanho Máximo Mensagem via SMS" in pagina.split("Alterado: ")[1]


@pytest.mark.parametrize(
    ("campo", "valor", "mensagem"),
    [
        ("nome_empresa", "", "Informe Nome da Empresa."),
        ("tamanho_maximo_sms", "", "Informe Tamanho Máximo Mensagem via SMS."),
        ("tamanho_maximo_sms", "abc", "Tamanho Máximo Mensagem via SMS deve somente conter números positivos."),
        ("tamanho_maximo_sms", "-1", "Tamanho Máximo Mensagem via SMS deve somente conter números positivos."),
        ("tamanho_maximo_sms", "57", "Tamanho Máximo Mensagem via SMS deve ser de 58 a 300."),
        ("tamanho_maximo_sms", "165", "Somente o administrador pode informar mais de 164 posições."),
        ("tamanho_maximo_sms", "301", "Tamanho Máximo Mensagem via SMS deve ser de 58 a 300."),
        ("cnpj", "11.222.333/0001-82", "CNPJ inválido."),
        ("cnpj", "529.982.247-25", "CNPJ inválido."),
        ("ano_mes_faturamento", "13/2026", "Ano mês de referência inválido."),
        ("codigo_febraban", "12", "Informe 4 dígitos."),
        ("email", "sem arroba", "E-Mail inválido."),
    ],
)
def test_what_is_wrong_is_said_beside_its_field_and_nothing_is_lost(entrar, campo, valor, mensagem):
    novo_parametro_sistema(nome_empresa="ANTIGA")

    resposta = enviar(entrar("operador"), **{"nome_empresa": "NOVA", campo: valor})

    assert erros(resposta)[campo] == [mensagem]
    assert list(erros(resposta)) == [campo]
    if campo != "nome_empresa":
        assert 'value="NOVA"' in resposta.content.decode()
    assert ParametroSistema.atual().nome_empresa == "ANTIGA"


@pytest.mark.parametrize(
    ("grupo", "tamanho", "aceito"),
    [("operador", 164, True), ("supervisor", 165, False), ("administrador", 165, True), ("administrador", 300, True)],
)
def test_only_an_administrator_passes_164_positions(entrar, grupo, tamanho, aceito):
    novo_parametro_sistema(tamanho_maximo_sms=100)
    enviar(entrar(grupo), tamanho_maximo_sms=tamanho)
    assert ParametroSistema.atual().tamanho_maximo_sms == (tamanho if aceito else 100)


def test_what_the_administrator_set_stays_while_others_change_the_rest(entrar):
    novo_parametro_sistema(tamanho_maximo_sms=300)
    assert enviar(entrar("operador"), tamanho_maximo_sms="300", nome_empresa="NOVA").status_code == 302
    assert ParametroSistema.atual().nome_empresa == "NOVA"


@pytest.mark.parametrize("valor", ["a\x00b", "9" * 5000, "😀" * 200, "<script>"])
@pytest.mark.parametrize("campo", list(CERTO))
def test_hostile_input_is_refused_or_kept_as_text(chefe, campo, valor):
    novo_parametro_sistema()
    resposta = enviar(chefe, **{campo: valor})
    assert resposta.status_code in (200, 302)
    assert b"<script>" not in resposta.content.replace(b"<script src", b"")


def test_missing_fields_are_asked_for(chefe):
    resposta = chefe.post(URL, {})
    assert {"nome_empresa", "cnpj", "tamanho_maximo_sms", "ano_mes_faturamento"} <= set(erros(resposta))


def test_two_people_editing_are_told(entrar):
    novo_parametro_sistema(nome_empresa="ANTIGA")
    ana, rui = entrar("operador"), entrar("supervisor")
    antes = visto(ana)
    enviar(rui, nome_empresa="DE RUI", visto=visto(rui))

    resposta = enviar(ana, nome_empresa="DE ANA", visto=antes)

    assert "pessoa-supervisor alterou este registro" in str(erros(resposta))
    assert "Nome da Empresa (agora: DE RUI)" in str(erros(resposta))
    assert 'value="DE ANA"' in resposta.content.decode()
    de_novo = resposta.context["form"]["visto"].value()
    assert enviar(ana, nome_empresa="DE ANA", visto=de_novo).status_code == 302
    assert ParametroSistema.atual().nome_empresa == "DE ANA"


def test_whoever_inserts_second_is_told_of_the_first(entrar):
    ana, rui = entrar("operador"), entrar("supervisor")
    antes = visto(ana)
    enviar(rui, nome_empresa="DE RUI")

    resposta = enviar(ana, nome_empresa="DE ANA", visto=antes)

    assert "Nome da Empresa (agora: DE RUI)" in str(erros(resposta))
    assert ParametroSistema.atual().nome_empresa == "DE RUI"


def test_the_same_form_sent_twice_is_done_once(entrar):
    operador = entrar("operador")
    pedido = {"pedido": "6f1e6c0a-7d5c-4c3e-9f0a-0d3d7f1a2b3c", "visto": visto(operador)}

    respostas = [enviar(operador, **pedido) for _ in range(2)]

    assert [resposta.status_code for resposta in respostas] == [302, 302]
    assert lida(operador).count("informado com sucesso") == 1


def test_who_may_only_see_gets_no_button_and_cannot_save(db):
    novo_parametro_sistema(nome_empresa="ANTIGA")
    pessoa = User.objects.create_user("leitor")
    pessoa.user_permissions.add(Permission.objects.get(codename="view_parametrosistema"))
    leitor = Client()
    leitor.force_login(pessoa)

    pagina = lida(leitor)

    assert 'value="ANTIGA"' in pagina
    assert "Concluir" not in pagina
    assert enviar(leitor).status_code == 403
    ParametroSistema.objects.all().delete()
    assert "Os parâmetros ainda não foram informados" in lida(leitor)
    assert enviar(leitor).status_code == 403


def test_the_page_takes_few_queries(chefe, django_assert_max_num_queries):
    novo_parametro_sistema()
    with django_assert_max_num_queries(12):
        chefe.get(URL)


@pytest.mark.django_db(transaction=True)
def test_the_row_that_is_not_there_yet_is_inserted_by_one_person_at_a_time():
    esperou = threading.Event()

    def outra_pessoa():
        with transaction.atomic():
            atual = para_alterar()
            esperou.encontrada = atual
        connection.close()

    with transaction.atomic():
        assert para_alterar() is None
        outra = threading.Thread(target=outra_pessoa)
        outra.start()
        outra.join(0.3)
        assert outra.is_alive()
        parametro = novo_parametro_sistema()
    outra.join(10)
    assert esperou.encontrada == parametro
