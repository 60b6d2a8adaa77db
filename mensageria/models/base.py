"""What the other models share: the channels, local days, and rows that are written once."""

from datetime import datetime, time, timedelta

from django.db import models
from django.utils import timezone


class Canal(models.IntegerChoices):
    SMS = 1, "SMS"
    EMAIL = 2, "E-mail"


class Imutavel(Exception):
    """The row is part of what was sent and is never rewritten."""


class EscritoUmaVez(models.Model):
    """What is inserted, and from then on neither changed nor removed. Raises Imutavel."""

    class Meta:
        abstract = True

    def save(self, *args, **kwargs):
        if not self._state.adding:
            raise Imutavel(f"Não se altera: {self._meta.verbose_name}.")
        super().save(*args, **kwargs)

    def delete(self, *args, **kwargs):
        raise Imutavel(f"Não se apaga: {self._meta.verbose_name}.")


def inicio_do_dia(dia) -> datetime:
    """00:00 of that day in TIME_ZONE, as an aware moment."""
    return timezone.make_aware(datetime.combine(dia, time.min))


def amanha(agora: datetime) -> datetime:
    """When the next local day begins."""
    return inicio_do_dia(timezone.localdate(agora) + timedelta(days=1))
