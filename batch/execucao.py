"""Run what was started: the tick finds what is due, and `executar` runs one unit of it.

`agora` is the business moment and comes from the caller. Leases follow the wall clock, whatever `agora` says.
"""

import json
import logging
from collections.abc import Iterable
from datetime import datetime, timedelta
from time import monotonic

from django.core.serializers.json import DjangoJSONEncoder
from django.db import connection, transaction
from django.db.models import Case, Exists, F, OuterRef, Q, Value, When
from django.db.models.functions import Coalesce
from django.utils import timezone

from batch import erros, registro
from batch.models import FuncionalidadeIniciada, ProcessoIniciado, UnidadeIniciada
from batch.posse import ARRENDAMENTO, Posse, reivindicar
from batch.registro import Aguardar, NaoRegistrada, PossePerdida, Trabalho
from telas.autoria import em_nome_de

logger = logging.getLogger(__name__)

TRAVA_DO_TIQUE = int.from_bytes(b"avisa")
_Processo, _Funcionalidade, _Unidade = (m.Situacao for m in (ProcessoIniciado, FuncionalidadeIniciada, UnidadeIniciada))


# The tick


@transaction.atomic
def tique(agora: datetime) -> list[int]:
    """Start and close what is due and return the units to run now. Of two at once, the second does nothing."""
    if not _sou_o_unico():
        return []
    iniciados = _processos_devidos(agora)
    if not iniciados:
        return []
    mudou = True
    while mudou:  # what closes lets something else start, and what starts with no unit closes at once
        _encerrar_funcionalidades(iniciados, agora)
        comecou = _comecar_funcionalidades(iniciados, agora)
        mudou = _encerrar_processos(iniciados, agora) or comecou
    devidas = UnidadeIniciada.objects.a_executar(agora, relogio=timezone.now())
    return list(devidas.filter(funcionalidade__iniciado__in=iniciados).order_by("id").values_list("id", flat=True))


def _sou_o_unico() -> bool:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_xact_lock(%s)", [TRAVA_DO_TIQUE])
        return cursor.fetchone()[0]


def _processos_devidos(agora: datetime) -> list[int]:
    """Lock the processes to look at. One that an operator is changing is left to the next tick."""
    devidos = ProcessoIniciado.objects.filter(situacao__in=ProcessoIniciado.A_EXECUTAR, agendado_para__lte=agora)
    travados = devidos.select_for_update(skip_locked=True, no_key=True).order_by("id")
    return list(travados.values_list("id", flat=True))


def _encerrar_funcionalidades(iniciados: list[int], agora: datetime) -> None:
    unidades = UnidadeIniciada.objects.filter(funcionalidade=OuterRef("pk"))
    abertas = unidades.filter(situacao__in=(_Unidade.EM_ESPERA, _Unidade.EM_PROCESSAMENTO))
    falhas = unidades.filter(situacao=_Unidade.CONCLUIDA_COM_ERRO)
    FuncionalidadeIniciada.objects.filter(
        ~Exists(abertas), iniciado__in=iniciados, situacao=_Funcionalidade.EM_PROCESSAMENTO
    ).update(
        situacao=Case(
            When(Exists(falhas), then=Value(_Funcionalidade.CONCLUIDA_COM_ERRO)),
            default=Value(_Funcionalidade.CONCLUIDA),
        ),
        concluida_em=agora,
    )


def _na_vez():
    """The funcionalidades in wait whose predecessors in the same process are all concluded."""
    anteriores = FuncionalidadeIniciada.objects.filter(
        iniciado=OuterRef("iniciado"), sequencial__lt=OuterRef("sequencial")
    )
    return FuncionalidadeIniciada.objects.filter(
        ~Exists(anteriores.exclude(situacao=_Funcionalidade.CONCLUIDA)), situacao=_Funcionalidade.EM_ESPERA
    )


def _comecar_funcionalidades(iniciados: list[int], agora: datetime) -> bool:
    sem_precedente = Q(iniciado__precedente=None) | Q(iniciado__precedente__situacao=_Processo.CONCLUIDO)
    devidas = list(
        _na_vez().filter(sem_precedente, iniciado__in=iniciados).select_related("funcionalidade", "iniciado")
    )
    for devida in devidas:
        _comecar(devida, agora)
    ProcessoIniciado.objects.filter(pk__in={devida.iniciado_id for devida in devidas}).update(
        situacao=_Processo.EM_PROCESSAMENTO, iniciado_em=Coalesce(F("iniciado_em"), Value(agora)), concluido_em=None
    )
    return bool(devidas)


def _comecar(devida: FuncionalidadeIniciada, agora: datetime) -> None:
    """Make the units that are not there yet. One that cannot tell its units ends with error; it stops no other."""
    devida.iniciada_em = devida.iniciada_em or agora
    try:
        with transaction.atomic():
            _criar_unidades(devida, registro.buscar(devida.funcionalidade.codigo).unidades(devida.iniciado))
        devida.situacao = _Funcionalidade.EM_PROCESSAMENTO
    except NaoRegistrada as erro:
        _recusar(devida, erro, str(erro), agora)
    except Exception as erro:
        logger.exception("A funcionalidade %s não começou.", devida.pk)
        _recusar(devida, erro, erros.em_detalhe(erro), agora)
    devida.save(update_fields=["situacao", "iniciada_em", "concluida_em", "erro", "explicacao", "erro_em"])


