"""The messages on the screens: the balance of a run, each message, what is decided about it, and who was left out."""

import re
import uuid
from datetime import timedelta

import pytest
from django.contrib.admin.models import LogEntry
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from pytest_django.asserts import assertContains, assertNotContains, assertRedirects, assertTemplateUsed

from cadastro.models import Cliente
from mensageria import composicao, fontes
from mensageria.estados import Classe, Estado
from mensageria.models import Canal, Lote, Mensagem, NaoGerada, TentativaEnvio, VersaoTexto
from tests.fabricas import HOJE, nova_conta, nova_localidade, novo_cliente, novo_parametro_sistema
from tests.mensageria.apoio import AGORA, nova_mensagem, por_em

EXECUCAO = uuid.UUID("11111111-2222-3333-4444-555555555555")
CORPO = "Olá, {NOME}: {VALOR} até {VENCTO}"


@pytest.fixture
def operador(entrar) -> Client:
    return entrar("operador")


@pytest.fixture
def supervisor(entrar) -> Client:
    return entrar("supervisor")


def em_execucao(nome: str, **filtros) -> str:
    endereco = reverse(f"mensageria:{nome}", args=[EXECUCAO])
    return endereco + ("?" + "&".join(f"{campo}={valor}" for campo, valor in filtros.items()) if filtros else "")


def novo_lote(canal=Canal.EMAIL, localidade: int | None = 1, **campos) -> Lote:
    lugar = None if localidade is None else nova_localidade(localidade)
    return Lote.objects.create(execucao=EXECUCAO, canal=canal, localidade=lugar, **{"origem": "faturamento"} | campos)


def composta(canal=Canal.EMAIL, **campos) -> Mensagem:
    """A message about a real conta, with what it says composed as for sending."""
    novo_parametro_sistema()
    cliente = campos.pop("cliente", None) or novo_cliente(nome="ANA <DA> SILVA")
    conta = nova_conta(cliente=cliente)
    texto = VersaoTexto.objects.da(canal, CORPO, assunto="Conta de {NOME}" if canal == Canal.EMAIL else "")
    mensagem = nova_mensagem(canal=canal, cliente=cliente, objeto_id=conta.pk, texto=texto, **campos)
    bruto = fontes.da_origem("faturamento").contextos([conta.pk], HOJE)[conta.pk]
    mensagem.contexto = composicao.preparar(mensagem, bruto, mensagem.destino, AGORA, 160)
    mensagem.save(update_fields=["molde", "proprio"])
    return mensagem


def no_prazo(mensagem: Mensagem) -> Mensagem:
    Mensagem.objects.filter(pk=mensagem.pk).update(expira_em=timezone.now() + timedelta(days=1))
    mensagem.refresh_from_db()
    return mensagem


# The balance of a run


@pytest.fixture
def balanco(db) -> dict[str, Lote]:
    """SMS of two places and e-mails of one: sent, delivered, failed, pending and programmed."""
    lotes = {
        "sms1": novo_lote(Canal.SMS, 1),
        "sms2": novo_lote(Canal.SMS, 2),
        "email": novo_lote(Canal.EMAIL, 1, origem="cobranca", acao="AVISO DE CORTE"),
    }
    depois = timezone.now() + timedelta(days=3)
    por_em(nova_mensagem(canal=Canal.SMS, lote=lotes["sms1"]), Estado.ENTREGUE)
    por_em(nova_mensagem(canal=Canal.SMS, lote=lotes["sms1"]), Estado.ENVIADA)
    por_em(nova_mensagem(canal=Canal.SMS, lote=lotes["sms2"]), Estado.FALHA)
    nova_mensagem(canal=Canal.SMS, lote=lotes["sms2"])
    nova_mensagem(canal=Canal.SMS, lote=lotes["sms2"], enviar_apos=depois)
    por_em(nova_mensagem(lote=lotes["email"], origem="cobranca"), Estado.INCERTA)
    nova_mensagem(canal=Canal.SMS)  # of another run
    return lotes


def numeros(linha) -> list[int]:
    return [numero for numero, _ in linha]


