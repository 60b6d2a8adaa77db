"""Quotas: what each service has used of its month, what it may still reserve, and whether it is exhausted.

**Never exceeded, by any number of workers.** Of a quota, a message takes one from the moment when it is reserved until
it is given back or what may have reached the server is counted. Nothing counts reservations: what is reserved are the
service's messages in state EM_ENVIO. `Consumo.usado` changes in the transaction that takes them out of that state.

1. Whoever reserves holds one lock of the service until its transaction ends (`disponivel`), so the next one sees the
   messages of the one before. The lock is not of a period: two workers on both sides of a renewal exclude each other.
2. Under it, EM_ENVIO is counted before `usado` is read. A settlement needs no lock: one that commits in between is seen
   twice, which only makes a worker wait; none is missed. So reservations never wait for results, nor these for those,
   and no order of the two can lock in a circle.
3. What is reserved before a renewal and settled after it counts in the new period, where it was counted as reserved.
   Use under a later beginning than the present one (a clock set back, another day of renewal) counts too.
"""

from calendar import monthrange
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from math import ceil

from django.db import connection, transaction
from django.db.models import F, QuerySet, Value
from django.db.models.functions import Greatest
from django.urls import reverse
from django.utils import timezone
from django.utils.formats import date_format

from mensageria import alertas, circuito
from mensageria.alertas import negrito
from mensageria.canais.respostas import quando_volta
from mensageria.estados import Classe, Estado
from mensageria.models import (
    Alerta,
    Canal,
    Consumo,
    GatewaySMS,
    Mensagem,
    Servico,
    ServicoEmail,
    TentativaEnvio,
    amanha,
    inicio_do_dia,
)
from telas import registro

AVISOS = (80, 90)  # percent
DADOS_PARA_PREVER = timedelta(days=3)
MAIOR_FILA = 20_000  # a longer one is not counted: it takes days, and the use tells
EM_ENVIO_SEM_COTA = 10_000  # nobody needs to know of more
_TRAVA = 336_100  # advisory locks (_TRAVA + canal, service)


# The calendar


def inicio_do_periodo(dia_renovacao: int, hoje: date) -> date:
    """The last day of renewal that is not after `hoje`."""
    deste_mes = _renovacao(dia_renovacao, hoje)
    return deste_mes if deste_mes <= hoje else _renovacao(dia_renovacao, hoje.replace(day=1) - timedelta(days=1))


def proxima_renovacao(dia_renovacao: int, hoje: date) -> date:
    """The first day of renewal after `hoje`."""
    deste_mes = _renovacao(dia_renovacao, hoje)
    return deste_mes if deste_mes > hoje else _renovacao(dia_renovacao, _ultimo_dia(hoje) + timedelta(days=1))


def _renovacao(dia: int, do_mes: date) -> date:
    """The day of renewal in that month: its last one when it has not so many."""
    return do_mes.replace(day=min(dia, _ultimo_dia(do_mes).day))


def _ultimo_dia(do_mes: date) -> date:
    return do_mes.replace(day=monthrange(do_mes.year, do_mes.month)[1])


# How a service stands


@dataclass(frozen=True)
class Situacao:
    """The use of one service in its present period, as it is said to people."""

    cota: int | None
    inicio: date
    renovacao: date
    usado: int = 0  # by Avisa: accepted, and uncertain
    ja_usado: int = 0  # outside
    em_envio: int = 0  # reserved now
    esgotado_em: datetime | None = None
    servidor_ate: datetime | None = None  # until when the server said that it takes no more, while that lasts
    palavras: str = ""

    @property
    def liquidado(self) -> int:
        return self.usado + self.ja_usado

    @property
    def restante(self) -> int | None:
        """What may still be used, reserved or not; None without a quota."""
        return None if self.cota is None else max(self.cota - self.liquidado, 0)

    @property
    def percentual(self) -> int | None:
        """Rounded down: 100 is all of it."""
        return None if self.cota is None else 100 * self.liquidado // self.cota

    @property
    def esgotado(self) -> bool:
        """By count, or by the server's words. All of it merely reserved is not exhausted: it may be given back."""
        return self.servidor_ate is not None or self.restante == 0

    @property
    def ate(self) -> datetime | None:
        """When it is no longer exhausted, if nobody does anything."""
        if not self.esgotado:
            return None
        return inicio_do_dia(self.renovacao) if self.restante == 0 else self.servidor_ate

    def livres(self, pedido: int) -> int:
        """How many of `pedido` may be reserved."""
        if self.servidor_ate is not None:
            return 0
        return pedido if self.cota is None else max(min(pedido, self.cota - self.liquidado - self.em_envio), 0)

    def __str__(self):
        """812 de 1.000 (81 %)."""
        if self.cota is None:
            return f"{milhar(self.liquidado)}, sem cota"
        return f"{milhar(self.liquidado)} de {milhar(self.cota)} ({self.percentual} %)"


