"""`./avisa bench quedas`: the scenarios, their table and the verdict."""

import argparse
import json
from collections.abc import Iterator
from dataclasses import asdict, replace
from math import ceil

from bench import ambientes, avisa_alvo, post_office_alvo, saida
from bench.corrida import Alvo, Cenario, MensagensAcabaram, Resultado, correr
from bench.processos import NaoTerminou
from mensageria.estados import PoliticaIncerta

POR_MORTE = 800  # messages for each kill, so that there is always something to send
PARTE_DE_DOIS = 0.3  # of the kills, for two senders: while one starts the other goes on, and needs more messages
SEM_MORTES = 600  # messages of the scenario whose faults are the server's

# What the server does by the end of the customer's number in the address: kept, and its 250 comes too late; kept, and
# the connection drops; not kept, and the connection drops.
ATRASADAS = r"\.\d*[05]1@"
DERRUBADAS = (
    {"comando": "BODY", "acao": "aceitar_e_derrubar", "padrao": r"\.\d*[05]3@", "vezes": 1, "por_destino": True},
    {"comando": "BODY", "acao": "derrubar", "padrao": r"\.\d*[05]7@", "vezes": 1, "por_destino": True},
)
PRAZO, ATRASO = 2, 6  # seconds that Avisa waits for a reply, and that the late ones take

COLUNAS = (
    ("mortes", "mortes"),
    ("na janela", "na_janela"),
    ("conexões", "conexoes"),
    ("mensagens", "mensagens"),
    ("perdidas", "perdidas"),
    ("em silêncio", "repetidas_silenciosas"),
    ("repetidas", "repetidas"),
    ("incertas", "incertas"),
    ("contagens erradas", "contagens_erradas"),
    ("segundos", "segundos"),
)
LEGENDA = """
na janela    mortes com um corpo já guardado pelo servidor e o 250 ainda por escrever
perdidas     nunca recebidas, sem que ninguém seja avisado
em silêncio  recebidas mais de uma vez, sem que ninguém seja avisado da dúvida
repetidas    recebidas mais de uma vez
incertas     dúvidas mostradas ao operador; no django-post-office esse estado não existe
"""


def executar(pedido: argparse.Namespace) -> int:
    """Run all that was asked for and return the exit status."""
    resultados: dict[str, Resultado] = {}
    nomes: dict[str, str] = {}
    motivo = ""
    try:
        for chave, cenario, alvo in _corridas(pedido):
            saida.dizer(f"{cenario.nome}…")
            nomes[chave] = cenario.nome
            resultados[chave] = correr(alvo, cenario, saida.pasta_vazia("quedas", chave))
    except MensagensAcabaram:
        motivo = "as mensagens acabaram antes das mortes; peça mais com --mensagens"
    except (NaoTerminou, ambientes.NaoInstalou) as erro:
        motivo = str(erro)
    if resultados:
        print(tabela(nomes, resultados), flush=True)
        saida.gravar(pedido, como_json(resultados))
    return saida.invalida(motivo) if motivo else julgar(nomes, resultados)


def _corridas(pedido: argparse.Namespace) -> Iterator[tuple[str, Cenario, Alvo]]:
    mensagens = pedido.mensagens or POR_MORTE * pedido.mortes
    comum = Cenario("", pedido.mortes, semente=pedido.semente)
    if not pedido.so_post_office:
        yield from _do_avisa(pedido, comum, mensagens)
    if not pedido.sem_post_office:
        alvo = post_office_alvo.PostOffice(mensagens=mensagens, conexoes=pedido.conexoes)
        yield "post_office", replace(comum, nome=post_office_alvo.nome()), alvo


def _do_avisa(pedido: argparse.Namespace, comum: Cenario, mensagens: int) -> Iterator[tuple[str, Cenario, Alvo]]:
    def alvo(quantas: int, politica: PoliticaIncerta, **mais) -> avisa_alvo.Avisa:
        comuns = {"conexoes": pedido.conexoes, "processos_de_cada": post_office_alvo.processos_para(pedido.conexoes)}
        return avisa_alvo.Avisa(modelo, mensagens=quantas, politica=politica, **comuns, **mais)

    nao_reenviar, reenviar = PoliticaIncerta.NAO_REENVIAR, PoliticaIncerta.REENVIAR
    saida.dizer("Gerando as mensagens…")
    with avisa_alvo.banco_modelo(max(mensagens, SEM_MORTES), "quedas") as modelo:
        yield "nao_reenviar", replace(comum, nome="Avisa, não reenviar"), alvo(mensagens, nao_reenviar)
        yield "reenviar", replace(comum, nome="Avisa, reenviar"), alvo(mensagens, reenviar)
        dois = replace(
            comum, nome="Avisa, dois trabalhadores", mortes=ceil(pedido.mortes * PARTE_DE_DOIS), trabalhadores=2
        )
        yield "dois_trabalhadores", dois, alvo(mensagens, nao_reenviar)
        ordens = [parte for ordem in DERRUBADAS for parte in ("--ordem", json.dumps(ordem))]
        faltas = ("--atrasadas", ATRASADAS, "--atraso", str(ATRASO), *ordens)
        do_servidor = replace(comum, nome="Avisa, quedas e atrasos do servidor", mortes=0, do_sorvedouro=faltas)
        yield "faltas_do_servidor", do_servidor, alvo(SEM_MORTES, nao_reenviar, prazo=PRAZO)


def tabela(nomes: dict[str, str], resultados: dict[str, Resultado]) -> str:
    titulos = ["", *(titulo for titulo, _ in COLUNAS)]
    linhas = [[nomes[chave], *(getattr(um, campo) for _, campo in COLUNAS)] for chave, um in resultados.items()]
    return f"{saida.tabela(titulos, linhas)}\n{LEGENDA}"


def como_json(resultados: dict[str, Resultado]) -> dict:
    """The first policy's figures at the top; the other runs by their keys."""
    dados = {chave: asdict(resultado) for chave, resultado in resultados.items()}
    return dados.pop("nao_reenviar", {}) | dados


def julgar(nomes: dict[str, str], resultados: dict[str, Resultado]) -> int:
    """The exit status. django-post-office promises nothing here, but its run has to be valid too."""
    for chave, resultado in resultados.items():
        if not resultado.vale:
            poucas = f"só {resultado.na_janela} de {resultado.mortes} mortes na janela; peça mais com --conexoes"
            return saida.invalida(f"{nomes[chave]}: {poucas}")
    return saida.veredito(
        [nomes[chave] for chave, um in resultados.items() if chave != "post_office" and not um.cumpre]
    )
