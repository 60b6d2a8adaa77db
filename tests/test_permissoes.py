"""Who may do what on every URL outside the administration: a table, and the server that must agree with it."""

from collections.abc import Callable
from dataclasses import dataclass

import pytest
from django.contrib.auth.models import User
from django.db import transaction
from django.test import Client
from django.urls import URLPattern, get_resolver, reverse

from batch.models import Agendamento, FuncionalidadeIniciada, ProcessoIniciado
from cadastro.models import Cliente, ClienteEndereco, ClienteImovel, Imovel
from cobranca.models import AcaoCobranca, CobrancaDocumento, ComandoAcao, CriterioCobranca
from faturamento.models import ParametroMensagem
from mensageria.models import Alerta, GatewaySMS, Mensagem, ServicoEmail
from preventivo.models import Campanha, Layout, TipoCampanha
from tests.preventivo.campanhas_prontas import nova_campanha

GRUPOS = ("", "operador", "supervisor", "administrador")
TODOS = set(GRUPOS)
DO_GRUPO = TODOS - {""}
CHEFIA = {"supervisor", "administrador"}
ADMINISTRADORES = {"administrador"}


@dataclass(frozen=True)
class Argumentos:
    """Of a URL: those of something that exists, and of something that does not."""

    que_ha: Callable[[], list]
    que_nao_ha: tuple = (2**70,)


@dataclass(frozen=True)
class Linha:
    url: str
    quem: set[str]
    metodo: str = "get"
    argumentos: Argumentos = Argumentos(list, ())

    def __str__(self):
        return f"{self.metodo} {self.url}"


def de(modelo) -> Argumentos:
    return Argumentos(lambda: [modelo.objects.first().pk])


def da_origem(origem: str, *mais: str) -> Argumentos:
    return Argumentos(lambda: [origem, *mais], ("nenhuma", *mais))


DA_EXECUCAO = Argumentos(lambda: [ProcessoIniciado.objects.first().execucao], ("00000000-0000-4000-8000-000000000000",))
DA_CAMPANHA = Argumentos(lambda: [Campanha.objects.first().execucao], ("00000000-0000-4000-8000-000000000000",))
DA_JANELA = Argumentos(lambda: [1, "cobranca"], (9, "cobranca"))
DA_EXPORTACAO = Argumentos(lambda: [Campanha.objects.first().pk, "receberam", "csv"], (2**62, "receberam", "csv"))


@pytest.fixture
def uma_de_cada(uma_de_cada):
    """With a campaign too."""
    nova_campanha()
    return uma_de_cada


DA_VERSAO = Argumentos(lambda: [Layout.objects.first().tipo_id, 1], (2**70, 1))


