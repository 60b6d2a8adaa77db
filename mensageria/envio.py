"""A turn: some slots of one service, a connection for each, for some seconds.

Take a block (`reserva`), then for each message: its moment by the limits of the service, the last check, the journal's
announcement, the body, the journal's line. Results are written, the next block is taken and the last one closed beside
the sending. A turn that dies anywhere leaves journals from which its blocks are settled (`recuperacao`).
"""

import logging
import platform
import random
import time
from collections import Counter, deque
from collections.abc import Callable
from concurrent.futures import Future
from contextlib import ExitStack, suppress
from datetime import datetime

from django.db import Error as ErroDeBanco
from django.db import transaction
from django.urls import reverse
from django.utils import timezone

from mensageria import (
    alertas,
    calendario,
    circuito,
    consumo,
    em_paralelo,
    em_serie,
    espera,
    pausas,
    resultados,
    rotacao,
    trabalhador,
)
from mensageria import reserva as reservas
from mensageria.ao_lado import AoLado
from mensageria.canais.base import Canal as CanalBase
from mensageria.canais.esteiras import Esteiras
from mensageria.diario import Cercado, Diario, SemEspaco
from mensageria.estados import Classe, Estado, Motivo
from mensageria.models import Alerta, Mensagem, MensagemQuerySet, Ritmo, Servico
from mensageria.resultados import BlocoPerdido
from mensageria.saida import abrir_canal, sem_segredo
from mensageria.turno import MAIOR_ESPERA, EmMaos, PosseExpirada, Relogio, Turno, continuo, fechar_janelas, impedir

log = logging.getLogger(__name__)

PRIMEIRO_BLOCO, MAIOR_BLOCO = 20, 2000
SEGUNDOS_DO_BLOCO = 4  # what a block should take, by the rate seen so far
FOLGA_DO_BLOCO = 1.1  # an estimate that is a little short must not leave the end of a turn idle
DURACAO_DO_TURNO = 20  # seconds
CONEXOES_DO_TURNO = 50  # that one thread conducts; more slots are for more turns
BLOCO_DA_VARREDURA = 5000


def enviar(
    servico: Servico,
    *,
    relogio: Relogio = timezone.now,
    duracao: float = DURACAO_DO_TURNO,
    parar: Callable[[], bool] = lambda: False,
    canal: CanalBase | None = None,
) -> Counter:
    """Send what is due through the free slots of a service until nothing is, the time is up or the service fails.

    The time is up to a tenth shorter, by chance: turns that began together do not leave the service to nobody together.
    Return the count by class; empty when there was no slot for this process.
    """
    contagem: Counter = Counter()
    em_prova = circuito.em_prova(servico, relogio())
    try:
        with ExitStack() as pilha:
            canal = canal or abrir_canal(servico)
            vagas = pilha.enter_context(_vagas(servico, canal, em_prova))
            if not vagas:
                return contagem
            pilha.enter_context(canal)
            diarios = pilha.enter_context(ExitStack())  # they close when nothing is written any more
            ao_lado = pilha.enter_context(AoLado())
            esteiras = pilha.enter_context(Esteiras(canal, len(vagas))) if canal.em_esteira else None
            fim = time.monotonic() + duracao * random.uniform(0.9, 1)
            turno = Turno(servico, vagas, canal, diarios, ao_lado, relogio, fim, parar, contagem)
            _rodar(turno, esteiras, em_prova)
        if contagem[Classe.ACEITA.value]:  # a whole turn found room for all its blocks
            _alertas_do_diario().update(resolvido_em=relogio())
    except SemEspaco as erro:
        _alertar_sem_espaco(servico, str(erro), relogio())
    except (PosseExpirada, Cercado, BlocoPerdido, trabalhador.SessaoPerdida) as erro:
        log.warning("O turno de %s perdeu a posse: %s", servico, erro or type(erro).__name__)
    except ErroDeBanco:
        raise  # it says nothing about the service; what was sent is in the journal
    except Exception as erro:  # no turn, no message: the service rests, and its page says why
        log.exception("O turno de %s parou.", servico)
        palavras = sem_segredo(servico, f"Erro inesperado: {type(erro).__name__}: {erro}")
        circuito.descansar(servico, palavras, relogio())
    return contagem


