"""`python -m simuladores`: the SMTP sink, the SMS gateway and the companies' APIs in the foreground, magic on."""

import argparse
import signal
import sys
import threading
from contextlib import ExitStack
from pathlib import Path

from simuladores.operadoras import OperadorasSimuladas
from simuladores.sms import GatewaySMSSimulado
from simuladores.smtp import ServidorSMTP

MEMORIA = 1000  # of a process that runs for days; the folder keeps everything


def opcoes(argumentos: list[str] | None = None) -> argparse.Namespace:
    leitor = argparse.ArgumentParser(prog="python -m simuladores", description=__doc__)
    leitor.add_argument("--host", default="127.0.0.1")
    leitor.add_argument("--smtp", type=int, default=2525, metavar="PORTA", help="0 escolhe uma livre")
    leitor.add_argument("--sms", type=int, default=8025, metavar="PORTA", help="0 escolhe uma livre")
    leitor.add_argument("--operadoras", type=int, default=8035, metavar="PORTA", help="0 escolhe uma livre")
    leitor.add_argument("--pasta", type=Path, default=Path("var/simuladores"))
    leitor.add_argument(
        "--token", default="segredo", help="o que o gateway de SMS aceita e usa nos retornos; segredo das APIs"
    )
    leitor.add_argument("--callback", metavar="URL", help="para onde vao os recibos de SMS")
    leitor.add_argument("--atraso", type=float, default=2, help="segundos ate o recibo final")
    leitor.add_argument("--limite", type=int, metavar="N", help="SMS por segundo; acima disso, 429")
    return leitor.parse_args(argumentos)


def main(argumentos: list[str] | None = None) -> int:
    """Run until SIGINT or SIGTERM and return 0; 1 if a port is taken."""
    pedido = opcoes(argumentos)
    fim = threading.Event()
    for sinal in (signal.SIGINT, signal.SIGTERM):
        signal.signal(sinal, lambda *_: fim.set())
    with ExitStack() as abertos:
        try:
            smtp = abertos.enter_context(
                ServidorSMTP(pedido.pasta, pedido.host, pedido.smtp, caixas_magicas=True, memoria=MEMORIA)
            )
            sms = abertos.enter_context(
                GatewaySMSSimulado(
                    pedido.pasta,
                    pedido.host,
                    pedido.sms,
                    token=pedido.token,
                    limite_por_segundo=pedido.limite,
                    callback_url=pedido.callback,
                    callback_segredo=pedido.token,
                    atraso=pedido.atraso,
                    numeros_magicos=True,
                    memoria=MEMORIA,
                )
            )
            operadoras = abertos.enter_context(
                OperadorasSimuladas(
                    pedido.host,
                    pedido.operadoras,
                    segredo=pedido.token,
                    cpfs_magicos=True,
                    memoria=MEMORIA,
                )
            )
        except OSError as erro:
            print(f"simuladores: {erro}", file=sys.stderr)
            return 1
        print(f"SMTP simulado em {smtp.host}:{smtp.porta}, mensagens em {pedido.pasta}", flush=True)
        print(f"SMS simulado em {sms.url}, token {pedido.token}", flush=True)
        print(
            f"Operadoras simuladas em {operadoras.url}, usuario {operadoras.usuario}, segredo {pedido.token}",
            flush=True,
        )
        fim.wait()
    return 0


if __name__ == "__main__":
    sys.exit(main())
