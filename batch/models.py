"""Processes as GSAN runs them: what exists to run, what was started, its steps and their units of work."""

import uuid
from datetime import datetime

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import F, Q


class SituacaoProcesso(models.IntegerChoices):
    EM_PROCESSAMENTO = 1, "EM PROCESSAMENTO"
    CONCLUIDO = 2, "CONCLUÍDO"
    EM_ESPERA = 3, "EM ESPERA"
    AGENDADO = 4, "AGENDADO"
    INICIO_A_COMANDAR = 5, "INÍCIO A COMANDAR"
    CONCLUIDO_COM_ERRO = 6, "CONCLUÍDO COM ERRO"
    EXECUCAO_CANCELADA = 7, "EXECUÇÃO CANCELADA"
    AGUARDANDO_AUTORIZACAO = 8, "AGUARDANDO AUTORIZAÇÃO"


class SituacaoFuncionalidade(models.IntegerChoices):
    EM_PROCESSAMENTO = 1, "EM PROCESSAMENTO"
    CONCLUIDA = 2, "CONCLUÍDA"
    EM_ESPERA = 3, "EM ESPERA"
    CONCLUIDA_COM_ERRO = 4, "CONCLUÍDA COM ERRO"
    AGENDADA = 5, "AGENDADA"
    EXECUCAO_CANCELADA = 6, "EXECUÇÃO CANCELADA"
    AGUARDANDO_AUTORIZACAO = 7, "AGUARDANDO AUTORIZAÇÃO"


class SituacaoUnidade(models.IntegerChoices):
    EM_PROCESSAMENTO = 1, "EM PROCESSAMENTO"
    CONCLUIDA = 2, "CONCLUÍDA"
    EM_ESPERA = 3, "EM ESPERA"
    CONCLUIDA_COM_ERRO = 4, "CONCLUÍDA COM ERRO"


class Processo(models.Model):
    class Tipo(models.IntegerChoices):
        FATURAMENTO_COMANDADO = 1, "Faturamento comandado"
        COBRANCA_COMANDADO = 2, "Cobrança comandado"
        MENSAL = 3, "Mensal"
        EVENTUAL = 4, "Eventual"
        RELATORIO = 5, "Relatório"
        SEMANAL = 6, "Semanal"
        DIARIO = 7, "Diário"

    DE_OUTRAS_TELAS = (Tipo.COBRANCA_COMANDADO, Tipo.RELATORIO)

    id = models.PositiveIntegerField("código", primary_key=True)
    descricao = models.CharField("descrição", max_length=60)
    abreviatura = models.CharField(max_length=10, blank=True)
    tipo = models.PositiveSmallIntegerField(choices=Tipo)
    ativo = models.BooleanField(default=True)
    exige_autorizacao = models.BooleanField("exige autorização", default=False)

    class Meta:
        ordering = ["id"]

    def __str__(self):
        return f"{self.pk} - {self.descricao}"


class ProcessoFuncionalidade(models.Model):
    """A step of a process. Steps of equal sequence run side by side; a lower one must end first."""

    processo = models.ForeignKey(Processo, on_delete=models.CASCADE, related_name="funcionalidades")
    codigo = models.CharField("código", max_length=60, help_text="nome com que a funcionalidade foi registrada")
    descricao = models.CharField("descrição", max_length=80)
    unidade_processamento = models.CharField("unidade de processamento", max_length=40)
    sequencial = models.PositiveSmallIntegerField("sequencial de execução")
    ativo = models.BooleanField(default=True)

    class Meta:
        verbose_name = "funcionalidade do processo"
        verbose_name_plural = "funcionalidades dos processos"
        ordering = ["processo", "sequencial", "id"]
        constraints = [models.UniqueConstraint(fields=["processo", "codigo"], name="funcionalidade_unica_no_processo")]

    def __str__(self):
        return self.descricao


class Aviso(models.IntegerChoices):
    """When whoever started a process is told by e-mail that it ended."""

    SEM_CONCLUIR = 1, "Só se não for concluído"
    SEMPRE = 2, "Sempre que terminar"


