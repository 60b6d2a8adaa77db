"""Pages by key: every row once, in order, forwards and back, whatever the order and the size; never a whole count."""

import base64
import json

import pytest
from django.http import QueryDict
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.django import TestCase

from cadastro.models import Cliente, Localidade
from telas import paginacao
from telas.paginacao import TAMANHOS, Pagina
from tests.fabricas import nova_localidade

ORDENS = {"nome": "nome_busca", "codigo": "pk", "quando": "alterado_em"}


def pagina(consulta=None, /, **parametros) -> Pagina:
    consulta = Cliente.objects.all() if consulta is None else consulta
    pedido = QueryDict(mutable=True)
    pedido.update({nome: str(valor) for nome, valor in parametros.items()})
    return Pagina(consulta, pedido, ordens=ORDENS, padrao="nome", tamanho=5)


def seguir(link: str) -> Pagina:
    return Pagina(Cliente.objects.all(), QueryDict(link.removeprefix("?")), ordens=ORDENS, padrao="nome", tamanho=5)


class TestPasseio(TestCase):
    @given(
        nomes=st.lists(st.sampled_from(["ana", "bia", "caio", "davi"]), max_size=23),
        ordem=st.sampled_from([sentido + nome for nome in ORDENS for sentido in ("", "-")]),
        exibir=st.sampled_from(TAMANHOS[:2]),
    )
    @settings(max_examples=40)
    def test_forwards_and_back_every_row_is_seen_once_and_in_order(self, nomes, ordem, exibir):
        for nome in nomes:
            Cliente.objects.create(nome=nome)
        atual, vistas, paginas = pagina(ordem=ordem, exibir=exibir), [], []
        while True:
            paginas.append([linha.pk for linha in atual.linhas])
            vistas += atual.linhas
            assert atual.inicio == len(vistas) - len(atual.linhas) + 1 or not vistas
            if not atual.tem_proxima:
                break
            atual = seguir(atual.proxima)
        esperadas = sorted(Cliente.objects.all(), key=lambda linha: (_valor(linha, ordem), linha.pk))
        if ordem.startswith("-"):
            esperadas.reverse()
        assert [linha.pk for linha in vistas] == [linha.pk for linha in esperadas]
        for anterior in reversed(paginas[:-1]):
            assert atual.tem_anterior
            atual = seguir(atual.anterior)
            assert [linha.pk for linha in atual.linhas] == anterior
        assert not atual.tem_anterior
        assert atual.inicio == 1


def _valor(linha, ordem):
    campo = ORDENS[ordem.removeprefix("-")]
    return 0 if campo == "pk" else getattr(linha, campo)


def test_it_says_which_rows_it_shows(db):
    for numero in range(40):
        Cliente.objects.create(nome=f"cliente {numero:02}")

    primeira = pagina()

    assert primeira.resumo == "1 ao 5 de 40 registros"
    assert seguir(primeira.proxima).resumo == "6 ao 10 de 40 registros"
    assert pagina(exibir=100).resumo == "1 ao 40 de 40 registros"


@pytest.mark.parametrize(
    ("quantos", "resumo"), [(0, "Nenhum registro"), (1, "1 registro"), (2, "1 ao 2 de 2 registros")]
)
def test_few_rows_are_said_in_few_words(db, quantos, resumo):
    for _ in range(quantos):
        Cliente.objects.create(nome="ana")

    assert pagina().resumo == resumo


def test_a_large_table_is_counted_no_further_than_the_limit(db, monkeypatch, django_assert_num_queries):
    monkeypatch.setattr(paginacao, "LIMITE_DA_CONTAGEM", 10)
    for _ in range(30):
        Cliente.objects.create(nome="ana")

    with django_assert_num_queries(2) as consultas:
        assert pagina().resumo == "1 ao 5 de mais de 10 registros"

    assert "LIMIT 11" in consultas.captured_queries[1]["sql"]


def test_a_page_that_is_the_only_one_costs_one_query(db, django_assert_num_queries):
    Cliente.objects.create(nome="ana")

    with django_assert_num_queries(1):
        assert pagina().resumo == "1 registro"


def test_filters_stay_and_cursors_do_not_when_order_or_size_change(db):
    for numero in range(12):
        Cliente.objects.create(nome=f"cliente {numero}")
    segunda = seguir(pagina(filtro="x", exibir=5).proxima)

    assert dict(segunda.demais_parametros) == {"filtro": "x"}
    assert QueryDict(segunda.link_da_ordem("codigo")[1:]).dict() == {"filtro": "x", "exibir": "5", "ordem": "codigo"}


def test_the_same_heading_turns_the_order_round(db):
    assert "ordem=-nome" in pagina(ordem="nome").link_da_ordem("nome")
    assert "ordem=nome" in pagina(ordem="-nome").link_da_ordem("nome")
    assert [pagina(ordem="-nome").sentido(nome) for nome in ("nome", "codigo")] == ["descending", "none"]


def _cursor(valores) -> str:
    return _em_base64(json.dumps(valores))


def _em_base64(texto: str) -> str:
    return base64.urlsafe_b64encode(texto.encode()).decode()


@pytest.mark.parametrize(
    "parametros",
    [
        {"apos": "não é um cursor"},
        {"apos": _cursor(["só um"])},
        {"apos": _cursor([None, None])},
        {"apos": _cursor(["ana", 10**30])},
        {"apos": _cursor(["ana\0", 1])},
        {"apos": _cursor({"a": 1})},
        {"apos": _cursor(["a" * 500, 1])},
        {"antes": _cursor([["a"], "x"])},
        {"apos": _cursor(["a", float("inf")])},
        {"apos": _cursor(["\ud800", 1])},
        {"apos": _em_base64("[" * 3000)},
        {"ordem": "senha"},
        {"ordem": "-"},
        {"exibir": "7"},
        {"exibir": "9" * 50},
        {"exibir": "-5", "de": "x"},
    ],
)
def test_nonsense_in_the_address_shows_the_first_page(db, parametros):
    for numero in range(7):
        Cliente.objects.create(nome=f"cliente {numero}")

    achada = pagina(**parametros)

    assert len(achada.linhas) == 5
    assert achada.linhas[0].nome == "cliente 0"
    assert achada.resumo == "1 ao 5 de 7 registros"


def test_a_page_whose_rows_were_deleted_leads_to_the_first(db):
    for numero in range(7):
        Cliente.objects.create(nome=f"cliente {numero}")
    link = pagina().proxima
    Cliente.objects.filter(nome__gte="cliente 5").delete()

    vazia = seguir(link)

    assert vazia.linhas == []
    assert vazia.resumo == "Nenhum registro"
    assert vazia.anterior == vazia.primeira


def test_a_table_may_be_ordered_by_a_column_of_another(db):
    for codigo in range(1, 8):
        nova_localidade(codigo)
    ordens = {"municipio": "municipio__nome"}
    consulta = Localidade.objects.select_related("municipio")

    primeira = Pagina(consulta, QueryDict("exibir=5"), ordens=ordens, padrao="municipio")
    segunda = Pagina(consulta, QueryDict(primeira.proxima[1:]), ordens=ordens, padrao="municipio")

    assert len({linha.pk for linha in primeira.linhas + segunda.linhas}) == 7


def test_moments_keep_their_microseconds_in_a_cursor(db):
    for _ in range(12):
        Cliente.objects.create(nome="ana")
    vistos, atual = [], pagina(ordem="quando")
    while True:
        vistos += [linha.pk for linha in atual.linhas]
        if not atual.tem_proxima:
            break
        atual = seguir(atual.proxima)

    assert len(vistos) == len(set(vistos)) == 12
