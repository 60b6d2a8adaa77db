"""Where Avisa keeps what it makes on this machine. Standard library only: `./avisa` runs it before any installation.

An ordinary user has everything in `var/` of the checkout. The embedded PostgreSQL refuses to run as root, so as root it
runs as a user of its own, and the wheel that carries it then opens every folder above its data and its binaries to
everybody. Under root the data and the virtual environment therefore live in `/var/lib/avisa/`, never in a home.
"""

import hashlib
import os
from pathlib import Path

RAIZ = Path(__file__).resolve().parent.parent


def pasta_de_dados(raiz: Path = RAIZ) -> Path:
    """The folder of the database and of the virtual environment; one for each checkout."""
    if escolhida := os.environ.get("AVISA_DADOS"):
        return Path(escolhida).resolve()
    if hasattr(os, "geteuid") and os.geteuid() == 0:
        return Path("/var/lib/avisa") / hashlib.sha256(str(raiz).encode()).hexdigest()[:12]
    return raiz / "var"


if __name__ == "__main__":
    print(pasta_de_dados())
