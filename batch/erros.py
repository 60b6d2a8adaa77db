"""What an error says: to the operator in words, where it is known, and to whoever keeps the system in full; no secret.

A step tells which of its exceptions speak to the operator, with `registro.fala_ao_operador`.
"""

import errno
import re
import traceback
from collections.abc import Iterator

from django.conf import settings
from django.db import DatabaseError, IntegrityError, InterfaceError, OperationalError

from batch import registro

TAMANHO = 4000
DESCONHECIDO = "Aconteceu um erro que o sistema não conhece. O detalhe técnico diz qual, a quem cuida do sistema."
_DE_TIPO = (
    (IntegrityError, "O banco de dados recusou o que seria gravado, por contrariar outro dado já gravado."),
    ((OperationalError, InterfaceError), "O banco de dados não respondeu. Verifique se está no ar e continue."),
    (DatabaseError, "O banco de dados recusou uma operação."),
    (MemoryError, "Faltou memória ao servidor."),
    (TimeoutError, "Um servidor de que o processo depende não respondeu a tempo."),
    (ConnectionError, "Um servidor de que o processo depende não aceitou a conexão, ou a encerrou."),
    (PermissionError, "O servidor não tem permissão sobre um arquivo ou uma pasta de que precisa."),
    (FileNotFoundError, "Falta no servidor um arquivo de que o processo precisa."),
)
_DE_NUMERO = {errno.ENOSPC: "Acabou o espaço em disco do servidor."}

_NA_URL = re.compile(r"(?<=://)[^\s:/@]*:[^\s/@]+(?=@)")
_ATRIBUIDO = re.compile(
    r"""(?ix) \b ([\w-]* (?:senha|password|passwd|pwd|token|secret|segredo|credencial|authorization|api[_-]?key|chave)
    [\w-]* ["']? \s* [:=] \s*) (?: (?:bearer|basic) \s+ )? ("[^"]*" | '[^']*' | [^\s,;)}\]]+)"""
)
_PORTADOR = re.compile(r"(?i)\b(bearer|basic) [\w.~+/=-]{8,}")


def em_palavras(erro: BaseException) -> str:
    """What happened, for the operator."""
    for um in _causas(erro):
        if registro.e_para_o_operador(um):
            return sem_segredo(str(um))
    for um in _causas(erro):
        if isinstance(um, OSError) and um.errno in _DE_NUMERO:
            return _DE_NUMERO[um.errno]
        for tipo, palavras in _DE_TIPO:
            if isinstance(um, tipo):
                return palavras
    return DESCONHECIDO


def _causas(erro: BaseException | None) -> Iterator[BaseException]:
    """It, and what was behind it."""
    vistas: list[BaseException] = []
    while erro is not None and erro not in vistas:
        vistas.append(erro)
        yield erro
        erro = erro.__cause__ or erro.__context__


def em_detalhe(erro: BaseException) -> str:
    """The end of its traceback, without secrets and without what a text column refuses."""
    texto = sem_segredo("".join(traceback.format_exception(erro)))[-TAMANHO:]
    return texto.replace("\x00", "").encode(errors="replace").decode()


def sem_segredo(texto: str) -> str:
    for segredo in _segredos():
        texto = texto.replace(segredo, "***")
    texto = _NA_URL.sub("***:***", texto)
    texto = _PORTADOR.sub(r"\1 ***", texto)
    return _ATRIBUIDO.sub(r"\1***", texto)


def _segredos() -> Iterator[str]:
    """Those of the installation, longest first; a short one would hide half of the text."""
    senhas = [str(banco.get("PASSWORD") or "") for banco in settings.DATABASES.values()]
    todos = [settings.SECRET_KEY, *settings.CHAVES_DE_CIFRA, *senhas]
    yield from sorted((um for um in todos if len(um) > 5), key=len, reverse=True)
