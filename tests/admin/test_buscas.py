"""What is searched for is found, by an index."""

import pytest
from django.contrib import admin
from django.db import connection

from cadastro.models import Cliente, ClienteFone, Imovel
from faturamento.models import Conta
from mensageria.estados import Estado
from mensageria.models import Canal, Mensagem
from tests.fabricas import nova_conta, novo_cliente, novo_imovel
from tests.mensageria.apoio import nova_mensagem, por_em


def achar(modelo, termo: str) -> list:
    tela = admin.site._registry[modelo]
    return list(tela.get_search_results(None, tela.get_queryset(None), termo)[0])


def plano(modelo, termo: str) -> str:
    """The plan when reading the whole table is not an option."""
    tela = admin.site._registry[modelo]
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_seqscan = off")
    return tela.get_search_results(None, tela.get_queryset(None), termo)[0].order_by().explain()


@pytest.mark.parametrize(
    "termo",
    [
        "José",
        "jose d'avila",
        "AVILA",
        "souza d'á",
        "529.982.247-25",
        "52998224725",
        "Jose@Exemplo.com.br",
        "(84) 98765-1234",
        "987651234",
    ],
)
def test_a_customer_is_found(termo, db):
    cliente = novo_cliente(
        nome="José D'Ávila de Souza", documento="52998224725", email="jose@exemplo.com.br", celular="987651234"
    )
    novo_cliente(nome="MARIA", email="maria@exemplo.com.br", celular="981112222")
    assert achar(Cliente, termo) == [cliente]


@pytest.mark.parametrize("termo", ["zé", "000.000.000-00", "ninguem@exemplo.com.br", "%", "'", "\\", "a\x00b", "& | !"])
def test_a_search_that_finds_nobody_is_no_error(termo, db, chefe):
    novo_cliente(nome="MARIA")
    assert achar(Cliente, termo) == []
    assert chefe.get("/admin/cadastro/cliente/", {"q": termo}).status_code == 200


@pytest.fixture
def muitos(db) -> None:
    """So many customers that the planner has reasons for its choice."""
    clientes = Cliente.objects.bulk_create(
        Cliente(nome=f"MARIA {n} SILVA", nome_busca=f"maria {n} silva", email=f"maria{n}@exemplo.com.br")
        for n in range(1000)
    )
    ClienteFone.objects.bulk_create(
        ClienteFone(cliente=cliente, tipo=ClienteFone.Tipo.CELULAR, ddd="84", numero=f"98{n:07}")
        for n, cliente in enumerate(clientes)
    )
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE cadastro_cliente, cadastro_clientefone")


@pytest.mark.parametrize(
    ("termo", "indices"),
    [
        ("maria silva", ["cliente_nome_palavras"]),
        ("d'á", ["cliente_nome_prefixo"]),
        ("maria@exemplo.com.br", ["cliente_email"]),
        ("52998224725", ["documento"]),
        ("84987654321", ["fone_numero"]),
    ],
)
def test_a_search_of_customers_uses_an_index(termo, indices, muitos):
    texto = plano(Cliente, termo)
    assert "Seq Scan" not in texto
    for indice in indices:
        assert indice in texto


def test_an_imovel_is_found_by_matricula_and_by_inscricao(db):
    imovel = novo_imovel(lote=12, sublote=3)
    novo_imovel()
    assert achar(Imovel, str(imovel.matricula)) == [imovel]
    assert achar(Imovel, str(imovel)) == [imovel]
    assert achar(Imovel, imovel.inscricao) == [imovel]
    assert achar(Imovel, "99999999999999999999") == achar(Imovel, "abc") == achar(Imovel, "001.x.1.1.1") == []


def test_a_message_is_found_by_its_numbers_and_keys(db):
    mensagem = por_em(nova_mensagem(id_externo="<1@x>"), Estado.ENVIADA)
    nova_mensagem(canal=Canal.SMS)
    duvida = nova_mensagem(id_externo="<2@x>", tentativas=1)  # it may have left, and waits to be sent again
    assert duvida in achar(Mensagem, "<2@x>")
    for termo in (str(mensagem.pk), mensagem.chave, "<1@x>", str(mensagem.objeto_id)):
        assert mensagem in achar(Mensagem, termo)
    assert achar(Mensagem, "ana@exemplo.com.br") == []
    assert "Seq Scan" not in plano(Mensagem, "123")
    assert "Seq Scan" not in plano(Mensagem, "<1@x>")


def test_a_conta_is_found_by_matricula(db):
    conta = nova_conta()
    nova_conta()
    assert achar(Conta, str(conta.imovel)) == [conta]
    assert conta in achar(Conta, str(conta.imovel_id))


def test_a_phone_is_found_with_or_without_ddd(db):
    fone = novo_cliente(celular="987651234").fones.get()
    for termo in ("987651234", "(84) 98765-1234", "84987651234"):
        assert achar(ClienteFone, termo) == [fone]
