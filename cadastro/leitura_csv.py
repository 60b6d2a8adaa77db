"""Read a CSV of an import as a stream: encoding, header, one record per line, refused lines set aside.

A record is one physical line, so an unclosed quote spoils its own line and not the rest of the file; no column of ours
takes a line break. Nothing here knows the database: `blocos` yields bytes ready for COPY, `linhas` the lines again for
the file of refusals. Memory is bounded whatever the size of the file or of a line.
"""

import csv
import io
import re
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from pathlib import Path
from typing import BinaryIO

LIMITE_DA_LINHA = 64 * 1024
TAMANHO_DO_BLOCO = 256 * 1024
BOM = b"\xef\xbb\xbf"
# Tab is allowed (it is trimmed); the rest of C0, DEL, C1 and the two line separators belong in no register.
_CONTROLES = re.compile("[\x00-\x08\x0a-\x1f\x7f-\x9f\u2028\u2029]")


class ArquivoInvalido(Exception):
    """The file as a whole cannot be imported; the message is for the operator."""


class LinhaRecusada(Exception):
    """One line cannot be read. The message is the reason; `coluna` is empty when it is the line as a whole."""

    def __init__(self, motivo: str, coluna: str = ""):
        super().__init__(motivo)
        self.coluna = coluna


def linhas(arquivo: BinaryIO) -> Iterator[tuple[int, bytes]]:
    """Each physical line with its number, cut at LIMITE_DA_LINHA bytes (then it has no line end)."""
    numero = 0
    while pedaco := arquivo.readline(LIMITE_DA_LINHA):
        numero += 1
        resto = pedaco
        while len(resto) == LIMITE_DA_LINHA and not resto.endswith(b"\n"):
            resto = arquivo.readline(LIMITE_DA_LINHA)
        yield numero, pedaco


def descobrir_codificacao(caminho: Path) -> str:
    """UTF-8, unless there is no BOM, some line is not UTF-8 and no accent in the whole file is: then Windows-1252.

    One good accent settles it, so a damaged line in a UTF-8 file is refused instead of being read as nonsense.
    Windows-1252 is what spreadsheets call Latin-1 or ANSI; it holds Latin-1's letters at the same places.
    """
    outra = False
    with caminho.open("rb") as arquivo:
        for numero, linha in linhas(arquivo):
            if numero == 1 and linha.startswith(BOM):
                return "utf-8"
            if linha.isascii():
                continue
            try:
                linha.decode()
            except UnicodeDecodeError:
                outra = True
            else:
                return "utf-8"
    return "cp1252" if outra else "utf-8"


def texto_da_linha(bruta: bytes, codificacao: str) -> str:
    """A line as it came from `linhas`, without its end. Raises LinhaRecusada for what no register holds."""
    if len(bruta) == LIMITE_DA_LINHA and not bruta.endswith(b"\n"):
        raise LinhaRecusada(f"A linha passa de {LIMITE_DA_LINHA // 1024} mil caracteres.")
    try:
        texto = bruta.rstrip(b"\r\n").decode(codificacao)
    except UnicodeDecodeError:
        raise LinhaRecusada("A linha não está na codificação do arquivo (UTF-8 ou Windows-1252).") from None
    if not texto.isprintable() and _CONTROLES.search(texto):
        raise LinhaRecusada("A linha tem um caractere de controle.")
    return texto


def separar(texto: str, separador: str = ";") -> list[str]:
    """The fields of a line, out of their quotes. Raises LinhaRecusada."""
    if '"' not in texto:
        return texto.split(separador)
    try:
        return next(csv.reader([texto], delimiter=separador, strict=True))
    except csv.Error:
        raise LinhaRecusada("Aspas sem par, ou quebra de linha dentro das aspas.") from None


