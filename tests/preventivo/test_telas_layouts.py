"""Layouts: each change is a version, seen on a boleto before it is stored, and a test of it goes to whoever asks."""

import re
import uuid
from datetime import timedelta

import pytest
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import User
from django.utils import timezone

from mensageria.models import Mensagem, VersaoTexto
from preventivo.forms_layouts import contraste_com_branco
from preventivo.models import Aviso, Boleto, Campanha, Layout, Operacao, TipoCampanha
from simuladores.smtp import Ordem, ServidorSMTP
from tests.fabricas import novo_parametro_sistema

from .fabricas import nova_campanha, nova_operacao, novo_boleto, novo_tipo

LISTA = "/campanha_preventiva/layouts"
TEXTOS = {
    "assunto": "Boleto {NOME_OPERACAO}",
    "texto_email": "Prezado(a),\r\n\r\nVence em {VENCIMENTO}: R$ {VALOR} <b>.",
    "cor": "#7a1020",
}


@pytest.fixture
def tipo(db) -> TipoCampanha:
    return novo_tipo(nova_operacao())


@pytest.fixture
def administrador(entrar):
    return entrar("administrador")


def url(tipo: TipoCampanha, fim: str = "") -> str:
    return f"{LISTA}/{tipo.pk}{fim}"


def vista(tipo: TipoCampanha) -> int:
    return Layout.objects.em_vigor(tipo).pk


def novo_aviso(campanha: Campanha, **campos) -> Aviso:
    boleto = novo_boleto(campanha, **campos)
    return Aviso.objects.create(
        campanha=campanha, boleto=boleto, email="ana@exemplo.com.br", situacao=Aviso.Situacao.NA_FILA
    )


def texto(resposta) -> str:
    return " ".join(re.sub(r"<[^>]+>", " ", resposta.content.decode()).split())


# The list, and the versions


def test_the_list_has_each_campaign_with_its_version_in_force(entrar, tipo):
    Layout.objects.create(tipo=tipo, versao=2, assunto="Assunto da segunda", corpo="x", criado_por=User.objects.first())
    TipoCampanha.objects.create(operacao=tipo.operacao, nome="NOVO TIPO")

    dito = texto(entrar("operador").get(LISTA))

    assert "Claro FASE DE TESTE Assunto da segunda 2 de FASE DE TESTE" in dito
    assert "NOVO TIPO sem layout" in dito


def test_many_campaigns_cost_no_more_queries(entrar, tipo, django_assert_max_num_queries):
    pessoa = entrar("operador")
    for numero in range(20):
        novo_tipo(tipo.operacao, f"FASE {numero}")

    with django_assert_max_num_queries(10):
        pessoa.get(LISTA)


def test_a_change_is_a_new_version_and_it_is_logged(administrador, tipo):
    resposta = administrador.post(url(tipo), TEXTOS | {"vista": vista(tipo)}, follow=True)

    nova = Layout.objects.em_vigor(tipo)
    assert (nova.versao, nova.assunto, nova.cor) == (2, "Boleto {NOME_OPERACAO}", "#7a1020")
    assert nova.corpo == "Prezado(a),\n\nVence em {VENCIMENTO}: R$ {VALOR} <b>."
    assert nova.criado_por == administrador.pessoa
    assert Layout.objects.get(tipo=tipo, versao=1).assunto == "Boleto {NOME_OPERACAO} de {VENCIMENTO}"
    assert "Versão 2 do layout de FASE DE TESTE gravada com sucesso." in texto(resposta)
    assert LogEntry.objects.get().change_message == "Versão 2 inserida."


def test_the_same_again_is_no_version(administrador, tipo):
    administrador.post(url(tipo), TEXTOS | {"vista": vista(tipo)})

    resposta = administrador.post(url(tipo), TEXTOS | {"vista": vista(tipo)}, follow=True)

    assert tipo.layouts.count() == 2
    assert "Nada mudou" in texto(resposta)


def test_the_same_form_twice_makes_one_version(administrador, tipo):
    dados = TEXTOS | {"vista": vista(tipo), "pedido": str(uuid.uuid4())}

    administrador.post(url(tipo), dados)
    segunda = administrador.post(url(tipo), dados)

    assert (segunda.status_code, tipo.layouts.count()) == (302, 2)


