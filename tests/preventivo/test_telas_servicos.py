"""Serviços de Envio de Email: an administrator keeps them, and a password goes in and never comes out."""

import re
import uuid

import pytest
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import Permission
from django.db import connection
from django.urls import reverse
from django.utils import timezone

from cadastro.campos import SegredoPerdido
from mensageria import circuito, consumo
from mensageria.estados import Classe, Estado
from mensageria.models import Canal, Remetente, Reserva, ServicoEmail
from simuladores.smtp import Ordem, ServidorSMTP
from tests.mensageria.apoio import nova_mensagem, nova_reserva, por_em
from tests.mensageria.servicos import esgotar, novo_remetente, novo_servico

LISTA = "/campanha_preventiva/servicos"
SEGREDO = "s3gredo-que-nao-aparece"
DADOS = {
    "nome": "SERVICO_9",
    "ordem": "9",
    "host": "127.0.0.1",
    "porta": "2525",
    "seguranca": "nenhuma",
    "dia_renovacao": "1",
    "conexoes": "2",
}


@pytest.fixture
def administrador(entrar):
    return entrar("administrador")


@pytest.fixture
def servico(db) -> ServicoEmail:
    return novo_servico(3, cota_mensal=1000, senha=SEGREDO, usuario="usuario3")


def pagina_de(servico: ServicoEmail) -> str:
    return reverse("preventivo:servico", args=[servico.pk])


def preenchido(navegador, url: str) -> dict:
    """What the browser sends when the form is left as it came."""
    form = navegador.get(url).context["form"]
    dados = {}
    for campo in form:
        valor = campo.value()
        if valor is True:
            dados[campo.html_name] = "on"
        elif valor not in (None, False):
            dados[campo.html_name] = str(valor)
        if campo.field.show_hidden_initial:
            dados[campo.html_initial_name] = dados.get(campo.html_name, "")
    return dados


def texto(resposta) -> str:
    return " ".join(re.sub(r"<[^>]+>", " ", resposta.content.decode()).split())


def registros() -> list[str]:
    return list(LogEntry.objects.order_by("id").values_list("change_message", flat=True))


def usar(servico: ServicoEmail, vezes: int = 1) -> None:
    consumo.contar(servico, [timezone.now()] * vezes)


def ha(servico: ServicoEmail) -> bool:
    return ServicoEmail.objects.filter(pk=servico.pk).exists()


# The list


def test_the_list_is_the_manual_s_with_the_use_of_the_month(administrador, servico):
    novo_servico(1, uso_interno=True, cota_mensal=None)
    usar(servico, 812)

    resposta = administrador.get(LISTA)

    assert "<h1>Serviços de Envio de Email</h1>" in resposta.content.decode()
    assert ">Novo Serviço</a>" in resposta.content.decode()
    dito = texto(resposta)
    for palavras in ("SERVICO_3", "••••", "127.0.0.1", "812 de 1.000 (81 %)", "Alterar SERVICO_3", "Remover SERVICO_3"):
        assert palavras in dito
    assert dito.count("••••") == 1  # the other has no password
    assert "SERVICO_1 uso interno" in dito
    assert re.search(r'<meter[^>]*max="1000"\s+value="812"', resposta.content.decode())


def test_the_list_says_how_each_stands_and_who_sends_through_it(administrador, servico):
    agora = timezone.now()
    novo_remetente(servico, "Claro")
    esgotado, em_espera = novo_servico(4), novo_servico(5)
    novo_servico(6, ativo=False)
    esgotar(esgotado, agora)
    circuito.falhou(em_espera, Classe.AUTENTICACAO, "535 não", agora)

    dito = texto(administrador.get(LISTA))

    assert "SERVICO_3 ordem 3 · Claro" in dito
    for palavras in ("disponível", "esgotado até", "em espera até", "Autenticação: 535 não", "inativo"):
        assert palavras in dito
    assert (dito.count("Reativar")) == 2  # the inactive one and the one that rests; a quota used up stays so


