"""Parametrizar Mensagem de Faturamento: what is asked, in which words, and that a version is never rewritten."""

import uuid
from decimal import Decimal

import pytest
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import Permission, User
from django.utils import timezone

from faturamento.models import ParametroMensagem
from tests.fabricas import novo_parametro, novo_parametro_sistema

TELA = "/faturamento/parametrizar-mensagem/"
SMS = "{NOME} mat {MATRICULA}: {VALOR} vence {VENCTO}"
EMAIL = "Olá, {NOME}.\r\n\r\nMatrícula {MATRICULA}, R$ {VALOR}, vence em {VENCTO}."


@pytest.fixture(autouse=True)
def sistema(db):
    return novo_parametro_sistema(ano_mes_faturamento=202611)


@pytest.fixture
def operador(entrar):
    return entrar("operador")


def dados(**campos) -> dict:
    """The form as its page posts it, by somebody who saw the last version."""
    ultima = ParametroMensagem.objects.order_by("-id").first()
    return {
        "pedido": str(uuid.uuid4()),
        "vista": ultima.pk if ultima else "",
        "referencia": "11/2026",
        "valor_minimo": "1.234,50",
        "categorias": ["1", "3"],
        "dias_antes": "",
        "tentativas_email": "3",
        "assunto": "Conta de {NOME}",
        "texto_sms": SMS,
        "texto_email": EMAIL,
        "transliterar": "on",
    } | campos


def erros(resposta) -> dict:
    assert resposta.status_code == 200
    assert not ParametroMensagem.objects.exists()
    return resposta.context["form"].errors


# What it stores


def test_a_version_is_stored_with_who_and_when(operador):
    resposta = operador.post(TELA, dados(), follow=True)

    versao = ParametroMensagem.objects.get()
    assert "Parametrização realizada com sucesso." in resposta.text
    assert (versao.referencia, versao.valor_minimo, versao.categorias) == (202611, Decimal("1234.50"), [1, 3])
    assert (versao.dias_antes, versao.tentativas_email, versao.transliterar) == (0, 3, True)
    assert versao.texto_email == EMAIL.replace("\r\n", "\n")
    assert versao.criado_por == operador.pessoa
    assert LogEntry.objects.get().user == operador.pessoa


def test_the_least_value_of_a_conta_may_be_a_centavo(operador):
    operador.post(TELA, dados(valor_minimo="0,01"))

    assert ParametroMensagem.objects.get().valor_minimo == Decimal("0.01")


def test_a_version_in_use_is_never_rewritten(operador):
    usada = novo_parametro(referencia=202611, usado_em=timezone.now())

    operador.post(TELA, dados())

    antes = ParametroMensagem.objects.get(pk=usada.pk)
    assert (antes.texto_sms, antes.usado_em) == (usada.texto_sms, usada.usado_em)
    assert ParametroMensagem.objects.em_vigor_em(202611).texto_sms == SMS


def test_the_reference_may_be_later(operador):
    operador.post(TELA, dados(referencia="01/2027"))

    assert ParametroMensagem.objects.get().referencia == 202701


def test_what_changes_nothing_stores_nothing(operador):
    operador.post(TELA, dados())

    resposta = operador.post(TELA, dados(categorias=["3", "1"]), follow=True)

    assert "Nada mudou" in resposta.text
    assert ParametroMensagem.objects.count() == 1


def test_a_double_click_stores_one_version(operador):
    duas_vezes = dados()

    for _ in range(2):
        resposta = operador.post(TELA, duas_vezes)
        assert resposta.status_code == 302

    assert ParametroMensagem.objects.count() == 1


# What it refuses


