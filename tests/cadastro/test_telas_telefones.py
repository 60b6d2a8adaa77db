"""Aba Telefone: the grid of phones, by the manual's words."""

import re
import threading

import pytest
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import Permission, User
from django.db import connection
from django.test import Client

from cadastro import telefones_do_cliente
from cadastro.models import Cliente, ClienteFone, Municipio
from cadastro.telefones_do_cliente import Escolha, TelefonesMudaram, retrato
from tests.fabricas import nova_localidade, novo_cliente, novo_fone

CELULAR, COMERCIAL = ClienteFone.Tipo.CELULAR, ClienteFone.Tipo.COMERCIAL
NOVO = {"tipo": "3", "municipio": "", "ddd": "84", "numero": "98888-7777", "ramal": "", "contato": ""}


def da(cliente: Cliente) -> str:
    return f"/cadastro/cliente/{cliente.pk}/telefones/"


def enviar(navegador, cliente: Cliente, **campos):
    """What the page sends: the marks as they are, what was seen, and `campos`."""
    fones = list(cliente.fones.all())
    marcas = {"principal": "", "sms": "", "visto": retrato(fones)}
    marcas |= {marca: fone.pk for fone in fones for marca in ("principal", "sms") if getattr(fone, marca)}
    return navegador.post(da(cliente), marcas | campos)


def adicionar(navegador, cliente: Cliente, **campos):
    return enviar(navegador, cliente, **NOVO | {"adicionar": "1"} | campos)


def marcas(cliente: Cliente) -> dict[str, tuple[bool, bool]]:
    return {fone.numero: (fone.principal, fone.sms) for fone in cliente.fones.all()}


def limpo(resposta) -> str:
    return " ".join(resposta.content.decode().split())


@pytest.fixture
def operador(entrar):
    nova_localidade()
    return entrar("operador")


@pytest.fixture
def cliente(db):
    return novo_cliente(celular=None, por_sms=False)


# Adicionar


def test_the_first_phone_is_the_principal(operador, cliente):
    resposta = adicionar(operador, cliente)

    assert resposta.status_code == 302
    assert marcas(cliente) == {"988887777": (True, False)}
    pagina = limpo(operador.get(da(cliente)))
    assert "Telefone (84) 98888-7777 adicionado." in pagina
    assert LogEntry.objects.get().change_message == "Telefone inserido: (84) 98888-7777."


def test_another_phone_is_added_and_the_marks_chosen_meanwhile_are_kept(operador, cliente):
    velho = novo_fone(cliente, principal=True)
    fixo = novo_fone(cliente, tipo=COMERCIAL, numero="32324151")

    adicionar(operador, cliente, principal=fixo.pk, sms=velho.pk, ramal="12", contato="RECEPÇÃO")

    assert marcas(cliente) == {"987654321": (False, True), "32324151": (True, False), "988887777": (False, False)}
    pagina = limpo(operador.get(da(cliente)))
    assert "(84) 98888-7777 Ramal 12" in pagina
    assert "RECEPÇÃO" in pagina