def test_the_first_version_of_a_new_campaign(administrador, tipo):
    sem_layout = TipoCampanha.objects.create(operacao=tipo.operacao, nome="NOVO TIPO")
    assert "Nenhuma versão ainda" in texto(administrador.get(url(sem_layout)))

    administrador.post(url(sem_layout), TEXTOS | {"vista": ""})

    assert Layout.objects.em_vigor(sem_layout).versao == 1


def test_the_second_of_two_editors_is_told_and_loses_nothing(administrador, chefe, tipo):
    antes = vista(tipo)
    administrador.post(url(tipo), TEXTOS | {"vista": antes})
    do_segundo = TEXTOS | {"assunto": "Do segundo", "vista": antes}

    resposta = chefe.post(url(tipo), do_segundo)

    assert tipo.layouts.count() == 2
    dito = texto(resposta)
    assert "pessoa-administrador gravou a versão 2" in dito
    assert 'value="Do segundo"' in resposta.content.decode()
    assert "Nada foi gravado." in dito
    # What the page holds now may be stored over it.
    chefe.post(url(tipo), do_segundo | {"vista": resposta.context["form"]["vista"].value()})
    assert Layout.objects.em_vigor(tipo).assunto == "Do segundo"


@pytest.mark.parametrize(
    ("campos", "palavras"),
    [
        ({"assunto": ""}, "Informe Assunto do e-mail."),
        ({"texto_email": " "}, "Informe Texto E-MAIL."),
        ({"texto_email": "{NOME}"}, "O texto do E-MAIL está com dados inválidos: {NOME}."),
        ({"assunto": "{VALOR"}, "Quantidade de tags inválidas assunto."),
        ({"texto_email": "x" * 10_001}, "Texto E-MAIL passa de 10000 caracteres"),
        ({"assunto": "x" * 151}, "150"),
        ({"cor": "red"}, "Use uma cor como #0b5c8a."),
        ({"cor": "#fff;x:"}, "Use uma cor como #0b5c8a."),
        ({"cor": "#FFE08A"}, "A cor é clara demais"),
        ({"vista": "9" * 40}, "depois que você abriu esta tela"),
    ],
)
def test_what_is_wrong_is_said_and_nothing_is_stored(administrador, tipo, campos, palavras):
    resposta = administrador.post(url(tipo), TEXTOS | {"vista": vista(tipo)} | campos)

    assert palavras in texto(resposta)
    assert tipo.layouts.count() == 1


def test_the_contrast_is_that_of_wcag():
    assert contraste_com_branco("#000000") == pytest.approx(21)
    assert contraste_com_branco("#ffffff") == pytest.approx(1)
    assert contraste_com_branco("#767676") == pytest.approx(4.54, abs=0.01)


def test_without_javascript_the_button_inserts_what_is_selected(administrador, tipo):
    dados = TEXTOS | {"inserir": "email", "dados": ["{VALOR}", "{CPF}"], "vista": vista(tipo)}

    resposta = administrador.post(url(tipo), dados)

    assert resposta.context["form"]["texto_email"].value().endswith("<b>. {VALOR} {CPF}")
    assert int(resposta.context["form"]["vista"].value()) == vista(tipo)
    assert tipo.layouts.count() == 1


def test_an_old_version_is_read_and_taken_as_a_base(administrador, tipo):
    administrador.post(url(tipo), TEXTOS | {"vista": vista(tipo)})

    antiga = texto(administrador.get(url(tipo, "/versoes/1")))
    form = administrador.get(url(tipo, "?base=1")).context["form"]

    assert "FASE DE TESTE, versão 1" in antiga
    assert "Olá, {CPF}." in antiga
    assert (form["assunto"].value(), form["vista"].value()) == ("Boleto {NOME_OPERACAO} de {VENCIMENTO}", vista(tipo))


@pytest.mark.parametrize("base", ["x", "99", "9" * 30, "²", ""])
def test_a_base_that_does_not_exist_is_the_one_in_force(administrador, tipo, base):
    assert administrador.get(url(tipo, f"?base={base}")).context["form"]["assunto"].value().startswith("Boleto")