@pytest.mark.parametrize("grupo", ["", "operador", "supervisor"])
@pytest.mark.parametrize(
    ("metodo", "nome", "de_um"),
    [
        ("get", "servicos", False),
        ("get", "servico_novo", False),
        ("post", "servico_novo", False),
        ("post", "servico_novo_testar", False),
        ("get", "servico", True),
        ("post", "servico", True),
        ("post", "servico_testar", True),
        ("post", "servico_remover", True),
        ("post", "servico_reativar", True),
    ],
)
def test_it_is_for_administrators_only(entrar, servico, grupo, metodo, nome, de_um):
    url = reverse(f"preventivo:{nome}", args=[servico.pk] if de_um else [])

    assert getattr(entrar(grupo), metodo)(url, DADOS).status_code == 403
    assert ha(servico)


def test_many_services_cost_no_more_queries(administrador, django_assert_max_num_queries):
    for numero in range(20):
        novo_remetente(novo_servico(numero), f"OP{numero}")

    with django_assert_max_num_queries(12):
        administrador.get(LISTA)


# A new one, and a change


def test_a_new_service_is_stored_and_logged_and_its_user_is_its_name(administrador):
    resposta = administrador.post(
        f"{LISTA}/novo", DADOS | {"senha": SEGREDO, "cota_mensal": "500", "ja_usado": "20"}, follow=True
    )

    novo = ServicoEmail.objects.get()
    assert (novo.nome, novo.usuario, novo.senha, novo.cota_mensal) == ("SERVICO_9", "SERVICO_9", SEGREDO, 500)
    assert consumo.situacao(novo, timezone.now()).ja_usado == 20
    assert "Serviço SERVICO_9 cadastrado com sucesso." in texto(resposta)
    assert registros()[-1] == "Inserido."
    assert SEGREDO not in "".join(registros()) + resposta.content.decode()


def test_without_a_password_the_server_asks_for_no_login(administrador):
    administrador.post(f"{LISTA}/novo", DADOS)

    assert ServicoEmail.objects.get().usuario == ""


def test_the_same_form_twice_makes_one(administrador):
    dados = DADOS | {"pedido": str(uuid.uuid4())}

    administrador.post(f"{LISTA}/novo", dados)
    segunda = administrador.post(f"{LISTA}/novo", dados)

    assert (segunda.status_code, ServicoEmail.objects.count()) == (302, 1)


def test_nothing_changed_is_nothing_logged_and_the_password_stays(administrador, servico):
    ServicoEmail.objects.update(remetentes_permitidos="@exemplo.com.br\nana@outra.com.br")
    consumo.informar_ja_usado(servico, 30, administrador.pessoa, timezone.now())
    antes = registros()
    dados = preenchido(administrador, pagina_de(servico))

    dados["remetentes_permitidos"] = dados["remetentes_permitidos"].replace("\n", "\r\n")  # as browsers send it
    assert administrador.post(pagina_de(servico), dados).status_code == 302

    servico.refresh_from_db()
    assert servico.senha == SEGREDO
    assert registros() == antes


def test_a_change_is_logged_by_the_names_of_the_fields_and_the_password_leaves_no_trace(administrador, servico):
    dados = preenchido(administrador, pagina_de(servico))
    assert SEGREDO not in administrador.get(pagina_de(servico)).content.decode()

    administrador.post(pagina_de(servico), dados | {"host": "localhost", "porta": "26", "senha": "outro-s3gredo"})

    servico.refresh_from_db()
    assert (servico.host, servico.porta, servico.senha) == ("localhost", 26, "outro-s3gredo")
    assert registros() == ["Alterado: Host SMTP, Porta, Senha."]


def test_a_form_with_errors_does_not_give_the_password_back(administrador, servico):
    dados = preenchido(administrador, pagina_de(servico)) | {"nome": "", "senha": "outro-s3gredo"}

    pagina = administrador.post(pagina_de(servico), dados).content.decode()

    assert "Informe Nome." in pagina
    assert SEGREDO not in pagina
    assert "outro-s3gredo" not in pagina


def test_the_password_is_erased_only_when_asked(administrador, servico):
    dados = preenchido(administrador, pagina_de(servico))

    os_dois = administrador.post(pagina_de(servico), dados | {"senha": "x", "apagar_senha": "on"})
    assert "não as duas coisas" in texto(os_dois)
    administrador.post(pagina_de(servico), dados | {"apagar_senha": "on"})

    servico.refresh_from_db()
    assert servico.senha == ""


