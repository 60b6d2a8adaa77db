"""Calendário de Contato: what a person reads, types and is told."""

from datetime import date, time, timedelta

import pytest
from django.contrib.admin.models import LogEntry
from django.utils import timezone

from mensageria import calendario
from mensageria.janela import FERIADO, nacionais
from mensageria.models import Canal, FeriadoLocal, JanelaContato
from telas import autoria
from tests.fabricas import nova_localidade

PAGINA = "/mensagens/calendario/"
DE_COBRANCA = "/mensagens/calendario/1/cobranca/"


def janela(**campos) -> dict:
    """What is sent of a window: nothing typed, unless it is told otherwise."""
    return {"quando": "restrita", "visto": "livre"} | campos


def feriado(**campos) -> dict:
    return {"data": "10/08/2027", "descricao": "PADROEIRA", "localidade": "", "municipio": ""} | campos


def ler() -> dict:
    return dict(calendario.ler(timezone.now()).janelas)


@pytest.fixture
def operador(entrar):
    return entrar("operador")


def test_the_page_says_what_holds_now_and_lists_every_channel_and_origin(operador):
    sempre = {dia: (time(0), time(0)) for dia in range(8)}
    calendario.definir(Canal.SMS, "", sempre, usuario=operador.pessoa)
    calendario.definir(Canal.SMS, "cobranca", {}, usuario=operador.pessoa)

    pagina = operador.get(PAGINA)

    assert pagina.status_code == 200
    nomes = [(linha["nome"], linha["agora"]) for linha in pagina.context["linhas"]]
    assert nomes == [
        ("SMS de todas as origens", "aberto agora, todos os dias"),
        ("SMS de faturamento", "aberto agora, todos os dias"),
        ("SMS de cobrança", "fechado agora: nunca abre"),
        ("E-mail de todas as origens", "aberto a qualquer hora"),
        ("E-mail de faturamento", "aberto a qualquer hora"),
        ("E-mail de cobrança", "aberto a qualquer hora"),
        ("E-mail de campanha preventiva", "aberto a qualquer hora"),
    ]
    assert "como em todas as origens" in pagina.content.decode()


def test_the_page_takes_few_queries_however_much_it_shows(operador, django_assert_max_num_queries):
    for canal in Canal:
        calendario.definir(canal, "", {0: (time(8), time(20))}, usuario=operador.pessoa)
    for n in range(60):
        FeriadoLocal.objects.create(
            data=date(2027, 1, 1) + timedelta(days=n), descricao=f"F{n}", localidade=nova_localidade(n + 1)
        )
    operador.get(PAGINA)

    with django_assert_max_num_queries(12):
        pagina = operador.get(f"{PAGINA}?ano=2027")

    assert "F0" in pagina.content.decode()


def test_hours_are_stored_and_shown(operador):
    resposta = operador.post(
        DE_COBRANCA, janela(das_0="08:00", ate_0="20:00", das_7="09:00", ate_7="24:00"), follow=True
    )

    assert "Calendário de SMS de cobrança gravado." in resposta.content.decode()
    assert ler() == {(Canal.SMS, "cobranca"): {0: (time(8), time(20)), FERIADO: (time(9), time(0))}}
    assert "08:00–20:00" in resposta.content.decode() and "09:00–24:00" in resposta.content.decode()
    assert LogEntry.objects.get().change_message == ("Janela definida: segunda-feira 08:00–20:00, feriado 09:00–24:00.")
    assert 'value="24:00"' in operador.get(DE_COBRANCA).content.decode()


def test_a_new_window_comes_with_hours_to_start_from(operador):
    form = operador.get(DE_COBRANCA).context["form"]

    assert form.initial["quando"] == "livre"
    assert (form.initial["das_0"], form.initial["ate_5"], form.initial["das_6"]) == (time(8), time(14), None)


