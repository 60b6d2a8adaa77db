"""`python -m bench.por_smtplib`: the standard library's smtplib, as fast as it goes: a thread for each connection.

Messages are made before the start. Connections are opened after it, as everybody's are, and stay open to the end.
"""

import argparse
import smtplib
import sys
from concurrent.futures import ThreadPoolExecutor
from email.message import EmailMessage
from email.policy import SMTP
from pathlib import Path

from bench.modelo import DE, Modelo, mensagens


def email(destino: str, partes: Modelo) -> bytes:
    um = EmailMessage(policy=SMTP)
    um["From"], um["To"], um["Subject"] = DE, destino, partes.assunto
    um.set_content(partes.texto)
    um.add_alternative(partes.html, subtype="html")
    return um.as_bytes()


def enviar(porta: int, prontas: list[tuple[str, bytes]]) -> int:
    """Send a share by one connection; how many were accepted."""
    with smtplib.SMTP("127.0.0.1", porta) as conexao:
        recusados = [conexao.sendmail(DE, [destino], conteudo) for destino, conteudo in prontas]
    return recusados.count({})


def main() -> None:
    leitor = argparse.ArgumentParser(prog="python -m bench.por_smtplib")
    leitor.add_argument("porta", type=int)
    leitor.add_argument("quantas", type=int)
    leitor.add_argument("modelo", type=Path)
    leitor.add_argument("--conexoes", type=int, required=True)
    pedido = leitor.parse_args()
    prontas = [(destino, email(destino, partes)) for destino, partes in mensagens(pedido.modelo, pedido.quantas)]
    partes = [prontas[indice :: pedido.conexoes] for indice in range(pedido.conexoes)]
    with ThreadPoolExecutor(pedido.conexoes) as linhas:
        print("pronto", flush=True)
        sys.stdin.readline()
        print(sum(linhas.map(enviar, [pedido.porta] * len(partes), partes)))


if __name__ == "__main__":
    main()