@pytest.mark.parametrize(
    ("campo", "valor", "mensagem"),
    [
        ("referencia", "10/2026", "Ano mês de referência inválido."),
        ("referencia", "13/2026", "Ano mês de referência inválido."),
        ("referencia", "", "Ano mês de referência inválido."),
        ("valor_minimo", "", "Informe Valor mínimo da conta."),
        ("valor_minimo", "0", "Valor mínimo da conta deve somente conter números positivos."),
        ("valor_minimo", "-5", "Valor mínimo da conta deve somente conter números positivos."),
        ("valor_minimo", "abc", "Valor mínimo da conta deve somente conter números positivos."),
        ("categorias", [], "Informe Categoria do imóvel."),
        ("texto_sms", "", "Informe Texto SMS."),
        ("texto_email", "  ", "Informe Texto E-MAIL."),
        ("tentativas_email", "0", "Número máximo de tentativas deve somente conter números positivos."),
        ("tentativas_email", "x", "Número máximo de tentativas deve somente conter números positivos."),
        ("tentativas_email", "", "Informe Número máximo de tentativas para E-MAIL."),
        ("dias_antes", "100", "Quantidade de dias antes do vencimento tem mais de 2 dígitos."),
        ("assunto", "", "Informe Assunto do e-mail."),
        ("texto_sms", "{NOME} " * 3 + "x" * 20, "passam do tamanho máximo de 164"),
        ("texto_sms", "{NOME", "Quantidade de tags inválidas SMS."),
        ("texto_email", "NOME}", "Quantidade de tags inválidas E-MAIL."),
        ("texto_sms", "{VALORDOC}", "O texto do SMS está com dados inválidos: {VALORDOC}."),
        ("texto_email", "{nome}", "O texto do E-MAIL está com dados inválidos: {nome}."),
        ("texto_sms", "a" * 301, "Texto SMS passa de 300 caracteres: tem 301."),
    ],
)
def test_each_mistake_has_gsan_s_words_beside_its_field(operador, campo, valor, mensagem):
    resposta = operador.post(TELA, dados(**{campo: valor}))

    assert list(erros(resposta)) == [campo]
    [dita] = erros(resposta)[campo]
    assert mensagem in dita
    assert f"error_1_id_{campo}" in resposta.text


def test_the_summary_tells_the_mistakes_in_gsan_s_order(operador):
    tudo_errado = dict.fromkeys(dados(), "") | {"tentativas_email": "x", "categorias": [], "referencia": "00/0000"}

    resposta = operador.post(TELA, tudo_errado)

    assert list(erros(resposta)) == [
        "referencia",
        "valor_minimo",
        "categorias",
        "texto_sms",
        "texto_email",
        "tentativas_email",
        "assunto",
    ]
    resumo = resposta.text.split("resumo-de-erros")[1].split("</div>")[0]
    ditas = [
        "Ano mês",
        "Informe Valor",
        "Informe Categoria",
        "Informe Texto SMS",
        "Informe Texto E-MAIL",
        "Número máximo",
    ]
    onde = [resumo.index(dita) for dita in ditas]
    assert onde == sorted(onde)


def test_a_mistake_loses_nothing_that_was_typed(operador):
    resposta = operador.post(TELA, dados(valor_minimo="doze", texto_email="Primeira\r\nsegunda <b>"))

    assert 'value="doze"' in resposta.text
    assert "Primeira\r\nsegunda &lt;b&gt;" in resposta.text
    assert resposta.text.count("checked") == 3  # two categorias and transliterar


@pytest.mark.parametrize(
    "estranho",
    [
        {"valor_minimo": "9" * 400},
        {"referencia": "9" * 400},
        {"categorias": ["99", "x"]},
        {"texto_sms": "a\0b"},
        {"texto_email": "é😀" * 6000},
        {"vista": "x"},
        {"tentativas_email": "²"},
        {"pedido": "x", "referencia": "x"},
    ],
)
def test_nonsense_is_an_error_on_the_form(operador, estranho):
    assert operador.post(TELA, dados(**estranho)).status_code == 200
    assert not ParametroMensagem.objects.exists()


def test_without_the_system_s_parameters_it_says_so(operador, sistema):
    sistema.delete()

    assert operador.get(TELA).status_code == 200
    assert "Informe os parâmetros do sistema antes de continuar." in operador.post(TELA, dados()).text


# What it asks


def test_a_text_that_lacks_main_data_is_stored_after_a_confirmation(operador):
    pedido = dados(texto_sms="{NOME} vence {VENCTO}")

    pergunta = operador.post(TELA, pedido)

    assert "Texto SMS: Matrícula do imóvel, Valor da conta." in pergunta.text
    assert "Texto E-MAIL:" not in pergunta.text
    assert not ParametroMensagem.objects.exists()
    assert operador.post(TELA, pedido | {"confirmado": "1"}).status_code == 302
    assert ParametroMensagem.objects.get().texto_sms == "{NOME} vence {VENCTO}"


def test_who_answers_no_goes_back_to_what_was_typed(operador):
    resposta = operador.post(TELA, dados(texto_sms="Pague a conta", voltar="1"))

    assert "Pague a conta" in resposta.text
    assert not ParametroMensagem.objects.exists()


# Two operators


def test_a_version_that_appeared_meanwhile_is_told_and_replaced_only_when_asked_again(operador):
    aberta = dados(texto_sms=SMS + " minha")
    ana = User.objects.create_user("ana")
    outra = novo_parametro(referencia=202611, criado_por=ana)

    resposta = operador.post(TELA, aberta)

    assert "ana gravou a versão" in resposta.text
    assert SMS + " minha" in resposta.text
    assert ParametroMensagem.objects.get() == outra
    de_novo = aberta | {"vista": resposta.context["form"]["vista"].value()}
    assert operador.post(TELA, de_novo).status_code == 302
    assert ParametroMensagem.objects.em_vigor_em(202611).texto_sms == SMS + " minha"