@pytest.mark.parametrize(
    ("campos", "onde", "palavras"),
    [
        ({"das_0": "20:00", "ate_0": "08:00"}, "ate_0", "O fim deve ser depois do começo"),
        ({"das_0": "22:00", "ate_0": "06:00"}, "ate_0", "nada passa da meia-noite"),
        ({"das_0": "08:00", "ate_0": "08:00"}, "ate_0", "O fim deve ser depois do começo"),
        ({"das_1": "08:00"}, "ate_1", "Informe a hora em que terça-feira termina."),
        ({"ate_1": "08:00"}, "das_1", "Informe a hora em que terça-feira começa."),
        ({"das_2": "25:00", "ate_2": "26:00"}, "das_2", "Hora inválida em quarta-feira, das: escreva hh:mm."),
        ({"das_2": "oito", "ate_2": "20:00"}, "das_2", "Hora inválida em quarta-feira, das: escreva hh:mm."),
        ({"das_2": "24:00", "ate_2": "24:00"}, "das_2", "Hora inválida em quarta-feira, das: escreva hh:mm."),
        ({"quando": ""}, "quando", "Informe Quando as mensagens podem sair."),
        ({"quando": "outra"}, "quando", "Faça uma escolha válida"),
    ],
)
def test_bad_hours_are_told_beside_their_field_and_nothing_is_lost(operador, campos, onde, palavras):
    resposta = operador.post(DE_COBRANCA, janela(das_4="07:30", ate_4="19:30") | campos)

    assert resposta.status_code == 200
    assert palavras in " ".join(resposta.context["form"].errors[onde])
    assert 'value="07:30"' in resposta.content.decode()
    assert ler() == {}


def test_a_window_is_taken_away(operador):
    calendario.definir(Canal.SMS, "cobranca", {0: (time(8), time(20))}, usuario=operador.pessoa)

    operador.post(DE_COBRANCA, {"quando": "livre", "visto": "segunda-feira 08:00–20:00", "das_0": "lixo"})

    assert ler() == {}
    assert LogEntry.objects.first().change_message == "Janela retirada: era segunda-feira 08:00–20:00."


def test_a_window_without_any_hour_is_asked_about(operador):
    pergunta = operador.post(DE_COBRANCA, janela())
    assert "Nenhum dia tem horário: nada sairá." in pergunta.content.decode() and ler() == {}

    operador.post(DE_COBRANCA, janela(confirmado="1"))
    assert ler() == {(Canal.SMS, "cobranca"): {}}


def test_whoever_comes_second_is_told_who_changed_it(operador):
    with autoria.em_nome_de(operador.pessoa):
        calendario.definir(Canal.SMS, "cobranca", {0: (time(9), time(12))}, usuario=operador.pessoa)

    resposta = operador.post(DE_COBRANCA, janela(das_0="08:00", ate_0="20:00"))

    [erro] = resposta.context["form"].non_field_errors()
    assert erro.startswith("pessoa-operador alterou este registro (")
    assert "(agora: segunda-feira 09:00–12:00). Nada foi gravado" in erro
    assert ler() == {(Canal.SMS, "cobranca"): {0: (time(9), time(12))}}
    visto = resposta.context["form"]["visto"].value()
    operador.post(DE_COBRANCA, janela(das_0="08:00", ate_0="20:00", visto=visto))
    assert ler() == {(Canal.SMS, "cobranca"): {0: (time(8), time(20))}}


@pytest.mark.parametrize("onde", ["/mensagens/calendario/3/cobranca/", "/mensagens/calendario/1/preventivo/"])
def test_a_channel_that_an_origin_lacks_is_not_found(operador, onde):
    assert operador.get(onde).status_code == 404


# Holidays


def test_the_national_holidays_of_the_year_are_shown(operador):
    pagina = operador.get(f"{PAGINA}?ano=2028").content.decode()

    assert "Feriados nacionais de 2028" in pagina and "14/04/2028" in pagina and "Sexta-feira Santa" in pagina


@pytest.mark.parametrize("ano", ["", "x", "99999", "0000", "²027"])
def test_a_year_that_is_none_is_this_year(operador, ano):
    assert operador.get(PAGINA, {"ano": ano}).context["ano"] == timezone.localdate().year


