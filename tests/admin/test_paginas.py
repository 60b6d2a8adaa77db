"""Every page of every model opens, cheaply, and says what it must."""

import pytest
from django.apps import apps
from django.contrib import admin
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import Group, User
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from batch.models import ProcessoIniciado
from cadastro.admin import PaginadorLimitado, SoLeitura, TabelaGrande
from cadastro.models import Cliente, ClienteFone, ClienteImovel, Gerencia, Imovel, Localidade, ParametroSistema
from faturamento.models import ClienteConta, Conta
from mensageria.models import ChaveDeAssinatura, FeriadoLocal, HorarioContato, JanelaContato, Molde, ReciboDeEntrega
from preventivo.models import Acordo, PedacoDoArquivo
from tests.fabricas import nova_localidade, novo_cliente, novo_imovel

APPS = ("cadastro", "mensageria", "batch", "faturamento", "cobranca", "preventivo")
# What is read with a Registro or a Mensagem, the bytes of a file, a key, and what has a screen of the operators.
SEM_PAGINA = {
    Acordo,
    PedacoDoArquivo,
    Molde,
    ReciboDeEntrega,
    ChaveDeAssinatura,
    JanelaContato,
    HorarioContato,
    FeriadoLocal,
}
MODELOS = sorted(admin.site._registry, key=lambda modelo: modelo._meta.label)
GRANDES = {modelo._meta.db_table for modelo, tela in admin.site._registry.items() if isinstance(tela, TabelaGrande)}


def endereco(modelo, pagina, *argumentos):
    return reverse(f"admin:{modelo._meta.app_label}_{modelo._meta.model_name}_{pagina}", args=argumentos)


def rotulo(modelo):
    return modelo._meta.label_lower


def contagens_inteiras(consultas) -> list[str]:
    """Queries that count a large table without a limit."""
    return [
        consulta["sql"]
        for consulta in consultas
        if "COUNT(" in consulta["sql"].upper()
        and "LIMIT" not in consulta["sql"].upper()
        and any(f'"{tabela}"' in consulta["sql"] for tabela in GRANDES)
    ]


def test_every_model_of_the_product_has_an_admin():
    todos = {modelo for app in APPS for modelo in apps.get_app_config(app).get_models()}
    assert todos - set(MODELOS) == SEM_PAGINA


def test_the_tables_that_grow_with_the_customers_are_treated_as_large():
    assert {tabela.partition("_")[2] for tabela in GRANDES} >= {
        "imovel",
        "cliente",
        "clientefone",
        "clienteimovel",
        "conta",
        "clienteconta",
        "debitoacobrar",
        "mensagem",
        "tentativaenvio",
        "naogerada",
        "reserva",
        "cobrancadocumento",
        "cobrancadocumentoitem",
        "imovelsemdocumento",
        "unidadeiniciada",
        "linharecusada",
        "registro",
        "boleto",
        "aviso",
    }


COM_LISTA = [modelo for modelo in MODELOS if modelo is not ParametroSistema]  # which has a screen instead


@pytest.mark.parametrize("modelo", COM_LISTA, ids=rotulo)
def test_a_list_takes_few_queries_and_counts_no_large_table(modelo, chefe, uma_de_cada):
    if modelo not in (LogEntry, User, Group):
        assert modelo.objects.exists()
    for busca in ("", "?q=1", "?q=silva", "?o=1", "?_facets=True"):
        with CaptureQueriesContext(
            connection,
        ) as consultas:
            resposta = chefe.get(endereco(modelo, "changelist") + busca)
        assert resposta.status_code == 200, busca
        assert len(consultas) <= 12 or "_facets" in busca, [consulta["sql"] for consulta in consultas]
        assert contagens_inteiras(consultas) == []


@pytest.mark.parametrize("modelo", [modelo for modelo in MODELOS if modelo._meta.db_table in GRANDES], ids=rotulo)
def test_a_large_table_is_listed_by_its_key_and_never_whole(modelo, chefe):
    tela = admin.site._registry[modelo]
    assert tela.date_hierarchy is None  # it asks for the first and the last of the whole table
    assert tela.paginator is PaginadorLimitado
    assert tela.show_full_result_count is False
    assert tuple(tela.ordering) == ("-pk",)
    assert "delete_selected" not in tela.get_actions(_pedido(chefe))


def test_more_rows_cost_no_more_queries(chefe, uma_de_cada, mais_uma_de_cada):
    listas = [endereco(modelo, "changelist") for modelo in MODELOS if modelo not in (ParametroSistema, LogEntry)]
    antes = {lista: _consultas(chefe, lista) for lista in listas}
    mais_uma_de_cada()
    mais_uma_de_cada()
    assert {lista: _consultas(chefe, lista) for lista in listas} == antes


def _consultas(navegador, onde: str) -> int:
    with CaptureQueriesContext(connection) as consultas:
        assert navegador.get(onde).status_code == 200
    return len(consultas)


def _pedido(navegador):
    return navegador.get(reverse("admin:index")).wsgi_request


@pytest.mark.parametrize("modelo", COM_LISTA, ids=rotulo)
def test_the_pages_of_a_model_open(modelo, chefe, uma_de_cada):
    tela = admin.site._registry[modelo]
    assert chefe.get(endereco(modelo, "changelist"), follow=True).status_code == 200
    pode_incluir = tela.has_add_permission(_pedido(chefe))
    assert chefe.get(endereco(modelo, "add")).status_code == (200 if pode_incluir else 403)
    for objeto in modelo.objects.all()[:2]:
        with CaptureQueriesContext(connection) as consultas:
            assert chefe.get(endereco(modelo, "change", objeto.pk)).status_code == 200
        if modelo is not ProcessoIniciado:  # it counts what is its own, by an index
            assert contagens_inteiras(consultas) == []
        assert chefe.get(endereco(modelo, "history", objeto.pk)).status_code == 200