def milhar(numero: int) -> str:
    """1000 as 1.000."""
    return f"{numero:,}".replace(",", ".")


def situacao(servico: Servico, agora: datetime) -> Situacao:
    return _situacao(servico, agora, em_envio=_em_envio(servico))


def situacoes(servicos: Iterable[Servico], agora: datetime) -> dict[int, Situacao]:
    """{pk: how it stands} of services of one channel, by one query; what is reserved is not counted."""
    servicos = list(servicos)
    if not servicos:
        return {}
    coluna = _coluna(servicos[0])
    desde = min(_inicio(servico, agora) for servico in servicos)
    linhas = defaultdict(list)
    for linha in Consumo.objects.filter(**{f"{coluna}__in": servicos}, inicio__gte=desde):
        linhas[getattr(linha, f"{coluna}_id")].append(linha)
    return {servico.pk: _somar(servico, linhas[servico.pk], agora) for servico in servicos}


def esgotado(servico: Servico, agora: datetime) -> bool:
    return _situacao(servico, agora).esgotado


def esgotados(agora: datetime) -> set[int]:
    """The e-mail services that are exhausted."""
    todas = situacoes(ServicoEmail.objects.defer("senha"), agora)
    return {pk for pk, uma in todas.items() if uma.esgotado}


def esgotamento(servico: Servico, agora: datetime) -> str:
    """The name of the present exhaustion, the same for whoever asks; empty when the service is not exhausted."""
    atual = marcar_esgotamento(servico, agora)
    return atual.esgotado_em.isoformat() if atual.esgotado_em else ""


def _situacao(servico: Servico, agora: datetime, em_envio: int = 0) -> Situacao:
    return _somar(servico, _linhas(servico, _inicio(servico, agora)), agora, em_envio)


def _somar(servico: Servico, linhas: Iterable[Consumo], agora: datetime, em_envio: int = 0) -> Situacao:
    inicio = _inicio(servico, agora)
    linhas = sorted((linha for linha in linhas if linha.inicio >= inicio), key=lambda linha: linha.inicio)
    do_servidor = max(
        (linha for linha in linhas if linha.esgotado_ate and linha.esgotado_ate > agora),
        key=lambda linha: linha.esgotado_ate,
        default=None,
    )
    return Situacao(
        cota=servico.cota_mensal,
        inicio=inicio,
        renovacao=proxima_renovacao(servico.dia_renovacao, timezone.localdate(agora)),
        usado=sum(linha.usado for linha in linhas),
        ja_usado=sum(linha.ja_usado for linha in linhas),
        em_envio=em_envio,
        esgotado_em=next((linha.esgotado_em for linha in linhas if linha.esgotado_em), None),
        servidor_ate=do_servidor.esgotado_ate if do_servidor else None,
        palavras=do_servidor.palavras if do_servidor else "",
    )


def _em_envio(servico: Servico) -> int:
    """How many messages are reserved: no more are counted than change anything."""
    reservadas = Mensagem.objects.filter(estado=Estado.EM_ENVIO, **{f"reserva__{_coluna(servico)}": servico})
    maximo = EM_ENVIO_SEM_COTA if servico.cota_mensal is None else servico.cota_mensal
    return reservadas.order_by()[:maximo].count()


def _coluna(servico: Servico) -> str:
    return "servico_email" if servico.canal == Canal.EMAIL else "gateway"


def _inicio(servico: Servico, agora: datetime) -> date:
    return inicio_do_periodo(servico.dia_renovacao, timezone.localdate(agora))