class ProcessoIniciado(models.Model):
    Situacao = SituacaoProcesso
    Aviso = Aviso
    A_EXECUTAR = (SituacaoProcesso.EM_ESPERA, SituacaoProcesso.EM_PROCESSAMENTO)
    # A process that another may wait for.
    AINDA_POR_TERMINAR = (
        SituacaoProcesso.AGENDADO,
        SituacaoProcesso.EM_ESPERA,
        SituacaoProcesso.EM_PROCESSAMENTO,
        SituacaoProcesso.INICIO_A_COMANDAR,
    )
    A_REINICIAR = (
        SituacaoProcesso.CONCLUIDO,
        SituacaoProcesso.CONCLUIDO_COM_ERRO,
        SituacaoProcesso.EXECUCAO_CANCELADA,
    )
    A_CANCELAR = (*AINDA_POR_TERMINAR, SituacaoProcesso.AGUARDANDO_AUTORIZACAO)

    processo = models.ForeignKey(Processo, on_delete=models.PROTECT, related_name="iniciados")
    usuario = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, blank=True, verbose_name="usuário"
    )
    situacao = models.PositiveSmallIntegerField("situação", choices=Situacao, default=Situacao.EM_ESPERA)
    precedente = models.ForeignKey(
        "self", on_delete=models.PROTECT, null=True, blank=True, verbose_name="processo iniciado precedente"
    )
    agendado_para = models.DateTimeField("data/hora do agendamento")
    comandado_em = models.DateTimeField("data/hora do comando")
    iniciado_em = models.DateTimeField("data/hora de início", null=True, blank=True)
    concluido_em = models.DateTimeField("data/hora de término", null=True, blank=True)
    complemento = models.CharField(max_length=55, blank=True)
    autorizado_por = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    execucao = models.UUIDField("execução", default=uuid.uuid4, unique=True, editable=False)
    avisar = models.PositiveSmallIntegerField(
        "avisar por e-mail", choices=Aviso, default=Aviso.SEM_CONCLUIR, db_default=Aviso.SEM_CONCLUIR
    )
    cancelado_por = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    motivo_do_cancelamento = models.CharField(max_length=200, blank=True, default="", db_default="")

    class Meta:
        verbose_name = "processo iniciado"
        verbose_name_plural = "processos iniciados"
        ordering = ["-id"]
        permissions = [
            ("autorizar_processo", "Pode autorizar processos"),
            ("continuar_processo", "Pode continuar processos"),
            ("reiniciar_processo", "Pode reiniciar processos"),
            ("cancelar_processo", "Pode cancelar processos"),
        ]
        indexes = [
            models.Index(fields=["agendado_para"], name="processo_a_executar", condition=Q(situacao__in=(1, 3))),
            # What Consultar Processos filters by.
            models.Index(fields=["agendado_para"], name="processo_agendado"),
            models.Index(fields=["iniciado_em"], name="processo_iniciado_em"),
            models.Index(fields=["concluido_em"], name="processo_concluido_em"),
            models.Index(fields=["comandado_em"], name="processo_comandado_em"),
            models.Index(fields=["situacao", "-id"], name="processo_por_situacao"),
        ]

    def __str__(self):
        return f"{self.pk}: {self.processo}"

    def clean(self):
        if self.precedente and self.precedente.situacao not in self.AINDA_POR_TERMINAR:
            raise ValidationError({"precedente": "Processo inexistente."})

    def motivo_da_espera(self, agora: datetime) -> str:
        """Why its next funcionalidade does not start, for the operator; empty when nothing outside it holds it back."""
        if self.situacao == self.Situacao.AGUARDANDO_AUTORIZACAO:
            return "Aguarda autorização."
        if self.situacao not in self.A_EXECUTAR:
            return ""
        if self.situacao == self.Situacao.EM_ESPERA and self.agendado_para > agora:
            return "Aguarda a data e a hora do agendamento."
        if self.precedente is None or self.precedente.situacao == self.Situacao.CONCLUIDO:
            return ""
        precedente = f"o processo precedente {self.precedente_id} ({self.precedente.get_situacao_display()})"
        if self.precedente.situacao in self.A_REINICIAR:
            return f"Bloqueado: {precedente} não foi concluído. Continue-o ou reinicie-o para liberar este."
        return f"Aguarda {precedente}."