@pytest.mark.parametrize("fim", ["", "/versoes/1", "/previa", "/testar"])
def test_what_does_not_exist_is_not_found(administrador, tipo, fim):
    nao_ha = TipoCampanha(pk=2**70)
    metodo = administrador.post if fim in ("/previa", "/testar") else administrador.get

    assert metodo(url(nao_ha, fim)).status_code == 404
    assert administrador.get(url(tipo, "/versoes/99")).status_code == 404


@pytest.mark.parametrize("grupo", ["operador", "supervisor"])
def test_operators_look_and_see_the_preview_and_change_nothing(entrar, tipo, grupo):
    pessoa = entrar(grupo)

    pagina = pessoa.get(url(tipo)).content.decode()
    previa = pessoa.post(url(tipo, "/previa"), TEXTOS)

    assert "Gravar nova versão" not in pagina
    assert 'name="cor" value="#0b5c8a"' in pagina  # what the preview needs is sent
    assert previa.status_code == 200
    assert "Enviar teste" not in texto(previa)
    assert pessoa.post(url(tipo), TEXTOS | {"vista": vista(tipo)}).status_code == 403
    assert pessoa.post(url(tipo, "/testar"), TEXTOS).status_code == 403
    assert tipo.layouts.count() == 1


def test_who_is_in_no_group_sees_nothing(entrar, tipo):
    pessoa = entrar("")

    for endereco in (LISTA, url(tipo), url(tipo, "/versoes/1")):
        assert pessoa.get(endereco).status_code == 403
    assert pessoa.post(url(tipo, "/previa"), TEXTOS).status_code == 403


# What it looks like


def test_the_preview_shows_what_is_typed_on_the_newest_boleto_of_the_campaign(administrador, tipo):
    de_outro_tipo = nova_campanha(tipo.operacao, tipo=novo_tipo(tipo.operacao, "OUTRA"))
    novo_aviso(nova_campanha(tipo.operacao, tipo=tipo), valor="10.00")
    novo_aviso(nova_campanha(tipo.operacao, tipo=tipo), valor="4567.89")
    novo_aviso(de_outro_tipo, valor="99.00")

    resposta = administrador.post(url(tipo, "/previa"), TEXTOS)

    email = resposta.context["vista"].previa.email
    assert email.assunto == "Boleto Claro"
    assert "R$ 4.567,89 <b>." in email.texto  # as text
    assert "R$ 4.567,89 &lt;b&gt;." in email.fechado  # as HTML
    assert "background:#7a1020" in email.fechado
    assert "ana@exemplo.com.br" in texto(resposta)
    assert "Exemplo fictício" not in texto(resposta)
    assert "application/pdf" in email.conteudo.decode("ascii", "replace")
    assert not VersaoTexto.objects.exists()


def test_without_one_of_the_campaign_it_is_one_of_the_operation(administrador, tipo):
    novo_aviso(nova_campanha(tipo.operacao, tipo=novo_tipo(tipo.operacao, "OUTRA")), valor="99.00")

    assert "R$ 99,00" in administrador.post(url(tipo, "/previa"), TEXTOS).context["vista"].previa.email.texto


def test_without_any_boleto_it_is_made_up_says_so_and_leaves_no_trace(administrador, tipo):
    resposta = administrador.post(url(tipo, "/previa"), TEXTOS)

    assert "Exemplo fictício." in texto(resposta)
    email = resposta.context["vista"].previa.email
    assert "NÃO PAGUE" in email.texto
    assert timezone.localdate().strftime("%d/%m/%Y") in email.texto
    assert not (Campanha.objects.exists() or Boleto.objects.exists() or Aviso.objects.exists())


def test_the_preview_works_before_the_operation_has_a_remetente(administrador, tipo):
    Operacao.objects.update(remetente=None)

    assert "remetente@exemplo.invalid" in texto(administrador.post(url(tipo, "/previa"), TEXTOS))


