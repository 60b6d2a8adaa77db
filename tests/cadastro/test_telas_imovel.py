"""Consultar Imóvel: the filter, and the abas, each a page of the app whose data it shows."""

from datetime import date, timedelta

import pytest
from django.db import connection
from django.utils import timezone

from cadastro.forms_imovel import FiltroDeImoveis
from cadastro.models import Imovel, Quadra, Relacao
from mensageria.models import Canal
from tests.fabricas import (
    HOJE,
    nova_acao,
    nova_conta,
    novo_cliente,
    novo_comando,
    novo_imovel,
    novo_parametro_sistema,
    novo_vinculo,
)
from tests.mensageria.apoio import nova_mensagem

URL = "/cadastro/imovel/"
ABAS = ("/cadastro/imovel/{}/", "/faturamento/imovel/{}/contas/", "/cobranca/imovel/{}/documentos/")
MENSAGENS = "/mensagens/imovel/{}/"


def texto(resposta) -> str:
    assert resposta.status_code == 200
    return " ".join(resposta.content.decode().split())


def achados(resposta) -> list[Imovel]:
    return resposta.context["pagina"].linhas


def novo_documento(imovel, **campos):
    comando = novo_comando(nova_acao())
    padrao = {"tipo_documento": 8, "emissao": HOJE, "validade": HOJE + timedelta(days=10), "valor": 250}
    return comando.documentos.create(imovel=imovel, localidade=imovel.localidade, **padrao | campos)


# The filter


def test_nothing_is_listed_until_something_is_asked(chefe, django_assert_max_num_queries):
    imovel = novo_imovel()
    with django_assert_max_num_queries(3):
        pagina = texto(chefe.get(URL))
    assert "Informe o imóvel que você procura" in pagina
    assert f"{URL}{imovel.pk}/" not in pagina


def test_a_matricula_with_its_point_or_without_leads_to_the_imovel(chefe):
    imovel = novo_imovel()
    for digitada in (str(imovel), str(imovel.pk), f" {imovel.pk} "):
        assert chefe.get(URL, {"matricula": digitada}).url == f"{URL}{imovel.pk}/"


def test_an_inscricao_finds_its_imoveis_whole_or_down_to_the_quadra(chefe):
    um, outro = novo_imovel(lote=10), novo_imovel(lote=20)
    quadra = Quadra.objects.create(setor=um.quadra.setor, rota=um.quadra.rota, numero=2)
    de_outra = novo_imovel(quadra=quadra)

    assert achados(chefe.get(URL, {"inscricao": "001.001.001"})) == [um, outro]
    assert achados(chefe.get(URL, {"inscricao": "1.1.1.10"})) == [um]
    assert achados(chefe.get(URL, {"inscricao": de_outra.inscricao})) == [de_outra]
    assert "Nenhum imóvel encontrado" in texto(chefe.get(URL, {"inscricao": "1.1.9"}))


def test_the_inscricao_is_as_wide_as_the_parameters_say(chefe):
    novo_parametro_sistema(digitos_da_quadra=4)
    imovel = novo_imovel(lote=10)
    assert "001.001.0001.0010.000" in texto(chefe.get(URL, {"inscricao": "001.001.0001"}))
    assert "001.001.0001.0010.000" in texto(chefe.get(f"{URL}{imovel.pk}/"))


@pytest.mark.parametrize(
    ("campo", "valor", "mensagem"),
    [
        ("matricula", "12", "Matrícula inválida: o dígito não confere."),
        ("matricula", "abc", "Matrícula deve somente conter números positivos."),
        ("matricula", "9" * 20, "Matrícula inválida: o dígito não confere."),
        ("inscricao", "001.001", "Informe ao menos a localidade, o setor e a quadra, como 001.002.003."),
        ("inscricao", "1.1.1.1.1.1", "Informe ao menos a localidade, o setor e a quadra, como 001.002.003."),
        ("inscricao", "1.x.1", "Inscrição inválida: escreva os números separados por pontos, como 001.002.003."),
        ("inscricao", "1.99999.1", "Inscrição inválida"),
        ("inscricao", "²", "Inscrição inválida"),
    ],
)
def test_what_cannot_be_right_is_said_beside_its_field(chefe, campo, valor, mensagem):
    resposta = chefe.get(URL, {campo: valor})
    assert mensagem in str(resposta.context["form"].errors[campo])
    assert "pagina" not in resposta.context


def test_a_search_by_inscricao_is_answered_by_an_index(db):
    imovel = novo_imovel()
    for numero in range(2, 40):
        novo_imovel(quadra=Quadra.objects.create(setor=imovel.quadra.setor, rota=imovel.quadra.rota, numero=numero))
    filtro = FiltroDeImoveis({"inscricao": imovel.inscricao})
    assert filtro.is_valid()
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE cadastro_imovel")
        cursor.execute("SET LOCAL enable_seqscan = off")
    plano = filtro.consultar().order_by("pk")[:11].explain()
    assert "cadastro_imovel_quadra_id" in plano
    assert "Seq Scan on cadastro_imovel" not in plano


