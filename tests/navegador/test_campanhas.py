"""Sections 1 and 2 of the manual of the campaigns: one is registered, checked and confirmed, and the list goes up."""

import re

import pytest
from django.utils import timezone
from playwright.sync_api import expect

from exemplo.navegador import CELULAR, SEM_JAVASCRIPT
from mensageria.estados import Estado
from preventivo import importacao
from preventivo.models import Aviso, Campanha, LinhaRecusada, Operacao
from tests.fabricas import novo_parametro_sistema
from tests.preventivo.campanhas_prontas import S, nova_campanha, nova_mensagem_de, novo_aviso, novo_registro, pronta

from .acessibilidade import acessivel

CRIAR, LISTA = "/campanha_preventiva/criar_campanha", "/campanha_preventiva/campanhas"
ARQUIVO = {
    "name": "clientes.csv",
    "mimeType": "text/csv",
    "buffer": b"cpf;email\n52998224725;ana@exemplo.com.br\n11144477735;rui@exemplo.com.br\n11144477736;x@x.com.br\n",
}


@pytest.fixture(autouse=True)
def claro(servidor) -> Operacao:
    novo_parametro_sistema()
    return pronta()


def preencher(pagina, *, arquivo: bool = True) -> None:
    pagina.goto(CRIAR)
    pagina.get_by_label("Selecione a Operação").select_option(label="Claro")
    pagina.locator("#id_tipo").select_option(label="CLARO TV FASE 1")
    pagina.get_by_label("Data").fill("02/01/2031")
    pagina.get_by_label("Horário").fill("09:15")
    if arquivo:
        pagina.get_by_label("Arquivo CSV (Preventivo)").set_input_files(ARQUIVO)


@pytest.mark.parametrize("opcoes", [{}, SEM_JAVASCRIPT], ids=["com-javascript", "sem-javascript"])
def test_from_the_file_to_the_confirmation(entrar, opcoes):
    pagina = entrar("operador", **opcoes)
    preencher(pagina)
    pagina.get_by_role("button", name="CADASTRAR").click()
    pagina.get_by_text("Lendo o arquivo").wait_for()

    importacao.importar(Campanha.objects.get().pk, timezone.now())
    if opcoes:
        pagina.get_by_role("link", name="Atualizar").click()
    pagina.get_by_role("heading", name="Confira antes de confirmar").wait_for()  # by itself, where there is JavaScript

    expect(pagina.get_by_role("region", name="Linha, coluna e motivo")).to_contain_text("CPF")
    expect(pagina.get_by_role("region", name="CPFs e e-mails da amostra")).to_contain_text("***.982.247-**")
    pagina.get_by_role("button", name="Confirmar").click()
    pagina.get_by_role("button", name="Sim").click()
    pagina.get_by_text("Campanha confirmada: a coleta dos dados começou.").wait_for()
    campanha = Campanha.objects.get()
    assert (campanha.situacao, campanha.registros, campanha.recusadas) == (S.COLETANDO, 2, 1)
    assert f"{timezone.localtime(campanha.envia_em):%d/%m/%Y %H:%M}" == "02/01/2031 09:15"


def test_the_campanhas_follow_the_operacao_without_a_reload(entrar):
    pagina = entrar("operador")
    pagina.goto(CRIAR)
    opcoes = pagina.locator("#id_tipo option")
    expect(opcoes).to_have_text(["Selecione primeiro a Operação"])

    pagina.get_by_label("Selecione a Operação").select_option(label="Claro")
    expect(opcoes).to_have_text(["Selecione", "CLARO FASE 1", "CLARO TV FASE 1", "CLARO CPC"])
    pagina.get_by_label("Selecione a Operação").select_option(label="Net")

    expect(opcoes).to_have_text(["Selecione", "NET FASE 1"])
    expect(pagina.locator("#id_tipo option:checked")).to_have_text("NET FASE 1")


def test_what_was_typed_stays_when_something_is_missing(entrar):
    pagina = entrar("operador")
    preencher(pagina, arquivo=False)

    pagina.get_by_role("button", name="CADASTRAR").click()

    pagina.get_by_role("alert").wait_for()
    expect(pagina.get_by_label("Selecione a Operação").locator(":checked")).to_have_text("Claro")
    expect(pagina.locator("#id_tipo option:checked")).to_have_text("CLARO TV FASE 1")
    expect(pagina.get_by_label("Data")).to_have_value("02/01/2031")
    expect(pagina.get_by_label("Horário")).to_have_value("09:15")
    assert not Campanha.objects.exists()


def test_a_double_click_registers_once(entrar):
    pagina = entrar("operador")
    preencher(pagina)

    pagina.get_by_role("button", name="CADASTRAR").dblclick()

    pagina.get_by_text("Lendo o arquivo").wait_for()
    assert Campanha.objects.count() == 1