def test_what_was_used_outside_counts_and_is_kept_when_it_is_not_touched(administrador, servico):
    dados = preenchido(administrador, pagina_de(servico))
    consumo.informar_ja_usado(servico, 40, administrador.pessoa, timezone.now())  # by another, meanwhile

    administrador.post(pagina_de(servico), dados | {"ordem": "4"})
    assert consumo.situacao(servico, timezone.now()).ja_usado == 40

    dados = preenchido(administrador, pagina_de(servico))
    administrador.post(pagina_de(servico), dados | {"ja_usado": "600"})
    assert "600 de 1.000 (60 %)" in texto(administrador.get(pagina_de(servico)))


def test_a_larger_quota_ends_the_exhaustion(administrador, servico):
    usar(servico, 1000)
    assert consumo.esgotado(servico, timezone.now())
    dados = preenchido(administrador, pagina_de(servico))

    administrador.post(pagina_de(servico), dados | {"cota_mensal": "2000"})

    assert not consumo.esgotado(ServicoEmail.objects.get(), timezone.now())


def test_what_the_engine_wrote_meanwhile_stays(administrador, servico):
    dados = preenchido(administrador, pagina_de(servico))
    circuito.falhou(servico, Classe.REDE, "caiu", timezone.now())

    administrador.post(pagina_de(servico), dados | {"ordem": "4"})

    servico.refresh_from_db()
    assert (servico.ordem, servico.motivo_espera) == (4, "Rede: caiu")


def test_two_who_edit_the_same_are_told(administrador, chefe, servico):
    dados = preenchido(administrador, pagina_de(servico))
    chefe.post(pagina_de(servico), preenchido(chefe, pagina_de(servico)) | {"ordem": "26"})

    resposta = administrador.post(pagina_de(servico), dados | {"ordem": "27"})

    servico.refresh_from_db()
    assert servico.ordem == 26
    assert "alterou este registro" in texto(resposta)
    assert "Ordem (agora: 26)" in texto(resposta)


@pytest.mark.parametrize(
    ("campos", "palavras"),
    [
        ({"nome": ""}, "Informe Nome."),
        ({"nome": "SERVICO_3"}, "já existe"),
        ({"host": "smtp://servidor"}, "Informe só o nome do servidor"),
        ({"host": "a b"}, "Informe só o nome do servidor"),
        ({"porta": "70000"}, "65535"),
        ({"porta": "9" * 30}, "65535"),
        ({"seguranca": "x"}, "Faça uma escolha válida"),
        ({"dia_renovacao": "32"}, "31"),
        ({"cota_mensal": "0"}, "maior ou igual a 1"),
        ({"cota_mensal": "9999999999"}, "2147483647"),
        ({"ja_usado": "-1"}, "maior ou igual a 0"),
        ({"remetentes_permitidos": "ana@exemplo.com.br\nnada"}, "Linha 2: “nada” não é um e-mail"),
        ({"nome": "a\0b"}, "Caracteres nulos"),
    ],
)
def test_what_is_wrong_is_said_beside_its_field_and_nothing_is_stored(administrador, servico, campos, palavras):
    resposta = administrador.post(f"{LISTA}/novo", DADOS | campos)

    assert palavras in texto(resposta)
    assert ServicoEmail.objects.count() == 1


def test_whoever_sends_through_it_and_may_not_any_more_is_named(administrador, servico):
    novo_remetente(servico, "Net", email="net@exemplo.com.br")
    dados = preenchido(administrador, pagina_de(servico))

    resposta = administrador.post(pagina_de(servico), dados | {"remetentes_permitidos": "@outra.com.br"}, follow=True)

    assert "A operação Net está neste serviço. O email net@exemplo.com.br não está habilitado" in texto(resposta)


def test_who_is_no_administrator_does_not_inform_what_was_used_outside(entrar, servico):
    pessoa = entrar("")
    pessoa.pessoa.user_permissions.set(Permission.objects.filter(codename__endswith="_servicoemail"))

    administrando = pessoa.get(pagina_de(servico)).context["form"].fields

    assert "ja_usado" not in administrando


@pytest.mark.parametrize("pk", [999_999, 2**63, 2**70])
def test_a_service_that_does_not_exist_is_not_found(administrador, pk):
    for nome in ("servico", "servico_testar", "servico_remover", "servico_reativar"):
        assert administrador.post(reverse(f"preventivo:{nome}", args=[pk]), DADOS).status_code == 404


