"""What the parameters of the system say of the people who use it."""

import pytest
from django.contrib.auth.models import User

from tests.fabricas import novo_parametro_sistema

LISTA, NOVO = "/admin/auth/user/", "/admin/auth/user/add/"
SENHA = "uma senha comprida 1"


def incluir(navegador, email: str):
    dados = {"username": "maria", "usable_password": "true", "password1": SENHA, "password2": SENHA, "email": email}
    return navegador.post(NOVO, dados, follow=True)


def alterar(navegador, pessoa: User, email: str):
    dados = {
        "username": pessoa.username,
        "email": email,
        "date_joined_0": "10/11/2026",
        "date_joined_1": "12:00:00",
        "is_active": "on",
    }
    return navegador.post(f"/admin/auth/user/{pessoa.pk}/change/", dados, follow=True)


@pytest.mark.parametrize(
    ("dominio", "digitado", "guardado"),
    [
        ("caern.com.br", "maria", "maria@caern.com.br"),
        ("caern.com.br", "maria@outra.com.br", "maria@outra.com.br"),
        ("caern.com.br", "", ""),
        ("", "maria@caern.com.br", "maria@caern.com.br"),
    ],
)
def test_the_corporate_domain_completes_the_address_of_a_user(entrar, dominio, digitado, guardado):
    novo_parametro_sistema(dominio_email=dominio)
    administrador = entrar("administrador")

    incluir(administrador, digitado)

    maria = User.objects.get(username="maria")
    assert maria.email == guardado
    alterar(administrador, maria, "joana" if dominio else "joana@caern.com.br")
    maria.refresh_from_db()
    assert maria.email == "joana@caern.com.br"


def test_without_a_domain_an_address_needs_its_own(entrar):
    novo_parametro_sistema(dominio_email="")

    resposta = incluir(entrar("administrador"), "maria")

    assert resposta.context["adminform"].form.errors["email"]
    assert not User.objects.filter(username="maria").exists()


def test_while_users_are_blocked_nobody_inserts_nor_changes_one_and_the_reason_is_said(entrar):
    novo_parametro_sistema(bloqueio_de_usuario=True)
    administrador = entrar("administrador")
    joana = User.objects.create_user("joana", email="joana@caern.com.br")
    motivo = "A inclusão e a alteração de usuários estão bloqueadas"

    for resposta in (
        incluir(administrador, "maria@caern.com.br"),
        alterar(administrador, joana, "outra@caern.com.br"),
        administrador.post(
            f"/admin/auth/user/{joana.pk}/password/", {"password1": SENHA, "password2": SENHA}, follow=True
        ),
        administrador.get(NOVO, follow=True),
        administrador.get(LISTA),
        administrador.get(f"/admin/auth/user/{joana.pk}/change/"),
    ):
        assert motivo in resposta.content.decode()
    assert b'name="_save"' not in administrador.get(f"/admin/auth/user/{joana.pk}/change/").content
    joana.refresh_from_db()
    assert joana.email == "joana@caern.com.br" and not joana.has_usable_password()
    assert not User.objects.filter(username="maria").exists()


def test_a_superuser_inserts_and_changes_users_all_the_same(chefe):
    novo_parametro_sistema(bloqueio_de_usuario=True)

    incluir(chefe, "maria@caern.com.br")

    maria = User.objects.get(username="maria")
    alterar(chefe, maria, "joana@caern.com.br")
    maria.refresh_from_db()
    assert maria.email == "joana@caern.com.br"


def test_before_the_parameters_are_informed_users_are_as_always(entrar):
    incluir(entrar("administrador"), "maria@caern.com.br")
    assert User.objects.get(username="maria").email == "maria@caern.com.br"


def test_nobody_makes_a_superuser_but_a_superuser(entrar, admin_user):
    novo_parametro_sistema()
    administrador = entrar("administrador")
    pagina = f"/admin/auth/user/{administrador.pessoa.pk}/change/"

    form = administrador.get(pagina).context["adminform"].form
    assert not {"is_superuser", "user_permissions"} & set(form.fields)
    dados = {"username": "eu", "date_joined_0": "10/11/2026", "date_joined_1": "12:00:00", "is_active": "on"}
    administrador.post(pagina, dados | {"is_staff": "on", "is_superuser": "on"})

    administrador.pessoa.refresh_from_db()
    assert (administrador.pessoa.username, administrador.pessoa.is_superuser) == ("eu", False)


@pytest.mark.parametrize("caminho", ["change/", "password/", "delete/"])
def test_a_superuser_is_changed_by_another_alone(entrar, chefe, caminho):
    novo_parametro_sistema()
    pagina = f"/admin/auth/user/{chefe.pessoa.pk}/{caminho}"
    antes = chefe.pessoa.password
    senhas = {"usable_password": "true", "password1": SENHA, "password2": SENHA}

    resposta = entrar("administrador").post(pagina, senhas | {"username": "outro", "post": "yes"})

    assert resposta.status_code == 403
    chefe.pessoa.refresh_from_db()
    assert (chefe.pessoa.username, chefe.pessoa.password) == ("admin", antes)
    assert chefe.get(pagina).status_code == 200