def test_the_list_is_seen_to_grow_and_to_end(entrar):
    campanha = nova_campanha(S.ENVIANDO)
    avisos = [novo_aviso(campanha) for _ in range(3)]
    nova_mensagem_de(avisos[0], Estado.ENVIADA)
    pagina = entrar("operador")
    pagina.goto(LISTA)
    linha = pagina.get_by_role("row").filter(has_text="CLARO FASE 1")
    enviados = linha.locator("[data-rotulo='Email Enviados']")
    expect(enviados).to_have_text("1")
    detalhes = linha.get_by_role("link", name=re.compile("Ver Detalhes"))
    detalhes.focus()

    for aviso in avisos[1:]:
        nova_mensagem_de(aviso, Estado.ENVIADA)
    expect(enviados).to_have_text("3")
    expect(detalhes).to_be_focused()
    Campanha.objects.update(situacao=S.CONCLUIDA)
    expect(linha).to_contain_text("Concluída")

    expect(pagina.locator("#linhas[hx-get]")).to_have_count(0)
    detalhes.click()
    pagina.get_by_role("heading", name="Quem não recebeu").wait_for()


def test_the_details_follow_the_campaign_to_its_end(entrar):
    campanha = nova_campanha(S.ENVIANDO, registros=1)
    nova_mensagem_de(novo_aviso(campanha), Estado.FALHA)
    pagina = entrar("supervisor")
    pagina.goto(f"{LISTA}/{campanha.pk}")
    enviadas = (
        pagina.get_by_role("row").filter(has=pagina.get_by_role("rowheader", name="Enviadas")).get_by_role("cell")
    )
    expect(enviadas.first).to_have_text("0")

    nova_mensagem_de(novo_aviso(campanha), Estado.ENVIADA)
    expect(enviadas.first).to_have_text("1")
    Campanha.objects.update(situacao=S.CONCLUIDA_COM_FALHAS)

    expect(pagina.get_by_role("heading", level=1).locator("xpath=..")).to_contain_text("Concluída com falhas")
    pagina.get_by_role("link", name="Reenviar para estes").click()
    pagina.get_by_label("Motivo").fill("O servidor voltou.")
    pagina.get_by_role("button", name="Reenviar falhas").click()
    pagina.get_by_text("1 mensagem voltou para a fila de envio.").wait_for()


def test_what_takes_long_to_count_comes_more_slowly_and_the_rest_goes_on(entrar):
    campanha = nova_campanha(S.ENVIANDO, registros=9)
    novo_aviso(campanha, Aviso.Situacao.AGUARDANDO)
    pagina = entrar("supervisor")
    pagina.clock.install()
    pagina.goto(f"{LISTA}/{campanha.pk}")
    na_regra, enviadas = (pagina.locator(f"#etapa-{nome} .numero") for nome in ("boletos_na_regra", "enviadas"))
    expect(na_regra).to_have_text("1")

    nova_mensagem_de(novo_aviso(campanha), Estado.ENVIADA)
    pagina.clock.run_for(3_000)
    expect(enviadas).to_have_text("1")
    expect(na_regra).to_have_text("1")
    pagina.clock.run_for(27_000)
    expect(na_regra).to_have_text("2")

    nova_mensagem_de(novo_aviso(campanha), Estado.ENVIADA)
    pagina.clock.run_for(3_000)
    expect(enviadas).to_have_text("2")


@pytest.mark.parametrize("opcoes", [{}, CELULAR], ids=["computador", "celular"])
def test_the_pages_are_accessible_and_fit(entrar, opcoes):
    a_conferir = nova_campanha(S.A_CONFERIR, registros=1, enderecos=1, recusadas=1, nome_do_arquivo="n" * 190 + ".csv")
    novo_registro(a_conferir, emails=["a" * 60 + "@" + "b" * 60 + ".com.br"])
    LinhaRecusada.objects.create(campanha=a_conferir, linha=3, motivo="CPF inválido.", conteudo="x" * 300)
    com_falhas = nova_campanha(S.CONCLUIDA_COM_FALHAS, registros=2, motivo="m" * 300)
    agora = timezone.now()
    for segundo in range(5):
        enviada = nova_mensagem_de(novo_aviso(com_falhas), Estado.ENVIADA)
        type(enviada).objects.filter(pk=enviada.pk).update(enviada_em=agora + timezone.timedelta(seconds=segundo))
    nova_mensagem_de(novo_aviso(com_falhas, numero="9" * 40, email="c" * 60 + "@exemplo.com.br"), Estado.FALHA)
    novo_aviso(com_falhas, Aviso.Situacao.LINHA_INVALIDA)
    importando, enviando = nova_campanha(S.IMPORTANDO), nova_campanha(S.ENVIANDO)
    pagina = entrar("supervisor", **opcoes)
    caminhos = [CRIAR, LISTA, f"{LISTA}?data_inicial=01/01/2099", f"{LISTA}?data_inicial=nada"]
    caminhos += [f"{LISTA}/{uma.pk}" for uma in (a_conferir, com_falhas, importando, enviando)]
    caminhos += [f"{LISTA}/{enviando.pk}/cancelar", f"{LISTA}/{com_falhas.pk}/reenviar"]
    for caminho in (*caminhos, f"{LISTA}/{a_conferir.pk}/reagendar"):
        pagina.goto(caminho)
        acessivel(pagina)
        assert pagina.evaluate("document.documentElement.scrollWidth <= innerWidth"), caminho

    pagina.goto(CRIAR)
    pagina.get_by_role("button", name="CADASTRAR").click()
    pagina.get_by_role("alert").wait_for()
    acessivel(pagina)
