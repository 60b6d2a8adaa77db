"""`python -m bench.partida COMMAND …`: a Django command of a peer that is ready to go, and goes when told.

Django is loaded and its database connected before the start, so that no start of Python is counted for anybody.
"""

import sys


def main() -> None:
    import django
    from django.core.management import call_command
    from django.db import connection

    django.setup()
    connection.ensure_connection()
    print("pronto", flush=True)
    sys.stdin.readline()
    call_command(*sys.argv[1:])


if __name__ == "__main__":
    main()