@pytest.mark.parametrize(
    ("campo", "valor", "mensagem"),
    [
        ("tipo", "", "Informe Tipo Telefone."),
        ("tipo", "9", "Faça uma escolha válida"),
        ("ddd", "", "Informe DDD."),
        ("ddd", "99", "DDD informado não está cadastrado no sistema."),
        ("ddd", "8x", "DDD inválido."),
        ("ddd", "084", "no máximo 2"),
        ("numero", "", "Informe Número do Telefone."),
        ("numero", "123456", "Número do Telefone deve conter entre 7 e 9 dígitos."),
        ("numero", "(84) 98888-7777", "Número do Telefone deve conter entre 7 e 9 dígitos."),
        ("numero", "98888x777", "Número do Telefone deve conter entre 7 e 9 dígitos."),
        ("numero", "98765-4321", "Telefone já informado."),
        ("numero", "988\x0088777", "Caracteres nulos"),
        ("ramal", "1a", "Ramal inválido."),
        ("ramal", "12345", "no máximo 4"),
        ("contato", "C" * 51, "no máximo 50"),
        ("municipio", "ATLÂNTIDA", "Município não cadastrado."),
    ],
)
def test_what_is_wrong_is_said_beside_its_field_and_nothing_is_lost(operador, cliente, campo, valor, mensagem):
    novo_fone(cliente, principal=True)

    resposta = adicionar(operador, cliente, **{"contato": "PORTARIA", campo: valor})

    assert resposta.status_code == 200
    erros = resposta.context["novo"].errors
    assert list(erros) == [campo]
    assert any(mensagem in erro for erro in erros[campo])
    assert ("PORTARIA" in resposta.content.decode()) is (campo != "contato")
    assert cliente.fones.count() == 1


def test_the_same_number_with_another_extension_is_another_phone(operador, cliente):
    novo_fone(cliente, principal=True)
    assert adicionar(operador, cliente, numero="987654321", ramal="2").status_code == 302
    assert cliente.fones.count() == 2


@pytest.mark.parametrize("digitado", ["NATAL/RN", "natal", "Natal/rn"])
def test_the_municipio_fills_in_the_ddd(operador, cliente, digitado):
    adicionar(operador, cliente, municipio=digitado, ddd="")
    assert cliente.fones.get().ddd == "84"


def test_a_typed_ddd_is_worth_more_than_the_municipio(operador, cliente):
    Municipio.objects.create(nome="RECIFE", uf="PE", ddd="81")
    adicionar(operador, cliente, municipio="NATAL/RN", ddd="81")
    assert cliente.fones.get().ddd == "81"


def test_a_name_of_two_municipios_asks_for_the_uf(operador, cliente):
    Municipio.objects.create(nome="NATAL", uf="PE", ddd="81")
    resposta = adicionar(operador, cliente, municipio="NATAL", ddd="")
    assert "informe também a UF" in str(resposta.context["novo"].errors["municipio"])
    adicionar(operador, cliente, municipio="NATAL/PE", ddd="")
    assert cliente.fones.get().ddd == "81"


def test_the_same_form_sent_twice_adds_one_phone(operador, cliente):
    pedido = {"visto": retrato([]), "principal": "", "sms": "", "pedido": "6f1e6c0a-7d5c-4c3e-9f0a-0d3d7f1a2b3e"}
    assert [adicionar(operador, cliente, **pedido).status_code for _ in range(2)] == [302, 302]
    assert cliente.fones.count() == 1


# Remover


def test_removing_asks_first(operador, cliente):
    fone = novo_fone(cliente, principal=True)

    resposta = enviar(operador, cliente, remover=fone.pk)

    assert "Confirma remoção?" in resposta.content.decode()
    assert cliente.fones.count() == 1
    de_volta = enviar(operador, cliente, remover=fone.pk, voltar="1", contato="PORTARIA")
    assert "PORTARIA" in de_volta.content.decode()
    assert cliente.fones.count() == 1
    assert enviar(operador, cliente, remover=fone.pk, confirmado="1").status_code == 302
    assert cliente.fones.count() == 0
    assert "Telefone (84) 98765-4321 removido." in limpo(operador.get(da(cliente)))
    assert LogEntry.objects.get().change_message == "Telefone removido: (84) 98765-4321."


def test_the_phone_that_stays_alone_becomes_the_principal(operador, cliente):
    principal = novo_fone(cliente, principal=True, sms=True)
    novo_fone(cliente, tipo=COMERCIAL, numero="32324151")
    enviar(operador, cliente, remover=principal.pk, confirmado="1")
    assert marcas(cliente) == {"32324151": (True, False)}


