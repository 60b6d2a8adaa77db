"""The fake: a channel that keeps what it is given and answers what it is told."""

from collections.abc import Callable

from mensageria.canais.base import Canal, Envelope, Resposta


class CanalDeMemoria(Canal):
    """`respostas` are used up one by one: a Resposta is returned, an exception raised; then everything is accepted.

    An exception whose `depois_do_corpo` is true is raised after the body left.
    """

    def __init__(self, respostas=()):
        self.respostas = list(respostas)
        self.recebidos: list[Envelope] = []

    def fechar(self) -> None:
        pass

    def enviar(self, envelope: Envelope, antes_do_corpo: Callable[[], None]) -> Resposta:
        resposta = self.respostas.pop(0) if self.respostas else Resposta("250", "ok", f"id-{len(self.recebidos)}")
        if isinstance(resposta, Exception) and not getattr(resposta, "depois_do_corpo", False):
            raise resposta
        antes_do_corpo()
        self.recebidos.append(envelope)
        if isinstance(resposta, Exception):
            raise resposta
        return resposta
