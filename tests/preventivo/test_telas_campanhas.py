"""Cadastrar, Listar and Ver Detalhes: what each page says, who may do what, and that nothing typed is lost."""

import csv
import io
import re
import uuid
from datetime import datetime, timedelta

import pytest
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import Permission
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone
from openpyxl import load_workbook

from mensageria import consumo
from mensageria.estados import Estado
from mensageria.models import Mensagem, Remetente
from preventivo import exportacao, importacao, planilha, recebimento
from preventivo.models import Aviso, Campanha, LinhaRecusada, Operacao, TipoCampanha
from telas.csv_brasileiro import em_csv
from tests.mensageria.servicos import novo_servico

from .campanhas_prontas import S, nova_campanha, nova_mensagem_de, novo_aviso, novo_registro, pronta

CRIAR, LISTA = "/campanha_preventiva/criar_campanha", "/campanha_preventiva/campanhas"
CONTEUDO = "cpf;email\n52998224725;ana@exemplo.com.br\n11144477735;rui@exemplo.com.br\n"
HTMX = {"HX-Request": "true"}


@pytest.fixture
def operador(entrar):
    return entrar("operador")


@pytest.fixture
def supervisor(entrar):
    return entrar("supervisor")


def arquivo(conteudo: str | bytes = CONTEUDO, nome: str = "clientes.csv") -> SimpleUploadedFile:
    return SimpleUploadedFile(nome, conteudo.encode() if isinstance(conteudo, str) else conteudo)


def dados(**mudancas) -> dict:
    """What is sent for a campaign of tomorrow at eight."""
    tipo = TipoCampanha.objects.get(nome="CLARO FASE 1")
    amanha = timezone.localdate() + timedelta(days=1)
    padrao = {
        "operacao": tipo.operacao_id,
        "tipo": tipo.pk,
        "data": f"{amanha:%d/%m/%Y}",
        "hora": "08:00",
        "arquivo": arquivo(),
    }
    return {nome: valor for nome, valor in (padrao | mudancas).items() if valor is not None}


def url(campanha: Campanha, nome: str = "campanha", *mais) -> str:
    return reverse(f"preventivo:{nome}", args=[campanha.pk, *mais])


def texto(resposta) -> str:
    return " ".join(re.sub(r"<[^>]+>", " ", resposta.content.decode()).split())


def erros(resposta) -> dict[str, list[str]]:
    return {campo: list(deles) for campo, deles in resposta.context["form"].errors.items()}


def registros() -> list[str]:
    return list(LogEntry.objects.order_by("id").values_list("change_message", flat=True))


# Cadastrar


def test_the_form_has_the_manual_s_words(operador):
    pagina = texto(operador.get(CRIAR))

    for palavras in (
        "Cadastro para Envio de Email das Preventivas",
        "Selecione a Operação",
        "Campanha",
        "Data/Horário Envio Emails",
        "Arquivo CSV (Preventivo)",
        "Arquivos .CSV ou .XLSX",
        "Baixar Modelo",
        "CADASTRAR",
    ):
        assert palavras in pagina


def test_without_javascript_each_campanha_is_under_its_operacao(operador):
    html = operador.get(CRIAR).content.decode()

    grupos = dict(re.findall(r'<optgroup label="([^"]+)">(.*?)</optgroup>', html, re.S))

    assert list(grupos) == ["Claro", "Net", "Sem Parar"]
    assert re.findall(r">\s*([^<>]+?)\s*</option>", grupos["Claro"]) == [
        "CLARO FASE 1",
        "CLARO TV FASE 1",
        "CLARO CPC",
    ]


def test_with_htmx_the_campanhas_follow_the_operacao(operador):
    claro, net = (Operacao.objects.get(codigo=codigo) for codigo in ("claro", "net"))
    fase_1 = claro.tipos.get(nome="CLARO FASE 1")
    claro.tipos.filter(nome="CLARO CPC").update(ativo=False)

    def opcoes(**parametros) -> str:
        return operador.get(reverse("preventivo:tipos"), parametros, headers=HTMX).content.decode()

    do_claro = opcoes(operacao=claro.pk, tipo=fase_1.pk)
    assert re.findall(r">([^<>]+)</option>", do_claro) == ["Selecione", "CLARO FASE 1", "CLARO TV FASE 1"]
    assert f'value="{fase_1.pk}" selected' in do_claro
    assert "selected>NET FASE 1</option>" in opcoes(operacao=net.pk, tipo=fase_1.pk)  # the only one
    for nada in ({}, {"operacao": ""}, {"operacao": "x"}, {"operacao": "9" * 30}):
        assert "CLARO" not in opcoes(**nada)


def test_a_campaign_is_registered_and_its_page_waits_for_the_file(operador):
    pronta()

    resposta = operador.post(CRIAR, dados(), follow=True)

    campanha = Campanha.objects.get()
    assert resposta.redirect_chain == [(url(campanha), 302)]
    assert (str(campanha.tipo), campanha.nome_do_arquivo) == ("CLARO FASE 1", "clientes.csv")
    assert (campanha.situacao, campanha.criado_por, campanha.teste_para) == (S.IMPORTANDO, operador.pessoa, "")
    local = timezone.localtime(campanha.envia_em)
    assert (local.date(), f"{local:%H:%M}") == (timezone.localdate() + timedelta(days=1), "08:00")
    assert "Lendo o arquivo" in texto(resposta)
    assert LogEntry.objects.get().user == operador.pessoa


