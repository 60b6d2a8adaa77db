"""What each CPF of the campaigns owes, asked of the companies' APIs.

Of each operação there is one collector in the whole installation, by a lock on a session of its own: so its rate and
its concurrency hold whatever the number of workers. A turn lasts some seconds. Threads only speak HTTP; each answer is
written before the thread that got it asks anything more, so a collector that dies costs the requests in the air.
"""

import logging
import random
import threading
import time
import traceback
from collections import deque
from collections.abc import Callable
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from django.db import DataError, connection, transaction
from django.db.models import Exists, OuterRef, Q
from django.utils import timezone

from mensageria import trabalhador
from preventivo import circuito, operadoras, regra, respostas
from preventivo.models import Acordo, Boleto, Campanha, Operacao, Registro
from preventivo.operadoras import Falha, FalhaDaOperadora, Interrompida, Operadora, SituacaoDoBoleto
from preventivo.respostas import Chave, Resposta

log = logging.getLogger(__name__)

TRAVA = 0x41560005  # the first half of the key of the lock of a collector
DURACAO = 20  # seconds of a turn
SEGUNDOS_DO_BLOCO, MAIOR_BLOCO = 2, 500  # CPFs taken at once, by the rate
PRIMEIRA_ESPERA, MAIOR_ESPERA = 30, 15 * 60  # seconds, of a CPF that failed
PERCENTUAL = 97  # of the limit per second
ATENCAO = 0.2  # seconds that a request to stop may go unseen
COLETAVEIS = (Campanha.Situacao.COLETANDO, Campanha.Situacao.AGENDADA, *Campanha.NO_ENVIO)
# Nothing of the CPF's own: it is as if it had not been asked.
DA_OPERADORA = (Falha.LIMITE, Falha.AUTENTICACAO)


def a_coletar(agora: datetime) -> list[int]:
    """The operações that have something to be asked now, and do not rest."""
    devidos = _devidos(agora).filter(campanha__operacao=OuterRef("pk"), campanha__situacao__in=COLETAVEIS)
    return list(_disponiveis(agora).filter(Exists(devidos)).values_list("pk", flat=True))


def coletar(
    operacao_id: int,
    *,
    relogio: Callable[[], datetime] = timezone.now,
    duracao: float = DURACAO,
    parar: Callable[[], bool] = lambda: False,
) -> int:
    """Ask about what is due until nothing is, the time is up or the API fails; return how many CPFs were answered.

    Nothing is done when somebody else collects that operação. What was begun is asked to its end when the time is up:
    a CPF of many pages at a slow rate may take longer than a turn. It is left when `parar` says so.
    """
    with trabalhador.exclusivo(TRAVA, operacao_id) as nossa:
        operacao = _disponiveis(relogio()).filter(pk=operacao_id).first()
        if nossa is None or operacao is None:
            return 0
        try:
            compasso = _Compasso(operacao.limite_segundo, threading.Event())
            cliente = operadoras.abrir(operacao, compasso.esperar)
        except FalhaDaOperadora as falha:
            circuito.falhou(operacao, falha, relogio())
            return 0
        fim = time.monotonic() + duracao
        with cliente:
            turno = _Turno(operacao, cliente, compasso, relogio)
            try:
                turno.rodar(parar=lambda: parar() or not nossa(), acabou=lambda: time.monotonic() >= fim)
            finally:
                for campanha in turno.campanhas:
                    contar_acordos(campanha)
        return turno.respondidos


def contar_acordos(campanha_id: int) -> None:
    """Campanha.acordos, counted again: whoever died took no count along."""
    quantos = Acordo.objects.filter(registro__campanha=campanha_id).count()
    Campanha.objects.filter(pk=campanha_id).exclude(acordos=quantos).update(acordos=quantos)


def _disponiveis(agora: datetime):
    """No secret is opened yet."""
    operacoes = Operacao.objects.filter(ativa=True).exclude(url="").defer("segredo")
    return operacoes.filter(Q(em_espera_ate=None) | Q(em_espera_ate__lte=agora))


