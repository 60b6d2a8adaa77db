"""The menu: the manual's paths, as data. Pages and their breadcrumbs are found here by the name of their URL."""

from collections.abc import Iterator
from dataclasses import dataclass

from django.urls import reverse


@dataclass(frozen=True)
class Item:
    """One entry: its title, the name of its URL, and the permission that shows it."""

    titulo: str
    url: str
    permissao: str
    secao: str = ""  # the manual's middle step, such as "Cliente" in Cadastro > Cliente > Manter Cliente


@dataclass(frozen=True)
class Grupo:
    titulo: str
    icone: str
    itens: tuple[Item, ...]
    sistema: str = "GSAN"  # where the path of its manual begins


MENU = (
    Grupo(
        "Cadastro",
        "people",
        (
            Item(
                "Informar Parâmetros do Sistema",
                "cadastro:parametros",
                "cadastro.view_parametrosistema",
                "Sistema Parâmetro",
            ),
            Item(
                "Calendário de Contato", "mensageria:calendario", "mensageria.view_janelacontato", "Sistema Parâmetro"
            ),
            Item("Inserir Cliente", "cadastro:cliente_inserir", "cadastro.add_cliente", "Cliente"),
            Item("Manter Cliente", "cadastro:clientes", "cadastro.view_cliente", "Cliente"),
            Item("Consultar Imóvel", "cadastro:imoveis", "cadastro.view_imovel", "Imóvel"),
        ),
    ),
    Grupo(
        "Faturamento",
        "receipt",
        (
            Item(
                "Parametrizar Mensagem de Faturamento (SMS/E-MAIL)",
                "faturamento:parametrizar_mensagem",
                "faturamento.view_parametromensagem",
            ),
        ),
    ),
    Grupo(
        "Cobrança",
        "megaphone",
        (
            Item("Inserir", "cobranca:acao_inserir", "cobranca.add_acaocobranca", "Ação de Cobrança"),
            Item("Manter", "cobranca:acoes", "cobranca.view_acaocobranca", "Ação de Cobrança"),
            Item("Comandar", "cobranca:comandos", "cobranca.view_comandoacao", "Ação de Cobrança"),
            Item("Critério de Cobrança", "cobranca:criterios", "cobranca.view_criteriocobranca"),
        ),
    ),
    Grupo(
        "Batch",
        "gear",
        (
            Item("Inserir Processo", "batch:processo_inserir", "batch.add_processoiniciado"),
            Item("Consultar Processos", "batch:processos", "batch.view_processoiniciado"),
            Item("Agendamentos", "batch:agendamentos", "batch.view_agendamento"),
            Item("Mensagens Incertas", "mensageria:incertas", "mensageria.view_mensagem"),
        ),
    ),
    Grupo(
        "Campanha Preventiva",
        "calendar-check",
        (
            Item("Cadastrar Campanha", "preventivo:criar_campanha", "preventivo.add_campanha"),
            Item("Listar Campanhas", "preventivo:campanhas", "preventivo.view_campanha"),
            Item("Alterar Serviço de Envio", "mensageria:servico_email", "mensageria.change_remetente"),
            Item("Cadastro Serviços", "preventivo:servicos", "mensageria.change_servicoemail"),
            Item("Layouts", "preventivo:layouts", "preventivo.view_layout"),
        ),
        sistema="Preventivo",
    ),
    Grupo("Segurança", "shield-lock", (Item("Auditoria", "telas:auditoria", "telas.view_entradaauditoria"),)),
)


def de(usuario) -> list[tuple[Grupo, list[Item]]]:
    """The groups that somebody sees, each with the items that he may open."""
    visiveis = [(grupo, [item for item in grupo.itens if usuario.has_perm(item.permissao)]) for grupo in MENU]
    return [(grupo, itens) for grupo, itens in visiveis if itens]


def caminho(url: str) -> tuple[list[str], str] | None:
    """The breadcrumb of the page whose URL has this name: the steps before it, and its title; None outside the menu."""
    for grupo, item in _todos():
        if item.url == url:
            return [grupo.sistema, grupo.titulo, *([item.secao] if item.secao else [])], item.titulo
    return None


def pode_abrir(usuario, url: str) -> bool:
    """Whether somebody may open the page with this URL name: one of the menu, or one of the administration."""
    if url.startswith("admin:"):
        return usuario.is_staff
    return any(item.url == url and usuario.has_perm(item.permissao) for _, item in _todos())


def endereco(url: str) -> str:
    return reverse(url)


def _todos() -> Iterator[tuple[Grupo, Item]]:
    return ((grupo, item) for grupo in MENU for item in grupo.itens)
