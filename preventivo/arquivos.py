"""The file of a campaign until it is read: kept in the database, since whoever imports may be another machine."""

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from tempfile import NamedTemporaryFile
from typing import BinaryIO

from django.core.files.uploadedfile import UploadedFile
from django.db import transaction

from preventivo import planilha
from preventivo.models import Campanha, PedacoDoArquivo
from preventivo.planilha import ArquivoRecusado

__all__ = ["ArquivoRecusado", "abrir", "conferir_tipo", "guardar", "resumo_de"]

TAMANHO_MAXIMO = 50 << 20
TAMANHO_DO_PEDACO = 256 << 10


def conferir_tipo(enviado: UploadedFile) -> None:
    """Refuse what is too large, or by its content neither CSV nor .xlsx, or has no header of ours.

    Raises ArquivoRecusado; the file is left at its start.
    """
    if not enviado.size:
        raise ArquivoRecusado("O arquivo está vazio.")
    if enviado.size > TAMANHO_MAXIMO:
        raise ArquivoRecusado(f"O arquivo passa de {TAMANHO_MAXIMO >> 20} MB: divida-o em mais de uma campanha.")
    planilha.conferir(enviado)


def resumo_de(enviado: UploadedFile) -> str:
    """Its SHA-256, in constant memory; the file is left at its start."""
    resumo = hashlib.sha256()
    for pedaco in _pedacos(enviado):
        resumo.update(pedaco)
    return resumo.hexdigest()


@transaction.atomic
def guardar(campanha: Campanha, enviado: UploadedFile) -> None:
    """Store the file with its campaign, which is saved with what is known of it. Raises ArquivoRecusado."""
    conferir_tipo(enviado)
    campanha.resumo = resumo_de(enviado)
    campanha.tamanho = enviado.size
    campanha.nome_do_arquivo = (enviado.name or "arquivo")[:200]
    campanha.save()
    campanha.pedacos.all().delete()
    for numero, dados in enumerate(_pedacos(enviado)):
        PedacoDoArquivo.objects.create(campanha=campanha, numero=numero, dados=dados)


@contextmanager
def abrir(campanha: Campanha) -> Iterator[BinaryIO]:
    """A temporary file with the whole content, at its start. Raises ArquivoRecusado when it is not all there."""
    resumo = hashlib.sha256()
    with NamedTemporaryFile(prefix="campanha-") as arquivo:
        pedacos = campanha.pedacos.order_by("numero").values_list("dados", flat=True)
        for dados in pedacos.iterator(chunk_size=4):
            resumo.update(dados)
            arquivo.write(dados)
        if resumo.hexdigest() != campanha.resumo:
            raise ArquivoRecusado("O arquivo não foi guardado por inteiro: envie-o outra vez.")
        arquivo.flush()
        arquivo.seek(0)
        yield arquivo


def _pedacos(enviado: UploadedFile) -> Iterator[bytes]:
    enviado.seek(0)
    while pedaco := enviado.read(TAMANHO_DO_PEDACO):
        yield pedaco
    enviado.seek(0)
