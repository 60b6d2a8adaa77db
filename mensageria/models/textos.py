"""What a message is made of, found by its content and never changed: texts, what contexts share, attached files."""

import hashlib
import json
from collections.abc import Collection
from operator import itemgetter
from uuid import UUID

from django.db import models

from mensageria.models.base import Canal, EscritoUmaVez, Imutavel


class VersaoTextoManager(models.Manager):
    def da(self, canal: Canal, corpo: str, *, assunto: str = "", transliterar: bool = True) -> "VersaoTexto":
        """The version that holds exactly this text, made when it is new."""
        resumo = VersaoTexto.calcular_resumo(canal, assunto, corpo, transliterar)
        return self.get_or_create(
            resumo=resumo,
            defaults={"canal": canal, "assunto": assunto, "corpo": corpo, "transliterar": transliterar},
        )[0]


class VersaoTexto(EscritoUmaVez):
    """A text as it is sent. Found by its content and never changed, so an old message can always be rendered again."""

    canal = models.PositiveSmallIntegerField(choices=Canal)
    assunto = models.CharField(max_length=150, blank=True)
    corpo = models.TextField()
    transliterar = models.BooleanField(default=True, help_text="troca o que o alfabeto do SMS não tem")
    resumo = models.CharField(max_length=64, unique=True, editable=False)
    criado_em = models.DateTimeField("criado em", auto_now_add=True)

    objects = VersaoTextoManager()

    class Meta:
        verbose_name = "versão de texto"
        verbose_name_plural = "versões de texto"
        ordering = ["-id"]

    def __str__(self):
        return f"{self.get_canal_display()} nº {self.pk}"

    @staticmethod
    def calcular_resumo(canal: int, assunto: str, corpo: str, transliterar: bool) -> str:
        partes = "\x1f".join([str(int(canal)), assunto, corpo, str(int(transliterar))])
        return hashlib.sha256(partes.encode()).hexdigest()

    def save(self, *args, **kwargs):
        self.resumo = self.calcular_resumo(self.canal, self.assunto, self.corpo, self.transliterar)
        super().save(*args, **kwargs)


class MoldeManager(models.Manager):
    def dos(self, comuns: Collection[bytes]) -> dict[bytes, UUID]:
        """The Molde that holds each, written where it is new."""
        ids = {comum: Molde.calcular_id(comum) for comum in comuns}
        # Always in one order: two who write the same ones must not wait for each other.
        novos = [self.model(id=id_, comum=json.loads(comum)) for comum, id_ in sorted(ids.items(), key=itemgetter(1))]
        self.bulk_create(novos, ignore_conflicts=True)
        return ids


class Molde(EscritoUmaVez):
    """What the contexts of many messages have in common. Found by its content, and never changed, as a VersaoTexto."""

    id = models.UUIDField(primary_key=True, editable=False)
    comum = models.JSONField()
    criado_em = models.DateTimeField("criado em", auto_now_add=True)

    objects = MoldeManager()

    def __str__(self):
        return str(self.pk)

    @staticmethod
    def calcular_id(comum: bytes) -> UUID:
        return UUID(bytes=hashlib.sha256(comum).digest()[:16])


class AnexoManager(models.Manager):
    def guardar(self, conteudo: bytes, *, nome: str, tipo: str) -> "Anexo":
        """The one with exactly these bytes, made when they are new."""
        resumo = hashlib.sha256(conteudo).hexdigest()
        return self.get_or_create(resumo=resumo, defaults={"nome": nome, "tipo": tipo, "conteudo": conteudo})[0]


class Anexo(models.Model):
    """A file that goes with messages. Found by its content and never changed: what was sent can be made again."""

    resumo = models.CharField("SHA-256", max_length=64, primary_key=True)
    nome = models.CharField(max_length=120)
    tipo = models.CharField(max_length=60)
    conteudo = models.BinaryField("conteúdo")
    criado_em = models.DateTimeField("criado em", auto_now_add=True)

    objects = AnexoManager()

    class Meta:
        ordering = ["-criado_em"]

    def __str__(self):
        return self.nome

    def save(self, *args, **kwargs):
        if not self._state.adding:
            raise Imutavel("Um anexo não se altera; guarde outro.")
        super().save(*args, **kwargs)
