"""The bridge by itself: when it is told where and how often."""

import json
import logging

from environ import Env

from cadastro.models import Cliente
from ponte import tasks
from ponte.importacao import EmAndamento
from tests.config.apoio import python

AGENDA = "from config.celery import app; import json; print(json.dumps(app.conf.beat_schedule, default=str))"


def test_it_is_scheduled_only_with_an_address_and_an_interval():
    agenda = json.loads(python(AGENDA, GSAN_URL="postgresql://ana:segredo@gsan/b", GSAN_MINUTOS="15").stdout)
    assert agenda["ponte-com-o-gsan"]["schedule"] == 900
    assert "segredo" not in str(agenda)
    for ambiente in ({"GSAN_MINUTOS": "15"}, {"GSAN_URL": "postgresql://ana@gsan/b"}):
        assert "ponte-com-o-gsan" not in json.loads(python(AGENDA, **ambiente).stdout)


def test_it_brings_and_takes(db, gsan, settings, tmp_path):
    settings.BANCO_GSAN, settings.VAR = Env.db_url_config(gsan.url), tmp_path
    gsan.cliente(5)

    tasks.atravessar()

    assert Cliente.objects.count() == 1
    assert gsan.executar("SELECT count(*) FROM avisa.mensagem_resultado") == [(0,)]


def test_a_source_that_does_not_answer_is_logged_without_the_password(db, settings, caplog):
    settings.BANCO_GSAN = Env.db_url_config("postgresql://ana:s3gr3do@127.0.0.1:1/gsan")

    tasks.atravessar()

    assert "Sem conexão com o GSAN" in caplog.text
    assert "s3gr3do" not in caplog.text


def test_a_run_under_way_is_left_alone(db, gsan, settings, monkeypatch, caplog):
    settings.BANCO_GSAN = Env.db_url_config(gsan.url)

    def ocupada(*_):
        raise EmAndamento("A ponte com o GSAN já está em andamento.")

    monkeypatch.setattr(tasks, "importar", ocupada)
    with caplog.at_level(logging.INFO):
        tasks.atravessar()

    assert "já está em andamento" in caplog.text


def test_the_password_of_the_settings_is_hidden_from_error_pages(rf, settings):
    from django.views.debug import SafeExceptionReporterFilter

    settings.BANCO_GSAN = Env.db_url_config("postgresql://ana:s3gr3do@gsan/b")
    assert "s3gr3do" not in str(SafeExceptionReporterFilter().get_safe_settings()["BANCO_GSAN"])