def test_the_list_has_pages_and_takes_few_queries(chefe, django_assert_max_num_queries):
    imoveis = [novo_imovel() for _ in range(12)]
    with django_assert_max_num_queries(12):
        resposta = chefe.get(URL, {"inscricao": "1.1.1"})
    assert "1 ao 10 de 12 registros" in texto(resposta)
    assert achados(chefe.get(URL + resposta.context["pagina"].proxima)) == imoveis[10:]


# Its abas


def test_the_imovel_shows_its_data_and_whose_it_is_and_was(chefe):
    imovel = novo_imovel(endereco="Rua das Acácias, 10", categoria=2, situacao_agua=5)
    antigo, atual = novo_cliente(nome="RUI ANTIGO"), novo_cliente(nome="ANA ATUAL")
    novo_vinculo(antigo, imovel, fim=date(2024, 5, 1), motivo_fim="VENDA")
    novo_vinculo(atual, imovel, inicio=date(2024, 5, 1))
    novo_vinculo(atual, imovel, relacao=Relacao.PROPRIETARIO)

    pagina = texto(chefe.get(f"{URL}{imovel.pk}/"))

    for dito in (str(imovel), imovel.inscricao, "Rua das Acácias, 10", "Comercial", "Cortado", "Potencial", "NATAL/RN"):
        assert dito in pagina
    for dito in ("RUI ANTIGO", "01/05/2024", "VENDA", "Usuário", "Proprietário"):
        assert dito in pagina
    assert f'href="/cadastro/cliente/{atual.pk}/">ANA ATUAL' in pagina
    for aba in (*ABAS, MENSAGENS):
        assert f'href="{aba.format(imovel.pk)}"' in pagina


def test_the_contas_of_the_imovel_are_shown_the_newest_first(chefe):
    imovel, cliente = novo_imovel(), novo_cliente(nome="ANA")
    nova_conta(imovel=imovel, cliente=cliente, referencia=202610, pago_em=HOJE, valor="80.00")
    nova_conta(imovel=imovel, cliente=cliente, referencia=202611, situacao=3)
    nova_conta(referencia=202609)

    resposta = chefe.get(ABAS[1].format(imovel.pk))

    assert [conta.referencia for conta in achados(resposta)] == [202611, 202610]
    pagina = texto(resposta)
    for dito in ("11/2026", "10/2026", "R$ 80,00", "10/11/2026", "Cancelada", "ANA"):
        assert dito in pagina


def test_the_documents_of_the_imovel_are_shown(chefe):
    imovel = novo_imovel()
    validade = timezone.localdate() + timedelta(days=3)
    documento = novo_documento(imovel, validade=validade)
    novo_documento(novo_imovel(), valor=999)
    novo_documento(imovel, cancelado=True)
    novo_documento(imovel, pago_em=HOJE)

    resposta = chefe.get(ABAS[2].format(imovel.pk))

    assert len(achados(resposta)) == 3 and achados(resposta)[-1] == documento
    pagina = texto(resposta)
    for dito in (
        "R$ 250,00",
        f"{validade:%d/%m/%Y}",
        "em aberto",
        "cancelado",
        "pago em 10/11/2026",
        str(documento.comando.acao),
    ):
        assert dito in pagina


def test_the_messages_about_the_imovel_are_shown_whoever_got_them(chefe):
    imovel, de_antes, de_agora = novo_imovel(), novo_cliente(nome="RUI"), novo_cliente(nome="ANA")
    conta = nova_conta(imovel=imovel, cliente=de_antes)
    documento = novo_documento(imovel)
    outra = nova_conta()
    da_conta = nova_mensagem(cliente=de_antes, origem="faturamento", objeto_id=conta.pk)
    do_documento = nova_mensagem(cliente=de_agora, origem="cobranca", objeto_id=documento.pk, canal=Canal.SMS)
    nova_mensagem(cliente=de_agora, origem="faturamento", objeto_id=outra.pk)

    resposta = chefe.get(MENSAGENS.format(imovel.pk))

    assert achados(resposta) == [do_documento, da_conta]
    assert "Conta 11/2026" in texto(resposta)
    assert achados(chefe.get(MENSAGENS.format(imovel.pk), {"canal": "1"})) == [do_documento]


@pytest.mark.parametrize("aba", [*ABAS, MENSAGENS])
def test_each_aba_takes_few_queries_and_says_when_there_is_nothing(chefe, aba, django_assert_max_num_queries):
    cheio, vazio = novo_imovel(), novo_imovel()
    for mes in range(1, 12):
        conta = nova_conta(imovel=cheio, referencia=202500 + mes)
        nova_mensagem(origem="faturamento", objeto_id=conta.pk)
        novo_documento(cheio)
    with django_assert_max_num_queries(12):
        assert "Nenhum" not in texto(chefe.get(aba.format(cheio.pk))) or aba == ABAS[0]
    assert "vazio-titulo" in texto(chefe.get(aba.format(vazio.pk)))
    assert chefe.get(aba.format(2**62)).status_code == 404


def test_who_may_not_see_contas_gets_no_aba_of_them(entrar):
    assert entrar("").get(ABAS[0].format(novo_imovel().pk)).status_code == 403
