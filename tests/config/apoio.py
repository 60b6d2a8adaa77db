"""Running the product as a user does: in a process of its own, with an environment of its own."""

import os
import subprocess
import sys
from pathlib import Path

RAIZ = Path(__file__).resolve().parents[2]


def rodar(*comando: str, **ambiente: str) -> subprocess.CompletedProcess:
    """Run to the end, without a terminal; what is not in `ambiente` comes from this process."""
    return subprocess.run(
        comando,
        cwd=RAIZ,
        env=os.environ | ambiente,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


def python(codigo: str, **ambiente: str) -> subprocess.CompletedProcess:
    return rodar(sys.executable, "-c", codigo, **ambiente)
