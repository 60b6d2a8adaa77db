"""Who may open and do what: the three groups, walked by a table."""

import pytest
from django.apps import apps
from django.contrib.auth.models import Group, Permission, User
from django.core.management import call_command
from django.urls import reverse

from cadastro.models import Cliente
from config.grupos import GRUPOS, preencher
from mensageria.models import GatewaySMS, ServicoEmail
from tests.fabricas import nova_acao, novo_cliente, novo_parametro

PESSOAS = ("", "operador", "supervisor", "administrador")
NINGUEM = (403, 403, 403, 403)
TODOS = (403, 200, 200, 200)
SO_ADMINISTRADOR = (403, 403, 403, 200)

TABELA = {
    "/admin/": (200, 200, 200, 200),
    "/admin/cadastro/cliente/": TODOS,
    "/admin/cadastro/cliente/add/": TODOS,
    "/admin/cadastro/clienteimovel/add/": TODOS,
    "/admin/cadastro/parametrosistema/1/change/": (403, 302, 302, 302),  # to its screen
    "/admin/cadastro/unidadeorganizacional/": TODOS,
    "/admin/cadastro/funcionario/add/": SO_ADMINISTRADOR,
    "/admin/cadastro/imovel/": TODOS,
    "/admin/cadastro/imovel/add/": SO_ADMINISTRADOR,
    "/admin/cadastro/localidade/add/": SO_ADMINISTRADOR,
    "/admin/faturamento/conta/": TODOS,
    "/admin/faturamento/conta/add/": SO_ADMINISTRADOR,
    "/admin/faturamento/faturamentogrupo/add/": SO_ADMINISTRADOR,
    "/admin/faturamento/parametromensagem/add/": TODOS,
    "/admin/cobranca/acaocobranca/add/": TODOS,
    "/admin/cobranca/criteriocobranca/add/": TODOS,
    "/admin/cobranca/comandoacao/add/": TODOS,
    "/admin/cobranca/tiposervico/add/": SO_ADMINISTRADOR,
    "/admin/cobranca/tipodocumento/": TODOS,
    "/admin/cobranca/tipodocumento/add/": SO_ADMINISTRADOR,
    "/admin/cobranca/cobrancadocumento/": TODOS,
    "/admin/cobranca/cobrancadocumento/add/": NINGUEM,
    "/admin/batch/processoiniciado/": TODOS,
    "/admin/batch/processoiniciado/add/": TODOS,
    "/admin/batch/processo/336/change/": TODOS,
    "/admin/batch/processo/add/": SO_ADMINISTRADOR,
    "/admin/mensageria/mensagem/": TODOS,
    "/admin/mensageria/mensagem/add/": NINGUEM,
    "/admin/mensageria/naogerada/": TODOS,
    "/admin/mensageria/servicoemail/": SO_ADMINISTRADOR,
    "/admin/mensageria/servicoemail/add/": SO_ADMINISTRADOR,
    "/admin/mensageria/gatewaysms/": SO_ADMINISTRADOR,
    "/admin/mensageria/gatewaysms/add/": SO_ADMINISTRADOR,
    "/admin/mensageria/remetente/add/": SO_ADMINISTRADOR,
    "/admin/preventivo/operacao/": SO_ADMINISTRADOR,
    "/admin/preventivo/operacao/add/": SO_ADMINISTRADOR,
    "/admin/preventivo/tipocampanha/add/": SO_ADMINISTRADOR,
    "/admin/preventivo/registro/": SO_ADMINISTRADOR,
    "/admin/preventivo/boleto/": SO_ADMINISTRADOR,
    "/admin/preventivo/aviso/": SO_ADMINISTRADOR,
    "/admin/preventivo/campanha/": TODOS,
    "/admin/preventivo/campanha/add/": NINGUEM,
    "/admin/preventivo/layout/": TODOS,
    "/admin/preventivo/layout/add/": NINGUEM,
    "/admin/auth/user/": SO_ADMINISTRADOR,
    "/admin/auth/user/add/": SO_ADMINISTRADOR,
    "/admin/auth/group/": SO_ADMINISTRADOR,
}
CASOS = [
    (pessoa, url, esperado)
    for url, esperados in TABELA.items()
    for pessoa, esperado in zip(PESSOAS, esperados, strict=True)
]


@pytest.mark.parametrize(("pessoa", "url", "esperado"), CASOS)
def test_a_group_opens_its_pages_and_no_other(pessoa, url, esperado, entrar, uma_de_cada):
    assert entrar(pessoa).get(url).status_code == esperado


@pytest.mark.parametrize("modelo", [ServicoEmail, GatewaySMS])
@pytest.mark.parametrize("pagina", ["change", "delete", "history"])
def test_only_the_administrator_opens_a_service(modelo, pagina, entrar, uma_de_cada):
    servico = modelo.objects.first()
    url = reverse(f"admin:mensageria_{modelo._meta.model_name}_{pagina}", args=[servico.pk])
    assert [entrar(pessoa).get(url).status_code for pessoa in PESSOAS] == list(SO_ADMINISTRADOR)


