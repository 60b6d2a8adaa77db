"""`./avisa bench ritmo`: a limit per second holds for the service, whatever the number of workers.

Arrivals are counted at the server, when a body is whole.
"""

import argparse
import time
from dataclasses import asdict, dataclass
from pathlib import Path

from bench import apuracao, processos, saida, sorvedouro
from bench.avisa_alvo import Avisa, banco_modelo

LIMITE, RAJADA = 50, 1
MEDIA_MINIMA = 47
TRABALHADORES = (1, 2, 4)
CONEXOES = 8
DURACAO = 30  # seconds that are measured
SOBRA = 30  # seconds of messages for the start
PRAZO = 60
SEGUNDO = 1_000_000_000


@dataclass(frozen=True)
class Resultado:
    trabalhadores: int
    limite: int
    pico: int
    media: float
    contagens_erradas: int

    @property
    def cumpre(self) -> bool:
        return self.pico <= self.limite + RAJADA and self.media >= MEDIA_MINIMA and not self.contagens_erradas


def executar(pedido: argparse.Namespace) -> int:
    saida.dizer("Gerando as mensagens…")
    mensagens = LIMITE * (DURACAO + SOBRA)
    resultados = []
    with banco_modelo(mensagens, "ritmo") as modelo:
        for quantos in TRABALHADORES:
            saida.dizer(f"Limite de {LIMITE} por segundo, trabalhadores: {quantos}…")
            alvo = Avisa(
                modelo,
                mensagens=mensagens,
                conexoes=CONEXOES,
                trabalhadores=quantos,
                maquinas=False,
                limite_segundo=LIMITE,
            )
            try:
                resultados.append(correr(alvo, quantos, saida.pasta_vazia("ritmo", str(quantos))))
            except processos.NaoTerminou as erro:
                return saida.invalida(str(erro))
    campos = ["trabalhadores", "limite", "pico", "media", "contagens_erradas"]
    titulos = ["trabalhadores", "limite/s", "pico em 1 s", "média/s", "contagens erradas"]
    print(saida.tabela(titulos, [[getattr(um, campo) for campo in campos] for um in resultados]), flush=True)
    saida.gravar(pedido, {str(um.trabalhadores): asdict(um) for um in resultados})
    return saida.veredito([f"o ritmo com {um.trabalhadores} trabalhador(es)" for um in resultados if not um.cumpre])


def correr(alvo: Avisa, quantos: int, pasta: Path) -> Resultado:
    """Send for a while; what is measured begins when every worker has a connection open."""
    with processos.sorvedouro(pasta, a_frente=True) as porta:
        try:
            alvo.preparar(porta, pasta)
            vivos = [alvo.iniciar(indice) for indice in range(quantos)]
            try:
                processos.esperar(lambda: all(processos.portas(um, porta) for um in vivos), PRAZO, "abrir conexões")
                inicio = time.monotonic_ns()
                time.sleep(DURACAO)
            finally:
                for vivo in vivos:
                    processos.parar(vivo)
            erradas = alvo.contagens_erradas()
        finally:
            alvo.encerrar()
    return medir(apuracao.ler_registro(pasta / sorvedouro.REGISTRO), quantos, inicio, erradas)


def medir(passagens: list[apuracao.Passagem], quantos: int, inicio: int, erradas: int) -> Resultado:
    chegadas = [passagem.chegada for passagem in passagens]
    medidas = sum(inicio <= chegada < inicio + DURACAO * SEGUNDO for chegada in chegadas)
    return Resultado(quantos, LIMITE, apuracao.pico(chegadas, SEGUNDO), round(medidas / DURACAO, 1), erradas)
