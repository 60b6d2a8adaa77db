"""Tables as files that spreadsheets open: CSV as pt-BR reads it, row by row, and XLSX, bounded.

A text that a spreadsheet would take for a formula gets an apostrophe: what customers and companies wrote is data.
"""

import csv
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import astuple
from datetime import date, datetime
from decimal import Decimal
from itertools import islice
from typing import BinaryIO

from django.db.models import OuterRef, Subquery
from django.utils import timezone
from openpyxl import Workbook
from openpyxl.cell.cell import ILLEGAL_CHARACTERS_RE

from cadastro.documentos import formatar_documento
from mensageria.consumo import milhar
from mensageria.estados import Estado
from mensageria.models import Mensagem
from preventivo.desempenho import ACEITAS, todos_que_nao_receberam
from preventivo.fonte import ORIGEM, mascarar_cpf
from preventivo.models import Aviso, Campanha
from telas.campos import moeda

Tabela = tuple[Sequence[str], Iterable[Sequence]]
FORMATOS = {
    "csv": "text/csv; charset=utf-8",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}
LINHAS_DO_XLSX = 20_000  # some three seconds of work in a request; what is longer is for CSV
BLOCO = 2_000  # rows read at a time
_BOM = "\ufeff"  # by it a spreadsheet knows UTF-8
_DE_FORMULA = ("=", "+", "-", "@", "\t", "\r")


class LinhasDemais(Exception):
    """More rows than an XLSX gets here. The message is for the user."""


class _Eco:
    """A file for csv.writer that gives back what is written."""

    def write(self, texto: str) -> str:
        return texto


def em_csv(colunas: Sequence[str], linhas: Iterable[Sequence]) -> Iterator[str]:
    """The file in pieces, in constant memory."""
    escrever = csv.writer(_Eco(), delimiter=";").writerow
    yield _BOM + escrever(colunas)
    for linha in linhas:
        yield escrever([_em_texto(valor) for valor in linha])


def em_xlsx(colunas: Sequence[str], linhas: Iterable[Sequence], arquivo: BinaryIO) -> None:
    """Write the file in constant memory. Raises LinhasDemais."""
    livro = Workbook(write_only=True)
    folha = livro.create_sheet("Campanha")
    folha.append(list(colunas))
    restantes = iter(linhas)
    for linha in islice(restantes, LINHAS_DO_XLSX):
        folha.append([_da_planilha(valor) for valor in linha])
    livro.save(arquivo)  # also when they are too many: it is what takes its temporary files away
    if next(restantes, None) is not None:
        raise LinhasDemais(f"São mais de {milhar(LINHAS_DO_XLSX)} linhas: exporte em CSV.")


def sem_formula(texto: str) -> str:
    return f"'{texto}" if texto.startswith(_DE_FORMULA) else texto


def _em_texto(valor) -> str:
    if isinstance(valor, Decimal):
        return moeda(valor)
    if isinstance(valor, datetime):
        return f"{timezone.localtime(valor):%d/%m/%Y %H:%M:%S}"
    if isinstance(valor, date):
        return f"{valor:%d/%m/%Y}"
    return "" if valor is None else sem_formula(str(valor))


def _da_planilha(valor):
    """Numbers and days stay what they are; a spreadsheet knows no time zones and no control characters."""
    if isinstance(valor, datetime):
        return timezone.localtime(valor).replace(tzinfo=None)
    if isinstance(valor, str):
        return sem_formula(ILLEGAL_CHARACTERS_RE.sub("", valor))
    return valor


# What a campaign has to give


def receberam(campanha: Campanha, *, inteiro: bool) -> Tabela:
    """Each boleto and address whose message was accepted; a CPF is whole only when asked so."""
    colunas = ("CPF", "E-mail", "Boleto", "Vencimento", "Valor", "Enviada em", "Serviço", "Situação", "Mensagem")
    da_campanha = Mensagem.objects.da_execucao(campanha.execucao)
    da_mensagem = da_campanha.filter(origem=ORIGEM, objeto_id=OuterRef("pk"), estado__in=ACEITAS)
    avisos = Aviso.objects.filter(campanha=campanha, situacao=Aviso.Situacao.NA_FILA).order_by("pk")
    linhas = avisos.annotate(
        mensagem=Subquery(da_mensagem.values("pk")[:1]),
        destino=Subquery(da_mensagem.values("destino")[:1]),
        enviada_em=Subquery(da_mensagem.values("enviada_em")[:1]),
        servico=Subquery(da_mensagem.values("servico__nome")[:1]),
        estado=Subquery(da_mensagem.values("estado")[:1]),
    ).filter(mensagem__isnull=False)
    campos = ("boleto__acordo__registro__cpf", "destino", "boleto__numero", "boleto__vencimento", "boleto__valor")
    valores = linhas.values_list(*campos, "enviada_em", "servico", "estado", "mensagem").iterator(chunk_size=BLOCO)
    return colunas, ((_cpf(cpf, inteiro), *meio, Estado(estado).label, pk) for cpf, *meio, estado, pk in valores)


def nao_receberam(campanha: Campanha, *, inteiro: bool) -> Tabela:
    """Everybody else: what did not arrive, what was not sent, and the CPFs that the company did not answer about."""
    colunas = ("CPF", "E-mail", "Boleto", "Vencimento", "Valor", "Motivo", "Mensagem")
    linhas = map(astuple, todos_que_nao_receberam(campanha))
    return colunas, ((_cpf(cpf, inteiro), *resto) for cpf, *resto in linhas)


def _cpf(cpf: str, inteiro: bool) -> str:
    return formatar_documento(cpf) if inteiro else mascarar_cpf(cpf)
