"""Serviços de Envio de Email: an administrator makes one, tries it against a real server, and takes it out."""

import pytest
from django.utils import timezone
from playwright.sync_api import expect

from exemplo.navegador import CELULAR, SEM_JAVASCRIPT
from mensageria import circuito, consumo
from mensageria.estados import Classe
from mensageria.models import ServicoEmail
from simuladores.smtp import Ordem, ServidorSMTP
from tests.mensageria.servicos import esgotar, novo_remetente, novo_servico

from .acessibilidade import acessivel

LISTA = "/campanha_preventiva/servicos"


@pytest.fixture
def correio():
    with ServidorSMTP(usuarios={"SERVICO_7": "s3gredo"}) as aberto:
        yield aberto


@pytest.fixture
def servicos(servidor):
    """One in use and almost used up, one exhausted, one that rests, one inactive and used, one never used."""
    agora = timezone.now()
    em_uso = novo_servico(2, cota_mensal=1000, senha="x", remetentes_permitidos="@exemplo.com.br")
    consumo.contar(em_uso, [agora] * 930)
    novo_remetente(em_uso, "Claro", email="claro@exemplo.com.br")
    esgotar(novo_servico(3), agora)
    circuito.falhou(novo_servico(4, cota_mensal=None), Classe.AUTENTICACAO, "535 5.7.8 Senha errada", agora)
    usado = novo_servico(5, ativo=False, cota_mensal=50_000)
    consumo.contar(usado, [agora] * 12_345)
    novo_servico(6, nome="SERVICO_DE_NOME_BEM_COMPRIDO_6", host="smtp-de-nome-comprido.provedor.exemplo.com.br")
    novo_servico(1, uso_interno=True, cota_mensal=None)


def linha(pagina, nome: str):
    return pagina.get_by_role("row").filter(has=pagina.get_by_role("rowheader", name=nome))


def preencher(pagina, correio, senha: str):
    pagina.get_by_label("Nome").fill("SERVICO_7")
    pagina.get_by_label("Host SMTP").fill("127.0.0.1")
    pagina.get_by_label("Porta").fill(str(correio.porta))
    pagina.get_by_role("combobox", name="Segurança").select_option(label="Nenhuma")
    pagina.get_by_label("Senha", exact=True).fill(senha)


def test_a_new_service_is_tried_and_what_was_typed_stays(entrar, correio):
    pagina = entrar("administrador")
    pagina.goto(LISTA)
    pagina.get_by_role("link", name="Novo Serviço").first.click()
    preencher(pagina, correio, "errada")
    pagina.get_by_role("button", name="Testar conexão").click()
    expect(pagina.locator("#teste-da-conexao")).to_contain_text("A conexão não foi aceita. Autenticação: 535")

    pagina.get_by_label("Senha", exact=True).fill("s3gredo")
    pagina.get_by_role("button", name="Testar conexão").click()
    expect(pagina.locator("#teste-da-conexao")).to_contain_text("Conexão e autenticação aceitas. 235")
    pagina.get_by_role("button", name="Gravar").click()

    pagina.get_by_text("Serviço SERVICO_7 cadastrado com sucesso.").wait_for()
    expect(linha(pagina, "SERVICO_7")).to_contain_text("••••")
    novo = ServicoEmail.objects.get()
    assert (novo.usuario, novo.senha) == ("SERVICO_7", "s3gredo")


def test_without_javascript_the_test_opens_beside_the_form(entrar, correio):
    pagina = entrar("administrador", **SEM_JAVASCRIPT)
    pagina.goto(f"{LISTA}/novo")
    preencher(pagina, correio, "s3gredo")

    with pagina.context.expect_page() as aberta:
        pagina.get_by_role("button", name="Testar conexão").click()

    expect(aberta.value.get_by_role("main")).to_contain_text("Conexão e autenticação aceitas. 235")
    expect(pagina.get_by_label("Senha", exact=True)).to_have_value("s3gredo")
    pagina.get_by_role("button", name="Gravar").click()
    pagina.get_by_text("cadastrado com sucesso").wait_for()


@pytest.mark.parametrize("opcoes", [{}, SEM_JAVASCRIPT], ids=["com-javascript", "sem-javascript"])
def test_it_asks_first_and_says_what_it_did(entrar, servicos, opcoes):
    pagina = entrar("administrador", **opcoes)
    pagina.goto(LISTA)

    linha(pagina, "SERVICO_3").get_by_role("button", name="Remover").click()
    pagina.get_by_text("Desativar o serviço SERVICO_3? Ele já foi usado").wait_for()
    pagina.get_by_role("button", name="Sim").click()
    pagina.get_by_text("O serviço SERVICO_3 já foi usado: em vez de apagado, foi desativado.").wait_for()
    expect(linha(pagina, "SERVICO_3")).to_contain_text("inativo")

    linha(pagina, "SERVICO_DE_NOME").get_by_role("button", name="Remover").click()
    pagina.get_by_role("button", name="Sim").click()
    pagina.get_by_text("removido com sucesso").wait_for()
    expect(linha(pagina, "SERVICO_DE_NOME")).to_have_count(0)

    linha(pagina, "SERVICO_2").get_by_role("button", name="Remover").click()
    pagina.get_by_text("SERVICO_2 não pode ser removido: por ele saem os emails de Claro.").wait_for()

    linha(pagina, "SERVICO_3").get_by_role("button", name="Reativar").click()
    pagina.get_by_text("Serviço SERVICO_3 reativado, mas a cota foi toda usada").wait_for()


@pytest.mark.parametrize("opcoes", [{}, CELULAR], ids=["computador", "celular"])
def test_the_pages_are_accessible_also_with_errors(entrar, servicos, correio, opcoes):
    correio.ordenar(Ordem("EHLO", codigo=554, texto="x" * 300))
    pagina = entrar("administrador", **opcoes)
    pagina.goto(LISTA)
    _conferir(pagina)

    pagina.get_by_role("link", name="Alterar SERVICO_2").click()
    pagina.get_by_label("Porta").fill(str(correio.porta))
    pagina.get_by_label("Senha", exact=True).fill("outra")
    pagina.get_by_role("button", name="Testar conexão").click()
    expect(pagina.locator("#teste-da-conexao")).to_contain_text("xxx")
    _conferir(pagina)

    pagina.get_by_label("Host SMTP").fill("smtp://servidor")
    pagina.get_by_role("button", name="Gravar").click()
    pagina.get_by_role("alert").wait_for()
    _conferir(pagina)


def _conferir(pagina):
    acessivel(pagina)
    assert pagina.evaluate("document.documentElement.scrollWidth <= innerWidth")