def test_the_balance_has_totals_by_canal_and_a_line_for_each_cell(operador, balanco, django_assert_max_num_queries):
    with django_assert_max_num_queries(12):
        resposta = operador.get(em_execucao("balanco"))

    # total, pendentes, programadas, em envio, enviadas, entregues, falhas, canceladas, incertas
    assert [(canal, numeros(celulas)) for canal, celulas in resposta.context["por_canal"]] == [
        ("SMS", [5, 2, 1, 0, 2, 1, 1, 0, 0]),
        ("E-mail", [1, 0, 0, 0, 0, 0, 0, 0, 1]),
    ]
    assert numeros(resposta.context["totais"]) == [6, 2, 1, 0, 2, 1, 1, 0, 1]
    assert len(resposta.context["linhas"]) == 3
    assertContains(resposta, "O balanço fecha")
    assertContains(resposta, "AVISO DE CORTE")


def test_each_number_that_is_not_zero_leads_to_exactly_its_messages(operador, balanco):
    contexto = operador.get(em_execucao("balanco")).context
    linhas = [celulas for *_, celulas in contexto["linhas"]] + [celulas for _, celulas in contexto["por_canal"]]

    for numero, url in [celula for celulas in [*linhas, contexto["totais"]] for celula in celulas]:
        assert bool(url) == bool(numero)
        if url:
            pagina = operador.get(url).context["pagina"]
            assert len(pagina.linhas) == numero, url
            assert pagina.resumo.endswith(("registro", "registros"))


def test_asked_by_htmx_it_is_only_a_piece(operador, balanco):
    resposta = operador.get(em_execucao("balanco"), headers={"HX-Request": "true"})

    assertTemplateUsed(resposta, "mensageria/_balanco.html")
    assertNotContains(resposta, "<html")
    assert "HX-Request" in resposta["Vary"]


def test_it_may_be_proved_by_counting_the_messages(operador, balanco):
    assertContains(operador.get(em_execucao("balanco", conferir=1)), "contando as mensagens uma a uma.")


def test_a_ledger_that_differs_from_the_messages_does_not_close(operador, balanco):
    balanco["sms1"].contagens.filter(estado=Estado.ENVIADA).update(quantidade=7)

    assertContains(operador.get(em_execucao("balanco", conferir=1)), "O balanço não fecha.")


def test_a_run_without_messages_says_so(operador):
    assertContains(operador.get(em_execucao("balanco")), "Nenhuma mensagem foi gerada até agora.")


def test_hundreds_of_cells_come_in_pages(operador, db, django_assert_max_num_queries):
    nova_localidade(1)
    Lote.objects.bulk_create(
        Lote(execucao=EXECUCAO, origem="cobranca", canal=Canal.SMS, localidade_id=1, acao=f"AÇÃO {numero:03}")
        for numero in range(130)
    )

    with django_assert_max_num_queries(12):
        segunda = operador.get(em_execucao("balanco", pagina=2))

    assertContains(segunda, "Linhas 51 a 100 de 130")
    assertContains(operador.get(em_execucao("balanco", pagina="x")), "Linhas 1 a 50 de 130")
    pedaco = operador.get(em_execucao("balanco"), headers={"HX-Request": "true"})
    assertContains(pedaco, "as primeiras 25 linhas de 130")


# Its messages


def chaves(resposta) -> list[int]:
    return [linha.pk for linha in resposta.context["pagina"].linhas]


def test_the_messages_of_a_run_are_in_pages_the_newest_first(operador, db, django_assert_max_num_queries):
    lotes = [novo_lote(Canal.SMS, numero) for numero in (1, 2)]
    todas = [nova_mensagem(canal=Canal.SMS, lote=lotes[numero % 2]) for numero in range(12)]
    por_em(todas[4], Estado.FALHA)
    esperadas = [mensagem.pk for mensagem in reversed(todas)]

    with django_assert_max_num_queries(12):
        primeira = operador.get(em_execucao("mensagens", exibir=5))
    segunda = operador.get(em_execucao("mensagens") + primeira.context["pagina"].proxima)
    terceira = operador.get(em_execucao("mensagens") + segunda.context["pagina"].proxima)
    de_volta = operador.get(em_execucao("mensagens") + terceira.context["pagina"].anterior)

    assert chaves(primeira) + chaves(segunda) + chaves(terceira) == esperadas
    assert chaves(de_volta) == chaves(segunda)
    assertContains(segunda, "6 ao 10 de 12 registros")
    assert chaves(operador.get(em_execucao("mensagens", ordem="codigo", exibir=5))) == esperadas[:-6:-1]


