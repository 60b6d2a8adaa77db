"""The clock of beat: the schedule of config/celery.py, which nobody can edit away, and the bells that are stored.

Django-celery-beat's own scheduler keeps everything in tables, what the system needs too: who switches a row off there
stops the sending. Here the fixed entries live in the code and in the memory of beat, and the database is only asked for
the bells of the agendamentos; while it is away, the entries known last go on ringing.

When beat starts, each fixed entry rings once: it does not know when the last beat, which may have been killed, rang.
"""

import logging
from datetime import UTC, datetime

from celery.beat import ScheduleEntry
from django.db import DatabaseError, InterfaceError, connection
from django_celery_beat.models import PeriodicTask
from django_celery_beat.schedulers import DatabaseScheduler, ModelEntry

logger = logging.getLogger(__name__)
HA_MUITO = datetime(2000, 1, 1, tzinfo=UTC)


class Campainha(ModelEntry):
    """A bell of the database. Of its row it writes what is its own: the rest may have been edited meanwhile."""

    def save(self):
        PeriodicTask.objects.filter(pk=self.model.pk).update(
            last_run_at=self.model.last_run_at, total_run_count=self.model.total_run_count
        )


class Relogio(DatabaseScheduler):
    Entry = Campainha

    def setup_schedule(self):
        self._do_banco = {}
        self._fixas = {
            nome: ScheduleEntry(name=nome, app=self.app, last_run_at=HA_MUITO, **entrada)
            for nome, entrada in self.app.conf.beat_schedule.items()
        }

    def all_as_schedule(self):
        try:
            self._do_banco = super().all_as_schedule()
        except (DatabaseError, InterfaceError):
            logger.exception("Os agendamentos não puderam ser lidos: valem os últimos conhecidos.")
            connection.close()
        return self._do_banco | self._fixas

    def reserve(self, entry):
        if entry.name not in self._fixas:
            return super().reserve(entry)
        seguinte = self._fixas[entry.name] = self._schedule[entry.name] = next(entry)
        return seguinte
