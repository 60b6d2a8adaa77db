"""Whatever the order of replies, deaths, pauses, changes of service and steps of the clock, the promises hold.

A turn dies here as by kill -9: from that moment on neither its journal nor the database hears of it again.
"""

import tempfile
from collections import Counter
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from django.contrib.auth.models import User
from django.db import transaction
from hypothesis import HealthCheck, example, given
from hypothesis import settings as ajustes
from hypothesis import strategies as st

from mensageria import balanco, consumo, decisoes, diario, envio, pausas, recuperacao, resultados, rotacao
from mensageria.canais.base import FalhaDeEnvio, Resposta
from mensageria.canais.memoria import CanalDeMemoria
from mensageria.estados import Classe, Estado
from mensageria.models import (
    Consumo,
    Lote,
    Mensagem,
    OrigemEnvio,
    Remetente,
    Reserva,
    ServicoEmail,
    TentativaEnvio,
    amanha,
    inicio_do_dia,
)
from tests.fabricas import HOJE, novas_saidas, novo_parametro, novo_parametro_sistema
from tests.quedas.apoio import gerar

QUANTAS = 5
RENOVACAO = HOJE + timedelta(days=1)
AGORA = inicio_do_dia(RENOVACAO) - timedelta(minutes=20)


class Morte(BaseException):
    """kill -9."""


class Interrupcao(BaseException):
    """What ends a turn from outside and lets it put its things in order."""


