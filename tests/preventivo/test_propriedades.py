"""Whatever the order of answers, failures, pauses, cancellations, re-sends and steps of the clock, the promises hold.

Two campaigns of one day share CPFs, boletos and addresses. The API answers from memory; what leaves is decided as the
engine decides it, by the Fonte and the paused lotes.
"""

from collections import Counter
from contextlib import suppress
from datetime import timedelta
from decimal import Decimal

import pytest
from django.contrib.auth.models import User
from django.db import transaction
from hypothesis import HealthCheck, given
from hypothesis import settings as ajustes
from hypothesis import strategies as st

from mensageria import balanco, pausas
from mensageria.estados import Estado
from mensageria.models import Canal, Mensagem
from preventivo import campanhas, coleta, desempenho, operadoras
from preventivo.campanhas import AcaoRecusada
from preventivo.fonte import FonteDeBoletos
from preventivo.models import Aviso, Campanha, Registro
from preventivo.operadoras import (
    AcordoDaOperadora,
    BoletoDaOperadora,
    Falha,
    FalhaDaOperadora,
    Operadora,
    SituacaoDoBoleto,
)
from simuladores.boletos import linha_de_boleto
from tests.fabricas import HOJE
from tests.mensageria.apoio import por_em
from tests.preventivo.fabricas import AGORA, nova_campanha, nova_operacao, novo_cpf

S = Campanha.Situacao
CPFS = [novo_cpf() for _ in range(4)]
CEDO = AGORA - timedelta(hours=8)
FIM = AGORA + timedelta(days=9)


class API(Operadora):
    """One boleto for each CPF, due on the day or in seven; the first two CPFs share theirs."""

    nome = "De memória"

    def __init__(self):
        super().__init__(url="", usuario="", segredo="", prazo=5)
        self.falha: Falha | None = None
        self.pagos: set[str] = set()
        self.perguntas: Counter[str] = Counter()

    def consultar(self, cpf):
        if self.falha:
            raise FalhaDaOperadora(self.falha, "fora do ar", 40 if self.falha == Falha.LIMITE else None)
        self.perguntas[cpf] += 1
        numero = str(max(CPFS.index(cpf), 1))
        vencimento = HOJE + timedelta(days=7 * (int(numero) % 2))
        situacao = SituacaoDoBoleto.PAGO if numero in self.pagos else SituacaoDoBoleto.ABERTO
        linha = linha_de_boleto(Decimal("10.00"), vencimento, int(numero))
        boleto = BoletoDaOperadora(
            numero,
            Decimal("10.00"),
            vencimento,
            linha,
            situacao,
            beneficiario="Telefonia do Exemplo S.A.",
            documento_beneficiario="11222333000181",
        )
        return [AcordoDaOperadora(f"A{cpf}", (boleto,))]

    def pdf(self, numero):
        raise NotImplementedError

    def fechar(self):
        pass