def _devidos(agora: datetime):
    return Registro.objects.filter(Q(tomado_ate=None) | Q(tomado_ate__lte=agora), proxima_em__lte=agora)


@dataclass(frozen=True)
class _Pergunta:
    """A CPF to ask about. Of the boletos due on `vencimentos` the PDF is wanted, but for those in `guardados`."""

    registro: Registro
    vencimentos: frozenset[date]
    guardados: dict[Chave, str]


@dataclass(frozen=True)
class _Ouvido:
    """What came of a question: an answer, or a failure, or neither when there was no time to ask. `limite` is what the
    company said of its rate after it had answered."""

    pergunta: _Pergunta
    resposta: Resposta | None = None
    falha: FalhaDaOperadora | None = None
    limite: FalhaDaOperadora | None = None


class _Turno:
    def __init__(self, operacao: Operacao, cliente: Operadora, compasso: "_Compasso", relogio: Callable[[], datetime]):
        self.operacao, self.cliente, self.relogio = operacao, cliente, relogio
        self.parada = compasso.parada
        self.fila: deque[_Pergunta] = deque()
        self.no_ar: dict[Future[_Ouvido], _Pergunta] = {}
        self.campanhas: set[int] = set()
        self.respondidos = 0

    def rodar(self, *, parar: Callable[[], bool], acabou: Callable[[], bool]) -> None:
        with ThreadPoolExecutor(self.operacao.conexoes, "coleta") as linhas:
            try:
                while self._perguntar(linhas, parar, acabou):
                    prontas, _ = wait(self.no_ar, ATENCAO, FIRST_COMPLETED)
                    self._ouvir([self.no_ar.pop(futura) and futura.result() for futura in prontas])
            finally:
                self.parada.set()
                self._devolver([*self.fila, *self.no_ar.values()])

    def _perguntar(self, linhas: ThreadPoolExecutor, parar: Callable[[], bool], acabou: Callable[[], bool]) -> bool:
        """Keep every thread busy; False when nothing is asked or heard any more."""
        if not self.parada.is_set() and (parar() or circuito.descansa(self.operacao, self.relogio())):
            self.parada.set()
        conexoes = 1 if circuito.em_prova(self.operacao, self.relogio()) else self.operacao.conexoes
        while not (self.parada.is_set() or acabou()) and len(self.no_ar) < conexoes and (pergunta := self._proxima()):
            self.no_ar[linhas.submit(self._consultar, pergunta)] = pergunta
        return bool(self.no_ar)

    def _proxima(self) -> _Pergunta | None:
        if not self.fila:
            self.fila.extend(self._tomar())
        return self.fila.popleft() if self.fila else None

    @transaction.atomic
    def _tomar(self) -> list[_Pergunta]:
        """A block of what is due, of the campaigns nearest to their hour first; held while it may be in the air."""
        agora, operacao = self.relogio(), self.operacao
        em_prova = circuito.em_prova(operacao, agora)
        faltam = (
            1 if em_prova else min(MAIOR_BLOCO, max(operacao.conexoes, operacao.limite_segundo * SEGUNDOS_DO_BLOCO))
        )
        no_ar = [pergunta.registro.pk for pergunta in self.no_ar.values()]
        perguntas: list[_Pergunta] = []
        for campanha in Campanha.objects.filter(operacao=operacao, situacao__in=COLETAVEIS).order_by("envia_em", "pk"):
            campanha.operacao = operacao
            devidos = _devidos(agora).filter(campanha=campanha).exclude(pk__in=no_ar).order_by("proxima_em")
            achados = list(devidos.select_for_update(skip_locked=True)[: faltam - len(perguntas)])
            guardados, dias = _guardados(achados), frozenset(regra.vencimentos(campanha))
            perguntas += [_Pergunta(registro, dias, guardados.get(registro.pk, {})) for registro in achados]
            if len(perguntas) >= faltam:
                break
        ate = agora + timedelta(seconds=2 * operacao.prazo + 10)
        Registro.objects.filter(pk__in=[p.registro.pk for p in perguntas]).update(tomado_ate=ate)
        return perguntas

    def _consultar(self, pergunta: _Pergunta) -> _Ouvido:
        """In a thread: no database here."""
        desde = self.relogio()
        try:
            acordos = self.cliente.consultar(pergunta.registro.cpf)
            respostas.conferir(acordos)
            pdfs, limite = self._baixar(pergunta, acordos)
        except Interrompida:
            return _Ouvido(pergunta)
        except Exception as erro:
            return _Ouvido(pergunta, falha=_falha_de(erro))
        return _Ouvido(pergunta, Resposta(acordos, desde, pdfs), limite=limite)

    def _baixar(self, pergunta: _Pergunta, acordos) -> tuple[dict[str, bytes], FalhaDaOperadora | None]:
        """The PDFs that are wanted and come: a boleto without one is drawn."""
        pdfs: dict[str, bytes] = {}
        for boleto in [boleto for acordo in acordos for boleto in acordo.boletos]:
            aberto = boleto.situacao == SituacaoDoBoleto.ABERTO
            if not (boleto.tem_pdf and aberto and boleto.vencimento in pergunta.vencimentos):
                continue
            if respostas.chave(boleto) in pergunta.guardados:
                continue
            try:
                conteudo = self.cliente.pdf(boleto.numero)
            except Interrompida:
                break
            except FalhaDaOperadora as falha:
                if falha.falha == Falha.LIMITE:
                    return pdfs, falha
            else:
                if conteudo.startswith(b"%PDF"):
                    pdfs[boleto.numero] = conteudo
        return pdfs, None

    def _ouvir(self, ouvidos: list[_Ouvido]) -> None:
        """Write what came together, in one transaction."""
        try:
            self._gravar(ouvidos)
        except DataError as erro:  # one of them is what the database does not take, whatever was checked before
            log.error("Uma resposta de %s não pôde ser gravada: %s", self.operacao, _sem_palavras(erro))
            for ouvido in ouvidos:
                try:
                    self._gravar([ouvido])
                except DataError:
                    falha = FalhaDaOperadora(Falha.RESPOSTA, "a resposta não pôde ser gravada")
                    self._gravar([_Ouvido(ouvido.pergunta, falha=falha)])

    @transaction.atomic
    def _gravar(self, ouvidos: list[_Ouvido]) -> None:
        if not ouvidos:
            return
        agora = self.relogio()
        confirma_desde = self._confirma_desde({o.pergunta.registro.campanha_id for o in ouvidos})
        for ouvido in ouvidos:
            registro = ouvido.pergunta.registro
            if ouvido.resposta is not None:
                respostas.guardar(registro, ouvido.resposta, ouvido.pergunta.guardados, timezone.localdate(agora))
                desde = confirma_desde[registro.campanha_id]
                _gravar_acerto(registro, ouvido.resposta.desde, desde)
                circuito.acertou(self.operacao, agora)
            elif ouvido.falha is not None:
                _gravar_falha(registro, ouvido.falha, agora)
            if falha := _do_circuito(ouvido, circuito.em_prova(self.operacao, agora)):
                circuito.falhou(self.operacao, falha, agora)
        self._devolver([o.pergunta for o in ouvidos if o.resposta is None and o.falha is None])
        acertos = [o.pergunta.registro.campanha_id for o in ouvidos if o.resposta is not None]
        self.campanhas.update(acertos)
        self.respondidos += len(acertos)

    def _confirma_desde(self, campanhas: set[int]) -> dict[int, datetime]:
        """As each campaign is now; whoever gives it another date waits until this is written."""
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT id, envia_em FROM preventivo_campanha WHERE id = ANY (%s) ORDER BY id FOR KEY SHARE",
                [list(campanhas)],
            )
            horas = timedelta(hours=self.operacao.horas_da_confirmacao)
            return {pk: envia_em - horas for pk, envia_em in cursor.fetchall()}

    def _devolver(self, perguntas: list[_Pergunta]) -> None:
        """What was taken and not asked is whoever comes next's."""
        if perguntas:
            Registro.objects.filter(pk__in=[p.registro.pk for p in perguntas]).update(tomado_ate=None)


