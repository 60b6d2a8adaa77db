"""The text component: the meter is the server's, the preview is what would be sent, and a test reaches who asked."""

import uuid
from datetime import timedelta

import pytest
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import Permission
from django.db import connection
from django.utils import timezone

from cadastro.digitos import formatar_matricula
from mensageria import consumo, teste
from mensageria.canais.base import FalhaDeEnvio
from mensageria.canais.memoria import CanalDeMemoria
from mensageria.estados import Classe, Estado
from mensageria.models import Canal, Lote, Mensagem, OrigemEnvio, TentativaEnvio, VersaoTexto
from tests.fabricas import (
    HOJE,
    nova_conta,
    novas_saidas,
    novo_cliente,
    novo_comando,
    novo_imovel,
    novo_parametro_sistema,
    novo_vinculo,
)
from tests.mensageria.apoio import nova_mensagem, por_em

MEDIR = "/mensagens/texto/faturamento/medir/{}/"
PREVIA = "/mensagens/texto/{}/previa/"
TESTE = "/mensagens/texto/{}/teste/"
TEXTOS = {
    "texto_sms": "Olá {NOME}, matrícula {MATRICULA}: {VALOR} até {VENCTO}",
    "texto_email": "Olá, {NOME}.\r\n\r\nSua conta é de R$ {VALOR} <b>.",
    "assunto": "Conta de {NOME}",
    "transliterar": "on",
}


@pytest.fixture(autouse=True)
def sistema(db):
    return novo_parametro_sistema()


@pytest.fixture
def operador(entrar):
    return entrar("operador")


@pytest.fixture
def canal(monkeypatch):
    """The server at the other end."""
    fingido = CanalDeMemoria()
    monkeypatch.setattr(teste, "abrir_canal", lambda servico: fingido)
    return fingido


def pedido_de_teste(**campos) -> dict:
    return TEXTOS | {"pedido": str(uuid.uuid4())} | campos


# The meter


@pytest.mark.parametrize(
    ("texto", "trocar", "ditos"),
    [
        ("", "on", ["Posições: 57 de 164", "(0 do texto + 57 do código de barras)", "GSM-7", "1 SMS"]),
        ("{NOME} x", "on", ["Posições: 89 de 164", "(32 do texto"]),
        ("ação", "on", ["Posições: 61 de 164", "Trocar acentos muda: ç → c, ã → a."]),
        ("ação" + "x" * 20, "", ["UCS-2 por causa de: ç ã.", "seria 1 SMS, em GSM-7", "2 SMS"]),
        ("x" * 110, "on", ["Posições: 167 de 164", "passam do tamanho máximo de 164", "2 SMS"]),
        ("{NOMES}", "on", ["O texto do SMS está com dados inválidos: {NOMES}."]),
        ("{NOME", "on", ["Quantidade de tags inválidas SMS."]),
        ("a\r\nb\0", "on", ["(3 do texto"]),
    ],
)
def test_the_meter_says_what_the_sms_costs_and_what_is_wrong(operador, texto, trocar, ditos):
    resposta = operador.post(MEDIR.format("texto_sms"), {"texto_sms": texto, "transliterar": trocar})

    for dito in ditos:
        assert dito in " ".join(resposta.text.split())


@pytest.mark.parametrize(
    ("campo", "dito"),
    [
        ("texto_email", "O texto do E-MAIL está com dados inválidos: {X}."),
        ("assunto", "O texto do assunto está com dados inválidos: {X}."),
    ],
)
def test_the_other_texts_are_only_checked(operador, campo, dito):
    resposta = operador.post(MEDIR.format(campo), {campo: "{X} 100%"})

    assert dito in resposta.text
    assert "Posições" not in resposta.text


def test_a_huge_text_is_measured_only_so_far(operador):
    resposta = operador.post(MEDIR.format("texto_sms"), {"texto_sms": "{" * 1_000_000})

    assert "Posições: 40057 de 164" in resposta.text  # 20,000 braces of two positions


