"""Send a block by several connections of one SMTP service, in one thread that waits for none of them.

Each round: hear what the servers said, journal it, let leave what has only its body left to send (announced together,
by one wait for the disk), and announce the next message behind each body.
"""

import logging
import time
from dataclasses import dataclass

from mensageria import turno as t
from mensageria.canais.base import FalhaDeEnvio
from mensageria.canais.esteira import Carta, Esteira, Evento
from mensageria.canais.esteiras import Esteiras
from mensageria.diario import Cercado, SemEspaco
from mensageria.estados import Classe
from mensageria.reserva import ErroInesperado, Saindo
from mensageria.resultados import Resultado
from mensageria.ritmo import quantas_por_pedido
from mensageria.turno import EmMaos, PosseExpirada, Turno

log = logging.getLogger(__name__)

MAIOR_PAUSA = 0.1  # seconds that a request to stop may go unseen


def enviar(turno: Turno, em_maos: EmMaos, esteiras: Esteiras) -> bool:
    """Send a block; False when the turn must end.

    When it must stop, whatever for, bodies that left are still waited for: their answers are worth more than a doubt.
    """
    conducao = _Conducao(turno, em_maos, esteiras)
    try:
        conducao.conduzir()
    except BaseException as erro:
        conducao.abandonar(erro)
        raise
    if conducao.erro is not None:
        raise conducao.erro
    return conducao.seguir


@dataclass(slots=True, eq=False)
class _Saida:
    """A message between its first command and its answer; `em` is when its body left, as ISO 8601."""

    m: Saindo
    em: str = ""


