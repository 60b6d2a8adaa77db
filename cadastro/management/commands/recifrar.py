"""manage.py recifrar: what an older key encrypted is encrypted with the first, so that the older may be taken out."""

from collections.abc import Iterator

from cryptography.fernet import InvalidToken
from django.apps import apps
from django.core.management.base import BaseCommand, CommandError
from django.db import transaction
from django.db.models import Model, TextField
from django.db.models.functions import Cast

from cadastro.campos import SegredoField, da_primeira_chave, decifrar
from telas import registro


class Command(BaseCommand):
    help = "Cifra com a primeira das CHAVES_DE_CIFRA os segredos guardados que outra delas cifrou."

    def handle(self, *args, **opcoes):
        recifrados = perdidos = 0
        for modelo, campo in _campos():
            for pk, cifrado in _guardados(modelo, campo).values_list("pk", "cifrado"):
                if da_primeira_chave(cifrado):
                    continue
                try:
                    recifrados += _recifrar(modelo, campo, pk, cifrado)
                except InvalidToken:
                    perdidos += 1
                    rotulo = f"{modelo._meta.verbose_name} {pk}, {campo.verbose_name}"
                    self.stderr.write(f"{rotulo}: não se abre com nenhuma das chaves; informe o valor de novo.")
        self.stdout.write(f"Cifrados de novo com a primeira chave: {recifrados}.")
        if perdidos:
            raise CommandError(f"Segredos que não se abrem: {perdidos}.")
        self.stdout.write(
            "Nenhum segredo precisa mais das outras chaves. Os links de descadastro dos e-mails já enviados precisam: "
            "tire-as quando não fizerem falta."
        )


def _campos() -> Iterator[tuple[type[Model], SegredoField]]:
    for modelo in apps.get_models():
        for campo in modelo._meta.local_fields:
            if isinstance(campo, SegredoField):
                yield modelo, campo


def _guardados(modelo: type[Model], campo: SegredoField):
    """The rows that have this secret, with what is in the database as `cifrado`."""
    return modelo._base_manager.exclude(**{campo.name: ""}).annotate(cifrado=Cast(campo.name, TextField()))


@transaction.atomic
def _recifrar(modelo: type[Model], campo: SegredoField, pk, cifrado: str) -> int:
    """1, or 0 when somebody wrote another meanwhile. Raises InvalidToken."""
    de_antes = _guardados(modelo, campo).filter(pk=pk, cifrado=cifrado)
    if not de_antes.update(**{campo.name: decifrar(cifrado)}):
        return 0
    registro.registrar(
        None, modelo._base_manager.get(pk=pk), "Cifrado de novo com a primeira chave: o valor é o mesmo."
    )
    return 1
