"""Services in the administration: limits, quota and use, who may send through them, and putting them to work again."""

from datetime import timedelta

import pytest
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import Permission
from django.utils import timezone

from mensageria import circuito, consumo
from mensageria.estados import Classe
from mensageria.models import Alerta, Consumo, GatewaySMS, ServicoEmail
from tests.admin.test_acoes import agir, ditas
from tests.admin.test_formularios import erros
from tests.fabricas import novas_saidas
from tests.mensageria.apoio import nova_mensagem

EMAIL = {
    "nome": "SERVICO_5",
    "ordem": 5,
    "host": "smtp.exemplo.com.br",
    "porta": 25,
    "seguranca": "nenhuma",
    "prazo": 5,
    "mensagens_por_conexao": 10,
    "ativo": "on",
    "conexoes": 2,
    "cota_mensal": 1000,
    "dia_renovacao": 1,
}
SMS = {
    "nome": "GATEWAY_5",
    "adaptador": "json",
    "url": "http://127.0.0.1/",
    "prazo": 5,
    "tentativas_maximas": 3,
    "configuracao": "{}",
    "ativo": "on",
    "conexoes": 2,
    "cota_mensal": 1000,
    "dia_renovacao": 1,
}


@pytest.fixture(params=[(ServicoEmail, EMAIL), (GatewaySMS, SMS)], ids=["email", "sms"])
def caso(request, db):
    """A service with a quota of 1000, what its form posts, and where it is."""
    modelo, dados = request.param
    novas_saidas()
    onde = ("host", "porta") if modelo is ServicoEmail else ("url",)
    modelo.objects.update(**{nome: dados[nome] for nome in ("nome", "cota_mensal", *onde)})
    servico = modelo.objects.get()
    return servico, dados, f"/admin/mensageria/{modelo._meta.model_name}/"


@pytest.fixture
def email(db) -> ServicoEmail:
    return novas_saidas()[0]


def html(navegador, url: str) -> str:
    return navegador.get(url).content.decode()


def test_the_list_and_the_page_say_how_much_was_used_and_how_it_stands(caso, chefe):
    servico, _, lista = caso
    agora = timezone.now()
    pagina = f"{lista}{servico.pk}/change/"
    consumo.contar(servico, [agora] * 512)
    consumo.informar_ja_usado(servico, 300, chefe.pessoa, agora)
    for texto in (html(chefe, lista), html(chefe, pagina)):
        assert "812 de 1.000 (81 %)" in texto
        assert "Ativo" in texto
    assert "fora do Avisa: 300; desde " in html(chefe, pagina)
    assert 'value="reativar">Reativar</button>' not in html(chefe, pagina)

    circuito.falhou(servico, Classe.REDE, "Connection refused", agora)
    assert "Em espera até" in html(chefe, lista)
    assert "Rede: Connection refused" in html(chefe, pagina)
    consumo.contar(servico, [agora] * 188)
    assert "Esgotado até" in html(chefe, lista)
    type(servico).objects.update(ativo=False)
    assert "Inativo" in html(chefe, lista)


def test_an_administrator_informs_what_was_used_outside_and_it_is_logged(caso, chefe):
    servico, dados, lista = caso
    pagina = f"{lista}{servico.pk}/change/"
    assert chefe.post(pagina, dados | {"ja_usado": 300}).status_code == 302
    assert consumo.situacao(servico, timezone.now()).ja_usado == 300
    assert LogEntry.objects.filter(change_message__contains="de 0 para 300").count() == 1
    assert 'name="ja_usado" value="300"' in html(chefe, pagina)

    antes = LogEntry.objects.count()
    assert chefe.post(pagina, dados | {"ja_usado": 300}).status_code == 302
    assert LogEntry.objects.filter(change_message__contains="Já usado").count() == 1
    assert LogEntry.objects.count() == antes + 1  # that the form was saved
    assert "ja_usado" in erros(chefe.post(pagina, dados | {"ja_usado": -1}))


def test_what_was_used_outside_is_informed_for_a_new_service_too(chefe, db):
    assert chefe.post("/admin/mensageria/servicoemail/add/", EMAIL | {"ja_usado": 40}).status_code == 302
    assert str(consumo.situacao(ServicoEmail.objects.get(), timezone.now())) == "40 de 1.000 (4 %)"


@pytest.mark.parametrize("codigo", ["change", "view"])
def test_only_an_administrator_informs_what_was_used_outside(codigo, caso, entrar):
    servico, dados, lista = caso
    pagina = f"{lista}{servico.pk}/change/"
    navegador = entrar("")
    modelo = servico._meta.model_name
    navegador.pessoa.user_permissions.add(Permission.objects.get(codename=f"{codigo}_{modelo}"))
    assert "0 de 1.000 (0 %)" in html(navegador, pagina)
    assert "ja_usado" not in html(navegador, pagina)
    navegador.post(pagina, dados | {"ja_usado": 300})
    assert consumo.situacao(servico, timezone.now()).ja_usado == 0


