"""What the engine must ask of the domain apps. Each registers a Fonte for its origin, as `admin.py` does models."""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Protocol

from django.db import connection
from django.db.models import TextChoices

from cadastro.documentos import formatar_documento
from cadastro.models import ParametroSistema
from mensageria.escrita import matriz
from mensageria.textos import Dado


@dataclass(frozen=True)
class Objeto:
    """What a message speaks of, as a page shows it. Without a customer, `cliente` is empty."""

    titulo: str
    matricula: int | None
    cliente_id: int | None
    cliente: str
    pagina: str = ""  # where it is seen whole, by whoever has the permission
    permissao: str = ""


@dataclass(frozen=True)
class DeOnde:
    """What makes the runs of an origin, as the pages of their messages lead back to it: a word for it, its entry of the
    menu, the URL of a run of it by `execucao`, the words of the way back, and the permission that it takes."""

    nome: str
    menu: str
    url: str
    volta: str
    permissao: str


PROCESSO = DeOnde(
    "Processo", "batch:processos", "batch:processo_da_execucao", "Ver o processo", "batch.view_processoiniciado"
)


Pares = Sequence[tuple[str, Any]]  # (label, value), as people read them


@dataclass(frozen=True)
class Prova:
    """What a Fonte tells the dossier of one message (`mensageria.dossie`); what there is not, is empty."""

    comando: Pares = ()  # who ordered it, and who allowed it
    dados: Pares = ()  # what the object is
    itens: Sequence[Pares] = ()  # what it is made of
    # What the message proves besides having been sent, from the day on which a server took it: paragraphs.
    declarar: Callable[[date], list[str]] | None = None


class SemExemplo(LookupError):
    """There is nothing to show a text on; the message says what to do."""


class Fonte(Protocol):
    """Answers about the objects of one origin. Every method is set-wise: one query for a block of any size."""

    nome: str  # of the origin, for people: "Faturamento"
    motivos_de_nao_gerar: type[TextChoices]  # why an object, or one of its channels, is left out
    layout: str  # of the e-mail, e.g. "aviso/1"
    # The kind of its messages, from which somebody may opt out (`mensageria.descadastro`); empty for those that must be
    # told, such as a bill.
    assunto: str
    dados: tuple[Dado, ...]  # the tags that its texts may have
    ver_textos: str  # the permission of who may see its texts
    escrever_textos: tuple[str, ...]  # any of these lets somebody write them
    # Optional: `de_onde: DeOnde`, when what makes its runs is not a process; and
    # `do_imovel(matricula, limite) -> Collection[int]`, the newest objects of an imóvel, when they are of imóveis; and
    # `prova(objeto: int, execucao: UUID) -> Prova`, for the dossier of a message.

    def exemplo(self, matricula: int | None, hoje: date) -> int:
        """The newest object with a customer, of that imóvel when one is given; raises SemExemplo."""

    def objetos(self, ids: Collection[int]) -> dict[int, Objeto]:
        """What each object is; one that does not exist is absent."""

    def motivos_de_cancelamento(self, canal: int, versoes: Mapping[int, str], hoje: date) -> dict[int, str]:
        """Which objects must not be announced any more, and why (Motivo). `versoes` is what each message speaks of."""

    def destinos(self, canal: int, ids: Collection[int], hoje: date) -> dict[int, str]:
        """Where each object is announced now; an object that is absent has no destination."""

    def contextos(self, ids: Collection[int], hoje: date) -> dict[int, dict[str, Any]]:
        """What the texts and the layout need; see `mensageria.composicao`."""


_fontes: dict[str, Fonte] = {}


def registrar(origem: str, fonte: Fonte) -> None:
    _fontes[origem] = fonte


def da_origem(origem: str) -> Fonte:
    return _fontes[origem]


def de_onde(origem: str) -> DeOnde:
    return getattr(_fontes.get(origem), "de_onde", PROCESSO)


def do_imovel(origem: str, matricula: int, limite: int = 1000) -> Collection[int]:
    """The newest objects of this origin that are of an imóvel; none of an origin that knows no imóveis."""
    perguntar = getattr(_fontes[origem], "do_imovel", None)
    return perguntar(matricula, limite) if perguntar else ()


def canais(origem: str) -> tuple[int, ...]:
    """The channels that an origin sends by: SMS (1) and e-mail (2), unless its Fonte says otherwise (`canais`)."""
    return getattr(_fontes.get(origem), "canais", (1, 2))


def origens() -> tuple[str, ...]:
    return tuple(_fontes)


# What fontes are made with


def linhas(consulta: str, valores: Mapping[str, Any]) -> list[tuple]:
    """A block in plain SQL, each of its lists an array: the ORM takes longer over a thousand ids than the database."""
    escritos = {nome: matriz(valor) if isinstance(valor, list) else valor for nome, valor in valores.items()}
    with connection.cursor() as cursor:
        cursor.execute(consulta, escritos)
        return cursor.fetchall()


def empresa(parametro: ParametroSistema) -> dict[str, str]:
    """The company as every layout shows it; what it did not inform of the last two is not there."""
    dados = {
        "nome": parametro.nome_empresa,
        "cnpj": formatar_documento(parametro.cnpj),
        "endereco": parametro.endereco,
        "telefone": parametro.telefone_atendimento or parametro.telefone_com_ramal,
        "site": parametro.site,
    }
    mais = {"telefone_esgoto": parametro.telefone_atendimento_esgoto, "email": parametro.email}
    return dados | {nome: valor for nome, valor in mais.items() if valor}
