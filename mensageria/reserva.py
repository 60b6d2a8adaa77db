"""The claim: a block of due messages under one number, checked, composed and written before the network is used.

One transaction: rows that nobody holds are locked, the origins asked, what may leave is rendered, and one statement
marks the rows and keeps what was rendered. New moldes are written before anything locks the counts of a lote; a quota
stays locked until the rows are marked, since nothing else may be reserved meanwhile. A block is held whole in memory:
what is attached to its messages has a bound, and those past it are left as they were, for the next block.
"""

import logging
from collections.abc import Collection, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field, fields
from datetime import datetime, timedelta
from itertools import accumulate
from uuid import UUID

from django.conf import settings
from django.db import connection, transaction
from django.db.models import BooleanField, CharField, F, Func, Q, Value
from django.db.models.expressions import RawSQL
from django.db.models.functions import Lower
from django.utils import timezone
from orjson import Fragment

from cadastro.models import ParametroSistema
from mensageria import calendario, composicao, consumo, descadastro, espera, fontes, moldes, pausas, trabalhador
from mensageria.canais.base import FalhaDeEnvio
from mensageria.diario import maquina
from mensageria.escrita import atualizar, juntar_por_indice, matriz, travar_contagens
from mensageria.estados import Classe, Estado, Motivo
from mensageria.janela import Calendario
from mensageria.models import Canal, Mensagem, MensagemQuerySet, Molde, Remetente, Reserva, Servico, VersaoTexto

log = logging.getLogger(__name__)

MAIOR_PESO = 32 << 20  # bytes attached to the messages of a block: a copy for each, which base64 makes a third larger


class ErroInesperado(FalhaDeEnvio):
    """An error that is nobody's reply. It costs its message an attempt, so that it cannot come back for ever."""

    def __init__(self, classe: Classe, erro: Exception):
        super().__init__(classe, "", f"{type(erro).__name__}: {erro}"[:1000])


@dataclass(slots=True, eq=False)
class Saindo:
    """A message on its way out: of its row, what a turn needs."""

    id: int
    chave: str
    canal: int
    origem: str
    objeto_id: int
    versao_objeto: str
    remetente_id: int | None
    destino: str
    texto_id: int
    expira_em: datetime
    prioridade: int
    lote_id: int
    id_externo: str
    texto: VersaoTexto | None = None
    remetente: Remetente | None = None
    # Of its context, what its row keeps (`mensageria.moldes`); None while it was not composed.
    comum: bytes | None = None
    molde: UUID | None = None  # that holds `comum`
    proprio: Fragment | None = None
    para: str = ""  # where it goes, which ENVIO may divert
    conteudo: bytes = b""
    resumo: str = ""  # its SHA-256
    erro: FalhaDeEnvio | None = None  # what keeps it from being composed, and is nobody's reply
    fecha_em: datetime | None = None  # when its window of contact closes


COLUNAS = [campo.name for campo in fields(Saindo)][:13]


@dataclass
class Bloco:
    """What a turn may send under one number. Each message has `conteudo`, or the `erro` that keeps it from being sent.

    `dominios` holds the destination domains that this connection may speak of until the block ends.
    """

    reserva: Reserva | None
    mensagens: list[Saindo] = field(default_factory=list)
    canceladas: int = 0
    dominios: ExitStack = field(default_factory=ExitStack)


def ha_devidas(servico: Servico, agora: datetime) -> bool:
    if consumo.esgotado(servico, agora):
        return False
    # In its order, so that the index of that order is read; what exists() asks has none.
    return any(fila.values_list("id")[:1] for fila in _filas(servico, calendario.ler(agora), agora))


def reservar(vaga: trabalhador.Vaga, diario: str, agora: datetime, quantas: int) -> Bloco | None:
    """Take up to `quantas` due messages of the slot's service; None when there is nothing, or no quota, for now.

    A block whose messages were all cancelled has no number and nothing to send.
    """
    dominios = ExitStack()
    try:
        with transaction.atomic():
            bloco = _tomar(vaga, diario, agora, quantas, dominios)
    except BaseException:
        dominios.close()
        raise
    if bloco is None or bloco.reserva is None:
        dominios.close()
    return bloco