def test_the_principal_is_not_removed_while_several_would_stay(operador, cliente):
    principal = novo_fone(cliente, principal=True)
    outro = novo_fone(cliente, numero="981112222")
    novo_fone(cliente, numero="983334444")

    resposta = enviar(operador, cliente, remover=principal.pk, confirmado="1")

    assert "O telefone principal não foi informado." in str(resposta.context["escolha"].errors["principal"])
    assert cliente.fones.count() == 3
    enviar(operador, cliente, remover=principal.pk, confirmado="1", principal=outro.pk)
    assert marcas(cliente) == {"981112222": (True, False), "983334444": (False, False)}


def test_what_was_being_typed_survives_a_removal(operador, cliente):
    fone = novo_fone(cliente, principal=True)
    resposta = enviar(operador, cliente, remover=fone.pk, confirmado="1", **NOVO | {"contato": "PORTARIA"})
    assert resposta.status_code == 200
    assert 'value="98888-7777"' in resposta.content.decode()
    assert 'value="PORTARIA"' in resposta.content.decode()
    assert "removido." in resposta.content.decode()
    assert cliente.fones.count() == 0


def test_removing_the_phone_for_sms_warns_while_the_switch_is_on(operador):
    cliente = novo_cliente(por_sms=True)
    enviar(operador, cliente, remover=cliente.fones.get().pk, confirmado="1")
    assert "nenhum celular está marcado para SMS" in operador.get(da(cliente)).content.decode()


@pytest.mark.parametrize("pk", ["", "abc", "0", "9" * 40, "9" * 5000, "²"])
def test_a_phone_that_is_not_there_is_not_removed(operador, cliente, pk):
    novo_fone(cliente, principal=True)
    assert enviar(operador, cliente, remover=pk, confirmado="1").status_code == 200
    assert cliente.fones.count() == 1


def test_a_phone_of_somebody_else_is_not_removed(operador, cliente):
    alheio = novo_cliente().fones.get()
    enviar(operador, cliente, remover=alheio.pk, confirmado="1")
    assert ClienteFone.objects.filter(pk=alheio.pk).exists()


# Concluir


def test_the_marks_change_places(operador, cliente):
    um = novo_fone(cliente, principal=True, sms=True)
    outro = novo_fone(cliente, numero="981112222")

    resposta = enviar(operador, cliente, principal=outro.pk, sms=outro.pk)

    assert resposta.status_code == 302
    assert marcas(cliente) == {um.numero: (False, False), outro.numero: (True, True)}
    assert LogEntry.objects.get().change_message == (
        "Telefones escolhidos: principal: (84) 98111-2222; SMS: (84) 98111-2222."
    )
    enviar(operador, cliente, principal=um.pk)
    assert marcas(cliente) == {um.numero: (True, False), outro.numero: (False, True)}


def test_nenhum_takes_the_mark_of_sms_away(operador, cliente):
    fone = novo_fone(cliente, principal=True, sms=True)
    pagina = operador.get(da(cliente)).content.decode()
    assert "nenhum" in pagina

    enviar(operador, cliente, principal=fone.pk, sms="")

    assert marcas(cliente) == {fone.numero: (True, False)}


def test_nothing_changed_writes_nothing(operador, cliente):
    novo_fone(cliente, principal=True)
    assert enviar(operador, cliente).status_code == 302
    assert not LogEntry.objects.exists()


def test_only_a_celular_receives_sms(operador, cliente):
    celular = novo_fone(cliente, principal=True, sms=True)
    fixo = novo_fone(cliente, tipo=COMERCIAL, numero="32324151")
    pagina = operador.get(da(cliente)).content.decode()
    assert re.search(rf'name="sms"\s+value="{fixo.pk}"[^>]*disabled', pagina)
    assert not re.search(rf'name="sms"\s+value="{celular.pk}"[^>]*disabled', pagina)

    resposta = enviar(operador, cliente, sms=fixo.pk)

    assert resposta.context["escolha"].errors["sms"] == ["Telefone SMS deve ser do Tipo Celular."]
    assert marcas(cliente)[celular.numero] == (True, True)


