"""Whether a dossier is what it says: by itself, offline, and against the database that it came from.

Every byte counts. A JSON must be written exactly as `dossie.serializar` writes it, so that blanks, order and repeated
keys have no room to differ; a PDF ends with the signature of all that comes before.
"""

import hashlib
import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from mensageria import composicao, dossie
from mensageria.dossie_pdf import PREFIXO_DO_PDF
from mensageria.models import ChaveDeAssinatura, Mensagem

MAIOR_ARQUIVO = 64 << 20
_FIM_DO_PDF = re.compile(rb"%avisa-dossie ([0-9a-f]{128})\n\Z")
_EMBUTIDO = re.compile(rb'/Length (\d+)[^\0]{0,200}?>>\nstream\n(?=\{\n  "assinatura": \{)')
_NOMES = {"pedida_por", "resultado"}
_CHAVES_DA_ASSINATURA = {"algoritmo", "chave_publica", "impressao_da_chave", "sha256", "valor"}


@dataclass(frozen=True)
class Achado:
    """One thing that was looked at, in words; `confere` is None for what is only told."""

    confere: bool | None
    texto: str


@dataclass(frozen=True)
class Lido:
    """A dossier whose form is right; nothing is said of its truth."""

    assinatura: Mapping[str, str]
    dossie: Mapping[str, Any]
    pdf: tuple[bytes, bytes] | None = None  # what was signed, and the signature


class Ilegivel(ValueError):
    """It is no dossier of ours, or it was altered so that it cannot be read; the message says what is wrong."""


def ler(arquivo: bytes) -> Lido:
    """Raises Ilegivel."""
    if len(arquivo) > MAIOR_ARQUIVO:
        raise Ilegivel("O arquivo é grande demais para ser um dossiê.")
    if not arquivo.startswith(b"%PDF-"):
        return _ler_json(arquivo)
    fim = _FIM_DO_PDF.search(arquivo)
    if fim is None:
        raise Ilegivel("O PDF não termina com a assinatura do dossiê: foi alterado, cortado ou salvo de novo.")
    corpo = arquivo[: fim.start()]
    inicio = _EMBUTIDO.search(corpo)
    if inicio is None:
        raise Ilegivel("O PDF não traz o dossiê em JSON dentro dele.")
    lido = _ler_json(corpo[inicio.end() : inicio.end() + int(inicio[1][:12])])
    return Lido(lido.assinatura, lido.dossie, (corpo, bytes.fromhex(fim[1].decode())))


def _ler_json(arquivo: bytes) -> Lido:
    try:
        lido = json.loads(arquivo.decode())
        mesma_forma = dossie.serializar(lido) == arquivo
    except (ValueError, RecursionError, TypeError) as erro:
        raise Ilegivel("O arquivo não é um dossiê: o JSON não pôde ser lido.") from erro
    if not mesma_forma:
        raise Ilegivel("O arquivo não está escrito como o dossiê foi emitido: algum byte mudou.")
    if not isinstance(lido, dict) or set(lido) != {"assinatura", "dossie"}:
        raise Ilegivel("O arquivo não é um dossiê: faltam a assinatura ou o conteúdo.")
    assinatura, conteudo = lido["assinatura"], lido["dossie"]
    if not isinstance(conteudo, dict) or conteudo.get("formato") != dossie.FORMATO:
        raise Ilegivel(f"O formato do dossiê não é o que este programa confere ({dossie.FORMATO}).")
    if (
        not isinstance(assinatura, dict)
        or set(assinatura) != _CHAVES_DA_ASSINATURA
        or not all(isinstance(valor, str) for valor in assinatura.values())
    ):
        raise Ilegivel("A assinatura do dossiê está incompleta.")
    return Lido(assinatura, conteudo)


def conferir(lido: Lido) -> Iterator[Achado]:
    """What the file says of itself."""
    assinatura = lido.assinatura
    conteudo = dossie.serializar(lido.dossie)
    yield Achado(
        hashlib.sha256(conteudo).hexdigest() == assinatura["sha256"], "o resumo (SHA-256) é o do conteúdo do dossiê"
    )
    publica = _hexadecimal(assinatura["chave_publica"], 32)
    impressao = hashlib.sha256(publica).hexdigest() if publica else ""
    yield Achado(impressao == assinatura["impressao_da_chave"], "a impressão digital é a da chave pública")
    assinado = assinatura["algoritmo"] == "Ed25519" and _assinou(
        publica, _hexadecimal(assinatura["valor"], 64), dossie.PREFIXO + conteudo
    )
    yield Achado(assinado, "a assinatura é da chave pública sobre este conteúdo")
    if lido.pdf:
        corpo, do_pdf = lido.pdf
        yield Achado(_assinou(publica, do_pdf, PREFIXO_DO_PDF + corpo), "o PDF inteiro é o que foi assinado")
    try:
        yield from _conferir_conteudo(lido.dossie)
    except (KeyError, TypeError, AttributeError):
        yield Achado(False, "o dossiê tem o conteúdo e as tentativas de uma mensagem")
    yield Achado(None, f"chave que assinou: {assinatura['impressao_da_chave']}")


