"""The bytes of an e-mail: headers, and a skeleton whose gaps are filled.

What the messages of one text have in common is encoded once; for each of them only what is its own is. The standard
library does the same part by part, in thirty times the time; it reads every message back in the tests. All is ASCII,
since nothing asks a server for 8BITMIME, with CRLF and lines of at most 76, but for what cannot be folded: an address.
"""

import re
import unicodedata
from binascii import b2a_base64, b2a_qp
from collections.abc import Sequence
from html import escape
from operator import itemgetter

_LACUNA = re.compile("(\0[a-z0-9]+\0)")
_LINHA = 76
_MAIOR_NOME = 30  # of a file: its header is one line
_OCTETOS_POR_PALAVRA = 39  # of an encoded word: with the name of its header it fits in a line
_MENSAGEM = """\
MIME-Version: 1.0\r
{corpo}"""
_ALTERNATIVAS = """\
Content-Type: multipart/alternative;\r
 boundary="=_\0limite\0_0"\r
\r
--=_\0limite\0_0\r
Content-Type: text/plain; charset="utf-8"\r
Content-Transfer-Encoding: quoted-printable\r
\r
{texto}\r
--=_\0limite\0_0\r
{html}\r
--=_\0limite\0_0--\r
"""
_COM_ANEXO = """\
Content-Type: multipart/mixed;\r
 boundary="=_\0limite\0_2"\r
\r
--=_\0limite\0_2\r
{corpo}\r
--=_\0limite\0_2\r
Content-Type: application/pdf\r
Content-Transfer-Encoding: base64\r
Content-Disposition: attachment; filename="\0nome\0"\r
\r
\0anexo\0\r
--=_\0limite\0_2--\r
"""
_HTML = """\
Content-Type: text/html; charset="utf-8"\r
Content-Transfer-Encoding: quoted-printable\r
\r
{html}"""
_HTML_COM_IMAGENS = """\
Content-Type: multipart/related; type="text/html";\r
 boundary="=_\0limite\0_1"\r
\r
--=_\0limite\0_1\r
{html}\r
{imagens}--=_\0limite\0_1--\r
"""
_IMAGEM = """\
--=_\0limite\0_1\r
Content-Type: image/png\r
Content-Transfer-Encoding: base64\r
Content-Disposition: inline; filename="{nome}"\r
Content-ID: <{cid}>\r
\r
\0{qual}\0\r
"""
_NOMES = {"imagem": "codigo-de-barras.png", "qr": "pix.png"}
_FORA_DO_NOME = re.compile(r"[^A-Za-z0-9._-]+")


def lacuna(numero: int) -> str:
    """What stands for value `numero` in the texts of a skeleton. No text of the database holds a NUL."""
    return f"\0{numero}\0"


class Esqueleto:
    """Text and HTML with gaps, each numbered from 0 to `lacunas` - 1, and what goes with them.

    `cid` and `cid_do_qr` are of the inline images that there are, and `com_anexo` says whether a PDF is attached. With
    `sem_ponto` no line of it begins with a dot, which SMTP would have doubled.
    """

    def __init__(
        self,
        texto: str,
        html: str,
        lacunas: int,
        cid: str = "",
        cid_do_qr: str = "",
        com_anexo: bool = False,
        sem_ponto: bool = True,
    ):
        html = _HTML.format(html=_quoted_printable(html, lacunas, sem_ponto))
        imagens = "".join(
            _IMAGEM.format(qual=qual, nome=_NOMES[qual], cid=id_)
            for qual, id_ in (("imagem", cid), ("qr", cid_do_qr))
            if id_
        )
        if imagens:
            html = _HTML_COM_IMAGENS.format(html=html, imagens=imagens)
        corpo = _ALTERNATIVAS.format(texto=_quoted_printable(texto, 0, sem_ponto), html=html)
        if com_anexo:
            corpo = _COM_ANEXO.format(corpo=corpo)
        partes = _LACUNA.split(_MENSAGEM.format(corpo=corpo))
        indices = {f"\0{i}\0": i for i in range(2 * lacunas)}
        indices |= {"\0nome\0": -5, "\0anexo\0": -4, "\0qr\0": -3, "\0limite\0": -2, "\0imagem\0": -1}
        self._molde = b"%b".join(parte.encode("ascii").replace(b"%", b"%%") for parte in partes[::2])
        self._ordem = itemgetter(*(indices[parte] for parte in partes[1::2]))

    def preencher(
        self,
        valores: Sequence[str],
        limite: str,
        imagem: bytes = b"",
        qr: bytes = b"",
        anexo: tuple[str, bytes] | None = None,
    ) -> bytes:
        """The MIME headers and the body. `limite` makes the boundaries: letters, digits and hyphens, once a message."""
        no_texto = no_html = _cada_um(valores)
        if escape(juntos := "\n".join(valores)) != juntos:
            no_html = _cada_um([escape(valor) for valor in valores])
        com_eles = (nome_de_arquivo(anexo[0]), _em_base64(anexo[1])) if anexo else (b"", b"")
        qr = _em_base64(qr) if qr else b""
        return self._molde % self._ordem(
            (*no_texto, *no_html, *com_eles, qr, limite.encode("ascii"), _em_base64(imagem) if imagem else b"")
        )