def test_only_who_sees_the_texts_may_measure_them(entrar, client):
    assert client.post(MEDIR.format("texto_sms")).status_code == 302
    assert entrar("").post(MEDIR.format("texto_sms")).status_code == 403
    operador = entrar("operador")
    assert operador.get(MEDIR.format("texto_sms")).status_code == 405
    assert operador.post(MEDIR.format("outro")).status_code == 404
    assert operador.post("/mensagens/texto/nenhuma/medir/texto_sms/").status_code == 404


# The preview


def test_the_preview_shows_what_would_be_sent_on_the_newest_conta_of_the_group_s_reference(operador):
    novas_saidas()
    nova_conta(cliente=novo_cliente(nome="ANTES"))
    conta = nova_conta(cliente=novo_cliente(nome="JOSÉ", email="jose@exemplo.com.br"))
    nova_conta(imovel=conta.imovel, referencia=202610, cliente=novo_cliente(nome="DE OUTRO MÊS"))

    resposta = operador.post(PREVIA.format("faturamento"), TEXTOS)

    previa = resposta.context["previa"]
    assert previa.sms.sms.startswith(f"Ola JOSE, matricula {conta.imovel_id}: 123,45 ate 13/11/2026 Barras: 8")
    assert previa.sms.sms in resposta.text
    assert previa.email.assunto == "Conta de JOSÉ"
    assert "Sua conta é de R$ 123,45 &lt;b&gt;." in previa.email.fechado
    assert "jose@exemplo.com.br" in resposta.text
    assert "(84) 98765-4321" in resposta.text


def test_the_preview_writes_nothing(operador):
    novas_saidas()
    nova_conta()

    operador.post(PREVIA.format("faturamento"), TEXTOS)

    assert not VersaoTexto.objects.exists() and not Mensagem.objects.exists() and not LogEntry.objects.exists()


def test_the_e_mail_stands_in_a_frame_that_lets_nothing_in(operador):
    novas_saidas()
    nova_conta()

    resposta = operador.post(PREVIA.format("faturamento"), TEXTOS)

    html = resposta.context["previa"].email.fechado
    assert 'sandbox=""' in resposta.text
    assert "default-src 'none'" in html
    assert "cid:" not in html and "data:image/png;base64," in html
    assert "style-src 'self' 'unsafe-inline'" in resposta.headers["Content-Security-Policy"]
    assert "default-src 'self'" in resposta.headers["Content-Security-Policy"]
    assert "unsafe" not in operador.get("/faturamento/parametrizar-mensagem/").headers["Content-Security-Policy"]


def test_the_preview_may_be_of_one_imovel(operador):
    novas_saidas()
    conta = nova_conta(cliente=novo_cliente(nome="ANA"))
    nova_conta()

    matricula = formatar_matricula(conta.imovel_id)
    resposta = operador.post(PREVIA.format("faturamento"), TEXTOS | {"matricula": matricula})

    assert resposta.context["previa"].objeto.cliente == "ANA"


@pytest.mark.parametrize("matricula", ["123", "x", "9" * 12, "\0", "-19"])
def test_a_matricula_that_is_none_is_said_beside_its_field(operador, matricula):
    resposta = operador.post(PREVIA.format("faturamento"), TEXTOS | {"matricula": matricula})

    assert resposta.context["form"].errors["matricula"]
    assert 'value="Olá {NOME}, matrícula' in resposta.text


@pytest.mark.parametrize(
    ("origem", "dito"),
    [("faturamento", "importe as contas"), ("cobranca", "comande uma ação e gere os documentos dela")],
)
def test_without_anything_to_show_it_on_it_says_what_to_do(operador, origem, dito):
    resposta = operador.post(PREVIA.format(origem), TEXTOS)

    assert dito in resposta.text


def test_an_imovel_without_conta_is_told(operador):
    imovel = novo_imovel()

    resposta = operador.post(PREVIA.format("faturamento"), TEXTOS | {"matricula": imovel.pk})

    assert f"O imóvel {formatar_matricula(imovel.pk)} não tem conta com cliente usuário." in resposta.text