def _tomar(vaga: trabalhador.Vaga, diario: str, agora: datetime, quantas: int, dominios: ExitStack) -> Bloco | None:
    servico = vaga.servico
    quantas = consumo.disponivel(servico, agora, quantas)
    achadas = _travar_devidas(servico, agora, quantas, dominios) if quantas else []
    if not achadas:
        return None
    juntar_por_indice()  # what the origins are asked joins the block with tables of any size
    hoje = timezone.localdate(agora)
    motivos, destinos = verificar(servico.canal, achadas, hoje)
    ficam = _compor(servico.canal, achadas, motivos, destinos, agora)
    saem = [m for m in achadas if m.id not in motivos and m.id not in ficam]
    _guardar_moldes(saem)
    if motivos:
        travar_contagens({m.lote_id for m in achadas})
    _cancelar(motivos)
    return Bloco(_marcar(vaga, diario, agora, saem) if saem else None, saem, len(motivos), dominios)


def _guardar_moldes(mensagens: list[Saindo]) -> None:
    """Who writes a new one is waited for: whoever waits must hold no count of a lote, for which the other may wait."""
    dos_comuns = Molde.objects.dos({m.comum for m in mensagens if m.comum is not None})
    for m in mensagens:
        m.molde = dos_comuns.get(m.comum)


def _marcar(vaga: trabalhador.Vaga, diario: str, agora: datetime, mensagens: list[Saindo]) -> Reserva:
    servico = vaga.servico
    reserva = Reserva.objects.create(
        **Reserva.chaves(servico),
        vaga=vaga.numero,
        sessao=vaga.sessao,
        maquina=maquina(),
        diario=diario,
        ordem=[m.id for m in mensagens],
        criada_em=agora,
        ate=agora + arrendamento(servico),
    )
    escritos = ("molde", "proprio", "destino", "id_externo")
    atualizar(
        Mensagem,
        reserva.ordem,
        {campo: [getattr(m, campo) for m in mensagens] for campo in escritos},
        {
            "estado": Estado.EM_ENVIO,
            "reserva": reserva.pk,
            "servico": servico.pk if servico.canal == Canal.EMAIL else None,
        },
    )
    return reserva


def _cancelar(motivos: dict[int, str]) -> None:
    escritos = {"motivo": [motivo[:300] for motivo in motivos.values()]}
    atualizar(Mensagem, list(motivos), escritos, {"estado": Estado.CANCELADA})


def arrendamento(servico: Servico) -> timedelta:
    """How long a block is held: what it should take, and one whole conversation with a server that dawdles."""
    return timedelta(seconds=settings.ARRENDAMENTO + 4 * servico.prazo)


URGENTES = ("-prioridade", "proxima_tentativa_em")
POR_LOTE = ("lote_id", "enviar_apos")  # by its name it would be joined, and locked too


def _filas(servico: Servico, dele: Calendario, agora: datetime) -> list[MensagemQuerySet]:
    """The queues of a service, one for each sender and origin: each is read in the order of an index, and only so.

    What waits for its window of contact is in none, and is not even passed over: of an origin that is closed in part
    only the lotes that may leave are read, one after the other.
    """
    devidas = Mensagem.objects.devidas(agora)
    if pausados := pausas.pausados():
        devidas = devidas.exclude(lote__in=pausados)
    if servico.canal == Canal.EMAIL:
        remetentes = servico.remetentes.filter(Q(em_espera_ate=None) | Q(em_espera_ate__lte=agora)).order_by("id")
        donos = [{"canal": Canal.EMAIL, "remetente": r} for r in remetentes.values_list("id", flat=True)]
    else:
        donos = [{"canal": Canal.SMS, "gateway": servico}]
    abertos = espera.abertos(dele, servico.canal, fontes.origens(), agora)
    return [
        devidas.filter(**dono, origem=origem).order_by(*URGENTES)
        if lotes is None
        else devidas.filter(**dono, lote__in=lotes).order_by(*POR_LOTE)
        for dono in donos
        for origem, lotes in abertos.items()
    ]


