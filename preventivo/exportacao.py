"""Tables as files that spreadsheets open: CSV, row by row (telas.csv_brasileiro), and XLSX, bounded."""

from collections.abc import Iterable, Sequence
from dataclasses import astuple
from datetime import datetime
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
from telas.csv_brasileiro import TIPO, sem_formula

Tabela = tuple[Sequence[str], Iterable[Sequence]]
FORMATOS = {
    "csv": TIPO,
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}
LINHAS_DO_XLSX = 20_000  # some three seconds of work in a request; what is longer is for CSV
BLOCO = 2_000  # rows read at a time


class LinhasDemais(Exception):
    """More rows than an XLSX gets here. The message is for the user."""


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