def test_a_message_shows_to_whom_about_what_and_how_it_went(operador, db):
    mensagem = composta(lote=novo_lote())
    por_em(mensagem, Estado.FALHA)
    Mensagem.objects.update(motivo="paga: em 10/11", tentativas=2)

    resposta = operador.get(em_execucao("mensagens"))

    assertContains(resposta, mensagem.destino)
    assertContains(resposta, "Conta 11/2026")
    assertContains(resposta, reverse("cadastro:cliente_nome_tipo", args=[mensagem.cliente_id]))
    assertContains(resposta, "ANA &lt;DA&gt; SILVA")
    assertContains(resposta, "Paga: em 10/11")
    assertContains(resposta, "2 de 3")


@pytest.mark.parametrize(
    "filtros",
    [
        {"estado": "x"},
        {"canal": "9"},
        {"localidade": "999"},
        {"acao": "%00"},
        {"origem": "%F0%9F%92%A7"},
        {"estado": "%00" * 50},
        {"localidade": "9" * 5000},
    ],
)
def test_a_filter_that_does_not_exist_finds_nothing_and_is_said(operador, balanco, filtros):
    resposta = operador.get(em_execucao("mensagens", **filtros))

    assert list(resposta.context["form"].errors) == list(filtros)
    assert chaves(resposta) == []


@pytest.mark.parametrize("cursor", ["x", "WyJhIl0=", "WzFlOTld", "W251bGxd"])
def test_a_page_mark_that_somebody_wrote_shows_the_first_page(operador, balanco, cursor):
    assert chaves(operador.get(em_execucao("mensagens", apos=cursor))) == chaves(operador.get(em_execucao("mensagens")))


def test_a_cell_without_localidade_is_found(operador, db):
    mensagem = nova_mensagem(lote=novo_lote(localidade=None))
    nova_mensagem(lote=novo_lote(localidade=1))

    assert chaves(operador.get(em_execucao("mensagens", localidade="nenhuma"))) == [mensagem.pk]


# Who was left out


@pytest.fixture
def de_fora(db) -> list[NaoGerada]:
    conta = nova_conta(cliente=novo_cliente(nome="CARLA DIAS"))
    padrao = {"execucao": EXECUCAO, "origem": "faturamento", "unidade": 1, "objeto_id": conta.pk}
    return NaoGerada.objects.bulk_create(
        NaoGerada(**padrao | campos)
        for campos in (
            {"motivo": "paga", "localidade": conta.localidade},
            {"motivo": "paga", "unidade": 2, "objeto_id": 999999},
            {"motivo": "sms_desligado", "canal": Canal.SMS},
            {"motivo": "novo_motivo", "canal": Canal.EMAIL},
            {"motivo": "paga", "execucao": uuid.uuid4()},
        )
    )


def test_the_reasons_are_counted_each_leading_to_who_it_is(operador, de_fora, django_assert_max_num_queries):
    with django_assert_max_num_queries(12):
        resposta = operador.get(em_execucao("motivos"))

    linhas = {(linha["motivo"], linha["canal"]): linha for linha in resposta.context["motivos"]}
    assert {par: linha["quantas"] for par, linha in linhas.items()} == {
        ("Conta paga", ""): 2,
        ("Cliente não recebe por SMS", "SMS"): 1,
        ("novo_motivo", "E-mail"): 1,
    }
    for (motivo, _), linha in linhas.items():
        achados = operador.get(linha["url"]).context["pagina"].linhas
        assert len(achados) == (0 if motivo == "novo_motivo" else linha["quantas"])