def test_what_is_missing_is_said_beside_each_field(operador):
    resposta = operador.post(CRIAR, {})

    assert erros(resposta) == {
        "operacao": ["Selecione a Operação."],
        "tipo": ["Selecione a Campanha."],
        "data": ["Informe Data."],
        "hora": ["Informe Horário."],
        "arquivo": ["Selecione o arquivo com os CPFs e os e-mails."],
    }
    assert not Campanha.objects.exists()


@pytest.mark.parametrize(
    ("mudancas", "campo", "motivo"),
    [
        ({"data": "01/08/2020"}, "data", "já passaram"),
        ({"data": "31/02/2027"}, "data", "Data inválida"),
        ({"data": "01/01/9999"}, "data", "Informe um ano de 1900 a 2999."),
        ({"hora": "25:00"}, "hora", "Hora inválida"),
        ({"arquivo": "foto"}, "arquivo", ""),
        ({"arquivo": "vazio"}, "arquivo", "vazio"),
        ({"tipo": "da net"}, "tipo", "A campanha NET FASE 1 é da operação Net, e não da Claro."),
        ({"teste": "on"}, "teste", "não tem e-mail"),
        ({"operacao": "999"}, "operacao", "não está mais ativa"),
    ],
)
def test_a_refusal_is_beside_its_field_and_what_was_typed_stays(operador, mudancas, campo, motivo):
    pronta()
    if mudancas.get("tipo"):
        mudancas = {"tipo": TipoCampanha.objects.get(nome="NET FASE 1").pk}
    if mudancas.get("arquivo") == "foto":
        mudancas = {"arquivo": arquivo(b"\x89PNG\r\n\x1a\n" + bytes(200), "foto.csv")}
    elif mudancas.get("arquivo") == "vazio":
        mudancas = {"arquivo": arquivo(b"")}
    enviados = dados(**mudancas)

    resposta = operador.post(CRIAR, enviados)

    assert list(erros(resposta)) == [campo]
    assert motivo in erros(resposta)[campo][0]
    form = resposta.context["form"]
    for nome in ("operacao", "tipo", "data", "hora", "teste"):
        if nome in enviados:
            assert str(form[nome].value()) in (str(enviados[nome]), "True"), nome
    assert "Selecione o arquivo outra vez" in texto(resposta)
    assert not Campanha.objects.exists() and not LogEntry.objects.exists()


def test_the_same_file_again_is_refused_beside_it(operador):
    pronta()
    operador.post(CRIAR, dados())

    resposta = operador.post(CRIAR, dados(tipo=TipoCampanha.objects.get(nome="CLARO CPC").pk))

    assert "já está na campanha Claro" in erros(resposta)["arquivo"][0]
    assert Campanha.objects.count() == 1


def test_an_operacao_that_cannot_send_is_refused_beside_it(operador):
    resposta = operador.post(CRIAR, dados())

    assert list(erros(resposta)) == ["operacao"]


def test_a_file_larger_than_it_may_be_is_not_kept_while_it_comes(operador, monkeypatch):
    pronta()
    monkeypatch.setattr(recebimento, "TAMANHO_MAXIMO", 50)

    resposta = operador.post(CRIAR, dados())

    assert erros(resposta) == {"arquivo": [recebimento.GRANDE_DEMAIS]}
    assert not resposta.wsgi_request.FILES
    assert resposta.context["form"]["hora"].value() == "08:00"


def test_a_double_click_registers_once(operador):
    pronta()
    numero = str(uuid.uuid4())

    respostas = [operador.post(CRIAR, dados(pedido=numero)) for _ in range(2)]

    assert [resposta.headers["Location"] for resposta in respostas] == [url(Campanha.objects.get())] * 2


def test_a_test_goes_to_the_address_of_who_asked(operador):
    pronta()
    operador.pessoa.email = "joana@exemplo.com.br"
    operador.pessoa.save()
    pagina = texto(operador.get(CRIAR))
    assert "joana@exemplo.com.br. São usados só os 10 primeiros CPFs do arquivo." in pagina

    operador.post(CRIAR, dados(teste="on"))

    assert Campanha.objects.get().teste_para == "joana@exemplo.com.br"


def test_the_model_is_downloaded_and_enters_as_it_is(operador):
    pronta()

    baixado = operador.get(reverse("preventivo:modelo"))
    operador.post(CRIAR, dados(arquivo=arquivo(baixado.content, "modelo-preventivo.csv")))

    assert baixado.headers["Content-Disposition"] == 'attachment; filename="modelo-preventivo.csv"'
    assert baixado.content == planilha.MODELO
    importacao.importar(Campanha.objects.get().pk, timezone.now())
    campanha = Campanha.objects.get()
    assert (campanha.situacao, campanha.registros, campanha.recusadas) == (S.A_CONFERIR, 2, 0)


# Listar


def test_the_list_has_the_manual_s_columns(operador):
    campanha = nova_campanha(S.CONCLUIDA, registros=1654, acordos=785, envia_em=_em("2026-08-05 08:00"))
    for _ in range(3):
        nova_mensagem_de(novo_aviso(campanha), Estado.ENVIADA)
    nova_mensagem_de(novo_aviso(campanha), Estado.FALHA)

    pagina = operador.get(LISTA, {"data_inicial": "01/08/2026", "data_final": "05/08/2026"})

    cabecalho = re.findall(r"<th .*?</th>", pagina.content.decode(), re.S)
    assert [" ".join(re.sub(r"<[^>]+>|[▲▼]", " ", titulo).split()) for titulo in cabecalho] == [
        "Data",
        "Operação",
        "Campanha",
        "Registros",
        "Acordos",
        "Email Enviados",
        "Status",
        "Detalhes",
    ]
    assert "05/08/2026 às 08:00 Claro CLARO FASE 1 clientes.csv 1.654 785 3 Concluída Ver Detalhes" in texto(pagina)