class _Compasso:
    """The moments at which requests leave, whatever the thread: so far apart that in no second more leave than the
    limit and one. The first one waits too, as the last of the turn before may have just left."""

    def __init__(self, limite: int, parada: threading.Event):
        self._entre, self.parada = 100 / (PERCENTUAL * limite), parada
        self._trava = threading.Lock()
        self._proxima = time.monotonic() + self._entre

    def esperar(self) -> bool:
        """Wait for a moment; False when everything stops before it."""
        with self._trava:
            momento = max(self._proxima, time.monotonic())
            self._proxima = momento + self._entre
        return not self.parada.wait(momento - time.monotonic())


def _guardados(registros: list[Registro]) -> dict[int, dict[Chave, str]]:
    """{registro: the PDFs that its boletos have}."""
    com_pdf = Boleto.objects.filter(acordo__registro__in=registros, pdf__isnull=False).select_related("acordo")
    guardados: dict[int, dict[Chave, str]] = {}
    for boleto in com_pdf:
        guardados.setdefault(boleto.acordo.registro_id, {})[respostas.chave(boleto)] = boleto.pdf_id
    return guardados


def _falha_de(erro: Exception) -> FalhaDaOperadora:
    """An error that nobody foresaw is an answer that breaks the contract; its own words may hold a secret or a CPF."""
    if isinstance(erro, FalhaDaOperadora):
        return erro
    log.error("Erro inesperado na coleta: %s", _sem_palavras(erro))
    return FalhaDaOperadora(Falha.RESPOSTA, f"erro inesperado ({type(erro).__name__})")


