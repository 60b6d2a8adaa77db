"""Forms ask for what is missing by its label, and two people who edit one thing are told."""

from django import forms
from django.http import QueryDict
from django.template import Context, Template

from cadastro.models import Cliente
from telas import registro
from telas.campos import CampoSimNao
from telas.formularios import FormularioDeModelo
from tests.fabricas import novo_cliente


class DeCliente(FormularioDeModelo):
    por_sms = CampoSimNao(label="Por SMS")

    class Meta:
        model = Cliente
        fields = ["nome", "email", "por_sms"]
        labels = {"nome": "Nome", "email": "E-Mail"}


def enviar(cliente: Cliente, visto: str, **dados) -> DeCliente:
    pedido = QueryDict(mutable=True)
    pedido.update(
        {"nome": cliente.nome, "email": cliente.email, "por_sms": str(cliente.por_sms), "visto": visto} | dados
    )
    return DeCliente(pedido, instance=Cliente.objects.get(pk=cliente.pk))


def visto_por(cliente: Cliente) -> str:
    return DeCliente(instance=Cliente.objects.get(pk=cliente.pk)).initial["visto"]


def test_what_is_missing_is_asked_for_by_its_label():
    assert DeCliente({"nome": ""}).errors["nome"] == ["Informe Nome."]


def test_a_row_that_nobody_changed_is_saved(db):
    cliente = novo_cliente()

    form = enviar(cliente, visto_por(cliente), nome="OUTRO")

    assert form.is_valid()


def test_whoever_comes_second_is_told_who_changed_what_and_loses_nothing(admin_user):
    cliente = novo_cliente(email="antes@exemplo.com.br")
    visto = visto_por(cliente)
    Cliente.objects.filter(pk=cliente.pk).update(email="depois@exemplo.com.br", por_sms=False)
    registro.registrar(admin_user, cliente, "E-mail alterado.")

    form = enviar(cliente, visto, nome="OUTRO")

    (erro,) = form.non_field_errors()
    assert erro.startswith("admin alterou este registro")
    assert "E-Mail (agora: depois@exemplo.com.br)" in erro
    assert "Por SMS (agora: Não)" in erro
    assert "Nome (agora" not in erro
    assert form["nome"].value() == "OUTRO"


def test_what_the_second_person_did_not_touch_takes_what_is_stored(db):
    cliente = novo_cliente(email="antes@exemplo.com.br")
    visto = visto_por(cliente)
    Cliente.objects.filter(pk=cliente.pk).update(email="depois@exemplo.com.br", por_sms=False)

    form = enviar(cliente, visto, nome="OUTRO")
    assert not form.is_valid()

    assert [form[campo].value() for campo in ("nome", "email", "por_sms")] == [
        "OUTRO",
        "depois@exemplo.com.br",
        "False",
    ]


def test_what_both_changed_stays_as_the_second_wrote_it(db):
    cliente = novo_cliente(email="antes@exemplo.com.br")
    visto = visto_por(cliente)
    Cliente.objects.filter(pk=cliente.pk).update(email="depois@exemplo.com.br")

    form = enviar(cliente, visto, email="meu@exemplo.com.br")
    assert not form.is_valid()

    assert form["email"].value() == "meu@exemplo.com.br"


def test_sending_it_once_more_overwrites(db):
    cliente = novo_cliente(email="antes@exemplo.com.br")
    visto = visto_por(cliente)
    Cliente.objects.filter(pk=cliente.pk).update(email="depois@exemplo.com.br")
    primeira = enviar(cliente, visto, nome="OUTRO")
    assert not primeira.is_valid()

    assert enviar(cliente, primeira["visto"].value(), nome="OUTRO").is_valid()


def test_a_mark_that_somebody_wrote_by_hand_breaks_nothing(db):
    cliente = novo_cliente()

    assert all(enviar(cliente, visto).is_valid() for visto in ("", "[]", "{", '"x"', "null", "[" * 100_000))


def test_fields_are_drawn_with_their_errors_beside_them(db):
    form = DeCliente({"nome": "", "email": "não é"})
    html = Template("{% load crispy_forms_tags %}{% crispy form %}").render(Context({"form": form}))

    assert "<form" not in html
    assert html.index('name="nome"') < html.index("Informe Nome.") < html.index('name="email"')
    assert isinstance(form.fields["visto"].widget, forms.HiddenInput)
