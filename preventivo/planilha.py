"""The file of a campaign as rows of text: CSV in any usual dialect, or the first sheet of an .xlsx.

What it is, its content says, never its name. Nothing here knows the database; memory does not grow with the file. A
CSV is read here, a record a line (`cadastro.leitura_csv`); an .xlsx by a process of its own (`preventivo.xlsx`), with
bounds of memory and time that no file gets past.
"""

import json
import re
import subprocess
import sys
import unicodedata
import zipfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from django.conf import settings

from cadastro import leitura_csv
from cadastro.leitura_csv import BOM, LIMITE_DA_LINHA

# The mask keeps a spreadsheet from taking a CPF for a number and dropping its zeros.
MODELO = "\ufeffcpf;email\r\n012.345.678-90;maria@exemplo.com.br\r\n123.456.789-09;joao@exemplo.com.br\r\n".encode()
COLUNAS = "cpf e email, ou cpf e email1 a email10"
MAXIMO_DE_COLUNAS = 64
BLOCO = 1 << 20
INICIO_DE_ZIP = b"PK\x03\x04"
NAO_SERVE = "O arquivo não é um CSV nem uma planilha .xlsx."
DANIFICADA = (
    "A planilha .xlsx está danificada ou pede mais memória ou tempo do que o permitido: abra-a, salve-a de novo ou "
    "como CSV, e envie outra vez."
)
# What people take for a spreadsheet, by how it begins.
_OUTROS = (
    (b"\xd0\xcf\x11\xe0", "O arquivo é uma planilha antiga (.xls) ou protegida por senha: salve-a como .xlsx ou CSV."),
    ((b"\xff\xfe", b"\xfe\xff"), "O arquivo está em UTF-16 (“texto Unicode”): salve-o como CSV UTF-8."),
    (b"%PDF", "O arquivo é um PDF: envie um CSV ou uma planilha .xlsx."),
)
_EM_BRANCO = b' \t\r;,"'
_EMAIL = re.compile(r"email([0-9]{0,2})")

MAXIMO_DE_PARTES = 2_000
MAXIMO_DO_INDICE = 1 << 20  # bytes of the list of parts
MAXIMO_DESCOMPACTADO = 400 << 20
MAXIMA_RAZAO = 100  # of the whole, once it is larger than RAZAO_A_PARTIR_DE
RAZAO_A_PARTIR_DE = 10 << 20
MAXIMO_DE_MEMORIA = 1 << 30  # bytes of address space of the process that reads it
MAXIMO_DE_PROCESSADOR = 300  # seconds
_FIM_DO_ZIP, _FIM_DO_ZIP64 = b"PK\x05\x06", b"PK\x06\x07"


class ArquivoRecusado(Exception):
    """The file as a whole cannot be used; the message is for the operator."""


@dataclass(frozen=True)
class Linha:
    """A row, its cells trimmed; `lidos` is how many bytes of the file were read. With `problema` it has no cells."""

    numero: int
    celulas: list[str]
    lidos: int
    problema: str = ""
    conteudo: str = ""  # of a line that cannot be read


@dataclass(frozen=True)
class Colunas:
    """Where things are in a row: the CPF, the addresses in the order of the header, and what must be empty."""

    titulos: list[str]
    cpf: int
    emails: list[int]
    sem_titulo: list[int]


def conferir(arquivo: BinaryIO) -> None:
    """Refuse at once what can be seen to be no file of ours; the file is left at its start. Raises ArquivoRecusado."""
    arquivo.seek(0)
    try:
        inicio = arquivo.read(LIMITE_DA_LINHA)
        if inicio.startswith(INICIO_DE_ZIP):
            _conferir_xlsx(arquivo)
        else:
            _conferir_csv(inicio)
            while pedaco := arquivo.read(BLOCO):
                _recusar_nulos(pedaco)
    finally:
        arquivo.seek(0)