class _Conducao:
    def __init__(self, turno: Turno, em_maos: EmMaos, esteiras: Esteiras):
        self.turno, self.em_maos, self.esteiras = turno, em_maos, esteiras
        self.prontas: list[Esteira] = []  # nothing but a body is left to send
        self.no_corpo: dict[int, _Saida] = {}  # bodies without an answer
        self.feitos: list[Resultado] = []  # not in the journal yet: it takes those of a round together
        self.parada = False  # nothing more is begun
        self.seguir = True  # the turn may go on
        self.erro: Exception | None = None  # why this block must not be sent any more

    def conduzir(self) -> None:
        while True:
            self._comecar()
            self._partir()
            if self._terminou():
                break
            if self.erro is not None and not any(esteira.no_corpo for esteira in self.esteiras):
                raise self.erro  # nobody is left to say what became of them
            self._ouvir_todas(self._ate())
            self._juntar()
            self._anotar_feitos()
            self._escrever()
        self._largar(esteira for esteira in self.esteiras if esteira.na_frente is not None)
        self._anotar_feitos()

    def _ouvir_todas(self, ate: float) -> None:
        for esteira, eventos in self.esteiras.esperar(ate):
            self._ouvir(esteira, eventos)

    def _juntar(self) -> None:
        """Hear who answered while the others were heard, while somebody did: all leave after one wait for the disk.

        Not where a limit says when: there they are announced already, and the moment may come.
        """
        antes = None
        while self.prontas and not self.turno.ritmado and len(self.no_corpo) not in (0, antes):
            antes = len(self.no_corpo)
            self._ouvir_todas(0)

    def _escrever(self) -> None:
        try:
            t.escrever(self.turno, self.em_maos)
        except Exception as erro:  # the journal has all: what is in the air is waited for, and nothing more is begun
            self._parar(erro=erro)

    def abandonar(self, erro: BaseException) -> None:
        """Something nobody foresaw: what may have left is in doubt, and says so."""
        duvida = ErroInesperado(Classe.INCERTA, erro)
        for saida in list(self.no_corpo.values()):
            self._anotar(saida, duvida, 0)
        self._anotar_feitos()

    # What is begun

    def _comecar(self) -> None:
        """Give each connection that has nothing to do a message, and open those that are missing."""
        if self._parou():
            return
        if self.esteiras.nenhuma and self.esteiras.falhas and self.em_maos.fila:
            self._dizer(_Saida(self.em_maos.fila.popleft()), self.esteiras.falhas.pop(), 0)
        self.esteiras.abrir_ate(len(self.em_maos.fila))
        for esteira in self.esteiras:
            if not esteira.ociosa:
                continue
            if not esteira.restam:
                self.esteiras.fechar(esteira)
                self.esteiras.abrir_ate(len(self.em_maos.fila))
            elif (carta := self._proxima(esteira)) is not None:
                self._ouvir(esteira, esteira.entrar(carta))

    def _proxima(self, esteira: Esteira) -> Carta | None:
        """The next message that this connection may carry; those that none may are told what keeps them."""
        em_maos = self.em_maos
        while em_maos.fila and not self._parou():
            m = em_maos.fila.popleft()
            if m.id in em_maos.impedidas:
                self.feitos.append(Resultado(m.id, motivo=em_maos.impedidas[m.id]))
                continue
            try:
                if m.erro is not None:
                    raise m.erro
                carta = esteira.carta(_Saida(m), t.envelope(m))
                em_maos.na_frente[m.id] = m
                return carta
            except FalhaDeEnvio as falha:
                self._dizer(_Saida(m), falha, 0)
            except Exception as erro:  # it costs this message an attempt, so that it does not come back for ever
                log.exception("A mensagem %s não pôde sair.", m.id)
                self._dizer(_Saida(m), ErroInesperado(Classe.TEMPORARIO, erro), 0)
        return None

    def _parou(self) -> bool:
        if not self.parada and self.turno.acabou():
            self.parada = True
        return self.parada

    # What leaves

    def _partir(self) -> None:
        """Let leave, together, what has only its body left to send and whose moment came."""
        self.prontas = [esteira for esteira in self.prontas if esteira.aberta and esteira.na_frente is not None]
        if not self.prontas:
            return
        if self._parou():
            self._largar(self.prontas)
            return
        try:
            # What may take a while comes before the moment is asked for, not between the moment and the body.
            self._anotar_feitos()  # what came of a body, before the next one leaves
            if self.parada:
                return
            t.verificar_se_velha(self.turno, self.em_maos)
            self._anunciar_proximas()
            quantas = t.vezes(self.turno, len(self.prontas))
            if quantas is None:  # its moment is far off
                self._parar(seguir=False)
                return
            saem, self.prontas = self.prontas[:quantas], self.prontas[quantas:]
            if saem:
                self._soltar(saem)
                t.pedir_saidas(self.turno, len(self.prontas))
                self._anunciar_proximas()
        except Exception as erro:
            self._parar(erro=erro)

    def _anunciar_proximas(self) -> None:
        """Those that a limit makes wait for their moment; with none, all that leave are announced together."""
        if self.turno.ritmado:
            proximas = self.prontas[: quantas_por_pedido(self.turno.limites)]
            t.anunciar(self.em_maos, [esteira.na_frente.dono.m.id for esteira in proximas])

    def _soltar(self, esteiras: list[Esteira]) -> None:
        saidas = [esteira.na_frente.dono for esteira in esteiras]
        try:
            agora, barradas = t.autorizar(self.turno, self.em_maos, [saida.m for saida in saidas])
        except (PosseExpirada, Cercado):
            self.feitos += [Resultado(saida.m.id) for saida in saidas]  # announced, and did not leave
            for esteira in esteiras:
                self.esteiras.fechar(esteira)
            raise
        em = agora.isoformat()
        for esteira, saida in zip(esteiras, saidas, strict=True):
            self.em_maos.na_frente.pop(saida.m.id, None)
            if saida.m.id in barradas:  # the server waits for a body and must get nothing, not even RSET
                self.esteiras.fechar(esteira)
                self.feitos.append(Resultado(saida.m.id, motivo=barradas[saida.m.id]))
                continue
            saida.em = em
            self.no_corpo[saida.m.id] = saida
            segue = esteira.restam > 1 and esteira.em_grupo
            self._ouvir(esteira, esteira.partir(self._proxima(esteira) if segue else None))

    def _parar(self, *, seguir: bool = True, erro: Exception | None = None) -> None:
        """Begin nothing more; what waits for its body goes back."""
        self.parada = True
        self.seguir = self.seguir and seguir
        self.erro = self.erro or erro
        self._largar(self.prontas)

    def _largar(self, esteiras) -> None:
        """Close them; what had not left stays in the block, and goes back with the rest of it."""
        for esteira in list(esteiras):
            if esteira.no_corpo is None:
                if esteira.na_frente is not None:
                    self._por_de_volta(esteira.na_frente.dono.m)
                self.esteiras.fechar(esteira)
        self.prontas = []

    def _por_de_volta(self, m: Saindo) -> None:
        self.em_maos.na_frente.pop(m.id, None)
        if m.id in self.em_maos.anunciadas:  # and it did not leave: the journal is told
            self.em_maos.anunciadas.discard(m.id)
            self.feitos.append(Resultado(m.id))
        else:
            self.em_maos.fila.appendleft(m)

    # What comes back

    def _ouvir(self, esteira: Esteira, eventos: list[Evento]) -> None:
        for evento in eventos:
            saida: _Saida = evento.carta.dono
            if evento.volta:
                self._por_de_volta(saida.m)
            elif evento.dito is None:
                self.prontas.append(esteira)
            else:
                self._dizer(saida, evento.dito, int((time.monotonic() - evento.carta.inicio) * 1000))
        if not esteira.aberta:
            self.esteiras.fechar(esteira)

    def _dizer(self, saida: _Saida, dito, duracao_ms: int) -> None:
        self._anotar(saida, dito, duracao_ms)
        try:
            if not t.seguir(self.turno, saida.m, dito):
                self._parar(seguir=False)
        except Exception as erro:
            self._parar(erro=erro)

    def _anotar(self, saida: _Saida, dito, duracao_ms: int) -> None:
        momento = saida.em or self.turno.relogio().isoformat()
        self.feitos.append(t.resultado(self.turno, saida.m, dito, momento, duracao_ms))
        self.no_corpo.pop(saida.m.id, None)
        self.em_maos.na_frente.pop(saida.m.id, None)

    def _anotar_feitos(self) -> None:
        feitos, self.feitos = self.feitos, []
        try:
            t.anotar(self.turno, self.em_maos, feitos)
        except SemEspaco as erro:  # the database still gets them
            self._parar(erro=erro)

    def _terminou(self) -> bool:
        if self.no_corpo:
            return False
        if self.parada:
            return True
        ocupadas = any(not esteira.ociosa for esteira in self.esteiras)
        return not ocupadas and not self.em_maos.fila

    def _ate(self) -> float:
        """Until when to wait: a departure whose moment comes, or a look around."""
        agora = time.monotonic()
        ate = agora + MAIOR_PAUSA
        return min(ate, self.turno.saidas[0][0]) if self.prontas and self.turno.saidas else ate
