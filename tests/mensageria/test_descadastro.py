"""Opting out: by the link of a message, by a mail client, or by hand; and the engine that honours it."""

import email
import email.policy
import json

import pytest
from cryptography.fernet import Fernet
from django.contrib.admin.models import LogEntry
from django.test import Client
from django.urls import reverse
from hypothesis import assume, given
from hypothesis import strategies as st

from cadastro.campos import cifrar
from cadastro.models import Cliente
from faturamento.fonte import FonteDeContas
from mensageria import descadastro, envio, reserva, turno
from mensageria.canais.memoria import CanalDeMemoria
from mensageria.descadastro import Pedido, TokenInvalido
from mensageria.estados import Estado, Motivo
from mensageria.models import Canal, Mensagem, Supressao
from mensageria.palavras import palavras_do_motivo
from tests.fabricas import HOJE, meio_dia, nova_conta, novas_saidas, novo_cliente, novo_parametro_sistema
from tests.mensageria.apoio import nova_mensagem

AGORA = meio_dia(HOJE)
ANA = "ana@exemplo.com.br"


def endereco(de=ANA, assunto="boletos", mensagem=None) -> str:
    return reverse("descadastro", args=[descadastro.token(de, assunto, mensagem)])


# The token


@given(st.emails(), st.sampled_from(["boletos", "", "contas"]), st.none() | st.integers(1, 2**62))
def test_a_token_says_whose_it_is_and_from_what(de, assunto, mensagem):
    assert descadastro.ler(descadastro.token(de, assunto, mensagem)) == Pedido(de.lower(), assunto, mensagem)


def test_nobody_reads_the_address_in_it_and_it_may_stand_in_a_url():
    token = descadastro.token(ANA, "boletos")

    assert "ana" not in token.lower() and "YW5h" not in token
    assert reverse("descadastro", args=[token]) == f"/descadastro/{token}/"


def test_a_key_that_was_retired_still_opens_what_it_closed(settings):
    velha, nova = (Fernet.generate_key().decode() for _ in range(2))
    settings.CHAVES_DE_CIFRA = [velha]
    token = descadastro.token(ANA, "boletos")
    settings.CHAVES_DE_CIFRA = [nova, velha]

    assert descadastro.ler(token).email == ANA
    settings.CHAVES_DE_CIFRA = [nova]
    with pytest.raises(TokenInvalido):
        descadastro.ler(token)


RUINS = [
    "x",
    "",
    "é",
    "a" * 300,
    cifrar("segredo de outra coisa"),
    cifrar(json.dumps(["outro", ANA, "boletos", 1])),
    cifrar("1"),
]


@pytest.mark.parametrize("token", RUINS, ids=range(len(RUINS)))  # ciphers are never twice the same
def test_what_is_no_token_is_refused(token):
    with pytest.raises(TokenInvalido):
        descadastro.ler(token)


@given(st.integers(0, 10**6), st.sampled_from("ABCabc012-_"))
def test_a_token_that_was_touched_is_refused(onde, outro):
    token = descadastro.token(ANA, "boletos")
    posicao = onde % (len(token) - 3)  # the last ones may be spare bits and padding
    assume(token[posicao] != outro)

    with pytest.raises(TokenInvalido):
        descadastro.ler(token[:posicao] + outro + token[posicao + 1 :])


# The page


def conteudo(resposta) -> str:
    """What the page says; around it are the token and the address of its own form."""
    return resposta.text.partition("<main")[2].partition("</main>")[0]


def test_a_get_asks_and_does_nothing(client, db):
    resposta = client.get(endereco())

    assert resposta.status_code == 200
    assert ANA in resposta.text and "boletos" in resposta.text
    assert "Não quero mais receber</button>" in resposta.text
    assert client.head(endereco()).status_code == 200
    assert not Supressao.objects.exists()


def test_the_button_opts_out_without_any_cookie_or_token_of_a_form(db):
    navegador = Client(enforce_csrf_checks=True)

    resposta = navegador.post(endereco("Ana@Exemplo.com.br", mensagem=7))

    assert resposta.status_code == 200 and "Não enviaremos mais boletos" in resposta.text
    supressao = Supressao.objects.get()
    assert (supressao.email, supressao.assunto, supressao.mensagem_id) == (ANA, "boletos", 7)
    assert supressao.motivo == "Pedido pelo link da mensagem"


def test_a_mail_client_does_it_with_one_post_and_is_led_nowhere(db):
    resposta = Client(enforce_csrf_checks=True).post(endereco(), {"List-Unsubscribe": "One-Click"})

    assert resposta.status_code == 200
    assert Supressao.objects.count() == 1