def _linhas(servico: Servico, inicio: date):
    return Consumo.objects.do(servico).filter(inicio__gte=inicio).order_by("inicio")


def _criar(servico: Servico, inicio: date) -> None:
    """The row of a period, unless it is there."""
    Consumo.objects.bulk_create([Consumo(**Consumo.chaves(servico), inicio=inicio)], ignore_conflicts=True)


# What the engine asks and tells


def disponivel(servico: Servico, agora: datetime, pedido: int) -> int:
    """How many of `pedido` messages may be reserved, in the transaction that reserves them.

    With a quota, no other transaction is answered for this service until that one ends.
    """
    servico.refresh_from_db(fields=["cota_mensal", "dia_renovacao"])  # the turn may have begun before a change
    if servico.cota_mensal is None:
        return _situacao(servico, agora).livres(pedido)
    _travar(servico)
    return situacao(servico, agora).livres(pedido)


def _travar(servico: Servico) -> None:
    if not connection.in_atomic_block:
        raise transaction.TransactionManagementError("A reservation of quota holds only within a transaction.")
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s, %s)", [_TRAVA + servico.canal, servico.pk])


@transaction.atomic(savepoint=False)
def contar(servico: Servico, momentos: Iterable[datetime], sinal: int = 1) -> None:
    """Add one use at each moment, or take it back, in the period of its local day; to be called in the transaction that
    settles the messages. It is counted without a quota too: one that comes later knows the month.
    """
    momentos = list(momentos)
    if not momentos:
        return
    servico.refresh_from_db(fields=["cota_mensal", "dia_renovacao"])
    por_periodo = _por_periodo(servico, momentos)
    for inicio, quantos in sorted(por_periodo.items()):  # in one order, so that nobody waits in a circle
        linha = Consumo.objects.do(servico).filter(inicio=inicio)
        usado = Greatest(F("usado") + sinal * quantos, 0)
        if not linha.update(usado=usado):
            _criar(servico, inicio)
            linha.update(usado=usado)
    if servico.cota_mensal is not None:
        marcar_esgotamento(servico, max(momentos))


@transaction.atomic
def gastar(servico: Servico, pedido: int, agora: datetime) -> int:
    """Count `pedido` uses of what leaves without a reservation, an alert or a test, before it does; return how many the
    quota allows. Those that do not leave are given back with `contar(…, sinal=-1)`."""
    cabem = disponivel(servico, agora, pedido)
    contar(servico, [agora] * cabem)
    return cabem


def _por_periodo(servico: Servico, momentos: Sequence[datetime]) -> Mapping[date, int]:
    """How many of them each period has: nearly always they are all of one."""
    primeiro = _inicio(servico, min(momentos))
    if primeiro == _inicio(servico, max(momentos)):
        return {primeiro: len(momentos)}
    return Counter(_inicio(servico, momento) for momento in momentos)


def marcar_esgotamento(servico: Servico, agora: datetime) -> Situacao:
    """Write when the service became exhausted, or that it no longer is, and return how it stands.

    One exhaustion has one moment, whoever sees it first and however often.
    """
    atual = _situacao(servico, agora)
    if atual.esgotado == bool(atual.esgotado_em):
        return atual
    with transaction.atomic():
        linhas = list(_linhas(servico, atual.inicio).select_for_update())
        atual = _somar(servico, linhas, agora)
        if atual.esgotado and not atual.esgotado_em:
            linhas[0].esgotado_em = agora
            linhas[0].save(update_fields=["esgotado_em"])
        elif atual.esgotado_em and not atual.esgotado:
            _linhas(servico, atual.inicio).update(esgotado_em=None)
        return _situacao(servico, agora)


def esgotar(servico: Servico, palavras: str, agora: datetime) -> bool:
    """The server says that it takes no more: until tomorrow by a daily limit, else until the renewal.

    False when that was known.
    """
    hoje = timezone.localdate(agora)
    do_dia = quando_volta(palavras) == "dia"
    ate = amanha(agora) if do_dia else inicio_do_dia(proxima_renovacao(servico.dia_renovacao, hoje))
    with transaction.atomic():
        _criar(servico, _inicio(servico, agora))
        linha = Consumo.objects.do(servico).select_for_update().get(inicio=_inicio(servico, agora))
        if linha.esgotado_ate and linha.esgotado_ate > agora:
            return False
        if not _somar(servico, [linha], agora).esgotado:
            linha.esgotado_em = agora  # another exhaustion than the one before, which may not have been cleared
        linha.esgotado_ate, linha.palavras = ate, palavras[:300]
        linha.save(update_fields=["esgotado_em", "esgotado_ate", "palavras"])
    return True