def test_who_was_left_out_is_named_with_a_link_and_what_is_gone_is_said(
    operador, de_fora, django_assert_max_num_queries
):
    with django_assert_max_num_queries(12):
        resposta = operador.get(em_execucao("nao_geradas", origem="faturamento", motivo="paga"))

    assertContains(resposta, "CARLA DIAS")
    assertContains(resposta, "Conta 11/2026")
    assertContains(resposta, "LOCALIDADE 1")
    assertContains(resposta, "Os dois")
    assertContains(resposta, "Nº 999999, que não existe mais")


def test_who_was_left_out_of_one_canal_is_found_by_it(operador, de_fora):
    assert chaves(operador.get(em_execucao("nao_geradas", origem="faturamento", canal=1))) == [de_fora[2].pk]
    assert chaves(operador.get(em_execucao("nao_geradas", origem="faturamento", canal="todos"))) == [
        de_fora[0].pk,
        de_fora[1].pk,
    ]


def test_nobody_left_out_is_said(operador):
    assertContains(operador.get(em_execucao("motivos")), "Ninguém ficou de fora até agora.")
    assertContains(operador.get(em_execucao("nao_geradas")), "Ninguém ficou de fora assim")


# One message


def pagina_de(mensagem: Mensagem) -> str:
    return reverse("mensageria:mensagem", args=[mensagem.pk])


def test_an_sms_shows_the_text_as_it_was_sent(operador, db, django_assert_max_num_queries):
    mensagem = composta(Canal.SMS)

    with django_assert_max_num_queries(12):
        resposta = operador.get(pagina_de(mensagem))

    enviado = composicao.conteudo(mensagem).decode()
    assert resposta.context["conteudo"] == enviado
    assertContains(resposta, "ANA &lt;DA&gt; SILVA")
    assertNotContains(resposta, "<iframe")


def test_an_email_shows_its_subject_its_text_and_its_html_in_a_closed_frame(operador, db):
    mensagem = composta()

    resposta = operador.get(pagina_de(mensagem))

    assertContains(resposta, "Conta de ANA &lt;DA&gt; SILVA")
    assert re.search(r'<iframe[^>]*\ssandbox\s[^>]*src="/mensagens/\d+/html/"', resposta.content.decode())
    assert "até 13/11/2026" in resposta.context["conteudo"]


def test_the_html_of_an_email_has_its_image_inside_and_a_policy_of_its_own(operador, db):
    mensagem = composta()

    resposta = operador.get(reverse("mensageria:html", args=[mensagem.pk]))

    assertContains(resposta, "data:image/png;base64,")
    assertNotContains(resposta, "cid:")
    assertContains(resposta, "ANA &lt;DA&gt; SILVA")
    politica = resposta["Content-Security-Policy"]
    assert "default-src 'none'" in politica and "script" not in politica and "data:" in politica


def test_what_has_no_html_is_404(operador, db):
    for mensagem in (composta(Canal.SMS), nova_mensagem()):
        assert operador.get(reverse("mensageria:html", args=[mensagem.pk])).status_code == 404


def test_what_was_not_composed_says_so(operador, db):
    assertContains(operador.get(pagina_de(nova_mensagem())), "A mensagem ainda não foi composta")


def test_a_kept_context_that_lacks_what_the_text_asks_for_is_not_an_error(operador, db):
    mensagem = composta(Canal.SMS)
    Mensagem.objects.update(molde=None, proprio={"antigo": True})

    assertContains(operador.get(pagina_de(mensagem)), "A mensagem ainda não foi composta")


def test_a_message_that_was_diverted_says_to_where(operador, db, settings):
    settings.ENVIO = "desvio:teste@exemplo.com.br,5584900000000"

    resposta = operador.get(pagina_de(composta(destino="ana@exemplo.com.br")))

    assertContains(resposta, "Desviada para teste@exemplo.com.br; o destino do cliente é ana@exemplo.com.br.")


