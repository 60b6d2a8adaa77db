"""Avisa under the kills: bills of process 336, sent by the product's own workers, each with its folder of journals."""

import os
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from math import ceil
from pathlib import Path

from django.db import connection
from django.utils import timezone

from batch.execucao import executar, tique
from batch.inicio import iniciar
from bench import banco, processos
from bench.apuracao import Fim, Mensagem
from cadastro.gerador import gerar_base
from cadastro.importacao import importar
from exemplo import amostra, demonstracao
from mensageria import balanco, composicao, models
from mensageria.estados import Classe, Estado, PoliticaIncerta

POR_IMOVEL = 0.4  # e-mails, at least
FINS = {
    Estado.PENDENTE: Fim.PENDENTE,
    Estado.EM_ENVIO: Fim.PENDENTE,
    Estado.ENVIADA: Fim.ENVIADA,
    Estado.ENTREGUE: Fim.ENVIADA,
    Estado.FALHA: Fim.FALHA,
    Estado.CANCELADA: Fim.CANCELADA,
    Estado.INCERTA: Fim.INCERTA,
}
POR_RESOLVER = (Estado.PENDENTE, Estado.EM_ENVIO)
# Rests and second attempts come soon: what is measured does not depend on how long they are.
PRESSA = {"ESPERA_ENTRE_TENTATIVAS": "1", "ESPERA_DO_SERVICO": "1"}


@contextmanager
def banco_modelo(mensagens: int, sufixo: str) -> Iterator[str]:
    """A database with at least that many e-mails of one run of process 336 waiting; yields its name."""
    agora = timezone.now()
    hoje = timezone.localdate(agora)
    with demonstracao.banco_proprio(f"bench_{sufixo}"), tempfile.TemporaryDirectory() as pasta:
        list(gerar_base(imoveis=int(mensagens / POR_IMOVEL), semente=1, saida=pasta, hoje=hoje))
        importar(pasta, saida=Path(pasta) / "recusadas", hoje=hoje)
        amostra.configurar(hoje=hoje, smtp="127.0.0.1:1", sms="127.0.0.1:1")
        _gerar(agora)
        nome = connection.settings_dict["NAME"]
        connection.close()
        yield nome


def _gerar(agora: datetime) -> None:
    """Steps 1 and 2 of the process; what sends is started by each run."""
    iniciar(demonstracao.PROCESSO, usuario=None, agendado_para=agora, agora=agora)
    for _ in range(2):
        for unidade in tique(agora):
            executar(unidade, agora=agora)


class Avisa:
    """One run on a copy of the model, under one policy for what is uncertain.

    A worker is `processos_de_cada` processes that die together. With `maquinas` each worker has its journals, as on
    machines of their own. `servico` has fields of its service.
    """

    def __init__(
        self,
        modelo: str,
        *,
        mensagens: int,
        conexoes: int,
        politica: PoliticaIncerta = PoliticaIncerta.NAO_REENVIAR,
        trabalhadores: int = 1,
        processos_de_cada: int = 1,
        maquinas: bool = True,
        **servico,
    ):
        self.modelo, self.banco = modelo, f"{modelo}_corrida"
        self.quantas, self.politica = mensagens, politica
        self.servico = {"conexoes": conexoes, "prazo": 10} | servico
        self.processos_de_cada = processos_de_cada
        self.linhas = ceil(conexoes / trabalhadores / processos_de_cada)
        self.maquinas = maquinas

    def preparar(self, porta: int, pasta: Path) -> None:
        self.pasta = pasta
        connection.close()
        banco.criar(self.banco, self.modelo)
        connection.settings_dict["NAME"] = self.banco
        self._deixar_so_as_pedidas()
        models.ServicoEmail.objects.update(host="127.0.0.1", porta=porta, **self.servico)
        models.Remetente.objects.update(rotacao_automatica=False)
        models.OrigemEnvio.objects.update(politica_incerta=self.politica)
        models.GatewaySMS.objects.update(ativo=False)

    def iniciar(self, indice: int) -> subprocess.Popen:
        ambiente = os.environ | {
            **PRESSA,
            "DATABASE_URL": banco.url(self.banco),
            "DJANGO_SETTINGS_MODULE": "config.settings",
            "ENVIO": "simulado",
            "DEBUG": "0",  # which keeps every statement in memory
            "PASTA_DIARIO": str(self.pasta / (f"diario-{indice}" if self.maquinas else "diario")),
        }
        comando = [sys.executable, "-m", "bench.trabalhador", "--conexoes", str(self.linhas)]
        comando += ["--processos", str(self.processos_de_cada)]
        return processos.iniciar(comando, ambiente, self.pasta / f"trabalhador-{indice}.log")

    def pendentes(self) -> int:
        return models.Mensagem.objects.filter(estado__in=POR_RESOLVER).count()

    def mensagens(self) -> dict[str, Mensagem]:
        duvidas = Counter(
            models.TentativaEnvio.objects.filter(classe=Classe.INCERTA).values_list("mensagem_id", flat=True)
        )
        mensagens = models.Mensagem.objects.select_related("remetente").only("chave", "estado", "remetente__email")
        return {
            composicao.identificacao(m): Mensagem(FINS[Estado(m.estado)], duvidas[m.pk])
            for m in mensagens.iterator(chunk_size=2000)
        }

    def contagens_erradas(self) -> int:
        return len(balanco.conferir())

    def encerrar(self) -> None:
        connection.close()
        connection.settings_dict["NAME"] = self.modelo
        banco.apagar(self.banco)

    def _deixar_so_as_pedidas(self) -> None:
        """No SMS, and no more e-mails than were asked for."""
        emails = models.Mensagem.objects.filter(canal=models.Canal.EMAIL).order_by("id")
        models.Mensagem.objects.exclude(pk__in=emails[: self.quantas].values("pk")).delete()