class FuncionalidadeIniciada(models.Model):
    Situacao = SituacaoFuncionalidade
    A_CONTINUAR = (SituacaoFuncionalidade.CONCLUIDA_COM_ERRO, SituacaoFuncionalidade.EXECUCAO_CANCELADA)

    iniciado = models.ForeignKey(ProcessoIniciado, on_delete=models.CASCADE, related_name="funcionalidades")
    funcionalidade = models.ForeignKey(ProcessoFuncionalidade, on_delete=models.PROTECT)
    sequencial = models.PositiveSmallIntegerField("sequencial de execução")
    situacao = models.PositiveSmallIntegerField("situação", choices=Situacao, default=Situacao.EM_ESPERA)
    iniciada_em = models.DateTimeField("início", null=True, blank=True)
    concluida_em = models.DateTimeField("conclusão", null=True, blank=True)
    erro = models.TextField(blank=True, help_text="o primeiro erro de uma unidade")
    explicacao = models.TextField(
        "explicação", blank=True, default="", db_default="", help_text="o que aconteceu, nas palavras do operador"
    )
    unidade_do_erro = models.CharField(max_length=120, blank=True, default="", db_default="")
    erro_em = models.DateTimeField("data/hora do erro", null=True, blank=True)

    class Meta:
        verbose_name = "funcionalidade iniciada"
        verbose_name_plural = "funcionalidades iniciadas"
        ordering = ["sequencial", "id"]
        constraints = [
            models.UniqueConstraint(fields=["iniciado", "funcionalidade"], name="funcionalidade_iniciada_unica")
        ]

    def __str__(self):
        return f"{self.funcionalidade}"


class UnidadeIniciadaQuerySet(models.QuerySet):
    def a_executar(self, agora: datetime, *, relogio: datetime):
        """Nobody's: never taken, let go to wait until now, or with a lease that ended by the wall clock."""
        return self.filter(
            Q(situacao=SituacaoUnidade.EM_ESPERA)
            | Q(situacao=SituacaoUnidade.EM_PROCESSAMENTO, arrendada_ate=None)
            | Q(situacao=SituacaoUnidade.EM_PROCESSAMENTO, arrendada_ate__lte=relogio),
            Q(nao_antes=None) | Q(nao_antes__lte=agora),
            funcionalidade__situacao=SituacaoFuncionalidade.EM_PROCESSAMENTO,
            funcionalidade__iniciado__situacao=SituacaoProcesso.EM_PROCESSAMENTO,
        )


class UnidadeIniciada(models.Model):
    """A piece of work that one worker does whole. `posse` is the fencing number: each new runner gets a higher one."""

    Situacao = SituacaoUnidade

    funcionalidade = models.ForeignKey(FuncionalidadeIniciada, on_delete=models.CASCADE, related_name="unidades")
    codigo = models.BigIntegerField("código real", default=0, help_text="da localidade, do comando…; 0 quando é uma só")
    descricao = models.CharField("descrição", max_length=80, blank=True)
    situacao = models.PositiveSmallIntegerField("situação", choices=Situacao, default=Situacao.EM_ESPERA)
    iniciada_em = models.DateTimeField("início", null=True, blank=True)
    concluida_em = models.DateTimeField("conclusão", null=True, blank=True)
    posse = models.PositiveIntegerField(default=0)
    arrendada_ate = models.DateTimeField("arrendada até", null=True, blank=True)
    nao_antes = models.DateTimeField("não antes de", null=True, blank=True)
    feito = models.BigIntegerField(default=0)
    total = models.BigIntegerField(default=0)
    resultado = models.JSONField(default=dict, blank=True)
    erro = models.TextField(blank=True)
    explicacao = models.TextField("explicação", blank=True, default="", db_default="")

    objects = UnidadeIniciadaQuerySet.as_manager()

    class Meta:
        verbose_name = "unidade iniciada"
        verbose_name_plural = "unidades iniciadas"
        ordering = ["id"]
        constraints = [
            models.UniqueConstraint(fields=["funcionalidade", "codigo"], name="unidade_unica"),
            models.CheckConstraint(condition=Q(feito__lte=F("total")) | Q(total=0), name="unidade_feito_ate_o_total"),
        ]
        indexes = [
            models.Index(fields=["funcionalidade"], name="unidade_a_executar", condition=Q(situacao__in=(1, 3))),
        ]

    def __str__(self):
        return self.descricao or str(self.codigo)

    @property
    def nome(self) -> str:
        """With its code, unless there is only one."""
        return f"{self.codigo} - {self}" if self.codigo else str(self)


