"""Texts with tags: what an operator may write, how long it gets, and how the tags are filled.

A tag is a Dado: `{NOME}` with a size in positions. An SMS is the filled text and then 57 positions: " Barras: " (9) and
the 48 digits of the line without separators, payable by typing (referencia/gsan.md 2.3, option a).
"""

import re
import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache

from mensageria.alfabeto import transliterar

ROTULO_DO_CODIGO = " Barras: "
POSICOES_DO_CODIGO = len(ROTULO_DO_CODIGO) + 48
TAG = re.compile(r"\{[^{}]*\}")
_ENTRE_TAGS = re.compile(rf"({TAG.pattern})")
_CONTROLES = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]+")
_EXTENSAO = frozenset("^{}\\[]~|€\f")
_DE_DUAS_POSICOES = re.compile(f"[{re.escape(''.join(sorted(_EXTENSAO)))}\U00010000-\U0010ffff]")
_TEXTOS_EM_VIGOR = 512  # that are kept cut at their tags


@dataclass(frozen=True)
class Dado:
    """One entry of "Selecione dados para o texto": the tag with braces, what it is, and its positions in an SMS."""

    tag: str
    descricao: str
    tamanho: int

    def __str__(self):
        return f"{self.descricao} - {self.tamanho} posições"


def _custo(caractere: str) -> int:
    """Positions of a character in whichever alphabet makes it longer."""
    return 2 if caractere in _EXTENSAO or ord(caractere) > 0xFFFF else 1


def _no_alfabeto(texto: str, transliterado: bool) -> str:
    """A piece of an SMS as it leaves: plain ASCII, or composed (NFC) with no combining mark at its start.

    Such a mark would combine with whatever stands before it, and in rare cases the result is longer than the two.
    """
    if transliterado:
        return transliterar(texto)
    texto = unicodedata.normalize("NFC", texto)
    return texto[next((i for i, letra in enumerate(texto) if not unicodedata.combining(letra)), len(texto)) :]


@lru_cache(maxsize=_TEXTOS_EM_VIGOR)
def _corpo_no_alfabeto(corpo: str, transliterado: bool) -> str:
    """The text of an operator as it leaves, with its tags still in place."""
    if transliterado:
        return transliterar(corpo)
    return "".join(_no_alfabeto(parte, False) for parte in _ENTRE_TAGS.split(corpo))


def cortar(texto: str, posicoes: int) -> str:
    """The longest start of `texto` that fits."""
    if not _DE_DUAS_POSICOES.search(texto):
        return texto[:posicoes]
    usadas = 0
    for indice, caractere in enumerate(texto):
        usadas += _custo(caractere)
        if usadas > posicoes:
            return texto[:indice]
    return texto


def posicoes_do_texto(texto: str, dados: Iterable[Dado], transliterado: bool = True) -> int:
    """Positions of an SMS made from `texto`: every tag at its full size, and the 57 of the bar code."""
    tamanhos = {dado.tag: dado.tamanho for dado in dados}
    texto = _corpo_no_alfabeto(texto, transliterado)
    das_tags = sum(tamanhos.get(tag, len(tag)) for tag in TAG.findall(texto))
    return das_tags + sum(map(_custo, TAG.sub("", texto))) + POSICOES_DO_CODIGO


def conferir_texto(
    nome: str, texto: str, dados: Iterable[Dado], transliterado: bool = True, maximo: int | None = None
) -> list[str]:
    """What is wrong with a text, in GSAN's order and words (referencia/gsan.md 2.4); empty when nothing is.

    `maximo` is the Tamanho Máximo Mensagem via SMS; None for texts that have no limit.
    """
    problemas = []
    if maximo is not None and (posicoes := posicoes_do_texto(texto, dados, transliterado)) > maximo:
        problemas.append(
            f"O texto usa {posicoes - POSICOES_DO_CODIGO} posições que, com as {POSICOES_DO_CODIGO} do código de "
            f"barras, passam do tamanho máximo de {maximo}."
        )
    # What leaves is judged as well as what was typed: transliterated, full-width braces become tags.
    que_sai = texto if maximo is None else _corpo_no_alfabeto(texto, transliterado)
    for forma in (texto, que_sai):
        if (abertas := forma.count("{")) != (fechadas := forma.count("}")):
            problemas.append(
                f"Quantidade de tags inválidas {nome}. "
                f"Há {_plural(abertas, 'aberta', '{')} e {_plural(fechadas, 'fechada', '}')}."
            )
            break
    conhecidas = {dado.tag for dado in dados}
    digitadas = dict.fromkeys(TAG.findall(texto))
    mesmas = {_corpo_no_alfabeto(tag, transliterado) for tag in digitadas}
    surgidas = dict.fromkeys(tag for tag in TAG.findall(que_sai) if tag not in mesmas)
    if abertas == fechadas and (soltas := _chaves_soltas(que_sai)):
        problemas.append(f"O texto do {nome} está com dados inválidos: {soltas}.")
    for tag in digitadas | surgidas:
        if tag not in conhecidas:
            problemas.append(f"O texto do {nome} está com dados inválidos: {tag}.")
    return problemas


def _chaves_soltas(texto: str) -> str:
    """What stands around braces that are of no tag, as "{MATRI e CULA}" of "{MATRI{NOME}CULA}"."""
    return " e ".join(pedaco for parte in TAG.split(texto) for pedaco in re.findall(r"\{[^{}\s]*|[^{}\s]*\}", parte))


def _plural(quantas: int, que: str, chave: str) -> str:
    return f"{quantas} {'chave' if quantas == 1 else 'chaves'} {que if quantas == 1 else que + 's'} “{chave}”"


def limpar(valor: str) -> str:
    """A value in one line: control characters become a space."""
    if valor.isprintable():  # almost always, and no such text has one
        return valor.strip()
    return _CONTROLES.sub(" ", valor).strip()


def valores_de_sms(valores: Mapping[str, str], dados: Iterable[Dado], transliterado: bool) -> dict[str, str]:
    """Values as they enter an SMS: in its alphabet, in one line, cut to the size of their tags."""
    tamanhos = {dado.tag: dado.tamanho for dado in dados}
    prontos = {}
    for tag, valor in valores.items():
        prontos[tag] = cortar(_no_alfabeto(limpar(valor), transliterado), tamanhos[tag]).strip()
    return prontos


def preencher(texto: str, valores: Mapping[str, str]) -> str:
    """Put each value in the place of its tag, once: a value that looks like a tag is not filled again."""
    pedacos = list(_entre_tags(texto))
    pedacos[1::2] = [valores.get(tag, tag) for tag in pedacos[1::2]]
    return "".join(pedacos)


@lru_cache(maxsize=_TEXTOS_EM_VIGOR)
def _entre_tags(texto: str) -> tuple[str, ...]:
    """What stands between the tags, and in every second place a tag."""
    return tuple(_ENTRE_TAGS.split(texto))


def texto_do_sms(corpo: str, valores: Mapping[str, str], linha: str, transliterado: bool) -> str:
    """The whole SMS. `linha` is the 48 digits, or empty for a message without a bar code."""
    preenchido = unicodedata.normalize("NFC", preencher(_corpo_no_alfabeto(corpo, transliterado), valores))
    return preenchido + ROTULO_DO_CODIGO + linha if linha else preenchido
