"""What of the batch is audited: what can run, when, and what people asked to run."""

from django_celery_beat import models as relogio

from batch.models import (
    Agendamento,
    DataAgendada,
    FuncionalidadeIniciada,
    Processo,
    ProcessoFuncionalidade,
    ProcessoIniciado,
    UnidadeIniciada,
)
from telas.auditoria import auditar, isentar

auditar(Processo)
auditar(ProcessoFuncionalidade, de=["processo"], nome=["descricao"])
auditar(ProcessoIniciado, de=["processo"], fora=["iniciado_em", "concluido_em"])
auditar(Agendamento, de=["processo"], fora=["proximo"])

isentar("Estado de uma execução, escrito enquanto ela anda.", FuncionalidadeIniciada, UnidadeIniciada)
isentar("O que o relógio fez com cada data; o processo que ele comandou tem a sua entrada.", DataAgendada)
isentar("A campainha de um Agendamento, que tem a sua entrada.", relogio.PeriodicTask, relogio.CrontabSchedule)
isentar(
    "Do django-celery-beat, sem uso aqui.",
    relogio.IntervalSchedule,
    relogio.SolarSchedule,
    relogio.ClockedSchedule,
    relogio.PeriodicTasks,
)