def _vagas(servico: Servico, canal: CanalBase, em_prova: bool):
    """A service that failed is tried by one connection, with one message. What a block holds of the domains of a
    service that caps them is for one connection too."""
    if em_prova:
        return trabalhador.vagas(servico, 1, numero=0)
    so_uma = not canal.em_esteira or getattr(servico, "conexoes_por_dominio", None)
    return trabalhador.vagas(servico, 1 if so_uma else CONEXOES_DO_TURNO)


def _rodar(turno: Turno, esteiras: Esteiras | None, em_prova: bool) -> None:
    por_segundo = 0.0
    # A block in hand keeps its domains from the next one.
    adiante = not turno.ao_lado.espera and not getattr(turno.servico, "conexoes_por_dominio", None)
    proximo: Future | None = None
    try:
        while proximo is not None or _pode_comecar(turno):
            if proximo is None:
                tamanho = 1 if em_prova else _tamanho(turno, por_segundo)
                proximo = turno.ao_lado.ler(_tomar, turno, tamanho)
            pedido, proximo = proximo, None
            em_maos: EmMaos | None = pedido.result()
            if em_maos is None:
                _conferir_cota(turno)
                break
            turno.contar("canceladas", em_maos.bloco.canceladas)
            if not em_maos.fila:
                continue
            ha_mais = len(em_maos.fila) + em_maos.bloco.canceladas >= tamanho
            if ha_mais and adiante and not em_prova and _pode_comecar(turno):
                tamanho = _tamanho(turno, por_segundo, len(em_maos.fila))
                proximo = turno.ao_lado.ler(_tomar, turno, tamanho) if tamanho else None
            quantas, comeco = len(em_maos.fila), time.monotonic()
            if not _enviar_bloco(turno, em_maos, esteiras):
                break
            em_prova = em_prova and circuito.em_prova(turno.servico, turno.relogio())
            por_segundo = quantas / max(time.monotonic() - comeco, 0.01)
    finally:
        if proximo is not None and (em_maos := proximo.result()) is not None and em_maos.fila:
            turno.fechamentos.append(turno.ao_lado.escrever(_fechar, turno, em_maos))
    for fechamento in turno.fechamentos:
        fechamento.result()


def _tamanho(turno: Turno, por_segundo: float, antes: int = 0) -> int:
    """Of a block that begins after so many messages: what the service sends in some seconds, by the rate seen so far,
    and hardly more than in what is left of the turn, since what is taken and does not leave was composed in vain.

    With some `antes`, 0 when they take all the time that is left.
    """
    if not por_segundo:
        return PRIMEIRO_BLOCO
    resta = turno.fim - time.monotonic() - antes / por_segundo
    if antes and resta <= 0:
        return 0
    segundos = min(SEGUNDOS_DO_BLOCO, max(resta, 0))
    return min(MAIOR_BLOCO, int(FOLGA_DO_BLOCO * por_segundo * segundos) + 1)


def _pode_comecar(turno: Turno) -> bool:
    """Whether there is time for another block, the limits let it leave, and the last ones ended well."""
    while turno.fechamentos and turno.fechamentos[0].done():
        if not turno.fechamentos.pop(0).result():
            return False
    return not turno.acabou() and Ritmo.objects.espera(turno.servico) <= MAIOR_ESPERA


def _tomar(turno: Turno, tamanho: int) -> EmMaos | None:
    """A block with its journal open; None when there is nothing to take. What cannot be journaled goes back."""
    inicio = continuo()
    diario = turno.diarios_livres.pop() if turno.diarios_livres else turno.diarios.enter_context(Diario())
    diario.guardar()  # whatever fails from the claim on, the block is settled by it
    bloco = reservas.reservar(turno.vagas[0], diario.nome, turno.relogio(), tamanho)
    if bloco is None or bloco.reserva is None:
        diario.fechar_bloco()
        turno.diarios_livres.append(diario)
        return None if bloco is None else EmMaos(bloco, diario, inicio, inicio, deque())
    try:
        diario.abrir_bloco(bloco.reserva.pk, [m.id for m in bloco.mensagens])
    except BaseException:
        _encerrar(turno, bloco, diario, [])
        raise
    valido_ate = inicio + reservas.arrendamento(turno.servico).total_seconds()
    return EmMaos(bloco, diario, inicio, valido_ate, deque(bloco.mensagens))


