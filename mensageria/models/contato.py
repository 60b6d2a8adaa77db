"""When people may be spoken to, and who asked not to be."""

from django.conf import settings
from django.db import models
from django.db.models import F, Q

from mensageria.janela import DIAS, FERIADO, FIM_DO_DIA, horas_em_palavras
from mensageria.models.base import Canal
from mensageria.palavras import nome_da_origem


class JanelaContato(models.Model):
    """When messages of a channel may leave: those of one origin, or of all that have none of their own.

    Without a row they leave at any hour. A day that is absent from `horarios` is closed.
    """

    canal = models.PositiveSmallIntegerField(choices=Canal)
    origem = models.CharField(max_length=20, blank=True, help_text="vazia: todas")

    class Meta:
        verbose_name = "janela de contato"
        verbose_name_plural = "janelas de contato"
        ordering = ["canal", "origem"]
        constraints = [models.UniqueConstraint(fields=["canal", "origem"], name="janela_unica")]

    def __str__(self):
        return f"{self.get_canal_display()} de {nome_da_origem(self.origem) if self.origem else 'todas as origens'}"


class HorarioContato(models.Model):
    """The hours of one day of a window; until 00:00 is until the end of the day."""

    janela = models.ForeignKey(JanelaContato, on_delete=models.CASCADE, related_name="horarios")
    dia = models.PositiveSmallIntegerField(choices=list(enumerate(DIAS)))
    das = models.TimeField()
    ate = models.TimeField("até")

    class Meta:
        verbose_name = "horário de contato"
        verbose_name_plural = "horários de contato"
        ordering = ["janela", "dia"]
        constraints = [
            models.UniqueConstraint(fields=["janela", "dia"], name="horario_unico_no_dia"),
            models.CheckConstraint(condition=Q(das__lt=F("ate")) | Q(ate=FIM_DO_DIA), name="horario_no_mesmo_dia"),
            models.CheckConstraint(condition=Q(dia__lte=FERIADO), name="horario_dia_da_semana"),
        ]

    def __str__(self):
        return f"{self.get_dia_display()}, {horas_em_palavras((self.das, self.ate))}"


class FeriadoLocal(models.Model):
    """A holiday that is not national: of one localidade, of all of a município, or of every place."""

    data = models.DateField()
    descricao = models.CharField("descrição", max_length=60)
    localidade = models.ForeignKey("cadastro.Localidade", on_delete=models.PROTECT, null=True, blank=True)
    municipio = models.ForeignKey(
        "cadastro.Municipio", on_delete=models.PROTECT, null=True, blank=True, verbose_name="município"
    )

    class Meta:
        verbose_name = "feriado local"
        verbose_name_plural = "feriados locais"
        ordering = ["data", "descricao"]
        constraints = [
            models.UniqueConstraint(
                fields=["data", "localidade", "municipio"], name="feriado_unico", nulls_distinct=False
            ),
            models.CheckConstraint(
                condition=Q(localidade__isnull=True) | Q(municipio__isnull=True), name="feriado_de_um_lugar"
            ),
        ]

    def __str__(self):
        return f"{self.data:%d/%m/%Y}, {self.descricao}"


class Supressao(models.Model):
    """An address that asked for no more messages of a kind (`Fonte.assunto`), or of any ("")."""

    email = models.CharField("e-mail", max_length=254)  # lower case
    assunto = models.CharField(max_length=20, blank=True)
    motivo = models.CharField(max_length=200)
    mensagem_id = models.BigIntegerField("mensagem", null=True, blank=True)  # from which it was asked
    criado_por = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, blank=True, related_name="+"
    )
    criado_em = models.DateTimeField("criado em", auto_now_add=True)

    class Meta:
        verbose_name = "supressão"
        verbose_name_plural = "supressões"
        ordering = ["-id"]
        constraints = [models.UniqueConstraint(fields=["email", "assunto"], name="supressao_unica")]

    def __str__(self):
        return self.email

    def save(self, *args, **kwargs):
        self.email = self.email.lower()
        super().save(*args, **kwargs)
