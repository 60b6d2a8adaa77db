"""What came of the messages of a block, and its consequences: live, or read later from a journal, by the same words.

`aplicar` is idempotent under the number of the reservation: a result is written once, whoever brings it.
"""

import logging
from collections import Counter
from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from operator import attrgetter
from typing import NamedTuple

from django.conf import settings
from django.db import connection, transaction
from django.db.models import Count

from mensageria import composicao, consumo, pausas
from mensageria.escrita import atualizar, matriz, travar_contagens
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


class Resultado(NamedTuple):
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
        return self._asdict()

    @property
    def quando(self) -> datetime:
        return datetime.fromisoformat(self.momento)


def incerta(id_: int, agora: datetime, texto: str) -> Resultado:
    return Resultado(id_, Classe.INCERTA, texto=texto, momento=agora.isoformat())


class BlocoPerdido(Exception):
    """Another machine gave the block up: only a journal, read by whoever recovers, settles it now."""


@transaction.atomic(savepoint=False)
def aplicar(reserva: Reserva, resultados: Iterable[Resultado], agora: datetime) -> None:
    """Write the attempts, their consequences and what they used of the quota, together.

    Only messages that the reservation still holds change, or that are uncertain because of it; what is said of any
    other is kept as an attempt and logged. Every writer locks in this order, so none waits in a circle: the
    reservation, messages, new moldes, the counts of the lotes (by one statement), the quota, the lotes.
    """
    por_id = {r.mensagem: r for r in resultados}
    if not por_id:
        return
    Reserva.objects.select_for_update(no_key=True).filter(pk=reserva.pk).values_list("pk").first()
    aceitas = [r for r in por_id.values() if r.classe == Classe.ACEITA and r.resumo]
    if len(aceitas) < len(por_id):
        _travar(por_id)
    usos, vistos = _Usos(), []
    for m in _aceitar(reserva, aceitas, agora):
        dela = por_id.pop(m.id)
        usos.mais.append(dela.quando)
        vistos.append((m.lote_id, dela.classe))
    if por_id:
        vistos += _aplicar_as_outras(reserva, por_id, usos, agora)
    usos.contar(reserva)
    pausas.observar(vistos, agora)


TRAVAR_MENSAGENS = "SELECT lote_id FROM mensageria_mensagem WHERE id = ANY(%s) ORDER BY id FOR UPDATE"


def _travar(ids: Iterable[int]) -> None:
    """What more than one statement is to write, messages and then counts, before the first of them."""
    with connection.cursor() as cursor:
        cursor.execute(TRAVAR_MENSAGENS, [matriz(ids)])
        travar_contagens({lote for (lote,) in cursor.fetchall()})


ACEITAR = """
WITH aceitas AS (
    UPDATE mensageria_mensagem m SET
        estado = %(enviada)s, motivo = '', reserva_id = NULL, enviada_em = d.momento,
        codigo_retorno = CASE WHEN m.canal = %(email)s THEN d.codigo ELSE %(transmitido)s END,
        id_externo = coalesce(nullif(d.id_externo, ''), m.id_externo),
        tentativas = m.tentativas + 1, tentativas_maximas = greatest(m.tentativas + 1, m.tentativas_maximas),
        proxima_tentativa_em = %(consultar_em)s, pedido_por_id = NULL, pedido_motivo = ''
    FROM unnest(%(mensagem)s::bigint[], %(momento)s::timestamptz[], %(duracao_ms)s::int[], %(codigo)s::text[],
        %(texto)s::text[], %(id_externo)s::text[], %(resumo)s::text[])
        AS d (id, momento, duracao_ms, codigo, texto, id_externo, resumo)
    WHERE m.id = d.id AND m.reserva_id = %(reserva)s AND m.estado = %(em_envio)s
    RETURNING m.id, m.lote_id, m.tentativas, coalesce(m.contexto->>'destino', m.destino) AS destino,
        old.pedido_por_id, old.pedido_motivo, d.momento, d.duracao_ms, d.codigo, d.texto, d.resumo
), tentativas AS (
    INSERT INTO mensageria_tentativaenvio (mensagem_id, reserva, numero, servico, destino, momento, duracao_ms, classe,
        codigo, resposta, resumo, pedido_por_id, pedido_motivo)
    SELECT id, %(reserva)s, tentativas, %(servico)s, destino, momento, duracao_ms, %(aceita)s, codigo, texto, resumo,
        pedido_por_id, pedido_motivo
    FROM aceitas
    ON CONFLICT DO NOTHING
)
SELECT id, lote_id FROM aceitas
"""


class Aceita(NamedTuple):
    id: int
    lote_id: int


def _aceitar(reserva: Reserva, ditas: list[Resultado], agora: datetime) -> list[Aceita]:
    """By one statement, what nearly every result is: accepted, of a message that the reservation still holds.

    Return those that it wrote. The others, as those whose hash is not known, are told one by one.
    """
    if not ditas:
        return []
    ditas = sorted(ditas, key=attrgetter("mensagem"))
    colunas = dict(zip(Resultado._fields, map(matriz, zip(*ditas, strict=True)), strict=True))
    with connection.cursor() as cursor:
        cursor.execute(
            ACEITAR,
            {
                **colunas,  # by the names of its fields
                "reserva": reserva.pk,
                "servico": reserva.servico.nome,
                "consultar_em": agora + PRIMEIRA_CONSULTA,
                "transmitido": RETORNO_TRANSMITIDO,
                "email": int(Canal.EMAIL),
                "enviada": int(Estado.ENVIADA),
                "em_envio": int(Estado.EM_ENVIO),
                "aceita": Classe.ACEITA.value,
            },
        )
        return [Aceita(*linha) for linha in cursor.fetchall()]


def _aplicar_as_outras(
    reserva: Reserva, por_id: Mapping[int, Resultado], usos: "_Usos", agora: datetime
) -> list[tuple[int, str]]:
    """Each by its own rule; return (lote, class) of those that the reservation held."""
    quedas = _faltas_do_servico(por_id)
    politicas = dict(OrigemEnvio.objects.values_list("origem", "politica_incerta"))
    pergunta = None  # whether the gateway can be asked about what is in doubt
    nossas, tentativas = [], []
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
    variam = {campo: [getattr(m, Mensagem._meta.get_field(campo).attname) for m in nossas] for campo in CAMPOS}
    atualizar(Mensagem, [m.id for m in nossas], variam, {})
    TentativaEnvio.objects.bulk_create(tentativas, ignore_conflicts=True)
    return [(m.lote_id, por_id[m.id].classe) for m in nossas]


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
    return mensagens.select_related("texto", "molde").select_for_update(of=("self",))


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
        """After the messages: see the order of the locks in `aplicar`."""
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
