"""`./avisa bench cota`: more messages than quota, many workers, and half of them killed with -9 midway."""

import argparse
import random
import subprocess
import time
from dataclasses import asdict, dataclass
from pathlib import Path

from django.db.models import Sum

from bench import apuracao, processos, saida, sorvedouro
from bench.avisa_alvo import Avisa, banco_modelo
from mensageria.estados import Estado
from mensageria.models import Alerta, Consumo, Mensagem

COTA, MENSAGENS = 1000, 1500
TRABALHADORES, MORTES, CONEXOES = 8, 4, 16
MEIO = (0.2, 0.7)  # of the quota used, between which they die
MAIOR_DEMORA = 0.3  # seconds from an open connection to the death
PRAZO = 600
ESPERA = 0.3  # seconds at most until a 250: so most of those that die are between a body and its reply
SOSSEGO = 5  # seconds after the end, in which nothing more may leave


@dataclass(frozen=True)
class Resultado:
    cota: int
    mensagens: int
    trabalhadores: int
    mortes: int
    usado: int
    enviadas: int
    incertas: int
    recebidas: int
    repetidas_silenciosas: int
    alertas: int
    contagens_erradas: int

    def faltas(self) -> list[str]:
        """What was promised and is not so."""
        promessas = {
            f"o uso é exatamente a cota ({self.usado})": self.usado == self.cota,
            f"o uso é a soma de enviadas e incertas ({self.enviadas} + {self.incertas})": self.usado
            == self.enviadas + self.incertas,
            f"o servidor não recebe mais que a cota ({self.recebidas})": self.recebidas <= self.cota,
            f"um alerta ({self.alertas})": self.alertas == 1,
            "nada se repete em silêncio": not self.repetidas_silenciosas,
            "as contagens estão certas": not self.contagens_erradas,
        }
        return [promessa for promessa, cumprida in promessas.items() if not cumprida]


def executar(pedido: argparse.Namespace) -> int:
    saida.dizer("Gerando as mensagens…")
    pasta = saida.pasta_vazia("cota")
    with banco_modelo(MENSAGENS, "cota") as modelo:
        alvo = Avisa(
            modelo,
            mensagens=MENSAGENS,
            conexoes=CONEXOES,
            trabalhadores=TRABALHADORES,
            maquinas=False,
            cota_mensal=COTA,
        )
        saida.dizer(f"Cota de {COTA}, {MENSAGENS} mensagens, {TRABALHADORES} trabalhadores, {MORTES} mortes…")
        try:
            resultado = correr(alvo, pasta, pedido.semente)
        except processos.NaoTerminou as erro:
            return saida.invalida(str(erro))
    titulos = [campo.replace("_", " ") for campo in asdict(resultado)]
    print(saida.tabela(titulos, [list(asdict(resultado).values())]), flush=True)
    saida.gravar(pedido, asdict(resultado))
    return saida.veredito(resultado.faltas())


def correr(alvo: Avisa, pasta: Path, semente: int) -> Resultado:
    """Send until the quota is used, killing on the way; those that die are not started again."""
    with processos.sorvedouro(pasta, "--semente", str(semente), "--espera", str(ESPERA)) as porta:
        try:
            alvo.preparar(porta, pasta)
            mortes = _enviar(alvo, porta, random.Random(semente))
            return _apurar(alvo, pasta, mortes)
        finally:
            alvo.encerrar()


def _enviar(alvo: Avisa, porta: int, sorteio: random.Random) -> int:
    vivos = [alvo.iniciar(indice) for indice in range(TRABALHADORES)]
    try:
        for parte in sorted(sorteio.uniform(*MEIO) for _ in range(MORTES)):
            processos.esperar(lambda ate=parte * COTA: _usado() >= ate, PRAZO, "usar a cota")
            enviando = processos.esperar(lambda: _enviando(vivos, porta), PRAZO, "abrir conexões", passo=0.02)
            vitima = sorteio.choice(enviando)
            time.sleep(sorteio.uniform(0, MAIOR_DEMORA))
            processos.matar(vitima)
            vivos.remove(vitima)
        processos.esperar(_acabou, PRAZO, "esgotar a cota", passo=0.5)
        time.sleep(SOSSEGO)
        return TRABALHADORES - len(vivos)
    finally:
        for vivo in vivos:
            processos.parar(vivo)


def _enviando(vivos: list[subprocess.Popen], porta: int) -> list[subprocess.Popen]:
    """Those that hold connections: whoever got no slot has none, and its death would show nothing."""
    return [vivo for vivo in vivos if processos.portas(vivo, porta)]


def _usado() -> int:
    return Consumo.objects.aggregate(n=Sum("usado"))["n"] or 0


def _acabou() -> bool:
    em_envio = Mensagem.objects.filter(estado=Estado.EM_ENVIO).exists()
    return _usado() >= COTA and not em_envio and Alerta.objects.filter(tipo=Alerta.Tipo.ESGOTADO).exists()


def _apurar(alvo: Avisa, pasta: Path, mortes: int) -> Resultado:
    chegadas = apuracao.recebidas(pasta / sorvedouro.EMAILS)
    estados = Mensagem.objects.filter
    return Resultado(
        cota=COTA,
        mensagens=Mensagem.objects.count(),
        trabalhadores=TRABALHADORES,
        mortes=mortes,
        usado=_usado(),
        enviadas=estados(estado=Estado.ENVIADA).count(),
        incertas=estados(estado=Estado.INCERTA).count(),
        recebidas=chegadas.total(),
        repetidas_silenciosas=apuracao.apurar(alvo.mensagens(), chegadas).em_silencio,
        alertas=Alerta.objects.filter(tipo=Alerta.Tipo.ESGOTADO).count(),
        contagens_erradas=alvo.contagens_erradas(),
    )