def _em(local: str) -> datetime:
    return timezone.make_aware(datetime.fromisoformat(local))


def nas_linhas(resposta) -> list[Campanha]:
    return resposta.context["pagina"].linhas


def test_the_list_opens_with_the_last_thirty_days_and_what_is_to_come(operador):
    agora = timezone.now()
    velha, recente, futura = (nova_campanha(envia_em=agora + timedelta(days=dias)) for dias in (-31, -29, 40))

    assert nas_linhas(operador.get(LISTA)) == [futura, recente]
    assert nas_linhas(operador.get(LISTA, {"data_inicial": ""})) == [futura, recente, velha]
    hoje = f"{timezone.localdate():%d/%m/%Y}"
    assert nas_linhas(operador.get(LISTA, {"data_final": hoje})) == [recente]


def test_a_period_is_of_whole_local_days(operador):
    da_noite = nova_campanha(envia_em=_em("2026-08-05 23:30"))
    nova_campanha(envia_em=_em("2026-08-06 00:00"))

    resposta = operador.get(LISTA, {"data_inicial": "05/08/2026", "data_final": "05/08/2026"})

    assert nas_linhas(resposta) == [da_noite]


@pytest.mark.parametrize(
    ("busca", "achadas"), [("net", 1), ("fase 1", 2), ("CPC", 1), ("pausa", 1), ("lista_de_agosto", 1), ("zzz", 0)]
)
def test_the_search_looks_at_what_is_shown(operador, busca, achadas):
    nova_campanha(codigo="net")
    nova_campanha(S.PAUSADA, tipo="CLARO CPC")
    nova_campanha(nome_do_arquivo="lista_de_agosto.csv")

    resposta = operador.get(LISTA, {"busca": busca})

    assert len(nas_linhas(resposta)) == achadas


def test_a_filter_that_makes_no_sense_is_said_beside_it(operador):
    nova_campanha()

    resposta = operador.get(LISTA, {"data_inicial": "10/11/2026", "data_final": "09/11/2026"})

    assert erros(resposta) == {"data_final": ["A data final é anterior à inicial."]}
    assert "Corrija o filtro" in texto(resposta)


def test_the_pages_of_the_list_are_the_manual_s(operador):
    for _ in range(6):
        nova_campanha()

    primeira = operador.get(LISTA, {"exibir": "5"})
    segunda = operador.get(LISTA + primeira.context["pagina"].proxima)

    assert "1 ao 5 de 6 registros" in texto(primeira) and "Próximo" in texto(primeira)
    assert "6 ao 6 de 6 registros" in texto(segunda) and "Anterior" in texto(segunda)
    assert re.findall(r'<option value="(\d+)"', primeira.content.decode()) == ["5", "10", "25", "50", "100"]


def test_the_empty_list_says_what_to_do(operador):
    assert "Nenhuma campanha ainda" in texto(operador.get(LISTA))
    nova_campanha()
    assert "Nenhuma campanha neste período" in texto(operador.get(LISTA, {"data_inicial": "01/01/2099"}))


@pytest.mark.parametrize(
    ("situacao", "viva"),
    [(S.IMPORTANDO, True), (S.A_CONFERIR, False), (S.ENVIANDO, True), (S.AGUARDANDO_TROCA, True), (S.CONCLUIDA, False)],
)
def test_the_rows_ask_for_themselves_again_while_one_is_in_progress(operador, situacao, viva):
    nova_campanha(situacao)
    nova_campanha(S.CANCELADA)

    html = operador.get(LISTA).content.decode()

    assert ('hx-trigger="every 3s"' in html) == viva


def test_by_htmx_only_the_rows_come_with_the_numbers_of_now(operador):
    campanha = nova_campanha(S.ENVIANDO)
    antes = operador.get(LISTA, headers=HTMX | {"HX-Target": "linhas"})
    nova_mensagem_de(novo_aviso(campanha), Estado.ENVIADA)

    depois = operador.get(LISTA, headers=HTMX | {"HX-Target": "linhas"})

    assert depois.content.decode().lstrip().startswith("<tbody")
    assert "<h1" in operador.get(LISTA, headers=HTMX | {"HX-Target": "tabela"}).content.decode()
    assert " 0 0 0 Enviando" in texto(antes) and " 0 0 1 Enviando" in texto(depois)


def test_the_list_asks_the_same_of_the_database_however_many_there_are(operador, django_assert_max_num_queries):
    for numero in range(30):
        campanha = nova_campanha(S.ENVIANDO, codigo=("claro", "net", "semparar")[numero % 3])
        nova_mensagem_de(novo_aviso(campanha), Estado.ENVIADA)

    with django_assert_max_num_queries(12):
        resposta = operador.get(LISTA, {"exibir": "25"})

    assert len(nas_linhas(resposta)) == 25


# While the file is read


def test_the_page_shows_how_much_of_the_file_was_read(operador):
    campanha = nova_campanha(S.IMPORTANDO, tamanho=2048, lidos=1024, linhas=31)

    html = operador.get(url(campanha)).content.decode()

    assert '<progress value="1024"' in html and 'max="2048"' in html
    assert "Lendo o arquivo: 31 linhas lidas." in html
    assert f'hx-get="{url(campanha, "andamento")}?situacao={campanha.situacao}"' in html


def test_when_the_status_changes_the_whole_page_is_asked_for(operador):
    campanha = nova_campanha(S.IMPORTANDO)
    andamento = url(campanha, "andamento") + f"?situacao={campanha.situacao}"
    assert "HX-Refresh" not in operador.get(andamento, headers=HTMX).headers

    Campanha.objects.update(situacao=S.A_CONFERIR)

    assert operador.get(andamento, headers=HTMX).headers["HX-Refresh"] == "true"


