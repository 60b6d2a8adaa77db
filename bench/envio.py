"""`./avisa bench envio`: from messages that wait to accepted and recorded, beside those who send for a living.

Everything on this machine: the same database server, and a `smtp-sink` of its own for each run. Runs alternate, ours
and theirs, and what is quoted is the median of the ratios of the pairs. Each sender does its own bookkeeping, and a run
counts only if all its messages are in its ledger.
"""

import argparse
import os
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median
from typing import Protocol

import psycopg2

from bench import ambientes, avisa_alvo, banco, fonte_simples, pares, processos, saida, sumidouro
from bench.avisa_envio import AvisaEnvio
from bench.razoes import Amostra, Razao, crescimento, decimos, memoria_mb, razao

MENSAGENS, DOS_LENTOS, DAS_CONTAS = 100_000, 20_000, 20_000
ANTIGAS = 3_000_000
COMPARACOES = ("post_office", "django_mailer", "nodemailer", "smtp_source", "processos")
METAS = {
    "post_office": 8,
    "nodemailer": 4,
    "smtp_source": 0.25,
    "conta": 4,
    "processos": 1.3,
    "cheio": 0.7,
    "smtplib": 3.2,
}
MAIOR_MEMORIA, MAIOR_CRESCIMENTO = 200, 1.1
FALHAS = (processos.NaoTerminou, ambientes.NaoInstalou, sumidouro.Falta, pares.Incompleta)


class Remetente(Protocol):
    """Who sends. `preparar` comes once, before the runs, and `encerrar` after them."""

    nome: str
    mensagens: int

    def preparar(self, pasta: Path) -> None:
        """Leave ready what every run begins with."""

    def enviar(self, porta: int) -> float:
        """Send all to that port of this machine; the seconds until the last was recorded."""

    def encerrar(self) -> None:
        """Leave nothing behind."""


@dataclass
class Comparacao:
    """Messages a second of each run, ours and theirs in their order."""

    chave: str
    nome: str
    nossas: list[float] = field(default_factory=list)
    deles: list[float] = field(default_factory=list)

    @property
    def razao(self) -> Razao:
        return razao(self.nossas, self.deles)

    @property
    def falta(self) -> str:
        """What was promised and is not so; empty when all is."""
        meta = METAS.get(self.chave, 0)
        return f"{self.nome}: {self.razao.mediana:.2f}, e não {meta}" if self.razao.mediana < meta else ""


@dataclass
class Memoria:
    """Of Avisa's processes, in all the runs that had two."""

    picos: list[float] = field(default_factory=list)
    crescimentos: list[float] = field(default_factory=list)

    def ver(self, amostras: list[Amostra]) -> None:
        self.picos.append(memoria_mb(amostras))
        self.crescimentos.append(crescimento(amostras))

    def como_json(self) -> dict:
        return {"maximo": round(max(self.picos), 1), "crescimento": round(max(self.crescimentos), 3)}

    def faltas(self) -> Iterator[str]:
        if max(self.picos) > MAIOR_MEMORIA:
            yield f"memória de {max(self.picos):.0f} MB, e não até {MAIOR_MEMORIA}"
        if max(self.crescimentos) > MAIOR_CRESCIMENTO:
            yield f"a memória cresce {max(self.crescimentos):.2f} vez da primeira metade à segunda"


def executar(pedido: argparse.Namespace) -> int:
    fonte_simples.registrar()
    pasta = saida.pasta_vazia("envio")
    try:
        return _cheio(pedido, pasta) if pedido.cheio else _comparar_todos(pedido, pasta)
    except FALHAS as erro:
        return saida.invalida(str(erro))


def _comparar_todos(pedido: argparse.Namespace, pasta: Path) -> int:
    feitas: list[Comparacao] = []
    memoria, motivo = Memoria(), ""
    try:
        for preparada in _com_contas(pedido, pasta) if pedido.conta else _com_simples(pedido, pasta):
            feitas.append(correr_pares(*preparada, pedido.pares, memoria))
    except FALHAS as erro:
        motivo = str(erro)
    if feitas:
        print(tabela(feitas), flush=True)
        print(f"Memória de cada processo do Avisa: até {max(memoria.picos):.0f} MB", flush=True)
        saida.gravar(pedido, como_json(feitas, memoria))
    if motivo:
        return saida.invalida(motivo)
    return saida.veredito([*filter(None, (uma.falta for uma in feitas)), *memoria.faltas()])


def _com_simples(pedido: argparse.Namespace, pasta: Path) -> Iterator[tuple[str, AvisaEnvio, Remetente]]:
    mensagens = pedido.mensagens or MENSAGENS
    lentas = min(DOS_LENTOS, mensagens)
    saida.dizer(f"Criando {mensagens} mensagens…")
    with fonte_simples.banco_modelo(mensagens, "envio") as modelo:

        def avisa(trabalhadores: int = 2) -> AvisaEnvio:
            return AvisaEnvio(modelo, pasta, conexoes=pedido.conexoes, trabalhadores=trabalhadores)

        outros: dict[str, Callable[[], Remetente]] = {
            "post_office": lambda: pares.PostOffice(lentas),
            "django_mailer": lambda: pares.Mailer(lentas),
            "nodemailer": lambda: pares.Nodemailer(lentas),
            "smtp_source": lambda: pares.SmtpSource(mensagens),
            "processos": lambda: avisa(trabalhadores=1),
        }
        for chave in pedido.so or COMPARACOES:
            with preparado(avisa(), pasta) as nosso, preparado(outros[chave](), pasta) as outro:
                yield chave, nosso, outro