class Vida:
    """Of the turn under way: once it is over nothing is written any more."""

    acabou = False
    meia_linha = False  # dies while it writes the next line of its journal

    def acabar(self):
        self.acabou = True
        raise Morte

    def enquanto_dura(self, funcao):
        def viva(*args, **kwargs):
            if self.acabou:
                raise Morte
            return funcao(*args, **kwargs)

        return viva

    def escrever(self, escrever):
        def ate_o_meio(aberto: diario.Diario, linha: bytes) -> None:
            if self.acabou:
                raise Morte
            if self.meia_linha:
                escrever(aberto, linha[: len(linha) // 2])
                self.acabar()
            escrever(aberto, linha)

        return ate_o_meio


# What becomes of a message on the wire
RECUSAS = [classe for classe in Classe if classe not in (Classe.ACEITA, Classe.INCERTA)]
FINS = [
    "aceita",
    "sem resposta",  # taken, and the reply was lost
    "perdida",  # not taken, and nobody can tell
    "morte antes",
    "morte anunciada",  # after the announcement, before the body
    "morte depois",
    "morte na linha",  # while the result is written
    "interrompida antes",
    "interrompida depois",
    *RECUSAS,
]


class Rede(CanalDeMemoria):
    """Does with each message what it is told, and judges each one that the server takes."""

    def __init__(self, mundo: "Mundo", servico: ServicoEmail, fins: list):
        super().__init__()
        self.mundo, self.servico, self.fins = mundo, servico, list(fins)

    def enviar(self, envelope, antes_do_corpo) -> Resposta:
        fim = self.fins.pop(0) if self.fins else "aceita"
        if fim in RECUSAS:
            raise FalhaDeEnvio(fim, "550", "5.4.5 Daily sending quota exceeded" if fim == Classe.COTA else "não")
        if fim == "morte antes":
            self.mundo.vida.acabar()
        if fim == "interrompida antes":
            raise Interrupcao
        antes_do_corpo()
        if fim == "morte anunciada":
            self.mundo.vida.acabar()
        if fim == "perdida":
            raise FalhaDeEnvio(Classe.INCERTA)
        self.mundo.tomada(self.servico, envelope.chave)
        if fim == "morte depois":
            self.mundo.vida.acabar()
        if fim == "interrompida depois":
            raise Interrupcao
        if fim == "sem resposta":
            raise FalhaDeEnvio(Classe.INCERTA)
        self.mundo.vida.meia_linha = fim == "morte na linha"
        return Resposta("250", "ok")


class Mundo:
    """Two services, one remetente, two machines and a clock; `faltas` is what broke a promise."""

    def __init__(self, settings, vida: Vida, pasta: Path):
        self.settings, self.vida, self.pasta = settings, vida, pasta
        self.agora = AGORA
        self.usuario = User.objects.get()
        self.servicos = list(ServicoEmail.objects.order_by("pk"))
        self.tomadas: Counter = Counter()  # by the server, each message
        self.por_periodo: list[tuple[int, datetime]] = []  # of each one taken, its service and its period
        self.decididas: Counter = Counter()
        self.faltas: list[str] = []
        self.maquina(0)

    # What the server sees

    def tomada(self, servico: ServicoEmail, chave: str) -> None:
        duvidas = TentativaEnvio.objects.filter(mensagem__chave=chave, classe=Classe.INCERTA).count()
        if self.tomadas[chave] > duvidas + self.decididas[chave]:
            self.faltas.append(f"{chave} saiu de novo em silêncio")
        self.tomadas[chave] += 1
        atual = consumo.situacao(servico, self.agora)
        self.por_periodo.append((servico.pk, atual.inicio))
        usado = sum(pk == servico.pk and inicio >= atual.inicio for pk, inicio in self.por_periodo)
        if atual.cota is not None and usado > atual.cota:
            self.faltas.append(f"{servico}: {usado} de {atual.cota}")

    # What may happen

    def turno(self, qual: int, fins: list) -> None:
        servico = ServicoEmail.objects.disponiveis(self.agora).filter(pk=self.servicos[qual].pk).first()
        if servico is None:
            return
        try:
            envio.enviar(servico, relogio=lambda: self.agora, canal=Rede(self, servico, fins))
        except (Morte, Interrupcao):
            pass
        finally:
            self.vida.acabou = self.vida.meia_linha = False

    def recuperar(self) -> None:
        recuperacao.recuperar(self.agora)

    def maquina(self, qual: int) -> None:
        self.settings.PASTA_DIARIO = self.pasta / str(qual)

    def passar(self, quanto: timedelta | None) -> None:
        self.agora = amanha(self.agora) if quanto is None else self.agora + quanto

    def trocar(self, qual: int) -> None:
        rotacao.trocar(Remetente.objects.get(), self.servicos[qual], usuario=self.usuario, agora=self.agora)

    def cota(self, qual: int, quanto: int | None) -> None:
        ServicoEmail.objects.filter(pk=self.servicos[qual].pk).update(cota_mensal=quanto)
        consumo.cota_mudou(ServicoEmail.objects.get(pk=self.servicos[qual].pk), self.agora)

    def pausar(self) -> None:
        Lote.objects.update(pausado_em=self.agora)

    def continuar(self) -> None:
        pausas.continuar(Lote.objects.get().pk, usuario=self.usuario, agora=self.agora)

    def reenviar(self) -> None:
        duvidosas = Mensagem.objects.filter(estado__in=(Estado.INCERTA, Estado.FALHA)).order_by("id")[:2]
        ids = [m.id for m in duvidosas if m.expira_em > self.agora]
        self.decididas.update(Mensagem.objects.filter(id__in=ids).values_list("chave", flat=True))
        decisoes.reenviar(ids, usuario=self.usuario, motivo="teste", agora=self.agora)

    def politica(self, qual: str) -> None:
        OrigemEnvio.objects.update(politica_incerta=qual)

    def tique(self) -> None:
        rotacao.tique(self.agora)
        envio.varrer_prazo(self.agora)

    # What must hold

    def conferir(self) -> None:
        assert not self.faltas, self.faltas
        assert balanco.conferir() == []
        presas = Mensagem.objects.filter(estado=Estado.EM_ENVIO)
        assert not presas.exclude(reserva__encerrada_em=None).exists(), "held by nobody"

    def ate_o_fim(self) -> None:
        """Both machines live, nothing is in the way, and the server takes everything."""
        for qual in (0, 1):
            self.maquina(qual)
            self.recuperar()
            self.cota(qual, None)
        self.continuar()
        assert not Reserva.objects.filter(encerrada_em=None).exists()
        while Mensagem.objects.filter(estado=Estado.PENDENTE).exists():
            self.passar(timedelta(hours=12))
            self.tique()
            for qual in (0, 1):
                self.turno(qual, [])
            self.conferir()

    def conferir_o_fim(self) -> None:
        ditas = TentativaEnvio.objects.filter(classe__in=(Classe.ACEITA, Classe.INCERTA)).order_by()
        ditas = Counter(chave for chave, _ in ditas.values_list("mensagem__chave", "reserva").distinct())
        for m in Mensagem.objects.all():
            assert self.tomadas[m.chave] <= ditas[m.chave], "something left and nobody says so"
            assert m.estado != Estado.ENVIADA or self.tomadas[m.chave], "said to be sent, and the server never saw it"
        for servico in self.servicos:
            usado = sum(Consumo.objects.do(servico).values_list("usado", flat=True))
            assert usado >= sum(pk == servico.pk for pk, _ in self.por_periodo)


qual = st.integers(0, 1)
quanto = st.sampled_from(
    [timedelta(seconds=2), timedelta(minutes=2), timedelta(minutes=11), timedelta(hours=3), -timedelta(hours=1), None]
)
PASSOS = st.one_of(
    st.tuples(st.just("turno"), qual, st.lists(st.sampled_from(FINS), max_size=QUANTAS)),
    st.tuples(st.just("turno"), st.just(0), st.lists(st.sampled_from(FINS[:9]), min_size=1, max_size=QUANTAS)),
    st.tuples(st.sampled_from(["recuperar", "pausar", "continuar", "reenviar", "tique"])),
    st.tuples(st.sampled_from(["maquina", "trocar"]), qual),
    st.tuples(st.just("cota"), qual, st.one_of(st.none(), st.integers(1, QUANTAS))),
    st.tuples(st.just("passar"), quanto),
    st.tuples(st.just("politica"), st.sampled_from(["perguntar", "reenviar", "nao_reenviar"])),
)


@pytest.fixture
def vida(monkeypatch) -> Vida:
    vida = Vida()
    for nome in ("aplicar", "encerrar"):
        monkeypatch.setattr(resultados, nome, vida.enquanto_dura(getattr(resultados, nome)))
    monkeypatch.setattr(diario.Diario, "_escrever", vida.escrever(diario.Diario._escrever))
    for nome in ("fsync", "fdatasync"):
        monkeypatch.setattr(diario.os, nome, lambda _: None)  # the machine of a test does not lose its power
    return vida


@pytest.fixture
def fila(db) -> None:
    novo_parametro_sistema()
    novo_parametro()
    primeiro, _ = novas_saidas(prazo=1, cota_mensal=3, dia_renovacao=RENOVACAO.day)
    ServicoEmail.objects.create(
        nome="RESERVA", host=primeiro.host, porta=primeiro.porta, seguranca="nenhuma", prazo=1, ordem=9
    )
    User.objects.create_user("ana")
    gerar(QUANTAS, agora=AGORA)


@ajustes(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(passos=st.lists(PASSOS, min_size=1, max_size=12))
@example(
    passos=[("turno", 0, ["aceita", "morte depois"]), ("passar", timedelta(hours=3)), ("maquina", 1), ("recuperar",)]
)
@example(passos=[("politica", "reenviar"), ("turno", 0, ["morte na linha"]), ("recuperar",), ("turno", 0, [])])
def test_whatever_happens_the_promises_hold(fila, settings, vida, tmp_path, passos):
    with transaction.atomic():
        mundo = Mundo(settings, vida, Path(tempfile.mkdtemp(dir=tmp_path)))
        for nome, *argumentos in passos:
            getattr(mundo, nome)(*argumentos)
            mundo.conferir()
        mundo.ate_o_fim()
        mundo.conferir_o_fim()
        transaction.set_rollback(True)
