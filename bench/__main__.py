"""`./avisa bench`: what Avisa promises, measured on real processes."""

import argparse
import os
import signal
import sys
from pathlib import Path

import django


def leitor() -> argparse.ArgumentParser:
    raiz = argparse.ArgumentParser(
        prog="./avisa bench",
        description="Mede o que o Avisa promete, com processos reais. "
        "Estado de saída: 1, uma promessa não foi cumprida; 2, a execução não vale.",
    )
    nomes = raiz.add_subparsers(dest="nome", required=True, metavar="NOME")
    quedas = _novo(
        nomes,
        "quedas",
        "o que se perde e o que se repete quando quem envia morre",
        "Mata com -9, ao acaso, quem envia; conta o que se perde e o que se repete. Ao lado, o django-post-office. "
        "A execução só vale se 15 de cada 50 mortes caírem entre o corpo guardado e o seu 250.",
    )
    quedas.add_argument("--mortes", type=positivo, default=50, metavar="N")
    quedas.add_argument(
        "--conexoes",
        type=positivo,
        default=10,
        metavar="M",
        help="conexões simultâneas do serviço; com mais, mais mortes caem entre o corpo e o 250 (padrão: 10)",
    )
    quedas.add_argument("--mensagens", type=positivo, metavar="N", help="em cada cenário; padrão: conforme as mortes")
    quedas.add_argument("--sem-post-office", action="store_true", help="só o Avisa")
    quedas.add_argument("--so-post-office", action="store_true", help="só o django-post-office")
    _novo(
        nomes,
        "cota",
        "a cota é usada inteira, e nem uma mensagem a mais",
        "Cota de 1.000, 1.500 mensagens, 8 trabalhadores, 4 deles mortos com -9 no meio.",
    )
    _novo(
        nomes,
        "ritmo",
        "o limite por segundo, com 1, 2 e 4 trabalhadores",
        "Limite de 50 por segundo, 30 s com cada número de trabalhadores, medido na chegada do corpo ao servidor.",
    )
    return raiz


def _novo(nomes, nome: str, resumo: str, descricao: str) -> argparse.ArgumentParser:
    um = nomes.add_parser(nome, help=resumo, description=descricao)
    um.add_argument("--semente", type=int, default=1, metavar="N", help="do acaso")
    um.add_argument("--json", type=Path, metavar="ARQUIVO", help="grava também os números")
    return um


def positivo(texto: str) -> int:
    numero = int(texto)
    if numero < 1:
        raise ValueError
    return numero


def main(argumentos: list[str] | None = None) -> int:
    pedido = leitor().parse_args(argumentos)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # what was started is stopped on the way out
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    django.setup()
    from bench import cota, quedas, ritmo, saida  # their models need Django ready

    with saida.uma_por_vez(pedido.nome) as minha_vez:
        if not minha_vez:
            return saida.invalida(f"outra medição de {pedido.nome} está em andamento")
        return {"quedas": quedas, "cota": cota, "ritmo": ritmo}[pedido.nome].executar(pedido)


if __name__ == "__main__":
    sys.exit(main())
