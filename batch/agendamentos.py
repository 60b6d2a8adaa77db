"""Processes that are commanded again and again: their upkeep, and the command itself.

django-celery-beat's PeriodicTask is only a bell: it rings at the hour of each day that may be a date. The ledger is
here: `proximo` says what is due, whoever asks, and a DataAgendada, unique, says what was taken. So a date is commanded
once whatever the number of bells, and what no bell rang for is found by the tick of the batch.
"""

import logging
from datetime import date, datetime

from django.conf import settings
from django.db import transaction
from django.db.models import Max
from django.utils import timezone
from django_celery_beat.models import CrontabSchedule, PeriodicTask

from batch import agenda, inicio, registro
from batch.inicio import OperacaoRecusada
from batch.models import Agendamento, DataAgendada, ProcessoIniciado
from telas.registro import inserido

logger = logging.getLogger(__name__)

PERDIDA = "O sistema estava parado nesta data: só a mais recente das perdidas é comandada."
TAREFA = "batch.tasks.comandar_agendados"
VALIDADE = 60  # seconds: by then the tick has seen to it


# Upkeep


@transaction.atomic
def guardar(agendamento: Agendamento, *, agora: datetime) -> Agendamento:
    """Store it, new or changed, with its next moment and its bell. A date that was taken is not taken again."""
    agendamento.proximo = None
    if agendamento.ativo:
        agendamento.proximo = _por_comandar(agendamento, agora) or proximas(agendamento, agora, 1)[0]
    agendamento.save()
    _pendurar_campainha(agendamento)
    return agendamento


@transaction.atomic
def pausar(agendamento: Agendamento, *, agora: datetime) -> Agendamento:
    """Command nothing until somebody resumes it. The dates that pass meanwhile are not commanded later."""
    agendamento.ativo = False
    return guardar(agendamento, agora=agora)


@transaction.atomic
def retomar(agendamento: Agendamento, *, agora: datetime) -> Agendamento:
    agendamento.ativo = True
    return guardar(agendamento, agora=agora)


@transaction.atomic
def remover(agendamento: Agendamento) -> None:
    """The processes that it commanded stay."""
    _tirar_campainha(agendamento)
    agendamento.delete()


def proximas(agendamento: Agendamento, agora: datetime, quantas: int) -> list[datetime]:
    """Its next moments, whether it is paused or not."""
    tomada = agendamento.datas.aggregate(ultima=Max("data"))["ultima"] if agendamento.pk else None
    return agenda.proximas(agendamento, agora, quantas, depois_de=tomada)


def _por_comandar(agendamento: Agendamento, agora: datetime) -> datetime | None:
    """The moment that has come and nobody has seen yet, when it is one of the dates of the rule as it is now."""
    devido = Agendamento.objects.devidos(agora).filter(pk=agendamento.pk).values_list("proximo", flat=True).first()
    if devido is None:
        return None
    data = timezone.localdate(devido)
    ainda = next(agenda.datas(agendamento, data)) == data and agenda.momento(agendamento, data) == devido
    return devido if ainda else None


# Its bell


def _pendurar_campainha(agendamento: Agendamento) -> None:
    """Have beat ring on each day that may be one of its dates: on the last days of a month, for one of them."""
    _tirar_campainha(agendamento)
    if not agendamento.ativo:
        return
    dias_do_mes, dias_da_semana = "*", "*"
    if agendamento.repeticao == Agendamento.Repeticao.MENSAL:
        dia = agendamento.dia_do_mes
        dias_do_mes = str(dia) if dia <= agenda.MENOR_MES else f"{agenda.MENOR_MES}-31"
    elif agendamento.repeticao == Agendamento.Repeticao.SEMANAL:
        dias_da_semana = ",".join(str(dia % 7) for dia in sorted(agendamento.dias_da_semana))  # Sunday is 0
    quando = CrontabSchedule.objects.create(
        minute=str(agendamento.hora.minute),
        hour=str(agendamento.hora.hour),
        day_of_month=dias_do_mes,
        day_of_week=dias_da_semana,
        month_of_year="*",
        timezone=settings.TIME_ZONE,
    )
    PeriodicTask.objects.create(
        name=_campainha(agendamento), task=TAREFA, crontab=quando, queue="geral", expire_seconds=VALIDADE
    )


def _tirar_campainha(agendamento: Agendamento) -> None:
    CrontabSchedule.objects.filter(periodictask__name=_campainha(agendamento)).delete()  # and the task with it


def _campainha(agendamento: Agendamento) -> str:
    return f"agendamento-{agendamento.pk}"


# The command


def comandar_devidos(agora: datetime) -> list[ProcessoIniciado]:
    """Command what is due, each date once, whoever else does the same now; one that fails stops no other."""
    comandados = []
    for chave in list(Agendamento.objects.devidos(agora).values_list("pk", flat=True)):
        try:
            tomada = _tomar(chave, agora)
        except Exception:
            logger.exception("O agendamento %s não pôde ser comandado.", chave)
            continue
        if tomada is not None and tomada.iniciado is not None:
            comandados.append(tomada.iniciado)
    return comandados


@transaction.atomic
def _tomar(chave: int, agora: datetime) -> DataAgendada | None:
    """Take the newest of its due dates and write the next moment down; None when somebody else has done so."""
    devidos = Agendamento.objects.devidos(agora).select_related("processo", "criado_por")
    agendamento = devidos.select_for_update(skip_locked=True, of=("self",)).filter(pk=chave).first()
    if agendamento is None:
        return None
    # None when its rule is read otherwise than when `proximo` was written, as in another time zone.
    vencidas = agenda.vencidas(agendamento, agora)
    tomada = _tomar_a_ultima(agendamento, vencidas, agora) if vencidas else None
    agendamento.proximo = proximas(agendamento, agora, 1)[0]
    agendamento.save(update_fields=["proximo"])
    return tomada


def _tomar_a_ultima(agendamento: Agendamento, vencidas: list[date], agora: datetime) -> DataAgendada | None:
    """The others are written down as lost; None when it was taken before."""
    *perdidas, ultima = vencidas
    DataAgendada.objects.bulk_create(
        [DataAgendada(agendamento=agendamento, data=data, recusa=PERDIDA, tomada_em=agora) for data in perdidas],
        ignore_conflicts=True,
    )
    tomada, nova = DataAgendada.objects.get_or_create(
        agendamento=agendamento, data=ultima, defaults={"tomada_em": agora}
    )
    if nova:
        _comandar(tomada, agora)
    return tomada if nova else None


def _comandar(tomada: DataAgendada, agora: datetime) -> None:
    """As whoever made the agendamento, who must still be allowed to; what is refused is kept, and told."""
    agendamento = tomada.agendamento
    try:
        if not agendamento.criado_por.has_perm("batch.add_processoiniciado"):
            raise OperacaoRecusada(f"{agendamento.criado_por} não pode mais iniciar processos.")
        tomada.iniciado = inicio.iniciar(
            agendamento.processo_id,
            usuario=agendamento.criado_por,
            agendado_para=agenda.momento(agendamento, tomada.data),
            agora=agora,
            complemento=agendamento.complemento,
            avisar=agendamento.avisar,
        )
    except OperacaoRecusada as recusa:
        tomada.recusa = str(recusa)
        registro.recusado(tomada, agora)
    else:
        inserido(agendamento.criado_por, tomada.iniciado, f"Comandado pelo agendamento {agendamento.pk}.")
    tomada.save(update_fields=["iniciado", "recusa"])
