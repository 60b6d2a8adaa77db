"""`./avisa bench paginas`: server time and queries of every list page, over a million customers and their bills.

Requests go through Django's test client, in this process: the real middleware and views, a session, and no network. The
operator's pages are in PAGINAS; what has no list is in SEM_LISTA, and a test says that no URL is in neither. The
lists of the administration are walked by its registry: first page, last one that may be asked, each filter, a search.
"""

import argparse
import base64
import json
import time
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from math import ceil
from statistics import median
from urllib.parse import urlencode

from django.conf import settings
from django.contrib import admin
from django.contrib.auth.models import User
from django.db import connection
from django.db.models import Max
from django.test import Client
from django.urls import NoReverseMatch, reverse

from batch.models import FuncionalidadeIniciada, ProcessoIniciado
from bench import base, base_paginas, saida
from cadastro.admin import TabelaGrande
from cadastro.models import Cliente, ClienteFone, Imovel
from cobranca.models import CobrancaDocumento
from faturamento.models import Conta
from mensageria.models import Lote, Mensagem, NaoGerada, TentativaEnvio
from preventivo.models import Aviso, Campanha
from telas.models import EntradaAuditoria

TEMPO_MAXIMO, CONSULTAS_MAXIMAS = 150, 12  # ms, of the p95; queries
CONSULTAS_DO_PAINEL, CONSULTAS_DA_CAMPANHA = 35, 24
ESCOLHAS = 12  # of a filter that has more, the first and the last
AQUECIMENTO = 2
PIORES = 15  # lines of the table; all are in the JSON


