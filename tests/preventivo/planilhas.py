"""Files of campaigns, good and hostile, and campaigns that have them."""

import io
import itertools
import random
import struct
import zipfile
from datetime import timedelta

import openpyxl
from django.core.files.uploadedfile import SimpleUploadedFile

from cadastro.documentos import gerar_cpf
from preventivo import arquivos, importacao
from preventivo.models import Campanha, Operacao
from tests.fabricas import HOJE, meio_dia

AGORA = meio_dia(HOJE)
MARIA, JOAO = "01234567890", "12345678909"
OPERACOES = {"claro": ("Claro", "claro"), "net": ("Net", "net"), "semparar": ("Sem Parar", "sem_parar")}
_numeros = itertools.count(1)


def enviado(conteudo: bytes, nome: str = "preventivo.csv") -> SimpleUploadedFile:
    return SimpleUploadedFile(nome, conteudo)


def a_operacao(codigo: str = "claro") -> Operacao:
    """One of those that come with the product, also after a flush took them away."""
    nome, dialeto = OPERACOES[codigo]
    operacao, _ = Operacao.objects.get_or_create(codigo=codigo, defaults={"nome": nome, "dialeto": dialeto})
    operacao.tipos.get_or_create(nome=f"{nome.upper()} FASE 1")
    return operacao


def nova_campanha(conteudo: bytes | None = None, *, operacao: str = "claro", **campos) -> Campanha:
    """To be sent tomorrow; with a file it is to be imported, otherwise its file was read."""
    da_operacao = a_operacao(operacao)
    padrao = {
        "operacao": da_operacao,
        "tipo": da_operacao.tipos.first(),
        "envia_em": AGORA + timedelta(days=1),
        "criado_em": AGORA,
    }
    campanha = Campanha(**padrao | campos)
    if conteudo is not None:
        arquivos.guardar(campanha, enviado(conteudo))
        return campanha
    campanha.resumo = f"{next(_numeros):064x}"
    campanha.situacao = campos.get("situacao", Campanha.Situacao.A_CONFERIR)
    campanha.save()
    return campanha


def importada(conteudo: bytes) -> Campanha:
    campanha = nova_campanha(conteudo)
    importacao.importar(campanha.pk, AGORA)
    campanha.refresh_from_db()
    return campanha


def registros(campanha: Campanha) -> list[tuple]:
    """Line, CPF and addresses of each, in the order of the file."""
    return list(campanha.registros_da_campanha.order_by("id").values_list("linha", "cpf", "emails"))


def recusadas(campanha: Campanha) -> list[tuple]:
    return list(campanha.linhas_recusadas.values_list("linha", "coluna", "motivo", "conteudo"))


def cpfs(quantos: int, semente: int = 1) -> list[str]:
    """Distinct, valid and fictitious."""
    aleatorio, achados = random.Random(semente), {}
    while len(achados) < quantos:
        achados[gerar_cpf(aleatorio)] = None
    return list(achados)


def xlsx(linhas, **partes: bytes) -> bytes:
    """A workbook with these rows in its first sheet; `partes` replaces what is at a path, `__` standing for `/`."""
    livro = openpyxl.Workbook()
    for linha in linhas:
        livro.active.append(linha)
    saida = io.BytesIO()
    livro.save(saida)
    if not partes:
        return saida.getvalue()
    return reempacotado(saida.getvalue(), {nome.replace("__", "/") + ".xml": dados for nome, dados in partes.items()})


def reempacotado(conteudo: bytes, partes: dict[str, bytes]) -> bytes:
    saida = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(conteudo)) as antes, zipfile.ZipFile(saida, "w", zipfile.ZIP_DEFLATED) as depois:
        for nome in antes.namelist():
            if nome not in partes:
                depois.writestr(nome, antes.read(nome))
        for nome, dados in partes.items():
            depois.writestr(nome, dados)
    return saida.getvalue()


def aba(linhas: str, entidades: str = "") -> bytes:
    """The XML of a sheet with these rows."""
    espaco = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
    dados = f'<worksheet xmlns="{espaco}"><sheetData>{linhas}</sheetData></worksheet>'
    return f'<?xml version="1.0"?>{entidades}{dados}'.encode()


def com_indice_de(tamanho: int) -> bytes:
    """A ZIP whose end says that its list of parts has so many bytes."""
    bom = xlsx([["cpf", "email"]])
    onde = bom.rindex(b"PK\x05\x06") + 12
    return bom[:onde] + struct.pack("<L", tamanho) + bom[onde + 4 :]