TABELA = [
    Linha("painel", TODOS),
    Linha("painel_andamento", TODOS),
    Linha("painel_resolver_alerta", CHEFIA, "post", de(Alerta)),
    Linha("telas:senha", TODOS),
    Linha("telas:senha", TODOS, "post"),
    Linha("telas:senha_alterada", TODOS),
    Linha("telas:sair", TODOS, "post"),
    Linha("telas:auditoria", CHEFIA),
    Linha("telas:auditoria_exportar", CHEFIA),
    Linha("cadastro:parametros", DO_GRUPO),
    Linha("cadastro:parametros", DO_GRUPO, "post"),
    Linha("cadastro:parametros_pesquisar", DO_GRUPO, "get", Argumentos(lambda: ["presidente"], ("ninguem",))),
    Linha("cadastro:clientes", DO_GRUPO),
    Linha("cadastro:cliente_nome_tipo", DO_GRUPO, "get", de(Cliente)),
    Linha("cadastro:cliente_nome_tipo", DO_GRUPO, "post", de(Cliente)),
    Linha("cadastro:cliente_inserir", DO_GRUPO),
    Linha("cadastro:cliente_inserir", DO_GRUPO, "post"),
    Linha("cadastro:cliente_pessoa", DO_GRUPO, "get", de(Cliente)),
    Linha("cadastro:cliente_pessoa", DO_GRUPO, "post", de(Cliente)),
    Linha("cadastro:cliente_enderecos", DO_GRUPO, "get", de(Cliente)),
    Linha("cadastro:cliente_enderecos", DO_GRUPO, "post", de(Cliente)),
    Linha("cadastro:endereco_inserir", DO_GRUPO, "get", de(Cliente)),
    Linha("cadastro:endereco_inserir", DO_GRUPO, "post", de(Cliente)),
    Linha("cadastro:endereco", DO_GRUPO, "get", de(ClienteEndereco)),
    Linha("cadastro:endereco", DO_GRUPO, "post", de(ClienteEndereco)),
    Linha("cadastro:cliente_imoveis", DO_GRUPO, "get", de(Cliente)),
    Linha("cadastro:vinculo_inserir", DO_GRUPO, "get", de(Cliente)),
    Linha("cadastro:vinculo_inserir", DO_GRUPO, "post", de(Cliente)),
    Linha("cadastro:vinculo", DO_GRUPO, "get", de(ClienteImovel)),
    Linha("cadastro:vinculo", DO_GRUPO, "post", de(ClienteImovel)),
    Linha("cadastro:imoveis", DO_GRUPO),
    Linha("cadastro:imovel", DO_GRUPO, "get", de(Imovel)),
    Linha("faturamento:contas_do_imovel", DO_GRUPO, "get", de(Imovel)),
    Linha("cobranca:documentos_do_imovel", DO_GRUPO, "get", de(Imovel)),
    Linha("mensageria:do_imovel", DO_GRUPO, "get", de(Imovel)),
    Linha("cadastro:cliente_telefones", DO_GRUPO, "get", de(Cliente)),
    Linha("cadastro:cliente_telefones", DO_GRUPO, "post", de(Cliente)),
    Linha("faturamento:parametrizar_mensagem", DO_GRUPO),
    Linha("faturamento:parametrizar_mensagem", DO_GRUPO, "post"),
    Linha("faturamento:versao", DO_GRUPO, "get", de(ParametroMensagem)),
    Linha("cobranca:acoes", DO_GRUPO),
    Linha("cobranca:acoes", DO_GRUPO, "post"),
    Linha("cobranca:acao_inserir", DO_GRUPO),
    Linha("cobranca:acao_inserir", DO_GRUPO, "post"),
    Linha("cobranca:acao", DO_GRUPO, "get", de(AcaoCobranca)),
    Linha("cobranca:acao", DO_GRUPO, "post", de(AcaoCobranca)),
    Linha("cobranca:criterios", DO_GRUPO),
    Linha("cobranca:criterios", DO_GRUPO, "post"),
    Linha("cobranca:criterio_inserir", DO_GRUPO),
    Linha("cobranca:criterio_inserir", DO_GRUPO, "post"),
    Linha("cobranca:criterio", DO_GRUPO, "get", de(CriterioCobranca)),
    Linha("cobranca:criterio", DO_GRUPO, "post", de(CriterioCobranca)),
    Linha("cobranca:comandos", DO_GRUPO),
    Linha("cobranca:comando_inserir", DO_GRUPO),
    Linha("cobranca:comando_inserir", DO_GRUPO, "post"),
    Linha("cobranca:comando", DO_GRUPO, "get", de(ComandoAcao)),
    Linha("cobranca:comando", DO_GRUPO, "post", de(ComandoAcao)),
    Linha("cobranca:comando_andamento", DO_GRUPO, "get", de(ComandoAcao)),
    Linha("cobranca:comando_cancelar", DO_GRUPO, "post", de(ComandoAcao)),
    Linha("cobranca:documentos", DO_GRUPO, "get", de(ComandoAcao)),
    Linha("cobranca:sem_documento", DO_GRUPO, "get", de(ComandoAcao)),
    Linha("cobranca:documento", DO_GRUPO, "get", de(CobrancaDocumento)),
    Linha("cobranca:documento_pdf", DO_GRUPO, "get", de(CobrancaDocumento)),
    Linha("batch:processos", DO_GRUPO),
    Linha("batch:processo_inserir", DO_GRUPO),
    Linha("batch:processo_inserir", DO_GRUPO, "post"),
    Linha("batch:funcionalidades_do_processo", DO_GRUPO),
    Linha("batch:processo", DO_GRUPO, "get", de(ProcessoIniciado)),
    Linha("batch:andamento", DO_GRUPO, "get", de(ProcessoIniciado)),
    Linha("batch:unidades", DO_GRUPO, "get", de(FuncionalidadeIniciada)),
    Linha("batch:processo_da_execucao", DO_GRUPO, "get", DA_EXECUCAO),
    Linha("batch:autorizar", CHEFIA, "post", de(ProcessoIniciado)),
    Linha("batch:continuar", CHEFIA, "post", de(ProcessoIniciado)),
    Linha("batch:reiniciar", CHEFIA, "post", de(ProcessoIniciado)),
    Linha("batch:cancelar", CHEFIA, "get", de(ProcessoIniciado)),
    Linha("batch:cancelar", CHEFIA, "post", de(ProcessoIniciado)),
    Linha("batch:log", DO_GRUPO, "get", de(FuncionalidadeIniciada)),
    Linha("batch:agendamentos", DO_GRUPO),
    Linha("batch:agendamento_inserir", CHEFIA),
    Linha("batch:agendamento_inserir", CHEFIA, "post"),
    Linha("batch:agendamento", DO_GRUPO, "get", de(Agendamento)),
    Linha("batch:agendamento", CHEFIA, "post", de(Agendamento)),
    Linha("batch:agendamento_pausar", CHEFIA, "post", de(Agendamento)),
    Linha("batch:agendamento_retomar", CHEFIA, "post", de(Agendamento)),
    Linha("batch:agendamento_remover", CHEFIA, "post", de(Agendamento)),
    Linha("mensageria:balanco", DO_GRUPO, "get", DA_EXECUCAO),
    Linha("mensageria:mensagens", DO_GRUPO, "get", DA_EXECUCAO),
    Linha("mensageria:nao_geradas", DO_GRUPO, "get", DA_EXECUCAO),
    Linha("mensageria:mensagem", DO_GRUPO, "get", de(Mensagem)),
    Linha("mensageria:html", DO_GRUPO, "get", de(Mensagem)),
    Linha("mensageria:do_cliente", DO_GRUPO, "get", de(Cliente)),
    Linha("mensageria:motivos", DO_GRUPO, "get", DA_EXECUCAO),
    Linha("mensageria:calendario", DO_GRUPO),
    Linha("mensageria:calendario", DO_GRUPO, "post"),
    Linha("mensageria:janela", DO_GRUPO, "get", DA_JANELA),
    Linha("mensageria:janela", DO_GRUPO, "post", DA_JANELA),
    Linha("mensageria:incertas", DO_GRUPO),
    Linha("mensageria:incertas", CHEFIA, "post"),
    Linha("mensageria:pausados", DO_GRUPO),
    Linha("mensageria:pausados", CHEFIA, "post"),
    Linha("mensageria:servico_email", DO_GRUPO),
    Linha("mensageria:servico_email", DO_GRUPO, "post"),
    Linha("mensageria:servico_email_antigo", TODOS),
    Linha("preventivo:criar_campanha", DO_GRUPO),
    Linha("preventivo:criar_campanha", DO_GRUPO, "post"),
    Linha("preventivo:tipos", DO_GRUPO),
    Linha("preventivo:modelo", DO_GRUPO),
    Linha("preventivo:campanhas", DO_GRUPO),
    Linha("preventivo:campanha", DO_GRUPO, "get", de(Campanha)),
    Linha("preventivo:campanha_da_execucao", DO_GRUPO, "get", DA_CAMPANHA),
    Linha("preventivo:andamento", DO_GRUPO, "get", de(Campanha)),
    Linha("preventivo:desempenho", DO_GRUPO, "get", de(Campanha)),
    Linha("preventivo:recusadas", DO_GRUPO, "get", de(Campanha)),
    Linha("preventivo:exportar", DO_GRUPO, "get", DA_EXPORTACAO),
    Linha("preventivo:confirmar", DO_GRUPO, "post", de(Campanha)),
    Linha("preventivo:descartar", DO_GRUPO, "post", de(Campanha)),
    Linha("preventivo:reagendar", DO_GRUPO, "post", de(Campanha)),
    Linha("preventivo:pausar", DO_GRUPO, "post", de(Campanha)),
    Linha("preventivo:continuar", DO_GRUPO, "post", de(Campanha)),
    Linha("preventivo:cancelar", CHEFIA, "post", de(Campanha)),
    Linha("preventivo:reenviar", CHEFIA, "post", de(Campanha)),
    Linha("preventivo:servicos", ADMINISTRADORES),
    Linha("preventivo:servico_novo", ADMINISTRADORES),
    Linha("preventivo:servico_novo", ADMINISTRADORES, "post"),
    Linha("preventivo:servico_novo_testar", ADMINISTRADORES, "post"),
    Linha("preventivo:servico", ADMINISTRADORES, "get", de(ServicoEmail)),
    Linha("preventivo:servico", ADMINISTRADORES, "post", de(ServicoEmail)),
    Linha("preventivo:servico_testar", ADMINISTRADORES, "post", de(ServicoEmail)),
    Linha("preventivo:servico_remover", ADMINISTRADORES, "post", de(ServicoEmail)),
    Linha("preventivo:servico_reativar", ADMINISTRADORES, "post", de(ServicoEmail)),
    Linha("preventivo:layouts", DO_GRUPO),
    Linha("preventivo:layout", DO_GRUPO, "get", de(TipoCampanha)),
    Linha("preventivo:layout", ADMINISTRADORES, "post", de(TipoCampanha)),
    Linha("preventivo:layout_versao", DO_GRUPO, "get", DA_VERSAO),
    Linha("preventivo:layout_previa", DO_GRUPO, "post", de(TipoCampanha)),
    Linha("preventivo:layout_testar", ADMINISTRADORES, "post", de(TipoCampanha)),
    Linha("mensageria:decidir", CHEFIA, "post", de(Mensagem)),
    Linha("mensageria:dossie", CHEFIA, "post", de(Mensagem)),
    Linha("mensageria:medir_texto", DO_GRUPO, "post", da_origem("faturamento", "texto_sms")),
    Linha("mensageria:previa", DO_GRUPO, "post", da_origem("faturamento")),
    Linha("mensageria:teste", DO_GRUPO, "post", da_origem("cobranca")),
]
# Open to whoever is not logged in.
ABERTAS = {"telas:entrar", "telas:tema", "saude"}
# For other systems, which have no login and show a secret of their own; nobody else gets in, whoever he is.
DE_FORA = {"mensageria:retorno_sms": de(GatewaySMS)}
# For whoever has the link that a message brought, which is its own proof (tests/mensageria/test_descadastro.py).
PELO_LINK = {"descadastro"}