def test_somebody_logged_out_is_sent_to_the_login_page(client, db):
    assert client.get("/admin/cadastro/cliente/").headers["Location"] == "/entrar/?next=/admin/cadastro/cliente/"


def test_an_operator_edits_a_customer_and_an_action_but_no_localidade(entrar, uma_de_cada):
    operador = entrar("operador")
    assert b'name="_save"' in operador.get(f"/admin/cadastro/cliente/{novo_cliente().pk}/change/").content
    assert b'name="_save"' in operador.get(f"/admin/cobranca/acaocobranca/{nova_acao().pk}/change/").content
    assert (
        b'name="_save"' in operador.get(f"/admin/faturamento/parametromensagem/{novo_parametro().pk}/change/").content
    )
    assert b'name="_save"' not in operador.get("/admin/cadastro/localidade/1/change/").content
    assert operador.post("/admin/cadastro/localidade/1/change/", {"nome": "X"}).status_code == 403


def test_nobody_but_the_administrator_deletes_a_customer(entrar, db):
    cliente = novo_cliente()
    url = f"/admin/cadastro/cliente/{cliente.pk}/delete/"
    assert [entrar(pessoa).post(url, {"post": "yes"}).status_code for pessoa in PESSOAS] == [403, 403, 403, 302]
    assert not Cliente.objects.exists()


@pytest.mark.parametrize(
    ("grupo", "acoes"),
    [
        ("operador", set()),
        ("supervisor", {"reenviar", "resolver_incertas", "cancelar"}),
        ("administrador", {"reenviar", "resolver_incertas", "cancelar"}),
    ],
)
def test_the_actions_on_messages_are_offered_to_who_may_ask_them(grupo, acoes, entrar, uma_de_cada):
    html = entrar(grupo).get("/admin/mensageria/mensagem/").content.decode()
    assert {acao for acao in ("reenviar", "resolver_incertas", "cancelar") if f'value="{acao}"' in html} == acoes


def test_filling_the_groups_again_changes_nothing(db):
    antes = _permissoes()
    call_command("migrate", verbosity=0)
    assert _permissoes() == antes
    assert all(antes[nome] for nome in GRUPOS)


def test_what_was_added_by_hand_stays_and_what_was_taken_comes_back(db):
    operador = Group.objects.get(name="operador")
    a_mais = Permission.objects.get(codename="add_localidade")
    da_tabela = Permission.objects.get(codename="change_cliente")
    operador.permissions.add(a_mais)
    operador.permissions.remove(da_tabela)
    preencher(apps.get_app_config("cadastro"), using="default")
    assert {a_mais, da_tabela} <= set(operador.permissions.all())


def test_the_permission_to_decide_reaches_no_group_below_supervisor(db):
    de_quem = _permissoes()
    for codigo in ("change_mensagem", "autorizar_processo", "continuar_processo", "reiniciar_processo"):
        assert [nome for nome, codigos in sorted(de_quem.items()) if codigo in codigos] == [
            "administrador",
            "supervisor",
        ]


def test_every_line_of_the_table_names_a_model_that_exists():
    existentes = {modelo._meta.label_lower for modelo in apps.get_models()}
    citados = {linha for tabela in GRUPOS.values() for linha in tabela if not linha.endswith(".*")}
    assert citados <= existentes


def test_the_administrator_is_no_superuser_and_still_opens_everything_of_users(entrar, db):
    administrador = entrar("administrador")
    assert not administrador.pessoa.is_superuser
    assert administrador.get(f"/admin/auth/user/{administrador.pessoa.pk}/change/").status_code == 200
    assert User.objects.count() == 1


def _permissoes() -> dict[str, set[str]]:
    return {grupo.name: set(grupo.permissions.values_list("codename", flat=True)) for grupo in Group.objects.all()}


# On the screen


def test_what_a_group_may_do_is_told_in_portuguese(chefe):
    grupo = Group.objects.get(name="operador")
    html = chefe.get(f"/admin/auth/group/{grupo.pk}/change/").text

    for palavras in ("Pode incluir conta", "Pode alterar campanha", "Pode ver o CPF inteiro nas campanhas"):
        assert f" | {palavras}<" in html
    assert not Permission.objects.filter(name__startswith="Can ").exists()


def test_a_fixed_group_is_not_deleted_and_another_is(chefe):
    fixo, outro = Group.objects.get(name="supervisor"), Group.objects.create(name="recepção")
    sim = {"post": "yes"}

    assert chefe.post(f"/admin/auth/group/{fixo.pk}/delete/", sim).status_code == 403
    assert chefe.post(f"/admin/auth/group/{outro.pk}/delete/", sim).status_code == 302
    de_uma_vez = {"action": "delete_selected", "_selected_action": [fixo.pk], **sim}
    assert chefe.post("/admin/auth/group/", de_uma_vez).status_code == 403

    chefe.post(f"/admin/auth/group/{fixo.pk}/change/", {"name": "supervisor2"})
    assert (
        Group.objects.filter(pk=fixo.pk, name="supervisor").exists() and not Group.objects.filter(pk=outro.pk).exists()
    )
