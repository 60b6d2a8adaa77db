"""What came of the messages of a block, and its consequences: live, or read later from a journal, by the same words.

`aplicar` is idempotent under the number of the reservation: a result is written once, whoever brings it.
"""

import logging
from collections import Counter
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta

from django.conf import settings
from django.db import transaction
from django.db.models import Count

from mensageria import composicao, consumo, pausas
from mensageria.escrita import atualizar
from mensageria.estados import (
    DEFINITIVAS,
    DO_SERVICO,
    RETORNO_ERRO,
    RETORNO_TRANSMITIDO,
    Classe,
    Estado,
    PoliticaIncerta,
)
from mensageria.models import Canal, Mensagem, OrigemEnvio, Reserva, Servico, TentativaEnvio
from mensageria.saida import abrir_canal

log = logging.getLogger(__name__)

PRIMEIRA_CONSULTA = timedelta(minutes=1)  # of what became of an SMS
DUVIDAS_REENVIADAS = 3  # times that a message in doubt is sent again by itself: some kill whoever sends them
CONTAM_NA_COTA = frozenset({Classe.ACEITA, Classe.INCERTA})  # what may have reached the server
CAMPOS = [
    "estado",
    "motivo",
    "tentativas",
    "tentativas_maximas",
    "proxima_tentativa_em",
    "enviada_em",
    "codigo_retorno",
    "id_externo",
    "reserva",
    "pedido_por",
    "pedido_motivo",
]


@dataclass(frozen=True)
class Resultado:
    """What came of one message. Without a `classe` no attempt was made: it is cancelled if there is a `motivo`, else it
    goes back untouched."""

    mensagem: int
    classe: str = ""
    codigo: str = ""
    texto: str = ""
    id_externo: str = ""
    motivo: str = ""
    momento: str = ""  # ISO 8601: when the body left, or else when the attempt ended
    duracao_ms: int = 0
    resumo: str = ""  # SHA-256 of what may have left; without one it is rendered again

    def como_linha(self) -> dict:
        """For the journal."""
        return asdict(self)

    @property
    def quando(self) -> datetime:
        return datetime.fromisoformat(self.momento)


def incerta(id_: int, agora: datetime, texto: str) -> Resultado:
    return Resultado(id_, Classe.INCERTA, texto=texto, momento=agora.isoformat())


class BlocoPerdido(Exception):
    """Another machine gave the block up: only a journal, read by whoever recovers, settles it now."""


@transaction.atomic
def aplicar(reserva: Reserva, resultados: Iterable[Resultado], agora: datetime) -> None:
    """Write the attempts, their consequences and what they used of the quota, together.

    Only messages that the reservation still holds change, or that are uncertain because of it; what is said of any
    other is kept as an attempt and logged. Every writer locks in this order, so none waits in a circle: the
    reservation, messages, the quota, the counts of the lotes (by one statement), the lotes.
    """
    por_id = {r.mensagem: r for r in resultados}
    if not por_id:
        return
    quedas = _faltas_do_servico(por_id)
    politicas = dict(OrigemEnvio.objects.values_list("origem", "politica_incerta"))
    pergunta = None  # whether the gateway can be asked about what is in doubt
    nossas, tentativas, usos = [], [], _Usos()
    for m in _travadas(por_id):
        resultado = por_id[m.id]
        nossa = m.reserva_id == reserva.pk and m.estado in (Estado.EM_ENVIO, Estado.INCERTA)
        duvida = nossa and m.estado == Estado.INCERTA
        if not nossa and (not resultado.classe or _ja_escrito(reserva, m, resultado)):
            continue
        if resultado.classe:
            tentativas.append(_tentativa(reserva, m, resultado, numero=m.tentativas + (not duvida)))
            usos.somar(m, reserva, resultado, nossa)
        if nossa:
            usos.esquecer(m, reserva, duvida)
            politica = politicas.get(m.origem, PoliticaIncerta.PERGUNTAR)
            if resultado.classe == Classe.INCERTA and politica == PoliticaIncerta.REENVIAR:
                pergunta = _responde_por_chave(reserva.servico) if pergunta is None else pergunta
                politica = PoliticaIncerta.PERGUNTAR if pergunta else politica
            _consequencia(m, resultado, agora, quedas[m.id], politica)
            nossas.append(m)
        else:
            log.error("mensagem %s: %s chegou depois de perdida a reserva", m.id, resultado.classe)
    usos.contar(reserva)
    atualizar(nossas, CAMPOS)
    TentativaEnvio.objects.bulk_create(tentativas, ignore_conflicts=True)
    pausas.observar([(m, por_id[m.id].classe) for m in nossas], agora)