@dataclass(frozen=True)
class Dados:
    """What of the base the pages are asked about."""

    imoveis: int
    execucao: str
    cliente: Cliente
    funcionalidade: int
    lote: Lote
    mensagem: Mensagem
    nao_gerada: NaoGerada
    campanha: int
    documento: CobrancaDocumento

    @classmethod
    def da_base(cls) -> "Dados":
        de_cliente = Mensagem.objects.filter(cliente__isnull=False).select_related("lote", "cliente").order_by("id")
        mensagem = de_cliente[de_cliente.count() // 2]
        return cls(
            imoveis=Imovel.objects.count(),
            execucao=str(mensagem.lote.execucao),
            cliente=mensagem.cliente,
            funcionalidade=FuncionalidadeIniciada.objects.order_by("id").first().pk,
            lote=mensagem.lote,
            mensagem=mensagem,
            nao_gerada=NaoGerada.objects.order_by("id")[NaoGerada.objects.count() // 2],
            campanha=Campanha.objects.latest("envia_em").pk,
            documento=CobrancaDocumento.objects.order_by("id")[CobrancaDocumento.objects.count() // 2],
        )


def apos(*valores) -> dict:
    """The page after a row of those values: a deep one costs what the first does, or it is not by key."""
    return {"apos": base64.urlsafe_b64encode(json.dumps(valores).encode()).decode(), "de": "5001"}


@dataclass(frozen=True)
class Pagina:
    """A page of the operator, by the name of its URL, and how it is asked: {what: parameters}."""

    url: str
    pedidos: Callable[[Dados], dict[str, dict]] = lambda d: {}
    argumentos: Callable[[Dados], list] = lambda d: []
    consultas_maximas: int = CONSULTAS_MAXIMAS

    def enderecos(self, dados: Dados) -> Iterator[tuple[str, str]]:
        endereco = reverse(self.url, args=self.argumentos(dados))
        for nome, parametros in ({"primeira": {}} | self.pedidos(dados)).items():
            yield f"{self.url}: {nome}", f"{endereco}?{urlencode(parametros)}"


def _execucao(dados: Dados) -> list:
    return [dados.execucao]


def _cliente(dados: Dados) -> list:
    return [dados.cliente.pk]


def _imovel(dados: Dados) -> list:
    return [dados.documento.imovel_id]


def _entrada_do_meio(dados: Dados) -> list:
    momento, pk = EntradaAuditoria.objects.order_by("pk").values_list("momento", "pk")[dados.imoveis // 4]
    return [momento.isoformat(), pk]


def _campanha(dados: Dados) -> list:
    return [dados.campanha]


PAGINAS = (
    # Not a list: it asks a question for each thing that may be missing.
    Pagina("painel", consultas_maximas=CONSULTAS_DO_PAINEL),
    Pagina("painel_andamento"),
    Pagina(
        "cadastro:clientes",
        lambda d: {
            "nome": {"nome": "maria silva"},
            "nome comum": {"nome": "maria"},
            "sobrenome": {"nome": "santos"},
            "sobrenome, por código": {"nome": "santos", "ordem": "-codigo"},
            "nome comum, funda": {"nome": "maria", **apos("maria silva santos", d.imoveis // 2)},
            "documento": {"documento": d.cliente.documento},
            "e-mail": {"email": d.cliente.email},
            "telefone": {"telefone": ClienteFone.objects.order_by("-id").first().numero},
            "matrícula": {"matricula": Imovel.objects.order_by("-pk").first().pk},
            "código": {"codigo": d.cliente.pk},
        },
    ),
    Pagina("cadastro:cliente_imoveis", lambda d: {"todos": {"situacao": "todos"}}, _cliente),
    Pagina(
        "cadastro:imoveis",  # one that is found alone is led to
        lambda d: {
            "quadra": {"inscricao": Imovel.objects.select_related("quadra__setor").latest("pk").inscricao[:11]},
        },
    ),
    Pagina(
        "cadastro:parametros_pesquisar",
        lambda d: {"nome": {"cliente_ficticio": "maria"}, "código": {"cliente_ficticio": d.cliente.pk}},
        lambda d: ["cliente_ficticio"],
    ),
    Pagina("mensageria:balanco", lambda d: {"funda": {"pagina": 4}}, _execucao),
    Pagina("mensageria:motivos", argumentos=_execucao),
    Pagina(
        "mensageria:nao_geradas",
        lambda d: {
            "funda": apos(d.nao_gerada.unidade, d.nao_gerada.pk),
            "motivo": {"motivo": "paga"},
            "motivo, funda": {"motivo": "paga", **apos(d.nao_gerada.unidade, d.nao_gerada.pk)},
            "canal": {"canal": 1},
            "motivo sem ninguém": {"motivo": "ja_anunciada", "canal": 2},
        },
        _execucao,
    ),
    Pagina(
        "mensageria:mensagens",
        lambda d: {
            "funda": apos(d.mensagem.pk),
            "enviadas": {"estado": "enviadas"},
            "incertas": {"estado": "incertas"},
            "programadas": {"estado": "programadas"},
            "localidade": {"localidade": d.lote.localidade_id, "canal": 2, "estado": "falhas"},
        },
        _execucao,
    ),
    Pagina("mensageria:do_cliente", lambda d: {"canal": {"canal": 2}}, _cliente),
    Pagina("mensageria:do_imovel", argumentos=_imovel),
    Pagina("mensageria:calendario"),
    Pagina(
        "mensageria:incertas",
        lambda d: {"origem": {"origem": "faturamento"}, "funda": {"origem": "faturamento", **apos(d.mensagem.pk)}},
    ),
    Pagina("mensageria:pausados"),
    Pagina(
        "batch:processos",
        lambda d: {
            "funda": apos(ProcessoIniciado.objects.aggregate(n=Max("pk"))["n"] // 2),
            "processo": {"processo": 336},
            "situação": {"situacao": 2},
            "por agendamento": {"ordem": "-agendamento"},
            "período": {"comando_de": "01/01/2020", "comando_ate": "31/12/2099", "comando_ate_hora": "12:00"},
        },
    ),
    Pagina("batch:agendamentos"),
    Pagina("batch:unidades", lambda d: {"por código": {"ordem": "codigo"}}, lambda d: [d.funcionalidade]),
    Pagina("cobranca:acoes", lambda d: {"descrição": {"descricao": "aviso"}}),
    Pagina("cobranca:comandos", lambda d: {"por título": {"ordem": "titulo"}}),
    Pagina(
        "cobranca:documentos",
        lambda d: {
            "funda": apos(d.documento.imovel_id, d.documento.pk),
            "matrícula": {"matricula": d.documento.imovel_id},
            "fichas": {"forma": "ficha"},
        },
        lambda d: [d.documento.comando_id],
    ),
    Pagina("cobranca:documentos_do_imovel", argumentos=_imovel),
    Pagina(
        "cobranca:sem_documento",
        lambda d: {
            "funda": apos(d.documento.imovel_id, 0),
            "matrícula": {"matricula": d.documento.imovel_id},
            "motivo comum": {"motivo": 33},
            "motivo raro": {"motivo": 41},
        },
        lambda d: [d.documento.comando_id],
    ),
    Pagina("cobranca:criterios"),
    Pagina("faturamento:contas_do_imovel", lambda d: {"por vencimento": {"ordem": "-vencimento"}}, _imovel),
    Pagina("faturamento:parametrizar_mensagem"),
    Pagina(
        "telas:auditoria",
        lambda d: {
            "funda": apos(*_entrada_do_meio(d)),
            "quem": {"quem": "operador.7"},
            "o quê": {"modelo": "cadastro.cliente"},
            "número": {"modelo": "cadastro.cliente", "numero": d.cliente.pk},
            "ação": {"acao": EntradaAuditoria.Acao.REMOCAO},
            "período": {"desde": "01/01/2020", "ate": "31/12/2099"},
        },
    ),
    Pagina(
        "preventivo:campanhas",
        lambda d: {
            "tudo": {"data_inicial": "01/01/2020"},
            "busca": {"data_inicial": "01/01/2020", "buscar": "claro"},
            "por operação": {"data_inicial": "01/01/2020", "ordem": "operacao"},
        },
    ),
    # Its page, with its performance and the list of who did not receive.
    Pagina("preventivo:campanha", argumentos=_campanha, consultas_maximas=CONSULTAS_DA_CAMPANHA),
    Pagina("preventivo:andamento", argumentos=_campanha),
    Pagina("preventivo:desempenho", argumentos=_campanha, consultas_maximas=CONSULTAS_DA_CAMPANHA),
    Pagina("preventivo:layouts"),
)
# Forms, pages of one thing, pieces of them, and what is only sent to.
SEM_LISTA = {
    "batch:agendamento",
    "batch:agendamento_inserir",
    "batch:agendamento_pausar",
    "batch:agendamento_remover",
    "batch:agendamento_retomar",
    "batch:andamento",
    "batch:autorizar",
    "batch:cancelar",
    "batch:continuar",
    "batch:funcionalidades_do_processo",
    "batch:log",
    "batch:processo",
    "batch:processo_da_execucao",
    "batch:processo_inserir",
    "batch:reiniciar",
    "cadastro:cliente_enderecos",
    "cadastro:cliente_inserir",
    "cadastro:cliente_nome_tipo",
    "cadastro:cliente_pessoa",
    "cadastro:cliente_telefones",
    "cadastro:endereco",
    "cadastro:endereco_inserir",
    "cadastro:imovel",
    "cadastro:parametros",
    "cadastro:vinculo",
    "cadastro:vinculo_inserir",
    "cobranca:acao",
    "cobranca:acao_inserir",
    "cobranca:comando",
    "cobranca:comando_andamento",
    "cobranca:comando_cancelar",
    "cobranca:comando_inserir",
    "cobranca:criterio",
    "cobranca:criterio_inserir",
    "cobranca:documento",
    "cobranca:documento_pdf",
    "descadastro",
    "faturamento:versao",
    "mensageria:decidir",
    "mensageria:dossie",
    "mensageria:html",
    "mensageria:janela",
    "mensageria:medir_texto",
    "mensageria:mensagem",
    "mensageria:previa",
    "mensageria:retorno_sms",
    "mensageria:servico_email",
    "mensageria:servico_email_antigo",
    "mensageria:teste",
    "painel_resolver_alerta",
    "preventivo:campanha_da_execucao",
    "preventivo:cancelar",
    "preventivo:confirmar",
    "preventivo:continuar",
    "preventivo:criar_campanha",
    "preventivo:descartar",
    "preventivo:exportar",
    "preventivo:layout",
    "preventivo:layout_previa",
    "preventivo:layout_testar",
    "preventivo:layout_versao",
    "preventivo:modelo",
    "preventivo:pausar",
    "preventivo:reagendar",
    "preventivo:recusadas",
    "preventivo:reenviar",
    "preventivo:servico",
    "preventivo:servico_novo",
    "preventivo:servico_novo_testar",
    "preventivo:servico_reativar",
    "preventivo:servico_remover",
    "preventivo:servico_testar",
    "preventivo:servicos",
    "preventivo:tipos",
    "saude",
    "telas:auditoria_exportar",
    "telas:entrar",
    "telas:sair",
    "telas:senha",
    "telas:senha_alterada",
    "telas:tema",
}
# What is searched in each large list of the administration.
BUSCAS: dict[str, Callable[[Dados], object]] = {
    "cadastro_setorcomercial": lambda d: "1.1",
    "cadastro_rota": lambda d: "1.1",
    "cadastro_quadra": lambda d: "1.1.1",
    "cadastro_imovel": lambda d: Imovel.objects.order_by("-pk").first().pk,
    "cadastro_cliente": lambda d: "maria silva",
    "cadastro_clienteendereco": lambda d: d.cliente.pk,
    "cadastro_clientefone": lambda d: ClienteFone.objects.order_by("-id").first().numero,
    "cadastro_clienteimovel": lambda d: Imovel.objects.order_by("-pk").first().pk,
    "mensageria_reserva": lambda d: 1,
    "mensageria_lote": lambda d: d.execucao,
    "mensageria_lotecontagem": lambda d: d.lote.pk,
    "mensageria_mensagem": lambda d: d.mensagem.objeto_id,
    "mensageria_tentativaenvio": lambda d: TentativaEnvio.objects.order_by("-id").first().mensagem_id,
    "mensageria_naogerada": lambda d: d.execucao,
    "batch_unidadeiniciada": lambda d: ProcessoIniciado.objects.order_by("-id").first().pk,
    "faturamento_conta": lambda d: Conta.objects.order_by("-id").first().imovel_id,
    "faturamento_clienteconta": lambda d: Conta.objects.order_by("-id").first().pk,
    "faturamento_debitoacobrar": lambda d: Imovel.objects.order_by("pk").first().pk,
    "cobranca_cobrancadocumento": lambda d: Imovel.objects.order_by("pk").first().pk,
    "cobranca_cobrancadocumentoitem": lambda d: 1,
    "cobranca_imovelsemdocumento": lambda d: Imovel.objects.order_by("pk").first().pk,
    "mensageria_anexo": lambda d: "boleto",
    "mensageria_supressao": lambda d: "cliente.1@example.com",
    "preventivo_aviso": lambda d: Aviso.objects.order_by("-id").first().pk,
    "preventivo_boleto": lambda d: "B1",
    "preventivo_linharecusada": lambda d: d.campanha,
    "preventivo_registro": lambda d: "00000000001",
}
MAIS_DA_ADMINISTRACAO = {"mensageria_mensagem": lambda d: {"da execução": {"lote__execucao__exact": d.execucao}}}


@dataclass(frozen=True)
class Medida:
    pagina: str
    consultas: int
    mediana_ms: float
    p95_ms: float
    consultas_maximas: int = CONSULTAS_MAXIMAS

    @property
    def cumpre(self) -> bool:
        return self.p95_ms <= TEMPO_MAXIMO and self.consultas <= self.consultas_maximas


class NaoAbriu(Exception):
    """A page did not answer 200; the message says which."""


def executar(pedido: argparse.Namespace) -> int:
    settings.DEBUG = False  # with it Django keeps each query
    nome = base_paginas.pronta(pedido.imoveis, refazer=pedido.refazer)
    with base.conectado(nome):
        try:
            medidas = [_medir(*um, vezes=pedido.vezes) for um in _enderecos(Dados.da_base())]
        except NaoAbriu as erro:
            return saida.invalida(str(erro))
        tamanhos = {"clientes": Cliente, "contas": Conta, "mensagens": Mensagem}
        linhas = {um: modelo.objects.count() for um, modelo in tamanhos.items()}
    medidas.sort(key=lambda medida: -medida.p95_ms)
    print(tabela(medidas, linhas), flush=True)
    saida.gravar(pedido, como_json(medidas, linhas))
    return saida.veredito(faltas(medidas))


def _enderecos(dados: Dados) -> Iterator[tuple[Client, str, str, int]]:
    """Who asks, what it is called, its address, and the queries that it may make."""
    operador, administrador = (_entrou(nome) for nome in (base_paginas.OPERADOR, base_paginas.ADMINISTRADOR))
    for pagina in PAGINAS:
        for nome, endereco in pagina.enderecos(dados):
            yield operador, nome, endereco, pagina.consultas_maximas
    for modelo, seu_admin in admin.site._registry.items():
        nome = f"{modelo._meta.app_label}_{modelo._meta.model_name}"
        try:
            endereco = reverse(f"admin:{nome}_changelist")
        except NoReverseMatch:
            continue
        for como, parametros in _da_lista(administrador, endereco, nome, seu_admin, dados):
            yield administrador, f"admin {nome}: {como}", f"{endereco}{parametros}", CONSULTAS_MAXIMAS


def _da_lista(cliente: Client, endereco: str, nome: str, seu_admin, dados: Dados) -> Iterator[tuple[str, str]]:
    """How a list of the administration is asked; nothing when it leads elsewhere."""
    resposta = cliente.get(endereco)
    if resposta.status_code == 302:
        return
    lista = seu_admin.get_changelist_instance(resposta.wsgi_request)
    yield "primeira", ""
    if lista.paginator.num_pages > 1:
        yield "última página", f"?p={lista.paginator.num_pages}"
    for filtro in lista.filter_specs:
        escolhas = list(filtro.choices(lista))[1:]  # the first is "all"
        for escolha in escolhas if len(escolhas) <= ESCOLHAS else (escolhas[0], escolhas[-1]):
            yield f"{filtro.title} = {escolha['display']}", escolha["query_string"]
    if isinstance(seu_admin, TabelaGrande):
        yield "busca", f"?{urlencode({'q': BUSCAS[nome](dados)})}"
    for como, parametros in MAIS_DA_ADMINISTRACAO.get(nome, lambda d: {})(dados).items():
        yield como, f"?{urlencode(parametros)}"


def _entrou(nome: str) -> Client:
    cliente = Client()
    cliente.force_login(User.objects.get(username=nome))
    return cliente


def _medir(cliente: Client, nome: str, endereco: str, consultas_maximas: int, *, vezes: int) -> Medida:
    tempos, consultas = [], 0
    for vez in range(AQUECIMENTO + vezes):
        contadas = 0

        def contar(executar_, *argumentos):
            nonlocal contadas
            contadas += 1
            return executar_(*argumentos)

        with connection.execute_wrapper(contar):
            inicio = time.perf_counter()
            resposta = cliente.get(endereco)
            tempo = (time.perf_counter() - inicio) * 1000
        if resposta.status_code != 200:
            raise NaoAbriu(f"{nome} ({endereco}) respondeu {resposta.status_code}")
        if vez >= AQUECIMENTO:
            tempos.append(tempo)
            consultas = max(consultas, contadas)
    return Medida(nome, consultas, round(median(tempos), 1), round(percentil(tempos, 95), 1), consultas_maximas)


def percentil(valores: list[float], parte: int) -> float:
    """The smallest value that so many in a hundred do not exceed."""
    return sorted(valores)[ceil(len(valores) * parte / 100) - 1]


def faltas(medidas: list[Medida]) -> list[str]:
    return [
        f"{m.pagina}: {m.p95_ms} ms no p95 (até {TEMPO_MAXIMO}) e {m.consultas} consultas (até {m.consultas_maximas})"
        for m in medidas
        if not m.cumpre
    ]


def tabela(medidas: list[Medida], linhas: dict[str, int]) -> str:
    """The slowest, and the worst of all."""
    titulos = ["página", "consultas", "mediana (ms)", "p95 (ms)"]
    piores = [[m.pagina, m.consultas, m.mediana_ms, m.p95_ms] for m in medidas[:PIORES]]
    mais = max(m.consultas for m in medidas if m.consultas_maximas == CONSULTAS_MAXIMAS)
    quantas = ", ".join(f"{numero} {nome}" for nome, numero in linhas.items())
    resumo = f"{len(medidas)} pedidos; {quantas}. Pior p95: {medidas[0].p95_ms} ms; mais consultas numa lista: {mais}."
    return f"{saida.tabela(titulos, piores)}\n\n{resumo}"


def como_json(medidas: list[Medida], linhas: dict[str, int]) -> dict:
    return {
        "p95_ms": max(m.p95_ms for m in medidas),
        "consultas": max(m.consultas for m in medidas),
        **linhas,
        "paginas": [asdict(m) for m in medidas],
    }