def test_a_local_holiday_is_added_and_removed(operador):
    lugar = nova_localidade(7)

    pagina = operador.post(PAGINA, feriado(localidade="7"), follow=True).content.decode()

    assert "Feriado adicionado: 10/08/2027, PADROEIRA." in pagina and "localidade 7 - LOCALIDADE 7" in pagina
    um = FeriadoLocal.objects.get()
    assert (um.data, um.descricao, um.localidade, um.municipio) == (date(2027, 8, 10), "PADROEIRA", lugar, None)

    pergunta = operador.post(PAGINA, {"remover": um.pk}).content.decode()
    assert "Confirma remoção do feriado?" in pergunta and FeriadoLocal.objects.exists()
    operador.post(PAGINA, {"remover": um.pk, "confirmado": "1"})

    assert not FeriadoLocal.objects.exists()
    assert [linha.change_message for linha in LogEntry.objects.order_by("pk")] == [
        "Feriado adicionado: 10/08/2027, PADROEIRA, localidade 7 - LOCALIDADE 7.",
        "Feriado removido: 10/08/2027, PADROEIRA, localidade 7 - LOCALIDADE 7.",
    ]


@pytest.mark.parametrize(
    ("campos", "onde", "palavras"),
    [
        ({"data": "25/12/2027"}, "data", f"Este dia já é feriado nacional: {nacionais(2027)[date(2027, 12, 25)]}."),
        ({"data": "31/02/2027"}, "data", "Data inválida"),
        ({"data": ""}, "data", "Informe Data."),
        ({"descricao": ""}, "descricao", "Informe Descrição."),
        ({"descricao": "X" * 61}, "descricao", "60"),
        ({"localidade": "7", "municipio": "1"}, "municipio", "Escolha a localidade ou o município, e não os dois."),
        ({"localidade": "999"}, "localidade", "Faça uma escolha válida"),
        ({"data": "11/08/2027"}, "data", "Este dia já é feriado nesse lugar: CARNAVAL."),
    ],
)
def test_a_bad_holiday_is_told_beside_its_field(operador, campos, onde, palavras):
    municipio = nova_localidade(7).municipio
    FeriadoLocal.objects.create(data=date(2027, 8, 11), descricao="CARNAVAL")
    campos = campos | ({"municipio": municipio.pk} if "municipio" in campos else {})

    resposta = operador.post(PAGINA, feriado() | campos)

    assert palavras in " ".join(resposta.context["form"].errors[onde])
    assert FeriadoLocal.objects.count() == 1


@pytest.mark.parametrize("pk", ["9", "x", str(2**70)])
def test_a_holiday_that_is_gone_is_told(operador, pk):
    pagina = operador.post(PAGINA, {"remover": pk}, follow=True).content.decode()

    assert "Este feriado já não existe." in pagina


def test_a_holiday_of_today_is_told_on_top(operador):
    FeriadoLocal.objects.create(data=timezone.localdate(), descricao="PADROEIRA", localidade=nova_localidade(7))

    assert "Hoje é feriado: PADROEIRA, localidade 7 - LOCALIDADE 7." in operador.get(PAGINA).content.decode()


def test_whoever_may_only_look_gets_no_buttons(entrar):
    navegador = entrar("operador")
    pessoa = navegador.pessoa
    pessoa.groups.clear()
    from django.contrib.auth.models import Permission

    pessoa.user_permissions.add(Permission.objects.get(codename="view_janelacontato"))
    pagina = navegador.get(PAGINA).content.decode()

    assert "Adicionar" not in pagina and "Ver<span" in pagina
    assert "Gravar" not in navegador.get(DE_COBRANCA).content.decode()
    assert navegador.post(DE_COBRANCA, janela(das_0="08:00", ate_0="20:00")).status_code == 403
    assert navegador.post(PAGINA, feriado()).status_code == 403
    assert navegador.post(PAGINA, {"remover": "1"}).status_code == 403
    assert not JanelaContato.objects.exists()
