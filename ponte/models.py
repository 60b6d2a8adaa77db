"""How far the bridge got, and which of our rows stand for rows of GSAN that have other numbers here."""

from django.db import models

from cobranca.models import CobrancaDocumento, ComandoAcao
from mensageria.models import Lote


class Passagem(models.Model):
    """Where the reading of one part of the source is.

    `marca` is a moment of the source's clock: what was written before it was read. While a pass is under way
    `marca_em_curso` is the moment at which it began and `ate` the last key that is stored here.
    """

    leitura = models.CharField(max_length=40, primary_key=True)
    marca = models.CharField(max_length=30, blank=True)
    marca_em_curso = models.CharField("marca em curso", max_length=30, blank=True)
    completa = models.BooleanField(default=False)
    ate = models.BigIntegerField("até", null=True, blank=True)
    concluida_em = models.DateTimeField("concluída em", null=True, blank=True)

    class Meta:
        verbose_name = "passagem da ponte"
        verbose_name_plural = "passagens da ponte"
        ordering = ["leitura"]

    def __str__(self):
        return self.leitura

    @property
    def em_curso(self) -> bool:
        return bool(self.marca_em_curso)


class Recusada(models.Model):
    """A key that a reading asks for again (`ponte.recusadas`); the lowest id was asked for longest ago."""

    leitura = models.CharField(max_length=40)
    chave = models.BigIntegerField()

    class Meta:
        verbose_name = "linha recusada do GSAN"
        verbose_name_plural = "linhas recusadas do GSAN"
        constraints = [models.UniqueConstraint(fields=["leitura", "chave"], name="recusada_da_leitura")]
        indexes = [models.Index(fields=["leitura", "id"], name="recusada_fila")]

    def __str__(self):
        return f"{self.leitura} {self.chave}"


class ComandoDoGsan(models.Model):
    """The comando that stands here for a cobranca_acao_ativ_cmd of GSAN."""

    id = models.BigIntegerField("cacm_id", primary_key=True)
    comando = models.OneToOneField(ComandoAcao, on_delete=models.CASCADE, related_name="no_gsan")

    class Meta:
        verbose_name = "comando do GSAN"
        verbose_name_plural = "comandos do GSAN"

    def __str__(self):
        return str(self.pk)


class DocumentoDoGsan(models.Model):
    """The document that stands here for a cobranca_documento of GSAN: both systems number theirs from 1."""

    id = models.BigIntegerField("cbdo_id", primary_key=True)
    documento = models.OneToOneField(CobrancaDocumento, on_delete=models.CASCADE, related_name="no_gsan")

    class Meta:
        verbose_name = "documento do GSAN"
        verbose_name_plural = "documentos do GSAN"

    def __str__(self):
        return str(self.pk)


class LoteExportado(models.Model):
    """What the counts of a lote were when its messages were last written to GSAN: a digest of their versions."""

    lote = models.OneToOneField(Lote, on_delete=models.CASCADE, primary_key=True, related_name="+")
    resumo = models.CharField(max_length=32)

    class Meta:
        verbose_name = "lote exportado"
        verbose_name_plural = "lotes exportados"

    def __str__(self):
        return str(self.pk)
