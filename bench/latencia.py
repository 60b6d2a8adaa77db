"""`./avisa bench latencia`: a server 50 ms away, where what counts is how often a message waits for the network.

One process on each side, so that no connection idles at the end while those of another process go on.
"""

import argparse
from collections.abc import Iterator
from contextlib import contextmanager
from statistics import median

from bench import envio, fonte_simples, pares, processos, saida, sumidouro
from bench.atraso import IDA_E_VOLTA
from bench.avisa_envio import AvisaEnvio

DO_SMTPLIB = 10  # of our messages, one: it makes four round trips with each
EFICIENCIA = 0.85


def executar(pedido: argparse.Namespace) -> int:
    fonte_simples.registrar()
    pasta = saida.pasta_vazia("latencia")
    memoria = envio.Memoria()
    saida.dizer(f"Criando {pedido.mensagens} mensagens…")
    try:
        with (
            fonte_simples.banco_modelo(pedido.mensagens, "latencia") as modelo,
            envio.preparado(AvisaEnvio(modelo, pasta, conexoes=pedido.conexoes, trabalhadores=1), pasta) as nosso,
            envio.preparado(pares.Smtplib(-(-pedido.mensagens // DO_SMTPLIB), pedido.conexoes), pasta) as outro,
        ):
            uma = envio.correr_pares("smtplib", nosso, outro, pedido.pares, memoria, servidor=distante)
    except envio.FALHAS as erro:
        return saida.invalida(str(erro))
    eficiencia = eficiencia_de(median(uma.nossas), pedido.conexoes)
    print(envio.tabela([uma]), flush=True)
    print(f"Eficiência (um por conexão em cada ida e volta é 1): {eficiencia:.2f}".replace(".", ","), flush=True)
    saida.gravar(pedido, envio.como_json([uma], memoria) | {"eficiencia": round(eficiencia, 3)})
    falta = f"eficiência de {eficiencia:.2f}, e não {EFICIENCIA}" if eficiencia < EFICIENCIA else ""
    return saida.veredito([*filter(None, [uma.falta, falta])])


def eficiencia_de(por_segundo: float, conexoes: int) -> float:
    """The part of one message for each connection and round trip."""
    return por_segundo / (conexoes / IDA_E_VOLTA)


@contextmanager
def distante() -> Iterator[int]:
    """A server that discards what it accepts, 50 ms away; yields the port."""
    with sumidouro.sumidouro() as porta, processos.servidor("bench.atraso", "--destino", str(porta)) as longe:
        yield longe
