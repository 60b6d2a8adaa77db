"""What becomes of a block whose turn died, by who finds it.

The machine that has its journal reads it: what has a result is written, what was announced without one is *incerta*,
and the rest goes back untouched. A machine without it waits for the lease and the *carência*, and then all that is not
settled is *incerta*, since nobody can say. If the journal is found after that, it still settles the block, under the
same number.
"""

import logging
import time
from collections import Counter
from collections.abc import Callable, Iterable
from datetime import datetime, timedelta

import psutil
from django.conf import settings
from django.db import transaction
from django.db.models import Q

from mensageria import diario, resultados, retornos, trabalhador
from mensageria.canais.base import FalhaDeEnvio, Resposta
from mensageria.estados import Classe, Estado
from mensageria.models import Canal, Mensagem, Reserva, Servico
from mensageria.resultados import Resultado
from mensageria.saida import abrir_canal, sem_segredo

log = logging.getLogger(__name__)

PARADA = "O trabalhador parou depois de o corpo poder ter saído."
MAQUINA_PERDIDA = "Máquina perdida: o diário do envio não foi encontrado."
PERDIDAS_POR_VEZ = 100
FOLGA = timedelta(seconds=5)  # of the clocks of two processes
GUARDA = timedelta(days=90)  # that a closed reservation is kept, for a journal that is found late


def recuperar(agora: datetime) -> Counter:
    """Settle what dead turns left; any number of workers may call it at any moment. Return how many of each."""
    contagem: Counter = Counter()
    with diario.varredura() as minha_vez:
        if minha_vez:
            for nome in _deste_computador(agora):
                contagem += _sem_parar_os_outros(_pelo_diario, nome, agora)
    limite = agora - timedelta(seconds=settings.CARENCIA)
    perdidas = Reserva.objects.filter(encerrada_em=None, ate__lt=limite).order_by("id")
    for pk in perdidas.values_list("pk", flat=True)[:PERDIDAS_POR_VEZ]:
        contagem += _sem_parar_os_outros(_dar_por_perdida, pk, agora)
    return contagem


def _sem_parar_os_outros(passo: Callable[..., Counter], qual: str | int, agora: datetime) -> Counter:
    """A block that cannot be settled now must not keep the others from it."""
    try:
        return passo(qual, agora)
    except Exception:
        log.exception("O bloco ou diário %s não pôde ser assentado agora.", qual)
        return Counter()


def _deste_computador(agora: datetime) -> Iterable[str]:
    """The journals of this machine that nobody will finish: their process is gone, or it outlived its lease."""
    vencidas = Reserva.objects.filter(maquina=diario.maquina(), encerrada_em=None, ate__lt=agora - FOLGA)
    nomes = [arquivo.stem for arquivo in diario.abandonados()]
    nomes += [nome for nome in vencidas.values_list("diario", flat=True).distinct() if diario.existe(nome)]
    return dict.fromkeys(nomes)


def _pelo_diario(nome: str, agora: datetime) -> Counter:
    contagem: Counter = Counter()
    with diario.cercar(nome) as conteudo:
        if conteudo is None:
            return contagem
        # What came before the block that it speaks of was settled by its own turn.
        suas = Reserva.objects.filter(maquina=diario.maquina(), diario=nome, pk__gte=conteudo.reserva or 0)
        for reserva in suas.filter(Q(encerrada_em=None) | Q(perdida=True)).order_by("id"):
            do_bloco = conteudo if reserva.pk == conteudo.reserva else diario.Conteudo(reserva.pk, reserva.ordem)
            contagem += _encerrar(reserva, do_bloco, agora)
    return contagem


def _encerrar(reserva: Reserva, conteudo: diario.Conteudo, agora: datetime) -> Counter:
    """The gateway is asked before; then one transaction, so that reading the journal again changes nothing."""
    ditos = [Resultado(**dados) for dados in conteudo.resultados.values()]
    ditos += _perguntar(reserva, conteudo.duvidosas(), max(0.0, time.time() - conteudo.escrito_em), agora)
    with transaction.atomic():
        reserva = Reserva.objects.select_for_update(of=("self",)).get(pk=reserva.pk)
        if reserva.encerrada_em and not reserva.perdida:
            return Counter()  # its turn was alive after all, and ended well
        if reserva.perdida:  # its messages were all taken for uncertain: what is not in doubt goes back
            certos = {dito.mensagem for dito in ditos}
            ditos += [Resultado(id_) for id_ in reserva.ordem if id_ not in certos]
            Reserva.objects.filter(pk=reserva.pk).update(perdida=False)
        resultados.encerrar(reserva, ditos, agora)
    if _suspenso(conteudo.pid):
        trabalhador.encerrar_sessao(reserva.sessao)
    return Counter(incertas=sum(dito.classe == Classe.INCERTA for dito in ditos), reservas=1)


def _suspenso(pid: int) -> bool:
    """A stopped process keeps its slots for as long as it is stopped; one that works gives them back by itself."""
    try:
        return bool(pid) and psutil.Process(pid).status() == psutil.STATUS_STOPPED
    except psutil.Error:
        return False


def _perguntar(reserva: Reserva, ids: list[int], ha: float, agora: datetime) -> list[Resultado]:
    """What became of the doubtful: as the gateway says, when it can be asked by our own id; else they are incertas.

    `ha` is how many seconds ago the last of them may have left. A "no" that comes too soon is not final: polling asks
    again.
    """
    ditos: dict[int, Resposta | FalhaDeEnvio | None] = {}
    if ids and reserva.servico.canal == Canal.SMS:
        with abrir_canal(reserva.servico) as canal:
            if canal.consultavel_por_chave:
                ditos = retornos.resolver_por_chave(canal, list(Mensagem.objects.filter(id__in=ids)), ha=ha)
    return [_do_que_foi_dito(reserva.servico, id_, ditos.get(id_, SEM_RESPOSTA), agora) for id_ in ids]


SEM_RESPOSTA = FalhaDeEnvio(Classe.INCERTA, "", PARADA)


def _do_que_foi_dito(servico: Servico, id_: int, dito: Resposta | FalhaDeEnvio | None, agora: datetime) -> Resultado:
    if dito is None:
        return Resultado(id_)  # it never arrived
    if isinstance(dito, FalhaDeEnvio):
        return resultados.incerta(id_, agora, PARADA)
    texto = sem_segredo(servico, dito.texto)
    return Resultado(id_, Classe.ACEITA, dito.codigo, texto, dito.id_externo, momento=agora.isoformat())


@transaction.atomic
def _dar_por_perdida(pk: int, agora: datetime) -> Counter:
    """The lease and the carência are over: whatever is not settled in the block is in doubt."""
    aberta = Reserva.objects.filter(pk=pk, encerrada_em=None)
    reserva = aberta.select_for_update(skip_locked=True, of=("self",)).first()
    if reserva is None:
        return Counter()
    trabalhador.encerrar_sessao(reserva.sessao)
    presas = reserva.mensagens.filter(estado=Estado.EM_ENVIO).values_list("id", flat=True)
    ditos = [resultados.incerta(id_, agora, MAQUINA_PERDIDA) for id_ in presas]
    resultados.encerrar(reserva, ditos, agora)
    Reserva.objects.filter(pk=pk).update(perdida=True)
    return Counter(perdidas=len(ditos))


def esquecer(agora: datetime) -> int:
    """Forget old reservations that are over, and nothing that a journal may still speak of."""
    return Reserva.objects.filter(encerrada_em__lt=agora - GUARDA).delete()[0]