def _com_contas(pedido: argparse.Namespace, pasta: Path) -> Iterator[tuple[str, AvisaEnvio, Remetente]]:
    """The real bill, with its bar code inline, beside django-post-office with the plain message."""
    mensagens = pedido.mensagens or DAS_CONTAS
    saida.dizer(f"Gerando {mensagens} contas a anunciar…")
    with avisa_alvo.banco_modelo(mensagens, "envio") as modelo:
        nosso = AvisaEnvio(modelo, pasta, conexoes=pedido.conexoes)
        outro = pares.PostOffice(min(DOS_LENTOS, mensagens))
        with preparado(nosso, pasta), preparado(outro, pasta):
            yield "conta", nosso, outro


@contextmanager
def preparado(alvo: Remetente, pasta: Path) -> Iterator[Remetente]:
    try:
        alvo.preparar(pasta)
        yield alvo
    finally:
        alvo.encerrar()


def correr_pares(
    chave: str, nosso: AvisaEnvio, outro: Remetente, quantos: int, memoria: Memoria, servidor=sumidouro.sumidouro
) -> Comparacao:
    """Ours, theirs, ours, theirs…"""
    nome = "um processo" if chave == "processos" else outro.nome
    comparacao = Comparacao(chave, nome)
    for indice in range(quantos):
        comparacao.nossas.append(correr(nosso, servidor))
        memoria.ver(nosso.amostras)
        comparacao.deles.append(correr(outro, servidor))
        ritmos = f"{comparacao.nossas[-1]:.0f} e {comparacao.deles[-1]:.0f} por segundo"
        saida.dizer(f"Avisa e {nome}, par {indice + 1} de {quantos}: {ritmos}")
    return comparacao


def correr(alvo: Remetente, servidor=sumidouro.sumidouro) -> float:
    """A run with a server of its own; the messages a second."""
    with servidor() as porta:
        segundos = alvo.enviar(porta)
        return alvo.mensagens / segundos


def tabela(feitas: list[Comparacao]) -> str:
    titulos = ["Avisa ao lado de", "Avisa/s", "outro/s", "razão", "mínimo", "máximo", "meta"]
    linhas = []
    for uma in feitas:
        dados = uma.razao.como_json()
        ritmos = [round(median(uma.nossas)), round(median(uma.deles))]
        linhas.append(
            [uma.nome, *ritmos, dados["mediana"], dados["minimo"], dados["maximo"], METAS.get(uma.chave, "–")]
        )
    return saida.tabela(titulos, linhas)


def como_json(feitas: list[Comparacao], memoria: Memoria) -> dict:
    return {
        "razao": {uma.chave: uma.razao.como_json() for uma in feitas},
        "por_segundo": {
            uma.chave: {"avisa": [round(r) for r in uma.nossas], "outro": [round(r) for r in uma.deles]}
            for uma in feitas
        },
        "memoria_mb": memoria.como_json(),
        "carga": os.getloadavg()[0],
    }


# A database with a past


def _cheio(pedido: argparse.Namespace, pasta: Path) -> int:
    """The rate along one run, with old rows around and a snapshot that keeps every dead one."""
    mensagens = pedido.mensagens or MENSAGENS
    saida.dizer(f"Criando {mensagens} mensagens e {pedido.antigas} antigas…")
    with fonte_simples.banco_modelo(mensagens, "envio_cheio", pedido.antigas) as modelo:
        alvo = AvisaEnvio(modelo, pasta, conexoes=pedido.conexoes, no_proprio=True)
        with _transacao_aberta(modelo):
            ritmo = correr(alvo)
    primeiro, ultimo = decimos(alvo.amostras)
    uma = Comparacao("cheio", "último décimo ÷ primeiro", [ultimo], [primeiro])
    memoria = Memoria()
    memoria.ver(alvo.amostras)
    titulos = ["", "antigas", "mensagens/s", "primeiro décimo/s", "último décimo/s", "razão"]
    por_segundo = [round(um) for um in (ritmo, primeiro, ultimo)]
    print(saida.tabela(titulos, [["Avisa", pedido.antigas, *por_segundo, round(uma.razao.mediana, 3)]]), flush=True)
    dados = dict(zip(("todas", "primeiro_decimo", "ultimo_decimo"), por_segundo, strict=True))
    saida.gravar(pedido, como_json([uma], memoria) | {"antigas": pedido.antigas, "por_segundo": dados})
    return saida.veredito([*filter(None, [uma.falta]), *memoria.faltas()])


@contextmanager
def _transacao_aberta(nome: str) -> Iterator[None]:
    with closing(psycopg2.connect(**banco.parametros(nome))) as conexao, conexao.cursor() as cursor:
        conexao.set_session(isolation_level="REPEATABLE READ")
        cursor.execute("SELECT count(*) FROM mensageria_lote")
        yield