def test_a_file_that_could_not_be_read_says_why(operador):
    campanha = nova_campanha(S.CANCELADA, confirmada_em=None, motivo="O arquivo não tem a coluna cpf.")

    resposta = operador.get(url(campanha))

    assert "O arquivo não tem a coluna cpf." in texto(resposta)
    assert "Cadastrar outra campanha" in texto(resposta)
    assert resposta.context["acoes"] == []


# A conferir


@pytest.fixture
def a_conferir(db) -> Campanha:
    """Imported from a file with two CPFs and a line that is refused."""
    campanha = nova_campanha(S.IMPORTANDO, registros=2, enderecos=3, recusadas=1, duplicados=4, linhas=8)
    for cpf, emails in (("52998224725", ["ana@exemplo.com.br"]), ("11144477735", ["rui@exemplo.com.br", "r@x.com"])):
        novo_registro(campanha, cpf=cpf, emails=emails)
    LinhaRecusada.objects.create(
        campanha=campanha, linha=3, coluna="cpf", motivo="CPF inválido.", conteudo="=1+1<script>"
    )
    Campanha.objects.update(situacao=S.A_CONFERIR)
    campanha.refresh_from_db()
    return campanha


def test_what_entered_is_shown_before_it_is_confirmed(supervisor, a_conferir):
    resposta = supervisor.get(url(a_conferir))

    pagina = texto(resposta)
    for palavras in ("2 CPFs", "3 e-mails", "1 linha recusada", "4 repetidos", "8 linhas no arquivo"):
        assert palavras in pagina
    assert "3 cpf CPF inválido. =1+1&lt;script&gt;" in pagina
    assert "***.982.247-** ana@exemplo.com.br" in pagina and "529.982" not in pagina  # a sample needs no whole CPF
    assert "Previsão do envio" in pagina and "Mensagens previstas 3" in pagina
    assert [acao.nome for acao in resposta.context["acoes"]] == ["confirmar", "reagendar", "descartar"]


def test_the_forecast_says_that_the_quota_is_not_enough(operador, a_conferir):
    servico = a_conferir.operacao.remetente.servico
    servico.cota_mensal = 1
    servico.save()

    pagina = texto(operador.get(url(a_conferir)))

    assert "não cabe" in pagina and servico.nome in pagina and "não se pode prever" in pagina


def test_the_refused_lines_come_in_pages_and_as_a_file(operador, a_conferir):
    LinhaRecusada.objects.bulk_create(
        LinhaRecusada(campanha=a_conferir, linha=linha, coluna="email", motivo="E-mail inválido.", conteudo="@nada")
        for linha in range(10, 22)
    )

    primeira = operador.get(url(a_conferir))
    segunda = operador.get(url(a_conferir) + primeira.context["pagina"].proxima)
    baixadas = ler_csv(operador.get(url(a_conferir, "recusadas")))

    assert "1 ao 10 de 13 registros" in texto(primeira) and "11 ao 13 de 13 registros" in texto(segunda)
    assert baixadas[:3] == [
        ["linha", "coluna", "motivo", "conteúdo"],
        ["3", "cpf", "CPF inválido.", "'=1+1<script>"],
        ["10", "email", "E-mail inválido.", "'@nada"],
    ]
    assert len(baixadas) == 14


@pytest.mark.parametrize(("grupo", "como"), [("operador", "***.982.247-**"), ("supervisor", "529.982.247-26")])
def test_a_cpf_in_a_refused_line_is_whole_only_for_who_may_see_it(entrar, a_conferir, grupo, como):
    LinhaRecusada.objects.update(conteudo="529.982.247-26;52998224726@exemplo.com.br")
    navegador = entrar(grupo)
    email = f"{como.replace('.', '').replace('-', '')}@exemplo.com.br"

    assert f"CPF inválido. {como};{email}" in texto(navegador.get(url(a_conferir)))
    baixado = navegador.get(url(a_conferir, "recusadas"))
    assert ler_csv(baixado)[1] == ["3", "cpf", "CPF inválido.", f"{como};{email}"]


def test_cpfs_that_another_campaign_of_the_day_has_are_told_before_it_is_confirmed(operador, a_conferir):
    outra = nova_campanha(S.CONCLUIDA, envia_em=a_conferir.envia_em)
    novo_registro(outra, cpf="52998224725")
    novo_registro(outra, cpf="39053344705")

    assert "1 CPF deste arquivo está também em outra campanha da operação" in texto(operador.get(url(a_conferir)))

    Campanha.objects.filter(pk=outra.pk).update(situacao=S.CANCELADA)
    assert "em outra campanha" not in texto(operador.get(url(a_conferir)))


def test_what_is_confirmed_is_the_moment_that_was_seen(operador, a_conferir):
    visto = re.search(r'name="vista_para"\s+value="([^"]+)"', operador.get(url(a_conferir)).text)[1]
    Campanha.objects.update(envia_em=a_conferir.envia_em + timedelta(minutes=2))

    resposta = operador.post(url(a_conferir, "confirmar"), {"confirmado": "1", "vista_para": visto}, follow=True)

    assert "O envio mudou para" in texto(resposta) and "confira e confirme de novo." in texto(resposta)
    assert Campanha.objects.get(pk=a_conferir.pk).situacao == S.A_CONFERIR
    novo = re.search(r'name="vista_para"\s+value="([^"]+)"', resposta.text)[1]
    assert novo != visto
    operador.post(url(a_conferir, "confirmar"), {"confirmado": "1", "vista_para": novo})
    assert Campanha.objects.get(pk=a_conferir.pk).situacao == S.COLETANDO


