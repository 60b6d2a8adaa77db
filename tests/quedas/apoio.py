"""A service with its sink, e-mails to send through it, processes that send, and what must hold when they are done."""

import sys
import uuid
from collections import Counter
from contextlib import AbstractContextManager
from datetime import timedelta
from pathlib import Path
from subprocess import Popen

from django.utils import timezone

from cadastro.models import Cliente
from faturamento.avisos import gerar_avisos
from faturamento.models import ClienteConta, Conta
from mensageria import balanco
from mensageria.estados import Classe, Estado
from mensageria.models import Canal, Consumo, Mensagem, Reserva, ServicoEmail, TentativaEnvio
from simuladores.smtp import Recebida, ServidorSMTP
from tests.fabricas import nova_conta, novas_saidas, novo_cliente, novo_parametro, novo_parametro_sistema
from tests.processos import ambiente_com_este_banco, esperar, matar, processo

PARA_SEMPRE = 600  # seconds: longer than any test waits
PRAZO = 60  # seconds that a test waits for what takes a few, on a machine that is busy


class Sumidouro(ServidorSMTP):
    """A sink that keeps a body and may then withhold its 250: whoever dies meanwhile cannot know."""

    def __init__(self, espera: float = 0.005):
        super().__init__()
        self.espera = espera
        self.retendo = False
        self.sem_resposta: list[str] = []  # whom the bodies were for

    def espera_do_250(self, recebida: Recebida) -> float:
        if not self.retendo:
            return self.espera
        self.sem_resposta.append(recebida.destinos[0])
        return PARA_SEMPRE

    def morrer_sem_resposta(self, filho: Popen, conexoes: int) -> set[str]:
        """Kill a process that waits for its 250 on every connection; return whom the bodies were for."""
        esperar(lambda: self.abertas == conexoes and self.aceitas >= conexoes, PRAZO, 0.01)
        self.retendo = True
        esperar(lambda: len(self.sem_resposta) >= conexoes, PRAZO, 0.01)
        matar(filho)
        self.retendo = False
        return set(self.sem_resposta)


def novo_servico(smtp: ServidorSMTP, **campos) -> ServicoEmail:
    novo_parametro_sistema()
    novo_parametro(referencia=202001)
    return novas_saidas(smtp=("127.0.0.1", smtp.porta), **campos)[0]


def gerar(quantas: int, *, agora=None) -> None:
    """So many e-mails that are due now, each to an address of its own."""
    agora = agora or timezone.now()
    hoje = timezone.localdate(agora)
    modelo = nova_conta(cliente=novo_cliente(celular=None, por_sms=False), vencimento=hoje + timedelta(days=3))
    clientes = Cliente.objects.bulk_create(
        Cliente(nome=f"CLIENTE DA FILA {n}", email=f"fila{modelo.pk}.{n}@exemplo.com.br", por_email=True)
        for n in range(1, quantas)
    )
    campos = ("imovel_id", "localidade_id", "perfil_id", "grupo_id", "referencia", "emissao", "vencimento")
    iguais = {campo: getattr(modelo, campo) for campo in (*campos, "valor_agua")}
    contas = Conta.objects.bulk_create(Conta(**iguais) for _ in clientes)
    ClienteConta.objects.bulk_create(
        ClienteConta(conta=conta, cliente=cliente) for conta, cliente in zip(contas, clientes, strict=True)
    )
    gerar_avisos(localidade_id=modelo.localidade_id, execucao=uuid.uuid4(), hoje=hoje, agora=agora)
    assert Mensagem.objects.filter(canal=Canal.EMAIL, estado=Estado.PENDENTE).count() >= quantas


def trabalhador(servico: ServicoEmail, pasta: Path, *, conexoes: int = 2, **ambiente) -> AbstractContextManager[Popen]:
    """A process that sends, with its journals in `pasta`; killed at the end of the block."""
    comando = [sys.executable, "-m", "tests.quedas.trabalhador", str(servico.pk), str(conexoes)]
    proprio = {"PASTA_DIARIO": str(pasta), "ESPERA_DO_SERVICO": "1", "ESPERA_ENTRE_TENTATIVAS": "1"}
    return processo(comando, ambiente_com_este_banco() | proprio | ambiente)


def parar(filho: Popen, prazo: float = PRAZO) -> None:
    """Ask a process to stop, and wait until it did."""
    filho.terminate()
    assert filho.wait(prazo) == 0


def estados() -> Counter:
    return Counter(Estado(e).name for e in Mensagem.objects.order_by().values_list("estado", flat=True))


def terminou() -> bool:
    """Whether nothing waits and nothing is in envio."""
    return not Mensagem.objects.filter(estado__in=(Estado.PENDENTE, Estado.EM_ENVIO)).exists()


def incertas() -> Counter:
    """{address: how many attempts of its message are uncertain}."""
    das_incertas = TentativaEnvio.objects.filter(classe=Classe.INCERTA)
    return Counter(das_incertas.values_list("destino", flat=True))


def conferir(smtp: ServidorSMTP, *servicos: ServicoEmail) -> None:
    """What holds once nobody sends, whatever died: nothing lost, nothing silently repeated, and every count right."""
    recebidas = Counter(r.destinos[0] for r in smtp.recebidas)
    duvidas = incertas()
    repetidas = {destino: n for destino, n in recebidas.items() if n > 1 + duvidas[destino]}
    assert not repetidas, "received again with no doubt between"
    enviadas = Mensagem.objects.filter(estado__in=(Estado.ENVIADA, Estado.ENTREGUE))
    assert not set(enviadas.values_list("destino", flat=True)) - recebidas.keys(), "said to be sent, and never received"
    assert not recebidas.keys() - set(TentativaEnvio.objects.values_list("destino", flat=True)), "no attempt tells it"
    assert not Reserva.objects.filter(encerrada_em=None).exists()
    assert balanco.conferir() == []
    for servico in servicos:
        usos = TentativaEnvio.objects.filter(servico=servico.nome, classe__in=(Classe.ACEITA, Classe.INCERTA))
        usados = Consumo.objects.do(servico).values_list("usado", flat=True)
        assert sum(usados) == usos.order_by().values("mensagem", "reserva").distinct().count()
