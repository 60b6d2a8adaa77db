"""What the screens themselves remember."""

from django.conf import settings
from django.db import models


class Pedido(models.Model):
    """A form that was submitted, by the number that it carried, and where its sender was led: see telas.pedidos."""

    id = models.UUIDField(primary_key=True)
    usuario = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE)
    destino = models.CharField(max_length=500, blank=True)
    criado_em = models.DateTimeField(auto_now_add=True, db_index=True)

    def __str__(self):
        return str(self.pk)
