"""What waits for its window of contact: which lotes may leave now, until when, and what the pages say of it."""

from collections.abc import Collection, Iterable, Mapping
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from django.db import connection

from mensageria import calendario
from mensageria.estados import Estado
from mensageria.janela import Calendario, Porta, quando
from mensageria.models import Canal, Lote, LoteContagem
from mensageria.palavras import nome_da_origem


class Parado(NamedTuple):
    """A lote that has something to leave."""

    id: int
    canal: int
    origem: str
    localidade: int | None
    isencao: str


# Each lote is one look in the index `mensagem_por_terminar`, however many messages it has.
POR_SAIR = """
WITH RECURSIVE com_mensagens (lote) AS (
    (SELECT lote_id FROM mensageria_mensagem WHERE estado IN (1, 2) ORDER BY lote_id LIMIT 1)
    UNION ALL
    SELECT (SELECT m.lote_id FROM mensageria_mensagem m WHERE m.estado IN (1, 2) AND m.lote_id > c.lote
        ORDER BY m.lote_id LIMIT 1)
    FROM com_mensagens c WHERE c.lote IS NOT NULL
)
SELECT l.id, l.canal, l.origem, l.localidade_id, l.isencao
FROM com_mensagens c JOIN mensageria_lote l ON l.id = c.lote
"""


def por_sair() -> list[Parado]:
    """The lotes with a message that is pending or leaves now."""
    with connection.cursor() as cursor:
        cursor.execute(POR_SAIR)
        return [Parado(*linha) for linha in cursor.fetchall()]


def abertos(dele: Calendario, canal: Canal, origens: Collection[str], agora: datetime) -> dict[str, list[int] | None]:
    """{origem: its lotes that may leave now, or None for every one}; an origin none of whose may is absent."""
    fechadas = {origem for origem in origens if not dele.aberta_em_toda_parte(canal, origem, agora)}
    podem: dict[str, list[int] | None] = dict.fromkeys(origem for origem in origens if origem not in fechadas)
    if fechadas:
        com_fechados = set()
        for lote in por_sair():
            if lote.canal != canal or lote.origem not in fechadas:
                continue
            if lote.isencao or dele.aberta(canal, lote.origem, lote.localidade, agora):
                podem.setdefault(lote.origem, []).append(lote.id)
            else:
                com_fechados.add(lote.origem)
        podem |= dict.fromkeys(podem.keys() & fechadas - com_fechados)
    return podem


def fechamentos(dele: Calendario, lotes: Iterable[int], agora: datetime) -> dict[int, datetime]:
    """{lote: when its window closes}: now, when it is closed; absent, when it does not close."""
    if not dele:
        return {}
    linhas = Lote.objects.filter(id__in=set(lotes), isencao="").values_list("id", "canal", "origem", "localidade")
    portas = {lote: dele.porta(canal, origem, localidade) for lote, canal, origem, localidade in linhas}
    fecham = {porta: _fecha(porta, agora) for porta in set(portas.values()) if porta is not None}
    return {lote: fecha for lote, porta in portas.items() if porta and (fecha := fecham[porta]) is not None}


def _fecha(porta: Porta, agora: datetime) -> datetime | None:
    return porta.fecha_em(agora) if porta.aberta(agora) else agora


def fechados(dele: Calendario, agora: datetime) -> dict[datetime | None, list[int]]:
    """{when they may leave, None for never: lotes that may not now}, of those with something to leave."""
    achados: dict[datetime | None, list[int]] = {}
    aberturas: dict[Porta, datetime | None] = {}
    for lote in por_sair() if dele else ():
        porta = None if lote.isencao else dele.porta(lote.canal, lote.origem, lote.localidade)
        if porta is not None and not porta.aberta(agora):
            if porta not in aberturas:
                aberturas[porta] = porta.abre_em(agora)
            achados.setdefault(aberturas[porta], []).append(lote.id)
    return achados


# In words


def ate_quando(porta: Porta | None, agora: datetime) -> str:
    """ "aguardando janela (abre às 08:00)"; nothing while it is open."""
    if porta is None or porta.aberta(agora):
        return ""
    abre = porta.abre_em(agora)
    return f"aguardando janela (abre {quando(abre, agora)})" if abre else "aguardando janela (nunca abre)"


def do_lote(dele: Calendario, lote: Lote, agora: datetime) -> str:
    """What the messages of a lote that are due wait for; nothing while they may leave."""
    return "" if lote.isencao else ate_quando(dele.porta(lote.canal, lote.origem, lote.localidade_id), agora)


def das_execucoes(execucoes: Collection[UUID], agora: datetime) -> Mapping[UUID, list[str]]:
    """{run: what of it waits, in words}, as "SMS de Cobrança: aguardando janela (abre às 08:00)"."""
    dele = calendario.ler(agora) if execucoes else calendario.SEM_JANELAS
    palavras: dict[UUID, list[str]] = {execucao: [] for execucao in execucoes}
    if not dele:
        return palavras
    pendentes = LoteContagem.objects.filter(
        lote__execucao__in=execucoes, lote__isencao="", estado=Estado.PENDENTE, quantidade__gt=0
    )
    celulas = pendentes.order_by().values_list("lote__execucao", "lote__canal", "lote__origem", "lote__localidade")
    for execucao, canal, origem, porta in sorted(
        {(execucao, canal, origem, dele.porta(canal, origem, lugar)) for execucao, canal, origem, lugar in celulas},
        key=lambda celula: celula[1:3],
    ):
        espera = ate_quando(porta, agora)
        frase = f"{Canal(canal).label} de {nome_da_origem(origem)}: {espera}"
        if espera and frase not in palavras[execucao]:
            palavras[execucao].append(frase)
    return palavras