class Mundo:
    def __init__(self):
        self.api, self.agora = API(), CEDO
        self.operacao = nova_operacao()
        self.pessoa = User.objects.create_user("ana")
        um = {cpf: ["Ana@exemplo.com.br", f"{cpf}@exemplo.com.br"] for cpf in CPFS[:3]}
        outro = {cpf: ["ana@exemplo.com.br"] for cpf in CPFS[1:]}
        self.campanhas = [
            nova_campanha(self.operacao, cpfs=cpfs, envia_em=AGORA + timedelta(minutes=n), proxima_em=CEDO)
            for n, cpfs in enumerate((um, outro))
        ]

    def coletar(self, _):
        if coleta.a_coletar(self.agora):
            coleta.coletar(self.operacao.pk, relogio=lambda: self.agora)

    def tique(self, _):
        campanhas.tique(self.agora)

    def avancar(self, minutos):
        self.agora += timedelta(minutes=minutos)

    def falhar(self, falha):
        self.api.falha = falha

    def pagar(self, numero):
        self.api.pagos.add(str(numero))

    def agir(self, o_que):
        qual, acao = o_que
        pk, quem = self.campanhas[qual].pk, {"usuario": self.pessoa, "agora": self.agora}
        with suppress(AcaoRecusada):
            match acao:
                case "pausar" | "cancelar" | "reenviar_falhas":
                    getattr(campanhas, acao)(pk, motivo="porque sim", **quem)
                case "continuar":
                    campanhas.continuar(pk, **quem)
                case "reagendar":
                    campanhas.reagendar(pk, self.agora + timedelta(hours=1), **quem)

    def enviar(self, estados):
        """As a turn would: what is due, of lotes that are not paused, asked about right before."""
        devidas = Mensagem.objects.devidas(self.agora).exclude(lote__in=pausas.pausados()).order_by("pk")
        for mensagem, estado in zip(list(devidas), estados, strict=False):
            versoes = {mensagem.objeto_id: mensagem.versao_objeto}
            motivo = FonteDeBoletos().motivos_de_cancelamento(Canal.EMAIL, versoes, HOJE).get(mensagem.objeto_id, "")
            por_em(mensagem, Estado.CANCELADA if motivo else estado)
            Mensagem.objects.filter(pk=mensagem.pk).update(motivo=motivo, tentativas=mensagem.tentativas + 1)

    def varrer(self):
        for mensagem in Mensagem.objects.filter(estado=Estado.PENDENTE, expira_em__lte=self.agora):
            por_em(mensagem, Estado.CANCELADA)

    def conferir(self):
        for campanha in Campanha.objects.select_related("operacao", "tipo", "layout"):
            f = desempenho.funil(campanha)
            assert f.mensagens == f.enviadas + f.falhas + f.pendentes + f.incertas + f.canceladas
            assert Aviso.objects.filter(campanha=campanha).count() == f.mensagens + f.aguardando + f.barrados
            assert f.boletos_na_regra <= f.acordos + f.registros
        boletos = dict(Aviso.objects.values_list("pk", "boleto__numero"))
        vivas, saidas = Counter(), Counter()
        for mensagem in Mensagem.objects.exclude(estado=Estado.CANCELADA):
            fato = (boletos[mensagem.objeto_id], mensagem.destino.lower(), _dia(mensagem))
            vivas[fato] += 1
            saidas[fato] += mensagem.estado == Estado.ENVIADA
        assert not {fato for fato, n in vivas.items() if n > 1}
        assert not {fato for fato, n in saidas.items() if n > 1}
        assert balanco.conferir() == []

    def terminar(self):
        """The API is well again, nobody meddles, and time goes by."""
        self.api.falha = None
        for qual in range(2):
            self.agir((qual, "continuar"))
        while self.agora < FIM and Campanha.objects.exclude(situacao__in=Campanha.ENCERRADAS).exists():
            for _ in range(3):
                self.coletar(None)
                self.tique(None)
                self.enviar([Estado.ENVIADA] * 50)
                self.agora += timedelta(minutes=16)
            self.varrer()
            self.agora += timedelta(hours=11)
        self.tique(None)


def _dia(mensagem) -> object:
    return Aviso.objects.select_related("campanha").get(pk=mensagem.objeto_id).campanha.dia


ACOES = st.tuples(
    st.sampled_from([0, 1]),
    st.sampled_from(["pausar", "pausar", "continuar", "continuar", "cancelar", "reenviar_falhas", "reagendar"]),
)
PASSOS = st.one_of(
    st.tuples(st.just("coletar"), st.none()),
    st.tuples(st.just("tique"), st.none()),
    st.tuples(st.just("avancar"), st.sampled_from([1, 15, 60, 150, 480])),
    st.tuples(st.just("falhar"), st.sampled_from([None, None, *Falha])),
    st.tuples(st.just("pagar"), st.sampled_from([1, 2, 3])),
    st.tuples(st.just("agir"), ACOES),
    st.tuples(
        st.just("enviar"),
        st.lists(st.sampled_from([Estado.ENVIADA, Estado.FALHA, Estado.INCERTA]), min_size=1, max_size=3),
    ),
)


@pytest.mark.django_db
@ajustes(max_examples=12, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(passos=st.lists(PASSOS, min_size=5, max_size=20))
def test_the_funnel_closes_and_nobody_gets_a_boleto_twice_a_day(passos, monkeypatch):
    with transaction.atomic():
        mundo = Mundo()
        monkeypatch.setattr(operadoras, "abrir", lambda operacao, esperar: mundo.api)
        for nome, argumento in passos:
            getattr(mundo, nome)(argumento)
            if nome in ("tique", "enviar", "agir"):
                mundo.conferir()
        mundo.terminar()
        mundo.conferir()

        assert {c.situacao for c in Campanha.objects.all()} <= set(Campanha.ENCERRADAS)
        assert not Mensagem.objects.filter(estado=Estado.PENDENTE).exists()
        em_paz = Campanha.objects.filter(situacao=S.CONCLUIDA)
        assert not Registro.objects.filter(campanha__in=em_paz, coletado_em=None).exists()
        transaction.set_rollback(True)