def test_a_colour_that_is_none_does_not_reach_the_style(administrador, tipo):
    resposta = administrador.post(url(tipo, "/previa"), TEXTOS | {"cor": "red;background:url(//x)"})

    assert "url(//x)" not in resposta.content.decode()


def test_without_a_text_there_is_nothing_to_show(administrador, tipo):
    assert "Não há Texto E-MAIL." in texto(administrador.post(url(tipo, "/previa"), {}))


def test_an_agency_without_the_parameters_of_a_water_utility_sees_its_layouts(administrador, tipo):
    sistema = novo_parametro_sistema()
    type(sistema).objects.all().delete()

    assert "Nada para mostrar" not in texto(administrador.post(url(tipo, "/previa"), TEXTOS))


# The test


@pytest.fixture
def correio():
    with ServidorSMTP() as aberto:
        yield aberto


@pytest.fixture
def pelo_correio(correio) -> TipoCampanha:
    return novo_tipo(nova_operacao(smtp=("127.0.0.1", correio.porta)))


def com_email(pessoa):
    pessoa.pessoa.email = "maria@empresa.exemplo.com.br"
    pessoa.pessoa.save()
    return pessoa


def test_a_test_goes_to_the_own_address_through_the_operation_s_service_and_is_logged(entrar, pelo_correio, correio):
    pessoa = com_email(entrar("administrador"))
    novo_aviso(nova_campanha(pelo_correio.operacao, tipo=pelo_correio))
    dados = TEXTOS | {"pedido": str(uuid.uuid4()), "email": "outra@exemplo.com.br"}

    resposta = pessoa.post(url(pelo_correio, "/testar"), dados)
    pessoa.post(url(pelo_correio, "/testar"), dados)  # a double click sends one

    (recebida,) = correio.esperar(1)
    assert recebida.destinos == ("maria@empresa.exemplo.com.br",)
    assert recebida.remetente == pelo_correio.operacao.remetente.email
    assert "Teste enviado. Aceito por SERVICO_" in texto(resposta)
    assert len(correio.recebidas) == 1
    assert LogEntry.objects.get().change_message.startswith("Teste por E-mail: Aceito por")
    assert not Mensagem.objects.exists()


def test_what_the_server_refuses_is_shown(entrar, pelo_correio, correio):
    correio.ordenar(Ordem("RCPT", codigo=550, texto="5.1.1 nao existe"))

    resposta = com_email(entrar("administrador")).post(url(pelo_correio, "/testar"), TEXTOS)

    assert "Teste não enviado. Não foi aceito por SERVICO_" in texto(resposta)
    assert "550 5.1.1 nao existe" in texto(resposta)


def test_a_made_up_boleto_is_sent_too_and_marked(entrar, pelo_correio, correio):
    com_email(entrar("administrador")).post(url(pelo_correio, "/testar"), TEXTOS)

    (recebida,) = correio.esperar(1)
    assert "EXEMPLO" in recebida.conteudo.decode()
    assert not Boleto.objects.exists()


@pytest.mark.parametrize(
    ("impede", "palavras"),
    [
        (lambda pessoa: None, "Seu usuário não tem e-mail"),
        (lambda pessoa: com_email(pessoa) and Operacao.objects.update(remetente=None), "ainda não tem remetente"),
    ],
)
def test_what_keeps_a_test_from_leaving_is_said(entrar, pelo_correio, correio, impede, palavras):
    pessoa = entrar("administrador")
    impede(pessoa)

    assert palavras in texto(pessoa.post(url(pelo_correio, "/testar"), TEXTOS))
    assert correio.recebidas == []


def test_the_meter_checks_the_tags_of_the_boletos(entrar, tipo):
    resposta = entrar("operador").post(
        "/mensagens/texto/preventivo/medir/texto_email/", {"texto_email": "{VALOR} {MATRICULA}"}
    )

    assert "dados inválidos: {MATRICULA}." in texto(resposta)


def test_a_boleto_of_yesterday_is_shown_as_it_is(administrador, tipo):
    novo_aviso(nova_campanha(tipo.operacao, tipo=tipo, envia_em=timezone.now() - timedelta(days=1)))

    assert administrador.post(url(tipo, "/previa"), TEXTOS).context["vista"].ficticia is False
