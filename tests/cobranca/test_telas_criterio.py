"""Critério de Cobrança: listed, inserted, updated, and removed unless an action has it."""

import uuid
from decimal import Decimal

import pytest
from django.contrib.auth.models import Permission

from cobranca.models import CriterioCobranca
from tests.fabricas import nova_acao

LISTA = "/cobranca/criterios/"
INSERIR = f"{LISTA}inserir/"


@pytest.fixture
def operador(entrar):
    return entrar("operador")


def dados(**campos) -> dict:
    return {
        "pedido": str(uuid.uuid4()),
        "descricao": "ATRASO DE 30 DIAS",
        "dias_de_atraso": "30",
        "valor_minimo": "1.020,50",
    } | campos


def novo(descricao: str = "ATRASO", **campos) -> CriterioCobranca:
    return CriterioCobranca.objects.create(descricao=descricao, **{"dias_de_atraso": 5} | campos)


def test_a_criterion_is_inserted_once(operador):
    duas_vezes = dados()

    respostas = [operador.post(INSERIR, duas_vezes, follow=True) for _ in range(2)]

    criterio = CriterioCobranca.objects.get()
    assert (criterio.descricao, criterio.dias_de_atraso, criterio.valor_minimo) == (
        "ATRASO DE 30 DIAS",
        30,
        Decimal("1020.50"),
    )
    assert "Critério de Cobrança ATRASO DE 30 DIAS inserido com sucesso." in respostas[0].text


@pytest.mark.parametrize(
    ("campos", "campo", "mensagem"),
    [
        ({"descricao": ""}, "descricao", "Informe Descrição do Critério de Cobrança."),
        ({"dias_de_atraso": "0"}, "dias_de_atraso", "Dias de atraso deve somente conter números positivos."),
        ({"dias_de_atraso": "x"}, "dias_de_atraso", "Dias de atraso deve somente conter números positivos."),
        ({"valor_minimo": ""}, "valor_minimo", "Informe Valor mínimo."),
        ({"valor_minimo": "-1"}, "valor_minimo", "Valor mínimo deve somente conter números positivos."),
        ({"valor_minimo": "dez"}, "valor_minimo", "Valor mínimo deve somente conter números positivos."),
    ],
)
def test_each_mistake_has_its_words_beside_its_field(operador, campos, campo, mensagem):
    resposta = operador.post(INSERIR, dados(**campos))

    assert resposta.context["form"].errors == {campo: [mensagem]}
    assert not CriterioCobranca.objects.exists()


def test_two_criteria_are_not_called_the_same(operador):
    novo("Atraso de 30 dias")

    resposta = operador.post(INSERIR, dados())

    assert resposta.context["form"].errors == {"descricao": ["Já existe um critério de cobrança com esta descrição."]}


def test_a_criterion_is_updated(operador):
    criterio = novo()
    aberta = operador.get(f"{LISTA}{criterio.pk}/").context["form"]

    resposta = operador.post(f"{LISTA}{criterio.pk}/", dados(visto=aberta["visto"].value()), follow=True)

    criterio.refresh_from_db()
    assert criterio.dias_de_atraso == 30
    assert "Critério de Cobrança ATRASO DE 30 DIAS atualizado com sucesso." in resposta.text


def test_two_who_edit_one_criterion_are_told(operador):
    criterio = novo()
    visto = operador.get(f"{LISTA}{criterio.pk}/").context["form"]["visto"].value()
    CriterioCobranca.objects.update(dias_de_atraso=9)

    resposta = operador.post(f"{LISTA}{criterio.pk}/", dados(visto=visto))

    assert "Dias de atraso (agora: 9)" in resposta.text


def test_criteria_are_removed_after_a_confirmation(operador):
    um, outro = novo("UM"), novo("OUTRO")
    pedido = {"remover": [um.pk, outro.pk], "pedido": str(uuid.uuid4())}

    assert "Confirma remoção?" in operador.post(LISTA, pedido).text
    resposta = operador.post(LISTA, pedido | {"confirmado": "1"}, follow=True)

    assert "2 Critérios de Cobrança removidos com sucesso." in resposta.text
    assert not CriterioCobranca.objects.exists()


def test_a_criterion_that_an_action_has_is_not_removed_and_the_action_is_named(operador):
    livre, usado = novo("LIVRE"), novo("USADO")
    nova_acao(descricao="AVISO DE CORTE", criterio=usado)

    resposta = operador.post(LISTA, {"remover": [livre.pk, usado.pk], "confirmado": "1", "pedido": str(uuid.uuid4())})

    assert "USADO não pode ser removido: é o critério da ação AVISO DE CORTE." in resposta.text
    assert CriterioCobranca.objects.filter(pk__in=[livre.pk, usado.pk]).count() == 2


def test_nothing_selected_is_told(operador):
    novo()

    assert "Nenhum registro selecionado." in operador.post(LISTA, {}).text


def test_who_may_only_look_changes_nothing(entrar):
    leitor = entrar("")
    leitor.pessoa.user_permissions.add(Permission.objects.get(codename="view_criteriocobranca"))
    criterio = novo()

    assert 'name="remover"' not in leitor.get(LISTA).text
    assert all(campo.disabled for campo in leitor.get(f"{LISTA}{criterio.pk}/").context["form"].fields.values())
    assert leitor.post(f"{LISTA}{criterio.pk}/", dados()).status_code == 403
    assert leitor.post(LISTA, {"remover": criterio.pk}).status_code == 403
    assert leitor.get(INSERIR).status_code == 403


def test_an_empty_list_says_what_to_do(operador):
    assert "Inserir Critério de Cobrança" in operador.get(LISTA).text


def test_the_pages_ask_few_questions_of_the_database(operador, django_assert_max_num_queries):
    for numero in range(12):
        criterio = novo(f"CRITÉRIO {numero}")

    for pagina in (LISTA, INSERIR, f"{LISTA}{criterio.pk}/"):
        with django_assert_max_num_queries(12):
            operador.get(pagina)