def nomes(padroes, prefixo: str = "") -> set[str]:
    achados = set()
    for padrao in padroes:
        if isinstance(padrao, URLPattern):
            achados.add(f"{prefixo}{padrao.name}")
        elif padrao.namespace != "admin":
            achados |= nomes(padrao.url_patterns, f"{padrao.namespace}:" if padrao.namespace else prefixo)
    return achados


def pedir(pessoa: User | None, linha: Linha, argumentos=None, **opcoes):
    """The answer to one request, whose effects are undone."""
    navegador = Client(**opcoes)
    if pessoa:
        navegador.force_login(pessoa)
    with transaction.atomic():
        resposta = getattr(navegador, linha.metodo)(reverse(linha.url, args=argumentos or linha.argumentos.que_ha()))
        transaction.set_rollback(True)
    return resposta


def test_every_url_is_in_the_table():
    assert {linha.url for linha in TABELA} | ABERTAS | PELO_LINK | set(DE_FORA) == nomes(get_resolver().url_patterns)


@pytest.mark.parametrize("grupo", GRUPOS)
def test_each_group_may_do_what_the_table_says_and_nothing_else(grupo, uma_de_cada, entrar):
    pessoa = entrar(grupo).pessoa

    pode = {str(linha) for linha in TABELA if pedir(pessoa, linha).status_code != 403}

    assert pode == {str(linha) for linha in TABELA if grupo in linha.quem}