def test_asking_again_changes_nothing_and_is_answered_the_same(client, db):
    primeira = client.post(endereco(mensagem=7))
    segunda = client.post(endereco(mensagem=8))

    assert "Pronto" in conteudo(primeira)
    assert conteudo(primeira) == conteudo(segunda)
    assert Supressao.objects.get().mensagem_id == 7


def test_whoever_asked_already_is_told_so_and_is_not_asked_again(client, db):
    client.post(endereco())

    assert "Não enviaremos mais boletos" in conteudo(client.get(endereco()))
    assert "Não quero mais receber</button>" in conteudo(client.get(endereco(assunto="contas")))


def test_the_page_names_who_signed_the_message_that_led_to_it(servico, client):
    mensagem = nova(ANA)
    enviar(servico)
    mensagem.refresh_from_db()

    dito = conteudo(client.get(endereco(mensagem=mensagem.pk)))

    assert mensagem.contexto["empresa"]["nome"] in dito
    assert "foi enviada por" not in conteudo(client.get(endereco(mensagem=mensagem.pk + 1)))


def test_the_answer_does_not_say_whether_the_address_is_known(client, db):
    novo_cliente(email=ANA)
    for pedir in (client.get, client.post):
        conhecido, estranho = pedir(endereco(ANA)), pedir(endereco("x@nada.exemplo"))
        assert ANA in conteudo(conhecido)
        assert conteudo(conhecido).replace(ANA, "x@nada.exemplo") == conteudo(estranho)


@pytest.mark.parametrize("metodo", ["get", "post"])
@pytest.mark.parametrize("token", [t for t in RUINS if t], ids=range(1, len(RUINS)))
def test_a_bad_link_is_told_so_and_does_nothing(client, db, metodo, token):
    resposta = getattr(client, metodo)(f"/descadastro/{token}/")

    assert resposta.status_code == 404
    assert "Link inválido" in resposta.text
    assert not Supressao.objects.exists()


def test_the_page_is_kept_by_nobody(client, db):
    resposta = client.get(endereco())

    assert "no-store" in resposta["Cache-Control"]
    assert resposta["X-Robots-Tag"] == "noindex"
    assert resposta["Referrer-Policy"] == "no-referrer"
    assert client.put(endereco()).status_code == 405


# The engine


@pytest.fixture
def servico(db, monkeypatch):
    """A service of an origin whose messages may be opted out of."""
    novo_parametro_sistema()
    monkeypatch.setattr(FonteDeContas, "assunto", "boletos")
    return novas_saidas()[0]


def nova(destino: str, **campos) -> Mensagem:
    conta = nova_conta(cliente=novo_cliente(email=destino))
    versao = f"{conta.vencimento:%Y%m%d}:{int(conta.valor * 100)}"
    return nova_mensagem(objeto_id=conta.pk, versao_objeto=versao, destino=destino, **campos)


def enviar(servico) -> tuple[dict, CanalDeMemoria]:
    canal = CanalDeMemoria()
    return dict(envio.enviar(servico, canal=canal, relogio=lambda: AGORA)), canal


def test_who_opted_out_gets_no_more_and_the_reason_is_kept(servico):
    sai, fica = nova("Ana@exemplo.com.br"), nova("bia@exemplo.com.br")
    Supressao.objects.create(email=ANA, assunto="boletos", motivo="Pediu")

    feito, canal = enviar(servico)

    assert feito == {"aceita": 1, "canceladas": 1}
    sai.refresh_from_db(), fica.refresh_from_db()
    assert (sai.estado, sai.motivo) == (Estado.CANCELADA, Motivo.DESCADASTRO)
    assert palavras_do_motivo(sai.motivo) == "Destinatário pediu para não receber"
    assert fica.estado == Estado.ENVIADA
    assert [e.destino for e in canal.recebidos] == ["bia@exemplo.com.br"]


@pytest.mark.parametrize(
    ("pedido", "da_fonte", "sai"),
    [("", "boletos", False), ("outro", "boletos", True), ("boletos", "", True), ("", "", True)],
)
def test_it_holds_for_its_kind_or_for_all_that_may_be_opted_out_of(servico, monkeypatch, pedido, da_fonte, sai):
    monkeypatch.setattr(FonteDeContas, "assunto", da_fonte)
    nova(ANA)
    Supressao.objects.create(email=ANA, assunto=pedido, motivo="Pediu")

    assert enviar(servico)[0] == ({"aceita": 1} if sai else {"canceladas": 1})


def test_it_is_of_the_address_that_the_message_follows(servico):
    """Somebody opted out, and then the customer's address changed."""
    mensagem = nova(ANA)
    Supressao.objects.create(email=ANA, assunto="boletos", motivo="Pediu")
    mensagem_nova = nova("antiga@exemplo.com.br")
    Cliente.objects.filter(email=ANA).update(email="nova@exemplo.com.br")
    Cliente.objects.filter(email="antiga@exemplo.com.br").update(email=ANA)

    enviar(servico)

    mensagem.refresh_from_db(), mensagem_nova.refresh_from_db()
    assert (mensagem.estado, mensagem_nova.estado) == (Estado.ENVIADA, Estado.CANCELADA)