def test_before_the_system_s_parameters_it_says_so(operador, sistema):
    sistema.delete()

    assert "Informe os parâmetros do sistema" in operador.post(PREVIA.format("faturamento"), TEXTOS).text


def test_an_sms_that_does_not_fit_is_told_in_place_of_it(operador):
    novas_saidas()
    nova_conta()

    resposta = operador.post(PREVIA.format("faturamento"), TEXTOS | {"texto_sms": "x" * 200})

    assert "O SMS teria 257 posições e o máximo é 164." in resposta.text
    assert resposta.context["previa"].email.assunto


def test_without_a_remetente_the_e_mail_says_what_lacks(operador):
    nova_conta()

    resposta = operador.post(PREVIA.format("faturamento"), TEXTOS)

    assert "Escolha o remetente da origem" in resposta.text
    assert resposta.context["previa"].sms.sms


def test_a_document_of_collection_is_shown_to_its_present_usuario(operador):
    novas_saidas()
    documento = novo_documento("MARIA")

    resposta = operador.post(PREVIA.format("cobranca"), TEXTOS | {"texto_sms": "{NOME} {VALORDOC} {VALIDADEDOC}"})

    assert resposta.context["previa"].sms.sms.startswith("MARIA 50,00 20/11/2026 Barras: ")
    assert resposta.context["previa"].objeto.titulo == f"Documento de cobrança {documento.pk}"


def novo_documento(nome: str):
    imovel = novo_imovel()
    novo_vinculo(novo_cliente(nome=nome), imovel)
    return novo_comando().documentos.create(
        imovel=imovel,
        localidade=imovel.localidade,
        tipo_documento=8,
        emissao=HOJE,
        validade=HOJE + timedelta(days=10),
        valor=50,
    )


def test_who_sees_only_one_origin_previews_only_that(entrar):
    leitor = entrar("")
    leitor.pessoa.user_permissions.add(Permission.objects.get(codename="view_parametromensagem"))

    resposta = leitor.post(PREVIA.format("faturamento"), TEXTOS)

    assert resposta.status_code == 200
    assert "Enviar teste" not in resposta.text
    assert leitor.post(PREVIA.format("cobranca"), TEXTOS).status_code == 403
    assert (
        leitor.post(TESTE.format("faturamento"), pedido_de_teste(canal="sms", celular="84987654321")).status_code == 403
    )


def test_the_preview_asks_few_questions_of_the_database(operador, django_assert_max_num_queries):
    novas_saidas()
    nova_conta()
    novo_documento("ANA")

    for origem in ("faturamento", "cobranca"):
        with django_assert_max_num_queries(12):
            operador.post(PREVIA.format(origem), TEXTOS)


# The test


def test_a_test_goes_to_who_was_typed_and_is_no_message_of_the_customer(operador, canal):
    novas_saidas()
    nova_conta()

    resposta = operador.post(TESTE.format("faturamento"), pedido_de_teste(canal="sms", celular="(84) 91234-5678"))

    assert [envelope.destino for envelope in canal.recebidos] == ["5584912345678"]
    assert canal.recebidos[0].conteudo.decode() == resposta.context["previa"].sms.sms
    assert "Teste enviado." in resposta.text and "250 ok" in resposta.text
    assert not Mensagem.objects.exists() and not Lote.objects.exists() and not TentativaEnvio.objects.exists()
    assert "5584912345678" in LogEntry.objects.get().change_message


def test_an_e_mail_of_test_leaves_by_the_remetente_of_its_origin(operador, canal):
    novas_saidas()
    nova_conta()

    operador.post(TESTE.format("faturamento"), pedido_de_teste(canal="email", email="eu@exemplo.com.br"))

    [envelope] = canal.recebidos
    assert envelope.destino == "eu@exemplo.com.br"
    assert envelope.remetente == OrigemEnvio.objects.get(pk="faturamento").remetente.email
    assert b"To: eu@exemplo.com.br" in envelope.conteudo