def test_a_moment_that_is_none_is_no_error(operador, a_conferir):
    dados = {"confirmado": "1", "vista_para": "2026-99-99T00:00"}

    assert operador.post(url(a_conferir, "confirmar"), dados).status_code == 302


def ler_csv(resposta) -> list[list[str]]:
    conteudo = b"".join(resposta.streaming_content).decode("utf-8-sig")
    return list(csv.reader(io.StringIO(conteudo), delimiter=";"))


def test_confirming_asks_first_and_starts_the_collection(operador, a_conferir):
    pergunta = operador.post(url(a_conferir, "confirmar"))
    assert f"Confirma a campanha {a_conferir.tipo}, {a_conferir}, com 2 CPFs?" in texto(pergunta)
    a_conferir.refresh_from_db()
    assert a_conferir.situacao == S.A_CONFERIR

    operador.post(url(a_conferir, "confirmar"), {"voltar": "1"})
    a_conferir.refresh_from_db()
    assert a_conferir.situacao == S.A_CONFERIR

    resposta = operador.post(url(a_conferir, "confirmar"), {"confirmado": "1"}, follow=True)
    a_conferir.refresh_from_db()
    assert a_conferir.situacao == S.COLETANDO
    assert "Campanha confirmada" in texto(resposta)
    assert len(registros()) == 1


def test_the_second_copy_of_a_click_is_led_where_the_first_was(operador, a_conferir):
    pedido = {"confirmado": "1", "pedido": str(uuid.uuid4())}

    respostas = [operador.post(url(a_conferir, "confirmar"), pedido, follow=True) for _ in range(2)]

    assert "Campanha confirmada" in texto(respostas[0])
    assert respostas[1].redirect_chain == [(url(a_conferir), 302)] and "não pode ser feito agora" not in texto(
        respostas[1]
    )


def test_discarding_keeps_nothing_of_the_file(operador, a_conferir):
    operador.post(url(a_conferir, "descartar"), {"confirmado": "1"})

    a_conferir.refresh_from_db()
    assert a_conferir.situacao == S.CANCELADA
    assert not a_conferir.registros_da_campanha.exists()
    assert "Descartada na conferência" in texto(operador.get(url(a_conferir)))


def test_what_no_longer_applies_is_said_and_not_done(operador, a_conferir):
    Campanha.objects.update(situacao=S.COLETANDO, confirmada_em=timezone.now())

    resposta = operador.post(url(a_conferir, "descartar"), {"confirmado": "1"}, follow=True)

    assert "A campanha está Coletando: isso não pode ser feito agora." in texto(resposta)
    assert a_conferir.registros_da_campanha.count() == 2


def test_who_only_opens_the_address_of_a_question_is_led_to_the_campaign(operador, a_conferir):
    assert operador.get(url(a_conferir, "confirmar")).headers["Location"] == url(a_conferir)


# What may be done


def nomes(resposta) -> list[str]:
    return [acao.nome for acao in resposta.context["acoes"]]


@pytest.mark.parametrize(
    ("grupo", "esperadas"),
    [
        ("operador", ["reagendar", "pausar"]),
        ("supervisor", ["reagendar", "pausar", "cancelar"]),
        ("administrador", ["reagendar", "pausar", "cancelar"]),
    ],
)
def test_each_group_is_offered_what_it_may_do(entrar, grupo, esperadas):
    campanha = nova_campanha(S.COLETANDO)
    navegador = entrar(grupo)

    assert nomes(navegador.get(url(campanha))) == esperadas
    for nome in ("cancelar", "reenviar"):
        proibida = navegador.get(url(campanha, nome)).status_code == 403
        assert proibida == (grupo == "operador")


def test_the_day_and_the_hour_can_be_changed_until_it_sends(operador):
    campanha = nova_campanha(S.AGENDADA)
    formulario = operador.get(url(campanha, "reagendar"))
    local = timezone.localtime(campanha.envia_em)
    assert formulario.context["form"]["hora"].value() == f"{local:%H:%M}"

    resposta = operador.post(url(campanha, "reagendar"), {"data": "02/01/2030", "hora": "09:15"}, follow=True)

    campanha.refresh_from_db()
    assert campanha.envia_em == _em("2030-01-02 09:15")
    assert "Data e horário alterados." in texto(resposta)
    Campanha.objects.update(situacao=S.ENVIANDO)
    assert "não pode ser feito agora" in texto(operador.get(url(campanha, "reagendar"), follow=True))


def test_a_day_in_the_past_is_refused_beside_it(operador):
    campanha = nova_campanha(S.AGENDADA)

    resposta = operador.post(url(campanha, "reagendar"), {"data": "01/08/2020", "hora": "09:15"})

    assert "já passaram" in erros(resposta)["data"][0]
    assert resposta.context["form"]["hora"].value() == "09:15"


def test_pausing_asks_why_and_somebody_lets_it_go_on(operador):
    campanha = nova_campanha(S.ENVIANDO)
    assert erros(operador.post(url(campanha, "pausar"), {"motivo": " "})) == {"motivo": ["Informe o motivo."]}

    operador.post(url(campanha, "pausar"), {"motivo": "O texto está errado."})

    campanha.refresh_from_db()
    assert (campanha.situacao, campanha.motivo) == (S.PAUSADA, "O texto está errado.")
    assert texto(operador.get(url(campanha))).count("O texto está errado.") == 1
    operador.post(url(campanha, "continuar"), {"confirmado": "1"})
    campanha.refresh_from_db()
    assert campanha.situacao == S.ENVIANDO


