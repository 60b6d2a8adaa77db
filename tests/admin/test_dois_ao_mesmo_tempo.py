"""Two administrators on the same row: the second is told what the first did, and loses nothing of his own."""

import json

import pytest
from django.contrib import admin
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import Permission
from django.db import connection
from django.test.utils import CaptureQueriesContext

from cadastro.admin import AdminAvisa, SoLeitura
from cadastro.models import Municipio
from preventivo.models import Operacao
from tests.fabricas import nova_localidade
from tests.preventivo.fabricas import nova_operacao


def dados_do(navegador, url: str) -> dict[str, str]:
    """What a browser sends of the page left as it came, but for what is hidden of other rows."""
    dados = {}
    for campo in navegador.get(url).context["adminform"].form:
        valor = campo.field.prepare_value(campo.value())
        if valor not in (None, False):
            dados[campo.html_name] = "on" if valor is True else str(valor)
    return dados | {"tipos-TOTAL_FORMS": "0", "tipos-INITIAL_FORMS": "0"}


@pytest.fixture
def pagina(db) -> str:
    return f"/admin/cadastro/municipio/{nova_localidade().municipio_id}/change/"


def test_the_second_is_told_and_confirms_over_what_the_first_left(pagina, chefe, entrar):
    primeiro, segundo = chefe, entrar("administrador")
    aberta = dados_do(segundo, pagina)
    primeiro.post(pagina, dados_do(primeiro, pagina) | {"nome": "NATAL DO NORTE"})

    recusada = segundo.post(pagina, aberta | {"ddd": "83"})

    assert f"{primeiro.pessoa} alterou este registro" in recusada.text
    assert "Nome (agora: NATAL DO NORTE)" in recusada.text
    municipio = Municipio.objects.get()
    assert (municipio.nome, municipio.ddd) == ("NATAL DO NORTE", aberta["ddd"])

    form = recusada.context["adminform"].form
    de_novo = {campo.html_name: campo.value() or "" for campo in form}
    assert (de_novo["nome"], de_novo["ddd"]) == (
        "NATAL DO NORTE",
        "83",
    )  # his own is kept, and what he left alone is new
    assert segundo.post(pagina, de_novo).status_code == 302
    municipio.refresh_from_db()
    assert (municipio.nome, municipio.ddd) == ("NATAL DO NORTE", "83")


def test_what_nobody_changed_meanwhile_is_stored_and_logged_by_its_fields(pagina, chefe):
    assert chefe.post(pagina, dados_do(chefe, pagina) | {"ddd": "83"}).status_code == 302

    assert json.loads(LogEntry.objects.get().change_message) == [{"changed": {"fields": ["DDD"]}}]


def test_a_list_in_a_field_comes_back_as_it_is_written(chefe, db):
    operacao = nova_operacao()
    pagina = f"/admin/preventivo/operacao/{operacao.pk}/change/"
    aberta = dados_do(chefe, pagina)
    Operacao.objects.update(dias_do_vencimento=[0, 3, 7])

    recusada = chefe.post(pagina, aberta | {"ordem": "4"})

    assert "O sistema alterou este registro" in recusada.text
    assert recusada.context["adminform"].form["dias_do_vencimento"].value() == "0,3,7"


def test_of_a_secret_not_even_a_digest_leaves_with_the_page(chefe, db):
    operacao = nova_operacao(segredo="s3gredo")

    visto = json.loads(dados_do(chefe, f"/admin/preventivo/operacao/{operacao.pk}/change/")["visto"])

    assert "url" in visto and "segredo" not in visto


def test_who_may_only_look_gets_the_page_without_it(pagina, entrar):
    leitor = entrar("")
    leitor.pessoa.user_permissions.add(Permission.objects.get(codename="view_municipio"))

    resposta = leitor.get(pagina)

    assert resposta.status_code == 200 and "visto" not in resposta.text


def test_the_row_is_held_from_the_look_until_it_is_stored(pagina, chefe):
    dados = dados_do(chefe, pagina)

    with CaptureQueriesContext(connection) as consultas:
        chefe.post(pagina, dados | {"ddd": "83"})

    trava, grava = (
        next(n for n, uma in enumerate(consultas) if trecho in uma["sql"] and "cadastro_municipio" in uma["sql"])
        for trecho in ("FOR NO KEY UPDATE", 'UPDATE "cadastro_municipio"')
    )
    assert trava < grava


def test_every_form_of_the_administration_sees(rf, chefe, db):
    pedido = rf.get("/")
    pedido.user = chefe.pessoa
    dos_nossos = {m: a for m, a in admin.site._registry.items() if isinstance(a, AdminAvisa)}
    editaveis = {m: a for m, a in dos_nossos.items() if not isinstance(a, SoLeitura)}

    sem = []
    for modelo, um in editaveis.items():
        linha = modelo(pk=1)
        if um.has_change_permission(pedido, linha):
            campos = [nome for _, opcoes in um.get_fieldsets(pedido, linha) for nome in opcoes["fields"]]
            sem += [] if campos.count("visto") == 1 else [modelo.__name__]

    assert len(editaveis) > 30 and sem == []