def abrir(arquivo: BinaryIO) -> tuple[Colunas, Iterator[Linha]]:
    """The columns of a named file, and its rows after the header, blank ones left out. Raises ArquivoRecusado, also
    while the rows are read. The iterator is to be closed by whoever does not exhaust it."""
    conferir(arquivo)
    e_xlsx = arquivo.read(len(INICIO_DE_ZIP)) == INICIO_DE_ZIP
    arquivo.seek(0)
    linhas = _linhas_do_xlsx(arquivo) if e_xlsx else _linhas_do_csv(arquivo)
    try:
        cabecalho = next(linhas, None)
        if cabecalho is None:
            raise ArquivoRecusado("A primeira aba da planilha está vazia." if e_xlsx else "O arquivo está vazio.")
        if cabecalho.problema:
            raise ArquivoRecusado(f"O cabeçalho não pôde ser lido. {cabecalho.problema}")
        return colunas(cabecalho.celulas), linhas
    except ArquivoRecusado:
        linhas.close()
        raise


# The header


def colunas(titulos: Sequence[str]) -> Colunas:
    """Raises ArquivoRecusado for a header that is not `cpf` and one or more of `email`, `email1`, `email2`…"""
    nomes = [_nome(titulo) for titulo in titulos]
    emails = [posicao for posicao, nome in enumerate(nomes) if _EMAIL.fullmatch(nome)]
    if "cpf" not in nomes and not emails:
        raise ArquivoRecusado(f"Falta o cabeçalho: a primeira linha deve ter os títulos das colunas, {COLUNAS}.")
    if len(titulos) > MAXIMO_DE_COLUNAS:
        raise ArquivoRecusado(f"O cabeçalho passa de {MAXIMO_DE_COLUNAS} colunas. As colunas são {COLUNAS}.")
    pares = zip(titulos, nomes, strict=True)
    if estranhas := [f"“{titulo[:30]}”" for titulo, nome in pares if titulo and not _e_nossa(nome)]:
        quais = "Coluna desconhecida:" if len(estranhas) == 1 else "Colunas desconhecidas:"
        raise ArquivoRecusado(f"{quais} {', '.join(estranhas[:8])}. As colunas são {COLUNAS}.")
    if nomes.count("cpf") != 1:
        quantas = "Falta a coluna cpf" if "cpf" not in nomes else "Há mais de uma coluna cpf"
        raise ArquivoRecusado(f"{quantas}. As colunas são {COLUNAS}.")
    if not emails:
        raise ArquivoRecusado(f"Falta a coluna email. As colunas são {COLUNAS}.")
    sem_titulo = [posicao for posicao, titulo in enumerate(titulos) if not titulo]
    return Colunas(list(titulos), nomes.index("cpf"), emails, sem_titulo)


def _e_nossa(nome: str) -> bool:
    return nome == "cpf" or _EMAIL.fullmatch(nome) is not None


def _nome(titulo: str) -> str:
    """A title without case, accents, spaces and marks."""
    return "".join(letra for letra in unicodedata.normalize("NFKD", titulo).casefold() if letra.isalnum())


# CSV


def _conferir_csv(inicio: bytes) -> None:
    for marca, motivo in _OUTROS:
        if inicio.startswith(marca):
            raise ArquivoRecusado(motivo)
    _recusar_nulos(inicio)
    linha = next((linha for linha in inicio.removeprefix(BOM).split(b"\n") if linha.strip(_EM_BRANCO)), b"")
    if not linha:
        raise ArquivoRecusado("O arquivo está vazio.")
    if b"\n" not in inicio and len(inicio) == LIMITE_DA_LINHA:
        raise ArquivoRecusado(f"{NAO_SERVE} A primeira linha passa de {LIMITE_DA_LINHA // 1024} mil caracteres.")
    if b"\r" in linha.rstrip(b"\r"):
        raise ArquivoRecusado("As linhas do arquivo não terminam como as de um CSV: salve-o como CSV UTF-8.")
    try:
        # Either encoding will do: a title is read without its accents.
        texto = leitura_csv.texto_da_linha(linha, "utf-8" if _e_utf8(linha) else "cp1252")
        colunas(_separar(texto, _separador(texto)))
    except leitura_csv.LinhaRecusada as erro:
        raise ArquivoRecusado(f"{NAO_SERVE} {erro}") from None


def _e_utf8(linha: bytes) -> bool:
    try:
        linha.decode()
    except UnicodeDecodeError:
        return False
    return True


def _recusar_nulos(pedaco: bytes) -> None:
    if b"\0" in pedaco:
        raise ArquivoRecusado(f"{NAO_SERVE} Ele tem bytes nulos: se for um CSV, salve-o de novo como CSV UTF-8.")