def test_a_principal_must_be_chosen_among_several(operador, cliente):
    novo_fone(cliente)
    outro = novo_fone(cliente, numero="981112222")

    resposta = enviar(operador, cliente)

    assert resposta.context["escolha"].errors["principal"] == ["O telefone principal não foi informado."]
    enviar(operador, cliente, principal=outro.pk)
    assert marcas(cliente)["981112222"] == (True, False)


def test_a_typed_phone_that_was_not_added_is_not_forgotten(operador, cliente):
    fone = novo_fone(cliente, principal=True)
    resposta = enviar(operador, cliente, sms=fone.pk, **NOVO)
    assert "ainda não foi adicionado" in str(resposta.context["escolha"].errors)
    assert 'value="98888-7777"' in resposta.content.decode()
    assert re.search(rf'name="sms"\s+value="{fone.pk}"[^>]*checked', resposta.content.decode())
    assert marcas(cliente) == {fone.numero: (True, False)}


@pytest.mark.parametrize("valor", ["abc", "9" * 40, "-1", "\x00", "1; DROP"])
@pytest.mark.parametrize("campo", ["principal", "sms", "visto"])
def test_hostile_marks_change_nothing(operador, cliente, campo, valor):
    fone = novo_fone(cliente, principal=True, sms=True)
    resposta = enviar(operador, cliente, **{campo: valor})
    assert resposta.status_code in (200, 302)
    assert marcas(cliente) == {fone.numero: (True, True)}


def test_a_celular_that_receives_no_sms_is_pointed_out(operador, cliente):
    novo_fone(cliente, numero="87654321", principal=True)
    assert "celular inválido: não recebe SMS" in operador.get(da(cliente)).content.decode()


# Two people, and one who may only see


@pytest.mark.parametrize(
    "passo",
    [
        {"adicionar": "1", **NOVO, "contato": "PORTARIA"},
        {},
        {"remover": "", "confirmado": "1"},
        {"remover": "", "confirmado": "1", "contato": "PORTARIA"},
    ],
)
def test_two_people_editing_are_told_and_nothing_is_lost(entrar, cliente, passo):
    nova_localidade()
    ana, rui = entrar("operador"), entrar("supervisor")
    velho = novo_fone(cliente, principal=True)
    outro = novo_fone(cliente, numero="981112222")
    visto = ana.get(da(cliente)).context["visto"]
    adicionar(rui, cliente, numero="983334444")
    if "remover" in passo:
        passo = passo | {"remover": velho.pk}

    resposta = enviar(ana, cliente, principal=outro.pk, visto=visto, **passo)

    assert "pessoa-supervisor alterou este registro" in str(resposta.context["escolha"].errors)
    pagina = resposta.content.decode()
    assert "(84) 98333-4444" in pagina
    assert re.search(rf'name="principal"\s+value="{outro.pk}"[^>]*checked', pagina)
    assert ("PORTARIA" in pagina) is ("contato" in passo)
    assert cliente.fones.count() == 3
    assert cliente.fones.get(principal=True) == velho
    assert resposta.context["visto"] == retrato(cliente.fones.all())


def test_a_mistake_of_ones_own_does_not_hide_what_somebody_else_did(entrar, cliente):
    nova_localidade()
    ana, rui = entrar("operador"), entrar("supervisor")
    um = novo_fone(cliente, principal=True, sms=True)
    outro = novo_fone(cliente, numero="981112222")
    visto = ana.get(da(cliente)).context["visto"]
    enviar(rui, cliente, principal=um.pk, sms=outro.pk)

    errada = adicionar(ana, cliente, tipo="", sms=um.pk, visto=visto)
    certa = adicionar(ana, cliente, sms=um.pk, visto=errada.context["visto"])

    assert "pessoa-supervisor alterou este registro" in str(certa.context["escolha"].errors)
    assert cliente.fones.get(sms=True) == outro