# Taken out, and put back


def remover(navegador, servico: ServicoEmail, **dados):
    return navegador.post(reverse("preventivo:servico_remover", args=[servico.pk]), dados, follow=True)


def test_it_asks_before_it_removes(administrador, servico):
    pergunta = remover(administrador, servico)
    assert "Remover o serviço SERVICO_3? Ele nunca foi usado e será apagado." in texto(pergunta)
    remover(administrador, servico, voltar="1")
    assert ha(servico)

    resposta = remover(administrador, servico, confirmado="1")

    assert not ha(servico)
    assert "Serviço SERVICO_3 removido com sucesso." in texto(resposta)
    assert registros() == ["Removido."]


def test_the_second_click_is_led_where_the_first_was(administrador, servico):
    dados = {"confirmado": "1", "pedido": str(uuid.uuid4())}
    remover(administrador, servico, **dados)

    assert remover(administrador, servico, **dados).status_code == 200


@pytest.mark.parametrize("como", ["contou", "reservou", "nomeia"])
def test_one_that_was_used_is_deactivated_and_says_so(administrador, servico, como):
    if como == "contou":
        usar(servico)
    elif como == "reservou":
        nova_reserva(servico, [])
    else:
        mensagem = por_em(nova_mensagem(canal=Canal.EMAIL), Estado.FALHA)
        type(mensagem).objects.update(servico=servico)
        Reserva.objects.all().delete()

    resposta = remover(administrador, servico, confirmado="1")

    servico.refresh_from_db()
    assert servico.ativo is False
    assert "em vez de apagado, foi desativado" in texto(resposta)
    assert registros() == ["Desativado: já foi usado, e por isso não se apaga."]


def test_the_question_about_a_used_one_says_what_will_happen(administrador, servico):
    usar(servico)

    assert "Desativar o serviço SERVICO_3? Ele já foi usado" in texto(remover(administrador, servico))


def test_one_that_an_operation_sends_through_is_refused_with_the_reason(administrador, servico):
    novo_remetente(servico, "Claro")

    resposta = remover(administrador, servico)

    assert ha(servico)
    assert "SERVICO_3 não pode ser removido: por ele saem os emails de Claro." in texto(resposta)
    assert "Remover o serviço" not in texto(resposta)  # nothing to ask


def test_an_operation_that_chose_it_after_the_question_keeps_it(administrador, servico, monkeypatch):
    from mensageria import servicos as regras

    original = regras.remover

    def e_enquanto_isso(escolhido, *, usuario):
        novo_remetente(escolhido, "Claro")
        return original(escolhido, usuario=usuario)

    monkeypatch.setattr(regras, "remover", e_enquanto_isso)
    resposta = remover(administrador, servico, confirmado="1")

    assert ha(servico)
    assert "não pode ser removido" in texto(resposta)
    assert not Remetente.objects.exists()  # what was begun is undone


def test_an_inactive_one_that_rests_goes_back_to_work(administrador, servico):
    agora = timezone.now()
    consumo.esgotar(servico, "452 limite do dia", agora)
    ServicoEmail.objects.update(ativo=False)

    resposta = administrador.post(reverse("preventivo:servico_reativar", args=[servico.pk]), follow=True)

    servico.refresh_from_db()
    assert servico.ativo
    assert not consumo.esgotado(servico, agora)
    assert "Serviço SERVICO_3 reativado." in texto(resposta)
    assert registros() == ["Reativado."]


def test_a_quota_that_was_used_up_is_not_given_back(administrador, servico):
    usar(servico, 1000)
    ServicoEmail.objects.update(ativo=False)

    resposta = administrador.post(reverse("preventivo:servico_reativar", args=[servico.pk]), follow=True)

    assert "a cota foi toda usada: ela recomeça em" in texto(resposta)


# The test of the connection


@pytest.fixture
def correio():
    with ServidorSMTP(usuarios={"usuario3": SEGREDO, "SERVICO_9": "nova-senha"}) as aberto:
        yield aberto


def provar(navegador, correio, servico: ServicoEmail | None = None, **campos):
    if servico:  # the stored password is of this server
        ServicoEmail.objects.filter(pk=servico.pk).update(porta=correio.porta)
    nome, argumentos = ("servico_testar", [servico.pk]) if servico else ("servico_novo_testar", [])
    dados = DADOS | {"porta": correio.porta} | campos
    return texto(navegador.post(reverse(f"preventivo:{nome}", args=argumentos), dados))