class LeitorCSV:
    """One CSV file with its header checked against `colunas`, in any order; it may lack those that `podem_faltar`.

    `conversoes` maps a column to the function that replaces its text (ValueError refuses the line), `derivadas` maps a
    new column to (source column, function). `recusar(linha, coluna, motivo, inicio)` is told of each line that is left
    out; `inicio` is its first field, as far as it can be told.
    """

    def __init__(
        self,
        caminho: Path,
        colunas: Sequence[str],
        *,
        podem_faltar: Collection[str] = (),
        conversoes: Mapping[str, Callable[[str], str]] | None = None,
        derivadas: Mapping[str, tuple[str, Callable[[str], str]]] | None = None,
    ):
        self.caminho = caminho
        self.total = caminho.stat().st_size
        self.codificacao = descobrir_codificacao(caminho)
        self.cabecalho = self._ler_cabecalho(colunas, podem_faltar)
        posicao = {nome: indice for indice, nome in enumerate(self.cabecalho)}
        self._conversoes = [(posicao[nome], nome, funcao) for nome, funcao in (conversoes or {}).items()]
        self._derivadas = [(posicao[origem], funcao) for origem, funcao in (derivadas or {}).values()]
        self.saida = [*self.cabecalho, *(derivadas or {})]

    def blocos(
        self, recusar: Callable[[int, str, str, str], None], progresso: Callable[[int], None] = lambda lidos: None
    ) -> Iterator[bytes]:
        """The records as CSV for COPY: the line number, then the columns of `saida`."""
        bloco = io.StringIO()
        escritor = csv.writer(bloco, delimiter=";", lineterminator="\n")
        separadores = len(self.cabecalho) - 1
        lidos = 0
        with self.caminho.open("rb") as arquivo:
            for numero, bruta in linhas(arquivo):
                lidos += len(bruta)
                if numero == 1:
                    continue
                try:
                    texto = texto_da_linha(bruta, self.codificacao)
                    if not texto or texto.isspace():
                        continue
                    if self._conversoes or '"' in texto:
                        escritor.writerow([numero, *self._converter(self._separar(texto))])
                    elif texto.count(";") == separadores:
                        bloco.write(f"{numero};{texto}\n")  # without quotes the line is already what COPY takes
                    else:
                        self._separar(texto)
                except LinhaRecusada as erro:
                    recusar(numero, erro.coluna, str(erro), _inicio(bruta))
                if bloco.tell() >= TAMANHO_DO_BLOCO:
                    yield bloco.getvalue().encode()
                    bloco.seek(0)
                    bloco.truncate()
                    progresso(lidos)
        if bloco.tell():
            yield bloco.getvalue().encode()
        progresso(self.total)

    def _separar(self, texto: str) -> list[str]:
        campos = separar(texto)
        if len(campos) != len(self.cabecalho):
            raise LinhaRecusada(f"Campos na linha: {len(campos)}; no cabeçalho: {len(self.cabecalho)}.")
        return campos

    def _converter(self, campos: list[str]) -> list[str]:
        for indice, nome, funcao in self._conversoes:
            if valor := campos[indice].strip():
                try:
                    campos[indice] = funcao(valor)
                except ValueError as erro:
                    raise LinhaRecusada(str(erro), nome) from erro
        return campos + [funcao(campos[indice]) for indice, funcao in self._derivadas]

    def _ler_cabecalho(self, colunas: Sequence[str], podem_faltar: Collection[str]) -> list[str]:
        with self.caminho.open("rb") as arquivo:
            primeira = arquivo.readline(LIMITE_DA_LINHA).removeprefix(BOM).rstrip(b"\r\n")
        if not primeira.strip():
            raise ArquivoInvalido("O arquivo está vazio: falta a linha de cabeçalho.")
        try:
            texto = primeira.decode(self.codificacao)
            nomes = [nome.strip() for nome in next(csv.reader([texto], delimiter=";", strict=True))]
        except (UnicodeDecodeError, csv.Error):
            raise ArquivoInvalido("O cabeçalho não pôde ser lido.") from None
        if problemas := _conferir_nomes(nomes, colunas, podem_faltar):
            dica = " O separador é o ponto e vírgula." if len(nomes) == 1 and len(colunas) > 1 else ""
            raise ArquivoInvalido(f"Cabeçalho inválido: {'; '.join(problemas)}.{dica}")
        return nomes


def _inicio(bruta: bytes) -> str:
    return bruta[:40].split(b";", 1)[0].strip(b'" \r\n').decode("ascii", "replace").replace("\0", "")


def _conferir_nomes(nomes: Sequence[str], colunas: Sequence[str], podem_faltar: Collection[str]) -> list[str]:
    repetidas = sorted({nome for nome in nomes if nomes.count(nome) > 1}) if len(nomes) <= 200 else []
    casos = (
        ("falta", "faltam", [nome for nome in colunas if nome not in nomes and nome not in podem_faltar]),
        ("coluna desconhecida:", "colunas desconhecidas:", [nome for nome in nomes if nome not in colunas]),
        ("coluna repetida:", "colunas repetidas:", [nome for nome in repetidas if nome in colunas]),
    )
    return [f"{(um if len(quais) == 1 else varios)} {_enumerar(quais)}" for um, varios, quais in casos if quais]


def _enumerar(nomes: Sequence[str]) -> str:
    mostrados = [f"“{nome[:40]}”" for nome in nomes[:8]]
    return ", ".join(mostrados) + (f" e outras {len(nomes) - 8}" if len(nomes) > 8 else "")
