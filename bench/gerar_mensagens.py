"""A worker that generates the messages of process 336 in the base that Django is connected to; it says what it took."""

import json
import resource
import sys
import time

import django


def gerar() -> float:
    """The first step of the process, unit by unit; return the seconds."""
    from batch.execucao import executar, tique
    from batch.inicio import iniciar
    from bench import base
    from exemplo.demonstracao import PROCESSO

    agora = base.agora()
    iniciar(PROCESSO, usuario=None, agendado_para=agora, agora=agora)
    inicio = time.perf_counter()
    for unidade in tique(agora):
        executar(unidade, agora=agora)
    return time.perf_counter() - inicio


def main() -> int:
    django.setup()
    segundos = gerar()
    pico = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(json.dumps({"segundos": round(segundos, 2), "memoria_mb": round(pico)}))
    return 0


if __name__ == "__main__":
    sys.exit(main())
