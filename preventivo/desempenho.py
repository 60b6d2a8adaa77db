"""The numbers of a campaign, by the ledger of the outbox and the reasons beside it: few queries, whatever the size.

For every campaign, at every moment: mensagens = enviadas + falhas + pendentes + incertas + canceladas, and its Avisos
are mensagens + aguardando + barrados.
"""

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal

from django.db import connection
from django.db.models import Case, CharField, Count, F, Func, OuterRef, Q, Subquery, Sum, Value, When
from django.db.models.functions import Concat, Length, Substr

from mensageria.estados import Classe, Estado, Motivo
from mensageria.models import Lote, LoteContagem, Mensagem
from mensageria.palavras import palavras_do_motivo
from preventivo import campanhas as passos
from preventivo import regra
from preventivo.fonte import ORIGEM
from preventivo.models import Aviso, Campanha, Registro

ACEITAS = (Estado.ENVIADA, Estado.ENTREGUE)
NAO_CHEGARAM = (Estado.FALHA, Estado.CANCELADA, Estado.INCERTA)
SEM_RESPOSTA = "CPF sem resposta da empresa"
PASSOS = 60  # of the plot
A = Aviso.Situacao


def enviados(campanhas: Iterable[Campanha]) -> dict[int, int]:
    """Email Enviados of each: what SMTP accepted."""
    por_execucao = {campanha.execucao: campanha.pk for campanha in campanhas}
    aceitas = LoteContagem.objects.filter(lote__execucao__in=list(por_execucao), estado__in=ACEITAS)
    somas = dict(aceitas.values_list("lote__execucao").annotate(n=Sum("quantidade")))
    return {pk: somas.get(execucao, 0) for execucao, pk in por_execucao.items()}


@dataclass(frozen=True, kw_only=True)
class Andamento:
    """What is counted as it happens; `entregues` are among the `enviadas`."""

    registros: int
    acordos: int
    mensagens: int
    enviadas: int
    entregues: int
    falhas: int
    pendentes: int
    incertas: int
    canceladas: int


@dataclass(frozen=True, kw_only=True)
class Funil(Andamento):
    """With what must be counted; `barrados` are the Avisos that got no message, and never will; `a_consultar` are the
    CPFs that the company is still to be asked about, `a_confirmar` those that it is to be asked about again."""

    cpfs_com_acordo: int
    boletos_na_regra: int
    a_consultar: int
    a_confirmar: int
    aguardando: int
    barrados: int


def andamento(campanha: Campanha) -> Andamento:
    """As quick for a large campaign as for a small one: it may be asked every few seconds."""
    mensagens = Counter(passos.contagens(campanha))
    return Andamento(
        registros=campanha.registros,
        acordos=campanha.acordos,
        mensagens=mensagens.total(),
        enviadas=sum(mensagens[estado] for estado in ACEITAS),
        entregues=mensagens[Estado.ENTREGUE],
        falhas=mensagens[Estado.FALHA],
        pendentes=sum(mensagens[estado] for estado in passos.ACABAM),
        incertas=mensagens[Estado.INCERTA],
        canceladas=mensagens[Estado.CANCELADA],
    )


def funil(campanha: Campanha) -> Funil:
    """Needs operacao loaded. Before it sends, the boletos of the rule are those known so far."""
    avisos = dict(Aviso.objects.filter(campanha=campanha).values_list("situacao").annotate(n=Count("pk")))
    com_acordo = Registro.objects.filter(campanha=campanha, acordos__isnull=False)
    if avisos:
        na_regra = Aviso.objects.filter(campanha=campanha).values("boleto").distinct().count()
    else:
        na_regra = regra.boletos_na_regra(campanha).count()
    return Funil(
        **vars(andamento(campanha)),
        cpfs_com_acordo=com_acordo.values("pk").distinct().count(),
        boletos_na_regra=na_regra,
        **passos.a_consultar(campanha).aggregate(
            a_consultar=Count("pk", filter=Q(coletado_em=None)), a_confirmar=Count("coletado_em")
        ),
        aguardando=avisos.get(A.AGUARDANDO, 0),
        barrados=sum(n for situacao, n in avisos.items() if situacao not in (A.NA_FILA, A.AGUARDANDO)),
    )


def por_servico(campanha: Campanha) -> list[tuple[str, int]]:
    """How many each service had accepted, the one with most first."""
    aceitas = _mensagens(campanha).filter(estado__in=ACEITAS).values_list("servico__nome").annotate(n=Count("pk"))
    return sorted(((nome or "–", n) for nome, n in aceitas), key=lambda par: (-par[1], par[0]))


def por_motivo(campanha: Campanha) -> list[tuple[str, int]]:
    """Why what did not arrive did not, in words, with how many; the most frequent first."""
    motivos: Counter[str] = Counter()
    barrados = Aviso.objects.filter(campanha=campanha).exclude(situacao=A.NA_FILA)
    for situacao, n in barrados.values_list("situacao").annotate(n=Count("pk")):
        motivos[A(situacao).label] += n
    perdidas = _mensagens(campanha).filter(estado__in=NAO_CHEGARAM)
    for motivo, n in perdidas.values_list(_codigo("motivo")).annotate(n=Count("pk")):
        motivos[palavras_do_motivo(motivo)] += n
    if campanha.iniciada_em and (n := passos.sem_resposta(campanha).count()):
        motivos[SEM_RESPOSTA] += n
    return motivos.most_common()


