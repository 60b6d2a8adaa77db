"""When a customer may be spoken to: hours by channel and origin, on each day of the week and on holidays.

Pure rules; `mensageria.calendario` reads the rows. What no window speaks of is always open. The window of an origin
goes before that of all of them. Hours are of the local day and none crosses midnight; a holiday has hours of its own.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from functools import cache

import holidays
from django.utils import timezone

FERIADO = 7  # among the days of a window, after Monday (0) to Sunday (6)
DIAS = ("segunda-feira", "terça-feira", "quarta-feira", "quinta-feira", "sexta-feira", "sábado", "domingo", "feriado")
FIM_DO_DIA = time(0)  # as the end of a day's hours
HORIZONTE = 366  # days ahead that are looked at: what does not open in them never does

Horas = tuple[time, time]
Semana = Mapping[int, Horas]  # a day that is absent is closed


@cache
def nacionais(ano: int) -> dict[date, str]:
    """The national holidays of a year; Carnaval and Corpus Christi are none by law."""
    return dict(sorted(holidays.country_holidays("BR", years=ano, language="pt_BR").items()))


@dataclass(frozen=True)
class Porta:
    """One window at one place. Its moments are in UTC."""

    canal: int
    origem: str  # "" is the window of all
    localidade: int | None  # only where it has holidays of its own
    semana: Semana = field(compare=False)
    locais: Mapping[date, str] = field(compare=False)

    def feriado(self, dia: date) -> str:
        """The name of the holiday, or nothing."""
        return self.locais.get(dia) or nacionais(dia.year).get(dia, "")

    def aberta(self, agora: datetime) -> bool:
        return _dentro(self._horas(timezone.localdate(agora)), agora)

    def abre_em(self, agora: datetime) -> datetime | None:
        """The first open moment from `agora` on, `agora` itself when it is one; None when there is none."""
        for n in range(HORIZONTE + 1 if self.semana else 0):
            horas = self._horas(timezone.localdate(agora) + timedelta(days=n))
            if horas and agora < horas[1]:
                return max(agora, horas[0])
        return None

    def fecha_em(self, agora: datetime) -> datetime | None:
        """When what is open now closes; None when it is closed, or does not close within the horizon."""
        hoje = timezone.localdate(agora)
        horas = self._horas(hoje)
        if not _dentro(horas, agora):
            return None
        fim = horas[1]
        for n in range(1, HORIZONTE + 1):
            seguinte = self._horas(hoje + timedelta(days=n))
            if seguinte is None or seguinte[0] > fim:
                return fim
            fim = seguinte[1]
        return None

    def termina(self, inicio: datetime, duracao: timedelta) -> datetime | None:
        """When work of that length would end, done in open hours only; None when they do not suffice."""
        limite = inicio + timedelta(days=HORIZONTE)
        while inicio < limite and (abre := self.abre_em(inicio)) is not None:
            fecha = self.fecha_em(abre)
            if fecha is None or abre + duracao <= fecha:
                return abre + duracao
            inicio, duracao = fecha, duracao - (fecha - abre)
        return None

    def _horas(self, dia: date) -> tuple[datetime, datetime] | None:
        horas = self.semana.get(FERIADO if self.feriado(dia) else dia.weekday())
        if horas is None:
            return None
        das, ate = horas
        return _momento(dia, das), _momento(dia + timedelta(days=ate == FIM_DO_DIA), ate)


@dataclass(frozen=True)
class Calendario:
    """Every window, and the holidays that are not national; without a window it is false, and all is open."""

    janelas: Mapping[tuple[int, str], Semana] = field(default_factory=dict)
    locais: Mapping[int | None, Mapping[date, str]] = field(default_factory=dict)  # None: of every place

    def __bool__(self):
        return bool(self.janelas)

    def porta(self, canal: int, origem: str, localidade: int | None) -> Porta | None:
        """What messages of that kind leave by; None when no window speaks of them."""
        dona = origem if (canal, origem) in self.janelas else ""
        if (canal, dona) not in self.janelas:
            return None
        locais = dict(self.locais.get(None, {})) | dict(self.locais.get(localidade, {}))
        lugar = localidade if localidade in self.locais else None
        return Porta(int(canal), dona, lugar, self.janelas[canal, dona], locais)

    def aberta(self, canal: int, origem: str, localidade: int | None, agora: datetime) -> bool:
        porta = self.porta(canal, origem, localidade)
        return porta is None or porta.aberta(agora)

    def aberta_em_toda_parte(self, canal: int, origem: str, agora: datetime) -> bool:
        """Whether it is open wherever a message of that kind may be of."""
        return all(self.aberta(canal, origem, lugar, agora) for lugar in (None, *self.locais))

    def proxima_abertura(self, canal: int, origem: str, localidade: int | None, agora: datetime) -> datetime | None:
        """The first moment from `agora` on when such a message may leave; None when there is none."""
        porta = self.porta(canal, origem, localidade)
        return agora if porta is None else porta.abre_em(agora)


def _momento(dia: date, hora: time) -> datetime:
    return timezone.make_aware(datetime.combine(dia, hora)).astimezone(UTC)


def _dentro(horas: tuple[datetime, datetime] | None, agora: datetime) -> bool:
    return horas is not None and horas[0] <= agora < horas[1]


# In words


def dia_e_hora(momento: datetime) -> str:
    """ "seg 23/11/2026 às 08:00" """
    local = timezone.localtime(momento)
    return f"{DIAS[local.weekday()][:3]} {local:%d/%m/%Y às %H:%M}"


def a_partir_de(momento: datetime) -> str:
    """ "A partir de seg 23/11/2026 às 08:00" """
    return f"A partir de {dia_e_hora(momento)}"


def quando(momento: datetime, agora: datetime) -> str:
    """The hour alone when it is today's: "às 08:00"; or the day too."""
    if timezone.localdate(momento) == timezone.localdate(agora):
        return f"às {timezone.localtime(momento):%H:%M}"
    return dia_e_hora(momento)


def horas_em_palavras(horas: Horas | None) -> str:
    """ "08:00–20:00", with 24:00 for the end of the day; nothing for a closed day."""
    if horas is None:
        return ""
    das, ate = horas
    return f"{das:%H:%M}–{'24:00' if ate == FIM_DO_DIA else f'{ate:%H:%M}'}"


def agora_em_palavras(porta: Porta | None, agora: datetime) -> str:
    """ "aberto agora até 20:00", "fechado agora: abre seg 23/11/2026 às 08:00" """
    if porta is None:
        return "aberto a qualquer hora"
    if porta.aberta(agora):
        fecha = porta.fecha_em(agora)
        return f"aberto agora até {_ate(fecha, agora)}" if fecha else "aberto agora, todos os dias"
    feriado = porta.feriado(timezone.localdate(agora))
    porque = f" (feriado: {feriado})" if feriado else ""
    abre = porta.abre_em(agora)
    return f"fechado agora{porque}: abre {quando(abre, agora)}" if abre else f"fechado agora{porque}: nunca abre"


def _ate(fecha: datetime, agora: datetime) -> str:
    """The end of a day is that day's 24:00."""
    ultimo = timezone.localtime(fecha - timedelta(microseconds=1))
    local = timezone.localtime(fecha)
    hora = "24:00" if local.time() == FIM_DO_DIA else f"{local:%H:%M}"
    hoje = ultimo.date() == timezone.localdate(agora)
    return hora if hoje else f"{DIAS[ultimo.weekday()][:3]} {ultimo:%d/%m/%Y} às {hora}"