def encerrar(reserva: Reserva, resultados: Iterable[Resultado], agora: datetime) -> int:
    """The last results of a block; whatever else it holds goes back untouched. Return how many did.

    Raises BlocoPerdido when another machine gave it up meanwhile: nothing is written.
    """
    with transaction.atomic():
        if Reserva.objects.select_for_update().get(pk=reserva.pk).perdida:
            raise BlocoPerdido(f"O bloco {reserva.pk} foi dado por perdido.")
        ditos = {r.mensagem: r for r in resultados}
        presas = reserva.mensagens.filter(estado=Estado.EM_ENVIO).values_list("id", flat=True)
        resto = [id_ for id_ in presas if id_ not in ditos]
        aplicar(reserva, [*ditos.values(), *map(Resultado, resto)], agora)
        Reserva.objects.filter(pk=reserva.pk).update(encerrada_em=agora)
    return len(resto)


def _ja_escrito(reserva: Reserva, m: Mensagem, resultado: Resultado) -> bool:
    """Whether this was told before, or something more certain: an answer that came is not put in doubt afterwards."""
    ditas = m.envios.filter(reserva=reserva.pk)
    return ditas.exists() if resultado.classe == Classe.INCERTA else ditas.filter(classe=resultado.classe).exists()


def _responde_por_chave(servico: Servico) -> bool:
    """Its gateway is asked about what is in doubt before anything is sent again (`retornos`)."""
    if servico.canal != Canal.SMS:
        return False
    with abrir_canal(servico) as canal:
        return canal.consultavel_por_chave


def _travadas(ids: Iterable[int]):
    mensagens = Mensagem.objects.filter(id__in=list(ids)).order_by("id")
    return mensagens.select_related("texto").select_for_update(of=("self",))


class _Usos:
    """What results use of the quota, and what an uncertain message gives back when it turns out what became of it.

    A departure, which is a message under a reservation, counts once, however often it is told.
    """

    def __init__(self):
        self.mais: list[datetime] = []
        self.menos: list[datetime] = []

    def somar(self, m: Mensagem, reserva: Reserva, resultado: Resultado, nossa: bool) -> None:
        if resultado.classe not in CONTAM_NA_COTA:
            return
        if nossa or not m.envios.filter(reserva=reserva.pk, classe__in=CONTAM_NA_COTA).exists():
            self.mais.append(resultado.quando)

    def esquecer(self, m: Mensagem, reserva: Reserva, duvida: bool) -> None:
        if duvida:
            da_duvida = m.envios.filter(reserva=reserva.pk, classe=Classe.INCERTA)
            self.menos += da_duvida.values_list("momento", flat=True)

    def contar(self, reserva: Reserva) -> None:
        consumo.contar(reserva.servico, self.mais)
        consumo.contar(reserva.servico, self.menos, sinal=-1)


def _faltas_do_servico(ids: Iterable[int]) -> Counter:
    """How many times each was given back for a fault of its service: each time it waits longer, so others go first."""
    return Counter(
        dict(
            TentativaEnvio.objects.filter(mensagem__in=list(ids), classe__in=DO_SERVICO)
            .values_list("mensagem")
            .annotate(vezes=Count("id"))
        )
    )