def nome_de_arquivo(nome: str) -> bytes:
    """The name of a PDF as any reader takes it: letters without accents, digits, points and hyphens."""
    ascii_ = unicodedata.normalize("NFKD", nome).encode("ascii", "ignore").decode()
    limpo = _FORA_DO_NOME.sub("-", ascii_.removesuffix(".pdf")).strip(".-")[:_MAIOR_NOME]
    return f"{limpo or 'boleto'}.pdf".encode()


def _cada_um(valores: Sequence[str]) -> list[bytes]:
    """`em_qp` of each: in one call when every one fits in a line, as almost always."""
    juntos = "\n".join(valores)
    linhas = b2a_qp(juntos.encode()).split(b"\n")
    if len(linhas) == len(valores) and max(map(len, linhas), default=0) < _LINHA and "\r" not in juntos:
        return linhas
    return [em_qp(valor) for valor in valores]


def em_qp(texto: str) -> bytes:
    """Quoted-printable with every line short enough for a soft break after it. Line ends in `texto` are encoded too."""
    # b2a_qp leaves no room for a soft break before a line end that it encodes: it is shown a byte that no UTF-8 has.
    linhas = b2a_qp(texto.encode().replace(b"\n", b"\xff"), istext=False).replace(b"=FF", b"=0A")
    if len(linhas) < _LINHA:
        return linhas
    if len(linhas) - linhas.rfind(b"\n") - 1 == _LINHA:
        linhas = linhas[:-1] + b"=\n" + linhas[-1:]
    return linhas.replace(b"\n", b"\r\n")


def _quoted_printable(texto: str, primeira: int, sem_ponto: bool) -> str:
    """`texto` with its gaps, counted from `primeira`, each in a line of its own: its neighbours do not depend on it."""
    linhas = texto.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    return "\r\n".join("=\r\n".join(_pedacos(linha, primeira, sem_ponto)) for linha in linhas)


def _pedacos(linha: str, primeira: int, sem_ponto: bool):
    for pedaco in filter(None, _LACUNA.split(linha)):
        if _LACUNA.fullmatch(pedaco):
            yield lacuna(primeira + int(pedaco.strip("\0")))
        else:
            escrito = em_qp(pedaco).decode("ascii")
            yield _sem_ponto_no_inicio(escrito) if sem_ponto else escrito


def _sem_ponto_no_inicio(linhas: str) -> str:
    """Each such dot encoded, in a line of its own, since there may be no room for three characters more."""
    linhas = f"\n{linhas}"
    while "\n." in linhas:
        linhas = linhas.replace("\n.", "\n=2E=\r\n")
    return linhas[1:]


def _em_base64(dados: bytes) -> bytes:
    base64 = b2a_base64(dados, newline=False)
    return b"\r\n".join([base64[i : i + _LINHA] for i in range(0, len(base64), _LINHA)])


# Headers


def cabecalho(nome: str, texto: str) -> str:
    """A header of free text, such as the subject."""
    if _simples(texto) and len(nome) + len(texto) + 2 <= _LINHA:
        return f"{nome}: {texto}\r\n"
    return f"{nome}: {_codificado(texto)}\r\n"


def caixa_postal(nome: str, de_quem: str, endereco: str) -> str:
    """A header with one address, in ASCII, and whose it is."""
    if not de_quem:
        return f"{nome}: {endereco}\r\n"
    entre_aspas = '"' + de_quem.replace("\\", r"\\").replace('"', r"\"") + '"'
    if _simples(de_quem) and len(nome) + len(entre_aspas) + 2 <= _LINHA:
        return f"{nome}: {entre_aspas}\r\n <{endereco}>\r\n"
    return f"{nome}: {_codificado(de_quem)}\r\n <{endereco}>\r\n"


def _simples(texto: str) -> bool:
    """Whether it may stand in a header as it is, and is not read as something else."""
    return texto.isascii() and texto.isprintable() and "=?" not in texto


def _codificado(texto: str) -> str:
    """Encoded words of RFC 2047, a line each; no character is divided."""
    palavras = [texto.encode()]
    if len(palavras[0]) > _OCTETOS_POR_PALAVRA:
        passo = _OCTETOS_POR_PALAVRA // len(max(texto).encode())
        palavras = [texto[i : i + passo].encode() for i in range(0, len(texto), passo)]
    return "\r\n ".join([f"=?utf-8?b?{b2a_base64(palavra, newline=False).decode()}?=" for palavra in palavras])
