"""Pix copia e cola (BR Code): read and checked, never made. Only the bank can make one that settles a boleto.

Source: EMV's merchant presented mode with the Banco Central's rules: id and length of two digits each, then the value;
26, 62 and 80 to 99 hold the same inside them, and 63, the last, is a CRC of everything before it.
"""

import re
from binascii import crc_hqx
from collections.abc import Mapping
from decimal import Decimal

MAIOR_PIX = 512  # characters

_CRC = re.compile(r"6304[0-9A-F]{4}")
_TLV = re.compile(r"([0-9]{2})([0-9]{2})")
_GUI = "br.gov.bcb.pix"
_CHAVE = re.compile(
    r"[0-9]{11}"  # CPF
    r"|[0-9A-Z]{12}[0-9]{2}"  # CNPJ
    r"|\+55[0-9]{10,11}"
    r"|(?=.{3,77}\Z)[^\s@]+@[^\s@]+"
    r"|[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}"
)
_URL = re.compile(r"[A-Za-z0-9.-]+\.[A-Za-z0-9-]+(?::[0-9]+)?/[!-~]+")
# What each id must hold, those without which it is no Pix first.
_OBRIGATORIOS = {
    "52": re.compile(r"[0-9]{4}"),
    "53": re.compile(r"986"),
    "58": re.compile(r"BR"),
    "59": re.compile(r".{1,25}"),
    "60": re.compile(r".{1,15}"),
}
_SE_HOUVER = {
    "01": re.compile(r"1[12]"),
    "54": re.compile(r"(?=.{1,13}\Z)[0-9]+(?:\.[0-9]{1,2})?"),
}
_TXID = re.compile(r"\*{3}|[A-Za-z0-9]{1,25}")
_QUEBRAS = str.maketrans("", "", "\r\n\t")


class PixInvalido(ValueError):
    """The text is not a Pix that can be paid. The message is shown to the user."""


def conferir(copia_e_cola: str) -> str:
    """The same Pix without the space and line breaks around it. Raises PixInvalido, which says what is wrong."""
    texto = _limpar(copia_e_cola)
    _ler(texto)
    return texto


def valor(copia_e_cola: str) -> Decimal | None:
    """How much it charges, in reais; None where it does not say: then the bank does. Raises PixInvalido."""
    escrito = _ler(_limpar(copia_e_cola)).get("54")
    return None if escrito is None else Decimal(escrito).quantize(Decimal("0.01"))


def _limpar(copia_e_cola: str) -> str:
    return copia_e_cola.translate(_QUEBRAS).strip()


def _ler(texto: str) -> Mapping[str, str]:
    if not texto or not texto.isprintable():
        raise PixInvalido("O Pix copia e cola está vazio ou tem caracteres que não se imprimem.")
    if len(texto) > MAIOR_PIX:
        raise PixInvalido(f"O Pix copia e cola passa de {MAIOR_PIX} caracteres: tem {len(texto)}.")
    try:
        octetos = texto.encode()
    except UnicodeEncodeError as erro:
        raise PixInvalido("O Pix copia e cola tem caracteres que não existem.") from erro
    _conferir_crc(texto, octetos)
    try:
        campos = _separar(texto)
    except PixInvalido:
        if texto.isascii():
            raise
        campos = _separar(octetos.decode("latin-1"))  # some banks count the octets of an accented name
    _conferir_campos(campos)
    return campos


def _conferir_crc(texto: str, octetos: bytes) -> None:
    if not _CRC.fullmatch(texto[-8:]):
        raise PixInvalido("O Pix copia e cola não termina no seu código de verificação.")
    if crc_hqx(octetos[:-4], 0xFFFF) != int(texto[-4:], 16):
        raise PixInvalido("O código de verificação do Pix copia e cola não confere.")


def _separar(texto: str) -> dict[str, str]:
    """{id: value} of a run of fields, in their order; none repeats."""
    campos: dict[str, str] = {}
    inicio = 0
    while inicio < len(texto):
        cabeca = _TLV.match(texto, inicio)
        fim = cabeca.end() + int(cabeca[2]) if cabeca else 0
        if cabeca is None or fim > len(texto):
            raise PixInvalido("O Pix copia e cola está cortado ou tem um campo de tamanho errado.")
        if cabeca[1] in campos:
            raise PixInvalido(f"O Pix copia e cola tem duas vezes o campo {cabeca[1]}.")
        campos[cabeca[1]] = texto[cabeca.end() : fim]
        inicio = fim
    return campos


def _conferir_campos(campos: Mapping[str, str]) -> None:
    if next(iter(campos)) != "00" or campos["00"] != "01":
        raise PixInvalido("O texto não é um Pix copia e cola: não começa por 000201.")
    if list(campos)[-1] != "63":
        raise PixInvalido("O Pix copia e cola não termina no seu código de verificação.")
    for id_, forma in _OBRIGATORIOS.items():
        if not forma.fullmatch(campos.get(id_, "")):
            raise PixInvalido(f"O Pix copia e cola não tem o campo {id_}, ou ele está errado.")
    for id_, forma in _SE_HOUVER.items():
        if id_ in campos and not forma.fullmatch(campos[id_]):
            raise PixInvalido(f"O campo {id_} do Pix copia e cola está errado.")
    _conferir_conta(_separar(campos.get("26", "")))
    if not _TXID.fullmatch(_separar(campos.get("62", "")).get("05", "")):
        raise PixInvalido("O Pix copia e cola não tem identificador da transação, ou ele está errado.")
    for id_ in campos:
        if id_ >= "80":
            _separar(campos[id_])


def _conferir_conta(conta: Mapping[str, str]) -> None:
    """Whose it is: a key, or the address where the bank keeps the charge; never both."""
    if conta.get("00", "").lower() != _GUI:
        raise PixInvalido("O texto não é um Pix: falta o campo 26 com br.gov.bcb.pix.")
    chave, url = conta.get("01"), conta.get("25")
    if (chave is None) == (url is None):
        raise PixInvalido("O Pix copia e cola deve ter uma chave ou um endereço de cobrança.")
    if chave is not None and not _CHAVE.fullmatch(chave):
        raise PixInvalido("A chave do Pix copia e cola não é CPF, CNPJ, telefone, e-mail nem chave aleatória.")
    if url is not None and not _URL.fullmatch(url):
        raise PixInvalido("O endereço de cobrança do Pix copia e cola está errado.")
