"""`python -m config.postgres parar` stops the embedded PostgreSQL; `estado` tells whether it runs."""

import sys

from . import em_pe, parar


def main(argumentos: list[str]) -> int:
    if argumentos == ["parar"]:
        print("PostgreSQL embutido parado." if parar() else "O PostgreSQL embutido não estava no ar.")
        return 0
    if argumentos == ["estado"]:
        socket = em_pe()
        print(f"O PostgreSQL embutido está no ar em {socket}." if socket else "O PostgreSQL embutido não está no ar.")
        return 0 if socket else 3
    print("Uso: python -m config.postgres parar | estado", file=sys.stderr)
    return 2


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
