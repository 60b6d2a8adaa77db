"""The broker of files, for one machine without Redis: kombu's own, with its two races closed.

Kombu writes a message under its final name, so a worker may take a file that is still empty: that ends the worker, and
the message is lost. The tables of exchanges are truncated before they are locked, and hurt their readers likewise.
"""

import time
import uuid
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

from kombu.transport import filesystem
from kombu.utils.json import dumps

TENTATIVAS = 40
PASSO = 0.05  # seconds; a table is half-written for far less

T = TypeVar("T")


def _com_paciencia(ler: Callable[[], T]) -> T:
    """What it reads, tried again while somebody is writing it."""
    for _ in range(TENTATIVAS):
        try:
            return ler()
        except ValueError:  # JSON cut short
            time.sleep(PASSO)
    return ler()


class Channel(filesystem.Channel):
    def _put(self, queue, payload, **_):
        """A message appears whole: it is written beside its place, under a name that no queue has, and moved there."""
        nome = f"{round(time.monotonic() * 1000)}_{uuid.uuid4()}.{queue}.msg"
        pasta = Path(self.data_folder_out)
        rascunho = pasta / f".{nome}"
        rascunho.write_text(dumps(payload))
        rascunho.rename(pasta / nome)

    def get_table(self, exchange):
        return _com_paciencia(lambda: super(Channel, self).get_table(exchange))

    def _queue_bind(self, exchange, routing_key, pattern, queue):
        _com_paciencia(lambda: super(Channel, self)._queue_bind(exchange, routing_key, pattern, queue))


class Transport(filesystem.Transport):
    Channel = Channel