def _criar_unidades(devida: FuncionalidadeIniciada, unidades: Iterable[tuple[int, str]]) -> None:
    UnidadeIniciada.objects.bulk_create(
        (UnidadeIniciada(funcionalidade=devida, codigo=codigo, descricao=nome[:80]) for codigo, nome in unidades),
        ignore_conflicts=True,
        batch_size=1000,
    )


def _recusar(devida: FuncionalidadeIniciada, erro: Exception, detalhe: str, agora: datetime) -> None:
    devida.situacao, devida.concluida_em, devida.erro_em = _Funcionalidade.CONCLUIDA_COM_ERRO, agora, agora
    devida.erro, devida.explicacao = detalhe, erros.em_palavras(erro)


def _encerrar_processos(iniciados: list[int], agora: datetime) -> bool:
    """Close the processes that have nothing running and nothing that can still start, and tell who wants to know."""
    funcionalidades = FuncionalidadeIniciada.objects.filter(iniciado=OuterRef("pk"))
    em_andamento = funcionalidades.filter(situacao=_Funcionalidade.EM_PROCESSAMENTO)
    incompletas = funcionalidades.exclude(situacao=_Funcionalidade.CONCLUIDA)
    a_encerrar = ProcessoIniciado.objects.filter(
        ~Exists(em_andamento),
        ~Exists(_na_vez().filter(iniciado=OuterRef("pk"))),
        pk__in=iniciados,
        situacao__in=ProcessoIniciado.A_EXECUTAR,
    )
    encerrados = list(a_encerrar.values_list("pk", flat=True))
    if not encerrados:
        return False
    ProcessoIniciado.objects.filter(pk__in=encerrados).update(
        situacao=Case(
            When(Exists(incompletas), then=Value(_Processo.CONCLUIDO_COM_ERRO)), default=Value(_Processo.CONCLUIDO)
        ),
        concluido_em=agora,
    )
    for encerrado in ProcessoIniciado.objects.filter(pk__in=encerrados).select_related("processo", "usuario"):
        registro.terminou(encerrado, agora)
    return True


# A unit


def executar(unidade_id: int, *, agora: datetime | None = None, arrendamento: float = ARRENDAMENTO) -> bool:
    """Run one unit and record what became of it. False when another runner has it, or took it meanwhile."""
    agora = agora or timezone.now()
    posse = reivindicar(unidade_id, agora=agora, arrendamento=arrendamento)
    if posse is None:
        return False
    try:
        _rodar(posse, agora)
    except PossePerdida:
        logger.warning("A unidade %s passou a outro executor.", unidade_id)
        return False
    return True


def _rodar(posse: Posse, agora: datetime) -> None:
    inicio = monotonic()
    try:
        with posse.mantida():
            retorno = _chamar_passo(posse, agora)
        _guardar(posse, retorno, agora, _momento(agora, inicio))
    except PossePerdida:
        raise
    except Exception as erro:
        logger.exception("A unidade %s falhou.", posse.unidade.pk)
        if not connection.in_atomic_block:
            connection.close_if_unusable_or_obsolete()  # the error may be that the connection was lost
        posse.falhar(erros.em_detalhe(erro), erros.em_palavras(erro), _momento(agora, inicio))


def _chamar_passo(posse: Posse, agora: datetime) -> dict | Aguardar:
    iniciada = posse.unidade.funcionalidade
    trabalho = Trabalho(
        codigo=posse.unidade.codigo,
        execucao=iniciada.iniciado.execucao,
        agora=agora,
        usuario_id=iniciada.iniciado.usuario_id,
        posse=posse,
    )
    with em_nome_de(trabalho.usuario_id, f"processo {iniciada.iniciado_id}"):
        return registro.buscar(iniciada.funcionalidade.codigo).executa(trabalho)


def _guardar(posse: Posse, retorno: dict | Aguardar, agora: datetime, fim: datetime) -> None:
    # What the database cannot store fails here, as an error of the unit, and does not leave it to be run for ever.
    if isinstance(retorno, Aguardar):
        posse.aguardar(_em_json(retorno.resultado), agora + timedelta(seconds=retorno.segundos))
    else:
        posse.concluir(_em_json(retorno), fim)


def _em_json(resultado: dict | None) -> dict:
    if not isinstance(resultado, dict | None):
        raise TypeError(f"Uma funcionalidade devolve um dict ou Aguardar, e não {type(resultado).__name__}.")
    return json.loads(json.dumps(resultado or {}, cls=DjangoJSONEncoder))


def _momento(agora: datetime, inicio: float) -> datetime:
    return agora + timedelta(seconds=monotonic() - inicio)


def era_a_ultima(unidade_id: int) -> bool:
    """Whether nothing of the unit's funcionalidade is left open, so that the next one may start."""
    abertas = UnidadeIniciada.objects.filter(situacao__in=(_Unidade.EM_ESPERA, _Unidade.EM_PROCESSAMENTO))
    return not abertas.filter(funcionalidade__unidades=unidade_id).exists()


def executar_pendentes(agora: datetime) -> int:
    """Tick and run everything here, until nothing more is due at `agora`; return how many runs there were."""
    total = 0
    while rodadas := sum([executar(unidade_id, agora=agora) for unidade_id in tique(agora)]):
        total += rodadas
    return total