def test_every_attempt_is_shown_in_the_words_of_the_server(operador, db, admin_user):
    mensagem = composta()
    for numero, campos in enumerate(
        [
            {"classe": Classe.TEMPORARIO, "codigo": "451", "resposta": "Volte <depois>"},
            {"classe": Classe.ACEITA, "codigo": "250", "resumo": "ab" * 32, "pedido_por": admin_user},
        ],
        1,
    ):
        TentativaEnvio.objects.create(
            mensagem=mensagem,
            numero=numero,
            servico="SERVIDOR A",
            destino=mensagem.destino,
            momento=AGORA,
            duracao_ms=1234,
            pedido_motivo="O cliente pediu" if numero == 2 else "",
            **campos,
        )

    resposta = operador.get(pagina_de(mensagem))

    for texto in ("Temporário", "451", "Volte &lt;depois&gt;", "Aceita", "ab" * 32, "1.234 ms", "SERVIDOR A"):
        assertContains(resposta, texto)
    assertContains(resposta, "Reenvio pedido por admin: O cliente pediu")


def test_receipts_are_shown(operador, db):
    mensagem = por_em(composta(Canal.SMS), Estado.ENTREGUE)
    Mensagem.objects.update(codigo_retorno="4", id_externo="sms-77", enviada_em=AGORA)

    resposta = operador.get(pagina_de(mensagem))

    for texto in ("Entregue", "sms-77", "10/11/2026 12:00:00"):
        assertContains(resposta, texto)


@pytest.mark.parametrize("pk", [999999, 10**40])
def test_a_message_that_does_not_exist_is_404(supervisor, pk):
    assert supervisor.get(f"/mensagens/{pk}/").status_code == 404
    assert supervisor.get(f"/mensagens/{pk}/html/").status_code == 404
    assert supervisor.get(f"/mensagens/cliente/{pk}/").status_code == 404
    dados = {"decisao": "reenviar", "motivo": "x", "confirmado": "1"}
    assert supervisor.post(f"/mensagens/{pk}/decidir/", dados).status_code == 404


# What is decided about it


def decidir(navegador, mensagem: Mensagem, decisao: str, motivo="O cliente pediu", **campos):
    dados = {
        "pedido": str(uuid.uuid4()),
        "visto": f"{mensagem.estado}:{mensagem.tentativas}",
        "confirmado": "1",
        "decisao": decisao,
        "motivo": motivo,
    }
    return navegador.post(reverse("mensageria:decidir", args=[mensagem.pk]), dados | campos, follow=True)


OFERECIDAS = [
    (Estado.PENDENTE, ["cancelar"]),
    (Estado.EM_ENVIO, []),
    (Estado.ENVIADA, []),
    (Estado.ENTREGUE, []),
    (Estado.FALHA, ["reenviar"]),
    (Estado.CANCELADA, []),
    (Estado.INCERTA, ["reenviar", "enviada", "falha", "cancelar"]),
]


@pytest.mark.parametrize(("estado", "decisoes"), OFERECIDAS)
def test_only_what_may_be_done_now_is_offered(operador, supervisor, estado, decisoes):
    mensagem = no_prazo(por_em(nova_mensagem(), estado))

    oferecidas = re.findall(r'name="decisao"\s+value="(\w+)"', supervisor.get(pagina_de(mensagem)).content.decode())

    assert oferecidas == decisoes
    assertNotContains(operador.get(pagina_de(mensagem)), 'name="decisao"')


def test_past_its_limit_a_message_is_not_sent_again(supervisor, db):
    mensagem = por_em(nova_mensagem(expira_em=timezone.now() - timedelta(days=1)), Estado.INCERTA)

    assertContains(supervisor.get(pagina_de(mensagem)), "O prazo desta mensagem terminou")
    assertContains(decidir(supervisor, mensagem, "reenviar"), "Nada foi feito.")


