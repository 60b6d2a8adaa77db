"""The keys that sign dossiers."""

import hashlib
from datetime import datetime

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from django.db import models
from django.db.models import Q

from cadastro.campos import SegredoField, SegredoPerdido


class ChavePerdida(Exception):
    """None of the CHAVES_DE_CIFRA opens the key that signs dossiers: another takes its place by somebody's word."""


class ChaveDeAssinaturaManager(models.Manager):
    def atual(self, agora: datetime) -> "ChaveDeAssinatura":
        """The one that signs, made when there is none; two who ask at once get the same."""
        achada = self.filter(em_uso=True).first()
        if achada is not None:
            return achada
        privada = Ed25519PrivateKey.generate()
        publica = privada.public_key().public_bytes_raw().hex()
        defaults = {"publica": publica, "privada": privada.private_bytes_raw().hex(), "criada_em": agora}
        return self.get_or_create(em_uso=True, defaults=defaults)[0]


class ChaveDeAssinatura(models.Model):
    """An Ed25519 key that signs dossiers. The private half is encrypted at rest; the public one stays for ever, so that
    what it signed can be checked after another took its place."""

    publica = models.CharField("chave pública", max_length=64, unique=True)  # hexadecimal, as the other
    privada = SegredoField("chave privada")
    criada_em = models.DateTimeField("criada em")
    em_uso = models.BooleanField("em uso", default=True)

    objects = ChaveDeAssinaturaManager()

    class Meta:
        verbose_name = "chave de assinatura"
        verbose_name_plural = "chaves de assinatura"
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(fields=["em_uso"], condition=Q(em_uso=True), name="chave_de_assinatura_em_uso")
        ]

    def __str__(self):
        return self.impressao

    @property
    def impressao(self) -> str:
        """SHA-256 of the public key: what people compare."""
        return hashlib.sha256(bytes.fromhex(self.publica)).hexdigest()

    def assinar(self, dados: bytes) -> bytes:
        """Raises ChavePerdida."""
        if isinstance(self.privada, SegredoPerdido):
            raise ChavePerdida
        return Ed25519PrivateKey.from_private_bytes(bytes.fromhex(self.privada)).sign(dados)