def _sem_palavras(erro: Exception) -> str:
    """Its type and where it happened. Its words, and those of what caused it, may have a secret or what a CPF owes."""
    return "\n".join([type(erro).__name__, *traceback.format_tb(erro.__traceback__)])


def _do_circuito(ouvido: _Ouvido, em_prova: bool) -> FalhaDaOperadora | None:
    """What counts against the API. Nonsense about a CPF that only gives nonsense does not, unless it is the proof."""
    falha = ouvido.falha or ouvido.limite
    if falha and falha.falha == Falha.RESPOSTA and ouvido.pergunta.registro.tentativas and not em_prova:
        return None
    return falha


def _gravar_acerto(registro: Registro, desde: datetime, confirma_desde: datetime) -> None:
    """Asked again in the last hours before it is sent, unless it was asked in them."""
    Registro.objects.filter(pk=registro.pk).update(
        coletado_em=desde,
        proxima_em=confirma_desde if desde < confirma_desde else None,
        tomado_ate=None,
        tentativas=0,
        erro="",
    )


def _gravar_falha(registro: Registro, falha: FalhaDaOperadora, agora: datetime) -> None:
    campos = {"tomado_ate": None, "erro": str(falha)[:300]}
    if falha.falha not in DA_OPERADORA:
        tentativas = min(registro.tentativas + 1, 1000)
        campos |= {"tentativas": tentativas, "proxima_em": agora + espera(tentativas, falha.esperar)}
    Registro.objects.filter(pk=registro.pk).update(**campos)


def espera(tentativas: int, pedida: float | None = None) -> timedelta:
    """After so many failures in a row, twice as long each time, up to a fifth less by chance; never less than the
    company asked for, up to the longest."""
    segundos = min(PRIMEIRA_ESPERA * 2 ** min(tentativas - 1, 20), MAIOR_ESPERA) * random.uniform(0.8, 1)
    return timedelta(seconds=min(max(segundos, pedida or 0), MAIOR_ESPERA))