# What a person does


@transaction.atomic
def reativar(servico: Servico, usuario, agora: datetime) -> Situacao:
    """Forget what the server said and what failed, and try again now. A quota that was used up stays used up."""
    _linhas(servico, _inicio(servico, agora)).update(esgotado_ate=None, palavras="")
    circuito.fechar(servico, agora)
    registro.registrar(usuario, servico, "Reativado.")
    return marcar_esgotamento(servico, agora)


@transaction.atomic
def informar_ja_usado(servico: Servico, quantos: int, usuario, agora: datetime) -> None:
    """What left through the service in this period outside Avisa, as a person says."""
    inicio = _inicio(servico, agora)
    antes = _situacao(servico, agora).ja_usado
    _criar(servico, inicio)
    _linhas(servico, inicio).exclude(inicio=inicio).update(ja_usado=0)
    _linhas(servico, inicio).filter(inicio=inicio).update(ja_usado=quantos)
    marcar_esgotamento(servico, agora)
    desde = date_format(inicio, "d/m/Y")
    registro.registrar(
        usuario, servico, f"Já usado no período desde {desde}: de {milhar(antes)} para {milhar(quantos)}."
    )


@transaction.atomic
def cota_mudou(servico: Servico, agora: datetime) -> None:
    """Another quota warns anew, and may end an exhaustion or begin one."""
    _linhas(servico, _inicio(servico, agora)).update(aviso=0, previsao_avisada=False)
    marcar_esgotamento(servico, agora)


@transaction.atomic
def renovacao_mudou(servico: Servico, dia_anterior: int, nome: str, agora: datetime) -> None:
    """The present period begins on another day: count again what it used, from the attempts made under `nome`.

    All of them are read, which is slow and rare. A turn under way may still count by the day that was.
    """
    hoje = timezone.localdate(agora)
    velho, novo = inicio_do_periodo(dia_anterior, hoje), _inicio(servico, agora)
    if velho == novo:
        return
    _criar(servico, velho)
    _linhas(servico, novo).exclude(inicio=velho).delete()
    usado = Greatest(Value(_usado_desde(nome, novo)), F("usado") if novo < velho else Value(0))
    Consumo.objects.do(servico).filter(inicio=velho).update(inicio=novo, usado=usado)
    marcar_esgotamento(servico, agora)


def _usado_desde(nome: str, inicio: date) -> int:
    """How many may have reached the server; an uncertain one that turned out accepted counts once."""
    usos = TentativaEnvio.objects.filter(
        servico=nome, momento__gte=inicio_do_dia(inicio), classe__in=(Classe.ACEITA, Classe.INCERTA)
    )
    return usos.order_by().values("mensagem", "reserva").distinct().count()


# What is told before it is too late


def avisos(servico: Servico, agora: datetime) -> None:
    """Tell at 80 % and at 90 % of the quota, and when it will not last; each once a period."""
    if servico.cota_mensal is None:
        return
    atual = marcar_esgotamento(servico, agora)
    linha = Consumo.objects.do(servico).filter(inicio=atual.inicio)
    if not atual.esgotado:
        _avisar_cota(servico, atual, linha, agora)
        _avisar_previsao(servico, atual, linha, agora)
    _tirar_os_velhos(servico, linha.first(), agora)


def tique(agora: datetime) -> None:
    """The warnings of every service that has a quota, also of those that send nothing now."""
    for modelo, segredos in ((ServicoEmail, ["senha"]), (GatewaySMS, ["credencial", "segredo_retorno"])):
        for servico in modelo.objects.filter(ativo=True, cota_mensal__isnull=False).defer(*segredos):
            avisos(servico, agora)