def test_saving_the_form_leaves_the_rest_of_the_row_to_the_engine(caso, chefe, monkeypatch):
    servico, dados, lista = caso
    ate = timezone.now() + timedelta(minutes=5)
    gravar = type(servico).save

    def o_motor_escreve_antes(self, *args, **kwargs):
        type(servico).objects.update(em_espera_ate=ate, falhas_seguidas=2)
        gravar(self, *args, **kwargs)

    monkeypatch.setattr(type(servico), "save", o_motor_escreve_antes)
    assert chefe.post(f"{lista}{servico.pk}/change/", dados | {"prazo": 7, "limite_segundo": 50}).status_code == 302
    servico.refresh_from_db()
    assert (servico.prazo, servico.limite_segundo) == (7, 50)
    assert (servico.em_espera_ate, servico.falhas_seguidas) == (ate, 2)


def test_a_raised_quota_ends_the_exhaustion_at_once(caso, chefe):
    servico, dados, lista = caso
    consumo.contar(servico, [timezone.now()] * 1000)
    assert Consumo.objects.get().esgotado_em is not None
    assert chefe.post(f"{lista}{servico.pk}/change/", dados | {"cota_mensal": 2000}).status_code == 302
    assert Consumo.objects.get().esgotado_em is None


def test_another_day_of_renewal_begins_the_period_there(caso, chefe):
    servico, dados, lista = caso
    hoje = timezone.localdate()
    dia = hoje.day % 28 + 1 if hoje.day != 28 else 2
    consumo.contar(servico, [timezone.now()] * 5)
    assert chefe.post(f"{lista}{servico.pk}/change/", dados | {"dia_renovacao": dia}).status_code == 302
    assert Consumo.objects.get().inicio == consumo.inicio_do_periodo(dia, hoje)
    assert "dia_renovacao" in erros(chefe.post(f"{lista}{servico.pk}/change/", dados | {"dia_renovacao": 32}))


# Who may send through it


def test_who_may_send_is_written_one_a_line(email, chefe):
    pagina = f"/admin/mensageria/servicoemail/{email.pk}/change/"
    linhas = " Ana@Exemplo.com.br \r\n\r\n@aguas.exemplo\r\nana@exemplo.com.br"
    assert chefe.post(pagina, EMAIL | {"remetentes_permitidos": linhas}).status_code == 302
    email.refresh_from_db()
    assert email.remetentes_permitidos == "ana@exemplo.com.br\n@aguas.exemplo"
    assert email.permite("outro@AGUAS.exemplo")
    assert not email.permite("bia@exemplo.com.br")


def test_a_wrong_line_is_named(email, chefe):
    linhas = "ana@exemplo.com.br\nfulano\n@\nana@x.com, bia@x.com\n@aguas.exemplo"
    resposta = chefe.post(
        f"/admin/mensageria/servicoemail/{email.pk}/change/", EMAIL | {"remetentes_permitidos": linhas}
    )
    achados = erros(resposta)["remetentes_permitidos"]
    assert [erro.partition(":")[0] for erro in achados] == ["Linha 2", "Linha 3", "Linha 4"]
    assert "“fulano” não é um e-mail (ana@exemplo.com.br) nem um domínio (@exemplo.com.br)." in achados[0]


# Putting it to work again


def test_a_service_is_reactivated_by_the_button_of_its_page(caso, chefe):
    servico, _, lista = caso
    agora = timezone.now()
    consumo.esgotar(servico, "550 monthly quota exceeded", agora)
    circuito.falhou(servico, Classe.AUTENTICACAO, "535", agora)
    pagina = html(chefe, f"{lista}{servico.pk}/change/")
    assert 'value="reativar">Reativar</button>' in pagina
    assert "550 monthly quota exceeded" in pagina

    assert f"{servico} reativado." in ditas(agir(chefe, lista, "reativar", servico))
    servico.refresh_from_db()
    assert (servico.em_espera_ate, servico.falhas_seguidas) == (None, 0)
    assert not consumo.esgotado(servico, agora)
    assert not Alerta.objects.filter(resolvido_em=None).exists()
    assert LogEntry.objects.get(user=chefe.pessoa).change_message == "Reativado."


def test_reactivating_says_what_it_cannot_do(caso, chefe):
    servico, _, lista = caso
    consumo.contar(servico, [timezone.now()] * 1000)
    assert "continua esgotado: a cota foi toda usada e recomeça em" in ditas(agir(chefe, lista, "reativar", servico))
    Consumo.objects.all().delete()
    type(servico).objects.update(ativo=False)
    assert "continua inativo" in ditas(agir(chefe, lista, "reativar", servico))


def test_who_may_only_look_does_not_reactivate(caso, entrar):
    servico, _, lista = caso
    circuito.falhou(servico, Classe.REDE, "caiu", timezone.now())
    navegador = entrar("")
    navegador.pessoa.user_permissions.add(Permission.objects.get(codename=f"view_{servico._meta.model_name}"))
    assert "reativar" not in html(navegador, f"{lista}{servico.pk}/change/")
    agir(navegador, lista, "reativar", servico)
    servico.refresh_from_db()
    assert servico.falhas_seguidas == 1


def test_the_list_of_services_takes_one_query_for_their_use(email, chefe, django_assert_max_num_queries):
    nova_mensagem()
    for numero in range(20):
        outro = ServicoEmail.objects.create(nome=f"OUTRO_{numero}", host="h", cota_mensal=100)
        consumo.contar(outro, [timezone.now()])
    with django_assert_max_num_queries(8):
        assert html(chefe, "/admin/mensageria/servicoemail/").count("1 de 100 (1 %)") == 20
