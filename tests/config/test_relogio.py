"""The clock of beat: the fixed schedule cannot be edited away, and the database may be gone for a while."""

from datetime import timedelta

import pytest
from django.contrib import admin
from django.db import OperationalError
from django.utils import timezone
from django_celery_beat.models import CrontabSchedule, IntervalSchedule, PeriodicTask

from config.celery import app
from config.relogio import Relogio


@pytest.fixture(autouse=True)
def _conexao_do_teste(monkeypatch):
    """Beat closes connections that are old: this one is the test's."""
    monkeypatch.setattr("django_celery_beat.schedulers.close_old_connections", lambda: None)
    monkeypatch.setattr("config.relogio.connection.close", lambda: None)


@pytest.fixture
def relogio(db) -> Relogio:
    return Relogio(app)


def nova_campainha(nome: str = "agendamento-1", **campos) -> PeriodicTask:
    quando = CrontabSchedule.objects.create(minute="0", hour="*", timezone="America/Sao_Paulo")
    return PeriodicTask.objects.create(name=nome, task="batch.tasks.comandar_agendados", crontab=quando, **campos)


def test_beat_uses_it():
    assert app.conf.beat_scheduler == "config.relogio:Relogio"


def test_the_fixed_schedule_is_in_no_table(relogio):
    assert set(relogio.schedule) == set(app.conf.beat_schedule)
    assert not PeriodicTask.objects.exists()


def test_each_fixed_entry_keeps_how_long_its_bell_is_heard(relogio):
    """Django-celery-beat's own scheduler drops `expires`: bells that nobody heard would pile up."""
    for nome, entrada in app.conf.beat_schedule.items():
        assert relogio.schedule[nome].options["expires"] == entrada["options"]["expires"]


def test_a_row_with_the_name_of_a_fixed_entry_does_not_take_its_place(relogio, db):
    dez_horas = IntervalSchedule.objects.create(every=10, period=IntervalSchedule.HOURS)
    PeriodicTask.objects.create(name="tique-do-envio", task="telas.tasks.nada", interval=dez_horas, enabled=False)

    assert Relogio(app).schedule["tique-do-envio"].task == "mensageria.tasks.tique"


def test_when_beat_starts_each_fixed_entry_rings_once(relogio):
    """A beat that was killed left nothing behind: the daily ones must not wait for a day that beat never lives."""
    assert all(entrada.is_due().is_due for entrada in relogio.schedule.values())

    for entrada in list(relogio.schedule.values()):
        relogio.reserve(entrada)

    assert not any(entrada.is_due().is_due for entrada in relogio.schedule.values())


def test_what_rang_is_not_forgotten_when_the_bells_change(relogio):
    for entrada in list(relogio.schedule.values()):
        relogio.reserve(entrada)

    nova_campainha()
    relogio._last_timestamp = timezone.now() - timedelta(days=1)  # what it read last is older than the change

    assert "agendamento-1" in relogio.schedule
    fixas = [relogio.schedule[nome] for nome in app.conf.beat_schedule]
    assert not any(entrada.is_due().is_due for entrada in fixas)


def test_a_bell_writes_only_that_it_rang(db):
    campainha = nova_campainha()
    relogio = Relogio(app)
    entrada = relogio.schedule["agendamento-1"]
    PeriodicTask.objects.filter(pk=campainha.pk).update(description="mudada enquanto isso")

    relogio.reserve(entrada)
    relogio.sync()

    campainha.refresh_from_db()
    assert (campainha.total_run_count, campainha.description) == (1, "mudada enquanto isso")


def test_a_bell_that_was_taken_down_meanwhile_does_not_come_back(db):
    campainha = nova_campainha()
    relogio = Relogio(app)
    relogio.reserve(relogio.schedule["agendamento-1"])
    campainha.delete()

    relogio.sync()

    assert not PeriodicTask.objects.exists()


def test_without_the_database_the_last_known_bells_go_on(db, monkeypatch):
    nova_campainha()
    relogio = Relogio(app)
    assert "agendamento-1" in relogio.schedule

    def sem_banco(*_):
        raise OperationalError("o banco caiu")

    monkeypatch.setattr(Relogio, "enabled_models", sem_banco)
    monkeypatch.setattr(Relogio, "schedule_changed", lambda _: True)

    assert set(relogio.schedule) == {"agendamento-1", *app.conf.beat_schedule}
    assert set(Relogio(app).schedule) == set(app.conf.beat_schedule), "one that starts then has what is fixed"


def test_nobody_edits_bells_in_the_administration():
    assert not [modelo for modelo in admin.site._registry if modelo._meta.app_label == "django_celery_beat"]
