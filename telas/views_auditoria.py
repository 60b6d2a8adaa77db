"""The page of the audit, and its file."""

from collections.abc import Iterator
from itertools import islice

from django.contrib.auth.decorators import permission_required
from django.db.models import QuerySet
from django.http import HttpResponseRedirect, StreamingHttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_safe

from telas import csv_brasileiro, mudancas, registro
from telas.forms_auditoria import FiltroDaAuditoria
from telas.models import EntradaAuditoria
from telas.mudancas import Mudanca, Vista
from telas.paginacao import Pagina
from telas.templatetags.telas import quantos

BLOCO = 500  # entries read at a time for the file
COLUNAS = (
    "Data e hora", "Quem", "Por onde", "Ação", "O quê", "Número", "Nome", "Campo", "De", "Para", "Descrição",
    "Registros", "Operação",
)  # fmt: skip

pode_ver = permission_required("telas.view_entradaauditoria", raise_exception=True)


@require_safe
@pode_ver
def auditoria(request):
    filtro = FiltroDaAuditoria(request.GET)
    contexto = {"form": filtro}
    if filtro.is_valid():
        entradas = filtro.filtrar(EntradaAuditoria.objects.all())
        pagina = Pagina(entradas, request.GET, ordens={"momento": "momento"}, padrao="-momento", tamanho=25)
        vistas = mudancas.mostrar(pagina.linhas, cpf_inteiro=_ve_cpf(request))
        contexto |= {"pagina": pagina, "vistas": vistas, "consulta": request.GET.urlencode()}
    return render(request, "telas/auditoria.html", contexto)


@require_safe
@pode_ver
def exportar(request):
    """What the filter shows, as CSV: a line for each field that changed. Who took it away is an entry too."""
    filtro = FiltroDaAuditoria(request.GET)
    if not filtro.is_valid():
        return HttpResponseRedirect(f"{reverse('telas:auditoria')}?{request.GET.urlencode()}")
    entradas = filtro.filtrar(EntradaAuditoria.objects.order_by("-momento", "-id"))
    inteiro = _ve_cpf(request)
    ultima = EntradaAuditoria.objects.order_by("-id").values_list("id", flat=True).first() or 0
    registro.em_massa(request.user, EntradaAuditoria, "Auditoria exportada em CSV.", 1)
    arquivo = csv_brasileiro.em_csv(COLUNAS, _linhas(entradas.filter(pk__lte=ultima), inteiro))
    return StreamingHttpResponse(
        arquivo,
        content_type=csv_brasileiro.TIPO,
        headers={"Content-Disposition": 'attachment; filename="auditoria.csv"'},
    )


def _ve_cpf(request) -> bool:
    return request.user.has_perm("preventivo.ver_cpf")


def _linhas(entradas: QuerySet, cpf_inteiro: bool) -> Iterator[tuple]:
    todas = entradas.iterator(chunk_size=BLOCO)
    while bloco := list(islice(todas, BLOCO)):
        for vista in mudancas.mostrar(bloco, cpf_inteiro=cpf_inteiro):
            yield from _da_vista(vista)


def _da_vista(vista: Vista) -> Iterator[tuple]:
    entrada = vista.entrada
    inicio = (entrada.momento, entrada.quem, entrada.via, entrada.get_acao_display(), vista.titulo)
    fim = (vista.mensagem, entrada.quantas, entrada.transacao)
    partes = [(linha.numero, linha.nome, mudanca) for linha in vista.linhas for mudanca in linha.mudancas or [None]]
    partes += [(vista.numero, vista.nome, mudanca) for mudanca in vista.ditas]
    partes += [("", "", Mudanca(campo, "", quantos(n, "registro,registros"))) for campo, n in vista.colunas]
    for numero, nome, mudanca in partes or [(vista.numero, vista.nome, None)]:
        meio = (mudanca.campo, mudanca.de, mudanca.para) if mudanca else ("", "", "")
        yield (*inicio, numero, nome, *meio, *fim)