SO_LEITURA = [modelo for modelo in MODELOS if isinstance(admin.site._registry[modelo], SoLeitura)]


@pytest.mark.parametrize("modelo", SO_LEITURA, ids=rotulo)
def test_what_the_system_writes_is_not_edited_nor_deleted(modelo, chefe, uma_de_cada):
    objeto = modelo.objects.first()
    assert chefe.post(endereco(modelo, "change", objeto.pk), {}).status_code == 403
    assert chefe.get(endereco(modelo, "delete", objeto.pk)).status_code == 403
    assert b'name="_save"' not in chefe.get(endereco(modelo, "change", objeto.pk)).content


def test_what_is_read_only_is_what_was_agreed():
    assert {modelo.__name__ for modelo in SO_LEITURA} == {
        "Agendamento",
        "Anexo",
        "Aviso",
        "Boleto",
        "Campanha",
        "CobrancaDocumento",
        "CobrancaDocumentoItem",
        "Consumo",
        "DataAgendada",
        "FuncionalidadeIniciada",
        "ImovelSemDocumento",
        "Layout",
        "LinhaRecusada",
        "Lote",
        "LoteContagem",
        "Mensagem",
        "NaoGerada",
        "ProcessoIniciado",
        "Registro",
        "Reserva",
        "Ritmo",
        "TentativaEnvio",
        "UnidadeIniciada",
        "VersaoTexto",
    }


def test_the_count_of_a_large_table_stops_and_says_so(chefe, db, monkeypatch):
    monkeypatch.setattr(PaginadorLimitado, "LIMITE", 2)
    for _ in range(2):
        novo_cliente()
    assert "mais de" not in chefe.get("/admin/cadastro/cliente/").content.decode()
    novo_cliente()
    assert "mais de" in chefe.get("/admin/cadastro/cliente/").content.decode()


def test_a_place_that_holds_imoveis_is_not_deleted_and_they_are_not_loaded(chefe, db):
    imovel = novo_imovel()
    with CaptureQueriesContext(connection) as consultas:
        pagina = chefe.get(f"/admin/cadastro/localidade/{imovel.localidade_id}/delete/").content.decode()
    assert "imóveis" in pagina
    assert [um for um in consultas if 'FROM "cadastro_imovel"' in um["sql"] and "LIMIT 1" not in um["sql"]] == []
    chefe.post(f"/admin/cadastro/localidade/{imovel.localidade_id}/delete/", {"post": "yes"})
    assert Localidade.objects.filter(pk=imovel.localidade_id).exists()


def test_a_place_that_holds_nothing_is_deleted(chefe, db):
    gerencia = Gerencia.objects.create(nome="VAZIA")
    chefe.post(f"/admin/cadastro/gerencia/{gerencia.pk}/delete/", {"post": "yes"})
    assert not Gerencia.objects.exists()


def test_the_code_of_a_place_is_not_changed(chefe, db):
    localidade = nova_localidade(7)
    assert b'name="id"' in chefe.get("/admin/cadastro/localidade/add/").content
    assert b'name="id"' not in chefe.get(f"/admin/cadastro/localidade/{localidade.pk}/change/").content


def test_autocomplete_finds_customers_by_name(chefe, db):
    novo_cliente(nome="ANTÔNIA BEZERRA")
    resposta = chefe.get(
        "/admin/autocomplete/",
        {"term": "antonia", "app_label": "cadastro", "model_name": "clienteimovel", "field_name": "cliente"},
    )
    assert [achado["text"] for achado in resposta.json()["results"]] == ["ANTÔNIA BEZERRA"]
    assert Cliente.objects.count() == 1


@pytest.mark.parametrize(
    ("envio", "aviso"),
    [
        ("simulado", "Modo simulado: nenhuma mensagem sai para clientes."),
        ("desvio:teste@exemplo.com.br", "todas as mensagens vão para teste@exemplo.com.br"),
        ("desvio:teste@exemplo.com.br, 5584999990000", "vão para teste@exemplo.com.br e 5584999990000"),
        ("real", None),
    ],
)
@pytest.mark.parametrize("pagina", ["/", "/admin/", "/admin/cadastro/cliente/", "/admin/cadastro/cliente/?_popup=1"])
def test_every_page_says_where_messages_go(envio, aviso, pagina, chefe, client, settings):
    settings.ENVIO = envio
    for resposta in (chefe.get(pagina), client.get("/entrar/")):
        html = resposta.content.decode()
        assert html.count('class="aviso-de-envio"') == (1 if aviso else 0)
        assert not aviso or aviso in html


def test_a_deep_page_of_a_large_table_reads_only_its_rows(chefe, db, monkeypatch):
    monkeypatch.setattr(admin.site._registry[Cliente], "list_per_page", 2)
    clientes = [novo_cliente() for _ in range(5)][::-1]

    with CaptureQueriesContext(connection) as consultas:
        mostrados = [list(chefe.get(f"/admin/cadastro/cliente/?p={p}").context["cl"].result_list) for p in (1, 2, 3)]

    assert mostrados == [clientes[:2], clientes[2:4], clientes[4:]]
    passadas = [um["sql"] for um in consultas if "OFFSET" in um["sql"] and 'FROM "cadastro_cliente"' in um["sql"]]
    assert passadas and all('"nome_busca"' not in sql for sql in passadas)


@pytest.mark.parametrize("modelo", [Cliente, ClienteFone, ClienteImovel, Imovel, Conta, ClienteConta], ids=rotulo)
def test_no_filter_reads_a_table_of_millions_for_few_rows(modelo):
    assert not admin.site._registry[modelo].list_filter