@pytest.mark.parametrize("enviado", [NOVO | {"adicionar": "1"}, {"remover": "", "confirmado": "1"}])
@pytest.mark.parametrize("marcado", ["", "outro"])
def test_who_may_only_add_and_remove_moves_no_mark(cliente, enviado, marcado):
    nova_localidade()
    pessoa = User.objects.create_user("ana")
    permissoes = ("view_cliente", "change_cliente", "add_clientefone", "delete_clientefone")
    pessoa.user_permissions.set(Permission.objects.filter(codename__in=permissoes))
    navegador = Client()
    navegador.force_login(pessoa)
    um = novo_fone(cliente, principal=True, sms=True)
    outro, mais_um = novo_fone(cliente, numero="981112222"), novo_fone(cliente, numero="983334444")
    if "remover" in enviado:
        enviado = enviado | {"remover": mais_um.pk}
    marca = outro.pk if marcado else ""

    assert enviar(navegador, cliente, **enviado, principal=marca, sms=marca).status_code == 302

    assert marcas(cliente)[um.numero] == (True, True)


def test_who_may_only_see_gets_no_button_and_cannot_save(cliente):
    fone = novo_fone(cliente, principal=True)
    pessoa = User.objects.create_user("leitor")
    pessoa.user_permissions.add(Permission.objects.get(codename="view_cliente"))
    leitor = Client()
    leitor.force_login(pessoa)

    pagina = leitor.get(da(cliente)).content.decode()

    assert "(84) 98765-4321" in pagina
    assert not any(botao in pagina for botao in ("Concluir", "Adicionar", ">Remover"))
    for campos in ({}, {"adicionar": "1", **NOVO}, {"remover": fone.pk, "confirmado": "1"}):
        assert enviar(leitor, cliente, **campos).status_code == 403
    assert cliente.fones.count() == 1


def test_each_button_needs_its_own_permission(cliente):
    fone = novo_fone(cliente, principal=True)
    pessoa = User.objects.create_user("parcial")
    permitido = Permission.objects.filter(codename__in=["view_cliente", "change_cliente", "change_clientefone"])
    pessoa.user_permissions.set(permitido)
    parcial = Client()
    parcial.force_login(pessoa)

    pagina = parcial.get(da(cliente)).content.decode()

    assert "Concluir" in pagina
    assert "Adicionar" not in pagina
    assert enviar(parcial, cliente, remover=fone.pk, confirmado="1").status_code == 403
    assert adicionar(parcial, cliente).status_code == 403
    assert enviar(parcial, cliente).status_code == 302


def test_the_page_takes_few_queries(operador, cliente, django_assert_max_num_queries):
    for numero in range(8):
        novo_fone(cliente, numero=f"98111222{numero}", principal=not numero)
    with django_assert_max_num_queries(12):
        operador.get(da(cliente))


@pytest.mark.django_db(transaction=True)
def test_two_additions_at_once_leave_one_principal(admin_user):
    nova_localidade()
    cliente = novo_cliente(celular=None)
    resultados, largada = [], threading.Barrier(2)

    def somar(numero):
        largada.wait()
        novo = ClienteFone(tipo=CELULAR, ddd="84", numero=numero)
        try:
            telefones_do_cliente.adicionar(cliente, novo, Escolha(None, None, retrato([])), admin_user)
            resultados.append("adicionado")
        except TelefonesMudaram:
            resultados.append("avisado")
        finally:
            connection.close()

    pessoas = [threading.Thread(target=somar, args=[f"98111222{n}"]) for n in range(2)]
    for pessoa in pessoas:
        pessoa.start()
    for pessoa in pessoas:
        pessoa.join(10)

    assert sorted(resultados) == ["adicionado", "avisado"]
    assert cliente.fones.get().principal
