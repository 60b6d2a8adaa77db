"""Configurações Serviço de Email, and the alerts on the Painel."""

import re
import uuid
from datetime import timedelta

import pytest
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import User
from django.utils import timezone

from mensageria import alertas, rotacao
from mensageria.models import Alerta, Remetente, ServicoEmail
from tests.fabricas import novo_parametro_sistema

from .servicos import esgotar, novo_remetente, novo_servico

URL = "/campanha_preventiva/servico_email"
ANTIGA = "/mensagens/servico-email/"


@pytest.fixture
def net(db) -> Remetente:
    novo_servico(1, uso_interno=True)
    novo_servico(2)
    servico = novo_servico(3)
    novo_servico(5, cota_mensal=None)
    return novo_remetente(servico)


def servico(numero: int) -> ServicoEmail:
    return ServicoEmail.objects.get(nome=f"SERVICO_{numero}")


def enviar(navegador, remetente: Remetente, escolhido=None, email=None, **mais):
    """What the browser sends for the row of a remetente, as the page has it now."""
    pagina = navegador.get(URL).content.decode()
    marca = re.search(rf'id="remetente-{remetente.pk}".*?</form>', pagina, re.DOTALL)[0]
    visto = re.search(r'name="[^"]*-visto" value="([^"]*)"', marca)[1].replace("&quot;", '"')
    prefixo = f"r{remetente.pk}"
    dados = {
        "remetente": remetente.pk,
        f"{prefixo}-visto": visto,
        f"{prefixo}-email": email or remetente.email,
        f"{prefixo}-servico": getattr(escolhido, "pk", escolhido) or remetente.servico_id,
    }
    return lambda: navegador.post(URL, dados | mais, follow=True)


def texto(resposta) -> str:
    return " ".join(re.sub(r"<[^>]+>", " ", resposta.content.decode()).split())


def opcoes(resposta) -> list[str]:
    return [opcao.strip() for opcao in re.findall(r"<option[^>]*>([^<]+)</option>", resposta.content.decode())]


# What it shows


def test_each_operation_has_its_row_and_the_manual_its_warning(entrar, net):
    novo_remetente(servico(2), "Claro")
    esgotar(servico(3), timezone.now())
    ServicoEmail.objects.filter(nome="SERVICO_2").update(ativo=False)

    resposta = entrar("operador").get(URL)

    assert "<h1>Configurações Serviço de Email</h1>" in resposta.content.decode()
    assert resposta.content.decode().count(">Atualizar</button>") == 2
    assert opcoes(resposta)[:3] == ["SERVICO_2 (inativo)", "SERVICO_3 (esgotado)", "SERVICO_5"]
    dito = texto(resposta)
    assert "limite de envios esgotado serviço atual: SERVICO_3 envios usados: 1 de 1 (100 %)" in dito
    assert "serviço inativo" in dito
    for palavras in (
        "Atenção: o Email pode ser alterado a qualquer momento",
        "Atenção: fique atento ao recebimento do alerta",
        "Atenção: após realizar a atualização",
        "Dica 1: não escolha um novo serviço aleatoriamente",
        "Dica 2: o serviço de uso interno",
        "Dica 3: todo o sistema do Preventivo",
    ):
        assert palavras in dito
    assert "SERVICO_1" not in opcoes(resposta)


def test_who_waits_and_the_last_change_are_told(entrar, net):
    pessoa = entrar("operador")
    rotacao.trocar(net, servico(5), usuario=pessoa.pessoa, agora=timezone.now())
    Remetente.objects.update(aguardando_desde=timezone.now())

    dito = texto(pessoa.get(URL))

    assert "aguardando troca de serviço" in dito
    assert "Alterado por pessoa-operador em" in dito


def test_without_remetentes_it_says_who_makes_them(entrar):
    assert "Nenhum email de operação cadastrado" in texto(entrar("operador").get(URL))


def test_who_may_not_change_does_not_see_it(entrar, net):
    assert entrar("").get(URL).status_code == 403


def test_as_many_queries_for_many_as_for_one(entrar, net, django_assert_max_num_queries):
    pessoa = entrar("operador")
    for numero in range(10, 30):
        novo_remetente(novo_servico(numero), f"OP{numero}")

    with django_assert_max_num_queries(12):
        pessoa.get(URL)


# What it does


def test_the_choice_is_made_confirmed_and_logged(entrar, net):
    pessoa = entrar("operador")
    User.objects.update(email="maria@exemplo.com.br")

    resposta = enviar(pessoa, net, servico(5))()

    net.refresh_from_db()
    assert net.servico.nome == "SERVICO_5"
    dito = "Serviço de email da operação NET atualizado com sucesso: de SERVICO_3 para SERVICO_5. A confirmação segue"
    assert dito in texto(resposta)
    assert LogEntry.objects.get().change_message == "Serviço alterado de SERVICO_3 para SERVICO_5."
    assert Alerta.objects.get(tipo=Alerta.Tipo.TROCA).tambem_para == "maria@exemplo.com.br"