def _enviar_bloco(turno: Turno, em_maos: EmMaos, esteiras: Esteiras | None) -> bool:
    """Send a block, and have all that came of it written; False when the turn must end.

    When the database cannot be written the journal stays behind, and whoever recovers finishes the block.
    """
    try:
        impedir(em_maos, set(pausas.pausados()))  # a lote may have paused since it was taken
        fechar_janelas(em_maos, turno.relogio())
        if esteiras is None:
            return em_serie.enviar(turno, em_maos)
        return em_paralelo.enviar(turno, em_maos, esteiras)
    finally:
        turno.fechamentos.append(turno.ao_lado.escrever(_fechar, turno, em_maos))


def _fechar(turno: Turno, em_maos: EmMaos) -> bool:
    """The last results of a block; whether the service has quota for another."""
    _encerrar(turno, em_maos.bloco, em_maos.diario, em_maos.novos)
    return _conferir_cota(turno)


def _encerrar(turno: Turno, bloco: reservas.Bloco, diario: Diario, novos: list[resultados.Resultado]) -> None:
    try:
        turno.contar("devolvidas", resultados.encerrar(bloco.reserva, novos, turno.relogio()))
        diario.fechar_bloco()
        turno.diarios_livres.append(diario)
    finally:
        bloco.dominios.close()


def _conferir_cota(turno: Turno) -> bool:
    """Whether the service still has quota; when it has none, its senders go to another."""
    agora = turno.relogio()
    if not consumo.esgotado(turno.servico, agora):
        return True
    rotacao.conferir(turno.servico, agora)
    return False


def _alertar_sem_espaco(servico: Servico, erro: str, agora: datetime) -> None:
    """Nothing is sent that cannot be journaled."""
    log.error("O diário de envio não pode ser escrito: %s", erro)
    palavras = f"O diário de envio não pode ser escrito: {erro}"
    circuito.descansar(servico, palavras, agora)
    with suppress(ErroDeBanco):
        if _alertas_do_diario().exists():
            return
        alertas.avisar(
            Alerta.Tipo.DIARIO,
            f"{_PREFIXO_DO_DIARIO}{agora:%Y-%m-%dT%H:%M}",
            agora=agora,
            assunto="Alerta de Disco do Envio",
            titulo="Envio Parado!",
            paragrafos=[
                f"O envio pelo serviço **{servico}** parou: o diário não pode ser escrito ({erro}).",
                "Nenhuma mensagem sai sem ele. Libere espaço no disco do trabalhador; o envio volta sozinho.",
            ],
            caminho=reverse("painel"),
        )


_PREFIXO_DO_DIARIO = f"diario:{platform.node()[:60]}:"


def _alertas_do_diario():
    """Those of this machine: another's disk is another matter."""
    return Alerta.objects.filter(tipo=Alerta.Tipo.DIARIO, resolvido_em=None, chave__startswith=_PREFIXO_DO_DIARIO)


# What time does


def varrer_prazo(agora: datetime) -> int:
    """Cancel what is pending past its limit; return how many. What somebody holds waits."""
    return _varrer(Mensagem.objects.filter(expira_em__lte=agora).order_by("expira_em"), Motivo.PRAZO)


def varrer_janela(agora: datetime) -> int:
    """Cancel what waits for a window of contact that opens only past its limit; return how many."""
    total = 0
    for abre, lotes in espera.fechados(calendario.ler(agora), agora).items():
        delas = Mensagem.objects.filter(lote__in=lotes)
        if abre is not None:
            delas = delas.filter(expira_em__lte=abre)
        total += _varrer(delas.order_by("expira_em"), Motivo.SEM_JANELA)
    return total


def _varrer(condenadas: MensagemQuerySet, motivo: Motivo) -> int:
    """A block at a time."""
    pendentes, total = condenadas.filter(estado=Estado.PENDENTE), 0
    while True:
        with transaction.atomic():
            ids = list(pendentes.select_for_update(skip_locked=True).values_list("id", flat=True)[:BLOCO_DA_VARREDURA])
            total += Mensagem.objects.filter(id__in=ids).update(estado=Estado.CANCELADA, motivo=motivo)
        if len(ids) < BLOCO_DA_VARREDURA:
            return total
