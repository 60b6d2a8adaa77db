"""What an operator does to a process: start it, authorise it, continue it, restart it.

Every operation locks the process first, as the tick does, so that the two never see half of each other's work.
"""

import logging
from collections.abc import Iterable
from datetime import datetime

from django.db import transaction

from batch.models import FuncionalidadeIniciada, Processo, ProcessoIniciado, UnidadeIniciada

logger = logging.getLogger(__name__)


class OperacaoRecusada(Exception):
    """What was asked may not be done now. The message is shown to the user."""


@transaction.atomic
def iniciar(
    processo_id: int,
    *,
    usuario,
    agendado_para: datetime,
    agora: datetime,
    precedente: ProcessoIniciado | None = None,
    complemento: str = "",
) -> ProcessoIniciado:
    """Store a process to be run from `agendado_para` on; the next tick after it starts it."""
    processo = Processo.objects.select_for_update(no_key=True).filter(pk=processo_id).first()
    if processo is None:
        raise OperacaoRecusada("Processo inexistente.")
    if not processo.ativo:
        raise OperacaoRecusada("O processo está inativo e não pode ser iniciado.")
    _conferir_precedente(precedente)
    ativas = list(processo.funcionalidades.filter(ativo=True))
    if not ativas:
        raise OperacaoRecusada("O processo não tem funcionalidades ativas.")
    situacao = ProcessoIniciado.Situacao
    iniciado = ProcessoIniciado.objects.create(
        processo=processo,
        usuario=usuario,
        situacao=situacao.AGUARDANDO_AUTORIZACAO if processo.exige_autorizacao else situacao.EM_ESPERA,
        precedente=precedente,
        agendado_para=agendado_para,
        comandado_em=agora,
        complemento=complemento,
    )
    FuncionalidadeIniciada.objects.bulk_create(
        FuncionalidadeIniciada(iniciado=iniciado, funcionalidade=ativa, sequencial=ativa.sequencial) for ativa in ativas
    )
    return iniciado


def _conferir_precedente(precedente: ProcessoIniciado | None) -> None:
    if precedente is None:
        return
    por_terminar = ProcessoIniciado.objects.filter(
        pk=precedente.pk, situacao__in=ProcessoIniciado.AINDA_POR_TERMINAR
    ).select_for_update(no_key=True)
    if por_terminar.first() is None:
        raise OperacaoRecusada("Processo inexistente.")


@transaction.atomic
def autorizar(iniciado: ProcessoIniciado, *, usuario) -> ProcessoIniciado:
    atual = _travar(iniciado.pk)
    if atual.situacao != ProcessoIniciado.Situacao.AGUARDANDO_AUTORIZACAO:
        raise OperacaoRecusada("O processo não está aguardando autorização.")
    atual.situacao = ProcessoIniciado.Situacao.EM_ESPERA
    atual.autorizado_por = usuario
    atual.save(update_fields=["situacao", "autorizado_por"])
    return atual


@transaction.atomic
def continuar(funcionalidade: FuncionalidadeIniciada, *, usuario) -> FuncionalidadeIniciada:
    """Redo the units of one funcionalidade that did not conclude; those that did are kept."""
    processo = _travar(funcionalidade.iniciado_id)
    atual = _travar_funcionalidades(processo, [funcionalidade])[0]
    if atual.situacao not in FuncionalidadeIniciada.A_CONTINUAR or processo.processo.tipo == Processo.Tipo.RELATORIO:
        raise OperacaoRecusada("A opção selecionada não pode ser continuada.")
    atual.unidades.exclude(situacao=UnidadeIniciada.Situacao.CONCLUIDA).update(
        situacao=UnidadeIniciada.Situacao.EM_ESPERA,
        iniciada_em=None,
        concluida_em=None,
        arrendada_ate=None,
        nao_antes=None,
        feito=0,
        total=0,
        resultado={},
        erro="",
    )
    _por_em_espera([atual], manter_inicio=True)
    _reabrir(processo, ProcessoIniciado.Situacao.EM_PROCESSAMENTO)
    logger.info("A funcionalidade %s foi continuada por %s.", atual.pk, usuario)
    return atual


@transaction.atomic
def reiniciar(funcionalidades: Iterable[FuncionalidadeIniciada], *, usuario) -> list[FuncionalidadeIniciada]:
    """Redo whole funcionalidades of one ended process: their units are deleted."""
    escolhidas = list(funcionalidades)
    if not escolhidas:
        raise OperacaoRecusada("Selecione ao menos uma funcionalidade.")
    if len({escolhida.iniciado_id for escolhida in escolhidas}) > 1:
        raise OperacaoRecusada("Selecione funcionalidades de um mesmo processo.")
    processo = _travar(escolhidas[0].iniciado_id)
    if processo.situacao not in ProcessoIniciado.A_REINICIAR:
        raise OperacaoRecusada("O processo ainda não terminou e não pode ser reiniciado.")
    atuais = _travar_funcionalidades(processo, escolhidas)
    UnidadeIniciada.objects.filter(funcionalidade__in=atuais).delete()
    _por_em_espera(atuais)
    _reabrir(processo, ProcessoIniciado.Situacao.EM_ESPERA)
    logger.info("As funcionalidades %s foram reiniciadas por %s.", [atual.pk for atual in atuais], usuario)
    return atuais


def _travar(iniciado_id: int) -> ProcessoIniciado:
    travado = ProcessoIniciado.objects.select_for_update(no_key=True, of=("self",)).select_related("processo")
    iniciado = travado.filter(pk=iniciado_id).first()
    if iniciado is None:
        raise OperacaoRecusada("Processo inexistente.")
    return iniciado


def _travar_funcionalidades(
    processo: ProcessoIniciado, escolhidas: list[FuncionalidadeIniciada]
) -> list[FuncionalidadeIniciada]:
    chaves = {escolhida.pk for escolhida in escolhidas}
    atuais = list(processo.funcionalidades.select_for_update(no_key=True).filter(pk__in=chaves).order_by("id"))
    if len(atuais) != len(chaves):
        raise OperacaoRecusada("Funcionalidade inexistente.")
    return atuais


def _por_em_espera(funcionalidades: list[FuncionalidadeIniciada], *, manter_inicio: bool = False) -> None:
    for funcionalidade in funcionalidades:
        funcionalidade.situacao = FuncionalidadeIniciada.Situacao.EM_ESPERA
        funcionalidade.iniciada_em = funcionalidade.iniciada_em if manter_inicio else None
        funcionalidade.concluida_em = None
        funcionalidade.erro = ""
    FuncionalidadeIniciada.objects.bulk_update(funcionalidades, ["situacao", "iniciada_em", "concluida_em", "erro"])


def _reabrir(processo: ProcessoIniciado, situacao: ProcessoIniciado.Situacao) -> None:
    processo.situacao = situacao
    processo.concluido_em = None
    processo.save(update_fields=["situacao", "concluido_em"])