def test_a_form_sent_twice_sends_one_test_and_tells_the_same(operador, canal):
    novas_saidas()
    nova_conta()
    duas_vezes = pedido_de_teste(canal="sms", celular="84912345678")

    respostas = [operador.post(TESTE.format("faturamento"), duas_vezes) for _ in range(2)]

    assert len(canal.recebidos) == 1
    assert all("Teste enviado." in resposta.text for resposta in respostas)


def test_no_transaction_is_open_while_the_server_is_spoken_to(operador, canal, monkeypatch):
    novas_saidas()
    nova_conta()
    do_teste, na_rede = len(connection.atomic_blocks), []
    enviar = canal.enviar
    monkeypatch.setattr(canal, "enviar", lambda *tudo: na_rede.append(len(connection.atomic_blocks)) or enviar(*tudo))

    operador.post(TESTE.format("faturamento"), pedido_de_teste(canal="sms", celular="84912345678"))

    assert na_rede == [do_teste]


def test_a_second_click_while_the_server_thinks_sends_nothing_and_says_so(operador, canal, monkeypatch):
    novas_saidas()
    nova_conta()
    mesmo, respostas = pedido_de_teste(canal="sms", celular="84912345678"), []
    enviar = canal.enviar

    def clicar_outra_vez(*tudo):
        respostas.append(operador.post(TESTE.format("faturamento"), mesmo))
        return enviar(*tudo)

    monkeypatch.setattr(canal, "enviar", clicar_outra_vez)
    operador.post(TESTE.format("faturamento"), mesmo)

    assert len(canal.recebidos) == 1
    assert "a resposta do servidor ainda não chegou" in respostas[0].text


def test_a_refusal_is_told_in_the_server_s_words_without_its_secret(operador, canal):
    novas_saidas()
    nova_conta()
    canal.respostas = [FalhaDeEnvio(Classe.AUTENTICACAO, "401", "token segredo inválido")]

    resposta = operador.post(TESTE.format("faturamento"), pedido_de_teste(canal="sms", celular="84912345678"))

    assert "Teste não enviado." in resposta.text
    assert "401 token *** inválido" in resposta.text
    assert "segredo" not in LogEntry.objects.get().change_message


@pytest.mark.parametrize(
    ("respostas", "usado"),
    [
        ([], 1),
        ([FalhaDeEnvio(Classe.INCERTA, "", "caiu depois do corpo")], 1),
        ([FalhaDeEnvio(Classe.ENDERECO, "400", "número inválido")], 0),
        ([FalhaDeEnvio(Classe.REDE, "", "ninguém atendeu")], 0),
    ],
)
def test_a_test_that_may_have_left_counts_in_the_quota(operador, canal, respostas, usado):
    _, gateway = novas_saidas()
    nova_conta()
    canal.respostas = respostas

    operador.post(TESTE.format("faturamento"), pedido_de_teste(canal="sms", celular="84912345678"))

    assert consumo.situacao(gateway, timezone.now()).usado == usado


def test_a_test_does_not_exceed_the_quota(operador, canal):
    _, gateway = novas_saidas()
    gateway.cota_mensal = 1
    gateway.save()
    nova_conta()

    respostas = [
        operador.post(TESTE.format("faturamento"), pedido_de_teste(canal="sms", celular="84912345678"))
        for _ in range(2)
    ]

    assert len(canal.recebidos) == 1
    assert "Teste enviado." in respostas[0].text
    assert "Teste não enviado." in respostas[1].text
    assert f"O limite de envios de {gateway} está esgotado." in respostas[1].text


def test_a_test_waits_for_what_is_being_sent_with_the_rest_of_the_quota(operador, canal):
    _, gateway = novas_saidas()
    gateway.cota_mensal = 1
    gateway.save()
    nova_conta()
    por_em(nova_mensagem(canal=Canal.SMS, gateway=gateway), Estado.EM_ENVIO)

    resposta = operador.post(TESTE.format("faturamento"), pedido_de_teste(canal="sms", celular="84912345678"))

    assert canal.recebidos == []
    assert "está reservado para o que sai agora" in resposta.text


