"""The uncertain messages on their screen: found by origin, and decided about as they were seen, with a reason."""

import html
import re
import uuid
from datetime import timedelta

import pytest
from django.contrib.admin.models import LogEntry
from django.utils import timezone
from pytest_django.asserts import assertContains, assertNotContains

from mensageria import balanco, decisoes
from mensageria.decisoes import Decisao
from mensageria.estados import Classe, Estado, PoliticaIncerta
from mensageria.models import Canal, Mensagem, OrigemEnvio, TentativaEnvio
from tests.mensageria.apoio import AGORA, nova_mensagem, por_em

URL = "/mensagens/incertas/"


def duvidar(mensagem: Mensagem) -> None:
    """One more attempt of which nobody knows what came."""
    TentativaEnvio.objects.create(
        mensagem=mensagem,
        numero=1,
        servico="SERVICO_5",
        destino=mensagem.destino,
        momento=AGORA,
        classe=Classe.INCERTA,
        resposta="a conexão caiu <ali>",
    )


def nova_incerta(**campos) -> Mensagem:
    mensagem = por_em(nova_mensagem(**{"expira_em": timezone.now() + timedelta(days=1)} | campos), Estado.INCERTA)
    Mensagem.objects.filter(pk=mensagem.pk).update(motivo="Sem resposta depois do corpo: x", tentativas=1)
    duvidar(mensagem)
    return mensagem


@pytest.fixture
def tres(db) -> list[Mensagem]:
    return [nova_incerta() for _ in range(3)]


@pytest.fixture
def supervisor(entrar):
    return entrar("supervisor")


def escondidos(pagina) -> dict[str, str]:
    """What the page carries of what it showed."""
    achados = re.findall(r'type="hidden"\s+name="(\w+)"\s+value="([^"]*)"', pagina.content.decode())
    return {nome: html.unescape(valor) for nome, valor in achados if nome in ("origem", "quantas", "ate", "tentativa")}


def decidir(navegador, pagina, decisao="reenviar", motivo="O servidor caiu", **campos):
    dados = {"pedido": str(uuid.uuid4()), "decisao": decisao, "motivo": motivo, "confirmado": "1"}
    return navegador.post(pagina.request["PATH_INFO"], dados | escondidos(pagina) | campos, follow=True)


def estados() -> list[Estado]:
    return [Estado(estado) for estado in Mensagem.objects.order_by("pk").values_list("estado", flat=True)]


# The list


def test_each_message_says_when_it_may_have_left_by_what_and_why(supervisor, tres, django_assert_max_num_queries):
    with django_assert_max_num_queries(12):
        pagina = supervisor.get(URL)

    for texto in (
        f'href="/mensagens/{tres[0].pk}/"',
        "ana@exemplo.com.br",
        "10/11/2026 12:00:00",
        "por SERVICO_5",
        "a conexão caiu &lt;ali&gt;",
        "tentativa 1 de 3",
        "Todas as da origem Faturamento: 3 mensagens",
    ):
        assertContains(pagina, texto)


def test_without_words_of_its_attempt_the_reason_of_the_message_is_shown(supervisor, db):
    por_em(nova_mensagem(motivo="Sem resposta depois do corpo: x"), Estado.INCERTA)

    assertContains(supervisor.get(URL), "A conexão caiu depois de a mensagem ser entregue ao servidor")


def test_only_those_of_the_origin_that_is_asked_for_are_shown_in_pages(supervisor, tres):
    de_cobranca = [nova_incerta(origem="cobranca", canal=Canal.SMS) for _ in range(7)]
    nova_mensagem(origem="cobranca")

    primeira = supervisor.get(URL, {"origem": "cobranca", "exibir": 5})
    segunda = supervisor.get(URL + primeira.context["pagina"].proxima)

    codigos = [linha.pk for pagina in (primeira, segunda) for linha in pagina.context["pagina"].linhas]
    assert codigos == [mensagem.pk for mensagem in de_cobranca]
    assertContains(primeira, "Faturamento: 3")
    assertContains(primeira, "1 ao 5 de 7 registros")


def test_without_asking_the_first_origin_that_waits_is_shown(supervisor, db):
    nova_incerta(origem="faturamento")

    assert supervisor.get(URL).context["fila"].origem == "faturamento"


