"""Field types and validators that every app shares."""

from functools import cache
from urllib.parse import urlsplit

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from django import forms
from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import models

from cadastro.documentos import MASCARA, formatar_documento


def validar_referencia(valor: int) -> None:
    """A reference is AAAAMM: a real month of a year with four digits."""
    if not (100001 <= valor <= 999912 and 1 <= valor % 100 <= 12):
        raise ValidationError("Ano mês de referência inválido.")


class ReferenciaField(models.IntegerField):
    """Ano/mês as the integer AAAAMM, GSAN's convention; refused by the form when it is no month."""

    default_validators = [validar_referencia]

    def em_palavras(self, valor: int) -> str:
        return f"{valor % 100:02}/{valor // 100}"


def referencia_valida(campo: str) -> models.Q:
    """The same rule for a CheckConstraint, so that COPY and SQL meet it too."""
    return models.Q(**{f"{campo}__range": (100001, 999912)}) & models.Q(**{f"{campo}__regex": r"(0[1-9]|1[0-2])$"})


@cache
def _cifra(chaves: tuple[str, ...]) -> MultiFernet:
    return MultiFernet([Fernet(chave) for chave in chaves])


def cifrar(texto: str) -> str:
    """Encrypted with CHAVES_DE_CIFRA, in letters that may stand in a URL: the first key writes, any of them reads."""
    return _cifra(tuple(settings.CHAVES_DE_CIFRA)).encrypt(texto.encode()).decode()


def decifrar(cifrado: str) -> str:
    """What was encrypted. Raises InvalidToken for what none of the keys wrote."""
    return _cifra(tuple(settings.CHAVES_DE_CIFRA)).decrypt(cifrado.encode()).decode()


class _Guardado(str):
    """A secret as it was read, with what it is in the database."""

    cifrado: str

    def __new__(cls, texto: str, cifrado: str):
        guardado = super().__new__(cls, texto)
        guardado.cifrado = cifrado
        return guardado

    def __getnewargs__(self):
        return str(self), self.cifrado


class SegredoPerdido(str):
    """What was read of a secret that none of the keys opens: it stays in the database as it is, and logs nobody in."""

    PALAVRAS = "O valor guardado não se abre com as CHAVES_DE_CIFRA de agora: informe-o de novo."


def da_primeira_chave(cifrado: str) -> bool:
    """Whether the key that writes wrote it."""
    try:
        _cifra(tuple(settings.CHAVES_DE_CIFRA[:1])).decrypt(cifrado.encode())
    except InvalidToken:
        return False
    return True


class SegredoField(models.TextField):
    """Text encrypted at rest with CHAVES_DE_CIFRA: the first key writes, any of them reads. Empty stays empty.

    What none of them reads comes as SegredoPerdido, so that its row can be seen and mended; who would use it refuses.
    """

    secreto = True  # telas.auditoria never keeps it

    def get_prep_value(self, value):
        if not value:
            return ""
        if isinstance(value, SegredoPerdido):
            return str(value)
        if isinstance(value, _Guardado) and da_primeira_chave(value.cifrado):
            return value.cifrado  # the same text would be another each time, and look like a change
        return cifrar(value)

    def from_db_value(self, value, expression, connection):
        if not value:
            return ""
        try:
            return _Guardado(decifrar(value), value)
        except InvalidToken:
            return SegredoPerdido(value)


OUTRO_SERVIDOR = (
    "O servidor mudou, ou a conexão deixou de ser cifrada: informe de novo este valor, ou apague o guardado, que foi"
    " dado para outro."
)


def servidor(endereco: str) -> str:
    """Of a URL, what tells whether a secret that was given for it would go to another server with another URL."""
    partes = urlsplit(endereco)
    return f"{partes.scheme}://{partes.netloc}".lower()


class CampoSegredo(forms.CharField):
    """A secret: what is stored is never shown, and leaving it empty changes nothing."""

    def __init__(self, **kwargs):
        kwargs["widget"] = forms.PasswordInput(attrs={"autocomplete": "new-password", "class": "vTextField"})
        super().__init__(**kwargs)

    def has_changed(self, initial, data):
        return bool(data)

    @staticmethod
    def do_guardado(segredo: str) -> str:
        """What a form says of the secret that is stored."""
        if isinstance(segredo, SegredoPerdido):
            return SegredoPerdido.PALAVRAS
        return "Há um valor guardado; em branco, ele é mantido." if segredo else "Nenhum valor guardado."


class CampoDocumento(forms.CharField):
    """A CPF or CNPJ as people write it, with the mask or without; shown with it."""

    def __init__(self, **kwargs):
        super().__init__(**kwargs | {"max_length": 18})

    def to_python(self, value):
        texto = super().to_python(value)
        return texto.translate(MASCARA) or self.empty_value if texto else texto

    def prepare_value(self, value):
        # What was typed with a mask, right or wrong, is shown as it was typed.
        return formatar_documento(value) if isinstance(value, str) and value.isalnum() else value


class DocumentoField(models.CharField):
    """CPF or CNPJ, kept as 11 or 14 characters; a form takes it with its mask too."""

    def em_palavras(self, valor: str) -> str:
        return formatar_documento(valor)

    def to_python(self, value):
        value = super().to_python(value)
        return value if value is None else value.translate(MASCARA).upper()

    def formfield(self, **kwargs):
        return super().formfield(**{"form_class": CampoDocumento} | kwargs)
