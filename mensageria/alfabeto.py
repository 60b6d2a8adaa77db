"""The alphabet of an SMS: what it costs and how to write Portuguese so that it costs less.

Source: 3GPP TS 23.038. A message of the GSM-7 alphabet has 160 septets (153 in each of many); a single character
outside it, such as "ã" or "º", turns the whole message into UCS-2, of 70 units (67 in each of many). The national
tables for Portuguese are not counted on: few operators take them.

Every function works on the composed form (NFC); a decomposed "é" is not in GSM-7, so send what was counted. The length
of an SMS, wherever the product limits it, is `posicoes` of the text that will be sent.
"""

import re
import unicodedata

GSM7 = "GSM-7"
UCS2 = "UCS-2"

_BASICO = (
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?"
    "¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"
)
_EXTENSAO = "\f^{}\\[~]|€"  # an escape and a character: two septets
_EM_GSM7 = re.compile(f"[{re.escape(_BASICO + _EXTENSAO)}]*")
_DA_EXTENSAO = re.compile(f"[{re.escape(_EXTENSAO)}]")
_PAR_SUBSTITUTO = re.compile("[\U00010000-\U0010ffff]")
_LIMITES = {GSM7: (160, 153), UCS2: (70, 67)}

_JA_SIMPLES = re.compile(r"[\n -_a-~]*")
_RETIRADO = "\0"
_ESPACO_APOS_RETIRADO = re.compile(r"(?:(?<=[ \n])|\A)(?:\0+ )+")
_ESPACO_ANTES_DE_RETIRADO = re.compile(r" \0+(?=\n|\Z)")
_EQUIVALENTES = {
    **dict.fromkeys("\t\N{NO-BREAK SPACE}", " "),
    **dict.fromkeys("\r\v\f\x85\u2028\u2029", "\n"),
    **dict.fromkeys("‘’‚‛′´`ʼ‹›", "'"),
    **dict.fromkeys("“”„‟″«»", '"'),
    **dict.fromkeys("‐‑‒–—―−•‣◦▪●·", "-"),
    **dict.fromkeys("\N{SOFT HYPHEN}\N{ZERO WIDTH SPACE}\N{WORD JOINER}\ufeff", ""),
    **dict.fromkeys("ℹⓂ", _RETIRADO),  # emoji that would decompose to a stray letter
    "°": "o",
    "⁄": "/",
    "×": "x",
    "€": "EUR",
    "§": "par.",
    "©": "(c)",
    "®": "(R)",
    "ß": "ss",
    "Æ": "AE",
    "æ": "ae",
    "Œ": "OE",
    "œ": "oe",
    "Ø": "O",
    "ø": "o",
    "ł": "l",
    "Ł": "L",
}


def alfabeto(texto: str) -> str:
    """GSM7 when every character of `texto` is in the default alphabet or its extension, UCS2 otherwise."""
    return GSM7 if _EM_GSM7.fullmatch(unicodedata.normalize("NFC", texto)) else UCS2


def posicoes(texto: str) -> int:
    """Length of `texto` as an SMS: septets (extension characters are 2) in GSM-7, else UTF-16 units (emoji are 2)."""
    composto = unicodedata.normalize("NFC", texto)
    return len(composto) + len(_duplos(composto).findall(composto))


def segmentos(texto: str) -> int:
    """How many SMS `texto` is charged as; an empty one is still one.

    A character of two positions never straddles two segments, so there may be more than the plain division gives.
    """
    composto = unicodedata.normalize("NFC", texto)
    unico, parte = _LIMITES[alfabeto(composto)]
    duplos = _duplos(composto)
    total = len(composto) + len(duplos.findall(composto))
    if total <= unico:
        return 1
    quantidade, ocupadas = 1, 0
    for caractere in composto:
        largura = 2 if duplos.match(caractere) else 1
        if ocupadas + largura > parte:
            quantidade, ocupadas = quantidade + 1, 0
        ocupadas += largura
    return quantidade


def transliterar(texto: str) -> str:
    """Rewrite `texto` in plain ASCII, so that it goes as GSM-7: "2ª via – João" becomes "2a via - Joao".

    Accents and the cedilla go, even those GSM-7 has (one rule for the whole message reads better than "é" beside "a");
    ordinals, quotes, dashes, ellipses and line ends become plain ones; tab and no-break space become a space. What has
    no equivalent (emoji, other scripts, control characters) is dropped, never "?", together with one space when it
    stood apart; other repeated spaces stay, since tags are padded to fixed sizes. The length may change.
    """
    if _JA_SIMPLES.fullmatch(texto):
        return texto
    simples = unicodedata.normalize("NFC", texto.replace("\r\n", "\n")).translate(_TABELA)
    if _RETIRADO not in simples:
        return simples
    simples = _ESPACO_APOS_RETIRADO.sub("", simples)
    return _ESPACO_ANTES_DE_RETIRADO.sub("", simples).replace(_RETIRADO, "")


def _duplos(composto: str) -> re.Pattern[str]:
    """What takes two positions in a text: extension characters in GSM-7, surrogate pairs in UCS-2."""
    return _DA_EXTENSAO if alfabeto(composto) == GSM7 else _PAR_SUBSTITUTO


class _Tabela(dict[int, str]):
    """A `str.translate` table that works each character out once, on first use."""

    def __missing__(self, ponto: int) -> str:
        self[ponto] = _em_ascii(chr(ponto))
        return self[ponto]


def _em_ascii(caractere: str) -> str:
    """ASCII for one character: empty for a combining mark, `_RETIRADO` when there is no equivalent."""
    if caractere in _EQUIVALENTES:
        return _EQUIVALENTES[caractere]
    if _JA_SIMPLES.fullmatch(caractere):
        return caractere
    if unicodedata.category(caractere) in ("Mn", "Me"):
        return ""
    decomposto = unicodedata.normalize("NFKD", caractere)
    if decomposto == caractere:
        return _RETIRADO
    partes = [_em_ascii(parte) for parte in decomposto]
    return _RETIRADO if _RETIRADO in partes else "".join(partes)


_TABELA = _Tabela()