def test_what_stays_uncertain_by_decision_has_a_place_of_its_own_and_waits_for_nobody(supervisor, tres):
    nova_incerta(origem="cobranca")
    OrigemEnvio.objects.filter(origem="faturamento").update(politica_incerta=PoliticaIncerta.NAO_REENVIAR)

    assertContains(supervisor.get("/"), "1 mensagem incerta aguarda decisão")
    assert supervisor.get(URL).context["fila"].origem == "cobranca"
    pagina = supervisor.get(URL, {"origem": "faturamento"})
    assertContains(pagina, "ficam incertas por decisão")
    assertContains(pagina, '<optgroup label="Ficam incertas por decisão">')
    assertContains(decidir(supervisor, pagina, "enviada", todas="1"), "3 mensagens foram dadas como enviadas.")


def test_the_painel_says_how_many_wait_and_nothing_when_none_does(supervisor, db):
    assertNotContains(supervisor.get("/"), "À espera de decisão")
    for _ in range(2):
        nova_incerta()

    assertContains(supervisor.get("/"), "2 mensagens incertas aguardam decisão")


def test_who_may_not_decide_only_looks(entrar, tres):
    pagina = entrar("operador").get(URL)

    assertNotContains(pagina, 'name="decisao"')
    assertNotContains(pagina, 'type="checkbox"')


def test_an_origin_without_any_says_so(supervisor, db):
    assertContains(supervisor.get(URL), "Nenhuma mensagem incerta nesta origem")


@pytest.mark.parametrize("origem", ["nenhuma", "\0", "💧" * 2000])
def test_an_origin_that_does_not_exist_is_said_beside_the_field(supervisor, tres, origem):
    pagina = supervisor.get(URL, {"origem": origem})

    assert list(pagina.context["filtro"].errors) == ["origem"]
    assert pagina.context["pagina"].linhas == []


# The decision


@pytest.mark.parametrize(
    ("decisao", "para", "pergunta", "feito"),
    [
        ("reenviar", Estado.PENDENTE, "Confirma reenviar 3 mensagens da origem Faturamento?", "voltaram para a fila"),
        ("enviada", Estado.ENVIADA, "Confirma que o servidor enviou 3 mensagens da origem", "dadas como enviadas"),
        ("falha", Estado.FALHA, "Confirma que o servidor não enviou 3 mensagens da origem", "dadas como falhas"),
        ("cancelar", Estado.CANCELADA, "Confirma cancelar 3 mensagens da origem", "foram canceladas"),
    ],
)
def test_all_of_an_origin_are_decided_after_a_question_that_names_them(
    supervisor, tres, decisao, para, pergunta, feito
):
    de_cobranca = nova_incerta(origem="cobranca")
    pagina = supervisor.get(URL, {"origem": "faturamento"})

    assertContains(decidir(supervisor, pagina, decisao, todas="1", confirmado=""), pergunta)
    assert estados() == [Estado.INCERTA] * 4
    resposta = decidir(supervisor, pagina, decisao, todas="1")

    assertContains(resposta, f"3 mensagens {'' if 'dadas' not in feito else 'foram '}{feito}")
    assert estados() == [para] * 3 + [Estado.INCERTA]
    de_cobranca.refresh_from_db()
    assert de_cobranca.pedido_por is None
    assert set(Mensagem.objects.filter(origem="faturamento").values_list("pedido_por", "pedido_motivo", "reserva")) == {
        (supervisor.pessoa.pk, "O servidor caiu", None)
    }
    registro = LogEntry.objects.get()
    assert (registro.object_id, registro.user) == ("faturamento", supervisor.pessoa)
    assert registro.change_message.endswith(": 3 mensagens incertas: O servidor caiu")
    assert balanco.conferir() == []


def test_only_those_that_were_ticked_are_decided(supervisor, tres):
    pagina = supervisor.get(URL)

    pergunta = decidir(supervisor, pagina, mensagem=[tres[1].pk], confirmado="")
    decidir(supervisor, pagina, mensagem=[tres[1].pk])

    assertContains(pergunta, "Confirma reenviar 1 mensagem da origem Faturamento? Quem já recebeu receberá de novo.")
    assert estados() == [Estado.INCERTA, Estado.PENDENTE, Estado.INCERTA]


def test_what_became_uncertain_after_the_page_is_not_decided_blindly(supervisor, tres):
    antiga = por_em(nova_mensagem(), Estado.EM_ENVIO)  # on its way when the operator looks, uncertain before he decides
    de_novo, velha = tres[0], tres[1]
    pagina = supervisor.get(URL)
    Mensagem.objects.filter(pk=antiga.pk).update(estado=Estado.INCERTA)
    duvidar(antiga)
    nova = nova_incerta()
    duvidar(de_novo)  # sent again by somebody, and uncertain again

    resposta = decidir(supervisor, pagina, "enviada", todas="1")

    incertas = set(Mensagem.objects.filter(estado=Estado.INCERTA).values_list("pk", flat=True))
    assert incertas == {antiga.pk, nova.pk, de_novo.pk}
    assert Mensagem.objects.get(pk=velha.pk).estado == Estado.ENVIADA
    assertContains(resposta, "2 mensagens foram dadas como enviadas.")
    assertContains(resposta, "1 mensagem mudou enquanto você decidia")