def test_an_opt_out_between_the_claim_and_the_body_is_seen_by_the_last_check(servico, monkeypatch):
    mensagem = nova(ANA)
    monkeypatch.setattr(turno, "VALIDADE_DA_VERIFICACAO", 0)
    verdadeiro = turno.autorizar

    def pedir_antes(*argumentos, **opcoes):
        descadastro.descadastrar(Pedido(ANA, "boletos", mensagem.pk))
        return verdadeiro(*argumentos, **opcoes)

    monkeypatch.setattr(turno, "autorizar", pedir_antes)

    feito, canal = enviar(servico)

    assert feito == {"canceladas": 1}
    assert canal.recebidos == []


def test_a_block_asks_once_and_an_origin_without_assunto_never(servico, monkeypatch, django_assert_num_queries):
    mensagens = [nova(f"cliente{n}@exemplo.com.br") for n in range(20)]
    sem, com = [], []
    for assunto, consultas in (("", sem), ("boletos", com)):
        monkeypatch.setattr(FonteDeContas, "assunto", assunto)
        with django_assert_num_queries(2 + (assunto != "")) as capturadas:
            reserva.verificar(Canal.EMAIL, mensagens, HOJE)
        consultas += [c["sql"] for c in capturadas.captured_queries if "mensageria_supressao" in c["sql"]]

    assert (len(sem), len(com)) == (0, 1)


def test_the_link_of_the_message_that_was_sent_opts_out_who_got_it(servico, client, settings):
    settings.URL_BASE = "https://avisa.exemplo.com.br/"
    mensagem = nova(ANA)

    _, canal = enviar(servico)

    lida = email.message_from_bytes(canal.recebidos[0].conteudo, policy=email.policy.default)
    link = lida["List-Unsubscribe"].strip("<>")
    assert link.startswith("https://avisa.exemplo.com.br/descadastro/")
    assert lida["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    client.post(link.removeprefix("https://avisa.exemplo.com.br"))
    assert Supressao.objects.get().mensagem_id == mensagem.pk
    nova(ANA)
    assert enviar(servico)[0] == {"canceladas": 1}


# By hand


def test_an_administrator_puts_an_address_in_and_takes_it_out_and_both_are_logged(entrar):
    navegador = entrar("administrador")
    lista = reverse("admin:mensageria_supressao_changelist")

    navegador.post(
        reverse("admin:mensageria_supressao_add"),
        {"email": " Ana@Exemplo.com.br ", "assunto": "boletos", "motivo": "Pediu por telefone"},
    )

    supressao = Supressao.objects.get()
    assert (supressao.email, supressao.assunto, supressao.criado_por) == (ANA, "boletos", navegador.pessoa)
    assert "Pediu por telefone" in navegador.get(lista, {"q": "ANA@exemplo.com.br"}).text
    assert "Pediu por telefone" not in navegador.get(lista, {"q": "ana"}).text
    navegador.post(reverse("admin:mensageria_supressao_delete", args=[supressao.pk]), {"post": "yes"})
    assert not Supressao.objects.exists()
    assert list(LogEntry.objects.order_by("id").values_list("action_flag", flat=True)) == [1, 3]


@pytest.mark.parametrize(
    ("trocas", "campo"),
    [({"email": "ana"}, "email"), ({"assunto": "nenhum"}, "assunto"), ({"motivo": ""}, "motivo"), ({}, None)],
)
def test_a_row_by_hand_is_checked(entrar, trocas, campo):
    navegador, dados = entrar("administrador"), {"email": ANA, "assunto": "boletos", "motivo": "Pediu"}
    Supressao.objects.create(email="ja@exemplo.com.br", assunto="boletos", motivo="Antes")
    if campo is None:
        trocas = {"email": "JA@exemplo.com.br"}

    resposta = navegador.post(reverse("admin:mensageria_supressao_add"), dados | trocas)

    assert list(resposta.context["adminform"].form.errors) == [campo or "__all__"]


def test_nobody_rewrites_a_row_and_an_operator_only_looks(entrar):
    supressao = Supressao.objects.create(email=ANA, assunto="", motivo="Pediu")
    pagina = reverse("admin:mensageria_supressao_change", args=[supressao.pk])

    entrar("administrador").post(pagina, {"email": "x@exemplo.com.br", "assunto": "", "motivo": "y"})

    supressao.refresh_from_db()
    assert supressao.email == ANA
    operador = entrar("operador")
    assert ANA in operador.get(pagina).text
    assert operador.get(reverse("admin:mensageria_supressao_add")).status_code == 403
