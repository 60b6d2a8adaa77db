"""The calendar of contact as it is stored, and what people change in it."""

from collections.abc import Mapping
from datetime import date, datetime

from django.db import transaction
from django.utils import timezone

from mensageria.janela import DIAS, Calendario, Horas, Semana, horas_em_palavras
from mensageria.models import FeriadoLocal, HorarioContato, JanelaContato
from telas import registro

SEM_JANELAS = Calendario()


def ler(agora: datetime) -> Calendario:
    """All of it from the local day of `agora` on; one query while there is no window."""
    janelas: dict[tuple[int, str], dict[int, Horas]] = {}
    colunas = ("canal", "origem", "horarios__dia", "horarios__das", "horarios__ate")
    for canal, origem, dia, das, ate in JanelaContato.objects.order_by().values_list(*colunas):
        semana = janelas.setdefault((canal, origem), {})
        if dia is not None:
            semana[dia] = das, ate
    return Calendario(janelas, _locais(timezone.localdate(agora))) if janelas else SEM_JANELAS


def _locais(desde: date) -> Mapping[int | None, Mapping[date, str]]:
    """{localidade: its holidays}, those of its município too; None has those of every place."""
    locais: dict[int | None, dict[date, str]] = {}
    feriados = FeriadoLocal.objects.filter(data__gte=desde).order_by("-id")
    colunas = ("data", "descricao", "localidade", "municipio", "municipio__localidade")
    for data, descricao, localidade, municipio, do_municipio in feriados.values_list(*colunas):
        lugar = localidade if municipio is None else do_municipio
        if municipio is None or lugar is not None:  # a município may have no localidade
            locais.setdefault(lugar, {})[data] = descricao
    return locais


# What people change


@transaction.atomic
def definir(canal: int, origem: str, semana: Semana, *, usuario) -> JanelaContato:
    """Let messages of that kind leave only in those hours."""
    janela, nova = JanelaContato.objects.select_for_update().get_or_create(canal=canal, origem=origem)
    antes = semana_de(janela)
    mudaram = {dia: semana.get(dia) for dia in range(len(DIAS)) if semana.get(dia) != antes.get(dia)}
    for dia, horas in mudaram.items():
        if horas is None:
            janela.horarios.filter(dia=dia).delete()
        else:
            valores = {"das": horas[0], "ate": horas[1]}
            HorarioContato.objects.update_or_create(janela=janela, dia=dia, defaults=valores)
    if nova:
        registro.inserido(usuario, janela, f"Janela definida: {em_palavras(semana)}.")
    elif mudaram:
        mudancas = {DIAS[dia]: (_do_dia(antes.get(dia)), _do_dia(horas)) for dia, horas in mudaram.items()}
        registro.registrar(usuario, janela, f"Janela alterada: {em_palavras(semana)}.", mudancas=mudancas)
    return janela


def _do_dia(horas: Horas | None) -> str:
    return horas_em_palavras(horas) or "fechado"


@transaction.atomic
def liberar(janela: JanelaContato, *, usuario) -> None:
    """Take a window away: messages of that kind leave by that of all origins, or at any hour."""
    registro.removido(usuario, janela, f"Janela retirada: era {em_palavras(semana_de(janela))}.")
    janela.delete()


@transaction.atomic
def adicionar_feriado(feriado: FeriadoLocal, *, usuario) -> FeriadoLocal:
    feriado.save()
    registro.inserido(usuario, feriado, f"Feriado adicionado: {feriado}, {lugar_de(feriado)}.")
    return feriado


@transaction.atomic
def remover_feriado(feriado: FeriadoLocal, *, usuario) -> None:
    registro.removido(usuario, feriado, f"Feriado removido: {feriado}, {lugar_de(feriado)}.")
    feriado.delete()


def semana_de(janela: JanelaContato) -> dict[int, Horas]:
    return {dia: (das, ate) for dia, das, ate in janela.horarios.values_list("dia", "das", "ate")}


def lugar_de(feriado: FeriadoLocal) -> str:
    """Where it is a holiday, in words."""
    if feriado.localidade:
        return f"localidade {feriado.localidade}"
    return f"município {feriado.municipio}" if feriado.municipio else "todas as localidades"


def em_palavras(semana: Semana) -> str:
    """ "segunda-feira 08:00–20:00, …", with every closed day left out."""
    return (
        ", ".join(f"{DIAS[dia]} {horas_em_palavras(horas)}" for dia, horas in sorted(semana.items()))
        or "sempre fechada"
    )
