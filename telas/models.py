"""What the screens themselves remember."""

import json
from decimal import Decimal

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex
from django.db import models


class Pedido(models.Model):
    """A form that was submitted, by the number that it carried, and where its sender was led: see telas.pedidos."""

    id = models.UUIDField(primary_key=True)
    usuario = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE)
    destino = models.CharField(max_length=500, blank=True)
    criado_em = models.DateTimeField(auto_now_add=True, db_index=True)

    def __str__(self):
        return str(self.pk)


class ComDecimais(json.JSONDecoder):
    """Money stays exact."""

    def __init__(self, **opcoes):
        super().__init__(**opcoes | {"parse_float": Decimal})


class EntradaAuditoria(models.Model):
    """What one statement changed in one table, or an act in words: who, when, by which way, from what to what.

    Written by the database (telas.auditoria) and by telas.registro. Entries are never changed, and go only by the
    command `descartar_auditoria`; so they point to nobody: whoever did it may be gone, and the name stays.
    """

    class Acao(models.IntegerChoices):
        INCLUSAO = 1, "Inclusão"
        ALTERACAO = 2, "Alteração"
        REMOCAO = 3, "Remoção"
        ATO = 4, "Outra ação"

    momento = models.DateTimeField()
    transacao = models.BigIntegerField("transação")
    usuario = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.DO_NOTHING,
        null=True,
        db_constraint=False,
        db_index=False,
        related_name="+",
        verbose_name="usuário",
    )
    quem = models.CharField(max_length=150)
    via = models.CharField(max_length=150, blank=True)
    modelo = models.CharField(max_length=100)
    acao = models.PositiveSmallIntegerField("ação", choices=Acao)
    quantas = models.BigIntegerField("quantos registros")
    # "cadastro.cliente:12": each row that is listed, and those to whose history it belongs.
    objetos = ArrayField(models.TextField())
    nome = models.CharField(max_length=200, blank=True)  # of the first row
    detalhes = models.JSONField(decoder=ComDecimais)
    mensagem = models.TextField(blank=True)

    class Meta:
        verbose_name = "entrada da auditoria"
        verbose_name_plural = "entradas da auditoria"
        default_permissions = ("view",)
        indexes = [
            models.Index(fields=["momento", "id"], name="auditoria_momento"),
            models.Index(fields=["quem", "momento", "id"], name="auditoria_quem"),
            models.Index(fields=["modelo", "momento", "id"], name="auditoria_modelo"),
            models.Index(fields=["acao", "momento", "id"], name="auditoria_acao"),
            GinIndex(fields=["objetos"], name="auditoria_objetos", fastupdate=False),
        ]

    @property
    def classe(self) -> str:
        """How its action looks."""
        return {self.Acao.INCLUSAO: "etiqueta-certo", self.Acao.REMOCAO: "etiqueta-errado"}.get(self.acao, "")

    def __str__(self):
        return f"{self.get_acao_display()} {self.modelo} {self.nome}".strip()
