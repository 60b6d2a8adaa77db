"""The fake: a channel that keeps what it is given and answers what it is told."""

from collections.abc import Callable, Iterable, Sequence

from mensageria.canais.base import Canal, Envelope, FalhaDeEnvio, Resposta


class CanalDeMemoria(Canal):
    """`respostas` are used up one by one: a Resposta is returned, an exception raised; then everything is accepted.

    An exception whose `depois_do_corpo` is true is raised after the body left, and its message was received. In a
    batch a FalhaDeEnvio is the result of its own message, and any other exception breaks the whole departure.
    """

    carencia_da_consulta = 0

    def __init__(self, respostas: Iterable = (), *, lote_maximo: int = 1, consultavel_por_chave: bool | None = None):
        self.respostas = list(respostas)
        self.recebidos: list[Envelope] = []
        self.partidas: list[int] = []  # how many messages left each time
        self.lote_maximo = lote_maximo
        self.consultavel_por_chave = lote_maximo > 1 if consultavel_por_chave is None else consultavel_por_chave
        self._ids: dict[str, str] = {}

    def fechar(self) -> None:
        pass

    def enviar(self, envelope: Envelope, antes_do_corpo: Callable[[], None]) -> Resposta:
        resposta = self._proxima()
        if isinstance(resposta, Exception) and not _depois_do_corpo(resposta):
            raise resposta
        antes_do_corpo()
        self.partidas.append(1)
        self._receber(envelope, resposta)
        if isinstance(resposta, Exception):
            raise resposta
        return resposta

    def enviar_lote(
        self, envelopes: Sequence[Envelope], antes_do_corpo: Callable[[], None]
    ) -> list[Resposta | FalhaDeEnvio]:
        self._conferir_lote(envelopes)
        if len(envelopes) < 2:
            return super().enviar_lote(envelopes, antes_do_corpo)
        resultados = [self._proxima(posicao) for posicao in range(len(envelopes))]
        quebra = next((r for r in resultados if not isinstance(r, Resposta | FalhaDeEnvio)), None)
        if quebra is not None and not _depois_do_corpo(quebra):
            raise quebra
        antes_do_corpo()
        self.partidas.append(len(envelopes))
        for envelope, resultado in zip(envelopes, resultados, strict=True):
            if isinstance(resultado, Resposta) or _depois_do_corpo(resultado):
                self._receber(envelope, resultado)
        if quebra is not None:
            raise quebra
        return resultados

    def consultar_por_chave(self, chave: str) -> Resposta | None:
        if not self.consultavel_por_chave:
            return super().consultar_por_chave(chave)
        return Resposta("250", "recebida", self._ids[chave]) if chave in self._ids else None

    def _proxima(self, adiante: int = 0) -> Resposta | Exception:
        return self.respostas.pop(0) if self.respostas else Resposta("250", "ok", f"id-{len(self.recebidos) + adiante}")

    def _receber(self, envelope: Envelope, resposta: Resposta | Exception) -> None:
        id_externo = resposta.id_externo if isinstance(resposta, Resposta) else f"id-{len(self.recebidos)}"
        self._ids.setdefault(envelope.chave, id_externo)
        self.recebidos.append(envelope)


def _depois_do_corpo(resposta: Resposta | Exception) -> bool:
    return getattr(resposta, "depois_do_corpo", False)