def test_only_those_above_the_operator_cancel_and_they_say_why(operador, supervisor):
    campanha = nova_campanha(S.ENVIANDO)
    mensagem = nova_mensagem_de(novo_aviso(campanha), Estado.PENDENTE)
    assert operador.post(url(campanha, "cancelar"), {"motivo": "x"}).status_code == 403

    resposta = supervisor.post(url(campanha, "cancelar"), {"motivo": "A empresa pediu."}, follow=True)

    campanha.refresh_from_db()
    mensagem.refresh_from_db()
    assert (campanha.situacao, mensagem.estado) == (S.CANCELADA, Estado.CANCELADA)
    assert "Motivo: A empresa pediu." in texto(resposta)


@pytest.fixture
def com_falhas(db) -> Campanha:
    campanha = nova_campanha(S.CONCLUIDA_COM_FALHAS, registros=3, acordos=3)
    nova_mensagem_de(novo_aviso(campanha, cpf="52998224725", numero="B-ENVIADO"), Estado.ENVIADA)
    for numero, endereco in (("B-FALHOU", "=cmd@exemplo.com.br"), ("B-TAMBEM", "rui@exemplo.com.br")):
        nova_mensagem_de(
            novo_aviso(campanha, cpf="", numero=numero, email=endereco),
            Estado.FALHA,
            motivo="Endereço inexistente: 550 5.1.1",
        )
    novo_aviso(campanha, Aviso.Situacao.LINHA_INVALIDA, numero="B-INVALIDO")
    return campanha


def test_what_failed_is_sent_again_by_the_same_service(operador, supervisor, com_falhas):
    assert operador.post(url(com_falhas, "reenviar"), {"motivo": "x"}).status_code == 403
    servico = com_falhas.operacao.remetente.servico

    resposta = supervisor.post(url(com_falhas, "reenviar"), {"motivo": "O servidor voltou."}, follow=True)

    com_falhas.refresh_from_db()
    com_falhas.operacao.remetente.refresh_from_db()
    assert "2 mensagens voltaram para a fila de envio." in texto(resposta)
    assert Mensagem.objects.filter(estado=Estado.PENDENTE).count() == 2
    assert (com_falhas.situacao, com_falhas.operacao.remetente.servico) == (S.ENVIANDO, servico)


def test_sending_again_by_another_service_changes_that_of_the_operacao_and_says_so(supervisor, com_falhas):
    outro = novo_servico(90, cota_mensal=100)
    interno = novo_servico(91, uso_interno=True)
    pagina = supervisor.get(url(com_falhas, "reenviar"))
    assert "troca o serviço da operação inteira" in texto(pagina)
    assert outro.nome in texto(pagina) and interno.nome not in texto(pagina)
    recusada = supervisor.post(url(com_falhas, "reenviar"), {"motivo": "x", "servico": interno.pk})
    assert list(erros(recusada)) == ["servico"]

    supervisor.post(url(com_falhas, "reenviar"), {"motivo": "Cota.", "servico": outro.pk})

    remetente = com_falhas.operacao.remetente
    remetente.refresh_from_db()
    assert remetente.servico == outro
    assert Mensagem.objects.filter(estado=Estado.PENDENTE).count() == 2


def test_a_service_that_the_operacao_leaves_by_meanwhile_may_still_be_the_answer(supervisor, com_falhas):
    outro = novo_servico(90, cota_mensal=100)
    supervisor.get(url(com_falhas, "reenviar"))
    Remetente.objects.filter(pk=com_falhas.operacao.remetente.pk).update(servico=outro)

    resposta = supervisor.post(url(com_falhas, "reenviar"), {"motivo": "Cota.", "servico": outro.pk}, follow=True)

    assert resposta.status_code == 200
    com_falhas.refresh_from_db()
    assert (com_falhas.situacao, Mensagem.objects.filter(estado=Estado.PENDENTE).count()) == (S.ENVIANDO, 2)


def test_only_who_may_change_the_service_of_an_operacao_sends_again_by_another(supervisor, com_falhas):
    outro, remetente = novo_servico(90, cota_mensal=100), com_falhas.operacao.remetente
    mudar = Permission.objects.get(content_type__app_label="mensageria", codename="change_remetente")
    for grupo in supervisor.pessoa.groups.all():
        grupo.permissions.remove(mudar)

    pagina = supervisor.get(url(com_falhas, "reenviar"))
    forcada = supervisor.post(url(com_falhas, "reenviar"), {"motivo": "Cota.", "servico": outro.pk})

    assert "servico" not in pagina.context["form"].fields
    assert forcada.status_code == 403
    assert not Mensagem.objects.filter(estado=Estado.PENDENTE).exists()
    remetente.refresh_from_db()
    assert remetente.servico != outro
    supervisor.post(url(com_falhas, "reenviar"), {"motivo": "O servidor voltou."})
    assert Mensagem.objects.filter(estado=Estado.PENDENTE).count() == 2


def test_an_exhausted_service_is_asked_about_before_it_is_chosen(supervisor, com_falhas):
    esgotado, remetente = novo_servico(90, cota_mensal=100), com_falhas.operacao.remetente
    type(remetente).objects.update(rotacao_automatica=False)
    consumo.esgotar(esgotado, "550 5.4.5 Daily limit exceeded", timezone.now())
    dados_ = {"motivo": "Cota.", "servico": esgotado.pk}

    def servico_agora():
        remetente.refresh_from_db()
        return remetente.servico

    pergunta = supervisor.post(url(com_falhas, "reenviar"), dados_)
    assert "está com o limite de envios esgotado. Usar mesmo assim?" in texto(pergunta)
    volta = supervisor.post(url(com_falhas, "reenviar"), dados_ | {"voltar": "1"})
    assert volta.context["form"]["motivo"].value() == "Cota."
    assert servico_agora() != esgotado

    supervisor.post(url(com_falhas, "reenviar"), dados_ | {"confirmado": "1"})
    assert servico_agora() == esgotado


