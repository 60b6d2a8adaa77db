"""`manage.py importar_gsan`: bring what changed in a GSAN's database, and show what became of it."""

import resource
import time
from pathlib import Path

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone
from tqdm import tqdm

from cadastro.importacao import ErroDeImportacao
from ponte import mapa
from ponte.importacao import LINHAS_POR_PEDACO, SOBREPOSICAO, Pedido, Resultado, importar
from ponte.origem import ErroDaOrigem, Origem, onde, parametros

COLUNAS = ("lidas", "novas", "alteradas", "iguais", "recusadas", "avisos", "sumidas")


class Command(BaseCommand):
    help = (
        "Traz do banco de um GSAN o que mudou desde a última vez: clientes, telefones, imóveis, vínculos, contas, "
        "débitos, documentos e pagamentos. Só lê; pode ser interrompido e repetido."
    )

    def add_arguments(self, parser):
        parser.add_argument("--url", default="", help="postgresql://usuario@servidor/banco (padrão: GSAN_URL)")
        parser.add_argument(
            "--tabela",
            action="append",
            default=[],
            metavar="NOME",
            help=f"só esta, e pode repetir: {', '.join(leitura.nome for leitura in mapa.LEITURAS)}",
        )
        parser.add_argument("--completa", action="store_true", help="lê tudo de novo, e dá baixa no que sumiu do GSAN")
        parser.add_argument("--simular", action="store_true", help="mostra o que faria e não grava nada")
        parser.add_argument("--aceitar-sumidas", action="store_true", help="dá baixa ainda que muito tenha sumido")
        parser.add_argument(
            "--lote",
            type=int,
            default=LINHAS_POR_PEDACO,
            metavar="N",
            help=f"linhas de cada pedaço (padrão: {LINHAS_POR_PEDACO})",
        )
        parser.add_argument(
            "--sobreposicao",
            type=int,
            default=SOBREPOSICAO,
            metavar="MINUTOS",
            help=f"quanto reler de antes da última vez (padrão: {SOBREPOSICAO})",
        )
        parser.add_argument(
            "--saida", type=Path, metavar="DIR", help="onde gravar o que foi recusado (padrão: var/ponte)"
        )

    def handle(self, *, url, tabela, completa, simular, aceitar_sumidas, lote, sobreposicao, saida, **opcoes):
        inicio, agora = time.monotonic(), timezone.now()
        resultados: list[Resultado] = []
        try:
            destino = parametros(url)
            self.stdout.write(f"Lendo de {onde(destino)}{', sem gravar' if simular else ''}.")
            with Origem(destino) as origem, _Barra(mostrar=opcoes["verbosity"] > 0) as barra:
                pedido = Pedido(
                    hoje=timezone.localdate(agora),
                    agora=agora,
                    relatorios=saida or settings.VAR / "ponte" / f"{timezone.localtime(agora):%Y%m%d-%H%M%S}",
                    completa=completa,
                    simular=simular,
                    tabelas=tuple(tabela),
                    linhas_por_pedaco=max(lote, 1),
                    sobreposicao=max(sobreposicao, 0),
                    aceitar_sumidas=aceitar_sumidas,
                    progresso=barra,
                )
                for resultado in importar(origem, pedido):
                    resultados.append(resultado)
        except (ErroDaOrigem, ErroDeImportacao, OSError) as erro:
            self._mostrar(resultados)
            raise CommandError(str(erro)) from None  # the chain may hold the address
        self._mostrar(resultados)
        memoria = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
        self.stdout.write(
            f"Tempo: {time.monotonic() - inicio:.1f} s. Memória máxima: {memoria} MB.".replace(".", ",", 1)
        )

    def _mostrar(self, resultados: list[Resultado]) -> None:
        if not resultados:
            return
        largura = max(len(resultado.leitura) for resultado in resultados)
        self.stdout.write(" ".join([" " * largura, *(f"{nome:>10}" for nome in COLUNAS)]))
        for resultado in resultados:
            numeros = (f"{getattr(resultado, nome):>10,}".replace(",", ".") for nome in COLUNAS)
            como = " (retomada)" if resultado.retomada else ""
            self.stdout.write(" ".join([f"{resultado.leitura:<{largura}}", *numeros]) + como)
        for resultado in resultados:
            if resultado.relatorio:
                self.stdout.write(f"O que foi recusado, com o motivo: {resultado.relatorio}")


class _Barra:
    """Lines so far; how many there are to be is not asked of the source."""

    def __init__(self, *, mostrar: bool):
        self._barra = tqdm(unit=" linhas", disable=None if mostrar else True, leave=False)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self._barra.close()

    def __call__(self, leitura: str, _etapa: str, linhas: int) -> None:
        self._barra.set_description_str(leitura)
        self._barra.update(linhas)
