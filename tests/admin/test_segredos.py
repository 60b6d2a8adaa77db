"""Passwords and keys go in and never come out."""

import json

import pytest
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import Permission
from django.db import connection

from cadastro.campos import SegredoPerdido
from mensageria.models import GatewaySMS, ServicoEmail
from tests.fabricas import novas_saidas

SEGREDO = "s3gredo-que-nao-aparece"
NOVO = "outro-s3gredo"

CASOS = [
    (
        ServicoEmail,
        "senha",
        {"nome": "S", "ordem": 1, "host": "h", "porta": 25, "seguranca": "nenhuma", "prazo": 5}
        | {"mensagens_por_conexao": 10, "ativo": "on", "conexoes": 2, "dia_renovacao": 1},
    ),
    (
        GatewaySMS,
        "credencial",
        {"nome": "G", "adaptador": "json", "url": "http://127.0.0.1/", "prazo": 5}
        | {"tentativas_maximas": 3, "configuracao": "{}", "ativo": "on", "conexoes": 2, "dia_renovacao": 1},
    ),
]


@pytest.fixture(params=CASOS, ids=["servico-de-email", "gateway-de-sms"])
def caso(request, db):
    modelo, campo, dados = request.param
    novas_saidas()
    servico = modelo.objects.get()
    setattr(servico, campo, SEGREDO)
    for onde in ("host", "porta", "url"):
        if onde in dados:
            setattr(servico, onde, dados[onde])
    servico.save()
    return servico, campo, dados, f"/admin/mensageria/{modelo._meta.model_name}/{servico.pk}/change/"


def test_the_page_does_not_show_the_secret_even_when_the_form_is_wrong(caso, chefe):
    servico, campo, dados, url = caso
    assert SEGREDO not in chefe.get(url).content.decode()
    errado = chefe.post(url, dados | {"nome": "", campo: NOVO})
    assert errado.status_code == 200
    assert SEGREDO not in errado.content.decode()
    assert NOVO not in errado.content.decode()
    lista = f"/admin/mensageria/{servico._meta.model_name}/"
    assert SEGREDO not in chefe.get(lista).content.decode()


def test_empty_keeps_the_present_secret(caso, chefe):
    servico, campo, dados, url = caso
    assert chefe.post(url, dados | {campo: ""}).status_code == 302
    servico.refresh_from_db()
    assert getattr(servico, campo) == SEGREDO
    assert campo not in LogEntry.objects.get().change_message.lower()


def test_a_new_secret_replaces_the_present_one_and_leaves_no_trace(caso, chefe):
    servico, campo, dados, url = caso
    assert chefe.post(url, dados | {campo: NOVO}).status_code == 302
    servico.refresh_from_db()
    assert getattr(servico, campo) == NOVO
    registro = LogEntry.objects.get()
    assert NOVO not in json.dumps([registro.change_message, registro.object_repr])
    assert NOVO not in chefe.get(url.replace("change", "history")).content.decode()


def test_a_secret_does_not_go_to_another_server_unless_it_is_typed_again(caso, chefe):
    servico, campo, dados, url = caso
    outro = dados | ({"host": "outro"} if campo == "senha" else {"url": "http://localhost/"})

    recusado = chefe.post(url, outro)

    assert "informe de novo este valor" in recusado.text
    assert chefe.post(url, outro | {campo: NOVO}).status_code == 302
    servico.refresh_from_db()
    assert getattr(servico, campo) == NOVO


def test_a_secret_whose_key_is_lost_is_told_and_kept_until_it_is_typed_again(caso, chefe):
    servico, campo, dados, url = caso
    with connection.cursor() as cursor:
        cursor.execute(f"UPDATE {servico._meta.db_table} SET {campo} = 'ilegivel'")

    assert "não se abre com as CHAVES_DE_CIFRA de agora" in chefe.get(url).text
    assert chefe.get(url.split(f"{servico.pk}/")[0]).status_code == 200
    assert chefe.post(url, dados).status_code == 302
    servico.refresh_from_db()
    assert isinstance(getattr(servico, campo), SegredoPerdido)
    assert chefe.post(url, dados | {campo: NOVO}).status_code == 302
    servico.refresh_from_db()
    assert getattr(servico, campo) == NOVO


def test_a_secret_is_erased_only_when_asked(caso, chefe):
    servico, campo, dados, url = caso
    assert chefe.post(url, dados | {campo: NOVO, "apagar_segredo": "on"}).status_code == 200
    assert chefe.post(url, dados | {"apagar_segredo": "on"}).status_code == 302
    servico.refresh_from_db()
    assert getattr(servico, campo) == ""


def test_who_may_only_look_does_not_see_the_secret(caso, entrar):
    servico, campo, _, url = caso
    navegador = entrar("")
    navegador.pessoa.user_permissions.add(Permission.objects.get(codename=f"view_{servico._meta.model_name}"))
    html = navegador.get(url).content.decode()
    assert servico.nome in html
    assert SEGREDO not in html
    assert f"field-{campo}" not in html


def test_a_secret_is_stored_when_a_service_is_made(caso, chefe):
    servico, campo, dados, url = caso
    incluir = url.replace(f"{servico.pk}/change", "add")
    assert chefe.post(incluir, dados | {campo: NOVO}).status_code == 302
    assert getattr(type(servico).objects.get(nome=dados["nome"]), campo) == NOVO