# Ver Detalhes


def test_the_details_show_the_funnel_the_services_and_the_reasons(supervisor, com_falhas):
    resposta = supervisor.get(url(com_falhas))

    etapas = {etapa.rotulo: etapa.quantos for etapa in resposta.context["funil"]}
    assert list(etapas) == [
        "Registros",
        "CPFs com acordo",
        "Acordos",
        "Boletos na regra",
        "Mensagens",
        "Enviadas",
        "Entregues",
        "Falhas",
    ]
    assert (etapas["Registros"], etapas["Mensagens"], etapas["Enviadas"], etapas["Falhas"]) == (3, 3, 1, 2)
    assert reverse("mensageria:balanco", args=[com_falhas.execucao]) in resposta.content.decode()
    assert "Linha digitável inválida" in texto(resposta)


def test_who_did_not_receive_is_listed_with_the_reason_and_the_message(supervisor, com_falhas):
    resposta = supervisor.get(url(com_falhas))

    falha = Mensagem.objects.filter(estado=Estado.FALHA).first()
    pagina = texto(resposta)
    assert "B-ENVIADO" not in pagina
    for numero in ("B-FALHOU", "B-TAMBEM", "B-INVALIDO"):
        assert numero in pagina
    assert f'href="{reverse("mensageria:mensagem", args=[falha.pk])}"' in resposta.content.decode()
    assert "Reenviar para estes" in pagina


def test_a_cpf_without_an_answer_is_counted_and_in_the_file(supervisor, com_falhas):
    novo_registro(com_falhas, coletado_em=None, emails=["a@x.com", "b@x.com"], erro="500")

    assert "1 CPF ficou sem resposta da empresa" in texto(supervisor.get(url(com_falhas)))
    linhas = ler_csv(supervisor.get(url(com_falhas, "exportar", "nao-receberam", "csv")))
    assert [linha[1:] for linha in linhas[-2:]] == [
        [endereco, "", "", "", "CPF sem resposta da empresa: 500", ""] for endereco in ("a@x.com", "b@x.com")
    ]


@pytest.mark.parametrize(("grupo", "como"), [("operador", "***.982.247-**"), ("supervisor", "529.982.247-25")])
def test_a_cpf_is_whole_only_for_who_may_see_it(entrar, grupo, como):
    campanha = nova_campanha(S.CONCLUIDA_COM_FALHAS)
    novo_aviso(campanha, Aviso.Situacao.LINHA_INVALIDA, cpf="52998224725")
    navegador = entrar(grupo)

    assert f"{como} ana@exemplo.com.br" in texto(navegador.get(url(campanha)))
    assert ler_csv(navegador.get(url(campanha, "exportar", "nao-receberam", "csv")))[1][0] == como


def test_the_details_ask_for_themselves_again_only_while_it_goes(operador, com_falhas):
    assert "hx-trigger" not in operador.get(url(com_falhas)).content.decode()
    viva = nova_campanha(S.ENVIANDO)

    html = operador.get(url(viva)).content.decode()
    for nome, tempo in (("andamento", "3s"), ("desempenho", "30s")):
        endereco = url(viva, nome) + f"?situacao={S.ENVIANDO}"
        assert re.search(rf'hx-get="{re.escape(endereco)}"\s+hx-trigger="every {tempo}"', html)
        fragmento = operador.get(endereco, headers=HTMX)
        assert fragmento.content.decode().lstrip().startswith(f'<div id="{nome}"')
    Campanha.objects.filter(pk=viva.pk).update(situacao=S.PAUSADA)
    for nome in ("andamento", "desempenho"):
        endereco = url(viva, nome) + f"?situacao={S.ENVIANDO}"
        assert operador.get(endereco, headers=HTMX).headers["HX-Refresh"] == "true"


def test_what_is_asked_every_few_seconds_counts_nothing_of_the_campaign(supervisor, com_falhas):
    """It reads the counters that the campaign and its lotes keep; what is the longer the larger it is comes slowly."""
    Campanha.objects.update(situacao=S.ENVIANDO)
    Mensagem.objects.filter(estado=Estado.ENVIADA).update(enviada_em=timezone.now())

    with CaptureQueriesContext(connection) as feitas:
        resposta = supervisor.get(url(com_falhas, "andamento") + f"?situacao={S.ENVIANDO}", headers=HTMX)

    assert (
        "Registros CPFs do arquivo 3 Acordos 3 Mensagens por boleto e e-mail 3 "
        "Enviadas 1 Entregues das enviadas 0 Falhas 2"
    ) in texto(resposta)
    assert not re.search(r"aviso|boleto\b|acordo\b|mensagem\b|count\(", " ".join(q["sql"] for q in feitas), re.I)
    devagar = texto(supervisor.get(url(com_falhas, "desempenho") + f"?situacao={S.ENVIANDO}", headers=HTMX))
    for palavras in ("Boletos na regra 4", "Enviadas 1", "Envios ao longo do tempo", "Enviadas por serviço"):
        assert palavras in devagar
    assert "Não enviadas por motivo" in devagar


