"""What an operator does to a process: start it, authorise it, continue it, restart it, cancel it.

Every operation locks the process first, as the tick does, so that the two never see half of each other's work.
"""

import logging
from collections.abc import Iterable
from datetime import datetime

from django.db import transaction
from django.db.models import F

from batch import registro
from batch.models import Aviso, FuncionalidadeIniciada, Processo, ProcessoIniciado, UnidadeIniciada

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
    avisar: int = Aviso.SEM_CONCLUIR,
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
        avisar=avisar,
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
    """Redo the units of one funcionalidade that did not conclude; those that did are kept.

    Of a process that was cancelled, all that the cancelling stopped goes on.
    """
    processo = _travar(funcionalidade.iniciado_id)
    atual = _travar_funcionalidades(processo, [funcionalidade])[0]
    if atual.situacao not in FuncionalidadeIniciada.A_CONTINUAR or processo.processo.tipo == Processo.Tipo.RELATORIO:
        raise OperacaoRecusada("A opção selecionada não pode ser continuada.")
    continuadas = [atual]
    if atual.situacao == FuncionalidadeIniciada.Situacao.EXECUCAO_CANCELADA:
        canceladas = processo.funcionalidades.filter(situacao=atual.situacao).exclude(pk=atual.pk)
        continuadas += _travar_funcionalidades(processo, canceladas)
    abertas = UnidadeIniciada.objects.filter(funcionalidade__in=continuadas)
    abertas.exclude(situacao=UnidadeIniciada.Situacao.CONCLUIDA).update(
        situacao=UnidadeIniciada.Situacao.EM_ESPERA,
        iniciada_em=None,
        concluida_em=None,
        arrendada_ate=None,
        nao_antes=None,
        feito=0,
        total=0,
        resultado={},
        erro="",
        explicacao="",
    )
    _por_em_espera(continuadas, manter_inicio=True)
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


@transaction.atomic
def cancelar(iniciado: ProcessoIniciado, *, usuario, motivo: str, agora: datetime) -> ProcessoIniciado:
    """Stop a process that has not ended. Who runs a unit of it loses it, and stops at its next sign of life.

    What is being committed is waited for; after that, nothing is. What others do for it goes on: see `registro.Resto`.
    """
    atual = _travar(iniciado.pk)
    if atual.situacao not in ProcessoIniciado.A_CANCELAR:
        raise OperacaoRecusada("O processo já terminou e não pode ser cancelado.")
    if not motivo.strip():
        raise OperacaoRecusada("Informe o motivo.")
    _soltar_unidades(atual)
    situacao = FuncionalidadeIniciada.Situacao
    abertas = atual.funcionalidades.exclude(situacao__in=(situacao.CONCLUIDA, situacao.CONCLUIDA_COM_ERRO))
    abertas.update(situacao=situacao.EXECUCAO_CANCELADA, concluida_em=agora)
    atual.situacao = ProcessoIniciado.Situacao.EXECUCAO_CANCELADA
    atual.concluido_em, atual.cancelado_por, atual.motivo_do_cancelamento = agora, usuario, motivo.strip()[:200]
    atual.save(update_fields=["situacao", "concluido_em", "cancelado_por", "motivo_do_cancelamento"])
    registro.terminou(atual, agora)
    return atual


def _soltar_unidades(processo: ProcessoIniciado) -> None:
    """Take its open units from whoever has them. Before its funcionalidades, as a unit that fails does it."""
    situacao = UnidadeIniciada.Situacao
    abertas = UnidadeIniciada.objects.filter(
        funcionalidade__iniciado=processo, situacao__in=(situacao.EM_ESPERA, situacao.EM_PROCESSAMENTO)
    )
    chaves = list(abertas.order_by("id").select_for_update(of=("self",)).values_list("pk", flat=True))
    UnidadeIniciada.objects.filter(pk__in=chaves).update(
        situacao=situacao.EM_ESPERA, posse=F("posse") + 1, arrendada_ate=None, nao_antes=None
    )


def _travar(iniciado_id: int) -> ProcessoIniciado:
    travado = ProcessoIniciado.objects.select_for_update(no_key=True, of=("self",)).select_related("processo")
    iniciado = travado.filter(pk=iniciado_id).first()
    if iniciado is None:
        raise OperacaoRecusada("Processo inexistente.")
    return iniciado


def _travar_funcionalidades(
    processo: ProcessoIniciado, escolhidas: Iterable[FuncionalidadeIniciada]
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
        funcionalidade.concluida_em = funcionalidade.erro_em = None
        funcionalidade.erro = funcionalidade.explicacao = funcionalidade.unidade_do_erro = ""
    FuncionalidadeIniciada.objects.bulk_update(
        funcionalidades,
        ["situacao", "iniciada_em", "concluida_em", "erro", "explicacao", "unidade_do_erro", "erro_em"],
    )


def _de_quem_nao_comecou(processo: ProcessoIniciado) -> ProcessoIniciado.Situacao:
    """Cancelled before it began, a process that needed somebody's authorisation still does."""
    falta_autorizar = processo.processo.exige_autorizacao and processo.autorizado_por_id is None
    situacao = ProcessoIniciado.Situacao
    return situacao.AGUARDANDO_AUTORIZACAO if falta_autorizar else situacao.EM_ESPERA


def _reabrir(processo: ProcessoIniciado, situacao: ProcessoIniciado.Situacao) -> None:
    processo.situacao = situacao if processo.iniciado_em else _de_quem_nao_comecou(processo)
    processo.concluido_em = processo.cancelado_por = None
    processo.motivo_do_cancelamento = ""
    processo.save(update_fields=["situacao", "concluido_em", "cancelado_por", "motivo_do_cancelamento"])