def test_a_test_that_breaks_gives_its_use_back(operador, canal, monkeypatch):
    _, gateway = novas_saidas()
    nova_conta()
    monkeypatch.setattr(teste, "abrir_canal", lambda servico: 1 / 0)

    with pytest.raises(ZeroDivisionError):
        operador.post(TESTE.format("faturamento"), pedido_de_teste(canal="sms", celular="84912345678"))

    assert consumo.situacao(gateway, timezone.now()).usado == 0


def test_a_real_server_is_refused_while_simulated(operador):
    novas_saidas(sms="https://api.operadora.com.br")
    nova_conta()

    resposta = operador.post(TESTE.format("faturamento"), pedido_de_teste(canal="sms", celular="84912345678"))

    assert "ENVIO=simulado: api.operadora.com.br é um servidor real e foi recusado." in resposta.text


def test_a_test_is_diverted_as_every_message(operador, canal, settings):
    settings.ENVIO = "desvio:5584999990000"
    novas_saidas()
    nova_conta()

    resposta = operador.post(TESTE.format("faturamento"), pedido_de_teste(canal="sms", celular="84912345678"))

    assert [envelope.destino for envelope in canal.recebidos] == ["5584999990000"]
    assert "para 5584999990000" in resposta.text


@pytest.mark.parametrize(
    ("campos", "dito"),
    [
        ({"canal": "sms"}, "Informe Celular."),
        ({"canal": "email"}, "Informe E-mail."),
        ({"canal": "sms", "celular": "abc"}, "Telefone inválido"),
        ({"canal": "sms", "celular": "8432221111"}, "Informe um celular, que possa receber SMS."),
        ({"canal": "email", "email": "a@b"}, "E-Mail inválido."),
        ({"canal": "sms", "celular": "84912345678", "texto_sms": ""}, "Escreva antes o texto do SMS."),
        ({"canal": "sms", "celular": "84912345678", "texto_sms": "x" * 200}, "O SMS teria 257 posições"),
    ],
)
def test_what_keeps_a_test_from_leaving_is_told_and_nothing_is_lost(operador, canal, campos, dito):
    novas_saidas()
    nova_conta()

    resposta = operador.post(TESTE.format("faturamento"), pedido_de_teste(**campos))

    assert dito in resposta.text
    assert canal.recebidos == []
    assert 'value="Conta de {NOME}"' in resposta.text


def test_the_address_of_the_other_channel_keeps_no_test_from_leaving(operador, canal):
    novas_saidas()
    nova_conta()
    dados = pedido_de_teste(canal="email", email="eu@exemplo.com.br", celular="abc")

    resposta = operador.post(TESTE.format("faturamento"), dados)

    assert [envelope.destino for envelope in canal.recebidos] == ["eu@exemplo.com.br"]
    assert "Telefone inválido" not in resposta.text and 'value="abc"' in resposta.text


def test_without_a_gateway_that_works_it_says_what_to_choose(operador, canal):
    _, gateway = novas_saidas()
    gateway.ativo = False
    gateway.save()
    nova_conta()

    resposta = operador.post(TESTE.format("faturamento"), pedido_de_teste(canal="sms", celular="84912345678"))

    assert "Escolha e ative o gateway de SMS" in resposta.text
    assert canal.recebidos == []


def test_of_two_documents_of_an_imovel_the_newest_with_a_usuario_is_shown(operador):
    novas_saidas()
    velho = novo_documento("MARIA")
    novo = novo_comando().documentos.create(
        imovel=velho.imovel, localidade=velho.localidade, tipo_documento=8, emissao=HOJE, validade=HOJE, valor=70
    )
    novo_comando().documentos.create(
        imovel=novo_imovel(), localidade=velho.localidade, tipo_documento=8, emissao=HOJE, validade=HOJE, valor=90
    )

    resposta = operador.post(PREVIA.format("cobranca"), TEXTOS | {"texto_sms": "{NOME} {VALORDOC}"})

    assert resposta.context["previa"].objeto.titulo == f"Documento de cobrança {novo.pk}"
