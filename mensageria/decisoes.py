"""What an operator decides about messages: send again, take an uncertain one for sent or lost, cancel."""

from collections.abc import Callable, Collection
from dataclasses import dataclass
from datetime import datetime

from django.db import connection, transaction
from django.db.models import Count, Exists, F, Max, OuterRef, TextChoices
from django.db.models.functions import Greatest

from mensageria import fontes
from mensageria.estados import TRANSICOES, Estado, PoliticaIncerta
from mensageria.models import Mensagem, MensagemQuerySet, OrigemEnvio, TentativaEnvio
from mensageria.palavras import nome_da_origem

LIMITE = 10_000  # uncertain messages that are counted, and decided about, at a time
BLOCO = 1_000  # by one transaction


class MotivoObrigatorio(ValueError):
    """Every decision is kept with its reason."""


class MudouEnquantoIsso(Exception):
    """The message is not what the operator saw, or may not become what he wants. The message is shown to him."""


class Decisao(TextChoices):
    """What may be decided about one message."""

    REENVIAR = "reenviar", "Reenviar"
    FOI_ENVIADA = "enviada", "Foi enviada"
    FALHOU = "falha", "Falhou"
    CANCELAR = "cancelar", "Cancelar a mensagem"


# Told of the lotes whose messages come back to the queue, in the transaction that brings them: some origin may have to
# ask about them before they leave.
AoVoltar = Callable[[Collection[int], datetime], None]
_ao_voltar: list[AoVoltar] = []


def ao_voltar(funcao: AoVoltar) -> None:
    _ao_voltar.append(funcao)


def voltaram(lotes: Collection[int], agora: datetime) -> None:
    for funcao in _ao_voltar:
        funcao(lotes, agora)


def possiveis(mensagem: Mensagem, agora: datetime) -> list[Decisao]:
    """What may be decided about it now."""
    estado, alvos = Estado(mensagem.estado), TRANSICOES[mensagem.estado]
    if estado == Estado.EM_ENVIO:
        return []
    cabem = {
        Decisao.REENVIAR: Estado.PENDENTE in alvos and mensagem.expira_em > agora,
        Decisao.FOI_ENVIADA: estado == Estado.INCERTA,
        Decisao.FALHOU: estado == Estado.INCERTA,
        Decisao.CANCELAR: Estado.CANCELADA in alvos,
    }
    return [decisao for decisao, cabe in cabem.items() if cabe]


def retrato(mensagem: Mensagem) -> str:
    """What of a message an operator saw when he decided."""
    return f"{mensagem.estado}:{mensagem.tentativas}"


@transaction.atomic
def decidir(mensagem_id: int, decisao: Decisao, *, visto: str, usuario, motivo: str, agora: datetime) -> Mensagem:
    """Decide about one message as it was seen (`retrato`); return it as it was. Raises MudouEnquantoIsso."""
    conferir_motivo(motivo)
    mensagem = Mensagem.objects.select_for_update(of=("self",)).get(pk=mensagem_id)
    if retrato(mensagem) != visto or decisao not in possiveis(mensagem, agora):
        raise MudouEnquantoIsso(
            f"A mensagem mudou enquanto você decidia: agora está {mensagem.get_estado_display().lower()}. "
            "Nada foi feito."
        )
    _aplicar([mensagem_id], decisao, usuario=usuario, motivo=motivo, agora=agora)
    return mensagem


def _aplicar(ids: Collection[int], decisao: Decisao, *, usuario, motivo: str, agora: datetime) -> int:
    if decisao == Decisao.REENVIAR:
        return reenviar(ids, usuario=usuario, motivo=motivo, agora=agora)
    if decisao == Decisao.CANCELAR:
        return cancelar(ids, usuario=usuario, motivo=motivo)
    como = Estado.ENVIADA if decisao == Decisao.FOI_ENVIADA else Estado.FALHA
    return resolver_incertas(ids, como=como, usuario=usuario, motivo=motivo, agora=agora)


# Uncertain messages, many at once


@dataclass(frozen=True)
class Fila:
    """An origin, and how many uncertain messages it has, up to LIMITE + 1.

    Unless they wait (`espera`), its policy leaves them as they are, and nobody need decide.
    """

    origem: str
    espera: bool
    quantas: int

    @property
    def nome(self) -> str:
        return nome_da_origem(self.origem)


