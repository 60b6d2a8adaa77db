"""What speaks of no imóvel: the pages show its title and whose it is, and ask for no matrícula."""

import pytest
from django.urls import reverse

from faturamento.fonte import FonteDeContas
from mensageria.fontes import Objeto
from tests.fabricas import nova_conta, novas_saidas, novo_cliente, novo_parametro, novo_parametro_sistema
from tests.mensageria.apoio import nova_mensagem

TEXTOS = {"texto_sms": "Olá", "texto_email": "Olá, {NOME}", "assunto": "Conta"}


@pytest.fixture
def conta(db, monkeypatch):
    """Of an origin that answers as one of boletos does."""
    novo_parametro_sistema()
    novo_parametro()
    novas_saidas()
    monkeypatch.setattr(FonteDeContas, "exemplo_por", "")
    monkeypatch.setattr(
        FonteDeContas, "objetos", lambda fonte, ids: {id_: Objeto("Boleto 77", None, None, "CPF ***") for id_ in ids}
    )
    return nova_conta(cliente=novo_cliente())


def test_the_page_of_a_message_says_what_it_speaks_of(conta, chefe):
    pagina = chefe.get(reverse("mensageria:mensagem", args=[nova_mensagem(objeto_id=conta.pk).pk]))

    assert "Boleto 77" in pagina.text and "CPF ***" in pagina.text
    assert "matrícula" not in pagina.text


def test_the_history_of_a_customer_says_it_too(conta, chefe):
    cliente = conta.clientes.get().cliente
    nova_mensagem(objeto_id=conta.pk, cliente=cliente)

    pagina = chefe.get(reverse("mensageria:do_cliente", args=[cliente.pk]))

    assert "Boleto 77" in pagina.text
    assert "matrícula" not in pagina.text


def test_a_preview_asks_for_no_matricula_and_shows_the_newest(conta, chefe):
    pagina = chefe.post(reverse("mensageria:previa", args=["faturamento"]), TEXTOS | {"matricula": "lixo"})

    assert "Boleto 77" in pagina.text and "O exemplo é o mais recente que existe" in pagina.text
    assert "da matrícula" not in pagina.text
    assert 'name="matricula"' not in pagina.text