def test_one_is_one_and_two_are_two(supervisor, com_falhas):
    nova_mensagem_de(novo_aviso(com_falhas), Estado.CANCELADA)
    assert "1 mensagem cancelada 1 mensagem não gerada" in texto(supervisor.get(url(com_falhas)))
    nova_mensagem_de(novo_aviso(com_falhas), Estado.CANCELADA)
    novo_aviso(com_falhas, Aviso.Situacao.PAGO)

    assert "2 mensagens canceladas 2 mensagens não geradas" in texto(supervisor.get(url(com_falhas)))


def test_the_details_ask_the_same_of_the_database_however_many_there_are(supervisor, django_assert_max_num_queries):
    campanha = nova_campanha(S.ENVIANDO)
    for numero in range(30):
        nova_mensagem_de(novo_aviso(campanha), Estado.FALHA if numero % 2 else Estado.ENVIADA)

    with django_assert_max_num_queries(24):
        supervisor.get(url(campanha), {"exibir": "25"})


# Files


def test_who_did_not_receive_is_a_csv_that_no_spreadsheet_takes_for_formulas(supervisor, com_falhas):
    linhas = ler_csv(supervisor.get(url(com_falhas, "exportar", "nao-receberam", "csv")))

    assert linhas[0] == ["CPF", "E-mail", "Boleto", "Vencimento", "Valor", "Motivo", "Mensagem"]
    por_numero = {linha[2]: linha for linha in linhas[1:]}
    assert set(por_numero) == {"B-FALHOU", "B-TAMBEM", "B-INVALIDO"}
    assert por_numero["B-FALHOU"][1] == "'=cmd@exemplo.com.br"
    assert por_numero["B-FALHOU"][4] == "1.234,56"
    assert registros() == ["Exportado em CSV: nao-receberam, CPF inteiro."]


def test_who_received_is_a_sheet_with_numbers_and_days(operador, com_falhas):
    resposta = operador.get(url(com_falhas, "exportar", "receberam", "xlsx"))

    folha = load_workbook(io.BytesIO(b"".join(resposta.streaming_content))).active
    linhas = list(folha.iter_rows(values_only=True))
    assert len(linhas) == 2
    assert linhas[0][:5] == ("CPF", "E-mail", "Boleto", "Vencimento", "Valor")
    cpf, email, numero, vencimento, valor, _, _, situacao, mensagem = linhas[1]
    assert (cpf, email, numero, valor) == ("***.982.247-**", "ana@exemplo.com.br", "B-ENVIADO", 1234.56)
    assert (situacao, mensagem) == ("Enviada", Mensagem.objects.get(estado=Estado.ENVIADA).pk)
    assert vencimento.date() == com_falhas.dia
    assert registros() == ["Exportado em XLSX: receberam, CPF mascarado."]


def test_more_rows_than_a_sheet_gets_are_refused_in_words(operador, com_falhas, monkeypatch):
    monkeypatch.setattr(exportacao, "LINHAS_DO_XLSX", 2)

    resposta = operador.get(url(com_falhas, "exportar", "nao-receberam", "xlsx"), follow=True)

    assert "São mais de 2 linhas: exporte em CSV." in texto(resposta)
    assert len(ler_csv(operador.get(url(com_falhas, "exportar", "nao-receberam", "csv")))) == 4


@pytest.mark.parametrize(("quem", "formato"), [("todos", "csv"), ("receberam", "pdf")])
def test_what_cannot_be_exported_is_not_found(operador, com_falhas, quem, formato):
    assert operador.get(url(com_falhas, "exportar", quem, formato)).status_code == 404


@pytest.mark.parametrize("inicio", ["=", "+", "-", "@", "\t", "\r"])
def test_no_cell_begins_like_a_formula(inicio):
    linhas = [[f"{inicio}1+1", "ana", None]]

    lidas = list(csv.reader(io.StringIO("".join(em_csv(["a"], linhas)), newline=""), delimiter=";"))
    planilha_ = io.BytesIO()
    exportacao.em_xlsx(["a"], linhas, planilha_)
    celula = load_workbook(planilha_).active["A2"]

    assert lidas[1] == [f"'{inicio}1+1", "ana", ""]
    assert celula.data_type == "s" and celula.value.startswith("'")


def test_a_sheet_takes_characters_that_xml_does_not(db):
    arquivo_ = io.BytesIO()

    exportacao.em_xlsx(["a"], [["ana\x00\x0bmaria"]], arquivo_)

    assert load_workbook(arquivo_).active["A2"].value == "anamaria"


# From the messages, and to them


def test_the_pages_of_its_messages_lead_back_to_the_campaign(operador, com_falhas):
    balanco = operador.get(reverse("mensageria:balanco", args=[com_falhas.execucao]))

    assert "Ver a campanha" in texto(balanco)
    volta = operador.get(balanco.context["do_processo"])
    assert volta.headers["Location"] == url(com_falhas)
    mensagem = operador.get(reverse("mensageria:mensagem", args=[Mensagem.objects.first().pk]))
    assert "Listar Campanhas" in texto(mensagem) and balanco.context["do_processo"] in mensagem.content.decode()


@pytest.mark.parametrize(("horas", "dito"), [(2, True), (30, False)])
def test_what_is_to_be_checked_says_when_the_hour_of_the_send_comes_first(operador, horas, dito):
    agora = timezone.now()
    campanha = nova_campanha(S.A_CONFERIR, envia_em=agora + timedelta(hours=horas))
    Campanha.objects.filter(pk=campanha.pk).update(conferir_ate=agora + timedelta(hours=24))

    tela = texto(operador.get(url(campanha)))

    assert ("a hora do envio, só se confirma com outra data" in tela) is dito
    assert "a campanha é descartada" in tela