def test_more_than_were_seen_stop_the_decision(tres, admin_user):
    vistas = decisoes.ver("faturamento")
    a_menos = decisoes.Vistas(vistas.origem, vistas.quantas - 1, vistas.ate, vistas.tentativa)

    with pytest.raises(decisoes.MudouEnquantoIsso):
        decisoes.decidir_incertas(a_menos, Decisao.FALHOU, usuario=admin_user, motivo="m", agora=AGORA)

    assert estados() == [Estado.INCERTA] * 3


def test_what_is_past_its_limit_is_not_sent_again_and_that_is_said(supervisor, tres):
    vencida = nova_incerta(expira_em=timezone.now() - timedelta(minutes=1))
    pagina = supervisor.get(URL)
    assertContains(pagina, "Prazo terminado", count=1)

    pergunta = decidir(supervisor, pagina, todas="1", confirmado="")
    resposta = decidir(supervisor, pagina, todas="1")

    for visto in (pergunta, resposta):
        assertContains(visto, "1 mensagem não pode ser reenviada: o prazo dela terminou.")
    assertContains(pergunta, "Confirma reenviar 3 mensagens")
    assert estados() == [Estado.PENDENTE] * 3 + [Estado.INCERTA]
    so_ela = decidir(supervisor, supervisor.get(URL), mensagem=[vencida.pk])
    assertContains(so_ela, "Nada a fazer. 1 mensagem não pode ser reenviada")


def test_all_are_those_up_to_a_limit_in_blocks(supervisor, tres, monkeypatch):
    monkeypatch.setattr(decisoes, "LIMITE", 2)
    monkeypatch.setattr(decisoes, "BLOCO", 1)
    pagina = supervisor.get(URL)
    assertContains(pagina, "As primeiras 2 da origem Faturamento, que tem mais")

    decidir(supervisor, pagina, todas="1")

    assert estados() == [Estado.PENDENTE, Estado.PENDENTE, Estado.INCERTA]
    assertContains(supervisor.get("/"), "1 mensagem incerta aguarda")


def test_the_same_form_twice_decides_once(supervisor, tres):
    pagina, numero = supervisor.get(URL), str(uuid.uuid4())

    for _ in range(2):
        resposta = decidir(supervisor, pagina, todas="1", pedido=numero)

    assertNotContains(resposta, "Nada a fazer")
    assert LogEntry.objects.count() == 1


def test_a_no_gives_back_what_was_chosen_and_typed(supervisor, tres):
    pagina = supervisor.get(URL)

    resposta = decidir(supervisor, pagina, mensagem=[tres[2].pk], motivo="Caiu <tudo>", confirmado="", voltar="1")

    assertContains(resposta, "Caiu &lt;tudo&gt;")
    assert re.findall(r'value="(\d+)"[^>]*\schecked', resposta.content.decode()) == [str(tres[2].pk)]
    assert estados() == [Estado.INCERTA] * 3


@pytest.mark.parametrize(
    ("campos", "erro"),
    [
        ({"motivo": "", "todas": "1"}, "Informe o motivo."),
        ({"motivo": "x" * 5000, "todas": "1"}, "200"),
        ({"motivo": "\0", "todas": "1"}, "nulos"),
        ({}, "Escolha as mensagens, ou todas as da origem."),
        ({"mensagem": ["x", "9" * 40, "-1"]}, "Escolha as mensagens, ou todas as da origem."),
        ({"todas": "1", "ate": "9" * 40}, "Escolha de novo: a página estava incompleta."),
        ({"todas": "1", "tentativa": ""}, "Escolha de novo: a página estava incompleta."),
        ({"todas": "1", "decisao": "apagar"}, "Escolha de novo: a página estava incompleta."),
        ({"todas": "1", "origem": "nenhuma"}, "Nada a fazer."),
    ],
)
def test_what_is_missing_or_wrong_is_said_and_nothing_is_done(supervisor, tres, campos, erro):
    resposta = decidir(supervisor, supervisor.get(URL), **campos)

    assertContains(resposta, erro)
    assert estados() == [Estado.INCERTA] * 3
