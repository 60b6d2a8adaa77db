"""`./avisa bench`: what Avisa promises, measured on real processes."""

import argparse
import importlib
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
    _de_envio(nomes)
    _de_volume(nomes)
    return raiz


def _de_envio(nomes) -> None:
    envio = _novo(
        nomes,
        "envio",
        "mensagens por segundo, ao lado de quem faz o mesmo",
        "De mensagens que esperam no banco até aceitas e registradas, num smtp-sink desta máquina, ao lado de "
        "django-post-office, django-mailer, nodemailer e smtp-source. As execuções se alternam; a razão é a mediana "
        "dos pares.",
    )
    envio.add_argument("--mensagens", type=positivo, metavar="N", help="em cada execução do Avisa (padrão: 100.000)")
    envio.add_argument("--pares", type=positivo, default=5, metavar="N", help="de cada comparação (padrão: 5)")
    envio.add_argument("--conexoes", type=positivo, default=10, metavar="M", help="do Avisa (padrão: 10)")
    envio.add_argument(
        "--so",
        action="append",
        choices=("post_office", "django_mailer", "nodemailer", "smtp_source", "processos"),
        help="só esta comparação; pode repetir",
    )
    envio.add_argument("--conta", action="store_true", help="a conta de verdade, com o código de barras em imagem")
    envio.add_argument("--cheio", action="store_true", help="num banco com mensagens antigas e uma transação aberta")
    envio.add_argument(
        "--antigas", type=positivo, default=3_000_000, metavar="N", help="com --cheio (padrão: 3.000.000)"
    )
    latencia = _novo(
        nomes,
        "latencia",
        "o mesmo a 50 ms de ida e volta, ao lado do smtplib",
        "Cada byte espera 25 ms em cada sentido. Ao lado, o smtplib com as mesmas conexões e as mensagens prontas.",
    )
    latencia.add_argument("--mensagens", type=positivo, default=10_000, metavar="N", help="do Avisa (padrão: 10.000)")
    latencia.add_argument("--pares", type=positivo, default=5, metavar="N", help="padrão: 5")
    latencia.add_argument("--conexoes", type=positivo, default=10, metavar="M", help="padrão: 10")


def _de_volume(nomes) -> None:
    composicao = _novo(
        nomes,
        "composicao",
        "gerar as mensagens do processo 336 ao lado de um INSERT … SELECT nu das mesmas linhas",
        "Gera as mensagens e quem fica de fora numa base de N imóveis e noutra dez vezes menor; ao lado, um "
        "INSERT … SELECT nu das mesmas linhas, em cópias das tabelas com os mesmos índices.",
    )
    _com_base(composicao, 1_000_000)
    composicao.add_argument("--pares", type=positivo, default=3, metavar="N", help="de cada tamanho (padrão: 3)")
    composicao.add_argument(
        "--sem-chaves", action="store_true", help="o INSERT nu em cópias sem as chaves estrangeiras"
    )
    importacao = _novo(
        nomes,
        "importacao",
        "importar os CSVs ao lado do COPY nu das mesmas linhas",
        "Importa os CSVs de uma base de N imóveis num banco vazio; ao lado, o COPY nu das linhas gravadas nas mesmas "
        "tabelas, com índices e restrições. A memória é comparada com a de uma base quatro vezes menor. O mesmo com o "
        "arquivo de uma campanha, de 100.000 linhas, e a memória com 20.000 e com 200.000.",
    )
    importacao.add_argument("--imoveis", type=positivo, default=100_000, metavar="N", help="da base (padrão: 100000)")
    importacao.add_argument("--pares", type=positivo, default=3, metavar="N", help="quantos (padrão: 3)")
    ponte = _novo(
        nomes,
        "ponte",
        "importar um GSAN ao lado de um COPY nu entre dois bancos",
        "Lê um banco com as tabelas do GSAN e N linhas para um banco vazio; ao lado, o COPY nu das linhas gravadas, de "
        "um banco para outro, nas mesmas tabelas. A memória é comparada com a de um GSAN dez vezes menor.",
    )
    ponte.add_argument("--linhas", type=positivo, default=1_000_000, metavar="N", help="do GSAN (padrão: 1.000.000)")
    ponte.add_argument("--pares", type=positivo, default=3, metavar="N", help="quantos (padrão: 3)")
    paginas = _novo(
        nomes,
        "paginas",
        "tempo e consultas de cada página com lista",
        "Pede cada lista do operador e da administração: a primeira página, uma funda, buscas e filtros, numa base de "
        "N clientes, três contas de cada um e uma mensagem, em média.",
    )
    _com_base(paginas, 1_000_000)
    paginas.add_argument("--vezes", type=positivo, default=20, metavar="N", help="de cada pedido (padrão: 20)")


def _com_base(um: argparse.ArgumentParser, imoveis: int) -> None:
    um.add_argument("--imoveis", type=positivo, default=imoveis, metavar="N", help=f"da base (padrão: {imoveis})")
    um.add_argument("--refazer", action="store_true", help="faz de novo a base que ficou guardada")


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
    from bench import saida

    with saida.uma_por_vez(pedido.nome) as minha_vez:
        if not minha_vez:
            return saida.invalida(f"outra medição de {pedido.nome} está em andamento")
        # Each is the module of its name, whose models need Django ready.
        return importlib.import_module(f"bench.{pedido.nome}").executar(pedido)


if __name__ == "__main__":
    sys.exit(main())