def _travar_devidas(servico: Servico, agora: datetime, quantas: int, dominios: ExitStack) -> list[Saindo]:
    """Up to `quantas` messages that nobody holds, the most urgent first, in equal parts from each queue.

    What a queue does not use goes to those that have more.
    """
    bloco: dict[int, Saindo] = {}
    fechados = _Dominios(servico, dominios)
    dele = calendario.ler(agora)
    filas = [(fila, []) for fila in _filas(servico, dele, agora)]  # each with what was seen of it already
    if dele:
        _so_por_indice(True)
    while filas and len(bloco) < quantas:
        com_mais = []
        for indice, (fila, vistas) in enumerate(filas):
            parte = -(-(quantas - len(bloco)) // (len(filas) - indice))
            achadas = _travar(fechados.fora_de(_sem(fila, vistas)), parte) if parte else []
            servem = [m for m in achadas if fechados.aceita(m)]
            bloco |= {m.id: m for m in servem}
            if len(achadas) == parte and parte:
                com_mais.append((fila, [*vistas, *(m.id for m in achadas)]))
        filas = com_mais
    if dele:
        _so_por_indice(False)
    _ligar(bloco.values())
    fecham = espera.fechamentos(dele, (m.lote_id for m in bloco.values()), agora)
    for m in bloco.values():
        m.fecha_em = fecham.get(m.lote_id)
    return sorted(bloco.values(), key=lambda m: (-m.prioridade, m.id))


def _sem(fila: MensagemQuerySet, vistas: Sequence[int]) -> MensagemQuerySet:
    """Without those rows; as one parameter, since of a thousand the ORM makes a thousand."""
    if not vistas:
        return fila
    return fila.filter(RawSQL("mensageria_mensagem.id <> ALL (%s)", [matriz(vistas)], BooleanField()))


def _so_por_indice(sim: bool) -> None:
    """Of many lotes the planner expects so few messages that it would read them all, and sort them, for each block."""
    vale = "off" if sim else "on"
    with connection.cursor() as cursor:
        cursor.execute(f"SET LOCAL enable_sort = {vale}; SET LOCAL enable_bitmapscan = {vale}")


def _ligar(mensagens: Collection[Saindo]) -> None:
    """Their texts and senders, of which a block has few."""
    textos = VersaoTexto.objects.in_bulk({m.texto_id for m in mensagens})
    remetentes = Remetente.objects.in_bulk({m.remetente_id for m in mensagens if m.remetente_id})
    for m in mensagens:
        m.texto, m.remetente = textos[m.texto_id], remetentes.get(m.remetente_id)


def _travar(fila: MensagemQuerySet, quantas: int) -> list[Saindo]:
    linhas = fila.select_for_update(skip_locked=True).values_list(*COLUNAS)
    return [Saindo(*linha) for linha in linhas[:quantas]]


class _Dominios:
    """The destination domains that a connection may speak of, where the service caps its connections to each."""

    def __init__(self, servico: Servico, pilha: ExitStack):
        self.servico, self.pilha = servico, pilha
        self.maximo = servico.conexoes_por_dominio if servico.canal == Canal.EMAIL else None
        self.abertos: set[str] = set()
        self.fechados: set[str] = set()

    def aceita(self, mensagem: Saindo) -> bool:
        if self.maximo is None:
            return True
        dominio = mensagem.destino.rpartition("@")[2].lower()
        if dominio not in self.abertos | self.fechados:
            trava = trabalhador.este().dominio(self.servico, dominio, self.maximo)
            (self.abertos if self.pilha.enter_context(trava) else self.fechados).add(dominio)
        return dominio in self.abertos

    def fora_de(self, fila: MensagemQuerySet) -> MensagemQuerySet:
        if not self.fechados:
            return fila
        dominio = Lower(Func(F("destino"), Value("@"), Value(-1), function="split_part", output_field=CharField()))
        return fila.annotate(dominio=dominio).exclude(dominio__in=self.fechados)


# What is asked and rendered


def verificar(canal: Canal, mensagens: Sequence[Saindo], hoje) -> tuple[dict[int, str], dict[int, str]]:
    """Ask each origin once: {message: why it must not leave} and {message: its address now}."""
    motivos: dict[int, str] = {}
    destinos: dict[int, str] = {}
    for origem in {m.origem for m in mensagens}:
        fonte, suas = fontes.da_origem(origem), [m for m in mensagens if m.origem == origem]
        for vez in _um_de_cada_objeto(suas):
            proibidos = fonte.motivos_de_cancelamento(canal, {id_: m.versao_objeto for id_, m in vez.items()}, hoje)
            atuais = fonte.destinos(canal, list(vez), hoje)
            for objeto, m in vez.items():
                if motivo := proibidos.get(objeto):
                    motivos[m.id] = motivo
                elif destino := atuais.get(objeto):
                    destinos[m.id] = destino
                else:
                    motivos[m.id] = Motivo.SEM_DESTINO
        if fonte.assunto and canal == Canal.EMAIL:
            pediram = descadastro.pediram({destinos[m.id] for m in suas if m.id in destinos}, fonte.assunto)
            for m in suas:
                if m.id in destinos and destinos[m.id].lower() in pediram:
                    del destinos[m.id]
                    motivos[m.id] = Motivo.DESCADASTRO
    return motivos, destinos


def _um_de_cada_objeto(mensagens: Sequence[Saindo]) -> Iterator[dict[int, Saindo]]:
    """{objeto: message}, almost always once: two versions of one object are asked about one at a time."""
    while mensagens:
        vez = {m.objeto_id: m for m in mensagens}
        yield vez
        mensagens = [m for m in mensagens if vez[m.objeto_id] is not m]


def _compor(
    canal: Canal, mensagens: Sequence[Saindo], motivos: dict[int, str], destinos: dict[int, str], agora: datetime
) -> set[int]:
    """Render each message that may leave; one that cannot be composed gets its motivo, and one that breaks its erro.

    Return those that a block has no room for, which are not rendered.
    """
    maximo = ParametroSistema.atual().tamanho_maximo_sms if canal == Canal.SMS else 0
    a_compor = [m for m in mensagens if m.id in destinos]
    contextos = {
        origem: fontes.da_origem(origem).contextos(
            [m.objeto_id for m in a_compor if m.origem == origem], timezone.localdate(agora)
        )
        for origem in {m.origem for m in a_compor}
    }
    brutos = {m.id: contextos[m.origem].get(m.objeto_id) for m in a_compor}
    cabem = _quantas_cabem(list(brutos.values()))
    anexos = composicao.anexos_de(bruto for m in a_compor[:cabem] if (bruto := brutos[m.id]) is not None)
    comuns: dict[bytes, bytes] = {}  # one of each, however many messages have it
    for m in a_compor[:cabem]:
        try:
            bruto = brutos[m.id]
            if bruto is None or "impedimento" in bruto:
                raise composicao.NaoCompoe((bruto or {}).get("impedimento", "Não há dados para compor a mensagem."))
            contexto = composicao.preparar(m, bruto, destinos[m.id], agora, maximo)
            m.destino, m.para = destinos[m.id], contexto["destino"]
            if canal == Canal.EMAIL:
                m.id_externo = contexto["id"]
            # Now, and not when the block is written: what was made long ago has left the processor's cache.
            comum, proprio = moldes.separar(contexto)
            m.comum, m.proprio = comuns.setdefault(comum, comum), Fragment(proprio)
            m.conteudo = composicao.compor(canal, contexto, m.texto, anexos)
            m.resumo = composicao.resumo(m.conteudo)
        except composicao.NaoCompoe as erro:
            motivos[m.id] = f"{Motivo.SEM_CONTEXTO}: {erro}"
        except Exception as erro:
            log.exception("A mensagem %s não se compõe.", m.id)
            m.erro = ErroInesperado(Classe.TEMPORARIO, erro)
    return {m.id for m in a_compor[cabem:]}


def _quantas_cabem(brutos: Sequence[dict | None]) -> int:
    """How many messages, in their order, a block holds with what is attached to each; the first one always."""
    tamanhos = composicao.tamanhos_dos_anexos(bruto for bruto in brutos if bruto is not None)
    if not tamanhos:
        return len(brutos)
    pesos = accumulate(tamanhos.get(bruto["anexo"][0], 0) if bruto and "anexo" in bruto else 0 for bruto in brutos)
    return max(1, sum(peso <= MAIOR_PESO for peso in pesos))