def _linhas_do_csv(arquivo: BinaryIO) -> Iterator[Linha]:
    codificacao = leitura_csv.descobrir_codificacao(Path(arquivo.name))
    lidos, separador = 0, ""
    for numero, bruta in leitura_csv.linhas(arquivo):
        lidos += len(bruta)
        if len(bruta) == LIMITE_DA_LINHA and not bruta.endswith(b"\n"):
            raise ArquivoRecusado(f"{NAO_SERVE} A linha {numero} passa de {LIMITE_DA_LINHA // 1024} mil caracteres.")
        if not bruta.strip():
            continue
        try:
            texto = leitura_csv.texto_da_linha(bruta, codificacao).removeprefix("\ufeff")
            separador = separador or _separador(texto)
            celulas = _separar(texto, separador)
        except leitura_csv.LinhaRecusada as erro:
            yield Linha(numero, [], lidos, str(erro), bruta[:1000].decode(codificacao, "replace").strip())
        else:
            if any(celulas):
                yield Linha(numero, celulas, lidos)


def _separar(texto: str, separador: str) -> list[str]:
    return [celula.strip() for celula in leitura_csv.separar(texto, separador)]


def _separador(cabecalho: str) -> str:
    """No title of ours has either; the semicolon is the one of pt-BR."""
    return ";" if ";" in cabecalho or "," not in cabecalho else ","


# .xlsx


def _conferir_xlsx(arquivo: BinaryIO) -> None:
    """What the list of its parts says, before anything is unpacked."""
    _conferir_indice(arquivo)
    try:
        with zipfile.ZipFile(arquivo) as pacote:
            partes = pacote.infolist()
    except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError):
        raise ArquivoRecusado(DANIFICADA) from None
    nomes = {parte.filename for parte in partes}
    if "[Content_Types].xml" not in nomes or not any(nome.startswith("xl/") for nome in nomes):
        raise ArquivoRecusado(f"{NAO_SERVE} Se for de outro programa, salve-o como .xlsx ou CSV.")
    if "xl/workbook.bin" in nomes:
        raise ArquivoRecusado("O arquivo é uma planilha binária (.xlsb): salve-a como .xlsx ou CSV.")
    if any(parte.flag_bits & 1 for parte in partes):
        raise ArquivoRecusado("A planilha está protegida por senha: salve-a sem senha.")
    total = sum(parte.file_size for parte in partes)
    compactado = sum(parte.compress_size for parte in partes)
    em_excesso = total > RAZAO_A_PARTIR_DE and total > MAXIMA_RAZAO * compactado
    if len(partes) > MAXIMO_DE_PARTES or total > MAXIMO_DESCOMPACTADO or em_excesso:
        raise ArquivoRecusado(
            "A planilha .xlsx, descompactada, passa do tamanho permitido: divida-a, ou salve-a como CSV."
        )


def _conferir_indice(arquivo: BinaryIO) -> None:
    """The list of parts is read whole: bound it first. A zip64 has no place in a file of this size."""
    tamanho = arquivo.seek(0, 2)
    arquivo.seek(max(0, tamanho - (1 << 16) - 22))
    fim = arquivo.read()
    achados = [m.start() for m in re.finditer(re.escape(_FIM_DO_ZIP), fim)]
    maior = max((int.from_bytes(fim[onde + 12 : onde + 16], "little") for onde in achados), default=0)
    if not achados or _FIM_DO_ZIP64 in fim or maior > MAXIMO_DO_INDICE:
        raise ArquivoRecusado(DANIFICADA)


def _linhas_do_xlsx(arquivo: BinaryIO) -> Iterator[Linha]:
    """What the process apart says of the rows; it ends with whoever reads."""
    limites = (MAXIMO_DE_COLUNAS + 1, MAXIMO_DE_MEMORIA, MAXIMO_DE_PROCESSADOR)
    comando = [sys.executable, "-m", "preventivo.xlsx", *map(str, limites)]
    with subprocess.Popen(
        comando, cwd=settings.BASE_DIR, stdin=arquivo, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
    ) as processo:
        try:
            for dita in processo.stdout:
                try:
                    numero, lidos, celulas = json.loads(dita)
                except ValueError:  # cut by what killed it
                    raise ArquivoRecusado(DANIFICADA) from None
                while celulas and not celulas[-1]:
                    celulas.pop()
                yield Linha(numero, celulas, lidos)
            if processo.wait():
                raise ArquivoRecusado(DANIFICADA)
        finally:
            processo.kill()