def _conferir_conteudo(dito: Mapping[str, Any]) -> Iterator[Achado]:
    conteudo = dito["conteudo"]
    if conteudo["falta"]:
        yield Achado(None, conteudo["falta"])
        return
    resumo = hashlib.sha256(conteudo["texto"].encode()).hexdigest()
    yield Achado(resumo == conteudo["sha256"], "o SHA-256 do conteúdo da mensagem é o declarado")
    for tentativa in dito["tentativas"]:
        if tentativa["sha256"] == resumo:
            texto = f"o conteúdo é o que saiu na {tentativa['numero']}ª tentativa ({tentativa['resultado']})"
            yield Achado(True, texto)
        elif tentativa["sha256"]:
            texto = f"o que saiu na {tentativa['numero']}ª tentativa foi outro conteúdo; dele ficou só o SHA-256"
            yield Achado(None, texto)


def conferir_com_o_banco(lido: Lido) -> Iterator[Achado]:
    """What the database that it came from says now; of one whose signature holds."""
    nossa = ChaveDeAssinatura.objects.filter(publica=lido.assinatura["chave_publica"]).exists()
    yield Achado(nossa, "a chave que assinou é desta instalação")
    if not nossa:
        return  # anybody may have written the rest
    dita = lido.dossie["mensagem"]
    mensagem = Mensagem.objects.select_related("texto", "molde").filter(pk=dita["codigo"], chave=dita["chave"]).first()
    yield Achado(mensagem is not None, f"a mensagem {dita['codigo']} está no banco")
    if mensagem is None:
        return
    if not lido.dossie["conteudo"]["falta"]:
        yield from _conferir_recomposto(mensagem, lido.dossie["conteudo"]["sha256"])
    for nome, ditos, guardados in (
        ("tentativas", lido.dossie["tentativas"], [dossie.tentativa(t) for t in mensagem.envios.order_by("pk")]),
        ("recibos", lido.dossie["recibos"], [dossie.recibo(r) for r in mensagem.recibos.order_by("pk")]),
    ):
        iguais = list(map(_fatos, guardados[: len(ditos)])) == list(map(_fatos, ditos))
        yield Achado(iguais, f"os registros de {nome} são os do banco")
        if (mais := len(guardados) - len(ditos)) > 0:
            yield Achado(None, f"depois da emissão o banco guardou mais {mais} em {nome}")


def _fatos(registro: Mapping[str, Any]) -> dict[str, Any]:
    """Without what has another name by now: a person, a word for a result, the time zone of a moment."""
    momento = datetime.fromisoformat(registro["momento"])
    return {campo: valor for campo, valor in registro.items() if campo not in _NOMES} | {"momento": momento}


def _conferir_recomposto(mensagem: Mensagem, resumo: str) -> Iterator[Achado]:
    """A message that was sent again since has another content, and the attempt of the first keeps its hash."""
    try:
        atual = composicao.resumo(composicao.conteudo(mensagem))
    except (composicao.NaoCompoe, KeyError, ValueError) as erro:
        yield Achado(False, f"o conteúdo recomposto do banco é o do dossiê ({erro})")
        return
    if atual != resumo and mensagem.envios.filter(resumo=resumo).exists():
        yield Achado(
            None, "a mensagem foi composta de novo depois da emissão; o SHA-256 do dossiê é o de uma tentativa"
        )
    else:
        yield Achado(atual == resumo, "o conteúdo recomposto do banco é o do dossiê")


def _assinou(publica: bytes, assinatura: bytes, dados: bytes) -> bool:
    try:
        Ed25519PublicKey.from_public_bytes(publica).verify(assinatura, dados)
    except (InvalidSignature, ValueError):
        return False
    return True


def _hexadecimal(texto: str, tamanho: int) -> bytes:
    """Its bytes; empty for what is not so many of them, in lower case."""
    return bytes.fromhex(texto) if re.fullmatch(rf"[0-9a-f]{{{2 * tamanho}}}", texto) else b""