@pytest.mark.parametrize(
    ("de", "decisao", "para", "palavras"),
    [
        (Estado.FALHA, "reenviar", Estado.PENDENTE, "A mensagem voltou para a fila de envio."),
        (Estado.INCERTA, "reenviar", Estado.PENDENTE, "A mensagem voltou para a fila de envio."),
        (Estado.INCERTA, "enviada", Estado.ENVIADA, "A mensagem foi dada como enviada."),
        (Estado.INCERTA, "falha", Estado.FALHA, "A mensagem foi dada como falha."),
        (Estado.INCERTA, "cancelar", Estado.CANCELADA, "A mensagem foi cancelada."),
        (Estado.PENDENTE, "cancelar", Estado.CANCELADA, "A mensagem foi cancelada."),
    ],
)
def test_a_decision_is_done_and_kept_with_who_and_why(supervisor, de, decisao, para, palavras):
    mensagem = no_prazo(por_em(nova_mensagem(), de))

    resposta = decidir(supervisor, mensagem, decisao)

    assertRedirects(resposta, pagina_de(mensagem))
    assertContains(resposta, palavras)
    mensagem.refresh_from_db()
    assert (mensagem.estado, mensagem.pedido_por, mensagem.pedido_motivo) == (
        para,
        supervisor.pessoa,
        "O cliente pediu",
    )
    assert LogEntry.objects.get().user == supervisor.pessoa


def test_a_decision_is_asked_about_first(supervisor, db):
    mensagem = no_prazo(por_em(nova_mensagem(), Estado.FALHA))

    assertContains(decidir(supervisor, mensagem, "reenviar", confirmado=""), "Confirma reenvio da mensagem?")
    volta = decidir(supervisor, mensagem, "reenviar", confirmado="", voltar="1")

    assertContains(volta, "O cliente pediu</textarea>")
    mensagem.refresh_from_db()
    assert mensagem.estado == Estado.FALHA


@pytest.mark.parametrize(
    ("motivo", "palavras"),
    [
        ("", "Informe o motivo."),
        ("   ", "Informe o motivo."),
        ("x" * 5000, "Certifique-se de que o valor tenha no máximo 200 caracteres (ele possui 5000)."),
        ("a\x00b", "Caracteres nulos não são permitidos."),
    ],
)
def test_without_a_good_reason_nothing_is_done_and_nothing_lost(supervisor, motivo, palavras):
    mensagem = no_prazo(por_em(nova_mensagem(), Estado.FALHA))

    resposta = decidir(supervisor, mensagem, "reenviar", motivo=motivo)

    assert resposta.context["form"].errors == {"motivo": [palavras]}
    assert resposta.context["form"]["motivo"].value() == motivo
    mensagem.refresh_from_db()
    assert mensagem.estado == Estado.FALHA


def test_the_same_decision_twice_by_a_double_click_is_once(supervisor, db):
    mensagem = no_prazo(por_em(nova_mensagem(), Estado.FALHA))
    pedido = str(uuid.uuid4())

    decidir(supervisor, mensagem, "reenviar", pedido=pedido)
    segunda = decidir(supervisor, mensagem, "reenviar", pedido=pedido)

    assertNotContains(segunda, "Nada foi feito.")
    assert LogEntry.objects.count() == 1


def test_who_comes_second_is_told_and_changes_nothing(supervisor, chefe):
    mensagem = no_prazo(por_em(nova_mensagem(), Estado.INCERTA))
    decidir(chefe, mensagem, "falha", motivo="Liguei para o cliente")

    resposta = decidir(supervisor, mensagem, "reenviar")

    assertContains(resposta, "A mensagem mudou enquanto você decidia: agora está falha. Nada foi feito.")
    mensagem.refresh_from_db()
    assert (mensagem.estado, mensagem.pedido_por) == (Estado.FALHA, chefe.pessoa)


@pytest.mark.parametrize("visto", ["", "x", "5", "5:99", "\x00"])
def test_a_decision_about_what_was_not_seen_is_refused(supervisor, visto):
    mensagem = no_prazo(por_em(nova_mensagem(), Estado.FALHA))

    assertContains(decidir(supervisor, mensagem, "reenviar", visto=visto), "Nada foi feito.")


@pytest.mark.parametrize("decisao", ["", "x", "apagar"])
def test_a_decision_that_does_not_exist_is_404(supervisor, decisao):
    assert decidir(supervisor, nova_mensagem(), decisao).status_code == 404