def _tentativa(reserva: Reserva, m: Mensagem, resultado: Resultado, *, numero: int) -> TentativaEnvio:
    return TentativaEnvio(
        mensagem=m,
        reserva=reserva.pk,
        numero=numero,
        servico=reserva.servico.nome,
        destino=(m.contexto or {}).get("destino") or m.destino,
        momento=resultado.quando,
        duracao_ms=resultado.duracao_ms,
        classe=resultado.classe,
        codigo=resultado.codigo,
        resposta=resultado.texto,
        resumo=resultado.resumo or (resumo(m) if resultado.classe in CONTAM_NA_COTA else ""),
        pedido_por_id=m.pedido_por_id,
        pedido_motivo=m.pedido_motivo,
    )


def resumo(mensagem: Mensagem) -> str:
    """The hash of what left, rendered again; empty for what does not render any more, which stops nobody."""
    try:
        return composicao.resumo(composicao.conteudo(mensagem))
    except Exception:
        log.exception("A mensagem %s não se compõe de novo.", mensagem.id)
        return ""


def _consequencia(m: Mensagem, resultado: Resultado, agora: datetime, quedas: int, politica: str) -> None:
    """Move the message to where the result leads. An uncertain one has its attempt counted already."""
    feitas = m.tentativas + (0 if m.estado == Estado.INCERTA else 1)
    classe = resultado.classe
    m.reserva_id = None if classe != Classe.INCERTA else m.reserva_id
    if not classe:
        m.tentativas = feitas - 1
        m.estado = Estado.CANCELADA if resultado.motivo else Estado.PENDENTE
        m.motivo = resultado.motivo[:300] if resultado.motivo else m.motivo
        return
    palavras = f"{Classe(classe).label}: {resultado.codigo} {resultado.texto}".replace(":  ", ": ").strip()
    m.motivo = "" if classe == Classe.ACEITA else palavras[:300]
    if classe in DO_SERVICO:
        m.tentativas = feitas - 1
        m.estado = Estado.PENDENTE
        m.proxima_tentativa_em = agora + timedelta(seconds=settings.ESPERA_DO_SERVICO * 2 ** min(quedas, 6))
        return
    m.tentativas, m.tentativas_maximas = feitas, max(feitas, m.tentativas_maximas)
    if classe == Classe.ACEITA:
        m.estado, m.enviada_em = Estado.ENVIADA, resultado.quando
        m.codigo_retorno = resultado.codigo if m.canal == Canal.EMAIL else RETORNO_TRANSMITIDO
        m.proxima_tentativa_em = agora + PRIMEIRA_CONSULTA
        m.id_externo = resultado.id_externo or m.id_externo
    elif classe == Classe.INCERTA:
        _duvidar(m, agora, politica)
    elif classe in DEFINITIVAS or feitas >= m.tentativas_maximas:
        m.estado = Estado.FALHA
        m.codigo_retorno = RETORNO_ERRO if m.canal == Canal.SMS else m.codigo_retorno
    else:
        m.estado = Estado.PENDENTE
        espera = settings.ESPERA_ENTRE_TENTATIVAS * 4 ** (feitas - 1)
        m.proxima_tentativa_em = agora + timedelta(seconds=espera)
    m.pedido_por, m.pedido_motivo = None, ""


def _duvidar(m: Mensagem, agora: datetime, politica: str) -> None:
    """It may have left: the policy of its origin says whether it goes again by itself, and the attempt is kept."""
    duvidas = m.envios.filter(classe=Classe.INCERTA).count()
    if politica == PoliticaIncerta.REENVIAR and duvidas < DUVIDAS_REENVIADAS and m.expira_em > agora:
        m.estado, m.reserva_id = Estado.PENDENTE, None
        m.tentativas_maximas = max(m.tentativas_maximas, m.tentativas + 1)
        m.proxima_tentativa_em = agora + timedelta(seconds=settings.ESPERA_ENTRE_TENTATIVAS)
    else:
        m.estado = Estado.INCERTA