def test_the_address_may_change_in_the_same_way(entrar, net):
    resposta = enviar(entrar("operador"), net, email="net4@exemplo.com.br")()

    net.refresh_from_db()
    assert net.email == "net4@exemplo.com.br"
    dito = "Email da operação NET atualizado com sucesso: de net@cobranca.exemplo.com.br para net4@exemplo.com.br."
    assert dito in texto(resposta)


def test_the_same_form_twice_does_it_once(entrar, net):
    mandar = enviar(entrar("operador"), net, servico(5), pedido=str(uuid.uuid4()))

    mandar()
    segunda = mandar()

    assert segunda.status_code == 200
    assert Alerta.objects.filter(tipo=Alerta.Tipo.TROCA).count() == 1
    assert "Nada foi gravado" not in texto(segunda)


def test_choosing_an_exhausted_service_says_so_and_who_took_over(entrar, net):
    esgotar(servico(2), timezone.now())

    resposta = enviar(entrar("operador"), net, servico(2), confirmado="1")()

    net.refresh_from_db()
    assert net.servico.nome == "SERVICO_3"  # the next after SERVICO_2
    assert "SERVICO_2 está com o limite de envios esgotado; SERVICO_3 assumiu os envios" in texto(resposta)


def test_choosing_an_exhausted_service_without_rotation_asks_for_another(entrar, net):
    Remetente.objects.update(rotacao_automatica=False)
    esgotar(servico(2), timezone.now())

    resposta = enviar(entrar("operador"), net, servico(2), confirmado="1")()

    assert Alerta.objects.filter(tipo=Alerta.Tipo.ESGOTADO).count() == 1
    assert "SERVICO_2 está com o limite de envios esgotado. Altere o serviço de email" in texto(resposta)


@pytest.mark.parametrize(
    ("rotacao_automatica", "depois"),
    [(True, "o próximo serviço disponível da ordem assume"), (False, "Os envios da operação NET esperam")],
)
def test_an_exhausted_service_is_asked_about_first(entrar, net, rotacao_automatica, depois):
    Remetente.objects.update(rotacao_automatica=rotacao_automatica)
    esgotar(servico(2), timezone.now())
    mandar = enviar(entrar("operador"), net, servico(2), pedido=str(uuid.uuid4()))

    pergunta = mandar()

    net.refresh_from_db()
    assert net.servico.nome == "SERVICO_3"
    dito = texto(pergunta)
    assert "O serviço SERVICO_2 está com o limite de envios esgotado. Usar mesmo assim?" in dito
    assert "Envios usados: 1 de 1 (100 %)." in dito
    assert depois in dito


def test_who_does_not_want_the_exhausted_one_finds_what_was_typed(entrar, net):
    esgotar(servico(2), timezone.now())

    resposta = enviar(entrar("operador"), net, servico(2), "net4@exemplo.com.br", voltar="1")()

    net.refresh_from_db()
    assert (net.servico.nome, net.email) == ("SERVICO_3", "net@cobranca.exemplo.com.br")
    assert 'value="net4@exemplo.com.br"' in resposta.content.decode()


def test_another_address_for_a_service_that_is_exhausted_already_asks_nothing(entrar, net):
    esgotar(servico(3), timezone.now())

    enviar(entrar("operador"), net, email="net4@exemplo.com.br")()

    net.refresh_from_db()
    assert net.email == "net4@exemplo.com.br"


def selecionado(resposta) -> str:
    return re.search(r"<option[^>]* selected>([^<]+)</option>", resposta.content.decode())[1].strip()


def test_the_next_in_order_stands_selected_when_the_present_one_is_exhausted(entrar, net):
    pessoa = entrar("operador")
    assert selecionado(pessoa.get(URL)) == "SERVICO_3"
    esgotar(servico(3), timezone.now())

    resposta = pessoa.get(URL)

    assert selecionado(resposta) == "SERVICO_5"
    assert "SERVICO_3 está esgotado: o próximo da ordem, SERVICO_5, já está selecionado." in texto(resposta)
    assert "serviço atual: SERVICO_3" in texto(resposta)
    feito = enviar(pessoa, net, servico(5))()
    assert "de SERVICO_3 para SERVICO_5" in texto(feito)


def test_after_the_last_comes_the_first_and_what_may_not_send_is_passed_over(entrar, net):
    pessoa = entrar("operador")
    esgotar(servico(3), timezone.now())
    ServicoEmail.objects.filter(nome="SERVICO_5").update(remetentes_permitidos="@outra.com.br")
    assert selecionado(pessoa.get(URL)) == "SERVICO_2"

    esgotar(servico(2), timezone.now())

    assert selecionado(pessoa.get(URL)) == "SERVICO_3 (esgotado)"  # no other can