def test_whoever_only_opens_the_address_of_a_decision_sees_the_message(supervisor, db):
    mensagem = no_prazo(por_em(nova_mensagem(), Estado.FALHA))

    assertContains(supervisor.get(reverse("mensageria:decidir", args=[mensagem.pk])), "Decidir sobre esta mensagem")


def test_the_operador_decides_nothing_even_by_hand(operador, db):
    assert decidir(operador, no_prazo(por_em(nova_mensagem(), Estado.FALHA)), "reenviar").status_code == 403


# What a customer got


def do_cliente(cliente: Cliente) -> str:
    return reverse("mensageria:do_cliente", args=[cliente.pk])


def test_a_customer_sees_everything_he_got_the_newest_first(operador, db, django_assert_max_num_queries):
    cliente = novo_cliente(nome="ANA DA SILVA")
    mensagens = [composta(canal, cliente=cliente) for canal in (Canal.SMS, Canal.EMAIL, Canal.SMS)]
    nova_mensagem(cliente=novo_cliente())
    TentativaEnvio.objects.create(
        mensagem=mensagens[0], numero=1, servico="G", destino="x", momento=AGORA, classe=Classe.ACEITA, resposta="ok ok"
    )

    with django_assert_max_num_queries(12):
        resposta = operador.get(do_cliente(cliente))

    assert chaves(resposta) == [mensagem.pk for mensagem in reversed(mensagens)]
    mais_nova = resposta.context["pagina"].linhas[0]
    assert mais_nova.conteudo == composicao.conteudo(mensagens[2]).decode()
    assertContains(resposta, "Conta 11/2026")
    assertContains(resposta, "1 tentativa")
    assertContains(resposta, "ok ok")
    assertContains(resposta, 'aria-current="page">Mensagens</a>')


def test_the_cost_does_not_grow_with_the_history(operador, db, django_assert_max_num_queries):
    cliente = novo_cliente()
    for _ in range(12):
        composta(Canal.SMS, cliente=cliente)

    with django_assert_max_num_queries(12):
        resposta = operador.get(do_cliente(cliente), {"exibir": 25})

    assert len(chaves(resposta)) == 12


def test_the_history_is_filtered_by_canal_and_state(operador, db):
    cliente = novo_cliente()
    sms, email = (composta(canal, cliente=cliente) for canal in (Canal.SMS, Canal.EMAIL))
    por_em(email, Estado.FALHA)

    assert chaves(operador.get(do_cliente(cliente), {"canal": "1"})) == [sms.pk]
    assert chaves(operador.get(do_cliente(cliente), {"estado": "5"})) == [email.pk]
    assertContains(operador.get(do_cliente(cliente), {"estado": "4"}), "Nenhuma mensagem assim")
    errado = operador.get(do_cliente(cliente), {"canal": "\x00"})
    assert list(errado.context["form"].errors) == ["canal"]


def test_only_whoever_may_decide_is_led_to_send_it_again(operador, supervisor):
    mensagem = composta()
    no_prazo(por_em(mensagem, Estado.FALHA))

    assertContains(supervisor.get(do_cliente(mensagem.cliente)), f'{pagina_de(mensagem)}#decidir">Reenviar')
    assertNotContains(operador.get(do_cliente(mensagem.cliente)), "Reenviar")


def test_a_customer_without_messages_says_so(operador, db):
    assertContains(operador.get(do_cliente(novo_cliente())), "ainda não recebeu nenhuma mensagem")


def test_an_origin_that_no_app_registers_any_more_is_shown_by_its_code(operador, db):
    cliente = novo_cliente()
    mensagem = nova_mensagem(cliente=cliente, origem="antiga", lote=novo_lote(origem="antiga"))

    assertContains(operador.get(do_cliente(cliente)), "antiga")
    assertContains(operador.get(em_execucao("mensagens")), "que não existe mais")
    assert chaves(operador.get(em_execucao("mensagens", origem="antiga"))) == [mensagem.pk]