def filas() -> list[Fila]:
    """Every origin that is registered or configured, those that wait for somebody first."""
    origens = _origens()
    quantas = _de_cada(list(origens))
    todas = [Fila(origem, espera, quantas[origem]) for origem, espera in origens.items()]
    return sorted(todas, key=lambda fila: (not fila.espera, fila.nome))


def a_espera() -> int:
    """How many uncertain messages wait for somebody to decide, up to LIMITE + 1."""
    return _ate_o_limite([origem for origem, espera in _origens().items() if espera])


def _origens() -> dict[str, bool]:
    """{origem: whether its uncertain messages wait for somebody}."""
    politicas = dict.fromkeys(fontes.origens(), PoliticaIncerta.PERGUNTAR)
    politicas |= dict(OrigemEnvio.objects.values_list("origem", "politica_incerta"))
    return {origem: politica != PoliticaIncerta.NAO_REENVIAR for origem, politica in politicas.items()}


def incertas() -> MensagemQuerySet:
    """In the order of the index that finds those of an origin."""
    return Mensagem.objects.filter(estado=Estado.INCERTA).order_by("pk")


DE_CADA = """
SELECT o.origem, (
    SELECT count(*) FROM (SELECT FROM mensageria_mensagem WHERE estado = %s AND origem = o.origem LIMIT %s) ate_o_limite
)
FROM unnest(%s::text[]) AS o (origem)
"""


def _de_cada(origens: list[str]) -> dict[str, int]:
    """{origem: how many uncertain messages, up to LIMITE + 1}, of all of them by one query."""
    with connection.cursor() as cursor:
        cursor.execute(DE_CADA, [Estado.INCERTA.value, LIMITE + 1, origens])
        return dict(cursor.fetchall())


def _ate_o_limite(origens: Collection[str]) -> int:
    return incertas().filter(origem__in=origens).order_by()[: LIMITE + 1].count()


@dataclass(frozen=True)
class Vistas:
    """The uncertain messages of one origin that an operator had before him: the `escolhidas`, or all up to `ate`.

    `tentativa` is the last attempt that there was. Of a message with a later one he did not see how it stands, and it
    is not decided about.
    """

    origem: str
    quantas: int
    ate: int
    tentativa: int
    escolhidas: tuple[int, ...] | None = None

    def mensagens(self) -> MensagemQuerySet:
        depois = TentativaEnvio.objects.filter(mensagem=OuterRef("pk"), pk__gt=self.tentativa)
        suas = incertas().filter(~Exists(depois), origem=self.origem, pk__lte=self.ate)
        return suas if self.escolhidas is None else suas.filter(pk__in=self.escolhidas)

    @property
    def esperadas(self) -> int:
        return self.quantas if self.escolhidas is None else len(self.escolhidas)


def ver(origem: str) -> Vistas:
    """What of an origin is before an operator now: its first uncertain messages, up to LIMITE."""
    tentativa = TentativaEnvio.objects.order_by("-pk").values_list("pk", flat=True).first() or 0
    suas = incertas().filter(origem=origem)[:LIMITE].aggregate(quantas=Count("pk"), ate=Max("pk"))
    return Vistas(origem, suas["quantas"], suas["ate"] or 0, tentativa)


@dataclass(frozen=True)
class Decididas:
    """About how many it was, or would be, decided; how many may not be sent again, and how many changed meanwhile."""

    quantas: int
    vencidas: int
    mudaram: int


def prever(vistas: Vistas, decisao: Decisao, agora: datetime) -> Decididas:
    """What a decision would do now; for the question that comes before it."""
    achadas = vistas.mensagens().order_by()[: vistas.esperadas + 1].count()
    vencidas = vistas.mensagens().filter(expira_em__lte=agora).count() if decisao == Decisao.REENVIAR else 0
    return Decididas(achadas - vencidas, vencidas, max(vistas.esperadas - achadas, 0))