def test_changing_nothing_says_so(entrar, net):
    resposta = enviar(entrar("operador"), net)()

    assert "já estava assim" in texto(resposta)
    assert not Alerta.objects.exists()


@pytest.mark.parametrize(
    ("numero", "campos", "palavras"),
    [
        (1, {}, "SERVICO_1 é de uso interno"),
        (5, {"ativo": False}, "SERVICO_5 está inativo"),
        (5, {"remetentes_permitidos": "@outra.com.br"}, "não está habilitado no serviço SERVICO_5"),
    ],
)
def test_what_may_not_be_chosen_is_refused_beside_its_field(entrar, net, numero, campos, palavras):
    ServicoEmail.objects.filter(nome=f"SERVICO_{numero}").update(**campos)

    resposta = enviar(entrar("operador"), net, servico(numero))()

    net.refresh_from_db()
    assert net.servico.nome == "SERVICO_3"
    assert texto(resposta).count(palavras) == 2  # above the table and beside the field
    assert 'aria-invalid="true"' in resposta.content.decode()


@pytest.mark.parametrize("email", ["nada", "x" * 300 + "@a.com", "a@b.com\0", "á@b", "😀@b.com", " "])
def test_an_address_that_is_none_is_refused_and_kept_as_typed(entrar, net, email):
    resposta = enviar(entrar("operador"), net, servico(5), email=email)()

    net.refresh_from_db()
    assert (resposta.status_code, net.email, net.servico.nome) == (200, "net@cobranca.exemplo.com.br", "SERVICO_3")
    assert "invalid-feedback" in resposta.content.decode()


def test_an_address_of_another_operation_is_refused(entrar, net):
    novo_remetente(servico(5), "CLARO")

    resposta = enviar(entrar("operador"), net, email="claro@cobranca.exemplo.com.br")()

    assert "já existe" in texto(resposta)


@pytest.mark.parametrize("valor", ["x", "9" * 40, "-1", "999999"])
def test_a_service_that_does_not_exist_is_refused(entrar, net, valor):
    resposta = enviar(entrar("operador"), net, valor)()

    net.refresh_from_db()
    assert resposta.status_code == 200
    assert net.servico.nome == "SERVICO_3"


@pytest.mark.parametrize("valor", ["", "x", "9" * 40, "-1", "999999", "²"])
def test_a_remetente_that_does_not_exist_is_not_found(entrar, net, valor):
    assert entrar("operador").post(URL, {"remetente": valor}).status_code == 404


def test_two_who_edit_the_same_are_told(entrar, net):
    pessoa = entrar("operador")
    primeiro = enviar(pessoa, net, servico(2))
    segundo = enviar(entrar("supervisor"), net, servico(5))
    primeiro()

    resposta = segundo()

    net.refresh_from_db()
    assert net.servico.nome == "SERVICO_2"
    assert "pessoa-operador alterou este registro" in texto(resposta)
    assert "Serviço (agora: SERVICO_2)" in texto(resposta)


@pytest.mark.parametrize("grupo", ["", "operador"])
def test_the_address_of_before_leads_to_the_manual_s(entrar, grupo):
    resposta = entrar(grupo).get(ANTIGA)

    assert (resposta.status_code, resposta.headers["Location"]) == (301, URL)


# The Painel


def abrir_alerta(numero: int, **campos) -> Alerta:
    padrao = {"assunto": "A", "titulo": f"Alerta {numero}.", "paragrafos": [f"Texto {alertas.negrito('<b>')}"]}
    return alertas.avisar(
        Alerta.Tipo.CIRCUITO, str(numero), **{"agora": timezone.now() + timedelta(seconds=numero)} | padrao | campos
    )


def test_the_painel_shows_the_newest_and_how_many_more(entrar):
    novo_parametro_sistema()
    pessoa = entrar("operador")
    assert "Alertas" not in texto(pessoa.get("/"))
    for numero in range(8):
        abrir_alerta(numero, caminho=URL)

    resposta = pessoa.get("/")

    a_vista, escondidos = resposta.content.decode().split("<details>", 1)
    assert re.findall(r"Alerta (\d)\.", a_vista) == list("76543")
    assert "mais 3" in escondidos
    assert f'<a href="{URL}">Abrir a página</a>' in a_vista
    assert "Texto <strong>&lt;b&gt;</strong>" in a_vista


def test_an_alert_leads_nowhere_that_one_may_not_go(entrar):
    novo_parametro_sistema()
    abrir_alerta(1, caminho="/admin/mensageria/servicoemail/1/change/")

    assert "Abrir a página" not in texto(entrar("operador").get("/"))
    assert "Abrir a página" in texto(entrar("administrador").get("/"))
    assert "Alerta 1." not in texto(entrar("").get("/"))