@transaction.atomic
def _avisar_cota(servico: Servico, atual: Situacao, linha: QuerySet[Consumo], agora: datetime) -> None:
    nivel = max((nivel for nivel in AVISOS if atual.percentual >= nivel), default=0)
    if linha.filter(aviso__lt=nivel).update(aviso=nivel):
        _avisar(
            Alerta.Tipo.COTA,
            servico,
            atual,
            agora,
            str(nivel),
            assunto=f"Cota de {servico} em {atual.percentual} %",
            titulo="Cota Perto do Fim",
            paragrafos=[f"O serviço {negrito(servico.nome)} usou {negrito(str(atual))} da cota."],
        )


@transaction.atomic
def _avisar_previsao(servico: Servico, atual: Situacao, linha: QuerySet[Consumo], agora: datetime) -> None:
    a_avisar = linha.filter(previsao_avisada=False)
    if a_avisar.exists() and (porque := _por_que_nao_chega(servico, agora)) and a_avisar.update(previsao_avisada=True):
        _avisar(
            Alerta.Tipo.PREVISAO,
            servico,
            atual,
            agora,
            "previsao",
            assunto=f"A cota de {servico} não chega ao fim do período",
            titulo="A Cota Não Chega ao Fim do Período",
            paragrafos=[porque, f"Até agora o serviço {negrito(servico.nome)} usou {negrito(str(atual))}."],
        )


def _avisar(tipo, servico: Servico, atual: Situacao, agora: datetime, nome: str, *, paragrafos, **texto) -> None:
    alertas.avisar(
        tipo,
        f"cota:{_coluna(servico)}:{servico.pk}:{atual.inicio}:{atual.cota}:{nome}",
        agora=agora,
        paragrafos=[*paragrafos, f"A cota recomeça em {negrito(_por_extenso(atual.renovacao))}."],
        servico=servico,
        caminho=reverse(f"admin:mensageria_{servico._meta.model_name}_change", args=[servico.pk]),
        **texto,
    )


def _por_que_nao_chega(servico: Servico, agora: datetime) -> str:
    """Why the quota will not last until the renewal, by what is in the queue or by the use so far; empty if it will."""
    atual = situacao(servico, agora)
    livres = max(atual.restante - atual.em_envio, 0)
    if livres < MAIOR_FILA and na_fila(servico, atual.renovacao, livres + 1) > livres:
        return (
            f"O serviço {negrito(servico.nome)} tem na fila mais mensagens do que as {negrito(milhar(livres))} que a "
            "cota ainda permite."
        )
    decorrido = agora - inicio_do_dia(atual.inicio)
    if decorrido < DADOS_PARA_PREVER or not atual.liquidado:
        return ""
    falta = inicio_do_dia(atual.renovacao) - agora
    # Compared before it is a date: at a slow pace it ends past any calendar.
    if decorrido.total_seconds() * atual.restante >= falta.total_seconds() * atual.liquidado:
        return ""
    acaba = agora + decorrido * (atual.restante / atual.liquidado)
    por_dia = ceil(atual.liquidado / (decorrido / timedelta(days=1)))
    return (
        f"No ritmo de agora, {milhar(por_dia)} envios por dia, a cota do serviço {negrito(servico.nome)} acaba em "
        f"{negrito(_por_extenso(timezone.localdate(acaba)))}."
    )


def na_fila(servico: Servico, antes_de: date, maximo: int) -> int:
    """How many messages wait to leave through the service before that day, counted up to `maximo`."""
    por_onde = {"remetente__servico" if servico.canal == Canal.EMAIL else "gateway": servico}
    fila = Mensagem.objects.filter(
        **por_onde, estado=Estado.PENDENTE, canal=servico.canal, proxima_tentativa_em__lt=inicio_do_dia(antes_de)
    )
    return fila.order_by()[:maximo].count()


def _tirar_os_velhos(servico: Servico, linha: Consumo | None, agora: datetime) -> None:
    """What was told of another period, or of another quota, is over."""
    if linha is None or not linha.aviso:
        alertas.resolver(agora, tipo=Alerta.Tipo.COTA, servico=servico)
    if linha is None or not linha.previsao_avisada:
        alertas.resolver(agora, tipo=Alerta.Tipo.PREVISAO, servico=servico)


def _por_extenso(dia: date) -> str:
    return date_format(dia, "d/m/Y")
