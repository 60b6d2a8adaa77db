"""`python -m bench.importar_campanha ID`: import the file of a campaign, and say how many seconds that took
and how many MB the process held at most."""

import sys
import time
from pathlib import Path

import django

django.setup()

from django.utils import timezone  # noqa: E402

from preventivo.importacao import importar  # noqa: E402

inicio = time.perf_counter()
importar(int(sys.argv[1]), timezone.now())
segundos = time.perf_counter() - inicio
# Not ru_maxrss, which begins with what whoever started the process held.
maximo = next(linha for linha in Path("/proc/self/status").read_text().splitlines() if linha.startswith("VmHWM"))
print(round(segundos, 2), round(int(maximo.split()[1]) / 1024))