PASSOS_DO_TEMPO = """
WITH aceitas AS (
    SELECT enviada_em FROM mensageria_mensagem
    WHERE lote_id = ANY (%(lotes)s) AND estado = ANY (%(estados)s) AND enviada_em IS NOT NULL
), limites AS (
    SELECT min(enviada_em) AS inicio, max(enviada_em) AS fim FROM aceitas
), passos AS (
    SELECT inicio, greatest(1, ceil(extract(epoch FROM fim - inicio) / %(passos)s + 0.000001)) AS segundos FROM limites
)
SELECT inicio, segundos, floor(extract(epoch FROM enviada_em - inicio) / segundos)::int, count(*)
FROM aceitas, passos GROUP BY 1, 2, 3
"""


def ao_longo_do_tempo(campanha: Campanha) -> list[tuple[datetime, int]]:
    """How many were accepted in each of at most PASSOS equal steps of whole seconds, from the first to the last."""
    lotes = list(Lote.objects.filter(execucao=campanha.execucao).values_list("pk", flat=True))
    with connection.cursor() as cursor:
        cursor.execute(PASSOS_DO_TEMPO, {"lotes": lotes, "estados": [int(e) for e in ACEITAS], "passos": PASSOS})
        linhas = cursor.fetchall()
    if not linhas:
        return []
    inicio, passo = linhas[0][0], timedelta(seconds=int(linhas[0][1]))
    quantos = {numero: n for _, _, numero, n in linhas}
    return [(inicio + passo * numero, quantos.get(numero, 0)) for numero in range(max(quantos) + 1)]


# Who did not receive


@dataclass(frozen=True)
class NaoRecebeu:
    """A boleto and an address, or a CPF of which nothing is known, and why."""

    cpf: str
    email: str
    numero: str
    vencimento: date | None
    valor: Decimal | None
    motivo: str
    mensagem_id: int | None


def nao_receberam(campanha: Campanha):
    """The Avisos that arrived nowhere, each with the fields of NaoRecebeu, by pk. Of CPFs without any, see
    `passos.sem_resposta`."""
    perdidas = _mensagens(campanha).filter(estado__in=NAO_CHEGARAM)
    da_mensagem = Mensagem.objects.filter(origem=ORIGEM, objeto_id=OuterRef("pk")).order_by("-pk")
    avisos = Aviso.objects.filter(~Q(situacao=A.NA_FILA) | Q(pk__in=perdidas.values("objeto_id")), campanha=campanha)
    return avisos.annotate(
        cpf=F("boleto__acordo__registro__cpf"),
        numero=F("boleto__numero"),
        vencimento=F("boleto__vencimento"),
        valor=F("boleto__valor"),
        mensagem_id=Subquery(da_mensagem.values("pk")[:1]),
        motivo_da_mensagem=Subquery(da_mensagem.values("motivo")[:1]),
        codigo_do_motivo=_codigo("motivo_da_mensagem"),
        motivo=Case(
            *(When(situacao=s, then=Value(s.label)) for s in A if s != A.NA_FILA),
            default=_em_palavras("codigo_do_motivo", "motivo_da_mensagem"),
            output_field=CharField(),
        ),
    ).order_by("pk")


def todos_que_nao_receberam(campanha: Campanha) -> Iterator[NaoRecebeu]:
    """Every one, in constant memory, with the CPFs that the company did not answer about at the end."""
    campos = tuple(NaoRecebeu.__dataclass_fields__)
    for linha in nao_receberam(campanha).values_list(*campos).iterator(chunk_size=2_000):
        yield NaoRecebeu(*linha)
    if campanha.iniciada_em or campanha.encerrada:
        sem_resposta = passos.sem_resposta(campanha).order_by("pk").values_list("cpf", "emails", "erro")
        for cpf, emails, erro in sem_resposta.iterator(chunk_size=2_000):
            motivo = f"{SEM_RESPOSTA}: {erro}" if erro else SEM_RESPOSTA
            yield from (NaoRecebeu(cpf, email, "", None, None, motivo, None) for email in emails)


def _em_palavras(codigo: str, motivo: str) -> Case:
    """`palavras_do_motivo`, told by the database."""
    resto = Substr(motivo, Length(codigo) + 1)
    com_resto = [When(**{codigo: m.value}, then=Concat(Value(m.label), resto)) for m in Motivo]
    respostas = [(dita, palavras_do_motivo(dita)) for dita in (*Classe.labels, "Operadora")]
    sem_resto = [When(**{codigo: dita}, then=Value(palavras)) for dita, palavras in respostas if palavras != dita]
    return Case(*com_resto, *sem_resto, default=F(motivo), output_field=CharField())


def _codigo(motivo: str) -> Func:
    """What stands before the words, as `palavras_do_motivo` takes it."""
    return Func(F(motivo), Value(": "), Value(1), function="split_part", output_field=CharField())


def _mensagens(campanha: Campanha):
    return Mensagem.objects.da_execucao(campanha.execucao)
