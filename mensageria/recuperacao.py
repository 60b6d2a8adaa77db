"""What becomes of a block whose turn died, by who finds it.

The machine that has its journal reads it: what has a result is written, what was announced without one is *incerta*,
and the rest goes back untouched. A machine without it waits for the lease and the *carência*, and then all that is not
settled is *incerta*, since nobody can say. If the journal is found after that, it still settles the block, under the
same number.
"""

import logging
from collections import Counter
from collections.abc import Iterable
from datetime import datetime, timedelta

from django.conf import settings
from django.db import transaction

from mensageria import diario, resultados, retornos, trabalhador
from mensageria.canais.base import FalhaDeEnvio, Resposta
from mensageria.envio import abrir_canal
from mensageria.estados import Classe, Estado
from mensageria.models import Mensagem, Reserva
from mensageria.resultados import Resultado

log = logging.getLogger(__name__)

PARADA = "O trabalhador parou depois de o corpo poder ter saído."
MAQUINA_PERDIDA = "Máquina perdida: o diário do envio não foi encontrado."
FOLGA = timedelta(seconds=5)  # of the clocks of two processes
GUARDA = timedelta(days=90)  # that a closed reservation is kept, for a journal that is found late


def recuperar(agora: datetime) -> Counter:
    """Settle what dead turns left; any number of workers may call it at any moment. Return how many of each."""
    contagem: Counter = Counter()
    with diario.varredura() as minha_vez:
        if minha_vez:
            for nome in _deste_computador(agora):
                try:
                    contagem += _pelo_diario(nome, agora)
                except Exception:  # one that cannot be settled now must not keep the others from it
                    log.exception("O diário %s não pôde ser aplicado agora.", nome)
    contagem += _de_maquinas_perdidas(agora)
    return contagem


def _deste_computador(agora: datetime) -> Iterable[str]:
    """The journals of this machine that nobody will finish: their process is gone, or it outlived its lease."""
    nomes = [arquivo.stem for arquivo in diario.abandonados()]
    vencidas = Reserva.objects.filter(maquina=diario.maquina(), encerrada_em=None, ate__lt=agora - FOLGA)
    for nome, sessao in vencidas.values_list("diario", "sessao").distinct():
        if diario.existe(nome):
            trabalhador.encerrar_sessao(sessao)
            nomes.append(nome)
    return dict.fromkeys(nomes)


def _pelo_diario(nome: str, agora: datetime) -> Counter:
    contagem: Counter = Counter()
    with diario.cercar(nome) as conteudo:
        if conteudo is None:
            return contagem
        abertas = Reserva.objects.filter(maquina=diario.maquina(), diario=nome).order_by("id")
        for reserva in abertas.filter(encerrada_em=None) | abertas.filter(perdida=True):
            do_bloco = conteudo if reserva.pk == conteudo.reserva else diario.Conteudo(reserva.pk, reserva.ordem)
            contagem += _encerrar(reserva, do_bloco, agora)
    return contagem


def _encerrar(reserva: Reserva, conteudo: diario.Conteudo, agora: datetime) -> Counter:
    """One transaction for a block, so that a second reading of the same journal changes nothing."""
    ditos = [Resultado(**dados) for dados in conteudo.resultados.values()]
    duvidosas = conteudo.duvidosas() if conteudo.partida else []
    ditos += _perguntar(reserva, duvidosas, agora)
    if reserva.perdida:  # its messages were all taken for uncertain: what is not in doubt goes back
        certos = {dito.mensagem for dito in ditos}
        ditos += [Resultado(id_) for id_ in reserva.ordem if id_ not in certos]
    resultados.encerrar(reserva, ditos, agora)
    if reserva.perdida:
        Reserva.objects.filter(pk=reserva.pk).update(perdida=False)
    contagem = Counter(incertas=sum(dito.classe == Classe.INCERTA for dito in ditos))
    contagem["reservas"] = 1
    return contagem


def _perguntar(reserva: Reserva, ids: list[int], agora: datetime) -> list[Resultado]:
    """What became of the doubtful: as the gateway says, when it can be asked by our own id; else they are incertas."""
    if not ids:
        return []
    ditos: dict[int, Resposta | FalhaDeEnvio | None] = {}
    with abrir_canal(reserva.servico) as canal:
        if canal.consultavel_por_chave:
            # A "no" that comes too soon is not final: polling asks again.
            ha = (agora - reserva.criada_em).total_seconds()
            ditos = retornos.resolver_por_chave(canal, list(Mensagem.objects.filter(id__in=ids)), ha=ha)
    return [_do_que_foi_dito(id_, ditos.get(id_, SEM_RESPOSTA), agora) for id_ in ids]


SEM_RESPOSTA = FalhaDeEnvio(Classe.INCERTA, "", PARADA)


def _do_que_foi_dito(id_: int, dito: Resposta | FalhaDeEnvio | None, agora: datetime) -> Resultado:
    if dito is None:
        return Resultado(id_)  # it never arrived
    if isinstance(dito, FalhaDeEnvio):
        return resultados.incerta(id_, agora, PARADA)
    return Resultado(id_, Classe.ACEITA, dito.codigo, dito.texto, dito.id_externo, momento=agora.isoformat())


def _de_maquinas_perdidas(agora: datetime) -> Counter:
    """Blocks whose lease and carência are over: whatever is not settled in them is in doubt."""
    contagem: Counter = Counter()
    limite = agora - timedelta(seconds=settings.CARENCIA)
    perdidas = Reserva.objects.filter(encerrada_em=None, ate__lt=limite)
    for pk in list(perdidas.values_list("pk", flat=True)[:100]):
        with transaction.atomic():
            reserva = perdidas.select_for_update(skip_locked=True, of=("self",)).filter(pk=pk).first()
            if reserva is None:
                continue
            trabalhador.encerrar_sessao(reserva.sessao)
            presas = reserva.mensagens.filter(estado=Estado.EM_ENVIO).values_list("id", flat=True)
            ditos = [resultados.incerta(id_, agora, MAQUINA_PERDIDA) for id_ in presas]
            resultados.encerrar(reserva, ditos, agora)
            Reserva.objects.filter(pk=pk).update(perdida=True)
        contagem["perdidas"] += len(ditos)
    return contagem


def esquecer(agora: datetime) -> int:
    """Forget old reservations that are over, and nothing that a journal may still speak of."""
    return Reserva.objects.filter(encerrada_em__lt=agora - GUARDA).delete()[0]