def test_somebody_logged_out_is_asked_to_log_in(uma_de_cada):
    respostas = {str(linha): pedir(None, linha) for linha in TABELA}

    assert {linha for linha, resposta in respostas.items() if resposta.status_code != 302} == set()
    assert all(resposta.headers["Location"].startswith("/entrar/") for resposta in respostas.values())


@pytest.mark.parametrize("url", sorted(ABERTAS - {"telas:tema"}))
def test_what_is_open_is_open(url, client, db):
    assert client.get(reverse(url)).status_code == 200


@pytest.mark.parametrize("url", DE_FORA)
def test_what_is_for_other_systems_is_for_nobody_without_their_secret(url, uma_de_cada, admin_user):
    linha = Linha(url, set(), "post", DE_FORA[url])

    for pessoa in (None, admin_user):
        assert pedir(pessoa, linha, enforce_csrf_checks=True).status_code == 401
        assert pedir(pessoa, linha, DE_FORA[url].que_nao_ha).status_code == 401
        assert pedir(pessoa, Linha(url, set(), "get", DE_FORA[url])).status_code == 405


def test_nothing_is_done_without_the_token_of_a_form(uma_de_cada, admin_user):
    posts = [linha for linha in TABELA if linha.metodo == "post"]

    aceitas = [str(linha) for linha in posts if pedir(admin_user, linha, enforce_csrf_checks=True).status_code != 403]

    assert aceitas == []


def test_what_does_not_exist_is_not_found(admin_user):
    """A run without messages may be one that just started: its pages are empty, not absent."""
    for linha in TABELA:
        if linha.argumentos.que_nao_ha:
            vazia = linha.argumentos is DA_EXECUCAO and linha.url.startswith("mensageria:")
            resposta = pedir(admin_user, linha, linha.argumentos.que_nao_ha)
            assert resposta.status_code == (200 if vazia else 404), linha