class AgendamentoQuerySet(models.QuerySet):
    def devidos(self, agora: datetime):
        """Those whose moment has come."""
        return self.filter(ativo=True, proximo__lte=agora).order_by("proximo", "id")


class Agendamento(models.Model):
    """A process to be commanded again and again. `proximo` is the moment of its next command: none while paused."""

    class Repeticao(models.IntegerChoices):
        MENSAL = 1, "Todo mês, num dia"
        DIAS = 2, "A cada tantos dias"
        SEMANAL = 3, "Em dias da semana"

    class Dia(models.IntegerChoices):
        """Of the week, as `date.isoweekday` counts them."""

        SEGUNDA = 1, "segunda"
        TERCA = 2, "terça"
        QUARTA = 3, "quarta"
        QUINTA = 4, "quinta"
        SEXTA = 5, "sexta"
        SABADO = 6, "sábado"
        DOMINGO = 7, "domingo"

    processo = models.ForeignKey(Processo, on_delete=models.PROTECT, related_name="agendamentos")
    repeticao = models.PositiveSmallIntegerField("repetição", choices=Repeticao, default=Repeticao.MENSAL)
    dia_do_mes = models.PositiveSmallIntegerField(
        "dia do mês", null=True, blank=True, help_text="num mês mais curto, o último dia"
    )
    intervalo = models.PositiveSmallIntegerField("intervalo em dias", null=True, blank=True)
    dias_da_semana = ArrayField(
        models.PositiveSmallIntegerField(choices=Dia), verbose_name="dias da semana", default=list, blank=True
    )
    a_partir_de = models.DateField("a partir de")
    hora = models.TimeField()
    complemento = models.CharField(max_length=55, blank=True)
    avisar = models.PositiveSmallIntegerField("avisar por e-mail", choices=Aviso, default=Aviso.SEM_CONCLUIR)
    ativo = models.BooleanField(default=True)
    criado_por = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, verbose_name="criado por")
    proximo = models.DateTimeField("próximo", null=True, blank=True, editable=False)

    objects = AgendamentoQuerySet.as_manager()

    class Meta:
        ordering = ["id"]
        constraints = [
            # An unknown is not false to a constraint: what must be there is asked for.
            models.CheckConstraint(
                condition=Q(repeticao=1, dia_do_mes__range=(1, 31), intervalo=None, dias_da_semana=[])
                & Q(dia_do_mes__isnull=False)
                | Q(repeticao=2, dia_do_mes=None, intervalo__range=(1, 366), dias_da_semana=[])
                & Q(intervalo__isnull=False)
                | Q(repeticao=3, dia_do_mes=None, intervalo=None, dias_da_semana__len__range=(1, 7)),
                name="agendamento_com_a_sua_regra",
            ),
        ]
        indexes = [
            models.Index(fields=["proximo"], name="agendamento_devido", condition=Q(ativo=True)),
        ]

    def __str__(self):
        return f"Agendamento {self.pk}: {self.processo}"


class DataAgendada(models.Model):
    """A date of an agendamento, taken once: the process that was commanded for it, or why none was."""

    agendamento = models.ForeignKey(Agendamento, on_delete=models.CASCADE, related_name="datas")
    data = models.DateField()
    iniciado = models.OneToOneField(
        ProcessoIniciado, on_delete=models.SET_NULL, null=True, blank=True, related_name="data_agendada"
    )
    recusa = models.CharField(max_length=300, blank=True)
    tomada_em = models.DateTimeField("tomada em")

    class Meta:
        verbose_name = "data agendada"
        verbose_name_plural = "datas agendadas"
        ordering = ["-data"]
        constraints = [models.UniqueConstraint(fields=["agendamento", "data"], name="data_agendada_unica")]

    def __str__(self):
        return f"{self.data:%d/%m/%Y}"