def decidir_incertas(vistas: Vistas, decisao: Decisao, *, usuario, motivo: str, agora: datetime) -> Decididas:
    """Decide about uncertain messages as they were seen, a block at a time.

    What is past its limit is not sent again. Raises MudouEnquantoIsso, with nothing done, when there are more of them
    than were seen.
    """
    conferir_motivo(motivo)
    ids = list(vistas.mensagens().values_list("pk", flat=True)[: vistas.esperadas + 1])
    if len(ids) > vistas.esperadas:
        raise MudouEnquantoIsso("Outras mensagens ficaram incertas enquanto você decidia. Nada foi feito.")
    feitas = vencidas = 0
    for inicio in range(0, len(ids), BLOCO):
        with transaction.atomic():
            bloco = vistas.mensagens().filter(pk__in=ids[inicio : inicio + BLOCO])
            prazos = dict(bloco.select_for_update(of=("self",)).values_list("pk", "expira_em"))
            fora = [pk for pk, prazo in prazos.items() if decisao == Decisao.REENVIAR and prazo <= agora]
            feitas += _aplicar(prazos.keys() - fora, decisao, usuario=usuario, motivo=motivo, agora=agora)
            vencidas += len(fora)
    return Decididas(feitas, vencidas, vistas.esperadas - feitas - vencidas)


# What each decision does


def _das_que_podem(ids: Collection[int], para: Estado, excluidos: tuple[Estado, ...] = ()):
    de = [estado for estado, alvos in TRANSICOES.items() if para in alvos and estado not in excluidos]
    return Mensagem.objects.filter(id__in=ids, estado__in=de)


@transaction.atomic
def reenviar(ids: Collection[int], *, usuario, motivo: str, agora: datetime) -> int:
    """Put failed and uncertain messages back in the queue, with one more attempt; return how many.

    A re-send is the same message with a new attempt, which says who asked for it and why.
    """
    conferir_motivo(motivo)
    voltam = _das_que_podem(ids, Estado.PENDENTE, excluidos=(Estado.EM_ENVIO,)).filter(expira_em__gt=agora)
    lotes = set(voltam.values_list("lote", flat=True))
    quantas = voltam.update(
        estado=Estado.PENDENTE,
        reserva=None,
        motivo="",
        proxima_tentativa_em=agora,
        tentativas_maximas=Greatest("tentativas_maximas", F("tentativas") + 1),
        pedido_por=usuario,
        pedido_motivo=motivo[:200],
    )
    voltaram(lotes, agora)
    return quantas


def adiar(ids: Collection[int], ate: datetime) -> int:
    """Keep pending messages from leaving before a moment; what somebody is sending is left alone. Return how many."""
    return Mensagem.objects.filter(id__in=ids, estado=Estado.PENDENTE).update(proxima_tentativa_em=ate)


@transaction.atomic
def resolver_incertas(ids: Collection[int], *, como: Estado, usuario, motivo: str, agora: datetime) -> int:
    """Say what became of uncertain messages: ENVIADA, FALHA or CANCELADA; return how many."""
    conferir_motivo(motivo)
    if como not in TRANSICOES[Estado.INCERTA] or como == Estado.PENDENTE:
        raise ValueError("Uma mensagem incerta passa a enviada, falha ou cancelada; para reenviar use reenviar().")
    return Mensagem.objects.filter(id__in=ids, estado=Estado.INCERTA).update(
        estado=como,
        reserva=None,
        motivo=f"Decisão do operador: {motivo}"[:300],
        enviada_em=agora if como == Estado.ENVIADA else None,
        pedido_por=usuario,
        pedido_motivo=motivo[:200],
    )


@transaction.atomic
def cancelar(ids: Collection[int], *, usuario, motivo: str) -> int:
    """Cancel pending and uncertain messages; one that is being sent is left alone. Return how many."""
    conferir_motivo(motivo)
    return _das_que_podem(ids, Estado.CANCELADA, excluidos=(Estado.EM_ENVIO,)).update(
        estado=Estado.CANCELADA,
        reserva=None,
        motivo=f"Cancelada pelo operador: {motivo}"[:300],
        pedido_por=usuario,
        pedido_motivo=motivo[:200],
    )


def conferir_motivo(motivo: str) -> None:
    """Raises MotivoObrigatorio for an empty one."""
    if not motivo.strip():
        raise MotivoObrigatorio("Informe o motivo.")
