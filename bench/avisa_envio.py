"""Avisa in `envio` and `latencia`: its own workers, started and idle, and then the service is switched on."""

import os
import subprocess
import sys
import time
from pathlib import Path

import psutil
from django.db import connection
from django.db.models import Sum

from bench import banco, processos
from bench.avisa_alvo import POR_RESOLVER, PRESSA
from bench.pares import Incompleta, conferir
from bench.razoes import Amostra
from mensageria import balanco, models, trabalhador
from mensageria.estados import Classe, Estado

PRAZO_PARA_INICIAR = 60
SEM_PROGRESSO = 60  # seconds after which a run is given up
PASSO = 0.1  # seconds between looks, which cost a little of what is measured
MENSAGENS_POR_CONEXAO = 1000  # the peers never close theirs
OCIOSO = 0.1  # seconds of CPU in half a second that a worker spends looking for work


class AvisaEnvio:
    """Sends the e-mails that wait in a database: in a copy for each run, or, `no_proprio`, there and only once."""

    nome = "Avisa"

    def __init__(
        self, modelo: str, pasta: Path, *, conexoes: int = 10, trabalhadores: int = 2, no_proprio: bool = False
    ):
        self.modelo, self.pasta, self.no_proprio = modelo, pasta, no_proprio
        self.conexoes, self.trabalhadores = conexoes, trabalhadores
        self.banco = modelo if no_proprio else f"{modelo}_corrida"
        self.mensagens = 0
        self.amostras: list[Amostra] = []

    def preparar(self, pasta: Path) -> None:
        pass

    def enviar(self, porta: int) -> float:
        """Send all once; return the seconds from the moment the service is switched on until all is recorded."""
        connection.close()
        if not self.no_proprio:
            banco.criar(self.banco, self.modelo)
        connection.settings_dict["NAME"] = self.banco
        try:
            self._ligar_a(porta)
            banco.assentar(self.banco)
            vivo = self._iniciar()
            try:
                processos.esperar(lambda: self._pronto(vivo), PRAZO_PARA_INICIAR, "iniciar o trabalhador")
                segundos = self._cronometrar(vivo)
            finally:
                processos.parar(vivo)
            self._conferir()
            return segundos
        finally:
            connection.close()
            connection.settings_dict["NAME"] = self.modelo

    def encerrar(self) -> None:
        if not self.no_proprio:
            banco.apagar(self.banco)

    def _ligar_a(self, porta: int) -> None:
        models.ServicoEmail.objects.update(
            host="127.0.0.1",
            porta=porta,
            conexoes=self.conexoes,
            mensagens_por_conexao=MENSAGENS_POR_CONEXAO,
            cota_mensal=None,
            prazo=10,
            ativo=False,
        )
        models.GatewaySMS.objects.update(ativo=False)
        self.mensagens, self.antes = self._por_resolver(), (_contagem(Estado.ENVIADA), _aceitas())

    def _iniciar(self) -> subprocess.Popen:
        ambiente = os.environ | {
            **PRESSA,
            "DATABASE_URL": banco.url(self.banco),
            "DJANGO_SETTINGS_MODULE": "config.settings",
            "ENVIO": "simulado",
            "DEBUG": "0",  # which keeps every statement in memory
            "PASTA_DIARIO": str(self.pasta / "diario"),
        }
        comando = [sys.executable, "-m", "bench.trabalhador", "--conexoes", str(self.conexoes // self.trabalhadores)]
        comando += ["--processos", str(self.trabalhadores)]
        return processos.iniciar(comando, ambiente, self._registro)

    @property
    def _registro(self) -> Path:
        return self.pasta / "trabalhador.log"

    def _pronto(self, vivo: subprocess.Popen) -> bool:
        """Whether every process is among those that send, and does nothing but look for work."""
        if vivo.poll() is not None:
            raise processos.NaoTerminou(f"o trabalhador terminou; veja {self._registro}")
        if _presentes() < self.trabalhadores:
            return False
        todos = processos.familia(vivo)
        antes = sum(map(_cpu, todos))
        time.sleep(0.5)
        return sum(map(_cpu, todos)) - antes < OCIOSO * len(todos)

    def _cronometrar(self, vivo: subprocess.Popen) -> float:
        inicio = time.monotonic()
        todos = processos.familia(vivo)
        models.ServicoEmail.objects.filter(uso_interno=False).update(ativo=True)
        self.amostras = [Amostra(0, 0, _memoria(todos))]
        mudou = inicio
        while (registradas := self.mensagens - self._por_resolver()) < self.mensagens:
            agora = time.monotonic()
            if registradas > self.amostras[-1].registradas:
                mudou = agora
            elif agora - mudou > SEM_PROGRESSO:
                raise processos.NaoTerminou(f"{registradas} de {self.mensagens} enviadas; veja {self._registro}")
            self.amostras.append(Amostra(agora - inicio, registradas, _memoria(todos)))
            time.sleep(PASSO)
        segundos = time.monotonic() - inicio
        self.amostras.append(Amostra(segundos, self.mensagens, _memoria(todos)))
        return segundos

    def _por_resolver(self) -> int:
        return _contagem(*POR_RESOLVER)

    def _conferir(self) -> None:
        """All that waited is recorded as sent, with an attempt each, and the counts that are kept are right."""
        conferir(_contagem(Estado.ENVIADA) - self.antes[0], self.mensagens)
        conferir(_aceitas() - self.antes[1], self.mensagens)
        if balanco.conferir():
            raise Incompleta("as contagens dos lotes não batem com as mensagens")


def _contagem(*estados: Estado) -> int:
    contagens = models.LoteContagem.objects.filter(lote__canal=models.Canal.EMAIL, estado__in=estados)
    return contagens.aggregate(n=Sum("quantidade"))["n"] or 0


def _aceitas() -> int:
    return models.TentativaEnvio.objects.filter(classe=Classe.ACEITA).count()


def _presentes() -> int:
    """The processes whose session says that they send (`mensageria.trabalhador`)."""
    with connection.cursor() as cursor:
        cursor.execute(trabalhador.TIDAS)
        return sum(classe == trabalhador.PRESENCA for classe, _ in cursor.fetchall())


def _cpu(processo: psutil.Process) -> float:
    tempos = processo.cpu_times()
    return tempos.user + tempos.system


def _memoria(todos: list[psutil.Process]) -> dict[int, int]:
    return {um.pid: um.memory_info().rss for um in todos}