def test_it_logs_in_with_what_is_typed_and_stores_nothing(administrador, correio):
    dito = provar(administrador, correio, senha="nova-senha")

    assert "Conexão e autenticação aceitas. 235" in dito
    assert not ServicoEmail.objects.exists()


def test_it_logs_in_with_the_stored_password_when_the_field_is_empty(administrador, correio, servico):
    assert "aceitas" in provar(administrador, correio, servico, usuario="usuario3")
    assert registros() == []


@pytest.mark.parametrize("testar", [True, False])
@pytest.mark.parametrize("outro", [{"host": "localhost"}, {"porta": "2"}, {"seguranca": "nenhuma"}])
def test_the_stored_password_does_not_go_to_another_server_nor_in_the_clear(
    administrador, correio, servico, testar, outro
):
    ServicoEmail.objects.update(porta=correio.porta, seguranca="starttls")
    dados = preenchido(administrador, pagina_de(servico)) | outro
    url = reverse("preventivo:servico_testar", args=[servico.pk]) if testar else pagina_de(servico)

    assert "informe de novo este valor" in texto(administrador.post(url, dados))
    assert correio.conexoes == 0
    servico.refresh_from_db()
    assert (servico.host, servico.porta, servico.seguranca) == ("127.0.0.1", correio.porta, "starttls")

    administrador.post(pagina_de(servico), dados | {"senha": "outra"})
    servico.refresh_from_db()
    assert servico.senha == "outra"
    assert {nome: str(getattr(servico, nome)) for nome in outro} == outro


def test_a_password_whose_key_is_lost_is_told_and_typed_again(administrador, correio, servico):
    with connection.cursor() as cursor:
        cursor.execute("UPDATE mensageria_servicoemail SET senha = 'ilegivel'")
    perdida = "não se abre com as CHAVES_DE_CIFRA de agora: informe-o de novo"

    assert perdida in texto(administrador.get(pagina_de(servico)))
    assert f"Autenticação: O valor guardado {perdida}" in provar(administrador, correio, servico, usuario="usuario3")
    dados = preenchido(administrador, pagina_de(servico))
    assert administrador.post(pagina_de(servico), dados).status_code == 302  # the rest is kept, and so is it
    assert isinstance(ServicoEmail.objects.get().senha, SegredoPerdido)

    administrador.post(pagina_de(servico), dados | {"senha": SEGREDO})
    assert ServicoEmail.objects.get().senha == SEGREDO


def test_what_the_server_refuses_is_shown_without_secrets(administrador, correio, servico):
    correio.ordenar(Ordem("AUTH", codigo=535, texto=f"5.7.8 Senha {SEGREDO} errada"))

    dito = provar(administrador, correio, servico, usuario="usuario3")

    assert "A conexão não foi aceita. Autenticação: 535 5.7.8 Senha *** errada" in dito
    assert SEGREDO not in dito


def test_a_server_that_does_not_answer_is_not_waited_for_long(administrador, correio, servico, monkeypatch):
    monkeypatch.setattr("mensageria.servicos.MAIOR_ESPERA", 0.2)
    correio.ordenar(Ordem("EHLO", "demorar", segundos=30))

    assert "Rede: O servidor não respondeu no prazo." in provar(administrador, correio, servico, usuario="usuario3")


@pytest.mark.parametrize(
    ("campos", "palavras"),
    [
        ({"host": "smtp.de-verdade.com.br"}, "ENVIO=simulado: smtp.de-verdade.com.br é um servidor real"),
        ({"porta": "1"}, "a conexão foi recusada"),
        ({"host": ""}, "Informe Host SMTP."),
        ({"porta": "x"}, "Informe um número inteiro."),
    ],
)
def test_what_stands_in_the_way_is_said(administrador, correio, campos, palavras):
    assert palavras in provar(administrador, correio, **campos)


def test_the_rest_of_the_form_may_be_unfinished(administrador, correio, servico):
    dito = provar(administrador, correio, servico, nome="", ordem="", usuario="usuario3", visto="{}")

    assert "aceitas" in dito