def test_what_was_left_as_it_was_shown_follows_what_another_stored(operador):
    vista = novo_parametro(referencia=202611, assunto="Antes", texto_email="Olá, {NOME}.\nVence {VENCTO}.")
    outra = novo_parametro(referencia=202611, assunto="Da ana", texto_email="Bom dia, {NOME}.\nVence {VENCTO}.")
    meus = {"assunto": "Meu", "texto_email": "Olá, {NOME}.\r\nVence {VENCTO}.", "vista": vista.pk, "confirmado": "1"}

    resposta = operador.post(TELA, dados(**meus))

    form = resposta.context["form"]
    assert "Mudou: " in resposta.text and "Nada foi gravado." in resposta.text
    (dito,) = form.non_field_errors()
    assert "Assunto do e-mail" in dito and "Texto E-MAIL" in dito and "Referência" not in dito
    assert (form["assunto"].value(), form["texto_email"].value()) == ("Meu", outra.texto_email)


# What it shows


def test_it_opens_with_the_version_in_force_at_the_system_s_reference(operador):
    novo_parametro(referencia=202610, texto_sms="A {NOME}", dias_antes=7)
    novo_parametro(referencia=202701, texto_sms="FUTURO {NOME}")

    form = operador.get(TELA).context["form"]

    assert form["texto_sms"].value() == "A {NOME}"
    assert form["referencia"].value() == "11/2026"
    assert form["dias_antes"].value() == 7


def test_another_version_may_be_the_base(operador):
    antiga = novo_parametro(referencia=202601, texto_sms="ANTIGA {NOME}")
    novo_parametro(referencia=202610)

    assert operador.get(f"{TELA}?base={antiga.pk}").context["form"]["texto_sms"].value() == "ANTIGA {NOME}"
    for ruim in ("x", "999999", "9" * 40, "\0"):
        assert operador.get(TELA, {"base": ruim}).status_code == 200


def test_the_list_says_what_each_version_is(operador):
    velha = novo_parametro(referencia=202601)
    mesma = novo_parametro(referencia=202611)
    vigente = novo_parametro(referencia=202611)
    futura_velha = novo_parametro(referencia=202701)
    futura = novo_parametro(referencia=202701)

    linhas = operador.get(TELA).context["pagina"].linhas

    assert {linha.pk: linha.situacao for linha in linhas} == {
        velha.pk: "substituída",
        mesma.pk: "substituída",
        vigente.pk: "vigente",
        futura_velha.pk: "substituída",
        futura.pk: "futura",
    }


def test_a_version_is_shown_whole(operador):
    versao = novo_parametro(texto_email="Linha <1>\nLinha 2", categorias=[1, 4])

    resposta = operador.get(f"{TELA}versao/{versao.pk}/")

    assert "Linha &lt;1&gt;\nLinha 2" in resposta.text
    assert "Residencial, Público" in resposta.text
    assert f"?base={versao.pk}" in resposta.text


def test_the_pages_ask_few_questions_of_the_database(operador, django_assert_max_num_queries):
    for _ in range(6):
        versao = novo_parametro(criado_por=operador.pessoa)

    with django_assert_max_num_queries(12):
        operador.get(TELA)
    with django_assert_max_num_queries(12):
        operador.get(f"{TELA}versao/{versao.pk}/")


def test_who_may_only_look_sees_fields_that_cannot_be_changed(entrar):
    novo_parametro(referencia=202611)
    leitor = entrar("")
    leitor.pessoa.user_permissions.add(Permission.objects.get(codename="view_parametromensagem"))

    resposta = leitor.get(TELA)

    assert all(campo.disabled for campo in resposta.context["form"].fields.values())
    assert ">Atualizar<" not in resposta.text
    assert 'name="inserir"' not in resposta.text
    assert leitor.post(TELA, dados()).status_code == 403


# Without JavaScript


def test_the_buttons_put_the_selected_data_at_the_end_of_the_text(operador):
    digitado = dados(inserir="sms", dados=["{NOME}", "{VALOR}"], texto_sms="Olá", valor_minimo="x,y")

    resposta = operador.post(TELA, digitado)

    assert "Olá {NOME} {VALOR}</textarea>" in resposta.text
    assert 'value="x,y"' in resposta.text
    assert "resumo-de-erros" not in resposta.text
    assert resposta.text.count("checked") == 3


def test_the_buttons_ask_for_a_selection_first(operador):
    resposta = operador.post(TELA, dados(inserir="email"))

    assert "Selecione antes o dado que será incluído no texto" in resposta.text
    assert EMAIL in resposta.text
